//! Rows of a CSV file: the delimiter sniffed, quotes read as a stream.

use csv::{ReaderBuilder, StringRecord};

use super::{
    Bound, Damaged, Refused,
    column::{is_email, is_number},
};

const MAX_COLUMNS: usize = 512;
const MAX_CELL: usize = 1024 * 1024;
const MAX_ROWS: usize = 200_000;
/// Lines looked at to tell the delimiter.
const SAMPLE: usize = 20;

/// A header and its rows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub delimiter: char,
    pub header: Vec<String>,
    pub rows: Vec<Row>,
}

/// One record of a file.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line of the file, from 1.
    pub line: u64,
    pub cells: Vec<String>,
    /// Cells beyond the header.
    pub excess: Vec<String>,
}

impl Row {
    /// A cell by its column; empty beyond the row's end.
    pub fn cell(&self, at: usize) -> &str {
        self.cells.get(at).map(String::as_str).unwrap_or_default()
    }

    /// Whether every cell is blank.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

impl Table {
    /// Whether what should name the columns is a contact: it holds an e-mail address or a number.
    pub fn begins_with_data(&self) -> bool {
        let mut cells = self.header.iter().map(String::as_str);
        cells.any(|cell| is_email(cell) || is_number(cell))
    }
}

/// Reads a table; `chosen` overrides the delimiter, and columns are numbered where no line names
/// them. None when there is no more than one column.
pub fn read(text: &str, chosen: Option<char>, headless: bool) -> Result<Option<Table>, Refused> {
    let first_line = text.lines().next().unwrap_or_default().trim();
    let (told, body) = match first_line.strip_prefix("sep=") {
        Some(rest) => (
            rest.chars().next(),
            text.split_once('\n').map_or("", |(_, body)| body),
        ),
        None => (None, text),
    };
    let Some(delimiter) = chosen.or(told).or_else(|| sniff(body)) else {
        return Ok(None);
    };
    let mut table = Table {
        delimiter,
        ..Table::default()
    };
    // The line that named the delimiter was one.
    let skipped = u64::from(told.is_some());
    for record in records(body, delimiter) {
        let record = record.map_err(|_| Refused::Damaged(Damaged::Table))?;
        if record.len() > MAX_COLUMNS {
            return Err(Refused::TooLarge(Bound::Columns));
        }
        if record.iter().any(|cell| cell.len() > MAX_CELL) {
            return Err(Refused::TooLarge(Bound::Cell));
        }
        if table.header.is_empty() && headless {
            table.header = (1..=record.len()).map(|at| at.to_string()).collect();
        } else if table.header.is_empty() {
            table.header = record.iter().map(|cell| cell.trim().to_owned()).collect();
            continue;
        }
        if table.rows.len() == MAX_ROWS {
            return Err(Refused::TooLarge(Bound::Rows));
        }
        let mut cells: Vec<String> = record.iter().map(tidy).collect();
        let excess = cells.split_off(cells.len().min(table.header.len()));
        cells.resize(table.header.len(), String::new());
        table.rows.push(Row {
            line: record.position().map_or(0, |at| line_at(body, at)) + skipped,
            cells,
            excess: excess.into_iter().filter(|cell| !cell.is_empty()).collect(),
        });
    }
    Ok((table.header.len() > 1).then_some(table))
}

/// The line a record begins on: the reader's position is before line ends it passes over, the second
/// octet of the last CRLF among them.
pub(super) fn line_at(text: &str, position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let ahead = text.as_bytes().get(start..).unwrap_or_default();
    let passed = ahead
        .iter()
        .take_while(|octet| matches!(octet, b'\r' | b'\n'));
    let ends = passed.filter(|octet| **octet == b'\n').count();
    position.line() + ends as u64
}

fn records(text: &str, delimiter: char) -> impl Iterator<Item = csv::Result<StringRecord>> + '_ {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .from_reader(text.as_bytes())
        .into_records()
}

/// The delimiter that gives most of the first lines the count of the header.
fn sniff(text: &str) -> Option<char> {
    let mut best: Option<(usize, usize, char)> = None;
    for delimiter in [',', ';', '\t', '|'] {
        let counts: Vec<usize> = records(text, delimiter)
            .take(SAMPLE)
            .map_while(Result::ok)
            .map(|record| record.len())
            .collect();
        let Some(header) = counts.first().copied().filter(|count| *count > 1) else {
            continue;
        };
        let alike = counts.iter().filter(|count| **count == header).count();
        let score = (alike * 100 / counts.len(), header, delimiter);
        if best.is_none_or(|best| (score.0, score.1) > (best.0, best.1)) {
            best = Some(score);
        }
    }
    best.map(|(.., delimiter)| delimiter)
}

/// Line ends as line feeds; no control characters; the apostrophe that kept a formula from running.
fn tidy(cell: &str) -> String {
    let mut text = cell.replace("\r\n", "\n").replace('\r', "\n");
    text.retain(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let text = text.trim();
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t']) => rest.to_owned(),
        _ => text.to_owned(),
    }
}

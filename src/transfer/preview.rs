//! A preview of an import, before anything is stored; and the list of records it refused,
//! afterwards.

use std::{cmp::Reverse, collections::HashMap};

use carnet_proto::vcard::opens_agent;
use csv::{ReaderBuilder, StringRecord, Terminator, Writer, WriterBuilder};

use super::{
    File, Format, Options, Outcome, archive,
    export::safe,
    recognize,
    table::{self, Table},
    text,
};
use crate::domain::{
    book::Book,
    error::Result,
    id::PlacementId,
    likeness::{Known, Likeness},
};

/// Octets of a record that the list of refused ones repeats.
const RECORD: usize = 64 * 1024;

/// The headings over the refused records of a file that is no table.
const HEADINGS: [&str; 3] = ["Line", "Record", "Reason"];
/// The byte-order mark of UTF-8, by which spreadsheets know the encoding.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The expected outcome of an import.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreseen {
    pub contacts: usize,
    pub lists: usize,
    /// Number of records that match nobody in the book nor an earlier record.
    pub fresh: usize,
    pub alike: Vec<Alike>,
    pub skipped: usize,
    pub warnings: usize,
}

/// A record that matches an existing contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alike {
    pub record: u64,
    pub likeness: Likeness,
    /// None: it matches an earlier record of the same file.
    pub present: Option<PlacementId>,
}

/// Whom a record can be like; of several that are as alike, the first here is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Earlier {
    /// An earlier record of the file, the last one first.
    Record(Reverse<u64>),
    Stored(PlacementId),
}

impl From<PlacementId> for Earlier {
    fn from(stored: PlacementId) -> Self {
        Self::Stored(stored)
    }
}

/// Compares a file with a book.
pub async fn foresee(book: &Book, file: &File) -> Result<Foreseen> {
    let mut known: Known<Earlier> = Known::default();
    book.learn(&mut known).await?;
    let mut foreseen = Foreseen::default();
    for entry in &file.entries {
        foreseen.warnings += entry.warnings.len();
        match &entry.outcome {
            Outcome::Skipped(_) => foreseen.skipped += 1,
            Outcome::Group(_) => foreseen.lists += 1,
            Outcome::Card(made) => {
                foreseen.contacts += 1;
                match known.find(&made.keys) {
                    None => foreseen.fresh += 1,
                    Some((earlier, likeness)) => foreseen.alike.push(Alike {
                        record: entry.record,
                        likeness,
                        present: match earlier {
                            Earlier::Stored(placement) => Some(placement),
                            Earlier::Record(_) => None,
                        },
                    }),
                }
                let here = Earlier::Record(Reverse(entry.record));
                made.keys.iter().for_each(|key| known.add(here, key));
            }
        }
    }
    Ok(foreseen)
}

/// The lines of a file that were refused, as a table with the code of each reason, to be corrected
/// and read again.
pub fn refused_rows(bytes: &[u8], options: &Options, skipped: &[(u64, String)]) -> Vec<u8> {
    let mut writer = refused_writer();
    let mut write = |mut cells: Vec<String>, reason: &str| {
        cells.push(reason.to_owned());
        // Memory does not fail.
        let _ = writer.write_record(cells.iter().map(|cell| safe(cell)));
    };
    let is_archive = recognize::is_archive(bytes);
    let table = if is_archive {
        None
    } else {
        Text::of(bytes, options).table
    };
    if let Some(table) = table {
        let mut reasons: HashMap<u64, &str> = HashMap::with_capacity(skipped.len());
        for (line, reason) in skipped {
            reasons.entry(*line).or_insert(reason);
        }
        write(table.header.clone(), HEADINGS[2]);
        for row in table.rows {
            if let Some(reason) = reasons.get(&row.line) {
                write(row.cells, reason);
            }
        }
        return writer.into_inner().unwrap_or_default();
    }
    let headings = HEADINGS[..2].iter();
    write(
        headings.map(|name| (*name).to_owned()).collect(),
        HEADINGS[2],
    );
    let mut ordered: Vec<&(u64, String)> = skipped.iter().collect();
    ordered.sort();
    ordered.dedup();
    if is_archive {
        let members = archive::Members::of(bytes, options.unbounded)
            .into_iter()
            .flatten()
            .flatten();
        for member in members {
            let octets = member.octets.unwrap_or_default();
            let breaks = octets.iter().filter(|octet| **octet == b'\n').count() as u64;
            let until = |last: u64| ordered.partition_point(|(line, _)| *line <= last);
            let of_it = &ordered[until(member.before)..until(member.before + breaks + 1)];
            if of_it.is_empty() {
                continue;
            }
            let text = Text::of(&octets, options);
            let lines: Vec<&str> = text.text.lines().collect();
            for (line, reason) in of_it {
                let line = line - member.before;
                let place = format!("{}:{line}", member.name);
                write(vec![place, text.record(&lines, line)], reason);
            }
        }
    } else {
        let text = Text::of(bytes, options);
        let lines: Vec<&str> = text.text.lines().collect();
        for (line, reason) in ordered {
            write(vec![line.to_string(), text.record(&lines, *line)], reason);
        }
    }
    writer.into_inner().unwrap_or_default()
}

/// A file that was read, once more.
struct Text {
    text: String,
    /// None: vCards or LDIF.
    table: Option<Table>,
}

impl Text {
    fn of(bytes: &[u8], options: &Options) -> Self {
        let decoded = text::decode(bytes, options.encoding.as_deref());
        let plain = recognize::is_vcard(decoded.text.as_bytes()) || recognize::is_ldif(&decoded);
        let table = if plain {
            None
        } else {
            let table = table::read(&decoded.text, options.delimiter, options.headless);
            table.unwrap_or_default()
        };
        Self {
            text: decoded.text,
            table,
        }
    }

    fn record(&self, lines: &[&str], line: u64) -> String {
        let Some(table) = &self.table else {
            return record(lines, line);
        };
        let found = table.rows.binary_search_by_key(&line, |row| row.line);
        let row = found.ok().and_then(|at| table.rows.get(at));
        let cells = row.map(|row| row.cells.join(&table.delimiter.to_string()));
        cells.unwrap_or_default().chars().take(RECORD).collect()
    }
}

/// The table of [`refused_rows`] with its headings and reasons in a person's language.
pub fn refused_in_words(
    table: &[u8],
    headings: [&str; 3],
    reason: impl Fn(&str) -> String,
) -> Vec<u8> {
    let body = table.strip_prefix(MARK).unwrap_or(table);
    let mut reader = ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).from_reader(body);
    let mut writer = refused_writer();
    let rows: csv::Result<Vec<StringRecord>> = reader.records().collect();
    for (number, row) in rows.unwrap_or_default().iter().enumerate() {
        let mut cells: Vec<String> = row.iter().map(str::to_owned).collect();
        if number == 0 && cells == HEADINGS {
            cells = headings.map(str::to_owned).to_vec();
        } else if let Some(last) = cells.last_mut() {
            *last = match number {
                0 => headings[2].to_owned(),
                _ => reason(last),
            };
        }
        // Memory does not fail.
        let _ = writer.write_record(&cells);
    }
    writer.into_inner().unwrap_or_default()
}

fn refused_writer() -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .flexible(true)
        .terminator(Terminator::CRLF)
        .from_writer(MARK.to_vec())
}

/// A record from its first line to its end: `END:VCARD`, a blank line, or where the next card begins.
fn record(lines: &[&str], first: u64) -> String {
    let first = usize::try_from(first)
        .unwrap_or(usize::MAX)
        .saturating_sub(1);
    let mut out = String::new();
    for line in lines.iter().skip(first) {
        let next = !out.is_empty() && line.trim().eq_ignore_ascii_case("BEGIN:VCARD");
        let agent = out
            .lines()
            .next_back()
            .is_some_and(|line| opens_agent(line.as_bytes()));
        if line.trim().is_empty() || out.len() + line.len() > RECORD || next && !agent {
            break;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
        if line.trim().eq_ignore_ascii_case("END:VCARD") {
            break;
        }
    }
    out
}

impl File {
    /// Whether the file is a table whose columns can be mapped.
    pub fn has_mapping(&self) -> bool {
        !self.columns.is_empty() && !matches!(self.format, Format::GoogleOld | Format::GoogleNew)
    }
}

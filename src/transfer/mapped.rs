//! A table of contacts: what each column holds, and what each row says.

use super::{
    Code, Entry, File, Format, Made, Options, Order, Outcome, Reason, SHOWN, Warning, column,
    google, recognize, rows, table::Table,
};

/// Reads the rows of a table into a file.
pub fn read(table: &Table, options: &Options, file: &mut File) {
    file.format = recognize::table(&table.header, options.asked);
    file.language = column::language(&table.header);
    file.delimiter = Some(table.delimiter);
    file.fingerprint = column::fingerprint(&table.header);
    file.samples = (0..table.header.len())
        .map(|at| {
            let mut cells = table.rows.iter().map(|row| row.cell(at));
            let first = cells.find(|cell| !cell.trim().is_empty());
            first.unwrap_or_default().chars().take(SHOWN).collect()
        })
        .collect();
    if matches!(file.format, Format::GoogleOld | Format::GoogleNew) {
        file.variant = if file.format == Format::GoogleOld {
            "old"
        } else {
            "new"
        };
        let layout = google::Layout::new(&table.header);
        file.columns.clone_from(&layout.columns);
        for (number, row) in (1..).zip(&table.rows) {
            let (fields, warnings, collected) = layout.fields(row);
            let outcome = match (collected && !options.collected, fields.is_empty()) {
                (_, true) => Outcome::Skipped(Reason::Empty),
                (true, _) => Outcome::Skipped(Reason::Collected),
                _ => Outcome::Card(Made::of_fields(&fields)),
            };
            file.entries.push(Entry {
                record: number,
                line: row.line,
                warnings,
                outcome,
            });
        }
        return;
    }
    let mut columns = match file.format {
        Format::Outlook | Format::OutlookWeb => column::program(&table.header, column::OUTLOOK),
        Format::Thunderbird => column::program(&table.header, column::THUNDERBIRD),
        _ => column::guess(&table.header, |at| {
            table.rows.iter().take(50).map(|row| row.cell(at)).collect()
        }),
    };
    let chosen = options.mappings.iter().find(|mapping| {
        mapping.fingerprint == file.fingerprint && mapping.codes.len() == columns.len()
    });
    if let Some(mapping) = chosen {
        for (column, code) in columns.iter_mut().zip(&mapping.codes) {
            column.code.clone_from(code);
        }
    }
    let free = file.format == Format::Csv;
    // The columns of a program are known, those without a destination too.
    let unknown = if options.unattended && free {
        column::keep_unknown(&mut columns, |at| {
            table.rows.iter().map(move |row| row.cell(at))
        })
    } else {
        Vec::new()
    };
    let by_language = match file.language {
        "en" => Order::MonthFirst,
        "" => options.usual_order.unwrap_or(Order::DayFirst),
        _ => Order::DayFirst,
    };
    let reading = rows::Reading::new(table, columns, options.date_order, by_language, free);
    file.columns.clone_from(&reading.columns);
    file.date_order = reading.date_order;
    for (number, row) in (1..).zip(&table.rows) {
        let (fields, mut warnings) = reading.fields(row);
        let outcome = if row.is_blank() || fields.is_empty() {
            warnings.clear();
            Outcome::Skipped(Reason::Empty)
        } else {
            Outcome::Card(Made::of_fields(&fields))
        };
        file.entries.push(Entry {
            record: number,
            line: row.line,
            warnings,
            outcome,
        });
    }
    if let Some(first) = file.entries.first_mut() {
        first
            .warnings
            .extend(unknown.into_iter().map(|about| Warning {
                code: Code::ColumnUnknown,
                about,
            }));
    }
}

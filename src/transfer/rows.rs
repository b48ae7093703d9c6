//! One row of a mapped table: cells to fields.

use std::collections::HashSet;

use super::{
    Code, Warning,
    column::{Column, is_email},
    date::{self, Date, Order},
    fields::{Address, Fields, Value},
    table::{Row, Table},
};
use crate::domain::direction::straight;

/// How the columns of a table are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub columns: Vec<Column>,
    dates: Vec<Dates>,
    /// The order of day and month, if the table has dates.
    pub date_order: Option<Order>,
    /// Categories are separated by semicolons alone.
    semicolons: bool,
    /// A cell may hold several addresses or numbers.
    several: bool,
}

/// How the dates of a column are read.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Dates {
    /// The order of day and month.
    order: Order,
    /// The order in dates written with dots.
    dotted: Order,
    /// Cells are day numbers.
    serial: bool,
}

/// Parts of an address, by code.
const ADDRESS: [&str; 7] = [
    "box", "extended", "street", "locality", "region", "code", "country",
];
/// Values that mean nothing was chosen.
const UNSPECIFIED: [&str; 6] = [
    "unspecified",
    "non specifie",
    "keine angabe",
    "niet opgegeven",
    "normal",
    "normale",
];

impl Reading {
    /// Decides everything that depends on whole columns. `chosen`: the order of dates a person
    /// chose.
    pub fn new(
        table: &Table,
        columns: Vec<Column>,
        chosen: Option<Order>,
        by_language: Order,
        free: bool,
    ) -> Self {
        let cells = |at: usize| table.rows.iter().map(move |row| row.cell(at));
        let is_date = |column: &Column| matches!(&column.code[..], "BDAY" | "ANNIVERSARY");
        let together = || {
            let of_dates = columns.iter().enumerate().filter(|(_, c)| is_date(c));
            of_dates.flat_map(|(at, _)| cells(at))
        };
        let of_file = date::forced(together());
        let dates = (0..columns.len())
            .map(|at| Dates {
                order: chosen
                    .or_else(|| date::forced(cells(at)))
                    .or(of_file)
                    .unwrap_or(by_language),
                dotted: chosen
                    .or_else(|| date::forced(cells(at).filter(|cell| date::is_dotted(cell))))
                    .unwrap_or(Order::DayFirst),
                serial: is_date(&columns[at]) && date::serial(cells(at)),
            })
            .collect();
        let mut filled = together().filter(|cell| !cell.trim().is_empty()).peekable();
        let by_language = if filled.peek().is_some() && filled.all(date::is_dotted) {
            Order::DayFirst
        } else {
            by_language
        };
        Self {
            date_order: columns
                .iter()
                .any(is_date)
                .then(|| chosen.or(of_file).unwrap_or(by_language)),
            dates,
            semicolons: !free,
            several: free,
            columns,
        }
    }

    /// The fields of a row, with remarks.
    pub fn fields(&self, row: &Row) -> (Fields, Vec<Warning>) {
        let mut reader = RowReader {
            reading: self,
            fields: Fields::default(),
            warnings: Vec::new(),
            notes: Vec::new(),
            birth: Default::default(),
            email_type: String::new(),
        };
        for (at, column) in self.columns.iter().enumerate() {
            reader.cell(at, column, row);
        }
        if !row.excess.is_empty() {
            let excess = row.excess.join(", ");
            reader.warn(Code::MoreCellsThanColumns, excess);
        }
        reader.finish()
    }
}

struct RowReader<'a> {
    reading: &'a Reading,
    fields: Fields,
    warnings: Vec<Warning>,
    /// What no field can hold.
    notes: Vec<String>,
    /// Year, month, day of columns of their own.
    birth: [String; 3],
    email_type: String,
}

impl RowReader<'_> {
    fn warn(&mut self, code: Code, about: String) {
        if !self.warnings.iter().any(|warning| warning.code == code) {
            self.warnings.push(Warning { code, about });
        }
    }

    fn cell(&mut self, at: usize, column: &Column, row: &Row) {
        let cell = row.cell(at).trim();
        let (head, label) = match column.code.split_once('=') {
            Some((head, label)) => (head, label),
            None => (&column.code[..], ""),
        };
        if cell.is_empty() || head.is_empty() {
            return;
        }
        let (head, types) = head.split_once(';').unwrap_or((head, ""));
        let (types, part) = match types.split_once('.') {
            Some((types, part)) => (types, part),
            None => (types, ""),
        };
        let (head, part) = match head.split_once('.') {
            Some((head, part)) => (head, part),
            None => (head, part),
        };
        if cell.len() > 2 && cell.contains('E') && is_damaged_number(cell) {
            self.warn(Code::NumberDamaged, cell.to_owned());
        }
        let question_marks =
            |text: &str| text.contains("??") && text.chars().all(|c| c == '?' || c.is_whitespace());
        if self.reading.semicolons && matches!(head, "N" | "ORG") && question_marks(cell) {
            self.warn(Code::LossySource, cell.to_owned());
        }
        match (head, part) {
            ("EMAIL", "type") => self.email_type(cell, at, row),
            ("EMAIL", "name") => {}
            ("EMAIL", _) => self.emails(cell, column, label),
            ("TEL", _) => self.phones(cell, types, label),
            ("ADR", part) => self.address(types, part, cell, column),
            ("BDAY", "year") => self.birth[0] = cell.to_owned(),
            ("BDAY", "month") => self.birth[1] = cell.to_owned(),
            ("BDAY", "day") => self.birth[2] = cell.to_owned(),
            ("BDAY" | "ANNIVERSARY", _) => self.date(at, column, cell, head == "BDAY"),
            ("GENDER", _) if is_unspecified(cell) => {}
            ("LANG", _) if cell.len() > 12 || cell.contains(' ') => self.custom("", cell, column),
            ("CUSTOM", _) => self.custom(label, cell, column),
            _ => match self.slot(head, part) {
                Some(slot) => {
                    let is_name = matches!(head, "N" | "FN" | "NICKNAME" | "PHONETIC");
                    let text = if is_name {
                        named(cell)
                    } else {
                        cell.to_owned()
                    };
                    if slot.is_empty() {
                        *slot = text;
                    } else if *slot != text {
                        self.again(cell, column);
                    }
                }
                None => self.several(head, types, cell),
            },
        }
    }

    /// Where a field is kept of which a contact has one.
    fn slot(&mut self, head: &str, part: &str) -> Option<&mut String> {
        let fields = &mut self.fields;
        Some(match (head, part) {
            ("N", "prefix") => &mut fields.prefix,
            ("N", "given") => &mut fields.given,
            ("N", "additional") => &mut fields.additional,
            ("N", "family") => &mut fields.family,
            ("N", "suffix") => &mut fields.suffix,
            ("FN", _) => &mut fields.name,
            ("NICKNAME", _) => &mut fields.nickname,
            ("PHONETIC", "given") => &mut fields.phonetic_given,
            ("PHONETIC", "additional") => &mut fields.phonetic_additional,
            ("PHONETIC", "family") => &mut fields.phonetic_family,
            ("PHONETIC", _) => &mut fields.phonetic_organization,
            ("INITIALS", _) => &mut fields.initials,
            ("ORG", "1") => &mut fields.department,
            ("ORG", "2") => &mut fields.office,
            ("ORG", _) => &mut fields.organization,
            ("TITLE", _) => &mut fields.title,
            ("ROLE", _) => &mut fields.role,
            ("GENDER", _) => &mut fields.gender,
            ("LANG", _) => &mut fields.language,
            ("FBURL", _) => &mut fields.free_busy,
            ("HOBBY", _) => &mut fields.hobby,
            _ => return None,
        })
    }

    /// A field of which a contact has several.
    fn several(&mut self, head: &str, types: &str, cell: &str) {
        let fields = &mut self.fields;
        match head {
            "URL" => fields.urls.push(Value::new(cell, &split(types))),
            "IMPP" => fields.ims.push(Value::new(cell, &[])),
            "RELATED" => {
                let names = match types {
                    "child" => cell.split([';', ',']).map(str::trim).collect(),
                    _ => vec![cell],
                };
                let named = names.into_iter().filter(|name| !name.is_empty());
                fields
                    .related
                    .extend(named.map(|name| Value::labelled(name, types)));
            }
            "NOTE" => {
                if !fields.note.is_empty() {
                    fields.note.push('\n');
                }
                fields.note.push_str(cell);
            }
            "CATEGORIES" => {
                let separators: &[char] = if self.reading.semicolons {
                    &[';']
                } else {
                    &[';', ',']
                };
                let names = cell.split(separators).map(str::trim);
                fields
                    .categories
                    .extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
            }
            "CLASS" => {
                let folded = super::column::folded(cell);
                fields.private |= ["true", "vrai", "wahr", "waar", "private", "prive", "privat"]
                    .contains(&&folded[..]);
            }
            _ => {}
        }
    }

    /// A field under a name of its own, or that of its column.
    fn custom(&mut self, name: &str, cell: &str, column: &Column) {
        let name = if name.is_empty() {
            &column.header
        } else {
            name
        };
        self.fields.custom.push((name.to_owned(), cell.to_owned()));
    }

    /// A further column for a field of which a contact has one.
    fn again(&mut self, cell: &str, column: &Column) {
        self.warn(Code::FieldTwice, format!("{}: {cell}", column.header));
        self.custom("", cell, column);
    }

    fn emails(&mut self, cell: &str, column: &Column, label: &str) {
        for (count, address) in self.values(cell).into_iter().enumerate() {
            if count > 0 && self.reading.several {
                self.warn(Code::SeveralValues, cell.to_owned());
            }
            if is_email(address) {
                let mut value = Value::labelled(address, label);
                value.preferred = self.fields.emails.is_empty();
                self.fields.emails.push(value);
            } else if self.reading.several {
                self.warn(Code::EmailInvalid, address.to_owned());
                self.notes.push(format!("{}: {address}", column.header));
            } else {
                // What is behind it is told by the columns of type and name.
                self.fields.emails.push(Value::labelled(address, label));
            }
        }
    }

    /// A directory path instead of an address: the displayed name may hold the address.
    fn email_type(&mut self, cell: &str, at: usize, row: &Row) {
        self.email_type = cell.to_uppercase();
        if self.email_type != "EX" {
            return;
        }
        let shown = row.cell(at + 1);
        let inside = shown
            .rsplit_once(['(', '<'])
            .map(|(_, rest)| rest.trim_end_matches([')', '>']).trim())
            .filter(|address| is_email(address));
        self.warn(
            Code::EmailNotSmtp,
            row.cell(at.saturating_sub(1)).to_owned(),
        );
        if let Some(last) = self.fields.emails.last_mut()
            && !is_email(&last.text)
        {
            match inside {
                Some(address) => address.clone_into(&mut last.text),
                None => {
                    self.fields.emails.pop();
                }
            }
        }
    }

    fn phones(&mut self, cell: &str, types: &str, label: &str) {
        for (count, number) in self.values(cell).into_iter().enumerate() {
            if count > 0 && self.reading.several {
                self.warn(Code::SeveralValues, cell.to_owned());
            }
            let types = split(types);
            let mut value = Value::new(number, &types);
            value.preferred = value.is("pref");
            value.types.retain(|found| found != "pref");
            label.clone_into(&mut value.label);
            self.fields.phones.push(value);
        }
    }

    /// The values of one cell: separated by `;`, ` / `, ` ::: ` or line breaks.
    fn values<'c>(&self, cell: &'c str) -> Vec<&'c str> {
        cell.split(['\n', ';'])
            .flat_map(|part| part.split(" / "))
            .flat_map(|part| part.split(" ::: "))
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect()
    }

    fn address(&mut self, kind: &str, part: &str, cell: &str, column: &Column) {
        let found = self
            .fields
            .addresses
            .iter_mut()
            .position(|a| a.kind == kind);
        let at = found.unwrap_or_else(|| {
            self.fields.addresses.push(Address {
                kind: kind.to_owned(),
                ..Address::default()
            });
            self.fields.addresses.len() - 1
        });
        if let Some(position) = ADDRESS.iter().position(|known| *known == part)
            && let Some(address) = self.fields.addresses.get_mut(at)
        {
            let text = &mut address.parts[position];
            match (text.is_empty(), part) {
                (true, _) => cell.clone_into(text),
                // Outlook has three columns of a street.
                (false, "street") => {
                    text.push('\n');
                    text.push_str(cell);
                }
                (false, _) if text == cell => {}
                (false, _) => self.again(cell, column),
            }
        }
    }

    fn date(&mut self, at: usize, column: &Column, cell: &str, birthday: bool) {
        let dates = self.reading.dates[at];
        let order = if date::is_dotted(cell) {
            dates.dotted
        } else {
            dates.order
        };
        if !dates.serial && date::contradicts(cell, order) {
            self.warn(Code::DateOrder, cell.to_owned());
        }
        match date::read(cell, order, dates.serial) {
            Date::None => {}
            Date::Known(date) => {
                let field = if birthday {
                    &mut self.fields.birthday
                } else {
                    &mut self.fields.anniversary
                };
                if field.is_empty() {
                    *field = date;
                } else if *field != date {
                    self.again(cell, column);
                }
            }
            Date::YearOnly(year) => {
                self.warn(Code::DateYearOnly, cell.to_owned());
                self.custom(if birthday { BIRTH_YEAR } else { "" }, &year, column);
            }
            Date::Impossible => {
                self.warn(Code::DateInvalid, cell.to_owned());
                self.notes.push(format!("{}: {cell}", column.header));
            }
        }
    }

    fn finish(mut self) -> (Fields, Vec<Warning>) {
        let [year, month, day] = &self.birth;
        match date::of_parts(year, month, day) {
            Date::Known(date) => self.fields.birthday = date,
            Date::YearOnly(year) => self.fields.custom.push((BIRTH_YEAR.to_owned(), year)),
            Date::Impossible => {
                let text = self.birth.join("-");
                self.warn(Code::DateInvalid, text.clone());
                self.notes.push(text);
            }
            Date::None => {}
        }
        let note = std::mem::take(&mut self.fields.note);
        let lines = std::iter::once(note).filter(|note| !note.is_empty());
        self.fields.note = lines.chain(self.notes).collect::<Vec<_>>().join("\n");
        self.fields.settle();
        (self.fields, self.warnings)
    }
}

/// The custom field of a birthday of which only the year is known.
pub const BIRTH_YEAR: &str = "Birth year";

impl Fields {
    /// What follows from the fields together: an organization without a person is a company, and a
    /// person with a displayed name alone has its parts.
    pub fn settle(&mut self) {
        let own_name = self.name.is_empty() || self.name == self.organization;
        self.company |= !self.has_person() && own_name && !self.organization.is_empty();
        self.divide_name();
        let mut seen = HashSet::new();
        self.categories
            .retain(|category| seen.insert(category.to_lowercase()));
    }
}

/// A name on one line, without marks that turn the direction of writing.
pub fn named(text: &str) -> String {
    let text = straight(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn split(types: &str) -> Vec<&str> {
    types.split(',').filter(|part| !part.is_empty()).collect()
}

fn is_unspecified(cell: &str) -> bool {
    UNSPECIFIED.contains(&&super::column::folded(cell)[..])
}

/// `3.36E+10`: a spreadsheet's idea of a telephone number.
fn is_damaged_number(cell: &str) -> bool {
    cell.split_once("E+").is_some_and(|(digits, power)| {
        digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
            && power.chars().all(|c| c.is_ascii_digit())
            && !digits.is_empty()
    })
}

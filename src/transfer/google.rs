//! Google's CSV, old (`- Type`) and new (`- Label`): numbered columns, several values in a cell.

use std::collections::BTreeMap;

use super::{
    Code, Warning,
    column::{self, Column, folded},
    date::{self, Date, Order},
    fields::{Address, Fields, Value},
    rows::{BIRTH_YEAR, named},
    table::Row,
};

/// Custom field of our own exports with a displayed name that the parts of the name do not make:
/// Google has no column for it.
pub const DISPLAY_NAME: &str = "Display Name";

/// Separates values of one kind and label in one cell.
const SEPARATOR: &str = ":::";
/// The custom field of an organization after the first.
const ORGANIZATION: &str = "Organization";

/// Columns that occur once, old and new.
const SINGLE: &[(&str, &[&str])] = &[
    ("FN", &["name"]),
    ("N.given", &["given name", "first name"]),
    ("N.additional", &["additional name", "middle name"]),
    ("N.family", &["family name", "last name"]),
    (
        "PHONETIC.given",
        &["given name yomi", "phonetic first name"],
    ),
    (
        "PHONETIC.additional",
        &["additional name yomi", "phonetic middle name"],
    ),
    (
        "PHONETIC.family",
        &["family name yomi", "phonetic last name"],
    ),
    ("N.prefix", &["name prefix"]),
    ("N.suffix", &["name suffix"]),
    ("INITIALS", &["initials"]),
    ("NICKNAME", &["nickname"]),
    ("FILEAS", &["file as"]),
    ("ORG", &["organization name"]),
    ("TITLE", &["organization title"]),
    ("ORG.1", &["organization department"]),
    ("BDAY", &["birthday"]),
    ("GENDER", &["gender"]),
    ("ROLE", &["occupation"]),
    ("HOBBY", &["hobby"]),
    ("CLASS", &["sensitivity"]),
    ("NOTE", &["notes"]),
    ("LANG", &["language"]),
    ("PHOTO", &["photo"]),
    ("CATEGORIES", &["group membership", "labels"]),
    ("CUSTOM=Maiden Name", &["maiden name"]),
    ("CUSTOM=Short Name", &["short name"]),
    ("CUSTOM=Yomi Name", &["yomi name"]),
    ("CUSTOM=Location", &["location"]),
    ("CUSTOM=Billing Information", &["billing information"]),
    ("CUSTOM=Directory Server", &["directory server"]),
    ("CUSTOM=Mileage", &["mileage"]),
    ("CUSTOM=Subject", &["subject"]),
    ("", &["priority"]),
];

/// `E-mail`, 1 -> part -> column.
type Numbered = BTreeMap<(usize, String, u32), BTreeMap<String, usize>>;

/// The positions of Google's columns.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub columns: Vec<Column>,
    /// By first column, so that values keep the file's order.
    numbered: Numbered,
}

impl Layout {
    /// The layout of a header.
    pub fn new(header: &[String]) -> Self {
        let mut layout = Layout {
            columns: column::program(header, SINGLE),
            ..Layout::default()
        };
        let mut first: BTreeMap<(String, u32), usize> = BTreeMap::new();
        for (at, name) in header.iter().enumerate() {
            let name = folded(name);
            let Some((kind, part)) = name.split_once(" - ") else {
                continue;
            };
            let Some((kind, number)) = kind.rsplit_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u32>() else {
                continue;
            };
            let start = *first.entry((kind.to_owned(), number)).or_insert(at);
            layout
                .numbered
                .entry((start, kind.to_owned(), number))
                .or_default()
                .insert(part.to_owned(), at);
            layout.columns[at].code = "GOOGLE".to_owned();
        }
        layout
    }

    /// The fields of a row, and whether Google only collected the contact (`* Other Contacts`).
    pub fn fields(&self, row: &Row) -> (Fields, Vec<Warning>, bool) {
        let mut reader = Reader::default();
        for (at, column) in self.columns.iter().enumerate() {
            let cell = row.cell(at).trim();
            if !cell.is_empty() {
                reader.single(&column.code, cell, column);
            }
        }
        for ((_, kind, _), parts) in &self.numbered {
            let part = |name: &str| parts.get(name).map_or("", |at| row.cell(*at).trim());
            reader.numbered(kind, &part);
        }
        let note = std::mem::take(&mut reader.fields.note);
        let lines = std::iter::once(note).filter(|note| !note.is_empty());
        reader.fields.note = lines.chain(reader.notes).collect::<Vec<_>>().join("\n");
        reader.fields.settle();
        (reader.fields, reader.warnings, reader.collected)
    }
}

#[derive(Default)]
struct Reader {
    fields: Fields,
    warnings: Vec<Warning>,
    /// What no field can hold.
    notes: Vec<String>,
    collected: bool,
}

impl Reader {
    fn single(&mut self, code: &str, cell: &str, column: &Column) {
        let fields = &mut self.fields;
        let text = cell.to_owned();
        match code {
            "FN" => fields.name = named(cell),
            "N.given" => fields.given = named(cell),
            "N.additional" => fields.additional = named(cell),
            "N.family" => fields.family = named(cell),
            "N.prefix" => fields.prefix = named(cell),
            "N.suffix" => fields.suffix = named(cell),
            "PHONETIC.given" => fields.phonetic_given = named(cell),
            "PHONETIC.additional" => fields.phonetic_additional = named(cell),
            "PHONETIC.family" => fields.phonetic_family = named(cell),
            "INITIALS" => fields.initials = text,
            "NICKNAME" => fields.nickname = named(cell),
            "FILEAS" => fields.file_as = named(cell),
            "ORG" => fields.organization = text,
            "ORG.1" => fields.department = text,
            "TITLE" => fields.title = text,
            "ROLE" => fields.role = text,
            "HOBBY" => fields.hobby = text,
            "GENDER" => fields.gender = text,
            "LANG" => fields.language = text,
            "CLASS" => fields.private = cell.eq_ignore_ascii_case("private"),
            "NOTE" => fields.note = text,
            "BDAY" => match date::read(cell, Order::MonthFirst, false) {
                Date::Known(date) => fields.birthday = date,
                Date::YearOnly(year) => fields.custom.push((BIRTH_YEAR.to_owned(), year)),
                Date::Impossible => {
                    self.notes.push(format!("{}: {cell}", column.header));
                    self.warn(Code::DateInvalid, cell);
                }
                Date::None => {}
            },
            "PHOTO" => {
                fields.photo_address = text;
                self.warn(Code::PhotoByAddress, cell);
            }
            "CATEGORIES" => self.labels(cell),
            "" | "GOOGLE" => {}
            code => {
                let name = code.strip_prefix("CUSTOM=").unwrap_or(&column.header);
                fields.custom.push((name.to_owned(), text));
            }
        }
    }

    fn warn(&mut self, code: Code, about: &str) {
        self.warnings.push(Warning {
            code,
            about: about.to_owned(),
        });
    }

    fn labels(&mut self, cell: &str) {
        for label in cell.split(SEPARATOR).map(str::trim) {
            match label.strip_prefix('*').map(str::trim) {
                None if label.is_empty() => {}
                None => self.fields.categories.push(label.to_owned()),
                Some("starred") => self.fields.favourite = true,
                Some("Other Contacts") => self.collected = true,
                Some("friends") => self.fields.categories.push("Friends".to_owned()),
                Some("family") => self.fields.categories.push("Family".to_owned()),
                Some("coworkers") => self.fields.categories.push("Coworkers".to_owned()),
                Some(_) => {}
            }
        }
    }

    fn numbered<'a>(&mut self, kind: &str, part: &impl Fn(&str) -> &'a str) {
        let label = match part("label") {
            "" => part("type"),
            label => label,
        };
        let (label, preferred) = match label.strip_prefix('*') {
            Some(rest) => (rest.trim(), true),
            None => (label, false),
        };
        let values = |cell: &'a str| {
            cell.split(SEPARATOR)
                .map(str::trim)
                .filter(|value| !value.is_empty())
        };
        let fields = &mut self.fields;
        match kind {
            "e-mail" => {
                for address in values(part("value")) {
                    let mut value = plain(address, label);
                    value.preferred = preferred;
                    fields.emails.push(value);
                }
            }
            "phone" => {
                for number in values(part("value")) {
                    let mut value = phone(number, label);
                    value.preferred = preferred;
                    fields.phones.push(value);
                }
            }
            "im" => {
                for name in values(part("value")) {
                    let service = part("service").to_lowercase();
                    let text = match service.as_str() {
                        "" => name.to_owned(),
                        "google talk" | "jabber" => format!("xmpp:{name}"),
                        service => format!("{}:{name}", service.replace(' ', "")),
                    };
                    fields.ims.push(plain(&text, label));
                }
            }
            "address" => self.addresses(part, label, preferred),
            "organization" => self.organizations(part),
            "relation" => {
                for name in values(part("value")) {
                    let relation = label.to_lowercase();
                    fields.related.push(Value::labelled(name, &relation));
                }
            }
            "website" => {
                for address in values(part("value")) {
                    fields.urls.push(plain(address, label));
                }
            }
            "event" => {
                for cell in values(part("value")) {
                    match date::read(cell, Order::MonthFirst, false) {
                        Date::Known(date)
                            if label.eq_ignore_ascii_case("anniversary")
                                && fields.anniversary.is_empty() =>
                        {
                            fields.anniversary = date;
                        }
                        Date::Known(date) => fields.dates.push(Value::labelled(&date, label)),
                        _ => fields.custom.push((label.to_owned(), cell.to_owned())),
                    }
                }
            }
            "custom field" if label == DISPLAY_NAME && fields.name.is_empty() => {
                fields.name = named(part("value"));
            }
            "custom field" | "external id" | "jot" => {
                for value in values(part("value")) {
                    let name = if label.is_empty() { kind } else { label };
                    fields.custom.push((name.to_owned(), value.to_owned()));
                }
            }
            _ => {}
        }
    }

    /// A card has one organization: further ones become custom fields.
    fn organizations<'a>(&mut self, part: &impl Fn(&str) -> &'a str) {
        const PARTS: [&str; 6] = [
            "name",
            "department",
            "title",
            "job description",
            "location",
            "yomi name",
        ];
        let cells: [Vec<&str>; 6] =
            PARTS.map(|name| part(name).split(SEPARATOR).map(str::trim).collect());
        let count = cells.iter().map(Vec::len).max().unwrap_or(0);
        for number in 0..count {
            let said = cells.each_ref().map(|cell| {
                let value = cell.get(number);
                *value.unwrap_or(&"")
            });
            self.organization(&said);
        }
    }

    fn organization(&mut self, said: &[&str; 6]) {
        let fields = &mut self.fields;
        let taken = [&fields.organization, &fields.title, &fields.department];
        if taken.iter().any(|text| !text.is_empty()) {
            let said: Vec<&str> = said.iter().copied().filter(|s| !s.is_empty()).collect();
            if !said.is_empty() {
                let further = (ORGANIZATION.to_owned(), said.join(", "));
                fields.custom.push(further);
            }
            return;
        }
        let slots = [
            &mut fields.organization,
            &mut fields.department,
            &mut fields.title,
            &mut fields.role,
            &mut fields.office,
            &mut fields.phonetic_organization,
        ];
        for (slot, text) in slots.into_iter().zip(said) {
            if !text.is_empty() {
                (*text).clone_into(slot);
            }
        }
    }

    /// Several addresses in one cell agree part by part.
    fn addresses<'a>(&mut self, part: &impl Fn(&str) -> &'a str, label: &str, preferred: bool) {
        const PARTS: [&str; 7] = [
            "po box",
            "extended address",
            "street",
            "city",
            "region",
            "postal code",
            "country",
        ];
        let cells: Vec<Vec<&str>> = PARTS
            .iter()
            .chain(&["formatted"])
            .map(|name| part(name).split(SEPARATOR).map(str::trim).collect())
            .collect();
        let count = cells.iter().map(Vec::len).max().unwrap_or(0);
        for number in 0..count {
            let at = |column: usize| {
                let cell = cells.get(column).and_then(|cell| cell.get(number));
                (*cell.unwrap_or(&"")).to_owned()
            };
            let address = Address {
                preferred,
                parts: std::array::from_fn(at),
                formatted: at(7),
                ..Address::default()
            };
            if address.parts.iter().any(|part| !part.is_empty()) || !address.formatted.is_empty() {
                let (kind, label) = match label.to_lowercase().as_str() {
                    "home" => ("home", ""),
                    "work" => ("work", ""),
                    "other" => ("", ""),
                    _ => ("", label),
                };
                self.fields.addresses.push(Address {
                    kind: kind.to_owned(),
                    label: label.to_owned(),
                    ..address
                });
            }
        }
    }
}

/// A value with a label that is a type, or the person's own.
fn plain(text: &str, label: &str) -> Value {
    match label.to_lowercase().as_str() {
        "home" => Value::new(text, &["home"]),
        "work" => Value::new(text, &["work"]),
        "" | "other" => Value::new(text, &[]),
        _ => Value::labelled(text, label),
    }
}

fn phone(text: &str, label: &str) -> Value {
    match label.to_lowercase().as_str() {
        "mobile" => Value::new(text, &["cell"]),
        "home fax" => Value::new(text, &["home", "fax"]),
        "work fax" => Value::new(text, &["work", "fax"]),
        "other fax" => Value::new(text, &["fax"]),
        "pager" => Value::new(text, &["pager"]),
        "main" => Value::new(text, &["main"]),
        _ => plain(text, label),
    }
}

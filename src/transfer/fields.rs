//! The fields of a contact that tables hold: the form between a card and a row.
//!
//! What is no vCard (CSV, LDIF, printed lists) is mapped to and from [`Fields`] alone, never to lines
//! of a card. vCards are imported and exported without this step, as what has no field here would be
//! lost (`export/loss.rs` says what).

mod write;

use carnet_proto::vcard::{
    Binary, Document, Line, NAMELESS, PartialDate, SortNames, address_labels, apple, halves,
};
use sha2::{Digest as _, Sha256};

/// A contact as the cells of a row; an empty text is an empty cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    pub uid: String,
    /// A further UID by which the contact is found.
    pub other_uid: String,
    /// The displayed name in the file; empty: made of the other fields.
    pub name: String,
    pub prefix: String,
    pub given: String,
    pub additional: String,
    pub family: String,
    pub suffix: String,
    pub phonetic_given: String,
    pub phonetic_additional: String,
    pub phonetic_family: String,
    pub nickname: String,
    pub initials: String,
    pub file_as: String,
    pub organization: String,
    pub department: String,
    pub office: String,
    pub phonetic_organization: String,
    pub title: String,
    pub role: String,
    pub emails: Vec<Value>,
    pub phones: Vec<Value>,
    pub addresses: Vec<Address>,
    pub urls: Vec<Value>,
    pub ims: Vec<Value>,
    /// Related people; the label is the relation: `spouse`, `child`, `manager`, `assistant`, or a
    /// person's own.
    pub related: Vec<Value>,
    /// `1972-04-15`, `--12-31`, or text that is no date.
    pub birthday: String,
    pub anniversary: String,
    /// Other dates, by label.
    pub dates: Vec<Value>,
    pub note: String,
    pub gender: String,
    pub language: String,
    pub free_busy: String,
    pub hobby: String,
    pub private: bool,
    pub categories: Vec<String>,
    pub favourite: bool,
    /// `(name, value)`
    pub custom: Vec<(String, String)>,
    pub photo: Option<(String, Vec<u8>)>,
    /// URL of a picture, which is never fetched.
    pub photo_address: String,
    pub company: bool,
    /// Sort names for lists.
    pub sorted: SortNames,
    /// Group, creator and day of the last change, for tables of a group's book.
    pub shared: Option<[String; 3]>,
}

/// One of several values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Value {
    pub text: String,
    /// Lower case: `work`, `cell`, `fax`...
    pub types: Vec<String>,
    /// A label of the person's own.
    pub label: String,
    pub preferred: bool,
}

impl Value {
    /// A value with types.
    pub fn new(text: &str, types: &[&str]) -> Self {
        Self {
            text: text.to_owned(),
            types: types.iter().map(|t| (*t).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// A value with a label of the person's own.
    pub fn labelled(text: &str, label: &str) -> Self {
        Self {
            text: text.to_owned(),
            label: label.to_owned(),
            ..Self::default()
        }
    }

    /// Whether the value has a type.
    pub fn is(&self, wanted: &str) -> bool {
        self.types.iter().any(|found| found == wanted)
    }
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    /// `work`, `home` or empty.
    pub kind: String,
    pub label: String,
    pub preferred: bool,
    /// Post-office box, extended, street, locality, region, code, country (RFC 6350 §6.3.1).
    pub parts: [String; 7],
    /// The address as formatted in the file.
    pub formatted: String,
}

/// Custom fields that have a property of their own, because devices know them.
const OWN: [(&str, &str); 3] = [
    ("Account", "X-CARNET-ACCOUNTNAME"),
    ("Government ID Number", "X-CARNET-GOVERNMENTID"),
    ("Customer ID", "X-CARNET-CUSTOMERID"),
];
/// A custom field: `X-CARNET-CUSTOM;X-NAME=Size:42`.
const CUSTOM: &str = "X-CARNET-CUSTOM";
/// Property of a further UID.
pub const OTHER_UID: &str = "X-CARNET-OTHER-UID";
/// Property that marks a favourite.
pub const FAVOURITE: &str = "X-CARNET-FAVOURITE";

/// Relation, property that programs read, and Apple's label.
const EVOLUTION_RELATIONS: [(&str, &str, &str); 3] = [
    ("spouse", "X-EVOLUTION-SPOUSE", apple::SPOUSE),
    ("manager", "X-EVOLUTION-MANAGER", apple::MANAGER),
    ("assistant", "X-EVOLUTION-ASSISTANT", apple::ASSISTANT),
];

impl Fields {
    /// Whether no field would make a contact.
    pub fn is_empty(&self) -> bool {
        let blank = Fields {
            gender: self.gender.clone(),
            language: self.language.clone(),
            private: self.private,
            categories: self.categories.clone(),
            favourite: self.favourite,
            company: self.company,
            uid: self.uid.clone(),
            other_uid: self.other_uid.clone(),
            ..Fields::default()
        };
        *self == blank
    }

    /// The displayed name: as given, else made of the other fields.
    pub fn display(&self) -> String {
        match self.name.trim() {
            "" => self.made_name(),
            _ => self.name.clone(),
        }
    }

    /// The displayed name, where the other fields do not make it.
    pub fn own_display(&self) -> Option<&str> {
        let name = self.name.trim();
        let is_own = !name.is_empty() && name != NAMELESS && name != self.made_name();
        is_own.then_some(name)
    }

    fn made_name(&self) -> String {
        let parts = [
            &self.prefix,
            &self.given,
            &self.additional,
            &self.family,
            &self.suffix,
        ];
        let words: Vec<&str> = parts
            .into_iter()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .collect();
        let first = |values: &[Value]| values.first().map(|value| value.text.clone());
        [
            Some(words.join(" ")),
            Some(self.organization.clone()),
            Some(self.nickname.clone()),
            first(&self.emails),
            first(&self.phones),
        ]
        .into_iter()
        .flatten()
        .find(|name| !name.trim().is_empty())
        .unwrap_or_default()
    }

    /// Whether a part of a person's name is given: given, family or additional.
    pub fn has_person(&self) -> bool {
        [&self.given, &self.family, &self.additional]
            .iter()
            .any(|part| !part.trim().is_empty())
    }

    /// The fields of a card.
    pub fn read(card: &Document) -> Self {
        let text = |name: &str| {
            let line = card.first(name);
            line.map(|line| line.text().trim().to_owned())
                .unwrap_or_default()
        };
        let parts = |name: &str| card.first(name).map(Line::components).unwrap_or_default();
        let (n, org) = (parts("N"), parts("ORG"));
        let part = |parts: &[String], at: usize| {
            parts
                .get(at)
                .map(|part| part.trim().to_owned())
                .unwrap_or_default()
        };
        let values = |name: &str| -> Vec<Value> {
            card.all(name)
                .map(|line| value(card, line))
                .filter(|value| !value.text.is_empty())
                .collect()
        };
        let date = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| card.first(name))
                .map(date_of)
                .unwrap_or_default()
        };
        let notes = card.all("NOTE").map(|line| line.text().trim().to_owned());
        let notes = notes.filter(|note| !note.is_empty());
        let mut fields = Fields {
            uid: card.uid().unwrap_or_default(),
            other_uid: text(OTHER_UID),
            name: card.formatted_name(),
            family: part(&n, 0),
            given: part(&n, 1),
            additional: part(&n, 2),
            prefix: part(&n, 3),
            suffix: part(&n, 4),
            phonetic_given: text("X-PHONETIC-FIRST-NAME"),
            phonetic_additional: text("X-PHONETIC-MIDDLE-NAME"),
            phonetic_family: text("X-PHONETIC-LAST-NAME"),
            nickname: text("NICKNAME"),
            initials: text("X-CARNET-INITIALS"),
            file_as: text("X-EVOLUTION-FILE-AS"),
            organization: part(&org, 0),
            department: part(&org, 1),
            office: part(&org, 2),
            phonetic_organization: text("X-PHONETIC-ORG"),
            title: text("TITLE"),
            role: text("ROLE"),
            emails: values("EMAIL"),
            phones: values("TEL"),
            addresses: addresses(card),
            urls: values("URL"),
            ims: values("IMPP"),
            birthday: date(&["BDAY"]),
            anniversary: date(&["ANNIVERSARY", "X-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY"]),
            note: notes.collect::<Vec<_>>().join("\n"),
            gender: text("X-GENDER"),
            language: text("LANG"),
            free_busy: text("FBURL"),
            hobby: text("HOBBY"),
            private: text("CLASS").eq_ignore_ascii_case("PRIVATE"),
            categories: card.all("CATEGORIES").flat_map(Line::list).collect(),
            favourite: card.first(FAVOURITE).is_some(),
            company: card.is_company(),
            sorted: card.sort_names(),
            ..Fields::default()
        };
        if fields.gender.is_empty() {
            fields.gender = part(&parts("GENDER"), 0);
        }
        for phone in &mut fields.phones {
            if let Some(number) = phone.text.strip_prefix("tel:") {
                phone.text = number.to_owned();
            }
        }
        match card.photo() {
            Some(Binary::Inline { media_type, octets }) => {
                fields.photo = Some((media_type, octets))
            }
            Some(Binary::Uri(uri)) => fields.photo_address = uri,
            None => {}
        }
        fields.read_labelled(card);
        if !text("FN").is_empty() {
            fields.divide_name();
        }
        fields
    }

    /// The parts of a person's name, where there is a displayed name alone, or the family's name
    /// beside it, as directories have it.
    pub fn divide_name(&mut self) {
        if !self.company
            && !self.family.is_empty()
            && [&self.given, &self.additional]
                .iter()
                .all(|part| part.is_empty())
            && let Some(before) = self.name.strip_suffix(&self.family)
            && before.ends_with(char::is_whitespace)
        {
            before.trim().clone_into(&mut self.given);
        }
        let reach = self.emails.iter().chain(&self.phones);
        let mut others = reach.map(|value| &value.text).chain([&self.organization]);
        let is_other = others.any(|other| *other == self.name);
        if !self.company && !self.has_person() && !is_other {
            (self.given, self.family) = halves(&self.name);
        }
    }

    fn read_labelled(&mut self, card: &Document) {
        for line in card.lines() {
            let text = || line.text().trim().to_owned();
            if line.is("X-ABDATE") {
                let label = card.label(line);
                match label.as_str() {
                    apple::ANNIVERSARY if self.anniversary.is_empty() => {
                        self.anniversary = date_of(line);
                    }
                    _ => self
                        .dates
                        .push(Value::labelled(&date_of(line), apple::plain(&label))),
                }
            } else if line.is("X-ABRELATEDNAMES") {
                let label = card.label(line);
                let label = apple::plain(&label).to_lowercase();
                self.related.push(Value::labelled(&text(), &label));
            } else if let Some((relation, ..)) = EVOLUTION_RELATIONS
                .iter()
                .find(|(_, name, _)| line.is(name))
            {
                self.related.push(Value::labelled(&text(), relation));
            } else if line.is("RELATED")
                && line
                    .param("VALUE")
                    .is_some_and(|v| v.eq_ignore_ascii_case("text"))
            {
                let types = line.types();
                let relation = types.first().map(String::as_str).unwrap_or_default();
                let relation = match relation {
                    "agent" => "assistant",
                    "x-manager" => "manager",
                    other => other,
                };
                self.related.push(Value::labelled(&text(), relation));
            } else if line.is(CUSTOM) {
                let name = line.param("X-NAME").unwrap_or("Custom").to_owned();
                self.custom.push((name, line.text()));
            } else if let Some((name, _)) = OWN.iter().find(|(_, property)| line.is(property)) {
                self.custom.push(((*name).to_owned(), line.text()));
            }
        }
    }
}

/// A UID derived from octets, in the form of a UUID of version 8 (RFC 9562 §5.8).
pub fn uid_of(octets: &[u8]) -> String {
    let digest = Sha256::digest(octets);
    let mut id = [0u8; 16];
    id.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(id).into_uuid().to_string()
}

fn value(card: &Document, line: &Line) -> Value {
    let ignored = ["internet", "voice", "pref", "iphone"];
    Value {
        text: line.text().trim().to_owned(),
        types: line
            .types()
            .into_iter()
            .filter(|found| !ignored.contains(&found.as_str()))
            .collect(),
        label: apple::plain(&card.label(line)).to_owned(),
        preferred: line.is_preferred(),
    }
}

fn addresses(card: &Document) -> Vec<Address> {
    let mut labels = address_labels(card);
    let lines = card.lines().iter().enumerate();
    lines
        .filter(|(_, line)| line.is("ADR"))
        .map(|(at, line)| address(card, line, labels.remove(&at)))
        .collect()
}

/// An address; `label`: the LABEL of its group and types.
fn address(card: &Document, line: &Line, label: Option<String>) -> Address {
    let mut components = line.components().into_iter();
    let parts = std::array::from_fn(|_| components.next().unwrap_or_default().trim().to_owned());
    let kind = ["work", "home"]
        .into_iter()
        .find(|kind| line.has_type(kind));
    let same_kind = |other: &&Line| {
        ["work", "home"]
            .iter()
            .all(|kind| other.has_type(kind) == line.has_type(kind))
    };
    let only_label = || {
        let mut labels = card.all("LABEL").filter(same_kind);
        let first = labels.next()?;
        let is_only = labels.next().is_none() && card.all("ADR").filter(same_kind).count() == 1;
        is_only.then(|| first.text())
    };
    let formatted = line.param("LABEL").map(str::to_owned);
    let formatted = formatted.or(label).or_else(only_label);
    Address {
        kind: kind.unwrap_or_default().to_owned(),
        label: apple::plain(&card.label(line)).to_owned(),
        preferred: line.is_preferred(),
        parts,
        formatted: formatted.unwrap_or_default(),
    }
}

/// `1972-04-15`, `--12-31`; text that is no date as it is.
fn date_of(line: &Line) -> String {
    let text = line.text();
    let omitted: Option<u16> = line.param("X-APPLE-OMIT-YEAR").and_then(|y| y.parse().ok());
    match PartialDate::parse(&text) {
        Some(mut date) => {
            if omitted.is_some() && date.year == omitted {
                date.year = None;
            }
            match (date.year, date.month, date.day) {
                (None, Some(month), Some(day)) => format!("--{month:02}-{day:02}"),
                _ => date.extended(),
            }
        }
        None => text.trim().to_owned(),
    }
}

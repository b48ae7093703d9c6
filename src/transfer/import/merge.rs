//! Merges a card of a file into the card that is already there.

use std::collections::HashSet;

use carnet_proto::vcard::{Document, Line, NewLine, Version, escape_text, project};

use super::Choice;
use crate::domain::{
    item::Card,
    likeness::{Key, bare_uid},
};

/// New content for an existing card; none when nothing changes.
pub(super) fn updated(
    base: &[u8],
    card: &Card,
    incoming: &[u8],
    choice: Choice,
) -> Option<Vec<u8>> {
    let present = Document::parse(base).ok()?;
    let incoming = Document::parse(incoming).ok()?;
    let united = match choice {
        Choice::Replace => replaced(&present, &incoming, &card.placement.uid),
        _ => united(&present, &incoming, &card.placement.uid),
    };
    (united != base).then_some(united)
}

/// The incoming card under the UID of the one it replaces. The others by which either was known
/// find it the next time too.
fn replaced(present: &Document, incoming: &Document, uid: &str) -> Vec<u8> {
    let mut edit = incoming.edit();
    if let Some(at) = incoming.lines().iter().position(|line| line.is("UID")) {
        edit.set_text(at, uid);
    }
    let others = |card: &Document| -> Vec<String> {
        let others = card.all("X-CARNET-OTHER-UID");
        others.map(|line| line.text()).collect()
    };
    let mut known: HashSet<String> = others(incoming).iter().map(|uid| bare_uid(uid)).collect();
    known.insert(bare_uid(uid));
    for other in others(present).into_iter().chain(incoming.uid()) {
        if known.insert(bare_uid(&other)) {
            edit.add(NewLine::new("X-CARNET-OTHER-UID", &[], escape_text(&other)));
        }
    }
    edit.finish().as_bytes().to_vec()
}

/// What belongs to a card itself, or to a value beside it.
const NEVER: [&str; 9] = [
    "UID",
    "VERSION",
    "PRODID",
    "REV",
    "FN",
    "N",
    "X-ABLABEL",
    "LABEL",
    "X-ABUID",
];

/// What only the incoming card says, added to the present one in the terms of its version.
fn united(present: &Document, incoming: &Document, uid: &str) -> Vec<u8> {
    let version = match present.version().as_str() {
        "4.0" => Version::V4,
        _ => Version::V3,
    };
    let translated = in_version(incoming, version, uid);
    let said = Said::of([present, &in_version(present, version, uid)]);
    let meant = Said::of([&in_version(present, Version::V4, uid)]);
    let is_there = |at: usize, line: &Line| {
        line.is("CATEGORIES")
            || line.raw.is_empty()
            || NEVER.contains(&&name_of(line)[..])
            || said.says(line)
            || meant.means(&alone(&translated, at, version))
    };
    let missing: Vec<usize> = translated
        .lines()
        .iter()
        .enumerate()
        .filter(|(at, line)| !is_there(*at, line))
        .map(|(at, _)| at)
        .collect();
    let categories = missing_categories(present, incoming);
    let name = translated.lines().iter().position(|line| line.is("N"));
    let name = name.filter(|_| !present.is_company() && !present.is_named() && incoming.is_named());
    if missing.is_empty() && categories.is_none() && name.is_none() {
        return present.as_bytes().to_vec();
    }
    let base = present.editable(uid);
    let mut edit = base.edit();
    if let Some(at) = name {
        let blank = base.lines().iter().enumerate();
        for (blank, _) in blank.filter(|(_, line)| line.is("N")) {
            edit.remove(blank);
        }
        edit.adopt(&translated, at);
    }
    for at in missing {
        edit.adopt(&translated, at);
    }
    if let Some(all) = categories {
        let list: Vec<String> = all.iter().map(|name| escape_text(name)).collect();
        match base.lines().iter().position(|line| line.is("CATEGORIES")) {
            Some(at) => edit.set_raw(at, list.join(",")),
            None => edit.add(NewLine::new("CATEGORIES", &[], list.join(","))),
        }
    }
    edit.finish().as_bytes().to_vec()
}

/// What cards say, by property.
struct Said {
    values: HashSet<(String, String)>,
    names: HashSet<String>,
}

impl Said {
    fn of<'a>(cards: impl IntoIterator<Item = &'a Document>) -> Self {
        let lines = cards.into_iter().flat_map(Document::lines);
        let values: HashSet<_> = lines.map(|line| (name_of(line), compared(line))).collect();
        let names = values.iter().map(|(name, _)| name.clone()).collect();
        Self { values, names }
    }

    /// Whether the value is there, or any one where a contact has but one.
    fn says(&self, line: &Line) -> bool {
        if line.is_one_of_several() {
            self.values.contains(&(name_of(line), compared(line)))
        } else {
            self.names.contains(&name_of(line))
        }
    }

    /// Whether all is there that a card says beside its names, if it says anything.
    fn means(&self, card: &Document) -> bool {
        let lines = card.lines().iter();
        let mut lines = lines
            .filter(|line| !NEVER.contains(&&name_of(line)[..]))
            .peekable();
        lines.peek().is_some() && lines.all(|line| self.says(line))
    }
}

fn name_of(line: &Line) -> String {
    line.name.to_ascii_uppercase()
}

fn in_version(card: &Document, version: Version, uid: &str) -> Document {
    Document::parse(&project(card, version, uid)).unwrap_or_else(|_| card.clone())
}

/// One line of a card with its companions, as a card of version 4.0, which has one way to say it.
fn alone(card: &Document, at: usize, version: Version) -> Document {
    let nobody = format!(
        "BEGIN:VCARD\r\nVERSION:{}\r\nFN:-\r\nEND:VCARD\r\n",
        version.as_str()
    );
    Document::parse(nobody.as_bytes()).map_or_else(
        |_| card.clone(),
        |nobody| {
            let mut edit = nobody.edit();
            edit.adopt(card, at);
            in_version(&edit.finish(), Version::V4, "")
        },
    )
}

/// Both cards' categories; none when the present card has them all.
fn missing_categories(present: &Document, incoming: &Document) -> Option<Vec<String>> {
    let mut all: Vec<String> = present.all("CATEGORIES").flat_map(Line::list).collect();
    let before = all.len();
    let mut known: HashSet<String> = all.iter().map(|name| name.to_lowercase()).collect();
    for name in incoming.all("CATEGORIES").flat_map(Line::list) {
        if known.insert(name.to_lowercase()) {
            all.push(name);
        }
    }
    (all.len() > before).then_some(all)
}

/// A value as two are compared: numbers by digits, members by UID, addresses without case.
fn compared(line: &Line) -> String {
    let text = line.text();
    if line.is("MEMBER") || line.is("X-ADDRESSBOOKSERVER-MEMBER") {
        return bare_uid(&text);
    }
    if line.is("TEL") {
        Key::of("tel", &text).map_or(text, |key| match key {
            Key::Number(digits) => digits,
            _ => String::new(),
        })
    } else {
        text.trim().to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_name_are_added_where_there_are_none() {
        let card = |lines: &str| {
            let text = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\n{lines}END:VCARD\r\n");
            Document::parse(text.as_bytes()).expect("a card")
        };
        let incoming = card("FN:Marie Curie\r\nN:Curie;Marie;;;\r\n");
        for (present, expected) in [
            ("FN:M. Curie\r\nN:;;;;\r\n", vec!["Curie;Marie;;;"]),
            ("FN:M. Curie\r\n", vec!["Curie;Marie;;;"]),
            ("FN:M. Curie\r\nN:Curie;;;;\r\n", vec!["Curie;;;;"]),
            ("FN:Lab\r\nN:;;;;\r\nX-ABShowAs:COMPANY\r\n", vec![";;;;"]),
        ] {
            let united = united(&card(present), &incoming, "a");
            let united = Document::parse(&united).expect("a card");
            let names: Vec<String> = united.all("N").map(Line::decoded).collect();
            assert_eq!(names, expected, "{present}");
            let first = present.split("\r\n").next();
            assert_eq!(first, Some(&format!("FN:{}", united.formatted_name())[..]));
        }
    }
}

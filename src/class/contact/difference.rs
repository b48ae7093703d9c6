//! The differences between two versions of a card, as lines for people.

use carnet_proto::vcard::{Document, Line};

use crate::domain::class::Difference;

/// Properties that change with every write and say nothing to a person.
const SILENT: [&str; 7] = [
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "REV",
    "UID",
    "SORT-STRING",
];

/// Properties shown as changed, without their octets.
const PICTURES: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// The lines that only one side has, paired by property in their order.
pub fn between(before: Option<&Document>, after: Option<&Document>) -> Vec<Difference> {
    let mut gone = shown(before);
    let mut new = shown(after);
    gone.retain(|line| {
        let same = new.iter().position(|other| other == line);
        same.map(|at| new.remove(at)).is_none()
    });
    let mut differences: Vec<Difference> = gone
        .into_iter()
        .map(|(property, before, _)| {
            let successor = new.iter().position(|(other, _, _)| *other == property);
            Difference {
                after: successor.map(|at| new.remove(at).1),
                before: Some(before),
                property,
            }
        })
        .collect();
    differences.extend(new.into_iter().map(|(property, after, _)| Difference {
        property,
        before: None,
        after: Some(after),
    }));
    differences
}

/// Property, what a person reads, and the raw value that decides whether it changed.
fn shown(card: Option<&Document>) -> Vec<(String, String, String)> {
    card.into_iter()
        .flat_map(Document::lines)
        .filter(|line| !SILENT.iter().any(|silent| line.is(silent)))
        .map(|line| (property(line), value(line), line.decoded()))
        .collect()
}

/// `TEL;WORK`
pub fn property(line: &Line) -> String {
    let mut property = line.name.to_ascii_uppercase();
    for kind in line.types() {
        let kind = kind.to_ascii_uppercase();
        if kind != "PREF" && kind != "INTERNET" {
            property.push(';');
            property.push_str(&kind);
        }
    }
    property
}

/// The value of a line as people read it.
pub fn value(line: &Line) -> String {
    if PICTURES.iter().any(|picture| line.is(picture)) {
        return String::new();
    }
    let parts = if ["N", "ADR", "ORG"].iter().any(|name| line.is(name)) {
        line.components()
    } else {
        vec![line.text()]
    };
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(", ")
}

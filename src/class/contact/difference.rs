//! The differences between two versions of a card, as lines for people.

use std::collections::{HashMap, VecDeque};

use carnet_proto::vcard::{Document, Line};

use super::FAVOURITE;
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
    let (before, after) = (shown(before), shown(after));
    let gone = beyond(&before, &after);
    let mut new: Vec<Option<&Shown>> = beyond(&after, &before).into_iter().map(Some).collect();
    let mut places: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (at, line) in new.iter().enumerate() {
        let property = line.map_or("", |(property, _, _)| property);
        places.entry(property).or_default().push_back(at);
    }
    let mut differences: Vec<Difference> = gone
        .into_iter()
        .map(|(property, before, _)| {
            let successor = places.get_mut(&property[..]).and_then(VecDeque::pop_front);
            let successor = successor.and_then(|at| new[at].take());
            Difference {
                after: successor.map(|(_, after, _)| after.clone()),
                before: Some(before.clone()),
                property: property.clone(),
            }
        })
        .collect();
    differences.extend(
        new.into_iter()
            .flatten()
            .map(|(property, after, _)| Difference {
                property: property.clone(),
                before: None,
                after: Some(after.clone()),
            }),
    );
    say_names_once(&mut differences);
    differences
}

/// Leaves out the parts of a name where the name as it is shown changed by the same words.
fn say_names_once(differences: &mut Vec<Difference>) {
    let words = |value: &Option<String>| {
        let words = value.as_deref().unwrap_or_default();
        let words = words.split(|c: char| c == ',' || c.is_whitespace());
        let mut words: Vec<String> = words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        words.sort_unstable();
        words
    };
    let said = |difference: &Difference| (words(&difference.before), words(&difference.after));
    let shown = differences.iter().find(|found| found.property == "FN");
    if let Some(shown) = shown.map(said) {
        differences.retain(|found| found.property != "N" || said(found) != shown);
    }
}

/// The lines that are not among others, each of which stands for one.
fn beyond<'a>(lines: &'a [Shown], others: &[Shown]) -> Vec<&'a Shown> {
    let mut left: HashMap<&Shown, usize> = HashMap::new();
    for other in others {
        *left.entry(other).or_default() += 1;
    }
    let mut lines: Vec<&Shown> = lines.iter().collect();
    lines.retain(|line| match left.get_mut::<Shown>(line) {
        Some(number) if *number > 0 => {
            *number -= 1;
            false
        }
        _ => true,
    });
    lines
}

/// Property, what a person reads, and the raw value that decides whether it changed.
type Shown = (String, String, String);

fn shown(card: Option<&Document>) -> Vec<Shown> {
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
    if line.is(FAVOURITE) {
        return "★".to_owned();
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

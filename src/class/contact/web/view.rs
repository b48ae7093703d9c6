//! The details page of a contact.

use carnet_proto::vcard::{Binary, Document, Line};

use super::fields::{Kinds, LISTS, NAMES, OTHERS, Place, Several};
use crate::web::{
    facet::{CardLine, CardView},
    text::Text,
};

/// Properties that say nothing to a reader, or are shown elsewhere on the page.
const TECHNICAL: [&str; 18] = [
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "REV",
    "UID",
    "KIND",
    "N",
    "FN",
    "ORG",
    "PHOTO",
    "LOGO",
    "SOUND",
    "KEY",
    "NOTE",
    "X-ABLABEL",
    "X-ABADR",
    "X-ABUID",
];

/// Everything a card says, in the order people look for it; what nobody knows comes last.
pub fn view(card: &Document, text: &Text) -> CardView {
    let name = card.formatted_name();
    let mut lines = Vec::new();
    let mut add = |label: &str, value: String, link: Option<String>| {
        if !value.is_empty() {
            lines.push(CardLine {
                label: label.to_owned(),
                value,
                link,
            });
        }
    };
    for list in &LISTS {
        for row in list.rows(card) {
            let line = &card.lines()[row.at];
            let label = own_label(card, line).unwrap_or_else(|| labelled(list, row.kind, text));
            let value = match list.inputs.is_empty() {
                true => line.text(),
                false => address(line),
            };
            let (value, link) = linked(list.name, value);
            add(&label, value, link);
        }
    }
    let generated = card.generated_name().filter(|made| *made != name);
    add(text.name, generated.unwrap_or_default(), None);
    let unstructured = NAMES
        .iter()
        .filter(|field| matches!(field.place, Place::Text(names) if names != ["TITLE"]));
    for field in unstructured.chain(&OTHERS) {
        add((field.label)(text), field.value(card), None);
    }
    for note in card.all("NOTE") {
        add(text.note, note.text(), None);
    }
    for line in card.lines().iter().filter(|line| !is_shown(card, line)) {
        add(&line.name, line.text(), None);
    }
    let texts = |name: &str| card.first(name).map(|line| line.components());
    let summary: Vec<String> = [texts("TITLE"), texts("ORG")]
        .into_iter()
        .flatten()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    CardView {
        name,
        summary: summary.join(", "),
        lines,
        has_photo: matches!(card.photo(), Some(Binary::Inline { .. })),
    }
}

/// What a property with its types (`TEL;WORK`) is called; what nobody knows keeps its name.
pub fn property(name: &str, text: &Text) -> String {
    let (property, types) = name.split_once(';').unwrap_or((name, ""));
    let listed = |list: &&Several| list.name.eq_ignore_ascii_case(property);
    if let Some(list) = LISTS.iter().find(listed) {
        let lower = types.to_ascii_lowercase().replace(';', " ");
        let kind = list
            .choices(text)
            .into_iter()
            .find(|(id, _)| lower.split(' ').any(|kind| kind == *id));
        return match kind {
            Some((_, label)) => format!("{} ({label})", (list.label)(text)),
            None => (list.label)(text).to_owned(),
        };
    }
    match property {
        "FN" | "N" => text.name.to_owned(),
        "ORG" => text.organization.to_owned(),
        "NOTE" => text.note.to_owned(),
        "PHOTO" => text.photo.to_owned(),
        "BDAY" => text.birthday.to_owned(),
        "ANNIVERSARY" => text.anniversary.to_owned(),
        _ => NAMES
            .iter()
            .chain(&OTHERS)
            .find(|field| match &field.place {
                Place::Component(name, _) | Place::List(name) => *name == property,
                Place::Text(names) => names.contains(&property),
                Place::Date(_) => false,
            })
            .map_or_else(
                || property.to_owned(),
                |field| (field.label)(text).to_owned(),
            ),
    }
}

/// `Phone (work)`; people are called by what they are.
fn labelled(list: &Several, kind: &str, text: &Text) -> String {
    let choices = list.choices(text);
    let chosen = choices.iter().find(|(id, _)| *id == kind);
    match (chosen, &list.kinds) {
        (Some((_, label)), Kinds::Relations(_)) => {
            let mut letters = label.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        }
        (Some((id, label)), Kinds::Types(..)) if *id != "other" => {
            format!("{} ({label})", (list.label)(text))
        }
        _ => (list.label)(text).to_owned(),
    }
}

/// The label Apple's programs let people choose: `item1.X-ABLabel:Boat`.
pub fn own_label(card: &Document, line: &Line) -> Option<String> {
    let group = line.group.as_ref()?;
    let label = card
        .all("X-ABLabel")
        .find(|label| label.group.as_ref() == Some(group))?
        .text();
    (!label.is_empty() && !label.starts_with("_$!<")).then_some(label)
}

/// A value with the address it leads to.
fn linked(list: &str, value: String) -> (String, Option<String>) {
    match list {
        "tel" => {
            let number = value.strip_prefix("tel:").unwrap_or(&value).to_owned();
            let dialled: String = number
                .chars()
                .filter(|c| c.is_ascii_digit() || *c == '+')
                .collect();
            (number, Some(format!("tel:{dialled}")))
        }
        "email" => {
            let link = format!("mailto:{value}");
            (value, Some(link))
        }
        "url" => {
            let is_web = value.starts_with("https://") || value.starts_with("http://");
            let link = is_web.then(|| value.clone());
            (value, link)
        }
        _ => (value, None),
    }
}

fn address(line: &Line) -> String {
    let parts: Vec<String> = line
        .components()
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("\n")
}

/// Whether a line is shown above, in the head of the page, or says nothing to a reader.
fn is_shown(card: &Document, line: &Line) -> bool {
    let is_line = |at: Option<usize>| at.is_some_and(|at| std::ptr::eq(&card.lines()[at], line));
    TECHNICAL.iter().any(|name| line.is(name))
        || NAMES.iter().chain(&OTHERS).any(|field| match &field.place {
            Place::Component(name, _) | Place::List(name) => line.is(name),
            Place::Text(names) => names.iter().any(|name| line.is(name)),
            Place::Date(sort) => is_line(sort.place(card)),
        })
        || LISTS
            .iter()
            .any(|list| list.rows(card).iter().any(|row| is_line(Some(row.at))))
}

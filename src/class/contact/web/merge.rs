//! Merging two contacts: the values of each, property by property, and the card made of the values
//! chosen.

use std::collections::{HashMap, HashSet};

use carnet_proto::vcard::{Binary, Document, Line, NewLine, escape_text};

use super::{fields::Own, view::property};
use crate::{
    class::contact::{FAVOURITE, difference, parse},
    domain::error::{Error, Result},
    text::Text,
    web::facet::{Side, SideValue},
};

/// What belongs to a card itself, follows the name, or stands beside another line.
const NOT_OFFERED: [&str; 16] = [
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "REV",
    "UID",
    "N",
    "KIND",
    "CATEGORIES",
    "SORT-STRING",
    "LABEL",
    "X-ABLABEL",
    "X-ABADR",
    "X-ABUID",
    FAVOURITE,
    OTHER_UID,
];
/// The UID of a contact that became part of this one.
const OTHER_UID: &str = "X-CARNET-OTHER-UID";
/// Both notes, one under the other.
const BOTH: &str = "both";

/// The card a value is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    First,
    Second,
}

/// The cards as a merge starts from them.
fn editable(first: &[u8], second: &[u8]) -> Result<(Document, Document)> {
    let one = |bytes: &[u8]| {
        let card = parse(bytes)?;
        let uid = card.uid().unwrap_or_default();
        Ok::<_, Error>(card.editable(&uid))
    };
    Ok((one(first)?, one(second)?))
}

fn offered(card: &Document) -> impl Iterator<Item = (usize, &Line)> {
    card.lines()
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.raw.is_empty() && !NOT_OFFERED.iter().any(|name| line.is(name)))
}

/// A value as two are compared: numbers by their last nine digits, text without case.
fn compared(line: &Line) -> String {
    let text = line.text();
    if line.is("TEL") {
        let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
        return digits[digits.len().saturating_sub(9)..].iter().collect();
    }
    text.trim().to_lowercase()
}

/// The property of a line, and its value as two are compared.
fn says(line: &Line) -> (String, String) {
    (line.name.to_ascii_uppercase(), compared(line))
}

/// The address of a picture that is elsewhere.
fn linked(line: &Line) -> Option<String> {
    match line.binary().filter(|_| line.is("PHOTO"))? {
        Binary::Uri(address) => Some(address),
        Binary::Inline { .. } => None,
    }
}

/// The properties of both cards, in the order of the first; where only one value fits, one is to be
/// chosen.
pub fn sides(first: &[u8], second: &[u8], text: &Text) -> Result<Vec<Side>> {
    let (left, right) = editable(first, second)?;
    let value = |of: Of, (at, line): (usize, &Line)| {
        let (card, side) = match of {
            Of::First => (&left, 'l'),
            Of::Second => (&right, 'r'),
        };
        SideValue {
            id: format!("{side}{at}"),
            label: match Own::Group.label(card, line) {
                own if own.is_empty() => property(&difference::property(line), text),
                own => own,
            },
            value: linked(line).unwrap_or_else(|| difference::value(line)),
            first: of == Of::First,
            chosen: of == Of::First,
            photo: line.is("PHOTO") && linked(line).is_none(),
        }
    };
    let said: HashSet<(String, String)> = left.lines().iter().map(says).collect();
    let names: HashSet<&String> = said.iter().map(|(name, _)| name).collect();
    let mut first_of = HashMap::new();
    for (at, line) in offered(&left) {
        first_of.entry(line.name.to_ascii_uppercase()).or_insert(at);
    }
    let mut sides: Vec<Side> = Vec::new();
    for (at, line) in offered(&left) {
        let name = line.name.to_ascii_uppercase();
        let mut values = vec![value(Of::First, (at, line))];
        // Further lines of the first card are kept or not, each by itself.
        if first_of.get(&name) == Some(&at) && !line.is_one_of_several() {
            let is_new = |other: &Line| other.is(&name) && !said.contains(&says(other));
            let rivals = offered(&right).filter(|(_, other)| is_new(other));
            values.extend(rivals.map(|rival| value(Of::Second, rival)));
        }
        let both = name == "NOTE" && values.len() == 2;
        sides.push(Side {
            property: name,
            single: values.len() > 1,
            both,
            values,
        });
    }
    for (at, line) in offered(&right) {
        let name = line.name.to_ascii_uppercase();
        let known = if line.is_one_of_several() {
            said.contains(&says(line))
        } else {
            names.contains(&name)
        };
        if !known {
            sides.push(Side {
                property: name,
                single: false,
                both: false,
                values: vec![SideValue {
                    chosen: true,
                    ..value(Of::Second, (at, line))
                }],
            });
        }
    }
    Ok(sides)
}

/// The first card with the values chosen of both: `l3` and `r5` are lines, `both` is both notes.
pub fn merged(first: &[u8], second: &[u8], picked: &[String]) -> Result<Vec<u8>> {
    let (left, right) = editable(first, second)?;
    let picked: HashSet<&str> = picked.iter().map(String::as_str).collect();
    let is_picked = |side: char, at: usize| picked.contains(&format!("{side}{at}")[..]);
    let both = picked.contains(BOTH);
    let mut edit = left.edit();
    let mut chosen = false;
    for (at, line) in offered(&left) {
        let kept = is_picked('l', at) || both && line.is("NOTE");
        // A card has a name.
        if !kept && !line.is("FN") {
            edit.remove(at);
        }
    }
    for (at, line) in offered(&right) {
        if !is_picked('r', at) {
            continue;
        }
        if line.is("FN") {
            let names = left.lines().iter().enumerate();
            for (old, _) in names.filter(|(_, line)| line.is("FN")) {
                edit.remove(old);
            }
            chosen = true;
        }
        edit.adopt(&right, at);
    }
    // The parts follow the displayed name, as far as its card has any.
    if right.is_named() && (chosen || !left.is_named() && !left.is_company()) {
        let names = left.lines().iter().enumerate();
        for (old, _) in names.filter(|(_, line)| line.is("N")) {
            edit.remove(old);
        }
        let names = right.all("N").map(NewLine::from_line);
        names.for_each(|name| edit.add(name));
    }
    let note = |card: &Document| card.lines().iter().position(|line| line.is("NOTE"));
    if both && let (Some(at), Some(other)) = (note(&left), right.first("NOTE")) {
        let text = format!("{}\n{}", left.lines()[at].text(), other.text());
        edit.set_text(at, &text);
    }
    let lists = |card: &Document| {
        card.all("CATEGORIES")
            .flat_map(Line::list)
            .collect::<Vec<_>>()
    };
    let mut categories = lists(&left);
    let before = categories.len();
    let mut known: HashSet<String> = categories.iter().map(|name| name.to_lowercase()).collect();
    for name in lists(&right) {
        if known.insert(name.to_lowercase()) {
            categories.push(name);
        }
    }
    if categories.len() > before {
        let all: Vec<String> = categories.iter().map(|name| escape_text(name)).collect();
        for (at, _) in left
            .lines()
            .iter()
            .enumerate()
            .filter(|(_, line)| line.is("CATEGORIES"))
        {
            edit.remove(at);
        }
        edit.add(NewLine::new("CATEGORIES", &[], all.join(",")));
    }
    // A file that names one absorbed finds the one kept.
    let others = |card: &Document| card.all(OTHER_UID).map(Line::text).collect::<Vec<_>>();
    let mut known: Vec<String> = left.uid().into_iter().chain(others(&left)).collect();
    for uid in right.uid().into_iter().chain(others(&right)) {
        if !known.contains(&uid) {
            edit.add(NewLine::new(OTHER_UID, &[], escape_text(&uid)));
            known.push(uid);
        }
    }
    if let Some(line) = right.first(FAVOURITE)
        && left.first(FAVOURITE).is_none()
    {
        edit.add(NewLine::from_line(line));
    }
    Ok(edit.finish().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::EN;

    fn card(uid: &str, lines: &str) -> Vec<u8> {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:Ada Ten\r\nN:Ten;Ada;;;\r\n{lines}END:VCARD\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn what_names_those_absorbed_before_is_kept_and_not_asked_about() {
        let first = card("a", "X-CARNET-OTHER-UID:a1\r\nX-CARNET-OTHER-UID:both\r\n");
        let second = card(
            "b",
            "X-CARNET-OTHER-UID:b1\r\nX-CARNET-OTHER-UID:both\r\nX-CARNET-FAVOURITE:TRUE\r\n",
        );
        let sides = sides(&first, &second, &EN).expect("two cards");
        assert!(sides.iter().all(|side| side.property == "FN"), "{sides:?}");
        let merged = merged(&first, &second, &[]).expect("a card");
        let merged = Document::parse(&merged).expect("a card");
        let others: Vec<String> = merged.all(OTHER_UID).map(Line::text).collect();
        assert_eq!(others, ["a1", "both", "b", "b1"]);
        assert!(merged.first(FAVOURITE).is_some());
    }

    #[test]
    fn a_picture_that_is_elsewhere_is_its_address() {
        let first = card("a", "PHOTO;VALUE=uri:https://example.org/ada.jpg\r\n");
        let second = card("b", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg==\r\n");
        let sides = sides(&first, &second, &EN).expect("two cards");
        let photos = sides.iter().find(|side| side.property == "PHOTO");
        let values = &photos.expect("a photo").values;
        assert_eq!(values[0].value, "https://example.org/ada.jpg");
        assert!(!values[0].photo && values[1].photo);
    }

    fn named(uid: &str, name: &str, n: &str) -> Vec<u8> {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{n}\r\nEND:VCARD\r\n")
            .into_bytes()
    }

    #[test]
    fn the_parts_of_a_name_outlive_a_card_that_has_none() {
        let blank = named("a", "M. Curie", ";;;;");
        let full = named("b", "Marie Curie", "Curie;Marie;;;");
        let right = sides(&blank, &full, &EN).expect("two cards")[0].values[1]
            .id
            .clone();
        for (first, second, picked, expected) in [
            (&blank, &full, vec![], "M. Curie"),
            (&blank, &full, vec![right.clone()], "Marie Curie"),
            (&full, &blank, vec![], "Marie Curie"),
            (&full, &blank, vec![right], "M. Curie"),
        ] {
            let merged = merged(first, second, &picked).expect("a card");
            let merged = Document::parse(&merged).expect("a card");
            let names: Vec<String> = merged.all("N").map(Line::decoded).collect();
            assert_eq!(names, ["Curie;Marie;;;"], "{picked:?}");
            assert_eq!(merged.formatted_name(), expected);
        }
    }

    #[test]
    fn a_property_that_stands_twice_is_chosen_once_and_kept_twice() {
        let first = card("a", "TITLE:Boss\r\nTITLE:Owner\r\n");
        let second = card("b", "TITLE:Chief\r\nTITLE:owner\r\nTITLE:Head\r\n");
        let sides = sides(&first, &second, &EN).expect("two cards");
        let titles: Vec<&Side> = sides
            .iter()
            .filter(|side| side.property == "TITLE")
            .collect();
        let said = |side: &Side| -> Vec<String> {
            side.values
                .iter()
                .map(|value| value.value.clone())
                .collect()
        };
        assert_eq!(titles.len(), 2, "{titles:?}");
        assert_eq!(said(titles[0]), ["Boss", "Chief", "Head"]);
        assert!(titles[0].single && !titles[1].single);
        assert_eq!(said(titles[1]), ["Owner"]);
        let chosen = sides.iter().flat_map(|side| &side.values);
        let chosen = chosen.filter(|value| value.chosen);
        let picked: Vec<String> = chosen.map(|value| value.id.clone()).collect();
        let merged = merged(&first, &second, &picked).expect("a card");
        let merged = String::from_utf8(merged).expect("text");
        assert!(
            merged.contains("TITLE:Boss") && merged.contains("TITLE:Owner"),
            "{merged}"
        );
    }

    #[test]
    fn a_group_of_very_many_lines_is_adopted_with_some_companions() {
        let lines = (0..300).map(|n| format!("a.TEL:{n}\r\na.X-ABLabel:l{n}\r\n"));
        let lines = lines.collect::<String>();
        let card = |uid: &str, lines: &str| {
            format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{uid}\r\n{lines}END:VCARD\r\n")
        };
        let picked: Vec<String> = (0..610).map(|at| format!("r{at}")).collect();
        let (first, second) = (card("a", ""), card("b", &lines));
        let merged = merged(first.as_bytes(), second.as_bytes(), &picked).expect("a card");
        let merged = parse(&merged).expect("a card");
        assert_eq!(merged.all("TEL").count(), 300);
        assert!(merged.lines().len() < 300 * 20, "{}", merged.lines().len());
    }
}

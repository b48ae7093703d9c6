//! Values that a device over Exchange ActiveSync does not show, because the elements of their sort
//! are taken.

use std::collections::BTreeSet;

use carnet_proto::vcard::{Document, Line};

use super::{
    places::Places,
    slots::{SLOTS, Slot},
    typed::number,
};

/// Lines that have elements, as many as there are.
const NAMES: [&str; 5] = ["TEL", "EMAIL", "ADR", "URL", "IMPP"];

/// The values, in the order of the card.
pub fn beyond(card: &Document) -> Vec<String> {
    let places = Places::default();
    let mut shown = BTreeSet::new();
    for slot in SLOTS {
        let (tags, candidates) = match slot {
            Slot::Typed(sort) => (sort.tags, sort.candidates(card)),
            // The first tag stands for the address as a whole.
            Slot::Address(sort) => (&sort.tags[..1], sort.candidates(card)),
            _ => continue,
        };
        let found = places.assign(tags, &candidates);
        shown.extend(found.into_iter().flatten().map(|at| candidates[at].at));
    }
    let lines = card.lines();
    let said: BTreeSet<String> = shown.iter().map(|at| value(&lines[*at])).collect();
    let has_element = |line: &Line| NAMES.iter().any(|name| line.is(name));
    let others = lines.iter().filter(|line| has_element(line)).map(value);
    let mut beyond: Vec<String> = Vec::new();
    for value in others {
        if !value.is_empty() && !said.contains(&value) && !beyond.contains(&value) {
            beyond.push(value);
        }
    }
    beyond
}

/// The value of a line as people read it.
fn value(line: &Line) -> String {
    if line.is("ADR") {
        let parts = line.components();
        let parts: Vec<&str> = parts.iter().map(|part| part.trim()).collect();
        let said = parts.into_iter().filter(|part| !part.is_empty());
        said.collect::<Vec<_>>().join(", ")
    } else {
        let text = line.text();
        number(&text).unwrap_or(&text).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [MS-ASCNTC] 2.2.2: two numbers at home, two at work, one mobile, three addresses of mail, one
    /// web page, one postal address of each kind.
    #[test]
    fn what_has_no_element_left_is_named_in_the_order_of_the_card() {
        let lines = [
            "TEL;TYPE=HOME:1",
            "TEL;TYPE=HOME:2",
            "TEL;TYPE=HOME:3",
            "TEL;TYPE=WORK:4",
            "TEL;TYPE=CELL:5",
            "TEL;TYPE=CELL:6",
            "EMAIL:a@example.org",
            "EMAIL:b@example.org",
            "EMAIL:c@example.org",
            "EMAIL:d@example.org",
            "ADR;TYPE=HOME:;;1 First Street;Lille;;59000;France",
            "ADR;TYPE=HOME:;;2 Second Street;Lille;;59000;France",
            "NOTE:no element is counted here",
        ];
        let card = |lines: &[&str]| {
            let text = format!(
                "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A;;;;\r\n{}\r\nEND:VCARD\r\n",
                lines.join("\r\n")
            );
            Document::parse(text.as_bytes()).expect("a card")
        };
        assert_eq!(
            beyond(&card(&lines)),
            [
                "3",
                "6",
                "d@example.org",
                "2 Second Street, Lille, 59000, France"
            ]
        );
        assert!(beyond(&card(&lines[..2])).is_empty());
    }
}

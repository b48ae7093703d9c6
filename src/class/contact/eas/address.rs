//! Postal addresses: Exchange ActiveSync has room for one of each sort (business, home, other).

use std::collections::BTreeMap;

use carnet_proto::{
    vcard::{Document, Edit as Patch, Line, NewLine, escape_text},
    wbxml::{Tag, page::contacts as c},
};

use super::{
    places::{Candidate, Places},
    slots::set_components,
};

/// Street, city, state, postal code, country of one sort of address.
pub struct Sort {
    pub tags: &'static [Tag; 5],
    kind: Option<&'static str>,
}

/// The address of TYPE=work.
pub const BUSINESS: Sort = Sort {
    tags: &[
        c::BUSINESS_ADDRESS_STREET,
        c::BUSINESS_ADDRESS_CITY,
        c::BUSINESS_ADDRESS_STATE,
        c::BUSINESS_ADDRESS_POSTAL_CODE,
        c::BUSINESS_ADDRESS_COUNTRY,
    ],
    kind: Some("work"),
};
/// The address of TYPE=home.
pub const HOME: Sort = Sort {
    tags: &[
        c::HOME_ADDRESS_STREET,
        c::HOME_ADDRESS_CITY,
        c::HOME_ADDRESS_STATE,
        c::HOME_ADDRESS_POSTAL_CODE,
        c::HOME_ADDRESS_COUNTRY,
    ],
    kind: Some("home"),
};
/// An address of neither type.
pub const OTHER: Sort = Sort {
    tags: &[
        c::OTHER_ADDRESS_STREET,
        c::OTHER_ADDRESS_CITY,
        c::OTHER_ADDRESS_STATE,
        c::OTHER_ADDRESS_POSTAL_CODE,
        c::OTHER_ADDRESS_COUNTRY,
    ],
    kind: None,
};

impl Sort {
    /// The addresses of the sort in a card.
    pub fn candidates(&self, card: &Document) -> Vec<Candidate> {
        card.lines()
            .iter()
            .enumerate()
            .filter(|(_, line)| line.is("ADR") && kind_of(line) == self.kind)
            .map(|(at, line)| Candidate {
                at,
                rank: u8::from(!line.is_preferred()),
                value: line.components().join("\u{1F}"),
                named: None,
            })
            .collect()
    }

    /// Street, city, state, postal code, country; empty texts where there is nothing.
    pub fn values(&self, card: &Document, places: &Places) -> Vec<String> {
        let Some(at) = self.place(card, places) else {
            return vec![String::new(); 5];
        };
        let parts = seven(card.lines()[at].components());
        let mut values = vec![street(&parts)];
        values.extend_from_slice(&parts[3..]);
        values
    }

    /// Writes the changed parts.
    pub fn patch(&self, changes: &BTreeMap<Tag, String>, places: &Places, patch: &mut Patch<'_>) {
        let at = self.place(patch.document(), places);
        let mut parts = match at {
            Some(at) => seven(patch.document().lines()[at].components()),
            None => seven(Vec::new()),
        };
        for (number, tag) in self.tags.iter().enumerate() {
            let Some(value) = changes.get(tag) else {
                continue;
            };
            if number > 0 {
                parts[number + 2] = value.clone();
            } else if street(&parts) != *value {
                parts[0].clear();
                parts[1].clear();
                parts[2] = value.clone();
            }
        }
        let empty = parts.iter().all(String::is_empty);
        if let Some(at) = at
            && let Some(label) = label_of(patch.document(), at)
            && seven(patch.document().lines()[at].components()) != parts
        {
            patch.remove(label);
        }
        match at {
            Some(at) if empty => patch.remove(at),
            Some(at) => set_components(patch, at, &parts, &["LABEL", "GEO"]),
            None if empty => {}
            None => {
                let raw = parts
                    .iter()
                    .map(|part| escape_text(part))
                    .collect::<Vec<_>>()
                    .join(";");
                let upper = self.kind.map(str::to_ascii_uppercase);
                let types: Vec<&str> = upper.iter().map(String::as_str).collect();
                patch.add(NewLine::new("ADR", &types, raw));
            }
        }
    }

    fn place(&self, card: &Document, places: &Places) -> Option<usize> {
        let candidates = self.candidates(card);
        let found = places.assign(&self.tags[..1], &candidates)[0]?;
        Some(candidates[found].at)
    }
}

/// The one sort a line belongs to, whatever else it says.
fn kind_of(line: &Line) -> Option<&'static str> {
    ["work", "home"]
        .into_iter()
        .find(|kind| line.has_type(kind))
}

/// The LABEL of version 3.0 that says an address once more: the first left of its group and types.
fn label_of(card: &Document, address: usize) -> Option<usize> {
    let lines = card.lines();
    let kind = |line: &Line| {
        let mut types = line.types();
        types.sort_unstable();
        (line.group.clone(), types)
    };
    let own = kind(&lines[address]);
    let alike = |name: &'static str| {
        let lines = lines.iter().enumerate();
        lines
            .filter(move |(_, line)| line.is(name))
            .map(|(at, _)| at)
    };
    let number = alike("ADR")
        .filter(|at| kind(&lines[*at]) == own)
        .position(|at| at == address)?;
    alike("LABEL")
        .filter(|at| kind(&lines[*at]) == own)
        .nth(number)
}

/// Post office box, extended address and street on lines of their own.
fn street(parts: &[String]) -> String {
    parts[..3]
        .iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join("\n")
}

fn seven(mut parts: Vec<String>) -> Vec<String> {
    parts.resize(7, String::new());
    parts
}

//! What lists and searches know of a card.

use carnet_proto::vcard::{Document, fold_for_search};

use crate::domain::class::{Index, IndexText};

/// Derived rows of a card; `uid` stands in for a missing one.
pub fn index(card: &Document, uid: Option<&str>) -> Index {
    let own_uid = card.uid();
    let uid_invented = own_uid.is_none();
    let uid = own_uid
        .or_else(|| uid.map(str::to_owned))
        .unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let display = card.formatted_name();
    let n = card.first("N").map(|line| line.components());
    let part = |at: usize| {
        n.as_ref()
            .and_then(|n| n.get(at))
            .map(|part| part.trim().to_owned())
            .unwrap_or_default()
    };
    let (family, given) = (part(0), part(1));
    let named = !family.is_empty() || !given.is_empty();
    let sort = |first: &str, then: &str| match named {
        true => fold_for_search(format!("{first} {then}").trim()),
        false => fold_for_search(&display),
    };
    Index {
        uid_invented,
        kind: card.kind().as_str().to_owned(),
        sort_first: sort(&given, &family),
        sort_last: sort(&family, &given),
        texts: texts(card, &display),
        display,
        uid,
    }
}

/// `(property, field)` in the order lists show them.
const FIELDS: [(&str, &str); 9] = [
    ("NICKNAME", "nickname"),
    ("ORG", "org"),
    ("TITLE", "title"),
    ("EMAIL", "email"),
    ("TEL", "tel"),
    ("ADR", "address"),
    ("URL", "url"),
    ("IMPP", "im"),
    ("NOTE", "note"),
];

fn texts(card: &Document, display: &str) -> Vec<IndexText> {
    let mut texts = Vec::new();
    let mut add = |field: &'static str, value: String| {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if !value.is_empty() {
            texts.push(IndexText {
                field,
                folded: fold_for_search(&value),
                value,
            });
        }
    };
    add("name", display.to_owned());
    if let Some(n) = card.first("N") {
        add("n", n.components().join(" "));
    }
    for (property, field) in FIELDS {
        for line in card.all(property) {
            let structured = property == "ORG" || property == "ADR";
            add(
                field,
                match structured {
                    true => line.components().join(" "),
                    false => line.text(),
                },
            );
        }
    }
    texts
}

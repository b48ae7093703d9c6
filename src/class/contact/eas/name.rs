//! FileAs, the sort name, and FN, the formatted name.

use std::collections::BTreeMap;

use carnet_proto::{
    vcard::{Document, Line, NAMELESS, escape_text},
    wbxml::{Tag, page::contacts as c},
};

use super::{mailbox, slots::set_line, typed};

/// The property that holds a FileAs chosen by a client.
pub const FILE_AS: &str = "X-EVOLUTION-FILE-AS";

/// Elements of N.
pub const PARTS: [Tag; 5] = [
    c::LAST_NAME,
    c::FIRST_NAME,
    c::MIDDLE_NAME,
    c::TITLE,
    c::SUFFIX,
];

/// FileAs as devices are shown it: as somebody chose it, else [`file_as`]; empty for who has nothing to
/// be called by.
pub fn shown(card: &Document) -> String {
    let kept = card.first(FILE_AS).map(|line| line.text());
    kept.filter(|text| !text.is_empty())
        .unwrap_or_else(|| file_as(card))
}

/// "Last, First", else the displayed name, the company, the nickname, the first address or number:
/// devices sort by it.
pub fn file_as(card: &Document) -> String {
    let said = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let first = |name: &str| card.first(name).map(Line::components)?.into_iter().next();
    let text = |name: &str| said(first(name)?);
    names(card)
        .or_else(|| said(card.first("FN")?.text()).filter(|name| name != NAMELESS))
        .or_else(|| text("ORG"))
        .or_else(|| text("NICKNAME"))
        .or_else(|| text("EMAIL"))
        .or_else(|| {
            let number = text("TEL")?;
            typed::number(&number).map(str::to_owned).or(Some(number))
        })
        .unwrap_or_default()
}

/// The components of N of a person whose card has them in FN alone, by the rule of imports; none
/// where N has a part.
pub fn parts(card: &Document) -> Option<Vec<String>> {
    let (given, family) = card.divided_name().filter(|_| !card.is_named())?;
    Some(vec![
        family,
        given,
        String::new(),
        String::new(),
        String::new(),
    ])
}

fn names(card: &Document) -> Option<String> {
    let in_n = || card.first("N").map(Line::joined_components);
    let n = parts(card).or_else(in_n)?;
    let names: Vec<&str> = n
        .iter()
        .take(2)
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The name a card gives itself: of N, a list in it as one text, else the company.
fn generated(card: &Document) -> Option<String> {
    let mut name = card.generated_name();
    if let (Some(name), Some(line)) = (&mut name, card.first("N")) {
        let lists = line.components().into_iter().zip(line.joined_components());
        for (written, joined) in lists.filter(|(written, joined)| written != joined) {
            *name = name.replace(&written, &joined);
        }
    }
    name.or_else(|| card.first("ORG")?.components().into_iter().next())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
}

/// The card with FileAs as sent. FN follows the name only if it was made of the former name.
pub fn settle(before: &Document, after: Document, changes: &BTreeMap<Tag, String>) -> Document {
    let mut patch = after.edit();
    let is_renamed = PARTS.iter().any(|part| changes.contains_key(part));
    if let Some(sent) = changes.get(&c::FILE_AS) {
        // What every device computes by itself is not kept: it would outlive the name.
        let text = if names(&after).as_ref() == Some(sent) {
            ""
        } else {
            sent
        };
        set_line(&mut patch, FILE_AS, text, escape_text(text));
    }
    let text = |card: &Document, name: &str| card.first(name).map(|line| line.text());
    let fn_before = text(before, "FN").unwrap_or_default();
    // A stand-in gives way to a name.
    let stood_in = generated(before).is_none()
        && generated(&after).is_some()
        && [FILE_AS, "EMAIL"]
            .iter()
            .any(|name| text(before, name).as_ref() == Some(&fn_before));
    let was_made = fn_before.trim().is_empty()
        || fn_before == NAMELESS
        || stood_in
        || (is_renamed && parts(before).is_some())
        || Some(&fn_before) == generated(before).as_ref()
        || Some(&fn_before) == before.generated_name().as_ref();
    let address = || {
        let sent = changes.get(&c::EMAIL1_ADDRESS).cloned();
        let address = sent.or_else(|| text(&after, "EMAIL"))?;
        Some(mailbox::parse(&address).0.to_owned())
    };
    let name = generated(&after)
        .or_else(|| changes.get(&c::FILE_AS).cloned())
        .or_else(|| text(&after, FILE_AS))
        .filter(|name| !name.is_empty())
        .or_else(address)
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| NAMELESS.to_owned());
    let name = if was_made { name } else { fn_before.clone() };
    if fn_before != name {
        set_line(&mut patch, "FN", &name, escape_text(&name));
    }
    // The name that the contact has now says nothing beside an address.
    let is_of_mail = |tag: &Tag| typed::EMAIL.tags.contains(tag);
    if changes.keys().any(is_of_mail) {
        for (at, line) in after.lines().iter().enumerate() {
            if line.is("EMAIL") && line.param(typed::PHRASE) == Some(name.as_str()) {
                let Some(mut line) = patch.current(at) else {
                    continue;
                };
                line.params
                    .retain(|param| !param.name.eq_ignore_ascii_case(typed::PHRASE));
                patch.replace(at, line);
            }
        }
    }
    patch.finish()
}

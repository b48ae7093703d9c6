//! The slot table: one row per element of [MS-ASCNTC] 2.2.2 that holds a text.

use std::collections::BTreeMap;

use carnet_proto::{
    vcard::{Document, Edit as Patch, Line, NewLine, escape_text},
    wbxml::{
        Tag,
        page::{contacts as c, contacts2 as c2},
    },
};

use super::{address, date, mailbox, name, places::Places, related, typed};
use crate::eas::facet::View;

/// The place of some elements' values in a card.
pub enum Slot {
    /// Components of one structured line: N, ORG.
    Components(&'static str, &'static [(Tag, usize)]),
    /// A line with one text.
    Text(Tag, &'static str),
    /// A line with a list, shown with commas.
    List(Tag, &'static str),
    /// The name to sort by: written by [`super::name`], after the names are.
    FileAs,
    /// Values of one sort, in slots: numbers, addresses.
    Typed(typed::Sort),
    /// A postal address.
    Address(address::Sort),
    /// A date.
    Date(Tag, date::Sort),
    /// A person related to the contact.
    Related(Tag, related::Sort),
}

/// All rows.
pub const SLOTS: &[Slot] = &[
    Slot::Components(
        "N",
        &[
            (c::LAST_NAME, 0),
            (c::FIRST_NAME, 1),
            (c::MIDDLE_NAME, 2),
            (c::TITLE, 3),
            (c::SUFFIX, 4),
        ],
    ),
    Slot::Components(
        "ORG",
        &[
            (c::COMPANY_NAME, 0),
            (c::DEPARTMENT, 1),
            (c::OFFICE_LOCATION, 2),
        ],
    ),
    Slot::FileAs,
    Slot::List(c2::NICK_NAME, "NICKNAME"),
    Slot::Text(c::YOMI_FIRST_NAME, "X-PHONETIC-FIRST-NAME"),
    Slot::Text(c::YOMI_LAST_NAME, "X-PHONETIC-LAST-NAME"),
    Slot::Text(c::YOMI_COMPANY_NAME, "X-PHONETIC-ORG"),
    Slot::Text(c::JOB_TITLE, "TITLE"),
    Slot::Typed(typed::WEB),
    Slot::Text(c2::CUSTOMER_ID, "X-CARNET-CUSTOMERID"),
    Slot::Text(c2::GOVERNMENT_ID, "X-CARNET-GOVERNMENTID"),
    Slot::Text(c2::ACCOUNT_NAME, "X-CARNET-ACCOUNTNAME"),
    Slot::Related(c::ASSISTANT_NAME, related::ASSISTANT),
    Slot::Related(c2::MANAGER_NAME, related::MANAGER),
    Slot::Related(c::SPOUSE, related::SPOUSE),
    Slot::Date(c::BIRTHDAY, date::Sort::Birthday),
    Slot::Date(c::ANNIVERSARY, date::Sort::Anniversary),
    Slot::Typed(typed::EMAIL),
    Slot::Typed(typed::IM),
    Slot::Typed(typed::BUSINESS_PHONE),
    Slot::Typed(typed::BUSINESS_FAX),
    Slot::Typed(typed::HOME_PHONE),
    Slot::Typed(typed::HOME_FAX),
    Slot::Typed(typed::MOBILE),
    Slot::Typed(typed::CAR),
    Slot::Typed(typed::RADIO),
    Slot::Typed(typed::PAGER),
    Slot::Typed(typed::ASSISTANT),
    Slot::Typed(typed::COMPANY_MAIN),
    Slot::Typed(typed::MMS),
    Slot::Address(address::BUSINESS),
    Slot::Address(address::HOME),
    Slot::Address(address::OTHER),
];

/// The elements of a row.
fn tags(slot: &Slot) -> Vec<Tag> {
    match slot {
        Slot::Components(_, parts) => parts.iter().map(|(tag, _)| *tag).collect(),
        Slot::FileAs => vec![c::FILE_AS],
        Slot::Text(tag, _) | Slot::List(tag, _) | Slot::Date(tag, _) | Slot::Related(tag, _) => {
            vec![*tag]
        }
        Slot::Typed(sort) => sort.tags.to_vec(),
        Slot::Address(sort) => sort.tags.to_vec(),
    }
}

/// The elements of all rows.
pub fn every_tag() -> impl Iterator<Item = Tag> {
    SLOTS.iter().flat_map(tags)
}

/// Whether an element has a row.
pub fn is_known(tag: Tag) -> bool {
    SLOTS.iter().any(|slot| tags(slot).contains(&tag))
}

/// Whether an element holds a date.
pub fn is_date(tag: Tag) -> bool {
    tag == c::BIRTHDAY || tag == c::ANNIVERSARY
}

/// Whether the value sent for an element equals the one shown.
pub fn says_the_same(tag: Tag, sent: &str, shown: &str) -> bool {
    if typed::EMAIL.tags.contains(&tag) {
        return mailbox::parse(sent).0 == shown;
    }
    if is_date(tag) {
        return if sent.is_empty() {
            shown.is_empty()
        } else {
            shown.starts_with(sent)
        };
    }
    sent == shown
}

/// Elements whose values some clients give back in another order: that is no change.
pub const INTERCHANGEABLE: [&[Tag]; 2] = [typed::BUSINESS_PHONE.tags, typed::HOME_PHONE.tags];

/// Elements that TbSync sends together: where one is sent, the others are those that have something.
const FAMILIES: [&[Tag]; 6] = [
    typed::EMAIL.tags,
    typed::IM.tags,
    &name::PARTS,
    &[c::COMPANY_NAME, c::DEPARTMENT],
    &[
        c::MOBILE_PHONE_NUMBER,
        c::PAGER_NUMBER,
        c::HOME_FAX_NUMBER,
        c::HOME_PHONE_NUMBER,
        c::HOME2_PHONE_NUMBER,
        c::BUSINESS_PHONE_NUMBER,
        c::BUSINESS2_PHONE_NUMBER,
        c::ASSISTANT_PHONE_NUMBER,
        c::CAR_PHONE_NUMBER,
        c::RADIO_PHONE_NUMBER,
        c::BUSINESS_FAX_NUMBER,
        c2::COMPANY_MAIN_PHONE,
    ],
    &[
        c::HOME_ADDRESS_STREET,
        c::HOME_ADDRESS_CITY,
        c::HOME_ADDRESS_STATE,
        c::HOME_ADDRESS_POSTAL_CODE,
        c::HOME_ADDRESS_COUNTRY,
        c::BUSINESS_ADDRESS_STREET,
        c::BUSINESS_ADDRESS_CITY,
        c::BUSINESS_ADDRESS_STATE,
        c::BUSINESS_ADDRESS_POSTAL_CODE,
        c::BUSINESS_ADDRESS_COUNTRY,
        c::OTHER_ADDRESS_STREET,
        c::OTHER_ADDRESS_CITY,
        c::OTHER_ADDRESS_STATE,
        c::OTHER_ADDRESS_POSTAL_CODE,
        c::OTHER_ADDRESS_COUNTRY,
    ],
];

/// The elements that TbSync sends together with one, itself among them.
pub fn family(tag: Tag) -> &'static [Tag] {
    let known = FAMILIES.into_iter().find(|family| family.contains(&tag));
    known.unwrap_or_default()
}

/// Elements left out whose value another element of their sort is given: it moved there.
pub fn moved(sent: &BTreeMap<Tag, String>, shown: &BTreeMap<Tag, String>) -> Vec<Tag> {
    let mut moved = Vec::new();
    for slot in SLOTS {
        let Slot::Typed(sort) = slot else { continue };
        let left_out = sort.tags.iter().filter(|tag| !sent.contains_key(tag));
        moved.extend(left_out.copied().filter(|tag| {
            let Some(value) = shown.get(tag) else {
                return false;
            };
            sort.tags.iter().any(|other| {
                let says = sent
                    .get(other)
                    .is_some_and(|s| says_the_same(*other, s, value));
                says && shown.get(other) != Some(value)
            })
        }));
    }
    moved
}

/// Adds the card's values for a row to the map.
pub fn export(
    slot: &Slot,
    card: &Document,
    places: &Places,
    view: &View,
    out: &mut BTreeMap<Tag, String>,
) {
    let mut put = |tag: Tag, value: String| {
        if !value.is_empty() {
            out.insert(tag, value);
        }
    };
    match slot {
        Slot::Components(name, parts) => {
            let components = match (*name, card.first(name)) {
                // Several middle names are one text.
                ("N", line) => name::parts(card)
                    .or_else(|| line.map(Line::joined_components))
                    .unwrap_or_default(),
                (_, line) => line.map(Line::components).unwrap_or_default(),
            };
            for (tag, at) in *parts {
                put(*tag, components.get(*at).cloned().unwrap_or_default());
            }
        }
        Slot::Text(tag, name) => {
            let line = card.first(name);
            put(*tag, line.map(|line| line.text()).unwrap_or_default());
        }
        Slot::List(tag, name) => {
            let line = card.first(name);
            put(
                *tag,
                line.map(|line| line.list().join(", ")).unwrap_or_default(),
            );
        }
        Slot::FileAs => {
            let line = card.first(super::name::FILE_AS);
            put(c::FILE_AS, line.map(|line| line.text()).unwrap_or_default());
        }
        Slot::Typed(sort) => {
            for (tag, value) in sort.tags.iter().zip(sort.values(card, places)) {
                put(*tag, value);
            }
        }
        Slot::Address(sort) => {
            for (tag, value) in sort.tags.iter().zip(sort.values(card, places)) {
                put(*tag, value);
            }
        }
        Slot::Date(tag, sort) => put(*tag, sort.export(card, view.date_time)),
        Slot::Related(tag, sort) => put(*tag, sort.export(card)),
    }
}

/// Writes the changes of a row's elements into the patch.
pub fn patch(slot: &Slot, changes: &BTreeMap<Tag, String>, places: &Places, patch: &mut Patch<'_>) {
    if !tags(slot).iter().any(|tag| changes.contains_key(tag)) {
        return;
    }
    match slot {
        Slot::Components(name, parts) => {
            let at = patch
                .document()
                .lines()
                .iter()
                .position(|line| line.is(name));
            let before = at
                .map(|at| patch.document().lines()[at].components())
                .unwrap_or_default();
            let own = (*name == "N").then(|| name::parts(patch.document()));
            let before = own.flatten().unwrap_or(before);
            let mut components = before.clone();
            for (tag, at) in *parts {
                if let Some(value) = changes.get(tag) {
                    if components.len() <= *at {
                        components.resize(at + 1, String::new());
                    }
                    components[*at] = value.clone();
                }
            }
            while *name == "ORG" && components.last().is_some_and(String::is_empty) {
                components.pop();
            }
            let raw = components
                .iter()
                .map(|component| escape_text(component))
                .collect::<Vec<_>>()
                .join(";");
            // What the line is sorted by: both names, or the company.
            let sorted = if *name == "N" { 2 } else { 1 };
            let part = |parts: &[String], at: usize| parts.get(at).cloned().unwrap_or_default();
            let is_resorted =
                (0..sorted).any(|number| part(&before, number) != part(&components, number));
            if *name == "N" && is_resorted {
                let lines = patch.document().lines().iter();
                let own = lines.enumerate().filter(|(_, line)| line.is("SORT-STRING"));
                own.for_each(|(at, _)| patch.remove(at));
            }
            match at {
                Some(at) if components.is_empty() => patch.remove(at),
                Some(at) if is_resorted => set_components(patch, at, &components, &["SORT-AS"]),
                Some(at) => patch.set_components(at, &components),
                None if components.iter().all(String::is_empty) => {}
                None => patch.add(NewLine::new(name, &[], raw)),
            }
        }
        Slot::Text(tag, name) => {
            if let Some(value) = changes.get(tag) {
                set_line(patch, name, value, escape_text(value));
            }
        }
        Slot::List(tag, name) => {
            if let Some(value) = changes.get(tag) {
                let list: Vec<String> = value
                    .split(',')
                    .map(|entry| escape_text(entry.trim()))
                    .collect();
                set_line(patch, name, value, list.join(","));
            }
        }
        Slot::FileAs => {}
        Slot::Typed(sort) => sort.patch(changes, places, patch),
        Slot::Address(sort) => sort.patch(changes, places, patch),
        Slot::Date(tag, sort) => {
            if let Some(value) = changes.get(tag) {
                sort.patch(value, patch);
            }
        }
        Slot::Related(tag, sort) => {
            if let Some(value) = changes.get(tag) {
                sort.patch(value, patch);
            }
        }
    }
}

/// New components for a line. Parameters that repeat the former ones go with them.
pub fn set_components(patch: &mut Patch<'_>, at: usize, components: &[String], stale: &[&str]) {
    patch.set_components(at, components);
    let before = patch.document().lines()[at].decoded();
    let Some(mut line) = patch.current(at).filter(|line| line.raw != before) else {
        return;
    };
    let is_stale = |name: &str| stale.iter().any(|stale| name.eq_ignore_ascii_case(stale));
    line.params.retain(|param| !is_stale(&param.name));
    patch.replace(at, line);
}

/// Sets, adds or removes one line with a value; an empty text removes it.
pub fn set_line(patch: &mut Patch<'_>, name: &str, text: &str, raw: String) {
    let lines = patch.document().lines();
    // The line that was read: the first that has a value.
    let at = lines
        .iter()
        .position(|line| line.is(name) && !line.raw.is_empty())
        .or_else(|| lines.iter().position(|line| line.is(name)));
    match at {
        Some(at) if text.is_empty() => patch.remove(at),
        Some(at) => patch.set_raw(at, raw),
        None if text.is_empty() => {}
        None => patch.add(NewLine::new(name, &[], raw)),
    }
}

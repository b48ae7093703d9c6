//! ApplicationData of a contact ([MS-ASCNTC] 2.2.2), read and written.

use std::collections::{BTreeMap, HashSet};

use carnet_proto::{
    eas::request_line::Version,
    wbxml::{
        Element, Encoder, Tag,
        page::{air_sync_base as base, contacts as tag},
    },
};

use super::{super::picture, date, html, note, slots};
use crate::eas::facet::View;

/// Octets of a picture a client may send.
const MAX_PICTURE: usize = 5 * 1024 * 1024;
/// Children and categories in one contact ([MS-ASCNTC] 2.2.2.15, 2.2.2.18).
pub const MAX_LIST: usize = 300;

/// The elements of a contact. An empty text clears an element, an absent entry leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// Elements with a text; lines end in LF, dates are days.
    pub texts: BTreeMap<Tag, String>,
    pub categories: Option<Vec<String>>,
    pub children: Option<Vec<String>>,
    /// Lines end in LF.
    pub note: Option<String>,
    /// The octets; empty to remove it.
    pub picture: Option<Vec<u8>>,
    /// Dates and pictures that are none, pictures that are too large, notes in a form that is not read:
    /// what is stored stays.
    pub unread: Vec<Tag>,
    /// Dates that no time zone moved: see [`date::is_fixed`].
    pub fixed: Vec<Tag>,
    /// HomeAddressCity without any other element of the home address, and without OtherAddressCity:
    /// see [`read`].
    pub stray_city: bool,
}

/// Parses ApplicationData, elements in any order.
///
/// If an element is repeated, the last one counts, except HomeAddressCity of the client that sends
/// the city of the *other* address under this name ([`View::misnames_city`]).
pub fn read(data: &Element, view: &View) -> Fields {
    let mut fields = Fields::default();
    let elements: Vec<&Element> = data.elements().collect();
    for (at, element) in elements.iter().enumerate() {
        match element.tag {
            tag::CATEGORIES => {
                let mut names = list(element);
                let mut seen = HashSet::new();
                names.retain(|name| seen.insert(name.clone()));
                fields.categories = Some(names);
            }
            tag::CHILDREN => fields.children = Some(list(element)),
            tag::PICTURE => match octets_of(element) {
                Some(octets) if octets.is_empty() || picture::is_one(&octets) => {
                    fields.picture = Some(octets);
                }
                _ => fields.unread.push(tag::PICTURE),
            },
            tag::BODY => fields.note = Some(lf(&element.text())),
            base::BODY => fields.note = body(element).or(fields.note),
            tag::HOME_ADDRESS_CITY if view.misnames_city && is_other_city(&elements, at) => {
                let city = lf(&element.text());
                fields.texts.insert(tag::OTHER_ADDRESS_CITY, city);
            }
            known if slots::is_known(known) => {
                let text = lf(&element.text());
                let is_said = !text.trim().is_empty();
                let text = if slots::is_date(known) {
                    if date::is_fixed(&text, view) {
                        fields.fixed.push(known);
                    }
                    date::normalise(&text, view)
                } else {
                    text
                };
                if slots::is_date(known) && is_said && text.is_empty() {
                    fields.unread.push(known);
                } else {
                    fields.texts.insert(known, text);
                }
            }
            _ => {}
        }
    }
    if is_note_unread(data) {
        fields.unread.push(base::BODY);
    }
    let sends = |tag: Tag| elements.iter().any(|e| e.tag == tag);
    fields.stray_city = sends(tag::HOME_ADDRESS_CITY)
        && !sends(tag::OTHER_ADDRESS_CITY)
        && !elements.iter().any(|e| is_home(e.tag))
        && elements.iter().any(|e| is_other(e.tag));
    fields
}

fn is_home(element: Tag) -> bool {
    [
        tag::HOME_ADDRESS_STREET,
        tag::HOME_ADDRESS_STATE,
        tag::HOME_ADDRESS_POSTAL_CODE,
        tag::HOME_ADDRESS_COUNTRY,
    ]
    .contains(&element)
}

fn is_other(element: Tag) -> bool {
    [
        tag::OTHER_ADDRESS_STREET,
        tag::OTHER_ADDRESS_STATE,
        tag::OTHER_ADDRESS_POSTAL_CODE,
        tag::OTHER_ADDRESS_COUNTRY,
    ]
    .contains(&element)
}

/// Whether the city at this position is that of the other address. Of two cities, the one beside
/// other elements of the home address is at home; else the first is.
fn is_other_city(elements: &[&Element], at: usize) -> bool {
    let cities: Vec<usize> = (0..elements.len())
        .filter(|at| elements[*at].tag == tag::HOME_ADDRESS_CITY)
        .collect();
    let [first, .., last] = cities[..] else {
        return false;
    };
    let beside = |at: usize, is: fn(Tag) -> bool| {
        let neighbour = |at: Option<usize>| {
            at.and_then(|at| elements.get(at))
                .is_some_and(|element| is(element.tag))
        };
        neighbour(at.checked_sub(1)) || neighbour(at.checked_add(1))
    };
    let home = if beside(last, is_home) && !beside(first, is_home) {
        last
    } else {
        first
    };
    at != home
}

fn list(element: &Element) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for child in element.elements() {
        let text = child.text().trim().to_owned();
        if !text.is_empty() {
            values.push(text);
        }
    }
    values
}

/// None for what is too large or not base64. Nothing is copied of what is much too large.
fn octets_of(element: &Element) -> Option<Vec<u8>> {
    use base64::Engine as _;
    const MOST: usize = MAX_PICTURE.div_ceil(3) * 4;
    // Lines of base64 may end in CRLF.
    if element.text_len() > MOST + MOST / 8 {
        return None;
    }
    let text: String = element.text().split_whitespace().collect();
    if text.len() > MOST {
        return None;
    }
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// The text of a Body; none without Data, or without a Type where Data is empty.
fn body(element: &Element) -> Option<String> {
    let text = lf(&element.child(base::DATA)?.text());
    match element.text_of(base::TYPE).as_deref() {
        None if text.is_empty() => None,
        Some("2") => Some(html::to_text(&text)),
        // Rich text and messages are no notes: see [`is_note_unread`].
        Some("3" | "4") => None,
        _ => Some(text),
    }
}

/// Whether the note comes as rich text or as a message alone, which is not read.
pub fn is_note_unread(data: &Element) -> bool {
    let is_said = |element: &Element| !element.text().trim().is_empty();
    let is_rich =
        |note: &Element| body(note).is_none() && note.child(base::DATA).is_some_and(is_said);
    let mut bodies = data.children_of(base::BODY);
    let is_plain = data.child(tag::BODY).is_some_and(is_said)
        || data
            .children_of(base::BODY)
            .any(|note| body(note).is_some());
    !is_plain && (bodies.any(is_rich) || data.child(tag::COMPRESSED_RTF).is_some_and(is_said))
}

fn lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// The contact as a device is shown it: [`Fields`], and the whole note.
pub struct Shown {
    pub fields: Fields,
    pub whole_note: String,
}

/// Writes page 1, then 17, then 12, which needs the fewest page switches.
pub fn write(shown: &Shown, view: &View, out: &mut Encoder) {
    let fields = &shown.fields;
    let absent = |tag: Tag, out: &mut Encoder| {
        if view.names_absent {
            out.empty(tag);
        }
    };
    write_texts(1, &fields.texts, view, out);
    let list = |out: &mut Encoder, outer: Tag, inner: Tag, values: &Option<Vec<String>>| {
        let Some(values) = values.as_ref().filter(|values| !values.is_empty()) else {
            absent(outer, out);
            return;
        };
        out.open(outer);
        for value in values.iter().take(MAX_LIST) {
            out.text(inner, value);
        }
        out.close();
    };
    list(out, tag::CATEGORIES, tag::CATEGORY, &fields.categories);
    list(out, tag::CHILDREN, tag::CHILD, &fields.children);
    if let Some(picture) = fields.picture.as_ref().filter(|octets| !octets.is_empty()) {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(picture);
        out.text(tag::PICTURE, &text);
    } else {
        absent(tag::PICTURE, out);
    }
    if shown.whole_note.is_empty() && view.names_absent {
        write_no_note(view, out);
    } else if !shown.whole_note.is_empty() {
        let text = fields.note.as_deref().unwrap_or_default();
        write_note(text, &shown.whole_note, view, out);
    }
    write_texts(12, &fields.texts, view, out);
}

/// The texts of a page, and empty elements for those that are absent where the client has to be told;
/// FileAs is none of them, for a client to which it is the name.
fn write_texts(page: u8, texts: &BTreeMap<Tag, String>, view: &View, out: &mut Encoder) {
    let mut of_page: BTreeMap<Tag, &str> = BTreeMap::new();
    if view.names_absent {
        let tags = slots::every_tag().filter(|tag| tag.page == page && *tag != tag::FILE_AS);
        of_page.extend(tags.map(|tag| (tag, "")));
    }
    let said = texts.iter().filter(|(tag, _)| tag.page == page);
    of_page.extend(said.map(|(tag, text)| (*tag, text.as_str())));
    for (tag, text) in of_page {
        out.text(tag, text);
    }
}

fn write_no_note(view: &View, out: &mut Encoder) {
    if view.version < Version::V12_0 {
        out.empty(tag::BODY);
        return;
    }
    out.open(base::BODY)
        .text(base::TYPE, "1")
        .number(base::ESTIMATED_DATA_SIZE, 0)
        .empty(base::DATA)
        .close();
}

/// Truncated is said only when it is true: some phones stop synchronizing otherwise.
fn write_note(text: &str, whole: &str, view: &View, out: &mut Encoder) {
    let cut = text.len() < whole.len();
    if view.version < Version::V12_0 {
        out.number(tag::BODY_SIZE, note::size(whole));
        if cut {
            out.text(tag::BODY_TRUNCATED, "1");
        }
        if !text.is_empty() {
            out.text(tag::BODY, text);
        }
        return;
    }
    let size = if view.cut.html {
        html::of(whole).len()
    } else {
        note::size(whole)
    };
    out.open(base::BODY)
        .text(base::TYPE, if view.cut.html { "2" } else { "1" })
        .number(base::ESTIMATED_DATA_SIZE, size);
    if cut {
        out.text(base::TRUNCATED, "1");
    }
    match view.cut.html {
        _ if text.is_empty() => &mut *out,
        true => out.text(base::DATA, &html::of(text)),
        false => out.text(base::DATA, text),
    };
    out.close();
}

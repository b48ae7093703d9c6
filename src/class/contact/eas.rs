//! Contacts over Exchange ActiveSync ([MS-ASCNTC]).
//!
//! [`slots::SLOTS`] is one row per element; export and patch are loops over the same rows, so they
//! cannot disagree. What no row names stays byte for byte.

mod address;
mod beyond;
pub(super) mod date;
mod fields;
pub(super) mod html;
mod mailbox;
mod name;
mod note;
mod places;
pub(super) mod related;
mod slots;
mod typed;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use carnet_proto::{
    eas::request_line::Version,
    vcard::{Binary, Document, Edit as Patch, NewLine, escape_text},
    wbxml::{
        Element, Encoder, Node, Tag,
        page::{air_sync_base as base, contacts as tag, contacts2 as tag2},
    },
};
use uuid::Uuid;

pub use beyond::beyond;

use self::{
    fields::{Fields, MAX_LIST, Shown},
    places::Places,
};
use super::{Contact, parse, picture};
use crate::{
    domain::{
        book::Edit,
        error::{Error, Result},
        item::digest,
    },
    eas::facet::{EasFacet, Entry, Supported, View},
};

impl EasFacet for Contact {
    fn export(&self, document: &[u8], beside: &[u8], view: &View, out: &mut Encoder) {
        let Ok(card) = Document::parse(document) else {
            return;
        };
        let mut shown = shown(&card, &Places::read(beside), view);
        let file_as = name::shown(&card);
        if !file_as.is_empty() {
            shown.fields.texts.insert(tag::FILE_AS, file_as);
        }
        shown.fields.picture = photo(&card).and_then(|octets| self.pictures.for_device(&octets));
        fields::write(&shown, view, out);
    }

    fn edit(self: Arc<Self>, data: &Element, view: &View, supported: &Supported) -> Arc<dyn Edit> {
        Arc::new(EasEdit {
            contact: self,
            fields: fields::read(data, view),
            view: view.clone(),
            supported: supported.clone(),
        })
    }

    fn is_of_class(&self, data: &Element) -> bool {
        let of_contacts = |element: &Element| {
            [tag::FILE_AS, tag2::NICK_NAME]
                .iter()
                .any(|known| known.page == element.tag.page)
        };
        // Whose note it is, a Body alone does not say: all classes have one.
        let is_note = |element: &Element| element.tag.page == base::BODY.page;
        data.elements().any(of_contacts) || data.elements().all(is_note)
    }

    fn fingerprint(&self, data: &Element) -> String {
        let mut fields = fields::read(data, &View::default());
        let picture = fields.picture.take().map(|octets| digest(&octets));
        digest(format!("{fields:?} {picture:?}").as_bytes())
    }

    fn name(&self, data: &Element) -> String {
        let text = |tag| data.text_of(tag).unwrap_or_default();
        let name = match text(tag::FILE_AS) {
            name if name.trim().is_empty() => {
                format!("{} {}", text(tag::FIRST_NAME), text(tag::LAST_NAME))
            }
            name => name,
        };
        name.trim().to_lowercase()
    }

    fn is_ready(&self, document: &[u8]) -> bool {
        Document::parse(document)
            .ok()
            .and_then(|card| photo(&card))
            .is_none_or(|octets| self.pictures.is_made(&octets))
    }

    fn has_picture(&self, document: &[u8]) -> bool {
        Document::parse(document).is_ok_and(|card| photo(&card).is_some())
    }

    fn picture(&self, document: &[u8]) -> Option<Vec<u8>> {
        let card = Document::parse(document).ok()?;
        self.pictures.for_device(&photo(&card)?)
    }

    fn reduced(&self, picture: &[u8]) -> Option<Vec<u8>> {
        self.pictures.for_device(picture)
    }

    fn unkept(&self, data: &Element) -> Option<Element> {
        if !fields::is_note_unread(data) {
            return None;
        }
        let is_picture = |node: &&Node| matches!(node, Node::Element(e) if e.tag == tag::PICTURE);
        let others = data.children.iter().filter(|node| !is_picture(node));
        Some(Element {
            tag: data.tag,
            children: others.cloned().collect(),
        })
    }

    fn directory(&self, document: &[u8]) -> Entry {
        let Ok(card) = Document::parse(document) else {
            return Entry::default();
        };
        let texts = shown(&card, &Places::default(), &View::default())
            .fields
            .texts;
        let value = |tag: Tag| texts.get(&tag).cloned().unwrap_or_default();
        Entry {
            display_name: card.formatted_name(),
            phone: value(tag::BUSINESS_PHONE_NUMBER),
            office: value(tag::OFFICE_LOCATION),
            title: value(tag::JOB_TITLE),
            company: value(tag::COMPANY_NAME),
            alias: value(tag2::NICK_NAME),
            first_name: value(tag::FIRST_NAME),
            last_name: value(tag::LAST_NAME),
            home_phone: value(tag::HOME_PHONE_NUMBER),
            mobile_phone: value(tag::MOBILE_PHONE_NUMBER),
            email: value(tag::EMAIL1_ADDRESS),
            addresses: card.all("EMAIL").map(|line| line.text()).collect(),
        }
    }
}

/// The data that a contact stores beside its card.
pub(super) fn beside(before: Option<(&[u8], &[u8])>, after: &[u8], by_device: bool) -> Vec<u8> {
    let Some((document, places)) = before else {
        return Vec::new();
    };
    match (Document::parse(document), Document::parse(after)) {
        (Ok(before), Ok(after)) => {
            let said = BTreeMap::new();
            places::kept(&before, &Places::read(places), &after, by_device, &said)
        }
        _ => Vec::new(),
    }
}

/// What a device is shown of a card, but for the picture and a computed FileAs.
fn shown(card: &Document, places: &Places, view: &View) -> Shown {
    let mut texts = BTreeMap::new();
    for slot in slots::SLOTS {
        slots::export(slot, card, places, view, &mut texts);
    }
    let own = card.all("CATEGORIES").flat_map(|line| line.list());
    let mut categories: Vec<String> = own.chain(view.labels.iter().cloned()).collect();
    let mut seen = HashSet::new();
    categories.retain(|name| seen.insert(name.clone()));
    let children = related::children(card);
    let whole_note = note::of(card).unwrap_or_default();
    Shown {
        fields: Fields {
            texts,
            categories: Some(categories),
            children: Some(children),
            note: Some(note::shown(&whole_note, view).to_owned()),
            ..Fields::default()
        },
        whole_note,
    }
}

/// The octets of the picture, where the card holds it.
fn photo(card: &Document) -> Option<Vec<u8>> {
    match card.photo()? {
        Binary::Inline { octets, .. } => Some(octets),
        Binary::Uri(_) => None,
    }
}

/// A change or a new contact as a device sent it.
#[derive(Clone)]
struct EasEdit {
    contact: Arc<Contact>,
    fields: Fields,
    view: View,
    supported: Supported,
}

impl Edit for EasEdit {
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>> {
        match current {
            Some(current) => self.apply_beside(current, &[]),
            // Without the picture nothing is left.
            None if self.fields.says_nothing() && self.fields.unread.contains(&tag::PICTURE) => {
                Err(Error::InvalidDocument("the picture cannot be read".into()))
            }
            None => {
                let new = format!(
                    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{}\r\nN:;;;;\r\nFN:\r\nEND:VCARD\r\n",
                    Uuid::new_v4()
                );
                let card = parse(new.as_bytes())?;
                let places = Places::default();
                let changes = self.changes(&card, &places);
                Ok(patched(&card, &places, &changes).as_bytes().to_vec())
            }
        }
    }

    fn apply_beside(&self, current: &[u8], beside: &[u8]) -> Result<Vec<u8>> {
        let card = parse(current)?;
        let places = Places::read(beside);
        // Nothing said that is not there already: the bytes stay.
        if self.changes(&card, &places) == Fields::default() {
            return Ok(current.to_vec());
        }
        let uid = card.uid().unwrap_or_else(|| Uuid::new_v4().to_string());
        let card = card.editable(&uid);
        let changes = self.changes(&card, &places);
        Ok(patched(&card, &places, &changes).as_bytes().to_vec())
    }

    fn apply_stale(&self, current: &[u8], beside: &[u8]) -> Result<Vec<u8>> {
        let mut edit = self.clone();
        edit.view.labels.append(&mut edit.view.former_labels);
        edit.apply_beside(current, beside)
    }

    fn places(&self, current: &[u8], beside: &[u8], made: &[u8]) -> Option<Vec<u8>> {
        let (before, after) = (parse(current).ok()?, parse(made).ok()?);
        let places = Places::read(beside);
        let shown = shown(&before, &places, &self.view).fields.texts;
        let said = self.said(&before, &shown);
        Some(places::kept(&before, &places, &after, true, &said))
    }

    fn without_picture(&self) -> Option<Arc<dyn Edit>> {
        self.fields
            .picture
            .as_ref()
            .filter(|octets| !octets.is_empty())?;
        let mut edit = self.clone();
        edit.fields.picture = None;
        edit.fields.unread.push(tag::PICTURE);
        Some(Arc::new(edit))
    }

    fn disagrees(&self, books: &[String]) -> bool {
        let omitted = || self.clears_omitted(tag::CATEGORIES).then(Vec::new);
        let sent = self.fields.categories.clone().or_else(omitted);
        sent.is_some_and(|sent| {
            let differs = |name: &String| sent.contains(name) != books.contains(name);
            self.view.labels.iter().any(differs)
        })
    }

    fn alters(&self, made: &[u8], beside: &[u8]) -> bool {
        let Ok(card) = parse(made) else { return false };
        let places = Places::read(beside);
        let shown = shown(&card, &places, &self.view).fields.texts;
        let computed = name::file_as(&card);
        let differs = self.fields.texts.iter().any(|(tag, sent)| {
            let text = shown.get(tag).map_or("", String::as_str);
            match *tag {
                tag::FILE_AS if text.is_empty() => *sent != computed && !sent.is_empty(),
                tag => !slots::says_the_same(tag, sent, text),
            }
        });
        differs || !self.fields.unread.is_empty()
    }

    fn outdates(&self, before: (&[u8], &[u8]), made: &[u8], beside: &[u8]) -> bool {
        let Ok(card) = parse(made) else { return false };
        let shown = shown(&card, &Places::read(beside), &self.view).fields;
        let is_blank = |note: &Option<String>| note.as_ref().is_none_or(|n| n.trim().is_empty());
        let cuts_note = self.fields.note.is_some()
            && self.fields.note != shown.note
            && !(is_blank(&self.fields.note) && is_blank(&shown.note));
        cuts_note || self.moves_up(&card, shown) || self.outdates_texts(before, &card)
    }
}

impl EasEdit {
    /// What the data say that the card does not; an empty text clears.
    fn changes(&self, card: &Document, places: &Places) -> Fields {
        let shown = shown(card, places, &self.view);
        let mut changes = Fields {
            texts: self.texts(card, &shown.fields.texts),
            ..Fields::default()
        };
        let omitted = |tag: Tag| self.clears_omitted(tag).then(Vec::new);
        let categories = self
            .fields
            .categories
            .clone()
            .map(|sent| self.without_labels(sent, card))
            .or_else(|| omitted(tag::CATEGORIES));
        let own = self.without_labels(shown.fields.categories.unwrap_or_default(), card);
        changes.categories = list_change(categories, &own, MAX_LIST);
        let children = shown.fields.children.unwrap_or_default();
        let sent = self.fields.children.clone();
        let sent = sent.or_else(|| omitted(tag::CHILDREN));
        changes.children = list_change(sent, &children, self.view.max_children.min(MAX_LIST));
        if let Some(sent) = &self.fields.note {
            let seen = note::seen(&shown.whole_note, &self.view, sent);
            changes.note = note::edited(&shown.whole_note, seen, sent);
        }
        // A date that only a time zone moved, in a change of something else, is an echo.
        let dates: Vec<Tag> = changes
            .texts
            .keys()
            .copied()
            .filter(|tag| slots::is_date(*tag))
            .collect();
        if changes.texts.len() > dates.len() || !changes.is_of_texts() {
            for tag in dates {
                let before = shown.fields.texts.get(&tag).map_or("", String::as_str);
                let is_fixed = self.fields.fixed.contains(&tag);
                if !is_fixed && date::is_echo(&changes.texts[&tag], before) {
                    changes.texts.remove(&tag);
                }
            }
        }
        changes.picture = self.picture(card, changes != Fields::default());
        changes
    }

    /// Whether a list is not the one the device has now: what it is not shown moved up.
    fn moves_up(&self, card: &Document, shown: Fields) -> bool {
        let omitted = |tag: Tag| self.clears_omitted(tag).then(Vec::new);
        let differs = |sent: Option<Vec<String>>, shown: Vec<String>, seen: usize| {
            let mut shown: Vec<String> = shown.into_iter().take(seen).collect();
            shown
                .iter_mut()
                .for_each(|name| *name = name.trim().to_owned());
            shown.sort_unstable();
            sent.is_some_and(|mut sent| {
                sent.sort_unstable();
                sent != shown
            })
        };
        let own = |names: Vec<String>| self.without_labels(names, card);
        let categories = self.fields.categories.clone().map(own);
        let categories = categories.or_else(|| omitted(tag::CATEGORIES));
        let children = self.fields.children.clone();
        let children = children.or_else(|| omitted(tag::CHILDREN));
        let most = self.view.max_children.min(MAX_LIST);
        differs(
            categories,
            own(shown.categories.unwrap_or_default()),
            MAX_LIST,
        ) || differs(children, shown.children.unwrap_or_default(), most)
    }

    /// Whether a FileAs the device was shown, and does not send, is another after the change, or
    /// another element it does not send has moved.
    fn outdates_texts(&self, (before, beside): (&[u8], &[u8]), after: &Document) -> bool {
        let Ok(before) = parse(before) else {
            return false;
        };
        let is_kept = |tag: Tag| !self.clears_omitted(tag);
        let is_unsaid = !self.fields.texts.contains_key(&tag::FILE_AS) && is_kept(tag::FILE_AS);
        if is_unsaid && name::shown(&before) != name::shown(after) {
            return true;
        }
        let shown = shown(&before, &Places::read(beside), &self.view);
        let moved = slots::moved(&self.fields.texts, &shown.fields.texts);
        moved.into_iter().any(is_kept)
    }

    /// Elements that say something new.
    fn texts(&self, card: &Document, shown: &BTreeMap<Tag, String>) -> BTreeMap<Tag, String> {
        let mut said = self.said(card, shown);
        let computed = name::file_as(card);
        said.retain(|tag, value| {
            let before = match shown.get(tag) {
                Some(before) => before.as_str(),
                None if *tag == tag::FILE_AS => computed.as_str(),
                None => "",
            };
            let nothing = value.is_empty() && !shown.contains_key(tag);
            !nothing && !slots::says_the_same(*tag, value, before)
        });
        said
    }

    /// What the data say of each element, those left out settled by what the client manages.
    fn said(&self, card: &Document, shown: &BTreeMap<Tag, String>) -> BTreeMap<Tag, String> {
        let mut sent = self.fields.texts.clone();
        let home_is_empty = || !shown.keys().any(|tag| is_home_address(*tag));
        if self.view.misnames_city
            && self.fields.stray_city
            && home_is_empty()
            && let Some(city) = sent.remove(&tag::HOME_ADDRESS_CITY)
        {
            sent.insert(tag::OTHER_ADDRESS_CITY, city);
        }
        for tags in slots::INTERCHANGEABLE {
            let values = |texts: &BTreeMap<Tag, String>| {
                let value = |tag| texts.get(tag).filter(|text| !text.is_empty()).cloned();
                let mut values: Vec<String> = tags.iter().filter_map(value).collect();
                values.sort_unstable();
                values
            };
            let swapped = values(&sent);
            if swapped.len() > 1 && swapped == values(shown) {
                sent.retain(|tag, _| !tags.contains(tag));
                let kept = shown.iter().filter(|(tag, _)| tags.contains(tag));
                sent.extend(kept.map(|(tag, value)| (*tag, value.clone())));
            }
        }
        // Of a name that is only displayed a device may have been shown no parts.
        let is_divided =
            name::parts(card).is_some() && !name::PARTS.iter().any(|part| sent.contains_key(part));
        for tag in shown.keys() {
            let is_derived = is_divided && name::PARTS.contains(tag);
            if self.clears_omitted(*tag) && !sent.contains_key(tag) && !is_derived {
                sent.insert(*tag, String::new());
            }
        }
        for tag in slots::moved(&sent, shown) {
            sent.insert(tag, String::new());
        }
        sent
    }

    /// [MS-ASCMD] 2.2.3.24 and 2.2.3.179, and what clients really mean: data that say nothing of the
    /// contact omit nothing.
    fn clears_omitted(&self, tag: Tag) -> bool {
        if self.fields.says_nothing() || self.fields.unread.contains(&tag) {
            return false;
        }
        match &self.supported {
            Supported::Listed(listed) => listed.contains(&tag),
            Supported::Absent => {
                let is_sent = |tag: &Tag| self.fields.texts.contains_key(tag);
                self.view.version >= Version::V16_0
                    || (self.view.sends_whole_families && slots::family(tag).iter().any(is_sent))
            }
        }
    }

    /// Names of books shown as categories are no categories, unless the card has them too.
    fn without_labels(&self, categories: Vec<String>, card: &Document) -> Vec<String> {
        let own: HashSet<String> = card
            .all("CATEGORIES")
            .flat_map(|line| line.list())
            .collect();
        categories
            .into_iter()
            .filter(|name| !self.view.labels.contains(name) || own.contains(name))
            .collect()
    }

    /// The new picture; none where it is the one there, or the smaller one made of it. A device that
    /// was shown no picture removes none.
    fn picture(&self, card: &Document, with_other_changes: bool) -> Option<Vec<u8>> {
        let sent = self.fields.picture.as_ref()?;
        let stored = photo(card);
        let shown = || self.contact.pictures.for_device(stored.as_ref()?);
        let says_nothing = if sent.is_empty() {
            (self.view.stray_picture && with_other_changes) || shown().is_none()
        } else {
            stored.as_ref() == Some(sent)
                || (picture::fits_a_device(sent) && shown().as_ref() == Some(sent))
        };
        (!says_nothing).then(|| sent.clone())
    }
}

impl Fields {
    fn is_of_texts(&self) -> bool {
        self.categories.is_none() && self.children.is_none() && self.note.is_none()
    }

    fn says_nothing(&self) -> bool {
        self.texts.is_empty() && self.is_of_texts() && self.picture.is_none()
    }
}

fn is_home_address(tag: Tag) -> bool {
    address::HOME.tags.contains(&tag)
}

/// A list as sent, with what the device was never shown; none where that changes nothing.
fn list_change(sent: Option<Vec<String>>, stored: &[String], seen: usize) -> Option<Vec<String>> {
    let (shown, unseen) = stored.split_at(seen.min(stored.len()));
    let sent = sent.filter(|sent| sent != shown)?;
    Some(sent.into_iter().chain(unseen.iter().cloned()).collect())
}

/// The card with the changes; its other lines stay byte for byte.
fn patched(card: &Document, places: &Places, changes: &Fields) -> Document {
    let mut patch = card.edit();
    for slot in slots::SLOTS {
        slots::patch(slot, &changes.texts, places, &mut patch);
    }
    related::patch_children(changes.children.as_deref(), &mut patch);
    if let Some(note) = &changes.note {
        slots::set_line(&mut patch, "NOTE", note, escape_text(note));
    }
    if let Some(categories) = &changes.categories {
        set_categories(&mut patch, categories);
    }
    if let Some(picture) = &changes.picture {
        set_picture(&mut patch, picture);
    }
    name::settle(card, patch.finish(), &changes.texts)
}

fn set_categories(patch: &mut Patch<'_>, categories: &[String]) {
    let raw = categories
        .iter()
        .map(|category| escape_text(category))
        .collect::<Vec<_>>()
        .join(",");
    let places: Vec<usize> = (0..patch.document().lines().len())
        .filter(|at| patch.document().lines()[*at].is("CATEGORIES"))
        .collect();
    match places.split_first() {
        Some((first, rest)) => {
            if categories.is_empty() {
                patch.remove(*first)
            } else {
                patch.set_raw(*first, raw)
            }
            rest.iter().for_each(|at| patch.remove(*at));
        }
        None if categories.is_empty() => {}
        None => patch.add(NewLine::new("CATEGORIES", &[], raw)),
    }
}

fn set_picture(patch: &mut Patch<'_>, octets: &[u8]) {
    let at = patch
        .document()
        .lines()
        .iter()
        .position(|line| line.is("PHOTO"));
    let line = photo_line(patch.document(), octets);
    match at {
        Some(at) if octets.is_empty() => patch.remove(at),
        Some(at) => patch.replace(at, line),
        None => patch.add(line),
    }
}

/// A PHOTO line in the form of the card's version.
pub(super) fn photo_line(card: &Document, octets: &[u8]) -> NewLine {
    use base64::Engine as _;
    let data = base64::engine::general_purpose::STANDARD.encode(octets);
    let subtype = picture::subtype(octets);
    match card.version().as_str() {
        "4.0" => NewLine::new("PHOTO", &[], format!("data:image/{subtype};base64,{data}")),
        _ => NewLine::new("PHOTO", &[], data)
            .with("ENCODING", "b")
            .with("TYPE", subtype.to_ascii_uppercase()),
    }
}

#[cfg(test)]
mod tests;

//! Contacts over Exchange ActiveSync ([MS-ASCNTC]).
//!
//! [`slots::SLOTS`] is one row per element; export and patch are loops over the same rows, so they
//! cannot disagree. What no row names stays byte for byte.

mod address;
pub(super) mod date;
pub(super) mod related;
mod slots;
mod typed;

use std::{collections::BTreeMap, sync::Arc};

use carnet_proto::{
    vcard::{Binary, Document, Edit as Patch, NewLine, escape_text},
    wbxml::{
        Element, Encoder, Tag,
        page::{air_sync_base as base, contacts as tag},
    },
};
use uuid::Uuid;

use super::{Contact, parse};
use crate::{
    domain::{
        book::Edit,
        error::{Error, Result},
        item::digest,
    },
    eas::facet::{EasFacet, Supported, View},
};

/// Octets of a picture a client may send, as base64.
const MAX_PICTURE: usize = 5 * 1024 * 1024;

/// ApplicationData of a contact. An empty text clears, an absent entry says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    /// Elements with a text.
    texts: BTreeMap<Tag, String>,
    categories: Option<Vec<String>>,
    children: Option<Vec<String>>,
    body: Option<String>,
    /// Base64.
    picture: Option<String>,
}

impl EasFacet for Contact {
    fn export(&self, document: &[u8], view: &View, out: &mut Encoder) {
        let Ok(card) = Document::parse(document) else {
            return;
        };
        let mut fields = self.fields(&card, view);
        label(&mut fields, &view.labels);
        write(&fields, view, out);
    }

    fn edit(
        self: Arc<Self>,
        data: &Element,
        view: &View,
        supported: &Supported,
    ) -> Result<Arc<dyn Edit>> {
        Ok(Arc::new(EasEdit {
            contact: self,
            fields: read(data)?,
            view: view.clone(),
            supported: supported.clone(),
        }))
    }

    fn fingerprint(&self, data: &Element) -> String {
        match read(data) {
            Ok(fields) => digest(format!("{fields:?}").as_bytes()),
            Err(_) => String::new(),
        }
    }

    fn directory(&self, document: &[u8]) -> Vec<(&'static str, String)> {
        let Ok(card) = Document::parse(document) else {
            return Vec::new();
        };
        let fields = self.fields(&card, &View::default());
        let value = |tag: Tag| fields.texts.get(&tag).cloned().unwrap_or_default();
        vec![
            ("DisplayName", card.formatted_name()),
            ("Phone", value(tag::BUSINESS_PHONE_NUMBER)),
            ("Office", value(tag::OFFICE_LOCATION)),
            ("Title", value(tag::JOB_TITLE)),
            ("Company", value(tag::COMPANY_NAME)),
            ("FirstName", value(tag::FIRST_NAME)),
            ("LastName", value(tag::LAST_NAME)),
            ("HomePhone", value(tag::HOME_PHONE_NUMBER)),
            ("MobilePhone", value(tag::MOBILE_PHONE_NUMBER)),
            ("EmailAddress", value(tag::EMAIL1_ADDRESS)),
        ]
    }
}

/// A change or a new contact as a device sent it.
struct EasEdit {
    contact: Arc<Contact>,
    fields: Fields,
    view: View,
    supported: Supported,
}

impl Edit for EasEdit {
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>> {
        let card = match current {
            Some(current) => {
                let card = parse(current)?;
                let uid = card.uid().unwrap_or_else(|| Uuid::new_v4().to_string());
                let wanted = self.wanted(&card);
                // Nothing said that is not there already: the bytes stay.
                if self.differs(&card, &wanted).is_none() {
                    return Ok(current.to_vec());
                }
                card.editable(&uid)
            }
            None => parse(
                format!(
                    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{}\r\nN:;;;;\r\nFN:\r\nEND:VCARD\r\n",
                    Uuid::new_v4()
                )
                .as_bytes(),
            )?,
        };
        let wanted = self.wanted(&card);
        let Some(changes) = self.differs(&card, &wanted) else {
            return Ok(card.as_bytes().to_vec());
        };
        let patched = self.patch(&card, &changes)?;
        Ok(named(&card, &patched, &wanted).as_bytes().to_vec())
    }

    fn alters(&self, made: &[u8]) -> bool {
        let Ok(card) = parse(made) else { return false };
        let shown = self.contact.fields(&card, &self.view);
        self.fields
            .texts
            .iter()
            .any(|(tag, sent)| shown.texts.get(tag).map_or("", String::as_str) != sent)
    }
}

impl EasEdit {
    /// What the contact shall be, omitted elements settled by what the client manages.
    fn wanted(&self, card: &Document) -> Fields {
        let shown = self.contact.fields(card, &self.view);
        let mut wanted = self.fields.clone();
        for (tag, value) in &shown.texts {
            if !wanted.texts.contains_key(tag) {
                let value = match self.clears_omitted(*tag) {
                    true => String::new(),
                    false => value.clone(),
                };
                wanted.texts.insert(*tag, value);
            }
        }
        if let Some(categories) = &mut wanted.categories {
            // Names of books come back as categories; what the contact has itself stays.
            let own = shown.categories.as_deref().unwrap_or_default();
            categories.retain(|name| own.contains(name) || !self.view.labels.contains(name));
        }
        if wanted.categories.is_none() {
            wanted.categories = match self.clears_omitted(tag::CATEGORIES) && self.view.categories {
                true => Some(Vec::new()),
                false => shown.categories.clone(),
            };
        }
        if wanted.children.is_none() {
            wanted.children = match self.clears_omitted(tag::CHILDREN) {
                true => Some(Vec::new()),
                false => shown.children.clone(),
            };
        }
        date::settle(&mut wanted.texts, &shown.texts);
        wanted
    }

    /// [MS-ASCMD] 2.2.3.24 and 2.2.3.179, and what clients really mean.
    fn clears_omitted(&self, tag: Tag) -> bool {
        match &self.supported {
            Supported::Listed(listed) => listed.contains(&tag),
            Supported::Absent => self.view.version >= 160,
        }
    }

    /// The entries of `wanted` that say something new; none when nothing does.
    fn differs(&self, card: &Document, wanted: &Fields) -> Option<Fields> {
        let shown = self.contact.fields(card, &self.view);
        let mut changes = Fields::default();
        for (tag, value) in &wanted.texts {
            let before = shown.texts.get(tag).map_or("", String::as_str);
            if before != value {
                changes.texts.insert(*tag, value.clone());
            }
        }
        if wanted.categories != shown.categories
            && !(wanted.categories.as_ref().is_none_or(Vec::is_empty) && shown.categories.is_none())
        {
            changes.categories = wanted.categories.clone();
        }
        if wanted.children.clone().unwrap_or_default() != shown.children.clone().unwrap_or_default()
        {
            changes.children = wanted.children.clone();
        }
        changes.body = self.note_change(card, wanted.body.as_deref(), shown.body.as_deref());
        changes.picture = self.picture_change(card, wanted.picture.as_deref(), &shown);
        (changes != Fields::default()).then_some(changes)
    }

    /// A note that comes back as it was cut leaves the tail alone; another one keeps it.
    fn note_change(
        &self,
        card: &Document,
        wanted: Option<&str>,
        shown: Option<&str>,
    ) -> Option<String> {
        let wanted = wanted?.replace("\r\n", "\n");
        let shown = shown.unwrap_or_default();
        if wanted == shown {
            return None;
        }
        let whole = note(card).unwrap_or_default();
        let tail = whole.strip_prefix(shown).unwrap_or_default();
        Some(wanted + tail)
    }

    /// An echo of the reduced picture keeps the original.
    fn picture_change(
        &self,
        card: &Document,
        wanted: Option<&str>,
        shown: &Fields,
    ) -> Option<String> {
        let wanted = wanted?;
        if shown.picture.as_deref() == Some(wanted) {
            return None;
        }
        // Some phones send an empty picture with every edit of a contact that has one.
        let with_other_fields = !self.fields.texts.is_empty();
        if wanted.is_empty() && (with_other_fields || card.photo().is_none()) {
            return None;
        }
        Some(wanted.to_owned())
    }

    fn patch(&self, card: &Document, changes: &Fields) -> Result<Document> {
        let mut patch = card.edit();
        for slot in slots::SLOTS {
            slots::patch(slot, &changes.texts, &mut patch);
        }
        related::patch_children(changes.children.as_deref(), &mut patch);
        if let Some(note) = &changes.body {
            set_single(&mut patch, "NOTE", &[], note);
        }
        if let Some(categories) = &changes.categories {
            set_categories(&mut patch, categories);
        }
        if let Some(picture) = &changes.picture {
            set_picture(&mut patch, picture)?;
        }
        Ok(patch.finish())
    }
}

impl Contact {
    /// What a device is shown of a card.
    fn fields(&self, card: &Document, view: &View) -> Fields {
        let mut texts = BTreeMap::new();
        for slot in slots::SLOTS {
            slots::export(slot, card, view, &mut texts);
        }
        if let std::collections::btree_map::Entry::Vacant(entry) = texts.entry(tag::FILE_AS) {
            let file_as = file_as(card);
            if !file_as.is_empty() {
                entry.insert(file_as);
            }
        }
        let mut categories: Vec<String> = Vec::new();
        for line in card.all("CATEGORIES") {
            categories.extend(line.list());
        }
        let children = related::children(card);
        Fields {
            texts,
            categories: (!categories.is_empty()).then_some(categories),
            children: (!children.is_empty()).then_some(children),
            body: note(card).map(|note| truncate(&note, view.truncation).to_owned()),
            picture: card.photo().and_then(|photo| match photo {
                Binary::Inline { octets, .. } => {
                    use base64::Engine as _;
                    let made = self.pictures.for_device(&octets)?;
                    Some(base64::engine::general_purpose::STANDARD.encode(made))
                }
                Binary::Uri(_) => None,
            }),
        }
    }
}

/// Adds the names of the books that hold the contact.
fn label(fields: &mut Fields, labels: &[String]) {
    for label in labels {
        let categories = fields.categories.get_or_insert_default();
        if !categories.contains(label) {
            categories.push(label.clone());
        }
    }
}

/// Page 1, then 17, then 12: the fewest switches, as the peers do.
fn write(fields: &Fields, view: &View, out: &mut Encoder) {
    for (tag, value) in fields.texts.iter().filter(|(tag, _)| tag.page == 1) {
        out.text(*tag, value);
    }
    let list = |out: &mut Encoder, outer: Tag, inner: Tag, values: &[String]| {
        out.open(outer);
        for value in values.iter().take(300) {
            out.text(inner, value);
        }
        out.close();
    };
    if let Some(categories) = &fields.categories {
        list(out, tag::CATEGORIES, tag::CATEGORY, categories);
    }
    if let Some(children) = &fields.children {
        list(out, tag::CHILDREN, tag::CHILD, children);
    }
    if let Some(picture) = &fields.picture {
        out.text(tag::PICTURE, picture);
    }
    if let Some(body) = fields.body.as_ref().filter(|body| !body.is_empty()) {
        let text = body.replace('\n', "\r\n");
        if view.version < 120 {
            out.text(tag::BODY, &text);
        } else {
            out.open(base::BODY)
                .text(base::TYPE, "1")
                .number(base::ESTIMATED_DATA_SIZE, text.len());
            if view.truncation.is_some_and(|limit| body.len() >= limit) {
                out.text(base::TRUNCATED, "1");
            }
            out.text(base::DATA, &text).close();
        }
    }
    for (tag, value) in fields.texts.iter().filter(|(tag, _)| tag.page == 12) {
        out.text(*tag, value);
    }
}

fn read(data: &Element) -> Result<Fields> {
    let mut fields = Fields::default();
    let list = |element: &Element| -> Vec<String> {
        element
            .elements()
            .map(|child| child.text().trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect()
    };
    let mut home_city_seen = false;
    for element in data.elements() {
        match element.tag {
            tag::CATEGORIES => fields.categories = Some(list(element)),
            tag::CHILDREN => fields.children = Some(list(element)),
            tag::PICTURE => {
                let picture: String = element.text().split_whitespace().collect();
                if picture.len() > MAX_PICTURE / 3 * 4 {
                    return Err(Error::InvalidDocument("the picture is too large".into()));
                }
                fields.picture = Some(picture);
            }
            tag::BODY => fields.body = Some(element.text()),
            base::BODY => {
                // Without Data nothing is said.
                if let Some(text) = element.child(base::DATA) {
                    fields.body = Some(text.text());
                } else if element.child(base::TYPE).is_some() {
                    fields.body = Some(String::new());
                }
            }
            // An old Android client names the city of the other address so, as a second one.
            tag::HOME_ADDRESS_CITY if home_city_seen => {
                fields.texts.insert(tag::OTHER_ADDRESS_CITY, element.text());
            }
            known if slots::is_known(known) => {
                home_city_seen |= known == tag::HOME_ADDRESS_CITY;
                let text = element.text().replace("\r\n", "\n");
                fields.texts.insert(known, slots::normalise(known, &text));
            }
            _ => {}
        }
    }
    Ok(fields)
}

fn note(card: &Document) -> Option<String> {
    card.first("NOTE").map(|line| line.text())
}

/// Cut at a character boundary.
fn truncate(text: &str, limit: Option<usize>) -> &str {
    match limit {
        Some(limit) if text.len() > limit => {
            let mut end = limit;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            &text[..end]
        }
        _ => text,
    }
}

/// "Last, First", else the company, else the first address: devices sort by it.
fn file_as(card: &Document) -> String {
    let n = card.first("N").map(|line| line.components());
    let part = |at: usize| {
        n.as_ref()
            .and_then(|n| n.get(at))
            .map_or("", |part| part.trim())
    };
    let names: Vec<&str> = [part(0), part(1)]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    match names.is_empty() {
        false => names.join(", "),
        true => card.formatted_name(),
    }
}

/// FN follows the name only where it was made of the name before.
fn named(before: &Document, after: &Document, wanted: &Fields) -> Document {
    let generated = |card: &Document| {
        card.generated_name()
            .or_else(|| card.first("ORG")?.components().into_iter().next())
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
    };
    let fn_before = before
        .first("FN")
        .map(|line| line.text())
        .unwrap_or_default();
    let made_before = generated(before).unwrap_or_default();
    let was_made = fn_before.trim().is_empty() || fn_before == made_before;
    let text = |tag: Tag| {
        wanted
            .texts
            .get(&tag)
            .filter(|text| !text.is_empty())
            .cloned()
    };
    let name = generated(after)
        .or_else(|| text(tag::FILE_AS))
        .or_else(|| text(tag::EMAIL1_ADDRESS))
        .unwrap_or_else(|| "Unnamed".to_owned());
    if !was_made || fn_before == name {
        return after.clone();
    }
    let mut patch = after.edit();
    set_single(&mut patch, "FN", &[], &name);
    patch.finish()
}

/// One line with a text: set, made or removed.
fn set_single(patch: &mut Patch<'_>, name: &str, types: &[&str], text: &str) {
    let lines = patch.document().lines();
    match lines.iter().position(|line| line.is(name)) {
        Some(at) if text.is_empty() && name != "FN" => patch.remove(at),
        Some(at) => patch.set_text(at, text),
        None if text.is_empty() => {}
        None => patch.add(NewLine::new(name, types, escape_text(text))),
    }
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
            match categories.is_empty() {
                true => patch.remove(*first),
                false => patch.set_raw(*first, raw),
            }
            rest.iter().for_each(|at| patch.remove(*at));
        }
        None if categories.is_empty() => {}
        None => patch.add(NewLine::new("CATEGORIES", &[], raw)),
    }
}

fn set_picture(patch: &mut Patch<'_>, picture: &str) -> Result<()> {
    use base64::Engine as _;
    let at = patch
        .document()
        .lines()
        .iter()
        .position(|line| line.is("PHOTO"));
    if picture.is_empty() {
        if let Some(at) = at {
            patch.remove(at);
        }
        return Ok(());
    }
    let octets = base64::engine::general_purpose::STANDARD
        .decode(picture)
        .map_err(|_| Error::InvalidDocument("the picture is not base64".into()))?;
    let line = photo_line(patch.document(), &octets);
    match at {
        Some(at) => patch.replace(at, line),
        None => patch.add(line),
    }
    Ok(())
}

/// A PHOTO line in the form of the card's version.
pub(super) fn photo_line(card: &Document, octets: &[u8]) -> NewLine {
    use base64::Engine as _;
    let data = base64::engine::general_purpose::STANDARD.encode(octets);
    let subtype = match image::guess_format(octets) {
        Ok(image::ImageFormat::Png) => "PNG",
        Ok(image::ImageFormat::Gif) => "GIF",
        _ => "JPEG",
    };
    match card.version().as_str() {
        "4.0" => NewLine::new(
            "PHOTO",
            &[],
            format!("data:image/{};base64,{data}", subtype.to_ascii_lowercase()),
        ),
        _ => NewLine::new("PHOTO", &[], data)
            .with("ENCODING", "b")
            .with("TYPE", subtype),
    }
}

//! A book on paper: a list of one line a contact, or cards in two columns.

use std::{collections::BTreeSet, num::NonZeroU16};

use krilla::{
    Data, Document,
    destination::XyzDestination,
    geom::{Point, Size, Transform},
    image::Image,
    metadata::Metadata,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, SpanTag, Tag, TagGroup, TagTree},
};

use super::{Export, fonts::Fonts};
use crate::{
    domain::error::{Error, Result},
    text::{
        self, Text,
        customs::Paper,
        dates::{day_name, month_name},
        fill_plain,
    },
    transfer::{
        fields::{Address, Fields, Value},
        rows::named,
    },
};

/// How contacts are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One line for each contact.
    #[default]
    List,
    /// Two columns with photos and all numbers.
    Cards,
}

/// Width and height of a sheet in points.
fn size(paper: Paper) -> (f32, f32) {
    match paper {
        Paper::A4 => (595.28, 841.89),
        Paper::Letter => (612.0, 792.0),
    }
}

/// The head of every page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heading {
    pub place: String,
    pub exporter: String,
    pub date: String,
}

/// 15 mm.
const MARGIN: f32 = 42.5;
/// Contacts on a page of the list.
const LINES: usize = 45;
/// Octets of a picture on a card.
pub const PHOTO_OCTETS: usize = 64 * 1024;
/// 18 mm.
const PHOTO: f32 = 51.0;
/// Characters of a note.
const NOTE: usize = 300;

/// The document, and the characters no font has.
pub fn write(
    contacts: &[Fields],
    layout: Layout,
    how: &Export,
) -> Result<(Vec<u8>, BTreeSet<char>)> {
    let fonts = Fonts::load(&how.fonts)?;
    let sheets = match layout {
        Layout::List => list(contacts, how, &fonts),
        Layout::Cards => cards(contacts, how, &fonts),
    };
    let (width, height) = size(how.paper);
    let mut document = Document::new();
    let pages = sheets.len();
    let mut outline = Outline::new();
    let language = how.text.lang;
    let mut tags = TagTree::new().with_lang(Some(language.to_owned()));
    for (number, sheet) in sheets.iter().enumerate() {
        let settings = PageSettings::from_wh(width, height).ok_or_else(failed)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for (letter, y) in &sheet.bookmarks {
            let place = XyzDestination::new(number, Point::from_xy(MARGIN, *y));
            outline.push_child(OutlineNode::new(letter.clone(), place));
        }
        for text in &sheet.texts {
            // What is not drawn has no place among the tags.
            if text.text.is_empty() {
                continue;
            }
            let said = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            fonts.draw(&mut surface, text);
            surface.end_tagged();
            let mut group = if text.heading {
                TagGroup::new(Tag::Hn(NonZeroU16::MIN, Some(text.text.clone())))
            } else {
                TagGroup::new(Tag::P)
            };
            group.push(said);
            tags.push(group);
        }
        // Neither the frame of a page nor pictures say anything that is not said in text.
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
            ArtifactType::Other,
        )));
        for text in frame(how, contacts.len(), number + 1, pages, &fonts) {
            fonts.draw(&mut surface, &text);
        }
        for (x, y, octets) in &sheet.photos {
            draw_photo(&mut surface, *x, *y, octets);
        }
        surface.end_tagged();
        surface.finish();
        page.finish();
    }
    document.set_outline(outline);
    document.set_tag_tree(tags);
    let about = Metadata::new()
        .title(how.heading.place.clone())
        .language(language.to_owned());
    document.set_metadata(about);
    let written = document.finish().map_err(|_| failed())?;
    Ok((written, fonts.missing()))
}

pub(super) fn failed() -> Error {
    Error::Unavailable("the PDF could not be written".into())
}

/// Text at a place.
pub(super) struct Placed {
    pub x: f32,
    /// The position of the base line, from the top.
    pub y: f32,
    pub size: f32,
    pub bold: bool,
    heading: bool,
    pub text: String,
}

/// What stands on one page.
#[derive(Default)]
struct Sheet<'a> {
    texts: Vec<Placed>,
    photos: Vec<(f32, f32, &'a [u8])>,
    bookmarks: Vec<(String, f32)>,
}

impl Sheet<'_> {
    fn text(&mut self, x: f32, y: f32, size: f32, text: impl Into<String>) {
        self.texts.push(Placed {
            x,
            y,
            size,
            bold: false,
            heading: false,
            text: text.into(),
        });
    }

    fn heading(&mut self, x: f32, y: f32, size: f32, text: impl Into<String>) {
        self.texts.push(Placed {
            x,
            y,
            size,
            bold: true,
            heading: true,
            text: text.into(),
        });
    }
}

/// Head and foot of a page.
fn frame(how: &Export, contacts: usize, number: usize, pages: usize, fonts: &Fonts) -> Vec<Placed> {
    let (width, height) = size(how.paper);
    let heading = &how.heading;
    let text = how.text;
    let counted = text.of_many(contacts, [text.one_contact, text.contacts_count]);
    let counted = fill_plain(counted, &[&contacts]);
    let page = fill_plain(text.export.page, &[&number, &pages]);
    let about: Vec<&str> = [&heading.exporter[..], &heading.date, &counted]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let about = about.join(" · ");
    let at = |x: f32, y: f32, bold: bool, text: String| Placed {
        x,
        y,
        size: 8.0,
        bold,
        heading: false,
        text,
    };
    let right = |text: &str| width - MARGIN - fonts.width(text, 8.0, false);
    let room = (width - 2.0 * MARGIN) / 2.0;
    vec![
        at(
            MARGIN,
            MARGIN - 8.0,
            true,
            fonts.fit(&heading.place, 8.0, true, room),
        ),
        at(right(&about), MARGIN - 8.0, false, about.clone()),
        at(right(&page), height - MARGIN + 16.0, false, page.clone()),
    ]
}

/// The letter a contact stands under.
fn letter(fields: &Fields, last_first: bool) -> String {
    let key = super::sort_key(fields, last_first);
    match key.chars().next().filter(|c| c.is_alphabetic()) {
        Some(c) => c.to_uppercase().collect(),
        None => "#".to_owned(),
    }
}

fn name(fields: &Fields, last_first: bool) -> String {
    if last_first && !fields.company && !fields.family.is_empty() {
        format!("{} {}", fields.family, fields.given)
            .trim()
            .to_owned()
    } else {
        fields.display()
    }
}

fn list(contacts: &[Fields], how: &Export, fonts: &Fonts) -> Vec<Sheet<'static>> {
    let (width, height) = size(how.paper);
    let room = width - 2.0 * MARGIN;
    let line_height = (height - 2.0 * MARGIN - 12.0) / LINES as f32;
    // Name, organization, mobile, work, e-mail.
    let shares = [0.24, 0.20, 0.17, 0.17, 0.22];
    let mut sheets = vec![Sheet::default()];
    let mut used = 0;
    let mut current = String::new();
    for fields in contacts {
        let Row {
            letter,
            name,
            organization,
            mobile,
            work,
            email,
        } = row(fields, how.last_first);
        let begins = letter != current;
        // A heading never stands alone at the foot.
        if used + usize::from(begins) >= LINES {
            sheets.push(Sheet::default());
            used = 0;
        }
        let Some(sheet) = sheets.last_mut() else {
            break;
        };
        let y = |line: usize| MARGIN + 12.0 + line_height * line as f32;
        if begins {
            sheet
                .bookmarks
                .push((letter.clone(), y(used) - line_height));
            sheet.heading(MARGIN, y(used), 9.0, letter.clone());
            used += 1;
            current = letter;
        }
        let cells = [name, organization, mobile, work, email];
        let mut x = MARGIN;
        for (cell, share) in cells.iter().zip(shares) {
            let column = room * share;
            let size = fonts.shrunk(cell, 7.5, 5.0, column - 4.0);
            let text = fonts.fit(cell, size, false, column - 4.0);
            sheet.text(x, y(used), size, text);
            x += column;
        }
        used += 1;
    }
    sheets
}

fn cards<'a>(contacts: &'a [Fields], how: &Export, fonts: &Fonts) -> Vec<Sheet<'a>> {
    const LINE: f32 = 10.5;
    let (width, height) = size(how.paper);
    let column = (width - 2.0 * MARGIN - 18.0) / 2.0;
    let foot = height - MARGIN;
    let mut sheets = vec![Sheet::default()];
    let (mut side, mut y) = (0, MARGIN + 6.0);
    let mut current = String::new();
    for fields in contacts {
        let photo = fields.photo.as_ref().filter(|(_, octets)| draws(octets));
        let inset = if photo.is_some() { PHOTO + 6.0 } else { 0.0 };
        let lines: Vec<String> = details(fields, how.text)
            .iter()
            .flat_map(|line| fonts.wrap(line, 7.5, column - inset))
            .collect();
        let text_height = 12.0 + LINE * lines.len() as f32;
        let block = text_height.max(if photo.is_some() { PHOTO } else { 0.0 }) + 12.0;
        if y + block > foot && y > MARGIN + 6.0 {
            side += 1;
            y = MARGIN + 6.0;
        }
        if side == 2 {
            side = 0;
            sheets.push(Sheet::default());
        }
        let Some(sheet) = sheets.last_mut() else {
            break;
        };
        let x = MARGIN + (column + 18.0) * side as f32;
        let letter = letter(fields, how.last_first);
        if letter != current {
            sheet.bookmarks.push((letter.clone(), y));
            current = letter;
        }
        if let Some((_, octets)) = photo {
            sheet.photos.push((x, y, octets));
        }
        let title = fonts.fit(&name(fields, how.last_first), 9.5, true, column - inset);
        sheet.heading(x + inset, y + 9.0, 9.5, title);
        for (at, line) in lines.into_iter().enumerate() {
            // A contact that is taller than a page loses its end, not the page.
            let base = y + 20.0 + LINE * at as f32;
            if base < foot {
                sheet.text(x + inset, base, 7.5, line);
            }
        }
        y += block;
    }
    sheets
}

/// One line of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The letter under which the line stands.
    pub letter: String,
    pub name: String,
    pub organization: String,
    /// The first of each.
    pub mobile: String,
    pub work: String,
    pub email: String,
}

/// The line of a list for a contact.
pub fn row(fields: &Fields, last_first: bool) -> Row {
    let first = |is: fn(&Value) -> bool| {
        let found = fields.phones.iter().find(|value| is(value));
        found.map(|value| value.text.clone()).unwrap_or_default()
    };
    let email = fields.emails.first();
    Row {
        letter: letter(fields, last_first),
        name: named(&name(fields, last_first)),
        organization: named(&fields.organization),
        mobile: first(|value| value.is("cell")),
        work: first(|value| value.is("work") && !value.is("fax")),
        email: email.map(|value| value.text.clone()).unwrap_or_default(),
    }
}

/// Whether a card shows these octets as they are: a JPEG, which is not decoded here, and small.
pub fn draws(octets: &[u8]) -> bool {
    octets.len() <= PHOTO_OCTETS && octets.starts_with(&[0xFF, 0xD8])
}

/// The lines of a card under the name.
pub fn details(fields: &Fields, text: &Text) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |line: String| {
        if !line.trim().is_empty() {
            lines.push(line);
        }
    };
    let organization: Vec<&str> = [&fields.title[..], &fields.organization, &fields.department]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    add(organization.join(", "));
    for phone in &fields.phones {
        add(format!("{} {}", short(phone, text.export), phone.text));
    }
    for value in fields.emails.iter().chain(&fields.urls) {
        add(value.text.clone());
    }
    for address in &fields.addresses {
        add(postal(address));
    }
    if !fields.birthday.is_empty() {
        let date = spelled(&fields.birthday, text);
        add(fill_plain(text.export.born, &[&date]));
    }
    let note: String = fields.note.chars().take(NOTE).collect();
    if note.len() < fields.note.len() {
        add(format!("{note}…"))
    } else {
        add(note)
    }
    lines
}

/// A date with the name of its month; what is no date as it is.
fn spelled(date: &str, text: &Text) -> String {
    let without_year = date.strip_prefix("--");
    let (year, rest) = match without_year {
        Some(rest) => ("", rest),
        None => date.split_once('-').unwrap_or_default(),
    };
    let parts = rest.split_once('-').and_then(|(month, day)| {
        let month = month
            .parse()
            .ok()
            .filter(|month| (1..=12).contains(month))?;
        Some((u32::from(day.parse::<u8>().ok()?), month))
    });
    match parts {
        Some((day, month)) => {
            let (day, month) = (day_name(day, text), month_name(month, text));
            format!("{day} {month} {year}").trim_end().to_owned()
        }
        None => date.to_owned(),
    }
}

fn short<'a>(phone: &'a Value, x: &text::export::Export) -> &'a str {
    if !phone.label.is_empty() {
        return &phone.label;
    }
    match (
        phone.is("fax"),
        phone.is("cell"),
        phone.is("work"),
        phone.is("home"),
    ) {
        (true, ..) => x.short_fax,
        (_, true, ..) => x.short_mobile,
        (_, _, true, _) => x.short_work,
        (.., true) => x.short_home,
        _ => x.short_phone,
    }
}

fn postal(address: &Address) -> String {
    let [po_box, extended, street, city, region, code, country] = &address.parts;
    let town = format!("{code} {city}");
    let parts: Vec<&str> = [po_box, extended, street, town.trim(), region, country]
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        address.formatted.replace('\n', ", ")
    } else {
        parts.join(", ").replace('\n', ", ")
    }
}

fn draw_photo(surface: &mut Surface<'_>, x: f32, y: f32, octets: &[u8]) {
    let Ok(image) = Image::from_jpeg(Data::from(octets.to_vec()), true) else {
        return;
    };
    let (width, height) = image.size();
    let scale = PHOTO / width.max(height).max(1) as f32;
    let Some(size) = Size::from_wh(width as f32 * scale, height as f32 * scale) else {
        return;
    };
    surface.push_transform(&Transform::from_translate(x, y));
    surface.draw_image(image, size);
    surface.pop();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{EN, FR};

    #[test]
    fn head_and_foot_speak_the_language_of_the_reader() {
        let fonts = Fonts::load(&[]).expect("the package's fonts");
        for (text, contacts, counted, page) in [
            (&EN, 0, "0 contacts", "page 1 of 3"),
            (&EN, 1, "1 contact", "page 1 of 3"),
            (&EN, 12_000, "12000 contacts", "page 1 of 3"),
            (&FR, 0, "0 contact", "page 1 sur 3"),
            (&FR, 1, "1 contact", "page 1 sur 3"),
            (&FR, 12_000, "12000 contacts", "page 1 sur 3"),
        ] {
            let how = Export {
                text,
                ..Export::default()
            };
            let said = frame(&how, contacts, 1, 3, &fonts).into_iter();
            let said: Vec<String> = said.map(|placed| placed.text).collect();
            assert_eq!(said, ["", counted, page]);
        }
    }
}

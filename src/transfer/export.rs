//! A book as a file: vCard, CSV for several programs, PDF.

mod pdf;
mod sheet;
mod v21;

use carnet_proto::vcard::{Document, Version, project};

use super::Fields;
use crate::domain::{book::Book, cursor::Position, error::Result};

pub use pdf::{Heading, Layout, Paper};
pub use sheet::Preset;
pub(super) use sheet::safe;

/// Cards read at once.
const PAGE: usize = 1_000;

/// What a book is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendition {
    /// `2.1`, `3.0` or `4.0`.
    VCard(CardVersion),
    Csv(Preset),
    Pdf(Layout),
}

/// The versions of vCard that are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardVersion {
    /// For old phones and cars: quoted-printable, no unknown properties.
    V21,
    V3,
    V4,
}

impl CardVersion {
    /// Reads `2.1`, `3.0`, `4.0`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "2.1" => CardVersion::V21,
            "3.0" => CardVersion::V3,
            "4.0" => CardVersion::V4,
            _ => return None,
        })
    }
}

/// How a rendition is made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Export {
    /// French headings and the delimiter French spreadsheets expect.
    pub french: bool,
    /// Family name first.
    pub last_first: bool,
    pub paper: Paper,
    /// What a page says at its head.
    pub heading: Heading,
}

/// Writes the whole book.
pub async fn export(book: &Book, rendition: Rendition, how: &Export) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut contacts = Vec::new();
    let mut next = Some(Position::default());
    while let Some(position) = next {
        let leg = book.walk(position, PAGE).await?;
        for card in &leg.cards {
            let bytes = book.content(card);
            let Ok(document) = Document::parse(&bytes) else {
                continue;
            };
            match rendition {
                Rendition::VCard(version) => {
                    out.extend(rendered(&document, version, &card.placement.uid));
                }
                _ if card.placement.kind == "group" => {}
                _ => contacts.push(Fields::read(&document)),
            }
        }
        next = leg.next;
    }
    contacts.sort_by_cached_key(|fields| sort_key(fields, how.last_first));
    match rendition {
        Rendition::VCard(_) => {}
        Rendition::Csv(preset) => {
            // A semicolon separates values in a cell.
            for phone in contacts.iter_mut().flat_map(|fields| &mut fields.phones) {
                phone.text = phone.text.replace(";ext=", " x");
            }
            out = sheet::write(&contacts, preset, how.french);
        }
        Rendition::Pdf(layout) => out = pdf::write(&contacts, layout, how)?,
    }
    Ok(out)
}

/// A card in a version.
pub fn rendered(document: &Document, version: CardVersion, uid: &str) -> Vec<u8> {
    let mut out = match version {
        CardVersion::V21 => v21::write(document, uid),
        CardVersion::V3 => project(document, Version::V3, uid),
        CardVersion::V4 => project(document, Version::V4, uid),
    };
    if !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn sort_key(fields: &Fields, last_first: bool) -> String {
    let name = match (fields.has_person(), last_first) {
        (true, true) => format!("{} {}", fields.family, fields.given),
        (true, false) => format!("{} {}", fields.given, fields.family),
        (false, _) => fields.display(),
    };
    crate::domain::search::token::fold(name.trim())
}

/// What a rendition cannot say, for the person to read before the file is written.
pub fn losses(rendition: Rendition) -> &'static [&'static str] {
    match rendition {
        Rendition::VCard(CardVersion::V3 | CardVersion::V4) => &[],
        Rendition::VCard(CardVersion::V21) => &[
            "properties that vCard 2.1 does not know",
            "labels of a person's own",
            "lists of contacts",
        ],
        Rendition::Csv(Preset::Outlook) => &[
            "photos",
            "lists of contacts",
            "e-mail addresses after the third",
            "numbers of one kind beyond the program's columns",
            "phonetic names, nicknames, messaging addresses and other dates",
            "web addresses after the first",
        ],
        Rendition::Csv(Preset::Google) => &[
            "photos",
            "lists of contacts",
            "the mark of private contacts",
        ],
        Rendition::Csv(Preset::Thunderbird) => &[
            "photos",
            "lists of contacts",
            "e-mail addresses after the second",
            "middle names, prefixes and suffixes",
            "numbers and addresses beyond one of each kind",
            "categories, related people, anniversaries and other dates",
        ],
        Rendition::Csv(Preset::Spreadsheet) => &[
            "photos",
            "lists of contacts",
            "addresses after the first",
            "labels and kinds of numbers other than mobile, work, home and fax",
            "related people, anniversaries, messaging addresses and other dates",
        ],
        Rendition::Pdf(_) => &["everything that is not printed: a PDF cannot be imported"],
    }
}

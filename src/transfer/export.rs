//! A book, or some of it, as a file: vCard, CSV for several programs, PDF.

pub mod archive;
mod fonts;
mod loss;
mod pdf;
mod sheet;
mod v21;

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
    vec,
};

use carnet_proto::vcard::{Document, NewLine, Version, escape_text, project};

use self::archive::Archive;
use super::Fields;
use crate::{
    domain::{
        book::Book,
        cursor::Position,
        error::Result,
        id::{PersonId, PlacementId},
        item::Card,
        store::ListQuery,
        tally::Mark,
    },
    text::{EN, Text, customs::Paper},
};

pub use fonts::USUAL as USUAL_FONTS;
pub use loss::{Loss, losses};
pub use pdf::{Heading, Layout, Row, details, row};
pub(super) use sheet::safe;
pub use sheet::{Preset, write as table};

/// Cards read at once.
const PAGE: usize = 1_000;
/// Rows of a list read at once.
const LISTED: i64 = 5_000;

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendition {
    /// `2.1`, `3.0` or `4.0`.
    VCard(CardVersion),
    Csv(Preset),
    Pdf(Layout),
}

impl Rendition {
    const ALL: [(&'static str, Rendition); 9] = [
        ("vcard-3.0", Rendition::VCard(CardVersion::V3)),
        ("vcard-4.0", Rendition::VCard(CardVersion::V4)),
        ("vcard-2.1", Rendition::VCard(CardVersion::V21)),
        ("csv-spreadsheet", Rendition::Csv(Preset::Spreadsheet)),
        ("csv-google", Rendition::Csv(Preset::Google)),
        ("csv-outlook", Rendition::Csv(Preset::Outlook)),
        ("csv-thunderbird", Rendition::Csv(Preset::Thunderbird)),
        ("pdf-list", Rendition::Pdf(Layout::List)),
        ("pdf-cards", Rendition::Pdf(Layout::Cards)),
    ];

    /// Every format, with its name in forms.
    pub fn all() -> impl Iterator<Item = (&'static str, Rendition)> {
        Self::ALL.into_iter()
    }

    /// Reads `vcard-3.0`, `csv-google`, `pdf-list`...
    pub fn parse(name: &str) -> Option<Self> {
        let found = Self::all().find(|(known, _)| *known == name);
        found.map(|(_, rendition)| rendition)
    }

    pub fn as_str(self) -> &'static str {
        let found = Self::all().find(|(_, known)| *known == self);
        found.map_or("", |(name, _)| name)
    }
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

/// Options of an export.
#[derive(Clone)]
pub struct Export {
    /// The language of headings, and how its readers write tables.
    pub text: &'static Text,
    /// Family name first.
    pub last_first: bool,
    pub paper: Paper,
    /// The head of each page.
    pub heading: Heading,
    pub photos: bool,
    /// The exporter's own tags, as categories.
    pub tags: bool,
    /// The comments written in this place (vCard).
    pub comments: bool,
    /// Windows-1252 in place of UTF-8 (Outlook).
    pub windows: bool,
    /// One file for each contact, in an archive (vCard).
    pub apart: bool,
    /// Font files for what the package's fonts lack, the first one first (PDF).
    pub fonts: Arc<[PathBuf]>,
}

impl Default for Export {
    fn default() -> Self {
        Self {
            text: &EN,
            last_first: false,
            paper: Paper::default(),
            heading: Heading::default(),
            photos: true,
            tags: true,
            comments: false,
            windows: false,
            apart: false,
            fonts: Arc::default(),
        }
    }
}

/// The contacts of a book that are exported.
#[derive(Clone, Debug, PartialEq)]
pub enum Chosen {
    All,
    These(Vec<PlacementId>),
}

impl Chosen {
    /// The contacts of a list, on all its pages.
    pub async fn listed(book: &Book, query: &ListQuery) -> Result<Self> {
        let mut these = Vec::new();
        loop {
            let page = ListQuery {
                offset: i64::try_from(these.len()).unwrap_or(i64::MAX),
                limit: LISTED,
                ..query.clone()
            };
            let rows = book.list(&page).await?.rows;
            if rows.is_empty() {
                return Ok(Chosen::These(these));
            }
            these.extend(rows.into_iter().map(|row| row.placement.id));
        }
    }
}

/// What is left to be read.
enum Source {
    Walk(Option<Position>),
    These(vec::IntoIter<PlacementId>),
}

/// Reads contacts of a book in portions.
pub struct Contacts {
    book: Book,
    source: Source,
}

impl Contacts {
    /// Begins to read the chosen contacts of a book.
    pub fn of(book: Book, chosen: Chosen) -> Self {
        let source = match chosen {
            Chosen::All => Source::Walk(Some(Position::default())),
            Chosen::These(these) => Source::These(these.into_iter()),
        };
        Self { book, source }
    }

    /// The next ones; none at the end.
    async fn next(&mut self) -> Result<Option<Vec<Card>>> {
        match &mut self.source {
            Source::Walk(None) => Ok(None),
            Source::Walk(next) => {
                let leg = self.book.walk(next.unwrap_or_default(), PAGE).await?;
                *next = leg.next;
                Ok(Some(leg.cards))
            }
            Source::These(these) => {
                let some = these.as_slice();
                let some = &some[..some.len().min(PAGE)];
                if some.is_empty() {
                    return Ok(None);
                }
                let found = self.book.first_by_placements(some).await?;
                these.by_ref().take(found.len()).for_each(drop);
                Ok(Some(found.into_iter().flatten().collect()))
            }
        }
    }

    /// All people among them, sorted by name, with their server ids and without pictures.
    pub async fn sorted(mut self, last_first: bool) -> Result<Vec<(String, Fields)>> {
        let mut all = Vec::new();
        while let Some(cards) = self.next().await? {
            for card in cards {
                let bytes = self.book.content(&card);
                let Ok(document) = Document::parse(&bytes) else {
                    continue;
                };
                if !card.placement.is_list() {
                    let mut fields = Fields::read(&document);
                    // Only that there is one is told.
                    if let Some((_, octets)) = &mut fields.photo {
                        octets.clear();
                    }
                    all.push((card.placement.server_id, fields));
                }
            }
        }
        all.sort_by_cached_key(|(_, fields)| sort_key(fields, last_first));
        Ok(all)
    }
}

/// Writes contacts of a book in pieces.
pub struct Exporter {
    contacts: Contacts,
    rendition: Rendition,
    how: Export,
    /// What is written as a whole.
    rows: Vec<Fields>,
    archive: Option<Archive>,
    creators: HashMap<PersonId, String>,
    ended: bool,
    _running: Mark,
    missing: BTreeSet<char>,
}

/// Writes the whole book.
pub async fn export(book: &Book, rendition: Rendition, how: &Export) -> Result<Vec<u8>> {
    let mut exporter = Exporter::new(book.clone(), Chosen::All, rendition, how.clone());
    let mut out = Vec::new();
    while let Some(piece) = exporter.next().await? {
        out.extend(piece);
    }
    Ok(out)
}

impl Exporter {
    /// Begins an export of the chosen contacts of a book.
    pub fn new(book: Book, chosen: Chosen, rendition: Rendition, how: Export) -> Self {
        let apart = how.apart && matches!(rendition, Rendition::VCard(_));
        let _running = book.core().tally().exports.enter();
        Self {
            _running,
            contacts: Contacts::of(book, chosen),
            rendition,
            archive: apart.then(Archive::default),
            how,
            rows: Vec::new(),
            creators: HashMap::new(),
            ended: false,
            missing: BTreeSet::new(),
        }
    }

    /// How the name of the file ends: `vcf`.
    pub fn ending(&self) -> &'static str {
        match self.rendition {
            Rendition::VCard(_) if self.archive.is_some() => "zip",
            Rendition::VCard(_) => "vcf",
            Rendition::Csv(_) => "csv",
            Rendition::Pdf(_) => "pdf",
        }
    }

    /// Content-Type of the file.
    pub fn media_type(&self) -> &'static str {
        match self.rendition {
            Rendition::VCard(_) if self.archive.is_some() => "application/zip",
            Rendition::VCard(_) => "text/vcard; charset=utf-8",
            Rendition::Csv(_) if self.how.windows => "text/csv; charset=windows-1252",
            Rendition::Csv(_) => "text/csv; charset=utf-8",
            Rendition::Pdf(_) => "application/pdf",
        }
    }

    /// The next octets of the file; none at its end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        while !self.ended {
            let piece = match self.contacts.next().await? {
                Some(cards) => self.take(cards).await?,
                None => {
                    self.ended = true;
                    self.end().await?
                }
            };
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    async fn take(&mut self, cards: Vec<Card>) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for card in cards {
            let Some(document) = self.document(&card).await? else {
                continue;
            };
            match self.rendition {
                Rendition::VCard(version) => {
                    let written = rendered(&document, version, &card.placement.uid);
                    match &mut self.archive {
                        // vCard 2.1 has no lists.
                        _ if written.is_empty() => {}
                        Some(archive) => archive.add(&card.placement.display, &written)?,
                        None => out.extend(written),
                    }
                }
                // A list is no row.
                _ if card.placement.is_list() => {}
                _ => {
                    let mut fields = Fields::read(&document);
                    fields.photo = match (self.rendition, fields.photo.take()) {
                        (Rendition::Pdf(Layout::Cards), Some(photo)) => {
                            self.drawn(&document, photo).await?
                        }
                        _ => None,
                    };
                    fields.shared = self.shared(&card).await?;
                    self.rows.push(fields);
                }
            }
        }
        Ok(match &self.archive {
            Some(archive) => archive.written(),
            None => out,
        })
    }

    /// A card with what is asked for of it, and nothing else.
    async fn document(&self, card: &Card) -> Result<Option<Document>> {
        let book = &self.contacts.book;
        let Ok(document) = Document::parse(&book.content(card)) else {
            return Ok(None);
        };
        let how = &self.how;
        let mut added = Vec::new();
        if how.tags && !book.is_private() {
            let tags = book.tags_of(card.placement.item).await?;
            added.extend(
                tags.iter()
                    .map(|tag| ("CATEGORIES", escape_text(tag), None)),
            );
        }
        if how.comments && matches!(self.rendition, Rendition::VCard(_)) {
            let comments = book.comments(&card.placement).await?;
            added.extend(
                comments
                    .into_iter()
                    .filter(|shown| shown.here)
                    .map(|shown| {
                        let text = escape_text(&shown.comment.text);
                        ("X-CARNET-COMMENT", text, Some(shown.comment.author_name))
                    }),
            );
        }
        let left_out: Vec<usize> = document
            .lines()
            .iter()
            .enumerate()
            .filter(|(_, line)| {
                let photo = !how.photos && line.is("PHOTO");
                // In Private, categories are the owner's tags.
                photo || !how.tags && book.is_private() && line.is("CATEGORIES")
            })
            .map(|(at, _)| at)
            .collect();
        if added.is_empty() && left_out.is_empty() {
            return Ok(Some(document));
        }
        let document = document.editable(&card.placement.uid);
        let mut edit = document.edit();
        for at in left_out {
            edit.remove(at);
        }
        for (name, value, author) in added {
            let line = NewLine::new(name, &[], value);
            edit.add(match author {
                Some(author) => line.with("X-AUTHOR", &author),
                None => line,
            });
        }
        Ok(Some(edit.finish()))
    }

    /// The picture of a contact as a card of a PDF shows it, small; none where it cannot be read.
    async fn drawn(
        &self,
        document: &Document,
        photo: (String, Vec<u8>),
    ) -> Result<Option<(String, Vec<u8>)>> {
        if pdf::draws(&photo.1) {
            return Ok(Some(photo));
        }
        let (book, card) = (self.contacts.book.clone(), document.as_bytes().to_vec());
        let made = self.contacts.book.core().pictures().blocking(move || {
            book.class()
                .with_picture_stored(&card, Some(pdf::PHOTO_OCTETS))
        });
        let card = made.await?.ok();
        let card = card.and_then(|card| Document::parse(&card).ok());
        Ok(card.and_then(|card| Fields::read(&card).photo))
    }

    /// Group, creator and day of the last change, of a contact in a group.
    async fn shared(&mut self, card: &Card) -> Result<Option<[String; 3]>> {
        let book = &self.contacts.book;
        if book.is_private() || self.rendition != Rendition::Csv(Preset::Spreadsheet) {
            return Ok(None);
        }
        let placement = &card.placement;
        let creator = match self.creators.get(&placement.creator) {
            Some(name) => name.clone(),
            None => {
                let name = book.creator_name(placement).await?;
                self.creators.insert(placement.creator, name.clone());
                name
            }
        };
        let modified = chrono::DateTime::from_timestamp_millis(placement.modified.0);
        let modified = modified.map(|at| at.format("%Y-%m-%d").to_string());
        Ok(Some([
            book.collection().display_name.clone(),
            creator,
            modified.unwrap_or_default(),
        ]))
    }

    /// What can be written only when everything is known.
    async fn end(&mut self) -> Result<Vec<u8>> {
        if let Some(archive) = self.archive.take() {
            return archive.end();
        }
        let (mut rows, how) = (std::mem::take(&mut self.rows), self.how.clone());
        let rendition = self.rendition;
        let written = self.contacts.book.core().pictures().blocking(move || {
            rows.sort_by_cached_key(|fields| sort_key(fields, how.last_first));
            match rendition {
                Rendition::VCard(_) => Ok((Vec::new(), BTreeSet::new())),
                Rendition::Csv(preset) => {
                    // A semicolon separates values in a cell.
                    for phone in rows.iter_mut().flat_map(|fields| &mut fields.phones) {
                        phone.text = phone.text.replace(";ext=", " x");
                    }
                    let written = sheet::write(&rows, preset, how.text, how.windows);
                    Ok((written, BTreeSet::new()))
                }
                Rendition::Pdf(layout) => pdf::write(&rows, layout, &how),
            }
        });
        let (octets, missing) = written.await??;
        self.missing = missing;
        Ok(octets)
    }

    /// The characters printed as boxes, once all is written: no font has them (PDF).
    pub fn missing(&self) -> &BTreeSet<char> {
        &self.missing
    }

    /// Records the export in the audit trail.
    pub async fn logged(&self) -> Result<()> {
        let book = &self.contacts.book;
        let what = format!(
            "exported {} as {}",
            book.collection().display_name,
            self.rendition.as_str()
        );
        book.core().audit(book.actor(), what).await
    }
}

/// A card in a version; nothing for a list in version 2.1.
pub fn rendered(document: &Document, version: CardVersion, uid: &str) -> Vec<u8> {
    let mut out = match version {
        CardVersion::V21 => v21::write(document, uid),
        CardVersion::V3 => project(document, Version::V3, uid),
        CardVersion::V4 => project(document, Version::V4, uid),
    };
    if !out.is_empty() && !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn sort_key(fields: &Fields, last_first: bool) -> String {
    crate::domain::search::token::fold(if last_first {
        &fields.sorted.last
    } else {
        &fields.sorted.first
    })
}

//! Contacts over CardDAV.

use bytes::Bytes;
use carnet_proto::vcard::{
    Binary, Document, Filter, NewLine, Version, matches, partial, project, to_utf8,
};

use super::{Contact, eas::photo_line, picture};
use crate::dav::facet::{DavFacet, HEAVY, Shown};

impl DavFacet for Contact {
    fn render(&self, document: Bytes, tag: &str, uid: &str, shown: Shown) -> Bytes {
        let Shown {
            version,
            small_photos,
        } = shown;
        let small_photos = small_photos && document.len() > HEAVY;
        let key = format!("{}{small_photos}:{uid}:{tag}", version.as_str());
        self.projections.get(key, document, |document| {
            let card = Document::parse(document).ok()?;
            let smaller = small_photos.then(|| self.with_small_photo(&card)).flatten();
            Some(project(smaller.as_ref().unwrap_or(&card), version, uid))
        })
    }

    fn stored_version(&self, document: &[u8]) -> Version {
        match Document::parse(document) {
            Ok(card) if card.version() == "4.0" || card.is_mixed() => Version::V4,
            _ => Version::V3,
        }
    }

    fn matches(&self, document: &[u8], uid: &str, filter: &Filter) -> bool {
        let Ok(card) = Document::parse(document) else {
            return false;
        };
        let shown = |version| Document::parse(&project(&card, version, uid));
        let (asked, other) = match filter.version {
            Some(Version::V4) => (Version::V4, Version::V3),
            _ => (Version::V3, Version::V4),
        };
        if filter.depends_on_version() {
            let (Ok(asked), Ok(other)) = (shown(asked), shown(other)) else {
                return false;
            };
            return matches(filter, &asked, &[&other]);
        }
        if card.is_clean() && !card.is_mixed() {
            return matches(filter, &card, &[]);
        }
        shown(self.stored_version(document)).is_ok_and(|card| matches(filter, &card, &[]))
    }

    fn partial(&self, rendering: &[u8], props: &[(String, bool)]) -> Vec<u8> {
        match Document::parse(rendering) {
            Ok(card) => partial(&card, props),
            Err(_) => rendering.to_vec(),
        }
    }

    fn decode(&self, uploaded: Bytes, charset: Option<&str>) -> Bytes {
        match to_utf8(&uploaded, charset) {
            Some(text) => text.into_bytes().into(),
            None => uploaded,
        }
    }

    fn with_stored_picture(&self, stored: &[u8], uploaded: &[u8]) -> Vec<u8> {
        let whole = self.with_stored_photo(stored, uploaded);
        whole.map_or_else(|| uploaded.to_vec(), |card| card.as_bytes().to_vec())
    }
}

impl Contact {
    /// The card with a smaller picture; none where it has no large one.
    fn with_small_photo(&self, card: &Document) -> Option<Document> {
        let (at, octets) = heavy_photo(card)?;
        let small = self.pictures.for_card(&octets)?;
        let mut edit = card.edit();
        edit.replace(at, photo_line(card, &small));
        Some(edit.finish())
    }

    /// An upload with the picture that is stored, where the client sends back the smaller one it was
    /// given.
    fn with_stored_photo(&self, stored: &[u8], uploaded: &[u8]) -> Option<Document> {
        let (stored, uploaded) = (
            Document::parse(stored).ok()?,
            Document::parse(uploaded).ok()?,
        );
        let (from, whole) = heavy_photo(&stored)?;
        let (at, sent) = photo(&uploaded)?;
        let may_be_smaller = sent.len() < whole.len() && picture::is_jpeg(&sent);
        (may_be_smaller && self.pictures.for_card(&whole)? == sent).then_some(())?;
        let mut edit = uploaded.edit();
        let line = if stored.version() == uploaded.version() {
            NewLine::from_line(&stored.lines()[from])
        } else {
            photo_line(&uploaded, &whole)
        };
        edit.replace(at, line);
        Some(edit.finish())
    }
}

fn heavy_photo(card: &Document) -> Option<(usize, Vec<u8>)> {
    photo(card).filter(|(_, octets)| octets.len() > HEAVY)
}

/// The line of a card's picture, and its octets.
fn photo(card: &Document) -> Option<(usize, Vec<u8>)> {
    let at = card.lines().iter().position(|line| line.is("PHOTO"))?;
    match card.lines()[at].binary()? {
        Binary::Inline { octets, .. } => Some((at, octets)),
        Binary::Uri(_) => None,
    }
}

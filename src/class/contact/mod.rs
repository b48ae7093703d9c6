//! Contacts: vCard documents.

mod dav;
mod difference;
mod eas;
mod index;
mod overlay;
mod picture;
mod projection;
mod web;

use carnet_proto::vcard::{
    Binary, Document, Line, NewLine, ParseError, Version, escape_text, list_card, merge, project,
};
use rlibphonenumber::Region;

use crate::domain::{
    book::Edit,
    class::{Class, Difference, Index, Merged, Split},
    error::{Error, Result},
    item::random_id,
    principal::Profile,
};

/// Marks a card as a favourite.
const FAVOURITE: &str = "X-CARNET-FAVOURITE";

/// The contact class.
#[derive(Debug, Default)]
pub struct Contact {
    pictures: picture::Cache,
    projections: projection::Projections,
    /// The country of numbers written without a country code.
    country: Option<Region>,
}

impl Contact {
    /// The class; `country` is the country, in two letters, of numbers written without a country
    /// code.
    pub fn new(country: Option<&str>) -> Self {
        Self {
            country: country.and_then(|country| country.to_uppercase().parse().ok()),
            ..Self::default()
        }
    }
}

impl Class for Contact {
    fn name(&self) -> &'static str {
        "contact"
    }

    fn new_href(&self) -> String {
        format!("{}.vcf", random_id(16))
    }

    fn picture(&self, document: &[u8]) -> usize {
        let photo = Document::parse(document).ok().and_then(|card| card.photo());
        match photo {
            Some(Binary::Inline { octets, .. }) => octets.len(),
            _ => 0,
        }
    }

    fn with_picture_stored(&self, document: &[u8], most: Option<usize>) -> Result<Vec<u8>> {
        let card = parse(document)?;
        let Some(Binary::Inline { octets, .. }) = card.photo() else {
            return Ok(document.to_vec());
        };
        let stored = picture::for_storage(&octets, most)?;
        let mut edit = card.edit();
        if let Some(at) = card.lines().iter().position(|line| line.is("PHOTO")) {
            edit.replace(at, eas::photo_line(&card, &stored));
        }
        Ok(edit.finish().as_bytes().to_vec())
    }

    fn index(&self, document: &[u8], uid: Option<&str>) -> Result<Index> {
        Ok(index::index(&parse(document)?, uid, self.country))
    }

    fn split(&self, document: &[u8]) -> Result<Split> {
        Ok(overlay::split(&parse(document)?))
    }

    fn join(&self, document: &[u8], overlay: &[u8]) -> Vec<u8> {
        overlay::join(document, overlay)
    }

    fn with_tags(&self, overlay: &[u8], before: &[String], tags: &[String]) -> Vec<u8> {
        overlay::with_tags(overlay, before, tags)
    }

    fn renewed(&self, document: &[u8], uid: &str) -> Result<Vec<u8>> {
        let card = parse(document)?.editable(uid);
        let mut edit = card.edit();
        match card.lines().iter().position(|line| line.is("UID")) {
            Some(at) => edit.set_text(at, uid),
            None => edit.add(NewLine::new("UID", &[], escape_text(uid))),
        }
        Ok(edit.finish().as_bytes().to_vec())
    }

    fn portrait(&self, profile: &Profile, uid: &str) -> Vec<u8> {
        let (given, family) = profile.name.rsplit_once(' ').unwrap_or(("", &profile.name));
        let names = format!("{};{};;;", escape_text(family), escape_text(given));
        let mut lines = vec![
            NewLine::new("UID", &[], escape_text(uid)),
            NewLine::new("N", &[], names),
            NewLine::new("FN", &[], escape_text(&profile.name)),
        ];
        if !profile.organization.is_empty() {
            let organization = escape_text(&profile.organization);
            lines.push(NewLine::new("ORG", &[], organization));
        }
        if let Some(email) = &profile.email {
            lines.push(NewLine::new("EMAIL", &["INTERNET"], escape_text(email)));
        }
        if let Some(picture) = &profile.picture {
            let kind: &[&str] = match picture.get(..4) {
                Some("/9j/") => &["JPEG"],
                Some("iVBO") => &["PNG"],
                Some("R0lG") => &["GIF"],
                Some("UklG") => &["WEBP"],
                _ => &[],
            };
            lines.push(NewLine::new("PHOTO", kind, picture).with("ENCODING", "b"));
        }
        let mut card = b"BEGIN:VCARD\r\nVERSION:3.0\r\n".to_vec();
        lines.iter().for_each(|line| line.write(&mut card));
        card.extend_from_slice(b"END:VCARD\r\n");
        card
    }

    fn list(&self, name: &str, uid: &str, members: &[String]) -> Vec<u8> {
        list_card(name, uid, members)
    }

    fn members(&self, document: &[u8]) -> Option<(String, Vec<String>)> {
        let card = parse(document).ok()?;
        let name = card.first("FN").map(Line::text).unwrap_or_default();
        Some((name, web::list::members(&card)?))
    }

    fn with_member_replaced(&self, document: &[u8], old: &str, new: &str) -> Option<Vec<u8>> {
        let (_, members) = Class::members(self, document)?;
        let replaced = web::list::Members {
            add: vec![new.to_owned()],
            remove: vec![old.to_owned()],
        };
        if web::list::has(&members, old) {
            replaced.apply(Some(document)).ok()
        } else {
            None
        }
    }

    fn differences(&self, before: &[u8], after: &[u8]) -> Vec<Difference> {
        difference::between(parse(before).ok().as_ref(), parse(after).ok().as_ref())
    }

    fn beside(&self, before: Option<(&[u8], &[u8])>, after: &[u8], by_device: bool) -> Vec<u8> {
        eas::beside(before, after, by_device)
    }

    fn merge(&self, base: &[u8], mine: &[u8], theirs: &[u8]) -> Result<Merged> {
        let cards = [parse(base)?, parse(mine)?, parse(theirs)?];
        let [.., theirs] = &cards;
        let version = theirs.version();
        // Lines compare only within one version of vCard, in the terms of that version.
        let apart = cards
            .iter()
            .any(|card| card.version() != version || card.is_mixed());
        let [base, mine, theirs] = if apart {
            let version = match version.as_str() {
                "4.0" => Version::V4,
                _ => Version::V3,
            };
            let like_theirs =
                |card: &Document| parse(&project(card, version, &card.uid().unwrap_or_default()));
            let [base, mine, theirs] = &cards;
            [like_theirs(base)?, like_theirs(mine)?, like_theirs(theirs)?]
        } else {
            cards
        };
        let merged = merge(&base, &mine, &theirs);
        Ok(Merged {
            document: merged.document.as_bytes().to_vec(),
            taken: merged.taken,
            lost: merged.lost,
        })
    }
}

fn parse(document: &[u8]) -> Result<Document> {
    Document::parse(document).map_err(|error: ParseError| {
        if error.is_too_long() {
            Error::TooLarge { limit: 10_000 }
        } else {
            Error::InvalidDocument(format!("not a vCard: {error}").into())
        }
    })
}

#[cfg(test)]
mod tests;

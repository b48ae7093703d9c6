//! Contacts over CardDAV.

use bytes::Bytes;
use carnet_proto::vcard::{
    Document, Filter, Version, matches, partial, project, retain_unseen, to_utf8,
};

use super::Contact;
use crate::dav::facet::DavFacet;

impl DavFacet for Contact {
    fn render(&self, document: Bytes, tag: &str, uid: &str, version: Version) -> Bytes {
        let key = format!("{}:{uid}:{tag}", version.as_str());
        self.projections.get(key, document, |document| {
            Document::parse(document)
                .ok()
                .map(|card| project(&card, version, uid))
        })
    }

    fn stored_version(&self, document: &[u8]) -> Version {
        match Document::parse(document) {
            Ok(card) if card.version() == "4.0" => Version::V4,
            _ => Version::V3,
        }
    }

    fn matches(&self, document: &[u8], uid: &str, filter: &Filter) -> bool {
        let Ok(card) = Document::parse(document) else {
            return false;
        };
        if card.is_clean() {
            return matches(filter, &card);
        }
        let version = match card.version().as_str() {
            "4.0" => Version::V4,
            _ => Version::V3,
        };
        Document::parse(&project(&card, version, uid)).is_ok_and(|card| matches(filter, &card))
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

    fn retain_unseen(&self, stored: &[u8], version: Version, uploaded: &[u8]) -> Vec<u8> {
        if self.stored_version(stored) == version {
            return uploaded.to_vec();
        }
        let Ok(card) = Document::parse(stored) else {
            return uploaded.to_vec();
        };
        let uid = card.uid().unwrap_or_default();
        let shown = Document::parse(&project(&card, version, &uid));
        match (shown, Document::parse(uploaded)) {
            (Ok(shown), Ok(uploaded)) => {
                retain_unseen(&card, &shown, &uploaded).as_bytes().to_vec()
            }
            _ => uploaded.to_vec(),
        }
    }
}

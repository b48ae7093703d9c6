//! Contacts over CardDAV.

use carnet_proto::vcard::{Document, Filter, Version, matches, partial, project, retain_unseen};

use super::Contact;
use crate::dav::facet::DavFacet;

impl DavFacet for Contact {
    fn render(&self, document: &[u8], uid: &str, version: Version) -> Vec<u8> {
        match Document::parse(document) {
            Ok(card) => project(&card, version, uid),
            Err(_) => document.to_vec(),
        }
    }

    fn stored_version(&self, document: &[u8]) -> Version {
        match Document::parse(document) {
            Ok(card) if card.version() == "4.0" => Version::V4,
            _ => Version::V3,
        }
    }

    fn matches(&self, document: &[u8], uid: &str, filter: &Filter) -> bool {
        let rendering = self.render(document, uid, self.stored_version(document));
        Document::parse(&rendering).is_ok_and(|card| matches(filter, &card))
    }

    fn partial(&self, rendering: &[u8], props: &[(String, bool)]) -> Vec<u8> {
        match Document::parse(rendering) {
            Ok(card) => partial(&card, props),
            Err(_) => rendering.to_vec(),
        }
    }

    fn retain_unseen(
        &self,
        stored: &[u8],
        uid: &str,
        version: Version,
        uploaded: &[u8],
    ) -> Vec<u8> {
        if self.stored_version(stored) == version {
            return uploaded.to_vec();
        }
        let shown = self.render(stored, uid, version);
        let cards = (
            Document::parse(stored),
            Document::parse(&shown),
            Document::parse(uploaded),
        );
        match cards {
            (Ok(stored), Ok(shown), Ok(uploaded)) => retain_unseen(&stored, &shown, &uploaded)
                .as_bytes()
                .to_vec(),
            _ => uploaded.to_vec(),
        }
    }
}

//! What a class tells CardDAV about its documents: pure functions, no storage.

use bytes::Bytes;
use carnet_proto::vcard::{Filter, Version};

/// CardDAV's view of a class of items.
pub trait DavFacet: Send + Sync {
    /// The document in a version; `tag` names its octets, `uid` stands in for a missing UID.
    fn render(&self, document: Bytes, tag: &str, uid: &str, version: Version) -> Bytes;

    /// The version the document is stored in, as far as clients read it.
    fn stored_version(&self, document: &[u8]) -> Version;

    /// `addressbook-query` (RFC 6352 §10.5).
    fn matches(&self, document: &[u8], uid: &str, filter: &Filter) -> bool;

    /// The properties named of a rendering (RFC 6352 §10.4).
    fn partial(&self, rendering: &[u8], props: &[(String, bool)]) -> Vec<u8>;

    /// An upload as it is stored: UTF-8, from the charset declared for it.
    fn decode(&self, uploaded: Bytes, charset: Option<&str>) -> Bytes;

    /// An upload over a document the client read in a version: what that version could not show
    /// is kept.
    fn retain_unseen(&self, stored: &[u8], version: Version, uploaded: &[u8]) -> Vec<u8>;
}

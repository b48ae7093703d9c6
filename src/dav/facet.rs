//! What a class tells CardDAV about its documents: pure functions, no storage.

use bytes::Bytes;
use carnet_proto::vcard::{Filter, Version};

/// How a client reads documents.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub version: Version,
    /// Pictures of more than [`HEAVY`] octets are made smaller, which may take long.
    pub small_photos: bool,
}

/// Octets of a picture after which some clients stop reading (`carddav.md` §11).
pub const HEAVY: usize = 1024 * 1024;

/// CardDAV's view of a class of items.
pub trait DavFacet: Send + Sync {
    /// The document as a client reads it; `tag` names its octets, `uid` stands in for a missing UID.
    fn render(&self, document: Bytes, tag: &str, uid: &str, shown: Shown) -> Bytes;

    /// The version the document is stored in, as far as clients read it.
    fn stored_version(&self, document: &[u8]) -> Version;

    /// `addressbook-query` (RFC 6352 §10.5).
    fn matches(&self, document: &[u8], uid: &str, filter: &Filter) -> bool;

    /// The properties named of a rendering (RFC 6352 §10.4).
    fn partial(&self, rendering: &[u8], props: &[(String, bool)]) -> Vec<u8>;

    /// An upload as it is stored: UTF-8, from the charset declared for it.
    fn decode(&self, uploaded: Bytes, charset: Option<&str>) -> Bytes;

    /// An upload over a document, with the picture that is stored where the client sends back the
    /// smaller one it was given. Whatever else it leaves out it has deleted: both versions show
    /// every line.
    fn with_stored_picture(&self, stored: &[u8], uploaded: &[u8]) -> Vec<u8>;
}

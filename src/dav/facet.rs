//! The interface through which CardDAV reads a class's documents: pure functions, no storage.

use bytes::Bytes;
use carnet_proto::vcard::{Filter, Version};

/// How a client is served documents.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub version: Version,
    /// Pictures of more than [`HEAVY`] octets are scaled down, which may take long.
    pub small_photos: bool,
}

/// Octets of a picture above which some clients, iOS among them, stop reading a card.
pub const HEAVY: usize = 1024 * 1024;

/// Class-specific functions of CardDAV.
pub trait DavFacet: Send + Sync {
    /// The document as served to a client; `tag` identifies its octets, `uid` is used where the
    /// document has no UID.
    fn render(&self, document: Bytes, tag: &str, uid: &str, shown: Shown) -> Bytes;

    /// The vCard version whose terms a stored document is in.
    fn stored_version(&self, document: &[u8]) -> Version;

    /// `addressbook-query` (RFC 6352 §10.5).
    fn matches(&self, document: &[u8], uid: &str, filter: &Filter) -> bool;

    /// The requested properties of a rendering (RFC 6352 §10.4).
    fn partial(&self, rendering: &[u8], props: &[(String, bool)]) -> Vec<u8>;

    /// An upload converted to UTF-8 from its declared charset.
    fn decode(&self, uploaded: Bytes, charset: Option<&str>) -> Bytes;

    /// An upload over a document of more than [`HEAVY`] octets, with the picture that is stored where
    /// the client sends back the smaller one it was given. May take long. Whatever else it leaves out it has deleted: both versions show
    /// every line.
    fn with_stored_picture(&self, stored: &[u8], uploaded: &[u8]) -> Vec<u8>;
}

//! Items and placements: an item is the content, a placement its presence in a collection.

use std::fmt;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::{
    class::LIST,
    id::{CollectionId, DeviceId, ItemId, PersonId, PlacementId, Seq, Timestamp},
};

/// The presence of an item in a collection, with what lists show of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    pub id: PlacementId,
    pub item: ItemId,
    pub collection: CollectionId,
    /// Last segment of the URL, as the client chose it, not encoded.
    pub href: String,
    /// Random; the id Exchange ActiveSync devices know.
    pub server_id: String,
    pub uid: String,
    /// Name of the item's class (`contact`).
    pub class: String,
    /// `individual`, `group`, `org`...: as the class says.
    pub kind: String,
    /// What a list shows: the formatted name.
    pub display: String,
    pub creator: PersonId,
    /// Where the item was created; none once that collection is gone.
    pub origin: Option<CollectionId>,
    pub placed_by: PersonId,
    /// The sequence when placed.
    pub born: Seq,
    /// The sequence of the last change.
    pub changed: Seq,
    /// The sequence of the removal.
    pub gone: Option<Seq>,
    /// The device that created it and knows its `server_id`.
    pub maker: Option<DeviceId>,
    /// The device whose bytes it now holds, unaltered.
    pub writer: Option<DeviceId>,
    /// Revision of the item; grows with each edit, never shown to clients.
    pub rev: i64,
    /// Lower-case hex digest of the document.
    pub digest: String,
    /// The document itself has lines that are the owner's alone in Private (CATEGORIES written in a
    /// group).
    pub mixed: bool,
    /// Size of the document in octets.
    pub size: i64,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// Lines of the document that are the owner's alone (CATEGORIES in Private), as the class wrote them.
    pub overlay: Bytes,
    /// What the class keeps of the item beside its document.
    pub beside: Bytes,
    /// When what is shown here became what it is, the owner's lines with it.
    pub shown_since: Timestamp,
}

/// A placement with the item's document.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub placement: Placement,
    /// The octets received, less the overlay.
    pub document: Bytes,
}

impl Placement {
    /// The strong entity tag (RFC 9110 §8.8.3), quoted: a digest of document, overlay and refusal
    /// mark.
    ///
    /// `mark` counts the writes of this person that were refused on this item.
    pub fn etag(&self, mark: i64) -> String {
        if self.overlay.is_empty() && mark == 0 {
            return format!("\"{}\"", &self.digest[..self.digest.len().min(32)]);
        }
        let mut hash = Sha256::new();
        hash.update(self.digest.as_bytes());
        hash.update([0]);
        hash.update(&self.overlay);
        hash.update(mark.to_be_bytes());
        format!("\"{}\"", &hex(&hash.finalize())[..32])
    }

    /// Still in the collection.
    pub fn is_live(&self) -> bool {
        self.gone.is_none()
    }

    /// Whether it is generated when it is read, and names no stored row.
    pub fn is_generated(&self) -> bool {
        self.id == PlacementId::GENERATED
    }

    /// Whether it is a list of others.
    pub fn is_list(&self) -> bool {
        self.kind == LIST
    }
}

/// A UID without `urn:uuid:` (RFC 9562 §4), which some programs put before the UIDs of others, and
/// some twice.
pub fn without_urn(uid: &str) -> &str {
    const URN: &str = "urn:uuid:";
    let mut uid = uid.trim();
    while let Some((urn, bare)) = uid.split_at_checked(URN.len()) {
        if !urn.eq_ignore_ascii_case(URN) || bare.is_empty() {
            break;
        }
        uid = bare;
    }
    uid
}

/// Lower-case hex SHA-256 of some octets.
pub fn digest(octets: &[u8]) -> String {
    hex(&Sha256::digest(octets))
}

/// [`digest`] of a text that is not held as a whole.
pub fn digest_of(text: fmt::Arguments<'_>) -> String {
    struct Hasher(Sha256);
    impl fmt::Write for Hasher {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    let mut hasher = Hasher(Sha256::new());
    // Writing fails where a value's own form does: what came before is the digest then.
    let _ = fmt::Write::write_fmt(&mut hasher, text);
    hex(&hasher.0.finalize())
}

/// Lower-case hex.
pub fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    octets
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

/// `bytes` random octets as lower-case hex: ids that a restored database never hands out twice.
pub fn random_id(bytes: usize) -> String {
    let mut octets = vec![0u8; bytes];
    rand::fill(&mut octets[..]);
    hex(&octets)
}

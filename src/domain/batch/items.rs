//! What a batch does to items, their past, tags and comments.

use super::{Content, NewPlacement};
use crate::domain::{
    id::{
        CollectionId, CommentId, DeviceId, ItemId, PersonId, PlacementId, RevisionId, Seq, TagId,
        Timestamp,
    },
    refused::Refusal,
};

/// A change of items and their placements.
#[derive(Clone, Debug)]
pub enum ItemOp {
    /// A new item and its first placement. Refused: `Exists` (href), `UidConflict`, `OverQuota`.
    CreateItem {
        class: String,
        creator: PersonId,
        content: Box<Content>,
        placement: NewPlacement,
    },
    /// Places an existing item, with its UID, in one more collection. A no-op when it is live there
    /// already.
    Place {
        item: ItemId,
        placement: NewPlacement,
        /// The collection it is shared from.
        from: Option<CollectionId>,
    },
    /// New content: sets `changed` in every live placement; the old content becomes a revision.
    Edit {
        item: ItemId,
        /// `Moved` when the item's `rev` is another.
        expected_rev: i64,
        content: Box<Content>,
        /// The placement the write came through, with its new overlay and tags if they changed: in
        /// Private they are those of the owner's other books too.
        through: PlacementId,
        /// `Moved` when `changed` of `through` is another.
        expected_changed: Seq,
        overlay: Option<(Vec<u8>, Vec<String>)>,
        /// Becomes `writer` of `through`; every other placement's is null.
        writer: Option<DeviceId>,
    },
    /// New overlay of one placement, which sets `changed` there alone; in Private also in the owner's
    /// other books that hold the item.
    SetOverlay {
        placement: PlacementId,
        expected_changed: Seq,
        overlay: Vec<u8>,
        tags: Vec<String>,
        writer: Option<DeviceId>,
    },
    /// Removes a live placement.
    Remove {
        placement: PlacementId,
        /// `Moved` when the placement's `changed` is another.
        expected_changed: Option<Seq>,
        writer: Option<DeviceId>,
    },
    /// `Moved` unless a collection shows so many items.
    Holds {
        collection: CollectionId,
        number: i64,
    },
    /// Restores a removed placement (named by its tombstone) as a new placement with its grants and
    /// comments. `NotFound` once the content was purged.
    RestorePlacement {
        placement: PlacementId,
        href: String,
        server_id: String,
        /// None: the former overlay.
        overlay: Option<Vec<u8>>,
    },
}

/// A change of refused writes and of what is kept of the past.
#[derive(Clone, Debug)]
pub enum HistoryOp {
    /// Keeps a refused write, once per person, item and identity; raises the refusal mark if it asks
    /// for it.
    Refuse(Refusal),
    /// Raises the refusal mark for a refused deletion or move, of which nothing is kept.
    MarkRefused {
        collection: CollectionId,
        item: ItemId,
    },
    /// Discards a refused change.
    DismissRefusal { revision: RevisionId },
    /// Shows a refused change to the people who may make it.
    Propose { revision: RevisionId },
    /// Ends a proposal that was accepted or declined.
    SettleProposal {
        revision: RevisionId,
        accepted: bool,
    },
    /// Nobody but its creator brings a removed item back from now on; `Moved` when it is back.
    Withhold { removal: RevisionId },
    /// Purges versions and refused writes, removed items, and tombstones that are older than these
    /// moments, some of them at once: see [`super::Committed::more`]. A tombstone lives as long as what
    /// is in the trash.
    Purge {
        versions_before: Timestamp,
        trash_before: Timestamp,
        tombstones_before: Timestamp,
    },
}

/// A change of personal tags.
#[derive(Clone, Debug)]
pub enum TagOp {
    /// Makes a tag, whose name never changes.
    AddTag {
        person: PersonId,
        name: String,
        colour: String,
    },
    /// Sets the colour of a tag, `#rrggbb`.
    ColourTag {
        tag: TagId,
        colour: String,
    },
    RemoveTag {
        tag: TagId,
    },
    /// Adds a tag to an item, or removes it.
    LinkTag {
        tag: TagId,
        item: ItemId,
        linked: bool,
    },
}

/// A change of comments.
#[derive(Clone, Debug)]
pub enum CommentOp {
    /// Adds a comment to an item in one collection.
    AddComment {
        item: ItemId,
        collection: CollectionId,
        author: PersonId,
        text: String,
    },
    /// Changes the text of a comment; none deletes it. The former text is kept.
    ChangeComment {
        comment: CommentId,
        text: Option<String>,
    },
    /// Gives a comment the text again that a revision kept.
    RestoreComment { former: RevisionId },
}

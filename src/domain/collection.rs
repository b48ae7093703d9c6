//! Books, homes and views.

use serde::{Deserialize, Serialize};

use super::{
    class::DOCUMENT,
    id::{CollectionId, GroupId, PersonId, Seq, Timestamp},
    item::digest,
    principal::GroupOptions,
};

/// The kind of a collection, and its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Place {
    /// A private book of a person.
    Private(PersonId),
    /// The book of a group.
    Group(GroupId),
    /// The members of a group, as a list that is read only.
    Members(GroupId),
    /// The list of a person's books: its members are books.
    Home(PersonId),
    /// Several books of a person shown as one, with placements of its own.
    View(PersonId),
}

/// A sequence of placements, whose changes clients follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    pub id: CollectionId,
    pub place: Place,
    /// Name of the class of its items: a book holds contacts, a folder documents.
    pub class: String,
    /// Never changes; part of sync tokens and of folder ids.
    pub uuid: String,
    /// Last segment of the URL (`contacts` for the default private book; a group's name).
    pub segment: String,
    pub display_name: String,
    pub description: String,
    /// Random; changes when history was lost, so that clients start over.
    pub epoch: String,
    /// The last sequence used.
    pub seq: Seq,
    /// Tombstones at or below this sequence are purged.
    pub floor: Seq,
    /// Order among the books of a person.
    pub position: i64,
    pub created: Timestamp,
    /// When the folder was deleted.
    pub hidden: Option<Timestamp>,
    /// Options of the group, where the place is one.
    pub options: GroupOptions,
}

impl Collection {
    /// Whether this is the default private book, which cannot be deleted.
    pub fn is_default(&self) -> bool {
        matches!(self.place, Place::Private(_)) && self.segment == DEFAULT_BOOK
    }

    /// The name it is shown under: never an empty one, which clients may give.
    pub fn shown_name(&self) -> &str {
        if self.display_name.trim().is_empty() {
            &self.segment
        } else {
            &self.display_name
        }
    }

    /// Mixes the generated lists into the epoch, since they have no sequence: when one is added,
    /// removed or renamed, the epoch changes and clients list the collection anew.
    pub(super) fn note_lists<'a>(&mut self, lists: impl Iterator<Item = (i64, &'a str)>) {
        let names: String = lists.map(|(id, name)| format!("{id} {name}\n")).collect();
        self.epoch = format!("{}-{}", self.epoch, &digest(names.as_bytes())[..8]);
    }

    /// Whether this is a folder of documents.
    pub fn is_folder(&self) -> bool {
        self.class == DOCUMENT
    }

    /// Whether this is the folder that every place has, which can be neither renamed nor deleted.
    pub fn is_default_folder(&self) -> bool {
        self.is_folder() && self.segment == DEFAULT_FOLDER
    }
}

/// Segment of the private book every account has.
pub const DEFAULT_BOOK: &str = "contacts";

/// Segment of the folder every account and every group has.
pub const DEFAULT_FOLDER: &str = "documents";

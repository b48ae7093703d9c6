//! What a batch does to books, merged books and imports.

use super::Made;
use crate::domain::id::{CollectionId, DeviceId, ImportId, ItemId, PersonId, Seq};

/// A change of private books and of properties of resources.
#[derive(Clone, Debug)]
pub enum BookOp {
    /// Adds a private book.
    AddBook {
        owner: PersonId,
        /// Its permanent identifier.
        uuid: String,
        segment: String,
        display_name: String,
        description: String,
    },
    /// Changes a private book; fields that are none stay.
    ChangeBook {
        collection: CollectionId,
        display_name: Option<String>,
        description: Option<String>,
    },
    /// Another segment: every home showing it loses the one and gains the other.
    MoveBook {
        collection: CollectionId,
        segment: String,
    },
    /// Deletes a private book: its contents go to the trash, in several commits where they are many.
    RemoveBook { collection: CollectionId },
    /// Brings back a private book that was deleted, without what was in it; `NotFound` for any other.
    RestoreBook {
        collection: CollectionId,
        owner: PersonId,
    },
    /// `Moved` unless a collection stands at a sequence.
    Unmoved { collection: CollectionId, seq: Seq },
    /// Dead and personal properties of a DAV resource, by its stable key; `value` none removes.
    SetProperty {
        /// None: shared by all who see the resource.
        person: Option<PersonId>,
        resource: String,
        namespace: String,
        name: String,
        value: Option<Vec<u8>>,
    },
}

/// A change of merged books.
#[derive(Clone, Debug)]
pub enum ViewOp {
    /// Brings a view up to date with its books, after making it if it does not exist. Its row is
    /// the view's.
    CatchUp {
        owner: PersonId,
        segment: String,
        /// Stored as the view's description.
        description: String,
        sources: Vec<CollectionId>,
    },
    /// `Moved` unless a view is up to date with its books.
    Level { view: CollectionId },
    /// Brings a view up to date with this batch's changes to its books.
    Follow {
        view: CollectionId,
        device: DeviceId,
        made: Vec<Made>,
        /// Items that now hold the device's bytes unaltered, or that the device removed.
        wrote: Vec<ItemId>,
    },
}

/// A change of imports.
#[derive(Clone, Debug)]
pub enum ImportOp {
    /// Begins an import into a book; `name` is the name of the file.
    BeginImport {
        person: PersonId,
        collection: CollectionId,
        name: String,
        /// The job that goes on after a restart until the import has ended.
        job: Option<String>,
    },
    /// Records the progress of an import, or its end.
    NoteImport {
        import: ImportId,
        progress: String,
        ended: bool,
    },
    /// Remembers a column mapping for files with the same header.
    RememberMapping {
        person: PersonId,
        fingerprint: String,
        codes: String,
    },
    /// Forgets the items of an import up to one: they are undone.
    ForgetImported { import: ImportId, upto: ItemId },
    /// Records that an import was undone.
    CloseImport { import: ImportId },
}

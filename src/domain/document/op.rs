//! What a batch does to octets in chunks, folders, and documents attached to contacts.

use crate::domain::{
    class::Blob,
    collection::Place,
    id::{BlobId, CollectionId, ItemId, PersonId, Timestamp},
};

/// An operation on documents.
#[derive(Clone, Debug)]
pub enum DocumentOp {
    /// Begins to receive octets; its row is the blob's.
    BeginBlob,
    /// Stores one chunk of a blob, counted from 0.
    WriteBlob {
        blob: BlobId,
        chunk: i64,
        data: Vec<u8>,
    },
    /// Completes a blob; octets with a known digest are not stored twice.
    SealBlob { blob: BlobId, content: Blob },
    /// Removes a blob that was not received completely.
    DropBlob { blob: BlobId },
    /// Removes blobs that were begun before a moment and never completed, and blobs nothing refers
    /// to, at most `most`: see [`Committed::more`](crate::domain::batch::Committed::more).
    CollectBlobs { begun_before: Timestamp, most: i64 },
    /// `OverQuota` unless the documents a person created fit `limit`, and their earlier versions
    /// and trash three times that.
    FitDocuments { person: PersonId, limit: i64 },
    /// Sets a person's quota of documents. None: the server's rule; 0: no limit.
    SetDocumentQuota {
        person: PersonId,
        quota: Option<i64>,
    },
    /// Adds a folder to Private or to a group. `Exists` for a name that differs in case alone.
    AddFolder {
        place: Place,
        segment: String,
        display_name: String,
    },
    /// Renames a folder.
    RenameFolder {
        folder: CollectionId,
        display_name: String,
    },
    /// Deletes a folder: its documents go to the trash, and it is hidden.
    HideFolder { folder: CollectionId },
    /// Shows a deleted folder again, without its former contents.
    ShowFolder { folder: CollectionId },
    /// Removes a folder that never held anything; any other stays.
    DropFolder { folder: CollectionId },
    /// Links a document to a contact, or breaks the link.
    Link {
        contact: ItemId,
        document: ItemId,
        link: Link,
    },
}

/// What becomes of the link of a document to a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Attach,
    Detach,
}

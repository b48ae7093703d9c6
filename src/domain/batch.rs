//! A commit as plain data: operations with their preconditions, checked inside the transaction.

mod books;
mod clients;
mod items;
mod people;

pub use self::{
    books::{BookOp, ImportOp, ViewOp},
    clients::{DavOp, DeviceOp, SyncOp},
    items::{CommentOp, HistoryOp, ItemOp, TagOp},
    people::{GrantOp, GroupOp, PersonChange, PersonOp},
};

use super::{
    actor::Actor,
    class::Index,
    credential::{CredentialOp, SecondFactorOp},
    document::DocumentOp,
    error::{Error, Result},
    id::{CollectionId, DeviceId, ImportId, ItemId, NoticeId, PersonId, Seq, Timestamp},
    office::store::OfficeOp,
    outbox::OutboxOp,
    verification::VerificationOp,
};

/// Operations applied together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The author; none for the program itself.
    pub person: Option<PersonId>,
    /// The client it was made through, as history shows it.
    pub client: String,
    pub at: Timestamp,
    /// The rights revision the decision was based on; the commit fails if it has changed.
    pub rights_revision: Option<i64>,
    /// May be lost by a power cut (never by a killed process): only for state without client commands.
    pub unflushed: bool,
    /// The import that the created and edited items belong to, with which they can be undone.
    pub import: Option<ImportId>,
    pub ops: Vec<Op>,
}

impl Batch {
    /// What the program itself does now, under a name for history; empty: nobody reads of it.
    pub fn of_program(client: &str, ops: Vec<Op>) -> Self {
        Self {
            client: client.to_owned(),
            at: Timestamp::now(),
            ops,
            ..Self::default()
        }
    }

    /// What a person does now, whatever becomes of their rights before the commit.
    pub fn by(actor: &Actor, ops: Vec<Op>) -> Self {
        Self::of_program(&actor.client.label, ops).for_person(actor.person)
    }

    /// On behalf of a person.
    pub fn for_person(mut self, person: PersonId) -> Self {
        self.person = Some(person);
        self
    }

    /// At another time than now.
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// Decided on the rights that an actor was read with: the commit fails if rights have changed.
    pub fn decided(mut self, actor: &Actor) -> Self {
        self.rights_revision = Some(actor.rights_revision);
        self
    }

    /// May be lost by a power cut, see [`Batch::unflushed`].
    pub fn may_be_lost(mut self) -> Self {
        self.unflushed = true;
        self
    }

    /// Part of an import, see [`Batch::import`].
    pub fn of_import(mut self, import: ImportId) -> Self {
        self.import = Some(import);
        self
    }
}

/// The content of an item as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub document: Vec<u8>,
    /// [`super::item::digest`] of the document.
    pub digest: String,
    pub index: Index,
    /// [`super::class::Class::beside`]
    pub beside: Vec<u8>,
}

/// The new placement of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPlacement {
    pub collection: CollectionId,
    pub href: String,
    pub server_id: String,
    /// The device that made it: becomes `maker` and `writer`.
    pub device: Option<DeviceId>,
    /// The stored bytes differ from those the device sent: `writer` stays null.
    pub altered: bool,
    pub overlay: Vec<u8>,
    /// The owner's tags to link (Private only).
    pub tags: Vec<String>,
}

/// An item that a device created in a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Server id in the book that holds it; `in_view` is the one the device knows.
    pub in_book: String,
    pub in_view: String,
    /// The stored bytes differ from those the device sent.
    pub altered: bool,
}

/// One operation.
#[derive(Clone, Debug)]
pub enum Op {
    /// A change of items and their placements.
    Item(ItemOp),
    /// A change of refused writes and of what is kept of the past.
    History(HistoryOp),
    /// A change of accounts.
    Person(PersonOp),
    /// A change of groups and their members.
    Group(GroupOp),
    /// A change of the rights given in a group.
    Grant(GrantOp),
    /// A change of private books and of properties of resources.
    Book(BookOp),
    /// A change of merged books.
    View(ViewOp),
    /// What a CardDAV client has, and whom to push to.
    Dav(DavOp),
    /// What a device has.
    Sync(SyncOp),
    /// A change of imports.
    Import(ImportOp),
    /// A change of personal tags.
    Tag(TagOp),
    /// A change of comments.
    Comment(CommentOp),
    /// A change of devices and other clients, and of their journals.
    Device(DeviceOp),
    /// Settles a notice, so that it is not shown any more.
    SettleNotice { notice: NoticeId },
    /// Adds a line to the audit trail.
    Audit { what: String },
    /// A change that only the administration makes.
    Office(OfficeOp),
    /// App passwords and sessions.
    Credential(CredentialOp),
    /// A change of second factors.
    SecondFactor(SecondFactorOp),
    /// Stores the last search of a person; none removes it.
    SetLastSearch {
        person: PersonId,
        request: Option<String>,
    },
    /// Records that two items are different people to this person; the smaller id comes first.
    TellApart {
        person: PersonId,
        first: ItemId,
        second: ItemId,
    },
    /// Comments of an item in a collection, documents attached to it and, in a group, everybody's
    /// tags are another item's too.
    Inherit {
        from: ItemId,
        into: ItemId,
        collection: CollectionId,
    },
    /// Takes back what an item has of comments and documents by [`Op::Inherit`] alone. Tags stay.
    Disinherit {
        from: ItemId,
        into: ItemId,
        collection: CollectionId,
    },
    /// A change of the outgoing queue, or of links for forgotten passwords.
    Outbox(OutboxOp),
    /// A change of blobs, folders and attachments.
    Document(DocumentOp),
    /// A change of verifications.
    Verification(VerificationOp),
}

impl Op {
    /// Whether the operation only records a client's state or a refusal and changes no content. A
    /// read-only credential may commit such operations.
    pub fn is_note(&self) -> bool {
        matches!(
            self,
            Op::Sync(_)
                | Op::View(_)
                | Op::Dav(_)
                | Op::Device(DeviceOp::TouchDevice { .. } | DeviceOp::AdmitDevice { .. })
                | Op::History(HistoryOp::Refuse(_) | HistoryOp::MarkRefused { .. })
                | Op::SetLastSearch { .. }
                | Op::Audit { .. }
        )
    }
}

/// A collection whose properties changed, for everybody or for one person.
pub type Described = (CollectionId, Option<PersonId>);

/// What a commit did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Committed {
    /// The newest sequence of every collection that moved.
    pub collections: Vec<(CollectionId, Seq)>,
    /// Collections whose properties changed.
    pub described: Vec<Described>,
    /// People whose rights or credentials changed (joined, left, disabled, password changed, device
    /// blocked).
    pub people: Vec<PersonId>,
    /// One for each operation, in order: the row it made or changed, 0 where there is none.
    pub rows: Vec<i64>,
    /// What was asked for is too much for one commit, and some of it is done: the same batch goes on
    /// with it.
    pub more: bool,
    /// CardDAV clients were forgotten to make room for the one that was served.
    pub clients_forgotten: bool,
}

impl Committed {
    /// The row that the first operation made.
    pub fn row<T: From<i64>>(&self) -> Result<T> {
        match self.rows.first() {
            Some(&row) if row != 0 => Ok(row.into()),
            _ => Err(Error::Unavailable("a commit made no row".into())),
        }
    }
}

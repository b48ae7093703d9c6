//! A commit as plain data: operations with their preconditions, checked inside the transaction.

use super::{
    class::{Blob, Index},
    collection::Place,
    credential::CredentialOp,
    device::DeviceAccess,
    id::{
        BlobId, CollectionId, CommentId, DeviceId, GroupId, ImportId, ItemId, NoticeId, PersonId,
        PlacementId, RevisionId, Seq, TagId, Timestamp,
    },
    journal::Exchange,
    office::store::OfficeOp,
    outbox::OutboxOp,
    principal::{GroupOptions, Role},
    rights::GroupRight,
    store::PushSubscription,
    verification::VerificationOp,
};

/// Operations applied together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Who did it; none for the program itself.
    pub person: Option<PersonId>,
    /// Through which client, as history shows it.
    pub client: String,
    pub at: Timestamp,
    /// The rights revision the decision was taken on; the commit refuses when it moved.
    pub rights_revision: Option<i64>,
    /// May be lost by a power cut (never by a killed process): only for state without client commands.
    pub unflushed: bool,
    /// What is created and edited belongs to this import and can be undone with it.
    pub import: Option<ImportId>,
    pub ops: Vec<Op>,
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

/// Where an item is to appear.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPlacement {
    pub collection: CollectionId,
    pub href: String,
    pub server_id: String,
    /// The device that made it: becomes `maker` and `writer`.
    pub device: Option<DeviceId>,
    /// The stored bytes are not the device's: `writer` stays null.
    pub altered: bool,
    pub overlay: Vec<u8>,
    /// The owner's tags to link (Private only).
    pub tags: Vec<String>,
}

/// An item a device made in a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Its server id in the book it lies in, and the one the device knows.
    pub in_book: String,
    pub in_view: String,
    /// The stored bytes are not the device's.
    pub altered: bool,
}

/// One operation.
#[derive(Clone, Debug)]
pub enum Op {
    /// A new item and its first placement. Refused: `Exists` (href), `UidConflict`, `OverQuota`.
    CreateItem {
        class: String,
        creator: PersonId,
        content: Content,
        placement: NewPlacement,
    },
    /// An existing item in one more collection (its own uid). A no-op when it is live there already.
    Place {
        item: ItemId,
        placement: NewPlacement,
        /// The collection it is shared from.
        from: Option<CollectionId>,
    },
    /// New content: bumps `changed` in every live placement; the old content becomes a revision.
    Edit {
        item: ItemId,
        /// `PreconditionFailed` when the item's `rev` is another.
        expected_rev: i64,
        content: Content,
        /// The placement the write came through, and its new overlay and tags when they changed.
        through: PlacementId,
        overlay: Option<(Vec<u8>, Vec<String>)>,
        /// Becomes `writer` of `through`; every other placement's is null.
        writer: Option<DeviceId>,
    },
    /// New overlay of one placement only: bumps that placement alone.
    SetOverlay {
        placement: PlacementId,
        expected_changed: Seq,
        overlay: Vec<u8>,
        tags: Vec<String>,
        writer: Option<DeviceId>,
    },
    /// Takes a live placement away.
    Remove {
        placement: PlacementId,
        /// `PreconditionFailed` when the placement's `changed` is another.
        expected_changed: Option<Seq>,
        writer: Option<DeviceId>,
    },
    /// Takes everything away; `PreconditionFailed` unless there are as many items as expected.
    Empty {
        collection: CollectionId,
        expected: i64,
    },
    /// A removed placement (by its tombstone) comes back as a new placement with its grants and
    /// comments. Refused: `NotFound` once the content was purged.
    RestorePlacement {
        placement: PlacementId,
        href: String,
        server_id: String,
        /// None: as it was.
        overlay: Option<Vec<u8>>,
    },
    /// The device does not know these placements after all: `maker` and its own `writer` become null.
    Disown {
        collection: CollectionId,
        device: DeviceId,
        server_ids: Vec<String>,
    },
    /// The device knows this placement after all: it becomes `maker`, and `writer` of what the
    /// placement shows where it knows it as it is.
    Own {
        collection: CollectionId,
        device: DeviceId,
        server_id: String,
        as_it_is: bool,
    },
    /// A valid write that was refused, kept once per (person, item, digest); raises the refusal mark.
    Refuse {
        item: Option<ItemId>,
        collection: Option<CollectionId>,
        document: Vec<u8>,
        /// In words, for the person.
        reason: String,
        /// What makes two refusals the same; none: the document.
        identity: Option<String>,
        /// The entity tag changes for this person, so that clients fetch the card anew.
        mark: bool,
        /// The person is told by a notice: the client may not say it.
        notice: bool,
    },
    /// The same for a refused write that says nothing worth keeping: a deletion, a move.
    MarkRefused {
        collection: CollectionId,
        item: ItemId,
    },
    DismissRefusal {
        revision: RevisionId,
    },
    /// A refused change of the author is shown to those who may make it.
    Propose {
        revision: RevisionId,
    },
    /// A proposal was accepted or declined.
    SettleProposal {
        revision: RevisionId,
    },
    /// Ends what was kept long enough: versions and refused writes, the trash, tombstones.
    Purge {
        versions_before: Timestamp,
        trash_before: Timestamp,
        tombstones_before: Timestamp,
    },
    SettleNotice {
        notice: NoticeId,
    },

    /// The sync record of a device and a collection. `PreconditionFailed` unless the key stored is `expected`.
    SetSync {
        device: DeviceId,
        collection: CollectionId,
        expected: Option<String>,
        key: String,
        record: Vec<u8>,
    },
    ForgetSync {
        device: DeviceId,
        collection: Option<CollectionId>,
    },
    /// A named value a face keeps for a device (cached requests, folders sent, policy).
    SetDeviceValue {
        device: DeviceId,
        name: String,
        value: Option<Vec<u8>>,
    },
    /// A line of the audit trail.
    Audit {
        what: String,
    },
    /// Makes the view of a person there is under a segment, brings it level with its books, and
    /// gives its row number.
    CatchUp {
        owner: PersonId,
        segment: String,
        /// Kept as the view's description.
        description: String,
        sources: Vec<CollectionId>,
    },
    /// `PreconditionFailed` unless a view is level with its books.
    Level {
        view: CollectionId,
    },
    /// Brings a view level with what this batch did to its books.
    Follow {
        view: CollectionId,
        device: DeviceId,
        made: Vec<Made>,
        /// What now holds the device's bytes, unaltered, or is gone by its will.
        wrote: Vec<ItemId>,
    },
    /// Inserts or refreshes a device; `info` are `(name, value)` pairs merged over the former.
    TouchDevice {
        person: PersonId,
        device_id: String,
        device_type: String,
        user_agent: String,
        version: String,
        info: Vec<(String, String)>,
    },
    /// A device at its first contact; one that is known already stays as it is.
    AdmitDevice {
        person: PersonId,
        device_id: String,
        device_type: String,
        user_agent: String,
        version: String,
        info: Vec<(String, String)>,
        access: DeviceAccess,
    },
    /// Which books a device is shown, and how; its waits end.
    ShowBooks {
        device: DeviceId,
        shown: super::view::Shown,
    },
    SetDeviceAccess {
        device: DeviceId,
        access: DeviceAccess,
    },
    ForgetDevice {
        device: DeviceId,
    },
    /// What only the administration changes.
    Office(OfficeOp),
    /// What its owner calls it; empty: nothing.
    NameDevice {
        device: DeviceId,
        name: String,
    },
    /// What a client did, behind what is known of it; the oldest goes.
    NoteClient {
        person: PersonId,
        label: String,
        seen: Timestamp,
        exchanges: Vec<Exchange>,
    },
    NameClient {
        person: PersonId,
        label: String,
        name: String,
    },
    ForgetClient {
        person: PersonId,
        label: String,
    },

    AddPerson {
        login: String,
        email: Option<String>,
        name: String,
        admin: bool,
        password_hash: String,
    },
    /// Fields that are none stay.
    ChangePerson {
        person: PersonId,
        email: Option<Option<String>>,
        name: Option<String>,
        admin: Option<bool>,
        password_hash: Option<String>,
        disabled: Option<bool>,
        quota: Option<Option<i64>>,
        settings: Option<String>,
    },
    RemovePerson {
        person: PersonId,
    },
    /// What lists of members show of a person besides name and address; what is none stays.
    DescribePerson {
        person: PersonId,
        organization: Option<String>,
        /// A picture's octets; empty: no picture.
        picture: Option<Vec<u8>>,
    },
    /// Whether the person's home shows the lists of members of their groups.
    ShowMembers {
        person: PersonId,
        shown: bool,
    },
    /// A group, its book and its administrator. The administrator of a deleted group of that name
    /// gets its book back, with the trash. Refused: `Exists`, whatever the case.
    AddGroup {
        name: String,
        display_name: String,
        admin: PersonId,
    },
    ChangeGroup {
        group: GroupId,
        display_name: Option<String>,
        options: Option<GroupOptions>,
    },
    RemoveGroup {
        group: GroupId,
    },
    /// Adds a member or changes the role. Naming an admin makes the former one co-admin.
    SetMember {
        group: GroupId,
        person: PersonId,
        role: Role,
    },
    /// Takes a member out; grants to that person through the group go too. The group keeps copies
    /// of the private contacts they shared, unless these are taken back.
    RemoveMember {
        group: GroupId,
        person: PersonId,
        take_back: bool,
    },
    /// `token` is the digest of what is sent.
    Invite {
        group: GroupId,
        token: String,
        email: String,
        expires: Timestamp,
    },
    /// Refused: `NotFound` when the invitation is used up or too old.
    AcceptInvitation {
        token: String,
        person: PersonId,
    },
    /// `person` none: everyone in the group.
    GrantGroup {
        group: GroupId,
        person: Option<PersonId>,
        right: GroupRight,
    },
    GrantItem {
        item: ItemId,
        collection: CollectionId,
        person: Option<PersonId>,
        modify: bool,
    },
    /// A further private book.
    AddBook {
        owner: PersonId,
        segment: String,
        display_name: String,
        description: String,
    },
    ChangeBook {
        collection: CollectionId,
        display_name: Option<String>,
        description: Option<String>,
    },
    RemoveBook {
        collection: CollectionId,
    },
    /// `PreconditionFailed` unless a collection stands at a sequence.
    Unmoved {
        collection: CollectionId,
        seq: Seq,
    },
    /// Another segment: every home showing it loses the one and gains the other.
    MoveBook {
        collection: CollectionId,
        segment: String,
    },
    /// Dead and personal properties of a DAV resource, by its stable key; `value` none removes.
    SetProperty {
        /// None: shared by all who see the resource.
        person: Option<PersonId>,
        resource: String,
        namespace: String,
        name: String,
        value: Option<Vec<u8>>,
    },
    /// What the batch's client was served of a book: all up to a sequence, or single placements in
    /// a later version.
    NoteServed {
        collection: CollectionId,
        upto: Option<Seq>,
        cards: Vec<(PlacementId, Seq)>,
    },
    /// The batch's client holds what it just wrote under an href, if it follows the book.
    NoteWritten {
        collection: CollectionId,
        href: String,
    },
    /// Adds a push subscription; the same resource on the same collection is updated and keeps its id.
    Subscribe(PushSubscription),
    Unsubscribe {
        id: String,
    },

    AddTag {
        person: PersonId,
        name: String,
        colour: String,
    },
    ColourTag {
        tag: TagId,
        colour: String,
    },
    RemoveTag {
        tag: TagId,
    },
    LinkTag {
        tag: TagId,
        item: ItemId,
        linked: bool,
    },
    AddComment {
        item: ItemId,
        collection: CollectionId,
        author: PersonId,
        text: String,
    },
    ChangeComment {
        comment: CommentId,
        text: Option<String>,
    },

    /// App passwords and sessions.
    Credential(CredentialOp),

    /// The search shown again on demand; none forgets it.
    SetLastSearch {
        person: PersonId,
        request: Option<String>,
    },
    /// An import into a book; `name` is the file's.
    BeginImport {
        person: PersonId,
        collection: CollectionId,
        name: String,
        /// What goes on by itself until it is ended.
        job: Option<String>,
    },
    /// How far an import came, and whether that is its end.
    NoteImport {
        import: ImportId,
        progress: String,
        ended: bool,
    },
    /// Which column goes where in files of one shape.
    RememberMapping {
        person: PersonId,
        fingerprint: String,
        codes: String,
    },
    /// Two items are not the same to a person; the smaller number first.
    TellApart {
        person: PersonId,
        first: ItemId,
        second: ItemId,
    },
    /// The import was undone.
    CloseImport {
        import: ImportId,
    },

    /// Outgoing messages, and links for forgotten passwords.
    Outbox(OutboxOp),

    /// Octets begin to arrive; gives their row number.
    BeginBlob,
    /// One chunk of them, counted from 0.
    WriteBlob {
        blob: BlobId,
        chunk: i64,
        data: Vec<u8>,
    },
    /// All octets are there; what is known by that digest already is not kept twice.
    SealBlob {
        blob: BlobId,
        content: Blob,
    },
    /// Octets that did not arrive whole.
    DropBlob {
        blob: BlobId,
    },
    /// Whatever has been arriving since before a moment, and what nothing refers to any more, up
    /// to so many; gives how many went.
    CollectBlobs {
        begun_before: Timestamp,
        most: i64,
    },
    /// `OverQuota` unless the documents a person created fit, and their earlier versions and trash
    /// three times that.
    FitDocuments {
        person: PersonId,
        limit: i64,
    },
    /// None: the server's rule; 0: no limit.
    SetDocumentQuota {
        person: PersonId,
        quota: Option<i64>,
    },
    /// A folder of Private or of a group. Refused: `Exists`, whatever the case of its name.
    AddFolder {
        place: Place,
        segment: String,
        display_name: String,
    },
    RenameFolder {
        folder: CollectionId,
        display_name: String,
    },
    /// Its documents go to the trash, it is not shown any more.
    HideFolder {
        folder: CollectionId,
    },
    /// A deleted folder is shown again, without what was in it.
    ShowFolder {
        folder: CollectionId,
    },
    /// Links a document to a contact, or breaks the link.
    Attach {
        contact: ItemId,
        document: ItemId,
        attached: bool,
    },
    /// Contacts that are asked to check their data.
    Verification(VerificationOp),
}

impl Op {
    /// Notes where a client stands or what it was refused, and changes nothing of a person's: even
    /// a credential that only reads makes such notes.
    pub fn is_note(&self) -> bool {
        matches!(
            self,
            Op::SetSync { .. }
                | Op::ForgetSync { .. }
                | Op::SetDeviceValue { .. }
                | Op::TouchDevice { .. }
                | Op::AdmitDevice { .. }
                | Op::Own { .. }
                | Op::Disown { .. }
                | Op::CatchUp { .. }
                | Op::Level { .. }
                | Op::Follow { .. }
                | Op::NoteServed { .. }
                | Op::NoteWritten { .. }
                | Op::Subscribe(_)
                | Op::Unsubscribe { .. }
                | Op::Refuse { .. }
                | Op::MarkRefused { .. }
                | Op::SetLastSearch { .. }
                | Op::Audit { .. }
        )
    }
}

/// A property of a collection changed, for everybody or for one person.
pub type Described = (CollectionId, Option<PersonId>);

/// What a commit did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Committed {
    /// The newest sequence of every collection that moved.
    pub collections: Vec<(CollectionId, Seq)>,
    /// Collections a property of which changed.
    pub described: Vec<Described>,
    /// People whose standing changed (joined, left, disabled, password changed, device blocked).
    pub people: Vec<PersonId>,
    /// The row made or changed by each operation, in order; 0 where there is none.
    pub rows: Vec<i64>,
}

//! A commit as plain data: operations with their preconditions, checked inside the transaction.

use super::{
    class::Index,
    credential::CredentialOp,
    device::DeviceAccess,
    document::DocumentOp,
    id::{
        CollectionId, CommentId, DeviceId, GroupId, ImportId, ItemId, NoticeId, PersonId,
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
    /// A new item and its first placement. Refused: `Exists` (href), `UidConflict`, `OverQuota`.
    CreateItem {
        class: String,
        creator: PersonId,
        content: Content,
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
        /// `PreconditionFailed` when the item's `rev` is another.
        expected_rev: i64,
        content: Content,
        /// The placement the write came through, with its new overlay and tags if they changed.
        through: PlacementId,
        overlay: Option<(Vec<u8>, Vec<String>)>,
        /// Becomes `writer` of `through`; every other placement's is null.
        writer: Option<DeviceId>,
    },
    /// New overlay of one placement, which sets `changed` there alone.
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
        /// `PreconditionFailed` when the placement's `changed` is another.
        expected_changed: Option<Seq>,
        writer: Option<DeviceId>,
    },
    /// Removes all placements of a collection; `PreconditionFailed` unless there are as many as
    /// expected.
    Empty {
        collection: CollectionId,
        expected: i64,
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
    /// The device turns out not to know these placements: `maker`, and `writer` if it is this
    /// device, become null.
    Disown {
        collection: CollectionId,
        device: DeviceId,
        server_ids: Vec<String>,
    },
    /// The device turns out to know this placement: it becomes `maker` and, if the device has the
    /// present content (`as_it_is`), also `writer`.
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
        /// The reason in words, for the person.
        reason: String,
        /// Identifies repeated refusals as one; none: the digest of the document does.
        identity: Option<String>,
        /// Raises the refusal mark, which changes the entity tag for this person, so that clients
        /// fetch the card again.
        mark: bool,
        /// Informs the person by a notice, for clients that do not show refusals.
        notice: bool,
    },
    /// Raises the refusal mark for a refused deletion or move, of which nothing is kept.
    MarkRefused {
        collection: CollectionId,
        item: ItemId,
    },
    /// Discards a refused change.
    DismissRefusal {
        revision: RevisionId,
    },
    /// Shows a refused change to the people who may make it.
    Propose {
        revision: RevisionId,
    },
    /// Ends a proposal that was accepted or declined.
    SettleProposal {
        revision: RevisionId,
        accepted: bool,
    },
    /// Purges versions and refused writes, removed items, and tombstones that are older than these
    /// moments.
    Purge {
        versions_before: Timestamp,
        trash_before: Timestamp,
        tombstones_before: Timestamp,
    },
    /// Settles a notice, so that it is not shown any more.
    SettleNotice {
        notice: NoticeId,
    },

    /// Stores the sync record of a device and a collection. `PreconditionFailed` unless the stored
    /// key is `expected`.
    SetSync {
        device: DeviceId,
        collection: CollectionId,
        expected: Option<String>,
        key: String,
        record: Vec<u8>,
    },
    /// Deletes the sync record of a device in one collection, or in all.
    ForgetSync {
        device: DeviceId,
        collection: Option<CollectionId>,
    },
    /// Stores a named value of a face for a device (cached requests, folders sent, policy); none
    /// removes it.
    SetDeviceValue {
        device: DeviceId,
        name: String,
        value: Option<Vec<u8>>,
    },
    /// Adds a line to the audit trail.
    Audit {
        what: String,
    },
    /// Brings a view up to date with its books, after making it if it does not exist. Its row is
    /// the view's.
    CatchUp {
        owner: PersonId,
        segment: String,
        /// Stored as the view's description.
        description: String,
        sources: Vec<CollectionId>,
    },
    /// `PreconditionFailed` unless a view is up to date with its books.
    Level {
        view: CollectionId,
    },
    /// Brings a view up to date with this batch's changes to its books.
    Follow {
        view: CollectionId,
        device: DeviceId,
        made: Vec<Made>,
        /// Items that now hold the device's bytes unaltered, or that the device removed.
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
    /// Records a device at its first contact; a known device stays as it is.
    AdmitDevice {
        person: PersonId,
        device_id: String,
        device_type: String,
        user_agent: String,
        version: String,
        info: Vec<(String, String)>,
        access: DeviceAccess,
    },
    /// Chooses the books a device is shown, and how; ends its held requests.
    ShowBooks {
        device: DeviceId,
        shown: super::view::Shown,
    },
    /// Sets whether a device may synchronize.
    SetDeviceAccess {
        device: DeviceId,
        access: DeviceAccess,
    },
    /// Deletes a device with its sync state.
    ForgetDevice {
        device: DeviceId,
    },
    /// A change that only the administration makes.
    Office(OfficeOp),
    /// The owner's name for a device; empty: none.
    NameDevice {
        device: DeviceId,
        name: String,
    },
    /// Appends exchanges of a client to its journal, from which the oldest are dropped.
    NoteClient {
        person: PersonId,
        label: String,
        seen: Timestamp,
        exchanges: Vec<Exchange>,
    },
    /// The owner's name for a client; empty: none.
    NameClient {
        person: PersonId,
        label: String,
        name: String,
    },
    /// Deletes a client with its journal.
    ForgetClient {
        person: PersonId,
        label: String,
    },

    /// Adds an account with its default book and home.
    AddPerson {
        login: String,
        email: Option<String>,
        name: String,
        admin: bool,
        password_hash: String,
    },
    /// Changes an account; fields that are none stay.
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
    /// Deletes an account. `Invalid` while it is the admin of a group.
    RemovePerson {
        person: PersonId,
    },
    /// Changes what lists of members show of a person besides name and address; fields that are
    /// none stay.
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
    /// Changes a group; fields that are none stay.
    ChangeGroup {
        group: GroupId,
        display_name: Option<String>,
        options: Option<GroupOptions>,
    },
    /// Deletes a group: its contents go to the trash.
    RemoveGroup {
        group: GroupId,
    },
    /// Adds a member or changes the role. Naming an admin makes the former admin a co-admin.
    SetMember {
        group: GroupId,
        person: PersonId,
        role: Role,
    },
    /// Ends a membership and the grants to that person through the group. The group keeps copies of
    /// the private contacts they shared, unless `take_back`.
    RemoveMember {
        group: GroupId,
        person: PersonId,
        take_back: bool,
    },
    /// Adds an invitation; `token` is the digest of the secret in its link.
    Invite {
        group: GroupId,
        token: String,
        email: String,
        expires: Timestamp,
    },
    /// Ends an invitation into a group. `NotFound` for none of it.
    WithdrawInvitation {
        group: GroupId,
        token: String,
    },
    /// Joins by an invitation. `NotFound` when it was used or has expired, `Invalid` when who invited
    /// runs the group no more.
    AcceptInvitation {
        token: String,
        person: PersonId,
    },
    /// Grants a right on a group; `person` none: to everyone in it.
    GrantGroup {
        group: GroupId,
        person: Option<PersonId>,
        right: GroupRight,
    },
    /// Grants or revokes *Modify* on an item through a group's collection; `person` none: everyone.
    GrantItem {
        item: ItemId,
        collection: CollectionId,
        person: Option<PersonId>,
        modify: bool,
    },
    /// Adds a private book.
    AddBook {
        owner: PersonId,
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
    /// Deletes a private book: its contents go to the trash.
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
    /// Records what the batch's client was served of a book: everything up to a sequence, or single
    /// placements in a later version.
    NoteServed {
        collection: CollectionId,
        upto: Option<Seq>,
        cards: Vec<(PlacementId, Seq)>,
    },
    /// Records that the batch's client holds its own write under an href, if it follows the book.
    NoteWritten {
        collection: CollectionId,
        href: String,
    },
    /// Adds a push subscription; one for the same resource and collection is updated and keeps its
    /// id.
    Subscribe(PushSubscription),
    /// Ends a push subscription.
    Unsubscribe {
        id: String,
    },

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
    RestoreComment {
        former: RevisionId,
    },

    /// App passwords and sessions.
    Credential(CredentialOp),

    /// Stores the last search of a person; none removes it.
    SetLastSearch {
        person: PersonId,
        request: Option<String>,
    },
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
    /// Records that two items are different people to this person; the smaller id comes first.
    TellApart {
        person: PersonId,
        first: ItemId,
        second: ItemId,
    },
    /// Comments of an item in a collection, and documents attached to it, are another item's too.
    Inherit {
        from: ItemId,
        into: ItemId,
        collection: CollectionId,
    },
    /// Records that an import was undone.
    CloseImport {
        import: ImportId,
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
    /// The row that each operation made or changed, in order; 0 where there is none.
    pub rows: Vec<i64>,
}

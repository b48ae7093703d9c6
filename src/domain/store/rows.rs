//! The rows that reads of a [`super::Store`] return, and the queries that ask for them.

use serde::{Deserialize, Serialize};

use crate::domain::{
    collection::Place,
    device::DeviceAccess,
    id::{
        AppPasswordId, CollectionId, CommentId, DeviceId, GroupId, ImportId, ItemId, NoticeId,
        PersonId, PlacementId, RevisionId, Seq, TagId, Timestamp,
    },
    item::Placement,
    journal::Exchange,
    verification::Answer,
};

/// An index of a collection's placements. Reading a range costs in proportion to the rows returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Tombstones by `gone`.
    Gone,
    /// Live placements by `born`.
    Born,
    /// Live placements by `changed`.
    Changed,
    /// Live and removed placements by their last change or removal.
    Moved,
}

/// A part of an index: at most `limit` rows whose sequence is after `after` and not after `upto`.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub after: Seq,
    pub upto: Seq,
    pub limit: usize,
}

/// The parts that a page reads of each placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Placements without documents: `document` is empty.
    Heads,
    /// Placements with documents, as many as fit the memory of one page, and at least one.
    Documents,
}

/// What a CardDAV client was served of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServedUpto {
    /// The whole book up to this sequence.
    pub book: Seq,
    /// The sequence of its version of one placement, if it was served that one alone later.
    pub placement: Option<Seq>,
}

/// A property a client stored on a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredProperty {
    pub resource: String,
    pub namespace: String,
    pub name: String,
    pub value: Vec<u8>,
}

/// A client's subscription to the changes of a collection (WebDAV-Push).
#[derive(Clone, Debug, PartialEq)]
pub struct PushSubscription {
    /// Random; names the registration.
    pub id: String,
    pub person: PersonId,
    pub collection: CollectionId,
    /// Where messages are posted.
    pub resource: String,
    /// The subscriber's P-256 key, uncompressed.
    pub public_key: Vec<u8>,
    pub auth_secret: Vec<u8>,
    pub expires: Timestamp,
    /// Wants messages about changes of the members (`content-update`).
    pub content: bool,
    /// Wants messages about changes of the collection's properties (`property-update`).
    pub properties: bool,
    /// The app password it was made with, which it ends with; none: the account's own password.
    pub app_password: Option<AppPasswordId>,
}

/// A page of a name-sorted list.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Family name first.
    pub last_first: bool,
    /// Every word must begin a word of some indexed text.
    pub words: Vec<String>,
    /// Words are looked for in names, organizations, addresses and numbers alone, and lists of
    /// people are left out.
    pub reach: bool,
    /// Only items that the same words do not find in these collections.
    pub beyond: Vec<CollectionId>,
    /// Only items the person tagged so.
    pub tag: Option<TagId>,
    /// Only favourites.
    pub favourite: bool,
    /// Only items of a kind: `group` for lists.
    pub kind: Option<String>,
    pub sort: Sort,
    pub offset: i64,
    pub limit: i64,
}

/// The sort key of a list; equal keys are sorted by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    Organization,
    /// The last changed comes first.
    Modified,
    /// What kind of item it is.
    Kind,
    /// The largest document comes first.
    Octets,
    #[default]
    #[serde(other)]
    Name,
}

/// Numbers of live items that the side of a list shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    pub favourites: i64,
    /// Items of the kind `group`.
    pub lists: i64,
    /// First letters of the sort key, sorted, each with the number of items that begin with it.
    pub letters: Vec<(String, i64)>,
}

/// A page of a list, with the number of all that match.
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    pub total: i64,
    pub rows: Vec<ListRow>,
}

/// What lists mark an item with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Somebody commented on it: a list marks comments of its place, results those the person reads.
    pub commented: bool,
    /// Documents are attached to it.
    pub attached: bool,
}

/// One line of a list.
#[derive(Clone, Debug)]
pub struct ListRow {
    pub placement: Placement,
    /// First character of the name's sort key, folded.
    pub letter: String,
    pub marks: Marks,
    /// Names of the person's tags on it.
    pub tags: Vec<String>,
    /// Who created it; empty once the account is gone.
    pub creator_name: String,
    /// `(field, value)` of the item's index.
    pub texts: Vec<(String, String)>,
}

/// A book that appeared in, changed in or left a home.
#[derive(Clone, Debug, PartialEq)]
pub struct HomeChange {
    pub book: CollectionId,
    /// The segment the book has in the home of its owner; a group's name.
    pub segment: String,
    pub kind: HomeKind,
    pub gone: bool,
    pub seq: Seq,
}

/// The kind of collection that a home shows or showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HomeKind {
    Private,
    Group,
    /// The members of a group.
    Members,
}

/// A device as administration shows it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Device {
    pub id: DeviceId,
    pub person: PersonId,
    /// The DeviceId that requests carry ([MS-ASHTTP] 2.2.1.1), in lower case.
    pub device_id: String,
    pub device_type: String,
    pub user_agent: String,
    pub version: String,
    /// What its owner calls it; empty: nothing.
    pub name: String,
    /// The owner, if they set `access`; none: the administration, or nobody.
    pub ordered_by: Option<PersonId>,
    #[serde(serialize_with = "access_name")]
    pub access: DeviceAccess,
    pub info: Vec<(String, String)>,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
}

fn access_name<S: serde::Serializer>(
    access: &DeviceAccess,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(access.as_str())
}

/// A program of a person that synchronizes, a device or not.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct KnownClient {
    pub person: PersonId,
    /// As history names it.
    pub label: String,
    /// What its owner calls it; empty: nothing.
    pub name: String,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// The last exchanges, oldest first.
    pub exchanges: Vec<Exchange>,
}

/// An earlier version, a deletion or a refused write.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    pub id: RevisionId,
    pub item: Option<ItemId>,
    pub collection: Option<CollectionId>,
    /// The tombstone, for deletions.
    pub placement: Option<PlacementId>,
    pub kind: RevisionKind,
    pub at: Timestamp,
    pub person: Option<PersonId>,
    pub person_name: String,
    pub client: String,
    pub document: Vec<u8>,
    pub overlay: Vec<u8>,
    pub reason: String,
}

/// Why a revision was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevisionKind {
    /// Replaced by an edit made by `person` at `at`.
    Replaced,
    /// Removed from a collection.
    Removed,
    /// A valid write that was refused.
    Refused,
    /// A refused write its author proposes to those who may make it.
    Proposed,
    /// The text of a comment before `person` changed or deleted it.
    Comment,
}

/// A placement that an item has or had, with the person and the client that made it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemPlace {
    pub placement: PlacementId,
    pub collection: CollectionId,
    /// None once the book is deleted.
    pub place: Option<Place>,
    /// What the book is called.
    pub display_name: String,
    pub server_id: String,
    pub placed_by: PersonId,
    pub placed_by_name: String,
    pub placed_at: Timestamp,
    pub client: String,
    /// The collection it was shared from.
    pub came_from: Option<CollectionId>,
    pub gone_at: Option<Timestamp>,
}

/// What a placement showed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub document: Vec<u8>,
    pub overlay: Vec<u8>,
}

/// An item that was removed from a collection and is not back.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    pub revision: RevisionId,
    pub placement: PlacementId,
    pub item: ItemId,
    pub collection: CollectionId,
    /// The formatted name when it was removed.
    pub display: String,
    /// The name with the family name first; none if the card has none or was renamed since.
    pub last_first: Option<String>,
    /// Name of its class.
    pub class: String,
    pub creator: PersonId,
    /// It was created in Private.
    pub private: bool,
    /// Its creator, who created it in Private, took it away, or withdrew it after somebody else had.
    pub withdrawn: bool,
    pub at: Timestamp,
    pub person: Option<PersonId>,
    pub person_name: String,
    pub client: String,
}

/// A part of the removals, newest first.
#[derive(Clone, Copy, Debug)]
pub struct RemovalPage {
    /// Older ones are left out.
    pub since: Timestamp,
    /// The one that the page before ended with.
    pub before: Option<(Timestamp, RevisionId)>,
    pub limit: usize,
}

/// A change of what a placement shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replaced {
    pub placement: PlacementId,
    /// The sequence of what it showed before.
    pub before: Seq,
    /// The sequence of what it showed then; none if it shows it still.
    pub after: Option<Seq>,
}

/// A placement that was made, changed or removed, with the time from and to which it was live.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touched {
    pub placement: PlacementId,
    pub item: ItemId,
    pub placed_at: Timestamp,
    pub gone_at: Option<Timestamp>,
}

impl Touched {
    /// Whether the placement was live at a moment.
    pub fn was_there(&self, at: Timestamp) -> bool {
        self.placed_at <= at && self.gone_at.is_none_or(|gone| gone > at)
    }
}

/// A notice to a person, shown until they settle it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub id: NoticeId,
    pub kind: NoticeKind,
    pub at: Timestamp,
    /// The client the notice is about, as history names it; for news, the name of the person who
    /// acted.
    pub client: String,
    pub collection: Option<CollectionId>,
    /// When the first of the reported acts happened.
    pub since: Timestamp,
    pub number: i64,
    /// Further deletions by the client are refused meanwhile.
    pub held: bool,
    /// Name of the contact or item it is about; empty where there is none.
    pub subject: String,
    /// The item, or the first of them.
    pub item: Option<ItemId>,
}

impl Notice {
    /// Whether the notice offers to undo everything its client did.
    pub fn can_be_undone(&self) -> bool {
        match self.kind {
            NoticeKind::MassDeletion => true,
            NoticeKind::Kept | NoticeKind::Unsent | NoticeKind::News(_) => false,
            NoticeKind::Answered(answer) => answer.changes(),
        }
    }
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// A client removed a large part of a book within an hour.
    MassDeletion,
    /// A write of a client was refused, and is kept in the refused changes.
    Kept,
    /// A short message or a fax of the person's was refused or given up; its subject is the number.
    Unsent,
    /// A contact answered a request to check its data.
    Answered(Answer),
    /// Somebody did something for the person.
    News(News),
}

impl NoticeKind {
    /// The news this kind carries, if it is one.
    pub fn news(self) -> Option<News> {
        match self {
            NoticeKind::News(news) => Some(news),
            _ => None,
        }
    }
}

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Shared something with a group.
    Shared,
    /// Lets the person modify something.
    Granted,
    /// Made the person a member of a group.
    Added,
    /// Became a member of a group the person runs.
    Joined,
    /// Accepted a change the person proposed.
    Accepted,
    /// Declined a change the person proposed.
    Declined,
}

/// An invitation into a group that nobody accepted yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Invitation {
    /// Digest of the secret in its link.
    pub token: String,
    pub email: String,
    pub group: GroupId,
    /// The display name of the group.
    pub group_name: String,
    /// Empty once the account is gone.
    pub inviter_name: String,
    /// Who invited still runs the group.
    pub valid: bool,
    pub expires: Timestamp,
}

/// A comment on a placed item.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    pub id: CommentId,
    pub item: ItemId,
    pub collection: CollectionId,
    pub author: PersonId,
    pub author_name: String,
    pub at: Timestamp,
    pub text: String,
}

/// A personal tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    pub id: TagId,
    pub name: String,
    pub colour: String,
    /// Number of live items with this tag, in every place the person reads or in the collection asked
    /// about.
    pub count: i64,
}

/// A file read into a book.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    pub id: ImportId,
    pub person: PersonId,
    pub collection: CollectionId,
    /// The name of the file.
    pub name: String,
    pub at: Timestamp,
    pub undone: Option<Timestamp>,
    /// The job that goes on after a restart until the import has ended, as its runner encoded it.
    pub job: Option<String>,
    /// How far the import came, as its runner encoded it.
    pub progress: String,
    pub ended: Option<Timestamp>,
}

/// One item an import created or updated.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedItem {
    pub item: ItemId,
    pub placement: PlacementId,
    /// Digest of the document as the import left it.
    pub digest: String,
    /// The version that an update replaced; none for an item that was created.
    pub revision: Option<RevisionId>,
    /// The owner's lines before the update.
    pub overlay: Vec<u8>,
}

/// The stored facts that a decision about an item rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemStanding {
    pub creator: PersonId,
    /// The place the item was created in; a group that was deleted since has no members.
    pub origin: Option<Place>,
    /// Where the origin is a group: it holds the item, and its creator is no member now.
    pub in_custody: bool,
    /// The person holds an effective *Modify* grant: through a group that both they and the item
    /// are in.
    pub granted: bool,
}

/// A *Modify* grant on an item through a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemGrant {
    pub collection: CollectionId,
    /// None: everyone in the group, dynamically.
    pub person: Option<PersonId>,
}

/// A UID, name, address or number of a placement, by which imports find contacts that are already
/// there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub placement: PlacementId,
    pub born: Seq,
    /// `uid`, or the field of the index: `name`, `email`, `tel`, `mobile`, `other-uid`.
    pub field: String,
    pub value: String,
}

/// A document attached to a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    pub document: ItemId,
    /// The document has a live placement; otherwise it is in the trash alone.
    pub live: bool,
    pub person: Option<PersonId>,
    pub at: Timestamp,
}

//! The port a storage engine implements: narrow reads and [`Store::commit`].

use async_trait::async_trait;

use super::{
    actor::Membership,
    batch::{Batch, Committed, DeviceAccess},
    collection::{Collection, Place},
    error::Result,
    id::{
        CollectionId, CommentId, DeviceId, GroupId, ItemId, PersonId, PlacementId, RevisionId, Seq,
        TagId, Timestamp,
    },
    item::{Card, Placement},
    principal::{Group, Member, Person},
    rights::{GroupRight, ItemGrant},
};

/// One index of a collection's placements; each range costs what it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Tombstones by `gone`.
    Gone,
    /// Live placements by `born`.
    Born,
    /// Live placements by `changed`.
    Changed,
    /// Live and removed by their last change or removal.
    Moved,
}

/// A page of a name-sorted list.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Family name first.
    pub last_first: bool,
    /// Every word must begin a word of some indexed text; folded.
    pub words: Vec<String>,
    /// Only items the person tagged so.
    pub tag: Option<TagId>,
    pub offset: i64,
    pub limit: i64,
}

/// A page of a list, with the number of all that match.
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    pub total: i64,
    pub rows: Vec<ListRow>,
}

/// One line of a list.
#[derive(Clone, Debug)]
pub struct ListRow {
    pub placement: Placement,
    /// `(field, value)` of the item's index.
    pub texts: Vec<(String, String)>,
}

/// A book that appeared in, changed in or left a home.
#[derive(Clone, Debug, PartialEq)]
pub struct HomeChange {
    pub book: CollectionId,
    /// The segment the book has in the home.
    pub segment: String,
    pub gone: bool,
    pub seq: Seq,
}

/// A device as administration shows it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Device {
    pub id: DeviceId,
    pub person: PersonId,
    /// As the device names itself, lower case.
    pub device_id: String,
    pub device_type: String,
    pub user_agent: String,
    pub version: String,
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
    /// How many live items of the person's private books carry it.
    pub count: i64,
}

/// What the decision on an item rests on, as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemStanding {
    pub creator: PersonId,
    /// The collection the item was created in and its place, while that exists.
    pub origin: Option<(CollectionId, Place)>,
    /// The creator is a member of the origin's group now.
    pub creator_in_origin: bool,
    /// The collections the item is live in.
    pub places: Vec<CollectionId>,
    /// *Modify* grants, whether effective or asleep.
    pub grants: Vec<ItemGrant>,
}

/// Reads, and one way to write. Every answer is one consistent snapshot.
#[async_trait]
pub trait Store: Send + Sync {
    async fn commit(&self, batch: Batch) -> Result<Committed>;

    /// By login, or by e-mail address, without regard to case.
    async fn person_by_login(&self, login: &str) -> Result<Option<Person>>;
    async fn person(&self, person: PersonId) -> Result<Option<Person>>;
    async fn people(&self) -> Result<Vec<Person>>;
    async fn memberships(&self, person: PersonId) -> Result<Vec<Membership>>;
    /// Grows with every change of memberships, roles, grants, groups or accounts.
    async fn rights_revision(&self) -> Result<i64>;
    async fn groups(&self) -> Result<Vec<Group>>;
    /// By exact name.
    async fn group_by_name(&self, name: &str) -> Result<Option<Group>>;
    async fn members(&self, group: GroupId) -> Result<Vec<Member>>;
    /// The strongest grant that applies to the person in the group.
    async fn group_right(&self, group: GroupId, person: PersonId) -> Result<GroupRight>;
    /// All grants of a group: `None` is everyone.
    async fn group_grants(&self, group: GroupId) -> Result<Vec<(Option<PersonId>, GroupRight)>>;

    async fn collection(&self, collection: CollectionId) -> Result<Option<Collection>>;
    async fn collection_by_uuid(&self, uuid: &str) -> Result<Option<Collection>>;
    /// Private books in their order, then group books by display name; no homes, no views.
    async fn books(&self, person: PersonId) -> Result<Vec<Collection>>;
    async fn home(&self, person: PersonId) -> Result<Option<Collection>>;
    /// Books that appeared in, changed in or left a home after a sequence, in order.
    async fn home_changes(&self, home: CollectionId, after: Seq) -> Result<Vec<HomeChange>>;
    async fn count(&self, collection: CollectionId) -> Result<i64>;

    /// `after < key <= upto` in that order, at most `limit`.
    async fn range(
        &self,
        collection: CollectionId,
        order: Order,
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<Placement>>;
    /// As [`Store::range`], with documents.
    async fn range_cards(
        &self,
        collection: CollectionId,
        order: Order,
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<Card>>;
    /// Live placements by href, in the order asked; none where there is none.
    async fn by_hrefs(
        &self,
        collection: CollectionId,
        hrefs: &[String],
    ) -> Result<Vec<Option<Card>>>;
    /// Live or removed placements by server id.
    async fn by_server_ids(
        &self,
        collection: CollectionId,
        ids: &[String],
    ) -> Result<Vec<Option<Card>>>;
    /// The live placement that holds a UID.
    async fn by_uid(&self, collection: CollectionId, uid: &str) -> Result<Option<Card>>;
    async fn list(
        &self,
        collection: CollectionId,
        person: PersonId,
        query: &ListQuery,
    ) -> Result<ListPage>;
    /// The content a placement had at a sequence, from revisions: (document, overlay).
    async fn version_at(
        &self,
        placement: PlacementId,
        seq: Seq,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>>;
    /// The person may modify at least one live item of a group's book: as creator, by a grant, in custody.
    async fn modifies_something(&self, person: PersonId, collection: CollectionId) -> Result<bool>;
    async fn item_standing(&self, item: ItemId) -> Result<Option<ItemStanding>>;
    /// Refused writes of a person per item of a collection, only where there are some.
    async fn refusal_marks(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> Result<Vec<(ItemId, i64)>>;
    async fn history(&self, item: ItemId) -> Result<Vec<Revision>>;
    async fn removed(&self, collection: CollectionId) -> Result<Vec<Revision>>;
    async fn refused(&self, person: PersonId) -> Result<Vec<Revision>>;
    async fn revision(&self, revision: RevisionId) -> Result<Option<Revision>>;

    /// The key and record of a device for a collection.
    async fn sync(
        &self,
        device: DeviceId,
        collection: CollectionId,
    ) -> Result<Option<(String, Vec<u8>)>>;
    async fn device_value(&self, device: DeviceId, name: &str) -> Result<Option<Vec<u8>>>;
    async fn device(&self, person: PersonId, device_id: &str) -> Result<Option<Device>>;
    /// Of one person, or of all.
    async fn devices(&self, person: Option<PersonId>) -> Result<Vec<Device>>;

    async fn properties(
        &self,
        person: PersonId,
        resource: &str,
    ) -> Result<Vec<(String, String, Vec<u8>)>>;
    async fn tags(&self, person: PersonId) -> Result<Vec<Tag>>;
    /// Names of the person's tags on an item.
    async fn tags_of(&self, person: PersonId, item: ItemId) -> Result<Vec<String>>;
    async fn comments(&self, item: ItemId) -> Result<Vec<Comment>>;
    /// The person a session belongs to, while it has not expired.
    async fn session(&self, token: &str, now: Timestamp) -> Result<Option<PersonId>>;

    /// Every broken invariant, in words; empty when all hold.
    async fn check(&self) -> Result<Vec<String>>;
    /// A consistent copy of the database while it is in use.
    async fn backup(&self, file: &std::path::Path) -> Result<()>;
    /// What other processes changed since the last call: collections and people to wake.
    async fn foreign_changes(&self) -> Result<Committed>;
}

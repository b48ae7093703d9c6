//! The port a storage engine implements: narrow reads and [`Store::commit`].

mod rows;

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    actor::Account,
    batch::{Batch, Committed},
    collection::Collection,
    credential::CredentialStore,
    document::Documents,
    error::Result,
    id::{
        CollectionId, CommentId, DeviceId, GroupId, ImportId, ItemId, PersonId, PlacementId,
        RevisionId, Seq, TagId, Timestamp,
    },
    item::{Card, Placement},
    office::store::OfficeStore,
    outbox::Outbox,
    principal::{Group, Member, Person},
    rights::GroupRight,
    search::{Page, Plan},
    verification::Verifications,
    view::View,
};

pub use rows::*;

/// Reads, and one way to write. Every answer is one consistent snapshot.
#[async_trait]
pub trait Store: Outbox + Verifications + CredentialStore + OfficeStore + Documents {
    async fn commit(&self, batch: Batch) -> Result<Committed>;

    /// By login, or by e-mail address, without regard to case.
    async fn account_by_login(&self, login: &str) -> Result<Option<Arc<Account>>>;
    /// [`Store::account_by_login`], without the memberships.
    async fn person_by_login(&self, login: &str) -> Result<Option<Person>> {
        let account = self.account_by_login(login).await?;
        Ok(account.map(|account| account.person.clone()))
    }
    async fn person(&self, person: PersonId) -> Result<Option<Person>>;
    async fn people(&self) -> Result<Vec<Person>>;
    async fn account(&self, person: PersonId) -> Result<Option<Arc<Account>>>;
    /// Grows with every change of memberships, roles, grants, groups or accounts.
    async fn rights_revision(&self) -> Result<i64>;
    async fn groups(&self) -> Result<Vec<Group>>;
    /// By exact name.
    async fn group_by_name(&self, name: &str) -> Result<Option<Group>>;
    async fn group(&self, group: GroupId) -> Result<Option<Group>>;
    async fn group_book(&self, group: GroupId) -> Result<Option<CollectionId>>;
    async fn members(&self, group: GroupId) -> Result<Vec<Member>>;
    /// The collection whose cards are the members of a group.
    async fn members_list(&self, group: GroupId) -> Result<Option<CollectionId>>;
    /// The lists of members a person's home shows, by display name.
    async fn shown_members(&self, person: PersonId) -> Result<Vec<Collection>>;
    /// The groups of a person with how many members each has.
    async fn group_sizes(&self, person: PersonId) -> Result<Vec<(GroupId, i64)>>;
    /// The strongest grant that applies to the person in the group.
    async fn group_right(&self, group: GroupId, person: PersonId) -> Result<GroupRight>;
    /// All grants of a group: `None` is everyone.
    async fn group_grants(&self, group: GroupId) -> Result<Vec<(Option<PersonId>, GroupRight)>>;

    async fn collection(&self, collection: CollectionId) -> Result<Option<Collection>>;
    async fn collection_by_uuid(&self, uuid: &str) -> Result<Option<Collection>>;
    /// Private books in their order, then group books by display name; no homes, no views.
    async fn books(&self, person: PersonId) -> Result<Vec<Collection>>;
    async fn private_book(&self, person: PersonId, segment: &str) -> Result<Option<Collection>>;
    async fn home(&self, person: PersonId) -> Result<Option<Collection>>;
    /// Books that appeared in, changed in or left a home after a sequence, in order.
    async fn home_changes(&self, home: CollectionId, after: Seq) -> Result<Vec<HomeChange>>;
    async fn count(&self, collection: CollectionId) -> Result<i64>;
    /// The view of a person under a segment.
    async fn view(&self, person: PersonId, segment: &str) -> Result<Option<View>>;
    /// The books that hold some items of a view, by the items' server ids there.
    async fn held_in(
        &self,
        view: CollectionId,
        ids: &[String],
    ) -> Result<Vec<(String, Vec<CollectionId>)>>;
    /// An item as a view shows it.
    async fn in_view(&self, view: CollectionId, item: ItemId) -> Result<Option<Card>>;
    /// The live placements of an item in some collections, in their order.
    async fn placed(&self, item: ItemId, collections: &[CollectionId]) -> Result<Vec<Card>>;
    /// Octets of the documents live in a collection; costs one row.
    async fn octets(&self, collection: CollectionId) -> Result<i64>;

    /// `after < key <= upto` in that order, at most `limit`; of a view too.
    async fn range(
        &self,
        collection: CollectionId,
        order: Order,
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<Placement>>;
    /// As [`Store::range`]; fewer than `limit` where their documents are large.
    async fn page(
        &self,
        collection: CollectionId,
        order: Order,
        after: Seq,
        upto: Seq,
        limit: usize,
        want: Want,
    ) -> Result<Vec<Card>>;
    /// Live placements by href, in the order asked; none where there is none. The first ones only
    /// where their documents are large.
    async fn by_hrefs(
        &self,
        collection: CollectionId,
        hrefs: &[String],
        want: Want,
    ) -> Result<Vec<Option<Card>>>;
    /// Live or removed placements by server id; of a view too.
    async fn by_server_ids(
        &self,
        collection: CollectionId,
        ids: &[String],
    ) -> Result<Vec<Option<Card>>>;
    /// The live placement that holds a UID.
    async fn by_uid(&self, collection: CollectionId, uid: &str) -> Result<Option<Card>>;
    /// Which of some UIDs live placements hold.
    async fn uids_held(&self, collection: CollectionId, uids: &[String]) -> Result<Vec<String>>;
    /// Live placements by their own ids, in the order asked.
    async fn by_placements(&self, placements: &[PlacementId]) -> Result<Vec<Option<Card>>>;
    /// What identifies the live placements that came after a sequence, in the order they came: all
    /// of at most so many placements.
    async fn identities(
        &self,
        collection: CollectionId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Identity>>;
    /// What matches a plan and may be read by its person at this moment.
    async fn search(&self, plan: &Plan) -> Result<Page>;
    /// The last search of a person, as it was kept.
    async fn last_search(&self, person: PersonId) -> Result<Option<(String, Timestamp)>>;
    async fn import(&self, import: ImportId) -> Result<Option<Import>>;
    /// What an import created and updated.
    async fn imported_items(&self, import: ImportId) -> Result<Vec<ImportedItem>>;
    /// Imports of a person into a collection since a moment, newest first.
    async fn imports(
        &self,
        person: PersonId,
        collection: CollectionId,
        since: Timestamp,
    ) -> Result<Vec<Import>>;
    /// Imports with a job that has not ended.
    async fn open_imports(&self) -> Result<Vec<Import>>;
    /// Pairs of items a person said are not the same, the smaller number first.
    async fn told_apart(&self, person: PersonId) -> Result<Vec<(ItemId, ItemId)>>;
    /// Fingerprints and codes a person remembered, newest first.
    async fn mappings(&self, person: PersonId) -> Result<Vec<(String, String)>>;
    async fn list(
        &self,
        collection: CollectionId,
        person: PersonId,
        query: &ListQuery,
    ) -> Result<ListPage>;
    /// What is counted beside a list; `last_first`: family name first.
    async fn counts(&self, collection: CollectionId, last_first: bool) -> Result<Counts>;
    /// What a client holds of a placement: the content at a sequence, or a device's own write since,
    /// from revisions: (document, overlay).
    async fn version_at(
        &self,
        placement: PlacementId,
        seq: Seq,
        device: Option<DeviceId>,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>>;
    /// [`Store::version_at`] of a row of a view, by the view's sequences.
    async fn version_in_view(
        &self,
        row: PlacementId,
        seq: Seq,
        device: DeviceId,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>>;
    /// The person may modify at least one live item of a group's book: as creator, by a grant, in custody.
    async fn modifies_something(&self, person: PersonId, collection: CollectionId) -> Result<bool>;
    /// Costs the groups of the person, however many the item is granted to.
    async fn item_standing(&self, item: ItemId, person: PersonId) -> Result<Option<ItemStanding>>;
    /// [`Store::item_standing`] of several items, in the order asked.
    async fn item_standings(
        &self,
        items: &[ItemId],
        person: PersonId,
    ) -> Result<Vec<Option<ItemStanding>>>;
    /// A live or removed placement; none once its content was purged.
    async fn placement(&self, placement: PlacementId) -> Result<Option<Card>>;
    /// Every placement an item has or had, oldest first.
    async fn places_of(&self, item: ItemId) -> Result<Vec<ItemPlace>>;
    /// *Modify* grants on an item, whether effective or asleep.
    async fn item_grants(&self, item: ItemId) -> Result<Vec<ItemGrant>>;
    /// Refused writes of a person per item of a collection, only where there are some.
    async fn refusal_marks(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> Result<Vec<(ItemId, i64)>>;
    /// The last of a person's refused writes in a collection; 0: none.
    async fn last_refused(&self, person: PersonId, collection: CollectionId) -> Result<i64>;
    /// Live cards of a collection the person's writes on were refused, with the last time each:
    /// those of `after < time <= upto`, at most `limit`, in that order; fewer where their documents
    /// are large.
    async fn refused_cards(
        &self,
        person: PersonId,
        collection: CollectionId,
        times: (i64, i64),
        limit: usize,
        want: Want,
    ) -> Result<Vec<(Card, i64)>>;
    /// Versions replaced and removals of an item, newest first, each with the collections that
    /// showed it.
    async fn history(&self, item: ItemId) -> Result<Vec<(Revision, Vec<CollectionId>)>>;
    /// The last removal of each item that is not back in the collection, newest first.
    async fn trash(&self, collection: CollectionId) -> Result<Vec<Removal>>;
    /// The same of items a person created, wherever they were removed from.
    async fn removed_of_creator(&self, person: PersonId) -> Result<Vec<Removal>>;
    /// One removal, while its item is not back.
    async fn removal(&self, revision: RevisionId) -> Result<Option<Removal>>;
    async fn refused(&self, person: PersonId) -> Result<Vec<Revision>>;
    /// Proposals on items the person created or, as admin or co-admin, has custody of.
    async fn proposals(&self, person: PersonId) -> Result<Vec<Revision>>;
    async fn revision(&self, revision: RevisionId) -> Result<Option<Revision>>;
    /// The document an item had at a moment, as far as it is remembered.
    async fn document_at(&self, item: ItemId, at: Timestamp) -> Result<Option<Vec<u8>>>;
    /// What a placement showed at a moment, where that was replaced or removed since.
    async fn shown_at(
        &self,
        placement: PlacementId,
        at: Timestamp,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>>;
    /// Placements of a collection that were made, changed or removed after a moment.
    async fn touched_since(
        &self,
        collection: CollectionId,
        since: Timestamp,
    ) -> Result<Vec<Touched>>;
    /// Versions a client of a person replaced and removals it made since a moment, oldest first.
    async fn done_by(
        &self,
        person: PersonId,
        client: &str,
        since: Timestamp,
    ) -> Result<Vec<Revision>>;
    /// Live placements a client of a person made since a moment.
    async fn placed_by(
        &self,
        person: PersonId,
        client: &str,
        since: Timestamp,
    ) -> Result<Vec<PlacementId>>;
    /// The clients a person removed, replaced or placed something with since a moment, by name.
    async fn clients_of(&self, person: PersonId, since: Timestamp) -> Result<Vec<String>>;
    /// What a person is told and has not settled, newest first.
    async fn notices(&self, person: PersonId) -> Result<Vec<Notice>>;
    /// Further deletions by this client are refused until the person confirms.
    async fn deletions_held(
        &self,
        person: PersonId,
        client: &str,
        collection: CollectionId,
    ) -> Result<bool>;

    /// The key and record of a device for a collection.
    async fn sync(
        &self,
        device: DeviceId,
        collection: CollectionId,
    ) -> Result<Option<(String, Vec<u8>)>>;
    async fn device_value(&self, device: DeviceId, name: &str) -> Result<Option<Vec<u8>>>;
    async fn device(&self, person: PersonId, device_id: &str) -> Result<Option<Device>>;
    /// The collections a device has a key of.
    async fn synced(&self, device: DeviceId) -> Result<Vec<CollectionId>>;
    /// What is known of the clients of one person, or of all.
    async fn clients(&self, person: Option<PersonId>) -> Result<Vec<KnownClient>>;
    /// The collections a CardDAV client of a person was served.
    async fn followed(&self, person: PersonId, client: &str) -> Result<Vec<CollectionId>>;
    async fn device_count(&self, person: PersonId) -> Result<usize>;
    /// Of one person, or of all.
    async fn devices(&self, person: Option<PersonId>) -> Result<Vec<Device>>;

    async fn properties(
        &self,
        person: PersonId,
        resource: &str,
    ) -> Result<Vec<(String, String, Vec<u8>)>>;
    /// Up to which sequence a client was served a book, and the version it holds of one placement
    /// where that is a later one; none for a client that does not follow the book.
    async fn served(
        &self,
        person: PersonId,
        client: &str,
        collection: CollectionId,
        placement: PlacementId,
    ) -> Result<Option<(Seq, Option<Seq>)>>;
    /// Subscriptions to a collection that have not expired.
    async fn push_subscriptions(
        &self,
        collection: CollectionId,
        now: Timestamp,
    ) -> Result<Vec<PushSubscription>>;
    async fn push_subscription(&self, id: &str) -> Result<Option<PushSubscription>>;
    /// Stored properties of every resource whose key begins so.
    async fn properties_under(&self, person: PersonId, prefix: &str)
    -> Result<Vec<StoredProperty>>;
    async fn tags(&self, person: PersonId) -> Result<Vec<Tag>>;
    /// A person's tags, counting the live items of one collection.
    async fn tags_in(&self, person: PersonId, collection: CollectionId) -> Result<Vec<Tag>>;
    /// Names of the person's tags on an item.
    async fn tags_of(&self, person: PersonId, item: ItemId) -> Result<Vec<String>>;
    /// Live placements in the person's private books of items with a tag.
    async fn tagged(&self, tag: TagId) -> Result<Vec<Placement>>;
    async fn comments(&self, item: ItemId) -> Result<Vec<Comment>>;
    async fn comment(&self, comment: CommentId) -> Result<Option<Comment>>;

    /// Every broken invariant, in words; empty when all hold.
    async fn check(&self) -> Result<Vec<String>>;
    /// A consistent copy of the database while it is in use.
    async fn backup(&self, file: &std::path::Path) -> Result<()>;
    /// What other processes changed since the last call: collections and people to wake.
    async fn foreign_changes(&self) -> Result<Committed>;
}

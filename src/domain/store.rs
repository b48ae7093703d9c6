//! The port that a storage engine implements: narrow reads and [`Store::commit`].

mod rows;

use std::{ops::RangeInclusive, sync::Arc};

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
    /// Applies a batch whole or not at all. On disk when it returns, unless [`Batch::unflushed`];
    /// `PreconditionFailed` also when the rights revision moved.
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
    /// The book of contacts of a group; none for a group that does not exist.
    async fn group_book(&self, group: GroupId) -> Result<Option<CollectionId>>;
    /// The members of a group by name, without regard to case.
    async fn members(&self, group: GroupId) -> Result<Vec<Member>>;
    /// The collection whose cards are the members of a group.
    async fn members_list(&self, group: GroupId) -> Result<Option<CollectionId>>;
    /// The lists of members that a person's home shows, by the display name of their groups.
    async fn shown_members(&self, person: PersonId) -> Result<Vec<Collection>>;
    /// The groups of a person with the number of members of each, in no order.
    async fn group_sizes(&self, person: PersonId) -> Result<Vec<(GroupId, i64)>>;
    /// Invitations into a group that were not accepted or withdrawn, the last made first, those that
    /// have expired among them.
    async fn invitations(&self, group: GroupId) -> Result<Vec<Invitation>>;
    /// The strongest grant that applies to the person in the group, be it to them or to everyone.
    async fn group_right(&self, group: GroupId, person: PersonId) -> Result<GroupRight>;
    /// All grants of a group, the one to everyone (`None`) first.
    async fn group_grants(&self, group: GroupId) -> Result<Vec<(Option<PersonId>, GroupRight)>>;

    /// A book, folder, home, view or list of members; none once it is deleted.
    async fn collection(&self, collection: CollectionId) -> Result<Option<Collection>>;
    /// A collection of contacts by its UUID; none once it is deleted.
    async fn collection_by_uuid(&self, uuid: &str) -> Result<Option<Collection>>;
    /// Private books in their order, then group books by display name; no homes, no views.
    async fn books(&self, person: PersonId) -> Result<Vec<Collection>>;
    async fn private_book(&self, person: PersonId, segment: &str) -> Result<Option<Collection>>;
    async fn home(&self, person: PersonId) -> Result<Option<Collection>>;
    /// Books that appeared in, changed in or left a home after a sequence, oldest change first.
    async fn home_changes(&self, home: CollectionId, after: Seq) -> Result<Vec<HomeChange>>;
    /// Number of live placements in a collection; 0 for an unknown one. Costs one row.
    async fn count(&self, collection: CollectionId) -> Result<i64>;
    /// The view of a person under a segment; none until it is made.
    async fn view(&self, person: PersonId, segment: &str) -> Result<Option<View>>;
    /// For each item of a view, the books that hold it: by the items' server ids in the view, in
    /// the order asked, without the ids the view does not know.
    async fn held_in(
        &self,
        view: CollectionId,
        ids: &[String],
    ) -> Result<Vec<(String, Vec<CollectionId>)>>;
    /// An item as a view shows it.
    async fn in_view(&self, view: CollectionId, item: ItemId) -> Result<Option<Card>>;
    /// The live placements of an item in some collections, in their order.
    async fn placed(&self, item: ItemId, collections: &[CollectionId]) -> Result<Vec<Card>>;
    /// Octets of the live documents of a collection; 0 for an unknown one. Costs one row.
    async fn octets(&self, collection: CollectionId) -> Result<i64>;

    /// At most `limit` placements with `after < key <= upto`, ascending, where `order` says which
    /// sequence is the key. The collection may be a view or a list of members.
    async fn range(
        &self,
        collection: CollectionId,
        order: Order,
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<Placement>>;
    /// As [`Store::range`], with documents if `want` says so; then a page ends after the document
    /// that fills its memory, so it may hold fewer than `limit` though more follow.
    async fn page(
        &self,
        collection: CollectionId,
        order: Order,
        after: Seq,
        upto: Seq,
        limit: usize,
        want: Want,
    ) -> Result<Vec<Card>>;
    /// Live placements by href, in the order asked, with `None` for an unknown href. The answer
    /// ends after the document that fills its memory, so it may be shorter than `hrefs`.
    async fn by_hrefs(
        &self,
        collection: CollectionId,
        hrefs: &[String],
        want: Want,
    ) -> Result<Vec<Option<Card>>>;
    /// Live or removed placements by server id, in the order asked, with `None` for an unknown id.
    /// The collection may be a view or a list of members.
    async fn by_server_ids(
        &self,
        collection: CollectionId,
        ids: &[String],
    ) -> Result<Vec<Option<Card>>>;
    /// The live placement that holds a UID.
    async fn by_uid(&self, collection: CollectionId, uid: &str) -> Result<Option<Card>>;
    /// The UIDs among `uids` that a live placement of the collection has.
    async fn uids_held(&self, collection: CollectionId, uids: &[String]) -> Result<Vec<String>>;
    /// Live placements by their own ids, in the order asked, with `None` for a removed one.
    async fn by_placements(&self, placements: &[PlacementId]) -> Result<Vec<Option<Card>>>;
    /// UID, names, addresses and numbers of the first `limit` live placements with `born > after`.
    async fn identities(
        &self,
        collection: CollectionId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Identity>>;
    /// The items that match a plan and that its person may read at this moment.
    async fn search(&self, plan: &Plan) -> Result<Page>;
    /// The last search of a person, as the web wrote it, and when; none before the first.
    async fn last_search(&self, person: PersonId) -> Result<Option<(String, Timestamp)>>;
    /// An import by its id, whoever made it.
    async fn import(&self, import: ImportId) -> Result<Option<Import>>;
    /// The items that an import created or updated, by item.
    async fn imported_items(&self, import: ImportId) -> Result<Vec<ImportedItem>>;
    /// Imports of a person into a collection since a moment, newest first; at most 100.
    async fn imports(
        &self,
        person: PersonId,
        collection: CollectionId,
        since: Timestamp,
    ) -> Result<Vec<Import>>;
    /// Imports with a job that has not ended, oldest first.
    async fn open_imports(&self) -> Result<Vec<Import>>;
    /// Pairs of items that a person said are not duplicates, each with the smaller id first.
    async fn told_apart(&self, person: PersonId) -> Result<Vec<(ItemId, ItemId)>>;
    /// Column mappings that a person chose for imported tables, newest first: the fingerprint of a
    /// table's header, and the codes of its columns.
    async fn mappings(&self, person: PersonId) -> Result<Vec<(String, String)>>;
    /// A page of a list of live items, and the number of all that match. `person` decides whose
    /// tags are shown and filtered by.
    async fn list(
        &self,
        collection: CollectionId,
        person: PersonId,
        query: &ListQuery,
    ) -> Result<ListPage>;
    /// The numbers shown beside a list. `last_first`: letters are those of the family name.
    async fn counts(&self, collection: CollectionId, last_first: bool) -> Result<Counts>;
    /// The version a client last received: the content at `seq`, or the device's own later write. None when that version is no longer kept.
    async fn version_at(
        &self,
        placement: PlacementId,
        seq: Seq,
        device: Option<DeviceId>,
    ) -> Result<Option<Version>>;
    /// [`Store::version_at`] of a row of a view, where `seq` is a sequence of the view.
    async fn version_in_view(
        &self,
        row: PlacementId,
        seq: Seq,
        device: Option<DeviceId>,
    ) -> Result<Option<Version>>;
    /// Whether the person may modify at least one live item of a group's book: as its creator, by a
    /// grant, or in custody.
    async fn modifies_something(&self, person: PersonId, collection: CollectionId) -> Result<bool>;
    /// The facts that the rights of a person on an item rest on; none for an unknown item. The cost
    /// grows with the groups of the person, not with the grants on the item.
    async fn item_standing(&self, item: ItemId, person: PersonId) -> Result<Option<ItemStanding>>;
    /// [`Store::item_standing`] of several items, in the order asked, with `None` for unknown
    /// items.
    async fn item_standings(
        &self,
        items: &[ItemId],
        person: PersonId,
    ) -> Result<Vec<Option<ItemStanding>>>;
    /// A live or removed placement; none once its content was purged.
    async fn placement(&self, placement: PlacementId) -> Result<Option<Card>>;
    /// Every placement an item has or had, oldest first.
    async fn places_of(&self, item: ItemId) -> Result<Vec<ItemPlace>>;
    /// *Modify* grants on an item, by collection and person, including those without effect while
    /// the item is not in their group.
    async fn item_grants(&self, item: ItemId) -> Result<Vec<ItemGrant>>;
    /// The number of a person's refused writes on each item of a collection; items without any are
    /// left out.
    async fn refusal_marks(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> Result<Vec<(ItemId, i64)>>;
    /// The time of a person's last refused write in a collection.
    async fn last_refused(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> Result<Option<Timestamp>>;
    /// Live cards of a collection on which writes of the person were refused, each with the time of
    /// the last refusal: at most `limit` with `after < time <= upto`, ascending. As in
    /// [`Store::page`], large documents make the answer shorter.
    async fn refused_cards(
        &self,
        person: PersonId,
        collection: CollectionId,
        after: Option<Timestamp>,
        upto: Timestamp,
        limit: usize,
        want: Want,
    ) -> Result<Vec<(Card, Timestamp)>>;
    /// Replaced versions and removals of an item, newest first, each with the collections that
    /// showed that version. Their documents and overlays are left out: [`Store::revision`] has them.
    async fn history(&self, item: ItemId) -> Result<Vec<(Revision, Vec<CollectionId>)>>;
    /// Texts that comments on an item had before they were changed or deleted, newest first; who may
    /// read which is not decided here.
    async fn former_comments(&self, item: ItemId) -> Result<Vec<Revision>>;
    /// The last removal of each item that is not back in the collection, newest first.
    async fn trash(&self, collection: CollectionId) -> Result<Vec<Removal>>;
    /// The last removal, from each group, of items the person created, newest first: groups they
    /// are in, and deleted groups they were in. An item that is back in the group is left out.
    async fn removed_of_creator(&self, person: PersonId) -> Result<Vec<Removal>>;
    /// One removal; none once its item is back in the collection or its content was purged.
    async fn removal(&self, revision: RevisionId) -> Result<Option<Removal>>;
    /// Whether a person's home showed a book of this segment that it shows no more: a group's, or one
    /// of their own.
    async fn lost_book(&self, person: PersonId, group: bool, segment: &str) -> Result<bool>;
    /// Refused writes of a person, those they proposed among them, newest first.
    async fn refused(&self, person: PersonId) -> Result<Vec<Revision>>;
    /// Proposals on items the person created or, as admin or co-admin, has custody of; newest
    /// first.
    async fn proposals(&self, person: PersonId) -> Result<Vec<Revision>>;
    /// A revision of any kind; none once it was purged.
    async fn revision(&self, revision: RevisionId) -> Result<Option<Revision>>;
    /// The document an item had at a moment; none if the item was made later, or its content was
    /// purged.
    async fn document_at(&self, item: ItemId, at: Timestamp) -> Result<Option<Vec<u8>>>;
    /// What a placement showed at a moment, if it was replaced or removed since; none if the
    /// placement still shows it.
    async fn shown_at(&self, placement: PlacementId, at: Timestamp) -> Result<Option<Version>>;
    /// Placements of a collection that were made, changed or removed after a moment, oldest first.
    async fn touched_since(
        &self,
        collection: CollectionId,
        since: Timestamp,
    ) -> Result<Vec<Touched>>;
    /// Versions that a client of a person replaced and removals it made within a time, oldest
    /// first, without their documents and overlays.
    async fn done_by(
        &self,
        person: PersonId,
        client: &str,
        within: RangeInclusive<Timestamp>,
    ) -> Result<Vec<Revision>>;
    /// Live placements that a client of a person made within a time, oldest first.
    async fn placed_by(
        &self,
        person: PersonId,
        client: &str,
        within: RangeInclusive<Timestamp>,
    ) -> Result<Vec<PlacementId>>;
    /// Names of the clients with which a person removed, replaced or placed something since a
    /// moment, sorted.
    async fn clients_of(&self, person: PersonId, since: Timestamp) -> Result<Vec<String>>;
    /// Notices that a person has not settled, newest first.
    async fn notices(&self, person: PersonId) -> Result<Vec<Notice>>;
    /// Whether further deletions by this client are refused until the person confirms.
    async fn deletions_held(
        &self,
        person: PersonId,
        client: &str,
        collection: CollectionId,
    ) -> Result<bool>;

    /// The current SyncKey and the encoded sync record of a device for a collection.
    async fn sync(
        &self,
        device: DeviceId,
        collection: CollectionId,
    ) -> Result<Option<(String, Vec<u8>)>>;
    /// A value kept for a device under a name of the face that wrote it.
    async fn device_value(&self, device: DeviceId, name: &str) -> Result<Option<Vec<u8>>>;
    /// A device by its owner and the lower-case DeviceId of [MS-ASHTTP].
    async fn device(&self, person: PersonId, device_id: &str) -> Result<Option<Device>>;
    /// The collections for which a device has a SyncKey, in no order.
    async fn synced(&self, device: DeviceId) -> Result<Vec<CollectionId>>;
    /// The known clients of one person, or of everybody, in no order.
    async fn clients(&self, person: Option<PersonId>) -> Result<Vec<KnownClient>>;
    /// The collections whose changes a CardDAV client of a person has been served.
    async fn followed(&self, person: PersonId, client: &str) -> Result<Vec<CollectionId>>;
    /// Number of devices of a person.
    async fn device_count(&self, person: PersonId) -> Result<usize>;
    /// Devices of one person, or of everybody, the last seen first.
    async fn devices(&self, person: Option<PersonId>) -> Result<Vec<Device>>;

    /// Stored properties of a resource as (namespace, name, value). A person's own value stands for
    /// the one shared by everybody.
    async fn properties(
        &self,
        person: PersonId,
        resource: &str,
    ) -> Result<Vec<(String, String, Vec<u8>)>>;
    /// The sequence up to which a client was served a book, and the sequence of its version of one
    /// placement if it was served that one alone later; none for a client that does not follow the
    /// book.
    async fn served(
        &self,
        person: PersonId,
        client: &str,
        collection: CollectionId,
        placement: PlacementId,
    ) -> Result<Option<(Seq, Option<Seq>)>>;
    /// WebDAV-Push subscriptions to a collection that have not expired.
    async fn push_subscriptions(
        &self,
        collection: CollectionId,
        now: Timestamp,
    ) -> Result<Vec<PushSubscription>>;
    /// A subscription by its registration id, expired or not.
    async fn push_subscription(&self, id: &str) -> Result<Option<PushSubscription>>;
    /// Stored properties, shared and the person's own, of every resource whose key begins with
    /// `prefix`, by resource; within one, shared values first.
    async fn properties_under(&self, person: PersonId, prefix: &str)
    -> Result<Vec<StoredProperty>>;
    /// A person's tags by name, counting the live items of their private books.
    async fn tags(&self, person: PersonId) -> Result<Vec<Tag>>;
    /// A person's tags by name, counting the live items of one collection.
    async fn tags_in(&self, person: PersonId, collection: CollectionId) -> Result<Vec<Tag>>;
    /// Names of the person's tags on an item, sorted.
    async fn tags_of(&self, person: PersonId, item: ItemId) -> Result<Vec<String>>;
    /// All items with a tag.
    async fn items_tagged(&self, tag: TagId) -> Result<Vec<ItemId>>;
    /// Live placements of items with a tag, in the private books of the tag's owner.
    async fn tagged(&self, tag: TagId) -> Result<Vec<Placement>>;
    /// Comments on an item in all its places, newest first; who may read which is not decided here.
    async fn comments(&self, item: ItemId) -> Result<Vec<Comment>>;
    /// One comment, whoever wrote it.
    async fn comment(&self, comment: CommentId) -> Result<Option<Comment>>;

    /// Every broken invariant, in words; empty when all hold.
    async fn check(&self) -> Result<Vec<String>>;
    /// Writes a consistent copy of the database to `file` while the database is in use.
    async fn backup(&self, file: &std::path::Path) -> Result<()>;
    /// Collections and people to wake because of commits that other processes made since the last
    /// call.
    async fn foreign_changes(&self) -> Result<Committed>;
}

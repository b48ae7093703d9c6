//! The port the domain asks, answered by the reading connections and the writing thread.

use std::{ops::RangeInclusive, path::Path, sync::Arc};

use async_trait::async_trait;

use super::{Sqlite, backup, check};
use crate::domain::{
    actor::Account,
    batch::{Batch, Committed},
    collection::Collection,
    error::Result,
    id::{
        CollectionId, CommentId, DeviceId, GroupId, ImportId, ItemId, PersonId, PlacementId,
        RevisionId, Seq, TagId, Timestamp,
    },
    item::{Card, Placement},
    principal::{Group, Member, Person},
    rights::GroupRight,
    search::{Page, Plan},
    store::{
        Comment, Counts, Device, HomeChange, Identity, Import, ImportedItem, Invitation, ItemGrant,
        ItemPlace, ItemStanding, KnownClient, ListPage, ListQuery, Notice, Order, PushSubscription,
        Removal, Revision, Store, StoredProperty, Tag, Touched, Version, Want,
    },
    view::View,
};

/// Whole documents that are read where they are asked.
const FEW: usize = 8;

#[async_trait]
impl Store for Sqlite {
    async fn commit(&self, batch: Batch) -> Result<Committed> {
        self.writer.commit(batch).await
    }

    async fn account_by_login(&self, login: &str) -> Result<Option<Arc<Account>>> {
        let login = login.to_lowercase();
        self.look_up(|r| self.accounts.by_login(r, &login)).await
    }

    async fn person(&self, person: PersonId) -> Result<Option<Person>> {
        let found = self.look_up(|r| self.accounts.by_id(r, person)).await?;
        Ok(found.map(|account| account.person.clone()))
    }

    async fn people(&self) -> Result<Vec<Person>> {
        self.read(|r| r.people()).await
    }

    async fn account(&self, person: PersonId) -> Result<Option<Arc<Account>>> {
        self.look_up(|r| self.accounts.by_id(r, person)).await
    }

    async fn rights_revision(&self) -> Result<i64> {
        self.look_up(|r| r.rights_revision()).await
    }

    async fn groups(&self) -> Result<Vec<Group>> {
        self.read(|r| r.groups()).await
    }

    async fn group_by_name(&self, name: &str) -> Result<Option<Group>> {
        let name = name.to_owned();
        self.look_up(move |r| r.group_by_name(&name)).await
    }

    async fn group(&self, group: GroupId) -> Result<Option<Group>> {
        self.look_up(move |r| r.group(group)).await
    }

    async fn group_book(&self, group: GroupId) -> Result<Option<CollectionId>> {
        self.look_up(move |r| r.group_book(group)).await
    }

    async fn members(&self, group: GroupId) -> Result<Vec<Member>> {
        self.read(move |r| r.members(group)).await
    }

    async fn members_list(&self, group: GroupId) -> Result<Option<CollectionId>> {
        self.look_up(move |r| r.members_list(group)).await
    }

    async fn shown_members(&self, person: PersonId) -> Result<Vec<Collection>> {
        self.look_up(move |r| r.shown_members(person)).await
    }

    async fn invitations(&self, group: GroupId) -> Result<Vec<Invitation>> {
        self.read(move |r| r.invitations(group)).await
    }

    async fn group_sizes(&self, person: PersonId) -> Result<Vec<(GroupId, i64)>> {
        self.look_up(|r| r.group_sizes(person)).await
    }

    async fn group_right(&self, group: GroupId, person: PersonId) -> Result<GroupRight> {
        self.look_up(move |r| r.group_right(group, person)).await
    }

    async fn group_grants(&self, group: GroupId) -> Result<Vec<(Option<PersonId>, GroupRight)>> {
        self.read(move |r| r.group_grants(group)).await
    }

    async fn collection(&self, collection: CollectionId) -> Result<Option<Collection>> {
        self.look_up(move |r| r.collection(collection)).await
    }

    async fn collection_by_uuid(&self, uuid: &str) -> Result<Option<Collection>> {
        let uuid = uuid.to_owned();
        self.look_up(move |r| r.collection_by_uuid(&uuid)).await
    }

    async fn books(&self, person: PersonId) -> Result<Vec<Collection>> {
        self.look_up(move |r| r.books(person)).await
    }

    async fn private_book(&self, person: PersonId, segment: &str) -> Result<Option<Collection>> {
        self.look_up(|r| r.private_book(person, segment)).await
    }

    async fn home(&self, person: PersonId) -> Result<Option<Collection>> {
        self.look_up(move |r| r.home(person)).await
    }

    async fn home_changes(&self, home: CollectionId, after: Seq) -> Result<Vec<HomeChange>> {
        self.read(move |r| r.home_changes(home, after)).await
    }

    async fn count(&self, collection: CollectionId) -> Result<i64> {
        self.look_up(move |r| r.count(collection)).await
    }

    async fn view(&self, person: PersonId, segment: &str) -> Result<Option<View>> {
        let segment = segment.to_owned();
        self.look_up(move |r| r.view(person, &segment)).await
    }

    async fn held_in(
        &self,
        view: CollectionId,
        ids: &[String],
    ) -> Result<Vec<(String, Vec<CollectionId>)>> {
        let ids = ids.to_vec();
        self.read(move |r| r.held_in(view, &ids)).await
    }

    async fn in_view(&self, view: CollectionId, item: ItemId) -> Result<Option<Card>> {
        self.look_up(move |r| r.in_view(view, item)).await
    }

    async fn placed(&self, item: ItemId, collections: &[CollectionId]) -> Result<Vec<Card>> {
        let collections = collections.to_vec();
        self.read(move |r| r.placed(item, &collections)).await
    }

    async fn octets(&self, collection: CollectionId) -> Result<i64> {
        self.read(move |r| r.octets(collection)).await
    }

    async fn range(
        &self,
        collection: CollectionId,
        order: Order,
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<Placement>> {
        self.look_up(move |r| r.range(collection, order, after, upto, limit))
            .await
    }

    async fn page(
        &self,
        collection: CollectionId,
        order: Order,
        after: Seq,
        upto: Seq,
        limit: usize,
        want: Want,
    ) -> Result<Vec<Card>> {
        self.look_up(move |r| r.page(collection, order, (after, upto), limit, want))
            .await
    }

    async fn by_hrefs(
        &self,
        collection: CollectionId,
        hrefs: &[String],
        want: Want,
    ) -> Result<Vec<Option<Card>>> {
        self.look_up(|r| r.by_hrefs(collection, hrefs, want)).await
    }

    async fn by_server_ids(
        &self,
        collection: CollectionId,
        ids: &[String],
    ) -> Result<Vec<Option<Card>>> {
        if ids.len() <= FEW {
            return self.look_up(|r| r.by_server_ids(collection, ids)).await;
        }
        let ids = ids.to_vec();
        self.read(move |r| r.by_server_ids(collection, &ids)).await
    }

    async fn by_uid(&self, collection: CollectionId, uid: &str) -> Result<Option<Card>> {
        let uid = uid.to_owned();
        self.look_up(move |r| r.by_uid(collection, &uid)).await
    }

    async fn uids_held(&self, collection: CollectionId, uids: &[String]) -> Result<Vec<String>> {
        let uids = uids.to_vec();
        self.read(move |r| r.uids_held(collection, &uids)).await
    }

    async fn by_placements(&self, placements: &[PlacementId]) -> Result<Vec<Option<Card>>> {
        let placements = placements.to_vec();
        self.read(move |r| r.by_placements(&placements)).await
    }

    async fn identities(
        &self,
        collection: CollectionId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Identity>> {
        self.read(move |r| r.identities(collection, after, limit))
            .await
    }

    async fn search(&self, plan: &Plan) -> Result<Page> {
        let plan = plan.clone();
        self.read(move |r| r.search(&plan)).await
    }

    async fn last_search(&self, person: PersonId) -> Result<Option<(String, Timestamp)>> {
        self.read(move |r| r.last_search(person)).await
    }

    async fn import(&self, import: ImportId) -> Result<Option<Import>> {
        self.look_up(move |r| r.import(import)).await
    }

    async fn imported_items(&self, import: ImportId) -> Result<Vec<ImportedItem>> {
        self.read(move |r| r.imported_items(import)).await
    }

    async fn imports(
        &self,
        person: PersonId,
        collection: CollectionId,
        since: Timestamp,
    ) -> Result<Vec<Import>> {
        self.read(move |r| r.imports(person, collection, since))
            .await
    }

    async fn open_imports(&self) -> Result<Vec<Import>> {
        self.read(|r| r.open_imports()).await
    }

    async fn told_apart(&self, person: PersonId) -> Result<Vec<(ItemId, ItemId)>> {
        self.read(move |r| r.told_apart(person)).await
    }

    async fn mappings(&self, person: PersonId) -> Result<Vec<(String, String)>> {
        self.read(move |r| r.mappings(person)).await
    }

    async fn list(
        &self,
        collection: CollectionId,
        person: PersonId,
        query: &ListQuery,
    ) -> Result<ListPage> {
        let query = query.clone();
        self.read(move |r| r.list(collection, person, &query)).await
    }

    async fn counts(&self, collection: CollectionId, last_first: bool) -> Result<Counts> {
        self.read(move |r| r.counts(collection, last_first)).await
    }

    async fn version_at(
        &self,
        placement: PlacementId,
        seq: Seq,
        device: Option<DeviceId>,
    ) -> Result<Option<Version>> {
        self.read(move |r| r.version_at(placement, seq, device))
            .await
    }

    async fn version_in_view(
        &self,
        row: PlacementId,
        seq: Seq,
        device: Option<DeviceId>,
    ) -> Result<Option<Version>> {
        self.read(move |r| r.version_in_view(row, seq, device))
            .await
    }

    async fn modifies_something(&self, person: PersonId, collection: CollectionId) -> Result<bool> {
        self.look_up(move |r| r.modifies_something(person, collection))
            .await
    }

    async fn item_standing(&self, item: ItemId, person: PersonId) -> Result<Option<ItemStanding>> {
        self.look_up(move |r| r.item_standing(item, person)).await
    }

    async fn placement(&self, placement: PlacementId) -> Result<Option<Card>> {
        self.look_up(move |r| r.placement(placement)).await
    }

    async fn places_of(&self, item: ItemId) -> Result<Vec<ItemPlace>> {
        self.read(move |r| r.places_of(item)).await
    }

    async fn item_grants(&self, item: ItemId) -> Result<Vec<ItemGrant>> {
        self.read(move |r| r.item_grants(item)).await
    }

    async fn item_standings(
        &self,
        items: &[ItemId],
        person: PersonId,
    ) -> Result<Vec<Option<ItemStanding>>> {
        let items = items.to_vec();
        self.read(move |r| {
            items
                .into_iter()
                .map(|item| r.item_standing(item, person))
                .collect()
        })
        .await
    }

    async fn refusal_marks(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> Result<Vec<(ItemId, i64)>> {
        self.look_up(move |r| r.refusal_marks(person, collection))
            .await
    }

    async fn last_refused(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> Result<Option<Timestamp>> {
        self.look_up(move |r| r.last_refused(person, collection))
            .await
    }

    async fn refused_cards(
        &self,
        person: PersonId,
        collection: CollectionId,
        after: Option<Timestamp>,
        upto: Timestamp,
        limit: usize,
        want: Want,
    ) -> Result<Vec<(Card, Timestamp)>> {
        self.read(move |r| r.refused_cards(person, collection, after, upto, limit, want))
            .await
    }

    async fn history(&self, item: ItemId) -> Result<Vec<(Revision, Vec<CollectionId>)>> {
        self.read(move |r| r.history(item)).await
    }

    async fn former_comments(&self, item: ItemId) -> Result<Vec<Revision>> {
        self.read(move |r| r.former_comments(item)).await
    }

    async fn trash(&self, collection: CollectionId) -> Result<Vec<Removal>> {
        self.read(move |r| r.trash(collection)).await
    }

    async fn removed_of_creator(&self, person: PersonId) -> Result<Vec<Removal>> {
        self.read(move |r| r.removed_of_creator(person)).await
    }

    async fn removal(&self, revision: RevisionId) -> Result<Option<Removal>> {
        self.read(move |r| r.removal(revision)).await
    }

    async fn lost_book(&self, person: PersonId, group: bool, segment: &str) -> Result<bool> {
        let segment = segment.to_owned();
        self.read(move |r| r.lost_book(person, group, &segment))
            .await
    }

    async fn refused(&self, person: PersonId) -> Result<Vec<Revision>> {
        self.read(move |r| r.refused(person)).await
    }

    async fn proposals(&self, person: PersonId) -> Result<Vec<Revision>> {
        self.read(move |r| r.proposals(person)).await
    }

    async fn revision(&self, revision: RevisionId) -> Result<Option<Revision>> {
        self.read(move |r| r.revision(revision)).await
    }

    async fn document_at(&self, item: ItemId, at: Timestamp) -> Result<Option<Vec<u8>>> {
        self.read(move |r| r.document_at(item, at)).await
    }

    async fn shown_at(&self, placement: PlacementId, at: Timestamp) -> Result<Option<Version>> {
        self.read(move |r| r.shown_at(placement, at)).await
    }

    async fn touched_since(
        &self,
        collection: CollectionId,
        since: Timestamp,
    ) -> Result<Vec<Touched>> {
        self.read(move |r| r.touched_since(collection, since)).await
    }

    async fn done_by(
        &self,
        person: PersonId,
        client: &str,
        within: RangeInclusive<Timestamp>,
    ) -> Result<Vec<Revision>> {
        let client = client.to_owned();
        self.read(move |r| r.done_by(person, &client, within)).await
    }

    async fn placed_by(
        &self,
        person: PersonId,
        client: &str,
        within: RangeInclusive<Timestamp>,
    ) -> Result<Vec<PlacementId>> {
        let client = client.to_owned();
        self.read(move |r| r.placed_by(person, &client, within))
            .await
    }

    async fn clients_of(&self, person: PersonId, since: Timestamp) -> Result<Vec<String>> {
        self.read(move |r| r.clients_of(person, since)).await
    }

    async fn notices(&self, person: PersonId) -> Result<Vec<Notice>> {
        self.read(move |r| r.notices(person)).await
    }

    async fn deletions_held(
        &self,
        person: PersonId,
        client: &str,
        collection: CollectionId,
    ) -> Result<bool> {
        let client = client.to_owned();
        self.read(move |r| r.deletions_held(person, &client, collection))
            .await
    }

    async fn sync(
        &self,
        device: DeviceId,
        collection: CollectionId,
    ) -> Result<Option<(String, Vec<u8>)>> {
        self.look_up(move |r| r.sync(device, collection)).await
    }

    async fn device_value(&self, device: DeviceId, name: &str) -> Result<Option<Vec<u8>>> {
        let name = name.to_owned();
        self.look_up(move |r| r.device_value(device, &name)).await
    }

    async fn device(&self, person: PersonId, device_id: &str) -> Result<Option<Device>> {
        let device_id = device_id.to_lowercase();
        self.look_up(move |r| r.device(person, &device_id)).await
    }

    async fn synced(&self, device: DeviceId) -> Result<Vec<CollectionId>> {
        self.read(move |r| r.synced(device)).await
    }

    async fn clients(&self, person: Option<PersonId>) -> Result<Vec<KnownClient>> {
        self.read(move |r| r.clients(person)).await
    }

    async fn followed(&self, person: PersonId, client: &str) -> Result<Vec<CollectionId>> {
        let client = client.to_owned();
        self.read(move |r| r.followed(person, &client)).await
    }

    async fn device_count(&self, person: PersonId) -> Result<usize> {
        self.look_up(|r| r.device_count(person)).await
    }

    async fn devices(&self, person: Option<PersonId>) -> Result<Vec<Device>> {
        self.read(move |r| r.devices(person)).await
    }

    async fn properties(
        &self,
        person: PersonId,
        resource: &str,
    ) -> Result<Vec<(String, String, Vec<u8>)>> {
        let resource = resource.to_owned();
        self.look_up(move |r| r.properties(person, &resource)).await
    }

    async fn served(
        &self,
        person: PersonId,
        client: &str,
        collection: CollectionId,
        placement: PlacementId,
    ) -> Result<Option<(Seq, Option<Seq>)>> {
        let client = client.to_owned();
        self.look_up(move |r| r.served(person, &client, collection, placement))
            .await
    }

    async fn push_subscriptions(
        &self,
        collection: CollectionId,
        now: Timestamp,
    ) -> Result<Vec<PushSubscription>> {
        self.look_up(move |r| r.push_subscriptions(collection, now))
            .await
    }

    async fn push_subscription(&self, id: &str) -> Result<Option<PushSubscription>> {
        let id = id.to_owned();
        self.read(move |r| r.push_subscription(&id)).await
    }

    async fn properties_under(
        &self,
        person: PersonId,
        prefix: &str,
    ) -> Result<Vec<StoredProperty>> {
        let prefix = prefix.to_owned();
        self.read(move |r| r.properties_under(person, &prefix))
            .await
    }

    async fn tags(&self, person: PersonId) -> Result<Vec<Tag>> {
        self.read(move |r| r.tags(person)).await
    }

    async fn tags_in(&self, person: PersonId, collection: CollectionId) -> Result<Vec<Tag>> {
        self.read(move |r| r.tags_in(person, collection)).await
    }

    async fn tags_of(&self, person: PersonId, item: ItemId) -> Result<Vec<String>> {
        self.read(move |r| r.tags_of(person, item)).await
    }

    async fn items_tagged(&self, tag: TagId) -> Result<Vec<ItemId>> {
        self.read(move |r| r.items_tagged(tag)).await
    }

    async fn tagged(&self, tag: TagId) -> Result<Vec<Placement>> {
        self.read(move |r| r.tagged(tag)).await
    }

    async fn comment(&self, comment: CommentId) -> Result<Option<Comment>> {
        self.read(move |r| r.comment(comment)).await
    }

    async fn comments(&self, item: ItemId) -> Result<Vec<Comment>> {
        self.read(move |r| r.comments(item)).await
    }

    async fn check(&self) -> Result<Vec<String>> {
        self.read(|r| check::check(r.connection)).await
    }

    async fn backup(&self, file: &Path) -> Result<()> {
        backup::begin_backup(file)?;
        let copy = file.to_owned();
        let written = self
            .read(move |r| backup::backup(r.connection, &copy))
            .await;
        if written.is_err() {
            // Half a backup is none.
            let _ = std::fs::remove_file(file);
        }
        written
    }

    async fn foreign_changes(&self) -> Result<Committed> {
        self.writer.foreign_changes().await
    }
}

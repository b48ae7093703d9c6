//! The port the domain asks, answered by the reading connections and the writing thread.

mod clients;
mod history;
mod imports;
mod labels;
mod people;

use std::path::Path;

use async_trait::async_trait;

use super::{Sqlite, backup, check};
use crate::domain::{
    batch::{Batch, Committed},
    collation::sort_key,
    collection::{Collection, Place},
    error::Result,
    id::{CollectionId, ItemId, PersonId, PlacementId, Seq, Timestamp},
    item::{Card, Placement},
    search::{Page, Plan},
    store::{
        Counts, HomeChange, Identity, ItemGrant, ItemStanding, ListPage, ListQuery, Order, Span,
        Store, Want,
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

    async fn collection(&self, collection: CollectionId) -> Result<Option<Collection>> {
        self.look_up(move |r| r.collection(collection)).await
    }

    async fn collection_by_uuid(&self, uuid: &str) -> Result<Option<Collection>> {
        let uuid = uuid.to_owned();
        self.look_up(move |r| r.collection_by_uuid(&uuid)).await
    }

    async fn books(&self, person: PersonId) -> Result<Vec<Collection>> {
        let mut books = self.look_up(move |r| r.books(person)).await?;
        // Private ones first, in the order their owner gave them.
        books.sort_by_cached_key(|book| match book.place {
            Place::Private(_) => String::new(),
            _ => sort_key(&book.display_name),
        });
        Ok(books)
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

    async fn changed_at(&self, collection: CollectionId) -> Result<Option<Timestamp>> {
        self.look_up(move |r| r.changed_at(collection)).await
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
        span: Span,
    ) -> Result<Vec<Placement>> {
        self.look_up(move |r| r.range(collection, order, span))
            .await
    }

    async fn page(
        &self,
        collection: CollectionId,
        order: Order,
        span: Span,
        want: Want,
    ) -> Result<Vec<Card>> {
        self.look_up(move |r| r.page(collection, order, span, want))
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

    async fn by_placements(
        &self,
        placements: &[PlacementId],
        want: Want,
    ) -> Result<Vec<Option<Card>>> {
        let placements = placements.to_vec();
        self.read(move |r| r.by_placements(&placements, want)).await
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

    async fn modifies_something(&self, person: PersonId, collection: CollectionId) -> Result<bool> {
        self.read(move |r| r.modifies_something(person, collection))
            .await
    }

    async fn item_standing(&self, item: ItemId, person: PersonId) -> Result<Option<ItemStanding>> {
        self.look_up(move |r| r.item_standing(item, person)).await
    }

    async fn placement(&self, placement: PlacementId) -> Result<Option<Card>> {
        self.look_up(move |r| r.placement(placement)).await
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

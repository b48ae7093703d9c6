//! What was: earlier versions, removals, refused writes, and what clients did.

use std::ops::RangeInclusive;

use async_trait::async_trait;

use crate::{
    domain::{
        collection::Collection,
        error::Result,
        id::{CollectionId, DeviceId, ItemId, PersonId, PlacementId, RevisionId, Seq, Timestamp},
        item::Card,
        refused::Lost,
        store::{
            HistoryStore, ItemPlace, Notice, Removal, RemovalPage, Replaced, Revision, Touched,
            Version, Want,
        },
    },
    store::sqlite::Sqlite,
};

#[async_trait]
impl HistoryStore for Sqlite {
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

    async fn places_of(&self, item: ItemId) -> Result<Vec<ItemPlace>> {
        self.read(move |r| r.places_of(item)).await
    }

    async fn refusal_marks(
        &self,
        person: PersonId,
        collection: CollectionId,
        items: &[ItemId],
    ) -> Result<Vec<(ItemId, i64)>> {
        let items = items.to_vec();
        self.look_up(move |r| r.refusal_marks(person, collection, &items))
            .await
    }

    async fn refusals(&self, person: PersonId, collection: CollectionId) -> Result<i64> {
        self.read(move |r| r.refusals(person, collection)).await
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

    async fn trash_page(
        &self,
        collection: CollectionId,
        whose: Option<PersonId>,
        page: RemovalPage,
    ) -> Result<Vec<Removal>> {
        self.read(move |r| r.trash_page(collection, whose, &page))
            .await
    }

    async fn lost_of_creator(
        &self,
        person: PersonId,
        class: Option<&str>,
        page: RemovalPage,
    ) -> Result<Vec<Removal>> {
        let class = class.map(str::to_owned);
        self.read(move |r| r.lost_of_creator(person, class.as_deref(), &page))
            .await
    }

    async fn removal(&self, revision: RevisionId) -> Result<Option<Removal>> {
        self.read(move |r| r.removal(revision)).await
    }

    async fn deleted_book(
        &self,
        owner: PersonId,
        book: CollectionId,
        at: Timestamp,
    ) -> Result<Option<Collection>> {
        self.read(move |r| r.deleted_book(owner, book, at)).await
    }

    async fn lost_book(&self, person: PersonId, lost: Lost<'_>) -> Result<bool> {
        let (of_group, segment) = match lost {
            Lost::Group(segment) => (true, segment.to_owned()),
            Lost::Private(segment) => (false, segment.to_owned()),
        };
        self.read(move |r| r.lost_book(person, of_group, &segment))
            .await
    }

    async fn refused(&self, person: PersonId) -> Result<Vec<Revision>> {
        self.read(move |r| r.refused(person)).await
    }

    async fn refused_heads(&self, person: PersonId) -> Result<Vec<Revision>> {
        self.read(move |r| r.refused_heads(person)).await
    }

    async fn waiting(&self, person: PersonId, since: Timestamp) -> Result<(i64, i64)> {
        self.read(move |r| r.waiting(person, since)).await
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

    async fn overlay_left(
        &self,
        placement: PlacementId,
        revision: Option<RevisionId>,
    ) -> Result<Option<Vec<u8>>> {
        self.read(move |r| r.overlay_left(placement, revision))
            .await
    }

    async fn replaced_with(&self, removal: RevisionId) -> Result<Vec<Replaced>> {
        self.read(move |r| r.replaced_with(removal)).await
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
}

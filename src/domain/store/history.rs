//! What was: earlier versions, removals, refused writes, and what clients did.

use std::ops::RangeInclusive;

use async_trait::async_trait;

use crate::domain::{
    collection::Collection,
    error::Result,
    id::{CollectionId, DeviceId, ItemId, PersonId, PlacementId, RevisionId, Seq, Timestamp},
    item::Card,
    refused::Lost,
    store::{ItemPlace, Notice, Removal, RemovalPage, Replaced, Revision, Touched, Version, Want},
};

/// Reads of what was.
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// The version a client last received: the content at `seq`, or the device's own later write.
    /// None when that version is no longer kept.
    async fn version_at(
        &self,
        placement: PlacementId,
        seq: Seq,
        device: Option<DeviceId>,
    ) -> Result<Option<Version>>;
    /// [`HistoryStore::version_at`] of a row of a view, where `seq` is a sequence of the view.
    async fn version_in_view(
        &self,
        row: PlacementId,
        seq: Seq,
        device: Option<DeviceId>,
    ) -> Result<Option<Version>>;
    /// Every placement an item has or had, oldest first.
    async fn places_of(&self, item: ItemId) -> Result<Vec<ItemPlace>>;
    /// The number of a person's refused writes on each of some items of a collection; items without
    /// any are left out.
    async fn refusal_marks(
        &self,
        person: PersonId,
        collection: CollectionId,
        items: &[ItemId],
    ) -> Result<Vec<(ItemId, i64)>>;
    /// The number of a person's refused writes in a collection.
    async fn refusals(&self, person: PersonId, collection: CollectionId) -> Result<i64>;
    /// The time of a person's last refused write in a collection.
    async fn last_refused(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> Result<Option<Timestamp>>;
    /// Live cards of a collection on which writes of the person were refused, each with the time of
    /// the last refusal: at most `limit` with `after < time <= upto`, ascending. As in
    /// [`Store::page`](super::Store::page), large documents make the answer shorter.
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
    /// showed that version. Their documents and overlays are left out: [`HistoryStore::revision`] has them.
    async fn history(&self, item: ItemId) -> Result<Vec<(Revision, Vec<CollectionId>)>>;
    /// Texts that comments on an item had before they were changed or deleted, newest first; who may
    /// read which is not decided here.
    async fn former_comments(&self, item: ItemId) -> Result<Vec<Revision>>;
    /// The last removal of each item that is not back in the collection, newest first.
    async fn trash(&self, collection: CollectionId) -> Result<Vec<Removal>>;
    /// A part of [`HistoryStore::trash`].
    async fn trash_page(
        &self,
        collection: CollectionId,
        whose: Option<PersonId>,
        page: RemovalPage,
    ) -> Result<Vec<Removal>>;
    /// The last removal, from each group, of items of a class the person created, newest first: groups
    /// they are in, and deleted groups they were in. An item that is back in the group is left out.
    async fn lost_of_creator(
        &self,
        person: PersonId,
        class: Option<&str>,
        page: RemovalPage,
    ) -> Result<Vec<Removal>>;
    /// One removal; none once its item is back in the collection or its content was purged.
    async fn removal(&self, revision: RevisionId) -> Result<Option<Removal>>;
    /// A private book as it was when its owner deleted it, at this very moment; none of any other.
    async fn deleted_book(
        &self,
        owner: PersonId,
        book: CollectionId,
        at: Timestamp,
    ) -> Result<Option<Collection>>;
    /// Whether a person's home showed such a book, and shows it no more.
    async fn lost_book(&self, person: PersonId, lost: Lost<'_>) -> Result<bool>;
    /// Refused writes of a person, those they proposed among them, newest first.
    async fn refused(&self, person: PersonId) -> Result<Vec<Revision>>;
    /// [`HistoryStore::refused`] without documents, overlays and reasons: [`HistoryStore::revision`]
    /// has them.
    async fn refused_heads(&self, person: PersonId) -> Result<Vec<Revision>>;
    /// How many refused writes of a person were kept since a moment, those they proposed among them,
    /// and how many proposals since then a place the person reads shows the item of. Reads no
    /// document.
    async fn waiting(&self, person: PersonId, since: Timestamp) -> Result<(i64, i64)>;
    /// Proposals on items the person created or, as admin or co-admin, has custody of; newest
    /// first, without documents, overlays and reasons.
    async fn proposals(&self, person: PersonId) -> Result<Vec<Revision>>;
    /// A revision of any kind; none once it was purged.
    async fn revision(&self, revision: RevisionId) -> Result<Option<Revision>>;
    /// The document an item had at a moment; none if the item was made later, or its content was
    /// purged.
    async fn document_at(&self, item: ItemId, at: Timestamp) -> Result<Option<Vec<u8>>>;
    /// What a placement showed at a moment, if it was replaced or removed since; none if the
    /// placement still shows it.
    async fn shown_at(&self, placement: PlacementId, at: Timestamp) -> Result<Option<Version>>;
    /// The overlay that a placement had once a revision had taken what it showed (none: once it was
    /// made), if what it shows was replaced since.
    async fn overlay_left(
        &self,
        placement: PlacementId,
        revision: Option<RevisionId>,
    ) -> Result<Option<Vec<u8>>>;
    /// What the commit of a removal replaced in the same collection, oldest first.
    async fn replaced_with(&self, removal: RevisionId) -> Result<Vec<Replaced>>;
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
}

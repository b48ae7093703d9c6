//! The port that a storage engine implements: narrow reads and [`Store::commit`].

mod clients;
mod history;
mod imports;
mod labels;
mod people;
mod rows;

use async_trait::async_trait;

use super::{
    batch::{Batch, Committed},
    collection::Collection,
    credential::CredentialStore,
    document::Documents,
    error::Result,
    id::{CollectionId, ItemId, PersonId, PlacementId, Seq, Timestamp},
    item::{Card, Placement},
    office::store::OfficeStore,
    outbox::Outbox,
    search::{Page, Plan},
    verification::Verifications,
    view::View,
};

pub use {
    clients::ClientStore, history::HistoryStore, imports::ImportStore, labels::LabelStore,
    people::PeopleStore, rows::*,
};

/// Reads, and one way to write. Every answer is one consistent snapshot.
#[async_trait]
pub trait Store:
    PeopleStore
    + HistoryStore
    + ClientStore
    + ImportStore
    + LabelStore
    + Outbox
    + Verifications
    + CredentialStore
    + OfficeStore
    + Documents
{
    /// Applies a batch whole or not at all. On disk when it returns, unless [`Batch::unflushed`];
    /// `Moved` when the rights revision or anything the batch rests on is not as it expects.
    async fn commit(&self, batch: Batch) -> Result<Committed>;
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
    /// When an item last came into a collection, changed in it or left it; none for an empty one, and
    /// for a view or a list of members.
    async fn changed_at(&self, collection: CollectionId) -> Result<Option<Timestamp>>;
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
    /// The placements of a span, ascending by the sequence `order` names. The collection may be a view
    /// or a list of members.
    async fn range(
        &self,
        collection: CollectionId,
        order: Order,
        span: Span,
    ) -> Result<Vec<Placement>>;
    /// As [`Store::range`], with documents if `want` says so; then a page ends after the document
    /// that fills its memory, so it may hold fewer than the span's limit though more follow.
    async fn page(
        &self,
        collection: CollectionId,
        order: Order,
        span: Span,
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
    /// The collection may be a view or a list of members. The answer ends after the document that
    /// fills its memory, so it may be shorter than `ids`.
    async fn by_server_ids(
        &self,
        collection: CollectionId,
        ids: &[String],
    ) -> Result<Vec<Option<Card>>>;
    /// The live placement that holds a UID.
    async fn by_uid(&self, collection: CollectionId, uid: &str) -> Result<Option<Card>>;
    /// The UIDs among `uids` that a live placement of the collection has.
    async fn uids_held(&self, collection: CollectionId, uids: &[String]) -> Result<Vec<String>>;
    /// Live placements by their own ids, in the order asked, with `None` for a removed one. The answer
    /// ends after the document that fills its memory, so it may be shorter than `placements`.
    async fn by_placements(
        &self,
        placements: &[PlacementId],
        want: Want,
    ) -> Result<Vec<Option<Card>>>;
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
    /// *Modify* grants on an item, by collection and person, including those without effect while
    /// the item is not in their group.
    async fn item_grants(&self, item: ItemId) -> Result<Vec<ItemGrant>>;
    /// Every broken invariant, in words; empty when all hold.
    async fn check(&self) -> Result<Vec<String>>;
    /// Writes a consistent copy of the database to `file` while the database is in use.
    async fn backup(&self, file: &std::path::Path) -> Result<()>;
    /// Collections and people to wake because of commits that other processes made since the last
    /// call.
    async fn foreign_changes(&self) -> Result<Committed>;
}

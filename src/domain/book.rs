//! An opened collection: the verbs on its items, each naming the right it needs.

mod changes;
mod condition;
pub mod import;
mod lists;
mod merged;
mod relocate;
mod seen;
mod served;
mod whole;
mod write;

use std::{future::Future, sync::Arc};

use bytes::Bytes;

use super::{
    actor::Actor,
    class::Class,
    collection::{Collection, Place},
    core::Core,
    cursor::{Cursor, Position},
    error::{Error, Result},
    id::{CollectionId, ItemId, RevisionId, Seq, Timestamp},
    item::{Card, Placement},
    json,
    retry::{attempted, retry},
    rights::{ItemFacts, PlaceRights, Right, Standing, allows},
    store::{Counts, ItemStanding, ListPage, ListQuery, Order, Span, Want},
};

pub use changes::Changes;
pub use condition::{Condition, Marks};
pub use relocate::{Destination, Obstacle, Relocated};
pub use seen::Seen;
pub use served::Follower;
pub(super) use served::Served;
pub(super) use write::{Admitted, removal};
pub use write::{Prepared, Room, new_server_id};

/// A collection opened by a person who may read it.
#[derive(Clone)]
pub struct Book {
    core: Arc<Core>,
    actor: Arc<Actor>,
    collection: Collection,
    rights: PlaceRights,
    /// Time of the actor's last refused write here.
    refused: Option<Timestamp>,
    /// Shows the owner's tags as lists too.
    categories: bool,
}

/// Makes new content from the present content.
pub trait Edit: Send + Sync {
    /// `current` is what the place shows now; none for a new item. Refuses with `InvalidDocument`.
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>>;

    /// Applies the edit of a device, whose elements are fixed: `beside` says which line of the
    /// document fills which element ([`Class::beside`]).
    fn apply_beside(&self, current: &[u8], _beside: &[u8]) -> Result<Vec<u8>> {
        self.apply(Some(current))
    }

    /// [`Edit::apply_beside`] for an author who was shown an earlier version of the item, with the
    /// names that books had then among its categories.
    fn apply_stale(&self, current: &[u8], beside: &[u8]) -> Result<Vec<u8>> {
        self.apply_beside(current, beside)
    }

    /// What the class stores beside the item after this edit of `current`, where its author says which
    /// of its fixed elements holds what; none where it does not.
    fn places(&self, _current: &[u8], _beside: &[u8], _made: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// The same edit without its picture, for a picture that cannot be stored; none where the edit
    /// has none.
    fn without_picture(&self) -> Option<Arc<dyn Edit>> {
        None
    }

    /// Whether the categories of the edit name other books than these. In a view, a device is shown
    /// the names of an item's books as categories.
    fn disagrees(&self, _books: &[String]) -> bool {
        false
    }

    /// Whether the stored content reads otherwise than what the author sent, so that the author has
    /// to be sent it.
    fn alters(&self, _made: &[u8], _beside: &[u8]) -> bool {
        false
    }

    /// Whether the edit changed something that its author did not send, or was shown in part, from
    /// what it was before with what was beside it. The author is sent it at once; otherwise its next
    /// edit would rest on content that is not there.
    fn outdates(&self, _before: (&[u8], &[u8]), _made: &[u8], _beside: &[u8]) -> bool {
        false
    }
}

/// Replaces the whole content.
pub struct Replace(pub Vec<u8>);

impl Edit for Replace {
    fn apply(&self, _current: Option<&[u8]>) -> Result<Vec<u8>> {
        Ok(self.0.clone())
    }
}

impl<F> Edit for F
where
    F: Fn(Option<&[u8]>) -> Result<Vec<u8>> + Send + Sync,
{
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>> {
        self(current)
    }
}

/// What this person may do with a book as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privileges {
    /// Everything, as the owner.
    pub owner: bool,
    pub add: bool,
    /// At least one item may be modified.
    pub modify: bool,
    pub remove: bool,
}

/// What this person may do with one item in this place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemPrivileges {
    pub modify: bool,
    pub remove: bool,
    pub grant: bool,
    /// May ask the contact to verify its data.
    pub verify: bool,
    /// May place it in another group, given *Add* there.
    pub share: bool,
}

/// One change since a cursor.
#[derive(Clone, Debug)]
pub enum Member {
    Present(Box<Card>),
    /// Removed; the href it had.
    Gone(String),
}

/// A collection that changed, and its new sequence.
pub type Change = (CollectionId, Seq);

/// Every collection a write changed.
pub type Moved = Vec<Change>;

/// A part of the live items of a book.
#[derive(Clone, Debug)]
pub struct Leg {
    pub cards: Vec<Card>,
    /// Where the walk continues; none at its end.
    pub next: Option<Position>,
}

/// Outcome of a deletion.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// The revision by which [`Book::restore`] brings the item back.
    pub removal: RevisionId,
    pub moved: Moved,
}

/// Outcome of a write.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub created: bool,
    /// The item as it stands now.
    pub card: Card,
    pub etag: String,
    pub moved: Moved,
}

impl Book {
    pub(super) fn new(
        core: Arc<Core>,
        actor: Arc<Actor>,
        collection: Collection,
        rights: PlaceRights,
        refused: Option<Timestamp>,
    ) -> Self {
        Self {
            core,
            actor,
            collection,
            rights,
            refused,
            categories: false,
        }
    }

    /// With a list for each of the owner's tags, or without.
    pub(super) fn listing(self, categories: bool) -> Self {
        Self { categories, ..self }
    }

    /// The collection as it was when the book was opened.
    pub fn collection(&self) -> &Collection {
        &self.collection
    }

    /// The person on whose behalf the verbs act.
    pub fn actor(&self) -> &Arc<Actor> {
        &self.actor
    }

    /// The core the book was opened from.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The class of the items here.
    pub fn class(&self) -> &dyn Class {
        self.core.class_named(&self.collection.class)
    }

    /// Whether the book belongs to the actor alone.
    pub fn is_private(&self) -> bool {
        self.rights.standing == Standing::Owner
    }

    /// The display name of a group's book or list of members, or of a further private book; none for
    /// any other place.
    pub fn shown_place(&self) -> Option<String> {
        match self.collection.place {
            Place::Group(_) | Place::Members(_) => Some(self.collection.display_name.clone()),
            Place::Private(_) if !self.collection.is_default() => {
                Some(self.collection.display_name.clone())
            }
            _ => None,
        }
    }

    /// Whether this is a group's list of members, which is read-only.
    pub fn is_members(&self) -> bool {
        matches!(self.collection.place, Place::Members(_))
    }

    /// The cursor of the present state for this person. It also moves with their refused writes,
    /// which change entity tags for them alone.
    pub fn cursor(&self) -> Cursor {
        Cursor::at(&self.collection, self.collection.seq).with_refused(self.refused)
    }

    /// The entity tag of the book as a whole, as this person sees it.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.cursor())
    }

    /// What the actor may do with one item.
    pub async fn item_privileges(&self, placement: &Placement) -> Result<ItemPrivileges> {
        Ok(self.item_rights(&self.facts(placement).await?))
    }

    /// Name of an item's creator; empty once the account is gone.
    pub async fn creator_name(&self, placement: &Placement) -> Result<String> {
        let creator = self.core.store().person(placement.creator).await?;
        Ok(creator.map_or_else(String::new, |person| person.name))
    }

    /// When an item last came, changed or went; of an empty book, when it was made.
    pub async fn changed_at(&self) -> Result<Timestamp> {
        let changed = self.core.store().changed_at(self.collection.id).await?;
        Ok(changed.unwrap_or(self.collection.created))
    }

    /// Number of live items.
    pub async fn count(&self) -> Result<i64> {
        self.core.store().count(self.collection.id).await
    }

    /// A page of the name-sorted list.
    pub async fn list(&self, query: &ListQuery) -> Result<ListPage> {
        self.core
            .store()
            .list(self.collection.id, self.actor.person, query)
            .await
    }

    /// The numbers shown beside the list.
    pub async fn counts(&self, last_first: bool) -> Result<Counts> {
        let store = self.core.store();
        store.counts(self.collection.id, last_first).await
    }

    /// [`Book::item_privileges`] of several items, in the order asked.
    pub async fn items_privileges(&self, cards: &[&Placement]) -> Result<Vec<ItemPrivileges>> {
        if let Some(union) = self.core.union_of(self).await? {
            return self.privileges_through(&union, cards).await;
        }
        let standings = if self.is_private() {
            vec![None; cards.len()]
        } else {
            let items: Vec<ItemId> = cards.iter().map(|card| card.item).collect();
            self.core
                .store()
                .item_standings(&items, self.actor.person)
                .await?
        };
        let privileges = |(card, standing): (&&Placement, Option<ItemStanding>)| {
            let mut facts = self.known_facts(card);
            if let Some(standing) = standing {
                self.judge(&standing, &mut facts);
            }
            self.item_rights(&facts)
        };
        Ok(cards.iter().zip(standings).map(privileges).collect())
    }

    /// Octets of the documents here.
    pub async fn octets(&self) -> Result<i64> {
        self.core.store().octets(self.collection.id).await
    }

    /// The items under some hrefs, in the order asked, with `None` for an unknown href.
    pub async fn by_hrefs(&self, hrefs: &[String]) -> Result<Vec<Option<Card>>> {
        let mut found = Vec::with_capacity(hrefs.len());
        while found.len() < hrefs.len() {
            found.extend(self.first_by_hrefs(&hrefs[found.len()..]).await?);
        }
        Ok(found)
    }

    /// The items under the first hrefs: as many as fit in memory, at least one.
    pub async fn first_by_hrefs(&self, hrefs: &[String]) -> Result<Vec<Option<Card>>> {
        self.found(hrefs, Want::Documents).await
    }

    /// The live placements under some hrefs, in the order asked, without documents.
    pub async fn heads(&self, hrefs: &[String]) -> Result<Vec<Option<Card>>> {
        self.found(hrefs, Want::Heads).await
    }

    async fn found(&self, hrefs: &[String], want: Want) -> Result<Vec<Option<Card>>> {
        let store = self.core.store();
        let found = store.by_hrefs(self.collection.id, hrefs, want).await?;
        if self.makes_lists() {
            self.with_lists(&hrefs[..found.len()], found).await
        } else {
            Ok(found)
        }
    }

    /// One item; `NotFound` when there is none.
    pub async fn get(&self, href: &str) -> Result<Card> {
        let found = self.by_hrefs(&[href.to_owned()]).await?;
        found.into_iter().next().flatten().ok_or(Error::NotFound)
    }

    /// A part of a walk over all live items, for streaming a whole book.
    pub async fn walk(&self, from: Position, limit: usize) -> Result<Leg> {
        self.walk_for(from, limit, Want::Documents).await
    }

    /// [`Book::walk`] that may leave the documents out.
    pub async fn walk_for(&self, from: Position, limit: usize, want: Want) -> Result<Leg> {
        let Collection { id, seq, .. } = self.collection;
        let store = self.core.store();
        let span = Span {
            after: from.0,
            upto: seq,
            limit,
        };
        let mut cards = store.page(id, Order::Born, span, want).await?;
        if self.is_view() {
            self.place_cards(cards.iter_mut()).await?;
        }
        if self.makes_lists() && cards.is_empty() {
            let cards = self.lists().await?;
            return Ok(Leg { cards, next: None });
        }
        let last = cards.last();
        Ok(Leg {
            next: last.map(|card| Position(card.placement.born)),
            cards,
        })
    }

    /// The content of an item as this place shows it: the document with the owner's own lines.
    pub fn content(&self, card: &Card) -> Bytes {
        let placement = &card.placement;
        if self.is_members() {
            let profile = json::read("a member of a list", &card.document).unwrap_or_default();
            return self.class().portrait(&profile, &placement.uid).into();
        }
        if placement.mixed && self.is_private() {
            return self.shown(&card.document, &placement.overlay).into();
        }
        if placement.overlay.is_empty() {
            card.document.clone()
        } else {
            let class = self.class();
            class.join(&card.document, &placement.overlay).into()
        }
    }

    /// Any version of an item as this book shows it. In Private the owner's lines (the overlay)
    /// replace those of the document itself, which group books show.
    pub(super) fn shown(&self, document: &[u8], overlay: &[u8]) -> Vec<u8> {
        let class = self.class();
        if !self.is_private() {
            return document.to_vec();
        }
        match class.split(document) {
            Ok(split) if !split.overlay.is_empty() => class.join(&split.document, overlay),
            _ => class.join(document, overlay),
        }
    }

    /// Refusal marks of the actor on some items; an entity tag needs them. Costs a read only where
    /// some write of theirs was refused here.
    pub async fn marks_of<'a>(
        &self,
        placements: impl IntoIterator<Item = &'a Placement>,
    ) -> Result<Marks> {
        let (person, here) = (self.actor.person, self.collection.id);
        let placements = placements.into_iter().filter(|_| self.refused.is_some());
        let items: Vec<ItemId> = placements.map(|placement| placement.item).collect();
        if items.is_empty() {
            return Ok(Marks::default());
        }
        let marks = self
            .core
            .store()
            .refusal_marks(person, here, &items)
            .await?;
        Ok(Marks(marks.into_iter().collect()))
    }

    /// The entity tag of an item as the actor sees it.
    pub async fn etag_of(&self, placement: &Placement) -> Result<String> {
        Ok(self.marks_of([placement]).await?.etag(placement))
    }

    /// One live item by its server id, which devices and pages know.
    pub async fn by_server_id(&self, server_id: &str) -> Result<Card> {
        let ids = [server_id.to_owned()];
        let found = self
            .core
            .store()
            .by_server_ids(self.collection.id, &ids)
            .await?;
        found
            .into_iter()
            .next()
            .flatten()
            .filter(|card| card.placement.is_live())
            .ok_or(Error::NotFound)
    }

    /// The live item with a UID.
    pub async fn by_uid(&self, uid: &str) -> Result<Option<Card>> {
        self.core.store().by_uid(self.collection.id, uid).await
    }

    pub(super) fn may(&self, right: Right) -> bool {
        allows(right, &self.rights, &ItemFacts::default())
    }

    pub(super) fn allows(&self, facts: &ItemFacts, right: Right) -> bool {
        allows(right, &self.rights, facts)
    }

    /// `Forbidden` unless the actor holds a right on an item here.
    pub(super) async fn require(&self, placement: &Placement, right: Right) -> Result<()> {
        let facts = self.facts(placement).await?;
        if self.allows(&facts, right) {
            Ok(())
        } else {
            Err(Error::Forbidden { right })
        }
    }

    /// Whether the actor holds a right on an item here; an error where that cannot be known now.
    pub(super) async fn permits(&self, placement: &Placement, right: Right) -> Result<bool> {
        match self.facts(placement).await {
            Ok(facts) => Ok(self.allows(&facts, right)),
            Err(Error::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The facts on which the actor's rights on an item rest; costs a read in group books only.
    pub(super) async fn facts(&self, placement: &Placement) -> Result<ItemFacts> {
        let mut facts = self.known_facts(placement);
        if self.is_private() || self.is_members() {
            return Ok(facts);
        }
        let standing = self
            .core
            .store()
            .item_standing(placement.item, self.actor.person)
            .await?;
        let standing = standing.ok_or(Error::NotFound)?;
        self.judge(&standing, &mut facts);
        Ok(facts)
    }

    /// The facts a placement carries itself: all there are in a private book.
    fn known_facts(&self, placement: &Placement) -> ItemFacts {
        let me = self.actor.person;
        ItemFacts {
            creator: placement.creator == me,
            created_here: placement.origin == Some(self.collection.id),
            created_private: true,
            placed: placement.placed_by == me,
            ..ItemFacts::default()
        }
    }

    fn item_rights(&self, facts: &ItemFacts) -> ItemPrivileges {
        let may = |right| self.allows(facts, right);
        ItemPrivileges {
            modify: may(Right::Modify),
            remove: may(Right::Remove),
            grant: may(Right::GrantModify),
            verify: may(Right::Verify),
            share: may(Right::Share),
        }
    }

    /// Adds the facts that a group book needs about an item.
    fn judge(&self, standing: &ItemStanding, facts: &mut ItemFacts) {
        facts.granted = standing.granted;
        facts.created_private = matches!(standing.origin, Some(Place::Private(_)));
        facts.custodian = match standing.origin {
            Some(Place::Group(group)) if standing.in_custody => self
                .actor
                .membership(group)
                .is_some_and(|membership| membership.role.runs_group()),
            _ => false,
        };
    }

    /// The book opened again, with the actor's present rights.
    pub async fn reopened(&self) -> Result<Book> {
        let actor = self.core.again(&self.actor).await?;
        self.core.reopen(&actor, &self.collection).await
    }

    /// Runs `decide`; if the commit finds that rights or content changed, reopens the book and
    /// retries.
    pub(super) async fn decided<T, F, D>(&self, decide: D) -> Result<T>
    where
        D: Fn(Book) -> F + Send + Sync,
        F: Future<Output = Result<T>> + Send,
    {
        let decide = &decide;
        retry(
            self.clone(),
            |book| async move { attempted(decide(book).await) },
            |book| async move { book.reopened().await },
        )
        .await
    }

    /// A card of this book that may have changed since it was read; `NotFound` once it is gone.
    pub(super) async fn current(&self, placement: &Placement) -> Result<Card> {
        if self.is_members() {
            return self.get(&placement.href).await;
        }
        let found = self.core.store().placement(placement.id).await?;
        found
            .filter(|card| {
                card.placement.is_live() && card.placement.collection == self.collection.id
            })
            .ok_or(Error::NotFound)
    }
}

//! An opened collection: the verbs on its items, each naming the right it needs.

pub mod import;
mod write;

use std::{collections::HashMap, future::Future, sync::Arc};

use super::{
    actor::Actor,
    collection::{Collection, Place},
    core::Core,
    cursor::{Cursor, Position},
    error::{Error, Result},
    id::{ItemId, Seq},
    item::{Card, Placement},
    rights::{ItemFacts, PlaceRights, Right, Standing, allows},
    store::{ListPage, ListQuery, Order},
};

pub(super) use write::{RETRIES, new_server_id, removal};

/// A collection opened by somebody who may read it.
#[derive(Clone)]
pub struct Book {
    core: Arc<Core>,
    actor: Arc<Actor>,
    collection: Collection,
    rights: PlaceRights,
}

/// How new content is made from what is there.
pub trait Edit: Send + Sync {
    /// `current` is what the place shows now; none for a new item. Refuses with `InvalidDocument`.
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>>;

    /// The same for faces with fixed places: `beside` is what the class keeps beside the item.
    fn apply_beside(&self, current: &[u8], _beside: &[u8]) -> Result<Vec<u8>> {
        self.apply(Some(current))
    }

    /// Whether what was made of it reads otherwise than it was sent: its author has to be told.
    fn alters(&self, _made: &[u8]) -> bool {
        false
    }
}

/// Whole new content, whatever was there.
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

/// What the author of a write last saw (RFC 9110 §13.1).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Condition {
    /// Nothing said.
    #[default]
    None,
    /// `If-Match`: one of these quoted strong tags.
    Match(Vec<String>),
    /// `If-Match: *`: there is something.
    Exists,
    /// `If-None-Match: *`: there is nothing.
    Absent,
    /// `If-None-Match` with tags: none of these.
    NoneMatch(Vec<String>),
}

/// What may be done with a book as a whole, by this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privileges {
    pub owner: bool,
    pub add: bool,
    /// At least one item may be modified.
    pub modify: bool,
    pub remove: bool,
}

/// What may be done with one item in this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemPrivileges {
    pub modify: bool,
    pub remove: bool,
    pub grant: bool,
    /// The contact may be asked to verify its data.
    pub verify: bool,
    /// Place it in another group too, where *Add* is held.
    pub share: bool,
}

/// One change since a cursor.
#[derive(Clone, Debug)]
pub enum Member {
    Present(Box<Card>),
    /// Removed; the href it had.
    Gone(String),
}

/// What changed since a cursor.
#[derive(Clone, Debug)]
pub struct ChangeSet {
    pub members: Vec<Member>,
    /// Describes exactly what `members` brings the client to.
    pub cursor: Cursor,
    /// There is more after `cursor`.
    pub more: bool,
}

/// Some of the live items of a book.
#[derive(Clone, Debug)]
pub struct Leg {
    pub cards: Vec<Card>,
    /// Where the walk goes on; none at its end.
    pub next: Option<Position>,
}

/// Outcome of a write.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub created: bool,
    pub href: String,
    pub etag: String,
}

impl Book {
    pub(super) fn new(
        core: Arc<Core>,
        actor: Arc<Actor>,
        collection: Collection,
        rights: PlaceRights,
    ) -> Self {
        Self {
            core,
            actor,
            collection,
            rights,
        }
    }

    pub fn collection(&self) -> &Collection {
        &self.collection
    }

    pub fn actor(&self) -> &Arc<Actor> {
        &self.actor
    }

    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Belongs to the actor alone.
    pub fn is_private(&self) -> bool {
        self.rights.standing == Standing::Owner
    }

    /// Where the collection stands now.
    pub fn cursor(&self) -> Cursor {
        Cursor::at(&self.collection, self.collection.seq)
    }

    /// What may be done here. `modify` is true when some item may be modified (`rights.md` §4).
    pub async fn privileges(&self) -> Result<Privileges> {
        let add = self.may(Right::Add);
        Ok(Privileges {
            owner: self.is_private(),
            add,
            modify: add || self.is_private() || self.modifies_something().await?,
            remove: self.may(Right::RemoveAny),
        })
    }

    /// What may be done with one item.
    pub async fn item_privileges(&self, placement: &Placement) -> Result<ItemPrivileges> {
        let facts = self.facts(placement).await?;
        let may = |right| self.allows(&facts, right);
        Ok(ItemPrivileges {
            modify: may(Right::Modify),
            remove: may(Right::Remove),
            grant: may(Right::GrantModify),
            verify: may(Right::Verify),
            share: may(Right::Share),
        })
    }

    /// Who created an item; empty once the account is gone.
    pub async fn creator_name(&self, placement: &Placement) -> Result<String> {
        let creator = self.core.store().person(placement.creator).await?;
        Ok(creator.map_or_else(String::new, |person| person.name))
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

    /// The items under some hrefs, in the order asked.
    pub async fn by_hrefs(&self, hrefs: &[String]) -> Result<Vec<Option<Card>>> {
        self.core.store().by_hrefs(self.collection.id, hrefs).await
    }

    /// One item; `NotFound` when there is none.
    pub async fn get(&self, href: &str) -> Result<Card> {
        let found = self.by_hrefs(&[href.to_owned()]).await?;
        found.into_iter().next().flatten().ok_or(Error::NotFound)
    }

    /// A leg of a walk over everything that is live, for streaming the whole book.
    pub async fn walk(&self, from: Position, limit: usize) -> Result<Leg> {
        let newest = self.collection.seq;
        let cards = self
            .core
            .store()
            .range_cards(self.collection.id, Order::Born, from.0, newest, limit)
            .await?;
        let full = cards.len() >= limit;
        let last = cards.last().filter(|_| full);
        Ok(Leg {
            next: last.map(|card| Position(card.placement.born)),
            cards,
        })
    }

    /// What this place shows of an item: the document with the owner's own lines in it.
    pub fn content(&self, card: &Card) -> Vec<u8> {
        let placement = &card.placement;
        if placement.mixed && self.is_private() {
            return self.shown(&card.document, &placement.overlay);
        }
        match placement.overlay.is_empty() {
            true => card.document.to_vec(),
            false => self.core.class().join(&card.document, &placement.overlay),
        }
    }

    /// The same of any version. In Private the owner's lines stand for the ones that belong to the
    /// document itself, which group books show (`rights.md` §4).
    pub(super) fn shown(&self, document: &[u8], overlay: &[u8]) -> Vec<u8> {
        let class = self.core.class();
        if !self.is_private() {
            return document.to_vec();
        }
        match class.split(document) {
            Ok(split) if !split.overlay.is_empty() => class.join(&split.document, overlay),
            _ => class.join(document, overlay),
        }
    }

    /// Refusal marks of the actor by item; an entity tag needs them.
    pub async fn marks(&self) -> Result<Marks> {
        let marks = self
            .core
            .store()
            .refusal_marks(self.actor.person, self.collection.id)
            .await?;
        Ok(Marks(marks.into_iter().collect()))
    }

    /// Changes since a cursor (RFC 6578 §3.6); none: everything that is live.
    pub async fn changes(&self, since: Option<&Cursor>, limit: usize) -> Result<ChangeSet> {
        let newest = self.collection.seq;
        let (order, after, told) = match since {
            None => (Order::Changed, Seq(0), newest),
            Some(cursor) => {
                let after = cursor.seq_in(&self.collection)?;
                (Order::Moved, after, cursor.told())
            }
        };
        let ask = limit.saturating_add(1);
        let mut rows = self
            .core
            .store()
            .range_cards(self.collection.id, order, after, newest, ask)
            .await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let reached = match rows.last() {
            Some(last) if more => last.placement.gone.unwrap_or(last.placement.changed),
            _ => newest,
        };
        rows.retain(|card| card.placement.gone.is_none_or(|gone| gone > told));
        let removed: Vec<String> = rows
            .iter()
            .filter(|card| !card.placement.is_live())
            .map(|card| card.placement.href.clone())
            .collect();
        // An href that was removed and put again is answered by its live placement.
        let replaced: Vec<bool> = if removed.is_empty() {
            Vec::new()
        } else {
            let live = self.by_hrefs(&removed).await?;
            live.iter().map(Option::is_some).collect()
        };
        let mut replaced = replaced.into_iter();
        let mut members = Vec::with_capacity(rows.len());
        for card in rows {
            if card.placement.is_live() {
                members.push(Member::Present(Box::new(card)));
            } else if replaced.next() != Some(true) {
                members.push(Member::Gone(card.placement.href));
            }
        }
        Ok(ChangeSet {
            members,
            cursor: Cursor::within(&self.collection, reached, told),
            more,
        })
    }

    /// One live item by the id devices and pages know.
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

    pub(super) fn may(&self, right: Right) -> bool {
        allows(right, &self.rights, &ItemFacts::default())
    }

    pub(super) fn allows(&self, facts: &ItemFacts, right: Right) -> bool {
        allows(right, &self.rights, facts)
    }

    /// Refuses unless the actor holds a right on an item here.
    pub(super) async fn require(&self, placement: &Placement, right: Right) -> Result<()> {
        let facts = self.facts(placement).await?;
        match self.allows(&facts, right) {
            true => Ok(()),
            false => Err(Error::Forbidden { right }),
        }
    }

    /// What the actor is to an item; costs a read only in group books.
    pub(super) async fn facts(&self, placement: &Placement) -> Result<ItemFacts> {
        let me = self.actor.person;
        let mut facts = ItemFacts {
            creator: placement.creator == me,
            created_here: placement.origin == Some(self.collection.id),
            created_private: true,
            placed: placement.placed_by == me,
            ..ItemFacts::default()
        };
        if self.is_private() {
            return Ok(facts);
        }
        let standing = self.core.store().item_standing(placement.item, me).await?;
        let standing = standing.ok_or(Error::NotFound)?;
        facts.granted = standing.granted;
        facts.created_private = matches!(standing.origin, Some(Place::Private(_)));
        facts.custodian = match standing.origin {
            Some(Place::Group(group)) if !standing.creator_in_origin => self
                .actor
                .membership(group)
                .is_some_and(|membership| membership.role.runs_group()),
            _ => false,
        };
        Ok(facts)
    }

    /// The same book as the actor stands to it now.
    pub(super) async fn reopened(&self) -> Result<Book> {
        let actor = self.core.again(&self.actor).await?;
        self.core.open(&actor, self.collection.id).await
    }

    /// Takes a decision on this book, and again on the book as it is by then while the world moves
    /// between reading and committing.
    pub(super) async fn decided<T, F, D>(&self, decide: D) -> Result<T>
    where
        D: Fn(Book) -> F + Send + Sync,
        F: Future<Output = Result<T>> + Send,
    {
        let mut book = self.clone();
        for _ in 0..RETRIES {
            match decide(book.clone()).await {
                Err(Error::PreconditionFailed) => book = book.reopened().await?,
                other => return other,
            }
        }
        Err(Error::Unavailable(
            "rights or contents kept changing during the write".into(),
        ))
    }

    /// A card of this book that may have changed since it was read; `NotFound` once it is gone.
    pub(super) async fn current(&self, placement: &Placement) -> Result<Card> {
        let found = self.core.store().placement(placement.id).await?;
        found
            .filter(|card| {
                card.placement.is_live() && card.placement.collection == self.collection.id
            })
            .ok_or(Error::NotFound)
    }

    async fn modifies_something(&self) -> Result<bool> {
        self.core
            .store()
            .modifies_something(self.actor.person, self.collection.id)
            .await
    }
}

/// How often writes of this person on each item were refused.
#[derive(Clone, Debug, Default)]
pub struct Marks(HashMap<ItemId, i64>);

impl Marks {
    /// The entity tag this person sees.
    pub fn etag(&self, placement: &Placement) -> String {
        placement.etag(self.0.get(&placement.item).copied().unwrap_or(0))
    }
}

impl Condition {
    fn holds(&self, etag: Option<&str>) -> bool {
        match self {
            Condition::None => true,
            Condition::Match(tags) => etag.is_some_and(|etag| tags.iter().any(|tag| tag == etag)),
            Condition::Exists => etag.is_some(),
            Condition::Absent => etag.is_none(),
            Condition::NoneMatch(tags) => {
                etag.is_none_or(|etag| !tags.iter().any(|tag| tag == etag))
            }
        }
    }
}

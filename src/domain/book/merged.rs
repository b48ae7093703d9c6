//! A view: all the books a person reads, as one book, for programs that show a single one. A change
//! goes to the book that holds the item, a new item to the default book, and each group is a list
//! of its contacts.

use std::{collections::HashMap, sync::Arc};

use super::{Book, Condition, Edit, ItemPrivileges, Removed, Written, served::Author};
use crate::domain::{
    actor::Actor,
    batch::{HistoryOp, Op},
    collection::Place,
    core::Core,
    error::{Error, Result},
    id::CollectionId,
    item::{Card, Placement},
    refused::Why,
    rights::Right,
    view::{Found, Held, Union},
};

impl Core {
    /// Opens everything a person reads as one book. Its epoch changes when groups are added,
    /// removed or renamed, because their lists have no sequence.
    pub async fn open_merged(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Book> {
        let mut book = self.open_view(actor, &[]).await?;
        let groups = book.groups().await?;
        let named = groups.iter().map(Book::collection);
        let named: Vec<_> = named.map(|c| (c.id.0, &*c.display_name)).collect();
        book.collection.note_lists(named.into_iter());
        book.collection.display_name = "All contacts".to_owned();
        Ok(book)
    }
}

impl Book {
    /// Whether this book shows items of other books.
    pub fn is_view(&self) -> bool {
        matches!(self.collection.place, Place::View(_))
    }

    pub(super) async fn groups(&self) -> Result<Vec<Book>> {
        let union = self.core.union_of(self).await?;
        let mut books = union.map_or(Vec::new(), |union| union.books);
        books.retain(|book| matches!(book.collection.place, Place::Group(_)));
        Ok(books)
    }

    /// In a view: items that no private book holds show the categories of their own document; only
    /// in Private do the owner's tags replace them.
    pub(in crate::domain) async fn place_cards<'a>(
        &self,
        cards: impl Iterator<Item = &'a mut Card>,
    ) -> Result<()> {
        let mut mixed: Vec<&mut Card> = cards.filter(|card| card.placement.mixed).collect();
        if mixed.is_empty() {
            return Ok(());
        }
        let union = self.core.union_of(self).await?;
        let books = union.map_or(Vec::new(), |union| union.books);
        let private: Vec<CollectionId> = books
            .iter()
            .filter(|book| book.is_private())
            .map(|book| book.collection.id)
            .collect();
        let ids: Vec<String> = mixed
            .iter()
            .map(|card| card.placement.server_id.clone())
            .collect();
        let held = self.core.store().held_in(self.collection.id, &ids).await?;
        let held: HashMap<_, _> = held.into_iter().collect();
        for card in &mut mixed {
            let within = held.get(&card.placement.server_id);
            if within.is_some_and(|books| !books.iter().any(|book| private.contains(book))) {
                card.placement.mixed = false;
            }
        }
        Ok(())
    }

    /// [`Book::put`] through a view.
    pub(super) async fn put_through(
        &self,
        union: &Union,
        href: &str,
        condition: &Condition,
        edit: &dyn Edit,
    ) -> Result<Written> {
        let mut mine = None;
        let written = match self.get(href).await {
            Err(Error::NotFound) => {
                let condition = if condition.holds(None) {
                    &Condition::Absent
                } else {
                    condition
                };
                union.own().put(href, condition, edit).await?
            }
            Ok(card) => {
                let spot = match self.spot(union, &card, Right::Modify).await {
                    Err(refused @ Error::Forbidden { .. }) => {
                        self.keep_of_list(&card, edit).await?;
                        return Err(refused);
                    }
                    spot => spot?,
                };
                let held = self.outdated(&card.placement).await?;
                let condition = match (condition, &held) {
                    // Merged with what its author has not seen.
                    (Condition::None, Some(_)) => Condition::None,
                    _ => self.condition_there(&card, condition, &spot).await?,
                };
                let name = &spot.card.placement.href;
                let author = Author::OfView(held.as_ref());
                let written = spot.book.put_by(author, name, &condition, edit).await;
                let written = self.mark(&card, written).await?;
                if let (Condition::None, Some(seen)) = (condition, held.and_then(|held| held.seen))
                {
                    mine = Some(edit.apply(Some(&seen))?);
                }
                written
            }
            Err(error) => return Err(error),
        };
        let view = self.reopened().await?;
        let card = view.get(href).await?;
        let placement = &card.placement;
        match mine {
            // Of the lists that are in the epoch the view as it was opened knows.
            Some(mine) => self.note_merged(placement.id, placement.changed, mine),
            None => {
                let given = [(placement.id, placement.changed)];
                view.note_given(&given).await?;
            }
        }
        Ok(Written {
            etag: view.etag_of(placement).await?,
            card,
            ..written
        })
    }

    /// Keeps what was written over the list of a group, which names its contacts and nobody else.
    async fn keep_of_list(&self, list: &Card, edit: &dyn Edit) -> Result<()> {
        let mine = edit.apply(Some(&list.document))?;
        if mine == list.document {
            return Ok(());
        }
        let why = Why::ListOfGroup;
        self.core.keep_card(&self.actor, mine, why).await
    }

    /// [`Book::delete`] through a view: an item that another of its books holds stays in the view.
    pub(super) async fn delete_through(
        &self,
        union: &Union,
        href: &str,
        condition: &Condition,
    ) -> Result<Removed> {
        let card = self.get(href).await?;
        let spot = self.spot(union, &card, Right::Remove).await?;
        let condition = self.condition_there(&card, condition, &spot).await?;
        let name = &spot.card.placement.href;
        let removed = spot.book.delete(name, &condition).await;
        self.mark(&card, removed).await
    }

    /// Where an item is changed or removed: in the first book that grants the right.
    async fn spot(&self, union: &Union, card: &Card, right: Right) -> Result<Held> {
        let held = union.held(card.placement.item).await?;
        match Found::among(held, right).await? {
            Found::Allowed(held) | Found::Refused(held) => Ok(held),
            // The lists of the groups are nowhere else.
            Found::Nowhere => Err(Error::Forbidden { right }),
        }
    }

    /// The condition on the item in its own book: equivalent if it holds in the view, else one that
    /// never holds.
    async fn condition_there(
        &self,
        card: &Card,
        condition: &Condition,
        spot: &Held,
    ) -> Result<Condition> {
        let holds = match condition {
            Condition::None => !self.is_behind(card).await?,
            condition => {
                let marks = self.marks_of([&card.placement]).await?;
                marks.hold(condition, &card.placement)
            }
        };
        let mut tags = Vec::new();
        if holds && spot.card.placement.rev == card.placement.rev {
            tags.push(spot.book.etag_of(&spot.card.placement).await?);
        }
        Ok(Condition::Match(tags))
    }

    /// After a refusal, offers the item to the person's clients of this view again.
    async fn mark<T>(&self, card: &Card, outcome: Result<T>) -> Result<T> {
        if let Err(Error::Forbidden { .. }) = &outcome {
            let op = Op::History(HistoryOp::MarkRefused {
                collection: self.collection.id,
                item: card.placement.item,
            });
            self.core.commit_as(&self.actor, vec![op]).await?;
        }
        outcome
    }

    /// [`Book::items_privileges`] in a view: the most that one of its books grants.
    pub(super) async fn privileges_through(
        &self,
        union: &Union,
        cards: &[&Placement],
    ) -> Result<Vec<ItemPrivileges>> {
        let mut all = Vec::with_capacity(cards.len());
        for card in cards {
            let mut most = ItemPrivileges::default();
            for spot in union.held(card.item).await? {
                let there = spot.book.item_privileges(&spot.card.placement).await?;
                most.modify |= there.modify;
                most.remove |= there.remove;
                most.grant |= there.grant;
                most.verify |= there.verify;
                most.share |= there.share;
            }
            all.push(most);
        }
        Ok(all)
    }
}

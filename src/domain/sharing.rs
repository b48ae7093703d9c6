//! One item in several places: sharing, withdrawing, moving, copying. A move is a sharing followed
//! by a removal.

use std::sync::Arc;

use super::{
    actor::Actor,
    batch::{Committed, ItemOp, NewPlacement, Op},
    book::{Book, removal},
    class::DOCUMENT,
    collection::{Collection, DEFAULT_BOOK, DEFAULT_FOLDER, Place},
    core::Core,
    error::{Error, Result},
    id::{CollectionId, GroupId, ItemId, PersonId, PlacementId, RevisionId, Timestamp},
    item::{Card, Placement, random_id},
    rights::Right,
    rule::Rule,
    store::ItemPlace,
    undo::Undo,
};

/// A place that holds an item, as far as one person may know.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownPlace {
    /// Identifies the placement for [`Core::withdraw`].
    pub placement: PlacementId,
    /// None: a group the person is not in, whose name they do not learn.
    pub known: Option<KnownPlace>,
    pub placed_by: PersonId,
    pub placed_by_name: String,
    pub placed_at: Timestamp,
    /// [`Core::withdraw`] is allowed.
    pub may_withdraw: bool,
}

/// A place the person may open.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownPlace {
    pub collection: CollectionId,
    pub place: Place,
    pub display_name: String,
    /// The item's server id there.
    pub server_id: String,
}

/// How an item is brought into another book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The same item, in both books.
    Share,
    /// The same item, in the other book instead.
    Move,
    /// A new item of the actor's own, with a UID of its own.
    Copy,
}

/// The one href an item may come under, and what leaves it in the same transaction.
#[derive(Clone, Copy)]
pub(super) struct Onto<'a> {
    pub href: &'a str,
    pub occupant: Option<&'a Placement>,
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What was brought; of a copy, what it was made of.
    pub item: ItemId,
    /// The href in the other book.
    pub href: String,
    /// The other book holds the same item. False for a copy, asked for or the only possibility
    /// (somebody else's contact into Private).
    pub same: bool,
    /// The item was not in the other book before.
    pub fresh: bool,
    /// For a move, the removal in this book, for [`Book::restore`].
    pub removal: Option<RevisionId>,
}

impl Placed {
    /// Something was done: it was not there before, or is not here any more.
    pub fn is_done(&self) -> bool {
        self.fresh || self.removal.is_some()
    }
}

impl Book {
    /// The places that hold an item of this book, as far as the actor may know: this one, and their
    /// groups. The creator is also shown the others, without names.
    pub async fn places(&self, placement: &Placement) -> Result<Vec<ShownPlace>> {
        let store = self.core().store();
        let creator = placement.creator == self.actor().person;
        let mut places = Vec::new();
        for place in store.places_of(placement.item).await? {
            let (None, Some(kind)) = (place.gone_at, place.place) else {
                continue;
            };
            let known = self.actor().reads(kind);
            if !known && (!creator || matches!(kind, Place::Private(_))) {
                continue;
            }
            let may_withdraw = self.core().may_withdraw(self.actor(), &place).await?;
            places.push(ShownPlace {
                placement: place.placement,
                known: known.then_some(KnownPlace {
                    collection: place.collection,
                    place: kind,
                    display_name: place.display_name,
                    server_id: place.server_id,
                }),
                placed_by: place.placed_by,
                placed_by_name: place.placed_by_name,
                placed_at: place.placed_at,
                may_withdraw,
            });
        }
        Ok(places)
    }

    /// Brings items into another book in one transaction, as many as can be; one outcome each.
    ///
    /// Needs *Add* there, *Share* here to share or move, *Remove* here to move. An item that is
    /// already there stays as it is. `UidConflict` names the other item that has the UID there.
    pub async fn bring(
        &self,
        placements: &[Placement],
        target: &Book,
        how: How,
    ) -> Result<Vec<Result<Placed>>> {
        self.decided(|book| async move {
            let target = book
                .core()
                .open(book.actor(), target.collection().id)
                .await?;
            let mut outcomes = Vec::with_capacity(placements.len());
            let mut ops = Vec::new();
            for placement in placements {
                let outcome = match book.bringing(placement, &target, how, None).await {
                    Ok((placed, more)) => {
                        ops.extend(more);
                        // A removal is the last operation of its item.
                        Ok((placed, ops.len().saturating_sub(1)))
                    }
                    Err(error @ Error::Unavailable(_)) => return Err(error),
                    Err(error) => Err(error),
                };
                outcomes.push(outcome);
            }
            let committed = if ops.is_empty() {
                Committed::default()
            } else {
                book.core().commit_as(book.actor(), ops).await?
            };
            let told = |(mut placed, last): (Placed, usize)| {
                let row = committed.rows.get(last).copied().map(RevisionId);
                placed.removal = row.filter(|_| how == How::Move);
                placed
            };
            let outcomes = outcomes.into_iter().map(|outcome| outcome.map(told));
            Ok(outcomes.collect())
        })
        .await
    }

    /// What bringing one item takes.
    pub(super) async fn bringing(
        &self,
        placement: &Placement,
        target: &Book,
        how: How,
        onto: Option<Onto<'_>>,
    ) -> Result<(Placed, Vec<Op>)> {
        if self.is_view() || target.is_view() {
            // Its rows are no placements.
            return Err(Error::Forbidden {
                right: Right::Share,
            });
        }
        let card = self.current(placement).await?;
        let placement = &card.placement;
        // A copy of a document may be beside it.
        let beside = how == How::Copy && self.collection().is_folder();
        if target.collection().id == self.collection().id && !beside {
            return Err(Error::Invalid(Rule::HereAlready));
        }
        if target.collection().class != self.collection().class {
            return Err(Error::Invalid(Rule::OtherKind));
        }
        let same = how != How::Copy && !self.is_members() && target.may_hold(placement);
        if same {
            self.require(placement, Right::Share).await?;
        }
        if !target.may(Right::Add) {
            return Err(Error::Forbidden { right: Right::Add });
        }
        let mut ops = Vec::new();
        let mut fresh = true;
        let taken = self
            .core()
            .store()
            .by_uid(target.collection().id, &placement.uid)
            .await?;
        let leaves = onto.and_then(|onto| onto.occupant).map(|card| card.id);
        let taken = taken.filter(|taken| Some(taken.placement.id) != leaves);
        let href = match (same, taken) {
            (true, Some(there)) if there.placement.item == placement.item => {
                fresh = false;
                there.placement.href
            }
            (true, Some(other)) => {
                return Err(Error::UidConflict {
                    href: other.placement.href,
                });
            }
            (true, None) => {
                let href = target.free_href(&placement.href, onto).await?;
                ops.push(self.shared_into(placement, target, &href).await?);
                href
            }
            (false, _) => {
                let wanted = target.class().new_href();
                let href = target.free_href(&wanted, onto).await?;
                ops.extend(target.copied(&self.content(&card), href.clone()).await?);
                href
            }
        };
        if how == How::Move {
            self.require_departure(placement).await?;
            ops.push(removal(placement));
        }
        let placed = Placed {
            item: placement.item,
            href,
            same,
            fresh,
            removal: None,
        };
        Ok((placed, ops))
    }

    /// Whether this place can hold the item itself: Private holds only what its owner created, any
    /// other item becomes a copy there.
    pub fn may_hold(&self, placement: &Placement) -> bool {
        !self.is_private() || placement.creator == self.actor().person
    }

    async fn shared_into(&self, placement: &Placement, target: &Book, href: &str) -> Result<Op> {
        let overlay = if target.is_private() {
            let store = self.core().store();
            let tags = store.tags_of(self.actor().person, placement.item).await?;
            self.class().with_tags(&[], &[], &tags)
        } else {
            Vec::new()
        };
        Ok(Op::Item(ItemOp::Place {
            item: placement.item,
            placement: NewPlacement {
                overlay,
                ..target.new_placement(href.to_owned())
            },
            from: Some(placement.collection),
        }))
    }

    /// The operation that makes a new item of the actor's own in this book, with content and a new
    /// UID.
    pub(super) async fn copied(&self, content: &[u8], href: String) -> Result<Vec<Op>> {
        let class = self.class();
        let bytes = class.renewed(content, &random_id(16))?;
        let admitted = self.admit(&bytes, None)?;
        let weighs = admitted.content.index.blob.is_some();
        let mut ops = vec![self.creation(admitted, self.new_placement(href))];
        if weighs {
            ops.extend(self.core().fitting(self.actor().person).await?);
        }
        Ok(ops)
    }

    /// An href that is free here: the one named, or the one wanted, or another.
    pub(super) async fn free_href(&self, wanted: &str, onto: Option<Onto<'_>>) -> Result<String> {
        let wanted = onto.map_or(wanted, |onto| onto.href);
        let leaves = onto.and_then(|onto| onto.occupant).map(|card| card.id);
        match self.get(wanted).await {
            Err(Error::NotFound) => Ok(wanted.to_owned()),
            Ok(card) if Some(card.placement.id) == leaves => Ok(wanted.to_owned()),
            Ok(_) if onto.is_some() => Err(Error::Moved),
            Ok(_) => Ok(self.class().new_href()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn group_id(&self) -> Result<GroupId> {
        match self.collection().place {
            Place::Group(group) => Ok(group),
            _ => Err(Error::Invalid("this is not the book of a group".into())),
        }
    }
}

impl Core {
    /// Removes a placement. Needs *Remove* in its place, which the creator of a private contact has
    /// in any group. Returns what undoes it: nothing for somebody who is not in the group any more.
    pub async fn withdraw(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        placement: PlacementId,
    ) -> Result<Undo> {
        self.decided(actor, |actor| async move {
            let card = self.store().placement(placement).await?;
            let card = card.filter(|card| card.placement.is_live());
            let placement = card.ok_or(Error::NotFound)?.placement;
            let found = self.store().collection(placement.collection).await?;
            let book = self.stand(&actor, found.ok_or(Error::NotFound)?).await?;
            let facts = book.facts(&placement).await?;
            if !book.allows(&facts, Right::Remove) {
                return Err(if book.may(Right::Read) {
                    Error::Forbidden {
                        right: Right::Remove,
                    }
                } else {
                    Error::NotFound
                });
            }
            book.require_deletions().await?;
            let committed = self.commit_as(&actor, vec![removal(&placement)]).await?;
            let removal = committed.row()?;
            let comes_back = book.may(Right::Read);
            Ok(Undo::Removed {
                book: placement.collection,
                removals: comes_back.then_some(removal).into_iter().collect(),
            })
        })
        .await
    }

    async fn may_withdraw(self: &Arc<Self>, actor: &Arc<Actor>, place: &ItemPlace) -> Result<bool> {
        let collection: Option<Collection> = self.store().collection(place.collection).await?;
        let card: Option<Card> = self.store().placement(place.placement).await?;
        let (Some(collection), Some(card)) = (collection, card) else {
            return Ok(false);
        };
        let book = self.stand(actor, collection).await?;
        let facts = book.facts(&card.placement).await?;
        Ok(book.allows(&facts, Right::Remove))
    }

    /// The book or folder that copies of items of a class go to.
    pub async fn default_place(self: &Arc<Self>, actor: &Arc<Actor>, class: &str) -> Result<Book> {
        match class {
            DOCUMENT => self.open_folder(actor, None, DEFAULT_FOLDER).await,
            _ => self.default_book(actor).await,
        }
    }

    /// The book that copies go to.
    pub async fn default_book(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Book> {
        self.open_private(actor, DEFAULT_BOOK).await
    }
}

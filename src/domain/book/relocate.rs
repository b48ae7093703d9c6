//! An item brought to an address of the caller's choice: COPY and MOVE (RFC 4918 §9.8, §9.9).

use super::{Book, Condition, removal};
use crate::domain::{
    batch::{ItemOp, Op},
    error::Error,
    id::ItemId,
    item::{Card, Placement},
    property::{self, PropertyChange},
    retry::{Stop, retry},
    rights::Right,
    sharing::{How, Onto},
};

/// What is generated when it is read goes nowhere, and nothing takes its place.
const NO_PLACEMENT: Error = Error::Forbidden {
    right: Right::Share,
};

/// Where an item is to go.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    pub book: &'a Book,
    pub href: &'a str,
    /// It may take the place of what is there.
    pub overwrite: bool,
    /// Set in the same transaction, where another book comes to hold the item itself.
    pub properties: &'a [PropertyChange],
}

/// Where an item came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocated {
    /// Nothing was there before.
    pub created: bool,
    /// The item there: another one where only a copy is possible.
    pub item: ItemId,
}

/// Why an item stays where it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Obstacle {
    /// The obstacle is in the book it is in.
    Here(Error),
    /// The obstacle is at the destination.
    There(Error),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Obstacle::Here(error)
    }
}

type Attempted<T> = super::super::retry::Attempted<T, Obstacle>;

impl From<Obstacle> for Stop<Obstacle> {
    fn from(obstacle: Obstacle) -> Self {
        Stop::Failed(obstacle)
    }
}

impl From<Error> for Stop<Obstacle> {
    fn from(error: Error) -> Self {
        match error {
            Error::Moved => Stop::Moved,
            error => Obstacle::Here(error).into(),
        }
    }
}

/// An error at the destination.
fn there(error: Error) -> Stop<Obstacle> {
    match error {
        Error::Moved | Error::Unavailable(_) => error.into(),
        error => Obstacle::There(error).into(),
    }
}

impl Book {
    /// Moves or shares an item to an address, which may be one of this book, in one transaction:
    /// what is there is removed if and only if the item takes its place.
    ///
    /// Needs what [`Book::bring`] needs, within this book *Add* and *Remove*, and *Remove* there for
    /// what is overwritten. `PreconditionFailed` when something is there that may not be, and when
    /// the condition on the item does not hold.
    pub async fn relocate(
        &self,
        href: &str,
        condition: &Condition,
        to: Destination<'_>,
        how: How,
    ) -> std::result::Result<Relocated, Obstacle> {
        let (created, is_own) = retry(
            self.clone(),
            |book| async move { book.try_relocate(href, condition, to, how).await },
            |book| async move { Ok(book.reopened().await?) },
        )
        .await?;
        let card = to.book.get(to.href).await.map_err(Obstacle::There)?;
        if is_own {
            let noted = to.book.note_ahead(&card.placement).await;
            noted.map_err(Obstacle::There)?;
        }
        Ok(Relocated {
            created,
            item: card.placement.item,
        })
    }

    /// Whether nothing was there, and whether what came there is what this client holds.
    async fn try_relocate(
        &self,
        href: &str,
        condition: &Condition,
        to: Destination<'_>,
        how: How,
    ) -> Attempted<(bool, bool)> {
        if self.is_view() || to.book.is_view() {
            return Err(Obstacle::Here(NO_PLACEMENT).into());
        }
        let (created, mut ops) = if to.book.collection.id == self.collection.id {
            self.renaming(href, condition, to, how).await?
        } else {
            let there = self.core.open(&self.actor, to.book.collection.id).await?;
            let to = Destination { book: &there, ..to };
            self.bringing_onto(href, condition, to, how).await?
        };
        if ops.is_empty() {
            return Ok((created, false));
        }
        // Who moves without a condition may hold an older version than is moved.
        let is_own = *condition != Condition::None || self.holds_latest(href).await?;
        if is_own {
            ops.push(to.book.written(to.href));
        }
        self.core.commit_as(&self.actor, ops).await?;
        Ok((created, is_own))
    }

    /// Whether this client holds the latest version of an item, as far as that is known.
    async fn holds_latest(&self, href: &str) -> Result<bool, Error> {
        match self
            .heads(&[href.to_owned()])
            .await?
            .into_iter()
            .flatten()
            .next()
        {
            Some(card) => Ok(self.stale(&card.placement).await?.is_none()),
            None => Ok(false),
        }
    }

    /// What another href in this book takes, and whether nothing was there.
    async fn renaming(
        &self,
        href: &str,
        condition: &Condition,
        to: Destination<'_>,
        how: How,
    ) -> Attempted<(bool, Vec<Op>)> {
        let (card, occupant) = self.ends(href, condition, &to).await?;
        if how != How::Move {
            // Two items of a book cannot have the same UID.
            let href = href.to_owned();
            return Err(Obstacle::There(Error::UidConflict { href }).into());
        }
        if !self.may(Right::Add) {
            let right = Right::Add;
            return Err(Obstacle::There(Error::Forbidden { right }).into());
        }
        self.require_departure(&card.placement).await?;
        let mut ops = vec![removal(&card.placement)];
        if let Some(occupant) = &occupant {
            self.require_removal(occupant).await.map_err(there)?;
            ops.push(removal(occupant));
        }
        ops.push(Op::Item(ItemOp::RestorePlacement {
            placement: card.placement.id,
            href: to.href.to_owned(),
            server_id: super::new_server_id(),
            overlay: None,
        }));
        Ok((occupant.is_none(), ops))
    }

    /// What another book takes, and whether nothing was there.
    async fn bringing_onto(
        &self,
        href: &str,
        condition: &Condition,
        to: Destination<'_>,
        how: How,
    ) -> Attempted<(bool, Vec<Op>)> {
        let (card, occupant) = self.ends(href, condition, &to).await?;
        let holder = to.book.by_uid(&card.placement.uid).await?;
        if let Some(holder) = holder.filter(|holder| holder.placement.href != to.href) {
            let href = holder.placement.href;
            return Err(Obstacle::There(Error::UidConflict { href }).into());
        }
        let created = occupant.is_none();
        // The item itself may be there already.
        let occupant = occupant.filter(|occupant| occupant.item != card.placement.item);
        let onto = Onto {
            href: to.href,
            occupant: occupant.as_ref(),
        };
        let brought = self.bringing(&card.placement, to.book, how, Some(onto));
        let (placed, ops) = brought.await.map_err(|error| match error {
            Error::Forbidden {
                right: Right::Share | Right::Remove,
            } => error.into(),
            error => there(error),
        })?;
        let mut all = Vec::with_capacity(ops.len() + 1);
        if let Some(occupant) = &occupant {
            to.book.require_removal(occupant).await.map_err(there)?;
            all.push(removal(occupant));
        }
        all.extend(ops);
        if placed.same {
            all.extend(property::set(&self.actor, to.properties.to_vec()));
        }
        Ok((created, all))
    }

    /// The item, and what is at its destination.
    async fn ends(
        &self,
        href: &str,
        condition: &Condition,
        to: &Destination<'_>,
    ) -> Attempted<(Card, Option<Placement>)> {
        let found = self.by_hrefs(&[href.to_owned()]).await?;
        // What is not there is not found, whatever the condition (RFC 9110 §13.2.1).
        let Some(card) = found.into_iter().next().flatten() else {
            return Err(Obstacle::Here(Error::NotFound).into());
        };
        let marks = self.marks_of([&card.placement]).await?;
        if !marks.hold(condition, &card.placement) {
            return Err(Obstacle::Here(Error::PreconditionFailed).into());
        }
        if card.placement.is_generated() {
            return Err(Obstacle::Here(NO_PLACEMENT).into());
        }
        let there = to.book.heads(&[to.href.to_owned()]).await?;
        let occupant = there.into_iter().next().flatten();
        if occupant.is_some() && !to.overwrite {
            return Err(Obstacle::There(Error::PreconditionFailed).into());
        }
        let occupant = occupant.map(|card| card.placement);
        if occupant.as_ref().is_some_and(Placement::is_generated) {
            return Err(Obstacle::Here(NO_PLACEMENT).into());
        }
        Ok((card, occupant))
    }
}

//! An item brought to an address of the caller's choice: COPY and MOVE (RFC 4918 §9.8, §9.9).

use super::{Book, Condition, removal};
use crate::domain::{
    batch::Op,
    error::{Error, Result},
    id::ItemId,
    item::{Card, Placement},
    rights::Right,
    sharing::{How, Onto},
};

/// Where an item is to go.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    pub book: &'a Book,
    pub href: &'a str,
    /// It may take the place of what is there.
    pub overwrite: bool,
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
    /// In the book it is in.
    Here(Error),
    /// At its destination.
    There(Error),
}

type Decided<T> = std::result::Result<T, Obstacle>;

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
    ) -> Decided<Relocated> {
        let decided = self.decided(|book| async move {
            let decided = if to.book.collection.id == book.collection.id {
                book.renaming(href, condition, to, how).await?
            } else {
                let there = book.core.open(&book.actor, to.book.collection.id).await?;
                let to = Destination { book: &there, ..to };
                book.bringing_onto(href, condition, to, how).await?
            };
            let (created, mut ops) = match decided {
                Ok(decided) => decided,
                Err(obstacle) => return Ok(Err(obstacle)),
            };
            let mut is_own = false;
            if !ops.is_empty() {
                // Who moves without a condition may hold an older version than is moved.
                is_own = *condition != Condition::None || book.holds_latest(href).await?;
                if is_own {
                    ops.push(Op::NoteWritten {
                        collection: to.book.collection.id,
                        href: to.href.to_owned(),
                    });
                }
                book.core.commit_as(&book.actor, ops).await?;
            }
            Ok(Ok((created, is_own)))
        });
        let (created, is_own) = decided.await.map_err(Obstacle::Here)??;
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

    /// Whether this client holds the latest version of an item, as far as that is known.
    async fn holds_latest(&self, href: &str) -> Result<bool> {
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
    ) -> Result<Decided<(bool, Vec<Op>)>> {
        let (card, occupant) = match self.ends(href, condition, &to).await? {
            Ok(ends) => ends,
            Err(obstacle) => return Ok(Err(obstacle)),
        };
        if how != How::Move {
            // Two items of a book cannot have the same UID.
            let href = href.to_owned();
            return Ok(Err(Obstacle::There(Error::UidConflict { href })));
        }
        if !self.may(Right::Add) {
            let right = Right::Add;
            return Ok(Err(Obstacle::There(Error::Forbidden { right })));
        }
        if let Err(error) = refusal(self.require_removal(&card.placement).await)? {
            return Ok(Err(Obstacle::Here(error)));
        }
        let mut ops = vec![removal(&card.placement)];
        if let Some(occupant) = &occupant {
            if let Err(error) = refusal(self.require_removal(occupant).await)? {
                return Ok(Err(Obstacle::There(error)));
            }
            ops.push(removal(occupant));
        }
        ops.push(Op::RestorePlacement {
            placement: card.placement.id,
            href: to.href.to_owned(),
            server_id: super::new_server_id(),
            overlay: None,
        });
        Ok(Ok((occupant.is_none(), ops)))
    }

    /// What another book takes, and whether nothing was there.
    async fn bringing_onto(
        &self,
        href: &str,
        condition: &Condition,
        to: Destination<'_>,
        how: How,
    ) -> Result<Decided<(bool, Vec<Op>)>> {
        let (card, occupant) = match self.ends(href, condition, &to).await? {
            Ok(ends) => ends,
            Err(obstacle) => return Ok(Err(obstacle)),
        };
        let holder = to.book.by_uid(&card.placement.uid).await?;
        if let Some(holder) = holder.filter(|holder| holder.placement.href != to.href) {
            let href = holder.placement.href;
            return Ok(Err(Obstacle::There(Error::UidConflict { href })));
        }
        let created = occupant.is_none();
        // The item itself may be there already.
        let occupant = occupant.filter(|occupant| occupant.item != card.placement.item);
        let onto = Onto {
            href: to.href,
            occupant: occupant.as_ref(),
        };
        let brought = self
            .bringing(&card.placement, to.book, how, Some(onto))
            .await;
        let ops = match refusal(brought)? {
            Ok((_, ops)) => ops,
            Err(error) => {
                let here = matches!(
                    error,
                    Error::Forbidden {
                        right: Right::Share | Right::Remove
                    }
                );
                return Ok(Err(if here {
                    Obstacle::Here(error)
                } else {
                    Obstacle::There(error)
                }));
            }
        };
        let mut all = Vec::with_capacity(ops.len() + 1);
        if let Some(occupant) = &occupant {
            if let Err(error) = refusal(to.book.require_removal(occupant).await)? {
                return Ok(Err(Obstacle::There(error)));
            }
            all.push(removal(occupant));
        }
        all.extend(ops);
        Ok(Ok((created, all)))
    }

    /// The item, and what is at its destination.
    async fn ends(
        &self,
        href: &str,
        condition: &Condition,
        to: &Destination<'_>,
    ) -> Result<Decided<(Card, Option<Placement>)>> {
        let found = self.by_hrefs(&[href.to_owned()]).await?;
        let found = found.into_iter().next().flatten();
        let marks = self.marks().await?;
        let etag = found.as_ref().map(|card| marks.etag(&card.placement));
        if !condition.holds(etag.as_deref()) {
            return Ok(Err(Obstacle::Here(Error::PreconditionFailed)));
        }
        let Some(card) = found else {
            return Ok(Err(Obstacle::Here(Error::NotFound)));
        };
        let there = to.book.heads(&[to.href.to_owned()]).await?;
        let occupant = there.into_iter().next().flatten();
        if occupant.is_some() && !to.overwrite {
            Ok(Err(Obstacle::There(Error::PreconditionFailed)))
        } else {
            Ok(Ok((card, occupant.map(|card| card.placement))))
        }
    }
}

/// Errors that end the decision apart from those that ask for another one.
fn refusal<T>(outcome: Result<T>) -> Result<std::result::Result<T, Error>> {
    match outcome {
        Err(error @ (Error::PreconditionFailed | Error::Unavailable(_))) => Err(error),
        outcome => Ok(outcome),
    }
}

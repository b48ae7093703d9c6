//! A book as a whole: what may be done with it, its address, its removal.

use super::{Book, Condition, Privileges};
use crate::domain::{
    batch::{BookOp, Committed, Op},
    blocking::carried_on,
    error::{Error, Result},
    retry::retry,
    rights::Right,
};

impl Book {
    /// What may be done here. `modify` is true when some item may be modified (`docs/design/rights.md`).
    pub async fn privileges(&self) -> Result<Privileges> {
        let owner = self.is_private() && !self.actor.is_read_only();
        Ok(Privileges {
            owner,
            add: self.may_add(),
            modify: self.may(Right::Add) || owner || self.modifies_something().await?,
            remove: self.may(Right::RemoveAny),
        })
    }

    /// [`Privileges::add`] alone, which reads nothing.
    pub fn may_add(&self) -> bool {
        self.may(Right::Add) && self.collection.hidden.is_none()
    }

    async fn modifies_something(&self) -> Result<bool> {
        if self.rights.read_only {
            return Ok(false);
        }
        self.core
            .store()
            .modifies_something(self.actor.person, self.collection.id)
            .await
    }

    /// Gives a private book's URL another last segment, so that clients see another collection.
    pub async fn set_segment(&self, segment: &str, condition: &Condition) -> Result<()> {
        let op = Op::Book(BookOp::MoveBook {
            collection: self.collection.id,
            segment: segment.to_owned(),
        });
        self.change_whole(Right::Remove, condition, op)
            .await
            .map(drop)
    }

    /// Removes a private book with all that is in it; the default one and group books stay.
    ///
    /// Refused as every other deletion is while deletions are held.
    pub async fn remove(&self, condition: &Condition) -> Result<()> {
        self.require_deletions().await?;
        let collection = self.collection.id;
        let op = Op::Book(BookOp::RemoveBook { collection });
        let (book, mut condition) = (self.clone(), condition.clone());
        carried_on(async move {
            let right = Right::RemoveAny;
            while book.change_whole(right, &condition, op.clone()).await?.more {
                // It was about the book as it was before any of it went.
                condition = Condition::None;
            }
            Ok(())
        })
        .await
    }

    /// What only a further private book of the actor's own lets be done with it, if a condition
    /// holds for the whole of it.
    async fn change_whole(&self, right: Right, condition: &Condition, op: Op) -> Result<Committed> {
        if !self.is_private() || self.is_view() || self.collection.is_default() {
            return Err(Error::Forbidden { right });
        }
        let op = &op;
        retry(
            self.clone(),
            |book| async move {
                // As the book is now: a condition that still holds is not answered by rights that
                // moved.
                if !condition.holds(Some(&book.etag())) {
                    return Err(Error::PreconditionFailed.into());
                }
                let mut ops = vec![op.clone()];
                if *condition != Condition::None {
                    ops.insert(0, book.unmoved());
                }
                book.commit(ops).await
            },
            |book| async move { book.reopened().await },
        )
        .await
    }

    /// The precondition that nothing changed here since the book was opened.
    pub(super) fn unmoved(&self) -> Op {
        Op::Book(BookOp::Unmoved {
            collection: self.collection.id,
            seq: self.collection.seq,
        })
    }
}

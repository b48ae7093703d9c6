//! An item moved from one book to another by a device.

use super::DeviceBook;
use crate::domain::{
    batch::{ItemOp, Op, SyncOp},
    book::Book,
    error::{Error, Result},
    retry::{attempted, retry},
    rights::Right,
    sharing::How,
};

/// Outcome of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The id of the item in the target.
    Done(String),
    /// There is no such item, or the device's owner may not remove it.
    NoSource,
    /// The device's owner may not add items to the target.
    NoTarget,
    /// The target holds another contact with the same UID, or is full.
    Failed,
}

impl DeviceBook {
    /// Moves an item into another book (a sharing and a removal), in one transaction with a value
    /// kept for the device, made of the item's new id.
    ///
    /// The device knows the result and is not told of it, but for one that has to be (`by_change`)
    /// and for a result that is not what the device has: its edits are stale until then.
    pub async fn move_to(
        &self,
        target: &Book,
        server_id: &str,
        by_change: bool,
        note: impl Fn(&str) -> Result<(&'static str, Vec<u8>)> + Send + Sync,
    ) -> Result<Moved> {
        let (device, note) = (self.device, &note);
        let moved = retry(
            (self.book.clone(), target.clone()),
            |(source, target)| async move {
                let here = DeviceBook::new(source, device);
                attempted(here.try_move(&target, server_id, by_change, note).await)
            },
            |(source, target)| async move {
                Ok((source.reopened().await?, reopened_target(&target).await?))
            },
        )
        .await;
        moved.map_or_else(outcome, |new| Ok(Moved::Done(new)))
    }

    /// The new id of the item.
    async fn try_move(
        &self,
        target: &Book,
        server_id: &str,
        by_change: bool,
        note: &(impl Fn(&str) -> Result<(&'static str, Vec<u8>)> + Sync),
    ) -> Result<String> {
        let card = self.fetch(server_id).await?;
        let brought = self
            .book
            .bringing(&card.placement, target, How::Move, None)
            .await;
        let stored = self.stored().await?.record;
        let record = stored.filter(|record| self.is_valid(record));
        let is_told = by_change || !self.has_latest(record.as_ref(), &card);
        let (placed, mut ops) = brought?;
        let mut new = None;
        for op in &mut ops {
            let differs = match op {
                Op::Item(ItemOp::Place { placement, .. }) => {
                    let placed = target.shown(&card.document, &placement.overlay);
                    placed != self.book.content(&card)
                }
                Op::Item(ItemOp::CreateItem {
                    content, placement, ..
                }) => {
                    let copy = target.shown(&content.document, &placement.overlay);
                    let here = self.book.content(&card);
                    target.class().renewed(&here, &content.index.uid)? != copy
                }
                _ => false,
            };
            match op {
                Op::Item(ItemOp::Place { placement, .. })
                | Op::Item(ItemOp::CreateItem { placement, .. }) => {
                    placement.device = Some(self.device);
                    placement.altered = is_told || differs;
                    new = Some(placement.server_id.clone());
                }
                Op::Item(ItemOp::Remove { writer, .. }) => *writer = Some(self.device),
                _ => {}
            }
        }
        let new = match new {
            Some(new) => new,
            // It was there already: the device has it from now on, as it was where it came from.
            None => {
                let there = target.get(&placed.href).await?.placement;
                if there.maker.is_none() {
                    ops.push(Op::Sync(SyncOp::Own {
                        collection: target.collection().id,
                        device: self.device,
                        server_id: there.server_id.clone(),
                        as_it_is: false,
                    }));
                }
                there.server_id
            }
        };
        let (name, value) = note(&new)?;
        ops.push(Op::Sync(SyncOp::SetDeviceValue {
            device: self.device,
            name: name.to_owned(),
            value: Some(value),
        }));
        let core = self.book.core();
        core.commit_as(self.book.actor(), ops).await?;
        Ok(new)
    }
}

/// A target that is gone meanwhile takes nothing.
async fn reopened_target(target: &Book) -> Result<Book> {
    target.reopened().await.map_err(|error| match error {
        Error::NotFound => Error::Forbidden { right: Right::Add },
        error => error,
    })
}

fn outcome(error: Error) -> Result<Moved> {
    match error {
        Error::Forbidden { right: Right::Add } => Ok(Moved::NoTarget),
        Error::Forbidden { .. } | Error::NotFound => Ok(Moved::NoSource),
        error @ (Error::Unavailable(_) | Error::NoSpace) => Err(error),
        _ => Ok(Moved::Failed),
    }
}

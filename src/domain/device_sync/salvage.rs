//! Uploads of a device whose SyncKey is no longer known. Most clients wipe the folder when they read that
//! status, so changes that only they hold are saved first.

use super::{Command, DeviceBook, SyncCall, SyncReply, record::Record, resent::is_there};
use crate::domain::{
    batch::Op,
    book::{Book, Edit},
    collection::Place,
    error::{Error, Result},
    id::{DeviceId, PlacementId, Seq},
    item::{Card, Placement},
    refused::Why,
    rights::Right,
    store::Version,
};

impl DeviceBook {
    /// Handles an unknown key. New contacts are kept, and sent with the rest, and may come again
    /// ([`DeviceBook::expect_again`]); edits, whose base is unknown, go to the refused changes; deletions
    /// are not carried out.
    ///
    /// `record` is the device's stored state, if there is one.
    pub(super) async fn start_over(
        &self,
        call: &SyncCall,
        record: Option<&Record>,
    ) -> Result<SyncReply> {
        let union = self.book.core().union_of(&self.book).await?;
        let home = union.as_ref().map_or(&self.book, |union| union.own());
        let mut ops = Vec::new();
        let mut room = home.room().await?.map(|room| room.left);
        let mut adds = record.map(Record::adds).unwrap_or_default();
        for command in &call.commands {
            match command {
                Command::Add {
                    fingerprint, edit, ..
                } => {
                    adds.push(fingerprint);
                    if self.was_made(fingerprint, record).await {
                        continue;
                    }
                    let op = keep_new(home, fingerprint, &**edit, &mut room).await?;
                    ops.extend(op);
                }
                Command::Change { server_id, edit } => {
                    let found = self.cards(std::slice::from_ref(server_id)).await?;
                    let Some(card) = found.into_iter().next().flatten() else {
                        let kept = self.edited_unknown(home, server_id, &**edit);
                        ops.extend(kept.map(Op::from));
                        continue;
                    };
                    if !card.placement.is_live() {
                        if let Ok(bytes) = self.edited_last_shown(&card, &**edit).await? {
                            let refusal =
                                self.book.refusal(Some(&card), bytes, Why::RemovedMeanwhile);
                            ops.push(refusal.unmarked().into());
                        }
                        continue;
                    }
                    let shown = self.book.content(&card);
                    if let Ok(bytes) = edit.apply_beside(&shown, &card.placement.beside)
                        && bytes != shown
                    {
                        let why = Why::StartedOver;
                        ops.push(self.book.refusal(Some(&card), bytes, why).into());
                    }
                }
                Command::Delete { .. } | Command::Fetch { .. } => {}
            }
        }
        let is_note = ops.is_empty();
        ops.extend(self.expect_again(&adds).await?);
        if !ops.is_empty() {
            if is_note {
                self.note(ops).await?;
            } else {
                self.commit(ops).await?;
            }
        }
        Ok(SyncReply::UnknownKey)
    }

    /// An edit of an item that is gone, made of what its place showed last: what became of the item
    /// elsewhere since is not the device's to know. Once that is purged, what the device says is all
    /// there is.
    pub(super) async fn edited_last_shown(
        &self,
        card: &Card,
        edit: &dyn Edit,
    ) -> Result<Result<Vec<u8>>> {
        let Placement {
            id, gone, changed, ..
        } = card.placement;
        let last = self.version(id, gone.unwrap_or(changed), None).await?;
        let shown = last.map(|last| self.book.shown(&last.document, &last.overlay));
        Ok(edit.apply(shown.as_deref()))
    }

    /// The version that a row of this collection showed at a sequence, or the device's own later
    /// write where `writer` names it.
    pub(super) async fn version(
        &self,
        row: PlacementId,
        upto: Seq,
        writer: Option<DeviceId>,
    ) -> Result<Option<Version>> {
        let store = self.book.core().store();
        match self.book.collection().place {
            Place::View(_) => store.version_in_view(row, upto, writer).await,
            _ => store.version_at(row, upto, writer).await,
        }
    }

    /// Whether an Add of the last steps made this item, whatever became of it since.
    async fn was_made(&self, fingerprint: &str, record: Option<&Record>) -> bool {
        let Some(record) = record.filter(|_| !fingerprint.is_empty()) else {
            return false;
        };
        for server_id in record.made(fingerprint) {
            if self.fetch(server_id).await.is_ok() {
                return true;
            }
        }
        false
    }
}

/// The operation that keeps a new contact; none when the book has it, or it is invalid.
async fn keep_new(
    home: &Book,
    fingerprint: &str,
    edit: &dyn Edit,
    room: &mut Option<i64>,
) -> Result<Option<Op>> {
    let bytes = match edit.apply(None) {
        Ok(bytes) => bytes,
        Err(Error::InvalidDocument(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    if let Err(error) = home.fits_photo(&bytes, None) {
        let refusal = home
            .refusal(None, bytes, Why::unfit(&error))
            .known_as(fingerprint);
        return Ok(Some(refusal.into()));
    }
    let admitted = match home.admit(&bytes, None) {
        Ok(admitted) => admitted,
        Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    // An Add whose answer was lost.
    if is_there(home, &admitted, edit).await? {
        return Ok(None);
    }
    let is_full = room.is_some_and(|left| left <= 0);
    if is_full || !home.may(Right::Add) {
        let why = if is_full { Why::BookFull } else { Why::Adding };
        let refusal = home.refusal(None, bytes, why).known_as(fingerprint);
        return Ok(Some(refusal.into()));
    }
    if let Some(left) = room {
        *left -= 1;
    }
    let placement = home.new_placement(home.class().new_href());
    Ok(Some(home.creation(admitted, placement)))
}

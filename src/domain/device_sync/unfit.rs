//! Edits that are not taken as they are: of what changed meanwhile, of what the server does not know,
//! of what it cannot hold.

use super::{DeviceBook, commands::Work};
use crate::domain::{
    batch::{ItemOp, Op},
    book::{Book, Edit},
    error::{Error, Result},
    id::Seq,
    item::Card,
    refused::{Refusal, Why},
    view::Held,
};

impl DeviceBook {
    /// Adds what the device's edit alone made to the batch, or to the refused changes where it cannot
    /// be stored.
    pub(super) fn write_or_keep(
        &self,
        spot: &Held,
        card: &Card,
        bytes: &[u8],
        edit: &dyn Edit,
        work: &mut Work,
    ) -> Result<()> {
        let written = self.write(spot, card, bytes, Some(edit), work);
        if let Err(error @ (Error::InvalidDocument(_) | Error::TooLarge { .. })) = &written {
            let (card, bytes) = (Some(&spot.card), bytes.to_vec());
            let refusal = spot.book.refusal(card, bytes, Why::unfit(error));
            work.ops.push(refusal.into());
        }
        written
    }

    /// The merged document and, if something was lost, the client's version.
    pub(super) async fn merge(
        &self,
        spot: &Held,
        card: &Card,
        current: &[u8],
        edit: &dyn Edit,
        base: Seq,
    ) -> Result<Option<(Vec<u8>, Option<Vec<u8>>)>> {
        let class = self.book.core().class();
        let row = card.placement.id;
        let found = self.version(row, base, Some(self.device)).await?;
        let Some(seen) = found else {
            return Ok(None);
        };
        let seen = spot.book.shown(&seen.document, &seen.overlay);
        let merged = edit
            .apply_stale(&seen, &card.placement.beside)
            .and_then(|mine| Ok((class.merge(&seen, &mine, current)?, mine)));
        let (merged, mine) = match merged {
            Err(Error::InvalidDocument(_)) => return Ok(None),
            merged => merged?,
        };
        Ok(merged
            .taken
            .then(|| (merged.document, merged.lost.then_some(mine))))
    }

    /// What a device says when it sends an Add again of an item that others changed meanwhile: merged
    /// from the version it made, else kept.
    pub(super) async fn say_again(
        &self,
        spot: &Held,
        card: &Card,
        edit: &dyn Edit,
        work: &mut Work,
    ) -> Result<()> {
        let content = spot.book.content(&spot.card);
        let made = &card.placement;
        let seen = self.version(made.id, made.born, Some(self.device)).await?;
        let seen = seen.map(|seen| spot.book.shown(&seen.document, &seen.overlay));
        let says_nothing = |seen: &Vec<u8>| {
            let mine = edit.apply_stale(seen, &made.beside);
            mine.is_ok_and(|mine| mine == *seen)
        };
        if seen.as_ref().is_some_and(says_nothing) {
            return Ok(());
        }
        let merged = self.merge(spot, card, &content, edit, made.born).await?;
        let mine = || edit.apply_stale(&content, &spot.card.placement.beside).ok();
        let lost = match merged {
            Some((merged, lost)) => match self.write(spot, card, &merged, None, work) {
                Ok(()) => lost,
                Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => mine(),
                Err(error) => return Err(error),
            },
            None => mine(),
        };
        if let Some(mine) = lost {
            let refusal = spot
                .book
                .refusal(Some(&spot.card), mine, Why::ChangedMeanwhile);
            work.ops.push(refusal.unmarked().into());
        }
        Ok(())
    }

    /// An edit that its author may not make, as a proposal: where the version it edited is certain, with
    /// what others changed since, so that it takes nothing of theirs back. What both changed is as its
    /// author has it.
    pub(super) async fn proposal(
        &self,
        spot: &Held,
        card: &Card,
        edit: &dyn Edit,
        base: Option<Seq>,
    ) -> Result<Option<Vec<u8>>> {
        let current = spot.book.content(&spot.card);
        let seen = match base {
            Some(base) => {
                let row = card.placement.id;
                self.version(row, base, Some(self.device)).await?
            }
            None => None,
        };
        let caught_up = seen.and_then(|seen| {
            let seen = spot.book.shown(&seen.document, &seen.overlay);
            let mine = edit.apply_stale(&seen, &card.placement.beside).ok()?;
            let class = self.book.core().class();
            Some(class.merge(&seen, &current, &mine).ok()?.document)
        });
        let as_said = || edit.apply_beside(&current, &spot.card.placement.beside);
        Ok(caught_up.or_else(|| as_said().ok()))
    }

    /// What a device says of an item that the server does not know: all that is left of it.
    pub(super) fn edited_unknown(
        &self,
        home: &Book,
        server_id: &str,
        edit: &dyn Edit,
    ) -> Option<Refusal> {
        let made = edit.apply(None).ok()?;
        // Equal whenever it is said again: what is kept is kept once.
        let document = home.class().renewed(&made, server_id).ok()?;
        Some(home.refusal(None, document, Why::RemovedMeanwhile))
    }
}

impl Work {
    /// Takes back what an earlier command of this request made of an item.
    pub(super) fn take_back(&mut self, spot: &Held, card: &Card) {
        let at = spot.card.placement.id;
        self.ops.retain(|op| match op {
            Op::Item(ItemOp::Edit { through, .. }) => *through != at,
            Op::Item(ItemOp::SetOverlay { placement, .. }) => *placement != at,
            _ => true,
        });
        let server_id = &card.placement.server_id;
        self.touched.remove(server_id);
        self.latest.remove(server_id);
        self.wrote.retain(|known| *known != card.placement.item);
    }
}

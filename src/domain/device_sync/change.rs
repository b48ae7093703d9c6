//! A Change of a device: of the version it has, or of one that others changed meanwhile.

use super::{DeviceBook, Failure, Outcome, commands::Work};
use crate::domain::{
    batch::Op,
    book::Edit,
    error::{Error, Result},
    id::Seq,
    item::Card,
    refused::Why,
    rights::Right,
    round::{State, Viewer},
    view::{Found, Held},
};

/// An edit its author may make.
struct Allowed<'a> {
    /// Where the edit goes.
    spot: Held,
    /// The item as the device knows it.
    card: &'a Card,
    edit: &'a dyn Edit,
    /// The present content, and what is beside it.
    current: Vec<u8>,
    beside: Vec<u8>,
    /// What the edit makes of them.
    made: Vec<u8>,
}

impl DeviceBook {
    pub(super) async fn change(
        &self,
        server_id: &str,
        edit: &dyn Edit,
        viewer: &Viewer,
        start: &State,
        at_rest: bool,
        work: &mut Work,
    ) -> Result<Outcome> {
        let Some(card) = work.card(server_id) else {
            let kept = self.edited_unknown(work.home(&self.book), server_id, edit);
            work.ops.extend(kept.map(Op::from));
            return Ok(failed(server_id, Failure::NotFound));
        };
        if work.removed.contains(server_id) {
            return self.change_of_removed(&card, edit, work).await;
        }
        // Where the version it edited is certain, what only the client changed can be told.
        let certain = at_rest && !work.copies.contains(server_id);
        let base = certain.then_some(start.base);
        let found = if card.placement.is_live() {
            Found::among(self.spots(&card, work).await?, Right::Modify).await?
        } else {
            Found::Nowhere
        };
        let spot = match found {
            Found::Allowed(spot) => spot,
            Found::Refused(spot) => {
                return self.change_refused(&spot, &card, edit, base, work).await;
            }
            Found::Nowhere => return self.change_of_gone(&card, edit, work).await,
        };
        let (current, beside) = match work.latest.get(server_id) {
            Some(content) => content.clone(),
            None => (
                spot.book.content(&spot.card).to_vec(),
                spot.card.placement.beside.to_vec(),
            ),
        };
        let is_own = work.is_own_add(&card.placement, self.device);
        let is_fresh = work.touched.contains_key(server_id)
            || viewer.has_latest(&card.placement, start)
            || is_own;
        let made = if is_fresh {
            edit.apply_beside(&current, &beside)
        } else {
            edit.apply_stale(&current, &beside)
        };
        let made = match made {
            Ok(made) => made,
            Err(Error::InvalidDocument(_)) => {
                work.force(&card.placement);
                return Ok(failed(server_id, Failure::Invalid));
            }
            Err(error) => return Err(error),
        };
        let card = &card;
        let change = Allowed {
            spot,
            card,
            edit,
            current,
            beside,
            made,
        };
        if is_fresh {
            self.change_latest(&change, is_own, work).await
        } else {
            self.change_stale(change, base, work).await
        }
    }

    /// A change of an item that is not there any more.
    async fn change_of_gone(
        &self,
        card: &Card,
        edit: &dyn Edit,
        work: &mut Work,
    ) -> Result<Outcome> {
        work.force(&card.placement);
        if let Ok(bytes) = self.edited_last_shown(card, edit).await? {
            let why = Why::RemovedMeanwhile;
            let refusal = self.book.refusal(Some(card), bytes, why);
            work.ops.push(refusal.unmarked().into());
        }
        Ok(failed(&card.placement.server_id, Failure::NotFound))
    }

    /// A change its author may not make.
    async fn change_refused(
        &self,
        spot: &Held,
        card: &Card,
        edit: &dyn Edit,
        base: Option<Seq>,
        work: &mut Work,
    ) -> Result<Outcome> {
        work.force(&card.placement);
        if let Some(bytes) = self.proposal(spot, card, edit, base).await? {
            let why = Why::Modifying;
            let refusal = spot.book.refusal(Some(&spot.card), bytes, why);
            work.ops.push(refusal.into());
        }
        Ok(failed(&card.placement.server_id, Failure::Conflict))
    }

    /// A change of the present version. An own Add is one that the step before made.
    async fn change_latest(
        &self,
        change: &Allowed<'_>,
        is_own_add: bool,
        work: &mut Work,
    ) -> Result<Outcome> {
        let Allowed {
            spot, card, edit, ..
        } = change;
        let mut written = self.write_or_keep(spot, card, &change.made, *edit, work);
        if let Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) = written
            && let Some(rest) = edit.without_picture()
        {
            let bytes = rest.apply_beside(&change.current, &change.beside);
            written = bytes.and_then(|rests| self.write(spot, card, &rests, Some(&*rest), work));
        }
        match written {
            Ok(()) => {
                // What was made of its Add it has not been told yet.
                if is_own_add {
                    work.force(&card.placement);
                }
                self.put_labels_back(card, *edit, work).await?;
                Ok(Outcome::Done)
            }
            Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => {
                work.force(&card.placement);
                Ok(failed(&card.placement.server_id, Failure::Invalid))
            }
            Err(error) => Err(error),
        }
    }

    /// A change of an earlier version: the server's stands, with what only the client changed where
    /// the base is known.
    async fn change_stale(
        &self,
        change: Allowed<'_>,
        base: Option<Seq>,
        work: &mut Work,
    ) -> Result<Outcome> {
        let Allowed {
            spot,
            card,
            edit,
            current,
            made,
            ..
        } = change;
        work.force(&card.placement);
        let mut merged = None;
        if let Some(base) = base
            && let Some(found) = self.merge(&spot, card, &current, edit, base).await?
        {
            // What cannot be stored is as good as not merged.
            merged = match self.write(&spot, card, &found.0, None, work) {
                Ok(()) => Some(found),
                Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => None,
                Err(error) => return Err(error),
            };
        }
        match merged {
            Some((_, lost)) => {
                if let Some(mine) = lost {
                    let why = Why::SameFields;
                    let refusal = spot.book.refusal(Some(&spot.card), mine, why);
                    work.ops.push(refusal.unmarked().into());
                }
                Ok(Outcome::Done)
            }
            None => {
                let why = Why::ChangedMeanwhile;
                let refusal = spot.book.refusal(Some(&spot.card), made, why);
                work.ops.push(refusal.unmarked().into());
                Ok(failed(&card.placement.server_id, Failure::Conflict))
            }
        }
    }
}

fn failed(server_id: &str, failure: Failure) -> Outcome {
    Outcome::ChangeFailed {
        server_id: server_id.to_owned(),
        failure,
    }
}

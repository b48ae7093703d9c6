//! Adds whose answer was lost. A retry is recognized by ClientId or, as some clients make a new
//! ClientId every time, by its data or its name. An item that the retry leaves out is sent to the device as an
//! Add of the server, and is not created again if the device sends it after all.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{
    Command, DeviceBook, Outcome, SyncCall,
    commands::{Work, new_temporary_id},
    owed::is_as_added,
    record::{Previous, Record},
};
use crate::domain::{
    batch::{Op, SyncOp},
    book::Edit,
    error::{Error, Result},
    round::What,
};

/// Claims of lost steps carried from retry to retry, at most.
const MAX_CLAIMS: usize = 2000;
/// Adds left out that are remembered, at most.
const MAX_UNCLAIMED: usize = 100;

/// An Add of a step, by which a retry is recognized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    pub client_id: String,
    pub fingerprint: String,
    pub server_id: String,
    /// What the item is called.
    #[serde(default)]
    pub name: String,
}

/// An Add that a retry left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unclaimed {
    pub fingerprint: String,
    pub server_id: String,
    /// The device sent it after all, in the step last answered.
    came: bool,
    /// The answer of that step was lost: a retry gets the same outcome, whatever became of the
    /// item.
    #[serde(default)]
    promised: bool,
}

impl Record {
    /// Forgets the claims whose answer has arrived.
    pub(super) fn forget_claims(&mut self) {
        self.unclaimed.retain(|left| !left.came);
        for left in &mut self.unclaimed {
            left.promised = false;
        }
    }

    /// Items that the last steps made of these data.
    pub(super) fn made<'a>(&'a self, fingerprint: &'a str) -> impl Iterator<Item = &'a str> {
        let adds = self.previous.iter().flat_map(|previous| &previous.adds);
        let adds = adds.map(|add| (&add.fingerprint, &add.server_id));
        let left = self.unclaimed.iter();
        adds.chain(left.map(|left| (&left.fingerprint, &left.server_id)))
            .filter(move |(data, _)| *data == fingerprint)
            .map(|(_, server_id)| server_id.as_str())
    }
}

impl DeviceBook {
    /// Matches the Adds of a retry with those of the lost step; items of the lost step without a
    /// match are disowned.
    pub(super) fn claim(&self, call: &SyncCall, lost: &Previous, work: &mut Work) {
        for known in &mut work.unclaimed {
            known.promised |= std::mem::take(&mut known.came);
        }
        let mut left: Vec<&Claim> = lost.adds.iter().collect();
        // Both first: a ClientId is unique within one request only.
        let ways: [fn(&Claim, &str, &str) -> bool; 3] = [
            |claim, id, data| claim.client_id == id && claim.fingerprint == data,
            |claim, _, data| claim.fingerprint == data && !data.is_empty(),
            |claim, id, _| claim.client_id == id,
        ];
        for is_claimed in ways {
            for (at, command) in call.commands.iter().enumerate() {
                if let Command::Add {
                    client_id,
                    fingerprint,
                    ..
                } = command
                    && !work.claims.contains_key(&at)
                    && let Some(found) = left
                        .iter()
                        .position(|claim| is_claimed(claim, client_id, fingerprint))
                {
                    work.claims.insert(at, left.remove(found).server_id.clone());
                }
            }
        }
        claim_by_name(call, &mut left, work);
        let claimed: HashSet<&String> = work.claims.values().collect();
        work.unclaimed
            .retain(|known| !claimed.contains(&known.server_id));
        for claim in left {
            let is_known = |known: &Unclaimed| known.server_id == claim.server_id;
            if !claim.fingerprint.is_empty() && !work.unclaimed.iter().any(is_known) {
                work.unclaimed.push(Unclaimed {
                    fingerprint: claim.fingerprint.clone(),
                    server_id: claim.server_id.clone(),
                    came: false,
                    promised: false,
                });
            }
            work.disowned.push(claim.server_id.clone());
            // The answer to this retry may be lost as well.
            work.adds.push(claim.clone());
        }
        let oldest = work.adds.len().saturating_sub(MAX_CLAIMS);
        work.adds.drain(..oldest);
        let oldest = work.unclaimed.len().saturating_sub(MAX_UNCLAIMED);
        work.unclaimed.drain(..oldest);
        if !work.disowned.is_empty() {
            work.ops.push(Op::Sync(SyncOp::Disown {
                collection: self.book.collection().id,
                device: self.device,
                server_ids: work.disowned.clone(),
            }));
        }
    }

    /// An Add whose answer was lost, claimed again by the same device.
    pub(super) async fn add_again(
        &self,
        claim: Claim,
        edit: &dyn Edit,
        work: &mut Work,
    ) -> Result<Outcome> {
        let outcome = Outcome::Added {
            client_id: claim.client_id.clone(),
            server_id: claim.server_id.clone(),
        };
        let server_id = claim.server_id.clone();
        work.adds.push(claim);
        let Some(card) = work.card(&server_id) else {
            return Ok(outcome);
        };
        let placement = &card.placement;
        let was_last = placement.writer == Some(self.device);
        if work.removed.contains(&server_id) {
            return Ok(outcome);
        }
        if !placement.is_live() {
            // Who removed it itself need not be told.
            if !was_last {
                work.force(placement);
            }
            return Ok(outcome);
        }
        // A retry before this one left it out: it was disowned.
        let was_left_out = placement.maker.is_none();
        // And nobody touched it since.
        let is_own = is_as_added(placement, self.device);
        let Some(spot) = self.spots(&card, work).await?.into_iter().next() else {
            return Ok(outcome);
        };
        let content = spot.book.content(&spot.card);
        let stands = match edit.apply_beside(&content, &spot.card.placement.beside) {
            // The same data again.
            Ok(bytes) if bytes == content => is_own || !was_left_out,
            // Someone else changed it meanwhile: the server's stands, with what only the device says.
            _ if !is_own => {
                self.say_again(&spot, &card, edit, work).await?;
                false
            }
            written => {
                let written =
                    written.and_then(|bytes| self.write_or_keep(&spot, &card, &bytes, edit, work));
                match written {
                    Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => false,
                    written => written.map(|()| true)?,
                }
            }
        };
        if !stands {
            work.force(placement);
        }
        if was_left_out {
            if stands {
                work.owned.insert(server_id.clone());
            }
            work.ops.push(Op::Sync(SyncOp::Own {
                collection: self.book.collection().id,
                device: self.device,
                server_id,
                as_it_is: stands,
            }));
        }
        Ok(outcome)
    }

    /// An Add that a retry had left out and that the server sends to the device, by now perhaps
    /// under another id. The device keeps the server's item; the one it created is deleted.
    pub(super) async fn settle(
        &self,
        client_id: &str,
        fingerprint: &str,
        work: &mut Work,
    ) -> Result<Option<Outcome>> {
        for at in 0..work.unclaimed.len() {
            let left = work.unclaimed[at].clone();
            if left.came || left.fingerprint != fingerprint {
                continue;
            }
            let shown = match work.card(&left.server_id) {
                Some(card) => card.placement.is_live() || !self.held(&card, work).await?.is_empty(),
                None => false,
            };
            if !shown && !left.promised {
                continue;
            }
            work.unclaimed[at].came = true;
            return Ok(Some(work.add_and_delete(client_id)));
        }
        Ok(None)
    }
}

/// Matches what is left by name, where the name stands for one item on either side: an item may have
/// been edited before a retry that also gives it a new ClientId.
fn claim_by_name(call: &SyncCall, left: &mut Vec<&Claim>, work: &mut Work) {
    let adds = call.commands.iter().enumerate();
    let unmatched: Vec<(usize, &String)> = adds
        .filter_map(|(at, command)| match command {
            Command::Add { name, .. } if !work.claims.contains_key(&at) => Some((at, name)),
            _ => None,
        })
        .filter(|(_, name)| !name.is_empty())
        .collect();
    for (at, name) in &unmatched {
        let is_one = unmatched.iter().filter(|(_, other)| other == name).count() == 1
            && left.iter().filter(|claim| claim.name == **name).count() == 1;
        let found = left.iter().position(|claim| claim.name == **name);
        if let (true, Some(found)) = (is_one, found) {
            work.claims
                .insert(*at, left.remove(found).server_id.clone());
        }
    }
}

impl Work {
    /// Answers an Add of what the server has already: done, and deleted.
    pub(super) fn add_and_delete(&mut self, client_id: &str) -> Outcome {
        let server_id = new_temporary_id();
        self.forced.push((What::Delete, server_id.clone()));
        Outcome::Added {
            client_id: client_id.to_owned(),
            server_id,
        }
    }

    /// The items an Add with these data may stand for.
    pub(super) fn left_out<'a>(&'a self, fingerprint: &'a str) -> impl Iterator<Item = &'a String> {
        self.unclaimed
            .iter()
            .filter(move |left| left.fingerprint == fingerprint)
            .map(|left| &left.server_id)
    }
}

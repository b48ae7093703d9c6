//! What an answer leaves to the next one, which the client is told to ask for.
//!
//! Clients may look the id of a Change or Delete up before they store the ids that the Responses of
//! the same answer give to their Adds; Android's parser (`ContactsSyncParser`) does. To such a client
//! a Change of an id given in this answer is a second contact, and the Delete of it means nothing. So
//! of an item whose id an answer gives, that answer tells nothing else; but a client that is not
//! known to be of this kind is told at once that an item it may not add is gone. To find the one item that a
//! device cannot take, the copies of an answer are told one by one, too.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    Outcome, SyncCall,
    choke::Choke,
    commands::{Work, is_temporary},
    record::{Previous, Record},
};
use crate::domain::{
    id::DeviceId,
    item::Placement,
    round::{State, Viewer, What},
};

/// Something that the next answer tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owed {
    what: What,
    server_id: String,
    holds: Holds,
}

/// What the item says by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Holds {
    /// What the device said of it, or was told.
    Own,
    /// What others wrote: until it is told, an edit of the device is one of an earlier version.
    Others,
    /// The same, and written for the device, which nothing but the copy tells.
    Merged,
}

impl Owed {
    fn is_unseen(&self) -> bool {
        self.holds != Holds::Own
    }
}

/// The items of which the device has an earlier version.
pub(super) fn unseen(owed: &[Owed]) -> impl Iterator<Item = String> {
    let unseen = owed.iter().filter(|owed| owed.is_unseen());
    unseen.map(|owed| owed.server_id.clone())
}

impl Viewer {
    /// The device does not have what it is still to be told, whatever its state says.
    pub(super) fn lacks(&mut self, owed: &[Owed]) {
        self.withheld.extend(unseen(owed));
        self.unwritten.extend(unseen(owed));
    }
}

impl Record {
    /// The items that the next answer tells of, whatever the window.
    pub(super) fn owed_items(&self) -> impl Iterator<Item = String> {
        self.owed.iter().map(|owed| owed.server_id.clone())
    }

    /// Copies that the answer to a lost step left to the next one, but for items whose id it gave: a
    /// retry decides anew of these.
    pub(super) fn owed_after(&self, lost: &Previous) -> Vec<(What, String)> {
        let added = added(&lost.outcomes);
        let owed = self.owed.iter().filter(|o| !added.contains(&o.server_id));
        owed.map(|o| (o.what, o.server_id.clone())).collect()
    }
}

impl Work {
    /// Begins the answer with what the one before left to it.
    pub(super) fn pay(&mut self, owed: &[Owed]) {
        self.copies.extend(unseen(owed));
        for Owed {
            what,
            server_id,
            holds,
        } in owed
        {
            if *holds == Holds::Merged {
                self.merged.push(server_id.clone());
            }
            self.forced.push((*what, server_id.clone()));
        }
    }

    /// Takes out of the answer what it may not tell yet.
    pub(super) fn put_off(&mut self, call: &SyncCall, choke: &Choke) -> Vec<(What, String)> {
        let added = added(&self.outcomes);
        let told = std::mem::take(&mut self.forced);
        let waits =
            |item: &String| added.contains(item) && (call.stores_ids_last || !is_temporary(item));
        let (mut left, mut told): (Vec<_>, Vec<_>) =
            told.into_iter().partition(|(_, item)| waits(item));
        if choke.is_narrow() {
            let held_back = choke.held_back();
            let may_be_it = |item| !self.merged.contains(item) && !held_back.contains(item);
            // Every device takes a removal.
            let (removed, mut brought): (Vec<_>, Vec<_>) = told
                .into_iter()
                .partition(|(what, _)| *what == What::Delete);
            told = removed;
            if !brought.is_empty() {
                let first = brought.iter().position(|(_, item)| may_be_it(item));
                told.push(brought.remove(first.unwrap_or(0)));
            }
            left.append(&mut brought);
        }
        self.forced = told;
        left
    }

    /// Copies in the answer that bring something.
    pub(super) fn copies_told(&self) -> usize {
        let brought = self.forced.iter().filter(|(what, _)| *what != What::Delete);
        brought.count()
    }

    /// Takes out of a page the items whose id this answer gives; by the next one, the device has them.
    pub(super) fn put_off_page(
        &self,
        page: &mut Vec<(What, Placement)>,
        left: &mut Vec<(What, String)>,
    ) {
        let added = added(&self.outcomes);
        let items = page.extract_if(.., |(_, row)| added.contains(&row.server_id));
        left.extend(items.map(|(what, row)| match what {
            What::Delete => (what, row.server_id),
            What::Add | What::Change => (What::Change, row.server_id),
        }));
    }

    /// What is put off, for the record of the step from `start`; what was put off `before` stays what it
    /// is.
    pub(super) fn owed<'a>(
        &self,
        left: Vec<(What, String)>,
        viewer: &Viewer,
        start: &State,
        before: impl Iterator<Item = &'a Owed>,
    ) -> Vec<Owed> {
        let before: HashMap<&String, Holds> =
            before.map(|owed| (&owed.server_id, owed.holds)).collect();
        let added = added(&self.outcomes);
        let is_seen = |item: &String| {
            self.touched.contains_key(item)
                || self.card(item).is_some_and(|card| {
                    let row = &card.placement;
                    viewer.has_latest(row, start)
                        || (added.contains(item) && is_as_added(row, viewer.device))
                })
        };
        left.into_iter()
            .map(|(what, server_id)| Owed {
                what,
                holds: if self.merged.contains(&server_id) {
                    Holds::Merged
                } else if is_seen(&server_id) {
                    Holds::Own
                } else if self.card(&server_id).is_none() {
                    before.get(&server_id).copied().unwrap_or(Holds::Others)
                } else {
                    Holds::Others
                },
                server_id,
            })
            .collect()
    }
}

/// Whether nobody but the device wrote an item that it added, be it that the item reads otherwise
/// than it was sent.
pub(super) fn is_as_added(row: &Placement, device: DeviceId) -> bool {
    // One that a retry left out has no maker.
    let is_of_device = row.maker.is_none_or(|maker| maker == device);
    row.writer == Some(device) || (is_of_device && row.changed == row.born)
}

/// The ids that an answer gives.
fn added(outcomes: &[Outcome]) -> HashSet<String> {
    let added = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Added { server_id, .. } => Some(server_id.clone()),
        _ => None,
    });
    added.collect()
}

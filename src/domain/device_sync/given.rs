//! What a device holds beside what its state says: versions told out of turn, and its own writes
//! whose answer was lost.

use std::collections::HashSet;

use super::{
    Command, DeviceBook, SyncCall,
    commands::Work,
    record::{Previous, Record},
};
use crate::domain::{
    batch::{Op, SyncOp},
    id::{DeviceId, Seq},
    item::{Card, Placement},
    round::{State, Viewer, What},
};

/// Items that are remembered, at most.
const MAX_GIVEN: usize = 300;

impl Record {
    /// Takes over what the answer now acknowledged told out of turn.
    pub(super) fn take_given(&mut self) {
        let base = self.state.base;
        let told = self.previous.iter().flat_map(|last| last.told.clone());
        for (item, changed) in told.collect::<Vec<_>>() {
            self.given.retain(|(known, _)| *known != item);
            self.given.push((item, changed));
        }
        self.given.retain(|(_, changed)| *changed > base);
        let oldest = self.given.len().saturating_sub(MAX_GIVEN);
        self.given.drain(..oldest);
    }

    /// Items of which the device has, or may have, a later version than the base says.
    pub(super) fn ahead(&self) -> HashSet<String> {
        let last = self.previous.iter();
        // A copy of what the device alone wrote is a version that counts as its own.
        let forced = last.clone().flat_map(|last| {
            let is_own = |item| last.wrote.contains(item) && !last.merged.contains(item);
            last.forced.iter().filter(move |(_, item)| !is_own(item))
        });
        let told = last.flat_map(|last| &last.told).chain(&self.given);
        forced
            .map(|(_, item)| item)
            .chain(told.map(|(item, _)| item))
            .cloned()
            .collect()
    }
}

impl DeviceBook {
    /// The device of a record.
    pub(super) fn viewer_of(&self, record: &Record) -> Viewer {
        let mut viewer = Viewer {
            given: record.given.iter().cloned().collect(),
            withheld: record.choke.held_back().iter().cloned().collect(),
            ..Viewer::new(self.device)
        };
        viewer.lacks(&record.owed);
        viewer
    }

    /// Edits and deletions of the lost step that a retry does not repeat: the device may have given
    /// them up, so it is told what became of their items.
    pub(super) fn renounce(&self, call: &SyncCall, lost: &Previous, work: &mut Work) {
        let mut said: HashSet<&String> = work.claims.values().collect();
        said.extend(call.commands.iter().filter_map(|command| match command {
            Command::Change { server_id, .. } | Command::Delete { server_id } => Some(server_id),
            Command::Add { .. } | Command::Fetch { .. } => None,
        }));
        let (repeated, left): (Vec<&String>, Vec<&String>) =
            lost.wrote.iter().partition(|item| said.contains(item));
        // The answer to this retry may be lost as well.
        let repeated: Vec<String> = repeated.into_iter().cloned().collect();
        let left: Vec<String> = left.into_iter().cloned().collect();
        work.repeated = repeated;
        if left.is_empty() {
            return;
        }
        work.unwritten.extend(left.iter().cloned());
        work.ops.push(Op::Sync(SyncOp::Unwrite {
            collection: self.book.collection().id,
            device: self.device,
            server_ids: left,
        }));
    }

    /// Whether a device has the present version of an item, whichever of its last two answers it
    /// received.
    pub(super) fn has_latest(&self, record: Option<&Record>, card: &Card) -> bool {
        record.is_some_and(|record| {
            let mut viewer = self.viewer_of(record);
            let told = record.previous.iter().flat_map(|last| &last.forced);
            viewer.unwritten.extend(told.map(|(_, item)| item.clone()));
            if let Some(last) = &record.previous {
                viewer.lacks(&last.owing);
            }
            let before = record.previous.iter().map(|last| &last.state);
            before
                .chain([&record.state])
                .all(|state| viewer.has_latest(&card.placement, state))
        })
    }
}

impl Work {
    /// Whether an item is as the device's Add of the step before made it. What others read of it may
    /// not be what the device sent, but nobody changed it.
    pub(super) fn is_own_add(&self, row: &Placement, device: DeviceId) -> bool {
        let is_untouched = row.maker == Some(device) && row.changed == row.born;
        is_untouched && row.writer.is_none() && self.own_adds.contains(&row.server_id)
    }

    /// Items this step tells the device in a later version than `end` says.
    pub(super) fn told_out_of_turn(
        &self,
        page: &[(What, Placement)],
        viewer: &Viewer,
        end: &State,
    ) -> Vec<(String, Seq)> {
        let brought = self.forced.iter().filter(|(what, _)| *what != What::Delete);
        let forced = brought.filter_map(|(_, item)| {
            let row = self.card(item)?.placement;
            (!viewer.has_latest(&row, end)).then_some((row.server_id, row.changed))
        });
        let paged = page
            .iter()
            .filter(|(what, row)| *what != What::Delete && !viewer.has_latest(row, end))
            .map(|(_, row)| (row.server_id.clone(), row.changed));
        let mut told: Vec<(String, Seq)> = forced.chain(paged).collect();
        told.truncate(MAX_GIVEN);
        told
    }

    /// Items this step, or a lost one that it repeats, wrote for the device.
    pub(super) fn written(&self) -> Vec<String> {
        let mut written: Vec<String> = self.touched.keys().chain(&self.repeated).cloned().collect();
        written.sort_unstable();
        written.dedup();
        written
    }
}

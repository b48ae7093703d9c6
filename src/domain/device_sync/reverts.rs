//! Clients that ignore a reverted change (Outlook): when they repeat it, the server's item is sent
//! again in the two following answers as well.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::Command;
use super::commands::Work;
use crate::domain::round::What;

/// Number of further answers that repeat a revert.
const REPEATS: u8 = 2;
/// Attempts that are remembered, at most.
const MAX_REVERTS: usize = 100;

/// A change of the device that was refused and reverted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Revert {
    /// The data of an Add, the ServerId of a Delete.
    said: String,
    what: What,
    server_id: String,
    /// Number of answers that still repeat it.
    left: u8,
}

impl Work {
    /// Tells again the copies of an answer that the device did not get, but not of an item that
    /// this request deletes or that this answer tells of already.
    pub(super) fn retell(&mut self, lost: &[(What, String)], commands: &[Command]) {
        let deleted: HashSet<&str> = commands
            .iter()
            .filter_map(|command| match command {
                Command::Delete { server_id } => Some(&server_id[..]),
                _ => None,
            })
            .collect();
        let told: HashSet<String> = self.forced.iter().map(|(_, id)| id.clone()).collect();
        let copies = lost.iter().filter(|(what, id)| {
            *what == What::Change && !deleted.contains(&id[..]) && !told.contains(id)
        });
        self.forced.extend(copies.cloned());
    }

    /// Tells nothing of an item that the device cannot take.
    pub(super) fn leave_out(&mut self, item: &str) {
        self.forced.retain(|(_, told)| told != item);
        self.reverts.retain(|revert| revert.server_id != item);
    }

    /// Takes back once more what the device did not listen to.
    pub(super) fn repeat_reverts(&mut self) {
        for revert in self.reverts.iter_mut().filter(|revert| revert.left > 0) {
            let copy = (revert.what, revert.server_id.clone());
            if !self.forced.contains(&copy) {
                revert.left -= 1;
                self.forced.push(copy);
            }
        }
    }

    /// Reverts a refused change in this answer, instead of what the answer tells of the item so far;
    /// and in the following ones for a client that ignores reverts (`repeats`) and tried the same
    /// before.
    pub(super) fn revert(&mut self, said: &str, what: What, server_id: String, repeats: bool) {
        self.forced.retain(|(_, told)| *told != server_id);
        self.forced.push((what, server_id.clone()));
        if !repeats {
            return;
        }
        let known = self
            .reverts
            .iter_mut()
            .find(|revert| revert.said == said && revert.what == what);
        match known {
            Some(again) => {
                again.server_id = server_id;
                again.left = REPEATS;
            }
            None => self.reverts.push(Revert {
                said: said.to_owned(),
                what,
                server_id,
                left: 0,
            }),
        }
        let oldest = self.reverts.len().saturating_sub(MAX_REVERTS);
        self.reverts.drain(..oldest);
    }
}

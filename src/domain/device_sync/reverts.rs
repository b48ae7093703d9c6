//! Clients that do not listen when something they may not do is taken back (Outlook): when they try
//! the same again, it is taken back in the two following answers as well.

use serde::{Deserialize, Serialize};

use super::commands::Work;
use crate::domain::round::What;

/// In how many further answers.
const REPEATS: u8 = 2;
/// Attempts that are remembered, at most.
const MAX_REVERTS: usize = 100;

/// Something the device tried and may not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Revert {
    /// The data of an Add, the ServerId of a Delete.
    said: String,
    what: What,
    server_id: String,
    /// In how many answers it is still taken back.
    left: u8,
}

impl Work {
    /// Tells again the copies of an answer that the device did not get.
    pub(super) fn retell(&mut self, lost: &[(What, String)]) {
        for told in lost {
            if told.0 == What::Change && !self.forced.contains(told) {
                self.forced.push(told.clone());
            }
        }
    }

    /// Takes back once more what the device did not listen to.
    pub(super) fn repeat_reverts(&mut self) {
        for revert in self.reverts.iter_mut().filter(|revert| revert.left > 0) {
            revert.left -= 1;
            self.forced.push((revert.what, revert.server_id.clone()));
        }
    }

    /// Takes back what may not be done: in this answer, and for a client that does not listen
    /// (`repeats`) in those after it when it was said before.
    pub(super) fn revert(&mut self, said: &str, what: What, server_id: String, repeats: bool) {
        let told = (what, server_id);
        if !self.forced.contains(&told) {
            self.forced.push(told.clone());
        }
        if !repeats {
            return;
        }
        let (what, server_id) = told;
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

//! A device that requests the same answer again and again cannot process an item in it: pages
//! shrink to one item, and the item it fails on is held back until it changes.

use serde::{Deserialize, Serialize};

use super::record::{Previous, Record};
use crate::domain::{batch::Op, item::Placement, round::What};

/// How often an answer is repeated unchanged.
const PATIENCE: u8 = 5;
/// How often a single item is offered.
const OFFERS: u8 = 5;

/// The state of a device that repeats requests: a few bytes, and the few items held back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Choke {
    /// How often the previous key was presented after it had been answered.
    tries: u8,
    /// Pages hold one item.
    narrow: bool,
    /// Items the device does not have, though its state says so.
    held_back: Vec<String>,
}

impl Record {
    /// The device presented the newest key: it took the last answer.
    pub(super) fn delivered(mut self) -> Self {
        self.choke.tries = 0;
        self.forget_claims();
        self
    }

    /// The device presented the previous key again; returns the new record, and whether the answer
    /// may be repeated unchanged.
    pub(super) fn presented_again(&self, previous: &Previous) -> (Self, bool) {
        let mut record = self.clone();
        let choke = &mut record.choke;
        choke.tries = choke.tries.saturating_add(1);
        let limit = if choke.narrow && previous.sole.is_some() {
            OFFERS
        } else {
            PATIENCE
        };
        let is_patient = choke.tries < limit;
        (record, is_patient)
    }
}

impl Choke {
    /// The size of the next page.
    pub(super) fn window(&self, asked: usize) -> usize {
        if self.narrow { asked.min(1) } else { asked }
    }

    /// After too many repetitions: shrinks the pages and, once they hold one item, holds that item
    /// back.
    pub(super) fn withhold(&mut self, lost: &Previous) -> Option<String> {
        let limit = if self.narrow { OFFERS } else { PATIENCE };
        if self.tries < limit {
            return None;
        }
        self.tries = 0;
        if !self.narrow {
            tracing::warn!(
                "a device does not acknowledge an answer it was given {PATIENCE} times: pages shrink to one item"
            );
            self.narrow = true;
            return None;
        }
        self.narrow = false;
        let item = lost.sole.clone()?;
        if !self.held_back.contains(&item) {
            self.held_back.push(item.clone());
        }
        Some(item)
    }

    /// Adapts a page to the items held back: they are sent as Adds when they change, and their
    /// removal is not sent.
    pub(super) fn adjust(&self, items: &mut Vec<(What, Placement)>) {
        items.retain_mut(|(what, row)| {
            if self.held_back.contains(&row.server_id) {
                match what {
                    What::Delete => return false,
                    What::Add | What::Change => *what = What::Add,
                }
            }
            true
        });
    }

    /// Restores the page size at the end of a round.
    pub(super) fn rest(&mut self, more: bool) {
        if !more {
            self.narrow = false;
        }
    }

    /// The line of the audit trail about an item held back in a step; also logged.
    pub(super) fn notice(&self, step: Option<&Previous>) -> Option<Op> {
        let item = step?.withheld.as_ref()?;
        tracing::warn!(
            item,
            "a device does not take an item: it is held back until it changes"
        );
        Some(Op::Audit {
            what: format!("the item {item} is held back: the device does not take it"),
        })
    }
}

//! A device that requests the same answer again and again cannot process an item in it: pages
//! shrink to one item, and the item it fails on for hours is held back until it changes.

use serde::{Deserialize, Serialize};

use super::record::{Previous, Record};
use crate::domain::{batch::Op, id::Timestamp, item::Placement, round::What};

/// How often an answer is repeated unchanged.
const PATIENCE: u8 = 5;
/// How often a single item is offered at least.
const OFFERS: u8 = 5;
/// How long it is offered at least, in milliseconds: a weak connection loses many answers in a row.
const OFFERED_FOR: i64 = 3 * 60 * 60 * 1000;

/// The state of a device that repeats requests: a few bytes, and the few items held back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Choke {
    /// How often the previous key was presented after it had been answered.
    tries: u8,
    /// The first of these times.
    #[serde(default)]
    since: Option<Timestamp>,
    /// Pages hold one item.
    narrow: bool,
    /// Items the device does not have, though its state says so.
    held_back: Vec<String>,
}

impl Record {
    /// The device presented the newest key: it took the last answer.
    pub(super) fn delivered(mut self) -> Self {
        self.choke.rewind();
        if let Some(last) = &self.previous {
            // The round ended with an answer that was taken.
            self.choke.narrow &= last.more;
            self.choke
                .held_back
                .retain(|item| !last.offered.contains(item));
        }
        self.take_given();
        self.forget_claims();
        self
    }

    /// The device presented the previous key again; returns the new record, and whether the answer
    /// may be repeated unchanged.
    pub(super) fn presented_again(&self, previous: &Previous) -> (Self, bool) {
        let mut record = self.clone();
        let choke = &mut record.choke;
        choke.tries = choke.tries.saturating_add(1);
        choke.since.get_or_insert_with(Timestamp::now);
        let is_patient = !choke.is_exhausted(previous, Timestamp::now());
        (record, is_patient)
    }
}

impl Choke {
    /// Whether pages are one item, to find the one that the device cannot take.
    pub(super) fn is_narrow(&self) -> bool {
        self.narrow
    }

    /// The size of the next page.
    pub(super) fn window(&self, asked: usize) -> usize {
        if self.narrow { asked.min(1) } else { asked }
    }

    /// After too many repetitions: shrinks the pages and, once they hold one item, holds that item
    /// back.
    pub(super) fn withhold(&mut self, lost: &Previous, now: Timestamp) -> Option<String> {
        if !self.is_exhausted(lost, now) {
            return None;
        }
        self.rewind();
        if !self.narrow {
            tracing::warn!(
                "a device does not acknowledge an answer it was given {PATIENCE} times: pages shrink to one item"
            );
            self.narrow = true;
            return None;
        }
        let item = lost.sole.clone()?;
        self.narrow = false;
        if !self.held_back.contains(&item) {
            self.held_back.push(item.clone());
        }
        Some(item)
    }

    /// Adapts a page to the items held back: they are sent as Adds when they change. Their removal
    /// is sent, too: the device may have taken what it did not acknowledge.
    pub(super) fn adjust(&self, items: &mut [(What, Placement)]) {
        for (what, row) in items {
            if *what == What::Change && self.held_back.contains(&row.server_id) {
                *what = What::Add;
            }
        }
    }

    /// The items held back.
    pub(super) fn held_back(&self) -> &[String] {
        &self.held_back
    }

    fn is_exhausted(&self, last: &Previous, now: Timestamp) -> bool {
        if self.narrow && last.sole.is_some() {
            let since = self.since.unwrap_or(now);
            self.tries >= OFFERS && now.0 - since.0 >= OFFERED_FOR
        } else {
            self.tries >= PATIENCE
        }
    }

    fn rewind(&mut self) {
        self.tries = 0;
        self.since = None;
    }

    /// Restores the page size at the end of a round, once no single item is left to be taken.
    pub(super) fn rest(&mut self, is_tried: bool) {
        if !is_tried {
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

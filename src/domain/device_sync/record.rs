//! The stored sync state of a device in a collection: two generations of its SyncKey.

use serde::{Deserialize, Serialize};

use super::{
    choke::Choke,
    claims::{Claim, Unclaimed},
    exchange::Outcome,
    owed::Owed,
    reverts::Revert,
};
use crate::domain::{
    id::Seq,
    item::random_id,
    round::{State, What},
};

/// The sync state of a device and a collection, stored as JSON: two generations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub epoch: String,
    pub key: String,
    pub state: State,
    /// Whether, with no round open, the device holds exactly the collection at the base. False
    /// after an answer was repeated, or read while others wrote, because items that changed
    /// meanwhile were left out.
    pub certain: bool,
    pub previous: Option<Previous>,
    pub settings: String,
    #[serde(default)]
    pub choke: Choke,
    #[serde(default)]
    pub unclaimed: Vec<Unclaimed>,
    #[serde(default)]
    pub reverts: Vec<Revert>,
    /// Items the device took out of turn, in a later version than the base says: the sequences of
    /// their last change.
    #[serde(default)]
    pub given: Vec<(String, Seq)>,
    /// What the last answer left to the next one.
    #[serde(default)]
    pub owed: Vec<Owed>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Previous {
    pub key: String,
    pub state: State,
    pub end: State,
    pub request: String,
    pub outcomes: Vec<Outcome>,
    /// The server's copies after refusals, whatever the window.
    pub forced: Vec<(What, String)>,
    pub more: bool,
    /// The Adds of the step, and of lost steps before it.
    #[serde(default)]
    pub adds: Vec<Claim>,
    /// The item that this step began to hold back, because the device cannot process it.
    #[serde(default)]
    pub withheld: Option<String>,
    /// The only item that the answer tells of, be it the server's copy after a write.
    #[serde(default)]
    pub sole: Option<String>,
    /// Items of the answer in a later version than `end` says; they move to [`Record::given`] once
    /// the answer is acknowledged.
    #[serde(default)]
    pub told: Vec<(String, Seq)>,
    /// Items held back before that the answer contains.
    #[serde(default)]
    pub offered: Vec<String>,
    /// Items that the step, or a lost one before it, wrote for the device.
    #[serde(default)]
    pub wrote: Vec<String>,
    /// Items written for the device that hold what the step merged, which only its answer tells.
    #[serde(default)]
    pub merged: Vec<String>,
    /// [`Record::owed`] when the step began.
    #[serde(default)]
    pub owing: Vec<Owed>,
}

/// The stored record; the key alone when this version cannot read it, which makes the device start
/// over.
#[derive(Default)]
pub(super) struct Stored {
    pub key: Option<String>,
    pub record: Option<Record>,
}

/// Keys are opaque; the counter helps a reader of logs, the rest makes them unguessable.
pub(super) fn new_key(generation: u64) -> String {
    format!("{generation}.{}", random_id(12))
}

/// The counter in a key.
pub(super) fn generation(key: &str) -> u64 {
    key.split('.')
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

//! The stored sync state of a device in a collection: two generations of its SyncKey.

use serde::{Deserialize, Serialize};

use super::{
    choke::Choke,
    claims::{Claim, Unclaimed},
    exchange::Outcome,
    reverts::Revert,
};
use crate::domain::{
    item::random_id,
    round::{State, What},
};

/// What the store keeps for a device and a collection, as JSON: two generations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub epoch: String,
    pub key: String,
    pub state: State,
    /// When no round is open: the device holds exactly what was there at the base. False after an
    /// answer was made again, or read while others wrote: what moved on meanwhile was left out.
    pub certain: bool,
    pub previous: Option<Previous>,
    pub settings: String,
    #[serde(default)]
    pub choke: Choke,
    #[serde(default)]
    pub unclaimed: Vec<Unclaimed>,
    #[serde(default)]
    pub reverts: Vec<Revert>,
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
    /// Held back in this step, as the device chokes on it.
    #[serde(default)]
    pub withheld: Option<String>,
    /// The only item of the step.
    #[serde(default)]
    pub sole: Option<String>,
}

/// What the store holds: the key alone when this version cannot read the record, which is as good
/// as none, so that the device starts over.
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

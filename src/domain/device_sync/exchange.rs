//! Requests of a device on a collection, and their answers.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::domain::{book::Edit, item::Card};

/// One command of a client.
#[derive(Clone)]
pub enum Command {
    Add {
        client_id: String,
        /// Digest of the normalised data, to recognize retries of clients that change the ClientId
        /// each time.
        fingerprint: String,
        /// What the item is called, in a form to compare; empty where it has no name.
        name: String,
        edit: Arc<dyn Edit>,
    },
    Change {
        server_id: String,
        edit: Arc<dyn Edit>,
    },
    Delete {
        server_id: String,
    },
    Fetch {
        server_id: String,
    },
}

/// Outcomes of the commands, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// An Add was done, or refused and is deleted again.
    Added {
        client_id: String,
        server_id: String,
    },
    AddFailed {
        client_id: String,
        failure: Failure,
    },
    /// A Change or Delete was done; no response is needed.
    Done,
    ChangeFailed {
        server_id: String,
        failure: Failure,
    },
    Fetched {
        server_id: String,
    },
}

/// Why a command was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The data cannot be stored.
    Invalid,
    /// The server's version stands, and is sent in the same answer.
    Conflict,
    NotFound,
    OverQuota,
}

/// A request for one collection.
pub struct SyncCall {
    /// The SyncKey presented; none for SyncKey 0.
    pub key: Option<String>,
    pub commands: Vec<Command>,
    /// False: nothing is sent but the server's copies after refusals.
    pub get_changes: bool,
    /// Items wanted in one answer; a large picture counts as several.
    pub window: usize,
    /// Digest of the whole request for this collection.
    pub request: String,
    /// The client ignores a single revert, so it is repeated.
    pub repeats_reverts: bool,
    /// The client looks an id up before it stores those that the same answer gives.
    pub stores_ids_last: bool,
    /// Settings the face stores with the key (options, supported elements); none keeps the former
    /// ones.
    pub settings: Option<String>,
}

/// The answer for one collection.
#[derive(Debug)]
pub enum SyncReply {
    /// SyncKey 0: an answer with a first key and nothing else.
    Primed {
        key: String,
    },
    /// The key is unknown or too old: the device has to start over.
    UnknownKey,
    Answer(Answer),
}

/// An answer to a known key.
#[derive(Debug)]
pub struct Answer {
    /// The key to present next; unchanged when the answer is empty.
    pub key: String,
    pub outcomes: Vec<Outcome>,
    pub changes: Vec<Change>,
    pub more: bool,
    /// Writes of the request that were refused, in whole or in part, and kept.
    pub kept: usize,
    /// Cards requested by Fetch, by server id.
    pub fetched: HashMap<String, Card>,
    /// The key differs from the one presented.
    pub new_key: bool,
    /// In a view: the names of the group books that hold each card.
    pub(super) labels: HashMap<String, Vec<String>>,
}

impl Answer {
    /// The names of the books that hold a card, in a view.
    pub fn labels_of(&self, server_id: &str) -> &[String] {
        self.labels.get(server_id).map_or(&[], Vec::as_slice)
    }
}

/// A change the device has to apply.
#[derive(Debug)]
pub enum Change {
    Delete(String),
    Add(Card),
    Change(Card),
}

/// Whether a Sync would have something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// The device has no key of this collection.
    Unprimed,
    /// The key of the device is no longer valid: it has to start over.
    Void,
    Nothing,
    Something,
}

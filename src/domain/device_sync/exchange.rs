//! Requests of a device on a collection, and their answers.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::domain::{book::Edit, item::Card};

/// One command of a client.
#[derive(Clone)]
pub enum Command {
    Add {
        client_id: String,
        /// Digest of the normalised data: clients that change the ClientId on every retry.
        fingerprint: String,
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

/// What became of a command, in the order of the commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// An Add; also for one that was refused and is deleted again in the same answer.
    Added {
        client_id: String,
        server_id: String,
    },
    AddFailed {
        client_id: String,
        failure: Failure,
    },
    /// A Change or Delete that needs no word.
    Done,
    ChangeFailed {
        server_id: String,
        failure: Failure,
    },
    DeleteFailed {
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
    /// The server's version stands; it is in the same answer.
    Conflict,
    NotFound,
    OverQuota,
}

/// A request for one collection.
pub struct SyncCall {
    /// The key presented; none is SyncKey 0.
    pub key: Option<String>,
    pub commands: Vec<Command>,
    /// False: no changes beyond the server's copies after refusals.
    pub get_changes: bool,
    /// A large picture counts as several items.
    pub window: usize,
    /// Digest of the whole request for this collection.
    pub request: String,
    /// The client does not listen when something is taken back once.
    pub repeats_reverts: bool,
    /// What the face keeps with the key (options, supported elements); none keeps the former.
    pub settings: Option<String>,
}

/// The answer for one collection.
#[derive(Debug)]
pub enum SyncReply {
    /// SyncKey 0: nothing but the first key.
    Primed {
        key: String,
    },
    /// The key is not known (any more): the device has to start over.
    UnknownKey,
    Answer(Answer),
}

/// An answer to a known key.
#[derive(Debug)]
pub struct Answer {
    /// The key to present next; the one presented when there is nothing to say.
    pub key: String,
    pub outcomes: Vec<Outcome>,
    pub changes: Vec<Change>,
    pub more: bool,
    /// Cards asked for by Fetch, by server id.
    pub fetched: HashMap<String, Card>,
    /// What the face kept with the key.
    pub settings: String,
    /// The key is another than the one presented.
    pub new_key: bool,
    /// In a view: the names of the books that hold each card, but for the own one.
    pub(super) labels: HashMap<String, Vec<String>>,
}

impl Answer {
    /// The names of the books that hold a card, in a view.
    pub fn labels_of(&self, server_id: &str) -> &[String] {
        self.labels.get(server_id).map_or(&[], Vec::as_slice)
    }
}

/// Something the device has to be told.
#[derive(Debug)]
pub enum Change {
    Delete(String),
    Add(Card),
    Change(Card),
}

/// Whether a Sync would have something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// The device never synchronized this collection.
    Unprimed,
    Nothing,
    Something,
}

//! Requests that wait or might: a newer one of the same device for the same folders ends them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::domain::id::{DeviceId, PersonId};

/// Requests one device may hold at once; the oldest makes room.
const MAX_HELD: usize = 8;

/// Which command waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Ping,
    Sync,
}

struct Entry {
    command: Held,
    folders: Arc<[String]>,
    ended: CancellationToken,
    number: u64,
}

#[derive(Default)]
struct Entries {
    of: HashMap<(PersonId, DeviceId), Vec<Entry>>,
    last: u64,
}

/// The requests under way, by device.
#[derive(Default)]
pub struct Polls(Mutex<Entries>);

/// One request's place among them, until it is dropped.
pub struct Poll {
    polls: Arc<Polls>,
    device: (PersonId, DeviceId),
    number: u64,
    ended: CancellationToken,
}

impl Polls {
    /// Takes a place, and ends those of the same command that share a folder.
    pub fn begin(
        self: &Arc<Self>,
        device: (PersonId, DeviceId),
        command: Held,
        folders: &[String],
    ) -> Poll {
        let ended = CancellationToken::new();
        let number = self.with(|entries| {
            entries.last += 1;
            let number = entries.last;
            let others = entries.of.entry(device).or_default();
            for other in others.iter().filter(|other| other.command == command) {
                if shares(&other.folders, folders) {
                    other.ended.cancel();
                }
            }
            if others.len() >= MAX_HELD {
                others.remove(0).ended.cancel();
            }
            others.push(Entry {
                command,
                folders: folders.into(),
                ended: ended.clone(),
                number,
            });
            number
        });
        Poll {
            polls: self.clone(),
            device,
            number,
            ended,
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Entries) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Poll {
    /// The request is held from now on: older ones of any command that share a folder end.
    pub fn hold(&self) {
        self.polls.with(|entries| {
            let entries = entries.of.get(&self.device).map_or(&[][..], Vec::as_slice);
            let Some(own) = entries.iter().find(|entry| entry.number == self.number) else {
                return;
            };
            for other in entries.iter().filter(|other| other.number < self.number) {
                if shares(&other.folders, &own.folders) {
                    other.ended.cancel();
                }
            }
        });
    }

    /// Whether a newer request took this one's place.
    pub fn is_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Waits until a newer request takes this one's place.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.polls.with(|entries| {
            if let Some(others) = entries.of.get_mut(&self.device) {
                others.retain(|entry| entry.number != self.number);
                if others.is_empty() {
                    entries.of.remove(&self.device);
                }
            }
        });
    }
}

fn shares(some: &[String], others: &[String]) -> bool {
    some.iter().any(|folder| others.contains(folder))
}

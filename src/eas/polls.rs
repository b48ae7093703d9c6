//! Requests that wait or might: a newer one of the same device for the same folders ends them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::domain::id::{DeviceId, PersonId};

/// Requests of one command that a device may hold at once; the oldest makes room. Merged, a device has
/// nine folders, and may hold a Sync of each.
const MAX_HELD: usize = 32;

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
    is_held: bool,
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
            others.push(Entry {
                command,
                folders: folders.into(),
                ended: ended.clone(),
                number,
                is_held: false,
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
    /// The request is held from now on: older ones of any command that share a folder end, and the
    /// oldest of its own where there are too many.
    pub fn hold(&self) {
        self.polls.with(|entries| {
            let Some(entries) = entries.of.get_mut(&self.device) else {
                return;
            };
            let own = entries.iter_mut().find(|entry| entry.number == self.number);
            let Some(own) = own else { return };
            own.is_held = true;
            let (command, folders) = (own.command, own.folders.clone());
            for other in entries.iter().filter(|other| other.number < self.number) {
                if shares(&other.folders, &folders) {
                    other.ended.cancel();
                }
            }
            let is_alike = |entry: &&Entry| {
                entry.is_held && entry.command == command && !entry.ended.is_cancelled()
            };
            let held: Vec<&Entry> = entries.iter().filter(is_alike).collect();
            if let (true, Some(oldest)) = (held.len() > MAX_HELD, held.first()) {
                oldest.ended.cancel();
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

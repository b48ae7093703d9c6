//! Wake-ups after commits: a waiter costs one notification cell, whatever it waits for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{Notify, broadcast};

use super::{
    batch::{Committed, Described},
    book::Moved,
    id::{CollectionId, PersonId},
    tally::Counter,
};

/// Commits a slow listener may lag behind before it misses some.
const COMMITS: usize = 1024;

/// What a waiter listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    Collection(CollectionId),
    /// Standing of a person: groups, rights, password, devices, a newer poll.
    Person(PersonId),
}

/// Where commits are announced.
pub struct Hub {
    waiters: Mutex<HashMap<Topic, Vec<Weak<Notify>>>>,
    commits: broadcast::Sender<Announced>,
    woken: Counter,
}

/// What a commit changed in collections.
#[derive(Clone, Debug)]
pub struct Announced {
    pub moved: Moved,
    pub described: Vec<Described>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            waiters: Mutex::default(),
            commits: broadcast::Sender::new(COMMITS),
            woken: Counter::default(),
        }
    }
}

/// A registered waiter. Subscribe, compare with the cursor, then wait: no wake-up is lost.
pub struct Subscription {
    notify: Arc<Notify>,
}

impl Hub {
    /// Registers for some topics; dropping the subscription ends it.
    pub fn subscribe(&self, topics: impl IntoIterator<Item = Topic>) -> Subscription {
        let notify = Arc::new(Notify::new());
        let mut waiters = self.lock();
        for topic in topics {
            let list = waiters.entry(topic).or_default();
            // Before it grows: each subscription looks at a few others, however many there are.
            if list.len() == list.capacity() {
                list.retain(|waiter| waiter.strong_count() > 0);
            }
            list.push(Arc::downgrade(&notify));
        }
        Subscription { notify }
    }

    /// What every commit from now on changes in collections.
    pub fn commits(&self) -> broadcast::Receiver<Announced> {
        self.commits.subscribe()
    }

    /// Wakes those who wait for anything a commit touched.
    pub fn publish(&self, committed: &Committed) {
        let (moved, described) = (&committed.collections, &committed.described);
        if self.commits.receiver_count() > 0 && !(moved.is_empty() && described.is_empty()) {
            let _ = self.commits.send(Announced {
                moved: moved.clone(),
                described: described.clone(),
            });
        }
        for (collection, _) in &committed.collections {
            self.wake(Topic::Collection(*collection));
        }
        for person in &committed.people {
            self.wake(Topic::Person(*person));
        }
    }

    /// Wakes the waiters of one topic.
    pub fn wake(&self, topic: Topic) {
        let mut waiters = self.lock();
        let Some(list) = waiters.get_mut(&topic) else {
            return;
        };
        list.retain(|waiter| match waiter.upgrade() {
            Some(notify) => {
                notify.notify_one();
                self.woken.add(1);
                true
            }
            None => false,
        });
        if list.is_empty() {
            waiters.remove(&topic);
        }
    }

    /// Waiters woken so far.
    pub fn woken(&self) -> u64 {
        self.woken.value()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Topic, Vec<Weak<Notify>>>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Returns at the next announcement, at once if one came since the last call.
    pub async fn changed(&self) {
        self.notify.notified().await;
    }
}

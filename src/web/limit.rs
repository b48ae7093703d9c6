//! Rate limits per person, address or link.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const WINDOW: Duration = Duration::from_secs(60 * 60);
const MAX_ENTRIES: usize = 100_000;

/// So many times an hour for each key.
pub struct Limit {
    times: u32,
    most: usize,
    /// Keys are kept as digests nobody can foresee: a long one costs as much as a short one.
    digests: RandomState,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    times: HashMap<u64, u32>,
    /// Since when each is counted, the oldest first.
    since: VecDeque<(Instant, u64)>,
}

impl Limit {
    /// A limit of so many times.
    pub fn new(times: u32) -> Self {
        Self {
            times,
            most: MAX_ENTRIES,
            digests: RandomState::new(),
            seen: Mutex::default(),
        }
    }

    /// Counts one more time; false when that is too often.
    pub fn allows(&self, key: &str) -> bool {
        let key = self.digests.hash_one(key);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = &mut *seen;
        let is_over = |(since, _): &(Instant, u64)| since.elapsed() >= WINDOW;
        while seen.since.front().is_some_and(is_over)
            || seen.since.len() >= self.most && !seen.times.contains_key(&key)
        {
            let Some((_, oldest)) = seen.since.pop_front() else {
                break;
            };
            seen.times.remove(&oldest);
        }
        let times = seen.times.entry(key).or_insert_with(|| {
            seen.since.push_back((Instant::now(), key));
            0
        });
        *times = times.saturating_add(1);
        *times <= self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_count() {
        let limit = Limit::new(2);
        assert!(limit.allows("a") && limit.allows("a") && !limit.allows("a"));
        assert!(limit.allows("b"));
    }

    #[test]
    fn a_full_limit_forgets_the_oldest_key_alone() {
        let limit = Limit {
            most: 3,
            ..Limit::new(1)
        };
        for key in ["a", "b", "c", "d"] {
            assert!(limit.allows(key), "{key}");
        }
        assert!(!limit.allows("d") && !limit.allows("c") && !limit.allows("b"));
        assert!(limit.allows("a"), "the oldest one went");
    }
}

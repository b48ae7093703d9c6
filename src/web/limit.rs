//! Rate limits per person, address or link.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const WINDOW: Duration = Duration::from_secs(60 * 60);
const MAX_ENTRIES: usize = 100_000;

/// So many times an hour for each key.
pub struct Limit {
    times: u32,
    seen: Mutex<HashMap<String, (Instant, u32)>>,
}

impl Limit {
    /// A limit of so many times.
    pub fn new(times: u32) -> Self {
        Self {
            times,
            seen: Mutex::default(),
        }
    }

    /// Counts one more time; false when that is too often.
    pub fn allows(&self, key: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MAX_ENTRIES {
            seen.retain(|_, (since, _)| since.elapsed() < WINDOW);
            if seen.len() >= MAX_ENTRIES {
                seen.clear();
            }
        }
        let entry = seen
            .entry(key.to_owned())
            .or_insert_with(|| (Instant::now(), 0));
        if entry.0.elapsed() >= WINDOW {
            *entry = (Instant::now(), 0);
        }
        entry.1 = entry.1.saturating_add(1);
        entry.1 <= self.times
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
}

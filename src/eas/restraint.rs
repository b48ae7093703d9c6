//! Limits how often a status is sent to a device: clients that do not react to it repeat the
//! request for ever.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::domain::id::DeviceId;

/// How often it is said of one folder within [`WINDOW`].
const TIMES: u8 = 3;
const WINDOW: Duration = Duration::from_secs(600);
/// Counters kept at most.
const MAX_ENTRIES: usize = 10_000;

/// Counts statuses per device and folder.
#[derive(Default)]
pub struct Restraint(Mutex<HashMap<(DeviceId, String), (u8, Instant)>>);

impl Restraint {
    /// Whether a device may be sent once more that a folder, or its key of it, is gone.
    pub fn may_tell(&self, device: DeviceId, folder: &str) -> bool {
        let now = Instant::now();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MAX_ENTRIES {
            told.retain(|_, (_, since)| now - *since < WINDOW);
            if told.len() >= MAX_ENTRIES {
                told.clear();
            }
        }
        // Ids are 64 characters at most; longer ones are none of ours.
        let folder = folder.chars().take(64).collect();
        let (times, since) = told.entry((device, folder)).or_insert((0, now));
        if now - *since >= WINDOW {
            (*times, *since) = (0, now);
        }
        *times = times.saturating_add(1);
        *times <= TIMES
    }

    /// A device has a key of a folder: it reacted to what it was sent.
    pub fn reacted(&self, device: DeviceId, folder: &str) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.remove(&(device, folder.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_told_three_times_per_folder() {
        let restraint = Restraint::default();
        let told: Vec<bool> = (0..5)
            .map(|_| restraint.may_tell(DeviceId(1), "gone"))
            .collect();
        assert_eq!(told, [true, true, true, false, false]);
        restraint.reacted(DeviceId(1), "gone");
        assert!(restraint.may_tell(DeviceId(1), "gone"));
        assert!(restraint.may_tell(DeviceId(1), "other"));
        assert!(restraint.may_tell(DeviceId(2), "gone"));
    }
}

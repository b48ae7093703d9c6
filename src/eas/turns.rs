//! One request at a time for what is read, decided and written back of a device: its folders, its
//! policy. A phone has several processes, and of two answers made beside each other the later one
//! would void the key of the other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::domain::id::DeviceId;

/// The devices that have a request under way.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<DeviceId, Arc<AsyncMutex<()>>>>);

impl Turns {
    /// Waits for the requests of the device that came before; the turn ends with the guard.
    pub async fn of(&self, device: DeviceId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that nobody has or waits for.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(device).or_default().clone()
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_device_waits_for_itself_alone() {
        let turns = Turns::default();
        let first = turns.of(DeviceId(1)).await;
        let _other = turns.of(DeviceId(2)).await;
        let second = turns.of(DeviceId(1));
        tokio::pin!(second);
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        second.await;
    }
}

//! Whether the writing thread makes progress.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use crate::domain::error::{Error, Result};

/// Since when the thread has been at one group.
pub struct Pulse {
    start: Instant,
    patience: Duration,
    /// Milliseconds after the start, and one; 0 while there is nothing to do.
    begun: AtomicU64,
    /// The log says already that the writer hangs.
    told: AtomicBool,
}

impl Pulse {
    /// A pulse that counts as healthy while no piece of work takes longer than this.
    pub fn of(patience: Duration) -> Self {
        Self {
            start: Instant::now(),
            patience,
            begun: AtomicU64::new(0),
            told: AtomicBool::new(false),
        }
    }

    /// Marks the start of a piece of work.
    pub fn begin(&self) {
        self.begun.store(self.now() + 1, Relaxed);
    }

    /// Marks its end.
    pub fn end(&self) {
        self.begun.store(0, Relaxed);
        if self.told.swap(false, Relaxed) {
            tracing::info!("the writer goes on");
        }
    }

    /// An error while the thread has been at one group for longer than anybody waits.
    pub fn check(&self) -> Result<()> {
        let begun = self.begun.load(Relaxed);
        let took = Duration::from_millis((self.now() + 1).saturating_sub(begun));
        if begun == 0 || took < self.patience {
            return Ok(());
        }
        if !self.told.swap(true, Relaxed) {
            tracing::error!(
                seconds = took.as_secs(),
                "the writer hangs: nobody waits for it until it goes on"
            );
        }
        Err(Error::Unavailable("the writer does not answer".to_owned()))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }
}

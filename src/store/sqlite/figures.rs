//! Metrics of the store.

use std::sync::atomic::AtomicI64;

use crate::domain::tally::Spread;

/// Seconds.
const TIMES: &[f64] = &[
    0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

/// The metrics of writer and readers.
#[derive(Debug)]
pub struct Figures {
    /// Number of batches in one commit.
    pub batches: Spread,
    /// Seconds a commit took.
    pub commits: Spread,
    /// Seconds a read waited for a connection.
    pub waits: Spread,
    /// Pages of the write-ahead log that are not in the database file yet.
    pub log_pages: AtomicI64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            batches: Spread::new(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]),
            commits: Spread::new(TIMES),
            waits: Spread::new(TIMES),
            log_pages: AtomicI64::new(0),
        }
    }
}

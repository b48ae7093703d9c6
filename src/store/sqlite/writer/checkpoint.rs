//! Copies the log into the database file beside the thread that writes, which then has little left
//! to copy when the log is to begin anew (<https://sqlite.org/wal.html#ckpt>).

use std::{
    sync::{Arc, atomic::Ordering, mpsc},
    thread,
};

use rusqlite::Connection;

use super::super::{figures::Figures, unavailable};
use crate::domain::error::Result;

/// Pages that are copied together.
const PAGES: i64 = 2_000;
/// Pages of the log, 256 MiB, that mean that it is not copied any more.
const TOO_MANY: i64 = 64_000;

/// The door to the copying thread; dropping it waits for the copy under way.
pub struct Checkpoints {
    /// None while it is dropped.
    due: Option<mpsc::SyncSender<()>>,
    thread: Option<thread::JoinHandle<()>>,
    figures: Arc<Figures>,
    /// The server's log says already that SQLite's log grows.
    told: bool,
}

impl Checkpoints {
    /// Starts the thread on a connection of its own.
    pub fn start(connection: Connection, figures: Arc<Figures>) -> Result<Self> {
        let (due, dues) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("carnet-checkpoint".into())
            .spawn(move || copy(&connection, &dues))
            .map_err(unavailable)?;
        Ok(Self {
            due: Some(due),
            thread: Some(thread),
            figures,
            told: false,
        })
    }

    /// Has pages copied when there are enough; `writer` has just committed.
    pub fn note(&mut self, writer: &Connection) {
        let waiting = checkpoint(writer, "NOOP").unwrap_or(0);
        self.figures.log_pages.store(waiting, Ordering::Relaxed);
        let grows = waiting >= TOO_MANY;
        if grows && !self.told {
            tracing::error!(
                pages = waiting,
                "the log grows and is not copied into the database: a reader or a disk holds it up"
            );
        }
        self.told = grows;
        if let (true, Some(due)) = (waiting >= PAGES, &self.due) {
            // It is busy: the next commit asks again.
            let _ = due.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.due = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn copy(connection: &Connection, dues: &mpsc::Receiver<()>) {
    let mut failed = false;
    while dues.recv().is_ok() {
        let copied = checkpoint(connection, "PASSIVE");
        if let (Err(error), false) = (&copied, failed) {
            tracing::warn!(%error, "the log cannot be copied into the database");
        }
        failed = copied.is_err();
    }
}

/// Pages of the log that are not copied afterwards.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?
        .query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
}

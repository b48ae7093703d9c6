//! The embedded engine: SQLite in WAL mode, one writer with group commit, a few readers.
//!
//! Invariants: only [`writer`] holds connections that are not read-only; a batch is applied whole or not, and several
//! batches may share one flush; the commit order of a collection is its sequence order.

mod accounts;
mod backup;
mod check;
mod commit;
mod figures;
mod open;
mod outbox;
mod port;
mod read;
mod read_clients;
mod read_credentials;
mod read_dav;
mod read_documents;
mod read_history;
mod read_imports;
mod read_items;
mod read_labels;
mod read_lists;
mod read_office;
mod read_people;
mod read_views;
mod readers;
mod search;
mod verification;
mod writer;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::domain::{
    class::Class,
    error::{Error, Result},
    id::ItemId,
};
use rusqlite::Connection;

pub use backup::restore;
pub use figures::Figures;
use writer::{Checkpoints, Writer};

/// Name of the database in the data directory.
pub const DATABASE: &str = "carnet.db";

/// Held in the data directory while a server runs: two on one directory would send letters and
/// import files twice.
pub const LOCK: &str = "carnet.lock";

/// A store in a data directory.
pub struct Sqlite {
    readers: readers::Readers,
    writer: Writer,
    work: Arc<Work>,
    figures: Arc<Figures>,
    accounts: accounts::Accounts,
}

/// The cost of reads, for tests that prove that a sync reads no more than it answers.
#[derive(Debug, Default)]
pub struct Work {
    steps: AtomicU64,
}

impl Work {
    /// Steps of SQLite's virtual machine since the last [`Work::reset`].
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Restarts the count.
    pub fn reset(&self) {
        self.steps.store(0, Ordering::Relaxed);
    }

    /// Counts what a connection does, statements of transactions included.
    #[cfg(test)]
    fn watch(self: &Arc<Self>, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
        let work = self.clone();
        let count = move || {
            work.steps.fetch_add(1, Ordering::Relaxed);
            false
        };
        connection.progress_handler(1, Some(count))
    }

    fn add(&self, statement: &rusqlite::Statement<'_>) {
        let steps = statement.reset_status(rusqlite::StatementStatus::VmStep);
        self.steps
            .fetch_add(u64::from(steps.unsigned_abs()), Ordering::Relaxed);
    }
}

impl Sqlite {
    /// Opens the database of a data directory, and creates or upgrades it.
    ///
    /// Fails for a database written by a newer version. A database older than its commit counter
    /// says (a restored copy) gets new epochs, so that clients start over.
    pub fn open(directory: &Path) -> Result<Self> {
        let file = directory.join(DATABASE);
        let (connection, counter) = open::open(directory, &file)?;
        let figures = Arc::<Figures>::default();
        let checkpointer = open::checkpointer(&file).map_err(unavailable)?;
        let checkpoints = Checkpoints::start(checkpointer, figures.clone())?;
        let readers = readers::Readers::of(&file, figures.clone())?;
        let work = Arc::<Work>::default();
        #[cfg(test)]
        work.watch(&connection).map_err(unavailable)?;
        Ok(Self {
            readers,
            writer: Writer::start(connection, checkpoints, counter, figures.clone())?,
            work,
            figures,
            accounts: accounts::Accounts::default(),
        })
    }

    /// The cost of reads so far.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Metrics of the store.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Number of jobs waiting for the writer.
    pub fn queued(&self) -> i64 {
        self.writer.queued()
    }

    /// Number of reads waiting for a connection.
    pub fn readers_waiting(&self) -> i64 {
        self.readers.waiting()
    }

    /// Resolves once the writer has done its earlier jobs; an error when it is gone, or when its
    /// last commit failed and another one fails too.
    pub async fn probe(&self) -> Result<()> {
        self.writer.probe().await
    }

    /// Rebuilds the derived rows of every item from its document.
    pub async fn rebuild(&self, classes: &[Arc<dyn Class>]) -> Result<()> {
        let mut after = ItemId(0);
        loop {
            let items = self.read(move |r| r.documents(after, 500)).await?;
            let last = items.last().map(|(item, ..)| *item);
            let mut contents = Vec::with_capacity(items.len());
            for (item, name, uid, document) in items {
                let class = classes.iter().find(|class| class.name() == name);
                let class = class.ok_or_else(|| unavailable(format!("no class {name}")))?;
                contents.push((item, class.index(&document, Some(&uid))?));
            }
            // The last, empty page notes that all are made.
            self.writer.reindex(contents).await?;
            match last {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }

    /// Rebuilds derived rows where a newer schema requires it.
    pub async fn bring_up_to_date(&self, classes: &[Arc<dyn Class>]) -> Result<()> {
        if self.read(|r| r.derived_is_stale()).await? {
            self.rebuild(classes).await
        } else {
            Ok(())
        }
    }

    /// A look-up of a handful of rows.
    async fn look_up<T>(
        &self,
        read: impl FnOnce(&read::Reader<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let work = &self.work;
        let read = |connection: &Connection| read(&read::Reader { connection, work });
        self.readers.here(read).await
    }

    /// A read of any size.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&read::Reader<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let work = self.work.clone();
        self.readers
            .apart(move |connection| {
                read(&read::Reader {
                    connection,
                    work: &work,
                })
            })
            .await
    }
}

fn unavailable(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(error.to_string())
}

/// What an error of the engine is to whoever asked.
fn failed(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    match error.sqlite_error_code() {
        Some(Code::DiskFull) => Error::NoSpace,
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => Error::Unavailable(damaged(error)),
        _ => unavailable(error),
    }
}

/// What an operator does about a damaged file.
fn damaged(error: impl std::fmt::Display) -> String {
    format!("the database file is damaged ({error}): put a backup back with carnet restore FILE")
}

#[cfg(test)]
mod tests;

//! The one thread that writes. Batches that wait together share one flush.

mod checkpoint;
mod pulse;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, Transaction};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

pub use self::checkpoint::Checkpoints;
use self::pulse::Pulse;
use super::{commit, commit::search::Unindexed, failed, figures::Figures, unavailable};
use crate::{
    domain::{
        batch::{Batch, Committed},
        class::Index,
        error::{Error, Result},
        id::{CollectionId, ItemId, PersonId, Seq},
    },
    durable::{NO_LINK, give_to_owner},
};

/// Batches that may share one commit.
const GROUP: usize = 128;
/// How long the thread may take for one group. Whoever waits longer is told that the store does
/// not answer, and nobody else waits at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often those who wait look whether it still makes sense.
const LOOK: Duration = Duration::from_secs(1);

/// The door to the writing thread; dropping it waits for the last commit.
pub struct Writer {
    /// None while it is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    pulse: Arc<Pulse>,
}

/// A batch, and where its outcome goes.
type Asked = (Box<Batch>, oneshot::Sender<Result<Committed>>);

enum Job {
    Commit(Box<Batch>, oneshot::Sender<Result<Committed>>),
    ForeignChanges(oneshot::Sender<Result<Committed>>),
    Reindex(Vec<(ItemId, Index)>, oneshot::Sender<Result<()>>),
    Probe(oneshot::Sender<Result<()>>),
    /// A fault, while others wait.
    #[cfg(test)]
    Fault(Box<dyn FnOnce(&mut Connection) + Send>),
}

impl Writer {
    /// Starts the thread on the only connection that writes rows.
    pub fn start(
        connection: Connection,
        checkpoints: Checkpoints,
        counter: Counter,
        figures: Arc<Figures>,
    ) -> Result<Self> {
        Self::start_with(connection, checkpoints, counter, figures, PATIENCE)
    }

    fn start_with(
        connection: Connection,
        checkpoints: Checkpoints,
        counter: Counter,
        figures: Arc<Figures>,
        patience: Duration,
    ) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel(1024);
        let pulse = Arc::new(Pulse::of(patience));
        let mut thread = Thread {
            connection,
            checkpoints,
            counter,
            known: Known::default(),
            figures,
            failed: false,
            pulse: pulse.clone(),
        };
        thread.known = Known::read(&thread.connection).map_err(failed)?;
        let thread = thread::Builder::new()
            .name("carnet-writer".into())
            .spawn(move || thread.run(waiting))
            .map_err(unavailable)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            pulse,
        })
    }

    /// Commits a batch; the answer comes when it is on disk (unless the batch may be unflushed).
    pub async fn commit(&self, batch: Batch) -> Result<Committed> {
        let batch = Box::new(batch);
        self.ask(|answer| Job::Commit(batch, answer)).await
    }

    /// What other processes changed since the last call.
    pub async fn foreign_changes(&self) -> Result<Committed> {
        self.ask(Job::ForeignChanges).await
    }

    /// Replaces derived rows.
    pub async fn reindex(&self, indexes: Vec<(ItemId, Index)>) -> Result<()> {
        self.ask(|answer| Job::Reindex(indexes, answer)).await
    }

    /// Whether the thread lives and can write.
    pub async fn probe(&self) -> Result<()> {
        self.ask(Job::Probe).await
    }

    /// Jobs that wait.
    pub fn queued(&self) -> i64 {
        let waiting = |jobs: &mpsc::Sender<Job>| jobs.max_capacity() - jobs.capacity();
        let waiting = self.jobs.as_ref().map_or(0, waiting);
        i64::try_from(waiting).unwrap_or(i64::MAX)
    }

    /// Hands a job over and waits for its outcome, while the thread gets on with its work.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T>>) -> Job) -> Result<T> {
        let jobs = self.jobs.as_ref().ok_or_else(|| unavailable("closed"))?;
        self.pulse.check()?;
        let (answer, outcome) = oneshot::channel();
        let asked = async {
            jobs.send(job(answer)).await.map_err(unavailable)?;
            outcome.await.map_err(unavailable)?
        };
        tokio::pin!(asked);
        loop {
            match timeout(LOOK, &mut asked).await {
                Ok(outcome) => return outcome,
                Err(_) => self.pulse.check()?,
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Thread {
    connection: Connection,
    checkpoints: Checkpoints,
    counter: Counter,
    known: Known,
    figures: Arc<Figures>,
    /// The last commit failed as a whole.
    failed: bool,
    pulse: Arc<Pulse>,
}

impl Thread {
    fn run(mut self, mut waiting: mpsc::Receiver<Job>) {
        while let Some(job) = waiting.blocking_recv() {
            let mut group = vec![job];
            while group.len() < GROUP
                && let Ok(job) = waiting.try_recv()
            {
                group.push(job);
            }
            self.pulse.begin();
            let done = catch_unwind(AssertUnwindSafe(|| self.commit_group(group)));
            if done.is_err() {
                self.recover();
            }
            self.pulse.end();
        }
        drop(self.checkpoints);
        // A stopped server leaves one file, which may be copied as it is. While others read it is
        // theirs to do: nobody waits for them.
        let copied = self
            .connection
            .execute_batch("PRAGMA busy_timeout = 0")
            .and_then(|()| {
                let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
                self.connection
                    .query_row(sql, [], |row| row.get::<_, i64>(0))
            });
        if copied != Ok(0) {
            tracing::info!(
                ?copied,
                "carnet.db-wal holds what carnet.db lacks: copy both"
            );
        }
    }

    /// Takes back a transaction that is still open after a panic. Those who wait for it learn of
    /// the failure because their answers are dropped.
    fn recover(&mut self) {
        tracing::error!("the writer panicked: what it was writing is taken back");
        self.failed = true;
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "it could not be taken back");
        }
    }

    fn commit_group(&mut self, group: Vec<Job>) {
        let mut batches = Vec::new();
        for job in group {
            match job {
                // Who gave up waiting was told that nothing was changed, or nothing.
                Job::Commit(_, answer) if answer.is_closed() => {}
                Job::Commit(batch, answer) => batches.push((batch, answer)),
                Job::ForeignChanges(answer) => {
                    let changes = self.known.catch_up(&self.connection).map_err(failed);
                    let _ = answer.send(changes);
                }
                Job::Reindex(indexes, answer) => {
                    let done = commit::reindex(&mut self.connection, &indexes);
                    let _ = answer.send(done.map_err(failed));
                }
                Job::Probe(answer) => {
                    let probed = self.probe().map_err(failed);
                    let _ = answer.send(probed.map_err(|error| self.counter.explain(error)));
                }
                #[cfg(test)]
                Job::Fault(fault) => fault(&mut self.connection),
            }
        }
        if batches.is_empty() {
            return;
        }
        let begun = Instant::now();
        let committed = self.commit_all(&batches);
        self.figures.commits.note_time(begun.elapsed());
        self.figures.batches.note(batches.len() as f64);
        match committed {
            Ok(outcomes) => {
                self.failed &= !outcomes.iter().any(Result::is_ok);
                for ((_, answer), outcome) in batches.into_iter().zip(outcomes) {
                    if let Ok(committed) = &outcome {
                        self.known.note(committed);
                    }
                    // The asker may have given up waiting.
                    let _ = answer.send(outcome);
                }
            }
            Err(error) => {
                self.failed = true;
                let error = self.counter.explain(failed(error));
                tracing::error!(%error, batches = batches.len(), "a commit failed");
                for (_, answer) in batches {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Writes a row nobody reads, where the last commit failed: one that stays as it is would not be
    /// written.
    fn probe(&mut self) -> rusqlite::Result<()> {
        if self.failed {
            let transaction = self
                .connection
                .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            transaction.execute("INSERT OR REPLACE INTO meta VALUES ('probe', random())", [])?;
            transaction.commit()?;
            self.failed = false;
        }
        Ok(())
    }

    fn commit_all(&mut self, batches: &[Asked]) -> rusqlite::Result<Vec<Result<Committed>>> {
        let unflushed = batches.iter().all(|(batch, _)| batch.unflushed);
        let level = if unflushed { "NORMAL" } else { "FULL" };
        self.connection
            .execute_batch(&format!("PRAGMA synchronous = {level}"))?;
        let mut transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let outcomes = match apply_all(&transaction, batches)? {
            Some(outcomes) => outcomes,
            None => {
                transaction.execute_batch("ROLLBACK; BEGIN IMMEDIATE")?;
                apply_each(&mut transaction, batches)?
            }
        };
        let flushed = !unflushed && outcomes.iter().any(Result::is_ok);
        let count = if flushed {
            Some(commit::count(&transaction)?)
        } else {
            None
        };
        transaction.commit()?;
        if let Some(count) = count {
            self.counter.set(count);
        }
        self.checkpoints.note(&self.connection);
        Ok(outcomes)
    }
}

/// Applies batches without savepoints: SQLite notes every page a savepoint changes, and looks
/// through what it noted at the end of every statement. None when a refused one left something, or
/// one cannot be indexed.
fn apply_all(
    transaction: &Transaction<'_>,
    batches: &[Asked],
) -> rusqlite::Result<Option<Vec<Result<Committed>>>> {
    let mut outcomes = Vec::with_capacity(batches.len());
    let mut unindexed = Unindexed::default();
    for (batch, _) in batches {
        let before = transaction.total_changes();
        let outcome = settled(commit::apply(transaction, batch, &mut unindexed))?;
        if outcome.is_err() && transaction.total_changes() != before {
            return Ok(None);
        }
        outcomes.push(outcome);
    }
    match commit::search::catch_up(transaction, &unindexed) {
        Err(error) if is_fatal(&error) => Err(error),
        Err(_) => Ok(None),
        Ok(()) => Ok(Some(outcomes)),
    }
}

/// Applies batches, each in a savepoint that goes back when it is refused.
fn apply_each(
    transaction: &mut Transaction<'_>,
    batches: &[Asked],
) -> rusqlite::Result<Vec<Result<Committed>>> {
    let mut outcomes = Vec::with_capacity(batches.len());
    for (batch, _) in batches {
        let savepoint = transaction.savepoint()?;
        let mut unindexed = Unindexed::default();
        let applied = commit::apply(&savepoint, batch, &mut unindexed).and_then(|committed| {
            commit::search::catch_up(&savepoint, &unindexed)?;
            Ok(committed)
        });
        let outcome = settled(applied)?;
        if outcome.is_ok() {
            savepoint.commit()?;
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// What the asker of a batch is told; an error where nothing of the transaction can stand.
fn settled(
    applied: std::result::Result<Committed, commit::Failure>,
) -> rusqlite::Result<Result<Committed>> {
    match applied {
        Ok(committed) => Ok(Ok(committed)),
        Err(commit::Failure::Refused(error)) => Ok(Err(error)),
        Err(commit::Failure::Sql(error)) if is_fatal(&error) => Err(error),
        Err(commit::Failure::Sql(error)) => Ok(Err(unavailable(error))),
    }
}

/// Errors after which nothing of the transaction can stand.
fn is_fatal(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode as Code;
    matches!(
        error.sqlite_error_code(),
        Some(Code::DiskFull | Code::SystemIoFailure | Code::DatabaseCorrupt | Code::ReadOnly)
    )
}

/// What this process knows of the state of collections and rights.
#[derive(Default)]
struct Known {
    data_version: i64,
    rights: String,
    collections: HashMap<i64, i64>,
}

impl Known {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let data_version = data_version(connection)?;
        let rights = connection.query_row(
            "SELECT value FROM meta WHERE name = 'rights_revision'",
            [],
            |row| row.get(0),
        )?;
        let collections = connection
            .prepare_cached("SELECT id, seq FROM collection")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            data_version,
            rights,
            collections,
        })
    }

    fn note(&mut self, committed: &Committed) {
        for (collection, seq) in &committed.collections {
            self.collections.insert(collection.0, seq.0);
        }
    }

    /// The data version of a connection changes only when another connection commits.
    fn catch_up(&mut self, connection: &Connection) -> rusqlite::Result<Committed> {
        let mut changes = Committed::default();
        if data_version(connection)? == self.data_version {
            return Ok(changes);
        }
        let now = Known::read(connection)?;
        for (collection, seq) in &now.collections {
            if self.collections.get(collection) != Some(seq) {
                changes
                    .collections
                    .push((CollectionId(*collection), Seq(*seq)));
            }
        }
        if now.rights != self.rights {
            changes.people = connection
                .prepare_cached("SELECT id FROM person")?
                .query_map([], |row| Ok(PersonId(row.get(0)?)))?
                .collect::<rusqlite::Result<_>>()?;
        }
        *self = now;
        Ok(changes)
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

/// The commit counter in its side file: tells that a database file is older than it was.
pub struct Counter {
    path: PathBuf,
    file: File,
    value: u64,
}

impl Counter {
    /// Reads the counter of a data directory; a missing one is zero.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(NO_LINK)
            .open(path)
            .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
        give_to_owner(&file, path);
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(unavailable)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            value: text.trim().parse().unwrap_or(0),
        })
    }

    /// A failure in the words of the system, where it opens no file for writing: the engine says
    /// that it failed, and not of a file system that became read-only.
    fn explain(&self, error: Error) -> Error {
        let why = OpenOptions::new().write(true).open(&self.path).err();
        match (error, why) {
            (Error::Unavailable(what), Some(why)) => Error::Unavailable(format!("{what}: {why}")),
            (error, _) => error,
        }
    }

    pub fn value(&self) -> u64 {
        self.value
    }

    /// Written after the commit and never flushed: it may lag behind the database, never lead.
    pub fn set(&mut self, value: u64) {
        self.value = value;
        let written = self
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.write_all(format!("{value:020}").as_bytes()));
        if let Err(error) = written {
            tracing::warn!(%error, "the commit counter could not be written");
        }
    }
}

//! A thread that panics, one that hangs, and a log that grows.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use tempfile::TempDir;
use tokio::{runtime::Runtime, time::sleep};

use super::{
    super::{backup, open},
    *,
};

fn writer(patience: Duration) -> (TempDir, Writer) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("carnet.db");
    let (connection, counter) = open::open(folder.path(), &file).expect("opened");
    let figures = Arc::<Figures>::default();
    let checkpointer = open::checkpointer(&file).expect("opened");
    let checkpoints = Checkpoints::start(checkpointer, figures.clone()).expect("started");
    let writer = Writer::start_with(connection, checkpoints, counter, figures, patience);
    let writer = writer.expect("started");
    (folder, writer)
}

impl Writer {
    async fn fault(&self, fault: impl FnOnce(&mut Connection) + Send + 'static) {
        let jobs = self.jobs.as_ref().expect("open");
        let sent = jobs.send(Job::Fault(Box::new(fault))).await;
        assert!(sent.is_ok());
    }
}

/// What the thread that writes says to the log of the server.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    /// Listens from now on.
    async fn by(writer: &Writer) -> Self {
        let said = Self::default();
        let sink = said.clone();
        let hear = move |_: &mut Connection| {
            let log = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_writer(move || sink.clone());
            // Until the thread ends.
            std::mem::forget(tracing::subscriber::set_default(log.finish()));
        };
        writer.fault(hear).await;
        said
    }

    fn lines_with(&self, words: &str) -> usize {
        let octets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&octets);
        text.lines().filter(|line| line.contains(words)).count()
    }
}

impl io::Write for Said {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_panic_costs_what_was_being_written_and_nothing_else() {
    let (_folder, writer) = writer(PATIENCE);
    Runtime::new().expect("a runtime").block_on(async {
        let said = Said::by(&writer).await;
        writer.commit(Batch::default()).await.expect("stored");
        writer
            .fault(|connection| {
                connection
                    .execute_batch("BEGIN; DELETE FROM meta")
                    .expect("begun");
                panic!("a fault of the test");
            })
            .await;
        // Taken back, and everything goes on, for who was not in that group.
        sleep(Duration::from_millis(200)).await;
        writer.probe().await.expect("it can write");
        writer.commit(Batch::default()).await.expect("stored");
        assert_eq!(writer.queued(), 0);
        assert_eq!(said.lines_with("the writer panicked"), 1);
    });
}

#[test]
fn nobody_waits_for_a_thread_that_hangs_and_what_was_given_up_is_not_written() {
    let (folder, writer) = writer(Duration::from_millis(1500));
    let count = || {
        let database = Connection::open(folder.path().join("carnet.db")).expect("opened");
        let sql = "SELECT value FROM meta WHERE name = 'commits'";
        let count: String = database
            .query_row(sql, [], |row| row.get(0))
            .expect("a number");
        count
    };
    Runtime::new().expect("a runtime").block_on(async {
        writer.commit(Batch::default()).await.expect("stored");
        let before = count();
        writer
            .fault(|_| thread::sleep(Duration::from_secs(8)))
            .await;
        sleep(Duration::from_millis(50)).await;
        let asked = Instant::now();
        let refused = writer.commit(Batch::default()).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        assert!(asked.elapsed() < Duration::from_millis(7000));
        // From now on at once.
        let asked = Instant::now();
        assert!(writer.probe().await.is_err());
        assert!(asked.elapsed() < Duration::from_millis(1000));
        sleep(Duration::from_secs(8)).await;
        writer.probe().await.expect("it goes on");
        assert_eq!(count(), before, "what was refused is not there");
        writer.commit(Batch::default()).await.expect("stored");
        assert_ne!(count(), before);
    });
}

#[test]
fn the_log_is_copied_beside_the_writing() {
    // What is asked for figures alone would copy by itself before.
    assert!(rusqlite::version_number() >= 3_051_000);
    let (folder, writer) = writer(PATIENCE);
    let reader = Connection::open(folder.path().join("carnet.db")).expect("opened");
    // (pages of the log, pages copied)
    let log = || {
        let sql = "PRAGMA wal_checkpoint(NOOP)";
        let pages = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        reader.query_row(sql, [], pages).expect("figures")
    };
    Runtime::new().expect("a runtime").block_on(async {
        // More than is copied at once, and far less than what the writer copies itself.
        writer
            .fault(|connection| {
                connection
                    .execute_batch(
                        "CREATE TABLE room (octets BLOB);
                         INSERT INTO room VALUES (zeroblob(12 * 1024 * 1024));",
                    )
                    .expect("written");
            })
            .await;
        writer.commit(Batch::default()).await.expect("stored");
        let patience = Instant::now();
        while log().0 > log().1 && patience.elapsed() < Duration::from_secs(10) {
            sleep(Duration::from_millis(20)).await;
        }
    });
    let (pages, copied) = log();
    assert!(pages > 3_000, "{pages}");
    assert_eq!(pages, copied);
}

#[test]
fn a_backup_ends_while_others_write() {
    let (folder, writer) = writer(PATIENCE);
    let file = folder.path().join("carnet.db");
    let copy = folder.path().join("copy.db");
    Runtime::new().expect("a runtime").block_on(async {
        writer
            .fault(|connection| {
                let sql = "CREATE TABLE room (octets BLOB);
                     INSERT INTO room VALUES (zeroblob(40 * 1024 * 1024));";
                connection.execute_batch(sql).expect("written");
            })
            .await;
        writer.commit(Batch::default()).await.expect("stored");
        let reader = Connection::open(&file).expect("opened");
        let to = copy.clone();
        let backup = tokio::task::spawn_blocking(move || backup::backup(&reader, &to));
        let begun = Instant::now();
        while !backup.is_finished() {
            writer.commit(Batch::default()).await.expect("stored");
            assert!(begun.elapsed() < Duration::from_secs(60), "it begins anew");
        }
        backup.await.expect("no panic").expect("copied");
    });
    let copied = Connection::open(&copy).expect("opened");
    let sql = "SELECT length(octets) FROM room";
    let octets: i64 = copied.query_row(sql, [], |row| row.get(0)).expect("a row");
    assert_eq!(octets, 40 * 1024 * 1024);
}

#[test]
fn a_reader_that_never_ends_holds_nobody_up_and_the_log_that_grows_is_told_of() {
    const GROWS: &str = "the log grows and is not copied into the database";
    let (folder, writer) = writer(Duration::from_secs(120));
    let reader = Connection::open(folder.path().join("carnet.db")).expect("opened");
    let waiting = || {
        let sql = "PRAGMA wal_checkpoint(NOOP)";
        let pages = |row: &rusqlite::Row<'_>| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?);
        reader.query_row(sql, [], pages).expect("figures")
    };
    let commits = || {
        let sql = "SELECT value FROM meta WHERE name = 'commits'";
        let read = reader.query_row(sql, [], |row| row.get::<_, String>(0));
        read.expect("a number")
    };
    Runtime::new().expect("a runtime").block_on(async {
        let said = Said::by(&writer).await;
        writer.commit(Batch::default()).await.expect("stored");
        reader.execute_batch("BEGIN").expect("begun");
        let before = commits();
        writer
            .fault(|connection| {
                let sql = "CREATE TABLE room (octets BLOB);
                     INSERT INTO room VALUES (zeroblob(270 * 1024 * 1024));";
                connection.execute_batch(sql).expect("written");
            })
            .await;
        for _ in 0..3 {
            writer.commit(Batch::default()).await.expect("stored");
        }
        assert_eq!(said.lines_with(GROWS), 1, "once");
        assert_eq!(commits(), before, "it reads what it began with");
        reader.execute_batch("COMMIT").expect("ended");
        assert_ne!(commits(), before);
        // Copied as soon as the reader is gone.
        let patience = Instant::now();
        while waiting() > 100 {
            assert!(patience.elapsed() < Duration::from_secs(30), "it is copied");
            writer.commit(Batch::default()).await.expect("stored");
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(said.lines_with(GROWS), 1);
    });
}

//! Opening and upgrading the database file.

use std::{
    fs, io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    thread,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, config::DbConfig, params};

use super::{commit::search, damaged, failed, unavailable, writer::Counter};
use crate::{
    domain::{
        error::{Error, Result},
        item::random_id,
    },
    durable::{self, give_to_owner},
};

/// Numbered migrations; `user_version` says how many were applied.
const SCHEMA: &[&str] = &[
    include_str!("schema/0001_initial.sql"),
    include_str!("schema/0002_rights.sql"),
    include_str!("schema/0003_views.sql"),
    include_str!("schema/0004_dav.sql"),
    include_str!("schema/0005_search.sql"),
    include_str!("schema/0006_beside.sql"),
    include_str!("schema/0007_imports.sql"),
    include_str!("schema/0008_view_versions.sql"),
    include_str!("schema/0009_duplicates.sql"),
    include_str!("schema/0010_members.sql"),
    include_str!("schema/0011_refusals.sql"),
    include_str!("schema/0012_push_triggers.sql"),
    include_str!("schema/0013_lists.sql"),
    include_str!("schema/0014_outbox.sql"),
    include_str!("schema/0015_verification.sql"),
    include_str!("schema/0016_credentials.sql"),
    include_str!("schema/0017_second_factor.sql"),
    include_str!("schema/0018_devices.sql"),
    include_str!("schema/0019_documents.sql"),
    include_str!("schema/0020_attachments.sql"),
    include_str!("schema/0021_view_names.sql"),
    include_str!("schema/0022_class_documents.sql"),
    include_str!("schema/0023_sign_in_failures.sql"),
    include_str!("schema/0024_index_text.sql"),
    include_str!("schema/0025_titles.sql"),
    include_str!("schema/0026_news.sql"),
    include_str!("schema/0027_class_sizes.sql"),
    include_str!("schema/0028_counts.sql"),
    include_str!("schema/0029_sort_names.sql"),
    include_str!("schema/0030_placed_words.sql"),
    include_str!("schema/0031_audit_login.sql"),
    include_str!("schema/0032_answered_numbers.sql"),
    include_str!("schema/0033_programs_of_clients.sql"),
    include_str!("schema/0034_bare_uids.sql"),
    include_str!("schema/0035_purge_by_age.sql"),
    include_str!("schema/0036_left_behind.sql"),
    include_str!("schema/0037_plans.sql"),
    include_str!("schema/0038_found_by_time.sql"),
    include_str!("schema/0039_push_by_password.sql"),
    include_str!("schema/0040_tags_of_imports.sql"),
];

/// Marks a backup in its `meta`: wherever it is put, clients may know what it has not.
pub(super) const COPY: &str = "copy";

/// The commit counter's file beside the database.
pub(super) const COUNTER: &str = "carnet.counter";

/// Opens the read-write connection and the commit counter beside the file.
pub fn open(directory: &Path, file: &Path) -> Result<(Connection, Counter)> {
    let refused =
        |error: io::Error| Error::Unavailable(format!("{}: {error}", directory.display()));
    make_directory(directory).map_err(refused)?;
    let mut connection = connect(file).map_err(|error| unusable(file, error))?;
    migrate(&mut connection)?;
    connection.execute_batch(search::TRACK).map_err(failed)?;
    let counter = directory.join(COUNTER);
    let counted = counter.exists();
    let began_anew = begin_anew(&connection, &counter)?;
    // Until the epochs are made, it stays without its counter.
    let mut counter = Counter::open(&counter)?;
    if began_anew || !counted {
        counter.set(commits(&connection).map_err(failed)?);
    }
    // A process that was killed may have made files whose names were not flushed.
    durable::flush_folder(directory).map_err(refused)?;
    Ok((connection, counter))
}

/// Gives every collection another epoch where the history that clients know is lost: the database is
/// older than its counter, without one, or a copy. Whether it was so.
fn begin_anew(connection: &Connection, counter: &Path) -> Result<bool> {
    if lost_history(connection, counter)?.is_none() {
        return Ok(false);
    }
    // A server that writes meanwhile may have made it look so: again, while nobody writes.
    let transaction =
        Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(failed)?;
    let Some((stored, expected)) = lost_history(&transaction, counter)? else {
        return Ok(false);
    };
    tracing::warn!(
        stored,
        expected,
        "the database is older than it was, or a copy: every client will start over"
    );
    new_epochs(&transaction)
        .and_then(|()| transaction.commit())
        .map_err(failed)?;
    Ok(true)
}

/// The commits of a database that is not the one its counter counted, and those counted.
fn lost_history(connection: &Connection, counter: &Path) -> Result<Option<(u64, u64)>> {
    // Read before the database is: it may lag behind, never lead.
    let counted = counter.exists();
    let expected = if counted {
        Counter::open(counter)?.value()
    } else {
        0
    };
    let stored = commits(connection).map_err(failed)?;
    let is_lost = if counted {
        stored < expected
    } else {
        stored > 0
    };
    let is_lost = is_lost || is_copy(connection).map_err(failed)?;
    Ok(is_lost.then_some((stored, expected)))
}

/// Makes the data directory, readable by its owner alone: it holds everybody's contacts.
pub(super) fn make_directory(directory: &Path) -> io::Result<()> {
    durable::make_folder(directory, 0o700)?;
    let mode = fs::metadata(directory)?.permissions().mode() & 0o777;
    if mode & 0o007 != 0 {
        let mode = format!("{mode:o}");
        tracing::warn!(%mode, "everybody on this machine may look into the data directory: chmod 700");
    }
    Ok(())
}

/// A connection that writes; a new file is for its owner alone, and SQLite gives the mode of the
/// database to the files beside it.
pub(super) fn connect(file: &Path) -> rusqlite::Result<Connection> {
    // What is wrong with the file, SQLite says.
    if let Ok(made) = make_private(file) {
        give_to_owner(&made, file);
    }
    let connection = Connection::open(file)?;
    prepare_writer(&connection)?;
    Ok(connection)
}

/// Makes a file for its owner alone; an error where it is there.
pub(super) fn make_private(file: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
}

/// Why a file cannot serve as the database.
pub(super) fn unusable(file: &Path, error: rusqlite::Error) -> Error {
    let file = file.display();
    Error::Unavailable(match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            format!("{file} cannot be written: {error}")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("{file}: {}", damaged(error))
        }
        _ => format!("{file}: {error}"),
    })
}

/// Settings of the connections that read.
pub fn prepare_reader(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -32768;",
    )?;
    prepare_statements(connection)
}

/// A connection that copies the log into the file, and nothing else.
pub fn checkpointer(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    Ok(connection)
}

/// Statements are planned once, whatever values they are given
/// (<https://sqlite.org/queryplanner-ng.html#qpstab>), and without statistics of the tables: those of
/// a small file had a large one scanned.
fn prepare_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

pub(super) fn rights_revision(connection: &Connection) -> rusqlite::Result<i64> {
    meta(connection, "rights_revision")
}

pub(super) fn prepare_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait_for_the_lock))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;
         PRAGMA wal_autocheckpoint = 16000; PRAGMA journal_size_limit = 67108864;",
    )?;
    prepare_statements(connection)
}

/// Five seconds, a moment at a time: SQLite's own handler sleeps so long between two tries that
/// another process which writes again and again would never be met at rest.
fn wait_for_the_lock(tries: i32) -> bool {
    const MOMENT: Duration = Duration::from_millis(2);
    thread::sleep(MOMENT);
    MOMENT * tries.unsigned_abs() < Duration::from_secs(5)
}

pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let version: usize = connection
        .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        .map_err(unavailable)?
        .try_into()
        .unwrap_or(usize::MAX);
    if version > SCHEMA.len() {
        return Err(Error::Invalid(format!(
            "the data were written by a newer version of Carnet (schema {version}; this one knows {})",
            SCHEMA.len()
        ).into()));
    }
    for (number, sql) in SCHEMA.iter().enumerate().skip(version) {
        let transaction = connection.transaction().map_err(unavailable)?;
        transaction
            .execute_batch(sql)
            .and_then(|()| transaction.pragma_update(None, "user_version", number as i64 + 1))
            .and_then(|()| transaction.commit())
            .map_err(unavailable)?;
    }
    Ok(())
}

pub(super) fn commits(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(meta(connection, "commits")?.try_into().unwrap_or(0))
}

fn meta(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| {
        Ok(row.get::<_, String>(0)?.parse().unwrap_or(0))
    })
}

/// Every collection gets another epoch; the database is no copy any more. In a transaction.
pub(super) fn new_epochs(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let ids: Vec<i64> = transaction
        .prepare("SELECT id FROM collection")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in ids {
        transaction.execute(
            "UPDATE collection SET epoch = ?2 WHERE id = ?1",
            params![id, random_id(8)],
        )?;
    }
    // What clients hold is of another history.
    for table in ["dav_client", "dav_client_card"] {
        transaction.execute(&format!("DELETE FROM {table}"), [])?;
    }
    transaction.execute("DELETE FROM meta WHERE name = ?1", [COPY])?;
    Ok(())
}

fn is_copy(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM meta WHERE name = ?1)";
    connection.query_row(sql, [COPY], |row| row.get(0))
}

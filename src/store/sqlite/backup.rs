//! Backing the database up, and putting a backup in its place.

use std::{
    ffi::OsString,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    backup::{Backup, StepResult},
    params,
};

use super::{
    DATABASE, LOCK, check,
    open::{
        COPY, COUNTER, commits, connect, make_directory, make_private, migrate, new_epochs,
        rights_revision, unusable,
    },
    unavailable,
    writer::Counter,
};
use crate::{
    domain::{
        error::{Error, Result},
        id::Timestamp,
        office::{
            OPERATOR,
            places::{LAST_BACKUP, backup_note},
        },
    },
    durable::{self, give_to_owner},
};

/// Ends the name of what a restored backup replaced.
const BEFORE: &str = ".before-restore";

/// Makes the file a backup goes to, for its owner alone; one that is there stays as it is.
pub fn begin_backup(file: &Path) -> Result<()> {
    make_private(file).map(drop).map_err(told_of(file))
}

/// Makes a file of the data directory, for the directory's owner alone.
fn make_beside(file: &Path) -> Result<()> {
    let made = make_private(file).map_err(told_of(file))?;
    give_to_owner(&made, file);
    Ok(())
}

fn told_of(file: &Path) -> impl Fn(io::Error) -> Error {
    move |error| Error::Unavailable(format!("{}: {error}", file.display()))
}

/// Writes a consistent copy while the database is in use: as it is now, whatever is written
/// meanwhile (without the snapshot SQLite begins anew at each write of another connection).
pub fn backup(connection: &Connection, file: &Path) -> rusqlite::Result<()> {
    let snapshot = connection.unchecked_transaction()?;
    commits(&snapshot)?;
    let mut copy = Connection::open(file)?;
    Backup::new(&snapshot, &mut copy)?.run_to_completion(256, Duration::ZERO, None)?;
    snapshot.finish()?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.execute("INSERT OR REPLACE INTO meta VALUES (?1, '1')", [COPY])?;
    Ok(())
}

/// Puts a backup in the place of a data directory's database. Every collection gets a new epoch,
/// so that clients start over and nothing is told twice or never.
///
/// The backup is checked and upgraded as a copy beside the database first; `Invalid` where it cannot
/// serve, and nothing is changed. What was there is kept as `carnet.db.before-restore`.
pub fn restore(file: &Path, directory: &Path) -> Result<()> {
    make_directory(directory).map_err(unavailable)?;
    let target = directory.join(DATABASE);
    let staged = PathBuf::from(beside(&target, ".restoring"));
    let restored = stage(file, &staged).and_then(|copy| replace(copy, &target, file));
    remove(&staged);
    let stored = restored?;
    Counter::open(&directory.join(COUNTER))?.set(stored);
    Ok(())
}

/// A copy of a backup that is known to be whole, in the schema of this program.
fn stage(file: &Path, staged: &Path) -> Result<Connection> {
    let refused = |error: &dyn std::fmt::Display| {
        Error::Invalid(format!("{} is no backup of Carnet: {error}", file.display()).into())
    };
    let source = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| refused(&error))?;
    for table in ["collection", "item", "person", "meta"] {
        source
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |_| Ok(()))
            .map_err(|error| refused(&error))?;
    }
    let faults = check::pragma(&source, "integrity_check").map_err(|error| refused(&error))?;
    if let Some(fault) = faults.first() {
        return Err(Error::Invalid(
            format!("{} is damaged: {fault}", file.display()).into(),
        ));
    }
    remove(staged);
    make_beside(staged)?;
    let mut copy = Connection::open(staged).map_err(unavailable)?;
    copy_pages(&source, &mut copy).map_err(unavailable)?;
    migrate(&mut copy)?;
    Ok(copy)
}

/// Puts a staged copy of a backup in the place of a database; how many commits it counts.
fn replace(copy: Connection, target: &Path, file: &Path) -> Result<u64> {
    let mut connection = replaceable(target)?;
    let replaced = connect(target).map_err(|error| unusable(target, error))?;
    let transaction = copy.unchecked_transaction().map_err(unavailable)?;
    new_epochs(&transaction)
        .and_then(|()| transaction.commit())
        .map_err(unavailable)?;
    let restoring = Backup::new(&copy, &mut connection).map_err(unavailable)?;
    // With the first page nobody else writes until all are there, or none: what a server
    // acknowledged before is kept, and what it is asked meanwhile waits.
    match restoring.step(1).map_err(unavailable)? {
        StepResult::Busy | StepResult::Locked => return Err(unavailable("database is locked")),
        _ => {}
    }
    let before = revision_of(&replaced).map_err(unavailable)?;
    let mut last_backup = None;
    if before > 0 {
        keep(&replaced, target)?;
        last_backup = office_value(&replaced, LAST_BACKUP);
    }
    note_restored(&copy, file, last_backup)
        .and_then(|()| {
            // A server that runs builds everybody anew and wakes who waits.
            let revision = before.max(rights_revision(&copy)?) + 1;
            copy.execute(
                "UPDATE meta SET value = ?1 WHERE name = 'rights_revision'",
                [revision.to_string()],
            )
        })
        .and_then(|_| restoring.run_to_completion(256, Duration::ZERO, None))
        .map_err(unavailable)?;
    drop(restoring);
    commits(&connection).map_err(unavailable)
}

/// The rights revision of a database; 0 where it is empty.
fn revision_of(connection: &Connection) -> rusqlite::Result<i64> {
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0))?;
    match tables {
        0 => Ok(0),
        _ => rights_revision(connection),
    }
}

/// Notes in a copy that it is a backup put back, and which backup is the last one: what was replaced
/// knew, else this one.
fn note_restored(copy: &Connection, file: &Path, last: Option<String>) -> rusqlite::Result<()> {
    let now = Timestamp::now();
    copy.execute(
        "INSERT INTO audit (at, client, what) VALUES (?1, ?2, ?3)",
        params![
            now.0,
            OPERATOR,
            format!("backup restored: {}", file.display())
        ],
    )?;
    let made = fs::metadata(file).and_then(|file| file.modified()).ok();
    let made = made.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let made = made.and_then(|at| i64::try_from(at.as_millis()).ok());
    let last = last.unwrap_or_else(|| backup_note(file, made.map_or(now, Timestamp)));
    copy.execute(
        "INSERT OR REPLACE INTO office (name, value) VALUES (?1, ?2)",
        [LAST_BACKUP, last.as_str()],
    )?;
    Ok(())
}

/// A value of the administration; none in a database that an older version left.
fn office_value(connection: &Connection, name: &str) -> Option<String> {
    let sql = "SELECT value FROM office WHERE name = ?1";
    connection.query_row(sql, [name], |row| row.get(0)).ok()
}

/// Keeps what is replaced; what was kept before it stays until the copy is whole.
fn keep(connection: &Connection, target: &Path) -> Result<()> {
    let new = PathBuf::from(beside(target, ".before-restore.new"));
    remove(&new);
    make_beside(&new)?;
    let kept = backup(connection, &new)
        .map_err(unavailable)
        .and_then(|()| fs::rename(&new, beside(target, BEFORE)).map_err(unavailable));
    if kept.is_err() {
        remove(&new);
    }
    kept
}

fn copy_pages(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    Backup::new(from, to)?.run_to_completion(256, Duration::ZERO, None)
}

/// A connection to a database that is to be replaced. A damaged one is kept aside.
fn replaceable(file: &Path) -> Result<Connection> {
    let open = || {
        let connection = connect(file)?;
        revision_of(&connection)?;
        Ok(connection)
    };
    match open() {
        Err(error) if is_damaged(&error) => {
            let _alone = durable::hold(&file.with_file_name(LOCK)).map_err(|error| {
                unavailable(match error.kind() {
                    ErrorKind::WouldBlock => {
                        "the database is damaged: stop the server first".into()
                    }
                    _ => error.to_string(),
                })
            })?;
            fs::rename(file, beside(file, ".damaged")).map_err(unavailable)?;
            remove_sides(file);
            open()
        }
        opened => opened,
    }
    .map_err(|error: rusqlite::Error| unusable(file, error))
}

fn is_damaged(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// The name of a file, and then some.
fn beside(file: &Path, end: &str) -> OsString {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name
}

/// Removes a database that need not be there.
fn remove(file: impl AsRef<Path>) {
    let _ = fs::remove_file(&file);
    remove_sides(file.as_ref());
}

fn remove_sides(file: &Path) {
    for side in ["-wal", "-shm", "-journal"] {
        // None of them has to be there.
        let _ = fs::remove_file(beside(file, side));
    }
}

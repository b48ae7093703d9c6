//! Copies put back, and what is broken.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use carnet_proto::wbxml::page::{air_sync as a, contacts as c};
use serde_json::Value;

use super::{CARD, LOOPBACK, json};
use crate::support::{
    browser::Browser,
    dav::Book,
    eas::{Device, add},
    program::{Program, refused, run, works},
};

/// A CardDAV client and a device that synchronized, and something only they would miss.
struct Clients {
    book: Book,
    token: String,
    device: Device,
}

impl Clients {
    fn of(address: &str) -> Self {
        let book = Book::of(address, "alice");
        let mut device = Device::set_up(address, "alice", "restored", "14.1");
        device.sync_all(&[], 100);
        let (status, token, _) = book.sync("");
        assert_eq!(status, 207);
        Self {
            book,
            token,
            device,
        }
    }

    /// Their marks are refused, and from nothing they come to what there is.
    fn recover(&mut self, address: &str, cards: usize) {
        self.book = Book::of(address, "alice");
        let (status, _, body) = self.book.sync(&self.token);
        assert_eq!(status, 403);
        assert!(body.contains("valid-sync-token"), "{body}");
        let (status, token, body) = self.book.sync("");
        assert_eq!(status, 207);
        assert_eq!(body.matches(".vcf<").count(), cards);
        assert_ne!(token, self.token);
        self.token = token;

        self.device.address = address.to_owned();
        let answer = self.device.sync(&[], 100);
        assert_eq!(answer.text_of(a::STATUS).as_deref(), Some("3"));
        self.device.prime();
        self.device.sync_all(&[], 100);
        assert_eq!(self.device.items.len(), cards);
        // And so it stays.
        assert!(self.device.sync_all(&[], 100).is_empty());
        assert_eq!(self.book.sync(&self.token).0, 207);
    }
}

#[test]
fn a_backup_put_back_gives_every_client_a_fresh_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = folder.path().join("carnet.backup");
    let backup = file.to_str().expect("a path");
    let program = Program::serve(&data, &LOOPBACK, &["--demo"]);
    works(&data, &["backup", backup]);
    assert!(
        refused(&data, &["backup", backup]).contains("exists"),
        "nothing is overwritten"
    );
    let mut clients = Clients::of(&program.address("http"));
    let lost = add("1", &[(c::LAST_NAME, "Lost")]);
    clients.device.sync_all(&[lost], 100);
    clients.token = clients.book.sync(&clients.token).1;
    assert_eq!(clients.book.sync("").2.matches(".vcf<").count(), 15);

    // While the server runs.
    works(&data, &["restore", backup]);
    let address = program.address("http");
    clients.recover(&address, 14);
    works(&data, &["check"]);
    // It is told afterwards, and the last backup is still known.
    let audit = works(&data, &["audit"]);
    assert!(audit.contains("backup restored: "), "{audit}");
    works(&data, &["user", "set", "alice", "--admin"]);
    let health = Browser::of(&address, "alice").page("/admin");
    assert!(health.contains(backup), "{health}");
    program.stop();

    // Into a new directory, the server started afterwards.
    let elsewhere = folder.path().join("elsewhere");
    works(&elsewhere, &["restore", backup]);
    works(&elsewhere, &["check"]);
    let program = Program::serve(&elsewhere, &LOOPBACK, &[]);
    assert_eq!(program.printed.len(), 1, "the accounts are there");
    clients.recover(&program.address("http"), 14);
}

#[test]
fn a_backup_put_back_under_load_keeps_all_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    Program::serve(&data, &LOOPBACK, &["--demo"]).stop();
    // As large as a small office's, so that it takes its time.
    let database = rusqlite::Connection::open(data.join("carnet.db")).expect("opened");
    let padding = "CREATE TABLE padding (octets); INSERT INTO padding VALUES (zeroblob(64000000))";
    database.execute_batch(padding).expect("padded");
    drop(database);
    let program = Program::serve(&data, &LOOPBACK, &[]);
    let address = program.address("http");
    let file = folder.path().join("backup");
    works(&data, &["backup", file.to_str().expect("a path")]);
    let ended = AtomicBool::new(false);
    let count = AtomicUsize::new(0);
    let acknowledged = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let book = Book::of(&address, "alice");
            let mut acknowledged = Vec::new();
            for number in 0.. {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let name = format!("Load{number}e");
                let card = CARD
                    .replace("UID:one", &format!("UID:{name}"))
                    .replace("One", &name);
                let put = book.put(&format!("{name}.vcf"), ("If-None-Match", "*"), &card);
                if put.status == 201 {
                    acknowledged.push(name);
                    count.store(acknowledged.len(), Ordering::Release);
                }
            }
            acknowledged
        });
        let wait_for = |more: usize| {
            let (begun, from) = (Instant::now(), count.load(Ordering::Acquire));
            while count.load(Ordering::Acquire) < from + more
                && begun.elapsed() < Duration::from_secs(120)
            {
                thread::sleep(Duration::from_millis(5));
            }
        };
        wait_for(20);
        works(&data, &["restore", file.to_str().expect("a path")]);
        wait_for(20);
        ended.store(true, Ordering::Relaxed);
        writer.join().expect("an outcome")
    });
    let cards = |data: &Path| works(data, &["export", "--from", "alice"]);
    let after = cards(&data);
    let elsewhere = folder.path().join("elsewhere");
    let kept = data.join("carnet.db.before-restore");
    works(&elsewhere, &["restore", kept.to_str().expect("a path")]);
    let before = cards(&elsewhere);
    let lost: Vec<&String> = acknowledged
        .iter()
        .filter(|name| !after.contains(&**name) && !before.contains(&**name))
        .collect();
    assert!(lost.is_empty(), "{lost:?} of {}", acknowledged.len());
    works(&data, &["check"]);
}

/// As `sudo carnet restore` does it, after which the service runs as the owner of the data.
#[test]
fn a_backup_put_back_by_root_belongs_to_the_owner_of_the_data() {
    let folder = tempfile::tempdir().expect("a folder");
    if fs::metadata(folder.path()).expect("there").uid() != 0 {
        // Another cannot give files away.
        return;
    }
    let data = folder.path().join("data");
    Program::serve(&data, &LOOPBACK, &["--demo"]).stop();
    let file = folder.path().join("backup");
    works(&data, &["backup", file.to_str().expect("a path")]);
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    chown(&elsewhere, Some(65_534), Some(65_534)).expect("given away");
    let restore = || works(&elsewhere, &["restore", file.to_str().expect("a path")]);
    let all_are_theirs = || {
        for entry in fs::read_dir(&elsewhere).expect("a folder") {
            let path = entry.expect("an entry").path();
            let owner = fs::metadata(&path).expect("there").uid();
            assert_eq!(owner, 65_534, "{}", path.display());
        }
    };
    restore();
    all_are_theirs();
    fs::write(elsewhere.join("carnet.db"), [0x5a; 8192]).expect("damaged");
    restore();
    all_are_theirs();
}

#[test]
fn a_backup_that_cannot_serve_replaces_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    Program::serve(&data, &LOOPBACK, &["--demo"]).stop();
    let good = folder.path().join("good");
    works(&data, &["backup", good.to_str().expect("a path")]);
    works(&data, &["user", "add", "later"]);
    let altered = |name: &str, alter: &dyn Fn(&Path)| {
        let file = folder.path().join(name);
        fs::copy(&good, &file).expect("copied");
        alter(&file);
        file
    };
    let sql = |file: &Path, sql: &str| {
        let database = rusqlite::Connection::open(file).expect("opened");
        database.execute_batch(sql).expect("done");
    };
    let newer = altered("newer", &|file| sql(file, "PRAGMA user_version = 999"));
    let damaged = altered("damaged", &|file| {
        let database = rusqlite::Connection::open(file).expect("opened");
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'person'";
        let root: u32 = database
            .query_row(root, [], |row| row.get(0))
            .expect("a page");
        let root = root as usize;
        drop(database);
        let mut octets = fs::read(file).expect("read");
        octets[(root - 1) * 4096..root * 4096].fill(0x5a);
        fs::write(file, octets).expect("written");
    });
    let foreign = folder.path().join("foreign");
    sql(&foreign, "CREATE TABLE collection (id)");
    for (file, reason) in [
        (&newer, "newer"),
        (&damaged, "damaged"),
        (&foreign, "no backup"),
    ] {
        let file = file.to_str().expect("a path");
        let said = refused(&data, &["restore", file]);
        assert!(said.contains(reason), "{said}");
        assert!(
            works(&data, &["user", "list"]).contains("later"),
            "{reason}"
        );
        assert!(works(&data, &["check"]).contains("holds"));
        assert!(!data.join("carnet.db.restoring").exists());
    }
    works(&data, &["restore", good.to_str().expect("a path")]);
    assert!(!works(&data, &["user", "list"]).contains("later"));
    // What was there is kept, and can be put back.
    let kept = data.join("carnet.db.before-restore");
    let mode = fs::metadata(&kept).expect("kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    works(&data, &["restore", kept.to_str().expect("a path")]);
    assert!(works(&data, &["user", "list"]).contains("later"));
}

#[test]
fn a_backup_taken_while_every_face_writes_is_a_prefix_of_what_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let program = Program::serve(&data, &LOOPBACK, &["--demo"]);
    let address = program.address("http");
    let written: [AtomicUsize; 3] = Default::default();
    let ended = AtomicBool::new(false);
    let name = |face: usize, number: usize| format!("Load{face}n{number}e");
    let write = |face: usize, one: &mut dyn FnMut(&str)| {
        for number in 0.. {
            if ended.load(Ordering::Relaxed) {
                return;
            }
            one(&name(face, number));
            written[face].store(number + 1, Ordering::Release);
        }
    };
    let file = folder.path().join("backup");
    let before: Vec<usize> = thread::scope(|scope| {
        scope.spawn(|| {
            let book = Book::of(&address, "alice");
            write(0, &mut |name| {
                let card = CARD
                    .replace("UID:one", &format!("UID:{name}"))
                    .replace("One", name);
                let put = book.put(&format!("{name}.vcf"), ("If-None-Match", "*"), &card);
                assert_eq!(put.status, 201);
            });
        });
        scope.spawn(|| {
            let mut device = Device::set_up(&address, "bob", "writes", "14.1");
            write(1, &mut |name| {
                device.sync_all(&[add(name, &[(c::LAST_NAME, name)])], 100);
            });
        });
        scope.spawn(|| {
            let browser = Browser::of(&address, "carol");
            write(2, &mut |name| {
                let saved = browser.save("/c/private/new", &[("given", name)], None);
                assert_eq!(saved.status, 303);
            });
        });
        let counts = || written.iter().map(|count| count.load(Ordering::Acquire));
        let begun = Instant::now();
        while counts().any(|count| count < 10) {
            if begun.elapsed() > Duration::from_secs(120) {
                ended.store(true, Ordering::Relaxed);
                panic!("too few are written: {written:?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        let before = counts().collect();
        works(&data, &["backup", file.to_str().expect("a path")]);
        ended.store(true, Ordering::Relaxed);
        before
    });
    let elsewhere = folder.path().join("elsewhere");
    works(&elsewhere, &["restore", file.to_str().expect("a path")]);
    works(&elsewhere, &["check"]);
    for (face, login) in ["alice", "bob", "carol"].into_iter().enumerate() {
        let cards = works(
            &elsewhere,
            &["export", "--from", login, "--format", "vcard"],
        );
        let all = written[face].load(Ordering::Acquire);
        let there: Vec<bool> = (0..all)
            .map(|number| cards.contains(&name(face, number)))
            .collect();
        let length = there.iter().take_while(|is| **is).count();
        assert!(there[length..].iter().all(|is| !is), "{login}: no prefix");
        // What was acknowledged before it was begun is in it.
        assert!(
            length >= before[face],
            "{login}: {length} of {}",
            before[face]
        );
    }
}

#[test]
fn a_data_file_put_back_by_hand_is_noticed_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    Program::serve(&data, &LOOPBACK, &["--demo"]).stop();
    let old = folder.path().join("old.db");
    fs::copy(data.join("carnet.db"), &old).expect("copied");
    let program = Program::serve(&data, &LOOPBACK, &[]);
    let mut clients = Clients::of(&program.address("http"));
    clients
        .device
        .sync_all(&[add("1", &[(c::LAST_NAME, "Lost")])], 100);
    clients.token = clients.book.sync(&clients.token).1;
    program.stop();
    fs::copy(&old, data.join("carnet.db")).expect("put back");
    for side in ["carnet.db-wal", "carnet.db-shm"] {
        let _ = fs::remove_file(data.join(side));
    }
    let program = Program::serve(&data, &LOOPBACK, &[]);
    clients.recover(&program.address("http"), 14);
    program.stop();
    // Once: what clients got since stays theirs.
    let program = Program::serve(&data, &LOOPBACK, &[]);
    clients.book = Book::of(&program.address("http"), "alice");
    assert_eq!(clients.book.sync(&clients.token).0, 207);
}

#[test]
fn check_finds_a_breach_and_rebuild_makes_derived_rows_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    Program::serve(data, &LOOPBACK, &["--demo"]).stop();
    assert!(works(data, &["check"]).contains("holds"));
    assert_eq!(
        json(&works(data, &["check", "--json"]))["broken"],
        Value::Array(vec![])
    );
    let database = rusqlite::Connection::open(data.join("carnet.db")).expect("opened");
    database
        .execute("DELETE FROM index_text", [])
        .expect("deleted");
    works(data, &["check", "--rebuild"]);
    let rows = database.query_row("SELECT count(*) FROM index_text", [], |row| row.get(0));
    assert!(rows.is_ok_and(|rows: i64| rows > 20));
    database
        .execute("UPDATE collection SET seq = 1 WHERE seq > 1", [])
        .expect("updated");
    let said = run(data, &["check"], "");
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&said.stderr).contains("sequence"));
}

/// Both hold everybody's contacts and the digests of their passwords.
#[test]
fn data_and_backups_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("new/data"), folder.path().join("log"));
    let mode = |path: &Path| {
        let found = fs::metadata(path).expect("there");
        found.permissions().mode() & 0o777
    };
    Program::serve(&data, &LOOPBACK, &["--demo"]).stop();
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("carnet.db")), 0o600);
    assert_eq!(mode(&data.join("carnet.counter")), 0o600);
    let backup = folder.path().join("backup.db");
    let path = backup.to_str().expect("a path");
    works(&data, &["backup", path]);
    assert_eq!(mode(&backup), 0o600);
    // What is there is not written over, and stays as it is.
    let before = fs::read(&backup).expect("read");
    assert!(refused(&data, &["backup", path]).contains("exists"));
    assert_eq!(fs::read(&backup).expect("read"), before);
    // Half a backup is none.
    let nowhere = folder.path().join("absent/backup.db");
    refused(&data, &["backup", nowhere.to_str().expect("a path")]);
    assert!(!nowhere.exists());
    let restored = folder.path().join("restored");
    works(&restored, &["restore", path]);
    assert_eq!(mode(&restored), 0o700);
    // A directory that is open to all is used, and told of.
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).expect("set");
    let output = fs::File::create(&log).expect("a log");
    Program::serve_logging(&data, &LOOPBACK, &[], output).stop();
    let said = fs::read_to_string(log).expect("a log");
    assert!(said.contains("chmod 700"), "{said}");
}

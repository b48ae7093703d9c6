//! The disk: full, read-only, damaged, with files missing.

use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use carnet_proto::wbxml::page::{air_sync as a, contacts as c};

use crate::support::{
    browser::{Browser, hidden},
    dav::{Book, card},
    eas::{Device, add},
    program::{Program, refused, run, works},
};

const LOOPBACK: [&str; 1] = ["http://127.0.0.1:0"];
const NEW: (&str, &str) = ("If-None-Match", "*");

/// A file system of its own, a few MiB large.
struct Disk(PathBuf);

impl Disk {
    /// None where this user may not mount one.
    fn of(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "none"])
            .arg(&folder)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        let _ = fs::remove_dir(&folder);
        crate::support::skipped("only root may mount a small disk");
        None
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let done = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.0)
            .status();
        assert!(done.expect("mount runs").success(), "{how}");
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).expect("a file");
        for size in [1 << 16, 1 << 12, 1 << 8, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn clear(&self) {
        fs::remove_file(self.0.join("filler")).expect("removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}

/// Puts cards until there is no room for one more; the names of those that were taken.
fn until_full(book: &Book) -> Vec<String> {
    let mut taken = Vec::new();
    loop {
        let name = format!("Full{:04}", taken.len());
        let answer = book.put(&format!("{name}.vcf"), NEW, &card(&name, &name));
        if answer.status == 507 {
            assert!(
                answer.text().contains("sufficient-disk-space"),
                "{}",
                answer.text()
            );
            return taken;
        }
        assert_eq!(answer.status, 201, "{answer:?}");
        assert!(taken.len() < 5000, "the disk does not fill");
        taken.push(name);
    }
}

#[test]
fn a_full_disk_refuses_writes_loses_nothing_and_needs_no_restart() {
    let Some(disk) = Disk::of(24) else { return };
    let data = disk.0.join("data");
    let log = tempfile::NamedTempFile::new().expect("a file");
    let program =
        Program::serve_logging(&data, &LOOPBACK, &["--demo"], log.reopen().expect("a log"));
    let address = program.address("http");
    let book = Book::of(&address, "alice");
    let browser = Browser::of(&address, "alice");
    let form = browser.page("/c/private/new");
    let mut new = Device::set_up(&address, "alice", "new", "14.1");
    let mut old = Device::set_up(&address, "alice", "old", "12.1");
    for device in [&mut new, &mut old] {
        device.sync_all(&[], 100);
    }

    disk.fill();
    let mut taken = until_full(&book);

    // Each face says so in its own words.
    let wanted = [add("1", &[(c::LAST_NAME, "Waiting")])];
    let body = new.sync_body(&new.key, &wanted, 100, true);
    let answer = new.post("Sync", body.clone()).expect("a document");
    assert_eq!(
        answer.text_of(a::STATUS).as_deref(),
        Some("110"),
        "{}",
        answer.dump()
    );
    let old_body = old.sync_body(&old.key, &[add("2", &[(c::LAST_NAME, "Older")])], 100, true);
    assert_eq!(old.post_raw("Sync", old_body).status, 507);
    let fields = [
        ("token", hidden(&form, "token")),
        ("family", "Web".to_owned()),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    let answer = browser.send("/c/private/new", &fields, None);
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert!(answer.text().contains("no room left"), "{}", answer.text());
    let token = hidden(&browser.page("/d/private/documents"), "token");
    let large = vec![7; 400_000];
    let upload = |path: &str| browser.upload(path, &[("token", &token)], &[("a.vcf", &large)]);
    assert_eq!(upload("/d/private/documents/upload").status, 507);
    assert_eq!(upload("/c/private/import").status, 507);

    // What is there can be read.
    assert_eq!(book.sync("").0, 207);
    assert!(browser.get("/c/private").status == 200);
    for name in &taken {
        assert_eq!(
            book.send("GET", &format!("{}{name}.vcf", book.path), &[], b"")
                .status,
            200
        );
    }

    // Room again: everything works at once, and what was refused goes in once.
    disk.clear();
    taken.push("After".to_owned());
    assert_eq!(
        book.put("After.vcf", NEW, &card("After", "After")).status,
        201
    );
    let answer = new.post("Sync", body).expect("a document");
    assert!(
        answer.dump().contains("Waiting") || answer.dump().contains("Add"),
        "{}",
        answer.dump()
    );
    assert_eq!(browser.send("/c/private/new", &fields, None).status, 303);
    assert_eq!(upload("/d/private/documents/upload").status, 303);
    let mut fresh = Device::set_up(&address, "alice", "fresh", "16.1");
    fresh.sync_all(&[], 100);
    let names = |name: &str| {
        let items = fresh.items.values();
        items
            .filter(|data| data.text_of(c::LAST_NAME).as_deref() == Some(name))
            .count()
    };
    for name in taken.iter().map(String::as_str).chain(["Waiting", "Web"]) {
        assert_eq!(names(name), 1, "{name}");
    }
    assert_eq!(names("Older"), 0, "never acknowledged, never sent again");
    assert!(works(&data, &["check"]).contains("holds"));
    program.stop();
    let log = fs::read_to_string(log.path()).expect("a log");
    assert!(log.contains("no room left on the disk"), "{log}");
}

#[test]
fn a_directory_that_cannot_be_written_is_refused_at_the_start() {
    let Some(disk) = Disk::of(24) else { return };
    let data = disk.0.join("data");
    Program::serve(&data, &LOOPBACK, &["--demo"]).stop();
    disk.remount("ro");
    let said = refused(&data, &["serve", "--listen", "http://127.0.0.1:0"]);
    assert!(said.contains("cannot be written"), "{said}");
    assert!(said.contains("carnet.db"), "{said}");
    disk.remount("rw");
    Program::serve(&data, &LOOPBACK, &[]).stop();
}

/// A data directory with sample people, a backup of it, and a card beyond the backup.
fn stopped(folder: &Path) -> (PathBuf, String) {
    let data = folder.join("data");
    let backup = folder.join("backup").to_str().expect("a path").to_owned();
    let program = Program::serve(&data, &LOOPBACK, &["--demo"]);
    works(&data, &["backup", &backup]);
    program.stop();
    (data, backup)
}

pub fn overwrite(file: &Path, at: u64, length: usize) {
    let mut file = File::options().write(true).open(file).expect("opened");
    file.seek(SeekFrom::Start(at)).expect("there");
    file.write_all(&vec![0xFF; length]).expect("written");
}

/// Damage is said, whoever asks; a backup put back ends it.
fn is_restored(data: &Path, backup: &str) {
    let said = String::from_utf8(run(data, &["check"], "").stderr).expect("text");
    assert!(
        said.contains("damaged") && said.contains("carnet restore"),
        "{said}"
    );
    works(data, &["restore", backup]);
    assert!(works(data, &["check"]).contains("holds"));
    let program = Program::serve(data, &LOOPBACK, &[]);
    let book = Book::of(&program.address("http"), "alice");
    assert_eq!(book.sync("").2.matches(".vcf<").count(), 14);
    program.stop();
}

#[test]
fn a_damaged_file_is_refused_at_the_start_and_replaced_by_a_backup() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, backup) = stopped(folder.path());
    overwrite(&data.join("carnet.db"), 0, 100);
    let said = refused(&data, &["serve", "--listen", "http://127.0.0.1:0"]);
    assert!(
        said.contains("damaged") && said.contains("carnet restore"),
        "{said}"
    );
    is_restored(&data, &backup);
    assert!(
        data.join("carnet.db.damaged").exists(),
        "what was there is kept aside"
    );
}

#[test]
fn a_damaged_page_is_not_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, backup) = stopped(folder.path());
    let file = data.join("carnet.db");
    let database = rusqlite::Connection::open(&file).expect("opened");
    let number = |sql: &str| {
        database
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .expect(sql)
    };
    let page = number("SELECT rootpage FROM sqlite_schema WHERE name = 'item'");
    let size = number("PRAGMA page_size");
    drop(database);
    overwrite(&file, ((page - 1) * size) as u64, size as usize);
    let log = tempfile::NamedTempFile::new().expect("a file");
    let program = Program::serve_logging(&data, &LOOPBACK, &[], log.reopen().expect("a log"));
    let book = Book::of(&program.address("http"), "alice");
    assert_eq!(book.put("new.vcf", NEW, &card("New", "New")).status, 503);
    assert_eq!(book.sync("").0, 503);
    program.stop();
    let log = fs::read_to_string(log.path()).expect("a log");
    assert!(log.contains("damaged"), "{log}");
    is_restored(&data, &backup);
}

#[test]
fn a_lost_log_of_writes_is_noticed_and_clients_start_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    Program::serve(data, &LOOPBACK, &["--demo"]).stop();
    let mut program = Program::serve(data, &LOOPBACK, &[]);
    let book = Book::of(&program.address("http"), "alice");
    assert_eq!(book.put("lost.vcf", NEW, &card("Lost", "Lost")).status, 201);
    let token = book.sync("").1;
    program.kill();
    for side in ["carnet.db-wal", "carnet.db-shm"] {
        fs::remove_file(data.join(side)).expect("removed");
    }
    let log = tempfile::NamedTempFile::new().expect("a file");
    let program = Program::serve_logging(data, &LOOPBACK, &[], log.reopen().expect("a log"));
    let book = Book::of(&program.address("http"), "alice");
    assert_eq!(book.sync(&token).0, 403);
    assert_eq!(book.sync("").2.matches(".vcf<").count(), 14);
    assert!(works(data, &["check"]).contains("holds"));
    program.stop();
    let log = fs::read_to_string(log.path()).expect("a log");
    assert!(log.contains("the database is older than it was"), "{log}");
}

#[test]
fn a_waiting_file_that_went_missing_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let program = Program::serve(data, &LOOPBACK, &["--demo"]);
    let browser = Browser::of(&program.address("http"), "bob");
    let token = hidden(&browser.page("/c/private/import"), "token");
    let one = card("One", "One");
    let files: [(&str, &[u8]); 1] = [("a.vcf", one.as_bytes())];
    let answer = browser.upload("/c/private/import", &[("token", &token)], &files);
    let check = answer.header("location").expect("a page").to_owned();
    assert_eq!(browser.get(&check).status, 200);
    fs::remove_dir_all(data.join("imports")).expect("removed");
    assert_eq!(browser.get(&check).status, 404);
    // And the next one is received.
    let answer = browser.upload("/c/private/import", &[("token", &token)], &files);
    assert_eq!(answer.status, 303);
    program.stop();
}

//! Data of every earlier schema are brought to this one, with everything in them.
//!
//! A file is made as an earlier version left it: the first so many migrations, with rows written at
//! the first of them and beside each of the others.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use carnet::{
    class::contact::Contact,
    domain::{
        actor::Client,
        core::{Core, Limits},
        item::digest,
        search::{Criteria, Request, Scope},
        store::PeopleStore as _,
    },
    store::sqlite::Sqlite,
};
use rusqlite::{Connection, params};

use super::{LOOPBACK, json};
use crate::support::{
    dav::Book,
    phone::Phone,
    program::{Program, refused, run, works},
};

/// Rows of tables that came later, and the migration they came with.
const LATER: &[(usize, &str)] = &[
    (
        2,
        "INSERT INTO notice (person, kind, at, client, collection, since, number)
         VALUES (1, 'mass-deletion', 5, 'CardDAV KDE', 2, 4, 30);
         INSERT INTO invitation VALUES ('0123', 1, 'emil@example.org', 1, 9999999999999);",
    ),
    (
        3,
        "INSERT INTO collection (id, kind, person, uuid, segment, display_name, epoch, created)
         VALUES (20, 'view', 2, 'view-of-bob', 'device-1', 'Contacts', 'e20', 1);
         INSERT INTO view_source VALUES (20, 4, 0);",
    ),
    (
        5,
        "INSERT INTO import (person, collection, name, at) VALUES (1, 2, 'old.vcf', 5);",
    ),
    (9, "INSERT INTO told_apart VALUES (1, 1, 2);"),
    (
        14,
        "INSERT INTO outbox (channel, name, person, recipient, language, letter, queued, due, until)
         VALUES ('mail', 'old', 1, 'alice@example.org', 'en', '', 1, 1, 2);
         INSERT INTO reset VALUES ('0123', 1, 2);",
    ),
    (
        15,
        "INSERT INTO campaign (person, name, begun, days, reminders, skipped)
         VALUES (1, 'Spring', 1, 14, 1, 0);
         INSERT INTO verification (person, item, collection, campaign, subject, address, language,
             hidden, purpose, asked, letter)
         VALUES (1, 1, 2, 1, 'Ada', 'ada@example.org', 'en', '[]', '', 1, 1);
         INSERT INTO verification_token VALUES ('4567', 1, 2);
         INSERT INTO declined VALUES (1, 2, 'ada@example.org', 1);",
    ),
    (
        17,
        "INSERT INTO second_factor VALUES (2, x'00112233', 1, 7);
         INSERT INTO recovery_code VALUES (2, '89ab');",
    ),
    (
        18,
        "INSERT INTO client (person, label, first_seen, last_seen) VALUES (1, 'CardDAV KDE', 1, 2);",
    ),
    // What was left of a group, and of a book that an account deleted before it ended itself.
    (
        35,
        "UPDATE collection SET seq = 3 WHERE id = 20;
         INSERT INTO view_placement (item, collection, href, server_id, uid, placed_by, within, born,
             changed, overlay) VALUES (1, 20, 'left.vcf', 'left', 'uid-Shared', 1, '5', 2, 3, x'');
         INSERT INTO item (id, class, uid, kind, display, sort_first, sort_last, document, digest,
             creator, created, modified)
         VALUES (900, 'contact', 'left', 'individual', 'Left', 'left', 'left', x'41', 'd', 77, 1, 1);",
    ),
];

/// The files of the migrations in their order.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sqlite/schema");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the schema")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

/// The migrations in their order.
fn schema() -> Vec<String> {
    let read = |file: &PathBuf| fs::read_to_string(file).expect("text");
    files().iter().map(read).collect()
}

/// Data that exist were made by migrations as they were: one is never edited, only followed.
#[test]
fn no_migration_was_edited() {
    let found = files().into_iter().map(|file| {
        let name = file
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        format!("{} {name}\n", digest(&fs::read(file).expect("octets")))
    });
    assert_eq!(found.collect::<String>(), include_str!("schema.txt"));
}

fn card(name: &str, note: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-{name}\r\nN:{name};Ada;;;\r\nFN:Ada {name}\r\n\
         TEL;TYPE=CELL:+33639980001\r\nX-KEPT:as it is\r\nNOTE:{note}\r\nEND:VCARD\r\n"
    )
}

/// What a version with so many migrations left, with more contacts of bob's than those of the sample.
fn make(data: &Path, migrations: usize, more: usize, password_hash: &str) {
    fs::create_dir_all(data).expect("a folder");
    let mut database = Connection::open(data.join("carnet.db")).expect("a file");
    database
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
        .expect("settings");
    let transaction = database.transaction().expect("begun");
    for (number, sql) in schema().iter().enumerate().take(migrations) {
        transaction.execute_batch(sql).expect("a migration");
        if number == 0 {
            fill(&transaction, more, password_hash);
        }
        for (_, sql) in LATER.iter().filter(|(with, _)| *with == number + 1) {
            transaction.execute_batch(sql).expect(sql);
        }
    }
    let later = schema();
    let derives_anew = |sql: &&String| sql.contains("'derived', 'stale'");
    if later.iter().skip(migrations).any(|sql| derives_anew(&sql)) {
        // That version made what it derives from the cards.
        let sql = "UPDATE meta SET value = 'current' WHERE name = 'derived'";
        transaction.execute(sql, []).expect("noted");
    }
    transaction
        .pragma_update(None, "user_version", migrations as i64)
        .expect("a version");
    transaction.commit().expect("written");
}

/// Two people, a group, contacts of each kind of fate, by the first schema.
fn fill(database: &Connection, more: usize, password_hash: &str) {
    database
        .execute_batch(&format!(
            "INSERT INTO person (id, login, email, name, admin, password_hash, created) VALUES
                 (1, 'alice', 'alice@example.org', 'Alice A', 1, '{password_hash}', 1),
                 (2, 'bob', NULL, 'Bob B', 0, '{password_hash}', 1);
             INSERT INTO grp VALUES (1, 'Team', 'team', 'The team', '{{}}', 1);
             INSERT INTO membership VALUES (1, 1, 'admin', 1), (1, 2, 'member', 2);
             INSERT INTO collection (id, kind, person, grp, uuid, segment, display_name, epoch, seq, created) VALUES
                 (1, 'home', 1, NULL, 'u1', '', '', 'e1', 2, 1),
                 (2, 'private', 1, NULL, 'u2', 'contacts', 'Contacts', 'e2', 4, 1),
                 (3, 'home', 2, NULL, 'u3', '', '', 'e3', 2, 1),
                 (4, 'private', 2, NULL, 'u4', 'contacts', 'Contacts', 'e4', 0, 1),
                 (5, 'group', NULL, 1, 'u5', 'Team', 'The team', 'e5', 1, 1);
             INSERT INTO book_placement (home, book, segment, born, changed) VALUES
                 (1, 2, 'contacts', 1, 1), (1, 5, 'Team', 2, 2),
                 (3, 4, 'contacts', 1, 1), (3, 5, 'Team', 2, 2);
             INSERT INTO grant_group VALUES (1, 2, 'add');
             INSERT INTO tag VALUES (1, 1, 'Friends', 'friends', 'red');
             INSERT INTO device (id, person, device_id, device_type, user_agent, version, first_seen, last_seen)
                 VALUES (1, 1, 'OLDPHONE', 'iPhone', 'Apple-iPhone/1', '14.1', 1, 2);
             INSERT INTO session VALUES ('digest', 1, 9999999999999);
             INSERT INTO audit (at, client, what) VALUES (1, 'command line', 'alice was added');"
        ))
        .expect("people");
    let item = |id: i64, creator: i64, name: &str, document: &str| {
        database
            .execute(
                "INSERT INTO item (id, class, uid, kind, display, sort_first, sort_last, document,
                     digest, creator, created, modified)
                 VALUES (?1, 'contact', ?2, 'individual', ?3, ?3, ?3, ?4, ?5, ?6, 1, 1)",
                params![
                    id,
                    format!("uid-{name}"),
                    format!("Ada {name}"),
                    document.as_bytes(),
                    digest(document.as_bytes()),
                    creator
                ],
            )
            .expect("an item");
    };
    let place = |item: i64, collection: i64, name: &str, by: i64, at: (i64, i64, Option<i64>)| {
        database
            .execute(
                "INSERT INTO placement (item, collection, href, server_id, uid, placed_by, placed_at,
                     born, changed, gone, gone_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9, ?9)",
                params![
                    item,
                    collection,
                    format!("{name}.vcf"),
                    format!("{collection}-{item}"),
                    format!("uid-{name}"),
                    by,
                    at.0,
                    at.1,
                    at.2
                ],
            )
            .expect("a placement");
        database.last_insert_rowid()
    };
    item(1, 1, "Shared", &card("Shared", "kept"));
    place(1, 2, "Shared", 1, (1, 1, None));
    place(1, 5, "Shared", 1, (1, 1, None));
    item(2, 1, "Edited", &card("Edited", "the newer note"));
    let edited = place(2, 2, "Edited", 1, (2, 3, None));
    item(3, 1, "Removed", &card("Removed", "in the trash"));
    // A removal and what it removed are two changes: the fourth is the later.
    let removed = place(3, 2, "Removed", 1, (2, 2, Some(4)));
    for (kind, item, placement, at, name, note) in [
        ("replaced", 2, edited, 2, "Edited", "the older note"),
        ("removed", 3, removed, 4, "Removed", "in the trash"),
    ] {
        database
            .execute(
                "INSERT INTO revision (kind, item, collection, placement, at, person, client, document)
                 VALUES (?1, ?2, 2, ?3, ?4, 1, 'web', ?5)",
                params![kind, item, placement, at, card(name, note).into_bytes()],
            )
            .expect("a revision");
    }
    database
        .execute_batch(
            "INSERT INTO tag_link VALUES (1, 1);
             INSERT INTO grant_item VALUES (1, 5, 2);
             INSERT INTO comment (item, collection, author, at, text) VALUES (1, 5, 2, 3, 'Nice');",
        )
        .expect("rows");
    for number in 0..more as i64 {
        let name = format!("More{number}");
        item(100 + number, 2, &name, &card(&name, "one of many"));
        place(100 + number, 4, &name, 2, (number + 1, number + 1, None));
    }
    database
        .execute("UPDATE collection SET seq = ?1 WHERE id = 4", [more as i64])
        .expect("a sequence");
}

/// The contacts of the samples are there, byte for byte.
fn is_whole(data: &Path, number: usize) {
    let exported = works(data, &["export", "--from", "alice", "--format", "vcard"]);
    for (name, note) in [("Shared", "kept"), ("Edited", "the newer note")] {
        for part in [format!("UID:uid-{name}"), format!("NOTE:{note}")] {
            assert!(
                exported.contains(&part),
                "schema {number}: {part}: {exported}"
            );
        }
    }
    assert!(exported.contains("X-KEPT:as it is"), "schema {number}");
    assert!(!exported.contains("uid-Removed"), "schema {number}");
    let team = works(
        data,
        &["export", "--from", "group:Team", "--format", "vcard"],
    );
    assert!(team.contains("UID:uid-Shared"), "schema {number}");
}

/// Searches find what the samples hold, by their words and by what criteria ask for.
fn is_found(data: &Path, number: usize) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Arc::new(Sqlite::open(data).expect("the data open"));
        let class = Arc::new(Contact::default());
        let core = Core::new(store.clone(), vec![class], Limits::default());
        let alice = store.person_by_login("alice").await.expect("read");
        let alice = alice.expect("an account").id;
        let actor = Arc::new(core.actor(alice, Client::default()).await.expect("read"));
        let criteria = |kind: Option<&str>| Criteria {
            kind: kind.map(str::to_owned),
            ..Criteria::default()
        };
        for (text, kind, names) in [
            ("newer note", None, "Ada Edited"),
            ("ada", None, "Ada Edited, Ada Shared"),
            ("", Some("individual"), "Ada Edited, Ada Shared"),
            ("nice", Some("individual"), "Ada Shared"),
            ("ada", Some("group"), ""),
            ("trash", None, ""),
        ] {
            let request = Request {
                text: text.to_owned(),
                criteria: criteria(kind),
                scope: Scope::Everywhere,
                ..Request::default()
            };
            let outcome = core.find(&actor, &request, false).await.expect("found");
            let hits = outcome.hits.iter().map(|hit| &*hit.placement.display);
            let found = hits.collect::<Vec<_>>().join(", ");
            assert_eq!(found, names, "schema {number}: {text} {kind:?}");
        }
    });
}

fn password_hash() -> String {
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(carnet::auth::hash("demo".to_owned()))
        .expect("a hash")
}

#[test]
fn data_of_every_earlier_schema_are_brought_up_to_date() {
    let hash = password_hash();
    for number in 1..=schema().len() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path();
        make(data, number, 3, &hash);
        works(data, &["migrate"]);
        assert_eq!(
            json(&works(data, &["check", "--json"]))["broken"],
            serde_json::json!([]),
            "schema {number}"
        );
        is_whole(data, number);
        is_found(data, number);
    }
}

#[test]
fn clients_find_what_the_first_schema_held() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    make(data, 1, 3, &password_hash());
    let program = Program::serve(data, &LOOPBACK, &[]);
    let address = program.address("http");
    let (_, _, shared) = Book::of(&address, "alice")
        .find("uid-Shared")
        .expect("a card");
    assert!(shared.contains("X-KEPT:as it is"), "{shared}");
    let bob = Book::of(&address, "bob");
    let (status, token, body) = bob.sync("");
    assert_eq!((status, body.matches(".vcf<").count()), (207, 3));
    assert_eq!(
        bob.put("new.vcf", ("If-None-Match", "*"), &card("New", "x"))
            .status,
        201
    );
    assert_eq!(bob.sync(&token).2.matches(".vcf<").count(), 1);
    let mut phone = Phone::at(&address, "bob", "NEWPHONE", "16.1");
    phone.start();
    assert_eq!(phone.pull().len(), 4);
    program.stop();
    works(data, &["check"]);
}

#[test]
fn a_migration_that_is_killed_begins_again() {
    let hash = password_hash();
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("made");
    make(&made, 1, 4000, &hash);
    for wait in [5, 30, 80, 160, 320, 640] {
        let data = folder.path().join(format!("killed{wait}"));
        fs::create_dir_all(&data).expect("a folder");
        fs::copy(made.join("carnet.db"), data.join("carnet.db")).expect("copied");
        let mut child = Command::new(env!("CARGO_BIN_EXE_carnet"))
            .args(["migrate", "--data"])
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        let _ = child.wait();
        works(&data, &["check"]);
        is_whole(&data, 1);
        let bob = works(&data, &["export", "--from", "bob", "--format", "vcard"]);
        assert_eq!(
            bob.matches("BEGIN:VCARD").count(),
            4000,
            "killed after {wait} ms"
        );
    }
}

#[test]
fn data_of_a_newer_version_are_left_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    make(data, schema().len(), 1, &password_hash());
    let file = data.join("carnet.db");
    let database = Connection::open(&file).expect("a file");
    database
        .execute_batch("PRAGMA user_version = 1000; PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("a version");
    drop(database);
    let before = fs::read(&file).expect("octets");
    for command in ["migrate", "check"] {
        assert!(
            refused(data, &[command]).contains("newer version"),
            "{command}"
        );
    }
    let serve = run(data, &["serve", "--listen", LOOPBACK[0]], "");
    assert!(!serve.status.success());
    assert_eq!(fs::read(&file).expect("octets"), before);
}

//! Data of every earlier schema are brought to this one, with everything in them.

mod looks;
mod sample;

use std::{
    fs,
    path::Path,
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
use rusqlite::Connection;

use self::sample::{card, files, make, schema};
use super::{LOOPBACK, json};
use crate::support::{
    dav::Book,
    phone::Phone,
    program::{Program, refused, run, works},
};

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
            ("ada", None, "Ada Edited, Ada Imported, Ada Shared"),
            (
                "",
                Some("individual"),
                "Ada Edited, Ada Imported, Ada Shared",
            ),
            ("", Some("group"), "Choir"),
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
        for file in ["carnet.db", "carnet.counter"] {
            fs::copy(made.join(file), data.join(file)).expect("copied");
        }
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

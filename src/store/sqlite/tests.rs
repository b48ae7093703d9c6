//! The contract on SQLite, and what is this engine's own: costs, files, migrations.

use rusqlite::{Connection, params};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::{
    class::contact::Contact,
    domain::{
        actor::Client,
        batch::{Batch, DeviceOp, HistoryOp, Op, PersonOp, SyncOp},
        book::{Book, Condition, Replace},
        core::{Core, Limits},
        device_sync::{DeviceBook, Pending, SyncCall, SyncReply},
        id::{CollectionId, DeviceId, PersonId, Timestamp},
        store::{ClientStore as _, Store as _, Want},
    },
    store::contract::CASES,
};

fn folder() -> TempDir {
    // Flushes cost nothing in memory, where there is enough of it: containers have 64 MiB.
    let memory = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(memory).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    let folder = if room >= 1 << 30 {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    folder.expect("a folder")
}

#[test]
fn the_contract_holds() {
    let runtime = Runtime::new().expect("a runtime");
    for (name, case) in CASES {
        println!("{name}");
        let folder = folder();
        runtime.block_on(async {
            let store = Arc::new(Sqlite::open(folder.path()).expect("the data open"));
            case(store.clone()).await;
            assert_eq!(store.check().await, Ok(Vec::new()), "{name}");
        });
    }
}

#[test]
fn data_of_a_newer_version_are_refused() {
    let folder = folder();
    drop(Sqlite::open(folder.path()).expect("new data"));
    let connection = Connection::open(folder.path().join(DATABASE)).expect("a file");
    connection
        .pragma_update(None, "user_version", 1_000)
        .expect("a version");
    drop(connection);
    let refused = Sqlite::open(folder.path()).err();
    assert!(matches!(refused, Some(Error::Invalid(_))), "{refused:?}");
}

fn epochs_in(folder: &TempDir) -> Vec<String> {
    let connection = Connection::open(folder.path().join(DATABASE)).expect("a file");
    let mut found = connection
        .prepare("SELECT epoch FROM collection")
        .expect("SQL");
    let rows = found.query_map([], |row| row.get::<_, String>(0));
    rows.expect("rows")
        .collect::<rusqlite::Result<Vec<_>>>()
        .expect("epochs")
}

#[test]
fn data_that_are_written_while_they_are_opened_keep_their_epochs() {
    let folder = folder();
    drop(Sqlite::open(folder.path()).expect("new data"));
    let before = epochs_in(&folder);
    let server = Connection::open(folder.path().join(DATABASE)).expect("a file");
    let stored = open::commits(&server).expect("a number") + 1;
    server
        .execute_batch("BEGIN IMMEDIATE")
        .expect("a server writes");
    let sql = "UPDATE meta SET value = ?1 WHERE name = 'commits'";
    server.execute(sql, [stored.to_string()]).expect("counted");
    std::fs::write(folder.path().join(open::COUNTER), format!("{stored:020}")).expect("counted");
    std::thread::scope(|scope| {
        let opened = scope.spawn(|| Sqlite::open(folder.path()).map(drop));
        std::thread::sleep(std::time::Duration::from_millis(300));
        server.execute_batch("COMMIT").expect("written");
        let opened = opened.join().expect("an outcome");
        assert_eq!(opened, Ok(()), "it waits");
    });
    assert_eq!(epochs_in(&folder), before);
}

#[test]
fn a_copy_in_a_new_folder_changes_every_epoch_once() {
    let runtime = Runtime::new().expect("a runtime");
    let old = folder();
    let backup = old.path().join("backup.db");
    runtime.block_on(async {
        let store = Sqlite::open(old.path()).expect("the data open");
        let batch = Batch {
            ops: vec![person("alice")],
            ..Batch::default()
        };
        store.commit(batch).await.expect("committed");
        store.backup(&backup).await.expect("a backup");
    });
    let known = epochs_in(&old);
    let whole = old.path().join(DATABASE);
    for (copied, counter) in [
        (&backup, false),
        (&backup, true),
        (&whole, false),
        (&whole, true),
    ] {
        let new = folder();
        std::fs::copy(copied, new.path().join(DATABASE)).expect("copied");
        if counter {
            let from = old.path().join("carnet.counter");
            std::fs::copy(from, new.path().join("carnet.counter")).expect("copied");
        }
        drop(Sqlite::open(new.path()).expect("the data open"));
        let begun = epochs_in(&new);
        let moved_whole = copied == &whole && counter;
        let same = known
            .iter()
            .zip(&begun)
            .filter(|(old, new)| old == new)
            .count();
        assert_eq!(same, if moved_whole { known.len() } else { 0 });
        drop(Sqlite::open(new.path()).expect("the data open"));
        assert_eq!(epochs_in(&new), begun, "once is enough");
    }
}

#[test]
fn a_copy_put_back_by_hand_changes_every_epoch_once() {
    let runtime = Runtime::new().expect("a runtime");
    let folder = folder();
    let epochs = || epochs_in(&folder);
    let write = |login: &'static str| {
        runtime.block_on(async {
            let store = Sqlite::open(folder.path()).expect("the data open");
            let batch = Batch {
                ops: vec![person(login)],
                ..Batch::default()
            };
            store.commit(batch).await.expect("committed");
        });
        // The last connection folds the log into the file.
        let connection = Connection::open(folder.path().join(DATABASE)).expect("a file");
        let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
        connection.query_row(fold, [], |_| Ok(())).expect("folded");
    };
    write("alice");
    let copy = std::fs::read(folder.path().join(DATABASE)).expect("a copy");
    let old = epochs();
    write("bob");
    for stale in ["carnet.db-wal", "carnet.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(stale));
    }
    std::fs::write(folder.path().join(DATABASE), copy).expect("put back");
    drop(Sqlite::open(folder.path()).expect("the data open"));
    let new = epochs();
    assert!(old.iter().zip(&new).all(|(old, new)| old != new));
    drop(Sqlite::open(folder.path()).expect("the data open"));
    assert_eq!(epochs(), new, "once is enough");
}

fn person(login: &str) -> Op {
    Op::Person(PersonOp::AddPerson {
        login: login.to_owned(),
        email: None,
        name: login.to_owned(),
        admin: false,
        password_hash: String::new(),
        class: String::new(),
    })
}

/// A private book of some items, and a device.
struct Filled {
    store: Arc<Sqlite>,
    core: Arc<Core>,
    book: CollectionId,
    owner: PersonId,
    device: DeviceId,
    _folder: TempDir,
}

impl Filled {
    async fn new(items: i64, without: Option<&str>) -> Self {
        let folder = folder();
        let store = Arc::new(Sqlite::open(folder.path()).expect("the data open"));
        let core = Core::new(
            store.clone(),
            vec![Arc::new(Contact::default())],
            Limits::default(),
        );
        let row = async |op| {
            let batch = Batch {
                ops: vec![op],
                ..Batch::default()
            };
            core.commit(batch).await.expect("committed").rows[0]
        };
        let owner = PersonId(row(person("alice")).await);
        let touch = Op::Device(DeviceOp::TouchDevice {
            person: owner,
            device_id: "phone".to_owned(),
            device_type: String::new(),
            user_agent: String::new(),
            version: String::new(),
            info: Vec::new(),
        });
        let device = DeviceId(row(touch).await);
        let book = store.books(owner).await.expect("books")[0].id;
        fill(&folder.path().join(DATABASE), book, owner, items, without).expect("filled");
        Self {
            store,
            core,
            book,
            owner,
            device,
            _folder: folder,
        }
    }

    async fn open(&self) -> Book {
        let actor = self.core.actor(self.owner, Client::default()).await;
        let actor = Arc::new(actor.expect("an account"));
        self.core.open(&actor, self.book).await.expect("a book")
    }

    async fn sync(&self, key: Option<String>) -> (String, usize) {
        let call = SyncCall {
            key,
            commands: Vec::new(),
            get_changes: true,
            window: 100,
            request: String::new(),
            repeats_reverts: false,
            stores_ids_last: false,
            settings: None,
        };
        let device = DeviceBook::new(self.open().await, self.device);
        match device.sync(&call).await.expect("an answer") {
            SyncReply::Primed { key } => (key, 0),
            SyncReply::Answer(answer) => (answer.key, answer.changes.len()),
            SyncReply::UnknownKey => panic!("the key is known"),
        }
    }

    async fn pending(&self) -> Pending {
        let device = DeviceBook::new(self.open().await, self.device);
        device.pending().await.expect("a predicate")
    }

    /// The device as if it had paged everything out.
    async fn caught_up(&self) -> String {
        let (key, record) = self
            .store
            .sync(self.device, self.book)
            .await
            .expect("a read")
            .expect("a record");
        let mut record: serde_json::Value = serde_json::from_slice(&record).expect("JSON");
        let newest = self.open().await.collection().seq.0;
        for seq in ["base", "horizon", "primed"] {
            record["state"][seq] = newest.into();
        }
        record["state"]["phase"] = "Idle".into();
        record["state"]["at"] = 0.into();
        record["previous"] = serde_json::Value::Null;
        let op = Op::Sync(SyncOp::SetSync {
            device: self.device,
            collection: self.book,
            expected: Some(key.clone()),
            key: key.clone(),
            record: record.to_string().into_bytes(),
        });
        let batch = Batch {
            ops: vec![op],
            ..Batch::default()
        };
        self.core.commit(batch).await.expect("committed");
        key
    }

    /// Steps of SQLite's machine, reading and writing, by what was asked.
    async fn costs(&self) -> Vec<(&'static str, u64)> {
        let mut costs = Vec::new();
        let mut note = |what| {
            costs.push((what, self.store.work().steps()));
            self.store.work().reset();
        };
        let card = |name: &str| {
            let text =
                format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nFN:{name}\r\nEND:VCARD\r\n");
            Replace(text.into_bytes())
        };
        // Statements are prepared once, then counted.
        let warm = self.open().await;
        for _ in 0..2 {
            let put = warm.put("warm.vcf", &Condition::None, &card("warm")).await;
            put.expect("put");
            warm.delete("warm.vcf", &Condition::None)
                .await
                .expect("deleted");
        }
        self.store.work().reset();

        let (key, _) = self.sync(None).await;
        note("SyncKey 0");
        let (_, told) = self.sync(Some(key)).await;
        assert_eq!(told, 100);
        note("a first page of 100");
        let key = self.caught_up().await;
        self.store.work().reset();
        assert_eq!(self.pending().await, Pending::Nothing);
        note("a wait with nothing");
        assert_eq!(self.sync(Some(key.clone())).await, (key.clone(), 0));
        note("an idle Sync");

        let book = self.open().await;
        let token = book.cursor();
        self.store.work().reset();
        let mut first = book.changes(None, Want::Documents).expect("changes");
        assert_eq!(first.next(100).await.expect("members").len(), 100);
        assert_eq!(first.more().await, Ok(true));
        note("sync-collection, first 100");
        let mut none = book
            .changes(Some(&token), Want::Documents)
            .expect("changes");
        assert_eq!(none.next(100).await.expect("members").len(), 0);
        note("sync-collection, nothing");

        let put = book.put("new.vcf", &Condition::Absent, &card("new")).await;
        assert!(put.expect("put").created);
        note("PUT of a new card");
        let put = book
            .put("item-500.vcf", &Condition::Exists, &card("uid-500"))
            .await;
        assert!(!put.expect("put").created);
        note("PUT over a card");
        book.get("item-501.vcf").await.expect("a card");
        note("GET");
        book.delete("item-502.vcf", &Condition::None)
            .await
            .expect("deleted");
        note("DELETE");

        let book = self.open().await;
        self.store.work().reset();
        let mut three = book
            .changes(Some(&token), Want::Documents)
            .expect("changes");
        assert_eq!(three.next(100).await.expect("members").len(), 3);
        note("sync-collection, three changes");
        assert_eq!(self.pending().await, Pending::Something);
        note("a wait with something");
        assert_eq!(self.sync(Some(key)).await.1, 3);
        note("a Sync of three changes");
        costs
    }
}

/// Many items at once, as a hundred thousand commits would have left them.
fn fill(
    file: &Path,
    book: CollectionId,
    owner: PersonId,
    items: i64,
    without: Option<&str>,
) -> rusqlite::Result<()> {
    let connection = Connection::open(file)?;
    connection.execute_batch("PRAGMA synchronous = OFF; BEGIN")?;
    let numbers = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)";
    connection.execute(
        &format!(
            "{numbers} INSERT INTO item (id, class, uid, kind, display, sort_first, sort_last,
                 document, digest, creator, origin, created, modified)
             SELECT n, 'contact', 'uid-' || n, 'individual', n, n, n,
                 CAST('BEGIN:VCARD' || char(13, 10) || 'VERSION:3.0' || char(13, 10) || 'UID:uid-'
                     || n || char(13, 10) || 'FN:' || n || char(13, 10) || 'END:VCARD'
                     || char(13, 10) AS BLOB),
                 'd' || n, ?2, ?3, 0, 0 FROM n"
        ),
        params![items, owner.0, book.0],
    )?;
    connection.execute(
        &format!(
            "{numbers} INSERT INTO placement (item, collection, href, server_id, uid, placed_by,
                 placed_at, born, changed)
             SELECT n, ?2, 'item-' || n || '.vcf', 's' || n, 'uid-' || n, ?3, 0, n, n FROM n"
        ),
        params![items, book.0, owner.0],
    )?;
    connection.execute(
        "UPDATE collection SET seq = ?1 WHERE id = ?2",
        params![items, book.0],
    )?;
    if let Some(index) = without {
        connection.execute_batch(&format!("DROP INDEX {index}"))?;
    }
    connection.execute_batch("COMMIT")
}

#[test]
fn a_sync_costs_what_changed_whatever_the_size_of_the_book() {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let small = Filled::new(1_000, None).await.costs().await;
        let large = Filled::new(100_000, None).await.costs().await;
        for ((what, few), (_, many)) in small.iter().zip(&large) {
            println!("{what}: {few} and {many} steps");
            assert!(*few > 0, "{what} is counted");
            assert!(
                many.abs_diff(*few) * 20 <= *few,
                "{what}: {few} and {many} steps"
            );
        }
    });
}

#[test]
fn a_missing_index_shows_in_the_costs() {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let whole = Filled::new(1_000, None).await.costs().await;
        for index in [
            "placement_changed",
            "placement_born",
            "placement_moved",
            "placement_href",
        ] {
            let without = Filled::new(1_000, Some(index)).await.costs().await;
            let dearer = whole
                .iter()
                .zip(&without)
                .any(|((_, few), (_, many))| *many > few * 2);
            assert!(dearer, "{index} is not missed");
        }
    });
}

#[test]
fn a_refused_batch_leaves_nothing_and_takes_nothing_of_those_beside_it() {
    let runtime = Runtime::new().expect("a runtime");
    let folder = folder();
    let store = Sqlite::open(folder.path()).expect("a database");
    runtime.block_on(async {
        // Batches that wait together share a transaction; every third is refused after it wrote.
        let asked = (0..300).map(|number| {
            let what = format!("batch {number}");
            let person = PersonId(0);
            let gone = Op::Person(PersonOp::RemovePerson { person });
            let mut ops = vec![Op::Audit { what }];
            ops.extend((number % 3 == 0).then_some(gone));
            store.commit(Batch {
                ops,
                ..Batch::default()
            })
        });
        let outcomes = futures_util::future::join_all(asked).await;
        for (number, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.is_err(), number % 3 == 0, "{number}: {outcome:?}");
        }
    });
    let connection = Connection::open(folder.path().join(DATABASE)).expect("the file");
    let kept: std::collections::BTreeSet<String> = connection
        .prepare("SELECT what FROM audit")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .expect("rows");
    let expected = (0..300)
        .filter(|number| number % 3 != 0)
        .map(|number| format!("batch {number}"))
        .collect();
    assert_eq!(kept, expected);
}

#[test]
fn a_purge_goes_in_pieces_and_a_tombstone_lives_as_long_as_the_trash() {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let filled = Filled::new(1_200, None).await;
        let connection = Connection::open(filled._folder.path().join(DATABASE)).expect("a file");
        connection
            .execute(
                "UPDATE placement SET gone = changed + 10000, gone_at = 1000 WHERE collection = ?1",
                [filled.book.0],
            )
            .expect("removed");
        let count = |rows: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {rows}");
            connection
                .query_row(&sql, [], |row| row.get(0))
                .expect("a count")
        };
        let purge = async |trash_before: i64| {
            let batch = Batch {
                ops: vec![Op::History(HistoryOp::Purge {
                    versions_before: Timestamp(0),
                    trash_before: Timestamp(trash_before),
                    tombstones_before: Timestamp(2_000),
                })],
                ..Batch::default()
            };
            filled.store.commit(batch).await.expect("purged").more
        };
        assert!(!purge(500).await);
        assert_eq!(count("placement"), 1_200, "the trash is found by them");
        for ended in [500, 1_000] {
            assert!(purge(2_000).await, "there is more");
            assert_eq!(count("item WHERE length(document) = 0"), ended);
        }
        assert!(!purge(2_000).await);
        assert_eq!((count("placement"), count("item")), (0, 0));
    });
}

#[test]
fn a_purge_reads_nothing_of_what_an_earlier_one_ended() {
    let runtime = Runtime::new().expect("a runtime");
    let steps = |number| {
        runtime.block_on(async {
            let filled = Filled::new(number, None).await;
            let file = filled._folder.path().join(DATABASE);
            let connection = Connection::open(file).expect("a file");
            let sql = "UPDATE placement SET gone = changed + 10000, gone_at = 1000 + id";
            connection.execute(sql, []).expect("removed");
            let purge = async || {
                let batch = Batch {
                    ops: vec![Op::History(HistoryOp::Purge {
                        versions_before: Timestamp(0),
                        trash_before: Timestamp(9_000),
                        tombstones_before: Timestamp(0),
                    })],
                    ..Batch::default()
                };
                filled.store.commit(batch).await.expect("purged").more
            };
            while purge().await {}
            let sql = "SELECT count(*) FROM item WHERE length(document) = 0";
            let ended = connection.query_row(sql, [], |row| row.get(0));
            assert_eq!(ended, Ok(number));
            filled.store.work().reset();
            purge().await;
            filled.store.work().steps()
        })
    };
    assert_eq!(steps(10), steps(1_200));
}

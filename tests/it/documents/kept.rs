//! Octets are kept as long as something refers to them: backup, check, the end of versions and trash.

use super::{HERE, added, count, done, is_whole, post};
use crate::support::{
    browser::{Browser, hidden},
    server::Server,
};
use carnet::{
    domain::{
        batch::{Batch, HistoryOp, Op},
        document::DocumentOp,
        id::Timestamp,
        store::Store as _,
    },
    store::sqlite::{self, Sqlite},
};

#[test]
fn the_same_octets_are_kept_once() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    added(&alice, HERE, "a.txt", b"same");
    added(&alice, HERE, "b.txt", b"same");
    let theirs = added(&bob, HERE, "c.txt", b"same");
    assert_eq!(count(&server, "blob"), 1);
    assert_eq!(bob.get(&format!("{theirs}/file")).body, b"same");
    is_whole(&server);
}

#[test]
fn octets_end_with_the_last_version_and_the_trash() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let page = added(&alice, HERE, "a.txt", b"one");
    let form = alice.page(&page);
    let (token, version) = (hidden(&form, "token"), hidden(&form, "version"));
    let fields = [("token", token.as_str()), ("version", version.as_str())];
    let files: [(&str, &[u8]); 1] = [("a.txt", b"two")];
    assert_eq!(
        alice
            .upload(&format!("{page}/version"), &fields, &files)
            .status,
        303
    );
    let left_after = |versions: Timestamp, trash: Timestamp| {
        server.runtime.block_on(async {
            let long_ago = Timestamp(0);
            let purge = Op::History(HistoryOp::Purge {
                versions_before: versions,
                trash_before: trash,
                tombstones_before: long_ago,
            });
            let collect = Op::Document(DocumentOp::CollectBlobs {
                begun_before: long_ago,
                most: 100,
            });
            let batch = Batch {
                at: Timestamp::now(),
                ops: vec![purge, collect],
                ..Batch::default()
            };
            server.core().commit(batch).await.expect("committed");
        });
        count(&server, "blob")
    };
    let (never, now) = (Timestamp(0), Timestamp(Timestamp::now().0 + 1000));
    assert_eq!(
        left_after(never, never),
        2,
        "a version refers to the former octets"
    );
    assert_eq!(left_after(now, never), 1, "no version does any more");
    assert_eq!(alice.get(&format!("{page}/file")).body, b"two");
    let version = hidden(&alice.page(&page), "version");
    done(&alice, &format!("{page}/delete"), &[("version", &version)]);
    assert_eq!(left_after(now, never), 1, "the trash refers to them");
    assert_eq!(left_after(now, now), 0);
    assert_eq!(count(&server, "blob_chunk"), 0);
    is_whole(&server);
}

#[test]
fn a_backup_holds_the_octets_and_check_reads_them() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let octets = vec![9; 600_000];
    added(&alice, HERE, "a.bin", &octets);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("backup.db");
    server
        .runtime
        .block_on(server.store().backup(&file))
        .expect("written");
    let restored = tempfile::tempdir().expect("a folder");
    sqlite::restore(&file, restored.path()).expect("restored");
    let server = Server::start_in(restored);
    let alice = Browser::of(&server.address, "alice");
    let page = alice.card_named(HERE, "a.bin").expect("the document");
    assert_eq!(alice.get(&format!("{page}/file")).body, octets);
    is_whole(&server);
    // One octet is another one.
    let data = server.stop();
    let broken = std::process::Command::new("python3")
        .args([
            "-c",
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
             c.execute(\"UPDATE blob_chunk SET data = zeroblob(length(data)) WHERE chunk = 1\"); c.commit()",
        ])
        .arg(data.path().join("carnet.db"))
        .status();
    assert!(broken.expect("python3 runs").success());
    let store = Sqlite::open(data.path()).expect("the data open");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let told = runtime.block_on(store.check()).expect("read").join("\n");
    assert!(
        told.contains("octets are not what their digest says"),
        "{told}"
    );
}

#[test]
fn a_quota_is_an_accounts_own_where_the_administrator_says_so() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let person = server.person("alice");
    let set = |quota| {
        let op = Op::Document(DocumentOp::SetDocumentQuota { person, quota });
        let batch = Batch {
            ops: vec![op],
            ..Batch::default()
        };
        server
            .runtime
            .block_on(server.core().commit(batch))
            .expect("committed");
    };
    set(Some(10));
    assert_eq!(
        super::upload(&alice, HERE, &[("a.txt", b"eleven octe")]).status,
        507
    );
    set(Some(0));
    assert_eq!(
        super::upload(&alice, HERE, &[("a.txt", b"eleven octe")]).status,
        303
    );
    assert!(alice.page(HERE).contains("11 bytes used"));
    set(None);
    assert!(alice.page(HERE).contains("11 bytes of 1 GB used"));
    assert_eq!(
        post(
            &alice,
            &format!("{HERE}/trash/restore"),
            &[("revisions", "1")]
        )
        .status,
        404
    );
}

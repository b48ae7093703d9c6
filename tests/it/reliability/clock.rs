//! Clocks that jump, and clients that never acknowledge.

use std::fs;

use carnet::domain::id::Timestamp;
use carnet_proto::wbxml::page::contacts as c;

use super::kill::LOOPBACK;
use crate::support::{
    browser::Browser,
    dav::Book,
    eas::{Device, add},
    eventually,
    faults::Faults,
    program::{Program, works},
    server::Server,
};

const NEW: (&str, &str) = ("If-None-Match", "*");

fn purge(server: &Server, days: i64, lived: bool) {
    let at = Timestamp::now().plus_days(days);
    let purged = server.runtime.block_on(server.core().purge_at(at, lived));
    purged.expect("purged");
}

/// Versions and deletions kept.
fn revisions(server: &Server) -> i64 {
    rows(server, "revision")
}

fn rows(server: &Server, table: &str) -> i64 {
    let file = server.data.path().join("carnet.db");
    let database = rusqlite::Connection::open(file).expect("opened");
    let sql = format!("SELECT count(*) FROM {table}");
    database
        .query_row(&sql, [], |row| row.get(0))
        .expect("read")
}

/// Somebody deleted a contact.
fn with_a_deletion() -> Server {
    let server = Server::start();
    let book = Book::of(&server.address, "alice");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:x\r\nN:X;;;;\r\nFN:X\r\nEND:VCARD\r\n";
    assert_eq!(book.put("x.vcf", NEW, card).status, 201);
    let path = format!("{}x.vcf", book.path);
    assert_eq!(book.send("DELETE", &path, &[], b"").status, 204);
    assert!(revisions(&server) > 0);
    purge(&server, 0, false);
    server
}

#[test]
fn a_clock_that_jumps_ahead_and_comes_back_ends_nothing() {
    let server = with_a_deletion();
    let before = revisions(&server);
    // However often the program is started meanwhile, and one day long.
    for _ in 0..10 {
        purge(&server, 400, false);
    }
    purge(&server, 400, true);
    assert_eq!(revisions(&server), before);
    purge(&server, 1, false);
    purge(&server, 2, true);
    assert_eq!(revisions(&server), before);
    // Backwards is nothing at all.
    purge(&server, -4000, true);
    purge(&server, 2, true);
    assert_eq!(revisions(&server), before);
}

#[test]
fn a_clock_that_stays_ahead_is_believed_after_a_day() {
    let server = with_a_deletion();
    purge(&server, 400, true);
    purge(&server, 401, true);
    assert_eq!(revisions(&server), 0);
}

#[test]
fn a_clock_that_stays_ahead_is_believed_a_day_later_whichever_process_sees_it() {
    let server = with_a_deletion();
    // Off for the holidays, and switched off every night.
    for day in [400, 400, 401, 402] {
        purge(&server, day, false);
    }
    assert_eq!(revisions(&server), 0);
}

#[test]
fn a_server_that_is_started_every_night_ends_what_is_old() {
    let server = with_a_deletion();
    for day in 1..40 {
        purge(&server, day, false);
    }
    assert_eq!(revisions(&server), 0);
}

#[test]
fn sequences_follow_commits_whatever_the_clock_says() {
    let server = Server::start();
    let book = Book::of(&server.address, "alice");
    let token = book.sync("").1;
    // What a clock that jumped about would have left: times in no order at all.
    for n in 0..6 {
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{n}\r\nN:{n};;;;\r\nFN:{n}\r\nEND:VCARD\r\n"
        );
        assert_eq!(book.put(&format!("{n}.vcf"), NEW, &card).status, 201);
        let path = format!("{}{n}.vcf", book.path);
        if n % 2 == 0 {
            assert_eq!(book.send("DELETE", &path, &[], b"").status, 204);
        }
        let days = [4000, -4000, 1, -1, 300, 0][n];
        let at = Timestamp::now().plus_days(days).0;
        server.sql(&format!(
            "UPDATE revision SET at = {at}; UPDATE placement SET gone_at = {at} WHERE gone IS NOT NULL"
        ));
    }
    let (status, _, told) = book.sync(&token);
    assert_eq!(status, 207);
    for n in [1, 3, 5] {
        assert!(told.contains(&format!("/{n}.vcf")), "{told}");
    }
    server.check();
}

/// The clock of the machine is put years ahead and back while the program runs.
#[test]
fn a_running_server_goes_on_whatever_its_clock_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let faults = Faults::new();
    let output = fs::File::create(&log).expect("a log");
    let program = Program::serve_with(&data, &LOOPBACK, &["--demo"], |command| {
        faults.arm_clock(command);
        command.stderr(output);
    });
    let address = program.address("http");
    let book = Book::of(&address, "alice");
    let mut phone = Device::set_up(&address, "alice", "phone", "14.1");
    phone.prime();
    phone.sync_all(&[], 100);
    let mut token = book.sync("").1;
    for (n, days) in [400, -4000, 0, 20_000, 1, 0].into_iter().enumerate() {
        faults.set_clock(days);
        let said = |jumps: usize| {
            let log = fs::read_to_string(&log).expect("a log");
            log.matches("the clock of the machine jumped").count() >= jumps
        };
        eventually("the jump is told", || said(n + 1));
        // Somebody writes on each face, and the others come to it.
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{n}\r\nN:Dav{n};;;;\r\nFN:Dav{n}\r\nEND:VCARD\r\n"
        );
        assert_eq!(book.put(&format!("{n}.vcf"), NEW, &card).status, 201);
        let family = format!("Eas{n}");
        phone.sync_all(&[add(&n.to_string(), &[(c::LAST_NAME, &family)])], 100);
        assert!(phone.named(&format!("Dav{n}")).is_some(), "{days}");
        let (status, next, told) = book.sync(&token);
        assert_eq!(status, 207);
        assert_eq!(told.matches(".vcf</").count(), 2, "{told}");
        token = next;
        // Signing in works by each clock.
        assert_eq!(Browser::of(&address, "bob").get("/c/private").status, 200);
    }
    let path = format!("{}0.vcf", book.path);
    assert_eq!(book.send("DELETE", &path, &[], b"").status, 204);
    phone.sync_all(&[], 100);
    assert!(phone.named("Dav0").is_none());
    let mut fresh = Device::set_up(&address, "alice", "fresh", "16.1");
    fresh.prime();
    fresh.sync_all(&[], 100);
    for n in 0..6 {
        assert!(fresh.named(&format!("Eas{n}")).is_some(), "{n}");
    }
    program.stop();
    // A start by a wrong clock ends nothing either.
    faults.set_clock(20_000);
    let output = fs::File::create(&log).expect("a log");
    let wrong = Program::serve_with(&data, &LOOPBACK, &[], |command| {
        faults.arm_clock(command);
        command.stderr(output);
    });
    let words = "the clock went on by more than a week";
    eventually(words, || {
        fs::read_to_string(&log).expect("a log").contains(words)
    });
    wrong.stop();
    let right = Program::serve(&data, &LOOPBACK, &[]);
    let trash = Browser::of(&right.address("http"), "alice").page("/c/private/trash");
    right.stop();
    assert!(trash.contains("Dav0"), "{trash}");
    assert!(works(&data, &["check"]).contains("holds"));
}

#[test]
fn sessions_and_links_end_by_the_clock_and_nothing_else_does() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    assert_eq!(browser.get("/c/private").status, 200);
    // The clock went on by three weeks: as if the session had begun that long ago.
    server.sql("UPDATE session SET expires = expires - 21 * 86400000");
    assert_eq!(browser.get("/c/private").status, 303);
    // It came back: the session is there again, unless it was swept away meanwhile.
    server.sql("UPDATE session SET expires = expires + 21 * 86400000");
    assert_eq!(browser.get("/c/private").status, 200);
    let book = Book::of(&server.address, "alice");
    assert_eq!(book.sync("").0, 207);
}

#[test]
fn a_device_that_never_takes_a_new_key_costs_one_row() {
    let server = Server::start();
    let device = Device::set_up(&server.address, "alice", "stuck", "14.1");
    let before = (rows(&server, "sync_state"), rows(&server, "device_value"));
    for n in 0..60 {
        // Another Add each time, and always the first key.
        let name = format!("Stuck{n}");
        device.sync(&[add(&n.to_string(), &[(c::LAST_NAME, &name)])], 5);
    }
    let after = (rows(&server, "sync_state"), rows(&server, "device_value"));
    assert_eq!(before, after);
    let file = server.data.path().join("carnet.db");
    let database = rusqlite::Connection::open(file).expect("opened");
    let largest = "SELECT max(length(record)) FROM sync_state";
    let largest: i64 = database
        .query_row(largest, [], |row| row.get(0))
        .expect("read");
    assert!(largest < 64 * 1024, "{largest}");
    server.check();
}

#[test]
fn a_device_that_never_acknowledges_is_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let output = fs::File::create(&log).expect("a log");
    let data = folder.path().join("data");
    let program = Program::serve_logging(&data, &LOOPBACK, &["--demo"], output);
    let mut device = Device::set_up(&program.address("http"), "alice", "deaf", "14.1");
    let said = || {
        let log = fs::read_to_string(&log).expect("a log");
        log.matches("does not acknowledge").count()
    };
    device.sync_all(&[], 100);
    assert_eq!(said(), 0);
    let book = Book::of(&program.address("http"), "alice");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:new\r\nN:New;;;;\r\nFN:New\r\nEND:VCARD\r\n";
    assert_eq!(book.put("new.vcf", NEW, card).status, 201);
    for _ in 0..8 {
        // Always with the key of the answer before.
        device.sync(&[], 100);
    }
    eventually("the line about the device", || said() == 1);
    // What it was told is not lost on it once it listens.
    device.sync_all(&[], 100);
    assert!(device.named("New").is_some());
    program.stop();
}

#[test]
fn a_client_with_a_new_name_each_time_costs_a_bounded_number_of_rows() {
    let server = Server::start();
    let book = Book::of(&server.address, "alice");
    let body = "<sync-collection xmlns=\"DAV:\"><sync-token/><sync-level>1</sync-level>\
                <prop><getetag/></prop></sync-collection>";
    for n in 0..200 {
        let agent = format!("Program{n}/1.0");
        let headers = [("User-Agent", &*agent), ("Content-Type", "application/xml")];
        let answer = book.send("REPORT", &book.path, &headers, body.as_bytes());
        assert_eq!(answer.status, 207);
    }
    assert!(
        rows(&server, "dav_client") <= 64,
        "{}",
        rows(&server, "dav_client")
    );
    let written = server.core().write_journal(None);
    server.runtime.block_on(written).expect("written");
    assert!(rows(&server, "client") <= 64, "{}", rows(&server, "client"));
}

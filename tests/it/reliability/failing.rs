//! A disk that fails, hangs or becomes read-only under a server that runs.

use std::{
    fs,
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use carnet_proto::wbxml::page::contacts as c;

use super::kill::LOOPBACK;
use crate::support::{
    browser::{Browser, hidden},
    dav::{Book, card},
    eas::{Device, add},
    eventually,
    faults::{Fault, Faults},
    gateway::Gateway,
    http::{basic, request, try_request},
    program::{Program, works},
};

const NEW: (&str, &str) = ("If-None-Match", "*");

fn put(book: &Book, name: &str) -> u16 {
    book.put(&format!("{name}.vcf"), NEW, &card(name, name))
        .status
}

fn get(book: &Book, name: &str) -> u16 {
    book.send("GET", &format!("{}{name}.vcf", book.path), &[], b"")
        .status
}

/// What `/readyz` says.
fn ready(address: &str) -> (u16, String) {
    let answer = request(address, "GET", "/readyz", &[], b"");
    (answer.status, answer.text())
}

/// A program with sample people, whose disk fails when it is told to.
fn serve(data: &Path, faults: &Faults, log: &Path) -> Program {
    let output = fs::File::create(log).expect("a log");
    Program::serve_with(data, &LOOPBACK, &["--demo"], |command| {
        faults.arm(command, data);
        command.stderr(output);
    })
}

#[test]
fn a_disk_that_becomes_read_only_is_read_on_and_told_of() {
    refuses(Fault::ReadOnly, "Read-only file system");
}

#[test]
fn a_disk_that_fails_is_read_on_and_told_of() {
    refuses(Fault::Failing, "disk I/O error");
}

/// Each face refuses writes and serves reads; all goes on when the disk does.
fn refuses(fault: Fault, words: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let faults = Faults::new();
    let program = serve(&data, &faults, &log);
    let address = program.address("http");
    let book = Book::of(&address, "alice");
    let browser = Browser::of(&address, "alice");
    let form = browser.page("/c/private/new");
    let mut phone = Device::set_up(&address, "alice", "phone", "14.1");
    phone.sync_all(&[], 100);
    assert_eq!(put(&book, "before"), 201);
    let token = book.sync("").1;

    faults.set(fault);
    let answer = book.put("during.vcf", NEW, &card("during", "during"));
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    let wanted = [add("1", &[(c::LAST_NAME, "Waiting")])];
    let body = phone.sync_body(&phone.key, &wanted, 100, true);
    assert_eq!(phone.post_raw("Sync", body.clone()).status, 503);
    let fields = [
        ("token".to_owned(), hidden(&form, "token")),
        ("family".to_owned(), "Web".to_owned()),
    ];
    assert_eq!(browser.send("/c/private/new", &fields, None).status, 503);
    let (status, said) = ready(&address);
    assert_eq!(status, 503);
    assert!(said.contains(words), "{said}");
    assert_eq!(request(&address, "GET", "/healthz", &[], b"").status, 200);
    // What is there is served, to many at once: connections to the file are opened meanwhile.
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                assert_eq!(get(&book, "before"), 200);
                assert_eq!(book.sync("").0, 207);
                assert_eq!(book.sync(&token).0, 207);
                assert_eq!(browser.get("/c/private").status, 200);
            });
        }
    });
    assert_eq!(get(&book, "during"), 404);

    faults.set(Fault::None);
    assert_eq!(ready(&address).0, 200);
    assert_eq!(put(&book, "during"), 201);
    assert_eq!(browser.send("/c/private/new", &fields, None).status, 303);
    // The device sends again what was refused.
    phone.post("Sync", body).expect("a document");
    let mut fresh = Device::set_up(&address, "alice", "fresh", "16.1");
    fresh.sync_all(&[], 100);
    for name in ["before", "during", "Web", "Waiting"] {
        assert!(fresh.named(name).is_some(), "{name}");
    }
    program.stop();
    assert!(works(&data, &["check"]).contains("holds"));
    let log = fs::read_to_string(log).expect("a log");
    let line = log.lines().find(|line| line.contains("a commit failed"));
    assert!(line.is_some_and(|line| line.contains(words)), "{log}");
}

/// The data directory under a mount that is read-only: the file system itself says so.
#[test]
fn a_read_only_mount_is_told_before_anybody_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let program = Program::serve(&data, &LOOPBACK, &[]);
    let address = program.address("http");
    assert_eq!(ready(&address).0, 200);
    let mount = |arguments: &[&str]| {
        let done = Command::new("mount").args(arguments).arg(&data).output();
        done.is_ok_and(|output| output.status.success())
    };
    let path = data.to_str().expect("a path");
    if !mount(&["--bind", path]) {
        crate::support::skipped("only root may mount");
        return;
    }
    let is_read_only = mount(&["-o", "remount,bind,ro"]);
    let said = ready(&address);
    let done = Command::new("umount").arg("-l").arg(&data).status();
    assert!(done.expect("umount runs").success() && is_read_only);
    assert_eq!(said, (503, "the disk is read-only\n".to_owned()));
    assert_eq!(ready(&address).0, 200);
    program.stop();
}

#[test]
fn a_writer_that_hangs_holds_nobody_up_and_is_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let socket = folder.path().join("notify");
    let heard = UnixDatagram::bind(&socket).expect("a socket");
    heard.set_nonblocking(true).expect("set");
    let is_fed = || {
        let mut octets = [0; 64];
        let mut fed = false;
        while let Ok(length) = heard.recv(&mut octets) {
            fed |= octets[..length].starts_with(b"WATCHDOG=1");
        }
        fed
    };
    let faults = Faults::new();
    let output = fs::File::create(&log).expect("a log");
    let program = Program::serve_with(&data, &LOOPBACK, &["--demo"], |command| {
        faults.arm(command, &data);
        command
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", "2000000")
            .stderr(output);
    });
    let address = program.address("http");
    let book = Book::of(&address, "alice");
    assert_eq!(put(&book, "before"), 201);
    eventually("the watchdog is fed", is_fed);

    faults.set(Fault::Hanging);
    thread::scope(|scope| {
        let asked = Instant::now();
        let held = scope.spawn(|| put(&book, "held"));
        let queued = scope.spawn(|| {
            thread::sleep(Duration::from_secs(1));
            put(&book, "queued")
        });
        thread::sleep(Duration::from_secs(1));
        let (status, said) = ready(&address);
        assert_eq!(status, 503);
        assert!(said.contains("the writer does not answer"), "{said}");
        assert_eq!(get(&book, "before"), 200);
        assert_eq!(held.join().expect("answered"), 503);
        assert_eq!(queued.join().expect("answered"), 503);
        assert!(asked.elapsed() < Duration::from_secs(40));
    });
    // From now on nobody waits, and what needs no writing goes on.
    let asked = Instant::now();
    assert_eq!(put(&book, "late"), 503);
    assert_eq!(get(&book, "before"), 200);
    assert_eq!(book.sync("").0, 207);
    assert_eq!(ready(&address).0, 503);
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    is_fed();
    thread::sleep(Duration::from_secs(3));
    assert!(!is_fed(), "the service manager is to start it anew");

    faults.set(Fault::None);
    eventually("it goes on", || ready(&address).0 == 200);
    eventually("the watchdog is fed again", is_fed);
    // What was being flushed stands, though nobody was told; what only waited does not.
    assert_eq!(get(&book, "held"), 200);
    assert_eq!(get(&book, "queued"), 404);
    assert_eq!(put(&book, "late"), 201);
    program.stop();
    assert!(works(&data, &["check"]).contains("holds"));
    let log = fs::read_to_string(log).expect("a log");
    for words in ["the writer hangs", "the writer goes on"] {
        assert!(log.contains(words), "{log}");
    }
}

/// The end waits for the writer, and who asks twice does not wait for the end.
#[test]
fn a_server_that_is_asked_to_stop_twice_ends_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let faults = Faults::new();
    let program = serve(&data, &faults, &log);
    let book = Book::of(&program.address("http"), "alice");
    assert_eq!(put(&book, "before"), 201);
    faults.set(Fault::Hanging);
    let under_way = thread::spawn(move || {
        let card = card("under-way", "under-way");
        let headers = vec![basic("alice", "demo"), (NEW.0.into(), NEW.1.into())];
        let target = format!("{}under-way.vcf", book.path);
        try_request(&book.address, "PUT", &target, &headers, card.as_bytes())
    });
    thread::sleep(Duration::from_secs(1));
    let asked = Instant::now();
    program.ask_to_stop();
    thread::sleep(Duration::from_secs(1));
    program.ask_to_stop();
    assert!(!program.ends(), "it did not end well");
    assert!(
        asked.elapsed() < Duration::from_secs(8),
        "{:?}",
        asked.elapsed()
    );
    assert!(
        under_way
            .join()
            .expect("ended")
            .is_none_or(|answer| answer.status != 201)
    );
    let program = Program::serve(&data, &LOOPBACK, &[]);
    assert_eq!(
        get(&Book::of(&program.address("http"), "alice"), "before"),
        200
    );
    program.stop();
    assert!(works(&data, &["check"]).contains("holds"));
}

/// The service took the message, and the disk was full before that could be kept.
#[test]
fn a_short_message_is_sent_once_though_the_disk_is_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let faults = Arc::new(Faults::new());
    let full = faults.clone();
    let gateway = Gateway::answering(move || {
        full.set(Fault::Full);
        200
    });
    let config = folder.path().join("carnet.toml");
    let service = format!("[sms]\nurl = 'http://127.0.0.1:{}/'\n", gateway.port);
    fs::write(&config, service).expect("written");
    let arguments = ["--demo", "--config", config.to_str().expect("a path")];
    let serve = || {
        Program::serve_with(&data, &LOOPBACK, &arguments, |command| {
            faults.arm(command, &data);
            command.stderr(Stdio::null());
        })
    };
    let program = serve();
    let address = program.address("http");
    let number = "+33639980001";
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:max\r\nN:Roy;Max;;;\r\nFN:Max Roy\r\n\
         TEL;TYPE=CELL:{number}\r\nEND:VCARD\r\n"
    );
    assert_eq!(
        Book::of(&address, "alice")
            .put("max.vcf", NEW, &card)
            .status,
        201
    );
    let browser = Browser::of(&address, "alice");
    let card = browser.card_named("/c/private", "Max Roy").expect("a card");
    let token = hidden(&browser.page(&card), "token");
    let fields = [("token", &*token), ("to", number), ("text", "Late.")];
    assert_eq!(browser.submit(&format!("{card}/sms"), &fields).status, 303);
    gateway.wait(1);
    thread::sleep(Duration::from_millis(1500));
    faults.set(Fault::None);
    eventually("it is sent", || browser.page("/outbox").contains(">Sent<"));
    drop(program);
    let program = serve();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(gateway.seen().len(), 1);
    program.stop();
}

/// What passed between a phone and the server waits until there is room.
#[test]
fn the_page_of_devices_is_there_on_a_full_disk_and_loses_no_exchange() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let faults = Faults::new();
    let program = serve(&data, &faults, &log);
    let address = program.address("http");
    let browser = Browser::of(&address, "alice");
    let mut phone = Device::set_up(&address, "alice", "phone", "14.1");
    phone.sync_all(&[], 100);
    faults.set(Fault::Full);
    assert_eq!(browser.get("/settings/devices").status, 200);
    faults.set(Fault::None);
    let page = browser.page("/settings/devices");
    let device = page.split("href=\"/settings/devices/e/").nth(1);
    let device = device
        .and_then(|rest| rest.split('"').next())
        .expect("a device");
    let page = browser.page(&format!("/settings/devices/e/{device}"));
    assert!(page.contains("Sync"), "{page}");
    program.stop();
}

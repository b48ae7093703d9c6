//! A server that is asked to stop while it is busy.

use std::{
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::LOOPBACK;
use crate::support::{
    dav::Book,
    http::{basic, read_answer, request},
    phone::{Phone, document},
    program::{Program, refused, works},
    tree::{text_at, wbxml},
};

const PHONES: usize = 50;
const WRITERS: usize = 6;

#[test]
fn held_requests_are_answered_and_no_acknowledged_write_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let program = Program::serve_with(&data, &LOOPBACK, &["--demo"], |command| {
        command
            .stderr(Stdio::null())
            .env("CARNET_EAS_MAX_DEVICES", "100")
            .env("CARNET_METRICS_LISTEN", LOOPBACK[0]);
    });
    let (address, figures) = (program.address("http"), program.figures());

    let mut held = Vec::new();
    for number in 0..PHONES {
        let mut phone = Phone::at(&address, "alice", &format!("STOP{number}"), "14.1");
        phone.start();
        phone.pull();
        let socket = match number % 5 {
            // A long Sync is held like a Ping.
            0 => {
                let body = format!(
                    "AirSync:Sync\n  AirSync:Collections\n    AirSync:Collection\n      \
                     AirSync:SyncKey = {}\n      AirSync:CollectionId = {}\n  AirSync:Wait = 30",
                    phone.key, phone.folder
                );
                phone.send("Sync", &wbxml(&body))
            }
            _ => {
                let body = format!(
                    "Ping:Ping\n  Ping:HeartbeatInterval = 1800\n  Ping:Folders\n    Ping:Folder\n      \
                     Ping:Id = {}\n      Ping:Class = Contacts",
                    phone.folder
                );
                phone.send("Ping", &wbxml(&body))
            }
        };
        held.push((number, socket));
    }
    let waiting = || {
        let text = request(&figures, "GET", "/metrics", &[], b"").text();
        text.lines().find_map(|line| {
            line.strip_prefix("carnet_held_requests ")?
                .parse::<usize>()
                .ok()
        })
    };
    let begun = Instant::now();
    while waiting() != Some(PHONES) {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{:?} are held",
            waiting()
        );
        thread::sleep(Duration::from_millis(50));
    }

    // Writers of another person, whose changes wake nobody.
    let ended = AtomicBool::new(false);
    let acknowledged = AtomicUsize::new(0);
    let written: Vec<String> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (address, ended, acknowledged) = (&address, &ended, &acknowledged);
                scope.spawn(move || {
                    let mut written = Vec::new();
                    for number in 0.. {
                        if ended.load(Ordering::Relaxed) {
                            break;
                        }
                        let name = format!("w{writer}n{number}");
                        if put(address, &name) != Some(201) {
                            break;
                        }
                        written.push(name);
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                    written
                })
            })
            .collect();
        let begun = Instant::now();
        while acknowledged.load(Ordering::Relaxed) < 5 * WRITERS {
            if begun.elapsed() > Duration::from_secs(60) {
                ended.store(true, Ordering::Relaxed);
                panic!("too few are acknowledged");
            }
            thread::sleep(Duration::from_millis(10));
        }
        let asked = Instant::now();
        program.ask_to_stop();
        for (number, socket) in &mut held {
            let answer = read_answer(socket);
            assert_eq!(answer.status, 200);
            match *number % 5 {
                // Nothing new, no body.
                0 => assert!(answer.body.is_empty(), "{answer:?}"),
                _ => {
                    let ping = document(&answer).expect("a document");
                    assert_eq!(text_at(&ping, &["Status"]).as_deref(), Some("1"));
                }
            }
        }
        assert!(
            asked.elapsed() < Duration::from_secs(10),
            "{:?}",
            asked.elapsed()
        );
        ended.store(true, Ordering::Relaxed);
        let written = writers
            .into_iter()
            .map(|writer| writer.join().expect("a writer"));
        written.flatten().collect()
    });
    assert!(program.ends(), "it did not end well");
    assert!(
        written.len() >= 5 * WRITERS,
        "{} were acknowledged",
        written.len()
    );
    // The file is whole by itself.
    let log = data.join("carnet.db-wal");
    assert!(!log.exists() || log.metadata().expect("a size").len() == 0);

    works(&data, &["check"]);
    let program = Program::serve(&data, &LOOPBACK, &[]);
    let book = Book::of(&program.address("http"), "bob");
    for name in &written {
        let path = format!("/dav/bob/private/contacts/{name}.vcf");
        assert_eq!(book.send("GET", &path, &[], b"").status, 200, "{name}");
    }
}

/// The status, none where the connection ended before.
fn put(address: &str, name: &str) -> Option<u16> {
    use std::io::{Read as _, Write as _};
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nN:{name};;;;\r\nFN:{name}\r\nEND:VCARD\r\n"
    );
    let (header, value) = basic("bob", "demo");
    let head = format!(
        "PUT /dav/bob/private/contacts/{name}.vcf HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         {header}: {value}\r\nContent-Type: text/vcard\r\nContent-Length: {}\r\n\r\n",
        card.len()
    );
    let mut socket = std::net::TcpStream::connect(address).ok()?;
    socket.write_all(head.as_bytes()).ok()?;
    socket.write_all(card.as_bytes()).ok()?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).ok()?;
    let line = String::from_utf8_lossy(&answer);
    line.split(' ').nth(1)?.parse().ok()
}

#[test]
fn a_data_directory_has_one_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let program = Program::serve(&data, &LOOPBACK, &["--demo"]);
    let told = refused(&data, &["serve", "--listen", "http://127.0.0.1:0"]);
    assert!(told.contains("another `carnet serve` uses"), "{told}");
    works(&data, &["check"]);
    program.stop();
    Program::serve(&data, &LOOPBACK, &[]).stop();
}

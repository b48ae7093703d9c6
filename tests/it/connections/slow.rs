//! Clients that are slow, silent or gone, and those that only wait.

use std::{
    fs,
    io::Write as _,
    net::TcpStream,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use carnet_proto::wbxml::page::contacts;

use super::closes;
use crate::support::{
    eas::{Device, add},
    eventually,
    http::{basic, read_answer, request},
    program::Program,
    server::Server,
};

const MOST: Duration = Duration::from_secs(20);

/// One second for a head, one between requests, two for a body.
fn impatient() -> Server {
    Server::start_with(|config| {
        config.head_seconds = 1;
        config.idle_seconds = 1;
        config.stall_seconds = 2;
    })
}

#[test]
fn a_connection_that_says_nothing_ends() {
    let server = impatient();
    let mut silent = TcpStream::connect(&server.address).expect("connected");
    let took = closes(&mut silent, MOST);
    assert!(took >= Duration::from_millis(900), "{took:?}");
}

#[test]
fn a_head_that_comes_octet_by_octet_ends() {
    let server = impatient();
    let mut slow = TcpStream::connect(&server.address).expect("connected");
    let begin = Instant::now();
    for octet in b"GET / HTTP/1.1\r\nX: ".iter().chain([&b'a'; 200]) {
        if slow.write_all(&[*octet]).is_err() {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    closes(&mut slow, MOST);
    assert!(
        begin.elapsed() < Duration::from_secs(15),
        "{:?}",
        begin.elapsed()
    );
}

/// An impatient program, and where its log is.
fn impatient_program(folder: &Path, listen: &str) -> (Program, PathBuf) {
    let file = folder.join("carnet.toml");
    fs::write(&file, "head_seconds = 1\nstall_seconds = 2\n").expect("written");
    let log = folder.join("log");
    let program = Program::serve_logging(
        &folder.join("data"),
        &[listen],
        &["--demo", "--config", file.to_str().expect("a path")],
        fs::File::create(&log).expect("made"),
    );
    (program, log)
}

#[test]
fn a_handshake_that_does_not_come_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let (program, log) = impatient_program(folder.path(), "https://127.0.0.1:0");
    let mut silent = TcpStream::connect(program.address("https")).expect("connected");
    closes(&mut silent, MOST);
    // The beginning of a ClientHello, and no more.
    let mut begun = TcpStream::connect(program.address("https")).expect("connected");
    begun.write_all(&[22, 3, 1, 2, 0, 1, 0]).expect("sent");
    closes(&mut begun, MOST);
    // Said once a minute, however many there are.
    let log = fs::read_to_string(log).expect("a log");
    let said = "given up before its first request: the TLS handshake took too long";
    assert_eq!(log.matches(said).count(), 1, "{log}");
}

#[test]
fn a_body_that_stalls_or_trickles_ends_and_stores_nothing() {
    let server = impatient();
    let (name, value) = basic("alice", "demo");
    let head = format!(
        "PUT /dav/alice/private/contacts/slow.vcf HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n\
         Content-Type: text/vcard\r\nContent-Length: 10000\r\n\r\n"
    );
    for trickle in [false, true] {
        let mut slow = TcpStream::connect(&server.address).expect("connected");
        slow.write_all(head.as_bytes()).expect("sent");
        slow.write_all(b"BEGIN:VCARD\r\n").expect("sent");
        let begin = Instant::now();
        while trickle && begin.elapsed() < Duration::from_secs(4) {
            let _ = slow.write_all(b"X");
            thread::sleep(Duration::from_millis(200));
        }
        closes(&mut slow, MOST);
        let took = begin.elapsed();
        assert!((1..15).contains(&took.as_secs()), "{took:?}");
    }
    let card = "/dav/alice/private/contacts/slow.vcf";
    let read = request(&server.address, "GET", card, &[basic("alice", "demo")], b"");
    assert_eq!(read.status, 404);
    server.check();
}

/// What came fast earns no patience for what comes after it.
#[test]
fn a_body_that_came_fast_and_trickles_then_ends() {
    let server = impatient();
    let (name, value) = basic("alice", "demo");
    let mut slow = TcpStream::connect(&server.address).expect("connected");
    write!(
        slow,
        "PUT /dav/alice/private/contacts/slow.vcf HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n\
         Content-Type: text/vcard\r\nContent-Length: 6000000\r\n\r\n"
    )
    .expect("sent");
    slow.write_all(&vec![b'X'; 5_000_000]).expect("sent");
    let begin = Instant::now();
    while begin.elapsed() < MOST && slow.write_all(b"X").is_ok() {
        thread::sleep(Duration::from_millis(500));
    }
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    server.check();
}

/// What is given up is said: a first request, a body, an answer nobody takes.
#[test]
fn slow_peers_are_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let (program, log) = impatient_program(folder.path(), "http://127.0.0.1:0");
    let address = program.address("http");
    let said = |words: &str| {
        eventually(words, || {
            fs::read_to_string(&log).expect("a log").contains(words)
        });
    };
    let open = || TcpStream::connect(&address).expect("connected");
    let (name, value) = basic("alice", "demo");
    let card = "/dav/alice/private/contacts/large.vcf";

    let mut silent = open();
    closes(&mut silent, MOST);
    said("given up before its first request");

    let mut body = open();
    write!(
        body,
        "PUT {card} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nContent-Length: 100\r\n\r\nBEGIN"
    )
    .expect("sent");
    closes(&mut body, MOST);
    said("a body comes too slowly");

    // More than sockets hold.
    let book = "/dav/alice/private/contacts/";
    let note = "x".repeat(9_000_000);
    for n in 0..3 {
        let large = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{n}\r\nFN:L\r\nN:L;;;;\r\nNOTE:{note}\r\nEND:VCARD\r\n"
        );
        let path = format!("{book}{n}.vcf");
        let credentials = [basic("alice", "demo")];
        let put = request(&address, "PUT", &path, &credentials, large.as_bytes());
        assert_eq!(put.status, 201);
    }
    let query = "<C:addressbook-query xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns:D='DAV:'>\
                 <D:prop><C:address-data/></D:prop><C:filter/></C:addressbook-query>";
    let mut deaf = open();
    write!(
        deaf,
        "REPORT {book} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nDepth: 1\r\nContent-Length: {}\r\n\r\n{query}",
        query.len()
    )
    .expect("sent");
    said("an answer is not taken");
}

#[test]
fn a_slow_body_that_comes_on_is_taken() {
    let server = impatient();
    let note = "n".repeat(4000);
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:steady\r\nN:Steady;;;;\r\nFN:Steady\r\nNOTE:{note}\r\nEND:VCARD\r\n"
    );
    let (name, value) = basic("alice", "demo");
    let mut steady = TcpStream::connect(&server.address).expect("connected");
    let head = format!(
        "PUT /dav/alice/private/contacts/steady.vcf HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n\
         Content-Type: text/vcard\r\nContent-Length: {}\r\n\r\n",
        card.len()
    );
    steady.write_all(head.as_bytes()).expect("sent");
    // Longer than a head, a pause or a stall may take.
    for part in card.as_bytes().chunks(card.len() / 20 + 1) {
        steady.write_all(part).expect("sent");
        thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(read_answer(&mut steady).status, 201);
}

#[test]
fn an_idle_connection_ends_and_one_that_is_used_goes_on() {
    let server = impatient();
    let mut kept = TcpStream::connect(&server.address).expect("connected");
    for _ in 0..5 {
        kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .expect("sent");
        assert_eq!(read_answer(&mut kept).status, 200);
        thread::sleep(Duration::from_millis(600));
    }
    closes(&mut kept, MOST);
}

#[test]
fn a_ping_is_held_longer_than_any_patience() {
    let server = impatient();
    let mut phone = Device::set_up(&server.address, "alice", "waiter", "16.1");
    phone.prime();
    phone.sync_all(&[], 100);
    let mut writer = Device::set_up(&server.address, "alice", "writer", "16.1");
    writer.prime();
    writer.sync_all(&[], 100);
    let status = thread::scope(|scope| {
        let held = scope.spawn(|| phone.ping(60));
        thread::sleep(Duration::from_secs(9));
        assert!(!held.is_finished(), "the wait ended");
        writer.sync(&[add("1", &[(contacts::LAST_NAME, "Later")])], 100);
        held.join().expect("answered")
    });
    assert_eq!(status, "2");
}

/// Who is gone without a word is noticed: the kernel asks (Linux).
#[test]
fn connections_ask_whether_the_peer_is_still_there() {
    let server = Server::start();
    let mut kept = TcpStream::connect(&server.address).expect("connected");
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("sent");
    assert_eq!(read_answer(&mut kept).status, 200);
    let client = kept.local_addr().expect("an address").port();
    let port: u16 = server
        .address
        .rsplit(':')
        .next()
        .expect("a port")
        .parse()
        .expect("a number");
    let table = fs::read_to_string("/proc/net/tcp").expect("Linux");
    let (own, peer) = (format!(":{port:04X}"), format!(":{client:04X}"));
    let line = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|fields| fields.len() > 5 && fields[1].ends_with(&own) && fields[2].ends_with(&peer))
        .expect("the connection");
    // 02: a timer of keepalive runs.
    assert!(line[5].starts_with("02:"), "{line:?}");
}

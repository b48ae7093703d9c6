//! Bodies too large, answers too long, clients too slow, refusals.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::client::*;
use crate::support::{
    http::{basic, read_answer},
    program::Program,
    server::Server,
};

#[test]
fn a_body_of_100_megabytes_is_cut_early() {
    let server = Server::start();
    let (name, value) = basic("alice", "demo");
    for (length, chunked) in [(Some(100_000_000), false), (None, true)] {
        let mut stream = TcpStream::connect(&server.address).expect("a connection");
        stream
            .set_write_timeout(Some(Duration::from_secs(10)))
            .expect("set");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("set");
        let head = match length {
            Some(length) => format!("Content-Length: {length}"),
            None => "Transfer-Encoding: chunked".to_owned(),
        };
        write!(stream, "PUT {BOOK}huge.vcf HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nConnection: close\r\n{head}\r\n\r\n").expect("sent");
        let part = vec![b'x'; 64 * 1024];
        let mut sent = 0;
        while sent < 100_000_000 {
            let written = if chunked {
                write!(stream, "{:x}\r\n", part.len())
                    .and_then(|()| stream.write_all(&part))
                    .and_then(|()| stream.write_all(b"\r\n"))
            } else {
                stream.write_all(&part)
            };
            if written.is_err() {
                break;
            }
            sent += part.len();
        }
        assert!(sent < 60_000_000, "{sent} octets were taken");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        // A connection that is reset may lose the answer; what arrives says what was wrong.
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 403"),
            "{answer}"
        );
    }
    assert_eq!(
        Client::new(&server, "alice")
            .get(&format!("{BOOK}huge.vcf"))
            .status,
        404
    );
}

#[test]
fn who_sends_more_than_is_taken_reads_why() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let limit = alice
        .props(BOOK, "<C:max-resource-size/>")
        .text(CARDDAV, "max-resource-size");
    let limit: usize = limit.parse().expect("a number");
    let (name, value) = basic("alice", "demo");
    for (credentials, length, status) in [
        (String::new(), 5_000_000, "401"),
        (format!("{name}: {value}\r\n"), limit + 1, "403"),
    ] {
        let mut stream = TcpStream::connect(&server.address).expect("a connection");
        write!(
            stream,
            "PUT {BOOK}large.vcf HTTP/1.1\r\nHost: x\r\n{credentials}Content-Length: {length}\r\n\r\n"
        )
        .expect("sent");
        // All of it is taken, though nobody wants it.
        for part in vec![b'x'; length].chunks(64 * 1024) {
            stream.write_all(part).expect("taken");
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}

/// RFC 9112 §9.3: what is left of a short body is read, and the connection goes on; else its end is
/// said.
#[test]
fn who_is_refused_before_the_body_came_knows_whether_the_connection_goes_on() {
    let server = Server::start();
    let (name, value) = basic("alice", "demo");
    let body = card("late", "Late");
    let head = |credentials: &str, length: usize| {
        format!(
            "PUT {BOOK}late.vcf HTTP/1.1\r\nHost: x\r\n{credentials}Content-Length: {length}\r\n\r\n"
        )
    };
    let mut stream = TcpStream::connect(&server.address).expect("a connection");
    let mut send = |text: &str| stream.write_all(text.as_bytes()).expect("sent");
    send(&head("", body.len()));
    std::thread::sleep(Duration::from_millis(100));
    send(&body);
    let answer = read_answer(&mut stream);
    assert_eq!((answer.status, answer.header("connection")), (401, None));
    let mut send = |text: &str| stream.write_all(text.as_bytes()).expect("sent");
    send(&head(&format!("{name}: {value}\r\n"), body.len()));
    send(&body);
    assert_eq!(read_answer(&mut stream).status, 201);
    // Long, and never sent though awaited.
    for (head, part) in [
        (head("", 1_000_000), 200_000),
        (head("Expect: 100-continue\r\n", 10), 0),
    ] {
        let mut stream = TcpStream::connect(&server.address).expect("a connection");
        stream.write_all(head.as_bytes()).expect("sent");
        stream.write_all(&vec![b'x'; part]).expect("sent");
        let answer = read_answer(&mut stream);
        assert_eq!(
            (answer.status, answer.header("connection")),
            (401, Some("close"))
        );
    }
}

#[test]
fn a_multiget_of_20_000_hrefs_is_answered() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    alice.put(&format!("{BOOK}there.vcf"), &[], card("there", "There"));
    let hrefs: Vec<String> = (0..20_000).map(|n| format!("{BOOK}{n}.vcf")).collect();
    let mut all: Vec<&str> = hrefs.iter().map(String::as_str).collect();
    let there = format!("{BOOK}there.vcf");
    all.push(&there);
    let body = multiget_body("", &all);
    assert!(body.len() < 4 * 1024 * 1024);
    let answer = alice.report(BOOK, &body);
    assert_eq!(answer.status, 207);
    let text = answer.text();
    assert!(text.ends_with("</D:multistatus>"));
    assert_eq!(
        text.matches("<D:status>HTTP/1.1 404 Not Found</D:status></D:response>")
            .count(),
        20_000
    );
    assert_eq!(
        text.matches(&format!("<D:href>{there}</D:href><D:propstat>"))
            .count(),
        1
    );
}

#[test]
fn a_slow_reader_holds_up_nobody_and_no_memory() {
    let server = Server::start();
    let photo = format!("PHOTO;ENCODING=b;TYPE=JPEG:{}", "A".repeat(200_000));
    let cards = (0..100)
        .map(|n| card_with(&format!("big{n}"), "Big", &[&photo]).into_bytes())
        .collect();
    server.fill("alice", cards);
    // In a process of its own, whose memory is the server's alone.
    let data = server.stop();
    let program = Program::serve(data.path(), &["http://127.0.0.1:0"], &[]);
    let address = program.address("http");
    let alice = Client {
        address: address.clone(),
        login: "alice".to_owned(),
        agent: "test/1".to_owned(),
    };
    let (name, value) = basic("alice", "demo");
    let body = query_body("<C:address-data/>", "<C:filter/>", None);
    let readers: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).expect("a connection");
            write!(stream, "REPORT {BOOK} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nDepth: 1\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("sent");
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    // 16 answers of 20 MB each wait; another client is served meanwhile.
    assert!(!alice.token(BOOK).is_empty());
    let memory = program.memory();
    assert!(memory < 240 * 1024 * 1024, "{} MiB", memory >> 20);
    drop(readers);
    // A whole answer still arrives.
    let answer = alice.report(BOOK, &body).text();
    assert!(answer.ends_with("</D:multistatus>"));
    assert_eq!(answer.matches("<D:response>").count(), 114);
}

#[test]
fn a_request_names_so_many_properties_and_no_more() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let names =
        |count: usize| -> String { (0..count).map(|n| format!("<p{n} xmlns='z'/>")).collect() };
    let path = "/dav/alice/private/many/";
    let find = |count| {
        format!(
            "<D:propfind {NS}><D:prop>{}</D:prop></D:propfind>",
            names(count)
        )
    };
    let patch = |count| {
        let set = names(count);
        format!("<D:propertyupdate {NS}><D:set><D:prop>{set}</D:prop></D:set></D:propertyupdate>")
    };
    let make = |count| {
        let book = "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>";
        let set = names(count);
        format!("<D:mkcol {NS}><D:set><D:prop>{book}{set}</D:prop></D:set></D:mkcol>")
    };
    for (method, target, body, status) in [
        ("PROPFIND", BOOK, find(500), 207),
        ("PROPFIND", BOOK, find(501), 400),
        ("PROPPATCH", BOOK, patch(1_000), 207),
        ("PROPPATCH", BOOK, patch(1_001), 400),
        ("MKCOL", path, make(1_000), 400),
        // Read, and more than a book may keep.
        ("MKCOL", path, make(999), 403),
    ] {
        let answer = alice.send(method, target, &[("Depth", "1")], body);
        assert_eq!(answer.status, status, "{method}");
        let told = answer.text().contains("properties in one request");
        assert_eq!(told, status == 400, "{method}: {}", answer.text());
    }
}

#[test]
fn a_listing_is_sent_card_by_card() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let wide: String = (0..500)
        .map(|n| format!("<{}{n} xmlns='z'/>", "p".repeat(1_000)))
        .collect();
    let body = format!("<D:propfind {NS}><D:prop>{wide}</D:prop></D:propfind>");
    let mut stream = TcpStream::connect(&server.address).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("set");
    let (name, value) = basic("alice", "demo");
    write!(stream, "PROPFIND {BOOK} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nDepth: 1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an answer");
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let mut at = head.expect("a head") + 4;
    let mut parts = Vec::new();
    while at < bytes.len() {
        let line = bytes[at..].windows(2).position(|window| window == b"\r\n");
        let line = line.expect("the length of a part");
        let length = std::str::from_utf8(&bytes[at..at + line]).expect("text");
        let length = usize::from_str_radix(length, 16).expect("a number");
        parts.push(length);
        at += line + 2 + length + 2;
    }
    let cards = alice.propfind(BOOK, "1", "<D:getetag/>").responses.len();
    assert!(parts.len() >= cards, "{parts:?}");
    // A card is half a megabyte here.
    assert!(parts.iter().all(|part| *part < 1_200_000), "{parts:?}");
}

#[test]
fn every_refusal_has_a_body_that_says_what_is_wrong() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let mine = format!("{BOOK}mine.vcf");
    alice.put(&mine, &[], card("mine", "Mine"));
    let gone = format!("{BOOK}gone.vcf");
    let nowhere = "/dav/alice/private/nowhere/x.vcf";
    let stale = [("If-Match", "\"stale\"")];
    let range = [("Content-Range", "bytes 0-1/2")];
    let elsewhere = [("Destination", "http://elsewhere.example/x.vcf")];
    for (method, path, headers, status) in [
        ("GET", &*gone, [].as_slice(), 404),
        ("DELETE", &gone, &[], 404),
        ("DELETE", &mine, &stale, 412),
        ("PUT", &mine, &stale, 412),
        ("PUT", &mine, &range, 400),
        ("PUT", nowhere, &[], 409),
        ("GET", nowhere, &[], 404),
        ("PUT", BOOK, &[], 405),
        ("MKCOL", BOOK, &[], 405),
        ("COPY", &mine, &elsewhere, 502),
    ] {
        let answer = alice.send(method, path, headers, card("mine", "Mine"));
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert!(answer.header("content-type").is_some(), "{method} {path}");
        // KIO takes a refusal without a body for a file that does not exist.
        assert!(!answer.body.is_empty(), "{method} {path}");
    }
    let head = alice.send("HEAD", &gone, &[], "");
    assert_eq!((head.status, head.body.len()), (404, 0));
}

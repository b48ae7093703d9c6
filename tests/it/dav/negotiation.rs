//! What a client prefers, and what is not served (RFC 9110 §12, §15.5.6, RFC 7240).

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::client::*;
use crate::support::{http::Answer, server::Server};

fn version(answer: &Answer) -> String {
    let text = answer.text();
    let line = text.lines().find(|line| line.starts_with("VERSION:"));
    line.expect("a version").to_owned()
}

#[test]
fn the_version_a_client_prefers_is_given() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}c.vcf");
    alice.put(&path, &[], card("c", "C"));
    for (accept, expected) in [
        ("text/vcard; version=4.0", "4.0"),
        ("TEXT/VCARD; VERSION=4.0", "4.0"),
        ("text/vcard;version=\"4.0\"", "4.0"),
        ("text/vcard;version=4.0, text/vcard;q=0.5", "4.0"),
        ("text/vcard;version=4.0, */*;q=0.1", "4.0"),
        (
            "text/vcard;version=3.0;q=0.2, text/vcard;version=4.0",
            "4.0",
        ),
        (
            "text/vcard;version=3.0, text/vcard;version=4.0;q=0.5",
            "3.0",
        ),
        ("text/vcard;version=4.0;q=0", "3.0"),
        ("text/vcard;version=4.0;q=0, */*", "3.0"),
        ("application/json;version=4.0, text/vcard", "3.0"),
        ("text/vcard", "3.0"),
        ("*/*", "3.0"),
        ("application/pdf", "3.0"),
    ] {
        let answer = alice.send("GET", &path, &[("Accept", accept)], "");
        assert_eq!(version(&answer), format!("VERSION:{expected}"), "{accept}");
    }
    // What a PUT answers with is chosen as a GET would.
    let prefer = [
        ("Prefer", "return=representation"),
        ("Accept", "text/vcard;version=4.0"),
    ];
    let shown = alice.put(&path, &prefer, card("c", "D"));
    assert_eq!((shown.status, &*version(&shown)), (200, "VERSION:4.0"));
}

#[test]
fn preferences_are_read_however_they_are_written() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let body = format!("<D:propfind {NS}><D:prop><x xmlns='u:'/></D:prop></D:propfind>");
    for (prefer, minimal) in [
        ("return=minimal", true),
        ("return=\"minimal\"", true),
        ("return = minimal", true),
        ("RETURN=minimal", true),
        ("wait=10, return=minimal; foo=bar", true),
        // Only the first of a name counts.
        ("return=representation, return=minimal", false),
        ("foo; return=minimal", false),
    ] {
        let headers = [("Prefer", prefer), ("Depth", "0")];
        let answer = alice.send("PROPFIND", BOOK, &headers, &body);
        assert_eq!(
            !answer.text().contains("404 Not Found"),
            minimal,
            "{prefer}"
        );
    }
    let lines = [
        ("Prefer", "depth-noroot"),
        ("Prefer", "return=minimal"),
        ("Depth", "1"),
    ];
    let answer = alice.send("PROPFIND", BOOK, &lines, &body);
    let multi = Multi::parse(&answer);
    assert!(multi.find(BOOK).is_none() && !multi.raw.contains("404 Not Found"));
}

#[test]
fn codings_are_read_however_they_are_written() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}gzip.vcf");
    let text = card_with("gzip", "Gzip", &[&format!("NOTE:{}", "word ".repeat(1000))]);
    let member = |text: &str| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(text.as_bytes()).expect("compressed");
        gzip.finish().expect("compressed")
    };
    // A body of several members is all of them (RFC 1952 §2.2).
    let (begin, end) = text.split_at(100);
    let two = [member(begin), member(end)].concat();
    for coding in ["GZIP", "x-gzip", "Gzip"] {
        let made = alice.put(&path, &[("Content-Encoding", coding)], &two);
        assert!(
            [201, 204].contains(&made.status),
            "{coding}: {}",
            made.status
        );
    }
    assert_eq!(alice.get(&path).text(), text);
    for body in [text.as_bytes(), &member(&text)[..50]] {
        let refused = alice.put(&path, &[("Content-Encoding", "gzip")], body);
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("not valid gzip"), "{refused:?}");
    }
    let refused = alice.put(&path, &[("Content-Encoding", "br")], "x");
    assert_eq!(
        (refused.status, refused.header("accept-encoding")),
        (415, Some("gzip"))
    );
    for (accept, compressed) in [
        ("GZIP", true),
        ("x-gzip", true),
        ("*", true),
        ("br, *;q=0.5", true),
        ("gzip;q=0.001", true),
        ("gzip;q=0.000", false),
        ("gzip; q=0, *", false),
        ("*;q=0", false),
        ("identity", false),
    ] {
        let answer = alice.send("GET", &path, &[("Accept-Encoding", accept)], "");
        let coding = answer.header("content-encoding");
        assert_eq!(coding == Some("gzip"), compressed, "{accept}");
    }
}

#[test]
fn a_method_that_is_not_allowed_is_answered_with_those_that_are() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}c.vcf");
    alice.put(&path, &[], card("c", "C"));
    let mkcol = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    for (method, path, allowed) in [
        ("MKCOL", BOOK, "DELETE"),
        ("MKCOL", &*path, "PUT"),
        ("MKCOL", "/dav/alice/private/", "PROPFIND"),
        ("POST", "/dav/alice/private/", "MKCOL"),
        ("POST", "/dav/principals/users/alice/", "PROPPATCH"),
        ("PUT", BOOK, "POST"),
        ("LOCK", &*path, "PUT"),
    ] {
        let body = match method {
            "MKCOL" => mkcol.clone(),
            _ => card("d", "D"),
        };
        let answer = alice.send(method, path, &[("Content-Type", "text/vcard")], body);
        assert_eq!(answer.status, 405, "{method} {path}");
        let allow = answer.header("allow").expect("Allow");
        let methods: Vec<&str> = allow.split(", ").collect();
        assert!(methods.contains(&allowed), "{method} {path}: {allow}");
        assert!(!methods.contains(&method), "{method} {path}: {allow}");
    }
}

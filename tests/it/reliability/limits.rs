//! Limits that no other test reaches over the wire; the table of all is in `docs/reliability.md`.

use std::{io::Write as _, net::TcpListener};

use carnet_proto::wbxml::page::air_sync as a;
use flate2::{Compression, write::GzEncoder};

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    eas::Device,
    http::request,
    program::works,
    server::Server,
};

fn propfind(inner: &str) -> String {
    format!("<propfind xmlns=\"DAV:\"><prop>{inner}</prop></propfind>")
}

#[test]
fn xml_is_bounded_in_octets_elements_and_depth() {
    let server = Server::start();
    let book = Book::of(&server.address, "alice");
    let status = |body: &str| {
        let headers = [("Depth", "0"), ("Content-Type", "application/xml")];
        book.send("PROPFIND", &book.path, &headers, body.as_bytes())
            .status
    };
    let nested = |depth: usize| format!("{}{}", "<x>".repeat(depth), "</x>".repeat(depth));
    // propfind and prop are two levels.
    assert_eq!(status(&propfind(&nested(30))), 207);
    assert_eq!(status(&propfind(&nested(31))), 413);
    assert_eq!(status(&propfind(&"<x/>".repeat(60_000))), 413);
    let comment = |length: usize| propfind(&format!("<getetag/><!--{}-->", "x".repeat(length)));
    assert_eq!(status(&comment(1024 * 1024)), 207);
    assert_eq!(status(&comment(4 * 1024 * 1024)), 413);
    // Five entities, and none of a document's own.
    assert_eq!(
        status("<!DOCTYPE x [<!ENTITY a \"b\">]><propfind xmlns=\"DAV:\"><allprop/></propfind>"),
        403
    );
}

#[test]
fn a_form_is_bounded() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let token = hidden(&browser.page("/settings"), "token");
    let long = "x".repeat(1024 * 1024);
    let answer = browser.submit("/tags", &[("token", &token), ("name", &long)]);
    assert_eq!(answer.status, 413);
    let answer = browser.get(&format!("/search?q={}", "x".repeat(20_000)));
    assert!(answer.status < 500, "{}", answer.status);
}

#[test]
fn a_head_is_bounded() {
    let server = Server::start();
    let padded = |length: usize| {
        let padding = ("X-Padding".to_owned(), "x".repeat(length));
        request(&server.address, "GET", "/healthz", &[padding], b"").status
    };
    assert_eq!(padded(8 * 1024), 200);
    assert_eq!(padded(20 * 1024), 431);
}

/// What is compressed counts as large as it really is.
#[test]
fn a_compressed_body_is_bounded_by_what_it_unfolds_to() {
    let server = Server::start();
    let book = Book::of(&server.address, "alice");
    let send = |length: usize| {
        let body = propfind(&format!("<getetag/><!--{}-->", "x".repeat(length)));
        let mut folded = GzEncoder::new(Vec::new(), Compression::best());
        folded.write_all(body.as_bytes()).expect("folded");
        let headers = [
            ("Depth", "0"),
            ("Content-Type", "application/xml"),
            ("Content-Encoding", "gzip"),
        ];
        let folded = folded.finish().expect("folded");
        book.send("PROPFIND", &book.path, &headers, &folded).status
    };
    assert_eq!(send(1024 * 1024), 207);
    assert_eq!(send(200 * 1024 * 1024), 413);
}

#[test]
fn a_message_of_a_device_is_bounded() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "alice", "phone", "14.1");
    let most = 64 * 1024 * 1024;
    // Read whole, and no WBXML (102, [MS-ASCMD] 2.2.2).
    let read = phone.post("Sync", vec![0xFF; most]).expect("an answer");
    assert_eq!(read.text_of(a::STATUS).as_deref(), Some("102"));
    assert_eq!(phone.post_raw("Sync", vec![0xFF; most + 1]).status, 413);
}

#[test]
fn a_picture_is_bounded_in_octets() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let form = browser.page("/c/private/new");
    let fields = [
        ("token".to_owned(), hidden(&form, "token")),
        ("family".to_owned(), "Pictured".to_owned()),
    ];
    let large = vec![0xFF; 100 * 1024 * 1024 + 1];
    let answer = browser.send("/c/private/new", &fields, Some(&large));
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert!(
        Book::of(&server.address, "alice")
            .find("Pictured")
            .is_none()
    );
}

/// Addresses in a card are for people to follow, never for the server.
#[test]
fn nothing_a_card_names_is_ever_asked() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port");
    elsewhere.set_nonblocking(true).expect("set");
    let url = format!("http://{}", elsewhere.local_addr().expect("an address"));
    let server = Server::start();
    let book = Book::of(&server.address, "alice");
    let card = |name: &str| {
        let named = ["PHOTO", "LOGO", "SOUND", "KEY"]
            .map(|property| format!("{property};VALUE=uri:{url}/{property}\r\n"));
        let plain = ["URL", "SOURCE", "FBURL", "CALURI", "CALADRURI", "IMPP"]
            .map(|property| format!("{property}:{url}/{property}\r\n"));
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nN:{name};;;;\r\nFN:{name}\r\n{}{}\
             NOTE:<img src=\"{url}/note\"> {url}/note\r\nEND:VCARD\r\n",
            named.concat(),
            plain.concat()
        )
    };
    let put = book.put("names.vcf", ("If-None-Match", "*"), &card("Reached"));
    assert_eq!(put.status, 201);
    // Read in every way there is.
    let mut phone = Device::set_up(&server.address, "alice", "reader", "16.1");
    phone.sync_all(&[], 100);
    assert!(phone.named("Reached").is_some());
    for accept in ["text/vcard; version=4.0", "text/vcard; version=3.0"] {
        let path = format!("{}names.vcf", book.path);
        let read = book.send("GET", &path, &[("Accept", accept)], b"");
        assert_eq!(read.status, 200);
    }
    let browser = Browser::of(&server.address, "alice");
    let page = browser.card_named("/c/private", "Reached").expect("a page");
    browser.page(&page);
    browser.page(&format!("{page}/edit"));
    let token = hidden(&browser.page("/c/private/import"), "token");
    let other = card("imported");
    let files: [(&str, &[u8]); 1] = [("a.vcf", other.as_bytes())];
    let answer = browser.upload("/c/private/import", &[("token", &token)], &files);
    browser.page(answer.header("location").expect("a page"));
    let data = server.data.path();
    for format in ["vcard", "csv", "pdf"] {
        let file = data.join(format);
        let file = file.to_str().expect("a path");
        works(
            data,
            &["export", "--from", "alice", "--format", format, file],
        );
    }
    let asked = elsewhere.accept();
    assert!(asked.is_err(), "somebody was asked: {asked:?}");
}

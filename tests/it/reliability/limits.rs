//! Limits that no other test reaches over the wire; the table of all is in `docs/reliability.md`.

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
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

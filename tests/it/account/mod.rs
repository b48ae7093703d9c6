//! A person's own account: its passwords and its pages.

mod address;
mod app_passwords;
mod languages;
mod pages;
mod second_factor;

use crate::support::{
    browser::{Browser, hidden},
    http::{Answer, basic, request},
};

const PRIVATE: &str = "/dav/alice/private/contacts/";
const TEAM: &str = "/dav/groups/Team/Team/";

/// A form of a page, with its token.
fn submit(browser: &Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
    let token = hidden(&browser.page(page), "token");
    let mut all = vec![("token", token.as_str())];
    all.extend(fields);
    browser.submit(action, &all)
}

/// A CardDAV request of alice; reads go one level down.
fn dav(address: &str, password: &str, method: &str, path: &str, body: &str) -> Answer {
    let mut headers = vec![
        basic("alice", password),
        ("Content-Type".to_owned(), "text/vcard".to_owned()),
        ("User-Agent".to_owned(), "Tester/1".to_owned()),
    ];
    if method == "PROPFIND" {
        headers.push(("Depth".to_owned(), "1".to_owned()));
    }
    request(address, method, path, &headers, body.as_bytes())
}

/// Whether CardDAV knows a password of alice.
fn opens_dav(address: &str, password: &str) -> bool {
    match dav(address, password, "PROPFIND", "/dav/", "").status {
        207 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

/// Whether a device of alice gets in with a password.
fn opens_eas(address: &str, password: &str) -> bool {
    let target = "/Microsoft-Server-ActiveSync";
    let answer = request(address, "OPTIONS", target, &[basic("alice", password)], b"");
    match answer.status {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

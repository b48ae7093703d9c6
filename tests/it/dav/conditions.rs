//! Conditions on every method that writes or reads (RFC 9110 §13, RFC 4918 §10.4).

use super::client::*;
use crate::support::server::Server;

fn book(alice: &Client, name: &str) -> String {
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    let path = format!("/dav/alice/private/{name}/");
    assert_eq!(alice.send("MKCOL", &path, &[], body).status, 201);
    path
}

const STALE: [(&str, &str); 4] = [
    ("If-Match", "\"stale\""),
    ("If", "(<urn:bogus>)"),
    ("If", "([\"stale\"])"),
    ("If-None-Match", "*"),
];

#[test]
fn a_book_goes_and_moves_only_in_the_state_that_was_meant() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let club = book(&alice, "club");
    let to = ("Destination", "/dav/alice/private/c2/");
    for stale in STALE {
        for method in ["DELETE", "MOVE"] {
            let answer = alice.send(method, &club, &[stale, to], "");
            assert_eq!(answer.status, 412, "{method} {stale:?}");
        }
        let patch = format!(
            "<D:propertyupdate {NS}><D:set><D:prop><D:displayname>X</D:displayname></D:prop></D:set></D:propertyupdate>"
        );
        let answer = alice.send("PROPPATCH", &club, &[stale], patch);
        assert_eq!(answer.status, 412, "PROPPATCH {stale:?}");
        let posted = alice.send("POST", &club, &[stale], card("posted", "P"));
        assert_eq!(posted.status, 412, "POST {stale:?}");
    }
    assert_eq!(
        alice
            .props(&club, "<D:displayname/>")
            .text(DAV, "displayname"),
        "club"
    );
    let etag = alice.etag(&club);
    alice.put(&format!("{club}n.vcf"), &[], card("n", "N"));
    let answer = alice.send("DELETE", &club, &[("If-Match", &etag)], "");
    assert_eq!(answer.status, 412, "it has a card more");
    let token = format!("(<{}>)", alice.token(&club));
    assert_eq!(
        alice.send("MOVE", &club, &[("If", &token), to], "").status,
        201
    );
    let etag = alice.etag(to.1);
    let headers = [("If-Match", &*etag), ("Depth", "infinity")];
    assert_eq!(alice.send("DELETE", to.1, &headers, "").status, 204);
    assert_eq!(alice.get(to.1).status, 404);
}

#[test]
fn a_book_goes_and_moves_with_all_that_is_in_it_whatever_depth_is_named() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for depth in ["0", "1", "infinity"] {
        let club = book(&alice, "club");
        alice.put(&format!("{club}n.vcf"), &[], card("n", "N"));
        let to = format!("/dav/alice/private/{depth}/");
        let headers = [("Depth", depth), ("Destination", &*to)];
        let moved = alice.send("MOVE", &club, &headers, "");
        assert_eq!(moved.status, 201, "{depth}");
        assert_eq!(alice.get(&format!("{to}n.vcf")).status, 200);
        let gone = alice.send("DELETE", &to, &[("Depth", depth)], "");
        assert_eq!(gone.status, 204, "{depth}");
        assert_eq!(alice.get(&format!("{to}n.vcf")).status, 404);
    }
}

#[test]
fn a_book_is_made_and_a_card_described_only_under_their_conditions() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    let path = "/dav/alice/private/new/";
    for stale in [("If", "(<urn:bogus>)"), ("If-Match", "*")] {
        let answer = alice.send("MKCOL", path, &[stale], &body);
        assert_eq!(answer.status, 412, "{stale:?}");
    }
    let absent = [("If-None-Match", "*"), ("If", "(Not <urn:bogus>)")];
    assert_eq!(alice.send("MKCOL", path, &absent, &body).status, 201);

    let path = format!("{BOOK}c.vcf");
    alice.put(&path, &[], card("c", "C"));
    let etag = alice.etag(&path);
    let patch = format!(
        "<D:propertyupdate {NS}><D:set><D:prop><k xmlns='u:'>v</k></D:prop></D:set></D:propertyupdate>"
    );
    for stale in STALE {
        let answer = alice.send("PROPPATCH", &path, &[stale], &patch);
        assert_eq!(answer.status, 412, "{stale:?}");
    }
    assert!(
        alice
            .props(&path, "<k xmlns='u:'/>")
            .prop("u:", "k")
            .is_none()
    );
    let answer = alice.send("PROPPATCH", &path, &[("If-Match", &etag)], &patch);
    assert_eq!(answer.status, 207);
}

#[test]
fn all_the_conditions_of_a_request_count() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}c.vcf");
    alice.put(&path, &[], card("c", "C"));
    let etag = alice.etag(&path);
    let current = format!("([{etag}])");
    for (headers, status) in [
        (vec![("If-Match", "\"no\""), ("If", &*current)], 412),
        (vec![("If-Match", &*etag), ("If", "([\"no\"])")], 412),
        (vec![("If-Match", "*"), ("If-None-Match", &*etag)], 412),
        (vec![("If-Match", &*etag), ("If-None-Match", "*")], 412),
        (vec![("If-Match", &*etag), ("If", &*current)], 204),
        (vec![("If-Match", "*"), ("If-None-Match", "\"no\"")], 204),
        // Members of a list may come on several lines (RFC 9110 §5.3).
        (vec![("If-Match", "\"no\""), ("If-Match", &*etag)], 204),
        (
            vec![("If-None-Match", "\"no\""), ("If-None-Match", &*etag)],
            412,
        ),
    ] {
        let answer = alice.put(&path, &headers, card("c", "C"));
        assert_eq!(answer.status, status, "{headers:?}");
    }
}

#[test]
fn dates_are_read_in_all_three_forms() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}c.vcf");
    alice.put(&path, &[], card("c", "C"));
    for (past, future) in [
        (
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Fri, 06 Nov 2065 08:49:37 GMT",
        ),
        (
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Friday, 06-Nov-65 08:49:37 GMT",
        ),
        ("Sun Nov  6 08:49:37 1994", "Fri Nov  6 08:49:37 2065"),
    ] {
        let on = |method: &str, header: &str, date: &str| {
            let body = match method {
                "PUT" => card("c", "C"),
                _ => String::new(),
            };
            alice.send(method, &path, &[(header, date)], body).status
        };
        assert_eq!(on("PUT", "If-Unmodified-Since", past), 412, "{past}");
        assert_eq!(on("PUT", "If-Unmodified-Since", future), 204, "{future}");
        assert_eq!(on("GET", "If-Unmodified-Since", past), 412, "{past}");
        assert_eq!(on("GET", "If-Unmodified-Since", future), 200, "{future}");
        assert_eq!(on("GET", "If-Modified-Since", past), 200, "{past}");
        assert_eq!(on("GET", "If-Modified-Since", future), 304, "{future}");
    }
    // What is no date counts as none (RFC 9110 §13.1.4).
    let odd = [("If-Unmodified-Since", "06.11.1994")];
    assert_eq!(alice.put(&path, &odd, card("c", "C")).status, 204);
}

#[test]
fn reading_has_conditions_too() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}c.vcf");
    alice.put(&path, &[], card("c", "C"));
    for path in [&*path, BOOK] {
        let etag = alice.etag(path);
        for method in ["GET", "HEAD"] {
            let on = |headers: &[(&str, &str)]| {
                let answer = alice.send(method, path, headers, "");
                (answer.status, answer.header("etag").map(str::to_owned))
            };
            let with = |status: u16| (status, Some(etag.clone()));
            assert_eq!(on(&[]), with(200), "{method} {path}");
            assert_eq!(on(&[("If-Match", &etag)]), with(200));
            assert_eq!(on(&[("If-None-Match", &etag)]), with(304));
            assert_eq!(on(&[("If-None-Match", "\"no\"")]), with(200));
            assert_eq!(on(&[("If-Match", "\"no\"")]), (412, None));
            let both = [("If-Match", "\"no\""), ("If-None-Match", &*etag)];
            assert_eq!(on(&both), (412, None));
        }
    }
}

#[test]
fn a_write_refused_to_one_client_outdates_no_other_however_it_names_its_version() {
    let server = Server::start();
    let (alice, bob) = (Client::new(&server, "alice"), Client::new(&server, "bob"));
    for name in ["Kaspar", "Melchior", "Balthasar"] {
        let path = format!("{TEAM}{name}.vcf");
        alice.put(&path, &[], card(name, name));
        let seen = bob.etag(&path);
        assert_eq!(bob.put(&path, &[], card(name, "Refused")).status, 403);
        assert_ne!(bob.etag(&path), seen);
        server.grant_modify("alice", name, "Team", "bob");
        let (is_seen, is_not) = (format!("([{seen}])"), format!("(Not [{seen}])"));
        let headers = match name {
            "Kaspar" => vec![("If", &*is_seen)],
            "Melchior" => vec![("If-Match", &*seen), ("If", "(Not <urn:bogus>)")],
            // As another tag it is none to read by.
            _ => vec![("If-None-Match", &*seen), ("If", &*is_not)],
        };
        let edit = bob.put(&path, &headers, card(name, &format!("{name} B")));
        assert_eq!(edit.status, 204, "{headers:?}");
        // A version that somebody wrote over is another one.
        let late = bob.put(&path, &[("If", &*is_seen)], card(name, "Late"));
        assert_eq!(late.status, 412);
    }
    server.check();
}

#[test]
fn two_programs_that_make_one_card_at_once_are_both_heard() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for round in 0..12 {
        let uid = format!("once{round}");
        let path = format!("{BOOK}{uid}.vcf");
        let put = |headers: &'static [(&str, &str)]| {
            let (alice, path, uid) = (alice.clone(), path.clone(), uid.clone());
            std::thread::spawn(move || alice.put(&path, headers, card(&uid, "Once")).status)
        };
        let headers: &[(&str, &str)] = match round % 2 {
            0 => &[],
            _ => &[("If-None-Match", "*")],
        };
        let mut both = [put(headers), put(headers)].map(|put| put.join().expect("an answer"));
        both.sort_unstable();
        assert_eq!(both, [[201, 204], [201, 412]][round % 2], "{round}");
    }
}

#[test]
fn a_condition_beyond_ascii_is_a_condition() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}tag.vcf");
    alice.put(&path, &[], card("tag", "Tag"));
    let other = format!("<{BOOK}\u{e9}.vcf> ([\"bad\"])");
    for condition in [("If-Match", "\"\u{e9}\""), ("If", &other)] {
        assert_eq!(
            alice.put(&path, &[condition], card("tag", "Other")).status,
            412
        );
        assert_eq!(alice.send("DELETE", &path, &[condition], "").status, 412);
    }
    // Several lines are one list of alternatives.
    let lines = [("If", "([\"bad\"])"), ("If", "(Not <urn:x>)")];
    assert_eq!(alice.put(&path, &lines, card("tag", "Other")).status, 204);
    let bad = [("If", "([\"bad\"])"), ("If", "([\"worse\"])")];
    assert_eq!(alice.put(&path, &bad, card("tag", "Third")).status, 412);
    // No version is named, so none is another than the present one.
    for nothing in ["", " ", ","] {
        let nothing = [("If-Match", nothing)];
        let answer = alice.put(&path, &nothing, card("tag", "Third"));
        assert_eq!(answer.status, 204);
    }
    let bracketed = format!("<http://{}{BOOK}bracketed.vcf>", server.address);
    let bracketed = [("Destination", &*bracketed)];
    assert_eq!(alice.send("MOVE", &path, &bracketed, "").status, 201);
    let path = format!("{BOOK}bracketed.vcf");
    let named = [("Destination", "/dav/alice/private/contacts/\u{e9}.vcf")];
    assert_eq!(alice.send("MOVE", &path, &named, "").status, 201);
    assert_eq!(alice.get(&format!("{BOOK}%C3%A9.vcf")).status, 200);
}

#[test]
fn versions_are_listed_without_asking_for_them_and_as_they_are_sent_back() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}listed.vcf");
    alice.put(&path, &[], card("listed", "Listed"));
    let listed = alice.multi("PROPFIND", BOOK, "1", "");
    let found = listed.responses.iter().find(|found| found.href == path);
    let etag = alice.etag(&path);
    assert_eq!(found.expect("the card").text(DAV, "getetag"), etag);
    // Programs that take it out of the text send it back as it stands there.
    let told = format!("<D:getetag>{etag}</D:getetag>");
    assert!(listed.raw.contains(&told), "{}", listed.raw);
    // A quote in a namespace stays within its attribute.
    let set = format!(
        "<D:propertyupdate {NS}><D:set><D:prop><x xmlns='u\"v'><D:href>/dav/alice/</D:href></x></D:prop></D:set></D:propertyupdate>"
    );
    assert_eq!(alice.send("PROPPATCH", &path, &[], set).status, 207);
    let expand = format!(
        "<D:expand-property {NS}><D:property name='x' namespace='u\"v'><D:property name='displayname' namespace='DAV:'/></D:property></D:expand-property>"
    );
    let got = Multi::parse(&alice.send("REPORT", &path, &[], expand));
    assert!(got.get(&path).prop("u\"v", "x").is_some(), "{}", got.raw);
}

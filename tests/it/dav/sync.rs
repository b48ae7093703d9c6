//! sync-collection (RFC 6578), rows 59 to 66.

use std::collections::BTreeSet;

use carnet_proto::wbxml::page::contacts as c;

use super::client::*;
use crate::support::{
    eas::{Device, add},
    server::Server,
};

fn path(name: &str) -> String {
    format!("{BOOK}{name}.vcf")
}

#[test]
fn every_kind_of_change_is_told_once() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let first = alice.sync(BOOK, "", None);
    assert_eq!(first.responses.len(), 14);
    assert!(first.changes().1.is_empty());
    assert!(first.raw.ends_with(&format!(
        "<D:sync-token>{}</D:sync-token></D:multistatus>",
        first.token()
    )));
    let idle = alice.sync(BOOK, first.token(), None);
    assert!(idle.responses.is_empty());
    assert_eq!(idle.token(), first.token());
    let step = |token: &str, there: &[&str], gone: &[&str]| {
        let next = alice.sync(BOOK, token, None);
        let there: Vec<String> = there.iter().map(|name| path(name)).collect();
        let gone: Vec<String> = gone.iter().map(|name| path(name)).collect();
        let (found, lost) = next.changes();
        assert_eq!(
            (found, lost),
            (
                there.iter().map(String::as_str).collect(),
                gone.iter().map(String::as_str).collect()
            )
        );
        next.token().to_owned()
    };
    let mut token = first.token().to_owned();
    alice.put(&path("a"), &[], card("a", "A"));
    token = step(&token, &["a"], &[]);
    alice.put(&path("a"), &[], card("a", "A2"));
    alice.put(&path("a"), &[], card("a", "A3"));
    token = step(&token, &["a"], &[]);
    alice.delete(&path("a"));
    token = step(&token, &[], &["a"]);
    // Put and gone since: nothing, or a harmless 404.
    alice.put(&path("b"), &[], card("b", "B"));
    alice.delete(&path("b"));
    let next = alice.sync(BOOK, &token, None);
    assert!(next.changes().0.is_empty() && next.changes().1.iter().all(|href| *href == path("b")));
    token = next.token().to_owned();
    // Gone and put again: there.
    alice.put(&path("c"), &[], card("c", "C"));
    token = step(&token, &["c"], &[]);
    alice.delete(&path("c"));
    alice.put(&path("c"), &[], card("c", "C2"));
    token = step(&token, &["c"], &[]);
    alice.send("MOVE", &path("c"), &[("Destination", &path("d"))], "");
    token = step(&token, &["d"], &["c"]);
    // An initial sync lists nothing that is gone.
    assert!(alice.sync(BOOK, "", None).changes().1.is_empty());
    assert_eq!(token, alice.token(BOOK));
}

/// Pages until the end; every href in the order it came, gone ones with a minus sign.
fn paged(
    client: &Client,
    mut token: String,
    limit: usize,
    mut between: impl FnMut(usize),
) -> (Vec<String>, String) {
    let mut seen = Vec::new();
    for page in 0..200 {
        let multi = client.sync(BOOK, &token, Some(limit));
        let truncated = multi.find(BOOK).is_some();
        if truncated {
            let marker = multi.get(BOOK);
            assert_eq!(
                marker.status.as_deref(),
                Some("HTTP/1.1 507 Insufficient Storage")
            );
            assert_eq!(marker.errors, ["number-of-matches-within-limits"]);
        }
        let (there, gone) = multi.changes();
        assert!(there.len() + gone.len() <= limit);
        seen.extend(there.iter().map(|href| (*href).to_owned()));
        seen.extend(gone.iter().map(|href| format!("-{href}")));
        token = multi.token().to_owned();
        if !truncated {
            return (seen, token);
        }
        between(page);
    }
    panic!("no end");
}

#[test]
fn pages_visit_every_change_exactly_once() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let start = alice.token(BOOK);
    for n in 0..23 {
        alice.put(&path(&format!("p{n}")), &[], card(&format!("p{n}"), "P"));
    }
    for n in 0..5 {
        alice.delete(&path(&format!("p{n}")));
    }
    for limit in [1, 2, 5, 7, 100] {
        let (seen, token) = paged(&alice, start.clone(), limit, |_| {});
        let there: BTreeSet<&String> = seen.iter().filter(|href| !href.starts_with('-')).collect();
        assert_eq!(seen.len(), 23, "limit {limit}: {seen:?}");
        assert_eq!(there.len(), 18);
        assert_eq!(token, alice.token(BOOK));
    }
    // With writes between the pages the client still ends where the book is.
    let (seen, token) = paged(&alice, start, 4, |page| {
        if page < 6 {
            alice.put(
                &path(&format!("p{}", 10 + page)),
                &[],
                card(&format!("p{}", 10 + page), &format!("moved {page}")),
            );
            alice.put(
                &path(&format!("q{page}")),
                &[],
                card(&format!("q{page}"), "Q"),
            );
        }
    });
    for page in 0..6 {
        assert!(seen.contains(&path(&format!("q{page}"))), "{page}");
    }
    assert_eq!(token, alice.token(BOOK));
}

#[test]
fn an_initial_sync_is_paged_while_the_book_moves() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let mut held: BTreeSet<String> = BTreeSet::new();
    let (seen, token) = paged(&alice, String::new(), 3, |page| {
        if page < 5 {
            alice.put(
                &path(&format!("n{page}")),
                &[],
                card(&format!("n{page}"), "N"),
            );
            if page > 2 {
                alice.delete(&path(&format!("n{}", page - 3)));
            }
        }
    });
    for href in seen {
        match href.strip_prefix('-') {
            Some(gone) => {
                held.remove(gone);
            }
            None => {
                held.insert(href);
            }
        }
    }
    let listed = alice.propfind(BOOK, "1", "<D:getetag/>");
    let live: BTreeSet<String> = listed.hrefs()[1..]
        .iter()
        .map(|href| (*href).to_owned())
        .collect();
    assert_eq!(held, live);
    assert_eq!(token, alice.token(BOOK));
    let zero = alice.report(BOOK, &sync_body("", Some(0)));
    assert_eq!(
        (zero.status, preconditions(&zero)),
        (507, vec!["number-of-matches-within-limits".to_owned()])
    );
}

#[test]
fn a_token_of_elsewhere_is_refused_as_each_client_understands() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let token = alice.token(BOOK);
    assert!(token.contains(':'), "{token}");
    let (base, seq) = token.rsplit_once(':').expect("a number");
    let seq: u64 = seq.parse().expect("a number");
    let future = format!("{base}:{}", seq + 1);
    let epoch = token.replacen(
        &token.split(':').nth(4).expect("an epoch").to_owned(),
        "0000",
        1,
    );
    let other = alice.token(TEAM);
    let bird = Client::with_agent(
        &server,
        "alice",
        "Mozilla/5.0 (X11) Gecko/20100101 Thunderbird/115.6",
    );
    for bad in [
        "nonsense",
        "urn:carnet:sync:x",
        "http://example.org/1",
        &future,
        &epoch,
        &other,
        &format!("{base}:-1"),
        &format!("{token}:1"),
    ] {
        let answer = alice.report(BOOK, &sync_body(bad, None));
        assert_eq!(
            (answer.status, preconditions(&answer)),
            (403, vec!["valid-sync-token".to_owned()]),
            "{bad}"
        );
        let answer = bird.report(BOOK, &sync_body(bad, None));
        assert_eq!(
            (answer.status, preconditions(&answer)),
            (400, vec!["valid-sync-token".to_owned()]),
            "{bad}"
        );
    }
    let body = sync_body("", None).replace("<D:sync-token></D:sync-token>", "");
    assert_eq!(alice.report(BOOK, &body).status, 400);
    let body = sync_body(&token, None).replace(">1</D:sync-level>", ">infinite</D:sync-level>");
    assert_eq!(alice.report(BOOK, &body).status, 207);
    let home = alice.token("/dav/alice/private/");
    let body = sync_body(&home, None).replace(">1</D:sync-level>", ">infinite</D:sync-level>");
    let answer = alice.report("/dav/alice/private/", &body);
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (403, vec!["sync-traversal-supported".to_owned()])
    );
    // Old drafts have no level: Depth stands for it.
    let body = sync_body(&home, None).replace("<D:sync-level>1</D:sync-level>", "");
    assert_eq!(alice.report("/dav/alice/private/", &body).status, 207);
    assert_eq!(
        alice
            .send(
                "REPORT",
                "/dav/alice/private/",
                &[("Depth", "infinity")],
                body
            )
            .status,
        403
    );
    let body = sync_body(&token, None).replace(">1</D:sync-level>", ">seven</D:sync-level>");
    assert_eq!(alice.report(BOOK, &body).status, 400);
}

#[test]
fn the_ctag_is_the_token_and_moves_with_every_change() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let both = |path: &str| {
        let found = alice.props(path, "<D:sync-token/><CS:getctag/>");
        let token = found.text(DAV, "sync-token");
        assert_eq!(token, found.text(CALENDARSERVER, "getctag"));
        token
    };
    let mut last = both(BOOK);
    let group = card("g", "G").replace(
        "N:G;;;;\r\n",
        "N:G;;;;\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n",
    );
    for (method, name, body) in [
        ("PUT", "a", card("a", "A")),
        ("PUT", "a", card("a", "B")),
        ("PUT", "g", group.clone()),
        (
            "PUT",
            "g",
            group.replace("END:", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a\r\nEND:"),
        ),
        ("DELETE", "a", String::new()),
    ] {
        assert!(alice.send(method, &path(name), &[], body).status < 300);
        let now = both(BOOK);
        assert_ne!(now, last, "{method} {name}");
        last = now;
    }
    // Whoever writes: a phone, an import.
    let mut phone = Device::set_up(&server.address, "alice", "appl63", "16.1");
    let told = phone.sync_all(&[add("new", &[(c::LAST_NAME, "Phone")])], 100);
    assert!(!told.is_empty());
    let now = both(BOOK);
    assert_ne!(now, last);
    last = now;
    server.fill("alice", vec![card("i", "I").into_bytes()]);
    let now = both(BOOK);
    assert_ne!(now, last);
    last = now;
    alice.get(&path("g"));
    alice.propfind(BOOK, "1", "<D:getetag/>");
    alice.sync(BOOK, "", None);
    // The same content again is no change.
    alice.put(
        &path("g"),
        &[],
        group.replace("END:", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a\r\nEND:"),
    );
    assert_eq!(both(BOOK), last);
}

#[test]
fn a_token_survives_a_restart_and_not_an_older_backup() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let backup = server.data.path().join("backup.db");
    server.runtime.block_on(async {
        server.store().backup(&backup).await.expect("a backup");
    });
    alice.put(&path("r"), &[], card("r", "R"));
    let token = alice.token(BOOK);
    let copy = tempfile::tempdir().expect("a folder");
    std::fs::copy(&backup, copy.path().join("backup.db")).expect("a copy");
    let data = server.stop();
    let server = Server::start_in(data);
    let alice = Client::new(&server, "alice");
    assert_eq!(alice.token(BOOK), token);
    assert!(alice.sync(BOOK, &token, None).responses.is_empty());
    let data = server.stop();
    carnet::store::sqlite::restore(&copy.path().join("backup.db"), data.path()).expect("restored");
    let server = Server::start_in(data);
    let alice = Client::new(&server, "alice");
    let answer = alice.report(BOOK, &sync_body(&token, None));
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (403, vec!["valid-sync-token".to_owned()])
    );
    assert_eq!(alice.get(&path("r")).status, 404);
}

#[test]
fn a_home_tells_of_new_and_lost_books() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let home = "/dav/alice/private/";
    let sync = |token: &str| {
        let body =
            sync_body(token, None).replace("<D:getetag/>", "<D:displayname/><D:resourcetype/>");
        Multi::parse(&alice.report(home, &body))
    };
    let first = sync("");
    assert_eq!(first.changes().0.len(), 2);
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    alice.send("MKCOL", "/dav/alice/private/club/", &[], body);
    let second = sync(first.token());
    assert_eq!(second.changes(), (vec!["/dav/alice/private/club/"], vec![]));
    alice.proppatch(
        "/dav/alice/private/club/",
        "<D:set><D:prop><D:displayname>The Club</D:displayname></D:prop></D:set>",
    );
    let third = sync(second.token());
    assert_eq!(
        third
            .get("/dav/alice/private/club/")
            .text(DAV, "displayname"),
        "The Club"
    );
    alice.send(
        "MOVE",
        "/dav/alice/private/club/",
        &[("Destination", "/dav/alice/private/c2/")],
        "",
    );
    let fourth = sync(third.token());
    assert_eq!(
        fourth.changes(),
        (
            vec!["/dav/alice/private/c2/"],
            vec!["/dav/alice/private/club/"]
        )
    );
    alice.delete("/dav/alice/private/c2/");
    let fifth = sync(fourth.token());
    assert_eq!(fifth.changes(), (vec![], vec!["/dav/alice/private/c2/"]));
    assert!(sync(fifth.token()).responses.is_empty());
}

/// Some programs take the first.
#[test]
fn a_home_is_told_in_the_order_in_which_it_is_listed() {
    let server = Server::start();
    for agent in ["Test/1", "DAVx5/4.4"] {
        let bob = Client::with_agent(&server, "bob", agent);
        let home = "/dav/bob/private/";
        let told = Multi::parse(&bob.report(home, &sync_body("", None)));
        let listed = bob.propfind(home, "1", "<D:getetag/>");
        assert_eq!(told.hrefs(), listed.hrefs()[1..], "{agent}");
        assert_eq!(told.hrefs()[0], "/dav/bob/private/contacts/");
        let later = Multi::parse(&bob.report(home, &sync_body(told.token(), None)));
        assert!(later.responses.is_empty(), "{agent}");
    }
}

#[test]
fn a_home_is_told_whole_or_not_at_all() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let home = "/dav/alice/private/";
    let ask = |limit: usize| alice.report(home, &sync_body("", Some(limit)));
    let refused = ask(1);
    assert_eq!(
        (refused.status, preconditions(&refused)),
        (507, vec!["number-of-matches-within-limits".to_owned()])
    );
    let whole = Multi::parse(&ask(2));
    assert_eq!(whole.changes().0.len(), 2);
    // Nothing fits in any limit.
    let body = sync_body(whole.token(), Some(1));
    assert!(
        Multi::parse(&alice.report(home, &body))
            .responses
            .is_empty()
    );
}

#[test]
fn the_cost_of_a_change_does_not_grow_with_the_book() {
    let steps = |cards: usize| {
        let server = Server::start();
        let alice = Client::new(&server, "alice");
        let documents = (0..cards)
            .map(|n| card(&format!("bulk{n}"), &format!("Bulk {n}")).into_bytes())
            .collect();
        server.fill("alice", documents);
        alice.put(&path("one"), &[], card("one", "One"));
        let token = alice.token(BOOK);
        alice.put(&path("one"), &[], card("one", "Two"));
        server.work().reset();
        let delta = alice.sync(BOOK, &token, None);
        assert_eq!(delta.responses.len(), 1);
        let one = server.work().steps();
        server.work().reset();
        assert!(alice.sync(BOOK, delta.token(), None).responses.is_empty());
        (one, server.work().steps())
    };
    assert_eq!(steps(100), steps(3000));
}

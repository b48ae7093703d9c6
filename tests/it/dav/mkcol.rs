//! Extended MKCOL (RFC 5689, RFC 6352 §6.3.1), rows 20 to 22.

use super::client::*;
use crate::support::{http::Answer, server::Server};

fn mkcol(client: &Client, path: &str, types: &str, props: &str) -> Answer {
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype>{types}</D:resourcetype>{props}</D:prop></D:set></D:mkcol>"
    );
    client.send("MKCOL", path, &[("Content-Type", "application/xml")], body)
}

const BOOK_TYPE: &str = "<D:collection/><C:addressbook/>";

#[test]
fn a_book_is_made_whole_or_not_at_all() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let home = "/dav/alice/private/";
    let before = alice.token(home);
    let props = "<D:displayname>Club &amp; Co</D:displayname><C:addressbook-description>Friends</C:addressbook-description><x xmlns='u:'>1</x>";
    let made = mkcol(&alice, "/dav/alice/private/club/", BOOK_TYPE, props);
    assert_eq!((made.status, made.body.len()), (201, 0), "{}", made.text());
    let club = "/dav/alice/private/club/";
    let found = alice.props(
        club,
        "<D:displayname/><C:addressbook-description/><D:resourcetype/><x xmlns='u:'/>",
    );
    assert_eq!(found.text(DAV, "displayname"), "Club & Co");
    assert_eq!(found.text(CARDDAV, "addressbook-description"), "Friends");
    assert_eq!(found.text("u:", "x"), "1");
    let listed = alice.propfind(home, "1", "<D:resourcetype/>");
    assert_eq!(listed.hrefs()[1..3], [BOOK, club]);
    assert_ne!(alice.token(home), before);
    assert_eq!(mkcol(&alice, club, BOOK_TYPE, "").status, 405);
    assert_eq!(mkcol(&alice, BOOK, BOOK_TYPE, "").status, 405);
    let inside = mkcol(&alice, &format!("{BOOK}inner/"), BOOK_TYPE, "");
    assert_eq!(inside.status, 403);
    assert_eq!(
        preconditions(&inside),
        ["addressbook-collection-location-ok"]
    );
    assert_eq!(
        mkcol(&alice, "/dav/alice/private/none/inner/", BOOK_TYPE, "").status,
        409
    );
    let beside = mkcol(&alice, "/dav/alice/books/", BOOK_TYPE, "");
    assert_eq!(
        (beside.status, preconditions(&beside)),
        (403, vec!["addressbook-collection-location-ok".to_owned()])
    );
    let group = mkcol(&alice, "/dav/groups/Team/more/", BOOK_TYPE, "");
    assert_eq!(
        (group.status, preconditions(&group)),
        (403, vec!["need-privileges".to_owned()])
    );
    assert!(
        group
            .text()
            .contains("<D:href>/dav/groups/Team/</D:href><D:privilege><D:bind/>"),
        "{}",
        group.text()
    );

    let long = format!("<D:displayname>{}</D:displayname>", "N".repeat(70_000));
    let refused = mkcol(&alice, "/dav/alice/private/never/", BOOK_TYPE, &long);
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("507"), "{}", refused.text());
    let refused = mkcol(
        &alice,
        "/dav/alice/private/never/",
        BOOK_TYPE,
        "<D:displayname>N</D:displayname><D:getetag>x</D:getetag>",
    );
    assert_eq!(refused.status, 403);
    let text = refused.text();
    assert!(text.contains("<D:mkcol-response"), "{text}");
    assert!(
        text.contains("<D:getetag/></D:prop><D:status>HTTP/1.1 403 Forbidden</D:status>"),
        "{text}"
    );
    assert!(text.contains("HTTP/1.1 424 Failed Dependency"), "{text}");
    assert_eq!(
        alice
            .send("PROPFIND", "/dav/alice/private/never/", &[], "")
            .status,
        404
    );
    assert_eq!(
        mkcol(&alice, "/dav/bob/private/x/", BOOK_TYPE, "").status,
        404
    );
}

#[test]
fn the_final_slash_may_be_missing() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    assert_eq!(
        mkcol(&alice, "/dav/alice/private/no-slash", BOOK_TYPE, "").status,
        201
    );
    let found = alice.props("/dav/alice/private/no-slash", "<D:displayname/>");
    assert_eq!(found.href, "/dav/alice/private/no-slash/");
    assert_eq!(found.text(DAV, "displayname"), "no-slash");
    // Deleting it sends it to the trash; the default book stays.
    assert_eq!(alice.delete("/dav/alice/private/no-slash/").status, 204);
    assert_eq!(alice.get("/dav/alice/private/no-slash/").status, 404);
    let refused = alice.delete(BOOK);
    assert_eq!(
        (refused.status, preconditions(&refused)),
        (403, vec!["need-privileges".to_owned()])
    );
    assert_eq!(alice.delete(TEAM).status, 403);
    assert_eq!(alice.delete("/dav/alice/private/").status, 403);
}

#[test]
fn only_address_books_are_made() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = "/dav/alice/private/other/";
    for types in [
        "<D:collection/>",
        "<D:collection/><x xmlns='u:'/>",
        "<D:collection/><C:addressbook/><x xmlns='u:'/>",
        "",
    ] {
        let answer = mkcol(&alice, path, types, "");
        assert_eq!(
            (answer.status, preconditions(&answer)),
            (403, vec!["valid-resourcetype".to_owned()]),
            "{types}"
        );
    }
    let plain = alice.send("MKCOL", path, &[], "");
    assert_eq!(
        (plain.status, preconditions(&plain)),
        (403, vec!["valid-resourcetype".to_owned()])
    );
    for path in [path, "/dav/alice/private/contacts/inside/"] {
        let odd = alice.send("MKCOL", path, &[("Content-Type", "text/plain")], "hello");
        assert_eq!(odd.status, 415, "{path}");
    }
    let deep = "/dav/alice/private/contacts/inside/deeper/";
    assert_eq!(mkcol(&alice, deep, BOOK_TYPE, "").status, 409);
    assert_eq!(
        mkcol(&alice, "/dav/alice/private/group-999-Team/", BOOK_TYPE, "").status,
        403
    );
    assert_eq!(
        mkcol(&alice, "/dav/alice/private/members-9-Team/", BOOK_TYPE, "").status,
        403
    );
    assert_eq!(alice.send("PROPFIND", path, &[], "").status, 404);
}

//! Everything an account reads as one book, for programs that show a single one.

use std::collections::BTreeSet;

use super::client::*;
use crate::support::{
    http::{basic, request},
    program::works,
    server::Server,
};

const MAC: &str = "macOS/14.5 (23F79) AddressBookCore/2594";
const HOME: &str = "/dav/bob/private/";
const MERGED: &str = "/dav/bob/private/merged/";
const OWN: &str = "/dav/bob/private/contacts/";

fn switch(server: &Server, to: &str) {
    let arguments = ["user", "set", "bob", "--merged", to];
    works(server.data.path(), &arguments);
}

fn names(client: &Client) -> Vec<String> {
    let listed = client.propfind(MERGED, "1", "<D:getetag/>");
    let names = listed.hrefs().into_iter().skip(1);
    names.map(|href| href.replace(MERGED, "")).collect()
}

/// The list of the group: its name, and its text.
fn list(client: &Client) -> (String, String) {
    let texts = names(client).into_iter().map(|name| {
        let text = client.get(&format!("{MERGED}{name}")).text();
        (name, text)
    });
    let mut lists = texts.filter(|(_, text)| text.contains("X-ADDRESSBOOKSERVER-KIND:group"));
    let found = lists.next().expect("a list");
    assert_eq!(lists.next(), None, "one list for one group");
    found
}

fn in_merged(name: &str) -> String {
    format!("{MERGED}{name}")
}

#[test]
fn the_home_of_a_program_with_a_single_book_begins_with_everything_once_it_is_wanted() {
    let server = Server::start();
    let first = |agent: &str| {
        let bob = Client::with_agent(&server, "bob", agent);
        let listed = bob.propfind(HOME, "1", "<D:displayname/><D:resourcetype/>");
        let synced = bob.sync(HOME, "", None);
        assert_eq!(
            listed.hrefs()[1..].contains(&MERGED),
            synced.find(MERGED).is_some()
        );
        listed.hrefs()[1].to_owned()
    };
    assert_eq!(first(MAC), OWN);
    switch(&server, "on");
    assert_eq!(first(MAC), MERGED);
    assert_eq!(first("DAVx5/4.4"), OWN);
    // Whoever knows the address is served, and the account alone.
    let found = Client::new(&server, "bob").props(MERGED, "<D:displayname/><D:resourcetype/>");
    assert!(
        found
            .names(DAV, "resourcetype")
            .contains(&"addressbook".to_owned())
    );
    let alice = Client::new(&server, "alice");
    assert_eq!(alice.send("PROPFIND", MERGED, &[], "").status, 404);
    switch(&server, "off");
    assert_eq!(first(MAC), OWN);
}

#[test]
fn cards_of_all_books_are_there_and_each_group_is_a_list() {
    let server = Server::start();
    let (alice, bob) = (
        Client::new(&server, "alice"),
        Client::with_agent(&server, "bob", MAC),
    );
    bob.put(&format!("{OWN}mine.vcf"), &[], card("u-mine", "Mine"));
    let ours = card_with("u-ours", "Ours", &["CATEGORIES:Choir"]);
    alice.put(&format!("{TEAM}ours.vcf"), &[], ours);
    let all = names(&bob);
    for name in ["mine.vcf", "ours.vcf"] {
        assert!(all.contains(&name.to_owned()), "{all:?}");
    }
    let (name, text) = list(&bob);
    assert!(text.contains("FN:Team"), "{text}");
    assert!(text.contains("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:u-ours"));
    assert!(!text.contains("u-mine"), "only the contacts of the group");
    let asked = [&*in_merged("ours.vcf"), &*in_merged(&name)];
    let got = bob.multiget(MERGED, "<C:address-data/>", &asked);
    assert!(
        got.get(asked[1])
            .text(CARDDAV, "address-data")
            .contains("u-ours")
    );
    assert_eq!(got.responses.len(), 2);
    // However it is read, it has the categories of its group.
    let all = sync_body("", None).replace("<D:getetag/>", "<C:address-data/>");
    let synced = Multi::parse(&bob.report(MERGED, &all));
    for read in [
        bob.get(asked[0]).text(),
        got.get(asked[0]).text(CARDDAV, "address-data"),
        synced.get(asked[0]).text(CARDDAV, "address-data"),
    ] {
        assert!(read.contains("CATEGORIES:Choir"), "{read}");
    }
}

#[test]
fn a_write_goes_to_the_book_the_card_came_from() {
    let server = Server::start();
    let (alice, bob) = (
        Client::new(&server, "alice"),
        Client::with_agent(&server, "bob", MAC),
    );
    // New: into the own book, under the name it was given.
    let new = in_merged("new.vcf");
    let made = bob.put(&new, &[("If-None-Match", "*")], card("u-new", "New"));
    assert_eq!(made.status, 201);
    assert_eq!(made.header("etag"), Some(&*bob.etag(&new)));
    assert!(bob.get(&format!("{OWN}new.vcf")).text().contains("FN:New"));
    // Again: an edit, where the tag is the one that was given.
    let tag = bob.etag(&new);
    let stale = [("If-Match", "\"other\"")];
    assert_eq!(bob.put(&new, &stale, card("u-new", "Lost")).status, 412);
    let right = [("If-Match", &*tag)];
    assert_eq!(bob.put(&new, &right, card("u-new", "Newer")).status, 204);
    assert!(
        bob.get(&format!("{OWN}new.vcf"))
            .text()
            .contains("FN:Newer")
    );
    assert_eq!(bob.put(&new, &right, card("u-new", "Lost")).status, 412);
    // What bob may not modify in the group is refused, and told as another tag.
    alice.put(&format!("{TEAM}ours.vcf"), &[], card("u-ours", "Ours"));
    let ours = in_merged("ours.vcf");
    let tag = bob.etag(&ours);
    let token = bob.sync(MERGED, "", None).token().to_owned();
    let refused = bob.put(&ours, &[("If-Match", &*tag)], card("u-ours", "Bob's"));
    assert_eq!(refused.status, 403);
    assert_eq!(preconditions(&refused), ["need-privileges"]);
    assert!(bob.get(&ours).text().contains("FN:Ours"));
    assert_ne!(bob.etag(&ours), tag);
    let told = bob.sync(MERGED, &token, None);
    assert!(told.changes().0.contains(&&*ours), "{}", told.raw);
    // The admin may, and the group has it.
    let alices = "/dav/alice/private/merged/ours.vcf";
    let tag = alice.etag(alices);
    let put = alice.put(alices, &[("If-Match", &*tag)], card("u-ours", "Edited"));
    assert_eq!(put.status, 204);
    assert!(
        alice
            .get(&format!("{TEAM}ours.vcf"))
            .text()
            .contains("FN:Edited")
    );
    // Privileges say the same beforehand.
    let set = "<D:current-user-privilege-set/>";
    let may = |client: &Client, href: &str| {
        let found = client.props(href, set).privileges();
        found.contains(&"write-content".to_owned())
    };
    assert!(may(&bob, &new) && may(&alice, alices));
    assert!(!may(&bob, &ours) && !may(&bob, &in_merged(&list(&bob).0)));
}

#[test]
fn the_lists_and_the_book_itself_cannot_be_written() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let list = in_merged(&list(&bob).0);
    let before = bob.get(&list).text();
    assert_eq!(bob.put(&list, &[], &before).status, 403);
    let kept = || {
        let kept = server.store().refused(server.person("bob"));
        server.runtime.block_on(kept).expect("read").len()
    };
    assert_eq!(kept(), 0);
    let more = before.replace("END:VCARD", "NOTE:Mine\r\nEND:VCARD");
    assert_eq!(bob.put(&list, &[], &more).status, 403);
    assert_eq!(kept(), 1);
    assert_eq!(bob.delete(&list).status, 403);
    assert_eq!(bob.delete(MERGED).status, 403);
    assert_eq!(bob.send("MKCOL", MERGED, &[], "").status, 405);
    assert_eq!(bob.get(&list).text(), before);
    bob.put(&format!("{OWN}mine.vcf"), &[], card("u-mine", "Mine"));
    let to = [("Destination", &*in_merged("moved.vcf"))];
    for (method, from) in [
        ("MOVE", in_merged("mine.vcf")),
        ("COPY", format!("{OWN}mine.vcf")),
    ] {
        assert_eq!(bob.send(method, &from, &to, "").status, 403, "{method}");
    }
    assert_eq!(bob.get(&format!("{OWN}mine.vcf")).status, 200);
    server.check();
}

#[test]
fn what_happens_in_any_book_is_told_with_the_lists_and_nothing_when_nothing_does() {
    let server = Server::start();
    let (alice, bob) = (
        Client::new(&server, "alice"),
        Client::with_agent(&server, "bob", MAC),
    );
    let first = bob.sync(MERGED, "", None);
    let list = in_merged(&list(&bob).0);
    assert!(first.changes().0.contains(&&*list), "{}", first.raw);
    assert_eq!(bob.sync(MERGED, first.token(), None).responses.len(), 0);
    alice.put(&format!("{TEAM}ours.vcf"), &[], card("u-ours", "Ours"));
    let then = bob.sync(MERGED, first.token(), None);
    let told: BTreeSet<_> = then.changes().0.into_iter().collect();
    let ours = in_merged("ours.vcf");
    assert_eq!(told, BTreeSet::from([&*list, &*ours]));
    // Removed here or there: gone everywhere it was.
    assert_eq!(bob.delete(&ours).status, 403, "the group's");
    assert_eq!(alice.delete(&format!("{TEAM}ours.vcf")).status, 204);
    let gone = bob.sync(MERGED, then.token(), None);
    assert_eq!(gone.changes().1, [&*ours]);
    assert!(!bob.get(&list).text().contains("u-ours"));
    bob.put(&in_merged("new.vcf"), &[], card("u-new", "New"));
    assert_eq!(bob.delete(&in_merged("new.vcf")).status, 204);
    assert_eq!(bob.get(&format!("{OWN}new.vcf")).status, 404);
    // Page by page nothing is left out.
    let mut token = String::new();
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let page = bob.sync(MERGED, &token, Some(1));
        token = page.token().to_owned();
        seen.extend(page.changes().0.into_iter().map(str::to_owned));
        if !page.raw.contains("507") {
            break;
        }
    }
    let all: BTreeSet<_> = names(&bob).iter().map(|name| in_merged(name)).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_token_ends_with_the_groups_it_was_made_of() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let token = bob.token(MERGED);
    let arguments = ["group", "leave", "Team", "bob"];
    works(server.data.path(), &arguments);
    let answer = bob.report(MERGED, &sync_body(&token, None));
    assert_eq!(answer.status, 403);
    assert_eq!(preconditions(&answer), ["valid-sync-token"]);
    let again = bob.sync(MERGED, "", None);
    assert!(!again.raw.contains("KIND:group"));
}

#[test]
fn a_credential_for_some_places_has_what_they_hold() {
    let server = Server::start();
    switch(&server, "on");
    let alice = Client::new(&server, "alice");
    alice.put(&format!("{TEAM}ours.vcf"), &[], card("u-ours", "Ours"));
    let books = |places: &[&str]| {
        let make = [
            "app-password",
            "add",
            "bob",
            "--name",
            "mac",
            "--protocol",
            "carddav",
        ];
        let places = places.iter().flat_map(|place| ["--place", *place]);
        let arguments: Vec<&str> = make.into_iter().chain(places).collect();
        let printed = works(
            server.data.path(),
            &[&arguments[..], &["--read-only"]].concat(),
        );
        let password = printed.trim().rsplit(' ').next().expect("a password");
        let headers = [
            basic("bob", password),
            ("User-Agent".to_owned(), MAC.to_owned()),
            ("Depth".to_owned(), "1".to_owned()),
        ];
        let ask = |path: &str| request(&server.address, "PROPFIND", path, &headers, b"");
        let home = Multi::parse(&ask(HOME)).hrefs()[1].to_owned();
        (home, ask(MERGED))
    };
    let (first, merged) = books(&["private"]);
    assert_eq!(first, MERGED);
    assert!(!merged.text().contains("ours.vcf"), "{}", merged.text());
    let (first, merged) = books(&["group:Team"]);
    assert_ne!(first, MERGED);
    assert_eq!(merged.status, 404);
    // And the account's own password shows all, as before.
    let all = names(&Client::with_agent(&server, "bob", MAC));
    assert!(all.contains(&"ours.vcf".to_owned()), "{all:?}");
}

fn with_lines(lines: &[&str]) -> String {
    card_with("u-mine", "Mine", lines)
}

#[test]
fn a_card_that_is_as_it_was_seen_is_deleted_here_too() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let other = Client::with_agent(&server, "bob", "DAVx5/4.4");
    let own = format!("{OWN}mine.vcf");
    let mine = in_merged("mine.vcf");
    let written = |title: &str| {
        let tag = other.etag(&own);
        let edit = other.put(&own, &[("If-Match", &tag)], with_lines(&[title]));
        assert_eq!(edit.status, 204);
    };
    other.put(&own, &[], with_lines(&["TITLE:A"]));
    bob.sync(MERGED, "", None);
    written("TITLE:B");
    assert_eq!(bob.delete(&mine).status, 412, "it shows something else");
    written("TITLE:A");
    assert_eq!(bob.delete(&mine).status, 204);
    assert_eq!(bob.get(&own).status, 404);
    server.check();
}

#[test]
fn an_edit_of_an_older_version_takes_nothing_of_others_back_here_either() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let other = Client::with_agent(&server, "bob", "DAVx5/4.4");
    let own = format!("{OWN}mine.vcf");
    let mine = in_merged("mine.vcf");
    let kept = || -> Vec<String> {
        let kept = server.store().refused(server.person("bob"));
        let kept = server.runtime.block_on(kept).expect("read").into_iter();
        kept.map(|kept| String::from_utf8_lossy(&kept.document).into_owned())
            .collect()
    };
    other.put(&own, &[], with_lines(&["TITLE:Old", "TEL:+33 1"]));
    bob.sync(MERGED, "", None);
    let tag = bob.etag(&mine);
    let theirs = with_lines(&["TITLE:New", "TEL:+33 1"]);
    other.put(&own, &[("If-Match", &other.etag(&own))], theirs);
    // Refused where that version was named, and kept with what the other wrote.
    let edit = with_lines(&["TITLE:Old", "TEL:+33 2"]);
    assert_eq!(bob.put(&mine, &[("If-Match", &tag)], &edit).status, 412);
    let refused = kept().remove(0);
    assert!(
        refused.contains("TITLE:New") && refused.contains("TEL:+33 2"),
        "{refused}"
    );
    // Merged where none was.
    let edit = with_lines(&["TITLE:Old", "TEL:+33 2"]);
    assert_eq!(bob.put(&mine, &[], edit).status, 204);
    let stored = other.get(&own).text();
    assert!(
        stored.contains("TITLE:New") && stored.contains("TEL:+33 2"),
        "{stored}"
    );
    server.check();
}

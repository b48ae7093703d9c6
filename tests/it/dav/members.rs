//! The members of a group as a book that is read only.

use carnet::domain::{
    batch::{GroupOp, Op, PersonChange, PersonOp},
    group::Leaving,
    id::{GroupId, PersonId},
    principal::Role,
};

use super::client::*;
use crate::support::{people::person, server::Server};

const MEMBERS: &str = "/dav/groups/Team/members/";
const SET: &str = "<D:current-user-privilege-set/>";

fn team(server: &Server) -> GroupId {
    let found = server
        .runtime
        .block_on(server.store().group_by_name("Team"));
    found.expect("a read").expect("Team").id
}

/// Somebody in no group, with the password of the sample people.
fn add(server: &Server, login: &str, name: &str) -> PersonId {
    let hash = carnet::auth::hash("demo".to_owned());
    let hash = server.runtime.block_on(hash).expect("a hash");
    let new = person(login).named(name);
    let new = new.at(&format!("{login}@example.org")).with_hash(&hash);
    server.commit(new.into());
    server.person(login)
}

fn join(server: &Server, person: PersonId) {
    server.commit(Op::Group(GroupOp::SetMember {
        group: team(server),
        person,
        role: Role::Member,
    }));
}

fn leave(server: &Server, person: PersonId) {
    server.commit(Op::Group(GroupOp::RemoveMember {
        group: team(server),
        person,
        leaving: Leaving::LeaveCopies,
    }));
}

fn rename(server: &Server, person: PersonId, name: &str) {
    server.commit(Op::from(PersonChange {
        name: Some(name.to_owned()),
        ..PersonChange::of(person)
    }));
}

/// `(href, text)` of every card of a listing.
fn cards(client: &Client, book: &str) -> Vec<(String, String)> {
    let listed = client.propfind(book, "1", "<D:getetag/>");
    listed
        .hrefs()
        .iter()
        .skip(1)
        .map(|href| ((*href).to_owned(), client.get(href).text()))
        .collect()
}

/// The card of a person in the list.
fn card_of(client: &Client, name: &str) -> String {
    let found = cards(client, MEMBERS)
        .into_iter()
        .find(|(_, text)| text.contains(&format!("FN:{name}\r\n")));
    found.unwrap_or_else(|| panic!("{name} is not listed")).0
}

#[test]
fn a_group_lists_its_members_as_cards() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", "DAVx5/4.4");
    let props = format!("<D:displayname/><D:resourcetype/><CS:getctag/><D:sync-token/>{SET}");
    let home = bob.propfind("/dav/groups/Team/", "1", &props);
    assert_eq!(home.hrefs(), ["/dav/groups/Team/", TEAM, MEMBERS]);
    let list = home.get(MEMBERS);
    assert_eq!(list.text(DAV, "displayname"), "Team (members)");
    assert_eq!(
        list.names(DAV, "resourcetype"),
        ["collection", "addressbook", "shared"]
    );
    assert_eq!(
        list.privileges(),
        ["read", "read-current-user-privilege-set"]
    );
    assert_eq!(
        list.text(CALENDARSERVER, "getctag"),
        list.text(DAV, "sync-token")
    );
    let mut all: Vec<String> = cards(&bob, MEMBERS).into_iter().map(|c| c.1).collect();
    all.sort();
    assert_eq!(all.len(), 3, "{all:?}");
    for (login, given, family) in [
        ("alice", "Alice", "Martin"),
        ("bob", "Bob", "Keller"),
        ("carol", "Carol", "Nguyen"),
    ] {
        let of = |text: &&String| text.contains(&format!("FN:{given} {family}\r\n"));
        let text = all.iter().find(of).expect(given);
        assert!(
            text.contains(&format!("N:{family};{given};;;\r\n")),
            "{text}"
        );
        assert!(
            text.contains(&format!(":{login}@example.org\r\n")),
            "{text}"
        );
        assert!(text.contains("UID:"), "{text}");
    }
    let first = card_of(&bob, "Alice Martin");
    let found = bob.props(&first, &format!("<D:getetag/><D:owner/>{SET}"));
    assert_eq!(
        found.privileges(),
        ["read", "read-current-user-privilege-set"]
    );
    assert_eq!(found.hrefs(DAV, "owner"), ["/dav/principals/groups/Team/"]);
    assert_eq!(
        bob.get(&first).header("etag"),
        Some(&*found.text(DAV, "getetag"))
    );
    let got = bob.multiget(MEMBERS, "<C:address-data/>", &[&first, "none.vcf"]);
    assert!(
        got.get(&first)
            .text(CARDDAV, "address-data")
            .contains("FN:Alice Martin")
    );
    let filter = "<C:filter><C:prop-filter name=\"EMAIL\"><C:text-match \
        match-type=\"starts-with\">carol@</C:text-match></C:prop-filter></C:filter>";
    assert_eq!(bob.query(MEMBERS, filter).len(), 1);
}

#[test]
fn nobody_writes_the_list_of_members() {
    let server = Server::start();
    // The administrator of the group does not either.
    let alice = Client::new(&server, "alice");
    let card_href = card_of(&alice, "Bob Keller");
    let before = alice.etag(&card_href);
    let edited = alice.get(&card_href).text().replace("Keller", "Smith");
    let missing = |privilege: &str| format!("<D:privilege><D:{privilege}/></D:privilege>");
    for (answer, privilege) in [
        (
            alice.put(&card_href, &[("If-Match", &before)], &edited),
            "write-content",
        ),
        (
            alice.put(&format!("{MEMBERS}new.vcf"), &[], card("n", "New")),
            "bind",
        ),
        (
            alice.send(
                "POST",
                MEMBERS,
                &[("Content-Type", "text/vcard")],
                card("n", "New"),
            ),
            "bind",
        ),
        (alice.delete(&card_href), "unbind"),
        (
            alice.send(
                "MOVE",
                &card_href,
                &[("Destination", &format!("{BOOK}bob.vcf"))],
                "",
            ),
            "unbind",
        ),
        (
            alice.send(
                "COPY",
                &format!("{BOOK}{}", first_name(&alice)),
                &[("Destination", &format!("{MEMBERS}new.vcf"))],
                "",
            ),
            "bind",
        ),
    ] {
        assert_eq!(answer.status, 403, "{privilege}: {}", answer.text());
        assert_eq!(preconditions(&answer), ["need-privileges"]);
        assert!(
            answer.text().contains(&missing(privilege)),
            "{}",
            answer.text()
        );
    }
    assert_eq!(alice.delete(MEMBERS).status, 403);
    assert_eq!(alice.get(&format!("{BOOK}bob.vcf")).status, 404);
    assert_eq!(cards(&alice, MEMBERS).len(), 3);
    // What was written is kept, and the card is offered anew to its author alone.
    assert_ne!(alice.etag(&card_href), before);
    assert_eq!(Client::new(&server, "carol").etag(&card_href), before);
    let kept = server
        .runtime
        .block_on(server.store().refused(server.person("alice")))
        .expect("a read");
    assert!(kept.iter().any(|r| r.document == edited.as_bytes()));
    // Reading is enough to copy a member to one's own contacts.
    let copied = alice.send(
        "COPY",
        &card_href,
        &[("Destination", &format!("{BOOK}bob.vcf"))],
        "",
    );
    assert_eq!(copied.status, 201, "{}", copied.text());
    let copy = alice.get(&format!("{BOOK}bob.vcf")).text();
    assert!(copy.contains("FN:Bob Keller\r\n"), "{copy}");
    server.check();
}

fn first_name(client: &Client) -> String {
    let listed = client.propfind(BOOK, "1", "<D:getetag/>");
    listed.hrefs()[1].trim_start_matches(BOOK).to_owned()
}

#[test]
fn the_list_follows_memberships_and_accounts() {
    let server = Server::start();
    let bob = Client::new(&server, "bob");
    let token = bob.sync(MEMBERS, "", None).token().to_owned();
    let told = |token: &mut String| {
        let multi = bob.sync(MEMBERS, token, None);
        *token = multi.token().to_owned();
        let (there, gone) = multi.changes();
        (
            there.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>(),
            gone.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>(),
        )
    };
    let mut token = token;
    assert_eq!(told(&mut token), (vec![], vec![]));
    let dan = add(&server, "dan", "Dan Okoro");
    let outsider = Client::new(&server, "dan");
    for path in [MEMBERS, &card_of(&bob, "Bob Keller")] {
        assert_eq!(
            outsider.send("PROPFIND", path, &[], "").status,
            404,
            "{path}"
        );
        assert_eq!(outsider.get(path).status, 404, "{path}");
    }
    join(&server, dan);
    let new = card_of(&bob, "Dan Okoro");
    assert_eq!(told(&mut token), (vec![new.clone()], vec![]));
    let before = bob.etag(&new);
    rename(&server, dan, "Dan Okoro-Weiss");
    assert_ne!(bob.etag(&new), before);
    assert_eq!(told(&mut token), (vec![new.clone()], vec![]));
    // What the list does not show is no change of it.
    rename(&server, dan, "Dan Okoro-Weiss");
    server.commit(Op::Group(GroupOp::SetMember {
        group: team(&server),
        person: dan,
        role: Role::CoAdmin,
    }));
    assert_eq!(told(&mut token), (vec![], vec![]));
    server.commit(Op::Person(PersonOp::DescribePerson {
        person: dan,
        organization: Some("Okoro & Söhne; Lagos".to_owned()),
        picture: Some(b"\xff\xd8\xff picture".to_vec()),
    }));
    assert_eq!(told(&mut token), (vec![new.clone()], vec![]));
    let text = bob.get(&new).text();
    assert!(text.contains("ORG:Okoro & Söhne\\; Lagos\r\n"), "{text}");
    assert!(
        text.contains("PHOTO;TYPE=JPEG;ENCODING=b:/9j/IHBpY3R1cmU="),
        "{text}"
    );
    let four = [("Accept", "text/vcard; version=4.0")];
    let text = bob.send("GET", &new, &four, "").text();
    assert!(
        text.contains("PHOTO:data:image/jpeg;base64,/9j/IHBpY3R1cmU="),
        "{text}"
    );
    leave(&server, dan);
    assert_eq!(told(&mut token), (vec![], vec![new.clone()]));
    assert_eq!(outsider.send("PROPFIND", MEMBERS, &[], "").status, 404);
    server.commit(Op::Person(PersonOp::RemovePerson { person: dan }));
    assert_eq!(told(&mut token), (vec![], vec![]));
    server.check();
    let group = team(&server);
    server.commit(Op::Group(GroupOp::RemoveGroup { group }));
    assert_eq!(bob.send("PROPFIND", MEMBERS, &[], "").status, 404);
    server.check();
}

#[test]
fn a_home_shows_the_lists_of_members_to_who_switched_them_on() {
    let server = Server::start();
    let home = "/dav/bob/private/";
    let bob = Client::new(&server, "bob");
    let listed = |client: &Client| {
        let multi = client.propfind(home, "1", "<D:resourcetype/>");
        multi
            .hrefs()
            .iter()
            .map(|h| (*h).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&bob).len(), 3);
    let token = bob.token(home);
    let show = |shown: bool| {
        let person = server.person("bob");
        server.commit(Op::Person(PersonOp::ShowMembers { person, shown }));
    };
    show(true);
    let hrefs = listed(&bob);
    assert_eq!(hrefs.len(), 4, "{hrefs:?}");
    let alias = &hrefs[3];
    let told = bob.sync(home, &token, None);
    assert_eq!(told.changes(), (vec![alias.as_str()], vec![]));
    // Both addresses are one book.
    let same = "<D:getetag/><D:sync-token/><D:resource-id/>";
    let (one, other) = (bob.props(alias, same), bob.props(MEMBERS, same));
    for local in ["getetag", "sync-token"] {
        assert_eq!(one.text(DAV, local), other.text(DAV, local));
    }
    assert_eq!(
        one.hrefs(DAV, "resource-id"),
        other.hrefs(DAV, "resource-id")
    );
    let member = card_of(&bob, "Carol Nguyen");
    let got = bob.multiget(alias, "", &[&member]);
    assert_eq!(got.changes().0.len(), 1, "{}", got.raw);
    // Clients of several homes find it in the group's; others' homes are not concerned.
    let davx5 = Client::with_agent(&server, "bob", "DAVx5/4.4");
    assert_eq!(listed(&davx5).len(), 2);
    let carol = Client::new(&server, "carol");
    assert_eq!(
        carol
            .propfind("/dav/carol/private/", "1", "<D:resourcetype/>")
            .hrefs()
            .len(),
        3
    );
    // A group joined later is shown too.
    server.commit(Op::Group(GroupOp::AddGroup {
        name: "Choir".to_owned(),
        display_name: "Choir".to_owned(),
        admin: server.person("bob"),
    }));
    assert_eq!(listed(&bob).len(), 6);
    let token = bob.token(home);
    show(false);
    assert_eq!(listed(&bob).len(), 4);
    let told = bob.sync(home, &token, None);
    let (there, gone) = told.changes();
    assert_eq!((there.len(), gone.len()), (0, 2), "{}", told.raw);
    assert!(gone.contains(&alias.as_str()), "{}", told.raw);
    server.check();
}

#[test]
fn a_group_that_is_called_as_the_lists_are_keeps_its_book() {
    let server = Server::start();
    // No new group may be; one from before may.
    server.commit(Op::Group(GroupOp::AddGroup {
        name: "members".to_owned(),
        display_name: "Members".to_owned(),
        admin: server.person("alice"),
    }));
    let alice = Client::with_agent(&server, "alice", "DAVx5/4.4");
    let book = "/dav/groups/members/members/";
    let home = alice.propfind("/dav/groups/members/", "1", "<D:resourcetype/>");
    assert_eq!(home.hrefs(), ["/dav/groups/members/", book]);
    let path = format!("{book}a.vcf");
    assert_eq!(alice.put(&path, &[], card("a", "A")).status, 201);
    assert_eq!(alice.delete(&path).status, 204);
}

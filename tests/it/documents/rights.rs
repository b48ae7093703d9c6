//! Rights on documents are those on contacts; the other faces never see folders.

use super::{HERE, TEAM, added, done, is_whole, option, post, upload};
use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    http::{basic, request},
    server::Server,
};

#[test]
fn members_read_and_add_only_where_they_may() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let carol = Browser::of(&server.address, "carol");
    let page = added(&alice, TEAM, "minutes.txt", b"agreed");
    assert_eq!(bob.get(&format!("{page}/file")).body, b"agreed");
    // Nothing is granted: no form, no button, and no way around it.
    let folder = bob.page(TEAM);
    assert!(!folder.contains("id=\"upload\""));
    assert!(folder.contains("Every member of Team (3) sees these documents."));
    for place in [TEAM, "/g/Team"] {
        let button = "id=\"delete-selected\"";
        assert!(!bob.page(place).contains(button), "{place}");
        assert!(alice.page(place).contains(button), "{place}");
    }
    assert_eq!(upload(&bob, TEAM, &[("x.txt", b"x")]).status, 403);
    assert_eq!(
        post(&bob, &format!("{TEAM}/folders"), &[("name", "x")]).status,
        403
    );
    let version = hidden(&alice.page(&page), "version");
    let fields = [("version", version.as_str()), ("name", "x.txt")];
    assert_eq!(post(&bob, &format!("{page}/details"), &fields).status, 403);
    let files: [(&str, &[u8]); 1] = [("x.txt", b"x")];
    let token = hidden(&bob.page(HERE), "token");
    let sent = [("token", token.as_str()), ("version", version.as_str())];
    assert_eq!(
        bob.upload(&format!("{page}/version"), &sent, &files).status,
        403
    );
    assert_eq!(
        post(&bob, &format!("{page}/delete"), &[("version", &version)]).status,
        403
    );
    // *Add*: bob adds, modifies his own, deletes nothing.
    done(
        &alice,
        "/g/Team/rights/grant",
        &[("grantee", &grantee(&server, "bob")), ("right", "add")],
    );
    let own = added(&bob, TEAM, "bob.txt", b"mine");
    done(&bob, &format!("{TEAM}/folders"), &[("name", "Drafts")]);
    assert_eq!(
        post(
            &bob,
            &format!("{own}/delete"),
            &[("version", &hidden(&bob.page(&own), "version"))]
        )
        .status,
        403
    );
    // *Modify* is granted document by document, by its creator alone.
    let rights = bob.page(&format!("{own}/rights"));
    assert!(rights.contains("created this document") && !rights.contains("this contact"));
    let group = hidden(&rights, "group");
    let grant = [
        ("group", group.as_str()),
        ("grantee", &grantee(&server, "carol")),
    ];
    assert_eq!(
        post(&alice, &format!("{own}/rights/grant"), &grant).status,
        403
    );
    done(&bob, &format!("{own}/rights/grant"), &grant);
    let version = hidden(&carol.page(&own), "version");
    done(
        &carol,
        &format!("{own}/details"),
        &[("version", &version), ("name", "ours.txt")],
    );
    assert!(bob.page(&own).contains("<h1>ours.txt</h1>"));
    // *Add and delete* covers every document.
    done(
        &alice,
        "/g/Team/rights/grant",
        &[
            ("grantee", &grantee(&server, "carol")),
            ("right", "add-delete"),
        ],
    );
    let version = hidden(&carol.page(&page), "version");
    done(&carol, &format!("{page}/delete"), &[("version", &version)]);
    assert_eq!(alice.get(&page).status, 404);
    is_whole(&server);
}

fn grantee(server: &Server, login: &str) -> String {
    server.person(login).0.to_string()
}

#[test]
fn what_is_not_shared_does_not_exist_for_others() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let page = added(&alice, HERE, "secret.txt", b"secret");
    for path in [
        page.clone(),
        format!("{page}/file"),
        format!("{page}/history"),
        "/d/g/Nobody/documents".into(),
    ] {
        assert_eq!(bob.get(&path).status, 404, "{path}");
    }
    // Nor without a session.
    let stranger = Browser::open(&server.address);
    let answer = stranger.get(&format!("{page}/file"));
    assert_eq!(answer.status, 303);
    assert!(
        answer
            .header("location")
            .is_some_and(|next| next.starts_with("/login"))
    );
}

#[test]
fn leaving_a_group_leaves_copies_and_takes_access_away() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    done(
        &alice,
        "/g/Team/rights/grant",
        &[("grantee", &grantee(&server, "bob")), ("right", "add")],
    );
    let page = added(&bob, HERE, "shared.txt", b"by bob");
    let share = bob.page(&format!("{page}/share"));
    let team = share
        .split("name=\"to\" value=\"")
        .nth(1)
        .expect("a target");
    done(
        &bob,
        &format!("{page}/share/add"),
        &[("to", team.split('"').next().expect("a number"))],
    );
    assert!(alice.card_named(TEAM, "shared.txt").is_some());
    done(&bob, "/g/Team/members/leave", &[]);
    assert_eq!(bob.get(TEAM).status, 404);
    let kept = alice
        .card_named(TEAM, "shared.txt")
        .expect("the group's copy");
    // From now on they are two; the administrator has custody of the group's.
    let version = hidden(&bob.page(&page), "version");
    done(
        &bob,
        &format!("{page}/details"),
        &[("version", &version), ("name", "mine.txt")],
    );
    assert!(alice.page(&kept).contains("<h1>shared.txt</h1>"));
    let version = hidden(&alice.page(&kept), "version");
    done(
        &alice,
        &format!("{kept}/details"),
        &[("version", &version), ("name", "ours.txt")],
    );
    assert_eq!(alice.get(&format!("{kept}/file")).body, b"by bob");
    is_whole(&server);
}

#[test]
fn a_group_founded_again_has_its_folders_and_their_trash() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let made = done(&alice, &format!("{TEAM}/folders"), &[("name", "Plans")]);
    let folder = made.split('?').next().expect("a path").to_owned();
    added(&alice, &folder, "plan.txt", b"plan");
    done(&alice, "/g/Team/members/delete", &[("typed", "Team")]);
    assert_eq!(alice.get(&folder).status, 404);
    is_whole(&server);
    done(&alice, "/groups", &[("name", "Team"), ("shown", "Team")]);
    let trash = alice.page(&format!("{folder}/trash"));
    assert!(trash.contains("plan.txt"), "{trash}");
    let revision = hidden(&trash, "revisions");
    done(
        &alice,
        &format!("{folder}/trash/restore"),
        &[("revisions", &revision)],
    );
    let page = alice.card_named(&folder, "plan.txt").expect("it is back");
    assert_eq!(alice.get(&format!("{page}/file")).body, b"plan");
    is_whole(&server);
}

#[test]
fn devices_and_carddav_clients_never_see_folders() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let home = |depth: &str| {
        let headers = [
            basic("alice", "demo"),
            ("Depth".to_owned(), depth.to_owned()),
        ];
        request(
            &server.address,
            "PROPFIND",
            "/dav/alice/private/",
            &headers,
            b"",
        )
        .text()
    };
    let before = home("1");
    added(&alice, HERE, "a.txt", b"a");
    done(&alice, &format!("{HERE}/folders"), &[("name", "Quiet")]);
    done(&alice, &format!("{TEAM}/folders"), &[("name", "Quieter")]);
    assert_eq!(
        home("1").matches("href>").count(),
        before.matches("href>").count()
    );
    assert!(!home("1").contains("Quiet") && !home("1").contains("documents"));
    let headers = [basic("alice", "demo"), ("Depth".to_owned(), "1".to_owned())];
    let found = request(
        &server.address,
        "PROPFIND",
        "/dav/alice/private/documents/",
        &headers,
        b"",
    );
    assert_eq!(found.status, 404);
    // A book of that name is a book like any other.
    let book = "<D:mkcol xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:set><D:prop>\
        <D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>\
        </D:prop></D:set></D:mkcol>";
    let headers = [
        basic("alice", "demo"),
        ("Content-Type".to_owned(), "application/xml".to_owned()),
    ];
    let path = "/dav/alice/private/documents/";
    let made = request(&server.address, "MKCOL", path, &headers, book.as_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    let book = Book::of(&server.address, "alice");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:U\r\nN:U;;;;\r\nEND:VCARD\r\n";
    assert_eq!(book.put("u.vcf", ("If-None-Match", "*"), card).status, 201);
    assert!(alice.page(HERE).contains("1 document"));
    is_whole(&server);
}

#[test]
fn no_folder_is_left_of_what_does_not_fit() {
    let server = Server::start_with(|config| config.document_quota = 10);
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    added(&alice, TEAM, "plan.txt", b"sevenoc");
    let own = added(&bob, HERE, "own.txt", b"sevenoc");
    let into = option(&bob.page(&format!("{own}/share")), "Private");
    let seen = bob.card_named(TEAM, "plan.txt").expect("it is seen");
    let fields = [("to", into.as_str()), ("name", "New shelf")];
    let refused = post(&bob, &format!("{seen}/share/folder"), &fields);
    assert_eq!(refused.status, 507, "{}", refused.text());
    assert!(!bob.page(HERE).contains("New shelf"));
    is_whole(&server);
}

#[test]
fn no_folder_is_made_for_what_may_not_be_shared() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    added(&alice, TEAM, "plan.txt", b"plan");
    // What is shown to the group stays in it.
    done(&alice, "/g/Team/members/options", &[]);
    done(&bob, "/groups", &[("name", "Choir"), ("shown", "Choir")]);
    let own = added(&bob, HERE, "own.txt", b"own");
    let choir = option(&bob.page(&format!("{own}/share")), "Choir");
    let seen = bob.card_named(TEAM, "plan.txt").expect("it is seen");
    let fields = [("to", choir.as_str()), ("name", "New shelf")];
    let refused = post(&bob, &format!("{seen}/share/folder"), &fields);
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(!bob.page("/d/g/Choir/documents").contains("New shelf"));
    done(&bob, &format!("{own}/share/folder"), &fields);
    assert!(bob.page("/d/g/Choir/documents").contains("New shelf"));
}

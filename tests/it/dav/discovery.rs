//! Finding the address books (RFC 6764, RFC 5397, RFC 6352 §7.1), rows 1 to 10.

use super::client::*;
use crate::support::{
    http::{basic, request},
    server::Server,
};

#[test]
fn the_well_known_address_leads_to_dav_whatever_the_method() {
    let server = Server::start();
    for method in [
        "GET", "PROPFIND", "OPTIONS", "REPORT", "HEAD", "PUT", "POST", "DELETE",
    ] {
        for target in ["/.well-known/carddav", "/.well-known/carddav/"] {
            let answer = request(&server.address, method, target, &[], b"");
            assert_eq!(answer.status, 301, "{method} {target}");
            assert_eq!(answer.header("location"), Some("/dav/"));
            assert_eq!(answer.header("www-authenticate"), None);
        }
    }
    let caldav = request(&server.address, "PROPFIND", "/.well-known/caldav", &[], b"");
    assert_eq!(caldav.status, 404);
}

#[test]
fn the_root_asks_who_is_there_and_then_names_the_principal() {
    let server = Server::start();
    let answer = request(&server.address, "PROPFIND", "/", &[], b"");
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.starts_with("Basic realm=\"Carnet\""),
        "{challenge}"
    );
    assert!(challenge.contains("charset=\"UTF-8\""), "{challenge}");
    for (path, login) in [
        ("/", "alice"),
        ("/dav/", "Alice"),
        ("/dav", "ALICE@example.org"),
        ("/", "CORP\\alice"),
    ] {
        let found = Client::new(&server, login).props(path, "<D:current-user-principal/>");
        let href = found.hrefs(DAV, "current-user-principal");
        assert_eq!(href, ["/dav/principals/users/alice/"], "{path} {login}");
    }
}

#[test]
fn a_typed_book_address_works_with_and_without_its_slash() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for path in [
        "/dav/alice/private/contacts",
        "/dav/alice/private/contacts/",
    ] {
        let found = alice.props(path, "<D:current-user-principal/><D:resourcetype/>");
        assert_eq!(found.href, BOOK);
        assert_eq!(
            found.names(DAV, "resourcetype"),
            ["collection", "addressbook"]
        );
        assert!(found.prop(DAV, "current-user-principal").is_some());
    }
    let group = alice.props("/dav/principals/groups/Team", "<D:resourcetype/>");
    assert_eq!(
        group.names(DAV, "resourcetype"),
        ["collection", "principal"]
    );
}

#[test]
fn options_need_no_password_and_tell_only_what_exists() {
    let server = Server::start();
    for (path, expected, not) in [
        ("/", "PROPFIND", "PUT"),
        ("/dav/", "REPORT", "PUT"),
        ("/dav/principals/users/alice/", "PROPPATCH", "MKCOL"),
        ("/dav/alice/private/", "MKCOL", "PUT"),
        (BOOK, "POST", "LOCK"),
        (TEAM, "POST", "ACL"),
        ("/dav/alice/private/contacts/x.vcf", "PUT", "POST"),
        ("/dav/no/such/thing/here", "PUT", "LOCK"),
    ] {
        let answer = request(&server.address, "OPTIONS", path, &[], b"");
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-length"), Some("0"), "{path}");
        let dav: Vec<&str> = answer.header("dav").expect("DAV").split(", ").collect();
        for token in ["1", "3", "access-control", "extended-mkcol", "addressbook"] {
            assert!(dav.contains(&token), "{path}: {dav:?}");
        }
        assert!(
            !dav.contains(&"2") && !dav.contains(&"webdav-push"),
            "{path}: {dav:?}"
        );
        let allow: Vec<&str> = answer.header("allow").expect("Allow").split(", ").collect();
        assert!(allow.contains(&expected), "{path}: {allow:?}");
        assert!(!allow.contains(&not), "{path}: {allow:?}");
    }
    // The server as a whole (RFC 9110 §9.3.7).
    let answer = request(&server.address, "OPTIONS", "*", &[], b"");
    assert_eq!((answer.status, &*answer.text()), (200, ""));
    let alice = Client::new(&server, "alice");
    // RFC 3744 §8.1 where nobody may change what is there.
    for (path, expected) in [(BOOK, 403), ("/dav/bob/private/contacts/", 404)] {
        let answer = alice.send("ACL", path, &[], "<D:acl xmlns:D='DAV:'/>");
        assert_eq!(answer.status, expected, "{path}");
        let refused = ["need-privileges", "write-acl", BOOK];
        let told = refused.iter().all(|part| answer.text().contains(part));
        assert_eq!(told, expected == 403, "{}", answer.text());
    }
    for method in ["LOCK", "UNLOCK", "MKCALENDAR", "TRACE"] {
        let answer = alice.send(method, BOOK, &[], "");
        assert_eq!(answer.status, 405, "{method}");
        assert!(
            answer
                .header("allow")
                .is_some_and(|a| a.contains("PROPFIND"))
        );
    }
    // The DAV header is repeated on answers of other methods.
    let answer = alice.send("PROPFIND", BOOK, &[("Depth", "0")], "");
    assert!(
        answer
            .header("dav")
            .is_some_and(|dav| dav.contains("addressbook"))
    );
}

#[test]
fn the_principal_has_every_property_of_rfc_3744() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let own = "/dav/principals/users/alice/";
    let found = alice.props(
        own,
        "<D:principal-URL/><D:alternate-URI-set/><D:group-membership/><D:group-member-set/>\
         <D:displayname/><D:principal-collection-set/><D:resourcetype/><D:owner/>\
         <C:addressbook-home-set/><C:principal-address/><CS:email-address-set/><CS:last-name/>\
         <CS:record-type/><D:supported-report-set/><D:current-user-privilege-set/>",
    );
    assert_eq!(found.hrefs(DAV, "principal-URL"), [own]);
    assert_eq!(
        found.hrefs(DAV, "alternate-URI-set"),
        ["mailto:alice@example.org"]
    );
    assert_eq!(
        found.hrefs(DAV, "group-membership"),
        ["/dav/principals/groups/Team/"]
    );
    assert!(found.hrefs(DAV, "group-member-set").is_empty());
    assert_eq!(
        found.hrefs(DAV, "principal-collection-set"),
        ["/dav/principals/"]
    );
    assert_eq!(found.text(DAV, "displayname"), "Alice Martin");
    assert_eq!(found.text(CALENDARSERVER, "last-name"), "Martin");
    assert_eq!(found.text(CALENDARSERVER, "record-type"), "users");
    assert_eq!(
        found.hrefs(CARDDAV, "addressbook-home-set"),
        ["/dav/alice/private/"]
    );
    let unset = found
        .status_of(CARDDAV, "principal-address")
        .expect("named");
    assert_eq!(unset.0, "HTTP/1.1 404 Not Found");
    // Of a colleague, what a directory shows; of a stranger, nothing.
    let bob = alice.props(
        "/dav/principals/users/bob/",
        "<D:displayname/><D:group-membership/>",
    );
    assert_eq!(bob.text(DAV, "displayname"), "Bob Keller");
    assert!(bob.hrefs(DAV, "group-membership").is_empty());
    let stranger = alice.send("PROPFIND", "/dav/principals/users/zoe/", &[], "");
    assert_eq!(stranger.status, 404);
}

#[test]
fn the_home_set_is_one_href_or_all_as_the_client_reads_it() {
    let server = Server::start();
    let homes = |agent: &str| {
        Client::with_agent(&server, "bob", agent)
            .props("/dav/principals/users/bob/", "<C:addressbook-home-set/>")
            .hrefs(CARDDAV, "addressbook-home-set")
    };
    for agent in [
        "curl/8",
        "iOS/17.1 dataaccessd/1.0",
        "Mozilla/5.0 Thunderbird/128.0",
    ] {
        assert_eq!(homes(agent), ["/dav/bob/private/"], "{agent}");
    }
    for agent in [
        "DAVx5/4.4 (dav4jvm; okhttp)",
        "Evolution/3.46.4",
        "Mozilla/5.0 (X11; Linux x86_64) KIO/5.103 akonadi_davgroupware_resource_0/5.22.3 (22.12.3)",
    ] {
        assert_eq!(
            homes(agent),
            ["/dav/bob/private/", "/dav/groups/Team/"],
            "{agent}"
        );
    }
}

#[test]
fn the_home_lists_the_private_book_first_and_every_group_once() {
    let server = Server::start();
    let bob = Client::new(&server, "bob");
    let props = "<D:displayname/><D:resourcetype/>";
    let listed = bob.propfind("/dav/bob/private/", "1", props);
    let hrefs = listed.hrefs();
    assert_eq!(
        hrefs[..2],
        ["/dav/bob/private/", "/dav/bob/private/contacts/"]
    );
    assert_eq!(hrefs.len(), 3, "{hrefs:?}");
    let team = listed.get(hrefs[2]);
    assert_eq!(team.text(DAV, "displayname"), "Team");
    assert_eq!(
        team.names(DAV, "resourcetype"),
        ["collection", "addressbook", "shared"]
    );
    let again = bob.propfind("/dav/bob/private/", "1", props);
    assert_eq!(again.hrefs(), hrefs);
    // A client of several homes finds the group's book in the group's home only.
    let davx5 = Client::with_agent(&server, "bob", "DAVx5/4.4");
    let own = davx5.propfind("/dav/bob/private/", "1", props);
    assert_eq!(
        own.hrefs(),
        ["/dav/bob/private/", "/dav/bob/private/contacts/"]
    );
    let group = davx5.propfind("/dav/groups/Team/", "1", props);
    assert_eq!(group.hrefs()[..2], ["/dav/groups/Team/", TEAM]);
    // Both addresses are one book.
    let same = "<D:getetag/><D:sync-token/><D:resource-id/><CS:getctag/>";
    let (alias, canonical) = (bob.props(hrefs[2], same), bob.props(TEAM, same));
    for (namespace, local) in [
        (DAV, "getetag"),
        (DAV, "sync-token"),
        (CALENDARSERVER, "getctag"),
    ] {
        assert_eq!(
            alias.text(namespace, local),
            canonical.text(namespace, local)
        );
    }
    assert_eq!(
        alias.hrefs(DAV, "resource-id"),
        canonical.hrefs(DAV, "resource-id")
    );
    let card = |base: &str| {
        let members = bob.propfind(base, "1", "<D:getetag/><D:resource-id/>");
        let first = &members.responses[1];
        (
            first.href.trim_start_matches(base).to_owned(),
            first.text(DAV, "getetag"),
            first.hrefs(DAV, "resource-id"),
        )
    };
    assert_eq!(card(hrefs[2]), card(TEAM));
}

#[test]
fn group_principals_are_matched_exactly_as_written() {
    let server = Server::start();
    let bob = Client::new(&server, "bob");
    let found = bob.props(
        "/dav/principals/groups/Team/",
        "<C:addressbook-home-set/><D:group-member-set/><D:displayname/><D:principal-URL/>",
    );
    assert_eq!(
        found.hrefs(CARDDAV, "addressbook-home-set"),
        ["/dav/groups/Team/"]
    );
    assert_eq!(found.hrefs(DAV, "group-member-set").len(), 3);
    let listed = bob.propfind("/dav/groups/Team/", "1", "<D:resourcetype/>");
    assert!(listed.find(TEAM).is_some());
    for path in [
        "/dav/principals/groups/team/",
        "/dav/groups/team/",
        "/dav/groups/TEAM/TEAM/",
    ] {
        assert_eq!(bob.send("PROPFIND", path, &[], "").status, 404, "{path}");
    }
}

#[test]
fn a_scoped_login_shows_only_the_group() {
    let server = Server::start();
    let scoped = Client::new(&server, "bob$Team");
    let root = scoped.props("/", "<D:current-user-principal/>");
    assert_eq!(
        root.hrefs(DAV, "current-user-principal"),
        ["/dav/principals/groups/Team/"]
    );
    let home = scoped.props("/dav/principals/groups/Team/", "<C:addressbook-home-set/>");
    assert_eq!(
        home.hrefs(CARDDAV, "addressbook-home-set"),
        ["/dav/groups/Team/"]
    );
    let listed = scoped.propfind("/dav/groups/Team/", "1", "<D:resourcetype/>");
    assert!(listed.find(TEAM).is_some());
    let private = scoped.send("PROPFIND", "/dav/bob/private/contacts/", &[], "");
    assert_eq!(private.status, 404);
    for login in ["bob$Nowhere", "bob$team", "bob$"] {
        let answer = Client::new(&server, login).send("PROPFIND", "/", &[], "");
        assert_eq!(answer.status, 401, "{login}");
    }
}

#[test]
fn each_folder_above_the_homes_lists_what_is_in_it() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for (folder, members) in [
        ("/", ["/dav/"].as_slice()),
        ("/dav/", &["/dav/principals/", "/dav/alice/"]),
        ("/dav/alice/", &["/dav/alice/private/"]),
    ] {
        let listed = alice.propfind(folder, "1", "<D:resourcetype/>");
        assert_eq!(listed.hrefs()[0], folder);
        // RFC 4918 §9.1: a client that lists a folder leaves out what does not belong in it.
        assert_eq!(listed.hrefs()[1..], *members, "{folder}");
    }
}

#[test]
fn another_persons_tree_does_not_exist() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for path in [
        "/dav/bob/",
        "/dav/bob/private/",
        "/dav/bob/private/contacts/",
        "/dav/bob/private/contacts/x.vcf",
        "/dav/nobody/",
        "/dav/groups/Nobody/",
    ] {
        for method in ["PROPFIND", "GET", "PUT", "DELETE", "REPORT", "PROPPATCH"] {
            let answer = alice.send(method, path, &[], card("u", "x"));
            // A method the kind of address never has is refused before anything is looked up.
            assert!(
                [404, 405].contains(&answer.status),
                "{method} {path}: {answer:?}"
            );
        }
    }
    let answer = alice.send("PROPFIND", "/dav/bob/private/contacts/", &[], "");
    let nothing = alice.send("PROPFIND", "/dav/nobody/private/contacts/", &[], "");
    assert_eq!((answer.status, &answer.body), (404, &nothing.body));
}

#[test]
fn asking_without_a_password_costs_nothing_and_locks_nobody_out() {
    let server = Server::start();
    for _ in 0..300 {
        let answer = request(&server.address, "PROPFIND", "/dav/", &[], b"");
        assert_eq!(answer.status, 401);
    }
    let root = Client::new(&server, "alice").send("PROPFIND", "/dav/", &[("Depth", "0")], "");
    assert_eq!(root.status, 207);
}

#[test]
fn a_phone_with_an_old_password_does_not_lock_the_others_out() {
    let server = Server::start();
    let wrong = [basic("alice", "old password")];
    for _ in 0..100 {
        let answer = request(&server.address, "PROPFIND", "/dav/", &wrong, b"");
        assert_eq!(answer.status, 401);
    }
    let root = Client::new(&server, "alice").send("PROPFIND", "/dav/", &[("Depth", "0")], "");
    assert_eq!(root.status, 207);
}

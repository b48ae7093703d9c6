//! What a group's members may do over CardDAV: rows 67 to 70 of `docs/conformance/carddav.md`.

use std::sync::Arc;

use carnet::{
    auth,
    domain::{
        actor::Actor,
        batch::{Batch, GrantOp, Op},
        id::Timestamp,
        principal::GroupOptions,
        rights::GroupRight,
    },
};

use super::client::*;
use crate::support::{people::person, server::Server};

/// Grants bob a right on the group Team.
fn grant(server: &Server, right: GroupRight) {
    server.runtime.block_on(async {
        let store = server.store();
        let group = store
            .group_by_name("Team")
            .await
            .expect("a read")
            .expect("Team")
            .id;
        let bob = store
            .person_by_login("bob")
            .await
            .expect("a read")
            .expect("bob")
            .id;
        let ops = vec![Op::Grant(GrantOp::GrantGroup {
            group,
            person: Some(bob),
            right,
        })];
        let batch = Batch {
            at: Timestamp::now(),
            ops,
            ..Batch::default()
        };
        server.core().commit(batch).await.expect("granted");
    });
}

const SET: &str = "<D:current-user-privilege-set/>";

#[test]
fn a_reader_reads_and_is_told_which_right_is_missing() {
    let server = Server::start();
    let bob = Client::new(&server, "bob");
    assert_eq!(
        bob.props(TEAM, SET).privileges(),
        ["read", "read-current-user-privilege-set"]
    );
    let listed = bob.propfind(TEAM, "1", &format!("{SET}<D:getetag/>"));
    let k = listed.hrefs()[1].to_owned();
    assert_eq!(
        listed.get(&k).privileges(),
        ["read", "read-current-user-privilege-set"]
    );
    let before = bob.etag(&k);
    let token = bob.token(TEAM);
    let text = bob
        .get(&k)
        .text()
        .replace("END:VCARD", "NOTE:mine\r\nEND:VCARD");
    let put = bob.put(&k, &[("If-Match", &before)], &text);
    assert_eq!(
        (put.status, preconditions(&put)),
        (403, vec!["need-privileges".to_owned()])
    );
    let missing = |href: &str, privilege: &str| {
        format!("<D:resource><D:href>{href}</D:href><D:privilege><D:{privilege}/></D:privilege>")
    };
    assert!(
        put.text().contains(&missing(&k, "write-content")),
        "{}",
        put.text()
    );
    let new = bob.put(&format!("{TEAM}new.vcf"), &[], card("new", "New"));
    assert!(
        new.text().contains(&missing(TEAM, "bind")),
        "{}",
        new.text()
    );
    let gone = bob.delete(&k);
    assert_eq!(gone.status, 403);
    assert!(
        gone.text().contains(&missing(TEAM, "unbind")),
        "{}",
        gone.text()
    );
    let moved = bob.send(
        "MOVE",
        &k,
        &[("Destination", "/dav/bob/private/contacts/k.vcf")],
        "",
    );
    assert_eq!(
        (moved.status, preconditions(&moved)),
        (403, vec!["need-privileges".to_owned()])
    );
    assert_eq!(bob.get("/dav/bob/private/contacts/k.vcf").status, 404);
    assert_eq!(Client::new(&server, "alice").token(TEAM), token);
    // For bob the card has another tag now, so that his clients fetch it anew; for alice it has not.
    let after = bob.etag(&k);
    assert_ne!(after, before);
    assert_eq!(Client::new(&server, "alice").etag(&k), before);
    assert_eq!(bob.get(&k).header("etag"), Some(&*after));
    // What was refused is kept, once.
    bob.put(&k, &[], &text);
    let kept = server.runtime.block_on(async {
        let store = server.store();
        let bob = store
            .person_by_login("bob")
            .await
            .expect("a read")
            .expect("bob")
            .id;
        store.refused(bob).await.expect("a read")
    });
    let kept: Vec<&Vec<u8>> = kept
        .iter()
        .map(|revision| &revision.document)
        .filter(|d| d.windows(9).any(|w| w == b"NOTE:mine"))
        .collect();
    assert_eq!(kept.len(), 1);
}

#[test]
fn a_contributor_adds_and_edits_what_is_their_own() {
    let server = Server::start();
    grant(&server, GroupRight::Add);
    let bob = Client::new(&server, "bob");
    assert_eq!(
        bob.props(TEAM, SET).privileges(),
        [
            "bind",
            "read",
            "read-current-user-privilege-set",
            "write-content"
        ]
    );
    let own = format!("{TEAM}own.vcf");
    assert_eq!(bob.put(&own, &[], card("own", "Own")).status, 201);
    let edited = bob.put(&own, &[("If-Match", &bob.etag(&own))], card("own", "Own 2"));
    assert_eq!(edited.status, 204);
    assert_eq!(
        bob.props(&own, SET).privileges(),
        ["read", "read-current-user-privilege-set", "write-content"]
    );
    let gone = bob.delete(&own);
    assert_eq!(
        (gone.status, preconditions(&gone)),
        (403, vec!["need-privileges".to_owned()])
    );
    let listed = bob.propfind(TEAM, "1", &format!("{SET}<D:getetag/>"));
    let other = listed
        .hrefs()
        .into_iter()
        .skip(1)
        .find(|href| **href != own)
        .expect("another")
        .to_owned();
    assert_eq!(
        listed.get(&other).privileges(),
        ["read", "read-current-user-privilege-set"]
    );
    let before = bob.etag(&other);
    let refused = bob.put(
        &other,
        &[("If-Match", &before)],
        bob.get(&other).text().replace("END:", "NOTE:x\r\nEND:"),
    );
    assert_eq!(
        (refused.status, preconditions(&refused)),
        (403, vec!["need-privileges".to_owned()])
    );
    // A listing shows it anew to bob.
    assert_ne!(
        bob.propfind(TEAM, "1", "<D:getetag/>")
            .get(&other)
            .text(DAV, "getetag"),
        before
    );
    grant(&server, GroupRight::AddDelete);
    assert_eq!(
        bob.props(TEAM, SET).privileges(),
        [
            "bind",
            "read",
            "read-current-user-privilege-set",
            "unbind",
            "write",
            "write-content",
            "write-properties"
        ]
    );
    assert_eq!(bob.delete(&own).status, 204);
    assert_eq!(bob.delete(&other).status, 204);
    // Nothing granted, but a card of one's own: the book looks writable, or a client would not try.
    let mine = format!("{TEAM}mine.vcf");
    assert_eq!(bob.put(&mine, &[], card("mine", "Mine")).status, 201);
    grant(&server, GroupRight::None);
    assert_eq!(
        bob.props(TEAM, SET).privileges(),
        ["read", "read-current-user-privilege-set", "write-content"]
    );
    assert_eq!(bob.put(&mine, &[], card("mine", "Mine still")).status, 204);
}

#[test]
fn a_refused_write_is_told_again_to_its_author_alone() {
    let server = Server::start();
    let (alice, bob) = (Client::new(&server, "alice"), Client::new(&server, "bob"));
    let hrefs: Vec<String> = bob.sync(TEAM, "", None).changes().0[..4]
        .iter()
        .map(|href| (*href).to_owned())
        .collect();
    let others = alice.token(TEAM);
    let mut token = bob.token(TEAM);
    let told = |token: &mut String, limit| {
        let multi = bob.sync(TEAM, token, limit);
        *token = multi.token().to_owned();
        let (there, gone) = multi.changes();
        assert!(gone.is_empty(), "{}", multi.raw);
        let there: Vec<String> = there.iter().map(|href| (*href).to_owned()).collect();
        (there, multi.find(TEAM).is_some())
    };
    let edit = |href: &str| {
        let text = bob.get(href).text().replace("END:", "NOTE:x\r\nEND:");
        assert_eq!(bob.put(href, &[], text).status, 403);
    };
    assert_eq!(told(&mut token, None), (vec![], false));
    edit(&hrefs[0]);
    assert_ne!(bob.token(TEAM), token);
    assert_eq!(told(&mut token, None), (vec![hrefs[0].clone()], false));
    assert_eq!(token, bob.token(TEAM));
    assert_eq!(told(&mut token, None), (vec![], false));
    // So are refused deletions and moves, and writes that are no card at all.
    assert_eq!(bob.delete(&hrefs[1]).status, 403);
    assert_eq!(told(&mut token, None), (vec![hrefs[1].clone()], false));
    let to = [("Destination", "/dav/bob/private/contacts/k.vcf")];
    assert_eq!(bob.send("MOVE", &hrefs[2], &to, "").status, 403);
    assert_eq!(told(&mut token, None), (vec![hrefs[2].clone()], false));
    assert_eq!(bob.put(&hrefs[3], &[], "junk").status, 403);
    assert_eq!(told(&mut token, None), (vec![hrefs[3].clone()], false));
    // With what others changed, page by page, each once.
    for href in [&hrefs[0], &hrefs[1], &hrefs[0]] {
        edit(href);
    }
    let changed = alice
        .get(&hrefs[2])
        .text()
        .replace("END:", "NOTE:y\r\nEND:");
    assert_eq!(alice.put(&hrefs[2], &[], changed).status, 204);
    edit(&hrefs[2]);
    let mut seen = Vec::new();
    loop {
        let (page, more) = told(&mut token, Some(1));
        seen.extend(page);
        if !more {
            break;
        }
    }
    seen.sort();
    let mut expected = hrefs[..3].to_vec();
    expected.sort();
    assert_eq!(seen, expected);
    assert_eq!(told(&mut token, None), (vec![], false));
    // A first synchronization has nothing to tell twice.
    let first = bob.sync(TEAM, "", None);
    assert_eq!(first.token(), token);
    // Nobody else is told of anything but alice's own edit.
    assert_eq!(alice.sync(TEAM, &others, None).changes().0, [&hrefs[2]]);
    let broken = token.replace('.', ".x");
    let answer = bob.report(TEAM, &sync_body(&broken, None));
    assert_eq!(preconditions(&answer), ["valid-sync-token"]);
    let data = server.stop();
    let server = Server::start_in(data);
    let bob = Client::new(&server, "bob");
    assert!(bob.sync(TEAM, &token, None).responses.is_empty());
}

fn take_bob_out(server: &Server) {
    server.runtime.block_on(async {
        let (alice, bob) = (actor(server, "alice").await, actor(server, "bob").await);
        let team = server.core().group(&alice, "Team").await.expect("Team");
        team.remove_member(bob.person).await.expect("removed");
    });
}

#[test]
fn sharing_outside_that_is_off_lacks_bind_on_the_destination() {
    let server = Server::start();
    let bob = Client::new(&server, "bob");
    server.runtime.block_on(async {
        let (alice, bob) = (actor(&server, "alice").await, actor(&server, "bob").await);
        let team = server.core().group(&alice, "Team").await.expect("Team");
        let options = GroupOptions {
            share_outside: false,
            ..team.group().options
        };
        team.set_options(options).await.expect("set");
        let club = server.core().found_group(&bob, "Club", "").await;
        club.expect("founded");
    });
    let listed = bob.propfind(TEAM, "1", "<D:getetag/>");
    let card = listed.hrefs()[1].to_owned();
    let target = [("Destination", "/dav/groups/Club/Club/k.vcf")];
    for method in ["COPY", "MOVE"] {
        let answer = bob.send(method, &card, &target, "");
        assert_eq!(answer.status, 403);
        let lacks = "<D:href>/dav/groups/Club/Club/</D:href><D:privilege><D:bind/>";
        assert!(answer.text().contains(lacks), "{}", answer.text());
    }
}

async fn actor(server: &Server, login: &str) -> Arc<Actor> {
    let found = server.store().person_by_login(login).await;
    let person = found.expect("a read").expect("an account").id;
    let actor = server.core().actor(person, Default::default()).await;
    Arc::new(actor.expect("an actor"))
}

#[test]
fn what_is_written_into_a_book_that_was_lost_is_kept() {
    let server = Server::start();
    server.runtime.block_on(async {
        let op = Op::from(
            person("dora")
                .named("Dora")
                .with_hash(&auth::hash("demo".to_owned()).await.expect("a hash")),
        );
        let batch = Batch {
            at: Timestamp::now(),
            ops: vec![op],
            ..Batch::default()
        };
        server.core().commit(batch).await.expect("an account");
    });
    let (bob, dora) = (Client::new(&server, "bob"), Client::new(&server, "dora"));
    let listed = bob.propfind("/dav/bob/private/", "1", "<D:resourcetype/>");
    let alias = listed.hrefs()[2].to_owned();
    let listed = bob.propfind(TEAM, "1", "<D:getetag/>");
    let edited = listed.hrefs()[1].to_owned();
    let segment = alias.trim_end_matches('/').rsplit('/').next().expect("one");
    let refused = |login: &str| {
        let kept = server.runtime.block_on(async {
            let actor = actor(&server, login).await;
            server.core().refused(&actor, 0).await.expect("a read")
        });
        let mut names: Vec<String> = kept.into_iter().map(|kept| kept.display).collect();
        names.sort();
        names
    };
    take_bob_out(&server);
    for _ in 0..2 {
        assert_eq!(bob.put(&edited, &[], card("1", "Edited Late")).status, 404);
        let added = format!("{alias}new.vcf");
        assert_eq!(bob.put(&added, &[], card("2", "Added Late")).status, 409);
    }
    let posted = [("Content-Type", "text/vcard")];
    let answer = bob.send("POST", &alias, &posted, card("5", "Posted Late"));
    assert!((400..500).contains(&answer.status), "{}", answer.status);
    assert_eq!(refused("bob"), ["Added Late", "Edited Late", "Posted Late"]);
    // Who never was a member, and addresses that never were a book, keep nothing.
    let foreign = format!("/dav/dora/private/{segment}/new.vcf");
    for path in [&edited, &foreign, "/dav/dora/private/nowhere/new.vcf"] {
        assert!(matches!(
            dora.put(path, &[], card("3", "Never Kept")).status,
            404 | 409
        ));
    }
    bob.put(
        "/dav/bob/private/nowhere/n.vcf",
        &[],
        card("4", "Never Kept"),
    );
    assert_eq!(refused("dora"), Vec::<String>::new());
    assert_eq!(refused("bob").len(), 3);
    // A book of one's own that was deleted.
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    let club = "/dav/bob/private/club/";
    assert_eq!(bob.send("MKCOL", club, &[], body).status, 201);
    assert_eq!(bob.delete("/dav/bob/private/club/").status, 204);
    bob.put("/dav/bob/private/club/n.vcf", &[], card("5", "Own Late"));
    assert_eq!(
        refused("bob"),
        ["Added Late", "Edited Late", "Own Late", "Posted Late"]
    );
}

#[test]
fn a_member_who_left_finds_nothing() {
    let server = Server::start();
    let bob = Client::new(&server, "bob");
    let home = bob.token("/dav/bob/private/");
    let alias = bob
        .propfind("/dav/bob/private/", "1", "<D:resourcetype/>")
        .hrefs()[2]
        .to_owned();
    let card_href = bob.propfind(TEAM, "1", "<D:getetag/>").hrefs()[1].to_owned();
    take_bob_out(&server);
    for path in [
        TEAM,
        "/dav/groups/Team/",
        "/dav/principals/groups/Team/",
        &alias,
        &card_href,
    ] {
        assert_eq!(
            bob.send("PROPFIND", path, &[("Depth", "0")], "").status,
            404,
            "{path}"
        );
    }
    let listed = bob.propfind("/dav/bob/private/", "1", "<D:resourcetype/>");
    assert_eq!(
        listed.hrefs(),
        ["/dav/bob/private/", "/dav/bob/private/contacts/"]
    );
    assert_eq!(
        bob.sync("/dav/bob/private/", &home, None).changes(),
        (vec![], vec![&*alias])
    );
    let memberships = bob.props("/dav/principals/users/bob/", "<D:group-membership/>");
    assert!(memberships.hrefs(DAV, "group-membership").is_empty());
}

#[test]
fn who_may_write_may_read() {
    let server = Server::start();
    for login in ["alice", "bob"] {
        let client = Client::new(&server, login);
        for path in [format!("/dav/{login}/private/contacts/"), TEAM.to_owned()] {
            assert!(
                client
                    .props(&path, SET)
                    .privileges()
                    .contains(&"read".to_owned())
            );
        }
    }
    let alice = Client::new(&server, "alice");
    assert_eq!(
        alice.props(BOOK, SET).privileges(),
        [
            "bind",
            "read",
            "read-current-user-privilege-set",
            "unbind",
            "write",
            "write-content",
            "write-properties"
        ]
    );
    // The administrator of a group adds and deletes, and modifies nothing by role.
    assert!(
        alice
            .props(TEAM, SET)
            .privileges()
            .contains(&"unbind".to_owned())
    );
    let tree = alice.props(BOOK, "<D:supported-privilege-set/>");
    assert_eq!(
        tree.names(DAV, "supported-privilege-set"),
        ["supported-privilege"]
    );
    let asked =
        "<D:propfind xmlns:D=\"DAV:\"><D:prop><D:supported-privilege-set/></D:prop></D:propfind>";
    let told = alice
        .send("PROPFIND", BOOK, &[("Depth", "0")], asked)
        .text();
    for privilege in [
        "read",
        "write-content",
        "write-properties",
        "bind",
        "unbind",
    ] {
        assert!(told.contains(&format!(":{privilege}/>")), "{told}");
    }
}

#[test]
fn a_card_is_read_at_the_same_cost_however_many_others_were_refused() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let one = "/dav/alice/private/contacts/one.vcf";
    assert_eq!(alice.put(one, &[], card("one", "One")).status, 201);
    let person = server.person("alice").0;
    let costs = [3, 3_000].map(|number| {
        server.sql(&format!(
            "INSERT OR IGNORE INTO refusal_mark (person, collection, item, mark, at)
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {number})
             SELECT {person}, c.id, 100000 + n, 1, n FROM n JOIN collection c
             WHERE c.person = {person} AND c.kind = 'private' AND c.class = 'contact'"
        ));
        assert_eq!(alice.get(one).status, 200);
        server.work().reset();
        assert_eq!(alice.get(one).status, 200);
        server.work().steps()
    });
    assert_eq!(costs[0], costs[1], "steps of the engine");
}

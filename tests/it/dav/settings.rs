//! What an operator and an account may choose for CardDAV clients: where group books are found,
//! the versions of vCard, whether clients make books, logins for one group, Apple profiles.

use carnet::domain::batch::{GroupOp, Op};

use super::client::*;
use crate::support::{
    program::{refused, works},
    server::Server,
};

const FOUR: &[(&str, &str)] = &[("Accept", "text/vcard; version=4.0")];

#[test]
fn an_account_chooses_where_its_clients_find_group_books() {
    let server = Server::start();
    let own = "/dav/bob/private/";
    let homes = |agent: &str| {
        let bob = Client::with_agent(&server, "bob", agent);
        let set = bob
            .props("/dav/principals/users/bob/", "<C:addressbook-home-set/>")
            .hrefs(CARDDAV, "addressbook-home-set");
        let listed = bob.propfind(own, "1", "<D:resourcetype/>").hrefs().len();
        (set.len(), listed)
    };
    let choose = |homes: &str| {
        works(
            server.data.path(),
            &["user", "set", "bob", "--homes", homes],
        );
    };
    assert_eq!(homes("DAVx5/4.4"), (2, 2));
    assert_eq!(homes("curl/8"), (1, 3));
    choose("single");
    assert_eq!(homes("DAVx5/4.4"), (1, 3));
    choose("several");
    assert_eq!(homes("curl/8"), (2, 2));
    // A client that was set up before finds its books where they were.
    let bob = Client::new(&server, "bob");
    choose("single");
    let alias = bob.propfind(own, "1", "<D:resourcetype/>").hrefs()[2].to_owned();
    choose("several");
    for path in [&alias, TEAM] {
        assert_eq!(bob.propfind(path, "0", "<D:getetag/>").responses.len(), 1);
    }
    choose("auto");
    assert_eq!(homes("DAVx5/4.4"), (2, 2));
    assert_eq!(homes("curl/8"), (1, 3));
    let said = refused(
        server.data.path(),
        &["user", "set", "bob", "--homes", "none"],
    );
    assert!(said.contains("none"), "{said}");
}

#[test]
fn version_4_is_offered_where_server_and_account_want_it() {
    let server = Server::start_with(|config| config.carddav_vcard4 = false);
    let path = format!("{BOOK}v.vcf");
    let alice = Client::new(&server, "alice");
    let body = card("v", "V").replace("3.0", "4.0");
    // Programs that do not look at what is offered may write it all the same.
    assert_eq!(alice.put(&path, &[], &body).status, 201);
    let offered = || {
        let found = alice.props(BOOK, "<C:supported-address-data/>");
        let data = found.prop(CARDDAV, "supported-address-data").expect("it");
        data.elements()
            .filter_map(|kind| kind.attribute("version").map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let four = "<C:address-data version=\"4.0\"/>";
    let refuses = || {
        let answer = alice.report(BOOK, &multiget_body(four, &[&path]));
        assert_eq!(
            (answer.status, preconditions(&answer)),
            (403, vec!["supported-address-data".to_owned()])
        );
        assert!(
            alice
                .send("GET", &path, FOUR, "")
                .text()
                .contains("VERSION:3.0")
        );
        assert_eq!(offered(), ["3.0"]);
    };
    let gives = || {
        let got = alice.multiget(BOOK, four, &[&path]);
        let text = got.get(&path).text(CARDDAV, "address-data");
        assert!(text.contains("VERSION:4.0"), "{text}");
        assert!(
            alice
                .send("GET", &path, FOUR, "")
                .text()
                .contains("VERSION:4.0")
        );
        assert_eq!(offered(), ["3.0", "4.0"]);
    };
    let choose = |switch: &str| {
        works(
            server.data.path(),
            &["user", "set", "alice", "--vcard4", switch],
        );
    };
    refuses();
    // Thunderbird reads what is stored, whatever is offered: it never saw a version 3.0 of it.
    let bird = Client::with_agent(&server, "alice", "Thunderbird/128.0");
    assert!(bird.get(&path).text().contains("VERSION:4.0"));
    choose("on");
    gives();
    choose("server");
    refuses();
    let data = server.stop();
    let server = Server::start_in(data);
    let alice = Client::new(&server, "alice");
    assert!(
        alice
            .send("GET", &path, FOUR, "")
            .text()
            .contains("VERSION:4.0")
    );
    works(
        server.data.path(),
        &["user", "set", "alice", "--vcard4", "off"],
    );
    assert!(
        alice
            .send("GET", &path, FOUR, "")
            .text()
            .contains("VERSION:3.0")
    );
}

#[test]
fn clients_make_no_books_where_the_operator_wants_none() {
    let server = Server::start_with(|config| config.further_books = false);
    let alice = Client::new(&server, "alice");
    let path = "/dav/alice/private/more/";
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/>\
         </D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    let answer = alice.send("MKCOL", path, &[], &body);
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (403, vec!["need-privileges".to_owned()])
    );
    assert!(answer.text().contains("<D:bind/>"), "{}", answer.text());
    assert_eq!(alice.send("PROPFIND", path, &[], "").status, 404);
    let home = alice.props("/dav/alice/private/", "<D:current-user-privilege-set/>");
    assert!(
        !home.privileges().contains(&"bind".to_owned()),
        "{:?}",
        home.privileges()
    );
}

#[test]
fn who_signed_in_for_one_group_is_another_client() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{TEAM}k.vcf");
    assert_eq!(alice.put(&path, &[], card("k", "K")).status, 201);
    // The account's own client and one scoped to the group hold different versions.
    let scoped = Client::new(&server, "alice$Team");
    scoped.sync(TEAM, "", None);
    alice.sync(TEAM, "", None);
    let newer = card_with("k", "K", &["NOTE:newer"]);
    assert_eq!(alice.put(&path, &[], &newer).status, 204);
    alice.sync(TEAM, "", None);
    // An older copy is not judged by what the other client was served.
    let older = card_with("k", "K", &["TITLE:Baker"]);
    assert_eq!(scoped.put(&path, &[], &older).status, 204);
    let text = alice.get(&path).text();
    assert!(
        text.contains("NOTE:newer") && text.contains("TITLE:Baker"),
        "{text}"
    );
}

#[test]
fn who_signed_in_for_one_group_is_told_of_no_other_book() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let scoped = Client::new(&server, "alice$Team");
    let home = "/dav/alice/private/";
    let token = scoped.sync(home, "", None).token().to_owned();
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/>\
         </D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    let secret = format!("{home}secret/");
    assert_eq!(alice.send("MKCOL", &secret, &[], body).status, 201);
    assert_eq!(alice.delete(&secret).status, 204);
    let told = scoped.sync(home, &token, None);
    assert!(!told.raw.contains("secret"), "{}", told.raw);
    let all = alice.sync(home, &token, None);
    assert_eq!(all.changes(), (vec![], vec![&*secret]));
}

#[test]
fn a_profile_sets_up_the_account_and_each_group_on_apples_programs() {
    let path = "/dav/principals/users/bob/contacts.mobileconfig";
    let server = Server::start_with(|config| {
        config.public_url = Some("https://contacts.example.org:8443".to_owned());
    });
    server.commit(Op::Group(GroupOp::AddGroup {
        name: "R&D".to_owned(),
        display_name: "Research & Development".to_owned(),
        admin: server.person("bob"),
    }));
    let bob = Client::new(&server, "bob");
    let page = bob.get("/dav/principals/users/bob/").text();
    assert!(page.contains(path), "{page}");
    let answer = bob.get(path);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/x-apple-aspen-config"))
    );
    let text = answer.text();
    for (login, principal) in [
        ("bob", "/dav/principals/users/bob/"),
        ("bob$Team", "/dav/principals/groups/Team/"),
        ("bob$R&amp;D", "/dav/principals/groups/R&amp;D/"),
    ] {
        let account = format!(
            "<key>CardDAVUsername</key><string>{login}</string>\
             <key>CardDAVPrincipalURL</key><string>{principal}</string>\
             <key>CardDAVPort</key><integer>8443</integer><key>CardDAVUseSSL</key><true/>"
        );
        assert!(text.contains(&account), "{account} in {text}");
    }
    assert_eq!(
        text.matches("<string>contacts.example.org</string>")
            .count(),
        3
    );
    assert_eq!(text.matches("com.apple.carddav.account").count(), 3);
    // What it names works: the group is the principal of who signs in so.
    let scoped = Client::new(&server, "bob$R&D");
    let found = scoped.props("/dav/principals/groups/R&D/", "<D:current-user-principal/>");
    assert_eq!(
        found.hrefs(DAV, "current-user-principal"),
        ["/dav/principals/groups/R&D/"]
    );
    // The same again replaces it; nobody else gets it; without an address there is none.
    assert_eq!(bob.get(path).text(), text);
    assert_eq!(Client::new(&server, "alice").get(path).status, 404);
    assert_eq!(bob.send("PROPFIND", path, &[], "").status, 404);
    let unnamed = Server::start();
    assert_eq!(Client::new(&unnamed, "bob").get(path).status, 404);
}

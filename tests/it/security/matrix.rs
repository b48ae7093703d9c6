//! Every address, by everybody who might ask, and every form, from everywhere it might come.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    routes::{Row, Who, listed, table},
    scene::Scene,
};
use crate::support::{
    browser::{Browser, MULTIPART, multipart},
    http::{Answer, request},
    server::Server,
};

fn leads_to_sign_in(answer: &Answer) -> bool {
    let to = answer.header("location").unwrap_or_default();
    answer.status == 303 && to.starts_with("/login")
}

#[test]
fn every_route_of_the_router_has_a_row() {
    let server = Server::start();
    let found = listed(server.router());
    let rows: BTreeMap<String, BTreeSet<String>> = table()
        .into_iter()
        .map(|row| (row.path, row.methods))
        .collect();
    let lines = |of: &BTreeMap<String, BTreeSet<String>>,
                 other: &BTreeMap<String, BTreeSet<String>>| {
        let lines = of
            .iter()
            .filter(|(path, methods)| other.get(*path) != Some(*methods));
        lines
            .map(|(path, methods)| format!("{methods:?} {path}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (lines(&found, &rows), lines(&rows, &found)),
        (vec![], vec![]),
        "(routes without their row in tests/it/security/routes.txt, rows without their route)"
    );
    assert!(rows.len() > 300);
}

/// Pages of a group that need more than *Read*, and what they need.
const MORE_THAN_READ: [(&str, &str); 10] = [
    ("/g/{name}/c/{id}/attach", "Modify"),
    ("/g/{name}/c/{id}/edit", "Modify"),
    ("/g/{name}/c/{id}/verify", "the creator"),
    ("/g/{name}/empty", "Delete"),
    ("/g/{name}/import", "Add"),
    ("/g/{name}/import/file/{upload}", "who sent the file"),
    ("/g/{name}/imports/{import}", "who began the import"),
    ("/g/{name}/imports/{import}/refused", "who began the import"),
    ("/g/{name}/new", "Add"),
    ("/d/g/{name}/{folder}/empty", "Delete"),
];

#[test]
fn nobody_reads_what_is_not_for_them() {
    let scene = Scene::set();
    let nobody = Browser::open(&scene.server.address);
    let mut wrong = Vec::new();
    let mut expect = |right: bool, who: &str, path: &str, answer: &Answer| {
        if !right {
            wrong.push(format!("{who} {path}: {}", answer.status));
        }
    };
    let reads = |row: &&Row| row.methods.contains("GET") && row.path != "/";
    for row in table().iter().filter(reads) {
        let path = scene.page(row);
        let answer = nobody.get(&path);
        let text = answer.text();
        let open = matches!(row.who, Who::Anybody | Who::Link);
        let named = ["Martin", "Vanbrabant", "Aaronson"];
        let tells = named.iter().any(|name| text.contains(name));
        let right = leads_to_sign_in(&answer) != open && answer.status < 500 && !tells;
        expect(right, "nobody", &path, &answer);
        for login in scene.strangers(row.who) {
            let answer = scene.people[login].browser.get(&path);
            // The default folder of a group is led to, and not there then.
            let leads_on = row.path == "/d/g/{name}" && answer.status == 303;
            expect(answer.status == 404 || leads_on, login, &path, &answer);
        }
        let rightful: &[&str] = match row.who {
            Who::Owner => &["alice"],
            Who::Member => &["alice", "bob"],
            Who::Administrator => &["root"],
            _ => &["alice", "dora"],
        };
        for login in rightful {
            let answer = scene.people[login].browser.get(&path);
            let needed = MORE_THAN_READ.iter().find(|(path, _)| *path == row.path);
            let right = match (row.who, *login) {
                // Nobody holds it.
                (Who::Link, _) => answer.status == 404 || answer.status == 410,
                // The certificate is the operator's own.
                _ if row.path == "/carnet-ca.crt" => answer.status == 404,
                (Who::Person, "dora") if row.path.ends_with("/photo") => answer.status == 404,
                (_, "bob") if needed.is_some() => matches!(answer.status, 403 | 404),
                _ => answer.status < 400,
            };
            expect(right, login, &path, &answer);
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn nobody_changes_what_is_not_for_them() {
    let scene = Scene::set();
    let before = scene.stored();
    let mut wrong = Vec::new();
    for row in table().iter().filter(|row| row.methods.contains("POST")) {
        let path = scene.address(row);
        let mut expect_refused = |login: Option<&str>, token: &str| {
            let answer = scene.post(login, &path, token, &[]);
            let refused = match login {
                None => answer.status == 403 || leads_to_sign_in(&answer),
                // To forget a file that is not there is nothing.
                Some(_) if row.path.ends_with("{upload}/discard") => answer.status == 303,
                // What was typed comes back, whether there is such a contact or not.
                Some(_) if row.path == "/g/{name}/c/{id}/edit" => answer.status == 409,
                Some(_) => answer.status == 404,
            };
            if !refused || scene.stored() != before {
                wrong.push(format!("{login:?} {path}: {}", answer.status));
            }
        };
        if row.who > Who::Client {
            expect_refused(None, "");
        }
        for login in scene.strangers(row.who) {
            expect_refused(Some(login), &scene.people[login].token);
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_member_who_only_reads_changes_nothing_of_the_group() {
    // What needs no more than *Read*, or concerns the member alone: leaving, commenting, tagging,
    // printing, exporting, copying.
    let own = [
        "/g/{name}/c/{id}/comments",
        "/g/{name}/c/{id}/copy",
        "/g/{name}/c/{id}/tags",
        "/g/{name}/export",
        "/g/{name}/import/file/{upload}/discard",
        "/g/{name}/members/leave",
        "/g/{name}/new/alike",
        "/g/{name}/selected/copy",
        "/g/{name}/selected/export",
        "/g/{name}/selected/print",
        "/g/{name}/selected/tag",
        "/g/{name}/selected/untag",
        "/d/g/{name}/{folder}/c/{id}/comments",
        "/d/g/{name}/{folder}/c/{id}/copy",
        "/d/g/{name}/{folder}/c/{id}/tags",
        "/d/g/{name}/{folder}/selected/copy",
        "/d/g/{name}/{folder}/selected/tag",
        "/d/g/{name}/{folder}/selected/untag",
        // Settings of the person.
        "/g/{name}/duplicates/{first}/{second}/apart",
        "/g/{name}/trash/hold",
        "/d/g/{name}/{folder}/trash/hold",
    ];
    let scene = Scene::set();
    let bob = &scene.people["bob"];
    let person = |login: &str| {
        let store = scene.server.store();
        let found = scene.server.runtime.block_on(store.person_by_login(login));
        found.expect("read").expect("an account").id.to_string()
    };
    let (alice, carol) = (person("alice"), person("carol"));
    let contact = scene.team().contact.as_str();
    let removed = scene.team().removed.as_str();
    // What any of the forms asks for, so that no one is refused for what it lacks.
    let fields = [
        ("token", bob.token.as_str()),
        ("name", "Changed"),
        ("text", "Changed"),
        ("shown", "Changed"),
        ("list", "Changed"),
        ("new", "Changed"),
        ("fn", "Changed"),
        ("family", "Changed"),
        ("given", "Changed"),
        ("typed", "Team"),
        ("login", "dora"),
        ("email", "dora@example.org"),
        ("person", &carol),
        ("role", "coadmin"),
        ("right", "add-delete"),
        ("grantee", "everyone"),
        ("grantee", &alice),
        ("to", "1"),
        ("id", contact),
        ("item", contact),
        ("contact", contact),
        ("revision", removed),
        ("revisions", removed),
        ("before", "1"),
        ("creators_delete", "on"),
        ("group", "Team"),
        ("place", "1"),
        ("document", "1"),
        ("comment", "1"),
    ];
    // A change that is refused is kept for the member.
    let held = || scene.stored_but(&["meta", "refusal_mark", "revision"]);
    let before = held();
    let mut wrong = Vec::new();
    let rows = table();
    let forms = rows.iter().filter(|row| {
        let sent = row.who == Who::Member && row.methods.contains("POST");
        sent && !own.contains(&row.path.as_str())
    });
    for row in forms {
        let path = scene.address(row);
        let mut answer = bob.browser.submit(&path, &fields);
        if matches!(answer.status, 400 | 415) {
            let cookie = bob.browser.cookie.clone().expect("a session");
            let headers = [("Content-Type", MULTIPART), ("Cookie", &cookie)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let body = multipart(&fields, &[("x.txt", b"x")]);
            answer = request(&scene.server.address, "POST", &path, &headers, &body);
        }
        let refused = match answer.status {
            403 | 404 => true,
            // Of several, each is refused by itself, and the page counts them.
            422 if row.path == "/g/{name}/verify" => true,
            303 | 422 => path.contains("/selected/") || path.contains("/trash/"),
            // Nobody chosen may be asked by a member.
            200 if row.path == "/g/{name}/selected/verify" => true,
            // Who merges has seen both: no page shows a reader the versions.
            409 => row.path.ends_with("/duplicates/{first}/{second}"),
            _ => false,
        };
        if !refused || held() != before {
            wrong.push(format!("{path}: {}", answer.status));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn forms_without_the_sessions_token_or_from_elsewhere_do_nothing() {
    let scene = Scene::set();
    let before = scene.stored();
    let mut wrong = Vec::new();
    let elsewhere = [("Origin", "https://elsewhere.example")];
    let cross = [("Sec-Fetch-Site", "cross-site")];
    for row in table().iter().filter(|row| row.methods.contains("POST")) {
        let path = scene.address(row);
        let mut expect_refused = |login: &str, token: &str, from: &[(&str, &str)]| {
            let answer = scene.post(Some(login), &path, token, from);
            let refused = matches!(answer.status, 403 | 404)
                // Said on the page of the account.
                || row.path == "/settings/account/card" && answer.status == 422;
            if !refused || scene.stored() != before {
                wrong.push(format!(
                    "{login} {token:?} {from:?} {path}: {}",
                    answer.status
                ));
            }
        };
        let login = match row.who {
            Who::Administrator => "root",
            _ => "alice",
        };
        for from in [&elsewhere, &cross] {
            expect_refused(login, &scene.people[login].token, from);
        }
        // Signing out takes no token: its cookie is not sent from elsewhere.
        if row.who > Who::Client && row.path != "/logout" {
            for token in ["", "0", &scene.people["bob"].token] {
                expect_refused(login, token, &[]);
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // The same form with its token, from here, is obeyed.
    let token = &scene.people["alice"].token;
    let same = [("Sec-Fetch-Site", "same-origin")];
    let answer = scene.post(Some("alice"), "/search/clear", token, &same);
    assert_eq!(answer.status, 303);
}

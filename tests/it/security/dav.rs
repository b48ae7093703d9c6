//! CardDAV: every method on every kind of address, by everybody who might ask.

use super::scene::Scene;
use crate::support::{
    dav::card,
    http::{Answer, basic, request},
};

const BOOK: &str = "/dav/alice/private/contacts/";
const CARD: &str = "/dav/alice/private/contacts/zoe.vcf";
const HOME: &str = "/dav/alice/private/";
const PRINCIPAL: &str = "/dav/principals/users/alice/";
const TEAM: &str = "/dav/groups/Team/Team/";
const TEAM_CARD: &str = "/dav/groups/Team/Team/zoe.vcf";
const TEAM_HOME: &str = "/dav/groups/Team/";
const TEAM_PRINCIPAL: &str = "/dav/principals/groups/Team/";

/// What is private to Alice, and what is Team's.
const HERS: [&str; 3] = [BOOK, CARD, HOME];
const OF_TEAM: [&str; 4] = [TEAM, TEAM_CARD, TEAM_HOME, TEAM_PRINCIPAL];

const METHODS: [&str; 12] = [
    "OPTIONS",
    "GET",
    "HEAD",
    "PROPFIND",
    "REPORT",
    "PROPPATCH",
    "PUT",
    "POST",
    "COPY",
    "MOVE",
    "MKCOL",
    "DELETE",
];

/// What clients leave of themselves, and what is kept for who was refused.
const TRACES: [&str; 7] = [
    "client",
    "dav_client",
    "dav_client_card",
    "meta",
    "refusal_mark",
    "revision",
    "sign_in_failure",
];

/// A request as a client of the book would send it; COPY and MOVE lead into the own book.
fn ask(scene: &Scene, credentials: Option<(&str, &str)>, method: &str, path: &str) -> Answer {
    let own = credentials.map_or("alice", |(login, _)| login);
    let into = format!("/dav/{own}/private/contacts/brought.vcf");
    send(scene, credentials, method, path, &into)
}

fn send(
    scene: &Scene,
    credentials: Option<(&str, &str)>,
    method: &str,
    path: &str,
    destination: &str,
) -> Answer {
    let mut headers: Vec<(String, String)> = credentials
        .map(|(login, password)| basic(login, password))
        .into_iter()
        .collect();
    let mut header = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    let body = match method {
        "PUT" | "POST" => {
            header("Content-Type", "text/vcard");
            card(&format!("by-{method}"), "Changed")
        }
        "PROPFIND" => {
            header("Depth", "1");
            "<propfind xmlns=\"DAV:\"><allprop/></propfind>".to_owned()
        }
        "REPORT" => {
            header("Content-Type", "application/xml");
            "<sync-collection xmlns=\"DAV:\"><sync-token/><sync-level>1</sync-level><prop>\
             <getetag/><C:address-data xmlns:C=\"urn:ietf:params:xml:ns:carddav\"/></prop>\
             </sync-collection>"
                .to_owned()
        }
        "PROPPATCH" => "<propertyupdate xmlns=\"DAV:\"><set><prop><displayname>Changed\
                        </displayname></prop></set></propertyupdate>"
            .to_owned(),
        "COPY" | "MOVE" => {
            header("Destination", destination);
            String::new()
        }
        _ => String::new(),
    };
    request(
        &scene.server.address,
        method,
        path,
        &headers,
        body.as_bytes(),
    )
}

fn stored(scene: &Scene) -> String {
    scene.stored_but(&TRACES)
}

/// Whether an answer shows something of a contact or of an account.
fn tells(answer: &Answer) -> bool {
    let text = answer.text();
    ["Aaronson", "Vanbrabant", "Martin", "Roy"]
        .iter()
        .any(|name| text.contains(name))
}

#[test]
fn without_the_right_password_no_method_does_anything() {
    let scene = Scene::set();
    let before = stored(&scene);
    let mut wrong = Vec::new();
    let everywhere = [&HERS[..], &OF_TEAM, &[PRINCIPAL, "/dav", "/dav/", "/"]].concat();
    for path in everywhere {
        for method in METHODS {
            // Browsers and forms are those of the pages.
            if path == "/" && ["GET", "HEAD", "POST"].contains(&method) {
                continue;
            }
            for credentials in [None, Some(("alice", "wrong")), Some(("nobody", "demo"))] {
                let answer = ask(&scene, credentials, method, path);
                let expected = match method {
                    // The same of what there is and what there is not.
                    "OPTIONS" => 200,
                    _ => 401,
                };
                if answer.status != expected || tells(&answer) || stored(&scene) != before {
                    wrong.push(format!(
                        "{credentials:?} {method} {path}: {}",
                        answer.status
                    ));
                }
            }
            // A session of the pages is no credential here.
            let cookie = scene.people["alice"].browser.cookie.clone();
            let cookie = [("Cookie".to_owned(), cookie.expect("a session"))];
            let answer = request(&scene.server.address, method, path, &cookie, b"");
            if method != "OPTIONS" && answer.status != 401 {
                wrong.push(format!("a session {method} {path}: {}", answer.status));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_is_somebody_elses_is_answered_as_if_it_did_not_exist() {
    let scene = Scene::set();
    let before = stored(&scene);
    let mut wrong = Vec::new();
    let strangers = [
        ("dora", [&HERS[..], &OF_TEAM, &[PRINCIPAL]].concat()),
        ("root", [&HERS[..], &OF_TEAM, &[PRINCIPAL]].concat()),
        ("bob", HERS.to_vec()),
    ];
    for (login, paths) in strangers {
        for path in paths {
            let nowhere = path.replace("alice", "nobody").replace("Team", "None");
            for method in METHODS {
                let asked = [path, &nowhere].map(|path| {
                    let answer = ask(&scene, Some((login, "demo")), method, path);
                    assert!(!tells(&answer), "{login} {method} {path}");
                    let text = answer.text();
                    let text = text.replace("alice", "nobody").replace("Team", "None");
                    (answer.status, text)
                });
                let is_refused = asked[0].0 >= 400 || method == "OPTIONS";
                if asked[0] != asked[1] || !is_refused || stored(&scene) != before {
                    wrong.push(format!("{login} {method} {path}: {asked:?}"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn nothing_is_brought_from_or_to_what_is_somebody_elses() {
    let scene = Scene::set();
    let put = |login: &str| {
        let own = format!("/dav/{login}/private/contacts/own.vcf");
        let answer = ask(&scene, Some((login, "demo")), "PUT", &own);
        assert_eq!(answer.status, 201);
        own
    };
    let own = ["dora", "root", "bob"].map(|login| (login, put(login)));
    let before = stored(&scene);
    let mut wrong = Vec::new();
    for (login, own) in &own {
        let credentials = Some((*login, "demo"));
        // A member reads what is Team's, and brings nothing there.
        let into: &[&str] = match *login {
            "bob" => &["/dav/alice/private/contacts/", TEAM],
            _ => &[
                "/dav/alice/private/contacts/",
                TEAM,
                "/dav/bob/private/contacts/",
            ],
        };
        for place in into {
            for method in ["COPY", "MOVE"] {
                let to = format!("{place}brought.vcf");
                let answer = send(&scene, credentials, method, own, &to);
                let refused = matches!(answer.status, 403 | 404 | 409);
                if !refused || stored(&scene) != before {
                    wrong.push(format!("{login} {method} to {to}: {}", answer.status));
                }
            }
        }
        // Nor does a report of the own book show what is not in it.
        let book = format!("/dav/{login}/private/contacts/");
        let hrefs: String = [CARD, TEAM_CARD, "/dav/bob/private/contacts/own.vcf"]
            .iter()
            .filter(|href| !href.starts_with(&book))
            .map(|href| format!("<D:href>{href}</D:href>"))
            .collect();
        let report = format!(
            "<C:addressbook-multiget xmlns:C=\"urn:ietf:params:xml:ns:carddav\" xmlns:D=\"DAV:\">\
             <D:prop><C:address-data/></D:prop>{hrefs}</C:addressbook-multiget>"
        );
        let headers = [
            basic(login, "demo"),
            ("Content-Type".to_owned(), "application/xml".to_owned()),
        ];
        let address = &scene.server.address;
        let answer = request(address, "REPORT", &book, &headers, report.as_bytes());
        if tells(&answer) || answer.text().contains("BEGIN:VCARD") {
            wrong.push(format!("{login} multiget: {}", answer.text()));
        }
        // Nor does a search among people tell of others than those of one's groups.
        let search = "<D:principal-property-search xmlns:D=\"DAV:\"><D:property-search><D:prop>\
                      <D:displayname/></D:prop><D:match>Martin</D:match></D:property-search>\
                      <D:prop><D:displayname/></D:prop></D:principal-property-search>";
        for path in ["/dav/principals/", "/dav/principals/users/"] {
            let answer = request(address, "REPORT", path, &headers, search.as_bytes());
            if tells(&answer) != (*login == "bob") {
                wrong.push(format!("{login} {path}: {}", answer.text()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_member_who_only_reads_gets_what_members_get() {
    let scene = Scene::set();
    // spec/rights.md §4: read, and the person's own properties; each refused write says which
    // privilege it needs.
    let expected: [(&str, [(&str, u16); 11]); 3] = [
        (
            TEAM,
            [
                ("GET", 200),
                ("HEAD", 200),
                ("PROPFIND", 207),
                ("REPORT", 207),
                ("PUT", 405),
                ("POST", 403),
                ("COPY", 403),
                ("MOVE", 403),
                ("MKCOL", 405),
                ("DELETE", 403),
                ("PROPPATCH", 207),
            ],
        ),
        (
            TEAM_CARD,
            [
                ("GET", 200),
                ("HEAD", 200),
                ("PROPFIND", 207),
                ("REPORT", 403),
                ("PUT", 403),
                ("POST", 405),
                ("MOVE", 403),
                ("MKCOL", 405),
                ("DELETE", 403),
                ("PROPPATCH", 207),
                // A copy is another contact, of who made it.
                ("COPY", 201),
            ],
        ),
        (
            PRINCIPAL,
            [
                ("GET", 200),
                ("HEAD", 200),
                ("PROPFIND", 207),
                ("REPORT", 403),
                ("PUT", 405),
                ("POST", 405),
                ("COPY", 405),
                ("MOVE", 405),
                ("MKCOL", 405),
                ("DELETE", 405),
                ("PROPPATCH", 207),
            ],
        ),
    ];
    let mut wrong = Vec::new();
    for (path, methods) in expected {
        for (method, status) in methods {
            let before = scene.content();
            let answer = ask(&scene, Some(("bob", "demo")), method, path);
            let changed = scene.content() != before;
            // Refused writes are kept for him, and he is told of them.
            let may_change = matches!(method, "PROPPATCH" | "COPY");
            if answer.status != status || changed && !(may_change && status < 400) {
                wrong.push(format!(
                    "{method} {path}: {} {}",
                    answer.status,
                    answer.text()
                ));
            }
            let names_it = answer.text().contains("need-privileges");
            if ["PUT", "DELETE", "MOVE"].contains(&method) && path == TEAM_CARD && !names_it {
                wrong.push(format!("{method} {path}: {}", answer.text()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // The names bob gave are his own.
    let answer = ask(&scene, Some(("alice", "demo")), "PROPFIND", TEAM);
    assert!(!answer.text().contains("Changed"), "{}", answer.text());
}

#[test]
fn who_may_is_obeyed() {
    const BROUGHT: &str = "/dav/alice/private/contacts/brought.vcf";
    let scene = Scene::set();
    let mut wrong = Vec::new();
    for (book, card) in [(BOOK, CARD), (TEAM, TEAM_CARD)] {
        // Within its own book a contact has one address.
        let copied: &[_] = match book {
            BOOK => &[("COPY", card, 409)],
            _ => &[("COPY", card, 201), ("DELETE", BROUGHT, 204)],
        };
        let all = [
            &[
                ("GET", card, 200),
                ("HEAD", card, 200),
                ("PROPFIND", book, 207),
                ("REPORT", book, 207),
                ("PROPPATCH", book, 207),
                ("POST", book, 201),
            ][..],
            copied,
            &[
                ("MOVE", card, 201),
                ("DELETE", BROUGHT, 204),
                ("PUT", card, 201),
                ("DELETE", card, 204),
            ],
        ]
        .concat();
        for (method, path, status) in all {
            let before = stored(&scene);
            let answer = ask(&scene, Some(("alice", "demo")), method, path);
            let writes = !matches!(method, "GET" | "HEAD" | "PROPFIND" | "REPORT");
            let changed = stored(&scene) != before;
            if answer.status != status || changed != (writes && status < 400) {
                wrong.push(format!("{method} {path}: {} {changed}", answer.status));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

//! Every address, by everybody who might ask, and every form, from everywhere it might come.

use std::collections::{BTreeMap, BTreeSet};

use carnet::{
    auth,
    domain::{batch::Op, store::Store as _},
};

use super::routes::{Row, Who, listed, table};
use crate::support::{
    browser::{Browser, MULTIPART, hidden, multipart},
    dav::Book,
    http::{Answer, request},
    server::Server,
};

/// Alice, Bob and Carol are members of Team, Dora is of nothing, Root administers.
struct Scene {
    server: Server,
    people: BTreeMap<&'static str, Person>,
    /// What the parameters of addresses stand for: things of Alice, and of Team.
    own: BTreeMap<&'static str, String>,
    team: BTreeMap<&'static str, String>,
}

struct Person {
    browser: Browser,
    token: String,
}

impl Scene {
    fn set() -> Self {
        let server = Server::start();
        for (login, admin) in [("dora", false), ("root", true)] {
            let hash = server.runtime.block_on(auth::hash("demo".to_owned()));
            server.commit(Op::AddPerson {
                login: login.to_owned(),
                email: None,
                name: login.to_owned(),
                admin,
                password_hash: hash.expect("a hash"),
            });
        }
        let people: BTreeMap<_, _> = ["alice", "bob", "dora", "root"]
            .into_iter()
            .map(|login| {
                let browser = Browser::of(&server.address, login);
                let token = hidden(&browser.page("/settings"), "token");
                (login, Person { browser, token })
            })
            .collect();
        let alice = &people["alice"];
        let made = |path: &str, fields: &[(&str, &str)]| {
            let mut all = vec![("token", alice.token.as_str())];
            all.extend(fields);
            let answer = alice.browser.submit(path, &all);
            assert_eq!(answer.status, 303, "{path}: {}", answer.text());
            let to = answer.header("location").expect("a page").to_owned();
            last(&to)
        };
        let folder = made("/d/private/documents/folders", &[("name", "Mine")]);
        let shared = made("/d/g/Team/documents/folders", &[("name", "Ours")]);
        let first = |list: &str| {
            let page = alice.browser.page(list);
            let mark = format!("href=\"{list}/c/");
            let at = page.find(&mark).expect("a contact") + mark.len();
            page[at..]
                .split(['"', '/', '?'])
                .next()
                .expect("an id")
                .to_owned()
        };
        let values = |id: String, folder: String| {
            let strangers = "1-00000000000000000000000000000000";
            BTreeMap::from([
                ("id", id),
                ("folder", folder),
                ("name", "Team".to_owned()),
                ("upload", strangers.to_owned()),
                ("import", "1".to_owned()),
                ("first", "1".to_owned()),
                ("second", "2".to_owned()),
                ("revision", "1".to_owned()),
                ("campaign", "1".to_owned()),
                ("token", "0".repeat(64)),
                ("kind", "carddav".to_owned()),
                ("section", "search".to_owned()),
                ("label", "x".to_owned()),
            ])
        };
        let own = values(first("/c/private"), folder);
        let team = values(first("/g/Team"), shared);
        Self {
            server,
            people,
            own,
            team,
        }
    }

    /// The address of a row with somebody's things in it.
    fn address(&self, row: &Row) -> String {
        let values = match row.who {
            Who::Member => &self.team,
            Who::Administrator => &BTreeMap::from([("id", "1".to_owned())]),
            _ if row.path.contains("/devices/e/") => &BTreeMap::from([("id", "1".to_owned())]),
            _ => &self.own,
        };
        let mut path = row.path.clone();
        for (name, value) in values {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        assert!(!path.contains('{'), "a parameter nobody knows: {path}");
        path
    }

    /// A form as the page it stands on would send it, whatever kind it is.
    fn post(&self, login: Option<&str>, path: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let cookie = login.map(|login| &self.people[login].browser);
        let cookie = cookie.and_then(|browser| browser.cookie.clone());
        let headers = |media_type: &str| {
            let mut headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
            headers.extend(cookie.clone().map(|cookie| ("Cookie".to_owned(), cookie)));
            headers.extend(more.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
            headers
        };
        let address = &self.server.address;
        let form = headers("application/x-www-form-urlencoded");
        let body = format!("token={token}");
        let answer = request(address, "POST", path, &form, body.as_bytes());
        match answer.status {
            // This one takes files.
            400 | 415 => {
                let body = multipart(&[("token", token)], &[("x.txt", b"x")]);
                request(address, "POST", path, &headers(MULTIPART), &body)
            }
            _ => answer,
        }
    }

    /// Every row that is stored, apart from sessions and what is derived from other rows.
    fn stored(&self) -> String {
        self.rows(
            "name <> 'session' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE 'search%'",
        )
    }

    /// What places hold, and who may do what with it.
    fn held(&self) -> String {
        self.rows(
            "name IN ('item', 'placement', 'attachment', 'collection', 'grp', 'membership',
                 'grant_group', 'grant_item', 'invitation', 'comment', 'office')",
        )
    }

    /// Every row of some tables.
    fn rows(&self, tables: &str) -> String {
        let file = self.server.data.path().join("carnet.db");
        let database = rusqlite::Connection::open(file).expect("opened");
        let named = format!("SELECT name FROM sqlite_schema WHERE type = 'table' AND {tables}");
        let mut named = database.prepare(&named).expect("the tables");
        let tables = named.query_map([], |row| row.get::<_, String>(0));
        let tables: Result<Vec<String>, _> = tables.expect("the tables").collect();
        let mut all = String::new();
        for table in tables.expect("the tables") {
            let mut rows = database
                .prepare(&format!("SELECT * FROM {table}"))
                .expect(&table);
            let columns = rows.column_count();
            let mut rows = rows.query([]).expect(&table);
            while let Some(row) = rows.next().expect(&table) {
                let values =
                    (0..columns).map(|at| format!("{:?} ", row.get_ref(at).expect("a value")));
                all += &format!("{table} {}\n", values.collect::<String>());
            }
        }
        all
    }

    /// Who an address is not for.
    fn strangers(&self, who: Who) -> &'static [&'static str] {
        match who {
            Who::Owner => &["bob", "dora", "root"],
            Who::Member => &["dora", "root"],
            Who::Administrator => &["alice"],
            Who::Anybody | Who::Link | Who::Client | Who::Person => &[],
        }
    }
}

fn last(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

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

/// What names nothing (an upload, a campaign, an earlier version) is not there for its owner either.
fn is_there(row: &Row) -> bool {
    let named = [
        "{upload}",
        "{import}",
        "{first}",
        "{campaign}",
        "{revision}",
        "/e/{id}",
        "{folder}/c/{id}",
    ];
    let ends = ["/photo", "/sms", "/fax", "/verify"];
    row.who > Who::Person
        && !named.iter().any(|part| row.path.contains(part))
        && !ends.iter().any(|end| row.path.ends_with(end))
}

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
        let path = scene.address(row);
        let answer = nobody.get(&path);
        let text = answer.text();
        let open = matches!(row.who, Who::Anybody | Who::Link);
        let tells = text.contains("Martin") || text.contains("Vanbrabant");
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
            // Bob reads what is Team's, and adds nothing.
            let all = is_there(row) && *login != "bob";
            let most = if all { 400 } else { 500 };
            expect(answer.status < most, login, &path, &answer);
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
    // Reading, what is of the member alone, and comments: `rights.md` §2, rules 10, 11 and 15.
    let own = [
        "/copy",
        "/export",
        "/print",
        "/tags",
        "/tag",
        "/untag",
        "/comments",
        "/hold",
        "/leave",
        "/alike",
        "/undo-client",
        "/apart",
        "/import/file/{upload}/discard",
    ];
    let scene = Scene::set();
    let bob = &scene.people["bob"];
    let person = |login: &str| {
        let store = scene.server.store();
        let found = scene.server.runtime.block_on(store.person_by_login(login));
        found.expect("read").expect("an account").id.to_string()
    };
    let (alice, carol) = (person("alice"), person("carol"));
    let contact = scene.team["id"].as_str();
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
        ("revision", "1"),
        ("revisions", "1-9"),
        ("before", "1"),
        ("creators_delete", "on"),
        ("group", "Team"),
        ("place", "1"),
        ("document", "1"),
        ("comment", "1"),
    ];
    let before = scene.held();
    let mut wrong = Vec::new();
    let rows = table();
    let forms = rows.iter().filter(|row| {
        let sent = row.who == Who::Member && row.methods.contains("POST");
        sent && !own.iter().any(|end| row.path.ends_with(end))
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
        // Of several, each is refused by itself, and the page counts them.
        let several = ["/selected/", "/trash/"]
            .iter()
            .any(|part| path.contains(part));
        let refused =
            matches!(answer.status, 403 | 404) || several && matches!(answer.status, 303 | 422);
        if !refused || scene.held() != before {
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
                || row.path == "/settings/account/card" && answer.status == 422
                // Leads on, and ends no session.
                || row.path == "/logout" && answer.header("set-cookie").is_none();
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
        if row.who > Who::Client {
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

#[test]
fn clients_get_in_with_their_credentials_alone_and_to_their_own() {
    let scene = Scene::set();
    let address = &scene.server.address;
    let depth = [("Depth".to_owned(), "0".to_owned())];
    let private = "/dav/alice/private/contacts/";
    let team = "/dav/groups/Team/Team/";
    for path in [
        "/dav",
        "/dav/",
        private,
        team,
        "/dav/principals/users/alice/",
    ] {
        for method in [
            "PROPFIND",
            "GET",
            "PUT",
            "DELETE",
            "POST",
            "REPORT",
            "MKCOL",
            "PROPPATCH",
        ] {
            let answer = request(address, method, path, &depth, b"");
            assert_eq!(answer.status, 401, "{method} {path}");
            // A session of the pages is no credential here.
            let cookie = scene.people["alice"]
                .browser
                .cookie
                .clone()
                .expect("a session");
            let cookie = [("Cookie".to_owned(), cookie)];
            assert_eq!(
                request(address, method, path, &cookie, b"").status,
                401,
                "{method} {path}"
            );
        }
    }
    let status = |login: &str, path: &str| {
        let book = Book::of(address, login);
        book.send("PROPFIND", path, &[("Depth", "1")], b"").status
    };
    for (path, those) in [(private, &["alice"][..]), (team, &["alice", "bob"])] {
        for login in ["alice", "bob", "dora", "root"] {
            let found = status(login, path);
            match those.contains(&login) {
                true => assert_eq!(found, 207, "{login} {path}"),
                false => assert!(matches!(found, 403 | 404), "{login} {path}: {found}"),
            }
        }
    }
    for path in [
        "/Microsoft-Server-ActiveSync?Cmd=FolderSync&User=alice&DeviceId=x&DeviceType=y",
        "/microsoft-server-activesync",
        "/autodiscover/autodiscover.xml",
    ] {
        let answer = request(address, "POST", path, &[], b"");
        assert_eq!(answer.status, 401, "{path}");
    }
}

//! The administration: who sees it, and what it does.

mod classes;

use carnet::{
    auth,
    domain::{batch::Op, device::DeviceAccess},
};

use crate::support::{
    browser::{Browser, escaped, hidden},
    dav::Book,
    http::Answer,
    people::person,
    phone::Phone,
    server::Server,
    tree::text_at,
};

fn start() -> Server {
    administered(Server::start())
}

/// With the administrator root.
fn administered(server: Server) -> Server {
    let hash = server.runtime.block_on(auth::hash("demo".to_owned()));
    server.commit(Op::from(
        person("root")
            .named("Root")
            .administering(true)
            .with_hash(&hash.expect("a hash")),
    ));
    server
}

fn submit(browser: &Browser, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let token = hidden(&browser.page(page), "token");
    let mut all = vec![("token", token.as_str())];
    all.extend(fields);
    browser.submit(path, &all)
}

const PAGES: [&str; 10] = [
    "/admin",
    "/admin/users",
    "/admin/users/1",
    "/admin/classes",
    "/admin/groups",
    "/admin/groups/1",
    "/admin/devices",
    "/admin/logs",
    "/admin/rules",
    "/admin/check",
];

const FORMS: [&str; 17] = [
    "/admin/backup",
    "/admin/check",
    "/admin/users",
    "/admin/users/import",
    "/admin/users/2",
    "/admin/users/2/password",
    "/admin/users/2/state",
    "/admin/users/2/remove",
    "/admin/classes",
    "/admin/classes/remove",
    "/admin/groups",
    "/admin/groups/1",
    "/admin/groups/1/member",
    "/admin/groups/1/remove",
    "/admin/devices",
    "/admin/rules/devices",
    "/admin/rules/notice",
];

#[test]
fn to_others_than_administrators_it_does_not_exist() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let alice = Browser::of(&server.address, "alice");
    let nobody = Browser::open(&server.address);
    let token = hidden(&alice.page("/settings"), "token");
    for page in PAGES {
        assert_eq!(root.get(page).status, 200, "{page}");
        assert_eq!(alice.get(page).status, 404, "{page}");
        assert_eq!(nobody.get(page).status, 303, "{page}");
    }
    let before: i64 = count(&server, "SELECT count(*) FROM audit");
    for form in FORMS {
        let fields = [
            ("token", token.as_str()),
            ("state", "off"),
            ("typed", "bob"),
        ];
        assert_eq!(alice.submit(form, &fields).status, 404, "{form}");
        let answer = nobody.submit(form, &fields);
        assert_eq!(answer.status, 303, "{form}");
        // Without the token of the session nothing is done either.
        assert_eq!(root.submit(form, &fields).status, 403, "{form}");
    }
    assert_eq!(count(&server, "SELECT count(*) FROM audit"), before);
    assert!(root.page("/settings").contains("href=\"/admin\""));
    assert!(!alice.page("/settings").contains("href=\"/admin\""));
}

fn count(server: &Server, sql: &str) -> i64 {
    let file = server.data.path().join("carnet.db");
    let connection = rusqlite::Connection::open(file).expect("the file");
    connection
        .query_row(sql, [], |row| row.get(0))
        .expect("a number")
}

#[test]
fn no_page_shows_a_contact() {
    let server = start();
    let mut phone = Phone::set_up(&server, "alice", "P1", "16.1");
    phone.pull();
    let root = Browser::of(&server.address, "root");
    for page in PAGES {
        let text = root.page(page);
        for content in ["Vanbrabant", "Ateliers", "example.com"] {
            assert!(!text.contains(content), "{page}: {content}");
        }
    }
    // Nor is there another way into it.
    assert_eq!(root.get("/g/Team").status, 404);
}

#[test]
fn people_are_added_found_changed_and_removed() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let add = |fields: &[(&str, &str)]| submit(&root, "/admin/users", "/admin/users", fields);
    let added = add(&[
        ("login", "dora"),
        ("name", "Dora <D>"),
        ("email", "dora@example.org"),
    ]);
    assert_eq!(added.status, 200);
    let text = added.text();
    let made = text
        .split("<dt>dora</dt><dd><code>")
        .nth(1)
        .expect("a password");
    let password = made.split('<').next().expect("an end").to_owned();
    let mut dora = Browser::open(&server.address);
    assert_eq!(dora.sign_in("dora", &password).status, 303);
    for (fields, why) in [
        (&[("login", "dora")][..], "dora"),
        (&[("login", "D D")], "A login is 1 to 64"),
        (&[("login", "eve"), ("email", "nowhere")], "address"),
    ] {
        let refused = add(fields);
        assert!((400..500).contains(&refused.status), "{fields:?}");
        assert!(refused.text().contains(why), "{why}: {}", refused.text());
    }
    let found = root.page("/admin/users?q=DORA%40EX");
    assert!(
        found.contains("Dora &#60;D&#62;") && !found.contains(">alice<"),
        "{found}"
    );
    let id = server.person("dora").0;
    let here = format!("/admin/users/{id}");
    let changed = submit(
        &root,
        &here,
        &here,
        &[
            ("name", "Dora"),
            ("email", ""),
            ("quota", "2"),
            ("class", ""),
        ],
    );
    assert_eq!(changed.status, 303);
    let page = root.page(&here);
    assert!(
        page.contains("value=\"2\"") && !page.contains("dora@example.org"),
        "{page}"
    );
    let refused = submit(&root, &here, &here, &[("name", "Dora"), ("quota", "many")]);
    assert_eq!(refused.status, 422);
    // The quota holds on every face.
    let book = Book::with_password(&server.address, "dora", &password);
    let card = |n: u8| {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{n}\r\nFN:{n}\r\nN:{n};;;;\r\nEND:VCARD\r\n")
    };
    let put = |n: u8| {
        book.put(&format!("{n}.vcf"), ("If-None-Match", "*"), &card(n))
            .status
    };
    assert_eq!((put(1), put(2), put(3)), (201, 201, 507));
    assert!(root.page("/admin/users?q=dora").contains(">2 / 2<"));
    // 0 is no limit.
    let fields = [("name", "Dora"), ("quota", "0"), ("class", "")];
    assert_eq!(submit(&root, &here, &here, &fields).status, 303);
    assert_eq!(put(3), 201);
    assert!(root.page("/admin/users?q=dora").contains(">3<"));

    let reset = submit(&root, &here, &format!("{here}/password"), &[]);
    assert_eq!(reset.status, 200);
    assert_eq!(dora.get("/contacts").status, 303, "sessions end");
    assert_eq!(book.sync("").0, 401);
    let state = |state| submit(&root, &here, &format!("{here}/state"), &[("state", state)]);
    assert_eq!(state("off").status, 303);
    assert!(root.page(&here).contains("disabled"));
    assert_eq!(state("on").status, 303);

    let remove = |typed| submit(&root, &here, &format!("{here}/remove"), &[("typed", typed)]);
    assert_eq!(remove("alice").status, 422);
    assert_eq!(remove("dora").status, 303);
    assert_eq!(root.get(&here).status, 404);
    server.check();
}

#[test]
fn the_server_keeps_an_administrator_and_groups_keep_theirs() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let own = format!("/admin/users/{}", server.person("root").0);
    let off = submit(&root, &own, &format!("{own}/state"), &[("state", "off")]);
    assert_eq!(off.status, 422);
    assert!(
        off.text().contains("keeps an administrator"),
        "{}",
        off.text()
    );
    let gone = submit(&root, &own, &format!("{own}/remove"), &[("typed", "root")]);
    assert_eq!(gone.status, 422);
    let fields = [("login", "root"), ("password", "demo")];
    let page = "/settings/account/delete";
    let gone = submit(&root, page, page, &fields);
    assert_eq!(gone.status, 422, "{}", gone.text());
    let plain = submit(&root, &own, &own, &[("name", "Root"), ("quota", "")]);
    assert_eq!(plain.status, 422, "without the check box");
    let alice = format!("/admin/users/{}", server.person("alice").0);
    let gone = submit(
        &root,
        &alice,
        &format!("{alice}/remove"),
        &[("typed", "alice")],
    );
    assert!(
        gone.text().contains("hand it over first"),
        "{}",
        gone.text()
    );
}

#[test]
fn a_list_of_people_is_imported() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let import = |list| {
        submit(
            &root,
            "/admin/users",
            "/admin/users/import",
            &[("list", list)],
        )
    };
    let answer = import("login;name;email\nzoe;Zoé;zoe@example.org\nalice;Again;\nyan;;\n");
    assert_eq!(answer.status, 200);
    let text = answer.text();
    for login in ["zoe", "yan"] {
        let made = text.split(&format!("<dt>{login}</dt><dd><code>")).nth(1);
        let password = made
            .and_then(|rest| rest.split('<').next())
            .expect("a password");
        let mut browser = Browser::open(&server.address);
        assert_eq!(browser.sign_in(login, password).status, 303);
    }
    assert!(text.contains("Not added: alice"), "{text}");
    for (list, why) in [
        ("name\nzoe\n", "Line 1 has to name its columns"),
        ("login\nB B\n", "Line 2: “b b” is no login"),
        (
            "login,email\nann,nowhere\n",
            "Line 2: “nowhere” is no e-mail address",
        ),
    ] {
        let refused = import(list);
        assert_eq!(refused.status, 422);
        let page = refused.text();
        assert!(page.contains(why), "{page}");
        assert!(
            page.contains(&escaped(list.trim_end())),
            "the list stays: {page}"
        );
    }
    let fields = [
        ("login", "alice"),
        ("name", "Another A"),
        ("email", "a@example.org"),
    ];
    let taken = submit(&root, "/admin/users", "/admin/users", &fields);
    let page = taken.text();
    assert_eq!(taken.status, 409);
    assert!(page.contains(r#"value="Another A""#) && page.contains(r#"value="a@example.org""#));
}

#[test]
fn groups_are_founded_manned_and_deleted() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let found = |name, login| {
        let fields = [("name", name), ("login", login)];
        submit(&root, "/admin/groups", "/admin/groups", &fields).status
    };
    assert_eq!(found("Choir", "bob"), 303);
    assert_eq!(found("choir", "bob"), 409);
    assert_eq!(found("a/b", "bob"), 422);
    assert_eq!(found("Band", "nobody"), 422);
    let list = root.page("/admin/groups");
    let id = list
        .split("/admin/groups/")
        .skip(1)
        .find(|piece| piece.contains(">Choir<"));
    let id = id.and_then(|piece| piece.split('"').next()).expect("Choir");
    let here = format!("/admin/groups/{id}");
    let member = |login, role| {
        let fields = [("login", login), ("role", role)];
        submit(&root, &here, &format!("{here}/member"), &fields).status
    };
    assert_eq!(member("carol", "admin"), 303);
    assert!(root.page("/admin/groups").contains(">carol</td>"));
    // People are called as whoever administers reads names.
    assert!(root.page(&here).contains(">Bob Keller</td>"));
    let fields = [("names", "last-first"), ("keys", "1")];
    let set = submit(&root, "/settings", "/settings/display", &fields);
    assert_eq!(set.status, 303);
    for page in [&*here, "/admin/users"] {
        let page = root.page(page);
        assert!(page.contains(">Keller Bob</td>"), "{page}");
    }
    assert_eq!(
        submit(&root, &here, &here, &[("creators_delete", "1")]).status,
        303
    );
    let page = root.page(&here);
    assert!(
        page.contains("name=\"creators_delete\" value=\"1\" checked"),
        "{page}"
    );
    assert!(
        !page.contains("name=\"share_outside\" value=\"1\" checked"),
        "{page}"
    );
    let remove =
        |typed| submit(&root, &here, &format!("{here}/remove"), &[("typed", typed)]).status;
    assert_eq!(remove("Band"), 422);
    assert_eq!(remove("Choir"), 303);
    assert_eq!(root.get(&here).status, 404);
    server.check();
}

#[test]
fn devices_of_everybody_are_ordered_about() {
    let server = start();
    let phone = Phone::set_up(&server, "bob", "PHONE1", "16.1");
    let root = Browser::of(&server.address, "root");
    let page = root.page("/admin/devices");
    assert!(
        page.contains(">bob<") && page.contains("phone1 16.1"),
        "{page}"
    );
    let id = server.device("bob", "phone1").id.to_string();
    let order = |order| {
        let fields = [("device", id.as_str()), ("order", order)];
        submit(&root, "/admin/devices", "/admin/devices", &fields).status
    };
    let status = || text_at(&phone.folder_sync("0"), &["Status"]);
    for (asked, access, heard) in [
        ("quarantine", DeviceAccess::Quarantined, "130"),
        ("allow", DeviceAccess::Allowed, "1"),
        ("block", DeviceAccess::Blocked, "129"),
        ("allow", DeviceAccess::Allowed, "1"),
        ("wipe", DeviceAccess::WipePending, "140"),
        ("cancel", DeviceAccess::Allowed, "1"),
    ] {
        assert_eq!(order(asked), 303, "{asked}");
        assert_eq!(server.device("bob", "phone1").access, access);
        assert_eq!(status().as_deref(), Some(heard), "{asked}");
    }
    assert_eq!(order("explode"), 404);
    // The whole device: its name and the administrator's own password.
    let erase = |typed, password| {
        let fields = [
            ("device", id.as_str()),
            ("order", "erase"),
            ("typed", typed),
            ("password", password),
        ];
        submit(&root, "/admin/devices", "/admin/devices", &fields)
    };
    assert!(page.contains("Erases everything on the device"), "{page}");
    for (typed, password) in [("TestPhone", "wrong"), ("Another", "demo"), ("", "")] {
        let answer = erase(typed, password);
        assert_eq!(answer.status, 422, "{typed} {password}");
        assert!(answer.text().contains("Nothing was ordered"));
        assert_eq!(server.device("bob", "phone1").access, DeviceAccess::Allowed);
    }
    assert_eq!(erase("TestPhone", "demo").status, 303);
    let access = || server.device("bob", "phone1").access;
    assert_eq!(access(), DeviceAccess::ErasePending);
    assert_eq!(order("cancel"), 303);
    assert_eq!(access(), DeviceAccess::Allowed);
    let logs = root.page("/admin/logs");
    assert!(
        logs.contains(">root<") && logs.contains("blocked"),
        "{logs}"
    );
    assert!(logs.contains("Came, and was refused"), "{logs}");
}

#[test]
fn new_devices_are_judged_by_their_kind() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let fields = [
        ("kind", ""),
        ("access", "blocked"),
        ("kind", "TestPhone"),
        ("access", "quarantined"),
        ("kind", "ipad"),
        ("access", ""),
    ];
    let set = submit(&root, "/admin/rules", "/admin/rules/devices", &fields);
    assert_eq!(set.status, 303);
    let access = |kind: &str, id: &str| {
        let mut phone = Phone::new(&server, "bob", id, "16.1");
        kind.clone_into(&mut phone.kind);
        phone.folder_sync("0");
        server.device("bob", &id.to_lowercase()).access
    };
    assert_eq!(access("TestPhone", "A"), DeviceAccess::Quarantined);
    assert_eq!(access("iPad", "B"), DeviceAccess::Blocked);
    submit(&root, "/admin/rules", "/admin/rules/devices", &[]);
    assert_eq!(access("iPad", "C"), DeviceAccess::Allowed);
}

#[test]
fn everybody_reads_the_maintenance_notice() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let say = |text: &str| {
        submit(
            &root,
            "/admin/rules",
            "/admin/rules/notice",
            &[("notice", text)],
        )
        .status
    };
    assert_eq!(say("Back at <noon>"), 303);
    let alice = Browser::of(&server.address, "alice");
    assert!(alice.page("/settings").contains("Back at &#60;noon&#62;"));
    // Whoever cannot sign in reads why.
    let stranger = Browser::open(&server.address);
    assert!(stranger.page("/login").contains("Back at &#60;noon&#62;"));
    assert_eq!(say(&"x".repeat(501)), 422);
    assert_eq!(say(""), 303);
    assert!(!alice.page("/settings").contains("noon"));
}

#[test]
fn health_tells_what_is_and_a_backup_is_made_now() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let page = root.page("/admin");
    for words in [
        "answers in",
        "% used",
        "Certificate",
        env!("CARGO_PKG_VERSION"),
        "No backup was made",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let made = submit(&root, "/admin", "/admin/backup", &[]);
    assert_eq!(made.status, 303);
    assert!(root.page("/admin").contains("Last backup:"));
    let folder = server.data.path().join("backups");
    let files: Vec<_> = std::fs::read_dir(&folder).expect("a folder").collect();
    assert_eq!(files.len(), 1);
    let file = files[0].as_ref().expect("an entry").path();
    let copy = rusqlite::Connection::open(file).expect("a copy");
    let people: i64 = copy
        .query_row("SELECT count(*) FROM person", [], |row| row.get(0))
        .expect("a number");
    assert_eq!(people, 4);
}

#[test]
fn sign_ins_that_failed_are_told_with_their_reason() {
    let server = start();
    let mut phone = Phone::new(&server, "bob", "P", "16.1");
    "wrong".clone_into(&mut phone.password);
    phone.post("FolderSync", b"");
    phone.post("FolderSync", b"");
    let root = Browser::of(&server.address, "root");
    let logs = root.page("/admin/logs");
    assert!(
        logs.contains("wrong password") && logs.contains("127.0.0.1"),
        "{logs}"
    );
    assert!(!logs.contains(">wrong</td>"), "no password is told");

    // A restart forgets none, and counts on.
    let server = Server::start_in(server.stop());
    let mut phone = Phone::new(&server, "bob", "P", "16.1");
    "wrong again".clone_into(&mut phone.password);
    phone.post("FolderSync", b"");
    let root = Browser::of(&server.address, "root");
    let logs = root.page("/admin/logs");
    let cells = logs
        .split("</td>")
        .filter_map(|cell| cell.rsplit('>').next());
    let cells: Vec<&str> = cells.collect();
    let counted = ["127.0.0.1", "wrong password", "3"];
    assert!(cells.windows(3).any(|row| row == counted), "{logs}");
    server.check();
}

#[test]
fn the_way_from_outside_is_checked_with_the_fix_in_words() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let unset = submit(&root, "/admin/check", "/admin/check", &[]);
    assert!(unset.text().contains("public_url is not set"));

    // One whose address leads to itself, over plain http.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}");
    let server = administered(Server::start_with(|config| {
        config.public_url = Some(url.clone());
        config.listen = vec![url.clone()];
    }));
    let root = Browser::of(&server.address, "root");
    let page = submit(&root, "/admin/check", "/admin/check", &[]).text();
    // All but the encryption, which phones and Outlook ask for: said where devices are connected too.
    assert_eq!(page.matches("✓").count(), 4, "{page}");
    let plain = "phones and Outlook refuse it";
    assert!(
        page.contains(plain) && !page.contains("a certificate that is trusted"),
        "{page}"
    );
    assert!(root.page("/connect/iphone").contains(plain));
    assert!(
        !Browser::of(&server.address, "alice")
            .page("/connect/iphone")
            .contains(plain)
    );
    // One whose address leads nowhere.
    let server = administered(Server::start_with(|config| {
        config.public_url = Some("http://127.0.0.1:9".to_owned());
    }));
    let root = Browser::of(&server.address, "root");
    let page = submit(&root, "/admin/check", "/admin/check", &[]).text();
    assert_eq!(page.matches("✓").count(), 0, "{page}");
    assert!(page.contains("The proxy has to pass /dav/ on"), "{page}");
}

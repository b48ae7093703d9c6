//! Passwords for one device or program.

use std::{thread, time::Duration};

use carnet_proto::wbxml::page::{air_sync as a, contacts as c, folder_hierarchy as f};

use super::{PRIVATE, TEAM, dav, opens_dav, opens_eas, submit};
use crate::support::{
    browser::Browser,
    eas::{Device, add, change, delete, responses},
    http::{basic, request},
    phone::Phone,
    program::{refused, works},
    server::Server,
    tree::text_at,
};

const PAGE: &str = "/settings/passwords";
const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:one\r\nN:One;;;;\r\nFN:One\r\nEND:VCARD\r\n";

/// Makes one on the page.
fn make(browser: &Browser, fields: &[(&str, &str)]) -> String {
    let answer = submit(browser, PAGE, PAGE, fields);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    secret(&answer.text()).expect("a secret")
}

fn secret(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<code id=\"secret\">")?;
    rest.split('<').next().map(str::to_owned)
}

const BOTH: [(&str, &str); 2] = [("protocol", "eas"), ("protocol", "carddav")];

fn named<'a>(name: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("name", name)];
    fields.extend(BOTH);
    fields.extend(more);
    fields
}

#[test]
fn one_is_shown_once_opens_its_protocols_and_no_page() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    assert!(browser.page(PAGE).contains("There is none yet"));
    let password = make(&browser, &named("iPhone of <Alice>", &[]));
    // 16 letters of 32: 80 bits.
    assert_eq!(password.len(), 19);
    assert_eq!(password.matches('-').count(), 3);
    assert!(opens_dav(&server.address, &password));
    assert!(opens_dav(
        &server.address,
        &password.to_uppercase().replace('-', " ")
    ));
    assert!(opens_eas(&server.address, &password));
    // Not somebody else's, and never the pages.
    let answer = request(
        &server.address,
        "PROPFIND",
        "/dav/",
        &[basic("bob", &password)],
        b"",
    );
    assert_eq!(answer.status, 401);
    let page = browser.page(PAGE);
    assert_eq!(secret(&page), None);
    assert!(!page.contains(&password) && page.contains("iPhone of &#60;Alice&#62;"));
    assert!(page.contains("from 127.0.0.1"), "the last use");
    assert_eq!(browser.sign_in("alice", &password).status, 401);
    // The database does not hold it.
    let stored = std::fs::read(server.data.path().join("carnet.db")).expect("the file");
    let journal = std::fs::read(server.data.path().join("carnet.db-wal")).unwrap_or_default();
    let normal = password.replace('-', "");
    for held in [&stored, &journal] {
        let holds = |text: &str| held.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!holds(&password) && !holds(&normal));
    }
    // Autodiscover answers it too.
    let path = "/autodiscover/autodiscover.json/v1.0/alice@example.org?Protocol=ActiveSync";
    let answer = request(
        &server.address,
        "GET",
        path,
        &[basic("alice", &password)],
        b"",
    );
    assert_ne!(answer.status, 401);
    server.check();
}

#[test]
fn what_cannot_be_made_is_told_and_makes_nothing() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    for (fields, told) in [
        (vec![("name", "x")], "at least one protocol"),
        (named("", &[]), "1 to 64 characters"),
        (named("x", &[("places", "some")]), "at least one place"),
        (named("x", &[("networks", "everywhere")]), "192.0.2.0/24"),
    ] {
        let answer = submit(&browser, PAGE, PAGE, &fields);
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(answer.text().contains(told), "{fields:?}");
    }
    // A group one is not in.
    let fields = named("x", &[("places", "some"), ("place", "group:Board")]);
    assert_eq!(submit(&browser, PAGE, PAGE, &fields).status, 422);
    assert!(browser.page(PAGE).contains("There is none yet"));
}

#[test]
fn one_protocol_is_no_other() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let password = make(&browser, &[("name", "laptop"), ("protocol", "carddav")]);
    assert!(opens_dav(&server.address, &password));
    assert!(!opens_eas(&server.address, &password));
    let password = make(&browser, &[("name", "phone"), ("protocol", "eas")]);
    assert!(!opens_dav(&server.address, &password));
    assert!(opens_eas(&server.address, &password));
}

#[test]
fn reading_only_writes_nothing_over_carddav() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let password = make(&browser, &named("backup", &[("read_only", "1")]));
    let send =
        |method: &str, path: &str, body: &str| dav(&server.address, &password, method, path, body);
    let listed = send("PROPFIND", PRIVATE, "").text();
    let href = listed
        .split("<D:href>")
        .filter_map(|piece| piece.split('<').next())
        .find(|href| href.ends_with(".vcf"))
        .expect("a card")
        .to_owned();
    assert_eq!(send("GET", &href, "").status, 200);
    let set = "<D:propfind xmlns:D=\"DAV:\"><D:prop><D:current-user-privilege-set/></D:prop></D:propfind>";
    for path in [
        PRIVATE,
        TEAM,
        &href,
        "/dav/alice/",
        "/dav/principals/users/alice/",
    ] {
        let answer = send("PROPFIND", path, set).text();
        assert!(answer.contains("<D:read/>"), "{path}: {answer}");
        assert!(
            !answer.contains("<D:write") && !answer.contains("bind/>"),
            "{path}: {answer}"
        );
    }
    let rename = "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop><D:displayname>x</D:displayname></D:prop></D:set></D:propertyupdate>";
    for (method, path, body) in [
        ("PUT", format!("{PRIVATE}one.vcf"), CARD),
        ("PUT", format!("{TEAM}one.vcf"), CARD),
        ("PUT", href.clone(), CARD),
        ("DELETE", href.clone(), ""),
        ("MKCOL", "/dav/alice/private/more/".to_owned(), ""),
        ("DELETE", PRIVATE.to_owned(), ""),
        ("PROPPATCH", PRIVATE.to_owned(), rename),
        ("PROPPATCH", TEAM.to_owned(), rename),
        ("PROPPATCH", href.clone(), rename),
    ] {
        let answer = send(method, &path, body);
        let refused = match answer.status {
            207 => answer.text().contains("403 Forbidden"),
            status => status == 403,
        };
        assert!(refused, "{method} {path}: {answer:?}");
        assert!(
            !answer.text().contains("<D:href></D:href>"),
            "{method} {path}"
        );
    }
    assert_eq!(send("GET", &href, "").status, 200);
    // The account's own password still writes.
    let own = dav(
        &server.address,
        "demo",
        "PUT",
        &format!("{PRIVATE}one.vcf"),
        CARD,
    );
    assert_eq!(own.status, 201);
    server.check();
}

#[test]
fn reading_only_renames_and_makes_no_folder() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let mut phone = Phone::new(&server, "alice", "reader", "14.1");
    let (key, _) = phone.folders("0");
    let change = |phone: &Phone, command: &str, key: &str, more: &str| {
        let body = format!("FolderHierarchy:{command}\n  FolderHierarchy:SyncKey = {key}\n{more}");
        let answer = phone.ask(command, &body).expect("an answer");
        let text = |name| text_at(&answer, &[name]).unwrap_or_default();
        (text("Status"), text("SyncKey"), text("ServerId"))
    };
    let trips = "  FolderHierarchy:ParentId = 0\n  FolderHierarchy:DisplayName = Trips\n  \
                 FolderHierarchy:Type = 14";
    let (_, key, id) = change(&phone, "FolderCreate", &key, trips);
    phone.password = make(&browser, &named("reader", &[("read_only", "1")]));
    let rename = format!(
        "  FolderHierarchy:ServerId = {id}\n  FolderHierarchy:ParentId = 0\n  \
         FolderHierarchy:DisplayName = Journeys"
    );
    assert_eq!(change(&phone, "FolderUpdate", &key, &rename).0, "2");
    let more = trips.replace("Trips", "More");
    assert_eq!(change(&phone, "FolderCreate", &key, &more).0, "3");
}

#[test]
fn reading_only_gives_a_phone_back_what_it_changed() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let password = make(&browser, &named("tablet", &[("read_only", "1")]));
    let mut tablet = Device::new(&server.address, "alice", &password, "TABLET", "16.1");
    tablet.choose("9");
    tablet.sync_all(&[], 100);
    let clara = tablet.named("Dubois").expect("Clara");
    let before = tablet.items[&clara].clone();
    let answer = tablet.sync(&[change(&clara, &[(c::LAST_NAME, "Changed")])], 100);
    assert_eq!(responses(&answer), [(clara.clone(), "7".to_owned())]);
    tablet.key = answer.text_of(a::SYNC_KEY).expect("a key");
    tablet.items.remove(&clara);
    tablet.take(&answer);
    assert_eq!(
        tablet.items.get(&clara),
        Some(&before),
        "the server's is sent"
    );

    let held = tablet.items.len();
    let commands = [delete(&clara), add("new-1", &[(c::LAST_NAME, "Newcomer")])];
    tablet.sync_all(&commands, 100);
    tablet.items.retain(|id, _| !id.starts_with("new-"));
    assert_eq!(tablet.items.len(), held, "what was deleted is told again");
    assert!(browser.page("/c/private").contains("Clara Dubois"));
    assert!(!browser.page("/c/private").contains("Newcomer"));
    // What was refused is not lost.
    assert!(browser.page("/refused").contains("Changed"));
    let mut phone = Device::set_up(&server.address, "alice", "PHONE", "16.1");
    phone.sync_all(&[], 100);
    let clara = phone.named("Dubois").expect("Clara");
    let renamed = change(&clara, &[(c::LAST_NAME, "Renamed")]);
    phone.sync_all(&[renamed], 100);
    assert!(browser.page("/c/private").contains("Renamed"));
    server.check();
}

#[test]
fn places_that_are_not_chosen_do_not_exist() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let some = |place: &str| {
        let fields = named("some", &[("places", "some"), ("place", place)]);
        make(&browser, &fields)
    };
    let (own, team) = (some("private"), some("group:Team"));
    let status =
        |password: &str, path: &str| dav(&server.address, password, "PROPFIND", path, "").status;
    assert_eq!((status(&own, PRIVATE), status(&own, TEAM)), (207, 404));
    assert_eq!((status(&team, PRIVATE), status(&team, TEAM)), (404, 207));
    let home = |password: &str| {
        dav(
            &server.address,
            password,
            "PROPFIND",
            "/dav/alice/private/",
            "",
        )
        .text()
    };
    assert!(home(&own).contains("/contacts/") && !home(&own).contains("Team"));
    assert!(!home(&team).contains("/contacts/") && home(&team).contains("Team"));
    let book = dav(
        &server.address,
        &team,
        "MKCOL",
        "/dav/alice/private/more/",
        "",
    );
    assert_eq!(book.status, 403);
    // A card that is in both is written through the place that is shown.
    let hidden = dav(
        &server.address,
        &team,
        "PUT",
        &format!("{PRIVATE}x.vcf"),
        CARD,
    );
    assert!(matches!(hidden.status, 404 | 409), "{hidden:?}");

    let folders = |password: &str| {
        let device = Device::new(&server.address, "alice", password, "PHONE", "16.1");
        let told = device.folder_sync("0");
        let list = told.child(f::CHANGES).expect("changes");
        let kind = |folder: &carnet_proto::wbxml::Element| folder.text_of(f::TYPE);
        let books = list.children_of(f::ADD).filter_map(kind);
        books
            .filter(|kind| kind == "9" || kind == "14")
            .collect::<Vec<_>>()
    };
    assert_eq!(folders("demo"), ["9", "14"]);
    assert_eq!(folders(&own), ["9"]);
    assert_eq!(folders(&team), ["14"]);
    server.check();
}

#[test]
fn it_ends_by_time_by_network_and_by_its_owner_at_once() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let elsewhere = make(
        &browser,
        &named("far", &[("networks", "192.0.2.0/24, ::1")]),
    );
    assert!(!opens_dav(&server.address, &elsewhere));
    let here = make(&browser, &named("near", &[("networks", "127.0.0.0/8")]));
    assert!(opens_dav(&server.address, &here));

    let passing = make(&browser, &named("week", &[("days", "7")]));
    assert!(opens_dav(&server.address, &passing));
    server.sql("UPDATE app_password SET expires = 1000 WHERE name = 'week'");
    assert!(!opens_dav(&server.address, &passing));
    assert!(browser.page(PAGE).contains("over since"));

    // A device that waits is woken, and hears 401 at once.
    let phone = make(&browser, &named("phone", &[]));
    let mut device = Device::new(&server.address, "alice", &phone, "PHONE", "16.1");
    device.choose("9");
    device.sync_all(&[], 100);
    let held = thread::scope(|scope| {
        let ping = scope.spawn(|| {
            let began = std::time::Instant::now();
            let answer = device.post_raw("Ping", device.ping_body(60));
            assert_eq!(answer.status, 401);
            began.elapsed()
        });
        thread::sleep(Duration::from_millis(500));
        assert!(opens_dav(&server.address, &phone));
        let page = browser.page(PAGE);
        let (before, _) = page.split_once("<strong>phone</strong>").expect("listed");
        let (_, id) = before.rsplit_once("id=\"password-").expect("an id");
        let id = id.split('"').next().expect("an id");
        let answer = submit(&browser, PAGE, "/settings/passwords/revoke", &[("id", id)]);
        assert_eq!(answer.status, 303);
        assert!(!opens_dav(&server.address, &phone), "at once");
        let bob = Browser::of(&server.address, "bob");
        let answer = submit(&bob, PAGE, "/settings/passwords/revoke", &[("id", "2")]);
        assert_eq!(answer.status, 404, "somebody else's");
        assert!(opens_dav(&server.address, &here));
        ping.join().expect("answered")
    });
    assert!(held < Duration::from_secs(20), "{held:?}");
    assert_eq!(device.post_raw("FolderSync", Vec::new()).status, 401);
    server.check();
}

#[test]
fn a_right_one_is_never_held_up_and_excuses_no_guess() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let password = make(&browser, &named("phone", &[]));
    let mut throttled = false;
    for guess in 0..12 {
        let wrong = format!("guess {guess}");
        let answer = dav(&server.address, &wrong, "PROPFIND", "/dav/", "");
        throttled |= matches!(answer.status, 429 | 503);
        assert!(opens_dav(&server.address, &password), "guess {guess}");
    }
    assert!(throttled, "the right one in between forgives nothing");
}

#[test]
fn an_operator_makes_lists_and_revokes_them() {
    let server = Server::start();
    let data = server.data.path();
    let printed = works(
        data,
        &[
            "app-password",
            "add",
            "alice",
            "--name",
            "backup",
            "--protocol",
            "carddav",
            "--read-only",
            "--place",
            "group:Team",
            "--network",
            "127.0.0.1",
            "--days",
            "30",
        ],
    );
    let password = printed.trim().rsplit(' ').next().expect("a password");
    let status = |path: &str| dav(&server.address, password, "PROPFIND", path, "").status;
    assert_eq!((status(TEAM), status(PRIVATE)), (207, 404));
    assert!(!opens_eas(&server.address, password));
    let listed = works(data, &["app-password", "list", "alice"]);
    for word in ["backup", "carddav", "reads", "group:Team", "127.0.0.1/32"] {
        assert!(listed.contains(word), "{word}: {listed}");
    }
    let listed = works(data, &["app-password", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed[0]["scope"]["read_only"], true);
    assert_eq!(listed[0].get("digest"), None);
    let id = listed[0]["id"].to_string();
    for (arguments, told) in [
        (
            vec!["add", "alice", "--name", "x", "--place", "group:Board"],
            "not in a group",
        ),
        (
            vec!["add", "alice", "--name", "x", "--place", "home"],
            "private or group:NAME",
        ),
        (
            vec!["add", "alice", "--name", "x", "--network", "here"],
            "no network",
        ),
        (vec!["add", "alice", "--name", " "], "1 to 64"),
        (vec!["add", "nobody", "--name", "x"], "no account"),
        (vec!["revoke", "bob", &id], "no app password"),
    ] {
        let arguments: Vec<&str> = ["app-password"].into_iter().chain(arguments).collect();
        let said = refused(data, &arguments);
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
    works(data, &["app-password", "revoke", "alice", &id]);
    assert_eq!(status(TEAM), 401);
}

#[test]
fn a_new_password_takes_them_along_where_one_says_so() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let made = make(&browser, &named("phone", &[]));
    let account = "/settings/account";
    for (old, new, all, opens) in [
        ("demo", "a horse in the kitchen", None, true),
        (
            "a horse in the kitchen",
            "a cow in the hall",
            Some("1"),
            false,
        ),
    ] {
        let mut fields = vec![("old", old), ("new", new), ("again", new)];
        fields.extend(all.map(|all| ("app-passwords", all)));
        let changed = submit(&browser, account, "/settings/account/password", &fields);
        assert_eq!(changed.status, 303, "{}", changed.text());
        let cookie = changed.header("set-cookie").expect("a session of its own");
        browser.cookie = cookie.split(';').next().map(str::to_owned);
        assert_eq!(opens_dav(&server.address, &made), opens);
    }
}

//! The page of a person's devices and programs: what it shows of them and what can be ordered
//! there.

use carnet::domain::device::DeviceAccess;

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    http::Answer,
    phone::{self, Phone},
    server::Server,
    tree::text_at,
};

const LIST: &str = "/settings/devices";

/// The address of the details of the only device or program of a kind in the list.
fn details(browser: &Browser, kind: &str) -> String {
    let page = browser.page(LIST);
    let mark = format!("<a href=\"{LIST}/{kind}/");
    let at = page.find(&mark).unwrap_or_else(|| panic!("{kind}: {page}")) + 9;
    page[at..].split('"').next().expect("an end").to_owned()
}

fn send(browser: &Browser, here: &str, verb: &str, fields: &[(&str, &str)]) -> Answer {
    let token = hidden(&browser.page(here), "token");
    let mut all = vec![("token", token.as_str())];
    all.extend(fields);
    browser.submit(&format!("{here}/{verb}"), &all)
}

fn order(browser: &Browser, here: &str, order: &str) -> Answer {
    send(browser, here, "order", &[("order", order)])
}

#[test]
fn a_device_is_shown_with_its_state_counts_and_exchanges_in_words() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "APPL1", "16.1");
    assert_eq!(phone.pull().len(), 14);
    phone.push(&phone::add("c1", "Logged"));
    let mut browser = Browser::of(&server.address, "alice");
    let list = browser.page(LIST);
    for words in [
        "TestPhone",
        "Exchange ActiveSync 16.1",
        "just now",
        "synchronizes",
    ] {
        assert!(list.contains(words), "{words}: {list}");
    }
    let here = details(&browser, "e");
    let page = browser.page(&here);
    for words in [
        "Began to synchronize Private",
        "Sent to it from Private: 14 new",
        "Received from it in Private: 1 new",
        "Got the list of the folders",
        "<code>Sync 16.1 c",
        "up to date",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    browser.language = "fr";
    let page = browser.page(&here);
    for words in ["14 nouvelles", "Reçu de lui dans Privé", "à jour"] {
        assert!(page.contains(words), "{words}");
    }
    let log = browser.get(&format!("{here}/log"));
    assert!(
        log.header("content-disposition")
            .expect("a file")
            .contains("attachment")
    );
    assert!(
        log.text()
            .contains("Envoyé depuis Privé : 14 nouvelles\tSync 16.1")
    );
    // No name of any contact is in it.
    assert!(!log.text().contains("Logged"));
    // A device of somebody else does not exist.
    let other = Browser::of(&server.address, "carol");
    assert_eq!(other.get(&here).status, 404);
    let token = hidden(&other.page(LIST), "token");
    for verb in ["rename", "shown", "order", "erase"] {
        let fields = [("token", token.as_str()), ("order", "block")];
        let answer = other.submit(&format!("{here}/{verb}"), &fields);
        assert_eq!(answer.status, 404, "{verb}");
    }
}

#[test]
fn a_refused_change_and_a_lost_answer_are_told() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "APPL1", "16.1");
    phone.folder = phone.folder_named("Team");
    let told = phone.pull_again();
    let key = phone.key.clone();
    let (_, id, _) = told.first().expect("a contact");
    phone.push(&phone::change(id, "LastName", "Mine"));
    // The answer was lost: the former key comes again.
    phone.key = key;
    phone.sync("AirSync:GetChanges");
    let browser = Browser::of(&server.address, "bob");
    let page = browser.page(&details(&browser, "e"));
    assert!(page.contains("Refused 1 of its changes in Team"), "{page}");
    assert!(page.contains("The connection was lost in Team"), "{page}");
    assert!(
        browser
            .page(LIST)
            .contains("to look at in the last 24 hours")
    );
}

#[test]
fn an_idle_poll_writes_nothing() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "APPL1", "16.1");
    phone.pull();
    phone.pull();
    let browser = Browser::of(&server.address, "bob");
    // Reading the page writes what was noted so far.
    browser.page(LIST);
    let file = server.data.path().join("carnet.db");
    let watcher = rusqlite::Connection::open(file).expect("the file");
    let version = || -> i64 {
        let read = watcher.pragma_query_value(None, "data_version", |row| row.get(0));
        read.expect("a number")
    };
    let before = version();
    for _ in 0..20 {
        assert!(phone.sync("AirSync:GetChanges").children.is_empty());
    }
    assert_eq!(version(), before, "polls that found nothing");
    let seen = browser.page(LIST);
    assert!(seen.contains("just now"), "{seen}");
    assert_eq!(version(), before, "reading what nobody noted anything of");
    phone.push(&phone::add("c1", "Written"));
    assert_ne!(version(), before);
}

#[test]
fn a_device_is_renamed_shown_other_books_and_starts_over() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "APPL1", "16.1");
    phone.pull();
    let browser = Browser::of(&server.address, "bob");
    let here = details(&browser, "e");
    assert_eq!(
        send(&browser, &here, "rename", &[("name", "Bob <1>")]).status,
        303
    );
    assert!(browser.page(LIST).contains("Bob &#60;1&#62;"));
    let long = "x".repeat(61);
    let refused = send(&browser, &here, "rename", &[("name", &long)]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("at most 60 characters"));

    let contacts = |phone: &Phone| {
        let (_, folders) = phone.folders("0");
        let books = folders.into_iter().filter(|f| f.2 == "9" || f.2 == "14");
        books.map(|folder| folder.1).collect::<Vec<_>>()
    };
    assert!(contacts(&phone).contains(&"Team".to_owned()));
    // A page from before the group hides nothing that it did not offer.
    let fields = [("mode", "folders")];
    assert_eq!(send(&browser, &here, "shown", &fields).status, 303);
    assert!(contacts(&phone).contains(&"Team".to_owned()));
    let page = browser.page(&here);
    let offered = hidden(&page, "offered");
    // No box is checked: only the fixed book stays, whatever else is saved later.
    let fields = [("mode", "folders"), ("offered", &*offered)];
    assert_eq!(send(&browser, &here, "shown", &fields).status, 303);
    assert!(!contacts(&phone).contains(&"Team".to_owned()));
    assert_eq!(send(&browser, &here, "shown", &fields[..1]).status, 303);
    assert!(!contacts(&phone).contains(&"Team".to_owned()));
    let team = page
        .split("name=\"book\" value=\"")
        .find(|piece| piece.contains("Team"));
    let team = team
        .and_then(|piece| piece.split('"').next())
        .expect("Team");
    assert_eq!(team, offered);
    let fields = [("mode", "merged"), ("offered", team), ("book", team)];
    assert_eq!(send(&browser, &here, "shown", &fields).status, 303);
    assert_eq!(contacts(&phone).len(), 1);
    phone.pull_again();
    assert!(browser.page(&here).contains("all books in one folder now"));

    assert_eq!(order(&browser, &here, "resync").status, 303);
    let answer = phone.sync("AirSync:GetChanges");
    assert_eq!(
        text_at(&answer, &["Status"]).as_deref(),
        Some("3"),
        "it starts over"
    );
    phone.pull_again();
    let page = browser.page(&here);
    assert!(page.contains("was not known any more"), "{page}");
}

#[test]
fn a_person_blocks_wipes_cancels_and_forgets() {
    const ORDER: &str = "Provision:Provision";
    let server = Server::start();
    let phone = Phone::set_up(&server, "bob", "APPL1", "16.1");
    let browser = Browser::of(&server.address, "bob");
    let here = details(&browser, "e");
    let status = || text_at(&phone.folder_sync("0"), &["Status"]);
    assert_eq!(order(&browser, &here, "block").status, 303);
    assert_eq!(status().as_deref(), Some("129"));
    assert!(browser.page(&here).contains("was refused"));
    assert_eq!(order(&browser, &here, "allow").status, 303);
    assert_eq!(status().as_deref(), Some("1"));

    assert_eq!(order(&browser, &here, "wipe").status, 303);
    assert!(
        browser
            .page(&here)
            .contains("the account will be removed at the next contact")
    );
    assert_eq!(order(&browser, &here, "cancel").status, 303);
    assert_eq!(status().as_deref(), Some("1"));
    assert_eq!(order(&browser, &here, "wipe").status, 303);
    assert_eq!(status().as_deref(), Some("140"));
    phone.ask("Provision", ORDER);
    let done = format!("{ORDER}\n  Provision:AccountOnlyRemoteWipe\n    Provision:Status = 1");
    phone.ask("Provision", &done);
    let page = browser.page(&here);
    assert!(page.contains("wipe confirmed"), "{page}");
    assert!(page.contains("it has wiped what it was told to"), "{page}");
    let mut french = Browser::of(&server.address, "bob");
    french.language = "fr";
    let page = french.page(&here);
    assert!(
        page.contains("il a effacé ce qu&#39;il devait effacer"),
        "{page}"
    );
    // What is not offered is refused, too.
    assert_eq!(order(&browser, &here, "cancel").status, 403);
    assert_eq!(order(&browser, &here, "explode").status, 404);
    let forgotten = order(&browser, &here, "forget");
    let back = forgotten.header("location").expect("a page");
    assert!(
        back.starts_with("/settings/devices?done=device-forget"),
        "{back}"
    );
    assert_eq!(browser.get(&here).status, 404);
    assert!(server.devices("bob").is_empty());
    server.check();
}

#[test]
fn an_older_device_is_told_what_happens_instead_of_a_wipe() {
    let server = Server::start();
    Phone::set_up(&server, "bob", "old", "14.1");
    let browser = Browser::of(&server.address, "bob");
    let page = browser.page(&details(&browser, "e"));
    assert!(
        page.contains("speaks version 14.1, which knows no such order"),
        "{page}"
    );
}

#[test]
fn a_whole_device_is_erased_only_where_it_is_allowed_by_name_and_password() {
    for allowed in [false, true] {
        let server = Server::start_with(|config| config.owners_erase = allowed);
        Phone::set_up(&server, "bob", "APPL1", "16.1");
        let browser = Browser::of(&server.address, "bob");
        let here = details(&browser, "e");
        assert_eq!(
            browser.page(&here).contains("Wipe the whole device"),
            allowed
        );
        let erase = |typed, password| {
            send(
                &browser,
                &here,
                "erase",
                &[("typed", typed), ("password", password)],
            )
        };
        let access = || server.device("bob", "appl1").access;
        if !allowed {
            assert_eq!(erase("TestPhone", "demo").status, 403);
            assert_eq!(access(), DeviceAccess::Allowed);
            continue;
        }
        assert_eq!(erase("TestPhone", "wrong").status, 422);
        assert_eq!(erase("Another", "demo").status, 422);
        assert_eq!(access(), DeviceAccess::Allowed);
        assert_eq!(erase("TestPhone", "demo").status, 303);
        assert_eq!(access(), DeviceAccess::ErasePending);
        assert_eq!(order(&browser, &here, "cancel").status, 303);
        assert_eq!(access(), DeviceAccess::Allowed);
    }
}

#[test]
fn what_the_administration_decided_its_owner_cannot_undo() {
    let server = Server::start();
    Phone::set_up(&server, "bob", "APPL1", "16.1");
    let browser = Browser::of(&server.address, "bob");
    let here = details(&browser, "e");
    for access in [
        DeviceAccess::Blocked,
        DeviceAccess::Quarantined,
        DeviceAccess::WipePending,
        DeviceAccess::Wiped,
    ] {
        server.set_access("bob", "appl1", access);
        assert!(
            browser
                .page(&here)
                .contains("The administrator decided this")
        );
        for verb in ["allow", "cancel", "forget", "wipe"] {
            let answer = order(&browser, &here, verb);
            assert_eq!(answer.status, 403, "{verb} while {access:?}");
        }
        assert_eq!(server.device("bob", "appl1").access, access);
    }
}

#[test]
fn a_program_is_shown_renamed_and_forgotten() {
    let server = Server::start();
    let book = Book::of(&server.address, "bob");
    let card =
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:p1\r\nFN:By program\r\nN:Program;By;;;\r\nEND:VCARD\r\n";
    assert_eq!(book.put("p1.vcf", ("If-None-Match", "*"), card).status, 201);
    let (_, token, _) = book.sync("");
    // Nothing new is nothing to tell.
    book.sync(&token);
    let browser = Browser::of(&server.address, "bob");
    let here = details(&browser, "c");
    let page = browser.page(&here);
    assert!(
        page.contains("Received from it in Private: 1 new"),
        "{page}"
    );
    assert!(page.contains("Sent to it from Private: 1 new"), "{page}");
    assert_eq!(
        send(&browser, &here, "rename", &[("name", "My laptop")]).status,
        303
    );
    let list = browser.page(LIST);
    assert!(list.contains("My laptop") && list.contains(">1<"), "{list}");
    // Histories call it so too.
    let card = browser.card_named("/c/private", "By program");
    let history = browser.page(&format!("{}/history", card.expect("a card")));
    assert!(history.contains("· My laptop</p>"), "{history}");
    assert_eq!(order(&browser, &here, "forget").status, 303);
    assert_eq!(browser.get(&here).status, 404);
    // It is back when it comes again.
    book.sync("");
    details(&browser, "c");
    server.check();
}

#[test]
fn a_program_is_shut_out_by_its_app_password() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let token = hidden(&browser.page("/settings/passwords"), "token");
    let made = browser.submit(
        "/settings/passwords",
        &[
            ("token", token.as_str()),
            ("name", "my laptop"),
            ("protocol", "carddav"),
        ],
    );
    let page = made.text();
    let (_, secret) = page.split_once("<code id=\"secret\">").expect("a secret");
    let secret = secret.split('<').next().expect("an end");
    let book = Book::with_password(&server.address, "bob", secret);
    assert_eq!(book.sync("").0, 207);
    let here = details(&browser, "c");
    let page = browser.page(&here);
    assert!(page.contains("<strong>my laptop</strong>"), "{page}");
    let password = hidden(&page, "password");
    let revoked = send(
        &browser,
        &here,
        "order",
        &[("order", "revoke"), ("password", &password)],
    );
    assert_eq!(revoked.status, 303);
    assert_eq!(book.sync("").0, 401);
    let page = browser.page(&here);
    assert!(page.contains("no app password of yours now"), "{page}");
    // Another person's password is nobody's here.
    let carol = Browser::of(&server.address, "carol");
    Book::of(&server.address, "carol").sync("");
    let here = details(&carol, "c");
    let fields = [("order", "revoke"), ("password", "1")];
    assert_eq!(send(&carol, &here, "order", &fields).status, 404);
}

#[test]
fn a_form_names_what_phones_have_no_room_for() {
    let server = Server::start();
    let lines = ["1111", "2222", "3333"].map(|n| format!("TEL;TYPE=HOME:+33 1 99 00 {n}\r\n"));
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:many\r\nFN:Many\r\nN:Many;;;;\r\n{}END:VCARD\r\n",
        lines.concat()
    );
    server.fill("alice", vec![card.into_bytes()]);
    let mut browser = Browser::of(&server.address, "alice");
    let here = browser.card_named("/c/private", "Many").expect("a card");
    let form = format!("{here}/edit");
    let said = "and does not show them: +33 1 99 00 3333<";
    assert!(!browser.page(&form).contains("has no room"), "no phone");
    Phone::set_up(&server, "alice", "APPL1", "16.1");
    assert!(
        browser.page(&form).contains(said),
        "{}",
        browser.page(&form)
    );
    browser.language = "fr";
    assert!(
        browser
            .page(&form)
            .contains("ne le montre pas : +33 1 99 00 3333<")
    );
    let other = browser
        .card_named("/c/private", "Anaïs Petit")
        .expect("a card");
    assert!(
        !browser
            .page(&format!("{other}/edit"))
            .contains("ne le montre pas")
    );
}

#[test]
fn what_clients_did_survives_a_restart() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "APPL1", "16.1");
    phone.pull();
    let server = Server::start_in(server.stop());
    let browser = Browser::of(&server.address, "alice");
    let page = browser.page(&details(&browser, "e"));
    assert!(page.contains("Sent to it from Private: 14 new"), "{page}");
}

#[test]
fn home_calls_a_device_as_its_owner_does_and_leads_to_it() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "APPL1", "16.1");
    phone.pull();
    let alice = Browser::of(&server.address, "alice");
    let here = details(&alice, "e");
    assert_eq!(
        send(&alice, &here, "rename", &[("name", "My tablet")]).status,
        303
    );
    let id = server.devices("alice")[0].device_id.clone();
    server.set_access("alice", &id, DeviceAccess::Blocked);
    let home = alice.page("/");
    let link = format!("<a href=\"{here}\">My tablet is blocked</a>");
    assert!(home.contains(&link), "{home}");
}

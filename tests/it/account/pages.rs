//! My account: card, password, sessions, download, deletion; call links and quotas.

use std::io::{Cursor, Read as _};

use super::{PRIVATE, dav, opens_dav, submit};
use crate::support::{
    browser::{Browser, hidden},
    http::Answer,
    server::Server,
};

pub const PAGE: &str = "/settings/account";
const NEW: &str = "a horse in the kitchen";

fn change(browser: &Browser, old: &str, new: &str, again: &str) -> Answer {
    let fields = [("old", old), ("new", new), ("again", again)];
    submit(browser, PAGE, "/settings/account/password", &fields)
}

#[test]
fn a_new_password_asks_the_old_one_and_ends_every_other_session() {
    let server = Server::start();
    let mut here = Browser::of(&server.address, "alice");
    let there = Browser::of(&server.address, "alice");
    assert!(opens_dav(&server.address, "demo"));
    for (old, new, again, status, told) in [
        ("wrong", NEW, NEW, 403, "not your password"),
        ("demo", NEW, "another", 422, "not the same"),
        ("demo", "short", "short", 422, "at least 10 characters"),
        ("demo", "alice1234!", "alice1234!", 422, "own name"),
        (
            "demo",
            "Password1234",
            "Password1234",
            422,
            "among the first",
        ),
    ] {
        let answer = change(&here, old, new, again);
        assert_eq!(answer.status, status, "{new}");
        assert!(answer.text().contains(told), "{told}: {}", answer.text());
        assert!(!answer.text().contains(&format!("value=\"{new}\"")));
    }
    assert_eq!(there.get(PAGE).status, 200);

    let answer = change(&here, "demo", NEW, NEW);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer.header("set-cookie").expect("a session of its own");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    here.cookie = cookie.split(';').next().map(str::to_owned);
    assert!(
        here.page(answer.header("location").expect("a page"))
            .contains("was changed")
    );
    assert_eq!(there.get(PAGE).status, 303, "signed out");
    // What was remembered of the former one is forgotten at once.
    assert!(!opens_dav(&server.address, "demo"));
    assert!(opens_dav(&server.address, NEW));
    assert_eq!(
        Browser::open(&server.address)
            .sign_in("alice", "demo")
            .status,
        401
    );
    assert_eq!(
        Browser::open(&server.address).sign_in("alice", NEW).status,
        303
    );
}

#[test]
fn a_new_password_is_another_one() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let answer = change(&alice, "demo", "demo", "demo");
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert!(page.contains("This is the password you have"), "{page}");
}

#[test]
fn guessing_the_old_password_is_slowed() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let mut slowed = false;
    for guess in 0..10 {
        let answer = change(&browser, &format!("guess {guess}"), NEW, NEW);
        let page = answer.text();
        if answer.status == 429 {
            slowed = true;
            assert!(page.contains("Too many attempts"), "{page}");
            // Nothing typed was looked at.
            assert!(!page.contains("aria-invalid"), "{page}");
        } else {
            assert!(page.contains("aria-invalid"), "{page}");
        }
    }
    assert!(slowed);
    // The open page still works.
    assert_eq!(browser.get(PAGE).status, 200);
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_and_all() {
    let server = Server::start();
    let here = Browser::of(&server.address, "alice");
    let mut there = Browser::open(&server.address);
    there.agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    there.sign_in("alice", "demo");
    let page = here.page(PAGE);
    for text in [
        "Firefox on Linux",
        "Chrome on Android",
        "127.0.0.1",
        "this one",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let (_, rest) = page.split_once("Firefox on Linux").expect("listed");
    let token = hidden(rest, "session");
    let bob = Browser::of(&server.address, "bob");
    let end = |browser: &Browser| {
        let fields = [("session", token.as_str())];
        submit(browser, PAGE, "/settings/account/sessions/end", &fields).status
    };
    assert_eq!(end(&bob), 404, "somebody else's");
    assert_eq!(there.get(PAGE).status, 200);
    assert_eq!(end(&here), 303);
    assert_eq!(there.get(PAGE).status, 303);
    assert!(!here.page(PAGE).contains("Firefox on Linux"));
    // The digest that names a session opens nothing.
    there.cookie = Some(format!("carnet={token}"));
    assert_eq!(there.get(PAGE).status, 303);

    let other = Browser::of(&server.address, "alice");
    let answer = submit(&here, PAGE, "/settings/account/sessions/end-all", &[]);
    assert_eq!(answer.header("location"), Some("/login"));
    assert_eq!((here.get(PAGE).status, other.get(PAGE).status), (303, 303));
    assert_eq!(bob.get(PAGE).status, 200);
}

/// The form of the own card.
pub fn save_card(browser: &Browser, fields: &[(&str, &str)], photo: Option<&[u8]>) -> Answer {
    let token = hidden(&browser.page(PAGE), "token");
    let mut all = vec![("token".to_owned(), token)];
    let own = fields.iter();
    all.extend(own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    browser.send("/settings/account/card", &all, photo)
}

#[test]
fn the_own_card_is_what_members_of_a_group_see() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let mut picture = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(1600, 900, image::Rgb([20, 120, 60]))
        .write_to(&mut picture, image::ImageFormat::Png)
        .expect("a picture");
    let fields = [
        ("name", "Alice <Martin>"),
        ("email", "alice@example.net"),
        ("organization", "Ateliers du Midi"),
        ("password", "demo"),
    ];
    let answer = save_card(&alice, &fields, Some(&picture.into_inner()));
    assert_eq!(answer.status, 303, "{}", answer.text());
    let shown = alice.get("/settings/account/photo");
    assert_eq!(shown.header("content-type"), Some("image/jpeg"));
    let shown = image::load_from_memory(&shown.body).expect("a picture");
    assert_eq!(shown.width(), 1024, "made smaller");
    let bob = Browser::of(&server.address, "bob");
    let members = bob.page("/g/Team/members");
    assert!(members.contains("Alice &#60;Martin&#62;"), "{members}");
    // Both are ways to sign in.
    let mut again = Browser::open(&server.address);
    assert_eq!(again.sign_in("alice@example.net", "demo").status, 303);

    let password = ("password", "demo");
    for (fields, status, told) in [
        ([("name", ""), ("email", ""), password], 422, "1 to 100"),
        (
            [("name", "A"), ("email", "nonsense"), password],
            422,
            "e-mail address",
        ),
        (
            [("name", "A"), ("email", "bob@example.org"), password],
            409,
            "Another account",
        ),
        (
            [("name", "A"), ("email", "a@example.org"), ("password", "x")],
            403,
            "not your password",
        ),
    ] {
        let answer = save_card(&alice, &fields, None);
        assert_eq!(answer.status, status, "{fields:?}");
        assert!(
            answer.text().contains(told),
            "{fields:?}: {}",
            answer.text()
        );
    }
    assert_eq!(
        save_card(&alice, &[("name", "x")], Some(b"no picture")).status,
        422
    );
    let fields = [
        ("name", "Alice"),
        ("email", ""),
        ("remove-photo", "1"),
        password,
    ];
    assert_eq!(save_card(&alice, &fields, None).status, 303);
    assert_eq!(alice.get("/settings/account/photo").status, 404);
    server.check();
}

#[test]
fn a_card_that_is_refused_keeps_what_was_asked_and_asks_for_the_photo_again() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let mut picture = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(60, 40, image::Rgb([20, 120, 60]))
        .write_to(&mut picture, image::ImageFormat::Png)
        .expect("a picture");
    let picture = picture.into_inner();
    let again = "Choose the photo again.";
    let wrong = [
        ("name", "Alice"),
        ("email", "new@example.net"),
        ("password", "no"),
    ];
    let refused = save_card(&alice, &wrong, Some(&picture));
    assert!(refused.text().contains(again), "{}", refused.text());
    let stored = save_card(&alice, &[("name", "Alice")], Some(&picture));
    assert_eq!(stored.status, 303, "{}", stored.text());
    let takes_off = [wrong[0], wrong[1], wrong[2], ("remove-photo", "1")];
    let refused = save_card(&alice, &takes_off, None).text();
    assert!(!refused.contains(again));
    assert!(
        refused.contains("name=\"remove-photo\" value=\"1\" checked"),
        "{refused}"
    );
    // Of another session.
    let old = [("token", "old"), ("name", "Alicia")];
    let old = old.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = alice.send("/settings/account/card", &old, Some(&picture));
    assert_eq!(answer.status, 403);
    let page = answer.text();
    assert!(page.contains("Your entries are still here") && page.contains(again));
    assert!(page.contains("value=\"Alicia\""), "{page}");
}

#[test]
fn everything_is_downloaded_as_one_archive_without_secrets() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let fields = [("name", "backup"), ("protocol", "carddav")];
    submit(
        &alice,
        "/settings/passwords",
        "/settings/passwords",
        &fields,
    );
    let long = b"a page of text\n".repeat(100_000);
    for (folder, name, octets) in [
        ("/d/private/documents", "cv.pdf", &long[..]),
        ("/d/private/documents", "CV.pdf", b"another"),
        ("/d/g/Team/documents", "plan.txt", b"ours"),
    ] {
        let token = hidden(&alice.page(folder), "token");
        let files = [(name, octets)];
        let sent = alice.upload(&format!("{folder}/upload"), &[("token", &token)], &files);
        assert_eq!(sent.status, 303, "{}", sent.text());
    }
    let answer = submit(&alice, PAGE, "/settings/account/download", &[]);
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    let mut archive = zip::ZipArchive::new(Cursor::new(answer.body)).expect("an archive");
    let names = archive.file_names();
    let mut names: Vec<String> = names
        .map(|name| name.expect("a name").into_owned())
        .collect();
    names.sort();
    let documents: Vec<String> = names.drain(1..4).collect();
    assert!(
        documents[0].starts_with("documents/group Team/") && documents[0].ends_with("/plan.txt")
    );
    assert!(
        documents[1].starts_with("documents/private/"),
        "{documents:?}"
    );
    assert_eq!(
        names,
        ["account.json", "group Team.vcf", "private Contacts.vcf"]
    );
    let mut sizes: Vec<u64> = documents
        .iter()
        .map(|name| archive.by_name(name).expect(name).size())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [4, 7, long.len() as u64]);
    let page = alice.page("/settings/account/delete");
    assert!(
        page.contains("2 documents of your own are removed."),
        "{page}"
    );
    let mut read = |name: &str| {
        let mut text = String::new();
        let mut file = archive.by_name(name).expect(name);
        file.read_to_string(&mut text).expect("text");
        text
    };
    let own = read("private Contacts.vcf");
    assert_eq!(own.matches("BEGIN:VCARD\r\n").count(), 14);
    assert!(own.contains("Vanbrabant"));
    assert_eq!(read("group Team.vcf").matches("BEGIN:VCARD\r\n").count(), 6);
    let about: serde_json::Value = serde_json::from_str(&read("account.json")).expect("JSON");
    assert_eq!(about["login"], "alice");
    assert_eq!(about["groups"][0]["name"], "Team");
    assert_eq!(about["app_passwords"][0]["name"], "backup");
    for secret in ["argon2", "digest", "token", "hash"] {
        assert!(!about.to_string().contains(secret), "{secret}");
    }
    // Nobody else's.
    assert_eq!(
        Browser::open(&server.address)
            .submit("/settings/account/download", &[])
            .status,
        303
    );
}

#[test]
fn an_account_is_deleted_by_name_and_password_and_groups_keep_their_share() {
    let server = Server::start();
    let bob = Browser::of(&server.address, "bob");
    let page = "/settings/account/delete";
    assert!(
        bob.page(page).contains("Team"),
        "what the group keeps is told"
    );
    let delete = |login: &str, password: &str| {
        submit(
            &bob,
            page,
            page,
            &[("login", login), ("password", password)],
        )
    };
    assert_eq!(delete("bobby", "demo").status, 422);
    assert_eq!(delete("bob", "wrong").status, 403);
    assert_eq!(bob.get("/c/private").status, 200);
    let team = |browser: &Browser| browser.page("/g/Team").contains("6 contacts");
    assert!(team(&bob));
    let answer = delete("bob", "demo");
    assert_eq!(
        answer.header("location"),
        Some("/login"),
        "{}",
        answer.text()
    );
    assert_eq!(bob.get("/c/private").status, 303);
    assert_eq!(
        Browser::open(&server.address).sign_in("bob", "demo").status,
        401
    );
    let alice = Browser::of(&server.address, "alice");
    assert!(team(&alice));
    // Who runs a group hands it over first.
    let shown = alice.page(page);
    assert!(shown.contains("Hand them over") && !shown.contains("name=\"login\""));
    let token = hidden(&shown, "token");
    let fields = [
        ("token", token.as_str()),
        ("login", "alice"),
        ("password", "demo"),
    ];
    assert_eq!(alice.submit(page, &fields).status, 422);
    assert_eq!(
        dav(&server.address, "demo", "PROPFIND", PRIVATE, "").status,
        207
    );
    server.check();
}

#[test]
fn numbers_are_call_links_where_that_was_chosen() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:one\r\nN:One;;;;\r\nFN:One\r\n\
        TEL;TYPE=WORK:+33 1 99 00 12 34\r\nIMPP:skype:one.two\r\n\
        IMPP;X-SERVICE-TYPE=Skype:x-apple:live%3Akall3\r\nitem1.IMPP:three.four\r\nitem1.X-ABLabel:Skype\r\nitem2.IMPP:xmpp:five@example.org\r\n\
        item2.X-ABLabel:Skype\r\nEND:VCARD\r\n";
    let made = dav(
        &server.address,
        "demo",
        "PUT",
        &format!("{PRIVATE}one.vcf"),
        card,
    );
    assert_eq!(made.status, 201);
    let path = browser
        .card_named("/c/private?q=One", "One")
        .expect("a card");
    let desk = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    assert!(
        browser.page(&path).contains("href=\"tel:+33199001234\""),
        "on a phone always"
    );
    browser.agent = desk;
    let page = browser.page(&path);
    assert!(
        page.contains("+33 1 99 00 12 34") && !page.contains("tel:"),
        "off by default"
    );
    let choose = |browser: &Browser, way: &str, own: &str| {
        let fields = [("calls", way), ("own", own)];
        submit(browser, "/settings/calls", "/settings/calls", &fields).status
    };
    for (way, own, link) in [
        ("tel", "", "tel:+33199001234"),
        ("sip", "", "sip:+33199001234"),
        (
            "own",
            "https://phone.example/?to={}",
            "https://phone.example/?to=%2B33199001234",
        ),
        ("skype", "", "skype:+33199001234?call"),
    ] {
        assert_eq!(choose(&browser, way, own), 303, "{way}");
        assert!(
            browser.page(&path).contains(&format!("href=\"{link}\"")),
            "{way}"
        );
    }
    let page = browser.page(&path);
    assert!(page.contains("href=\"skype:one.two?call\""), "{page}");
    assert!(page.contains("href=\"skype:live%3Akall3?call\""), "{page}");
    assert!(
        page.contains("href=\"skype:three.four?call\""),
        "by its label"
    );
    assert!(!page.contains("skype:five"));
    assert!(browser.page(&format!("{path}/edit")).contains("skype:name"));
    assert_eq!(choose(&browser, "own", "javascript:alert({})"), 422);
    assert_eq!(choose(&browser, "telepathy", ""), 422);
    assert_eq!(choose(&browser, "off", ""), 303);
    let page = browser.page(&path);
    assert!(!page.contains("href=\"skype:") && !page.contains("href=\"tel:"));
}

#[test]
fn settings_are_reached_from_three_places_and_show_how_full_the_book_is() {
    let server = Server::start();
    server.set_quota("alice", 20);
    let browser = Browser::of(&server.address, "alice");
    let card = browser
        .card_named("/c/private", "Clara Dubois")
        .expect("a card");
    let page = browser.page(&card);
    // The bar of tools and the menu under one's name, and the tool's actions.
    assert!(page.matches("href=\"/settings\"").count() >= 3, "{page}");
    let page = browser.page("/settings");
    assert!(page.contains("Private: 14 of 20 contacts"), "{page}");
    assert!(page.contains("max=\"20\" value=\"14\""));
    for link in [
        "/settings/map",
        "/settings/calls",
        "/settings/account",
        "/settings/passwords",
        "/settings/second-factor",
        "/settings/account/delete",
        "/tags",
    ] {
        assert!(page.contains(&format!("href=\"{link}")), "{link}");
        assert_eq!(browser.get(link).status, 200, "{link}");
    }
}

#[test]
fn unknown_logins_are_answered_as_wrong_passwords_are() {
    let server = Server::start();
    let mut browser = Browser::open(&server.address);
    let known = browser.sign_in("alice", "wrong");
    let unknown = browser.sign_in("nobody", "wrong");
    assert_eq!((known.status, unknown.status), (401, 401));
    let plain = |answer: &Answer, login: &str| answer.text().replace(login, "LOGIN");
    assert_eq!(plain(&known, "alice"), plain(&unknown, "nobody"));
    // As long, too: both are checked against a hash.
    let time = |login: &str| {
        let mut browser = Browser::open(&server.address);
        let mut least = u128::MAX;
        for round in 0..4 {
            let began = std::time::Instant::now();
            browser.sign_in(login, &format!("guess {round}"));
            least = least.min(began.elapsed().as_micros());
        }
        least
    };
    let (known, unknown) = (time("bob"), time("nobody2"));
    assert!(
        known < unknown * 4 && unknown < known * 4,
        "{known} and {unknown} µs"
    );
}

#[test]
fn what_was_typed_into_the_own_card_comes_back_when_it_is_refused() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let fields = [
        ("name", "Alice Dupont"),
        ("email", "dupont@example.net"),
        ("organization", "Dupont SA"),
        ("password", "wrong"),
    ];
    let answer = save_card(&alice, &fields, None);
    assert_eq!(answer.status, 403);
    let page = answer.text();
    for (name, value) in &fields[..3] {
        assert!(
            page.contains(&format!("value=\"{value}\"")),
            "{name}: {page}"
        );
    }
    assert!(alice.page(PAGE).contains("value=\"Alice Martin\""));
}

//! Imports and exports of a few contacts: which of them, and how many are told.

use super::import::{HERE, begun, card, ended, imported, sent};
use crate::support::{
    browser::{Browser, hidden},
    server::Server,
};

#[test]
fn records_that_cannot_be_told_are_asked_for_again() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    let cards: String = ["a", "b", "c"]
        .map(|uid| card(uid, &format!("Name {uid}"), ""))
        .concat();
    let check = sent(&browser, &[("three.vcf", cards.as_bytes())]);
    let path = check.split('?').next().expect("a path").to_owned();
    for (language, said) in [("en", "Which records?"), ("fr", "Quelles fiches ?")] {
        browser.language = language;
        for records in ["the first two", "1, x", "3-1"] {
            let token = hidden(&browser.page(&check), "token");
            let fields = [
                ("token", token.as_str()),
                ("name", "three.vcf"),
                ("records", records),
            ];
            let answer = browser.submit(&format!("{path}/start"), &fields);
            assert_eq!(answer.status, 422, "{records}");
            let page = answer.text();
            assert!(page.contains(said), "{records}: {page}");
            let written = format!("value=\"{records}\"");
            assert!(page.contains(&written), "{records}: {page}");
        }
    }
    browser.language = "en";
    assert!(browser.page(HERE).contains("No contacts yet"));
    let report = begun(&browser, &check, &[("records", "1, 3-9")]);
    assert!(ended(&browser, &report).contains("Created: 2."));
}

#[test]
fn one_contact_is_said_as_one() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    let one = card("one", "Ada", "");
    let check = sent(&browser, &[("one.vcf", one.as_bytes())]);
    for (language, button, none) in [
        ("en", ">Import 1 contact<", "0 contacts here"),
        ("fr", ">Importer 1 contact<", "0 contact ici"),
    ] {
        browser.language = language;
        let page = browser.page(&check);
        assert!(page.contains(button) && page.contains(none), "{page}");
    }
    server.set_quota("bob", 1);
    let two = one.clone() + &card("two", "Bea", "");
    let check = sent(&browser, &[("two.vcf", two.as_bytes())]);
    for (language, button, room) in [
        ("en", ">Import the first contact<", "2 contacts found"),
        ("fr", ">Importer le premier contact<", "2 contacts trouvés"),
    ] {
        browser.language = language;
        let page = browser.page(&check);
        assert!(page.contains(button) && page.contains(room), "{page}");
    }
    browser.language = "en";
    imported(&browser, "one.vcf", one.as_bytes(), &[]);
    // The book is full: nothing that is new fits; who is here can still be completed.
    let new = card("two", "Bea", "");
    let check = sent(&browser, &[("two.vcf", new.as_bytes())]);
    let page = browser.page(&check);
    assert!(!page.contains("/start\""), "{page}");
    let check = sent(&browser, &[("two.vcf", two.as_bytes())]);
    for (language, button) in [
        ("en", ">Import without new contacts<"),
        ("fr", ">Importer sans nouveau contact<"),
    ] {
        browser.language = language;
        let page = browser.page(&check);
        assert!(page.contains(button), "{page}");
    }
    browser.language = "en";
    for (language, export, print) in [
        ("en", "Export 1 contact<", "· 1 contact<"),
        ("fr", "Exporter 1 contact<", "· 1 contact en tout<"),
    ] {
        browser.language = language;
        let page = browser.page(&format!("{HERE}/export"));
        assert!(page.contains(export), "{page}");
        let page = browser.page(&format!("{HERE}/print"));
        assert!(page.contains(print), "{page}");
    }
}

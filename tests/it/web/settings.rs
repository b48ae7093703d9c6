//! What a person sets for lists and pages, and that pages follow it.

use chrono::Datelike as _;

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    server::Server,
};

fn set(browser: &Browser, form: &str, fields: &[(&str, &str)]) -> u16 {
    let token = hidden(&browser.page("/settings"), "token");
    let mut all = vec![("token", token.as_str())];
    all.extend(fields);
    browser.submit(form, &all).status
}

#[test]
fn settings_that_cannot_be_read_stay_as_they_are() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let cut = r#"{"theme":"dark","sor"#;
    server.set_settings("bob", cut);
    assert_eq!(set(&browser, "/settings/display", &[("rows", "25")]), 503);
    let bob = server.store().person(server.person("bob"));
    let stored = server.runtime.block_on(bob).expect("a read").expect("bob");
    assert_eq!(stored.settings, cut);
}

#[test]
fn a_time_zone_is_proposed_once_and_chosen() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let trash = "/c/private/trash";
    assert!(browser.page(trash).contains("(time of the server)"));
    assert!(browser.page("/").contains("data-zoneless"));
    let propose = |zone: &str| set(&browser, "/settings/zone", &[("zone", zone)]);
    assert_eq!(propose("Nowhere/Else"), 422);
    assert_eq!(propose("Asia/Tokyo"), 204);
    assert!(browser.page(trash).contains("(time zone Asia/Tokyo)"));
    let page = browser.page("/settings");
    assert!(
        page.contains("<option value=\"Asia/Tokyo\" selected"),
        "{page}"
    );
    assert!(!page.contains("data-zoneless") && !page.contains("US/Pacific"));
    assert_eq!(propose("Europe/Paris"), 204);
    assert!(
        browser.page(trash).contains("(time zone Asia/Tokyo)"),
        "once"
    );
    // A moment is read by the same clock: this one is over there already, and is to come here.
    let there = chrono::Utc::now() + chrono::TimeDelta::hours(9) - chrono::TimeDelta::minutes(2);
    let at = there.format("%Y-%m-%dT%H:%M").to_string();
    let back = [("at", at.as_str())];
    assert_eq!(set(&browser, &format!("{trash}/back"), &back), 303);
    assert_eq!(set(&browser, "/settings/display", &[("zone", "UTC")]), 303);
    assert_eq!(set(&browser, &format!("{trash}/back"), &back), 422);
    // The server's, by choice.
    assert_eq!(set(&browser, "/settings/display", &[("zone", "")]), 303);
    assert_eq!(propose("Europe/Paris"), 204);
    assert!(browser.page(trash).contains("(time of the server)"));
}

fn put(book: &Book, uid: &str, lines: &str) {
    let card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\n{lines}END:VCARD\r\n");
    let stored = book.put(&format!("{uid}.vcf"), ("If-None-Match", "*"), &card);
    assert_eq!(stored.status, 201);
}

#[test]
fn lists_have_the_rows_and_the_order_a_person_set() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    for at in 0..30 {
        let lines = format!(
            "N:N{at:02};A;;;\r\nFN:A N{at:02}\r\nORG:O{:02}\r\n",
            99 - at
        );
        put(&book, &format!("u{at}"), &lines);
    }
    let shown = |page: &str, name: &str| page.contains(&format!("</span>{name}</a>"));
    let page = browser.page("/c/private");
    assert!(shown(&page, "A N29") && !page.contains("class=\"pager\""));
    let fields = [("rows", "25"), ("sort", "organization")];
    assert_eq!(set(&browser, "/settings/display", &fields), 303);
    let page = browser.page("/c/private");
    assert!(shown(&page, "A N29") && !shown(&page, "A N00"), "{page}");
    assert!(page.contains("Page 1 of 2"));
    // Another order is one click away, and numbers that are not offered change nothing.
    let page = browser.page("/c/private?sort=name");
    assert!(shown(&page, "A N00") && !shown(&page, "A N29"));
    assert!(page.contains("page=1#letter-"), "{page}");
    let fields = [("rows", "100000"), ("sort", "shoe-size")];
    assert_eq!(set(&browser, "/settings/display", &fields), 303);
    assert!(browser.page("/c/private").contains("Page 1 of 2"));
}

#[test]
fn colours_and_dates_are_as_a_person_set_them() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    put(
        &book,
        "b",
        "N:Born;Bea;;;\r\nFN:Bea Born\r\nBDAY:1972-04-15\r\n",
    );
    put(
        &book,
        "c",
        "N:Year;No;;;\r\nFN:No Year\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15\r\n",
    );
    let last_year = chrono::Local::now().year() - 1;
    let lines = format!("N:Year;One;;;\r\nFN:One Year\r\nBDAY:{last_year}-01-01\r\n");
    put(&book, "o", &lines);
    let one = browser.card_named("/c/private", "One Year");
    let page = browser.page(&one.expect("a card"));
    assert!(page.contains("(1 year)"), "{page}");
    let bea = browser
        .card_named("/c/private", "Bea Born")
        .expect("a card");
    let no = browser.card_named("/c/private", "No Year").expect("a card");
    let today = chrono::Local::now();
    let years = today.year() - 1972 - i32::from((today.month(), today.day()) < (4, 15));
    let page = browser.page(&bea);
    assert!(
        page.contains(&format!("15 April 1972 ({years} years)")),
        "{page}"
    );
    assert!(browser.page(&no).contains("<dd>15 April</dd>"));
    assert!(!page.contains("data-theme"));
    for (dates, born) in [
        ("iso", "1972-04-15 ("),
        ("day-first", "15/04/1972 ("),
        ("month-first", "04/15/1972 ("),
    ] {
        let fields = [("dates", dates), ("theme", "dark"), ("keys", "1")];
        assert_eq!(set(&browser, "/settings/display", &fields), 303);
        let page = browser.page(&bea);
        assert!(
            page.contains(born) && page.contains("<html lang=\"en\" data-theme=\"dark\""),
            "{page}"
        );
    }
    let written = today.format("%m/%d/%Y ").to_string();
    assert!(browser.page(&bea).contains(&written), "moments too");
    // The form still holds what is stored.
    assert!(
        browser
            .page(&format!("{bea}/edit"))
            .contains("value=\"1972-04-15\"")
    );
}

#[test]
fn new_contacts_go_where_a_person_set() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let new = |browser: &Browser| browser.get("/new").header("location").map(str::to_owned);
    assert_eq!(new(&alice).as_deref(), Some("/c/private/new"));
    assert!(alice.page("/").contains("href=\"/new\""));
    assert_eq!(set(&alice, "/settings/contacts", &[("place", "Team")]), 303);
    assert_eq!(new(&alice).as_deref(), Some("/g/Team/new"));
    // Where one may not add, nothing is offered, and nothing goes there.
    let bob = Browser::of(&server.address, "bob");
    assert!(!bob.page("/settings").contains("<option value=\"Team\""));
    assert_eq!(set(&bob, "/settings/contacts", &[("place", "Team")]), 303);
    assert_eq!(new(&bob).as_deref(), Some("/c/private/new"));
    assert_eq!(
        set(&bob, "/settings/contacts", &[("place", "Elsewhere")]),
        303
    );
    assert_eq!(new(&bob).as_deref(), Some("/c/private/new"));
    // What was typed of a country that is none is there to be put right.
    let token = hidden(&alice.page("/settings"), "token");
    let fields = [("token", &*token), ("country", "Fr4"), ("place", "")];
    let refused = alice.submit("/settings/contacts", &fields);
    assert_eq!(refused.status, 422);
    let page = refused.text();
    assert!(page.contains("value=\"Fr4\""), "{page}");
    assert!(
        page.contains("<option value=\"\" selected>Private"),
        "{page}"
    );
    assert_eq!(new(&alice).as_deref(), Some("/g/Team/new"));
}

#[test]
fn numbers_without_a_country_code_are_of_the_country_set() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    put(
        &book,
        "m",
        "N:Mobile;Mo;;;\r\nFN:Mo Mobile\r\nTEL;TYPE=CELL:0470 12 34 56\r\n",
    );
    let card = browser
        .card_named("/c/private", "Mo Mobile")
        .expect("a card");
    assert_eq!(
        set(&browser, "/settings/contacts", &[("country", "be")]),
        303
    );
    assert!(browser.page(&card).contains("href=\"sms:+32470123456\""));
    let token = hidden(&browser.page("/settings"), "token");
    for wrong in ["Belgium", "XX", "\u{e9}a"] {
        let fields = [("token", token.as_str()), ("country", wrong)];
        let answer = browser.submit("/settings/contacts", &fields);
        assert_eq!(answer.status, 422, "{wrong}");
        assert!(answer.text().contains("A country is two letters"));
    }
    assert!(browser.page(&card).contains("href=\"sms:+32470123456\""));
    // A form of another session changes nothing.
    assert_eq!(
        browser
            .submit("/settings/contacts", &[("country", "FR")])
            .status,
        403
    );
}

#[test]
fn a_contact_without_a_name_is_called_so_in_the_language_of_the_reader() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    browser.language = "fr";
    let book = Book::of(&server.address, "bob");
    put(&book, "nobody", "FN:Unnamed\r\nN:;;;;\r\nNOTE:Somebody\r\n");
    let card = browser.card_named("/c/private", "Sans nom");
    let page = browser.page(&card.expect("it is in the list"));
    assert!(page.contains("<h1>Sans nom</h1>"), "{page}");
    let gone = book.send("DELETE", "/dav/bob/private/contacts/nobody.vcf", &[], b"");
    assert_eq!(gone.status, 204);
    let trash = browser.page("/c/private/trash");
    assert!(
        trash.contains("Sans nom") && !trash.contains("Unnamed"),
        "{trash}"
    );
}

#[test]
fn tags_that_nobody_coloured_have_colours_of_their_own() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    let lines = "N:Tag;A;;;\r\nFN:A Tag\r\nCATEGORIES:One,Two\r\n";
    put(&book, "t", lines);
    let page = browser.page("/tags");
    let dots: Vec<_> = page
        .split("fill=\"#")
        .skip(1)
        .map(|dot| &dot[..6])
        .collect();
    assert_eq!(dots, ["1f5fbf", "c2571a"], "{page}");
    // The next one is offered another.
    assert!(page.contains("name=\"colour\" value=\"#2e7d4f\""), "{page}");
}

//! Further private books: what they are called on every page, and where they lead.

use crate::support::{
    browser::{Browser, hidden},
    dav::{Book, card},
    http::request,
    phone::Phone,
    server::Server,
};

/// A further private book that a client of alice made.
fn made(server: &Server, segment: &str, name: &str) -> Book {
    let mut book = Book::of(&server.address, "alice");
    book.path = format!("/dav/alice/private/{segment}/");
    let body = format!(
        "<D:mkcol xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:set><D:prop>\
         <D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>\
         <D:displayname>{name}</D:displayname></D:prop></D:set></D:mkcol>"
    );
    let headers = [("Content-Type", "application/xml")];
    let answer = book.send("MKCOL", &book.path, &headers, body.as_bytes());
    assert_eq!(answer.status, 201, "{answer:?}");
    book
}

/// The number by which forms name a book of alice.
fn number(server: &Server, segment: &str) -> String {
    let books = server.store().books(server.person("alice"));
    let books = server.runtime.block_on(books).expect("books");
    let book = books.into_iter().find(|book| book.segment == segment);
    book.expect("a book").id.0.to_string()
}

#[test]
fn a_book_without_a_name_is_called_by_its_address_and_a_long_name_is_cut() {
    let server = Server::start();
    made(&server, "nameless", " ");
    made(&server, "endless", &"Endless".repeat(1000));
    let page = Browser::of(&server.address, "alice").page("/c/books/nameless");
    assert!(page.contains("<title>nameless"), "{page}");
    assert!(page.contains("href=\"/c/books/nameless\""), "{page}");
    assert!(!page.contains(&"Endless".repeat(20)), "{page}");
    let phone = Phone::set_up(&server, "alice", "names", "16.1");
    let (_, folders) = phone.folders("0");
    let names: Vec<&str> = folders.iter().map(|folder| &folder.1[..]).collect();
    assert!(names.contains(&"nameless"), "{names:?}");
}

#[test]
fn a_mass_deletion_names_the_book_and_its_undo_leads_there() {
    let server = Server::start();
    let tennis = made(&server, "tennis", "Tennis");
    for at in 0..60 {
        let uid = format!("t{at}");
        let stored = tennis.put(
            &format!("{uid}.vcf"),
            ("If-None-Match", "*"),
            &card(&uid, &uid),
        );
        assert_eq!(stored.status, 201);
    }
    for at in 0..60 {
        let target = format!("{}t{at}.vcf", tennis.path);
        assert_eq!(tennis.send("DELETE", &target, &[], b"").status, 204);
    }
    let alice = Browser::of(&server.address, "alice");
    let page = alice.page("/c/private");
    assert!(page.contains("contacts of Tennis"), "{page}");
    let fields = [
        ("token", hidden(&page, "token")),
        ("notice", hidden(&page, "notice")),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, &value[..]));
    let answer = alice.submit("/notices/undo", &fields);
    let to = answer.header("location").expect("a page");
    assert!(to.starts_with("/c/books/tennis?"), "{to}");
    assert!(alice.page(to).contains("Brought back: 60."));
}

#[test]
fn what_a_merge_leaves_in_another_book_is_told_by_its_name() {
    let server = Server::start();
    made(&server, "club", "Tennis club");
    let own = ["m1", "m2"].map(|uid| card(uid, "Mia Double").into_bytes());
    server.fill("alice", own.to_vec());
    let alice = Browser::of(&server.address, "alice");
    let page = alice.page("/c/private/duplicates");
    let pair = page.split("href=\"/c/private/duplicates/");
    let pairs = pair.skip(1).filter_map(|rest| rest.split('"').next());
    let pair = pairs.into_iter().find(|pair| pair.contains('/'));
    let (first, second) = pair.and_then(|pair| pair.split_once('/')).expect("a pair");
    let token = hidden(&page, "token");
    let to = number(&server, "club");
    let shared = format!("/c/private/c/{second}/share/add");
    let answer = alice.submit(&shared, &[("token", &token), ("to", &to)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = alice.page(&format!("/c/private/duplicates/{first}/{second}"));
    assert!(page.contains("is also in: Tennis club"), "{page}");
}

#[test]
fn contacts_leads_to_the_book_that_was_shown_last() {
    let server = Server::start();
    made(&server, "club", "Tennis club");
    let alice = Browser::of(&server.address, "alice");
    let shown = alice.get("/c/books/club");
    let chosen = shown.header("set-cookie").expect("a cookie");
    let chosen = chosen.split(';').next().expect("a pair");
    let session = alice.cookie.as_deref().expect("a session");
    let leads = |place: &str| {
        let headers = [("Cookie".to_owned(), format!("{session}; {place}"))];
        let answer = request(&server.address, "GET", "/contacts", &headers, b"");
        answer.header("location").expect("a page").to_owned()
    };
    assert_eq!(leads(chosen), "/c/books/club");
    // Of somebody else, or gone.
    let other = chosen.replace("club", "chess");
    assert_eq!(leads(&other), "/c/private");
}

#[test]
fn own_contacts_are_moved_between_own_books_in_any_direction() {
    let server = Server::start();
    let club = made(&server, "club", "Tennis club");
    made(&server, "chess", "Chess");
    let stored = club.put("m.vcf", ("If-None-Match", "*"), &card("m", "Mo Ver"));
    assert_eq!(stored.status, 201);
    let alice = Browser::of(&server.address, "alice");
    let ways = [
        ("/c/books/club", "chess", "/c/books/chess"),
        ("/c/books/chess", "contacts", "/c/private"),
        ("/c/private", "club", "/c/books/club"),
    ];
    for (from, to, there) in ways {
        let card = alice.card_named(from, "Mo Ver").expect("the contact");
        let page = alice.page(&format!("{card}/share"));
        assert!(!page.contains("aria-label=\"Share · Private\""), "{page}");
        let to = number(&server, to);
        assert!(page.contains(&format!("<option value=\"{to}\">")), "{page}");
        let token = hidden(&page, "token");
        let fields = [("token", token.as_str()), ("to", &to)];
        let answer = alice.submit(&format!("{card}/share/move"), &fields);
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert!(alice.card_named(there, "Mo Ver").is_some(), "{there}");
        assert!(alice.card_named(from, "Mo Ver").is_none(), "{from}");
    }
}

#[test]
fn a_new_contact_for_a_book_that_went_meanwhile_is_saved_in_private() {
    let server = Server::start();
    let club = made(&server, "club", "Tennis club");
    let alice = Browser::of(&server.address, "alice");
    let fields = alice.filled(
        "/c/books/club/new",
        &[("given", "Noé"), ("family", "Fluss")],
    );
    assert_eq!(club.send("DELETE", &club.path, &[], b"").status, 204);
    let answer = alice.send("/c/books/club/new", &fields, None);
    assert_eq!(answer.status, 404);
    let page = answer.text();
    assert!(page.contains("action=\"/c/private/new\""), "{page}");
    assert!(page.contains("value=\"Fluss\""), "{page}");
    let fields =
        crate::support::browser::filled_in(&page, &[("given", "Noé"), ("family", "Fluss")]);
    let saved = alice.send("/c/private/new", &fields, None);
    assert_eq!(saved.status, 303, "{}", saved.text());
    assert!(alice.card_named("/c/private", "Noé Fluss").is_some());
}

#[test]
fn one_limit_is_told_of_all_private_books_together() {
    let server = Server::start();
    server.set_quota("alice", 15);
    let friends = made(&server, "friends", "Friends");
    let one = friends.put("f1.vcf", ("If-None-Match", "*"), &card("f1", "Freda"));
    assert_eq!(one.status, 201);
    let mut browser = Browser::of(&server.address, "alice");
    let page = browser.page("/settings");
    assert!(page.contains("Private books: 15 of 15 contacts"), "{page}");
    let page = browser.page("/c/books/friends");
    assert!(page.contains("15 of 15 private contacts used"), "{page}");
    browser.language = "fr";
    let path = "/c/books/friends/new";
    let full = browser.save(path, &[("given", "Zora")], None);
    let said = "Vos carnets privés sont pleins : ils peuvent contenir 15 contacts en tout.";
    assert!(full.text().contains(said), "{}", full.text());
}

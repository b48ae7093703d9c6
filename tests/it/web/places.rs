//! Places and their pages: further private books, compressed pages, selections.

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    http::request,
    server::Server,
};

/// The body of an MKCOL that makes an address book.
const MADE: &str = "<D:mkcol xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:set><D:prop>\
    <D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>\
    <D:displayname>Tennis club</D:displayname></D:prop></D:set></D:mkcol>";

#[test]
fn a_further_private_book_has_its_pages() {
    let server = Server::start();
    let mut club = Book::of(&server.address, "alice");
    club.path = "/dav/alice/private/club/".to_owned();
    let headers = [("Content-Type", "application/xml")];
    let answer = club.send("MKCOL", &club.path, &headers, MADE.as_bytes());
    assert_eq!(answer.status, 201, "{answer:?}");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:serve\r\nN:Serveur;Luc;;;\r\nFN:Luc Serveur\r\nEND:VCARD\r\n";
    let stored = club.put("serve.vcf", ("If-None-Match", "*"), card);
    assert_eq!(stored.status, 201);
    let alice = Browser::of(&server.address, "alice");
    let home = alice.page("/");
    assert!(
        home.contains(
            "<a href=\"/c/books/club\">Tennis club <span class=\"number\">1 contact</span></a>"
        ),
        "{home}"
    );
    // A result leads to its card.
    let results = alice.page("/search?q=serveur&in=private");
    let found = results.split("href=\"/c/books/club/c/").nth(1);
    let id = found.and_then(|rest| rest.split('"').next());
    let card = format!(
        "/c/books/club/c/{}",
        id.unwrap_or_else(|| panic!("{results}"))
    );
    let page = alice.page(&card);
    assert!(page.contains("Tennis club"), "{page}");
    let saved = alice.save(&format!("{card}/edit"), &[("family", "Volée")], None);
    assert_eq!(saved.status, 303);
    assert!(alice.card_named("/c/books/club", "Luc Volée").is_some());
    let saved = alice.save("/c/books/club/new", &[("given", "Nouveau")], None);
    assert_eq!(saved.status, 303);
    assert!(alice.card_named("/c/books/club", "Nouveau").is_some());
    assert!(alice.card_named("/c/private", "Nouveau").is_none());
    assert_eq!(
        Browser::of(&server.address, "bob")
            .get("/c/books/club")
            .status,
        404
    );
}

#[test]
fn a_further_private_book_may_have_any_name() {
    let server = Server::start();
    let mut book = Book::of(&server.address, "alice");
    let alice = Browser::of(&server.address, "alice");
    for name in ["private", "new", "books"] {
        book.path = format!("/dav/alice/private/{name}/");
        let headers = [("Content-Type", "application/xml")];
        let made = book.send("MKCOL", &book.path, &headers, MADE.as_bytes());
        assert_eq!(made.status, 201, "{made:?}");
        let uid = format!("in-{name}");
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:Luc;;;;\r\nFN:{uid}\r\nEND:VCARD\r\n"
        );
        assert_eq!(book.put("a.vcf", ("If-None-Match", "*"), &card).status, 201);
        let list = alice.page(&format!("/c/books/{name}"));
        assert!(list.contains(&uid), "{list}");
        assert!(!alice.page("/c/private").contains(&uid));
    }
    // The first one has one address.
    let own = alice.page("/c/books/contacts");
    assert!(!own.contains("/c/books/contacts\""), "{own}");
}

#[test]
fn pages_are_compressed_and_their_tokens_look_different_each_time() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let get = |path: &str, accepted: &str| {
        let headers = [
            (
                "Cookie".to_owned(),
                alice.cookie.clone().expect("a session"),
            ),
            ("Accept-Encoding".to_owned(), accepted.to_owned()),
        ];
        request(&server.address, "GET", path, &headers, b"")
    };
    for path in ["/c/private", "/static/carnet.css", "/static/carnet.js"] {
        let (plain, small) = (get(path, "identity"), get(path, "gzip, br"));
        assert_eq!(small.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(small.header("vary"), Some("accept-encoding"));
        assert_eq!(plain.header("content-encoding"), None);
        assert!(small.body.len() * 2 < plain.body.len(), "{path}");
        let mut text = String::new();
        let mut read = flate2::read::GzDecoder::new(&small.body[..]);
        std::io::Read::read_to_string(&mut read, &mut text).expect("gzip");
        let cut = |page: &str| page.replace(|c: char| c.is_ascii_hexdigit(), "").len();
        assert_eq!(cut(&text), cut(&plain.text()), "{path}");
    }
    let tokens = ["/tags", "/tags"].map(|page| hidden(&alice.page(page), "token"));
    assert_ne!(tokens[0], tokens[1]);
    for token in &tokens {
        let fields = [
            ("token", token.as_str()),
            ("name", token),
            ("colour", "#aa0000"),
        ];
        let short = [fields[0], ("name", &token[..8]), fields[2]];
        assert_eq!(alice.submit("/tags", &short).status, 303);
        let other = Browser::of(&server.address, "bob").submit("/tags", &short);
        assert_eq!(other.status, 403);
    }
}

#[test]
fn what_is_selected_twice_counts_once() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let card = alice
        .card_named("/c/private", "Laura Vanbrabant")
        .or_else(|| first_of(&alice))
        .expect("a contact");
    let id = card.rsplit('/').next().expect("an id");
    let token = hidden(&alice.page("/c/private"), "token");
    let fields = [("token", token.as_str()), ("id", id), ("id", id)];
    let answer = alice.submit("/c/private/selected/delete", &fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(
        answer
            .header("location")
            .is_some_and(|to| to.contains("n=1%2C0"))
    );
}

/// The first contact of a list.
fn first_of(browser: &Browser) -> Option<String> {
    let page = browser.page("/c/private");
    let id = page.split("data-id=\"").nth(1)?.split('"').next()?;
    Some(format!("/c/private/c/{id}"))
}

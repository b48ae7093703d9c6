//! What pages call things: headings, counts, and the field that is meant.

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    server::Server,
};

/// The tag of an input with this id.
fn input<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, from) = page
        .split_once(&format!("<input id=\"{id}\""))
        .expect("an input");
    from.split('>').next().expect("its end")
}

/// Whether it is told why this field was refused, and typing goes on there.
fn is_refused(page: &str, id: &str) -> bool {
    let input = input(page, id);
    page.contains("id=\"problem\"")
        && page.contains(&format!("<a href=\"#{id}\">Go to the field</a>"))
        && input.contains("aria-invalid=\"true\"")
        && input.contains("aria-describedby=\"problem")
        && input.contains("autofocus")
}

#[test]
fn a_small_form_says_which_field_was_refused() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let token = hidden(&alice.page("/tags"), "token");
    let send = |path: &str, fields: &[(&str, &str)], status: u16| {
        let mut all = vec![("token", token.as_str())];
        all.extend_from_slice(fields);
        let answer = alice.submit(path, &all);
        assert_eq!(answer.status, status, "{path} {fields:?}");
        answer.text()
    };
    let tag = [("name", "Urgent"), ("colour", "#1f5fbf")];
    send("/tags", &tag, 303);
    let page = send("/tags", &tag, 409);
    assert!(is_refused(&page, "name"), "{page}");
    let founded = send("/groups", &[("name", "a/b"), ("shown", "")], 422);
    assert!(is_refused(&founded, "name"), "{founded}");
    assert!(input(&founded, "name").contains("problem name-rule"));
    for (path, fields, status, field) in [
        ("/g/Team/members/add", [("login", "nobody")], 422, "login"),
        (
            "/g/Team/members/invite",
            [("email", "nobody")],
            422,
            "email",
        ),
        ("/g/Team/members/rename", [("shown", " ")], 422, "shown"),
        ("/g/Team/members/delete", [("typed", "Tea")], 422, "typed"),
        ("/c/private/empty", [("count", "3")], 422, "count"),
        ("/settings/passwords", [("protocol", "eas")], 422, "name"),
        (
            "/settings/second-factor/begin",
            [("password", "?")],
            403,
            "password",
        ),
    ] {
        let page = send(path, &fields, status);
        assert!(is_refused(&page, field), "{path}: {page}");
    }
    // Everything that is wrong is said at once, and the first of it is where typing goes on.
    let fields = [("old", "wrong"), ("new", "short"), ("again", "other")];
    let page = send("/settings/account/password", &fields, 403);
    assert!(is_refused(&page, "old"), "{page}");
    for said in [
        "not your password",
        "at least 10 characters",
        "not the same",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for field in ["new", "again"] {
        let input = input(&page, field);
        assert!(input.contains("aria-invalid") && !input.contains("autofocus"));
    }
    assert!(!input(&alice.page("/tags"), "name").contains("aria-"));
}

#[test]
fn part_of_a_book_is_headed_by_what_it_is() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    browser.language = "fr";
    let token = hidden(&browser.page("/tags"), "token");
    let fields = [
        ("token", token.as_str()),
        ("name", "Très urgent"),
        ("colour", "#1f5fbf"),
    ];
    assert_eq!(browser.submit("/tags", &fields).status, 303);
    let tags = browser.page("/tags");
    let (_, tag) = tags.split_once("id=\"tag-").expect("a tag");
    let tag = tag.split('"').next().expect("its number");
    let all = "<a href=\"/c/private\">Tous les contacts</a>";
    for (path, heading) in [
        (format!("/c/private?tag={tag}"), "Privé · Très urgent"),
        ("/c/private?show=favourites".to_owned(), "Privé · Favoris"),
        ("/c/private?show=lists".to_owned(), "Privé · Listes"),
    ] {
        let page = browser.page(&path);
        assert!(page.contains(&format!("<h1>{heading}</h1>")), "{page}");
        assert!(page.contains(&format!("<title>{heading} · Carnet</title>")));
        assert!(page.contains(all), "{page}");
    }
    let none = browser.page("/c/private?show=favourites");
    assert!(none.contains("Aucun favori pour l&#39;instant."), "{none}");
    let page = browser.page("/c/private");
    assert!(page.contains("<h1>Privé</h1>") && !page.contains(all));
}

#[test]
fn tags_of_a_private_contact_stand_on_its_page_once() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:t\r\nN:Oak;Emil;;;\r\nFN:Emil Oak\r\n\
        CATEGORIES:Club\\, old,Choir\r\nEND:VCARD\r\n";
    let stored = book.put("t.vcf", ("If-None-Match", "*"), card);
    assert_eq!(stored.status, 201);
    let path = browser.card_named("/c/private", "Emil Oak");
    let path = path.expect("a card");
    let page = browser.page(&path);
    assert!(page.contains("Choir</span>"), "{page}");
    // A name with a comma cannot be told from two in a row: it stays.
    assert!(page.contains("<dt>Categories</dt>"), "{page}");
    let card = card.replace("Club\\, old,", "Club,");
    assert_eq!(book.put("t.vcf", ("If-Match", "*"), &card).status, 204);
    let page = browser.page(&path);
    assert!(page.contains("Club</span>") && page.contains("Choir</span>"));
    assert!(!page.contains("<dt>Categories</dt>"), "{page}");
}

#[test]
fn who_cannot_sign_in_yet_reads_the_help() {
    let server = Server::start();
    let mut browser = Browser::open(&server.address);
    browser.language = "fr";
    let page = browser.page("/login");
    assert!(input(&page, "login").contains("autofocus"));
    assert!(page.contains("<a href=\"/help/mobile\">"), "{page}");
    let page = browser.page("/help/mobile");
    assert!(page.contains("<h1>Téléphones et tablettes</h1>"), "{page}");
    assert!(page.contains("href=\"/login\""), "{page}");
    assert!(browser.page("/help").contains("href=\"/help/carddav\""));
    assert_eq!(browser.get("/help/nothing").status, 404);
    // After a wrong password the login stays, and the password is typed again.
    let page = browser.sign_in("alice", "wrong").text();
    assert!(!input(&page, "login").contains("autofocus"));
    assert!(input(&page, "password").contains("autofocus"));
}

#[test]
fn french_has_a_blank_before_the_colon() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    browser.language = "fr";
    let page = browser.page("/settings/account");
    assert!(page.contains("Identifiant : <strong>alice"), "{page}");
    assert!(page.contains("Second facteur : inactif"), "{page}");
    browser.language = "en";
    let page = browser.page("/settings/account");
    assert!(page.contains(": <strong>alice") && !page.contains(" : "));
}

#[test]
fn each_button_says_whose_it_is() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let page = browser.page("/g/Team/members");
    for name in ["Bob Keller", "Carol Nguyen"] {
        for button in ["Make co-administrator", "Hand the group over", "Remove"] {
            let whole = format!("{button}<span class=\"hidden\"> · {name}</span>");
            assert!(page.contains(&whole), "{whole}: {page}");
        }
    }
}

//! What somebody typed is not lost, and addresses that lead nowhere say so on a page.

use crate::support::{
    browser::{Browser, escaped, filled_in, hidden},
    http::{Answer, request},
    server::Server,
};

/// As browsers ask for pages.
fn visited(server: &Server, method: &str, path: &str, more: &[(String, String)]) -> Answer {
    let mut headers = vec![("Accept".to_owned(), "text/html,*/*;q=0.8".to_owned())];
    headers.extend_from_slice(more);
    request(&server.address, method, path, &headers, b"")
}

#[test]
fn a_form_whose_session_ended_comes_back_with_what_was_typed() {
    let server = Server::start();
    for (path, name) in [
        ("/c/private/new".to_owned(), "Zora"),
        (
            {
                let alice = Browser::of(&server.address, "alice");
                let card = alice.card_named("/c/private", "Clara Dubois");
                format!("{}/edit", card.expect("a card"))
            },
            "Zoraya",
        ),
    ] {
        let mut browser = Browser::of(&server.address, "alice");
        let typed = browser.filled(&path, &[("given", name), ("note", "All <I> know")]);
        browser.cookie = None;
        for (language, said) in [
            ("fr", "Votre session est terminée"),
            ("en", "Your session has ended"),
        ] {
            browser.language = language;
            let answer = browser.send(&path, &typed, Some(b"a picture"));
            assert_eq!(answer.status, 403, "{}", answer.text());
            let page = answer.text();
            assert!(page.contains(said), "{page}");
            assert!(page.contains(&format!("value=\"{name}\"")), "{page}");
            assert!(page.contains("All &#60;I&#62; know"), "{page}");
            assert!(page.contains("href=\"/login\""), "{page}");
        }
        let page = browser.send(&path, &typed, None).text();
        // Signed in beside it: nothing is stored before a page of this session was seen.
        let browser = Browser::of(&server.address, "alice");
        let answer = browser.send(&path, &filled_in(&page, &[]), None);
        assert_eq!(answer.status, 403, "{}", answer.text());
        let answer = browser.send(&path, &filled_in(&answer.text(), &[]), None);
        assert_eq!(answer.status, 303, "{}", answer.text());
        let card = browser.page(answer.header("location").expect("a card"));
        assert!(
            card.contains(name) && card.contains("All &#60;I&#62; know"),
            "{card}"
        );
    }
}

#[test]
fn what_was_typed_into_any_form_comes_back_when_its_session_ended() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let card = browser.card_named("/c/private", "Clara Dubois");
    let card = card.expect("a card");
    let path = format!("{card}/comments");
    let token = hidden(&browser.page(&card), "token");
    let text = "Call </textarea> in May\r\n& June";
    let fields = [("token", token.as_str()), ("text", text)];
    browser.cookie = None;
    for (language, said) in [
        ("fr", "Votre session est terminée"),
        ("en", "Your session has ended"),
    ] {
        browser.language = language;
        let answer = browser.submit(&path, &fields);
        assert_eq!(answer.status, 403, "{}", answer.text());
        let page = answer.text();
        assert!(
            page.contains(said) && page.contains("href=\"/login\""),
            "{page}"
        );
        assert!(page.contains(&escaped(text)), "{page}");
        assert!(page.contains(&format!("action=\"{path}\"")), "{page}");
    }
    // Signed in beside it: it comes back with a token of this session before it is taken.
    let browser = Browser::of(&server.address, "alice");
    let answer = browser.submit(&path, &[("token", ""), ("text", text)]);
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains(&escaped(text)), "{}", answer.text());
    assert!(!browser.page(&card).contains("in May"));
    let token = hidden(&answer.text(), "token");
    let answer = browser.submit(&path, &[("token", &token), ("text", text)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(browser.page(&card).contains("in May"));

    // What nobody typed goes along; secrets and confirmations never come back.
    let stranger = Browser::open(&server.address);
    for (path, fields, comes_back) in [
        (
            "/groups",
            &[("name", "Choir"), ("shown", "The choir")][..],
            true,
        ),
        (
            "/d/private/x/c/1/details",
            &[
                ("version", "\"1-2\""),
                ("name", "Plan"),
                ("description", "Long"),
            ],
            true,
        ),
        ("/g/Team/members/rename", &[("shown", "The team")], true),
        (
            "/g/Team/members/delete",
            &[("typed", "Team"), ("name", "x")],
            false,
        ),
        (
            "/settings/account/password",
            &[("old", "secret-1"), ("new", "secret-2"), ("text", "x")],
            false,
        ),
        (
            "/c/private/selected/delete",
            &[("id", "1"), ("tag", "2"), ("list", "abc"), ("to", "g/Team")],
            false,
        ),
        ("/notices/undo", &[("notice", "12")], false),
        ("/groups", &[("name", "  ")], false),
    ] {
        let answer = stranger.submit(path, fields);
        assert_eq!(answer.status, if comes_back { 403 } else { 303 }, "{path}");
        for (name, value) in fields {
            let kept = answer
                .text()
                .contains(&format!("name=\"{name}\" value=\"{}\"", escaped(value)))
                || answer.text().contains(&format!(">\n{value}</textarea>"));
            assert_eq!(kept, comes_back, "{path}: {name}");
        }
    }
}

#[test]
fn a_form_of_a_stranger_costs_little() {
    let server = Server::start();
    let stranger = Browser::open(&server.address);
    let many: Vec<(&str, &str)> = vec![("text", "x"); 200];
    assert_eq!(stranger.submit("/groups", &many).status, 303);
    let long = "x".repeat(100_000);
    assert_eq!(stranger.submit("/groups", &[("text", &long)]).status, 303);
}

#[test]
fn signing_in_leads_on_to_what_was_asked_for() {
    let server = Server::start();
    let stranger = Browser::open(&server.address);
    let asked = stranger.get("/search?q=Rossi&in=p");
    let next = "/login?next=%2Fsearch%3Fq%3DRossi%26in%3Dp";
    assert_eq!(asked.header("location"), Some(next));
    let form = stranger.page(next);
    assert_eq!(hidden(&form, "next"), "/search?q=Rossi&in=p");
    // What only forms are sent to is no page.
    let sent = stranger.submit("/c/private/selected/delete", &[("id", "1")]);
    let next = "/login?next=%2Fc%2Fprivate";
    assert_eq!(sent.header("location"), Some(next));
    let empty = stranger.send("/c/private/new", &[], None);
    assert_eq!(empty.header("location"), Some(next));
}

#[test]
fn a_text_that_is_too_long_comes_back_to_be_shortened() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let long = "n".repeat(1_100_000);
    let fields = [("given", "Lena"), ("note", long.as_str())];
    let answer = browser.save("/c/private/new", &fields, None);
    assert_eq!(answer.status, 413);
    let page = answer.text();
    assert!(page.contains("larger than 1 MB") || page.contains("larger than 1.0 MB"));
    assert!(page.contains("value=\"Lena\"") && page.contains(&long));
    assert!(browser.card_named("/c/private", "Lena").is_none());
    let shorter = filled_in(&page, &[("note", "short")]);
    let answer = browser.send("/c/private/new", &shorter, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let edit = browser.card_named("/c/private", "Lena").expect("a card");
    let answer = browser.save(&format!("{edit}/edit"), &fields, None);
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("value=\"Lena\""));
}

#[test]
fn a_new_contact_is_stored_once_however_often_its_form_is_sent() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let count = || browser.page("/c/private").matches("<tr data-id=").count();
    let before = count();
    let form = browser.filled("/c/private/new", &[("given", "Twice"), ("family", "Told")]);
    let path = |answer: &Answer| {
        assert_eq!(answer.status, 303, "{}", answer.text());
        let to = answer.header("location").expect("a card");
        to.split('?').next().expect("a path").to_owned()
    };
    let first = path(&browser.send("/c/private/new", &form, None));
    assert_eq!(path(&browser.send("/c/private/new", &form, None)), first);
    assert_eq!(count(), before + 1);
    // At the same moment, too.
    let form = browser.filled("/c/private/new", &[("given", "Thrice"), ("family", "Told")]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| browser.send("/c/private/new", &form, None));
        }
    });
    assert_eq!(count(), before + 2);
    assert!(
        browser.page("/refused").contains("Nothing"),
        "no twin is kept"
    );
    // What was typed anew into the form that stood there before is another contact.
    let mut another = form;
    for (name, value) in &mut another {
        if name == "given" {
            "Fourth".clone_into(value);
        }
    }
    assert_ne!(path(&browser.send("/c/private/new", &another, None)), first);
    assert_eq!(count(), before + 3);
}

#[test]
fn a_long_name_fits_into_addresses_and_rows() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let long = "z".repeat(70_000);
    let answer = browser.save("/c/private/new", &[("given", &long)], None);
    assert_eq!(answer.status, 303);
    let to = answer.header("location").expect("a card");
    assert!(to.len() < 500, "{to}");
    assert!(browser.page(to).contains(&long), "the card has all of it");
    let list = browser.page("/c/private");
    assert!(list.contains(&"z".repeat(100)) && !list.contains(&"z".repeat(101)));
}

#[test]
fn what_leads_nowhere_is_a_page_for_people() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let own = [
        (
            "Cookie".to_owned(),
            browser.cookie.clone().expect("a cookie"),
        ),
        ("Accept-Language".to_owned(), "fr".to_owned()),
    ];
    for (headers, path, status) in [
        (&own[..], "/nope", 404),
        (&own, "/static/x", 404),
        (&own, "/c/private?page=abc", 404),
        (&own, "/settings/devices/e/abc", 404),
        (&own, "/c/private/selected/delete", 405),
        (&[], "/nope", 404),
        (&[], "/logout", 405),
    ] {
        let answer = visited(&server, "GET", path, headers);
        assert_eq!(answer.status, status, "{path}");
        let page = answer.text();
        assert!(page.contains("<main"), "{path}: {page}");
        let policy = answer.header("content-security-policy").expect(path);
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        if !headers.is_empty() {
            assert!(
                page.contains("<html lang=\"fr\"") && page.contains("tool-bar"),
                "{path}"
            );
        }
    }
    let wrong = visited(&server, "GET", "/c/private/selected/delete", &own);
    assert_eq!(wrong.header("allow"), Some("POST"));
    // Programs are told by the status alone.
    for (method, path, status) in [("GET", "/nope", 404), ("PROPFIND", "/contacts", 405)] {
        let answer = request(&server.address, method, path, &[], b"");
        assert_eq!(
            (answer.status, answer.body.len()),
            (status, 0),
            "{method} {path}"
        );
    }
}

#[test]
fn a_refused_change_that_its_author_may_make_is_accepted() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let card = browser.card_named("/c/private", "Clara Dubois");
    let card = card.expect("a card");
    let edit = format!("{card}/edit");
    let late = browser.filled(&edit, &[("title", "Baker")]);
    assert_eq!(
        browser.save(&edit, &[("title", "Miller")], None).status,
        303
    );
    assert_eq!(browser.send(&edit, &late, None).status, 409);
    for (language, why) in [
        ("fr", "Il avait changé entre-temps."),
        ("en", "It had changed meanwhile."),
    ] {
        browser.language = language;
        assert!(browser.page("/refused").contains(why), "{language}");
    }
    let page = browser.page("/refused");
    assert!(!page.contains("/refused/propose"), "{page}");
    assert!(page.contains("formaction=\"/refused/accept\""), "{page}");
    let (token, revision) = (hidden(&page, "token"), hidden(&page, "revision"));
    let fields = [("token", token.as_str()), ("revision", &revision)];
    let answer = browser.submit("/refused/accept", &fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(browser.page(&card).contains("Baker"));
    assert!(!browser.page("/refused").contains("/refused/accept"));
}

#[test]
fn a_link_of_somebody_else_shows_no_notice_and_offers_no_undo() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    for link in [
        "/c/private?done=emptied&undo=%401",
        "/c/private?done=created&name=Your%20account%20is%20locked",
        "/c/private?done=selection-deleted&n=1,0&undo=1-9",
    ] {
        let page = alice.page(link);
        assert!(!page.contains("id=\"undo\""), "{link}: {page}");
        assert!(
            !page.contains("locked") && !page.contains("emptied"),
            "{link}"
        );
    }
    // Nor is what was said to one person said to another.
    let fields = alice.filled("/c/private/new", &[("given", "Told")]);
    let told = alice.send("/c/private/new", &fields, None);
    let told = told.header("location").expect("a page").to_owned();
    let said = |browser: &Browser, query: &str| {
        let page = browser.page(&format!("/c/private?{query}"));
        page.contains("role=\"status\"") && page.contains("Told")
    };
    let (_, query) = told.split_once('?').expect("what is told");
    let bob = Browser::of(&server.address, "bob");
    assert!(said(&alice, query), "{told}");
    assert!(!said(&bob, query));
}

#[test]
fn a_form_that_is_too_old_leads_back_to_the_page_it_stood_on() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    for (form, page) in [
        ("/c/private/selected/delete", "/c/private"),
        ("/search/selected/tag", "/search"),
        ("/settings/account/sessions/end", "/settings/account"),
        ("/tags/delete", "/tags"),
    ] {
        let answer = alice.submit(form, &[("token", "old"), ("id", "1")]);
        assert_eq!(answer.status, 403, "{form}");
        let link = format!("href=\"{page}\">Back</a>");
        assert!(answer.text().contains(&link), "{form}: {}", answer.text());
        assert_eq!(alice.get(page).status, 200);
    }
}

#[test]
fn a_page_that_is_open_stays_good_when_the_server_starts_again() {
    let server = Server::start();
    let before = Browser::of(&server.address, "alice");
    let token = hidden(&before.page("/tags"), "token");
    let server = Server::start_in(server.stop());
    let mut after = Browser::open(&server.address);
    after.cookie.clone_from(&before.cookie);
    let fields = [
        ("token", token.as_str()),
        ("name", "Later"),
        ("colour", "#336699"),
    ];
    let answer = after.submit("/tags", &fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(after.page("/tags").contains("Later"));
    let other = Browser::of(&server.address, "alice");
    assert_eq!(other.submit("/tags", &fields).status, 403, "of its session");
}

/// Posts a form with the token of the person's session.
fn posted(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let token = hidden(&browser.page("/tags"), "token");
    let mut all = vec![("token", token.as_str())];
    all.extend_from_slice(fields);
    browser.submit(path, &all)
}

#[test]
fn a_comment_that_is_refused_stays_where_it_was_written() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let card = alice.card_named("/c/private", "Clara Dubois");
    let card = card.expect("a card");
    let long = "word ".repeat(2400);
    let comments = format!("{card}/comments");
    let refused = posted(&alice, &comments, &[("text", &long)]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains(&format!("\n{long}</textarea>")));
    let added = posted(&alice, &comments, &[("text", "as it was")]);
    assert_eq!(added.status, 303);
    let comment = hidden(&alice.page(&card), "comment");
    let edit = [("comment", comment.as_str()), ("text", &long)];
    let page = posted(&alice, &format!("{comments}/edit"), &edit).text();
    let fields = page.matches(&format!("\n{long}</textarea>")).count();
    assert_eq!(fields, 1, "{page}");
    // The comment is gone: what was written can be a new one.
    let named = [("comment", comment.as_str())];
    let deleted = posted(&alice, &format!("{comments}/delete"), &named);
    assert_eq!(deleted.status, 303);
    let edit = [("comment", comment.as_str()), ("text", "written in vain")];
    let answer = posted(&alice, &format!("{comments}/edit"), &edit);
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("\nwritten in vain</textarea>"));
    // So is the card: the page says what was written.
    let page = alice.page(&card);
    let fields = [
        ("token", hidden(&page, "token")),
        ("version", hidden(&page, "version")),
    ];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    assert_eq!(alice.submit(&format!("{card}/delete"), &fields).status, 303);
    let answer = posted(&alice, &comments, &[("text", "written in vain")]);
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("You wrote: written in vain"));
}

#[test]
fn small_forms_that_are_refused_keep_what_was_typed() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let fields = [("map", "own"), ("own", "https://x/")];
    let refused = posted(&alice, "/settings/map", &fields);
    assert_eq!(refused.status, 422);
    let page = refused.text();
    assert!(page.contains("value=\"https://x/\""), "{page}");
    assert!(page.contains("value=\"own\" checked"), "{page}");
    assert!(
        page.contains("Write an address that begins with https://"),
        "{page}"
    );
    let made = posted(
        &alice,
        "/tags",
        &[("name", "Clients"), ("colour", "#aa0000")],
    );
    assert_eq!(made.status, 303);
    let card = alice.card_named("/c/private", "Clara Dubois");
    let card = card.expect("a card");
    let tag = alice.page(&card);
    let tag = tag.split("name=\"tag\" value=\"").nth(1).expect("a tag");
    let tag = tag.split('"').next().expect("a number").to_owned();
    let long = "t".repeat(70);
    let fields = [("tag", tag.as_str()), ("name", &long)];
    let refused = posted(&alice, &format!("{card}/tags"), &fields);
    assert_eq!(refused.status, 422);
    let page = refused.text();
    assert!(page.contains(&format!("value=\"{long}\"")), "{page}");
    assert!(page.contains(&format!("value=\"{tag}\" checked")), "{page}");
}

#[test]
fn a_new_contact_says_something() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let nothing = alice.filled("/c/private/new", &[("tel-0-kind", "home")]);
    let refused = alice.send("/c/private/new", &nothing, None);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("write a name first"));
    assert!(!alice.page("/c/private").contains("Unnamed"));
    // A note says something; two of them are not the same person.
    for note in ["one", "two"] {
        let fields = alice.filled("/c/private/new", &[("note", note)]);
        let saved = alice.send("/c/private/new", &fields, None);
        assert_eq!(saved.status, 303, "{note}: {}", saved.text());
    }
}

#[test]
fn a_deletion_is_undone_twice_without_a_word_of_error() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let card = alice.card_named("/c/private", "Clara Dubois");
    let card = card.expect("a card");
    let page = alice.page(&card);
    let (token, version) = (hidden(&page, "token"), hidden(&page, "version"));
    let fields = [("token", token.as_str()), ("version", version.as_str())];
    let deleted = alice.submit(&format!("{card}/delete"), &fields);
    let list = alice.page(deleted.header("location").expect("a page"));
    let revisions = hidden(&list, "revisions");
    let undo = [
        ("token", token.as_str()),
        ("revisions", &revisions),
        ("undo", "1"),
    ];
    for press in 0..2 {
        let answer = alice.submit("/c/private/trash/restore", &undo);
        assert_eq!(answer.status, 303, "{press}: {}", answer.text());
    }
    assert!(alice.card_named("/c/private", "Clara Dubois").is_some());
}

//! The pages, as a browser without script meets them.

mod books;
mod devices;
mod edit;
mod fields;
mod kept;
mod list;
mod places;
mod rights;
mod search;
mod settings;
mod stale;
mod transfer;
mod words;

use std::io::Cursor;

use crate::support::{
    browser::{Browser, escaped, hidden},
    http::{Answer, basic, request},
    server::Server,
};

fn picture(format: image::ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb([200, 30, 30]));
    picture.write_to(&mut out, format).expect("a picture");
    out.into_inner()
}

#[test]
fn signing_in_leads_where_one_wanted_to_go() {
    let server = Server::start();
    let mut browser = Browser::open(&server.address);
    let answer = browser.get("/c/private");
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        Some("/login?next=%2Fc%2Fprivate")
    );
    let page = browser.page("/login?next=%2Fg%2FTeam");
    assert_eq!(hidden(&page, "next"), "/g/Team");

    let fields = [("login", "bob"), ("password", "demo"), ("next", "/g/Team")];
    let answer = browser.submit("/login", &fields);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/g/Team"))
    );
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite="),
        "{cookie}"
    );
    for elsewhere in ["https://example.org/", "//example.org", "/\\example.org"] {
        let fields = [("login", "bob"), ("password", "demo"), ("next", elsewhere)];
        let answer = browser.submit("/login", &fields);
        assert_eq!(answer.header("location"), Some("/"), "{elsewhere}");
    }

    browser.sign_in("Bob@Example.org", "demo");
    let page = browser.page("/g/Team");
    for text in [
        "Team",
        "Max Roy",
        "Coralie Simon",
        "Bob Keller",
        "6 contacts",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // Signing out ends the session, not only the cookie.
    let token = hidden(&page, "token");
    let answer = browser.submit("/logout", &[("token", &token)]);
    assert_eq!(answer.header("location"), Some("/login"));
    assert_eq!(browser.get("/c/private").status, 303);

    // A page that is too old for any other form signs out too, and leads nowhere else.
    browser.sign_in("bob", "demo");
    let fields = [("token", "old"), ("next", "https://example.org/")];
    let from = [
        ("Sec-Fetch-Site".to_owned(), "cross-site".to_owned()),
        (
            "Cookie".to_owned(),
            browser.cookie.clone().expect("a cookie"),
        ),
        (
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ];
    let foreign = request(&server.address, "POST", "/logout", &from, b"token=old");
    assert_eq!(foreign.status, 403);
    assert_eq!(browser.get("/c/private").status, 200);
    let answer = browser.submit("/logout", &fields);
    assert_eq!(answer.header("location"), Some("/login"));
    assert_eq!(browser.get("/c/private").status, 303);
}

#[test]
fn who_is_disabled_is_told_so_once_the_password_is_right() {
    let server = Server::start();
    server.disable("bob", true);
    let mut browser = Browser::open(&server.address);
    let answer = browser.sign_in("bob", "demo");
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("This account is disabled"));
    let guessed = browser.sign_in("bob", "guess").text();
    assert!(guessed.contains("do not belong together"), "{guessed}");
    assert!(!guessed.contains("This account is disabled"));
}

#[test]
fn wrong_passwords_get_slow_and_lock_nobody_out() {
    let server = Server::start();
    let mut browser = Browser::open(&server.address);
    let answer = browser.sign_in("alice", "wrong");
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("do not belong together"));
    assert!(!answer.text().contains("wrong"));
    assert_eq!(browser.cookie, None);
    for guess in 0..5 {
        browser.sign_in("alice", &format!("guess {guess}"));
    }
    let waits = |answer: &Answer, words: &str| {
        assert_eq!(answer.status, 429, "{answer:?}");
        let seconds = answer.header("retry-after").expect("when to come again");
        let seconds: u64 = seconds.parse().expect("seconds");
        assert!((1..=3600).contains(&seconds), "{seconds}");
        assert!(answer.text().contains(words), "{}", answer.text());
        assert!(answer.text().contains("name=\"password\""), "the form");
    };
    waits(&browser.sign_in("alice", "demo"), "Too many attempts");
    browser.language = "fr";
    waits(&browser.sign_in("alice", "demo"), "Trop d&#39;essais");
    browser.language = "en";
    let headers = [basic("alice", "demo")];
    let target = "/dav/alice/private/contacts/";
    let answer = request(&server.address, "PROPFIND", target, &headers, b"");
    assert!(matches!(answer.status, 429 | 503), "{answer:?}");
    assert!(answer.header("retry-after").is_some());
    // Nobody else waits.
    assert_eq!(browser.sign_in("bob", "demo").status, 303);
}

#[test]
fn a_contact_is_added_shown_changed_and_deleted() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    assert!(browser.page("/c/private").contains("No contacts yet"));
    let fields = [
        ("given", "Zoé <b>"),
        ("family", "O'Brien & Fils"),
        ("email-0", "zoe@example.org"),
        ("tel-0", "+33 6 39 98 00 99"),
        ("tel-0-kind", "cell"),
        ("note", "one\r\ntwo"),
    ];
    let answer = browser.save("/c/private/new", &fields, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let shown = answer.header("location").expect("a place").to_owned();
    let page = browser.page(&shown);
    let name = escaped("Zoé <b> O'Brien & Fils");
    assert!(page.contains(&name), "{page}");
    assert!(page.contains("was added"));
    assert!(page.contains("href=\"mailto:zoe@example.org\""));
    assert!(page.contains("href=\"tel:+33639980099\""));
    assert!(!page.contains("Zoé <b>"), "nothing of a card is markup");

    let path = shown.split('?').next().expect("a path");
    let change = [("family", "Brien"), ("email-0", "")];
    let answer = browser.save(&format!("{path}/edit"), &change, None);
    assert_eq!(answer.status, 303);
    let page = browser.page(answer.header("location").expect("a place"));
    assert!(page.contains("Saved") && page.contains("Brien") && !page.contains("mailto:"));

    // A list can grow without script.
    let fields = [("tel-0", "+33 1"), ("more", "tel")];
    let answer = browser.save(&format!("{path}/edit"), &fields, None);
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("id=\"tel-1\""));

    let page = browser.page(path);
    let delete = |token: &str, version: &str| {
        let fields = [("token", token), ("version", version)];
        browser.submit(&format!("{path}/delete"), &fields).status
    };
    let (token, version) = (hidden(&page, "token"), hidden(&page, "version"));
    assert_eq!(delete("forged", &version), 403);
    assert_eq!(delete(&token, "\"stale\""), 409);
    assert_eq!(browser.get(path).status, 200);
    assert_eq!(delete(&token, &version), 303);
    assert_eq!(browser.get(path).status, 404);
    assert!(browser.page("/c/private").contains("No contacts yet"));
}

#[test]
fn a_form_of_another_session_stores_nothing_and_keeps_what_was_typed() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    for token in ["", "forged"] {
        let fields = [
            ("token", token),
            ("given", "Forged"),
            ("email-0", "kept@example.org"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answer = browser.send("/c/private/new", &fields, None);
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("kept@example.org"));
        assert!(answer.text().contains("too old"));
    }
    assert!(browser.page("/c/private").contains("No contacts yet"));
    // Another site's form signs nobody in.
    let headers = [
        ("Sec-Fetch-Site".to_owned(), "cross-site".to_owned()),
        (
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ];
    let body = b"login=bob&password=demo";
    let answer = request(&server.address, "POST", "/login", &headers, body);
    assert_eq!(answer.status, 403);
}

#[test]
fn pictures_of_every_format_are_resized_and_others_refused() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    use image::ImageFormat as Format;
    for format in [
        Format::Gif,
        Format::Jpeg,
        Format::Bmp,
        Format::Png,
        Format::Tiff,
        Format::WebP,
    ] {
        let name = format!("{format:?}");
        let photo = picture(format, 1100, 550);
        let answer = browser.save("/c/private/new", &[("given", &name)], Some(&photo));
        assert_eq!(answer.status, 303, "{name}: {}", answer.text());
        let path = browser.card_named("/c/private", &name).expect("a card");
        assert!(browser.page(&path).contains("<img"));
        let photo = browser.get(&format!("{path}/photo"));
        assert_eq!(photo.header("content-type"), Some("image/jpeg"), "{name}");
        let stored = image::load_from_memory(&photo.body).expect("a picture");
        assert_eq!((stored.width(), stored.height()), (1024, 512), "{name}");
    }
    // As phones send them, and as cameras do: a preview behind a directory.
    let mut raw = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    raw.extend(picture(Format::Jpeg, 1100, 550));
    let heic = include_bytes!("../../fixtures/pictures/quarters.heic");
    for (name, photo, size) in [("Heic", &heic[..], (64, 48)), ("Raw", &raw, (512, 1024))] {
        let answer = browser.save("/c/private/new", &[("given", name)], Some(photo));
        assert_eq!(answer.status, 303, "{name}: {}", answer.text());
        let path = browser.card_named("/c/private", name).expect("a card");
        let stored = browser.get(&format!("{path}/photo"));
        let stored = image::load_from_memory(&stored.body).expect("a picture");
        assert_eq!((stored.width(), stored.height()), size, "{name}");
    }
    // More than 100 MB: read to its end, refused on the form, with what was typed.
    let vast = vec![0xFF; 100 * 1024 * 1024 + 1];
    let answer = browser.save("/c/private/new", &[("given", "Vast")], Some(&vast));
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("larger than 100 MB"));
    assert!(answer.text().contains("value=\"Vast\""));
    // A few octets that say they are 81 megapixels.
    let mut huge = picture(Format::Png, 1, 1);
    huge[16..24].copy_from_slice(&[0, 0, 0x23, 0x28, 0, 0, 0x23, 0x28]);
    let mut sum = flate2::Crc::new();
    sum.update(&huge[12..29]);
    huge[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    for bad in [&b"not a picture"[..], &huge] {
        let answer = browser.save("/c/private/new", &[("given", "Bad")], Some(bad));
        assert_eq!(answer.status, 422, "{}", answer.text());
        assert!(
            answer.text().contains("value=\"Bad\""),
            "what was typed stays"
        );
    }
    assert!(browser.card_named("/c/private", "Bad").is_none());
}

#[test]
fn what_one_may_not_do_is_not_offered_and_not_done() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let path = bob.card_named("/g/Team", "Max Roy").expect("a card");
    let page = bob.page(&path);
    assert!(page.contains("ask them"));
    assert!(!page.contains("/edit\"") && !page.contains("/delete\""));
    assert!(!bob.page("/g/Team").contains("/g/Team/new"));
    // The form is not shown; sent without it, it comes back, and is a refused change.
    let edit = format!("{path}/edit");
    let form = bob.get(&edit);
    assert_eq!(form.status, 403);
    assert!(form.text().contains("ask them") && !form.text().contains("name=\"family\""));
    let mine = [
        ("token", hidden(&page, "token")),
        ("family", "Mine".to_owned()),
    ];
    let mine = mine.map(|(name, value)| (name.to_owned(), value));
    let answer = bob.send(&edit, &mine, None);
    assert_eq!(answer.status, 403);
    let again = answer.text();
    assert!(again.contains("value=\"Mine\""), "{again}");
    assert!(again.contains("kept in your refused changes"), "{again}");
    assert!(bob.page("/refused").contains("Mine"));
    assert_eq!(bob.get("/g/Team/new").status, 403);
    let fields = [
        ("token", hidden(&page, "token")),
        ("version", hidden(&page, "version")),
    ];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    assert_eq!(bob.submit(&format!("{path}/delete"), &fields).status, 403);
    assert!(bob.card_named("/g/Team", "Max Roy").is_some());
    // What is somebody else's does not exist.
    let secret = alice
        .card_named("/c/private", "Anaïs Petit")
        .expect("a card");
    assert_eq!(bob.get(&secret).status, 404);
    assert_eq!(bob.get("/g/Nothing").status, 404);
    assert_eq!(bob.get("/c/private/c/none").status, 404);
}

#[test]
fn pages_speak_the_readers_language() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let path = browser
        .card_named("/c/private", "Anaïs Petit")
        .expect("a card");
    for (language, words) in [
        ("en", ["<html lang=\"en\"", "Private", "New", "Sign out"]),
        (
            "fr-FR,fr;q=0.9,en;q=0.5",
            ["<html lang=\"fr\"", "Privé", "Nouveau", "Déconnexion"],
        ),
    ] {
        browser.language = language;
        let page = browser.page("/c/private");
        for word in words {
            assert!(page.contains(word), "{language}: {word}");
        }
    }
    assert!(browser.page(&path).contains("Modifier"));
    assert!(browser.page(&format!("{path}/edit")).contains("Prénom"));
}

#[test]
fn pages_are_strict_and_lists_are_filtered_by_beginnings_of_words() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let answer = browser.get("/c/private");
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
    assert!(!policy.contains("unsafe"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    for (query, found, others) in [
        ("van", "Vanbrabant", "Petit"),
        ("elodie", "Vanbrabant", "Petit"),
        ("boulangerie", "Lefèvre", "Petit"),
        ("anais nantes", "Petit", "Vanbrabant"),
    ] {
        let query = query.replace(' ', "%20");
        let page = browser.page(&format!("/c/private?q={query}"));
        assert!(page.contains(found), "{query}");
        assert!(!page.contains(others), "{query}");
    }
    assert!(
        browser
            .page("/c/private?q=nobody")
            .contains("No contact matches")
    );
    for place in ["/c/private?q=", "/search?q="] {
        let hostile = browser.page(&format!("{place}%22%3E%3Cscript%3E"));
        assert!(!hostile.contains("\"><script>"));
        let own = hostile.matches("<script src=\"/").count();
        assert_eq!(hostile.matches("<script").count(), own, "{place}");
    }
}

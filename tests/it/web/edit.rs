//! The form of a contact: its sections, who may be the same, the photo before it is saved.

use crate::support::{
    browser::{Browser, filled_in, hidden},
    dav::Book,
    server::Server,
};

fn picture() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(60, 40, image::Rgb([10, 90, 200]));
    picture
        .write_to(&mut out, image::ImageFormat::Png)
        .expect("a picture");
    out.into_inner()
}

fn form(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let page = browser.page(path);
    let mut all = vec![
        ("token".to_owned(), hidden(&page, "token")),
        ("version".to_owned(), hidden(&page, "version")),
    ];
    let own = fields.iter();
    all.extend(own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all
}

#[test]
fn every_section_is_one_link_away() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    for (language, titles) in [
        (
            "en",
            [
                "Name",
                "Photo",
                "Organization",
                "Phone numbers",
                "E-mail and messaging",
                "Addresses",
                "Dates",
                "Note",
                "More",
            ],
        ),
        (
            "fr",
            [
                "Nom",
                "Photo",
                "Organisation",
                "Numéros de téléphone",
                "E-mail et messagerie",
                "Adresses",
                "Dates à retenir",
                "Note",
                "Autres",
            ],
        ),
    ] {
        browser.language = language;
        let page = browser.page("/c/private/new");
        let parts = page.split("class=\"parts\"").nth(1).expect("a menu");
        let parts = parts.split("</nav>").next().expect("its end");
        let mut rest = parts;
        for title in titles {
            let end = rest.find(&format!(">{title}</a>"));
            let end = end.unwrap_or_else(|| panic!("{title}: {parts}"));
            let start = rest[..end].rfind("href=\"#").expect("a link") + 7;
            let anchor = rest[start..].split('"').next().expect("an anchor");
            assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
            rest = &rest[end..];
        }
    }
}

#[test]
fn a_contact_that_may_be_here_is_shown_before_it_is_stored() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let book = Book::of(&server.address, "alice");
    let count = || browser.page("/c/private").matches("<tr data-id=").count();
    let before = count();
    let clara = browser
        .card_named("/c/private", "Clara Dubois")
        .expect("a card");
    let id = clara.rsplit('/').next().expect("an id");

    // Without script, on saving.
    let fields = [
        ("given", "Clara"),
        ("family", "Dubois"),
        ("note", "Met in May"),
    ];
    let new = form(&browser, "/c/private/new", &fields);
    let answer = browser.send("/c/private/new", &new, Some(&picture()));
    assert_eq!(answer.status, 200);
    let page = answer.text();
    assert!(page.contains("This contact may be here already"), "{page}");
    assert!(page.contains(&format!("href=\"{clara}\"")) && page.contains("the same name"));
    assert!(page.contains("Met in May") && page.contains("value=\"Dubois\""));
    assert_eq!(count(), before, "nothing is stored");
    // Saved once more, with the photo that was chosen before.
    let mut again = new.clone();
    again.push(("seen".to_owned(), hidden(&page, "seen")));
    again.push(("kept-photo".to_owned(), hidden(&page, "kept-photo")));
    assert_eq!(hidden(&page, "seen"), id);
    let answer = browser.send("/c/private/new", &again, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(count(), before + 1);
    let (_, _, card) = book.find("Met in May").expect("stored");
    assert!(card.contains("PHOTO;"), "{card}");
    // Now there are two: having seen one of them is not enough.
    let answer = browser.send("/c/private/new", &again, None);
    assert_eq!(answer.status, 200);
    assert_eq!(count(), before + 1);

    // With script, while typing.
    let token = hidden(&browser.page("/c/private/new"), "token");
    let typing = |fields: &[(&str, &str)]| {
        let mut all = vec![("token", token.as_str())];
        all.extend(fields);
        browser.submit("/c/private/new/alike", &all)
    };
    let answer = typing(&[("email-0", "clara.dubois@example.org")]);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let found: serde_json::Value = serde_json::from_str(&answer.text()).expect("JSON");
    assert_eq!(found.as_array().expect("a list").len(), 1, "{found}");
    assert_eq!(found[0]["name"], "Clara Dubois");
    assert_eq!(found[0]["path"], clara.as_str());
    assert_eq!(
        found[0]["why"],
        "Perhaps the same: an e-mail address in common."
    );
    let both = typing(&[("given", "clara"), ("family", "DUBOIS")]).text();
    assert_eq!(both.matches("\"id\"").count(), 2, "{both}");
    for nobody in [
        &[("given", "Clar")][..],
        &[("family", "\"x\" OR * NEAR(")],
        &[("email-0", "clara"), ("tel-0", "12")],
        &[],
    ] {
        assert_eq!(typing(nobody).text(), "[]", "{nobody:?}");
    }
    // Neither without a token, nor in a place one does not read.
    let answer = browser.submit("/c/private/new/alike", &[("given", "Clara")]);
    assert_eq!(answer.status, 403);
    let carol = Browser::of(&server.address, "carol");
    let token = hidden(&carol.page("/c/private/new"), "token");
    let fields = [
        ("token", token.as_str()),
        ("given", "Clara"),
        ("family", "Dubois"),
    ];
    assert_eq!(carol.submit("/c/private/new/alike", &fields).text(), "[]");
    assert_eq!(carol.submit("/g/Nothing/new/alike", &fields).status, 404);
}

#[test]
fn a_photo_is_shown_before_it_is_saved() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let fields = [("given", "Pia"), ("more", "photo")];
    let shown = form(&browser, "/c/private/new", &fields);
    let answer = browser.send("/c/private/new", &shown, Some(&picture()));
    assert_eq!(answer.status, 200);
    let page = answer.text();
    let kept = hidden(&page, "kept-photo");
    assert!(page.contains(&format!("src=\"data:image/jpeg;base64,{kept}\"")));
    assert!(page.contains("value=\"Pia\"") && page.contains("name=\"remove-photo\""));
    assert!(browser.card_named("/c/private", "Pia").is_none());
    // It stays while rows are added, and goes when that is asked.
    let mut rows = form(
        &browser,
        "/c/private/new",
        &[("given", "Pia"), ("more", "tel")],
    );
    rows.push(("kept-photo".to_owned(), kept.clone()));
    let page = browser.send("/c/private/new", &rows, None).text();
    assert!(!hidden(&page, "kept-photo").is_empty());
    rows.push(("remove-photo".to_owned(), "1".to_owned()));
    let page = browser.send("/c/private/new", &rows, None).text();
    assert!(hidden(&page, "kept-photo").is_empty());
    // One chosen since goes before it.
    let mut save = form(&browser, "/c/private/new", &[("given", "Pia")]);
    save.push(("kept-photo".to_owned(), "no base64".to_owned()));
    let answer = browser.send("/c/private/new", &save, Some(&picture()));
    assert_eq!(answer.status, 303, "{}", answer.text());
    let card = browser.card_named("/c/private", "Pia").expect("a card");
    assert!(browser.page(&card).contains("<img"));
    let edit = format!("{card}/edit");

    // What is no picture, and one that says it is vast, are told where the person is.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend([0, 0, 0x40, 0, 0, 0, 0x40, 0, 8, 2, 0, 0, 0]);
    for (octets, why) in [
        (&b"no picture"[..], "the picture cannot be read"),
        (&bomb, "the picture "),
    ] {
        for (path, button) in [
            ("/c/private/new", Some("photo")),
            ("/c/private/new", None),
            (&edit, Some("photo")),
            (&edit, None),
        ] {
            let mut fields = form(&browser, path, &[("given", "Bad")]);
            fields.extend(button.map(|button| ("more".to_owned(), button.to_owned())));
            let answer = browser.send(path, &fields, Some(octets));
            assert_eq!(answer.status, 422, "{path}: {}", answer.text());
            let page = answer.text();
            assert!(
                page.contains(why) && page.contains("value=\"Bad\""),
                "{page}"
            );
            let marked = "aria-label=\"Photo\" aria-invalid=\"true\" aria-describedby=\"problem\"";
            assert!(
                page.contains(marked) && page.contains("href=\"#photo\""),
                "{page}"
            );
        }
    }
    assert!(browser.card_named("/c/private", "Bad").is_none());
    assert!(browser.card_named("/c/private", "Pia").is_some());
    // A form made for another session is not saved, and shows no picture of somebody else's choice.
    let stale = vec![
        ("token".to_owned(), "x".to_owned()),
        ("given".to_owned(), "Old".to_owned()),
        ("kept-photo".to_owned(), kept),
    ];
    let answer = browser.send("/c/private/new", &stale, None);
    assert_eq!(answer.status, 403);
    let page = answer.text();
    assert!(page.contains("value=\"Old\"") && hidden(&page, "kept-photo").is_empty());
    assert!(browser.card_named("/c/private", "Old").is_none());
}

#[test]
fn a_contact_larger_than_the_limit_comes_back_with_what_was_typed() {
    let server = Server::start_with(|config| config.max_document = 5000);
    let browser = Browser::of(&server.address, "bob");
    let long = format!("Much to tell. {}", "x".repeat(5000));
    let fits = "x".repeat(4000);
    let new = "/c/private/new";
    let large = [("given", "Large"), ("note", long.as_str())];
    let answer = browser.save(new, &large, None);
    assert_eq!(
        browser
            .save(new, &[("given", "Fit"), ("note", &fits)], None)
            .status,
        303
    );
    let card = browser.card_named("/c/private", "Fit").expect("a card");
    let edit = format!("{card}/edit");
    for answer in [answer, browser.save(&edit, &large, None)] {
        assert_eq!(answer.status, 413, "{}", answer.text());
        let page = answer.text();
        assert!(page.contains("This is larger than 4.8 KB"), "{page}");
        assert!(
            page.contains("value=\"Large\"") && page.contains(&long),
            "{page}"
        );
    }
    assert!(browser.card_named("/c/private", "Large").is_none());
    assert!(browser.page(&card).contains(&fits));
}

#[test]
fn a_photo_that_came_with_a_form_that_is_too_old_is_asked_for_again() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let mut old = form(&browser, "/c/private/new", &[("given", "Pia")]);
    "of another session".clone_into(&mut old[0].1);
    let again = "Choose the photo again.";
    let answer = browser.send("/c/private/new", &old, Some(&picture()));
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains(again), "{}", answer.text());
    let plain = browser.send("/c/private/new", &old, None).text();
    assert!(plain.contains("Your entries are still here") && !plain.contains(again));
    assert!(browser.card_named("/c/private", "Pia").is_none());
}

#[test]
fn the_field_that_is_wrong_says_so() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let page = browser.page("/c/private/new");
    assert!(page.contains("<title>Private · New · Carnet"), "{page}");
    for typing in [
        "name=\"tel-0\" value=\"\" inputmode=\"tel\">",
        "name=\"email-0\" value=\"\" inputmode=\"email\" autocapitalize=\"none\"",
        "name=\"url-0\" value=\"\" inputmode=\"url\" autocapitalize=\"none\"",
        "name=\"given\" value=\"\" autofocus>",
    ] {
        assert!(page.contains(typing), "{typing}: {page}");
    }
    let fields = [
        ("given", "Pia"),
        ("bday", "1990-02-31"),
        ("org", "1990-02-31"),
    ];
    let sent = form(&browser, "/c/private/new", &fields);
    let answer = browser.send("/c/private/new", &sent, None);
    assert_eq!(answer.status, 422);
    let page = answer.text();
    let marked = "name=\"bday\" value=\"1990-02-31\" aria-invalid=\"true\" autofocus \
                  aria-describedby=\"problem bday-hint\"";
    assert!(page.contains(marked), "{page}");
    assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");
    assert!(
        page.contains("id=\"problem\"") && page.contains("href=\"#bday\""),
        "{page}"
    );
}

#[test]
fn an_address_that_is_none_is_kept_and_said_to_be_none() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let saved = |path: &str, fields: &[(&str, &str)]| {
        let answer = browser.save(path, fields, None);
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser.page(answer.header("location").expect("the card"))
    };
    let fields = [
        ("given", "Pia"),
        ("email-0", "not an address"),
        ("url-0", "pia.example.org"),
    ];
    let page = saved("/c/private/new", &fields);
    assert!(
        page.contains("“not an address” is no e-mail address"),
        "{page}"
    );
    assert!(!page.contains("mailto:"), "{page}");
    assert!(page.contains("href=\"https://pia.example.org\""), "{page}");
    let list = browser.page("/c/private");
    assert!(list.contains("not an address") && !list.contains("mailto:not"));
    let card = browser.card_named("/c/private", "Pia").expect("a card");
    let edit = format!("{card}/edit");
    // It is said once, of what was typed.
    let page = saved(&edit, &[("org", "Acme")]);
    assert!(!page.contains("is no e-mail address"), "{page}");
    let page = saved(&edit, &[("email-0", "pia@example.org")]);
    assert!(!page.contains("is no e-mail address"), "{page}");
    assert!(page.contains("mailto:pia@example.org"), "{page}");
    let page = saved(&edit, &[("email-0", "pia at example")]);
    assert!(page.contains("Saved. “pia at example” is no"), "{page}");
}

#[test]
fn a_photo_that_is_taken_off_is_so_after_a_look_at_others() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let book = Book::of(&server.address, "alice");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:pictured\r\nN:One;Ada;;;\r\nFN:Ada One\r\n\
        PHOTO;ENCODING=b;TYPE=JPEG:/9j/2Q==\r\nEND:VCARD\r\n";
    let answer = book.put("pictured.vcf", ("If-None-Match", "*"), card);
    assert_eq!(answer.status, 201);
    let path = browser.card_named("/c/private", "Ada One");
    let edit = format!("{}/edit", path.expect("a card"));
    let ticked = "name=\"remove-photo\" value=\"1\" checked>";
    assert!(!browser.page(&edit).contains(ticked));
    let changes = [
        ("remove-photo", "1"),
        ("email-0", "clara.dubois@example.org"),
    ];
    let answer = browser.send(&edit, &browser.filled(&edit, &changes), None);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = answer.text();
    assert!(
        page.contains("Clara Dubois") && page.contains(ticked),
        "{page}"
    );
    let again = filled_in(&page, &[("remove-photo", "1")]);
    assert_eq!(browser.send(&edit, &again, None).status, 303);
    let (.., stored) = book.find("UID:pictured").expect("a card");
    assert!(
        stored.contains("clara.dubois") && !stored.contains("PHOTO"),
        "{stored}"
    );
}

#[test]
fn those_told_apart_and_many_twins_are_no_news() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    // With itself nine have one address: the eight others are shown.
    for at in 0..9 {
        let email = if at == 0 { "own" } else { "team" };
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:m{at}\r\nN:M{at};Mia;;;\r\nFN:Mia M{at}\r\n\
             EMAIL:{email}@example.org\r\nEND:VCARD\r\n"
        );
        let answer = book.put(&format!("m{at}.vcf"), ("If-None-Match", "*"), &card);
        assert_eq!(answer.status, 201);
    }
    let path = browser.card_named("/c/private", "Mia M0").expect("a card");
    let edit = format!("{path}/edit");
    let shared = [("email-0", "team@example.org")];
    let mine = browser.filled(&edit, &shared);
    let page = browser.send(&edit, &mine, None).text();
    assert_eq!(page.matches("name=\"seen\"").count(), 8, "{page}");
    // One of them is told apart.
    let id = |path: &str| path.rsplit('/').next().expect("an id").to_owned();
    let other = browser.card_named("/c/private", "Mia M1").expect("a card");
    let apart = format!("/c/private/duplicates/{}/{}/apart", id(&path), id(&other));
    let token = hidden(&page, "token");
    let answer = browser.submit(&apart, &[("token", &token)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = browser.send(&edit, &mine, None).text();
    assert_eq!(page.matches("name=\"seen\"").count(), 7, "{page}");
    let answer = browser.send(&edit, &filled_in(&page, &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    // They are alike: a change that leaves it so is no news.
    assert_eq!(browser.save(&edit, &[("title", "Baker")], None).status, 303);
}

#[test]
fn a_change_that_makes_a_contact_like_another_is_shown_before_it_is_stored() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    for (uid, name, email) in [
        ("a", "Ada Anna", "ada@example.org"),
        ("b", "Bea Berta", "bea@example.org"),
        ("c", "Bea Berta", "third@example.org"),
    ] {
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:{};;;\r\nFN:{name}\r\n\
             EMAIL:{email}\r\nEND:VCARD\r\n",
            name.rsplit(' ').collect::<Vec<_>>().join(";")
        );
        let answer = book.put(&format!("{uid}.vcf"), ("If-None-Match", "*"), &card);
        assert_eq!(answer.status, 201);
    }
    let path = browser
        .card_named("/c/private", "Bea Berta")
        .expect("a card");
    let edit = format!("{path}/edit");
    // Two were alike before: that is no news.
    assert_eq!(browser.save(&edit, &[("title", "Baker")], None).status, 303);
    let mine = browser.filled(&edit, &[("email-0", "ada@example.org")]);
    for (language, said) in [
        ("fr", "Rien n&#39;est encore changé"),
        ("en", "Nothing is changed yet"),
    ] {
        browser.language = language;
        let answer = browser.send(&edit, &mine, None);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = answer.text();
        assert!(page.contains(said) && page.contains("Ada Anna"), "{page}");
        assert_eq!(page.matches("name=\"seen\"").count(), 1, "{page}");
    }
    assert!(book.find("EMAIL:ada@example.org\r\nTITLE").is_none());
    let page = browser.send(&edit, &mine, None).text();
    // While it is typed the contact is not like itself, nor like those it was like before.
    let id = path.rsplit('/').next().expect("an id");
    let token = hidden(&page, "token");
    let typing = |typed: &[(&str, &str)]| {
        let typed = [typed, &[("token", token.as_str())]].concat();
        let answer = browser.submit(&format!("/c/private/new/alike?but={id}"), &typed);
        answer.text()
    };
    assert_eq!(typing(&[("given", "Bea"), ("family", "Berta")]), "[]");
    let found = typing(&[("email-0", "ada@example.org")]);
    assert_eq!(found.matches("\"id\"").count(), 1, "{found}");
    assert!(found.contains("Ada Anna") && !found.contains(id), "{found}");
    let answer = browser.send(&edit, &filled_in(&page, &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    // A list of contacts is nobody's twin.
    let list = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:choir\r\nN:Choir;;;;\r\nFN:Choir\r\n\
        X-ADDRESSBOOKSERVER-KIND:group\r\nEND:VCARD\r\n";
    let answer = book.put("choir.vcf", ("If-None-Match", "*"), list);
    assert_eq!(answer.status, 201);
    let list = browser.card_named("/c/private", "Choir").expect("a list");
    assert!(!browser.page(&format!("{list}/edit")).contains("new/alike"));
    let named = [("given", "Ada"), ("family", "Anna")];
    let answer = browser.save(&format!("{list}/edit"), &named, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(
        book.find("TITLE:Baker")
            .expect("b")
            .2
            .contains("EMAIL:ada@")
    );
}

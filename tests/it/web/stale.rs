//! A contact that changed while its form was filled in: both sides field by field, a choice for
//! each, and nothing overwritten silently.

use crate::support::{
    browser::{Browser, filled_in, hidden, unescaped},
    dav::Book,
    server::Server,
};

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:stale-1\r\nN:Petit;Nina;;;\r\nFN:Nina Petit\r\n\
    TEL;TYPE=CELL:+33 6 39 98 76 01\r\nTEL;TYPE=WORK:+33 1 99 00 00 02\r\n\
    TEL;TYPE=HOME:+33 1 99 00 00 03\r\nTITLE:Buyer\r\nX-OTHER:kept\r\nEND:VCARD\r\n";

/// A card in the book of alice, and the path of its form.
fn begin(server: &Server, browser: &Browser) -> (Book, String) {
    let book = Book::of(&server.address, "alice");
    let answer = book.put("stale.vcf", ("If-None-Match", "*"), CARD);
    assert_eq!(answer.status, 201, "{answer:?}");
    let card = browser.card_named("/c/private", "Nina Petit");
    (book, format!("{}/edit", card.expect("a card")))
}

/// Writes a card over the one with the same UID, as a device does.
fn rewrite(book: &Book, card: &str) {
    let (href, etag, _) = book.find("UID:stale-1").expect("a card");
    let answer = book.put(&href, ("If-Match", &etag), card);
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// Every attribute of an input.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}

/// What the page would send as it stands, with other sides chosen for some fields.
fn chosen(page: &str, choices: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let form = page.split("<form class=\"panel\"").nth(1).expect("a form");
    for piece in form.split("<input").skip(1) {
        let tag = &piece[..piece.find('>').expect("an end")];
        let name = attribute(tag, "name").unwrap_or_default();
        let value = unescaped(attribute(tag, "value").unwrap_or_default());
        let other = choices
            .iter()
            .find(|(id, _)| name == format!("choice-{id}"));
        let is_sent = match (attribute(tag, "type"), other) {
            (Some("radio"), Some((_, side))) => value == *side,
            (Some("radio"), None) => tag.ends_with(" checked"),
            _ => true,
        };
        if is_sent {
            fields.push((name.to_owned(), value));
        }
    }
    fields
}

/// What each field that is listed says: its label, and the values of both sides, the chosen first.
fn listed(page: &str) -> Vec<(String, Vec<String>)> {
    let sets = page.split("<fieldset>").skip(1);
    sets.map(|set| {
        let legend = set.split("<legend>").nth(1).expect("a legend");
        let legend = legend.split('<').next().unwrap_or_default();
        let mut sides: Vec<(bool, String)> = set
            .split("<label class=\"inline\">")
            .skip(1)
            .map(|label| {
                let is_chosen = label
                    .split('>')
                    .next()
                    .unwrap_or_default()
                    .ends_with(" checked");
                let value = label.split("<br>").nth(1).unwrap_or_default();
                let value = value.trim_start_matches("<span class=\"value\">");
                let value = value.split("</span>").next().unwrap_or_default();
                (is_chosen, unescaped(value))
            })
            .collect();
        sides.sort_by_key(|(is_chosen, _)| !is_chosen);
        let values = sides.into_iter().map(|(_, value)| value).collect();
        (unescaped(legend), values)
    })
    .collect()
}

fn stored(book: &Book) -> String {
    book.find("UID:stale-1").expect("a card").2
}

#[test]
fn each_field_that_differs_is_chosen_by_itself() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let (book, edit) = begin(&server, &browser);
    // The third number, the family name and the job change here, and a number is added.
    let mine = browser.filled(
        &edit,
        &[
            ("family", "Grand"),
            ("title", "Seller"),
            ("tel-2", "+33 1 99 00 00 33"),
            ("tel-3", "+33 1 99 00 00 44"),
            ("tel-3-kind", "work"),
        ],
    );
    // Meanwhile a device takes the second number out, so that the third is the second, renames the
    // contact too, and adds an address and a note.
    let theirs = CARD
        .replace("TEL;TYPE=WORK:+33 1 99 00 00 02\r\n", "")
        .replace("Petit", "Moyen")
        .replace(
            "X-OTHER",
            "EMAIL:nina@example.org\r\nNOTE:met in May\r\nX-OTHER",
        );
    rewrite(&book, &theirs);
    let answer = browser.send(&edit, &mine, None);
    assert_eq!(answer.status, 409);
    let page = answer.text();
    assert!(page.contains("This contact changed meanwhile"), "{page}");
    let both = |label: &str, chosen: &str, other: &str| {
        let values = [chosen, other].map(str::to_owned).to_vec();
        (label.to_owned(), values)
    };
    assert_eq!(
        listed(&page),
        [
            both("Last name", "Grand", "Moyen"),
            both("Job title", "Seller", "Buyer"),
            both("Phone (work)", "nothing", "+33 1 99 00 00 02"),
            both("Phone (home)", "+33 1 99 00 00 33", "+33 1 99 00 00 03"),
            both("Phone (work)", "+33 1 99 00 00 44", "nothing"),
            both("E-mail", "nina@example.org", "nothing"),
            both("Note", "met in May", "nothing"),
        ]
    );
    assert_eq!(
        stored(&book),
        theirs.replace("\r\n ", ""),
        "nothing is stored yet"
    );

    // As it stands, but for the name.
    let answer = browser.send(&edit, &chosen(&page, &[("family", "theirs")]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let card = stored(&book);
    for kept in [
        "N:Moyen;Nina;;;",
        "FN:Nina Moyen",
        "TITLE:Seller",
        "TEL;TYPE=CELL:+33 6 39 98 76 01",
        "TEL;TYPE=HOME:+33 1 99 00 00 33",
        ":+33 1 99 00 00 44",
        "EMAIL:nina@example.org",
        "NOTE:met in May",
        "X-OTHER:kept",
    ] {
        assert!(card.contains(kept), "{kept}: {card}");
    }
    assert!(
        !card.contains("00 00 02") && !card.contains("00 00 03"),
        "{card}"
    );
}

#[test]
fn what_was_left_to_the_server_stays_when_the_choice_is_sent_again() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let (book, edit) = begin(&server, &browser);
    let mine = browser.filled(&edit, &[("family", "Grand"), ("title", "Seller")]);
    let theirs = CARD
        .replace("Petit", "Moyen")
        .replace("TEL;TYPE=WORK", "EMAIL:nina@example.org\r\nTEL;TYPE=WORK");
    rewrite(&book, &theirs);
    let page = browser.send(&edit, &mine, None).text();
    let mut choice = chosen(&page, &[("family", "theirs")]);
    // The session is another by now: the form is shown again, and sent again as it stands.
    let token = choice.iter_mut().find(|(name, _)| name == "token");
    token.expect("a token").1 = "of another session".to_owned();
    let answer = browser.send(&edit, &choice, None);
    assert_eq!(answer.status, 403);
    let again = answer
        .text()
        .replace("<form class=\"contact\"", "<form class=\"panel\"");
    let again = chosen(&again, &[]);
    assert!(
        again.contains(&("family".to_owned(), "Moyen".to_owned())),
        "{again:?}"
    );
    let answer = browser.send(&edit, &again, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let card = stored(&book);
    for kept in ["N:Moyen;Nina;;;", "TITLE:Seller", "EMAIL:nina@example.org"] {
        assert!(card.contains(kept), "{kept}: {card}");
    }
}

#[test]
fn what_only_the_server_changed_can_be_taken_back_too() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let (book, edit) = begin(&server, &browser);
    let mine = browser.filled(&edit, &[("given", "Nine")]);
    rewrite(
        &book,
        &CARD
            .replace("TEL;TYPE=WORK:+33 1 99 00 00 02\r\n", "")
            .replace("X-OTHER", "EMAIL:nina@example.org\r\nX-OTHER"),
    );
    let page = browser.send(&edit, &mine, None).text();
    let labels: Vec<String> = listed(&page).into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["First name", "Phone (work)", "E-mail"]);
    let ids: Vec<&str> = page.split("name=\"choice-").skip(1).step_by(2).collect();
    let ids: Vec<&str> = ids.iter().filter_map(|id| id.split('"').next()).collect();
    let choices: Vec<(&str, &str)> = ids.iter().map(|id| (*id, "mine")).collect();
    let answer = browser.send(&edit, &chosen(&page, &choices), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let card = stored(&book);
    assert!(
        card.contains("FN:Nine Petit") && !card.contains("EMAIL"),
        "{card}"
    );
    assert!(card.contains(":+33 1 99 00 00 02"), "{card}");
}

#[test]
fn a_third_change_shows_the_page_again() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let (book, edit) = begin(&server, &browser);
    let mine = browser.filled(&edit, &[("family", "Grand"), ("title", "Seller")]);
    let second = CARD.replace("Petit", "Moyen").replace("Buyer", "Head");
    rewrite(&book, &second);
    let page = browser.send(&edit, &mine, None).text();
    // Theirs for the job, mine for the name; and somebody writes once more.
    let answer = chosen(&page, &[("title", "theirs")]);
    rewrite(
        &book,
        &second.replace("Head", "Chief").replace("Moyen", "Long"),
    );
    let again = browser.send(&edit, &answer, None);
    assert_eq!(again.status, 409);
    let page = again.text();
    let values =
        |label: &str, values: [&str; 2]| (label.to_owned(), values.map(str::to_owned).to_vec());
    assert_eq!(
        listed(&page),
        [
            values("Last name", ["Grand", "Long"]),
            values("Job title", ["Chief", "Head"])
        ]
    );
    assert!(stored(&book).contains("TITLE:Chief"));
    let answer = browser.send(&edit, &chosen(&page, &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let card = stored(&book);
    assert!(
        card.contains("FN:Nina Grand") && card.contains("TITLE:Chief"),
        "{card}"
    );
}

#[test]
fn a_photo_is_one_of_the_fields() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    browser.language = "fr";
    let (book, edit) = begin(&server, &browser);
    let mine = browser.filled(&edit, &[]);
    let theirs = CARD.replace("TITLE:Buyer", "TITLE:Head");
    rewrite(&book, &theirs);
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(30, 30, image::Rgb([10, 90, 200]))
        .write_to(&mut picture, image::ImageFormat::Png)
        .expect("a picture");
    let answer = browser.send(&edit, &mine, Some(picture.get_ref()));
    assert_eq!(answer.status, 409);
    let page = answer.text();
    for said in [
        "Ce contact a changé entre-temps",
        "Sauver ce qui est choisi",
        "data:image/jpeg",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let labels: Vec<String> = listed(&page).into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["Fonction", "Photo"]);
    let without = browser.send(&edit, &chosen(&page, &[("photo", "theirs")]), None);
    assert_eq!(without.status, 303, "{}", without.text());
    assert!(!stored(&book).contains("PHOTO"));
    let with = browser.send(&edit, &mine, Some(picture.get_ref())).text();
    let with = browser.send(&edit, &chosen(&with, &[]), None);
    assert_eq!(with.status, 303, "{}", with.text());
    let card = stored(&book);
    assert!(
        card.contains("PHOTO") && card.contains("TITLE:Head"),
        "{card}"
    );
}

#[test]
fn a_form_of_a_version_nobody_knows_changes_nothing_by_itself() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let (book, edit) = begin(&server, &browser);
    let mut mine = browser.filled(&edit, &[("family", "Grand")]);
    let version = mine.iter_mut().find(|(name, _)| name == "version");
    version.expect("a version").1 = "\"forged\"".to_owned();
    let page = browser.send(&edit, &mine, None).text();
    let values = ["Petit", "Grand"].map(str::to_owned).to_vec();
    assert_eq!(listed(&page), [("Last name".to_owned(), values)]);
    assert!(
        page.contains("You changed this, or it was changed on the server"),
        "{page}"
    );
    let answer = browser.send(&edit, &chosen(&page, &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(stored(&book), CARD);
    // Both sides came to the same: there is nothing to choose.
    let mine = browser.filled(&edit, &[("family", "Grand")]);
    rewrite(&book, &CARD.replace("Petit", "Grand"));
    let answer = browser.send(&edit, &mine, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(hidden(&browser.page(&edit), "version").contains('"'));
}

#[test]
fn what_was_settled_is_no_refused_change() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let (book, edit) = begin(&server, &browser);
    let kept = |name: &str| browser.page("/refused").contains(name);
    let mine = browser.filled(&edit, &[("family", "Grand"), ("title", "Seller")]);
    let second = CARD.replace("Petit", "Moyen");
    rewrite(&book, &second);
    let page = browser.send(&edit, &mine, None).text();
    assert!(kept("Grand"), "until it is settled");
    // Somebody writes once more: what was chosen is refused too.
    rewrite(&book, &second.replace("Moyen", "Long"));
    let page = browser.send(&edit, &chosen(&page, &[]), None).text();
    assert!(page.contains("This contact changed meanwhile"), "{page}");
    let answer = browser.send(&edit, &chosen(&page, &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(stored(&book).contains("FN:Nina Grand"));
    assert!(!kept("Grand"), "{}", browser.page("/refused"));
    // Both sides say the same: that is settled at once.
    let mine = browser.filled(&edit, &[("family", "Vaste")]);
    rewrite(&book, &stored(&book).replace("Grand", "Vaste"));
    assert_eq!(browser.send(&edit, &mine, None).status, 303);
    assert!(!kept("Vaste"));
}

#[test]
fn what_was_typed_of_a_contact_that_is_gone_becomes_another_one() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let card = CARD.replace("X-OTHER", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/2Q==\r\nX-OTHER");
    let book = Book::of(&server.address, "alice");
    let answer = book.put("stale.vcf", ("If-None-Match", "*"), &card);
    assert_eq!(answer.status, 201, "{answer:?}");
    let path = browser.card_named("/c/private", "Nina Petit");
    let edit = format!("{}/edit", path.expect("a card"));
    let mine = browser.filled(
        &edit,
        &[("family", "Grand"), ("tel-2", "+33 1 99 00 00 33")],
    );
    let (href, ..) = book.find("UID:stale-1").expect("a card");
    assert_eq!(book.send("DELETE", &href, &[], b"").status, 204);

    let answer = browser.send(&edit, &mine, None);
    assert_eq!(answer.status, 409);
    let page = answer.text();
    for said in [
        "This contact is not here any more",
        "a new contact in Private",
        "Save as a new contact",
        "value=\"Grand\"",
        "kept in your refused changes",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(browser.page("/refused").contains("Nina Grand"));
    // A row more, and the form of another session, keep it all.
    let mut more = filled_in(&page, &[("more", "tel")]);
    let page = browser.send(&edit, &more, None).text();
    assert!(
        page.contains("tel-3") && page.contains("Save as a new contact"),
        "{page}"
    );
    more = filled_in(&page, &[("token", "of another session")]);
    more.retain(|(name, value)| name != "token" || value.starts_with("of"));
    let answer = browser.send(&edit, &more, None);
    assert_eq!(answer.status, 403);

    let again = filled_in(&answer.text(), &[]);
    let answer = browser.send(&edit, &again, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let (_, _, stored) = book.find("FN:Nina Grand").expect("another card");
    for kept in ["+33 1 99 00 00 33", "TITLE:Buyer", "X-OTHER:kept", "PHOTO;"] {
        assert!(stored.contains(kept), "{kept}: {stored}");
    }
    assert!(!stored.contains("UID:stale-1"), "{stored}");
    assert!(!browser.page("/refused").contains("Nina Grand"));
    // Whoever has not seen a version is given nothing of it.
    let mut forged = filled_in(&page, &[("family", "Forger")]);
    let version = forged.iter_mut().find(|(name, _)| name == "version");
    version.expect("a version").1 = "999999 \"forged\"".to_owned();
    let looked = browser.send(&edit, &forged, None).text();
    assert!(looked.contains("the same: a mobile number"), "{looked}");
    let answer = browser.send(&edit, &filled_in(&looked, &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let (.., stored) = book.find("FN:Nina Forger").expect("another card");
    assert!(
        !stored.contains("X-OTHER") && stored.contains("TITLE:Buyer"),
        "{stored}"
    );
    server.check();
}

/// A contact whose form is open while it is deleted.
fn deleted(server: &Server, browser: &Browser, fields: &[(&str, &str)]) -> (String, String) {
    let (book, edit) = begin(server, browser);
    let mine = browser.filled(&edit, fields);
    let (href, ..) = book.find("UID:stale-1").expect("a card");
    assert_eq!(book.send("DELETE", &href, &[], b"").status, 204);
    let page = browser.send(&edit, &mine, None).text();
    (edit, page)
}

#[test]
fn another_contact_is_shown_beside_those_it_is_like_and_stored_once() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let count = || browser.page("/c/private").matches("<tr data-id=").count();
    let before = count();
    let typed = [("given", "Clara"), ("family", "Dubois")];
    let (edit, page) = deleted(&server, &browser, &typed);
    let save = filled_in(&page, &[]);
    let answer = browser.send(&edit, &save, None);
    assert_eq!(answer.status, 409);
    let page = answer.text();
    assert!(page.contains("This contact may be here already"), "{page}");
    assert_eq!(page.matches("name=\"seen\"").count(), 1, "{page}");
    assert_eq!(count(), before, "nothing is stored");
    let again = filled_in(&page, &[]);
    let stored = browser.send(&edit, &again, None);
    assert_eq!(stored.status, 303, "{}", stored.text());
    assert_eq!(count(), before + 1);
    // A second press of the button leads to the same.
    let twice = browser.send(&edit, &again, None);
    assert_eq!(twice.status, 303, "{}", twice.text());
    assert_eq!(twice.header("location"), stored.header("location"));
    assert_eq!(count(), before + 1);
    // What was typed since is another contact, once more after a look.
    let since = filled_in(&page, &[("title", "Judge")]);
    let answer = browser.send(&edit, &since, None);
    assert_eq!(answer.status, 409);
    let answer = browser.send(&edit, &filled_in(&answer.text(), &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(count(), before + 2);
    server.check();
}

#[test]
fn what_was_typed_of_a_contact_that_is_gone_is_kept_whatever_was_pressed_first() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let typed = [("family", "Grand"), ("more", "tel")];
    let (edit, page) = deleted(&server, &browser, &typed);
    assert!(page.contains("kept in your refused changes"), "{page}");
    assert!(page.contains("tel-3"), "{page}");
    assert!(browser.page("/refused").contains("Nina Grand"));
    let answer = browser.send(&edit, &filled_in(&page, &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(!browser.page("/refused").contains("Nina Grand"));
    // The form of another session keeps nothing, and is asked for again.
    let book = Book::of(&server.address, "alice");
    let (href, ..) = book.find("FN:Nina Grand").expect("another card");
    assert_eq!(book.send("DELETE", &href, &[], b"").status, 204);
    let (edit, page) = deleted(&server, &browser, &[("family", "Vaste"), ("token", "old")]);
    assert!(!page.contains("name=\"anew\""), "{page}");
    assert!(!browser.page("/refused").contains("Nina Vaste"));
    let page = browser.send(&edit, &filled_in(&page, &[]), None).text();
    assert!(page.contains("name=\"anew\""), "{page}");
    assert!(browser.page("/refused").contains("Nina Vaste"));
}

#[test]
fn what_changed_meanwhile_is_not_deleted_unseen() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let (book, edit) = begin(&server, &browser);
    assert!(browser.page(&edit).contains("<title>Nina Petit · "));
    let card = edit.trim_end_matches("/edit");
    let page = browser.page(card);
    let (token, version) = (hidden(&page, "token"), hidden(&page, "version"));
    rewrite(&book, &CARD.replace("Buyer", "Chief"));
    let fields = [("token", token.as_str()), ("version", &version)];
    let answer = browser.submit(&format!("{card}/delete"), &fields);
    assert_eq!(answer.status, 409);
    let page = answer.text();
    assert!(page.contains("was not deleted"), "{page}");
    assert!(page.contains("Chief") && !page.contains("choose"), "{page}");
    // As it is now, it goes.
    let version = hidden(&page, "version");
    let fields = [("token", token.as_str()), ("version", &version)];
    let answer = browser.submit(&format!("{card}/delete"), &fields);
    assert_eq!(answer.status, 303);
}

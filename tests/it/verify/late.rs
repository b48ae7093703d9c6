//! What a contact typed while the owner, or a device of theirs, changed the card.

use super::{Contact, ask, stored, with_contact};
use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    http::Answer,
    server::Server,
};

/// The owner changes a line of the card.
fn changed(server: &Server, from: &str, to: &str) {
    let book = Book::of(&server.address, "alice");
    let (href, etag, card) = book.find("UID:elodie").expect("the card");
    assert!(card.contains(from), "{card}");
    let answer = book.put(&href, ("If-Match", &etag), &card.replace(from, to));
    assert_eq!(answer.status, 204, "{answer:?}");
}

fn press(contact: &Contact, version: &str, button: &str, fields: &[(&str, &str)]) -> Answer {
    let mut all = vec![("version", version), ("do", button), ("lang", "en")];
    all.extend(fields);
    Browser::open(&contact.address).submit(&contact.path, &all)
}

const SAME: &str = "Ateliers du Midi";

#[test]
fn a_page_opened_before_the_owner_wrote_changes_what_the_contact_changed_alone() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    let version = hidden(&contact.page(), "version");
    changed(&server, SAME, "Written by the owner");
    // One more row, and a date that is none: neither makes the old page a new one.
    let typed = [("org", SAME), ("tel-0", "+33 6 39 98 00 77")];
    let more = press(&contact, &version, "more-email", &typed);
    assert_eq!(more.status, 200);
    assert_eq!(hidden(&more.text(), "version"), version);
    let wrong = [typed[0], typed[1], ("bday", "abc")];
    let refused = press(&contact, &version, "send", &wrong);
    assert_eq!(refused.status, 422);
    assert_eq!(hidden(&refused.text(), "version"), version);
    assert!(refused.text().contains("+33 6 39 98 00 77"));
    let sent = press(&contact, &version, "send", &typed);
    assert_eq!(sent.status, 303, "{}", sent.text());
    let after = stored(&server);
    for kept in [
        "ORG:Written by the owner",
        "+33 6 39 98 00 77",
        "NOTE:drives a hard bargain",
    ] {
        assert!(after.contains(kept), "{kept}: {after}");
    }
}

#[test]
fn what_both_changed_is_asked_again_with_both_sides_shown() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    let version = hidden(&contact.page(), "version");
    changed(&server, SAME, "Of the owner");
    let typed = [("org", "Of the contact"), ("tel-0", "+33 6 39 98 00 77")];
    let contested = press(&contact, &version, "send", &typed);
    assert_eq!(contested.status, 409);
    let page = contested.text();
    for shown in [
        "Of the owner",
        "value=\"Of the contact\"",
        "value=\"+33 6 39 98 00 77\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    for hidden in ["hard bargain", "Clients"] {
        assert!(!page.contains(hidden), "{hidden}");
    }
    assert!(stored(&server).contains("Of the owner"));
    let version = hidden(&page, "version");
    assert_eq!(press(&contact, &version, "send", &typed).status, 303);
    let after = stored(&server);
    assert!(after.contains("ORG:Of the contact") && after.contains("00 77"));
    // Whoever confirms a page confirms what it showed.
    let version = hidden(&contact.page(), "version");
    changed(&server, "ORG:Of the contact", "ORG:Of the owner");
    let confirmed = press(&contact, &version, "confirm", &[]);
    assert_eq!(confirmed.status, 409);
    assert!(confirmed.text().contains("Of the owner"));
}

#[test]
fn a_tag_of_the_owner_stands_in_nobodys_way() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    let version = hidden(&contact.page(), "version");
    changed(&server, "CATEGORIES:Clients", "CATEGORIES:Clients,Friends");
    let typed = [("org", "New Company")];
    assert_eq!(press(&contact, &version, "send", &typed).status, 303);
    let after = stored(&server);
    assert!(
        after.contains("Friends") && after.contains("ORG:New Company"),
        "{after}"
    );
    changed(&server, "Friends", "Family");
    assert_eq!(press(&contact, &version, "erase", &[]).status, 303);
    assert!(!stored(&server).contains("New Company"));
    server.check();
}

#[test]
fn a_version_nobody_saw_shows_nothing_of_what_was() {
    let (server, sink, alice, card) = with_contact(&[]);
    changed(&server, "+33 1 99 00 12 34", "+33 1 99 00 12 35");
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    for held in 0..40 {
        let forged = format!("{held} \"forged\"");
        let answer = press(&contact, &forged, "send", &[("tel-1-kind", "home")]);
        assert!(!answer.text().contains("00 12 34"), "{held}");
    }
}

#[test]
fn no_form_is_offered_that_is_always_refused() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[]);
    let form = format!("action=\"{card}/verify\"");
    let again = format!("href=\"{card}/verify\"");
    let page = alice.page(&card);
    assert!(page.contains("It can be asked again from"), "{page}");
    assert!(!page.contains(&again), "{page}");
    assert!(!alice.page(&format!("{card}/verify")).contains(&form));
    server.sql("UPDATE verification SET asked = asked - 86400001");
    assert!(alice.page(&card).contains(&again));
    assert!(alice.page(&format!("{card}/verify")).contains(&form));
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    assert_eq!(contact.press("decline", &[]).status, 303);
    assert!(!alice.page(&card).contains(&again));
    assert!(!alice.page(&format!("{card}/verify")).contains(&form));
}

#[test]
fn a_field_of_the_owners_own_is_asked_by_its_name_and_a_date_as_people_write_it() {
    let (server, sink, alice, card) = with_contact(&[]);
    changed(
        &server,
        "X-SOMETHING:kept as it is",
        "X-CARNET-CUSTOM;X-NAME=Shoe size:42\r\nGENDER:F",
    );
    ask(&alice, &card, &[("language", "en")]);
    let mail = sink.wait(1).remove(0);
    let text = mail.text();
    for line in ["Shoe size: 42", "15 April 1972", "female"] {
        assert!(
            text.to_lowercase().contains(&line.to_lowercase()),
            "{line}: {text}"
        );
    }
    let page = Contact::led_by(&server, &mail).page();
    assert!(page.contains("Shoe size"), "{page}");
}

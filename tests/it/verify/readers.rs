//! Who can see what is kept, as the letter to the contact says it, and what of it the contact sees.

use super::{CARD, Contact, ask, with_contact};
use crate::support::{browser::hidden, dav::Book};

#[test]
fn the_contact_is_told_how_many_people_see_the_data_wherever_they_are() {
    let (server, sink, alice, card) = with_contact(&[]);
    server.share("alice", "Tanneur", "Team");
    let token = hidden(&alice.page("/groups"), "token");
    let founded = alice.submit("/groups", &[("token", &token), ("name", "Board")]);
    assert_eq!(founded.status, 303, "{}", founded.text());
    let bob = [("token", token.as_str()), ("login", "bob")];
    assert_eq!(alice.submit("/g/Board/members/add", &bob).status, 303);
    // Bob is in both groups.
    server.share("alice", "Tanneur", "Board");
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    assert_eq!(contact.press("confirm", &[("tell", "1")]).status, 303);
    let mut mails = sink.wait(3).into_iter();
    let kept = mails
        .rfind(|mail| mail.to == ["elodie@example.com"])
        .expect("it")
        .text();
    assert!(kept.contains("and so can 2 other people"), "{kept}");
}

#[test]
fn no_note_is_shown_however_many_there_are() {
    let (server, sink, alice, _) = with_contact(&[]);
    let notes = CARD
        .replace("UID:elodie", "UID:twice")
        .replace("Tanneur", "Deux")
        .replace(
            "NOTE:drives",
            "NOTE:pays late\r\nitem1.NOTE:owes me money\r\nitem1.X-ABLabel:Mine\r\nNote:drives",
        );
    let stored =
        Book::of(&server.address, "alice").put("twice.vcf", ("If-None-Match", "*"), &notes);
    assert_eq!(stored.status, 201);
    let card = alice
        .card_named("/c/private", "Zélie Deux")
        .expect("a card");
    assert_eq!(ask(&alice, &card, &[]).status, 303);
    let mail = sink.wait(1).remove(0);
    let page = Contact::led_by(&server, &mail).page();
    for said in [mail.text(), mail.html(), page] {
        assert!(said.contains("kept as it is"), "{said}");
        for note in ["pays late", "owes me money", "hard bargain"] {
            assert!(!said.contains(note), "{note}: {said}");
        }
    }
}

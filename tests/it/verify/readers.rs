//! Who can see what is kept, as the letter to the contact says it.

use super::{Contact, ask, with_contact};
use crate::support::browser::hidden;

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

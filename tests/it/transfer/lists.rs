//! Lists of a file name their members as the book does.

use carnet::transfer::{CardVersion, Choice, Choices, Rendition};
use carnet_proto::vcard::Document;

use super::Fixture;

const ANN: &str = "FN:Ann Lee\r\nN:Lee;Ann;;;\r\nEMAIL:ann@example.org\r\n";

fn card(uid: &str, lines: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\n{lines}END:VCARD\r\n")
}

fn file() -> String {
    let list = "FN:Club\r\nN:Club;;;;\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n\
        X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:file-1\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:file-2\r\n";
    card("club", list) + &card("file-1", ANN) + &card("file-2", "FN:Bo Ray\r\nN:Ray;Bo;;;\r\n")
}

#[tokio::test]
async fn a_list_has_its_members_whatever_their_uid_became() {
    for (there, certain, contacts) in [
        ("there-1", Choice::AddMissing, 2),
        ("there-1", Choice::Replace, 2),
        ("there-1", Choice::Skip, 2),
        ("file-1", Choice::CreateAnyway, 3),
    ] {
        let fixture = Fixture::new(None).await;
        let present = card(there, &format!("{ANN}NOTE:there\r\n"));
        fixture.import(present.as_bytes(), Choices::default()).await;
        let choices = Choices {
            certain,
            ..Choices::default()
        };
        let report = fixture.import(file().as_bytes(), choices).await;
        assert_eq!(report.warnings, [], "{certain:?}");
        let cards = fixture.export(Rendition::VCard(CardVersion::V3)).await;
        let cards = String::from_utf8(cards).expect("text");
        let (mut uids, mut members) = (Vec::new(), Vec::new());
        for card in cards.split_inclusive("END:VCARD\r\n") {
            let card = Document::parse(card.as_bytes()).expect("a card");
            if card.kind().as_str() == "group" {
                let held = card.all("X-ADDRESSBOOKSERVER-MEMBER");
                members.extend(held.map(|line| line.text()));
            } else {
                uids.push(format!("urn:uuid:{}", card.uid().expect("a UID")));
            }
        }
        assert_eq!(uids.len(), contacts, "{certain:?}: {cards}");
        assert_eq!(members.len(), 2, "{certain:?}: {cards}");
        for member in &members {
            assert!(uids.contains(member), "{certain:?}: {member} in {cards}");
        }
        let of_the_other = format!("urn:uuid:{there}");
        let is_present = members.contains(&of_the_other);
        assert_eq!(is_present, certain != Choice::CreateAnyway, "{certain:?}");
        if certain == Choice::CreateAnyway {
            // Next time the one that was there first is found by its UID.
            continue;
        }
        let before = fixture.content().await;
        let again = fixture.import(file().as_bytes(), Choices::default()).await;
        assert_eq!(
            (again.created, again.updated),
            (0, 0),
            "{certain:?}: {again:?}"
        );
        assert_eq!(fixture.content().await, before);
    }
}

#[tokio::test]
async fn a_list_in_a_list_is_the_one_of_the_same_file() {
    let list = |uid: &str, members: &[&str]| {
        let members = members
            .iter()
            .map(|member| format!("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{member}\r\n"));
        let members = members.collect::<String>();
        let lines =
            format!("FN:{uid}\r\nN:{uid};;;;\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n{members}");
        card(uid, &lines)
    };
    let file = list("outer", &["inner", "ann"]) + &list("inner", &["ann"]) + &card("ann", ANN);
    let fixture = Fixture::new(None).await;
    let report = fixture.import(file.as_bytes(), Choices::default()).await;
    assert_eq!(report.warnings, []);
    let choices = Choices {
        certain: Choice::CreateAnyway,
        ..Choices::default()
    };
    let report = fixture.import(file.as_bytes(), choices).await;
    assert_eq!((report.created, report.warnings), (3, vec![]));
    let cards = fixture.export(Rendition::VCard(CardVersion::V3)).await;
    let cards = String::from_utf8(cards).expect("text");
    let mut uids = Vec::new();
    let mut held = Vec::new();
    for card in cards.split_inclusive("END:VCARD\r\n") {
        let card = Document::parse(card.as_bytes()).expect("a card");
        uids.push(format!("urn:uuid:{}", card.uid().expect("a UID")));
        let lines = card.all("X-ADDRESSBOOKSERVER-MEMBER");
        held.extend(lines.map(|line| line.text()));
    }
    // Each contact and list twice; every list names those it came with.
    held.sort();
    assert_eq!((uids.len(), held.len()), (6, 6), "{cards}");
    for uid in ["ann", "inner"] {
        let old = format!("urn:uuid:{uid}");
        let times = held.iter().filter(|member| **member == old).count();
        assert_eq!(times, if uid == "ann" { 2 } else { 1 }, "{cards}");
    }
    for member in &held {
        assert!(uids.contains(member), "{member} in {cards}");
    }
}

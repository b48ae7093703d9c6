//! Different people of one file that have the same UID.

use carnet::transfer::{CardVersion, Choices, Rendition};

use super::Fixture;

fn card(lines: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:same\r\n{lines}END:VCARD\r\n")
}

#[tokio::test]
async fn two_people_with_one_uid_are_both_stored() {
    let fixture = Fixture::new(None).await;
    let man = "FN:First Man\r\nN:Man;First;;;\r\nTEL:+33 1 99 00 00 01\r\n";
    let woman = "FN:Second Woman\r\nN:Woman;Second;;;\r\nTEL:+33 1 99 00 00 02\r\n";
    let renamed = "FN:Second Lady\r\nN:Lady;Second;;;\r\nTEL:+33 1 99 00 00 02\r\n";
    let file = card(man) + &card(woman) + &card(renamed);
    let report = fixture.import(file.as_bytes(), Choices::default()).await;
    assert_eq!(report.created, 2, "{report:?}");
    let told: Vec<(&str, &str)> = report
        .warnings
        .iter()
        .map(|(_, code, about)| (&code[..], &about[..]))
        .collect();
    let shared = ["Second Woman", "Second Lady"].map(|name| ("uid-shared", name));
    assert_eq!(told, shared);
    let cards = fixture.export(Rendition::VCard(CardVersion::V3)).await;
    let cards = String::from_utf8(cards).expect("text");
    for name in ["FN:First Man", "FN:Second Woman"] {
        assert!(cards.contains(name), "{cards}");
    }
    assert_eq!(cards.matches("UID:same\r\n").count(), 1, "{cards}");
    assert_eq!(cards.matches("99 00 00 02").count(), 1, "{cards}");
    let before = fixture.content().await;
    let again = fixture.import(file.as_bytes(), Choices::default()).await;
    assert_eq!((again.created, again.updated), (0, 0), "{again:?}");
    assert_eq!(fixture.content().await, before);
}

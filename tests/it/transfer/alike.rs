//! Who of a file is somebody of the book, or somebody else of the file.

use carnet::transfer::{
    self, CardVersion, Choice, Choices, Importer, Options, Rendition, foresee, read,
};

use super::Fixture;

fn card(uid: &str, lines: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\n{lines}END:VCARD\r\n")
}

impl Fixture {
    async fn cards(&self) -> String {
        let cards = self.export(Rendition::VCard(CardVersion::V3)).await;
        String::from_utf8(cards).expect("text")
    }
}

#[tokio::test]
async fn a_contact_with_the_name_of_a_list_is_no_list() {
    let list = card(
        "choir",
        "FN:Chorale\r\nN:Chorale;;;;\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n\
         X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:ann\r\n",
    );
    let here = list + &card("ann", "FN:Ann\r\nN:Ann;;;;\r\n");
    let contact = card(
        "hall",
        "FN:Chorale\r\nN:Chorale;;;;\r\nORG:Town hall\r\nTEL;TYPE=CELL:+33 6 39 98 00 01\r\n",
    );
    for possible in [Choice::AddMissing, Choice::Skip, Choice::Replace] {
        let fixture = Fixture::new(None).await;
        fixture.import(here.as_bytes(), Choices::default()).await;
        let file = read(contact.as_bytes(), &Options::default()).expect("a file");
        let foreseen = foresee(&fixture.book().await, &file).await;
        assert_eq!(foreseen.expect("foreseen").fresh, 1);
        let choices = Choices {
            possible,
            ..Choices::default()
        };
        let report = fixture.import(contact.as_bytes(), choices).await;
        assert_eq!((report.created, report.updated), (1, 0), "{report:?}");
        let cards = fixture.cards().await;
        let mut cards = cards.split_inclusive("END:VCARD\r\n");
        let list = cards.find(|card| card.contains("UID:choir"));
        assert!(!list.expect("the list").contains("TEL"), "{possible:?}");
    }
}

#[tokio::test]
async fn what_is_known_of_one_person_in_three_records_is_kept() {
    let file = card("a", "FN:Desk\r\nN:Desk;;;;\r\nEMAIL:desk@example.org\r\n")
        + &card(
            "u2",
            "FN:Bo Ray\r\nN:Ray;Bo;;;\r\nEMAIL:desk@example.org\r\n",
        )
        + &card(
            "u2",
            "FN:Bo Ray\r\nN:Ray;Bo;;;\r\nEMAIL:desk@example.org\r\nTEL:+33 1 99 00 12 34\r\n",
        );
    let fixture = Fixture::new(None).await;
    let report = fixture.import(file.as_bytes(), Choices::default()).await;
    assert_eq!(report.skipped, [], "{report:?}");
    assert_eq!((report.created, report.updated), (2, 1), "{report:?}");
    let cards = fixture.cards().await;
    let mut cards = cards.split_inclusive("END:VCARD\r\n");
    let second = cards.find(|card| card.contains("UID:u2")).expect("a card");
    assert!(second.contains("+33 1 99 00 12 34"), "{second}");
}

#[tokio::test]
async fn a_crowd_of_one_name_is_stored_at_once_where_everybody_is_created() {
    let crowd: String = (0..1_500)
        .map(|n| card(&format!("u{}", n / 2), "FN:Nobody\r\nN:Nobody;;;;\r\n"))
        .collect();
    let fixture = Fixture::new(None).await;
    let choices = Choices {
        certain: Choice::CreateAnyway,
        ..Choices::default()
    };
    let report = fixture.import(crowd.as_bytes(), choices).await;
    assert_eq!((report.created, report.skipped.len()), (1_500, 0));
    let broken = fixture.store.check().await.expect("checked");
    assert_eq!(broken, [""; 0]);
}

#[tokio::test]
async fn a_uid_is_the_same_with_and_without_urn() {
    let uid = "0A1B2C3D-1111-4222-8333-444455556666";
    for (first, second) in [
        (format!("urn:uuid:{uid}"), format!("urn:uuid:{uid}")),
        (uid.to_owned(), format!("urn:uuid:{}", uid.to_lowercase())),
        (format!("URN:UUID:{uid}"), uid.to_owned()),
    ] {
        let fixture = Fixture::new(None).await;
        let of = |uid: &str, name: &str| {
            format!("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{uid}\r\nFN:{name}\r\nEND:VCARD\r\n")
        };
        let before = of(&first, "Ann");
        fixture.import(before.as_bytes(), Choices::default()).await;
        let again = of(&second, "Another name");
        let report = fixture.import(again.as_bytes(), Choices::default()).await;
        assert_eq!(report.created, 0, "{first} {second}: {report:?}");
    }
}

#[tokio::test]
async fn a_contact_that_is_replaced_is_found_by_all_its_uids_the_next_time() {
    let fixture = Fixture::new(None).await;
    let ann = "FN:Ann Lee\r\nN:Lee;Ann;;;\r\nEMAIL:ann@example.org\r\n";
    let here = card("one", &format!("{ann}X-CARNET-OTHER-UID:two\r\n"));
    fixture.import(here.as_bytes(), Choices::default()).await;
    let choices = Choices {
        certain: Choice::Replace,
        ..Choices::default()
    };
    let third = card("three", &format!("{ann}NOTE:new\r\n"));
    for updated in [1, 0] {
        let report = fixture.import(third.as_bytes(), choices.clone()).await;
        let found = (report.created, report.updated);
        assert_eq!(found, (0, updated), "{report:?}");
    }
    for uid in ["one", "two", "three"] {
        let other = card(uid, "FN:Somebody\r\nN:Somebody;;;;\r\n");
        let report = fixture.import(other.as_bytes(), Choices::default()).await;
        assert_eq!(report.created, 0, "{uid}: {report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_goes_on_while_a_client_writes_the_same_contacts() {
    let fixture = Fixture::new(Some(2_500)).await;
    let of = |n: usize| card(&format!("u{n}"), &format!("FN:P{n}\r\nN:P{n};;;;\r\n"));
    let file: String = (0..3_000).map(of).collect();
    let file = transfer::read(file.as_bytes(), &Options::default()).expect("a file");
    let book = fixture.book().await;
    let writer = tokio::spawn(async move {
        let mut stored = 0;
        for n in (0..3_000).step_by(10) {
            let added = book.add_all(vec![of(n).into_bytes()]).await;
            stored += added.into_iter().flatten().filter(Result::is_ok).count();
        }
        stored
    });
    let begun = Importer::begin(fixture.book().await, "file", Choices::default()).await;
    let mut importer = begun.expect("begun");
    for entry in file.entries {
        importer.push(entry).await.expect("taken");
    }
    let report = importer.finish().await.expect("a report");
    let stored = writer.await.expect("written");
    assert_eq!(report.created + stored, 2_500, "{stored} {report:?}");
    let told = report.created + report.updated + report.unchanged + report.skipped.len();
    assert_eq!(told, 3_000);
    let reasons = ["over-quota", "duplicate"];
    let is_told = |(_, why): &(u64, String)| reasons.contains(&&why[..]);
    assert!(report.skipped.iter().all(is_told), "{report:?}");
    let broken = fixture.store.check().await.expect("checked");
    assert_eq!(broken, [""; 0]);
}

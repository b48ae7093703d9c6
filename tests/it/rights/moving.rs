//! What happens elsewhere while somebody writes: it refuses nobody, and a store that fails is told.

use carnet::domain::{
    book::{Condition, Replace},
    error::Error,
    rights::GroupRight::{self, Add},
};
use carnet::transfer::{CardVersion, Chosen, Export, Exporter, Rendition};

use super::{PRIVATE, World, allowed, past::moment, refused, vcard};

/// Moves the rights of somebody else.
async fn elsewhere(w: &World) {
    for right in [Add, GroupRight::None] {
        allowed(w.grant("ada", "G", "max", right).await);
    }
}

#[tokio::test]
async fn rights_that_change_elsewhere_refuse_no_book_folder_or_merge() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    elsewhere(&w).await;
    let made = w
        .core
        .make_book(&mia, "second", "Second".into(), String::new());
    allowed(made.await);
    let second = w.core.open_private(&mia, "second").await.expect("a book");
    elsewhere(&w).await;
    allowed(second.set_segment("third", &Condition::None).await);
    let third = w.core.open_private(&mia, "third").await.expect("a book");
    let condition = Condition::Match(vec![third.etag()]);
    elsewhere(&w).await;
    let other = third.remove(&Condition::Match(vec!["\"0\"".into()])).await;
    assert_eq!(other, Err(Error::PreconditionFailed));
    allowed(third.remove(&condition).await);

    let documents = w.core.open_folder(&mia, None, "documents").await;
    let documents = documents.expect("a folder");
    elsewhere(&w).await;
    let plans = documents.make_folder("Plans").await.expect("a folder");
    elsewhere(&w).await;
    allowed(plans.rename_folder("Old").await);
    elsewhere(&w).await;
    allowed(plans.delete_folder().await);
    let plans = w.core.open(&mia, plans.collection().id).await;
    let plans = plans.expect("a folder");
    elsewhere(&w).await;
    assert_eq!(plans.restore_folder().await, Ok(0));

    for name in ["one", "two", "six"] {
        allowed(w.create("mia", PRIVATE, name).await);
    }
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let one = w.card("mia", PRIVATE, "one").await.expect("one");
    let two = w.card("mia", PRIVATE, "two").await.expect("two");
    let six = w.card("mia", PRIVATE, "six").await.expect("six");
    elsewhere(&w).await;
    allowed(book.tell_apart(&one.placement, &six.placement).await);
    let merge = allowed(
        book.merge(&one, &two, vcard("one", "+33 2").as_bytes())
            .await,
    );
    elsewhere(&w).await;
    allowed(book.unmerge(&one.placement, merge).await);
    assert!(allowed(w.read("mia", PRIVATE, "one").await).contains("TEL:+33 1"));
    // What was changed since it was seen is said to be.
    allowed(w.modify("mia", PRIVATE, "six", "+33 6").await);
    let one = w.card("mia", PRIVATE, "one").await.expect("one");
    let merged = vcard("one", "+33 2");
    let late = book.merge(&one, &six, merged.as_bytes()).await;
    assert_eq!(late, Err(Error::PreconditionFailed));

    let nora = w.actor("nora").await;
    elsewhere(&w).await;
    allowed(w.core.delete_account(&nora).await);
    w.check().await;
}

#[tokio::test]
async fn settings_changed_at_once_are_all_kept_and_move_no_rights() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    let before = w.core.store().rights_revision().await;
    let (one, other) = tokio::join!(
        w.core
            .change_settings(&mia, |settings| settings.last_first = true),
        w.core
            .change_settings(&mia, |settings| settings.spoken = Some("fr".to_owned())),
    );
    allowed(one);
    allowed(other);
    let settings = w.core.settings(&mia).await.expect("settings");
    assert!(settings.last_first);
    assert_eq!(settings.spoken.as_deref(), Some("fr"));
    assert_eq!(w.core.store().rights_revision().await, before);
}

#[tokio::test]
async fn a_store_that_fails_is_not_taken_for_a_right_that_is_missing() {
    let w = World::new().await;
    let book = w.book("mia", "G").await.expect("a book");
    let k = w.placement("mia", "G", "k").await.expect("k");
    allowed(book.standing(&k).await.map(drop));
    let file = w._data.path().join("carnet.db");
    let connection = rusqlite::Connection::open(file).expect("the file");
    connection
        .execute_batch("DROP TABLE grant_item")
        .expect("dropped");
    let standing = book.standing(&k).await.map(drop);
    assert!(
        matches!(standing, Err(Error::Unavailable(_))),
        "{standing:?}"
    );
}

#[tokio::test]
async fn a_large_book_goes_back_in_several_commits() {
    const MANY: usize = 520;
    let w = World::new().await;
    let book = w.book("max", PRIVATE).await.expect("a book");
    let cards = (0..MANY).map(|n| vcard(&format!("c{n}"), "+33 1").into_bytes());
    allowed(book.add_all(cards.collect()).await.map(drop));
    let at = moment();
    let book = w.book("max", PRIVATE).await.expect("a book");
    allowed(book.empty(MANY as i64).await);
    let mut commits = w.core.hub().commits();
    let (done, _) = book.restore_place_at(at).await.expect("back");
    assert_eq!((done.restored, done.skipped), (MANY, 0));
    let mut number = 0;
    while commits.try_recv().is_ok() {
        number += 1;
    }
    assert_eq!(number, 2);
    assert_eq!(book.count().await, Ok(MANY as i64));
    w.check().await;
}

#[tokio::test]
async fn large_contacts_are_read_a_few_at_a_time_and_exported_all() {
    let w = World::new().await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let mut ids = Vec::new();
    for name in ["one", "two", "six"] {
        let note = format!("NOTE:{}\r\nEND", "x".repeat(700_000));
        let card = vcard(name, "+33 1").replace("END", &note);
        let (href, card) = (format!("{name}.vcf"), Replace(card.into_bytes()));
        let put = book.put(&href, &Condition::Absent, &card);
        ids.push(put.await.expect("stored").card.placement.id);
    }
    let first = book.first_by_placements(&ids).await.expect("cards");
    assert_eq!(first.len(), 2);
    let all = book.by_placements(&ids).await.expect("cards");
    assert_eq!(all.iter().flatten().count(), 3);
    let heads = book.heads_of(&ids).await.expect("placements");
    assert_eq!(heads.iter().flatten().count(), 3);
    let mut exporter = Exporter::new(
        book,
        Chosen::These(ids),
        Rendition::VCard(CardVersion::V3),
        Export::default(),
    );
    let (mut pieces, mut text) = (0, Vec::new());
    while let Some(piece) = exporter.next().await.expect("a piece") {
        pieces += 1;
        text.extend(piece);
    }
    assert_eq!(pieces, 2);
    let text = String::from_utf8(text).expect("text");
    for name in ["one", "two", "six"] {
        assert!(text.contains(&format!("UID:{name}\r\n")), "{name}");
    }
}

#[tokio::test]
async fn refused_changes_are_counted_and_come_page_by_page() {
    let w = World::new().await;
    for number in 0..25 {
        refused(w.modify("max", "G", "k", &format!("+44 {number}")).await);
    }
    let max = w.actor("max").await;
    assert_eq!(w.core.waiting(&max).await, Ok((25, 0)));
    let first = w.core.refused(&max, 0).await.expect("a list");
    let rest = w.core.refused(&max, 20).await.expect("a list");
    assert_eq!((first.len(), rest.len()), (20, 5));
    let changes = first.iter().chain(&rest);
    let numbers: Vec<String> = changes
        .map(|change| change.differences[0].after.clone().expect("a number"))
        .collect();
    let expected: Vec<String> = (0..25)
        .rev()
        .map(|number| format!("+44 {number}"))
        .collect();
    assert_eq!(numbers, expected, "newest first, each once");
    for change in &rest {
        allowed(w.core.propose(&max, change.revision.id).await);
    }
    assert_eq!(w.core.waiting(&max).await, Ok((25, 0)));
    let mia = w.actor("mia").await;
    assert_eq!(w.core.waiting(&mia).await, Ok((0, 5)));
    let proposals = w.core.proposals(&mia, 0).await.expect("a list");
    assert_eq!(proposals.len(), 5);
    let later = w.core.proposals(&mia, 3).await.expect("a list");
    assert_eq!(later[..], proposals[3..]);
    // What no place of hers shows any more is neither counted nor shown.
    allowed(w.delete("ada", "G", "k").await);
    assert_eq!(w.core.waiting(&mia).await, Ok((0, 0)));
    assert_eq!(w.core.proposals(&mia, 0).await, Ok(Vec::new()));
    assert_eq!(w.core.waiting(&max).await, Ok((25, 0)));
}

#[tokio::test]
async fn what_is_shown_of_a_large_refused_change_is_cut() {
    let w = World::new().await;
    refused(w.modify("max", "G", "k", &"9".repeat(100_000)).await);
    let max = w.actor("max").await;
    let list = w.core.refused(&max, 0).await.expect("a list");
    let after = list[0].differences[0].after.as_ref().expect("a number");
    assert_eq!(after.chars().count(), 2_001);
    assert!(list[0].revision.document.len() > 100_000);
}

//! What stays, and what does not come along, when people, books and contacts leave.

use carnet::domain::{
    batch::{Op, PersonChange, PersonOp},
    book::{Book, Condition, Replace},
    error::Error,
    group::Leaving,
    id::Timestamp,
    rights::GroupRight::{self, Add, AddDelete},
    settings::Settings,
    store::{ListQuery, ListRow},
};

use super::{PRIVATE, World, allowed, hidden, invalid, refused, vcard};

async fn rows(book: &Book, word: &str) -> Vec<ListRow> {
    let words = Some(word.to_owned()).filter(|word| !word.is_empty());
    let query = ListQuery {
        words: words.into_iter().collect(),
        limit: 100,
        ..ListQuery::default()
    };
    book.list(&query).await.expect("a list").rows
}

#[tokio::test]
async fn what_a_creator_writes_after_leaving_is_not_restored_into_the_group() {
    let w = World::new().await;
    allowed(w.grant("ada", "G", "max", AddDelete).await);
    allowed(w.delete("max", "G", "p").await);
    let mia = w.group("mia", "G").await.expect("a group");
    allowed(mia.leave(Leaving::LeaveCopies).await);
    allowed(w.modify("mia", PRIVATE, "p", "secret").await);
    allowed(w.restore("max", "G", "p").await);
    let text = allowed(w.read("zed", "G", "p").await);
    assert!(
        text.contains("TEL:+33 1") && !text.contains("secret"),
        "{text}"
    );
    // Nor what is written later: it is the group's own.
    allowed(w.modify("mia", PRIVATE, "p", "secret 2").await);
    let text = allowed(w.read("zed", "G", "p").await);
    assert!(!text.contains("secret"), "{text}");
    w.check().await;
}

#[tokio::test]
async fn who_shared_a_contact_may_withdraw_it_after_its_creator_left() {
    let w = World::new().await;
    w.join("max", "H").await;
    allowed(w.grant("ada", "G", "max", Add).await);
    allowed(w.grant("hugo", "H", "mia", Add).await);
    allowed(w.create("mia", "H", "h").await);
    allowed(w.share("max", "H", "h", "G").await);
    let mia = w.group("mia", "G").await.expect("a group");
    allowed(mia.leave(Leaving::LeaveCopies).await);
    allowed(w.grant("ada", "G", "max", GroupRight::None).await);
    allowed(w.delete("max", "G", "h").await);
    w.check().await;
}

#[tokio::test]
async fn in_private_a_contact_comes_back_though_its_uid_is_anothers() {
    let w = World::new().await;
    allowed(w.create("max", PRIVATE, "u").await);
    allowed(w.modify("max", PRIVATE, "u", "+33 old").await);
    allowed(w.delete("max", PRIVATE, "u").await);
    let book = w.book("max", PRIVATE).await.expect("a book");
    let other = vcard("u", "+33 new").replace("FN:u", "FN:other");
    let other = Replace(other.into_bytes());
    allowed(book.put("other.vcf", &Condition::Absent, &other).await);
    allowed(w.restore("max", PRIVATE, "u").await);
    let cards = rows(&book, "").await;
    let names: Vec<_> = cards.iter().map(|row| &row.placement.display[..]).collect();
    assert_eq!(names, ["other", "u"]);
    let back = book.get(&cards[1].placement.href).await.expect("a card");
    let text = String::from_utf8_lossy(&book.content(&back)).into_owned();
    assert!(
        text.contains("+33 old") && !text.contains("UID:u\r"),
        "{text}"
    );
    // In a group it is told.
    allowed(w.grant("ada", "G", "max", AddDelete).await);
    allowed(w.create("max", "G", "g").await);
    allowed(w.delete("max", "G", "g").await);
    allowed(w.create("max", "G", "g").await);
    let outcome = w.restore("max", "G", "g").await;
    assert!(
        matches!(outcome, Err(Error::UidConflict { .. })),
        "{outcome:?}"
    );
    w.check().await;
}

#[tokio::test]
async fn a_removed_book_leaves_its_contacts_to_be_copied_and_heeds_held_deletions() {
    let w = World::new().await;
    let max = w.actor("max").await;
    let made = w
        .core
        .make_book(&max, "second", "Second".into(), String::new());
    allowed(made.await);
    let second = w.core.open_private(&max, "second").await.expect("a book");
    // It sorts last.
    let card = Replace(vcard("s", "+33 7").into_bytes());
    allowed(second.put("s.vcf", &Condition::Absent, &card).await);
    let hold = |held: bool| move |settings: &mut Settings| settings.hold_mass_deletions = held;
    allowed(w.core.change_settings(&max, hold(true)).await);
    let cards = (0..80).map(|at| vcard(&format!("c{at}"), "+33 1").into_bytes());
    allowed(second.add_all(cards.collect()).await);
    let program = w.client("max", "CardDAV App").await;
    let theirs = w.core.open_private(&program, "second").await;
    let theirs = theirs.expect("a book");
    for row in &rows(&theirs, "").await[..51] {
        allowed(theirs.delete(&row.placement.href, &Condition::None).await);
    }
    refused(theirs.delete("s.vcf", &Condition::None).await);
    refused(theirs.remove(&Condition::None).await);
    let book = w.book("max", PRIVATE).await.expect("a book");
    let max = w.actor("max").await;
    let second = w.core.open_private(&max, "second").await.expect("a book");
    allowed(second.remove(&Condition::None).await);
    let lost = w.core.lost_creations(&max).await.expect("a list");
    let lost: Vec<_> = lost.iter().filter(|lost| lost.display == "s").collect();
    assert_eq!(lost.len(), 1);
    allowed(w.core.copy_removed(&max, lost[0].revision).await);
    assert_eq!(rows(&book, "s").await.len(), 1);
    hidden(
        w.core
            .copy_removed(&w.actor("zed").await, lost[0].revision)
            .await,
    );
    w.check().await;
}

#[tokio::test]
async fn a_quota_is_of_all_private_books_together() {
    let w = World::new().await;
    w.limit("max", 3).await;
    let max = w.actor("max").await;
    let made = w
        .core
        .make_book(&max, "second", "Second".into(), String::new());
    allowed(made.await);
    let second = w.core.open_private(&max, "second").await.expect("a book");
    for (number, uid) in ["a", "b"].into_iter().enumerate() {
        allowed(w.create("max", PRIVATE, uid).await);
        let room = second.room().await.expect("read").expect("a quota");
        assert_eq!((room.left, room.quota), (2 - number as i64, 3));
    }
    let put = async |uid: &str| {
        let card = Replace(vcard(uid, "+33 1").into_bytes());
        second
            .put(&format!("{uid}.vcf"), &Condition::Absent, &card)
            .await
    };
    allowed(put("c").await);
    let outcome = put("d").await;
    assert!(
        matches!(outcome, Err(Error::OverQuota { limit: 3 })),
        "{outcome:?}"
    );
    allowed(w.delete("max", PRIVATE, "a").await);
    allowed(put("d").await);
    w.check().await;
}

#[tokio::test]
async fn deletions_are_told_of_as_soon_as_they_are_many() {
    let w = World::new().await;
    let phone = w.client("max", "CardDAV App").await;
    let book = w.core.default_book(&phone).await.expect("a book");
    let cards = (0..240).map(|at| vcard(&format!("c{at}"), "+33 1").into_bytes());
    allowed(book.add_all(cards.collect()).await);
    let added = Timestamp::now();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let rows = rows(&book, "").await;
    let max = w.actor("max").await;
    // 61 of 240 are more than a quarter; 60 are one.
    for (number, row) in rows[..61].iter().enumerate() {
        let told = w.core.notices(&max).await.expect("notices").len();
        assert_eq!(told, 0, "after {number}");
        allowed(book.delete(&row.placement.href, &Condition::None).await);
    }
    let notices = w.core.notices(&max).await.expect("notices");
    assert_eq!((notices.len(), notices[0].number), (1, 61));
    assert!(
        notices[0].since > added,
        "what was added before is no part of it"
    );
    w.check().await;
}

#[tokio::test]
async fn a_moment_to_go_back_to_is_within_the_history() {
    let w = World::new().await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let now = Timestamp::now();
    for moment in [now.plus_days(1), now.plus_days(-10_000), Timestamp(1)] {
        invalid(book.restore_place_at(moment).await);
    }
    assert_eq!(book.count().await.expect("a number"), 1);
}

#[tokio::test]
async fn the_audit_names_rights_members_and_accounts() {
    let w = World::new().await;
    allowed(w.grant("ada", "G", "everyone", Add).await);
    allowed(w.grant_modify("mia", "G", "k", "max").await);
    let group = w.group("ada", "G").await.expect("a group");
    allowed(group.remove_member(w.id("zed").await).await);
    allowed(group.delete().await);
    let operator = w.core.operator();
    let lines = operator.audit(i64::MAX, 100).await.expect("lines");
    let lines: Vec<_> = lines.iter().map(|line| &line.what[..]).collect();
    for line in [
        "account zed added",
        "group G: coco is co-admin",
        "group G: right add for everyone",
        "group G: modifying a contact granted to max",
        "group G: zed is no member any more",
        "group G: removed",
    ] {
        assert!(lines.contains(&line), "{line}: {lines:#?}");
    }
}

#[tokio::test]
async fn the_audit_keeps_who_acted_and_names_what_changed() {
    let w = World::new().await;
    allowed(w.grant("ada", "G", "everyone", Add).await);
    let max = w.id("max").await;
    let change = |email: Option<&str>, quota| {
        Op::from(PersonChange {
            email: Some(email.map(str::to_owned)),
            name: Some("max".to_owned()),
            admin: Some(false),
            disabled: Some(false),
            quota: Some(quota),
            ..PersonChange::of(max)
        })
    };
    allowed(w.commit(change(None, Some(7))).await);
    allowed(w.commit(change(None, Some(7))).await);
    allowed(w.commit(change(Some("max@example.org"), Some(7))).await);
    let forgetting = w.core.forgetting("max").await.expect("a read");
    allowed(w.core.forgotten(forgetting.expect("max"), "en").await);
    let group = w.group("ada", "G").await.expect("a group");
    allowed(group.hand_over(w.id("coco").await).await);
    let person = w.id("ada").await;
    allowed(
        w.commit(Op::Person(PersonOp::RemovePerson { person }))
            .await,
    );
    let lines = w.core.operator().audit(i64::MAX, 100).await.expect("lines");
    let granted = lines
        .iter()
        .find(|line| line.what.contains("right add for everyone"));
    assert_eq!(granted.expect("a line").who, "ada");
    let changes = lines
        .iter()
        .filter(|line| line.what.contains("account max changed"));
    let changes: Vec<_> = changes.map(|line| &line.what[..]).collect();
    let expected = [
        "account max changed: e-mail address",
        "account max changed: quota",
    ];
    assert_eq!(changes, expected);
    let sent = "a link for a forgotten password was sent to account max";
    assert!(lines.iter().any(|line| line.what == sent), "{lines:#?}");
}

//! What ends with a place or an account, what is kept of both, and what goes on when one comes back.

use std::sync::Arc;

use carnet::domain::{
    batch::{Op, PersonChange},
    book::{Condition, Destination, Replace},
    core::Limits,
    error::{Error, Result},
    group::Leaving,
    id::{CampaignId, PersonId, Timestamp},
    principal::Role,
    rights::GroupRight::Add,
    search::{Criteria, Request, Scope},
    sharing::How,
    store::Want,
    verification::{Ask, Campaign},
};
use carnet::store::sqlite::Sqlite;

use super::{PRIVATE, World, allowed, hidden, past::moment, refused, vcard};

/// Opens everything a person reads as one book, and a card in it.
async fn merged(w: &World, login: &str, href: &str) -> Result<()> {
    let actor = w.actor(login).await;
    let book = w.core.open_merged(&actor).await?;
    book.get(href).await.map(drop)
}

#[tokio::test]
async fn what_was_read_through_a_group_leaves_a_merged_book_with_the_group() {
    let w = World::new().await;
    for login in ["zed", "max"] {
        allowed(merged(&w, login, "p.vcf").await);
    }
    // Withdrawn, and then left, before the merged book is opened again.
    allowed(w.delete("ada", "G", "k").await);
    let group = w.group("max", "G").await.expect("a group");
    allowed(group.leave(Leaving::LeaveCopies).await);
    for href in ["p.vcf", "k.vcf"] {
        hidden(merged(&w, "max", href).await);
    }
    w.check().await;
    let group = w.group("ada", "G").await.expect("a group");
    allowed(group.delete().await);
    hidden(merged(&w, "zed", "p.vcf").await);
    w.check().await;
    // The owner has it still.
    allowed(merged(&w, "mia", "p.vcf").await);
}

#[tokio::test]
async fn nobody_searches_by_the_tags_of_somebody_else() {
    let w = World::new().await;
    let max = w.actor("max").await;
    let tag = allowed(w.core.create_tag(&max, "Rivals", "#112233").await);
    let book = w.book("max", "G").await.expect("a book");
    let k = w.placement("max", "G", "k").await.expect("k");
    allowed(book.tag(&[k], &[tag], &[]).await);
    let request = Request {
        scope: Scope::Everywhere,
        criteria: Criteria {
            tag: Some(tag),
            ..Criteria::default()
        },
        ..Request::default()
    };
    for (login, found) in [("max", 1), ("zed", 0)] {
        let actor = w.actor(login).await;
        let outcome = allowed(w.core.find(&actor, &request, false).await);
        assert_eq!(outcome.found, found, "{login}");
    }
}

#[tokio::test]
async fn a_book_deleted_before_its_account_leaves_nothing_behind() {
    let w = World::new().await;
    let nora = w.actor("nora").await;
    let second = w.second("nora").await;
    let card = Replace(vcard("n", "+33 1").into_bytes());
    allowed(second.put("n.vcf", &Condition::Absent, &card).await);
    let second = w.core.open_private(&nora, "second").await.expect("a book");
    allowed(second.remove(&Condition::None).await);
    let nora = w.actor("nora").await;
    allowed(w.core.delete_account(&nora).await);
    w.check().await;
}

#[tokio::test]
async fn a_client_that_deletes_a_whole_book_is_told_of_and_undone() {
    let w = World::new().await;
    let phone = w.client("mia", "CardDAV App").await;
    let made = w
        .core
        .make_book(&phone, "second", "Second".into(), String::new());
    allowed(made.await);
    let second = w.core.open_private(&phone, "second").await.expect("a book");
    let cards = (0..60).map(|at| vcard(&format!("s{at}"), "+33 1").into_bytes());
    allowed(second.add_all(cards.collect()).await);
    moment();
    let second = w.core.open_private(&phone, "second").await.expect("a book");
    allowed(second.remove(&Condition::None).await);
    let mia = w.actor("mia").await;
    let notices = w.core.notices(&mia).await.expect("notices");
    assert_eq!((notices.len(), notices[0].number), (1, 60));
    let (done, _) = allowed(w.core.undo_notice(&mia, notices[0].id).await);
    assert_eq!((done.restored, done.skipped), (60, 0));
    let second = w.core.open_private(&mia, "second").await.expect("a book");
    assert_eq!(second.count().await, Ok(60));
    assert!(w.core.notices(&mia).await.expect("notices").is_empty());
    w.check().await;
}

#[tokio::test]
async fn tags_of_everybody_stay_when_two_contacts_of_a_group_are_merged() {
    let w = World::new().await;
    for name in ["one", "two"] {
        allowed(w.create("ada", "G", name).await);
    }
    for login in ["zed", "ada"] {
        let actor = w.actor(login).await;
        let tag = allowed(w.core.create_tag(&actor, "Clients", "#112233").await);
        let book = w.book(login, "G").await.expect("a book");
        let two = w.placement(login, "G", "two").await.expect("two");
        allowed(book.tag(&[two], &[tag], &[]).await);
    }
    let book = w.book("ada", "G").await.expect("a book");
    let one = w.card("ada", "G", "one").await.expect("one");
    let two = w.card("ada", "G", "two").await.expect("two");
    allowed(
        book.merge(&one, &two, vcard("one", "+33 2").as_bytes())
            .await,
    );
    for login in ["zed", "ada"] {
        let book = w.book(login, "G").await.expect("a book");
        let tags = allowed(book.tags_of(one.placement.item).await);
        assert_eq!(tags, ["Clients"], "{login}");
    }
    w.check().await;
}

#[tokio::test]
async fn what_of_an_edit_could_not_be_merged_outdates_no_other_client() {
    let w = World::new().await;
    allowed(w.create("mia", PRIVATE, "q").await);
    let program = w.client("mia", "CardDAV App").await;
    let book = w.core.default_book(&program).await.expect("a book");
    allowed(book.note_served(&book.cursor()).await);
    allowed(w.modify("mia", PRIVATE, "q", "+33 2").await);
    let mine = vcard("q", "+33 3").replace("END", "TITLE:Chef\r\nEND");
    let book = w.core.default_book(&program).await.expect("a book");
    let edit = Replace(mine.into_bytes());
    let written = allowed(book.put("q.vcf", &Condition::None, &edit).await);
    let shown = allowed(w.read("mia", PRIVATE, "q").await);
    assert!(
        shown.contains("TEL:+33 2") && shown.contains("TITLE:Chef"),
        "{shown}"
    );
    let kept = w.core.refused(&w.actor("mia").await, 0).await;
    assert_eq!(kept.expect("a list").len(), 1);
    // The tag that was answered is the card's.
    let book = w.core.default_book(&program).await.expect("a book");
    let etag = book.etag_of(&written.card.placement).await;
    assert_eq!(Ok(written.etag), etag);
    w.check().await;
}

#[tokio::test]
async fn a_campaign_writes_to_one_address_five_times_a_day() {
    let w = World::new().await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let cards = (0..9).map(|at| vcard(&format!("c{at}"), "+33 1").into_bytes());
    allowed(book.add_all(cards.collect()).await);
    let mut asks = Vec::new();
    for at in 0..9 {
        let placement = w.placement("mia", PRIVATE, &format!("c{at}")).await;
        let ask = Ask {
            // An address is the same in capitals.
            address: if at % 2 == 0 {
                "Info@example.org"
            } else {
                "info@example.org"
            }
            .to_owned(),
            language: "en".to_owned(),
            ..Ask::default()
        };
        asks.push((placement.expect("a contact"), ask));
    }
    let campaign = Campaign {
        id: CampaignId(0),
        person: PersonId(0),
        name: "All".to_owned(),
        begun: Timestamp::now(),
        days: 7,
        reminders: 1,
        skipped: 0,
        ended: None,
    };
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let id = allowed(book.ask_all(&campaign, &asks).await);
    let mia = w.actor("mia").await;
    let (campaign, asked) = allowed(w.core.campaign(&mia, id).await);
    assert_eq!((asked.len(), campaign.skipped), (5, 4));
}

async fn second_book(w: &World) {
    let mia = w.actor("mia").await;
    let made = w
        .core
        .make_book(&mia, "second", "Second".into(), String::new());
    allowed(made.await);
}

#[tokio::test]
async fn a_contact_moves_between_own_books_at_the_quota() {
    let w = World::new().await;
    second_book(&w).await;
    let quota = Op::from(PersonChange {
        quota: Some(Some(1)),
        ..PersonChange::of(w.id("mia").await)
    });
    allowed(w.commit(quota).await);
    let mia = w.actor("mia").await;
    let own = w.core.default_book(&mia).await.expect("a book");
    let second = w.core.open_private(&mia, "second").await.expect("a book");
    let p = w.placement("mia", PRIVATE, "p").await.expect("p");
    let moved = allowed(own.bring(&[p], &second, How::Move).await).remove(0);
    allowed(moved);
    let full = w.create("mia", PRIVATE, "more").await;
    assert_eq!(full, Err(Error::OverQuota { limit: 1 }));
    let second = w.core.open_private(&mia, "second").await.expect("a book");
    assert_eq!(second.count().await, Ok(1));
    w.check().await;
}

#[tokio::test]
async fn a_contact_in_two_own_books_has_one_set_of_categories() {
    let w = World::new().await;
    second_book(&w).await;
    let mia = w.actor("mia").await;
    let second = w.core.open_private(&mia, "second").await.expect("a book");
    let own = w.core.default_book(&mia).await.expect("a book");
    let p = w.placement("mia", PRIVATE, "p").await.expect("p");
    for outcome in allowed(own.bring(&[p], &second, How::Share).await) {
        allowed(outcome);
    }
    let there = async || {
        let second = w.core.open_private(&mia, "second").await.expect("a book");
        let card = second.get("p.vcf").await.expect("p");
        (
            String::from_utf8_lossy(&second.content(&card)).into_owned(),
            card.placement.changed,
        )
    };
    let (_, before) = there().await;
    // The categories alone, then another number with them.
    let tagged = vcard("p", "+33 1").replace("END", "CATEGORIES:Climbing\r\nEND");
    let own = w.core.default_book(&mia).await.expect("a book");
    allowed(
        own.put(
            "p.vcf",
            &Condition::None,
            &Replace(tagged.clone().into_bytes()),
        )
        .await,
    );
    let (text, changed) = there().await;
    assert!(
        text.contains("CATEGORIES:Climbing") && changed > before,
        "{text}"
    );
    let more = tagged
        .replace("+33 1", "+33 2")
        .replace("Climbing", "Chess");
    let own = w.core.default_book(&mia).await.expect("a book");
    allowed(
        own.put("p.vcf", &Condition::None, &Replace(more.into_bytes()))
            .await,
    );
    let (text, _) = there().await;
    assert!(
        text.contains("CATEGORIES:Chess") && text.contains("+33 2"),
        "{text}"
    );
    // Pages, and the end of a tag.
    let tags = allowed(w.core.tags(&mia).await);
    let chess = tags
        .iter()
        .find(|tag| tag.name == "Chess")
        .expect("a tag")
        .id;
    let p = w.placement("mia", PRIVATE, "p").await.expect("p");
    let own = w.core.default_book(&mia).await.expect("a book");
    allowed(own.tag(std::slice::from_ref(&p), &[], &[chess]).await);
    assert!(!there().await.0.contains("Chess"));
    allowed(own.tag(&[p], &[chess], &[]).await);
    assert!(there().await.0.contains("Chess"));
    allowed(w.core.delete_tag(&mia, chess).await);
    for place in [there().await.0, allowed(w.read("mia", PRIVATE, "p").await)] {
        assert!(!place.contains("Chess"), "{place}");
    }
    // In the group it is as it was.
    assert!(!allowed(w.read("max", "G", "p").await).contains("CATEGORIES"));
    w.check().await;
}

#[tokio::test]
async fn two_edits_of_one_version_are_not_both_taken() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    let tagged = vcard("p", "+33 1").replace("END", "CATEGORIES:Climbing\r\nEND");
    let longer = vcard("p", "+33 1").replace("END", "NOTE:met\r\nEND");
    for round in 0..20 {
        let own = w.core.default_book(&mia).await.expect("a book");
        let plain = Replace(vcard("p", "+33 1").into_bytes());
        allowed(own.put("p.vcf", &Condition::None, &plain).await);
        let own = w.core.default_book(&mia).await.expect("a book");
        let card = own.get("p.vcf").await.expect("p");
        let etag = own.etag_of(&card.placement).await.expect("a tag");
        let condition = Condition::Match(vec![etag]);
        let (one, other) = (
            Replace(tagged.clone().into_bytes()),
            Replace(longer.clone().into_bytes()),
        );
        let (one, other) = tokio::join!(
            own.put("p.vcf", &condition, &one),
            own.put("p.vcf", &condition, &other),
        );
        assert!(one.is_ok() != other.is_ok(), "{round}: {one:?} {other:?}");
    }
}

#[tokio::test]
async fn undoing_an_import_keeps_tags_put_on_since() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    let own = w.core.default_book(&mia).await.expect("a book");
    let import = allowed(own.begin_import("file", None).await);
    let p = w.card("mia", PRIVATE, "p").await.expect("p");
    let new = ["c", "d"].map(|name| vcard(name, "+33 3").into_bytes());
    let updates = vec![(p, vcard("p", "+33 2").into_bytes())];
    allowed(
        own.import(import, own.prepare(&new), updates, |_, _| Ok(None))
            .await,
    );
    let tag = allowed(w.core.create_tag(&mia, "Clients", "#112233").await);
    let own = w.core.default_book(&mia).await.expect("a book");
    for name in ["p", "c"] {
        let placement = w.placement("mia", PRIVATE, name).await.expect(name);
        allowed(own.tag(&[placement], &[tag], &[]).await);
    }
    let own = w.core.default_book(&mia).await.expect("a book");
    let undone = allowed(own.undo_import(import).await);
    assert_eq!((undone.removed, undone.restored, undone.left), (1, 1, 1));
    let text = allowed(w.read("mia", PRIVATE, "p").await);
    assert!(
        text.contains("+33 1") && text.contains("CATEGORIES:Clients"),
        "{text}"
    );
    allowed(w.read("mia", PRIVATE, "c").await);
    w.check().await;
}

#[tokio::test]
async fn undoing_an_import_leaves_what_was_shared_or_commented_on_since() {
    let w = World::new().await;
    allowed(w.grant("ada", "G", "mia", Add).await);
    let own = w.book("mia", PRIVATE).await.expect("a book");
    let import = allowed(own.begin_import("file", None).await);
    let new = ["c", "d", "e"].map(|name| vcard(name, "+33 3").into_bytes());
    allowed(
        own.import(import, own.prepare(&new), Vec::new(), |_, _| Ok(None))
            .await,
    );
    allowed(w.share("mia", PRIVATE, "c", "G").await);
    allowed(w.comment("mia", PRIVATE, "d", "met in Lille").await);
    let own = w.book("mia", PRIVATE).await.expect("a book");
    let undone = allowed(own.undo_import(import).await);
    assert_eq!((undone.removed, undone.left), (1, 2));
    allowed(w.read("mia", "G", "c").await);
    allowed(w.read("mia", PRIVATE, "c").await);
    assert_eq!(w.comments("mia", PRIVATE, "d").await, ["met in Lille"]);
    hidden(w.read("mia", PRIVATE, "e").await);
    w.check().await;
}

#[tokio::test]
async fn comments_of_a_group_sleep_while_the_contact_is_not_there() {
    let w = World::new().await;
    allowed(w.comment("mia", "G", "p", "met in Lille").await);
    assert_eq!(w.comments("mia", PRIVATE, "p").await, ["met in Lille"]);
    let p = w.placement("mia", "G", "p").await.expect("p");
    let book = w.book("mia", "G").await.expect("a book");
    let written = book.comments(&p).await.expect("comments")[0].comment.id;
    allowed(w.delete("mia", "G", "p").await);
    assert!(w.comments("mia", PRIVATE, "p").await.is_empty());
    hidden(book.edit_comment(written, "other").await);
    allowed(w.restore("mia", "G", "p").await);
    assert_eq!(w.comments("max", "G", "p").await, ["met in Lille"]);
    w.check().await;
}

#[tokio::test]
async fn an_upload_with_the_uid_of_another_is_kept() {
    let w = World::new().await;
    let phone = w.client("mia", "CardDAV App").await;
    let own = w.core.default_book(&phone).await.expect("a book");
    let twin = Replace(vcard("p", "+33 7").into_bytes());
    let outcome = own.put("twin.vcf", &Condition::Absent, &twin).await;
    assert!(
        matches!(outcome, Err(Error::UidConflict { .. })),
        "{outcome:?}"
    );
    let mia = w.actor("mia").await;
    let kept = w.core.refused(&mia, 0).await.expect("a list");
    assert_eq!(kept.len(), 1);
    assert!(String::from_utf8_lossy(&kept[0].revision.document).contains("+33 7"));
    w.check().await;
}

#[tokio::test]
async fn while_deletions_are_held_contacts_come_back_and_may_be_renamed() {
    let w = World::new().await;
    w.eighty_held("mia").await;
    let phone = w.client("mia", "CardDAV App").await;
    let place = async |at: usize| {
        let found = w.placement("mia", PRIVATE, &format!("c{at}")).await;
        found.expect("a contact")
    };
    for at in 0..51 {
        let book = w.core.default_book(&phone).await.expect("a book");
        allowed(book.delete(&place(at).await.href, &Condition::None).await);
    }
    let book = w.core.default_book(&phone).await.expect("a book");
    let since = book.cursor();
    let kept = place(60).await;
    // Another client has edited it, and not yet sent that.
    let tag = book.etag_of(&kept).await.expect("a tag");
    for _ in 0..3 {
        refused(book.delete(&kept.href, &Condition::None).await);
    }
    let book = w.core.default_book(&phone).await.expect("a book");
    let mut changes = book.changes(Some(&since), Want::Heads).expect("changes");
    assert_eq!(changes.next(10).await.expect("members").len(), 1);
    assert_ne!(book.cursor(), since);
    let other = w.book("mia", PRIVATE).await.expect("a book");
    let edit = Replace(vcard("c60", "+33 6").into_bytes());
    allowed(
        other
            .put(&kept.href, &Condition::Match(vec![tag]), &edit)
            .await,
    );

    let to = Destination {
        book: &book,
        href: "renamed.vcf",
        overwrite: false,
        properties: &[],
    };
    let from = place(61).await.href;
    let renamed = book.relocate(&from, &Condition::None, to, How::Move).await;
    assert!(renamed.is_ok(), "{renamed:?}");
    second_book(&w).await;
    let second = w.core.open_private(&phone, "second").await.expect("a book");
    let moved = allowed(book.bring(&[place(62).await], &second, How::Move).await);
    for outcome in moved {
        allowed(outcome);
    }
    w.check().await;
}

#[tokio::test]
async fn a_client_that_was_forgotten_is_known_again_once_it_was_served() {
    let w = World::new().await;
    let program = w.client("mia", "CardDAV Bird").await;
    let served = async || {
        let book = w.core.default_book(&program).await.expect("a book");
        allowed(book.note_served(&book.cursor()).await);
    };
    served().await;
    allowed(w.core.forget_client(&program, "CardDAV Bird").await);
    served().await;
    allowed(w.modify("mia", PRIVATE, "p", "+33 2").await);
    // It edits what it was served.
    let edit = vcard("p", "+33 1").replace("END", "TITLE:Chef\r\nEND");
    let book = w.core.default_book(&program).await.expect("a book");
    allowed(
        book.put("p.vcf", &Condition::None, &Replace(edit.into_bytes()))
            .await,
    );
    let text = allowed(w.read("mia", PRIVATE, "p").await);
    assert!(
        text.contains("+33 2") && text.contains("TITLE:Chef"),
        "{text}"
    );
}

#[tokio::test]
async fn properties_and_settled_notices_end_with_what_they_are_about() {
    let w = World::new().await;
    let nora = w.actor("nora").await;
    let second = w.second("nora").await;
    let own = w.core.default_book(&nora).await.expect("a book");
    let key = |book: &carnet::domain::book::Book| format!("book:{}", book.collection().uuid);
    let property = |resource: String| carnet::domain::property::PropertyChange {
        resource,
        namespace: "urn:x".to_owned(),
        name: "colour".to_owned(),
        value: Some(b"<colour/>".to_vec()),
    };
    let all = vec![property(key(&second)), property(key(&own))];
    allowed(w.core.set_properties(&nora, all).await);
    allowed(second.remove(&Condition::None).await);
    let rows = || {
        let file = w._data.path().join("carnet.db");
        let connection = rusqlite::Connection::open(file).expect("the file");
        let count = |table: &str| {
            let sql = format!("SELECT count(*) FROM {table}");
            connection
                .query_row(&sql, [], |row| row.get::<_, i64>(0))
                .expect("a number")
        };
        (count("property"), count("notice WHERE settled IS NOT NULL"))
    };
    assert_eq!(rows().0, 2);
    let mia = w.actor("mia").await;
    allowed(w.core.dismiss_news(&mia, None).await);
    let now = Timestamp::now();
    let purge = Op::History(carnet::domain::batch::HistoryOp::Purge {
        versions_before: now.plus_days(1),
        trash_before: now.plus_days(1),
        tombstones_before: now.plus_days(1),
    });
    assert!(rows().1 > 0, "what was read");
    allowed(w.commit(purge.clone()).await);
    assert_eq!(rows(), (1, 0));
    let nora = w.actor("nora").await;
    allowed(w.core.delete_account(&nora).await);
    allowed(w.commit(purge).await);
    assert_eq!(rows().0, 0);
    w.check().await;
}

#[tokio::test]
async fn what_may_be_done_in_a_book_is_asked_at_the_same_cost_in_a_large_one() {
    let data = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Sqlite::open(data.path()).expect("a database"));
    let w = World::with(store.clone(), data, Limits::default()).await;
    // Ada runs G, and only reads in H.
    w.found("G", "ada", &[]).await;
    w.found("H", "hugo", &[("ada", Role::Member)]).await;
    let mut costs = Vec::new();
    for (first, last) in [(0, 10), (10, 400)] {
        let book = w.book("hugo", "H").await.expect("a book");
        let cards = (first..last).map(|at| vcard(&format!("c{at}"), "+33 1").into_bytes());
        allowed(book.add_all(cards.collect()).await);
        let book = w.book("ada", "H").await.expect("a book");
        store.work().reset();
        assert!(!allowed(book.privileges().await).modify);
        costs.push(store.work().steps());
    }
    assert_eq!(costs[0], costs[1], "steps of the engine");
}

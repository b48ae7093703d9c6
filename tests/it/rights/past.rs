//! History, the trash, refused changes, mass deletion, and the end of what was kept.

use carnet::domain::store::{News, Want};
use carnet::domain::{
    batch::{HistoryOp, Op},
    book::{Condition, Destination, Replace},
    core::Limits,
    error::Error,
    history::What,
    id::{RevisionId, Timestamp},
    rights::GroupRight::Add,
    sharing::How,
};

use super::{PRIVATE, World, allowed, hidden, refused, vcard};

pub fn moment() -> Timestamp {
    std::thread::sleep(std::time::Duration::from_millis(3));
    let now = Timestamp::now();
    std::thread::sleep(std::time::Duration::from_millis(3));
    now
}

#[tokio::test]
async fn history_shows_who_when_and_what_to_those_who_could_see_it() {
    let w = World::new().await;
    allowed(w.create("mia", PRIVATE, "q").await);
    allowed(w.modify("mia", PRIVATE, "q", "secret").await);
    allowed(w.modify("mia", PRIVATE, "q", "+33 2").await);
    allowed(w.grant("ada", "G", "mia", Add).await);
    allowed(w.share("mia", PRIVATE, "q", "G").await);
    allowed(w.grant_modify("mia", "G", "q", "max").await);
    allowed(w.modify("max", "G", "q", "+33 3").await);
    let history = async |login: &str, place: &str| {
        let placement = w.placement(login, place, "q").await.expect("q");
        let book = w.book(login, place).await.expect("a book");
        (
            book.history(&placement, 0).await.expect("a history").events,
            book,
            placement,
        )
    };
    let (events, book, placement) = history("zed", "G").await;
    let text = format!("{events:?}");
    assert!(
        !text.contains("secret"),
        "from before it was in the group: {text}"
    );
    let edits: Vec<RevisionId> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::Edited { before, .. } => Some(*before),
            _ => None,
        })
        .collect();
    assert_eq!(edits.len(), 1);
    assert_eq!(events[0].person_name, "max");
    assert_eq!(events[0].client, "web");
    refused(book.restore_version(&placement, edits[0]).await);
    let (events, book, placement) = history("mia", PRIVATE).await;
    assert!(format!("{events:?}").contains("secret"));
    allowed(book.restore_version(&placement, edits[0]).await);
    assert!(allowed(w.read("zed", "G", "q").await).contains("+33 2"));
    hidden(book.restore_version(&placement, RevisionId(9999)).await);
    w.check().await;
}

#[tokio::test]
async fn where_it_was_shared_is_told_by_name_to_members_only() {
    let w = World::new().await;
    allowed(w.grant("hugo", "H", "ada", Add).await);
    allowed(w.share("ada", "G", "k", "H").await);
    let told = async |login: &str| {
        let placement = w.placement(login, "G", "k").await.expect("k");
        let book = w.book(login, "G").await.expect("a book");
        let events = book.history(&placement, 0).await.expect("a history").events;
        let placed = events.into_iter().filter_map(|event| match event.what {
            What::Placed { place } => Some(place.map(|place| place.name)),
            _ => None,
        });
        placed.collect::<Vec<_>>()
    };
    let (g, h) = (Some("G".to_owned()), Some("H".to_owned()));
    assert_eq!(told("mia").await, [h, g.clone()], "creator, in both");
    assert_eq!(
        told("coco").await,
        [None, g.clone()],
        "runs the group it came from"
    );
    assert_eq!(told("zed").await, [g], "nothing to a plain member");
}

#[tokio::test]
async fn a_refused_change_is_copied_or_proposed_and_accepted() {
    let w = World::new().await;
    refused(w.modify("max", "G", "k", "+33 2").await);
    refused(w.modify("max", "G", "k", "+33 2").await);
    refused(w.modify("max", "G", "k", "+33 3").await);
    refused(w.create("max", "G", "new").await);
    let max = w.actor("max").await;
    let list = w.core.refused(&max, 0).await.expect("a list");
    assert_eq!(list.len(), 3, "the same once");
    let (new, third, second) = (&list[0], &list[1], &list[2]);
    assert_eq!(new.display, "new");
    allowed(w.core.copy_refused(&max, new.revision.id).await);
    let private = w.book("max", PRIVATE).await.expect("a book");
    assert_eq!(private.count().await.expect("a number"), 1);
    hidden(
        w.core
            .copy_refused(&w.actor("zed").await, third.revision.id)
            .await,
    );
    allowed(w.core.dismiss_refused(&max, third.revision.id).await);
    allowed(w.core.propose(&max, second.revision.id).await);
    assert!(w.core.refused(&max, 0).await.expect("a list")[0].proposed);
    // Seen by the creator alone; what changed meanwhile stays.
    assert!(
        w.core
            .proposals(&w.actor("ada").await, 0)
            .await
            .expect("a list")
            .is_empty()
    );
    hidden(
        w.core
            .accept_proposal(&w.actor("ada").await, second.revision.id)
            .await,
    );
    let book = w.book("mia", "G").await.expect("a book");
    let edit = vcard("k", "+33 1").replace("END", "NOTE:meanwhile\r\nEND");
    allowed(
        book.put("k.vcf", &Condition::None, &Replace(edit.into_bytes()))
            .await,
    );
    let mia = w.actor("mia").await;
    let proposals = w.core.proposals(&mia, 0).await.expect("a list");
    assert_eq!(proposals.len(), 1);
    assert_eq!(proposals[0].revision.person_name, "max");
    allowed(w.core.accept_proposal(&mia, second.revision.id).await);
    let text = allowed(w.read("zed", "G", "k").await);
    assert!(
        text.contains("+33 2") && text.contains("meanwhile"),
        "{text}"
    );
    assert!(w.core.proposals(&mia, 0).await.expect("a list").is_empty());
    let news = w.core.news(&max).await.expect("news");
    let told = news.iter().find(|told| told.what == News::Accepted);
    let told = &told.expect("told").notice;
    assert_eq!((&told.client[..], &told.subject[..]), ("mia", "k"));
    w.check().await;
}

#[tokio::test]
async fn who_proposes_a_change_learns_what_became_of_it() {
    let w = World::new().await;
    let phone = w.client("max", "CardDAV App").await;
    let book = w.core.open_group(&phone, "G").await.expect("a book");
    let edit = Replace(vcard("k", "+33 2").into_bytes());
    refused(book.put("k.vcf", &Condition::None, &edit).await);
    let max = w.actor("max").await;
    let alerts = async || w.core.notices(&max).await.expect("notices").len();
    assert_eq!(alerts().await, 1);
    let list = w.core.refused(&max, 0).await.expect("a list");
    allowed(w.core.propose(&max, list[0].revision.id).await);
    assert_eq!(alerts().await, 0, "nothing is left to be decided");
    let mia = w.actor("mia").await;
    allowed(w.core.decline_proposal(&mia, list[0].revision.id).await);
    let news = w.core.news(&max).await.expect("news");
    assert!(news.iter().any(|told| told.what == News::Declined));
    assert!(w.core.refused(&max, 0).await.expect("a list").is_empty());
    w.check().await;
}

#[tokio::test]
async fn a_refusal_changes_the_entity_tag_for_that_person_only() {
    let w = World::new().await;
    let etag = async |login: &str| {
        let book = w.book(login, "G").await.expect("a book");
        let placement = w.placement(login, "G", "k").await.expect("k");
        book.etag_of(&placement).await.expect("a tag")
    };
    let before = (etag("max").await, etag("mia").await);
    assert_eq!(before.0, before.1);
    refused(w.modify("max", "G", "k", "+33 2").await);
    assert_ne!(etag("max").await, before.0);
    assert_eq!(etag("mia").await, before.1);
}

#[tokio::test]
async fn a_client_that_removes_much_is_noticed_and_undone() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    let private = w.book("mia", PRIVATE).await.expect("a book");
    let cards = (0..160).map(|at| vcard(&format!("c{at}"), "+33 1").into_bytes());
    allowed(private.add_all(cards.collect()).await);
    let phone = w.client("mia", "EAS Phone").await;
    let book = w.core.default_book(&phone).await.expect("a book");
    for at in 0..60 {
        if at == 50 {
            assert!(w.core.notices(&mia).await.expect("notices").is_empty());
        }
        allowed(book.delete(&hrefs(&w, at).await, &Condition::None).await);
    }
    let notices = w.core.notices(&mia).await.expect("notices");
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].client, "EAS Phone");
    assert!(
        w.core
            .notices(&*w.actor("max").await)
            .await
            .expect("notices")
            .is_empty()
    );
    hidden(
        w.core
            .undo_notice(&w.actor("max").await, notices[0].id)
            .await,
    );
    // What another client does is left alone.
    allowed(w.modify("mia", PRIVATE, "c100", "+33 5").await);
    // What the client made since goes too, until that is taken back.
    let added = Replace(vcard("later", "+33 8").into_bytes());
    allowed(book.put("later.vcf", &Condition::Absent, &added).await);
    let (done, undos) = allowed(w.core.undo_notice(&mia, notices[0].id).await);
    assert_eq!((done.restored, done.removed, done.skipped), (60, 1, 0));
    assert_eq!(private.count().await.expect("a number"), 161);
    assert!(allowed(w.read("mia", PRIVATE, "c100").await).contains("+33 5"));
    assert!(w.core.notices(&mia).await.expect("notices").is_empty());
    assert_eq!(w.taken_back("mia", &undos).await, (61, 0));
    allowed(w.read("mia", PRIVATE, "later").await);
    assert_eq!(private.count().await.expect("a number"), 102);
    w.check().await;
}

#[tokio::test]
async fn what_pages_remove_and_what_is_back_is_no_mass_deletion() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    let private = w.eighty_held("mia").await;
    let remove = async |client: &str, range: std::ops::Range<usize>| {
        let client = w.client("mia", client).await;
        let book = w.core.default_book(&client).await.expect("a book");
        let mut placements = Vec::new();
        for at in range {
            let found = w.placement("mia", PRIVATE, &format!("c{at}")).await;
            placements.push(found.expect("a contact"));
        }
        let removed = allowed(book.remove_all(&placements).await).into_iter();
        let removals = removed.map(|done| done.expect("removed"));
        removals.collect::<Vec<RevisionId>>()
    };
    let told = async || w.core.notices(&mia).await.expect("notices");
    // Pages have an undo of their own.
    let removals = remove("web", 0..70).await;
    assert!(told().await.is_empty());
    allowed(private.restore(&removals).await);
    remove("web", 79..80).await;

    let removals = remove("EAS Phone", 0..60).await;
    assert_eq!(told().await[0].number, 60);
    allowed(private.restore(&removals[..20]).await);
    assert_eq!(told().await[0].number, 40);
    allowed(private.restore(&removals[20..]).await);
    assert!(told().await.is_empty());
    // What is back is counted no more, and nothing is held.
    remove("EAS Phone", 0..10).await;
    assert!(told().await.is_empty());
    w.check().await;
}

#[tokio::test]
async fn renaming_brings_nothing_back_that_was_removed() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    let private = w.book("mia", PRIVATE).await.expect("a book");
    let cards = (0..120).map(|at| vcard(&format!("c{at}"), "+33 1").into_bytes());
    allowed(private.add_all(cards.collect()).await);
    let client = w.client("mia", "CardDAV files").await;
    let book = w.core.default_book(&client).await.expect("a book");
    for at in 0..40 {
        allowed(book.delete(&hrefs(&w, at).await, &Condition::None).await);
        let renamed = format!("renamed{at}.vcf");
        let to = Destination {
            book: &book,
            href: &renamed,
            overwrite: false,
            properties: &[],
        };
        let from = hrefs(&w, 60 + at).await;
        let done = book.relocate(&from, &Condition::None, to, How::Move).await;
        assert!(done.is_ok(), "{done:?}");
    }
    for at in 40..51 {
        allowed(book.delete(&hrefs(&w, at).await, &Condition::None).await);
    }
    assert_eq!(w.core.notices(&mia).await.expect("notices").len(), 1);
    w.check().await;
}

async fn hrefs(w: &World, at: usize) -> String {
    let placement = w.placement("mia", PRIVATE, &format!("c{at}")).await;
    placement.expect("a contact").href
}

#[tokio::test]
async fn further_deletions_wait_where_the_person_wants_that() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    allowed(
        w.core
            .change_settings(&mia, |settings| settings.hold_mass_deletions = true)
            .await,
    );
    assert!(
        w.core
            .settings(&mia)
            .await
            .expect("settings")
            .hold_mass_deletions
    );
    let private = w.book("mia", PRIVATE).await.expect("a book");
    let cards = (0..80).map(|at| vcard(&format!("c{at}"), "+33 1").into_bytes());
    allowed(private.add_all(cards.collect()).await);
    let phone = w.client("mia", "EAS Phone").await;
    let book = w.core.default_book(&phone).await.expect("a book");
    for at in 0..51 {
        allowed(book.delete(&hrefs(&w, at).await, &Condition::None).await);
    }
    refused(book.delete(&hrefs(&w, 51).await, &Condition::None).await);
    // Another client goes on; and this one once confirmed.
    allowed(w.delete("mia", PRIVATE, "c52").await);
    let notice = w.core.notices(&mia).await.expect("notices")[0].clone();
    assert!(notice.held);
    allowed(w.core.confirm_notice(&mia, notice.id).await);
    allowed(book.delete(&hrefs(&w, 51).await, &Condition::None).await);
    w.check().await;
}

#[tokio::test]
async fn an_accepted_proposal_takes_nothing_back_that_others_wrote_meanwhile() {
    let w = World::new().await;
    // max's program has the card as it was; mia changes it.
    let program = w.client("max", "CardDAV App").await;
    let theirs = w.core.open_group(&program, "G").await.expect("a book");
    allowed(theirs.note_served(&theirs.cursor()).await);
    let new = vcard("k", "+33 2").replace("END", "EMAIL:k@example.org\r\nEND");
    let edit = Replace(new.into_bytes());
    let mias = w.book("mia", "G").await.expect("a book");
    allowed(mias.put("k.vcf", &Condition::None, &edit).await);
    let old = vcard("k", "+33 1").replace("END", "TITLE:Chef\r\nEND");
    let theirs = w.core.open_group(&program, "G").await.expect("a book");
    for condition in [Condition::None, Condition::Match(vec!["\"old\"".into()])] {
        let edit = Replace(old.clone().into_bytes());
        refused(theirs.put("k.vcf", &condition, &edit).await);
    }
    let max = w.actor("max").await;
    let kept = w.core.refused(&max, 0).await.expect("a list");
    assert_eq!(kept.len(), 1);
    allowed(w.core.propose(&max, kept[0].revision.id).await);
    let mia = w.actor("mia").await;
    allowed(w.core.accept_proposal(&mia, kept[0].revision.id).await);
    let text = allowed(w.read("mia", "G", "k").await);
    for line in ["TEL:+33 2", "EMAIL:k@example.org", "TITLE:Chef"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    w.check().await;
}

#[tokio::test]
async fn a_merge_loses_nothing_and_its_undo_keeps_what_was_written_since() {
    let w = World::new().await;
    allowed(w.create("mia", PRIVATE, "one").await);
    allowed(w.create("mia", PRIVATE, "two").await);
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let one = w.card("mia", PRIVATE, "one").await.expect("one");
    let two = w.card("mia", PRIVATE, "two").await.expect("two");
    let merged = vcard("one", "+33 1").replace("END", "TITLE:Chef\r\nEND");
    let list = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:list\r\nFN:list\r\nN:list;;;;\r\n\
                X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:two\r\nEND:VCARD\r\n";
    let list = Replace(list.as_bytes().to_vec());
    allowed(book.put("list.vcf", &Condition::Absent, &list).await);
    allowed(w.comment("mia", PRIVATE, "two", "met in Lille").await);
    let merge = allowed(book.merge(&one, &two, merged.as_bytes()).await);
    // The one kept is what the other was: to lists, and with its comments.
    let list = allowed(w.read("mia", PRIVATE, "list").await);
    assert!(
        list.contains("MEMBER:urn:uuid:one") && !list.contains("uuid:two"),
        "{list}"
    );
    assert_eq!(w.comments("mia", PRIVATE, "one").await, ["met in Lille"]);
    moment();
    let since = merged.replace("END", "NOTE:since\r\nEND");
    let edit = Replace(since.into_bytes());
    let book = w.book("mia", PRIVATE).await.expect("a book");
    allowed(book.put("one.vcf", &Condition::None, &edit).await);
    let kept = w.placement("mia", PRIVATE, "one").await.expect("one");
    let book = w.book("mia", PRIVATE).await.expect("a book");
    allowed(book.unmerge(&kept, merge).await);
    let text = allowed(w.read("mia", PRIVATE, "one").await);
    assert!(
        text.contains("NOTE:since") && !text.contains("TITLE"),
        "{text}"
    );
    allowed(w.read("mia", PRIVATE, "two").await);
    // Lists name the other again, and its comment is its own.
    let list = allowed(w.read("mia", PRIVATE, "list").await);
    assert!(
        list.contains("MEMBER:urn:uuid:two") && !list.contains("uuid:one"),
        "{list}"
    );
    assert!(w.comments("mia", PRIVATE, "one").await.is_empty());
    assert_eq!(w.comments("mia", PRIVATE, "two").await, ["met in Lille"]);
    w.check().await;
}

#[tokio::test]
async fn what_is_old_enough_ends() {
    let w = World::empty(Limits {
        trash_days: 0,
        ..Limits::default()
    })
    .await;
    allowed(w.create("mia", PRIVATE, "gone").await);
    allowed(w.create("mia", PRIVATE, "kept").await);
    allowed(w.modify("mia", PRIVATE, "gone", "+33 2").await);
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let since = book.cursor();
    allowed(w.delete("mia", PRIVATE, "gone").await);
    let revision = w
        .core
        .store()
        .trash(book.collection().id)
        .await
        .expect("the trash")[0]
        .revision;
    moment();
    allowed(w.core.purge(false).await);
    w.check().await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    assert!(book.trash().await.expect("a list").is_empty());
    hidden(book.restore(&[revision]).await.expect("outcomes").remove(0));
    // Clients are still told of the removal.
    let mut changes = book.changes(Some(&since), Want::Heads).expect("changes");
    assert_eq!(changes.next(10).await.expect("members").len(), 1);
    // Until the tombstones end too: then they start over.
    let now = Timestamp::now();
    let purge = Op::History(HistoryOp::Purge {
        versions_before: now,
        trash_before: now,
        tombstones_before: now,
    });
    moment();
    allowed(w.commit(purge).await);
    w.check().await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let stale = book.changes(Some(&since), Want::Heads).err();
    assert_eq!(stale, Some(Error::StaleCursor));
    allowed(w.read("mia", PRIVATE, "kept").await);
}

#[tokio::test]
async fn what_its_creator_withdrew_is_theirs_again() {
    let w = World::new().await;
    allowed(w.delete("mia", "G", "p").await);
    let edit = Replace(
        vcard("p", "secret")
            .replace("FN:p", "FN:hidden")
            .into_bytes(),
    );
    let private = w.book("mia", PRIVATE).await.expect("a book");
    allowed(private.put("p.vcf", &Condition::None, &edit).await);
    let trash = w.book("ada", "G").await.expect("a book").trash().await;
    assert!(trash.expect("a list").is_empty());
    refused(w.restore("ada", "G", "p").await);
    allowed(w.restore("mia", "G", "p").await);
    // Removed by others it can be brought back by those who delete; the trash shows what was there.
    allowed(w.delete("ada", "G", "p").await);
    let trash = w.book("coco", "G").await.expect("a book").trash().await;
    assert_eq!(trash.expect("a list")[0].removal.display, "hidden");
    allowed(w.restore("coco", "G", "hidden").await);
    w.check().await;
}

#[tokio::test]
async fn page_by_page_everybody_sees_of_the_trash_what_they_see_of_it_at_once() {
    let w = World::new().await;
    allowed(w.grant("ada", "G", "mia", Add).await);
    for (login, uid) in [("mia", "m1"), ("ada", "a1"), ("mia", "m2"), ("ada", "a2")] {
        allowed(w.create(login, "G", uid).await);
    }
    for uid in ["m1", "a1", "m2", "a2", "k"] {
        allowed(w.delete("ada", "G", uid).await);
    }
    allowed(w.delete("mia", "G", "p").await);
    allowed(w.restore("ada", "G", "a1").await);
    for (login, number) in [("ada", 4), ("mia", 4), ("max", 0)] {
        let book = w.book(login, "G").await.expect("a book");
        let whole = book.trash().await.expect("a trash");
        assert_eq!(whole.len(), number, "{login}");
        for rows in [1, 3, 9] {
            let (mut paged, mut before) = (Vec::new(), None);
            loop {
                let (page, more) = book.trash_page(before, rows).await.expect("a page");
                assert!(page.len() <= rows && (!more || page.len() == rows));
                before = page.last().map(|last| last.removal.place());
                paged.extend(page);
                if !more {
                    break;
                }
            }
            assert_eq!(paged, whole, "{login}, {rows} a page");
        }
    }
}

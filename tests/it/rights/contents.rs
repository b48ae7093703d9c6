//! One datum in several places: sharing, moving, tags, categories, comments, and what an edit costs.

use carnet::domain::{
    batch::{GroupOp, HistoryOp, Op},
    book::{Book, Condition, Replace},
    core::Limits,
    error::Error,
    grant::Grantee,
    id::{PersonId, Timestamp},
    principal::Role,
    rights::{GroupRight::Add, Modify},
    sharing::How,
    undo::Undo,
};

use super::{PRIVATE, World, allowed, hidden, invalid, past::moment, refused, vcard};
use crate::support::people::person;

#[tokio::test]
async fn sharing_names_who_holds_the_uid_there() {
    let w = World::new().await;
    allowed(w.grant("ada", "G", "everyone", Add).await);
    allowed(w.create("max", PRIVATE, "k").await);
    let outcome = w.share("max", PRIVATE, "k", "G").await;
    assert_eq!(
        outcome,
        Err(Error::UidConflict {
            href: "k.vcf".to_owned()
        })
    );
    // A PUT of a UID one can read elsewhere makes another contact, never a share.
    allowed(w.create("max", PRIVATE, "p").await);
    let mine = w.placement("max", PRIVATE, "p").await.expect("p").item;
    assert_ne!(mine, w.placement("max", "G", "p").await.expect("p").item);
    w.check().await;
}

#[tokio::test]
async fn moving_is_sharing_and_removing_in_one_step() {
    let w = World::new().await;
    allowed(w.create("mia", PRIVATE, "q").await);
    refused(w.bring("mia", PRIVATE, "q", "G", How::Move).await);
    allowed(w.read("mia", PRIVATE, "q").await);
    allowed(w.grant("ada", "G", "mia", Add).await);
    allowed(w.bring("mia", PRIVATE, "q", "G", How::Move).await);
    hidden(w.read("mia", PRIVATE, "q").await);
    allowed(w.read("max", "G", "q").await);
    // Between groups: no right to remove k from G, nothing done.
    allowed(w.grant("hugo", "H", "mia", Add).await);
    refused(w.bring("mia", "G", "k", "H", How::Move).await);
    hidden(w.read("hugo", "H", "k").await);
    allowed(w.grant("hugo", "H", "ada", Add).await);
    allowed(w.bring("ada", "G", "k", "H", How::Move).await);
    allowed(w.read("hugo", "H", "k").await);
    hidden(w.read("max", "G", "k").await);
    w.check().await;
}

#[tokio::test]
async fn every_place_moves_with_an_edit_and_only_with_that() {
    let w = World::new().await;
    let seq = async |login: &str, place: &str| {
        let book = w.book(login, place).await.expect("a book");
        book.collection().seq.0
    };
    let before = (
        seq("mia", PRIVATE).await,
        seq("mia", "G").await,
        seq("mia", "H").await,
    );
    allowed(w.modify("mia", "G", "p", "+33 2").await);
    let after = (
        seq("mia", PRIVATE).await,
        seq("mia", "G").await,
        seq("mia", "H").await,
    );
    assert_eq!(after, (before.0 + 1, before.1 + 1, before.2));
    // A tag on it moves the private placement alone; its group copies stay as they are.
    let mia = w.actor("mia").await;
    let tag = allowed(w.core.create_tag(&mia, "Urgent", "#ff0000").await);
    let placement = w.placement("mia", "G", "p").await.expect("p");
    let book = w.book("mia", "G").await.expect("a book");
    allowed(
        book.tag(std::slice::from_ref(&placement), &[tag], &[])
            .await,
    );
    let tagged = (seq("mia", PRIVATE).await, seq("mia", "G").await);
    assert_eq!(tagged, (after.0 + 1, after.1));
    assert!(allowed(w.read("mia", PRIVATE, "p").await).contains("CATEGORIES:Urgent"));
    assert!(!allowed(w.read("mia", "G", "p").await).contains("CATEGORIES"));
    // Off again, through the tag's deletion.
    allowed(w.core.delete_tag(&mia, tag).await);
    assert!(!allowed(w.read("mia", PRIVATE, "p").await).contains("CATEGORIES"));
    assert_eq!(seq("mia", "G").await, after.1);
    w.check().await;
}

#[tokio::test]
async fn categories_of_private_are_tags_and_those_of_a_group_are_content() {
    let w = World::new().await;
    let private = w.book("mia", PRIVATE).await.expect("a book");
    let with = |categories: &str| {
        let card = vcard("p", "+33 1").replace("TEL", &format!("CATEGORIES:{categories}\r\nTEL"));
        Replace(card.into_bytes())
    };
    let group = w.placement("mia", "G", "p").await.expect("p");
    allowed(
        private
            .put("p.vcf", &Condition::None, &with("Friends,Clients"))
            .await,
    );
    let mia = w.actor("mia").await;
    let names = async || {
        let tags = w.core.tags(&mia).await.expect("tags");
        tags.into_iter().map(|tag| tag.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["Clients", "Friends"]);
    assert_eq!(
        w.placement("mia", "G", "p").await.expect("p"),
        group,
        "nothing moved there"
    );
    // A renamed category is another tag; the former keeps existing.
    allowed(
        private
            .put("p.vcf", &Condition::None, &with("Friends,Customers"))
            .await,
    );
    assert_eq!(names().await, ["Clients", "Customers", "Friends"]);
    assert_eq!(
        private.tags_of(group.item).await.expect("tags"),
        ["Customers", "Friends"]
    );
    // In a group they are the card's own, whoever looks.
    let book = w.book("mia", "G").await.expect("a book");
    allowed(
        book.put("p.vcf", &Condition::None, &with("Suppliers"))
            .await,
    );
    assert!(allowed(w.read("max", "G", "p").await).contains("CATEGORIES:Suppliers"));
    assert_eq!(names().await, ["Clients", "Customers", "Friends"]);
    // Private shows the owner's, keeps the group's, and a write there changes only the owner's.
    let shown = allowed(w.read("mia", PRIVATE, "p").await);
    assert!(
        shown.contains("Friends") && !shown.contains("Suppliers"),
        "{shown}"
    );
    allowed(w.modify("mia", PRIVATE, "p", "+33 5").await);
    let shown = allowed(w.read("max", "G", "p").await);
    assert!(
        shown.contains("CATEGORIES:Suppliers") && shown.contains("+33 5"),
        "{shown}"
    );
    w.check().await;
}

#[tokio::test]
async fn tags_and_the_place_come_back_from_the_trash() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    let old = allowed(w.core.create_tag(&mia, "Old", "#111111").await);
    let new = allowed(w.core.create_tag(&mia, "New", "#222222").await);
    let placement = w.placement("mia", PRIVATE, "p").await.expect("p");
    let private = w.book("mia", PRIVATE).await.expect("a book");
    allowed(private.tag(&[placement], &[old], &[]).await);
    allowed(w.delete("mia", PRIVATE, "p").await);
    let in_group = w.placement("mia", "G", "p").await.expect("p");
    let group = w.book("mia", "G").await.expect("a book");
    allowed(group.tag(&[in_group], &[new], &[old]).await);
    allowed(w.restore("mia", PRIVATE, "p").await);
    let shown = allowed(w.read("mia", PRIVATE, "p").await);
    assert!(shown.contains("CATEGORIES:New"), "{shown}");
    w.check().await;
}

#[tokio::test]
async fn comments_go_with_a_contact_into_another_own_book_and_back() {
    let w = World::new().await;
    allowed(w.create("mia", PRIVATE, "q").await);
    allowed(w.comment("mia", PRIVATE, "q", "met in Lille").await);
    let private = w.book("mia", PRIVATE).await.expect("a book");
    let second = w.second("mia").await;
    let q = async |book: &Book| {
        let found = book.by_uid("q").await.expect("read");
        found.expect("q").placement
    };
    let said = async |book: &Book| -> Vec<(String, bool)> {
        let comments = allowed(book.comments(&q(book).await).await).into_iter();
        comments.map(|c| (c.comment.text, c.here)).collect()
    };
    let moved = async || {
        let q = q(&private).await;
        let placed = private.bring(&[q], &second, How::Move).await;
        allowed(allowed(placed).remove(0))
    };
    let here = [("met in Lille".to_owned(), true)];
    let placed = moved().await;
    assert_eq!(said(&second).await, here);
    let undo = Undo::Brought {
        from: private.collection().id,
        into: second.collection().id,
        items: vec![placed],
    };
    let mia = w.actor("mia").await;
    allowed(w.core.undo(&mia, &undo).await);
    assert_eq!(said(&private).await, here);

    // There it is the author's to change, what it said before too, and it stays when the trash ends.
    let placement = q(&private).await;
    let comment = allowed(private.comments(&placement).await).remove(0);
    let former = private
        .edit_comment(comment.comment.id, "met in Paris")
        .await;
    let former = allowed(former);
    moved().await;
    moment();
    let now = Timestamp::now();
    let purge = Op::History(HistoryOp::Purge {
        versions_before: Timestamp(0),
        trash_before: now,
        tombstones_before: Timestamp(0),
    });
    allowed(w.commit(purge).await);
    assert_eq!(said(&second).await, [("met in Paris".to_owned(), true)]);
    allowed(w.core.restore_comment(&mia, former).await);
    assert_eq!(said(&second).await, here);
    w.check().await;
}

#[tokio::test]
async fn comments_wait_for_a_contact_that_was_moved_into_a_group() {
    let w = World::new().await;
    allowed(w.create("mia", PRIVATE, "q").await);
    allowed(w.comment("mia", PRIVATE, "q", "met in Lille").await);
    allowed(w.grant("ada", "G", "mia", Add).await);
    allowed(w.bring("mia", PRIVATE, "q", "G", How::Move).await);
    moment();
    let purge = |before| {
        Op::History(HistoryOp::Purge {
            versions_before: Timestamp(0),
            trash_before: before,
            tombstones_before: before,
        })
    };
    allowed(w.commit(purge(Timestamp::now())).await);
    assert!(w.comments("mia", "G", "q").await.is_empty());
    allowed(w.bring("mia", "G", "q", PRIVATE, How::Move).await);
    assert_eq!(w.comments("mia", PRIVATE, "q").await, ["met in Lille"]);
    // They end with the contact.
    allowed(w.delete("mia", PRIVATE, "q").await);
    moment();
    allowed(w.commit(purge(Timestamp::now())).await);
    w.check().await;
}

#[tokio::test]
async fn comments_and_tags_refuse_what_cannot_be() {
    let w = World::new().await;
    invalid(w.comment("max", "G", "k", "  ").await);
    invalid(w.comment("max", "G", "k", &"x".repeat(10_001)).await);
    let placement = w.placement("max", "G", "k").await.expect("k");
    let max = w.actor("max").await;
    for (name, colour) in [
        ("", "#ffffff"),
        ("x", "red"),
        ("x", "#12345"),
        ("a\u{7}", "#ffffff"),
    ] {
        invalid(w.core.create_tag(&max, name, colour).await);
    }
    let zed = w.actor("zed").await;
    let tag = allowed(w.core.create_tag(&zed, "Mine", "#ffffff").await);
    let book = w.book("max", "G").await.expect("a book");
    hidden(
        book.tag(std::slice::from_ref(&placement), &[tag], &[])
            .await,
    );
    allowed(w.delete("ada", "G", "k").await);
    hidden(book.comment(&placement, "too late").await);
}

/// An edit costs its places, not the people in them.
#[tokio::test]
async fn an_edit_costs_the_same_however_many_read_it() {
    let mut costs = Vec::new();
    for members in [5, 200] {
        let data = tempfile::tempdir().expect("a folder");
        let store = std::sync::Arc::new(
            carnet::store::sqlite::Sqlite::open(data.path()).expect("a database"),
        );
        let w = World::with(store.clone(), data, Limits::default()).await;
        for group in ["A", "B", "C"] {
            allowed(w.core.found_group(&w.actor("mia").await, group, "").await);
            let id = w.group("mia", group).await.expect("a group").group().id;
            for at in 0..members {
                let login = format!("m{at}");
                let person = match w.core.store().person_by_login(&login).await.expect("read") {
                    Some(person) => person.id,
                    None => {
                        let op = Op::from(person(&login));
                        PersonId(allowed(w.commit(op).await))
                    }
                };
                let op = Op::Group(GroupOp::SetMember {
                    group: id,
                    person,
                    role: Role::Member,
                });
                allowed(w.commit(op).await);
            }
        }
        allowed(w.create("mia", "A", "x").await);
        allowed(w.share("mia", "A", "x", "B").await);
        allowed(w.share("mia", "A", "x", "C").await);
        // The worst case: granted to each member one by one.
        let placement = w.placement("mia", "A", "x").await.expect("x");
        let members = w
            .group("mia", "A")
            .await
            .expect("a group")
            .members()
            .await
            .expect("members");
        let grantees: Vec<Grantee> = members.iter().map(|m| Grantee::Member(m.person)).collect();
        let book = w.book("mia", "A").await.expect("a book");
        allowed(
            book.grant_modify(&placement, &grantees, Modify::Granted)
                .await,
        );
        let person = w.id("m1").await;
        let actor = std::sync::Arc::new(
            w.core
                .actor(person, Default::default())
                .await
                .expect("an actor"),
        );
        let book = w
            .core
            .open(&actor, placement.collection)
            .await
            .expect("a book");
        store.work().reset();
        let edit = Replace(vcard("x", "+33 2").into_bytes());
        allowed(book.put("x.vcf", &Condition::None, &edit).await);
        costs.push(store.work().steps());
    }
    assert_eq!(costs[0], costs[1], "steps of the engine");
}

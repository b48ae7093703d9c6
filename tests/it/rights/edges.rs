//! Groups run by people, tags and categories, history, refused changes, mass deletion, and bad input.

use carnet::domain::{
    batch::Op,
    book::{Condition, Replace},
    core::Limits,
    error::Error,
    grant::{Grantee, Reason},
    group::Leaving,
    history::What,
    id::{PersonId, RevisionId, Timestamp},
    principal::Role,
    rights::GroupRight::{self, Add, AddDelete},
    sharing::How,
};

use super::{PRIVATE, World, allowed, hidden, invalid, refused, vcard};

fn moment() -> Timestamp {
    std::thread::sleep(std::time::Duration::from_millis(3));
    let now = Timestamp::now();
    std::thread::sleep(std::time::Duration::from_millis(3));
    now
}

#[tokio::test]
async fn a_group_is_run_by_people() {
    let w = World::new().await;
    let group = w.group("ada", "G").await.expect("a group");
    let zed = w.id("zed").await;
    // Only the admin names co-administrators, renames, hands over, deletes.
    for login in ["coco", "max"] {
        let group = w.group(login, "G").await.expect("a group");
        refused(group.set_role(zed, Role::CoAdmin).await);
        refused(group.hand_over(zed).await);
        refused(group.rename("Other").await);
        refused(group.delete().await);
    }
    refused(
        w.group("max", "G")
            .await
            .expect("a group")
            .add_member("nora")
            .await,
    );
    refused(
        w.group("max", "G")
            .await
            .expect("a group")
            .remove_member(zed)
            .await,
    );
    allowed(
        w.group("coco", "G")
            .await
            .expect("a group")
            .add_member("nora")
            .await,
    );
    allowed(
        w.group("coco", "G")
            .await
            .expect("a group")
            .remove_member(w.id("nora").await)
            .await,
    );
    allowed(group.rename("Le groupe").await);
    let shown = w.book("max", "G").await.expect("a book");
    assert_eq!(shown.collection().display_name, "Le groupe");
    assert_eq!(shown.collection().segment, "G");
    // The administrator leaves after handing over only.
    invalid(group.leave(Leaving::LeaveCopies).await);
    allowed(group.hand_over(w.id("coco").await).await);
    let members = group.members().await.expect("members");
    let role = |login: &str| members.iter().find(|m| m.login == login).map(|m| m.role);
    assert_eq!(role("coco"), Some(Role::Admin));
    assert_eq!(role("ada"), Some(Role::CoAdmin));
    let group = w.group("ada", "G").await.expect("a group");
    allowed(group.leave(Leaving::LeaveCopies).await);
    hidden(w.group("ada", "G").await.map(drop));
    w.check().await;
}

#[tokio::test]
async fn an_invitation_is_used_once_and_in_time() {
    let w = World::new().await;
    let group = w.group("coco", "G").await.expect("a group");
    let token = allowed(group.invite("nora@example.org").await);
    invalid(group.invite("no address").await);
    refused(
        w.group("max", "G")
            .await
            .expect("a group")
            .invite("a@b.example")
            .await,
    );
    allowed(
        w.core
            .accept_invitation(&w.actor("nora").await, &token)
            .await,
    );
    allowed(w.read("nora", "G", "k").await);
    hidden(
        w.core
            .accept_invitation(&w.actor("ivo").await, &token)
            .await,
    );
    let expired = Op::Invite {
        group: group.group().id,
        token: carnet::domain::item::digest(b"old"),
        email: "x@example.org".to_owned(),
        expires: Timestamp::now().plus_days(-1),
    };
    allowed(w.commit(expired).await);
    hidden(w.core.accept_invitation(&w.actor("ivo").await, "old").await);
}

#[tokio::test]
async fn founding_is_open_or_for_administrators() {
    let w = World::empty(Limits {
        administrators_found: true,
        ..Limits::default()
    })
    .await;
    refused(w.core.found_group(&w.actor("max").await, "Club", "").await);
    let ivo = w.actor("ivo").await;
    allowed(w.core.found_group(&ivo, "Club", "The club").await);
    for (name, taken) in [
        ("Club", true),
        ("CLUB", true),
        ("a/b", false),
        ("..", false),
        ("", false),
        ("x\u{0}", false),
        ("a?b#c", false),
    ] {
        let outcome = w.core.found_group(&ivo, name, "x").await;
        match taken {
            true => assert!(matches!(outcome, Err(Error::Exists(_))), "{name}"),
            false => assert!(matches!(outcome, Err(Error::Invalid(_))), "{name}"),
        }
    }
    w.check().await;
}

#[tokio::test]
async fn grants_are_summed_up_and_refused_to_strangers() {
    let w = World::new().await;
    let ivo = w.id("ivo").await;
    invalid(w.grant("ada", "G", "ivo", Add).await);
    invalid(w.grant_modify("mia", "G", "k", "ivo").await);
    let unknown = Grantee::Member(PersonId(999));
    let group = w.group("ada", "G").await.expect("a group");
    invalid(group.grant(&[Grantee::Everyone, unknown], Add).await);
    assert!(
        group.grants().await.expect("grants").is_empty(),
        "all or none"
    );
    let several = [
        Grantee::Everyone,
        w.grantee("max").await,
        w.grantee("zed").await,
    ];
    allowed(group.grant(&several, AddDelete).await);
    let grants = group.grants().await.expect("grants");
    let names: Vec<&str> = grants.iter().map(|grant| grant.name.as_str()).collect();
    assert_eq!(names, ["", "max", "zed"]);
    allowed(group.grant(&several, GroupRight::None).await);
    assert!(group.grants().await.expect("grants").is_empty());

    allowed(w.grant_modify("mia", "G", "k", "everyone").await);
    allowed(w.grant_modify("mia", "G", "k", "max").await);
    let placement = w.placement("zed", "G", "k").await.expect("k");
    let book = w.book("zed", "G").await.expect("a book");
    let modifiers = book.modifiers(&placement).await.expect("a summary");
    let summary: Vec<(&str, Reason)> = modifiers
        .iter()
        .map(|m| (m.name.as_str(), m.reason))
        .collect();
    assert_eq!(
        summary,
        [
            ("mia", Reason::Creator),
            ("", Reason::Granted),
            ("max", Reason::Granted)
        ]
    );
    // Grants end with the membership, whoever ends it.
    allowed(group.remove_member(w.id("max").await).await);
    assert_eq!(
        book.modifiers(&placement).await.expect("a summary").len(),
        2
    );
    let direct = Op::GrantItem {
        item: placement.item,
        collection: placement.collection,
        person: Some(ivo),
        modify: true,
    };
    invalid(w.commit(direct).await);
    w.check().await;
}

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
    allowed(book.tag(&[placement.clone()], &[tag], &[]).await);
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
            book.history(&placement).await.expect("a history"),
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
        let events = book.history(&placement).await.expect("a history");
        let placed = events.into_iter().filter_map(|event| match event.what {
            What::Placed { place } => Some(place),
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
async fn a_place_goes_back_to_a_moment() {
    let w = World::new().await;
    for uid in ["a", "b", "c"] {
        allowed(w.create("mia", PRIVATE, uid).await);
    }
    let then = moment();
    allowed(w.modify("mia", PRIVATE, "a", "+33 9").await);
    allowed(w.modify("mia", PRIVATE, "b", "+33 9").await);
    allowed(w.delete("mia", PRIVATE, "b").await);
    allowed(w.create("mia", PRIVATE, "d").await);
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let done = allowed(book.restore_place_at(then).await);
    assert_eq!(
        (done.restored, done.reverted, done.removed, done.skipped),
        (1, 2, 1, 0)
    );
    for uid in ["a", "b", "c", "p"] {
        assert!(
            allowed(w.read("mia", PRIVATE, uid).await).contains("+33 1"),
            "{uid}"
        );
    }
    hidden(w.read("mia", PRIVATE, "d").await);
    w.check().await;
}

#[tokio::test]
async fn a_refused_change_is_copied_or_proposed_and_accepted() {
    let w = World::new().await;
    refused(w.modify("max", "G", "k", "+33 2").await);
    refused(w.modify("max", "G", "k", "+33 2").await);
    refused(w.modify("max", "G", "k", "+33 3").await);
    refused(w.create("max", "G", "new").await);
    let max = w.actor("max").await;
    let list = w.core.refused(&max).await.expect("a list");
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
    assert!(w.core.refused(&max).await.expect("a list")[0].proposed);
    // Seen by the creator alone; what changed meanwhile stays.
    assert!(
        w.core
            .proposals(&w.actor("ada").await)
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
    let proposals = w.core.proposals(&mia).await.expect("a list");
    assert_eq!(proposals.len(), 1);
    assert_eq!(proposals[0].revision.person_name, "max");
    allowed(w.core.accept_proposal(&mia, second.revision.id).await);
    let text = allowed(w.read("zed", "G", "k").await);
    assert!(
        text.contains("+33 2") && text.contains("meanwhile"),
        "{text}"
    );
    assert!(w.core.proposals(&mia).await.expect("a list").is_empty());
    w.check().await;
}

#[tokio::test]
async fn a_refusal_changes_the_entity_tag_for_that_person_only() {
    let w = World::new().await;
    let etag = async |login: &str| {
        let book = w.book(login, "G").await.expect("a book");
        let placement = w.placement(login, "G", "k").await.expect("k");
        book.marks().await.expect("marks").etag(&placement)
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
    let done = allowed(w.core.undo_notice(&mia, notices[0].id).await);
    assert_eq!((done.restored, done.skipped), (60, 0));
    assert_eq!(private.count().await.expect("a number"), 161);
    assert!(allowed(w.read("mia", PRIVATE, "c100").await).contains("+33 5"));
    assert!(w.core.notices(&mia).await.expect("notices").is_empty());
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
    allowed(w.core.hold_mass_deletions(&mia, true).await);
    assert!(w.core.holds_mass_deletions(&mia).await.expect("a setting"));
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
async fn undoing_a_client_keeps_what_others_changed() {
    let w = World::new().await;
    let since = moment();
    let phone = w.client("mia", "CardDAV App").await;
    let book = w.core.default_book(&phone).await.expect("a book");
    let edit = vcard("p", "+33 9").replace("FN:p", "FN:P P");
    allowed(
        book.put("p.vcf", &Condition::None, &Replace(edit.into_bytes()))
            .await,
    );
    let new = Replace(vcard("junk", "+33 0").into_bytes());
    allowed(book.put("junk.vcf", &Condition::None, &new).await);
    let other = w.book("mia", "G").await.expect("a book");
    let edit = vcard("p", "+33 9")
        .replace("FN:p", "FN:P P")
        .replace("END", "NOTE:kept\r\nEND");
    allowed(
        other
            .put("p.vcf", &Condition::None, &Replace(edit.into_bytes()))
            .await,
    );
    let mia = w.actor("mia").await;
    let done = allowed(w.core.undo_client(&mia, "CardDAV App", since).await);
    assert_eq!((done.reverted, done.removed, done.skipped), (1, 1, 0));
    let text = allowed(w.read("max", "G", "p").await);
    assert!(
        text.contains("+33 1") && text.contains("FN:p\r") && text.contains("NOTE:kept"),
        "{text}"
    );
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
    allowed(w.core.purge().await);
    w.check().await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    assert!(book.trash().await.expect("a list").is_empty());
    hidden(book.restore(&[revision]).await.expect("outcomes").remove(0));
    // Clients are still told of the removal.
    let changes = book.changes(Some(&since), 10).await.expect("changes");
    assert_eq!(changes.members.len(), 1);
    // Until the tombstones end too: then they start over.
    let now = Timestamp::now();
    let purge = Op::Purge {
        versions_before: now,
        trash_before: now,
        tombstones_before: now,
    };
    moment();
    allowed(w.commit(purge).await);
    w.check().await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let stale = book.changes(Some(&since), 10).await;
    assert!(matches!(stale, Err(Error::StaleCursor)), "{stale:?}");
    allowed(w.read("mia", PRIVATE, "kept").await);
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
    hidden(book.tag(&[placement.clone()], &[tag], &[]).await);
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
                        let op = Op::AddPerson {
                            login: login.clone(),
                            email: None,
                            name: login,
                            admin: false,
                            password_hash: String::new(),
                        };
                        PersonId(allowed(w.commit(op).await))
                    }
                };
                let op = Op::SetMember {
                    group: id,
                    person,
                    role: Role::Member,
                };
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
        allowed(book.grant_modify(&placement, &grantees, true).await);
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

//! The 75 cases, in the domain: one test per case, by its number. Documents (58, 59) and verification
//! (60, 61) are decided here and done elsewhere; 64 to 72 are about the protocols (`faces.rs`).

use carnet::domain::store::Want;
use carnet::domain::{
    batch::{Op, PersonOp},
    error::Error,
    group::Leaving,
    principal::GroupOptions,
    rights::{
        GroupRight::{self, Add, AddDelete},
        Modify,
    },
    sharing::How,
};

use super::{PRIVATE, World, allowed, hidden, refused};

/// `case!(number, |w| { ... })`
macro_rules! case {
    ($name:ident, $w:ident, $body:block) => {
        #[tokio::test]
        async fn $name() {
            let $w = World::new().await;
            $body
            $w.check().await;
        }
    };
}

case!(case_01_a_member_reads, w, {
    allowed(w.read("max", "G", "k").await);
});

case!(case_02_the_admin_of_another_group_does_not, w, {
    hidden(w.read("hugo", "G", "k").await);
});

case!(case_03_nor_does_an_outsider_by_the_exact_address, w, {
    hidden(w.read("ivo", "G", "k").await);
    let book = w.book("mia", "G").await.expect("a book").collection().id;
    hidden(w.core.open(&w.actor("ivo").await, book).await.map(drop));
    let placement = w.placement("mia", "G", "k").await.expect("k").id;
    hidden(w.core.withdraw(&w.actor("ivo").await, placement).await);
});

case!(case_04_read_cannot_be_withdrawn, w, {
    allowed(w.grant("ada", "G", "max", GroupRight::None).await);
    allowed(
        w.set_modify("mia", "G", "k", "max", Modify::Withdrawn)
            .await,
    );
    allowed(w.read("max", "G", "k").await);
});

case!(case_05_06_08_roles_and_membership_do_not_modify, w, {
    for login in ["ada", "coco", "max"] {
        refused(w.modify(login, "G", "k", "+33 2").await);
    }
});

case!(case_07_the_creator_modifies, w, {
    allowed(w.modify("mia", "G", "k", "+33 2").await);
});

case!(case_09_a_grant_to_a_member, w, {
    allowed(w.grant_modify("mia", "G", "k", "max").await);
    allowed(w.modify("max", "G", "k", "+33 2").await);
    refused(w.modify("zed", "G", "k", "+33 3").await);
});

case!(case_10_a_grant_to_the_group, w, {
    allowed(w.grant_modify("mia", "G", "k", "everyone").await);
    allowed(w.modify("zed", "G", "k", "+33 2").await);
});

case!(case_11_is_dynamic, w, {
    allowed(w.grant_modify("mia", "G", "k", "everyone").await);
    w.join("nora", "G").await;
    allowed(w.modify("nora", "G", "k", "+33 2").await);
});

case!(case_12_grants_one_by_one_are_not, w, {
    for login in ["max", "zed", "coco", "ada"] {
        allowed(w.grant_modify("mia", "G", "k", login).await);
    }
    w.join("nora", "G").await;
    refused(w.modify("nora", "G", "k", "+33 2").await);
});

case!(case_13_who_left_cannot_even_read, w, {
    allowed(w.grant_modify("mia", "G", "k", "everyone").await);
    let stale = w.book("zed", "G").await.expect("a book");
    leave(&w, "zed", Leaving::LeaveCopies).await;
    hidden(w.modify("zed", "G", "k", "+33 2").await);
    // Even through a book opened before: the commit decides at the moment of the write.
    let edit = carnet::domain::book::Replace(super::vcard("k", "+33 2").into_bytes());
    hidden(stale.put("k.vcf", &Default::default(), &edit).await);
});

case!(case_14_coming_back_does_not_revive_a_grant, w, {
    allowed(w.grant_modify("mia", "G", "k", "max").await);
    leave(&w, "max", Leaving::LeaveCopies).await;
    w.join("max", "G").await;
    refused(w.modify("max", "G", "k", "+33 2").await);
});

case!(case_15_a_revoked_grant_keeps_the_refused_change, w, {
    allowed(w.grant_modify("mia", "G", "k", "max").await);
    allowed(
        w.set_modify("mia", "G", "k", "max", Modify::Withdrawn)
            .await,
    );
    refused(w.modify("max", "G", "k", "+33 2").await);
    let kept = w
        .core
        .refused(&w.actor("max").await, 0)
        .await
        .expect("a list");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].differences.len(), 1);
    assert_eq!(kept[0].differences[0].before.as_deref(), Some("+33 1"));
    assert_eq!(kept[0].differences[0].after.as_deref(), Some("+33 2"));
});

case!(case_16_17_18_only_the_creator_grants_modify, w, {
    refused(w.grant_modify("max", "G", "k", "zed").await);
    refused(w.grant_modify("ada", "G", "k", "zed").await);
    allowed(w.grant_modify("mia", "G", "k", "max").await);
    refused(w.grant_modify("max", "G", "k", "zed").await);
});

case!(case_19_20_21_22_adding, w, {
    refused(w.create("mia", "G", "n1").await);
    allowed(w.create("coco", "G", "n2").await);
    allowed(w.grant("ada", "G", "mia", Add).await);
    allowed(w.create("mia", "G", "n1").await);
    refused(w.create("zed", "G", "n3").await);
    allowed(w.grant("ada", "G", "everyone", Add).await);
    let import = (0..3).map(|at| super::vcard(&format!("i{at}"), "+33 1").into_bytes());
    let zed = w.book("zed", "G").await.expect("a book");
    let outcomes = allowed(zed.add_all(import.collect()).await);
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
});

case!(case_23_add_alone_does_not_delete_what_one_created, w, {
    allowed(w.grant("ada", "G", "mia", Add).await);
    refused(w.delete("mia", "G", "k").await);
    // The group's option.
    let options = GroupOptions {
        creators_delete: true,
        ..GroupOptions::default()
    };
    let group = w.group("ada", "G").await.expect("a group");
    allowed(group.set_options(options).await);
    allowed(w.delete("mia", "G", "k").await);
});

case!(case_24_25_add_and_delete, w, {
    allowed(w.grant("ada", "G", "max", AddDelete).await);
    refused(w.modify("max", "G", "k", "+33 2").await);
    allowed(w.delete("max", "G", "k").await);
    let trash = w.book("max", "G").await.expect("a book").trash().await;
    let trash = trash.expect("a list");
    assert_eq!(trash.len(), 1);
    assert_eq!(trash[0].removal.display, "k");
    assert_eq!(trash[0].removal.person_name, "max");
    // Zed neither deletes, nor removed it, nor created it: not in his trash.
    let zed = w.book("zed", "G").await.expect("a book");
    assert!(zed.trash().await.expect("a list").is_empty());
});

case!(case_26_the_creator_takes_a_copy, w, {
    allowed(w.grant("ada", "G", "max", AddDelete).await);
    allowed(w.delete("max", "G", "k").await);
    refused(w.restore("mia", "G", "k").await);
    let mia = w.actor("mia").await;
    let lost = w.core.lost_creations(&mia).await.expect("a list");
    assert_eq!(lost.len(), 1);
    allowed(w.core.copy_removed(&mia, lost[0].revision).await);
    let private = w.book("mia", PRIVATE).await.expect("a book");
    assert_eq!(private.count().await.expect("a number"), 2);
    hidden(
        w.core
            .copy_removed(&w.actor("zed").await, lost[0].revision)
            .await,
    );
    // With Add the creator restores it.
    allowed(w.grant("ada", "G", "mia", Add).await);
    allowed(w.restore("mia", "G", "k").await);
});

case!(case_27_restored_with_comments_and_grants, w, {
    for restorer in ["max", "ada"] {
        allowed(w.grant("ada", "G", "max", AddDelete).await);
        if restorer == "max" {
            allowed(w.grant_modify("mia", "G", "k", "zed").await);
            allowed(w.comment("zed", "G", "k", "hello").await);
        }
        allowed(w.delete("max", "G", "k").await);
        allowed(w.restore(restorer, "G", "k").await);
        assert_eq!(w.comments("max", "G", "k").await, ["hello"]);
        allowed(w.modify("zed", "G", "k", restorer).await);
    }
});

case!(case_28_the_admin_deletes, w, {
    allowed(w.delete("ada", "G", "k").await);
});

case!(case_29_a_member_grants_nothing_on_the_group, w, {
    refused(w.grant("max", "G", "zed", Add).await);
});

case!(case_30_31_32_sharing_needs_add, w, {
    allowed(w.create("mia", PRIVATE, "q").await);
    refused(w.share("mia", PRIVATE, "q", "G").await);
    refused(w.share("mia", PRIVATE, "q", "H").await);
    allowed(w.grant("ada", "G", "mia", Add).await);
    assert!(allowed(w.share("mia", PRIVATE, "q", "G").await).same);
    let private = w.placement("mia", PRIVATE, "q").await.expect("q");
    let shared = w.placement("max", "G", "q").await.expect("q");
    assert_eq!(private.item, shared.item);
    // Twice is no more than once.
    allowed(w.share("mia", PRIVATE, "q", "G").await);
    assert_eq!(w.placement("max", "G", "q").await.expect("q").id, shared.id);
});

case!(case_33_34_an_edit_anywhere_is_seen_everywhere, w, {
    allowed(w.modify("mia", PRIVATE, "p", "+33 7").await);
    assert!(allowed(w.read("max", "G", "p").await).contains("+33 7"));
    allowed(w.grant_modify("mia", "G", "p", "max").await);
    allowed(w.modify("max", "G", "p", "+33 8").await);
    assert!(allowed(w.read("mia", PRIVATE, "p").await).contains("+33 8"));
});

case!(case_35_36_removed_from_the_group_only, w, {
    allowed(w.grant("ada", "G", "max", AddDelete).await);
    let private = w
        .book("mia", PRIVATE)
        .await
        .expect("a book")
        .collection()
        .id;
    allowed(w.delete("max", "G", "p").await);
    allowed(w.read("mia", PRIVATE, "p").await);
    hidden(w.core.open(&w.actor("max").await, private).await.map(drop));
    let placement = w.placement("mia", PRIVATE, "p").await.expect("p").id;
    hidden(w.core.withdraw(&w.actor("max").await, placement).await);
});

case!(case_37_removed_from_private_only, w, {
    allowed(w.delete("mia", PRIVATE, "p").await);
    allowed(w.modify("mia", "G", "p", "+33 2").await);
    assert!(allowed(w.read("max", "G", "p").await).contains("+33 2"));
});

case!(case_38_who_shared_withdraws, w, {
    allowed(w.delete("mia", "G", "p").await);
    allowed(w.read("mia", PRIVATE, "p").await);
    hidden(w.read("max", "G", "p").await);
});

/// Ada shares p from G into H.
async fn reshared(w: &World) {
    allowed(w.grant("hugo", "H", "ada", Add).await);
    assert!(allowed(w.share("ada", "G", "p", "H").await).same);
}

case!(case_39_40_shared_on, w, {
    reshared(&w).await;
    allowed(w.read("hugo", "H", "p").await);
    allowed(w.delete("mia", "G", "p").await);
    allowed(w.read("hugo", "H", "p").await);
    hidden(w.read("max", "G", "p").await);
});

case!(case_41_the_creator_withdraws_from_any_group, w, {
    reshared(&w).await;
    // Also from one she is not in any more, whose name she is not told.
    let mia = w.id("mia").await;
    let copy = w.group("hugo", "H").await.expect("a group");
    allowed(copy.remove_member(mia).await);
    reshared_anew(&w).await;
    let private = w.book("mia", PRIVATE).await.expect("a book");
    let placement = w.placement("mia", PRIVATE, "p").await.expect("p");
    let places = private.places(&placement).await.expect("places");
    let unknown = places.iter().find(|place| place.known.is_none());
    let unknown = unknown.expect("a place without a name");
    assert!(unknown.may_withdraw);
    allowed(
        w.core
            .withdraw(&w.actor("mia").await, unknown.placement)
            .await,
    );
    hidden(w.read("hugo", "H", "p").await);
});

/// The group kept its copy when Mia went; that is deleted, and p comes from G once more.
async fn reshared_anew(w: &World) {
    allowed(w.delete("hugo", "H", "p").await);
    assert!(allowed(w.share("ada", "G", "p", "H").await).same);
}

case!(case_41_in_the_plain_case, w, {
    reshared(&w).await;
    allowed(w.delete("mia", "H", "p").await);
});

case!(case_42_who_placed_it_withdraws, w, {
    reshared(&w).await;
    allowed(w.delete("ada", "H", "p").await);
});

case!(case_43_the_admin_there_removes, w, {
    reshared(&w).await;
    allowed(w.delete("hugo", "H", "p").await);
    allowed(w.read("max", "G", "p").await);
    allowed(w.read("mia", PRIVATE, "p").await);
});

case!(case_44_a_grant_through_a_group_it_left_is_void, w, {
    reshared(&w).await;
    w.join("max", "H").await;
    allowed(w.grant_modify("mia", "G", "p", "max").await);
    allowed(w.modify("max", "H", "p", "+33 2").await);
    allowed(w.delete("mia", "G", "p").await);
    refused(w.modify("max", "H", "p", "+33 3").await);
});

case!(case_45_members_may_not_share_outside, w, {
    let options = GroupOptions {
        share_outside: false,
        ..GroupOptions::default()
    };
    let group = w.group("ada", "G").await.expect("a group");
    allowed(group.set_options(options).await);
    allowed(w.grant("hugo", "H", "ada", Add).await);
    w.join("zed", "H").await;
    allowed(w.grant("hugo", "H", "zed", Add).await);
    refused(w.share("zed", "G", "k", "H").await);
    allowed(w.share("ada", "G", "k", "H").await);
    // Its creator may.
    allowed(w.grant("hugo", "H", "mia", Add).await);
    allowed(w.share("mia", "G", "p", "H").await);
});

async fn leave(w: &World, login: &str, leaving: Leaving) {
    let group = w.group(login, "G").await.expect("a group");
    allowed(group.leave(leaving).await);
}

case!(case_46_47_48_custody, w, {
    leave(&w, "mia", Leaving::LeaveCopies).await;
    allowed(w.modify("ada", "G", "k", "+33 2").await);
    allowed(w.modify("coco", "G", "k", "+33 3").await);
    refused(w.modify("zed", "G", "k", "+33 4").await);
    allowed(w.grant_modify("ada", "G", "k", "zed").await);
    allowed(w.modify("zed", "G", "k", "+33 4").await);
    w.join("mia", "G").await;
    refused(w.modify("ada", "G", "k", "+33 5").await);
    allowed(w.modify("mia", "G", "k", "+33 5").await);
    allowed(w.modify("zed", "G", "k", "+33 6").await);
});

case!(case_49_the_group_keeps_a_copy, w, {
    allowed(w.grant_modify("mia", "G", "p", "zed").await);
    allowed(w.comment("max", "G", "p", "ours").await);
    leave(&w, "mia", Leaving::LeaveCopies).await;
    allowed(w.modify("mia", PRIVATE, "p", "+33 9").await);
    assert!(allowed(w.read("max", "G", "p").await).contains("+33 1"));
    let copy = w.placement("max", "G", "p").await.expect("the copy");
    assert_eq!(copy.href, "p.vcf");
    assert_eq!(copy.creator, w.id("mia").await);
    // In custody, with the creator's former grants and the group's comments.
    allowed(w.modify("ada", "G", "p", "+33 2").await);
    allowed(w.modify("zed", "G", "p", "+33 3").await);
    assert_eq!(w.comments("max", "G", "p").await, ["ours"]);
    assert!(allowed(w.read("mia", PRIVATE, "p").await).contains("+33 9"));
});

case!(case_50_taken_back, w, {
    leave(&w, "mia", Leaving::TakeBack).await;
    hidden(w.read("max", "G", "p").await);
    allowed(w.read("mia", PRIVATE, "p").await);
    allowed(w.read("max", "G", "k").await);
});

case!(case_51_52_53_comments_stay_in_their_place, w, {
    allowed(w.comment("max", "G", "k", "on k").await);
    assert_eq!(w.comments("zed", "G", "k").await, ["on k"]);
    reshared(&w).await;
    allowed(w.comment("max", "G", "p", "in G").await);
    allowed(w.comment("mia", PRIVATE, "p", "mine").await);
    assert!(w.comments("hugo", "H", "p").await.is_empty());
    assert_eq!(w.comments("max", "G", "p").await, ["in G"]);
    // Whoever reads in several places reads all of them, wherever they look.
    assert_eq!(w.comments("mia", PRIVATE, "p").await, ["mine", "in G"]);
    assert_eq!(w.comments("ada", "H", "p").await, ["in G"]);
});

case!(case_54_deleting_a_comment, w, {
    for deleter in ["zed", "ada", "max"] {
        allowed(w.comment("max", "G", "k", "hello").await);
        let placement = w.placement("max", "G", "k").await.expect("k");
        let book = w.book(deleter, "G").await.expect("a book");
        let comment = book.comments(&placement).await.expect("comments")[0]
            .comment
            .id;
        match deleter {
            "zed" => {
                refused(book.delete_comment(comment).await);
                refused(book.edit_comment(comment, "else").await);
            }
            "ada" => {
                refused(book.edit_comment(comment, "else").await);
                allowed(book.delete_comment(comment).await);
            }
            _ => {
                allowed(book.edit_comment(comment, "else").await);
                assert_eq!(w.comments("zed", "G", "k").await[0], "else");
                allowed(book.delete_comment(comment).await);
            }
        }
    }
});

case!(case_55_56_57_tags, w, {
    let zed = w.actor("zed").await;
    let tag = allowed(w.core.create_tag(&zed, "Urgent", "#ff0000").await);
    let before = w.placement("max", "G", "k").await.expect("k");
    let book = w.book("zed", "G").await.expect("a book");
    allowed(book.tag(std::slice::from_ref(&before), &[tag], &[]).await);
    let after = w.placement("max", "G", "k").await.expect("k");
    assert_eq!(before, after, "no new version, no other entity tag");
    let max = w.book("max", "G").await.expect("a book");
    assert!(max.tags_of(after.item).await.expect("tags").is_empty());
    // Leaves and comes back.
    leave(&w, "zed", Leaving::LeaveCopies).await;
    w.join("zed", "G").await;
    let book = w.book("zed", "G").await.expect("a book");
    assert_eq!(book.tags_of(after.item).await.expect("tags"), ["Urgent"]);
    // No verb changes the name; the same name in another case is taken.
    let zed = w.actor("zed").await;
    let again = w.core.create_tag(&zed, "URGENT", "#00ff00").await;
    assert!(matches!(again, Err(Error::Exists(_))));
    allowed(w.core.recolour_tag(&zed, tag, "#00ff00").await);
    hidden(
        w.core
            .recolour_tag(&w.actor("max").await, tag, "#0000ff")
            .await,
    );
});

case!(case_58_60_61_documents_and_verification, w, {
    for (login, modify, verify) in [
        ("max", false, false),
        ("mia", true, true),
        ("ada", false, false),
    ] {
        let book = w.book(login, "G").await.expect("a book");
        let placement = w.placement(login, "G", "k").await.expect("k");
        let privileges = book.item_privileges(&placement).await.expect("privileges");
        assert_eq!(
            (privileges.modify, privileges.verify),
            (modify, verify),
            "{login}"
        );
    }
    leave(&w, "mia", Leaving::LeaveCopies).await;
    let book = w.book("ada", "G").await.expect("a book");
    let placement = w.placement("ada", "G", "k").await.expect("k");
    assert!(
        book.item_privileges(&placement)
            .await
            .expect("privileges")
            .verify
    );
});

case!(case_62_a_copy_is_another_contact, w, {
    let copied = allowed(w.bring("max", "G", "k", PRIVATE, How::Copy).await);
    assert!(!copied.same);
    // Sharing it into Private is a copy too: only its creator has it there.
    let shared = allowed(w.bring("max", "G", "k", PRIVATE, How::Share).await);
    assert!(!shared.same);
    let book = w.book("max", PRIVATE).await.expect("a book");
    let copy = book.get(&copied.href).await.expect("the copy").placement;
    assert_ne!(copy.uid, "k");
    assert_eq!(copy.creator, w.id("max").await);
    assert_eq!(book.count().await.expect("a number"), 2);
});

case!(case_63_emptying, w, {
    refused(w.book("max", "G").await.expect("a book").empty(2).await);
    let coco = w.book("coco", "G").await.expect("a book");
    super::invalid(coco.empty(3).await);
    allowed(coco.empty(2).await);
    hidden(w.read("max", "G", "k").await);
    allowed(w.read("mia", PRIVATE, "p").await);
});

case!(case_73_unshared_while_away, w, {
    allowed(w.grant_modify("mia", "G", "p", "max").await);
    let stale = w.book("max", "G").await.expect("a book");
    let since = stale.cursor();
    allowed(w.delete("mia", "G", "p").await);
    let now = w.book("max", "G").await.expect("a book");
    let mut changes = now.changes(Some(&since), Want::Heads).expect("changes");
    assert_eq!(changes.next(100).await.expect("members").len(), 1);
    hidden(w.read("max", "G", "p").await);
});

case!(case_74_an_account_deleted, w, {
    let person = w.id("mia").await;
    allowed(
        w.commit(Op::Person(PersonOp::RemovePerson { person }))
            .await,
    );
    allowed(w.modify("ada", "G", "k", "+33 2").await);
    allowed(w.modify("ada", "G", "p", "+33 2").await);
    refused(w.modify("zed", "G", "p", "+33 3").await);
});

case!(case_75_a_group_deleted, w, {
    allowed(w.comment("max", "G", "k", "remember").await);
    let group = w.group("ada", "G").await.expect("a group");
    allowed(group.delete().await);
    allowed(w.read("mia", PRIVATE, "p").await);
    hidden(w.read("mia", "G", "k").await);
    let lost = w
        .core
        .lost_creations(&w.actor("mia").await)
        .await
        .expect("a list");
    assert_eq!(lost[0].display, "k");
    w.check().await;
    // Founded again by somebody else: a new book. By Ada: the old one, with its trash.
    let ada = w.actor("ada").await;
    allowed(w.core.found_group(&ada, "G", "").await);
    let trash = w
        .book("ada", "G")
        .await
        .expect("a book")
        .trash()
        .await
        .expect("a list");
    assert_eq!(trash.len(), 2);
    allowed(w.restore("ada", "G", "k").await);
    assert_eq!(w.comments("ada", "G", "k").await, ["remember"]);
    hidden(w.read("mia", "G", "k").await);
});

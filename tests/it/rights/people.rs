//! Groups run by people, grants, and decisions taken at the moment of the write.

use carnet::domain::{
    batch::{GrantOp, GroupOp, Op},
    book::{Condition, Replace},
    core::Limits,
    error::Error,
    grant::{Grantee, Reason},
    group::Leaving,
    id::{PersonId, Timestamp},
    office::people::AccountChange,
    principal::Role,
    rights::{
        GroupRight::{self, Add, AddDelete},
        Modify,
    },
    rule::Rule,
};

use super::{World, allowed, hidden, invalid, refused, vcard};

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
    // A member leaves it to whom it is for.
    invalid(
        w.core
            .accept_invitation(&w.actor("max").await, &token)
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
    let expired = Op::Group(GroupOp::Invite {
        group: group.group().id,
        token: carnet::domain::item::digest(b"old"),
        email: "x@example.org".to_owned(),
        expires: Timestamp::now().plus_days(-1),
    });
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
        ("members", false),
        ("x\u{0}", false),
        ("a?b#c", false),
    ] {
        let outcome = w.core.found_group(&ivo, name, "x").await;
        if taken {
            assert!(matches!(outcome, Err(Error::Exists(_))), "{name}")
        } else {
            assert!(matches!(outcome, Err(Error::Invalid(_))), "{name}")
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
    let direct = Op::Grant(GrantOp::GrantItem {
        item: placement.item,
        collection: placement.collection,
        person: Some(ivo),
        modify: Modify::Granted,
    });
    invalid(w.commit(direct).await);
    w.check().await;
}

#[tokio::test]
async fn the_commit_decides_not_the_book_opened_before() {
    let w = World::new().await;
    allowed(w.grant_modify("mia", "G", "k", "max").await);
    let stale = w.book("max", "G").await.expect("a book");
    allowed(
        w.set_modify("mia", "G", "k", "max", Modify::Withdrawn)
            .await,
    );
    let edit = Replace(vcard("k", "+33 2").into_bytes());
    refused(stale.put("k.vcf", &Condition::None, &edit).await);
    // And the other way round: what was granted meanwhile counts.
    let stale = w.book("max", "G").await.expect("a book");
    allowed(w.grant("ada", "G", "max", AddDelete).await);
    allowed(w.grant_modify("mia", "G", "k", "everyone").await);
    allowed(stale.put("k.vcf", &Condition::None, &edit).await);
    // A grant through a group is void with the placement, in the same instant.
    let stale = w.book("max", "G").await.expect("a book");
    allowed(w.delete("ada", "G", "k").await);
    let late = stale.put("k.vcf", &Condition::Exists, &edit).await;
    assert!(late.is_err(), "{late:?}");
    w.check().await;
}

#[tokio::test]
async fn only_what_one_may_write_makes_a_book_writable() {
    let w = World::new().await;
    let modify = async |login: &str, place: &str| {
        let book = w.book(login, place).await.expect("a book");
        book.privileges().await.expect("privileges").modify
    };
    assert!(!modify("max", "G").await);
    assert!(modify("mia", "G").await, "as creator");
    allowed(w.grant_modify("mia", "G", "k", "everyone").await);
    assert!(modify("max", "G").await, "by a grant");
    allowed(w.delete("ada", "G", "k").await);
    assert!(!modify("max", "G").await, "asleep");
    // In custody, in another group's book.
    allowed(w.restore("ada", "G", "k").await);
    assert!(!modify("ada", "H").await);
    allowed(w.grant("hugo", "H", "ada", Add).await);
    allowed(w.share("ada", "G", "k", "H").await);
    allowed(w.grant("hugo", "H", "ada", GroupRight::None).await);
    assert!(
        modify("ada", "H").await,
        "granted to everyone in G, and so to Ada"
    );
    allowed(
        w.set_modify("mia", "G", "k", "everyone", Modify::Withdrawn)
            .await,
    );
    assert!(!modify("ada", "H").await);
    let group = w.group("mia", "G").await.expect("a group");
    allowed(group.leave(Leaving::LeaveCopies).await);
    assert!(modify("ada", "H").await, "in custody");
    allowed(w.modify("ada", "H", "k", "+33 7").await);
    // The group has custody of what it holds.
    allowed(w.delete("ada", "G", "k").await);
    assert!(!modify("ada", "H").await);
    refused(w.modify("ada", "H", "k", "+33 8").await);
}

#[tokio::test]
async fn of_administrators_who_step_down_at_once_one_stays() {
    let w = World::empty(Limits::default()).await;
    let office = w.core.operator();
    let (ivo, max) = (w.id("ivo").await, w.id("max").await);
    let change = |admin: Option<bool>, disabled: Option<bool>| AccountChange {
        admin,
        disabled,
        ..AccountChange::default()
    };
    let steps = [
        (change(Some(false), None), change(Some(false), None)),
        (change(None, Some(true)), change(Some(false), None)),
        (change(None, Some(true)), change(None, Some(true))),
    ];
    for (first, second) in steps {
        for person in [ivo, max] {
            let both = change(Some(true), Some(false));
            allowed(office.change_account(person, both).await);
        }
        let (first, second) = tokio::join!(
            office.change_account(ivo, first),
            office.change_account(max, second)
        );
        let kept = Err(Error::Invalid(Rule::ServerKeepsAdministrator));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        assert!(first == kept || second == kept, "{first:?} {second:?}");
    }
    // Whoever runs the program may all the same.
    for person in [ivo, max] {
        let forced = office.clone().forced();
        allowed(
            forced
                .change_account(person, change(Some(false), None))
                .await,
        );
    }
}

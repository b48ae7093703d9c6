//! People and devices: rights, homes, sync records, refusals, sessions.

use super::*;
use crate::domain::{
    account_class::AccountClass,
    batch::{BookOp, GrantOp, PersonChange, SyncOp},
    credential::CredentialOp,
    group::Leaving,
    office::store::OfficeOp,
    refused::{Refusal, Why},
    rights::Modify,
};

pub async fn an_account_comes_with_its_class_or_not_at_all(books: Books) {
    let class = AccountClass {
        name: "guests".to_owned(),
        ..AccountClass::default()
    };
    books.row(Op::Office(OfficeOp::PutClass(class))).await;
    let mut add = person("eve");
    if let Op::Person(PersonOp::AddPerson { class, .. }) = &mut add {
        *class = "guests".to_owned();
    }
    let eve = PersonId(books.row(add).await);
    let eve = books.store.person(eve).await.expect("a read");
    assert_eq!(eve.expect("eve").class.name, "guests");
    let mut add = person("mallory");
    if let Op::Person(PersonOp::AddPerson { class, .. }) = &mut add {
        *class = "unknown".to_owned();
    }
    assert_eq!(books.commit(vec![add]).await, Err(Error::NotFound));
    let mallory = books.store.person_by_login("mallory").await;
    assert!(mallory.expect("a read").is_none());
}

pub async fn a_sync_record_is_set_only_over_the_one_expected(books: Books) {
    let check = async |expected, key, done: bool| {
        let ops = vec![create(&books, key), set_sync(&books, expected, key)];
        assert_eq!(books.commit(ops).await.is_ok(), done, "{expected:?} {key}");
        // The writes of the request go with its key.
        let card = books
            .store
            .by_uid(books.private, key)
            .await
            .expect("a read");
        assert_eq!(card.is_some(), done);
    };
    check(Some("0"), "early", false).await;
    check(None, "1", true).await;
    check(None, "again", false).await;
    check(Some("1"), "2", true).await;
    check(Some("1"), "late", false).await;
    let stored = books.store.sync(books.phone, books.private).await;
    assert_eq!(stored, Ok(Some(("2".to_owned(), b"2".to_vec()))));
    assert_eq!(
        books.store.sync(books.tablet, books.private).await,
        Ok(None)
    );
}

pub async fn a_disowned_item_has_no_maker(books: Books) {
    books.row(create_from(&books, "a", books.phone)).await;
    books.row(create_from(&books, "b", books.tablet)).await;
    let made = books.placed(books.private, "a").await;
    books.row(edit(&made, "a2", Some(books.tablet))).await;
    let before = books.collection(books.private).await.seq;
    books
        .row(Op::Sync(SyncOp::Disown {
            collection: books.private,
            device: books.phone,
            server_ids: ["a", "b"]
                .map(|n| format!("{}-{n}", books.private))
                .to_vec(),
        }))
        .await;
    let a = books.placed(books.private, "a").await;
    assert_eq!((a.maker, a.writer), (None, Some(books.tablet)));
    let b = books.placed(books.private, "b").await;
    assert_eq!(b.maker, Some(books.tablet), "another device's stays");
    for (device, writer) in [(books.phone, Some(books.tablet)), (books.tablet, None)] {
        books
            .row(Op::Sync(SyncOp::Unwrite {
                collection: books.private,
                device,
                server_ids: vec![format!("{}-a", books.private)],
            }))
            .await;
        assert_eq!(books.placed(books.private, "a").await.writer, writer);
    }
    assert_eq!(books.collection(books.private).await.seq, before);
}

pub async fn a_decision_on_old_rights_is_refused(books: Books) {
    let grant = |right| {
        Op::Grant(GrantOp::GrantGroup {
            group: books.team,
            person: Some(books.bob),
            right,
        })
    };
    let disable = |disabled| {
        Op::from(PersonChange {
            disabled: Some(disabled),
            ..PersonChange::of(books.bob)
        })
    };
    books.add("granted").await;
    let item = books.share("granted").await.item;
    for (number, op) in [
        grant(GroupRight::AddDelete),
        Op::Group(GroupOp::SetMember {
            group: books.team,
            person: books.bob,
            role: Role::CoAdmin,
        }),
        Op::Grant(GrantOp::GrantItem {
            item,
            collection: books.shared,
            person: None,
            modify: Modify::Granted,
        }),
        disable(true),
        disable(false),
        Op::Group(GroupOp::RemoveMember {
            group: books.team,
            person: books.bob,
            leaving: Leaving::LeaveCopies,
        }),
    ]
    .into_iter()
    .enumerate()
    {
        let decided_on = books.store.rights_revision().await.expect("a revision");
        books.row(op.clone()).await;
        let decided = |name: String| Batch {
            rights_revision: Some(decided_on),
            ..books.batch(vec![create(&books, &name)])
        };
        let refused = books.store.commit(decided(format!("late {number}"))).await;
        assert_eq!(refused, Err(Error::Moved), "{op:?}");
    }
    let now = books.store.rights_revision().await.expect("a revision");
    let batch = Batch {
        rights_revision: Some(now),
        ..books.batch(vec![create(&books, "in time")])
    };
    assert!(books.store.commit(batch).await.is_ok());
}

pub async fn settings_are_changed_over_those_expected_and_move_no_rights(books: Books) {
    let change = |expected: &str, settings: &str| {
        Op::Person(PersonOp::ChangeSettings {
            person: books.bob,
            expected: expected.to_owned(),
            settings: settings.to_owned(),
        })
    };
    let kept = async || {
        let bob = books.store.person(books.bob).await.expect("a read");
        bob.expect("bob").settings
    };
    let before = books.store.rights_revision().await;
    assert_eq!(kept().await, "{}");
    let committed = books.commit(vec![change("{}", "{\"a\":1}")]).await;
    assert_eq!(committed.expect("committed").people, [books.bob]);
    assert_eq!(kept().await, "{\"a\":1}");
    let late = books.commit(vec![change("{}", "{\"b\":2}")]).await;
    assert_eq!(late, Err(Error::Moved));
    books.row(change("{\"a\":1}", "{\"b\":2}")).await;
    assert_eq!(kept().await, "{\"b\":2}");
    assert_eq!(books.store.rights_revision().await, before);
}

pub async fn a_home_follows_memberships_and_books(books: Books) {
    let home = books.store.home(books.bob).await.expect("a read");
    let home = home.expect("a home").id;
    let mut after = Seq(0);
    let mut check = async |expected: &[(&str, bool)]| {
        let changes = books.store.home_changes(home, after).await;
        let changes = changes.expect("changes");
        after = changes.last().map_or(after, |change| change.seq);
        let told: Vec<(&str, bool)> = changes
            .iter()
            .map(|change| (change.segment.as_str(), change.gone))
            .collect();
        assert_eq!(told, expected);
    };
    check(&[("contacts", false), ("Team", false)]).await;
    let leave = Op::Group(GroupOp::RemoveMember {
        group: books.team,
        person: books.bob,
        leaving: Leaving::LeaveCopies,
    });
    let committed = books.commit(vec![leave]).await.expect("committed");
    assert!(committed.people.contains(&books.bob), "who left is woken");
    check(&[("Team", true)]).await;
    books.join(books.bob, Role::Member).await;
    check(&[("Team", false)]).await;
    let further = Op::Book(BookOp::AddBook {
        owner: books.bob,
        uuid: "further".to_owned(),
        segment: "further".to_owned(),
        display_name: "Further".to_owned(),
        description: String::new(),
    });
    let further = CollectionId(books.row(further).await);
    check(&[("further", false)]).await;
    books
        .row(Op::Book(BookOp::ChangeBook {
            collection: further,
            display_name: Some("Named".to_owned()),
            description: None,
        }))
        .await;
    check(&[("further", false)]).await;
    let removal = Op::Book(BookOp::RemoveBook {
        collection: further,
    });
    books.row(removal).await;
    check(&[("further", true)]).await;
    assert_eq!(books.store.collection(further).await, Ok(None));
}

pub async fn a_list_follows_the_members_of_its_group(books: Books) {
    let list = books.store.members_list(books.team).await;
    let list = list.expect("a read").expect("a list");
    assert_eq!(books.moved(list).await, [(Seq(1), true), (Seq(2), true)]);
    let span = Span {
        after: Seq(0),
        upto: Seq(9),
        limit: 10,
    };
    let rows = books
        .store
        .page(list, Order::Born, span, Want::Documents)
        .await
        .expect("a page");
    let names: Vec<&str> = rows.iter().map(|row| &*row.placement.display).collect();
    assert_eq!(names, ["alice", "bob"]);
    let found = books
        .store
        .by_hrefs(list, &[rows[1].placement.href.clone()], Want::Documents)
        .await;
    assert_eq!(found, Ok(vec![Some(rows[1].clone())]));
    let carol = PersonId(books.row(person("carol")).await);
    books.join(carol, Role::Member).await;
    assert_eq!(books.collection(list).await.seq, Seq(3));
    // A role is nothing the list shows.
    books.join(carol, Role::CoAdmin).await;
    assert_eq!(books.collection(list).await.seq, Seq(3));
    books
        .row(Op::Group(GroupOp::RemoveMember {
            group: books.team,
            person: carol,
            leaving: Leaving::LeaveCopies,
        }))
        .await;
    assert_eq!(books.moved(list).await.last(), Some(&(Seq(4), false)));
    let shown = |store: Arc<dyn Store>, person| async move {
        let lists = store.shown_members(person).await.expect("a read");
        lists.into_iter().map(|list| list.id).collect::<Vec<_>>()
    };
    assert_eq!(shown(books.store.clone(), books.bob).await, []);
    let show = Op::Person(PersonOp::ShowMembers {
        person: books.bob,
        shown: true,
    });
    books.row(show).await;
    assert_eq!(shown(books.store.clone(), books.bob).await, [list]);
    assert_eq!(shown(books.store.clone(), books.alice).await, []);
    books
        .row(Op::Group(GroupOp::RemoveGroup { group: books.team }))
        .await;
    assert_eq!(books.store.collection(list).await, Ok(None));
    assert_eq!(shown(books.store.clone(), books.bob).await, []);
}

pub async fn an_unflushed_commit_is_seen_at_once(books: Books) {
    let note = Batch {
        unflushed: true,
        ..books.batch(vec![set_sync(&books, None, "1")])
    };
    books.store.commit(note).await.expect("committed");
    let stored = books.store.sync(books.phone, books.private).await;
    assert_eq!(stored, Ok(Some(("1".to_owned(), b"1".to_vec()))));
    // And lasts with the next one that is flushed.
    books.add("a").await;
    let late = books.commit(vec![set_sync(&books, None, "2")]).await;
    assert_eq!(late, Err(Error::Moved));
}

pub async fn refused_writes_are_kept_once_and_marked(books: Books) {
    let item = books.add("a").await.item;
    let refuse = |says: &str| {
        Op::from(Refusal {
            item: Some(item),
            collection: Some(books.private),
            document: says.as_bytes().to_vec(),
            why: Why::ChangedMeanwhile,
            identity: None,
            mark: true,
            notice: false,
        })
    };
    for says in ["x", "x", "y", "x"] {
        books.row(refuse(says)).await;
    }
    let kept = books.store.refused(books.alice).await.expect("refusals");
    let says: Vec<&[u8]> = kept.iter().map(|kept| &kept.document[..]).collect();
    assert_eq!(says, [b"y", b"x"]);
    for (person, marks) in [(books.alice, vec![(item, 4)]), (books.bob, Vec::new())] {
        let found = books
            .store
            .refusal_marks(person, books.private, &[item])
            .await;
        assert_eq!(found, Ok(marks));
    }
    // Each moves the time at which the author is told, even within one millisecond.
    let last = books.store.last_refused(books.alice, books.private).await;
    assert_eq!(last, Ok(Some(Timestamp(1_003))));
    let told = async |after| {
        let after = Some(Timestamp(after));
        let cards = books
            .store
            .refused_cards(
                books.alice,
                books.private,
                after,
                Timestamp(1_003),
                9,
                Want::Heads,
            )
            .await
            .expect("a read");
        let told = |(card, at): (Card, Timestamp)| (card.placement.item, at.0);
        cards.into_iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(told(1_002).await, [(item, 1_003)]);
    assert_eq!(told(1_003).await, []);
    let last = books.store.last_refused(books.bob, books.private).await;
    assert_eq!(last, Ok(None));
}

pub async fn a_quota_bounds_a_private_book(books: Books) {
    books.add("a").await;
    books
        .row(Op::from(PersonChange {
            quota: Some(Some(2)),
            ..PersonChange::of(books.alice)
        }))
        .await;
    let b = books.add("b").await;
    let full = books.commit(vec![create(&books, "c")]).await;
    assert_eq!(full, Err(Error::OverQuota { limit: 2 }));
    books.row(edit(&b, "b2", None)).await;
    books
        .row(remove(&books.placed(books.private, "b").await))
        .await;
    books.add("c").await;
}

pub async fn a_blocked_account_has_no_session(books: Books) {
    let session = CredentialOp::AddSession {
        token: "t".to_owned(),
        person: books.bob,
        expires: Timestamp(5_000),
        browser: "Firefox".to_owned(),
        address: "192.0.2.1".to_owned(),
    };
    books.row(Op::Credential(session)).await;
    let at = async |now| {
        let found = books.store.session("t", Timestamp(now)).await;
        found.map(|session| session.map(|session| session.person))
    };
    assert_eq!(at(4_999).await, Ok(Some(books.bob)));
    assert_eq!(at(5_001).await, Ok(None));
    let block = Op::from(PersonChange {
        disabled: Some(true),
        ..PersonChange::of(books.bob)
    });
    let committed = books.commit(vec![block]).await.expect("committed");
    assert!(
        committed.people.contains(&books.bob),
        "who is blocked is woken"
    );
    assert_eq!(at(4_999).await, Ok(None));
}

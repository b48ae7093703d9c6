//! The contract every store must fulfil. An engine's tests run [`CASES`], each on a fresh store.

mod items;
mod people;

use std::{future::Future, pin::Pin, sync::Arc};

use crate::domain::{
    batch::{
        Batch, Committed, Content, DeviceOp, GroupOp, ItemOp, NewPlacement, Op, PersonOp, SyncOp,
    },
    class::{Index, IndexText, Part},
    collection::Collection,
    error::{Error, Result},
    id::{
        CollectionId, DeviceId, GroupId, ItemId, PersonId, PlacementId, RevisionId, Seq, Timestamp,
    },
    item::{Card, Placement, digest},
    principal::Role,
    rights::GroupRight,
    store::{Order, Span, Store, Version, Want},
};

/// One clause, on an empty store.
type Case = fn(Arc<dyn Store>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! cases {
    ($($part:ident::$name:ident),+ $(,)?) => {
        /// Every clause with its name.
        pub const CASES: &[(&str, Case)] = &[$((stringify!($name), |store| {
            Box::pin(async move { $part::$name(Books::new(store).await).await })
        })),+];
    };
}

cases![
    items::a_batch_is_applied_whole_or_not_at_all,
    items::preconditions_are_checked_inside_the_transaction,
    items::sequences_are_dense_and_ordered,
    items::ranges_are_bounded_on_both_sides,
    items::live_names_are_unique_and_free_again_after_a_removal,
    items::an_edit_moves_every_place_and_names_its_writer_in_one,
    items::an_overlay_moves_one_place_only,
    items::earlier_versions_are_found_by_sequence,
    items::earlier_versions_are_bounded_in_octets,
    items::refused_writes_are_bounded_in_octets,
    people::an_account_comes_with_its_class_or_not_at_all,
    people::a_sync_record_is_set_only_over_the_one_expected,
    people::a_disowned_item_has_no_maker,
    people::a_decision_on_old_rights_is_refused,
    people::settings_are_changed_over_those_expected_and_move_no_rights,
    people::a_home_follows_memberships_and_books,
    people::a_list_follows_the_members_of_its_group,
    items::commits_of_many_take_their_turn,
    people::an_unflushed_commit_is_seen_at_once,
    items::a_removed_item_comes_back_as_another_placement,
    items::placing_twice_is_placing_once,
    people::refused_writes_are_kept_once_and_marked,
    items::removals_past_their_time_raise_the_floor,
    people::a_quota_bounds_a_private_book,
    items::lookups_answer_in_the_order_asked,
    items::lookups_end_where_their_memory_is_full,
    people::a_blocked_account_has_no_session,
];

/// Two people, a group of both, and two devices of the first.
struct Books {
    store: Arc<dyn Store>,
    alice: PersonId,
    bob: PersonId,
    private: CollectionId,
    team: GroupId,
    shared: CollectionId,
    phone: DeviceId,
    tablet: DeviceId,
}

impl Books {
    async fn new(store: Arc<dyn Store>) -> Self {
        let mut books = Self {
            store,
            alice: PersonId(0),
            bob: PersonId(0),
            private: CollectionId(0),
            team: GroupId(0),
            shared: CollectionId(0),
            phone: DeviceId(0),
            tablet: DeviceId(0),
        };
        books.alice = PersonId(books.row(person("alice")).await);
        books.bob = PersonId(books.row(person("bob")).await);
        let (name, admin) = ("Team".to_owned(), books.alice);
        let display_name = name.clone();
        let group = Op::Group(GroupOp::AddGroup {
            name,
            display_name,
            admin,
        });
        books.team = GroupId(books.row(group).await);
        books.join(books.bob, Role::Member).await;
        let of_alice = books.store.books(books.alice).await.expect("books");
        (books.private, books.shared) = (of_alice[0].id, of_alice[1].id);
        books.phone = DeviceId(books.row(touch(books.alice, "phone")).await);
        books.tablet = DeviceId(books.row(touch(books.alice, "tablet")).await);
        books
    }

    async fn commit(&self, ops: Vec<Op>) -> Result<Committed> {
        self.store.commit(self.batch(ops)).await
    }

    fn batch(&self, ops: Vec<Op>) -> Batch {
        Batch {
            person: Some(self.alice),
            client: "contract".to_owned(),
            at: Timestamp(1_000),
            ops,
            ..Batch::default()
        }
    }

    async fn row(&self, op: Op) -> i64 {
        self.commit(vec![op]).await.expect("committed").rows[0]
    }

    async fn join(&self, person: PersonId, role: Role) {
        let group = self.team;
        let op = Op::Group(GroupOp::SetMember {
            group,
            person,
            role,
        });
        self.row(op).await;
    }

    async fn collection(&self, id: CollectionId) -> Collection {
        let found = self.store.collection(id).await.expect("a read");
        found.expect("a collection")
    }

    /// A new item in the private book.
    async fn add(&self, name: &str) -> Placement {
        self.row(create(self, name)).await;
        self.placed(self.private, name).await
    }

    async fn placed(&self, collection: CollectionId, name: &str) -> Placement {
        let card = self.store.by_uid(collection, name).await.expect("a read");
        card.expect("a placement").placement
    }

    /// The same item in the group's book as well.
    async fn share(&self, name: &str) -> Placement {
        let item = self.placed(self.private, name).await.item;
        self.row(place(self, item, name)).await;
        self.placed(self.shared, name).await
    }

    async fn moved(&self, collection: CollectionId) -> Vec<(Seq, bool)> {
        let all = Span {
            after: Seq(0),
            upto: Seq(i64::MAX),
            limit: 1000,
        };
        let rows = self.store.range(collection, Order::Moved, all).await;
        let rows = rows.expect("a range").into_iter();
        rows.map(|row| (row.gone.unwrap_or(row.changed), row.is_live()))
            .collect()
    }
}

fn person(login: &str) -> Op {
    Op::Person(PersonOp::AddPerson {
        login: login.to_owned(),
        email: None,
        name: login.to_owned(),
        admin: false,
        password_hash: String::new(),
        class: String::new(),
    })
}

fn touch(person: PersonId, device_id: &str) -> Op {
    Op::Device(DeviceOp::TouchDevice {
        person,
        device_id: device_id.to_owned(),
        device_type: String::new(),
        user_agent: String::new(),
        version: String::new(),
        info: Vec::new(),
    })
}

/// An item whose document is what `says` says.
fn content(uid: &str, says: &str) -> Content {
    Content {
        document: says.as_bytes().to_vec(),
        beside: Vec::new(),
        digest: digest(says.as_bytes()),
        index: Index {
            uid: uid.to_owned(),
            kind: "individual".to_owned(),
            display: says.to_owned(),
            sort_first: says.to_owned(),
            sort_last: says.to_owned(),
            texts: vec![IndexText {
                field: "name",
                value: says.to_owned(),
                part: Some(Part::Name),
                tokens: says.to_owned(),
            }],
            ..Index::default()
        },
    }
}

fn at(collection: CollectionId, name: &str) -> NewPlacement {
    NewPlacement {
        collection,
        href: format!("{name}.vcf"),
        server_id: format!("{collection}-{name}"),
        device: None,
        altered: false,
        overlay: Vec::new(),
        tags: Vec::new(),
    }
}

fn create(books: &Books, name: &str) -> Op {
    Op::Item(ItemOp::CreateItem {
        class: "contact".to_owned(),
        creator: books.alice,
        content: Box::new(content(name, name)),
        placement: at(books.private, name),
    })
}

fn create_from(books: &Books, name: &str, device: DeviceId) -> Op {
    let mut op = create(books, name);
    if let Op::Item(ItemOp::CreateItem { placement, .. }) = &mut op {
        placement.device = Some(device);
    }
    op
}

fn place(books: &Books, item: ItemId, name: &str) -> Op {
    Op::Item(ItemOp::Place {
        item,
        placement: at(books.shared, name),
        from: Some(books.private),
    })
}

fn edit(placement: &Placement, says: &str, writer: Option<DeviceId>) -> Op {
    Op::Item(ItemOp::Edit {
        item: placement.item,
        expected_rev: placement.rev,
        content: Box::new(content(&placement.uid, says)),
        through: placement.id,
        expected_changed: placement.changed,
        overlay: None,
        writer,
    })
}

fn overlay(placement: &Placement, says: &str) -> Op {
    Op::Item(ItemOp::SetOverlay {
        placement: placement.id,
        expected_changed: placement.changed,
        overlay: says.as_bytes().to_vec(),
        tags: Vec::new(),
        writer: None,
    })
}

fn remove(placement: &Placement) -> Op {
    Op::Item(ItemOp::Remove {
        placement: placement.id,
        expected_changed: Some(placement.changed),
        writer: None,
    })
}

fn set_sync(books: &Books, expected: Option<&str>, key: &str) -> Op {
    Op::Sync(SyncOp::SetSync {
        device: books.phone,
        collection: books.private,
        expected: expected.map(str::to_owned),
        key: key.to_owned(),
        record: key.as_bytes().to_vec(),
    })
}

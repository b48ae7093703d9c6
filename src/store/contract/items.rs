//! Items and placements: preconditions, sequences, versions.

use std::{collections::BTreeSet, sync::Arc};

use super::*;
use crate::domain::{
    batch::HistoryOp,
    refused::{Refusal, Why},
};

pub async fn a_batch_is_applied_whole_or_not_at_all(books: Books) {
    let mut same_uid = create(&books, "a");
    if let Op::Item(ItemOp::CreateItem { placement, .. }) = &mut same_uid {
        *placement = at(books.private, "other");
    }
    let before = books.collection(books.private).await;
    let refused = books.commit(vec![create(&books, "a"), same_uid]).await;
    let href = "a.vcf".to_owned();
    assert_eq!(refused, Err(Error::UidConflict { href }));
    assert_eq!(books.collection(books.private).await, before);
    assert_eq!(books.store.count(books.private).await, Ok(0));
    let both = vec![create(&books, "a"), create(&books, "b")];
    let committed = books.commit(both).await.expect("committed");
    assert_eq!(committed.collections, [(books.private, Seq(2))]);
    assert_eq!(committed.rows.len(), 2);
    assert_eq!(books.store.count(books.private).await, Ok(2));
}

pub async fn preconditions_are_checked_inside_the_transaction(books: Books) {
    let old = books.add("a").await;
    books.row(edit(&old, "a2", None)).await;
    let gone = books.add("gone").await;
    books.row(remove(&gone)).await;
    books.add("b").await;
    let mut taken = create(&books, "new");
    if let Op::Item(ItemOp::CreateItem { placement, .. }) = &mut taken {
        placement.href = "b.vcf".to_owned();
    }
    let before = books.collection(books.private).await.seq;
    for op in [
        edit(&old, "a3", None),
        overlay(&old, "x"),
        remove(&old),
        remove(&gone),
        taken,
    ] {
        let refused = books.commit(vec![op.clone()]).await;
        assert_eq!(refused, Err(Error::Moved), "{op:?}");
    }
    assert_eq!(books.collection(books.private).await.seq, before);
}

pub async fn sequences_are_dense_and_ordered(books: Books) {
    let a = books.add("a").await;
    let b = books.add("b").await;
    books.add("c").await;
    books.row(edit(&a, "a2", None)).await;
    books.row(remove(&b)).await;
    let moved = books.moved(books.private).await;
    assert_eq!(moved, [(Seq(3), true), (Seq(4), true), (Seq(5), false)]);
    assert_eq!(books.collection(books.private).await.seq, Seq(5));
    let born = (a.born, b.born);
    assert_eq!(born, (Seq(1), Seq(2)), "one of its own for every change");
}

pub async fn ranges_are_bounded_on_both_sides(books: Books) {
    for name in ["a", "b", "c", "d", "e", "f"] {
        books.add(name).await;
    }
    let b = books.placed(books.private, "b").await;
    books.row(edit(&b, "b2", None)).await;
    let d = books.placed(books.private, "d").await;
    books.row(remove(&d)).await;
    let check = async |order, after, upto, limit, expected: &[&str]| {
        let span = Span {
            after: Seq(after),
            upto: Seq(upto),
            limit,
        };
        let rows = books.store.range(books.private, order, span).await;
        let names: Vec<String> = rows.expect("a range").into_iter().map(|r| r.uid).collect();
        assert_eq!(names, expected, "{order:?} {after} {upto} {limit}");
    };
    check(Order::Born, 0, 100, 100, &["a", "b", "c", "e", "f"]).await;
    check(Order::Born, 1, 5, 100, &["b", "c", "e"]).await;
    check(Order::Born, 1, 5, 2, &["b", "c"]).await;
    check(Order::Changed, 0, 100, 100, &["a", "c", "e", "f", "b"]).await;
    check(Order::Changed, 6, 7, 100, &["b"]).await;
    check(Order::Gone, 0, 100, 100, &["d"]).await;
    check(Order::Gone, 8, 100, 100, &[]).await;
    check(Order::Moved, 5, 100, 100, &["f", "b", "d"]).await;
}

pub async fn live_names_are_unique_and_free_again_after_a_removal(books: Books) {
    let first = books.add("a").await;
    books.add("b").await;
    let mut stolen = edit(&first, "a2", None);
    if let Op::Item(ItemOp::Edit { content, .. }) = &mut stolen {
        content.index.uid = "b".to_owned();
    }
    let href = "b.vcf".to_owned();
    let refused = books.commit(vec![stolen]).await;
    assert_eq!(refused, Err(Error::UidConflict { href }));
    books.row(remove(&first)).await;
    let mut again = create(&books, "a");
    if let Op::Item(ItemOp::CreateItem { placement, .. }) = &mut again {
        placement.server_id = "another".to_owned();
    }
    books.row(again).await;
    let second = books.placed(books.private, "a").await;
    assert_ne!((first.id, first.item), (second.id, second.item));
    assert_eq!(second.href, first.href);
}

pub async fn an_edit_moves_every_place_and_names_its_writer_in_one(books: Books) {
    books.row(create_from(&books, "a", books.phone)).await;
    let other = books.share("a").await;
    let own = books.placed(books.private, "a").await;
    assert_eq!(own.item, other.item);
    assert_eq!(
        (own.maker, own.writer),
        (Some(books.phone), Some(books.phone))
    );
    assert_eq!((other.maker, other.writer), (None, None));
    let op = edit(&own, "a2", Some(books.tablet));
    let committed = books.commit(vec![op]).await.expect("committed");
    assert_eq!(
        committed.collections,
        [(books.private, Seq(2)), (books.shared, Seq(2))]
    );
    let own = books.placed(books.private, "a").await;
    let other = books.placed(books.shared, "a").await;
    assert_eq!((own.changed, own.writer), (Seq(2), Some(books.tablet)));
    assert_eq!((other.changed, other.writer), (Seq(2), None));
    assert_eq!(own.maker, Some(books.phone), "who made it stays");
    books.row(edit(&other, "a3", None)).await;
    assert_eq!(books.placed(books.private, "a").await.writer, None);
}

pub async fn an_overlay_moves_one_place_only(books: Books) {
    let own = books.add("a").await;
    let other = books.share("a").await;
    books.row(overlay(&own, "mine")).await;
    let now = books.placed(books.private, "a").await;
    assert_eq!((now.changed, &now.overlay[..]), (Seq(2), &b"mine"[..]));
    assert_eq!(now.rev, own.rev);
    assert_eq!(books.placed(books.shared, "a").await, other);
}

pub async fn earlier_versions_are_found_by_sequence(books: Books) {
    let first = books.add("a").await;
    books.row(overlay(&first, "tag")).await;
    let second = books.placed(books.private, "a").await;
    books.row(edit(&second, "a3", Some(books.phone))).await;
    let third = books.placed(books.private, "a").await;
    books.row(edit(&third, "a4", None)).await;
    let check = async |seq, device, expected: Option<(&str, &str)>| {
        let found = books
            .store
            .version_at(first.id, Seq(seq), Some(device))
            .await;
        let bytes = |text: &str| text.as_bytes().to_vec();
        let expected = expected.map(|(document, overlay)| Version {
            document: bytes(document),
            overlay: bytes(overlay),
        });
        assert_eq!(found, Ok(expected), "{seq} {device}");
    };
    check(0, books.tablet, None).await;
    check(1, books.tablet, Some(("a", ""))).await;
    check(2, books.tablet, Some(("a", "tag"))).await;
    check(3, books.tablet, Some(("a3", "tag"))).await;
    check(4, books.tablet, Some(("a4", "tag"))).await;
    check(9, books.tablet, Some(("a4", "tag"))).await;
    // A device holds what it wrote since.
    check(1, books.phone, Some(("a3", "tag"))).await;
    // A place it was taken from does not follow what becomes of it elsewhere.
    let other = books.share("a").await;
    books
        .row(remove(&books.placed(books.private, "a").await))
        .await;
    books.row(edit(&other, "a5", None)).await;
    check(9, books.tablet, Some(("a4", "tag"))).await;
}

pub async fn earlier_versions_are_bounded_in_octets(books: Books) {
    let mut large = books.add("large").await;
    let small = books.add("small").await;
    books.row(edit(&small, "small 2", None)).await;
    for n in 0..9u8 {
        let mut op = edit(&large, "large", None);
        if let Op::Item(ItemOp::Edit { content, .. }) = &mut op {
            content.document = vec![n; 9_900_000];
            content.digest = digest(&content.document);
        }
        books.row(op).await;
        large = books.placed(books.private, "large").await;
    }
    let kept = books.store.history(large.item).await.expect("a history");
    let kept: Vec<RevisionId> = kept.into_iter().map(|(kept, _)| kept.id).collect();
    assert_eq!(kept.len(), 6, "what fits into 64 MiB");
    let last = books.store.revision(kept[0]).await.expect("a read");
    assert_eq!(last.expect("kept").document[0], 7, "the newest ones stay");
    let other = books.store.history(small.item).await.expect("a history");
    assert_eq!(other.len(), 1);
}

pub async fn refused_writes_are_bounded_in_octets(books: Books) {
    for n in 0..9u8 {
        let refuse = Op::from(Refusal {
            item: None,
            collection: Some(books.private),
            document: vec![n; 9_900_000],
            why: Why::ChangedMeanwhile,
            identity: None,
            mark: false,
            notice: false,
        });
        books.row(refuse).await;
    }
    let kept = books.store.refused(books.alice).await.expect("a read");
    let kept: Vec<u8> = kept.iter().map(|kept| kept.document[0]).collect();
    assert_eq!(kept, [8, 7, 6, 5, 4, 3], "what fits into 64 MiB");
}

pub async fn commits_of_many_take_their_turn(books: Books) {
    let books = Arc::new(books);
    let writers = (0..60).map(|number| {
        let books = books.clone();
        tokio::spawn(async move {
            let name = format!("n{number}");
            let committed = books.commit(vec![create(&books, &name)]).await;
            let Seq(seq) = committed.expect("committed").collections[0].1;
            // An answer is given only when what it tells of can be read.
            assert!(books.placed(books.private, &name).await.born == Seq(seq));
            seq
        })
    });
    let mut seqs = BTreeSet::new();
    for writer in writers.collect::<Vec<_>>() {
        seqs.insert(writer.await.expect("a sequence"));
    }
    assert_eq!(seqs, (1..=60).collect());
}

pub async fn a_removed_item_comes_back_as_another_placement(books: Books) {
    let first = books.add("a").await;
    books.row(overlay(&first, "tag")).await;
    let first = books.placed(books.private, "a").await;
    let restore = |placement: PlacementId| {
        Op::Item(ItemOp::RestorePlacement {
            placement,
            href: "back.vcf".to_owned(),
            server_id: "back".to_owned(),
            overlay: None,
        })
    };
    let live = books.commit(vec![restore(first.id)]).await;
    assert_eq!(live, Err(Error::Moved), "it is not removed");
    books.row(remove(&first)).await;
    assert_eq!(books.store.count(books.private).await, Ok(0));
    assert_eq!(
        books.store.trash(books.private).await.map(|t| t.len()),
        Ok(1)
    );
    books.row(restore(first.id)).await;
    let second = books.placed(books.private, "a").await;
    assert_eq!((second.item, &second.overlay), (first.item, &first.overlay));
    assert_ne!(second.id, first.id);
    assert_eq!(second.born, books.collection(books.private).await.seq);
    let moved = books.moved(books.private).await;
    assert_eq!(moved, [(Seq(3), false), (Seq(4), true)]);
}

pub async fn placing_twice_is_placing_once(books: Books) {
    let item = books.add("a").await.item;
    let first = books.row(place(&books, item, "a")).await;
    let seq = books.collection(books.shared).await.seq;
    assert_eq!(books.row(place(&books, item, "again")).await, first);
    assert_eq!(books.collection(books.shared).await.seq, seq);
}

pub async fn removals_past_their_time_raise_the_floor(books: Books) {
    let old = books.add("old").await;
    let young = books.add("young").await;
    books.add("kept").await;
    let removed = async |placement: &Placement, at| {
        let batch = Batch {
            at: Timestamp(at),
            ..books.batch(vec![remove(placement)])
        };
        books.store.commit(batch).await.expect("removed");
    };
    removed(&old, 2_000).await;
    removed(&young, 9_000).await;
    let purge = Op::History(HistoryOp::Purge {
        versions_before: Timestamp(5_000),
        trash_before: Timestamp(5_000),
        tombstones_before: Timestamp(5_000),
    });
    books.row(purge).await;
    let now = books.collection(books.private).await;
    assert_eq!((now.floor, now.seq), (Seq(4), Seq(5)));
    assert_eq!(
        books.moved(books.private).await,
        [(Seq(3), true), (Seq(5), false)]
    );
    let trash = books.store.trash(books.private).await.expect("a trash");
    assert_eq!(trash.len(), 1);
    assert_eq!(trash[0].placement, young.id);
    assert_eq!(books.store.placement(old.id).await, Ok(None));
    assert_eq!(books.store.count(books.private).await, Ok(1));
    assert_eq!(books.store.check().await, Ok(Vec::new()));
}

pub async fn lookups_answer_in_the_order_asked(books: Books) {
    for name in ["a", "b"] {
        books.add(name).await;
    }
    let gone = books.placed(books.private, "a").await;
    books.row(remove(&gone)).await;
    let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let hrefs = names(&["b.vcf", "a.vcf", "none.vcf", "b.vcf"]);
    let found = books
        .store
        .by_hrefs(books.private, &hrefs, Want::Documents)
        .await;
    let live: Vec<bool> = found.expect("cards").iter().map(Option::is_some).collect();
    assert_eq!(live, [true, false, false, true]);
    let ids = vec![gone.server_id.clone(), "none".to_owned()];
    let found = books.store.by_server_ids(books.private, &ids).await;
    let found = found.expect("cards");
    let removed = found[0].as_ref().expect("removed ones are found");
    assert_eq!(removed.placement.gone, Some(Seq(3)));
    assert!(found[1].is_none());
    let elsewhere = books.store.by_server_ids(books.shared, &ids).await;
    assert!(elsewhere.expect("cards").iter().all(Option::is_none));
}

pub async fn lookups_end_where_their_memory_is_full(books: Books) {
    let (mut placements, mut ids) = (Vec::new(), Vec::new());
    for name in ["a", "b", "c", "d"] {
        let mut op = create(&books, name);
        if let Op::Item(ItemOp::CreateItem { content, .. }) = &mut op {
            content.document = vec![b'x'; 9_000_000];
        }
        books.row(op).await;
        let placed = books.placed(books.private, name).await;
        placements.push(placed.id);
        ids.push(placed.server_id);
    }
    let store = &books.store;
    let found = store.by_placements(&placements, Want::Documents).await;
    let found = found.expect("cards");
    assert!((1..4).contains(&found.len()), "{}", found.len());
    let found = store.by_server_ids(books.private, &ids).await;
    let found = found.expect("cards");
    assert!((1..4).contains(&found.len()), "{}", found.len());
    let heads = store.by_placements(&placements, Want::Heads).await;
    let heads: Vec<PlacementId> = heads
        .expect("placements")
        .into_iter()
        .flatten()
        .map(|head| head.placement.id)
        .collect();
    assert_eq!(heads, placements);
}

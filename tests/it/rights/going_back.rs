//! Going back to a moment, and on what one client did, and the undo of both.

use carnet::domain::{
    book::{Condition, Replace},
    id::Timestamp,
};

use super::{PRIVATE, World, allowed, hidden, past::moment, vcard};

/// A moment before which mia has contacts a, b and c, and after which a is another, b is deleted and
/// d is new.
async fn past(w: &World) -> Timestamp {
    for uid in ["a", "b", "c"] {
        allowed(w.create("mia", PRIVATE, uid).await);
    }
    let then = moment();
    allowed(w.modify("mia", PRIVATE, "a", "+33 9").await);
    allowed(w.modify("mia", PRIVATE, "b", "+33 9").await);
    allowed(w.delete("mia", PRIVATE, "b").await);
    allowed(w.create("mia", PRIVATE, "d").await);
    then
}

#[tokio::test]
async fn a_place_goes_back_to_a_moment() {
    let w = World::new().await;
    let then = past(&w).await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let (done, _) = allowed(book.restore_place_at(then).await);
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
async fn undoing_that_takes_back_nothing_else_the_person_did() {
    let w = World::new().await;
    let then = past(&w).await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let (done, undos) = allowed(book.restore_place_at(then).await);
    assert_eq!((done.restored, done.reverted, done.removed), (1, 2, 1));
    // By the same client, before its undo.
    allowed(w.create("mia", PRIVATE, "meanwhile").await);
    allowed(w.modify("mia", PRIVATE, "p", "+33 7").await);
    assert_eq!(w.taken_back("mia", &undos).await, (3, 0));
    assert!(allowed(w.read("mia", PRIVATE, "a").await).contains("+33 9"));
    hidden(w.read("mia", PRIVATE, "b").await);
    allowed(w.read("mia", PRIVATE, "d").await);
    allowed(w.read("mia", PRIVATE, "meanwhile").await);
    assert!(allowed(w.read("mia", PRIVATE, "p").await).contains("+33 7"));
    w.check().await;
}

#[tokio::test]
async fn undoing_a_way_back_brings_tags_back_with_the_content() {
    let w = World::new().await;
    let write = async |note: &str, tag: &str| {
        let lines = format!("NOTE:{note}\r\nCATEGORIES:{tag}\r\nEND");
        let edit = Replace(vcard("p", "+33 1").replace("END", &lines).into_bytes());
        let book = w.book("mia", PRIVATE).await.expect("a book");
        let href = w.placement("mia", PRIVATE, "p").await.expect("p").href;
        allowed(book.put(&href, &Condition::None, &edit).await);
    };
    write("one", "a").await;
    let then = moment();
    write("two", "b").await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let (done, undos) = allowed(book.restore_place_at(then).await);
    assert_eq!(done.reverted, 1);
    let shown = async || allowed(w.read("mia", PRIVATE, "p").await);
    let back = shown().await;
    assert!(
        back.contains("NOTE:one") && back.contains("CATEGORIES:a"),
        "{back}"
    );
    assert_eq!(w.taken_back("mia", &undos).await, (1, 0));
    let again = shown().await;
    assert!(
        again.contains("NOTE:two") && again.contains("CATEGORIES:b"),
        "{again}"
    );
    w.check().await;
}

#[tokio::test]
async fn tags_put_on_between_a_way_back_and_its_undo_stay() {
    let w = World::new().await;
    let tag = async |names: &str| {
        let lines = format!("CATEGORIES:{names}\r\nEND");
        let edit = Replace(vcard("p", "+33 1").replace("END", &lines).into_bytes());
        let book = w.book("mia", PRIVATE).await.expect("a book");
        let href = w.placement("mia", PRIVATE, "p").await.expect("p").href;
        allowed(book.put(&href, &Condition::None, &edit).await);
    };
    tag("a").await;
    let then = moment();
    tag("b").await;
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let (_, undos) = allowed(book.restore_place_at(then).await);
    tag("a,c").await;
    w.taken_back("mia", &undos).await;
    let shown = allowed(w.read("mia", PRIVATE, "p").await);
    assert!(shown.contains("CATEGORIES:a,c"), "{shown}");
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
    let (done, _) = allowed(w.core.undo_client(&mia, "CardDAV App", since).await);
    assert_eq!((done.reverted, done.removed, done.skipped), (1, 1, 0));
    let text = allowed(w.read("max", "G", "p").await);
    assert!(
        text.contains("+33 1") && text.contains("FN:p\r") && text.contains("NOTE:kept"),
        "{text}"
    );
    w.check().await;
}

//! What comes back when a merge, or what a client did, is undone, and what stays away.

use carnet::domain::{
    book::{Book, Condition, Replace},
    error::Error,
    sharing::How,
};

use super::{PRIVATE, World, allowed, hidden, past::moment, vcard};

#[tokio::test]
async fn a_merge_undone_by_a_copy_leaves_every_comment_where_it_is_read() {
    let w = World::new().await;
    for name in ["one", "two"] {
        allowed(w.create("mia", PRIVATE, name).await);
    }
    allowed(w.comment("mia", PRIVATE, "two", "met in Lille").await);
    let book = w.book("mia", PRIVATE).await.expect("a book");
    let one = w.card("mia", PRIVATE, "one").await.expect("one");
    let two = w.card("mia", PRIVATE, "two").await.expect("two");
    let merged = vcard("one", "+33 2");
    let merge = allowed(book.merge(&one, &two, merged.as_bytes()).await);
    // Another client stores another contact under the UID of the one absorbed.
    allowed(w.create("mia", PRIVATE, "two").await);
    let kept = w.placement("mia", PRIVATE, "one").await.expect("one");
    let book = w.book("mia", PRIVATE).await.expect("a book");
    allowed(book.unmerge(&kept, merge).await);
    // One and two, p of the setting, and the copy.
    assert_eq!(book.count().await, Ok(4));
    assert_eq!(w.comments("mia", PRIVATE, "one").await, ["met in Lille"]);
    w.check().await;
}

/// The further private book of mia with three contacts, as a client of hers opens it.
async fn three(w: &World, client: &str) -> Book {
    let second = w.second("mia").await;
    let cards = ["a", "b", "c"].map(|uid| vcard(uid, "+33 1").into_bytes());
    allowed(second.add_all(cards.into()).await);
    moment();
    opened(w, client).await
}

async fn opened(w: &World, client: &str) -> Book {
    let client = w.client("mia", client).await;
    let book = w.core.open_private(&client, "second").await;
    book.expect("a book")
}

#[tokio::test]
async fn undoing_a_client_brings_no_book_back_that_another_deleted() {
    let w = World::new().await;
    let since = moment();
    let book = three(&w, "CardDAV Evolution").await;
    let a = w.core.store().by_uid(book.collection().id, "a").await;
    let a = a.expect("read").expect("a").placement;
    allowed(book.delete(&a.href, &Condition::None).await);
    moment();
    let book = opened(&w, "CardDAV Thunderbird").await;
    allowed(book.remove(&Condition::None).await);

    let mia = w.actor("mia").await;
    let undone = async |client: &str| {
        let done = w.core.undo_client(&mia, client, since).await;
        let (done, _) = allowed(done);
        (done.restored, done.skipped)
    };
    assert_eq!(undone("CardDAV Evolution").await, (0, 1));
    hidden(w.core.open_private(&mia, "second").await.map(drop));
    // With the one that deleted it comes what was in it then, and then the other has a place.
    assert_eq!(undone("CardDAV Thunderbird").await, (2, 0));
    assert_eq!(opened(&w, "web").await.count().await, Ok(2));
    assert_eq!(undone("CardDAV Evolution").await, (1, 0));
    assert_eq!(opened(&w, "web").await.count().await, Ok(3));
    w.check().await;
}

#[tokio::test]
async fn a_deleted_book_comes_back_with_its_contacts_or_not_at_all() {
    let w = World::new().await;
    let since = moment();
    let book = three(&w, "CardDAV App").await;
    // One goes alone, and then the others with the book.
    let a = w.core.store().by_uid(book.collection().id, "a").await;
    let a = a.expect("read").expect("a").placement;
    allowed(book.delete(&a.href, &Condition::None).await);
    moment();
    let book = opened(&w, "CardDAV App").await;
    allowed(book.remove(&Condition::None).await);
    w.limit("mia", 2).await;
    let mia = w.actor("mia").await;
    let done = w.core.undo_client(&mia, "CardDAV App", since).await;
    assert!(matches!(done, Err(Error::OverQuota { .. })), "{done:?}");
    hidden(w.core.open_private(&mia, "second").await.map(drop));
    w.limit("mia", 9).await;
    let mia = w.actor("mia").await;
    // Nor beyond the number of books.
    for number in 1..100 {
        let name = format!("b{number}");
        let made = w.core.make_book(&mia, &name, name.clone(), String::new());
        allowed(made.await);
    }
    let done = w.core.undo_client(&mia, "CardDAV App", since).await;
    assert!(matches!(done, Err(Error::OverQuota { .. })), "{done:?}");
    let spare = w.core.open_private(&mia, "b1").await.expect("a book");
    allowed(spare.remove(&Condition::None).await);
    let done = w.core.undo_client(&mia, "CardDAV App", since).await;
    assert_eq!(allowed(done).0.restored, 3);
    assert_eq!(opened(&w, "web").await.count().await, Ok(3));
    w.check().await;
}

#[tokio::test]
async fn a_deleted_book_comes_back_however_many_portions_it_went_in() {
    for (number, one_by_one) in [(500_i32, false), (501, false), (3, true)] {
        let w = World::new().await;
        let since = moment();
        let second = w.second("mia").await;
        let cards = (0..number).map(|at| vcard(&format!("n{at}"), "+33 1").into_bytes());
        allowed(second.add_all(cards.collect()).await);
        moment();
        let book = opened(&w, "CardDAV App").await;
        for at in (0..number).filter(|_| one_by_one) {
            let uid = format!("n{at}");
            let card = w.core.store().by_uid(book.collection().id, &uid).await;
            let href = card.expect("read").expect("there").placement.href;
            allowed(book.delete(&href, &Condition::None).await);
        }
        moment();
        let book = opened(&w, "CardDAV App").await;
        allowed(book.remove(&Condition::None).await);
        let mia = w.actor("mia").await;
        let done = w.core.undo_client(&mia, "CardDAV App", since).await;
        assert_eq!(allowed(done).0.restored, number as usize, "{number}");
        let back = opened(&w, "web").await.count().await;
        assert_eq!(back, Ok(i64::from(number)), "{number}");
        w.check().await;
    }
}

#[tokio::test]
async fn categories_that_a_client_changed_in_one_own_book_are_as_before_in_all() {
    let w = World::new().await;
    let second = w.second("mia").await;
    let private = w.book("mia", PRIVATE).await.expect("a book");
    let p = w.placement("mia", PRIVATE, "p").await.expect("p");
    let placed = allowed(private.bring(&[p], &second, How::Share).await).remove(0);
    let href = allowed(placed).href;
    let since = moment();
    let edit = vcard("p", "+33 1").replace("END", "CATEGORIES:Junk\r\nEND");
    let edit = Replace(edit.into_bytes());
    let book = opened(&w, "CardDAV App").await;
    allowed(book.put(&href, &Condition::None, &edit).await);
    let shown = allowed(w.read("mia", PRIVATE, "p").await);
    assert!(shown.contains("CATEGORIES:Junk"), "{shown}");
    let mia = w.actor("mia").await;
    let done = w.core.undo_client(&mia, "CardDAV App", since).await;
    assert_eq!(allowed(done).0.reverted, 1);
    let book = opened(&w, "web").await;
    let there = book.content(&allowed(book.get(&href).await));
    let there = String::from_utf8_lossy(&there).into_owned();
    for shown in [allowed(w.read("mia", PRIVATE, "p").await), there] {
        assert!(!shown.contains("CATEGORIES"), "{shown}");
    }
    w.check().await;
}

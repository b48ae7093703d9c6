//! What takes away much does so in several commits: others write between them, and where it breaks
//! off, it can be gone on with.

use carnet::domain::{
    batch::{GroupOp, ImportOp, Op, PersonOp},
    book::{Book, Condition},
    error::Result,
    group::Leaving,
    hub::Announced,
    id::{ItemId, Seq},
    item::Placement,
    rights::GroupRight,
    sharing::How,
    store::{Order, Span},
};
use tokio::sync::broadcast::Receiver;

use super::{PRIVATE, World, allowed, hidden, past::moment, vcard};

/// Three commits.
const MANY: usize = 1_100;

async fn fill(book: &Book) {
    let cards = (0..MANY).map(|at| vcard(&format!("c{at}"), "+33 1").into_bytes());
    let outcomes = allowed(book.add_all(cards.collect()).await);
    assert!(outcomes.iter().all(Result::is_ok));
}

async fn filled(w: &World, login: &str, place: &str) -> Book {
    fill(&w.book(login, place).await.expect("a book")).await;
    w.book(login, place).await.expect("a book")
}

/// The newest contacts of a book.
async fn contacts(w: &World, book: &Book, number: usize) -> Vec<Placement> {
    let here = book.collection();
    let last = Seq(here.seq.0 - number as i64);
    let span = Span {
        after: last,
        upto: here.seq,
        limit: number,
    };
    let store = w.core.store();
    let found = store.range(here.id, Order::Born, span);
    found.await.expect("a page")
}

fn number(mut commits: Receiver<Announced>) -> usize {
    let mut number = 0;
    while commits.try_recv().is_ok() {
        number += 1;
    }
    number
}

#[tokio::test]
async fn others_write_into_a_large_book_that_is_emptied_and_what_they_write_stays() {
    let w = World::new().await;
    let book = filled(&w, "max", PRIVATE).await;
    let before = w.core.hub().commits();
    let mut commits = w.core.hub().commits();
    let (undo, ()) = tokio::join!(book.empty(MANY as i64), async {
        commits.recv().await.expect("a commit");
        allowed(w.create("max", PRIVATE, "late").await);
    });
    let undo = allowed(undo);
    assert_eq!(number(before), 4);
    assert_eq!((undo.len(), book.count().await), (MANY, Ok(1)));
    allowed(w.read("max", PRIVATE, "late").await);
    w.check().await;
    let max = w.actor("max").await;
    let taken = allowed(w.core.undo(&max, &undo).await);
    assert_eq!((taken.back, taken.left), (MANY, 0));
    assert_eq!(book.count().await, Ok(MANY as i64 + 1));
    w.check().await;
}

#[tokio::test]
async fn a_large_book_that_a_client_deletes_is_told_of_once_and_undone() {
    let w = World::new().await;
    let phone = w.client("mia", "CardDAV App").await;
    w.second("mia").await;
    let open = || w.core.open_private(&phone, "second");
    fill(&open().await.expect("a book")).await;
    moment();
    let second = open().await.expect("a book");
    let commits = w.core.hub().commits();
    allowed(second.remove(&Condition::Match(vec![second.etag()])).await);
    assert_eq!(number(commits), 3);
    let mia = w.actor("mia").await;
    let notices = w.core.notices(&mia).await.expect("notices");
    assert_eq!((notices.len(), notices[0].number), (1, MANY as i64));
    let (done, _) = allowed(w.core.undo_notice(&mia, notices[0].id).await);
    assert_eq!((done.restored, done.skipped), (MANY, 0));
    let second = w.core.open_private(&mia, "second").await.expect("a book");
    assert_eq!(second.count().await, Ok(MANY as i64));
    assert!(w.core.notices(&mia).await.expect("notices").is_empty());
    w.check().await;
}

#[tokio::test]
async fn a_large_account_ends_in_several_commits_and_its_groups_keep_copies() {
    let w = World::new().await;
    let private = filled(&w, "mia", PRIVATE).await;
    let shared = contacts(&w, &private, 700).await;
    allowed(w.grant("ada", "G", "mia", GroupRight::Add).await);
    let group = w.book("mia", "G").await.expect("a book");
    let brought = allowed(private.bring(&shared, &group, How::Share).await);
    assert!(brought.iter().all(Result::is_ok));
    let before = group.count().await.expect("a number");
    let mia = w.id("mia").await;
    // One commit, and then the process ended: there is the account, and the group has what it had.
    let ended = Op::Person(PersonOp::RemovePerson { person: mia });
    allowed(w.commit(ended).await);
    assert_eq!(group.count().await, Ok(before));
    w.check().await;
    let actor = w.actor("mia").await;
    let commits = w.core.hub().commits();
    allowed(w.core.delete_account(&actor).await);
    assert!(number(commits) > 2);
    let gone = w.core.store().person_by_login("mia").await;
    assert_eq!(gone.expect("a read"), None);
    let ada = w.book("ada", "G").await.expect("a book");
    assert_eq!(ada.count().await, Ok(before));
    w.check().await;
}

#[tokio::test]
async fn who_leaves_with_much_takes_all_of_it_back() {
    let w = World::new().await;
    let private = filled(&w, "mia", PRIVATE).await;
    let shared = contacts(&w, &private, MANY).await;
    allowed(w.grant("ada", "G", "mia", GroupRight::Add).await);
    let group = w.book("mia", "G").await.expect("a book");
    let brought = allowed(private.bring(&shared, &group, How::Share).await);
    assert!(brought.iter().all(Result::is_ok));
    let open = w.group("mia", "G").await.expect("a group");
    allowed(open.leave(Leaving::TakeBack).await);
    let ada = w.book("ada", "G").await.expect("a book");
    // What she created there is the group's.
    assert_eq!(ada.count().await, Ok(1));
    hidden(w.book("mia", "G").await.map(drop));
    assert_eq!(private.count().await, Ok(MANY as i64 + 1));
    w.check().await;
}

#[tokio::test]
async fn a_large_group_ends_in_several_commits_and_comes_back_with_its_trash() {
    let w = World::new().await;
    let book = filled(&w, "ada", "G").await;
    let group = w.group("ada", "G").await.expect("a group");
    // One commit, and then the process ended: the group has less in it, and members read the rest.
    let op = GroupOp::RemoveGroup {
        group: group.group().id,
    };
    allowed(w.commit(Op::Group(op)).await);
    let left = book.count().await.expect("a number");
    assert!((1..MANY as i64).contains(&left), "{left}");
    allowed(w.book("max", "G").await.map(drop));
    w.check().await;
    allowed(group.delete().await);
    hidden(w.book("max", "G").await.map(drop));
    w.check().await;
    let ada = w.actor("ada").await;
    allowed(w.core.found_group(&ada, "G", "").await);
    let book = w.book("ada", "G").await.expect("a book");
    let trash = book.trash().await.expect("a trash");
    assert!(trash.len() > MANY, "{}", trash.len());
    w.check().await;
}

#[tokio::test]
async fn a_tag_of_many_contacts_is_deleted_and_brought_back_in_several_commits() {
    let w = World::new().await;
    let mia = w.actor("mia").await;
    let book = filled(&w, "mia", PRIVATE).await;
    let tag = allowed(w.core.create_tag(&mia, "Clients", "#112233").await);
    let placements = contacts(&w, &book, MANY).await;
    allowed(book.tag(&placements, &[tag], &[]).await);
    let commits = w.core.hub().commits();
    let undo = allowed(w.core.delete_tag(&mia, tag).await);
    assert_eq!(number(commits), 3);
    assert!(w.core.tags(&mia).await.expect("tags").is_empty());
    w.check().await;
    let commits = w.core.hub().commits();
    allowed(w.core.undo(&mia, &undo).await);
    assert_eq!(number(commits), 3);
    let tags = w.core.tags(&mia).await.expect("tags");
    assert_eq!((&*tags[0].name, tags[0].count), ("Clients", MANY as i64));
    w.check().await;
}

#[tokio::test]
async fn a_large_import_is_undone_in_several_commits_and_goes_on_where_it_broke_off() {
    let w = World::new().await;
    let own = w.book("mia", PRIVATE).await.expect("a book");
    let import = allowed(own.begin_import("file", None).await);
    let new: Vec<_> = (0..MANY)
        .map(|at| vcard(&format!("c{at}"), "+33 3").into_bytes())
        .collect();
    allowed(
        own.import(import, own.prepare(&new), Vec::new(), |_, _| Ok(None))
            .await,
    );
    // What one commit of an undo leaves behind: less to undo, of what there still is.
    let store = w.core.store();
    let items = store.imported_items(import, 50).await.expect("items");
    let upto = items.last().map_or(ItemId(0), |item| item.item);
    allowed(
        w.commit(Op::Import(ImportOp::ForgetImported { import, upto }))
            .await,
    );
    let commits = w.core.hub().commits();
    let own = w.book("mia", PRIVATE).await.expect("a book");
    let undone = allowed(own.undo_import(import).await);
    assert_eq!((undone.removed, undone.left), (MANY - 50, 0));
    assert_eq!(number(commits), 3);
    assert_eq!(own.count().await, Ok(51));
    w.check().await;
}

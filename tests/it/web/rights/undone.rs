//! *Undo* of tagging, sharing, moving and copying, without script.

use carnet::domain::rights::GroupRight;

use super::{Setting, Visitor};
use crate::support::browser::hidden;

/// Presses *Undo* on a page; where it leads.
#[track_caller]
fn undo(visitor: &Visitor, page: &str) -> String {
    assert!(page.contains("action=\"/undo\""), "{page}");
    visitor.done("/undo", &[("kept", &hidden(page, "kept"))])
}

/// A tag of the visitor's own; its number.
fn tag(visitor: &Visitor, name: &str) -> String {
    let page = visitor.done("/tags", &[("name", name), ("colour", "#aa0000")]);
    let at = page.find("id=\"tag-").expect("a tag") + 8;
    let number = page[at..].split('"').next().expect("a number");
    number.to_owned()
}

fn id_of(card: &str) -> &str {
    card.rsplit('/').next().expect("an id")
}

#[test]
fn tags_are_as_before() {
    let setting = Setting::start();
    let mia = setting.visit("mia");
    let tag = tag(&mia, "Urgent");
    let card = mia.card("/c/private", "p");
    let listed = format!("/c/private?tag={tag}");
    let fields = [("id", id_of(&card)), ("tag", tag.as_str())];
    let page = mia.done("/c/private/selected/tag", &fields);
    assert!(page.contains("Tags changed on 1 contact."), "{page}");
    assert!(mia.lists(&listed, "p"));
    let page = undo(&mia, &page);
    assert!(page.contains("Taken back: 1."), "{page}");
    assert!(!mia.lists(&listed, "p"));

    // What had the tag before keeps it when putting it on once more is undone.
    mia.done(&format!("{card}/tags"), &[("tag", &tag)]);
    let page = mia.done("/c/private/selected/tag", &fields);
    assert!(page.contains("Tags changed on 0 contacts"), "{page}");
    assert!(!page.contains("action=\"/undo\""), "nothing to take back");
    assert!(mia.lists(&listed, "p"));
    let page = mia.done("/c/private/selected/untag", &fields);
    assert!(!mia.lists(&listed, "p"));
    undo(&mia, &page);
    assert!(mia.lists(&listed, "p"));
    // On the card, in a group too.
    let page = mia.done(&format!("{card}/tags"), &[("ticked", &tag)]);
    assert!(!mia.lists(&listed, "p"));
    let page = undo(&mia, &page);
    assert!(page.contains("<article") && mia.lists(&listed, "p"));
    let in_group = mia.card("/g/G", "k");
    let page = mia.done(&format!("{in_group}/tags"), &[("tag", &tag)]);
    assert!(mia.lists(&format!("/g/G?tag={tag}"), "k"));
    undo(&mia, &page);
    assert!(!mia.lists(&format!("/g/G?tag={tag}"), "k"));
    setting.check();
}

#[test]
fn a_deleted_tag_comes_back_on_what_had_it() {
    let setting = Setting::start();
    let mia = setting.visit("mia");
    let urgent = tag(&mia, "Urgent");
    for card in [mia.card("/c/private", "p"), mia.card("/g/G", "k")] {
        mia.done(&format!("{card}/tags"), &[("tag", &urgent)]);
    }
    let page = mia.done("/tags/delete", &[("id", &urgent)]);
    assert!(!page.contains("id=\"tag-"), "{page}");
    let page = undo(&mia, &page);
    let number = |page: &str| {
        let at = page.find("id=\"tag-").expect("a tag") + 8;
        page[at..].split('"').next().expect("a number").to_owned()
    };
    let again = number(&page);
    assert!(
        page.contains("Urgent") && page.contains("#aa0000"),
        "{page}"
    );
    assert!(mia.lists(&format!("/c/private?tag={again}"), "p"));
    assert!(!mia.lists(&format!("/c/private?tag={again}"), "q"));
    assert!(mia.lists(&format!("/g/G?tag={again}"), "k"));
    // Another one took its name meanwhile: what had the first one has that.
    let page = mia.done("/tags/delete", &[("id", &again)]);
    let kept = hidden(&page, "kept");
    let other = tag(&mia, "urgent");
    mia.done("/undo", &[("kept", &kept)]);
    assert!(mia.lists(&format!("/c/private?tag={other}"), "p"));
    setting.check();
}

#[test]
fn nobody_else_puts_back_what_its_creator_no_longer_shares() {
    let setting = Setting::start();
    setting.given("H", "mia", GroupRight::Add);
    let [mia, hugo] = ["mia", "hugo"].map(|login| setting.visit(login));
    let h = setting.book_id("mia", "H");
    let shared = |uids: &[&str]| {
        let cards: Vec<String> = uids.iter().map(|uid| mia.card("/c/private", uid)).collect();
        let mut fields: Vec<_> = cards.iter().map(|card| ("id", id_of(card))).collect();
        fields.push(("to", h.as_str()));
        mia.done("/c/private/selected/share", &fields)
    };
    let deleted = |uid: &str| {
        assert_eq!(hugo.delete(&hugo.card("/g/H", uid)).status, 303);
        hugo.hidden_after("/g/H/trash", &format!("Contact {uid}"), "revisions")
    };
    let page = shared(&["p", "q"]);
    let revision = deleted("p");
    let page = undo(&mia, &page);
    assert!(page.contains("Taken back: 2."), "{page}");
    assert!(!hugo.page("/g/H/trash").contains("Contact p"));
    hugo.refused("/g/H/trash/restore", &[("revisions", &revision)], 403);

    // In the trash of the group, too.
    shared(&["q"]);
    let revision = deleted("q");
    let withhold = "Keep others from putting it back";
    assert!(!hugo.page("/g/H/trash").contains(withhold));
    hugo.refused("/g/H/trash/withhold", &[("revision", &revision)], 404);
    assert!(mia.page("/g/H/trash").contains(withhold));
    let page = mia.done("/g/H/trash/withhold", &[("revision", &revision)]);
    assert!(page.contains("Nobody else can put it back."), "{page}");
    assert!(!page.contains(withhold));
    hugo.refused("/g/H/trash/restore", &[("revisions", &revision)], 403);
    assert!(!mia.lists("/g/H", "q"));
    mia.done("/g/H/trash/restore", &[("revisions", &revision)]);
    assert!(mia.lists("/g/H", "q"));
    setting.check();
}

#[test]
fn what_was_shared_moved_or_copied_is_where_it_was() {
    let setting = Setting::start();
    setting.given("H", "mia", GroupRight::Add);
    let mia = setting.visit("mia");
    let (g, h) = (setting.book_id("mia", "G"), setting.book_id("mia", "H"));
    let card = mia.card("/c/private", "p");
    let into = |book: &str| vec![("id", id_of(&card).to_owned()), ("to", book.to_owned())];
    let selected = |what: &str, book: &str| {
        let fields = into(book);
        let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        mia.done(&format!("/c/private/selected/{what}"), &fields)
    };
    let page = selected("share", &h);
    assert!(mia.lists("/g/H", "p"));
    undo(&mia, &page);
    assert!(!mia.lists("/g/H", "p") && mia.lists("/c/private", "p"));
    // It was in G before: there is nothing to take back.
    let page = selected("share", &g);
    assert!(!page.contains("action=\"/undo\""), "{page}");
    assert!(mia.lists("/g/G", "p"));

    let page = selected("move", &h);
    assert!(mia.lists("/g/H", "p") && !mia.lists("/c/private", "p"));
    undo(&mia, &page);
    assert!(!mia.lists("/g/H", "p") && mia.lists("/c/private", "p"));

    let card = mia.card("/c/private", "p");
    let page = mia.done(&format!("{card}/share/add"), &[("to", &h)]);
    let page = undo(&mia, &page);
    assert!(page.contains("Taken back: 1.") && !mia.lists("/g/H", "p"));
    let page = mia.done(&format!("{card}/share/move"), &[("to", &h)]);
    assert!(!mia.lists("/c/private", "p"));
    undo(&mia, &page);
    assert!(mia.lists("/c/private", "p") && !mia.lists("/g/H", "p"));

    // The minus sign beside a group.
    let card = mia.card("/c/private", "p");
    let share = format!("{card}/share");
    let placement = mia.hidden_after(&share, "href=\"/g/G\"", "placement");
    let page = mia.done(&format!("{share}/remove"), &[("placement", &placement)]);
    assert!(!mia.lists("/g/G", "p"));
    undo(&mia, &page);
    assert!(mia.lists("/g/G", "p"));

    let max = setting.visit("max");
    let k = max.card("/g/G", "k");
    let page = max.done(&format!("{k}/copy"), &[]);
    assert!(max.lists("/c/private", "k"));
    undo(&max, &page);
    assert!(!max.lists("/c/private", "k") && max.lists("/g/G", "k"));
    let page = max.done("/g/G/selected/copy", &[("id", id_of(&k))]);
    assert!(max.lists("/c/private", "k"));
    undo(&max, &page);
    assert!(!max.lists("/c/private", "k"));
    setting.check();
}

#[test]
fn an_undo_is_its_persons_and_works_once() {
    let setting = Setting::start();
    let (mia, max) = (setting.visit("mia"), setting.visit("max"));
    let tag = tag(&mia, "Urgent");
    let card = mia.card("/c/private", "p");
    let fields = [("id", id_of(&card)), ("tag", tag.as_str())];
    let page = mia.done("/c/private/selected/tag", &fields);
    let kept = hidden(&page, "kept");
    let listed = format!("/c/private?tag={tag}");
    max.refused("/undo", &[("kept", &kept)], 404);
    assert_eq!(mia.browser.submit("/undo", &[("kept", &kept)]).status, 403);
    assert!(mia.lists(&listed, "p"));
    mia.done("/undo", &[("kept", &kept)]);
    let page = mia.refused("/undo", &[("kept", &kept)], 404);
    assert!(page.contains("can no longer be taken back here"));
    mia.refused("/undo", &[], 404);
}

#[test]
fn a_comment_that_was_changed_or_deleted_comes_back() {
    let setting = Setting::start();
    let [ada, max, zed] = ["ada", "max", "zed"].map(|login| setting.visit(login));
    let k = max.card("/g/G", "k");
    let (history, edit) = (format!("{k}/history"), format!("{k}/comments/edit"));
    let [delete, restore] = ["delete", "restore"].map(|verb| format!("{k}/comments/{verb}"));
    max.done(&format!("{k}/comments"), &[("text", "Said first")]);
    let id = max.hidden_after(&k, "Said first", "comment");
    let edited = [("comment", id.as_str()), ("text", "Said next")];
    let page = max.done(&edit, &edited);
    assert!(page.contains("Said next") && !page.contains("Said first"));
    let page = undo(&max, &page);
    assert!(page.contains("Said first") && !page.contains("Said next"));
    // What the undo replaced is kept too, for its author alone.
    assert!(!zed.page(&history).contains("Said next"));
    let former = max.hidden_after(&history, "Said next", "revision");
    zed.refused(&restore, &[("revision", &former)], 404);
    let page = max.done(&restore, &[("revision", &former)]);
    assert!(page.contains("Said next") && !page.contains("Said first"));
    max.refused(&restore, &[("revision", &former)], 404);

    // Whoever deletes another's comment brings it back as its author's, and so does the author.
    let page = ada.done(&delete, &[("comment", &id)]);
    assert!(!page.contains("Said next"));
    undo(&ada, &page);
    max.done(&edit, &[("comment", &id), ("text", "Said last")]);
    ada.done(&delete, &[("comment", &id)]);
    assert!(!zed.page(&k).contains("Said last"));
    // Once it is there again its text is its author's alone.
    let former = max.hidden_after(&history, "Said last", "revision");
    let older = max.hidden_after(&history, "Said next", "revision");
    max.done(&restore, &[("revision", &older)]);
    ada.refused(&restore, &[("revision", &former)], 404);
    max.done(&restore, &[("revision", &former)]);
    assert!(zed.page(&k).contains("Said last"));

    // A former member brings nothing back, and with the contact in the trash there is no place.
    let former = {
        max.done(&edit, &[("comment", &id), ("text", "Said too late")]);
        max.hidden_after(&history, "Said last", "revision")
    };
    assert_eq!(ada.delete(&k).status, 303);
    max.refused(&restore, &[("revision", &former)], 404);
    setting.check();
}

#[test]
fn a_right_given_or_withdrawn_is_as_before() {
    let setting = Setting::start();
    let (ada, mia, max) = (setting.id("ada"), setting.id("mia"), setting.id("max"));
    let admin = setting.visit("ada");
    setting.given("G", "max", GroupRight::AddDelete);
    let withdraw = "/g/G/rights/withdraw";
    let page = admin.done(withdraw, &[("grantee", &max)]);
    assert!(!page.contains("<td>Add and delete"), "{page}");
    let page = undo(&admin, &page);
    assert!(page.contains("Taken back: 1."), "{page}");
    assert!(page.contains("<td>Add and delete"), "{page}");
    // Of two, the one who had another right has that again; what changed since is left.
    let both = [
        ("grantee", max.as_str()),
        ("grantee", &mia),
        ("right", "add"),
    ];
    let page = admin.done("/g/G/rights/grant", &both);
    setting.given("G", "mia", GroupRight::AddDelete);
    let page = undo(&admin, &page);
    assert!(page.contains("Taken back: 1."), "{page}");
    assert_eq!(page.matches("<td>Add and delete").count(), 2, "{page}");
    // What changes nothing has nothing to undo.
    let page = admin.done(withdraw, &[("grantee", &ada)]);
    assert!(!page.contains("action=\"/undo\""), "{page}");

    let creator = setting.visit("mia");
    let card = creator.card("/g/G", "k");
    let group = setting.book_id("mia", "G");
    let fields = [("group", group.as_str()), ("grantee", &max)];
    let page = creator.done(&format!("{card}/rights/grant"), &fields);
    assert_eq!(setting.visit("max").edit(&card, "+33 2"), 303);
    undo(&creator, &page);
    assert_ne!(setting.visit("max").edit(&card, "+33 3"), 303);
    creator.done(&format!("{card}/rights/grant"), &fields);
    let page = creator.done(&format!("{card}/rights/withdraw"), &fields);
    assert_ne!(setting.visit("max").edit(&card, "+33 3"), 303);
    let page = undo(&creator, &page);
    assert!(page.contains("rights/withdraw"), "{page}");
    assert_eq!(setting.visit("max").edit(&card, "+33 4"), 303);
    setting.check();
}

#[test]
fn a_form_of_before_takes_off_no_tag_it_did_not_show() {
    let setting = Setting::start();
    let mia = setting.visit("mia");
    let card = mia.card("/c/private", "p");
    let tags = format!("{card}/tags");
    // A tag is made where it is put on, and a name in another case is the same tag.
    let page = mia.done(&tags, &[("name", "Urgent")]);
    assert!(
        page.contains("<article") && page.contains("name=\"ticked\""),
        "{page}"
    );
    let urgent = hidden(&page, "ticked");
    let clients = tag(&mia, "Clients");
    mia.done(&tags, &[("tag", &clients)]);
    let listed = |tag: &str| mia.lists(&format!("/c/private?tag={tag}"), "p");
    assert!(listed(&urgent) && listed(&clients));
    mia.done(&tags, &[("ticked", &clients), ("name", "URGENT")]);
    assert!(listed(&urgent) && !listed(&clients));
    // One that was deleted meanwhile is in nobody's way.
    mia.done("/tags/delete", &[("id", &clients)]);
    mia.done(&tags, &[("ticked", &clients), ("ticked", &urgent)]);
    assert!(!listed(&urgent));
    mia.refused(&tags, &[("name", &"x".repeat(65))], 422);
    setting.check();
}

#[test]
fn a_copy_that_was_changed_since_stays() {
    let setting = Setting::start();
    let max = setting.visit("max");
    let k = max.card("/g/G", "k");
    let page = max.done("/g/G/selected/copy", &[("id", id_of(&k))]);
    let copy = max.card("/c/private", "k");
    assert_eq!(max.edit(&copy, "+33 7"), 303);
    let page = undo(&max, &page);
    assert!(
        page.contains("Taken back: 0.") && page.contains("Left as they are"),
        "{page}"
    );
    assert!(max.page(&copy).contains("+33 7"));
    setting.check();
}

#[test]
fn a_contact_withdrawn_from_a_group_one_is_not_in_has_no_undo_that_fails() {
    let setting = Setting::start();
    let (ada, mia) = (setting.visit("ada"), setting.visit("mia"));
    setting.server.runtime.block_on(async {
        let actor = setting.actor("ada").await;
        let core = setting.server.core();
        core.found_group(&actor, "X", "").await.expect("founded");
    });
    let x = setting.book_id("ada", "X");
    ada.done(
        &format!("{}/share/add", ada.card("/g/G", "p")),
        &[("to", &x)],
    );
    let share = format!("{}/share", mia.card("/c/private", "p"));
    let placement = mia.hidden_after(&share, "a group you are not in", "placement");
    let page = mia.done(&format!("{share}/remove"), &[("placement", &placement)]);
    assert!(!page.contains("action=\"/undo\""), "{page}");
    setting.check();
}

#[test]
fn what_left_one_of_two_books_comes_back_though_the_other_is_gone() {
    let setting = Setting::start();
    setting.given("G", "mia", GroupRight::AddDelete);
    let mia = setting.visit("mia");
    mia.page("/search?q=contact&in=everywhere");
    let results = mia.page("/search/last");
    let chosen: Vec<&str> = results
        .split("name=\"id\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let fields: Vec<(&str, &str)> = chosen.iter().map(|id| ("id", *id)).collect();
    let page = mia.done("/search/selected/delete", &fields);
    assert!(!mia.lists("/c/private", "q"), "{page}");
    mia.done("/g/G/members/leave", &[]);
    let page = mia.done("/undo", &[("kept", &hidden(&page, "kept"))]);
    assert!(page.contains("Taken back: 2."), "{page}");
    assert!(mia.lists("/c/private", "p") && mia.lists("/c/private", "q"));
    setting.check();
}

#[test]
fn what_was_shared_before_is_not_said_to_be_taken_back() {
    let setting = Setting::start();
    setting.given("G", "mia", GroupRight::AddDelete);
    let mia = setting.visit("mia");
    let (card, group) = (mia.card("/c/private", "q"), setting.book_id("mia", "G"));
    let shared = mia.done(&format!("{card}/share/add"), &[("to", &group)]);
    let twice = mia.done(&format!("{card}/share/add"), &[("to", &group)]);
    assert!(twice.contains("It was shared with G already."), "{twice}");
    assert!(!twice.contains("action=\"/undo\""), "{twice}");
    // The first press can still be taken back, and is.
    let page = undo(&mia, &shared);
    assert!(page.contains("Taken back: 1."), "{page}");
    assert!(!mia.lists("/g/G", "q"));
    let fields = [("id", id_of(&card)), ("to", group.as_str())];
    mia.done("/c/private/selected/share", &fields);
    let twice = mia.done("/c/private/selected/share", &fields);
    assert!(
        twice.contains("Shared: 0.") && twice.contains("not possible: 1"),
        "{twice}"
    );
    assert!(!twice.contains("action=\"/undo\""), "{twice}");
    assert!(mia.lists("/g/G", "q"));
    setting.check();
}

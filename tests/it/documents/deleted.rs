//! Deleted folders: nothing is put where nobody would find it.

use super::{HERE, TEAM, added, done, is_whole, post, upload};
use crate::support::{
    browser::{Browser, hidden},
    server::Server,
};

/// A folder beside another one, made by somebody who may.
fn folder(browser: &Browser, beside: &str, name: &str) -> String {
    let made = done(browser, &format!("{beside}/folders"), &[("name", name)]);
    made.split('?').next().expect("a path").to_owned()
}

fn revision(page: &str) -> String {
    let value = page.split("name=\"revision\" value=\"").nth(1);
    let value = value.unwrap_or_else(|| panic!("a revision in {page}"));
    value.split('"').next().expect("a number").to_owned()
}

#[test]
fn a_deleted_folder_takes_nothing_and_what_was_sent_to_it_is_said_to_be_refused() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let gone = folder(&alice, TEAM, "Old");
    let own = added(&alice, HERE, "plan.txt", b"plan");
    let share = alice.page(&format!("{own}/share"));
    let to = share.split("Old").nth(1).expect("the folder");
    let to = to.split("name=\"to\" value=\"").nth(1).expect("a form");
    let to = to.split('"').next().expect("a number").to_owned();
    done(&alice, &format!("{gone}/delete"), &[]);
    let said = "This folder was deleted in the meantime: nothing was put into it.";
    let refused = upload(&alice, &gone, &[("a.txt", b"a")]);
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(refused.text().contains(said), "{}", refused.text());
    assert!(!refused.text().contains("id=\"upload\""));
    for action in ["add", "move"] {
        let refused = post(&alice, &format!("{own}/share/{action}"), &[("to", &to)]);
        assert_eq!(refused.status, 409, "{action}");
        assert!(refused.text().contains(said), "{}", refused.text());
    }
    assert_eq!(alice.get(&own).status, 200, "it stays where it is");
    let selected = own.rsplit('/').next().expect("an id");
    let moved = post(
        &alice,
        &format!("{HERE}/selected/move"),
        &[("id", selected), ("to", &to)],
    );
    assert_eq!(moved.status, 409, "{}", moved.text());
    assert!(!alice.page(&format!("{own}/share")).contains("Old"));
    assert_eq!(alice.get(&own).status, 200);
    is_whole(&server);
}

#[test]
fn a_folder_comes_back_with_what_is_restored_into_it_and_by_undo() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let gone = folder(&alice, TEAM, "Old");
    let kept = added(&alice, &gone, "kept.txt", b"kept");
    let lost = added(&alice, &gone, "lost.txt", b"lost");
    // One is deleted before the folder, and its deletion taken back afterwards.
    let id = lost.rsplit('/').next().expect("an id");
    let told = done(&alice, &format!("{gone}/selected/delete"), &[("id", id)]);
    let undo = hidden(&alice.page(&told), "revisions");
    done(&alice, &format!("{gone}/delete"), &[]);
    // Deleting it once more changes nothing about what comes back with it.
    done(&alice, &format!("{gone}/delete"), &[]);
    // Who may not delete the folder does not bring it back.
    let fields = [("revisions", undo.as_str()), ("undo", "1")];
    let restore = format!("{gone}/trash/restore");
    assert_ne!(post(&bob, &restore, &fields).status, 303);
    done(&alice, &restore, &fields);
    assert!(bob.page(TEAM).contains(">Old <"));
    assert!(bob.card_named(&gone, "lost.txt").is_some());
    assert_eq!(alice.get(&kept).status, 404);
    is_whole(&server);
    // All of it by the folder's own *Undo*.
    let told = done(&alice, &format!("{gone}/delete"), &[]);
    let undo = hidden(&alice.page(&told), "kept");
    let back = done(&alice, "/undo", &[("kept", &undo), ("undo", "1")]);
    assert!(back.starts_with(&gone), "{back}");
    assert!(bob.card_named(&gone, "lost.txt").is_some());
    // From the folder's own trash; while another one has its name, the folder stays deleted.
    done(&alice, &format!("{gone}/delete"), &[]);
    let other = folder(&alice, TEAM, "old");
    let revision = revision(&alice.page(&format!("{gone}/trash")));
    let taken = post(&alice, &restore, &[("revisions", &revision)]);
    assert_eq!(taken.status, 409, "{}", taken.text());
    done(&alice, &format!("{other}/rename"), &[("name", "New")]);
    done(&alice, &restore, &[("revisions", &revision)]);
    let listed = alice.page(&gone);
    assert!(listed.contains(".txt</a>"), "{listed}");
    assert!(bob.page(TEAM).contains(">Old <"));
    is_whole(&server);
}

#[test]
fn a_folder_that_does_not_fit_any_more_stays_deleted_as_a_whole() {
    let server = Server::start_with(|config| config.document_quota = 1_000);
    let alice = Browser::of(&server.address, "alice");
    let plans = folder(&alice, HERE, "Plans");
    added(&alice, &plans, "plan.txt", &[b'p'; 700]);
    done(&alice, &format!("{plans}/delete"), &[]);
    let other = added(&alice, HERE, "other.txt", &[b'o'; 700]);
    let restore = format!("{plans}/restore");
    for _ in 0..2 {
        assert_eq!(post(&alice, &restore, &[]).status, 507);
        assert!(!alice.page(HERE).contains(">Plans <"));
    }
    let id = other.rsplit('/').next().expect("an id");
    done(&alice, &format!("{HERE}/selected/delete"), &[("id", id)]);
    done(&alice, &restore, &[]);
    assert!(alice.page(HERE).contains(">Plans <"));
    assert!(alice.card_named(&plans, "plan.txt").is_some());
    is_whole(&server);
}

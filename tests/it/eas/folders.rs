//! The hierarchy of folders.

use std::{sync::Arc, thread, time::Duration};

use carnet::domain::{
    actor::Client,
    batch::{GroupOp, Op},
    group::Leaving,
    principal::Role,
};

use crate::support::{
    phone::{Phone, add, commands, document, indent},
    server::Server,
    tree::{all, text_at, wbxml},
};

fn group(
    server: &Server,
    login: &str,
) -> (carnet::domain::id::GroupId, carnet::domain::id::PersonId) {
    let group = server
        .runtime
        .block_on(server.store().group_by_name("Team"));
    (
        group.expect("read").expect("a group").id,
        server.person(login),
    )
}

fn leave(server: &Server, login: &str) {
    let (group, person) = group(server, login);
    server.commit(Op::Group(GroupOp::RemoveMember {
        group,
        person,
        leaving: Leaving::LeaveCopies,
    }));
}

fn join(server: &Server, login: &str) {
    let (group, person) = group(server, login);
    let role = Role::Member;
    server.commit(Op::Group(GroupOp::SetMember {
        group,
        person,
        role,
    }));
}

fn edit(phone: &Phone, command: &str, key: &str, more: &str) -> (String, String, String) {
    let body = format!(
        "FolderHierarchy:{command}\n  FolderHierarchy:SyncKey = {key}{}",
        more.lines()
            .map(|line| format!("\n  FolderHierarchy:{line}"))
            .collect::<String>()
    );
    let answer = phone.ask(command, &body).expect("an answer");
    let text = |name| text_at(&answer, &[name]).unwrap_or_default();
    (text("Status"), text("SyncKey"), text("ServerId"))
}

#[test]
fn all_folders_are_listed_with_ids_for_ever() {
    let server = Server::start();
    for version in ["12.1", "14.1", "16.1"] {
        let phone = Phone::new(&server, "alice", "lister", version);
        let answer = phone.folder_sync("0");
        let count = text_at(&answer, &["Changes", "Count"]);
        assert_eq!(count, Some(all(&answer, "Add").len().to_string()));
        assert!(
            all(&answer, "ParentId")
                .iter()
                .all(|parent| parent.text() == "0")
        );
        let (_, folders) = phone.folders("0");
        let types: Vec<&str> = folders.iter().map(|folder| folder.2.as_str()).collect();
        assert_eq!(types, ["2", "3", "4", "5", "6", "7", "8", "10", "9", "14"]);
        let other = Phone::new(&server, "alice", "other", version);
        assert_eq!(other.folders("0").1, folders, "the same on every device");
    }
}

#[test]
fn keys_stay_are_answered_again_or_unknown() {
    let server = Server::start();
    let phone = Phone::new(&server, "carol", "keys", "14.1");
    let (key, _) = phone.folders("0");
    let quiet = phone.folder_sync(&key);
    assert_eq!(text_at(&quiet, &["SyncKey"]).as_ref(), Some(&key));
    assert_eq!(text_at(&quiet, &["Changes", "Count"]).as_deref(), Some("0"));
    // Asked twice from the beginning, be it by two processes of one phone: both go on.
    assert_eq!(phone.folders("0").0, key);
    let quiet = phone.folder_sync(&key);
    assert_eq!(text_at(&quiet, &["Status"]).as_deref(), Some("1"));
    leave(&server, "carol");
    let first = phone.folder_sync(&key);
    let again = phone.folder_sync(&key);
    assert_eq!(first, again, "a lost answer is made again under its key");
    assert_eq!(all(&first, "Delete").len(), 1);
    // The exact octets of a FolderSync with an unknown SyncKey.
    let unknown = phone.post(
        "FolderSync",
        &[
            3, 1, 0x6a, 0, 0, 7, 0x56, 0x52, 3, 0x39, 0x39, 0x39, 0, 1, 1,
        ],
    );
    assert_eq!(
        unknown.body,
        [3, 1, 0x6a, 0, 0, 7, 0x56, 0x4c, 3, 0x39, 0, 1, 1]
    );
    let malformed = phone
        .ask("FolderSync", "FolderHierarchy:FolderSync")
        .expect("a status");
    assert_eq!(text_at(&malformed, &["Status"]).as_deref(), Some("10"));
}

#[test]
fn a_book_comes_is_renamed_and_goes_once() {
    let server = Server::start();
    let phone = Phone::new(&server, "carol", "comes", "16.1");
    leave(&server, "carol");
    let (key, folders) = phone.folders("0");
    assert!(folders.iter().all(|folder| folder.1 != "Team"));
    join(&server, "carol");
    let (key, added) = phone.folders(&key);
    assert_eq!(added.len(), 1);
    let id = added[0].0.clone();
    server.commit(Op::Group(GroupOp::ChangeGroup {
        group: group(&server, "carol").0,
        display_name: Some("Sales".to_owned()),
        options: None,
    }));
    let answer = phone.folder_sync(&key);
    let update = all(&answer, "Update").remove(0);
    assert_eq!(text_at(update, &["ServerId"]).as_ref(), Some(&id));
    assert_eq!(text_at(update, &["DisplayName"]).as_deref(), Some("Sales"));
    let key = text_at(&answer, &["SyncKey"]).expect("a key");
    leave(&server, "carol");
    let answer = phone.folder_sync(&key);
    assert_eq!(text_at(all(&answer, "Delete")[0], &["ServerId"]), Some(id));
    let key = text_at(&answer, &["SyncKey"]).expect("a key");
    for _ in 0..2 {
        assert!(all(&phone.folder_sync(&key), "Delete").is_empty());
    }
}

#[test]
fn a_check_of_the_account_leaves_nothing_behind() {
    let server = Server::start();
    let phone = Phone::new(&server, "alice", "validate", "14.1");
    let (key, folders) = phone.folders("0");
    assert!(!key.is_empty() && folders.len() == 10);
    // A Sync is primed as others are, and its key is good for nothing.
    let mut phone = phone;
    phone.start();
    let next = phone.sync("AirSync:GetChanges");
    assert_eq!(text_at(&next, &["Status"]).as_deref(), Some("3"));
    assert!(server.devices("alice").is_empty());
}

#[test]
fn folders_made_renamed_and_removed_go_on_from_the_key() {
    let server = Server::start();
    let phone = Phone::new(&server, "alice", "maker", "16.1");
    let (key, _) = phone.folders("0");
    let create = "ParentId = 0\nDisplayName = Club\nType = 14";
    let (status, next, id) = edit(&phone, "FolderCreate", &key, create);
    assert_eq!(status, "1");
    // A lost answer is made again, not the folder.
    assert_eq!(
        edit(&phone, "FolderCreate", &key, create),
        ("1".into(), next.clone(), id.clone())
    );
    let quiet = phone.folder_sync(&next);
    assert_eq!(text_at(&quiet, &["Changes", "Count"]).as_deref(), Some("0"));
    assert_eq!(text_at(&quiet, &["SyncKey"]).as_ref(), Some(&next));
    // It is a book like others.
    let mut book = phone.clone();
    book.folder = id.clone();
    book.prime();
    book.push(&crate::support::phone::add("1", "Member"));
    let rename = format!("ServerId = {id}\nParentId = 0\nDisplayName = Chess club");
    let (status, key, _) = edit(&phone, "FolderUpdate", &next, &rename);
    assert_eq!(status, "1");
    let (_, others) = Phone::new(&server, "alice", "other", "14.1").folders("0");
    assert!(
        others
            .iter()
            .any(|folder| folder.0 == id && folder.1 == "Chess club")
    );
    let (status, key, _) = edit(&phone, "FolderDelete", &key, &format!("ServerId = {id}"));
    assert_eq!(status, "1");
    let quiet = phone.folder_sync(&key);
    assert_eq!(text_at(&quiet, &["Changes", "Count"]).as_deref(), Some("0"));
    server.check();
}

#[test]
fn names_are_taken_by_folders_the_device_was_not_told_of() {
    let server = Server::start();
    let one = Phone::new(&server, "alice", "namer", "16.1");
    let other = Phone::new(&server, "alice", "late", "16.1");
    let ((key, _), (late, _)) = (one.folders("0"), other.folders("0"));
    let create = |name: &str| format!("ParentId = 0\nDisplayName = {name}\nType = 14");
    assert_eq!(edit(&one, "FolderCreate", &key, &create("Club")).0, "1");
    assert_eq!(edit(&other, "FolderCreate", &late, &create("club")).0, "2");
    let (status, key, id) = edit(&other, "FolderCreate", &late, &create("Chess"));
    assert_eq!(status, "1");
    let rename = format!("ServerId = {id}\nParentId = 0\nDisplayName = Club");
    assert_eq!(edit(&other, "FolderUpdate", &key, &rename).0, "2");
    let (_, added) = other.folders(&key);
    assert_eq!(added.len(), 1);
    assert_eq!(added[0].1, "Club");
}

#[test]
fn a_change_after_a_lost_answer_goes_on_from_the_key_before() {
    let server = Server::start();
    let phone = Phone::new(&server, "alice", "loser", "16.1");
    let (key, _) = phone.folders("0");
    let create = |name: &str| format!("ParentId = 0\nDisplayName = {name}\nType = 14");
    let (_, _, lost) = edit(&phone, "FolderCreate", &key, &create("Lost"));
    let (status, next, id) = edit(&phone, "FolderCreate", &key, &create("Kept"));
    assert_eq!(status, "1");
    let (next, added) = phone.folders(&next);
    assert_eq!(added, [(lost, "Lost".to_owned(), "14".to_owned())]);
    let delete = format!("ServerId = {id}");
    assert_eq!(edit(&phone, "FolderDelete", &next, &delete).0, "1");
    let (status, next, _) = edit(&phone, "FolderCreate", &next, &create("Last"));
    assert_eq!(status, "1");
    let answer = phone.folder_sync(&next);
    assert_eq!(text_at(all(&answer, "Delete")[0], &["ServerId"]), Some(id));
    assert_eq!(edit(&phone, "FolderCreate", "0", &create("None")).0, "9");
}

#[test]
fn a_book_may_be_made_below_ones_own() {
    let server = Server::start();
    let phone = Phone::new(&server, "alice", "nester", "16.1");
    let (key, folders) = phone.folders("0");
    let contacts = &folders
        .iter()
        .find(|folder| folder.2 == "9")
        .expect("one")
        .0;
    let create = format!("ParentId = {contacts}\nDisplayName = Club\nType = 14");
    let (status, key, id) = edit(&phone, "FolderCreate", &key, &create);
    assert_eq!(status, "1");
    let rename = format!("ServerId = {id}\nParentId = {contacts}\nDisplayName = Chess");
    let (status, key, _) = edit(&phone, "FolderUpdate", &key, &rename);
    assert_eq!(status, "1");
    let quiet = phone.folder_sync(&key);
    assert_eq!(text_at(&quiet, &["Changes", "Count"]).as_deref(), Some("0"));
    let (_, folders) = phone.folders("0");
    assert!(
        folders
            .iter()
            .any(|folder| folder.0 == id && folder.1 == "Chess")
    );
}

#[test]
fn changes_that_cannot_be_have_their_statuses() {
    let server = Server::start();
    let phone = Phone::new(&server, "alice", "refused", "14.1");
    let (key, _) = phone.folders("0");
    let status = |command: &str, key: &str, more: &str| edit(&phone, command, key, more).0;
    let create = |more: &str| status("FolderCreate", &key, more);
    assert_eq!(create("ParentId = 0\nDisplayName = Inbox\nType = 14"), "2");
    assert_eq!(
        create("ParentId = nowhere\nDisplayName = X\nType = 14"),
        "5"
    );
    assert_eq!(create("ParentId = inbox\nDisplayName = X\nType = 14"), "3");
    assert_eq!(create("ParentId = 0\nDisplayName = X\nType = 9"), "10");
    assert_eq!(create("ParentId = 0\nDisplayName = Trips\nType = 13"), "3");
    assert_eq!(
        status(
            "FolderCreate",
            "old",
            "ParentId = 0\nDisplayName = X\nType = 14"
        ),
        "9"
    );
    assert_eq!(status("FolderDelete", &key, "ServerId = nowhere"), "4");
    assert_eq!(status("FolderDelete", &key, "ServerId = inbox"), "3");
    let rename = "ServerId = calendar\nParentId = 0\nDisplayName = X";
    assert_eq!(status("FolderUpdate", &key, rename), "2");
    let keyless = "FolderHierarchy:FolderUpdate\n  FolderHierarchy:ServerId = inbox";
    let answer = phone.ask("FolderUpdate", keyless).expect("a status");
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("10"));
}

#[test]
fn the_book_of_a_group_is_not_for_a_device_to_change() {
    let server = Server::start();
    let phone = Phone::new(&server, "alice", "vandal", "16.1");
    let (key, folders) = phone.folders("0");
    let of = |kind: &str| {
        folders
            .iter()
            .find(|folder| folder.2 == kind)
            .expect("one")
            .0
            .clone()
    };
    for id in [of("14"), of("9")] {
        let delete = format!("ServerId = {id}");
        assert_eq!(edit(&phone, "FolderDelete", &key, &delete).0, "3");
        let rename = format!("ServerId = {id}\nParentId = 0\nDisplayName = Mine");
        assert_eq!(edit(&phone, "FolderUpdate", &key, &rename).0, "2");
    }
    let below = format!("ParentId = {}\nDisplayName = Below\nType = 14", of("14"));
    assert_eq!(edit(&phone, "FolderCreate", &key, &below).0, "3");
    assert_eq!(phone.folder_sync(&key), phone.folder_sync(&key));
    let _ = commands(&phone.folder_sync(&key));
}

#[test]
fn more_books_than_an_account_may_have_are_no_room() {
    let server = Server::start();
    let phone = Phone::new(&server, "alice", "hoarder", "14.1");
    let (key, _) = phone.folders("0");
    let old = Phone::new(&server, "alice", "older", "12.1");
    let (old_key, _) = old.folders("0");
    let person = server.person("alice");
    server.runtime.block_on(async {
        let core = server.core();
        let actor = core.actor(person, Client::default()).await;
        let actor = Arc::new(actor.expect("an account"));
        for number in 1..100 {
            let (segment, name) = (format!("n{number}"), format!("Book {number}"));
            let made = core.make_book(&actor, &segment, name, String::new());
            made.await.expect("made");
        }
    });
    let create = "ParentId = 0\nDisplayName = Another\nType = 14";
    // MailboxQuotaExceeded, and what it was before 14.0.
    assert_eq!(edit(&phone, "FolderCreate", &key, create).0, "113");
    let body = format!(
        "FolderHierarchy:FolderCreate\n  FolderHierarchy:SyncKey = {old_key}\n  \
         FolderHierarchy:ParentId = 0\n  FolderHierarchy:DisplayName = Another\n  \
         FolderHierarchy:Type = 14"
    );
    assert_eq!(old.post("FolderCreate", &wbxml(&body)).status, 507);
}

#[test]
fn a_book_that_may_not_be_made_or_renamed_costs_the_folder_alone() {
    let server = Server::start_with(|config| config.further_books = false);
    let phone = Phone::new(&server, "alice", "modest", "14.1");
    let (key, _) = phone.folders("0");
    let create = "ParentId = 0\nDisplayName = Another\nType = 14";
    assert_eq!(edit(&phone, "FolderCreate", &key, create).0, "3");
}

#[test]
fn a_book_that_goes_under_a_sync_is_no_account_that_is_disabled() {
    let server = Server::start();
    for round in 0..30 {
        join(&server, "bob");
        let mut phone = Phone::set_up(&server, "bob", &format!("racer{round}"), "14.1");
        phone.folder = phone.folder_named("Team");
        phone.prime();
        let commands = format!("AirSync:Commands\n{}", indent(&add("1", "Raced")));
        let body = wbxml(&phone.sync_text(&phone.key, &commands));
        let answer = thread::scope(|scope| {
            let posted = scope.spawn(|| phone.post("Sync", &body));
            thread::sleep(Duration::from_micros(200 * round));
            leave(&server, "bob");
            posted.join().expect("answered")
        });
        if answer.status == 200
            && let Some(answer) = document(&answer)
        {
            assert_ne!(
                text_at(&answer, &["Status"]).as_deref(),
                Some("131"),
                "{round}"
            );
        } else {
            assert_eq!(answer.status, 503, "{round}");
        }
    }
}

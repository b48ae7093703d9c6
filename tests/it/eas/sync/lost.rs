//! Lost answers, lost keys, items a device cannot take.

use std::{collections::BTreeSet, sync::Arc, thread, time::Duration};

use carnet::domain::{
    actor::Client,
    device_sync::{DeviceBook, SyncCall, SyncReply},
    error::Error,
};

use super::{CHANGES, id_of, refused, server_id, triple};
use crate::support::{
    phone::{Phone, add, change, commands, delete, document, indent, responses},
    program::{Program, works},
    server::Server,
    tree::{all, text_at, wbxml},
};

#[test]
fn a_lost_answer_and_what_the_client_does_next() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "lossy", "14.1");
    let key = phone.key.clone();
    let body =
        |adds: &str| wbxml(&phone.sync_text(&key, &format!("AirSync:Commands\n{}", indent(adds))));
    let first = phone.post("Sync", &body(&add("c1", "Once")));
    let again = phone.post("Sync", &body(&add("c1", "Once")));
    assert_eq!(first.body, again.body);
    let id = server_id(all(&document(&first).expect("one"), "Collection")[0]);
    // New ClientId, same data; then the same ClientId with more edits.
    let renamed = document(&phone.post("Sync", &body(&add("c2", "Once")))).expect("one");
    assert_eq!(server_id(all(&renamed, "Collection")[0]), id);
    let more = add("c2", "Once") + &add("c3", "Twice");
    let root = document(&phone.post("Sync", &body(&more))).expect("one");
    let collection = all(&root, "Collection").remove(0);
    assert_eq!(
        responses(collection),
        [triple("Add", "c2", "1"), triple("Add", "c3", "1")]
    );
    assert_eq!(server_id(collection), id);
    phone.key = text_at(collection, &["SyncKey"]).expect("a key");
    let mut witness = Phone::set_up(&server, "bob", "witness", "14.1");
    let mut names: Vec<String> = witness.pull().into_iter().map(|told| told.2).collect();
    names.sort();
    assert_eq!(names, ["Once", "Twice"]);
    // A deletion repeated succeeds by silence.
    let key = phone.key.clone();
    for _ in 0..2 {
        let answer = phone.sync_key(&key, &format!("AirSync:Commands\n{}", indent(&delete(&id))));
        assert!(responses(&answer).is_empty());
    }
}

#[test]
fn many_adds_sent_again_with_more_between_them_are_made_once() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "lossy", "14.1");
    let key = phone.key.clone();
    let push = |phone: &Phone, numbers: &[usize]| {
        let adds = numbers.iter().map(|number| {
            let client = format!("c{number}-{}", numbers.len());
            add(&client, &format!("Name{number}"))
        });
        let adds: String = adds.collect();
        phone.sync_key(&key, &format!("AirSync:Commands\n{}", indent(&adds)))
    };
    let even: Vec<usize> = (0..24).step_by(2).collect();
    let all_of_them: Vec<usize> = (0..24).collect();
    push(&phone, &even);
    // The answer was lost; the phone made others between those it had sent, under new ClientIds.
    let answer = push(&phone, &all_of_them);
    let expected: Vec<_> = all_of_them
        .iter()
        .map(|number| triple("Add", &format!("c{number}-24"), "1"))
        .collect();
    assert_eq!(responses(&answer), expected);
    phone.key = text_at(&answer, &["SyncKey"]).expect("a key");
    let mut witness = Phone::set_up(&server, "bob", "witness", "14.1");
    let told = witness.pull();
    assert_eq!(told.len(), 24);
    for (number, id) in all(&answer, "ServerId").iter().enumerate() {
        assert_eq!(id_of(&told, &format!("Name{number}")), id.text());
    }
}

#[test]
fn keys_too_old_or_of_others_are_unknown() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "older", "16.1");
    let first = phone.key.clone();
    phone.pull();
    phone.push(&add("1", "A"));
    phone.push(&add("2", "B"));
    let status = |phone: &Phone, key: &str| {
        let answer = phone.sync_key(key, CHANGES);
        (
            text_at(&answer, &["Status"]),
            text_at(&answer, &["SyncKey"]),
        )
    };
    let unknown = (Some("3".to_owned()), Some("0".to_owned()));
    assert_eq!(status(&phone, &first), unknown);
    let mut team = phone.clone();
    team.folder = phone.folder_named("Team");
    assert_eq!(status(&team, &phone.key), unknown, "of another collection");
    let other = Phone::set_up(&server, "alice", "another", "16.1");
    assert_eq!(status(&other, &phone.key), unknown, "of another device");
    let bob = Phone::set_up(&server, "bob", "older", "16.1");
    assert_eq!(status(&bob, &phone.key), unknown, "of another person");
}

#[test]
fn what_was_committed_and_not_answered_is_answered_after_a_restart() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "crash", "14.1");
    let body = wbxml(&phone.sync_text(
        &phone.key,
        &format!("AirSync:Commands\n{}", indent(&add("1", "Kept"))),
    ));
    let lost = phone.post("Sync", &body);
    // The database as it is on disk at this moment.
    let after = Server::start_in(server.copy());
    phone.address = after.address.clone();
    let again = phone.post("Sync", &body);
    assert_eq!(lost.body, again.body);
    after.check();
}

#[test]
fn two_requests_with_one_key_are_one_result_and_one_replay() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "racer", "16.1");
    let body = wbxml(&phone.sync_text(
        &phone.key,
        &format!("AirSync:Commands\n{}", indent(&add("1", "Raced"))),
    ));
    let bodies: Vec<Vec<u8>> = thread::scope(|scope| {
        let posts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| phone.post("Sync", &body).body))
            .collect();
        posts
            .into_iter()
            .map(|post| post.join().expect("answered"))
            .collect()
    });
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    phone.key =
        text_at(all(&document_of(&bodies[0]), "Collection")[0], &["SyncKey"]).expect("a key");
    assert!(phone.pull().is_empty());
    let mut witness = Phone::set_up(&server, "bob", "witness", "16.1");
    assert_eq!(witness.pull().len(), 1);
}

fn document_of(octets: &[u8]) -> carnet_proto::wbxml::Element {
    carnet_proto::wbxml::decode(octets, &Default::default()).expect("a document")
}

#[test]
fn starting_over_keeps_what_only_the_device_has() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "reset", "14.1");
    let id = id_of(&phone.pull(), "Petit");
    let older = server.copy();
    phone.push(&add("1", "After"));
    let device = server.device("alice", "reset").id;
    server.commit(carnet::domain::batch::Op::Sync(
        carnet::domain::batch::SyncOp::ForgetSync {
            device,
            collection: None,
        },
    ));
    // With the key that is gone: a contact that was never uploaded, one that was, and an edit.
    let pending = add("2", "Unsaved") + &add("1", "After") + &change(&id, "JobTitle", "Lost");
    for _ in 0..2 {
        let answer = phone.sync(&format!("AirSync:Commands\n{}", indent(&pending)));
        assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("3"));
        assert_eq!(text_at(&answer, &["SyncKey"]).as_deref(), Some("0"));
    }
    phone.prime();
    let told = phone.pull();
    assert_eq!(told.len(), 16);
    let count = |name: &str| told.iter().filter(|told| told.2 == name).count();
    assert_eq!((count("Unsaved"), count("After")), (1, 1));
    assert!(
        refused(&server, "alice")
            .iter()
            .any(|kept| kept.contains("Lost"))
    );
    // The same with a database from before: what is pending comes back, nothing is deleted for it.
    let restored = Server::start_in(older);
    restored.sql("UPDATE collection SET epoch = 'restored'");
    phone.address = restored.address.clone();
    let answer = phone.sync(&format!(
        "AirSync:Commands\n{}",
        indent(&add("3", "Pending"))
    ));
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("3"));
    phone.prime();
    let told = phone.pull();
    assert!(told.iter().all(|told| told.0 == "Add"));
    assert!(told.iter().any(|told| told.2 == "Pending"));
    restored.check();
}

/// Hours later, for a device that repeats its request.
pub(super) fn wait_for_hours(server: &Server) {
    server.sql(
        "UPDATE sync_state SET record = CAST(json_set(CAST(record AS TEXT), '$.choke.since', 0) AS BLOB)
         WHERE json_extract(CAST(record AS TEXT), '$.choke.since') IS NOT NULL",
    );
}

#[test]
fn an_item_a_device_cannot_take_is_found_and_held_back() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "choker", "14.1");
    let bad = "Weber";
    let mut seen = BTreeSet::new();
    // The client never takes an answer that holds the bad item: it presents its key again.
    for _ in 0..80 {
        let answer = phone.sync(CHANGES);
        let told = commands(&answer);
        if told.iter().any(|told| told.2 == bad) {
            wait_for_hours(&server);
            continue;
        }
        seen.extend(told.into_iter().map(|told| told.2));
        match text_at(&answer, &["SyncKey"]) {
            Some(key) => phone.key = key,
            None => break,
        }
    }
    assert_eq!(seen.len(), 13, "{seen:?}");
    // It is offered again when it changes, as new.
    let mut other = Phone::set_up(&server, "alice", "fixer", "14.1");
    let id = id_of(&other.pull(), bad);
    other.push(&change(&id, "LastName", "Fixed"));
    assert_eq!(phone.pull(), [triple("Add", &id, "Fixed")]);
    // Taken, it is an item as others.
    other.push(&change(&id, "LastName", "Mended"));
    assert_eq!(phone.pull(), [triple("Change", &id, "Mended")]);
    other.push(&delete(&id));
    assert_eq!(phone.pull(), [triple("Delete", &id, "")]);
}

#[test]
fn an_item_a_device_cannot_take_is_held_back_where_it_is_the_last() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "choker", "14.1");
    phone.pull();
    let mut other = Phone::set_up(&server, "alice", "writer", "14.1");
    other.push(&add("bad", "Bad"));
    let mut answers = (0..40).map(|_| {
        wait_for_hours(&server);
        phone.sync(CHANGES)
    });
    let without = answers.find(|answer| commands(answer).is_empty());
    let without = without.expect("an answer without it");
    phone.key = text_at(&without, &["SyncKey"]).expect("a key");
    assert!(phone.pull().is_empty());
}

#[test]
fn a_copy_of_its_own_write_that_a_device_cannot_take_is_held_back() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "choker", "14.1");
    let weber = id_of(&phone.pull(), "Weber");
    // A date that is none: the device is sent what was made of its write.
    let edit = change(&weber, "LastName", "Renamed") + "    Contacts:Birthday = garbage\n";
    let commands_of = format!("AirSync:Commands\n{}", indent(&edit));
    let asked = phone.key.clone();
    let mut taken = false;
    for _ in 0..40 {
        let answer = phone.sync_key(&asked, &commands_of);
        let told = commands(&answer);
        if told.is_empty() {
            phone.key = text_at(&answer, &["SyncKey"]).expect("a key");
            taken = true;
            break;
        }
        assert_eq!(told, [triple("Change", &weber, "Renamed")]);
        wait_for_hours(&server);
    }
    assert!(taken, "its other contacts synchronize again");
    let mut other = Phone::set_up(&server, "alice", "fixer", "14.1");
    other.pull();
    let answer = other.push(&add("new", "Newest"));
    let newest = server_id(&answer);
    assert_eq!(phone.pull(), [triple("Add", &newest, "Newest")]);
    other.push(&change(&weber, "LastName", "Mended"));
    assert_eq!(phone.pull(), [triple("Add", &weber, "Mended")]);
}

#[test]
fn a_weak_connection_costs_no_item_and_deletions_are_never_held_back() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "weak", "14.1");
    let mut other = Phone::set_up(&server, "bob", "writer", "14.1");
    let names = ["One", "Two", "Three"];
    let ids = names.map(|name| server_id(&other.push(&add(name, name))));
    for _ in 0..40 {
        phone.sync(CHANGES);
    }
    let settle = |phone: &mut Phone| {
        let mut told = Vec::new();
        for _ in 0..8 {
            told.extend(phone.pull());
        }
        told
    };
    let told: BTreeSet<String> = settle(&mut phone).into_iter().map(|told| told.2).collect();
    assert_eq!(told, names.map(str::to_owned).into());
    other.push(&(delete(&ids[0]) + &delete(&ids[1])));
    for _ in 0..40 {
        phone.sync(CHANGES);
        wait_for_hours(&server);
    }
    let told: BTreeSet<_> = settle(&mut phone).into_iter().collect();
    let gone = [&ids[0], &ids[1]].map(|id| triple("Delete", id, ""));
    assert_eq!(told, gone.into());
}

#[test]
fn an_edit_or_a_deletion_that_a_retry_leaves_out_is_told_its_author() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "undoing", "14.1");
    let told = phone.pull();
    phone.sync(CHANGES);
    let (petit, weber, haddad) = (
        id_of(&told, "Petit"),
        id_of(&told, "Weber"),
        id_of(&told, "Haddad"),
    );
    let key = phone.key.clone();
    phone.push(
        &(change(&petit, "JobTitle", "Pilot")
            + &delete(&weber)
            + &change(&haddad, "JobTitle", "Cook")),
    );
    // Its answer was lost, and the person took the first two back; this answer is lost as well.
    let kept = change(&haddad, "JobTitle", "Cook");
    for more in ["", "AirSync:WindowSize = 50\n"] {
        let again = format!("{more}AirSync:Commands\n{}", indent(&kept));
        let answer = phone.sync_key(&key, &again);
        assert!(responses(&answer).is_empty());
        let told: BTreeSet<_> = commands(&answer).into_iter().collect();
        let expected = [
            triple("Change", &petit, "Petit"),
            triple("Delete", &weber, ""),
        ];
        assert_eq!(told, expected.into());
    }
    // The third time without the last one.
    let answer = phone.sync_key(&key, CHANGES);
    let told: BTreeSet<_> = commands(&answer).into_iter().collect();
    assert!(
        told.contains(&triple("Change", &haddad, "Haddad")),
        "{told:?}"
    );
    assert_eq!(told.len(), 3);
    phone.key = text_at(&answer, &["SyncKey"]).expect("a key");
    assert!(phone.pull().is_empty());
    server.check();
}

#[test]
fn an_add_left_out_of_a_retry_is_one_contact_when_it_comes_after_all() {
    let server = Server::start();
    // Whether the answer to the retry arrives.
    for (login, arrives) in [("bob", true), ("carol", false)] {
        let mut phone = Phone::set_up(&server, login, "forgetful", "14.1");
        let key = phone.key.clone();
        let both = add("c1", "Left") + &add("c2", "Stays");
        let lost = phone.push(&both);
        let left = server_id(&lost);
        phone.key = key.clone();
        let retry = phone.push(&add("c2", "Stays"));
        assert_eq!(responses(&retry), [triple("Add", "c2", "1")]);
        assert_eq!(commands(&retry), [triple("Add", &left, "Left")]);
        if !arrives {
            phone.key = key;
        }
        let answer = phone.push(&add("c3", "Left"));
        assert_eq!(responses(&answer), [triple("Add", "c3", "1")]);
        if arrives {
            // It has the contact already: the one it made goes.
            let made = server_id(&answer);
            assert_ne!(made, left);
            assert_eq!(commands(&answer), [triple("Delete", &made, "")]);
        } else {
            assert_eq!(server_id(&answer), left);
            assert!(commands(&answer).iter().all(|told| told.1 != left));
        }
        phone.pull();
        let mut witness = Phone::set_up(&server, login, "witness", "16.1");
        let mut names: Vec<String> = witness.pull().into_iter().map(|told| told.2).collect();
        names.sort();
        assert_eq!(names, ["Left", "Stays"], "{login}");
        // Made anew once that is settled, it is another contact.
        let another = phone.push(&add("c4", "Left"));
        assert!(commands(&another).is_empty());
        assert_eq!(witness.pull().len(), 1);
        // What it edits of the first is no conflict.
        let answer = phone.push(&change(&left, "JobTitle", "Pilot"));
        assert!(responses(&answer).is_empty() && commands(&answer).is_empty());
    }
    server.check();
}

#[test]
fn a_client_id_used_again_for_another_contact_takes_nothing_over() {
    let server = Server::start();
    // It numbers the commands of each request.
    let mut phone = Phone::set_up(&server, "bob", "counter", "14.1");
    let key = phone.key.clone();
    phone.push(&(add("1", "First") + &add("2", "Second")));
    phone.key = key;
    phone.push(&(add("1", "Second") + &add("3", "Third")));
    let mut witness = Phone::set_up(&server, "bob", "witness", "16.1");
    let mut names: Vec<String> = witness.pull().into_iter().map(|told| told.2).collect();
    names.sort();
    assert_eq!(names, ["First", "Second", "Third"]);
}

#[test]
fn a_killed_server_answers_what_it_had_committed() {
    let folder = tempfile::tempdir().expect("a folder");
    let listen = ["http://127.0.0.1:0"];
    let mut program = Program::serve(folder.path(), &listen, &["--demo"]);
    let mut phone = Phone::at(&program.address("http"), "carol", "killed", "14.1");
    phone.start();
    let file = folder.path().join("carnet.db");
    let database = rusqlite::Connection::open(&file).expect("the file");
    for number in 0..6 {
        let name = format!("Kept{number}");
        let tree = format!("AirSync:Commands\n{}", indent(&add("1", &name)));
        let body = wbxml(&phone.sync_text(&phone.key, &tree));
        let socket = phone.send("Sync", &body);
        let committed = || {
            let sql = "SELECT count(*) FROM item WHERE display = ?1";
            let count: i64 = database
                .query_row(sql, [&name], |row| row.get(0))
                .expect("a count");
            count > 0
        };
        // Killed at once, a little later, or the moment the write is on disk.
        match number % 3 {
            0 => {}
            1 => thread::sleep(Duration::from_millis(30)),
            _ => while !committed() {},
        }
        program.kill();
        drop(socket);
        assert!(committed() || number % 3 != 2);
        program = Program::serve(folder.path(), &listen, &[]);
        phone.address = program.address("http");
        let answer = document(&phone.post("Sync", &body)).expect("an answer");
        let collection = all(&answer, "Collection").remove(0);
        assert_eq!(responses(collection), [triple("Add", "1", "1")]);
        phone.key = text_at(collection, &["SyncKey"]).expect("a key");
    }
    let mut witness = Phone::at(&phone.address, "carol", "witness", "16.1");
    witness.start();
    assert_eq!(witness.pull().len(), 6);
    assert!(works(folder.path(), &["check"]).contains("holds"));
}

#[test]
fn an_add_sent_again_with_a_key_too_old_is_not_made_twice() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "rewound", "16.1");
    let mut other = Phone::set_up(&server, "bob", "editor", "14.1");
    let old = phone.key.clone();
    phone.push(&add("1", "Before"));
    phone.push(&add("2", "Last"));
    // It says more than the device knows.
    for (_, id, _) in other.pull() {
        other.push(&change(&id, "JobTitle", "Pilot"));
    }
    let again = add("3", "Last") + &add("4", "Only here");
    let answer = phone.sync_key(&old, &format!("AirSync:Commands\n{}", indent(&again)));
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("3"));
    phone.prime();
    let mut names: Vec<String> = phone.pull().into_iter().map(|told| told.2).collect();
    names.sort();
    assert_eq!(names, ["Before", "Last", "Only here"]);
}

#[test]
fn a_request_that_a_newer_one_took_the_place_of_gives_out_no_key() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "slow", "14.1");
    phone.pull();
    let call = |key: Option<String>| SyncCall {
        key,
        commands: Vec::new(),
        get_changes: true,
        window: 10,
        request: "the older one".to_owned(),
        repeats_reverts: false,
        stores_ids_last: false,
        settings: None,
    };
    let older = call(Some(phone.key.clone()));
    phone.push(&add("1", "Newer"));
    let key = phone.key.clone();
    let core = server.core();
    let person = server.person("alice");
    let book = server.runtime.block_on(async {
        let actor = core.actor(person, Client::default()).await;
        let actor = Arc::new(actor.expect("an account"));
        core.open_private(&actor, "contacts").await.expect("a book")
    });
    let book = DeviceBook::new(book, server.device("alice", "slow").id);
    let sync = |call: &SyncCall, is_current: bool| {
        server
            .runtime
            .block_on(book.sync_while(call, &|| is_current))
    };
    for superseded in [&older, &call(None)] {
        let refused = sync(superseded, false);
        assert!(matches!(refused, Err(Error::Unavailable(_))));
    }
    let answer = phone.push(&add("2", "Newest"));
    assert_eq!(responses(&answer), [triple("Add", "2", "1")]);
    // By itself it is one that comes again after a lost answer.
    let alone = call(Some(key));
    assert!(matches!(sync(&alone, false), Err(Error::Unavailable(_))));
    assert!(matches!(sync(&alone, true), Ok(SyncReply::Answer(_))));
}

#[test]
fn an_add_sent_again_with_more_in_it_loses_nothing_of_that() {
    let with = |more: &str| add("1", "Ng") + &format!("    Contacts2:NickName = a,b\n{more}");
    let first_name = "    Contacts:FirstName = Edited\n";
    for by_other in [None, Some("JobTitle"), Some("FirstName")] {
        let server = Server::start();
        let mut phone = Phone::set_up(&server, "bob", "lossy", "14.1");
        let mut other = Phone::set_up(&server, "bob", "other", "14.1");
        let key = phone.key.clone();
        phone.push(&with(""));
        if let Some(element) = by_other {
            let id = id_of(&other.pull(), "Ng");
            other.push(&change(&id, element, "Theirs"));
        }
        // The answer was lost, and the person went on.
        phone.key = key;
        let answer = phone.push(&with(first_name));
        assert_eq!(responses(&answer), [triple("Add", "1", "1")]);
        phone.pull();
        let mut witness = Phone::set_up(&server, "bob", "witness", "14.1");
        witness.pull();
        witness.prime();
        let told = witness.sync(CHANGES);
        let contact = all(&told, "ApplicationData").remove(0);
        let first = text_at(contact, &["FirstName"]);
        let kept = refused(&server, "bob");
        match by_other {
            // Both said it: theirs stands, the other is kept.
            Some("FirstName") => {
                assert_eq!(first.as_deref(), Some("Theirs"));
                assert!(kept.len() == 1 && kept[0].contains("Edited"), "{kept:?}");
            }
            _ => {
                assert_eq!(first.as_deref(), Some("Edited"), "{by_other:?}");
                let title = text_at(contact, &["JobTitle"]);
                assert_eq!(title.as_deref(), by_other.map(|_| "Theirs"));
                assert!(kept.is_empty(), "{kept:?}");
            }
        }
        server.check();
    }
}

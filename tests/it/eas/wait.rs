//! Held requests: Ping, and Sync that waits.

use std::{
    thread,
    time::{Duration, Instant},
};

use carnet::domain::{
    batch::{DeviceOp, GroupOp, Op, SyncOp},
    device::DeviceAccess,
    group::Leaving,
    view::{Mode, Shown},
};

use crate::support::{
    eventually,
    http::read_answer,
    phone::{Phone, add, commands, document},
    program::Program,
    server::Server,
    tree::{all, text_at, wbxml},
};

mod lost_keys;

fn status(answer: &carnet_proto::wbxml::Element) -> String {
    text_at(answer, &["Status"]).unwrap_or_default()
}

fn ready(server: &Server, login: &str, id: &str) -> Phone {
    let mut phone = Phone::set_up(server, login, id, "16.1");
    phone.pull();
    phone
}

/// Does something while a request is held.
fn meanwhile<T>(held: impl FnOnce() -> T + Send, act: impl FnOnce()) -> T
where
    T: Send,
{
    thread::scope(|scope| {
        let held = scope.spawn(held);
        thread::sleep(Duration::from_millis(400));
        act();
        held.join().expect("answered")
    })
}

fn leave(server: &Server, login: &str) {
    let group = server
        .runtime
        .block_on(server.store().group_by_name("Team"));
    server.commit(Op::Group(GroupOp::RemoveMember {
        group: group.expect("read").expect("a group").id,
        person: server.person(login),
        leaving: Leaving::LeaveCopies,
    }));
}

#[test]
fn statuses_bounds_and_what_is_remembered() {
    let server = Server::start();
    let mut phone = ready(&server, "alice", "pinger");
    let other = Phone::set_up(&server, "alice", "writer", "16.1");
    // Nothing is remembered that an empty request could repeat.
    let empty = document(&phone.post("Ping", b"")).expect("never empty");
    assert_eq!(empty.dump(), "Ping:Ping\n  Ping:Status = 3\n");
    for (tree, expected) in [
        ("Ping:Ping", "3"),
        ("Ping:Ping\n  Ping:HeartbeatInterval = 600", "3"),
        ("Ping:Ping\n  Ping:HeartbeatInterval = soon", "4"),
    ] {
        let answer = phone.ask("Ping", tree).expect("never empty");
        assert_eq!(status(&answer), expected, "{tree}");
    }
    // A HeartbeatInterval out of range: Status 5 and the nearest allowed value
    // ([MS-ASCMD] 2.2.3.177.11).
    let far = phone.ping(7200, &["1"]);
    assert_eq!(
        far.dump(),
        "Ping:Ping\n  Ping:Status = 5\n  Ping:HeartbeatInterval = 3540\n"
    );
    assert_eq!(
        text_at(&phone.ping(10, &["1"]), &["HeartbeatInterval"]).as_deref(),
        Some("60")
    );
    let many: Vec<String> = (0..301).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let answer = phone.ping(60, &many);
    assert_eq!(
        (
            status(&answer).as_str(),
            text_at(&answer, &["MaxFolders"]).as_deref()
        ),
        ("6", Some("300"))
    );
    for seconds in [60, 180, 3540] {
        let mut writer = other.clone();
        let answer = meanwhile(
            || phone.ping(seconds, &[&phone.folder, "inbox", "calendar"]),
            || {
                writer.prime();
                writer.push(&add("1", &format!("At{seconds}")));
            },
        );
        assert_eq!(status(&answer), "2");
        assert_eq!(all(&answer, "Folder")[0].text(), phone.folder);
        // Folders and interval are both remembered: an empty request repeats them.
        let again = phone.post("Ping", b"");
        assert_eq!(document(&again), Some(answer));
        phone.pull();
        let quiet = meanwhile(
            || phone.ping(seconds, &[]),
            || {
                writer.push(&add("2", &format!("Then{seconds}")));
            },
        );
        assert_eq!(status(&quiet), "2", "an empty Folders replaces nothing");
        phone.pull();
    }
}

#[test]
fn a_wait_ends_when_the_folders_are_others() {
    let server = Server::start();
    let phone = ready(&server, "carol", "member");
    let answer = meanwhile(
        || phone.ping(600, &[&phone.folder]),
        || leave(&server, "carol"),
    );
    assert_eq!(status(&answer), "7");
    // Until it has asked for the folders.
    assert_eq!(status(&phone.ping(600, &[&phone.folder])), "7");
}

#[test]
fn permission_lost_and_a_device_blocked_during_a_wait() {
    let server = Server::start();
    let mut phone = ready(&server, "carol", "loser");
    phone.folder = phone.folder_named("Team");
    phone.prime();
    phone.pull();
    let held = phone.sync_text(&phone.key, "") + "\n  AirSync:HeartbeatInterval = 600";
    let answer = meanwhile(|| phone.ask("Sync", &held), || leave(&server, "carol"));
    assert_eq!(status(&answer.expect("told")), "12");
    let blocked = ready(&server, "alice", "blocked");
    let answer = meanwhile(
        || blocked.ping(600, &[&blocked.folder]),
        || server.set_access("alice", "blocked", DeviceAccess::Blocked),
    );
    assert_eq!(status(&answer), "7");
    assert_eq!(status(&blocked.folder_sync("0")), "129");
}

#[test]
fn a_wake_is_always_followed_by_something() {
    let server = Server::start();
    let mut phone = ready(&server, "alice", "waker");
    let mut other = ready(&server, "alice", "other");
    phone.push(&add("1", "Own"));
    // Its own write does not wake it; what another one does, does.
    let start = Instant::now();
    let answer = meanwhile(
        || phone.ping(600, &[&phone.folder]),
        || {
            other.push(&add("2", "Foreign"));
        },
    );
    assert!(start.elapsed() >= Duration::from_millis(350));
    assert_eq!(status(&answer), "2");
    let told = phone.pull();
    assert_eq!(told.len(), 1, "{told:?}");
    // A folder never synchronized is not reported.
    let mut fresh = Phone::new(&server, "bob", "fresh", "16.1");
    let (_, folders) = fresh.folders("0");
    fresh.folder = folders.iter().find(|f| f.2 == "9").expect("one").0.clone();
    let team = folders.iter().find(|f| f.2 == "14").expect("one").0.clone();
    let superseded = meanwhile(
        || fresh.ping(600, &[&fresh.folder, &team]),
        || {
            // A newer one ends it at once.
            thread::scope(|scope| {
                let second = scope.spawn(|| fresh.ping(601, &[&fresh.folder]));
                thread::sleep(Duration::from_millis(300));
                server.set_access("bob", "fresh", DeviceAccess::Blocked);
                assert_eq!(status(&second.join().expect("answered")), "7");
            });
        },
    );
    assert_eq!(status(&superseded), "1");
}

#[test]
fn a_sync_may_wait_within_bounds() {
    let server = Server::start();
    let phone = ready(&server, "alice", "syncer");
    let ask = |more: &str| phone.ask("Sync", &(phone.sync_text(&phone.key, "") + more));
    let limit = |more: &str| {
        let root = ask(more).expect("a status");
        (
            status(&root),
            text_at(&root, &["Limit"]).unwrap_or_default(),
        )
    };
    let said = |status: &str, limit: &str| (status.to_owned(), limit.to_owned());
    assert_eq!(
        limit("\n  AirSync:HeartbeatInterval = 30"),
        said("14", "60")
    );
    assert_eq!(
        limit("\n  AirSync:HeartbeatInterval = 3541"),
        said("14", "3540")
    );
    assert_eq!(limit("\n  AirSync:Wait = 0"), said("14", "1"));
    assert_eq!(limit("\n  AirSync:Wait = 60"), said("14", "59"));
    assert_eq!(
        limit("\n  AirSync:Wait = 5\n  AirSync:HeartbeatInterval = 300").0,
        "4"
    );
    let mut other = ready(&server, "alice", "writer");
    let answer = meanwhile(
        || ask("\n  AirSync:Wait = 1"),
        || drop(other.push(&add("1", "Live"))),
    );
    assert_eq!(commands(&answer.expect("the news"))[0].2, "Live");
    // With commands it is answered at once.
    let start = Instant::now();
    let mut writer = ready(&server, "bob", "busy");
    let body = writer.sync_text(
        &writer.key,
        &format!(
            "AirSync:Commands\n{}",
            crate::support::phone::indent(&add("1", "Now"))
        ),
    );
    writer.ask("Sync", &(body + "\n  AirSync:HeartbeatInterval = 600"));
    assert!(start.elapsed() < Duration::from_secs(30));
    writer.key.clear();
}

#[test]
fn idle_polls_cost_little_and_all_of_them_wake() {
    const POLLS: usize = 200;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("carnet.toml");
    std::fs::write(&file, "eas_max_devices = 1000\n").expect("written");
    let config = ["--demo", "--config", file.to_str().expect("a path")];
    let program = Program::serve(folder.path(), &["http://127.0.0.1:0"], &config);
    let address = program.address("http");
    let phones: Vec<Phone> = (0..POLLS)
        .map(|number| {
            let mut phone = Phone::at(&address, "carol", &format!("idle{number}"), "16.1");
            phone.start();
            phone
        })
        .collect();
    let before = program.memory();
    let mut held: Vec<_> = phones
        .iter()
        .map(|phone| {
            let body = format!(
                "Ping:Ping\n  Ping:HeartbeatInterval = 600\n  Ping:Folders\n    Ping:Folder\n      \
                 Ping:Id = {}\n      Ping:Class = Contacts",
                phone.folder
            );
            phone.send("Ping", &wbxml(&body))
        })
        .collect();
    // Until they are all held and rest.
    eventually("nothing is done any more", || {
        let before = program.processor_time();
        thread::sleep(Duration::from_millis(500));
        program.processor_time() - before < Duration::from_millis(30)
    });
    let each = program.memory().saturating_sub(before) / POLLS as u64;
    assert!(each < 128 * 1024, "{each} octets for a poll");
    // They rest: not a tenth of a core for all of them.
    let started = program.processor_time();
    thread::sleep(Duration::from_secs(2));
    let used = program.processor_time() - started;
    assert!(used < Duration::from_millis(200), "{used:?}");
    let mut writer = Phone::at(&address, "carol", "writer", "16.1");
    writer.start();
    writer.push(&add("1", "News"));
    for socket in &mut held {
        let answer = read_answer(socket);
        let root = document(&answer).expect("an answer");
        assert_eq!(status(&root), "2");
    }
}

#[test]
fn another_password_or_a_disabled_account_ends_a_held_request_at_once() {
    let server = Server::start();
    let sync = |phone: &Phone| {
        // The whole answer of a held Sync.
        let text = phone.sync_text(&phone.key, "");
        let held = format!("{text}\n  AirSync:Wait = 10");
        phone.post("Sync", &wbxml(&held))
    };
    let ping = |phone: &Phone| {
        let tree = format!(
            "Ping:Ping\n  Ping:HeartbeatInterval = 600\n  Ping:Folders\n    Ping:Folder\n      \
             Ping:Id = {}\n      Ping:Class = Contacts",
            phone.folder
        );
        phone.post("Ping", &wbxml(&tree))
    };
    let start = Instant::now();
    let set_password = || server.set_password("alice", "another one 9");
    for (id, held) in [("sync", true), ("ping", false)] {
        server.set_password("alice", "demo");
        let phone = ready(&server, "alice", id);
        let answer = meanwhile(
            || if held { sync(&phone) } else { ping(&phone) },
            set_password,
        );
        assert_eq!(answer.status, 401, "{id}");
        assert!(answer.header("www-authenticate").is_some(), "{id}");
    }
    // A disabled account is told so: a phone that hears 401 would ask for another password.
    for (version, expected) in [("16.1", 200), ("12.1", 403)] {
        let mut phone = Phone::set_up(&server, "bob", &format!("bob{expected}"), version);
        phone.pull();
        let answer = meanwhile(|| ping(&phone), || server.disable("bob", true));
        assert_eq!(answer.status, expected, "{version}");
        if version == "16.1" {
            let said = document(&answer).expect("a document");
            assert_eq!(text_at(&said, &["Status"]).as_deref(), Some("131"));
        }
        server.disable("bob", false);
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

/// A Sync of the phone's folder that may be held for a minute.
fn held(phone: &Phone, more: &str) -> String {
    phone.sync_text(&phone.key, more) + "\n  AirSync:HeartbeatInterval = 60"
}

/// What was answered, and whether it was held until something was done meanwhile.
fn timed<T: Send>(held: impl FnOnce() -> T + Send, act: impl FnOnce()) -> (T, bool) {
    let timed = || {
        let start = Instant::now();
        (held(), start.elapsed() >= Duration::from_millis(350))
    };
    meanwhile(timed, act)
}

#[test]
fn a_newer_sync_ends_the_one_that_is_held() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "syncs", "14.0");
    let mut newer = phone.clone();
    newer.pull();
    let mut other = ready(&server, "alice", "writer");
    let old = newer.clone();
    let start = Instant::now();
    let (answer, was_held) = timed(
        || old.post("Sync", &wbxml(&held(&old, ""))),
        || drop(newer.push(&add("1", "Own"))),
    );
    assert!(was_held && start.elapsed() < Duration::from_secs(30));
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    // Nothing was handed out but the newer key.
    other.push(&add("2", "Foreign"));
    let told = newer.sync("AirSync:GetChanges");
    assert_eq!(text_at(&told, &["Status"]).as_deref(), Some("1"));
    assert_eq!(commands(&told)[0].2, "Foreign");
    // A Sync of another folder ends none.
    let mut own = newer.clone();
    own.pull();
    let mut team = own.clone();
    team.folder = team.folder_named("Team");
    team.prime();
    let (answer, was_held) = timed(
        || own.ask("Sync", &held(&own, "")),
        || {
            team.pull();
            other.push(&add("3", "Third"));
        },
    );
    assert!(was_held);
    assert_eq!(commands(&answer.expect("the news"))[0].2, "Third");
}

#[test]
fn a_held_sync_is_not_ended_by_folders_it_does_not_name() {
    let server = Server::start();
    let phone = ready(&server, "alice", "holder");
    let mut other = ready(&server, "alice", "writer");
    let (key, _) = other.folders("0");
    let create = format!(
        "FolderHierarchy:FolderCreate\n  FolderHierarchy:SyncKey = {key}\n  \
         FolderHierarchy:ParentId = 0\n  FolderHierarchy:DisplayName = Club\n  \
         FolderHierarchy:Type = 14"
    );
    let made = other.ask("FolderCreate", &create).expect("an answer");
    assert_eq!(status(&made), "1");
    let (answer, was_held) = timed(
        || phone.ask("Sync", &held(&phone, "")),
        || drop(other.push(&add("1", "News"))),
    );
    assert!(was_held);
    assert_eq!(commands(&answer.expect("the news"))[0].2, "News");
    // One that is gone is told three times, and left out from then on: the others are waited for.
    let mut phone = phone;
    phone.pull();
    let gone =
        "\n    AirSync:Collection\n      AirSync:SyncKey = 1\n      AirSync:CollectionId = cgone";
    let both = phone.sync_text(&phone.key, "") + gone + "\n  AirSync:HeartbeatInterval = 60";
    for _ in 0..3 {
        let answer = phone.ask("Sync", &both).expect("a status");
        assert_eq!(status(&answer), "12");
    }
    let (answer, was_held) = timed(
        || phone.ask("Sync", &both),
        || drop(other.push(&add("2", "Later"))),
    );
    assert!(was_held);
    assert_eq!(commands(&answer.expect("the news"))[0].2, "Later");
}

#[test]
fn a_held_sync_waits_for_nothing_it_did_not_ask_for() {
    let server = Server::start();
    let phone = ready(&server, "alice", "silent");
    let mut other = ready(&server, "alice", "writer");
    other.push(&add("1", "Unasked"));
    let mut next = phone.clone();
    let (answer, was_held) = timed(
        || phone.ask("Sync", &held(&phone, "AirSync:GetChanges = 0")),
        || assert_eq!(next.pull()[0].2, "Unasked"),
    );
    assert!(was_held);
    assert_eq!(answer, None);
}

#[test]
fn pings_for_other_folders_stay() {
    let server = Server::start();
    let own = ready(&server, "alice", "two");
    let mut team = own.clone();
    team.folder = team.folder_named("Team");
    team.prime();
    team.pull();
    let mut writer = ready(&server, "alice", "writer");
    let mut there = writer.clone();
    there.folder = team.folder.clone();
    there.prime();
    thread::scope(|scope| {
        let first = scope.spawn(|| own.ping(600, &[&own.folder]));
        thread::sleep(Duration::from_millis(300));
        let second = scope.spawn(|| team.ping(600, &[&team.folder]));
        thread::sleep(Duration::from_millis(300));
        writer.push(&add("1", "Here"));
        assert_eq!(status(&first.join().expect("answered")), "2");
        there.push(&add("2", "There"));
        assert_eq!(status(&second.join().expect("answered")), "2");
    });
}

#[test]
fn a_sync_may_be_held_for_each_folder() {
    let server = Server::start();
    let mut phone = Phone::new(&server, "carol", "nine", "14.0");
    phone.kind = "WindowsOutlook15".to_owned();
    let (_, folders) = phone.folders("0");
    assert_eq!(folders.len(), 9);
    let phones: Vec<Phone> = folders
        .into_iter()
        .map(|(id, ..)| {
            let mut phone = phone.clone();
            phone.folder = id;
            phone.prime();
            phone.pull();
            phone
        })
        .collect();
    thread::scope(|scope| {
        let hold = |phone: &Phone| phone.post("Sync", &wbxml(&held(phone, "")));
        let all: Vec<_> = phones
            .iter()
            .map(|phone| scope.spawn(move || hold(phone)))
            .collect();
        thread::sleep(Duration::from_millis(1500));
        let ended = all.iter().filter(|held| held.is_finished()).count();
        server.disable("carol", true);
        assert_eq!(ended, 0);
    });
}

#[test]
fn what_is_no_length_of_time_is_out_of_bounds() {
    let server = Server::start();
    let phone = ready(&server, "alice", "odd");
    let tree = "Ping:Ping\n  Ping:HeartbeatInterval = -100\n  Ping:Folders\n    Ping:Folder\n      \
                Ping:Id = inbox\n      Ping:Class = Email";
    let answer = phone.ask("Ping", tree).expect("a status");
    let bound = text_at(&answer, &["HeartbeatInterval"]);
    assert_eq!(
        (status(&answer).as_str(), bound.as_deref()),
        ("5", Some("60"))
    );
    for (wait, limit) in [
        ("HeartbeatInterval = abc", "60"),
        ("HeartbeatInterval = -100", "60"),
        ("HeartbeatInterval = 99999999999", "3540"),
        ("Wait = -1", "1"),
    ] {
        let text = format!("{}\n  AirSync:{wait}", phone.sync_text(&phone.key, ""));
        let answer = phone.ask("Sync", &text).expect("a status");
        assert_eq!(status(&answer), "14", "{wait}");
        assert_eq!(
            text_at(&answer, &["Limit"]).as_deref(),
            Some(limit),
            "{wait}"
        );
    }
}

#[test]
fn ids_that_no_folder_has_are_not_stored() {
    let server = Server::start();
    let phone = ready(&server, "alice", "long");
    let long = "c".repeat(65);
    assert_eq!(status(&phone.ping(60, &[&long])), "4");
    let mut lost = phone.clone();
    lost.folder = long;
    let answer = lost.sync("AirSync:GetChanges");
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("4"));
}

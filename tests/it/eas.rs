//! Exchange ActiveSync through a real socket: the checklist of the protocol, by theme.

mod converge;
mod device;
mod folders;
mod http;
mod merged;
mod moves;
mod sync;
mod trace;
mod wait;

use std::{thread, time::Duration};

use carnet_proto::wbxml::{
    Limits, decode,
    page::{air_sync as a, contacts as c, folder_hierarchy as f},
};

use crate::support::{
    eas::{Device, add, change, delete, responses},
    http::{basic, request},
    server::Server,
};

const PATH: &str = "/Microsoft-Server-ActiveSync";

#[test]
fn options_name_versions_and_commands_to_those_signed_in() {
    let server = Server::start();
    for path in [
        PATH,
        "/microsoft-server-activesync",
        "/Microsoft-Server-ActiveSync/",
    ] {
        let answer = request(
            &server.address,
            "OPTIONS",
            path,
            &[basic("alice", "demo")],
            b"",
        );
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.header("MS-ASProtocolVersions"),
            Some("12.1,14.0,14.1,16.0,16.1")
        );
        assert!(
            answer
                .header("MS-ASProtocolCommands")
                .is_some_and(|c| c.contains("FolderSync"))
        );
    }
    for headers in [vec![], vec![basic("alice", "wrong")]] {
        let answer = request(&server.address, "OPTIONS", PATH, &headers, b"");
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("MS-ASProtocolVersions"), None);
    }
}

#[test]
fn the_first_synchronization_pages_everything_once() {
    let server = Server::start();
    for (version, window) in [("12.1", 1), ("14.1", 3), ("16.1", 100)] {
        let id = format!("pager{window}");
        let mut device = Device::set_up(&server.address, "alice", &id, version);
        let told = device.sync_all(&[], window);
        assert_eq!(told.len(), 14, "{version}");
        assert!(told.iter().all(|(tag, _)| *tag == a::ADD));
        assert_eq!(device.items.len(), 14);
        // Nothing new: the same key, and from 14.0 on an empty answer.
        let key = device.key.clone();
        assert!(device.sync_all(&[], window).is_empty());
        assert_eq!(device.key, key);
    }
}

#[test]
fn an_add_a_change_and_a_deletion_reach_another_device() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "phone1", "16.1");
    let mut tablet = Device::set_up(&server.address, "alice", "tablet1", "14.1");
    phone.sync_all(&[], 100);
    tablet.sync_all(&[], 100);

    let answer = phone.sync(
        &[add(
            "c1",
            &[(c::LAST_NAME, "Novel"), (c::FIRST_NAME, "Ann")],
        )],
        100,
    );
    assert_eq!(responses(&answer), [("c1".to_owned(), "1".to_owned())]);
    let id = answer
        .child(a::RESPONSES)
        .and_then(|r| r.child(a::ADD)?.text_of(a::SERVER_ID))
        .expect("a ServerId");
    phone.key = answer.text_of(a::SYNC_KEY).expect("a key");
    assert!(
        phone.sync_all(&[], 100).is_empty(),
        "the own write is not echoed"
    );

    assert_eq!(tablet.sync_all(&[], 100), [(a::ADD, id.clone())]);
    let edit = change(&id, &[(c::LAST_NAME, "Roman")]);
    // Its FileAs follows the name.
    assert_eq!(tablet.sync_all(&[edit], 100), [(a::CHANGE, id.clone())]);
    assert_eq!(phone.sync_all(&[], 100), [(a::CHANGE, id.clone())]);
    assert_eq!(phone.named("Roman"), Some(id.clone()));
    assert!(phone.sync_all(&[delete(&id)], 100).is_empty());
    assert_eq!(tablet.sync_all(&[], 100), [(a::DELETE, id)]);
}

#[test]
fn a_lost_answer_is_made_again_and_adds_nothing() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "bob", "lossy", "14.1");
    let body = phone.sync_body(
        &phone.key,
        &[add("c1", &[(c::LAST_NAME, "Once")])],
        100,
        true,
    );
    let first = phone.post_raw("Sync", body.clone());
    let again = phone.post_raw("Sync", body);
    assert_eq!(first.body, again.body, "identical bytes");
    // The same data under another ClientId, with the old key: still the same contact.
    let retry = phone.sync(&[add("c2", &[(c::LAST_NAME, "Once")])], 100);
    assert_eq!(responses(&retry), [("c2".to_owned(), "1".to_owned())]);
    phone.key = retry.text_of(a::SYNC_KEY).expect("a key");
    phone.sync_all(&[], 100);
    let mut other = Device::set_up(&server.address, "bob", "witness", "14.1");
    assert_eq!(other.sync_all(&[], 100).len(), 1);
}

#[test]
fn the_server_wins_a_conflict_and_sends_its_copy() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "a1", "14.1");
    let mut other = Device::set_up(&server.address, "alice", "a2", "14.1");
    phone.sync_all(&[], 100);
    other.sync_all(&[], 100);
    let id = phone.named("Petit").expect("a contact");
    other.sync_all(&[change(&id, &[(c::FIRST_NAME, "Server")])], 100);
    let answer = phone.sync_with(
        &phone.key,
        &[change(&id, &[(c::FIRST_NAME, "Phone")])],
        100,
        false,
    );
    assert_eq!(responses(&answer), [(id.clone(), "7".to_owned())]);
    phone.take(&answer);
    assert_eq!(
        phone.items[&id].text_of(c::FIRST_NAME).as_deref(),
        Some("Server")
    );
}

#[test]
fn edits_of_different_fields_are_merged() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "m1", "14.1");
    let mut other = Device::set_up(&server.address, "alice", "m2", "14.1");
    phone.sync_all(&[], 100);
    other.sync_all(&[], 100);
    let id = phone.named("Petit").expect("a contact");
    other.sync_all(&[change(&id, &[(c::JOB_TITLE, "Pilot")])], 100);
    phone.sync_all(&[change(&id, &[(c::MOBILE_PHONE_NUMBER, "+33 1")])], 100);
    phone.sync_all(&[], 100);
    other.sync_all(&[], 100);
    for device in [&phone, &other] {
        let data = &device.items[&id];
        assert_eq!(data.text_of(c::JOB_TITLE).as_deref(), Some("Pilot"));
        assert_eq!(
            data.text_of(c::MOBILE_PHONE_NUMBER).as_deref(),
            Some("+33 1")
        );
    }
}

#[test]
fn unknown_keys_and_garbage_have_their_statuses() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "alice", "odd", "14.1");
    let answer = phone.sync_with("9.unknown", &[], 100, true);
    assert_eq!(answer.text_of(a::STATUS).as_deref(), Some("3"));
    assert_eq!(answer.text_of(a::SYNC_KEY).as_deref(), Some("0"));
    assert_eq!(
        phone.folder_sync("unknown").text_of(f::STATUS).as_deref(),
        Some("9")
    );
    // Another device's key.
    let other = Device::set_up(&server.address, "alice", "odd2", "14.1");
    let answer = other.sync_with(&phone.key, &[], 100, true);
    assert_eq!(answer.text_of(a::STATUS).as_deref(), Some("3"));
    // InvalidWBXML, and 400 before 14.0.
    let answer = phone.post("Sync", b"not wbxml".to_vec()).expect("a status");
    assert_eq!(answer.text_of(a::STATUS).as_deref(), Some("102"));
    let old = Device::set_up(&server.address, "alice", "old", "12.1");
    assert_eq!(old.post_raw("Sync", b"not wbxml".to_vec()).status, 400);
    assert_eq!(phone.post_raw("Nonsense", Vec::new()).status, 501);
}

#[test]
fn folders_keep_their_ids_and_are_told_once() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "bob", "folders", "16.1");
    let first = phone.folder_sync("0");
    let again = phone.folder_sync("0");
    let ids = |answer: &carnet_proto::wbxml::Element| -> Vec<(String, String)> {
        answer
            .child(f::CHANGES)
            .expect("changes")
            .children_of(f::ADD)
            .map(|folder| {
                (
                    folder.text_of(f::SERVER_ID).expect("an id"),
                    folder.text_of(f::TYPE).expect("a type"),
                )
            })
            .collect()
    };
    assert_eq!(ids(&first), ids(&again));
    let types: Vec<String> = ids(&first).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(types, ["2", "3", "4", "5", "6", "7", "8", "10", "9", "14"]);
    let key = again.text_of(f::SYNC_KEY).expect("a key");
    let quiet = phone.folder_sync(&key);
    assert_eq!(quiet.text_of(f::SYNC_KEY), Some(key));
    let count = quiet.child(f::CHANGES).and_then(|c| c.text_of(f::COUNT));
    assert_eq!(count.as_deref(), Some("0"));
}

#[test]
fn a_group_book_that_may_only_be_read_reverts_the_phone() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "bob", "reader", "14.1");
    let folders = phone.folder_sync("0");
    phone.folder = folders
        .child(f::CHANGES)
        .expect("changes")
        .children_of(f::ADD)
        .find(|folder| folder.text_of(f::TYPE).as_deref() == Some("14"))
        .and_then(|folder| folder.text_of(f::SERVER_ID))
        .expect("the group's folder");
    phone.prime();
    phone.sync_all(&[], 100);
    assert_eq!(phone.items.len(), 6);
    let id = phone.named("Roy").expect("a contact");
    let answer = phone.sync(
        &[
            change(&id, &[(c::FIRST_NAME, "Mine")]),
            add("c9", &[(c::LAST_NAME, "Intruder")]),
        ],
        100,
    );
    assert_eq!(
        responses(&answer),
        [
            (id.clone(), "7".to_owned()),
            ("c9".to_owned(), "1".to_owned())
        ]
    );
    let told = phone.take(&answer);
    assert!(told.contains(&(a::CHANGE, id.clone())), "{told:?}");
    assert!(told.iter().any(|(tag, _)| *tag == a::DELETE), "{told:?}");
    phone.key = answer.text_of(a::SYNC_KEY).expect("a key");
    let told = phone.sync_all(&[delete(&id)], 100);
    assert_eq!(told, [(a::ADD, id)]);
}

#[test]
fn a_ping_is_woken_by_another_device_and_by_carddav() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "pinger", "16.1");
    phone.sync_all(&[], 100);
    let address = server.address.clone();
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        let card =
            b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:w\r\nN:Woken;;;;\r\nFN:Woken\r\nEND:VCARD\r\n";
        let target = "/dav/alice/private/contacts/w.vcf";
        request(&address, "PUT", target, &[basic("alice", "demo")], card)
    });
    assert_eq!(phone.ping(60), "2");
    assert_eq!(writer.join().expect("written").status, 201);
    assert_eq!(phone.sync_all(&[], 100).len(), 1);
    assert!(phone.named("Woken").is_some());
}

#[test]
fn a_newer_ping_ends_the_former_at_once() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "twice", "16.1");
    phone.sync_all(&[], 100);
    thread::scope(|scope| {
        let first = scope.spawn(|| phone.ping(600));
        thread::sleep(Duration::from_millis(300));
        let second = scope.spawn(|| phone.ping(601));
        assert_eq!(first.join().expect("answered"), "1");
        // A write ends the second.
        let card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:x\r\nN:X;;;;\r\nFN:X\r\nEND:VCARD\r\n";
        let target = "/dav/alice/private/contacts/x.vcf";
        request(
            &server.address,
            "PUT",
            target,
            &[basic("alice", "demo")],
            card,
        );
        assert_eq!(second.join().expect("answered"), "2");
    });
}

#[test]
fn heartbeats_out_of_bounds_are_answered_with_the_bound() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "alice", "bounds", "14.1");
    assert_eq!(phone.ping(10), "5");
    assert_eq!(phone.ping(4000), "5");
    let empty = phone.post_raw("Ping", Vec::new());
    let root = decode(&empty.body, &Limits::default()).expect("a status");
    assert_eq!(root.dump(), "Ping:Ping\n  Ping:Status = 3\n");
}

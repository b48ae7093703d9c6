//! Exchange ActiveSync through a real socket, by theme.

mod converge;
mod device;
mod folders;
mod http;
mod merged;
mod moves;
mod policy;
mod sync;
mod trace;
mod wait;

use std::{thread, time::Duration};

use carnet_proto::wbxml::page::{air_sync as a, contacts as c};

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

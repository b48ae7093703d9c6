//! `carnet device`: every order, and what the device hears of it.

use carnet_proto::wbxml::page::air_sync as a;

use super::{LOOPBACK, json};
use crate::support::{
    eas::Device,
    phone::Phone,
    program::{Program, refused, works},
    tree::text_at,
};

#[test]
fn devices_are_listed_blocked_and_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let program = Program::serve(data, &LOOPBACK, &["--demo"]);
    let address = program.address("http");
    let mut phone = Device::set_up(&address, "bob", "PHONE1", "14.1");
    let devices = json(&works(data, &["device", "list", "bob", "--json"]));
    assert_eq!(devices[0]["device_id"], "phone1");
    assert_eq!(devices[0]["access"], "allowed");
    works(data, &["device", "block", "bob", "PHONE1"]);
    // [MS-ASCMD] 2.2.2: DeviceIsBlockedForThisUser.
    let answer = phone.post("Sync", phone.sync_body(&phone.key, &[], 10, true));
    let status = answer.and_then(|root| root.text_of(a::STATUS));
    assert_eq!(status.as_deref(), Some("129"));
    works(data, &["device", "rename", "bob", "PHONE1", "Bob's own"]);
    let listed = works(data, &["device", "list"]);
    let cells: Vec<&str> = listed.trim_end().split('\t').collect();
    let [login, id, .., access, name, seen] = &cells[..] else {
        panic!("{listed}");
    };
    assert_eq!(
        (*login, *id, *access, *name),
        ("bob", "phone1", "blocked", "Bob's own")
    );
    assert!(seen.starts_with("20") && seen.ends_with('Z'), "{seen}");
    let devices = json(&works(data, &["device", "list", "--json"]));
    assert_eq!(devices[0]["login"], "bob");
    works(data, &["device", "allow", "bob", "phone1"]);
    phone.sync_all(&[], 10);
    works(data, &["device", "forget", "bob", "phone1"]);
    assert_eq!(works(data, &["device", "list", "bob"]), "");
    let answer = phone.sync(&[], 10);
    assert_eq!(
        answer.text_of(a::STATUS).as_deref(),
        Some("3"),
        "it starts over"
    );
    assert!(refused(data, &["device", "wipe", "bob", "phone9"]).contains("phone9"));
}

/// The folders of contacts a device is shown.
fn contacts(phone: &Phone) -> Vec<String> {
    let (_, folders) = phone.folders("0");
    folders
        .into_iter()
        .filter(|folder| folder.2 == "9" || folder.2 == "14")
        .map(|folder| folder.1)
        .collect()
}

#[test]
fn what_a_device_is_shown_is_chosen_book_by_book_or_as_a_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let program = Program::serve(data, &LOOPBACK, &["--demo"]);
    let mut phone = Phone::at(&program.address("http"), "alice", "shown", "16.1");
    phone.start();
    assert_eq!(phone.pull().len(), 14);
    assert_eq!(contacts(&phone).len(), 2);
    let view = |name: &str| works(data, &["device", "view", "alice", "shown", name]);
    assert!(view("merged").contains("merged"));
    assert_eq!(contacts(&phone).len(), 1);
    assert_eq!(phone.pull_again().len(), 20);
    view("own-only");
    assert_eq!(contacts(&phone).len(), 1);
    assert_eq!(phone.pull_again().len(), 14);
    view("folders");
    assert_eq!(contacts(&phone).len(), 2);
    view("auto");
    assert_eq!(contacts(&phone).len(), 2);
    assert!(refused(data, &["device", "view", "alice", "shown", "sideways"]).contains("sideways"));

    let books = |more: &[&str]| {
        let mut arguments = vec!["device", "books", "alice", "shown"];
        arguments.extend(more);
        works(data, &arguments)
    };
    assert!(books(&[]).contains("Team\tshown"));
    assert!(books(&["--hide", "Team"]).contains("Team\thidden"));
    assert!(!contacts(&phone).contains(&"Team".to_owned()));
    let listed = json(&books(&["--json"]));
    let hidden = listed.as_array().expect("books").iter();
    let hidden: Vec<_> = hidden.filter(|book| book["shown"] == false).collect();
    assert_eq!(hidden.len(), 1);
    assert_eq!(hidden[0]["name"], "Team");
    // It stays hidden in the merged view.
    view("merged");
    assert_eq!(phone.pull_again().len(), 14);
    books(&["--show", "Team"]);
    assert_eq!(phone.pull_again().len(), 20);
    for (book, reason) in [("Nothing", "Nothing"), ("contacts", "always shown")] {
        let arguments = ["device", "books", "alice", "shown", "--hide", book];
        assert!(refused(data, &arguments).contains(reason), "{book}");
    }
    let both = [
        "device", "books", "alice", "shown", "--hide", "Team", "--show", "Team",
    ];
    assert!(refused(data, &both).contains("--show"));
    works(data, &["check"]);
}

#[test]
fn a_device_is_wiped_of_its_account_or_as_a_whole() {
    const ORDER: &str = "Provision:Provision";
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let program = Program::serve(data, &LOOPBACK, &["--demo"]);
    let address = program.address("http");
    for (id, more, order) in [
        ("account", &[][..], "AccountOnlyRemoteWipe"),
        ("whole", &["--whole-device", "--yes"], "RemoteWipe"),
    ] {
        let mut phone = Phone::at(&address, "bob", id, "16.1");
        phone.start();
        let mut arguments = vec!["device", "wipe", "bob", id];
        arguments.extend(more);
        assert!(works(data, &arguments).contains("pending"));
        let status = |phone: &Phone| text_at(&phone.folder_sync("0"), &["Status"]);
        assert_eq!(status(&phone).as_deref(), Some("140"));
        let ordered = phone.ask("Provision", ORDER).expect("an order");
        let orders: Vec<_> = ordered.elements().filter_map(|e| e.tag.name()).collect();
        assert_eq!(orders, ["Status", order]);
        let done = format!("{ORDER}\n  Provision:{order}\n    Provision:Status = 1");
        phone.ask("Provision", &done);
        let devices = json(&works(data, &["device", "list", "bob", "--json"]));
        let device = devices.as_array().expect("devices").iter();
        let device = device.clone().find(|device| device["device_id"] == id);
        assert_eq!(device.expect("known")["access"], "wiped");
        assert_eq!(status(&phone).as_deref(), Some("129"));
        works(data, &["device", "allow", "bob", id]);
        assert_eq!(status(&phone).as_deref(), Some("1"));
    }
    // Erasing everything wants a second word.
    let hasty = ["device", "wipe", "bob", "whole", "--whole-device"];
    assert!(refused(data, &hasty).contains("--yes"));
    for order in ["block", "allow", "wipe", "forget"] {
        let said = refused(data, &["device", order, "bob", "unknown"]);
        assert!(said.contains("unknown"), "{order}");
    }
    assert!(refused(data, &["device", "list", "nobody"]).contains("nobody"));
}

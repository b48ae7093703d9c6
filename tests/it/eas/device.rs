//! Wipe, quarantine, block, number of devices.

use carnet::{
    domain::{
        batch::{Op, PersonChange},
        device::DeviceAccess,
    },
    eas::settings::NewDevices,
};

use crate::support::{
    phone::Phone,
    server::Server,
    tree::{all, text_at, wbxml},
};

use super::policy::{ASK, FOLDER_SYNC, said, status_of};

#[test]
fn a_version_that_is_refused_is_not_the_devices() {
    let server = Server::start();
    let mut phone = Phone::new(&server, "alice", "future", "14.1");
    phone.folders("0");
    phone.version = "17.0".to_owned();
    let refusal = status_of(&phone, "FolderSync", FOLDER_SYNC);
    assert_eq!(refusal, said(200, "FolderSync", "138"));
    // Without a word of it, the version is the one of before.
    phone.version = String::new();
    let answer = status_of(&phone, "FolderSync", FOLDER_SYNC);
    assert_eq!(answer, said(200, "FolderSync", "1"));
}

#[test]
fn device_information_is_answered_first_and_kept() {
    let server = Server::start();
    let phone = Phone::new(&server, "alice", "informer", "14.1");
    let body = "Provision:Provision\n  Settings:DeviceInformation\n    Settings:Set\n      \
                Settings:Model = iPhone14,5\n      Settings:OS = iOS 17.5\n"
        .to_owned()
        + ASK.split_once('\n').expect("lines").1;
    let answer = phone.ask("Provision", &body).expect("an answer");
    let names: Vec<_> = answer.elements().filter_map(|e| e.tag.name()).collect();
    assert_eq!(names, ["DeviceInformation", "Status", "Policies"]);
    let device = server.devices("alice").remove(0);
    assert!(
        device
            .info
            .contains(&("Model".to_owned(), "iPhone14,5".to_owned()))
    );
}

#[test]
fn an_account_is_wiped_acknowledged_and_refused_afterwards() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "lost", "16.1");
    server.set_access("alice", "lost", DeviceAccess::WipePending);
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "140")
    );
    assert_eq!(
        status_of(&phone, "Ping", "Ping:Ping"),
        said(200, "Ping", "140")
    );
    // The exact octets of the order to wipe, as a device reads them.
    let order = phone.post("Provision", &[3, 1, 0x6a, 0, 0, 0x0e, 0x05]);
    assert_eq!(
        order.body,
        [3, 1, 0x6a, 0, 0, 0x0e, 0x45, 0x4b, 3, 0x31, 0, 1, 0x3b, 1]
    );
    let failed = "Provision:Provision\n  Provision:AccountOnlyRemoteWipe\n    Provision:Status = 2";
    phone.ask("Provision", failed);
    assert_eq!(server.devices("alice")[0].access, DeviceAccess::WipePending);
    // iOS 5 puts a stray Status first.
    let done = "Provision:Provision\n  Provision:Status = 1\n  \
                Provision:AccountOnlyRemoteWipe\n    Provision:Status = 1";
    let answer = phone.post("Provision", &wbxml(done));
    assert_eq!(
        answer.body,
        [3, 1, 0x6a, 0, 0, 0x0e, 0x45, 0x4b, 3, 0x31, 0, 1, 1]
    );
    let device = server.devices("alice").remove(0);
    assert_eq!(device.access, DeviceAccess::Wiped);
    assert!(
        device
            .info
            .contains(&("Wipe".to_owned(), "acknowledged".to_owned()))
    );
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "129")
    );
    server.set_access("alice", "lost", DeviceAccess::Allowed);
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "1")
    );
}

#[test]
fn before_16_1_a_wiped_account_is_shown_empty() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "older", "14.1");
    let (key, folders) = phone.folders("0");
    server.set_access("alice", "older", DeviceAccess::WipePending);
    assert_eq!(
        status_of(&phone, "Sync", "AirSync:Sync\n  AirSync:Collections"),
        said(200, "Sync", "12")
    );
    // No order to erase the device.
    let answer = phone.ask("Provision", ASK).expect("an answer");
    assert!(all(&answer, "RemoteWipe").is_empty());
    let access = || server.device("alice", "older").access;
    // The answer may be lost: it is given again, until the device presents the key of it.
    for _ in 0..2 {
        let emptied = phone.folder_sync(&key);
        assert_eq!(all(&emptied, "Delete").len(), folders.len());
        assert_eq!(access(), DeviceAccess::WipePending);
    }
    let emptied = phone.folder_sync(&key);
    let last = text_at(&emptied, &["SyncKey"]).expect("a key");
    // Nor does anybody without the password say so.
    let mut stranger = phone.clone();
    stranger.password = "guessed".to_owned();
    let (key, added) = stranger.folders("0");
    assert!(added.is_empty());
    stranger.folder_sync(&key);
    assert_eq!(access(), DeviceAccess::WipePending);
    // And what the device says counts, whatever they asked for.
    let again = phone.folder_sync(&last);
    assert_eq!(text_at(&again, &["Status"]).as_deref(), Some("1"));
    assert_eq!(access(), DeviceAccess::Wiped);
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "129")
    );
    // Erasing all of it is another order, for any version.
    let whole = Phone::set_up(&server, "alice", "whole", "12.1");
    server.set_access("alice", "whole", DeviceAccess::ErasePending);
    assert_eq!(whole.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 449);
    let order = whole.ask("Provision", ASK).expect("an order");
    assert_eq!(all(&order, "RemoteWipe").len(), 1);
    let done = "Provision:Provision\n  Provision:RemoteWipe\n    Provision:Status = 1";
    whole.ask("Provision", done);
    assert_eq!(whole.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 403);
}

#[test]
fn a_wipe_works_after_the_password_changed() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "stolen", "16.1");
    let other = Phone::set_up(&server, "alice", "kept", "16.1");
    server.set_access("alice", "stolen", DeviceAccess::WipePending);
    server.set_password("alice", "another");
    let order = phone
        .ask("Provision", "Provision:Provision")
        .expect("an order");
    assert_eq!(all(&order, "AccountOnlyRemoteWipe").len(), 1);
    let done = "Provision:Provision\n  Provision:AccountOnlyRemoteWipe\n    Provision:Status = 1";
    phone.ask("Provision", done);
    let access = |id: &str| {
        let devices = server.devices("alice");
        devices
            .into_iter()
            .find(|d| d.device_id == id)
            .map(|d| d.access)
    };
    // Anybody could say so who knows the login and the device: the order stands.
    assert_eq!(access("stolen"), Some(DeviceAccess::WipePending));
    let again = phone.ask("Provision", "Provision:Provision");
    let again = again.expect("an order");
    assert_eq!(all(&again, "AccountOnlyRemoteWipe").len(), 1);
    // Nothing is told of other devices.
    assert_eq!(other.post("Provision", &wbxml(ASK)).status, 401);
}

#[test]
fn new_devices_are_held_or_refused_as_the_rule_says() {
    for (rule, status, access) in [
        (NewDevices::Quarantine, "130", DeviceAccess::Quarantined),
        (NewDevices::Block, "129", DeviceAccess::Blocked),
    ] {
        let server = Server::start_with(|config| config.eas_new_devices = rule);
        let phone = Phone::new(&server, "alice", "newcomer", "14.1");
        for _ in 0..2 {
            assert_eq!(
                status_of(&phone, "FolderSync", FOLDER_SYNC),
                said(200, "FolderSync", status)
            );
        }
        assert_eq!(server.devices("alice")[0].access, access);
        let mut old = phone.clone();
        old.version = "12.1".to_owned();
        assert_eq!(old.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 403);
        server.set_access("alice", "newcomer", DeviceAccess::Allowed);
        assert_eq!(
            status_of(&phone, "FolderSync", FOLDER_SYNC),
            said(200, "FolderSync", "1")
        );
    }
}

#[test]
fn idle_devices_make_room_and_a_busy_crowd_is_refused() {
    let server = Server::start_with(|config| config.eas_max_devices = 3);
    let mut first = Phone::set_up(&server, "alice", "start1", "14.0");
    let second = Phone::set_up(&server, "alice", "start2", "14.0");
    first.pull();
    Phone::set_up(&server, "alice", "start3", "14.0");
    let fourth = Phone::new(&server, "alice", "start4", "14.0");
    assert_eq!(
        status_of(&fourth, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "177")
    );
    server.sql("UPDATE device SET last_seen = last_seen - 200000000 WHERE device_id = 'start2'");
    assert_eq!(
        status_of(&fourth, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "1")
    );
    let ids: Vec<_> = server
        .devices("alice")
        .into_iter()
        .map(|d| d.device_id)
        .collect();
    assert!(!ids.contains(&second.id) && ids.contains(&"start4".to_owned()));
    // The others were not disturbed.
    assert!(first.pull().is_empty());
}

#[test]
fn a_disabled_account_is_not_asked_for_another_password() {
    let server = Server::start();
    let new = Phone::set_up(&server, "carol", "off", "14.1");
    let old = Phone::set_up(&server, "carol", "older", "12.1");
    let stolen = Phone::set_up(&server, "carol", "stolen", "16.1");
    server.set_access("carol", "stolen", DeviceAccess::WipePending);
    server.commit(Op::from(PersonChange {
        disabled: Some(true),
        ..PersonChange::of(server.person("carol"))
    }));
    // AccountDisabled, and what it was before 14.0.
    assert_eq!(
        status_of(&new, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "131")
    );
    assert_eq!(old.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 403);
    // With another password nobody learns of it.
    let mut guess = new.clone();
    guess.password = "guess".to_owned();
    assert_eq!(guess.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 401);
    // What has to be erased is told all the same.
    assert_eq!(
        status_of(&stolen, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "140")
    );
}

#[test]
fn a_request_that_is_refused_as_it_is_takes_no_place_among_the_devices() {
    let server = Server::start();
    let body = wbxml(FOLDER_SYNC);
    for (version, body, expected) in [
        ("", &body[..], 400),
        ("2.5", &body[..], 400),
        ("16.2", &body[..], 200),
        ("14.1", &b"x"[..], 200),
    ] {
        let phone = Phone::new(&server, "alice", "refused", version);
        assert_eq!(phone.post("FolderSync", body).status, expected, "{version}");
        assert!(server.devices("alice").is_empty(), "{version}");
    }
    // One that is known may leave its version out.
    let mut known = Phone::set_up(&server, "alice", "known", "14.1");
    known.version.clear();
    assert_eq!(
        status_of(&known, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "1")
    );
}

#[test]
fn what_a_request_leaves_out_of_its_device_stays_known() {
    let server = Server::start();
    let mut phone = Phone::new(&server, "alice", "quiet", "14.1");
    phone.kind = "Android".to_owned();
    phone.agent = "Android/5.1-EAS-2.0".to_owned();
    phone.start();
    phone.pull();
    let mut quiet = phone.clone();
    quiet.kind.clear();
    quiet.agent.clear();
    assert!(quiet.pull().is_empty(), "the same books, in one folder");
    let known = &server.devices("alice")[0];
    assert_eq!(known.device_type, "Android");
    assert_eq!(known.user_agent, "Android/5.1-EAS-2.0");
    // Another type is another type at once.
    phone.kind = "AndroidFork".to_owned();
    phone.folders("0");
    assert_eq!(server.devices("alice")[0].device_type, "AndroidFork");
}

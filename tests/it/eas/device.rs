//! Policy, wipe, quarantine, block, number of devices.

use carnet::{
    domain::{
        batch::{Op, PersonChange},
        device::DeviceAccess,
    },
    eas::{policy::Policy, settings::NewDevices},
};
use carnet_proto::wbxml::Element;

use crate::support::{
    phone::{Phone, document},
    server::Server,
    tree::{all, text_at, wbxml},
};

const ASK: &str = "Provision:Provision\n  Provision:Policies\n    Provision:Policy\n      \
                   Provision:PolicyType = MS-EAS-Provisioning-WBXML";
const FOLDER_SYNC: &str = "FolderHierarchy:FolderSync\n  FolderHierarchy:SyncKey = 0";

fn with_policy(revision: u32) -> Server {
    Server::start_with(|config| config.eas_policy = Some(policy(revision)))
}

fn policy(revision: u32) -> Policy {
    Policy {
        revision,
        device_password_enabled: Some(true),
        min_device_password_length: Some(4),
        require_device_encryption: Some(true),
        ..Policy::default()
    }
}

fn ack(key: &str, status: u8) -> String {
    format!("{ASK}\n      Provision:PolicyKey = {key}\n      Provision:Status = {status}")
}

fn policy_of(answer: &Element, name: &str) -> Option<String> {
    text_at(answer, &["Policies", "Policy", name])
}

/// Both phases; the permanent key.
fn provision(phone: &mut Phone) -> (u32, u32) {
    let offer = phone.ask("Provision", ASK).expect("an offer");
    assert_eq!(policy_of(&offer, "Status").as_deref(), Some("1"));
    let temporary = policy_of(&offer, "PolicyKey").expect("a key");
    phone.policy_key = temporary.parse().ok();
    let done = phone.ask("Provision", &ack(&temporary, 1)).expect("a key");
    let permanent = policy_of(&done, "PolicyKey").expect("a key");
    assert!(all(&done, "Data").is_empty());
    phone.policy_key = permanent.parse().ok();
    let number = |text: String| text.parse::<u32>().expect("a number");
    (number(temporary), number(permanent))
}

fn status_of(phone: &Phone, command: &str, body: &str) -> (u16, Option<String>, Option<String>) {
    let answer = phone.post(command, &wbxml(body));
    let root = document(&answer);
    let name = root.as_ref().and_then(|root| root.tag.name());
    (
        answer.status,
        name.map(str::to_owned),
        root.as_ref().and_then(|root| text_at(root, &["Status"])),
    )
}

fn said(status: u16, root: &str, text: &str) -> (u16, Option<String>, Option<String>) {
    (status, Some(root.to_owned()), Some(text.to_owned()))
}

#[test]
fn two_phases_give_two_keys_that_differ() {
    let server = with_policy(1);
    let mut phone = Phone::new(&server, "alice", "keys", "14.1");
    let (temporary, permanent) = provision(&mut phone);
    assert!(temporary != permanent && temporary != 0 && permanent != 0);
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "1")
    );
    // The temporary key is good for nothing else.
    phone.policy_key = Some(temporary);
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "144")
    );
}

#[test]
fn a_wrong_key_in_the_acknowledgement_is_policy_status_5() {
    let server = with_policy(1);
    let phone = Phone::new(&server, "alice", "wrong", "14.0");
    phone.ask("Provision", ASK);
    let answer = phone.ask("Provision", &ack("77", 1)).expect("an answer");
    assert_eq!(policy_of(&answer, "Status").as_deref(), Some("5"));
    assert_eq!(policy_of(&answer, "PolicyKey"), None);
    let unknown = ASK.replace("MS-EAS-Provisioning-WBXML", "MS-WAP-Provisioning-XML");
    let answer = phone.ask("Provision", &unknown).expect("an answer");
    assert_eq!(policy_of(&answer, "Status").as_deref(), Some("3"));
    let without = "Provision:Provision\n  Provision:Policies\n    Provision:Policy";
    let answer = phone.ask("Provision", without).expect("an answer");
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("2"));
}

#[test]
fn an_account_that_is_checked_may_keep_the_policy_in_part() {
    let server = with_policy(1);
    let mut phone = Phone::new(&server, "alice", "validate", "14.1");
    let offer = phone.ask("Provision", ASK).expect("an offer");
    let temporary = policy_of(&offer, "PolicyKey").expect("a key");
    phone.policy_key = temporary.parse().ok();
    for status in [1, 2] {
        let done = phone.ask("Provision", &ack(&temporary, status));
        let done = done.expect("an answer");
        assert_eq!(policy_of(&done, "Status").as_deref(), Some("1"));
        assert!(policy_of(&done, "PolicyKey").is_some_and(|key| key != temporary));
    }
    assert!(server.devices("alice").is_empty());
}

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
fn a_repeated_acknowledgement_is_answered_with_the_same_key() {
    let server = with_policy(1);
    let mut phone = Phone::new(&server, "alice", "again", "14.1");
    let (temporary, permanent) = provision(&mut phone);
    phone.policy_key = Some(temporary);
    for _ in 0..2 {
        let again = phone.ask("Provision", &ack(&temporary.to_string(), 1));
        let again = again.expect("an answer");
        assert_eq!(policy_of(&again, "Status").as_deref(), Some("1"));
        assert_eq!(policy_of(&again, "PolicyKey"), Some(permanent.to_string()));
    }
    phone.policy_key = Some(permanent);
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "1")
    );
    // A newer offer takes the former's place.
    phone.ask("Provision", ASK);
    let late = phone.ask("Provision", &ack(&temporary.to_string(), 1));
    assert_eq!(
        policy_of(&late.expect("an answer"), "Status").as_deref(),
        Some("5")
    );
}

#[test]
fn a_policy_asked_for_twice_is_acknowledged_by_either_answer() {
    for version in ["12.1", "14.0", "14.1", "16.1"] {
        let server = with_policy(1);
        let mut phone = Phone::new(&server, "alice", "twice", version);
        let offers = [(), ()].map(|()| phone.ask("Provision", ASK).expect("an offer"));
        let keys = offers.map(|offer| policy_of(&offer, "PolicyKey").expect("a key"));
        let given = keys.map(|key| {
            phone.policy_key = key.parse().ok();
            let done = phone.ask("Provision", &ack(&key, 1)).expect("an answer");
            assert_eq!(
                policy_of(&done, "Status").as_deref(),
                Some("1"),
                "{version}"
            );
            policy_of(&done, "PolicyKey").expect("a key")
        });
        assert_eq!(given[0], given[1], "{version}");
    }
}

#[test]
fn without_a_policy_any_key_will_do() {
    let server = Server::start();
    for (id, key) in [("none", None), ("zero", Some(0)), ("stale", Some(12345))] {
        let mut phone = Phone::new(&server, "alice", id, "16.1");
        phone.policy_key = key;
        assert_eq!(
            status_of(&phone, "FolderSync", FOLDER_SYNC),
            said(200, "FolderSync", "1")
        );
    }
}

#[test]
fn whoever_asks_for_a_policy_where_there_is_none_gets_one_that_asks_nothing() {
    let server = Server::start();
    for key in [None, Some(0), Some(12345)] {
        let mut phone = Phone::new(&server, "alice", "asks", "16.1");
        phone.kind = "pyactivesync".into();
        phone.policy_key = key;
        let offer = phone.ask("Provision", ASK).expect("an offer");
        let asked = all(&offer, "DevicePasswordEnabled");
        assert!(asked.iter().all(|required| required.text() == "0"));
        // The key of the acknowledgement is in its body alone.
        let temporary = policy_of(&offer, "PolicyKey").expect("a key");
        let done = phone.ask("Provision", &ack(&temporary, 1)).expect("a key");
        let given = policy_of(&done, "PolicyKey").expect("a key");
        assert_ne!(given, temporary);
        phone.policy_key = given.parse().ok();
        assert_eq!(
            status_of(&phone, "FolderSync", FOLDER_SYNC),
            said(200, "FolderSync", "1")
        );
    }
}

#[test]
fn phones_and_outlook_are_told_that_there_is_no_policy() {
    let server = Server::start();
    for (kind, key) in [
        ("WindowsOutlook15", None),
        ("iPhone", Some(0)),
        ("SAMSUNGSMA546B", Some(12345)),
    ] {
        let mut phone = Phone::new(&server, "alice", kind, "14.0");
        phone.kind = kind.into();
        phone.policy_key = key;
        let answer = phone.ask("Provision", ASK).expect("an answer");
        assert_eq!(
            answer.dump(),
            "Provision:Provision\n  Provision:Status = 1\n  Provision:Policies\n    \
             Provision:Policy\n      Provision:PolicyType = MS-EAS-Provisioning-WBXML\n      \
             Provision:Status = 2\n"
        );
        assert_eq!(
            status_of(&phone, "FolderSync", FOLDER_SYNC),
            said(200, "FolderSync", "1")
        );
    }
}

#[test]
fn a_missing_or_stale_key_is_told_in_the_commands_own_root() {
    let server = with_policy(1);
    let mut phone = Phone::new(&server, "alice", "gate", "14.1");
    let sync = "AirSync:Sync\n  AirSync:Collections";
    for (key, status) in [(None, "142"), (Some(0), "142"), (Some(99), "144")] {
        phone.policy_key = key;
        assert_eq!(
            status_of(&phone, "FolderSync", FOLDER_SYNC),
            said(200, "FolderSync", status)
        );
        assert_eq!(status_of(&phone, "Sync", sync), said(200, "Sync", status));
        assert_eq!(
            status_of(&phone, "Settings", "Settings:Settings"),
            said(200, "Settings", status)
        );
    }
    let old = Phone::new(&server, "alice", "gate121", "12.1");
    assert_eq!(old.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 449);
    // Android's client pings without a key.
    assert_eq!(status_of(&old, "Ping", "Ping:Ping"), said(200, "Ping", "3"));
    // Loose mode lets in what knows no policies, and nothing with a wrong key.
    let server = Server::start_with(|config| {
        config.eas_policy = Some(Policy {
            loose: true,
            ..policy(1)
        });
    });
    let mut phone = Phone::new(&server, "alice", "loose", "14.1");
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "1")
    );
    phone.policy_key = Some(99);
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "144")
    );
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
fn a_changed_policy_is_asked_for_once() {
    let server = with_policy(1);
    let mut phone = Phone::new(&server, "alice", "again", "14.1");
    provision(&mut phone);
    let data = server.copy();
    let server = Server::start_in_with(data, |config| config.eas_policy = Some(policy(2)));
    phone.address = server.address.clone();
    assert_eq!(
        status_of(&phone, "FolderSync", FOLDER_SYNC),
        said(200, "FolderSync", "144")
    );
    provision(&mut phone);
    for _ in 0..2 {
        assert_eq!(
            status_of(&phone, "FolderSync", FOLDER_SYNC),
            said(200, "FolderSync", "1")
        );
    }
    // Whoever cannot enforce it is told so, in the command's own root.
    let other = Phone::new(&server, "alice", "cannot", "14.1");
    let offer = other.ask("Provision", ASK).expect("an offer");
    let key = policy_of(&offer, "PolicyKey").expect("a key");
    let answer = other.ask("Provision", &ack(&key, 3)).expect("an answer");
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("139"));
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
fn the_policy_of_2_5_is_a_text() {
    let server = Server::start_with(|config| {
        config.eas_legacy = true;
        config.eas_policy = Some(policy(1));
    });
    let phone = Phone::new(&server, "alice", "nokia", "2.5");
    let ask = ASK.replace("MS-EAS-Provisioning-WBXML", "MS-WAP-Provisioning-XML");
    let offer = phone.ask("Provision", &ask).expect("an offer");
    let data = policy_of(&offer, "Data").expect("a document");
    assert!(data.starts_with("<wap-provisioningdoc>"), "{data}");
    assert!(data.contains("<parm name=\"4131\" value=\"0\"/>"), "{data}");
    assert_eq!(phone.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 449);
}

#[test]
fn members_newer_than_the_version_do_not_loop() {
    let server = Server::start_with(|config| {
        config.eas_legacy = true;
        config.eas_policy = Some(policy(1));
    });
    let mut phone = Phone::new(&server, "alice", "v120", "12.0");
    let offer = phone.ask("Provision", ASK).expect("an offer");
    assert!(all(&offer, "RequireDeviceEncryption").is_empty());
    assert_eq!(all(&offer, "MinDevicePasswordLength").len(), 1);
    provision(&mut phone);
    for _ in 0..3 {
        assert_eq!(
            status_of(&phone, "FolderSync", FOLDER_SYNC),
            said(200, "FolderSync", "1")
        );
    }
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

//! Policy: two phases, keys, a missing or stale one, changes ([MS-ASPROV]).

use carnet::eas::policy::Policy;
use carnet_proto::wbxml::Element;

use crate::support::{
    phone::{Phone, document},
    server::Server,
    tree::{all, text_at, wbxml},
};

pub(super) const ASK: &str = "Provision:Provision\n  Provision:Policies\n    Provision:Policy\n      \
                   Provision:PolicyType = MS-EAS-Provisioning-WBXML";
pub(super) const FOLDER_SYNC: &str = "FolderHierarchy:FolderSync\n  FolderHierarchy:SyncKey = 0";

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

pub(super) fn status_of(
    phone: &Phone,
    command: &str,
    body: &str,
) -> (u16, Option<String>, Option<String>) {
    let answer = phone.post(command, &wbxml(body));
    let root = document(&answer);
    let name = root.as_ref().and_then(|root| root.tag.name());
    (
        answer.status,
        name.map(str::to_owned),
        root.as_ref().and_then(|root| text_at(root, &["Status"])),
    )
}

pub(super) fn said(status: u16, root: &str, text: &str) -> (u16, Option<String>, Option<String>) {
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
    for (id, key) in [("none", None), ("zero", Some(0)), ("stale", Some(12345))] {
        let mut phone = Phone::new(&server, "alice", id, "16.1");
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

//! What an account says of itself, and the mail it does not send.

use carnet::domain::refused::Why;
use carnet_proto::wbxml::{
    Encoder,
    page::{compose_mail as m, meeting_response as mr, settings as st},
};

use super::{
    Part::{Parent, Text},
    body, post,
};
use crate::support::{
    eas::Device,
    http::{basic, request},
    server::Server,
};

#[test]
fn settings_say_who_somebody_is_in_both_forms() {
    let server = Server::start();
    let get = || Parent(st::USER_INFORMATION, vec![Parent(st::GET, vec![])]);
    let head = "Settings:Settings\n  Settings:Status = 1\n  Settings:UserInformation\n    \
                Settings:Status = 1\n    Settings:Get\n";
    let old = Device::set_up(&server.address, "alice", "s1", "14.0");
    let answer = post(&old, "Settings", &Parent(st::SETTINGS, vec![get()]));
    assert_eq!(
        answer.dump(),
        format!(
            "{head}      Settings:EmailAddresses\n        Settings:SMTPAddress = alice@example.org\n"
        )
    );
    let new = Device::set_up(&server.address, "alice", "s2", "14.1");
    let answer = post(&new, "Settings", &Parent(st::SETTINGS, vec![get()]));
    assert_eq!(
        answer.dump(),
        format!(
            "{head}      Settings:Accounts\n        Settings:Account\n          \
             Settings:EmailAddresses\n            Settings:SMTPAddress = alice@example.org\n            \
             Settings:PrimarySmtpAddress = alice@example.org\n"
        )
    );
    // As iOS sends it first; every part answered, in order.
    let asked = vec![
        Parent(
            st::OOF,
            vec![Parent(st::GET, vec![Text(st::BODY_TYPE, "text")])],
        ),
        Parent(
            st::OOF,
            vec![Parent(st::SET, vec![Text(st::OOF_STATE, "1")])],
        ),
        Parent(
            st::DEVICE_INFORMATION,
            vec![Parent(st::SET, vec![Text(st::MODEL, "iPhone14,5")])],
        ),
        Parent(
            st::DEVICE_PASSWORD,
            vec![Parent(st::SET, vec![Text(st::PASSWORD, "1234")])],
        ),
        Parent(
            st::RIGHTS_MANAGEMENT_INFORMATION,
            vec![Parent(st::GET, vec![])],
        ),
        Parent(st::USER_INFORMATION, vec![]),
    ];
    let answer = post(&new, "Settings", &Parent(st::SETTINGS, asked));
    assert_eq!(
        answer.dump(),
        "Settings:Settings\n  Settings:Status = 1\n  Settings:Oof\n    Settings:Status = 1\n    \
         Settings:Get\n      Settings:OofState = 0\n  Settings:Oof\n    Settings:Status = 3\n  \
         Settings:DeviceInformation\n    Settings:Status = 1\n  Settings:DevicePassword\n    \
         Settings:Status = 7\n  Settings:RightsManagementInformation\n    Settings:Status = 168\n  \
         Settings:UserInformation\n    Settings:Status = 2\n"
    );
    // The password was kept nowhere.
    let devices = server
        .runtime
        .block_on(async { server.store().devices(None).await.expect("devices") });
    assert!(!format!("{devices:?}").contains("1234"));
    assert!(format!("{devices:?}").contains("iPhone14,5"));
}

#[test]
fn mail_is_refused_openly_and_kept_for_its_author() {
    let server = Server::start();
    let mime = "From: alice@example.org\r\nTo: x@example.org\r\nSubject: Hello\r\n\r\nText\r\n";
    let phone = Device::set_up(&server.address, "alice", "m1", "16.1");
    for (command, root) in [
        ("SendMail", m::SEND_MAIL),
        ("SmartReply", m::SMART_REPLY),
        ("SmartForward", m::SMART_FORWARD),
    ] {
        let mut out = Encoder::new();
        out.open(root)
            .text(m::CLIENT_ID, "id1")
            .opaque(m::MIME, mime.as_bytes())
            .close();
        let sent = out.finish();
        // Twice: it is kept once.
        for _ in 0..2 {
            let answer = phone
                .post(command, sent.clone())
                .expect("never empty: that is success");
            assert_eq!(answer.tag, root);
            assert_eq!(answer.text_of(m::STATUS).as_deref(), Some("120"));
        }
        let garbage = phone.post(command, body(&Parent(m::FORWARDEES, vec![])));
        assert_eq!(
            garbage.expect("a status").text_of(m::STATUS).as_deref(),
            Some("101")
        );
    }
    let old = Device::set_up(&server.address, "alice", "m2", "12.1");
    let answer = old.post_raw("SendMail", format!("X-Old: yes\r\n{mime}").into_bytes());
    assert_eq!(answer.status, 503);
    // The time to wait would be one for its contacts, too.
    assert_eq!(answer.header("Retry-After"), None);
    assert_eq!(old.post_raw("GetAttachment", Vec::new()).status, 404);
    let kept = server.runtime.block_on(async {
        let store = server.store();
        let alice = store
            .person_by_login("alice")
            .await
            .expect("read")
            .expect("alice");
        store.refused(alice.id).await.expect("read")
    });
    let documents: Vec<String> = kept
        .iter()
        .map(|revision| String::from_utf8_lossy(&revision.document).into_owned())
        .collect();
    assert_eq!(
        documents,
        [format!("X-Old: yes\r\n{mime}"), mime.to_owned()]
    );
    assert!(
        kept.iter()
            .all(|revision| Why::of(&revision.reason) == Why::NoMail)
    );
    let meeting = Parent(
        mr::MEETING_RESPONSE,
        vec![Parent(
            mr::REQUEST,
            vec![
                Text(mr::USER_RESPONSE, "1"),
                Text(mr::COLLECTION_ID, "calendar"),
                Text(mr::REQUEST_ID, "7"),
            ],
        )],
    );
    assert_eq!(
        post(&phone, "MeetingResponse", &meeting).dump(),
        "MeetingResponse:MeetingResponse\n  MeetingResponse:Result\n    \
         MeetingResponse:RequestId = 7\n    MeetingResponse:Status = 2\n"
    );
}

#[test]
fn options_list_exactly_what_is_served() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "alice", "opt", "16.1");
    let options = request(
        &server.address,
        "OPTIONS",
        "/Microsoft-Server-ActiveSync",
        &[basic("alice", "demo")],
        b"",
    );
    let listed = options.header("MS-ASProtocolCommands").expect("commands");
    for command in listed.split(',') {
        let answer = phone.post_raw(command, Vec::new());
        assert_ne!(answer.status, 501, "{command}");
    }
    for command in [
        "GetHierarchy",
        "CreateCollection",
        "MoveCollection",
        "Nonsense",
    ] {
        assert!(!listed.split(',').any(|name| name == command));
        assert_eq!(phone.post_raw(command, Vec::new()).status, 501, "{command}");
    }
}

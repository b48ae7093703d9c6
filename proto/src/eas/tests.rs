//! Any request line and command is read or refused, and what is written is read again.

use proptest::prelude::*;

use super::{
    Command,
    request_line::{RequestLine, Version},
    sync::{self, Request},
};
use crate::wbxml::{Element, Limits, Node, decode, page::air_sync as a};

#[test]
fn the_base64_form_is_that_of_the_specification() {
    // [MS-ASHTTP] 2.2.1.1.1: the example.
    let line = RequestLine::parse("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l").expect("a query");
    assert_eq!(line.command, Command::Sync);
    assert_eq!(line.version, Some(Version::V14_0));
    assert_eq!(
        (line.device_id.as_str(), line.device_type.as_str()),
        ("v140device", "SmartPhone")
    );
    assert_eq!(line.policy_key, None);
}

#[test]
fn a_raw_guid_a_policy_key_and_any_padding_are_read() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut octets = vec![161, 18, 0x09, 0x04, 16];
    octets.extend(0xF0..=0xFFu8);
    octets.extend([4, 0x78, 0x56, 0x34, 0x12, 2, b'W', b'P', 7, 1, 2]);
    let text = STANDARD.encode(&octets);
    let bare = text.trim_end_matches('=').to_owned();
    let safe = bare.replace('+', "-").replace('/', "_");
    for query in [
        text.clone(),
        text.replace('=', "%3D"),
        text.replace('+', "%2B").replace('/', "%2F"),
        bare,
        safe,
    ] {
        let line = RequestLine::parse(&query).expect(&query);
        assert_eq!(line.device_id, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        assert_eq!(line.policy_key, Some(0x1234_5678));
        assert_eq!(line.command, Command::Ping);
        assert!(line.accept_multipart);
    }
    // No length but 0 and 4 for a policy key.
    octets[21] = 3;
    assert!(RequestLine::parse(&STANDARD.encode(&octets)).is_err());
}

#[test]
fn the_plain_form_has_any_order_and_case() {
    for query in [
        "Cmd=Sync&User=alice&DeviceId=ABC1&DeviceType=iPhone",
        "User=alice&DeviceId=abc1&devicetype=iPhone&cmd=sync",
        "DeviceType=iPhone&CMD=SYNC&DEVICEID=aBc1&User=alice",
    ] {
        let line = RequestLine::parse(query).expect(query);
        assert_eq!(
            (line.command, line.device_id.as_str()),
            (Command::Sync, "abc1")
        );
    }
    for query in [
        "",
        "Cmd=Sync",
        "DeviceId=a",
        "Cmd=Sync&DeviceId=a%2Fb",
        "!!!",
    ] {
        assert!(RequestLine::parse(query).is_err(), "{query}");
    }
}

#[test]
fn versions_compare_as_numbers() {
    assert_eq!(Version::parse("14.1"), Some(Version::V14_1));
    assert_eq!(Version::parse("14"), Some(Version::V14_0));
    assert_eq!(Version::parse("x"), None);
    assert!(Version(25) < Version::V12_1 && Version::V14_1 < Version::V16_0);
    assert_eq!(Version::V16_1.to_string(), "16.1");
}

#[test]
fn the_commands_of_a_sync_are_read_in_order() {
    let text = |tag, text: &str| {
        Node::Element(Element {
            tag,
            children: vec![Node::Text(text.to_owned())],
        })
    };
    let element = |tag, children| Node::Element(Element { tag, children });
    let root = Element {
        tag: a::SYNC,
        children: vec![element(
            a::COLLECTIONS,
            vec![element(
                a::COLLECTION,
                vec![
                    text(a::SYNC_KEY, "k"),
                    text(a::COLLECTION_ID, "c"),
                    element(a::GET_CHANGES, vec![]),
                    element(
                        a::COMMANDS,
                        vec![
                            element(a::DELETE, vec![text(a::SERVER_ID, "1")]),
                            element(a::ADD, vec![text(a::CLIENT_ID, "2")]),
                        ],
                    ),
                ],
            )],
        )],
    };
    let request = Request::read(&root).expect("a request");
    let collection = &request.collections.expect("collections")[0];
    assert_eq!(collection.get_changes, Some(true));
    assert!(
        matches!(&collection.commands[0], sync::Command::Delete { server_id } if server_id == "1")
    );
    assert!(
        matches!(&collection.commands[1], sync::Command::Add { client_id, .. } if client_id == "2")
    );
}

proptest! {
    #[test]
    fn any_query_is_read_or_refused(query in "[ -~]{0,80}") {
        let _ = RequestLine::parse(&query);
    }

    #[test]
    fn any_document_is_a_request_or_not(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut document = vec![0x03, 0x01, 0x6A, 0x00, 0x45];
        document.extend(bytes);
        if let Ok(root) = decode(&document, &Limits::default()) {
            let _ = Request::read(&root);
        }
    }
}

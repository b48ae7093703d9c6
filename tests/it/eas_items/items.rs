//! Single items: moves, fetches, and what an edit on one protocol leaves on the other.

use carnet_proto::wbxml::{
    Limits, Tag, decode,
    page::{
        air_sync as a, air_sync_base as base, contacts as c, folder_hierarchy as h,
        item_operations as i, move_items as mv, search as s,
    },
};

use super::{
    Part::{self, Parent, Text},
    body, card, post, put,
};
use crate::support::{
    eas::{Device, change},
    http::{basic, request},
    server::Server,
};

/// The folder of the group Team.
fn team(device: &Device) -> String {
    device
        .folder_sync("0")
        .child(h::CHANGES)
        .expect("changes")
        .children_of(h::ADD)
        .find(|folder| folder.text_of(h::DISPLAY_NAME).as_deref() == Some("Team"))
        .and_then(|folder| folder.text_of(h::SERVER_ID))
        .expect("the folder of the group")
}

/// `(Status, DstMsgId)` of one move.
fn shift(device: &Device, item: &str, from: &str, to: &str) -> (String, Option<String>) {
    let one = Parent(
        mv::MOVE,
        vec![
            Text(mv::SRC_MSG_ID, item),
            Text(mv::SRC_FLD_ID, from),
            Text(mv::DST_FLD_ID, to),
        ],
    );
    let answer = post(device, "MoveItems", &Parent(mv::MOVE_ITEMS, vec![one]));
    let response = answer.child(mv::RESPONSE).expect("a Response");
    assert_eq!(response.text_of(mv::SRC_MSG_ID).as_deref(), Some(item));
    (
        response.text_of(mv::STATUS).expect("a Status"),
        response.text_of(mv::DST_MSG_ID),
    )
}

#[test]
fn moves_are_done_once_and_refused_where_they_may_not_be() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "mv1", "16.1");
    phone.sync_all(&[], 100);
    let private = phone.folder.clone();
    let group = team(&phone);
    let mut there = Device::set_up(&server.address, "alice", "mv1", "16.1");
    there.folder = group.clone();
    there.prime();
    there.sync_all(&[], 100);
    let before = there.items.len();

    phone.folder = private.clone();
    phone.prime();
    for _ in 0..2 {
        phone.sync_all(&[], 100);
    }
    let item = phone.named("Petit").expect("a contact");
    let (status, new) = shift(&phone, &item, &private, &group);
    assert_eq!(status, "3");
    let new = new.expect("a DstMsgId");
    // Repeated after a lost answer: the same answer, and nothing twice.
    assert_eq!(
        shift(&phone, &item, &private, &group),
        ("3".to_owned(), Some(new.clone()))
    );
    // The device that moved knows both ends and is told neither.
    phone.key = "0".to_owned();
    phone.folder = private.clone();
    phone.prime();
    phone.sync_all(&[], 100);
    assert_eq!(phone.named("Petit"), None);
    assert!(
        there.sync_all(&[], 100).is_empty(),
        "no Add of what it moved itself"
    );
    // Another device is told.
    let mut bob = Device::set_up(&server.address, "bob", "mv2", "14.1");
    bob.folder = group.clone();
    bob.prime();
    bob.sync_all(&[], 100);
    assert_eq!(bob.items.len(), before + 1);
    assert_eq!(bob.named("Petit"), Some(new.clone()));

    // Statuses: no such item or folder 1, no such target 2, the same folder 4.
    let lost = shift(&phone, "nothing", &private, &group);
    assert_eq!(lost, ("1".to_owned(), None));
    assert_eq!(shift(&phone, &new, "nowhere", &private).0, "1");
    let second = phone.named("Haddad").expect("a contact");
    assert_eq!(shift(&phone, &second, &private, "nowhere").0, "2");
    assert_eq!(shift(&phone, &second, &private, "calendar").0, "2");
    assert_eq!(shift(&phone, &second, &private, &private).0, "4");
    // Bob may neither take out of the group's book nor put into it.
    let bobs = Device::set_up(&server.address, "bob", "mv2", "14.1").folder;
    assert_eq!(shift(&bob, &new, &group, &bobs).0, "1");
    put(
        &server,
        "bob",
        "/dav/bob/private/contacts/own.vcf",
        &card("own", &["N:Own;;;;", "FN:Own"]),
    );
    let mut own = Device::set_up(&server.address, "bob", "mv3", "14.1");
    own.sync_all(&[], 100);
    let item = own.named("Own").expect("a contact");
    assert_eq!(shift(&own, &item, &bobs, &group).0, "2");
    own.sync_all(&[], 100);
    assert_eq!(own.named("Own"), Some(item), "nothing moved");
    let malformed = post(&phone, "MoveItems", &Parent(mv::MOVE_ITEMS, vec![]));
    assert!(malformed.child(mv::STATUS).is_some());
}

#[test]
fn items_are_fetched_one_by_one_and_in_parts() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "io1", "14.1");
    phone.sync_all(&[], 100);
    let id = phone.named("Petit").expect("a contact");
    let folder = phone.folder.clone();
    let by_ids = vec![
        Text(i::STORE, "Mailbox"),
        Text(a::COLLECTION_ID, &folder),
        Text(a::SERVER_ID, &id),
    ];
    let long_id = format!("{folder}:{id}");
    let by_long_id = vec![Text(i::STORE, "mailbox"), Text(s::LONG_ID, &long_id)];
    let missing = vec![
        Text(i::STORE, "Mailbox"),
        Text(a::COLLECTION_ID, &folder),
        Text(a::SERVER_ID, "nothing"),
    ];
    let elsewhere = vec![Text(i::STORE, "Attic"), Text(a::SERVER_ID, &id)];
    let file = vec![
        Text(i::STORE, "Mailbox"),
        Text(
            carnet_proto::wbxml::page::air_sync_base::FILE_REFERENCE,
            "x",
        ),
    ];
    let fetches = [by_ids, by_long_id, missing, elsewhere, file];
    let mut operations: Vec<Part<'_>> = fetches.into_iter().map(|f| Parent(i::FETCH, f)).collect();
    operations.push(Parent(
        i::EMPTY_FOLDER_CONTENTS,
        vec![Text(a::COLLECTION_ID, &folder)],
    ));
    operations.push(Parent(
        i::EMPTY_FOLDER_CONTENTS,
        vec![Text(a::COLLECTION_ID, "inbox")],
    ));
    let asked = body(&Parent(i::ITEM_OPERATIONS, operations));
    let answer = phone
        .post("ItemOperations", asked.clone())
        .expect("an answer");
    let response = answer.child(i::RESPONSE).expect("a Response");
    let statuses: Vec<(Tag, String)> = response
        .elements()
        .map(|one| (one.tag, one.text_of(i::STATUS).expect("a Status")))
        .collect();
    let expected = [
        (i::EMPTY_FOLDER_CONTENTS, "16"),
        (i::EMPTY_FOLDER_CONTENTS, "1"),
        (i::FETCH, "1"),
        (i::FETCH, "1"),
        (i::FETCH, "6"),
        (i::FETCH, "9"),
        (i::FETCH, "15"),
    ];
    assert_eq!(
        statuses,
        expected.map(|(tag, status)| (tag, status.to_owned()))
    );
    for fetch in response.children_of(i::FETCH).take(2) {
        let data = fetch.child(i::PROPERTIES).expect("Properties");
        assert_eq!(data.text_of(c::LAST_NAME).as_deref(), Some("Petit"));
        assert!(
            data.child(i::RANGE).is_none(),
            "no Range unless it was asked for"
        );
    }
    assert_eq!(phone.sync_all(&[], 100), [], "nothing was emptied");
    // As parts: a count, an offset and a length, then the document.
    let target =
        "/Microsoft-Server-ActiveSync?Cmd=ItemOperations&User=alice&DeviceId=io1&DeviceType=iPhone";
    let headers = [
        basic("alice", "demo"),
        ("MS-ASProtocolVersion".to_owned(), "14.1".to_owned()),
        ("MS-ASAcceptMultiPart".to_owned(), "T".to_owned()),
    ];
    let parts = request(&server.address, "POST", target, &headers, &asked);
    assert_eq!(
        parts.header("Content-Type"),
        Some("application/vnd.ms-sync.multipart")
    );
    let number = |at: usize| {
        let bytes = parts.body[at..at + 4].try_into().expect("four octets");
        u32::from_le_bytes(bytes) as usize
    };
    assert_eq!(
        (number(0), number(4), number(8)),
        (1, 12, parts.body.len() - 12)
    );
    assert_eq!(decode(&parts.body[12..], &Limits::default()), Ok(answer));
    let empty = post(
        &phone,
        "ItemOperations",
        &Parent(i::ITEM_OPERATIONS, vec![]),
    );
    assert_eq!(empty.text_of(i::STATUS).as_deref(), Some("2"));
}

#[test]
fn notes_are_parts_of_their_own_where_a_client_asks_for_parts() {
    let server = Server::start();
    for (uid, note) in [("one", "First"), ("two", "The second")] {
        let note = format!("NOTE:{note}");
        let lines = [&format!("N:{uid};;;;")[..], &format!("FN:{uid}"), &note];
        let path = format!("/dav/alice/private/contacts/{uid}.vcf");
        assert_eq!(put(&server, "alice", &path, &card(uid, &lines)), 201);
    }
    let mut phone = Device::set_up(&server.address, "alice", "parts", "14.1");
    phone.sync_all(&[], 100);
    let ids = ["one", "two"].map(|name| phone.named(name).expect("a contact"));
    let fetches = ids.iter().map(|id| {
        Parent(
            i::FETCH,
            vec![
                Text(i::STORE, "Mailbox"),
                Text(a::COLLECTION_ID, &phone.folder),
                Text(a::SERVER_ID, id),
            ],
        )
    });
    let asked = body(&Parent(i::ITEM_OPERATIONS, fetches.collect()));
    let target = "/Microsoft-Server-ActiveSync?Cmd=ItemOperations&User=alice&DeviceId=parts&DeviceType=iPhone";
    let headers = [
        basic("alice", "demo"),
        ("MS-ASProtocolVersion".to_owned(), "14.1".to_owned()),
        ("MS-ASAcceptMultiPart".to_owned(), "T".to_owned()),
    ];
    let answer = request(&server.address, "POST", target, &headers, &asked).body;
    let number = |at: usize| {
        let octets = answer[at..at + 4].try_into().expect("four octets");
        u32::from_le_bytes(octets) as usize
    };
    assert_eq!(number(0), 3);
    let part = |at: usize| {
        let (offset, length) = (number(4 + 8 * at), number(8 + 8 * at));
        &answer[offset..offset + length]
    };
    assert_eq!([part(1), part(2)], [&b"First"[..], b"The second"]);
    let root = decode(part(0), &Limits::default()).expect("a document");
    let response = root.child(i::RESPONSE).expect("a Response");
    let named: Vec<_> = response
        .children_of(i::FETCH)
        .map(|fetch| {
            let note = fetch
                .child(i::PROPERTIES)
                .and_then(|data| data.child(base::BODY));
            let note = note.expect("a Body");
            assert!(note.child(base::DATA).is_none());
            note.text_of(i::PART)
        })
        .collect();
    assert_eq!(named, ["1", "2"].map(|part| Some(part.to_owned())));
}

#[test]
fn slots_stay_put_across_protocols() {
    let server = Server::start();
    let path = "/dav/alice/private/contacts/slots.vcf";
    let full = card(
        "slots",
        &[
            "N:Slots;;;;",
            "FN:Slots",
            "TEL;TYPE=HOME:111",
            "TEL;TYPE=HOME:222",
        ],
    );
    assert_eq!(put(&server, "alice", path, &full), 201);
    let mut phone = Device::set_up(&server.address, "alice", "sl1", "16.1");
    phone.sync_all(&[], 100);
    let id = phone.named("Slots").expect("a contact");
    // CardDAV takes the first away: the second stays the second, and an edit of it hits it.
    assert_eq!(
        put(
            &server,
            "alice",
            path,
            &full.replace("TEL;TYPE=HOME:111\r\n", "")
        ),
        204
    );
    phone.sync_all(&[], 100);
    let shown = &phone.items[&id];
    assert_eq!(shown.text_of(c::HOME_PHONE_NUMBER), None);
    assert_eq!(shown.text_of(c::HOME2_PHONE_NUMBER).as_deref(), Some("222"));
    let edit = [
        (c::LAST_NAME, "Slots"),
        (c::HOME2_PHONE_NUMBER, "333"),
        (c::FILE_AS, "Slots"),
    ];
    phone.sync_all(&[change(&id, &edit)], 100);
    let stored = request(&server.address, "GET", path, &[basic("alice", "demo")], b"");
    assert_eq!(
        stored.text(),
        full.replace("TEL;TYPE=HOME:111\r\n", "")
            .replace("222", "333")
    );
    // A device that starts over is shown the same.
    let mut other = Device::set_up(&server.address, "alice", "sl2", "14.1");
    other.sync_all(&[], 100);
    assert_eq!(
        other.items[&id].text_of(c::HOME2_PHONE_NUMBER).as_deref(),
        Some("333")
    );
    assert_eq!(other.items[&id].text_of(c::HOME_PHONE_NUMBER), None);
}

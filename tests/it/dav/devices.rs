//! What a phone's edits leave of a card, as CardDAV clients read it: rows 77 to 79 of
//! `docs/conformance/carddav.md`.

use carnet_proto::wbxml::{
    Element, Encoder, Node, Tag,
    page::{air_sync as a, contacts as c},
};

use super::client::*;
use crate::support::{
    eas::{Device, change, responses},
    server::Server,
};

/// Lines no phone shows beside those it shows, in an order and a spelling of their own.
const LINES: &[&str] = &[
    "X-ODD;B=1;a=2:keep\\, me",
    "item1.TEL;type=CELL;type=VOICE;x-own=\"a;b\":+33 6 01",
    "item1.X-ABLabel:Club",
    "item3.URL;type=pref:https\\://example.org/q",
    "item3.X-ABLabel:_$!<HomePage>!$_",
    "TITLE:Baker",
    "item2.EMAIL;type=INTERNET:e1@example.org",
    "item2.X-ABLabel:Choir",
    "EMAIL;type=INTERNET:e2@example.org",
    "EMAIL;type=INTERNET:e3@example.org",
    "EMAIL;type=INTERNET;x-four=yes:e4@example.org",
    "PHOTO;X-ABCROP-RECTANGLE=ABClipRect_1&1&2&3&4&abc==;ENCODING=b;TYPE=JPEG:/9j/4AAQ",
    "IMPP;X-SERVICE-TYPE=Jabber:xmpp:kim@example.org",
    "X-SOCIALPROFILE;type=twitter;x-user=kim:https://example.org/kim",
    "KEY;ENCODING=b:AAEC",
    "RELATED-X:one",
];

/// A card as it was, and as it is after an edit on a phone that manages some fields, or all.
fn edited(supported: &[Tag], edit: impl Fn(&Element) -> Vec<Node>) -> (String, String) {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}kim.vcf");
    let before = card_with("kim", "Kim", LINES);
    assert_eq!(alice.put(&path, &[], &before).status, 201);
    let etag = alice.etag(&path);
    let token = alice.token(BOOK);
    let mut phone = Device::set_up(&server.address, "alice", "appl77", "16.1");
    if !supported.is_empty() {
        let mut out = Encoder::new();
        out.open(a::SYNC).open(a::COLLECTIONS).open(a::COLLECTION);
        out.text(a::SYNC_KEY, "0")
            .text(a::COLLECTION_ID, &phone.folder)
            .open(a::SUPPORTED);
        for tag in supported {
            out.open(*tag).close();
        }
        out.close().close().close().close();
        let answer = phone.post("Sync", out.finish()).expect("an answer");
        let collection = answer
            .child(a::COLLECTIONS)
            .and_then(|list| list.child(a::COLLECTION));
        let key = collection.and_then(|collection| collection.text_of(a::SYNC_KEY));
        phone.key = key.expect("a key");
    }
    phone.sync_all(&[], 100);
    let id = phone.named("Kim").expect("the card on the phone");
    let mut change = change(&id, &[]);
    change.children.truncate(1);
    change.children.push(Node::Element(Element {
        tag: a::APPLICATION_DATA,
        children: edit(&phone.items[&id]),
    }));
    let answer = phone.sync(&[change], 100);
    assert!(
        responses(&answer).iter().all(|(_, status)| status == "1"),
        "{answer:?}"
    );
    assert_ne!(alice.etag(&path), etag);
    assert_eq!(alice.sync(BOOK, &token, None).changes().0, [&path]);
    (before, alice.get(&path).text())
}

fn text(tag: Tag, text: &str) -> Node {
    Node::Element(Element {
        tag,
        children: vec![Node::Text(text.to_owned())],
    })
}

/// Everything the phone shows but one field, as phones send an edit.
fn all_but(data: &Element, tag: Tag) -> Vec<Node> {
    let is_other = |node: &Node| !matches!(node, Node::Element(e) if e.tag == tag);
    data.children
        .iter()
        .filter(|n| is_other(n))
        .cloned()
        .collect()
}

#[test]
fn a_number_changed_on_a_phone_leaves_all_else_as_it_was() {
    let tag = c::MOBILE_PHONE_NUMBER;
    let (before, after) = edited(&[], |data| {
        let mut all = all_but(data, tag);
        all.push(text(tag, "+33 6 99"));
        all
    });
    assert_eq!(after, before.replace("+33 6 01", "+33 6 99"));
}

#[test]
fn what_is_cleared_on_a_phone_takes_its_label_along() {
    let (before, after) = edited(&[], |data| all_but(data, c::EMAIL1_ADDRESS));
    let lines = "item2.EMAIL;type=INTERNET:e1@example.org\r\nitem2.X-ABLabel:Choir\r\n";
    assert!(before.contains(lines));
    assert_eq!(after, before.replace(lines, ""));
}

#[test]
fn what_a_phone_does_not_manage_is_kept() {
    let managed = [c::FIRST_NAME, c::LAST_NAME, c::JOB_TITLE];
    let (before, after) = edited(&managed, |_| {
        vec![text(c::LAST_NAME, "Kim"), text(c::JOB_TITLE, "Head baker")]
    });
    assert_eq!(after, before.replace("TITLE:Baker", "TITLE:Head baker"));
}

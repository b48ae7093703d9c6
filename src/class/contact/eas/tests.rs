//! Tests 83 to 95: what a contact keeps whichever device edits it.

mod body;
mod date;
mod name;
mod places;

use std::sync::{Arc, LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet_proto::{
    vcard::{Document, Version, project},
    wbxml::{
        Element, Encoder, Limits, Node, Tag, decode,
        page::{air_sync, air_sync_base as base, contacts as c, contacts2 as c2},
    },
};

use super::{
    super::{Contact, tests::every_field},
    beside,
};
use crate::{
    domain::class::Class,
    eas::facet::{Cut, EasFacet, Supported, View},
};

/// A contact as the server keeps it: the card and what is beside it.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    card: String,
    beside: Vec<u8>,
}

impl Kept {
    /// As a CardDAV client put it.
    fn put(card: &str) -> Self {
        Self {
            card: card.to_owned(),
            beside: beside(None, card.as_bytes(), false),
        }
    }

    /// A CardDAV client puts another card in its place.
    fn replaced(&self, card: &str) -> Self {
        let before = Some((self.card.as_bytes(), &self.beside[..]));
        Self {
            beside: beside(before, card.as_bytes(), false),
            card: card.to_owned(),
        }
    }

    /// What a device is shown.
    fn shown(&self, view: &View) -> Element {
        let mut out = Encoder::new();
        out.open(air_sync::APPLICATION_DATA);
        contact().export(self.card.as_bytes(), &self.beside, view, &mut out);
        out.close();
        decode(&out.finish(), &Limits::default()).expect("what we encode")
    }

    fn value(&self, tag: Tag) -> Option<String> {
        self.shown(&View::default()).text_of(tag)
    }

    /// A device sends some elements.
    fn edited(&self, data: &Element, view: &View, supported: &Supported) -> Self {
        let edit = contact().edit(data, view, supported);
        let card = edit
            .apply_beside(self.card.as_bytes(), &self.beside)
            .expect("applied");
        let places = edit.places(self.card.as_bytes(), &self.beside, &card);
        Self {
            card: String::from_utf8(card).expect("UTF-8"),
            beside: places.expect("places"),
        }
    }

    fn changed(&self, values: &[(Tag, &str)]) -> Self {
        self.edited(&data(values), &View::default(), &Supported::Absent)
    }
}

/// One for all, so that a picture is made once.
fn contact() -> Arc<Contact> {
    static CONTACT: LazyLock<Arc<Contact>> = LazyLock::new(Arc::default);
    CONTACT.clone()
}

/// A new contact of a device.
fn added(values: &[(Tag, &str)]) -> Kept {
    let edit = contact().edit(&data(values), &View::default(), &Supported::Absent);
    Kept::put(&String::from_utf8(edit.apply(None).expect("applied")).expect("UTF-8"))
}

fn element(tag: Tag, text: &str) -> Element {
    Element {
        tag,
        children: if text.is_empty() {
            Vec::new()
        } else {
            vec![Node::Text(text.to_owned())]
        },
    }
}

fn data(values: &[(Tag, &str)]) -> Element {
    parent(
        air_sync::APPLICATION_DATA,
        values.iter().map(|(tag, text)| element(*tag, text)),
    )
}

fn parent(tag: Tag, children: impl IntoIterator<Item = Element>) -> Element {
    Element {
        tag,
        children: children.into_iter().map(Node::Element).collect(),
    }
}

fn with(mut data: Element, child: Element) -> Element {
    data.children.push(Node::Element(child));
    data
}

fn body(text: &str) -> Element {
    parent(
        base::BODY,
        [element(base::TYPE, "1"), element(base::DATA, text)],
    )
}

fn v(version: u8) -> View {
    View {
        version: carnet_proto::eas::request_line::Version(version),
        ..View::default()
    }
}

/// A card of the given lines.
fn card(lines: &[&str]) -> String {
    let mut card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\n".to_owned();
    for line in lines {
        card.push_str(line);
        card.push_str("\r\n");
    }
    card + "END:VCARD\r\n"
}

#[test]
fn every_field_comes_back_through_vcard_3_and_4() {
    let all = every_field();
    let stored = added(&all);
    for version in [Version::V3, Version::V4] {
        let parsed = Document::parse(stored.card.as_bytes()).expect("a card");
        let rendering = project(&parsed, version, "u1");
        let other = Kept::put(&String::from_utf8(rendering).expect("UTF-8"));
        for (tag, value) in &all {
            let name = tag.full_name();
            assert_eq!(
                other.value(*tag).as_deref(),
                Some(*value),
                "{version:?} {name:?}\n{}",
                other.card
            );
        }
        // And written by a device into a card of that version.
        let empty = format!(
            "BEGIN:VCARD\r\nVERSION:{}\r\nUID:u1\r\nN:;;;;\r\nFN:\r\nEND:VCARD\r\n",
            version.as_str()
        );
        let filled = Kept::put(&empty).changed(&all);
        for back in [Version::V3, Version::V4] {
            let parsed = Document::parse(filled.card.as_bytes()).expect("a card");
            let rendering = project(&parsed, back, "u1");
            let other = Kept::put(&String::from_utf8(rendering).expect("UTF-8"));
            for (tag, value) in &all {
                let name = tag.full_name();
                assert_eq!(
                    other.value(*tag).as_deref(),
                    Some(*value),
                    "{version:?} to {back:?} {name:?}\n{}",
                    other.card
                );
            }
        }
    }
    let lists = with(
        data(&[(c::LAST_NAME, "Martin")]),
        parent(
            c::CHILDREN,
            ["Ada", "Ben"].map(|name| element(c::CHILD, name)),
        ),
    );
    let lists = with(
        lists,
        parent(
            c::CATEGORIES,
            ["Clients", "Lille"].map(|name| element(c::CATEGORY, name)),
        ),
    );
    let lists = with(lists, body("one\r\ntwo"));
    let kept = Kept::put(&card(&["N:;;;;", "FN:x"])).edited(&lists, &v(141), &Supported::Absent);
    for version in [Version::V3, Version::V4] {
        let parsed = Document::parse(kept.card.as_bytes()).expect("a card");
        let rendering = project(&parsed, version, "u1");
        let shown = Kept::put(&String::from_utf8(rendering).expect("UTF-8")).shown(&v(141));
        for (outer, inner, expected) in [
            (c::CHILDREN, c::CHILD, ["Ada", "Ben"]),
            (c::CATEGORIES, c::CATEGORY, ["Clients", "Lille"]),
        ] {
            let list = shown.child(outer).expect("a list");
            let values: Vec<String> = list.children_of(inner).map(Element::text).collect();
            assert_eq!(values, expected, "{version:?}");
        }
        let note = shown.child(base::BODY).expect("a body");
        assert_eq!(note.text_of(base::DATA).as_deref(), Some("one\r\ntwo"));
        assert_eq!(
            note.text_of(base::ESTIMATED_DATA_SIZE).as_deref(),
            Some("8")
        );
    }
}

#[test]
fn what_a_device_cannot_say_survives_its_edits() {
    let hidden = [
        "EMAIL:four@example.org",
        "EMAIL;TYPE=HOME:five@example.org",
        "TEL;TYPE=CELL:+33 6 2",
        "item1.URL:https://club.example.org",
        "item1.X-ABLabel:Club",
        "X-SOCIALPROFILE;TYPE=twitter;x-user=ann:https://example.org/ann",
        "X-Custom;X-Y=z:kept \\, as it is",
        "KEY:https://example.org/key",
        "ADR;TYPE=HOME:;;2 rue;Nancy;;54000;France",
    ];
    let shown = [
        "N:Martin;Alice;;Dr.;",
        "FN:Dr. Alice Martin",
        "EMAIL:one@example.org",
        "EMAIL:two@example.org",
        "EMAIL:three@example.org",
        "TEL;TYPE=CELL:+33 6 1",
        "URL;TYPE=WORK:https://example.org",
        "ADR;TYPE=HOME:;;1 rue;Lille;;59000;France",
    ];
    let before = Kept::put(&card(&[&shown[..], &hidden[..]].concat()));
    // Full replacement with nearly nothing in it: all that was shown goes, nothing else.
    let after = before.edited(
        &data(&[(c::LAST_NAME, "Martin")]),
        &v(161),
        &Supported::Absent,
    );
    for line in hidden {
        assert!(
            after.card.contains(&format!("{line}\r\n")),
            "{line}\n{}",
            after.card
        );
    }
    for line in [
        "one@example.org",
        "two@",
        "three@",
        "+33 6 1",
        "1 rue",
        "Alice",
    ] {
        assert!(!after.card.contains(line), "{line}\n{}", after.card);
    }
    // What had no place does not appear in one the device emptied: its next edit would erase it.
    let shown = after.shown(&v(161));
    for tag in [
        c::EMAIL1_ADDRESS,
        c::MOBILE_PHONE_NUMBER,
        c::HOME_ADDRESS_CITY,
    ] {
        assert_eq!(shown.text_of(tag), None, "{tag:?}");
    }
    let again = after.edited(
        &data(&[(c::LAST_NAME, "Durand")]),
        &v(161),
        &Supported::Absent,
    );
    for line in hidden {
        assert!(
            again.card.contains(&format!("{line}\r\n")),
            "{line}\n{}",
            again.card
        );
    }
    // A grouped value keeps its group and its label.
    let grouped = Kept::put(&card(&[
        "N:Martin;;;;",
        "FN:Martin",
        "item1.EMAIL;TYPE=INTERNET:old@example.org",
        "item1.X-ABLabel:Club",
    ]));
    let after = grouped.changed(&[(c::EMAIL1_ADDRESS, "new@example.org")]);
    assert_eq!(after.card, grouped.card.replace("old@", "new@"));
    // Cleared, its label goes with it.
    let after = grouped.changed(&[(c::EMAIL1_ADDRESS, "")]);
    assert!(!after.card.contains("item1."), "{}", after.card);
}

#[test]
fn slots_stay_put_when_another_is_emptied() {
    let lines = [
        "N:Martin;;;;",
        "FN:Martin",
        "TEL;TYPE=HOME,VOICE:111",
        "TEL;TYPE=HOME,VOICE:222",
        "EMAIL:a@example.org",
        "EMAIL:b@example.org",
        "EMAIL:c@example.org",
        "EMAIL:d@example.org",
    ];
    let before = Kept::put(&card(&lines));
    assert!(before.beside.is_empty(), "the card says it all");
    // By a device: exactly that line goes, no other is touched.
    let after = before.changed(&[(c::HOME_PHONE_NUMBER, "")]);
    assert_eq!(
        after.card,
        before.card.replace("TEL;TYPE=HOME,VOICE:111\r\n", "")
    );
    assert_eq!(after.value(c::HOME_PHONE_NUMBER), None);
    assert_eq!(after.value(c::HOME2_PHONE_NUMBER).as_deref(), Some("222"));
    // By CardDAV.
    let without = |text: &str| before.card.replace(&format!("{text}\r\n"), "");
    let after = before.replaced(&without("TEL;TYPE=HOME,VOICE:111"));
    assert_eq!(after.value(c::HOME2_PHONE_NUMBER).as_deref(), Some("222"));
    assert_eq!(after.value(c::HOME_PHONE_NUMBER), None);
    // A new number takes the free place, whichever side adds it.
    let third = after
        .card
        .replace("EMAIL:a@", "TEL;TYPE=HOME,VOICE:333\r\nEMAIL:a@");
    for filled in [
        after.changed(&[(c::HOME_PHONE_NUMBER, "333")]),
        after.replaced(&third),
    ] {
        assert_eq!(filled.value(c::HOME_PHONE_NUMBER).as_deref(), Some("333"));
        assert_eq!(filled.value(c::HOME2_PHONE_NUMBER).as_deref(), Some("222"));
    }
    // A fourth address takes the place CardDAV freed; the others do not move.
    let after = before.replaced(&without("EMAIL:b@example.org"));
    assert_eq!(
        after.value(c::EMAIL1_ADDRESS).as_deref(),
        Some("a@example.org")
    );
    assert_eq!(
        after.value(c::EMAIL2_ADDRESS).as_deref(),
        Some("d@example.org")
    );
    assert_eq!(
        after.value(c::EMAIL3_ADDRESS).as_deref(),
        Some("c@example.org")
    );
    // Another order and another preference are no reason to swap.
    let turned = card(&[
        "N:Martin;;;;",
        "FN:Martin",
        "TEL;TYPE=HOME,VOICE,PREF:222",
        "TEL;TYPE=HOME,VOICE:111",
    ]);
    let after = before.replaced(&turned);
    assert_eq!(after.value(c::HOME_PHONE_NUMBER).as_deref(), Some("111"));
    assert_eq!(after.value(c::HOME2_PHONE_NUMBER).as_deref(), Some("222"));
    // A changed value stays where it was.
    let after = before.replaced(&before.card.replace("111", "999"));
    assert_eq!(after.value(c::HOME_PHONE_NUMBER).as_deref(), Some("999"));
    // So does one changed while another place is empty, by either side.
    let one = before.changed(&[(c::HOME_PHONE_NUMBER, "")]);
    for after in [
        one.changed(&[(c::HOME2_PHONE_NUMBER, "999")]),
        one.replaced(&one.card.replace("222", "999")),
    ] {
        assert_eq!(after.value(c::HOME_PHONE_NUMBER), None);
        assert_eq!(after.value(c::HOME2_PHONE_NUMBER).as_deref(), Some("999"));
    }
    // One emptied and another filled by the same edit.
    let after = one.changed(&[(c::HOME_PHONE_NUMBER, "1"), (c::HOME2_PHONE_NUMBER, "")]);
    assert_eq!(after.value(c::HOME_PHONE_NUMBER).as_deref(), Some("1"));
    assert_eq!(after.value(c::HOME2_PHONE_NUMBER), None);
    // The second filled alone is the second for ever.
    let alone = added(&[(c::LAST_NAME, "M"), (c::BUSINESS2_PHONE_NUMBER, "2")]);
    assert_eq!(alone.value(c::BUSINESS2_PHONE_NUMBER).as_deref(), Some("2"));
    assert_eq!(alone.value(c::BUSINESS_PHONE_NUMBER), None);
    // A client that gives both back in the other order changes nothing.
    let swapped = before.changed(&[
        (c::HOME_PHONE_NUMBER, "222"),
        (c::HOME2_PHONE_NUMBER, "111"),
    ]);
    assert_eq!(swapped, before);
}

#[test]
fn omitted_and_empty_elements_mean_what_version_and_supported_say() {
    let stored = Kept::put(&card(&[
        "N:Martin;Alice;;;",
        "FN:Alice Martin",
        "TEL;TYPE=CELL:333",
        "TITLE:Buyer",
        "ADR;TYPE=WORK:;;12 rue;Lille;;59000;France",
        "BDAY:1972-04-15",
        "X-EVOLUTION-SPOUSE:Eve",
        "IMPP:xmpp:a@example.org",
        "NOTE:kept",
    ]));
    let tags = [
        (c::MOBILE_PHONE_NUMBER, "9"),
        (c::JOB_TITLE, "Pilot"),
        (c::BUSINESS_ADDRESS_CITY, "Nancy"),
        (c::BIRTHDAY, "1980-01-01T11:59:00.000Z"),
        (c::SPOUSE, "Ann"),
        (c2::IM_ADDRESS, "b@example.org"),
    ];
    let nothing = Supported::Listed(Vec::new());
    let others = Supported::Listed(vec![c::PAGER_NUMBER]);
    for (tag, text) in tags {
        let listed = Supported::Listed(vec![tag]);
        let before = stored.value(tag);
        for (version, supported, absent_keeps) in [
            (121, &Supported::Absent, true),
            (140, &Supported::Absent, true),
            (141, &Supported::Absent, true),
            (141, &listed, false),
            (141, &others, true),
            (141, &nothing, true),
            (160, &Supported::Absent, false),
            (161, &Supported::Absent, false),
            (161, &listed, false),
            (161, &others, true),
            (161, &nothing, true),
        ] {
            let after = |values: &[(Tag, &str)]| {
                let sent = [
                    &[(c::LAST_NAME, "Martin"), (c::FIRST_NAME, "Alice")],
                    values,
                ]
                .concat();
                let after = stored.edited(&data(&sent), &v(version), supported);
                assert!(
                    after.card.contains("NOTE:kept"),
                    "absent always keeps the note"
                );
                after.value(tag)
            };
            let name = format!("{:?} {version} {supported:?}", tag.full_name());
            assert_eq!(after(&[(tag, text)]).as_deref(), Some(text), "{name}");
            assert_eq!(after(&[(tag, "")]), None, "{name}");
            let expected = before.clone().filter(|_| absent_keeps);
            assert_eq!(after(&[]), expected, "{name}");
        }
    }
    // The scheme of an address for messages is not a device's to lose.
    let after = stored.changed(&[(c2::IM_ADDRESS, "b@example.org")]);
    assert!(
        after.card.contains("IMPP:xmpp:b@example.org\r\n"),
        "{}",
        after.card
    );
}

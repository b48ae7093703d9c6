//! What a contact says to each face, and what of a change it keeps.

use std::sync::Arc;

use carnet_proto::{
    eas::request_line::Version,
    vcard::Document,
    wbxml::{
        Element, Encoder, Limits, Node, Tag, decode,
        page::{air_sync, contacts as c, contacts2 as c2},
    },
};
use proptest::prelude::*;

use super::*;
use crate::domain::tag;
use crate::eas::facet::{EasFacet, Supported, View};

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nN:Martin;Alice;;Dr.;\r\nFN:Dr. Alice Martin\r\n\
    CATEGORIES:Clients,Lille\r\nORG:Ateliers;Achats\r\nitem1.EMAIL;TYPE=INTERNET:alice@example.org\r\n\
    item1.X-ABLabel:Club\r\nEMAIL:two@example.org\r\nEMAIL:three@example.org\r\nEMAIL:four@example.org\r\n\
    TEL;TYPE=HOME,VOICE:111\r\nTEL;TYPE=HOME,VOICE:222\r\nTEL;TYPE=CELL:333\r\n\
    ADR;TYPE=WORK:BP 3;;12 rue des Tanneurs;Lille;;59000;France\r\nBDAY:1972-04-15\r\n\
    X-Custom;x=y:kept\r\nNOTE:one\\ntwo\r\nEND:VCARD\r\n";

fn contact() -> Arc<Contact> {
    Arc::new(Contact::default())
}

fn export(document: &[u8], view: &View) -> Element {
    let mut out = Encoder::new();
    out.open(air_sync::APPLICATION_DATA);
    contact().export(document, &[], view, &mut out);
    out.close();
    decode(&out.finish(), &Limits::default()).expect("what we encode")
}

fn data(values: &[(Tag, &str)]) -> Element {
    let child = |(tag, text): &(Tag, &str)| {
        Node::Element(Element {
            tag: *tag,
            children: if text.is_empty() {
                Vec::new()
            } else {
                vec![Node::Text((*text).to_owned())]
            },
        })
    };
    Element {
        tag: air_sync::APPLICATION_DATA,
        children: values.iter().map(child).collect(),
    }
}

fn patched(card: Option<&str>, data: &Element, version: u8, supported: Supported) -> String {
    let view = View {
        version: Version(version),
        ..View::default()
    };
    let edit = contact().edit(data, &view, &supported);
    let bytes = edit.apply(card.map(str::as_bytes)).expect("applied");
    String::from_utf8(bytes).expect("UTF-8")
}

/// Every element of the class that holds a text, with a value.
pub(super) fn every_field() -> Vec<(Tag, &'static str)> {
    vec![
        (c::ANNIVERSARY, "2001-02-03T11:59:00.000Z"),
        (c::ASSISTANT_NAME, "Ann"),
        (c::ASSISTANT_PHONE_NUMBER, "1"),
        (c::BIRTHDAY, "1972-04-15T11:59:00.000Z"),
        (c::BUSINESS2_PHONE_NUMBER, "2"),
        (c::BUSINESS_ADDRESS_CITY, "Lille"),
        (c::BUSINESS_ADDRESS_COUNTRY, "France"),
        (c::BUSINESS_ADDRESS_POSTAL_CODE, "59000"),
        (c::BUSINESS_ADDRESS_STATE, "Nord"),
        (c::BUSINESS_ADDRESS_STREET, "12 rue"),
        (c::BUSINESS_FAX_NUMBER, "3"),
        (c::BUSINESS_PHONE_NUMBER, "4"),
        (c::CAR_PHONE_NUMBER, "5"),
        (c::COMPANY_NAME, "Ateliers"),
        (c::DEPARTMENT, "Achats"),
        (c::EMAIL1_ADDRESS, "a@example.org"),
        (c::EMAIL2_ADDRESS, "b@example.org"),
        (c::EMAIL3_ADDRESS, "c@example.org"),
        (c::FILE_AS, "Martin, Alice"),
        (c::FIRST_NAME, "Alice"),
        (c::HOME2_PHONE_NUMBER, "6"),
        (c::HOME_ADDRESS_CITY, "Nancy"),
        (c::HOME_ADDRESS_COUNTRY, "FR"),
        (c::HOME_ADDRESS_POSTAL_CODE, "54000"),
        (c::HOME_ADDRESS_STATE, "Lorraine"),
        (c::HOME_ADDRESS_STREET, "1 place"),
        (c::HOME_FAX_NUMBER, "7"),
        (c::HOME_PHONE_NUMBER, "8"),
        (c::JOB_TITLE, "Buyer"),
        (c::LAST_NAME, "Martin"),
        (c::MIDDLE_NAME, "M."),
        (c::MOBILE_PHONE_NUMBER, "9"),
        (c::OFFICE_LOCATION, "B12"),
        (c::OTHER_ADDRESS_CITY, "Nantes"),
        (c::OTHER_ADDRESS_COUNTRY, "France"),
        (c::OTHER_ADDRESS_POSTAL_CODE, "44000"),
        (c::OTHER_ADDRESS_STATE, "Loire"),
        (c::OTHER_ADDRESS_STREET, "2 quai"),
        (c::PAGER_NUMBER, "10"),
        (c::RADIO_PHONE_NUMBER, "11"),
        (c::SPOUSE, "Eve"),
        (c::SUFFIX, "Jr."),
        (c::TITLE, "Dr."),
        (c::WEB_PAGE, "https://example.org"),
        (c::YOMI_COMPANY_NAME, "x"),
        (c::YOMI_FIRST_NAME, "y"),
        (c::YOMI_LAST_NAME, "z"),
        (c2::CUSTOMER_ID, "12"),
        (c2::GOVERNMENT_ID, "13"),
        (c2::IM_ADDRESS, "im1"),
        (c2::IM_ADDRESS2, "im2"),
        (c2::IM_ADDRESS3, "im3"),
        (c2::MANAGER_NAME, "Max"),
        (c2::COMPANY_MAIN_PHONE, "14"),
        (c2::ACCOUNT_NAME, "15"),
        (c2::NICK_NAME, "Ali"),
        (c2::MMS, "16"),
    ]
}

#[test]
fn every_field_a_device_writes_reads_back() {
    let all = every_field();
    let card = patched(None, &data(&all), 141, Supported::Absent);
    let shown = export(card.as_bytes(), &View::default());
    for (tag, value) in &all {
        assert_eq!(
            shown.text_of(*tag).as_deref(),
            Some(*value),
            "{:?}\n{card}",
            tag.name()
        );
    }
    // And one at a time, in a card that has nothing else.
    for (tag, value) in &all {
        let card = patched(None, &data(&[(*tag, value)]), 141, Supported::Absent);
        let shown = export(card.as_bytes(), &View::default());
        assert_eq!(
            shown.text_of(*tag).as_deref(),
            Some(*value),
            "{:?}\n{card}",
            tag.name()
        );
    }
}

#[test]
fn an_edit_touches_only_what_the_device_changed() {
    let change = data(&[
        (c::EMAIL1_ADDRESS, "\"Dr. Alice Martin\" <new@example.org>"),
        (c::BIRTHDAY, "1972-04-14T22:00:00.000Z"),
    ]);
    let card = patched(Some(CARD), &change, 141, Supported::Absent);
    assert_eq!(card, CARD.replace("alice@example.org", "new@example.org"));

    let change = data(&[(c::LAST_NAME, "Durand")]);
    let card = patched(Some(CARD), &change, 141, Supported::Absent);
    let expected = CARD
        .replace("N:Martin", "N:Durand")
        .replace("Alice Martin", "Alice Durand");
    assert_eq!(card, expected);
}

#[test]
fn categories_are_taken_out_and_put_back_where_they_were() {
    let class = Contact::default();
    let split = class.split(CARD.as_bytes()).expect("a card");
    assert_eq!(split.tags, ["Clients", "Lille"]);
    assert!(!String::from_utf8_lossy(&split.document).contains("CATEGORIES"));
    assert_eq!(class.join(&split.document, &split.overlay), CARD.as_bytes());
    let other = class.with_tags(&split.overlay, &split.tags, &["Urgent".to_owned()]);
    let joined = class.join(&split.document, &other);
    assert_eq!(
        String::from_utf8_lossy(&joined),
        CARD.replace("Clients,Lille", "Urgent")
    );
}

#[test]
fn further_categories_are_no_tags_and_stay_when_tags_change() {
    let class = Contact::default();
    let long = "x".repeat(tag::LONGEST + 1);
    let names: Vec<String> = (0..tag::MOST + 2).map(|n| format!("e{n}")).collect();
    let line = format!("{long},E0,{}", names.join(","));
    let card = CARD.replace("Clients,Lille", &line);
    let split = class.split(card.as_bytes()).expect("a card");
    assert_eq!(split.tags.len(), tag::MOST);
    assert_eq!(class.join(&split.document, &split.overlay), card.as_bytes());
    let other = class.with_tags(&split.overlay, &split.tags, &["Urgent".to_owned()]);
    let joined = class.join(&split.document, &other);
    let joined = String::from_utf8_lossy(&joined).replace("\r\n ", "");
    assert!(
        joined.contains(&format!("CATEGORIES:Urgent,{long},e1000,e1001\r\n")),
        "{joined}"
    );
}

#[test]
fn many_equal_lines_differ_by_those_that_are_new() {
    let lines = |numbers: &[&str]| {
        let lines: String = numbers.iter().map(|n| format!("TEL:{n}\r\n")).collect();
        CARD.replace("END:VCARD", &format!("{lines}END:VCARD"))
    };
    let before = lines(&["1", "1", "2"]);
    let after = lines(&["3", "1", "4"]);
    let differences = Contact::default().differences(before.as_bytes(), after.as_bytes());
    let said: Vec<_> = differences
        .iter()
        .map(|d| (d.before.as_deref(), d.after.as_deref()))
        .collect();
    assert_eq!(said, [(Some("1"), Some("3")), (Some("2"), Some("4"))]);
}

#[test]
fn the_index_knows_names_and_folds_them() {
    let card = CARD.replace("Alice", "Élodie");
    let index = Contact::default()
        .index(card.as_bytes(), None)
        .expect("a card");
    assert_eq!(index.display, "Dr. Élodie Martin");
    assert_eq!(
        (index.sort_first.as_str(), index.sort_last.as_str()),
        ("elodie martin", "martin elodie")
    );
    assert!(
        index
            .texts
            .iter()
            .any(|text| text.field == "tel" && text.value == "333")
    );
}

#[test]
fn lists_show_the_number_somebody_answers() {
    let numbers = |lines: &str| {
        let card = CARD.replace("END:VCARD", &format!("{lines}END:VCARD"));
        let index = Contact::default()
            .index(card.as_bytes(), None)
            .expect("a card");
        let of = |field: &str| {
            let texts = index.texts.iter().filter(|text| text.field == field);
            texts.map(|text| text.value.clone()).collect::<Vec<_>>()
        };
        (of("tel"), of("fax"))
    };
    let (before, none) = numbers("");
    assert_eq!(none, [""; 0]);
    let (tel, fax) = numbers(
        "TEL;TYPE=WORK,FAX:1\r\nTEL;TYPE=PAGER:2\r\nTEL;TYPE=HOME,PREF:3\r\nTEL;TYPE=CELL:4\r\nTEL;TYPE=FAX,VOICE:5\r\n",
    );
    assert_eq!(tel[..3], ["3", "333", "4"]);
    assert_eq!(tel[tel.len() - 2..], ["1", "2"]);
    assert_eq!(tel.len(), before.len() + 5, "each can be searched");
    assert_eq!(fax, ["1", "2"]);
}

proptest! {
    #[test]
    fn what_a_device_was_shown_changes_nothing_when_it_comes_back(
        version in prop::sample::select(vec![121u8, 140, 141, 160, 161]),
        fields in prop::sample::subsequence(every_field(), 0..57),
    ) {
        let card = patched(None, &data(&fields), 141, Supported::Absent);
        let view = View { version: Version(version), ..View::default() };
        let shown = export(card.as_bytes(), &view);
        let edit = contact().edit(&shown, &view, &Supported::Absent);
        let again = edit.apply(Some(card.as_bytes())).expect("applied");
        prop_assert_eq!(String::from_utf8_lossy(&again), card);
    }

    #[test]
    fn splitting_and_joining_gives_the_bytes_back(places in prop::collection::vec(0usize..16, 0..4)) {
        let mut lines: Vec<&str> = CARD.split_inclusive("\r\n").filter(|l| !l.starts_with("CATEGORIES")).collect();
        for place in places {
            lines.insert((place + 2).min(lines.len() - 1), "CATEGORIES:a,b\r\n");
        }
        let card = lines.concat();
        let class = Contact::default();
        let split = class.split(card.as_bytes()).expect("a card");
        prop_assert_eq!(class.join(&split.document, &split.overlay), card.as_bytes());
        prop_assert!(Document::parse(&split.document).is_ok());
    }
}

#[test]
fn cards_in_terms_of_two_versions_are_merged_in_those_of_one() {
    let card = |lines: &str| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:Doe;Jo;;;\r\nFN:Jo Doe\r\n{lines}END:VCARD\r\n"
        )
    };
    let shown = "item1.X-ABDATE;VALUE=DATE:2010-01-02\r\nitem1.X-ABLabel:_$!<Anniversary>!$_\r\n";
    let base = card("ANNIVERSARY;VALUE=DATE:2010-01-02\r\nTEL:1\r\n");
    // One program was shown it in terms of 3.0 and changes the number, Thunderbird changes the date.
    let mine = card(&format!("{shown}TEL:2\r\n"));
    let theirs = card("ANNIVERSARY;VALUE=DATE:2012-02-03\r\nTEL:1\r\n");
    let merged = contact().merge(base.as_bytes(), mine.as_bytes(), theirs.as_bytes());
    let merged = merged.expect("a merge");
    assert!(merged.taken && !merged.lost);
    let text = String::from_utf8_lossy(&merged.document);
    assert!(
        text.contains("TEL:2\r\n") && text.contains("2012-02-03"),
        "{text}"
    );
    assert!(!text.contains("2010-01-02"), "{text}");
}

#[test]
fn an_edit_on_a_phone_leaves_a_name_without_parts() {
    for (version, parts) in [("3.0", true), ("4.0", true), ("3.0", false), ("4.0", false)] {
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:{version}\r\nUID:u\r\nFN:Jens Jensen\r\nORG:Acme\r\nEND:VCARD\r\n"
        );
        let mut fields = vec![(c::COMPANY_NAME, "Acme"), (c::MOBILE_PHONE_NUMBER, "1")];
        // The parts it was shown, which the card lacks; or it was shown none.
        if parts {
            fields.extend([(c::FIRST_NAME, "Jens"), (c::LAST_NAME, "Jensen")]);
        }
        let sent = data(&fields);
        let edited = patched(Some(&card), &sent, 161, Supported::Absent);
        assert!(edited.contains("\r\nFN:Jens Jensen\r\n"), "{edited}");
        assert!(!edited.contains("\r\nN:"), "{edited}");
    }
}

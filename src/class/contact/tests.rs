use std::sync::Arc;

use carnet_proto::{
    vcard::Document,
    wbxml::{
        Element, Encoder, Limits, Node, Tag, decode,
        page::{air_sync, air_sync_base as base, contacts as c, contacts2 as c2},
    },
};
use proptest::prelude::*;

use super::*;
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
    contact().export(document, view, &mut out);
    out.close();
    decode(&out.finish(), &Limits::default()).expect("what we encode")
}

fn data(values: &[(Tag, &str)]) -> Element {
    let child = |(tag, text): &(Tag, &str)| {
        Node::Element(Element {
            tag: *tag,
            children: match text.is_empty() {
                true => Vec::new(),
                false => vec![Node::Text((*text).to_owned())],
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
        version,
        ..View::default()
    };
    let edit = contact().edit(data, &view, &supported).expect("an edit");
    let bytes = edit.apply(card.map(str::as_bytes)).expect("applied");
    String::from_utf8(bytes).expect("UTF-8")
}

/// Every element of the class that holds a text, with a value.
fn every_field() -> Vec<(Tag, &'static str)> {
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
fn slots_stay_put_when_another_is_cleared() {
    let cleared = patched(
        Some(CARD),
        &data(&[(c::HOME_PHONE_NUMBER, "")]),
        141,
        Supported::Absent,
    );
    let shown = export(cleared.as_bytes(), &View::default());
    assert_eq!(shown.text_of(c::HOME_PHONE_NUMBER), None, "{cleared}");
    assert_eq!(shown.text_of(c::HOME2_PHONE_NUMBER).as_deref(), Some("222"));
}

#[test]
fn omitted_elements_follow_version_and_supported() {
    let listed = |tags: &[Tag]| Supported::Listed(tags.to_vec());
    let check = |version, supported: Supported, value: Option<&str>, expected: Option<&str>| {
        let mut values = vec![(c::LAST_NAME, "Martin")];
        values.extend(value.map(|value| (c::MOBILE_PHONE_NUMBER, value)));
        let card = patched(Some(CARD), &data(&values), version, supported.clone());
        let shown = export(card.as_bytes(), &View::default());
        let found = shown.text_of(c::MOBILE_PHONE_NUMBER);
        assert_eq!(
            found.as_deref(),
            expected,
            "{version} {supported:?} {value:?}"
        );
        // What the device was never shown survives whatever it omits.
        assert!(card.contains("four@example.org") && card.contains("X-Custom;x=y:kept"));
    };
    let mobile = [c::MOBILE_PHONE_NUMBER];
    for version in [121, 140, 141] {
        check(version, Supported::Absent, Some("9"), Some("9"));
        check(version, Supported::Absent, Some(""), None);
        check(version, Supported::Absent, None, Some("333"));
        check(version, listed(&mobile), None, None);
        check(version, listed(&[c::SPOUSE]), None, Some("333"));
        check(version, listed(&[]), None, Some("333"));
    }
    check(161, Supported::Absent, None, None);
    check(161, Supported::Absent, Some(""), None);
    check(161, listed(&mobile), None, None);
    check(161, listed(&[c::SPOUSE]), None, Some("333"));
}

#[test]
fn birthdays_keep_their_date_whoever_sends_them() {
    // [MS-ASCNTC] 2.2.2.6 and what each client sends for 1980-05-05.
    for sent in [
        "1980-05-05T00:00:00.000Z",
        "1980-05-05T08:00:00.000Z",
        "1980-05-05T11:00:00.000Z",
        "1980-05-05T11:59:00.000Z",
        "1980-05-05T12:00:00.000Z",
        "1980-05-04T22:00:00.000Z",
        "1980-05-04T23:00:00.000Z",
        "19800505T000000Z",
        "1980-05-05",
    ] {
        let card = patched(None, &data(&[(c::BIRTHDAY, sent)]), 141, Supported::Absent);
        assert!(card.contains("BDAY:1980-05-05\r\n"), "{sent}\n{card}");
    }
    let card = patched(
        None,
        &data(&[(c::BIRTHDAY, "1604-05-05T11:59:00.000Z")]),
        141,
        Supported::Absent,
    );
    assert!(
        card.contains("BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-05"),
        "{card}"
    );
}

#[test]
fn an_edit_touches_only_what_the_device_changed() {
    let change = data(&[
        (c::EMAIL1_ADDRESS, "\"Alice\" <new@example.org>"),
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
fn a_cut_note_keeps_its_tail() {
    let view = View {
        truncation: Some(3),
        ..View::default()
    };
    let shown = export(CARD.as_bytes(), &view);
    let body = shown.child(base::BODY).expect("a body");
    assert_eq!(body.text_of(base::DATA).as_deref(), Some("one"));
    assert_eq!(body.text_of(base::TRUNCATED).as_deref(), Some("1"));
    let edit = contact()
        .edit(&shown, &view, &Supported::Absent)
        .expect("an edit");
    assert_eq!(
        edit.apply(Some(CARD.as_bytes())).as_deref(),
        Ok(CARD.as_bytes())
    );
}

#[test]
fn categories_are_taken_out_and_put_back_where_they_were() {
    let class = Contact::default();
    let split = class.split(CARD.as_bytes()).expect("a card");
    assert_eq!(split.tags, ["Clients", "Lille"]);
    assert!(!String::from_utf8_lossy(&split.document).contains("CATEGORIES"));
    assert_eq!(class.join(&split.document, &split.overlay), CARD.as_bytes());
    let other = class.with_tags(&split.overlay, &["Urgent".to_owned()]);
    let joined = class.join(&split.document, &other);
    assert_eq!(
        String::from_utf8_lossy(&joined),
        CARD.replace("Clients,Lille", "Urgent")
    );
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
fn a_large_picture_is_reduced_and_its_echo_keeps_the_original() {
    use base64::Engine as _;
    let noise = image::RgbImage::from_fn(900, 700, |x, y| {
        let n = x
            .wrapping_mul(2_654_435_761)
            .wrapping_add(y.wrapping_mul(40_503));
        image::Rgb([n as u8, (n >> 8) as u8, (n >> 16) as u8])
    });
    let mut png = Vec::new();
    noise
        .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
        .expect("a PNG");
    let picture = base64::engine::general_purpose::STANDARD.encode(&png);
    let card = CARD.replace(
        "NOTE:",
        &format!("PHOTO;ENCODING=b;TYPE=PNG:{picture}\r\nNOTE:"),
    );
    let shown = export(card.as_bytes(), &View::default());
    let reduced = shown.text_of(c::PICTURE).expect("a picture");
    assert!(reduced.len() <= 48 * 1024, "{}", reduced.len());
    let octets = base64::engine::general_purpose::STANDARD
        .decode(&reduced)
        .expect("base64");
    assert!(octets.starts_with(&[0xFF, 0xD8, 0xFF]));
    assert_eq!(patched(Some(&card), &shown, 161, Supported::Absent), card);
}

#[test]
fn a_picture_that_lies_about_its_size_is_refused() {
    // A PNG header that announces 60000 x 60000 pixels.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend(60_000u32.to_be_bytes());
    bomb.extend(60_000u32.to_be_bytes());
    bomb.extend([8, 2, 0, 0, 0]);
    assert!(picture::for_storage(&bomb).is_err());
    assert!(picture::for_storage(b"not a picture").is_err());
}

proptest! {
    #[test]
    fn what_a_device_was_shown_changes_nothing_when_it_comes_back(
        version in prop::sample::select(vec![121u8, 140, 141, 160, 161]),
        fields in prop::sample::subsequence(every_field(), 0..57),
    ) {
        let card = patched(None, &data(&fields), 141, Supported::Absent);
        let view = View { version, ..View::default() };
        let shown = export(card.as_bytes(), &view);
        let edit = contact().edit(&shown, &view, &Supported::Absent).expect("an edit");
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

//! One contact through three faces: what is written on one is read on the other two.

use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet_proto::wbxml::{
    Element, Node, Tag,
    page::{air_sync as a, air_sync_base as base, contacts as c, contacts2 as c2},
};

use crate::support::{
    browser::{Browser, escaped},
    dav::Book,
    eas::{Device, add, change, delete, responses},
    server::Server,
};

/// An element of [MS-ASCNTC], its value, the line of a card that holds it (name, types, raw
/// value), and the input of the form.
type Field = (
    Tag,
    &'static str,
    (&'static str, &'static [&'static str], &'static str),
    &'static str,
);

const NAME: (&str, &[&str], &str) = ("N", &[], "Vanbrabant;Élodie;Marie;Dr.;Jr.");
const ORG: (&str, &[&str], &str) = ("ORG", &[], r"Ateliers \; Fils;Achats;Bureau 4\, B");
const WORK: (&str, &[&str], &str) = (
    "ADR",
    &["WORK"],
    ";;12 rue des Tanneurs;Lille;Nord;59000;France",
);
const HOME: (&str, &[&str], &str) = (
    "ADR",
    &["HOME"],
    ";;3 Kerkstraat\\nbus 2;Gent;OVL;9000;België",
);
const OTHER: (&str, &[&str], &str) = ("ADR", &[], ";;1 Quai;Genève;GE;1200;Suisse");

/// Every element that holds a text.
#[rustfmt::skip]
const FIELDS: &[Field] = &[
    (c::FILE_AS, "Vanbrabant (achats)", ("X-EVOLUTION-FILE-AS", &[], "Vanbrabant (achats)"), "file-as"),
    (c::TITLE, "Dr.", NAME, "prefix"),
    (c::FIRST_NAME, "Élodie", NAME, "given"),
    (c::MIDDLE_NAME, "Marie", NAME, "middle"),
    (c::LAST_NAME, "Vanbrabant", NAME, "family"),
    (c::SUFFIX, "Jr.", NAME, "suffix"),
    (c2::NICK_NAME, "Élo", ("NICKNAME", &[], "Élo"), "nickname"),
    (c::YOMI_FIRST_NAME, "エロディ", ("X-PHONETIC-FIRST-NAME", &[], "エロディ"), "phonetic-given"),
    (c::YOMI_LAST_NAME, "バン", ("X-PHONETIC-LAST-NAME", &[], "バン"), "phonetic-family"),
    (c::YOMI_COMPANY_NAME, "アトリエ", ("X-PHONETIC-ORG", &[], "アトリエ"), "phonetic-org"),
    (c::COMPANY_NAME, "Ateliers ; Fils", ORG, "org"),
    (c::DEPARTMENT, "Achats", ORG, "department"),
    (c::OFFICE_LOCATION, "Bureau 4, B", ORG, "office"),
    (c::JOB_TITLE, "Cheffe des achats", ("TITLE", &[], "Cheffe des achats"), "title"),
    (c::ASSISTANT_NAME, "Ana Cruz", ("X-EVOLUTION-ASSISTANT", &[], "Ana Cruz"), "related-0"),
    (c2::MANAGER_NAME, "Max Roy", ("X-EVOLUTION-MANAGER", &[], "Max Roy"), "related-1"),
    (c::SPOUSE, "Jo Haas", ("X-EVOLUTION-SPOUSE", &[], "Jo Haas"), "related-2"),
    (c::BIRTHDAY, "1972-04-15T11:59:00.000Z", ("BDAY", &[], "1972-04-15"), "bday"),
    (c::ANNIVERSARY, "2001-06-30T11:59:00.000Z", ("X-ANNIVERSARY", &[], "2001-06-30"), "anniversary"),
    (c::EMAIL1_ADDRESS, "e1@example.org", ("EMAIL", &[], "e1@example.org"), "email-0"),
    (c::EMAIL2_ADDRESS, "e2@example.org", ("EMAIL", &[], "e2@example.org"), "email-1"),
    (c::EMAIL3_ADDRESS, "e3@example.org", ("EMAIL", &[], "e3@example.org"), "email-2"),
    (c2::IM_ADDRESS, "elo@example.org", ("IMPP", &[], "elo@example.org"), "impp-0"),
    (c2::IM_ADDRESS2, "elo.v", ("IMPP", &[], "elo.v"), "impp-1"),
    (c2::IM_ADDRESS3, "elo@example.net", ("IMPP", &[], "elo@example.net"), "impp-2"),
    (c::WEB_PAGE, "https://example.org/elo", ("URL", &[], "https://example.org/elo"), "url-0"),
    (c::BUSINESS_PHONE_NUMBER, "+33 1 01", ("TEL", &["WORK"], "+33 1 01"), "tel-0"),
    (c::BUSINESS2_PHONE_NUMBER, "+33 1 02", ("TEL", &["WORK"], "+33 1 02"), "tel-1"),
    (c::BUSINESS_FAX_NUMBER, "+33 1 03", ("TEL", &["WORK", "FAX"], "+33 1 03"), "tel-2"),
    (c::HOME_PHONE_NUMBER, "+33 1 04", ("TEL", &["HOME"], "+33 1 04"), "tel-3"),
    (c::HOME2_PHONE_NUMBER, "+33 1 05", ("TEL", &["HOME"], "+33 1 05"), "tel-4"),
    (c::HOME_FAX_NUMBER, "+33 1 06", ("TEL", &["HOME", "FAX"], "+33 1 06"), "tel-5"),
    (c::MOBILE_PHONE_NUMBER, "+33 6 07", ("TEL", &["CELL"], "+33 6 07"), "tel-6"),
    (c::CAR_PHONE_NUMBER, "+33 1 08", ("TEL", &["CAR"], "+33 1 08"), "tel-7"),
    (c::RADIO_PHONE_NUMBER, "+33 1 09", ("TEL", &["X-RADIO"], "+33 1 09"), "tel-8"),
    (c::PAGER_NUMBER, "+33 1 10", ("TEL", &["PAGER"], "+33 1 10"), "tel-9"),
    (c::ASSISTANT_PHONE_NUMBER, "+33 1 11", ("TEL", &["X-ASSISTANT"], "+33 1 11"), "tel-10"),
    (c2::COMPANY_MAIN_PHONE, "+33 1 12", ("TEL", &["WORK", "X-COMPANY-MAIN"], "+33 1 12"), "tel-11"),
    (c2::MMS, "+33 6 13", ("TEL", &["X-MMS"], "+33 6 13"), "tel-12"),
    (c::BUSINESS_ADDRESS_STREET, "12 rue des Tanneurs", WORK, "adr-0-0"),
    (c::BUSINESS_ADDRESS_CITY, "Lille", WORK, "adr-0-2"),
    (c::BUSINESS_ADDRESS_STATE, "Nord", WORK, "adr-0-3"),
    (c::BUSINESS_ADDRESS_POSTAL_CODE, "59000", WORK, "adr-0-1"),
    (c::BUSINESS_ADDRESS_COUNTRY, "France", WORK, "adr-0-4"),
    (c::HOME_ADDRESS_STREET, "3 Kerkstraat\nbus 2", HOME, "adr-1-0"),
    (c::HOME_ADDRESS_CITY, "Gent", HOME, "adr-1-2"),
    (c::HOME_ADDRESS_STATE, "OVL", HOME, "adr-1-3"),
    (c::HOME_ADDRESS_POSTAL_CODE, "9000", HOME, "adr-1-1"),
    (c::HOME_ADDRESS_COUNTRY, "België", HOME, "adr-1-4"),
    (c::OTHER_ADDRESS_STREET, "1 Quai", OTHER, "adr-2-0"),
    (c::OTHER_ADDRESS_CITY, "Genève", OTHER, "adr-2-2"),
    (c::OTHER_ADDRESS_STATE, "GE", OTHER, "adr-2-3"),
    (c::OTHER_ADDRESS_POSTAL_CODE, "1200", OTHER, "adr-2-1"),
    (c::OTHER_ADDRESS_COUNTRY, "Suisse", OTHER, "adr-2-4"),
    (c2::CUSTOMER_ID, "K-1", ("X-CARNET-CUSTOMERID", &[], "K-1"), "customer-id"),
    (c2::GOVERNMENT_ID, "G-2", ("X-CARNET-GOVERNMENTID", &[], "G-2"), "government-id"),
    (c2::ACCOUNT_NAME, "A-3", ("X-CARNET-ACCOUNTNAME", &[], "A-3"), "account"),
];

/// The kinds a person chooses for the values above.
const KINDS: &[(&str, &str)] = &[
    ("related-0-kind", "assistant"),
    ("related-1-kind", "manager"),
    ("related-2-kind", "spouse"),
    ("related-3-kind", "child"),
    ("related-4-kind", "child"),
    ("tel-0-kind", "work"),
    ("tel-1-kind", "work"),
    ("tel-2-kind", "fax"),
    ("tel-3-kind", "home"),
    ("tel-4-kind", "home"),
    ("tel-5-kind", "home-fax"),
    ("tel-6-kind", "cell"),
    ("tel-7-kind", "car"),
    ("tel-8-kind", "radio"),
    ("tel-9-kind", "pager"),
    ("tel-10-kind", "assistant"),
    ("tel-11-kind", "main"),
    ("tel-12-kind", "mms"),
    ("adr-0-kind", "work"),
    ("adr-1-kind", "home"),
    ("adr-2-kind", "other"),
];

const CATEGORIES: [&str; 2] = ["Clients", "Lille"];
const CHILDREN: [&str; 2] = ["Noé", "Ida"];
const NOTE: &str = "First line\nsecond; with, signs";

fn node(tag: Tag, children: Vec<Node>) -> Node {
    Node::Element(Element { tag, children })
}

fn texts(outer: Tag, inner: Tag, values: &[&str]) -> Node {
    let children = values
        .iter()
        .map(|value| node(inner, vec![Node::Text((*value).to_owned())]));
    node(outer, children.collect())
}

/// An Add that says everything.
fn everything(picture: &str) -> Element {
    let values: Vec<(Tag, &str)> = FIELDS.iter().map(|field| (field.0, field.1)).collect();
    let mut add = add("all", &values);
    let Some(Node::Element(data)) = add.children.last_mut() else {
        unreachable!("ApplicationData")
    };
    data.children.extend([
        texts(c::CATEGORIES, c::CATEGORY, &CATEGORIES),
        texts(c::CHILDREN, c::CHILD, &CHILDREN),
        node(c::PICTURE, vec![Node::Text(picture.to_owned())]),
        node(
            base::BODY,
            vec![
                node(base::TYPE, vec![Node::Text("1".to_owned())]),
                node(base::DATA, vec![Node::Text(NOTE.replace('\n', "\r\n"))]),
            ],
        ),
    ]);
    add
}

/// A card that says everything, as a CardDAV client writes it.
fn card(uid: &str, picture: &str) -> String {
    let mut lines: Vec<String> = FIELDS
        .iter()
        .map(|(_, _, (name, types, value), _)| {
            if types.is_empty() {
                format!("{name}:{value}\r\n")
            } else {
                format!("{name};TYPE={}:{value}\r\n", types.join(","))
            }
        })
        .collect();
    lines.dedup();
    let lines = lines.concat();
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:Dr. Élodie Marie Vanbrabant Jr.\r\n{lines}\
         CATEGORIES:Clients,Lille\r\n\
         item1.X-ABRELATEDNAMES:Noé\r\nitem1.X-ABLabel:_$!<Child>!$_\r\n\
         item2.X-ABRELATEDNAMES:Ida\r\nitem2.X-ABLabel:_$!<Child>!$_\r\n\
         NOTE:First line\\nsecond\\; with\\, signs\r\n\
         PHOTO;ENCODING=b;TYPE=JPEG:{picture}\r\nEND:VCARD\r\n"
    )
}

/// The filled form.
fn form() -> Vec<(&'static str, &'static str)> {
    let mut fields: Vec<(&str, &str)> = FIELDS
        .iter()
        .map(|(_, value, _, input)| match *input {
            "bday" | "anniversary" => (*input, &value[..10]),
            _ => (*input, *value),
        })
        .collect();
    fields.extend(KINDS);
    fields.extend([
        ("categories", "Clients, Lille"),
        ("related-3", CHILDREN[0]),
        ("related-4", CHILDREN[1]),
        ("note", NOTE),
    ]);
    fields
}

fn is_on_the_device(data: &Element) {
    for (tag, value, ..) in FIELDS {
        let shown = data.text_of(*tag).map(|text| text.replace("\r\n", "\n"));
        assert_eq!(shown.as_deref(), Some(*value), "{tag:?}");
    }
    let list = |outer: Tag| -> Vec<String> {
        let list = data.child(outer).expect("a list");
        list.elements().map(Element::text).collect()
    };
    assert_eq!(list(c::CATEGORIES), CATEGORIES);
    assert_eq!(list(c::CHILDREN), CHILDREN);
    let body = data.child(base::BODY).expect("a note");
    assert_eq!(body.text_of(base::TYPE).as_deref(), Some("1"));
    let note = body.text_of(base::DATA).expect("a text");
    assert_eq!(note, NOTE.replace('\n', "\r\n"));
}

fn is_in_the_card(card: &str) {
    let has = |name: &str, types: &[&str], value: &str| {
        card.split("\r\n").any(|line| {
            let Some(head) = line.strip_suffix(&format!(":{value}")) else {
                return false;
            };
            let mut parts = head.split(';');
            let named = parts
                .next()
                .is_some_and(|n| n == name || n.ends_with(&format!(".{name}")));
            let found: Vec<&str> = parts
                .filter_map(|param| param.strip_prefix("TYPE="))
                .flat_map(|types| types.split(','))
                .collect();
            named && types.iter().all(|wanted| found.contains(wanted))
        })
    };
    for (_, _, (name, types, value), _) in FIELDS {
        assert!(has(name, types, value), "{name} {types:?} {value}\n{card}");
    }
    assert!(has("CATEGORIES", &[], "Clients,Lille"), "{card}");
    assert!(
        has("NOTE", &[], r"First line\nsecond\; with\, signs"),
        "{card}"
    );
    for child in CHILDREN {
        assert!(has("X-ABRELATEDNAMES", &[], child), "{card}");
    }
}

fn is_on_the_page(page: &str) {
    for (tag, value, _, input) in FIELDS {
        let shown = match *input {
            "bday" => "15 April 1972",
            "anniversary" => "30 June 2001",
            _ => value,
        };
        assert!(page.contains(&escaped(shown)), "{tag:?} {shown}\n{page}");
    }
    for text in CATEGORIES.iter().chain(&CHILDREN) {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains(&escaped(NOTE)));
}

/// A small picture devices are given as it is.
fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([x as u8, y as u8, (x ^ y) as u8])
    });
    let format = image::ImageFormat::Jpeg;
    picture.write_to(&mut out, format).expect("a picture");
    out.into_inner()
}

/// A server with a device, a CardDAV client and a browser of bob, whose book is empty.
struct Faces {
    device: Device,
    book: Book,
    browser: Browser,
    _server: Server,
}

impl Faces {
    fn start() -> Self {
        let server = Server::start();
        Self {
            device: Device::set_up(&server.address, "bob", "cross1", "16.1"),
            book: Book::of(&server.address, "bob"),
            browser: Browser::of(&server.address, "bob"),
            _server: server,
        }
    }

    /// The only contact there is, on the device.
    fn on_the_device(&mut self) -> (String, Element) {
        self.device.sync_all(&[], 100);
        assert_eq!(self.device.items.len(), 1);
        let (id, data) = self.device.items.iter().next().expect("a contact");
        (id.clone(), data.clone())
    }

    fn path(&self, name: &str) -> String {
        self.browser
            .card_named("/c/private", name)
            .unwrap_or_else(|| panic!("{name} is not in the list"))
    }
}

const SHOWN: &str = "Dr. Élodie Marie Vanbrabant Jr.";

#[test]
fn every_field_of_a_device_reaches_carddav_and_the_web() {
    let mut faces = Faces::start();
    let picture = STANDARD.encode(jpeg(40, 30));
    let answer = faces.device.sync(&[everything(&picture)], 100);
    assert_eq!(responses(&answer), [("all".to_owned(), "1".to_owned())]);
    faces.device.key = answer.text_of(a::SYNC_KEY).expect("a key");

    let (_, _, card) = faces.book.find("Vanbrabant").expect("the card");
    is_in_the_card(&card);
    assert!(card.contains(&format!("FN:{SHOWN}\r\n")), "{card}");
    assert!(card.contains(&format!("PHOTO;ENCODING=b;TYPE=JPEG:{picture}\r\n")));

    let path = faces.path(SHOWN);
    is_on_the_page(&faces.browser.page(&path));
    let photo = faces.browser.get(&format!("{path}/photo"));
    assert_eq!(STANDARD.encode(photo.body), picture);

    // Another device of the same person has it all too.
    faces.device.prime();
    is_on_the_device(&faces.on_the_device().1);
}

#[test]
fn every_field_of_a_card_reaches_devices_and_the_web() {
    let mut faces = Faces::start();
    let picture = STANDARD.encode(jpeg(40, 30));
    let text = card("cross", &picture);
    let answer = faces.book.put("cross.vcf", ("If-None-Match", "*"), &text);
    assert_eq!(answer.status, 201, "{answer:?}");

    let (_, data) = faces.on_the_device();
    is_on_the_device(&data);
    assert_eq!(data.text_of(c::PICTURE).as_deref(), Some(picture.as_str()));

    let path = faces.path(SHOWN);
    is_on_the_page(&faces.browser.page(&path));
    let photo = faces.browser.get(&format!("{path}/photo"));
    assert_eq!(photo.header("content-type"), Some("image/jpeg"));
    assert_eq!(STANDARD.encode(photo.body), picture);
}

#[test]
fn every_field_of_the_form_reaches_devices_and_carddav() {
    let mut faces = Faces::start();
    let photo = jpeg(2000, 1000);
    let answer = faces.browser.save("/c/private/new", &form(), Some(&photo));
    assert_eq!(answer.status, 303, "{}", answer.text());

    let (_, _, card) = faces.book.find("Vanbrabant").expect("the card");
    is_in_the_card(&card);
    let stored = card
        .split("PHOTO;ENCODING=b;TYPE=JPEG:")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next())
        .expect("a photo");
    let stored = STANDARD.decode(stored).expect("base64");
    let stored = image::load_from_memory(&stored).expect("a picture");
    assert_eq!((stored.width(), stored.height()), (1024, 512));

    let (_, data) = faces.on_the_device();
    is_on_the_device(&data);
    let picture = data.text_of(c::PICTURE).expect("a picture");
    // [MS-ASCNTC] 2.2.2.58
    assert!(picture.len() <= 48 * 1024, "{}", picture.len());
    let small = STANDARD.decode(picture).expect("base64");
    assert!(image::load_from_memory(&small).is_ok());
    // Filled in as the form shows it, nothing changes.
    let path = faces.path(SHOWN);
    is_on_the_page(&faces.browser.page(&path));
    let answer = faces.browser.save(&format!("{path}/edit"), &[], None);
    assert_eq!(answer.status, 303);
    let again = faces.book.find("Vanbrabant").expect("the card").2;
    assert_eq!(again, card);
}

#[test]
fn what_a_device_makes_a_browser_changes_and_carddav_deletes() {
    let mut faces = Faces::start();
    let new = [(c::LAST_NAME, "Dupont"), (c::FIRST_NAME, "Ann")];
    faces.device.sync_all(&[add("1", &new)], 100);
    let path = faces.path("Ann Dupont");
    let changes = [
        ("family", "Durand"),
        ("tel-0", "+33 1"),
        ("tel-0-kind", "cell"),
    ];
    let answer = faces.browser.save(&format!("{path}/edit"), &changes, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let (href, etag, card) = faces.book.find("N:Durand;Ann").expect("the card");
    assert!(card.contains("FN:Ann Durand\r\n"), "{card}");
    let told = faces.device.sync_all(&[], 100);
    assert!(matches!(told[..], [(a::CHANGE, _)]), "{told:?}");
    let id = faces.device.named("Durand").expect("the contact");
    let number = faces.device.items[&id].text_of(c::MOBILE_PHONE_NUMBER);
    assert_eq!(number.as_deref(), Some("+33 1"));

    let gone = faces
        .book
        .send("DELETE", &href, &[("If-Match", &etag)], b"");
    assert_eq!(gone.status, 204);
    assert_eq!(faces.device.sync_all(&[], 100), [(a::DELETE, id)]);
    assert_eq!(faces.browser.get(&path).status, 404);
}

#[test]
fn what_carddav_makes_a_device_changes_and_a_browser_deletes() {
    let mut faces = Faces::start();
    let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:x\r\nX-ODD;P=1:kept\r\nN:Dupont;Ann;;;\r\n\
                FN:Ann Dupont\r\nitem1.EMAIL:a@example.org\r\nitem1.X-ABLabel:Boat\r\nEND:VCARD\r\n";
    faces.book.put("x.vcf", ("If-None-Match", "*"), text);
    let (id, _) = faces.on_the_device();
    let new = [
        (c::LAST_NAME, "Dupont"),
        (c::FIRST_NAME, "Bea"),
        (c::EMAIL1_ADDRESS, "b@example.org"),
    ];
    faces.device.sync_all(&[change(&id, &new)], 100);
    let (_, _, card) = faces.book.find("Bea").expect("the card");
    let expected = text
        .replace("Ann", "Bea")
        .replace("a@example.org", "b@example.org");
    assert_eq!(card, expected, "every other octet stays");

    let path = faces.path("Bea Dupont");
    let page = faces.browser.page(&path);
    assert!(page.contains("Boat") && page.contains("b@example.org"));
    let fields = [
        ("token", crate::support::browser::hidden(&page, "token")),
        ("version", crate::support::browser::hidden(&page, "version")),
    ];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let gone = faces.browser.submit(&format!("{path}/delete"), &fields);
    assert_eq!(gone.status, 303);
    assert_eq!(faces.device.sync_all(&[], 100), [(a::DELETE, id)]);
    assert!(faces.book.find("Bea").is_none());
}

#[test]
fn what_a_browser_makes_carddav_changes_and_a_device_deletes() {
    let mut faces = Faces::start();
    let new = [("given", "Ann"), ("family", "Dupont"), ("org", "Dupont SA")];
    let answer = faces.browser.save("/c/private/new", &new, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let (href, etag, card) = faces.book.find("Dupont").expect("the card");
    let (id, _) = faces.on_the_device();
    let changed = card.replace("Ann", "Bea");
    let answer = faces.book.put(&href, ("If-Match", &etag), &changed);
    assert_eq!(answer.status, 204, "{answer:?}");
    let (_, data) = faces.on_the_device();
    assert_eq!(data.text_of(c::FIRST_NAME).as_deref(), Some("Bea"));
    let path = faces.path("Bea Dupont");

    assert!(faces.device.sync_all(&[delete(&id)], 100).is_empty());
    assert!(faces.book.find("Dupont").is_none());
    assert_eq!(faces.browser.get(&path).status, 404);
    assert!(
        faces
            .browser
            .card_named("/c/private", "Bea Dupont")
            .is_none()
    );
}

#[test]
fn a_picture_taken_away_on_one_face_is_gone_on_the_others() {
    let mut faces = Faces::start();
    let picture = STANDARD.encode(jpeg(40, 30));
    let text = card("cross", &picture);
    faces.book.put("cross.vcf", ("If-None-Match", "*"), &text);
    let (_, data) = faces.on_the_device();
    assert!(data.child(c::PICTURE).is_some());
    let path = faces.path(SHOWN);
    let removed = [("remove-photo", "1")];
    let answer = faces.browser.save(&format!("{path}/edit"), &removed, None);
    assert_eq!(answer.status, 303);
    assert_eq!(faces.browser.get(&format!("{path}/photo")).status, 404);
    let (_, data) = faces.on_the_device();
    assert!(data.child(c::PICTURE).is_none());
    is_on_the_device(&data);
    let (_, _, stored) = faces.book.find("Vanbrabant").expect("the card");
    let without = text.replace(&format!("PHOTO;ENCODING=b;TYPE=JPEG:{picture}\r\n"), "");
    assert_eq!(stored, without);
}

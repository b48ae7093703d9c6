//! Cards kept as they are: groups, photos, versions, merges (RFC 6350, RFC 2426), rows 71 to 84.

use std::{fs, path::PathBuf};

use carnet_proto::vcard::{Document, split_stream};

use super::client::*;
use crate::support::server::Server;

fn text(client: &Client, path: &str, version: &str) -> String {
    let accept = format!("text/vcard; version={version}");
    client.send("GET", path, &[("Accept", &accept)], "").text()
}

#[test]
fn a_group_card_is_read_in_both_forms() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}g.vcf");
    let apple = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:g\r\nN:Friends;;;;\r\nFN:Friends\r\nX-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:m1\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:m2\r\nEND:VCARD\r\n";
    assert_eq!(alice.put(&path, &[], apple).status, 201);
    assert_eq!(alice.get(&path).text(), apple);
    let four = text(&alice, &path, "4.0");
    assert!(
        four.contains("KIND:group\r\nMEMBER:urn:uuid:m1\r\nMEMBER:urn:uuid:m2\r\n"),
        "{four}"
    );
    assert!(!four.contains("ADDRESSBOOKSERVER"), "{four}");
    let path = format!("{BOOK}g4.vcf");
    let kind = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:g4\r\nFN:Family\r\nKIND:group\r\nMEMBER:urn:uuid:m1\r\nMEMBER:mailto:a@example.org\r\nEND:VCARD\r\n";
    assert_eq!(alice.put(&path, &[], kind).status, 201);
    let three = alice.get(&path).text();
    for line in [
        "X-ADDRESSBOOKSERVER-KIND:group",
        "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:m1",
        "X-ADDRESSBOOKSERVER-MEMBER:mailto:a@example.org",
        "N:Family;;;;",
    ] {
        assert!(three.contains(&format!("{line}\r\n")), "{line} in {three}");
    }
    // Either form is understood in either version.
    for (at, (version, line)) in [
        ("3.0", "KIND:group"),
        ("4.0", "X-ADDRESSBOOKSERVER-KIND:group"),
    ]
    .iter()
    .enumerate()
    {
        let mixed = card_with(&format!("mixed{at}"), "Mixed", &[line]).replace("3.0", version);
        let path = format!("{BOOK}mixed{at}.vcf");
        assert_eq!(alice.put(&path, &[], mixed).status, 201);
        for (asked, expected) in [
            ("4.0", "\r\nKIND:group"),
            ("3.0", "\r\nX-ADDRESSBOOKSERVER-KIND:group"),
        ] {
            let shown = text(&alice, &path, asked);
            assert!(shown.contains(expected), "{shown}");
        }
        let as_contact = alice.put(&path, &[], card(&format!("mixed{at}"), "Mixed"));
        assert_eq!(as_contact.status, 403, "it is a group");
    }
}

#[test]
fn members_that_are_nowhere_are_kept_and_circles_are_harmless() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let group = |uid: &str, members: &[&str]| {
        let mut lines = vec!["X-ADDRESSBOOKSERVER-KIND:group".to_owned()];
        lines.extend(
            members
                .iter()
                .map(|member| format!("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{member}")),
        );
        card_with(
            uid,
            uid,
            &lines.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    let (a, b) = (format!("{BOOK}a.vcf"), format!("{BOOK}b.vcf"));
    let (first, second) = (group("a", &["b", "nobody", "a"]), group("b", &["a"]));
    assert_eq!(alice.put(&a, &[], &first).status, 201);
    assert_eq!(alice.put(&b, &[], &second).status, 201);
    alice.put(&format!("{BOOK}m.vcf"), &[], card("nobody", "N"));
    alice.delete(&format!("{BOOK}m.vcf"));
    assert_eq!(alice.get(&a).text(), first, "no deletion edits a group");
    assert_eq!(alice.get(&b).text(), second);
    assert_eq!(
        alice.propfind(BOOK, "1", "<D:getetag/>").responses.len(),
        17
    );
}

#[test]
fn a_contact_does_not_become_a_group_nor_the_other_way() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}k.vcf");
    alice.put(&path, &[], card("k", "K"));
    let answer = alice.put(
        &path,
        &[],
        card_with("k", "K", &["X-ADDRESSBOOKSERVER-KIND:group"]),
    );
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (403, vec!["valid-address-data".to_owned()])
    );
    assert_eq!(
        alice
            .put(&path, &[], card_with("k", "K", &["X-ABShowAs:COMPANY"]))
            .status,
        204
    );
}

/// A few octets that begin as a JPEG.
const JPEG: &str = "/9j/4AAQSkZJRgABAQ==";

#[test]
fn photos_keep_their_octets_in_every_form() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for (at, line) in [
        format!("PHOTO;ENCODING=b;TYPE=JPEG:{JPEG}"),
        format!("PHOTO;TYPE=JPEG;ENCODING=b;X-ABCROP-RECTANGLE=ABClipRect_1&1&2&3&4&abc:{JPEG}"),
        format!("PHOTO;ENCODING=BASE64;JPEG:{JPEG}"),
        format!("PHOTO:data:image/jpeg;base64,{JPEG}"),
        format!("PHOTO;VALUE=URI:DATA:IMAGE/JPEG;BASE64\\,{JPEG}"),
        format!("PHOTO;ENCODING=b,b;TYPE=JPEG,jpeg:{JPEG}"),
        format!("PHOTO;ENCODING=B;TYPE=image/jpeg:{JPEG}"),
        format!("PHOTO;ENCODING=B;TYPE=JPEG;VALUE=binary:{JPEG}"),
        format!("PHOTO;ENCODING=b;TYPE=jpeg;VALUE=URI:{JPEG}"),
        format!("PHOTO;ENCODING=b;TYPE=JPEG:data:image/jpeg;base64,{JPEG}"),
        format!("PHOTO;VALUE=uri;TYPE=JPEG:{JPEG}"),
    ]
    .iter()
    .enumerate()
    {
        let path = format!("{BOOK}photo{at}.vcf");
        assert_eq!(
            alice
                .put(&path, &[], card_with(&format!("photo{at}"), "P", &[line]))
                .status,
            201,
            "{line}"
        );
        let unfold = |text: String| text.replace("\r\n ", "");
        let four = unfold(text(&alice, &path, "4.0"));
        assert!(
            four.contains(&format!("data:image/jpeg;base64,{JPEG}\r\n")),
            "{line}: {four}"
        );
        assert_eq!(
            four.contains("X-ABCROP-RECTANGLE=ABClipRect_1&1&2&3&4&abc"),
            line.contains("X-ABCROP"),
            "{four}"
        );
        let three = unfold(text(&alice, &path, "3.0"));
        let photo = three.lines().find(|line| line.starts_with("PHOTO"));
        let photo = photo.expect("a photo").to_ascii_uppercase();
        let types = photo.matches("TYPE=").count();
        assert!(
            photo.contains(";ENCODING=B") && types == 1 && photo.contains(";TYPE=JPEG"),
            "{line}: {photo}"
        );
        assert!(!photo.contains("URI"), "{line}: {photo}");
        assert!(three.contains(&format!(":{JPEG}\r\n")), "{line}: {three}");
    }
    // Written as 4.0, read as 3.0.
    let path = format!("{BOOK}photo4.vcf");
    let four = card_with(
        "photofour",
        "P",
        &[&format!("PHOTO:data:image/png;base64,{JPEG}")],
    )
    .replace("3.0", "4.0");
    alice.delete(&path);
    alice.put(&path, &[], four);
    assert!(
        alice
            .get(&path)
            .text()
            .contains(&format!("PHOTO;ENCODING=b;TYPE=JPEG:{JPEG}")),
        "the octets say what they are"
    );
    // A URL is handed through; nothing ever fetches it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("set");
    let url = format!(
        "http://{}/p.jpg",
        listener.local_addr().expect("an address")
    );
    let path = format!("{BOOK}url.vcf");
    alice.put(
        &path,
        &[],
        card_with("url", "U", &[&format!("PHOTO;VALUE=uri:{url}")]),
    );
    for version in ["3.0", "4.0"] {
        assert!(
            text(&alice, &path, version)
                .replace("\r\n ", "")
                .contains(&url)
        );
    }
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn what_is_not_understood_survives_to_the_octet() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}x.vcf");
    let odd = card_with(
        "x",
        "X",
        &[
            "item1.TEL;type=CELL;type=VOICE;type=pref:+1 (555) 0100",
            "item1.X-ABLabel:_$!<HomePage>!$_",
            "X-SOCIALPROFILE;type=twitter;x-user=a_b:http://twitter.com/a_b",
            "IMPP;X-SERVICE-TYPE=Skype;type=HOME:skype:ann",
            "X-phonetic-First-Name:An",
            "X-ABADR:fr",
            "x-custom;Param=\"a;b:c,d\";p2=^'q^':v\\,1\\;2\\n3",
            "X-IMAGEHASH:a+b/c==",
            "NOTE:a long line that is folded somewhere else than where a server wo\r\n uld have folded it itself",
            "VND-63-SENSITIVE-CONTENT-CONFIG;VND-63-COMMSAFETY=1:x",
            "GEO:1.0;2.0",
            "REV:strange-rev",
        ],
    );
    let made = alice.put(&path, &[], &odd);
    assert_eq!(made.status, 201);
    assert!(made.header("etag").is_some());
    assert_eq!(alice.get(&path).text(), odd);
    assert_eq!(
        alice
            .multiget(BOOK, "<C:address-data/>", &[&path])
            .get(&path)
            .text(CARDDAV, "address-data"),
        odd
    );
    // There and back through 4.0, the lines nobody converts are as they were.
    let four = text(&alice, &path, "4.0");
    for line in [
        "X-phonetic-First-Name:An",
        "X-ABADR:fr",
        "X-IMAGEHASH:a+b/c==",
    ] {
        assert!(four.contains(&format!("{line}\r\n")), "{line}");
    }
}

#[test]
fn a_birthday_without_a_year_has_none_in_either_version() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let (a, b) = (format!("{BOOK}a.vcf"), format!("{BOOK}b.vcf"));
    let apple = "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15";
    alice.put(&a, &[], card_with("a", "A", &[apple]));
    alice.put(
        &b,
        &[],
        card_with("b", "B", &["BDAY:--0415"]).replace("3.0", "4.0"),
    );
    for path in [&a, &b] {
        assert!(text(&alice, path, "4.0").contains("BDAY:--0415\r\n"));
        assert!(text(&alice, path, "3.0").contains(&format!("{apple}\r\n")));
    }
}

#[test]
fn an_edit_by_a_reader_of_version_3_keeps_what_only_version_4_shows() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}m.vcf");
    let four = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:m\r\nFN:Ann Roy\r\nN:Roy;Ann;;;\r\nLANG;PREF=1:fr\r\n\
        GRAMGENDER:feminine\r\nRELATED;TYPE=friend:urn:uuid:other\r\nANNIVERSARY:20010203\r\nTEL;TYPE=work:1\r\nXML:<a xmlns=\"u:\"/>\r\nEND:VCARD\r\n";
    alice.put(&path, &[], four);
    let shown = alice.get(&path).text();
    let edited = shown
        .replace("TEL;TYPE=work:1", "TEL;TYPE=work:2")
        .replace("FN:Ann Roy", "FN:Ann Roi");
    assert_eq!(alice.put(&path, &[], &edited).status, 204);
    let now = text(&alice, &path, "4.0");
    for line in [
        "FN:Ann Roi",
        "TEL;TYPE=work:2",
        "LANG;PREF=1:fr",
        "GRAMGENDER:feminine",
        "ANNIVERSARY:20010203",
    ] {
        assert!(now.contains(&format!("{line}\r\n")), "{line} in {now}");
    }
    assert!(now.contains("RELATED;TYPE=friend"), "{now}");
    // What was shown and is gone is deleted.
    let shown = alice.get(&path).text();
    let without: String = shown
        .lines()
        .filter(|line| !line.starts_with("TEL"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    alice.put(&path, &[], without);
    let now = text(&alice, &path, "4.0");
    assert!(
        !now.contains("TEL") && now.contains("GRAMGENDER:feminine"),
        "{now}"
    );
}

#[test]
fn xml_carries_line_ends_and_no_control_characters() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}ctl.vcf");
    let made = alice.put(
        &path,
        &[],
        card_with("ctl", "C\u{1}T\u{b}L", &["NOTE:a\u{0}b\u{FFFE}c\td"]),
    );
    assert_eq!((made.status, made.header("etag")), (201, None));
    let got = alice.multiget(BOOK, "<D:displayname/><C:address-data/>", &[&path]);
    let data = got.get(&path).text(CARDDAV, "address-data");
    assert!(
        data.contains("FN:CTL\r\n") && data.contains("NOTE:abc\td\r\n"),
        "{data:?}"
    );
    assert!(!got.raw.contains(['\u{1}', '\u{b}', '\u{0}', '\u{FFFE}']));
    assert!(got.raw.contains("END:VCARD&#13;\n"), "{}", got.raw);
    assert_eq!(alice.get(&path).text(), data);
    // Line ends of any kind become CRLF.
    for (at, end) in ["\n", "\r", "\r\n"].iter().enumerate() {
        let path = format!("{BOOK}le{at}.vcf");
        let made = alice.put(
            &path,
            &[],
            card(&format!("le{at}"), "Lines").replace("\r\n", end),
        );
        assert_eq!(made.header("etag").is_some(), *end == "\r\n");
        assert_eq!(
            alice.get(&path).text(),
            card(&format!("le{at}"), "Lines"),
            "{end:?}"
        );
    }
}

#[test]
fn cards_of_other_programs_are_stored_and_rendered_or_refused() {
    let shared = std::env::var_os("CARNET_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")),
        PathBuf::from,
    );
    let Ok(corpus) = fs::read_dir(shared.join("corpus/vcards")) else {
        crate::support::skipped("the corpus of other projects' cards is not here");
        return;
    };
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let (mut stored, mut refused) = (0, 0);
    for entry in corpus {
        let file = entry.expect("an entry").path();
        if file.extension().is_none_or(|extension| extension != "vcf") {
            continue;
        }
        let bytes = fs::read(&file).expect("a file");
        for (at, (_, card)) in split_stream(&bytes).enumerate().take(20) {
            let name = file
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let path = format!("{BOOK}{name}-{at}.vcf");
            let answer = alice.put(&path, &[], card);
            match answer.status {
                201 => stored += 1,
                // The corpus holds one UID several times.
                403 | 409 => {
                    refused += 1;
                    continue;
                }
                status => panic!("{}: {status} {}", file.display(), answer.text()),
            }
            for version in ["3.0", "4.0"] {
                let got = alice.send(
                    "GET",
                    &path,
                    &[("Accept", &format!("text/vcard; version={version}"))],
                    "",
                );
                assert_eq!(got.status, 200);
                let text = String::from_utf8(got.body).expect("UTF-8");
                assert!(
                    text.contains(&format!("VERSION:{version}\r\n")),
                    "{}: {text}",
                    file.display()
                );
                let parsed = calcard::vcard::VCard::parse(&text);
                assert!(parsed.is_ok(), "{} {version}: {parsed:?}", file.display());
            }
            // Only an untouched card has a tag in the answer.
            if answer.header("etag").is_some() {
                assert_eq!(alice.get(&path).body, card, "{}", file.display());
                assert!(Document::parse(card).is_ok_and(|card| card.is_clean()));
            }
        }
    }
    println!("{stored} stored, {refused} refused");
    assert!(stored > 100);
    // All of them at once are one well-formed multistatus.
    let body = query_body("<C:address-data/>", "<C:filter/>", None);
    assert_eq!(
        Multi::parse(&alice.report(BOOK, &body)).responses.len(),
        stored + 14
    );
}

#[test]
fn what_programs_write_in_their_own_way_comes_back_whole() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}own.vcf");
    let photo = "BEGIN:VCARD\r\nVERSION:2.1\r\nUID:own\r\nN:Own;Way;;;\r\nFN:Way Own\r\n\
        PHOTO;ENCODING=BASE64;JPEG:\r\n/9j/4AAQ\r\nSkZJ\r\n\r\nEMAIL:a@b\r\nEND:VCARD\r\n";
    assert_eq!(alice.put(&path, &[], photo).status, 201);
    let got = alice.get(&path).text();
    assert!(
        got.contains("\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJ\r\n"),
        "{got}"
    );
    assert!(got.contains("\r\nEMAIL:a@b\r\n"), "{got}");
    assert_eq!(alice.put(&path, &[], &got).status, 204);
    assert_eq!(alice.get(&path).text(), got);
    let lines = [
        "X-messaging/xmpp-All:jo@jabber.org",
        "NOTE:Name\r\n            \r\n  Value goes on here",
    ];
    let own = card_with("own", "Own", &lines);
    let replaced = alice.put(&path, &[], &own);
    assert!(replaced.header("etag").is_some());
    assert_eq!(alice.get(&path).text(), own);
    let four = text(&alice, &path, "4.0");
    assert!(
        four.contains("\r\nX-messaging/xmpp-All:jo@jabber.org\r\n"),
        "{four}"
    );
}

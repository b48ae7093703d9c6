//! What a PUT may hold and what becomes of it (RFC 6352 §6.3.2), rows 26 to 36.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::client::*;
use crate::support::server::Server;

#[test]
fn a_card_without_uid_gets_one_and_no_tag() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}nouid.vcf");
    let text = card("x", "No").replace("UID:x\r\n", "");
    let made = alice.put(&path, &[], &text);
    assert_eq!((made.status, made.header("etag")), (201, None));
    let first = alice.get(&path).text();
    let uid = first
        .lines()
        .find(|line| line.starts_with("UID:"))
        .expect("a UID")
        .to_owned();
    assert_eq!(alice.get(&path).text(), first, "the same one every time");
    // What the server invented gives way to the client's own.
    let own = card("mine", "No");
    assert_eq!(alice.put(&path, &[], &own).status, 204);
    assert_eq!(alice.get(&path).text(), own);
    assert_ne!(uid, "UID:mine");
    // Control characters and white space in a UID are stripped.
    let odd = format!("{BOOK}odd.vcf");
    let made = alice.put(&odd, &[], card(" a\\nb ", "Odd"));
    assert_eq!(made.status, 201);
    assert!(alice.get(&odd).text().contains("UID:ab\r\n"));
}

#[test]
fn a_card_without_a_name_gets_one_and_no_tag() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for (at, (line, name)) in [
        ("N:Roy;Ann;;;", "Ann Roy"),
        ("ORG:Acme;East", "Acme East"),
        ("NICKNAME:Nick", "Nick"),
        ("EMAIL:a@example.org", "a@example.org"),
        ("TEL:123", "123"),
        ("NOTE:x", "Unnamed"),
    ]
    .iter()
    .enumerate()
    {
        let path = format!("{BOOK}fn{at}.vcf");
        let text = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:fn{at}\r\n{line}\r\nEND:VCARD\r\n");
        let made = alice.put(&path, &[], text);
        assert_eq!((made.status, made.header("etag")), (201, None), "{line}");
        let got = alice.get(&path).text();
        assert!(got.contains(&format!("FN:{name}\r\n")), "{got}");
        assert!(got.contains("\r\nN:"), "{got}");
        assert_eq!(
            alice
                .props(&path, "<D:displayname/>")
                .text(DAV, "displayname"),
            *name
        );
    }
}

const V4: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:four\r\nFN:Ann Roy\r\nN:Roy;Ann;;;\r\n\
    TEL;TYPE=cell;PREF=1;VALUE=uri:tel:+33-1\r\nBDAY:--0415\r\nEND:VCARD\r\n";

#[test]
fn a_card_of_version_4_is_read_as_3_unless_4_is_asked() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}four.vcf");
    let made = alice.put(&path, &[("Content-Type", "text/vcard; version=4.0")], V4);
    assert_eq!((made.status, made.header("etag")), (201, None));
    let three = alice.get(&path).text();
    for line in [
        "VERSION:3.0",
        "TEL;TYPE=cell,pref:+33-1",
        "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15",
    ] {
        assert!(three.contains(&format!("{line}\r\n")), "{line} in {three}");
    }
    let get = |accept: &str| alice.send("GET", &path, &[("Accept", accept)], "").text();
    assert_eq!(get("text/vcard; version=4.0"), V4);
    assert_eq!(get("text/vcard;version=\"4.0\", */*;q=0.1"), V4);
    for accept in [
        "text/vcard; version=3.0",
        "*/*",
        "text/vcard",
        "application/json",
    ] {
        assert_eq!(get(accept), three, "{accept}");
    }
    // Thunderbird reads what is stored.
    let bird = Client::with_agent(
        &server,
        "alice",
        "Mozilla/5.0 Gecko/20100101 Thunderbird/128.3",
    );
    assert_eq!(bird.get(&path).text(), V4);
    let again = bird.put(&path, &[], V4.replace("Ann", "Anna"));
    assert_eq!(again.status, 204);
    assert_eq!(again.header("etag"), Some(&*bird.etag(&path)));
}

#[test]
fn what_thunderbird_writes_into_a_card_of_version_3_reaches_an_iphone() {
    let server = Server::start();
    let bird = Client::with_agent(
        &server,
        "alice",
        "Mozilla/5.0 Gecko/20100101 Thunderbird/153.7",
    );
    let iphone = Client::with_agent(&server, "alice", "iOS/17.5 (21F79) dataaccessd/1.0");
    let path = format!("{BOOK}both.vcf");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:both\r\nN:Haddad;Nora;;;\r\nFN:Nora Haddad\r\n\
        ANNIVERSARY;VALUE=DATE:2010-01-02\r\nPHOTO;VALUE=URI:data:image/png;base64,iVBORw0KGgo=\r\nEND:VCARD\r\n";
    // It is not given these octets again, and has no tag of them.
    let made = bird.put(&path, &[], card);
    assert_eq!((made.status, made.header("etag")), (201, None));
    let seen = bird.get(&path).text();
    for line in [
        "VERSION:4.0",
        "ANNIVERSARY:20100102",
        "PHOTO:data:image/png;base64,iVBORw0KGgo=",
    ] {
        assert!(seen.contains(&format!("{line}\r\n")), "{line} in {seen}");
    }
    let seen = iphone.get(&path).text();
    for line in [
        "VERSION:3.0",
        "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=",
        "item1.X-ABDATE;VALUE=DATE:2010-01-02",
        "item1.X-ABLabel:_$!<Anniversary>!$_",
    ] {
        assert!(seen.contains(&format!("{line}\r\n")), "{line} in {seen}");
    }
    // What it makes of its own version is kept as any.
    let edited = bird
        .get(&path)
        .text()
        .replace("FN:Nora", "NOTE:x\r\nFN:Nora");
    let tag = bird.etag(&path);
    assert_eq!(bird.put(&path, &[("If-Match", &tag)], edited).status, 204);
    assert!(iphone.get(&path).text().contains("NOTE:x\r\n"));
}

#[test]
fn an_old_card_is_read_as_version_3() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}old.vcf");
    let old = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=89t=C3=A9;Ren=C3=A9;;;\r\n\
        TEL;HOME;CELL:1\r\nNOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0Atwo=\r\n and three\r\nEND:VCARD\r\n";
    let made = alice.put(&path, &[("Content-Type", "text/x-vcard")], old);
    assert_eq!((made.status, made.header("etag")), (201, None));
    let got = alice.get(&path).text();
    for line in [
        "VERSION:3.0",
        "N:Été;René;;;",
        "FN:René Été",
        "TEL;TYPE=HOME;TYPE=CELL:1",
        "NOTE:one\\ntwo and three",
    ] {
        assert!(got.contains(&format!("{line}\r\n")), "{line} in {got}");
    }
}

#[test]
fn what_is_no_single_card_is_refused_and_nothing_is_stored() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let before = alice.token(BOOK);
    let path = format!("{BOOK}bad.vcf");
    let two = card("a", "A") + &card("b", "B");
    for (media_type, body, condition) in [
        ("text/vcard", two.as_str(), "valid-address-data"),
        ("text/vcard", "garbage", "valid-address-data"),
        ("text/vcard", "", "valid-address-data"),
        ("", "garbage", "valid-address-data"),
        (
            "text/vcard",
            "BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n",
            "valid-address-data",
        ),
        (
            "text/calendar",
            "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
            "supported-address-data",
        ),
        ("image/png", "\u{1}PNG", "supported-address-data"),
        ("application/json", "{}", "supported-address-data"),
    ] {
        let answer = alice.send("PUT", &path, &[("Content-Type", media_type)], body);
        assert_eq!(answer.status, 403, "{media_type} {body:?}");
        assert_eq!(preconditions(&answer), [condition], "{media_type} {body:?}");
        assert!(answer.text().contains("responsedescription"));
    }
    let many = card_with("m", "M", &["X-A:1"; 10_001]);
    let answer = alice.put(&path, &[], many);
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (403, vec!["max-resource-size".to_owned()])
    );
    assert_eq!(
        alice
            .put(&path, &[("Content-Range", "bytes 0-1/2")], card("a", "A"))
            .status,
        400
    );
    assert_eq!(alice.get(&path).status, 404);
    assert_eq!(alice.token(BOOK), before);
}

#[test]
fn the_media_type_of_a_card_may_be_wrong() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for (at, media_type) in [
        "text/plain",
        "text/x-vcard",
        "text/directory; profile=vCard",
        "application/octet-stream",
        "image/png",
        "",
    ]
    .iter()
    .enumerate()
    {
        let path = format!("{BOOK}type{at}.vcf");
        let headers: &[(&str, &str)] = if media_type.is_empty() {
            &[]
        } else {
            &[("Content-Type", media_type)]
        };
        assert_eq!(
            alice
                .send("PUT", &path, headers, card(&format!("t{at}"), "T"))
                .status,
            201,
            "{media_type}"
        );
    }
    // A charset that is declared is honoured, UTF-16 by its mark too; UTF-8 is stored.
    let latin: Vec<u8> = card("latin", "Andr#")
        .bytes()
        .map(|b| if b == b'#' { 0xE9 } else { b })
        .collect();
    let path = format!("{BOOK}latin.vcf");
    let made = alice.send(
        "PUT",
        &path,
        &[("Content-Type", "text/vcard; charset=iso-8859-1")],
        latin,
    );
    assert_eq!((made.status, made.header("etag")), (201, None));
    assert!(alice.get(&path).text().contains("FN:André\r\n"));
    let wide: Vec<u8> = "\u{FEFF}"
        .encode_utf16()
        .chain(card("wide", "Zoë").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let path = format!("{BOOK}wide.vcf");
    assert_eq!(alice.put(&path, &[], wide).status, 201);
    assert_eq!(alice.get(&path).text(), card("wide", "Zoë"));
}

#[test]
fn a_uid_is_used_once_in_a_book_and_does_not_change() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let holder = format!("{BOOK}hold er.vcf").replace(' ', "%20");
    assert_eq!(alice.put(&holder, &[], card("same", "One")).status, 201);
    let answer = alice.put(&format!("{BOOK}other.vcf"), &[], card("same", "Two"));
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (409, vec!["no-uid-conflict".to_owned()])
    );
    assert!(
        answer
            .text()
            .contains(&format!("<D:href>{holder}</D:href>")),
        "{}",
        answer.text()
    );
    // Letter case makes another UID.
    assert_eq!(
        alice
            .put(&format!("{BOOK}case.vcf"), &[], card("SAME", "Two"))
            .status,
        201
    );
    let changed = alice.put(&holder, &[], card("another", "One"));
    assert_eq!(
        (changed.status, preconditions(&changed)),
        (409, vec!["no-uid-conflict".to_owned()])
    );
    assert!(
        changed
            .text()
            .contains(&format!("<D:href>{holder}</D:href>")),
        "{}",
        changed.text()
    );
    // In another book the UID is free, and free again once the card is gone.
    assert_eq!(
        alice
            .put(&format!("{TEAM}same.vcf"), &[], card("same", "Team's"))
            .status,
        201
    );
    assert_eq!(alice.delete(&holder).status, 204);
    assert_eq!(
        alice
            .put(&format!("{BOOK}other.vcf"), &[], card("same", "Two"))
            .status,
        201
    );
    // POST names the holder the same way.
    let posted = alice.send(
        "POST",
        BOOK,
        &[("Content-Type", "text/vcard")],
        card("same", "Three"),
    );
    assert_eq!(posted.status, 409);
    assert!(
        posted
            .text()
            .contains(&format!("<D:href>{BOOK}other.vcf</D:href>")),
        "{}",
        posted.text()
    );
}

#[test]
fn what_came_back_to_what_a_client_holds_may_be_deleted_by_it() {
    let server = Server::start();
    let (bird, other) = (
        Client::with_agent(&server, "alice", "Thunderbird/128.0"),
        Client::with_agent(&server, "alice", "other/1"),
    );
    let path = format!("{BOOK}back.vcf");
    let first = card("back", "Back");
    other.put(&path, &[], &first);
    let token = bird.token(BOOK);
    bird.sync(BOOK, &token, None);
    bird.get(&path);
    let tag = |text: &str| {
        let etag = other.etag(&path);
        assert_eq!(other.put(&path, &[("If-Match", &etag)], text).status, 204);
    };
    let tagged = first.replace("END:VCARD", "CATEGORIES:Red\r\nEND:VCARD");
    tag(&tagged);
    assert_eq!(bird.delete(&path).status, 412);
    tag(&first);
    assert_eq!(bird.delete(&path).status, 204);
    server.check();
}

#[test]
fn the_parent_must_be_there() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    assert_eq!(
        alice
            .put("/dav/alice/private/nobook/x.vcf", &[], card("x", "X"))
            .status,
        409
    );
    assert_eq!(
        alice
            .put("/dav/groups/Team/other/x.vcf", &[], card("x", "X"))
            .status,
        409
    );
    assert_eq!(alice.put(BOOK, &[], card("x", "X")).status, 405);
    assert_eq!(
        alice
            .put("/dav/alice/private/new", &[], card("x", "X"))
            .status,
        405
    );
    assert_eq!(
        alice
            .put("/dav/alice/private/contacts/a/b.vcf", &[], card("x", "X"))
            .status,
        409
    );
    // Of what nobody may know there is no parent either.
    for path in [
        "/dav/bob/private/contacts/a/b.vcf",
        "/dav/groups/No/No/a/b.vcf",
    ] {
        assert_eq!(alice.put(path, &[], card("x", "X")).status, 404, "{path}");
    }
}

#[test]
fn the_limit_is_exact() {
    let server = Server::start_with(|config| config.max_document = 5000);
    let alice = Client::new(&server, "alice");
    let sized = |uid: &str, size: usize| {
        let room = size - card_with(uid, "S", &["NOTE:"]).len();
        card_with(uid, "S", &[&format!("NOTE:{}", "x".repeat(room))])
    };
    assert_eq!(
        alice
            .props(BOOK, "<C:max-resource-size/>")
            .text(CARDDAV, "max-resource-size"),
        "5000"
    );
    let path = format!("{BOOK}size.vcf");
    assert_eq!(sized("size", 5000).len(), 5000);
    assert_eq!(alice.put(&path, &[], sized("size", 5000)).status, 201);
    for size in [5001, 5_000_000] {
        let answer = alice.put(&path, &[], sized("size", size));
        assert_eq!(
            (answer.status, preconditions(&answer)),
            (403, vec!["max-resource-size".to_owned()]),
            "{size}"
        );
    }
    // Compressed, it is the size within that counts.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(sized("size", 5001).as_bytes())
        .expect("compressed");
    let answer = alice.put(
        &path,
        &[("Content-Encoding", "gzip")],
        gzip.finish().expect("compressed"),
    );
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (403, vec!["max-resource-size".to_owned()])
    );
    assert_eq!(alice.get(&path).body.len(), 5000);
    // Rights come before size.
    let bob = Client::new(&server, "bob");
    let answer = bob.put(&format!("{TEAM}big.vcf"), &[], sized("big", 6000));
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (403, vec!["need-privileges".to_owned()])
    );
}

#[test]
fn cards_in_json_or_xml_are_refused_as_what_they_are() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}j.vcf");
    let json = r#"["vcard",[["version",{},"text","4.0"],["fn",{},"text","J"]]]"#;
    let xml = "<vcards xmlns='urn:ietf:params:xml:ns:vcard-4.0'><vcard/></vcards>";
    for (method, path, media_type, body) in [
        ("PUT", &*path, "application/vcard+json", json),
        ("POST", BOOK, "application/vcard+json", json),
        ("PUT", &*path, "application/vcard+xml", xml),
        ("POST", BOOK, "application/vcard+xml; charset=utf-8", xml),
    ] {
        let refused = alice.send(method, path, &[("Content-Type", media_type)], body);
        assert_eq!(
            (refused.status, preconditions(&refused)),
            (403, vec!["supported-address-data".to_owned()]),
            "{method} {media_type}"
        );
    }
}

//! PUT, GET, DELETE and POST (RFC 6352 §6.3.2, RFC 9110, RFC 5995), rows 23 to 41.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use super::client::*;
use crate::support::{http::basic, server::Server};

#[test]
fn row_23_what_is_put_is_what_is_got() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}one.vcf");
    let first = card_with(
        "one",
        "One",
        &[
            "item1.TEL;type=pref;x-A=\"q;r\":1",
            "item1.X-ABLabel:Club",
            "X-odd;B=1;a=2:keep\\, me",
        ],
    );
    let made = alice.put(&path, &[], &first);
    assert_eq!((made.status, made.body.len()), (201, 0));
    let etag = made.header("etag").expect("an ETag").to_owned();
    assert!(
        etag.starts_with('"') && etag.ends_with('"') && etag.len() <= 66,
        "{etag}"
    );
    let got = alice.get(&path);
    assert_eq!(got.body, first.as_bytes());
    assert_eq!(got.header("etag"), Some(&*etag));
    assert_eq!(
        got.header("content-type"),
        Some("text/vcard; charset=utf-8")
    );
    assert!(
        got.header("vary")
            .is_some_and(|vary| vary.contains("Accept"))
    );
    assert!(
        got.header("last-modified")
            .is_some_and(|date| date.ends_with(" GMT"))
    );
    assert_eq!(alice.etag(&path), etag);
    assert_eq!(
        alice
            .props(&path, "<D:getcontentlength/>")
            .text(DAV, "getcontentlength"),
        first.len().to_string()
    );

    let second = first.replace("One", "Two");
    let replaced = alice.put(&path, &[("If-Match", &etag)], &second);
    assert_eq!(replaced.status, 204);
    let newer = replaced.header("etag").expect("an ETag");
    assert_ne!(newer, etag);
    assert_eq!(alice.etag(&path), newer);
    // Asked for, the stored card comes back with its tag.
    let third = second.replace("Two", "Three");
    let shown = alice.put(&path, &[("Prefer", "return=representation")], &third);
    assert_eq!((shown.status, shown.text()), (200, third));
    assert_eq!(shown.header("etag"), Some(&*alice.etag(&path)));
}

#[test]
fn row_24_conditions_decide() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}c.vcf");
    assert_eq!(
        alice
            .put(&path, &[("If-Match", "*")], card("c", "C"))
            .status,
        412
    );
    assert_eq!(
        alice
            .put(&path, &[("If-Match", "\"x\"")], card("c", "C"))
            .status,
        412
    );
    assert_eq!(alice.get(&path).status, 404);
    assert_eq!(
        alice
            .put(&path, &[("If-None-Match", "*")], card("c", "C"))
            .status,
        201
    );
    assert_eq!(
        alice
            .put(&path, &[("If-None-Match", "*")], card("c", "D"))
            .status,
        412
    );
    assert_eq!(
        alice
            .put(&path, &[("If-Match", "\"other\"")], card("c", "D"))
            .status,
        412
    );
    let etag = alice.etag(&path);
    let bare = etag.trim_matches('"');
    assert_eq!(
        alice
            .put(&path, &[("If-None-Match", &etag)], card("c", "D"))
            .status,
        412
    );
    // A refusal for a conflict leaves the tag alone: the person's other clients write on.
    for (number, tag) in [
        format!("W/{etag}"),
        format!("\"{bare}-gzip\""),
        format!("\"a\", {etag}"),
        "*".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(alice.etag(&path), etag, "{number}");
        let answer = alice.put(
            &path,
            &[("If-Match", tag)],
            card("c", &format!("Name {number}")),
        );
        assert_eq!(answer.status, 204, "{tag}");
        let back = alice.put(&path, &[], card("c", "C"));
        assert_eq!((back.status, back.header("etag")), (204, Some(&*etag)));
    }
    // If-Unmodified-Since only counts where If-Match is absent (RFC 9110 §13.1.4).
    let past = ("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT");
    let future = ("If-Unmodified-Since", "Fri, 01 Jan 2100 00:00:00 GMT");
    assert_eq!(alice.put(&path, &[past], card("c", "E")).status, 412);
    assert_eq!(alice.put(&path, &[future], card("c", "E")).status, 204);
    let etag = alice.etag(&path);
    assert_eq!(
        alice
            .put(&path, &[past, ("If-Match", &etag)], card("c", "F"))
            .status,
        204
    );
    // A card that is gone: 412, not 404.
    assert_eq!(alice.delete(&path).status, 204);
    assert_eq!(
        alice
            .put(&path, &[("If-Match", &etag)], card("c", "G"))
            .status,
        412
    );
    assert_eq!(
        alice
            .send("DELETE", &path, &[("If-Match", &etag)], "")
            .status,
        412
    );
}

#[test]
fn the_if_header_holds_writes_to_a_state_of_the_book() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}if.vcf");
    let token = alice.token(BOOK);
    let on = |token: &str| format!("<{BOOK}> (<{token}>)");
    assert_eq!(
        alice
            .put(&path, &[("If", &on(&token))], card("if", "A"))
            .status,
        201
    );
    // The book has moved since.
    assert_eq!(
        alice
            .put(&path, &[("If", &on(&token))], card("if", "B"))
            .status,
        412
    );
    let token = alice.token(BOOK);
    assert_eq!(
        alice
            .put(&path, &[("If", &on(&token))], card("if", "B"))
            .status,
        204
    );
    let etag = alice.etag(&path);
    for (value, status) in [
        (format!("([{etag}])"), 204),
        ("([\"other\"])".to_owned(), 412),
        ("(Not [\"other\"])".to_owned(), 204),
        ("(<DAV:no-lock>)".to_owned(), 412),
        ("(Not <DAV:no-lock>)".to_owned(), 204),
        ("(<opaquelocktoken:x>) (Not <DAV:no-lock>)".to_owned(), 204),
        ("(".to_owned(), 400),
    ] {
        assert_eq!(
            alice.put(&path, &[("If", &value)], card("if", "B")).status,
            status,
            "{value}"
        );
    }
    assert_eq!(
        alice
            .send("DELETE", &path, &[("If", "([\"other\"])")], "")
            .status,
        412
    );
    assert_eq!(
        alice
            .send("DELETE", &path, &[("If", &format!("([{etag}])"))], "")
            .status,
        204
    );
}

#[test]
fn row_25_of_two_writes_on_one_tag_one_wins() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}race.vcf");
    alice.put(&path, &[], card("race", "Start"));
    for round in 0..5 {
        let etag = alice.etag(&path);
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (alice, path, etag) = (alice.clone(), path.clone(), etag.clone());
                std::thread::spawn(move || {
                    alice
                        .put(
                            &path,
                            &[("If-Match", &etag)],
                            card("race", &format!("{round} {writer}")),
                        )
                        .status
                })
            })
            .collect();
        let mut statuses: Vec<u16> = writers
            .into_iter()
            .map(|w| w.join().expect("done"))
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 412, 412, 412]);
    }
}

#[test]
fn row_26_a_card_without_uid_gets_one_and_no_tag() {
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
fn row_27_a_card_without_a_name_gets_one_and_no_tag() {
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
fn row_28_a_card_of_version_4_is_read_as_3_unless_4_is_asked() {
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
fn row_29_an_old_card_is_read_as_version_3() {
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
fn rows_30_and_31_what_is_no_single_card_is_refused_and_nothing_is_stored() {
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
fn row_32_the_media_type_of_a_card_may_be_wrong() {
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
        let headers: &[(&str, &str)] = match media_type.is_empty() {
            true => &[],
            false => &[("Content-Type", media_type)],
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
fn rows_33_and_34_a_uid_is_used_once_in_a_book_and_does_not_change() {
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
fn row_35_the_parent_must_be_there() {
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
        404
    );
}

#[test]
fn row_36_the_limit_is_exact() {
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
fn row_37_any_name_is_kept_and_spelled_one_way() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let long = "n".repeat(251) + ".vcf";
    for (at, (sent, canonical)) in [
        ("a%20b.vcf", "a%20b.vcf"),
        ("100%25.vcf", "100%25.vcf"),
        ("h%23ash%3Fq.vcf", "h%23ash%3Fq.vcf"),
        ("%C3%A9t%C3%A9.vcf", "%C3%A9t%C3%A9.vcf"),
        ("a+b@c.vcf", "a+b@c.vcf"),
        ("a%2Bb%40d.vcf", "a+b@d.vcf"),
        ("%7e(x)!*'.vcf", "~(x)!*'.vcf"),
        ("no-extension", "no-extension"),
        (&*long, &*long),
    ]
    .iter()
    .enumerate()
    {
        let (sent, canonical) = (format!("{BOOK}{sent}"), format!("{BOOK}{canonical}"));
        let made = alice.put(&sent, &[], card(&format!("name{at}"), "Name"));
        assert_eq!(made.status, 201, "{sent}");
        let listed = alice.propfind(BOOK, "1", "<D:getetag/>");
        assert!(
            listed.find(&canonical).is_some(),
            "{canonical} in {:?}",
            listed.hrefs()
        );
        let got = alice.multiget(BOOK, "", &[&sent]);
        assert_eq!(got.hrefs(), [canonical.as_str()]);
        let synced = alice.sync(BOOK, "", None);
        assert!(synced.find(&canonical).is_some());
        assert_eq!(alice.get(&sent).status, 200);
    }
    // One name, however its accents are composed.
    let decomposed = format!("{BOOK}e%CC%81te%CC%81.vcf");
    assert_eq!(alice.get(&decomposed).status, 200);
    assert_eq!(
        alice
            .put(&decomposed, &[("If-None-Match", "*")], card("nfd", "N"))
            .status,
        412
    );
    for (bad, status) in [
        ("a%2Fb.vcf", 400),
        ("%00.vcf", 400),
        ("%2e%2e", 400),
        ("%FF.vcf", 400),
        (&*("n".repeat(252) + ".vcf"), 403),
    ] {
        assert_eq!(
            alice
                .put(&format!("{BOOK}{bad}"), &[], card("bad", "B"))
                .status,
            status,
            "{bad}"
        );
    }
}

#[test]
fn row_38_delete_says_what_became_of_it() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}gone.vcf");
    alice.put(&path, &[], card("gone", "Gone"));
    assert_eq!(
        alice
            .send("DELETE", &path, &[("If-Match", "\"x\"")], "")
            .status,
        412
    );
    let etag = alice.etag(&path);
    assert_eq!(
        alice
            .send("DELETE", &path, &[("If-Match", &etag)], "")
            .status,
        204
    );
    assert_eq!(alice.delete(&path).status, 404);
    assert_eq!(alice.get(&path).status, 404);
    let book = alice.delete(BOOK);
    assert_eq!(
        (book.status, preconditions(&book)),
        (403, vec!["need-privileges".to_owned()])
    );
    // Put again, it is an ordinary new card.
    assert_eq!(
        alice
            .put(&path, &[("If-None-Match", "*")], card("gone", "Back"))
            .status,
        201
    );
}

#[test]
fn row_39_an_unchanged_card_is_not_sent_again() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}same.vcf");
    alice.put(&path, &[], card("same", "Same"));
    let got = alice.get(&path);
    let etag = got.header("etag").expect("an ETag").to_owned();
    for tag in [&*etag, "*", &format!("\"a\", W/{etag}")] {
        let answer = alice.send("GET", &path, &[("If-None-Match", tag)], "");
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{tag}");
        assert_eq!(answer.header("etag"), Some(&*etag));
    }
    assert_eq!(
        alice
            .send("GET", &path, &[("If-None-Match", "\"x\"")], "")
            .status,
        200
    );
    let modified = got.header("last-modified").expect("a date").to_owned();
    assert_eq!(
        alice
            .send("GET", &path, &[("If-Modified-Since", &modified)], "")
            .status,
        304
    );
    let head = alice.send("HEAD", &path, &[], "");
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in [
        "etag",
        "last-modified",
        "content-type",
        "content-length",
        "vary",
    ] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
    // A book answers with all its cards, other collections with a page.
    let all = alice.get(BOOK);
    assert_eq!(all.text().matches("BEGIN:VCARD").count(), 15);
    assert!(
        all.header("content-disposition")
            .is_some_and(|d| d.contains("attachment"))
    );
    let page = alice.get("/dav/");
    assert!(
        page.header("content-type")
            .is_some_and(|t| t.starts_with("text/html"))
    );
}

#[test]
fn row_40_nothing_is_uploaded_before_the_password_is_known() {
    let server = Server::start();
    let exchange = |authorization: &str| {
        let mut stream = TcpStream::connect(&server.address).expect("a connection");
        let length = card("expect", "Expect").len();
        write!(
            stream,
            "PUT {BOOK}expect.vcf HTTP/1.1\r\nHost: x\r\n{authorization}\
            Content-Length: {length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        .expect("sent");
        let mut first = [0; 12];
        stream.read_exact(&mut first).expect("an answer");
        let first = String::from_utf8_lossy(&first).into_owned();
        if first.ends_with("100") {
            stream
                .write_all(card("expect", "Expect").as_bytes())
                .expect("sent");
        }
        let mut rest = String::new();
        let _ = stream.read_to_string(&mut rest);
        (first, rest)
    };
    let (first, rest) = exchange("");
    assert_eq!(first, "HTTP/1.1 401");
    assert!(!rest.contains("100 Continue"), "{rest}");
    let (name, value) = basic("alice", "demo");
    let (first, rest) = exchange(&format!("{name}: {value}\r\n"));
    assert_eq!(first, "HTTP/1.1 100");
    assert!(rest.contains("HTTP/1.1 201"), "{rest}");
}

#[test]
fn row_41_compression_leaves_the_tag_alone() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}gzip.vcf");
    let text = card_with("gzip", "Gzip", &[&format!("NOTE:{}", "word ".repeat(1000))]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(text.as_bytes()).expect("compressed");
    let made = alice.put(
        &path,
        &[("Content-Encoding", "gzip")],
        gzip.finish().expect("compressed"),
    );
    assert_eq!(made.status, 201);
    let plain = alice.get(&path);
    assert_eq!(plain.text(), text);
    assert_eq!(made.header("etag"), plain.header("etag"));
    let unzip = |answer: &crate::support::http::Answer| {
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        let mut out = String::new();
        GzDecoder::new(&answer.body[..])
            .read_to_string(&mut out)
            .expect("gzip");
        out
    };
    let zipped = alice.send("GET", &path, &[("Accept-Encoding", "br, gzip")], "");
    assert_eq!(zipped.header("etag"), plain.header("etag"));
    assert_eq!(unzip(&zipped), text);
    assert!(
        zipped
            .header("vary")
            .is_some_and(|vary| vary.contains("Accept-Encoding"))
    );
    let listed = alice.send(
        "PROPFIND",
        BOOK,
        &[("Depth", "1"), ("Accept-Encoding", "gzip")],
        "",
    );
    assert!(unzip(&listed).ends_with("</D:multistatus>"));
    let not = alice.send("GET", &path, &[("Accept-Encoding", "gzip;q=0")], "");
    assert_eq!((not.header("content-encoding"), not.text()), (None, text));
    assert_eq!(
        alice.put(&path, &[("Content-Encoding", "br")], "x").status,
        415
    );
    assert_eq!(
        alice
            .put(&path, &[("Content-Encoding", "gzip")], "not gzip")
            .status,
        400
    );
}

#[test]
fn row_46_a_posted_card_is_named_by_the_server() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let add = alice
        .props(BOOK, "<D:add-member/>")
        .hrefs(DAV, "add-member")
        .remove(0);
    let made = alice.send(
        "POST",
        &add,
        &[("Content-Type", "text/vcard")],
        card("posted", "Posted"),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let location = made.header("location").expect("a Location").to_owned();
    assert!(location.starts_with(BOOK), "{location}");
    let got = alice.get(&location);
    assert_eq!(got.text(), card("posted", "Posted"));
    assert_eq!(made.header("etag"), got.header("etag"));
    let shown = alice.send(
        "POST",
        &add,
        &[
            ("Content-Type", "text/vcard"),
            ("Prefer", "return=representation"),
        ],
        card("posted2", "P"),
    );
    assert_eq!((shown.status, shown.text()), (201, card("posted2", "P")));
    assert_eq!(
        alice
            .send("POST", BOOK, &[("Content-Type", "application/xml")], "<x/>")
            .status,
        403
    );
    assert_eq!(
        alice
            .send(
                "POST",
                "/dav/alice/private/",
                &[("Content-Type", "text/vcard")],
                card("p", "P")
            )
            .status,
        405
    );
}

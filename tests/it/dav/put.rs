//! PUT, GET, DELETE and POST (RFC 6352 §6.3.2, RFC 9110, RFC 5995), rows 23 to 25 and 37 to 46.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use super::client::*;
use crate::support::{http::basic, server::Server};

#[test]
fn what_is_put_is_what_is_got() {
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
    // RFC 9110 §8.7, RFC 7240 §3
    assert_eq!(shown.header("content-location"), Some(&*path));
    let applied = shown.header("preference-applied");
    assert_eq!(applied, Some("return=representation"));
}

#[test]
fn conditions_decide() {
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
    // A card that is gone: a write is refused, a deletion has nothing to delete.
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
        404
    );
    let elsewhere = [
        ("If-Match", &*etag),
        ("Destination", "/dav/alice/private/contacts/d.vcf"),
    ];
    assert_eq!(alice.send("MOVE", &path, &elsewhere, "").status, 404);
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
fn of_two_writes_on_one_tag_one_wins() {
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
fn any_name_is_kept_and_spelled_one_way() {
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
fn delete_says_what_became_of_it() {
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
fn an_unchanged_card_is_not_sent_again() {
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
fn nothing_is_uploaded_before_the_password_is_known() {
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
fn compression_leaves_the_tag_alone() {
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
fn a_posted_card_is_named_by_the_server() {
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
    assert_eq!(shown.header("content-location"), shown.header("location"));
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

#[test]
fn a_change_of_categories_is_seen_by_who_asks_for_the_time() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}timed.vcf");
    let time = || {
        let found = alice.props(&path, "<D:getlastmodified/>");
        found.text(DAV, "getlastmodified")
    };
    alice.put(&path, &[], card("u-timed", "Timed"));
    let before = time();
    // The time counts seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let tagged = card_with("u-timed", "Timed", &["CATEGORIES:Climbing"]);
    assert_eq!(alice.put(&path, &[], &tagged).status, 204);
    assert_ne!(time(), before);
    let since = [("If-Modified-Since", &*before)];
    assert_eq!(alice.send("GET", &path, &since, "").status, 200);
    let mine = "/dav/alice/private/merged/timed.vcf";
    let there = alice.props(mine, "<D:getlastmodified/>");
    assert_eq!(there.text(DAV, "getlastmodified"), time());
}

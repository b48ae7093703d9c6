//! Writes as each client makes them: one that names no version never buries what its author had not
//! seen (design, section 4).

use carnet::domain::store::RevisionKind;

use super::client::*;
use crate::support::server::Server;

const THUNDERBIRD: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.3.1";
const DAVX5: &str = "DAVx5/4.4.5-ose (dav4jvm; okhttp/4.12.0) Android/14";
const MACOS: &str = "macOS/14.4 (23E214) AddressBookCore/2620.1";
const VDIRSYNCER: &str = "vdirsyncer/0.21";
const EVOLUTION: &str = "Evolution/3.46.4";

fn base() -> String {
    card_with("shared", "Base Name", &["TEL;TYPE=work:1", "NOTE:old"])
}

/// Documents kept as earlier versions of a card, and as refused ones of alice.
fn kept(server: &Server) -> (Vec<String>, Vec<String>) {
    let text = |document: Vec<u8>| String::from_utf8_lossy(&document).into_owned();
    server.runtime.block_on(async {
        let store = server.store();
        let alice = store
            .person_by_login("alice")
            .await
            .expect("a read")
            .expect("alice")
            .id;
        let books = store.books(alice).await.expect("a read");
        let card = store
            .by_uid(books[0].id, "shared")
            .await
            .expect("a read")
            .expect("the card");
        let history = store.history(card.placement.item).await.expect("a read");
        let refused = store.refused(alice).await.expect("a read");
        let mut replaced = Vec::new();
        for (head, _) in history {
            if head.kind == RevisionKind::Replaced {
                let kept = store.revision(head.id).await.expect("a read");
                replaced.push(text(kept.expect("kept").document));
            }
        }
        (
            replaced,
            refused.into_iter().map(|r| text(r.document)).collect(),
        )
    })
}

#[test]
fn thunderbird_puts_an_old_version_without_a_condition_and_buries_nothing() {
    let server = Server::start();
    let bird = Client::with_agent(&server, "alice", THUNDERBIRD);
    let other = Client::with_agent(&server, "alice", VDIRSYNCER);
    let path = format!("{BOOK}shared.vcf");
    // It creates without a precondition, reads back by multiget, and synchronizes.
    assert_eq!(bird.put(&path, &[], base()).status, 201);
    bird.multiget(BOOK, "<C:address-data/>", &[&path]);
    let token = bird.sync(BOOK, "", None).token().to_owned();
    // Edits of its own, one after the other, are not in each other's way.
    assert_eq!(
        bird.put(&path, &[], base().replace("old", "mine")).status,
        204
    );
    let again = bird.put(&path, &[], base());
    assert_eq!((again.status, again.header("etag").is_some()), (204, true));

    // Meanwhile somebody else changes the number; Thunderbird changes the note of what it holds.
    let newer = base().replace("TEL;TYPE=work:1", "TEL;TYPE=work:2");
    assert_eq!(
        other
            .put(&path, &[("If-Match", &other.etag(&path))], &newer)
            .status,
        204
    );
    let merged = bird.put(&path, &[], base().replace("old", "birdsong"));
    assert_eq!(
        (merged.status, merged.header("etag")),
        (204, None),
        "it has to read again"
    );
    let text = bird
        .multiget(BOOK, "<C:address-data/>", &[&path])
        .get(&path)
        .text(CARDDAV, "address-data");
    assert!(
        text.contains("TEL;TYPE=work:2\r\n") && text.contains("NOTE:birdsong\r\n"),
        "{text}"
    );
    assert!(
        kept(&server).0.contains(&newer),
        "the version it had not seen is in the history"
    );
    assert!(kept(&server).1.is_empty());
    // Having read the merged card, it may edit that.
    let next = text.replace("birdsong", "song");
    let answer = bird.put(&path, &[], &next);
    assert_eq!(
        (answer.status, answer.header("etag").is_some()),
        (204, true)
    );
    assert_eq!(other.get(&path).text(), next);

    // Both change the same: the server's stands, what it sent is kept as refused.
    other.put(&path, &[], next.replace("song", "theirs"));
    let refused = bird.put(&path, &[], next.replace("song", "lost"));
    assert_eq!(refused.status, 412);
    assert!(other.get(&path).text().contains("NOTE:theirs"));
    assert!(
        kept(&server)
            .1
            .iter()
            .any(|document| document.contains("NOTE:lost"))
    );
    // And its next synchronization brings the card.
    let delta = bird.sync(BOOK, &token, None);
    assert!(delta.find(&path).is_some());
    assert_eq!(
        bird.put(&path, &[], next.replace("song", "now")).status,
        204
    );
}

#[test]
fn thunderbird_deletes_an_old_version_and_gets_the_newer_one_back() {
    let server = Server::start();
    let bird = Client::with_agent(&server, "alice", THUNDERBIRD);
    let other = Client::with_agent(&server, "alice", DAVX5);
    let path = format!("{BOOK}shared.vcf");
    other.put(&path, &[], base());
    let token = bird.sync(BOOK, "", None).token().to_owned();
    other.put(
        &path,
        &[("If-Match", &other.etag(&path))],
        base().replace("old", "newer"),
    );
    assert_eq!(bird.delete(&path).status, 412);
    assert!(other.get(&path).text().contains("newer"));
    let delta = bird.sync(BOOK, &token, None);
    assert_eq!(delta.changes().0, [path.as_str()]);
    assert_eq!(bird.delete(&path).status, 204);
}

#[test]
fn what_a_client_was_served_survives_a_restart() {
    let server = Server::start();
    let path = format!("{BOOK}shared.vcf");
    let bird = Client::with_agent(&server, "alice", THUNDERBIRD);
    bird.put(&path, &[], base());
    bird.sync(BOOK, "", None);
    assert_eq!(
        bird.put(&path, &[], base().replace("old", "mine")).status,
        204
    );
    let server = Server::start_in(server.stop());
    let bird = Client::with_agent(&server, "alice", THUNDERBIRD);
    // Its own edit is no surprise to it.
    assert_eq!(
        bird.put(&path, &[], base().replace("old", "mine too"))
            .status,
        204
    );
    assert!(bird.get(&path).text().contains("mine too"));
    let server = Server::start_in(server.stop());
    let other = Client::with_agent(&server, "alice", VDIRSYNCER);
    other.put(&path, &[("If-Match", "*")], base().replace("old", "theirs"));
    let bird = Client::with_agent(&server, "alice", THUNDERBIRD);
    assert_eq!(
        bird.put(&path, &[], base().replace("old", "stale")).status,
        412
    );
}

#[test]
fn a_client_the_book_does_not_know_is_not_judged() {
    let server = Server::start();
    let path = format!("{BOOK}shared.vcf");
    let curl = Client::with_agent(&server, "alice", "curl/8.5");
    assert_eq!(curl.put(&path, &[], base()).status, 201);
    Client::with_agent(&server, "alice", MACOS).put(&path, &[], base().replace("old", "new"));
    assert_eq!(
        curl.put(&path, &[], base().replace("old", "script")).status,
        204
    );
    assert!(curl.get(&path).text().contains("script"));
}

#[test]
fn davx5_creates_edits_and_loses_a_race_as_it_expects() {
    let server = Server::start();
    let davx5 = Client::with_agent(&server, "alice", DAVX5);
    let other = Client::with_agent(&server, "alice", EVOLUTION);
    let path = format!("{BOOK}shared.vcf");
    davx5.sync(BOOK, "", None);
    let v4 = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:shared\r\nFN:Four\r\nN:Four;;;;\r\nBDAY:--0415\r\nEND:VCARD\r\n";
    let made = davx5.put(
        &path,
        &[
            ("If-None-Match", "*"),
            ("Content-Type", "text/vcard; version=4.0"),
        ],
        v4,
    );
    assert_eq!(
        (made.status, made.header("etag")),
        (201, None),
        "its rendering is 3.0: no tag"
    );
    let data = "<C:address-data content-type=\"text/vcard\" version=\"4.0\"/>";
    let got = davx5.multiget(BOOK, data, &[&path]);
    assert_eq!(got.get(&path).text(CARDDAV, "address-data"), v4);
    let etag = got.get(&path).text(DAV, "getetag");
    other.put(&path, &[("If-Match", &etag)], card("shared", "Evolved"));
    assert_eq!(davx5.put(&path, &[("If-Match", &etag)], v4).status, 412);
    assert_eq!(davx5.put(&path, &[("If-None-Match", "*")], v4).status, 412);
    // Its truncated first synchronization goes on as long as it sees 507 on the book.
    let mut token = String::new();
    let mut seen = 0;
    loop {
        let page = davx5.sync(BOOK, &token, Some(4));
        token = page.token().to_owned();
        let more = page.find(BOOK).is_some();
        seen += page.responses.len() - usize::from(more);
        if !more {
            break;
        }
    }
    assert_eq!(seen, 15);
}

#[test]
fn macos_lists_by_ctag_and_tags_and_writes_with_conditions() {
    let server = Server::start();
    let mac = Client::with_agent(&server, "alice", MACOS);
    let home = mac.propfind("/dav/alice/private/", "1", "<D:resourcetype/><CS:getctag/><D:displayname/><D:add-member/><D:current-user-privilege-set/><CS:me-card/><D:quota-available-bytes/><D:quota-used-bytes/><D:resource-id/><D:supported-report-set/><D:sync-token/><C:max-image-size/><C:max-resource-size/><CS:push-transports/><CS:pushkey/><D:owner/>");
    assert_eq!(home.hrefs()[1], BOOK, "the only book it shows");
    let ctag = home.get(BOOK).text(CALENDARSERVER, "getctag");
    let listed = mac.propfind(BOOK, "1", "<D:getetag/>");
    let path = format!("{BOOK}0A1B2C3D-0000-4000-8000-0123456789AB.vcf");
    let card_text = card_with(
        "0A1B2C3D-0000-4000-8000-0123456789AB:ABPerson",
        "Mac",
        &[
            "PRODID:-//Apple Inc.//macOS 14.4//EN",
            "item1.EMAIL;type=INTERNET;type=pref:m@example.org",
            "item1.X-ABLabel:_$!<Other>!$_",
        ],
    );
    let made = mac.put(&path, &[("If-None-Match", "*")], &card_text);
    assert_eq!(made.status, 201);
    assert!(made.header("etag").is_some());
    assert_ne!(
        mac.props(BOOK, "<CS:getctag/>")
            .text(CALENDARSERVER, "getctag"),
        ctag
    );
    assert_eq!(
        mac.propfind(BOOK, "1", "<D:getetag/>").responses.len(),
        listed.responses.len() + 1
    );
    let edited = card_text.replace("m@", "mac@");
    assert_eq!(
        mac.put(
            &path,
            &[("If-Match", made.header("etag").expect("a tag"))],
            &edited
        )
        .status,
        204
    );
    assert_eq!(
        mac.multiget(BOOK, "<C:address-data/>", &[&path])
            .get(&path)
            .text(CARDDAV, "address-data"),
        edited
    );
    // It may delete without a condition what it holds in the latest version.
    assert_eq!(mac.delete(&path).status, 204);
}

#[test]
fn vdirsyncer_lists_gets_and_deletes_with_tags() {
    let server = Server::start();
    let client = Client::with_agent(&server, "alice", VDIRSYNCER);
    let made = client.put(
        &format!("{BOOK}shared.vcf"),
        &[("If-None-Match", "*")],
        base(),
    );
    let etag = made.header("etag").expect("a tag").to_owned();
    let listed = client.propfind(
        BOOK,
        "1",
        "<D:resourcetype/><D:getcontenttype/><D:getetag/>",
    );
    assert_eq!(
        listed
            .get(&format!("{BOOK}shared.vcf"))
            .text(DAV, "getetag"),
        etag
    );
    let gone = client.send(
        "DELETE",
        &format!("{BOOK}shared.vcf"),
        &[("If-Match", "\"wrong\"")],
        "",
    );
    assert_eq!(gone.status, 412);
    let gone = client.send(
        "DELETE",
        &format!("{BOOK}shared.vcf"),
        &[("If-Match", &etag)],
        "",
    );
    assert_eq!(gone.status, 204);
}

#[test]
fn evolution_saves_with_conditions_and_deletes_without() {
    let server = Server::start();
    let evolution = Client::with_agent(&server, "alice", EVOLUTION);
    let path = format!("{BOOK}shared.vcf");
    evolution.propfind(BOOK, "1", "<D:getetag/>");
    let made = evolution.put(&path, &[("If-None-Match", "*")], base());
    let etag = made.header("etag").expect("a tag").to_owned();
    let edited = evolution.put(&path, &[("If-Match", &etag)], base().replace("old", "new"));
    assert_eq!(edited.status, 204);
    // It wrote the latest version itself, though it has not listed the book since.
    assert_eq!(evolution.delete(&path).status, 204);
}

#[test]
fn an_idle_poll_writes_nothing() {
    let server = Server::start();
    let bird = Client::with_agent(&server, "alice", THUNDERBIRD);
    let token = bird.sync(BOOK, "", None).token().to_owned();
    let size =
        || std::fs::metadata(server.data.path().join("carnet.db-wal")).map_or(0, |file| file.len());
    let before = size();
    for _ in 0..20 {
        assert!(bird.sync(BOOK, &token, None).responses.is_empty());
        bird.propfind(BOOK, "0", "<CS:getctag/><D:sync-token/>");
    }
    assert_eq!(size(), before);
}

#[test]
fn a_client_that_pages_its_first_sync_writes_what_it_wrote_or_read_before() {
    let server = Server::start();
    let bird = Client::with_agent(&server, "alice", THUNDERBIRD);
    let other = Client::with_agent(&server, "alice", DAVX5);
    let path = |n: usize| format!("{BOOK}{n}.vcf");
    for n in 0..10 {
        let by = if n == 5 { &other } else { &bird };
        let made = by.put(&path(n), &[], card(&format!("n{n}"), "First"));
        assert_eq!(made.status, 201);
    }
    // It read this one of another's, and not its later version.
    bird.get(&path(5));
    other.put(&path(6), &[("If-Match", "*")], card("n6", "Theirs"));
    let page = bird.sync(BOOK, "", Some(3));
    assert!(page.raw.contains("507 Insufficient Storage"));
    assert_eq!(bird.put(&path(8), &[], card("n8", "Second")).status, 204);
    assert_eq!(bird.put(&path(5), &[], card("n5", "Second")).status, 204);
    assert_eq!(bird.delete(&path(9)).status, 204);
    // What it wrote and somebody else changed meanwhile stays as it is.
    assert_eq!(bird.put(&path(6), &[], card("n6", "Mine")).status, 412);
    assert_eq!(bird.delete(&path(6)).status, 412);
    assert!(other.get(&path(6)).text().contains("Theirs"));
}

#[test]
fn what_a_client_moves_or_copies_it_may_change_and_delete() {
    let server = Server::start();
    let cadaver = Client::with_agent(&server, "alice", "cadaver/0.24 neon/0.33.0");
    let other = Client::with_agent(&server, "alice", VDIRSYNCER);
    let club = "/dav/alice/private/club/";
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    assert_eq!(cadaver.send("MKCOL", club, &[], body).status, 201);
    let list = |book: &str| {
        let listed = "<D:getcontentlength/><D:getlastmodified/><D:resourcetype/>";
        cadaver.propfind(book, "1", listed);
    };
    let moved = |method: &str, from: &str, to: &str| {
        let to = [("Destination", to)];
        assert_eq!(cadaver.send(method, from, &to, "").status, 201, "{from}");
    };
    let (here, there) = (
        |name: &str| format!("{BOOK}{name}.vcf"),
        |name: &str| format!("{club}{name}.vcf"),
    );
    for name in ["a", "b", "c", "d"] {
        other.put(&here(name), &[], card(&format!("u-{name}"), "First"));
    }
    list(BOOK);
    moved("MOVE", &here("a"), &here("a2"));
    let put = cadaver.put(&here("a2"), &[], card("u-a", "Second"));
    assert_eq!(put.status, 204);
    assert_eq!(cadaver.delete(&here("a2")).status, 204);
    moved("MOVE", &here("b"), &here("b2"));
    assert_eq!(cadaver.delete(&here("b2")).status, 204);
    // To a book it lists afterwards, in part, and to one it has listed.
    other.put(&there("first"), &[], card("u-first", "First"));
    moved("MOVE", &here("c"), &there("c"));
    let page = cadaver.sync(club, "", Some(1));
    assert!(page.raw.contains("507"), "{}", page.raw);
    let put = cadaver.put(&there("c"), &[], card("u-c", "Second"));
    assert_eq!(put.status, 204);
    list(TEAM);
    moved("COPY", &here("d"), &format!("{TEAM}d.vcf"));
    assert_eq!(cadaver.delete(&format!("{TEAM}d.vcf")).status, 204);
    // What somebody else changed meanwhile it has not seen, wherever it puts it.
    list(BOOK);
    other.put(&here("d"), &[("If-Match", "*")], card("u-d", "Theirs"));
    moved("MOVE", &here("d"), &here("d2"));
    assert_eq!(cadaver.delete(&here("d2")).status, 412);
    let put = cadaver.put(&here("d2"), &[], card("u-d", "Mine"));
    assert_eq!(put.status, 412);
    assert!(other.get(&here("d2")).text().contains("Theirs"));
}

#[test]
fn an_answer_that_says_nothing_of_a_version_gives_none() {
    let server = Server::start();
    let ours = Client::with_agent(&server, "alice", "rclone/v1.60");
    let other = Client::with_agent(&server, "alice", VDIRSYNCER);
    let path = format!("{BOOK}shared.vcf");
    let find = |inner: &str| format!("<D:propfind {NS}>{inner}</D:propfind>");
    let named = "<C:address-data><C:prop name='FN'/></C:address-data>";
    let kind = "<D:resourcetype/>";
    let multiget = |props: &str| {
        format!(
            "<C:addressbook-multiget {NS}><D:prop>{props}</D:prop><D:href>{path}</D:href></C:addressbook-multiget>"
        )
    };
    let one = "<C:filter><C:prop-filter name='UID'><C:text-match>shared</C:text-match></C:prop-filter></C:filter>";
    let mine = base().replace("TEL;TYPE=work:1", "TEL;TYPE=work:2");
    let theirs = card_with(
        "shared",
        "Base Name",
        &["TEL;TYPE=work:1", "NOTE:old", "EMAIL:theirs@example.org"],
    );
    let edited_after = |method: &str, target: &str, body: &str| {
        other.put(&path, &[], base());
        ours.propfind(BOOK, "1", "<D:getetag/>");
        other.put(&path, &[], &theirs);
        let answer = ours.send(method, target, &[("Depth", "1")], body);
        assert!([200, 207].contains(&answer.status), "{method} {body}");
        assert_eq!(ours.put(&path, &[], &mine).status, 204, "{method} {body}");
        other.get(&path).text()
    };
    for (method, target, body) in [
        ("HEAD", &*path, String::new()),
        (
            "PROPFIND",
            BOOK,
            find(&format!("<D:prop>{kind}<D:displayname/></D:prop>")),
        ),
        ("PROPFIND", BOOK, find("<D:propname/>")),
        ("REPORT", BOOK, multiget(named)),
        ("REPORT", BOOK, multiget(kind)),
        ("REPORT", BOOK, query_body(kind, "", None)),
        ("REPORT", BOOK, query_body(named, one, None)),
        ("REPORT", &*path, query_body(named, one, None)),
    ] {
        let text = edited_after(method, target, &body);
        let both = ["TEL;TYPE=work:2", "EMAIL:theirs@example.org"];
        assert!(both.iter().all(|line| text.contains(line)), "{body} {text}");
    }
    // Who was told of the change, or given the card, replaces it.
    for (method, target, body) in [
        ("GET", &*path, String::new()),
        (
            "PROPFIND",
            BOOK,
            find("<D:prop><D:getlastmodified/></D:prop>"),
        ),
        ("REPORT", BOOK, multiget("<C:address-data/>")),
        ("REPORT", BOOK, query_body("<D:getetag/>", one, None)),
    ] {
        assert_eq!(edited_after(method, target, &body), mine, "{method} {body}");
    }
}

#[test]
fn a_merge_keeps_the_labels_of_an_iphone_and_both_numbers() {
    let server = Server::start();
    let bird = Client::with_agent(&server, "alice", THUNDERBIRD);
    let phone = Client::with_agent(&server, "alice", MACOS);
    let path = format!("{BOOK}shared.vcf");
    bird.put(&path, &[], base());
    bird.sync(BOOK, "", None);
    let labelled = "item1.TEL:+33123456789\r\nitem1.X-ABLabel:Vacances\r\nEND:VCARD";
    let newer = base().replace("END:VCARD", labelled);
    let condition = [("If-Match", &*phone.etag(&path))];
    assert_eq!(phone.put(&path, &condition, &newer).status, 204);
    // Thunderbird had seen none of it.
    let added = "TEL;TYPE=home:3\r\nANNIVERSARY:20010203\r\nEND:VCARD";
    let stale = base().replace("END:VCARD", added);
    assert_eq!(bird.put(&path, &[], stale).status, 204);
    let text = phone.get(&path).text();
    for lines in [
        "item1.TEL:+33123456789\r\nitem1.X-ABLabel:Vacances\r\n",
        "item2.X-ABDATE:2001-02-03\r\nitem2.X-ABLabel:_$!<Anniversary>!$_\r\n",
        "TEL;TYPE=home:3\r\n",
    ] {
        assert!(text.contains(lines), "{lines} in {text}");
    }
    assert!(kept(&server).1.is_empty());
    let asked = [("Accept", "text/vcard; version=4.0")];
    let four = phone.send("GET", &path, &asked, "").text();
    assert!(four.contains("ANNIVERSARY:20010203\r\n"), "{four}");
}

#[test]
fn an_edit_after_a_merged_one_is_merged_as_well() {
    let server = Server::start();
    let bird = Client::with_agent(&server, "alice", THUNDERBIRD);
    let other = Client::with_agent(&server, "alice", VDIRSYNCER);
    let path = format!("{BOOK}shared.vcf");
    let numbered = |number: u8| base().replace("work:1", &format!("work:{number}"));
    other.put(&path, &[], base());
    bird.sync(BOOK, "", None);
    let email = "EMAIL:theirs@example.org\r\nEND:VCARD";
    other.put(&path, &[], base().replace("END:VCARD", email));
    // It does not read what came of the first edit before it makes the next ones.
    for number in 2..5 {
        let put = bird.put(&path, &[], numbered(number));
        assert_eq!((put.status, put.header("etag")), (204, None), "{number}");
        let text = other.get(&path).text();
        assert!(text.contains(&format!("work:{number}\r\n")), "{text}");
        assert!(text.contains("EMAIL:theirs@example.org"), "{text}");
    }
    assert!(kept(&server).1.is_empty(), "{:?}", kept(&server).1);
    assert_eq!(bird.delete(&path).status, 412, "it never saw the address");
    // What others change of the same goes before, as ever.
    let text = other.get(&path).text().replace("work:4", "work:9");
    other.put(&path, &[], &text);
    assert_eq!(bird.put(&path, &[], numbered(5)).status, 412);
    assert!(kept(&server).1.iter().any(|lost| lost.contains("work:5")));
    // Having read it, it may take the address away.
    assert_eq!(bird.get(&path).text(), text);
    assert_eq!(bird.put(&path, &[], numbered(6)).status, 204);
    assert_eq!(other.get(&path).text(), numbered(6));
}

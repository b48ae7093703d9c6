//! One card, written in turn by clients of version 3.0 and of 4.0 (RFC 2426, RFC 6350).

use super::client::*;
use crate::support::server::Server;

const FOUR: &[(&str, &str)] = &[("Accept", "text/vcard; version=4.0")];

fn four(client: &Client, path: &str) -> String {
    client.send("GET", path, FOUR, "").text()
}

/// How often lines begin with a name, whatever their group.
fn count(card: &str, name: &str) -> usize {
    let of = |line: &&str| {
        let bare = line.split_once('.').map_or(*line, |(group, rest)| {
            if group.starts_with("item") {
                rest
            } else {
                line
            }
        });
        bare.starts_with(name)
    };
    card.lines().filter(of).count()
}

fn without(card: &str, names: &[&str]) -> String {
    let kept = card
        .lines()
        .filter(|line| !names.iter().any(|name| line.starts_with(name)));
    kept.map(|line| format!("{line}\r\n")).collect()
}

const APPLES: [&str; 9] = [
    "item1.X-ABDATE;type=pref:2001-02-03",
    "item1.X-ABLabel:_$!<Anniversary>!$_",
    "item2.X-ABRELATEDNAMES:Eve",
    "item2.X-ABLabel:_$!<Spouse>!$_",
    "X-ABShowAs:COMPANY",
    "X-GENDER:F",
    "X-ANNIVERSARY:2001-02-03",
    "item3.TEL:1",
    "item3.X-ABLabel:Club",
];

#[test]
fn a_member_taken_from_a_list_in_version_4_is_gone_in_both() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}list.vcf");
    let apple = card_with(
        "list",
        "Friends",
        &[
            "X-ADDRESSBOOKSERVER-KIND:group",
            "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:AAA",
            "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:BBB",
        ],
    );
    assert_eq!(alice.put(&path, &[], &apple).status, 201);
    let edited = without(&four(&alice, &path), &["MEMBER:urn:uuid:BBB"]);
    assert_eq!(alice.put(&path, &[], &edited).status, 204);
    assert_eq!(four(&alice, &path), edited);
    let three = alice.get(&path).text();
    assert_eq!(
        three,
        without(&apple, &["X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:BBB"])
    );
}

#[test]
fn what_a_client_of_version_4_leaves_out_does_not_come_back() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}apple.vcf");
    assert_eq!(
        alice
            .put(&path, &[], card_with("apple", "A", &APPLES))
            .status,
        201
    );
    let shown = four(&alice, &path);
    for name in ["ANNIVERSARY", "RELATED", "KIND", "GENDER", "X-ANNIVERSARY"] {
        assert_eq!(count(&shown, name), 1, "{name} in {shown}");
    }
    let edited = without(
        &shown,
        &["ANNIVERSARY", "RELATED", "KIND", "GENDER", "X-ANNIVERSARY"],
    );
    assert_eq!(alice.put(&path, &[], &edited).status, 204);
    assert_eq!(four(&alice, &path), edited);
    let three = alice.get(&path).text();
    for name in [
        "X-ABDATE",
        "X-ABRELATEDNAMES",
        "X-ABShowAs",
        "X-GENDER",
        "X-ANNIVERSARY",
    ] {
        assert_eq!(count(&three, name), 0, "{name} in {three}");
    }
    assert_eq!(count(&three, "X-ABLabel"), 1, "that of the number: {three}");
}

#[test]
fn edits_in_turn_change_nothing_but_what_they_change() {
    let server = Server::start();
    let (apple, davx5) = (
        Client::with_agent(&server, "alice", "macOS/14.5 (23F79) AddressBookCore/2594"),
        Client::with_agent(&server, "alice", "DAVx5/4.4"),
    );
    let path = format!("{BOOK}turns.vcf");
    assert_eq!(
        apple
            .put(&path, &[], card_with("turns", "A", &APPLES))
            .status,
        201
    );
    for round in 0..3 {
        let shown = four(&davx5, &path);
        let tag = davx5.etag(&path);
        let edited = shown.replace("FN:A", &format!("FN:A{round}"));
        assert_eq!(davx5.put(&path, &[("If-Match", &tag)], edited).status, 204);
        let shown = apple.get(&path).text();
        let tag = apple.etag(&path);
        let edited = shown.replace(&format!("FN:A{round}"), "FN:A");
        assert_eq!(apple.put(&path, &[("If-Match", &tag)], edited).status, 204);
    }
    let now = apple.get(&path).text();
    let mut names: Vec<&str> = APPLES
        .iter()
        .map(|line| line.split([';', ':']).next().unwrap_or(line))
        .map(|name| name.rsplit('.').next().unwrap_or(name))
        .collect();
    names.sort_unstable();
    names.dedup();
    let before = card_with("turns", "A", &APPLES);
    for name in names {
        assert_eq!(count(&now, name), count(&before, name), "{name} in {now}");
    }
    assert_eq!(now.lines().count(), before.lines().count(), "{now}");
}

#[test]
fn a_query_finds_what_clients_are_given_under_either_name() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for (name, version, lines) in [
        ("three", "3.0", &["X-ADDRESSBOOKSERVER-KIND:group"][..]),
        ("four", "4.0", &["KIND:group", "ANNIVERSARY:20010203"][..]),
        ("nobody", "4.0", &["BDAY:19960415"][..]),
    ] {
        let text =
            card_with(name, "Query", lines).replace("VERSION:3.0", &format!("VERSION:{version}"));
        assert_eq!(alice.put(&format!("{BOOK}{name}"), &[], text).status, 201);
    }
    let find = |data: &str, name: &str, inner: &str| -> Vec<String> {
        let ours = "<C:prop-filter name=\"FN\"><C:text-match match-type=\"equals\">Query</C:text-match></C:prop-filter>";
        let filter = format!(
            "<C:filter test=\"allof\">{ours}<C:prop-filter name=\"{name}\">{inner}</C:prop-filter></C:filter>"
        );
        let found = Multi::parse(&alice.report(BOOK, &query_body(data, &filter, None)));
        let hrefs = found.hrefs().into_iter();
        let mut names: Vec<String> = hrefs.map(|href| href.replace(BOOK, "")).collect();
        names.sort();
        names
    };
    let group = "<C:text-match match-type=\"equals\">group</C:text-match>";
    let none = "<C:is-not-defined/>";
    let (three, four) = (
        "<C:address-data/>",
        "<C:address-data content-type=\"text/vcard\" version=\"4.0\"/>",
    );
    for data in [three, four] {
        for name in ["KIND", "X-ADDRESSBOOKSERVER-KIND"] {
            assert_eq!(find(data, name, group), ["four", "three"], "{name} {data}");
            assert_eq!(find(data, name, none), ["nobody"], "{name} {data}");
        }
    }
    assert_eq!(find(three, "X-ABDATE", ""), ["four"]);
    let day = |day: &str| format!("<C:text-match match-type=\"equals\">{day}</C:text-match>");
    assert_eq!(find(three, "BDAY", &day("1996-04-15")), ["nobody"]);
    assert_eq!(find(four, "BDAY", &day("19960415")), ["nobody"]);
    assert!(find(four, "BDAY", &day("1996-04-15")).is_empty());
}

#[test]
fn one_address_has_the_text_and_the_type_that_are_asked_for() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let lines = ["EMAIL;TYPE=home:foo@x.org", "EMAIL;TYPE=work:bar@y.org"];
    alice.put(
        &format!("{BOOK}two.vcf"),
        &[],
        card_with("two", "Two", &lines),
    );
    let find = |text: &str| {
        let filter = format!(
            "<C:filter><C:prop-filter name=\"EMAIL\" test=\"allof\"><C:text-match>{text}</C:text-match>\
             <C:param-filter name=\"TYPE\"><C:text-match match-type=\"equals\">work</C:text-match></C:param-filter>\
             </C:prop-filter></C:filter>"
        );
        let found = alice.report(BOOK, &query_body("<D:getetag/>", &filter, None));
        Multi::parse(&found).responses.len()
    };
    assert_eq!((find("foo@x.org"), find("bar@y.org")), (0, 1));
}

#[test]
fn bodies_in_utf_16_are_read_and_names_that_are_none_refused() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let body = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><propfind xmlns=\"DAV:\"><prop><getetag/></prop></propfind>";
    let units = body.encode_utf16().flat_map(u16::to_be_bytes);
    let octets: Vec<u8> = [0xFE, 0xFF].into_iter().chain(units).collect();
    let answer = alice.send("PROPFIND", BOOK, &[("Depth", "0")], octets);
    assert!(Multi::parse(&answer).raw.contains("getetag"));
    let body =
        "<D:expand-property xmlns:D=\"DAV:\"><D:property name=\"a b&lt;x\"/></D:expand-property>";
    assert_eq!(alice.report(BOOK, body).status, 400);
}

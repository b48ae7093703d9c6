//! addressbook-query (RFC 6352 §8.6, §10.5), rows 50 to 55.

use super::client::*;
use crate::support::server::Server;

/// A book of its own with a few cards to find.
fn library(alice: &Client) -> &'static str {
    let path = "/dav/alice/private/q/";
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    assert_eq!(alice.send("MKCOL", path, &[], body).status, 201);
    for (name, lines) in [
        (
            "anna",
            &[
                "EMAIL;TYPE=work:anna@example.org",
                "EMAIL;TYPE=home:anna@home.example",
                "NICKNAME:Ann,Annie",
            ][..],
        ),
        (
            "zoe",
            &[
                "item1.EMAIL:zoe@example.org",
                "item1.X-ABLabel:Club",
                "ORG:Weißer Straße AG;East",
                "NOTE:Zoë ÉTÉ",
            ][..],
        ),
        (
            "max",
            &[
                "TEL;TYPE=cell;X-P=a:+33 1",
                "CATEGORIES:Red,Blue",
                "ADR;TYPE=home:;;1 Road;Lille;;59000;France",
            ][..],
        ),
        ("bare", &[][..]),
    ] {
        let text = card_with(name, &format!("Name {name}"), lines);
        assert_eq!(alice.put(&format!("{path}{name}"), &[], text).status, 201);
    }
    path
}

fn prop(name: &str, inner: &str) -> String {
    format!("<C:prop-filter name=\"{name}\">{inner}</C:prop-filter>")
}

fn filter(inner: &str) -> String {
    format!("<C:filter>{inner}</C:filter>")
}

fn text(attributes: &str, text: &str) -> String {
    format!("<C:text-match {attributes}>{text}</C:text-match>")
}

#[test]
fn every_kind_of_filter_finds_what_it_should() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let book = library(&alice);
    let check = |what: String, expected: &[&str]| {
        assert_eq!(alice.query(book, &what), expected, "{what}");
    };
    let all = ["anna", "bare", "max", "zoe"];
    check(filter(""), &all);
    check(filter(&prop("FN", "")), &all);
    check(filter(&prop("EMAIL", "")), &["anna", "zoe"]);
    check(
        filter(&prop("email", "<C:is-not-defined/>")),
        &["bare", "max"],
    );
    for (attributes, value, expected) in [
        ("", "EXAMPLE", &["anna", "zoe"][..]),
        ("match-type=\"contains\"", "na@", &["anna"]),
        ("match-type=\"equals\"", "zoe@example.org", &["zoe"]),
        ("match-type=\"equals\"", "zoe", &[]),
        ("match-type=\"starts-with\"", "zoe", &["zoe"]),
        ("match-type=\"ends-with\"", ".example", &["anna"]),
        ("match-type=\"ends-with\"", "example.org", &["anna", "zoe"]),
        // Negated: no instance matches.
        ("negate-condition=\"yes\"", "home", &["zoe"]),
        ("negate-condition=\"no\"", "home", &["anna"]),
    ] {
        check(filter(&prop("EMAIL", &text(attributes, value))), expected);
    }
    // Values of a list and parts of a structured value, decoded.
    check(
        filter(&prop("NICKNAME", &text("match-type=\"equals\"", "annie"))),
        &["anna"],
    );
    check(
        filter(&prop("CATEGORIES", &text("match-type=\"equals\"", "Blue"))),
        &["max"],
    );
    check(
        filter(&prop("ADR", &text("match-type=\"equals\"", "Lille"))),
        &["max"],
    );
    check(
        filter(&prop("N", &text("match-type=\"equals\"", "name max"))),
        &["max"],
    );
    // Parameters.
    let param = |name: &str, inner: &str| {
        format!("<C:param-filter name=\"{name}\">{inner}</C:param-filter>")
    };
    check(
        filter(&prop(
            "TEL",
            &param("TYPE", &text("match-type=\"equals\"", "CELL")),
        )),
        &["max"],
    );
    check(filter(&prop("EMAIL", &param("TYPE", ""))), &["anna"]);
    check(
        filter(&prop("EMAIL", &param("TYPE", "<C:is-not-defined/>"))),
        &["zoe"],
    );
    check(
        filter(&prop("TEL", &param("X-P", &text("", "a")))),
        &["max"],
    );
    check(filter(&prop("TEL", &param("X-P", &text("", "b")))), &[]);
    // anyof is the default, allof needs all: on the filter and on a prop-filter.
    let both = prop("EMAIL", &text("", "zoe")) + &prop("NOTE", &text("", "zo"));
    check(filter(&(prop("TEL", "") + &both)), &["max", "zoe"]);
    check(
        format!("<C:filter test=\"allof\">{both}</C:filter>"),
        &["zoe"],
    );
    check(
        format!(
            "<C:filter test=\"allof\">{}{}</C:filter>",
            prop("TEL", ""),
            prop("EMAIL", "")
        ),
        &[],
    );
    let two = text("", "anna") + &text("", "nothing");
    check(filter(&prop("EMAIL", &two)), &["anna"]);
    check(
        filter(&format!(
            "<C:prop-filter name=\"EMAIL\" test=\"allof\">{two}</C:prop-filter>"
        )),
        &[],
    );
    // What is no filter is said to be none, and so is one that would search without end.
    let endless = filter(&prop("FN", &text("", "a").repeat(200)));
    for (bad, condition) in [
        (endless.as_str(), "valid-filter"),
        (
            "<C:filter><C:comp-filter name=\"x\"/></C:filter>",
            "valid-filter",
        ),
        ("<C:filter test=\"someof\"/>", "valid-filter"),
        ("<C:filter><C:prop-filter/></C:filter>", "valid-filter"),
        (
            "<C:filter><C:prop-filter name=\"FN\"><C:text-match match-type=\"like\">x</C:text-match></C:prop-filter></C:filter>",
            "valid-filter",
        ),
    ] {
        let answer = alice.report(book, &query_body("<D:getetag/>", bad, None));
        assert_eq!(
            (answer.status, preconditions(&answer)),
            (403, vec![condition.to_owned()]),
            "{bad}"
        );
    }
    // On a card, with Depth 0.
    let body = query_body(
        "<D:getetag/>",
        &filter(&prop("EMAIL", &text("", "zoe"))),
        None,
    );
    let ask = |name: &str| {
        Multi::parse(&alice.send("REPORT", &format!("{book}{name}"), &[("Depth", "0")], &body))
            .responses
            .len()
    };
    assert_eq!((ask("zoe"), ask("anna")), (1, 0));
}

#[test]
fn collations_compare_as_they_say() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let book = library(&alice);
    let found = |property: &str, attributes: &str, value: &str| {
        alice.query(book, &filter(&prop(property, &text(attributes, value))))
    };
    // RFC 5051 ignores case beyond ASCII, not accents; composed or not is the same.
    for value in ["ZOË", "zoë", "été", "zoe\u{308}"] {
        assert_eq!(found("NOTE", "", value), ["zoe"], "{value}");
        assert_eq!(
            found("NOTE", "collation=\"i;unicode-casemap\"", value),
            ["zoe"],
            "{value}"
        );
    }
    let equals = |value| found("NOTE", "match-type=\"equals\"", value);
    assert!(equals("zoe ete").is_empty());
    assert_eq!(equals("zoë été"), ["zoe"]);
    // The German sharp s, in both its cases (RFC 5051 titlecases it to Ss).
    for value in ["weißer", "WEISSER", "STRASSE", "straße"] {
        assert_eq!(found("ORG", "", value), ["zoe"], "{value}");
    }
    assert_eq!(
        found("NOTE", "collation=\"i;ascii-casemap\"", "zOë"),
        ["zoe"]
    );
    assert!(found("NOTE", "collation=\"i;ascii-casemap\"", "ZOË").is_empty());
    assert_eq!(found("NOTE", "collation=\"i;octet\"", "Zoë"), ["zoe"]);
    assert!(found("NOTE", "collation=\"i;octet\"", "zoë").is_empty());
    // As given, not trimmed.
    assert!(found("NOTE", "", " Zoë").is_empty());
    let answer = alice.report(
        book,
        &query_body(
            "<D:getetag/>",
            &filter(&prop("FN", &text("collation=\"i;klingon\"", "x"))),
            None,
        ),
    );
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (403, vec!["supported-collation".to_owned()])
    );
}

#[test]
fn a_group_before_the_name_does_not_hide_a_property() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let book = library(&alice);
    let found = |name: &str| alice.query(book, &filter(&prop(name, &text("", "example.org"))));
    assert_eq!(found("EMAIL"), ["anna", "zoe"]);
    assert_eq!(found("item1.EMAIL"), ["zoe"]);
    assert_eq!(found("ITEM1.email"), ["zoe"]);
    assert!(found("item2.EMAIL").is_empty());
}

#[test]
fn a_limit_says_that_there_is_more() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let book = library(&alice);
    let ask = |limit: usize| {
        Multi::parse(&alice.report(
            book,
            &query_body("<D:getetag/>", "<C:filter/>", Some(limit)),
        ))
    };
    let two = ask(2);
    assert_eq!(two.responses.len(), 3);
    let marker = two.get(book);
    assert_eq!(
        marker.status.as_deref(),
        Some("HTTP/1.1 507 Insufficient Storage")
    );
    assert_eq!(marker.errors, ["number-of-matches-within-limits"]);
    for enough in [4, 5] {
        let all = ask(enough);
        assert_eq!((all.responses.len(), all.find(book).is_some()), (4, false));
    }
    let body = query_body("<D:getetag/>", "<C:filter/>", Some(1)).replace(">1<", ">many<");
    assert_eq!(alice.report(book, &body).status, 400);
}

#[test]
fn without_depth_the_members_are_meant() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let book = library(&alice);
    let body = query_body("<D:getetag/>", "<C:filter/>", None);
    let count = |headers: &[(&str, &str)]| {
        Multi::parse(&alice.send("REPORT", book, headers, &body))
            .responses
            .len()
    };
    assert_eq!(count(&[]), 4);
    assert_eq!(count(&[("Depth", "1")]), 4);
    assert_eq!(count(&[("Depth", "infinity")]), 4);
    assert_eq!(count(&[("Depth", "0")]), 0);
    // Nor is a filter needed to mean all.
    let all = Multi::parse(&alice.report(book, &query_body("<D:getetag/>", "", None)));
    assert_eq!(all.responses.len(), 4);
}

#[test]
fn a_part_of_a_card_is_what_was_asked_for() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let book = library(&alice);
    let data = "<C:address-data><C:prop name=\"EMAIL\"/><C:prop name=\"FN\" novalue=\"yes\"/></C:address-data>";
    let got =
        Multi::parse(&alice.report(book, &query_body(data, &filter(&prop("NOTE", "")), None)));
    assert_eq!(
        got.responses[0].text(CARDDAV, "address-data"),
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:\r\nitem1.EMAIL:zoe@example.org\r\nEND:VCARD\r\n"
    );
}

#[test]
fn names_of_properties_are_asked_for_without_their_values() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let book = library(&alice);
    let query = format!("<C:addressbook-query {NS}><D:propname/><C:filter/></C:addressbook-query>");
    let first = Multi::parse(&alice.report(book, &query)).hrefs()[0].to_owned();
    let multiget = format!(
        "<C:addressbook-multiget {NS}><D:propname/><D:href>{first}</D:href></C:addressbook-multiget>"
    );
    for body in [query, multiget] {
        let multi = Multi::parse(&alice.report(book, &body));
        let found = multi.get(&first);
        for name in ["getetag", "displayname", "getcontentlength"] {
            let element = found.prop(DAV, name).expect("its name");
            assert_eq!(element.text(), "", "{name}");
        }
    }
    // Without any of them, it is what allprop shows.
    let all = format!("<C:addressbook-query {NS}><C:filter/></C:addressbook-query>");
    let multi = Multi::parse(&alice.report(book, &all));
    assert_ne!(multi.get(&first).text(DAV, "displayname"), "");
}

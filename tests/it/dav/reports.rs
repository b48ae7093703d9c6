//! multiget and the reports on principals (RFC 6352 §8.7, RFC 3744 §9, RFC 3253 §3.8), rows 47 to 49,
//! 56 to 58.

use super::client::*;
use crate::support::server::Server;

#[test]
fn multiget_answers_for_every_href_once() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let (a, b) = (format!("{BOOK}a.vcf"), format!("{BOOK}b%20c.vcf"));
    alice.put(&a, &[], card("a", "A"));
    alice.put(&b, &[], card("b", "B"));
    let absolute = format!("http://{}{BOOK}a.vcf", server.address);
    let odd = format!("{BOOK}%61.vcf");
    let missing = format!("{BOOK}missing.vcf");
    let got = alice.multiget(
        BOOK,
        "<C:address-data/>",
        &[
            &a,
            &absolute,
            &odd,
            &b,
            &missing,
            TEAM,
            "/dav/bob/private/contacts/x.vcf",
            "/elsewhere",
            "",
        ],
    );
    assert_eq!(got.get(&a).text(CARDDAV, "address-data"), card("a", "A"));
    assert_eq!(got.get(&a).text(DAV, "getetag"), alice.etag(&a));
    assert_eq!(got.hrefs().iter().filter(|href| **href == a).count(), 1);
    assert_eq!(got.get(&b).text(CARDDAV, "address-data"), card("b", "B"));
    for href in [
        &*missing,
        TEAM,
        "/dav/bob/private/contacts/x.vcf",
        "/elsewhere",
    ] {
        assert_eq!(
            got.get(href).status.as_deref(),
            Some("HTTP/1.1 404 Not Found"),
            "{href}"
        );
    }
    // The alias of a group's book stands for the book.
    let home = alice.propfind("/dav/alice/private/", "1", "<D:resourcetype/>");
    let alias = home.hrefs()[2].to_owned();
    let card_href = alice.propfind(TEAM, "1", "<D:getetag/>").hrefs()[1].to_owned();
    let got = alice.multiget(&alias, "", &[&card_href]);
    assert_eq!(got.hrefs(), [card_href.replace(TEAM, &alias)]);
    assert_eq!(alice.report(BOOK, &multiget_body("", &[])).status, 400);
    // KDE asks for all of the data in its own words.
    let kde = alice.multiget(BOOK, "<C:address-data><C:allprop/></C:address-data>", &[&a]);
    assert_eq!(kde.get(&a).text(CARDDAV, "address-data"), card("a", "A"));
}

#[test]
fn multiget_finds_what_get_finds() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let composed = format!("{BOOK}%C3%A9t%C3%A9.vcf");
    let decomposed = format!("{BOOK}e%CC%81te%CC%81.vcf");
    alice.put(&composed, &[], card("ete", "Ete"));
    let loud = composed.replace("/alice/", "/ALICE/");
    for asked in [
        &decomposed,
        &loud,
        &decomposed.replace("/alice/", "/Alice/"),
    ] {
        assert_eq!(alice.get(asked).status, 200, "{asked}");
        let got = alice.multiget(BOOK, "<C:address-data/>", &[asked]);
        assert_eq!(got.hrefs(), [&*composed], "{asked}");
        assert_eq!(
            got.get(&composed).text(CARDDAV, "address-data"),
            card("ete", "Ete")
        );
    }
    let got = alice.multiget(BOOK, "", &[&decomposed, &composed, &loud]);
    assert_eq!(got.hrefs(), [&*composed]);
    // Who spells the card in the other form is found by either too.
    let other = format!("{BOOK}o%CC%82.vcf");
    alice.put(&other, &[], card("o", "O"));
    let got = alice.multiget(BOOK, "", &[&format!("{BOOK}%C3%B4.vcf")]);
    assert_eq!(got.hrefs(), [&*other]);
}

#[test]
fn multiget_on_a_card_answers_for_the_card() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let (a, b) = (format!("{BOOK}a.vcf"), format!("{BOOK}b.vcf"));
    alice.put(&a, &[], card("a", "A"));
    alice.put(&b, &[], card("b", "B"));
    let got = alice.multiget(&a, "<C:address-data/>", &[&a, &b]);
    assert_eq!(got.get(&a).text(CARDDAV, "address-data"), card("a", "A"));
    assert_eq!(
        got.get(&b).status.as_deref(),
        Some("HTTP/1.1 404 Not Found")
    );
    assert!(
        alice
            .props(&a, "<D:supported-report-set/>")
            .prop(DAV, "supported-report-set")
            .is_some_and(|set| format!("{set:?}").contains("addressbook-multiget"))
    );
    let missing = format!("{BOOK}c.vcf");
    assert_eq!(
        alice.report(&missing, &multiget_body("", &[&a])).status,
        404
    );
}

#[test]
fn the_version_asked_for_is_given_or_refused() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}v.vcf");
    alice.put(&path, &[], card_with("v", "V", &["TEL;TYPE=work,pref:1"]));
    let data = |attributes: &str| format!("<C:address-data {attributes}/>");
    let ask = |attributes: &str| {
        alice
            .multiget(BOOK, &data(attributes), &[&path])
            .get(&path)
            .text(CARDDAV, "address-data")
    };
    for three in [
        "",
        "version=\"3.0\"",
        "content-type=\"text/vcard\" version=\"3.0\"",
        "content-type=\"text/vcard\"",
    ] {
        assert!(ask(three).contains("VERSION:3.0\r\n"), "{three}");
    }
    let four = ask("content-type=\"text/vcard\" version=\"4.0\"");
    assert!(
        four.contains("VERSION:4.0\r\n") && four.contains("TEL;TYPE=work;PREF=1:1\r\n"),
        "{four}"
    );
    for bad in [
        "version=\"2.1\"",
        "version=\"5.0\"",
        "content-type=\"application/vcard+json\"",
        "content-type=\"text/calendar\"",
    ] {
        for body in [
            multiget_body(&data(bad), &[&path]),
            query_body(&data(bad), "<C:filter/>", None),
            sync_body("", None).replace("<D:getetag/>", &data(bad)),
        ] {
            let answer = alice.report(BOOK, &body);
            assert_eq!(
                (answer.status, preconditions(&answer)),
                (403, vec!["supported-address-data".to_owned()]),
                "{bad}"
            );
        }
    }
}

#[test]
fn a_sync_may_bring_the_cards_along() {
    let server = Server::start();
    let bird = Client::with_agent(
        &server,
        "alice",
        "Mozilla/5.0 Gecko/20100101 Thunderbird/128.0",
    );
    let path = format!("{BOOK}s.vcf");
    let v4 = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:s\r\nFN:S\r\nANNIVERSARY:20010203\r\nEND:VCARD\r\n";
    bird.put(&path, &[], v4);
    let body = sync_body("", None).replace("<D:getetag/>", "<D:getetag/><C:address-data/>");
    let got = Multi::parse(&bird.report(BOOK, &body));
    assert_eq!(got.get(&path).text(CARDDAV, "address-data"), v4);
    let other = Client::new(&server, "alice");
    let got = Multi::parse(&other.report(BOOK, &body));
    let text = got.get(&path).text(CARDDAV, "address-data");
    assert!(
        text.contains("VERSION:3.0") && text.contains("X-ABDATE:2001-02-03"),
        "{text}"
    );
}

#[test]
fn a_report_that_is_not_served_is_refused() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let body = |name: &str| format!("<{name} {NS}><D:prop/></{name}>");
    for (path, name) in [
        (BOOK, "D:version-tree"),
        (BOOK, "D:principal-property-search"),
        (BOOK, "x"),
        ("/dav/alice/private/", "C:addressbook-multiget"),
        ("/dav/", "C:addressbook-query"),
    ] {
        let mut body = body(name);
        if name.starts_with("C:") {
            body = body.replace("<D:prop/>", "<D:prop/><C:filter/><D:href>/x</D:href>");
        }
        let answer = alice.report(path, &body);
        assert_eq!(
            (answer.status, preconditions(&answer)),
            (403, vec!["supported-report".to_owned()]),
            "{path} {name}"
        );
    }
    assert_eq!(alice.report(BOOK, "").status, 400);
    assert_eq!(
        alice
            .report("/dav/alice/private/none/", &sync_body("", None))
            .status,
        404
    );
}

#[test]
fn properties_expand_into_what_they_point_to() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let body = format!(
        "<D:expand-property {NS}>\
        <D:property name='current-user-principal' namespace='DAV:'>\
          <D:property name='displayname' namespace='DAV:'/>\
          <D:property name='group-membership' namespace='DAV:'>\
            <D:property name='displayname' namespace='DAV:'/><D:property name='none' namespace='u:'/>\
            <D:property name='group-member-set' namespace='DAV:'><D:property name='group-membership' namespace='DAV:'/></D:property>\
          </D:property>\
        </D:property><D:property name='missing' namespace='u:'/><D:property name='owner' namespace='DAV:'/></D:expand-property>"
    );
    let got = Multi::parse(&alice.send("REPORT", BOOK, &[], body));
    let book = got.get(BOOK);
    let principal = book.prop(DAV, "current-user-principal").expect("expanded");
    let response = principal.child(DAV, "response").expect("a response");
    assert_eq!(
        response.child(DAV, "href").expect("an href").text(),
        "/dav/principals/users/alice/"
    );
    assert!(
        got.raw
            .contains("<D:displayname>Alice Martin</D:displayname>")
    );
    assert!(
        got.raw
            .contains("<D:href>/dav/principals/groups/Team/</D:href>")
    );
    assert!(
        got.raw
            .contains("<none xmlns=\"u:\"/></D:prop><D:status>HTTP/1.1 404 Not Found"),
        "{}",
        got.raw
    );
    assert_eq!(
        book.status_of("u:", "missing").expect("named").0,
        "HTTP/1.1 404 Not Found"
    );
    assert_eq!(book.hrefs(DAV, "owner"), ["/dav/principals/users/alice/"]);
}

#[test]
fn properties_that_expand_into_each_other_end() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let nested = |inner: &str| -> String {
        let named =
            |name: &str| format!("<D:property name='{name}' namespace='DAV:'>{inner}</D:property>");
        let others: String = (0..94)
            .map(|n| format!("<D:property name='n{n}' namespace='u:'/>"))
            .collect();
        [
            "owner",
            "current-user-principal",
            "principal-URL",
            "group-membership",
        ]
        .map(named)
        .concat()
            + &others
    };
    let body = format!(
        "<D:expand-property {NS}>{}</D:expand-property>",
        nested(&nested(&nested(&nested(""))))
    );
    let got = Multi::parse(&alice.send("REPORT", BOOK, &[], body));
    // 2,000 properties are read: those of the book and of 19 resources it leads to.
    assert_eq!(got.raw.matches("<D:response>").count(), 20);
    // A property named again is the same property.
    let owner = "<D:property name='owner' namespace='DAV:'/>";
    let body = format!(
        "<D:expand-property {NS}>{}</D:expand-property>",
        owner.repeat(1_000)
    );
    let got = Multi::parse(&alice.send("REPORT", BOOK, &[], body));
    assert_eq!(got.raw.matches("<D:owner>").count(), 1);
}

#[test]
fn cards_expand_and_are_expanded_as_cards() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let me = format!("{BOOK}me.vcf");
    alice.put(&me, &[], card("me", "Myself"));
    let principal = "/dav/principals/users/alice/";
    let address = |href: &str| {
        format!(
            "<D:set><D:prop><C:principal-address><D:href>{href}</D:href></C:principal-address>\
             <z:also xmlns:z='urn:z'><D:href>{href}</D:href></z:also></D:prop></D:set>"
        )
    };
    let property = |name: &str, namespace: &str, inner: &str| {
        format!("<D:property name='{name}' namespace='{namespace}'>{inner}</D:property>")
    };
    let wanted = property("resourcetype", DAV, "")
        + &property("displayname", DAV, "")
        + &property("getetag", DAV, "")
        + &property("owner", DAV, &property("displayname", DAV, ""));
    let body = format!(
        "<D:expand-property {NS}>{}{}{}</D:expand-property>",
        property("principal-address", CARDDAV, &wanted),
        property("also", "urn:z", &wanted),
        property("alternate-URI-set", DAV, &wanted),
    );
    let expand = || Multi::parse(&alice.send("REPORT", principal, &[], &body));
    let nested = |multi: &Multi, namespace: &str, name: &str| {
        let value = multi.get(principal).prop(namespace, name).cloned();
        let value = value.unwrap_or_else(|| panic!("{name} of {}", multi.raw));
        value.child(DAV, "response").cloned().expect("a response")
    };
    alice.proppatch(principal, &address(&me));
    let multi = expand();
    let etag = alice.etag(&me);
    for (namespace, name) in [(CARDDAV, "principal-address"), ("urn:z", "also")] {
        let response = nested(&multi, namespace, name);
        assert_eq!(response.child(DAV, "href").expect("an href").text(), me);
        let propstat = response.child(DAV, "propstat").expect("found");
        let prop = propstat.child(DAV, "prop").expect("properties");
        let value = |name: &str| prop.child(DAV, name).expect("a property");
        assert_eq!(value("resourcetype").elements().count(), 0);
        assert_eq!(value("displayname").text(), "Myself");
        assert_eq!(value("getetag").text(), etag);
        let owner = value("owner").child(DAV, "response").expect("expanded");
        assert_eq!(owner.child(DAV, "href").expect("an href").text(), principal);
    }
    // What is elsewhere stays an href.
    assert_eq!(
        multi.get(principal).hrefs(DAV, "alternate-URI-set"),
        ["mailto:alice@example.org"]
    );
    // What is not there is said to be missing.
    for gone in [
        format!("{BOOK}gone.vcf"),
        "/dav/alice/private/gone/".to_owned(),
    ] {
        alice.proppatch(principal, &address(&gone));
        let response = nested(&expand(), CARDDAV, "principal-address");
        assert_eq!(
            response.child(DAV, "status").expect("a status").text(),
            "HTTP/1.1 404 Not Found"
        );
        assert!(response.child(DAV, "propstat").is_none());
    }
    // Asked of a card, its owner is expanded too.
    let body = format!(
        "<D:expand-property {NS}>{}</D:expand-property>",
        property("owner", DAV, &property("displayname", DAV, ""))
    );
    let of_card = Multi::parse(&alice.send("REPORT", &me, &[], &body));
    let owner = of_card.get(&me).prop(DAV, "owner").expect("an owner");
    assert!(owner.child(DAV, "response").is_some(), "{}", of_card.raw);
    assert!(
        of_card
            .raw
            .contains("<D:displayname>Alice Martin</D:displayname>")
    );
    assert_eq!(
        alice
            .send("REPORT", &format!("{BOOK}gone.vcf"), &[], body)
            .status,
        404
    );
}

#[test]
fn searches_for_people_stay_among_those_one_may_know() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let search = |test: &str, searches: &str, props: &str| {
        let body = format!(
            "<D:principal-property-search {NS} {test}>{searches}<D:prop>{props}</D:prop></D:principal-property-search>"
        );
        Multi::parse(&alice.send("REPORT", "/dav/principals/", &[("Depth", "0")], body))
    };
    let by = |property: &str, text: &str| {
        format!(
            "<D:property-search><D:prop><{property}/></D:prop><D:match>{text}</D:match></D:property-search>"
        )
    };
    let found = search(
        "",
        &by("D:displayname", "KELL"),
        "<D:displayname/><CS:email-address-set/>",
    );
    assert_eq!(found.hrefs(), ["/dav/principals/users/bob/"]);
    assert_eq!(found.responses[0].text(DAV, "displayname"), "Bob Keller");
    let both = by("D:displayname", "bob") + &by("CS:email-address-set", "carol@");
    assert!(search("", &both, "").hrefs().is_empty());
    assert_eq!(search("test=\"anyof\"", &both, "").hrefs().len(), 2);
    assert_eq!(
        search("", &by("CS:email-address-set", "example.org"), "")
            .hrefs()
            .len(),
        3
    );
    assert!(
        search("", &by("displayname xmlns='urn:z'", "bob"), "")
            .hrefs()
            .is_empty()
    );
    assert!(
        search("", &by("D:resourcetype", "principal"), "")
            .hrefs()
            .is_empty()
    );
    assert_eq!(
        search("", &by("D:displayname", "Team"), "").hrefs(),
        ["/dav/principals/groups/Team/"]
    );
    let set = alice.send(
        "REPORT",
        "/dav/principals/",
        &[("Depth", "0")],
        format!("<D:principal-search-property-set {NS}/>"),
    );
    assert_eq!(set.status, 200);
    assert!(set.text().contains("<D:principal-search-property><D:prop><D:displayname/></D:prop><D:description xml:lang=\"en\">"), "{}", set.text());
    let own = format!(
        "<D:principal-match {NS}><D:self/><D:prop><D:principal-URL/></D:prop></D:principal-match>"
    );
    let own = Multi::parse(&alice.send("REPORT", "/dav/principals/", &[("Depth", "0")], own));
    assert_eq!(
        own.hrefs(),
        [
            "/dav/principals/users/alice/",
            "/dav/principals/groups/Team/"
        ]
    );
    let owned = format!(
        "<D:principal-match {NS}><D:principal-property><D:owner/></D:principal-property></D:principal-match>"
    );
    let below = |path: &str, body: &str| {
        let multi = Multi::parse(&alice.send("REPORT", path, &[("Depth", "0")], body));
        multi
            .hrefs()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let cards = |path: &str| alice.propfind(path, "1", "<D:getetag/>").responses.len() - 1;
    // At any depth: the principal, the homes, the books and the cards, each once.
    let all = below("/dav/", &owned);
    for href in [
        "/dav/principals/users/alice/",
        "/dav/principals/groups/Team/",
        "/dav/alice/private/",
        "/dav/groups/Team/",
        BOOK,
    ] {
        assert!(all.iter().any(|found| found == href), "{href} of {all:?}");
    }
    assert_eq!(all.len(), 4 + 2 + cards(BOOK) + cards(TEAM));
    let home = below("/dav/alice/private/", &owned);
    assert_eq!(home.len(), 2 + cards(BOOK) + cards(TEAM));
    assert!(
        home.iter()
            .all(|href| href.starts_with("/dav/alice/private/"))
    );
    assert_eq!(below("/dav/groups/Team/", &owned).len(), 1 + cards(TEAM));
    assert_eq!(below(BOOK, &owned).len(), cards(BOOK));
    let own = format!("<D:principal-match {NS}><D:self/></D:principal-match>");
    for path in ["/dav/alice/private/", "/dav/groups/Team/", BOOK] {
        assert!(below(path, &own).is_empty(), "{path}");
    }
    let other = owned.replace("D:owner", "D:creator");
    assert!(below("/dav/", &other).is_empty());
    let acl = format!(
        "<D:acl-principal-prop-set {NS}><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>"
    );
    let of = |path: &str| {
        Multi::parse(&alice.send("REPORT", path, &[("Depth", "0")], &acl)).hrefs()[0].to_owned()
    };
    assert_eq!(of(BOOK), "/dav/principals/users/alice/");
    assert_eq!(of(TEAM), "/dav/principals/groups/Team/");
    assert_eq!(
        alice.send("REPORT", BOOK, &[("Depth", "1")], acl).status,
        400
    );
}

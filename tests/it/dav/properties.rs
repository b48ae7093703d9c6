//! PROPFIND and PROPPATCH (RFC 4918 §9.1, §9.2), rows 11 to 19.

use super::client::*;
use crate::support::server::Server;

#[test]
fn propfind_takes_every_form_of_body() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let form = |inner: &str| format!("<D:propfind {NS}>{inner}</D:propfind>");
    let ask = |body: &str| alice.multi("PROPFIND", BOOK, "0", body).responses.remove(0);
    let all = ask(&form("<D:allprop/>"));
    assert!(all.prop(DAV, "displayname").is_some() && all.prop(DAV, "creationdate").is_some());
    // What RFC 4918 §15 defines, with the entity tag, which some programs list by this alone.
    for local in ["getetag", "supportedlock", "lockdiscovery"] {
        assert!(all.prop(DAV, local).is_some(), "{local}");
    }
    // RFC 6352, 3744 and 6578: theirs are not part of allprop.
    for (namespace, local) in [
        (DAV, "sync-token"),
        (DAV, "owner"),
        (CARDDAV, "supported-address-data"),
        (CALENDARSERVER, "getctag"),
    ] {
        assert!(all.status_of(namespace, local).is_none(), "{local}");
    }
    let empty = ask("");
    let names = |found: &Found| -> Vec<String> {
        found
            .props
            .iter()
            .map(|(_, p)| p.name.local.to_string())
            .collect()
    };
    assert_eq!(names(&empty), names(&all));
    let included = ask(&form("<D:allprop/><D:include><D:sync-token/></D:include>"));
    assert!(included.prop(DAV, "sync-token").is_some());
    let named = ask(&form("<D:propname/>"));
    assert!(
        named
            .prop(CARDDAV, "max-resource-size")
            .is_some_and(|p| p.children.is_empty())
    );
    assert!(named.prop(DAV, "sync-token").is_some());
    let asked = ask(&form("<D:prop><D:getetag/></D:prop>"));
    assert_eq!(names(&asked), ["getetag"]);
    let bad = alice.send("PROPFIND", BOOK, &[("Depth", "2")], "");
    assert_eq!(bad.status, 400);
}

#[test]
fn the_found_properties_come_first_with_the_literal_status() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let listed = alice.propfind(
        "/dav/alice/private/",
        "1",
        "<x xmlns=\"u:\"/><CS:pushkey/><D:resourcetype/><D:displayname/>",
    );
    for found in &listed.responses {
        assert_eq!(found.props[0].0, "HTTP/1.1 200 OK", "{}", found.href);
    }
    let first = listed.raw.find("<D:status>").expect("a status");
    assert!(listed.raw[first..].starts_with("<D:status>HTTP/1.1 200 OK</D:status>"));
    assert!(
        listed
            .raw
            .starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>")
    );
}

#[test]
fn unknown_properties_are_one_group_that_minimal_leaves_out() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let body = format!(
        "<D:propfind {NS}><D:prop><a xmlns='u:'/><D:getetag/><b xmlns='u:'/></D:prop></D:propfind>"
    );
    let full = alice.multi("PROPFIND", BOOK, "0", &body);
    assert_eq!(full.raw.matches("<D:propstat>").count(), 2, "{}", full.raw);
    assert!(
        full.raw.contains("<a xmlns=\"u:\"/><b xmlns=\"u:\"/>"),
        "{}",
        full.raw
    );
    for header in [
        ("Prefer", "return=minimal"),
        ("Brief", "t"),
        ("Prefer", "x, return=minimal; a=b"),
    ] {
        let answer = alice.send("PROPFIND", BOOK, &[("Depth", "0"), header], &body);
        let minimal = Multi::parse(&answer);
        assert_eq!(
            minimal.raw.matches("<D:propstat>").count(),
            1,
            "{}",
            minimal.raw
        );
        assert!(
            answer
                .header("vary")
                .is_some_and(|v| v.contains("Prefer") && v.contains("Brief"))
        );
    }
    // Nothing found still is a response with one propstat.
    let only = format!("<D:propfind {NS}><D:prop><a xmlns='u:'/></D:prop></D:propfind>");
    let answer = alice.send("PROPFIND", BOOK, &[("Depth", "0"), ("Brief", "t")], &only);
    assert_eq!(Multi::parse(&answer).raw.matches("<D:propstat>").count(), 1);
    let noroot = alice.send(
        "PROPFIND",
        "/dav/alice/private/",
        &[("Prefer", "depth-noroot"), ("Depth", "1")],
        "",
    );
    assert!(Multi::parse(&noroot).find("/dav/alice/private/").is_none());
}

#[test]
fn infinite_depth_is_refused_above_books() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    for path in [
        "/",
        "/dav/",
        "/dav/alice/",
        "/dav/alice/private/",
        "/dav/groups/Team/",
    ] {
        let answer = alice.send("PROPFIND", path, &[("Depth", "infinity")], "");
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(preconditions(&answer), ["propfind-finite-depth"]);
    }
    // On a book there is nothing deeper than its members.
    let infinite = alice.multi("PROPFIND", BOOK, "infinity", "");
    let one = alice.multi("PROPFIND", BOOK, "1", "");
    assert_eq!(infinite.hrefs(), one.hrefs());
    assert_eq!(one.responses.len(), 15);
    let absent = Multi::parse(&alice.send("PROPFIND", BOOK, &[], ""));
    assert_eq!(absent.hrefs(), one.hrefs());
}

#[test]
fn entities_and_broken_xml_are_refused() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>\
        <propfind xmlns='DAV:'><prop><displayname>&b;</displayname></prop></propfind>";
    let external =
        "<!DOCTYPE l SYSTEM 'http://127.0.0.1/x.dtd'><propfind xmlns='DAV:'><allprop/></propfind>";
    for body in [laughs, external] {
        let answer = alice.send("PROPFIND", BOOK, &[("Depth", "0")], body);
        assert_eq!(answer.status, 403, "{body}");
        assert_eq!(preconditions(&answer), ["no-external-entities"]);
    }
    let deep = format!("{}{}", "<a>".repeat(5000), "</a>".repeat(5000));
    for (body, status) in [
        ("<propfind xmlns='DAV:'><allprop/>", 400),
        ("<propfind xmlns='DAV:'><allprop></propfind>", 400),
        ("not XML", 400),
        (
            "<D:propfind xmlns:D='DAV:'><D:prop><bar:foo xmlns:bar=''/></D:prop></D:propfind>",
            400,
        ),
        ("<D:propfind><D:allprop/></D:propfind>", 400),
        ("<x xmlns='DAV:'/>", 400),
        (&*deep, 413),
    ] {
        let answer = alice.send("PROPFIND", BOOK, &[("Depth", "0")], body);
        assert_eq!(answer.status, status, "{}", &body[..body.len().min(80)]);
        let answer = alice.send("REPORT", BOOK, &[("Depth", "0")], body);
        assert!(
            [status, 400, 403].contains(&answer.status),
            "{}",
            &body[..body.len().min(80)]
        );
    }
    let large = " ".repeat(4 * 1024 * 1024 + 1);
    assert_eq!(alice.send("PROPFIND", BOOK, &[], large).status, 413);
    let many = format!(
        "<propfind xmlns='DAV:'><prop>{}</prop></propfind>",
        "<a/>".repeat(60_001)
    );
    assert_eq!(
        alice.send("PROPFIND", BOOK, &[("Depth", "0")], many).status,
        413
    );
}

/// XML Names 1.0 §3: `xml` is bound to its namespace alone, and no element has the prefix `xmlns`.
#[test]
fn no_name_of_a_property_makes_an_answer_that_is_no_xml() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let patch = |prop: &str| {
        let body = format!(
            "<D:propertyupdate {NS}><D:set><D:prop>{prop}</D:prop></D:set></D:propertyupdate>"
        );
        alice.send("PROPPATCH", BOOK, &[], body).status
    };
    assert_eq!(patch("<xmlns:a>1</xmlns:a>"), 400);
    assert_eq!(patch("<xml:foo z=\"&#10;&#9;\">1</xml:foo>"), 207);
    let found = alice.propfind(BOOK, "0", "<xml:foo/><xml:lang/>");
    assert!(
        found.raw.contains(" z=\"&#10;&#9;\">1</xml:foo>"),
        "{}",
        found.raw
    );
    assert!(found.raw.contains("<xml:lang/>"), "{}", found.raw);
    assert!(
        !found.raw.contains("xmlns=\"http://www.w3.org/XML"),
        "{}",
        found.raw
    );
}

#[test]
fn proppatch_is_atomic_and_keeps_the_xml_exactly() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let set = "<D:set xml:lang=\"fr\"><D:prop><n:a xmlns:n=\"urn:n\" n:k=\"1\">\
        <n:b>x &amp; y</n:b><c xmlns=\"urn:c\"/></n:a></D:prop></D:set>";
    let done = alice.proppatch(BOOK, set);
    assert!(
        done.responses[0].prop("urn:n", "a").is_some(),
        "{}",
        done.raw
    );
    let read = |path: &str| alice.propfind(path, "0", "<n:a xmlns:n=\"urn:n\"/>");
    let found = read(BOOK);
    let kept = found.responses[0].prop("urn:n", "a").expect("kept");
    assert_eq!(kept.attribute("xml:lang"), Some("fr"));
    assert_eq!(kept.attribute("n:k"), Some("1"));
    assert!(
        found
            .raw
            .contains("<n:b>x &amp; y</n:b><c xmlns=\"urn:c\"/></n:a>"),
        "{}",
        found.raw
    );

    // One protected property: nothing is done.
    let mixed = "<D:set><D:prop><z xmlns='urn:n'>1</z></D:prop></D:set>\
        <D:set><D:prop><D:getetag>no</D:getetag></D:prop></D:set>\
        <D:remove><D:prop><n:a xmlns:n='urn:n'/></D:prop></D:remove>";
    let refused = alice.proppatch(BOOK, mixed).responses.remove(0);
    let status = |namespace: &str, local: &str| {
        refused
            .status_of(namespace, local)
            .expect(local)
            .0
            .to_owned()
    };
    assert_eq!(status(DAV, "getetag"), "HTTP/1.1 403 Forbidden");
    assert_eq!(status("urn:n", "z"), "HTTP/1.1 424 Failed Dependency");
    assert_eq!(status("urn:n", "a"), "HTTP/1.1 424 Failed Dependency");
    assert_eq!(refused.errors, ["cannot-modify-protected-property"]);
    assert!(read(BOOK).responses[0].prop("urn:n", "a").is_some());
    let z = alice.props(BOOK, "<z xmlns='urn:n'/>");
    assert_eq!(
        z.status_of("urn:n", "z").expect("named").0,
        "HTTP/1.1 404 Not Found"
    );

    // In order; removing what is not there succeeds.
    let order = "<D:set><D:prop><o xmlns='urn:n'>1</o></D:prop></D:set>\
        <D:remove><D:prop><o xmlns='urn:n'/><none xmlns='urn:n'/></D:prop></D:remove>\
        <D:set><D:prop><o xmlns='urn:n'>2</o></D:prop></D:set>";
    assert!(
        alice.proppatch(BOOK, order).responses[0]
            .prop("urn:n", "none")
            .is_some()
    );
    assert_eq!(
        alice.props(BOOK, "<o xmlns='urn:n'/>").text("urn:n", "o"),
        "2"
    );
    let minimal = format!(
        "<D:propertyupdate {NS}><D:set><D:prop><o xmlns='urn:n'>3</o></D:prop></D:set></D:propertyupdate>"
    );
    let answer = alice.send("PROPPATCH", BOOK, &[("Prefer", "return=minimal")], minimal);
    assert_eq!((answer.status, answer.body.len()), (204, 0));

    // 64 KiB a resource in all.
    let big = |name: &str| {
        format!(
            "<D:set><D:prop><{name} xmlns='urn:n'>{}</{name}></D:prop></D:set>",
            "x".repeat(40_000)
        )
    };
    assert!(
        alice.proppatch(BOOK, &big("p")).responses[0]
            .prop("urn:n", "p")
            .is_some()
    );
    let full = alice.proppatch(BOOK, &big("q")).responses.remove(0);
    assert_eq!(
        full.status_of("urn:n", "q").expect("named").0,
        "HTTP/1.1 507 Insufficient Storage"
    );
    // A card has properties of its own, and its members do not share them.
    let path = format!("{BOOK}dead.vcf");
    assert_eq!(alice.put(&path, &[], card("dead", "Dead")).status, 201);
    alice.proppatch(
        &path,
        "<D:set><D:prop><w xmlns='urn:n'>card</w></D:prop></D:set>",
    );
    let listed = alice.propfind(BOOK, "1", "<w xmlns='urn:n'/>");
    let with: Vec<&str> = listed
        .responses
        .iter()
        .filter(|f| f.prop("urn:n", "w").is_some())
        .map(|f| &*f.href)
        .collect();
    assert_eq!(with, [path.as_str()]);
}

#[test]
fn my_card_is_set_on_the_home_and_my_address_on_the_principal() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let home = "/dav/alice/private/";
    let href = format!("{BOOK}me.vcf");
    let set =
        format!("<D:set><D:prop><CS:me-card><D:href>{href}</D:href></CS:me-card></D:prop></D:set>");
    assert!(
        alice.proppatch(home, &set).responses[0]
            .prop(CALENDARSERVER, "me-card")
            .is_some()
    );
    assert_eq!(
        alice
            .props(home, "<CS:me-card/>")
            .hrefs(CALENDARSERVER, "me-card"),
        [href.as_str()]
    );
    let own = "/dav/principals/users/alice/";
    let set = format!(
        "<D:set><D:prop><C:principal-address><D:href>{href}</D:href></C:principal-address></D:prop></D:set>"
    );
    assert!(
        alice.proppatch(own, &set).responses[0]
            .prop(CARDDAV, "principal-address")
            .is_some()
    );
    assert_eq!(
        alice
            .props(own, "<C:principal-address/>")
            .hrefs(CARDDAV, "principal-address"),
        [href.as_str()]
    );
}

#[test]
fn the_name_of_a_shared_book_is_each_persons_own() {
    let server = Server::start();
    let (alice, bob) = (Client::new(&server, "alice"), Client::new(&server, "bob"));
    let set = |name: &str| {
        format!(
            "<D:set><D:prop><D:displayname>{name}</D:displayname><k xmlns='u:'>{name}</k></D:prop></D:set>"
        )
    };
    assert!(
        bob.proppatch(TEAM, &set("Bob's")).responses[0]
            .prop(DAV, "displayname")
            .is_some()
    );
    let names = |client: &Client| {
        client
            .props(TEAM, "<D:displayname/>")
            .text(DAV, "displayname")
    };
    assert_eq!(names(&bob), "Bob's");
    assert_eq!(names(&alice), "Team");
    assert!(
        alice
            .props(TEAM, "<k xmlns='u:'/>")
            .prop("u:", "k")
            .is_none()
    );
    // Seen through the other address too.
    let alias = bob.propfind("/dav/bob/private/", "1", "<D:displayname/>");
    assert_eq!(alias.responses[2].text(DAV, "displayname"), "Bob's");
    // A book is never without a name.
    for blank in ["", " "] {
        bob.proppatch(TEAM, &set(blank));
        assert_eq!(names(&bob), "Team");
    }
}

#[test]
fn a_property_is_answered_once_however_often_it_is_named() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let card_path = format!("{BOOK}c.vcf");
    alice.put(&card_path, &[], card("c", "C"));
    for path in [BOOK, &card_path] {
        alice.proppatch(path, "<D:set><D:prop><k xmlns='u:'>v</k></D:prop></D:set>");
        let times = |body: &str, name: &str| {
            let body = format!("<D:propfind {NS}>{body}</D:propfind>");
            let found = alice.multi("PROPFIND", path, "0", &body);
            let props = &found.responses[0].props;
            let named = props.iter().filter(|(_, p)| p.name.local == name);
            named.count()
        };
        let include = "<D:allprop/><D:include><k xmlns='u:'/><D:displayname/><D:getetag/><D:getetag/></D:include>";
        let twice = "<D:prop><k xmlns='u:'/><k xmlns='u:'/><D:getetag/><D:getetag/><n xmlns='u:'/><n xmlns='u:'/></D:prop>";
        for name in ["k", "displayname", "getetag"] {
            assert_eq!(times(include, name), 1, "{path} {name}");
        }
        for name in ["k", "getetag", "n"] {
            assert_eq!(times(twice, name), 1, "{path} {name}");
        }
    }
}

#[test]
fn names_survive_whatever_they_are_written_in() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let name = "Été <été> & \"Ω\" 🎉 \u{05d0}";
    let escaped = name.replace('&', "&amp;").replace('<', "&lt;");
    let set = format!(
        "<D:set><D:prop><D:displayname>{escaped}</D:displayname><C:addressbook-description>{escaped}</C:addressbook-description></D:prop></D:set>"
    );
    alice.proppatch(BOOK, &set);
    let found = alice.props(BOOK, "<D:displayname/><C:addressbook-description/>");
    assert_eq!(found.text(DAV, "displayname"), name);
    assert_eq!(found.text(CARDDAV, "addressbook-description"), name);
    // A name that is removed falls back: no book is without one.
    alice.proppatch(
        BOOK,
        "<D:remove><D:prop><D:displayname/></D:prop></D:remove>",
    );
    assert_eq!(
        alice
            .props(BOOK, "<D:displayname/>")
            .text(DAV, "displayname"),
        "contacts"
    );
}

#[test]
fn the_table_of_properties_holds_for_every_kind_of_resource() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}table.vcf");
    assert_eq!(alice.put(&path, &[], card("table", "Table")).status, 201);
    let everywhere = "D:resourcetype D:displayname D:current-user-principal D:principal-collection-set \
        D:current-user-privilege-set D:supported-report-set";
    let principal =
        "D:principal-URL D:alternate-URI-set D:group-membership D:group-member-set D:owner";
    let home_set = "C:addressbook-home-set";
    let content = "D:owner D:supported-privilege-set D:getlastmodified D:creationdate D:resource-id D:supportedlock D:lockdiscovery";
    let synced = "D:sync-token CS:getctag";
    let collection =
        "D:acl-restrictions D:inherited-acl-set D:quota-available-bytes D:quota-used-bytes";
    let book = "D:getetag D:supported-method-set D:add-member C:supported-address-data C:max-resource-size \
        C:max-image-size C:supported-collation-set";
    let own = "D:getetag D:getcontenttype D:getcontentlength D:supported-method-set";
    for (path, lists) in [
        ("/dav/", vec![everywhere]),
        ("/dav/principals/", vec![everywhere]),
        (
            "/dav/principals/users/alice/",
            vec![everywhere, principal, home_set],
        ),
        ("/dav/principals/users/bob/", vec![everywhere, principal]),
        (
            "/dav/principals/groups/Team/",
            vec![everywhere, principal, home_set],
        ),
        (
            "/dav/alice/private/",
            vec![everywhere, content, collection, synced],
        ),
        ("/dav/groups/Team/", vec![everywhere, content, collection]),
        (BOOK, vec![everywhere, content, collection, synced, book]),
        (TEAM, vec![everywhere, content, collection, synced, book]),
        (&*path, vec![everywhere, content, own]),
    ] {
        let names: Vec<&str> = lists
            .iter()
            .flat_map(|list| list.split_whitespace())
            .collect();
        let props: String = names.iter().map(|name| format!("<{name}/>")).collect();
        let found = alice.props(path, &props);
        for (status, property) in &found.props {
            assert_eq!(status, "HTTP/1.1 200 OK", "{path} {}", property.name.local);
        }
        assert_eq!(found.props.len(), names.len(), "{path}");
        // What is named is there, but for what nobody may read.
        let form = |form: &str| {
            let body = format!("<D:propfind {NS}><D:{form}/></D:propfind>");
            alice
                .multi("PROPFIND", path, "0", &body)
                .responses
                .remove(0)
        };
        let named = form("propname")
            .props
            .into_iter()
            .map(|(_, named)| named.name);
        for name in named.filter(|name| !name.is(DAV, "acl")) {
            let body = format!(
                "<D:propfind {NS}><D:prop><x:{} xmlns:x='{}'/></D:prop></D:propfind>",
                name.local, name.namespace
            );
            let found = alice.multi("PROPFIND", path, "0", &body);
            let status = &found.responses[0].props[0].0;
            assert_eq!(status, "HTTP/1.1 200 OK", "{path} {}", name.local);
        }
        for (status, property) in &form("allprop").props {
            assert_eq!(status, "HTTP/1.1 200 OK", "{path} {}", property.name.local);
        }
    }
    let found = alice.props(
        BOOK,
        "<D:acl/><CS:pushkey/><CS:push-transports/><P:transports/>",
    );
    assert_eq!(
        found.status_of(DAV, "acl").expect("acl").0,
        "HTTP/1.1 403 Forbidden"
    );
    for (status, property) in found.props.iter().filter(|(_, p)| !p.name.is(DAV, "acl")) {
        assert_eq!(status, "HTTP/1.1 404 Not Found", "{}", property.name.local);
    }
    let dated = || {
        let found = alice.props(BOOK, "<D:getlastmodified/>");
        let date = found.text(DAV, "getlastmodified").to_owned();
        chrono::DateTime::parse_from_rfc2822(&date).expect("a date")
    };
    let before = dated();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(alice.delete(&path).status, 204);
    assert!(
        dated() > before,
        "a book was modified when a card of it was"
    );
    assert_eq!(alice.put(&path, &[], card("table", "Table")).status, 201);
    // The values clients rely on.
    let found = alice.props(BOOK, "<C:supported-address-data/><C:supported-collation-set/><C:max-resource-size/><D:add-member/><D:owner/><D:quota-used-bytes/>");
    let versions: Vec<_> = found
        .prop(CARDDAV, "supported-address-data")
        .expect("data")
        .elements()
        .map(|e| {
            (
                e.name.local.to_string(),
                e.attribute("version").expect("a version").to_owned(),
            )
        })
        .collect();
    assert_eq!(
        versions,
        [
            ("address-data-type".to_owned(), "3.0".to_owned()),
            ("address-data-type".to_owned(), "4.0".to_owned())
        ]
    );
    assert_eq!(found.text(CARDDAV, "max-resource-size"), "10485760");
    assert_eq!(found.hrefs(DAV, "add-member"), [BOOK]);
    assert_eq!(found.hrefs(DAV, "owner"), ["/dav/principals/users/alice/"]);
    let used = found
        .text(DAV, "quota-used-bytes")
        .parse::<u64>()
        .expect("a number");
    let sizes: u64 = alice.propfind(BOOK, "1", "<D:getcontentlength/>").responses[1..]
        .iter()
        .map(|f| {
            f.text(DAV, "getcontentlength")
                .parse::<u64>()
                .expect("a number")
        })
        .sum();
    assert_eq!(used, sizes);
    assert_eq!(
        alice.props(TEAM, "<D:owner/>").hrefs(DAV, "owner"),
        ["/dav/principals/groups/Team/"]
    );
    // What is advertised as a report is served, and nothing else.
    let reports = alice.props(BOOK, "<D:supported-report-set/>");
    let text = format!("{reports:?}");
    for name in [
        "sync-collection",
        "addressbook-multiget",
        "addressbook-query",
        "expand-property",
    ] {
        assert!(text.contains(name), "{name}");
    }
}

//! Any body is read or refused, and what is written is read again.

use proptest::prelude::*;

use super::{
    header::{If, IfCondition, IfState, Tags},
    href::{encode, path_of, segments},
    multistatus::{MultiStatus, Properties, error_body},
    name::{CARDDAV, DAV, Name},
    precondition::Precondition,
    request::{Instruction, PropFind, Report, ReportError, prop_patch},
    xml::{Element, XmlError, escape, parse},
};

#[test]
fn propfind_takes_the_forms_of_rfc_4918() {
    let check = |body: &str, expected: PropFind| {
        assert_eq!(PropFind::parse(body.as_bytes()), Ok(expected), "{body}");
    };
    let name = Name::new(DAV, "getetag");
    check("", PropFind::AllProp(vec![]));
    check(
        "<propfind xmlns='DAV:'><prop><getetag/></prop></propfind>",
        PropFind::Prop(vec![name.clone()]),
    );
    check(
        "<x:propfind xmlns:x='DAV:'><x:propname/></x:propfind>",
        PropFind::PropName,
    );
    check(
        "<propfind xmlns='DAV:'><allprop/><include><getetag/></include></propfind>",
        PropFind::AllProp(vec![name]),
    );
}

#[test]
fn bodies_that_are_not_xml_are_refused() {
    let check = |body: &str, is_entities: bool| {
        let error = parse(body.as_bytes()).expect_err(body);
        assert_eq!(error == XmlError::Entities, is_entities, "{body}: {error}");
    };
    check("<a", false);
    check("<a></b>", false);
    check("<a/><b/>", false);
    check("text", false);
    check("<a xmlns:bar=''/>", false);
    check("<x:a/>", false);
    check("<a<b/>", false);
    check("<a x<y='1'/>", false);
    check("<1/>", false);
    check("<a x='\u{1}'/>", false);
    check("<a>\u{FFFE}</a>", false);
    check("<a>&#1;</a>", false);
    check("<a x='&#1;'/>", false);
    check(" <?xml version='1.0'?><a/>", false);
    check("<?xml version='1.0' encoding='klingon'?><a/>", false);
    check("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", true);
    check("<a>&e;</a>", true);
    let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
    assert!(matches!(parse(deep.as_bytes()), Err(XmlError::TooLarge(_))));
}

/// RFC 4918 §8.2, XML 1.0 §4.3.3.
#[test]
fn bodies_are_read_in_their_encoding() {
    let text = "<?xml version='1.0' encoding='UTF-16'?><a x='é'>É</a>";
    let octets = |mark: &[u8], octets: fn(u16) -> [u8; 2]| {
        let units = text.encode_utf16().flat_map(octets);
        mark.iter().copied().chain(units).collect::<Vec<u8>>()
    };
    let mut latin =
        b"<?xml version=\"1.0\" encoding = \"iso-8859-1\" ?><a x='\xE9'>\xC9</a>".to_vec();
    for body in [
        octets(b"\xFF\xFE", u16::to_le_bytes),
        octets(b"\xFE\xFF", u16::to_be_bytes),
        format!("{}{}", "\u{FEFF}", text.replace("UTF-16", "utf-8")).into_bytes(),
        text.replace("UTF-16", "UTF-8").into_bytes(),
        latin.clone(),
    ] {
        let read = parse(&body).expect("a body");
        assert_eq!((read.attribute("x"), &*read.text()), (Some("é"), "É"));
    }
    latin.drain(..b"<?xml version=\"1.0\" encoding = \"iso-8859-1\" ?>".len());
    assert!(parse(&latin).is_err(), "it says nothing of its encoding");
}

/// RFC 3253 §3.8: what is expanded has elements of the names asked for.
#[test]
fn a_property_to_expand_has_a_name() {
    let body = |name: &str| {
        let nested = format!("<D:property name='owner'><D:property name='{name}'/></D:property>");
        format!("<D:expand-property xmlns:D='DAV:'>{nested}</D:expand-property>")
    };
    assert!(Report::parse(body("displayname").as_bytes()).is_ok());
    for name in ["a b&lt;x", "", "D:owner", "1"] {
        let error = Report::parse(body(name).as_bytes());
        assert!(
            matches!(error, Err(ReportError::Xml(XmlError::Unexpected(_)))),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn proppatch_keeps_the_order_and_the_xml() {
    let body = "<D:propertyupdate xmlns:D='DAV:'><D:remove><D:prop><a xmlns='u:'/></D:prop></D:remove>\
        <D:set xml:lang='fr'><D:prop><b xmlns='u:'><c>é&amp;</c></b></D:prop></D:set></D:propertyupdate>";
    let found = prop_patch(body.as_bytes()).expect("a body");
    assert!(matches!(&found[0], Instruction::Remove(name) if name.is("u:", "a")));
    let Instruction::Set(property) = &found[1] else {
        panic!("{found:?}")
    };
    assert_eq!(
        property.xml,
        "<b xmlns:D=\"DAV:\" xmlns=\"u:\" xml:lang=\"fr\"><c>é&amp;</c></b>"
    );
}

#[test]
fn what_a_body_multiplies_is_limited() {
    let ask = |root: &str, inner: &str| {
        format!("<D:{root} xmlns:D='{DAV}' xmlns:C='{CARDDAV}'>{inner}</D:{root}>")
    };
    let names = |count: usize| -> String { (0..count).map(|n| format!("<p{n}/>")).collect() };
    let find = |count| {
        let body = ask("propfind", &format!("<D:prop>{}</D:prop>", names(count)));
        PropFind::parse(body.as_bytes()).map(drop)
    };
    assert_eq!(find(500), Ok(()));
    assert_eq!(find(501), Err(XmlError::TooMany(500)));
    let sync = format!(
        "<D:sync-token/><D:sync-level>1</D:sync-level><D:prop>{}</D:prop>",
        names(501)
    );
    let parts: String = (0..501).map(|n| format!("<C:prop name='P{n}'/>")).collect();
    let partial =
        format!("<D:sync-token/><D:prop><C:address-data>{parts}</C:address-data></D:prop>");
    for inner in [sync, partial] {
        let report = Report::parse(ask("sync-collection", &inner).as_bytes());
        assert_eq!(report, Err(ReportError::Xml(XmlError::TooMany(500))));
    }
    let patch = |set: usize, removed: usize| {
        let inner = format!(
            "<D:set><D:prop>{}</D:prop></D:set><D:remove><D:prop>{}</D:prop></D:remove>",
            names(set),
            names(removed)
        );
        let done = prop_patch(ask("propertyupdate", &inner).as_bytes());
        done.map(|instructions| instructions.len())
    };
    assert_eq!(patch(500, 500), Ok(1_000));
    assert_eq!(patch(500, 501), Err(XmlError::TooMany(1_000)));
    // Each property holds what is declared around it, and each element its namespace.
    let declared: String = (0..90)
        .map(|n| format!(" xmlns:n{n}='{}'", "u".repeat(900)))
        .collect();
    let inner = format!("<D:set{declared}><D:prop>{}</D:prop></D:set>", names(100));
    let wide = prop_patch(ask("propertyupdate", &inner).as_bytes());
    assert!(matches!(wide, Err(XmlError::TooLarge(_))));
    assert!(parse(format!("<a xmlns='{}'/>", "u".repeat(1_001)).as_bytes()).is_err());
    let attributes =
        |count: usize| -> String { (0..count).map(|n| format!(" a{n}='x'")).collect() };
    assert!(parse(format!("<a{}/>", attributes(100)).as_bytes()).is_ok());
    assert!(parse(format!("<a{}/>", attributes(101)).as_bytes()).is_err());
}

#[test]
fn a_query_without_a_filter_asks_for_all() {
    let body = format!(
        "<C:addressbook-query xmlns:C='{CARDDAV}' xmlns:D='{DAV}'><D:prop><D:getetag/></D:prop></C:addressbook-query>"
    );
    let Ok(Report::Query(query)) = Report::parse(body.as_bytes()) else {
        panic!("it is refused")
    };
    assert!(query.filter.props.is_empty());
}

#[test]
fn a_namespace_is_the_text_it_spells() {
    let element = parse(b"<a xmlns='u:x&amp;y&#38;z'/>").expect("a body");
    assert!(element.name.is("u:x&y&z", "a"));
    assert_eq!(element.to_fragment(&[]), "<a xmlns=\"u:x&amp;y&amp;z\"/>");
}

#[test]
fn reports_are_told_apart() {
    let sync = "<D:sync-collection xmlns:D='DAV:'><D:sync-token/><D:sync-level>1</D:sync-level>\
        <D:limit><D:nresults>5</D:nresults></D:limit><D:prop><D:getetag/></D:prop></D:sync-collection>";
    let Ok(Report::SyncCollection(sync)) = Report::parse(sync.as_bytes()) else {
        panic!()
    };
    assert_eq!((sync.token.as_str(), sync.limit), ("", Some(5)));
    let query = |collation: &str| {
        format!(
            "<C:addressbook-query xmlns:C='{CARDDAV}' xmlns:D='{DAV}'><D:prop><C:address-data version='4.0'/></D:prop>\
             <C:filter test='allof'><C:prop-filter name='FN'><C:text-match collation='{collation}' \
             match-type='equals'>a</C:text-match></C:prop-filter></C:filter></C:addressbook-query>"
        )
    };
    let Ok(Report::Query(parsed)) = Report::parse(query("i;octet").as_bytes()) else {
        panic!()
    };
    assert_eq!(parsed.data.version.as_deref(), Some("4.0"));
    assert_eq!(parsed.filter.props[0].texts[0].text, "a");
    let error = Report::parse(query("i;klingon").as_bytes());
    assert_eq!(error, Err(ReportError::Collation("i;klingon".into())));
}

#[test]
fn paths_have_one_spelling() {
    for (path, expected) in [
        ("/dav/a%20b/%C3%A9.vcf", Ok(vec!["dav", "a b", "é.vcf"])),
        ("/dav//x/", Ok(vec!["dav", "x"])),
        ("/dav/a%2Fb", Err(())),
        ("/dav/../x", Err(())),
        ("/dav/%2e%2e/x", Err(())),
        ("/dav/a%00", Err(())),
        ("/dav/%FF", Err(())),
        ("/dav/100%", Ok(vec!["dav", "100%"])),
    ] as [(&str, Result<Vec<&str>, ()>); 8]
    {
        let expected = expected.map(|names| names.into_iter().map(str::to_owned).collect());
        assert_eq!(segments(path).map_err(drop), expected, "{path}");
    }
    assert_eq!(encode("a b/é@x+y%"), "a%20b%2F%C3%A9@x+y%25");
    assert_eq!(path_of("https://h:1/dav/x?y#z"), "/dav/x");
}

#[test]
fn entity_tags_are_compared_leniently() {
    assert_eq!(Tags::parse(" * "), Tags::Any);
    let expected = vec!["\"a\"".to_owned(), "\"b\"".to_owned(), "\"c\"".to_owned()];
    assert_eq!(
        Tags::parse("\"a\", W/\"b\", \"c-gzip\""),
        Tags::List(expected)
    );
}

#[test]
fn the_if_header_is_read_as_rfc_4918_writes_it() {
    let condition = |negated, state| IfCondition { negated, state };
    let token = |text: &str| IfState::Token(text.to_owned());
    let tag = |text: &str| IfState::Tag(text.to_owned());
    // RFC 4918 §10.4.6 to §10.4.8
    let untagged = If::parse("(<urn:a> [\"I am an ETag\"])([\"another\"])").expect("a header");
    assert_eq!(untagged.0.len(), 2);
    assert_eq!(
        untagged.0[0].conditions,
        [
            condition(false, token("urn:a")),
            condition(false, tag("\"I am an ETag\""))
        ]
    );
    let not = If::parse("(Not <urn:a> <urn:b>)").expect("a header");
    assert_eq!(
        not.0[0].conditions,
        [
            condition(true, token("urn:a")),
            condition(false, token("urn:b"))
        ]
    );
    let tagged = If::parse("</resource1> (<urn:a>) (<urn:b>) <http://h/2> (Not [W/\"w\"])");
    let resources: Vec<_> = tagged
        .expect("a header")
        .0
        .into_iter()
        .map(|l| l.resource)
        .collect();
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(
        resources,
        [
            named("/resource1"),
            named("/resource1"),
            named("http://h/2")
        ]
    );
    for broken in ["", "()", "(<a>", "(a)", "<a>", "(<a>) x"] {
        assert_eq!(If::parse(broken), None, "{broken}");
    }
}

#[test]
fn responses_have_the_found_properties_first() {
    let mut body = MultiStatus::new();
    let mut properties = Properties::default();
    properties.without(404, Name::new("u:", "x"));
    properties.found.push_str("<D:getetag>\"e\"</D:getetag>");
    body.properties("/dav/é", &properties);
    body.bare("/gone", 404, None);
    let text = body.finish(Some("urn:t"));
    let root = parse(text.as_bytes()).expect("well-formed");
    let first = root.elements().next().expect("a response");
    let statuses: Vec<String> = first
        .elements()
        .filter(|e| e.name.is(DAV, "propstat"))
        .filter_map(|e| Some(e.child(DAV, "status")?.text()))
        .collect();
    assert_eq!(statuses, ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]);
    assert!(text.ends_with("<D:sync-token>urn:t</D:sync-token></D:multistatus>"));
}

#[test]
fn an_error_names_what_was_not_fulfilled_and_where() {
    let lacks = Precondition::NeedPrivileges {
        href: "/a&b/".to_owned(),
        privilege: "bind",
    };
    let text = error_body(&lacks, "adding <here>");
    let root = parse(text.as_bytes()).expect("well-formed");
    let resource = root
        .child(DAV, "need-privileges")
        .and_then(|lacks| lacks.child(DAV, "resource"))
        .expect("a resource");
    assert_eq!(
        resource.child(DAV, "href").map(Element::text).as_deref(),
        Some("/a&b/")
    );
    let privilege = resource.child(DAV, "privilege").expect("a privilege");
    assert!(privilege.child(DAV, "bind").is_some());
    let text = error_body(&Precondition::ValidFilter, "");
    let root = parse(text.as_bytes()).expect("well-formed");
    assert!(root.child(CARDDAV, "valid-filter").is_some(), "{text}");
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
        let _ = Report::parse(&bytes);
    }

    #[test]
    fn escaped_text_reads_back(text in "[ -~é\r\n\t]{0,100}") {
        let xml = format!("<a>{}</a>", escape(&text));
        prop_assert_eq!(parse(xml.as_bytes()).map(|e| e.text()), Ok(text));
    }
}

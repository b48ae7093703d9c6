//! Cards read and written by clients of both versions: what one changes, the other keeps.

use carnet_proto::vcard::{Document, Line, Version, project};
use proptest::{prelude::*, sample::subsequence};

fn card(version: &str, lines: &str) -> Document {
    let text = format!(
        "BEGIN:VCARD\r\nVERSION:{version}\r\nUID:u\r\nN:Doe;Jo;;;\r\nFN:Jo Doe\r\n{lines}\r\nEND:VCARD\r\n"
    );
    Document::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn shown(document: &Document, version: Version) -> Document {
    let bytes = project(document, version, "made");
    Document::parse(&bytes).unwrap_or_else(|e| panic!("{e}"))
}

/// The lines of a card besides those every card here has, unfolded.
fn lines(document: &Document) -> String {
    let text = String::from_utf8_lossy(document.as_bytes()).replace("\r\n ", "");
    let common = ["BEGIN:", "VERSION:", "UID:", "N:", "FN:", "END:"];
    let own = text
        .lines()
        .filter(|line| !common.iter().any(|name| line.starts_with(name)));
    own.collect::<Vec<_>>().join("\r\n")
}

/// A client's change of the name alone, in the version it reads.
fn renamed(document: &Document, version: Version, name: &str) -> Document {
    let read = shown(document, version);
    let at = read.lines().iter().position(|line| line.is("FN"));
    let mut edit = read.edit();
    edit.set_text(at.expect("FN"), name);
    edit.finish()
}

/// What each line says, whatever its group and the order of its parameters.
fn said(document: &Document) -> Vec<String> {
    let says = |line: &Line| {
        let mut types = line.types();
        types.sort();
        let mut params: Vec<String> = line
            .params
            .iter()
            .filter(|param| !param.name.eq_ignore_ascii_case("TYPE"))
            .map(|param| format!("{}={:?}", param.name.to_ascii_uppercase(), param.values))
            .collect();
        params.sort();
        let name = line.name.to_ascii_uppercase();
        format!("{name} {types:?} {params:?} {:?}", line.text())
    };
    let other = |line: &&Line| !line.is("FN") && !line.is("VERSION");
    let mut said: Vec<String> = document.lines().iter().filter(other).map(says).collect();
    said.sort();
    said
}

fn to_v4(v3: &str, v4: &str) {
    assert_eq!(lines(&shown(&card("3.0", v3), Version::V4)), v4, "{v3}");
}

fn to_v3(v4: &str, v3: &str) {
    assert_eq!(lines(&shown(&card("4.0", v4), Version::V3)), v3, "{v4}");
}

fn both(v3: &str, v4: &str) {
    to_v4(v3, v4);
    to_v3(v4, v3);
}

/// RFC 6350 §6.7.5, §6.8.1, RFC 2426 §3.6.6, §3.7.2.
#[test]
fn keys_and_sounds_are_octets_uris_or_texts() {
    for line in [
        "KEY;VALUE=uri:OPENPGP4FPR:0123456789abcdef",
        "SOUND;VALUE=uri:CID:JSPUBLIC.part3.960129T083020.xyzMail@host3.com",
        "KEY;VALUE=text:abcd efgh",
        "KEY:abcd",
        "PHOTO;VALUE=uri:https://example.org/p.jpg",
        "KEY;VALUE=uri:data:text/plain,abcd%20efgh",
    ] {
        both(line, line);
    }
    to_v3(
        "KEY:OPENPGP4FPR:0123456789abcdef",
        "KEY;VALUE=uri:OPENPGP4FPR:0123456789abcdef",
    );
    both(
        "KEY;ENCODING=b;TYPE=PGP:mQENBA==",
        "KEY:data:application/pgp-keys;base64,mQENBA==",
    );
    both(
        "KEY;ENCODING=b;TYPE=X509:MIICajCC",
        "KEY:data:application/pkix-cert;base64,MIICajCC",
    );
    both(
        "SOUND;ENCODING=b;TYPE=BASIC:MIICajCC",
        "SOUND:data:audio/basic;base64,MIICajCC",
    );
    both(
        "KEY;ENCODING=b;TYPE=text/plain,work:MIICajCC",
        "KEY;TYPE=work:data:text/plain;base64,MIICajCC",
    );
    both(
        "PHOTO;ENCODING=b;TYPE=JPEG,pref:/9j/4AAQ",
        "PHOTO;PREF=1:data:image/jpeg;base64,/9j/4AAQ",
    );
}

/// RFC 6350 §4.3, RFC 2426 §3.1.5, and Apple's years that are none.
#[test]
fn dates_keep_what_they_say() {
    both(
        "item1.X-ABDATE;X-APPLE-OMIT-YEAR=1604:1604-04-15\r\nitem1.X-ABLabel:_$!<Anniversary>!$_",
        "ANNIVERSARY:--0415",
    );
    both(
        "item1.X-ABDATE:2009-08-08T14:30-05:00\r\nitem1.X-ABLabel:_$!<Anniversary>!$_",
        "ANNIVERSARY:20090808T1430-0500",
    );
    both("BDAY:1953-10-15T23:10:00Z", "BDAY:19531015T231000Z");
    to_v3(
        "BDAY;VALUE=date-and-or-time:--0415",
        "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15",
    );
    both("REV:1995-10-31T22:27:10Z", "REV:19951031T222710Z");
    // What one version cannot say stays as it is.
    for line in [
        "BDAY:---05",
        "BDAY;VALUE=text:circa 1800",
        "BDAY:T102200",
        "BDAY:70-7-14",
        "ANNIVERSARY:--04",
        "ANNIVERSARY:1996",
        "ANNIVERSARY;VALUE=text:in spring",
        "REV:strange-rev",
        "BDAY:--aéb",
    ] {
        both(line, line);
    }
    let only_date = "item1.X-ABDATE:soon\r\nitem1.X-ABLabel:_$!<Anniversary>!$_";
    both(only_date, only_date);
}

#[test]
fn types_in_quotes_are_several() {
    to_v3(
        "TEL;TYPE=\"voice,home\";VALUE=uri:TEL:+1-555;ext=5",
        "TEL;TYPE=voice,home;X-CARNET-TEL=\"TEL:+1-555;ext=5\":+1-555 x5",
    );
    to_v3(
        "TEL;TYPE=\"voice,home\";PREF=1:+1",
        "TEL;TYPE=voice,home,pref:+1",
    );
}

/// RFC 2426 §3.2.2, RFC 6350 §6.3.1.
#[test]
fn the_formatted_address_is_a_property_or_a_parameter() {
    both(
        "ADR;TYPE=home:;;1 Main;Town;;;\r\nLABEL;TYPE=home:1 Main\\nTown\\, Land",
        "ADR;TYPE=home;LABEL=\"1 Main^nTown, Land\":;;1 Main;Town;;;",
    );
    to_v3(
        "ADR;LABEL=\"Mr. Public\\nTown\":;;;Town;;;",
        "ADR:;;;Town;;;\r\nLABEL:Mr. Public\\nTown",
    );
    // Of two addresses of one kind, the one a label follows has it.
    both(
        "ADR;TYPE=home:;;1 Main;;;;\r\nADR;TYPE=home:;;2 Side;;;;\r\nLABEL;TYPE=home:2 Side",
        "ADR;TYPE=home:;;1 Main;;;;\r\nADR;TYPE=home;LABEL=2 Side:;;2 Side;;;;",
    );
    to_v4(
        "ADR:;;1;;;;\r\nADR:;;2;;;;\r\nLABEL:One\r\nLABEL:Two",
        "ADR;LABEL=One:;;1;;;;\r\nADR;LABEL=Two:;;2;;;;",
    );
    // In any order; each address has its own, and a label of no address stays.
    to_v4(
        "LABEL;TYPE=work:W\r\nADR;TYPE=home:;;H;;;;\r\nLABEL;TYPE=dom:D\r\nADR;TYPE=WORK:;;W;;;;",
        "ADR;TYPE=home:;;H;;;;\r\nLABEL;TYPE=dom:D\r\nADR;TYPE=WORK;LABEL=W:;;W;;;;",
    );
}

/// RFC 2426 §3.4.2, RFC 5870.
#[test]
fn a_place_is_two_numbers_in_version_3() {
    both("GEO:48.2010;16.3695", "GEO:geo:48.2010,16.3695");
    both(
        "GEO;X-CARNET-GEO=\"geo:48.2,16.3;u=35\":48.2;16.3",
        "GEO:geo:48.2,16.3;u=35",
    );
    both(
        "GEO;X-CARNET-GEO=\"geo:48.2010,16.3695,183\":48.2010;16.3695",
        "GEO:geo:48.2010,16.3695,183",
    );
    // Moved by a reader of version 3.0: nothing else is true any more.
    to_v4(
        "GEO;X-CARNET-GEO=\"geo:48.2,16.3;u=35\":48.2;16.4",
        "GEO:geo:48.2,16.4",
    );
    to_v3("GEO;VALUE=uri:GEO:1.5,-2", "GEO:1.5;-2");
    let other = "GEO:geo:1,2;crs=moon";
    both(other, other);
}

/// RFC 3966 §3, §5.1.
#[test]
fn a_number_is_what_is_dialled_in_version_3() {
    let local = "TEL;TYPE=work;VALUE=uri:tel:2024;phone-context=+4122";
    both(
        "TEL;TYPE=work;X-CARNET-TEL=\"tel:2024;phone-context=+4122\":2024",
        local,
    );
    both(
        "TEL;X-CARNET-TEL=\"tel:5%206;ext=7;isub=8\":5 6 x7",
        "TEL;VALUE=uri:tel:5%206;ext=7;isub=8",
    );
    to_v3(
        "TEL;VALUE=uri:tel:5%3B6",
        "TEL;X-CARNET-TEL=\"tel:5%3B6\":5\\;6",
    );
    both(
        "TEL;X-CARNET-TEL=\"tel:+41-22;ext=7\":+41-22 x7",
        "TEL;VALUE=uri:tel:+41-22;ext=7",
    );
    let renamed = renamed(&card("4.0", local), Version::V3, "Jo D");
    assert_eq!(lines(&shown(&renamed, Version::V4)), local);
    // Changed by a reader of version 3.0: the rest is not true of it.
    to_v4(
        "TEL;X-CARNET-TEL=\"tel:2024;phone-context=+4122\":2025",
        "TEL:2025",
    );
    let none = "TEL;VALUE=uri:tel:;phone-context=+41";
    both(none, none);
}

/// The registered type, by which browsers show it.
#[test]
fn a_drawing_has_its_media_type() {
    both(
        "LOGO;ENCODING=b;TYPE=SVG:PHN2Zz4=",
        "LOGO:data:image/svg+xml;base64,PHN2Zz4=",
    );
}

#[test]
fn a_card_in_terms_of_both_versions_is_given_in_those_of_one() {
    for (mixed, v3, v4) in [
        // As Thunderbird 153 writes them below VERSION:3.0.
        (
            "PHOTO;VALUE=URI:data:image/png;base64,iVBORw==",
            "PHOTO;ENCODING=b;TYPE=PNG:iVBORw==",
            "PHOTO:data:image/png;base64,iVBORw==",
        ),
        (
            "ANNIVERSARY;VALUE=DATE:2010-01-02",
            "item1.X-ABDATE;VALUE=DATE:2010-01-02\r\nitem1.X-ABLabel:_$!<Anniversary>!$_",
            "ANNIVERSARY:20100102",
        ),
        // RFC 6350 §6.1.4 and §6.6.5 in a card of 3.0, as some servers store it.
        (
            "KIND:group\r\nMEMBER:urn:uuid:one",
            "X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:one",
            "KIND:group\r\nMEMBER:urn:uuid:one",
        ),
        (
            "PHOTO;ENCODING=BASE64;TYPE=PNG:iVBORw==",
            "PHOTO;ENCODING=b;TYPE=PNG:iVBORw==",
            "PHOTO:data:image/png;base64,iVBORw==",
        ),
        (
            "TEL;TYPE=cell;VALUE=uri:tel:+33-6",
            "TEL;TYPE=cell:+33-6",
            "TEL;TYPE=cell;VALUE=uri:tel:+33-6",
        ),
        // As Nextcloud's web pages write them.
        (
            "TEL;TYPE=\"HOME,VOICE\":1",
            "TEL;TYPE=HOME,VOICE:1",
            "TEL;TYPE=HOME,VOICE:1",
        ),
        (
            "BDAY;VALUE=DATE-AND-OR-TIME:19800102",
            "BDAY:1980-01-02",
            "BDAY:19800102",
        ),
        (
            "REV;VALUE=TIMESTAMP:20200102T030405Z",
            "REV:2020-01-02T03:04:05Z",
            "REV:20200102T030405Z",
        ),
        (
            "item1.X-ABDATE;VALUE=DATE-AND-OR-TIME:20181206\r\nitem1.X-ABLabel:Met",
            "item1.X-ABDATE:2018-12-06\r\nitem1.X-ABLabel:Met",
            "item1.X-ABDATE:20181206\r\nitem1.X-ABLabel:Met",
        ),
        (
            "X-ANNIVERSARY;VALUE=DATE-AND-OR-TIME:--1206",
            "X-ANNIVERSARY;X-APPLE-OMIT-YEAR=1604:1604-12-06",
            "ANNIVERSARY:--1206",
        ),
    ] {
        let card = card("3.0", mixed);
        assert!(card.is_mixed(), "{mixed}");
        assert_eq!(lines(&shown(&card, Version::V3)), v3, "{mixed}");
        assert_eq!(lines(&shown(&card, Version::V4)), v4, "{mixed}");
        assert!(!shown(&card, Version::V3).is_mixed(), "{mixed}");
    }
    // What is a text in both, or a URI, stays as it is.
    for plain in [
        "PHOTO;VALUE=uri:https://example.org/a.png",
        "PHOTO;ENCODING=B;TYPE=PNG:iVBORw==",
        "KIND:individual",
        "ANNIVERSARY;VALUE=text:in spring",
        // A form that programs of both versions read.
        "BDAY:--0412",
    ] {
        assert!(!card("3.0", plain).is_mixed(), "{plain}");
        assert_eq!(lines(&shown(&card("3.0", plain), Version::V3)), plain);
    }
}

/// As old versions of several programs write them.
#[test]
fn pictures_have_the_form_of_the_version_asked_for() {
    let octets = "/9j/4AAQ";
    for mixed in [
        "PHOTO;ENCODING=b;TYPE=jpeg;VALUE=URI:{o}",
        "PHOTO;ENCODING=b;TYPE=JPEG:data:image/jpeg;base64,{o}",
        "PHOTO;ENCODING=b,b;TYPE=JPEG,jpeg:{o}",
        "PHOTO;ENCODING=b;TYPE=image/jpeg:{o}",
        "PHOTO;VALUE=uri;TYPE=JPEG:{o}",
        "PHOTO;TYPE=JPEG:{o}",
        "PHOTO;VALUE=URI:DATA:IMAGE/JPEG;BASE64\\,{o}",
    ] {
        let mixed = mixed.replace("{o}", octets);
        for version in ["3.0", "4.0"] {
            let card = card(version, &mixed);
            assert!(card.is_mixed(), "{mixed}");
            for (asked, expected) in [
                (Version::V3, format!("PHOTO;ENCODING=b;TYPE=JPEG:{octets}")),
                (
                    Version::V4,
                    format!("PHOTO:data:image/jpeg;base64,{octets}"),
                ),
            ] {
                let shown = shown(&card, asked);
                assert_eq!(lines(&shown), expected, "{version} {mixed}");
                assert!(!shown.is_mixed(), "{version} {mixed}");
            }
        }
    }
    for (version, plain) in [
        ("3.0", "PHOTO;ENCODING=b;VALUE=BINARY;TYPE=jpeg:/9j/4AAQ"),
        ("3.0", "PHOTO;TYPE=JPEG,pref;ENCODING=b;X-A=1:/9j/4AAQ"),
        ("3.0", "KEY;ENCODING=b;TYPE=text/plain,work:MIICajCC"),
        ("3.0", "LOGO;VALUE=uri:pictures/of-us.jpg"),
        ("4.0", "PHOTO;TYPE=work:data:image/jpeg;base64,/9j/4AAQ"),
        ("4.0", "PHOTO:https://example.org/p.jpg"),
        ("4.0", "KEY:abcd"),
    ] {
        let card = card(version, plain);
        assert!(!card.is_mixed(), "{plain}");
        let same = if version == "3.0" {
            Version::V3
        } else {
            Version::V4
        };
        assert_eq!(shown(&card, same), card, "{plain}");
    }
}

/// RFC 6350 §5.6, §6.1.4, §6.2.5, §6.6.5.
#[test]
fn a_card_of_version_4_in_terms_of_3_is_given_in_its_own() {
    for (mixed, v4, v3) in [
        (
            "X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:one",
            "KIND:group\r\nMEMBER:urn:uuid:one",
            "X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:one",
        ),
        (
            "TEL;TYPE=home,PREF:1",
            "TEL;TYPE=home;PREF=1:1",
            "TEL;TYPE=home,PREF:1",
        ),
        (
            "BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-04",
            "BDAY:--0304",
            "BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-04",
        ),
        ("GEO:48.2;16.3", "GEO:geo:48.2,16.3", "GEO:48.2;16.3"),
    ] {
        let card = card("4.0", mixed);
        assert!(card.is_mixed(), "{mixed}");
        assert_eq!(lines(&shown(&card, Version::V4)), v4, "{mixed}");
        assert_eq!(lines(&shown(&card, Version::V3)), v3, "{mixed}");
        assert!(!shown(&card, Version::V4).is_mixed(), "{mixed}");
    }
    for plain in [
        "KIND:group\r\nX-ADDRESSBOOKSERVER-KIND:group",
        "TEL;PREF=1;TYPE=\"voice,home\":1",
        "BDAY:1996-04-15",
        "BDAY:1604",
        "GEO:geo:48.2,16.3",
    ] {
        let card = card("4.0", plain);
        assert!(!card.is_mixed(), "{plain}");
        assert_eq!(shown(&card, Version::V4), card, "{plain}");
    }
}

#[test]
fn the_year_1604_is_none() {
    // Nextcloud drops Apple's parameter.
    to_v4("BDAY;VALUE=date:1604-10-04", "BDAY:--1004");
    to_v4(
        "item1.X-ABDATE:1604-10-04\r\nitem1.X-ABLabel:Met",
        "item1.X-ABDATE:--1004\r\nitem1.X-ABLabel:Met",
    );
    to_v3("BDAY:16041004", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-10-04");
    let card = card("4.0", "BDAY:16041004");
    assert_eq!(lines(&shown(&card, Version::V4)), "BDAY:--1004");
    both("BDAY:1603-10-04", "BDAY:16031004");
}

#[test]
fn a_relation_keeps_its_other_types() {
    to_v3(
        "RELATED;TYPE=\"spouse,emergency\";VALUE=text:Eve",
        "item1.X-ABRELATEDNAMES;TYPE=emergency:Eve\r\nitem1.X-ABLabel:_$!<Spouse>!$_",
    );
    to_v4(
        "item1.X-ABRELATEDNAMES;TYPE=emergency,pref:Eve\r\nitem1.X-ABLabel:_$!<Spouse>!$_",
        "RELATED;TYPE=spouse,emergency;VALUE=text;PREF=1:Eve",
    );
    // A label that others share, or that says something else, stays with its lines.
    for shared in [
        "item1.X-ABRELATEDNAMES:Eve\r\nitem1.TEL:1\r\nitem1.X-ABLabel:_$!<Spouse>!$_",
        "item1.RELATED;TYPE=spouse;VALUE=text:Eve\r\nitem1.X-ABLabel:Schatz",
    ] {
        both(shared, shared);
    }
}

#[test]
fn a_single_property_is_made_once() {
    to_v4(
        "X-ANNIVERSARY:2001-02-03\r\nitem1.X-ABDATE:2001-02-03\r\nitem1.X-ABLabel:_$!<Anniversary>!$_",
        "X-ANNIVERSARY:2001-02-03\r\nANNIVERSARY:20010203",
    );
    to_v4(
        "X-ABShowAs:COMPANY\r\nX-ADDRESSBOOKSERVER-KIND:group",
        "X-ABShowAs:COMPANY\r\nKIND:group",
    );
    let mixed = "KIND:group\r\nX-ADDRESSBOOKSERVER-KIND:group";
    both(mixed, mixed);
}

#[test]
fn a_name_is_sorted_by_one_text() {
    let v4 = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\nN;SORT-AS=\"Harten,Rene\":van der Harten;Rene;;;\r\nFN:Rene\r\nEND:VCARD\r\n";
    let document = Document::parse(v4.as_bytes()).expect("a card");
    let three = shown(&document, Version::V3);
    let text = String::from_utf8_lossy(three.as_bytes()).into_owned();
    assert!(text.contains("SORT-STRING:Harten\\,Rene\r\n"), "{text}");
    assert_eq!(shown(&three, Version::V4).as_bytes(), v4.as_bytes());
    for line in ["SORT-STRING:x\r\nNOTE:y", "NOTE:y\r\nSORT-STRING:x"] {
        let four = shown(&card("3.0", line), Version::V4);
        assert_eq!(four.first("N").and_then(|n| n.param("SORT-AS")), Some("x"));
        assert_eq!(four.all("SORT-STRING").count(), 0);
    }
}

/// Lines of one thing in version 3.0, `{g}` its group and `{t}` any text.
const IN_3: [&str; 23] = [
    "{g}.X-ABDATE:2001-02-03\n{g}.X-ABLabel:_$!<Anniversary>!$_",
    "{g}.X-ABDATE;type=pref:2001-02-04\n{g}.X-ABLabel:{t}",
    "{g}.X-ABRELATEDNAMES:{t}\n{g}.X-ABLabel:_$!<Spouse>!$_",
    "{g}.X-ABRELATEDNAMES;TYPE=pref:{t}\n{g}.X-ABLabel:_$!<Mother>!$_",
    "X-ABShowAs:COMPANY",
    "X-GENDER:{t}",
    "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15",
    "ADR;TYPE=home:;;{t};;;;\nLABEL;TYPE=home:{t}",
    "{g}.ADR;type=WORK;type=pref:;;{t};;;;\n{g}.X-ABADR:fr",
    "{g}.EMAIL;TYPE=INTERNET,pref:{t}\n{g}.X-ABLabel:{t}",
    "TEL;TYPE=CELL,VOICE,pref:{t}",
    "GEO:48.2010;16.3695",
    "REV:1995-10-31T22:27:10Z",
    "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ",
    "SOUND;VALUE=uri:CID:{t}",
    "KEY;VALUE=text:{t}",
    "NOTE:{t}",
    "X-PHONETIC-FIRST-NAME:{t}",
    "{g}.X-messaging/xmpp-All:{t}",
    "IMPP;X-SERVICE-TYPE=Skype;TYPE=HOME:skype:{t}",
    "RELATED;TYPE=friend:urn:uuid:{t}",
    "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:m1\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:m2",
    "GRAMGENDER:{t}",
];

/// The same in version 4.0.
const IN_4: [&str; 18] = [
    "KIND:org",
    "GENDER:O;{t}",
    "ANNIVERSARY:20090808T1430-0500",
    "RELATED;TYPE=spouse,emergency;VALUE=text:{t}",
    "RELATED;TYPE=friend:urn:uuid:{t}",
    "MEMBER:urn:uuid:m1\nMEMBER:mailto:{t}",
    "BDAY:--0415",
    "ADR;TYPE=home;LABEL=\"one^ntwo\":;;{t};;;;",
    "TEL;TYPE=cell,voice;PREF=1:{t}",
    "TEL;TYPE=work;VALUE=uri:tel:2024;phone-context=+4122",
    "X-Größe/{g}:{t}",
    "GEO:geo:48.2,16.3,183;u=35",
    "REV:19951031T222710Z",
    "PHOTO:data:image/jpeg;base64,/9j/4AAQ",
    "KEY;VALUE=uri:OPENPGP4FPR:{t}",
    "LANG;PREF=2:{t}",
    "X-ABLabel:{t}",
    "CLIENTPIDMAP:1;urn:uuid:{t}",
];

fn pool(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    let things = subsequence(of, 1..of.len()).prop_shuffle();
    (things, "[a-zé][a-z0-9é ]{0,30}[a-z]").prop_map(|(things, text)| {
        let numbered = things.iter().enumerate().map(|(at, thing)| {
            let group = format!("item{}", at + 1);
            thing.replace("{g}", &group).replace("{t}", &text)
        });
        numbered
            .collect::<Vec<_>>()
            .join("\n")
            .replace('\n', "\r\n")
    })
}

proptest! {
    #[test]
    fn edits_in_turn_leave_every_other_line_as_often_as_it_was(
        (version, lines) in prop_oneof![
            pool(&IN_3).prop_map(|lines| (Version::V3, lines)),
            pool(&IN_4).prop_map(|lines| (Version::V4, lines)),
        ],
    ) {
        let first = card(version.as_str(), &lines);
        let mut stored = first.clone();
        for round in 0..3 {
            for other in [Version::V4, Version::V3] {
                stored = renamed(&stored, other, &format!("Round {round}"));
                prop_assert_eq!(said(&shown(&stored, version)), said(&first));
            }
        }
    }
}

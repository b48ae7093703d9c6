//! Laws of documents: what is not touched stays, octet for octet.

use proptest::prelude::*;

use super::*;

const PLAIN: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nN:Martin;Alice;;;\r\nFN:Alice Martin\r\n\
    item1.EMAIL;TYPE=INTERNET:alice@example.org\r\nitem1.X-ABLabel:Club\r\nX-Odd;x=\"a;b\":keep\\, me\r\n\
    NOTE:one\\ntwo\r\nEND:VCARD\r\n";

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes()).expect("a card")
}

fn rendered(text: &str, version: Version) -> String {
    String::from_utf8(project(&parse(text), version, "made")).expect("UTF-8")
}

#[test]
fn a_clean_card_is_rendered_as_it_is() {
    let card = parse(PLAIN);
    assert!(card.is_clean());
    assert_eq!(card.as_bytes(), PLAIN.as_bytes());
    assert_eq!(rendered(PLAIN, Version::V3), PLAIN);
}

#[test]
fn lines_are_read_whatever_their_spelling() {
    let check = |line: &str, name: &str, expected: &str| {
        let card = parse(&format!(
            "BEGIN:VCARD\r\nVERSION:2.1\r\n{line}\r\nEND:VCARD\r\n"
        ));
        let found = card.first(name).expect(line);
        assert_eq!(found.text(), expected, "{line}");
    };
    check("fn:lower", "FN", "lower");
    check("item1.FN:grouped", "FN", "grouped");
    check(
        "FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Andr=E9",
        "FN",
        "André",
    );
    check("FN;ENCODING=QUOTED-PRINTABLE:Stra=C3=9Fe", "FN", "Straße");
    check("NOTE;QUOTED-PRINTABLE:one=\r\n two", "NOTE", "one two");
    check("URL:http\\://example.org", "URL", "http://example.org");
    check("NOTE:a\\Nb\\,c", "NOTE", "a\\Nb,c");
    check("X-A;P=\"q:r;s\":v", "X-A", "v");
    check("FN:fold\r\n ed", "FN", "folded");
    check("FN:fold\r\n\ted", "FN", "folded");
}

/// Its writers escape little: a path of Windows is not full of line breaks.
#[test]
fn a_backslash_of_version_2_1_stands_for_itself() {
    let text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Ten\\;Tin;Ada\\no\r\nNOTE:C:\\new\\temp\r\n\
        X-A;ENCODING=QUOTED-PRINTABLE:C:=5Cnew\r\nEND:VCARD\r\n";
    let card = parse(text);
    let stored = parse(&rendered(text, Version::V3));
    for card in [&card, &stored] {
        let text_of = |name: &str| card.first(name).map(|line| line.text());
        assert_eq!(text_of("NOTE").as_deref(), Some("C:\\new\\temp"));
        assert_eq!(text_of("X-A").as_deref(), Some("C:\\new"));
        let name = card.first("N").map(|line| line.components());
        let name = name.expect("a name");
        assert_eq!(name[..2], ["Ten;Tin", "Ada\\no"]);
    }
}

#[test]
fn what_is_no_card_is_refused_with_a_place() {
    for text in [
        "",
        "hello",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:b\r\nEND:VCARD\r\n",
    ] {
        assert!(Document::parse(text.as_bytes()).is_err(), "{text:?}");
    }
}

#[test]
fn a_value_of_blanks_is_folded_where_it_reads_back() {
    for blanks in [0, 1, 60, 70, 74, 75, 76, 150, 400] {
        for end in ["", "end"] {
            let text = format!("{}{}{end}", "a".repeat(70), " ".repeat(blanks));
            let card = parse(PLAIN);
            let at = card
                .lines()
                .iter()
                .position(|line| line.is("NOTE"))
                .unwrap_or(0);
            let mut edit = card.edit();
            edit.set_text(at, &text);
            let patched = edit.finish();
            assert_eq!(
                patched.first("NOTE").map(Line::text),
                Some(text),
                "{blanks}"
            );
        }
    }
}

#[test]
fn a_fold_inside_a_character_is_harmless() {
    let card = Document::parse(
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:\xC3\r\n \xA9t\xC3\xA9\r\nEND:VCARD\r\n",
    );
    assert_eq!(card.expect("a card").formatted_name(), "été");
}

#[test]
fn types_are_one_set_in_every_spelling() {
    for line in [
        "TEL;HOME;CELL:1",
        "TEL;TYPE=HOME,CELL:1",
        "TEL;TYPE=home;TYPE=cell:1",
        "TEL;TYPE=\"home,cell\":1",
    ] {
        let card = parse(&format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\n{line}\r\nEND:VCARD\r\n"
        ));
        assert_eq!(card.lines()[1].types(), ["home", "cell"], "{line}");
    }
}

#[test]
fn a_patch_touches_only_its_line() {
    let card = parse(PLAIN);
    let mut edit = card.edit();
    let at = card
        .lines()
        .iter()
        .position(|line| line.is("EMAIL"))
        .expect("EMAIL");
    edit.set_text(at, "alice@example.com");
    let patched = edit.finish();
    let expected = PLAIN.replace("alice@example.org", "alice@example.com");
    assert_eq!(patched.as_bytes(), expected.as_bytes());

    let mut edit = card.edit();
    edit.remove(at);
    let text = String::from_utf8(edit.finish().as_bytes().to_vec()).expect("UTF-8");
    assert!(!text.contains("item1"), "{text}");
    assert!(text.contains("X-Odd;x=\"a;b\":keep\\, me\r\n"));
}

#[test]
fn versions_convert_there_and_back() {
    // RFC 2426 and RFC 6350 forms of the same property.
    let check = |v3: &str, v4: &str| {
        let card = |version: &str, line: &str| {
            format!(
                "BEGIN:VCARD\r\nVERSION:{version}\r\nUID:u\r\nN:A;B;;;\r\nFN:B A\r\n{line}\r\nEND:VCARD\r\n"
            )
        };
        assert_eq!(
            rendered(&card("3.0", v3), Version::V4),
            card("4.0", v4),
            "to 4.0"
        );
        assert_eq!(
            rendered(&card("4.0", v4), Version::V3),
            card("3.0", v3),
            "to 3.0"
        );
    };
    check("TEL;TYPE=work,pref:1", "TEL;TYPE=work;PREF=1:1");
    check(
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ",
        "PHOTO:data:image/jpeg;base64,/9j/4AAQ",
    );
    check("BDAY:1996-04-15", "BDAY:19960415");
    check("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", "BDAY:--0415");
    check("GEO:37.386;-122.082", "GEO:geo:37.386,-122.082");
    check("X-ADDRESSBOOKSERVER-KIND:group", "KIND:group");
    check("X-ABShowAs:COMPANY", "KIND:org");
    check(
        "item1.X-ABDATE:2001-02-03\r\nitem1.X-ABLabel:_$!<Anniversary>!$_",
        "ANNIVERSARY:20010203",
    );
    check(
        "item1.X-ABRELATEDNAMES:Eve\r\nitem1.X-ABLabel:_$!<Spouse>!$_",
        "RELATED;TYPE=spouse;VALUE=text:Eve",
    );
}

#[test]
fn further_components_are_joined_unless_they_repeat_the_others() {
    let check = |line: &str, expected: &str| {
        let card = format!("BEGIN:VCARD\nVERSION:3.0\nUID:u\n{line}\nFN:A\nEND:VCARD\n");
        let v3 = rendered(&card, Version::V3);
        assert!(v3.contains(&format!("\r\n{expected}\r\n")), "{v3}");
    };
    check(
        "ADR:;;1 rue A;B;Lille;;59000;France",
        "ADR:;;1 rue A;B;Lille;;59000 France",
    );
    // As Google exports an address.
    check(
        "N:;;;;\nADR:;Bât. C;12 rue A;Lille;;59000;FR;12 rue A\\nBât. C\\n59000 Lille\\nFR",
        "ADR:;Bât. C;12 rue A;Lille;;59000;FR",
    );
    // RFC 9554 §2.1 and §2.2.
    check(
        "N:Public;John;;;Jr.;;Jr.\nADR:;;1 Main Street;Any Town;CA;9;US;;;;1;Main Street",
        "ADR:;;1 Main Street;Any Town;CA;9;US",
    );
    check("N:Public;John;;;Jr.;;Jr.", "N:Public;John;;;Jr.");
}

#[test]
fn what_was_written_as_text_has_one_end_a_line() {
    let card = "BEGIN:VCARD\r\r\nVERSION:3.0\r\r\nUID:u\r\r\nN:A;B;;;\r\r\nFN:B A\r\r\n\
        PHOTO;ENCODING=b;TYPE=JPEG:/9j/\r\r\n 4AAQ\r\r\nNOTE:two\r\r\n  words\r\r\nEND:VCARD\r\r\n";
    assert!(!parse(card).is_clean());
    assert_eq!(
        rendered(card, Version::V3),
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:A;B;;;\r\nFN:B A\r\n\
         PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\nNOTE:two words\r\nEND:VCARD\r\n"
    );
}

#[test]
fn a_picture_that_was_cut_off_is_a_picture_in_each_version() {
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:A;B;;;\r\nFN:B A\r\n\
        PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSk\r\nEND:VCARD\r\n";
    let v4 = rendered(card, Version::V4);
    assert!(
        v4.contains("PHOTO:data:image/jpeg;base64,/9j/4AAQSg==\r\n"),
        "{v4}"
    );
}

#[test]
fn repairs_appear_in_renderings_only() {
    let check = |card: &str, expected: &str| {
        assert!(!parse(card).is_clean(), "{card}");
        assert_eq!(rendered(card, Version::V3), expected);
    };
    check(
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:D=E9sir=E9e;A\nTEL;CELL:1\nEND:VCARD\n",
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A Désirée\r\nN:Désirée;A\r\nTEL;TYPE=CELL:1\r\nUID:made\r\nEND:VCARD\r\n",
    );
    check(
        "BEGIN:VCARD\r\nFN:x\u{1}y\r\nVERSION:3.0\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:xy;;;;\r\nFN:xy\r\nUID:made\r\nEND:VCARD\r\n",
    );
}

#[test]
fn merging_takes_what_only_one_side_changed() {
    let base = parse(PLAIN);
    let mine = parse(&PLAIN.replace("one\\ntwo", "mine"));
    let theirs = parse(&PLAIN.replace("alice@", "a.martin@"));
    let merged = merge(&base, &mine, &theirs);
    let text = String::from_utf8_lossy(merged.document.as_bytes()).into_owned();
    assert!(merged.taken && !merged.lost);
    assert!(
        text.contains("NOTE:mine") && text.contains("a.martin@"),
        "{text}"
    );

    let theirs = parse(&PLAIN.replace("one\\ntwo", "theirs"));
    let merged = merge(&base, &mine, &theirs);
    assert!(!merged.taken && merged.lost);
    assert_eq!(merged.document, theirs);
    assert_eq!(merge(&base, &base, &theirs).document, theirs);
}

#[test]
fn filters_follow_rfc_6352() {
    let check = |prop: PropFilter, expected: bool| {
        let filter = Filter {
            test: Test::AnyOf,
            props: vec![prop.clone()],
            ..Filter::default()
        };
        assert_eq!(matches(&filter, &parse(PLAIN), &[]), expected, "{prop:?}");
    };
    let text = |name: &str, text: &str, match_type, negate| PropFilter {
        name: name.into(),
        texts: vec![TextMatch {
            text: text.into(),
            match_type,
            negate,
            ..TextMatch::default()
        }],
        ..PropFilter::default()
    };
    check(text("FN", "ALICE", MatchType::StartsWith, false), true);
    check(text("fn", "martin", MatchType::EndsWith, false), true);
    check(text("FN", "alice", MatchType::Equals, false), false);
    check(text("EMAIL", "example", MatchType::Contains, false), true);
    check(
        text("item1.EMAIL", "example", MatchType::Contains, false),
        true,
    );
    check(
        text("item2.EMAIL", "example", MatchType::Contains, false),
        false,
    );
    check(text("EMAIL", "example", MatchType::Contains, true), false);
    check(text("N", "Martin", MatchType::Equals, false), true);
    check(
        PropFilter {
            name: "TEL".into(),
            is_not_defined: true,
            ..PropFilter::default()
        },
        true,
    );
    assert!(matches(&Filter::default(), &parse(PLAIN), &[]));
}

#[test]
fn a_type_is_compared_as_it_is_written_only_octet_by_octet() {
    let card = parse(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:;;;;\r\nFN:F\r\nEMAIL;TYPE=WORK:a@x.org\r\nEND:VCARD\r\n",
    );
    let found = |collation, text: &str| {
        let text = TextMatch {
            text: text.into(),
            collation,
            match_type: MatchType::Equals,
            negate: false,
        };
        let param = ParamFilter {
            name: "TYPE".into(),
            is_not_defined: false,
            text: Some(text),
        };
        let prop = PropFilter {
            name: "EMAIL".into(),
            params: vec![param],
            ..PropFilter::default()
        };
        let filter = Filter {
            props: vec![prop],
            ..Filter::default()
        };
        matches(&filter, &card, &[])
    };
    assert!(found(Collation::Octet, "WORK") && !found(Collation::Octet, "work"));
    for collation in [Collation::AsciiCasemap, Collation::UnicodeCasemap] {
        assert!(found(collation, "WORK") && found(collation, "work"));
    }
}

#[test]
fn a_part_with_a_group_is_of_that_group() {
    let card = parse(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:F\r\nitem1.EMAIL:a@x.org\r\nitem2.EMAIL:b@x.org\r\n\
         EMAIL:c@x.org\r\nEND:VCARD\r\n",
    );
    let lines = |name: &str| {
        let part = partial(&card, &[(name.to_owned(), false)]);
        String::from_utf8_lossy(&part).matches("EMAIL").count()
    };
    assert_eq!((lines("EMAIL"), lines("email")), (3, 3));
    assert_eq!((lines("item1.EMAIL"), lines("ITEM2.email")), (1, 1));
    assert_eq!(lines("item3.EMAIL"), 0);
}

#[test]
fn one_instance_of_a_property_has_all_that_is_asked_for() {
    let card = parse(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:;;;;\r\nFN:F\r\nEMAIL;TYPE=home:foo@x.org\r\n\
         EMAIL;TYPE=work:bar@y.org\r\nEMAIL:baz@z.org\r\nEND:VCARD\r\n",
    );
    let text = |text: &str, negate| TextMatch {
        text: text.into(),
        negate,
        ..TextMatch::default()
    };
    let param = |kind: Option<&str>| ParamFilter {
        name: "TYPE".into(),
        is_not_defined: kind.is_none(),
        text: kind.map(|kind| text(kind, false)),
    };
    let check = |test, texts: &[&TextMatch], params: &[ParamFilter], expected: bool| {
        let prop = PropFilter {
            name: "EMAIL".into(),
            test,
            texts: texts.iter().copied().cloned().collect(),
            params: params.to_vec(),
            ..PropFilter::default()
        };
        let filter = Filter {
            props: vec![prop.clone()],
            ..Filter::default()
        };
        assert_eq!(matches(&filter, &card, &[]), expected, "{prop:?}");
    };
    let (foo, bar) = (text("foo@x.org", false), text("bar@y.org", false));
    check(Test::AllOf, &[&foo], &[param(Some("work"))], false);
    check(Test::AllOf, &[&bar], &[param(Some("work"))], true);
    check(Test::AllOf, &[&foo, &bar], &[], false);
    check(Test::AnyOf, &[&foo], &[param(Some("fax"))], true);
    check(Test::AllOf, &[&bar], &[param(None)], false);
    check(Test::AllOf, &[], &[param(None)], true);
    // What is denied is denied to all of them.
    let (without_z, without_q) = (text("z.org", true), text("q.org", true));
    check(Test::AllOf, &[&without_z], &[param(Some("work"))], false);
    check(Test::AllOf, &[&without_q], &[param(Some("work"))], true);
    check(Test::AllOf, &[&without_q], &[param(Some("fax"))], false);
    check(Test::AnyOf, &[&without_z, &without_q], &[], true);
}

#[test]
fn unicode_casemap_ignores_case_beyond_ascii() {
    let wanted = TextMatch {
        text: "ÉLODIE".into(),
        ..TextMatch::default()
    };
    let filter = Filter {
        test: Test::AnyOf,
        props: vec![PropFilter {
            name: "FN".into(),
            texts: vec![wanted],
            ..PropFilter::default()
        }],
        ..Filter::default()
    };
    let card = parse("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:e\u{301}lodie\r\nEND:VCARD\r\n");
    assert!(matches(&filter, &card, &[]));
}

#[test]
fn a_blank_before_the_colon_of_begin_and_end_does_not_count() {
    let card = PLAIN
        .replace("BEGIN:", "BEGIN :")
        .replace("END:", "end\t: ");
    let read = parse(&card);
    assert!(!read.is_clean());
    assert_eq!(read.lines().len(), parse(PLAIN).lines().len());
    assert_eq!(rendered(&card, Version::V3), rendered(PLAIN, Version::V3));
    let file = format!("{card}{PLAIN}");
    assert_eq!(split_stream(file.as_bytes()).count(), 2);
    // Lines of a note that was broken into them neither begin nor end anything.
    let within = PLAIN.replace("END:", "Begin : 9h\r\nEnd : 10h\r\nTEL:1\r\nEND:");
    assert_eq!(parse(&within).all("TEL").last().expect("read").text(), "1");
    assert_eq!(
        split_stream(within.as_bytes()).next(),
        Some((0, within.as_bytes()))
    );
    // Nor do they in what clients are sent: what follows them is in it.
    for version in [Version::V3, Version::V4] {
        let shown = parse(&rendered(&within, version));
        assert_eq!(shown.all("TEL").last().expect("shown").text(), "1");
    }
}

#[test]
fn an_end_with_more_on_its_line_is_spelled_out_to_clients() {
    let card = PLAIN.replace("END:VCARD", "END:VCARD=0D=0A=");
    assert_eq!(rendered(&card, Version::V3), rendered(PLAIN, Version::V3));
}

#[test]
fn every_card_of_a_file_is_found() {
    let file = format!("{PLAIN}\r\njunk\r\n{PLAIN}");
    let found: Vec<usize> = split_stream(file.as_bytes()).map(|(at, _)| at).collect();
    assert_eq!(found, [0, PLAIN.len() + 8]);
    // A card without its end leaves the next one whole; a card in a card is its agent.
    let cut = "BEGIN:VCARD\r\nFN:cut\r\n";
    let agent = format!("BEGIN:VCARD\r\nitem1.agent;TYPE=x:\r\n{PLAIN}TEL:1\r\nEND:VCARD\r\n");
    let file = format!("{cut}{agent}{PLAIN}");
    let found: Vec<&[u8]> = split_stream(file.as_bytes())
        .map(|(_, card)| card)
        .collect();
    assert_eq!(found, [cut, &agent, PLAIN].map(str::as_bytes));
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut card = b"BEGIN:VCARD\r\nFN:x\r\n".to_vec();
        card.extend(&bytes);
        card.extend(b"\r\nEND:VCARD\r\n");
        for input in [&bytes, &card] {
            if let Ok(document) = Document::parse(input) {
                prop_assert_eq!(document.as_bytes(), &input[..]);
                for version in [Version::V3, Version::V4] {
                    let again = Document::parse(&project(&document, version, "u"));
                    prop_assert!(again.is_ok());
                }
            }
        }
    }

    #[test]
    fn an_edited_text_reads_back(text in "[ -~é\n]{0,200}") {
        let card = parse(PLAIN);
        let at = card.lines().iter().position(|line| line.is("NOTE")).unwrap_or(0);
        let mut edit = card.edit();
        edit.set_text(at, &text);
        let patched = edit.finish();
        prop_assert_eq!(patched.first("NOTE").map(Line::text), Some(text));
        prop_assert_eq!(patched.lines().len(), card.lines().len());
    }
}

#[test]
fn of_many_values_in_several_languages_each_is_said_once() {
    let mut card = String::from("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ada\r\n");
    for at in 0..4_900 {
        card.push_str(&format!("NOTE;ALTID={at};LANGUAGE=en:one\r\n"));
        card.push_str(&format!("NOTE;ALTID={at};LANGUAGE=fr:une\r\n"));
    }
    card.push_str("END:VCARD\r\n");
    let card = Document::parse(card.as_bytes()).expect("a card");
    assert_eq!(card.alternatives().len(), 4_900);
    let french = card.clone().spoken("fr");
    assert_eq!(french.as_bytes(), card.as_bytes());
    assert_eq!(french.all("NOTE").count(), 4_900);
    assert!(french.all("NOTE").all(|line| line.text() == "une"));
    let other = card.spoken("de");
    assert!(other.all("NOTE").all(|line| line.text() == "one"));
    assert_eq!(other.all("FN").count(), 1);
}

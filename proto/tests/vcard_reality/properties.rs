//! Versions, names, parameters and values.

use carnet_proto::vcard::{Kind, PartialDate, Version, project};

use super::{card, check, kept, raw, refused, repaired, shown};

#[test]
fn what_version_2_1_says_is_shown_in_terms_of_3() {
    for (lines, expected) in [
        (
            "LOGO;VALUE=URL:http://a.b/c.png",
            "LOGO;VALUE=uri:http://a.b/c.png",
        ),
        (
            "PHOTO;TYPE=image/jpeg;ENCODING=BASE64:/9j/4AAQ",
            "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ",
        ),
        ("PHOTO:/9j/4AAQ", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ"),
        ("URL;VALUE=URL:http://a.b", "URL;VALUE=uri:http://a.b"),
    ] {
        let document = raw(format!(
            "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Doe;Jo;;;\r\n{lines}\r\nEND:VCARD\r\n"
        ));
        let text = shown(&document);
        assert!(text.contains(&format!("\r\n{expected}\r\n")), "{text}");
        assert_eq!(shown(&raw(&text)), text);
        assert!(!raw(&text).is_mixed(), "{text}");
    }
}

#[test]
fn version_2_1_is_shown_as_3_0() {
    let document = raw("BEGIN:VCARD\r\nVERSION:2.1\r\nN:Doe;Jo\r\nFN:Jo\r\nEND:VCARD\r\n");
    assert_eq!(document.version(), "2.1");
    let text = shown(&document);
    assert!(text.starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\n"), "{text}");
    let edited = document.editable("made");
    assert_eq!(
        edited.as_bytes(),
        text.as_bytes(),
        "the first edit builds on what is shown"
    );
}

#[test]
fn version_missing_late_or_twice() {
    for lines in [
        "UID:u\r\nN:a;;;;\r\nFN:a",
        "UID:u\r\nN:a;;;;\r\nFN:a\r\nVERSION:3.0",
        "VERSION:3.0\r\nUID:u\r\nN:a;;;;\r\nFN:a\r\nVERSION:3.0",
    ] {
        let document = raw(format!("BEGIN:VCARD\r\n{lines}\r\nEND:VCARD\r\n"));
        assert_eq!(document.version(), "3.0");
        let expected = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:a;;;;\r\nFN:a\r\nEND:VCARD\r\n";
        assert_eq!(shown(&document), expected);
    }
}

#[test]
fn bare_type_parameters() {
    let document = card("TEL;HOME;CELL:1");
    let again = raw(shown(&document));
    let line = again.first("TEL").expect("TEL");
    assert_eq!(line.types(), ["home", "cell"]);
    assert!(line.params.iter().all(|param| param.name == "TYPE"));
    repaired(&document);
}

#[test]
fn types_in_a_list_repeated_or_quoted() {
    for line in [
        "TEL;TYPE=HOME,VOICE:1",
        "TEL;TYPE=HOME;TYPE=VOICE:1",
        "TEL;TYPE=\"home,voice\":1",
    ] {
        let document = card(line);
        assert_eq!(
            document.first("TEL").expect("TEL").types(),
            ["home", "voice"],
            "{line}"
        );
    }
}

#[test]
fn a_name_is_made_where_fn_is_missing() {
    for (lines, name) in [
        ("N:Doe;Jo;;Dr;", "Dr Jo Doe"),
        ("ORG:Acme;Sales", "Acme Sales"),
        ("NICKNAME:jo", "jo"),
        ("EMAIL:jo@example.org", "jo@example.org"),
        ("TEL:1", "1"),
        ("NOTE:x", "Unnamed"),
    ] {
        let document = raw(format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\n{lines}\r\nEND:VCARD\r\n"
        ));
        assert_eq!(document.formatted_name(), name);
        assert!(
            shown(&document).contains(&format!("\r\nFN:{name}\r\n")),
            "{lines}"
        );
        repaired(&document);
    }
}

#[test]
fn n_missing_in_3_0() {
    for version in ["3.0", "4.0"] {
        for (lines, n) in [
            ("FN:Jens Jensen\r\nORG:Acme", "Jensen;Jens;;;"),
            ("FN:Jensen\\, Jens", "Jensen;Jens;;;"),
            ("FN:Anne van Dam\r\nKIND:individual", "Anne van Dam;;;;"),
            ("FN:a", "a;;;;"),
            ("FN:A\\;B C", "C;A\\;B;;;"),
            // No person, or none that is named.
            ("FN:Acme Ltd\r\nORG:Acme Ltd", ";;;;"),
            ("FN:Acme Ltd\r\nORG:Acme;Ltd", ";;;;"),
            ("FN:Acme Ltd\r\nX-ABShowAs:COMPANY", ";;;;"),
            ("FN:Acme Ltd\r\nKIND:org", ";;;;"),
            ("FN:Room 5\r\nKIND:location", ";;;;"),
            ("FN:a@example.org\r\nEMAIL:a@example.org", ";;;;"),
            ("FN:01 23\r\nTEL:+33 1 23", ";;;;"),
            ("FN:Unnamed", ";;;;"),
            ("FN:\r\nNICKNAME:Addy Ten", ";;;;"),
            ("FN:Old Friends\r\nKIND:group", "Old Friends;;;;"),
        ] {
            let document = raw(format!(
                "BEGIN:VCARD\r\nVERSION:{version}\r\nUID:u\r\n{lines}\r\nEND:VCARD\r\n"
            ));
            let text = shown(&document);
            assert!(text.contains(&format!("\r\nN:{n}\r\n")), "{lines}: {text}");
            repaired(&document);
        }
    }
}

#[test]
fn a_name_without_parts_stays_so_in_an_edit_of_something_else() {
    let document = raw("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:Jens Jensen\r\nEND:VCARD\r\n");
    let edited = document.editable("made");
    assert!(edited.first("N").is_none());
    assert!(shown(&edited).contains("\r\nN:Jensen;Jens;;;\r\n"));
}

#[test]
fn empty_names_are_kept() {
    let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:;;;;\r\nFN:\r\nEND:VCARD\r\n";
    assert_eq!(shown(&raw(text)), text);
}

#[test]
fn properties_several_times() {
    let document = card("FN:Other\r\nBDAY:\r\nBDAY:1996-04-15\r\nREV:1\r\nREV:2");
    assert_eq!(document.formatted_name(), "Jo Doe");
    assert_eq!(document.first("BDAY").expect("BDAY").text(), "1996-04-15");
    assert_eq!(shown(&document).as_bytes(), document.as_bytes());
    let twice = card("UID:v");
    assert_eq!(twice.uid(), Some("u".to_owned()));
    assert!(shown(&twice).contains("\r\nX-CARNET-OTHER-UID:v\r\n"));
}

#[test]
fn no_uid_or_white_space_in_it() {
    for (line, uid) in [
        ("UID: u 1 ", Some("u 1")),
        ("UID:a\\nb", Some("ab")),
        ("UID:", None),
        ("NOTE:x", None),
    ] {
        let document = raw(format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:a;;;;\r\nFN:a\r\n{line}\r\nEND:VCARD\r\n"
        ));
        assert_eq!(document.uid().as_deref(), uid, "{line}");
        let line = format!("\r\nUID:{}\r\n", uid.unwrap_or("made"));
        assert!(shown(&document).contains(&line));
    }
}

#[test]
fn over_escaped_commas_are_decoded_once() {
    let document = card("NOTE:a\\\\,b\r\nORG:2\\;Test\\;Contact\\;\\;;;;;");
    assert_eq!(document.first("NOTE").expect("NOTE").text(), "a\\,b");
    let org = document.first("ORG").expect("ORG").components();
    assert_eq!(org[0], "2;Test;Contact;;");
    assert_eq!(shown(&document).as_bytes(), document.as_bytes());
}

#[test]
fn unescaped_commas_are_one_value() {
    check(&card("NOTE:a, b,c"), "NOTE", "a, b,c", "NOTE:a, b,c");
    assert_eq!(
        card("ORG:A, B").first("ORG").expect("ORG").components(),
        ["A, B"]
    );
}

#[test]
fn unescaped_semicolons_are_components() {
    let document = card("ADR:;;Street;Town;;;Land;more;still");
    assert_eq!(document.first("ADR").expect("ADR").components().len(), 9);
    assert_eq!(shown(&document).as_bytes(), document.as_bytes());
}

#[test]
fn lower_case_names_and_odd_escapes() {
    let document = card("note:a\\Nb\r\nurl:http\\://example.org");
    assert_eq!(document.first("NOTE").expect("NOTE").text(), "a\nb");
    assert_eq!(
        document.first("URL").expect("URL").text(),
        "http://example.org"
    );
    assert_eq!(shown(&document).as_bytes(), document.as_bytes());
}

#[test]
fn groups_with_labels_keep_their_pairs() {
    kept(
        "item1.TEL:1\r\nitem1.X-ABLabel:_$!<Home>!$_\r\nitem1.URL:http://a\r\nIM.X-AIM:x\r\nhome.EMAIL:a@b",
    );
}

#[test]
fn properties_of_apple_and_android() {
    kept("item1.X-ABDATE;type=pref:2001-02-03\r\nX-ABRELATEDNAMES:Eve\r\nX-ABADR:us");
    kept("X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;jo;1;;;;;;;;;;;;;");
}

#[test]
fn an_embedded_agent_does_not_end_the_card() {
    let document = raw(
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Outer\r\nAGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nN:Inner\r\nEND:VCARD\r\nTEL:1\r\nX-MS-CARDPICTURE:x\r\nEND:VCARD\r\n",
    );
    assert_eq!(document.formatted_name(), "Outer");
    check(&document, "TEL", "1", "TEL:1");
    assert_eq!(document.all("N").count(), 1);
    assert!(document.has_nested());
    let agent = "BEGIN:VCARD\nVERSION:2.1\nN:Inner\nEND:VCARD\n";
    check(
        &document,
        "AGENT",
        agent,
        "AGENT:BEGIN:VCARD\\nVERSION:2.1\\nN:Inner\\nEND:VCARD\\n",
    );
    let mut edit = document.edit();
    edit.remove(2);
    let without = edit.finish();
    assert!(without.first("AGENT").is_none() && !without.has_nested());
    assert_eq!(
        without.first("TEL").map(|line| line.text()),
        Some("1".to_owned())
    );
}

#[test]
fn properties_of_google_and_em_client() {
    kept(
        "item1.EMAIL:a@b\r\nitem1.X-ABLabel:\r\nNOTE:a\\nb\r\nIMPP;X-SERVICE-TYPE=Jabber:xmpp:a@b",
    );
    kept("NICKNAME;SORT-AS=\"Doe,Jo\":x");
}

#[test]
fn birthdays_in_every_form() {
    for (value, date) in [
        ("--0415", Some("--0415")),
        ("19960415", Some("19960415")),
        ("1996-04-15", Some("19960415")),
        ("1996-04-15T00:00:00Z", Some("19960415")),
        ("in spring", None),
    ] {
        kept(&format!("BDAY:{value}"));
        let read = PartialDate::parse(value).map(|date| date.basic());
        assert_eq!(read.as_deref(), date, "{value}");
    }
    kept("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15");
}

#[test]
fn garbage_in_rev_is_kept() {
    kept("REV:strange-rev");
}

#[test]
fn telephone_numbers_as_uris() {
    let text = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\nFN:a\r\nTEL;VALUE=uri;TYPE=\"voice,home\":tel:+1-555-555-5555;ext=5555\r\nEND:VCARD\r\n";
    let document = raw(text);
    assert_eq!(project(&document, Version::V4, "made"), text.as_bytes());
    assert_eq!(
        document.first("TEL").expect("TEL").text(),
        "tel:+1-555-555-5555;ext=5555"
    );
}

#[test]
fn pictures_in_every_form() {
    for line in [
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ",
        "PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ",
        "PHOTO;VALUE=uri:data:image/jpeg;base64,/9j/4AAQ",
        "PHOTO:data:image/jpeg;base64\\,/9j/4AAQ",
        "PHOTO;BASE64:\r\n /9j/\r\n 4AAQ",
    ] {
        let photo = card(line).photo();
        let inline = matches!(&photo, Some(carnet_proto::vcard::Binary::Inline { media_type, octets })
            if media_type == "image/jpeg" && octets[..] == [0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10]);
        assert!(inline, "{line}: {photo:?}");
    }
    let far = card("PHOTO;VALUE=uri:http://example.org/a.jpg").photo();
    assert!(matches!(far, Some(carnet_proto::vcard::Binary::Uri(_))));
}

#[test]
fn control_characters_are_not_shown() {
    let document = card("NOTE:a\u{0}b\u{1}c");
    assert!(shown(&document).contains("\r\nNOTE:abc\r\n"));
    repaired(&document);
}

#[test]
fn junk_lines_are_kept_and_not_shown() {
    let document = card("this is no property\r\nNOTE:x");
    assert!(!shown(&document).contains("no property"));
    repaired(&document);
}

#[test]
fn a_missing_end() {
    let document = raw("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:a;;;;\r\nFN:a\r\n");
    assert!(shown(&document).ends_with("END:VCARD\r\n"));
    repaired(&document);
}

#[test]
fn text_before_and_after() {
    let document = raw(
        "Dear all\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:a;;;;\r\nFN:a\r\nEND:VCARD\r\nbye\r\n",
    );
    assert!(shown(&document).starts_with("BEGIN:VCARD"));
    repaired(&document);
}

#[test]
fn several_cards_are_refused() {
    let one = "BEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\n";
    refused(format!("{one}{one}").as_bytes(), "a second vCard begins");
}

#[test]
fn calendars_are_refused() {
    refused(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "no vCard begins");
    refused(b"[\"vcard\", []]", "no BEGIN:VCARD");
}

#[test]
fn too_many_lines_are_refused() {
    let card = |lines: usize| {
        // With the one that says the version.
        let lines = "NOTE:x\r\n".repeat(lines - 1);
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{lines}END:VCARD\r\n")
    };
    raw(card(10_000));
    refused(card(10_001).as_bytes(), "more than 10,000 lines");
}

#[test]
fn caret_escapes_in_parameters() {
    let document = card("ADR;LABEL=\"a^nb^^c^'d\":;;s;;;;");
    assert_eq!(
        document.first("ADR").expect("ADR").param("LABEL"),
        Some("a\nb^c\"d")
    );
    // Another version writes it anew.
    let v4 = String::from_utf8(project(&document, Version::V4, "made")).expect("UTF-8");
    let again = raw(&v4);
    assert_eq!(
        again.first("ADR").expect("ADR").param("LABEL"),
        Some("a\nb^c\"d"),
        "{v4}"
    );
}

#[test]
fn separators_in_quoted_parameters() {
    let document = card("X-A;P=\"a:b;c,d\";TYPE=home:v");
    let line = document.first("X-A").expect("X-A");
    assert_eq!(
        (line.param("P"), line.text().as_str()),
        (Some("a:b;c,d"), "v")
    );
    assert_eq!(line.types(), ["home"]);
}

#[test]
fn text_is_not_normalised() {
    kept("NOTE:😀 e\u{301} \u{202B}שלום\u{202C}");
}

#[test]
fn a_group_is_told_by_either_property() {
    assert_eq!(card("X-ADDRESSBOOKSERVER-KIND:group").kind(), Kind::Group);
    assert_eq!(card("KIND:GROUP").kind(), Kind::Group);
}

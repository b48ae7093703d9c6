//! Octets: line ends, folds, base64, character sets.

use carnet_proto::vcard::{Document, Version, project};

use super::{card, check, kept, raw, repaired, shown};

#[test]
fn bare_lf_bare_cr_and_mixed_line_ends() {
    for end in ["\n", "\r", "\r\n"] {
        let text = [
            "BEGIN:VCARD",
            "VERSION:3.0\r\nUID:u",
            "N:a;;;;",
            "FN:a",
            "END:VCARD",
            "",
        ];
        let document = raw(text.join(end));
        assert_eq!(document.formatted_name(), "a", "{end:?}");
        let expected = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:a;;;;\r\nFN:a\r\nEND:VCARD\r\n";
        assert_eq!(shown(&document), expected);
    }
}

#[test]
fn folding_in_the_middle_of_a_character() {
    let document = raw(b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:a;;;;\r\nFN:J\xC3\r\n \xA9r\xC3\xB4me\r\nEND:VCARD\r\n");
    assert_eq!(document.formatted_name(), "Jérôme");
    assert!(shown(&document).contains("FN:Jérôme\r\n"));
}

#[test]
fn folds_with_tab_and_with_several_blanks() {
    let document = card("NOTE:a\r\n\tb\r\n  c");
    assert_eq!(document.first("NOTE").expect("NOTE").text(), "ab c");
}

#[test]
fn a_fold_inside_a_soft_break() {
    let document = card("NOTE;ENCODING=QUOTED-PRINTABLE:a=\r\nb=\r\n c=0D=0Ad");
    check(&document, "NOTE", "ab c\r\nd", "NOTE:ab c\\nd");
    repaired(&document);
}

#[test]
fn long_lines_without_folding() {
    let note = "x".repeat(200_000);
    let document = card(&format!("NOTE:{note}"));
    assert_eq!(document.first("NOTE").expect("NOTE").text(), note);
    assert!(document.is_clean());
}

#[test]
fn blank_lines_and_base64_ended_by_one() {
    let document = raw(
        "BEGIN:VCARD\r\nVERSION:2.1\r\n\r\nN:a\r\nPHOTO;JPEG;ENCODING=BASE64:\r\n /9j/4AAQ\r\n SkZJ\r\n\r\nTEL:1\r\nEND:VCARD\r\n",
    );
    assert!(document.photo().is_some());
    check(&document, "TEL", "1", "TEL:1");
    repaired(&document);
}

/// Of vCard 2.1, where an empty line ends them; some programs write them so in 3.0, and indent all
/// but the first.
#[test]
fn base64_that_is_not_indented_is_whole() {
    let octets = [0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10, 0x4A, 0x46, 0x49];
    for (version, photo) in [
        (
            "2.1",
            "PHOTO;ENCODING=BASE64;JPEG:\r\n/9j/4AAQ\r\nSkZJ\r\n\r\n",
        ),
        ("2.1", "PHOTO;JPEG;BASE64:/9j/4A\r\nAQSkZJ\r\n"),
        (
            "3.0",
            "PHOTO;ENCODING=b;TYPE=JPEG:/9j/\r\n4AAQ\r\n Sk\r\n ZJ\r\n",
        ),
    ] {
        let document = raw(format!(
            "BEGIN:VCARD\r\nVERSION:{version}\r\nN:Doe;Jo;;;\r\n{photo}EMAIL:a@b\r\nEND:VCARD\r\n"
        ));
        let whole = |document: &Document| {
            let photo = document.photo();
            matches!(&photo, Some(carnet_proto::vcard::Binary::Inline { octets: found, .. })
                if found[..] == octets)
        };
        assert!(whole(&document), "{photo}");
        assert!(!document.has_unread(), "{photo}");
        check(&document, "EMAIL", "a@b", "EMAIL:a@b");
        repaired(&document);
        for version in [Version::V3, Version::V4] {
            assert!(whole(&raw(project(&document, version, "made"))), "{photo}");
        }
        assert!(whole(&document.editable("made")), "{photo}");
        let mut edit = document.edit();
        let at = document.lines().iter().position(|line| line.is("PHOTO"));
        edit.remove(at.expect("PHOTO"));
        assert!(!edit.finish().has_unread(), "the lines go with it: {photo}");
    }
    let document = card("NOTE:one\r\ntwo");
    assert!(document.has_unread(), "a text has no such lines");
}

#[test]
fn a_value_goes_on_after_a_fold_of_blanks_alone() {
    let document = card("NOTE:Name\r\n            \r\n  Value\r\n \r\n goes on\r\nTEL:1");
    let note = format!("Name{}Valuegoes on", " ".repeat(12));
    assert_eq!(document.first("NOTE").expect("NOTE").text(), note);
    assert_eq!(document.first("TEL").expect("TEL").text(), "1");
    assert!(document.is_clean());
    assert_eq!(shown(&document).as_bytes(), document.as_bytes());
    // Blanks at its end are those of an empty line.
    let document = card("NOTE:Name\r\n   \r\n\t\r\nTEL:1");
    check(&document, "NOTE", "Name", "NOTE:Name");
    assert_eq!(document.first("TEL").expect("TEL").text(), "1");
    repaired(&document);
}

#[test]
fn names_with_other_characters_are_given_back() {
    for line in [
        "X-messaging/xmpp-All:jo@jabber.org",
        "X-Größe;TYPE=home:5",
        "item1.X-PHONETIC/FIRST:x",
        "X-A+B:=3D",
    ] {
        kept(line);
        let document = card(line);
        assert!(!document.has_unread());
        let v4 = raw(project(&document, Version::V4, "made"));
        let lines = |document: &Document| document.lines().last().map(|line| line.name.clone());
        assert_eq!(lines(&v4), lines(&document), "{line}");
        assert_eq!(project(&v4, Version::V3, "made"), document.as_bytes());
    }
    for line in ["see also: this", "\"X-A\":1", ":1", "X\u{1}:1"] {
        let document = card(line);
        assert!(document.has_unread(), "{line}");
        repaired(&document);
    }
}

/// RFC 2426 §5 and §2.4.2, so that the card is the same when a client sends it back.
#[test]
fn a_byte_order_mark() {
    let document =
        raw("\u{FEFF}BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:a;;;;\r\nFN:a\r\nEND:VCARD\r\n");
    assert!(shown(&document).starts_with("BEGIN:VCARD"));
    repaired(&document);
}

#[test]
fn bytes_that_are_not_utf_8() {
    let document =
        raw(b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:a;;;;\r\nFN:Andr\xE9\r\nEND:VCARD\r\n");
    check(&document, "FN", "André", "FN:André");
    repaired(&document);
}

#[test]
fn a_declared_charset() {
    let document = raw(
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:a\r\nFN;CHARSET=ISO-8859-2:\xB9\xE8\r\nEND:VCARD\r\n",
    );
    check(&document, "FN", "šč", "FN:šč");
}

#[test]
fn quoted_printable_in_2_1_and_wrongly_in_3_0() {
    for version in ["2.1", "3.0"] {
        let document = raw(format!(
            "BEGIN:VCARD\r\nVERSION:{version}\r\nN:a\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=A9t=C3=A9\r\nEND:VCARD\r\n"
        ));
        check(&document, "FN", "été", "FN:été");
    }
}

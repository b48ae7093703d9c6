//! Notes and pictures.

use super::*;

/// A picture nobody can compress, in a format.
fn noise(edge: u32, format: image::ImageFormat) -> Vec<u8> {
    let mut state = 1u32;
    let picture = image::RgbImage::from_fn(edge, edge * 3 / 4, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, format).expect("a picture");
    out.into_inner()
}

#[test]
fn pictures_are_kept_as_sent_and_shown_small() {
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let stored = Kept::put(&card(&["N:M;;;;", "FN:M"]));
    for format in [Jpeg, Png, Gif, WebP, Bmp, Tiff] {
        let original = noise(500, format);
        let sent = data(&[
            (c::PICTURE, &STANDARD.encode(&original)),
            (c::LAST_NAME, "M"),
        ]);
        let after = stored.edited(&sent, &v(161), &Supported::Absent);
        let photo = Document::parse(after.card.as_bytes())
            .expect("a card")
            .photo();
        let Some(carnet_proto::vcard::Binary::Inline { octets, .. }) = photo else {
            panic!("{format:?}: no picture");
        };
        assert!(octets == original, "{format:?}: the original is stored");
        let text = after.value(c::PICTURE).expect("a picture");
        assert!(!text.contains(['\r', '\n']));
        let small = STANDARD.decode(&text).expect("base64");
        assert!(small.len() <= 36_864, "{format:?} {}", small.len());
        let reader = image::ImageReader::with_format(std::io::Cursor::new(&small), Jpeg);
        let (width, height) = reader.into_dimensions().expect("a JPEG");
        assert!(
            (360..=720).contains(&width.max(height)),
            "{format:?} {width}"
        );
        // The echo of the small one keeps the original, line breaks or not.
        let broken = format!("{}\r\n{}", &text[..76], &text[76..]);
        for echo in [&text, &broken] {
            let echo = data(&[(c::PICTURE, echo), (c::LAST_NAME, "M")]);
            let again = after.edited(&echo, &v(161), &Supported::Absent);
            assert!(again == after, "{format:?}");
        }
    }
    // Absent keeps, in every version; empty clears, but for iOS beside other changes.
    let small = STANDARD.encode(noise(40, Jpeg));
    let with_picture = stored.changed(&[(c::PICTURE, &small)]);
    assert_eq!(
        with_picture.value(c::PICTURE),
        Some(small),
        "small enough: as it is"
    );
    for version in [121, 141, 161] {
        let listed = Supported::Listed(vec![c::PICTURE]);
        let after = with_picture.edited(&data(&[(c::LAST_NAME, "D")]), &v(version), &listed);
        assert!(after.value(c::PICTURE).is_some(), "{version}");
    }
    let ios = View {
        stray_picture: true,
        ..v(161)
    };
    let empty = data(&[(c::PICTURE, ""), (c::LAST_NAME, "D")]);
    let after = with_picture.edited(&empty, &ios, &Supported::Absent);
    assert!(after.value(c::PICTURE).is_some());
    let alone = data(&[(c::PICTURE, ""), (c::LAST_NAME, "M")]);
    for (sent, view) in [(&alone, &ios), (&empty, &v(161))] {
        let after = with_picture.edited(sent, view, &Supported::Absent);
        assert_eq!(after.value(c::PICTURE), None);
    }
    // 5 MB are taken; of more, the rest of the edit is, and its author is told.
    let mut large = noise(40, Jpeg);
    large.resize(5 * 1024 * 1024, 0xFF);
    let five = STANDARD.encode(&large);
    let edited = |picture: &str| {
        let sent = data(&[(c::PICTURE, picture), (c::LAST_NAME, "D")]);
        let edit = contact().edit(&sent, &v(161), &Supported::Absent);
        let before = (with_picture.card.as_bytes(), &with_picture.beside);
        let made = edit.apply_beside(before.0, before.1).expect("applied");
        let is_told = edit.alters(&made, before.1);
        (String::from_utf8(made).expect("UTF-8"), is_told)
    };
    let photo = |card: &str| Document::parse(card.as_bytes()).expect("a card").photo();
    let (card, is_told) = edited(&five);
    assert!(!is_told && photo(&card) != photo(&with_picture.card));
    let lines = five
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).expect("ASCII"));
    assert_eq!(edited(&lines.collect::<Vec<_>>().join("\r\n")).0, card);
    for unfit in [&format!("{five}AAAA")[..], &five.repeat(2), "no base64!"] {
        let (card, is_told) = edited(unfit);
        assert!(is_told && card.contains("N:D;"), "{}", &card[..200]);
        assert_eq!(photo(&card), photo(&with_picture.card));
    }
}

#[test]
fn a_note_is_cut_and_its_tail_kept() {
    let long = "é".repeat(600) + "\\nend";
    let stored = Kept::put(&card(&["N:M;;;;", "FN:M", &format!("NOTE:{long}")]));
    let view = View {
        cut: Cut {
            truncation: Some(501),
            ..Cut::default()
        },
        ..View::default()
    };
    let shown = stored.shown(&view);
    let note = shown.child(base::BODY).expect("a body");
    let cut = note.text_of(base::DATA).expect("text");
    assert_eq!(cut, "é".repeat(250), "at a character");
    assert_eq!(note.text_of(base::TRUNCATED).as_deref(), Some("1"));
    assert_eq!(
        note.text_of(base::ESTIMATED_DATA_SIZE).as_deref(),
        Some("1205")
    );
    let same = with(data(&[]), body(&cut));
    assert_eq!(stored.edited(&same, &view, &Supported::Absent), stored);
    let other = with(data(&[]), body("new"));
    let after = stored.edited(&other, &view, &Supported::Absent);
    let note = Document::parse(after.card.as_bytes()).expect("a card");
    let text = note.first("NOTE").expect("a note").text();
    assert_eq!(text, format!("new{}\nend", "é".repeat(350)));
    // A whole note is not marked; an absent or empty one is left out.
    let whole = stored.shown(&View::default());
    assert!(
        whole
            .child(base::BODY)
            .is_some_and(|b| b.child(base::TRUNCATED).is_none())
    );
    let without = Kept::put(&card(&["N:M;;;;", "FN:M", "NOTE:"]));
    assert!(without.shown(&view).child(base::BODY).is_none());
    // Cleared only with a Type and empty Data.
    let short = Kept::put(&card(&["N:M;;;;", "FN:M", "NOTE:one"]));
    for (sent, kept) in [
        (body(""), false),
        (parent(base::BODY, [element(base::TYPE, "1")]), true),
        (parent(base::BODY, [element(base::DATA, "")]), true),
        (element(base::BODY, ""), true),
    ] {
        let sent = with(data(&[(c::LAST_NAME, "M")]), sent);
        let after = short.edited(&sent, &v(161), &Supported::Absent);
        assert_eq!(after.card.contains("NOTE:one"), kept, "{}", sent.dump());
    }
    // A client that takes HTML alone gets HTML, and its HTML becomes text.
    let html = View {
        cut: Cut {
            html: true,
            ..Cut::default()
        },
        ..View::default()
    };
    let angled = Kept::put(&card(&["N:M;;;;", "FN:M", "NOTE:a < b\\nc"]));
    let shown = angled.shown(&html);
    let note = shown.child(base::BODY).expect("a body");
    assert_eq!(note.text_of(base::TYPE).as_deref(), Some("2"));
    let sent = note.text_of(base::DATA).expect("HTML");
    assert_eq!(sent, "<html><body>a &lt; b<br>c</body></html>");
    assert_eq!(angled.edited(&shown, &html, &Supported::Absent), angled);
}

#[test]
fn a_picture_a_device_was_never_shown_is_not_its_to_remove() {
    let unreadable = STANDARD.encode(b"\0\0\0\x1Cftypheic\0\0\0\0mif1heic");
    let photos = [
        "PHOTO;VALUE=uri:https://example.org/p.jpg".to_owned(),
        format!("PHOTO;ENCODING=b;TYPE=HEIC:{unreadable}"),
    ];
    let sent = data(&[(c::MOBILE_PHONE_NUMBER, "+33 6"), (c::PICTURE, "")]);
    let ios = |version| View {
        stray_picture: true,
        ..v(version)
    };
    for photo in &photos {
        let stored = Kept::put(&card(&["N:M;;;;", "FN:M", photo]));
        for view in [v(141), ios(141), ios(161)] {
            let after = stored.edited(&sent, &view, &Supported::Absent);
            assert!(after.card.contains(photo), "{}", after.card);
            assert!(after.card.contains("+33 6"), "{}", after.card);
            let alone = data(&[(c::LAST_NAME, "M"), (c::PICTURE, "")]);
            assert_eq!(stored.edited(&alone, &view, &Supported::Absent), stored);
        }
        // One it has is put in its place.
        let small = STANDARD.encode(noise(40, image::ImageFormat::Jpeg));
        let after = stored.changed(&[(c::PICTURE, &small)]);
        assert_eq!(after.value(c::PICTURE), Some(small));
    }
}

#[test]
fn what_is_no_picture_or_no_plain_note_is_left_out_and_its_author_told() {
    let stored = Kept::put(&card(&["N:M;;;;", "FN:M", "NOTE:kept", "TITLE:Pilot"]));
    let rich = |kind: &str| {
        parent(
            base::BODY,
            [
                element(base::TYPE, kind),
                element(base::DATA, "{\\rtf1 another}"),
            ],
        )
    };
    let garbage = STANDARD.encode("not a picture");
    for sent in [
        element(c::PICTURE, &garbage),
        rich("3"),
        rich("4"),
        element(c::COMPRESSED_RTF, "QUJD"),
    ] {
        let name = sent.dump();
        let is_note = sent.tag != c::PICTURE;
        let whole = with(
            data(&[(c::LAST_NAME, "D"), (c::JOB_TITLE, "Pilot")]),
            sent.clone(),
        );
        assert_eq!(contact().unkept(&whole).is_some(), is_note, "{name}");
        let edit = contact().edit(&whole, &v(161), &Supported::Absent);
        let made = edit
            .apply_beside(stored.card.as_bytes(), &[])
            .expect("applied");
        let text = String::from_utf8(made.clone()).expect("UTF-8");
        assert_eq!(
            text,
            stored.card.replace("N:M;", "N:D;").replace("FN:M", "FN:D")
        );
        assert!(edit.alters(&made, &[]), "{name}");
        // By itself it says nothing that would clear what is left out.
        let alone = with(data(&[]), sent);
        assert_eq!(
            stored.edited(&alone, &v(161), &Supported::Absent),
            stored,
            "{name}"
        );
    }
    // Beside a plain note it is the same note once more.
    let both = with(
        with(data(&[]), body("plain")),
        element(c::COMPRESSED_RTF, "QUJD"),
    );
    let after = stored.edited(&both, &v(141), &Supported::Absent);
    assert!(after.card.contains("NOTE:plain\r\n"), "{}", after.card);
    // What is kept for its author is without the picture.
    let words = contact().unkept(&with(
        with(data(&[]), rich("3")),
        element(c::PICTURE, &garbage),
    ));
    assert!(words.expect("words").child(c::PICTURE).is_none());
}

#[test]
fn a_note_of_blanks_is_none() {
    let without = Kept::put(&card(&["N:M;;;;", "FN:M"]));
    let with_note = Kept::put(&card(&["N:M;;;;", "FN:M", "NOTE:one"]));
    for blank in ["\r\n", " ", "\n\n"] {
        let sent = with(data(&[]), body(blank));
        assert_eq!(without.edited(&sent, &v(141), &Supported::Absent), without);
        assert_eq!(
            with_note.edited(&sent, &v(141), &Supported::Absent),
            without
        );
    }
}

#[test]
fn a_client_that_keeps_what_is_left_out_is_told_what_is_not_there() {
    let stored = Kept::put(&card(&["N:Martin;;;;", "FN:Martin", "TEL;TYPE=CELL:333"]));
    let view = |version| View {
        names_absent: true,
        ..v(version)
    };
    let shown = stored.shown(&view(141));
    assert_eq!(shown.text_of(c::LAST_NAME).as_deref(), Some("Martin"));
    assert_eq!(
        shown.text_of(c::MOBILE_PHONE_NUMBER).as_deref(),
        Some("333")
    );
    for tag in [
        c::FIRST_NAME,
        c::BIRTHDAY,
        c::HOME_ADDRESS_CITY,
        c::CATEGORIES,
        c::CHILDREN,
        c::PICTURE,
        c2::NICK_NAME,
        c2::IM_ADDRESS,
    ] {
        assert_eq!(
            shown.text_of(tag).as_deref(),
            Some(""),
            "{:?}",
            tag.full_name()
        );
    }
    let note = shown.child(base::BODY).expect("a body");
    assert_eq!(note.text_of(base::DATA).as_deref(), Some(""));
    assert!(stored.shown(&view(25)).child(c::BODY).is_some());
    // Sent back it changes nothing.
    assert_eq!(
        stored.edited(&shown, &view(141), &Supported::Absent),
        stored
    );
    // Who has no name to be sorted by keeps the one the client made.
    let nameless = Kept::put(&card(&["N:;;;;", "FN:Unnamed"]));
    assert!(nameless.shown(&view(141)).child(c::FILE_AS).is_none());
    let full = Kept::put(&card(&["N:M;;;;", "FN:M", "NOTE:one", "CATEGORIES:a"]));
    assert_eq!(full.shown(&view(141)).children_of(base::BODY).count(), 1);
}

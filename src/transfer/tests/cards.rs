//! vCards: those that are cut or too large, and what other programs invented.

use super::*;

#[test]
fn lines_of_an_address_of_version_2_1_stay_lines() {
    let text = "BEGIN:VCARD\nVERSION:2.1\nN:Ng\n\
        ADR;HOME;ENCODING=QUOTED-PRINTABLE:;;1 rue A=0D=0Abat. B;Lille;;59000;France;1 rue A=0D=0A59000 Lille\n\
        END:VCARD\n";
    let file = table(text, &Options::default());
    let Outcome::Card(made) = &file.entries[0].outcome else {
        panic!("a card");
    };
    let card = Document::parse(&made.card).expect("a card");
    let address = card.first("ADR").expect("an address").components();
    assert_eq!(address[2].replace("\r\n", "\n"), "1 rue A\nbat. B");
}

#[test]
fn a_card_without_its_end_is_skipped_and_the_next_ones_are_read() {
    let text = "BEGIN:VCARD\nVERSION:3.0\nFN:Cut\nBEGIN:VCARD\nVERSION:3.0\nFN:Whole\nEND:VCARD\n\
        BEGIN:VCARD\nVERSION:2.1\nN:Boss\nAGENT:\nBEGIN:VCARD\nVERSION:2.1\nN:Aide\nEND:VCARD\n\
        TEL:1\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:Last\nEND:VCARD\n";
    let file = table(text, &Options::default());
    let found: Vec<(u64, &str)> = file
        .entries
        .iter()
        .map(|entry| match &entry.outcome {
            Outcome::Card(made) => (entry.line, made.name.as_str()),
            Outcome::Skipped(reason) => (entry.line, reason.as_str()),
            Outcome::Group(_) => (entry.line, "a list"),
        })
        .collect();
    let expected = [(1, "broken"), (4, "Whole"), (8, "Boss"), (18, "Last")];
    assert_eq!(found, expected);
    assert_eq!(contacts(&file)[1].phones[0].text, "1");
    let Outcome::Card(made) = &file.entries[2].outcome else {
        panic!("a card");
    };
    let boss = Document::parse(&made.card).expect("a card");
    let aide = boss.first("AGENT").map(|line| line.text());
    let expected = "BEGIN:VCARD\nVERSION:2.1\nN:Aide\nEND:VCARD\n";
    assert_eq!(aide.as_deref(), Some(expected));
    assert_eq!(codes(&file), [(3, "agent-as-text")]);
    // Written out and read again, wherever its lines are folded, it is the same.
    for width in 0..80 {
        let aide = format!("AGENT:\nBEGIN:VCARD\nN:{}\nEND:VCARD\n", "x".repeat(width));
        let text = format!("BEGIN:VCARD\nVERSION:2.1\nN:Boss\n{aide}END:VCARD\n");
        let card = Document::parse(text.as_bytes()).expect("a card");
        let written = card.editable("boss");
        let again = table(
            std::str::from_utf8(written.as_bytes()).expect("text"),
            &Options::default(),
        );
        assert_eq!(again.entries.len(), 1, "{width}");
        let Outcome::Card(made) = &again.entries[0].outcome else {
            panic!("a card: {width}");
        };
        let read = Document::parse(&made.card).expect("a card");
        let texts = [&card, &read].map(|card| card.first("AGENT").map(|line| line.text()));
        assert_eq!(texts[0], texts[1], "{width}");
    }
}

#[test]
fn a_card_cut_with_its_file_is_told_and_not_taken() {
    let whole = "BEGIN:VCARD\nVERSION:3.0\nFN:One\nEND:VCARD\n";
    let cut = "BEGIN:VCARD\nVERSION:3.0\nFN:Two\nTEL:+33199001234\nEND:VCARD";
    for end in "BEGIN:VCARD".len()..cut.len() {
        let text = format!("{whole}{}", &cut[..end]);
        let file = table(&text, &Options::default());
        assert_eq!(contacts(&file).len(), 1, "{text}");
        let last = file.entries.last().expect("the cut one");
        let told = (last.line, &last.outcome);
        assert_eq!(told, (5, &Outcome::Skipped(Reason::Broken)), "{text}");
    }
    let file = table(&format!("{whole}{cut}"), &Options::default());
    assert_eq!(contacts(&file).len(), 2);
}

/// Every record with its line: a card or list by its name, another by its reason.
fn outcomes(file: &File) -> Vec<(u64, String)> {
    let told = file.entries.iter().map(|entry| {
        let told = match &entry.outcome {
            Outcome::Card(made) => made.name.clone(),
            Outcome::Group(group) => format!("{}: {}", group.name, group.members.join(" ")),
            Outcome::Skipped(reason) => reason.as_str().to_owned(),
        };
        (entry.line, told)
    });
    told.collect()
}

#[test]
fn cards_joined_without_a_line_end_between_them_are_all_there() {
    let card = |name: &str| format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nEND:VCARD");
    for between in ["", "\u{FEFF}", " ", "\t\u{FEFF}"] {
        let cards = ["One", "Two", "Three"].map(card);
        let file = table(&cards.join(between), &Options::default());
        let expected = [(1, "One"), (4, "Two"), (7, "Three")];
        let expected = expected.map(|(line, name)| (line, name.to_owned()));
        assert_eq!(outcomes(&file), expected, "{between:?}");
        for entry in &file.entries {
            let Outcome::Card(made) = &entry.outcome else {
                panic!("a card");
            };
            let card = String::from_utf8(made.card.clone()).expect("text");
            assert!(card.trim_end().ends_with("\r\nEND:VCARD"), "{card:?}");
            assert_eq!(card.matches("VCARD").count(), 2, "{card:?}");
        }
    }
}

#[test]
fn what_stands_between_cards_is_told_and_padding_is_not() {
    let card = |name: &str| format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nEND:VCARD\n");
    let text = [
        "Dear Ann,\nhere they are:\n\n",
        &card("One"),
        "\n \n\u{FEFF}\n\0\n\u{1A}\n",
        &card("Two"),
        "N:Lost;;;;\nTEL:1\n",
        &card("Three").replace("END:VCARD", "END:VCARDNOTE:lost"),
        "BEGIN:VADDRESSBOOK\nX-NAME:Ours\n",
        &card("Four"),
        "END:VADDRESSBOOK\n",
        "Yours\n",
    ]
    .concat();
    let options = Options {
        asked: Asked::VCard,
        ..Options::default()
    };
    let expected = [
        (1, "no-vcard"),
        (4, "One"),
        (13, "Two"),
        (17, "no-vcard"),
        (19, "Three"),
        (22, "no-vcard"),
        (25, "Four"),
        (30, "no-vcard"),
    ];
    let expected = expected.map(|(line, told)| (line, told.to_owned()));
    assert_eq!(outcomes(&table(&text, &options)), expected);
    assert_eq!(
        read(b"no card\nat all\n", &options).expect_err("refused"),
        Refused::NoCard
    );
}

#[test]
fn a_list_as_sogo_exports_it_has_its_members() {
    let card = |uid: &str, name: &str| {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nEND:VCARD\r\n")
    };
    let list = "BEGIN:VLIST\r\nUID:list.vcf\r\nVERSION:1.0\r\nFN:Club\r\nDESCRIPTION:ours\r\n\
        CARD;EMAIL=ann@example.org;FN=\"Lee, Ann\":a1.vcf\r\nCARD;FN=Bo:b2.vcf\r\nCARD:gone.vcf\r\n\
        END:VLIST";
    // SOGo's own cards have the name of their file as UID, those of other programs have not.
    let text = list.to_owned() + &card("a1", "Ann Lee") + &card("b2.vcf", "Bo Ray");
    let file = table(&text, &Options::default());
    assert_eq!(file.format, Format::VCard);
    let expected = [
        (1, "Club: a1 b2.vcf gone.vcf"),
        (9, "Ann Lee"),
        (14, "Bo Ray"),
    ];
    let expected = expected.map(|(line, told)| (line, told.to_owned()));
    assert_eq!(outcomes(&file), expected);
    assert_eq!(codes(&file), [(1, "group-member-unknown")]);
    let cut = format!("{}{}", &list[..60], card("a1", "Ann Lee"));
    let file = table(
        &cut.replace("BEGIN:VCARD", "\r\nBEGIN:VCARD"),
        &Options::default(),
    );
    assert_eq!(outcomes(&file)[0], (1, "broken".to_owned()));
}

#[test]
fn a_folder_of_cards_and_a_large_archive_are_one_file() {
    use std::io::Write as _;
    let card = |at: usize| format!("BEGIN:VCARD\nVERSION:3.0\nUID:{at}\nFN:No {at}\nEND:VCARD");
    let files = (0..3).map(|at| (format!("{at}.vcf"), card(at).into_bytes()));
    let file = folder(files.collect(), &Options::default()).expect("read");
    assert_eq!(contacts(&file).len(), 3);
    let lines: Vec<u64> = file.entries.iter().map(|entry| entry.line).collect();
    assert_eq!(lines, [1, 6, 11]);
    assert_eq!(file.members[1], (5, "1.vcf".to_owned()));

    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default();
    for at in 0..1_001 {
        zip.start_file(format!("{at}.vcf"), stored)
            .expect("a member");
        zip.write_all(card(at).as_bytes()).expect("written");
    }
    let bytes = zip.finish().expect("an archive").into_inner();
    let refused = read(&bytes, &Options::default()).expect_err("refused");
    assert_eq!(refused, Refused::TooLarge(Bound::Members));
    let unbounded = Options {
        unbounded: true,
        ..Options::default()
    };
    let file = read(&bytes, &unbounded).expect("read");
    assert_eq!(contacts(&file).len(), 1_001);
}

#[test]
fn a_card_that_is_too_large_is_skipped_whole() {
    let long = "x".repeat(11 << 20);
    let text = format!(
        "BEGIN:VCARD\nVERSION:3.0\nFN:Large\nNOTE:{long}\nTEL:1\nEND:VCARD\n\
        BEGIN:VCARD\nVERSION:3.0\nFN:Small\nEND:VCARD\n"
    );
    let file = table(&text, &Options::default());
    assert_eq!(file.entries[0].outcome, Outcome::Skipped(Reason::TooLarge));
    assert_eq!(contacts(&file).len(), 1);
}

#[test]
fn profiles_of_networks_become_what_programs_read() {
    let text = "BEGIN:VCARD\nVERSION:3.0\nFN:Eve\nX-TWITTER:@eve\nX-FACEBOOK:https://facebook.com/eve.red\n\
        X-LINKEDIN:\nX-FLICKR:two words\nEND:VCARD\n";
    let file = table(text, &Options::default());
    let Outcome::Card(made) = &file.entries[0].outcome else {
        panic!("a card");
    };
    let card = String::from_utf8(made.card.clone()).expect("text");
    for line in [
        "X-SOCIALPROFILE;TYPE=twitter;X-USER=eve:https://twitter.com/eve\r\n",
        "X-SOCIALPROFILE;TYPE=facebook:https://facebook.com/eve.red\r\n",
        "X-FLICKR:two words",
    ] {
        assert!(card.contains(line), "{line}: {card}");
    }
}

#[test]
fn an_empty_displayed_name_is_made_of_the_rest() {
    for (lines, expected) in [
        ("FN:\nN:Ten;Ada;;;", "Ada Ten"),
        ("N:;;;;\nFN:\nORG:Acme;Sales", "Acme Sales"),
        ("FN: \nNICKNAME:Addy", "Addy"),
        (
            "FN:\nN:;;;;\nEMAIL:someone@example.net",
            "someone@example.net",
        ),
        ("FN:\nN:;;;;\nTEL:*100#", "*100#"),
        ("FN:\nNOTE:x", ""),
    ] {
        for version in ["3.0", "4.0"] {
            let text = format!("BEGIN:VCARD\nVERSION:{version}\n{lines}\nEND:VCARD\n");
            let file = table(&text, &Options::default());
            let Outcome::Card(made) = &file.entries[0].outcome else {
                panic!("a card");
            };
            let card = Document::parse(&made.card).expect("a card");
            let name = card.first("FN").map(|line| line.text());
            assert_eq!(name.as_deref(), Some(expected), "{version} {lines}");
        }
    }
}

#[test]
fn what_stands_in_a_card_and_is_no_property_is_told() {
    let text = "BEGIN:VCARD\nVERSION:2.1\nN:Ten;Ada\nPHOTO;ENCODING=BASE64;JPEG:\n/9j/4AAQ\nSkZJ\n\n\
        X-messaging/xmpp-All:ada@example.org\nEND:VCARD\n\
        BEGIN:VCARD\nVERSION:3.0\nFN:Bob\nNOTE:one\ntwo\nEND:VCARD\n";
    let file = table(text, &Options::default());
    assert_eq!(codes(&file), [(2, "line-unread")]);
    let Outcome::Card(made) = &file.entries[0].outcome else {
        panic!("a card");
    };
    let card = Document::parse(&made.card).expect("a card");
    let Some(Binary::Inline { octets, .. }) = card.photo() else {
        panic!("a picture");
    };
    assert_eq!(octets.len(), 9);
    let address = card.first("X-messaging/xmpp-All").map(|line| line.text());
    assert_eq!(address.as_deref(), Some("ada@example.org"));
}

#[test]
fn a_displayed_name_alone_has_its_parts() {
    for (lines, expected) in [
        ("FN:Ada Ten", "Ten;Ada;;;"),
        ("FN:Ada Ten\nN:;;;;", "Ten;Ada;;;"),
        ("FN:Ten\\, Ada", "Ten;Ada;;;"),
        ("FN:Ada van Ten", "Ada van Ten;;;;"),
        ("FN:Ada", "Ada;;;;"),
        ("FN:Ada Ten\nN:Ten;;;;", "Ten;;;;"),
        ("FN:Acme\nORG:Acme", ";;;;"),
        ("FN:Acme Ltd\nX-ABShowAs:COMPANY", ";;;;"),
        ("FN:a@example.org\nEMAIL:a@example.org", ";;;;"),
        ("FN:\nNICKNAME:Addy", ";;;;"),
    ] {
        let text = format!("BEGIN:VCARD\nVERSION:3.0\n{lines}\nEND:VCARD\n");
        let file = table(&text, &Options::default());
        let Outcome::Card(made) = &file.entries[0].outcome else {
            panic!("a card");
        };
        let card = String::from_utf8(made.card.clone()).expect("text");
        assert!(
            card.contains(&format!("\r\nN:{expected}\r\n")),
            "{lines}: {card}"
        );
    }
    let rows = table("Full name;Tel\nAda Ten;1234567\n", &Options::default());
    assert_eq!(contacts(&rows)[0].family, "Ten");
}

#[test]
fn a_table_names_whoever_has_a_displayed_name_alone() {
    let card = "BEGIN:VCARD\nVERSION:3.0\nFN:Ada Ten\nN:;;;;\nTEL:1234567\nEND:VCARD\n";
    let fields = Fields::read(&Document::parse(card.as_bytes()).expect("a card"));
    assert_eq!((&fields.given[..], &fields.family[..]), ("Ada", "Ten"));
}

#[test]
fn each_of_two_addresses_of_a_kind_keeps_its_own_label() {
    let text = "BEGIN:VCARD\nVERSION:3.0\nFN:Eve\nADR;TYPE=WORK:;;1 rue A;Lille;;59000;\n\
        LABEL;TYPE=WORK:1 rue A\\n59000 Lille\nADR;TYPE=WORK:;;2 rue B;Lyon;;69000;\n\
        LABEL;TYPE=WORK:2 rue B\\n69000 Lyon\nEND:VCARD\n";
    let file = table(text, &Options::default());
    let eve = &contacts(&file)[0];
    let labels: Vec<&str> = eve.addresses.iter().map(|a| &a.formatted[..]).collect();
    assert_eq!(labels, ["1 rue A\n59000 Lille", "2 rue B\n69000 Lyon"]);
}

/// A path of Windows, and what would escape what follows it.
#[test]
fn a_backslash_comes_through_version_2_1() {
    let note = r"C:\new\temp, \\server\share; a\;b \, \: and the last \";
    let name = r"Ten\;A\da\no";
    let text = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:Ada\r\nN:{};{};;;\r\nNOTE:{}\r\nEND:VCARD\r\n",
        escape_text(name),
        escape_text(name),
        escape_text(note),
    );
    let document = Document::parse(text.as_bytes()).expect("a card");
    let written = rendered(&document, CardVersion::V21, "a");
    let read = Document::parse(&written).expect("a card");
    let line = |property: &str| read.first(property).expect("a line");
    assert_eq!(line("NOTE").text(), note);
    assert_eq!(line("N").components()[..2], [name, name]);
}

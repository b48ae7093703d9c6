//! vCards: those that are cut or too large, and what other programs invented.

use super::*;

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

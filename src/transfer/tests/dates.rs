//! Dates as people write them, and which number is the day.

use super::*;

#[test]
fn dates_are_read_as_people_write_them() {
    use date::{Date, Order::*, forced, read as date};
    let known = |text: &str| Date::Known(text.to_owned());
    for (cell, order, expected) in [
        ("15/04/1972", DayFirst, known("1972-04-15")),
        ("4/15/1972", MonthFirst, known("1972-04-15")),
        ("29.02.2000", DayFirst, known("2000-02-29")),
        ("1-2-03", DayFirst, known("2003-02-01")),
        ("1-2-30", DayFirst, known("1930-02-01")),
        ("15 avril 1972", DayFirst, known("1972-04-15")),
        ("April 15, 1972", MonthFirst, known("1972-04-15")),
        ("3. März 1980", DayFirst, known("1980-03-03")),
        ("15-Apr-72", MonthFirst, known("1972-04-15")),
        ("15 avril 72", DayFirst, known("1972-04-15")),
        ("Apr 15, 29", MonthFirst, known("2029-04-15")),
        ("15 avr. 30", DayFirst, known("1930-04-15")),
        ("mardi 15 avril 1972", DayFirst, known("1972-04-15")),
        ("mar. 15 avril 1972", DayFirst, known("1972-04-15")),
        ("maandag 15 april 1972", DayFirst, known("1972-04-15")),
        ("15 de septiembre de 1972", DayFirst, known("1972-09-15")),
        ("1 juil. 1972", DayFirst, known("1972-07-01")),
        ("1 mrt 1972", DayFirst, known("1972-03-01")),
        ("19720415", DayFirst, known("1972-04-15")),
        ("--12-31", DayFirst, known("--12-31")),
        ("--1231", DayFirst, known("--12-31")),
        ("31/02/1980", DayFirst, Date::Impossible),
        ("1980", DayFirst, Date::YearOnly("1980".to_owned())),
        ("0/0/00", MonthFirst, Date::None),
        ("1/1/4501", MonthFirst, Date::None),
        ("soon", MonthFirst, Date::Impossible),
    ] {
        assert_eq!(date(cell, order, false), expected, "{cell}");
    }
    assert_eq!(date("36526", DayFirst, true), known("2000-01-01"));
    assert_eq!(
        forced(["02/01/1968", "13/10/1980"].into_iter()),
        Some(DayFirst)
    );
    assert_eq!(forced(["4/15/1972"].into_iter()), Some(MonthFirst));
    assert_eq!(forced(["1/2/1972"].into_iter()), None);
}

#[test]
fn day_or_month_is_first_by_language_and_dots() {
    for (text, expected) in [
        (
            "First name,Last name,Birthday\nEve,Red,04/05/1972\n",
            "1972-04-05",
        ),
        (
            "First name,Last name,Birthday\nEve,Red,04.05.1972\n",
            "1972-05-04",
        ),
        (
            "Prénom;Nom;Anniversaire\nÈve;Rouge;04/05/1972\n",
            "1972-05-04",
        ),
        (
            "Vorname;Nachname;Geburtstag\nEva;Rot;04/05/1972\n",
            "1972-05-04",
        ),
        (
            "Voornaam;Achternaam;Verjaardag\nEva;Rood;04-05-1972\n",
            "1972-05-04",
        ),
    ] {
        let file = table(text, &Options::default());
        assert_eq!(contacts(&file)[0].birthday, expected, "{text}");
    }
    for header in [
        ["Nombre", "Apellidos", "Fecha de nacimiento"],
        ["Nome", "Cognome", "Data di nascita"],
        ["Jméno", "Příjmení", "Datum narození"],
    ] {
        assert_ne!(
            column::language(&header.map(str::to_owned)),
            "en",
            "{header:?}"
        );
    }
    // The column contradicts itself: one of its dates is told of.
    let text = "First name,Last name,Birthday\nA,B,4/15/1972\nC,D,15/4/1972\n";
    let file = table(text, &Options::default());
    let days: Vec<String> = contacts(&file).into_iter().map(|f| f.birthday).collect();
    assert_eq!(days, ["1972-04-15", "1972-04-15"]);
    assert_eq!(codes(&file), [(2, "date-order")]);
}

#[test]
fn the_reader_decides_which_number_is_the_day_where_the_file_does_not() {
    let birthday = |text: &str, headless: bool, usual_order: Option<Order>| {
        let options = Options {
            headless,
            usual_order,
            mappings: vec![Mapping {
                fingerprint: column::fingerprint(&["1".to_owned(), "2".to_owned()]),
                codes: vec!["FN".to_owned(), "BDAY".to_owned()],
            }],
            ..Options::default()
        };
        contacts(&table(text, &options))[0].birthday.clone()
    };
    let open = "Eve;03/04/1972\nBob;05/06/1980\n";
    for (order, expected) in [
        (Some(Order::MonthFirst), "1972-03-04"),
        (Some(Order::DayFirst), "1972-04-03"),
        (None, "1972-04-03"),
    ] {
        assert_eq!(birthday(open, true, order), expected, "{order:?}");
    }
    // A cell goes first, then the language of the header.
    let told = "Eve;03/04/1972\nBob;25/06/1980\n";
    assert_eq!(birthday(told, true, Some(Order::MonthFirst)), "1972-04-03");
    let french = "Prénom;Date de naissance\nEve;03/04/1972\n";
    assert_eq!(
        birthday(french, false, Some(Order::MonthFirst)),
        "1972-04-03"
    );
    let english = "First name;Birthday\nEve;03/04/1972\n";
    assert_eq!(
        birthday(english, false, Some(Order::DayFirst)),
        "1972-03-04"
    );
}

#[test]
fn a_birthday_without_a_year_has_none_in_version_2_1_either() {
    let card = |version: &str, line: &str| {
        format!(
            "BEGIN:VCARD\r\nVERSION:{version}\r\nUID:a\r\nN:Red;Eve\r\nFN:Eve\r\n{line}\r\nEND:VCARD\r\n"
        )
    };
    for (line, expected) in [
        ("BDAY:1604-02-29", "--02-29"),
        ("BDAY:16040229", "--02-29"),
        ("BDAY:--02-29", "--02-29"),
        ("BDAY:1972-04-15", "1972-04-15"),
    ] {
        let file = table(&card("2.1", line), &Options::default());
        assert_eq!(contacts(&file)[0].birthday, expected, "{line}");
    }
    let file = table(&card("3.0", "BDAY:1604-02-29"), &Options::default());
    assert_eq!(contacts(&file)[0].birthday, "1604-02-29");
    for line in [
        "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29",
        "BDAY;X-APPLE-OMIT-YEAR=1604:16040229",
    ] {
        let card = card("3.0", line);
        let document = Document::parse(card.as_bytes()).expect("a card");
        let written = rendered(&document, CardVersion::V21, "a");
        let written = String::from_utf8(written).expect("text");
        assert!(!written.contains("1604"), "{written}");
        let file = table(&written, &Options::default());
        assert_eq!(contacts(&file)[0].birthday, "--02-29", "{written}");
    }
}

//! Files in the language of who reads them.

use carnet::text::{EN, FR};

use super::*;

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:Ada Ash\r\nN:Ash;Ada;;;\r\n\
    TEL;TYPE=CELL:+33639980001\r\nTEL;TYPE=WORK:+33199001234\r\nTEL;TYPE=HOME:+33199001235\r\n\
    TEL;TYPE=FAX:+33199001236\r\nTEL:+33199001237\r\nEMAIL:ada@example.org\r\n\
    URL:https://example.org\r\nBDAY:1940-01-01\r\nEND:VCARD\r\n";

const NUMBERS: [&str; 5] = [
    "+33639980001",
    "+33199001234",
    "+33199001235",
    "+33199001236",
    "+33199001237",
];

#[tokio::test]
async fn a_spreadsheet_has_the_headings_of_its_reader_and_each_is_known_when_it_comes_back() {
    let fixture = Fixture::new(None).await;
    fixture.import(CARD.as_bytes(), Choices::default()).await;
    for (text, headings) in [
        (
            &EN,
            "\u{feff}Prefix,First name,Middle name,Last name,Suffix,Full name,Nickname,Company,\
             Department,Job title,Street,Postal code,City,State,Country,E-mail 1,Mobile 1,\
             Work phone 1,Phone 1,Phone 2,Fax 1,Website 1,Date of birth,Category,Notes",
        ),
        (
            &FR,
            "\u{feff}Civilité;Prénom;Deuxième prénom;Nom;Suffixe;Nom complet;Surnom;Société;\
             Service;Fonction;Adresse;Code postal;Ville;Région;Pays;E-mail 1;Portable 1;\
             Tél. bureau 1;Tél. 1;Tél. 2;Fax 1;Site web 1;Date de naissance;Catégorie;Remarques",
        ),
    ] {
        let how = Export {
            text,
            ..Export::default()
        };
        let rendition = Rendition::Csv(Preset::Spreadsheet);
        let written = transfer::export(&fixture.book().await, rendition, &how).await;
        let written = String::from_utf8(written.expect("a file")).expect("UTF-8");
        assert_eq!(written.lines().next(), Some(headings));
        let file = transfer::read(written.as_bytes(), &Options::default()).expect("a file");
        for column in &file.columns {
            let known = !column.code.is_empty() && !column.code.starts_with("CUSTOM");
            assert!(known, "{column:?}");
        }
    }
}

#[test]
fn a_card_on_paper_says_what_its_values_are_in_the_language_of_its_reader() {
    let fields = Fields::read(&Document::parse(CARD.as_bytes()).expect("a card"));
    for (text, [mobile, work, home, fax, other, born]) in [
        (
            &EN,
            [
                "mobile",
                "work",
                "home",
                "fax",
                "tel.",
                "born 1 January 1940",
            ],
        ),
        (
            &FR,
            [
                "mob.",
                "bur.",
                "dom.",
                "fax",
                "tél.",
                "né(e) le 1er janvier 1940",
            ],
        ),
    ] {
        let said = transfer::details(&fields, text);
        let numbers = [mobile, work, home, fax, other].into_iter().zip(NUMBERS);
        let numbers = numbers.map(|(kind, number)| format!("{kind} {number}"));
        let rest = ["ada@example.org", "https://example.org", born];
        let expected: Vec<String> = numbers.chain(rest.map(str::to_owned)).collect();
        assert_eq!(said, expected);
    }
}

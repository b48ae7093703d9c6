//! What an import says, and reads, by the language of whoever imports.

use super::import::{HERE, begun, card, ended, imported, sent};
use crate::support::{
    browser::{Browser, escaped, hidden},
    server::Server,
};

#[test]
fn why_an_import_ended_and_a_file_is_none_is_told_in_the_readers_language() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    let report = imported(&browser, "c.vcf", card("a", "Ada", "").as_bytes(), &[]);
    assert!(report.contains("Created: 1."), "{report}");
    for (why, english, french) in [
        (
            "not-allowed",
            "you may not add contacts there any more",
            "vous n&#39;avez plus le droit",
        ),
        ("gone", "is not there any more", "n&#39;est plus là"),
        (
            "no-space",
            "no room left on its disk",
            "plus de place sur son disque",
        ),
    ] {
        server.sql(&format!(
            "UPDATE import SET progress = json_set(progress, '$.failure', '{why}')"
        ));
        for (language, said) in [("en", english), ("fr", french)] {
            browser.language = language;
            let page = browser.page(&format!("{HERE}/import"));
            let at = page
                .find(&format!("{HERE}/imports/"))
                .expect("a past import");
            let path = page[at..].split('"').next().expect("its address");
            let page = browser.page(path);
            assert!(page.contains(said), "{said}: {page}");
        }
    }
    let token = hidden(&browser.page(&format!("{HERE}/import")), "token");
    for (language, said) in [
        ("en", "The archive is damaged"),
        ("fr", "L&#39;archive est abîmée"),
    ] {
        browser.language = language;
        let files = [("a.zip", &b"PK\x03\x04 and nothing else"[..])];
        let answer = browser.upload(&format!("{HERE}/import"), &[("token", &token)], &files);
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains(said), "{}", answer.text());
    }
}

#[test]
fn the_language_of_the_account_says_which_number_is_the_day() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    let table = "A;B;C\r\nEve;eve@example.org;03/04/1972\r\nBob;bob@example.org;05/06/1980\r\n";
    for (language, order) in [("en", "MDY"), ("fr", "DMY")] {
        browser.language = language;
        let check = sent(&browser, &[("t.csv", table.as_bytes())]);
        let page = browser.page(&check);
        let token = hidden(&page, "token");
        let (name, fingerprint) = (hidden(&page, "name"), hidden(&page, "fingerprint"));
        let fields = [
            ("token", token.as_str()),
            ("name", name.as_str()),
            ("fingerprint", &fingerprint),
            ("map-0", "FN"),
            ("map-1", "EMAIL"),
            ("map-2", "BDAY"),
        ];
        let path = check.split('?').next().expect("a path");
        let page = browser.submit(path, &fields).text();
        let said = match order {
            "MDY" => "month/day/year",
            _ => "jour/mois/année",
        };
        let recognized = page
            .split("<strong>t.csv</strong><br>")
            .nth(1)
            .expect("a line");
        let recognized = recognized.split("</p>").next().expect("its end");
        assert!(recognized.contains(said), "{said}: {recognized}");
    }
}

#[test]
fn the_steps_speak_french_and_the_first_names_the_room_left() {
    let server = Server::start();
    server.set_quota("bob", 7);
    let mut browser = Browser::of(&server.address, "bob");
    let cards: String = (0..9)
        .map(|n| card(&format!("u{n}"), &format!("Person {n}"), ""))
        .collect();
    let first = browser.page(&format!("{HERE}/import"));
    assert!(
        first.contains("0 of 7 private contacts used: 7 more can be imported."),
        "{first}"
    );
    let check = sent(&browser, &[("nine.vcf", cards.as_bytes())]);
    let page = browser.page(&check);
    let told = "9 contacts found – you can still import 7 of 7 here.";
    assert!(
        page.contains(told) && page.contains("Import the first 7"),
        "{page}"
    );
    browser.language = "fr";
    let page = browser.page(&check);
    for words in [
        "Importer dans Privé",
        "Reconnu : vCard",
        "9 contacts trouvés",
        "Importer les 7 premiers",
    ] {
        assert!(page.contains(&escaped(words)), "{words}: {page}");
    }
    // Which ones is chosen by their numbers; nothing is imported where there are none of them.
    let token = hidden(&page, "token");
    let fields = [("token", token.as_str()), ("records", "20-30")];
    for step in ["", "/start"] {
        let path = format!("{}{step}", check.split('?').next().expect("a path"));
        let answer = browser.submit(&path, &fields);
        assert_eq!(answer.status, 422, "{step}");
        let said =
            "Aucune fiche du fichier n'est parmi « 20-30 » : elles sont numérotées de 1 à 9.";
        assert!(answer.text().contains(&escaped(said)), "{}", answer.text());
    }
    let report = begun(&browser, &check, &[("records", "2-3, 9")]);
    let report = ended(&browser, &report);
    assert!(report.contains("Créés : 3."), "{report}");
    let list = browser.page(HERE);
    for (n, there) in [(0, false), (1, true), (2, true), (3, false), (8, true)] {
        assert_eq!(list.contains(&format!("Person {n}<")), there, "{n}");
    }
    // What does not fit is told, with its line.
    let report = imported(&browser, "nine.vcf", cards.as_bytes(), &[]);
    assert!(
        report.contains("Créés : 4.") && report.contains("plus de place"),
        "{report}"
    );
}

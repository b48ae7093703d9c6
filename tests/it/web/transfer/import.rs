//! Import: every file of the samples, what people choose, and what is refused where they are.

use std::{
    fs,
    io::{Cursor, Write as _},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value as Json;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::support::{
    browser::{Browser, hidden},
    server::Server,
};

pub const HERE: &str = "/c/private";

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("fixtures/import/{name}")).expect(name)
}

pub fn card(uid: &str, name: &str, lines: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\n{lines}END:VCARD\r\n"
    )
}

/// Sends files to the first step, and gives the address of the second.
pub fn sent(browser: &Browser, files: &[(&str, &[u8])]) -> String {
    let form = browser.page(&format!("{HERE}/import"));
    let token = hidden(&form, "token");
    let answer = browser.upload(&format!("{HERE}/import"), &[("token", &token)], files);
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").expect("a page").to_owned()
}

/// Imports what the second step shows, with more choices, and gives the address of the report.
pub fn begun(browser: &Browser, check: &str, choices: &[(&str, &str)]) -> String {
    let page = browser.page(check);
    let (token, name, fingerprint) = (
        hidden(&page, "token"),
        hidden(&page, "name"),
        hidden(&page, "fingerprint"),
    );
    let mut fields = vec![
        ("token", token.as_str()),
        ("name", &name),
        ("fingerprint", &fingerprint),
        ("categories", "1"),
    ];
    fields.extend_from_slice(choices);
    let path = check.split('?').next().expect("a path");
    let answer = browser.submit(&format!("{path}/start"), &fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").expect("a report").to_owned()
}

/// Waits for the end of an import.
pub fn ended(browser: &Browser, report: &str) -> String {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(120) {
        let answer = browser.get(report);
        assert_eq!(answer.status, 200, "{}", answer.text());
        if answer.header("refresh").is_none() {
            return answer.text();
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the import goes on and on");
}

pub fn imported(browser: &Browser, name: &str, octets: &[u8], choices: &[(&str, &str)]) -> String {
    let check = sent(browser, &[(name, octets)]);
    let report = begun(browser, &check, choices);
    ended(browser, &report)
}

/// Files that wait in the data directory.
fn waiting(data: &Path) -> Vec<String> {
    let Ok(folder) = fs::read_dir(data.join("imports")) else {
        return Vec::new();
    };
    let names = folder.map(|entry| entry.expect("a file").file_name());
    let names = names.map(|name| name.into_string().expect("text"));
    names.filter(|name| !name.starts_with("refused-")).collect()
}

/// The file of an import goes soon after its end.
fn forgotten(data: &Path) {
    let begun = Instant::now();
    while !waiting(data).is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it waits for ever"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn every_sample_is_recognized_counted_and_imported() {
    let expected: Json = serde_json::from_slice(&fixture("expected.json")).expect("JSON");
    for (name, expected) in expected.as_object().expect("an object") {
        let server = Server::start();
        let browser = Browser::of(&server.address, "bob");
        let check = sent(&browser, &[(name, &fixture(name))]);
        let page = browser.page(&check);
        let format = match expected["format"].as_str().expect("a format") {
            "vcard" => "vCard",
            "ldif" => "LDIF",
            "outlook-csv" => "Outlook CSV",
            "outlook-com-csv" => "Outlook.com CSV",
            "google-csv" => "Google CSV",
            "thunderbird-csv" => "Thunderbird CSV",
            _ => "CSV",
        };
        assert!(page.contains(&format!("Recognized: {format}")), "{name}");
        // What Google collected by itself is left out unless it is asked for.
        let collected = i64::from(name == "google-new.csv");
        let number = |field: &str| expected[field].as_i64().expect("a number");
        let contacts = number("contacts") - collected;
        assert!(
            page.contains(&format!("Found: {contacts}.")),
            "{name}: {page}"
        );
        assert!(browser.page(HERE).contains("No contacts yet"), "{name}");
        let report = ended(&browser, &begun(&browser, &check, &[]));
        let created = contacts + number("groups");
        let created = format!("Created: {created}.");
        assert!(report.contains(&created), "{name}: {report}");
        forgotten(server.data.path());
        // A second time there is nothing to add.
        let again = imported(&browser, name, &fixture(name), &[]);
        assert!(again.contains("Created: 0. Updated: 0."), "{name}: {again}");
        server.check();
    }
}

#[test]
fn an_import_is_tagged_and_taken_back() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let before = browser.page(HERE);
    let cards = card("a", "Nova Tester", "CATEGORIES:Friends\r\n")
        + &card("b", "Otto Tester", "")
        + &card("c", "Anaïs Petit", "TEL;TYPE=CELL:+33 6 39 98 55 55\r\n");
    let check = sent(&browser, &[("three.vcf", cards.as_bytes())]);
    let page = browser.page(&check);
    assert!(
        page.contains("New: 2.") && page.contains("Possible duplicates: 1."),
        "{page}"
    );
    assert!(page.contains("name=\"each-3\""), "{page}");
    let tag = hidden_tag(&page);
    // As the reader writes dates, in their language.
    let day = tag.strip_prefix("Imported ").expect("a tag of imports");
    assert!(
        chrono::NaiveDate::parse_from_str(day, "%d %B %Y").is_ok(),
        "{tag}"
    );
    let mut french = Browser::of(&server.address, "alice");
    french.language = "fr";
    let told = hidden_tag(&french.page(&check));
    assert!(
        told.starts_with("Importé le ") && !told.contains('-'),
        "{told}"
    );
    let choices = [("tag", tag.as_str()), ("each-3", "add-missing")];
    let report = begun(&browser, &check, &choices);
    let page = ended(&browser, &report);
    assert!(page.contains("Created: 2. Updated: 1."), "{page}");
    let list = browser.page(HERE);
    assert!(list.contains(&tag) && list.contains("Friends"), "{list}");
    let token = hidden(&page, "token");
    assert_eq!(
        browser
            .submit(&format!("{report}/undo"), &[("token", "x")])
            .status,
        403
    );
    let answer = browser.submit(&format!("{report}/undo"), &[("token", &token)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = browser.page(answer.header("location").expect("a page"));
    assert!(page.contains("Removed: 2. Restored: 1."), "{page}");
    assert!(page.contains("This import was undone."), "{page}");
    // Once.
    let answer = browser.submit(&format!("{report}/undo"), &[("token", &token)]);
    assert_eq!(answer.status, 422);
    let after = browser.page(HERE);
    assert!(!after.contains("Tester") && before.contains("Petit") && after.contains("Petit"));
    // Nobody else sees it.
    let bob = Browser::of(&server.address, "bob");
    assert_eq!(bob.get(&report).status, 404);
    server.check();
}

fn hidden_tag(page: &str) -> String {
    let at = page.find("name=\"tag\" value=\"").expect("a tag") + 18;
    page[at..].split('"').next().expect("a value").to_owned()
}

#[test]
fn a_mapping_is_chosen_shown_and_remembered() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let table = "Prénom;Nom;Solde;Spécial\r\nZoé;Carton;12;zoe@example.org\r\n";
    let check = sent(&browser, &[("table.csv", table.as_bytes())]);
    let page = browser.page(&check);
    assert!(
        page.contains("Solde") && page.contains("zoe@example.org"),
        "{page}"
    );
    let path = check.split('?').next().expect("a path");
    let (token, fingerprint) = (hidden(&page, "token"), hidden(&page, "fingerprint"));
    let fields = [
        ("token", token.as_str()),
        ("fingerprint", &fingerprint),
        ("map-0", "N.given"),
        ("map-1", "N.family"),
        ("map-2", "NOTE"),
        ("map-3", ""),
    ];
    let answer = browser.submit(path, &fields);
    assert_eq!(answer.status, 200);
    let preview = answer.text();
    assert!(
        preview.contains("Note: 12") && !preview.contains("E-mail: zoe"),
        "{preview}"
    );
    let mut choices = fields[2..].to_vec();
    choices.push(("possible", "create"));
    let report = ended(&browser, &begun(&browser, &check, &choices));
    assert!(report.contains("Created: 1."), "{report}");
    // The next file of that shape is read the same way.
    let table = table.replace("Zoé", "Léa").replace("12", "34");
    let check = sent(&browser, &[("other.csv", table.as_bytes())]);
    let page = browser.page(&check);
    assert!(page.contains("Note: 34"), "{page}");
}

#[test]
fn an_encoding_can_be_chosen_by_a_line_of_the_file() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    // "Téléphone" as the Mac wrote it.
    let mut table = b"Pr\x8enom,Nom,T\x8el\x8ephone\r\nZo\x8e,Carton,0199001234\r\n".to_vec();
    let check = sent(&browser, &[("mac.csv", &table)]);
    let page = browser.page(&check);
    assert!(page.contains("Windows-1252"), "{page}");
    let path = check.split('?').next().expect("a path");
    let token = hidden(&page, "token");
    let fields = [("token", token.as_str()), ("encoding", "macintosh")];
    let page = browser.submit(path, &fields).text();
    assert!(
        page.contains("Zoé Carton") && page.contains("MacRoman"),
        "{page}"
    );
    // A spreadsheet's UTF-16 needs no choice.
    table = b"\xFF\xFE".to_vec();
    let text = "Prénom\tNom\r\nZoé\tCarton\r\n";
    table.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let page = browser.page(&sent(&browser, &[("unicode.txt", &table)]));
    assert!(
        page.contains("UTF-16 LE") && page.contains("Zoé Carton"),
        "{page}"
    );
}

#[test]
fn what_cannot_be_imported_is_told_where_one_is_and_nothing_is_stored() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let form = browser.page(&format!("{HERE}/import"));
    let token = hidden(&form, "token");
    let columns = format!("a{}\r\n1\r\n", ",a".repeat(1_000_000));
    let crowd: String = (0..50_001)
        .map(|n| format!("BEGIN:VCARD\nVERSION:3.0\nUID:{n}\nFN:P{n}\nEND:VCARD\n"))
        .collect();
    let large = card("u", "Large", &format!("NOTE:{}\r\n", "x".repeat(70 << 20)));
    let cell = format!("a,b\r\n{},2\r\n", "x".repeat((1 << 20) + 1));
    let card = card("u", "One", "");
    let cases: [(&str, u16, &[&[u8]]); 12] = [
        ("more than 512 columns", 422, &[columns.as_bytes()]),
        ("more than 50000 contacts", 422, &[crowd.as_bytes()]),
        ("larger than 64 MB", 413, &[large.as_bytes()]),
        ("a cell of more than 1 MB", 422, &[cell.as_bytes()]),
        (
            "This is a spreadsheet",
            422,
            &[b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"],
        ),
        ("not an address book", 422, &[b"%PDF-1.7\n"]),
        (
            "not an address book",
            422,
            &[b"<!DOCTYPE html><html></html>"],
        ),
        (
            "No contacts can be recognized",
            422,
            &[b"just some words\n"],
        ),
        ("The file is empty", 422, &[b"\r\n \r\n"]),
        ("Choose a file", 422, &[b""]),
        (
            "The archive is damaged",
            422,
            &[b"PK\x03\x04 and nothing more"],
        ),
        (
            "have to be vCards",
            422,
            &[card.as_bytes(), b"a,b\r\n1,2\r\n"],
        ),
    ];
    for (told, status, files) in cases {
        let files: Vec<(&str, &[u8])> = files.iter().map(|octets| ("f", *octets)).collect();
        let answer = browser.upload(&format!("{HERE}/import"), &[("token", &token)], &files);
        let page = answer.text();
        assert_eq!(answer.status, status, "{told}: {page}");
        assert!(
            page.contains(told) && page.contains("name=\"file\""),
            "{told}: {page}"
        );
        assert_eq!(waiting(server.data.path()), Vec::<String>::new(), "{told}");
    }
    // A form of another session, or none at all.
    for fields in [&[("token", "forged")][..], &[]] {
        let files = [("one.vcf", card.as_bytes())];
        let answer = browser.upload(&format!("{HERE}/import"), fields, &files);
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("too old") && answer.text().contains("name=\"file\""));
    }
    assert!(browser.page(HERE).contains("No contacts yet"));
    // A file that is gone, somebody else's, or no file's name.
    let check = sent(&browser, &[("one.vcf", card.as_bytes())]);
    let path = check.split('?').next().expect("a path");
    let alice = Browser::of(&server.address, "alice");
    for (who, path) in [
        (&alice, path.to_owned()),
        (&browser, format!("{HERE}/import/file/1-{}", "0".repeat(32))),
        (&browser, format!("{HERE}/import/file/..%2F..%2Fcarnet.db")),
    ] {
        assert_eq!(who.get(&path).status, 404, "{path}");
    }
    assert_eq!(browser.submit(&format!("{path}/start"), &[]).status, 403);
    let answer = browser.submit(&format!("{path}/discard"), &[("token", &token)]);
    assert_eq!(answer.status, 303);
    assert_eq!(waiting(server.data.path()), Vec::<String>::new());
    let query = format!("{check}{}", "x".repeat(60_000));
    assert!(matches!(browser.get(&query).status, 404 | 414 | 431));
    assert!(browser.page(HERE).contains("No contacts yet"));
    // Whoever may not add is not asked for a file.
    assert_eq!(browser.get("/g/Team/import").status, 403);
    assert!(!browser.page("/g/Team").contains("/g/Team/import"));
    assert!(
        !browser
            .page(&format!("{HERE}/import"))
            .contains("/g/Team/import")
    );
    assert!(
        alice
            .page(&format!("{HERE}/import"))
            .contains("/g/Team/import")
    );
}

#[test]
fn a_truncated_file_never_breaks_the_preview() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let form = browser.page(&format!("{HERE}/import"));
    let token = hidden(&form, "token");
    for name in ["directory.ldif", "cards-2.1.vcf", "outlook-fr.csv"] {
        let whole = fixture(name);
        for end in (100..whole.len()).step_by(300) {
            let files = [(name, &whole[..end])];
            let answer = browser.upload(&format!("{HERE}/import"), &[("token", &token)], &files);
            match answer.status {
                303 => {
                    let check = answer.header("location").expect("a page");
                    assert!(browser.page(check).contains("Found: "), "{name} {end}");
                }
                status => assert_eq!(status, 422, "{name} {end}: {}", answer.text()),
            }
        }
    }
}

#[test]
fn several_cards_and_archives_are_one_import_and_text_can_be_pasted() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let (one, two) = (card("a", "Ada One", ""), card("b", "Bob Two", ""));
    let files = [("a.vcf", one.as_bytes()), ("b.vcf", two.as_bytes())];
    let page = browser.page(&sent(&browser, &files));
    assert!(page.contains("Found: 2.") && page.contains("Ada One") && page.contains("Bob Two"));

    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in files {
        zip.start_file(name, SimpleFileOptions::default())
            .expect("a member");
        zip.write_all(octets).expect("written");
    }
    let zip = zip.finish().expect("an archive").into_inner();
    let page = browser.page(&sent(&browser, &[("both.zip", &zip)]));
    assert!(page.contains("Found: 2."), "{page}");

    let token = hidden(&page, "token");
    let fields = [("token", token.as_str()), ("text", &one)];
    let answer = browser.upload(&format!("{HERE}/import"), &fields, &[]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = browser.page(answer.header("location").expect("a page"));
    assert!(
        page.contains("Found: 1.") && page.contains("Ada One"),
        "{page}"
    );
}

#[test]
fn lines_that_were_not_taken_are_fetched_with_their_reasons() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    let table = "First name,Last name,E-mail\r\nAda,One,ada@example.org\r\n,,\r\n=1+1,,\r\n";
    imported(&browser, "t.csv", table.as_bytes(), &[]);
    let check = sent(&browser, &[("t.csv", table.as_bytes())]);
    let report = begun(
        &browser,
        &check,
        &[("certain", "skip"), ("possible", "skip")],
    );
    let page = ended(&browser, &report);
    assert!(
        page.contains("Created: 0.") && page.contains("here already"),
        "{page}"
    );
    let file = browser.get(&format!("{report}/refused"));
    assert_eq!(file.status, 200);
    let disposition = file.header("content-disposition").expect("a name");
    assert!(disposition.starts_with("attachment"));
    let text = String::from_utf8(file.body).expect("UTF-8");
    let lines: Vec<&str> = text.trim_start_matches('\u{FEFF}').lines().collect();
    assert_eq!(
        lines,
        [
            "First name,Last name,E-mail,Reason",
            "Ada,One,ada@example.org,here already",
            ",,,nothing in it",
            "'=1+1,,,here already",
        ]
    );
    // Corrected and read again, the reason is no field of anybody.
    let outlook = "First Name,Last Name,E-mail Address,Notes\r\nNoa,Two,noa@example.org,\r\n";
    imported(&browser, "o.csv", outlook.as_bytes(), &[]);
    for (language, heading) in [("en", "Reason"), ("fr", "Motif")] {
        browser.language = language;
        let check = sent(&browser, &[("o.csv", outlook.as_bytes())]);
        let report = begun(&browser, &check, &[("certain", "skip")]);
        ended(&browser, &report);
        let refused = browser.get(&format!("{report}/refused")).text();
        assert!(refused.contains(heading), "{refused}");
        let corrected = refused.replace("Noa", heading).replace("noa@", heading);
        let page = imported(&browser, "again.csv", corrected.as_bytes(), &[]);
        assert!(page.contains("1."), "{page}");
        let card = browser.card_named(HERE, &format!("{heading} Two"));
        let page = browser.page(&card.expect("a card"));
        let page = page.split("<article").nth(1).expect("a card");
        assert!(
            !page.contains("here already") && !page.contains("déjà là"),
            "{page}"
        );
    }
    browser.language = "en";
    // The last one was cut with the file.
    let cut = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Cut";
    let cards = card("a", "Ada", "") + "BEGIN:VCARD\r\nVERSION:2.1\r\nEND:VCARD\r\n" + cut;
    let check = sent(&browser, &[("c.vcf", cards.as_bytes())]);
    let report = begun(&browser, &check, &[]);
    let page = ended(&browser, &report);
    assert!(
        page.contains("Created: 1.") && page.contains("Skipped: 2."),
        "{page}"
    );
    browser.language = "fr";
    let text = browser.get(&format!("{report}/refused")).text();
    let text = text.trim_start_matches('\u{FEFF}');
    let expected = "Ligne,Fiche,Motif\r\n7,\"BEGIN:VCARD\nVERSION:2.1\nEND:VCARD\",abîmé\r\n\
        10,\"BEGIN:VCARD\nVERSION:3.0\nFN:Cut\",abîmé\r\n";
    assert_eq!(text, expected);
}

#[test]
fn what_an_archive_holds_in_vain_is_told_with_its_file() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let good = card("a", "Ada", "");
    let cut = b"BEGIN:VCARD\nFN:Cut";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in [
        ("bad.vcf", &cut[..]),
        ("bad2.vcf", b"words"),
        ("empty.csv", b""),
        ("good.vcf", good.as_bytes()),
    ] {
        let begun = zip.start_file(name, SimpleFileOptions::default());
        begun.expect("a member");
        zip.write_all(octets).expect("written");
    }
    let zip = zip.finish().expect("an archive").into_inner();
    let report = begun(&browser, &sent(&browser, &[("all.zip", &zip)]), &[]);
    let page = ended(&browser, &report);
    for place in ["bad.vcf:1", "bad2.vcf:1", "empty.csv:1"] {
        assert!(page.contains(&format!("<td>{place}</td>")), "{page}");
    }
    let text = browser.get(&format!("{report}/refused")).text();
    let expected = "Line,Record,Reason\r\nbad.vcf:1,\"BEGIN:VCARD\nFN:Cut\",broken\r\n\
        bad2.vcf:1,words,broken\r\nempty.csv:1,,nothing in it\r\n";
    assert_eq!(text.trim_start_matches('\u{FEFF}'), expected);
}

#[test]
fn an_import_goes_on_after_a_restart_and_stores_nothing_twice() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    // Twins in one file, and everything created: only what was stored tells what is left to do.
    let cards: String = (0..3_000)
        .map(|n| card(&format!("u{}", n / 2), &format!("Person {}", n / 2), ""))
        .collect();
    let choices = [("certain", "create"), ("possible", "create")];
    let check = sent(&browser, &[("crowd.vcf", cards.as_bytes())]);
    let report = begun(&browser, &check, &choices);
    let begun = Instant::now();
    let mut data = None;
    let mut server = Some(server);
    while begun.elapsed() < Duration::from_secs(60) {
        let page = browser.page(&report);
        if !page.contains("Created: 0.") {
            data = server.take().map(Server::stop);
            break;
        }
    }
    let server = Server::start_in(data.expect("it began"));
    let browser = Browser::of(&server.address, "bob");
    let page = ended(&browser, &report);
    assert!(page.contains("Created: 3000."), "{page}");
    assert!(browser.page(HERE).contains("3000 contacts"));
    forgotten(server.data.path());
    server.check();
}

//! Files of other programs, read: expectations are given beside them.

mod cards;
mod dates;
mod tables;

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use carnet_proto::vcard::{Binary, Document, Kind, escape_text};
use serde_json::{Value as Json, json};

use super::{rows::BIRTH_YEAR, *};
use crate::domain::item::digest;

/// A folder of files with their `expected.json`.
fn check_folder(folder: &Path) {
    let expected = fs::read(folder.join("expected.json")).expect("expectations");
    let expected: Json = serde_json::from_slice(&expected).expect("JSON");
    let mut wrong = Vec::new();
    for (name, expected) in expected.as_object().expect("an object") {
        let bytes = fs::read(folder.join(name)).expect(name);
        let options = Options {
            // The expectations count what Google collected, too.
            collected: true,
            ..Options::default()
        };
        match read(&bytes, &options) {
            Ok(file) => check_file(name, &file, expected, &mut wrong),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check_file(name: &str, file: &File, expected: &Json, wrong: &mut Vec<String>) {
    let mut same = |what: &str, found: Json, wanted: &Json| {
        if found != *wanted {
            wrong.push(format!("{name}: {what} is {found}, not {wanted}"));
        }
    };
    same("format", json!(file.format.as_str()), &expected["format"]);
    for (what, found) in [
        ("variant", json!(file.variant)),
        ("language", json!(file.language)),
        ("bom", json!(file.bom)),
        ("newline", json!(file.newline)),
        ("columns", json!(file.columns.len())),
        ("delimiter", json!(file.delimiter.map(String::from))),
        ("date_order", json!(file.date_order.map(Order::as_str))),
        ("records", json!(file.entries.len())),
    ] {
        if !expected[what].is_null() {
            same(what, found, &expected[what]);
        }
    }
    // Cards declare the charset property by property.
    let encoding = expected["encoding"].as_str().unwrap_or_default();
    if !encoding.contains('(') {
        same("encoding", json!(file.encoding), &expected["encoding"]);
    }
    if let Some(mapping) = expected["mapping"].as_object() {
        for (header, code) in mapping {
            let column = file
                .columns
                .iter()
                .find(|c| c.header == *header)
                .expect(header);
            same(
                header,
                json!(column.code),
                &json!(code.as_str().unwrap_or("")),
            );
        }
    }
    let skipped: Vec<Json> = file
        .entries
        .iter()
        .filter_map(|entry| match &entry.outcome {
            Outcome::Skipped(reason) => {
                Some(json!({ "record": entry.record, "reason": reason.as_str() }))
            }
            _ => None,
        })
        .collect();
    same("skipped", json!(skipped), &expected["skipped"]);
    let mut warnings: Vec<String> = file
        .entries
        .iter()
        .flat_map(|entry| {
            entry
                .warnings
                .iter()
                .map(|w| format!("{} {}", entry.record, w.code.as_str()))
        })
        .collect();
    let mut wanted: Vec<String> = expected["warnings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|w| format!("{} {}", w["record"], w["code"].as_str().unwrap_or_default()))
        .collect();
    warnings.sort();
    wanted.sort();
    same("warnings", json!(warnings), &json!(wanted));

    let cards: Vec<&Made> = file
        .entries
        .iter()
        .filter_map(|entry| match &entry.outcome {
            Outcome::Card(made) => Some(made),
            _ => None,
        })
        .collect();
    let groups: Vec<&Group> = file
        .entries
        .iter()
        .filter_map(|entry| match &entry.outcome {
            Outcome::Group(group) => Some(group),
            _ => None,
        })
        .collect();
    same("contacts", json!(cards.len()), &expected["contacts"]);
    same("groups", json!(groups.len()), &expected["groups"]);
    for (group, wanted) in groups
        .iter()
        .zip(expected["groups_items"].as_array().into_iter().flatten())
    {
        same("group", json!(group.name), &wanted["name"]);
        let members: Vec<&str> = group
            .members
            .iter()
            .filter_map(|uid| {
                cards
                    .iter()
                    .find(|made| bare_uid(&made.uid) == bare_uid(uid))
            })
            .map(|made| made.name.as_str())
            .collect();
        same("members", json!(members), &wanted["members"]);
        let card = Document::parse(&group.to_card()).expect("a card");
        assert_eq!(card.kind(), Kind::Group);
    }
    for (made, wanted) in cards
        .iter()
        .zip(expected["items"].as_array().into_iter().flatten())
    {
        let document = Document::parse(&made.card).expect("a card");
        let fields = Fields::read(&document);
        for (key, wanted) in wanted.as_object().into_iter().flatten() {
            if let Some(found) = found(key, &fields, &document) {
                same(&format!("{} of {}", key, made.name), found, wanted);
            }
        }
    }
}

/// What a card says for a key of the expectations; none for remarks.
fn found(key: &str, fields: &Fields, card: &Document) -> Option<Json> {
    let texts =
        |values: &[fields::Value]| json!(values.iter().map(|v| &v.text).collect::<Vec<_>>());
    let labels = |values: &[fields::Value]| {
        json!(
            values
                .iter()
                .map(|v| &v.label)
                .filter(|l| !l.is_empty())
                .collect::<Vec<_>>()
        )
    };
    let custom = |wanted: &str| {
        let found = fields.custom.iter().find(|(name, _)| name == wanted);
        json!(found.map(|(_, value)| value))
    };
    Some(match key {
        "fn" => json!(fields.display()),
        "emails" => texts(&fields.emails),
        "phones" => texts(&fields.phones),
        "org" => json!(fields.organization),
        "department" => json!(fields.department),
        "title" => json!(fields.title),
        "prefix" => json!(fields.prefix),
        "nickname" => json!(fields.nickname),
        "bday" => json!(fields.birthday),
        "bday_text" => json!(fields.birthday),
        "anniversary" => json!(fields.anniversary),
        "note" => json!(fields.note),
        "categories" => json!(fields.categories),
        "starred" => json!(fields.favourite),
        "kind" => json!(if fields.company { "org" } else { "individual" }),
        "sensitivity" => json!(if fields.private { "private" } else { "normal" }),
        "phonetic_given" => json!(fields.phonetic_given),
        "phonetic_family" => json!(fields.phonetic_family),
        "uid" => json!(fields.uid),
        "addresses" => json!(fields.addresses.len()),
        "postal_code" => json!(fields.addresses.first().map(|a| &a.parts[5])),
        "url" => json!(fields.urls.first().map(|v| &v.text)),
        "im" => json!(fields.ims.first().map(|v| &v.text)),
        "skype" => json!(
            fields
                .ims
                .iter()
                .find_map(|v| v.text.strip_prefix("skype:"))
        ),
        "email_labels" => labels(&fields.emails),
        "phone_labels" => labels(&fields.phones),
        "bday_year_only" => custom(BIRTH_YEAR),
        "custom" => json!(
            fields
                .custom
                .iter()
                .cloned()
                .collect::<std::collections::BTreeMap<_, _>>()
        ),
        "additional_names" => {
            let n = card
                .first("N")
                .map(|line| line.components())
                .unwrap_or_default();
            json!(n.get(2).map(|names| names.split(',').collect::<Vec<_>>()))
        }
        "photo_sha256" => json!(fields.photo.as_ref().map(|(_, octets)| digest(octets))),
        "photo_bytes" => json!(fields.photo.as_ref().map(|(_, octets)| octets.len())),
        _ => return None,
    })
}

/// Files in the shapes people bring, shared with other implementations; only where they are.
#[test]
fn shared_files_give_exactly_what_is_expected() {
    let folder = std::env::var("CARNET_IMPORT_FIXTURES")
        .unwrap_or_else(|_| "../shared/fixtures-import".into());
    let folder = Path::new(&folder);
    if !folder.exists() {
        // Past what keeps the output of tests that pass.
        let _ = writeln!(io::stderr(), "SKIPPED: {} is not there", folder.display());
        return;
    }
    check_folder(folder);
}

#[test]
fn files_of_every_program_give_exactly_what_is_expected() {
    check_folder(Path::new("fixtures/import"));
}

#[test]
fn cut_anywhere_nothing_breaks() {
    for entry in fs::read_dir("fixtures/import").expect("a folder") {
        let bytes = fs::read(entry.expect("a file").path()).expect("octets");
        for end in (0..bytes.len()).step_by(100).chain(0..bytes.len().min(64)) {
            if let Ok(file) = read(&bytes[..end], &Options::default()) {
                for entry in &file.entries {
                    assert!(entry.line > 0);
                    if let Outcome::Card(made) = &entry.outcome {
                        Document::parse(&made.card).expect("what is stored is a card");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_no_address_book_is_refused_with_advice() {
    for (bytes, expected) in [
        (&b""[..], Refused::Empty),
        (b" \r\n ", Refused::Empty),
        (b"%PDF-1.7", Refused::Document),
        (b"<!DOCTYPE html><html>", Refused::Document),
        (b"\xD0\xCF\x11\xE0\xA1\xB1", Refused::Spreadsheet),
        (b"PK\x03\x04....xl/workbook.xml", Refused::Spreadsheet),
        (b"just some words", Refused::Unknown),
        (b"\x1F\x8B\x08\0a,b\n1,2\n", Refused::Compressed),
        (b"SQLite format 3\0\x10\0\x01\x01\0,\n,", Refused::Binary),
        (b"!BDN\x01\x02,\n,", Refused::Binary),
        (b"a,b\n\0\x01\0\x02\0,\x03\0\n", Refused::Binary),
        (
            b"\xFF\xD8\xFF\xE0,\x10\n\x01,\x02\x03\x04\n",
            Refused::Binary,
        ),
        (b" [\"vcard\",\n[]]", Refused::Markup),
        (b"{\"@type\": \"Card\",\n\"uid\": \"1\"}", Refused::Markup),
        (b"<?xml version=\"1.0\"?>\n<vcards/>", Refused::Markup),
    ] {
        assert_eq!(
            read(bytes, &Options::default()).expect_err("refused"),
            expected
        );
    }
    // A vCard and a table may hold some NUL.
    let padded = b"BEGIN:VCARD\nVERSION:3.0\nFN:a\nNOTE:\0\0\0\0\0\nEND:VCARD\n";
    assert!(read(padded, &Options::default()).is_ok());
    assert!(read(b"Name,E-mail\nAnn\0,ann@example.org\n", &Options::default()).is_ok());
    let wide = format!("a,b{}\n1,2\n", ",c".repeat(1_000_000));
    let refused = read(wide.as_bytes(), &Options::default()).expect_err("too wide");
    assert_eq!(refused, Refused::TooLarge(Bound::Columns));
    let quotes = format!("First name,Last name\n{}", "\"".repeat(1_000_000));
    assert!(read(quotes.as_bytes(), &Options::default()).is_ok());
    let folded = format!("BEGIN:VCARD\nFN:a\n{}END:VCARD\n", " x\n".repeat(200_000));
    let file = read(folded.as_bytes(), &Options::default()).expect("one card");
    assert_eq!(file.entries.len(), 1);
}

#[test]
fn an_archive_is_its_contact_files() {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for name in ["cards-3.0.vcf", "cards-4.0.vcf", "README.md"] {
        zip.start_file(name, options).expect("a member");
        let bytes = fs::read(format!("fixtures/import/{name}")).expect("octets");
        zip.write_all(&bytes).expect("written");
    }
    let bytes = zip.finish().expect("an archive").into_inner();
    let file = read(&bytes, &Options::default()).expect("read");
    assert_eq!(file.entries.len(), 3);
    let records: Vec<u64> = file.entries.iter().map(|entry| entry.record).collect();
    assert_eq!(records, [1, 2, 3]);
}

fn table(text: &str, options: &Options) -> File {
    read(text.as_bytes(), options).expect("a table")
}

/// What the contacts of a file say, in file order.
fn contacts(file: &File) -> Vec<Fields> {
    let made = file
        .entries
        .iter()
        .filter_map(|entry| match &entry.outcome {
            Outcome::Card(made) => Some(made),
            _ => None,
        });
    made.map(|made| Fields::read(&Document::parse(&made.card).expect("a card")))
        .collect()
}

fn codes(file: &File) -> Vec<(u64, &'static str)> {
    let of_entry = |entry: &Entry| {
        let record = entry.record;
        let codes: Vec<_> = entry.warnings.iter().map(|w| w.code.as_str()).collect();
        codes.into_iter().map(move |code| (record, code))
    };
    file.entries.iter().flat_map(of_entry).collect()
}

#[test]
fn lines_are_counted_as_editors_count_them() {
    let rows = "First name,Last name\nA,B\n\n\"two\nlines\",D\nE,F\n";
    for ends in ["\n", "\r\n"] {
        let text = rows.replace('\n', ends);
        let lines = table::read(&text, None, false)
            .expect("read")
            .expect("a table")
            .rows;
        let lines: Vec<u64> = lines.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 4, 6], "{ends:?}");
    }
}

#[test]
fn members_that_are_no_contact_files_leave_the_others_of_an_archive() {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let card = b"BEGIN:VCARD\nVERSION:3.0\nFN:One\nEND:VCARD\n";
    for (name, octets) in [
        ("empty.csv", &b""[..]),
        ("one.vcf", &card[..]),
        ("__MACOSX/._one.vcf", b"\0\x05\x16\x07\0\x02"),
        ("folder/._one.vcf", b"\0\x05\x16\x07\0\x02"),
        ("words.vcf", b"no card"),
    ] {
        zip.start_file(name, options).expect("a member");
        zip.write_all(octets).expect("written");
    }
    let bytes = zip.finish().expect("an archive").into_inner();
    let file = read(&bytes, &Options::default()).expect("read");
    assert_eq!(contacts(&file).len(), 1);
    assert_eq!(codes(&file), [(1, "member-unread"), (3, "member-unread")]);
    let names: Vec<&str> = [0, 2]
        .map(|at| &file.entries[at].warnings[0].about[..])
        .into();
    assert_eq!(names, ["empty.csv", "words.vcf"]);
    let lines: Vec<u64> = file.entries.iter().map(|entry| entry.line).collect();
    assert_eq!(lines, [1, 2, 7], "each member counts on");
    let refused = file.entries.iter().filter_map(|entry| match entry.outcome {
        Outcome::Skipped(reason) => Some((entry.line, reason.as_str().to_owned())),
        _ => None,
    });
    let refused: Vec<(u64, String)> = refused.collect();
    let report = Report {
        members: file.members.clone(),
        skipped: refused.clone(),
        ..Report::default()
    };
    let places = refused.iter().map(|(line, _)| report.place(*line));
    assert!(places.eq(["empty.csv:1", "words.vcf:1"]));
    let rows = refused_rows(&bytes, &Options::default(), &refused);
    let rows = String::from_utf8(rows).expect("text");
    let expected = "Line,Record,Reason\r\nempty.csv:1,,empty\r\nwords.vcf:1,no card,broken\r\n";
    assert_eq!(rows.trim_start_matches('\u{FEFF}'), expected);
}

#[test]
fn what_no_field_holds_is_kept_beside_what_the_file_says() {
    let google = "Name,Birthday,Notes,Group Membership,Organization 1 - Name,Organization 1 - Title,\
        Organization 2 - Name,Organization 2 - Title\nEve,1972-02-31,Hello,,Acme,Chief,Club,Treasurer\n";
    let eve = &contacts(&table(google, &Options::default()))[0];
    assert_eq!(eve.note, "Hello\nBirthday: 1972-02-31");
    assert_eq!((&eve.organization[..], &eve.title[..]), ("Acme", "Chief"));
    let further = ("Organization".to_owned(), "Club, Treasurer".to_owned());
    assert_eq!(eve.custom, [further]);
    let ldif = "dn: cn=Eve\nobjectclass: person\ncn: Eve\nsn: Red\nbirthyear: 1972\nbirthmonth: 2\n\
        birthday: 31\ndescription: Hello\n";
    let file = table(ldif, &Options::default());
    assert_eq!(contacts(&file)[0].note, "Hello\nBirthday: 1972-2-31");
    assert_eq!(codes(&file), [(1, "date-invalid")]);
}

#[test]
fn a_table_without_a_header_keeps_its_first_contact() {
    let text = "Eve;eve@example.org\nBob;bob@example.org\n";
    let headless = Options {
        headless: true,
        ..Options::default()
    };
    let file = table(text, &headless);
    let emails: Vec<String> = contacts(&file)
        .iter()
        .map(|contact| contact.emails[0].text.clone())
        .collect();
    assert_eq!(emails, ["eve@example.org", "bob@example.org"]);
    assert_eq!(file.entries[0].line, 1);
    assert_eq!(table(text, &Options::default()).entries.len(), 1);
}

#[test]
fn what_our_own_tables_of_a_group_tell_of_cards_is_no_part_of_contacts() {
    for text in [
        "First name,Last name,Category,Group,Created by,Modified\nEve,Red,Club,Team,bob,2026-01-02\n",
        "Prénom;Nom;Catégorie;Groupe;Créé par;Modifié\nEve;Red;Club;Team;bob;2026-01-02\n",
    ] {
        let eve = &contacts(&table(text, &Options::default()))[0];
        assert_eq!(eve.categories, ["Club"], "{text}");
        assert!(eve.custom.is_empty(), "{:?}", eve.custom);
    }
    let other = "First name,Last name,Group\nEve,Red,Club\n";
    assert_eq!(
        contacts(&table(other, &Options::default()))[0].categories,
        ["Club"]
    );
}

#[test]
fn encodings_are_told_by_their_octets() {
    let utf16: Vec<u8> = "Prénom;Nom"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, encoding, text) in [
        (&utf16[..], "utf-16le", "Prénom;Nom"),
        ("é€".as_bytes(), "utf-8", "é€"),
        (b"caf\xE9 \x80 \x9C", "windows-1252", "café € œ"),
        (b"\xEF\xBB\xBFa", "utf-8", "a"),
        ("e\u{301}".as_bytes(), "utf-8", "é"),
    ] {
        let decoded = text::decode(bytes, None);
        assert_eq!((decoded.encoding, &decoded.text[..]), (encoding, text));
    }
    assert!(text::decode(b"T\xC8l\xC8phone", None).perhaps_mac);
    assert_eq!(
        text::decode(b"T\x8El\x8Ephone", Some("macintosh")).text,
        "Téléphone"
    );
}

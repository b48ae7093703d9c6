//! Files into books and out again.

mod again;
mod alike;
mod jobs;
mod languages;
mod large;
mod lists;
mod losses;
mod pictures;
mod twins;

use std::{fs, sync::Arc};

use crate::support::people::person;
use carnet::{
    class::contact::Contact,
    domain::{
        actor::Client,
        batch::{Batch, Op, PersonChange},
        book::Book,
        collection::DEFAULT_BOOK,
        core::{Core, Limits},
        id::{PersonId, Timestamp},
        store::{ListQuery, Store},
    },
    store::sqlite::Sqlite,
    transfer::{
        self, CardVersion, Choice, Choices, Export, Fields, Importer, Layout, Options, Preset,
        Rendition, Report,
    },
};
use carnet_proto::vcard::Document;
use tempfile::TempDir;

struct Fixture {
    core: Arc<Core>,
    store: Arc<dyn Store>,
    person: PersonId,
    _data: TempDir,
}

impl Fixture {
    async fn new(quota: Option<i64>) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Sqlite::open(data.path()).expect("a store"));
        let core = Core::new(
            store.clone(),
            vec![Arc::new(Contact::default())],
            Limits::default(),
        );
        let add = Op::from(person("me").named("Me"));
        let person = PersonId(commit(&core, add).await);
        let limit = Op::from(PersonChange {
            quota: Some(quota),
            ..PersonChange::of(person)
        });
        commit(&core, limit).await;
        Self {
            core,
            store,
            person,
            _data: data,
        }
    }

    async fn book(&self) -> Book {
        let actor = self
            .core
            .actor(self.person, Client::default())
            .await
            .expect("an actor");
        self.core
            .open_private(&Arc::new(actor), DEFAULT_BOOK)
            .await
            .expect("a book")
    }

    async fn import(&self, bytes: &[u8], choices: Choices) -> Report {
        let file = transfer::read(bytes, &Options::default()).expect("a file");
        let mut importer = Importer::begin(self.book().await, "file", choices)
            .await
            .expect("begun");
        for entry in file.entries {
            importer.push(entry).await.expect("taken");
        }
        importer.finish().await.expect("a report")
    }

    async fn export(&self, rendition: Rendition) -> Vec<u8> {
        transfer::export(&self.book().await, rendition, &Export::default())
            .await
            .expect("a file")
    }

    /// Names and entity tags.
    async fn content(&self) -> Vec<(String, String)> {
        let book = self.book().await;
        let query = ListQuery {
            limit: 10_000,
            ..ListQuery::default()
        };
        let page = book.list(&query).await.expect("a list");
        let rows = page.rows.into_iter();
        rows.map(|row| (row.placement.display.clone(), row.placement.etag(0)))
            .collect()
    }
}

async fn commit(core: &Core, op: Op) -> i64 {
    let batch = Batch {
        client: "test".to_owned(),
        at: Timestamp::now(),
        ops: vec![op],
        ..Batch::default()
    };
    core.commit(batch).await.expect("a commit").rows[0]
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("fixtures/import/{name}")).expect(name)
}

fn files() -> Vec<String> {
    let folder = fs::read_dir("fixtures/import").expect("a folder");
    let mut names: Vec<String> = folder
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| !name.ends_with(".json") && !name.ends_with(".md"))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_file_read_twice_adds_nothing_the_second_time() {
    for name in files() {
        let fixture = Fixture::new(None).await;
        let bytes = self::fixture(&name);
        let first = fixture.import(&bytes, Choices::default()).await;
        assert!(first.created > 0, "{name}: {first:?}");
        let before = fixture.content().await;
        let second = fixture.import(&bytes, Choices::default()).await;
        assert_eq!(
            (second.created, second.updated),
            (0, 0),
            "{name}: {second:?}"
        );
        assert_eq!(fixture.content().await, before, "{name}");
        let broken = fixture.store.check().await.expect("a check");
        assert_eq!(broken, Vec::<String>::new());
    }
}

/// A picture of some pixels with a place in its metadata, as cameras write it.
fn jpeg_with_metadata(width: u32, height: u32) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([10, 90, 200]))
        .write_to(&mut out, image::ImageFormat::Jpeg)
        .expect("a picture");
    let mut octets = out.into_inner();
    // APP1 with a directory of nothing (Exif 2.3, 4.5.4), and words to look for.
    let exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0GPS 50.6292 N 3.0573 E";
    let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    let segment = [&b"\xFF\xE1"[..], &length, exif].concat();
    octets.splice(2..2, segment);
    octets
}

#[tokio::test]
async fn pictures_of_directories_are_stored_as_uploaded_ones() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let fixture = Fixture::new(None).await;
    let record = |name: &str, picture: &[u8]| {
        format!(
            "dn: cn={name}\nobjectclass: inetOrgPerson\ncn: {name}\nsn: {name}\njpegPhoto:: {}\n\n",
            STANDARD.encode(picture)
        )
    };
    let large = jpeg_with_metadata(2048, 512);
    let ldif = [
        record("Large", &large),
        record("Broken", &large[..80]),
        record("Other", b"no picture"),
    ];
    let report = fixture
        .import(ldif.concat().as_bytes(), Choices::default())
        .await;
    assert_eq!((report.created, report.skipped.len()), (3, 0), "{report:?}");
    let told: Vec<(u64, &str)> = report
        .warnings
        .iter()
        .map(|(line, code, _)| (*line, code.as_str()))
        .collect();
    assert_eq!(told, [(7, "picture-unread"), (13, "picture-unread")]);
    let cards = fixture.export(Rendition::VCard(CardVersion::V3)).await;
    let cards = String::from_utf8(cards).expect("text");
    let of = |name: &str| {
        let mut cards = cards.split("END:VCARD");
        let card = cards.find(|card| card.contains(&format!("FN:{name}")));
        let whole = format!("{}END:VCARD\r\n", card.expect("a card").trim_start());
        Document::parse(whole.as_bytes()).expect("a card")
    };
    let Some(carnet_proto::vcard::Binary::Inline { media_type, octets }) = of("Large").photo()
    else {
        panic!("a picture");
    };
    assert_eq!(media_type, "image/jpeg");
    let stored = image::load_from_memory(&octets).expect("a picture");
    assert_eq!((stored.width(), stored.height()), (1024, 256));
    let has = |word: &[u8]| octets.windows(word.len()).any(|part| part == word);
    assert!(
        large.windows(3).any(|part| part == b"GPS"),
        "the test's own"
    );
    assert!(!has(b"Exif") && !has(b"GPS"), "metadata is removed");
    assert!(of("Broken").photo().is_none() && of("Other").photo().is_none());
    // The same file once more says nothing new.
    let again = fixture
        .import(ldif.concat().as_bytes(), Choices::default())
        .await;
    assert_eq!((again.created, again.updated), (0, 0), "{again:?}");
}

#[tokio::test]
async fn undoing_an_import_leaves_the_place_as_before() {
    let fixture = Fixture::new(None).await;
    let card = |id: &str, name: &str, lines: &str| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{id}\r\nFN:{name}\r\nN:{name};;;;\r\n{lines}END:VCARD\r\n"
        )
    };
    let here = card("a", "Anna", "EMAIL:anna@example.org\r\n") + &card("b", "Bert", "");
    fixture.import(here.as_bytes(), Choices::default()).await;
    let before = fixture.content().await;
    let tagged = Choices {
        tag: Some("Imported".to_owned()),
        ..Choices::default()
    };
    let more = card(
        "x",
        "Anna",
        "EMAIL:ANNA@example.org\r\nTEL:+33 1 99 00 12 34\r\n",
    ) + &card("c", "Carl", "")
        + &card("d", "Dora", "");
    let report = fixture.import(more.as_bytes(), tagged).await;
    assert_eq!((report.created, report.updated), (2, 1));
    let cards = fixture.export(Rendition::VCard(CardVersion::V3)).await;
    let cards = String::from_utf8(cards).expect("text");
    assert_eq!(cards.matches("TEL:+33 1 99 00 12 34").count(), 1);
    assert_eq!(cards.matches("CATEGORIES:Imported").count(), 3);
    assert!(!cards.contains("UID:x"), "the present card keeps its UID");
    let book = fixture.book().await;
    let import = report.import.expect("an import");
    let undone = book.undo_import(import).await.expect("undone");
    assert_eq!((undone.removed, undone.restored, undone.left), (2, 1, 0));
    assert_eq!(fixture.content().await, before);
    let tags = fixture.core.tags(book.actor()).await.expect("read");
    assert!(tags.is_empty(), "{tags:?}");
    let again = fixture.book().await.undo_import(import).await;
    again.expect_err("only once");
    assert_eq!(
        fixture.store.check().await.expect("a check"),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn duplicates_are_treated_as_chosen() {
    let card = |id: &str, lines: &str| {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{id}\r\n{lines}END:VCARD\r\n")
    };
    let here = card(
        "a",
        "FN:Anna\r\nN:Anna;;;;\r\nEMAIL:anna@example.org\r\nTITLE:Boss\r\n",
    );
    // The same UID, the same name and address, an address alone, a name alone.
    let same_uid = card("a", "FN:Other\r\nN:Other;;;;\r\nTITLE:Chief\r\n");
    let same_person = card(
        "z",
        "FN:ANNA\r\nN:Anna;;;;\r\nEMAIL:anna@example.org\r\nTITLE:Chief\r\n",
    );
    let address = card(
        "y",
        "FN:Office\r\nN:Office;;;;\r\nEMAIL:anna@example.org\r\n",
    );
    let name = card("x", "FN:Anna\r\nN:Anna;;;;\r\n");
    for (file, certain, possible, expected) in [
        (
            &same_uid,
            Choice::AddMissing,
            Choice::CreateAnyway,
            (0, 0, 1),
        ),
        (
            &same_person,
            Choice::AddMissing,
            Choice::CreateAnyway,
            (0, 0, 1),
        ),
        (
            &same_person,
            Choice::Replace,
            Choice::CreateAnyway,
            (0, 1, 0),
        ),
        (&same_person, Choice::Skip, Choice::CreateAnyway, (0, 0, 0)),
        (
            &same_uid,
            Choice::CreateAnyway,
            Choice::CreateAnyway,
            (1, 0, 0),
        ),
        (
            &address,
            Choice::AddMissing,
            Choice::CreateAnyway,
            (1, 0, 0),
        ),
        (&address, Choice::AddMissing, Choice::Skip, (0, 0, 0)),
        (&name, Choice::AddMissing, Choice::CreateAnyway, (1, 0, 0)),
        (&name, Choice::AddMissing, Choice::Skip, (0, 0, 0)),
    ] {
        let fixture = Fixture::new(None).await;
        fixture.import(here.as_bytes(), Choices::default()).await;
        let choices = Choices {
            certain,
            possible,
            ..Choices::default()
        };
        let report = fixture.import(file.as_bytes(), choices).await;
        let found = (report.created, report.updated, report.unchanged);
        assert_eq!(
            found, expected,
            "{certain:?} {possible:?} {file}: {report:?}"
        );
    }
}

#[tokio::test]
async fn a_quota_refuses_what_does_not_fit_and_says_so() {
    let fixture = Fixture::new(Some(3)).await;
    let cards: String = (0..5)
        .map(|n| {
            format!(
                "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u{n}\r\nFN:P{n}\r\nN:P{n};;;;\r\nEND:VCARD\r\n"
            )
        })
        .collect();
    let report = fixture.import(cards.as_bytes(), Choices::default()).await;
    assert_eq!(report.created, 3);
    let lines: Vec<u64> = report.skipped.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [19, 25]);
    assert!(report.skipped[0].1.contains("quota"), "{report:?}");
}

/// What a format can say of a contact, for the comparison of a round trip.
fn said(fields: &Fields, preset: Option<Preset>) -> Vec<String> {
    let texts =
        |values: &[transfer::Value]| values.iter().map(|v| v.text.clone()).collect::<Vec<_>>();
    let digits = |text: &String| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let mut said = vec![
        fields.given.clone(),
        fields.family.clone(),
        fields.organization.clone(),
        fields.department.clone(),
        fields.title.clone(),
        fields.note.clone(),
    ];
    said.extend(
        texts(&fields.emails)
            .into_iter()
            .take(if preset == Some(Preset::Thunderbird) {
                2
            } else {
                3
            }),
    );
    if preset != Some(Preset::Thunderbird) {
        let mut numbers: Vec<String> = texts(&fields.phones).iter().map(digits).collect();
        numbers.sort();
        said.extend(numbers);
        said.extend(fields.categories.clone());
    }
    said.push(fields.birthday.clone());
    said
}

#[tokio::test]
async fn every_format_comes_back_but_for_what_it_cannot_say() {
    let source = Fixture::new(None).await;
    for name in files() {
        source.import(&fixture(&name), Choices::default()).await;
    }
    let read = |bytes: &[u8]| -> Vec<Fields> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut cards = transfer::Cards::new(text.as_bytes());
        let mut all = Vec::new();
        while let Some((_, card)) = cards.next_card().expect("read") {
            let document = Document::parse(&card).expect("a card");
            if document.kind().as_str() != "group" {
                all.push(Fields::read(&document));
            }
        }
        all
    };
    let original = read(&source.export(Rendition::VCard(CardVersion::V3)).await);
    assert!(original.len() >= 12);
    for (rendition, preset) in [
        (Rendition::VCard(CardVersion::V3), None),
        (Rendition::VCard(CardVersion::V4), None),
        (Rendition::VCard(CardVersion::V21), None),
        (Rendition::Csv(Preset::Google), Some(Preset::Google)),
        (Rendition::Csv(Preset::Outlook), Some(Preset::Outlook)),
        (
            Rendition::Csv(Preset::Thunderbird),
            Some(Preset::Thunderbird),
        ),
        (
            Rendition::Csv(Preset::Spreadsheet),
            Some(Preset::Spreadsheet),
        ),
    ] {
        let file = source.export(rendition).await;
        let target = Fixture::new(None).await;
        let all = Choices {
            certain: Choice::CreateAnyway,
            ..Choices::default()
        };
        let report = target.import(&file, all).await;
        let back = read(&target.export(Rendition::VCard(CardVersion::V3)).await);
        assert_eq!(back.len(), original.len(), "{rendition:?}: {report:?}");
        let listed = |all: &[Fields]| {
            let mut all: Vec<Vec<String>> = all.iter().map(|fields| said(fields, preset)).collect();
            all.sort();
            all
        };
        let lost = |fields: &[Fields]| -> Vec<Vec<String>> {
            let mut all = listed(fields);
            if rendition == Rendition::VCard(CardVersion::V21) || preset.is_some() {
                // Categories are a loss of vCard 2.1; a company has no name of its own in tables.
                all.iter_mut()
                    .for_each(|said| said.retain(|text| !text.is_empty()));
            }
            all
        };
        let (before, after) = (lost(&original), lost(&back));
        let missing: Vec<_> = before.iter().filter(|said| !after.contains(said)).collect();
        let allowed = match rendition {
            // Categories, and yearless dates that old readers take for 1604.
            Rendition::VCard(CardVersion::V21) => before.len(),
            // Dates without a year or day, and labelled numbers without a column.
            Rendition::Csv(Preset::Outlook) => 4,
            _ => 0,
        };
        assert!(
            missing.len() <= allowed,
            "{rendition:?}: {missing:#?} not in {after:#?}"
        );
    }
}

#[tokio::test]
async fn no_cell_of_a_spreadsheet_runs_as_a_formula() {
    let fixture = Fixture::new(None).await;
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:f\r\nFN:=1+1\r\nN:@sum;=cmd|x;;;\r\nNOTE:-2\r\nORG:+x\r\nTEL:+33199001234\r\nTEL:=9\r\nEND:VCARD\r\n";
    fixture.import(card.as_bytes(), Choices::default()).await;
    let file = fixture.export(Rendition::Csv(Preset::Spreadsheet)).await;
    let text = String::from_utf8(file.clone()).expect("UTF-8");
    for cell in [
        "'=1+1",
        "'@sum",
        "'=cmd|x",
        "'-2",
        "'+x",
        "'=9",
        "+33 1 99 00 12 34",
    ] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
    let target = Fixture::new(None).await;
    target.import(&file, Choices::default()).await;
    let back = target.export(Rendition::VCard(CardVersion::V3)).await;
    let back = String::from_utf8(back).expect("UTF-8");
    assert!(
        back.contains("N:@sum;=cmd|x;;;") && back.contains("NOTE:-2"),
        "{back}"
    );
}

#[tokio::test]
async fn a_pdf_holds_its_font_and_a_page_for_every_45_lines() {
    let fixture = Fixture::new(None).await;
    let cards: String = (0..100)
        .map(|n| {
            format!(
                "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u{n}\r\nFN:Ζωή Żółć {n}\r\nN:Żółć;Ζωή {n};;;\r\nTEL;TYPE=CELL:+33 6 39 98 00 01\r\nNOTE:{}\r\nEND:VCARD\r\n",
                "mot ".repeat(100)
            )
        })
        .collect();
    fixture.import(cards.as_bytes(), Choices::default()).await;
    for layout in [Layout::List, Layout::Cards] {
        let pdf = fixture.export(Rendition::Pdf(layout)).await;
        assert!(pdf.starts_with(b"%PDF-"));
        let has = |wanted: &[u8]| pdf.windows(wanted.len()).any(|window| window == wanted);
        assert!(has(b"DejaVuSans") && has(b"/FontFile"), "{layout:?}");
        assert!(has(b"/Outlines"), "{layout:?}");
        let pages = pdf
            .windows(9)
            .filter(|window| *window == b"/MediaBox")
            .count();
        assert!(pages >= 3, "{layout:?}: {pages}");
    }
}

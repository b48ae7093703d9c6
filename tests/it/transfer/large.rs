//! Large books: all of them comes out, and what goes in takes no more memory than a part of it.

use std::io::Cursor;

use carnet::transfer::{Chosen, Exporter};

use super::*;
use crate::support::program::{feed, works};

const MANY: usize = 10_000;

fn pages(pdf: &[u8]) -> usize {
    let found = pdf.windows(9).filter(|window| *window == b"/MediaBox");
    found.count()
}

#[tokio::test]
async fn ten_thousand_contacts_are_ten_thousand_in_every_format() {
    let fixture = Fixture::new(None).await;
    let cards: String = (0..MANY)
        .map(|n| {
            format!(
                "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u{n}\r\nFN:Ada Ash{n:05}\r\nN:Ash{n:05};Ada;;;\r\n\
                 TEL;TYPE=CELL:+336399{n:05}\r\nEND:VCARD\r\n"
            )
        })
        .collect();
    let report = fixture.import(cards.as_bytes(), Choices::default()).await;
    assert_eq!(report.created, MANY);
    for version in [CardVersion::V21, CardVersion::V3, CardVersion::V4] {
        let file = fixture.export(Rendition::VCard(version)).await;
        let text = String::from_utf8(file).expect("text");
        assert_eq!(text.matches("BEGIN:VCARD\r\n").count(), MANY, "{version:?}");
        assert_eq!(text.matches("END:VCARD\r\n").count(), MANY, "{version:?}");
    }
    for preset in [
        Preset::Spreadsheet,
        Preset::Google,
        Preset::Outlook,
        Preset::Thunderbird,
    ] {
        let file = fixture.export(Rendition::Csv(preset)).await;
        let mut numbers: Vec<String> = csv::ReaderBuilder::new()
            .delimiter(b',')
            .from_reader(&file[..])
            .records()
            .map(|row| {
                let row = row.expect("a row");
                let number = row
                    .iter()
                    .find(|cell| cell.replace(' ', "").contains("336399"));
                number.expect("its number").to_owned()
            })
            .collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), MANY, "{preset:?}");
    }
    let apart = Export {
        apart: true,
        ..Export::default()
    };
    let archive = exported(
        &fixture,
        Chosen::All,
        Rendition::VCard(CardVersion::V4),
        apart,
    )
    .await;
    let archive = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    assert_eq!(archive.len(), MANY);
    // A list has 45 lines a page, the letter over the first name being one.
    let list = fixture.export(Rendition::Pdf(Layout::List)).await;
    assert_eq!(pages(&list), (MANY + 1).div_ceil(45));
    // Cards are as large as what they say, which is the same here: ten times the contacts, ten times
    // the pages, but for the last one.
    let rows = ListQuery {
        limit: MANY as i64 / 10,
        ..ListQuery::default()
    };
    let some = fixture.book().await.list(&rows).await.expect("a list").rows;
    let some = Chosen::These(some.iter().map(|row| row.placement.id).collect());
    let cards = Rendition::Pdf(Layout::Cards);
    let some = pages(&exported(&fixture, some, cards, Export::default()).await);
    let whole = pages(&fixture.export(cards).await);
    let expected = (some - 1) * 10 + 1..=some * 10;
    assert!(some > 20 && expected.contains(&whole), "{some} {whole}");
}

async fn exported(fixture: &Fixture, chosen: Chosen, rendition: Rendition, how: Export) -> Vec<u8> {
    let mut exporter = Exporter::new(fixture.book().await, chosen, rendition, how);
    let mut out = Vec::new();
    while let Some(piece) = exporter.next().await.expect("a piece") {
        out.extend(piece);
    }
    out
}

/// The file has 240 MB; what is held of it is what is read ahead, a commit and the one under way,
/// each of them some MiB of cards and what is made of these, beside the 64 MiB of pages the database
/// keeps.
#[test]
fn an_import_with_photos_holds_a_part_of_its_file() {
    const PHOTO: usize = 24_000;
    const BOUND: u64 = 208 << 20;
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path();
    works(data, &["user", "add", "bob", "--admin"]);
    let photo = format!("/9j/{}", "A".repeat(PHOTO - 4));
    let cards = (0..MANY).map(|n| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u{n}\r\nFN:Ada Ash{n:05}\r\nN:Ash{n:05};Ada;;;\r\n\
             PHOTO;ENCODING=b;TYPE=JPEG:{photo}\r\nEND:VCARD\r\n"
        )
        .into_bytes()
    });
    let (report, most) = feed(data, &["import", "--to", "bob", "--json", "-"], cards);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["stored"], MANY, "{report}");
    assert!(most > 1 << 20 && most < BOUND, "{} MiB", most >> 20);
}

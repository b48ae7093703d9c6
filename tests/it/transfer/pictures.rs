//! Pictures of directories on their way into a book.

use std::{io::Cursor, sync::mpsc, thread, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet::{
    domain::{account_class::AccountClass, batch::Op, office::store::OfficeOp},
    transfer::{Choice, Choices, Layout, Rendition},
};

use super::{Fixture, commit};

/// A record of somebody with a picture.
fn record(name: &str, picture: &[u8]) -> String {
    format!(
        "dn: cn={name}\nobjectclass: inetOrgPerson\ncn: {name}\nsn: {name}\njpegPhoto:: {}\n\n",
        STANDARD.encode(picture)
    )
}

fn picture() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(64, 64, image::Rgb([10, 90, 200]))
        .write_to(&mut out, image::ImageFormat::Png)
        .expect("a picture");
    out.into_inner()
}

#[tokio::test]
async fn a_picture_larger_than_the_account_may_have_is_told_as_that() {
    let fixture = Fixture::new(None).await;
    let class = AccountClass {
        photo: Some(100),
        ..AccountClass::default()
    };
    commit(&fixture.core, Op::Office(OfficeOp::PutClass(class))).await;
    let ldif = [
        record("Large", &picture()),
        record("Broken", &picture()[..60]),
    ]
    .concat();
    let report = fixture.import(ldif.as_bytes(), Choices::default()).await;
    assert_eq!((report.created, report.skipped.len()), (2, 0), "{report:?}");
    let told: Vec<(&str, &str)> = report
        .warnings
        .iter()
        .map(|(_, code, about)| (code.as_str(), about.as_str()))
        .collect();
    let expected = [("picture-too-large", "Large"), ("picture-unread", "Broken")];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_picture_of_a_contact_that_is_not_taken_is_not_read() {
    let fixture = Fixture::new(None).await;
    let first = record("Twin", &picture());
    let report = fixture.import(first.as_bytes(), Choices::default()).await;
    assert_eq!(
        (report.created, report.warnings.len()),
        (1, 0),
        "{report:?}"
    );
    // A picture that cannot be read is told of where it is read, and only there.
    let again = record("Twin", &picture()[..60]);
    for (certain, told) in [
        (Choice::Skip, 0),
        (Choice::AddMissing, 0),
        (Choice::Replace, 1),
        (Choice::CreateAnyway, 1),
    ] {
        let choices = Choices {
            certain,
            ..Choices::default()
        };
        let report = fixture.import(again.as_bytes(), choices).await;
        assert_eq!(report.warnings.len(), told, "{certain:?}: {report:?}");
    }
}

#[tokio::test]
async fn pictures_of_imports_wait_for_their_turn() {
    let fixture = Fixture::new(None).await;
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let mut held = Vec::new();
    for _ in 0..processors {
        let (release, wait) = mpsc::channel::<()>();
        let core = fixture.core.clone();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let work = async move {
            let work = core.pictures().blocking(move || {
                begun.send(()).expect("heard");
                let _ = wait.recv();
            });
            work.await.expect("done");
        };
        tokio::spawn(work);
        begins.await.expect("begun");
        held.push(release);
    }
    let ldif = record("Waits", &picture());
    let mut import = Box::pin(fixture.import(ldif.as_bytes(), Choices::default()));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut import).await;
    assert!(early.is_err(), "it did not wait: {early:?}");
    drop(held);
    assert_eq!(import.await.created, 1);
}

#[tokio::test]
async fn a_pdf_of_cards_holds_small_pictures_whatever_the_contacts_have() {
    let mut large = Cursor::new(Vec::new());
    image::RgbImage::from_fn(3_000, 2_000, |x, y| image::Rgb([x as u8, y as u8, 0]))
        .write_to(&mut large, image::ImageFormat::Png)
        .expect("a picture");
    let card = |uid: &str, kind: &str, octets: &[u8]| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{uid}\r\nN:{uid};;;;\r\n\
             PHOTO;ENCODING=b;TYPE={kind}:{}\r\nEND:VCARD\r\n",
            STANDARD.encode(octets)
        )
    };
    let fixture = Fixture::new(None).await;
    let cards = card("large", "PNG", large.get_ref()) + &card("broken", "PNG", &picture()[..60]);
    let report = fixture.import(cards.as_bytes(), Choices::default()).await;
    assert_eq!(report.created, 2, "{report:?}");
    let pdf = fixture.export(Rendition::Pdf(Layout::Cards)).await;
    let pictures = pdf.windows(10).filter(|part| part == b"/DCTDecode");
    assert_eq!(pictures.count(), 1);
    assert!(pdf.len() < 300_000, "{}", pdf.len());
}

//! vCards as programs really write them: read leniently, kept byte for byte, shown strictly.
//! One test a row of what was observed.

mod octets;
mod properties;

use carnet_proto::vcard::{Document, Version, project};

/// A card with some lines of its own.
fn card(lines: &str) -> Document {
    raw(format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:Doe;Jo;;;\r\nFN:Jo Doe\r\n{lines}\r\nEND:VCARD\r\n"
    ))
}

/// Whatever is read is kept as it came.
fn raw(bytes: impl AsRef<[u8]>) -> Document {
    let bytes = bytes.as_ref();
    let document = Document::parse(bytes).unwrap_or_else(|e| panic!("{e}: {bytes:?}"));
    assert_eq!(document.as_bytes(), bytes);
    document
}

fn shown(document: &Document) -> String {
    let text = String::from_utf8(project(document, Version::V3, "made")).expect("UTF-8");
    let strict = calcard::vcard::VCard::parse(&text);
    assert!(strict.is_ok(), "{strict:?}\n{text}");
    text
}

/// The value of a property, and the line a strict reader is shown.
fn check(document: &Document, name: &str, value: &str, line: &str) {
    let found = document.first(name).expect(name);
    assert_eq!(found.text(), value);
    let text = shown(document);
    assert!(
        text.contains(&format!("\r\n{line}\r\n")),
        "{line} in {text}"
    );
}

/// Repaired on showing only, so that no entity tag names the bytes received.
fn repaired(document: &Document) {
    assert!(!document.is_clean() || document.version() == "4.0");
    assert_ne!(shown(document).as_bytes(), document.as_bytes());
}

fn kept(lines: &str) {
    let document = card(lines);
    assert!(document.is_clean(), "{lines}");
    assert_eq!(shown(&document).as_bytes(), document.as_bytes());
}

fn refused(bytes: &[u8], what: &str) {
    let error = Document::parse(bytes).expect_err("refused");
    assert_eq!(error.what, what);
}

use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;

/// `(name, octets, readable tree)` of every fixture.
fn fixtures() -> Vec<(String, Vec<u8>, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/wbxml");
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("fixtures/wbxml")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a fixture");
            let (hex, tree) = text.split_once("\n\n").expect("hex, then the tree");
            let octets = hex
                .lines()
                .skip(1)
                .flat_map(str::split_whitespace)
                .map(|octet| u8::from_str_radix(octet, 16).expect("hex"))
                .collect();
            (path.display().to_string(), octets, tree.to_owned())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn vectors_decode_and_encode_byte_for_byte() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 30, "{}", fixtures.len());
    for (name, octets, tree) in fixtures {
        let element = decode(&octets, &Limits::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(element.dump(), tree, "{name}");
        let mut encoder = Encoder::new();
        encoder.element(&element);
        assert_eq!(encoder.finish(), octets, "{name}");
    }
}

#[test]
fn malformed_documents_are_refused_with_a_place() {
    let check = |octets: &[u8], reason: Reason| {
        let outcome = decode(octets, &Limits::default()).map_err(|error| error.reason);
        assert_eq!(outcome, Err(reason), "{octets:02x?}");
    };
    check(&[0x03, 0x01], Reason::Truncated);
    check(&[0x03, 0x01, 0x03, 0x00], Reason::Charset);
    check(&[0x09, 0x01, 0x6A, 0x00], Reason::Version);
    check(&[0x03, 0x01, 0x6A, 0x00], Reason::Empty);
    check(&[0x03, 0x01, 0x6A, 0x00, 0xC5, 0x01], Reason::Attributes);
    check(&[0x03, 0x01, 0x6A, 0x00, 0x01], Reason::Unbalanced);
    check(&[0x03, 0x01, 0x6A, 0x00, 0x45], Reason::Truncated);
    check(
        &[0x03, 0x01, 0x6A, 0x00, 0x45, 0xC3, 0x05, 0x61],
        Reason::Truncated,
    );
    check(
        &[
            0x03, 0x01, 0x6A, 0x00, 0x45, 0xC3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01,
        ],
        Reason::Integer,
    );
    check(
        &[0x03, 0x01, 0x6A, 0x00, 0x45, 0x03, 0x61],
        Reason::Truncated,
    );
    check(&[0x03, 0x01, 0x6A, 0x00, 0x03, 0x61, 0x00], Reason::Outside);
    check(&[0x03, 0x01, 0x6A, 0x00, 0x45, 0x43, 0x01], Reason::Token);
    check(
        &[0x03, 0x01, 0x6A, 0x00, 0x45, 0x03, 0xFF, 0x00, 0x01],
        Reason::Utf8,
    );
    check(
        &[[0x03, 0x01, 0x6A, 0x00].as_slice(), &[0x45; 200]].concat(),
        Reason::TooDeep,
    );
}

#[test]
fn unknown_tags_and_pages_are_skipped_with_all_that_is_in_them() {
    // Sync(unknown 0x3F(text), page 0x1A 0x05(0x06), Collections)
    let octets = [
        0x03, 0x01, 0x6A, 0x00, 0x45, 0x7F, 0x03, b'x', 0x00, 0x01, 0x00, 0x1A, 0x45, 0x06, 0x01,
        0x00, 0x00, 0x1C, 0x01,
    ];
    let element = decode(&octets, &Limits::default()).expect("a document");
    assert_eq!(
        element.dump(),
        "AirSync:Sync\n  AirSync:Collections (empty)\n"
    );
}

#[test]
fn a_string_table_is_read_and_opaque_data_is_text() {
    // public id 0 + index, a table of "ab", STR_T 0, OPAQUE "cd"
    let octets = [
        0x03, 0x00, 0x00, 0x6A, 0x03, b'a', b'b', 0x00, 0x45, 0x83, 0x00, 0xC3, 0x02, b'c', b'd',
        0x01,
    ];
    let element = decode(&octets, &Limits::default()).expect("a document");
    assert_eq!(element.text(), "abcd");
}

#[test]
fn texts_carry_no_control_characters_and_crlf_line_ends() {
    for (text, expected) in [
        ("a\0b\u{1}c", "abc"),
        ("one\ntwo\r\nthree", "one\r\ntwo\r\nthree"),
        ("tab\tand é\u{FFFE}", "tab\tand é"),
    ] {
        let mut encoder = Encoder::new();
        encoder.text(page::air_sync::SYNC, text);
        let element = decode(&encoder.finish(), &Limits::default()).expect("a document");
        assert_eq!(element.text(), expected);
    }
}

fn tree() -> impl Strategy<Value = Element> {
    let tags: Vec<Tag> = page::PAGES
        .iter()
        .flat_map(|page| {
            page.tags.iter().map(|(token, _)| Tag {
                page: page.number,
                token: *token,
            })
        })
        .collect();
    let leaf =
        (prop::sample::select(tags.clone()), "[a-zé ]{0,20}").prop_map(|(tag, text)| Element {
            tag,
            children: match text.is_empty() {
                true => Vec::new(),
                false => vec![Node::Text(text)],
            },
        });
    leaf.prop_recursive(6, 64, 8, move |inner| {
        (
            prop::sample::select(tags.clone()),
            prop::collection::vec(inner, 0..6),
        )
            .prop_map(|(tag, children)| Element {
                tag,
                children: children.into_iter().map(Node::Element).collect(),
            })
    })
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_the_same(element in tree()) {
        let mut encoder = Encoder::new();
        encoder.element(&element);
        prop_assert_eq!(decode(&encoder.finish(), &Limits::default()), Ok(element));
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut document = vec![0x03, 0x01, 0x6A, 0x00];
        document.extend(bytes);
        let _ = decode(&document, &Limits::default());
    }
}

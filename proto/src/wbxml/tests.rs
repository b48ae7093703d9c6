//! Any octets are decoded or refused, and what is encoded is decoded again.

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
fn the_forms_of_an_empty_element_are_one() {
    // Sync(MoreAvailable): the token alone, with an END, with an empty string.
    for form in [&[0x14][..], &[0x54, 0x01], &[0x54, 0x03, 0x00, 0x01]] {
        let octets = [&[0x03, 0x01, 0x6A, 0x00, 0x45], form, &[0x01]].concat();
        let element = decode(&octets, &Limits::default()).expect("a document");
        let mut encoder = Encoder::new();
        encoder.element(&element);
        assert_eq!(encoder.finish(), [0x03, 0x01, 0x6A, 0x00, 0x45, 0x14, 0x01]);
    }
    // A text of which nothing may be sent is none.
    let mut encoder = Encoder::new();
    encoder.text(page::air_sync::SYNC, "\0\u{1}");
    assert_eq!(encoder.finish(), [0x03, 0x01, 0x6A, 0x00, 0x05]);
}

#[test]
fn limits_bound_size_strings_depth_and_elements() {
    let check = |limits: Limits, octets: &[u8], reason, offset| {
        let error = decode(octets, &limits).expect_err("refused");
        assert_eq!((error.reason, error.offset), (reason, offset));
    };
    let head = [0x03, 0x01, 0x6A, 0x00];
    let text = [&head[..], &[0x45, 0x03], b"four", &[0x00, 0x01]].concat();
    let opaque = [&head[..], &[0x45, 0xC3, 0x04], b"four", &[0x01]].concat();
    let nested = [&head[..], &[0x45, 0x5C, 0x4F, 0x01, 0x01, 0x01]].concat();
    let limits = Limits::default();
    for octets in [&text, &opaque, &nested] {
        assert!(decode(octets, &limits).is_ok());
    }
    check(Limits { size: 8, ..limits }, &text, Reason::TooLarge, 8);
    check(
        Limits {
            string: 3,
            ..limits
        },
        &text,
        Reason::TooLarge,
        5,
    );
    check(
        Limits {
            string: 3,
            ..limits
        },
        &opaque,
        Reason::TooLarge,
        5,
    );
    check(Limits { depth: 2, ..limits }, &nested, Reason::TooDeep, 6);
    let elements = 2;
    check(Limits { elements, ..limits }, &nested, Reason::TooLarge, 6);
}

#[test]
fn what_is_read_by_default_is_exact() {
    const MIB: usize = 1024 * 1024;
    let head = [0x03, 0x01, 0x6A, 0x00];
    let nested = |depth: usize| [&head[..], &vec![0x45; depth], &vec![0x01; depth]].concat();
    let text = |octets: usize| {
        let text = vec![b'x'; octets];
        [&head[..], &[0x45, 0x03], &text, &[0x00, 0x01]].concat()
    };
    let flat = |elements: usize| {
        let children = vec![0x05; elements - 1];
        [&head[..], &[0x45], &children, &[0x01]].concat()
    };
    let texts = |octets: usize| {
        let text = [&[0x03][..], &vec![b'x'; 16 * MIB - 66], &[0x00]].concat();
        let mut all = [&head[..], &[0x45], &text.repeat(4)].concat();
        all.resize(octets - 1, 0x05);
        all.push(0x01);
        all
    };
    for (what, taken, refused, reason) in [
        ("depth", nested(64), nested(65), Reason::TooDeep),
        (
            "string",
            text(20 * MIB),
            text(20 * MIB + 1),
            Reason::TooLarge,
        ),
        ("elements", flat(500_000), flat(500_001), Reason::TooLarge),
        (
            "size",
            texts(64 * MIB),
            texts(64 * MIB + 1),
            Reason::TooLarge,
        ),
    ] {
        if let Err(error) = decode(&taken, &Limits::default()) {
            panic!("{what}: {error}");
        }
        let error = decode(&refused, &Limits::default()).expect_err(what);
        assert_eq!(error.reason, reason, "{what}");
    }
}

#[test]
fn a_string_table_makes_no_more_of_a_document_than_its_limits() {
    // A table without an end, and an element that refers to it so many times.
    let document = |table: usize, times: usize| {
        let shifts = [21, 14, 7].map(|shift| (table >> shift) as u8 & 0x7F | 0x80);
        let mut octets = vec![0x03, 0x01, 0x6A];
        octets.extend(shifts);
        octets.push(table as u8 & 0x7F);
        octets.resize(octets.len() + table, b'x');
        octets.push(0x45);
        octets.extend([0x83, 0x00].repeat(times));
        octets.push(0x01);
        octets
    };
    let limits = Limits::default();
    let check = |limits: &Limits, octets: &[u8]| {
        decode(octets, limits)
            .map(|element| element.text().len())
            .map_err(|error| error.reason)
    };
    let kib = 1024;
    assert_eq!(check(&limits, &document(512 * kib, 2)), Ok(kib * kib));
    assert_eq!(
        check(&limits, &document(512 * kib, 300)),
        Err(Reason::TooLarge)
    );
    // As one string, as a part of all, and as one node of many.
    for limits in [
        Limits {
            string: 511 * kib,
            ..limits
        },
        Limits {
            size: 513 * kib,
            ..limits
        },
        Limits {
            elements: 2,
            ..limits
        },
    ] {
        let octets = document(512 * kib, 2);
        assert_eq!(check(&limits, &octets), Err(Reason::TooLarge), "{limits:?}");
    }
    // Characters by their number are counted too.
    let mut entities = vec![0x03, 0x01, 0x6A, 0x00, 0x45];
    entities.extend([0x02, b'x'].repeat(9));
    entities.push(0x01);
    let few = Limits {
        elements: 9,
        ..limits
    };
    assert_eq!(check(&limits, &entities), Ok(9));
    assert_eq!(check(&few, &entities), Err(Reason::TooLarge));
}

#[test]
fn ten_megabytes_are_read_within_their_own_size() {
    let mut octets = vec![0x03, 0x01, 0x6A, 0x00, 0x45, 0x03];
    octets.resize(10 << 20, b'x');
    octets.extend([0x00, 0x01]);
    let element = decode(&octets, &Limits::default()).expect("a document");
    assert_eq!(element.text().len(), (10 << 20) - 6);
    // A length that promises more than there is allocates nothing.
    let promise = [0x03, 0x01, 0x6A, 0x00, 0x45, 0xC3, 0x84, 0x80, 0x80, 0x00];
    let error = decode(&promise, &Limits::default()).expect_err("refused");
    assert_eq!(error.reason, Reason::Truncated);
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
            children: if text.is_empty() {
                Vec::new()
            } else {
                vec![Node::Text(text)]
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

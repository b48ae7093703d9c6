//! Cards of other projects: stored without loss or refused with a reason, and every rendering is
//! read by an independent parser.

use std::{
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
};

use carnet_proto::vcard::{Document, Version, project, split_stream};

fn corpus() -> Option<PathBuf> {
    let shared = env::var_os("CARNET_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")));
    Some(shared.join("corpus/vcards")).filter(|path| path.is_dir())
}

/// A card as a client of a version has it after somebody stored it in the other one.
fn there_and_back(card: &[u8], version: Version) -> Vec<u8> {
    let other = match version {
        Version::V3 => Version::V4,
        Version::V4 => Version::V3,
    };
    [version, other, version]
        .into_iter()
        .fold(card.to_vec(), |card, version| {
            let document = Document::parse(&card).unwrap_or_else(|e| panic!("{e}"));
            project(&document, version, "made")
        })
}

#[test]
fn every_card_is_kept_or_refused_with_a_reason() {
    let Some(corpus) = corpus() else {
        // Past what keeps the output of tests that pass.
        let why = "SKIPPED: the corpus of other projects' cards is not here";
        let _ = writeln!(io::stderr(), "{why}");
        return;
    };
    let (mut kept, mut refused) = (0, 0);
    for entry in fs::read_dir(corpus).expect("the corpus") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "vcf") {
            continue;
        }
        let bytes = fs::read(&path).expect("a file");
        for (offset, card) in split_stream(&bytes) {
            match Document::parse(card) {
                Ok(document) => {
                    kept += 1;
                    assert_eq!(document.as_bytes(), card, "{}", path.display());
                    for version in [Version::V3, Version::V4] {
                        let once = there_and_back(card, version);
                        let rendering = project(&document, version, "made");
                        let text = String::from_utf8(rendering)
                            .unwrap_or_else(|_| panic!("{}: not UTF-8", path.display()));
                        let parsed = calcard::vcard::VCard::parse(&text);
                        assert!(
                            parsed.is_ok(),
                            "{} {version:?}: {parsed:?}\n{text}",
                            path.display()
                        );
                        assert_eq!(there_and_back(&once, version), once, "{}", path.display());
                    }
                }
                Err(error) => {
                    refused += 1;
                    println!("{} at {offset}: {error}", path.display());
                }
            }
        }
    }
    println!("{kept} cards kept, {refused} refused");
    assert!(kept > 100);
}

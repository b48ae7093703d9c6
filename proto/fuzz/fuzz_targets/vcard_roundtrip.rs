#![no_main]

use carnet_proto::vcard::{Document, Version, merge, project, split_stream};
use libfuzzer_sys::fuzz_target;

// What is read is kept byte for byte, and every rendering is a card again.
fuzz_target!(|octets: &[u8]| {
    for (_, card) in split_stream(octets).chain([(0, octets)]) {
        let Ok(document) = Document::parse(card) else {
            continue;
        };
        assert_eq!(document.as_bytes(), card);
        for version in [Version::V3, Version::V4] {
            let rendering = project(&document, version, "made");
            Document::parse(&rendering).expect("what we render");
        }
        assert_eq!(document.edit().finish().as_bytes(), card);
        assert_eq!(merge(&document, &document, &document).document, document);
    }
});

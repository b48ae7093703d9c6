#![no_main]

use carnet_proto::dav::{
    href::{encode, segments},
    request::{PropFind, Report, mk_col, prop_patch},
    xml::parse,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = PropFind::parse(octets);
    let _ = prop_patch(octets);
    let _ = mk_col(octets);
    let _ = Report::parse(octets);
    // An element written out again reads back the same.
    if let Ok(element) = parse(octets) {
        let fragment = element.to_fragment(&[]);
        let again = parse(fragment.as_bytes()).expect("what we write");
        assert_eq!(again.to_fragment(&[]), fragment);
    }
    if let Ok(path) = std::str::from_utf8(octets)
        && let Ok(parts) = segments(path)
    {
        let spelled: String = parts.iter().map(|part| format!("/{}", encode(part))).collect();
        assert_eq!(segments(&spelled).expect("what we spell"), parts);
    }
});

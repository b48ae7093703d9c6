#![no_main]

use carnet_proto::wbxml::{Encoder, Limits, decode};
use libfuzzer_sys::fuzz_target;

// Whatever decodes is encoded and decodes the same.
fuzz_target!(|octets: &[u8]| {
    if let Ok(element) = decode(octets, &Limits::default()) {
        let mut encoder = Encoder::new();
        encoder.element(&element);
        let again = encoder.finish();
        let second = decode(&again, &Limits::default()).expect("what we encode");
        let mut encoder = Encoder::new();
        encoder.element(&second);
        assert_eq!(encoder.finish(), again);
    }
});

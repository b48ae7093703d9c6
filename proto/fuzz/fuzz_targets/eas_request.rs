#![no_main]

use carnet_proto::{
    eas::{request_line::RequestLine, sync::Request},
    wbxml::{Limits, decode},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(query) = std::str::from_utf8(octets) {
        let _ = RequestLine::parse(query);
    }
    if let Ok(root) = decode(octets, &Limits::default()) {
        let _ = Request::read(&root);
    }
});

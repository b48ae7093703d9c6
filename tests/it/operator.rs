//! The command line, as an operator meets it.

mod accounts;
mod backup;
mod config;
mod devices;
mod files;
mod first_start;
mod logs;
mod metrics;
mod readiness;
mod shutdown;
pub mod tls;
mod upgrade;

use serde_json::Value;

use crate::support::http::{basic, request};

const LOOPBACK: [&str; 1] = ["http://127.0.0.1:0"];

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:one\r\nN:One;;;;\r\nFN:One\r\nEND:VCARD\r\n";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn status(address: &str, login: &str, password: &str) -> u16 {
    let target = format!(
        "/dav/{}/private/contacts/",
        login.split('@').next().expect("a login")
    );
    let headers = [basic(login, password), ("Depth".to_owned(), "0".to_owned())];
    request(address, "PROPFIND", &target, &headers, b"").status
}

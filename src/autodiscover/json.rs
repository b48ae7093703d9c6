//! The JSON form (Autodiscover v2). Clients send it without credentials, so its answer is the same
//! whether an account exists or not.

use axum::response::{IntoResponse, Response};
use carnet_proto::eas::request_line::percent_decode;
use http::{Method, StatusCode};
use serde_json::json;

use super::{Elsewhere, Face, found, typed};

const MEDIA_TYPE: &str = "application/json; charset=utf-8";

/// Answers `?Email=u@d&Protocol=ActiveSync`, or an address in the path, in the same way for
/// everybody.
pub fn answer(face: &Face, method: &Method, path_address: Option<String>, query: &str) -> Response {
    if ![Method::GET, Method::HEAD, Method::POST].contains(method) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Some(url) = &face.public_url else {
        // Clients go on with the XML form, which says what is missing.
        return StatusCode::NOT_FOUND.into_response();
    };
    let parameter = |name: &str| {
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let value = percent_decode(value).trim().to_owned();
            (key.eq_ignore_ascii_case(name) && !value.is_empty()).then_some(value)
        })
    };
    let address = path_address
        .map(|address| percent_decode(&address).trim().to_owned())
        .or_else(|| parameter("Email"))
        .filter(|address| address.contains('@'));
    let Some(address) = address else {
        return refused(
            "MandatoryParameterMissing",
            "The address of somebody is missing: Email.",
        );
    };
    let Some(protocol) = parameter("Protocol") else {
        return refused(
            "MandatoryParameterMissing",
            "A parameter is missing: Protocol.",
        );
    };
    let to = |server: &str, address: &str| {
        let query = format!("Email={}&Protocol={}", encoded(address), encoded(&protocol));
        found(&format!("{server}/autodiscover/autodiscover.json?{query}"))
    };
    match face.elsewhere(&address) {
        None => {}
        Some(Elsewhere::Server(server)) => return to(&server, &address),
        Some(Elsewhere::Address(other)) => {
            return match face.elsewhere(&other) {
                Some(Elsewhere::Server(server)) => to(&server, &other),
                // This form cannot name another address: clients go on with the XML form, which does.
                _ => StatusCode::NOT_FOUND.into_response(),
            };
        }
    }
    let (name, url) = match protocol.to_ascii_lowercase().as_str() {
        "activesync" => ("ActiveSync", format!("{url}/Microsoft-Server-ActiveSync")),
        "autodiscoverv1" => (
            "AutodiscoverV1",
            format!("{url}/autodiscover/autodiscover.xml"),
        ),
        _ => {
            return refused(
                "InvalidProtocol",
                "The protocol is not served here. Served are ActiveSync and AutodiscoverV1.",
            );
        }
    };
    let text = json!({"Protocol": name, "Url": url}).to_string();
    typed(StatusCode::OK, MEDIA_TYPE, text)
}

fn refused(code: &str, message: &str) -> Response {
    let text = json!({"ErrorCode": code, "ErrorMessage": message}).to_string();
    typed(StatusCode::BAD_REQUEST, MEDIA_TYPE, text)
}

/// A value in a query (RFC 3986 §3.4), also of a server that reads `+` as a space.
fn encoded(value: &str) -> String {
    value
        .bytes()
        .map(|octet| match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                char::from(octet).to_string()
            }
            _ => format!("%{octet:02X}"),
        })
        .collect()
}

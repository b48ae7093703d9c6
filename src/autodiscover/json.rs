//! The JSON form (Autodiscover v2). Clients send it without credentials, so its answer is the same
//! whether an account exists or not.

use axum::response::{IntoResponse, Response};
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
            let value = decoded(value);
            (key.eq_ignore_ascii_case(name) && !value.is_empty()).then_some(value)
        })
    };
    let address = path_address
        .map(|address| decoded(&address))
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
    if let Some(Elsewhere::Server(server)) = face.elsewhere(&address) {
        return found(&format!("{server}/autodiscover/autodiscover.json?{query}"));
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

/// Percent escapes as octets; what is not UTF-8 or no escape stands for itself.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escape {
            Some(octet) => {
                out.push(octet);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).trim().to_owned()
}

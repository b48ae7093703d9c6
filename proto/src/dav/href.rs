//! URL paths in one canonical percent-encoding.

use unicode_normalization::UnicodeNormalization as _;

/// Why a path is refused (400).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path holds %2F, NUL, a dot segment or is not UTF-8")]
pub struct BadPath;

/// The decoded segments of a path, split before decoding. Empty segments, and so a final slash, are
/// dropped.
pub fn segments(path: &str) -> Result<Vec<String>, BadPath> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(decode)
        .collect()
}

/// The composed and the decomposed spelling of a name, as far as they differ from it.
pub fn other_normal_forms(name: &str) -> Vec<String> {
    let mut forms: Vec<String> = vec![name.nfc().collect(), name.nfd().collect()];
    forms.retain(|form| form != name);
    forms
}

/// Percent-encodes one segment: everything but unreserved characters and `@ : ! $ & ' ( ) * + , ; =`.
pub fn encode(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len() + 8);
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@:!$&'()*+,;=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The path of an href, which may be an absolute URL.
pub fn path_of(href: &str) -> &str {
    let href = href.trim();
    let path = match href.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => href,
    };
    path.split(['?', '#']).next().unwrap_or(path)
}

/// Host name of an href that is an absolute URL, without its port.
pub fn host_of(href: &str) -> Option<&str> {
    let (_, rest) = href.trim().split_once("://")?;
    rest.split(['/', '?', '#']).next().map(host_name)
}

/// The name in an authority or a Host header, without its port; an IPv6 address keeps its brackets.
pub fn host_name(authority: &str) -> &str {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    match (host.find(']'), host.find(':')) {
        (Some(end), _) => &host[..=end],
        (None, Some(end)) => &host[..end],
        (None, None) => host,
    }
}

fn decode(segment: &str) -> Result<String, BadPath> {
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let mut byte = bytes[at];
        if byte == b'%'
            && let Some(octet) = bytes
                .get(at + 1..at + 3)
                .and_then(|pair| std::str::from_utf8(pair).ok())
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        {
            byte = octet;
            at += 2;
        }
        at += 1;
        if byte == b'/' || byte == 0 {
            return Err(BadPath);
        }
        out.push(byte);
    }
    let text = String::from_utf8(out).map_err(|_| BadPath)?;
    match text.as_str() {
        "." | ".." => Err(BadPath),
        _ => Ok(text),
    }
}

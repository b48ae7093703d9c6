//! Values: transport encodings, charsets, escapes, pictures.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::line::{Encoding as Transfer, Line};

/// A picture, sound or key.
#[derive(Clone, Debug, PartialEq)]
pub enum Binary {
    /// Media type by the octets themselves, else as written; and the octets.
    Inline { media_type: String, octets: Vec<u8> },
    /// Somewhere else; never fetched by the server.
    Uri(String),
}

impl Line {
    /// The octets of PHOTO, LOGO, SOUND or KEY, in every form clients write.
    pub fn binary(&self) -> Option<Binary> {
        let is_base64 = self.encoding() == Some(Transfer::Base64)
            || self
                .param("ENCODING")
                .is_some_and(|value| value.to_ascii_lowercase().starts_with('b'))
            || self
                .param("VALUE")
                .is_some_and(|value| value.eq_ignore_ascii_case("binary"));
        let text = self.decoded();
        let text = text.trim();
        if text
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
        {
            return data_uri(&text[5..]);
        }
        if is_base64 {
            return inline(text, self.param("TYPE").or(self.param("MEDIATYPE")));
        }
        if text.contains("://") {
            return Some(Binary::Uri(super::value::unescape(text)));
        }
        inline(text, self.param("TYPE"))
    }
}

fn data_uri(rest: &str) -> Option<Binary> {
    // Some writers escape the comma.
    let (head, data) = rest.split_once(',')?;
    let head = head.trim_end_matches('\\').replace("\\;", ";");
    inline(data, head.split(';').next())
}

fn inline(text: &str, declared: Option<&str>) -> Option<Binary> {
    let clean: Vec<u8> = text
        .bytes()
        .filter(|b| b.is_ascii_alphanumeric() || *b == b'+' || *b == b'/')
        .collect();
    let octets = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(&clean)
        .or_else(|_| STANDARD.decode(&clean))
        .ok()
        .filter(|octets| !octets.is_empty())?;
    let media_type = sniff(&octets).map(str::to_owned).unwrap_or_else(|| {
        let declared = declared.unwrap_or("octet-stream").to_ascii_lowercase();
        match declared.contains('/') {
            true => declared,
            false => format!("image/{declared}"),
        }
    });
    Some(Binary::Inline { media_type, octets })
}

fn sniff(octets: &[u8]) -> Option<&'static str> {
    match octets {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        [b'B', b'M', ..] => Some("image/bmp"),
        _ => None,
    }
}

/// Base64 on one line.
pub(super) fn to_base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// UTF-8, else the declared charset, else Windows-1252. A declared charset that valid UTF-8
/// contradicts loses: clients declare what they do not write.
pub(super) fn decode_charset(bytes: &[u8], declared: Option<&str>) -> String {
    let encoding = declared
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .unwrap_or(UTF_8);
    if let Ok(text) = std::str::from_utf8(bytes)
        && (encoding == UTF_8 || !text.is_ascii() || encoding.is_ascii_compatible())
    {
        return text.to_owned();
    }
    let encoding = if encoding == UTF_8 {
        WINDOWS_1252
    } else {
        encoding
    };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// A whole upload as UTF-8 where its byte order mark or the charset declared for it says that it
/// is something else; none where it stays as it is.
pub fn to_utf8(bytes: &[u8], declared: Option<&str>) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes)
        && encoding != UTF_8
    {
        return Some(
            encoding
                .decode_without_bom_handling(&bytes[mark..])
                .0
                .into_owned(),
        );
    }
    let encoding = declared.and_then(|label| Encoding::for_label(label.trim().as_bytes()))?;
    // Clients declare what they do not write: valid UTF-8 beyond ASCII is what it says.
    let is_utf8 = std::str::from_utf8(bytes)
        .is_ok_and(|text| encoding.is_ascii_compatible() || !text.is_ascii());
    if encoding == UTF_8 || (is_utf8 && encoding.is_ascii_compatible()) {
        return None;
    }
    Some(encoding.decode_without_bom_handling(bytes).0.into_owned())
}

/// RFC 2045 §6.7; what is not an escape stands for itself.
pub(super) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'='
            && let Some(octet) = bytes
                .get(at + 1..at + 3)
                .and_then(|pair| std::str::from_utf8(pair).ok())
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        {
            out.push(octet);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

/// Backslash escapes, once (RFC 6350 §3.4; Apple also writes `\:`).
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'N') => out.push('\n'),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

/// Splits at unescaped separators and unescapes each part.
pub(super) fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == separator {
            parts.push(String::new());
            continue;
        }
        let Some(part) = parts.last_mut() else { break };
        part.push(c);
        if c == '\\'
            && let Some(next) = chars.next()
        {
            part.push(next);
        }
    }
    parts.iter().map(|part| unescape(part)).collect()
}

/// Lower case without diacritics, for search and sorting.
pub fn fold_for_search(text: &str) -> String {
    text.nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

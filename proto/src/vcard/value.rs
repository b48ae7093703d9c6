//! Values: transport encodings, charsets, escapes, pictures.

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
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

/// Base64 without its padding, which may have been cut off anywhere.
const CUT_OFF: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
);

impl Binary {
    /// Whether the octets begin as those of a picture.
    fn is_picture(&self) -> bool {
        matches!(self, Binary::Inline { octets, .. } if sniff(octets).is_some())
    }
}

impl Line {
    /// The octets of PHOTO, LOGO, SOUND or KEY, in every form clients write; none for a text.
    pub fn binary(&self) -> Option<Binary> {
        let value_is = |kind: &str| {
            self.param("VALUE")
                .is_some_and(|value| value.eq_ignore_ascii_case(kind))
        };
        if value_is("text") {
            return None;
        }
        // Some writers escape the commas and semicolons of a URI.
        let text = unescape(self.decoded().trim());
        let is_base64 = self
            .param("ENCODING")
            .is_some_and(|value| value.to_ascii_lowercase().starts_with('b'))
            || self.encoding() == Some(Transfer::Base64)
            || value_is("binary");
        match scheme(&text) {
            Some(scheme) if scheme.eq_ignore_ascii_case("data") => Some(
                self.data_uri(&text["data:".len()..])
                    .unwrap_or(Binary::Uri(text)),
            ),
            Some(_) => Some(Binary::Uri(text)),
            None if is_base64 => self.inline(&text, self.declared().as_deref()),
            None if value_is("uri") => self.named_uri(text),
            // Bare base64 is an old habit for pictures; of a key it may be the text itself.
            None if ["PHOTO", "LOGO"].iter().any(|name| self.is(name)) => {
                self.inline(&text, self.declared().as_deref())
            }
            None => None,
        }
    }

    /// What says that it is a URI, and has no scheme: of a picture the octets, where they are one.
    fn named_uri(&self, text: String) -> Option<Binary> {
        let is_picture = ["PHOTO", "LOGO"].iter().any(|name| self.is(name));
        let octets = self
            .inline(&text, None)
            .filter(|inline| is_picture && inline.is_picture());
        octets.or(Some(Binary::Uri(text)))
    }

    /// The type of the octets, as written.
    fn declared(&self) -> Option<String> {
        let is_place = |kind: &String| ["home", "work", "pref"].contains(&kind.as_str());
        let of_types = self.types().into_iter().find(|kind| !is_place(kind));
        of_types.or_else(|| self.param("MEDIATYPE").map(str::to_ascii_lowercase))
    }

    fn data_uri(&self, rest: &str) -> Option<Binary> {
        let (head, data) = rest.split_once(',')?;
        let mut head = head.split(';');
        let declared = head.next().map(str::to_ascii_lowercase);
        let inline = self.inline(data, declared.as_deref())?;
        let is_base64 = head.any(|param| param.trim().eq_ignore_ascii_case("base64"));
        // Some writers forget to say it.
        (is_base64 || inline.is_picture()).then_some(inline)
    }

    fn inline(&self, text: &str, declared: Option<&str>) -> Option<Binary> {
        let mut clean: Vec<u8> = text
            .bytes()
            .filter(|b| b.is_ascii_alphanumeric() || *b == b'+' || *b == b'/')
            .collect();
        if clean.len() % 4 == 1 {
            // Six bits are no octet.
            clean.pop();
        }
        let octets = CUT_OFF
            .decode(&clean)
            .ok()
            .filter(|octets| !octets.is_empty())?;
        let media_type = match sniff(&octets) {
            Some(found) => found.to_owned(),
            None => media_type(&self.name, declared.unwrap_or_default()),
        };
        Some(Binary::Inline { media_type, octets })
    }
}

/// The media type that a TYPE of version 3.0 names; one that is written whole stays.
pub(super) fn media_type(property: &str, kind: &str) -> String {
    let kind = kind.trim().to_ascii_lowercase();
    let property = property.to_ascii_uppercase();
    match (&*property, &*kind) {
        (_, "") => "application/octet-stream".to_owned(),
        (_, whole) if whole.contains('/') => whole.to_owned(),
        // RFC 2426 §3.7.2 and the types that are registered for them.
        ("KEY", "pgp") => "application/pgp-keys".to_owned(),
        ("KEY", "x509") => "application/pkix-cert".to_owned(),
        ("KEY", other) => format!("application/{other}"),
        ("SOUND", other) => format!("audio/{other}"),
        (_, "svg") => "image/svg+xml".to_owned(),
        (_, other) => format!("image/{other}"),
    }
}

/// The scheme of a URI (RFC 3986 §3.1); base64 has no colon.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    is_scheme.then_some(scheme)
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

/// RFC 2045 §6.7.
pub(super) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    escaped_octets(bytes, b'=')
}

/// Octets after a mark as two hex digits; what is not an escape stands for itself.
pub(super) fn escaped_octets(bytes: &[u8], mark: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == mark
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

/// A value of version 2.1, where a backslash that is before none of `; , : \` stands for itself, with
/// that one escaped.
pub(super) fn escape_backslashes(text: String) -> String {
    if !text.contains('\\') {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '\\' {
            let escaped = chars.next_if(|next| matches!(next, ';' | ',' | ':' | '\\'));
            out.push(escaped.unwrap_or('\\'));
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

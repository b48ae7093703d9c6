//! vCard 2.1: what old phones and cars read.

use carnet_proto::vcard::{Document, Kind, Line, Version, project};

/// Properties of vCard 2.1.
const KNOWN: [&str; 21] = [
    "FN", "N", "PHOTO", "BDAY", "ADR", "LABEL", "TEL", "EMAIL", "MAILER", "TZ", "GEO", "TITLE",
    "ROLE", "LOGO", "ORG", "NOTE", "REV", "SOUND", "URL", "UID", "KEY",
];
/// Octets of a quoted-printable line (RFC 2045 §6.7).
const WIDTH: usize = 76;

/// A card; nothing for a list, which vCard 2.1 cannot say.
pub fn write(document: &Document, uid: &str) -> Vec<u8> {
    let Ok(card) = Document::parse(&project(document, Version::V3, uid)) else {
        return Vec::new();
    };
    if card.kind() == Kind::Group {
        return Vec::new();
    }
    let mut out = b"BEGIN:VCARD\r\nVERSION:2.1\r\n".to_vec();
    for line in card.lines() {
        let upper = line.name.to_ascii_uppercase();
        if KNOWN.contains(&&upper[..]) {
            property(&upper, line, &mut out);
        }
    }
    out.extend_from_slice(b"END:VCARD\r\n");
    out
}

fn property(name: &str, line: &Line, out: &mut Vec<u8>) {
    let mut head = name.to_owned();
    for kind in line.types() {
        // Types a reader of vCard 2.1 would stumble over.
        if kind != "other" && !kind.starts_with("x-") {
            head.push(';');
            head.push_str(&kind.to_uppercase());
        }
    }
    if line.param("ENCODING").is_some() {
        out.extend_from_slice(format!("{head};ENCODING=BASE64:\r\n").as_bytes());
        for chunk in line.raw.chunks(WIDTH - 2) {
            out.push(b' ');
            out.extend_from_slice(chunk);
            out.extend_from_slice(b"\r\n");
        }
        // A blank line ends the octets.
        out.extend_from_slice(b"\r\n");
        return;
    }
    let omitted = line.param("X-APPLE-OMIT-YEAR");
    let structured = matches!(name, "N" | "ADR" | "ORG");
    let value = if structured {
        let parts = line.components().into_iter();
        let parts: Vec<String> = parts.map(|part| escaped(&part, true)).collect();
        parts.join(";")
    } else {
        let text = line.text();
        // A day without a year, as ISO 8601 has it.
        let day = omitted.and_then(|year| text.strip_prefix(year));
        day.map_or(escaped(&text, false), |day| {
            format!("--{}", day.trim_start_matches('-'))
        })
    };
    if value.is_ascii() && !value.contains(['\n', '\r', '=']) {
        out.extend_from_slice(format!("{head}:{value}\r\n").as_bytes());
        return;
    }
    let head = format!("{head};CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:");
    out.extend_from_slice(head.as_bytes());
    quoted_printable(&value, head.len(), out);
    out.extend_from_slice(b"\r\n");
}

/// A semicolon parts components, and a backslash is doubled only where it would escape what follows:
/// readers of vCard 2.1 show the others as they are.
fn escaped(text: &str, is_component: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escapes = match chars.peek() {
            Some(next) => matches!(next, ';' | ',' | ':' | '\\'),
            None => is_component,
        };
        if c == ';' && is_component || c == '\\' && escapes {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Line breaks are text here (`=0D=0A`); soft breaks never part a character's octets.
fn quoted_printable(value: &str, used: usize, out: &mut Vec<u8>) {
    let mut column = used;
    for c in value.chars() {
        let mut octets = [0; 4];
        let piece = match c {
            '\n' => "=0D=0A".to_owned(),
            ' '..='~' if c != '=' => c.to_string(),
            _ => c
                .encode_utf8(&mut octets)
                .bytes()
                .map(|octet| format!("={octet:02X}"))
                .collect(),
        };
        if column + piece.len() >= WIDTH {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        out.extend_from_slice(piece.as_bytes());
        column += piece.len();
    }
}

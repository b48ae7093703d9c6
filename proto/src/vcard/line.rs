//! One content line over bytes (RFC 6350 §3.3, vCard 2.1 §2.1).

use std::ops::Range;

use super::{document::is_non_character, value};

/// A content line: its position in the document, and its parts as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Octets of the document it covers, line ends included.
    pub range: Range<usize>,
    /// `item1` of `item1.EMAIL`.
    pub group: Option<String>,
    /// As written.
    pub name: String,
    pub params: Vec<Param>,
    /// Unfolded, still encoded and escaped.
    pub raw: Vec<u8>,
    /// Of a card of version 2.1, which knows fewer escapes.
    pub escapes_little: bool,
}

/// A parameter as written, caret escapes (RFC 6868) decoded in its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// `TYPE`; empty for the bare types of vCard 2.1.
    pub name: String,
    pub values: Vec<String>,
}

/// Properties of which a contact has several.
const SEVERAL: [&str; 13] = [
    "TEL",
    "EMAIL",
    "ADR",
    "URL",
    "IMPP",
    "RELATED",
    "X-ABRELATEDNAMES",
    "X-ABDATE",
    "X-SOCIALPROFILE",
    "X-CARNET-CUSTOM",
    "MEMBER",
    "X-ADDRESSBOOKSERVER-MEMBER",
    "KEY",
];

impl Line {
    /// Reads an unfolded line; none when there is no colon, or no name before it.
    ///
    /// RFC 6350 §3.3 has letters, digits and hyphens in names. Programs use others (KDE's
    /// `X-messaging/xmpp-All`, letters with accents), and are given them back.
    pub(super) fn parse(unfolded: &[u8], range: Range<usize>) -> Option<Self> {
        let colon = find_colon(unfolded)?;
        let head = value::decode_charset(&unfolded[..colon], None);
        let mut parts = split_quoted(&head, ';');
        let full = parts.next()?.trim();
        let (group, name) = match full.rsplit_once('.') {
            Some((group, name)) => (Some(group.to_owned()), name),
            None => (None, full),
        };
        let is_of_prose =
            |c: char| c.is_whitespace() || c.is_control() || c == '"' || is_non_character(c);
        if name.is_empty() || name.contains(is_of_prose) {
            return None;
        }
        Some(Self {
            range,
            group,
            name: name.to_owned(),
            params: parts.map(param).collect(),
            raw: unfolded[colon + 1..].to_vec(),
            escapes_little: false,
        })
    }

    /// Whether this is the property, whatever its case and group.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The first value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|param| param.name.eq_ignore_ascii_case(name))
            .and_then(|param| param.values.first())
            .map(String::as_str)
    }

    /// A contact has several of them; of other properties it has one.
    pub fn is_one_of_several(&self) -> bool {
        is_one_of_several(&self.name)
    }

    /// Lower-case types, from TYPE lists, repeated and quoted TYPE and the bare ones of 2.1.
    pub fn types(&self) -> Vec<String> {
        let mut types = self.written_types();
        types
            .iter_mut()
            .for_each(|kind| kind.make_ascii_lowercase());
        types
    }

    /// [`Line::types`] in the case in which they are written.
    pub(super) fn written_types(&self) -> Vec<String> {
        let mut types = Vec::new();
        for param in &self.params {
            let is_bare = param.name.is_empty();
            if is_bare || param.name.eq_ignore_ascii_case("TYPE") {
                types.extend(
                    param
                        .values
                        .iter()
                        .flat_map(|value| value.split(','))
                        .map(|value| value.trim().to_owned())
                        .filter(|value| !(value.is_empty() || is_bare && is_encoding(value))),
                );
            }
        }
        types
    }

    /// Whether a type is among [`Line::types`].
    pub fn has_type(&self, wanted: &str) -> bool {
        self.types().iter().any(|found| found == wanted)
    }

    /// Preferred: `PREF=1` or the type `pref`.
    pub fn is_preferred(&self) -> bool {
        self.param("PREF") == Some("1") || self.has_type("pref")
    }

    /// `quoted-printable`, `base64` (also spelled `b`), or none.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        self.params.iter().find_map(|param| {
            let named = param.name.eq_ignore_ascii_case("ENCODING") || param.name.is_empty();
            let value = param.values.first().filter(|_| named)?;
            match value.to_ascii_lowercase().as_str() {
                "quoted-printable" => Some(Encoding::QuotedPrintable),
                "base64" | "b" => Some(Encoding::Base64),
                _ => None,
            }
        })
    }

    /// The value with transport encoding and charset removed, escapes still in it, as version 3.0 has
    /// them.
    pub fn decoded(&self) -> String {
        let charset = self.param("CHARSET");
        let decoded = match self.encoding() {
            Some(Encoding::QuotedPrintable) => {
                value::decode_charset(&value::quoted_printable(&self.raw), charset)
            }
            _ => value::decode_charset(&self.raw, charset),
        };
        if self.escapes_little {
            value::escape_backslashes(decoded)
        } else {
            decoded
        }
    }

    /// The value as one text, unescaped once.
    pub fn text(&self) -> String {
        value::unescape(&self.decoded())
    }

    /// The components of a structured value, each unescaped.
    pub fn components(&self) -> Vec<String> {
        value::split(&self.decoded(), ';')
    }

    /// The components as they are written, escapes still in them.
    pub(super) fn written_components(&self) -> Vec<String> {
        pieces(&self.decoded(), ';')
    }

    /// The components of a value each of which may be a list: its values with a blank between.
    pub fn joined_components(&self) -> Vec<String> {
        let joined = |component: &String| {
            let values = value::split(component, ',').into_iter();
            let values: Vec<String> = values.map(|value| value.trim().to_owned()).collect();
            match &values[..] {
                // As it stands, blanks around it too.
                [_] => value::unescape(component),
                values => values.join(" ").trim().to_owned(),
            }
        };
        self.written_components().iter().map(joined).collect()
    }

    /// The values of a list, each unescaped.
    pub fn list(&self) -> Vec<String> {
        value::split(&self.decoded(), ',')
            .into_iter()
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
            .collect()
    }
}

/// Whether a contact has several of a property, by its name in any case.
pub(super) fn is_one_of_several(name: &str) -> bool {
    SEVERAL.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// Splits at unescaped separators; escapes stay.
fn pieces(text: &str, separator: char) -> Vec<String> {
    let mut escaped = false;
    text.split(|c| {
        let splits = c == separator && !escaped;
        escaped = c == '\\' && !escaped;
        splits
    })
    .map(str::to_owned)
    .collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encoding {
    QuotedPrintable,
    Base64,
}

fn is_encoding(value: &str) -> bool {
    ["quoted-printable", "base64", "8bit", "7bit"]
        .iter()
        .any(|encoding| encoding.eq_ignore_ascii_case(value))
}

/// The colon that ends the head: not inside quotes, unless a quote is never closed.
fn find_colon(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b':' if !quoted => return Some(at),
            _ => {}
        }
    }
    line.iter().position(|byte| *byte == b':')
}

fn split_quoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

fn param(text: &str) -> Param {
    match text.split_once('=') {
        Some((name, values)) => Param {
            name: name.trim().to_owned(),
            values: split_quoted(values, ',').map(param_value).collect(),
        },
        None => Param {
            name: String::new(),
            values: vec![text.trim().to_owned()],
        },
    }
}

/// Quotes removed, carets decoded (RFC 6868 §3.2).
fn param_value(text: &str) -> String {
    let text = text.trim();
    let inner = text
        .strip_prefix('"')
        .map(|rest| rest.strip_suffix('"').unwrap_or(rest))
        .unwrap_or(text);
    if !inner.contains('^') {
        return inner.to_owned();
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '^' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('\'') => out.push('"'),
            Some('^') => out.push('^'),
            Some(other) => out.extend(['^', other]),
            None => out.push('^'),
        }
    }
    out
}

//! Detects the format of a file by its content, never by its name alone.

use serde::{Deserialize, Serialize};

use super::{Refused, column, text::Decoded};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    VCard,
    Ldif,
    Outlook,
    OutlookWeb,
    GoogleOld,
    GoogleNew,
    Thunderbird,
    /// Any table: its columns are guessed and can be chosen.
    Csv,
}

impl Format {
    /// The name in reports and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::VCard => "vcard",
            Format::Ldif => "ldif",
            Format::Outlook => "outlook-csv",
            Format::OutlookWeb => "outlook-com-csv",
            Format::GoogleOld | Format::GoogleNew => "google-csv",
            Format::Thunderbird => "thunderbird-csv",
            Format::Csv => "csv",
        }
    }
}

/// The format to read a file as: detected, or chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    #[default]
    Auto,
    VCard,
    Csv,
    Outlook,
    Google,
    Ldif,
}

impl Asked {
    /// Every choice, with its name.
    pub const ALL: [(&'static str, Asked); 6] = [
        ("auto", Asked::Auto),
        ("vcard", Asked::VCard),
        ("csv", Asked::Csv),
        ("outlook", Asked::Outlook),
        ("google", Asked::Google),
        ("ldif", Asked::Ldif),
    ];

    /// Reads `auto`, `vcard`, `csv`, `outlook`, `google`, `ldif`.
    pub fn parse(name: &str) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, asked)| asked)
    }
}

/// Whether octets begin a file of vCards.
pub fn is_vcard(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let text: String = start
        .iter()
        .filter(|b| !b.is_ascii_whitespace())
        .take(18)
        .map(|b| char::from(b.to_ascii_uppercase()))
        .collect();
    ["BEGIN:VCARD", "BEGIN:VADDRESSBOOK", "BEGIN:VLIST"]
        .iter()
        .any(|begin| text.starts_with(begin))
}

/// Whether a file is a zip archive other than an office document.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") && !contains(&bytes[..bytes.len().min(4096)], b"xl/")
}

/// How compressed files begin: gzip, bzip2, xz, zstd, 7z, RAR.
const COMPRESSED: [&[u8]; 6] = [
    b"\x1F\x8B",
    b"BZh",
    b"\xFD7zXZ",
    b"\x28\xB5\x2F\xFD",
    b"7z\xBC\xAF",
    b"Rar!",
];
/// How databases begin: SQLite's, Outlook's (.pst).
const DATABASES: [&[u8]; 2] = [b"SQLite format 3\0", b"!BDN"];
/// Octets of a text that are none: programs pad with NUL.
const PADDING: usize = 3;

/// Refuses files whose octets are no text, with advice what to do instead. A vCard and what is in
/// UTF-16 may hold NUL.
fn refuse_binary(bytes: &[u8]) -> Result<(), Refused> {
    let begins = |signs: &[&[u8]]| signs.iter().any(|sign| bytes.starts_with(sign));
    if begins(&COMPRESSED) {
        return Err(Refused::Compressed);
    }
    if begins(&DATABASES) {
        return Err(Refused::Binary);
    }
    if is_vcard(bytes) || super::text::is_utf16(bytes) {
        return Ok(());
    }
    let unusual =
        |b: &&u8| **b < b' ' && !b.is_ascii_whitespace() && !matches!(**b, 0x0B | 0x1A | 0x1B);
    let nul = bytes.iter().filter(|b| **b == 0).count();
    let unusual = bytes.iter().filter(unusual).count();
    let many = |found: usize| found > PADDING && found * 50 > bytes.len();
    if many(nul) || many(unusual) {
        return Err(Refused::Binary);
    }
    Ok(())
}

/// Refuses JSON and XML, in which contacts may be written too.
pub fn refuse_markup(text: &str) -> Result<(), Refused> {
    let begins = text.trim_start();
    let bracket = begins.strip_prefix(['[', '{']).map(str::trim_start);
    let is_json = bracket.is_some_and(|rest| rest.starts_with(['"', '{', '[', '}', ']']));
    let is_xml = begins.strip_prefix('<').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || "?!".contains(c))
    });
    if is_json || is_xml && !begins.lines().next().is_some_and(|line| line.contains('@')) {
        Err(Refused::Markup)
    } else {
        Ok(())
    }
}

/// Refuses files that people mistake for a table of contacts, with advice what to do instead.
pub fn refuse_others(bytes: &[u8]) -> Result<(), Refused> {
    let start = &bytes[..bytes.len().min(4096)];
    let head: Vec<u8> = start
        .iter()
        .skip_while(|b| b.is_ascii_whitespace())
        .take(15)
        .map(u8::to_ascii_lowercase)
        .collect();
    if bytes.starts_with(b"PK") && contains(start, b"xl/") || bytes.starts_with(b"\xD0\xCF\x11\xE0")
    {
        return Err(Refused::Spreadsheet);
    }
    if bytes.starts_with(b"%PDF")
        || head.starts_with(b"<!doctype html")
        || head.starts_with(b"<html")
    {
        return Err(Refused::Document);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Refused::Empty);
    }
    refuse_binary(bytes)
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Whether the first logical line that is no comment is `version: 1` or names an entry.
pub fn is_ldif(decoded: &Decoded) -> bool {
    let mut comment = false;
    let first = decoded.text.lines().find(|line| {
        let continued = comment && line.starts_with(' ');
        comment = continued || line.starts_with('#');
        !comment && !line.trim().is_empty()
    });
    first.is_some_and(|line| {
        let line = line.trim_end().to_ascii_lowercase();
        line.starts_with("dn:") || line.starts_with("version: 1") || line == "version:1"
    })
}

/// The program that a header belongs to.
pub fn table(header: &[String], asked: Asked) -> Format {
    let has = |name: &str| column::has(header, name);
    let google = if has("group membership") || has("e-mail 1 - type") {
        Format::GoogleOld
    } else {
        Format::GoogleNew
    };
    match asked {
        Asked::Outlook => return Format::Outlook,
        Asked::Google => return google,
        Asked::Csv => return Format::Csv,
        Asked::Auto | Asked::VCard | Asked::Ldif => {}
    }
    if google == Format::GoogleOld
        || (has("labels") && (has("e-mail 1 - label") || has("first name")))
        || has("phonetic first name")
    {
        return google;
    }
    if has("given yomi") && has("e-mail address") {
        return Format::OutlookWeb;
    }
    let desktop = [
        ("e-mail address", "first name"),
        ("adresse de messagerie", "prenom"),
        ("e-mail-adresse", "vorname"),
        ("e-mailadres", "voornaam"),
    ];
    if desktop
        .iter()
        .any(|(address, name)| has(address) && has(name))
        && header.len() > 20
    {
        return Format::Outlook;
    }
    if (has("primary email") && has("display name"))
        || (has("adresse electronique principale") && has("nom a afficher"))
    {
        return Format::Thunderbird;
    }
    Format::Csv
}

//! Decodes octets to text: byte order marks, UTF-16 by the position of zeros, UTF-8, else
//! Windows-1252.

use super::SHOWN;
use encoding_rs::{Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// Octets looked at to tell UTF-16 without a mark.
const SAMPLE: usize = 1_000;

/// The text of a file, and how it was decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// NFC, without NUL and byte-order mark.
    pub text: String,
    /// `utf-8`, `utf-16le`, `utf-16be`, `windows-1252`, `macintosh`
    pub encoding: &'static str,
    pub bom: bool,
    /// The most frequent line end: `CRLF`, `LF` or `CR`.
    pub newline: &'static str,
    /// It has more control or replacement characters than text would.
    pub doubtful: bool,
    /// Accented capitals between small letters: MacRoman is worth offering.
    pub perhaps_mac: bool,
}

/// Decodes text; `chosen` overrides detection (a label such as `macintosh`).
pub fn decode(bytes: &[u8], chosen: Option<&str>) -> Decoded {
    let chosen = chosen.and_then(|label| Encoding::for_label(label.as_bytes()));
    let (encoding, bom) = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => (encoding, true),
        None => (chosen.unwrap_or_else(|| guess(bytes)), false),
    };
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    let text: String = if text.contains('\0') {
        text.chars().filter(|c| *c != '\0').collect()
    } else {
        text.into_owned()
    };
    let text = if is_nfc(&text) {
        text
    } else {
        text.nfc().collect()
    };
    let unusual = text
        .chars()
        .filter(|c| *c == '\u{FFFD}' || (c.is_control() && !c.is_whitespace()))
        .count();
    Decoded {
        encoding: name(encoding),
        bom,
        newline: newline(&text),
        doubtful: text.contains('\u{FFFD}') || unusual * 50 > text.chars().count(),
        perhaps_mac: encoding == WINDOWS_1252 && looks_mac(&text),
        text,
    }
}

/// The first line with other letters than ASCII, else the first one.
pub fn sample(text: &str) -> String {
    let telling = text.lines().find(|line| !line.is_ascii());
    let line = telling.or_else(|| text.lines().next()).unwrap_or_default();
    // From before the first such letter on.
    let at = line.chars().position(|c| !c.is_ascii()).unwrap_or(0);
    line.chars()
        .skip(at.saturating_sub(20))
        .take(SHOWN)
        .collect()
}

/// Whether octets are UTF-16, by their mark or the position of zeros.
pub fn is_utf16(bytes: &[u8]) -> bool {
    let encoding = Encoding::for_bom(bytes).map_or_else(|| guess(bytes), |(encoding, _)| encoding);
    encoding == UTF_16LE || encoding == UTF_16BE
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let sample = &bytes[..bytes.len().min(SAMPLE) & !1];
    let zeros = |at: usize| {
        sample
            .iter()
            .skip(at)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let half = sample.len() / 2;
    if half > 1 && zeros(1) * 10 > half * 9 {
        return UTF_16LE;
    }
    if half > 1 && zeros(0) * 10 > half * 9 {
        return UTF_16BE;
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => UTF_8,
        // A file cut inside its last character.
        Err(error) if error.error_len().is_none() => UTF_8,
        Err(_) => WINDOWS_1252,
    }
}

fn name(encoding: &'static Encoding) -> &'static str {
    match encoding {
        e if e == UTF_8 => "utf-8",
        e if e == UTF_16LE => "utf-16le",
        e if e == UTF_16BE => "utf-16be",
        e if e == WINDOWS_1252 => "windows-1252",
        e if e == MACINTOSH => "macintosh",
        e => e.name(),
    }
}

fn newline(text: &str) -> &'static str {
    let (mut crlf, mut lf, mut cr) = (0, 0, 0);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if at > 0 && bytes[at - 1] == b'\r' => crlf += 1,
            b'\n' => lf += 1,
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => cr += 1,
            _ => {}
        }
    }
    if crlf >= lf && crlf >= cr && crlf > 0 {
        "CRLF"
    } else if lf >= cr {
        "LF"
    } else {
        "CR"
    }
}

/// `TÈlÈphone`
fn looks_mac(text: &str) -> bool {
    let chars: Vec<char> = text.chars().take(100_000).collect();
    chars.windows(3).any(|three| {
        three[0].is_lowercase() && "ÈËÍÙ".contains(three[1]) && three[2].is_lowercase()
    })
}

//! A vCard as received: its lines in their order, with their octets.

use std::collections::HashMap;

use memchr::memchr;

use super::line::{Encoding, Line};

/// Content lines in one card.
const MAX_LINES: usize = 10_000;
/// FN of a card without anything to call it by: RFC 6350 §6.2.1 wants one.
pub const NAMELESS: &str = "Unnamed";
const TOO_LONG: &str = "more than 10,000 lines";

/// A card: its octets, and the positions of its lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    bytes: Vec<u8>,
    lines: Vec<Line>,
    /// Octets inside the card that are no content line, or not folded as one.
    junk: bool,
    /// Of them, text that is in no rendering.
    unread: bool,
    ended: bool,
    outside: bool,
    nested: bool,
}

/// Why octets are not a card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at octet {offset}")]
pub struct ParseError {
    pub what: &'static str,
    pub offset: usize,
}

/// The kind of object a card describes (RFC 6350 §6.1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Individual,
    Group,
    Org,
    Location,
    Other(String),
}

impl Kind {
    /// The value of KIND, in lower case.
    pub fn as_str(&self) -> &str {
        match self {
            Kind::Individual => "individual",
            Kind::Group => "group",
            Kind::Org => "org",
            Kind::Location => "location",
            Kind::Other(other) => other,
        }
    }
}

impl ParseError {
    /// Whether the card was refused for having more lines than any contact needs.
    pub fn is_too_long(&self) -> bool {
        self.what == TOO_LONG
    }
}

impl Document {
    /// Reads one card; bytes that are not UTF-8, old versions and small faults are accepted.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut document = Self {
            bytes: bytes.to_vec(),
            lines: Vec::new(),
            junk: false,
            unread: false,
            ended: false,
            outside: false,
            nested: false,
        };
        document.read_lines()?;
        Ok(document)
    }

    /// Exactly what was parsed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The content lines between BEGIN and END, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The lines of one property.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.is(name))
    }

    /// The first line of a property that has a value.
    pub fn first(&self, name: &str) -> Option<&Line> {
        let named = |line: &&Line| line.is(name);
        self.lines
            .iter()
            .find(|line| named(line) && !line.raw.is_empty())
            .or_else(|| self.lines.iter().find(named))
    }

    /// The place of the label that Apple's programs show for a line: X-ABLabel in its group.
    pub fn label_place(&self, line: &Line) -> Option<usize> {
        let group = line.group.as_ref()?;
        self.lines
            .iter()
            .position(|label| label.is("X-ABLabel") && label.group.as_ref() == Some(group))
    }

    /// The text at [`Document::label_place`]; empty where there is none.
    pub fn label(&self, line: &Line) -> String {
        self.label_place(line)
            .map(|at| self.lines[at].text())
            .unwrap_or_default()
    }

    /// As written: `2.1`, `3.0`, `4.0`; `3.0` when missing.
    pub fn version(&self) -> String {
        self.first("VERSION")
            .map(|line| line.text().trim().to_owned())
            .filter(|version| !version.is_empty())
            .unwrap_or_else(|| "3.0".to_owned())
    }

    /// The first UID, without white space around it and control characters.
    pub fn uid(&self) -> Option<String> {
        let uid: String = self
            .first("UID")?
            .text()
            .trim()
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        (!uid.is_empty()).then_some(uid)
    }

    /// The value of KIND, or of X-ADDRESSBOOKSERVER-KIND in version 3.0; without either, an
    /// individual (RFC 6350 §6.1.4).
    pub fn kind(&self) -> Kind {
        let line = self
            .first("KIND")
            .or_else(|| self.first("X-ADDRESSBOOKSERVER-KIND"));
        match line.map(|line| line.text().trim().to_ascii_lowercase()) {
            None => Kind::Individual,
            Some(kind) => match kind.as_str() {
                "individual" | "" => Kind::Individual,
                "group" => Kind::Group,
                "org" => Kind::Org,
                "location" => Kind::Location,
                _ => Kind::Other(kind),
            },
        }
    }

    /// The card for a reader of a language (`fr`). Of lines with one ALTID, which say one thing in
    /// several languages (RFC 6350 §5.4), the reader's is shown, else the one without a language,
    /// else the first. The others stay in the octets, and a patch leaves them there.
    pub fn spoken(mut self, language: &str) -> Document {
        let rank = |line: &Line| match line.param("LANGUAGE") {
            Some(tag) if is_language(tag, language) => 0,
            None => 1,
            Some(_) => 2,
        };
        let mut passed = vec![false; self.lines.len()];
        for lines in self.alternatives().into_values() {
            let best = lines.iter().min_by_key(|at| rank(&self.lines[**at]));
            let others = lines.iter().filter(|at| Some(*at) != best);
            others.for_each(|at| passed[*at] = true);
        }
        let mut passed = passed.into_iter();
        self.lines.retain(|_| passed.next() != Some(true));
        self
    }

    /// The positions of lines that say one thing in several languages, by property and ALTID.
    pub fn alternatives(&self) -> HashMap<(String, &str), Vec<usize>> {
        let mut found: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, line) in self.lines.iter().enumerate() {
            if let Some(id) = line.param("ALTID") {
                let of = (line.name.to_ascii_uppercase(), id);
                found.entry(of).or_default().push(at);
            }
        }
        found
    }

    /// FN, else a name made of the other properties.
    pub fn formatted_name(&self) -> String {
        let text = |name: &str| {
            self.first(name)
                .map(|line| line.text().trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        text("FN")
            .or_else(|| self.first("N").and_then(|line| name_of(&line.components())))
            .or_else(|| {
                let org = self.first("ORG")?.components().join(" ");
                Some(org.trim().to_owned()).filter(|org| !org.is_empty())
            })
            .or_else(|| text("NICKNAME"))
            .or_else(|| text("EMAIL"))
            .or_else(|| text("TEL"))
            .unwrap_or_else(|| NAMELESS.to_owned())
    }

    /// Whether a part of the name is given in N.
    pub fn is_named(&self) -> bool {
        let mut parts = self.all("N").flat_map(Line::components);
        parts.any(|part| !part.trim().is_empty())
    }

    /// The picture.
    pub fn photo(&self) -> Option<super::Binary> {
        self.all("PHOTO").find_map(Line::binary)
    }

    /// Whether a card stands inside it (vCard 2.1), which reads as the text of its `AGENT`.
    pub fn has_nested(&self) -> bool {
        self.nested
    }

    /// Whether it holds text that is no property, which is in no rendering of it.
    pub fn has_unread(&self) -> bool {
        self.unread
    }

    /// Whether nothing had to be tolerated in parsing, so that a rendering in its own version is
    /// the bytes themselves.
    pub fn is_clean(&self) -> bool {
        let version = self.version();
        !self.junk
            && self.ended
            && !self.outside
            && !self.nested
            && (version == "3.0" || version == "4.0")
            && self.lines.first().is_some_and(|line| line.is("VERSION"))
            && self.all("VERSION").count() == 1
            && self.uid().is_some_and(|uid| {
                self.all("UID").count() == 1
                    && self.first("UID").is_some_and(|line| line.text() == uid)
            })
            && self.first("FN").is_some()
            && (version != "3.0" || self.first("N").is_some())
            && is_clean_text(&self.bytes)
            && !self.lines.iter().any(|line| {
                line.param("CHARSET").is_some()
                    || line.encoding() == Some(Encoding::QuotedPrintable)
                    || line.params.iter().any(|param| param.name.is_empty())
            })
    }

    fn read_lines(&mut self) -> Result<(), ParseError> {
        let bytes = std::mem::take(&mut self.bytes);
        let outcome = self.scan(&bytes);
        self.bytes = bytes;
        outcome
    }

    fn scan(&mut self, bytes: &[u8]) -> Result<(), ParseError> {
        let refuse = |what, offset| Err(ParseError { what, offset });
        let mut at = if bytes.starts_with(b"\xEF\xBB\xBF") {
            3
        } else {
            0
        };
        self.outside = at > 0;
        let mut depth = 0usize;
        let mut agent = 0usize;
        let mut agent_at = 0;
        while at < bytes.len() {
            let LogicalLine {
                unfolded,
                next,
                is_folded_well,
            } = logical_line(bytes, at);
            let range = at..next;
            let start = at;
            at = next;
            self.junk |= !is_folded_well;
            let trimmed = unfolded.trim_ascii();
            if trimmed.is_empty() {
                self.outside |= depth == 0 && !unfolded.is_empty();
                self.junk |= depth > 0;
                continue;
            }
            let (begins, ends) = (marker(trimmed, b"BEGIN"), marker(trimmed, b"END"));
            let is_spelled_out =
                |kind: &[u8], at: usize| trimmed[at] == b':' && kind.eq_ignore_ascii_case(b"VCARD");
            self.junk |= begins.is_some_and(|kind| !is_spelled_out(kind, 5))
                || ends.is_some_and(|kind| !is_spelled_out(kind, 3));
            if let Some(kind) = begins {
                if depth == 0 {
                    if !kind.eq_ignore_ascii_case(b"VCARD") {
                        return refuse("no vCard begins", start);
                    }
                    if self.ended {
                        return refuse("a second vCard begins", start);
                    }
                    depth = 1;
                } else {
                    // A card inside an AGENT property (vCard 2.1).
                    if agent == 0 {
                        agent_at = start;
                    }
                    agent += 1;
                }
                continue;
            }
            if ends.is_some() && depth > 0 {
                if agent > 0 {
                    agent -= 1;
                    if agent == 0 {
                        self.nest(&bytes[agent_at..at], at);
                    }
                } else {
                    depth = 0;
                    self.ended = true;
                }
                continue;
            }
            if depth == 0 {
                self.outside = true;
                continue;
            }
            if agent > 0 {
                continue;
            }
            match Line::parse(&unfolded, range) {
                // Written out as a property, words that look like an end would be one.
                Some(line) if line.group.is_some() || !(line.is("BEGIN") || line.is("END")) => {
                    self.lines.push(line);
                }
                _ => (self.junk, self.unread) = (true, true),
            }
            if self.lines.len() > MAX_LINES {
                return refuse(TOO_LONG, start);
            }
        }
        if depth == 0 && !self.ended {
            return refuse("no BEGIN:VCARD", 0);
        }
        let carries = |line: &Line| !line.is("VERSION") && !line.raw.is_empty();
        if self.version() == "2.1" {
            // What stands in an AGENT was escaped here.
            let own = self.lines.iter_mut().filter(|line| !line.is("AGENT"));
            own.for_each(|line| line.escapes_little = true);
        }
        if self.lines.iter().any(carries) {
            Ok(())
        } else {
            refuse("the vCard holds no property", 0)
        }
    }
}

impl Document {
    /// A card that stands inside becomes the value of its `AGENT`, in the form of version 3.0
    /// (RFC 2426 §3.5.4).
    fn nest(&mut self, card: &[u8], end: usize) {
        let last = self.lines.last_mut();
        let Some(line) = last.filter(|line| line.is("AGENT") && line.raw.is_empty()) else {
            (self.junk, self.unread) = (true, true);
            return;
        };
        let mut at = 0;
        while at < card.len() {
            let (physical, next) = physical_line(card, at);
            for octet in physical {
                if matches!(octet, b'\\' | b',' | b';') {
                    line.raw.push(b'\\');
                }
                line.raw.push(*octet);
            }
            line.raw.extend_from_slice(b"\\n");
            at = next;
        }
        line.range.end = end;
        self.nested = true;
    }
}

/// The cards of a file, each with its offset; octets between cards are skipped. A card that begins
/// inside another one ends it, unless it is the value of `AGENT`.
pub fn split_stream(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut start = None;
        let mut depth = 0usize;
        let mut agent = false;
        while at < bytes.len() {
            let line_start = at;
            let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
            let line = bytes[at..end].trim_ascii();
            let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
            if marker(line, b"BEGIN").is_some_and(|kind| kind.eq_ignore_ascii_case(b"VCARD")) {
                let indented = matches!(bytes[line_start], b' ' | b'\t');
                match start {
                    Some(start) if !agent && !indented => {
                        return Some((start, &bytes[start..line_start]));
                    }
                    Some(_) => depth += usize::from(agent),
                    None => {
                        start = Some(line_start);
                        depth = 1;
                    }
                }
            }
            at = end;
            if !line.is_empty() {
                agent = opens_agent(line);
            }
            if marker(line, b"END").is_some() && depth > 0 {
                depth -= 1;
                if depth == 0
                    && let Some(start) = start
                {
                    return Some((start, &bytes[start..end]));
                }
            }
        }
        start.map(|start| (start, &bytes[start..]))
    })
}

/// Whether a line is an `AGENT` without a value: the card that follows is one (vCard 2.1).
pub fn opens_agent(line: &[u8]) -> bool {
    let Some(head) = line.trim_ascii().strip_suffix(b":") else {
        return false;
    };
    let name = head.split(|b| *b == b';').next().unwrap_or_default();
    let name = name.rsplit(|b| *b == b'.').next().unwrap_or_default();
    name.trim_ascii().eq_ignore_ascii_case(b"AGENT")
}

/// Whether a tag names a language, regions aside: `fr-CH`, `fr`.
fn is_language(tag: &str, language: &str) -> bool {
    let primary = tag.split('-').next().unwrap_or_default();
    primary.eq_ignore_ascii_case(language)
}

/// Prefix, given, additional, family, suffix.
pub(super) fn name_of(n: &[String]) -> Option<String> {
    let part = |at: usize| n.get(at).map(|part| part.trim()).unwrap_or_default();
    let words: Vec<&str> = [part(3), part(1), part(2), part(0), part(4)]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The value of a line that begins or ends an object. Blanks before its colon do not count where it
/// is a card; another such line is prose.
fn marker<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(name.len())?;
    let value = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii();
    let counts = rest.starts_with(b":") || value.eq_ignore_ascii_case(b"VCARD");
    (counts && head.eq_ignore_ascii_case(name)).then_some(value)
}

/// What XML 1.0 cannot carry besides control characters.
pub(super) fn is_non_character(c: char) -> bool {
    matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// UTF-8, CRLF only, and no control character an XML body could not carry.
fn is_clean_text(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes);
    if !text.is_ok_and(|text| !text.contains(is_non_character)) || !bytes.ends_with(b"\r\n") {
        return false;
    }
    let mut previous = 0;
    for byte in bytes {
        let clean = match byte {
            b'\n' => previous == b'\r',
            b'\r' | b'\t' => previous != b'\r',
            0..=0x1F => false,
            _ => previous != b'\r',
        };
        if !clean {
            return false;
        }
        previous = *byte;
    }
    true
}

/// A line of one or more physical lines.
struct LogicalLine {
    unfolded: Vec<u8>,
    /// Where the next one begins.
    next: usize,
    /// Whether every reader finds its end at the same place.
    is_folded_well: bool,
}

/// The line that begins at an offset.
///
/// Unfolds bytes, so that a fold inside a character is harmless; joins the soft breaks of
/// quoted-printable and the unindented base64 lines of vCard 2.1.
fn logical_line(bytes: &[u8], start: usize) -> LogicalLine {
    let (first, mut at) = physical_line(bytes, start);
    let mut line = first.to_vec();
    let head = &line[..memchr(b':', &line).unwrap_or(0)];
    let (soft_breaks, is_base64) = (is_quoted_printable(head), is_base64(head));
    let mut is_folded_well = true;
    loop {
        let (mut more, mut next) = physical_line(bytes, at);
        if soft_breaks && line.last() == Some(&b'=') && at < bytes.len() {
            line.pop();
            line.extend_from_slice(more);
            at = next;
            continue;
        }
        if is_base64 && is_of_base64(more) {
            line.extend_from_slice(more.trim_ascii_end());
            at = next;
            is_folded_well = false;
            continue;
        }
        if line.is_empty() || !is_indented(bytes, at) {
            break;
        }
        let mut blanks = Vec::new();
        while !is_base64 && is_blank(more) && is_indented(bytes, next) {
            blanks.extend_from_slice(&more[1..]);
            (more, next) = physical_line(bytes, next);
        }
        at = next;
        if is_blank(more) {
            // The value has ended before the blanks.
            is_folded_well = false;
            break;
        }
        line.extend_from_slice(&blanks);
        line.extend_from_slice(&more[1..]);
    }
    LogicalLine {
        unfolded: line,
        next: at,
        is_folded_well,
    }
}

fn is_indented(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), Some(b' ' | b'\t'))
}

fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

fn is_quoted_printable(head: &[u8]) -> bool {
    head.windows(16)
        .any(|window| window.eq_ignore_ascii_case(b"quoted-printable"))
}

fn is_base64(head: &[u8]) -> bool {
    head.split(|b| *b == b';').skip(1).any(|param| {
        let param = param.trim_ascii();
        let (name, value) = match param.iter().position(|b| *b == b'=') {
            Some(at) => (param[..at].trim_ascii(), param[at + 1..].trim_ascii()),
            None => (&b"ENCODING"[..], param),
        };
        name.eq_ignore_ascii_case(b"ENCODING")
            && [&b"BASE64"[..], b"B"]
                .iter()
                .any(|encoding| value.eq_ignore_ascii_case(encoding))
    })
}

/// Whether a line has no colon and no indent, and may be octets that go on.
fn is_of_base64(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    !line.is_empty() && line.iter().all(is_digit)
}

/// A line without its end (CRLF, LF or CR; CRCRLF where a program wrote CRLF as text), and where the
/// next one begins.
fn physical_line(bytes: &[u8], start: usize) -> (&[u8], usize) {
    let rest = &bytes[start..];
    match memchr::memchr2(b'\r', b'\n', rest) {
        None => (rest, bytes.len()),
        Some(end) => {
            let ends: [&[u8]; 2] = [b"\r\r\n", b"\r\n"];
            let found = ends.iter().find(|ends| rest[end..].starts_with(ends));
            let width = found.map_or(1, |ends| ends.len());
            (&rest[..end], start + end + width)
        }
    }
}

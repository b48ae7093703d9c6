//! The line patch: the only way a stored card changes. Untouched lines keep their octets.

use std::collections::BTreeMap;

use super::{
    document::{Document, is_non_character},
    line::{Line, Param},
    version::{Version, repaired},
};

/// Octets of a physical line before it is folded (RFC 6350 §3.2).
const FOLD: usize = 75;
/// Companion lines of Apple that go with a line of their group; a value has two or three.
const COMPANIONS: usize = 16;

/// Changes to a document, collected by line.
pub struct Edit<'a> {
    document: &'a Document,
    /// The lines that change, by their place in [`Document::lines`]; none removes the line.
    changed: BTreeMap<usize, Option<NewLine>>,
    added: Vec<NewLine>,
    /// Groups are looked for from this number on: those before it are in use.
    group: usize,
}

/// A line to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewLine {
    pub group: Option<String>,
    pub name: String,
    pub params: Vec<Param>,
    /// Escaped and encoded, not folded.
    pub raw: String,
}

impl NewLine {
    /// A line with types and an escaped value.
    pub fn new(name: &str, types: &[&str], raw: impl Into<String>) -> Self {
        let params = if types.is_empty() {
            Vec::new()
        } else {
            vec![Param {
                name: "TYPE".into(),
                values: types.iter().map(|t| (*t).to_owned()).collect(),
            }]
        };
        Self {
            group: None,
            name: name.to_owned(),
            params,
            raw: raw.into(),
        }
    }

    /// This line in a group.
    pub fn in_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// This line with one more parameter.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push(Param {
            name: name.to_owned(),
            values: vec![value.into()],
        });
        self
    }

    /// A copy of a line with its transport encoding removed.
    pub fn from_line(line: &Line) -> Self {
        let params = line
            .params
            .iter()
            .filter(|param| !is_transport(param))
            .cloned()
            .collect();
        Self {
            group: line.group.clone(),
            name: line.name.clone(),
            params,
            raw: line.decoded(),
        }
    }

    /// The line for a card of version 2.1, where `\n` stands for itself and a break is encoded.
    fn for_version_2_1(&self) -> Option<String> {
        let mut raw = String::with_capacity(self.raw.len() + 16);
        let mut chars = self.raw.chars();
        let mut breaks = false;
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n' | 'N') => {
                        raw.push_str("=0D=0A");
                        breaks = true;
                    }
                    Some(escaped) => raw.extend(['\\', escaped]),
                    None => raw.push('\\'),
                },
                '\n' => {
                    raw.push_str("=0D=0A");
                    breaks = true;
                }
                '\r' => {}
                '=' => raw.push_str("=3D"),
                c if c.is_ascii() => raw.push(c),
                c => {
                    let mut octets = [0; 4];
                    for octet in c.encode_utf8(&mut octets).bytes() {
                        raw.push_str(&format!("={octet:02X}"));
                    }
                }
            }
        }
        breaks.then_some(raw)
    }

    /// Appends the line to a card of version 2.1.
    fn write_2_1(&self, out: &mut Vec<u8>) {
        let Some(raw) = self.for_version_2_1() else {
            return self.write(out);
        };
        let encoded = Self {
            raw: String::new(),
            ..self.clone()
        };
        let encoded = encoded
            .with("ENCODING", "QUOTED-PRINTABLE")
            .with("CHARSET", "UTF-8");
        let mut line = Vec::new();
        encoded.write(&mut line);
        // Not folded: a break within the value would be one of it.
        out.extend_from_slice(line.trim_ascii_end());
        out.extend_from_slice(raw.as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    /// Appends the folded line with its CRLF.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut line = String::with_capacity(self.raw.len() + 32);
        if let Some(group) = &self.group {
            line.push_str(group);
            line.push('.');
        }
        line.push_str(&self.name);
        for param in &self.params {
            line.push(';');
            if !param.name.is_empty() {
                line.push_str(&param.name);
                line.push('=');
            }
            for (at, value) in param.values.iter().enumerate() {
                if at > 0 {
                    line.push(',');
                }
                line.push_str(&param_value(value));
            }
        }
        line.push(':');
        let is_text = |c: &char| (!c.is_control() || *c == '\t') && !is_non_character(*c);
        line.extend(self.raw.chars().filter(is_text));
        fold(&line, out);
    }
}

/// Escapes a text value (RFC 6350 §3.4).
pub fn escape_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push_str("\\\\"),
            ',' => out.push_str("\\,"),
            ';' => out.push_str("\\;"),
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push_str("\\n");
            }
            '\n' => out.push_str("\\n"),
            _ => out.push(c),
        }
    }
    out
}

impl Document {
    /// Begins a patch.
    pub fn edit(&self) -> Edit<'_> {
        Edit {
            document: self,
            changed: BTreeMap::new(),
            added: Vec::new(),
            group: 1,
        }
    }

    /// The document a patch may start from: this one, or the rendering that replaces a card of
    /// version 2.1 or one that needed repair.
    pub fn editable(&self, uid: &str) -> Document {
        if self.is_clean() {
            return self.clone();
        }
        let version = match self.version().as_str() {
            "4.0" => Version::V4,
            _ => Version::V3,
        };
        Document::parse(&repaired(self, version, uid)).unwrap_or_else(|_| self.clone())
    }
}

impl<'a> Edit<'a> {
    /// The document the patch started from.
    pub fn document(&self) -> &'a Document {
        self.document
    }

    /// Sets the escaped value of a line; group, parameters and position stay.
    pub fn set_raw(&mut self, at: usize, raw: impl Into<String>) {
        let Some(line) = self.document.lines().get(at) else {
            return;
        };
        let raw = raw.into();
        if line.decoded() == raw {
            self.changed.remove(&at);
        } else {
            let line = NewLine::from_line(line);
            self.changed.insert(at, Some(NewLine { raw, ..line }));
        }
    }

    /// Replaces a line.
    pub fn replace(&mut self, at: usize, line: NewLine) {
        self.changed.insert(at, Some(line));
    }

    /// A line as changed so far; none when it is removed.
    pub fn current(&self, at: usize) -> Option<NewLine> {
        match self.changed.get(&at) {
            Some(changed) => changed.clone(),
            None => self.document.lines().get(at).map(NewLine::from_line),
        }
    }

    /// Sets the text of a line; nothing changes when it already has it.
    pub fn set_text(&mut self, at: usize, text: &str) {
        let same = self
            .document
            .lines()
            .get(at)
            .is_some_and(|line| line.text() == text);
        if !same {
            self.set_raw(at, escape_text(text));
        }
    }

    /// New components for a structured line; one that says the same already stays as it is written.
    pub fn set_components(&mut self, at: usize, components: &[String]) {
        let Some(line) = self.document.lines().get(at) else {
            return;
        };
        let trimmed = |parts: &[String]| {
            let end = parts
                .iter()
                .rposition(|p| !p.is_empty())
                .map_or(0, |p| p + 1);
            parts[..end].to_vec()
        };
        let before = line.components();
        if trimmed(&before) != trimmed(components) {
            let written = line.written_components();
            let raw = components.iter().enumerate().map(|(at, component)| {
                let stays = before.get(at) == Some(component);
                // What an encoding allowed and a line of its own does not is written anew.
                let fits = |written: &&String| stays && !written.contains(['\r', '\n']);
                match written.get(at).filter(fits) {
                    Some(written) => written.clone(),
                    None => escape_text(component),
                }
            });
            self.set_raw(at, raw.collect::<Vec<_>>().join(";"));
        }
    }

    /// Removes a line, and its group if only Apple's companion lines are left in it.
    pub fn remove(&mut self, at: usize) {
        self.changed.insert(at, None);
        let lines = self.document.lines();
        let Some(group) = lines.get(at).and_then(|line| line.group.clone()) else {
            return;
        };
        // From the end: lines are removed in their order.
        let rest = || {
            (0..lines.len()).rev().filter(|other| {
                lines[*other].group.as_ref() == Some(&group)
                    && self.changed.get(other) != Some(&None)
            })
        };
        let is_companion = |at: usize| lines[at].name.to_ascii_uppercase().starts_with("X-AB");
        if rest().all(is_companion) {
            for at in rest().collect::<Vec<_>>() {
                self.changed.insert(at, None);
            }
        }
    }

    /// Removes a line, and nothing with it.
    pub(super) fn cut(&mut self, at: usize) {
        self.changed.insert(at, None);
    }

    /// Appends a line before the end.
    pub fn add(&mut self, line: NewLine) {
        self.added.push(line);
    }

    /// Appends a line of another document, with Apple's companion lines.
    pub fn adopt(&mut self, from: &Document, at: usize) {
        let Some(line) = from.lines().get(at) else {
            return;
        };
        let new = NewLine::from_line(line);
        let Some(group) = &line.group else {
            self.add(new);
            return;
        };
        self.group = self.free_number();
        let free = format!("item{}", self.group);
        self.add(new.in_group(free.clone()));
        let beside = from.lines().iter().filter(|other| {
            other.group.as_ref() == Some(group)
                && other.name.to_ascii_uppercase().starts_with("X-AB")
                && !other.is(&line.name)
        });
        for other in beside.take(COMPANIONS) {
            self.add(NewLine::from_line(other).in_group(free.clone()));
        }
    }

    /// A line appended so far.
    pub fn added(&self, name: &str) -> Option<&NewLine> {
        self.added.iter().find(|line| line.name == name)
    }

    /// Appends a line, or changes the one of that name appended so far.
    pub fn set_added(&mut self, name: &str, raw: String) {
        match self.added.iter_mut().find(|line| line.name == name) {
            Some(line) => line.raw = raw,
            None => self.added.push(NewLine::new(name, &[], raw)),
        }
    }

    /// A group name that is not in use: `item1`, `item2`...
    pub fn free_group(&self) -> String {
        format!("item{}", self.free_number())
    }

    fn free_number(&self) -> usize {
        let used = |name: &str| {
            self.document
                .lines()
                .iter()
                .map(|line| line.group.as_deref())
                .chain(self.added.iter().map(|line| line.group.as_deref()))
                .chain(
                    self.changed
                        .values()
                        .flatten()
                        .map(|line| line.group.as_deref()),
                )
                .flatten()
                .any(|group| group.eq_ignore_ascii_case(name))
        };
        (self.group..)
            .find(|number| !used(&format!("item{number}")))
            .unwrap_or_default()
    }

    /// Whether anything changes.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.added.is_empty()
    }

    /// The patched document.
    pub fn finish(self) -> Document {
        if self.is_empty() {
            return self.document.clone();
        }
        let bytes = self.document.as_bytes();
        let mut out = Vec::with_capacity(bytes.len() + 256);
        let mut copied = 0;
        let write = if self.document.version() == "2.1" {
            NewLine::write_2_1
        } else {
            NewLine::write
        };
        for (at, new) in &self.changed {
            let line = &self.document.lines()[*at];
            out.extend_from_slice(&bytes[copied..line.range.start]);
            copied = line.range.end;
            if let Some(new) = new {
                write(new, &mut out);
            }
        }
        let end = self
            .document
            .lines()
            .iter()
            .map(|line| line.range.end)
            .max()
            .unwrap_or(0)
            .max(copied);
        out.extend_from_slice(&bytes[copied..end]);
        if !out.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
        for line in &self.added {
            write(line, &mut out);
        }
        out.extend_from_slice(&bytes[end..]);
        Document::parse(&out).unwrap_or_else(|_| self.document.clone())
    }
}

/// Escaped components joined by semicolons.
pub(super) fn join_components(components: &[String]) -> String {
    components
        .iter()
        .map(|component| escape_text(component))
        .collect::<Vec<_>>()
        .join(";")
}

/// CHARSET, and the encodings that are gone once the value is decoded.
pub(super) fn is_transport(param: &Param) -> bool {
    let quoted_printable = |value: &String| value.eq_ignore_ascii_case("quoted-printable");
    param.name.eq_ignore_ascii_case("CHARSET")
        || ((param.name.eq_ignore_ascii_case("ENCODING") || param.name.is_empty())
            && param.values.iter().any(quoted_printable))
}

/// Quotes and carets where a parameter value needs them (RFC 6868).
fn param_value(value: &str) -> String {
    let needs_quotes = value.contains([':', ';', ',']);
    let escaped: String = value
        .chars()
        .fold(String::with_capacity(value.len()), |mut out, c| {
            match c {
                '"' => out.push_str("^'"),
                '\n' => out.push_str("^n"),
                '^' => out.push_str("^^"),
                c if c.is_control() => {}
                c => out.push(c),
            }
            out
        });
    if needs_quotes {
        format!("\"{escaped}\"")
    } else {
        escaped
    }
}

/// Folds at 75 octets, never inside a character, and never before a blank: many programs read a
/// continuation of blanks alone as an empty line, which ends a value. A longer run of blanks stays
/// whole.
fn fold(line: &str, out: &mut Vec<u8>) {
    let mut rest = line;
    let mut room = FOLD;
    while rest.len() > room {
        let foldable = |at: &usize| {
            rest.is_char_boundary(*at) && !matches!(rest.as_bytes()[*at], b' ' | b'\t')
        };
        let before = (1..=room).rev().find(foldable);
        let Some(cut) = before.or_else(|| (room + 1..rest.len()).find(foldable)) else {
            break;
        };
        out.extend_from_slice(&rest.as_bytes()[..cut]);
        out.extend_from_slice(b"\r\n ");
        rest = &rest[cut..];
        room = FOLD - 1;
    }
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// A list of contacts as Apple's programs write it (version 3.0), its members named by their UIDs.
pub fn list_card(name: &str, uid: &str, members: &[String]) -> Vec<u8> {
    let name = escape_text(name);
    let mut lines = vec![
        NewLine::new("UID", &[], escape_text(uid)),
        NewLine::new("N", &[], format!("{name};;;;")),
        NewLine::new("FN", &[], name),
        NewLine::new("X-ADDRESSBOOKSERVER-KIND", &[], "group"),
    ];
    lines.extend(members.iter().map(|uid| {
        let bare = uid.trim().trim_start_matches("urn:uuid:");
        NewLine::new(
            "X-ADDRESSBOOKSERVER-MEMBER",
            &[],
            format!("urn:uuid:{}", escape_text(bare)),
        )
    }));
    let mut card = b"BEGIN:VCARD\r\nVERSION:3.0\r\n".to_vec();
    lines.iter().for_each(|line| line.write(&mut card));
    card.extend_from_slice(b"END:VCARD\r\n");
    card
}

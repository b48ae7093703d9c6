//! Renderings of a card in version 3.0 or 4.0, with every repair a reader needs.

mod binary;
mod date;
mod groups;
mod v3;
mod v4;

use std::collections::{HashMap, HashSet};

use self::groups::Groups;
use super::{
    document::{Document, Kind, name_of},
    line::{Line, Param},
    patch::{NewLine, escape_text, is_transport, join_components},
};

/// A version of vCard that clients read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// RFC 2426.
    V3,
    /// RFC 6350.
    V4,
}

impl Version {
    /// `3.0` or `4.0`.
    pub fn as_str(self) -> &'static str {
        match self {
            Version::V3 => "3.0",
            Version::V4 => "4.0",
        }
    }
}

/// What a place says beyond the two numbers of version 3.0, a `geo` URI (RFC 5870).
const WHOLE_GEO: &str = "X-CARNET-GEO";
/// What a telephone number says beyond what is dialled, a `tel` URI (RFC 3966).
const WHOLE_TEL: &str = "X-CARNET-TEL";

/// The card in a version; the bytes themselves when nothing has to change.
///
/// A card with lines of the other version in it ([`Document::is_mixed`]) becomes one or the other.
/// `uid` stands in for a missing UID. Every line of the card is shown, in the terms of the version
/// or as it is, so that what an upload leaves out is a deletion, and the way there and back changes
/// nothing.
pub fn project(document: &Document, version: Version, uid: &str) -> Vec<u8> {
    write(document, version, uid, true)
}

/// [`project`] for the card that is stored: a name that is only displayed stays one, so that no
/// program that was shown no parts of it takes them away.
pub(super) fn repaired(document: &Document, version: Version, uid: &str) -> Vec<u8> {
    write(document, version, uid, false)
}

/// What the LABEL of an address says, by the number of the address's line, for those that have one.
pub fn address_labels(document: &Document) -> HashMap<usize, String> {
    Groups::of(document).all_labels()
}

fn write(document: &Document, version: Version, uid: &str, divides_name: bool) -> Vec<u8> {
    let crosses = document.version() != version.as_str() || document.is_mixed();
    if !crosses && document.is_clean() {
        return document.as_bytes().to_vec();
    }
    let mut writer = Writer {
        document,
        version,
        crosses,
        divides_name,
        out: Vec::new(),
        together: Groups::of(document),
        made: HashSet::new(),
        groups: 0,
        has_uid: false,
    };
    writer.render(uid);
    let mut bytes = b"BEGIN:VCARD\r\n".to_vec();
    for line in &writer.out {
        line.write(&mut bytes);
    }
    bytes.extend_from_slice(b"END:VCARD\r\n");
    bytes
}

struct Writer<'a> {
    document: &'a Document,
    version: Version,
    /// The card says things in terms that are not the version's.
    crosses: bool,
    /// N is made of FN.
    divides_name: bool,
    out: Vec<NewLine>,
    together: Groups<'a>,
    /// Single properties that came of another one.
    made: HashSet<&'static str>,
    /// Number of the last `itemN` that was made.
    groups: usize,
    has_uid: bool,
}

impl Writer<'_> {
    fn render(&mut self, uid: &str) {
        self.out
            .push(NewLine::new("VERSION", &[], self.version.as_str()));
        for at in 0..self.document.lines().len() {
            self.line(at);
        }
        if !self.has_uid {
            self.out.push(NewLine::new("UID", &[], escape_text(uid)));
        }
        let name = self.document.formatted_name();
        let has = |lines: &[NewLine], name: &str| {
            lines
                .iter()
                .any(|line| line.name.eq_ignore_ascii_case(name))
        };
        if !has(&self.out, "FN") {
            self.out
                .insert(1, NewLine::new("FN", &[], escape_text(&name)));
        }
        if self.version == Version::V3 && !has(&self.out, "N") {
            let n = match (self.document.kind(), self.document.divided_name()) {
                (Kind::Group, _) => Some(format!("{};;;;", escape_text(&name))),
                (_, None) => Some(";;;;".to_owned()),
                (_, Some((given, family))) => {
                    let parts = [family, given].map(|part| escape_text(&part));
                    self.divides_name.then(|| format!("{};;;", parts.join(";")))
                }
            };
            if let Some(n) = n {
                self.out.insert(1, NewLine::new("N", &[], n));
            }
        }
    }

    fn line(&mut self, at: usize) {
        let line = &self.document.lines()[at];
        let upper = line.name.to_ascii_uppercase();
        let new = cleaned(line);
        match upper.as_str() {
            "VERSION" => return,
            "UID" => return self.uid(line, new),
            _ => {}
        }
        if !self.crosses {
            self.out.push(new);
            return;
        }
        match self.version {
            Version::V4 => self.as_v4(at, &upper, new),
            Version::V3 => self.as_v3(at, &upper, new),
        }
    }

    /// The first one counts; the others are kept out of the way.
    fn uid(&mut self, line: &Line, mut new: NewLine) {
        if self.has_uid {
            new.name = "X-CARNET-OTHER-UID".to_owned();
            self.out.push(new);
            return;
        }
        if let Some(uid) = self.document.uid() {
            self.has_uid = true;
            if line.text() != uid {
                new.raw = escape_text(&uid);
            }
            self.out.push(new);
        }
    }
}

/// A line without its transport encoding, with bare 2.1 types as TYPE.
fn cleaned(line: &Line) -> NewLine {
    let mut new = NewLine::from_line(line);
    new.params.retain(|param| !is_transport(param));
    for param in &mut new.params {
        if param.name.is_empty() {
            let value = param.values.first().map(|v| v.to_ascii_lowercase());
            match value.as_deref() {
                Some("base64" | "b") => {
                    param.name = "ENCODING".into();
                    param.values = vec!["b".into()];
                }
                _ => param.name = "TYPE".into(),
            }
        } else if param.name.eq_ignore_ascii_case("ENCODING")
            && param
                .values
                .first()
                .is_some_and(|v| v.eq_ignore_ascii_case("base64"))
        {
            param.values = vec!["b".into()];
        }
    }
    for param in &mut new.params {
        // As version 2.1 spells it.
        let is_url = |value: &String| value.eq_ignore_ascii_case("url");
        if param.name.eq_ignore_ascii_case("VALUE") && param.values.iter().any(is_url) {
            param.values = vec!["uri".into()];
        }
    }
    if new.params.iter().any(|p| p.name == "ENCODING") {
        new.raw.retain(|c| !c.is_whitespace());
    }
    // Raw line breaks of quoted-printable texts.
    if new.raw.contains(['\r', '\n']) {
        new.raw = new.raw.replace("\r\n", "\\n").replace(['\r', '\n'], "\\n");
    }
    for (name, width) in [("N", 5), ("ADR", 7)] {
        if line.is(name) {
            let parts = line.components();
            if parts.len() > width {
                new.raw = join_components(&within(parts, width));
            }
        }
    }
    if line.is("FN") && line.text().trim().is_empty() {
        new.raw = String::new();
    }
    new
}

/// As many components as the property has; what further ones say goes into the last, as semicolons
/// that nobody escaped made them. The address as it is printed, which Google adds, and the further
/// components of RFC 9554 §2 say again what the others say, and are left out.
fn within(mut parts: Vec<String>, width: usize) -> Vec<String> {
    let words = |part: &str| -> Vec<String> {
        let words = part.split(|c: char| !c.is_alphanumeric());
        words
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let further = parts.split_off(width);
    let mut said: HashSet<String> = parts.iter().flat_map(|part| words(part)).collect();
    let last = &mut parts[width - 1];
    for part in further {
        let new = words(&part);
        if new.iter().any(|word| !said.contains(word)) {
            last.push(' ');
            last.push_str(part.trim());
            said.extend(new);
        }
    }
    *last = last.trim().to_owned();
    parts
}

fn param(name: &str, value: &str) -> Param {
    Param {
        name: name.to_owned(),
        values: vec![value.to_owned()],
    }
}

fn has_param(line: &NewLine, name: &str) -> bool {
    let mut params = line.params.iter();
    params.any(|param| param.name.eq_ignore_ascii_case(name))
}

fn drop_param(line: &mut NewLine, name: &str) {
    line.params
        .retain(|param| !param.name.eq_ignore_ascii_case(name));
}

/// `TYPE="home,voice"` as the two types it is.
fn split_types(line: &mut NewLine) {
    for param in &mut line.params {
        if param.name.eq_ignore_ascii_case("TYPE") {
            let values = param.values.iter().flat_map(|value| value.split(','));
            param.values = values.map(|value| value.trim().to_owned()).collect();
        }
    }
}

/// Takes a type away; whether it was there.
fn move_type(line: &mut NewLine, wanted: &str) -> bool {
    let mut found = false;
    for param in &mut line.params {
        if param.name.eq_ignore_ascii_case("TYPE") {
            param.values.retain(|value| {
                let is_it = value.eq_ignore_ascii_case(wanted);
                found |= is_it;
                !is_it
            });
        }
    }
    if found {
        line.params.retain(|param| !param.values.is_empty());
    }
    found
}

fn add_type(line: &mut NewLine, value: &str) {
    let types = line
        .params
        .iter_mut()
        .find(|param| param.name.eq_ignore_ascii_case("TYPE"));
    match types {
        Some(types) => types.values.push(value.to_owned()),
        None => line.params.push(param("TYPE", value)),
    }
}

impl Document {
    /// Whether a card says something in the terms of the other version, which readers of its own do
    /// not understand: Thunderbird writes the number of the version it read, and all else as in 4.0.
    pub fn is_mixed(&self) -> bool {
        match self.version().as_str() {
            "3.0" => self.lines().iter().any(v3::is_of_v4),
            "4.0" => v4::has_of_v3(self),
            _ => false,
        }
    }

    /// The name that N alone would give, for callers that rebuild FN.
    pub fn generated_name(&self) -> Option<String> {
        name_of(&self.first("N")?.components())
    }
}

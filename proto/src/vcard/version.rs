//! Renderings of a card in version 3.0 or 4.0, with every repair a reader needs.

use super::{
    date::PartialDate,
    document::{Document, Kind, name_of},
    line::{Line, Param},
    patch::{NewLine, escape_text, is_transport, join_components},
    value::{Binary, to_base64},
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

/// The card in a version; its own bytes when nothing has to change.
///
/// `uid` is used when the card has none. Values that both versions can hold survive the conversion
/// there and back.
pub fn project(document: &Document, version: Version, uid: &str) -> Vec<u8> {
    if document.is_clean() && document.version() == version.as_str() {
        return document.as_bytes().to_vec();
    }
    let mut writer = Writer {
        document,
        version,
        from_v4: document.version() == "4.0",
        out: Vec::new(),
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
    from_v4: bool,
    out: Vec<NewLine>,
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
            let n = match self.document.kind() {
                Kind::Group => format!("{};;;;", escape_text(&name)),
                _ => ";;;;".to_owned(),
            };
            self.out.insert(1, NewLine::new("N", &[], n));
        }
    }

    fn line(&mut self, at: usize) {
        let line = &self.document.lines()[at];
        let upper = line.name.to_ascii_uppercase();
        let mut new = cleaned(line);
        match upper.as_str() {
            "VERSION" => return,
            "UID" => return self.uid(line, new),
            _ => {}
        }
        let crosses = match self.version {
            Version::V3 => self.from_v4,
            Version::V4 => !self.from_v4,
        };
        if !crosses {
            self.out.push(new);
            return;
        }
        match self.version {
            Version::V4 => self.as_v4(&upper, line, &mut new),
            Version::V3 => self.as_v3(&upper, line, &mut new),
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

    fn as_v4(&mut self, upper: &str, line: &Line, new: &mut NewLine) {
        if move_type(new, "pref") {
            new.params.push(param("PREF", "1"));
        }
        match upper {
            "PHOTO" | "LOGO" | "SOUND" | "KEY" => binary_to_v4(line, new),
            "X-ADDRESSBOOKSERVER-KIND" => new.name = "KIND".into(),
            "X-ADDRESSBOOKSERVER-MEMBER" => new.name = "MEMBER".into(),
            "X-ABSHOWAS" if line.text().eq_ignore_ascii_case("COMPANY") => {
                *new = NewLine::new("KIND", &[], "org");
            }
            "X-GENDER" => new.name = "GENDER".into(),
            "X-ANNIVERSARY" => {
                new.name = "ANNIVERSARY".into();
                date_to_v4(line, new);
            }
            "BDAY" => date_to_v4(line, new),
            "GEO" => {
                if let [latitude, longitude] = &line.components()[..] {
                    new.raw = format!("geo:{latitude},{longitude}");
                }
            }
            "X-ABDATE" if self.label(line) == "_$!<Anniversary>!$_" => {
                new.name = "ANNIVERSARY".into();
                new.group = None;
                new.params.clear();
                date_to_v4(line, new);
            }
            "X-ABRELATEDNAMES" => {
                if let Some(relation) = relation_type(&self.label(line)) {
                    *new =
                        NewLine::new("RELATED", &[relation], line.decoded()).with("VALUE", "text");
                }
            }
            "X-ABLABEL" if self.is_label_of_converted(line) => return,
            "SORT-STRING" => {
                let sort = line.text();
                match self
                    .out
                    .iter_mut()
                    .find(|l| l.name.eq_ignore_ascii_case("N"))
                {
                    Some(n) => n.params.push(param("SORT-AS", &sort)),
                    None => self.out.push(new.clone()),
                }
                return;
            }
            _ => {}
        }
        self.out.push(new.clone());
    }

    fn as_v3(&mut self, upper: &str, line: &Line, new: &mut NewLine) {
        let preferred = new.params.iter().any(|p| {
            p.name.eq_ignore_ascii_case("PREF") && p.values.first().is_some_and(|v| v == "1")
        });
        if preferred {
            new.params.retain(|p| !p.name.eq_ignore_ascii_case("PREF"));
            add_type(new, "pref");
        }
        match upper {
            "PHOTO" | "LOGO" | "SOUND" | "KEY" => binary_to_v3(line, new),
            "KIND" => match self.document.kind() {
                Kind::Group => new.name = "X-ADDRESSBOOKSERVER-KIND".into(),
                Kind::Org => *new = NewLine::new("X-ABShowAs", &[], "COMPANY"),
                _ => {}
            },
            "MEMBER" => new.name = "X-ADDRESSBOOKSERVER-MEMBER".into(),
            "GENDER" => new.name = "X-GENDER".into(),
            "TEL" => {
                let text = line.text();
                if let Some(number) = text.strip_prefix("tel:") {
                    new.params.retain(|p| !p.name.eq_ignore_ascii_case("VALUE"));
                    new.raw = escape_text(&number.replace(";ext=", " x"));
                }
            }
            "GEO" => {
                if let Some((latitude, longitude)) = line
                    .text()
                    .strip_prefix("geo:")
                    .and_then(|rest| rest.split_once(','))
                {
                    new.raw = format!("{latitude};{longitude}");
                }
            }
            "BDAY" => date_to_v3(line, new),
            "ANNIVERSARY" => {
                if let Some(date) = PartialDate::parse(&line.text()) {
                    return self.apple("X-ABDATE", "_$!<Anniversary>!$_", v3_date(&date).1);
                }
            }
            "RELATED" => {
                let is_text = line
                    .param("VALUE")
                    .is_some_and(|v| v.eq_ignore_ascii_case("text"));
                let label = line.types().iter().find_map(|t| relation_label(t));
                if let (true, Some(label)) = (is_text, label) {
                    return self.apple("X-ABRELATEDNAMES", label, line.decoded());
                }
            }
            "N" => {
                if let Some(sort) = line.param("SORT-AS") {
                    let sort = NewLine::new("SORT-STRING", &[], escape_text(sort));
                    new.params
                        .retain(|p| !p.name.eq_ignore_ascii_case("SORT-AS"));
                    self.out.push(new.clone());
                    self.out.push(sort);
                    return;
                }
            }
            _ => {}
        }
        self.out.push(new.clone());
    }

    /// A value in a group of its own with Apple's label.
    fn apple(&mut self, name: &str, label: &str, raw: String) {
        let used = |group: &str| {
            self.document
                .lines()
                .iter()
                .any(|line| line.group.as_deref() == Some(group))
        };
        self.groups += 1;
        while used(&format!("item{}", self.groups)) {
            self.groups += 1;
        }
        let group = format!("item{}", self.groups);
        self.out
            .push(NewLine::new(name, &[], raw).in_group(group.clone()));
        self.out
            .push(NewLine::new("X-ABLabel", &[], label).in_group(group));
    }

    fn label(&self, line: &Line) -> String {
        let Some(group) = &line.group else {
            return String::new();
        };
        self.document
            .all("X-ABLabel")
            .find(|label| label.group.as_ref() == Some(group))
            .map(Line::text)
            .unwrap_or_default()
    }

    fn is_label_of_converted(&self, label: &Line) -> bool {
        let text = label.text();
        self.document.lines().iter().any(|line| {
            line.group.is_some()
                && line.group == label.group
                && ((line.is("X-ABDATE") && text == "_$!<Anniversary>!$_")
                    || (line.is("X-ABRELATEDNAMES") && relation_type(&text).is_some()))
        })
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
    if new.params.iter().any(|p| p.name == "ENCODING") {
        new.raw.retain(|c| !c.is_whitespace());
    }
    // Raw line breaks of quoted-printable texts.
    if new.raw.contains(['\r', '\n']) {
        new.raw = new.raw.replace("\r\n", "\\n").replace(['\r', '\n'], "\\n");
    }
    let structured = ["N", "ADR"].iter().any(|name| line.is(name));
    if structured && line.components().len() > if line.is("N") { 5 } else { 7 } {
        let width = if line.is("N") { 5 } else { 7 };
        let parts = line.components();
        let mut kept = parts[..width - 1].to_vec();
        kept.push(parts[width - 1..].join(" ").trim().to_owned());
        new.raw = join_components(&kept);
    }
    if line.is("FN") && line.text().trim().is_empty() {
        new.raw = String::new();
    }
    new
}

fn param(name: &str, value: &str) -> Param {
    Param {
        name: name.to_owned(),
        values: vec![value.to_owned()],
    }
}

/// Takes a type away; whether it was there.
fn move_type(line: &mut NewLine, wanted: &str) -> bool {
    let mut found = false;
    for param in &mut line.params {
        if param.name.eq_ignore_ascii_case("TYPE") {
            param.values = param
                .values
                .iter()
                .flat_map(|value| value.split(','))
                .filter(|value| {
                    let is_it = value.eq_ignore_ascii_case(wanted);
                    found |= is_it;
                    !is_it
                })
                .map(str::to_owned)
                .collect();
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

fn binary_to_v4(line: &Line, new: &mut NewLine) {
    if let Some(Binary::Inline { media_type, octets }) = line.binary() {
        new.params.retain(|param| {
            !["ENCODING", "TYPE", "VALUE"]
                .iter()
                .any(|name| param.name.eq_ignore_ascii_case(name))
        });
        new.raw = format!("data:{media_type};base64,{}", to_base64(&octets));
    }
}

fn binary_to_v3(line: &Line, new: &mut NewLine) {
    match line.binary() {
        Some(Binary::Inline { media_type, octets }) => {
            let subtype = media_type.rsplit('/').next().unwrap_or("jpeg");
            new.params.retain(|param| {
                !["ENCODING", "TYPE", "VALUE", "MEDIATYPE"]
                    .iter()
                    .any(|name| param.name.eq_ignore_ascii_case(name))
            });
            new.params.push(param("ENCODING", "b"));
            new.params
                .push(param("TYPE", &subtype.to_ascii_uppercase()));
            new.raw = to_base64(&octets);
        }
        Some(Binary::Uri(_)) if line.param("VALUE").is_none() => {
            new.params.push(param("VALUE", "uri"));
        }
        _ => {}
    }
}

fn date_to_v4(line: &Line, new: &mut NewLine) {
    let Some(mut date) = PartialDate::parse(&line.text()) else {
        return;
    };
    if line.text().contains('T') {
        return;
    }
    let omitted = line.param("X-APPLE-OMIT-YEAR").and_then(|y| y.parse().ok());
    if omitted.is_some() && date.year == omitted {
        date.year = None;
        new.params
            .retain(|p| !p.name.eq_ignore_ascii_case("X-APPLE-OMIT-YEAR"));
    }
    new.params.retain(|p| !p.name.eq_ignore_ascii_case("VALUE"));
    new.raw = date.basic();
}

fn date_to_v3(line: &Line, new: &mut NewLine) {
    if line.text().contains('T') {
        return;
    }
    if let Some(date) = PartialDate::parse(&line.text()) {
        let (omit_year, raw) = v3_date(&date);
        if omit_year {
            new.params.insert(0, param("X-APPLE-OMIT-YEAR", "1604"));
        }
        new.raw = raw;
    }
}

/// Apple's form of a date without a year, else the extended form.
fn v3_date(date: &PartialDate) -> (bool, String) {
    match (date.year, date.month, date.day) {
        (None, Some(month), Some(day)) => (true, format!("1604-{month:02}-{day:02}")),
        _ => (false, date.extended()),
    }
}

const RELATIONS: [(&str, &str); 6] = [
    ("spouse", "_$!<Spouse>!$_"),
    ("child", "_$!<Child>!$_"),
    ("parent", "_$!<Parent>!$_"),
    ("sibling", "_$!<Sibling>!$_"),
    ("friend", "_$!<Friend>!$_"),
    ("agent", "_$!<Assistant>!$_"),
];

fn relation_type(label: &str) -> Option<&'static str> {
    RELATIONS
        .iter()
        .find(|(_, name)| *name == label)
        .map(|(relation, _)| *relation)
}

fn relation_label(relation: &str) -> Option<&'static str> {
    RELATIONS
        .iter()
        .find(|(name, _)| *name == relation)
        .map(|(_, label)| *label)
}

/// The generated name of a card, for callers that rebuild FN.
impl Document {
    /// The name that N alone would give.
    pub fn generated_name(&self) -> Option<String> {
        name_of(&self.first("N")?.components())
    }
}

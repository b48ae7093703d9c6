//! `addressbook-query` over a document (RFC 6352 §10.5).

use unicode_normalization::UnicodeNormalization as _;

use super::{
    document::Document,
    line::{Line, Param},
    patch::NewLine,
    version::Version,
};

/// How several tests combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Test {
    #[default]
    AnyOf,
    AllOf,
}

/// `C:filter`; an empty one matches all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub test: Test,
    pub props: Vec<PropFilter>,
    /// The version the cards are asked for in, if any.
    pub version: Option<Version>,
}

/// Properties that have another name or value in the other version.
const CONVERTED: [&str; 24] = [
    "ANNIVERSARY",
    "BDAY",
    "GENDER",
    "GEO",
    "KEY",
    "KIND",
    "LABEL",
    "LOGO",
    "MEMBER",
    "PHOTO",
    "RELATED",
    "REV",
    "SORT-STRING",
    "SOUND",
    "TEL",
    "VERSION",
    "X-ABDATE",
    "X-ABLABEL",
    "X-ABRELATEDNAMES",
    "X-ABSHOWAS",
    "X-ADDRESSBOOKSERVER-KIND",
    "X-ADDRESSBOOKSERVER-MEMBER",
    "X-ANNIVERSARY",
    "X-GENDER",
];

impl Filter {
    /// Whether the answer may differ between the versions of a card.
    pub fn depends_on_version(&self) -> bool {
        self.props.iter().any(|prop| {
            let (_, name) = parts(&prop.name);
            let is_converted = CONVERTED
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name));
            is_converted || !prop.params.is_empty()
        })
    }
}

/// `C:prop-filter`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PropFilter {
    /// `EMAIL`, or `item1.EMAIL` for that group only.
    pub name: String,
    pub test: Test,
    pub is_not_defined: bool,
    pub texts: Vec<TextMatch>,
    pub params: Vec<ParamFilter>,
}

impl PropFilter {
    fn lines<'a>(&'a self, document: &'a Document) -> Vec<&'a Line> {
        let (group, name) = parts(&self.name);
        document
            .all(name)
            .filter(|line| is_in(line, group))
            .collect()
    }
}

/// The group, if one is meant, and the name of a property.
fn parts(name: &str) -> (Option<&str>, &str) {
    match name.rsplit_once('.') {
        Some((group, name)) => (Some(group), name),
        None => (None, name),
    }
}

/// Whether a line is of a group; without one, any is meant.
fn is_in(line: &Line, group: Option<&str>) -> bool {
    group.is_none_or(|group| {
        let own = line.group.as_deref();
        own.is_some_and(|own| own.eq_ignore_ascii_case(group))
    })
}

/// `C:param-filter`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParamFilter {
    pub name: String,
    pub is_not_defined: bool,
    pub text: Option<TextMatch>,
}

/// `C:text-match`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextMatch {
    pub text: String,
    pub collation: Collation,
    pub match_type: MatchType,
    pub negate: bool,
}

/// RFC 6352 §8.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collation {
    AsciiCasemap,
    #[default]
    UnicodeCasemap,
    Octet,
}

impl Collation {
    /// Finds a collation by its registered name; none when it is not supported.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "i;ascii-casemap" => Some(Collation::AsciiCasemap),
            "i;unicode-casemap" | "default" => Some(Collation::UnicodeCasemap),
            "i;octet" => Some(Collation::Octet),
            _ => None,
        }
    }

    fn key(self, text: &str) -> String {
        match self {
            Collation::AsciiCasemap => text.to_ascii_uppercase(),
            // RFC 5051: titlecase, then canonical decomposition.
            Collation::UnicodeCasemap => text.chars().flat_map(char::to_uppercase).nfd().collect(),
            Collation::Octet => text.to_owned(),
        }
    }
}

/// `match-type`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatchType {
    Equals,
    #[default]
    Contains,
    StartsWith,
    EndsWith,
}

/// Whether a card passes a filter. A property that the card does not have as it is shown is looked
/// for in its other renderings: there it has another name.
pub fn matches(filter: &Filter, shown: &Document, others: &[&Document]) -> bool {
    filter.props.is_empty()
        || combine(filter.test, filter.props.iter(), |prop| {
            let renderings = [shown].into_iter().chain(others.iter().copied());
            let mut found = renderings.map(|document| prop.lines(document));
            let lines = found.find(|lines| !lines.is_empty()).unwrap_or_default();
            prop_matches(prop, &lines)
        })
}

/// BEGIN, VERSION, the properties named and END (RFC 6352 §10.4); `(name, without value)`.
pub fn partial(document: &Document, wanted: &[(String, bool)]) -> Vec<u8> {
    let mut out = b"BEGIN:VCARD\r\n".to_vec();
    for line in document.lines() {
        let asked = wanted.iter().find(|(name, _)| {
            let (group, name) = parts(name);
            line.is(name) && is_in(line, group)
        });
        let without_value = match asked {
            Some((_, without_value)) => *without_value,
            None if line.is("VERSION") => false,
            None => continue,
        };
        if without_value {
            NewLine {
                raw: String::new(),
                ..NewLine::from_line(line)
            }
            .write(&mut out);
        } else {
            out.extend_from_slice(&document.as_bytes()[line.range.clone()]);
        }
    }
    out.extend_from_slice(b"END:VCARD\r\n");
    out
}

fn combine<T>(test: Test, mut items: impl Iterator<Item = T>, passes: impl Fn(T) -> bool) -> bool {
    match test {
        Test::AnyOf => items.any(passes),
        Test::AllOf => items.all(passes),
    }
}

fn prop_matches(prop: &PropFilter, lines: &[&Line]) -> bool {
    if prop.is_not_defined || lines.is_empty() {
        return prop.is_not_defined == lines.is_empty();
    }
    if prop.texts.is_empty() && prop.params.is_empty() {
        return true;
    }
    // A text is denied to all instances; whatever else is asked for, one instance has (§10.5.2).
    let denied = |text: &TextMatch| !lines.iter().any(|line| text.is_found(values(line)));
    let (negated, texts): (Vec<_>, Vec<_>) = prop.texts.iter().partition(|text| text.negate);
    let passes = |line: &Line| {
        let texts = texts.iter().map(|text| text.is_found(values(line)));
        let params = prop.params.iter().map(|param| param_matches(param, line));
        combine(prop.test, texts.chain(params), |passes| passes)
    };
    let nothing_else = texts.is_empty() && prop.params.is_empty();
    match prop.test {
        Test::AllOf => {
            negated.into_iter().all(denied)
                && (nothing_else || lines.iter().any(|line| passes(line)))
        }
        Test::AnyOf => negated.into_iter().any(denied) || lines.iter().any(|line| passes(line)),
    }
}

fn param_matches(filter: &ParamFilter, line: &Line) -> bool {
    let is_octet = |text: &TextMatch| text.collation == Collation::Octet;
    let values = if filter.name.eq_ignore_ascii_case("TYPE") {
        if filter.text.as_ref().is_some_and(is_octet) {
            line.written_types()
        } else {
            line.types()
        }
    } else {
        let named = |param: &&Param| param.name.eq_ignore_ascii_case(&filter.name);
        let params = line.params.iter().filter(named);
        params.flat_map(|param| param.values.clone()).collect()
    };
    if filter.is_not_defined || values.is_empty() {
        return filter.is_not_defined == values.is_empty();
    }
    let text = filter.text.as_ref();
    text.is_none_or(|text| text.is_found(values) != text.negate)
}

impl TextMatch {
    /// Whether some value has the text.
    fn is_found(&self, values: Vec<String>) -> bool {
        let text = self.collation.key(&self.text);
        values.into_iter().any(|value| {
            let value = self.collation.key(&value);
            match self.match_type {
                MatchType::Equals => value == text,
                MatchType::Contains => value.contains(&text),
                MatchType::StartsWith => value.starts_with(&text),
                MatchType::EndsWith => value.ends_with(&text),
            }
        })
    }
}

/// The whole value, and each part of a list or structured one.
fn values(line: &Line) -> Vec<String> {
    let mut values = vec![line.text()];
    if ["N", "ADR", "ORG"].iter().any(|name| line.is(name)) {
        values.extend(line.components());
    }
    if ["NICKNAME", "CATEGORIES"].iter().any(|name| line.is(name)) {
        values.extend(line.list());
    }
    values
}

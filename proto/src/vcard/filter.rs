//! `addressbook-query` over a document (RFC 6352 §10.5).

use unicode_normalization::UnicodeNormalization as _;

use super::{document::Document, line::Line, patch::NewLine};

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
    /// By its registered name; none when it is not supported.
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

/// Whether a card passes a filter.
pub fn matches(filter: &Filter, document: &Document) -> bool {
    filter.props.is_empty()
        || combine(filter.test, filter.props.iter(), |prop| {
            prop_matches(prop, document)
        })
}

/// BEGIN, VERSION, the properties named and END (RFC 6352 §10.4); `(name, without value)`.
pub fn partial(document: &Document, wanted: &[(String, bool)]) -> Vec<u8> {
    let mut out = b"BEGIN:VCARD\r\n".to_vec();
    for line in document.lines() {
        let asked = wanted
            .iter()
            .find(|(name, _)| line.is(name.rsplit('.').next().unwrap_or(name)));
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

fn prop_matches(prop: &PropFilter, document: &Document) -> bool {
    let (group, name) = match prop.name.rsplit_once('.') {
        Some((group, name)) => (Some(group), name),
        None => (None, prop.name.as_str()),
    };
    let lines: Vec<&Line> = document
        .all(name)
        .filter(|line| {
            group.is_none_or(|group| {
                line.group
                    .as_deref()
                    .is_some_and(|own| own.eq_ignore_ascii_case(group))
            })
        })
        .collect();
    if prop.is_not_defined {
        return lines.is_empty();
    }
    if lines.is_empty() {
        return false;
    }
    if prop.texts.is_empty() && prop.params.is_empty() {
        return true;
    }
    let texts = prop
        .texts
        .iter()
        .map(|text| text_matches(text, lines.iter().flat_map(|line| values(line))));
    let params = prop.params.iter().map(|param| param_matches(param, &lines));
    combine(prop.test, texts.chain(params), |passes| passes)
}

fn param_matches(filter: &ParamFilter, lines: &[&Line]) -> bool {
    let values: Vec<String> = lines
        .iter()
        .flat_map(|line| {
            if filter.name.eq_ignore_ascii_case("TYPE") {
                line.types()
            } else {
                line.params
                    .iter()
                    .filter(|param| param.name.eq_ignore_ascii_case(&filter.name))
                    .flat_map(|param| param.values.clone())
                    .collect()
            }
        })
        .collect();
    if filter.is_not_defined {
        return values.is_empty();
    }
    match &filter.text {
        None => !values.is_empty(),
        Some(text) => !values.is_empty() && text_matches(text, values.into_iter()),
    }
}

/// True when some value matches; negated: when none does.
fn text_matches(wanted: &TextMatch, mut values: impl Iterator<Item = String>) -> bool {
    let text = wanted.collation.key(&wanted.text);
    let found = values.any(|value| {
        let value = wanted.collation.key(&value);
        match wanted.match_type {
            MatchType::Equals => value == text,
            MatchType::Contains => value.contains(&text),
            MatchType::StartsWith => value.starts_with(&text),
            MatchType::EndsWith => value.ends_with(&text),
        }
    });
    found != wanted.negate
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

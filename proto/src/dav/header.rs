//! Headers of WebDAV requests.

use crate::vcard::Version;

/// `Depth` (RFC 4918 §10.2)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    Zero,
    One,
    Infinity,
}

impl Depth {
    /// Reads the header's value; none for anything else.
    pub fn parse(value: &str) -> Option<Self> {
        match value.trim() {
            "0" => Some(Depth::Zero),
            "1" => Some(Depth::One),
            value if value.eq_ignore_ascii_case("infinity") => Some(Depth::Infinity),
            _ => None,
        }
    }
}

/// `If-Match` or `If-None-Match` (RFC 9110 §13.1)
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    Any,
    /// Strong tags with their quotes.
    List(Vec<String>),
}

impl Tags {
    /// Parses a list. Weak forms, and the suffixes that compressing front-ends add, stand for the
    /// strong tag; a quoted `*`, which is no tag of ours, for any.
    pub fn parse(value: &str) -> Self {
        if matches!(value.trim(), "*" | "\"*\"") {
            return Tags::Any;
        }
        let tags = value
            .split(',')
            .map(|tag| {
                let tag = tag.trim();
                let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
                let tag = ["-gzip", "-br", "-x", ";gzip"]
                    .iter()
                    .find_map(|suffix| tag.strip_suffix(suffix))
                    .unwrap_or(tag);
                format!("\"{tag}\"")
            })
            .collect();
        Tags::List(tags)
    }
}

/// `If` (RFC 4918 §10.4): it holds when one of its lists does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct If(pub Vec<IfList>);

/// Conditions about one resource, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfList {
    /// The resource named before the list; none: the one of the request.
    pub resource: Option<String>,
    pub conditions: Vec<IfCondition>,
}

/// One condition of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfCondition {
    pub negated: bool,
    pub state: IfState,
}

/// The state that a condition compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfState {
    /// `<urn:...>`: a sync token (RFC 6578 §5) or a lock token.
    Token(String),
    /// `["etag"]`, with its quotes.
    Tag(String),
}

impl If {
    /// Parses the header; none when it breaks the grammar.
    pub fn parse(value: &str) -> Option<Self> {
        let mut rest = value.trim();
        let mut resource = None;
        let mut lists = Vec::new();
        while !rest.is_empty() {
            if rest.starts_with('<') {
                let (uri, after) = between(rest, '<', '>')?;
                resource = Some(uri.to_owned());
                rest = after;
                // A tag is followed by a list.
                rest.strip_prefix('(')?;
                continue;
            }
            let mut inner = rest.strip_prefix('(')?.trim_start();
            let mut conditions = Vec::new();
            while !inner.starts_with(')') {
                let negated = inner
                    .get(..3)
                    .is_some_and(|not| not.eq_ignore_ascii_case("not"));
                if negated {
                    inner = inner[3..].trim_start();
                }
                let (state, after) = match inner.chars().next()? {
                    '<' => between(inner, '<', '>')
                        .map(|(token, after)| (IfState::Token(token.to_owned()), after))?,
                    '[' => between(inner, '[', ']').map(|(tag, after)| {
                        let tag = tag.trim().trim_start_matches("W/");
                        (IfState::Tag(tag.to_owned()), after)
                    })?,
                    _ => return None,
                };
                conditions.push(IfCondition { negated, state });
                inner = after;
            }
            if conditions.is_empty() {
                return None;
            }
            lists.push(IfList {
                resource: resource.clone(),
                conditions,
            });
            rest = inner[1..].trim_start();
        }
        (!lists.is_empty()).then_some(Self(lists))
    }
}

fn between(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let (inner, rest) = text.strip_prefix(open)?.split_once(close)?;
    Some((inner, rest.trim_start()))
}

/// `Prefer` (RFC 7240, RFC 8144) and `Brief`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefer {
    pub minimal: bool,
    pub representation: bool,
    pub depth_noroot: bool,
}

impl Prefer {
    /// Reads both headers.
    pub fn parse(prefer: Option<&str>, brief: Option<&str>) -> Self {
        let mut found = Prefer {
            minimal: brief.is_some_and(|value| value.trim().eq_ignore_ascii_case("t")),
            ..Prefer::default()
        };
        let mut returns = None;
        for preference in prefer.unwrap_or_default().split(',') {
            let (name, value) = parameter(preference.split(';').next().unwrap_or_default());
            let (name, value) = match &*name {
                "return-minimal" => ("return", "minimal"),
                "return-representation" => ("return", "representation"),
                name => (name, value),
            };
            match name {
                // Only the first of a name counts (RFC 7240 §2).
                "return" if returns.is_none() => returns = Some(value.to_ascii_lowercase()),
                "depth-noroot" => found.depth_noroot = true,
                _ => {}
            }
        }
        found.minimal |= returns.as_deref() == Some("minimal");
        found.representation = returns.as_deref() == Some("representation");
        found
    }
}

/// The version of vCard that `Accept` prefers (RFC 9110 §12.5.1, RFC 6352 §5.1.1); none where it
/// names neither. `offers_4`: version 4.0 can be given.
pub fn vcard_version(accept: &str, offers_4: bool) -> Option<Version> {
    let ranges: Vec<Range> = accept.split(',').filter_map(Range::parse).collect();
    let quality = |version: Version| {
        let fit = |range: &&Range| range.fits(version).is_some();
        // The most specific range that fits decides.
        let best = ranges.iter().filter(fit).max_by_key(|r| r.fits(version));
        best.map_or(0, |range| range.quality)
    };
    let named = |version: Version| {
        let names = |range: &Range| range.quality > 0 && range.fits(version) == Some(NAMED);
        ranges.iter().position(names)
    };
    let (three, four) = (quality(Version::V3), quality(Version::V4));
    match (named(Version::V3), named(Version::V4)) {
        _ if !offers_4 => named(Version::V3).map(|_| Version::V3),
        (None, None) if three == four => None,
        _ if three > four => Some(Version::V3),
        _ if four > three => Some(Version::V4),
        (Some(three), Some(four)) if three < four => Some(Version::V3),
        (Some(_), None) => Some(Version::V3),
        _ => Some(Version::V4),
    }
}

/// A media range names the very version.
const NAMED: u8 = 3;

/// A media range of `Accept`.
struct Range {
    media_type: String,
    version: Option<String>,
    /// Thousandths.
    quality: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let media_type = parts.next()?.trim().to_ascii_lowercase();
        let mut range = Range {
            media_type,
            version: None,
            quality: 1000,
        };
        for part in parts {
            let (name, value) = parameter(part);
            match &*name {
                "version" => range.version = Some(value.to_owned()),
                "q" => {
                    range.quality = quality(value);
                    break;
                }
                _ => {}
            }
        }
        Some(range)
    }

    /// How closely it describes cards of a version; none: not at all.
    fn fits(&self, version: Version) -> Option<u8> {
        match (&*self.media_type, self.version.as_deref()) {
            ("*/*", _) => Some(0),
            ("text/*", _) => Some(1),
            ("text/vcard", None) => Some(2),
            ("text/vcard", Some(named)) if named == version.as_str() => Some(NAMED),
            _ => None,
        }
    }
}

/// A weight in thousandths (RFC 9110 §12.4.2); what is none counts in full.
fn quality(weight: &str) -> u16 {
    let weight: f32 = weight.trim().parse().unwrap_or(1.0);
    (weight.clamp(0.0, 1.0) * 1000.0).round() as u16
}

/// `name = "value"`: the name in lower case, the value without its quotes.
fn parameter(text: &str) -> (String, &str) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (
        name.trim().to_ascii_lowercase(),
        value.trim().trim_matches('"'),
    )
}

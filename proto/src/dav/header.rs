//! Headers of WebDAV requests.

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
    /// strong tag.
    pub fn parse(value: &str) -> Self {
        if value.trim() == "*" {
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
        for preference in prefer.unwrap_or_default().split([',', ';']) {
            match preference.trim() {
                "return=minimal" | "return-minimal" => found.minimal = true,
                "return=representation" | "return-representation" => found.representation = true,
                "depth-noroot" => found.depth_noroot = true,
                _ => {}
            }
        }
        found
    }
}

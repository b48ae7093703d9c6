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
    /// Reads a list; weak forms and the suffixes compressing front-ends add stand for the strong tag.
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

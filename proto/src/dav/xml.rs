//! XML requests parsed into small trees with resolved namespaces, within limits; escaping for
//! answers.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use quick_xml::{
    NsReader,
    escape::unescape,
    events::{BytesStart, Event},
    name::ResolveResult,
};

use super::name::Name;

/// Octets of a request body.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
const MAX_ELEMENTS: usize = 60_000;
const MAX_DEPTH: usize = 32;
/// Attributes of one element, declarations of namespaces among them.
const MAX_ATTRIBUTES: usize = 100;
/// Octets of a namespace: each element below its declaration holds it.
const MAX_NAMESPACE: usize = 1_000;

/// An element.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    pub name: Name,
    /// As written: `D` of `D:prop`.
    pub prefix: String,
    /// Attributes by their names as written, `xmlns` declarations among them.
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

/// Content of an element.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Element(Element),
    Text(String),
}

/// Why a body is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// 403 with `no-external-entities`.
    #[error("document type definitions and entities are not accepted")]
    Entities,
    #[error("larger than the limits: {0}")]
    TooLarge(&'static str),
    #[error("not well-formed at octet {offset}: {why}")]
    Malformed { offset: u64, why: String },
    /// Well-formed, but more properties than are read at once.
    #[error("more than {0} properties in one request")]
    TooMany(usize),
    /// Well-formed, but not what the method takes.
    #[error("{0}")]
    Unexpected(String),
}

impl Element {
    /// The first child of a name.
    pub fn child(&self, namespace: &str, local: &str) -> Option<&Element> {
        self.elements()
            .find(|child| child.name.is(namespace, local))
    }

    /// The children that are elements.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The text directly inside the element.
    pub fn text(&self) -> String {
        self.children
            .iter()
            .filter_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) => None,
            })
            .collect()
    }

    /// Value of an attribute by its name as written, prefix included.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Self-contained XML as the client wrote it: prefixes stay, since values may use them, and
    /// namespaces declared on the elements around it (`scope`, outermost first) are declared on it
    /// (RFC 4918 §4.3).
    pub fn to_fragment(&self, scope: &[&Element]) -> String {
        let mut inherited: Vec<(&str, &str)> = Vec::new();
        for (name, value) in scope.iter().flat_map(|outer| &outer.attributes) {
            let is_declaration = name == "xmlns" || name.starts_with("xmlns:");
            if is_declaration && self.attribute(name).is_none() {
                inherited.retain(|(known, _)| known != name);
                inherited.push((name, value));
            }
        }
        let mut out = String::new();
        self.write(&inherited, &mut out);
        out
    }

    fn write(&self, inherited: &[(&str, &str)], out: &mut String) {
        let own = self
            .attributes
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()));
        out.push('<');
        self.write_name(out);
        for (name, value) in inherited.iter().copied().chain(own) {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape_attribute_into(value, out);
            out.push('"');
        }
        if self.children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for node in &self.children {
            match node {
                Node::Element(element) => element.write(&[], out),
                Node::Text(text) => escape_into(text, out),
            }
        }
        out.push_str("</");
        self.write_name(out);
        out.push('>');
    }

    fn write_name(&self, out: &mut String) {
        if !self.prefix.is_empty() {
            out.push_str(&self.prefix);
            out.push(':');
        }
        out.push_str(&self.name.local);
    }
}

/// Parses a body.
pub fn parse(body: &[u8]) -> Result<Element, XmlError> {
    if body.len() > MAX_BODY {
        return Err(XmlError::TooLarge("more than 4 MiB"));
    }
    let text = decoded(body)?;
    if let Some(at) = text.find(|c| !is_char(c)) {
        return Err(XmlError::Malformed {
            offset: at as u64,
            why: "a character XML does not have".into(),
        });
    }
    let mut reader = NsReader::from_reader(text.as_bytes());
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut elements = 0;
    loop {
        let offset = reader.buffer_position();
        let malformed = |why: String| XmlError::Malformed { offset, why };
        let event = reader
            .read_event()
            .map_err(|error| malformed(error.to_string()))?;
        match event {
            Event::Start(start) | Event::Empty(start) if root.is_some() => {
                let why = format!("a second root element {:?}", start.name());
                return Err(malformed(why));
            }
            Event::Start(start) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(XmlError::TooLarge("more than 60,000 elements"));
                }
                if open.len() >= MAX_DEPTH {
                    return Err(XmlError::TooLarge("nested deeper than 32"));
                }
                open.push(element(&reader, &start).map_err(malformed)?);
            }
            Event::Empty(start) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(XmlError::TooLarge("more than 60,000 elements"));
                }
                let done = element(&reader, &start).map_err(malformed)?;
                close(done, &mut open, &mut root);
            }
            Event::End(_) => {
                if let Some(done) = open.pop() {
                    close(done, &mut open, &mut root);
                }
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                add_text(&mut open, &text).map_err(malformed)?;
            }
            Event::CData(data) => {
                let text = data.xml10_content();
                add_text(&mut open, &text).map_err(malformed)?;
            }
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(c)) if is_char(c) => c.to_string(),
                    Ok(Some(_)) => return Err(malformed("no character of XML".into())),
                    Ok(None) => match predefined(&reference) {
                        Some(text) => text.to_owned(),
                        None => return Err(XmlError::Entities),
                    },
                    Err(error) => return Err(malformed(error.to_string())),
                };
                add_text(&mut open, &resolved).map_err(malformed)?;
            }
            Event::DocType(_) => return Err(XmlError::Entities),
            Event::Eof => break,
            Event::Decl(_) if offset > 0 => {
                return Err(malformed("a declaration that is not first".into()));
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err(XmlError::Malformed {
            offset: body.len() as u64,
            why: "the document ends early".into(),
        }),
    }
}

/// The text of a body, by its byte order mark, else by what its declaration says, else in UTF-8
/// (XML 1.0 §4.3.3).
fn decoded(body: &[u8]) -> Result<Cow<'_, str>, XmlError> {
    let malformed = |why: String| XmlError::Malformed { offset: 0, why };
    let (encoding, mark) = match Encoding::for_bom(body) {
        Some(found) => found,
        None => {
            let label = declared(body).unwrap_or("utf-8");
            let encoding = Encoding::for_label(label.as_bytes())
                .ok_or_else(|| malformed(format!("unknown encoding {label}")))?;
            // Whoever could be read so far did not write UTF-16.
            let is_ascii = encoding.is_ascii_compatible();
            (if is_ascii { encoding } else { UTF_8 }, 0)
        }
    };
    encoding
        .decode_without_bom_handling_and_without_replacement(&body[mark..])
        .ok_or_else(|| malformed(format!("not {}", encoding.name())))
}

/// The encoding an XML declaration names.
fn declared(body: &[u8]) -> Option<&str> {
    let rest = body.strip_prefix(b"<?xml")?;
    let end = rest.windows(2).position(|window| window == b"?>")?;
    let declaration = std::str::from_utf8(&rest[..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| "'\"".contains(*c))?;
    value[1..].split(quote).next()
}

/// XML 1.0 §2.2.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn predefined(name: &str) -> Option<&'static str> {
    Some(match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => return None,
    })
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, String> {
    let (namespace, local) = reader.resolver().resolve_element(start.name());
    let prefix = start.name().prefix().map(|prefix| prefix.into_inner());
    // No element has the prefix of declarations (XML Names 1.0 §3).
    if !is_name(local.into_inner()) || prefix == Some("xmlns") {
        return Err(format!("{:?} is no name", start.name()));
    }
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => unescape(namespace.into_inner())
            .map_err(|error| error.to_string())?
            .into_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => {
            return Err(format!("unknown prefix {prefix}"));
        }
    };
    if namespace.len() > MAX_NAMESPACE {
        return Err(format!("a namespace of more than {MAX_NAMESPACE} octets"));
    }
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attributes.len() == MAX_ATTRIBUTES {
            return Err(format!("more than {MAX_ATTRIBUTES} attributes"));
        }
        let key = attribute.key.into_inner().to_owned();
        if !key.split(':').all(is_name) {
            return Err(format!("{key:?} is no name"));
        }
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?
            .into_owned();
        if !value.chars().all(is_char) {
            return Err(format!("no character of XML in {key}"));
        }
        // A prefix cannot be bound to the empty namespace (XML Names 1.0 §5).
        if let (Some(prefix), true) = (key.strip_prefix("xmlns:"), value.is_empty()) {
            return Err(format!("prefix {prefix} bound to nothing"));
        }
        attributes.push((key, value));
    }
    Ok(Element {
        prefix: prefix.unwrap_or_default().to_owned(),
        name: Name {
            namespace: namespace.into(),
            local: local.into_inner().to_owned().into(),
        },
        attributes,
        children: Vec::new(),
    })
}

/// NCName (XML Names 1.0 §3), letters beyond ASCII taken together.
pub(super) fn is_name(text: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || c.is_alphabetic();
    let goes_on =
        |c: char| starts(c) || c.is_ascii_digit() || "-.\u{B7}".contains(c) || c.is_numeric();
    text.starts_with(starts) && text.chars().all(goes_on)
}

fn add_text(open: &mut [Element], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => {
            match element.children.last_mut() {
                Some(Node::Text(before)) => before.push_str(text),
                _ => element.children.push(Node::Text(text.to_owned())),
            }
            Ok(())
        }
        None if text.trim().is_empty() => Ok(()),
        None => Err("text outside of the root element".into()),
    }
}

fn close(done: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(outer) => outer.children.push(Node::Element(done)),
        None => *root = Some(done),
    }
}

/// Escapes text for element content. CR becomes a reference; characters that XML 1.0 cannot hold are
/// dropped. Quotes stay: programs that read entity tags without an XML reader send them back as they are.
pub fn escape_into(text: &str, out: &mut String) {
    escape_all_into(text, out, |_| None);
}

/// [`escape_into`] for the value of an attribute, within double quotes: whitespace in it is kept.
pub fn escape_attribute_into(text: &str, out: &mut String) {
    escape_all_into(text, out, |c| match c {
        '"' => Some("&quot;"),
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        _ => None,
    });
}

fn escape_all_into(text: &str, out: &mut String, also: fn(char) -> Option<&'static str>) {
    let mut copied = 0;
    for (at, c) in text.char_indices() {
        let escaped = match c {
            '<' => "&lt;",
            '>' => "&gt;",
            '&' => "&amp;",
            '\r' => "&#13;",
            '\0'..='\x08' | '\x0B'..='\x1F' | '\u{FFFE}' | '\u{FFFF}' => "",
            c => match also(c) {
                Some(escaped) => escaped,
                None => continue,
            },
        };
        out.push_str(&text[copied..at]);
        out.push_str(escaped);
        copied = at + c.len_utf8();
    }
    out.push_str(&text[copied..]);
}

/// [`escape_into`] a new string.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    escape_into(text, &mut out);
    out
}

//! WBXML as Exchange ActiveSync uses it ([MS-ASWBXML], WBXML 1.3).

mod decode;
mod encode;
pub mod page;
mod text;

pub use decode::{DecodeError, Limits, Reason, decode};
pub use encode::Encoder;

use self::text::lenient;

/// A tag: its code page and token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag {
    pub page: u8,
    /// 0x05 to 0x3F.
    pub token: u8,
}

/// An element with what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    pub tag: Tag,
    pub children: Vec<Node>,
}

/// Content of an element.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Element(Element),
    Text(String),
    Opaque(Vec<u8>),
}

impl Element {
    /// The first child of a tag.
    pub fn child(&self, tag: Tag) -> Option<&Element> {
        self.elements().find(|child| child.tag == tag)
    }

    /// All children of a tag.
    pub fn children_of(&self, tag: Tag) -> impl Iterator<Item = &Element> {
        self.elements().filter(move |child| child.tag == tag)
    }

    /// The children that are elements.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The text of the element; opaque data count as text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for node in &self.children {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Opaque(bytes) => out.push_str(&lenient(bytes)),
                Node::Element(_) => {}
            }
        }
        out
    }

    /// Octets of [`Element::text`], but for what of opaque data is no text.
    pub fn text_len(&self) -> usize {
        let length = |node: &Node| match node {
            Node::Text(text) => text.len(),
            Node::Opaque(bytes) => bytes.len(),
            Node::Element(_) => 0,
        };
        self.children.iter().map(length).sum()
    }

    /// The octets of the element.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for node in &self.children {
            match node {
                Node::Text(text) => out.extend_from_slice(text.as_bytes()),
                Node::Opaque(bytes) => out.extend_from_slice(bytes),
                Node::Element(_) => {}
            }
        }
        out
    }

    /// The text of a child, trimmed; none when it is absent.
    pub fn text_of(&self, tag: Tag) -> Option<String> {
        self.child(tag).map(|child| child.text().trim().to_owned())
    }

    /// The text of a child as a number; none when it is absent or no number.
    pub fn number_of(&self, tag: Tag) -> Option<u32> {
        self.text_of(tag)?.parse().ok()
    }

    /// The tree as text, one element a line, for logs and tests.
    pub fn dump(&self) -> String {
        let mut out = String::new();
        self.dump_at(0, &mut out);
        out
    }

    fn dump_at(&self, depth: usize, out: &mut String) {
        out.push_str(&"  ".repeat(depth));
        out.push_str(&self.tag.full_name().unwrap_or_else(|| "?".into()));
        if self.children.is_empty() {
            out.push_str(" (empty)");
        } else if self.elements().next().is_none() {
            out.push_str(" = ");
            out.push_str(&self.text().replace('\r', "\\r").replace('\n', "\\n"));
        }
        out.push('\n');
        for child in self.elements() {
            child.dump_at(depth + 1, out);
        }
    }
}

#[cfg(test)]
mod tests;

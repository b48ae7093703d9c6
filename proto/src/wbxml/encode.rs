//! Writes WBXML element by element, without a tree.

use super::{Element, Node, Tag};

/// Writes a document from front to back.
///
/// Every [`Encoder::open`] needs its [`Encoder::close`].
#[derive(Clone, Debug)]
pub struct Encoder {
    out: Vec<u8>,
    page: u8,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// A document with the four octets that every document begins with.
    pub fn new() -> Self {
        Self {
            out: vec![0x03, 0x01, 0x6A, 0x00],
            page: 0,
        }
    }

    /// Begins an element with content.
    pub fn open(&mut self, tag: Tag) -> &mut Self {
        self.switch(tag.page);
        self.out.push(tag.token | 0x40);
        self
    }

    /// Ends the innermost element.
    pub fn close(&mut self) -> &mut Self {
        self.out.push(0x01);
        self
    }

    /// An element without content.
    pub fn empty(&mut self, tag: Tag) -> &mut Self {
        self.switch(tag.page);
        self.out.push(tag.token);
        self
    }

    /// An element with a text; an empty text makes an empty element.
    pub fn text(&mut self, tag: Tag, text: &str) -> &mut Self {
        self.open(tag);
        let begun = self.out.len();
        self.string(text);
        self.end(begun)
    }

    /// An element with a number.
    pub fn number(&mut self, tag: Tag, number: impl std::fmt::Display) -> &mut Self {
        self.text(tag, &number.to_string())
    }

    /// An element with opaque octets.
    pub fn opaque(&mut self, tag: Tag, octets: &[u8]) -> &mut Self {
        self.open(tag);
        self.data(octets);
        self.close()
    }

    /// A whole element.
    pub fn element(&mut self, element: &Element) -> &mut Self {
        self.open(element.tag);
        let begun = self.out.len();
        for node in &element.children {
            match node {
                Node::Element(child) => {
                    self.element(child);
                }
                Node::Text(text) => self.string(text),
                Node::Opaque(octets) => self.data(octets),
            }
        }
        self.end(begun)
    }

    /// The document.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Ends the element whose content begins at an octet: without content it has no END.
    fn end(&mut self, begun: usize) -> &mut Self {
        if self.out.len() > begun {
            return self.close();
        }
        self.out[begun - 1] &= !0x40;
        self
    }

    fn switch(&mut self, page: u8) {
        if self.page != page {
            self.out.extend_from_slice(&[0x00, page]);
            self.page = page;
        }
    }

    /// STR_I without what XML 1.0 cannot say, line ends as CRLF; nothing where nothing is left.
    fn string(&mut self, text: &str) {
        let start = self.out.len();
        self.out.push(0x03);
        let plain = text.bytes().all(|b| b >= 0x20 && b != 0xEF);
        if plain {
            self.out.extend_from_slice(text.as_bytes());
        } else {
            self.clean_string(text);
        }
        match self.out.len() - start {
            1 => self.out.truncate(start),
            _ => self.out.push(0x00),
        }
    }

    fn clean_string(&mut self, text: &str) {
        let mut buffer = [0; 4];
        let mut previous = '\0';
        for c in text.chars() {
            match c {
                '\n' if previous != '\r' => self.out.extend_from_slice(b"\r\n"),
                '\t' | '\n' | '\r' => self.out.push(c as u8),
                '\0'..='\x1F' | '\u{FFFE}' | '\u{FFFF}' => {}
                _ => self
                    .out
                    .extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
            }
            previous = c;
        }
    }

    fn data(&mut self, octets: &[u8]) {
        self.out.push(0xC3);
        let length = octets.len();
        for shift in [28, 21, 14, 7] {
            if length >> shift != 0 {
                self.out.push((length >> shift) as u8 & 0x7F | 0x80);
            }
        }
        self.out.push(length as u8 & 0x7F);
        self.out.extend_from_slice(octets);
    }
}

//! WBXML octets to a tree of elements, within limits.

use super::{Element, Node, Tag, text::lenient};

/// Limits of a decoder.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of the document, and of all texts and opaque values that are read from it.
    pub size: usize,
    /// Octets of one string or opaque value.
    pub string: usize,
    pub depth: usize,
    /// Elements, texts and opaque values.
    pub elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: 64 * 1024 * 1024,
            string: 20 * 1024 * 1024,
            depth: 64,
            elements: 500_000,
        }
    }
}

/// Why bytes are not a document, and at which offset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at octet {offset}")]
pub struct DecodeError {
    pub reason: Reason,
    pub offset: usize,
}

/// The kind of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the document ends early")]
    Truncated,
    #[error("not WBXML 1.1 to 1.3")]
    Version,
    #[error("the charset is not UTF-8")]
    Charset,
    #[error("an integer is longer than five octets")]
    Integer,
    #[error("a token that Exchange ActiveSync does not use")]
    Token,
    #[error("attributes are not used")]
    Attributes,
    #[error("text outside of any element")]
    Outside,
    #[error("a second root element")]
    SecondRoot,
    #[error("an END without an element")]
    Unbalanced,
    #[error("larger than the limit")]
    TooLarge,
    #[error("nested deeper than the limit")]
    TooDeep,
    #[error("no root element")]
    Empty,
}

const SWITCH_PAGE: u8 = 0x00;
const END: u8 = 0x01;
const ENTITY: u8 = 0x02;
const STR_I: u8 = 0x03;
const LITERAL: u8 = 0x04;
const EXT_I_0: u8 = 0x40;
const STR_T: u8 = 0x83;
const OPAQUE: u8 = 0xC3;
const CONTENT: u8 = 0x40;
const ATTRIBUTES: u8 = 0x80;
/// charset UTF-8 by its IANA number
const UTF_8: u32 = 0x6A;
/// Octets of content that an octet of a document may become: U+FFFD for what is no UTF-8. Only a
/// string table says more than that.
const GROWTH: usize = 3;
/// Octets of content that any document may have.
const LITTLE: usize = 1 << 20;

/// Decodes a document. Unknown tags and pages are skipped with their content.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Element, DecodeError> {
    if bytes.len() > limits.size {
        return Err(DecodeError {
            reason: Reason::TooLarge,
            offset: limits.size,
        });
    }
    let mut decoder = Decoder {
        bytes,
        at: 0,
        limits,
        table: &[],
        nodes: 0,
        content: 0,
        most: (bytes.len() * GROWTH).max(LITTLE).min(limits.size),
    };
    decoder.header()?;
    decoder.body()
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    limits: &'a Limits,
    table: &'a [u8],
    /// Elements, texts and opaque values so far.
    nodes: usize,
    /// Octets of texts and opaque values so far, and at most.
    content: usize,
    most: usize,
}

/// An element being read; a skipped one is thrown away when it ends.
struct Open {
    element: Element,
    skipped: bool,
}

impl<'a> Decoder<'a> {
    fn header(&mut self) -> Result<(), DecodeError> {
        if !(0x01..=0x03).contains(&self.byte()?) {
            return self.fail(Reason::Version);
        }
        let public_id = self.integer()?;
        if public_id == 0 {
            // An index into the string table: a name we do not need.
            self.integer()?;
        }
        let charset = self.integer()?;
        // 0 is "unknown", which everybody means as UTF-8.
        if charset != UTF_8 && charset != 0 {
            return self.fail(Reason::Charset);
        }
        let length = self.integer()? as usize;
        self.table = self.take(length)?;
        Ok(())
    }

    fn body(&mut self) -> Result<Element, DecodeError> {
        let mut page = 0;
        let mut open: Vec<Open> = Vec::new();
        let mut root = None;
        while self.at < self.bytes.len() {
            let start = self.at;
            let token = self.byte()?;
            match token {
                SWITCH_PAGE => page = self.byte()?,
                END => {
                    let Some(done) = open.pop() else {
                        return fail_at(Reason::Unbalanced, start);
                    };
                    close(done, &mut open, &mut root);
                }
                ENTITY => {
                    let code = self.integer()?;
                    let text = char::from_u32(code).unwrap_or('\u{FFFD}').to_string();
                    self.add(&mut open, Node::Text(text), start)?;
                }
                STR_I => {
                    let text = self.string(start)?;
                    self.add(&mut open, Node::Text(text), start)?;
                }
                STR_T => {
                    let index = self.integer()? as usize;
                    let table = self.table;
                    let rest = table.get(index..).ok_or(DecodeError {
                        reason: Reason::Truncated,
                        offset: start,
                    })?;
                    let end = memchr::memchr(0, rest).unwrap_or(rest.len());
                    if end > self.limits.string {
                        return fail_at(Reason::TooLarge, start);
                    }
                    let text = lenient(&rest[..end]);
                    self.add(&mut open, Node::Text(text), start)?;
                }
                OPAQUE => {
                    let length = self.integer()? as usize;
                    if length > self.limits.string {
                        return fail_at(Reason::TooLarge, start);
                    }
                    let bytes = self.take(length)?.to_vec();
                    self.add(&mut open, Node::Opaque(bytes), start)?;
                }
                _ if token & ATTRIBUTES != 0 => {
                    return fail_at(
                        match token & !(ATTRIBUTES | CONTENT) {
                            0..=LITERAL => Reason::Token,
                            _ => Reason::Attributes,
                        },
                        start,
                    );
                }
                LITERAL | EXT_I_0..=0x44 => return fail_at(Reason::Token, start),
                _ => {
                    self.count(0, start)?;
                    if open.is_empty() && root.is_some() {
                        return fail_at(Reason::SecondRoot, start);
                    }
                    if open.len() >= self.limits.depth {
                        return fail_at(Reason::TooDeep, start);
                    }
                    let tag = Tag {
                        page,
                        token: token & !CONTENT,
                    };
                    let begun = Open {
                        skipped: tag.name().is_none(),
                        element: Element {
                            tag,
                            children: Vec::new(),
                        },
                    };
                    match token & CONTENT {
                        0 => close(begun, &mut open, &mut root),
                        _ => open.push(begun),
                    }
                }
            }
        }
        if !open.is_empty() {
            return self.fail(Reason::Truncated);
        }
        match root {
            Some(root) => Ok(root),
            None => self.fail(Reason::Empty),
        }
    }

    /// Counts an element, or a text or opaque value of so many octets.
    fn count(&mut self, octets: usize, start: usize) -> Result<(), DecodeError> {
        self.nodes += 1;
        self.content += octets;
        if self.nodes > self.limits.elements || self.content > self.most {
            return fail_at(Reason::TooLarge, start);
        }
        Ok(())
    }

    /// Counts a text or an opaque value, and adds it to the innermost element.
    fn add(&mut self, open: &mut [Open], node: Node, start: usize) -> Result<(), DecodeError> {
        let octets = match &node {
            Node::Text(text) => text.len(),
            Node::Opaque(bytes) => bytes.len(),
            Node::Element(_) => 0,
        };
        self.count(octets, start)?;
        add(open, node, start)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        match self.bytes.get(self.at) {
            Some(byte) => {
                self.at += 1;
                Ok(*byte)
            }
            None => self.fail(Reason::Truncated),
        }
    }

    /// mb_u_int32: seven bits an octet, most significant first.
    fn integer(&mut self) -> Result<u32, DecodeError> {
        let start = self.at;
        let mut value: u32 = 0;
        for _ in 0..5 {
            let byte = self.byte()?;
            if value > u32::MAX >> 7 {
                return fail_at(Reason::Integer, start);
            }
            value = value << 7 | u32::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        fail_at(Reason::Integer, start)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let taken = self
            .at
            .checked_add(length)
            .and_then(|end| self.bytes.get(self.at..end));
        match taken {
            Some(taken) => {
                self.at += length;
                Ok(taken)
            }
            None => self.fail(Reason::Truncated),
        }
    }

    fn string(&mut self, start: usize) -> Result<String, DecodeError> {
        let rest = &self.bytes[self.at..];
        let Some(length) = memchr::memchr(0, rest) else {
            return self.fail(Reason::Truncated);
        };
        if length > self.limits.string {
            return fail_at(Reason::TooLarge, start);
        }
        let text = lenient(&rest[..length]);
        self.at += length + 1;
        Ok(text)
    }

    fn fail<T>(&self, reason: Reason) -> Result<T, DecodeError> {
        fail_at(reason, self.at)
    }
}

fn fail_at<T>(reason: Reason, offset: usize) -> Result<T, DecodeError> {
    Err(DecodeError { reason, offset })
}

fn add(open: &mut [Open], node: Node, offset: usize) -> Result<(), DecodeError> {
    let Some(inner) = open.last_mut() else {
        return fail_at(Reason::Outside, offset);
    };
    // `tag STR_I "" END` is the same as an empty tag.
    let empty = matches!(&node, Node::Text(text) if text.is_empty());
    if !inner.skipped && !empty {
        inner.element.children.push(node);
    }
    Ok(())
}

fn close(done: Open, open: &mut [Open], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(outer) if !done.skipped && !outer.skipped => {
            outer.element.children.push(Node::Element(done.element));
        }
        None if !done.skipped => *root = Some(done.element),
        _ => {}
    }
}

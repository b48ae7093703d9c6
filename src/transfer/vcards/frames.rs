//! Finds where cards begin and end in a stream.

use std::io::{self, BufRead};

use carnet_proto::vcard::opens_agent;

use crate::transfer::Reason;

/// Octets of one card.
const MAX_CARD: usize = 10 * 1024 * 1024;

/// Cards read from a stream, each with the line it begins at.
pub struct Cards<R> {
    input: R,
    line: u64,
    read: u64,
    /// What is read again: the line that cut what was before it, or what follows an `END:VCARD` on
    /// its line.
    rest: Option<Vec<u8>>,
    /// After `BEGIN:VADDRESSBOOK` and before its first card, where it tells of itself.
    wrapped: bool,
}

/// A card as a file has it.
#[derive(Default)]
pub struct RawCard {
    octets: Vec<u8>,
    /// Why it cannot be taken, where its frame alone tells.
    pub(super) fault: Option<Reason>,
    /// A `VLIST`, as SOGo exports its lists.
    pub(super) is_list: bool,
}

impl RawCard {
    /// What stands between cards and is none.
    fn stray() -> Self {
        Self {
            fault: Some(Reason::Stray),
            ..Self::default()
        }
    }

    /// Whether it is what stands between cards.
    pub fn is_stray(&self) -> bool {
        self.fault == Some(Reason::Stray)
    }

    /// Takes a line; a card that is too large keeps nothing.
    fn push(&mut self, line: &[u8]) {
        if self.fault.is_none() && self.octets.len() + line.len() <= MAX_CARD {
            self.octets.extend_from_slice(line);
        } else {
            self.fault = Some(Reason::TooLarge);
            self.octets = Vec::new();
        }
    }
}

impl std::ops::Deref for RawCard {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets
    }
}

impl<R: BufRead> Cards<R> {
    /// Reads cards from a stream.
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: 0,
            read: 0,
            rest: None,
            wrapped: false,
        }
    }

    /// Octets read so far.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// The next card and the number of its first line. A card begins inside another one only as the
    /// value of `AGENT` (vCard 2.1); otherwise the outer card is cut. Cards of files that were joined
    /// without a line end between them are parted; what else is between cards comes as stray.
    pub fn next_card(&mut self) -> io::Result<Option<(u64, RawCard)>> {
        let mut card = RawCard::default();
        let mut line = Vec::new();
        let (mut start, mut depth) = (0, 0usize);
        let mut stray = None;
        let mut agent = false;
        loop {
            if !self.next_line(&mut line)? {
                if let Some(stray) = stray {
                    return Ok(Some((stray, RawCard::stray())));
                }
                // The file was cut: what is missing, nobody knows.
                card.fault.get_or_insert(Reason::Broken);
                return Ok((depth > 0).then_some((start, card)));
            }
            let trimmed = begin_of(&line).trim_ascii_end();
            let begins_list = is_marker(trimmed, b"BEGIN:VLIST");
            if begins_list || is_marker(trimmed, b"BEGIN:VCARD") {
                if let Some(stray) = stray {
                    self.rest = Some(line);
                    return Ok(Some((stray, RawCard::stray())));
                }
                if depth == 0 {
                    self.wrapped = false;
                    (start, depth) = (self.line, 1);
                    card.is_list = begins_list;
                } else if agent && !begins_list {
                    depth += 1;
                } else if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                    card.fault.get_or_insert(Reason::Broken);
                    self.rest = Some(line);
                    return Ok(Some((start, card)));
                }
            }
            if depth == 0 {
                if is_marker(trimmed, b"BEGIN:VADDRESSBOOK") {
                    self.wrapped = true;
                } else if !self.wrapped && !says_nothing(trimmed) {
                    stray.get_or_insert(self.line);
                }
                continue;
            }
            if !trimmed.is_empty() {
                agent = opens_agent(trimmed);
            }
            let end: &[u8] = if card.is_list {
                b"END:VLIST"
            } else {
                b"END:VCARD"
            };
            let is_end = is_marker(trimmed, end);
            let is_folded = line.starts_with(b" ") || line.starts_with(b"\t");
            if depth == 1
                && !is_end
                && !is_folded
                && let Some(end) = marker_end(&line, end)
            {
                self.rest = Some(begin_of(&line[end..]).to_vec());
                line.truncate(end);
                line.extend_from_slice(b"\r\n");
                card.push(&line);
                return Ok(Some((start, card)));
            }
            card.push(&line);
            if is_end {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some((start, card)));
                }
            }
        }
    }

    /// False at the end of the stream.
    fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        if let Some(rest) = self.rest.take() {
            *line = rest;
            return Ok(true);
        }
        let length = self.input.by_ref().read_until(b'\n', line)?;
        self.read += length as u64;
        self.line += u64::from(length > 0);
        Ok(length > 0)
    }
}

/// The mark of UTF-8, which stands inside files that were joined.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A line without what may stand before its first letter.
fn begin_of(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_start();
    line.strip_prefix(MARK).unwrap_or(line)
}

/// Whether a line between cards is none that anybody misses: padding, or the end of a wrapper.
fn says_nothing(line: &[u8]) -> bool {
    line.iter().all(|b| matches!(b, 0 | 0x1A)) || is_marker(line, b"END:VADDRESSBOOK")
}

pub(super) fn is_marker(line: &[u8], marker: &[u8]) -> bool {
    marker_end(line, marker).is_some_and(|end| line[end..].trim_ascii().is_empty())
}

/// Where a marker ends that a line begins with, in any case and with blanks anywhere.
fn marker_end(line: &[u8], marker: &[u8]) -> Option<usize> {
    let mut letters = line
        .iter()
        .enumerate()
        .filter(|(_, b)| !b.is_ascii_whitespace());
    let mut end = 0;
    for wanted in marker {
        let (at, _) = letters
            .next()
            .filter(|(_, b)| b.eq_ignore_ascii_case(wanted))?;
        end = at + 1;
    }
    Some(end)
}

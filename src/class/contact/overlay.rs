//! CATEGORIES in Private are the owner's tags: they are taken out of the stored document and put
//! back at the same place when it is read.

use std::collections::HashSet;

use carnet_proto::vcard::{Document, Line, NewLine, escape_text};
use serde::{Deserialize, Serialize};

use crate::domain::{class::Split, json, tag};

/// A line taken out, and how many lines of the card stood before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Taken {
    after: usize,
    line: String,
}

/// Takes the CATEGORIES lines out.
pub fn split(card: &Document) -> Split {
    let is_overlay = |at: &usize| card.lines()[*at].is("CATEGORIES");
    let indexes: Vec<usize> = (0..card.lines().len()).filter(is_overlay).collect();
    let whole = Split {
        document: card.as_bytes().to_vec(),
        ..Split::default()
    };
    if indexes.is_empty() {
        return whole;
    }
    let bytes = card.as_bytes();
    let mut document = Vec::with_capacity(bytes.len());
    let mut overlay = Vec::new();
    let mut tags: Vec<String> = Vec::new();
    let mut known = HashSet::new();
    let mut copied = 0;
    for at in indexes {
        let line = &card.lines()[at];
        let Ok(text) = std::str::from_utf8(&bytes[line.range.clone()]) else {
            return whole;
        };
        document.extend_from_slice(&bytes[copied..line.range.start]);
        copied = line.range.end;
        overlay.push(Taken {
            after: at - overlay.len(),
            line: text.to_owned(),
        });
        for tag in line.list() {
            // Further ones, and longer ones, are text of the card alone.
            if tags.len() < tag::MOST
                && tag.chars().nth(tag::LONGEST).is_none()
                && known.insert(tag.to_lowercase())
            {
                tags.push(tag);
            }
        }
    }
    document.extend_from_slice(&bytes[copied..]);
    // What is left may be no card (nothing but categories): then it stays whole.
    if Document::parse(&document).is_err() {
        return whole;
    }
    Split {
        document,
        overlay: serde_json::to_vec(&overlay).unwrap_or_default(),
        tags,
    }
}

/// Puts an overlay back.
pub fn join(document: &[u8], overlay: &[u8]) -> Vec<u8> {
    let taken = read(overlay);
    let Ok(card) = Document::parse(document) else {
        return document.to_vec();
    };
    let lines = card.lines();
    let end = lines.last().map_or(0, |line| line.range.end);
    let mut out = Vec::with_capacity(document.len() + overlay.len());
    let mut copied = 0;
    for Taken { after, line } in taken {
        let place = lines.get(after).map_or(end, |line| line.range.start);
        out.extend_from_slice(&document[copied..place.max(copied)]);
        copied = copied.max(place);
        out.extend_from_slice(line.as_bytes());
    }
    out.extend_from_slice(&document[copied..]);
    out
}

/// The overlay with other tags: one line at the place of the first. Values that were no tags, as
/// there were too many, stay.
pub fn with_tags(overlay: &[u8], before: &[String], tags: &[String]) -> Vec<u8> {
    let known = before.iter().chain(tags).map(|tag| tag.to_lowercase());
    let known: HashSet<String> = known.collect();
    let mut all = values(overlay);
    all.retain(|value| !known.contains(&value.to_lowercase()));
    if tags.is_empty() && all.is_empty() {
        return Vec::new();
    }
    let after = read(overlay)
        .first()
        .map_or(usize::MAX, |taken| taken.after);
    let raw = tags
        .iter()
        .chain(&all)
        .map(|tag| escape_text(tag))
        .collect::<Vec<_>>()
        .join(",");
    let mut line = Vec::new();
    NewLine::new("CATEGORIES", &[], raw).write(&mut line);
    let taken = [Taken {
        after,
        line: String::from_utf8_lossy(&line).into_owned(),
    }];
    serde_json::to_vec(&taken).unwrap_or_default()
}

/// Every value of an overlay.
fn values(overlay: &[u8]) -> Vec<String> {
    let lines: String = read(overlay).into_iter().map(|taken| taken.line).collect();
    let card = format!("BEGIN:VCARD\r\n{lines}END:VCARD\r\n");
    let Ok(card) = Document::parse(card.as_bytes()) else {
        return Vec::new();
    };
    card.all("CATEGORIES").flat_map(Line::list).collect()
}

fn read(overlay: &[u8]) -> Vec<Taken> {
    if overlay.is_empty() {
        return Vec::new();
    }
    json::read("the tags of a card", overlay).unwrap_or_default()
}

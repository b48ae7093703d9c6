//! The note, as a body of text ([MS-ASAIRS] 2.2.2.9).

use carnet_proto::vcard::Document;

use super::html;
use crate::eas::facet::View;

/// The whole note; lines end in LF.
pub fn of(card: &Document) -> Option<String> {
    let text = card.first("NOTE")?.text();
    (!text.is_empty()).then_some(text)
}

/// As much of a note as a device is shown; never cut inside a character.
pub fn shown<'n>(note: &'n str, view: &View) -> &'n str {
    let Some(limit) = view.truncation else {
        return note;
    };
    let fitting = if view.html {
        html::fitting(note, limit)
    } else {
        fitting(note, limit)
    };
    if view.all_or_none && fitting.len() < note.len() {
        ""
    } else {
        fitting
    }
}

/// The beginning of a note that fits so many octets, its lines ending in CRLF.
fn fitting(note: &str, limit: usize) -> &str {
    let mut octets = 0;
    for (at, c) in note.char_indices() {
        octets += match c {
            '\n' => 2,
            c => c.len_utf8(),
        };
        if octets > limit {
            return &note[..at];
        }
    }
    note
}

/// Octets of a text with CRLF line ends.
pub fn size(note: &str) -> usize {
    note.len() + note.matches('\n').count()
}

/// The new note when a device that was shown only the beginning sends a text; none if nothing
/// changes. The part the device was not shown stays.
pub fn edited(whole: &str, shown: &str, sent: &str) -> Option<String> {
    if sent == shown {
        return None;
    }
    Some(sent.to_owned() + whole.strip_prefix(shown).unwrap_or_default())
}

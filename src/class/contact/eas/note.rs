//! The note, as a body of text ([MS-ASAIRS] 2.2.2.9).

use carnet_proto::vcard::Document;

use super::html;
use crate::eas::facet::{Cut, View};

/// The whole note; lines end in LF.
pub fn of(card: &Document) -> Option<String> {
    let text = card.first("NOTE")?.text();
    (!text.is_empty()).then_some(text)
}

/// As much of a note as a device is shown; never cut inside a character.
pub fn shown<'n>(note: &'n str, view: &View) -> &'n str {
    shown_in(note, view.cut)
}

/// As much of a note as a device had before it sent a text: of all that it may have been shown, what
/// the text differs least from.
pub fn seen<'n>(note: &'n str, view: &View, sent: &str) -> &'n str {
    let former = view.former_cuts.iter().map(|cut| shown_in(note, *cut));
    let all = std::iter::once(shown(note, view)).chain(former);
    all.min_by_key(|shown| difference(shown, sent))
        .unwrap_or(note)
}

/// Octets that two texts do not begin or end with alike.
fn difference(one: &str, other: &str) -> usize {
    let alike = |pair: &(u8, u8)| pair.0 == pair.1;
    let before = one.bytes().zip(other.bytes()).take_while(alike).count();
    let (one, other) = (&one.as_bytes()[before..], &other.as_bytes()[before..]);
    let ends = one.iter().rev().copied().zip(other.iter().rev().copied());
    let after = ends.take_while(alike).count();
    one.len() + other.len() - 2 * after
}

fn shown_in(note: &str, cut: Cut) -> &str {
    let Some(limit) = cut.truncation else {
        return note;
    };
    let fitting = if cut.html {
        html::fitting(note, limit)
    } else {
        fitting(note, limit)
    };
    if cut.all_or_none && fitting.len() < note.len() {
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
    // Blanks alone say nothing.
    let sent = if sent.trim().is_empty() { "" } else { sent };
    // What a device makes of HTML ends without blanks.
    if sent == shown || sent == shown.trim_end() || sent == whole {
        return None;
    }
    let tail = whole.strip_prefix(shown).unwrap_or_default();
    if tail.is_empty() || is_of_whole(whole, shown, sent) {
        return Some(sent.to_owned());
    }
    let gap = if shown.is_empty() {
        "\n"
    } else {
        &shown[shown.trim_end().len()..]
    };
    Some(format!("{}{gap}{tail}", sent.trim_end()))
}

/// Octets that are not the same by chance.
const TELLING: usize = 16;

/// A device that fetched the whole note by itself sends more of it than it was shown.
fn is_of_whole(whole: &str, shown: &str, sent: &str) -> bool {
    let same = whole.bytes().zip(sent.bytes()).take_while(|(a, b)| a == b);
    let rest = whole.len() - shown.len();
    same.count() >= shown.len() + TELLING.min(rest) || sent.ends_with(&whole[shown.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_an_edit_of_what_it_differs_least_from() {
        let whole = "First line of a note.\nSecond line, which a device was not always shown.";
        let cut = |truncation| Cut {
            truncation,
            ..Cut::default()
        };
        let view = |now: Option<usize>, before: Option<usize>| View {
            cut: cut(now),
            former_cuts: vec![cut(before)],
            ..View::default()
        };
        let short = &whole[..21];
        for (now, before) in [(None, Some(21)), (Some(21), None)] {
            for (sent, expected) in [
                (short, short),
                ("First line of the note.", short),
                ("First line of a note, and more.", short),
                (whole, whole),
                (&whole[..70], whole),
                (&whole[6..], whole),
            ] {
                assert_eq!(seen(whole, &view(now, before), sent), expected, "{sent}");
            }
        }
    }

    #[test]
    fn the_end_of_a_note_is_neither_lost_nor_doubled() {
        let whole = "First line of a note.\nSecond line, which a device was not shown.";
        let shown = "First line of a note.\n";
        for (shown, sent, expected) in [
            // Echoes, of what was shown and of what was fetched by itself.
            (shown, shown, None),
            (shown, "First line of a note.", None),
            (shown, whole, None),
            ("", whole, None),
            // An edit of the beginning keeps the end.
            (
                shown,
                "Another line.",
                Some("Another line.\nSecond line, which a device was not shown."),
            ),
            // Who sends the end too, or more of it, had the whole.
            (
                shown,
                "Changed. Second line, which a device was not shown.",
                Some("Changed. Second line, which a device was not shown."),
            ),
            (
                shown,
                "First line of a note.\nSecond line, which changed",
                Some("First line of a note.\nSecond line, which changed"),
            ),
            // One that saw nothing of it and writes a note of its own.
            (
                "",
                "New",
                Some("New\nFirst line of a note.\nSecond line, which a device was not shown."),
            ),
            (whole, "", Some("")),
        ] {
            assert_eq!(
                edited(whole, shown, sent).as_deref(),
                expected,
                "{shown:?} {sent:?}"
            );
        }
    }
}

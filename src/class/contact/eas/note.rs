//! The note, as a body of text ([MS-ASAIRS] 2.2.2.9).

use carnet_proto::vcard::Document;

/// The whole note; lines end in LF.
pub fn of(card: &Document) -> Option<String> {
    let text = card.first("NOTE")?.text();
    (!text.is_empty()).then_some(text)
}

/// The beginning of a note that fits in `limit` octets with CRLF line ends, never cut inside a
/// character.
pub fn fitting(note: &str, limit: Option<usize>) -> &str {
    let Some(limit) = limit else { return note };
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

/// A text as HTML, for clients that read nothing else.
pub fn to_html(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\n', "<br>");
    format!("<html><body>{escaped}</body></html>")
}

/// The text of HTML that a client sent.
pub fn from_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start].replace(['\r', '\n'], " "));
        let Some(end) = rest[start..].find('>') else {
            break;
        };
        let tag = rest[start + 1..start + end].to_ascii_lowercase();
        let name = tag.trim_end_matches('/').trim();
        if ["br", "/p", "/div", "/li", "/tr"].contains(&name.split(' ').next().unwrap_or("")) {
            out.push('\n');
        }
        rest = &rest[start + end + 1..];
        for hidden in ["style", "script", "title"] {
            if name.split(' ').next() == Some(hidden) {
                let close = format!("</{hidden}");
                let skip = rest.to_ascii_lowercase().find(&close);
                rest = &rest[skip.unwrap_or(rest.len())..];
            }
        }
    }
    if !rest.contains('<') {
        out.push_str(rest);
    }
    out.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}

//! The type of a document, detected from its first octets: neither the sender's type nor the name
//! is trusted, and nothing is unpacked.

/// Sorts of documents that lists and criteria know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Text,
    Pdf,
    Office,
    Image,
    Audio,
    Video,
    Archive,
    Other,
}

impl Family {
    /// Every family.
    pub const ALL: [Family; 8] = [
        Family::Text,
        Family::Pdf,
        Family::Office,
        Family::Image,
        Family::Audio,
        Family::Video,
        Family::Archive,
        Family::Other,
    ];

    /// The name under which it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Family::Text => "text",
            Family::Pdf => "pdf",
            Family::Office => "office",
            Family::Image => "image",
            Family::Audio => "audio",
            Family::Video => "video",
            Family::Archive => "archive",
            Family::Other => "other",
        }
    }
}

/// The sort a media type belongs to.
pub fn family(media_type: &str) -> Family {
    match media_type.split('/').next().unwrap_or_default() {
        "image" => return Family::Image,
        "audio" => return Family::Audio,
        "video" => return Family::Video,
        "text" => return Family::Text,
        _ => {}
    }
    match media_type {
        "application/pdf" => Family::Pdf,
        "application/rtf" | "application/msword" | "application/x-ole-storage" => Family::Office,
        "application/zip"
        | "application/gzip"
        | "application/x-7z-compressed"
        | "application/vnd.rar"
        | "application/x-bzip2"
        | "application/x-xz" => Family::Archive,
        _ if media_type.contains("opendocument") || media_type.contains("openxmlformats") => {
            Family::Office
        }
        _ => Family::Other,
    }
}

/// `(where, octets, media type)`; the first that fits tells.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"{\\rtf", "application/rtf"),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "application/x-ole-storage",
    ),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-elf"),
];

/// The media type of octets that begin with `head`; among texts alone the name says more.
pub(super) fn media_type(head: &[u8], octets: u64, name: &str) -> &'static str {
    if head.is_empty() {
        return "application/octet-stream";
    }
    if head.starts_with(b"PK\x03\x04") {
        return within_zip(head);
    }
    let found = MAGIC
        .iter()
        .find(|(at, magic, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    if let Some((_, _, media_type)) = found {
        return media_type;
    }
    match text(head, octets) {
        Some(text) => of_text(text, name),
        None => "application/octet-stream",
    }
}

/// Office files are archives; their first entries say which.
fn within_zip(head: &[u8]) -> &'static str {
    let holds = |wanted: &[u8]| head.windows(wanted.len()).any(|window| window == wanted);
    if holds(b"mimetypeapplication/vnd.oasis.opendocument.text") {
        "application/vnd.oasis.opendocument.text"
    } else if holds(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet") {
        "application/vnd.oasis.opendocument.spreadsheet"
    } else if holds(b"mimetypeapplication/vnd.oasis.opendocument.presentation") {
        "application/vnd.oasis.opendocument.presentation"
    } else if holds(b"[Content_Types].xml") && holds(b"word/") {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    } else if holds(b"[Content_Types].xml") && holds(b"xl/") {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    } else if holds(b"[Content_Types].xml") && holds(b"ppt/") {
        "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    } else {
        "application/zip"
    }
}

/// Octets that read as UTF-8 without controls; the last character may be cut.
fn text(head: &[u8], octets: u64) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && octets > head.len() as u64 => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    text.chars().all(plain).then_some(text)
}

fn of_text(text: &str, name: &str) -> &'static str {
    let start: String = text
        .trim_start_matches('\u{FEFF}')
        .trim_start()
        .chars()
        .take(512)
        .collect::<String>()
        .to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return "text/html";
    }
    if start.starts_with("<svg") || (start.starts_with("<?xml") && start.contains("<svg")) {
        return "image/svg+xml";
    }
    if start.starts_with("<?xml") {
        return "text/xml";
    }
    if start.starts_with("begin:vcard") {
        return "text/vcard";
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "csv" => "text/csv",
        "md" => "text/markdown",
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_octets_tell_the_type_whatever_the_name_says() {
        for (head, name, told) in [
            (&b"%PDF-1.7\n"[..], "photo.jpg", "application/pdf"),
            (b"\x89PNG\r\n\x1a\n....", "cv.pdf", "image/png"),
            (b"\xff\xd8\xff\xe0", "x", "image/jpeg"),
            (b"RIFF....WEBPVP8 ", "x", "image/webp"),
            (b"....ftypheic", "x.mp4", "image/heic"),
            (b"hello", "a.txt", "text/plain"),
            (b"a;b\n1;2\n", "list.CSV", "text/csv"),
            (b"  <!DOCTYPE html><script>", "a.txt", "text/html"),
            (
                b"<?xml version='1.0'?><svg onload='x'>",
                "a.png",
                "image/svg+xml",
            ),
            (
                b"MZ\x90\0",
                "cv.pdf",
                "application/vnd.microsoft.portable-executable",
            ),
            (b"PK\x03\x04....plain.txt", "x.docx", "application/zip"),
            (
                b"PK\x03\x04 [Content_Types].xml PK\x03\x04 word/document.xml",
                "x",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            (
                b"PK\x03\x04........mimetypeapplication/vnd.oasis.opendocument.text",
                "x",
                "application/vnd.oasis.opendocument.text",
            ),
            (b"\0\x01\x02", "a.txt", "application/octet-stream"),
            (b"caf\xe9", "a.txt", "application/octet-stream"),
            (b"", "a.txt", "application/octet-stream"),
        ] {
            assert_eq!(media_type(head, head.len() as u64, name), told, "{name}");
        }
        // A character cut where the head ends.
        assert_eq!(media_type(b"caf\xc3", 100, "a"), "text/plain");
        assert_eq!(media_type(b"caf\xc3", 4, "a"), "application/octet-stream");
    }

    #[test]
    fn every_type_belongs_somewhere() {
        assert_eq!(family("application/pdf"), Family::Pdf);
        assert_eq!(family("image/svg+xml"), Family::Image);
        assert_eq!(
            family("application/vnd.oasis.opendocument.text"),
            Family::Office
        );
        assert_eq!(family("application/zip"), Family::Archive);
        assert_eq!(family("application/octet-stream"), Family::Other);
    }
}

//! Text of clients whose UTF-8 is not quite UTF-8.

/// Decodes UTF-8. A pair of surrogates encoded one by one (CESU-8, as Java writes characters
/// beyond U+FFFF) is the character it stands for; what else is no UTF-8 becomes U+FFFD.
pub(super) fn lenient(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(text) => {
                out.push_str(text);
                return out;
            }
            Err(error) => {
                let (valid, wrong) = rest.split_at(error.valid_up_to());
                out.push_str(&String::from_utf8_lossy(valid));
                let (character, length) = match surrogates(wrong) {
                    Some(surrogates) => surrogates,
                    None => {
                        let length = error.error_len().unwrap_or(wrong.len());
                        (char::REPLACEMENT_CHARACTER, length)
                    }
                };
                out.push(character);
                rest = wrong.get(length..).unwrap_or_default();
            }
        }
    }
}

/// The character that surrogates at the beginning stand for, and the octets they take; a lone one
/// stands for U+FFFD.
fn surrogates(bytes: &[u8]) -> Option<(char, usize)> {
    let first = surrogate(bytes)?;
    let pair = [
        first,
        surrogate(bytes.get(3..).unwrap_or_default()).unwrap_or_default(),
    ];
    Some(match char::decode_utf16(pair).next() {
        Some(Ok(character)) => (character, 6),
        _ => (char::REPLACEMENT_CHARACTER, 3),
    })
}

/// A code unit from U+D800 to U+DFFF in three octets.
fn surrogate(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [0xED, second @ 0xA0..=0xBF, third @ 0x80..=0xBF, ..] => {
            Some(0xD000 | u16::from(second & 0x3F) << 6 | u16::from(third & 0x3F))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::lenient;

    #[test]
    fn text_is_read_whatever_its_octets() {
        for (octets, text) in [
            (&b"Ana\xC3\xAFs"[..], "Anaïs"),
            // Unicode Technical Report #26: U+1F600 as D83D DE00.
            (b"a\xED\xA0\xBD\xED\xB8\x80b", "a😀b"),
            (b"a\xED\xA0\xBDb", "a\u{FFFD}b"),
            (b"a\xED\xB8\x80", "a\u{FFFD}"),
            (b"\xED\xA0\xBD\xED\xA0\xBD", "\u{FFFD}\u{FFFD}"),
            (b"M\xFCller", "M\u{FFFD}ller"),
            (b"cut \xF0\x9F\x98", "cut \u{FFFD}"),
            (b"", ""),
        ] {
            assert_eq!(lenient(octets), text, "{octets:02x?}");
        }
    }
}

//! Names of documents: those that strangers send, and those that people type.

use unicode_normalization::UnicodeNormalization as _;

use crate::domain::{
    error::{Error, Result},
    rule::Rule,
};

/// Characters of a name.
const LONGEST: usize = 200;
/// Characters of an ending that is kept when a name is cut.
const ENDING: usize = 16;

/// A name without a path, without controls and marks that turn text around, of bounded length;
/// `document` where nothing is left.
pub fn cleaned(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.nfc().filter(|c| is_harmless(*c)).collect();
    let trimmed = plain
        .trim_end_matches(|c: char| c == '.' || c.is_whitespace())
        .trim_start()
        .trim_start_matches("..")
        .trim_start();
    if trimmed.chars().all(|c| c == '.' || c.is_whitespace()) {
        return "document".to_owned();
    }
    let length = trimmed.chars().count();
    if length <= LONGEST {
        return trimmed.to_owned();
    }
    let ending = match trimmed.rsplit_once('.') {
        Some((_, ending)) if (1..ENDING).contains(&ending.chars().count()) => format!(".{ending}"),
        _ => String::new(),
    };
    let stem: String = trimmed
        .chars()
        .take(LONGEST - ending.chars().count())
        .collect();
    let cut = format!("{}{ending}", stem.trim_end_matches([' ', '.']));
    cut
}

/// A name that somebody typed: [`cleaned`], but nothing of it is cut off.
pub fn typed(name: &str) -> Result<String> {
    let whole = name.trim().replace(['/', '\\'], "-");
    if whole.is_empty() || whole.chars().count() > LONGEST {
        return Err(Error::Invalid(Rule::DocumentName(LONGEST)));
    }
    Ok(cleaned(&whole))
}

/// No control, no mark of direction, no joiner that shows nothing.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_of_what_harms() {
        for (sent, kept) in [
            ("CV.pdf", "CV.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\Mia\\plan.doc", "plan.doc"),
            ("..", "document"),
            ("", "document"),
            (" . . ", "document"),
            ("a\0b\r\nc.txt", "abc.txt"),
            ("facture\u{202E}fdp.exe", "facturefdp.exe"),
            ("\u{2066}x\u{2069}\u{200F}.txt", "x.txt"),
            ("\u{FEFF}note.txt", "note.txt"),
            ("..hidden", "hidden"),
            (".profile", ".profile"),
            ("e\u{301}te\u{301}.txt", "été.txt"),
            ("name. . ", "name"),
            ("/", "document"),
        ] {
            assert_eq!(cleaned(sent), kept, "{sent:?}");
            assert_eq!(cleaned(kept), kept, "{kept:?} stays");
        }
    }

    #[test]
    fn a_typed_name_stays_whole() {
        for (written, kept) in [
            ("Contract 2025/2026.txt", "Contract 2025-2026.txt"),
            ("a/b:c.txt", "a-b:c.txt"),
            (" back\\slash ", "back-slash"),
        ] {
            assert_eq!(typed(written).ok().as_deref(), Some(kept), "{written}");
        }
        assert!(typed("  ").is_err());
        assert!(typed(&"x".repeat(201)).is_err());
        assert!(typed(&"é".repeat(200)).is_ok());
    }

    #[test]
    fn long_names_keep_their_ending() {
        let long = format!("{}.pdf", "é".repeat(300));
        let kept = cleaned(&long);
        assert_eq!(kept.chars().count(), 200);
        assert!(kept.ends_with("é.pdf"));
        assert_eq!(cleaned(&kept), kept);
        assert_eq!(cleaned(&"x".repeat(300)).len(), 200);
        let dotted = format!("{}. {}", "a".repeat(150), "b".repeat(150));
        assert_eq!(cleaned(&cleaned(&dotted)), cleaned(&dotted));
    }
}

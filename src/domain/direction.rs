//! Characters that turn the direction of writing.

/// A text on one line without bidirectional formatting characters (Unicode TR9 §2) and other
/// controls, so that a hostile name cannot disturb the text around it.
pub fn straight(text: &str) -> String {
    let shown = |c: char| match c {
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => None,
        '\u{200E}' | '\u{200F}' | '\u{061C}' => None,
        _ if c.is_control() => c.is_whitespace().then_some(' '),
        _ => Some(c),
    };
    text.chars().filter_map(shown).collect()
}

/// A text that is put among others: one that is written from right to left turns nothing beside it
/// (Unicode TR9 §6.2, FSI and PDI).
pub fn isolated(text: String) -> String {
    if text.chars().any(is_right_to_left) {
        format!("\u{2068}{text}\u{2069}")
    } else {
        text
    }
}

/// Hebrew, Arabic and their neighbours, by blocks.
fn is_right_to_left(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8FF}'
            | '\u{FB1D}'..='\u{FDFF}'
            | '\u{FE70}'..='\u{FEFE}'
            | '\u{10800}'..='\u{10FFF}'
            | '\u{1E800}'..='\u{1EFFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::{isolated, straight};

    #[test]
    fn what_is_written_from_the_right_stands_apart() {
        for (text, shown) in [
            ("Ada Zoé 山田", "Ada Zoé 山田"),
            ("مبيعات", "\u{2068}مبيعات\u{2069}"),
            ("Ada שלום", "\u{2068}Ada שלום\u{2069}"),
        ] {
            assert_eq!(isolated(text.to_owned()), shown);
        }
    }

    #[test]
    fn nothing_turns_and_nothing_breaks_a_line() {
        for (text, shown) in [
            ("One\u{202E}", "One"),
            ("A\u{2066}da\u{2069} One", "Ada One"),
            ("\u{200F}Ada\u{200E}\u{061C}", "Ada"),
            ("Ada\nOne\tTwo\rThree", "Ada One Two Three"),
            ("A\u{0}da\u{1B}", "Ada"),
            ("山田\u{3000}花子", "山田\u{3000}花子"),
        ] {
            assert_eq!(straight(text), shown, "{text:?}");
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::straight;

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

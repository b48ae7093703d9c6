//! The order of names in lists.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// What names are sorted by: their letters, whatever their case and their accents.
pub fn sort_key(name: &str) -> String {
    name.nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_moves_a_name_nowhere() {
        let mut names = ["Zoo", "urgent", "Été", "abeilles", "Équipe"];
        names.sort_by_cached_key(|name| sort_key(name));
        assert_eq!(names, ["abeilles", "Équipe", "Été", "urgent", "Zoo"]);
    }
}

//! Variables that look like settings and are none.

use super::{KEYS, variables::PREFIX};

/// Differences within which a key may have been meant.
const NEAR: usize = 3;
/// A variable of the program that is no key.
const FILE: &str = "config";

/// A sentence for each variable that sets nothing, with the one that may have been meant.
pub fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut told: Vec<String> = names
        .filter_map(|name| {
            let key = name.strip_prefix(PREFIX)?.to_lowercase();
            if key == FILE || KEYS.contains(&&key[..]) {
                return None;
            }
            let near = KEYS.iter().chain([&FILE]);
            let near = near
                .map(|known| (distance(&key, known), known))
                .min()
                .filter(|(distance, _)| *distance <= NEAR);
            Some(match near {
                Some((_, known)) => format!(
                    "the variable {name} sets nothing: is it {PREFIX}{}?",
                    known.to_uppercase()
                ),
                None => format!("the variable {name} sets nothing"),
            })
        })
        .collect();
    told.sort();
    told
}

/// How many characters have to be inserted, removed or replaced.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut before = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_told_with_what_was_meant() {
        let names = [
            "CARNET_PUBLIC_URI",
            "CARNET_MAXDOCUMENT",
            "CARNET_LISTEN",
            "CARNET_CONFIG",
            "CARNET_WHATEVER_IT_IS",
            "PATH",
        ];
        let told = unknown_variables(names.into_iter().map(str::to_owned));
        assert_eq!(
            told,
            [
                "the variable CARNET_MAXDOCUMENT sets nothing: is it CARNET_MAX_DOCUMENT?",
                "the variable CARNET_PUBLIC_URI sets nothing: is it CARNET_PUBLIC_URL?",
                "the variable CARNET_WHATEVER_IT_IS sets nothing",
            ]
        );
    }
}

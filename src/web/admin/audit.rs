//! The audit trail in the reader's words.

use std::fmt::Display;

use crate::text::{Text, audit, fill};

/// What was done, as the page says it; a line of another form stays as it is stored.
pub fn said(line: &str, text: &Text) -> String {
    for (name, stored, said) in sentences("did_", text) {
        let Some(mut values) = values(line, stored) else {
            continue;
        };
        if let ("did_account_changed", Some(changes)) = (name, values.last_mut()) {
            let changes_said = changes
                .split(", ")
                .map(|change| word("word_", change, text));
            *changes = changes_said.collect::<Vec<_>>().join(", ");
        }
        let values: Vec<&dyn Display> = values.iter().map(|value| value as _).collect();
        return fill(said, &values);
    }
    line.to_owned()
}

/// What it was done through; a device is called as it is.
pub fn through(client: &str, text: &Text) -> String {
    word("through_", client, text)
}

fn word(kind: &str, stored: &str, text: &Text) -> String {
    let mut known = sentences(kind, text);
    let said = known.find(|(_, word, _)| *word == stored);
    said.map_or(stored, |(.., said)| said).to_owned()
}

/// Names of a kind, with what is stored for each and what is said.
fn sentences(
    kind: &str,
    text: &Text,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let both = audit::EN.all().into_iter().zip(text.audit.all());
    let all = both.map(|((name, stored), (_, said))| (name, stored, said));
    all.filter(move |(name, ..)| name.starts_with(kind))
}

/// What stands in a line where a sentence has `{}`; none where it is another sentence.
fn values(line: &str, sentence: &str) -> Option<Vec<String>> {
    let (first, between) = sentence.split_once("{}")?;
    let mut rest = line.strip_prefix(first)?;
    let mut values = Vec::new();
    let mut between = between.split("{}").peekable();
    while let Some(mark) = between.next() {
        let value = if between.peek().is_none() {
            rest.strip_suffix(mark)?
        } else {
            let (value, after) = rest.split_once(mark)?;
            rest = after;
            value
        };
        values.push(value.to_owned());
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{EN, FR};

    #[test]
    fn each_line_is_said_in_the_language_of_the_page() {
        for (line, french) in [
            ("account ann added", "compte ann ajouté"),
            (
                "account ann changed: password, no administrator",
                "compte ann changé : mot de passe, plus administrateur",
            ),
            ("group Team added", "groupe Team ajouté"),
            (
                "group Team: name is member",
                "groupe Team : name est membre",
            ),
            (
                "group Team: modifying a contact granted to carol",
                "groupe Team : modification d'un contact accordée à carol",
            ),
            (
                "group Team: right add-delete for everyone",
                "groupe Team : droit d'ajouter et de supprimer pour tous",
            ),
            (
                "device P1 of bob wipe-pending",
                "appareil P1 de bob : retrait du compte demandé",
            ),
            (
                "exported Contacts as csv-google",
                "a exporté Contacts en csv-google",
            ),
            ("something new", "something new"),
        ] {
            assert_eq!(said(line, &FR), french);
            assert_eq!(said(line, &EN), line);
        }
        assert_eq!(through("command line", &FR), "ligne de commande");
        assert_eq!(through("iPhone", &FR), "iPhone");
    }

    #[test]
    fn each_line_is_read_as_what_it_is() {
        for (name, stored, _) in sentences("did_", &EN) {
            let line = stored.replace("{}", "x");
            let mut fitting = sentences("did_", &EN);
            let first = fitting
                .find(|(_, sentence, _)| *sentence == line || values(&line, sentence).is_some());
            assert_eq!(first.map(|(first, ..)| first), Some(name), "{line}");
        }
    }
}

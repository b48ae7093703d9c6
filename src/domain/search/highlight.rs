//! Where the words of a query stand in a value.

use super::{
    Leaf, Node, Wanted,
    token::{self, Tokens},
};

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// The query looks for it.
    pub found: bool,
}

/// A word looked for, folded.
struct Term {
    token: String,
    prefix: bool,
}

/// A value in pieces that together are the value.
pub fn highlight(value: &str, root: Option<&Node>) -> Vec<Piece> {
    let mut terms = Vec::new();
    if let Some(root) = root {
        collect(root, &mut terms);
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let is_word = |c: char| c.is_alphanumeric();
        let word = rest.starts_with(is_word);
        let end = rest.find(|c| is_word(c) != word).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        rest = after;
        let found = word && is_wanted(text, &terms);
        match pieces.last_mut() {
            Some(last) if last.found == found => last.text.push_str(text),
            _ => pieces.push(Piece {
                text: text.to_owned(),
                found,
            }),
        }
    }
    pieces
}

fn is_wanted(word: &str, terms: &[Term]) -> bool {
    let forms = Tokens::text(word, true).finish();
    forms.split(' ').any(|form| {
        terms.iter().any(|term| match term.prefix {
            true => form.starts_with(&term.token),
            false => form == term.token,
        })
    })
}

fn collect(node: &Node, terms: &mut Vec<Term>) {
    match node {
        Node::Leaf(leaf) => collect_leaf(leaf, terms),
        Node::And { positives, .. } => positives.iter().for_each(|node| collect(node, terms)),
        Node::Or(branches) => branches.iter().for_each(|node| collect(node, terms)),
    }
}

fn collect_leaf(leaf: &Leaf, terms: &mut Vec<Term>) {
    let (words, prefix) = match &leaf.wanted {
        Wanted::Words { words, prefix } | Wanted::Number { words, prefix, .. } => {
            (words.tokens.clone(), *prefix)
        }
        Wanted::Token { prefix, .. } => (token::words(&leaf.shown).tokens, *prefix),
    };
    let last = words.len();
    terms.extend((1..).zip(words).map(|(at, token)| Term {
        token,
        prefix: prefix && at == last,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::search::{LastWord, parse::parse};

    #[test]
    fn words_are_found_however_they_are_written() {
        for (value, query, expected) in [
            ("Élodie Martin", "elodie", "[Élodie] Martin"),
            ("Jürgen Groß", "juergen gross", "[Jürgen] [Groß]"),
            ("Informaticien", "info*", "[Informaticien]"),
            ("Informaticien", "info", "Informaticien"),
            ("virus grippe", "grippe -virus", "virus [grippe]"),
            (
                "a.b@example.org",
                "a.b@example.org",
                "[a].[b]@[example].[org]",
            ),
            ("<b>", "b", "<[b]>"),
            ("", "b", ""),
        ] {
            let root = parse(query, LastWord::Whole, false).root;
            let shown: String = highlight(value, root.as_ref())
                .into_iter()
                .map(|piece| match piece.found {
                    true => format!("[{}]", piece.text),
                    false => piece.text,
                })
                .collect();
            assert_eq!(shown, expected, "{query}");
        }
    }
}

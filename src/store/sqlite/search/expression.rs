//! What FTS5 is asked for, as it reads it (<https://sqlite.org/fts5.html#full_text_query_syntax>).

use crate::domain::{
    class::Part,
    id::CollectionId,
    search::{Node, Wanted, token},
};

const EVERYTHING: &str = "name organization email telephone reach city country rest comment";

/// What restricts an expression to some collections.
pub fn place_expression(places: &[CollectionId]) -> String {
    let places: Vec<String> = places.iter().map(|place| format!("\"c{place}\"")).collect();
    format!("(place : ({}))", places.join(" OR "))
}

/// Columns a query is restricted to.
#[derive(Clone)]
pub struct Columns {
    /// As FTS5 names them.
    names: String,
    /// Folders whose documents are found with the contacts they are attached to.
    folders: Vec<CollectionId>,
}

impl Columns {
    /// Those of some parts.
    pub fn of(parts: &[Part]) -> Self {
        let names: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
        Self {
            names: names.join(" "),
            folders: Vec::new(),
        }
    }

    /// All of them, with the titles of documents in some folders.
    pub fn everything(folders: Vec<CollectionId>) -> Self {
        Self {
            names: EVERYTHING.to_owned(),
            folders,
        }
    }

    /// Those that are also among some parts.
    fn within(&self, parts: &[Part]) -> Self {
        let names = self.names.split(' ');
        let among = names.filter(|name| parts.iter().any(|part| part.as_str() == *name));
        Self {
            names: among.collect::<Vec<_>>().join(" "),
            folders: Vec::new(),
        }
    }

    /// A node on these columns; what is excluded is looked for in `excluded`.
    pub fn expression(&self, node: &Node, place: &str, excluded: &Columns) -> String {
        match node {
            Node::Leaf(leaf) if leaf.narrow => self.within(Part::NARROW).wanted(&leaf.wanted),
            Node::Leaf(leaf) => self.wanted(&leaf.wanted),
            Node::Or(branches) => {
                let branches: Vec<String> = branches
                    .iter()
                    .map(|node| self.expression(node, place, excluded))
                    .collect();
                format!("({})", branches.join(" OR "))
            }
            Node::And {
                positives,
                negatives,
            } => {
                let positives: Vec<String> = positives
                    .iter()
                    .map(|node| self.expression(node, place, excluded))
                    .collect();
                // NOT needs a left side.
                let positive = match positives.is_empty() {
                    true => place.to_owned(),
                    false => positives.join(" AND "),
                };
                let negatives: Vec<String> = negatives
                    .iter()
                    .map(|node| excluded.expression(node, place, excluded))
                    .collect();
                match negatives.is_empty() {
                    true => format!("({positive})"),
                    false => format!("(({positive}) NOT ({}))", negatives.join(" OR ")),
                }
            }
        }
    }

    /// A leaf on these columns.
    pub fn wanted(&self, wanted: &Wanted) -> String {
        let phrase = |tokens: &str, prefix: bool| {
            let star = if prefix { " *" } else { "" };
            let quoted = |tokens: &str| format!("\"{}\"{star}", tokens.replace('"', "\"\""));
            let words = format!("({{{}}} : {})", self.names, quoted(tokens));
            if self.folders.is_empty() {
                return words;
            }
            let folders = self.folders.iter();
            let titles = folders.map(|folder| quoted(&token::titled(*folder, tokens)));
            let titles = titles.collect::<Vec<_>>().join(" OR ");
            format!("({words} OR (rest : ({titles})))")
        };
        match wanted {
            Wanted::Words { words, prefix } => match &words.tokens[..] {
                [character] if words.single && !prefix => phrase(&token::single(character), false),
                tokens => phrase(&tokens.join(" "), *prefix || words.single),
            },
            Wanted::Number {
                words,
                digits,
                prefix,
            } => {
                let number = match prefix {
                    true => token::number(digits),
                    false => token::reversed(digits),
                };
                format!(
                    "({} OR {})",
                    phrase(&words.tokens.join(" "), *prefix),
                    phrase(&number, true)
                )
            }
            Wanted::Token { token, prefix } => phrase(token, *prefix),
        }
    }
}

//! What FTS5 is asked for, as it reads it (<https://sqlite.org/fts5.html#full_text_query_syntax>).

use crate::domain::{
    class::Part,
    id::CollectionId,
    search::{Node, Wanted, token},
};

/// Every item of a collection.
pub fn place_expression(place: CollectionId) -> String {
    format!("\"c{place}\"")
}

/// The words of a collection's items that count.
#[derive(Clone)]
pub struct Within {
    place: CollectionId,
    /// From class 1 to this one.
    class: u8,
    /// Only these parts; none: all of the classes.
    parts: Option<Vec<Part>>,
    /// Folders whose documents are found with the contacts they are attached to.
    folders: Vec<CollectionId>,
}

impl Within {
    /// Those of the classes up to one.
    pub fn class(place: CollectionId, class: u8) -> Self {
        Self {
            place,
            class,
            parts: None,
            folders: Vec::new(),
        }
    }

    /// All of them, with the titles of documents in some folders.
    pub fn everything(place: CollectionId, folders: &[CollectionId]) -> Self {
        Self {
            folders: folders.to_vec(),
            ..Self::class(place, 3)
        }
    }

    /// Those of one part.
    pub fn part(place: CollectionId, part: Part) -> Self {
        Self {
            parts: Some(vec![part]),
            ..Self::class(place, part.class())
        }
    }

    /// Those that are also in some parts.
    fn narrowed(&self, parts: &[Part]) -> Self {
        let counts = |part: &Part| match &self.parts {
            Some(own) => own.contains(part),
            None => part.class() <= self.class,
        };
        let parts: Vec<Part> = parts.iter().copied().filter(counts).collect();
        Self {
            class: parts.iter().map(|part| part.class()).max().unwrap_or(1),
            parts: Some(parts),
            ..Self::class(self.place, 1)
        }
    }

    /// A node among these words; what is excluded is looked for in `excluded`.
    pub fn expression(&self, node: &Node, excluded: &Within) -> String {
        match node {
            Node::Leaf(leaf) if leaf.narrow => self.narrowed(Part::NARROW).wanted(&leaf.wanted),
            Node::Leaf(leaf) => self.wanted(&leaf.wanted),
            Node::Or(branches) => {
                let branches: Vec<String> = branches
                    .iter()
                    .map(|node| self.expression(node, excluded))
                    .collect();
                format!("({})", branches.join(" OR "))
            }
            Node::And {
                positives,
                negatives,
            } => {
                let positives: Vec<String> = positives
                    .iter()
                    .map(|node| self.expression(node, excluded))
                    .collect();
                // NOT needs a left side.
                let positive = match positives.is_empty() {
                    true => place_expression(self.place),
                    false => positives.join(" AND "),
                };
                let negatives: Vec<String> = negatives
                    .iter()
                    .map(|node| excluded.expression(node, excluded))
                    .collect();
                match negatives.is_empty() {
                    true => format!("({positive})"),
                    false => format!("(({positive}) NOT ({}))", negatives.join(" OR ")),
                }
            }
        }
    }

    /// A leaf among these words.
    pub fn wanted(&self, wanted: &Wanted) -> String {
        let phrase = |tokens: &str, prefix: bool| {
            let star = if prefix { " *" } else { "" };
            let quoted = |class: u8, tokens: &str| {
                let tokens = token::placed(self.place, class, tokens);
                format!("\"{}\"{star}", tokens.replace('"', "\"\""))
            };
            let words = (1..=self.class).map(|class| quoted(class, tokens));
            let titles = self.folders.iter();
            let titles = titles.map(|folder| quoted(3, &token::titled(*folder, tokens)));
            let any = words.chain(titles).collect::<Vec<_>>().join(" OR ");
            match &self.parts {
                None => format!("({any})"),
                Some(parts) => {
                    let columns: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
                    format!("({{{}}} : ({any}))", columns.join(" "))
                }
            }
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

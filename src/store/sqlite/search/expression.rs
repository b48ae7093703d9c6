//! A search expression: as FTS5 reads it (<https://sqlite.org/fts5.html#full_text_query_syntax>),
//! or evaluated on the words of one item.

use std::fmt::{self, Display, Formatter};

use super::words::Split;
use crate::domain::{
    class::Part,
    id::CollectionId,
    search::{Mark, Node, Wanted, token},
};

/// A condition on the words of an item in a place.
#[derive(Clone, Debug)]
pub enum Expression {
    /// Tokens side by side, the last one whole or a beginning.
    Phrase {
        tokens: String,
        prefix: bool,
        /// Only there; none: wherever it is.
        parts: Option<Vec<Part>>,
    },
    And(Vec<Expression>),
    Or(Vec<Expression>),
    /// The first and not the second.
    Not(Box<Expression>, Box<Expression>),
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Phrase {
                tokens,
                prefix,
                parts,
            } => {
                if let Some(parts) = parts {
                    let columns: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
                    write!(f, "{{{}}} : ", columns.join(" "))?;
                }
                let star = if *prefix { " *" } else { "" };
                write!(f, "\"{}\"{star}", tokens.replace('"', "\"\""))
            }
            Expression::And(all) => write_list(f, all, " AND "),
            Expression::Or(any) => write_list(f, any, " OR "),
            Expression::Not(all, but) => write!(f, "({all} NOT {but})"),
        }
    }
}

fn write_list(f: &mut Formatter<'_>, list: &[Expression], operator: &str) -> fmt::Result {
    if let [only] = list {
        return only.fmt(f);
    }
    let list: Vec<String> = list.iter().map(Expression::to_string).collect();
    write!(f, "({})", list.join(operator))
}

impl Expression {
    /// Every item of a collection.
    pub fn place(place: CollectionId) -> Self {
        Self::token(token::place(place), false)
    }

    /// Items of a collection that have a mark.
    pub fn mark(place: CollectionId, mark: &Mark) -> Self {
        Self::token(token::mark(place, mark), matches!(mark, Mark::Birthday(_)))
    }

    /// This and not another.
    pub fn but(self, other: Self) -> Self {
        Self::Not(Box::new(self), Box::new(other))
    }

    fn token(token: String, prefix: bool) -> Self {
        Self::Phrase {
            tokens: token,
            prefix,
            parts: None,
        }
    }

    /// Whether an item of the place matches: FTS5 would find it by these words.
    pub fn holds(&self, words: &Split<'_>) -> bool {
        match self {
            Expression::Phrase {
                tokens,
                prefix,
                parts,
            } => words
                .within(parts.as_deref())
                .any(|column| has_phrase(column, tokens, *prefix)),
            Expression::And(all) => all.iter().all(|each| each.holds(words)),
            Expression::Or(any) => any.iter().any(|each| each.holds(words)),
            Expression::Not(all, but) => all.holds(words) && !but.holds(words),
        }
    }
}

fn has_phrase(column: &[&str], phrase: &str, prefix: bool) -> bool {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    let Some((last, before)) = phrase.split_last() else {
        return false;
    };
    column.windows(phrase.len()).any(|found| {
        let end = found[before.len()];
        found.starts_with(before) && (end == *last || prefix && end.starts_with(last))
    })
}

/// The words of a collection's items that count.
#[derive(Clone)]
pub struct Within {
    place: CollectionId,
    /// The last class that counts; all from 1 to it do.
    class: u8,
    /// Only these parts; none: all of the classes.
    parts: Option<Vec<Part>>,
    /// Folders whose documents are found with the contacts they are attached to.
    folders: Vec<CollectionId>,
}

impl Within {
    /// The words of the classes up to this one.
    pub fn class(place: CollectionId, class: u8) -> Self {
        Self {
            place,
            class,
            parts: None,
            folders: Vec::new(),
        }
    }

    /// All words, with the titles of documents in some folders.
    pub fn everything(place: CollectionId, folders: &[CollectionId]) -> Self {
        Self {
            folders: folders.to_vec(),
            ..Self::class(place, Part::Rest.class())
        }
    }

    /// The words of one part.
    pub fn part(place: CollectionId, part: Part) -> Self {
        Self {
            parts: Some(vec![part]),
            ..Self::class(place, part.class())
        }
    }

    /// The words that are in some parts.
    fn narrowed(&self, parts: &[Part]) -> Self {
        let counts = |part: &&Part| part.class() <= self.class;
        Self {
            parts: Some(parts.iter().filter(counts).copied().collect()),
            ..Self::class(self.place, self.class)
        }
    }

    /// A node among these words; what is excluded is looked for in `excluded`.
    pub fn expression(&self, node: &Node, excluded: &Within) -> Expression {
        let each = |nodes: &[Node]| -> Vec<Expression> {
            nodes
                .iter()
                .map(|node| self.expression(node, excluded))
                .collect()
        };
        match node {
            Node::Leaf(leaf) if leaf.narrow => self.narrowed(Part::NARROW).wanted(&leaf.wanted),
            Node::Leaf(leaf) => self.wanted(&leaf.wanted),
            Node::Or(branches) => Expression::Or(each(branches)),
            Node::And {
                positives,
                negatives,
            } => {
                let positive = if positives.is_empty() {
                    Expression::place(self.place)
                } else {
                    Expression::And(each(positives))
                };
                if negatives.is_empty() {
                    return positive;
                }
                let negatives = negatives
                    .iter()
                    .map(|node| excluded.expression(node, excluded));
                positive.but(Expression::Or(negatives.collect()))
            }
        }
    }

    /// A leaf among these words.
    pub fn wanted(&self, wanted: &Wanted) -> Expression {
        match wanted {
            Wanted::Words { words, prefix } => match &words.tokens[..] {
                [character] if words.single && !prefix => {
                    self.phrase(&token::single(character), false)
                }
                tokens => self.phrase(&tokens.join(" "), *prefix || words.single),
            },
            Wanted::Number {
                words,
                digits,
                prefix,
            } => {
                let number = if *prefix {
                    token::number(digits)
                } else {
                    token::reversed(digits)
                };
                Expression::Or(vec![
                    self.phrase(&words.tokens.join(" "), *prefix),
                    self.phrase(&number, true),
                ])
            }
            Wanted::Token { token, prefix } => self.phrase(token, *prefix),
        }
    }

    fn phrase(&self, tokens: &str, prefix: bool) -> Expression {
        let placed = |class: u8, tokens: &str| Expression::Phrase {
            tokens: token::placed(self.place, class, tokens),
            prefix,
            parts: self.parts.clone(),
        };
        let counts = |class: &u8| match &self.parts {
            None => true,
            Some(parts) => parts.iter().any(|part| part.class() == *class),
        };
        let words = (1..=self.class).filter(counts);
        let words = words.map(|class| placed(class, tokens));
        let titles = self.folders.iter().map(|folder| {
            let tokens = token::titled(*folder, tokens);
            placed(Part::Rest.class(), &tokens)
        });
        Expression::Or(words.chain(titles).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::vec, prelude::*, sample::select};
    use rusqlite::Connection;

    use super::{super::words::Words, CollectionId, Expression, Mark, Part, Within, token};
    use crate::domain::{
        class::{Index, IndexText},
        search::parse::{Exclusions, LastWord, parse},
    };

    const PLACE: CollectionId = CollectionId(7);
    const FOLDER: CollectionId = CollectionId(8);
    const VALUES: [&str; 14] = [
        "Anne 🅱",
        "𰻞 麺",
        "Anne",
        "Annika Martin",
        "Martin Anne",
        "Martina",
        "Lille",
        "O'Hara",
        "Jean-Baptiste",
        "山田 花子",
        "花",
        "Jürgen Groß",
        "rue 12",
        "a-a-a",
    ];
    const ITEMS: [&str; 25] = [
        "🅰",
        "🅱🅾🅰🅰*",
        "𰻞",
        "anne",
        "anni*",
        "mart*",
        "\"martin anne\"",
        "\"anne mart*\"",
        "lille",
        "-lille",
        "-anne",
        "OR",
        "(",
        ")",
        "0612*",
        "5678",
        "@example.com",
        "b.c@example.com",
        "花",
        "花子",
        "o'hara",
        "jeanbaptiste",
        "juergen",
        "a-a",
        "plan",
    ];

    fn items() -> impl Strategy<Value = Vec<Words>> {
        let text = (
            select(Part::ALL.to_vec()),
            select(VALUES.to_vec()),
            any::<bool>(),
        );
        let item = (vec(text, 0..6), any::<bool>(), any::<bool>());
        vec(item, 1..12).prop_map(|items| items.into_iter().map(words).collect())
    }

    fn words((texts, reached, attached): (Vec<(Part, &str, bool)>, bool, bool)) -> Words {
        let mut index = Index {
            kind: if attached { "org" } else { "individual" }.to_owned(),
            ..Index::default()
        };
        let mut comments = Vec::new();
        for (part, value, comment) in texts {
            if comment {
                comments.push(token::Tokens::text(value, false).finish())
            } else {
                index
                    .texts
                    .push(IndexText::searched("x", value.to_owned(), part))
            }
        }
        if reached {
            let email = "b.c@example.com".to_owned();
            index
                .texts
                .push(IndexText::searched("email", email, Part::Email));
            let forms = ["0612345678".to_owned(), "33612345678".to_owned()];
            index
                .texts
                .push(IndexText::number("tel", String::new(), &forms));
        }
        let mut words = Words::of_index(PLACE, &index);
        let comments = token::join(comments.iter().map(String::as_str));
        words.comment = token::placed(PLACE, 3, &comments);
        if attached {
            let title = token::placed(PLACE, 3, &token::titled(FOLDER, "plan de lille"));
            let [.., rest] = &mut words.parts;
            *rest = token::join([rest.as_str(), &title].into_iter());
        }
        words
    }

    fn index(items: &[Words]) -> Connection {
        let connection = Connection::open_in_memory().expect("opened");
        let sql = "CREATE TABLE search (x); CREATE TABLE meta (name PRIMARY KEY, value);";
        connection.execute_batch(sql).expect("made");
        let schema = include_str!("../schema/0030_placed_words.sql");
        connection.execute_batch(schema).expect("made");
        for (id, words) in (1_i64..).zip(items) {
            let sql = "INSERT INTO search (rowid, place, name, organization, email, telephone,
                 reach, city, country, rest, comment)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
            let mut insert = connection.prepare_cached(sql).expect("a statement");
            insert.raw_bind_parameter(1, id).expect("bound");
            insert.raw_bind_parameter(2, &words.place).expect("bound");
            let columns = words.parts.iter().chain([&words.comment]);
            for (at, column) in (3..).zip(columns) {
                insert.raw_bind_parameter(at, column).expect("bound");
            }
            insert.raw_execute().expect("inserted");
        }
        connection
    }

    fn found(connection: &Connection, expression: &Expression) -> BTreeSet<i64> {
        let mut statement = connection
            .prepare_cached("SELECT rowid FROM search WHERE search MATCH ?1")
            .expect("a statement");
        let rows = statement.query_map([expression.to_string()], |row| row.get(0));
        let found = rows.and_then(Iterator::collect);
        found.unwrap_or_else(|e| panic!("{expression}: {e}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// What FTS5 finds is what holds.
        #[test]
        fn both_readings_of_an_expression_agree(
            items in items(),
            query in vec(select(ITEMS.to_vec()), 1..6),
            narrow in any::<bool>(),
        ) {
            let last = if narrow { LastWord::Beginning } else { LastWord::Whole };
            let connection = index(&items);
            if let Some(node) = parse(&query.join(" "), last, Exclusions::MayStandAlone).root {
                let everything = Within::everything(PLACE, &[FOLDER]);
                let mut within: Vec<Within> = (1..=2).map(|n| Within::class(PLACE, n)).collect();
                within.push(everything.clone());
                if !narrow {
                    within.extend(Part::ALL.map(|part| Within::part(PLACE, part)));
                }
                let words = within.iter().map(|within| within.expression(&node, &everything));
                let mut expressions: Vec<Expression> = words.collect();
                let marks = [
                    Mark::Kind("org".to_owned()),
                    Mark::Birthday("03".to_owned()),
                    Mark::Birthday("03-15".to_owned()),
                    Mark::Photo,
                ];
                let marks = marks.map(|mark| Expression::mark(PLACE, &mark).but(expressions[0].clone()));
                expressions.extend(marks);
                expressions.push(Expression::place(PLACE).but(expressions[1].clone()));
                for expression in expressions {
                    let holding = (1_i64..).zip(&items).filter(|(_, words)| expression.holds(&words.split()));
                    let holding: BTreeSet<i64> = holding.map(|(id, _)| id).collect();
                    prop_assert_eq!(found(&connection, &expression), holding, "{}", expression);
                }
            }
        }
    }
}

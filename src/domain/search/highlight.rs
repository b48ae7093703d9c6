//! The positions of a query's words in a value, for highlighting.

use super::{
    Leaf, Node, Wanted,
    token::{self, Tokens},
};

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// The query matches this part.
    pub found: bool,
}

/// Characters of a name with an apostrophe or a hyphen within, at most.
const JOINED: usize = 64;

/// A word of the query, folded.
struct Term {
    token: String,
    prefix: bool,
}

/// Splits a value into pieces, matching and not; joined, they are the value.
pub fn highlight(value: &str, root: Option<&Node>) -> Vec<Piece> {
    let terms: Vec<Term> = leaves(root).into_iter().flat_map(terms).collect();
    marked(value, &terms)
}

fn marked(value: &str, terms: &[Term]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = value;
    // Names before are not looked for in one piece.
    let mut refused = 0;
    while let Some(first) = rest.chars().next() {
        let at = value.len() - rest.len();
        if at >= refused
            && let Some(end) = joined_end(rest)
        {
            let (name, after) = rest.split_at(end);
            if is_wanted_joined(name, terms) {
                add(&mut pieces, name, true);
                rest = after;
                continue;
            }
            refused = at + end;
        }
        let writing = Writing::of(first);
        let end = rest.find(|c| Writing::of(c) != writing);
        let (text, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        match writing {
            Writing::None => add(&mut pieces, text, false),
            Writing::Words => add(&mut pieces, text, is_wanted(text, terms)),
            Writing::Characters => {
                let mut octets = [0; 4];
                for (c, found) in text.chars().zip(wanted_characters(text, terms)) {
                    add(&mut pieces, c.encode_utf8(&mut octets), found);
                }
            }
        }
    }
    pieces
}

/// [`highlight`] for a telephone number, whatever its spelling in the value and the query.
pub fn highlight_number(value: &str, root: Option<&Node>) -> Vec<Piece> {
    let found = leaves(root)
        .into_iter()
        .any(|leaf| is_number_of(value, leaf));
    if found {
        vec![Piece {
            text: value.to_owned(),
            found,
        }]
    } else {
        highlight(value, root)
    }
}

/// Whether the shown values of an item, given with their fields, satisfy the query: every required
/// part of it, with the words of one part in one value.
pub fn is_shown(root: &Node, values: &[(&str, &str)]) -> bool {
    match root {
        Node::Leaf(leaf) => {
            let terms = terms(leaf);
            let shows = |value: &str, term: &Term| {
                let pieces = marked(value, std::slice::from_ref(term));
                pieces.iter().any(|piece| piece.found)
            };
            values.iter().any(|(field, value)| {
                *field == "tel" && is_number_of(value, leaf)
                    || terms.iter().all(|term| shows(value, term))
            })
        }
        Node::And { positives, .. } => positives.iter().all(|node| is_shown(node, values)),
        Node::Or(branches) => branches.iter().any(|node| is_shown(node, values)),
    }
}

/// Where a name ends that begins a text and has an apostrophe or a hyphen within: `O'Hara`.
fn joined_end(text: &str) -> Option<usize> {
    let mut end = 0;
    let mut joins = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_inner = at > 0 && token::joins(c);
        let goes_on = |next: &(usize, char)| Writing::of(next.1) == Writing::Words;
        match Writing::of(c) {
            Writing::Words => end = at + c.len_utf8(),
            _ if is_inner && chars.peek().is_some_and(goes_on) => joins = true,
            _ => break,
        }
    }
    joins.then_some(end)
}

/// How a character belongs to words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// Not part of a word: blanks and punctuation.
    None,
    Words,
    /// A character of a script without blanks between words: it may be a word by itself.
    Characters,
}

impl Writing {
    fn of(c: char) -> Self {
        match c.is_alphanumeric() {
            true if token::is_cjk(c) => Writing::Characters,
            true => Writing::Words,
            false => Writing::None,
        }
    }
}

fn add(pieces: &mut Vec<Piece>, text: &str, found: bool) {
    match pieces.last_mut() {
        Some(last) if last.found == found => last.text.push_str(text),
        _ => pieces.push(Piece {
            text: text.to_owned(),
            found,
        }),
    }
}

fn is_wanted(word: &str, terms: &[Term]) -> bool {
    let forms = Tokens::text(word, true).finish();
    forms.split(' ').any(|form| {
        terms.iter().any(|term| {
            if term.prefix {
                form.starts_with(&term.token)
            } else {
                form == term.token
            }
        })
    })
}

/// Whether a name with an apostrophe or a hyphen within is looked for in one piece.
fn is_wanted_joined(name: &str, terms: &[Term]) -> bool {
    if name.chars().nth(JOINED).is_some() {
        return false;
    }
    token::joined_forms(name).iter().any(|form| {
        terms.iter().any(|term| {
            if term.prefix {
                form.starts_with(&term.token)
            } else {
                *form == term.token
            }
        })
    })
}

/// Which characters of a run are part of what is looked for.
fn wanted_characters(run: &str, terms: &[Term]) -> Vec<bool> {
    let folded: Vec<String> = run
        .chars()
        .map(|c| token::fold(c.encode_utf8(&mut [0; 4])))
        .collect();
    let mut wanted = vec![false; folded.len()];
    for term in terms {
        for start in 0..folded.len() {
            let mut rest = term.token.as_str();
            let end = folded[start..].iter().take_while(|c| {
                let after = rest.strip_prefix(c.as_str()).filter(|_| !rest.is_empty());
                rest = after.unwrap_or(rest);
                after.is_some()
            });
            let end = start + end.count();
            if rest.is_empty() {
                wanted[start..end].fill(true);
            }
        }
    }
    wanted
}

/// Whether a telephone number is the one that is looked for.
fn is_number_of(value: &str, leaf: &Leaf) -> bool {
    let Wanted::Number { digits, prefix, .. } = &leaf.wanted else {
        return false;
    };
    let own: String = value.chars().filter(char::is_ascii_digit).collect();
    let has_country = value.trim_start().starts_with('+') || own.starts_with("00");
    is_number(&own, has_country, digits, *prefix)
}

/// Digits that end in those wanted, or with a star begin with them: with or without a country code
/// or the zero before a national number.
fn is_number(number: &str, has_country: bool, wanted: &str, prefix: bool) -> bool {
    /// Digits that tell a number without its country.
    const NATIONAL: usize = 6;
    let [bare, bare_wanted] = [number, wanted].map(|digits| digits.trim_start_matches('0'));
    if prefix {
        // A country code has up to three digits.
        let longest = if has_country { 3 } else { 0 };
        let mut places = (0..=longest).filter_map(|at| bare.get(at..));
        let stands = !bare_wanted.is_empty() && places.any(|rest| rest.starts_with(bare_wanted));
        return number.starts_with(wanted) || stands;
    }
    let ends = |one: &str, end: &str| end.len() >= NATIONAL && one.ends_with(end);
    number.ends_with(wanted) || ends(bare, bare_wanted) || ends(bare_wanted, bare)
}

/// What is looked for, exclusions aside.
fn leaves(root: Option<&Node>) -> Vec<&Leaf> {
    match root {
        None => Vec::new(),
        Some(Node::Leaf(leaf)) => vec![leaf],
        Some(Node::And { positives, .. }) => {
            positives.iter().flat_map(|n| leaves(Some(n))).collect()
        }
        Some(Node::Or(branches)) => branches.iter().flat_map(|n| leaves(Some(n))).collect(),
    }
}

fn terms(leaf: &Leaf) -> Vec<Term> {
    let (words, prefix) = match &leaf.wanted {
        Wanted::Words { words, prefix } | Wanted::Number { words, prefix, .. } => {
            (words.tokens.clone(), *prefix)
        }
        Wanted::Token { prefix, .. } => (token::words(&leaf.shown).tokens, *prefix),
    };
    let last = words.len();
    let terms = (1..).zip(words).map(|(at, token)| Term {
        token,
        prefix: prefix && at == last,
    });
    terms.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::search::{Exclusions, LastWord, parse::parse};

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
            ("Zoë O'Hara", "ohara", "Zoë [O'Hara]"),
            ("Zoë O’Hara", "ohar*", "Zoë [O’Hara]"),
            ("Zoë O'Hara", "hara", "Zoë O'[Hara]"),
            ("Zoë O'Hara", "o'hara", "Zoë [O]'[Hara]"),
            ("Jean-Baptiste", "jeanbaptiste", "[Jean-Baptiste]"),
            ("Jörg-Uwe Ott", "joerguwe ott", "[Jörg-Uwe] [Ott]"),
            ("'Hara- O'", "hara o", "'[Hara]- [O]'"),
            ("山田 花子", "花", "山田 [花]子"),
            ("山田 花子", "子", "山田 花[子]"),
            ("山田 花子", "花子", "山田 [花子]"),
            ("例示株式会社", "株式会社", "例示[株式会社]"),
            ("例示株式会社", "会式", "例示株式会社"),
            ("ＡＢＣ株式", "abc 株", "[ＡＢＣ株]式"),
            ("", "b", ""),
        ] {
            let root = parse(query, LastWord::Whole, Exclusions::NeedWords).root;
            assert_eq!(
                text_of(highlight(value, root.as_ref())),
                expected,
                "{query}"
            );
        }
    }

    #[test]
    fn a_long_chain_of_words_is_looked_at_once() {
        // Looked at from each of its words on, it would take minutes.
        let long = "a-".repeat(200_000) + "b";
        let root = parse("b zz*", LastWord::Whole, Exclusions::NeedWords).root;
        let pieces = highlight(&long, root.as_ref());
        assert_eq!(pieces.len(), 2);
        assert_eq!((pieces[1].text.as_str(), pieces[1].found), ("b", true));
        // No name is that long.
        let root = parse("jeanbap*", LastWord::Whole, Exclusions::NeedWords).root;
        for (more, found) in [(1, true), (40, false)] {
            let name = format!("Jean-Baptiste{}", "-a".repeat(more));
            let pieces = highlight(&name, root.as_ref());
            assert_eq!(pieces[0].found, found, "{name}");
        }
    }

    fn text_of(pieces: Vec<Piece>) -> String {
        let marked = pieces.into_iter().map(|piece| {
            if piece.found {
                format!("[{}]", piece.text)
            } else {
                piece.text
            }
        });
        marked.collect()
    }

    #[test]
    fn a_query_is_shown_where_each_part_of_it_is() {
        let values = [
            ("name", "Ada One"),
            ("tel", "+33 1 99 00 12 34"),
            ("org", "Super Market"),
        ];
        for (query, expected) in [
            ("ada", true),
            ("ada hawaii", false),
            ("ada OR hawaii", true),
            ("ada -hawaii", true),
            ("ada 0199001234", true),
            ("\"super market\"", true),
            // One word of it is not all of it, nor is one here and one there.
            ("\"super vacances\"", false),
            ("\"ada market\"", false),
            ("(ada OR bea) hawaii", false),
        ] {
            let root = parse(query, LastWord::Whole, Exclusions::NeedWords)
                .root
                .expect("a query");
            assert_eq!(is_shown(&root, &values), expected, "{query}");
        }
    }

    #[test]
    fn a_number_is_found_however_it_is_written() {
        for (value, query, found) in [
            ("+33 1 99 00 12 34", "+33 1 99 00 12 34", true),
            ("+33 1 99 00 12 34", "01 99 00 12 34", true),
            ("+33 1 99 00 12 34", "0033199001234", true),
            ("0199001234", "+33 1 99 00 12 34", true),
            ("+33 1 99 00 12 34", "001234", true),
            ("06 39 98 12 34", "001234", true),
            ("0199001234", "0199*", true),
            ("+33 1 99 00 12 34", "0199*", true),
            ("+33 1 99 00 12 34", "00 12 34", true),
            ("+44 7700 900123", "0123", true),
            ("+33 1 99 00 12 35", "01 99 00 12 34", false),
            ("+33 1 99 00 12 34", "1235", false),
            ("+33 1 99 00 12 34", "0198*", false),
            // The first digits of a national number are no country's.
            ("05 19 90 12 34", "0199*", false),
            ("06 39 98 12 34", "0000*", false),
            ("+33 1 99 00 12 34", "martin", false),
            ("+33 1 99 00 12 34", "martin -001234", false),
        ] {
            let root = parse(query, LastWord::Whole, Exclusions::NeedWords).root;
            let shown = text_of(highlight_number(value, root.as_ref()));
            assert_eq!(
                shown == format!("[{value}]"),
                found,
                "{value} {query}: {shown}"
            );
        }
    }
}

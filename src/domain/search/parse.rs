//! The grammar of queries. No input is an error; parts that are not understood become notices.

use super::{
    Notice,
    token::{self, Words, ascii_digit},
};

/// Characters of a query that are read.
const MAX_CHARS: usize = 512;
/// Words and phrases of a query that are read.
const MAX_ITEMS: usize = 32;
/// Nesting of parentheses that is read; deeper ones are ignored, because engines bound the depth of
/// an expression.
const MAX_DEPTH: usize = 6;
/// Letters or digits before a star.
const MIN_PREFIX: usize = 4;
/// Letters or digits of a beginning while typing.
const MIN_BEGINNING: usize = 2;
/// Digits that make a word a number.
const MIN_NUMBER: usize = 4;
/// Digits that make several words one number.
const MIN_JOINED: usize = 6;

/// An expression of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Leaf(Leaf),
    /// All of `positives` and none of `negatives`. `positives` is empty only when criteria restrict
    /// the search.
    And {
        positives: Vec<Node>,
        negatives: Vec<Node>,
    },
    Or(Vec<Node>),
}

/// One word, phrase, number or address.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// The text that was typed.
    pub shown: String,
    pub wanted: Wanted,
    /// Matches in names, organizations, addresses and numbers only.
    pub narrow: bool,
}

/// The condition of a leaf.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Tokens in sequence, the last one whole or as a beginning.
    Words { words: Words, prefix: bool },
    /// These words, or a number that ends with the digits (`prefix`: begins with them).
    Number {
        words: Words,
        digits: String,
        prefix: bool,
    },
    /// One special token, whole or a beginning.
    Token { token: String, prefix: bool },
}

/// How the last word of a query that is not excluded is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastWord {
    /// It is a whole word, like every other.
    #[default]
    Whole,
    /// As a beginning: for suggestions, and for a search without results.
    Beginning,
}

/// A query as understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    pub root: Option<Node>,
    pub notices: Vec<Notice>,
    /// The last word was read as a beginning.
    pub widened: bool,
}

/// What becomes of a query of exclusions alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusions {
    /// It is refused with a notice, as an empty one is.
    NeedWords,
    /// Beside criteria: it applies to the items that satisfy them.
    MayStandAlone,
}

/// Reads a query; no input is an error.
pub fn parse(text: &str, last: LastWord, exclusions: Exclusions) -> Query {
    let mut notices = Vec::new();
    let cut: String = text.chars().take(MAX_CHARS).collect();
    let mut lexemes = lex(&cut);
    let items = |lexemes: &[Lexeme]| lexemes.iter().filter(|l| l.is_item()).count();
    if cut.len() < text.len() || items(&lexemes) > MAX_ITEMS {
        notices.push(Notice::QueryTooLong);
        let mut left = MAX_ITEMS;
        lexemes.retain(|lexeme| {
            let fits = !lexeme.is_item() || left > 0;
            left -= usize::from(lexeme.is_item() && fits);
            fits
        });
    }
    join_numbers(&mut lexemes);
    let widened = match last {
        LastWord::Beginning => widen(&mut lexemes),
        LastWord::Whole => None,
    };
    let mut parser = Parser {
        lexemes,
        at: 0,
        notices,
        widened,
        exclusions,
        only_negative: false,
        unread: 0,
    };
    let root = parser.or_list(0);
    if parser.only_negative {
        parser.notices.push(Notice::OnlyNegative);
    } else if root.is_none() && exclusions == Exclusions::NeedWords {
        parser.notices.push(Notice::Empty);
    }
    Query {
        root,
        notices: parser.notices,
        widened: widened.is_some(),
    }
}

/// Reads the last word that is not excluded as a beginning; the place behind it.
fn widen(lexemes: &mut [Lexeme]) -> Option<usize> {
    let mut end = lexemes.len();
    while end > 1 && lexemes[end - 1].is_wanted() && lexemes[end - 2] == Lexeme::Not {
        end -= 2;
    }
    match lexemes[..end].last_mut()? {
        Lexeme::Word { text, star } if !*star && letters(text) >= MIN_BEGINNING => {
            *star = true;
            Some(end)
        }
        // It still ends with what was typed, too.
        Lexeme::Number { star: false, .. } => Some(end),
        _ => None,
    }
}

/// Reads the criterion of telephone numbers: what it begins with is one number, however it is grouped,
/// up to what cannot belong to one (an extension, a word). Anything else is a query.
pub fn parse_number(text: &str) -> Option<Node> {
    one_number(text).or_else(|| parse(text, LastWord::Whole, Exclusions::MayStandAlone).root)
}

fn one_number(text: &str) -> Option<Node> {
    let cut: String = text.chars().take(MAX_CHARS).map(ascii_digit).collect();
    let belongs = |c: char| is_number_part(c) || is_blank(c) || c == '*';
    let end = cut.find(|c| !belongs(c)).unwrap_or(cut.len());
    let (head, rest) = cut.split_at(end);
    let is_apart =
        rest.is_empty() || head.ends_with(is_blank) || rest.starts_with([',', ';', '#', 'x', 'X']);
    let is_operator = |word: &str| matches!(word, "OR" | "AND");
    let is_query = rest.split_whitespace().next().is_some_and(is_operator);
    if !is_apart || is_query || rest.starts_with(is_quote) {
        return None;
    }
    let mut words: Vec<(String, bool)> = Vec::new();
    for lexeme in lex(head) {
        match lexeme {
            Lexeme::Word { text, star } if is_numeric(&text) => words.push((text, star)),
            Lexeme::Word { .. } | Lexeme::Open | Lexeme::Close => {}
            _ => return None,
        }
    }
    let ((_, star), before) = words.split_last()?;
    let begun = before.iter().any(|(_, star)| *star);
    let whole = in_a_row(words.iter().map(|(text, _)| text.as_str()));
    (!begun && digits(&whole).len() >= MIN_NUMBER).then(|| number(&whole, *star))
}

#[derive(Clone, Debug, PartialEq)]
enum Lexeme {
    Word {
        text: String,
        star: bool,
    },
    Phrase {
        text: String,
        star: bool,
    },
    /// Words of digits that are one number together.
    Number {
        text: String,
        star: bool,
    },
    Not,
    And,
    Or,
    Open,
    Close,
}

impl Lexeme {
    fn is_item(&self) -> bool {
        matches!(self, Lexeme::Word { .. } | Lexeme::Phrase { .. })
    }

    /// It stands for something to find, by itself.
    fn is_wanted(&self) -> bool {
        self.is_item() || matches!(self, Lexeme::Number { .. })
    }
}

fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{AB}' | '\u{BB}'
    )
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn lex(text: &str) -> Vec<Lexeme> {
    let chars: Vec<char> = text.chars().map(ascii_digit).collect();
    let mut lexemes = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        match c {
            c if is_blank(c) => at += 1,
            '(' if let Some(end) = area_end(&chars, at) => {
                // As numbers are written: +1 (212) 555-0147.
                let text = chars[at..end].iter().collect();
                lexemes.push(Lexeme::Word { text, star: false });
                at = end;
            }
            '(' => {
                lexemes.push(Lexeme::Open);
                at += 1;
            }
            ')' => {
                lexemes.push(Lexeme::Close);
                at += 1;
            }
            '-' => {
                while chars.get(at) == Some(&'-') {
                    at += 1;
                }
                if chars.get(at).is_some_and(|c| !is_blank(*c) && *c != ')') {
                    lexemes.push(Lexeme::Not);
                }
            }
            c if is_quote(c) => {
                let start = at + 1;
                let length = chars[start..].iter().position(|c| is_quote(*c));
                let end = length.map_or(chars.len(), |length| start + length);
                let inner: String = chars[start..end].iter().collect();
                at = (end + 1).min(chars.len());
                let outside = chars.get(at) == Some(&'*');
                while chars.get(at) == Some(&'*') {
                    at += 1;
                }
                let trimmed = inner.trim_end();
                let text = trimmed.trim_end_matches('*');
                lexemes.push(Lexeme::Phrase {
                    star: outside || text.len() < trimmed.len(),
                    text: text.to_owned(),
                });
            }
            _ => {
                let start = at;
                while chars
                    .get(at)
                    .is_some_and(|c| !is_blank(*c) && !is_quote(*c) && !matches!(c, '(' | ')'))
                {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                lexemes.push(match word.as_str() {
                    "OR" => Lexeme::Or,
                    "AND" => Lexeme::And,
                    _ => {
                        let text = word.trim_end_matches('*');
                        Lexeme::Word {
                            star: text.len() < word.len(),
                            text: text.to_owned(),
                        }
                    }
                });
            }
        }
    }
    lexemes
}

/// The end of digits in parentheses next to which a number goes on.
fn area_end(chars: &[char], open: usize) -> Option<usize> {
    let inner = chars[open + 1..].iter().position(|c| *c == ')')?;
    let (close, digits) = (open + 1 + inner, &chars[open + 1..open + 1 + inner]);
    let is_area = (1..=5).contains(&digits.len()) && digits.iter().all(char::is_ascii_digit);
    let before = chars[..open].iter().rev().find(|c| !is_blank(**c)).copied();
    let after = chars[close + 1..].iter().find(|c| !is_blank(**c)).copied();
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    (is_area && (goes_on(before) || goes_on(after))).then_some(close + 1)
}

/// Words of digits in a row, when they hold enough digits together.
fn join_numbers(lexemes: &mut Vec<Lexeme>) {
    let mut out: Vec<Lexeme> = Vec::with_capacity(lexemes.len());
    let mut rest = lexemes.drain(..).peekable();
    while let Some(lexeme) = rest.next() {
        let Lexeme::Word { text, star } = &lexeme else {
            out.push(lexeme);
            continue;
        };
        if !is_numeric(text) {
            out.push(lexeme);
            continue;
        }
        let mut row = vec![(text.clone(), *star)];
        while !row.last().is_some_and(|(_, star)| *star)
            && let Some(Lexeme::Word { text, star }) =
                rest.next_if(|next| matches!(next, Lexeme::Word { text, .. } if is_numeric(text)))
        {
            row.push((text, star));
        }
        let whole = in_a_row(row.iter().map(|(text, _)| text.as_str()));
        let enough = match row.len() {
            1 => MIN_NUMBER,
            _ => MIN_JOINED,
        };
        if digits(&whole).len() >= enough {
            let star = row.last().is_some_and(|(_, star)| *star);
            out.push(Lexeme::Number { text: whole, star });
        } else {
            out.extend(row.into_iter().map(|(text, star)| {
                if digits(&text).len() >= MIN_NUMBER {
                    Lexeme::Number { text, star }
                } else {
                    let text = text.replace(['(', ')'], "");
                    Lexeme::Word { text, star }
                }
            }));
        }
    }
    drop(rest);
    *lexemes = out;
}

fn in_a_row<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let whole = words.collect::<Vec<_>>().join(" ");
    // +33 (0)1: the zero is dialled within the country only.
    if whole.starts_with('+') {
        whole.replace("(0) ", "")
    } else {
        whole
    }
}

fn is_number_part(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '/' | '(' | ')')
}

fn is_numeric(text: &str) -> bool {
    text.chars().all(is_number_part) && text.chars().any(|c| c.is_ascii_digit())
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

struct Parser {
    lexemes: Vec<Lexeme>,
    at: usize,
    notices: Vec<Notice>,
    /// The place behind the word that is read as a beginning.
    widened: Option<usize>,
    exclusions: Exclusions,
    only_negative: bool,
    /// Parentheses that were too deep to be read, and are open.
    unread: usize,
}

impl Parser {
    fn or_list(&mut self, depth: usize) -> Option<Node> {
        let mut branches = Vec::new();
        loop {
            branches.extend(self.and_list(depth));
            match self.lexemes.get(self.at) {
                Some(Lexeme::Or) => self.at += 1,
                Some(Lexeme::Close) => {
                    self.at += 1;
                    break;
                }
                _ => break,
            }
        }
        match branches.len() {
            0 | 1 => branches.pop(),
            _ => Some(Node::Or(branches)),
        }
    }

    fn and_list(&mut self, depth: usize) -> Option<Node> {
        let mut positives = Vec::new();
        let mut negatives = Vec::new();
        let mut excluded = false;
        while let Some(lexeme) = self.lexemes.get(self.at).cloned() {
            let node = match lexeme {
                Lexeme::Or => break,
                Lexeme::Close if self.unread > 0 => {
                    self.at += 1;
                    self.unread -= 1;
                    continue;
                }
                Lexeme::Close if depth > 0 => break,
                // A parenthesis without a partner, and the operator that is meant anyway.
                Lexeme::Close | Lexeme::And => {
                    self.at += 1;
                    continue;
                }
                Lexeme::Open if depth == MAX_DEPTH => {
                    self.at += 1;
                    self.unread += 1;
                    continue;
                }
                Lexeme::Not => {
                    self.at += 1;
                    excluded = true;
                    continue;
                }
                Lexeme::Open => {
                    self.at += 1;
                    self.or_list(depth + 1)
                }
                Lexeme::Word { text, star } => {
                    self.at += 1;
                    self.word(&text, star)
                }
                Lexeme::Phrase { text, star } => {
                    self.at += 1;
                    let shown = format!("\"{}\"", shown(text.trim(), star));
                    self.words(&text, star, &shown, false)
                }
                Lexeme::Number { text, star } => {
                    self.at += 1;
                    let typed = number(&text, star);
                    Some(if !star && self.is_widened() {
                        Node::Or(vec![typed, number(&text, true)])
                    } else {
                        typed
                    })
                }
            };
            if let Some(node) = node {
                if excluded {
                    negatives.push(node)
                } else {
                    positives.push(node)
                }
            }
            excluded = false;
        }
        match (positives.len(), negatives.len()) {
            (0, 0) => None,
            (0, _) if self.exclusions == Exclusions::MayStandAlone && depth == 0 => {
                Some(Node::And {
                    positives,
                    negatives,
                })
            }
            (0, _) => {
                self.only_negative = true;
                None
            }
            (1, 0) => positives.pop(),
            _ => Some(Node::And {
                positives,
                negatives,
            }),
        }
    }

    fn word(&mut self, text: &str, star: bool) -> Option<Node> {
        let leaf = |token: String| {
            Some(Node::Leaf(Leaf {
                shown: shown(text, star),
                wanted: Wanted::Token {
                    token,
                    prefix: star,
                },
                narrow: false,
            }))
        };
        match text.split_once('@') {
            Some(("", name)) if letters(name) > 0 => leaf(token::domain(name)),
            Some((local, _)) if letters(local) > 0 => leaf(token::address(text)),
            _ => {
                let widened = self.is_widened();
                let words = self.words(text, star, &shown(text, star), widened);
                match words {
                    Some(words) if widened && is_numeric(text) => {
                        Some(Node::Or(vec![words, number(text, true)]))
                    }
                    words => words,
                }
            }
        }
    }

    /// The item that was just taken is the one read as a beginning.
    fn is_widened(&self) -> bool {
        self.widened == Some(self.at)
    }

    fn words(&mut self, text: &str, star: bool, shown: &str, widened: bool) -> Option<Node> {
        let words = token::words(text);
        if words.tokens.is_empty() {
            return None;
        }
        let cjk = words
            .tokens
            .last()
            .is_some_and(|last| last.chars().any(token::is_cjk));
        let long_enough = letters(text) >= MIN_PREFIX || cjk;
        if star && !long_enough && !widened {
            self.notices.push(Notice::PrefixTooShort);
        }
        Some(Node::Leaf(Leaf {
            shown: shown.to_owned(),
            // A pair of a writing without blanks is found inside any longer run.
            wanted: Wanted::Words {
                prefix: star && (long_enough || widened) && (!cjk || words.single),
                words,
            },
            narrow: widened && !long_enough,
        }))
    }
}

fn number(text: &str, star: bool) -> Node {
    let typed = digits(text);
    // `00` equals `+`.
    let digits = match typed.strip_prefix("00") {
        Some(rest) if rest.len() >= MIN_NUMBER => rest.to_owned(),
        _ => typed,
    };
    Node::Leaf(Leaf {
        shown: shown(text, star),
        wanted: Wanted::Number {
            words: token::words(text),
            digits,
            prefix: star,
        },
        narrow: false,
    })
}

fn shown(text: &str, star: bool) -> String {
    if star {
        format!("{text}*")
    } else {
        text.to_owned()
    }
}

//! Tokens of the index and of queries: one function makes both, so that every engine finds the
//! same.

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use super::Mark;
use crate::domain::id::CollectionId;

/// Tokens of one value beyond which a long note is not indexed.
const MAX_TOKENS: usize = 8_000;

// Private-use characters, which no word has, tell special tokens and where a word belongs.
const SEPARATOR: &str = "\u{E000}";
const ADDRESS: char = '\u{E001}';
const DOMAIN: char = '\u{E002}';
const NUMBER: char = '\u{E003}';
const REVERSED: char = '\u{E004}';
const SINGLE: char = '\u{E005}';
const TITLE: char = '\u{E006}';
/// Between the number of a collection and a word of each class.
const CLASSES: [char; 3] = ['\u{E007}', '\u{E008}', '\u{E009}'];
/// Between the number of a collection and a mark.
const MARK: char = '\u{E00A}';
/// Punctuation of addresses, moved to where it is no separator.
const PUNCTUATION: u32 = 0xE100;

/// Case, compatibility forms and diacritics removed; separators stay.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let cased = text
        .nfkc()
        .filter(|c| c.general_category() != GeneralCategory::Format)
        .default_case_fold()
        .flat_map(undecomposed);
    let mut out = String::with_capacity(text.len());
    let mut base = ' ';
    for c in cased.nfd() {
        if c.general_category() == GeneralCategory::NonspacingMark {
            if is_cjk(base) {
                out.push(c);
            }
            continue;
        }
        base = c;
        out.push(c);
    }
    out.nfc().collect()
}

/// A decimal digit of any common script as ASCII; any other character as it is.
pub fn ascii_digit(c: char) -> char {
    /// Zero in Arabic (two kinds), Devanagari, Bengali, Thai and full width; the others follow it.
    const ZEROS: [u32; 6] = [0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10];
    let value = |zero: &u32| u32::from(c).checked_sub(*zero).filter(|value| *value < 10);
    let value = ZEROS.iter().find_map(value);
    value
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or(c)
}

/// Letters that Unicode does not take apart.
fn undecomposed(c: char) -> impl Iterator<Item = char> {
    let letters: [Option<char>; 2] = match c {
        'ø' => [Some('o'), None],
        'æ' => [Some('a'), Some('e')],
        'œ' => [Some('o'), Some('e')],
        'ł' => [Some('l'), None],
        'đ' | 'ð' => [Some('d'), None],
        'þ' => [Some('t'), Some('h')],
        'ħ' => [Some('h'), None],
        'ı' => [Some('i'), None],
        other => [Some(other), None],
    };
    letters.into_iter().flatten()
}

/// Han, kana and Hangul: scripts without blanks between words.
pub fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11FF}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}'
        | '\u{3130}'..='\u{318F}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let mark = matches!(
        c.general_category(),
        GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
            | GeneralCategory::EnclosingMark
    );
    (c.is_alphanumeric() || mark) && !matches!(c, '\u{E000}'..='\u{F8FF}')
}

/// A run of one writing in folded text.
struct Run<'a> {
    text: &'a str,
    cjk: bool,
}

fn runs(folded: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    for word in folded.split(|c| !is_word(c)) {
        let mut start = 0;
        let mut writing = None;
        for (at, c) in word.char_indices() {
            // A mark belongs to what it follows.
            let cjk = if c.is_alphanumeric() {
                is_cjk(c)
            } else {
                writing.unwrap_or(false)
            };
            if writing.is_some_and(|before| before != cjk) {
                runs.push(Run {
                    text: &word[start..at],
                    cjk: !cjk,
                });
                start = at;
            }
            writing = Some(cjk);
        }
        let text = &word[start..];
        if text.chars().any(char::is_alphanumeric) {
            runs.push(Run {
                text,
                cjk: writing.unwrap_or(false),
            });
        }
    }
    runs
}

/// Overlapping pairs of a run, or its only character.
fn pairs(run: &str) -> Vec<String> {
    let chars: Vec<char> = run.chars().collect();
    match chars.len() {
        1 => vec![run.to_owned()],
        _ => chars.windows(2).map(|pair| pair.iter().collect()).collect(),
    }
}

/// The words of a text in a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    /// Tokens in sequence.
    pub tokens: Vec<String>,
    /// The last token is one character of a writing without blanks: it stands for itself or begins a pair.
    pub single: bool,
}

/// The words of a query's text, in sequence.
pub fn words(text: &str) -> Words {
    let folded = fold(text);
    let mut words = Words::default();
    for run in runs(&folded) {
        words.single = run.cjk && run.text.chars().count() == 1;
        if run.cjk {
            words.tokens.extend(pairs(run.text))
        } else {
            words.tokens.push(run.text.to_owned())
        }
    }
    words
}

/// The token of a single character of a script without blanks.
pub fn single(character: &str) -> String {
    format!("{SINGLE}{character}")
}

/// The token of a whole e-mail address.
pub fn address(address: &str) -> String {
    format!("{ADDRESS}{}", spelled(address))
}

/// The token of an e-mail domain.
pub fn domain(domain: &str) -> String {
    format!("{DOMAIN}{}", spelled(domain))
}

/// The token of a number read forwards.
pub fn number(digits: &str) -> String {
    format!("{NUMBER}{digits}")
}

/// The token of a number read backwards, for queries by its last digits.
pub fn reversed(digits: &str) -> String {
    let digits: String = digits.chars().rev().collect();
    format!("{REVERSED}{digits}")
}

/// Words of the title of an attached document, found only by people who may open its folder.
pub fn titled(folder: CollectionId, tokens: &str) -> String {
    prefixed(&format!("{TITLE}{folder}{TITLE}"), tokens)
}

/// Words of one class (1 to 3, [`Part::class`](crate::domain::class::Part::class)) as they are
/// indexed for a collection's items, so that a look-up matches no other collection and class.
pub fn placed(place: CollectionId, class: u8, tokens: &str) -> String {
    let class = CLASSES[usize::from(class.clamp(1, 3)) - 1];
    prefixed(&format!("{place}{class}"), tokens)
}

/// The token that every item of a collection has.
pub fn place(place: CollectionId) -> String {
    format!("c{place}")
}

/// A mark as it is indexed for a collection's items.
pub fn mark(place: CollectionId, mark: &Mark) -> String {
    match mark {
        Mark::Kind(kind) => format!("{place}{MARK}k{}", spelled(kind)),
        Mark::Photo => format!("{place}{MARK}p"),
        Mark::Favourite => format!("{place}{MARK}f"),
        Mark::Birthday(date) => format!("{place}{MARK}b{}", spelled(date)),
    }
}

/// Tokens behind a prefix each; separators stay as they are.
fn prefixed(prefix: &str, tokens: &str) -> String {
    let mut out = String::with_capacity(tokens.len() * 2);
    for token in tokens.split(' ').filter(|token| !token.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        if token != SEPARATOR {
            out.push_str(prefix);
        }
        out.push_str(token);
    }
    out
}

fn spelled(text: &str) -> String {
    fold(text)
        .chars()
        .filter_map(|c| match is_word(c) {
            true => Some(c),
            false if c.is_ascii_graphic() => char::from_u32(PUNCTUATION + u32::from(c)),
            false => None,
        })
        .collect()
}

/// Tokens of one indexed value, separated by blanks.
#[derive(Default)]
pub struct Tokens {
    out: String,
    count: usize,
}

impl Tokens {
    /// The tokens of a text and of its other spellings. `names` adds joined forms of `O'Hara` and
    /// `Jean-Baptiste`.
    pub fn text(value: &str, names: bool) -> Self {
        let mut tokens = Self::default();
        let spelled_out = germanic(value);
        let mut forms = vec![value.to_owned()];
        forms.extend(spelled_out);
        if names {
            let joined: Vec<String> = forms.iter().filter_map(|form| joined(form)).collect();
            forms.extend(joined);
        }
        for form in forms {
            tokens.words(&form);
        }
        tokens
    }

    /// An e-mail address: its parts, the whole, and the domain.
    pub fn email(value: &str) -> Self {
        let mut tokens = Self::text(value, false);
        let value = value.trim();
        tokens.separate();
        tokens.push(&address(value));
        if let Some((_, name)) = value.rsplit_once('@') {
            tokens.push(&domain(name));
        }
        tokens
    }

    /// A telephone number in the forms people type: digits only.
    pub fn number(forms: &[String]) -> Self {
        let mut tokens = Self::default();
        for digits in forms {
            tokens.push(&number(digits));
            tokens.push(&reversed(digits));
        }
        tokens
    }

    /// The tokens, separated by blanks.
    pub fn finish(self) -> String {
        self.out
    }

    fn words(&mut self, value: &str) {
        self.separate();
        let folded = fold(value);
        let runs = runs(&folded);
        for run in &runs {
            if run.cjk {
                pairs(run.text).iter().for_each(|pair| self.push(pair))
            } else {
                self.push(run.text)
            }
        }
        let mut seen = Vec::new();
        for c in runs
            .iter()
            .filter(|run| run.cjk)
            .flat_map(|run| run.text.chars())
        {
            if is_cjk(c) && !seen.contains(&c) && seen.len() < 256 {
                seen.push(c);
            }
        }
        if !seen.is_empty() {
            self.separate();
            for c in seen {
                self.push(&single(c.encode_utf8(&mut [0; 4])));
            }
        }
    }

    fn separate(&mut self) {
        if !self.out.is_empty() {
            self.push(SEPARATOR);
        }
    }

    fn push(&mut self, token: &str) {
        self.count += 1;
        if self.count > MAX_TOKENS {
            return;
        }
        if !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(token);
    }
}

/// Joins the tokens of several values, kept apart so that a phrase never spans two.
pub fn join<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for value in values.filter(|value| !value.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
            out.push_str(SEPARATOR);
            out.push(' ');
        }
        out.push_str(value);
    }
    out
}

/// `Jürgen` as `Juergen`; none when nothing changes.
fn germanic(value: &str) -> Option<String> {
    if value.is_ascii() {
        return None;
    }
    let mut out = String::with_capacity(value.len() + 4);
    let mut changed = false;
    for c in value.nfc() {
        let spelled = match c {
            'ä' | 'Ä' => "ae",
            'ö' | 'Ö' | 'ø' | 'Ø' => "oe",
            'ü' | 'Ü' => "ue",
            'å' | 'Å' => "aa",
            other => {
                out.push(other);
                continue;
            }
        };
        changed = true;
        out.push_str(spelled);
    }
    changed.then_some(out)
}

/// Whether a character joins the parts of a name (apostrophe, hyphen).
pub fn joins(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '-' | '\u{2010}' | '\u{2011}')
}

/// The joined forms of a name, folded: `ohara` for `O'Hara`.
pub fn joined_forms(name: &str) -> Vec<String> {
    let forms = [Some(name.to_owned()), germanic(name)];
    let joined = forms.into_iter().flatten().filter_map(|form| joined(&form));
    joined.map(|form| fold(&form)).collect()
}

/// `O'Hara` as `OHara`; none when nothing changes.
fn joined(value: &str) -> Option<String> {
    let chars: Vec<char> = value.chars().collect();
    let inner = |at: usize| {
        at > 0
            && chars[at - 1].is_alphanumeric()
            && chars.get(at + 1).is_some_and(|c| c.is_alphanumeric())
    };
    let mut out = String::with_capacity(value.len());
    for (at, c) in chars.iter().enumerate() {
        if !(joins(*c) && inner(at)) {
            out.push(*c);
        }
    }
    (out.len() != value.len()).then_some(out)
}

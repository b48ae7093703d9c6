//! Notes as HTML, for clients that take or write nothing else.

/// What stands around a text.
const FRAME: [&str; 2] = ["<html><body>", "</body></html>"];

/// A text as HTML.
pub fn of(text: &str) -> String {
    let mut out = FRAME[0].to_owned();
    let mut before = '\n';
    for c in text.chars() {
        out.push_str(written(before, c, &mut [0; 4]));
        before = c;
    }
    out + FRAME[1]
}

/// The beginning of a text whose HTML fits so many octets.
pub fn fitting(text: &str, limit: usize) -> &str {
    let mut octets = FRAME[0].len() + FRAME[1].len();
    let mut before = '\n';
    for (at, c) in text.char_indices() {
        octets += written(before, c, &mut [0; 4]).len();
        if octets > limit {
            return &text[..at];
        }
        before = c;
    }
    text
}

/// One character; blanks that readers would take together are told apart.
fn written(before: char, c: char, room: &mut [u8; 4]) -> &str {
    match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '\n' => "<br>",
        '\t' => "&#9;",
        ' ' if before == ' ' || before == '\n' => "&nbsp;",
        c => c.encode_utf8(room),
    }
}

/// The text of HTML a client wrote.
pub fn to_text(html: &str) -> String {
    let mut text = Text::default();
    let lower = html.to_ascii_lowercase();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.run(&rest[..start]);
        rest = &rest[start..];
        if rest.starts_with("<!--") {
            rest = rest.find("-->").map_or("", |end| &rest[end + 3..]);
            continue;
        }
        let is_tag = |c: char| c.is_ascii_alphabetic() || "/!?".contains(c);
        if !rest[1..].starts_with(is_tag) {
            text.run("<");
            rest = &rest[1..];
            continue;
        }
        // What is cut within a tag ends there.
        let Some(end) = rest.find('>') else {
            return text.finish();
        };
        let tag = rest[1..end].to_ascii_lowercase();
        rest = &rest[end + 1..];
        let name: &str = tag
            .trim_start_matches('/')
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default();
        match name {
            "br" => text.line(),
            "td" | "th" if tag.starts_with('/') => text.run(" "),
            name if BLOCKS.contains(&name) => text.block(),
            "style" | "script" | "title" if !tag.starts_with('/') => {
                let close = format!("</{name}");
                let skip = lower[lower.len() - rest.len()..].find(&close);
                rest = &rest[skip.unwrap_or(rest.len())..];
            }
            _ => {}
        }
    }
    text.run(rest);
    text.finish()
}

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 18] = [
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "pre",
    "blockquote",
    "dt",
    "dd",
];

/// A text as it grows.
#[derive(Default)]
struct Text {
    out: String,
    /// The text ends in a blank; readers would take another blank behind it for the same one.
    blank: bool,
}

impl Text {
    /// Characters between tags.
    fn run(&mut self, run: &str) {
        let mut rest = run;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '&' => match entity(rest) {
                    Some((c, length)) => {
                        self.push(c);
                        rest = &rest[length..];
                    }
                    None => self.push('&'),
                },
                c if c.is_ascii_whitespace() => {
                    if !self.blank && !self.is_at_start() {
                        self.out.push(' ');
                        self.blank = true;
                    }
                }
                c => self.push(c),
            }
        }
    }

    fn push(&mut self, c: char) {
        self.out.push(c);
        self.blank = false;
    }

    fn line(&mut self) {
        if self.blank {
            self.out.pop();
        }
        self.push('\n');
    }

    /// A block begins or ends.
    fn block(&mut self) {
        if !self.is_at_start() {
            self.line();
        }
    }

    fn is_at_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with('\n')
    }

    fn finish(self) -> String {
        self.out.trim().to_owned()
    }
}

/// The character of an entity, and how long its name is with the semicolon.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|octet| octet == b';')?;
    let name = &text[..end];
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            match char::from_u32(code)? {
                '\r' => '\n',
                '\u{A0}' => ' ',
                c if c.is_control() && c != '\n' && c != '\t' => return None,
                c => c,
            }
        }
        None => named(name)?,
    };
    Some((c, end + 1))
}

/// The entities of HTML 4 but for mathematics and Greek.
fn named(name: &str) -> Option<char> {
    let from_a0 = LATIN_1.iter().position(|known| *known == name);
    if let Some(at) = from_a0 {
        return char::from_u32(0xA1 + u32::try_from(at).ok()?);
    }
    let others = OTHERS.iter().find(|(known, _)| *known == name);
    others.map(|(_, c)| *c)
}

/// U+00A1 to U+00FF.
const LATIN_1: [&str; 95] = [
    "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo",
    "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para",
    "middot", "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave",
    "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc",
    "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc",
    "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN",
    "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave",
    "eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde", "ograve",
    "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml",
    "yacute", "thorn", "yuml",
];

const OTHERS: [(&str, char); 39] = [
    ("nbsp", ' '),
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("euro", '€'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
    ("fnof", 'ƒ'),
    ("circ", 'ˆ'),
    ("tilde", '˜'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("zwnj", '\u{200C}'),
    ("zwj", '\u{200D}'),
    ("lrm", '\u{200E}'),
    ("rlm", '\u{200F}'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("dagger", '†'),
    ("Dagger", '‡'),
    ("bull", '•'),
    ("hellip", '…'),
    ("permil", '‰'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("trade", '™'),
    ("minus", '−'),
];

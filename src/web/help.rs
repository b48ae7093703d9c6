//! Help: a page a section, in each language. Buttons are written as `{name}` of a sentence, so that
//! the help says what the pages say.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};

use super::{
    Web,
    error::explain,
    page::{Message, Shell, Tool, show},
    params::Path,
    request::{Visit, public_shell},
    told::Told,
};
use crate::{
    domain::error::Error,
    text::{self, Text},
};

/// A section: its address, and its text in English and French.
struct Section {
    name: &'static str,
    english: &'static str,
    french: &'static str,
}

macro_rules! sections {
    ($($name:literal),+ $(,)?) => {
        const SECTIONS: &[Section] = &[$(Section {
            name: $name,
            english: include_str!(concat!("help/en/", $name, ".txt")),
            french: include_str!(concat!("help/fr/", $name, ".txt")),
        }),+];
    };
}

sections!(
    "contacts",
    "groups",
    "deletion",
    "messages",
    "search",
    "print",
    "tags",
    "documents",
    "mobile",
    "outlook",
    "carddav",
    "calls",
    "transfer",
    "settings",
    "account",
);

impl Section {
    fn text(&self, text: &Text) -> &'static str {
        match text.lang {
            "fr" => self.french,
            _ => self.english,
        }
    }
}

/// The section that explains a tool.
pub fn of_tool(tool: Tool) -> &'static str {
    match tool {
        Tool::Contacts => "/help/contacts",
        Tool::Groups => "/help/groups",
        Tool::Settings => "/help/settings",
        Tool::Documents => "/help/documents",
        _ => "/help",
    }
}

/// One block of a page.
enum Block {
    Title(Vec<Span>),
    /// A heading, with its anchor.
    Heading(String, Vec<Span>),
    Paragraph(Vec<Span>),
    List(Vec<Vec<Span>>),
    Steps(Vec<Vec<Span>>),
}

enum Span {
    Plain(String),
    /// What a page calls something.
    Button(String),
    Link(String, String),
}

#[derive(Template)]
#[template(path = "help.html")]
struct Page {
    shell: Shell,
    title: String,
    blocks: Vec<Block>,
    /// The other sections: address, title, and whether it is this one.
    sections: Vec<(String, String, bool)>,
}

/// Who reads it: whoever cannot sign in yet may.
type Reader = Result<Visit, Response>;

/// `GET /help`
pub async fn index(State(web): State<Arc<Web>>, reader: Reader, headers: HeaderMap) -> Response {
    show_page(shell(&web, reader, &headers).await, None)
}

/// `GET /help/SECTION`
pub async fn section(
    State(web): State<Arc<Web>>,
    reader: Reader,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response {
    let shell = shell(&web, reader, &headers).await;
    match SECTIONS.iter().find(|section| section.name == name) {
        Some(section) => show_page(shell, Some(section)),
        None => {
            let (status, title, message) = explain(&Error::NotFound, shell.text);
            let page = Message {
                shell,
                title,
                message,
                back: Some("/help".to_owned()),
            };
            show(status, &page)
        }
    }
}

async fn shell(web: &Web, reader: Reader, headers: &HeaderMap) -> Shell {
    match reader {
        Ok(visit) => visit.shell_of(web, Tool::Home, Told::Nothing),
        Err(_) => public_shell(web, text::choose(None, headers)).await,
    }
}

fn show_page(shell: Shell, section: Option<&Section>) -> Response {
    let text = shell.text;
    let title_of = |section: &Section| {
        let first = section.text(text).lines().next().unwrap_or_default();
        first.trim_start_matches("# ").to_owned()
    };
    let page = Page {
        title: section.map_or_else(|| text.account.help.to_owned(), title_of),
        blocks: section.map_or_else(Vec::new, |section| blocks(section.text(text), text)),
        sections: SECTIONS
            .iter()
            .map(|other| {
                let here = section.is_some_and(|section| section.name == other.name);
                (format!("/help/{}", other.name), title_of(other), here)
            })
            .collect(),
        shell,
    };
    show(StatusCode::OK, &page)
}

/// `# title`, `## heading`, `- item`, `1. step`, paragraphs of one line each.
fn blocks(source: &str, text: &Text) -> Vec<Block> {
    let sentences = text.all();
    let spans = |line: &str| spans(line, &sentences);
    let mut blocks: Vec<Block> = Vec::new();
    let mut headings = 0;
    for line in source
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        if let Some(title) = line.strip_prefix("# ") {
            blocks.push(Block::Title(spans(title)));
        } else if let Some(heading) = line.strip_prefix("## ") {
            headings += 1;
            blocks.push(Block::Heading(format!("s{headings}"), spans(heading)));
        } else if let Some(item) = line.strip_prefix("- ") {
            match blocks.last_mut() {
                Some(Block::List(items)) => items.push(spans(item)),
                _ => blocks.push(Block::List(vec![spans(item)])),
            }
        } else if let Some(step) = line.strip_prefix("1. ") {
            match blocks.last_mut() {
                Some(Block::Steps(steps)) => steps.push(spans(step)),
                _ => blocks.push(Block::Steps(vec![spans(step)])),
            }
        } else {
            blocks.push(Block::Paragraph(spans(line)));
        }
    }
    blocks
}

/// `{sentence}` and `[words](/address)` among plain words.
fn spans(line: &str, sentences: &[(&'static str, &'static str)]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['{', '[']) {
        let (before, from) = rest.split_at(at);
        let found = match from.strip_prefix('{') {
            Some(name) => name.split_once('}').and_then(|(name, after)| {
                let said = sentences.iter().find(|(known, _)| *known == name)?.1;
                Some((Span::Button(said.to_owned()), after))
            }),
            None => from[1..].split_once("](").and_then(|(words, address)| {
                let (address, after) = address.split_once(')')?;
                Some((Span::Link(words.to_owned(), address.to_owned()), after))
            }),
        };
        let Some((span, after)) = found else { break };
        spans.push(Span::Plain(before.to_owned()));
        spans.push(span);
        rest = after;
    }
    spans.push(Span::Plain(rest.to_owned()));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{EN, FR};

    /// The names of sentences and the addresses in a text, heading by heading.
    fn references(source: &str) -> Vec<Vec<String>> {
        let mut found = vec![Vec::new()];
        for line in source.lines() {
            if line.starts_with("## ") {
                found.push(Vec::new());
            }
            let names = line.split('{').skip(1).map(|rest| rest.split('}').next());
            let links = line.split("](").skip(1).map(|rest| rest.split(')').next());
            if let Some(last) = found.last_mut() {
                last.extend(names.chain(links).flatten().map(str::to_owned));
                last.sort();
                last.dedup();
            }
        }
        found
    }

    #[test]
    fn every_button_the_help_names_is_one_of_a_page() {
        for section in SECTIONS {
            for text in [&EN, &FR] {
                let source = section.text(text);
                assert!(source.starts_with("# "), "{}", section.name);
                for block in blocks(source, text) {
                    let lines = match block {
                        Block::Title(line) | Block::Heading(_, line) | Block::Paragraph(line) => {
                            vec![line]
                        }
                        Block::List(lines) | Block::Steps(lines) => lines,
                    };
                    for span in lines.into_iter().flatten() {
                        if let Span::Plain(words) = span {
                            let open = words.contains(['{', '}', '[', ']']);
                            assert!(!open, "{} {}: {words}", text.lang, section.name);
                        }
                    }
                }
            }
        }
    }

    /// The notice of an answer has another button than what one did oneself.
    #[test]
    fn what_an_answer_changed_is_taken_back_by_the_button_of_its_notice() {
        let section = SECTIONS.iter().find(|section| section.name == "contacts");
        let section = section.expect("a section");
        for text in [&EN, &FR] {
            let sentences = text.all();
            let told = section
                .text(text)
                .lines()
                .find(|line| line.starts_with("{verify}"));
            let spans = spans(told.expect("of verification"), &sentences);
            let is_named = |button: &str| {
                let mut spans = spans.iter();
                spans.any(|span| matches!(span, Span::Button(name) if name == button))
            };
            assert!(is_named(text.mail.undo_answer), "{}", text.lang);
            assert!(!is_named(text.undo), "{}", text.lang);
        }
    }

    #[test]
    fn both_languages_explain_the_same() {
        for section in SECTIONS {
            let (english, french) = (references(section.english), references(section.french));
            assert_eq!(english, french, "{}", section.name);
        }
    }
}

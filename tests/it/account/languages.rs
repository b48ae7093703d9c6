//! Every page in French: no English sentence is left, and each leads to the help.

use std::collections::{BTreeSet, VecDeque};

use carnet::text::{EN, FR};

use super::{PRIVATE, dav};
use crate::support::{browser::Browser, server::Server};

/// Pages looked at, at most.
const MOST: usize = 150;

/// What a reader sees or hears of a page: texts between tags, and texts in attributes.
fn said(page: &str) -> Vec<String> {
    let mut said = Vec::new();
    for piece in page.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        // Keys are called as they are printed.
        if !tag.starts_with("kbd") {
            said.push(plain(text));
        }
        for attribute in ["title=\"", "aria-label=\"", "placeholder=\"", "alt=\""] {
            for rest in tag.split(attribute).skip(1) {
                said.extend(rest.split('"').next().map(plain));
            }
        }
    }
    said.retain(|text| !text.is_empty());
    said
}

fn plain(text: &str) -> String {
    let text = text.replace("&#39;", "'").replace("&#34;", "\"");
    let text = text
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Addresses of pages on this server.
fn links(page: &str) -> Vec<String> {
    let found = page.split("href=\"/").skip(1);
    let found = found.filter_map(|rest| rest.split(['"', '#']).next());
    let found = found.filter(|path| !path.starts_with("static/") && !path.starts_with('/'));
    found
        .map(|path| format!("/{}", path.replace("&#38;", "&").replace("&amp;", "&")))
        .collect()
}

#[test]
fn no_english_sentence_is_left_on_a_page_in_french() {
    let server = Server::start();
    // Something to see in the trash, and something that was refused.
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:gone\r\nN:Gone;;;;\r\nFN:Gone\r\nEND:VCARD\r\n";
    let path = format!("{PRIVATE}gone.vcf");
    assert_eq!(dav(&server.address, "demo", "PUT", &path, card).status, 201);
    assert_eq!(
        dav(&server.address, "demo", "DELETE", &path, "").status,
        204
    );
    let mut browser = Browser::of(&server.address, "alice");
    browser.language = "fr";

    let french: BTreeSet<&str> = FR.all().into_iter().map(|(_, said)| said).collect();
    // A sentence with values is looked for by its longest part.
    let english: Vec<(&str, &str)> = EN
        .all()
        .into_iter()
        // Languages are named in their own words.
        .filter(|(name, said)| *name != "this_language" && !french.contains(said))
        .filter_map(|(name, said)| {
            let longest = said.split("{}").max_by_key(|part| part.len())?;
            Some((name, longest.trim()))
        })
        // Some words are the same in both.
        .filter(|(_, sentence)| {
            let alike = |said: &&str| said.split("{}").any(|part| part.trim() == *sentence);
            !french.iter().any(alike)
        })
        // Abbreviations are the same to everybody.
        .filter(|(_, sentence)| sentence.len() >= 4)
        .collect();
    let mut waiting = VecDeque::from(["/".to_owned(), "/help".to_owned()]);
    let (mut seen, mut looked) = (BTreeSet::new(), 0);
    while let Some(address) = waiting.pop_front() {
        // One page of each kind: queries are left aside, and so are all contacts but a few.
        let path = address.split('?').next().unwrap_or_default().to_owned();
        if !seen.insert(path.clone()) || looked >= MOST {
            continue;
        }
        let answer = browser.get(&address);
        let is_page = answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"));
        if answer.status != 200 || !is_page {
            continue;
        }
        looked += 1;
        let page = answer.text();
        assert!(page.contains("<html lang=\"fr\">"), "{address}");
        assert!(page.contains("href=\"/help"), "{address}: no help");
        let said = said(&page);
        for (name, sentence) in &english {
            let whole = said.iter().any(|text| text == sentence);
            let within = sentence.len() >= 18 && said.iter().any(|text| text.contains(sentence));
            assert!(!whole && !within, "{address}: {name}: {sentence}");
        }
        let contacts = seen.iter().filter(|path| path.contains("/c/")).count();
        for link in links(&page) {
            if contacts < 40 || !link.contains("/c/") || link.ends_with("/c/private") {
                waiting.push_back(link);
            }
        }
    }
    assert!(looked > 50, "{looked} pages");
    for path in [
        "/settings/account",
        "/settings/passwords",
        "/settings/second-factor",
        "/settings/calls",
        "/settings/account/delete",
        "/help/carddav",
        "/groups",
        "/tags",
        "/c/private/trash",
    ] {
        assert!(seen.contains(path), "{path} is reached from no page");
    }
}

#[test]
fn each_section_of_the_help_is_a_page_in_both_languages() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let index = browser.page("/help");
    let sections: Vec<String> = links(&index)
        .into_iter()
        .filter(|link| link.starts_with("/help/"))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    // The sections of the help this replaces, and one more each for documents and accounts.
    assert_eq!(sections.len(), 15, "{sections:?}");
    for section in &sections {
        browser.language = "en";
        let english = browser.page(section);
        browser.language = "fr";
        let french = browser.page(section);
        assert_ne!(english, french);
        for page in [&english, &french] {
            assert_eq!(page.matches("<h1>").count(), 1, "{section}");
            assert!(page.matches("<h2").count() >= 2, "{section}");
        }
        for link in links(&english) {
            assert!(
                matches!(browser.get(&link).status, 200 | 303),
                "{section}: {link}"
            );
        }
    }
    browser.language = "en";
    let page = browser.page("/help/contacts");
    assert!(page.contains("<b>New</b>"), "buttons are named as they are");
    assert_eq!(browser.get("/help/nothing").status, 404);
}

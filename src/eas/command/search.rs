//! Search of the directory ([MS-ASCMD] 2.2.1.16): people who share a group, and the books one reads.

use carnet_proto::wbxml::{
    Encoder, Tag,
    page::{gal as g, search as s},
};

use super::super::request::{Call, Reply, command_status};
use crate::domain::{error::Result, store::ListQuery};

/// Results in one answer.
const MAX_RESULTS: usize = 100;

/// `(field of the facet, element)`, in the order of the schema.
const PROPERTIES: [(&str, Tag); 10] = [
    ("DisplayName", g::DISPLAY_NAME),
    ("Phone", g::PHONE),
    ("Office", g::OFFICE),
    ("Title", g::TITLE),
    ("Company", g::COMPANY),
    ("FirstName", g::FIRST_NAME),
    ("LastName", g::LAST_NAME),
    ("HomePhone", g::HOME_PHONE),
    ("MobilePhone", g::MOBILE_PHONE),
    ("EmailAddress", g::EMAIL_ADDRESS),
];

/// Always sent, even when empty: some clients need them.
const ALWAYS: [&str; 4] = ["DisplayName", "FirstName", "LastName", "EmailAddress"];

type Entry = Vec<(&'static str, String)>;

pub async fn run(call: &Call) -> Result<Reply> {
    let store = call
        .body
        .as_ref()
        .filter(|root| root.tag == s::SEARCH)
        .and_then(|root| root.child(s::STORE));
    let Some(store) = store else {
        return Ok(Reply::Wbxml(command_status(s::SEARCH, 2)));
    };
    let is_gal = store
        .text_of(s::NAME)
        .is_some_and(|name| name.eq_ignore_ascii_case("GAL"));
    let query = store.text_of(s::QUERY).unwrap_or_default();
    let range = store
        .child(s::OPTIONS)
        .and_then(|options| options.text_of(s::RANGE));
    let (first, last) = range.as_deref().and_then(range_of).unwrap_or((0, 99));
    let found = match is_gal {
        true => find(call, &query).await?,
        false => Vec::new(),
    };
    let shown: Vec<&Entry> = found
        .iter()
        .skip(first)
        .take((last - first + 1).min(MAX_RESULTS))
        .collect();
    let mut out = Encoder::new();
    out.open(s::SEARCH)
        .number(s::STATUS, 1)
        .open(s::RESPONSE)
        .open(s::STORE)
        .number(s::STATUS, 1);
    for entry in &shown {
        out.open(s::RESULT).open(s::PROPERTIES);
        for (field, tag) in PROPERTIES {
            let value = entry
                .iter()
                .find(|(name, _)| *name == field)
                .map_or("", |(_, value)| value.as_str());
            if !value.is_empty() || ALWAYS.contains(&field) {
                out.text(tag, value);
            }
        }
        out.close().close();
    }
    if shown.is_empty() && !is_gal {
        out.empty(s::RESULT);
    }
    if !shown.is_empty() {
        out.text(s::RANGE, &format!("{first}-{}", first + shown.len() - 1))
            .number(s::TOTAL, found.len());
    }
    out.close().close().close();
    Ok(Reply::Wbxml(out.finish()))
}

fn range_of(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, last))
}

async fn find(call: &Call, query: &str) -> Result<Vec<Entry>> {
    let words: Vec<String> = carnet_proto::vcard::fold_for_search(query)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: Vec<Entry> = Vec::new();
    for membership in &call.actor.memberships {
        for member in call.face.core.store().members(membership.group).await? {
            let text = format!(
                "{} {} {}",
                member.name,
                member.login,
                member.email.clone().unwrap_or_default()
            );
            let folded = carnet_proto::vcard::fold_for_search(&text);
            let begins =
                |word: &String| folded.split_whitespace().any(|part| part.starts_with(word));
            if words.iter().all(begins) {
                let (given, family) = member.name.rsplit_once(' ').unwrap_or((&member.name, ""));
                add(
                    &mut found,
                    vec![
                        ("DisplayName", member.name.clone()),
                        ("FirstName", given.to_owned()),
                        ("LastName", family.to_owned()),
                        ("EmailAddress", member.email.unwrap_or_default()),
                    ],
                );
            }
        }
    }
    let query = ListQuery {
        words,
        limit: 200,
        ..ListQuery::default()
    };
    for book in call.face.core.books(&call.actor).await? {
        let page = book.list(&query).await?;
        let hrefs: Vec<String> = page
            .rows
            .into_iter()
            .map(|row| row.placement.href)
            .collect();
        for card in book.by_hrefs(&hrefs).await?.into_iter().flatten() {
            add(&mut found, call.face.facet.directory(&book.content(&card)));
        }
    }
    Ok(found)
}

fn add(found: &mut Vec<Entry>, entry: Entry) {
    if !found.contains(&entry) {
        found.push(entry);
    }
}

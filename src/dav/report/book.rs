//! addressbook-multiget (RFC 6352 §8.7) and addressbook-query (§8.6).

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use carnet_proto::{
    dav::{
        header::Depth,
        href::{encode, path_of, segments},
        multistatus::MultiStatus,
        request::{Multiget, Query},
    },
    vcard::Filter,
};
use http::StatusCode;

use super::TRUNCATED;
use crate::{
    dav::{
        Call,
        error::Failure,
        method::{CHUNK, flush},
        output::{Answer, Sink, XML, make, xml},
        path::{Resource, href_in_group, href_in_home, spell, with_own_login},
        property::Cards,
    },
    domain::{book::Book, cursor::Position, error::Error, item::Card, store::Want},
};

/// Answers addressbook-multiget: each card once, 404 for an href that is not in the book.
pub async fn multiget(call: Arc<Call>, asked: Multiget) -> Result<Answer, Failure> {
    make(StatusCode::MULTI_STATUS, XML, |sink| async move {
        multiget_parts(&call, asked, &sink).await
    })
    .await
}

async fn multiget_parts(call: &Call, asked: Multiget, sink: &Sink) -> Result<Bytes, Failure> {
    let (book, href, only) = match &call.resource {
        Resource::Book { book, href } => (book, href, None),
        // A card answers for itself alone.
        Resource::Card {
            book,
            book_href,
            name,
        } => {
            book.get(name).await?;
            (book, book_href, Some(name))
        }
        _ => return Err(Error::NotFound.into()),
    };
    let cards = Cards::new(call, book, href, &asked.asked, &asked.data).await?;
    let own = segments(href).unwrap_or_default();
    let mut out = MultiStatus::new();
    let mut asked_names = Vec::new();
    for asked in &asked.hrefs {
        let path = segments(path_of(asked)).unwrap_or_default();
        let mut path = with_own_login(&call.actor, path);
        match path.pop() {
            Some(name) if path == own || call.is_alias(book, &path) => asked_names.push(name),
            _ => out.bare(path_of(asked), 404, None),
        }
    }
    spell(book, &mut asked_names).await?;
    let mut seen = HashSet::new();
    let mut names = Vec::new();
    for name in asked_names {
        match only.is_some_and(|only| *only != name) {
            true => out.bare(&format!("{href}{}", encode(&name)), 404, None),
            false if seen.insert(name.clone()) => names.push(name),
            false => {}
        }
    }
    drop(seen);
    let mut rest = &names[..];
    while !rest.is_empty() {
        let chunk = &rest[..rest.len().min(CHUNK)];
        let found = match cards.want() {
            Want::Documents => book.first_by_hrefs(chunk).await?,
            Want::Heads => book.heads(chunk).await?,
        };
        rest = &rest[found.len()..];
        let there: Vec<&Card> = found.iter().flatten().collect();
        cards.write(&there, &mut out, sink).await?;
        for (name, card) in chunk.iter().zip(&found) {
            if card.is_none() {
                out.bare(&format!("{href}{}", encode(name)), 404, None);
            }
        }
        note_given(book, &cards, &there).await?;
        flush(&mut out, sink).await?;
    }
    Ok(out.finish(None).into())
}

/// Answers addressbook-query on a book or a card.
pub async fn query(call: Arc<Call>, query: Query) -> Result<Answer, Failure> {
    match &call.resource {
        Resource::Card {
            book,
            book_href,
            name,
        } => {
            let card = book.get(name).await?;
            let mut out = MultiStatus::new();
            let cards = Cards::new(&call, book, book_href, &query.asked, &query.data).await?;
            if matches(&call, book, &card, &query.filter) {
                cards.write_one(&card, &mut out).await?;
                note_given(book, &cards, &[&card]).await?;
            }
            Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
        }
        // Absent means 0 by the letter (RFC 3253 §3.6), which no client means on a book.
        _ if call.depth()? == Some(Depth::Zero) => {
            let out = MultiStatus::new();
            Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
        }
        _ => {
            make(StatusCode::MULTI_STATUS, XML, |sink| async move {
                query_parts(&call, query, &sink).await
            })
            .await
        }
    }
}

async fn query_parts(call: &Call, query: Query, sink: &Sink) -> Result<Bytes, Failure> {
    let Resource::Book { book, href } = &call.resource else {
        return Err(Error::NotFound.into());
    };
    let cards = Cards::new(call, book, href, &query.asked, &query.data).await?;
    let everything = query.filter.props.is_empty();
    let want = if everything {
        cards.want()
    } else {
        Want::Documents
    };
    let mut left = query.limit.unwrap_or(usize::MAX);
    let mut out = MultiStatus::new();
    let mut next = Some(Position::default());
    while let Some(position) = next {
        let leg = book.walk_for(position, CHUNK, want).await?;
        let mut found: Vec<&Card> = leg.cards.iter().collect();
        if !everything {
            // A card may have to be rendered in both versions.
            tokio::task::block_in_place(|| {
                found.retain(|card| matches(call, book, card, &query.filter));
            });
        }
        let cut = found.len() > left;
        found.truncate(left);
        left -= found.len();
        cards.write(&found, &mut out, sink).await?;
        if cut || !everything {
            note_given(book, &cards, &found).await?;
        }
        if cut {
            out.bare(href, 507, Some(&TRUNCATED));
            return Ok(out.finish(None).into());
        }
        next = leg.next;
    }
    if everything && cards.tell_version() {
        book.note_served(&book.cursor()).await?;
    }
    Ok(out.finish(None).into())
}

fn matches(call: &Call, book: &Book, card: &Card, filter: &Filter) -> bool {
    let content = book.content(card);
    call.face
        .facet
        .matches(&content, &card.placement.uid, filter)
}

/// Notes that the client was given cards, unless the answer says nothing of what they hold.
async fn note_given(book: &Book, answer: &Cards<'_>, cards: &[&Card]) -> Result<(), Failure> {
    if !answer.tell_version() {
        return Ok(());
    }
    let given: Vec<_> = cards
        .iter()
        .map(|card| (card.placement.id, card.placement.changed))
        .collect();
    Ok(book.note_given(&given).await?)
}

impl Call {
    /// Whether a path is another URL of the same book.
    fn is_alias(&self, book: &Book, parent: &[String]) -> bool {
        let in_home = Some(href_in_home(&self.actor, book));
        [in_home, href_in_group(book)]
            .into_iter()
            .flatten()
            .any(|href| segments(&href).is_ok_and(|path| path == parent))
    }
}

//! The history of a contact (author, time, client, change), and restoring a version.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use super::{
    Web,
    clients::Clients,
    documents,
    form::Posted,
    names,
    page::{Shell, show},
    params::Query,
    place::ItemPath,
    request::Visit,
    share::name_of,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        class::Difference,
        error::{Error, Result},
        history::{EVENTS, Event, PlaceName, What},
    },
    text::fill,
};

#[derive(Template)]
#[template(path = "history.html")]
struct History {
    shell: Shell,
    card: String,
    name: String,
    may_edit: bool,
    explained: String,
    events: Vec<EventRow>,
    /// The pages of newer and older events.
    newer: Option<String>,
    older: Option<String>,
}

/// How many newer events were shown already.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct From {
    from: usize,
}

struct EventRow {
    what: String,
    when: String,
    who: String,
    client: String,
    differences: Vec<DifferenceRow>,
    /// How many there are besides.
    further: Option<String>,
    /// What a comment said before it, and the revision that brings it back.
    said: Option<(String, i64)>,
    /// The version before it.
    version: Option<i64>,
    /// The octets of that version of a document.
    file: Option<String>,
}

/// One property in words, before and after.
pub struct DifferenceRow {
    pub label: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// `GET …/c/ID/history`
pub async fn page(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    Query(done): Query<Done>,
    Query(from): Query<From>,
) -> Response {
    let shown = show_page(&web, &item, &visit, from, done.into());
    visit.answer(&web, shown).await
}

/// `POST …/c/ID/history/restore`
pub async fn restore(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let restored = async {
        let (book, card) = item.open(&web, &posted.visit).await?;
        book.restore_version(&card.placement, posted.revision())
            .await?;
        Ok(Done::of(Deed::Restored))
    };
    settled(&web, &item, &posted, restored.await).await
}

/// `POST …/c/ID/history/copy`
pub async fn copy(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let copied = async {
        let (book, card) = item.open(&web, &posted.visit).await?;
        book.copy_version(&card.placement, posted.revision())
            .await?;
        Ok(Done::copied(item.place.is_folder()))
    };
    settled(&web, &item, &posted, copied.await).await
}

async fn settled(
    web: &Arc<Web>,
    item: &ItemPath,
    posted: &Posted,
    outcome: Result<Done>,
) -> Response {
    let visit = &posted.visit;
    match outcome {
        Ok(done) => done.at(&format!("{}/history", item.path())),
        Err(error) => {
            let told = documents::refused_in(&item.place, &error, visit);
            let page = show_page(web, item, visit, From::default(), told);
            visit.answer(web, page).await
        }
    }
}

async fn show_page(
    web: &Arc<Web>,
    item: &ItemPath,
    visit: &Visit,
    From { from }: From,
    told: Told,
) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let past = book.history(&card.placement, from).await?;
    let days = web.core.limits().history_days;
    let starting = |from: usize| format!("{}/history?from={from}", item.path());
    let older = past.more.then(|| starting(from + past.events.len()));
    let newer = (from > 0).then(|| starting(from.saturating_sub(EVENTS)));
    let clients = Clients::of(web, &visit.actor, visit.text).await?;
    let mut rows = Vec::with_capacity(past.events.len());
    for event in past.events {
        rows.push(row(event, web, (visit, &clients), item).await?);
    }
    Ok(show(
        told.status(),
        &History {
            shell: visit.shell_telling(web, Some(&item.place.path()), told),
            card: item.path(),
            name: names::of_item(web, &card, visit),
            may_edit: book.item_privileges(&card.placement).await?.modify,
            explained: fill(visit.text.history_kept, &[&days]),
            events: rows,
            newer,
            older,
        },
    ))
}

async fn row(
    event: Event,
    web: &Web,
    (visit, clients): (&Visit, &Clients),
    item: &ItemPath,
) -> Result<EventRow> {
    let text = visit.text;
    let document = item.place.is_folder();
    let mut said = None;
    let mut further = None;
    let (what, differences, version) = match event.what {
        What::Edited {
            before,
            differences,
            ..
        } if document => (
            documents::change_named(&differences, text).to_owned(),
            documents::described(differences, visit),
            Some(before.0),
        ),
        What::Edited {
            before,
            differences,
            more,
        } => {
            further = (more > 0).then(|| fill(text.book.further_differences, &[&more]));
            (
                text.event_edited.to_owned(),
                described(differences, web, visit),
                Some(before.0),
            )
        }
        What::Commented {
            before,
            said: text_before,
            deleted,
        } => {
            said = Some((text_before, before.0));
            let what = if deleted {
                text.book.comment_was_deleted
            } else {
                text.book.comment_was_changed
            };
            (what.to_owned(), Vec::new(), None)
        }
        What::Tagged => (text.event_tagged.to_owned(), Vec::new(), None),
        What::Placed { place } => {
            let place = named(place, web, visit, document).await?;
            (fill(text.event_placed, &[&place]), Vec::new(), None)
        }
        What::Removed { place } => {
            let place = named(place, web, visit, document).await?;
            (fill(text.event_removed, &[&place]), Vec::new(), None)
        }
    };
    Ok(EventRow {
        what,
        when: when::shown(event.at, text),
        who: names::of_author(event.person, &event.person_name, visit),
        client: clients.name_for(event.person, visit, &event.client),
        differences,
        further,
        said,
        file: version
            .filter(|_| document)
            .map(|version| format!("{}/history/{version}/file", item.path())),
        version,
    })
}

/// What a place of the past is called; one that is no more keeps the name it had.
async fn named(
    place: Option<PlaceName>,
    web: &Web,
    visit: &Visit,
    document: bool,
) -> Result<String> {
    let Some(place) = place else {
        let unknown = if document {
            visit.text.documents.unknown_folder
        } else {
            visit.text.unknown_group
        };
        return Ok(unknown.to_owned());
    };
    match web.core.open(&visit.actor, place.collection).await {
        Ok(book) => Ok(name_of(&book, visit)),
        Err(Error::NotFound) if place.name.trim().is_empty() => Ok(visit.text.private.to_owned()),
        Err(Error::NotFound) => Ok(names::short(&place.name)),
        Err(error) => Err(error),
    }
}

/// Differences with the names of properties in words.
pub fn described(differences: Vec<Difference>, web: &Web, visit: &Visit) -> Vec<DifferenceRow> {
    differences
        .into_iter()
        .map(|difference| {
            let property = &difference.property;
            let shown = |value: Option<String>| {
                value.map(|value| web.facet.value(property, &value, visit.text))
            };
            DifferenceRow {
                label: web.facet.property(property, visit.text),
                before: shown(difference.before),
                after: shown(difference.after),
            }
        })
        .collect()
}

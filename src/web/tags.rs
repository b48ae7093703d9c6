//! Personal tags: made, recoloured, deleted, put on contacts.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web,
    card::card_telling,
    form::Posted,
    page::{Shell, Tool, show},
    params::Query,
    place::ItemPath,
    request::Visit,
    text::fill,
    told::{Deed, Done, Told},
};
use crate::domain::{
    error::{Error, Result},
    id::TagId,
    rule::Rule,
    store::Tag,
    undo::Undo,
};

#[derive(Template)]
#[template(path = "tags.html")]
struct Tags {
    shell: Shell,
    tags: Vec<Tag>,
    name: String,
    colour: String,
}

/// Colour of a new tag when none was chosen.
const COLOUR: &str = "#1f5fbf";

/// `GET /tags`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    let shown = show_page(&web, &visit, done.into(), "", COLOUR);
    visit.answer(&web, shown).await
}

/// `POST /tags`
pub async fn create(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let (name, colour) = (posted.value("name").trim(), posted.value("colour"));
    let told = match web.core.create_tag(&visit.actor, name, colour).await {
        Ok(_) => return Done::of(Deed::TagCreated).to(name).at("/tags"),
        Err(Error::Exists(_)) => {
            let taken = fill(visit.text.tag_exists, &[&name]);
            Told::Refused(StatusCode::CONFLICT, taken)
        }
        Err(error @ Error::Invalid(Rule::Tags(_))) => Told::refused(&error, visit),
        Err(Error::Invalid(_)) => {
            let rule = visit.text.tag_rule.to_owned();
            Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, rule)
        }
        Err(error) => Told::refused(&error, visit),
    };
    let page = show_page(&web, visit, told, name, colour);
    visit.answer(&web, page).await
}

/// `POST /tags/colour`
pub async fn colour(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let tag = TagId(posted.number("id"));
    let actor = &posted.visit.actor;
    let changed = web
        .core
        .recolour_tag(actor, tag, posted.value("colour"))
        .await;
    settled(&web, &posted.visit, changed.map(|()| Done::of(Deed::Saved))).await
}

/// `POST /tags/delete`
pub async fn delete(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let tag = TagId(posted.number("id"));
    let deleted = web.core.delete_tag(&posted.visit.actor, tag).await;
    let done = deleted.map(|undo| {
        let kept = web.undos.keep(&posted.visit, vec![undo], "/tags");
        Done::of(Deed::TagDeleted).undone_by(kept)
    });
    settled(&web, &posted.visit, done).await
}

/// `POST …/c/ID/tags`: the tags checked are on, all others off.
pub async fn assign(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let assigned = async {
        let (book, card) = item.open(&web, visit).await?;
        let on = posted.tags();
        let own = web.core.tags(&visit.actor).await?;
        let off: Vec<TagId> = own
            .into_iter()
            .map(|tag| tag.id)
            .filter(|tag| !on.contains(tag))
            .collect();
        let items = book.tag(&[card.placement], &on, &off).await?;
        let undo = Undo::Tagged {
            book: book.collection().id,
            items,
        };
        let done = Done::of(Deed::Tagged);
        Ok(done.undone_by(web.undos.keep(visit, vec![undo], &item.path())))
    };
    match assigned.await {
        Ok(done) => done.at(&item.path()),
        Err(error) => card_telling(&web, &item, visit, Told::refused(&error, visit)).await,
    }
}

async fn settled(web: &Arc<Web>, visit: &Visit, outcome: Result<Done>) -> Response {
    match outcome {
        Ok(done) => done.at("/tags"),
        Err(error) => {
            let told = Told::refused(&error, visit);
            let page = show_page(web, visit, told, "", COLOUR);
            visit.answer(web, page).await
        }
    }
}

async fn show_page(
    web: &Arc<Web>,
    visit: &Visit,
    told: Told,
    name: &str,
    colour: &str,
) -> Result<Response> {
    Ok(show(
        told.status(),
        &Tags {
            shell: visit.shell_of(web, Tool::Settings, told),
            tags: web.core.tags(&visit.actor).await?,
            name: name.to_owned(),
            colour: colour.to_owned(),
        },
    ))
}

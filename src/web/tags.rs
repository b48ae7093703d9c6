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
    told::{Deed, Done, Told},
};
use crate::{
    domain::{
        error::{Error, Result},
        id::TagId,
        rule::Rule,
        store::Tag,
        tag::next_colour,
        undo::Undo,
    },
    text::fill,
};

#[derive(Template)]
#[template(path = "tags.html")]
struct Tags {
    shell: Shell,
    tags: Vec<Tag>,
    name: String,
    colour: String,
}

/// `GET /tags`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    let shown = show_page(&web, &visit, done.into(), "", "");
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
            Told::Refused(StatusCode::CONFLICT, taken).about(["name"])
        }
        Err(error @ Error::Invalid(Rule::Tags(_))) => Told::refused(&error, visit),
        Err(Error::Invalid(_)) => {
            let rule = visit.text.tag_rule.to_owned();
            Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, rule).about(["name"])
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

/// `POST …/c/ID/tags`: what was checked or cleared in the form changes, and a tag of a new name is
/// made and put on; tags that the form did not show, or not so, stay as they are.
pub async fn assign(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let assigned = async {
        let (book, card) = item.open(&web, visit).await?;
        let own = web.core.tags(&visit.actor).await?;
        let (mut on, mut off) = changed(&posted.tags("tag"), &posted.tags("ticked"));
        // One that was deleted meanwhile is on nothing.
        off.retain(|tag| own.iter().any(|own| own.id == *tag));
        let new = posted.value("name").trim();
        if !new.is_empty() {
            on.push(called(&web, visit, &own, new).await?);
        }
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
        Err(error) => {
            let told = match error {
                Error::Invalid(Rule::TagName) => {
                    let rule = visit.text.tag_rule.to_owned();
                    Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, rule).about(["tag-name"])
                }
                error => Told::refused(&error, visit),
            };
            let sent = posted.fields();
            let sent = sent.filter(|(name, _)| matches!(*name, "name" | "tag" | "ticked"));
            let sent = sent.map(|(name, value)| match name {
                "name" => ("new-tag", value),
                name => (name, value),
            });
            card_telling(&web, &item, visit, told.with_sent(sent)).await
        }
    }
}

/// What a form with check boxes puts on and takes off, by what it sent and what it showed as checked.
fn changed(sent: &[TagId], ticked: &[TagId]) -> (Vec<TagId>, Vec<TagId>) {
    let without = |these: &[TagId], those: &[TagId]| {
        let left = these.iter().filter(|tag| !those.contains(tag));
        left.copied().collect::<Vec<_>>()
    };
    (without(sent, ticked), without(ticked, sent))
}

/// The tag of a name, whatever its case; made if there is none.
async fn called(web: &Web, visit: &Visit, own: &[Tag], name: &str) -> Result<TagId> {
    let folded = name.to_lowercase();
    match own.iter().find(|tag| tag.name.to_lowercase() == folded) {
        Some(tag) => Ok(tag.id),
        None => {
            let colour = next_colour(&colours(own));
            web.core.create_tag(&visit.actor, name, colour).await
        }
    }
}

fn colours(tags: &[Tag]) -> Vec<&str> {
    tags.iter().map(|tag| tag.colour.as_str()).collect()
}

async fn settled(web: &Arc<Web>, visit: &Visit, outcome: Result<Done>) -> Response {
    match outcome {
        Ok(done) => done.at("/tags"),
        Err(error) => {
            let told = Told::refused(&error, visit);
            let page = show_page(web, visit, told, "", "");
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
    let tags = web.core.tags(&visit.actor).await?;
    let colour = match colour {
        "" => next_colour(&colours(&tags)),
        chosen => chosen,
    };
    Ok(show(
        told.status(),
        &Tags {
            shell: visit.shell_of(web, Tool::Settings, told),
            name: name.to_owned(),
            colour: colour.to_owned(),
            tags,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_changes_what_it_showed_alone() {
        let tags = |ids: &[i64]| ids.iter().copied().map(TagId).collect::<Vec<_>>();
        for (sent, ticked, on, off) in [
            (&[1, 2][..], &[1][..], &[2][..], &[][..]),
            (&[], &[1], &[], &[1]),
            (&[1], &[1], &[], &[]),
            (&[3], &[1, 2], &[3], &[1, 2]),
        ] {
            let found = changed(&tags(sent), &tags(ticked));
            assert_eq!(found, (tags(on), tags(off)), "{sent:?} {ticked:?}");
        }
    }
}

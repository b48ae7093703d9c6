//! The card of a contact.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

use super::{
    Web, attachments, calls, documents,
    facet::CardLine,
    form::{Posted, ranges},
    item_rights::whom_to_ask,
    lists::members_of,
    names,
    page::{self, initials, show},
    params::Query,
    place::{ItemPath, PlacePath},
    request::Visit,
    share::{self, name_of},
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        book::{Book, Condition, Seen},
        collection::Place,
        comment::ShownComment,
        error::{Error, Result},
        item::Placement,
        sharing::KnownPlace,
    },
    text::fill,
};

/// `GET …/c/ID`
pub async fn card(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    let shown = card_telling(&web, &item, &visit, done.into()).await;
    if shown.status() != StatusCode::NOT_FOUND {
        return shown;
    }
    match item.successor(&web, &visit).await {
        Ok(Some(now)) => page::see_other(&now.path()),
        Ok(None) => shown,
        Err(error) => visit.failed(&web, &error),
    }
}

/// The card, with a message on top.
pub async fn card_telling(web: &Arc<Web>, item: &ItemPath, visit: &Visit, told: Told) -> Response {
    if item.place.is_folder() {
        return documents::details_telling(web, item, visit, told).await;
    }
    visit.answer(web, show_card(web, item, visit, told)).await
}

async fn show_card(web: &Arc<Web>, item: &ItemPath, visit: &Visit, told: Told) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let text = visit.text;
    let placement = &card.placement;
    let rights = book.item_privileges(placement).await?;
    let content = book.content(&card);
    let mut view = web.facet.view(&content, &visit.reader());
    let on = book.tags_of(placement.item).await?;
    if book.is_private() {
        // Categories that are the person's tags stand under the name.
        let are_tags = |said: &str| {
            said.split(", ")
                .all(|name| on.iter().any(|tag| tag == name))
        };
        let kept = |line: &CardLine| line.label != text.categories || !are_tags(&line.value);
        view.lines.retain(kept);
    }
    calls::connect(&mut view, visit);
    super::dispatch::lead(web, visit, &item.path(), &mut view).await?;
    let map = visit.settings.map.as_deref();
    let maps = web.facet.postal_addresses(&content, text).into_iter();
    let maps = maps.filter_map(|place| {
        let link = super::map::link(map, &place)?;
        Some((place, link))
    });
    let list = members_of(web, visit, &book, &content).await?;
    let may_be_written = web.outlets.mail && !web.facet.addresses(&content).is_empty();
    let here = item.place.path();
    let creator = book.creator_name(placement).await?;
    let creator = names::of_somebody(&creator, visit);
    let read_only = if rights.modify {
        None
    } else {
        Some(whom_to_ask(&book, placement, visit).await?)
    };
    let tags = web.core.tags(&visit.actor).await?;
    let known = book.places(placement).await?;
    let comments = book.comments(placement).await?;
    let attached = attachments::of_contact(&book, &card, rights.modify, visit).await?;
    let standing = book.standing(placement).await?;
    let version = book.etag_of(placement).await?;
    let comments_seen_by = if book.is_private() {
        text.comments_private.to_owned()
    } else {
        let members = book.members().await?.len();
        let group = &book.collection().display_name;
        let said = [text.book.comment_seen_by_one, text.comments_seen_by];
        fill(text.of_many(members, said), &[&members, group])
    };
    Ok(show(
        told.status(),
        &page::Card {
            shell: visit.shell_telling(web, Some(&here), told),
            id: item.id.clone(),
            version,
            favourite: web.facet.is_favourite(&content),
            list,
            initials: initials(&view.name),
            has_photo: view.has_photo,
            photo_alt: fill(text.photo_of, &[&view.name]),
            may_edit: rights.modify,
            may_delete: rights.remove,
            read_only,
            places: known
                .into_iter()
                .filter_map(|place| place.known)
                .filter_map(|place| place_link(&place, visit))
                .collect(),
            verified: super::verify::told(&standing, text),
            may_verify: rights.verify && may_be_written && standing.may_be_asked(),
            made: fill(
                text.created_by,
                &[
                    &creator,
                    &when::shown(placement.created, text),
                    &when::shown(placement.modified, text),
                ],
            ),
            tags: tags
                .into_iter()
                .map(|tag| page::CardTag {
                    on: on.contains(&tag.name),
                    tag,
                })
                .collect(),
            attached,
            maps: maps.collect(),
            group: !book.is_private(),
            comments: comments
                .into_iter()
                .map(|shown| comment(shown, visit))
                .collect(),
            comments_seen_by,
            here,
            view,
        },
    ))
}

fn place_link(place: &KnownPlace, visit: &Visit) -> Option<page::CardPlace> {
    match place.place {
        Place::Group(group) => {
            let membership = visit.actor.membership(group)?;
            let list = PlacePath::Group(membership.name.clone());
            let x = visit.text.book;
            let members = visit.members_of(group);
            let seen = members.and_then(|members| usize::try_from(members).ok());
            let name = membership.display_name.clone();
            Some(page::CardPlace {
                seen: seen.map(|size| visit.text.counted(size, [x.seen_by_one, x.seen_by])),
                path: list.path(),
                name,
            })
        }
        _ => Some(page::CardPlace {
            name: names::of_own_book(place.collection, visit),
            path: match visit.further_book(place.collection) {
                Some(book) => PlacePath::Book(book.segment.clone()).path(),
                None => PlacePath::Private.path(),
            },
            seen: None,
        }),
    }
}

/// A comment as pages show it.
pub fn comment(shown: ShownComment, visit: &Visit) -> page::CommentRow {
    let text = visit.text;
    page::CommentRow {
        id: shown.comment.id.0,
        text: shown.comment.text,
        author: names::of_somebody(&shown.comment.author_name, visit),
        when: when::shown(shown.comment.at, text),
        place: if shown.private {
            text.private.to_owned()
        } else {
            shown.place
        },
        may_edit: shown.may_edit,
        may_delete: shown.may_delete,
    }
}

/// `POST …/c/ID/delete`
pub async fn delete(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let deleted = async {
        let (book, card) = item.open(&web, visit).await?;
        let condition = match book.seen(&card, posted.value("version")).await? {
            Seen::Now(condition) => condition,
            Seen::Before(_) => Condition::Match(Vec::new()),
        };
        let elsewhere = names_elsewhere(&web, visit, &book, &card.placement).await?;
        let removed = book.delete(&card.placement.href, &condition).await?;
        let removal = removed.removal;
        let name = names::of_item(&web, &card, visit);
        let done = match &elsewhere[..] {
            [] => Done::of(Deed::Deleted).to(&name),
            there => Done::of(Deed::TakenOut).to(&name).still_in(there),
        };
        Ok(done.undone_by(ranges(&[removal])))
    };
    match deleted.await {
        Ok(done) => done.at(&item.place.path()),
        Err(Error::PreconditionFailed | Error::Moved) => {
            let stale = visit.text.book.stale_delete.to_owned();
            let told = Told::Refused(StatusCode::CONFLICT, stale);
            card_telling(&web, &item, visit, told).await
        }
        Err(error) => card_telling(&web, &item, visit, Told::refused(&error, visit)).await,
    }
}

/// Names of the other places an item is in that the person reads.
async fn names_elsewhere(
    web: &Web,
    visit: &Visit,
    book: &Book,
    placement: &Placement,
) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for other in share::elsewhere(book, placement).await? {
        match web.core.open(&visit.actor, other).await {
            Ok(other) => names.push(name_of(&other, visit)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(names)
}

/// `GET …/c/ID/photo`
pub async fn photo(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let (book, card) = item.open(&web, &visit).await?;
        let etag = book.etag_of(&card.placement).await?;
        if headers
            .get(header::IF_NONE_MATCH)
            .is_some_and(|seen| seen.as_bytes() == etag.as_bytes())
        {
            return Ok(StatusCode::NOT_MODIFIED.into_response());
        }
        let (media_type, octets) = web
            .facet
            .photo(&book.content(&card))
            .ok_or(Error::NotFound)?;
        let headers = [
            (header::CONTENT_TYPE, media_type),
            (header::ETAG, etag),
            (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        ];
        Ok((headers, octets).into_response())
    };
    visit.answer(&web, answer).await
}

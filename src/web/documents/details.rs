//! The details of a document: type, places, rights; renaming, describing, replacing it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Multipart, State},
    response::Response,
};
use http::StatusCode;

use super::{
    family_name, octets,
    receive::{Into, Unfit, receive},
    refused,
};
use crate::{
    domain::{
        book::Book,
        document::{Change, Details},
        error::{Error, Result},
        item::{Card, Placement},
    },
    text::fill,
    web::{
        Web,
        card::comment,
        form::Posted,
        item_rights::whom_to_ask,
        names,
        page::{CardTag, CommentRow, Shell, show},
        place::{ItemPath, PlacePath},
        request::Visit,
        share::name_of,
        told::{Deed, Done, Told},
        when,
    },
};

#[derive(Template)]
#[template(path = "document.html")]
struct Document {
    shell: Shell,
    here: String,
    id: String,
    version: String,
    name: String,
    kind: &'static str,
    media_type: String,
    size: String,
    description: String,
    may_edit: bool,
    may_delete: bool,
    read_only: Option<String>,
    places: Vec<(String, String)>,
    made: String,
    files: String,
    /// Contacts it is attached to: address and name.
    attached_to: Vec<(String, String)>,
    tags: Vec<CardTag>,
    group: bool,
    comments: Vec<CommentRow>,
    comments_seen_by: String,
}

/// The details page, with what was done to it on top.
pub async fn details_telling(
    web: &Arc<Web>,
    item: &ItemPath,
    visit: &Visit,
    told: Told,
) -> Response {
    let shown = show_details(web, item, visit, told);
    visit.answer(web, shown).await
}

async fn show_details(
    web: &Arc<Web>,
    item: &ItemPath,
    visit: &Visit,
    told: Told,
) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let (text, placement, status) = (visit.text, &card.placement, told.status());
    let d = text.documents;
    let details = Details::read(&card.document)?;
    let rights = book.item_privileges(placement).await?;
    let creator = names::of_somebody(&book.creator_name(placement).await?, visit);
    let read_only = if rights.modify {
        None
    } else {
        Some(whom_to_ask(&book, placement, visit).await?)
    };
    let here = item.place.path();
    let on = book.tags_of(placement.item).await?;
    let tags = web.core.tags(&visit.actor).await?;
    let comments = book.comments(placement).await?;
    let places = places(web, visit, &book, placement).await?;
    let attached_to = attached_to(&book, placement, visit).await?;
    let version = book.etag_of(placement).await?;
    let comments_seen_by = if book.is_private() {
        text.comments_private.to_owned()
    } else {
        let group = super::group_book(web, visit, &book).await?;
        let members = group.members().await?.len();
        fill(
            text.comments_seen_by,
            &[&members, &super::place_name(&book, visit)],
        )
    };
    let page = Document {
        id: item.id.clone(),
        version,
        kind: family_name(&placement.kind, text),
        size: octets(details.octets, text),
        may_edit: rights.modify,
        may_delete: rights.remove,
        read_only,
        places,
        made: fill(
            text.created_by,
            &[
                &creator,
                &when::shown(placement.created, text),
                &when::shown(placement.modified, text),
            ],
        ),
        files: fill(d.files, &[&super::size(web.core.limits().upload, text)]),
        attached_to,
        tags: tags
            .into_iter()
            .map(|tag| CardTag {
                on: on.contains(&tag.name),
                tag,
            })
            .collect(),
        group: !book.is_private(),
        comments: comments
            .into_iter()
            .map(|shown| comment(shown, visit))
            .collect(),
        comments_seen_by,
        shell: visit.shell_telling(web, Some(&here), told),
        here,
        name: details.name,
        media_type: details.media_type,
        description: details.description,
    };
    Ok(show(status, &page))
}

/// The folders it is in that the person knows of: name and address.
async fn places(
    web: &Web,
    visit: &Visit,
    book: &Book,
    placement: &Placement,
) -> Result<Vec<(String, String)>> {
    let mut places = Vec::new();
    for place in book.places(placement).await? {
        let Some(known) = place.known else { continue };
        let folder = web.core.open(&visit.actor, known.collection).await?;
        places.push((name_of(&folder, visit), PlacePath::of(&folder).path()));
    }
    Ok(places)
}

async fn attached_to(
    book: &Book,
    placement: &Placement,
    visit: &Visit,
) -> Result<Vec<(String, String)>> {
    let address = |(book, card): (Book, Card)| {
        let path = format!(
            "{}/c/{}",
            PlacePath::of(&book).path(),
            card.placement.server_id
        );
        let name = names::of_contact(&card.placement.display, &[], visit);
        (path, name)
    };
    let contacts = book.attached_to(placement).await?;
    Ok(contacts.into_iter().map(address).collect())
}

/// `POST /d/…/c/ID/details`: another name, another description.
pub async fn change(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let changed = async {
        let (book, card) = item.open(&web, &posted.visit).await?;
        let change = Change {
            name: Some(posted.value("name").to_owned()),
            description: Some(posted.value("description").to_owned()),
            content: None,
        };
        book.change_document(&card.placement, posted.value("version"), change)
            .await
    };
    match changed.await {
        Ok(()) => Done::of(Deed::Saved).at(&item.path()),
        Err(error) => {
            let d = posted.visit.text.documents;
            let told = stale_or(&error, d.stale_details, || refused(&error, &posted.visit));
            let sent = ["name", "description"].map(|field| (field, posted.value(field)));
            let told = told.with_sent(sent);
            details_telling(&web, &item, &posted.visit, told).await
        }
    }
}

fn stale_or(error: &Error, stale: &str, told: impl FnOnce() -> Told) -> Told {
    match error {
        Error::PreconditionFailed | Error::Moved => {
            Told::Refused(StatusCode::CONFLICT, stale.to_owned())
        }
        _ => told(),
    }
}

/// `POST /d/…/c/ID/version`: new octets; the former ones stay in the history.
pub async fn replace(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    form: Multipart,
) -> Response {
    let replaced = async {
        let opened = item.open(&web, &visit).await;
        let (book, card) = opened.map_err(Unfit::Error)?;
        let into = Into::Version(&book, &card.placement);
        let mut sent = receive(&web, &visit, form, into).await?;
        let change = Change {
            content: sent.uploads.pop(),
            ..Change::default()
        };
        let version = sent.value("version");
        let changed = book.change_document(&card.placement, version, change).await;
        changed.map_err(Unfit::Error)
    };
    match replaced.await {
        Ok(()) => Done::of(Deed::NewVersion).at(&item.path()),
        Err(unfit) => {
            let told = match &unfit {
                Unfit::Error(error) => {
                    let d = visit.text.documents;
                    stale_or(error, d.stale_version, || unfit.told(&visit))
                }
                _ => unfit.told(&visit),
            };
            details_telling(&web, &item, &visit, told).await
        }
    }
}

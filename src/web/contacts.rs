//! Lists and cards of the contacts in a place.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::{
    Web,
    form::{Posted, ranges},
    page::{self, Row, initials, show},
    place::{ItemPath, PlacePath, form_encode},
    request::Visit,
    share::name_of,
    text::{Text, fill},
    told::{Done, Told},
    when,
};
use crate::domain::{
    book::{Book, Condition},
    collection::Place,
    comment::ShownComment,
    error::{Error, Result},
    id::TagId,
    sharing::KnownPlace,
    store::{ListQuery, ListRow, Tag},
};

/// Contacts shown on one page of a list.
const PAGE: i64 = 200;

/// Query of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListParams {
    pub q: String,
    pub page: i64,
    pub tag: i64,
    /// All rows shown are selected.
    pub all: i64,
}

/// `GET /c/private`, `GET /g/NAME`
pub async fn list(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    Query(params): Query<ListParams>,
    Query(done): Query<Done>,
) -> Response {
    list_telling(&web, &place, &visit, &params, done.into()).await
}

/// The list, with what was done to it on top.
pub async fn list_telling(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    params: &ListParams,
    told: Told,
) -> Response {
    let shown = show_list(web, place, visit, params, told).await;
    shown.unwrap_or_else(|error| visit.failed(web, &error))
}

async fn show_list(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    params: &ListParams,
    told: Told,
) -> Result<Response> {
    let book = place.open(web, visit).await?;
    let text = visit.text;
    let page = params.page.max(1);
    let query = ListQuery {
        words: web.facet.words(&params.q),
        tag: (params.tag != 0).then_some(TagId(params.tag)),
        offset: (page - 1) * PAGE,
        limit: PAGE,
        ..ListQuery::default()
    };
    let found = book.list(&query).await?;
    let pages = (found.total + PAGE - 1) / PAGE;
    let here = place.path();
    let link = |page: i64, all: &str| {
        let tag = match params.tag {
            0 => String::new(),
            tag => tag.to_string(),
        };
        let page = page.to_string();
        let query = [
            ("q", params.q.as_str()),
            ("tag", &tag),
            ("page", &page),
            ("all", all),
        ];
        format!("{here}?{}", form_encode(&query))
    };
    let tags = book.tags().await?;
    let mut rows = Vec::with_capacity(found.rows.len());
    for found in &found.rows {
        // Everything in Private is one's own.
        let read_only = !book.is_private() && !book.item_privileges(&found.placement).await?.modify;
        rows.push(row(found, &tags, read_only));
    }
    let may = book.privileges().await?;
    let status = told.status();
    let mut shell = visit.shell_telling(web, Some(&here), told);
    shell.query = params.q.clone();
    let seen_by = match book.is_private() {
        true => None,
        false => Some(members_see(&book, text).await?),
    };
    let total = book.count().await?;
    let targets = targets(web, visit, &book).await?;
    Ok(show(
        status,
        &page::List {
            shell,
            title: name_of(&book, visit),
            group: !book.is_private(),
            may_add: may.add,
            may_empty: may.remove && found.total > 0,
            total,
            count: fill(text.contacts_count, &[&found.total]),
            seen_by,
            tag: params.tag,
            tags,
            targets,
            rows,
            scope: scope(params),
            all: params.all != 0,
            select_all: link(page, "1"),
            empty: match params.q.is_empty() && params.tag == 0 {
                true => text.no_contacts,
                false => text.no_match,
            },
            pages,
            page_label: fill(text.page_of, &[&page, &pages]),
            previous: (page > 1).then(|| link(page - 1, "")),
            next: (page < pages).then(|| link(page + 1, "")),
            here,
        },
    ))
}

/// What a list shows, on all its pages: `?tag=3`.
fn scope(params: &ListParams) -> String {
    let tag = Some(params.tag.to_string()).filter(|_| params.tag != 0);
    let query = [("q", &params.q[..]), ("tag", tag.as_deref().unwrap_or(""))];
    match form_encode(&query) {
        query if query.is_empty() => query,
        query => format!("?{query}"),
    }
}

/// Books a selection of this one can be shared into.
async fn targets(web: &Web, visit: &Visit, book: &Book) -> Result<Vec<(i64, String)>> {
    let mut targets = Vec::new();
    for other in web.core.books(&visit.actor).await? {
        let elsewhere = other.collection().id != book.collection().id;
        if elsewhere && !other.is_private() && other.privileges().await?.add {
            targets.push((other.collection().id.0, name_of(&other, visit)));
        }
    }
    Ok(targets)
}

async fn members_see(book: &Book, text: &Text) -> Result<String> {
    let members = book.members().await?.len();
    Ok(fill(
        text.members_see,
        &[&book.collection().display_name, &members],
    ))
}

/// `GET …/c/ID`
pub async fn card(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    card_telling(&web, &item, &visit, done.into()).await
}

/// The card, with what was done to it on top.
pub async fn card_telling(web: &Arc<Web>, item: &ItemPath, visit: &Visit, told: Told) -> Response {
    let shown = show_card(web, item, visit, told).await;
    shown.unwrap_or_else(|error| visit.failed(web, &error))
}

async fn show_card(web: &Arc<Web>, item: &ItemPath, visit: &Visit, told: Told) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let text = visit.text;
    let placement = &card.placement;
    let rights = book.item_privileges(placement).await?;
    let view = web.facet.view(&book.content(&card), text);
    let here = item.place.path();
    let creator = book.creator_name(placement).await?;
    let on = book.tags_of(placement.item).await?;
    let tags = web.core.tags(&visit.actor).await?;
    let known = book.places(placement).await?;
    let comments = book.comments(placement).await?;
    let version = book.marks().await?.etag(placement);
    let comments_seen_by = match book.is_private() {
        true => text.comments_private.to_owned(),
        false => {
            let members = book.members().await?.len();
            let group = &book.collection().display_name;
            fill(text.comments_seen_by, &[&members, group])
        }
    };
    Ok(show(
        told.status(),
        &page::Card {
            shell: visit.shell_telling(web, Some(&here), told),
            id: item.id.clone(),
            version,
            initials: initials(&view.name),
            has_photo: view.has_photo,
            photo_alt: fill(text.photo_of, &[&view.name]),
            may_edit: rights.modify,
            may_delete: rights.remove,
            read_only: (!rights.modify).then(|| fill(text.read_only_ask, &[&creator])),
            places: known
                .into_iter()
                .filter_map(|place| place.known)
                .filter_map(|place| place_link(&place, visit))
                .collect(),
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
            group: !book.is_private(),
            comments: comments
                .into_iter()
                .map(|shown| comment(shown, text))
                .collect(),
            comments_seen_by,
            here,
            view,
        },
    ))
}

fn place_link(place: &KnownPlace, visit: &Visit) -> Option<(String, String)> {
    match place.place {
        Place::Group(group) => {
            let membership = visit.actor.membership(group)?;
            let list = PlacePath::Group(membership.name.clone());
            Some((membership.display_name.clone(), list.path()))
        }
        _ => Some((visit.text.private.to_owned(), PlacePath::Private.path())),
    }
}

fn comment(shown: ShownComment, text: &Text) -> page::CommentRow {
    page::CommentRow {
        id: shown.comment.id.0,
        text: shown.comment.text,
        author: shown.comment.author_name,
        when: when::shown(shown.comment.at, text),
        place: match shown.private {
            true => text.private.to_owned(),
            false => shown.place,
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
        let condition = Condition::Match(vec![posted.value("version").to_owned()]);
        let removed = book.delete(&card.placement.href, &condition).await?;
        let removal = removed.removal;
        let done = Done::of("deleted").to(&card.placement.display);
        Ok(done.undone_by(ranges(&[removal])))
    };
    match deleted.await {
        Ok(done) => done.at(&item.place.path()),
        Err(error) => card_telling(&web, &item, visit, Told::refused(&error, visit)).await,
    }
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
        let etag = book.marks().await?.etag(&card.placement);
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
    answer
        .await
        .unwrap_or_else(|error: Error| visit.failed(&web, &error))
}

fn row(row: &ListRow, tags: &[Tag], read_only: bool) -> Row {
    let first = |field: &str| {
        row.texts
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let phone = first("tel");
    Row {
        id: row.placement.server_id.clone(),
        initials: initials(&row.placement.display),
        name: row.placement.display.clone(),
        organization: first("org"),
        email: first("email"),
        phone_link: phone
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect(),
        phone,
        creator: row.creator_name.clone(),
        commented: row.commented,
        read_only,
        tags: tags
            .iter()
            .filter(|tag| row.tags.contains(&tag.name))
            .map(|tag| (tag.name.clone(), tag.colour.clone()))
            .collect(),
    }
}

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
    page::{self, Row, initials, see_other, show},
    place::{ItemPath, PlacePath, form_encode},
    request::Visit,
    text::fill,
};
use crate::domain::{
    book::Condition,
    error::{Error, Result},
    store::{ListQuery, ListRow},
};

/// Contacts shown on one page of a list.
const PAGE: i64 = 200;

/// Query of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListParams {
    pub q: String,
    pub page: i64,
    pub done: String,
    pub name: String,
}

/// `GET /c/private`, `GET /g/NAME`
pub async fn list(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    Query(params): Query<ListParams>,
) -> Response {
    let shown = show_list(&web, &place, &visit, &params).await;
    shown.unwrap_or_else(|error| visit.failed(&web, &error))
}

async fn show_list(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    params: &ListParams,
) -> Result<Response> {
    let book = place.open(web, visit).await?;
    let text = visit.text;
    let page = params.page.max(1);
    let query = ListQuery {
        words: web.facet.words(&params.q),
        offset: (page - 1) * PAGE,
        limit: PAGE,
        ..ListQuery::default()
    };
    let found = book.list(&query).await?;
    let pages = (found.total + PAGE - 1) / PAGE;
    let here = place.path();
    let link = |page: i64| {
        let query = form_encode(&[("q", &params.q), ("page", &page.to_string())]);
        format!("{here}?{query}")
    };
    let mut shell = visit.shell(web, Some(&here));
    shell.query = params.q.clone();
    shell.notice = notice(visit, params);
    let seen_by =
        (!book.is_private()).then(|| fill(text.members_see, &[&book.collection().display_name]));
    let title = match book.is_private() {
        true => text.private.to_owned(),
        false => book.collection().display_name.clone(),
    };
    Ok(show(
        StatusCode::OK,
        &page::List {
            shell,
            title,
            may_add: book.privileges().await?.add,
            count: fill(text.contacts_count, &[&found.total]),
            seen_by,
            rows: found.rows.iter().map(row).collect(),
            empty: match params.q.is_empty() {
                true => text.no_contacts,
                false => text.no_match,
            },
            pages,
            page_label: fill(text.page_of, &[&page, &pages]),
            previous: (page > 1).then(|| link(page - 1)),
            next: (page < pages).then(|| link(page + 1)),
            here,
        },
    ))
}

/// `GET …/c/ID`
pub async fn card(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    Query(params): Query<ListParams>,
) -> Response {
    let shown = show_card(&web, &item, &visit, &params).await;
    shown.unwrap_or_else(|error| visit.failed(&web, &error))
}

async fn show_card(
    web: &Arc<Web>,
    item: &ItemPath,
    visit: &Visit,
    params: &ListParams,
) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let rights = book.item_privileges(&card.placement).await?;
    let view = web.facet.view(&book.content(&card), visit.text);
    let here = item.place.path();
    let mut shell = visit.shell(web, Some(&here));
    shell.notice = notice(visit, params);
    Ok(show(
        StatusCode::OK,
        &page::Card {
            shell,
            here,
            id: item.id.clone(),
            version: book.marks().await?.etag(&card.placement),
            initials: initials(&view.name),
            has_photo: view.has_photo,
            photo_alt: fill(visit.text.photo_of, &[&view.name]),
            may_edit: rights.modify,
            may_delete: rights.remove,
            view,
        },
    ))
}

/// `POST …/c/ID/delete`
pub async fn delete(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    axum::Form(form): axum::Form<DeleteForm>,
) -> Response {
    let answer = async {
        if !visit.accepts(&web, &form.token) {
            return Err(Error::Invalid(visit.text.stale_form.to_owned()));
        }
        let (book, card) = item.open(&web, &visit).await?;
        let condition = Condition::Match(vec![form.version.clone()]);
        book.delete(&card.placement.href, &condition).await?;
        let done = form_encode(&[("done", "deleted"), ("name", &card.placement.display)]);
        Ok(see_other(&format!("{}?{done}", item.place.path())))
    };
    answer
        .await
        .unwrap_or_else(|error: Error| visit.failed(&web, &error))
}

/// What the deletion button sends.
#[derive(Debug, Deserialize)]
pub struct DeleteForm {
    token: String,
    version: String,
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

fn notice(visit: &Visit, params: &ListParams) -> Option<String> {
    let sentence = match params.done.as_str() {
        "created" => visit.text.created,
        "saved" => visit.text.saved,
        "deleted" => visit.text.deleted,
        _ => return None,
    };
    Some(fill(sentence, &[&params.name]))
}

fn row(row: &ListRow) -> Row {
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
    }
}

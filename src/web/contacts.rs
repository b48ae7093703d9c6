//! Lists, cards and forms of the contacts in a place.

use std::sync::Arc;

use axum::{
    extract::{Multipart, Path, Query, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::{
    Web,
    error::explain,
    facet::Submitted,
    page::{self, Row, initials, see_other, show},
    request::Visit,
    text::fill,
};
use crate::domain::{
    book::{Book, Condition},
    error::{Error, Result},
    item::{Card, random_id},
    store::{ListQuery, ListRow},
};

/// Octets of an uploaded picture that the page of a conflict carries on.
const KEPT_PHOTO: usize = 10 * 1024 * 1024;

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

/// `GET …/new`
pub async fn new(State(web): State<Arc<Web>>, place: PlacePath, visit: Visit) -> Response {
    let form = web.facet.form(None, visit.text);
    show(
        StatusCode::OK,
        &page::Edit {
            shell: visit.shell(&web, Some(&place.path())),
            title: visit.text.new_contact.to_owned(),
            action: format!("{}/new", place.path()),
            cancel: place.path(),
            version: String::new(),
            has_photo: false,
            form,
            problem: None,
        },
    )
}

/// `GET …/c/ID/edit`
pub async fn edit(State(web): State<Arc<Web>>, item: ItemPath, visit: Visit) -> Response {
    let shown = async {
        let (book, card) = item.open(&web, &visit).await?;
        let form = web.facet.form(Some(&book.content(&card)), visit.text);
        let version = book.marks().await?.etag(&card.placement);
        Ok(edit_page(&web, &visit, &item, form, version, None))
    };
    shown
        .await
        .unwrap_or_else(|error: Error| visit.failed(&web, &error))
}

fn edit_page(
    web: &Arc<Web>,
    visit: &Visit,
    item: &ItemPath,
    form: super::facet::Form,
    version: String,
    problem: Option<(StatusCode, String)>,
) -> Response {
    let path = item.path();
    let (status, problem) = match problem {
        Some((status, problem)) => (status, Some(problem)),
        None => (StatusCode::OK, None),
    };
    show(
        status,
        &page::Edit {
            shell: visit.shell(web, Some(&item.place.path())),
            title: visit.text.edit.to_owned(),
            action: format!("{path}/edit"),
            cancel: path,
            version,
            has_photo: form.has_photo,
            form,
            problem,
        },
    )
}

/// `POST …/new`
pub async fn create(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    form: Multipart,
) -> Response {
    let sent = match Sent::read(&web, &visit, form).await {
        Ok(sent) => sent,
        Err(error) => return visit.failed(&web, &error),
    };
    let done = match sent.is_complete() {
        true => save_new(&web, &place, &visit, &sent).await,
        false => Ok(None),
    };
    let problem = match done {
        Ok(Some(path)) => return see_other(&path),
        Ok(None) => sent
            .stale
            .then(|| (StatusCode::FORBIDDEN, visit.text.stale_form.to_owned())),
        Err(error) => Some(problem(&error, &visit)),
    };
    let (status, problem) = match problem {
        Some((status, problem)) => (status, Some(problem)),
        None => (StatusCode::OK, None),
    };
    show(
        status,
        &page::Edit {
            shell: visit.shell(&web, Some(&place.path())),
            title: visit.text.new_contact.to_owned(),
            action: format!("{}/new", place.path()),
            cancel: place.path(),
            version: String::new(),
            has_photo: false,
            form: web
                .facet
                .refill(&sent.submitted, sent.more.as_deref(), visit.text),
            problem,
        },
    )
}

async fn save_new(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    sent: &Sent,
) -> Result<Option<String>> {
    let book = place.open(web, visit).await?;
    let edit = web.facet.edit(None, &sent.submitted)?;
    let href = format!("{}.vcf", random_id(16));
    book.put(&href, &Condition::Absent, &*edit).await?;
    let stored = book.get(&href).await?;
    let done = form_encode(&[("done", "created"), ("name", &stored.placement.display)]);
    Ok(Some(format!(
        "{}/c/{}?{done}",
        place.path(),
        stored.placement.server_id
    )))
}

/// `POST …/c/ID/edit`
pub async fn update(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    form: Multipart,
) -> Response {
    let answer = async {
        let sent = Sent::read(&web, &visit, form).await?;
        let (book, card) = item.open(&web, &visit).await?;
        let shown = book.content(&card);
        if !sent.is_complete() {
            let form = web
                .facet
                .refill(&sent.submitted, sent.more.as_deref(), visit.text);
            let problem = sent
                .stale
                .then(|| (StatusCode::FORBIDDEN, visit.text.stale_form.to_owned()));
            return Ok(edit_page(&web, &visit, &item, form, sent.version, problem));
        }
        let edit = match web.facet.edit(Some(&shown), &sent.submitted) {
            Ok(edit) => edit,
            Err(error) => {
                let form = web.facet.refill(&sent.submitted, None, visit.text);
                let problem = problem(&error, &visit);
                return Ok(edit_page(
                    &web,
                    &visit,
                    &item,
                    form,
                    sent.version,
                    Some(problem),
                ));
            }
        };
        let condition = Condition::Match(vec![sent.version.clone()]);
        match book.put(&card.placement.href, &condition, &*edit).await {
            Ok(_) => Ok(see_other(&format!("{}?done=saved", item.path()))),
            Err(Error::PreconditionFailed) => {
                let (book, card) = item.open(&web, &visit).await?;
                let theirs = book.content(&card);
                let mine = edit.apply(Some(&theirs))?;
                let conflict = page::Conflict {
                    shell: visit.shell(&web, Some(&item.place.path())),
                    action: format!("{}/edit", item.path()),
                    back: item.path(),
                    version: book.marks().await?.etag(&card.placement),
                    mine: web.facet.view(&mine, visit.text),
                    theirs: web.facet.view(&theirs, visit.text),
                    fields: sent.submitted.fields,
                    kept_photo: sent
                        .submitted
                        .photo
                        .filter(|photo| photo.len() <= KEPT_PHOTO)
                        .map(|photo| STANDARD.encode(photo)),
                    remove_photo: sent.submitted.remove_photo,
                };
                Ok(show(StatusCode::CONFLICT, &conflict))
            }
            Err(error) => Err(error),
        }
    };
    answer
        .await
        .unwrap_or_else(|error: Error| visit.failed(&web, &error))
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

/// A place in an address: Private or a group.
#[derive(Clone, Debug, PartialEq)]
pub enum PlacePath {
    Private,
    Group(String),
}

impl PlacePath {
    /// The address of the place's list.
    pub fn path(&self) -> String {
        match self {
            PlacePath::Private => "/c/private".to_owned(),
            PlacePath::Group(name) => format!("/g/{}", encode_segment(name)),
        }
    }

    async fn open(&self, web: &Web, visit: &Visit) -> Result<Book> {
        match self {
            PlacePath::Private => {
                let default = crate::domain::collection::DEFAULT_BOOK;
                web.core.open_private(&visit.actor, default).await
            }
            PlacePath::Group(name) => web.core.open_group(&visit.actor, name).await,
        }
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for PlacePath {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        state: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        let params = path_params(parts, state).await?;
        Ok(match value(&params, "name") {
            Some(name) => PlacePath::Group(name),
            None => PlacePath::Private,
        })
    }
}

/// An item in an address.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemPath {
    pub place: PlacePath,
    pub id: String,
}

impl ItemPath {
    fn path(&self) -> String {
        format!("{}/c/{}", self.place.path(), self.id)
    }

    async fn open(&self, web: &Web, visit: &Visit) -> Result<(Book, Card)> {
        let book = self.place.open(web, visit).await?;
        let card = book.by_server_id(&self.id).await?;
        Ok((book, card))
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for ItemPath {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        state: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        let params = path_params(parts, state).await?;
        let place = PlacePath::from_request_parts(parts, state).await?;
        let id = value(&params, "id").ok_or(StatusCode::NOT_FOUND)?;
        Ok(ItemPath { place, id })
    }
}

type Params = Path<Vec<(String, String)>>;

async fn path_params<S: Send + Sync>(
    parts: &mut http::request::Parts,
    state: &S,
) -> std::result::Result<Params, StatusCode> {
    <Params as axum::extract::FromRequestParts<S>>::from_request_parts(parts, state)
        .await
        .map_err(|_| StatusCode::NOT_FOUND)
}

fn value(params: &Params, name: &str) -> Option<String> {
    params
        .0
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
}

/// What the form of a contact sent.
struct Sent {
    submitted: Submitted,
    version: String,
    /// The list to which *add another* was pressed.
    more: Option<String>,
    /// The form was made for another session.
    stale: bool,
}

impl Sent {
    async fn read(web: &Web, visit: &Visit, mut form: Multipart) -> Result<Self> {
        let invalid = |error: axum::extract::multipart::MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge {
                limit: web.upload_limit,
            },
            _ => Error::Invalid(error.body_text()),
        };
        let mut sent = Sent {
            submitted: Submitted::default(),
            version: String::new(),
            more: None,
            stale: true,
        };
        while let Some(field) = form.next_field().await.map_err(invalid)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "photo" {
                let octets = field.bytes().await.map_err(invalid)?;
                if !octets.is_empty() {
                    sent.submitted.photo = Some(octets.to_vec());
                }
                continue;
            }
            let value = field.text().await.map_err(invalid)?;
            match name.as_str() {
                "token" => sent.stale = !visit.accepts(web, &value),
                "version" => sent.version = value,
                "more" => sent.more = Some(value),
                "kept-photo" => sent.submitted.photo = STANDARD.decode(value).ok(),
                "remove-photo" => sent.submitted.remove_photo = true,
                _ => sent.submitted.fields.push((name, value)),
            }
        }
        Ok(sent)
    }

    fn is_complete(&self) -> bool {
        self.more.is_none() && !self.stale
    }
}

fn problem(error: &Error, visit: &Visit) -> (StatusCode, String) {
    let (status, _, message) = explain(error, visit.text);
    (status, message)
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

fn form_encode(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if value.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(&encode_segment(value));
    }
    out
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3).
pub fn encode_segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

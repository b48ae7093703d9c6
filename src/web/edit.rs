//! Forms of contacts: new ones, changes, and both sides of a conflict.

use std::sync::Arc;

use axum::{
    extract::{Multipart, State},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;

use super::{
    Web,
    error::explain,
    facet::{self, Submitted},
    page::{self, show},
    place::{ItemPath, PlacePath},
    request::Visit,
    told::Done,
};
use crate::domain::{
    book::Condition,
    error::{Error, Result},
    item::random_id,
};

/// Octets of an uploaded picture that the page of a conflict carries on.
const KEPT_PHOTO: usize = 10 * 1024 * 1024;

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
    form: facet::Form,
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
        Ok(Some(response)) => return response,
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
) -> Result<Option<Response>> {
    let book = place.open(web, visit).await?;
    let edit = web.facet.edit(None, &sent.submitted)?;
    let href = format!("{}.vcf", random_id(16));
    book.put(&href, &Condition::Absent, &*edit).await?;
    let stored = book.get(&href).await?;
    let path = format!("{}/c/{}", place.path(), stored.placement.server_id);
    let done = Done::of("created").to(&stored.placement.display);
    Ok(Some(done.at(&path)))
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
            Ok(_) => Ok(Done::of("saved").at(&item.path())),
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
    match error {
        // What was written and refused is kept (`rights.md` §2).
        Error::Forbidden { .. } => (status, format!("{message} {}", visit.text.refused_kept)),
        _ => (status, message),
    }
}

//! Forms of contacts: new ones, changes, and both sides of a conflict.

use std::sync::Arc;

use axum::{
    extract::{
        Multipart, State,
        multipart::{Field, MultipartError},
    },
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
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
    book::{Condition, Edit},
    error::{Error, Result},
    item::random_id,
};

/// Octets of an uploaded picture.
const PHOTO: usize = 100 * 1024 * 1024;
/// Octets of an uploaded picture that the page of a conflict carries on.
const KEPT_PHOTO: usize = 10 * 1024 * 1024;
/// Octets of everything that is typed into a form.
const TYPED: usize = 1024 * 1024;

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
    let edit = sent.edit(web, None).await?;
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
        let edit = match sent.edit(&web, Some(shown)).await {
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
                    fields: sent.submitted.fields.clone(),
                    kept_photo: sent
                        .submitted
                        .photo
                        .as_ref()
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
    submitted: Arc<Submitted>,
    version: String,
    /// The list to which *add another* was pressed.
    more: Option<String>,
    /// The form was made for another session.
    stale: bool,
    /// The picture was larger than allowed.
    too_large: bool,
}

impl Sent {
    async fn read(web: &Web, visit: &Visit, mut form: Multipart) -> Result<Self> {
        let mut sent = Sent {
            submitted: Arc::default(),
            version: String::new(),
            more: None,
            stale: true,
            too_large: false,
        };
        let mut submitted = Submitted::default();
        let mut typed = 0;
        while let Some(field) = form.next_field().await.map_err(invalid)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "photo" {
                match whole(field, PHOTO).await? {
                    Some(octets) if octets.is_empty() => {}
                    Some(octets) => submitted.photo = Some(octets),
                    None => sent.too_large = true,
                }
                continue;
            }
            let limit = match name.as_str() {
                "kept-photo" => KEPT_PHOTO * 4 / 3 + 4,
                _ => TYPED - typed,
            };
            let octets = whole(field, limit).await?;
            let octets = octets.ok_or(Error::TooLarge { limit })?;
            if name == "kept-photo" {
                submitted.photo = STANDARD.decode(octets).ok();
                continue;
            }
            typed += octets.len();
            let value = String::from_utf8_lossy(&octets).into_owned();
            match name.as_str() {
                "token" => sent.stale = !visit.accepts(web, &value),
                "version" => sent.version = value,
                "more" => sent.more = Some(value),
                "remove-photo" => submitted.remove_photo = true,
                _ => submitted.fields.push((name, value)),
            }
        }
        sent.submitted = Arc::new(submitted);
        Ok(sent)
    }

    fn is_complete(&self) -> bool {
        self.more.is_none() && !self.stale
    }

    /// What it changes of the document it was made from. Pictures take long: that is done away from
    /// the threads of requests, as many at once as there are processors.
    async fn edit(&self, web: &Arc<Web>, shown: Option<Bytes>) -> Result<Arc<dyn Edit>> {
        if self.too_large {
            return Err(Error::TooLarge { limit: PHOTO });
        }
        if self.submitted.photo.is_none() {
            return web.facet.edit(shown.as_deref(), &self.submitted);
        }
        let gone = |_| Error::Unavailable("a picture was given up".into());
        let turn = web.pictures.clone().acquire_owned().await;
        let turn = turn.map_err(|_| Error::Unavailable("the server stops".into()))?;
        let (facet, submitted) = (web.facet.clone(), self.submitted.clone());
        let made = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            facet.edit(shown.as_deref(), &submitted)
        });
        made.await.map_err(gone)?
    }
}

/// Reads a field to its end, so that the answer is read too; none when it is larger than allowed.
async fn whole(mut field: Field<'_>, limit: usize) -> Result<Option<Vec<u8>>> {
    let mut octets = Vec::new();
    let mut fits = true;
    while let Some(chunk) = field.chunk().await.map_err(invalid)? {
        fits = fits && octets.len() + chunk.len() <= limit;
        match fits {
            true => octets.extend_from_slice(&chunk),
            false => octets = Vec::new(),
        }
    }
    Ok(fits.then_some(octets))
}

fn invalid(error: MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge { limit: PHOTO },
        _ => Error::Invalid(error.body_text()),
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

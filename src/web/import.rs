//! Import, first and second step: uploading a file, and previewing how it is read.

mod choices;
mod report;
mod review;
mod unfit;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Multipart, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use self::{choices::Asked, review::Review, unfit::Unfit};
use super::{
    Web, documents,
    edit::whole,
    form::Posted,
    page::{Shell, see_other, show},
    params::Query,
    place::{PlacePath, UploadPath, form_encode},
    request::Visit,
    share::name_of,
    told::{Done, Told},
    when,
};
use crate::{
    domain::{
        book::{Book, Room},
        error::{Error, Result},
        json,
        rights::Right,
        rule::Rule,
    },
    text::{Text, fill},
    transfer::{Incoming, Limits, Mapping, Options, foresee, is_vcard},
};

pub use report::{again, end, page as report, refused, undo};
pub use review::brief;

/// Octets of a megabyte.
const MEGA: usize = 1024 * 1024;
/// Octets of a field that is no file.
const FIELD: usize = 4096;

#[derive(Template)]
#[template(path = "import.html")]
struct Start {
    shell: Shell,
    here: String,
    title: String,
    /// What is read, and how much of it.
    formats: String,
    room: String,
    /// Books that may be added to: address, name, whether it is this one.
    into: Vec<(String, String, bool)>,
    /// Number, file, moment.
    past: Vec<(i64, String, String)>,
}

/// `GET …/import`
pub async fn start(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    show_start(&web, &place, &visit, done.into()).await
}

async fn show_start(web: &Arc<Web>, place: &PlacePath, visit: &Visit, told: Told) -> Response {
    let shown = async {
        let book = open(web, place, visit).await?;
        let (text, limits) = (visit.text, limits(web, visit));
        let megabytes = limits.octets / MEGA;
        let mut formats = fill(text.transfer.formats, &[&megabytes, &limits.contacts]);
        if let Some(most) = visit.actor.photo {
            let most = documents::octets(most as i64, text);
            formats.push_str(&format!(" {}", fill(text.transfer.photos_up_to, &[&most])));
        }
        let past = book.imports().await?;
        let mut into = Vec::new();
        for other in web.core.books(&visit.actor).await? {
            if other.may_add() {
                let current = other.collection().id == book.collection().id;
                let path = PlacePath::of(&other).path();
                into.push((path, name_of(&other, visit), current));
            }
        }
        Ok(show(
            told.status(),
            &Start {
                title: title(&book, visit),
                formats,
                room: room(&book, text).await?,
                into,
                past: past
                    .into_iter()
                    .map(|import| (import.id.0, import.name, when::shown(import.at, text)))
                    .collect(),
                shell: visit.shell_telling(web, Some(&place.path()), told),
                here: place.path(),
            },
        ))
    };
    visit.answer(web, shown).await
}

/// The book, where something may be added to it.
async fn open(web: &Web, place: &PlacePath, visit: &Visit) -> Result<Book> {
    let book = place.open(web, visit).await?;
    if book.may_add() {
        Ok(book)
    } else {
        Err(Error::Forbidden { right: Right::Add })
    }
}

fn title(book: &Book, visit: &Visit) -> String {
    fill(visit.text.transfer.import_into, &[&name_of(book, visit)])
}

/// How many contacts may still be imported.
async fn room(book: &Book, text: &Text) -> Result<String> {
    let count = book.count().await?;
    Ok(match book.room().await? {
        Some(Room { left, quota }) => {
            fill(text.transfer.room, &[&(quota - left), &quota, &left.max(0)])
        }
        None => {
            let x = text.transfer;
            text.counted(count, [x.no_limit_one, x.no_limit])
        }
    })
}

/// `POST …/import`: the file goes to the disk as it arrives.
pub async fn receive(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    form: Multipart,
) -> Response {
    let person = visit.actor.person;
    let received = async {
        open(&web, &place, &visit).await.map_err(Unfit::Error)?;
        let (upload, name) = arrive(&web, &visit, form).await?;
        let options = Default::default();
        match web.jobs.preview(person, &upload, options).await {
            Ok(Ok(_)) => Ok((upload, name)),
            Ok(Err(refused)) => {
                web.jobs.discard(person, &upload).await;
                Err(Unfit::Refused(refused))
            }
            Err(error) => Err(Unfit::Error(error)),
        }
    };
    match received.await {
        Ok((upload, name)) => {
            let query = form_encode(&[("name", &name)]);
            see_other(&format!("{}/import/file/{upload}?{query}", place.path()))
        }
        Err(unfit) => {
            let told = unfit.told(&visit, limits(&web, &visit));
            show_start(&web, &place, &visit, told).await
        }
    }
}

/// What the person may import at once.
fn limits(web: &Web, visit: &Visit) -> Limits {
    web.jobs.limits_within(visit.actor.import_size)
}

/// What a form with files sent, once it is on the disk: the name it waits under, and its own.
async fn arrive(
    web: &Arc<Web>,
    visit: &Visit,
    mut form: Multipart,
) -> std::result::Result<(String, String), Unfit> {
    let malformed = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Unfit::TooLarge,
        _ => Unfit::Error(Error::Invalid(Rule::Form)),
    };
    let mut arriving: Option<Incoming> = None;
    let mut unfit = Some(Unfit::Stale);
    let (mut name, mut parts, mut cards) = (String::new(), 0, 0);
    while let Some(mut field) = form.next_field().await.map_err(malformed)? {
        let field_name = field.name().unwrap_or_default().to_owned();
        if field_name != "file" && field_name != "text" {
            let value = whole(field, FIELD).await.map_err(Unfit::of)?;
            let value = value.and_then(|octets| String::from_utf8(octets).ok());
            if field_name == "token" && value.is_some_and(|value| visit.accepts(web, &value)) {
                unfit = None;
            }
            continue;
        }
        let file_name = field.file_name().unwrap_or_default().to_owned();
        let mut begun = false;
        while let Some(octets) = field.chunk().await.map_err(malformed)? {
            // What is not wanted is read all the same: only then does a browser see the answer.
            if unfit.is_some() || octets.is_empty() {
                continue;
            }
            if arriving.is_none() {
                let incoming = web.jobs.receive(visit.actor.person).await;
                let incoming = incoming.map_err(Unfit::Error)?;
                arriving = Some(incoming.at_most(limits(web, visit).octets));
            }
            let Some(incoming) = &mut arriving else {
                continue;
            };
            if !begun {
                begun = true;
                parts += 1;
                cards += usize::from(is_vcard(&octets));
                if parts > 1 {
                    incoming.write(b"\r\n").await.map_err(Unfit::Error)?;
                } else {
                    name.clone_from(&file_name);
                }
            }
            match incoming.write(&octets).await {
                Ok(()) => {}
                Err(Error::TooLarge { .. }) => {
                    unfit = Some(Unfit::TooLarge);
                    arriving = None;
                }
                Err(error) => return Err(Unfit::Error(error)),
            }
        }
    }
    if parts > 1 && cards < parts {
        unfit = unfit.or(Some(Unfit::Mixed));
    }
    match (unfit, arriving) {
        (Some(unfit), _) => Err(unfit),
        (None, None) => Err(Unfit::Nothing),
        (None, Some(incoming)) => {
            let upload = incoming.finish().await.map_err(Unfit::Error)?;
            if name.is_empty() {
                name.push_str(visit.text.transfer.pasted)
            } else {
                name = name.chars().take(FIELD).collect()
            }
            Ok((upload, name))
        }
    }
}

/// The name of the file, in the address of its page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    name: String,
}

/// `GET …/import/file/UPLOAD`
pub async fn check(
    State(web): State<Arc<Web>>,
    waiting: UploadPath,
    visit: Visit,
    Query(named): Query<Named>,
) -> Response {
    let asked = Asked::first(&named.name, visit.text);
    show_check(&web, &waiting, &visit, &asked).await
}

/// `POST …/import/file/UPLOAD`: the same with other choices.
pub async fn check_again(
    State(web): State<Arc<Web>>,
    waiting: UploadPath,
    posted: Posted,
) -> Response {
    let asked = Asked::of(&posted);
    show_check(&web, &waiting, &posted.visit, &asked).await
}

async fn show_check(
    web: &Arc<Web>,
    waiting: &UploadPath,
    visit: &Visit,
    asked: &Asked,
) -> Response {
    let shown = async {
        let book = open(web, &waiting.place, visit).await?;
        let options = options(web, visit, asked).await?;
        let person = visit.actor.person;
        let file = match web.jobs.preview(person, &waiting.upload, options).await? {
            Ok(file) => file,
            Err(refused) => return Ok(Err(refused)),
        };
        let foreseen = foresee(&book, &file).await?;
        let x = visit.text.transfer;
        let wrong = if asked.is_unclear() {
            Some(x.records_unclear.to_owned())
        } else if asked.misses(&file) {
            Some(fill(x.records_none, &[&asked.records, &file.entries.len()]))
        } else {
            None
        };
        let told = wrong.map_or(Told::Nothing, |wrong| {
            Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, wrong)
        });
        let status = told.status();
        let review = Review {
            web,
            waiting,
            visit,
            asked,
            book: &book,
            file: &file,
            foreseen: &foreseen,
        };
        let mut page = review.page().await?;
        page.shell = visit.shell_telling(web, Some(&waiting.place.path()), told);
        Ok(Ok(show(status, &page)))
    };
    match shown.await {
        Ok(Ok(page)) => page,
        Ok(Err(refused)) => {
            let told = Unfit::Refused(refused).told(visit, limits(web, visit));
            show_start(web, &waiting.place, visit, told).await
        }
        Err(error @ Error::NotFound) => {
            let told = Unfit::Error(error).told(visit, limits(web, visit));
            show_start(web, &waiting.place, visit, told).await
        }
        Err(error) => visit.failed(web, &error),
    }
}

/// How the file is read: by what was chosen, else by what was remembered.
async fn options(web: &Web, visit: &Visit, asked: &Asked) -> Result<Options> {
    let mut options = asked.options.clone();
    if asked.other_format {
        return Ok(options);
    }
    for (fingerprint, codes) in web.core.mappings(&visit.actor).await? {
        let codes = json::read("a mapping of columns", codes.as_bytes()).unwrap_or_default();
        options.mappings.push(Mapping { fingerprint, codes });
    }
    Ok(options)
}

/// `POST …/import/file/UPLOAD/start`
pub async fn begin(State(web): State<Arc<Web>>, waiting: UploadPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let asked = Asked::of(&posted);
    if asked.is_unclear() {
        return show_check(&web, &waiting, visit, &asked).await;
    }
    let begun = async {
        let book = open(&web, &waiting.place, visit).await?;
        let options = options(&web, visit, &asked).await?;
        let (person, upload) = (visit.actor.person, &waiting.upload);
        let file = match web.jobs.preview(person, upload, options.clone()).await? {
            Ok(file) => file,
            Err(refused) => return Ok(Err(refused)),
        };
        if asked.misses(&file) {
            return Ok(Ok(None));
        }
        if file.has_mapping() {
            let codes: Vec<&str> = file.columns.iter().map(|column| &column.code[..]).collect();
            let codes = serde_json::to_string(&codes).unwrap_or_default();
            web.core
                .remember_mapping(&visit.actor, &file.fingerprint, codes)
                .await?;
        }
        let job = asked.job(upload, &file, options);
        let import = web.jobs.start(&book, &asked.name, &job).await?;
        Ok(Ok(Some(import)))
    };
    let place = &waiting.place;
    match begun.await {
        Ok(Ok(Some(import))) => see_other(&format!("{}/imports/{import}", place.path())),
        Ok(Ok(None)) => show_check(&web, &waiting, visit, &asked).await,
        Ok(Err(refused)) => {
            show_start(
                &web,
                place,
                visit,
                Unfit::Refused(refused).told(visit, limits(&web, visit)),
            )
            .await
        }
        Err(error) => {
            show_start(
                &web,
                place,
                visit,
                Unfit::Error(error).told(visit, limits(&web, visit)),
            )
            .await
        }
    }
}

/// `POST …/import/file/UPLOAD/discard`
pub async fn discard(State(web): State<Arc<Web>>, waiting: UploadPath, posted: Posted) -> Response {
    let person = posted.visit.actor.person;
    web.jobs.discard(person, &waiting.upload).await;
    see_other(&waiting.place.path())
}

//! Import, first and second step: uploading a file, and previewing how it is read.

mod choices;
mod report;
mod unfit;

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Multipart, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use self::{
    choices::{Asked, Select, columns, duplicates, recognition},
    unfit::Unfit,
};
use super::{
    Web, documents,
    edit::whole,
    facet::{CardView, Choice as Choosable},
    form::Posted,
    page::{Shell, see_other, show},
    params::Query,
    place::{PlacePath, UploadPath, form_encode},
    request::Visit,
    share::name_of,
    text::{Text, fill},
    told::{Done, Told},
    when,
};
use crate::{
    domain::{
        book::Book,
        error::{Error, Result},
        item::Card,
        likeness::Likeness,
        rights::Right,
    },
    transfer::{
        Alike, Choice, File, Foreseen, Format, Incoming, Limits, Mapping, Outcome, Refused,
        foresee, is_vcard,
    },
};

pub use report::{again, page as report, refused, undo};

/// Octets of a megabyte.
const MEGA: usize = 1024 * 1024;
/// Contacts shown before they are imported.
const PREVIEW: usize = 20;
/// Duplicates that can be decided one by one.
const REVIEWED: usize = 50;
/// Values of a contact that are shown in short.
const BRIEF: usize = 6;
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
            let shown = !other.is_private() || other.collection().is_default();
            if shown && other.privileges().await?.add {
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
    shown
        .await
        .unwrap_or_else(|error: Error| visit.failed(web, &error))
}

/// The book, where something may be added to it.
async fn open(web: &Web, place: &PlacePath, visit: &Visit) -> Result<Book> {
    let book = place.open(web, visit).await?;
    if book.privileges().await?.add {
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
        Some((left, quota)) => fill(text.transfer.room, &[&count, &quota, &left.max(0)]),
        None => {
            let x = text.transfer;
            let here = usize::try_from(count).unwrap_or(usize::MAX);
            fill(text.of_many(here, [x.no_limit_one, x.no_limit]), &[&here])
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
        match web.jobs.read(person, &upload, options).await {
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
        _ => Unfit::Error(Error::Invalid(error.body_text().into())),
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

#[derive(Template)]
#[template(path = "import_check.html")]
struct Check {
    shell: Shell,
    here: String,
    title: String,
    upload: String,
    name: String,
    fingerprint: String,
    shown_as: &'static str,
    recognized: String,
    recognition: Vec<Select>,
    sample: String,
    doubtful: bool,
    google: bool,
    collected: bool,
    counts: String,
    room: String,
    columns: Vec<choices::ColumnChoice>,
    /// Name, and what else there is of it.
    preview: Vec<(String, String)>,
    duplicates: Vec<Select>,
    alike: Vec<Pair>,
    reviewed: bool,
    more_alike: Option<String>,
    categories: bool,
    categories_label: &'static str,
    tag: String,
    tagged: bool,
    tag_label: String,
    records: String,
    /// None: nothing of it fits.
    button: Option<String>,
}

/// A record and the contact it is like.
struct Pair {
    record: u64,
    incoming: (String, String),
    present: (String, String),
    options: Vec<Choosable>,
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
        let file = match read(web, visit, &waiting.upload, asked).await? {
            Ok(file) => file,
            Err(refused) => return Ok(Err(refused)),
        };
        let foreseen = foresee(&book, &file).await?;
        let told = if asked.is_unclear() {
            let sentence = visit.text.transfer.records_unclear.to_owned();
            Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, sentence)
        } else {
            Told::Nothing
        };
        let status = told.status();
        let mut page = checked(web, waiting, visit, asked, &book, &file, &foreseen).await?;
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

/// The file as it would be read: by what was chosen, else by what was remembered.
async fn read(
    web: &Web,
    visit: &Visit,
    upload: &str,
    asked: &Asked,
) -> Result<std::result::Result<File, Refused>> {
    let mut options = asked.options.clone();
    if asked.other_format {
        return web.jobs.read(visit.actor.person, upload, options).await;
    }
    for (fingerprint, codes) in web.core.mappings(&visit.actor).await? {
        let codes = serde_json::from_str(&codes).unwrap_or_default();
        options.mappings.push(Mapping { fingerprint, codes });
    }
    web.jobs.read(visit.actor.person, upload, options).await
}

async fn checked(
    web: &Arc<Web>,
    waiting: &UploadPath,
    visit: &Visit,
    asked: &Asked,
    book: &Book,
    file: &File,
    foreseen: &Foreseen,
) -> Result<Check> {
    let text = visit.text;
    let x = text.transfer;
    let of = |likeness| {
        foreseen
            .alike
            .iter()
            .filter(move |a| a.likeness == likeness)
            .count()
    };
    let certain = of(Likeness::Certain);
    let possible = foreseen.alike.len() - certain;
    let wanted = |record: u64| asked.wants(record);
    let likened: HashMap<u64, &Alike> = foreseen.alike.iter().map(|a| (a.record, a)).collect();
    let created = file.entries.iter().filter(|entry| {
        let contact = matches!(entry.outcome, Outcome::Card(_));
        contact && wanted(entry.record) && {
            let alike = likened.get(&entry.record);
            alike.is_none_or(|alike| asked.choice(alike) == Choice::CreateAnyway)
        }
    });
    let created = created.count();
    let chosen = file.entries.iter().filter(|entry| {
        matches!(entry.outcome, Outcome::Card(_) | Outcome::Group(_)) && wanted(entry.record)
    });
    let chosen = chosen.count();
    let all_of_them = [x.import_contacts_one, x.import_contacts];
    let mut button = Some(fill(text.of_many(chosen, all_of_them), &[&chosen]));
    let room = match book.room().await? {
        Some((left, quota)) => {
            let left = usize::try_from(left).unwrap_or(0);
            if created > left {
                let first = [x.import_first_one, x.import_first];
                button = match left {
                    // What completes contacts needs no room.
                    0 => (chosen > created).then(|| x.import_no_new.to_owned()),
                    _ => Some(fill(text.of_many(left, first), &[&left])),
                };
            }
            let found = foreseen.contacts;
            let said = text.of_many(found, [x.found_room_one, x.found_room]);
            fill(said, &[&found, &left, &quota])
        }
        None => room(book, text).await?,
    };
    let cards = file
        .entries
        .iter()
        .filter_map(|entry| match &entry.outcome {
            Outcome::Card(made) => Some((entry.record, made)),
            _ => None,
        });
    let mut alike = Vec::new();
    for pair in foreseen.alike.iter().take(REVIEWED) {
        let made = cards.clone().find(|(record, _)| *record == pair.record);
        let present = present(book, pair).await?;
        alike.push(Pair {
            record: pair.record,
            incoming: made.map_or_else(Default::default, |(_, made)| {
                brief(&web.facet.view(&made.card, &visit.reader()))
            }),
            present: match present {
                Some(card) => brief(&web.facet.view(&book.content(&card), &visit.reader())),
                None => (x.earlier_in_file.to_owned(), String::new()),
            },
            options: choices::each(asked.choices.each.get(&pair.record).copied(), x),
        });
    }
    let google = matches!(file.format, Format::GoogleOld | Format::GoogleNew);
    Ok(Check {
        shell: visit.shell(web, Some(&waiting.place.path())),
        here: waiting.place.path(),
        title: title(book, visit),
        upload: waiting.upload.clone(),
        name: asked.name.clone(),
        fingerprint: file.fingerprint.clone(),
        shown_as: asked.format(),
        recognized: fill(x.recognized, &[&choices::recognized(file, text)]),
        recognition: recognition(file, asked, x),
        sample: file.sample.clone(),
        doubtful: file.doubtful,
        google,
        collected: asked.options.collected,
        counts: fill(
            x.counts,
            &[
                &foreseen.contacts,
                &foreseen.fresh,
                &certain,
                &possible,
                &foreseen.lists,
                &foreseen.skipped,
                &foreseen.warnings,
            ],
        ),
        room,
        columns: columns(file, text),
        preview: cards
            .clone()
            .take(PREVIEW)
            .map(|(_, made)| brief(&web.facet.view(&made.card, &visit.reader())))
            .collect(),
        duplicates: duplicates(asked, x),
        alike,
        reviewed: !asked.choices.each.is_empty(),
        more_alike: foreseen
            .alike
            .len()
            .checked_sub(REVIEWED)
            .filter(|more| *more > 0)
            .map(|more| fill(x.more_of_them, &[&more])),
        categories: asked.choices.categories,
        categories_label: if book.is_private() {
            x.keep_categories_private
        } else {
            x.keep_categories_group
        },
        tagged: asked.choices.tag.is_some(),
        tag_label: fill(x.put_imported_tag, &[&asked.tag]),
        tag: asked.tag.clone(),
        records: asked.records.clone(),
        button,
    })
}

async fn present(book: &Book, pair: &Alike) -> Result<Option<Card>> {
    let Some(placement) = pair.present else {
        return Ok(None);
    };
    let found = book.by_placements(&[placement]).await?;
    Ok(found.into_iter().next().flatten())
}

/// A name, and what else a contact says in one line.
pub fn brief(view: &CardView) -> (String, String) {
    let summary = (!view.summary.is_empty()).then(|| view.summary.clone());
    let lines = view.lines.iter().take(BRIEF);
    let said = lines.map(|line| format!("{}: {}", line.label, line.value.replace('\n', ", ")));
    let said: Vec<String> = summary.into_iter().chain(said).collect();
    (view.name.clone(), said.join(" · "))
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
        let file = match read(&web, visit, &waiting.upload, &asked).await? {
            Ok(file) => file,
            Err(refused) => return Ok(Err(refused)),
        };
        if file.has_mapping() {
            let codes: Vec<&str> = file.columns.iter().map(|column| &column.code[..]).collect();
            let codes = serde_json::to_string(&codes).unwrap_or_default();
            web.core
                .remember_mapping(&visit.actor, &file.fingerprint, codes)
                .await?;
        }
        let job = asked.job(&waiting.upload, &file);
        web.jobs.start(&book, &asked.name, &job).await.map(Ok)
    };
    let place = &waiting.place;
    match begun.await {
        Ok(Ok(import)) => see_other(&format!("{}/imports/{import}", place.path())),
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

//! Forms with files: their octets go to the store as they arrive, and are dropped unless the whole
//! form arrived.

use std::sync::Arc;

use axum::{
    extract::{
        Multipart, State,
        multipart::{Field, MultipartError},
    },
    response::Response,
};
use http::StatusCode;

use super::{folder_telling, refused};
use crate::{
    domain::{book::Book, document::Upload, error::Error, id::CollectionId, item::Placement},
    text::fill,
    web::{
        Web,
        contacts::ListParams,
        place::PlacePath,
        request::Visit,
        told::{Deed, Done, Told},
    },
};

/// Files of one form.
const FILES: usize = 50;
/// Octets of a field that is no file.
const FIELD: usize = 64 * 1024;
/// Fields that are no files.
const FIELDS: usize = 50;
/// Octets that are read on after the form was refused: only then does a browser see the answer.
const DRAINED: usize = 64 * 1024 * 1024;

/// What a form sent.
#[derive(Default)]
pub struct Sent {
    fields: Vec<(String, String)>,
    pub uploads: Vec<Upload>,
}

impl Sent {
    /// The value of a field that came before the files; empty when absent.
    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    /// The folder a field names.
    pub fn folder(&self) -> CollectionId {
        CollectionId(self.value("to").parse().unwrap_or(0))
    }
}

/// Where files go.
pub enum Into<'a> {
    Folder(&'a Book),
    /// A new version of a document.
    Version(&'a Book, &'a Placement),
    /// The folder named by a field before the files.
    Chosen,
}

/// Why a form was not taken.
pub enum Unfit {
    Error(Error),
    Stale,
    Nothing,
    TooMany,
    Cut,
}

impl Unfit {
    /// The message for the page.
    pub fn told(&self, visit: &Visit) -> Told {
        let d = visit.text.documents;
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        let (status, sentence) = match self {
            Unfit::Error(error) => return refused(error, visit),
            Unfit::Stale => (StatusCode::FORBIDDEN, visit.text.stale_form.to_owned()),
            Unfit::Nothing => (unprocessable, d.nothing_chosen.to_owned()),
            Unfit::TooMany => (unprocessable, fill(d.too_many_files, &[&FILES])),
            Unfit::Cut => (StatusCode::BAD_REQUEST, d.cut_short.to_owned()),
        };
        Told::Refused(status, sentence)
    }
}

/// `POST /d/…/upload`: files into a folder, all or none.
pub async fn upload(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    form: Multipart,
) -> Response {
    let uploaded = async {
        let book = place.open(&web, &visit).await.map_err(Unfit::Error)?;
        let sent = receive(&web, &visit, form, Into::Folder(&book)).await?;
        let added = book.add_documents(sent.uploads).await;
        added.map_err(Unfit::Error)
    };
    match uploaded.await {
        Ok(ids) => Done::of(Deed::Uploaded)
            .numbers(&[ids.len()])
            .at(&place.path()),
        Err(unfit) => {
            let told = unfit.told(&visit);
            folder_telling(&web, &place, &visit, &ListParams::default(), told).await
        }
    }
}

/// Reads a form: its token comes first, then other fields, then files.
pub async fn receive(
    web: &Arc<Web>,
    visit: &Visit,
    mut form: Multipart,
    into: Into<'_>,
) -> Result<Sent, Unfit> {
    let mut sent = Sent::default();
    let mut unfit = Some(Unfit::Stale);
    let mut drained = 0;
    while let Some(field) = form.next_field().await.map_err(cut)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            let value = short(field).await?;
            if name == "token" && visit.accepts(web, &value) && matches!(unfit, Some(Unfit::Stale))
            {
                unfit = None;
            }
            if sent.fields.len() < FIELDS {
                sent.fields.push((name, value));
            }
            continue;
        }
        let file_name = field.file_name().unwrap_or_default().to_owned();
        let taken = match unfit {
            // An input without a choice sends a nameless file.
            None if file_name.is_empty() => continue,
            None => take(web, visit, &mut sent, field, &file_name, &into).await?,
            Some(_) => Some((Unfit::Stale, field)),
        };
        if let Some((why, mut rest)) = taken {
            // What had come goes at once.
            sent.uploads.clear();
            if unfit.is_none() {
                unfit = Some(why);
            }
            while let Some(octets) = rest.chunk().await.map_err(cut)? {
                drained += octets.len();
                if drained > DRAINED {
                    return Err(unfit.unwrap_or(Unfit::Cut));
                }
            }
        }
    }
    match unfit {
        Some(unfit) => Err(unfit),
        None if sent.uploads.is_empty() => Err(Unfit::Nothing),
        None => Ok(sent),
    }
}

/// Takes one file; where it was refused, why, and what of it was not read.
async fn take<'f>(
    web: &Arc<Web>,
    visit: &Visit,
    sent: &mut Sent,
    mut field: Field<'f>,
    name: &str,
    into: &Into<'_>,
) -> Result<Option<(Unfit, Field<'f>)>, Unfit> {
    if sent.uploads.len() == FILES {
        return Ok(Some((Unfit::TooMany, field)));
    }
    let begun = match into {
        Into::Folder(book) => book.begin_upload(name).await,
        Into::Version(book, placement) => book.begin_version(placement, name).await,
        Into::Chosen => match web.core.open(&visit.actor, sent.folder()).await {
            Ok(folder) => folder.begin_upload(name).await,
            Err(error) => Err(error),
        },
    };
    let mut upload = match begun {
        Ok(upload) => upload,
        Err(error) => return Ok(Some((Unfit::Error(error), field))),
    };
    while let Some(octets) = field.chunk().await.map_err(cut)? {
        if let Err(error) = upload.write(&octets).await {
            return Ok(Some((Unfit::Error(error), field)));
        }
    }
    sent.uploads.push(upload);
    Ok(None)
}

/// A field of bounded length.
async fn short(mut field: Field<'_>) -> Result<String, Unfit> {
    let mut value = Vec::new();
    while let Some(octets) = field.chunk().await.map_err(cut)? {
        if value.len() + octets.len() > FIELD {
            return Err(Unfit::Cut);
        }
        value.extend_from_slice(&octets);
    }
    String::from_utf8(value).map_err(|_| Unfit::Cut)
}

fn cut(_: MultipartError) -> Unfit {
    Unfit::Cut
}

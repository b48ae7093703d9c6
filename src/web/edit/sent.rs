//! The input of a contact's form, pictures included.

use std::sync::Arc;

use axum::{
    RequestExt as _,
    extract::{
        DefaultBodyLimit, Multipart, Request,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::StatusCode;

use crate::{
    domain::{
        book::Edit,
        error::{Error, Result},
        id::RevisionId,
        rule::Rule,
    },
    http::body::{self, Place},
    text::{Text, by_tag, dates::month_first},
    web::{
        Web,
        facet::{Submitted, WebFacet},
        request::Visit,
    },
};

/// Octets of an uploaded picture, at most.
pub const PHOTO: usize = 100 * 1024 * 1024;
/// Octets of a picture that a page carries on.
const KEPT_PHOTO: usize = 10 * 1024 * 1024;
/// Octets of everything that is typed into a form.
const TYPED: usize = 1024 * 1024;
/// Octets of it that come back in the form, to be shortened.
const SHOWN: usize = 8 * TYPED;
/// Octets of a form of somebody who is not signed in any more; a picture among them is not kept.
const SIGNED_OUT: usize = 16 * 1024 * 1024;
/// Octets that a field takes besides its name and its value.
const FIELD: usize = 64;
/// Refused changes that one form settles.
const SETTLED: usize = 50;
/// Octets of a new contact's name in a form, each written as two hex digits.
pub const NAME: usize = 16;
/// Prefix of the field that chooses between both sides of a contested field.
pub const CHOICE: &str = "choice-";
/// Chosen is what the server has: the form says nothing of the field.
const THEIRS: &str = "theirs";
/// The button that shows the photo, among those that add a row.
const SHOW_PHOTO: &str = "photo";

/// Whether another contact was given this name by the form.
fn is_name(name: &str) -> bool {
    name.len() == 2 * NAME && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The input of a contact's form.
pub struct Sent {
    pub submitted: Arc<Submitted>,
    pub version: String,
    /// The list whose *add another* was pressed, or the button that shows the photo.
    pub more: Option<String>,
    /// Ids of alike contacts that the person has seen.
    pub seen: Vec<String>,
    /// Refused changes to settle once the form is saved.
    pub settles: Vec<RevisionId>,
    /// The contact was removed: the input becomes another one, of this name.
    pub anew: Option<String>,
    /// The form belongs to another session.
    pub stale: bool,
    /// A picture came with a form that is too old, and was not taken.
    pub lost_photo: bool,
    /// The picture was larger than allowed.
    too_large: bool,
    /// More was typed than a form may have.
    too_long: bool,
    /// What the picture takes of the room for large bodies.
    room: Option<Place<'static>>,
}

impl Sent {
    /// Reads the form from a request; the answer to one that cannot be read.
    pub async fn read(
        web: &Web,
        visit: &Visit,
        request: Request,
    ) -> std::result::Result<Self, Response> {
        let form: std::result::Result<Multipart, _> = request.extract().await;
        let form = form.map_err(|rejection: MultipartRejection| rejection.into_response())?;
        let sent = Self::of(web, visit, form).await;
        sent.map_err(|error| visit.failed(web, &error))
    }

    async fn of(web: &Web, visit: &Visit, mut form: Multipart) -> Result<Self> {
        let mut sent = Sent::new(visit.text);
        let mut submitted = Submitted {
            photo_limit: visit.actor.photo,
            ..Submitted::clone(&sent.submitted)
        };
        let mut room = body::place(visit.actor.person.0);
        let (mut typed, mut held) = (0, 0);
        let mut theirs = Vec::new();
        while let Some(field) = form.next_field().await.map_err(invalid)? {
            let name = field.name().unwrap_or_default().to_owned();
            let is_picture = matches!(name.as_str(), "photo" | "kept-photo");
            // The token comes first: nothing large is taken from elsewhere.
            if is_picture && sent.stale {
                sent.lost_photo |= whole(field, 0).await?.is_none();
                continue;
            }
            if is_picture {
                let limit = if name == "photo" {
                    PHOTO
                } else {
                    KEPT_PHOTO * 4 / 3 + 4
                };
                match picture(field, limit, &mut room).await? {
                    None => sent.too_large = true,
                    Some(octets) if octets.is_empty() => {}
                    Some(octets) if name == "photo" => submitted.photo = Some(octets),
                    // A picture chosen since goes before it.
                    Some(octets) => {
                        let kept = || STANDARD.decode(octets).ok();
                        submitted.photo = submitted.photo.or_else(kept);
                    }
                }
                continue;
            }
            held += name.len() + FIELD;
            let Some(octets) = whole(field, SHOWN.saturating_sub(held)).await? else {
                sent.too_long = true;
                continue;
            };
            if held > SHOWN {
                sent.too_long = true;
                continue;
            }
            held += octets.len();
            typed += octets.len();
            let value = String::from_utf8_lossy(&octets).into_owned();
            match (name.as_str(), name.strip_prefix(CHOICE)) {
                ("token", _) => sent.stale = !visit.accepts(web, &value),
                (_, Some(id)) if value == THEIRS => theirs.push(id.to_owned()),
                _ => sent.take(name, value, &mut submitted),
            }
        }
        sent.room = Some(room);
        sent.too_long |= typed > TYPED;
        submitted.leave(theirs);
        if submitted.remove_photo {
            submitted.photo = None;
        }
        sent.submitted = Arc::new(submitted);
        Ok(sent)
    }

    /// What was typed into the form of somebody who is not signed in any more; none where nothing
    /// was.
    pub async fn signed_out(text: &Text, mut request: Request) -> Option<Self> {
        DefaultBodyLimit::max(SIGNED_OUT).apply(&mut request);
        let mut form: Multipart = request.extract().await.ok()?;
        let mut sent = Sent::new(text);
        let mut submitted = Submitted::clone(&sent.submitted);
        let mut left = TYPED;
        let mut is_conflict = false;
        // What came before the limit is better than nothing.
        while let Ok(Some(field)) = form.next_field().await {
            let name = field.name().unwrap_or_default().to_owned();
            let is_typed = !matches!(name.as_str(), "photo" | "kept-photo" | "token");
            let limit = if is_typed { left } else { 0 };
            let octets = match whole(field, limit).await {
                Ok(Some(octets)) if is_typed => octets,
                Ok(_) => continue,
                Err(_) => break,
            };
            left = left.saturating_sub(octets.len() + name.len());
            is_conflict |= name.starts_with(CHOICE);
            let value = String::from_utf8_lossy(&octets).into_owned();
            sent.take(name, value, &mut submitted);
        }
        sent.more = None;
        let is_empty = submitted.fields.iter().all(|(_, value)| value.is_empty());
        sent.submitted = Arc::new(submitted);
        // Both sides of a conflict are kept as a refused change.
        (!is_empty && !is_conflict).then_some(sent)
    }

    fn new(text: &Text) -> Self {
        let submitted = Submitted {
            language: text.lang,
            month_first: month_first(text),
            ..Submitted::default()
        };
        Sent {
            submitted: Arc::new(submitted),
            version: String::new(),
            more: None,
            seen: Vec::new(),
            settles: Vec::new(),
            anew: None,
            stale: true,
            lost_photo: false,
            too_large: false,
            too_long: false,
            room: None,
        }
    }

    /// Takes one field.
    fn take(&mut self, name: String, value: String, submitted: &mut Submitted) {
        match name.as_str() {
            "version" => self.version = value,
            "more" => self.more = Some(value),
            "seen" => self.seen.push(value),
            "settles" => self.settles.extend(value.parse().map(RevisionId)),
            "anew" => self.anew = Some(value).filter(|name| is_name(name)),
            "lang" => submitted.language = by_tag(&value).map_or(submitted.language, |t| t.lang),
            "remove-photo" => submitted.remove_photo = true,
            _ if name.starts_with(CHOICE) => {}
            _ => submitted.fields.push((name, value)),
        }
    }

    pub fn is_complete(&self) -> bool {
        self.more.is_none() && !self.stale
    }

    /// Settles the refused changes of a form that was saved.
    pub async fn settle(&self, web: &Arc<Web>, visit: &Visit) {
        for refused in self.settles.iter().take(SETTLED) {
            // One that stays is found twice, and nothing is lost.
            let _ = web.core.dismiss_refused(&visit.actor, *refused).await;
        }
    }

    /// The changes to the document the form was made from.
    pub async fn edit(&self, web: &Arc<Web>, shown: Option<Bytes>) -> Result<Arc<dyn Edit>> {
        if self.too_large {
            return Err(Error::TooLarge { limit: PHOTO });
        }
        if self.too_long {
            return Err(Error::TooLarge { limit: TYPED });
        }
        if self.submitted.photo.is_none() {
            return web.facet.edit(shown.as_deref(), &self.submitted);
        }
        let submitted = self.submitted.clone();
        in_turn(web, move |facet| facet.edit(shown.as_deref(), &submitted)).await
    }

    /// The picture as it would be stored, in base64, for the next page; a stale form shows and
    /// keeps none.
    pub async fn picture(&self, web: &Arc<Web>) -> Result<Option<String>> {
        if self.too_large && self.more.as_deref() == Some(SHOW_PHOTO) {
            return Err(Error::TooLarge { limit: PHOTO });
        }
        if self.submitted.photo.is_none() || self.stale {
            return Ok(None);
        }
        let submitted = self.submitted.clone();
        let made = in_turn(web, move |facet| {
            let octets = submitted.photo.as_deref().unwrap_or_default();
            facet.picture(octets, submitted.photo_limit)
        });
        Ok(Some(STANDARD.encode(made.await?)))
    }
}

/// Runs work on pictures away from the threads of requests, and in turn.
pub async fn in_turn<T: Send + 'static>(
    web: &Arc<Web>,
    work: impl FnOnce(&dyn WebFacet) -> Result<T> + Send + 'static,
) -> Result<T> {
    let facet = web.facet.clone();
    let made = web.core.pictures().blocking(move || work(&*facet));
    made.await?
}

/// Reads a field to its end, so that the client reads the answer; none when it is too large.
pub async fn whole(field: Field<'_>, limit: usize) -> Result<Option<Vec<u8>>> {
    to_end(field, limit, |_| Ok(())).await
}

/// [`whole`], of a picture; `Unavailable` while too much is received at once.
pub async fn picture(
    field: Field<'_>,
    limit: usize,
    room: &mut Place<'_>,
) -> Result<Option<Vec<u8>>> {
    let had = room.octets();
    to_end(field, limit, |octets| {
        let taken = room.beside(had, octets);
        taken.map_err(|busy| Error::Unavailable(busy.to_string()))
    })
    .await
}

async fn to_end(
    mut field: Field<'_>,
    limit: usize,
    mut takes: impl FnMut(usize) -> Result<()>,
) -> Result<Option<Vec<u8>>> {
    let mut octets = Vec::new();
    let mut taken = Ok(true);
    while let Some(chunk) = field.chunk().await.map_err(invalid)? {
        if matches!(taken, Ok(true)) {
            let length = octets.len() + chunk.len();
            taken = if length <= limit {
                takes(length).map(|()| true)
            } else {
                Ok(false)
            };
        }
        if matches!(taken, Ok(true)) {
            octets.extend_from_slice(&chunk)
        } else {
            octets = Vec::new()
        }
    }
    Ok(taken?.then_some(octets))
}

/// `Invalid` for a form that breaks the format.
pub fn invalid(error: MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge { limit: PHOTO },
        _ => Error::Invalid(Rule::Form),
    }
}

//! GET and HEAD (RFC 9110 §9.3): a card, all cards of a book, a page for people.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use carnet_proto::dav::xml::escape_attribute_into;
use http::{HeaderValue, StatusCode, header};

use super::{
    apple,
    precondition::{is_unchanged, modified},
    propfind::CHUNK,
};
use crate::{
    dav::{
        Call,
        error::Failure,
        output::{Answer, Content, PART, Sink, VCARD, empty, make, typed},
        path::{Resource, apple_profile_href},
        property::http_date,
    },
    domain::{book::Book, cursor::Position, error::Error},
};

/// The page shown to people who open a CardDAV URL in a browser.
fn page(call: &Call) -> String {
    let profile = match call.face.public_url {
        None => String::new(),
        Some(_) => {
            let mut link = "<p><a href=\"".to_owned();
            escape_attribute_into(&apple_profile_href(&call.actor.login), &mut link);
            link + "\">A profile for Mac, iPhone and iPad</a> sets up the account and the groups."
        }
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Carnet</title>\
         <p>This address is for CardDAV clients: give it to yours together with your login.{profile}"
    )
}

/// How much of an answer the client is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// GET
    Whole,
    /// HEAD
    Head,
}

/// Answers GET and HEAD: a card in the version asked for (304 if unchanged), all cards of a book as
/// one file, else a page for people. HEAD shows nothing of a card.
pub async fn get(call: Arc<Call>, extent: Extent) -> Result<Answer, Failure> {
    match &call.resource {
        Resource::Card { book, name, .. } => card(&call, book, name, extent).await,
        Resource::Book { book, .. } => {
            let etag = book.etag();
            let mut answer = if is_unchanged(&call, &etag, None).await? {
                empty(StatusCode::NOT_MODIFIED)
            } else {
                let maker = |sink| async move { all(&call, &sink).await };
                let mut answer = make(StatusCode::OK, VCARD, maker).await?;
                answer.headers_mut().insert(
                    header::CONTENT_DISPOSITION,
                    HeaderValue::from_static("attachment; filename=\"contacts.vcf\""),
                );
                answer
            };
            if let Ok(etag) = HeaderValue::from_str(&etag) {
                answer.headers_mut().insert(header::ETAG, etag);
            }
            Ok(answer)
        }
        Resource::AppleProfile => apple::profile(&call),
        Resource::NewBook { .. } | Resource::Registration(_) => Err(Error::NotFound.into()),
        _ => {
            let page = Content::Whole(page(&call).into());
            Ok(typed(StatusCode::OK, "text/html; charset=utf-8", page))
        }
    }
}

async fn card(call: &Call, book: &Book, name: &str, extent: Extent) -> Result<Answer, Failure> {
    let card = book.get(name).await?;
    let etag = book.etag_of(&card.placement).await?;
    let mut answer = if is_unchanged(call, &etag, Some(modified(&card))).await? {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        let rendering = call.render(book, &card, call.asked_version());
        typed(StatusCode::OK, VCARD, Content::Whole(rendering))
    };
    if extent == Extent::Whole {
        book.note_given(&[(card.placement.id, card.placement.changed)])
            .await?;
    }
    let headers = answer.headers_mut();
    let modified = http_date(card.placement.shown_since);
    for (name, value) in [(header::ETAG, etag), (header::LAST_MODIFIED, modified)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    Ok(answer)
}

async fn all(call: &Call, sink: &Sink) -> Result<Bytes, Failure> {
    let Resource::Book { book, .. } = &call.resource else {
        return Err(Error::NotFound.into());
    };
    let mut out = BytesMut::new();
    let mut next = Some(Position::default());
    while let Some(position) = next {
        let leg = book.walk(position, CHUNK).await?;
        for card in &leg.cards {
            out.extend_from_slice(&call.render(book, card, call.asked_version()));
            if out.len() >= PART {
                sink.send(out.split().freeze()).await?;
            }
        }
        next = leg.next;
    }
    Ok(out.freeze())
}

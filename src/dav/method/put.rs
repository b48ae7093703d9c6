//! PUT (RFC 9110 §9.3.4, RFC 6352 §6.3.2).

use bytes::Bytes;
use carnet_proto::dav::{href::encode, precondition::Precondition};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::task::block_in_place;

use super::precondition::condition;
use crate::{
    dav::{
        Call,
        error::Failure,
        facet::{DavFacet, HEAVY},
        output::{Answer, Content, VCARD, empty, typed},
        path::{Resource, is_name},
        push,
    },
    domain::{
        book::{Book, Condition},
        error::Error,
        rights::Right,
    },
};

/// Answers PUT of a card: 201 or 204; 405 on anything but a card, 412 when a condition fails.
pub async fn put(call: &Call) -> Result<Answer, Failure> {
    let Resource::Card { book, name, .. } = &call.resource else {
        return Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED));
    };
    if call.headers.contains_key(header::CONTENT_RANGE) {
        return Err(Failure::BadRequest("Content-Range with PUT".into()));
    }
    if !is_name(name) {
        return Err(Failure::Status(StatusCode::FORBIDDEN));
    }
    let condition = condition(call).await?;
    store(call, book, name, &condition).await
}

/// Stores the body under a name; answers with an ETag only if a GET would give the very octets.
pub async fn store(
    call: &Call,
    book: &Book,
    name: &str,
    condition: &Condition,
) -> Result<Answer, Failure> {
    let uploaded = uploaded(call);
    let facet = call.face.facet.clone();
    let content = uploaded.as_ref().ok().cloned();
    let limit = call.face.core.limits().document;
    let edit = move |current: Option<&[u8]>| -> Result<Vec<u8>, Error> {
        let uploaded = content.clone().ok_or(Error::TooLarge { limit })?;
        Ok(match current {
            Some(current) if current.len() > HEAVY => {
                block_in_place(|| facet.with_stored_picture(current, &uploaded))
            }
            _ => uploaded.to_vec(),
        })
    };
    let written = match book.put(name, condition, &edit).await {
        Ok(written) => written,
        Err(error) => return Err(refused(call, error, uploaded.err())),
    };
    push::written(call, &written.moved);
    let rendering = call.render(book, &written.card, None);
    let as_sent = call.body.as_ref().is_ok_and(|body| *body == rendering);
    let mut answer = if call.prefer().representation {
        let status = if written.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let shown = match call.asked_version() {
            None => rendering,
            asked => call.render(book, &written.card, asked),
        };
        let mut answer = typed(status, VCARD, Content::Whole(shown));
        represents(call, name, answer.headers_mut());
        answer
    } else {
        empty(if written.created {
            StatusCode::CREATED
        } else {
            StatusCode::NO_CONTENT
        })
    };
    if (as_sent || call.prefer().representation)
        && let Ok(etag) = HeaderValue::from_str(&written.etag)
    {
        answer.headers_mut().insert(header::ETAG, etag);
    }
    Ok(answer)
}

/// Says that the body is the card, and that this was asked for (RFC 9110 §8.7, RFC 7240 §3).
fn represents(call: &Call, name: &str, headers: &mut HeaderMap) {
    let href = match &call.resource {
        Resource::Book { href, .. } => format!("{href}{}", encode(name)),
        _ => call.href(),
    };
    if let Ok(href) = HeaderValue::from_str(&href) {
        headers.insert(header::CONTENT_LOCATION, href);
    }
    let applied = HeaderValue::from_static("return=representation");
    headers.insert("preference-applied", applied);
}

/// Why the body cannot be a card comes after rights and conditions.
fn refused(call: &Call, error: Error, body: Option<Failure>) -> Failure {
    match (&error, body, &call.resource) {
        (Error::InvalidDocument(_) | Error::TooLarge { .. }, Some(failure), _) => failure,
        (Error::Forbidden { right: Right::Add }, _, Resource::Card { book_href, .. }) => {
            Failure::about(error, book_href)
        }
        (
            Error::UidConflict { href },
            _,
            Resource::Book {
                href: book_href, ..
            },
        ) => {
            let holder = format!("{book_href}{}", encode(href));
            Failure::about(error, &holder)
        }
        _ => Failure::about(error, &call.href()),
    }
}

fn uploaded(call: &Call) -> Result<Bytes, Failure> {
    let body = call.body.as_ref().map_err(|_| Failure::too_large())?;
    card(&*call.face.facet, &call.headers, body)
}

/// A body as UTF-8; refused when neither it nor its media type is a vCard's.
pub fn card(facet: &dyn DavFacet, headers: &HeaderMap, body: &Bytes) -> Result<Bytes, Failure> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("charset")
            .then(|| value.trim_matches('"'))
    });
    let text = facet.decode(body.clone(), charset);
    let is_card = text
        .windows(b"BEGIN:VCARD".len())
        .any(|window| window.eq_ignore_ascii_case(b"BEGIN:VCARD"));
    let may_be_card = [
        "",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "text/plain",
        "application/octet-stream",
    ]
    .contains(&&*media_type);
    if is_card || may_be_card {
        Ok(text)
    } else {
        Err(Failure::forbidden(
            Precondition::SupportedAddressData,
            format!("{media_type} is not a vCard"),
        ))
    }
}

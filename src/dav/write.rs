//! GET, PUT, POST, DELETE, COPY and MOVE.

use bytes::Bytes;
use carnet_proto::{
    dav::{
        header::Tags,
        href::{encode, path_of, segments},
    },
    vcard::Version,
};
use http::{HeaderValue, StatusCode, header};

use super::{Answer, Call, empty, error::Failure, path::Resource, resource::http_date};
use crate::domain::{
    book::{Book, Condition, Replace},
    cursor::Position,
    error::{Error, Result as DomainResult},
    item::{Card, random_id},
    rights::Right,
};

/// RFC 9110 §9.3.1; a book answers with all its cards, a page for people elsewhere.
pub async fn get(call: &Call, head: bool) -> Result<Answer, Failure> {
    let mut response = match &call.resource {
        Resource::Card { book, name, .. } => get_card(call, book, name).await?,
        Resource::Book { book, .. } => get_book(call, book).await?,
        Resource::NewBook { .. } => return Err(Error::NotFound.into()),
        _ => {
            let page =
                "<!doctype html><title>Carnet</title><p>This address is for CardDAV clients.";
            let mut response = http::Response::new(Bytes::from(page));
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            );
            response
        }
    };
    if head {
        let length = response.body().len();
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        *response.body_mut() = Bytes::new();
    }
    Ok(response)
}

async fn get_card(call: &Call, book: &Book, name: &str) -> Result<Answer, Failure> {
    let card = book.get(name).await?;
    let etag = book.marks().await?.etag(&card.placement);
    let unchanged = match call.header("if-none-match").map(Tags::parse) {
        Some(Tags::Any) => true,
        Some(Tags::List(tags)) => tags.contains(&etag),
        None => false,
    };
    let version = wanted_version(call, &card);
    let mut response = match unchanged {
        true => empty(StatusCode::NOT_MODIFIED),
        false => vcard(call.render(book, &card, version)),
    };
    let headers = response.headers_mut();
    let modified = http_date(card.placement.modified);
    for (name, value) in [(header::ETAG, etag), (header::LAST_MODIFIED, modified)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

async fn get_book(call: &Call, book: &Book) -> Result<Answer, Failure> {
    let mut all = Vec::new();
    let mut next = Some(Position::default());
    while let Some(position) = next {
        let leg = book.walk(position, 1000).await?;
        for card in &leg.cards {
            all.extend(call.render(book, card, wanted_version(call, card)));
        }
        next = leg.next;
    }
    let mut response = vcard(all);
    response.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"contacts.vcf\""),
    );
    Ok(response)
}

/// The version a GET asks for (RFC 6352 §5.1.1), else the client's.
fn wanted_version(call: &Call, card: &Card) -> Version {
    let accept = call.header("accept").unwrap_or_default();
    let asked = |version: &str| accept.replace([' ', '"'], "").contains(version);
    if asked("version=4.0") {
        Version::V4
    } else if asked("version=3.0") {
        Version::V3
    } else {
        let stored = call.face.facet.stored_version(&card.document);
        call.profile.default_version(stored)
    }
}

fn vcard(bytes: Vec<u8>) -> Answer {
    let mut response = http::Response::new(Bytes::from(bytes));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/vcard; charset=utf-8"),
    );
    response
}

/// RFC 6352 §6.3.2
pub async fn put(call: &Call) -> Result<Answer, Failure> {
    let Resource::Card { book, name, .. } = &call.resource else {
        return Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED));
    };
    if call.headers.contains_key(header::CONTENT_RANGE) {
        return Err(Failure::BadRequest("Content-Range with PUT".into()));
    }
    if name.len() > 255 {
        return Err(Failure::Status(StatusCode::FORBIDDEN));
    }
    store(call, book, name, &condition(call)).await
}

/// RFC 5995: the server chooses the name.
pub async fn post(call: &Call) -> Result<Answer, Failure> {
    let Resource::Book { book, href } = &call.resource else {
        return Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED));
    };
    let name = format!("{}.vcf", random_id(16));
    let mut response = store(call, book, &name, &Condition::Absent).await?;
    if let Ok(location) = HeaderValue::from_str(&format!("{href}{}", encode(&name))) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn store(
    call: &Call,
    book: &Book,
    name: &str,
    condition: &Condition,
) -> Result<Answer, Failure> {
    let uploaded = text_of(call)?;
    let facet = call.face.facet.clone();
    let version = call.profile.default_version(Version::V3);
    let edit = {
        let uploaded = uploaded.clone();
        move |current: Option<&[u8]>| -> DomainResult<Vec<u8>> {
            Ok(match current {
                // A client that reads another version than is stored could not see everything.
                Some(current) => facet.retain_unseen(current, "", version, &uploaded),
                None => uploaded.clone(),
            })
        }
    };
    let href = call.resource.href(&call.actor);
    let written = book.put(name, condition, &edit).await.map_err(|error| {
        let about = match (&error, &call.resource) {
            (Error::Forbidden { right: Right::Add }, Resource::Card { book_href, .. }) => book_href,
            _ => &href,
        };
        Failure::about(error, about)
    })?;
    let card = book.get(name).await?;
    let status = match written.created {
        true => StatusCode::CREATED,
        false => StatusCode::NO_CONTENT,
    };
    let rendering = call.render(book, &card, wanted_version(call, &card));
    let etag = HeaderValue::from_str(&written.etag);
    if call.prefer().representation {
        let mut response = vcard(rendering);
        *response.status_mut() = match written.created {
            true => StatusCode::CREATED,
            false => StatusCode::OK,
        };
        if let Ok(etag) = etag {
            response.headers_mut().insert(header::ETAG, etag);
        }
        return Ok(response);
    }
    let mut response = empty(status);
    // RFC 6352 §6.3.2.3: a tag only if the client would read back the very octets.
    if let (true, Ok(etag)) = (rendering == uploaded, etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

/// The body as UTF-8 where its charset says otherwise.
fn text_of(call: &Call) -> Result<Vec<u8>, Failure> {
    let content_type = call.header("content-type").unwrap_or_default();
    let media_type = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_card = call
        .body
        .windows(11)
        .any(|window| window.eq_ignore_ascii_case(b"BEGIN:VCARD"));
    let plausible = matches!(
        media_type.as_str(),
        "" | "text/vcard"
            | "text/x-vcard"
            | "text/directory"
            | "text/plain"
            | "application/octet-stream"
    );
    if !is_card && !plausible {
        return Err(Failure::forbidden(
            "C:supported-address-data",
            format!("{media_type} is not a vCard"),
        ));
    }
    Ok(call.body.to_vec())
}

fn condition(call: &Call) -> Condition {
    let tags = |name: &str| call.header(name).map(Tags::parse);
    match (tags("if-match"), tags("if-none-match")) {
        (Some(Tags::Any), _) => Condition::Exists,
        (Some(Tags::List(tags)), _) => Condition::Match(tags),
        (None, Some(Tags::Any)) => Condition::Absent,
        (None, Some(Tags::List(tags))) => Condition::NoneMatch(tags),
        (None, None) => Condition::None,
    }
}

/// RFC 4918 §9.6
pub async fn delete(call: &Call) -> Result<Answer, Failure> {
    let href = call.resource.href(&call.actor);
    match &call.resource {
        Resource::Card {
            book,
            book_href,
            name,
        } => {
            book.delete(name, &condition(call))
                .await
                .map_err(|error| match error {
                    // What lacks is the right to unbind from the book.
                    Error::Forbidden { .. } => Failure::about(error, book_href),
                    error => error.into(),
                })?;
        }
        Resource::Book { book, .. } => book
            .remove()
            .await
            .map_err(|error| Failure::about(error, &href))?,
        Resource::NewBook { .. } => return Err(Error::NotFound.into()),
        _ => {
            let error = Error::Forbidden {
                right: Right::Remove,
            };
            return Err(Failure::about(error, &href));
        }
    }
    Ok(empty(StatusCode::NO_CONTENT))
}

/// RFC 4918 §9.8, §9.9
pub async fn copy_or_move(call: &Call, moves: bool) -> Result<Answer, Failure> {
    let Resource::Card { book, name, .. } = &call.resource else {
        return Err(Failure::Status(StatusCode::FORBIDDEN));
    };
    let destination = call
        .header("destination")
        .ok_or_else(|| Failure::BadRequest("no Destination".into()))?;
    let path = path_of(destination);
    if !path.starts_with("/dav/") {
        return Err(Failure::Status(StatusCode::BAD_GATEWAY));
    }
    let path = segments(path).map_err(|_| Failure::BadRequest("bad Destination".into()))?;
    let target = Resource::find(&call.face, &call.actor, &path)
        .await
        .map_err(|failure| match failure {
            Failure::Domain(Error::NotFound, _) => Failure::Status(StatusCode::CONFLICT),
            failure => failure,
        })?;
    let Resource::Card {
        book: target_book,
        name: target_name,
        ..
    } = &target
    else {
        return Err(Failure::Status(StatusCode::FORBIDDEN));
    };
    let same_book = target_book.collection().id == book.collection().id;
    if same_book && target_name == name {
        return Err(Failure::Status(StatusCode::FORBIDDEN));
    }
    let overwrite = call
        .header("overwrite")
        .is_none_or(|value| value.trim() != "F");
    let card = book.get(name).await?;
    let target_href = target.href(&call.actor);
    let occupied = match target_book.get(target_name).await {
        Ok(_) => true,
        Err(Error::NotFound) => false,
        Err(error) => return Err(error.into()),
    };
    if occupied && !overwrite {
        return Err(Failure::Status(StatusCode::PRECONDITION_FAILED));
    }
    if same_book && moves {
        book.rename(&card, target_name)
            .await
            .map_err(|error| Failure::about(error, &target_href))?;
        return Ok(empty(StatusCode::CREATED));
    }
    let content = Replace(book.content(&card));
    let written = target_book
        .put(target_name, &Condition::None, &content)
        .await
        .map_err(|error| Failure::about(error, &target_href))?;
    if moves {
        book.delete(name, &Condition::None)
            .await
            .map_err(|error| Failure::about(error, &call.resource.href(&call.actor)))?;
    }
    Ok(empty(match written.created {
        true => StatusCode::CREATED,
        false => StatusCode::NO_CONTENT,
    }))
}

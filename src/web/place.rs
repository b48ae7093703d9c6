//! Places and items in addresses.

use axum::extract::Path;
use http::StatusCode;

use super::{Web, request::Visit};
use crate::domain::{book::Book, error::Result, id::ImportId, item::Card};

/// A place in an address: Private or a group.
#[derive(Clone, Debug, PartialEq)]
pub enum PlacePath {
    Private,
    Group(String),
}

impl PlacePath {
    /// Where a book of the person is shown.
    pub fn of(book: &Book) -> Self {
        match book.is_private() {
            true => PlacePath::Private,
            false => PlacePath::Group(book.collection().segment.clone()),
        }
    }

    /// The address of the place's list.
    pub fn path(&self) -> String {
        match self {
            PlacePath::Private => "/c/private".to_owned(),
            PlacePath::Group(name) => format!("/g/{}", encode_segment(name)),
        }
    }

    /// Opens it for the visitor; without *Read* it does not exist.
    pub async fn open(&self, web: &Web, visit: &Visit) -> Result<Book> {
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

/// A group's exact name in an address.
pub struct GroupName(pub String);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for GroupName {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        state: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        let params = path_params(parts, state).await?;
        value(&params, "name")
            .map(GroupName)
            .ok_or(StatusCode::NOT_FOUND)
    }
}

/// An item in an address.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemPath {
    pub place: PlacePath,
    pub id: String,
}

impl ItemPath {
    /// The address of the item's card.
    pub fn path(&self) -> String {
        format!("{}/c/{}", self.place.path(), self.id)
    }

    /// Opens it for the visitor; without *Read* it does not exist.
    pub async fn open(&self, web: &Web, visit: &Visit) -> Result<(Book, Card)> {
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

/// A file that waits to be imported into a place.
pub struct UploadPath {
    pub place: PlacePath,
    pub upload: String,
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for UploadPath {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        state: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        let params = path_params(parts, state).await?;
        let place = PlacePath::from_request_parts(parts, state).await?;
        let upload = value(&params, "upload").ok_or(StatusCode::NOT_FOUND)?;
        Ok(UploadPath { place, upload })
    }
}

/// Two items of a place.
pub struct PairPath {
    pub place: PlacePath,
    pub first: String,
    pub second: String,
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for PairPath {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        state: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        let params = path_params(parts, state).await?;
        let place = PlacePath::from_request_parts(parts, state).await?;
        let (first, second) = value(&params, "first")
            .zip(value(&params, "second"))
            .ok_or(StatusCode::NOT_FOUND)?;
        Ok(PairPath {
            place,
            first,
            second,
        })
    }
}

/// An import into a place.
pub struct ImportPath {
    pub place: PlacePath,
    pub import: ImportId,
}

impl ImportPath {
    /// The address of its report.
    pub fn path(&self) -> String {
        format!("{}/imports/{}", self.place.path(), self.import)
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for ImportPath {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        state: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        let params = path_params(parts, state).await?;
        let place = PlacePath::from_request_parts(parts, state).await?;
        let import = value(&params, "import").and_then(|number| number.parse().ok());
        let import = ImportId(import.ok_or(StatusCode::NOT_FOUND)?);
        Ok(ImportPath { place, import })
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

/// `name=value&…` of what is not empty.
pub fn form_encode(pairs: &[(&str, &str)]) -> String {
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

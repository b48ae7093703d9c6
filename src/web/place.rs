//! Places and items in URLs.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    response::Response,
};
use http::request::Parts;

use super::{
    Web,
    params::{Path, nowhere},
    request::Visit,
};
use crate::domain::{
    book::Book,
    collection::{DEFAULT_BOOK, DEFAULT_FOLDER, Place},
    error::Result,
    id::ImportId,
    item::Card,
};

/// A place in a URL: the contacts of Private, of a further private book or of a group, or a folder of
/// documents.
#[derive(Clone, Debug, PartialEq)]
pub enum PlacePath {
    Private,
    /// A private book besides the one everybody has, by the last segment of its URL for clients.
    Book(String),
    Group(String),
    Folder {
        /// None: in Private.
        group: Option<String>,
        segment: String,
    },
}

impl PlacePath {
    /// The place that shows a book of the person.
    pub fn of(book: &Book) -> Self {
        if book.collection().is_folder() {
            let group = match book.collection().place {
                Place::Group(group) => book.actor().membership(group),
                _ => None,
            };
            return PlacePath::Folder {
                group: group.map(|membership| membership.name.clone()),
                segment: book.collection().segment.clone(),
            };
        }
        let segment = || book.collection().segment.clone();
        match book.is_private() {
            true if book.collection().is_default() => PlacePath::Private,
            true => PlacePath::Book(segment()),
            false => PlacePath::Group(segment()),
        }
    }

    /// URL path of the place's list.
    pub fn path(&self) -> String {
        match self {
            PlacePath::Private => "/c/private".to_owned(),
            PlacePath::Book(segment) => format!("/c/books/{}", encode_segment(segment)),
            PlacePath::Group(name) => format!("/g/{}", encode_segment(name)),
            PlacePath::Folder { group, segment } => {
                let place = Self::documents(group.as_deref());
                format!("{place}/{}", encode_segment(segment))
            }
        }
    }

    /// URL path of the documents of Private or of a group.
    pub fn documents(group: Option<&str>) -> String {
        match group {
            None => "/d/private".to_owned(),
            Some(name) => format!("/d/g/{}", encode_segment(name)),
        }
    }

    /// Private or the group it belongs to.
    pub fn environment(&self) -> Self {
        match self {
            PlacePath::Folder { group, .. } => match group {
                Some(name) => PlacePath::Group(name.clone()),
                None => PlacePath::Private,
            },
            other => other.clone(),
        }
    }

    /// The place of the same kind in a group: its contacts, or its documents.
    pub fn same_in(&self, group: &str) -> Self {
        if self.is_folder() {
            PlacePath::Folder {
                group: Some(group.to_owned()),
                segment: DEFAULT_FOLDER.to_owned(),
            }
        } else {
            PlacePath::Group(group.to_owned())
        }
    }

    /// A folder of documents.
    pub fn is_folder(&self) -> bool {
        matches!(self, PlacePath::Folder { .. })
    }

    /// Opens it for the visitor; without *Read* it does not exist.
    pub async fn open(&self, web: &Web, visit: &Visit) -> Result<Book> {
        match self {
            PlacePath::Private => web.core.open_private(&visit.actor, DEFAULT_BOOK).await,
            PlacePath::Book(segment) => web.core.open_private(&visit.actor, segment).await,
            PlacePath::Group(name) => web.core.open_group(&visit.actor, name).await,
            PlacePath::Folder { group, segment } => {
                let core = &web.core;
                core.open_folder(&visit.actor, group.as_deref(), segment)
                    .await
            }
        }
    }
}

/// What an address names, read from its parameters.
trait Named: Sized {
    /// None: there is no such address.
    fn named(params: &Params) -> Option<Self>;
}

/// Makes handlers take what an address names.
macro_rules! extracted {
    ($($path:ty),+) => {$(
        impl<S: Send + Sync> FromRequestParts<S> for $path
        where
            Arc<Web>: FromRef<S>,
        {
            type Rejection = Response;

            async fn from_request_parts(
                parts: &mut Parts,
                state: &S,
            ) -> std::result::Result<Self, Response> {
                let Path(params) = Path::from_request_parts(parts, state).await?;
                match Self::named(&Params(params)) {
                    Some(path) => Ok(path),
                    None => Err(nowhere(parts, state).await),
                }
            }
        }
    )+};
}

extracted!(
    PlacePath, GroupName, ItemPath, UploadPath, PairPath, ImportPath
);

/// Names and values of an address.
struct Params(Vec<(String, String)>);

impl Params {
    fn value(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }

    fn place(&self) -> PlacePath {
        match (self.value("folder"), self.value("name")) {
            (Some(segment), group) => PlacePath::Folder { group, segment },
            (None, Some(name)) => PlacePath::Group(name),
            (None, None) => match self.value("book") {
                Some(segment) if segment != DEFAULT_BOOK => PlacePath::Book(segment),
                _ => PlacePath::Private,
            },
        }
    }
}

impl Named for PlacePath {
    fn named(params: &Params) -> Option<Self> {
        Some(params.place())
    }
}

/// A group's exact name in an address.
pub struct GroupName(pub String);

impl Named for GroupName {
    fn named(params: &Params) -> Option<Self> {
        params.value("name").map(GroupName)
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

    /// The card of an item that is not here any more, where the visitor may read it elsewhere.
    pub async fn successor(&self, web: &Web, visit: &Visit) -> Result<Option<Self>> {
        let book = self.place.open(web, visit).await?;
        let found = book.successor(&self.id).await?;
        Ok(found.map(|(book, card)| Self {
            place: PlacePath::of(&book),
            id: card.placement.server_id,
        }))
    }
}

impl Named for ItemPath {
    fn named(params: &Params) -> Option<Self> {
        Some(ItemPath {
            place: params.place(),
            id: params.value("id")?,
        })
    }
}

/// A file that waits to be imported into a place.
pub struct UploadPath {
    pub place: PlacePath,
    pub upload: String,
}

impl Named for UploadPath {
    fn named(params: &Params) -> Option<Self> {
        Some(UploadPath {
            place: params.place(),
            upload: params.value("upload")?,
        })
    }
}

/// Two items of a place.
pub struct PairPath {
    pub place: PlacePath,
    pub first: String,
    pub second: String,
}

impl Named for PairPath {
    fn named(params: &Params) -> Option<Self> {
        Some(PairPath {
            place: params.place(),
            first: params.value("first")?,
            second: params.value("second")?,
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

impl Named for ImportPath {
    fn named(params: &Params) -> Option<Self> {
        Some(ImportPath {
            place: params.place(),
            import: ImportId(params.value("import")?.parse().ok()?),
        })
    }
}

/// `name=value&…` of the pairs whose value is not empty.
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

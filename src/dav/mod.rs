//! CardDAV: discovery, properties, methods and reports.
//!
//! One function per method maps a request to one verb of the domain and its outcome to the wire.
//! No right, revision or sequence is compared here.

mod error;
pub mod facet;
mod method;
mod path;
mod profile;
mod property;
mod report;
mod resource;
mod write;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use carnet_proto::dav::{
    header::{Depth, Prefer},
    href::segments,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use self::{error::Failure, facet::DavFacet, path::Resource, profile::Profile};
use crate::{
    auth::{Authenticator, Outcome},
    domain::{
        actor::{Actor, Client},
        core::Core,
    },
    http::{body, peer},
};

/// What requests of CardDAV clients need.
pub struct Face {
    pub core: Arc<Core>,
    pub auth: Arc<Authenticator>,
    pub facet: Arc<dyn DavFacet>,
}

/// A request of somebody signed in.
struct Call {
    face: Arc<Face>,
    actor: Arc<Actor>,
    profile: Profile,
    resource: Resource,
    /// Decoded segments of the path.
    headers: HeaderMap,
    body: Bytes,
}

/// DAV class tokens (RFC 4918 §18, RFC 3744 §7.2, RFC 5689 §3.1, RFC 6352 §6.1).
const DAV: &str = "1, 3, access-control, extended-mkcol, addressbook";
const METHODS: &str =
    "OPTIONS, GET, HEAD, PUT, DELETE, POST, PROPFIND, PROPPATCH, REPORT, MKCOL, COPY, MOVE";
/// Octets of a request that is XML.
const MAX_XML: usize = 4 * 1024 * 1024;

/// Everything under `/dav/`, and the well-known address.
pub fn router(face: Arc<Face>) -> Router {
    Router::new()
        .route("/.well-known/carddav", any(well_known))
        .route("/dav", any(serve))
        .route("/dav/", any(serve))
        .route("/dav/{*path}", any(serve))
        .with_state(face)
}

/// Answers a WebDAV method on any path: the app hands over those for `/`.
pub async fn serve(State(face): State<Arc<Face>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let mut response = match answer(face, request).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    };
    body::compress(&headers, &mut response);
    let (mut parts, bytes) = response.into_parts();
    let fixed = [
        (
            header::VARY,
            "Accept, Accept-Encoding, Prefer, Brief, User-Agent",
        ),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    for (name, value) in fixed {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }
    parts.headers.insert("dav", HeaderValue::from_static(DAV));
    Response::from_parts(parts, Body::from(bytes))
}

/// 301 with a path only, so that no proxy's scheme or name can be wrong (RFC 6764 §5).
async fn well_known() -> impl IntoResponse {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, "/dav/")])
}

type Answer = http::Response<Bytes>;

async fn answer(face: Arc<Face>, request: Request) -> Result<Answer, Failure> {
    let method = request.method().clone();
    if method == Method::OPTIONS {
        return Ok(options());
    }
    let peer = peer(request.extensions());
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let person = match face
        .auth
        .basic(headers.get(header::AUTHORIZATION), peer)
        .await?
    {
        Outcome::Known(person) => person,
        Outcome::Missing | Outcome::Denied => return Err(Failure::Unauthorized),
        Outcome::Throttled { retry_after } => return Err(Failure::Throttled(retry_after)),
    };
    let profile = Profile::of(&headers);
    let client = Client {
        label: format!("CardDAV {}", profile.family),
        device: None,
    };
    let actor = Arc::new(face.core.actor(person.id, client).await?);
    let segments =
        segments(parts.uri.path()).map_err(|_| Failure::BadRequest("bad path".into()))?;
    let limit = match method.as_str() {
        "PUT" | "POST" => face.core.limits().document + 1,
        _ => MAX_XML,
    };
    // Nothing is read for a method that takes no body.
    let body = match method.as_str() {
        "GET" | "HEAD" | "DELETE" | "COPY" | "MOVE" => Bytes::new(),
        _ => body::read(&headers, body, limit)
            .await
            .map_err(|error| match error {
                body::BodyError::TooLarge if limit == MAX_XML => {
                    Failure::Status(StatusCode::PAYLOAD_TOO_LARGE)
                }
                body::BodyError::TooLarge => Failure::too_large(),
                body::BodyError::Broken => Failure::BadRequest("the body ended early".into()),
                body::BodyError::Encoding => Failure::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            })?,
    };
    let resource = Resource::find(&face, &actor, &segments).await?;
    let call = Call {
        face,
        actor,
        profile,
        resource,
        headers,
        body,
    };
    match method.as_str() {
        "PROPFIND" => method::propfind(&call).await,
        "PROPPATCH" => method::proppatch(&call).await,
        "REPORT" => report::report(&call).await,
        "MKCOL" => method::mkcol(&call).await,
        "GET" | "HEAD" => write::get(&call, method == Method::HEAD).await,
        "PUT" => write::put(&call).await,
        "POST" => write::post(&call).await,
        "DELETE" => write::delete(&call).await,
        "COPY" => write::copy_or_move(&call, false).await,
        "MOVE" => write::copy_or_move(&call, true).await,
        _ => Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

/// Without authentication: nothing in it is secret, and set-up assistants ask first.
fn options() -> Answer {
    let mut response = http::Response::new(Bytes::new());
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(METHODS));
    response
}

impl Call {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn prefer(&self) -> Prefer {
        Prefer::parse(self.header("prefer"), self.header("brief"))
    }

    /// The Depth header; none when it is absent.
    fn depth(&self) -> Result<Option<Depth>, Failure> {
        match self.header("depth") {
            None => Ok(None),
            Some(value) => Depth::parse(value)
                .map(Some)
                .ok_or_else(|| Failure::BadRequest(format!("Depth: {value}"))),
        }
    }
}

/// An answer with a body of XML.
fn xml(status: StatusCode, body: String) -> Answer {
    let mut response = http::Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml; charset=utf-8"),
    );
    response
}

/// An answer without a body.
fn empty(status: StatusCode) -> Answer {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

//! CardDAV: discovery, properties, methods and reports.
//!
//! One function per method maps a request to one verb of the domain and its outcome to the wire.
//! No right, revision or sequence is compared here.

mod error;
pub mod facet;
mod method;
mod note;
mod output;
mod path;
mod property;
mod push;
mod quirk;
mod report;

pub use push::Push;
pub use quirk::{Choice, Homes};

use std::{borrow::Cow, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use carnet_proto::{
    dav::{
        header::{Depth, Prefer, vcard_version},
        href::{host_name, segments},
        xml::MAX_BODY,
    },
    vcard::Version,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts};

use self::{
    error::Failure,
    facet::{DavFacet, HEAVY, Shown},
    output::{Answer, Content},
    path::{Kind, Resource},
    quirk::Quirks,
};
use crate::{
    auth::{Authenticator, Door, Outcome, Why},
    domain::{
        access::Protocol,
        account_class::Service,
        actor::{Actor, Membership},
        book::Book,
        core::Core,
        error::Error,
        id::PersonId,
        item::Card,
        label,
    },
    http::{
        About,
        body::{self, BodyError},
        peer,
    },
};

/// The CardDAV face: its settings and the parts it needs.
pub struct Face {
    pub core: Arc<Core>,
    pub auth: Arc<Authenticator>,
    pub facet: Arc<dyn DavFacet>,
    /// None: the server offers no WebDAV-Push.
    pub push: Option<Arc<Push>>,
    /// Host name of the public URL, where it is configured.
    pub host: Option<String>,
    /// The public URL, where it is configured.
    pub public_url: Option<String>,
    /// Offer cards of version 4.0.
    pub vcard4: bool,
}

/// An authenticated request.
struct Call {
    face: Arc<Face>,
    actor: Arc<Actor>,
    quirks: Quirks,
    /// The one group that exists for this request, if the login was `LOGIN$GROUP`.
    scope: Option<Membership>,
    resource: Resource,
    headers: HeaderMap,
    /// The name of the host that was asked.
    host: Option<String>,
    /// Octets of the body; a card beyond the limit fails only once its writer's rights are known.
    body: Result<Bytes, BodyError>,
}

/// Everything under `/dav/`, and the well-known address.
pub fn router(face: Arc<Face>) -> Router {
    Router::new()
        .route("/.well-known/carddav", any(well_known))
        // As Outlook CalDav Synchronizer has it.
        .route("/.well-known/carddav/", any(well_known))
        .route("/dav", any(serve))
        .route("/dav/", any(serve))
        .route("/dav/{*path}", any(serve))
        .with_state(face)
}

/// Answers a WebDAV request on any path; the app also passes on those for `/`.
pub async fn serve(State(face): State<Arc<Face>>, request: Request) -> Response {
    let accepts_gzip = body::accepts_gzip(request.headers());
    let asked = request.method().clone();
    let is_head = asked == Method::HEAD;
    let kind = Kind::of(request.uri().path());
    let dav = kind.classes(face.push.is_some());
    let about = About::of(request.extensions());
    let answer = match answer(face, request, kind).await {
        Ok(answer) => answer,
        Err(failure) => {
            if let Some(fault) = failure.fault() {
                about.note_fault(fault);
            }
            failure.into_answer()
        }
    };
    let (mut parts, content) = answer.into_parts();
    if parts.status == StatusCode::METHOD_NOT_ALLOWED {
        let methods = method::allowed(kind, &asked);
        parts.headers.insert(header::ALLOW, methods);
    }
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
    parts.headers.insert("dav", HeaderValue::from_static(dav));
    if parts.status == StatusCode::NO_CONTENT || parts.status == StatusCode::NOT_MODIFIED {
        return Response::from_parts(parts, Body::empty());
    }
    let content = match content {
        Content::Whole(bytes) if accepts_gzip => match body::gzip(&bytes) {
            Some(compressed) => {
                parts
                    .headers
                    .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                Content::Whole(compressed)
            }
            None => Content::Whole(bytes),
        },
        content => content,
    };
    let body = match content {
        Content::Whole(bytes) if is_head => {
            let length = HeaderValue::from(bytes.len());
            parts.headers.insert(header::CONTENT_LENGTH, length);
            Body::empty()
        }
        Content::Parts(_) if is_head => Body::empty(),
        Content::Whole(bytes) => Body::from(bytes),
        Content::Parts(stream) if accepts_gzip => {
            parts
                .headers
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Body::from_stream(body::gzip_stream(stream.into_stream()))
        }
        Content::Parts(stream) => Body::from_stream(stream.into_stream()),
    };
    Response::from_parts(parts, body)
}

/// 301 with a path only, so that scheme and host stay right behind any proxy (RFC 6764 §5).
async fn well_known() -> impl IntoResponse {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, "/dav/")])
}

async fn answer(face: Arc<Face>, request: Request, kind: Kind) -> Result<Answer, Failure> {
    if request.method() == Method::OPTIONS {
        return Ok(method::options(kind));
    }
    let (parts, body) = request.into_parts();
    let SignedIn {
        actor,
        quirks,
        scope,
    } = sign_in(&face, &parts).await?;
    let (method, headers) = (parts.method, parts.headers);
    let segments =
        segments(parts.uri.path()).map_err(|_| Failure::BadRequest("bad path".into()))?;
    if method.as_str() != method::ACL && !kind.methods().any(|served| served == method.as_str()) {
        return Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED));
    }
    let body = read(&face, &method, actor.person, &headers, body).await?;
    let resource = Resource::find(&face, &actor, scope.is_some(), &segments).await;
    if let (true, Ok(body)) = (misses(&resource, &method), &body) {
        keep(&face, &actor, &segments, &headers, body).await?;
    }
    let resource = resource.map_err(|failure| match (failure, method.as_str()) {
        (Failure::NoParent, "PUT" | "MKCOL") => Failure::Status(StatusCode::CONFLICT),
        (failure, _) => failure,
    })?;
    let host = asked_host(&parts.uri, &headers);
    let call = Arc::new(Call {
        face,
        actor,
        quirks,
        scope,
        resource,
        headers,
        host,
        body,
    });
    let outcome = method::dispatch(call.clone(), &method).await;
    note::note(&call, &method, &outcome);
    outcome.map_err(|failure| failure.here(&call.href()))
}

/// Who asks, and with which client.
struct SignedIn {
    actor: Arc<Actor>,
    quirks: Quirks,
    scope: Option<Membership>,
}

/// The person who asks; else why they are not let in.
async fn sign_in(face: &Face, parts: &Parts) -> Result<SignedIn, Failure> {
    let peer = peer(&parts.extensions);
    let authorization = parts.headers.get(header::AUTHORIZATION);
    let door = Door::Devices(Protocol::CardDav);
    let (identity, scope) = match face.auth.scoped(authorization, peer, door).await? {
        (Outcome::Known(identity), _) if !identity.person().may_use(Service::CardDav) => {
            let login = &identity.person().login;
            face.auth.failures().note(login, peer, Why::Class);
            return Err(Failure::Unauthorized);
        }
        (Outcome::Known(identity), scope) => (identity, scope),
        (Outcome::Missing | Outcome::Denied | Outcome::Disabled, _) => {
            return Err(Failure::Unauthorized);
        }
        (Outcome::Throttled { retry_after }, _) => return Err(Failure::Throttled(retry_after)),
    };
    let person = identity.person();
    About::of(&parts.extensions).note_login(&person.login);
    let choice = Choice::of(&person.settings);
    let quirks = Quirks::of(&parts.headers, &choice, face.vcard4);
    // Who signed in for one group, or with another password, is another client.
    let label = label::of_program(
        &quirks.family,
        scope.as_deref(),
        identity.app_password.as_deref(),
    );
    let mut client = identity.client(label, None);
    client.program = quirks.agent.clone();
    client.category_lists = choice.category_lists;
    let mut actor = Actor::of(&identity.account, client);
    let scope = match scope {
        None => None,
        Some(name) => {
            actor
                .memberships
                .retain(|membership| membership.name == name);
            let membership = actor.memberships.first().cloned();
            Some(membership.ok_or(Failure::Unauthorized)?)
        }
    };
    Ok(SignedIn {
        actor: Arc::new(actor),
        quirks,
        scope,
    })
}

/// Whether a card is sent to a book that is not there: the person may have lost it.
fn misses(resource: &Result<Resource, Failure>, method: &Method) -> bool {
    match (resource, method.as_str()) {
        (Err(failure), "PUT" | "POST") => failure.is_missing(),
        (Ok(Resource::NewBook { .. }), "POST") => true,
        _ => false,
    }
}

/// The name of the host that was asked: HTTP/2 says it in the target.
fn asked_host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let authority = uri.authority().map(|authority| authority.as_str());
    let named = || headers.get(header::HOST)?.to_str().ok();
    authority.or_else(named).map(host_name).map(str::to_owned)
}

/// Keeps a card that was sent to a book the person had and lost: the client gives it up with the
/// book.
async fn keep(
    face: &Face,
    actor: &Actor,
    path: &[String],
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(), Error> {
    let (Some(lost), Ok(card)) = (
        path::lost_book(actor, path),
        method::put::card(&*face.facet, headers, body),
    ) else {
        return Ok(());
    };
    match face.core.keep_of_lost(actor, lost, card.to_vec()).await {
        // Who may only read wrote nothing that could have been stored.
        Err(Error::Forbidden { .. }) => Ok(()),
        kept => kept,
    }
}

/// Reads the body of a method that has one, within its limit.
async fn read(
    face: &Face,
    method: &Method,
    person: PersonId,
    headers: &HeaderMap,
    body: Body,
) -> Result<Result<Bytes, BodyError>, Failure> {
    let is_card = matches!(method.as_str(), "PUT" | "POST");
    let limit = match method.as_str() {
        "GET" | "HEAD" | "DELETE" | "COPY" | "MOVE" => return Ok(Ok(Bytes::new())),
        _ if is_card => face.core.limits().document,
        _ => MAX_BODY,
    };
    match body::read(Some(person.0), headers, body, limit).await {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(BodyError::TooLarge) if is_card => Ok(Err(BodyError::TooLarge)),
        Err(BodyError::TooLarge) => Err(Failure::Status(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(BodyError::Busy) => Err(Failure::Status(StatusCode::SERVICE_UNAVAILABLE)),
        Err(BodyError::Broken) => Err(Failure::BadRequest("the body ended early".into())),
        Err(BodyError::Garbled) => Err(Failure::BadRequest("the body is not valid gzip".into())),
        Err(BodyError::Encoding) => Err(Failure::Encoding),
    }
}

impl Call {
    /// A header as text. Octets that are no UTF-8 stay in it as U+FFFD: a condition is never taken for
    /// none.
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()))
    }

    /// A header that is a list, whose members may come on several lines (RFC 9110 §5.3).
    fn list(&self, name: &str) -> Option<String> {
        self.joined(name, ", ")
    }

    /// All lines of a header, with `between` between them.
    fn joined(&self, name: &str, between: &str) -> Option<String> {
        let values = self.headers.get_all(name).iter();
        let lines = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let lines: Vec<Cow<'_, str>> = lines.collect();
        (!lines.is_empty()).then(|| lines.join(between))
    }

    /// The version of cards the request asks for (RFC 6352 §5.1.1); none: the client's own.
    fn asked_version(&self) -> Option<Version> {
        vcard_version(&self.list("accept")?, self.quirks.gives(Version::V4))
    }

    /// The body of a request that is XML.
    fn body(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    fn prefer(&self) -> Prefer {
        Prefer::parse(
            self.list("prefer").as_deref(),
            self.header("brief").as_deref(),
        )
    }

    /// The Depth header; none when it is absent.
    fn depth(&self) -> Result<Option<Depth>, Failure> {
        match self.header("depth") {
            None => Ok(None),
            Some(value) => Depth::parse(&value)
                .map(Some)
                .ok_or_else(|| Failure::BadRequest(format!("Depth: {value}"))),
        }
    }

    /// The canonical href of the request's URL.
    fn href(&self) -> String {
        self.resource.href(&self.actor)
    }

    /// A card as served to this client; `asked` is the version the request names.
    fn render(&self, book: &Book, card: &Card, asked: Option<Version>) -> Bytes {
        let content = book.content(card);
        let facet = &self.face.facet;
        let version = asked.unwrap_or_else(|| {
            let stored = || facet.stored_version(&content);
            self.quirks.default_version(stored)
        });
        let placement = &card.placement;
        // Private and group books show another document where the owner's lines are in it.
        let mixed = placement.mixed && book.is_private();
        let tag = format!("{}{mixed}", placement.etag(0));
        let shown = Shown {
            version,
            small_photos: self.quirks.small_photos,
        };
        let render = || facet.render(content, &tag, &placement.uid, shown);
        if shown.small_photos && placement.size > HEAVY as i64 {
            tokio::task::block_in_place(render)
        } else {
            render()
        }
    }
}

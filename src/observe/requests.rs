//! One line of the log for every request, written when its answer has left.

use std::{convert::Infallible, future, sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use futures_util::{FutureExt as _, future::Either};
use http::{
    Extensions, HeaderMap, HeaderValue, Method, StatusCode, Version, header, uri::Authority,
};
use tracing::Instrument as _;

use super::metrics::Requests;
use crate::{
    autodiscover::is_path as is_autodiscover,
    eas::is_path as is_eas,
    http::{
        About, ThroughProxy, peer,
        watched::{Watch, Watched},
    },
};

/// The header that names a request, in its answer and on its way through proxies.
const HEADER: &str = "x-request-id";
/// Characters of a name somebody else gave.
const LONGEST_ID: usize = 64;
/// What stands for a secret.
const MASK: &str = "...";

/// The face that a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Face {
    Eas,
    CardDav,
    Web,
    Autodiscover,
    /// Health, figures.
    Operator,
}

impl Face {
    /// The name of the face in the log and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eas => "eas",
            Self::CardDav => "carddav",
            Self::Web => "web",
            Self::Autodiscover => "autodiscover",
            Self::Operator => "operator",
        }
    }

    fn of(method: &Method, path: &str) -> Self {
        let is_browser = matches!(*method, Method::GET | Method::HEAD | Method::POST);
        match path {
            "/healthz" | "/readyz" | "/metrics" => Self::Operator,
            "/dav" | "/.well-known/carddav" | "/.well-known/carddav/" => Self::CardDav,
            "/" if !is_browser => Self::CardDav,
            _ if path.starts_with("/dav/") => Self::CardDav,
            _ if is_eas(path) => Self::Eas,
            _ if is_autodiscover(path) => Self::Autodiscover,
            _ => Self::Web,
        }
    }
}

/// Names a request, has it answered and writes its log line when its response has left; the request
/// itself is not kept.
pub fn watch<F>(
    figures: Arc<Requests>,
    mut request: Request,
    answer: impl FnOnce(Request) -> F,
) -> impl Future<Output = Response> + Send
where
    F: Future<Output = Result<Response, Infallible>> + Send,
{
    figures.begun();
    let id = id_of(request.headers(), request.extensions());
    let about = About::default();
    let face = Face::of(request.method(), request.uri().path());
    let line = Line {
        begun: Instant::now(),
        face,
        method: request.method().clone(),
        path: shown_path(face, request.uri().path()),
        peer: peer(request.extensions()),
        about: about.clone(),
        status: None,
        octets: 0,
        id: id.clone(),
        figures,
    };
    let fault = host_fault(request.version(), request.headers());
    let answer = match fault {
        None => {
            request.extensions_mut().insert(about);
            let span = tracing::info_span!("request", id);
            Either::Left(answer(request).instrument(span))
        }
        Some(fault) => {
            about.note_fault(fault);
            let refusal = (StatusCode::BAD_REQUEST, format!("{fault}\n"));
            Either::Right(future::ready(Ok(refusal.into_response())))
        }
    };
    answer.map(move |answer| {
        let Ok(mut response) = answer;
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(HEADER, id);
        }
        let status = response.status();
        response.map(|body| {
            let mut line = line;
            line.status = Some(status);
            Body::new(Watched { body, watch: line })
        })
    })
}

/// Why a request of HTTP/1.1 is not for one host (RFC 9112 §3.2): a proxy in front could read another
/// one.
fn host_fault(version: Version, headers: &HeaderMap) -> Option<&'static str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    match first {
        None if version == Version::HTTP_11 => Some("no Host header"),
        None => None,
        Some(_) if second.is_some() => Some("more than one Host header"),
        Some(host) => {
            let is_host = host.is_empty() || Authority::try_from(host.as_bytes()).is_ok();
            (!is_host).then_some("a Host header that names no host")
        }
    }
}

/// The name a trusted proxy gave, else one of our own.
fn id_of(headers: &HeaderMap, extensions: &Extensions) -> String {
    let given = headers.get(HEADER).and_then(|id| id.to_str().ok());
    let is_name = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&b))
    };
    given
        .filter(|_| extensions.get::<ThroughProxy>().is_some())
        .filter(is_name)
        .map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_owned)
}

/// A path without the secrets of links that open something by themselves; the query is left out.
fn shown_path(face: Face, path: &str) -> String {
    const SECRET_AFTER: [&str; 5] = [
        "/v/",
        "/reset/",
        "/join/",
        "/connect/p/",
        "/settings/account/address/",
    ];
    if face == Face::Autodiscover {
        // The path of the JSON form names an address.
        let ends = path.match_indices('/').nth(2).map(|(at, _)| at);
        return ends.map_or(path.to_owned(), |end| format!("{}/{MASK}", &path[..end]));
    }
    let secret = SECRET_AFTER
        .iter()
        .find_map(|before| Some((before, path.strip_prefix(before)?)));
    match secret {
        None => path.to_owned(),
        Some((before, rest)) => {
            let after = rest.find('/').map_or("", |at| &rest[at..]);
            format!("{before}{MASK}{after}")
        }
    }
}

/// What is written about a request once it is over.
struct Line {
    id: String,
    begun: Instant,
    face: Face,
    method: Method,
    path: String,
    peer: std::net::IpAddr,
    about: About,
    /// None: the client left before it was answered.
    status: Option<StatusCode>,
    octets: u64,
    figures: Arc<Requests>,
}

/// Probes come every few seconds, and files of the pages with every page.
fn is_dull(face: Face, path: &str) -> bool {
    face == Face::Operator || path.starts_with("/static/")
}

impl Watch for Line {
    fn asked(&mut self, octets: usize) {
        self.octets += octets as u64;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        let command = self.about.command();
        let (method, status, octets) = (&self.method, self.status, self.octets);
        self.figures
            .over(self.face, method, command, status, took, octets);
        macro_rules! write {
            ($level:ident) => {
                tracing::$level!(
                    target: "carnet::request",
                    id = self.id,
                    face = self.face.as_str(),
                    method = self.method.as_str(),
                    path = self.path,
                    peer = %self.peer,
                    login = self.about.login(),
                    device = self.about.device(),
                    command,
                    status = self.status.map(|status| status.as_u16()),
                    ms = took.as_micros() as f64 / 1000.0,
                    octets = self.octets,
                    fault = self.about.fault(),
                    "{}",
                    if self.status.is_some() { "answered" } else { "left by the client" },
                )
            };
        }
        if is_dull(self.face, &self.path) {
            write!(debug)
        } else {
            write!(info)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_open_something_are_masked() {
        for (path, shown) in [
            ("/v/abcdef", "/v/..."),
            ("/v/abcdef/photo", "/v/.../photo"),
            ("/reset/abcdef", "/reset/..."),
            ("/join/abcdef", "/join/..."),
            ("/connect/p/abcdef", "/connect/p/..."),
            ("/connect/iphone", "/connect/iphone"),
            (
                "/settings/account/address/x",
                "/settings/account/address/...",
            ),
            ("/verify/12", "/verify/12"),
            ("/c/private/c/12", "/c/private/c/12"),
        ] {
            assert_eq!(shown_path(Face::Web, path), shown);
        }
        for (path, shown) in [
            (
                "/autodiscover/autodiscover.xml",
                "/autodiscover/autodiscover.xml",
            ),
            (
                "/Autodiscover/Autodiscover.json/v1.0/dora@example.org",
                "/Autodiscover/Autodiscover.json/...",
            ),
        ] {
            assert_eq!(shown_path(Face::Autodiscover, path), shown);
        }
    }

    #[test]
    fn a_name_is_taken_from_a_trusted_proxy_alone() {
        let given = |id: &'static str, trusted: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_static(id));
            let mut extensions = Extensions::new();
            if trusted {
                extensions.insert(ThroughProxy);
            }
            id_of(&headers, &extensions)
        };
        assert_eq!(given("7f3a-1", true), "7f3a-1");
        assert_ne!(given("7f3a-1", false), "7f3a-1");
        for odd in ["", "a b", "a\"b", "a{b"] {
            assert_eq!(given(odd, true).len(), 16, "{odd}");
        }
        assert_eq!(
            given(Box::leak("x".repeat(65).into_boxed_str()), true).len(),
            16
        );
    }

    #[test]
    fn a_request_is_for_one_host() {
        for (version, hosts, fits) in [
            (Version::HTTP_11, &["contacts.example.org"][..], true),
            (Version::HTTP_11, &["[::1]:8443"], true),
            (Version::HTTP_11, &[""], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_11, &["a", "b"], false),
            (Version::HTTP_11, &["a b/c"], false),
            (Version::HTTP_10, &[], true),
            (Version::HTTP_2, &[], true),
        ] {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            assert_eq!(host_fault(version, &headers).is_none(), fits, "{hosts:?}");
        }
    }

    #[test]
    fn every_path_belongs_to_a_face() {
        for (method, path, face) in [
            (Method::GET, "/", Face::Web),
            (Method::OPTIONS, "/", Face::CardDav),
            (Method::GET, "/dav/alice/", Face::CardDav),
            (Method::GET, "/.well-known/carddav", Face::CardDav),
            (Method::POST, "/microsoft-server-activesync", Face::Eas),
            (
                Method::POST,
                "/Autodiscover/Autodiscover.xml",
                Face::Autodiscover,
            ),
            (Method::GET, "/readyz", Face::Operator),
            (Method::GET, "/c/private", Face::Web),
            (Method::GET, "/davos", Face::Web),
        ] {
            assert_eq!(Face::of(&method, path), face, "{method} {path}");
        }
    }
}

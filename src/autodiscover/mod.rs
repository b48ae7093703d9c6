//! Autodiscover: a phone or a desktop program finds the server from an e-mail address
//! ([MS-ASCMD] 2.2.1.1, [MS-OXDSCLI], and the JSON form of Microsoft's current clients).
//!
//! Addresses are made of the configured `public_url` alone, never of what a request says.

mod json;
mod pox;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};

use crate::{
    auth::{Authenticator, Door, Outcome, TOO_MANY},
    config::Config,
    domain::actor::Account,
    http::{About, body, peer},
};

/// Octets of a request.
const MAX_BODY: usize = 64 * 1024;

/// The Autodiscover face: its settings and the parts it needs.
pub struct Face {
    auth: Arc<Authenticator>,
    /// The public URL without a final slash; none: nothing can be discovered.
    public_url: Option<String>,
    /// Outlook on Windows gets an Exchange ActiveSync account.
    outlook: bool,
    /// Domain to where its people are: `https://host`, or `@domain`.
    redirects: BTreeMap<String, String>,
}

/// A path of one of the two forms, in any letter case.
enum Form {
    /// `/autodiscover/autodiscover.xml`
    Pox,
    /// `/autodiscover/autodiscover.json`, with the address where the path holds it.
    Json(Option<String>),
}

impl Form {
    fn of(path: &str) -> Option<Self> {
        let mut rest = path.split('/').filter(|segment| !segment.is_empty());
        if !rest.next()?.eq_ignore_ascii_case("autodiscover") {
            return None;
        }
        let file = rest.next()?.to_ascii_lowercase();
        match (file.as_str(), rest.next(), rest.next(), rest.next()) {
            ("autodiscover.xml", None, _, _) => Some(Self::Pox),
            ("autodiscover.json", None, _, _) => Some(Self::Json(None)),
            ("autodiscover.json", Some(version), address, None)
                if version.eq_ignore_ascii_case("v1.0") =>
            {
                Some(Self::Json(address.map(str::to_owned)))
            }
            _ => None,
        }
    }
}

/// Whether a path is that of Autodiscover.
pub fn is_path(path: &str) -> bool {
    Form::of(path).is_some()
}

impl Face {
    /// Builds the face; without `public_url` no server address is given to clients.
    pub fn new(auth: Arc<Authenticator>, config: &Config) -> Arc<Self> {
        let url = config.public_url.as_deref().map(str::trim);
        Arc::new(Self {
            auth,
            public_url: url
                .map(|url| url.trim_end_matches('/').to_owned())
                .filter(|url| !url.is_empty()),
            outlook: config.autodiscover_outlook,
            redirects: config
                .autodiscover_redirects
                .iter()
                .map(|(domain, target)| (domain.to_lowercase(), target.clone()))
                .collect(),
        })
    }

    /// Answers a request on [`is_path`].
    pub async fn serve(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let about = About::of(&parts.extensions);
        match Form::of(parts.uri.path()) {
            Some(Form::Json(address)) => {
                let query = parts.uri.query().unwrap_or_default();
                json::answer(self, &parts.method, address, query)
            }
            Some(Form::Pox) => {
                let body = match body::read(None, &parts.headers, body, MAX_BODY).await {
                    Ok(body) => body,
                    Err(body::BodyError::TooLarge) => {
                        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
                    }
                    Err(body::BodyError::Busy) => {
                        about.note_fault(body::BUSY);
                        return StatusCode::SERVICE_UNAVAILABLE.into_response();
                    }
                    Err(_) => return StatusCode::BAD_REQUEST.into_response(),
                };
                let asked = pox::Asked::read(&body, parts.method != Method::POST);
                if let Some(target) = asked.address().and_then(|to| self.elsewhere(to)) {
                    return pox::redirect(&target);
                }
                let account = match self.sign_in(&parts, &about).await {
                    Ok(account) => account,
                    Err(refusal) => return *refusal,
                };
                about.note_login(&account.person.login);
                pox::answer(self, &asked, &account.person, agent(&parts.headers))
            }
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    /// Where the people of an address's domain are, when that is somewhere else.
    fn elsewhere(&self, address: &str) -> Option<Elsewhere> {
        let (local, domain) = address.rsplit_once('@')?;
        let target = self.redirects.get(&domain.to_lowercase())?;
        Some(match target.strip_prefix('@') {
            Some(domain) => Elsewhere::Address(format!("{local}@{domain}")),
            None => Elsewhere::Server(target.trim_end_matches('/').to_owned()),
        })
    }

    async fn sign_in(&self, parts: &Parts, about: &About) -> Result<Arc<Account>, Box<Response>> {
        let authorization = parts.headers.get(header::AUTHORIZATION);
        let peer = peer(&parts.extensions);
        let door = Door::Autodiscover;
        match self.auth.basic(authorization, peer, door).await {
            Ok(Outcome::Known(identity)) => Ok(identity.account),
            Ok(Outcome::Missing | Outcome::Denied | Outcome::Disabled) => {
                let mut response = StatusCode::UNAUTHORIZED.into_response();
                response.headers_mut().insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Basic realm=\"Carnet\", charset=\"UTF-8\""),
                );
                Err(Box::new(response))
            }
            Ok(Outcome::Throttled { retry_after }) => {
                about.note_fault(TOO_MANY);
                Err(Box::new(later(retry_after)))
            }
            Err(error) => {
                tracing::error!(%error, "sign-in could not be checked");
                Err(Box::new(later(10)))
            }
        }
    }
}

/// Another place to ask.
enum Elsewhere {
    /// The same person under another address.
    Address(String),
    /// `https://host`
    Server(String),
}

fn later(seconds: u64) -> Response {
    let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn agent(headers: &HeaderMap) -> &str {
    headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// An answer of a media type.
fn typed(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
    response
}

/// 302 to the same request on another server.
fn found(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => {
            let mut response = StatusCode::FOUND.into_response();
            response.headers_mut().insert(header::LOCATION, location);
            response
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

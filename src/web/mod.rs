//! The web: pages that are complete without script.

mod contacts;
mod edit;
mod error;
pub mod facet;
mod page;
mod place;
mod request;
mod session;
mod sign_in;
pub mod text;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::set_header::SetResponseHeaderLayer;

use self::{facet::WebFacet, session::Sessions};
use crate::{auth::Authenticator, domain::core::Core};

/// Octets of an uploaded form, pictures included.
const UPLOAD: usize = 100 * 1024 * 1024;

/// What pages need.
pub struct Web {
    pub(crate) core: Arc<Core>,
    pub(crate) auth: Arc<Authenticator>,
    pub(crate) facet: Arc<dyn WebFacet>,
    sessions: Sessions,
    upload_limit: usize,
}

impl Web {
    pub fn new(core: Arc<Core>, auth: Arc<Authenticator>, facet: Arc<dyn WebFacet>) -> Arc<Self> {
        Arc::new(Self {
            sessions: Sessions::new(core.clone()),
            core,
            auth,
            facet,
            upload_limit: UPLOAD,
        })
    }
}

/// All pages.
pub fn router(web: Arc<Web>) -> Router {
    let place = |path: &'static str| -> Router<Arc<Web>> {
        let at = |rest: &str| format!("{path}{rest}");
        Router::new()
            .route(path, get(contacts::list))
            .route(&at("/new"), get(edit::new).post(edit::create))
            .route(&at("/c/{id}"), get(contacts::card))
            .route(&at("/c/{id}/edit"), get(edit::edit).post(edit::update))
            .route(&at("/c/{id}/delete"), post(contacts::delete))
            .route(&at("/c/{id}/photo"), get(contacts::photo))
    };
    Router::new()
        .route("/login", get(sign_in::form).post(sign_in::sign_in))
        .route("/logout", post(sign_in::sign_out))
        .route("/static/carnet.css", get(style))
        .route("/static/icon.svg", get(icon))
        .merge(place("/c/private"))
        .merge(place("/g/{name}"))
        .layer(DefaultBodyLimit::max(UPLOAD))
        .layer(header_layer(
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        ))
        .layer(header_layer("x-content-type-options", "nosniff"))
        .layer(header_layer("referrer-policy", "no-referrer"))
        .layer(header_layer("x-frame-options", "DENY"))
        .with_state(web)
}

/// `GET /`: the contacts.
pub async fn home() -> Response {
    page::see_other("/c/private")
}

fn header_layer(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}

async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", include_str!("static/carnet.css"))
}

async fn icon() -> impl IntoResponse {
    asset("image/svg+xml", include_str!("static/icon.svg"))
}

fn asset(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, text)
}

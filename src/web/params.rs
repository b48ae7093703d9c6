//! What an address holds, read as a type; an address that holds something else leads nowhere.

use std::sync::Arc;

use axum::{
    extract::{self, FromRef, FromRequestParts, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;

use super::{
    Web,
    request::{Visit, anonymous_failure},
};
use crate::domain::error::Error;

/// The query of an address.
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    Arc<Web>: FromRef<S>,
    T: DeserializeOwned + Send,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let query = extract::Query::try_from_uri(&parts.uri).ok();
        match query.map(|extract::Query(query)| query) {
            Some(query) => Ok(Self(query)),
            None => Err(nowhere(parts, state).await),
        }
    }
}

/// The segments that the path of a route leaves open.
pub struct Path<T>(pub T);

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    Arc<Web>: FromRef<S>,
    T: DeserializeOwned + Send,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = extract::Path::from_request_parts(parts, state).await.ok();
        match path.map(|extract::Path(path)| path) {
            Some(path) => Ok(Self(path)),
            None => Err(nowhere(parts, state).await),
        }
    }
}

/// The page that says so; in the reader's shell, where they are signed in.
pub async fn nowhere<S>(parts: &mut Parts, state: &S) -> Response
where
    S: Send + Sync,
    Arc<Web>: FromRef<S>,
{
    match Visit::from_request_parts(parts, state).await {
        Ok(visit) => visit.failed(&Arc::<Web>::from_ref(state), &Error::NotFound),
        Err(_) => anonymous_failure(&Error::NotFound, &parts.headers),
    }
}

/// A path that is no page's; programs are told by the status alone.
pub async fn no_page(web: &Arc<Web>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if is_browser(&parts.method, &parts.headers) {
        nowhere(&mut parts, web).await
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

/// A page that nothing is sent to, or what is sent and not shown.
pub async fn other_method(State(web): State<Arc<Web>>, request: Request) -> Response {
    let mut response = no_page(&web, request).await;
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

fn is_browser(method: &Method, headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    matches!(*method, Method::GET | Method::HEAD | Method::POST)
        && accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

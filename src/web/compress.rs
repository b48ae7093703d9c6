//! Compression of pages, styles and scripts.

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::http::body::{accepts_gzip, gzip};

/// Media types that shrink; downloads keep their own.
const TEXTS: [&str; 4] = ["text/html", "text/css", "text/javascript", "image/svg+xml"];

/// Answers with gzip (RFC 9110 §8.4.1.3) whoever accepts it.
pub async fn compress(request: Request, next: Next) -> Response {
    let accepts = accepts_gzip(request.headers());
    let mut response = next.run(request).await;
    if !is_text(response.headers()) {
        return response;
    }
    let vary = HeaderValue::from_static("accept-encoding");
    response.headers_mut().append(header::VARY, vary);
    // What is made while it is sent is sent as it is.
    if !accepts || response.body().size_hint().exact().is_none() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let octets = match axum::body::to_bytes(body, usize::MAX).await {
        Ok(octets) => octets,
        Err(error) => {
            tracing::error!(%error, "a page could not be compressed");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let Some(compressed) = gzip(&octets) else {
        return Response::from_parts(parts, Body::from(octets));
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let coding = HeaderValue::from_static("gzip");
    parts.headers.insert(header::CONTENT_ENCODING, coding);
    Response::from_parts(parts, Body::from(compressed))
}

fn is_text(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|value| value.split(';').next());
    media_type.is_some_and(|value| TEXTS.contains(&value.trim()))
}

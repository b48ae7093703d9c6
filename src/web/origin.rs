//! Checks that forms come from this server's own pages: the second defence beside each form's
//! token.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header};

use super::Web;

/// Refuses what another site makes a browser send. Browsers say where a form came from
/// (Fetch Metadata; the Origin where they do not); programs that say nothing have no session to abuse.
pub async fn guard(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let public = web.site.address.as_ref().map(|address| &*address.host);
    if reads || is_own(request.headers(), public) {
        return next.run(request).await;
    }
    tracing::warn!(
        path = request.uri().path(),
        "a form of another site was refused"
    );
    StatusCode::FORBIDDEN.into_response()
}

/// `public`: the host people reach the server by, where it is configured.
fn is_own(headers: &HeaderMap, public: Option<&str>) -> bool {
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str());
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(Ok(origin)), Some(Ok(host))) => {
            let from = origin.split_once("://").map(|(_, authority)| authority);
            from.is_some_and(|from| {
                from.eq_ignore_ascii_case(host)
                    || public.is_some_and(|public| host_of(from).eq_ignore_ascii_case(public))
            })
        }
        _ => false,
    }
}

/// An authority without its port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn forms_of_others_are_told_by_what_browsers_say() {
        let own = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            is_own(&pairs.collect(), Some("contacts.example.org"))
        };
        assert!(own(&[("host", "a")]));
        assert!(own(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://proxy")
        ]));
        assert!(own(&[("sec-fetch-site", "none")]));
        assert!(!own(&[("sec-fetch-site", "cross-site")]));
        // Another host of the same site may be somebody else's.
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(own(&[("origin", "http://a:8080"), ("host", "A:8080")]));
        assert!(!own(&[("origin", "http://a:8081"), ("host", "a:8080")]));
        // A proxy that changes Host.
        assert!(own(&[
            ("origin", "https://contacts.example.org"),
            ("host", "127.0.0.1:8080")
        ]));
        assert!(!own(&[
            ("origin", "https://contacts.example.org.evil"),
            ("host", "b")
        ]));
        assert!(!own(&[("origin", "null"), ("host", "a")]));
        assert!(!own(&[("origin", "http://a")]));
    }
}

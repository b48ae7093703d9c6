//! Whether clients reach the server under the address it is configured with.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use super::outbound::Outbound;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The server answers there, with a certificate clients trust.
    Tls,
    /// `/.well-known/carddav` leads to `/dav/` (RFC 6764 §5).
    WellKnown,
    /// CardDAV asks for a password.
    CardDav,
    /// Exchange ActiveSync asks for a password.
    Eas,
    /// Autodiscover asks for a password.
    Autodiscover,
}

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Probe {
    pub question: Question,
    pub url: String,
    pub well: bool,
    /// The status, or why there is none.
    pub said: String,
}

/// Checks the server at an address as clients would; no credentials are sent.
pub async fn reach(base: &str) -> Result<Vec<Probe>, String> {
    let outbound = Outbound::new(true)?;
    let propfind = Method::from_bytes(b"PROPFIND").map_err(|error| error.to_string())?;
    let questions = [
        (Question::Tls, Method::GET, "/healthz", StatusCode::OK),
        (
            Question::WellKnown,
            Method::GET,
            "/.well-known/carddav",
            StatusCode::MOVED_PERMANENTLY,
        ),
        (
            Question::CardDav,
            propfind,
            "/dav/",
            StatusCode::UNAUTHORIZED,
        ),
        (
            Question::Eas,
            Method::OPTIONS,
            "/Microsoft-Server-ActiveSync",
            StatusCode::UNAUTHORIZED,
        ),
        (
            Question::Autodiscover,
            Method::POST,
            "/autodiscover/autodiscover.xml",
            StatusCode::UNAUTHORIZED,
        ),
    ];
    let mut probes = Vec::new();
    for (question, method, path, expected) in questions {
        let url = format!("{}{path}", base.trim_end_matches('/'));
        let Some(target) = outbound.target(&url) else {
            return Err(format!("{base} is no address"));
        };
        let asked = outbound.ask(method, &target, HeaderMap::new(), Bytes::new());
        let (well, said) = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(status)) => (status == expected, status.to_string()),
            Ok(Err(error)) => (false, error.to_string()),
            Err(_) => (false, "no answer within 10 seconds".to_owned()),
        };
        probes.push(Probe {
            question,
            url,
            well,
            said,
        });
    }
    Ok(probes)
}

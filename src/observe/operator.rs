//! Endpoints for the operator's programs: liveness, readiness, metrics.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use rustix::fs::{StatVfsMountFlags, statvfs};
use subtle::ConstantTimeEq as _;

use super::metrics::{CLASSIC, Format, Metrics, OPEN, Requests};
use crate::{domain::error::Error, http::Shutdown, store::sqlite::Sqlite};

/// Free octets of the disk below which nothing more is promised.
const ROOM: u64 = 16 * 1024 * 1024;
/// How long the writer may take to say that it is well.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the server is not ready.
#[derive(Debug, PartialEq)]
pub enum Unready {
    /// The data are opened, migrated perhaps.
    Starting,
    Stopping,
    /// The disk of the data has no room.
    Full,
    /// The disk of the data can be read only.
    ReadOnly,
    /// The store does not answer, or fails.
    Store(String),
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("the server starts"),
            Self::Stopping => f.write_str("the server stops"),
            Self::Full => f.write_str("the disk is full"),
            Self::ReadOnly => f.write_str("the disk is read-only"),
            Self::Store(why) => write!(f, "the store fails: {why}"),
        }
    }
}

/// The operator's endpoints: they answer before the data are open, while the server serves, and
/// while it stops.
#[derive(Default)]
pub struct Operator {
    pub shutdown: Shutdown,
    pub requests: Arc<Requests>,
    open: OnceLock<Open>,
}

/// The sources that are available once the data are open.
pub struct Open {
    pub store: Arc<Sqlite>,
    pub data: PathBuf,
    pub metrics: Metrics,
    /// Bearer token that gives access to the metrics on every address.
    pub token: Option<String>,
}

impl Operator {
    /// The data are open.
    pub fn opened(&self, open: Open) {
        let _ = self.open.set(open);
    }

    /// Whether requests can be answered; else why not.
    pub async fn ready(&self) -> Result<(), Unready> {
        if self.shutdown.0.is_cancelled() {
            return Err(Unready::Stopping);
        }
        let open = self.open.get().ok_or(Unready::Starting)?;
        look_at_disk(&open.data)?;
        match tokio::time::timeout(PATIENCE, open.store.probe()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Error::NoSpace)) => Err(Unready::Full),
            Ok(Err(error)) => Err(Unready::Store(error.to_string())),
            Err(_) => Err(Unready::Store("the writer does not answer".to_owned())),
        }
    }

    /// The endpoints on public addresses; metrics only with the token, if there is one.
    pub fn public(self: &Arc<Self>, has_token: bool) -> Router {
        let router = if has_token {
            health().route("/metrics", get(guarded))
        } else {
            health()
        };
        router.with_state(self.clone())
    }

    /// The endpoints on a listener of their own.
    pub fn private(self: &Arc<Self>) -> Router {
        health()
            .route("/metrics", get(figures))
            .with_state(self.clone())
    }
}

fn health() -> Router<Arc<Operator>> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
}

/// Whether the disk takes anything; one that does not say is taken at its word.
fn look_at_disk(data: &Path) -> Result<(), Unready> {
    let Ok(disk) = statvfs(data) else {
        return Ok(());
    };
    if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Err(Unready::ReadOnly);
    }
    if disk.f_bavail.saturating_mul(disk.f_frsize) >= ROOM {
        Ok(())
    } else {
        Err(Unready::Full)
    }
}

async fn ready(State(operator): State<Arc<Operator>>) -> Response {
    match operator.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn guarded(operator: State<Arc<Operator>>, headers: HeaderMap) -> Response {
    let Some(token) = operator.open.get().and_then(|open| open.token.as_deref()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if shown.is_some_and(|shown| bool::from(shown.ct_eq(token.as_bytes()))) {
        figures(operator, headers).await
    } else {
        (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer")],
        )
            .into_response()
    }
}

async fn figures(State(operator): State<Arc<Operator>>, headers: HeaderMap) -> Response {
    let Some(open) = operator.open.get() else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{}\n", Unready::Starting),
        )
            .into_response();
    };
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let takes_open = accept.is_some_and(|accept| accept.contains("application/openmetrics-text"));
    let (format, kind) = if takes_open {
        (Format::OpenMetrics, OPEN)
    } else {
        (Format::Classic, CLASSIC)
    };
    match open.metrics.text(format).await {
        Ok(text) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "figures could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

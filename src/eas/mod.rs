//! Exchange ActiveSync.
//!
//! A request becomes an actor, a device and an element; a command asks the domain one verb and
//! prints its outcome. No right, revision or sequence is compared here.

mod command;
pub mod facet;
mod folders;
mod quirk;
mod request;
mod wait;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use tokio_util::sync::CancellationToken;

use self::facet::EasFacet;
use crate::{
    auth::Authenticator,
    domain::{core::Core, id::DeviceId},
};

/// What requests of devices need.
pub struct Face {
    core: Arc<Core>,
    auth: Arc<Authenticator>,
    facet: Arc<dyn EasFacet>,
    /// Longest wait, in seconds.
    max_heartbeat: u64,
    polls: Mutex<HashMap<DeviceId, CancellationToken>>,
}

impl Face {
    pub fn new(
        core: Arc<Core>,
        auth: Arc<Authenticator>,
        facet: Arc<dyn EasFacet>,
        max_heartbeat: u64,
    ) -> Arc<Self> {
        Arc::new(Self {
            core,
            auth,
            facet,
            max_heartbeat: max_heartbeat.clamp(60, 3540),
            polls: Mutex::default(),
        })
    }

    /// The longest wait a device may ask for, in seconds.
    fn max_heartbeat(&self) -> u64 {
        self.max_heartbeat
    }

    /// A new wait of a device ends its former one at once.
    fn begin_poll(&self, device: DeviceId) -> CancellationToken {
        let token = CancellationToken::new();
        let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(former) = polls.insert(device, token.clone()) {
            former.cancel();
        }
        token
    }

    /// Ends a wait; a newer one of the same device stays.
    fn end_poll(&self, device: DeviceId, token: &CancellationToken) {
        let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
        if !token.is_cancelled() {
            polls.remove(&device);
        }
    }
}

/// Whether a path is the one devices use, in any letter case.
pub fn is_path(path: &str) -> bool {
    path.trim_end_matches('/')
        .eq_ignore_ascii_case("/Microsoft-Server-ActiveSync")
}

/// Answers a request on [`is_path`].
pub async fn serve(State(face): State<Arc<Face>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let mut response = request::answer(face, request).await;
    crate::http::body::compress(&headers, &mut response);
    let (parts, bytes) = response.into_parts();
    Response::from_parts(parts, Body::from(bytes))
}

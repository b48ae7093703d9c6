//! Exchange ActiveSync.
//!
//! A request becomes an actor, a device and an element; a command asks the domain one verb and
//! prints its outcome. No right, revision or sequence is compared here.

mod command;
mod device;
mod directory;
pub mod facet;
mod folders;
mod hierarchy;
pub mod policy;
mod polls;
mod quirk;
mod reply;
mod request;
mod restraint;
pub mod settings;
mod status;
mod synced;
mod turns;
mod version;
mod wait;
mod wipe;

use std::sync::Arc;

use axum::{body::Body, extract::Request, response::Response};
use futures_util::FutureExt as _;

use self::{facet::EasFacet, polls::Polls, restraint::Restraint, settings::Settings, turns::Turns};
use crate::{
    auth::Authenticator,
    domain::{core::Core, error::Result, id::DeviceId, json, store::Device},
    http::body::{accepts_gzip, compress_if},
};

/// The Exchange ActiveSync face: its settings and the parts it needs.
pub struct Face {
    core: Arc<Core>,
    auth: Arc<Authenticator>,
    facet: Arc<dyn EasFacet>,
    settings: Settings,
    polls: Arc<Polls>,
    restraint: Restraint,
    turns: Turns,
}

impl Face {
    /// Builds the face of an operator's settings.
    pub fn new(
        core: Arc<Core>,
        auth: Arc<Authenticator>,
        facet: Arc<dyn EasFacet>,
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Self {
            core,
            auth,
            facet,
            settings,
            polls: Arc::default(),
            restraint: Restraint::default(),
            turns: Turns::default(),
        })
    }

    /// The longest heartbeat in seconds.
    fn max_heartbeat(&self) -> u64 {
        self.settings.max_heartbeat.clamp(60, 3540)
    }

    /// A value stored for a device; none also when this version cannot read it.
    async fn value<T: serde::de::DeserializeOwned>(
        &self,
        device: DeviceId,
        name: &str,
    ) -> Result<Option<T>> {
        let stored = self.core.device_value(device, name).await?;
        Ok(stored.and_then(|bytes| json::read(name, &bytes)))
    }

    /// Stores a value for a device.
    async fn set_value(
        &self,
        device: &Device,
        name: &str,
        value: &impl serde::Serialize,
    ) -> Result<()> {
        let value = json::write(value)?;
        self.core.set_device_value(device, name, value).await
    }
}

/// Whether a path is that of Exchange ActiveSync, in any letter case.
pub fn is_path(path: &str) -> bool {
    path.trim_end_matches('/')
        .eq_ignore_ascii_case("/Microsoft-Server-ActiveSync")
}

/// Answers a request on a path of [`is_path`].
pub fn serve(face: Arc<Face>, request: Request) -> impl Future<Output = Response> + Send {
    let gzip = accepts_gzip(request.headers());
    request::answer(face, request).map(move |mut response| {
        compress_if(gzip, &mut response);
        response.map(Body::from)
    })
}

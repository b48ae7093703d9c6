//! Removing an account's data from a device, or everything on it ([MS-ASPROV] 2.2.2.1, 2.2.2.45).
//!
//! From 16.1 on a device can be told to remove one account. Older ones are shown an empty account
//! instead: their folders go at the next FolderSync and they are refused afterwards. Erasing a
//! whole device is another order, which somebody has to confirm.

use std::net::IpAddr;

use axum::body::Body;
use carnet_proto::{
    eas::{
        Command,
        request_line::{RequestLine, Version},
        status::{self, Common},
    },
    wbxml::{
        Element, Encoder, Limits, Tag, decode,
        page::{air_sync, ping, provision as p},
    },
};
use http::{Method, header, request::Parts};

use super::{Face, command::folder_sync, reply::Reply, request::Arrival, status::refuse, version};
use crate::domain::{
    device::{DeviceAccess, Wiping},
    error::Result,
    store::Device,
};

/// The credentials of whoever answers for a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Its owner: what the device says is recorded.
    Owner,
    /// Anybody who knows the login and the device's id.
    Anybody,
}

/// A device that is to be wiped, as it asks.
pub struct Ordered<'a> {
    pub face: &'a Face,
    pub device: &'a Device,
    pub version: Version,
    pub by: By,
}

impl Ordered<'_> {
    /// Answers a command of the device.
    pub async fn answer(
        &self,
        command: Command,
        root: Tag,
        body: Option<&Element>,
    ) -> Result<Reply> {
        let is_emulated = self.is_emulated();
        Ok(match command {
            Command::Provision => self.provision(body).await?,
            Command::FolderSync if is_emulated => self.empty(body).await?,
            // They come for the folders.
            Command::Sync if is_emulated => {
                Reply::status(air_sync::SYNC, status::Sync::FolderHierarchyChanged)
            }
            Command::Ping if is_emulated => {
                Reply::status(ping::PING, status::Ping::FolderSyncRequired)
            }
            _ => refuse(self.version, root, Common::RemoteWipeRequested),
        })
    }

    /// Whether the device is shown an empty account in place of an order it does not know.
    fn is_emulated(&self) -> bool {
        self.device.access == DeviceAccess::WipePending && self.version < Version::V16_1
    }

    /// Orders the removal, and records the device's confirmation.
    async fn provision(&self, body: Option<&Element>) -> Result<Reply> {
        let (core, device) = (&self.face.core, self.device);
        // iOS 5 puts a stray Status before the acknowledgement: any order is read.
        let said = body.and_then(|root| {
            [p::REMOTE_WIPE, p::ACCOUNT_ONLY_REMOTE_WIPE]
                .into_iter()
                .find_map(|tag| root.child(tag))
                .map(|wipe| wipe.text_of(p::STATUS).unwrap_or_default())
        });
        let mut out = Encoder::new();
        out.open(p::PROVISION)
            .number(p::STATUS, status::Provision::Success);
        match said.as_deref() {
            Some(_) if self.by == By::Anybody => {}
            Some("1") => core.wiped(device, Wiping::Acknowledged).await?,
            Some(_) => core.wiped(device, Wiping::Failed).await?,
            None if self.is_emulated() => {}
            None if device.access == DeviceAccess::ErasePending => {
                out.empty(p::REMOTE_WIPE);
            }
            None => {
                out.empty(p::ACCOUNT_ONLY_REMOTE_WIPE);
            }
        }
        out.close();
        Ok(Reply::Wbxml(out.finish()))
    }

    /// Sends a device without account-only wipe the removal of every folder. An answer may be lost:
    /// the folders are gone when the device presents the key that it was sent with their removal.
    async fn empty(&self, body: Option<&Element>) -> Result<Reply> {
        let (face, device) = (self.face, self.device);
        let (answer, is_emptied) = folder_sync::take_all(face, device, body, self.by).await?;
        if is_emptied {
            face.core.wiped(device, Wiping::FoldersRemoved).await?;
        }
        Ok(answer)
    }
}

/// [`Ordered::answer`] to a device whose password is no longer valid: only known pairs of person and
/// device, and only the order to erase, which is no secret. That it was carried out is not believed:
/// the order stands.
pub async fn without_password(
    face: &Face,
    parts: &Parts,
    body: Body,
    peer: IpAddr,
) -> Result<Option<Reply>> {
    let authorization = parts.headers.get(header::AUTHORIZATION);
    if parts.method != Method::POST {
        return Ok(None);
    }
    let Some(person) = face.auth.claimed(authorization).await? else {
        return Ok(None);
    };
    let Ok(line) = RequestLine::parse(parts.uri.query().unwrap_or_default()) else {
        return Ok(None);
    };
    let device = face.core.device_to_wipe(person.id, &line.device_id);
    let Some(device) = device.await? else {
        return Ok(None);
    };
    let Ok(arrival) = Arrival::read(&person, parts.clone(), body).await else {
        return Ok(None);
    };
    let version = arrival.version.or_else(|| Version::parse(&device.version));
    let version = version.filter(|version| version::is_offered(*version, face.settings.legacy));
    let (Some(version), Some(root)) = (version, arrival.line.command.root()) else {
        return Ok(None);
    };
    tracing::info!(%peer, device = device.device_id, "a device to be wiped came without the password");
    let element = decode(&arrival.body, &Limits::default()).ok();
    let ordered = Ordered {
        face,
        device: &device,
        version,
        by: By::Anybody,
    };
    let answer = ordered.answer(arrival.line.command, root, element.as_ref());
    answer.await.map(Some)
}

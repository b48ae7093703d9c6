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

/// Answers a device that is to be wiped.
pub async fn answer(
    face: &Face,
    device: &Device,
    command: Command,
    version: Version,
    root: Tag,
    body: Option<&Element>,
    by: By,
) -> Result<Reply> {
    let emulated = device.access == DeviceAccess::WipePending && version < Version::V16_1;
    Ok(match command {
        Command::Provision => provision(face, device, emulated, body, by).await?,
        Command::FolderSync if emulated => empty(face, device, body, by).await?,
        // They come for the folders.
        Command::Sync if emulated => {
            Reply::status(air_sync::SYNC, status::Sync::FolderHierarchyChanged)
        }
        Command::Ping if emulated => Reply::status(ping::PING, status::Ping::FolderSyncRequired),
        _ => refuse(version, root, Common::RemoteWipeRequested),
    })
}

/// [`answer`] for a device whose password is no longer valid: only known pairs of person and
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
    let version = version.filter(|version| {
        version::offered(face.settings.legacy).any(|offered| offered == *version)
    });
    let (Some(version), Some(root)) = (version, arrival.line.command.root()) else {
        return Ok(None);
    };
    tracing::info!(%peer, device = device.device_id, "a device to be wiped came without the password");
    let element = decode(&arrival.body, &Limits::default()).ok();
    answer(
        face,
        &device,
        arrival.line.command,
        version,
        root,
        element.as_ref(),
        By::Anybody,
    )
    .await
    .map(Some)
}

/// Orders the removal, and records the device's confirmation.
async fn provision(
    face: &Face,
    device: &Device,
    emulated: bool,
    body: Option<&Element>,
    by: By,
) -> Result<Reply> {
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
        Some(_) if by == By::Anybody => {}
        Some("1") => face.core.wiped(device, Wiping::Acknowledged).await?,
        Some(_) => face.core.wiped(device, Wiping::Failed).await?,
        None if emulated => {}
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

/// Sends a device without account-only wipe the removal of every folder. An answer may be lost: the
/// folders are gone when the device presents the key that it was sent with their removal.
async fn empty(face: &Face, device: &Device, body: Option<&Element>, by: By) -> Result<Reply> {
    let (answer, is_emptied) = folder_sync::take_all(face, device, body, by).await?;
    if is_emptied {
        face.core.wiped(device, Wiping::FoldersRemoved).await?;
    }
    Ok(answer)
}

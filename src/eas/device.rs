//! The device of a request, and the versions it is told of.

use carnet_proto::eas::request_line::{RequestLine, Version};

use super::{Face, quirk, settings::NewDevices, version};
use crate::domain::{
    device::{Contact, DeviceAccess, FirstContact},
    error::Result,
    id::{DeviceId, PersonId, Timestamp},
    store::Device,
};

/// Name of the stored value with the versions a device was last offered.
const OFFERED: &str = "OfferedVersions";

/// The facts of a request about its device.
pub struct Visit<'a> {
    pub person: PersonId,
    pub line: &'a RequestLine,
    pub version: Option<Version>,
    pub agent: &'a str,
}

/// The device of a request as it was at its last contact; none of one that only checks an account.
pub async fn known(face: &Face, visit: &Visit<'_>) -> Result<Option<Device>> {
    let device_id = &visit.line.device_id;
    if quirk::is_probe(device_id) {
        return Ok(None);
    }
    face.core.known_device(visit.person, device_id).await
}

/// The device of a request, stored unless it only checks an account; none when the person has too
/// many devices.
pub async fn admit(
    face: &Face,
    visit: &Visit<'_>,
    known: Option<Device>,
) -> Result<Option<Device>> {
    if quirk::is_probe(&visit.line.device_id) {
        return Ok(Some(visit.transient()));
    }
    let contact = Contact {
        person: visit.person,
        device_id: visit.line.device_id.clone(),
        device_type: visit.line.device_type.clone(),
        user_agent: visit.agent.to_owned(),
        version: visit.version.map(|version| version.to_string()),
    };
    let new = FirstContact {
        access: match face.settings.new_devices {
            NewDevices::Allow => DeviceAccess::Allowed,
            NewDevices::Quarantine => DeviceAccess::Quarantined,
            NewDevices::Block => DeviceAccess::Blocked,
        },
        most: face.settings.max_devices,
        info: vec![(OFFERED.to_owned(), version::list(face.settings.legacy))],
    };
    face.core.admit_device(known, contact, new).await
}

/// The versions to announce to a device (X-MS-RP, [MS-ASHTTP] 2.2.2.1.2) when more are offered
/// than it was last offered.
pub fn announcement(face: &Face, device: &Device) -> Option<String> {
    if !face.settings.announce || quirk::is_probe(&device.device_id) {
        return None;
    }
    let told = device.info.iter().find(|(name, _)| name == OFFERED);
    let told: Vec<&str> = told.map_or(Vec::new(), |(_, list)| list.split(',').collect());
    let list = version::list(face.settings.legacy);
    let is_told = list.split(',').all(|version| told.contains(&version));
    (!is_told).then_some(list)
}

/// Keeps that a device is told: once each.
pub async fn announced(face: &Face, device: &Device, list: String) -> Result<()> {
    let offered = vec![(OFFERED.to_owned(), list)];
    let version = device.version.clone();
    face.core.learn_device(device, version, offered).await
}

impl Visit<'_> {
    /// The device as it is, without storing it.
    fn transient(&self) -> Device {
        let now = Timestamp::now();
        Device {
            id: DeviceId(0),
            person: self.person,
            device_id: self.line.device_id.clone(),
            device_type: self.line.device_type.clone(),
            user_agent: self.agent.to_owned(),
            version: self.version.map(|v| v.to_string()).unwrap_or_default(),
            name: String::new(),
            ordered_by: None,
            access: DeviceAccess::Allowed,
            info: Vec::new(),
            first_seen: now,
            last_seen: now,
        }
    }
}

//! Devices at their first contact: new ones are recorded as the server's rule says, idle ones are
//! removed to make room.

use carnet_proto::eas::request_line::{RequestLine, Version};

use super::{Face, settings::NewDevices, version};
use crate::domain::{
    batch::{Batch, Op},
    device::DeviceAccess,
    error::{Error, Result},
    id::{DeviceId, PersonId, Timestamp},
    store::Device,
};

/// Interval in milliseconds at which a device's last contact is written.
const TOUCH_EVERY: i64 = 3_600_000;
/// Time in milliseconds after which a device may be removed to make room: clients that choose a new
/// id at every start (Outlook from build 2408 on) leave many behind.
const IDLE: i64 = 24 * 3_600_000;
/// DeviceId of Android's client while it checks an account: nothing is stored for it.
const PROBE: &str = "validate";
/// Name of the stored value with the versions a device was last offered.
const OFFERED: &str = "OfferedVersions";

/// The facts of a request about its device.
pub struct Visit<'a> {
    pub person: PersonId,
    pub line: &'a RequestLine,
    pub version: Option<Version>,
    pub agent: &'a str,
}

/// Whether a device only checks an account and is not stored.
pub fn is_probe(device: &Device) -> bool {
    device.id == DeviceId(0)
}

/// The device of a request. It is stored when it is new, has changed, or was not seen for an hour;
/// none when the person has too many devices.
pub async fn admit(face: &Face, visit: &Visit<'_>) -> Result<Option<Device>> {
    if visit.line.device_id == PROBE {
        return Ok(Some(visit.transient()));
    }
    let store = face.core.store();
    let known = store.device(visit.person, &visit.line.device_id).await?;
    let version = visit.version.map(|version| version.to_string());
    if let Some(device) = &known {
        let now = Timestamp::now();
        let unchanged = device.user_agent == visit.agent
            && version.as_ref().is_none_or(|v| *v == device.version)
            && now.0 - device.last_seen.0 < TOUCH_EVERY;
        if unchanged {
            return Ok(known);
        }
        let touch = Op::TouchDevice {
            person: visit.person,
            device_id: device.device_id.clone(),
            device_type: visit.line.device_type.clone(),
            user_agent: visit.agent.to_owned(),
            version: version.unwrap_or_else(|| device.version.clone()),
            info: Vec::new(),
        };
        match face.core.touch_device(visit.person, touch).await {
            // A disk that takes nothing keeps no device from reading.
            Ok(()) | Err(Error::NoSpace | Error::Unavailable(_)) => {}
            Err(error) => return Err(error),
        }
    } else {
        let Some(room) = make_room(face, visit.person).await? else {
            return Ok(None);
        };
        let ruled = face.core.rule_for(&visit.line.device_type).await?;
        let access = ruled.unwrap_or(match face.settings.new_devices {
            NewDevices::Allow => DeviceAccess::Allowed,
            NewDevices::Quarantine => DeviceAccess::Quarantined,
            NewDevices::Block => DeviceAccess::Blocked,
        });
        let admit = Op::AdmitDevice {
            person: visit.person,
            device_id: visit.line.device_id.clone(),
            device_type: visit.line.device_type.clone(),
            user_agent: visit.agent.to_owned(),
            version: version.unwrap_or_default(),
            info: vec![(OFFERED.to_owned(), version::list(face.settings.legacy))],
            access,
        };
        let batch = Batch {
            person: Some(visit.person),
            client: "EAS".to_owned(),
            at: Timestamp::now(),
            ops: room.into_iter().chain([admit]).collect(),
            ..Batch::default()
        };
        face.core.commit(batch).await?;
    }
    let device = store.device(visit.person, &visit.line.device_id).await?;
    device.map(Some).ok_or(Error::NotFound)
}

/// The device to remove before another is stored; none when none may be removed.
async fn make_room(face: &Face, person: PersonId) -> Result<Option<Vec<Op>>> {
    let store = face.core.store();
    let allowed = face.core.devices_allowed(person, face.settings.max_devices);
    if store.device_count(person).await? < allowed.await? {
        return Ok(Some(Vec::new()));
    }
    // Those that are refused stay known: forgotten ones would be let in again.
    let devices = store.devices(Some(person)).await?;
    let oldest = devices
        .iter()
        .filter(|device| device.access == DeviceAccess::Allowed)
        .filter(|device| Timestamp::now().0 - device.last_seen.0 > IDLE)
        .min_by_key(|device| device.last_seen);
    Ok(oldest.map(|device| vec![Op::ForgetDevice { device: device.id }]))
}

/// The versions to announce to a device (X-MS-RP, [MS-ASHTTP] 2.2.3.1.2.7) when more are offered
/// than it was last offered; once each.
pub async fn announcement(face: &Face, device: &Device) -> Result<Option<String>> {
    if !face.settings.announce || is_probe(device) {
        return Ok(None);
    }
    let told = device.info.iter().find(|(name, _)| name == OFFERED);
    let told: Vec<&str> = told.map_or(Vec::new(), |(_, list)| list.split(',').collect());
    let list = version::list(face.settings.legacy);
    if list.split(',').all(|version| told.contains(&version)) {
        return Ok(None);
    }
    let touch = Op::TouchDevice {
        person: device.person,
        device_id: device.device_id.clone(),
        device_type: device.device_type.clone(),
        user_agent: device.user_agent.clone(),
        version: device.version.clone(),
        info: vec![(OFFERED.to_owned(), list.clone())],
    };
    face.core.touch_device(device.person, touch).await?;
    Ok(Some(list))
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

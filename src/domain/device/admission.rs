//! Devices at their contacts: new ones are recorded as the server's rule says, idle ones are
//! removed to make room.

use super::DeviceAccess;
use crate::domain::{
    batch::{Batch, DeviceOp, Op, SyncOp},
    core::Core,
    error::{Error, Result},
    id::{DeviceId, PersonId, Timestamp},
    journal::Event,
    label::DEVICES,
    store::Device,
};

/// Interval in milliseconds at which a device's last contact is written.
const TOUCH_EVERY: i64 = 3_600_000;
/// Time in milliseconds after which a device may be removed to make room: clients that choose a new
/// id at every start (Outlook from build 2408 on) leave many behind.
const IDLE: i64 = 24 * 3_600_000;

/// What a device says of itself when it comes.
#[derive(Clone, Debug)]
pub struct Contact {
    pub person: PersonId,
    /// Lower case, as [MS-ASHTTP] has it.
    pub device_id: String,
    pub device_type: String,
    pub user_agent: String,
    /// The protocol version of the request; none when it names none.
    pub version: Option<String>,
}

/// How the server treats a device it does not know.
#[derive(Clone, Debug)]
pub struct FirstContact {
    /// Unless the administration has a rule for the type.
    pub access: DeviceAccess,
    /// Devices that a person may have.
    pub most: usize,
    /// Facts to keep with the device, as (name, value).
    pub info: Vec<(String, String)>,
}

/// How a device took the order to wipe or erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiping {
    Acknowledged,
    /// The device said that it could not.
    Failed,
    /// A device that knows no such order has no folder left.
    FoldersRemoved,
}

impl Wiping {
    /// The words that are stored with the device and noted in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Wiping::Acknowledged => "acknowledged",
            Wiping::Failed => "failed on the device",
            Wiping::FoldersRemoved => "folders removed",
        }
    }

    /// Reads what [`Wiping::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Acknowledged, Self::Failed, Self::FoldersRemoved]
            .into_iter()
            .find(|how| how.as_str() == text)
    }

    fn is_done(self) -> bool {
        self != Wiping::Failed
    }
}

impl Core {
    /// A person's device by its DeviceId, as it was at its last contact.
    pub async fn known_device(&self, person: PersonId, device_id: &str) -> Result<Option<Device>> {
        self.store().device(person, device_id).await
    }

    /// The device that made contact, `known` from before or not. It is stored when it is new, has
    /// changed, or was not seen for an hour; what a request leaves out stays as it was. None when the
    /// person has too many devices.
    pub async fn admit_device(
        &self,
        known: Option<Device>,
        mut contact: Contact,
        new: FirstContact,
    ) -> Result<Option<Device>> {
        let (person, device_id) = (contact.person, contact.device_id.clone());
        if let Some(device) = &known {
            for (said, stored) in [
                (&mut contact.device_type, &device.device_type),
                (&mut contact.user_agent, &device.user_agent),
            ] {
                if said.is_empty() {
                    said.clone_from(stored);
                }
            }
            let unchanged = device.user_agent == contact.user_agent
                && device.device_type == contact.device_type
                && contact
                    .version
                    .as_ref()
                    .is_none_or(|v| *v == device.version)
                && Timestamp::now().0 - device.last_seen.0 < TOUCH_EVERY;
            if unchanged {
                return Ok(known);
            }
            let version = contact.version.unwrap_or_else(|| device.version.clone());
            let now = Device {
                device_type: contact.device_type,
                user_agent: contact.user_agent,
                ..device.clone()
            };
            match self.learn_device(&now, version, Vec::new()).await {
                // A disk that takes nothing keeps no device from reading.
                Ok(()) | Err(Error::NoSpace | Error::Unavailable(_)) => {}
                Err(error) => return Err(error),
            }
        } else {
            let Some(room) = self.make_room(person, new.most).await? else {
                return Ok(None);
            };
            let ruled = self.rule_for(&contact.device_type).await?;
            let admit = Op::Device(DeviceOp::AdmitDevice {
                person,
                device_id: contact.device_id,
                device_type: contact.device_type,
                user_agent: contact.user_agent,
                version: contact.version.unwrap_or_default(),
                info: new.info,
                access: ruled.unwrap_or(new.access),
            });
            let ops = room.into_iter().chain([admit]).collect();
            let batch = Batch::of_program(DEVICES, ops).for_person(person);
            self.commit(batch).await?;
        }
        let device = self.store().device(person, &device_id).await?;
        device.map(Some).ok_or(Error::NotFound)
    }

    /// The removals before another device is stored; none when nothing may be removed.
    async fn make_room(&self, person: PersonId, most: usize) -> Result<Option<Vec<Op>>> {
        let allowed = self.devices_allowed(person, most).await?;
        if self.store().device_count(person).await? < allowed {
            return Ok(Some(Vec::new()));
        }
        // Those that are refused stay known: forgotten ones would be let in again.
        let devices = self.store().devices(Some(person)).await?;
        let oldest = devices
            .iter()
            .filter(|device| device.access == DeviceAccess::Allowed)
            .filter(|device| Timestamp::now().0 - device.last_seen.0 > IDLE)
            .min_by_key(|device| device.last_seen);
        Ok(oldest.map(|device| vec![Op::Device(DeviceOp::ForgetDevice { device: device.id })]))
    }

    /// Whether a person still has a device that may synchronize.
    pub async fn is_let_in(&self, person: PersonId, device_id: &str) -> Result<bool> {
        let device = self.store().device(person, device_id).await?;
        Ok(device.is_some_and(|device| device.access == DeviceAccess::Allowed))
    }

    /// A person's device by its DeviceId if it waits to be wiped or erased, for one that comes
    /// without the password; none for any other.
    pub async fn device_to_wipe(
        &self,
        person: PersonId,
        device_id: &str,
    ) -> Result<Option<Device>> {
        let device = self.store().device(person, device_id).await?;
        Ok(device.filter(|device| {
            matches!(
                device.access,
                DeviceAccess::WipePending | DeviceAccess::ErasePending
            )
        }))
    }

    /// A value that a face keeps for a device under a name; none before it is written.
    pub async fn device_value(&self, device: DeviceId, name: &str) -> Result<Option<Vec<u8>>> {
        self.store().device_value(device, name).await
    }

    /// Keeps a value of a face for a device under a name. May be lost by a power cut.
    pub async fn set_device_value(
        &self,
        device: &Device,
        name: &str,
        value: Vec<u8>,
    ) -> Result<()> {
        let keep = Op::Sync(SyncOp::SetDeviceValue {
            device: device.id,
            name: name.to_owned(),
            value: Some(value),
        });
        self.note_of(device.person, &device.label(), keep)
            .await
            .map(drop)
    }

    /// Stores what a device says of itself: its version, and facts merged over the former ones. May
    /// be lost by a power cut.
    pub async fn learn_device(
        &self,
        device: &Device,
        version: String,
        info: Vec<(String, String)>,
    ) -> Result<()> {
        let batch = Batch::of_program(&device.label(), vec![touched(device, version, info)]);
        let batch = batch.for_person(device.person).may_be_lost();
        self.commit(batch).await.map(drop)
    }

    /// Records how a device took the order to wipe or erase; once it is done the device is refused.
    pub async fn wiped(&self, device: &Device, how: Wiping) -> Result<()> {
        let (now, done) = (Timestamp::now(), how.is_done());
        let info = vec![
            ("Wipe".to_owned(), how.as_str().to_owned()),
            ("WipeAt".to_owned(), now.0.to_string()),
        ];
        let refused = Op::Device(DeviceOp::SetDeviceAccess {
            device: device.id,
            access: DeviceAccess::Wiped,
        });
        let mut ops = vec![touched(device, device.version.clone(), info)];
        ops.extend(done.then_some(refused));
        let batch = Batch::of_program(&device.label(), ops).for_person(device.person);
        self.commit(batch.at(now)).await?;
        let event = Event::Wiped { done };
        self.passed(device.person, &device.label(), event, how.as_str());
        Ok(())
    }
}

fn touched(device: &Device, version: String, info: Vec<(String, String)>) -> Op {
    Op::Device(DeviceOp::TouchDevice {
        person: device.person,
        device_id: device.device_id.clone(),
        device_type: device.device_type.clone(),
        user_agent: device.user_agent.clone(),
        version,
        info,
    })
}

//! Orders to devices (allow, block, wipe), given by their owner or by the administration.
//!
//! Owners take back what they ordered themselves, and nothing else: a device the administration
//! blocked stays blocked, and cannot be forgotten to come in again as a new one.

mod admission;

use std::sync::Arc;

pub use admission::{Contact, FirstContact, Wiping};

use super::{
    actor::Actor,
    batch::{DeviceOp, Op, SyncOp},
    collection::Place,
    core::Core,
    device_sync::{DeviceBook, Pending},
    error::{Error, Result},
    id::{DeviceId, PersonId},
    journal::shown_name,
    json, label,
    office::Office,
    rights::Right,
    rule::Rule,
    store::Device,
    view::Shown,
};

/// Whether a device may synchronize.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAccess {
    Allowed,
    Blocked,
    /// New, and refused until somebody allows it.
    Quarantined,
    /// The account's data are to be removed at the next contact.
    WipePending,
    /// The whole device is to be erased at the next contact.
    ErasePending,
    /// The device confirmed the wipe; refused until allowed again.
    Wiped,
}

impl DeviceAccess {
    /// The name under which it is stored, and which the command line uses.
    pub fn as_str(self) -> &'static str {
        match self {
            DeviceAccess::Allowed => "allowed",
            DeviceAccess::Blocked => "blocked",
            DeviceAccess::Quarantined => "quarantined",
            DeviceAccess::WipePending => "wipe-pending",
            DeviceAccess::ErasePending => "erase-pending",
            DeviceAccess::Wiped => "wiped",
        }
    }

    /// Reads what [`DeviceAccess::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Allowed,
            Self::Blocked,
            Self::Quarantined,
            Self::WipePending,
            Self::ErasePending,
            Self::Wiped,
        ]
        .into_iter()
        .find(|access| access.as_str() == text)
    }
}

/// First version that knows an order to remove one account ([MS-ASPROV] 2.2.2.1).
const ACCOUNT_WIPE: &str = "16.1";

/// A device opened for orders.
pub struct OpenDevice {
    core: Arc<Core>,
    device: Device,
    by: By,
}

enum By {
    Owner(Arc<Actor>),
    Office(Office),
}

/// The orders that can be given to a device in its present state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    pub allow: bool,
    pub block: bool,
    pub quarantine: bool,
    /// Remove the account's data.
    pub wipe: bool,
    /// Erase the whole device.
    pub erase: bool,
    /// Withdraw an order to wipe or erase.
    pub cancel: bool,
    pub forget: bool,
}

/// A book of the owner, and how far the device has synchronized it.
#[derive(Clone, Debug, PartialEq)]
pub struct BookOnDevice {
    /// Permanent identifier.
    pub uuid: String,
    /// Name of the group; none: the person's own book, or all books in one.
    pub name: Option<String>,
    /// The book is always shown, being the default one.
    pub fixed: bool,
    pub hidden: bool,
    pub contacts: i64,
    /// Whether changes wait for the device; none: it does not synchronize the book, or has it
    /// within another.
    pub pending: Option<bool>,
    /// Number of the person's refused writes there.
    pub refused: i64,
}

impl Device {
    /// The name of the device in history and the journal.
    pub fn label(&self) -> String {
        label::of_device(&self.device_type, &self.device_id)
    }

    /// The name for people: the owner's, else the device's own, else its type.
    pub fn shown_name(&self) -> &str {
        let said = |wanted: &str| {
            let found = self.info.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.as_str())
        };
        match self.name.as_str() {
            "" => said("FriendlyName")
                .or_else(|| said("Model"))
                .filter(|name| !name.is_empty())
                .unwrap_or(&self.device_type),
            name => name,
        }
    }

    /// Whether the device supports account-only remote wipe ([MS-ASPROV] 2.2.2.1), from version
    /// 16.1 on.
    pub fn knows_account_wipe(&self) -> bool {
        self.version == ACCOUNT_WIPE
    }
}

impl Core {
    /// Number of devices a person may have: that of their class, at most that of the server.
    pub async fn devices_allowed(&self, person: PersonId, server: usize) -> Result<usize> {
        let class = self
            .store()
            .person(person)
            .await?
            .map(|person| person.class);
        let devices = class.and_then(|class| class.devices);
        let devices = devices.and_then(|devices| usize::try_from(devices).ok());
        Ok(devices.map_or(server, |devices| devices.min(server)))
    }

    /// Opens a device of the actor by its DeviceId. `NotFound` for any other.
    pub async fn own_device(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        device: DeviceId,
    ) -> Result<OpenDevice> {
        let devices = self.store().devices(Some(actor.person)).await?;
        let device = devices.into_iter().find(|known| known.id == device);
        Ok(OpenDevice {
            core: self.clone(),
            device: device.ok_or(Error::NotFound)?,
            by: By::Owner(actor.clone()),
        })
    }
}

impl Office {
    /// Opens a device of any person, for the administration.
    pub async fn device(&self, device: DeviceId) -> Result<OpenDevice> {
        let devices = self.core().store().devices(None).await?;
        let device = devices.into_iter().find(|known| known.id == device);
        self.open(device)
    }

    /// Opens a device of any person by its owner and DeviceId, for the administration.
    pub async fn device_named(&self, owner: PersonId, device_id: &str) -> Result<OpenDevice> {
        let found = self.core().store().device(owner, device_id).await?;
        self.open(found)
    }

    /// Opens a device that was already read, for the administration. `NotFound` for none.
    pub fn open(&self, device: Option<Device>) -> Result<OpenDevice> {
        Ok(OpenDevice {
            core: self.core().clone(),
            device: device.ok_or(Error::NotFound)?,
            by: By::Office(self.clone()),
        })
    }
}

impl OpenDevice {
    /// The device as it was when it was opened.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The orders that can be given now.
    pub fn orders(&self) -> Orders {
        use DeviceAccess as A;
        let access = self.device.access;
        let pending = matches!(access, A::WipePending | A::ErasePending);
        // What is not simply let in was ordered by somebody, or by the rule for new devices.
        let own = match &self.by {
            By::Office(_) => true,
            By::Owner(actor) => {
                access == A::Allowed || self.device.ordered_by == Some(actor.person)
            }
        };
        let office = matches!(self.by, By::Office(_));
        Orders {
            allow: own && matches!(access, A::Blocked | A::Quarantined | A::Wiped),
            block: own && matches!(access, A::Allowed | A::Quarantined | A::Wiped),
            quarantine: office && matches!(access, A::Allowed | A::Blocked),
            wipe: own && !pending && access != A::Wiped,
            erase: own && !pending && (office || self.core.limits().owners_erase),
            cancel: own && pending,
            forget: own && !pending,
        }
    }

    /// Sets the owner's name of the device; empty: none.
    pub async fn rename(&self, name: &str) -> Result<()> {
        let name = shown_name(name)?;
        let device = self.device.id;
        self.commit(vec![Op::Device(DeviceOp::NameDevice { device, name })])
            .await
    }

    /// Allows the device to synchronize.
    pub async fn allow(&self) -> Result<()> {
        self.order(self.orders().allow, DeviceAccess::Allowed).await
    }

    /// Refuses the device.
    pub async fn block(&self) -> Result<()> {
        self.order(self.orders().block, DeviceAccess::Blocked).await
    }

    /// Refuses the device until somebody allows it.
    pub async fn quarantine(&self) -> Result<()> {
        self.order(self.orders().quarantine, DeviceAccess::Quarantined)
            .await
    }

    /// Orders the removal of the account's data at the next contact. A device older than 16.1 is
    /// sent an empty hierarchy, and is refused afterwards.
    pub async fn wipe(&self) -> Result<()> {
        self.order(self.orders().wipe, DeviceAccess::WipePending)
            .await
    }

    /// Orders the device to erase everything at its next contact; `typed` must be its name.
    pub async fn erase(&self, typed: &str) -> Result<()> {
        if typed.trim() != self.device.shown_name() {
            return Err(Error::Invalid(Rule::TypedName));
        }
        self.order(self.orders().erase, DeviceAccess::ErasePending)
            .await
    }

    /// Withdraws an order to wipe or erase that has not been carried out.
    pub async fn cancel(&self) -> Result<()> {
        self.order(self.orders().cancel, DeviceAccess::Allowed)
            .await
    }

    /// Deletes the device and its sync state; at its next contact it is a new one.
    pub async fn forget(&self) -> Result<()> {
        if !self.orders().forget {
            return Err(refused());
        }
        let ops = vec![
            Op::Device(DeviceOp::ForgetClient {
                person: self.device.person,
                label: self.device.label(),
            }),
            Op::Device(DeviceOp::ForgetDevice {
                device: self.device.id,
            }),
        ];
        self.commit(ops).await
    }

    /// Makes the device synchronize anew from the server's data; changes it has not uploaded it
    /// uploads.
    pub async fn resynchronize(&self) -> Result<()> {
        self.commit(vec![Op::Sync(SyncOp::ForgetSync {
            device: self.device.id,
            collection: None,
        })])
        .await
    }

    /// The books the device is shown, and how.
    pub async fn shown(&self) -> Result<Shown> {
        let store = self.core.store();
        let stored = store.device_value(self.device.id, Shown::VALUE).await?;
        Ok(stored
            .and_then(|bytes| json::read("the books shown to a device", &bytes))
            .unwrap_or_default())
    }

    /// Sets the books the device is shown, and how.
    pub async fn show(&self, shown: Shown) -> Result<()> {
        let device = self.device.id;
        self.commit(vec![Op::Device(DeviceOp::ShowBooks { device, shown })])
            .await
    }

    /// The owner's books, and how far the device is with each. For the owner alone, because
    /// contents are counted.
    pub async fn books(&self) -> Result<Vec<BookOnDevice>> {
        let By::Owner(actor) = &self.by else {
            return Err(Error::NotFound);
        };
        let store = self.core.store();
        let synced = store.synced(self.device.id).await?;
        let hidden = self.shown().await?.hidden;
        let mut rows = Vec::new();
        for book in self.core.books(actor).await? {
            let collection = book.collection();
            let mut pending = None;
            if synced.contains(&collection.id) {
                let state = DeviceBook::new(book.clone(), self.device.id);
                pending = Some(state.pending().await? != Pending::Nothing);
            }
            rows.push(BookOnDevice {
                uuid: collection.uuid.clone(),
                name: (!collection.is_default()).then(|| collection.shown_name().to_owned()),
                fixed: collection.is_default(),
                hidden: hidden.contains(&collection.uuid),
                contacts: store.count(collection.id).await?,
                pending,
                refused: store.refusals(actor.person, collection.id).await?,
            });
        }
        Ok(rows)
    }

    /// Whether the device is shown all books in one folder.
    pub async fn is_merged(&self) -> Result<bool> {
        let store = self.core.store();
        for collection in store.synced(self.device.id).await? {
            let found = store.collection(collection).await?;
            if found.is_some_and(|found| matches!(found.place, Place::View(_))) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn order(&self, may: bool, access: DeviceAccess) -> Result<()> {
        if self.device.access == access && matches!(self.by, By::Office(_)) {
            return Ok(());
        }
        if !may {
            return Err(refused());
        }
        let device = self.device.id;
        self.commit(vec![Op::Device(DeviceOp::SetDeviceAccess {
            device,
            access,
        })])
        .await
    }

    async fn commit(&self, ops: Vec<Op>) -> Result<()> {
        match &self.by {
            By::Owner(actor) => self.core.commit_personal(actor, ops).await.map(drop),
            By::Office(office) => office.commit(ops).await.map(drop),
        }
    }
}

fn refused() -> Error {
    Error::Forbidden {
        right: Right::Administer,
    }
}

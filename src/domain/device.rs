//! Orders to devices (allow, block, wipe), given by their owner or by the administration.
//!
//! Owners take back what they ordered themselves, and nothing else: a device the administration
//! blocked stays blocked, and cannot be forgotten to come in again as a new one.

use std::sync::Arc;

use super::{
    actor::Actor,
    batch::Op,
    collection::Place,
    core::Core,
    device_sync::{DeviceBook, Pending},
    error::{Error, Result},
    id::{DeviceId, PersonId},
    journal::shown_name,
    office::Office,
    rights::Right,
    store::Device,
    view::Shown,
};

/// Whether a device may synchronize.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAccess {
    Allowed,
    Blocked,
    /// New, and refused until somebody lets it in.
    Quarantined,
    /// The account's data are to be removed at next contact.
    WipePending,
    /// The whole device is to be erased at next contact.
    ErasePending,
    /// The device confirmed the wipe; refused until allowed again.
    Wiped,
}

impl DeviceAccess {
    /// As stored and as the command line spells it.
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

/// What may be ordered of a device as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    pub allow: bool,
    pub block: bool,
    pub quarantine: bool,
    /// Remove the account's data.
    pub wipe: bool,
    /// Erase the whole device.
    pub erase: bool,
    /// Take an order to wipe or erase back.
    pub cancel: bool,
    pub forget: bool,
}

/// A book and how far a device is with it.
#[derive(Clone, Debug, PartialEq)]
pub struct BookOnDevice {
    /// Permanent identifier.
    pub uuid: String,
    /// None: the person's own, or all books in one.
    pub name: Option<String>,
    /// The default book is always shown.
    pub fixed: bool,
    pub hidden: bool,
    pub contacts: i64,
    /// None: the device does not synchronize it (or has it within another).
    pub pending: Option<bool>,
    /// The person's refused writes there.
    pub refused: i64,
}

impl Device {
    /// The device as history and the journal name it.
    pub fn label(&self) -> String {
        format!("EAS {} {}", self.device_type, self.device_id)
    }

    /// What it is called: by its owner, by itself, by its kind.
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

    /// Knows an order to remove one account and nothing else.
    pub fn knows_account_wipe(&self) -> bool {
        self.version == ACCOUNT_WIPE
    }
}

impl Core {
    /// Devices a person may have: those of their class, and not more than the server allows.
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

    /// Opens a device of the actor's.
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
    /// Opens a device of anybody's.
    pub async fn device(&self, device: DeviceId) -> Result<OpenDevice> {
        let devices = self.core().store().devices(None).await?;
        let device = devices.into_iter().find(|known| known.id == device);
        self.open(device)
    }

    /// The same by what it calls itself.
    pub async fn device_named(&self, owner: PersonId, device_id: &str) -> Result<OpenDevice> {
        let found = self.core().store().device(owner, device_id).await?;
        self.open(found)
    }

    /// The same of one that was read already.
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

    /// What may be ordered.
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

    /// Calls it otherwise; an empty name is none.
    pub async fn rename(&self, name: &str) -> Result<()> {
        let name = shown_name(name)?;
        let device = self.device.id;
        self.commit(vec![Op::NameDevice { device, name }]).await
    }

    /// Lets it synchronize again.
    pub async fn allow(&self) -> Result<()> {
        self.order(self.orders().allow, DeviceAccess::Allowed).await
    }

    /// Refuses it.
    pub async fn block(&self) -> Result<()> {
        self.order(self.orders().block, DeviceAccess::Blocked).await
    }

    /// Holds it until somebody lets it in.
    pub async fn quarantine(&self) -> Result<()> {
        self.order(self.orders().quarantine, DeviceAccess::Quarantined)
            .await
    }

    /// Removes the account's data at the next contact. A device that knows no such order finds its
    /// folders gone, and is refused afterwards.
    pub async fn wipe(&self) -> Result<()> {
        self.order(self.orders().wipe, DeviceAccess::WipePending)
            .await
    }

    /// Erases everything on the device at its next contact; `typed` is its name.
    pub async fn erase(&self, typed: &str) -> Result<()> {
        if typed.trim() != self.device.shown_name() {
            return Err(Error::Invalid(
                "the name typed is not the one of the device".into(),
            ));
        }
        self.order(self.orders().erase, DeviceAccess::ErasePending)
            .await
    }

    /// Takes an order to wipe or to erase back while it has not been carried out.
    pub async fn cancel(&self) -> Result<()> {
        self.order(self.orders().cancel, DeviceAccess::Allowed)
            .await
    }

    /// Forgets it with what it did; it starts over when it comes back.
    pub async fn forget(&self) -> Result<()> {
        if !self.orders().forget {
            return Err(refused());
        }
        let ops = vec![
            Op::ForgetClient {
                person: self.device.person,
                label: self.device.label(),
            },
            Op::ForgetDevice {
                device: self.device.id,
            },
        ];
        self.commit(ops).await
    }

    /// Makes it start again from the server's data; what it had not uploaded it uploads.
    pub async fn resynchronize(&self) -> Result<()> {
        self.commit(vec![Op::ForgetSync {
            device: self.device.id,
            collection: None,
        }])
        .await
    }

    /// Which books it is shown, and how.
    pub async fn shown(&self) -> Result<Shown> {
        let store = self.core.store();
        let stored = store.device_value(self.device.id, Shown::VALUE).await?;
        Ok(stored
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default())
    }

    /// Shows it other books, or the same ones in another way.
    pub async fn show(&self, shown: Shown) -> Result<()> {
        let device = self.device.id;
        self.commit(vec![Op::ShowBooks { device, shown }]).await
    }

    /// The owner's books and how far the device is with each. Only its owner sees contents counted.
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
            let marks = store.refusal_marks(actor.person, collection.id).await?;
            rows.push(BookOnDevice {
                uuid: collection.uuid.clone(),
                name: (!collection.is_default()).then(|| collection.display_name.clone()),
                fixed: collection.is_default(),
                hidden: hidden.contains(&collection.uuid),
                contacts: store.count(collection.id).await?,
                pending,
                refused: marks.iter().map(|(_, number)| number).sum(),
            });
        }
        Ok(rows)
    }

    /// It is shown all books in one folder.
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
        self.commit(vec![Op::SetDeviceAccess { device, access }])
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

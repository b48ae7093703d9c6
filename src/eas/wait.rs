//! Held requests (Ping, and Sync with a wait): woken when a Sync would have an answer.
//!
//! A held request keeps its folder ids and little else: what a look at the folders needs lives in
//! boxes of its own that are gone while it waits.

use std::{sync::Arc, time::Duration};

use carnet_proto::{eas::request_line::Version, wbxml::Tag};
use http::StatusCode;
use tokio::time::{Instant, sleep_until};

use super::{
    Face,
    folders::{self, Screen, Target},
    hierarchy::{self, Told},
    reply::Reply,
    request::Call,
    status::command_status,
};
use crate::domain::{
    account_class::Service,
    actor::{Actor, Client},
    device::DeviceAccess,
    device_sync::{DeviceBook, Pending},
    error::{Error, Result},
    hub::{Subscription, Topic},
    id::{DeviceId, PersonId},
};
use crate::http::Shutdown;

/// Why a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Woken {
    /// These folders have changes.
    Changes(Vec<String>),
    /// The list of folders is not what the device was told, or the device is not let in any more.
    Hierarchy,
    /// Who asked is not let in any more.
    Barred(Barred),
    TimeOver,
    /// A newer wait of the device, or the server stops.
    Superseded,
}

/// Why somebody is not let in any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// Another password, or none any more.
    Password,
    /// The account is disabled, or its class has no devices.
    Account,
}

impl Barred {
    /// What the next request would hear, said to the one that is held.
    pub fn reply(self, version: Version, root: Tag) -> Reply {
        match self {
            Barred::Password => Reply::Unauthorized,
            Barred::Account if version < Version::V14_0 => Reply::Http(StatusCode::FORBIDDEN),
            // AccountDisabled
            Barred::Account => Reply::Wbxml(command_status(root, 131)),
        }
    }
}

/// What a held request keeps.
pub struct Waiter {
    face: Arc<Face>,
    person: PersonId,
    device: DeviceId,
    /// As the device names itself, and the program it is.
    names: Box<(String, Client)>,
    screen: Screen,
    folders: Box<[String]>,
    shutdown: Shutdown,
}

/// What a look at the folders found.
enum Look {
    Woken(Woken),
    /// Nothing yet; wait for this.
    Wait(Subscription),
}

impl Waiter {
    /// A wait for some folders of a device.
    pub fn new(call: &Call, folders: &[String]) -> Self {
        Self {
            face: call.face.clone(),
            person: call.person,
            device: call.device_id(),
            names: Box::new((call.device.device_id.clone(), call.actor.client.clone())),
            screen: Screen::of(&call.device),
            folders: folders.into(),
            shutdown: call.shutdown.clone(),
        }
    }

    /// Waits until a folder has something this device would be told.
    pub async fn hold(&self, seconds: u64) -> Result<Woken> {
        let _held = self.face.core.tally().held.enter();
        let token = self.face.begin_poll(self.device);
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let woken = tokio::select! {
            woken = self.watch() => woken,
            () = sleep_until(deadline) => Ok(Woken::TimeOver),
            () = token.cancelled() => Ok(Woken::Superseded),
            () = self.shutdown.0.cancelled() => Ok(Woken::Superseded),
        };
        self.face.end_poll(self.device, &token);
        woken
    }

    /// Who asks, read anew: after a wait groups and rights may be others.
    pub async fn actor(&self) -> Result<Arc<Actor>> {
        let client = self.names.1.clone();
        let actor = self.face.core.actor(self.person, client).await?;
        Ok(Arc::new(actor))
    }

    async fn watch(&self) -> Result<Woken> {
        loop {
            match Box::pin(self.look()).await? {
                Look::Woken(woken) => return Ok(woken),
                Look::Wait(subscription) => subscription.changed().await,
            }
        }
    }

    /// Subscribe, compare, then wait: no wake-up is lost.
    async fn look(&self) -> Result<Look> {
        let actor = match self.actor().await {
            Ok(actor) => actor,
            Err(Error::NotFound) => {
                let why = match self.may_use().await? {
                    true => Barred::Password,
                    false => Barred::Account,
                };
                return Ok(Look::Woken(Woken::Barred(why)));
            }
            Err(error) => return Err(error),
        };
        if !self.may_use().await? {
            return Ok(Look::Woken(Woken::Barred(Barred::Account)));
        }
        let mut topics = vec![Topic::Person(self.person)];
        for (_, book) in self.books(&actor).await? {
            topics.extend(book.topics().await?);
        }
        let subscription = self.face.core.hub().subscribe(topics);
        if !self.is_welcome(&actor).await? {
            return Ok(Look::Woken(Woken::Hierarchy));
        }
        // What moved between opening and subscribing is seen by opening again.
        let mut changed = Vec::new();
        for (id, book) in self.books(&actor).await? {
            if book.pending().await? == Pending::Something {
                changed.push(id);
            }
        }
        Ok(match changed.is_empty() {
            true => Look::Wait(subscription),
            false => Look::Woken(Woken::Changes(changed)),
        })
    }

    /// Whether the account, if there still is one, may use Exchange ActiveSync.
    async fn may_use(&self) -> Result<bool> {
        let account = self.face.core.store().account(self.person).await?;
        Ok(account.is_none_or(|account| account.person.may_use(Service::Eas)))
    }

    /// The device is let in, and its folders are those it was told.
    async fn is_welcome(&self, actor: &Arc<Actor>) -> Result<bool> {
        let store = self.face.core.store();
        let device = store.device(self.person, &self.names.0).await?;
        if device.is_none_or(|device| device.access != DeviceAccess::Allowed) {
            return Ok(false);
        }
        let told: Option<Told> = self.face.value(self.device, hierarchy::VALUE).await?;
        // A device that never asked for folders cannot have wrong ones.
        let Some(told) = told else { return Ok(true) };
        let now = folders::list(&self.face, self.screen, actor).await?;
        Ok(told.folders == now)
    }

    /// The books behind the folders; ids that name none are no reason to wake anybody.
    async fn books(&self, actor: &Arc<Actor>) -> Result<Vec<(String, DeviceBook)>> {
        let mut books = Vec::new();
        for id in &self.folders {
            let found = folders::look_up(&self.face, self.screen, actor, id).await?;
            if let Some(Target::Book(book)) = found {
                books.push((id.clone(), DeviceBook::new(*book, self.device)));
            }
        }
        Ok(books)
    }
}

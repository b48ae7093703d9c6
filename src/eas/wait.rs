//! Held requests (Ping, and Sync with a wait): woken when a Sync would have an answer.
//!
//! A held request keeps its folder ids and little else: what a look at the folders needs lives in
//! boxes of its own that are gone while it waits.

use std::{sync::Arc, time::Duration};

use carnet_proto::{
    eas::{request_line::Version, status::Common},
    wbxml::Tag,
};
use tokio::time::{Instant, sleep_until};

use super::{
    Face,
    folders::{self, Screen, Target},
    hierarchy::{self, SentFolders},
    polls::Poll,
    reply::Reply,
    request::Call,
    status::refuse,
    synced,
};
use crate::domain::{
    account_class::Service,
    actor::{Actor, Client},
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
    /// The folders are not what the device was told, or the device is not let in any more.
    Hierarchy,
    /// The person or the device is not let in any more.
    Barred(Barred),
    TimeOver,
    /// A newer request of the device for the same folders, or the server stops.
    Superseded,
}

/// Why somebody is not let in any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// The password is another now, or has been revoked.
    Password,
    /// The account is disabled, or its class has no devices.
    Account,
}

impl Barred {
    /// What the next request would hear, said to the one that is held.
    pub fn reply(self, version: Version, root: Tag) -> Reply {
        match self {
            Barred::Password => Reply::Unauthorized,
            Barred::Account => refuse(version, root, Common::AccountDisabled),
        }
    }
}

/// What a held request keeps.
pub struct Waiter {
    face: Arc<Face>,
    person: PersonId,
    device: DeviceId,
    /// The id by which the device names itself, and the client it is.
    names: Box<(String, Client)>,
    screen: Screen,
    watched: Watched,
    poll: Poll,
    shutdown: Shutdown,
}

/// What would be answered when it changes.
pub enum Watched {
    /// Ping: these folders, and the list of all.
    Hierarchy(Box<[String]>),
    /// Sync: these folders alone, and of each whether its items are asked for.
    Folders(Box<[(String, bool)]>),
}

/// What a look at the folders found.
enum Look {
    Woken(Woken),
    /// Nothing yet; wait for this.
    Wait(Subscription),
}

impl Waiter {
    /// A wait of a request that has its place among those of the device.
    pub fn new(call: &Call, watched: Watched, poll: Poll) -> Self {
        Self {
            face: call.face.clone(),
            person: call.person,
            device: call.device_id(),
            names: Box::new((call.device.device_id.clone(), call.actor.client.clone())),
            screen: Screen::of(&call.device),
            watched,
            poll,
            shutdown: call.shutdown.clone(),
        }
    }

    /// Waits until a folder has something this device would be told.
    pub async fn hold(&self, seconds: u64) -> Result<Woken> {
        let _held = self.face.core.tally().held.enter();
        self.poll.hold();
        let deadline = Instant::now() + Duration::from_secs(seconds);
        tokio::select! {
            // One that ended before it was held finds nothing.
            biased;
            () = self.poll.ended() => Ok(Woken::Superseded),
            woken = self.watch() => woken,
            () = sleep_until(deadline) => Ok(Woken::TimeOver),
            () = self.shutdown.0.cancelled() => Ok(Woken::Superseded),
        }
    }

    /// The request's place among those of the device.
    pub fn poll(&self) -> &Poll {
        &self.poll
    }

    /// Goes on after the wait, as long as no newer request takes its place.
    pub async fn unless_ended<T, E>(
        &self,
        work: impl Future<Output = std::result::Result<T, E>>,
    ) -> std::result::Result<Option<T>, E> {
        tokio::select! {
            biased;
            () = self.poll.ended() => Ok(None),
            done = work => done.map(Some),
        }
    }

    /// The actor, read anew: groups and rights may have changed during the wait.
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
                let why = if self.may_use().await? {
                    Barred::Password
                } else {
                    Barred::Account
                };
                return Ok(Look::Woken(Woken::Barred(why)));
            }
            Err(error) => return Err(error),
        };
        if !self.may_use().await? {
            return Ok(Look::Woken(Woken::Barred(Barred::Account)));
        }
        let mut topics = vec![Topic::Person(self.person)];
        for (_, book) in self.books(&actor).await?.found {
            topics.extend(book.topics().await?);
        }
        let subscription = self.face.core.hub().subscribe(topics);
        if !self.is_let_in().await? {
            return Ok(Look::Woken(Woken::Hierarchy));
        }
        // What moved between opening and subscribing is seen by opening again.
        let books = self.books(&actor).await?;
        if self.is_elsewhere(&actor, &books).await? {
            return Ok(Look::Woken(Woken::Hierarchy));
        }
        let mut changed = Vec::new();
        let synced = synced::read(&self.face, self.device).await?;
        for (id, book) in books.found {
            // A device whose key is no longer valid has to hear that, a few times.
            let may_tell = || self.face.restraint.may_tell(self.device, &id);
            let has_news = match book.pending().await? {
                Pending::Something => true,
                Pending::Nothing => false,
                Pending::Void => may_tell(),
                // A Ping for a folder before its first Sync is left alone. Of one that was
                // synchronized, the key may be gone, or be of another choice of books.
                Pending::Unprimed => {
                    let had_key = matches!(self.watched, Watched::Folders(_));
                    (had_key || synced.contains(&id)) && may_tell()
                }
            };
            if has_news {
                changed.push(id);
            }
        }
        Ok(if changed.is_empty() {
            Look::Wait(subscription)
        } else {
            Look::Woken(Woken::Changes(changed))
        })
    }

    /// Whether the account, if there still is one, may use Exchange ActiveSync.
    async fn may_use(&self) -> Result<bool> {
        self.face.core.may_use(self.person, Service::Eas).await
    }

    async fn is_let_in(&self) -> Result<bool> {
        let core = &self.face.core;
        core.is_let_in(self.person, &self.names.0).await
    }

    /// Whether the device has to ask for the folders before anything else.
    async fn is_elsewhere(&self, actor: &Arc<Actor>, books: &Books) -> Result<bool> {
        if let Watched::Folders(_) = self.watched {
            // A Sync is not ended by folders it does not name, and told of one that is gone a few
            // times only; the others are waited for.
            let restraint = &self.face.restraint;
            let mut gone = books.gone.iter();
            return Ok(gone.any(|id| restraint.may_tell(self.device, id)));
        }
        let sent: Option<SentFolders> = self.face.value(self.device, hierarchy::VALUE).await?;
        // A device that never asked for folders cannot have wrong ones.
        let Some(sent) = sent else { return Ok(false) };
        let now = folders::list(&self.face, self.screen, actor).await?;
        Ok(sent.folders != now)
    }

    /// The books behind the folders.
    async fn books(&self, actor: &Arc<Actor>) -> Result<Books> {
        let mut books = Books::default();
        let ids: Vec<(&String, bool)> = match &self.watched {
            Watched::Hierarchy(ids) => ids.iter().map(|id| (id, true)).collect(),
            Watched::Folders(ids) => ids.iter().map(|(id, asked)| (id, *asked)).collect(),
        };
        for (id, is_asked_for) in ids {
            match folders::look_up(&self.face, self.screen, actor, id).await? {
                Some(Target::Book(book)) if is_asked_for => {
                    let book = DeviceBook::new(*book, self.device);
                    books.found.push((id.clone(), book));
                }
                Some(_) => {}
                None => books.gone.push(id.clone()),
            }
        }
        Ok(books)
    }
}

/// The books behind some folders, and the ids that name none.
#[derive(Default)]
struct Books {
    found: Vec<(String, DeviceBook)>,
    gone: Vec<String>,
}

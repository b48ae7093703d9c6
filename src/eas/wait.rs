//! Held requests: woken when a Sync would have something to say.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::{
    command::folder_sync,
    folders::{self, Target},
    request::Call,
};
use crate::domain::{
    actor::Actor,
    device_sync::{DeviceBook, Pending},
    error::Result,
    hub::Topic,
};

/// Why a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Woken {
    /// These folders have changes.
    Changes(Vec<String>),
    /// The list of folders is not what the device was told.
    Hierarchy,
    TimeOver,
    /// A newer wait of the device, or the server stops.
    Superseded,
}

/// What a wait is for, besides changes in its folders.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hears {
    /// Nothing: a Sync answers for its own folders.
    FoldersOnly,
    /// A list of folders other than the device was told.
    Hierarchy,
}

/// Waits until a folder has something this device would be told.
pub async fn hold(call: &Call, folders: &[String], seconds: u64, hears: Hears) -> Result<Woken> {
    let token = call.face.begin_poll(call.device_id());
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let woken = tokio::select! {
        woken = watch(call, folders, hears) => woken,
        () = sleep_until(deadline) => Ok(Woken::TimeOver),
        () = token.cancelled() => Ok(Woken::Superseded),
        () = call.shutdown.0.cancelled() => Ok(Woken::Superseded),
    };
    call.face.end_poll(call.device_id(), &token);
    woken
}

async fn watch(call: &Call, ids: &[String], hears: Hears) -> Result<Woken> {
    loop {
        let actor = call.renew().await?;
        let Some(books) = books(call, &actor, ids).await? else {
            return Ok(Woken::Hierarchy);
        };
        // Subscribe, compare, then wait: no wake-up is lost.
        let topics = books
            .iter()
            .map(|(_, book)| Topic::Collection(book.book().collection().id))
            .chain([Topic::Person(call.person)]);
        let subscription = call.face.core.hub().subscribe(topics);
        let mut changed = Vec::new();
        for (id, book) in &books {
            // What moved between opening and subscribing is seen by opening again.
            let opened = call
                .face
                .core
                .open(&actor, book.book().collection().id)
                .await?;
            let fresh = DeviceBook::new(opened, call.device_id());
            if fresh.pending().await? == Pending::Something {
                changed.push(id.clone());
            }
        }
        if !changed.is_empty() {
            return Ok(Woken::Changes(changed));
        }
        if hears == Hears::Hierarchy {
            let now = folders::all(call, &call.renew().await?).await?;
            if !folder_sync::is_current(call, &now).await? {
                return Ok(Woken::Hierarchy);
            }
        }
        drop(books);
        drop(actor);
        subscription.changed().await;
    }
}

/// The books behind some folder ids; none when one of them is gone.
async fn books(
    call: &Call,
    actor: &Arc<Actor>,
    ids: &[String],
) -> Result<Option<Vec<(String, DeviceBook)>>> {
    let mut books = Vec::new();
    for id in ids {
        match folders::find(call, actor, id).await? {
            Some(Target::Default) => {}
            Some(Target::Book(book)) => {
                books.push((id.clone(), DeviceBook::new(*book, call.device_id())));
            }
            None => return Ok(None),
        }
    }
    Ok(Some(books))
}

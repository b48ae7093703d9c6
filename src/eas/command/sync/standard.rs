//! Default folders of mail, calendar, tasks and notes, which are always empty here.
//!
//! Their key is a counter: it moves with every request that holds commands, and there is nothing
//! behind it. What a person creates there is kept word for word in their refused changes. The
//! device is told status 6, so that the item stays where it was made and is not taken for sent;
//! clients that would send it again for ever have it accepted and deleted in the same answer.

use std::sync::Arc;

use carnet_proto::{
    eas::{
        status,
        sync::{Collection, Command},
    },
    wbxml::Element,
};

use super::{
    super::super::{folders, quirk, request::Call},
    Part, Said,
};
use crate::domain::{
    actor::Actor,
    device_sync::{TEMPORARY, is_temporary},
    error::Result,
    item::digest,
    refused::Why,
};

/// Outcome of a command.
pub enum Fate {
    /// Status 6: the data cannot be stored here.
    AddRefused {
        client_id: String,
    },
    /// Accepted, and deleted in the same answer.
    AddUndone {
        client_id: String,
        server_id: String,
    },
    /// Status 8: there is no such item.
    ChangeRefused {
        server_id: String,
    },
    FetchRefused {
        server_id: String,
    },
}

/// Answers one of the default folders.
pub async fn answer(call: &Call, actor: &Arc<Actor>, collection: &Collection) -> Result<Part> {
    let part = |key: &str, said| {
        Ok(Part {
            id: collection.id.clone(),
            key: key.to_owned(),
            said,
        })
    };
    let wrote = !collection.commands.is_empty();
    if collection.key == "0" {
        return if wrote {
            // Nothing is applied before the first key, and nothing is taken for done.
            part("0", Said::Status(status::Sync::ProtocolError))
        } else {
            part(&key(1), Said::Status(status::Sync::Success))
        };
    }
    let Some(next) = next_key(&collection.key, wrote) else {
        return part("0", Said::Status(status::Sync::InvalidSyncKey));
    };
    if !wrote {
        return part(&next, Said::Nothing);
    }
    if collection.commands.len() > super::MAX_COMMANDS {
        return part(&collection.key, Said::Status(status::Sync::ProtocolError));
    }
    let folder = folders::standard_of(&collection.id).map_or("", |folder| folder.name);
    let mut fates = Vec::new();
    for command in &collection.commands {
        let (data, fate) = match command {
            Command::Add {
                client_id, data, ..
            } => {
                let client_id = client_id.clone();
                let fate = if quirk::repeats_refused_adds(&call.device) {
                    Fate::AddUndone {
                        server_id: format!("{TEMPORARY}{}", &digest(client_id.as_bytes())[..24]),
                        client_id,
                    }
                } else {
                    Fate::AddRefused { client_id }
                };
                (Some(data), Some(fate))
            }
            // Made a moment ago and taken away again: nothing to say.
            Command::Change { server_id, data } if is_temporary(server_id) => (Some(data), None),
            Command::Change { server_id, data } => {
                let server_id = server_id.clone();
                (Some(data), Some(Fate::ChangeRefused { server_id }))
            }
            Command::Delete { .. } => (None, None),
            Command::Fetch { server_id } => {
                let server_id = server_id.clone();
                (None, Some(Fate::FetchRefused { server_id }))
            }
        };
        if let Some(data) = data {
            keep(call, actor, folder, data).await?;
        }
        fates.extend(fate);
    }
    part(&next, Said::Standard(fates))
}

/// Keeps an item that is no contact, as words, among the person's refused changes.
pub async fn keep(call: &Call, actor: &Actor, folder: &str, data: &Element) -> Result<()> {
    let place = folder.to_owned();
    let words = data.dump().into_bytes();
    call.face
        .core
        .keep_words(actor, words, Why::ContactsOnly { place })
        .await
}

/// The key after the one presented; none for a key that was never issued.
pub fn next_key(presented: &str, wrote: bool) -> Option<String> {
    match presented {
        "0" => Some(key(1)),
        presented => {
            let number: u32 = presented.strip_prefix('e')?.parse().ok()?;
            Some(key(number.wrapping_add(u32::from(wrote)).max(1)))
        }
    }
}

fn key(number: u32) -> String {
    format!("e{number}")
}

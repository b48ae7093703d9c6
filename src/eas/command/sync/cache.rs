//! The last request of a device, for empty and partial requests ([MS-ASCMD] 2.2.3.131).

use carnet_proto::eas::sync::{Collection, Request};
use serde::{Deserialize, Serialize};

use super::{
    super::super::{
        folders::{self, Target},
        request::Call,
    },
    standard,
};
use crate::domain::{device_sync::DeviceBook, error::Result};

/// The collections and waits of the last request; keys and options are the current ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub folders: Vec<String>,
    /// Minutes.
    pub wait: Option<u32>,
    /// Seconds.
    pub heartbeat: Option<u32>,
    pub window: Option<u32>,
    /// Keys of the default folders, for which nothing else is stored.
    #[serde(default)]
    pub standard: Vec<(String, String)>,
    /// The keys that the request said, or meant where it named none.
    #[serde(default)]
    pub meant: Vec<(String, String)>,
}

/// Name of the device value.
pub const VALUE: &str = "sync";

/// The key meant of a folder that is gone.
const GONE: &str = "0";

/// The collections meant, and what is kept; none when there is no former request to go by, or none
/// that says which key the client has: the answer that moved a key since may be lost, and a client
/// that repeats the request has the key before.
pub async fn complete(
    call: &Call,
    request: Request,
    former: Option<&Asked>,
) -> Result<Option<(Vec<Collection>, Asked)>> {
    let mut asked = Asked {
        wait: request.wait,
        heartbeat: request.heartbeat,
        window: request.window,
        ..Asked::default()
    };
    let is_whole = request.collections.is_some() && !request.partial;
    let mut collections = request.collections.unwrap_or_default();
    if !is_whole {
        let Some(former) = former else {
            return Ok(None);
        };
        if asked.wait.is_none() && asked.heartbeat.is_none() {
            (asked.wait, asked.heartbeat) = (former.wait, former.heartbeat);
        }
        asked.window = asked.window.or(former.window);
        for id in &former.folders {
            if collections.iter().any(|collection| collection.id == *id) {
                continue;
            }
            let Some(key) = last_key(call, former, id).await? else {
                return Ok(None);
            };
            let moved = |(folder, meant): &(String, String)| folder == id && *meant != key;
            if key != GONE && former.meant.iter().any(moved) {
                return Ok(None);
            }
            collections.push(Collection {
                id: id.clone(),
                key,
                ..Collection::default()
            });
        }
    }
    asked.folders = collections.iter().map(|c| c.id.clone()).collect();
    let meant = collections.iter().map(|c| (c.id.clone(), c.key.clone()));
    asked.meant = meant.collect();
    asked.standard = collections
        .iter()
        .filter(|collection| folders::standard_of(&collection.id).is_some())
        .filter_map(|collection| {
            let next = standard::next_key(&collection.key, !collection.commands.is_empty())?;
            Some((collection.id.clone(), next))
        })
        .collect();
    Ok(Some((collections, asked)))
}

/// The current key of a folder of the last request.
async fn last_key(call: &Call, former: &Asked, id: &str) -> Result<Option<String>> {
    Ok(match folders::find(call, &call.actor, id).await? {
        Some(Target::Book(book)) => {
            let book = DeviceBook::new(*book, call.device_id());
            book.current().await?.map(|(key, _)| key)
        }
        Some(Target::Default) => {
            let kept = former.standard.iter().find(|(folder, _)| folder == id);
            kept.map(|(_, key)| key.clone())
        }
        // Told as a folder that is gone.
        None => Some(GONE.to_owned()),
    })
}

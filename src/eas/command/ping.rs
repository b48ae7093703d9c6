//! Ping ([MS-ASCMD] 2.2.1.13)

use carnet_proto::wbxml::{Encoder, page::ping as p};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        folders,
        request::{Call, Reply, command_status},
        wait::{Hears, Woken, hold},
    },
    folder_sync,
};
use crate::domain::error::Result;

/// Folders in one request.
const MAX_FOLDERS: usize = 300;
/// Shortest wait, in seconds.
const MIN_HEARTBEAT: u64 = 60;

/// What a device asked last; each part stays until it is sent again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Asked {
    seconds: Option<u64>,
    folders: Vec<String>,
}

const VALUE: &str = "ping";

pub async fn run(call: &Call) -> Result<Reply> {
    let former: Asked = call.value(VALUE).await?.unwrap_or_default();
    let mut asked = former.clone();
    if let Some(root) = &call.body {
        if root.tag != p::PING {
            return Ok(Reply::Wbxml(command_status(p::PING, 4)));
        }
        if let Some(seconds) = root.number_of(p::HEARTBEAT_INTERVAL) {
            asked.seconds = Some(seconds.into());
        }
        let named: Vec<String> = root
            .child(p::FOLDERS)
            .into_iter()
            .flat_map(|list| list.children_of(p::FOLDER))
            .filter_map(|folder| folder.text_of(p::ID))
            .collect();
        if !named.is_empty() {
            asked.folders = named;
        }
    }
    let Some(seconds) = asked.seconds.filter(|_| !asked.folders.is_empty()) else {
        return Ok(Reply::Wbxml(command_status(p::PING, 3)));
    };
    if asked.folders.len() > MAX_FOLDERS {
        return Ok(bound(6, p::MAX_FOLDERS, MAX_FOLDERS as u64));
    }
    let longest = call.face.max_heartbeat();
    if !(MIN_HEARTBEAT..=longest).contains(&seconds) {
        let nearest = seconds.clamp(MIN_HEARTBEAT, longest);
        return Ok(bound(5, p::HEARTBEAT_INTERVAL, nearest));
    }
    if asked != former {
        call.set_value(VALUE, &asked).await?;
    }
    let now = folders::all(call, &call.actor).await?;
    if !folder_sync::is_current(call, &now).await? {
        return Ok(Reply::Wbxml(command_status(p::PING, 7)));
    }
    Ok(
        match hold(call, &asked.folders, seconds, Hears::Hierarchy).await? {
            Woken::Changes(ids) => {
                let mut out = Encoder::new();
                out.open(p::PING).number(p::STATUS, 2).open(p::FOLDERS);
                for id in ids {
                    out.text(p::FOLDER, &id);
                }
                out.close().close();
                Reply::Wbxml(out.finish())
            }
            Woken::Hierarchy => Reply::Wbxml(command_status(p::PING, 7)),
            Woken::TimeOver | Woken::Superseded => Reply::Wbxml(command_status(p::PING, 1)),
        },
    )
}

fn bound(status: u16, tag: carnet_proto::wbxml::Tag, value: u64) -> Reply {
    let mut out = Encoder::new();
    out.open(p::PING)
        .number(p::STATUS, status)
        .number(tag, value)
        .close();
    Reply::Wbxml(out.finish())
}

//! Ping ([MS-ASCMD] 2.2.1.13)

use carnet_proto::{
    eas::status,
    wbxml::{Encoder, Tag, page::ping as p},
};
use serde::{Deserialize, Serialize};

use super::super::{
    folders, hierarchy,
    polls::Held,
    reply::{Reply, Stop},
    request::Call,
    wait::{Waiter, Watched, Woken},
};

/// Octets of a folder's id.
const MAX_ID: usize = 64;
/// Folders in one request.
const MAX_FOLDERS: usize = 300;
/// Shortest heartbeat in seconds: some clients request 180 and give up when refused.
const MIN_HEARTBEAT: u64 = 60;

/// The parameters of a device's last Ping; each is kept until it is sent again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Asked {
    seconds: Option<u64>,
    folders: Vec<String>,
}

const VALUE: &str = "ping";

/// Holds a Ping until a folder changes (Status 2), the hierarchy does (7), or the heartbeat is over
/// or a newer poll replaces it (1).
pub async fn run(call: Box<Call>) -> Result<Reply, Stop> {
    let version = call.version;
    let (waiter, seconds) = Box::pin(prepare(call)).await?;
    Ok(match waiter.hold(seconds).await? {
        Woken::Changes(ids) => {
            let mut out = Encoder::new();
            out.open(p::PING)
                .number(p::STATUS, status::Ping::Changes)
                .open(p::FOLDERS);
            for id in ids {
                out.text(p::FOLDER, &id);
            }
            out.close().close();
            Reply::Wbxml(out.finish())
        }
        Woken::Hierarchy => reply(status::Ping::FolderSyncRequired),
        Woken::Barred(why) => why.reply(version, p::PING),
        Woken::TimeOver | Woken::Superseded => reply(status::Ping::NoChanges),
    })
}

/// The wait of a Ping and its length; the request itself is dropped.
async fn prepare(call: Box<Call>) -> Result<(Waiter, u64), Stop> {
    let former: Asked = call.value(VALUE).await?.unwrap_or_default();
    let mut asked = former.clone();
    if let Some(root) = &call.body {
        if root.tag != p::PING {
            return Err(reply(status::Ping::SyntaxError).into());
        }
        let interval = root.text_of(p::HEARTBEAT_INTERVAL);
        match interval.map(|text| text.trim().parse::<i64>()) {
            None => {}
            // Less than nothing is out of bounds, as other numbers are.
            Some(Ok(seconds)) => asked.seconds = Some(seconds.try_into().unwrap_or(0)),
            Some(Err(_)) => return Err(reply(status::Ping::SyntaxError).into()),
        }
        let named: Option<Vec<String>> = root
            .child(p::FOLDERS)
            .into_iter()
            .flat_map(|list| list.children_of(p::FOLDER))
            // Class is no news: the folder has one.
            .map(|folder| {
                folder
                    .text_of(p::ID)
                    .filter(|id| (1..=MAX_ID).contains(&id.len()))
            })
            .collect();
        match named {
            None => return Err(reply(status::Ping::SyntaxError).into()),
            Some(named) if named.is_empty() => {}
            Some(named) => asked.folders = named,
        }
    }
    let Some(seconds) = asked.seconds.filter(|_| !asked.folders.is_empty()) else {
        return Err(reply(status::Ping::MissingParameters).into());
    };
    if asked.folders.len() > MAX_FOLDERS {
        let most = MAX_FOLDERS as u64;
        return Err(bound(status::Ping::TooManyFolders, p::MAX_FOLDERS, most).into());
    }
    let longest = call.face.max_heartbeat();
    if !(MIN_HEARTBEAT..=longest).contains(&seconds) {
        let nearest = seconds.clamp(MIN_HEARTBEAT, longest);
        let status = status::Ping::InvalidHeartbeat;
        return Err(bound(status, p::HEARTBEAT_INTERVAL, nearest).into());
    }
    if asked != former {
        call.set_value(VALUE, &asked).await?;
    }
    let now = folders::all(&call, &call.actor).await?;
    if !hierarchy::is_current(&call, &now).await? {
        return Err(reply(status::Ping::FolderSyncRequired).into());
    }
    let device = (call.person, call.device_id());
    let polls = &call.face.polls;
    let poll = polls.begin(device, Held::Ping, &asked.folders);
    let watched = Watched::Hierarchy(asked.folders.into());
    Ok((Waiter::new(&call, watched, poll), seconds))
}

fn reply(status: status::Ping) -> Reply {
    Reply::status(p::PING, status)
}

fn bound(status: status::Ping, tag: Tag, value: u64) -> Reply {
    let mut out = Encoder::new();
    out.open(p::PING)
        .number(p::STATUS, status)
        .number(tag, value)
        .close();
    Reply::Wbxml(out.finish())
}

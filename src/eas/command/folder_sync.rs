//! FolderSync ([MS-ASCMD] 2.2.1.5): a diff of what was last sent.

use carnet_proto::wbxml::{Encoder, page::folder_hierarchy as f};
use serde::{Deserialize, Serialize};

use super::super::{
    folders::{self, Folder},
    request::{Call, Reply, command_status},
};
use crate::domain::{error::Result, item::random_id};

/// What a device was told, two generations of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Told {
    key: String,
    folders: Vec<Folder>,
    previous: Option<(String, Vec<Folder>)>,
}

const VALUE: &str = "folders";

pub async fn run(call: &Call) -> Result<Reply> {
    let Some(key) = call
        .body
        .as_ref()
        .filter(|root| root.tag == f::FOLDER_SYNC)
        .and_then(|root| root.text_of(f::SYNC_KEY))
    else {
        return Ok(Reply::Wbxml(command_status(f::FOLDER_SYNC, 10)));
    };
    let told: Option<Told> = call.value(VALUE).await?;
    let now = folders::all(call, &call.actor).await?;
    let before = match (&told, key.as_str()) {
        (_, "0") => Vec::new(),
        (Some(told), key) if told.key == key => told.folders.clone(),
        (
            Some(Told {
                previous: Some((former, folders)),
                ..
            }),
            key,
        ) if former == key => folders.clone(),
        _ => return Ok(Reply::Wbxml(command_status(f::FOLDER_SYNC, 9))),
    };
    let next = match &told {
        Some(told) if key == told.key && told.folders == now => told.key.clone(),
        // A lost answer is made again under its key.
        Some(told) if told.folders == now && key != "0" => told.key.clone(),
        _ => format!("f{}", random_id(8)),
    };
    // A client that only checks an account leaves nothing behind.
    let is_probe = call.device.device_id == "validate";
    if !is_probe && told.as_ref().is_none_or(|told| told.key != next) {
        let value = Told {
            key: next.clone(),
            folders: now.clone(),
            previous: Some((key, before.clone())),
        };
        call.set_value(VALUE, &value).await?;
    }
    Ok(Reply::Wbxml(encode(&next, &before, &now)))
}

/// Whether the folders are still those the device was told.
pub async fn is_current(call: &Call, now: &[Folder]) -> Result<bool> {
    let told: Option<Told> = call.value(VALUE).await?;
    Ok(told.is_some_and(|told| told.folders == now))
}

fn encode(key: &str, before: &[Folder], now: &[Folder]) -> Vec<u8> {
    let find = |list: &[Folder], id: &str| list.iter().find(|f| f.id == id).cloned();
    let updated: Vec<&Folder> = now
        .iter()
        .filter(|folder| find(before, &folder.id).is_some_and(|old| old != **folder))
        .collect();
    let deleted: Vec<&Folder> = before
        .iter()
        .filter(|folder| find(now, &folder.id).is_none())
        .collect();
    let added: Vec<&Folder> = now
        .iter()
        .filter(|folder| find(before, &folder.id).is_none())
        .collect();
    let mut out = Encoder::new();
    out.open(f::FOLDER_SYNC)
        .number(f::STATUS, 1)
        .text(f::SYNC_KEY, key)
        .open(f::CHANGES)
        .number(f::COUNT, updated.len() + deleted.len() + added.len());
    for folder in updated {
        write(&mut out, f::UPDATE, folder);
    }
    for folder in deleted {
        out.open(f::DELETE).text(f::SERVER_ID, &folder.id).close();
    }
    for folder in added {
        write(&mut out, f::ADD, folder);
    }
    out.close().close();
    out.finish()
}

fn write(out: &mut Encoder, tag: carnet_proto::wbxml::Tag, folder: &Folder) {
    out.open(tag)
        .text(f::SERVER_ID, &folder.id)
        .text(f::PARENT_ID, "0")
        .text(f::DISPLAY_NAME, &folder.name)
        .number(f::TYPE, folder.kind)
        .close();
}

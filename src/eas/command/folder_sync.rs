//! FolderSync ([MS-ASCMD] 2.2.1.5): the difference from the folders last sent to the device.

use carnet_proto::{
    eas::status,
    wbxml::{Element, Encoder, Tag, page::folder_hierarchy as f},
};

use super::super::{
    Face,
    folders::{self, Folder},
    hierarchy::{SentFolders, VALUE},
    reply::Reply,
    request::Call,
    synced,
    wipe::By,
};
use crate::domain::{error::Result, journal::Event, store::Device};

/// Answers FolderSync with the folders added, changed and removed since the SyncKey sent. Status 10
/// for a malformed request, 9 for an unknown key.
pub async fn run(call: &Call) -> Result<Reply> {
    let Some(key) = key_of(call.body.as_ref()) else {
        return Ok(refuse(status::Folder::MalformedRequest));
    };
    let sent: SentFolders = call.value(VALUE).await?.unwrap_or_default();
    let Some(before) = before(&sent, &key) else {
        return Ok(refuse(status::Folder::InvalidSyncKey));
    };
    folders::settle(call, key == "0").await?;
    let now = folders::all(call, &call.actor).await?;
    let next = sent.next(&key, before.clone(), now);
    if key == "0" {
        synced::begin_anew(call).await?;
    }
    if next.key != sent.key {
        call.set_value(VALUE, &next).await?;
        let technical = format!("FolderSync {}", call.version);
        call.face
            .core
            .exchanged(&call.actor, Event::Folders, &technical);
    }
    Ok(encode(&next.key, &before, &next.folders))
}

/// Answers FolderSync with the removal of every folder, and returns whether the device has none left.
/// Only for its owner a new key is noted.
pub async fn take_all(
    face: &Face,
    device: &Device,
    body: Option<&Element>,
    by: By,
) -> Result<(Reply, bool)> {
    let Some(key) = key_of(body) else {
        return Ok((refuse(status::Folder::MalformedRequest), false));
    };
    let sent: SentFolders = face.value(device.id, VALUE).await?.unwrap_or_default();
    let Some(before) = before(&sent, &key) else {
        return Ok((refuse(status::Folder::InvalidSyncKey), false));
    };
    let is_emptied = !key.is_empty() && sent.key == key && before.is_empty();
    let next = sent.next(&key, before.clone(), Vec::new());
    if by == By::Anybody {
        let known = if sent.key.is_empty() { &next } else { &sent };
        return Ok((encode(&known.key, &before, &[]), false));
    }
    if next.key != sent.key {
        face.set_value(device, VALUE, &next).await?;
    }
    Ok((encode(&next.key, &before, &[]), is_emptied))
}

fn refuse(status: status::Folder) -> Reply {
    Reply::status(f::FOLDER_SYNC, status)
}

fn key_of(body: Option<&Element>) -> Option<String> {
    body.filter(|root| root.tag == f::FOLDER_SYNC)?
        .text_of(f::SYNC_KEY)
}

/// The folders the device has; none when the key is unknown.
fn before(sent: &SentFolders, key: &str) -> Option<Vec<Folder>> {
    match key {
        "0" => Some(Vec::new()),
        key => sent.behind(key).cloned(),
    }
}

fn encode(key: &str, before: &[Folder], now: &[Folder]) -> Reply {
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
        .number(f::STATUS, status::Folder::Success)
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
    Reply::Wbxml(out.finish())
}

fn write(out: &mut Encoder, tag: Tag, folder: &Folder) {
    out.open(tag)
        .text(f::SERVER_ID, &folder.id)
        .text(f::PARENT_ID, "0")
        .text(f::DISPLAY_NAME, &folder.name)
        .number(f::TYPE, folder.kind)
        .close();
}

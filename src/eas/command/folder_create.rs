//! FolderCreate ([MS-ASCMD] 2.2.1.3): makes a private book.

use carnet_proto::{eas::status::Folder, wbxml::page::folder_hierarchy as f};

use super::super::{
    folders::{Screen, id_of, may_hold},
    hierarchy::{Change, Done},
    reply::{Reply, Stop},
    request::Call,
};
use crate::domain::{error::Error, item::random_id, view::Mode};

/// Answers FolderCreate. Only contacts folders (Type 14) at the top are made; Status 10 for a
/// malformed request, 2 for a name that is taken, 5 for an unknown parent, 3 for anything else that
/// has no place here or may not be made.
pub async fn run(call: &Call) -> Result<Reply, Stop> {
    let (change, body) = Change::begin(call, f::FOLDER_CREATE).await?;
    let name = body.text_of(f::DISPLAY_NAME).unwrap_or_default();
    let kind = body.number_of(f::TYPE).unwrap_or(0);
    if !(1..=256).contains(&name.chars().count()) || !matches!(kind, 1 | 12..=17) {
        return Ok(change.refuse(Folder::MalformedRequest));
    }
    match body.text_of(f::PARENT_ID).as_deref() {
        Some(parent) if may_hold(call, parent).await? => {}
        Some(parent) if change.folders().iter().any(|folder| folder.id == parent) => {
            return Ok(change.refuse(Folder::SpecialFolder));
        }
        Some(_) => return Ok(change.refuse(Folder::ParentNotFound)),
        None => return Ok(change.refuse(Folder::MalformedRequest)),
    }
    if change.is_taken(&name, "") {
        return Ok(change.refuse(Folder::Exists));
    }
    // Only contacts have a place; a device that is shown one folder cannot have another.
    let (mode, _) = Screen::of(&call.device).shown(&call.face).await?;
    if kind != 14 || mode != Mode::Folders {
        return Ok(change.refuse(Folder::SpecialFolder));
    }
    let segment = format!("b{}", random_id(6));
    let core = &call.face.core;
    let made = core.make_book(&call.actor, &segment, name.clone(), String::new());
    match made.await {
        Ok(()) => {}
        Err(Error::Exists(_)) => return Ok(change.refuse(Folder::Exists)),
        // A status of the whole account would have clients put it on hold.
        Err(Error::Forbidden { .. }) => return Ok(change.refuse(Folder::SpecialFolder)),
        Err(error) => return Err(error.into()),
    }
    let book = core.open_private(&call.actor, &segment).await?;
    Ok(change
        .finish(call, &id_of(&book), Done::Made(&name))
        .await?)
}

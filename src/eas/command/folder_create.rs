//! FolderCreate ([MS-ASCMD] 2.2.1.3): makes a private book.

use carnet_proto::wbxml::page::folder_hierarchy as f;

use super::super::{
    folders::{Screen, id_of, may_hold},
    hierarchy::Change,
    request::{Call, Reply},
};
use crate::domain::{
    error::{Error, Result},
    item::random_id,
    view::Mode,
};

/// Answers FolderCreate. Only contacts folders (Type 14) at the top are made; Status 10 for a
/// malformed request, 2 for a name that is taken, 5 for an unknown parent, 3 for anything else that
/// has no place here.
pub async fn run(call: &Call) -> Result<Reply> {
    let (change, body) = match Change::begin(call, f::FOLDER_CREATE).await? {
        Ok(begun) => begun,
        Err(refusal) => return Ok(refusal),
    };
    let name = body.text_of(f::DISPLAY_NAME).unwrap_or_default();
    let kind = body.number_of(f::TYPE).unwrap_or(0);
    if !(1..=256).contains(&name.chars().count()) || !matches!(kind, 1 | 12..=17) {
        return Ok(change.refuse(10));
    }
    match body.text_of(f::PARENT_ID).as_deref() {
        Some(parent) if may_hold(call, parent).await? => {}
        Some(parent) if change.folders().iter().any(|folder| folder.id == parent) => {
            return Ok(change.refuse(3));
        }
        Some(_) => return Ok(change.refuse(5)),
        None => return Ok(change.refuse(10)),
    }
    if change.is_taken(&name, "") {
        return Ok(change.refuse(2));
    }
    // Only contacts have a place; a device that is shown one folder cannot have another.
    let (mode, _) = Screen::of(&call.device).shown(&call.face).await?;
    if kind != 14 || mode != Mode::Folders {
        return Ok(change.refuse(3));
    }
    let segment = format!("b{}", random_id(6));
    let core = &call.face.core;
    let made = core.make_book(&call.actor, &segment, name.clone(), String::new());
    match made.await {
        Ok(()) => {}
        Err(Error::Exists(_)) => return Ok(change.refuse(2)),
        Err(error) => return Err(error),
    }
    let book = core.open_private(&call.actor, &segment).await?;
    change.finish(call, &id_of(&book), Some(&name), true).await
}

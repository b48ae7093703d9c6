//! FolderUpdate ([MS-ASCMD] 2.2.1.6): renames a private book.

use carnet_proto::{eas::status::Folder, wbxml::page::folder_hierarchy as f};

use super::super::{
    folders::{Target, find, may_hold},
    hierarchy::{Change, Done},
    reply::{Reply, Stop},
    request::Call,
};
use crate::domain::{error::Error, property::Description};

/// Answers FolderUpdate, which renames only. Status 10 for a malformed request, 4 for an unknown
/// folder, 2 for a special folder, one that may not be renamed or a name that is taken, 5 for a parent other than the root.
pub async fn run(call: &Call) -> Result<Reply, Stop> {
    let (change, body) = Change::begin(call, f::FOLDER_UPDATE).await?;
    let name = body.text_of(f::DISPLAY_NAME).unwrap_or_default();
    let id = body.text_of(f::SERVER_ID).unwrap_or_default();
    if !(1..=256).contains(&name.chars().count()) {
        return Ok(change.refuse(Folder::MalformedRequest));
    }
    let book = match find(call, &call.actor, &id).await? {
        None => return Ok(change.refuse(Folder::NotFound)),
        // Special folders keep their name.
        Some(Target::Default) => return Ok(change.refuse(Folder::Exists)),
        Some(Target::Book(book)) => book,
    };
    if book.collection().is_default() || !book.is_describable() {
        return Ok(change.refuse(Folder::Exists));
    }
    let parent = body.text_of(f::PARENT_ID).unwrap_or_default();
    if !may_hold(call, &parent).await? {
        return Ok(change.refuse(Folder::ParentNotFound));
    }
    if change.is_taken(&name, &id) {
        return Ok(change.refuse(Folder::Exists));
    }
    let renamed = Description {
        display_name: Some(name.clone()),
        ..Description::default()
    };
    match book.describe(renamed, Vec::new()).await {
        Ok(()) => Ok(change.finish(call, &id, Done::Renamed(&name)).await?),
        Err(Error::Forbidden { .. }) => Ok(change.refuse(Folder::Exists)),
        Err(error) => Err(error.into()),
    }
}

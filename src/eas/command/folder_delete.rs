//! FolderDelete ([MS-ASCMD] 2.2.1.4): a private book and its contents go to the trash.

use carnet_proto::{eas::status::Folder, wbxml::page::folder_hierarchy as f};

use super::super::{
    folders::{Target, find},
    hierarchy::{Change, Done},
    reply::{Reply, Stop},
    request::Call,
};
use crate::domain::{book::Condition, error::Error};

/// Answers FolderDelete. Status 4 for an unknown folder, 3 for a default folder or the book of a
/// group.
pub async fn run(call: &Call) -> Result<Reply, Stop> {
    let (change, body) = Change::begin(call, f::FOLDER_DELETE).await?;
    let id = body.text_of(f::SERVER_ID).unwrap_or_default();
    let book = match find(call, &call.actor, &id).await? {
        None => return Ok(change.refuse(Folder::NotFound)),
        Some(Target::Default) => return Ok(change.refuse(Folder::SpecialFolder)),
        Some(Target::Book(book)) => book,
    };
    match book.remove(&Condition::None).await {
        Ok(()) => Ok(change.finish(call, &id, Done::Deleted).await?),
        // The default book and those of groups: a device never takes them away.
        Err(Error::Forbidden { .. }) => Ok(change.refuse(Folder::SpecialFolder)),
        Err(error) => Err(error.into()),
    }
}

//! FolderUpdate ([MS-ASCMD] 2.2.1.6): renames a private book.

use carnet_proto::wbxml::page::folder_hierarchy as f;

use super::super::{
    folders::{Target, find, may_hold},
    hierarchy::Change,
    request::{Call, Reply},
};
use crate::domain::{batch::Op, error::Result};

/// Answers FolderUpdate, which renames only. Status 10 for a malformed request, 4 for an unknown
/// folder, 2 for a special folder or a name that is taken, 5 for a parent other than the root.
pub async fn run(call: &Call) -> Result<Reply> {
    let (change, body) = match Change::begin(call, f::FOLDER_UPDATE).await? {
        Ok(begun) => begun,
        Err(refusal) => return Ok(refusal),
    };
    let name = body.text_of(f::DISPLAY_NAME).unwrap_or_default();
    let id = body.text_of(f::SERVER_ID).unwrap_or_default();
    if !(1..=256).contains(&name.chars().count()) {
        return Ok(change.refuse(10));
    }
    let book = match find(call, &call.actor, &id).await? {
        None => return Ok(change.refuse(4)),
        // Special folders keep their name.
        Some(Target::Default) => return Ok(change.refuse(2)),
        Some(Target::Book(book)) => book,
    };
    if book.collection().is_default() || !book.is_private() {
        return Ok(change.refuse(2));
    }
    let parent = body.text_of(f::PARENT_ID).unwrap_or_default();
    if !may_hold(call, &parent).await? {
        return Ok(change.refuse(5));
    }
    if change.is_taken(&name, &id) {
        return Ok(change.refuse(2));
    }
    let rename = Op::ChangeBook {
        collection: book.collection().id,
        display_name: Some(name.clone()),
        description: None,
    };
    let core = &call.face.core;
    core.commit_personal(&call.actor, vec![rename]).await?;
    change.finish(call, &id, Some(&name), false).await
}

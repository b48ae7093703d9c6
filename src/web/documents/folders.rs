//! Folders: made, renamed, deleted, restored.

use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::{folder_name, folder_telling, refused};
use crate::{
    domain::{error::Result, undo::Undo},
    web::{
        Web,
        contacts::ListParams,
        form::Posted,
        place::PlacePath,
        told::{Deed, Done},
    },
};

/// `POST /d/…/folders`: another folder of the same place.
pub async fn make(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let made = async {
        let book = place.open(&web, &posted.visit).await?;
        let folder = book.make_folder(posted.value("name")).await?;
        let name = folder_name(&folder, &posted.visit);
        Ok((PlacePath::of(&folder), Done::of(Deed::FolderMade).to(&name)))
    };
    settled(&web, &place, &posted, "new-folder", made.await).await
}

/// `POST /d/…/rename`
pub async fn rename(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let renamed = async {
        let name = posted.value("name").trim();
        let book = place.open(&web, &posted.visit).await?;
        book.rename_folder(name).await?;
        Ok((place.clone(), Done::of(Deed::FolderRenamed).to(name)))
    };
    settled(&web, &place, &posted, "folder-name", renamed.await).await
}

/// `POST /d/…/delete`
pub async fn delete(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let deleted = async {
        let book = place.open(&web, &posted.visit).await?;
        book.delete_folder().await?;
        let name = folder_name(&book, &posted.visit);
        let (shown, _) = book.siblings().await?;
        let default = shown.iter().find(|f| f.collection().is_default_folder());
        let next = default.map_or_else(|| place.clone(), PlacePath::of);
        let undo = vec![Undo::Folder(book.collection().id)];
        let undo = web.undos.keep(&posted.visit, undo, &place.path());
        Ok((
            next,
            Done::of(Deed::FolderDeleted).to(&name).undone_by(undo),
        ))
    };
    settled(&web, &place, &posted, "", deleted.await).await
}

/// `POST /d/…/restore`
pub async fn restore(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let restored = async {
        let book = place.open(&web, &posted.visit).await?;
        let left = book.restore_folder().await?;
        let name = folder_name(&book, &posted.visit);
        let done = if left == 0 {
            Done::of(Deed::FolderRestored).to(&name)
        } else {
            Done::of(Deed::FolderPartlyRestored).numbers(&[left])
        };
        Ok((place.clone(), done))
    };
    settled(&web, &place, &posted, "", restored.await).await
}

/// A refused name stays in the form, which has it as `field`.
async fn settled(
    web: &Arc<Web>,
    place: &PlacePath,
    posted: &Posted,
    field: &str,
    outcome: Result<(PlacePath, Done)>,
) -> Response {
    match outcome {
        Ok((next, done)) => done.at(&next.path()),
        Err(error) => {
            let told = refused(&error, &posted.visit).with_sent([(field, posted.value("name"))]);
            folder_telling(web, place, &posted.visit, &ListParams::default(), told).await
        }
    }
}

//! Folders of documents: collections of a place, with the place's rights.
//!
//! Making one asks for *Add*; renaming and deleting one, which touches what others put into it,
//! for the right to remove everything.

use std::sync::Arc;

use super::{
    actor::Actor,
    batch::Op,
    book::Book,
    collection::{Collection, Place},
    core::Core,
    document::DocumentOp,
    error::{Error, Result},
    item::{Placement, random_id},
    rights::Right,
    rule::Rule,
    sharing::{How, Placed},
};

/// Folders of one place.
const MOST: usize = 500;
/// Characters of a name.
const LONGEST: usize = 100;

impl Core {
    /// The folders the actor may open: of Private, then of groups by their name.
    pub async fn folders(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Vec<Book>> {
        let folders = self.all_folders(actor).await?;
        let shown = |folder: &Book| folder.collection().hidden.is_none();
        Ok(folders.into_iter().filter(shown).collect())
    }

    async fn all_folders(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Vec<Book>> {
        let mut folders = Vec::new();
        let mut found = self.store().folders(actor.person).await?;
        found.retain(|folder| actor.reads(folder.place));
        for collection in found {
            folders.push(self.open(actor, collection.id).await?);
        }
        Ok(folders)
    }

    /// Opens a folder of Private, or of a group by its exact name, by its segment; deleted ones too.
    pub async fn open_folder(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        group: Option<&str>,
        segment: &str,
    ) -> Result<Book> {
        let place = self.place_of(actor, group)?;
        let folders = self.store().folders(actor.person).await?;
        let found = folders
            .into_iter()
            .find(|folder| folder.place == place && folder.segment == segment);
        self.open(actor, found.ok_or(Error::NotFound)?.id).await
    }

    fn place_of(&self, actor: &Actor, group: Option<&str>) -> Result<Place> {
        match group {
            None => Ok(Place::Private(actor.person)),
            Some(name) => {
                let own = actor.memberships.iter().find(|own| own.name == name);
                own.map(|own| Place::Group(own.group))
                    .ok_or(Error::NotFound)
            }
        }
    }
}

impl Book {
    /// The folders of the same place, this one among them; deleted ones while they can come back.
    pub async fn siblings(&self) -> Result<(Vec<Book>, Vec<Book>)> {
        let oldest = self.core().trash_begins();
        let all = self.core().all_folders(self.actor()).await?;
        let here = all
            .into_iter()
            .filter(|folder| folder.collection().place == self.collection().place);
        let (shown, deleted): (Vec<_>, Vec<_>) =
            here.partition(|folder| folder.collection().hidden.is_none());
        let kept = |folder: &Book| folder.collection().hidden.is_some_and(|at| at >= oldest);
        Ok((shown, deleted.into_iter().filter(kept).collect()))
    }

    /// Makes another folder beside this one. Needs *Add*. `Exists` whatever the case of its name.
    pub async fn make_folder(&self, name: &str) -> Result<Book> {
        let name = &named(name)?;
        let right = Right::Add;
        self.decided(|book| async move {
            if !book.may(right) {
                return Err(Error::Forbidden { right });
            }
            let (shown, _) = book.siblings().await?;
            if shown.len() >= MOST {
                return Err(Error::OverQuota { limit: MOST as i64 });
            }
            let op = Op::Document(DocumentOp::AddFolder {
                place: book.collection().place,
                segment: random_id(8),
                display_name: name.clone(),
            });
            let committed = book.core().commit_as(book.actor(), vec![op]).await?;
            book.core().open(book.actor(), committed.row()?).await
        })
        .await
    }

    /// Makes another folder beside this one and shares a document of another folder into it; without
    /// the document there is no folder.
    pub async fn share_into_new_folder(
        &self,
        from: &Book,
        document: &Placement,
        name: &str,
    ) -> Result<(Book, Placed)> {
        if self.may_hold(document) {
            from.require(document, Right::Share).await?;
        }
        let folder = self.make_folder(name).await?;
        let document = std::slice::from_ref(document);
        let outcomes = from.bring(document, &folder, How::Share).await;
        let outcome = outcomes.and_then(|mut all| all.pop().unwrap_or(Err(Error::NotFound)));
        match outcome {
            Ok(placed) => Ok((folder, placed)),
            Err(error) => {
                let folder = folder.collection().id;
                let dropped = self.decided(|book| async move {
                    let op = Op::Document(DocumentOp::DropFolder { folder });
                    book.core().commit_as(book.actor(), vec![op]).await
                });
                dropped.await?;
                Err(error)
            }
        }
    }

    /// What may be done to the folder itself.
    pub fn may_change_folder(&self) -> bool {
        let own = self.collection().is_folder() && !self.collection().is_default_folder();
        own && self.may(Right::RemoveAny)
    }

    /// Gives the folder another name. Needs *RemoveAny*; the default folder keeps its own.
    pub async fn rename_folder(&self, name: &str) -> Result<()> {
        let op = Op::Document(DocumentOp::RenameFolder {
            folder: self.collection().id,
            display_name: named(name)?,
        });
        self.change_folder(op).await
    }

    /// Deletes the folder: its documents go to the trash. Needs *RemoveAny*.
    pub async fn delete_folder(&self) -> Result<()> {
        let folder = self.collection().id;
        self.require_deletions().await?;
        self.change_folder(Op::Document(DocumentOp::HideFolder { folder }))
            .await
    }

    /// Brings a deleted folder back with what was in it, and returns how many documents cannot come
    /// back with it. Needs *RemoveAny*. `OverQuota` leaves all of it in the trash.
    pub async fn restore_folder(&self) -> Result<usize> {
        self.decided(|folder| async move {
            let Some(deleted) = folder.collection().hidden else {
                return Err(Error::NotFound);
            };
            if !folder.may_change_folder() {
                let right = Right::RemoveAny;
                return Err(Error::Forbidden { right });
            }
            let mut ops: Vec<Op> = folder.coming_back().await?.into_iter().collect();
            let trash = folder.trash().await?.into_iter();
            let with_it: Vec<_> = trash
                .map(|trashed| trashed.removal)
                .filter(|removal| removal.at == deleted)
                .map(|removal| removal.revision)
                .collect();
            let outcomes = folder.restorings(&with_it, &mut ops).await?;
            ops.extend(folder.fitting_all(&ops).await?);
            folder.core().commit_as(folder.actor(), ops).await?;
            Ok(outcomes.iter().filter(|outcome| outcome.is_err()).count())
        })
        .await
    }

    /// What brings a deleted folder back before something is put into it; none for one that is there.
    /// Needs *RemoveAny*. `Exists` when another folder has its name by now.
    pub(super) async fn coming_back(&self) -> Result<Option<Op>> {
        let Collection {
            id,
            hidden,
            place,
            display_name,
            ..
        } = self.collection();
        if hidden.is_none() {
            return Ok(None);
        }
        if !self.may_change_folder() {
            return Err(Error::Invalid(Rule::FolderDeleted));
        }
        let folders = self.core().store().folders(self.actor().person).await?;
        let taken = folders.iter().any(|other| {
            other.place == *place
                && other.hidden.is_none()
                && other.display_name.to_lowercase() == display_name.to_lowercase()
        });
        if taken {
            Err(Error::Exists(display_name.clone()))
        } else {
            Ok(Some(Op::Document(DocumentOp::ShowFolder { folder: *id })))
        }
    }

    async fn change_folder(&self, op: Op) -> Result<()> {
        self.decided(|folder| {
            let ops = vec![op.clone()];
            async move {
                if !folder.may_change_folder() {
                    let right = Right::RemoveAny;
                    return Err(Error::Forbidden { right });
                }
                folder.core().commit_as(folder.actor(), ops).await.map(drop)
            }
        })
        .await
    }
}

fn named(name: &str) -> Result<String> {
    let name = name.trim();
    let length = name.chars().count();
    if (1..=LONGEST).contains(&length) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(Error::Invalid(Rule::FolderName))
    }
}

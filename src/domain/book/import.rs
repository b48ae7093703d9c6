//! Imports: many items in few commits, remembered so that they can be undone.

use super::{
    Book,
    write::{Prepared, removal},
};
use crate::domain::{
    actor::Actor,
    batch::{Batch, ImportOp, Op},
    blocking::carried_on,
    core::Core,
    error::{Error, Result},
    history::TOGETHER,
    id::{ImportId, PlacementId, Timestamp},
    item::{Card, Placement},
    rights::Right,
    rule::Rule,
    store::{Import, ImportedItem, Want},
};

/// Days an import can be undone.
pub const UNDO_DAYS: i64 = 30;

/// Characters of a file's name that are kept.
const NAME: usize = 200;

fn undo_begins() -> Timestamp {
    Timestamp::now().plus_days(-UNDO_DAYS)
}

impl Import {
    /// Whether the import can be undone: it has ended, is not too old, and was not undone yet.
    pub fn may_be_undone(&self) -> bool {
        let settled = self.job.is_none() || self.ended.is_some();
        self.undone.is_none() && settled && self.at >= undo_begins()
    }
}

impl Core {
    /// Imports that have not ended, each with its person and collection.
    pub async fn open_imports(&self) -> Result<Vec<Import>> {
        self.store().open_imports().await
    }

    /// Ends an import on behalf of its person, whatever their rights are now.
    pub async fn end_import(&self, import: &Import, progress: String) -> Result<()> {
        let op = Op::Import(ImportOp::NoteImport {
            import: import.id,
            progress,
            ended: true,
        });
        let batch = Batch::of_program("", vec![op]).for_person(import.person);
        self.commit(batch).await.map(drop)
    }

    /// Fingerprints of headers and the mapping a person chose for each, newest first.
    pub async fn mappings(&self, actor: &Actor) -> Result<Vec<(String, String)>> {
        self.store().mappings(actor.person).await
    }

    /// Remembers a column mapping for the next file with the same header.
    pub async fn remember_mapping(
        &self,
        actor: &Actor,
        fingerprint: &str,
        codes: String,
    ) -> Result<()> {
        let op = Op::Import(ImportOp::RememberMapping {
            person: actor.person,
            fingerprint: fingerprint.to_owned(),
            codes,
        });
        self.commit_personal(actor, vec![op]).await.map(drop)
    }
}

/// What undoing an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Created items that were removed.
    pub removed: usize,
    /// Updated items that have their former content again.
    pub restored: usize,
    /// Items that were changed or removed since, and left alone.
    pub left: usize,
}

impl std::ops::AddAssign for Undone {
    fn add_assign(&mut self, other: Self) {
        self.removed += other.removed;
        self.restored += other.restored;
        self.left += other.left;
    }
}

impl Book {
    /// Begins an import of a file. Needs *Add*. With a job it goes on after a restart until it is
    /// ended.
    pub async fn begin_import(&self, name: &str, job: Option<String>) -> Result<ImportId> {
        let job = &job;
        self.decided(|book| async move {
            if !book.may(Right::Add) {
                return Err(Error::Forbidden { right: Right::Add });
            }
            let op = Op::Import(ImportOp::BeginImport {
                person: book.actor.person,
                collection: book.collection.id,
                name: name.chars().take(NAME).collect(),
                job: job.clone(),
            });
            let committed = book.core.commit_as(&book.actor, vec![op]).await?;
            committed.row()
        })
        .await
    }

    /// Adds new items and updates others in one commit; one outcome each. Needs *Add*, and *Modify*
    /// for each updated item. The text that `note` makes of the outcomes is stored in the same
    /// commit as the progress of the import.
    ///
    /// `Moved`: an item or a right changed meanwhile, and nothing was stored.
    pub async fn import(
        &self,
        import: ImportId,
        new: Prepared,
        updates: Vec<(Card, Vec<u8>)>,
        note: impl FnOnce(&[Result<()>], &[Result<()>]) -> Result<Option<String>>,
    ) -> Result<()> {
        let (added, mut ops) = self.additions(new).await?;
        let mut updated = Vec::with_capacity(updates.len());
        for (card, bytes) in updates {
            let facts = self.facts(&card.placement).await?;
            updated.push(if self.allows(&facts, Right::Modify) {
                self.fits_photo(&bytes, Some(&card.document))
                    .and_then(|()| self.revision(&card, &bytes))
                    .map(|op| ops.extend(op))
            } else {
                Err(Error::Forbidden {
                    right: Right::Modify,
                })
            });
        }
        ops.extend(note(&added, &updated)?.map(|progress| {
            Op::Import(ImportOp::NoteImport {
                import,
                progress,
                ended: false,
            })
        }));
        let batch = Batch::by(&self.actor, ops).decided(&self.actor);
        self.core.commit(batch.of_import(import)).await.map(drop)
    }

    /// Stores the progress of an import.
    pub async fn note_import(&self, import: ImportId, progress: String) -> Result<()> {
        self.commit_import(ImportOp::NoteImport {
            import,
            progress,
            ended: false,
        })
        .await
    }

    /// Ends an import; `progress` is what became of it.
    pub async fn end_import(&self, import: ImportId, progress: String) -> Result<()> {
        self.commit_import(ImportOp::NoteImport {
            import,
            progress,
            ended: true,
        })
        .await
    }

    async fn commit_import(&self, op: ImportOp) -> Result<()> {
        self.core
            .commit_personal(&self.actor, vec![Op::Import(op)])
            .await
            .map(drop)
    }

    /// Imports of this person into this book that can still be undone, newest first.
    pub async fn imports(&self) -> Result<Vec<Import>> {
        let store = self.core.store();
        store
            .imports(self.actor.person, self.collection.id, undo_begins())
            .await
    }

    /// An import of this person into this book.
    pub async fn import_of(&self, id: ImportId) -> Result<Import> {
        let found = self.core.store().import(id).await?;
        found
            .filter(|import| {
                import.person == self.actor.person && import.collection == self.collection.id
            })
            .ok_or(Error::NotFound)
    }

    /// The items of some live placements, in the order asked.
    pub async fn by_placements(&self, placements: &[PlacementId]) -> Result<Vec<Option<Card>>> {
        self.all_of(placements, Want::Documents).await
    }

    /// The items of the first of some live placements: as many as fit in memory, at least one.
    pub async fn first_by_placements(
        &self,
        placements: &[PlacementId],
    ) -> Result<Vec<Option<Card>>> {
        self.first_of(placements, Want::Documents).await
    }

    /// Some placements that are live here, in the order asked.
    pub async fn heads_of(&self, placements: &[PlacementId]) -> Result<Vec<Option<Placement>>> {
        let found = self.all_of(placements, Want::Heads).await?.into_iter();
        Ok(found.map(|card| card.map(|card| card.placement)).collect())
    }

    async fn all_of(&self, placements: &[PlacementId], want: Want) -> Result<Vec<Option<Card>>> {
        let mut found = Vec::with_capacity(placements.len());
        while found.len() < placements.len() {
            found.extend(self.first_of(&placements[found.len()..], want).await?);
        }
        Ok(found)
    }

    async fn first_of(&self, placements: &[PlacementId], want: Want) -> Result<Vec<Option<Card>>> {
        let found = self.core.store().by_placements(placements, want).await?;
        let here = |card: &Card| card.placement.collection == self.collection.id;
        Ok(found.into_iter().map(|card| card.filter(here)).collect())
    }

    /// Undoes an import of this person: what it created and updated, except where somebody changed
    /// it since. In commits of [`TOGETHER`]: where it breaks off, undoing goes on with the rest.
    pub async fn undo_import(&self, id: ImportId) -> Result<Undone> {
        let import = self.import_of(id).await?;
        if !import.may_be_undone() {
            return Err(Error::Invalid(Rule::ImportOver));
        }
        let book = self.clone();
        carried_on(async move {
            let mut undone = Undone::default();
            loop {
                let (more, is_all) = book
                    .decided(|book| async move { book.undo_some(id).await })
                    .await?;
                undone += more;
                if is_all {
                    return Ok(undone);
                }
            }
        })
        .await
    }

    /// Undoes what was imported first, as much as one commit takes; whether that is all.
    async fn undo_some(&self, import: ImportId) -> Result<(Undone, bool)> {
        let mut undone = Undone::default();
        let mut ops = Vec::new();
        let store = self.core.store();
        let items = store.imported_items(import, TOGETHER).await?;
        let placements: Vec<PlacementId> = items.iter().map(|item| item.placement).collect();
        let cards = self.first_by_placements(&placements).await?;
        let some = &items[..cards.len()];
        for (item, card) in some.iter().zip(cards) {
            let untouched = card.filter(|card| card.placement.digest == item.digest);
            let untouched = match untouched {
                Some(card) => self.undoable(item, card).await?,
                None => None,
            };
            match untouched {
                Some(card) => ops.extend(self.undo_item(item, &card, &mut undone).await?),
                None => undone.left += 1,
            }
        }
        let is_all = items.len() < TOGETHER && some.len() == items.len();
        let forget = some.last().map(|last| ImportOp::ForgetImported {
            import,
            upto: last.item,
        });
        ops.extend(forget.map(Op::Import));
        if is_all {
            ops.push(Op::Import(ImportOp::CloseImport { import }));
        }
        self.core.commit_as(&self.actor, ops).await?;
        Ok((undone, is_all))
    }

    /// The card, and whether its overlay is still as the import left it; none for one that the import
    /// made and somebody tagged, shared or commented on since.
    async fn undoable(&self, item: &ImportedItem, card: Card) -> Result<Option<(Card, bool)>> {
        let store = self.core.store();
        let left = store.overlay_left(card.placement.id, item.revision).await?;
        let as_left = left.is_none_or(|left| left[..] == card.placement.overlay[..]);
        let is_undoable = match item.revision {
            Some(_) => true,
            None => as_left && !self.is_used(&card.placement).await?,
        };
        Ok(is_undoable.then_some((card, as_left)))
    }

    /// Whether an item is in another place as well, or somebody commented on it.
    async fn is_used(&self, placement: &Placement) -> Result<bool> {
        let store = self.core.store();
        let places = store.places_of(placement.item).await?;
        let mut live = places.iter().filter(|place| place.gone_at.is_none());
        if live.any(|place| place.placement != placement.id) {
            return Ok(true);
        }
        Ok(!store.comments(placement.item).await?.is_empty())
    }

    async fn undo_item(
        &self,
        item: &ImportedItem,
        (card, as_left): &(Card, bool),
        undone: &mut Undone,
    ) -> Result<Option<Op>> {
        let facts = self.facts(&card.placement).await?;
        let Some(revision) = item.revision else {
            if !self.allows(&facts, Right::Remove) {
                undone.left += 1;
                return Ok(None);
            }
            undone.removed += 1;
            return Ok(Some(removal(&card.placement)));
        };
        let before = self.core.store().revision(revision).await?;
        let Some(before) = before.filter(|_| self.allows(&facts, Right::Modify)) else {
            undone.left += 1;
            return Ok(None);
        };
        undone.restored += 1;
        let overlay = if *as_left {
            &item.overlay[..]
        } else {
            &card.placement.overlay[..]
        };
        self.revision(card, &self.shown(&before.document, overlay))
    }
}

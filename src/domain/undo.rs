//! Undoing a person's last action, with the rights they have now.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    actor::Actor,
    book::Book,
    core::Core,
    error::{Error, Result},
    grant::Grantee,
    history::TOGETHER,
    id::{CollectionId, ItemId, PlacementId, RevisionId, Seq},
    item::Placement,
    rights::{GroupRight, Modify},
    sharing::Placed,
    tag::Retag,
};

/// An action that can be undone.
#[derive(Clone, Debug, PartialEq)]
pub enum Undo {
    /// Tags were put on items of a book, or taken off.
    Tagged {
        book: CollectionId,
        items: Vec<Retag>,
    },
    /// Items were shared, moved or copied from one book into another.
    Brought {
        from: CollectionId,
        into: CollectionId,
        items: Vec<Placed>,
    },
    /// Items were removed from a book.
    Removed {
        book: CollectionId,
        removals: Vec<RevisionId>,
    },
    /// Removed items came back into a book.
    Returned {
        book: CollectionId,
        /// Each with the sequence of its last change then.
        returned: Vec<(PlacementId, Seq)>,
    },
    /// A tag was deleted, which was on these items.
    TagDeleted {
        name: String,
        colour: String,
        items: Vec<ItemId>,
    },
    /// A comment was changed or deleted.
    Commented { former: RevisionId },
    /// A folder was deleted with what was in it.
    Folder(CollectionId),
    /// A right on the group of a book was given to members or withdrawn; each with their former one.
    Granted {
        book: CollectionId,
        right: GroupRight,
        former: Vec<(Grantee, GroupRight)>,
    },
    /// *Modify* on an item was given to these or withdrawn from them.
    Modifiable {
        book: CollectionId,
        placement: PlacementId,
        modify: Modify,
        grantees: Vec<Grantee>,
    },
    /// Contents changed: the versions that were replaced.
    Edited(Vec<RevisionId>),
}

impl Undo {
    /// Nothing was done that could be undone.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of things it takes back, as far as they are counted.
    pub fn len(&self) -> usize {
        match self {
            Undo::Tagged { items, .. } => items.len(),
            Undo::Brought { items, .. } => items.len(),
            Undo::Removed { removals, .. } => removals.len(),
            Undo::Returned { returned, .. } => returned.len(),
            Undo::Granted { former, .. } => former.len(),
            Undo::Modifiable { grantees, .. } => grantees.len(),
            Undo::Edited(edits) => edits.len(),
            Undo::TagDeleted { .. } | Undo::Commented { .. } | Undo::Folder(_) => 1,
        }
    }
}

/// The outcome of undoing: of rights, members are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenBack {
    /// Items that are as before the action.
    pub back: usize,
    /// Items left alone, because they changed since or the person lacks the right.
    pub left: usize,
}

impl std::ops::AddAssign for TakenBack {
    fn add_assign(&mut self, other: Self) {
        self.back += other.back;
        self.left += other.left;
    }
}

impl TakenBack {
    fn count(&mut self, outcome: bool, items: usize) {
        if outcome {
            self.back += items
        } else {
            self.left += items
        }
    }
}

impl Core {
    /// Undoes an action item by item; items that cannot be restored are left as they are.
    pub async fn undo(self: &Arc<Self>, actor: &Arc<Actor>, undo: &Undo) -> Result<TakenBack> {
        match undo {
            Undo::Tagged { book, items } => {
                let book = self.open(actor, *book).await?;
                retagged(&book, items).await
            }
            Undo::Brought { from, into, items } => {
                let from = self.open(actor, *from).await?;
                let into = self.open(actor, *into).await?;
                taken_away(&from, &into, items).await
            }
            Undo::Removed { book, removals } => {
                let book = self.open(actor, *book).await?;
                let mut taken = TakenBack::default();
                // What a quota refuses is refused as a whole.
                let together = if book.collection().is_folder() {
                    usize::MAX
                } else {
                    TOGETHER
                };
                for some in removals.chunks(together) {
                    for outcome in book.restore(some).await? {
                        taken.count(outcome.is_ok(), 1);
                    }
                }
                Ok(taken)
            }
            Undo::Returned { book, returned } => {
                let book = self.open(actor, *book).await?;
                gone_again(&book, returned).await
            }
            Undo::TagDeleted {
                name,
                colour,
                items,
            } => {
                let back = self.restore_tag(actor, name, colour, items).await?;
                // The tag itself, where nothing had it.
                let back = back.max(1);
                Ok(TakenBack { back, left: 0 })
            }
            Undo::Commented { former } => {
                self.restore_comment(actor, *former).await?;
                Ok(TakenBack { back: 1, left: 0 })
            }
            Undo::Folder(folder) => {
                let folder = self.open(actor, *folder).await?;
                let left = folder.restore_folder().await?;
                Ok(TakenBack { back: 1, left })
            }
            Undo::Granted {
                book,
                right,
                former,
            } => self.ungrant(actor, *book, *right, former).await,
            Undo::Modifiable {
                book,
                placement,
                modify,
                grantees,
            } => {
                let book = self.open(actor, *book).await?;
                book.ungrant_modify(*placement, *modify, grantees).await
            }
            Undo::Edited(edits) => {
                let done = self.edits_undone(actor, edits).await?;
                Ok(TakenBack {
                    back: done.reverted,
                    left: done.skipped,
                })
            }
        }
    }
}

/// Items with the same change go together.
async fn retagged(book: &Book, items: &[Retag]) -> Result<TakenBack> {
    let mut alike: BTreeMap<(Vec<_>, Vec<_>), Vec<PlacementId>> = BTreeMap::new();
    for Retag { placement, on, off } in items {
        let group = alike.entry((on.clone(), off.clone())).or_default();
        group.push(*placement);
    }
    let mut taken = TakenBack::default();
    for ((on, off), ids) in alike {
        let found = book.heads_of(&ids).await?.into_iter().flatten();
        let live: Vec<_> = found.filter(|placement| placement.is_live()).collect();
        taken.left += ids.len() - live.len();
        match book.tag(&live, &on, &off).await {
            Err(error @ Error::Unavailable(_)) => return Err(error),
            outcome => taken.count(outcome.is_ok(), live.len()),
        }
    }
    Ok(taken)
}

/// What changed since it came back stays.
async fn gone_again(book: &Book, returned: &[(PlacementId, Seq)]) -> Result<TakenBack> {
    let mut taken = TakenBack::default();
    for some in returned.chunks(TOGETHER) {
        let ids: Vec<PlacementId> = some.iter().map(|(id, _)| *id).collect();
        let found = book.heads_of(&ids).await?.into_iter().flatten();
        let live: Vec<_> = found
            .filter(|placement| placement.is_live())
            .filter(|placement| some.contains(&(placement.id, placement.changed)))
            .collect();
        taken.left += some.len() - live.len();
        for outcome in book.remove_all(&live).await? {
            taken.count(outcome.is_ok(), 1);
        }
    }
    Ok(taken)
}

/// What was moved is back first, so that it is nowhere for no moment.
async fn taken_away(from: &Book, into: &Book, items: &[Placed]) -> Result<TakenBack> {
    let mut taken = TakenBack::default();
    let removals: Vec<RevisionId> = items.iter().filter_map(|item| item.removal).collect();
    let mut restored = from.restore(&removals).await?.into_iter();
    let mut hrefs = Vec::new();
    let mut brought = Vec::new();
    for item in items {
        let here = item.removal.is_none() || matches!(restored.next(), Some(Ok(())));
        if here && item.fresh {
            hrefs.push(item.href.clone());
            brought.push(item);
        } else {
            // It was there before, so that coming back is all.
            taken.count(here, 1)
        }
    }
    let found = into.by_hrefs(&hrefs).await?;
    let gone = brought.iter().zip(&found);
    let gone = gone.filter(|(item, card)| item.same && card.is_none());
    let gone: Vec<ItemId> = gone.map(|(item, _)| item.item).collect();
    let withheld = withheld(into, &gone).await?;
    taken.back += withheld;
    let found = found.into_iter().flatten().map(|card| card.placement);
    // A copy that was changed since is its only one.
    let is_changed = |placement: &Placement| {
        let copy = items
            .iter()
            .any(|item| !item.same && item.href == placement.href);
        copy && placement.changed > placement.born
    };
    let there: Vec<_> = found.filter(|placement| !is_changed(placement)).collect();
    taken.left += hrefs.len() - there.len() - withheld;
    for outcome in into.remove_all(&there).await? {
        taken.count(outcome.is_ok(), 1);
    }
    Ok(taken)
}

/// What somebody else removed meanwhile is put back by nobody but its creator; the number of these.
async fn withheld(book: &Book, items: &[ItemId]) -> Result<usize> {
    if items.is_empty() {
        return Ok(0);
    }
    let trash = book.trash().await?.into_iter();
    let own = trash.filter(|gone| gone.may_withhold && items.contains(&gone.removal.item));
    let own: Vec<RevisionId> = own.map(|gone| gone.removal.revision).collect();
    book.withhold(&own).await
}

//! Going back on all that one client did.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{Restored, Steps, TOGETHER, Whereabouts, portions};
use crate::domain::{
    actor::Actor,
    batch::{BookOp, Op},
    book::{Book, removal},
    core::Core,
    error::{Error, Result},
    id::{CollectionId, ItemId, PlacementId, RevisionId, Timestamp},
    item::{Card, Placement},
    rights::Right,
    store::{Revision, RevisionKind},
    undo::Undo,
};

impl Core {
    /// Undoes everything one client of the actor did since a moment: items it removed come back,
    /// items it placed go to the trash, contents lose what it changed and keep what others did. A
    /// book it deleted comes back with what was in it; one that another deleted does not. What
    /// undoes just that comes with it.
    pub async fn undo_client(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        client: &str,
        since: Timestamp,
    ) -> Result<(Restored, Vec<Undo>)> {
        let within = &(since.max(self.history_begins())..=Timestamp(i64::MAX));
        let store = self.store();
        let doings = store.done_by(actor.person, client, within.clone()).await?;
        let placed = store
            .placed_by(actor.person, client, within.clone())
            .await?;
        let of_kind = |kind| doings.iter().filter(move |doing| doing.kind == kind);
        let removed = of_kind(RevisionKind::Removed);
        let renamed: &HashSet<Whereabouts> = &removed
            .clone()
            .map(|doing| (doing.item, doing.collection))
            .collect();
        let mut seen = HashSet::new();
        let mut last: Vec<&Revision> = removed.collect();
        last.reverse();
        last.retain(|doing| seen.insert((doing.item, doing.collection)));
        let mut steps = Steps::default();
        for (placed, last) in portions(&placed, &last, TOGETHER) {
            steps += self
                .decided(actor, |actor| async move {
                    let mut ops = Vec::new();
                    let away = self.placements_undone(&actor, placed, renamed, &mut ops);
                    let (mut done, away) = away.await?;
                    done += self.removals_undone(&actor, last, &mut ops).await?;
                    ops.extend(self.fitting_all(&ops).await?);
                    Steps::commit(self, &actor, ops, &away, done).await
                })
                .await?;
        }
        let mut items: BTreeMap<ItemId, Vec<&Revision>> = BTreeMap::new();
        for doing in of_kind(RevisionKind::Replaced) {
            if let Some(item) = doing.item {
                items.entry(item).or_default().push(doing);
            }
        }
        let edited: Vec<(ItemId, Vec<&Revision>)> = items.into_iter().collect();
        for some in edited.chunks(TOGETHER) {
            steps += self
                .decided(actor, |actor| async move {
                    self.contents_undone(&actor, some).await
                })
                .await?;
        }
        let done = steps.done;
        Ok((done, steps.undone_by(self).await?))
    }

    /// Takes back single edits and keeps what was written since. What the actor reads nowhere any
    /// more is not counted.
    pub(in crate::domain) async fn edits_undone(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        edits: &[RevisionId],
    ) -> Result<Restored> {
        let mut done = Restored::default();
        for some in edits.chunks(TOGETHER) {
            let mut kept = Vec::with_capacity(some.len());
            for edit in some {
                let edit = match self.kept(*edit).await {
                    // Purged since.
                    Err(Error::NotFound) => {
                        done.skipped += 1;
                        continue;
                    }
                    edit => edit?,
                };
                if let Some(item) = edit.item
                    && self.readable(actor, item, None).await?.is_some()
                {
                    kept.push((item, edit));
                }
            }
            let edited = kept.iter().map(|(item, edit)| (*item, vec![edit]));
            let edited: &Vec<(ItemId, Vec<&Revision>)> = &edited.collect();
            let steps = self.decided(actor, |actor| async move {
                self.contents_undone(&actor, edited).await
            });
            done += steps.await?.done;
        }
        Ok(done)
    }

    /// A book of the actor that went together with what was removed from it at a moment.
    async fn deleted_with(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        collection: CollectionId,
        at: Timestamp,
    ) -> Result<Book> {
        let found = self.store().deleted_book(actor.person, collection, at);
        let found = found.await?.ok_or(Error::NotFound)?;
        self.stand(actor, found).await
    }

    /// Takes away what was placed, but for what was given another href where it was. Also what goes.
    async fn placements_undone(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        placed: &[PlacementId],
        renamed: &HashSet<Whereabouts>,
        ops: &mut Vec<Op>,
    ) -> Result<(Restored, Vec<Placement>)> {
        let mut done = Restored::default();
        let mut away = Vec::new();
        for id in placed {
            let card = self.store().placement(*id).await?;
            let Some(card) = card.filter(|card| card.placement.is_live()) else {
                continue;
            };
            let placement = card.placement;
            if renamed.contains(&(Some(placement.item), Some(placement.collection))) {
                continue;
            }
            let allowed = match self.open(actor, placement.collection).await {
                Ok(book) => book.permits(&placement, Right::Remove).await?,
                Err(Error::NotFound) => false,
                Err(error) => return Err(error),
            };
            if allowed {
                done.removed += 1;
                ops.push(removal(&placement));
                away.push(placement);
            } else {
                done.skipped += 1
            }
        }
        Ok((done, away))
    }

    /// Brings back what was removed, with the books that were deleted with it.
    async fn removals_undone(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        removed: &[&Revision],
        ops: &mut Vec<Op>,
    ) -> Result<Restored> {
        let mut done = Restored::default();
        let mut back: HashMap<CollectionId, Book> = HashMap::new();
        for doing in removed {
            // Back already, or removed again by somebody else since.
            if self.store().removal(doing.id).await?.is_none() {
                continue;
            }
            let collection = doing.collection.ok_or(Error::NotFound)?;
            let mut deleted = None;
            let book = match (self.open(actor, collection).await, back.get(&collection)) {
                (Err(Error::NotFound), Some(book)) => Ok(book.clone()),
                (Err(Error::NotFound), None) => {
                    let found = self.deleted_with(actor, collection, doing.at).await;
                    deleted = found.as_ref().ok().cloned();
                    found
                }
                (opened, _) => opened,
            };
            let op = match book {
                Ok(book) => book.restoring(doing.id).await,
                Err(error) => Err(error),
            };
            match op {
                Ok(more) => {
                    done.restored += 1;
                    if let Some(book) = deleted {
                        self.fits_books(actor, back.len() + 1).await?;
                        ops.push(Op::Book(BookOp::RestoreBook {
                            collection,
                            owner: actor.person,
                        }));
                        back.insert(collection, book);
                    }
                    ops.extend(more);
                }
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(_) => done.skipped += 1,
            }
        }
        Ok(done)
    }

    async fn contents_undone(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        edited: &[(ItemId, Vec<&Revision>)],
    ) -> Result<Steps> {
        let mut done = Restored::default();
        let (mut ops, mut heads) = (Vec::new(), Vec::new());
        for (item, edits) in edited {
            let Some((book, card)) = self.readable(actor, *item, None).await? else {
                done.skipped += 1;
                continue;
            };
            let bytes = self.without(edits, &book, &card).await?;
            let allowed = book.permits(&card.placement, Right::Modify).await?;
            match book.revision(&card, &bytes) {
                Ok(None) => {}
                Ok(Some(op)) if allowed => {
                    done.reverted += 1;
                    ops.push(op);
                    heads.push(card.placement);
                }
                _ => done.skipped += 1,
            }
        }
        ops.extend(self.fitting_all(&ops).await?);
        Steps::commit(self, actor, ops, &heads, done).await
    }

    /// What the card shows without some edits of it.
    async fn without(&self, edits: &[&Revision], book: &Book, card: &Card) -> Result<Vec<u8>> {
        let overlay = match (edits.first(), edits.last()) {
            (Some(first), Some(last)) if book.is_private() => {
                self.overlay_without(first, last, &card.placement).await?
            }
            _ => card.placement.overlay.to_vec(),
        };
        let contents: Vec<&&Revision> = edits.iter().filter(|e| e.placement.is_none()).collect();
        let (Some(first), Some(last)) = (contents.first(), contents.last()) else {
            return Ok(book.shown(&card.document, &overlay));
        };
        let history = self.store().history(card.placement.item).await?;
        let later = history
            .iter()
            .map(|(revision, _)| revision)
            .filter(|revision| revision.id > last.id)
            .min_by_key(|revision| revision.id);
        let base = match later {
            Some(later) => self.kept(later.id).await?.document,
            None => card.document.to_vec(),
        };
        let mine = &self.kept(first.id).await?.document;
        if base[..] == card.document[..] {
            return Ok(book.shown(mine, &overlay));
        }
        let merged = book.class().merge(&base, mine, &card.document)?;
        Ok(book.shown(&merged.document, &overlay))
    }

    /// The overlay before some edits; as it is, where it was changed since.
    async fn overlay_without(
        &self,
        first: &Revision,
        last: &Revision,
        placement: &Placement,
    ) -> Result<Vec<u8>> {
        let store = self.store();
        let left = store.overlay_left(placement.id, Some(last.id)).await?;
        let is_as_left = left.is_none_or(|left| left[..] == placement.overlay[..]);
        let before = store
            .shown_at(placement.id, Timestamp(first.at.0 - 1))
            .await?;
        let before = before.filter(|_| is_as_left);
        Ok(before.map_or_else(|| placement.overlay.to_vec(), |before| before.overlay))
    }
}

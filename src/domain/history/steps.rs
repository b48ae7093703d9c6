//! The steps of going back, each of which can be taken back by itself.

use std::collections::BTreeMap;

use super::{Restored, TOGETHER};
use crate::domain::{
    actor::Actor,
    batch::{ItemOp, Op},
    core::Core,
    error::Result,
    id::{CollectionId, ItemId, PlacementId, RevisionId, Seq},
    item::Placement,
    store::Want,
    undo::Undo,
};

/// What going back did, and what it takes to undo just that.
#[derive(Debug, Default)]
pub struct Steps {
    pub(super) done: Restored,
    /// What went away, by its removals.
    away: BTreeMap<CollectionId, Vec<RevisionId>>,
    /// What came back.
    back: Vec<PlacementId>,
    /// The versions that were replaced.
    edits: Vec<RevisionId>,
    /// Items that nobody had changed when their content went back; with the last sequence of each book
    /// then.
    settled: BTreeMap<(ItemId, CollectionId), Seq>,
}

/// What an operation does that can be taken back.
enum Step {
    Away(PlacementId),
    Back,
    Edit,
}

impl Step {
    fn of(op: &Op) -> Option<Self> {
        let Op::Item(op) = op else { return None };
        match op {
            ItemOp::Remove { placement, .. } => Some(Step::Away(*placement)),
            ItemOp::RestorePlacement { .. } | ItemOp::CreateItem { .. } => Some(Step::Back),
            ItemOp::Edit { .. } | ItemOp::SetOverlay { .. } => Some(Step::Edit),
            ItemOp::Place { .. } | ItemOp::Holds { .. } => None,
        }
    }
}

impl Steps {
    /// Commits a part of it; `heads` are those of what goes away or has its content changed, as they
    /// were when that was decided.
    pub(super) async fn commit(
        core: &Core,
        actor: &Actor,
        ops: Vec<Op>,
        heads: &[Placement],
        done: Restored,
    ) -> Result<Self> {
        let mut steps = Self {
            done,
            ..Self::default()
        };
        if ops.is_empty() {
            return Ok(steps);
        }
        let kinds: Vec<Option<Step>> = ops.iter().map(Step::of).collect();
        let committed = core.commit_as(actor, ops).await?;
        for (kind, row) in kinds.into_iter().zip(committed.rows) {
            match kind {
                Some(Step::Away(placement)) => {
                    let book = heads.iter().find(|head| head.id == placement);
                    if let Some(book) = book.map(|head| head.collection) {
                        steps.away.entry(book).or_default().push(RevisionId(row));
                    }
                }
                Some(Step::Back) => steps.back.push(PlacementId(row)),
                Some(Step::Edit) => steps.edits.push(RevisionId(row)),
                None => {}
            }
        }
        if !steps.edits.is_empty() {
            for head in heads.iter().filter(|head| head.changed == head.born) {
                let books = committed.collections.iter();
                let settled = books.map(|(book, last)| ((head.item, *book), *last));
                steps.settled.extend(settled);
            }
        }
        Ok(steps)
    }

    /// What takes it back, place by place: what changed since is known by its sequence.
    pub(super) async fn undone_by(self, core: &Core) -> Result<Vec<Undo>> {
        let mut returned: BTreeMap<CollectionId, Vec<(PlacementId, Seq)>> = BTreeMap::new();
        for head in heads(core, &self.back).await? {
            let settled = self.settled.get(&(head.item, head.collection));
            let seq = match settled {
                Some(last) if head.changed <= *last => head.changed,
                _ => head.born,
            };
            let book = returned.entry(head.collection).or_default();
            book.push((head.id, seq));
        }
        let returned = returned
            .into_iter()
            .map(|(book, returned)| Undo::Returned { book, returned });
        let removed = self
            .away
            .into_iter()
            .map(|(book, removals)| Undo::Removed { book, removals });
        let edited = Undo::Edited(self.edits);
        // What came back goes first: a uid is free for who had it.
        Ok(returned.chain(removed).chain([edited]).collect())
    }
}

impl std::ops::AddAssign for Steps {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        for (book, removals) in other.away {
            self.away.entry(book).or_default().extend(removals);
        }
        self.back.extend(other.back);
        self.edits.extend(other.edits);
        self.settled.extend(other.settled);
    }
}

/// Placements as they are now, without those that are gone again.
async fn heads(core: &Core, placements: &[PlacementId]) -> Result<Vec<Placement>> {
    let mut found = Vec::with_capacity(placements.len());
    for some in placements.chunks(TOGETHER) {
        let mut rest = some;
        while !rest.is_empty() {
            let cards = core.store().by_placements(rest, Want::Heads).await?;
            rest = &rest[cards.len()..];
            found.extend(cards.into_iter().flatten().map(|card| card.placement));
        }
    }
    Ok(found)
}

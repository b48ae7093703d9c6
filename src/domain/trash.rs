//! The trash of a place: removed items, which can be restored until the trash time has passed
//! (30 days unless set otherwise).

use std::sync::Arc;

use super::{
    actor::Actor,
    batch::{Batch, Committed, HistoryOp, ItemOp, NewPlacement, Op},
    blocking::carried_on,
    book::{Admitted, Book, new_server_id, removal},
    collection::{Collection, Place},
    core::Core,
    error::{Error, Result},
    history::TOGETHER,
    id::{RevisionId, Seq, Timestamp},
    item::{Card, Placement},
    office::store::OfficeOp,
    rights::{ItemFacts, Right},
    rule::Rule,
    store::{Order, Removal, RemovalPage, RevisionKind, Span, Version},
    undo::Undo,
};

/// When something was removed, and by which revision: where the next page of removals begins.
pub type Removed = (Timestamp, RevisionId);

impl Removal {
    /// Where the removals older than this one begin.
    pub fn place(&self) -> Removed {
        (self.at, self.revision)
    }
}

/// A removed item as one person sees it in the trash of a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Trashed {
    pub removal: Removal,
    /// [`Book::restore`] is allowed.
    pub may_restore: bool,
    /// [`Core::copy_removed`] is allowed.
    pub may_copy: bool,
    /// [`Book::withhold`] is allowed.
    pub may_withhold: bool,
}

impl Book {
    /// The trash of this place, newest first: all of it with *Delete*, else the items the actor
    /// removed or created.
    pub async fn trash(&self) -> Result<Vec<Trashed>> {
        let oldest = self.core().trash_begins();
        let removals = self.core().store().trash(self.collection().id).await?;
        let kept = removals.into_iter().filter(|removal| removal.at >= oldest);
        Ok(self.visible(kept).collect())
    }

    /// What the actor sees of some removals.
    fn visible(
        &self,
        removals: impl IntoIterator<Item = Removal>,
    ) -> impl Iterator<Item = Trashed> {
        removals.into_iter().filter_map(|removal| {
            let facts = self.removal_facts(&removal);
            let may_restore = self.allows(&facts, Right::Restore);
            (may_restore || facts.creator).then_some(Trashed {
                may_restore,
                // In Private it comes back as it is.
                may_copy: facts.creator && !self.is_private(),
                may_withhold: self.may_withhold(&removal),
                removal,
            })
        })
    }

    /// A page of [`Book::trash`], and whether there are older ones. Reads what it shows, and what came
    /// back since.
    pub async fn trash_page(
        &self,
        before: Option<Removed>,
        rows: usize,
    ) -> Result<(Vec<Trashed>, bool)> {
        let since = self.core().trash_begins();
        let all = self.allows(&ItemFacts::default(), Right::Restore);
        let whose = (!all).then_some(self.actor().person);
        let (collection, store) = (self.collection().id, self.core().store());
        let mut shown: Vec<Trashed> = Vec::new();
        let mut before = before;
        loop {
            let limit = rows + 1 - shown.len();
            let page = RemovalPage {
                since,
                before,
                limit,
            };
            let found = store.trash_page(collection, whose, page).await?;
            let is_last = found.len() < limit;
            before = found.last().map(Removal::place);
            shown.extend(self.visible(found));
            if is_last || shown.len() > rows {
                break;
            }
        }
        let more = shown.len() > rows;
        shown.truncate(rows);
        Ok((shown, more))
    }

    /// Where the item that had a server id here is now, if the actor may read it there: here after it
    /// was restored, else in Private or in a group.
    pub async fn successor(&self, server_id: &str) -> Result<Option<(Book, Card)>> {
        let core = self.core();
        let ids = [server_id.to_owned()];
        let found = core.store().by_server_ids(self.collection().id, &ids);
        let found = found.await?.into_iter().flatten().next();
        let Some(gone) = found.filter(|card| !card.placement.is_live()) else {
            return Ok(None);
        };
        let here = Some(self.collection().id);
        let item = gone.placement.item;
        let now = core.readable(self.actor(), item, here).await?;
        Ok(now.filter(|(book, _)| book.collection().hidden.is_none()))
    }

    /// Restores removed items to this place, with comments, grants and their present tags; one
    /// outcome each. In Private, one whose UID another item has by now comes back under a new one.
    /// A deleted folder comes back with them.
    /// `NotFound` once purged; `UidConflict` when another item of a group has the UID.
    pub async fn restore(&self, revisions: &[RevisionId]) -> Result<Vec<Result<()>>> {
        self.decided(|book| async move {
            let mut ops = Vec::new();
            let outcomes = book.restorings(revisions, &mut ops).await?;
            if !ops.is_empty() {
                ops.extend(book.fitting_all(&ops).await?);
                book.core().commit_as(book.actor(), ops).await?;
            }
            Ok(outcomes)
        })
        .await
    }

    /// Adds what restoring removed items takes to `ops`; one outcome each.
    pub(super) async fn restorings(
        &self,
        revisions: &[RevisionId],
        ops: &mut Vec<Op>,
    ) -> Result<Vec<Result<()>>> {
        let mut outcomes = Vec::with_capacity(revisions.len());
        for revision in revisions {
            outcomes.push(match self.restoring(*revision).await {
                Ok(more) => {
                    ops.extend(more);
                    Ok(())
                }
                Err(Error::UidConflict { .. }) if self.is_private() => {
                    ops.extend(self.returning_anew(*revision).await?);
                    Ok(())
                }
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) => Err(error),
            });
        }
        Ok(outcomes)
    }

    /// What restoring one removed item takes.
    pub(super) async fn restoring(&self, revision: RevisionId) -> Result<Vec<Op>> {
        let store = self.core().store();
        let oldest = self.core().trash_begins();
        let removal = store.removal(revision).await?;
        if removal.is_none() && self.is_back(revision).await? {
            return Ok(Vec::new());
        }
        let removal = removal
            .filter(|r| r.collection == self.collection().id && r.at >= oldest)
            .ok_or(Error::NotFound)?;
        let right = Right::Restore;
        if !self.allows(&self.removal_facts(&removal), right) {
            return Err(Error::Forbidden { right });
        }
        let mut ops: Vec<Op> = self.coming_back().await?.into_iter().collect();
        let card = store
            .placement(removal.placement)
            .await?
            .ok_or(Error::NotFound)?;
        let placement = &card.placement;
        if let Some(other) = store.by_uid(self.collection().id, &placement.uid).await? {
            return Err(Error::UidConflict {
                href: other.placement.href,
            });
        }
        if self.is_of_outsider(placement).await? {
            ops.push(self.own_copy(placement).await?);
            return Ok(ops);
        }
        let overlay = if self.is_private() {
            let tags = self.tags_of(placement.item).await?;
            let class = self.class();
            let kept = class.split(&self.content(&card))?.tags;
            let same = kept.len() == tags.len() && kept.iter().all(|tag| tags.contains(tag));
            (!same).then(|| class.with_tags(&placement.overlay, &kept, &tags))
        } else {
            None
        };
        ops.push(Op::Item(ItemOp::RestorePlacement {
            placement: placement.id,
            href: self.free_href(&placement.href, None).await?,
            server_id: new_server_id(),
            overlay,
        }));
        Ok(ops)
    }

    /// Whether the actor created a removed item in Private, and others may put it back into this group.
    fn may_withhold(&self, removal: &Removal) -> bool {
        let is_open = matches!(self.collection().place, Place::Group(_)) && !removal.withdrawn;
        is_open && removal.private && removal.creator == self.actor().person
    }

    /// Withdraws items of this group's trash that the actor created in Private: nobody else puts them
    /// back. Returns their number; what is back, or is somebody else's, is left out.
    pub async fn withhold(&self, removals: &[RevisionId]) -> Result<usize> {
        self.decided(|book| async move {
            let mut ops = Vec::with_capacity(removals.len());
            for removal in removals {
                let found = book.core().store().removal(*removal).await?;
                let here = found.filter(|found| found.collection == book.collection().id);
                if here.is_some_and(|here| book.may_withhold(&here)) {
                    let removal = *removal;
                    ops.push(Op::History(HistoryOp::Withhold { removal }));
                }
            }
            let number = ops.len();
            if number > 0 {
                book.core().commit_as(book.actor(), ops).await?;
            }
            Ok(number)
        })
        .await
    }

    /// Whether what a removal took away from here is here again.
    async fn is_back(&self, revision: RevisionId) -> Result<bool> {
        let (store, here) = (self.core().store(), self.collection().id);
        let Some(revision) = store.revision(revision).await? else {
            return Ok(false);
        };
        let is_removal = revision.kind == RevisionKind::Removed;
        let (true, Some(item)) = (
            is_removal && revision.collection == Some(here),
            revision.item,
        ) else {
            return Ok(false);
        };
        let places = store.places_of(item).await?;
        let mut live = places.iter().filter(|place| place.gone_at.is_none());
        Ok(live.any(|place| place.collection == here))
    }

    /// Whether an item of this group was shared from the Private of somebody who is no member any
    /// more.
    async fn is_of_outsider(&self, placement: &Placement) -> Result<bool> {
        let Place::Group(group) = self.collection().place else {
            return Ok(false);
        };
        if placement.origin == Some(self.collection().id) {
            return Ok(false);
        }
        let store = self.core().store();
        let origin = match placement.origin {
            Some(origin) => store.collection(origin).await?,
            None => None,
        };
        if origin.is_some_and(|origin| matches!(origin.place, Place::Group(_))) {
            return Ok(false);
        }
        let members = store.members(group).await?;
        Ok(!members
            .iter()
            .any(|member| member.person == placement.creator))
    }

    /// The group's own copy of an item as the group saw it last: what its creator wrote since is not
    /// the group's.
    async fn own_copy(&self, placement: &Placement) -> Result<Op> {
        let last = Seq(i64::MAX);
        let found = self.core().store().version_at(placement.id, last, None);
        let Version { document, overlay } = found.await?.ok_or(Error::NotFound)?;
        let Admitted {
            content,
            overlay,
            tags,
        } = self.admit(&self.shown(&document, &overlay), None)?;
        let href = self.free_href(&placement.href, None).await?;
        Ok(Op::Item(ItemOp::CreateItem {
            class: placement.class.clone(),
            creator: placement.creator,
            content,
            placement: NewPlacement {
                overlay,
                tags,
                ..self.new_placement(href)
            },
        }))
    }

    /// A removed item of Private under another UID, because its own is another item's now.
    async fn returning_anew(&self, revision: RevisionId) -> Result<Vec<Op>> {
        let store = self.core().store();
        let removal = store.removal(revision).await?.ok_or(Error::NotFound)?;
        let found = store.version_at(removal.placement, Seq(i64::MAX), None);
        let Version { document, overlay } = found.await?.ok_or(Error::NotFound)?;
        let content = self.shown(&document, &overlay);
        let mut ops: Vec<Op> = self.coming_back().await?.into_iter().collect();
        ops.extend(self.copied(&content, self.class().new_href()).await?);
        Ok(ops)
    }

    fn removal_facts(&self, removal: &Removal) -> ItemFacts {
        let me = self.actor().person;
        ItemFacts {
            creator: removal.creator == me,
            removed: removal.person == Some(me),
            withdrawn: removal.withdrawn,
            ..ItemFacts::default()
        }
    }

    /// Removes several items in one transaction; one outcome each, with the removal for
    /// [`Book::restore`]. Needs *Remove* on each.
    pub async fn remove_all(&self, placements: &[Placement]) -> Result<Vec<Result<RevisionId>>> {
        self.decided(|book| async move {
            book.require_deletions().await?;
            let mut outcomes = Vec::with_capacity(placements.len());
            let mut ops = Vec::new();
            for placement in placements {
                let outcome = async {
                    let current = book.current(placement).await?.placement;
                    book.require(&current, Right::Remove).await?;
                    Ok(removal(&current))
                };
                outcomes.push(match outcome.await {
                    Err(error @ Error::Unavailable(_)) => return Err(error),
                    outcome => outcome.map(|op| ops.push(op)),
                });
            }
            let committed = if ops.is_empty() {
                Committed::default()
            } else {
                book.core().commit_as(book.actor(), ops).await?
            };
            let mut removals = committed.rows.into_iter().map(RevisionId);
            let named = |outcome: Result<()>| match outcome {
                Ok(()) => removals.next().ok_or(Error::NotFound),
                Err(error) => Err(error),
            };
            Ok(outcomes.into_iter().map(named).collect())
        })
        .await
    }

    /// Empties the place in commits of [`TOGETHER`]; `expected` is the number of items that the person
    /// typed. Needs *RemoveAny*. `Invalid` when the number is another. Returns what undoes it.
    ///
    /// What comes meanwhile stays. Where it breaks off, what is gone is in the trash, and emptying what
    /// is left goes on.
    pub async fn empty(&self, expected: i64) -> Result<Undo> {
        let right = Right::RemoveAny;
        if !self.may(right) {
            return Err(Error::Forbidden { right });
        }
        self.require_deletions().await?;
        let book = self.clone();
        carried_on(async move {
            let (upto, mut removals) = book
                .decided(|book| async move {
                    // As it is now, so that what is counted is what goes.
                    let book = book.reopened().await?;
                    let count = book.count().await?;
                    if count != expected {
                        return Err(Error::Invalid(Rule::Count(count)));
                    }
                    let Collection { id, seq, .. } = *book.collection();
                    let counted = Op::Item(ItemOp::Holds {
                        collection: id,
                        number: expected,
                    });
                    Ok((seq, book.first_removed(seq, Some(counted)).await?))
                })
                .await?;
            let mut last = removals.len();
            while last == TOGETHER {
                let more = book
                    .decided(|book| async move { book.first_removed(upto, None).await })
                    .await?;
                last = more.len();
                removals.extend(more);
            }
            Ok(Undo::Removed {
                book: book.collection().id,
                removals,
            })
        })
        .await
    }

    /// Removes the first of the items that were here at a sequence, as many as one commit takes.
    async fn first_removed(&self, upto: Seq, first: Option<Op>) -> Result<Vec<RevisionId>> {
        let right = Right::RemoveAny;
        if !self.may(right) {
            return Err(Error::Forbidden { right });
        }
        let collection = self.collection().id;
        let store = self.core().store();
        let span = Span {
            after: Seq(0),
            upto,
            limit: TOGETHER,
        };
        let here = store.range(collection, Order::Born, span).await?;
        let before = usize::from(first.is_some());
        let removed = here.iter().map(|placement| {
            Op::Item(ItemOp::Remove {
                placement: placement.id,
                expected_changed: None,
                writer: None,
            })
        });
        let ops: Vec<Op> = first.into_iter().chain(removed).collect();
        if ops.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.core().commit_as(self.actor(), ops).await?.rows;
        Ok(rows.into_iter().skip(before).map(RevisionId).collect())
    }
}

/// Name of the stored clock reading of the last purge.
pub const PURGE_CLOCK: &str = "purge-clock";
/// Name of the first stored reading of a clock that is doubted.
pub const DOUBTED_CLOCK: &str = "doubted-clock";
/// Days by which the clock may advance between two purges without being doubted.
const BELIEVED: i64 = 7;

impl Core {
    /// Items the actor created that no place they read shows any more, removed from groups they are
    /// in or that were deleted while they were, or with a private book of theirs. Each can be copied
    /// to Private.
    pub async fn lost_creations(&self, actor: &Arc<Actor>) -> Result<Vec<Removal>> {
        let page = RemovalPage {
            since: self.trash_begins(),
            before: None,
            limit: usize::MAX,
        };
        self.store().lost_of_creator(actor.person, None, page).await
    }

    /// A page of [`Core::lost_creations`] of one class, and whether there are older ones.
    pub async fn lost_page(
        &self,
        actor: &Actor,
        class: &str,
        before: Option<Removed>,
        rows: usize,
    ) -> Result<(Vec<Removal>, bool)> {
        let page = RemovalPage {
            since: self.trash_begins(),
            before,
            limit: rows + 1,
        };
        let found = self
            .store()
            .lost_of_creator(actor.person, Some(class), page);
        let mut found = found.await?;
        let more = found.len() > rows;
        found.truncate(rows);
        Ok((found, more))
    }

    /// The creator takes a copy of a removed item into Private, whatever they may do in the place
    /// it was removed from.
    pub async fn copy_removed(self: &Arc<Self>, actor: &Arc<Actor>, id: RevisionId) -> Result<()> {
        let lost = self.lost_creations(actor).await?;
        let removal = lost.into_iter().find(|removal| removal.revision == id);
        let Removal {
            class, placement, ..
        } = removal.ok_or(Error::NotFound)?;
        let found = self
            .store()
            .version_at(placement, Seq(i64::MAX), None)
            .await?;
        let Version { document, overlay } = &found.ok_or(Error::NotFound)?;
        self.default_place(actor, &class)
            .await?
            .decided(|book| async move {
                let content = book.shown(document, overlay);
                let ops = book.copied(&content, book.class().new_href()).await?;
                book.core().commit_as(book.actor(), ops).await.map(drop)
            })
            .await
    }

    pub(super) fn trash_begins(&self) -> Timestamp {
        Timestamp::now().plus_days(-self.limits().trash_days)
    }

    pub(super) fn history_begins(&self) -> Timestamp {
        Timestamp::now().plus_days(-self.limits().history_days)
    }

    /// Purges history, trash and tombstones by the age limits of the settings. Run at the start and
    /// once a day; `lived`: the process has run for a day since the last call.
    pub async fn purge(&self, lived: bool) -> Result<()> {
        self.purge_at(Timestamp::now(), lived).await
    }

    /// [`Core::purge`] at a given time. To protect against a clock that jumps ahead and back, only
    /// time that the previous purge had already seen counts, and an advance of more than a week
    /// counts once a process has run for a day with it, or one is started a day later.
    pub async fn purge_at(&self, now: Timestamp, lived: bool) -> Result<()> {
        let kept = async |name| {
            let value = self.store().office_value(name).await?;
            Ok(value.and_then(|text| text.parse().ok()).map(Timestamp))
        };
        let known: Option<Timestamp> = kept(PURGE_CLOCK).await?;
        let clock = known.map_or(now, |known| known.min(now));
        let committed = async |op| self.commit(Batch::of_program("", vec![op]).at(now)).await;
        let mut more = true;
        while more {
            let purge = HistoryOp::Purge {
                versions_before: clock.plus_days(-self.limits().history_days),
                trash_before: clock.plus_days(-self.limits().trash_days),
                tombstones_before: clock.plus_days(-self.limits().tombstone_days),
            };
            more = committed(Op::History(purge)).await?.more;
        }
        // Before the clock is kept: a purge that fails is tried again soon, and counts to the same
        // moment.
        self.collect_orphans().await?;
        let doubted: Option<Timestamp> = kept(DOUBTED_CLOCK).await?;
        let a_day_on = doubted.is_some_and(|doubted| now >= doubted.plus_days(1));
        if known.is_none_or(|known| lived || a_day_on || now <= known.plus_days(BELIEVED)) {
            committed(Op::Office(OfficeOp::KeepClock(now))).await?;
        } else {
            tracing::warn!(
                "the clock went on by more than a week: nothing more is purged for a day"
            );
            if doubted.is_none_or(|doubted| now < doubted) {
                committed(Op::Office(OfficeOp::DoubtClock(now))).await?;
            }
        }
        Ok(())
    }
}

//! History: every earlier version with its author, time and client; going back to a version or a
//! moment.

mod client;
mod page;
mod steps;

use std::collections::BTreeMap;

use super::{
    actor::Actor,
    book::{Book, removal},
    class::Difference,
    collection::Place,
    core::Core,
    error::{Error, Result},
    id::{CollectionId, ItemId, PersonId, RevisionId, Timestamp},
    item::{Card, Placement},
    rights::Right,
    rule::Rule,
    store::{ItemPlace, Revision, RevisionKind, Touched},
    undo::Undo,
};

use steps::Steps;

pub(super) use page::shorten;
pub use page::{EVENTS, Past};

/// One event in the life of an item, newest first in a history.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub at: Timestamp,
    pub person: Option<PersonId>,
    pub person_name: String,
    /// The client it was made through.
    pub client: String,
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The content changed; [`Book::restore_version`] brings back what was before.
    Edited {
        before: RevisionId,
        /// Large values are cut.
        differences: Vec<Difference>,
        /// Further differences.
        more: usize,
    },
    /// A comment was changed or deleted; [`Core::restore_comment`] brings back what it said.
    Commented {
        before: RevisionId,
        said: String,
        deleted: bool,
    },
    /// The owner's tags on it changed.
    Tagged,
    /// Placed somewhere: created, shared or restored. No name for a place the reader is not in.
    Placed { place: Option<PlaceName> },
    /// Removed from somewhere.
    Removed { place: Option<PlaceName> },
}

/// A place as a history names it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceName {
    pub collection: CollectionId,
    pub name: String,
}

/// What going back did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Restored {
    /// Removed items that are back.
    pub restored: usize,
    /// Items that show an earlier content again.
    pub reverted: usize,
    /// Items that were not there then and went to the trash.
    pub removed: usize,
    /// Items the person lacks the right for, or whose past is purged.
    pub skipped: usize,
}

impl std::ops::AddAssign for Restored {
    fn add_assign(&mut self, other: Self) {
        self.restored += other.restored;
        self.reverted += other.reverted;
        self.removed += other.removed;
        self.skipped += other.skipped;
    }
}

/// An item in a collection.
type Whereabouts = (Option<ItemId>, Option<CollectionId>);

/// Items of one commit of going back, decided by itself: others write between two of them.
pub const TOGETHER: usize = 500;

/// What goes away, then what comes back, in one commit, or in several where that is too much.
fn portions<'a, A, B>(away: &'a [A], back: &'a [B], together: usize) -> Vec<(&'a [A], &'a [B])> {
    if away.len() + back.len() <= together {
        return vec![(away, back)];
    }
    let away = away.chunks(together).map(|some| (some, &[][..]));
    let back = back.chunks(together).map(|some| (&[][..], some));
    away.chain(back).collect()
}

impl Book {
    /// The document of an earlier version, as [`Book::history`] offers it.
    pub async fn version(&self, placement: &Placement, id: RevisionId) -> Result<Vec<u8>> {
        let store = self.core().store();
        let places = store.places_of(placement.item).await?;
        let view = View::of(self, placement, &places);
        let history = store.history(placement.item).await?;
        let found = history.into_iter().find(|(revision, shown_in)| {
            revision.id == id && (view.creator || shown_in.iter().any(|place| view.reads(*place)))
        });
        let oldest = self.core().history_begins();
        found
            .filter(|(revision, _)| revision.at >= oldest)
            .ok_or(Error::NotFound)?;
        self.core().kept(id).await.map(|kept| kept.document)
    }

    /// Makes an earlier version the content again. Needs *Modify*; what it replaces is kept too.
    pub async fn restore_version(&self, placement: &Placement, id: RevisionId) -> Result<()> {
        self.decided(|book| async move {
            let document = book.version(placement, id).await?;
            book.show_again(placement, &document).await
        })
        .await
    }

    /// Makes a new contact in Private of an earlier version.
    pub async fn copy_version(&self, placement: &Placement, id: RevisionId) -> Result<()> {
        let document = &self.version(placement, id).await?;
        self.core()
            .default_place(self.actor(), &placement.class)
            .await?
            .decided(|book| async move {
                let ops = book.copied(document, book.class().new_href()).await?;
                book.core().commit_as(book.actor(), ops).await.map(drop)
            })
            .await
    }

    async fn show_again(&self, placement: &Placement, document: &[u8]) -> Result<()> {
        let card = self.current(placement).await?;
        self.require(&card.placement, Right::Modify).await?;
        let bytes = self.shown(document, &card.placement.overlay);
        let Some(op) = self.revision(&card, &bytes)? else {
            return Ok(());
        };
        let mut ops = vec![op];
        ops.extend(self.fitting_all(&ops).await?);
        self.core().commit_as(self.actor(), ops).await.map(drop)
    }

    /// Brings the whole place back to a moment, as far as the actor's rights and the kept history
    /// reach: items removed since come back, items placed since go to the trash, contents change back.
    ///
    /// Also returns what undoes just that. `Invalid` for a moment to come, and for one from before the
    /// kept history.
    pub async fn restore_place_at(&self, at: Timestamp) -> Result<(Restored, Vec<Undo>)> {
        let oldest = self.core().history_begins().min(self.core().trash_begins());
        if !(oldest..=Timestamp::now()).contains(&at) {
            return Err(Error::Invalid(Rule::Moment));
        }
        let mut past: BTreeMap<ItemId, Vec<Touched>> = BTreeMap::new();
        let store = self.core().store();
        for touched in store.touched_since(self.collection().id, at).await? {
            past.entry(touched.item).or_default().push(touched);
        }
        let (mut new, mut missing, mut there) = (Vec::new(), Vec::new(), Vec::new());
        for (item, touched) in past {
            let was = touched.iter().find(|touched| touched.was_there(at));
            let is = touched.iter().find(|touched| touched.gone_at.is_none());
            match (was, is) {
                (None, Some(is)) => new.push(*is),
                (Some(_), None) => missing.push(item),
                _ => {}
            }
            there.extend(was.copied());
        }
        let trash = store.trash(self.collection().id).await?;
        let trash: BTreeMap<ItemId, RevisionId> = trash
            .iter()
            .map(|removal| (removal.item, removal.revision))
            .collect();
        let removals = missing.iter().map(|item| trash.get(item).copied());
        let removals: Vec<RevisionId> = removals.flatten().collect();
        let mut steps = Steps::default();
        steps.done.skipped = missing.len() - removals.len();
        // What a quota refuses is refused as a whole.
        let together = if self.collection().is_folder() {
            usize::MAX
        } else {
            TOGETHER
        };
        for (new, removals) in portions(&new, &removals, together) {
            steps += self
                .decided(|book| async move { book.place_back(new, removals).await })
                .await?;
        }
        for some in there.chunks(together) {
            steps += self
                .decided(|book| async move { book.contents_back(some, at).await })
                .await?;
        }
        let done = steps.done;
        Ok((done, steps.undone_by(self.core()).await?))
    }

    /// First pass: which items are here. Removals first, so that a uid is free for who had it.
    async fn place_back(&self, new: &[Touched], removals: &[RevisionId]) -> Result<Steps> {
        let mut done = Restored::default();
        let mut ops = Vec::with_capacity(new.len() + removals.len());
        let mut away = Vec::with_capacity(new.len());
        for touched in new {
            match self.removing(touched).await {
                Ok(placement) => {
                    done.removed += 1;
                    ops.push(removal(&placement));
                    away.push(placement);
                }
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(_) => done.skipped += 1,
            }
        }
        for removal in removals {
            match self.restoring(*removal).await {
                Ok(more) => {
                    done.restored += 1;
                    ops.extend(more);
                }
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(_) => done.skipped += 1,
            }
        }
        ops.extend(self.fitting_all(&ops).await?);
        Steps::commit(self.core(), self.actor(), ops, &away, done).await
    }

    /// What is to go away, with the right to take it.
    async fn removing(&self, touched: &Touched) -> Result<Placement> {
        let found = self.core().store().placement(touched.placement).await?;
        let found = found.filter(|card| card.placement.is_live());
        let placement = found.ok_or(Error::NotFound)?.placement;
        self.require(&placement, Right::Remove).await?;
        Ok(placement)
    }

    /// Second pass: what they show.
    async fn contents_back(&self, there: &[Touched], at: Timestamp) -> Result<Steps> {
        let mut done = Restored::default();
        let (mut ops, mut heads) = (Vec::new(), Vec::new());
        let store = self.core().store();
        for was in there {
            let shown = store.shown_at(was.placement, at).await?;
            let (Some(shown), Some(card)) = (shown, self.of_item(was.item).await?) else {
                continue;
            };
            let bytes = self.shown(&shown.document, &shown.overlay);
            match self.revision(&card, &bytes) {
                Ok(None) => {}
                Ok(Some(op)) if self.permits(&card.placement, Right::Modify).await? => {
                    done.reverted += 1;
                    ops.push(op);
                    heads.push(card.placement);
                }
                _ => done.skipped += 1,
            }
        }
        ops.extend(self.fitting_all(&ops).await?);
        Steps::commit(self.core(), self.actor(), ops, &heads, done).await
    }

    /// The live placement of an item here.
    pub(super) async fn of_item(&self, item: ItemId) -> Result<Option<Card>> {
        let store = self.core().store();
        for place in store.places_of(item).await? {
            if place.collection == self.collection().id && place.gone_at.is_none() {
                return store.placement(place.placement).await;
            }
        }
        Ok(None)
    }
}

/// What one person may know of an item's past.
struct View<'a> {
    actor: &'a Actor,
    creator: bool,
    places: &'a [ItemPlace],
}

impl<'a> View<'a> {
    /// What the person who opened a book may know.
    fn of(book: &'a Book, placement: &Placement, places: &'a [ItemPlace]) -> Self {
        Self {
            actor: book.actor(),
            creator: placement.creator == book.actor().person,
            places,
        }
    }

    fn place(&self, collection: CollectionId) -> Option<&ItemPlace> {
        self.places
            .iter()
            .find(|place| place.collection == collection)
    }

    fn reads(&self, collection: CollectionId) -> bool {
        self.place(collection)
            .and_then(|place| place.place)
            .is_some_and(|place| self.actor.reads(place))
    }

    fn name(&self, collection: CollectionId) -> Option<PlaceName> {
        let place = self.place(collection).filter(|_| self.reads(collection))?;
        Some(PlaceName {
            collection,
            name: place.display_name.clone(),
        })
    }

    /// Whether the actor learns of a sharing into `place`: its members do, the creator, and the
    /// admins of the group the item came from.
    fn learns_of(&self, place: &ItemPlace) -> bool {
        let runs = |collection| match self.place(collection).and_then(|place| place.place) {
            Some(Place::Group(group)) => self
                .actor
                .membership(group)
                .is_some_and(|membership| membership.role.runs_group()),
            _ => false,
        };
        self.creator || self.reads(place.collection) || place.came_from.is_some_and(runs)
    }

    fn event(&self, revision: &Revision) -> Option<Event> {
        let what = match (revision.kind, revision.collection) {
            (RevisionKind::Removed, Some(from)) => What::Removed {
                place: self.name(from),
            },
            // A version of the owner's lines alone.
            (RevisionKind::Replaced, Some(place)) => {
                if !self.reads(place) {
                    return None;
                }
                What::Tagged
            }
            _ => What::Edited {
                before: revision.id,
                differences: Vec::new(),
                more: 0,
            },
        };
        Some(Event {
            at: revision.at,
            person: revision.person,
            person_name: revision.person_name.clone(),
            client: revision.client.clone(),
            what,
        })
    }
}

impl Core {
    /// A revision with its document.
    async fn kept(&self, revision: RevisionId) -> Result<Revision> {
        let kept = self.store().revision(revision).await?;
        kept.ok_or(Error::NotFound)
    }

    /// The clients that wrote something for the actor, by name, as far as history reaches.
    pub async fn clients(&self, actor: &Actor) -> Result<Vec<String>> {
        self.store()
            .clients_of(actor.person, self.history_begins())
            .await
    }
}

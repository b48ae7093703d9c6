//! The commands of a request, decided one by one into a single batch.

use std::collections::{HashMap, HashSet};

use super::{
    Command, DeviceBook, Failure, Outcome, SyncCall,
    admission::{Admission, Verdict, admissions, room},
    claims::{Claim, Unclaimed},
    resent::is_there,
    reverts::Revert,
};
use crate::domain::{
    batch::{ItemOp, Made, NewPlacement, Op, ViewOp},
    book::{Book, Edit, new_server_id},
    error::Result,
    id::{DeviceId, ItemId, PlacementId},
    item::{Card, Placement},
    refused::Why,
    rights::Right,
    round::{State, Viewer, What},
    view::{Found, Held, Union},
};

impl DeviceBook {
    pub(super) async fn decide(
        &self,
        call: &SyncCall,
        viewer: &Viewer,
        start: &State,
        at_rest: bool,
        work: &mut Work,
    ) -> Result<()> {
        let mut ids: Vec<String> = Vec::new();
        for (at, command) in call.commands.iter().enumerate() {
            match command {
                Command::Add { fingerprint, .. } => match work.claims.get(&at) {
                    Some(claimed) => ids.push(claimed.clone()),
                    None => ids.extend(work.left_out(fingerprint).cloned()),
                },
                Command::Change { server_id, .. }
                | Command::Delete { server_id }
                | Command::Fetch { server_id } => ids.push(server_id.clone()),
            }
        }
        let found = self.cards(&ids).await?;
        work.cards = ids.into_iter().zip(found).collect();
        let home = work.home(&self.book).clone();
        let mut room = room(&home, call).await?;
        let new = call.commands.iter().enumerate();
        let new = new.filter_map(|(at, command)| match command {
            Command::Add { edit, .. } if !work.claims.contains_key(&at) => Some((at, edit.clone())),
            _ => None,
        });
        let mut admissions = admissions(&home, new.collect()).await?;
        let resent = if admissions.is_empty() {
            HashSet::new()
        } else {
            self.may_come_again().await?
        };
        for (at, command) in call.commands.iter().enumerate() {
            let outcome = match command {
                Command::Add {
                    client_id,
                    fingerprint,
                    name,
                    edit,
                } => match work.claims.get(&at).cloned() {
                    Some(server_id) => {
                        let claim = Claim {
                            client_id: client_id.clone(),
                            fingerprint: fingerprint.clone(),
                            server_id,
                            name: name.clone(),
                        };
                        self.add_again(claim, &**edit, work).await?
                    }
                    None => match self.settle(client_id, fingerprint, work).await? {
                        Some(outcome) => outcome,
                        None => {
                            let admission = admissions.remove(&at).flatten();
                            let is_there = match admission.as_ref().and_then(Admission::admitted) {
                                Some(admitted) if resent.contains(fingerprint) => {
                                    is_there(&home, admitted, &**edit).await?
                                }
                                _ => false,
                            };
                            if is_there {
                                work.add_and_delete(client_id)
                            } else {
                                let named = (&client_id[..], &fingerprint[..], &name[..]);
                                self.add(&home, call, named, admission, &mut room, work)
                            }
                        }
                    },
                },
                Command::Change { server_id, edit } if is_temporary(server_id) => {
                    // Deleted by the answer that gave it this id, or the next: swallowed, and kept.
                    if let Ok(bytes) = edit.apply(None) {
                        let refusal = home.refusal(None, bytes, Why::Adding);
                        work.ops.push(refusal.known_as(server_id).into());
                    }
                    Outcome::Done
                }
                Command::Change { server_id, edit } => {
                    self.change(server_id, &**edit, viewer, start, at_rest, work)
                        .await?
                }
                Command::Delete { server_id } => {
                    self.delete(call, server_id, viewer, start, work).await?
                }
                Command::Fetch { server_id } => Outcome::Fetched {
                    server_id: server_id.clone(),
                },
            };
            work.outcomes.push(outcome);
        }
        Ok(())
    }

    /// An Add that no earlier step has carried out.
    fn add(
        &self,
        home: &Book,
        call: &SyncCall,
        (client_id, fingerprint, name): (&str, &str, &str),
        admission: Option<Admission>,
        room: &mut Option<i64>,
        work: &mut Work,
    ) -> Outcome {
        let client_id = client_id.to_owned();
        let Some(Admission { bytes, verdict }) = admission else {
            let failure = Failure::Invalid;
            return Outcome::AddFailed { client_id, failure };
        };
        if !home.may(Right::Add) {
            // Answered as done, and deleted: a refusal would be retried for ever.
            let refusal = home.refusal(None, bytes, Why::Adding).known_as(fingerprint);
            let server_id = new_temporary_id();
            work.ops.push(refusal.into());
            let repeats = call.repeats_reverts;
            work.revert(fingerprint, What::Delete, server_id.clone(), repeats);
            return Outcome::Added {
                client_id,
                server_id,
            };
        }
        if let Some(left) = room {
            if *left <= 0 {
                // Kept once, however often it comes again.
                let refusal = home
                    .refusal(None, bytes, Why::BookFull)
                    .known_as(fingerprint);
                work.ops.push(refusal.into());
                let failure = Failure::OverQuota;
                return Outcome::AddFailed { client_id, failure };
            }
            *left -= 1;
        }
        let (admitted, altered) = match verdict {
            Verdict::Admitted { admitted, altered } => (*admitted, altered),
            refused => {
                if let Verdict::Refused(why) = refused {
                    let refusal = home.refusal(None, bytes, why).known_as(fingerprint);
                    work.ops.push(refusal.into());
                }
                let failure = Failure::Invalid;
                return Outcome::AddFailed { client_id, failure };
            }
        };
        work.altered |= altered;
        let server_id = new_server_id();
        let is_view = work.union.is_some();
        let in_book = if is_view {
            new_server_id()
        } else {
            server_id.clone()
        };
        if is_view {
            work.made.push(Made {
                in_book: in_book.clone(),
                in_view: server_id.clone(),
                altered,
            });
        }
        work.adds.push(Claim {
            client_id: client_id.clone(),
            fingerprint: fingerprint.to_owned(),
            server_id: server_id.clone(),
            name: name.to_owned(),
        });
        let placement = NewPlacement {
            server_id: in_book,
            device: (!is_view).then_some(self.device),
            altered,
            ..home.new_placement(home.class().new_href())
        };
        work.ops.push(home.creation(admitted, placement));
        Outcome::Added {
            client_id,
            server_id,
        }
    }

    async fn delete(
        &self,
        call: &SyncCall,
        server_id: &str,
        viewer: &Viewer,
        start: &State,
        work: &mut Work,
    ) -> Result<Outcome> {
        let found = work
            .card(server_id)
            .filter(|card| card.placement.is_live() && !work.removed.contains(server_id));
        let Some(card) = found else {
            return Ok(Outcome::Done);
        };
        let fresh = work.touched.contains_key(server_id)
            || viewer.has_latest(&card.placement, start)
            || work.is_own_add(&card.placement, self.device);
        let spots = self.spots(&card, work).await?;
        let spot = match Found::among(spots, Right::Remove).await? {
            Found::Allowed(spot) => Some(spot),
            Found::Refused(_) | Found::Nowhere => None,
        };
        let held = match &spot {
            Some(spot) => spot.book.deletions_held().await?,
            None => false,
        };
        let repeats = call.repeats_reverts && (held || spot.is_none());
        let (true, Some(spot)) = (fresh && !held, spot) else {
            work.revert(server_id, What::Add, server_id.to_owned(), repeats);
            return Ok(Outcome::Done);
        };
        // Of what it deletes, the device is sent no copy.
        work.forced.retain(|(_, told)| told != server_id);
        work.wrote.retain(|known| *known != card.placement.item);
        if spot.elsewhere {
            // Taken away from one book of the view, and still in another: it comes back as it is.
            work.forced.push((What::Add, server_id.to_owned()));
        } else {
            work.wrote.push(card.placement.item);
        }
        work.removed.insert(server_id.to_owned());
        let writer = work.union.is_none().then_some(self.device);
        let remove = Op::Item(ItemOp::Remove {
            placement: spot.card.placement.id,
            expected_changed: Some(spot.card.placement.changed),
            writer,
        });
        // Changed earlier in the same request: only the removal counts.
        work.act(server_id, spot.card.placement.id, remove);
        Ok(Outcome::Done)
    }

    /// Adds new content to the batch, made by the device's edit alone or by a merge.
    pub(super) fn write(
        &self,
        spot: &Held,
        card: &Card,
        bytes: &[u8],
        edit: Option<&dyn Edit>,
        work: &mut Work,
    ) -> Result<()> {
        let content = spot.book.content(&spot.card);
        let fits = spot.book.fits_photo(bytes, Some(&content));
        let latest = work.latest.get(&card.placement.server_id).cloned();
        let former = match &latest {
            Some((content, beside)) => (&content[..], &beside[..]),
            None => (&content[..], &spot.card.placement.beside[..]),
        };
        let places = edit.and_then(|edit| edit.places(former.0, former.1, bytes));
        let outdates =
            |beside: &[u8]| edit.is_some_and(|edit| edit.outdates(former, bytes, beside));
        let revision = fits.and_then(|()| spot.book.revision_at(&spot.card, bytes, places));
        let Some(mut op) = revision? else {
            if work.touched.contains_key(&card.placement.server_id) {
                work.take_back(spot, card);
            }
            // Nothing to store, and yet not what the device has.
            let beside = &spot.card.placement.beside;
            if edit.is_some_and(|edit| edit.alters(bytes, beside)) || outdates(beside) {
                work.force(&card.placement);
            }
            return Ok(());
        };
        let beside = match &op {
            Op::Item(ItemOp::Edit { content, .. }) => &content.beside[..],
            _ => &spot.card.placement.beside[..],
        };
        // Where the stored bytes are not what the device sent, or more of what it has is another now,
        // the copy is in the same answer, as that of a merge is. The version is its own all the same.
        let alters = edit.is_some_and(|edit| edit.alters(bytes, beside));
        let is_told = alters || outdates(beside);
        let beside = beside.to_vec();
        if is_told {
            work.force(&card.placement);
        }
        if edit.is_none() {
            work.merged.push(card.placement.server_id.clone());
        }
        let is_known = work.union.is_none();
        if let Op::Item(ItemOp::Edit { writer: by, .. })
        | Op::Item(ItemOp::SetOverlay { writer: by, .. }) = &mut op
        {
            *by = is_known.then_some(self.device);
        }
        let (item, server_id) = (card.placement.item, &card.placement.server_id);
        work.wrote.retain(|known| *known != item);
        if edit.is_some() {
            work.wrote.push(item);
        }
        work.act(server_id, spot.card.placement.id, op);
        // A later command of the same request builds on this content.
        work.latest
            .insert(server_id.clone(), (bytes.to_vec(), beside));
        Ok(())
    }

    /// The placements that a command acts on: in the book itself, or in books of the view.
    pub(super) async fn spots(&self, card: &Card, work: &Work) -> Result<Vec<Held>> {
        match &work.union {
            Some(union) => union.held(card.placement.item).await,
            None => Ok(vec![Held {
                book: self.book.clone(),
                card: card.clone(),
                elsewhere: false,
            }]),
        }
    }

    /// The live placements of an item in the book itself, or in the books of the view.
    pub(super) async fn held(&self, card: &Card, work: &Work) -> Result<Vec<Card>> {
        let books = match &work.union {
            Some(union) => union.books.iter().map(|b| b.collection().id).collect(),
            None => vec![self.book.collection().id],
        };
        let store = self.book.core().store();
        store.placed(card.placement.item, &books).await
    }
}

/// Prefix of the ids of items that are accepted only to be deleted.
pub const TEMPORARY: &str = "tmp-";

/// Whether an id was made for an item that is not kept.
pub fn is_temporary(server_id: &str) -> bool {
    server_id.starts_with(TEMPORARY)
}

/// An id for an item that is not kept.
pub(super) fn new_temporary_id() -> String {
    format!("{TEMPORARY}{}", new_server_id())
}

/// State collected during a step, before its commit.
#[derive(Default)]
pub(super) struct Work {
    /// The books of a view; none in any other collection.
    pub(super) union: Option<Union>,
    pub(super) ops: Vec<Op>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) forced: Vec<(What, String)>,
    pub(super) adds: Vec<Claim>,
    pub(super) disowned: Vec<String>,
    /// Items of the lost step whose edit or deletion is not repeated, and those whose is.
    pub(super) unwritten: HashSet<String>,
    pub(super) repeated: Vec<String>,
    /// Items whose edit was merged with what others wrote.
    pub(super) merged: Vec<String>,
    /// Items disowned earlier and claimed again now.
    pub(super) owned: HashSet<String>,
    pub(super) unclaimed: Vec<Unclaimed>,
    pub(super) reverts: Vec<Revert>,
    /// Items whose copy was sent out of turn, newer than the base says.
    pub(super) copies: HashSet<String>,
    pub(super) cards: HashMap<String, Option<Card>>,
    /// Adds, by their place in the request, that a lost step already made.
    pub(super) claims: HashMap<usize, String>,
    /// Items already changed by a command of this request, and the placement it acts on.
    pub(super) touched: HashMap<String, PlacementId>,
    /// Items removed by a command of this request.
    pub(super) removed: HashSet<String>,
    /// The present content of those items, and what is beside it.
    pub(super) latest: HashMap<String, (Vec<u8>, Vec<u8>)>,
    /// Items that the Adds of the step before made.
    pub(super) own_adds: HashSet<String>,
    /// An Add of this request reads otherwise than it was sent, which the next answer tells.
    pub(super) altered: bool,
    /// In a view: items the device created, and items that hold its bytes or that it removed.
    pub(super) made: Vec<Made>,
    pub(super) wrote: Vec<ItemId>,
}

impl Work {
    /// The book that new items go to.
    pub(super) fn home<'a>(&'a self, book: &'a Book) -> &'a Book {
        self.union.as_ref().map_or(book, Union::own)
    }

    /// The operations; in a view, enclosed by a check that the view is up to date and by the update
    /// after them.
    pub(super) fn take_ops(&mut self, book: &Book, device: DeviceId) -> Vec<Op> {
        let mut ops = std::mem::take(&mut self.ops);
        if self.union.is_some() && !ops.is_empty() {
            let view = book.collection().id;
            ops.insert(0, Op::View(ViewOp::Level { view }));
            ops.push(Op::View(ViewOp::Follow {
                view,
                device,
                made: std::mem::take(&mut self.made),
                wrote: std::mem::take(&mut self.wrote),
            }));
        }
        ops
    }

    pub(super) fn card(&self, server_id: &str) -> Option<Card> {
        self.cards.get(server_id).cloned().flatten()
    }

    /// Sends the server's copy of an item in this answer; an item is told of once.
    pub(super) fn force(&mut self, placement: &Placement) {
        let what = if placement.is_live() {
            What::Change
        } else {
            What::Delete
        };
        let server_id = &placement.server_id;
        if !self.forced.iter().any(|(_, told)| told == server_id) {
            self.forced.push((what, server_id.clone()));
        }
    }

    /// Adds the operation on an item, instead of the one an earlier command of this request made.
    fn act(&mut self, server_id: &str, placement: PlacementId, op: Op) {
        let Some(before) = self.touched.insert(server_id.to_owned(), placement) else {
            return self.ops.push(op);
        };
        let made = self.ops.iter_mut().find(|made| {
            matches!(made, Op::Item(ItemOp::Edit { through: p, .. } | ItemOp::SetOverlay { placement: p, .. }) if *p == before)
        });
        match made {
            Some(made) => *made = op,
            None => self.ops.push(op),
        }
    }
}

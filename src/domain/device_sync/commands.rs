//! The commands of a request, decided one by one into a single batch.

use std::collections::{HashMap, HashSet};

use super::{
    Command, DeviceBook, Failure, Outcome, SyncCall,
    admission::{Admission, Verdict, admissions},
    claims::{Claim, Unclaimed},
    reverts::Revert,
};
use crate::domain::{
    batch::{ItemOp, Made, NewPlacement, Op, ViewOp},
    book::{Book, Edit, new_server_id},
    error::{Error, Result},
    id::{DeviceId, ItemId, PlacementId},
    item::{Card, Placement},
    rights::Right,
    round::{State, Viewer, What},
    view::Union,
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
        for (at, command) in call.commands.iter().enumerate() {
            let outcome = match command {
                Command::Add {
                    client_id,
                    fingerprint,
                    edit,
                } => match work.claims.get(&at).cloned() {
                    Some(server_id) => {
                        let claim = Claim {
                            client_id: client_id.clone(),
                            fingerprint: fingerprint.clone(),
                            server_id,
                        };
                        self.add_again(claim, &**edit, work).await?
                    }
                    None => match self.settle(client_id, fingerprint, work).await? {
                        Some(outcome) => outcome,
                        None => {
                            let admission = admissions.remove(&at).flatten();
                            let named = (&client_id[..], &fingerprint[..]);
                            self.add(&home, call, named, admission, &mut room, work)
                        }
                    },
                },
                Command::Change { server_id, edit } if is_temporary(server_id) => {
                    // Deleted in the answer that gave it this id: swallowed, and kept.
                    if let Ok(bytes) = edit.apply(None) {
                        let reason = "adding was not allowed";
                        work.ops
                            .push(home.refusal(None, bytes, reason).known_as(server_id).into());
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
        (client_id, fingerprint): (&str, &str),
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
            // Answered as done, deleted in the same answer: a refusal would be retried for ever.
            let refusal = home
                .refusal(None, bytes, "adding was not allowed")
                .known_as(fingerprint);
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
                    .refusal(None, bytes, "the book is full")
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
                if let Verdict::Refused(reason) = refused {
                    let refusal = home.refusal(None, bytes, &reason).known_as(fingerprint);
                    work.ops.push(refusal.into());
                }
                let failure = Failure::Invalid;
                return Outcome::AddFailed { client_id, failure };
            }
        };
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

    async fn change(
        &self,
        server_id: &str,
        edit: &dyn Edit,
        viewer: &Viewer,
        start: &State,
        at_rest: bool,
        work: &mut Work,
    ) -> Result<Outcome> {
        let failed = |failure| Outcome::ChangeFailed {
            server_id: server_id.to_owned(),
            failure,
        };
        let Some(card) = work.card(server_id) else {
            let kept = self.edited_unknown(work.home(&self.book), server_id, edit);
            work.ops.extend(kept.map(Op::from));
            return Ok(failed(Failure::NotFound));
        };
        if work.removed.contains(server_id) {
            return self.change_of_removed(&card, edit, work).await;
        }
        let spot = if card.placement.is_live() {
            self.spot_for(Right::Modify, &card, work).await?
        } else {
            Err(None)
        };
        let spot = match spot {
            Ok(spot) => spot,
            Err(None) => {
                work.force(&card.placement);
                if let Ok(bytes) = self.edited_last_shown(&card, edit).await? {
                    let reason = "the contact had been removed meanwhile";
                    let refusal = self.book.refusal(Some(&card), bytes, reason);
                    work.ops.push(refusal.unmarked().into());
                }
                return Ok(failed(Failure::NotFound));
            }
            Err(Some(spot)) => {
                work.force(&card.placement);
                let certain = at_rest && !work.copies.contains(server_id);
                let base = certain.then_some(start.base);
                if let Some(bytes) = self.proposal(&spot, &card, edit, base).await? {
                    let reason = "modifying was not allowed";
                    let refusal = spot.book.refusal(Some(&spot.card), bytes, reason);
                    work.ops.push(refusal.into());
                }
                return Ok(failed(Failure::Conflict));
            }
        };
        let current = match work.latest.get(server_id) {
            Some(content) => content.clone(),
            None => spot.book.content(&spot.card).to_vec(),
        };
        let is_fresh =
            work.touched.contains_key(server_id) || viewer.has_latest(&card.placement, start);
        let beside = &spot.card.placement.beside;
        let made = if is_fresh {
            edit.apply_beside(&current, beside)
        } else {
            edit.apply_stale(&current, beside)
        };
        let bytes = match made {
            Ok(bytes) => bytes,
            Err(Error::InvalidDocument(_)) => {
                work.force(&card.placement);
                return Ok(failed(Failure::Invalid));
            }
            Err(error) => return Err(error),
        };
        if is_fresh {
            let mut written = self.write_or_keep(&spot, &card, &bytes, edit, work);
            if let Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) = written
                && let Some(rest) = edit.without_picture()
            {
                let bytes = rest.apply_beside(&current, beside);
                written =
                    bytes.and_then(|rests| self.write(&spot, &card, &rests, Some(&*rest), work));
            }
            return match written {
                Ok(()) => {
                    self.put_labels_back(&card, edit, work).await?;
                    Ok(Outcome::Done)
                }
                Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => {
                    work.force(&card.placement);
                    Ok(failed(Failure::Invalid))
                }
                Err(error) => Err(error),
            };
        }
        // Stale: the server's version stands. Where the version it edited is certain, what only
        // the client changed is taken.
        work.force(&card.placement);
        let mut merged = None;
        let certain = at_rest && !work.copies.contains(server_id);
        if certain && let Some(found) = self.merge(&spot, &card, &current, edit, start.base).await?
        {
            // What cannot be stored is as good as not merged.
            merged = match self.write(&spot, &card, &found.0, None, work) {
                Ok(()) => Some(found),
                Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => None,
                Err(error) => return Err(error),
            };
        }
        match merged {
            Some((_, lost)) => {
                if let Some(mine) = lost {
                    let reason = "the same fields had changed meanwhile";
                    let refusal = spot.book.refusal(Some(&spot.card), mine, reason);
                    work.ops.push(refusal.unmarked().into());
                }
                Ok(Outcome::Done)
            }
            None => {
                let reason = "the contact had changed meanwhile";
                let refusal = spot.book.refusal(Some(&spot.card), bytes, reason);
                work.ops.push(refusal.unmarked().into());
                Ok(failed(Failure::Conflict))
            }
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
        let fresh =
            work.touched.contains_key(server_id) || viewer.has_latest(&card.placement, start);
        let spot = self.spot_for(Right::Remove, &card, work).await?;
        let held = match &spot {
            Ok(spot) => spot.book.deletions_held().await?,
            Err(_) => false,
        };
        let repeats = call.repeats_reverts && (held || spot.is_err());
        let (true, Ok(spot)) = (fresh && !held, spot) else {
            work.revert(server_id, What::Add, server_id.to_owned(), repeats);
            return Ok(Outcome::Done);
        };
        // Of what it deletes, the device is sent no copy.
        work.forced.retain(|(_, told)| told != server_id);
        work.wrote.retain(|known| *known != card.placement.item);
        if spot.held_elsewhere {
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
        spot: &Spot,
        card: &Card,
        bytes: &[u8],
        edit: Option<&dyn Edit>,
        work: &mut Work,
    ) -> Result<()> {
        let content = spot.book.content(&spot.card);
        let fits = spot.book.fits_photo(bytes, Some(&content));
        let revision = fits.and_then(|()| spot.book.revision(&spot.card, bytes));
        let outdates =
            |beside: &[u8]| edit.is_some_and(|edit| edit.outdates(&content, bytes, beside));
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
        // The stored bytes are what the device sent.
        let untouched = edit.is_some_and(|edit| !edit.alters(bytes, beside));
        if untouched && outdates(beside) {
            work.force(&card.placement);
        }
        // A merged copy is in the same answer.
        if edit.is_none() {
            work.merged.push(card.placement.server_id.clone());
        }
        let is_known = (untouched || edit.is_none()) && work.union.is_none();
        if let Op::Item(ItemOp::Edit { writer: by, .. })
        | Op::Item(ItemOp::SetOverlay { writer: by, .. }) = &mut op
        {
            *by = is_known.then_some(self.device);
        }
        let (item, server_id) = (card.placement.item, &card.placement.server_id);
        work.wrote.retain(|known| *known != item);
        if untouched {
            work.wrote.push(item);
        }
        work.act(server_id, spot.card.placement.id, op);
        // A later command of the same request builds on this content.
        work.latest.insert(server_id.clone(), bytes.to_vec());
        Ok(())
    }

    /// The placements that a command acts on: in the book itself, or in books of the view.
    pub(super) async fn spots(&self, card: &Card, work: &Work) -> Result<Vec<Spot>> {
        let Some(union) = &work.union else {
            return Ok(vec![Spot {
                book: self.book.clone(),
                card: card.clone(),
                held_elsewhere: false,
            }]);
        };
        let cards = self.held(card, work).await?;
        let held_elsewhere = cards.len() > 1;
        Ok(cards
            .into_iter()
            .filter_map(|card| {
                let here = |book: &&Book| book.collection().id == card.placement.collection;
                Some(Spot {
                    book: union.books.iter().find(here)?.clone(),
                    card,
                    held_elsewhere,
                })
            })
            .collect())
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

    /// The first spot with a right, else a spot without it; none when the item is nowhere.
    async fn spot_for(
        &self,
        right: Right,
        card: &Card,
        work: &Work,
    ) -> Result<std::result::Result<Spot, Option<Spot>>> {
        let mut refused = None;
        for spot in self.spots(card, work).await? {
            let facts = spot.book.facts(&spot.card.placement).await?;
            if spot.book.allows(&facts, right) {
                return Ok(Ok(spot));
            }
            refused = refused.or(Some(spot));
        }
        Ok(Err(refused))
    }
}

/// Prefix of the ids of items that are accepted only to be deleted in the same answer.
pub const TEMPORARY: &str = "tmp-";

/// Whether an id was made for an item that is not kept.
pub fn is_temporary(server_id: &str) -> bool {
    server_id.starts_with(TEMPORARY)
}

/// An id for an item that is deleted in the answer that gives it.
pub(super) fn new_temporary_id() -> String {
    format!("{TEMPORARY}{}", new_server_id())
}

/// A live placement in a book that can be written to.
pub(super) struct Spot {
    pub(super) book: Book,
    pub(super) card: Card,
    /// Other books of the view hold the item too.
    held_elsewhere: bool,
}

/// How many more items the private book may hold; none when there is no limit.
async fn room(home: &Book, call: &SyncCall) -> Result<Option<i64>> {
    let adds = call
        .commands
        .iter()
        .any(|command| matches!(command, Command::Add { .. }));
    if adds {
        Ok(home.room().await?.map(|room| room.left))
    } else {
        Ok(None)
    }
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
    /// The present content of those items.
    pub(super) latest: HashMap<String, Vec<u8>>,
    /// In a view: items the device created, and items that hold its bytes or that it removed.
    pub(super) made: Vec<Made>,
    pub(super) wrote: Vec<ItemId>,
}

impl Work {
    /// The book that new items go to.
    fn home<'a>(&'a self, book: &'a Book) -> &'a Book {
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

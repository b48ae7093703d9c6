//! The commands of a request, decided one by one into a single batch.

use std::collections::{HashMap, HashSet};

use super::{Command, DeviceBook, Failure, Outcome, Previous, SyncCall};
use crate::domain::{
    batch::{Made, NewPlacement, Op},
    book::{Book, Edit, new_server_id},
    error::{Error, Result},
    id::{DeviceId, ItemId, PlacementId, Seq},
    item::{Card, Placement, random_id},
    rights::Right,
    round::{State, Viewer, What},
    view::Union,
};

impl DeviceBook {
    /// Adds of the lost step that this request does not claim: the device does not know them.
    pub(super) fn disown(&self, call: &SyncCall, lost: &Previous, work: &mut Work) {
        let mut left: HashSet<&String> = lost.added.values().collect();
        for (at, command) in call.commands.iter().enumerate() {
            let Command::Add {
                client_id,
                fingerprint,
                ..
            } = command
            else {
                continue;
            };
            // By ClientId, else by its data: some clients make a new ClientId for every retry.
            let claimed = lost
                .added
                .get(client_id)
                .or_else(|| lost.fingerprints.get(fingerprint))
                .filter(|server_id| left.contains(server_id));
            if let Some(server_id) = claimed {
                left.remove(server_id);
                work.claims.insert(at, server_id.clone());
            }
        }
        work.disowned = left.into_iter().cloned().collect();
        if !work.disowned.is_empty() {
            work.ops.push(Op::Disown {
                collection: self.book.collection().id,
                device: self.device,
                server_ids: work.disowned.clone(),
            });
        }
    }

    pub(super) async fn decide(
        &self,
        call: &SyncCall,
        viewer: &Viewer,
        start: &State,
        at_rest: bool,
        work: &mut Work,
    ) -> Result<()> {
        let ids: Vec<String> = call
            .commands
            .iter()
            .enumerate()
            .filter_map(|(at, command)| match command {
                Command::Add { .. } => work.claims.get(&at).cloned(),
                Command::Change { server_id, .. }
                | Command::Delete { server_id }
                | Command::Fetch { server_id } => Some(server_id.clone()),
            })
            .collect();
        let found = self.cards(&ids).await?;
        work.cards = ids.into_iter().zip(found).collect();
        let home = work.home(&self.book).clone();
        let mut room = room(&home, call).await?;
        for (at, command) in call.commands.iter().enumerate() {
            let outcome = match command {
                Command::Add {
                    client_id,
                    fingerprint,
                    edit,
                } => match work.claims.get(&at).cloned() {
                    Some(server_id) => {
                        work.fingerprints
                            .insert(fingerprint.clone(), server_id.clone());
                        self.add_again(client_id, &server_id, &**edit, work).await?
                    }
                    None => self.add(&home, client_id, fingerprint, &**edit, &mut room, work)?,
                },
                Command::Change { server_id, edit } if is_temporary(server_id) => {
                    // Deleted in the answer that gave it this id: swallowed, and kept.
                    if let Ok(bytes) = edit.apply(None) {
                        let reason = "adding was not allowed";
                        work.ops
                            .push(home.refused_addition(server_id, bytes, reason));
                    }
                    Outcome::Done
                }
                Command::Change { server_id, edit } => {
                    self.change(server_id, &**edit, viewer, start, at_rest, work)
                        .await?
                }
                Command::Delete { server_id } => {
                    self.delete(server_id, viewer, start, work).await?
                }
                Command::Fetch { server_id } => Outcome::Fetched {
                    server_id: server_id.clone(),
                },
            };
            work.outcomes.push(outcome);
        }
        Ok(())
    }

    fn add(
        &self,
        home: &Book,
        client_id: &str,
        fingerprint: &str,
        edit: &dyn Edit,
        room: &mut Option<i64>,
        work: &mut Work,
    ) -> Result<Outcome> {
        let failed = |failure| Outcome::AddFailed {
            client_id: client_id.to_owned(),
            failure,
        };
        let bytes = match edit.apply(None) {
            Ok(bytes) => bytes,
            Err(Error::InvalidDocument(_)) => return Ok(failed(Failure::Invalid)),
            Err(error) => return Err(error),
        };
        if !home.may(Right::Add) {
            // Answered as done, deleted in the same answer: a refusal would be retried for ever.
            let refusal = home.refused_addition(fingerprint, bytes, "adding was not allowed");
            let server_id = format!("{TEMPORARY}{}", new_server_id());
            work.ops.push(refusal);
            work.forced.push((What::Delete, server_id.clone()));
            return Ok(Outcome::Added {
                client_id: client_id.to_owned(),
                server_id,
            });
        }
        if let Some(left) = room {
            if *left <= 0 {
                // Kept once, however often it comes again.
                let refusal = home.refused_addition(fingerprint, bytes, "the book is full");
                work.ops.push(refusal);
                return Ok(failed(Failure::OverQuota));
            }
            *left -= 1;
        }
        let (content, overlay, tags) = match home.admit(&bytes, None) {
            Ok(admitted) => admitted,
            Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => {
                return Ok(failed(Failure::Invalid));
            }
            Err(error) => return Err(error),
        };
        let server_id = new_server_id();
        let altered = edit.alters(&bytes);
        let is_view = work.union.is_some();
        let in_book = match is_view {
            true => new_server_id(),
            false => server_id.clone(),
        };
        if is_view {
            work.made.push(Made {
                in_book: in_book.clone(),
                in_view: server_id.clone(),
                altered,
            });
        }
        work.added.insert(client_id.to_owned(), server_id.clone());
        work.fingerprints
            .insert(fingerprint.to_owned(), server_id.clone());
        work.ops.push(Op::CreateItem {
            class: home.core().class().name().into(),
            creator: home.actor().person,
            placement: NewPlacement {
                collection: home.collection().id,
                href: format!("{}.vcf", random_id(16)),
                server_id: in_book,
                device: (!is_view).then_some(self.device),
                altered,
                overlay,
                tags,
            },
            content,
        });
        Ok(Outcome::Added {
            client_id: client_id.to_owned(),
            server_id,
        })
    }

    /// An Add whose answer was lost, claimed again by the same device.
    async fn add_again(
        &self,
        client_id: &str,
        server_id: &str,
        edit: &dyn Edit,
        work: &mut Work,
    ) -> Result<Outcome> {
        work.added
            .insert(client_id.to_owned(), server_id.to_owned());
        if let Some(card) = work.card(server_id) {
            if card.placement.writer != Some(self.device) && !card.placement.is_live() {
                work.force(&card.placement);
            } else if card.placement.is_live()
                && let Some(spot) = self.spots(&card, work).await?.into_iter().next()
            {
                let content = spot.book.content(&spot.card);
                match edit.apply_beside(&content, &spot.card.placement.beside) {
                    // The same data again.
                    Ok(bytes) if bytes == content => {}
                    // Someone else changed it meanwhile: the server's stands.
                    _ if card.placement.writer != Some(self.device) => work.force(&card.placement),
                    written => {
                        let written = written.and_then(|bytes| {
                            self.write(&spot, &card, &bytes, !edit.alters(&bytes), work)
                        });
                        match written {
                            Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => {
                                work.force(&card.placement);
                            }
                            written => written?,
                        }
                    }
                }
            }
        }
        Ok(Outcome::Added {
            client_id: client_id.to_owned(),
            server_id: server_id.to_owned(),
        })
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
            return Ok(failed(Failure::NotFound));
        };
        let spot = match card.placement.is_live() {
            true => self.spot_for(Right::Modify, &card, work).await?,
            false => Err(None),
        };
        let spot = match spot {
            Ok(spot) => spot,
            Err(None) => {
                work.force(&card.placement);
                if let Ok(bytes) =
                    edit.apply_beside(&self.book.content(&card), &card.placement.beside)
                {
                    let reason = "the contact had been removed meanwhile";
                    work.ops.push(self.book.refusal(Some(&card), bytes, reason));
                }
                return Ok(failed(Failure::NotFound));
            }
            Err(Some(spot)) => {
                work.force(&card.placement);
                if let Ok(bytes) =
                    edit.apply_beside(&spot.book.content(&spot.card), &spot.card.placement.beside)
                {
                    let reason = "modifying was not allowed";
                    let refusal = spot.book.refusal(Some(&spot.card), bytes, reason);
                    work.ops.push(refusal);
                }
                return Ok(failed(Failure::Conflict));
            }
        };
        let current = match work.latest.get(server_id) {
            Some(content) => content.clone(),
            None => spot.book.content(&spot.card).to_vec(),
        };
        let bytes = match edit.apply_beside(&current, &spot.card.placement.beside) {
            Ok(bytes) => bytes,
            Err(Error::InvalidDocument(_)) => return Ok(failed(Failure::Invalid)),
            Err(error) => return Err(error),
        };
        if work.touched.contains(server_id) || viewer.has_latest(&card.placement, start) {
            return match self.write(&spot, &card, &bytes, !edit.alters(&bytes), work) {
                Ok(()) => Ok(Outcome::Done),
                Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => {
                    Ok(failed(Failure::Invalid))
                }
                Err(error) => Err(error),
            };
        }
        // Stale: the server's version stands. Where the version it edited is certain, what only
        // the client changed is taken.
        work.force(&card.placement);
        let mut merged = None;
        let certain = at_rest && work.union.is_none() && !work.copies.contains(server_id);
        if certain && let Some(found) = self.merge(&card, &current, edit, start.base).await? {
            // What cannot be stored is as good as not merged.
            merged = match self.write(&spot, &card, &found.0, false, work) {
                Ok(()) => Some(found),
                Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => None,
                Err(error) => return Err(error),
            };
        }
        match merged {
            Some((_, lost)) => {
                if let Some(mine) = lost {
                    let reason = "the same fields had changed meanwhile";
                    work.ops.push(self.book.refusal(Some(&card), mine, reason));
                }
                Ok(Outcome::Done)
            }
            None => {
                let reason = "the contact had changed meanwhile";
                let refusal = spot.book.refusal(Some(&spot.card), bytes, reason);
                work.ops.push(refusal);
                Ok(failed(Failure::Conflict))
            }
        }
    }

    /// The merged document and, where something was lost, what the client wrote.
    async fn merge(
        &self,
        card: &Card,
        current: &[u8],
        edit: &dyn Edit,
        base: Seq,
    ) -> Result<Option<(Vec<u8>, Option<Vec<u8>>)>> {
        let class = self.book.core().class();
        let store = self.book.core().store();
        let Some((document, overlay)) = store
            .version_at(card.placement.id, base, Some(self.device))
            .await?
        else {
            return Ok(None);
        };
        let seen = self.book.shown(&document, &overlay);
        let merged = edit
            .apply_beside(&seen, &card.placement.beside)
            .and_then(|mine| Ok((class.merge(&seen, &mine, current)?, mine)));
        let (merged, mine) = match merged {
            Err(Error::InvalidDocument(_)) => return Ok(None),
            merged => merged?,
        };
        Ok(merged
            .taken
            .then(|| (merged.document, merged.lost.then_some(mine))))
    }

    async fn delete(
        &self,
        server_id: &str,
        viewer: &Viewer,
        start: &State,
        work: &mut Work,
    ) -> Result<Outcome> {
        let Some(card) = work.card(server_id).filter(|card| card.placement.is_live()) else {
            return Ok(Outcome::Done);
        };
        let fresh = work.touched.contains(server_id) || viewer.has_latest(&card.placement, start);
        let spot = self.spot_for(Right::Remove, &card, work).await?;
        let held = match &spot {
            Ok(spot) => spot.book.deletions_held().await?,
            Err(_) => false,
        };
        let (true, Ok(spot)) = (fresh && !held, spot) else {
            work.forced.push((What::Add, server_id.to_owned()));
            return Ok(Outcome::Done);
        };
        if spot.held_elsewhere {
            // Taken away from one book of the view, and still in another: it comes back as it is.
            work.forced.push((What::Add, server_id.to_owned()));
        } else {
            work.wrote.push(card.placement.item);
        }
        let writer = work.union.is_none().then_some(self.device);
        let remove = Op::Remove {
            placement: spot.card.placement.id,
            expected_changed: Some(spot.card.placement.changed),
            writer,
        };
        match work.touched.insert(server_id.to_owned()) {
            true => work.ops.push(remove),
            // Changed earlier in the same request: only the removal counts.
            false => work.replace(spot.card.placement.id, remove),
        }
        Ok(Outcome::Done)
    }

    /// Puts new content into the batch; not `untouched` means the stored bytes are not the device's.
    fn write(
        &self,
        spot: &Spot,
        card: &Card,
        bytes: &[u8],
        untouched: bool,
        work: &mut Work,
    ) -> Result<()> {
        let Some(mut op) = spot.book.revision(&spot.card, bytes)? else {
            return Ok(());
        };
        let is_view = work.union.is_some();
        if let Op::Edit { writer: by, .. } | Op::SetOverlay { writer: by, .. } = &mut op {
            *by = (untouched && !is_view).then_some(self.device);
        }
        let (item, server_id) = (card.placement.item, &card.placement.server_id);
        work.wrote.retain(|known| *known != item);
        if untouched {
            work.wrote.push(item);
        }
        if work.touched.insert(server_id.clone()) {
            work.ops.push(op);
        } else {
            work.replace(spot.card.placement.id, op);
        }
        // A later command of the same request builds on this content.
        work.latest.insert(server_id.clone(), bytes.to_vec());
        Ok(())
    }

    /// Where an item lies that a command names: in the book itself, or in books of the view.
    async fn spots(&self, card: &Card, work: &Work) -> Result<Vec<Spot>> {
        let Some(union) = &work.union else {
            return Ok(vec![Spot {
                book: self.book.clone(),
                card: card.clone(),
                held_elsewhere: false,
            }]);
        };
        let ids: Vec<_> = union.books.iter().map(|b| b.collection().id).collect();
        let store = self.book.core().store();
        let cards = store.placed(card.placement.item, &ids).await?;
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

    /// The first spot with a right; else one without it, or none when the item is nowhere.
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

/// Items accepted only to be deleted in the same answer have ids that begin so.
pub const TEMPORARY: &str = "tmp-";

/// Whether an id was made for an item that is not kept.
pub fn is_temporary(server_id: &str) -> bool {
    server_id.starts_with(TEMPORARY)
}

/// A live placement in a book that can be written to.
struct Spot {
    book: Book,
    card: Card,
    /// Other books of the view hold the item too.
    held_elsewhere: bool,
}

/// How many more items the private book may hold; none when there is no limit.
async fn room(home: &Book, call: &SyncCall) -> Result<Option<i64>> {
    let adds = call
        .commands
        .iter()
        .any(|command| matches!(command, Command::Add { .. }));
    match adds {
        true => Ok(home.room().await?.map(|(left, _)| left)),
        false => Ok(None),
    }
}

/// What a step gathers before its commit.
#[derive(Default)]
pub(super) struct Work {
    /// The books of a view; none in any other collection.
    pub(super) union: Option<Union>,
    ops: Vec<Op>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) forced: Vec<(What, String)>,
    pub(super) added: HashMap<String, String>,
    pub(super) fingerprints: HashMap<String, String>,
    pub(super) disowned: Vec<String>,
    /// Items whose copy went out of turn with the last answer: newer than the base says.
    pub(super) copies: HashSet<String>,
    pub(super) cards: HashMap<String, Option<Card>>,
    /// Adds, by their place in the request, that a lost step already made.
    pub(super) claims: HashMap<usize, String>,
    /// Items already changed by a command of this request.
    pub(super) touched: HashSet<String>,
    /// What those show now.
    pub(super) latest: HashMap<String, Vec<u8>>,
    /// In a view: what the device made, and what holds its bytes or went by its will.
    made: Vec<Made>,
    wrote: Vec<ItemId>,
}

impl Work {
    /// Where new items go.
    fn home<'a>(&'a self, book: &'a Book) -> &'a Book {
        self.union.as_ref().map_or(book, Union::own)
    }

    /// The operations, in a view between a look that it is level and what it takes over of them.
    pub(super) fn take_ops(&mut self, book: &Book, device: DeviceId) -> Vec<Op> {
        let mut ops = std::mem::take(&mut self.ops);
        if self.union.is_some() && !ops.is_empty() {
            let view = book.collection().id;
            ops.insert(0, Op::Level { view });
            ops.push(Op::Follow {
                view,
                device,
                made: std::mem::take(&mut self.made),
                wrote: std::mem::take(&mut self.wrote),
            });
        }
        ops
    }

    fn card(&self, server_id: &str) -> Option<Card> {
        self.cards.get(server_id).cloned().flatten()
    }

    /// The server's copy goes out in this answer.
    fn force(&mut self, placement: &Placement) {
        let what = match placement.is_live() {
            true => What::Change,
            false => What::Delete,
        };
        self.forced.push((what, placement.server_id.clone()));
    }

    /// Replaces the operation an earlier command of this request made for a placement.
    fn replace(&mut self, placement: PlacementId, with: Op) {
        for op in &mut self.ops {
            let same = matches!(op, Op::Edit { through: p, .. } | Op::SetOverlay { placement: p, .. } if *p == placement);
            if same {
                *op = with;
                return;
            }
        }
        self.ops.push(with);
    }
}

//! The commands of a request, decided one by one into a single batch.

use std::collections::{HashMap, HashSet};

use super::{Command, DeviceBook, Failure, Outcome, Previous, SyncCall};
use crate::domain::{
    batch::{NewPlacement, Op},
    book::{Edit, new_server_id},
    error::{Error, Result},
    id::{DeviceId, PlacementId, Seq},
    item::{Card, Placement, random_id},
    rights::Right,
    round::{State, Viewer, What},
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
        let mut room = self.room(call).await?;
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
                    None => {
                        self.add(client_id, fingerprint, &**edit, &mut room, work)
                            .await?
                    }
                },
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

    async fn add(
        &self,
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
        let server_id = new_server_id();
        if !self.book.may(Right::Add) {
            // Answered as done, deleted in the same answer: a refusal would be retried for ever.
            let refusal = self.book.refusal(None, bytes, "adding was not allowed");
            work.ops.push(refusal);
            work.forced.push((What::Delete, server_id.clone()));
            return Ok(Outcome::Added {
                client_id: client_id.to_owned(),
                server_id,
            });
        }
        if let Some(left) = room {
            if *left <= 0 {
                let refusal = self.book.refusal(None, bytes, "the book is full");
                work.ops.push(refusal);
                return Ok(failed(Failure::OverQuota));
            }
            *left -= 1;
        }
        let (content, overlay, tags) = match self.book.admit(&bytes, None) {
            Ok(admitted) => admitted,
            Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => {
                return Ok(failed(Failure::Invalid));
            }
            Err(error) => return Err(error),
        };
        work.added.insert(client_id.to_owned(), server_id.clone());
        work.fingerprints
            .insert(fingerprint.to_owned(), server_id.clone());
        work.ops.push(Op::CreateItem {
            class: self.book.core().class().name().into(),
            creator: self.book.actor().person,
            placement: NewPlacement {
                collection: self.book.collection().id,
                href: format!("{}.vcf", random_id(16)),
                server_id: server_id.clone(),
                device: Some(self.device),
                altered: false,
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
            if card.placement.writer != Some(self.device) {
                // Someone else changed it meanwhile: the server's stands.
                work.force(&card.placement);
            } else if card.placement.is_live() {
                let content = self.book.content(&card);
                let written = edit
                    .apply(Some(&content))
                    .and_then(|bytes| self.write(&card, &bytes, Some(self.device), work));
                match written {
                    Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => {
                        work.force(&card.placement);
                    }
                    written => written?,
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
        let current = match work.latest.get(server_id) {
            Some(content) => content.clone(),
            None => self.book.content(&card),
        };
        if !card.placement.is_live() {
            work.force(&card.placement);
            if let Ok(bytes) = edit.apply(Some(&current)) {
                let reason = "the contact had been removed meanwhile";
                work.ops.push(self.book.refusal(Some(&card), bytes, reason));
            }
            return Ok(failed(Failure::NotFound));
        }
        let bytes = match edit.apply(Some(&current)) {
            Ok(bytes) => bytes,
            Err(Error::InvalidDocument(_)) => return Ok(failed(Failure::Invalid)),
            Err(error) => return Err(error),
        };
        let facts = self.book.facts(&card.placement).await?;
        if !self.book.allows(&facts, Right::Modify) {
            work.force(&card.placement);
            let reason = "modifying was not allowed";
            work.ops.push(self.book.refusal(Some(&card), bytes, reason));
            return Ok(failed(Failure::Conflict));
        }
        if work.touched.contains(server_id) || viewer.has_latest(&card.placement, start) {
            return match self.write(&card, &bytes, Some(self.device), work) {
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
        let certain = at_rest && !work.copies.contains(server_id);
        if certain && let Some(found) = self.merge(&card, &current, edit, start.base).await? {
            // What cannot be stored is as good as not merged.
            merged = match self.write(&card, &found.0, None, work) {
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
                work.ops.push(self.book.refusal(Some(&card), bytes, reason));
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
            .version_at(card.placement.id, base, self.device)
            .await?
        else {
            return Ok(None);
        };
        let seen = class.join(&document, &overlay);
        let merged = edit
            .apply(Some(&seen))
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
        let Some(card) = work.card(server_id) else {
            return Ok(Outcome::Done);
        };
        if !card.placement.is_live() {
            return Ok(Outcome::Done);
        }
        let facts = self.book.facts(&card.placement).await?;
        let allowed =
            self.book.allows(&facts, Right::Remove) && !self.book.deletions_held().await?;
        let fresh = work.touched.contains(server_id) || viewer.has_latest(&card.placement, start);
        if !allowed || !fresh {
            work.forced.push((What::Add, server_id.to_owned()));
            return Ok(Outcome::Done);
        }
        if work.touched.insert(server_id.to_owned()) {
            work.ops.push(Op::Remove {
                placement: card.placement.id,
                expected_changed: Some(card.placement.changed),
                writer: Some(self.device),
            });
        } else {
            // Changed earlier in the same request: only the removal counts.
            work.replace(
                card.placement.id,
                Op::Remove {
                    placement: card.placement.id,
                    expected_changed: Some(card.placement.changed),
                    writer: Some(self.device),
                },
            );
        }
        Ok(Outcome::Done)
    }

    /// Puts new content into the batch; `writer` none means the stored bytes are not the device's.
    fn write(
        &self,
        card: &Card,
        bytes: &[u8],
        writer: Option<DeviceId>,
        work: &mut Work,
    ) -> Result<()> {
        let Some(mut op) = self.book.revision(card, bytes)? else {
            return Ok(());
        };
        if let Op::Edit { writer: by, .. } | Op::SetOverlay { writer: by, .. } = &mut op {
            *by = writer;
        }
        let placement = &card.placement;
        if work.touched.insert(placement.server_id.clone()) {
            work.ops.push(op);
        } else {
            work.replace(placement.id, op);
        }
        // A later command of the same request builds on this content.
        work.latest
            .insert(placement.server_id.clone(), bytes.to_vec());
        Ok(())
    }

    /// How many more items the private book may hold; none when there is no limit.
    async fn room(&self, call: &SyncCall) -> Result<Option<i64>> {
        let adds = call
            .commands
            .iter()
            .any(|command| matches!(command, Command::Add { .. }));
        match adds {
            true => Ok(self.book.room().await?.map(|(left, _)| left)),
            false => Ok(None),
        }
    }
}

/// What a step gathers before its commit.
#[derive(Default)]
pub(super) struct Work {
    pub(super) ops: Vec<Op>,
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
}

impl Work {
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

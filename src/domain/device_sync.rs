//! Synchronization of one device with one book: one transaction for the writes of a request, the
//! next key and the answers to its commands.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    batch::{Batch, NewPlacement, Op},
    book::{Book, Edit, RETRIES, new_server_id},
    error::{Error, Result},
    id::{DeviceId, Seq, Timestamp},
    item::{Card, Placement, random_id},
    rights::Right,
    round::{Page, Rows, State, Viewer, What, fill_page},
    store::Order,
};

/// One command of a client.
#[derive(Clone)]
pub enum Command {
    Add {
        client_id: String,
        /// Digest of the normalised data: clients that change the ClientId on every retry.
        fingerprint: String,
        edit: Arc<dyn Edit>,
    },
    Change {
        server_id: String,
        edit: Arc<dyn Edit>,
    },
    Delete {
        server_id: String,
    },
    Fetch {
        server_id: String,
    },
}

/// What became of a command, in the order of the commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// An Add; also for one that was refused and is deleted again in the same answer.
    Added {
        client_id: String,
        server_id: String,
    },
    AddFailed {
        client_id: String,
        failure: Failure,
    },
    /// A Change or Delete that needs no word.
    Done,
    ChangeFailed {
        server_id: String,
        failure: Failure,
    },
    DeleteFailed {
        server_id: String,
        failure: Failure,
    },
    Fetched {
        server_id: String,
    },
}

/// Why a command was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The data cannot be stored.
    Invalid,
    /// The server's version stands; it is in the same answer.
    Conflict,
    NotFound,
    OverQuota,
}

/// A request for one collection.
pub struct SyncCall {
    /// The key presented; none is SyncKey 0.
    pub key: Option<String>,
    pub commands: Vec<Command>,
    /// False: no changes beyond the server's copies after refusals.
    pub get_changes: bool,
    pub window: usize,
    /// Digest of the whole request for this collection.
    pub request: String,
    /// What the face keeps with the key (options, supported elements); none keeps the former.
    pub settings: Option<String>,
}

/// The answer for one collection.
#[derive(Debug)]
pub enum SyncReply {
    /// SyncKey 0: nothing but the first key.
    Primed {
        key: String,
    },
    /// The key is not known (any more): the device has to start over.
    UnknownKey,
    Answer(Answer),
}

/// An answer to a known key.
#[derive(Debug)]
pub struct Answer {
    /// The key to present next; the one presented when there is nothing to say.
    pub key: String,
    pub outcomes: Vec<Outcome>,
    pub changes: Vec<Change>,
    pub more: bool,
    /// Cards asked for by Fetch, by server id.
    pub fetched: HashMap<String, Card>,
    /// What the face kept with the key.
    pub settings: String,
    /// The key is another than the one presented.
    pub new_key: bool,
}

/// Something the device has to be told.
#[derive(Debug)]
pub enum Change {
    Delete(String),
    Add(Card),
    Change(Card),
}

/// Whether a Sync would have something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// The device never synchronized this collection.
    Unprimed,
    Nothing,
    Something,
}

/// What the store keeps for a device and a collection, as JSON: two generations.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    epoch: String,
    key: String,
    state: State,
    previous: Option<Previous>,
    settings: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Previous {
    key: String,
    state: State,
    end: State,
    request: String,
    outcomes: Vec<Outcome>,
    /// The server's copies after refusals, whatever the window.
    forced: Vec<(What, String)>,
    more: bool,
    /// ClientId to ServerId of the step.
    added: HashMap<String, String>,
    /// Fingerprint to ServerId of the step.
    fingerprints: HashMap<String, String>,
}

/// The sync state of one device in one book.
pub struct DeviceBook {
    book: Book,
    device: DeviceId,
}

impl DeviceBook {
    /// A device synchronizing a book its owner may read.
    pub fn new(book: Book, device: DeviceId) -> Self {
        Self { book, device }
    }

    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Answers one request. The writes, the new key and the answers are one transaction.
    pub async fn sync(&self, call: &SyncCall) -> Result<SyncReply> {
        for _ in 0..RETRIES {
            match self.attempt(call).await {
                // Something moved between reading and committing: decide again.
                Err(Error::PreconditionFailed) => {}
                other => return other,
            }
        }
        Err(Error::Unavailable("the collection kept moving".into()))
    }

    /// Whether [`DeviceBook::sync`] would answer with changes: the predicate a wait uses.
    pub async fn pending(&self) -> Result<Pending> {
        let Some(record) = self.record().await?.filter(|record| self.is_valid(record)) else {
            return Ok(Pending::Unprimed);
        };
        let page = self.peek(&record, 1).await?;
        Ok(if page.items.is_empty() {
            Pending::Nothing
        } else {
            Pending::Something
        })
    }

    /// Number of changes behind a key; none when the key is not the current one.
    pub async fn estimate(&self, key: &str) -> Result<Option<usize>> {
        match self.record().await? {
            Some(record) if record.key == key && self.is_valid(&record) => {
                Ok(Some(self.peek(&record, usize::MAX).await?.items.len()))
            }
            _ => Ok(None),
        }
    }

    /// The key last handed out and what the face kept with it.
    pub async fn current(&self) -> Result<Option<(String, String)>> {
        let record = self.record().await?;
        Ok(record.map(|record| (record.key, record.settings)))
    }

    /// One item by the id devices know.
    pub async fn fetch(&self, server_id: &str) -> Result<Card> {
        let found = self.cards(&[server_id.to_owned()]).await?;
        found
            .into_iter()
            .next()
            .flatten()
            .filter(|card| card.placement.is_live())
            .ok_or(Error::NotFound)
    }

    async fn attempt(&self, call: &SyncCall) -> Result<SyncReply> {
        let stored = self.record().await?;
        let Some(presented) = &call.key else {
            return self.prime(call, stored).await;
        };
        let Some(record) = stored.filter(|record| self.is_valid(record)) else {
            return Ok(SyncReply::UnknownKey);
        };
        if *presented == record.key {
            return self.step(call, &record, record.state.clone(), None).await;
        }
        match &record.previous {
            Some(previous) if previous.key == *presented && previous.request == call.request => {
                self.again(&record, previous).await
            }
            Some(previous) if previous.key == *presented => {
                let start = previous.state.clone();
                self.step(call, &record, start, Some(previous)).await
            }
            _ => Ok(SyncReply::UnknownKey),
        }
    }

    async fn prime(&self, call: &SyncCall, stored: Option<Record>) -> Result<SyncReply> {
        let record = Record {
            epoch: self.book.collection().epoch.clone(),
            key: new_key(0),
            state: State::primed(self.book.collection().seq),
            previous: None,
            settings: call.settings.clone().unwrap_or_default(),
        };
        let key = record.key.clone();
        let expected = stored.map(|record| record.key);
        self.commit(vec![self.set(expected, &record)], true).await?;
        Ok(SyncReply::Primed { key })
    }

    /// The answer that was lost, made again: nothing is applied.
    async fn again(&self, record: &Record, previous: &Previous) -> Result<SyncReply> {
        let sent = previous.forced.iter().map(|(_, id)| id.clone()).collect();
        let page = fill_page(
            self,
            &self.viewer(HashSet::new()),
            &previous.state,
            self.book.collection().seq,
            usize::MAX,
            sent,
            Some(&previous.end),
        )
        .await?;
        let changes = self.render(&previous.forced, page.items).await?;
        Ok(SyncReply::Answer(Answer {
            key: record.key.clone(),
            fetched: self.fetched(&previous.outcomes).await?,
            outcomes: previous.outcomes.clone(),
            changes,
            more: previous.more,
            settings: record.settings.clone(),
            new_key: true,
        }))
    }

    /// A new step from `start`; `lost` is the step whose answer the device did not get.
    async fn step(
        &self,
        call: &SyncCall,
        record: &Record,
        start: State,
        lost: Option<&Previous>,
    ) -> Result<SyncReply> {
        let mut work = Work::default();
        if let Some(lost) = lost {
            self.disown(call, lost, &mut work);
        }
        let viewer = self.viewer(work.disowned.iter().cloned().collect());
        let at_rest = start.at_rest() && lost.is_none();
        self.decide(call, &viewer, &start, at_rest, &mut work)
            .await?;
        let page = if call.get_changes {
            let sent = work.forced.iter().map(|(_, id)| id.clone()).collect();
            let room = call.window.saturating_sub(work.forced.len());
            let newest = self.book.collection().seq;
            fill_page(self, &viewer, &start, newest, room, sent, None).await?
        } else {
            Page {
                items: Vec::new(),
                state: start.clone(),
                more: false,
            }
        };
        let changes = self.render(&work.forced, page.items).await?;
        let settings = call.settings.clone().unwrap_or(record.settings.clone());
        let silent = call.commands.is_empty() && changes.is_empty() && lost.is_none();
        let next = if silent {
            Record {
                epoch: record.epoch.clone(),
                key: record.key.clone(),
                state: page.state,
                previous: None,
                settings: settings.clone(),
            }
        } else {
            Record {
                epoch: record.epoch.clone(),
                key: new_key(generation(&record.key) + 1),
                state: page.state.clone(),
                previous: Some(Previous {
                    key: call.key.clone().unwrap_or_default(),
                    state: start,
                    end: page.state,
                    request: call.request.clone(),
                    outcomes: work.outcomes.clone(),
                    forced: work.forced,
                    more: page.more,
                    added: work.added,
                    fingerprints: work.fingerprints,
                }),
                settings: settings.clone(),
            }
        };
        // A silent answer whose state did not move has nothing to write.
        let unmoved = silent
            && next.state == record.state
            && record.previous.is_none()
            && settings == record.settings;
        if !unmoved {
            let unflushed = work.ops.is_empty();
            work.ops.push(self.set(Some(record.key.clone()), &next));
            self.commit(work.ops, unflushed).await?;
        }
        Ok(SyncReply::Answer(Answer {
            key: next.key,
            fetched: self.fetched(&work.outcomes).await?,
            outcomes: work.outcomes,
            changes,
            more: page.more,
            settings,
            new_key: !silent,
        }))
    }

    /// Adds of the lost step that this request does not claim: the device does not know them.
    fn disown(&self, call: &SyncCall, lost: &Previous, work: &mut Work) {
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

    async fn decide(
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
                if let Ok(bytes) = edit.apply(Some(&content)) {
                    self.write(&card, &bytes, Some(self.device), work)?;
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
        let merged = match at_rest {
            true => self.merge(&card, &current, edit, start.base).await?,
            false => None,
        };
        match merged {
            Some((document, lost)) => {
                if let Some(mine) = lost {
                    let reason = "the same fields had changed meanwhile";
                    work.ops.push(self.book.refusal(Some(&card), mine, reason));
                }
                self.write(&card, &document, None, work)?;
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
        let Some((document, overlay)) = store.version_at(card.placement.id, base).await? else {
            return Ok(None);
        };
        let seen = class.join(&document, &overlay);
        let mine = edit.apply(Some(&seen))?;
        let merged = class.merge(&seen, &mine, current)?;
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
        let allowed = self.book.allows(&facts, Right::Remove);
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

    async fn render(
        &self,
        forced: &[(What, String)],
        items: Vec<(What, Placement)>,
    ) -> Result<Vec<Change>> {
        let wanted: Vec<(What, String)> = forced
            .iter()
            .cloned()
            .chain(items.into_iter().map(|(what, row)| (what, row.server_id)))
            .collect();
        let ids: Vec<String> = wanted
            .iter()
            .filter(|(what, _)| *what != What::Delete)
            .map(|(_, id)| id.clone())
            .collect();
        let mut cards = self.cards(&ids).await?.into_iter();
        let mut changes = Vec::with_capacity(wanted.len());
        for (what, id) in wanted {
            if what == What::Delete {
                changes.push(Change::Delete(id));
                continue;
            }
            match cards.next().flatten() {
                Some(card) if card.placement.is_live() => changes.push(match what {
                    What::Add => Change::Add(card),
                    _ => Change::Change(card),
                }),
                // Removed since the page was decided.
                _ => changes.push(Change::Delete(id)),
            }
        }
        Ok(changes)
    }

    async fn fetched(&self, outcomes: &[Outcome]) -> Result<HashMap<String, Card>> {
        let ids: Vec<String> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Fetched { server_id } => Some(server_id.clone()),
                _ => None,
            })
            .collect();
        let cards = self.cards(&ids).await?;
        Ok(ids
            .into_iter()
            .zip(cards)
            .filter_map(|(id, card)| Some((id, card.filter(|card| card.placement.is_live())?)))
            .collect())
    }

    async fn peek(&self, record: &Record, window: usize) -> Result<Page> {
        fill_page(
            self,
            &self.viewer(HashSet::new()),
            &record.state,
            self.book.collection().seq,
            window,
            HashSet::new(),
            None,
        )
        .await
    }

    async fn cards(&self, ids: &[String]) -> Result<Vec<Option<Card>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let collection = self.book.collection().id;
        let store = self.book.core().store();
        store.by_server_ids(collection, ids).await
    }

    async fn record(&self) -> Result<Option<Record>> {
        let collection = self.book.collection().id;
        let stored = self
            .book
            .core()
            .store()
            .sync(self.device, collection)
            .await?;
        // A record this version cannot read is as good as none: the device starts over.
        Ok(stored.and_then(|(_, record)| serde_json::from_slice(&record).ok()))
    }

    /// Of this epoch, and with its history still there.
    fn is_valid(&self, record: &Record) -> bool {
        let collection = self.book.collection();
        let needs = record.state.needs();
        record.epoch == collection.epoch && (needs == Seq(0) || needs >= collection.floor)
    }

    fn viewer(&self, disowned: HashSet<String>) -> Viewer {
        Viewer {
            device: self.device,
            disowned,
        }
    }

    fn set(&self, expected: Option<String>, record: &Record) -> Op {
        Op::SetSync {
            device: self.device,
            collection: self.book.collection().id,
            expected,
            key: record.key.clone(),
            record: serde_json::to_vec(record).unwrap_or_default(),
        }
    }

    async fn commit(&self, ops: Vec<Op>, unflushed: bool) -> Result<()> {
        let actor = self.book.actor();
        self.book
            .core()
            .commit(Batch {
                person: Some(actor.person),
                client: actor.client.label.clone(),
                at: Timestamp::now(),
                rights_revision: (!unflushed).then_some(actor.rights_revision),
                unflushed,
                ops,
            })
            .await?;
        Ok(())
    }
}

#[async_trait]
impl Rows for DeviceBook {
    async fn rows(
        &self,
        order: Order,
        after: Seq,
        upto: Seq,
        limit: usize,
    ) -> Result<Vec<Placement>> {
        let collection = self.book.collection().id;
        let store = self.book.core().store();
        store.range(collection, order, after, upto, limit).await
    }
}

/// What a step gathers before its commit.
#[derive(Default)]
struct Work {
    ops: Vec<Op>,
    outcomes: Vec<Outcome>,
    forced: Vec<(What, String)>,
    added: HashMap<String, String>,
    fingerprints: HashMap<String, String>,
    disowned: Vec<String>,
    cards: HashMap<String, Option<Card>>,
    /// Adds, by their place in the request, that a lost step already made.
    claims: HashMap<usize, String>,
    /// Items already changed by a command of this request.
    touched: HashSet<String>,
    /// What those show now.
    latest: HashMap<String, Vec<u8>>,
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
    fn replace(&mut self, placement: super::id::PlacementId, with: Op) {
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

/// Keys are opaque; the counter helps a reader of logs, the rest makes them unguessable.
fn new_key(generation: u64) -> String {
    format!("{generation}.{}", random_id(12))
}

fn generation(key: &str) -> u64 {
    key.split('.')
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

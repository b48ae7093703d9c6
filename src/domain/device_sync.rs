//! Synchronization of one device with one book: one transaction for the writes of a request, the
//! next key and the answers to its commands.

mod admission;
mod change;
mod choke;
mod claims;
mod commands;
mod exchange;
mod given;
mod labels;
mod moves;
mod owed;
mod record;
mod resent;
mod reverts;
mod salvage;
mod step;
mod unfit;

use std::collections::HashMap;

use async_trait::async_trait;

use super::{
    batch::{Batch, Op, SyncOp},
    book::Book,
    collection::Place,
    error::{Error, Result},
    hub::Topic,
    id::{CollectionId, DeviceId},
    item::{Card, Placement},
    json,
    retry::{attempted, retry},
    round::{Page, Rows, State, What, fill_again, fill_page},
    store::{Order, Span},
};

use choke::Choke;
pub use commands::{TEMPORARY, is_temporary};
pub use exchange::{Answer, Change, Command, Failure, Outcome, Pending, SyncCall, SyncReply};
pub use moves::Moved;
use record::{Previous, Record, Stored, new_key};

/// Changes held in memory while they are counted.
const COUNTED: usize = 500;

/// The sync state of one device in one book.
#[derive(Clone)]
pub struct DeviceBook {
    book: Book,
    device: DeviceId,
}

impl DeviceBook {
    /// A device synchronizing a book its owner may read.
    pub fn new(book: Book, device: DeviceId) -> Self {
        Self { book, device }
    }

    /// The book or view the device synchronizes.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Answers one request. Its writes, the new key and the outcomes of its commands are one
    /// transaction.
    pub async fn sync(&self, call: &SyncCall) -> Result<SyncReply> {
        self.sync_while(call, &|| true).await
    }

    /// [`DeviceBook::sync`] for a request that a newer one may supersede. Once `is_current` is
    /// false, it hands out no key in place of the newer one's: where it would, it is `Unavailable`.
    pub async fn sync_while(
        &self,
        call: &SyncCall,
        is_current: &(dyn Fn() -> bool + Sync),
    ) -> Result<SyncReply> {
        retry(
            self.clone(),
            |here| async move { attempted(here.attempt(call, is_current).await) },
            |here| async move { Ok(Self::new(here.book.reopened().await?, here.device)) },
        )
        .await
    }

    /// The topics that a held request subscribes to.
    pub async fn topics(&self) -> Result<Vec<Topic>> {
        let union = self.book.core().union_of(&self.book).await?;
        let books = union.map_or(Vec::new(), |union| union.books);
        Ok(books
            .iter()
            .map(|book| book.collection().id)
            .chain([self.book.collection().id])
            .map(Topic::Collection)
            .collect())
    }

    /// In a view: the group names that a device sees as categories, by book.
    pub async fn labels(&self) -> Result<HashMap<CollectionId, String>> {
        let union = self.book.core().union_of(&self.book).await?;
        Ok(union.map_or(HashMap::new(), |union| union.labels()))
    }

    /// In a view: the names of the books that hold an item, but for the own one.
    pub async fn labels_of(&self, server_id: &str) -> Result<Vec<String>> {
        let told = [(What::Change, server_id.to_owned())];
        let mut labels = self.labels_on(&told, &[]).await?;
        Ok(labels.remove(server_id).unwrap_or_default())
    }

    /// Whether [`DeviceBook::sync`] would answer with changes: the predicate a wait uses.
    pub async fn pending(&self) -> Result<Pending> {
        let stored = self.stored().await?;
        if stored.key.is_none() {
            return Ok(Pending::Unprimed);
        }
        let Some(record) = stored.record.filter(|record| self.is_valid(record)) else {
            return Ok(Pending::Void);
        };
        let has_news = !record.owed.is_empty() || !self.peek(&record, 1).await?.items.is_empty();
        Ok(if has_news {
            Pending::Something
        } else {
            Pending::Nothing
        })
    }

    /// Number of changes since a key; none when the key is neither of the two known ones.
    pub async fn estimate(&self, key: &str) -> Result<Option<usize>> {
        let found = self.stored().await?.record;
        let Some(mut record) = found.filter(|record| self.is_valid(record)) else {
            return Ok(None);
        };
        match record.previous.take() {
            _ if record.key == key => {}
            Some(previous) if previous.key == key => {
                record.state = previous.state;
                record.owed = previous.owing;
            }
            _ => return Ok(None),
        }
        let (viewer, newest) = (self.viewer_of(&record), self.book.collection().seq);
        let mut number = record.owed.len();
        let mut state = record.state.clone();
        loop {
            let sent = record.owed_items().collect();
            let page = fill_page(self, &viewer, &state, newest, COUNTED, sent).await?;
            number += page.items.len();
            if !page.more {
                return Ok(Some(number));
            }
            state = page.state;
        }
    }

    /// The current key and the face's settings stored with it.
    pub async fn current(&self) -> Result<Option<(String, String)>> {
        let record = self.stored().await?.record;
        Ok(record.map(|record| (record.key, record.settings)))
    }

    /// One item by its server id.
    pub async fn fetch(&self, server_id: &str) -> Result<Card> {
        let found = self.cards(&[server_id.to_owned()]).await?;
        found
            .into_iter()
            .next()
            .flatten()
            .filter(|card| card.placement.is_live())
            .ok_or(Error::NotFound)
    }

    async fn attempt(
        &self,
        call: &SyncCall,
        is_current: &(dyn Fn() -> bool + Sync),
    ) -> Result<SyncReply> {
        let stored = self.stored().await?;
        // Asked after the key was read: a newer request that begins later moves it, and the commit
        // fails.
        let superseded = || Error::Unavailable("a newer request took its place".to_owned());
        let Some(presented) = &call.key else {
            return if is_current() {
                self.prime(call, stored).await
            } else {
                Err(superseded())
            };
        };
        let record = match stored.record {
            Some(record) if self.is_valid(&record) => record,
            outdated => return self.start_over(call, outdated.as_ref()).await,
        };
        if *presented == record.key {
            let record = record.delivered();
            return self.step(call, &record, record.state.clone(), None).await;
        }
        match &record.previous {
            Some(previous) if previous.key == *presented && self.reaches(&previous.state) => {
                let (record, is_patient) = record.presented_again(previous);
                if is_patient && previous.request == call.request {
                    self.again(&record, previous).await
                } else if !is_current() {
                    Err(superseded())
                } else {
                    let start = previous.state.clone();
                    self.step(call, &record, start, Some(previous)).await
                }
            }
            _ => self.start_over(call, Some(&record)).await,
        }
    }

    /// Answers SyncKey 0 with a first key; `stored` is the present state.
    async fn prime(&self, call: &SyncCall, stored: Stored) -> Result<SyncReply> {
        // Read after the key: no write of this device lies between this moment and the commit.
        let book = self.book.reopened().await?;
        let record = Record {
            epoch: book.collection().epoch.clone(),
            key: new_key(0),
            state: State::primed(book.collection().seq),
            certain: true,
            previous: None,
            settings: call.settings.clone().unwrap_or_default(),
            choke: Choke::default(),
            unclaimed: Vec::new(),
            reverts: Vec::new(),
            given: Vec::new(),
            owed: Vec::new(),
        };
        let key = record.key.clone();
        let mut ops = vec![self.set(stored.key, &record)?];
        if let Some(before) = &stored.record {
            ops.extend(self.expect_again(&before.adds()).await?);
        }
        self.note(ops).await?;
        Ok(SyncReply::Primed { key })
    }

    /// Repeats the last answer and counts the retry. The answer may differ from the first, because
    /// items that changed meanwhile are left out.
    async fn again(&self, record: &Record, previous: &Previous) -> Result<SyncReply> {
        // How often it was asked for; and that it may not be what was sent the first time.
        let doubted = Record {
            certain: false,
            ..record.clone()
        };
        let noted = self.set(Some(record.key.clone()), &doubted)?;
        self.note(vec![noted]).await?;
        let forced = previous.forced.iter().map(|(_, id)| id);
        let told = forced.chain(&previous.withheld).cloned();
        let sent = told.chain(record.owed_items()).collect();
        let viewer = self.viewer_of(record);
        let mut page = fill_again(self, &viewer, &previous.state, &previous.end, sent).await?;
        record.choke.adjust(&mut page.items);
        let told = wanted(&previous.forced, page.items);
        let labels = self.labels_on(&told, &previous.outcomes).await?;
        let changes = self.render(told).await?;
        Ok(SyncReply::Answer(Answer {
            key: record.key.clone(),
            fetched: self.fetched(&previous.outcomes).await?,
            outcomes: previous.outcomes.clone(),
            changes,
            more: previous.more,
            kept: 0,
            new_key: true,
            labels,
        }))
    }

    /// In a view: the names of the books that hold each item of the answer.
    async fn labels_on(
        &self,
        told: &[(What, String)],
        outcomes: &[Outcome],
    ) -> Result<HashMap<String, Vec<String>>> {
        let names = self.labels().await?;
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<String> = told
            .iter()
            .filter(|(what, _)| *what != What::Delete)
            .map(|(_, id)| id)
            .chain(outcomes.iter().filter_map(|outcome| match outcome {
                Outcome::Fetched { server_id } => Some(server_id),
                _ => None,
            }))
            .cloned()
            .collect();
        let store = self.book.core().store();
        let held = store.held_in(self.book.collection().id, &ids).await?;
        Ok(held
            .into_iter()
            .map(|(id, books)| {
                let names = books.iter().filter_map(|book| names.get(book).cloned());
                (id, names.collect())
            })
            .collect())
    }

    async fn render(&self, wanted: Vec<(What, String)>) -> Result<Vec<Change>> {
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
        let mut page = fill_page(
            self,
            &self.viewer_of(record),
            &record.state,
            self.book.collection().seq,
            window,
            record.owed_items().collect(),
        )
        .await?;
        record.choke.clone().adjust(&mut page.items);
        Ok(page)
    }

    async fn cards(&self, ids: &[String]) -> Result<Vec<Option<Card>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let collection = self.book.collection().id;
        let store = self.book.core().store();
        let mut cards = Vec::with_capacity(ids.len());
        while cards.len() < ids.len() {
            let left = &ids[cards.len()..];
            cards.extend(store.by_server_ids(collection, left).await?);
        }
        if self.book.is_view() {
            self.book.place_cards(cards.iter_mut().flatten()).await?;
        }
        Ok(cards)
    }

    async fn stored(&self) -> Result<Stored> {
        let collection = self.book.collection().id;
        let store = self.book.core().store();
        Ok(match store.sync(self.device, collection).await? {
            Some((key, record)) => Stored {
                key: Some(key),
                record: json::read("the sync state of a device", &record),
            },
            None => Stored::default(),
        })
    }

    /// Whether nothing was written since the collection was opened.
    async fn stands_still(&self) -> Result<bool> {
        let opened = self.book.collection();
        let store = self.book.core().store();
        if let Place::View(owner) = opened.place {
            let view = store.view(owner, &opened.segment).await?;
            if view.is_none_or(|view| !view.is_level) {
                return Ok(false);
            }
        }
        let now = store.collection(opened.id).await?;
        Ok(now.is_some_and(|now| now.seq == opened.seq))
    }

    /// Whether the record is of this epoch and within the kept history.
    fn is_valid(&self, record: &Record) -> bool {
        record.epoch == self.book.collection().epoch && self.reaches(&record.state)
    }

    /// Whether the removals since a state are still kept.
    fn reaches(&self, state: &State) -> bool {
        state.needs() >= self.book.collection().floor
    }

    fn set(&self, expected: Option<String>, record: &Record) -> Result<Op> {
        Ok(Op::Sync(SyncOp::SetSync {
            device: self.device,
            collection: self.book.collection().id,
            expected,
            key: record.key.clone(),
            record: json::write(record)?,
        }))
    }

    /// Commits what was decided on the rights of the actor.
    async fn commit(&self, ops: Vec<Op>) -> Result<()> {
        let actor = self.book.actor();
        let batch = Batch::by(actor, ops).decided(actor);
        self.book.core().commit(batch).await.map(drop)
    }

    /// Commits what carries no command of the device and rests on no right; a power cut may lose it.
    async fn note(&self, ops: Vec<Op>) -> Result<()> {
        let batch = Batch::by(self.book.actor(), ops).may_be_lost();
        self.book.core().commit(batch).await.map(drop)
    }
}

#[async_trait]
impl Rows for DeviceBook {
    async fn rows(&self, order: Order, span: Span) -> Result<Vec<Placement>> {
        let collection = self.book.collection().id;
        let store = self.book.core().store();
        store.range(collection, order, span).await
    }
}

/// The items of an answer: the server's copies after refusals, then the page.
fn wanted(forced: &[(What, String)], items: Vec<(What, Placement)>) -> Vec<(What, String)> {
    let page = items.into_iter().map(|(what, row)| (what, row.server_id));
    forced.iter().cloned().chain(page).collect()
}

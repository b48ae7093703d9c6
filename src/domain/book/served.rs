//! The version of each card that a client was last served; writes without If-Match are judged by
//! it.
//!
//! Some clients (Thunderbird) never say which version they edited. The book remembers up to which
//! sequence each was served, and which single cards it holds in a later version. An edit of an
//! older version is merged, or refused and kept; it never buries what its author had not seen.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Book, Edit};
use crate::domain::{
    actor::Client,
    batch::{DavOp, Op},
    cursor::Cursor,
    error::{Error, Result},
    id::{CollectionId, PersonId, PlacementId, Seq},
    item::{Card, Placement},
    refused::Why,
    retry::Attempted,
};

/// Clients, and single cards of others, remembered at once.
const MAX_REMEMBERED: usize = 100_000;
/// Octets of merged uploads remembered at once.
const MAX_UPLOADED: usize = 16 * 1024 * 1024;

/// A person's client that follows a book.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Follower {
    pub person: PersonId,
    /// Label of the client.
    pub client: String,
    /// What the program calls itself: [`Client::program`](crate::domain::actor::Client::program).
    pub program: String,
    pub collection: CollectionId,
    /// The collection's: what was served in another is of a history that is lost.
    pub epoch: String,
}

/// Notes of this process, so that a poll without changes reads and writes nothing.
#[derive(Default)]
pub struct Served(Mutex<Notes>);

#[derive(Default)]
struct Notes {
    /// Up to where each was served.
    upto: HashMap<Follower, Seq>,
    /// Single cards given to clients the book does not know yet: they count once it does.
    ahead: HashMap<Follower, HashMap<PlacementId, Seq>>,
    /// How many these are.
    cards: usize,
    /// What clients uploaded that was stored merged with changes they have not seen, and the version
    /// it went into: until they read again, their next edit is one of this.
    uploads: HashMap<(Follower, PlacementId), (Seq, Vec<u8>)>,
    /// How many octets these have.
    octets: usize,
}

/// An older version of a card that a client holds.
#[derive(Clone)]
pub(super) struct Outdated {
    /// What it shows; none once that is not known any more.
    pub seen: Option<Vec<u8>>,
}

/// Where the author of a write saw the card.
#[derive(Clone, Copy)]
pub(super) enum Author<'a> {
    /// In the book itself, which knows what they were served.
    Here,
    /// In a view, which knows whether that is an older version.
    OfView(Option<&'a Outdated>),
}

/// What an edit of an older version leads to.
pub(super) struct Reconciled {
    /// The new content; none when the edit changes nothing.
    pub merged: Option<Vec<u8>>,
    /// Keeps what of it was lost.
    pub refusal: Option<Op>,
    /// What its author holds.
    pub mine: Vec<u8>,
}

impl Served {
    fn get(&self, follower: &Follower) -> Option<Seq> {
        self.lock().upto.get(follower).copied()
    }

    fn set(&self, follower: Follower, seq: Seq) {
        let mut notes = self.lock();
        if notes.upto.len() >= MAX_REMEMBERED {
            notes.upto.clear();
        }
        notes.upto.insert(follower, seq);
    }

    /// Forgets clients of which nothing is stored any more.
    pub(in crate::domain) fn forget(&self, gone: impl Fn(&Follower) -> bool) {
        self.lock().upto.retain(|follower, _| !gone(follower));
    }

    fn add_ahead(&self, follower: Follower, given: &[(PlacementId, Seq)]) {
        let mut notes = self.lock();
        if notes.cards + given.len() > MAX_REMEMBERED {
            notes.ahead.clear();
            notes.cards = 0;
        }
        let cards = notes.ahead.entry(follower).or_default();
        let before = cards.len();
        cards.extend(given.iter().copied());
        let more = cards.len() - before;
        notes.cards += more;
    }

    /// Takes what a client had been given before the book knew it, later than a sequence.
    fn take_ahead(&self, follower: &Follower, upto: Seq) -> Vec<(PlacementId, Seq)> {
        let mut notes = self.lock();
        let given = notes.ahead.remove(follower).unwrap_or_default();
        notes.cards -= given.len();
        given.into_iter().filter(|(_, seq)| *seq > upto).collect()
    }

    fn set_upload(&self, key: (Follower, PlacementId), seq: Seq, document: Vec<u8>) {
        let mut notes = self.lock();
        if notes.octets + document.len() > MAX_UPLOADED {
            notes.uploads.clear();
            notes.octets = 0;
        }
        notes.octets += document.len();
        if let Some((_, before)) = notes.uploads.insert(key, (seq, document)) {
            notes.octets -= before.len();
        }
    }

    /// What a client uploaded after it was given a version.
    fn upload(&self, key: &(Follower, PlacementId), held: Seq) -> Option<Vec<u8>> {
        let notes = self.lock();
        let (seq, document) = notes.uploads.get(key)?;
        (*seq > held).then(|| document.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Records that this client holds everything up to a cursor.
    pub async fn note_served(&self, cursor: &Cursor) -> Result<()> {
        let upto = cursor.seq_in(&self.collection)?;
        let follower = self.follower();
        if self
            .served_upto(&follower)
            .await?
            .is_some_and(|known| known >= upto)
        {
            return Ok(());
        }
        let served = self.core.served();
        let ahead = served.take_ahead(&follower, upto);
        let op = Op::Dav(DavOp::NoteServed {
            program: self.actor.client.program.clone(),
            collection: self.collection.id,
            upto: Some(upto),
            cards: ahead.clone(),
        });
        match self.core.note(&self.actor, op).await? {
            // It could not be noted: the next reading is.
            None => served.add_ahead(follower, &ahead),
            Some(noted) => {
                if noted.clients_forgotten {
                    served.forget(|known| known.collection == follower.collection);
                }
                served.set(follower, upto);
            }
        }
        Ok(())
    }

    /// Whether this client was served of the book as a whole.
    pub(super) async fn follows(&self) -> Result<bool> {
        Ok(self.served_upto(&self.follower()).await?.is_some())
    }

    /// Notes single cards this client was given; those it was served with the book cost nothing.
    pub async fn note_given(&self, given: &[(PlacementId, Seq)]) -> Result<()> {
        let follower = self.follower();
        let Some(upto) = self.served_upto(&follower).await? else {
            self.core.served().add_ahead(follower, given);
            return Ok(());
        };
        let cards: Vec<_> = given
            .iter()
            .copied()
            .filter(|(_, seq)| *seq > upto)
            .collect();
        if cards.is_empty() {
            return Ok(());
        }
        let op = Op::Dav(DavOp::NoteServed {
            program: self.actor.client.program.clone(),
            collection: self.collection.id,
            upto: None,
            cards,
        });
        self.core.note(&self.actor, op).await.map(drop)
    }

    /// Notes a card that this client has written in a book that does not know it yet.
    pub(super) async fn note_ahead(&self, placement: &Placement) -> Result<()> {
        if self.follows().await? {
            return Ok(());
        }
        self.note_given(&[(placement.id, placement.changed)]).await
    }

    /// Notes what this client holds after its edit of an older version was merged into a later one.
    pub(super) fn note_merged(&self, placement: PlacementId, seq: Seq, mine: Vec<u8>) {
        let key = (self.follower(), placement);
        self.core.served().set_upload(key, seq, mine);
    }

    /// What this client holds of a card: what it was given last, or has uploaded since.
    async fn base(&self, placement: &Placement, held: Seq) -> Result<Option<Vec<u8>>> {
        let key = (self.follower(), placement.id);
        match self.core.served().upload(&key, held) {
            Some(uploaded) => Ok(Some(uploaded)),
            None => self.content_at(placement, held).await,
        }
    }

    /// The version this client holds of a card, if it is known and older than the current one.
    pub(super) async fn stale(&self, placement: &Placement) -> Result<Option<Seq>> {
        let store = self.core.store();
        let follower = self.follower();
        let held = match store.served(&follower, Some(placement.id)).await? {
            Some(served) => served
                .placement
                .map_or(served.book, |card| card.max(served.book)),
            // A program that was updated holds at least what another of its name does.
            None => match store.served_least(&follower).await? {
                Some(upto) => upto,
                None => return Ok(None),
            },
        };
        Ok((held < placement.changed).then_some(held))
    }

    /// The older version of a card that this client is known to hold.
    pub(super) async fn outdated(&self, placement: &Placement) -> Result<Option<Outdated>> {
        let Some(held) = self.stale(placement).await? else {
            return Ok(None);
        };
        let seen = self.base(placement, held).await?;
        Ok(Some(Outdated { seen }))
    }

    /// [`Book::outdated`] of who may have seen the card elsewhere.
    pub(super) async fn held_by(
        &self,
        author: Author<'_>,
        placement: &Placement,
    ) -> Result<Option<Outdated>> {
        match author {
            Author::Here => self.outdated(placement).await,
            Author::OfView(held) => Ok(held.cloned()),
        }
    }

    /// Whether this client is known to hold another content of a card than the present one.
    pub(super) async fn is_behind(&self, card: &Card) -> Result<bool> {
        let held = self.outdated(&card.placement).await?;
        let differs = |seen: Vec<u8>| seen != self.content(card);
        Ok(held.is_some_and(|held| held.seen.is_none_or(differs)))
    }

    /// The content that an edit of an older version leads to.
    ///
    /// Refused with `PreconditionFailed`, and kept, when nothing of it can be taken.
    pub(super) async fn reconcile(
        &self,
        card: &Card,
        held: Outdated,
        edit: &dyn Edit,
    ) -> Attempted<Reconciled> {
        let current = self.content(card);
        let class = self.core.class();
        let Some(seen) = held.seen else {
            let mine = edit.apply(Some(&current))?;
            return self.lose(card, mine).await;
        };
        let mine = edit.apply(Some(&seen))?;
        let merged = class.merge(&seen, &mine, &current)?;
        if merged.lost && !merged.taken {
            return self.lose(card, mine).await;
        }
        let refusal = || {
            self.refusal(Some(card), mine.clone(), Why::SameFields)
                .unmarked()
        };
        let refusal = merged.lost.then(|| refusal().into());
        Ok(Reconciled {
            merged: merged.taken.then_some(merged.document),
            refusal,
            mine,
        })
    }

    /// A document to keep as refused, with what others changed since its author saw the card: a
    /// proposal made of it takes nothing of theirs back. What both changed is as its author has it.
    pub(super) async fn caught_up(
        &self,
        author: Author<'_>,
        card: &Card,
        document: Vec<u8>,
    ) -> Result<Vec<u8>> {
        let held = self.held_by(author, &card.placement).await?;
        let Some(seen) = held.and_then(|held| held.seen) else {
            return Ok(document);
        };
        let merged = self.class().merge(&seen, &self.content(card), &document);
        Ok(merged.map_or(document, |merged| merged.document))
    }

    /// The note that the actor's client holds what it wrote under an href.
    pub(super) fn written(&self, href: &str) -> Op {
        Op::Dav(DavOp::NoteWritten {
            program: self.actor.client.program.clone(),
            collection: self.collection.id,
            href: href.to_owned(),
        })
    }

    async fn lose<T>(&self, card: &Card, mine: Vec<u8>) -> Attempted<T> {
        let refusal = self.refusal(Some(card), mine, Why::ChangedMeanwhile);
        self.keep_refused(refusal.unmarked()).await?;
        Err(Error::PreconditionFailed.into())
    }

    async fn served_upto(&self, follower: &Follower) -> Result<Option<Seq>> {
        if let Some(known) = self.core.served().get(follower) {
            return Ok(Some(known));
        }
        let store = self.core.store();
        let found = store.served(follower, None).await?;
        let found = found.map(|served| served.book);
        if let Some(upto) = found {
            self.core.served().set(follower.clone(), upto);
        }
        Ok(found)
    }

    fn follower(&self) -> Follower {
        let Client { label, program, .. } = self.actor.client.clone();
        Follower {
            person: self.actor.person,
            client: label,
            program,
            collection: self.collection.id,
            epoch: self.collection.epoch.clone(),
        }
    }
}

//! Refused changes: writes that rights or a conflict refused are kept for their author, who may
//! copy them, propose them to the creator or discard them.

mod why;

use std::sync::Arc;

use super::{
    actor::Actor,
    batch::{HistoryOp, Op},
    blocking::blocking,
    book::Book,
    class::{Class, Difference},
    collection::Place,
    core::Core,
    error::{Error, Result},
    history,
    id::{CollectionId, ItemId, RevisionId},
    item::{Card, digest},
    rights::Right,
    store::{Revision, RevisionKind},
};

pub use why::Why;

/// Changes of a page of a list.
pub const CHANGES: usize = 20;

/// A write that was refused, to be kept for its author.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub item: Option<ItemId>,
    pub collection: Option<CollectionId>,
    pub document: Vec<u8>,
    pub why: Why,
    /// Identifies repeated refusals as one; none: the digest of the document does.
    pub identity: Option<String>,
    /// Raises the refusal mark, which changes the entity tag for this person, so that clients
    /// fetch the card again.
    pub mark: bool,
    /// Informs the person by a notice, for clients that do not show refusals.
    pub notice: bool,
}

impl Refusal {
    /// Of content by itself.
    fn of(actor: &Actor, document: Vec<u8>, why: Why) -> Self {
        Self {
            item: None,
            collection: None,
            document,
            why,
            identity: None,
            mark: false,
            notice: !actor.client.is_page(),
        }
    }

    /// The entity tag stays. So after a conflict: a mark would refuse the next write of the person's
    /// other clients, and this one sees another tag anyway.
    pub fn unmarked(self) -> Self {
        Self {
            mark: false,
            ..self
        }
    }

    /// What keeps a card. Of one that is malformed or too large only the mark stays, if it is asked
    /// for.
    pub(super) fn of_card(self, class: &dyn Class, limit: usize) -> Option<Op> {
        let is_valid = self.document.len() <= limit && class.index(&self.document, None).is_ok();
        match self {
            valid if is_valid => Some(valid.into()),
            Self {
                item: Some(item),
                collection: Some(collection),
                mark: true,
                ..
            } => Some(Op::History(HistoryOp::MarkRefused { collection, item })),
            _ => None,
        }
    }

    /// Of content that differs each time it is made (a fresh UID): what it was made of is kept once.
    pub fn known_as(self, fingerprint: &str) -> Self {
        Self {
            identity: (!fingerprint.is_empty()).then(|| digest(fingerprint.as_bytes())),
            ..self
        }
    }
}

impl From<Refusal> for Op {
    fn from(refusal: Refusal) -> Self {
        Op::History(HistoryOp::Refuse(refusal))
    }
}

/// A refused or proposed change, with the differences it would make now.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedChange {
    pub revision: Revision,
    pub why: Why,
    /// The formatted name of the content; empty for words that are no document.
    pub display: String,
    /// Content that no class can hold (a reminder, a message), as it was written.
    pub words: Option<String>,
    /// The item still exists in a place the person may read.
    pub readable: bool,
    /// Its author may make it now.
    pub may_make: bool,
    /// From the present content to the refused one; from nothing for a new item. Large values are
    /// cut.
    pub differences: Vec<Difference>,
    /// Further differences.
    pub more: usize,
    /// Its author proposed it to the people who may make it.
    pub proposed: bool,
}

/// A book that a client believes to be there, by the segment it has in addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost<'a> {
    /// Of a group.
    Group(&'a str),
    /// Of the person's own.
    Private(&'a str),
}

/// A change that its author or whom it is proposed to may make, and the item it is of.
struct Modifiable {
    change: Revision,
    book: Book,
    card: Card,
}

impl Core {
    /// Keeps content that nothing can hold among the person's refused changes, word for word.
    pub async fn keep_words(&self, actor: &Actor, words: Vec<u8>, why: Why) -> Result<()> {
        self.keep(actor, Refusal::of(actor, words, why)).await
    }

    /// [`Core::keep_words`] of content that differs each time it is made: what it was made of, `identity`, is
    /// kept once.
    pub async fn keep_words_once(
        &self,
        actor: &Actor,
        identity: &str,
        words: Vec<u8>,
        why: Why,
    ) -> Result<()> {
        let refusal = Refusal::of(actor, words, why).known_as(identity);
        self.keep(actor, refusal).await
    }

    /// Keeps a card among the person's refused changes; one that is malformed or too large is not
    /// kept.
    pub async fn keep_card(&self, actor: &Actor, card: Vec<u8>, why: Why) -> Result<()> {
        self.keep_valid(actor, Refusal::of(actor, card, why)).await
    }

    /// [`Core::keep_card`] of a card that differs each time it is made: what it was made of,
    /// `identity`, is kept once.
    pub async fn keep_card_once(
        &self,
        actor: &Actor,
        identity: &str,
        card: Vec<u8>,
        why: Why,
    ) -> Result<()> {
        let refusal = Refusal::of(actor, card, why).known_as(identity);
        self.keep_valid(actor, refusal).await
    }

    async fn keep_valid(&self, actor: &Actor, refusal: Refusal) -> Result<()> {
        match refusal.of_card(self.class(), self.limits().document) {
            Some(op) => self.commit_personal(actor, vec![op]).await.map(drop),
            None => Ok(()),
        }
    }

    async fn keep(&self, actor: &Actor, refusal: Refusal) -> Result<()> {
        let ops = vec![refusal.into()];
        self.commit_personal(actor, ops).await.map(drop)
    }

    /// Keeps what a client wrote into a book that the person had and lost. Nothing is kept for who
    /// never had it.
    pub async fn keep_of_lost(&self, actor: &Actor, lost: Lost<'_>, words: Vec<u8>) -> Result<()> {
        if self.store().lost_book(actor.person, lost).await? {
            self.keep_words(actor, words, Why::BookGone).await
        } else {
            Ok(())
        }
    }

    /// How many refused changes the actor has, and how many changes others propose to them.
    pub async fn waiting(&self, actor: &Actor) -> Result<(usize, usize)> {
        let since = self.history_begins();
        let (refused, proposals) = self.store().waiting(actor.person, since).await?;
        let number = |count| usize::try_from(count).unwrap_or_default();
        Ok((number(refused), number(proposals)))
    }

    /// A page of the actor's refused changes, newest first, after the `newer` newest ones.
    pub async fn refused(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        newer: usize,
    ) -> Result<Vec<RefusedChange>> {
        let oldest = self.history_begins();
        let heads = self.store().refused_heads(actor.person).await?;
        let page = heads.into_iter().filter(|head| head.at >= oldest);
        let mut changes = Vec::new();
        for head in page.skip(newer).take(CHANGES) {
            let there = match head.item {
                Some(item) => self.readable(actor, item, head.collection).await?,
                None => None,
            };
            changes.extend(self.described(&head, there).await?);
        }
        Ok(changes)
    }

    /// A page of the changes others propose to contacts the actor created, or has custody of, newest
    /// first, after the `newer` newest ones.
    pub async fn proposals(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        newer: usize,
    ) -> Result<Vec<RefusedChange>> {
        let oldest = self.history_begins();
        let heads = self.store().proposals(actor.person).await?;
        let (mut passed, mut changes) = (0, Vec::new());
        for head in heads.into_iter().filter(|head| head.at >= oldest) {
            let there = match head.item {
                Some(item) => self.readable(actor, item, head.collection).await?,
                None => None,
            };
            if there.is_none() {
                continue;
            }
            if passed < newer {
                passed += 1;
                continue;
            }
            changes.extend(self.described(&head, there).await?);
            if changes.len() == CHANGES {
                break;
            }
        }
        Ok(changes)
    }

    /// A change compared with the item where the person reads it; none once its time ended.
    async fn described(
        self: &Arc<Self>,
        head: &Revision,
        there: Option<(Book, Card)>,
    ) -> Result<Option<RefusedChange>> {
        let Some(revision) = self.store().revision(head.id).await? else {
            return Ok(None);
        };
        let may_make = match &there {
            Some((book, card)) => book.item_privileges(&card.placement).await?.modify,
            None => false,
        };
        let core = self.clone();
        blocking(move || Some(core.compared(revision, there, may_make))).await
    }

    /// Takes as long as the documents are large.
    fn compared(
        &self,
        revision: Revision,
        there: Option<(Book, Card)>,
        may_make: bool,
    ) -> RefusedChange {
        let current = there.as_ref().map(|(book, card)| {
            if Some(card.placement.collection) == revision.collection {
                book.content(card)
            } else {
                card.document.clone()
            }
        });
        let class = self.class();
        let index = class.index(&revision.document, None);
        let words = match &index {
            Ok(_) => None,
            Err(_) => Some(String::from_utf8_lossy(&revision.document).into_owned()),
        };
        let current = current.as_deref().unwrap_or_default();
        let mut differences = class.differences(current, &revision.document);
        let more = history::shorten(&mut differences);
        RefusedChange {
            display: index.map(|index| index.display).unwrap_or_default(),
            words,
            readable: there.is_some(),
            may_make,
            differences,
            more,
            proposed: revision.kind == RevisionKind::Proposed,
            why: Why::of(&revision.reason),
            revision,
        }
    }

    /// Makes a new contact in Private of a refused change, which then leaves the list.
    pub async fn copy_refused(self: &Arc<Self>, actor: &Arc<Actor>, id: RevisionId) -> Result<()> {
        let content = &self.own_refused(actor, id).await?.document;
        self.default_book(actor)
            .await?
            .decided(|book| async move {
                let mut ops = book.copied(content, book.class().new_href()).await?;
                ops.push(Op::History(HistoryOp::DismissRefusal { revision: id }));
                book.core().commit_as(book.actor(), ops).await.map(drop)
            })
            .await
    }

    /// Shows a refused change to the contact's creator (in custody: the admins), who may accept it.
    pub async fn propose(self: &Arc<Self>, actor: &Arc<Actor>, id: RevisionId) -> Result<()> {
        let refused = self.own_refused(actor, id).await?;
        let item = refused.item.ok_or(Error::NotFound)?;
        self.readable(actor, item, None)
            .await?
            .ok_or(Error::NotFound)?;
        self.decided(actor, |actor| async move {
            let op = Op::History(HistoryOp::Propose { revision: id });
            self.commit_as(&actor, vec![op]).await.map(drop)
        })
        .await
    }

    /// The actor's refused change with this content, however old; none if there is none.
    pub async fn kept_refused(
        self: &Arc<Self>,
        actor: &Actor,
        content: &[u8],
    ) -> Result<Option<RevisionId>> {
        let refused = self.store().refused(actor.person).await?;
        let kept = refused.iter().find(|kept| kept.document == content);
        Ok(kept.map(|kept| kept.id))
    }

    /// Discards a refused change.
    pub async fn dismiss_refused(&self, actor: &Arc<Actor>, id: RevisionId) -> Result<()> {
        self.own_refused(actor, id).await?;
        self.decided(actor, |actor| async move {
            let op = Op::History(HistoryOp::DismissRefusal { revision: id });
            self.commit_as(&actor, vec![op]).await.map(drop)
        })
        .await
    }

    /// Accepts a proposal, or makes the actor's own refused change where they may make it now, by a
    /// three-way merge; properties that changed meanwhile on both sides keep their present value.
    pub async fn accept_proposal(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        id: RevisionId,
    ) -> Result<()> {
        self.decided(actor, |actor| async move {
            let found = match self.proposal(&actor, id).await {
                Err(Error::NotFound) => self.own_change(&actor, id).await?,
                found => found?,
            };
            let Modifiable { change, book, card } = found;
            let settled = match change.kind {
                RevisionKind::Proposed => Op::History(HistoryOp::SettleProposal {
                    revision: id,
                    accepted: true,
                }),
                _ => Op::History(HistoryOp::DismissRefusal { revision: id }),
            };
            let base = self
                .store()
                .document_at(card.placement.item, change.at)
                .await?;
            let bytes = match base {
                Some(base) if base[..] != card.document[..] => {
                    let merged = self
                        .class()
                        .merge(&base, &change.document, &card.document)?;
                    merged.document
                }
                _ => change.document,
            };
            let bytes = book.shown(&bytes, &card.placement.overlay);
            let mut ops: Vec<Op> = book.revision(&card, &bytes)?.into_iter().collect();
            ops.push(settled);
            self.commit_as(&actor, ops).await.map(drop)
        })
        .await
    }

    /// Declines a proposal.
    pub async fn decline_proposal(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        id: RevisionId,
    ) -> Result<()> {
        self.decided(actor, |actor| async move {
            self.proposal(&actor, id).await?;
            let op = Op::History(HistoryOp::SettleProposal {
                revision: id,
                accepted: false,
            });
            self.commit_as(&actor, vec![op]).await.map(drop)
        })
        .await
    }

    /// A proposal to the actor, with its card where they may modify it.
    async fn proposal(self: &Arc<Self>, actor: &Arc<Actor>, id: RevisionId) -> Result<Modifiable> {
        let proposals = self.store().proposals(actor.person).await?;
        if !proposals.iter().any(|proposal| proposal.id == id) {
            return Err(Error::NotFound);
        }
        let proposal = self.store().revision(id).await?;
        self.modifiable(actor, proposal.ok_or(Error::NotFound)?)
            .await
    }

    /// The actor's refused change, with its card where they may modify it now.
    async fn own_change(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        id: RevisionId,
    ) -> Result<Modifiable> {
        let refused = self.own_refused(actor, id).await?;
        self.modifiable(actor, refused).await
    }

    async fn modifiable(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        change: Revision,
    ) -> Result<Modifiable> {
        let item = change.item.ok_or(Error::NotFound)?;
        let there = self.readable(actor, item, change.collection).await?;
        let (book, card) = there.ok_or(Error::NotFound)?;
        book.require(&card.placement, Right::Modify).await?;
        Ok(Modifiable { change, book, card })
    }

    async fn own_refused(&self, actor: &Actor, id: RevisionId) -> Result<Revision> {
        let revision = self.store().revision(id).await?;
        revision
            .filter(|revision| {
                revision.kind == RevisionKind::Refused && revision.person == Some(actor.person)
            })
            .ok_or(Error::NotFound)
    }

    /// An item in a place that shows it to the actor: the one preferred, else Private, else a group.
    pub(super) async fn readable(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        item: ItemId,
        preferred: Option<CollectionId>,
    ) -> Result<Option<(Book, Card)>> {
        let mut places = self.store().places_of(item).await?;
        places.retain(|place| {
            place.gone_at.is_none() && place.place.is_some_and(|place| actor.reads(place))
        });
        places.sort_by_key(|place| {
            let private = matches!(place.place, Some(Place::Private(_)));
            (Some(place.collection) != preferred, !private)
        });
        for place in places {
            let card = self.store().placement(place.placement).await?;
            if let Some(card) = card.filter(|card| card.placement.is_live()) {
                let book = self.open(actor, place.collection).await?;
                return Ok(Some((book, card)));
            }
        }
        Ok(None)
    }
}

//! Writes on a book: each names the right it needs, and keeps refused content for its author.

use std::collections::HashSet;

use super::{Book, Condition, Edit, Moved, Removed, Written, served::Author};
use crate::domain::{
    batch::{Committed, Content, HistoryOp, ItemOp, NewPlacement, Op},
    collection::Place,
    error::{Error, Result},
    item::{Card, Placement, digest, random_id, without_urn},
    refused::{Refusal, Why},
    retry::{Attempted, Stop, attempted, retry},
    rights::Right,
    rule::Malformed,
};

impl Book {
    /// Stores content under an href. Needs *Add* for a new item, *Modify* for an existing one.
    ///
    /// Refused content that was valid is kept in the person's refused changes. A write without a
    /// condition by a client that holds an older version is merged with what it had not seen.
    pub async fn put(&self, href: &str, condition: &Condition, edit: &dyn Edit) -> Result<Written> {
        if let Some(union) = self.core.union_of(self).await? {
            return Box::pin(self.put_through(&union, href, condition, edit)).await;
        }
        self.put_by(Author::Here, href, condition, edit).await
    }

    /// [`Book::put`] into the book that holds the item.
    pub(super) async fn put_by(
        &self,
        author: Author<'_>,
        href: &str,
        condition: &Condition,
        edit: &dyn Edit,
    ) -> Result<Written> {
        retry(
            self.clone(),
            |book| async move { book.try_put(author, href, condition, edit).await },
            |book| async move { book.reopened().await },
        )
        .await
    }

    /// Adds many new items in one transaction; one outcome each. Needs *Add*.
    pub async fn add_all(&self, documents: Vec<Vec<u8>>) -> Result<Vec<Result<()>>> {
        let documents = &documents;
        self.decided(|book| async move {
            let (outcomes, ops) = book.additions(book.prepare(documents)).await?;
            book.core.commit_as(&book.actor, ops).await?;
            Ok(outcomes)
        })
        .await
    }

    /// Reads and checks new items: what takes time and asks nothing of the store.
    pub fn prepare(&self, documents: &[Vec<u8>]) -> Prepared {
        let admitted = documents.iter().map(|document| {
            self.fits_photo(document, None)?;
            self.admit(document, None)
        });
        Prepared(admitted.collect())
    }

    /// The operations that add many new items, and one outcome each. Needs *Add*.
    pub(in crate::domain) async fn additions(
        &self,
        Prepared(admitted): Prepared,
    ) -> Result<(Vec<Result<()>>, Vec<Op>)> {
        if !self.may(Right::Add) {
            return Err(Error::Forbidden { right: Right::Add });
        }
        let uids: Vec<String> = admitted
            .iter()
            .flatten()
            .map(|new| new.content.index.uid.clone())
            .collect();
        let collection = self.collection.id;
        let held = self.core.store().uids_held(collection, &uids).await?;
        let mut held: HashSet<String> = held.into_iter().collect();
        let mut room = self.room().await?;
        let mut ops = Vec::with_capacity(admitted.len());
        let outcomes = admitted
            .into_iter()
            .map(|admitted| {
                let new = admitted?;
                if !held.insert(new.content.index.uid.clone()) {
                    return Err(Error::UidConflict {
                        href: String::new(),
                    });
                }
                if let Some(Room { left, quota }) = &mut room {
                    if *left <= 0 {
                        return Err(Error::OverQuota { limit: *quota });
                    }
                    *left -= 1;
                }
                ops.push(self.creation(new, self.new_placement(self.class().new_href())));
                Ok(())
            })
            .collect();
        Ok((outcomes, ops))
    }

    /// The operation that makes a new item of the actor's own.
    pub(in crate::domain) fn creation(&self, admitted: Admitted, placement: NewPlacement) -> Op {
        Op::Item(ItemOp::CreateItem {
            class: self.class().name().into(),
            creator: self.actor.person,
            content: admitted.content,
            placement: NewPlacement {
                overlay: admitted.overlay,
                tags: admitted.tags,
                ..placement
            },
        })
    }

    /// The placement of a new item here, by no device and without lines of its own.
    pub(in crate::domain) fn new_placement(&self, href: String) -> NewPlacement {
        NewPlacement {
            collection: self.collection.id,
            href,
            server_id: new_server_id(),
            device: None,
            altered: false,
            overlay: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// The room in the private books of the person; none when there is no limit.
    pub async fn room(&self) -> Result<Option<Room>> {
        if !self.is_private() {
            return Ok(None);
        }
        let person = self.core.store().person(self.actor.person).await?;
        match person.and_then(|person| person.contacts_allowed()) {
            Some(quota) => {
                let mut used = 0;
                for book in self.core.store().books(self.actor.person).await? {
                    if matches!(book.place, Place::Private(_)) {
                        used += self.core.store().count(book.id).await?;
                    }
                }
                Ok(Some(Room {
                    left: quota - used,
                    quota,
                }))
            }
            None => Ok(None),
        }
    }

    /// Removes an item from this place. Needs *Remove*. `NotFound` for one that is gone, whatever the
    /// condition (RFC 9110 §13.2.1).
    ///
    /// Without a condition, `PreconditionFailed` when this client holds an older version.
    pub async fn delete(&self, href: &str, condition: &Condition) -> Result<Removed> {
        if let Some(union) = self.core.union_of(self).await? {
            return Box::pin(self.delete_through(&union, href, condition)).await;
        }
        retry(
            self.clone(),
            |book| async move { book.try_delete(href, condition).await },
            |book| async move { book.reopened().await },
        )
        .await
    }

    async fn try_delete(&self, href: &str, condition: &Condition) -> Attempted<Removed> {
        if let Some(tag) = self.category(href).await? {
            return self.delete_category(&tag, condition).await;
        }
        let card = self.get(href).await?;
        attempted(self.require_removal(&card.placement).await)?;
        let marks = self.marks_of([&card.placement]).await?;
        let behind = *condition == Condition::None && self.is_behind(&card).await?;
        if behind || !marks.hold(condition, &card.placement) {
            return Err(Error::PreconditionFailed.into());
        }
        let op = removal(&card.placement);
        let committed = self.commit(vec![op]).await?;
        Ok(Removed {
            removal: committed.row()?,
            moved: committed.collections,
        })
    }

    /// Refuses unless the actor may take an item away from here. After a refusal it is offered to
    /// their clients again.
    pub(in crate::domain) async fn require_removal(&self, placement: &Placement) -> Result<()> {
        let allowed = match self.require(placement, Right::Remove).await {
            Ok(()) => self.require_deletions().await,
            refused => refused,
        };
        self.offered_again(placement, allowed).await
    }

    /// [`Book::require_removal`] of what comes under another name or into another place: no deletion
    /// that could be held.
    pub(in crate::domain) async fn require_departure(&self, placement: &Placement) -> Result<()> {
        let allowed = self.require(placement, Right::Remove).await;
        self.offered_again(placement, allowed).await
    }

    async fn offered_again(&self, placement: &Placement, allowed: Result<()>) -> Result<()> {
        if let Err(Error::Forbidden { .. }) = &allowed {
            let op = Op::History(HistoryOp::MarkRefused {
                collection: self.collection.id,
                item: placement.item,
            });
            self.core.commit_as(&self.actor, vec![op]).await?;
        }
        allowed
    }

    async fn try_put(
        &self,
        author: Author<'_>,
        href: &str,
        condition: &Condition,
        edit: &dyn Edit,
    ) -> Attempted<Written> {
        if let Some(tag) = self.category(href).await? {
            return self.put_category(&tag, condition, edit).await;
        }
        let found = self.by_hrefs(&[href.to_owned()]).await?;
        let current = found.into_iter().next().flatten();
        let shown = current.as_ref().map(|card| self.content(card));
        let bytes = edit.apply(shown.as_deref());
        let marks = self
            .marks_of(current.iter().map(|card| &card.placement))
            .await?;
        let is_met = match &current {
            Some(card) => marks.hold(condition, &card.placement),
            None => condition.holds(None),
        };
        self.refuse_put(
            author,
            current.as_ref(),
            shown.as_deref(),
            &bytes,
            condition,
            is_met,
        )
        .await?;
        let created = current.is_none();
        let known = self.actor.client.is_page() || self.follows().await?;
        let put = match &current {
            None => self.put_new(href, &bytes).await,
            Some(card) => self.put_over(author, card, &bytes, condition, edit).await,
        };
        let moved = match put {
            Err(Stop::Failed(error @ Error::UidConflict { .. })) => {
                let refusal = self.refusal(current.as_ref(), bytes?, Why::UidTaken);
                self.keep_refused(refusal.unmarked()).await?;
                return Err(error.into());
            }
            put => put?,
        };
        let card = self.get(href).await?;
        if !known {
            self.note_given(&[(card.placement.id, card.placement.changed)])
                .await?;
        }
        Ok(Written {
            created,
            etag: marks.etag(&card.placement),
            card,
            moved,
        })
    }

    /// Refuses content that the actor may not put here, or not over what is here now, and keeps it.
    async fn refuse_put(
        &self,
        author: Author<'_>,
        current: Option<&Card>,
        shown: Option<&[u8]>,
        bytes: &Result<Vec<u8>>,
        condition: &Condition,
        is_met: bool,
    ) -> Attempted<()> {
        let (right, allowed) = match current {
            Some(card) => {
                let facts = self.facts(&card.placement).await?;
                (Right::Modify, self.allows(&facts, Right::Modify))
            }
            None => (Right::Add, self.may(Right::Add)),
        };
        let photo = bytes
            .as_ref()
            .map_or(Ok(()), |bytes| self.fits_photo(bytes, shown));
        let (error, why, outdated) = match photo {
            _ if !allowed => (
                Error::Forbidden { right },
                Why::lacking(right),
                !is_met || *condition == Condition::None,
            ),
            Err(error) => (error.clone(), Why::unfit(&error), false),
            Ok(()) if !is_met => (Error::PreconditionFailed, Why::ChangedMeanwhile, true),
            Ok(()) => return Ok(()),
        };
        let mut document = bytes.clone().unwrap_or_default();
        if let (true, Some(card)) = (outdated, current) {
            document = self.caught_up(author, card, document).await?;
        }
        let mut refusal = self.refusal(current, document, why);
        if error == Error::PreconditionFailed {
            refusal = refusal.unmarked();
        }
        self.keep_refused(refusal).await?;
        Err(error.into())
    }

    async fn put_new(&self, href: &str, bytes: &Result<Vec<u8>>) -> Attempted<Moved> {
        let bytes = bytes.as_ref().map_err(Error::clone)?;
        let admitted = self.admit(bytes, None)?;
        let create = self.creation(admitted, self.new_placement(href.to_owned()));
        let committed = self.commit(vec![create, self.written(href)]).await?;
        Ok(committed.collections)
    }

    /// Puts content over a card; an edit of an older version is merged.
    async fn put_over(
        &self,
        author: Author<'_>,
        card: &Card,
        bytes: &Result<Vec<u8>>,
        condition: &Condition,
        edit: &dyn Edit,
    ) -> Attempted<Moved> {
        let held = match condition {
            Condition::None => self.held_by(author, &card.placement).await?,
            _ => None,
        };
        let mut ops = Vec::new();
        let mut mine = None;
        match held {
            None => {
                let bytes = bytes.as_ref().map_err(Error::clone)?;
                ops.extend(self.revision(card, bytes)?);
                if ops.is_empty() {
                    return Ok(Moved::new());
                }
                ops.push(self.written(&card.placement.href));
            }
            Some(held) => {
                let reconciled = self.reconcile(card, held, edit).await?;
                if let Some(merged) = reconciled.merged {
                    ops.extend(self.revision(card, &merged)?);
                }
                ops.extend(reconciled.refusal);
                mine = Some(reconciled.mine);
            }
        }
        let moved = if ops.is_empty() {
            Moved::new()
        } else {
            self.commit(ops).await?.collections
        };
        if let (Some(mine), Author::Here) = (mine, author) {
            let here = moved.iter().find(|(id, _)| *id == self.collection.id);
            let seq = here.map_or(card.placement.changed, |(_, seq)| *seq);
            self.note_merged(card.placement.id, seq, mine);
        }
        Ok(moved)
    }

    /// A photo that is new is as large as the class of the account allows. `TooLarge` says the limit.
    pub(in crate::domain) fn fits_photo(&self, bytes: &[u8], before: Option<&[u8]>) -> Result<()> {
        let Some(limit) = self.actor.photo else {
            return Ok(());
        };
        let octets = self.class().picture(bytes);
        if octets > limit && before.is_none_or(|before| octets > self.class().picture(before)) {
            Err(Error::TooLarge { limit })
        } else {
            Ok(())
        }
    }

    /// The operation that gives an item new content; none when nothing changes.
    pub(in crate::domain) fn revision(&self, card: &Card, bytes: &[u8]) -> Result<Option<Op>> {
        self.revision_at(card, bytes, None)
    }

    /// [`Book::revision`] by one who says the places of values, see [`Edit::places`].
    pub(in crate::domain) fn revision_at(
        &self,
        card: &Card,
        bytes: &[u8],
        places: Option<Vec<u8>>,
    ) -> Result<Option<Op>> {
        let admitted = self.admit(bytes, Some(card))?;
        let (mut content, overlay, tags) = (admitted.content, admitted.overlay, admitted.tags);
        let placement = &card.placement;
        let same_overlay = overlay[..] == placement.overlay[..];
        let moves = places.as_ref().is_some_and(|p| *p != placement.beside);
        if let Some(places) = places {
            content.beside = places;
        }
        if content.document[..] == card.document[..] && !moves {
            return Ok((!same_overlay).then_some(Op::Item(ItemOp::SetOverlay {
                placement: placement.id,
                expected_changed: placement.changed,
                overlay,
                tags,
                writer: None,
            })));
        }
        Ok(Some(Op::Item(ItemOp::Edit {
            item: placement.item,
            expected_rev: placement.rev,
            content,
            through: placement.id,
            expected_changed: placement.changed,
            overlay: (!same_overlay).then_some((overlay, tags)),
            writer: None,
        })))
    }

    /// Checks new content and takes the owner's lines out of it where the place is private.
    pub(in crate::domain) fn admit(
        &self,
        bytes: &[u8],
        current: Option<&Card>,
    ) -> Result<Admitted> {
        let limit = self.core.limits().document;
        if bytes.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        let class = self.class();
        let private = matches!(self.collection.place, Place::Private(_));
        let (document, overlay, tags) = if private {
            let mut split = class.split(bytes)?;
            if let Some(card) = current.filter(|card| card.placement.mixed) {
                let kept = class.split(&card.document)?.overlay;
                split.document = class.join(&split.document, &kept);
            }
            (split.document, split.overlay, split.tags)
        } else {
            (bytes.to_vec(), Vec::new(), Vec::new())
        };
        let stored_uid = current.map(|card| card.placement.uid.as_str());
        let mut index = class.index(&document, stored_uid)?;
        // A key from before keys were bare stays as it is.
        if let Some(known) = stored_uid.filter(|known| without_urn(known) == index.uid) {
            known.clone_into(&mut index.uid);
        }
        if let Some(card) = current {
            if index.uid != card.placement.uid
                && !class.index(&card.document, Some("none"))?.uid_invented
            {
                return Err(Error::UidConflict {
                    href: card.placement.href.clone(),
                });
            }
            if index.is_list() != card.placement.is_list() {
                return Err(Error::InvalidDocument(Malformed::Kind));
            }
        }
        let before = current.map(|card| (&card.document[..], &card.placement.beside[..]));
        let by_device = self.actor.client.device.is_some();
        let content = Content {
            beside: class.beside(before, &document, by_device),
            digest: digest(&document),
            document,
            index,
        };
        Ok(Admitted {
            content: Box::new(content),
            overlay,
            tags,
        })
    }

    /// Keeps valid content that was refused, for the person to find; malformed content is dropped.
    pub(super) async fn keep_refused(&self, refusal: Refusal) -> Attempted<()> {
        match refusal.of_card(self.class(), self.core.limits().document) {
            Some(op) => self.commit(vec![op]).await.map(drop),
            None => Ok(()),
        }
    }

    /// The refusal of a write here: of an item, which is marked, or of a new one.
    pub(in crate::domain) fn refusal(
        &self,
        card: Option<&Card>,
        document: Vec<u8>,
        why: Why,
    ) -> Refusal {
        Refusal {
            item: card.map(|card| card.placement.item),
            collection: Some(self.collection.id),
            document,
            why,
            identity: None,
            mark: card.is_some(),
            notice: !self.actor.client.is_page(),
        }
    }

    pub(super) async fn commit(&self, ops: Vec<Op>) -> Attempted<Committed> {
        attempted(self.core.commit_as(&self.actor, ops).await)
    }
}

/// The operation that takes a placement away as it was read.
pub(in crate::domain) fn removal(placement: &Placement) -> Op {
    Op::Item(ItemOp::Remove {
        placement: placement.id,
        expected_changed: Some(placement.changed),
        writer: None,
    })
}

/// The room in the private books of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Items that still fit; negative where there are more than the quota.
    pub left: i64,
    /// Items that all these books may hold.
    pub quota: i64,
}

/// New items as they would be stored, or why not.
pub struct Prepared(Vec<Result<Admitted>>);

/// Content that may be stored, as it is stored.
pub(in crate::domain) struct Admitted {
    pub content: Box<Content>,
    /// The owner's lines, and the tags they name.
    pub overlay: Vec<u8>,
    pub tags: Vec<String>,
}

/// A new id for devices: never handed out twice, even by a restored database.
pub fn new_server_id() -> String {
    random_id(12)
}

//! Writes on a book: each names the right it needs, and keeps refused content for its author.

use std::collections::HashSet;

use super::{Book, Condition, Edit, Moved, Removed, Written};
use crate::domain::{
    batch::{Committed, Content, NewPlacement, Op},
    collection::Place,
    error::{Error, Result},
    id::RevisionId,
    item::{Card, Placement, digest, random_id},
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
        if let Some(written) = self.put_category(href, condition, edit).await? {
            return Ok(written);
        }
        let mut book = self.clone();
        for _ in 0..RETRIES {
            match book.try_put(href, condition, edit).await {
                Err(Attempt::Moved) => book = book.reopened().await?,
                Err(Attempt::Failed(error)) => return Err(error),
                Ok(written) => return Ok(written),
            }
        }
        Err(Error::Unavailable(
            "the item kept changing during the write".into(),
        ))
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
            .map(|(content, ..)| content.index.uid.clone())
            .collect();
        let collection = self.collection.id;
        let held = self.core.store().uids_held(collection, &uids).await?;
        let mut held: HashSet<String> = held.into_iter().collect();
        let mut room = self.room().await?;
        let mut ops = Vec::with_capacity(admitted.len());
        let outcomes = admitted
            .into_iter()
            .map(|admitted| {
                let (content, overlay, tags) = admitted?;
                if !held.insert(content.index.uid.clone()) {
                    return Err(Error::UidConflict {
                        href: String::new(),
                    });
                }
                if let Some((left, limit)) = &mut room {
                    if *left <= 0 {
                        return Err(Error::OverQuota { limit: *limit });
                    }
                    *left -= 1;
                }
                ops.push(self.creation(content, overlay, tags));
                Ok(())
            })
            .collect();
        Ok((outcomes, ops))
    }

    fn creation(&self, content: Content, overlay: Vec<u8>, tags: Vec<String>) -> Op {
        Op::CreateItem {
            class: self.class().name().into(),
            creator: self.actor.person,
            content,
            placement: NewPlacement {
                collection: self.collection.id,
                href: format!("{}.vcf", random_id(16)),
                server_id: new_server_id(),
                device: None,
                altered: false,
                overlay,
                tags,
            },
        }
    }

    /// Items that still fit the private books of the person, and the quota of them all; none when
    /// there is no limit.
    pub async fn room(&self) -> Result<Option<(i64, i64)>> {
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
                Ok(Some((quota - used, quota)))
            }
            None => Ok(None),
        }
    }

    /// Removes an item from this place. Needs *Remove*.
    ///
    /// Without a condition, `PreconditionFailed` when this client holds an older version.
    pub async fn delete(&self, href: &str, condition: &Condition) -> Result<Removed> {
        if let Some(union) = self.core.union_of(self).await? {
            return Box::pin(self.delete_through(&union, href, condition)).await;
        }
        if let Some(removed) = self.delete_category(href, condition).await? {
            return Ok(removed);
        }
        let mut book = self.clone();
        for _ in 0..RETRIES {
            match book.try_delete(href, condition).await {
                Err(Attempt::Moved) => book = book.reopened().await?,
                Err(Attempt::Failed(error)) => return Err(error),
                Ok(removed) => return Ok(removed),
            }
        }
        Err(Error::Unavailable(
            "the item kept changing during the deletion".into(),
        ))
    }

    async fn try_delete(
        &self,
        href: &str,
        condition: &Condition,
    ) -> std::result::Result<Removed, Attempt> {
        let card = match self.get(href).await {
            Err(Error::NotFound)
                if matches!(condition, Condition::Match(_) | Condition::Exists) =>
            {
                return Err(Error::PreconditionFailed.into());
            }
            other => other?,
        };
        match self.require_removal(&card.placement).await {
            Err(Error::PreconditionFailed) => return Err(Attempt::Moved),
            decided => decided?,
        }
        let marks = self.marks().await?;
        let stale = *condition == Condition::None && self.stale(&card.placement).await?.is_some();
        if stale || !condition.holds(Some(&marks.etag(&card.placement))) {
            return Err(Error::PreconditionFailed.into());
        }
        let op = removal(&card.placement);
        let committed = self.commit(vec![op]).await?;
        Ok(Removed {
            removal: RevisionId(committed.rows.first().copied().unwrap_or(0)),
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
        if let Err(Error::Forbidden { .. }) = &allowed {
            let op = Op::MarkRefused {
                collection: self.collection.id,
                item: placement.item,
            };
            self.core.commit_as(&self.actor, vec![op]).await?;
        }
        allowed
    }

    /// Another last segment for a private book's URL, and so another collection to clients.
    pub async fn set_segment(&self, segment: &str, condition: &Condition) -> Result<()> {
        let op = Op::MoveBook {
            collection: self.collection.id,
            segment: segment.to_owned(),
        };
        self.change_whole(Right::Remove, condition, op).await
    }

    /// Removes a private book with all that is in it; the default one and group books stay.
    ///
    /// Refused as every other deletion is while deletions are held.
    pub async fn remove(&self, condition: &Condition) -> Result<()> {
        self.require_deletions().await?;
        let collection = self.collection.id;
        let op = Op::RemoveBook { collection };
        self.change_whole(Right::RemoveAny, condition, op).await
    }

    /// What only a further private book of the actor's own lets be done with it, if a condition
    /// holds for the whole of it.
    async fn change_whole(&self, right: Right, condition: &Condition, op: Op) -> Result<()> {
        if !self.is_private() || self.is_view() || self.collection.is_default() {
            return Err(Error::Forbidden { right });
        }
        if !condition.holds(Some(&self.etag())) {
            return Err(Error::PreconditionFailed);
        }
        let mut ops = vec![op];
        if *condition != Condition::None {
            ops.insert(
                0,
                Op::Unmoved {
                    collection: self.collection.id,
                    seq: self.collection.seq,
                },
            );
        }
        self.core.commit_as(&self.actor, ops).await.map(drop)
    }

    async fn try_put(
        &self,
        href: &str,
        condition: &Condition,
        edit: &dyn Edit,
    ) -> std::result::Result<Written, Attempt> {
        let found = self.by_hrefs(&[href.to_owned()]).await?;
        let current = found.into_iter().next().flatten();
        let shown = current.as_ref().map(|card| self.content(card));
        let bytes = edit.apply(shown.as_deref());
        let (right, allowed) = match &current {
            Some(card) => {
                let facts = self.facts(&card.placement).await?;
                (Right::Modify, self.allows(&facts, Right::Modify))
            }
            None => (Right::Add, self.may(Right::Add)),
        };
        let marks = self.marks().await?;
        let etag = current.as_ref().map(|card| marks.etag(&card.placement));
        let is_met = condition.holds(etag.as_deref());
        if !allowed {
            let mut document = bytes.unwrap_or_default();
            if let Some(card) = &current
                && (*condition == Condition::None || !is_met)
            {
                document = self.caught_up(card, document).await?;
            }
            self.keep_refused(
                current.as_ref(),
                document,
                &format!("{right} was not allowed"),
                true,
            )
            .await?;
            return Err(Error::Forbidden { right }.into());
        }
        if let Ok(bytes) = &bytes
            && let Err(error) = self.fits_photo(bytes, shown.as_deref())
        {
            self.keep_refused(current.as_ref(), bytes.clone(), &error.to_string(), true)
                .await?;
            return Err(error.into());
        }
        if !is_met {
            let mut document = bytes.unwrap_or_default();
            if let Some(card) = &current {
                document = self.caught_up(card, document).await?;
            }
            self.keep_refused(
                current.as_ref(),
                document,
                "the contact had changed meanwhile",
                false,
            )
            .await?;
            return Err(Error::PreconditionFailed.into());
        }
        let created = current.is_none();
        let mut moved = Moved::new();
        let known = self.actor.client.is_page() || self.follows().await?;
        let written_here = Op::NoteWritten {
            collection: self.collection.id,
            href: href.to_owned(),
        };
        match current {
            None => {
                let (content, overlay, tags) = self.admit(&bytes?, None)?;
                let create = Op::CreateItem {
                    class: self.class().name().into(),
                    creator: self.actor.person,
                    content,
                    placement: NewPlacement {
                        collection: self.collection.id,
                        href: href.to_owned(),
                        server_id: new_server_id(),
                        device: None,
                        altered: false,
                        overlay,
                        tags,
                    },
                };
                let committed = self.commit(vec![create, written_here]).await?;
                moved = committed.collections;
            }
            Some(card) => {
                let held = match condition {
                    Condition::None => self.stale(&card.placement).await?,
                    _ => None,
                };
                let mut ops = Vec::new();
                let mut mine = None;
                match held {
                    None => {
                        ops.extend(self.revision(&card, &bytes?)?);
                        ops.push(written_here);
                    }
                    Some(held) => {
                        let reconciled = self.reconcile(&card, held, edit).await?;
                        if let Some(merged) = reconciled.merged {
                            ops.extend(self.revision(&card, &merged)?);
                        }
                        ops.extend(reconciled.refusal);
                        mine = Some(reconciled.mine);
                    }
                }
                if ops.iter().any(|op| !matches!(op, Op::NoteWritten { .. })) {
                    moved = self.commit(ops).await?.collections;
                }
                if let Some(mine) = mine {
                    let here = moved.iter().find(|(id, _)| *id == self.collection.id);
                    let seq = here.map_or(card.placement.changed, |(_, seq)| *seq);
                    self.note_merged(card.placement.id, seq, mine);
                }
            }
        }
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
        let (content, overlay, tags) = self.admit(bytes, Some(card))?;
        let placement = &card.placement;
        let same_overlay = overlay[..] == placement.overlay[..];
        if content.document[..] == card.document[..] {
            return Ok((!same_overlay).then_some(Op::SetOverlay {
                placement: placement.id,
                expected_changed: placement.changed,
                overlay,
                tags,
                writer: None,
            }));
        }
        Ok(Some(Op::Edit {
            item: placement.item,
            expected_rev: placement.rev,
            content,
            through: placement.id,
            overlay: (!same_overlay).then_some((overlay, tags)),
            writer: None,
        }))
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
        let index = class.index(&document, stored_uid)?;
        if let Some(card) = current {
            if index.uid != card.placement.uid
                && !class.index(&card.document, Some("none"))?.uid_invented
            {
                return Err(Error::UidConflict {
                    href: card.placement.href.clone(),
                });
            }
            if (index.kind == "group") != (card.placement.kind == "group") {
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
        Ok((content, overlay, tags))
    }

    /// Keeps valid content that was refused, for the person to find; malformed content is dropped.
    ///
    /// `marks`: the entity tag changes for this person. Not after a conflict: that would refuse the
    /// next write of the person's other clients, and this one sees another tag anyway.
    pub(super) async fn keep_refused(
        &self,
        card: Option<&Card>,
        document: Vec<u8>,
        reason: &str,
        marks: bool,
    ) -> std::result::Result<(), Attempt> {
        let limit = self.core.limits().document;
        let valid = document.len() <= limit && self.class().index(&document, None).is_ok();
        let op = match card {
            _ if valid => {
                let mut refusal = self.refusal(card, document, reason);
                if let Op::Refuse { mark, .. } = &mut refusal {
                    *mark &= marks;
                }
                refusal
            }
            Some(card) if marks => Op::MarkRefused {
                collection: self.collection.id,
                item: card.placement.item,
            },
            _ => return Ok(()),
        };
        self.commit(vec![op]).await.map(drop)
    }

    pub(in crate::domain) fn refusal(
        &self,
        card: Option<&Card>,
        document: Vec<u8>,
        reason: &str,
    ) -> Op {
        Op::Refuse {
            item: card.map(|card| card.placement.item),
            collection: Some(self.collection.id),
            document,
            reason: reason.to_owned(),
            identity: None,
            mark: card.is_some(),
            notice: !self.actor.client.is_page(),
        }
    }

    /// A refused new item: its bytes differ at every attempt (a fresh UID), what it says does not.
    pub(in crate::domain) fn refused_addition(
        &self,
        fingerprint: &str,
        document: Vec<u8>,
        reason: &str,
    ) -> Op {
        let mut refusal = self.refusal(None, document, reason);
        if let Op::Refuse { identity, .. } = &mut refusal {
            *identity = (!fingerprint.is_empty()).then(|| digest(fingerprint.as_bytes()));
        }
        refusal
    }

    async fn commit(&self, ops: Vec<Op>) -> std::result::Result<Committed, Attempt> {
        match self.core.commit_as(&self.actor, ops).await {
            Ok(committed) => Ok(committed),
            Err(Error::PreconditionFailed) => Err(Attempt::Moved),
            Err(error) => Err(error.into()),
        }
    }
}

/// The operation that takes a placement away as it was read.
pub(in crate::domain) fn removal(placement: &Placement) -> Op {
    Op::Remove {
        placement: placement.id,
        expected_changed: Some(placement.changed),
        writer: None,
    }
}

/// New items as they would be stored, or why not.
pub struct Prepared(Vec<Result<Admitted>>);

/// Content as it is stored, the owner's lines, and the tags they name.
pub(in crate::domain) type Admitted = (Content, Vec<u8>, Vec<String>);

/// How often a decision is taken again when the world moved between reading and committing.
pub(in crate::domain) const RETRIES: usize = 8;

/// A new id for devices: never handed out twice, even by a restored database.
pub(in crate::domain) fn new_server_id() -> String {
    random_id(12)
}

pub(super) enum Attempt {
    /// What the decision rested on moved before the commit.
    Moved,
    Failed(Error),
}

impl From<Error> for Attempt {
    fn from(error: Error) -> Self {
        Attempt::Failed(error)
    }
}

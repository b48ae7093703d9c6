//! Documents, the files kept beside contacts: the details of a document are an item like any other,
//! its octets are stored apart and streamed.

mod kind;
mod name;
mod op;
mod upload;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use name::typed;

use super::{
    actor::Actor,
    batch::{Batch, ItemOp, Op},
    book::Book,
    class::DOCUMENT,
    collection::Collection,
    core::Core,
    error::{Error, Result},
    id::{BlobId, ItemId, PersonId, Timestamp},
    item::{Card, Placement, random_id},
    json,
    rights::Right,
    rule::Rule,
    store::Attachment,
};

pub use kind::{Family, family};
pub use name::cleaned;
pub use op::{DocumentOp, Link};
pub use upload::Upload;

/// Characters of a description.
const DESCRIPTION: usize = 10_000;
/// Orphans ended in one commit, so that other writes get their turn.
const COLLECTED: i64 = 20;
/// Hours octets may take to arrive.
const ARRIVING: i64 = 24 * 60 * 60 * 1000;

/// What is said of a document: the content of its item, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Details {
    pub uid: String,
    /// The file's name, cleaned by [`cleaned`].
    pub name: String,
    /// Media type as the octets tell it, not as the sender did.
    #[serde(rename = "type")]
    pub media_type: String,
    pub octets: i64,
    /// Lower-case hex SHA-256 of the octets.
    pub digest: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl Details {
    /// Reads what [`Details::write`] wrote. Refuses with `InvalidDocument`.
    pub fn read(document: &[u8]) -> Result<Self> {
        let details: Self = serde_json::from_slice(document)
            .map_err(|error| Error::InvalidDocument(format!("not a document: {error}").into()))?;
        let whole = details.digest.len() == 64 && details.octets >= 0 && !details.uid.is_empty();
        if whole && details.name == cleaned(&details.name) {
            Ok(details)
        } else {
            Err(Error::InvalidDocument(
                "the details of the document are not whole".into(),
            ))
        }
    }

    /// The details as the JSON document of an item.
    pub fn write(&self) -> Result<Vec<u8>> {
        json::write(self)
    }
}

/// What is to be different about a document; none: as it is.
#[derive(Default)]
pub struct Change {
    pub name: Option<String>,
    pub description: Option<String>,
    /// A new version of its octets.
    pub content: Option<Upload>,
}

/// Octets of a person's documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Octets of documents that are in some place.
    pub live: i64,
    /// Octets with earlier versions and trash.
    pub kept: i64,
}

/// How much more kept octets may be than live ones.
pub const KEPT_TIMES: i64 = 3;

/// What a store knows of documents.
#[async_trait]
pub trait Documents: Send + Sync {
    /// Folders a person may open, deleted ones too: of Private, then of groups by their name; the
    /// default one first, others by name.
    async fn folders(&self, person: PersonId) -> Result<Vec<Collection>>;
    async fn weight(&self, person: PersonId) -> Result<Weight>;
    /// The quota of the account, else of its class; none where the server's rule applies.
    async fn document_quota(&self, person: PersonId) -> Result<Option<i64>>;
    /// One chunk of the octets with a digest, counted from 0; none past the end.
    async fn chunk(&self, digest: &str, chunk: i64) -> Result<Option<Bytes>>;
    /// Documents attached to a contact, oldest link first.
    async fn attachments(&self, contact: ItemId) -> Result<Vec<Attachment>>;
    /// Contacts a document is attached to.
    async fn attached_to(&self, document: ItemId) -> Result<Vec<ItemId>>;
}

impl Book {
    /// Begins to receive a document. Needs *Add*.
    pub async fn begin_upload(&self, name: &str) -> Result<Upload> {
        let right = Right::Add;
        if !self.collection().is_folder() {
            return Err(Error::Invalid(Rule::OtherKind));
        }
        if self.collection().hidden.is_some() {
            return Err(Error::Invalid(Rule::FolderDeleted));
        }
        if self.may(right) {
            Upload::begin(self.core(), self.actor(), name, (self.actor().person, 0)).await
        } else {
            Err(Error::Forbidden { right })
        }
    }

    /// Begins to receive a new version of a document. Needs *Modify*.
    pub async fn begin_version(&self, placement: &Placement, name: &str) -> Result<Upload> {
        self.require(placement, Right::Modify).await?;
        let replaced = Details::read(&self.current(placement).await?.document)?.octets;
        let payer = (placement.creator, replaced);
        Upload::begin(self.core(), self.actor(), name, payer).await
    }

    /// Adds what was received, all or nothing; the ids pages know the documents by. Needs *Add*.
    pub async fn add_documents(&self, mut uploads: Vec<Upload>) -> Result<Vec<String>> {
        let mut received = Vec::with_capacity(uploads.len());
        for upload in &mut uploads {
            received.push(upload.finish().await?);
        }
        let received = &received;
        let ids = self
            .decided(|book| async move {
                let right = Right::Add;
                if !book.may(right) {
                    return Err(Error::Forbidden { right });
                }
                let mut ops = Vec::new();
                let mut ids = Vec::with_capacity(received.len());
                for (blob, details) in received {
                    let details = Details {
                        uid: random_id(16),
                        ..details.clone()
                    };
                    let admitted = book.admit(&details.write()?, None)?;
                    ops.extend(sealing(*blob, &admitted.content.index.blob));
                    let placement = book.new_placement(details.uid);
                    ids.push(placement.server_id.clone());
                    ops.push(book.creation(admitted, placement));
                }
                ops.extend(book.core().fitting(book.actor().person).await?);
                book.core().commit_as(book.actor(), ops).await?;
                Ok(ids)
            })
            .await?;
        uploads.into_iter().for_each(Upload::kept);
        Ok(ids)
    }

    /// Changes a document as it was when its entity tag was `etag`. Needs *Modify*.
    ///
    /// `PreconditionFailed` when it changed since; octets received are kept in its history then.
    pub async fn change_document(
        &self,
        placement: &Placement,
        etag: &str,
        mut change: Change,
    ) -> Result<()> {
        let received = match &mut change.content {
            Some(upload) => Some(upload.finish().await?),
            None => None,
        };
        let (received, wanted) = (&received, &change);
        let attempt = self.decided(|book| async move {
            let card = book.current(placement).await?;
            book.require(&card.placement, Right::Modify).await?;
            if book.etag_of(&card.placement).await? != etag {
                return Err(Error::PreconditionFailed);
            }
            let details = changed(Details::read(&card.document)?, wanted, received)?;
            let Some(op) = book.revision(&card, &details.write()?)? else {
                return Ok(());
            };
            let mut ops = Vec::new();
            if let (Some((blob, _)), Op::Item(ItemOp::Edit { content, .. })) = (received, &op) {
                ops.extend(sealing(*blob, &content.index.blob));
            }
            ops.push(op);
            ops.extend(book.core().fitting(card.placement.creator).await?);
            book.core().commit_as(book.actor(), ops).await.map(drop)
        });
        let outcome = attempt.await;
        let is_kept = match (&outcome, received) {
            (Err(Error::PreconditionFailed), Some(late)) => self.keep_late(placement, late).await?,
            (outcome, _) => outcome.is_ok(),
        };
        if let Some(upload) = change.content.filter(|_| is_kept) {
            upload.kept();
        }
        outcome
    }

    /// Puts octets that came too late into the history, as the version before the present one.
    /// False when they are the present ones.
    async fn keep_late(&self, placement: &Placement, late: &(BlobId, Details)) -> Result<bool> {
        let (blob, received) = late;
        let present = self
            .decided(|book| async move {
                let card = book.current(placement).await?;
                book.require(&card.placement, Right::Modify).await?;
                let present = Details::read(&card.document)?;
                let between = Details {
                    name: present.name.clone(),
                    description: present.description.clone(),
                    uid: present.uid.clone(),
                    ..received.clone()
                };
                let Some(op) = book.revision(&card, &between.write()?)? else {
                    return Ok(None);
                };
                let mut ops = Vec::new();
                if let Op::Item(ItemOp::Edit { content, .. }) = &op {
                    ops.extend(sealing(*blob, &content.index.blob));
                }
                ops.push(op);
                ops.extend(book.core().fitting(card.placement.creator).await?);
                book.core().commit_as(book.actor(), ops).await?;
                Ok(Some(present))
            })
            .await?;
        let Some(present) = &present else {
            return Ok(false);
        };
        self.decided(|book| async move {
            let card = book.current(placement).await?;
            // Somebody replaced it again: both are in the history.
            if Details::read(&card.document)?.digest != received.digest {
                return Ok(());
            }
            let back = book.revision(&card, &present.write()?)?;
            let ops = back.into_iter().collect();
            book.core().commit_as(book.actor(), ops).await.map(drop)
        })
        .await?;
        Ok(true)
    }

    /// What refuses to bring back more octets than their creators' quotas hold.
    pub(super) async fn fitting_all(&self, ops: &[Op]) -> Result<Vec<Op>> {
        if self.collection().is_folder() {
            self.core().fitting_all(ops).await
        } else {
            Ok(Vec::new())
        }
    }

    /// The octets of an earlier version, as [`Book::history`] offers it.
    pub async fn earlier_details(
        &self,
        placement: &Placement,
        version: super::id::RevisionId,
    ) -> Result<Details> {
        Details::read(&self.version(placement, version).await?)
    }
}

/// The details with what is to be different.
fn changed(
    mut details: Details,
    wanted: &Change,
    received: &Option<(BlobId, Details)>,
) -> Result<Details> {
    if let Some((_, new)) = received {
        details.media_type.clone_from(&new.media_type);
        details.digest.clone_from(&new.digest);
        details.octets = new.octets;
    }
    if let Some(name) = &wanted.name {
        details.name = typed(name)?;
    }
    if let Some(description) = &wanted.description {
        if description.chars().count() > DESCRIPTION {
            return Err(Error::Invalid(Rule::Description(DESCRIPTION)));
        }
        description.trim().clone_into(&mut details.description);
    }
    Ok(details)
}

fn sealing(blob: BlobId, content: &Option<super::class::Blob>) -> Option<Op> {
    content
        .clone()
        .map(|content| Op::Document(DocumentOp::SealBlob { blob, content }))
}

impl Core {
    /// The octets of a document from the one numbered `chunk`; none at the end.
    pub async fn chunk(&self, details: &Details, chunk: i64) -> Result<Option<Bytes>> {
        self.store().chunk(&details.digest, chunk).await
    }

    /// Octets the documents of a person may have; none: no limit.
    pub async fn document_limit(&self, person: PersonId) -> Result<Option<i64>> {
        Ok(match self.store().document_quota(person).await? {
            Some(0) => None,
            Some(limit) => Some(limit),
            None => self.limits().documents,
        })
    }

    /// Octets of a person's documents.
    pub async fn document_weight(&self, person: PersonId) -> Result<Weight> {
        self.store().weight(person).await
    }

    /// The operation that fails if a commit would exceed a person's quota; none without a limit.
    pub(super) async fn fitting(&self, person: PersonId) -> Result<Option<Op>> {
        let limit = self.document_limit(person).await?;
        Ok(limit.map(|limit| Op::Document(DocumentOp::FitDocuments { person, limit })))
    }

    /// The operations that fail unless the documents which `ops` restore fit the quotas of their
    /// creators.
    pub(super) async fn fitting_all(&self, ops: &[Op]) -> Result<Vec<Op>> {
        let mut creators = BTreeSet::new();
        for op in ops {
            let placement = match op {
                Op::Item(ItemOp::RestorePlacement { placement, .. }) => *placement,
                Op::Item(ItemOp::Edit {
                    through, content, ..
                }) if content.index.blob.is_some() => *through,
                _ => continue,
            };
            let card = self.store().placement(placement).await?;
            let placement = card.map(|card| card.placement);
            let document = placement.filter(|placement| placement.class == DOCUMENT);
            creators.extend(document.map(|document| document.creator));
        }
        let mut fitting = Vec::new();
        for creator in creators {
            fitting.extend(self.fitting(creator).await?);
        }
        Ok(fitting)
    }

    /// Ends what was arriving when the server stopped: run once, before it serves.
    pub async fn discard_uploads(&self) -> Result<()> {
        self.collect(Timestamp::now()).await
    }

    /// Ends octets nothing refers to any more.
    pub(super) async fn collect_orphans(&self) -> Result<()> {
        self.collect(Timestamp(Timestamp::now().0 - ARRIVING)).await
    }

    async fn collect(&self, begun_before: Timestamp) -> Result<()> {
        let collect = || {
            let collect = Op::Document(DocumentOp::CollectBlobs {
                begun_before,
                most: COLLECTED,
            });
            self.commit(Batch::of_program("", vec![collect]).may_be_lost())
        };
        while collect().await?.more {}
        Ok(())
    }

    /// An item of the actor's wherever they may open it, Private first.
    pub async fn open_item(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        item: ItemId,
    ) -> Result<Option<(Book, Card)>> {
        let found = self.readable(actor, item, None).await?;
        // What a deleted folder held is in the trash.
        Ok(found.filter(|(book, _)| book.collection().hidden.is_none()))
    }
}

//! Uploads: octets are stored chunk by chunk, never whole in memory, and removed unless the upload
//! completes.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{Details, DocumentOp, cleaned, kind::media_type};
use crate::domain::{
    actor::Actor,
    batch::{Batch, Op},
    core::Core,
    error::{Error, Result},
    id::{BlobId, PersonId},
    item::hex,
};

/// Octets of one chunk.
const CHUNK: usize = 256 * 1024;
/// Octets the type is told from.
const HEAD: usize = 8 * 1024;

/// A document that is being received. Dropped before it was kept, nothing of it stays.
pub struct Upload {
    core: Arc<Core>,
    blob: BlobId,
    name: String,
    waiting: Vec<u8>,
    head: Vec<u8>,
    hash: Sha256,
    chunks: i64,
    octets: u64,
    /// Octets that may come, and the quota where that is what bounds them.
    most: u64,
    quota: Option<i64>,
    kept: bool,
}

impl Upload {
    /// `payer`: whose quota the octets count in, and how many octets of theirs they replace.
    pub(super) async fn begin(
        core: &Arc<Core>,
        actor: &Actor,
        name: &str,
        (payer, replaced): (PersonId, i64),
    ) -> Result<Self> {
        let most = core.limits().upload;
        let (most, quota) = match core.document_limit(payer).await? {
            None => (most, None),
            Some(limit) => {
                let used = core.document_weight(payer).await?.live;
                let room = u64::try_from(limit - used + replaced).unwrap_or(0);
                if room < most {
                    (room, Some(limit))
                } else {
                    (most, None)
                }
            }
        };
        let begin = vec![Op::Document(DocumentOp::BeginBlob)];
        let batch = Batch::of_program("", begin).for_person(actor.person);
        let committed = core.commit(batch.may_be_lost()).await?;
        Ok(Self {
            core: core.clone(),
            blob: committed.row()?,
            name: cleaned(name),
            waiting: Vec::with_capacity(CHUNK),
            head: Vec::new(),
            hash: Sha256::new(),
            chunks: 0,
            octets: 0,
            most,
            quota,
            kept: false,
        })
    }

    /// Takes the next octets. Refuses with `TooLarge` or `OverQuota`.
    pub async fn write(&mut self, mut octets: &[u8]) -> Result<()> {
        self.octets += octets.len() as u64;
        if self.octets > self.most {
            return Err(match self.quota {
                Some(limit) => Error::OverQuota { limit },
                None => Error::TooLarge {
                    limit: usize::try_from(self.most).unwrap_or(usize::MAX),
                },
            });
        }
        self.hash.update(octets);
        let missing = HEAD - self.head.len();
        self.head
            .extend_from_slice(&octets[..octets.len().min(missing)]);
        while !octets.is_empty() {
            let (now, later) = octets.split_at(octets.len().min(CHUNK - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            octets = later;
            if self.waiting.len() == CHUNK {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Octets received so far.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    async fn flush(&mut self) -> Result<()> {
        let data = std::mem::replace(&mut self.waiting, Vec::with_capacity(CHUNK));
        let op = Op::Document(DocumentOp::WriteBlob {
            blob: self.blob,
            chunk: self.chunks,
            data,
        });
        self.chunks += 1;
        // On the disk for good with the commit that keeps it.
        let batch = Batch::of_program("", vec![op]).may_be_lost();
        self.core.commit(batch).await.map(drop)
    }

    /// All have come: what they are.
    pub(super) async fn finish(&mut self) -> Result<(BlobId, Details)> {
        if !self.waiting.is_empty() {
            self.flush().await?;
        }
        let details = Details {
            media_type: media_type(&self.head, self.octets, &self.name).to_owned(),
            octets: i64::try_from(self.octets).unwrap_or(i64::MAX),
            digest: hex(&self.hash.clone().finalize()),
            name: self.name.clone(),
            ..Details::default()
        };
        Ok((self.blob, details))
    }

    /// An item refers to it now.
    pub(super) fn kept(mut self) {
        self.kept = true;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if self.kept {
            return;
        }
        let (core, blob) = (self.core.clone(), self.blob);
        runtime.spawn(async move {
            let dropped = vec![Op::Document(DocumentOp::DropBlob { blob })];
            let batch = Batch::of_program("", dropped).may_be_lost();
            if let Err(error) = core.commit(batch).await {
                tracing::warn!(%error, "octets of a broken upload stay until the next start");
            }
        });
    }
}

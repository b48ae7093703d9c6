//! The version a form was made from, and whether the item changed while the form was filled in.

use super::{Book, Condition};
use crate::domain::{
    error::{Error, Result},
    id::{RevisionId, Seq},
    item::{Card, Placement, digest},
    refused::Why,
    store::Version,
};

/// The version a form was made from, compared with the present content.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It is the present content; a write over it needs this condition.
    Now(Condition),
    /// It is an earlier version, with its content; none where that is no longer kept.
    Before(Option<Vec<u8>>),
}

impl Book {
    /// Names the version of a card this person sees, for [`Book::seen`]: `SEQUENCE ETAG`.
    pub async fn version_of(&self, card: &Card) -> Result<String> {
        let etag = self.etag_of(&card.placement).await?;
        Ok(format!("{} {etag}", card.placement.changed.0))
    }

    /// Compares a version named by [`Book::version_of`] with the card as it is now.
    pub async fn seen(&self, card: &Card, version: &str) -> Result<Seen> {
        let etag = self.etag_of(&card.placement).await?;
        let (_, tag) = version.split_once(' ').unwrap_or(("", version));
        let before = if tag == etag {
            None
        } else {
            self.seen_at(&card.placement, version).await?
        };
        // A refusal alone changes what the version is called.
        let is_same = before.as_deref() == Some(&*self.content(card));
        Ok(if tag == etag || is_same {
            Seen::Now(Condition::Match(vec![etag]))
        } else {
            Seen::Before(before)
        })
    }

    /// The content this person saw of a removed item, at a version named by [`Book::version_of`];
    /// none where it is no longer kept. `NotFound` when the item was never here.
    pub async fn seen_of_gone(&self, server_id: &str, version: &str) -> Result<Option<Vec<u8>>> {
        let gone = self.gone(server_id).await?.placement;
        self.seen_at(&gone, version).await
    }

    async fn seen_at(&self, placement: &Placement, version: &str) -> Result<Option<Vec<u8>>> {
        let Some((held, tag)) = version.split_once(' ') else {
            return Ok(None);
        };
        let Ok(held) = held.parse() else {
            return Ok(None);
        };
        let store = self.core.store();
        let found = store.version_at(placement.id, Seq(held), None).await?;
        let Some(version) = found else {
            return Ok(None);
        };
        let was = Placement {
            digest: digest(&version.document),
            overlay: version.overlay.clone().into(),
            ..placement.clone()
        };
        // Only who has seen a version knows its tag; others may have been meant not to see it.
        let refused = self.marks_of([&was]).await?.of(&was);
        let is_seen = (0..=refused).any(|mark| was.etag(mark) == tag);
        Ok(is_seen.then(|| self.shown(&version.document, &version.overlay)))
    }

    /// Keeps a write to a removed item among the person's refused changes.
    pub async fn keep_of_gone(
        &self,
        server_id: &str,
        document: &[u8],
    ) -> Result<Option<RevisionId>> {
        let gone = &self.gone(server_id).await?;
        if document.len() > self.core.limits().document {
            return Ok(None);
        }
        self.decided(|book| async move {
            let refusal = book.refusal(Some(gone), document.to_vec(), Why::RemovedMeanwhile);
            let ops = vec![refusal.unmarked().into()];
            book.core.commit_as(&book.actor, ops).await.map(drop)
        })
        .await?;
        self.core.kept_refused(&self.actor, document).await
    }

    /// Another place that shows a removed item to this person.
    pub async fn elsewhere(&self, server_id: &str) -> Result<Option<(Book, Card)>> {
        let item = match self.gone(server_id).await {
            Ok(gone) => gone.placement.item,
            Err(Error::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.core.readable(&self.actor, item, None).await
    }

    async fn gone(&self, server_id: &str) -> Result<Card> {
        let ids = [server_id.to_owned()];
        let store = self.core.store();
        let found = store.by_server_ids(self.collection.id, &ids).await?;
        found.into_iter().next().flatten().ok_or(Error::NotFound)
    }

    /// The content the place showed of an item at a sequence; none where it is no longer kept.
    pub(in crate::domain) async fn content_at(
        &self,
        placement: &Placement,
        held: Seq,
    ) -> Result<Option<Vec<u8>>> {
        let store = self.core.store();
        let is_view = self.is_view();
        let version = if is_view {
            store.version_in_view(placement.id, held, None).await?
        } else {
            store.version_at(placement.id, held, None).await?
        };
        Ok(version.map(|Version { document, overlay }| {
            if is_view && !placement.mixed {
                self.class().join(&document, &overlay)
            } else {
                self.shown(&document, &overlay)
            }
        }))
    }
}

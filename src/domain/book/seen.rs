//! The version a form was made from, and what became of it while somebody filled it in.

use super::{Book, Condition};
use crate::domain::{
    error::Result,
    id::Seq,
    item::{Card, Placement},
};

/// How a version that was shown stands to what there is.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It is the content still; a write over it needs this condition.
    Now(Condition),
    /// What it was; none where that is no longer remembered.
    Before(Option<Vec<u8>>),
}

impl Book {
    /// Names the version of a card this person sees, for [`Book::seen`]: `SEQUENCE ETAG`.
    pub async fn version_of(&self, card: &Card) -> Result<String> {
        let etag = self.marks().await?.etag(&card.placement);
        Ok(format!("{} {etag}", card.placement.changed.0))
    }

    /// What [`Book::version_of`] named, beside the card as it is now.
    pub async fn seen(&self, card: &Card, version: &str) -> Result<Seen> {
        let etag = self.marks().await?.etag(&card.placement);
        let (held, tag) = version.split_once(' ').unwrap_or(("", version));
        let before = match held.parse() {
            Ok(held) if tag != etag => self.content_at(&card.placement, Seq(held)).await?,
            _ => None,
        };
        // A refusal alone changes what the version is called.
        let is_same = before.as_deref() == Some(&*self.content(card));
        Ok(match tag == etag || is_same {
            true => Seen::Now(Condition::Match(vec![etag])),
            false => Seen::Before(before),
        })
    }

    /// What the place showed of an item up to a sequence, as far as it is remembered.
    pub(super) async fn content_at(
        &self,
        placement: &Placement,
        held: Seq,
    ) -> Result<Option<Vec<u8>>> {
        let store = self.core.store();
        let version = store.version_at(placement.id, held, None).await?;
        Ok(version.map(|(document, overlay)| self.shown(&document, &overlay)))
    }
}

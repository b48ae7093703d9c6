//! Changes of a book after a cursor, a page at a time: first the cards whose entity tag changed for
//! this reader alone, then members in the order they changed.

use super::{Book, Member};
use crate::domain::{
    cursor::Cursor,
    error::Result,
    id::{Seq, Timestamp},
    item::Card,
    store::{Order, Want},
};

/// Members after a position, up to where the book stood when it was opened (RFC 6578 §3.6).
///
/// A member that changes meanwhile is past the end and belongs to the next reading.
pub struct Changes<'a> {
    book: &'a Book,
    order: Order,
    want: Want,
    after: Seq,
    /// Removals up to this sequence do not concern the client.
    told: Seq,
    done: bool,
    /// Time up to which the actor's refused writes were reported; these come before anything else.
    refused: Option<Timestamp>,
    /// Generated lists are added to the last page, if that page is not empty or the client needs
    /// them.
    lists: bool,
}

impl Book {
    /// The changes since a cursor; none: all live items.
    pub fn changes(&self, since: Option<&Cursor>, want: Want) -> Result<Changes<'_>> {
        let (order, after, told, refused) = match since {
            None => (Order::Changed, Seq(0), self.collection.seq, self.refused),
            Some(cursor) => {
                let after = cursor.seq_in(&self.collection)?;
                (Order::Moved, after, cursor.told(), cursor.refused())
            }
        };
        Ok(Changes {
            book: self,
            order,
            want,
            after,
            told,
            done: false,
            refused,
            lists: since.is_none() && self.makes_lists(),
        })
    }
}

impl Changes<'_> {
    /// The next members, at most `limit` (1 or more); empty at the end.
    ///
    /// A member whose href was put again since is left out: its live placement answers for it.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<Member>> {
        let (cards, reached) = self.refused_cards(limit, self.want).await?;
        self.refused = reached;
        if !cards.is_empty() {
            return Ok(cards.into_iter().map(present).collect());
        }
        while !self.done {
            let rows = self.read(limit).await?;
            let Some(last) = rows.last() else {
                self.done = true;
                return self.lists().await;
            };
            self.after = position(last);
            let mut members = self.members(rows).await?;
            if self.book.makes_lists() && self.rows(1, Want::Heads).await?.is_empty() {
                (self.done, self.lists) = (true, true);
                members.extend(self.lists().await?);
            }
            if !members.is_empty() {
                return Ok(members);
            }
        }
        Ok(Vec::new())
    }

    async fn lists(&mut self) -> Result<Vec<Member>> {
        if std::mem::take(&mut self.lists) {
            let lists = self.book.lists().await?;
            Ok(lists.into_iter().map(present).collect())
        } else {
            Ok(Vec::new())
        }
    }

    /// Whether more members follow; costs a read of one row.
    pub async fn more(&mut self) -> Result<bool> {
        let (cards, reached) = self.refused_cards(1, Want::Heads).await?;
        if !cards.is_empty() {
            return Ok(true);
        }
        self.refused = reached;
        self.done = self.done || self.rows(1, Want::Heads).await?.is_empty();
        Ok(!self.done)
    }

    /// Cards whose entity tag changed for the actor alone, because a write of theirs was refused,
    /// and the time up to which these are reported. Cards that changed for everybody come with the
    /// others.
    async fn refused_cards(
        &self,
        limit: usize,
        want: Want,
    ) -> Result<(Vec<Card>, Option<Timestamp>)> {
        let mut reached = self.refused;
        while let Some(upto) = self.book.refused.filter(|upto| reached < Some(*upto)) {
            let mut rows = self
                .book
                .core
                .store()
                .refused_cards(
                    self.book.actor.person,
                    self.book.collection.id,
                    reached,
                    upto,
                    limit,
                    want,
                )
                .await?;
            reached = Some(rows.last().map_or(upto, |(_, at)| *at));
            rows.retain(|(card, _)| card.placement.changed <= self.after);
            if !rows.is_empty() {
                return Ok((rows.into_iter().map(|(card, _)| card).collect(), reached));
            }
        }
        Ok((Vec::new(), reached))
    }

    /// The cursor that describes exactly the members read so far.
    pub fn cursor(&self) -> Cursor {
        let reached = if self.done {
            self.book.collection.seq
        } else {
            self.after
        };
        Cursor::within(&self.book.collection, reached, self.told).with_refused(self.refused)
    }

    async fn read(&self, limit: usize) -> Result<Vec<Card>> {
        self.rows(limit, self.want).await
    }

    async fn rows(&self, limit: usize, want: Want) -> Result<Vec<Card>> {
        let collection = &self.book.collection;
        self.book
            .core
            .store()
            .page(
                collection.id,
                self.order,
                self.after,
                collection.seq,
                limit,
                want,
            )
            .await
    }

    async fn members(&self, mut rows: Vec<Card>) -> Result<Vec<Member>> {
        rows.retain(|card| card.placement.gone.is_none_or(|gone| gone > self.told));
        let removed: Vec<String> = rows
            .iter()
            .filter(|card| !card.placement.is_live())
            .map(|card| card.placement.href.clone())
            .collect();
        let mut replaced = if removed.is_empty() {
            Vec::new()
        } else {
            self.book.heads(&removed).await?
        }
        .into_iter();
        Ok(rows
            .into_iter()
            .filter_map(|card| {
                if card.placement.is_live() {
                    Some(Member::Present(Box::new(card)))
                } else {
                    match replaced.next().flatten() {
                        Some(_) => None,
                        None => Some(Member::Gone(card.placement.href)),
                    }
                }
            })
            .collect())
    }
}

fn present(card: Card) -> Member {
    Member::Present(Box::new(card))
}

fn position(card: &Card) -> Seq {
    card.placement.gone.unwrap_or(card.placement.changed)
}

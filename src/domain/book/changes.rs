//! Changes of a book after a cursor, a page at a time: first the cards whose entity tag changed for
//! this reader alone, then members in the order they changed, then generated lists.

use std::collections::HashSet;

use super::{Book, Member};
use crate::domain::{
    cursor::Cursor,
    error::Result,
    id::{Seq, Timestamp},
    item::{Card, Placement},
    store::{Order, Span, Want},
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
    lists: Lists,
}

/// Generated lists, told after the members: they have no sequence.
struct Lists {
    /// The lists after this one are still to be told; none: nothing that was read has changed a
    /// list.
    after: Option<i64>,
    /// Where the client stood when it had been told of all lists; none: any of them may have changed.
    since: Option<Seq>,
    /// Names of the lists that changed since.
    changed: HashSet<String>,
    /// Rows examined so far.
    examined: usize,
    /// The lists still to be told, once they were made.
    made: Option<Vec<Card>>,
}

/// Changed members whose lists are looked for; beyond, all lists are told.
const MAX_EXAMINED: usize = 100;

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
        let lists = Lists {
            after: match since {
                _ if !self.makes_lists() => None,
                None => Some(0),
                Some(cursor) => cursor.lists(),
            },
            since: since
                .filter(|cursor| cursor.lists().is_none() && !self.is_view())
                .map(|_| after),
            changed: HashSet::new(),
            examined: 0,
            made: None,
        };
        Ok(Changes {
            book: self,
            order,
            want,
            after,
            told,
            done: false,
            refused,
            lists,
        })
    }
}

impl Changes<'_> {
    /// The next members, at most `limit` (1 or more); empty at the end.
    ///
    /// A member whose href was put again since is left out: its live placement answers for it.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<Member>> {
        let (mut cards, reached) = self.refused_cards(limit, self.want).await?;
        self.refused = reached;
        if !cards.is_empty() {
            self.place(&mut cards).await?;
            return Ok(cards.into_iter().map(present).collect());
        }
        while !self.done {
            let mut rows = self.read(limit).await?;
            self.place(&mut rows).await?;
            let Some(last) = rows.last() else {
                self.done = true;
                break;
            };
            self.after = position(last);
            if self.book.makes_lists() {
                self.examine(&rows).await?;
            }
            let members = self.members(rows).await?;
            if !members.is_empty() {
                return Ok(members);
            }
        }
        let lists = self.lists().await?;
        let page: Vec<Card> = lists.drain(..lists.len().min(limit)).collect();
        if let Some(last) = page.last() {
            self.lists.after = Some(list_position(last));
        }
        Ok(page.into_iter().map(present).collect())
    }

    async fn place(&self, cards: &mut [Card]) -> Result<()> {
        if self.book.is_view() {
            self.book.place_cards(cards.iter_mut()).await?;
        }
        Ok(())
    }

    /// The generated lists still to be told, in the order of their positions.
    async fn lists(&mut self) -> Result<&mut Vec<Card>> {
        let lists = match self.lists.made.take() {
            Some(made) => made,
            None => self.pending_lists().await?,
        };
        if lists.is_empty() {
            self.lists.after = None;
        }
        Ok(self.lists.made.insert(lists))
    }

    async fn pending_lists(&self) -> Result<Vec<Card>> {
        let Some(after) = self.lists.after else {
            return Ok(Vec::new());
        };
        let mut lists = self.book.lists().await?;
        let name = |card: &Card| card.placement.display.to_lowercase();
        let names: HashSet<String> = lists.iter().map(name).collect();
        // A name that is no list's may be another spelling of one.
        let some = self.lists.since.is_some() && self.lists.changed.is_subset(&names);
        lists.retain(|card| {
            let is_told = some && !self.lists.changed.contains(&name(card));
            list_position(card) > after && !is_told
        });
        lists.sort_by_key(list_position);
        Ok(lists)
    }

    /// Finds out which lists some changed members were or are on.
    async fn examine(&mut self, rows: &[Card]) -> Result<()> {
        self.lists.examined += rows.len();
        if self.lists.examined > MAX_EXAMINED {
            self.lists.since = None;
        }
        for card in rows {
            let Some(since) = self.lists.since else { break };
            match self.moved_lists(&card.placement, since).await? {
                Some(names) => self.lists.changed.extend(names),
                None => self.lists.since = None,
            }
        }
        if self.lists.since.is_none() || !self.lists.changed.is_empty() {
            self.lists.after = Some(0);
        }
        Ok(())
    }

    /// The lists a member came onto or left since a sequence; none where it is not known any more.
    async fn moved_lists(
        &self,
        placement: &Placement,
        since: Seq,
    ) -> Result<Option<HashSet<String>>> {
        let names = |tags: Vec<String>| -> HashSet<String> {
            tags.iter().map(|tag| tag.to_lowercase()).collect()
        };
        let now = if placement.is_live() {
            names(self.book.tags_of(placement.item).await?)
        } else {
            HashSet::new()
        };
        if placement.born > since {
            return Ok(Some(now));
        }
        let Some(before) = self.book.content_at(placement, since).await? else {
            return Ok(None);
        };
        let class = self.book.class();
        let index = class.index(&before, None);
        let before = names(class.split(&before)?.tags);
        // Lists name their members by UID.
        let moved = if index.is_ok_and(|index| index.uid == placement.uid) {
            now.symmetric_difference(&before).cloned().collect()
        } else {
            now.union(&before).cloned().collect()
        };
        Ok(Some(moved))
    }

    /// Whether more members follow; costs a read of one row, and of the lists where they are due.
    pub async fn more(&mut self) -> Result<bool> {
        let (cards, reached) = self.refused_cards(1, Want::Heads).await?;
        if !cards.is_empty() {
            return Ok(true);
        }
        self.refused = reached;
        self.done = self.done || self.rows(1, Want::Heads).await?.is_empty();
        Ok(!self.done || !self.lists().await?.is_empty())
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
        Cursor::within(&self.book.collection, reached, self.told)
            .with_refused(self.refused)
            .with_lists(self.lists.after)
    }

    async fn read(&self, limit: usize) -> Result<Vec<Card>> {
        self.rows(limit, self.want).await
    }

    async fn rows(&self, limit: usize, want: Want) -> Result<Vec<Card>> {
        let collection = &self.book.collection;
        let span = Span {
            after: self.after,
            upto: collection.seq,
            limit,
        };
        self.book
            .core
            .store()
            .page(collection.id, self.order, span, want)
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

/// The place of a generated list among the others.
fn list_position(card: &Card) -> i64 {
    -card.placement.item.0
}

fn present(card: Card) -> Member {
    Member::Present(Box::new(card))
}

fn position(card: &Card) -> Seq {
    card.placement.gone.unwrap_or(card.placement.changed)
}

//! Sequences and counts of the collections a batch touches: read once, written once.

use std::collections::btree_map::Entry;

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{error::Error, rule::Rule};

/// A collection within a batch: how it was found, and changes that are not written to its row yet.
pub(super) struct Touched {
    pub(super) seq: i64,
    closed: Option<Closed>,
    placed: i64,
    octets: i64,
}

/// Why nothing is put into a collection.
#[derive(Clone, Copy)]
enum Closed {
    /// A folder that was deleted and can come back.
    Hidden,
    /// A book or a group that is gone.
    Removed,
}

impl Commit<'_> {
    /// Takes the next sequence of a collection.
    pub(super) fn next_seq(&mut self, collection: i64) -> Applied<i64> {
        let touched = self.touched(collection)?;
        touched.seq += 1;
        Ok(touched.seq)
    }

    /// Nothing is put where nobody would see it: the decision was made before its place was deleted.
    pub(super) fn require_open(&mut self, collection: i64) -> Applied<()> {
        match self.touched(collection)?.closed {
            None => Ok(()),
            Some(Closed::Hidden) => Err(Error::Invalid(Rule::FolderDeleted).into()),
            Some(Closed::Removed) => Err(Error::Moved.into()),
        }
    }

    fn touched(&mut self, collection: i64) -> Applied<&mut Touched> {
        Ok(match self.collections.entry(collection) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let touched = self
                    .connection
                    .prepare_cached(
                        "SELECT seq, hidden IS NOT NULL, kind LIKE 'removed%' FROM collection
                         WHERE id = ?1",
                    )?
                    .query_row([collection], |row| {
                        let (hidden, removed): (bool, bool) = (row.get(1)?, row.get(2)?);
                        Ok(Touched {
                            seq: row.get(0)?,
                            closed: if removed {
                                Some(Closed::Removed)
                            } else {
                                hidden.then_some(Closed::Hidden)
                            },
                            placed: 0,
                            octets: 0,
                        })
                    })
                    .optional()?
                    .ok_or(Error::NotFound)?;
                entry.insert(touched)
            }
        })
    }

    /// Counts a placement that took a sequence of a collection, and the octets of its document.
    pub(super) fn count_placed(&mut self, collection: i64, octets: i64) {
        if let Some(touched) = self.collections.get_mut(&collection) {
            touched.placed += 1;
            touched.octets += octets;
        }
    }

    /// Writes the rows of the collections touched so far: before they are read, and at the end of a
    /// batch.
    pub(super) fn write_collections(&mut self) -> Applied<()> {
        for (collection, touched) in &mut self.collections {
            self.connection
                .prepare_cached(
                    "UPDATE collection SET seq = ?2, live = live + ?3, octets = octets + ?4
                     WHERE id = ?1",
                )?
                .execute(params![
                    collection,
                    touched.seq,
                    std::mem::take(&mut touched.placed),
                    std::mem::take(&mut touched.octets),
                ])?;
        }
        Ok(())
    }

    /// Number of live placements of a collection, changes of this batch included.
    pub(super) fn live_in(&mut self, collection: i64) -> Applied<i64> {
        self.write_collections()?;
        let live = self
            .connection
            .prepare_cached("SELECT live FROM collection WHERE id = ?1")?
            .query_row([collection], |row| row.get(0))
            .optional()?;
        Ok(live.unwrap_or(0))
    }

    /// Live contacts of all private books of a person.
    pub(super) fn private_contacts(&mut self, person: i64) -> Applied<i64> {
        self.write_collections()?;
        Ok(self
            .connection
            .prepare_cached(
                "SELECT coalesce(sum(live), 0) FROM collection
                 WHERE person = ?1 AND kind = 'private' AND class = 'contact'",
            )?
            .query_row([person], |row| row.get(0))?)
    }
}

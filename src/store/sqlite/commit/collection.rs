//! Sequences and counts of the collections a batch touches: read once, written once.

use std::collections::btree_map::Entry;

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::error::Error;

/// Changes of a collection within a batch that are not written to its row yet.
pub(super) struct Touched {
    pub(super) seq: i64,
    placed: i64,
    octets: i64,
}

impl Commit<'_> {
    /// Takes the next sequence of a collection.
    pub(super) fn next_seq(&mut self, collection: i64) -> Applied<i64> {
        let touched = match self.collections.entry(collection) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let seq = self
                    .connection
                    .prepare_cached("SELECT seq FROM collection WHERE id = ?1")?
                    .query_row([collection], |row| row.get(0))
                    .optional()?
                    .ok_or(Error::NotFound)?;
                entry.insert(Touched {
                    seq,
                    placed: 0,
                    octets: 0,
                })
            }
        };
        touched.seq += 1;
        Ok(touched.seq)
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

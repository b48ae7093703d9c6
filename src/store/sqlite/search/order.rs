//! The first matches of a search, by name.

use rusqlite::{Row, params};

use super::{
    super::{read::Reader, read_items::count},
    expression::Expression,
    list,
    words::Words,
};
use crate::domain::id::CollectionId;

/// Matches up to which sorting them is cheaper than walking the sorted list.
const SORTED: usize = 8_000;

/// Items read before it shows that few meet an expression.
const READ_IN_VAIN: usize = 32;

/// A live placement that matches, as it is ordered.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) sort: String,
    pub(super) placement: i64,
    pub(super) item: i64,
}

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sort: row.get(0)?,
            placement: row.get(1)?,
            item: row.get(2)?,
        })
    }
}

impl Reader<'_> {
    /// The first of some placements by name, as far as there are so many.
    pub(super) fn first_by_name(
        &self,
        found: &[i64],
        places: &[CollectionId],
        last_first: bool,
        limit: usize,
    ) -> rusqlite::Result<Vec<Candidate>> {
        let sort = sort_column(last_first);
        if found.len() > SORTED
            && let Some(first) = self.walk_by_name(found, places, sort, limit)?
        {
            return Ok(first);
        }
        self.all(
            &format!(
                "SELECT p.{sort}, p.id, p.item FROM json_each(?1) j
                 CROSS JOIN placement p ON p.id = j.value ORDER BY p.{sort}, p.id LIMIT ?2"
            ),
            params![list(found), count(limit)],
            Candidate::read,
        )
    }

    /// The first of many placements (ascending) by name, unless that takes more steps than sorting them would cost.
    fn walk_by_name(
        &self,
        found: &[i64],
        places: &[CollectionId],
        sort: &str,
        limit: usize,
    ) -> rusqlite::Result<Option<Vec<Candidate>>> {
        let mut first = Vec::new();
        let mut steps = 4 * found.len();
        for place in places {
            let mut statement = self.connection.prepare_cached(&by_name(sort))?;
            let mut rows = statement.query([place.0])?;
            let mut left = limit;
            while left > 0
                && steps > 0
                && let Some(row) = rows.next()?
            {
                if found.binary_search(&row.get(1)?).is_ok() {
                    first.push(Candidate::read(row)?);
                    left -= 1;
                }
                steps -= 1;
            }
            drop(rows);
            self.work.add(&statement);
        }
        if steps == 0 {
            return Ok(None);
        }
        first.sort_unstable();
        first.truncate(limit);
        Ok(Some(first))
    }

    /// The first of a place by name that meet an expression and are not known (ascending), each by its
    /// own words; none when fewer than a third meet it.
    pub(super) fn first_by_words(
        &self,
        place: CollectionId,
        expression: &Expression,
        known: &[i64],
        (last_first, limit): (bool, usize),
    ) -> rusqlite::Result<Option<Vec<Candidate>>> {
        let sort = sort_column(last_first);
        let mut statement = self.connection.prepare_cached(&by_name(sort))?;
        let mut rows = statement.query([place.0])?;
        let mut first = Vec::new();
        let mut read = 0;
        while first.len() < limit
            && read <= READ_IN_VAIN + 3 * first.len()
            && let Some(row) = rows.next()?
        {
            let candidate = Candidate::read(row)?;
            if known.binary_search(&candidate.placement).is_ok() {
                continue;
            }
            let words = Words::read(self.connection, candidate.item, place)?;
            if expression.holds(&words.split()) {
                first.push(candidate);
            }
            read += 1;
        }
        drop(rows);
        self.work.add(&statement);
        let many = read <= READ_IN_VAIN + 3 * first.len();
        Ok(many.then_some(first))
    }
}

/// The live placements of a collection by name.
fn by_name(sort: &str) -> String {
    format!(
        "SELECT {sort}, id, item FROM placement
         WHERE collection = ?1 AND gone IS NULL ORDER BY {sort}, id"
    )
}

/// The column of a list's order.
pub fn sort_column(last_first: bool) -> &'static str {
    if last_first {
        "sort_last"
    } else {
        "sort_first"
    }
}

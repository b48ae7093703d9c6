//! The end of versions, of what is in the trash, and of tombstones: so many at once that others can
//! write meanwhile.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{book::import::UNDO_DAYS, id::Timestamp, json};

/// Contents that one purge ends.
const CONTENTS: usize = 500;
/// Versions, and tombstones, that one purge ends or looks at.
const ROWS: i64 = 5_000;

/// The end of an item that nothing names any more. A view that shows it still has to hear of its end
/// first.
const NAMELESS: &str = "DELETE FROM item WHERE length(document) = 0
    AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.item = item.id)
    AND id NOT IN (SELECT item FROM view_placement WHERE gone IS NULL)";

/// A placement that is gone.
struct Tombstone {
    id: i64,
    item: i64,
    collection: i64,
    gone: i64,
    at: i64,
}

/// What is older than these moments ends.
pub(super) struct Ages {
    pub versions: Timestamp,
    pub trash: Timestamp,
    /// The time up to which tombstones are purged; not later than `trash`.
    pub tombstones: Timestamp,
}

impl Commit<'_> {
    /// Versions and refused writes, then contents nothing shows any more, then the tombstones
    /// themselves: the floor of a collection rises with the last.
    pub(super) fn purge(&mut self, ages: &Ages) -> Applied<i64> {
        let versions = self.purge_versions(ages)?;
        let contents = self.purge_contents(ages.trash)?;
        let mut more = versions == ROWS || contents;
        if !more {
            more = self.purge_tombstones(ages)? == ROWS;
        }
        if !more {
            self.purge_views()?;
            self.purge_settled(ages)?;
            self.purge_properties()?;
        }
        self.run(
            "DELETE FROM removal_count WHERE minute < ?1",
            [self.batch.at.0 / 60_000 - 120],
        )?;
        self.more |= more;
        Ok(0)
    }

    fn purge_versions(&self, ages: &Ages) -> Applied<i64> {
        let purged = self
            .connection
            .prepare_cached(
                "DELETE FROM revision WHERE id IN (
                     SELECT id FROM revision WHERE at < max(?1, ?2)
                         AND at < CASE kind WHEN 'removed' THEN ?2 ELSE ?1 END LIMIT ?3)",
            )?
            .execute(params![ages.versions.0, ages.trash.0, ROWS])?;
        Ok(purged as i64)
    }

    /// Looks at the tombstones whose time in the trash ended since the last purge, and ends what
    /// nothing shows any more; whether there are more.
    fn purge_contents(&self, before: Timestamp) -> Applied<bool> {
        self.run("DELETE FROM removed_group WHERE at < ?1", [before.0])?;
        let (mut at, mut last) = self.purged_upto(before)?;
        let tombstones = self.tombstones(params![before.0, at, last, ROWS])?;
        let (mut looked_at, mut ended) = (0, 0);
        for tombstone in &tombstones {
            ended += self.purge_content(tombstone, before)?;
            looked_at += 1;
            (at, last) = (tombstone.at, tombstone.id);
            if ended == CONTENTS {
                break;
            }
        }
        let more = looked_at == ROWS || ended == CONTENTS;
        // What is removed in the same millisecond is looked at, too.
        let last = if more { last } else { 0 };
        self.run(
            "INSERT OR REPLACE INTO meta (name, value) VALUES ('purged-upto', ?1)",
            [format!("{at} {last}")],
        )?;
        Ok(more)
    }

    /// Those gone before `?1`, after the one of number `?3` that went at `?2`, at most `?4`.
    fn tombstones(&self, values: impl rusqlite::Params) -> Applied<Vec<Tombstone>> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT id, item, collection, gone, gone_at FROM placement
                 WHERE gone IS NOT NULL AND gone_at < ?1 AND (gone_at, id) > (?2, ?3)
                 ORDER BY gone_at, id LIMIT ?4",
            )?
            .query_map(values, |row| {
                Ok(Tombstone {
                    id: row.get(0)?,
                    item: row.get(1)?,
                    collection: row.get(2)?,
                    gone: row.get(3)?,
                    at: row.get(4)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?)
    }

    /// When the last tombstone that a purge looked at was made, and which one it was where there are
    /// more of that moment. Of a clock that was ahead, what came after it is looked at again.
    fn purged_upto(&self, before: Timestamp) -> Applied<(i64, i64)> {
        let kept: Option<String> = self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE name = 'purged-upto'")?
            .query_row([], |row| row.get(0))
            .optional()?;
        let kept = kept.as_deref().and_then(|kept| kept.split_once(' '));
        let kept = kept.and_then(|(at, last)| Some((at.parse().ok()?, last.parse().ok()?)));
        let (at, last) = kept.unwrap_or((i64::MIN, 0));
        Ok(if at < before.0 {
            (at, last)
        } else {
            (before.0, 0)
        })
    }

    /// Ends the grants on an item in one place, unless the item came back there, and its content with
    /// what was written of it when nothing shows it, nor the trash holds it; how many contents it
    /// ended. Comments sleep for as long as the item is anywhere.
    fn purge_content(&self, tombstone: &Tombstone, before: Timestamp) -> Applied<usize> {
        let item = tombstone.item;
        self.run(
            "DELETE FROM grant_item WHERE item = ?1 AND collection = ?2
                 AND NOT EXISTS (SELECT 1 FROM placement p
                     WHERE p.item = ?1 AND p.collection = ?2
                         AND (p.gone IS NULL OR p.gone_at >= ?3))",
            [item, tombstone.collection, before.0],
        )?;
        // The row stays while tombstones name it.
        let ended = self
            .connection
            .prepare_cached(
                "UPDATE item SET document = x'', digest = '', display = '', sort_first = '',
                     sort_last = '', blob = NULL, octets = 0
                 WHERE id = ?1 AND length(document) > 0 AND NOT EXISTS (SELECT 1 FROM placement p
                     WHERE p.item = ?1 AND (p.gone IS NULL OR p.gone_at >= ?2))",
            )?
            .execute([item, before.0])?;
        if ended == 0 {
            return Ok(0);
        }
        for sql in [
            "DELETE FROM comment WHERE item = ?1",
            "DELETE FROM attachment WHERE contact = ?1",
            "DELETE FROM attachment WHERE document = ?1",
            "DELETE FROM index_text WHERE item = ?1",
            "DELETE FROM tag_link WHERE item = ?1",
            "DELETE FROM refusal_mark WHERE item = ?1",
            "DELETE FROM verification WHERE item = ?1",
            "DELETE FROM revision WHERE item = ?1 AND kind <> 'refused'",
        ] {
            self.run(sql, [item])?;
        }
        Ok(1)
    }

    fn purge_tombstones(&self, ages: &Ages) -> Applied<i64> {
        let before = ages.tombstones.0;
        let tombstones = self.tombstones(params![before, i64::MIN, 0, ROWS])?;
        let mut floors = BTreeMap::new();
        for tombstone in &tombstones {
            // Where the clock went back, its content may be there still.
            self.purge_content(tombstone, ages.trash)?;
            let floor = floors.entry(tombstone.collection).or_insert(0);
            *floor = tombstone.gone.max(*floor);
            self.run("DELETE FROM placement WHERE id = ?1", [tombstone.id])?;
        }
        for (collection, floor) in floors {
            self.run(
                "UPDATE collection SET floor = ?2 WHERE id = ?1 AND floor < ?2",
                [collection, floor],
            )?;
        }
        if !tombstones.is_empty() {
            let items: Vec<i64> = tombstones.iter().map(|gone| gone.item).collect();
            self.run(
                &format!("{NAMELESS} AND id IN (SELECT value FROM json_each(?1))"),
                [json::text(&items)?],
            )?;
        }
        self.run(
            "DELETE FROM collection AS c WHERE class = 'document' AND hidden < ?1
                 AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.collection = c.id)",
            [ages.trash.0],
        )?;
        self.run(
            "UPDATE collection SET floor = max(floor, (SELECT coalesce(max(p.gone), 0)
                 FROM member_placement p WHERE p.collection = collection.id AND p.gone_at < ?1))
             WHERE id IN (SELECT collection FROM member_placement
                 WHERE gone IS NOT NULL AND gone_at < ?1)",
            [before],
        )?;
        self.run(
            "DELETE FROM member_placement WHERE gone IS NOT NULL AND gone_at < ?1",
            [before],
        )?;
        Ok(tombstones.len() as i64)
    }

    /// Notices that were settled, and imports that can be undone no more.
    fn purge_settled(&self, ages: &Ages) -> Applied<()> {
        self.run(
            "DELETE FROM notice WHERE settled < ?1 AND mailed = 1",
            [ages.versions.0],
        )?;
        let imports = ages.versions.min(self.batch.at.plus_days(-UNDO_DAYS));
        self.run(
            "DELETE FROM import WHERE at < ?1 AND max(at, coalesce(ended, at)) < ?1
                 AND (job IS NULL OR ended IS NOT NULL)",
            [imports.0],
        )?;
        Ok(())
    }

    /// Properties of people, books and cards that are no more; a book that is deleted may come back
    /// while something of it is kept.
    fn purge_properties(&self) -> Applied<()> {
        self.run(
            "DELETE FROM property WHERE person <> 0 AND person NOT IN (SELECT id FROM person)",
            [],
        )?;
        const UUID: &str =
            "substr(resource, 6, coalesce(nullif(instr(resource, '/'), 0), 999) - 6)";
        self.run(
            &format!(
                "DELETE FROM property WHERE resource LIKE 'book:%' AND NOT EXISTS (
                     SELECT 1 FROM collection c WHERE c.uuid = {UUID}
                         AND (c.kind NOT LIKE 'removed%'
                             OR EXISTS (SELECT 1 FROM placement p WHERE p.collection = c.id)))"
            ),
            [],
        )?;
        self.run(
            &format!(
                "DELETE FROM property WHERE resource GLOB 'book:*/[0-9]*'
                     AND (SELECT kind FROM collection c WHERE c.uuid = {UUID})
                         IN ('private', 'group')
                     AND CAST(substr(resource, instr(resource, '/') + 1) AS INTEGER)
                         NOT IN (SELECT id FROM item)"
            ),
            [],
        )?;
        Ok(())
    }

    /// What views remember of items that are no more, and of versions that are kept no more.
    fn purge_views(&self) -> Applied<()> {
        // What a view had still to hear of when its last tombstone ended.
        self.run(
            &format!(
                "{NAMELESS} AND id IN (SELECT item FROM view_placement WHERE gone IS NOT NULL)"
            ),
            [],
        )?;
        const FORGOTTEN: &str = "NOT EXISTS (SELECT 1 FROM item i WHERE i.id = v.item)";
        self.run(
            &format!(
                "UPDATE collection SET floor = max(floor, (SELECT coalesce(max(v.gone), 0)
                     FROM view_placement v WHERE v.collection = collection.id AND {FORGOTTEN}))
                 WHERE kind = 'view'"
            ),
            [],
        )?;
        self.run(
            &format!("DELETE FROM view_placement AS v WHERE {FORGOTTEN}"),
            [],
        )?;
        self.run(
            "DELETE FROM view_version AS v WHERE NOT EXISTS (
                 SELECT 1 FROM placement p
                 WHERE p.id = v.placement AND p.changed = v.shown AND p.gone IS NULL)
             AND NOT EXISTS (SELECT 1 FROM revision_place r
                 WHERE r.placement = v.placement AND r.seq = v.shown)",
            [],
        )?;
        Ok(())
    }
}

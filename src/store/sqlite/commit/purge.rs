//! The end of versions, of what is in the trash, and of tombstones: so many at once that others can
//! write meanwhile.

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::{book::import::UNDO_DAYS, id::Timestamp};

/// Contents that one purge ends.
const CONTENTS: usize = 500;
/// Versions, and tombstones, that one purge ends.
const ROWS: i64 = 5_000;

/// What is older than these moments ends.
pub(super) struct Ages {
    pub versions: Timestamp,
    pub trash: Timestamp,
    /// The time up to which tombstones are purged; not later than `trash`.
    pub tombstones: Timestamp,
}

impl Commit<'_> {
    /// Versions and refused writes, then contents nothing shows any more, then the tombstones
    /// themselves: the floor of a collection rises with the last. 1 when there is more to purge.
    pub(super) fn purge(&mut self, ages: &Ages) -> Applied<i64> {
        let versions = self.purge_versions(ages)?;
        let contents = self.purge_contents(ages.trash)?;
        let mut more = versions == ROWS || contents == CONTENTS;
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
        Ok(more.into())
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

    fn purge_contents(&self, before: Timestamp) -> Applied<usize> {
        self.run("DELETE FROM removed_group WHERE at < ?1", [before.0])?;
        for table in ["grant_item", "comment"] {
            self.run(
                &format!(
                    "DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM placement p
                         WHERE p.item = {table}.item AND p.collection = {table}.collection
                             AND (p.gone IS NULL OR p.gone_at >= ?1))"
                ),
                [before.0],
            )?;
        }
        let ended: Vec<i64> = self
            .connection
            .prepare_cached(
                "SELECT DISTINCT g.item FROM placement g CROSS JOIN item i ON i.id = g.item
                 WHERE g.gone IS NOT NULL AND g.gone_at < ?1 AND length(i.document) > 0
                     AND NOT EXISTS (SELECT 1 FROM placement p
                         WHERE p.item = i.id AND (p.gone IS NULL OR p.gone_at >= ?1))
                 LIMIT ?2",
            )?
            .query_map(params![before.0, CONTENTS as i64], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for item in &ended {
            for sql in [
                // The row stays while tombstones name it.
                "UPDATE item SET document = x'', digest = '', display = '', sort_first = '',
                     sort_last = '', blob = NULL, octets = 0 WHERE id = ?1",
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
        }
        Ok(ended.len())
    }

    fn purge_tombstones(&self, ages: &Ages) -> Applied<i64> {
        let before = ages.tombstones.0;
        self.run(
            "UPDATE collection SET floor = max(floor, (SELECT coalesce(max(p.gone), 0)
                 FROM placement p WHERE p.collection = collection.id AND p.gone IS NOT NULL
                     AND p.gone_at < ?1))
             WHERE id IN (SELECT collection FROM placement WHERE gone IS NOT NULL AND gone_at < ?1)",
            [before],
        )?;
        let purged = self
            .connection
            .prepare_cached(
                "DELETE FROM placement WHERE id IN (
                     SELECT id FROM placement WHERE gone IS NOT NULL AND gone_at < ?1 LIMIT ?2)",
            )?
            .execute(params![before, ROWS])?;
        self.run(
            "DELETE FROM collection AS c WHERE class = 'document' AND hidden < ?1
                 AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.collection = c.id)",
            [ages.trash.0],
        )?;
        self.run(
            "UPDATE collection SET floor = max(floor, (SELECT coalesce(max(p.gone), 0)
                 FROM member_placement p WHERE p.collection = collection.id AND p.gone_at < ?1))
             WHERE kind = 'members'",
            [before],
        )?;
        self.run("DELETE FROM member_placement WHERE gone_at < ?1", [before])?;
        // A view that shows one still has to hear of its end first.
        self.run(
            "DELETE FROM item WHERE length(document) = 0
                 AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.item = item.id)
                 AND id NOT IN (SELECT item FROM view_placement WHERE gone IS NULL)",
            [],
        )?;
        Ok(purged as i64)
    }

    /// Notices that were settled, and imports that can be undone no more.
    fn purge_settled(&self, ages: &Ages) -> Applied<()> {
        self.run(
            "DELETE FROM notice WHERE settled < ?1 AND mailed = 1",
            [ages.versions.0],
        )?;
        let imports = ages.versions.min(self.batch.at.plus_days(-UNDO_DAYS));
        self.run(
            "DELETE FROM import WHERE max(at, coalesce(ended, at)) < ?1
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

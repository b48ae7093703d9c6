//! Kept versions, refused writes and proposals; and their purge by age.

use rusqlite::params;

use super::{Applied, Commit, items::Placed};
use crate::domain::{
    batch::HistoryOp,
    error::Error,
    id::{CollectionId, ItemId, RevisionId, Timestamp},
    item::digest,
    refused::Refusal,
};

/// Refused changes kept per person; the oldest go first.
const REFUSED_KEPT: i64 = 500;
/// Octets of refused changes kept per person; the oldest go first, the last one stays.
const REFUSED_OCTETS: i64 = 64 * 1024 * 1024;
/// Octets of the earlier versions of one item.
pub(super) const VERSIONS_KEPT: i64 = 64 * 1024 * 1024;
/// Octets of versions after which, on average, those of an item are counted.
const VERSIONS_COUNTED: i64 = 1024 * 1024;

impl Commit<'_> {
    pub(super) fn history_op(&mut self, op: &HistoryOp) -> Applied<i64> {
        match op {
            HistoryOp::Refuse(Refusal {
                item,
                collection,
                document,
                reason,
                identity,
                mark,
                notice,
            }) => {
                let identity = identity.clone().unwrap_or_else(|| digest(document));
                let kept = self.refuse(*item, *collection, document, reason, &identity)?;
                if let (true, Some(item), Some(collection)) = (*mark, item, collection) {
                    self.mark_refused(*collection, *item)?;
                }
                if kept > 0 && *notice {
                    self.notice_kept()?;
                }
                Ok(kept)
            }
            HistoryOp::MarkRefused { collection, item } => self.mark_refused(*collection, *item),
            HistoryOp::DismissRefusal { revision } => {
                let author = self.author();
                let gone = self.run(
                    "DELETE FROM revision WHERE id = ?1 AND kind = 'refused' AND person = ?2",
                    params![revision.0, author],
                )?;
                self.settle_kept()?;
                Ok(gone)
            }
            HistoryOp::Propose { revision } => self.propose(*revision),
            HistoryOp::SettleProposal { revision, accepted } => {
                self.tell_proposer(*revision, *accepted)?;
                self.run(
                    "DELETE FROM revision WHERE id = ?1 AND kind = 'proposed'",
                    [revision.0],
                )
            }
            HistoryOp::Purge {
                versions_before,
                trash_before,
                tombstones_before,
            } => self.purge(*versions_before, *trash_before, *tombstones_before),
        }
    }

    /// A refused change is shown to those who may make it.
    fn propose(&mut self, revision: RevisionId) -> Applied<i64> {
        let proposed = self
            .connection
            .prepare_cached(
                "UPDATE revision SET kind = 'proposed'
                 WHERE id = ?1 AND kind = 'refused' AND person = ?2 AND item IS NOT NULL",
            )?
            .execute(params![revision.0, self.author()])?;
        match proposed {
            0 => Err(Error::NotFound.into()),
            _ => {
                self.settle_kept()?;
                Ok(revision.0)
            }
        }
    }

    /// Versions and refused writes, then contents nothing shows any more, then the tombstones
    /// themselves: the floor of a collection rises with the last.
    fn purge(
        &mut self,
        versions_before: Timestamp,
        trash_before: Timestamp,
        tombstones_before: Timestamp,
    ) -> Applied<i64> {
        self.run(
            "DELETE FROM revision WHERE at < CASE kind WHEN 'removed' THEN ?2 ELSE ?1 END",
            params![versions_before.0, trash_before.0],
        )?;
        self.run("DELETE FROM removed_group WHERE at < ?1", [trash_before.0])?;
        for table in ["grant_item", "comment"] {
            self.run(
                &format!(
                    "DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM placement p
                         WHERE p.item = {table}.item AND p.collection = {table}.collection
                             AND (p.gone IS NULL OR p.gone_at >= ?1))"
                ),
                [trash_before.0],
            )?;
        }
        let ended: Vec<i64> = self
            .connection
            .prepare_cached(
                "SELECT id FROM item i WHERE length(document) > 0 AND NOT EXISTS (
                     SELECT 1 FROM placement p
                     WHERE p.item = i.id AND (p.gone IS NULL OR p.gone_at >= ?1))",
            )?
            .query_map([trash_before.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for item in &ended {
            for sql in [
                // The row stays while tombstones name it.
                "UPDATE item SET document = x'', digest = '', display = '', sort_first = '',
                     sort_last = '', blob = NULL, octets = 0 WHERE id = ?1",
                "DELETE FROM attachment WHERE contact = ?1",
                "DELETE FROM attachment WHERE document = ?1",
                "DELETE FROM index_text WHERE item = ?1",
                "DELETE FROM index_span WHERE item = ?1",
                "DELETE FROM tag_link WHERE item = ?1",
                "DELETE FROM refusal_mark WHERE item = ?1",
                "DELETE FROM verification WHERE item = ?1",
                "DELETE FROM revision WHERE item = ?1 AND kind <> 'refused'",
            ] {
                self.run(sql, [item])?;
            }
        }
        self.run(
            "UPDATE collection SET floor = max(floor, (SELECT coalesce(max(p.gone), 0)
                 FROM placement p WHERE p.collection = collection.id AND p.gone_at < ?1))",
            [tombstones_before.0],
        )?;
        self.run(
            "DELETE FROM placement WHERE gone_at < ?1",
            [tombstones_before.0],
        )?;
        self.run(
            "DELETE FROM collection AS c WHERE class = 'document' AND hidden < ?1
                 AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.collection = c.id)",
            [trash_before.0],
        )?;
        self.run(
            "UPDATE collection SET floor = max(floor, (SELECT coalesce(max(p.gone), 0)
                 FROM member_placement p WHERE p.collection = collection.id AND p.gone_at < ?1))
             WHERE kind = 'members'",
            [tombstones_before.0],
        )?;
        self.run(
            "DELETE FROM member_placement WHERE gone_at < ?1",
            [tombstones_before.0],
        )?;
        // A view that shows one still has to hear of its end first.
        self.run(
            "DELETE FROM item WHERE length(document) = 0
                 AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.item = item.id)
                 AND id NOT IN (SELECT item FROM view_placement WHERE gone IS NULL)",
            [],
        )?;
        // What a view remembers of such items goes with them.
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
        // And what it showed in versions that are kept no more.
        self.run(
            "DELETE FROM view_version AS v WHERE NOT EXISTS (
                 SELECT 1 FROM placement p
                 WHERE p.id = v.placement AND p.changed = v.shown AND p.gone IS NULL)
             AND NOT EXISTS (SELECT 1 FROM revision_place r
                 WHERE r.placement = v.placement AND r.seq = v.shown)",
            [],
        )?;
        self.run(
            "DELETE FROM removal_count WHERE minute < ?1",
            [self.batch.at.0 / 60_000 - 120],
        )?;
        Ok(ended.len() as i64)
    }

    /// Keeps the outgoing version with the sequence every live placement showed it at.
    pub(super) fn keep_version(&mut self, item: i64, expected_rev: i64) -> Applied<i64> {
        let kept = self
            .connection
            .prepare_cached(
                "INSERT INTO revision (kind, item, at, person, client, document)
                 SELECT 'replaced', id, ?3, ?4, ?5, document FROM item WHERE id = ?1 AND rev = ?2",
            )?
            .execute(params![
                item,
                expected_rev,
                self.batch.at.0,
                self.author(),
                self.batch.client,
            ])?;
        if kept == 0 {
            return Err(Error::PreconditionFailed.into());
        }
        let revision = self.connection.last_insert_rowid();
        for placed in self.live_placements(item)? {
            self.keep_place(revision, &placed)?;
        }
        self.bound_versions(item, revision)?;
        Ok(revision)
    }

    /// Ends the oldest versions of an item beyond [`VERSIONS_KEPT`] octets; never the one just kept,
    /// nor what the trash holds.
    ///
    /// The versions are counted now and then, the more often the more was kept: the cost of a write
    /// stays in proportion to it, and what is beyond the bound for a while is little.
    pub(super) fn bound_versions(&mut self, item: i64, revision: i64) -> Applied<()> {
        const OCTETS: &str = "length(r.document) + length(r.overlay) + coalesce(
            (SELECT sum(length(v.overlay)) FROM revision_place v WHERE v.revision = r.id), 0)";
        let kept: i64 = self
            .connection
            .prepare_cached(&format!("SELECT {OCTETS} FROM revision r WHERE r.id = ?1"))?
            .query_row([revision], |row| row.get(0))?;
        let seldom = VERSIONS_COUNTED / kept.max(1);
        if seldom > 1 && rand::random_range(0..seldom) > 0 {
            return Ok(());
        }
        let mut versions = self.connection.prepare_cached(&format!(
            "SELECT r.id, {OCTETS} FROM revision r
             WHERE r.item = ?1 AND r.kind = 'replaced' AND r.id <> ?2 ORDER BY r.id DESC"
        ))?;
        let mut rows = versions.query([item, revision])?;
        let mut octets = kept;
        let mut end = None;
        while let Some(row) = rows.next()? {
            octets += row.get::<_, i64>(1)?;
            if octets > VERSIONS_KEPT {
                end = Some(row.get::<_, i64>(0)?);
                break;
            }
        }
        drop(rows);
        drop(versions);
        if let Some(end) = end {
            self.run(
                "DELETE FROM revision WHERE item = ?1 AND kind = 'replaced' AND id <= ?2",
                [item, end],
            )?;
        }
        Ok(())
    }

    pub(super) fn keep_place(&self, revision: i64, placed: &Placed) -> Applied<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO revision_place (revision, placement, seq, writer, overlay)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                revision,
                placed.id,
                placed.changed,
                placed.writer,
                placed.overlay
            ])?;
        Ok(())
    }

    fn refuse(
        &mut self,
        item: Option<ItemId>,
        collection: Option<CollectionId>,
        document: &[u8],
        reason: &str,
        identity: &str,
    ) -> Applied<i64> {
        let Some(person) = self.author() else {
            return Ok(0);
        };
        // Once per (person, item, digest): a client that retries for ever must not fill the disk.
        let inserted = self
            .connection
            .prepare_cached(
                "INSERT OR IGNORE INTO revision (kind, item, collection, at, person, client,
                     document, digest, reason)
                 VALUES ('refused', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                item.map(|item| item.0),
                collection.map(|collection| collection.0),
                self.batch.at.0,
                person,
                self.batch.client,
                document,
                identity,
                reason,
            ])?;
        if inserted == 0 {
            return Ok(0);
        }
        let revision = self.connection.last_insert_rowid();
        self.connection
            .prepare_cached(
                "DELETE FROM revision WHERE id IN (
                     SELECT id FROM revision WHERE kind = 'refused' AND person = ?1
                     ORDER BY id DESC LIMIT -1 OFFSET ?2)",
            )?
            .execute(params![person, REFUSED_KEPT])?;
        self.bound_refused(person, revision)?;
        Ok(revision)
    }

    fn bound_refused(&self, person: i64, last: i64) -> Applied<()> {
        self.run(
            "DELETE FROM revision WHERE id <> ?3 AND id IN (
                 SELECT id FROM (SELECT id, sum(length(document)) OVER (ORDER BY id DESC) AS octets
                     FROM revision WHERE kind = 'refused' AND person = ?1)
                 WHERE octets > ?2)",
            params![person, REFUSED_OCTETS, last],
        )?;
        Ok(())
    }

    /// The entity tag of an item changes for the author, whose clients are told.
    fn mark_refused(&self, collection: CollectionId, item: ItemId) -> Applied<i64> {
        self.run(
            "INSERT INTO refusal_mark (person, collection, item, mark, at)
             SELECT ?1, ?2, ?3, 1, max(?4, (SELECT coalesce(max(at), 0) + 1 FROM refusal_mark
                 WHERE person = ?1 AND collection = ?2))
             WHERE ?1 IS NOT NULL
             ON CONFLICT DO UPDATE SET mark = mark + 1, at = excluded.at",
            params![self.author(), collection.0, item.0, self.batch.at.0],
        )
    }
}

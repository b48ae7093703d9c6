//! Kept versions, refused writes and proposals.

use rusqlite::params;

use super::{Applied, Commit, items::Placed, purge::Ages};
use crate::{
    domain::{
        batch::HistoryOp,
        error::Error,
        id::{CollectionId, ItemId, RevisionId},
        item::digest,
        refused::Refusal,
    },
    store::sqlite::read_history::NOT_BACK,
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
                why,
                identity,
                mark,
                notice,
            }) => {
                let identity = identity.clone().unwrap_or_else(|| digest(document));
                let kept = self.refuse(*item, *collection, document, &why.stored()?, &identity)?;
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
            HistoryOp::Withhold { removal } => self.withhold(*removal),
            HistoryOp::Purge {
                versions_before,
                trash_before,
                tombstones_before,
            } => self.purge(&Ages {
                versions: *versions_before,
                trash: *trash_before,
                // What is in the trash is found by its tombstone.
                tombstones: (*tombstones_before).min(*trash_before),
            }),
        }
    }

    fn withhold(&mut self, removal: RevisionId) -> Applied<i64> {
        let withheld = self
            .connection
            .prepare_cached(&format!(
                "UPDATE revision AS r SET reason = 'withdrawn'
                 WHERE r.id = ?1 AND r.kind = 'removed' AND {NOT_BACK}"
            ))?
            .execute([removal.0])?;
        match withheld {
            0 => Err(Error::Moved.into()),
            _ => Ok(removal.0),
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
            return Err(Error::Moved.into());
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

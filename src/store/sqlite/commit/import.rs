//! Imports, and the column mappings remembered of them.

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::batch::ImportOp;

/// Mappings remembered for one person.
const MAPPINGS: i64 = 50;

impl Commit<'_> {
    pub(super) fn import_op(&mut self, op: &ImportOp) -> Applied<i64> {
        match op {
            ImportOp::BeginImport {
                person,
                collection,
                name,
                job,
            } => self.run(
                "INSERT INTO import (person, collection, name, at, job, tags_after)
                 VALUES (?1, ?2, ?3, ?4, ?5, (SELECT coalesce(max(id), 0) FROM tag))",
                params![person.0, collection.0, name, self.batch.at.0, job],
            ),
            ImportOp::NoteImport {
                import,
                progress,
                ended,
            } => self.run(
                "UPDATE import SET progress = ?2, ended = ?3,
                     tags_upto = (SELECT coalesce(max(id), 0) FROM tag) WHERE id = ?1",
                params![import.0, progress, ended.then_some(self.batch.at.0)],
            ),
            ImportOp::RememberMapping {
                person,
                fingerprint,
                codes,
            } => {
                self.run(
                    "INSERT OR REPLACE INTO import_mapping (person, fingerprint, codes, at)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![person.0, fingerprint, codes, self.batch.at.0],
                )?;
                self.run(
                    "DELETE FROM import_mapping WHERE person = ?1 AND fingerprint NOT IN (
                         SELECT fingerprint FROM import_mapping WHERE person = ?1
                         ORDER BY at DESC LIMIT ?2)",
                    params![person.0, MAPPINGS],
                )
            }
            ImportOp::ForgetImported { import, upto } => self.run(
                "DELETE FROM import_item WHERE import = ?1 AND item <= ?2",
                params![import.0, upto.0],
            ),
            ImportOp::CloseImport { import } => {
                self.run(
                    "DELETE FROM tag WHERE id IN (
                         SELECT made.id FROM import JOIN tag AS made ON made.person = import.person
                         WHERE import.id = ?1 AND made.id > import.tags_after
                             AND made.id <= coalesce(import.tags_upto, made.id) AND NOT EXISTS (
                                 SELECT 1 FROM tag_link AS link
                                 JOIN placement ON placement.item = link.item AND gone IS NULL
                                 WHERE link.tag = made.id))",
                    [import.0],
                )?;
                self.run(
                    "UPDATE import SET undone = ?2 WHERE id = ?1",
                    params![import.0, self.batch.at.0],
                )
            }
        }
    }
}

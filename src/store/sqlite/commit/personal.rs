//! Sync state, properties, imports.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit, misrouted};
use crate::domain::{
    batch::Op,
    error::Error,
    id::{CollectionId, DeviceId},
};

/// Mappings remembered for one person.
const MAPPINGS: i64 = 50;

impl Commit<'_> {
    pub(super) fn personal_op(&mut self, op: &Op) -> Applied<i64> {
        match op {
            Op::Disown {
                collection,
                device,
                server_ids,
            } => self.disown(*collection, *device, server_ids),
            Op::Unwrite {
                collection,
                device,
                server_ids,
            } => self.unwrite(*collection, *device, server_ids),
            Op::Own {
                collection,
                device,
                server_id,
                as_it_is,
            } => self.own(*collection, *device, server_id, *as_it_is),
            Op::SetSync {
                device,
                collection,
                expected,
                key,
                record,
            } => {
                let stored: Option<String> = self
                    .connection
                    .prepare_cached(
                        "SELECT key FROM sync_state WHERE device = ?1 AND collection = ?2",
                    )?
                    .query_row(params![device.0, collection.0], |row| row.get(0))
                    .optional()?;
                if stored != *expected {
                    return Err(Error::PreconditionFailed.into());
                }
                self.run(
                    "INSERT OR REPLACE INTO sync_state (device, collection, key, record)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![device.0, collection.0, key, record],
                )
            }
            Op::ForgetSync { device, collection } => self.run(
                "DELETE FROM sync_state WHERE device = ?1 AND (?2 IS NULL OR collection = ?2)",
                params![device.0, collection.map(|collection| collection.0)],
            ),
            Op::SetDeviceValue {
                device,
                name,
                value: Some(value),
            } => self.run(
                "INSERT OR REPLACE INTO device_value (device, name, value) VALUES (?1, ?2, ?3)",
                params![device.0, name, value],
            ),
            Op::SetDeviceValue {
                device,
                name,
                value: None,
            } => self.run(
                "DELETE FROM device_value WHERE device = ?1 AND name = ?2",
                params![device.0, name],
            ),
            Op::SetProperty {
                person,
                resource,
                namespace,
                name,
                value,
            } => {
                self.note_described(resource, *person)?;
                let person = person.map_or(0, |person| person.0);
                match value {
                    Some(value) => self.run(
                        "INSERT OR REPLACE INTO property (person, resource, namespace, name, value)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                        params![person, resource, namespace, name, value],
                    ),
                    None => self.run(
                        "DELETE FROM property WHERE person = ?1 AND resource = ?2
                             AND namespace = ?3 AND name = ?4",
                        params![person, resource, namespace, name],
                    ),
                }
            }
            Op::SetLastSearch {
                person,
                request: Some(request),
            } => self.run(
                "INSERT OR REPLACE INTO last_search (person, request, at) VALUES (?1, ?2, ?3)",
                params![person.0, request, self.batch.at.0],
            ),
            Op::SetLastSearch {
                person,
                request: None,
            } => self.run(
                "DELETE FROM last_search WHERE person = ?1",
                params![person.0],
            ),
            Op::BeginImport {
                person,
                collection,
                name,
                job,
            } => self.run(
                "INSERT INTO import (person, collection, name, at, job) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![person.0, collection.0, name, self.batch.at.0, job],
            ),
            Op::NoteImport {
                import,
                progress,
                ended,
            } => self.run(
                "UPDATE import SET progress = ?2, ended = ?3 WHERE id = ?1",
                params![import.0, progress, ended.then_some(self.batch.at.0)],
            ),
            Op::RememberMapping {
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
            Op::TellApart {
                person,
                first,
                second,
            } => self.run(
                "INSERT OR IGNORE INTO told_apart (person, first, second) VALUES (?1, ?2, ?3)",
                params![person.0, first.0, second.0],
            ),
            Op::Inherit {
                from,
                into,
                collection,
            } => {
                self.run(
                    "INSERT INTO comment (item, collection, author, at, text)
                     SELECT ?2, collection, author, at, text FROM comment
                     WHERE item = ?1 AND collection = ?3 ORDER BY id",
                    params![from.0, into.0, collection.0],
                )?;
                self.run(
                    "INSERT OR IGNORE INTO attachment (contact, document, person, at)
                     SELECT ?2, document, person, at FROM attachment WHERE contact = ?1",
                    params![from.0, into.0],
                )?;
                Ok(into.0)
            }
            Op::CloseImport { import } => self.run(
                "UPDATE import SET undone = ?2 WHERE id = ?1",
                params![import.0, self.batch.at.0],
            ),
            _ => misrouted(),
        }
    }

    fn disown(
        &mut self,
        collection: CollectionId,
        device: DeviceId,
        server_ids: &[String],
    ) -> Applied<i64> {
        for table in ["placement", "view_placement"] {
            let mut statement = self.connection.prepare_cached(&format!(
                "UPDATE {table} SET maker = CASE WHEN maker = ?3 THEN NULL ELSE maker END,
                     writer = CASE WHEN writer = ?3 THEN NULL ELSE writer END
                 WHERE server_id = ?1 AND collection = ?2"
            ))?;
            for server_id in server_ids {
                statement.execute(params![server_id, collection.0, device.0])?;
            }
        }
        Ok(0)
    }

    fn unwrite(
        &mut self,
        collection: CollectionId,
        device: DeviceId,
        server_ids: &[String],
    ) -> Applied<i64> {
        for table in ["placement", "view_placement"] {
            let mut statement = self.connection.prepare_cached(&format!(
                "UPDATE {table} SET writer = NULL
                 WHERE server_id = ?1 AND collection = ?2 AND writer = ?3"
            ))?;
            for server_id in server_ids {
                statement.execute(params![server_id, collection.0, device.0])?;
            }
        }
        Ok(0)
    }

    fn own(
        &mut self,
        collection: CollectionId,
        device: DeviceId,
        server_id: &str,
        as_it_is: bool,
    ) -> Applied<i64> {
        for table in ["placement", "view_placement"] {
            self.connection
                .prepare_cached(&format!(
                    "UPDATE {table} SET maker = ?3, writer = iif(?4, ?3, writer)
                     WHERE server_id = ?1 AND collection = ?2"
                ))?
                .execute(params![server_id, collection.0, device.0, as_it_is])?;
        }
        Ok(0)
    }
}

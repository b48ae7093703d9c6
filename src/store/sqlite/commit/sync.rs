//! What devices have: sync records, values of their face, and which placements they know.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{
    batch::SyncOp,
    error::Error,
    id::{CollectionId, DeviceId},
};

impl Commit<'_> {
    pub(super) fn sync_op(&mut self, op: &SyncOp) -> Applied<i64> {
        match op {
            SyncOp::Unwrite {
                collection,
                device,
                server_ids,
            } => self.unwrite(*collection, *device, server_ids),
            SyncOp::Disown {
                collection,
                device,
                server_ids,
            } => self.disown(*collection, *device, server_ids),
            SyncOp::Own {
                collection,
                device,
                server_id,
                as_it_is,
            } => self.own(*collection, *device, server_id, *as_it_is),
            SyncOp::SetSync {
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
                    return Err(Error::Moved.into());
                }
                self.run(
                    "INSERT OR REPLACE INTO sync_state (device, collection, key, record)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![device.0, collection.0, key, record],
                )
            }
            SyncOp::ForgetSync { device, collection } => {
                self.wake_owner(*device)?;
                // Held requests of another process hear of it too.
                self.rights_moved = true;
                self.run(
                    "DELETE FROM sync_state WHERE device = ?1 AND (?2 IS NULL OR collection = ?2)",
                    params![device.0, collection.map(|collection| collection.0)],
                )
            }
            SyncOp::SetDeviceValue {
                device,
                name,
                value: Some(value),
            } => self.run(
                "INSERT OR REPLACE INTO device_value (device, name, value) VALUES (?1, ?2, ?3)",
                params![device.0, name, value],
            ),
            SyncOp::SetDeviceValue {
                device,
                name,
                value: None,
            } => self.run(
                "DELETE FROM device_value WHERE device = ?1 AND name = ?2",
                params![device.0, name],
            ),
        }
    }

    fn disown(
        &mut self,
        collection: CollectionId,
        device: DeviceId,
        server_ids: &[String],
    ) -> Applied<i64> {
        let change = "maker = CASE WHEN maker = ?3 THEN NULL ELSE maker END,
             writer = CASE WHEN writer = ?3 THEN NULL ELSE writer END";
        self.change_makers(change, collection, device, server_ids)
    }

    fn unwrite(
        &mut self,
        collection: CollectionId,
        device: DeviceId,
        server_ids: &[String],
    ) -> Applied<i64> {
        let change = "writer = CASE WHEN writer = ?3 THEN NULL ELSE writer END";
        self.change_makers(change, collection, device, server_ids)
    }

    /// Sets columns of placements, in a book or a view; `?3` is the device.
    fn change_makers(
        &mut self,
        change: &'static str,
        collection: CollectionId,
        device: DeviceId,
        server_ids: &[String],
    ) -> Applied<i64> {
        for table in ["placement", "view_placement"] {
            let mut statement = self.connection.prepare_cached(&format!(
                "UPDATE {table} SET {change} WHERE server_id = ?1 AND collection = ?2"
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

//! Reads about devices, what they were given, and other clients.

use rusqlite::Row;

use super::read::{Reader, named, of};
use crate::domain::{
    device::DeviceAccess,
    id::{CollectionId, DeviceId, PersonId, Timestamp},
    json,
    store::{Device, KnownClient},
};

impl Reader<'_> {
    pub fn sync(
        &self,
        device: DeviceId,
        collection: CollectionId,
    ) -> rusqlite::Result<Option<(String, Vec<u8>)>> {
        self.one(
            "SELECT key, record FROM sync_state WHERE device = ?1 AND collection = ?2",
            [device.0, collection.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    pub fn device_value(&self, device: DeviceId, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        self.one(
            "SELECT value FROM device_value WHERE device = ?1 AND name = ?2",
            rusqlite::params![device.0, name],
            |row| row.get(0),
        )
    }

    pub fn device(&self, person: PersonId, device_id: &str) -> rusqlite::Result<Option<Device>> {
        let sql = format!("{DEVICE} WHERE person = ?1 AND device_id = ?2");
        self.one(&sql, rusqlite::params![person.0, device_id], device)
    }

    pub fn device_count(&self, person: PersonId) -> rusqlite::Result<usize> {
        let count = self.one(
            "SELECT count(*) FROM device WHERE person = ?1",
            [person.0],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(count
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(0))
    }

    pub fn devices(&self, person: Option<PersonId>) -> rusqlite::Result<Vec<Device>> {
        let sql = format!("{DEVICE} {} ORDER BY last_seen DESC", of(person));
        self.all(&sql, named(person), device)
    }

    pub fn synced(&self, device: DeviceId) -> rusqlite::Result<Vec<CollectionId>> {
        self.all(
            "SELECT collection FROM sync_state WHERE device = ?1",
            [device.0],
            |row| Ok(CollectionId(row.get(0)?)),
        )
    }

    pub fn clients(&self, person: Option<PersonId>) -> rusqlite::Result<Vec<KnownClient>> {
        let sql = format!(
            "SELECT person, label, name, first_seen, last_seen, journal FROM client {}",
            of(person)
        );
        self.all(&sql, named(person), |row| {
            let journal: String = row.get(5)?;
            Ok(KnownClient {
                person: PersonId(row.get(0)?),
                label: row.get(1)?,
                name: row.get(2)?,
                first_seen: Timestamp(row.get(3)?),
                last_seen: Timestamp(row.get(4)?),
                exchanges: json::read("a journal", journal.as_bytes()).unwrap_or_default(),
            })
        })
    }

    pub fn followed(&self, person: PersonId, client: &str) -> rusqlite::Result<Vec<CollectionId>> {
        self.all(
            "SELECT DISTINCT collection FROM dav_client WHERE person = ?1 AND client = ?2",
            rusqlite::params![person.0, client],
            |row| Ok(CollectionId(row.get(0)?)),
        )
    }
}

const DEVICE: &str = "SELECT id, person, device_id, device_type, user_agent, version, access, info,
    first_seen, last_seen, name, ordered_by FROM device";

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    let access: String = row.get(6)?;
    let info: String = row.get(7)?;
    let info: std::collections::BTreeMap<String, String> =
        json::read("what a device says of itself", info.as_bytes()).unwrap_or_default();
    Ok(Device {
        id: DeviceId(row.get(0)?),
        person: PersonId(row.get(1)?),
        device_id: row.get(2)?,
        device_type: row.get(3)?,
        user_agent: row.get(4)?,
        version: row.get(5)?,
        // Unreadable access never lets a device in.
        access: DeviceAccess::parse(&access).unwrap_or(DeviceAccess::Blocked),
        info: info.into_iter().collect(),
        first_seen: Timestamp(row.get(8)?),
        last_seen: Timestamp(row.get(9)?),
        name: row.get(10)?,
        ordered_by: row.get::<_, Option<i64>>(11)?.map(PersonId),
    })
}

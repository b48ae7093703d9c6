//! Devices and other clients.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{
    batch::DeviceOp,
    device::DeviceAccess,
    error::Error,
    id::{DeviceId, PersonId, Timestamp},
    journal::{Exchange, KEPT},
    json,
    view::Shown,
};

/// Programs remembered of a person, those with a name of the person's own apart.
const CLIENTS: i64 = 64;

/// Named values as a JSON object.
fn object(info: &[(String, String)]) -> serde_json::Value {
    info.iter()
        .map(|(name, value)| (name.clone(), serde_json::Value::from(value.clone())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

impl Commit<'_> {
    pub(super) fn device_op(&mut self, op: &DeviceOp) -> Applied<i64> {
        match op {
            DeviceOp::TouchDevice { .. } => self.touch_device(op),
            DeviceOp::AdmitDevice { .. } => self.admit_device(op),
            DeviceOp::ShowBooks { device, shown } => {
                self.wake_owner(*device)?;
                // Held requests of another process hear of it too.
                self.rights_moved = true;
                let value = json::write(shown)?;
                self.run(
                    "INSERT OR REPLACE INTO device_value (device, name, value) VALUES (?1, ?2, ?3)",
                    params![device.0, Shown::VALUE, value],
                )
            }
            DeviceOp::SetDeviceAccess { device, access } => {
                self.set_device_access(*device, *access)
            }
            DeviceOp::ForgetDevice { device } => {
                self.wake_owner(*device)?;
                self.rights_moved = true;
                self.run("DELETE FROM device WHERE id = ?1", params![device.0])
            }
            DeviceOp::NameDevice { device, name } => self.run(
                "UPDATE device SET name = ?2 WHERE id = ?1",
                params![device.0, name],
            ),
            DeviceOp::NoteClient {
                person,
                label,
                seen,
                exchanges,
            } => self.note_client(*person, label, *seen, exchanges),
            DeviceOp::NameClient {
                person,
                label,
                name,
            } => self.run(
                "UPDATE client SET name = ?3 WHERE person = ?1 AND label = ?2",
                params![person.0, label, name],
            ),
            DeviceOp::ForgetClient { person, label } => {
                for table in ["dav_client", "dav_client_card"] {
                    self.connection
                        .prepare_cached(&format!(
                            "DELETE FROM {table} WHERE person = ?1 AND client = ?2"
                        ))?
                        .execute(params![person.0, label])?;
                }
                self.run(
                    "DELETE FROM client WHERE person = ?1 AND label = ?2",
                    params![person.0, label],
                )
            }
        }
    }

    fn note_client(
        &mut self,
        person: PersonId,
        label: &str,
        seen: Timestamp,
        exchanges: &[Exchange],
    ) -> Applied<i64> {
        let known: Option<String> = self
            .connection
            .prepare_cached("SELECT journal FROM client WHERE person = ?1 AND label = ?2")?
            .query_row(params![person.0, label], |row| row.get(0))
            .optional()?;
        let mut journal: Vec<Exchange> = known
            .and_then(|known| json::read("the journal of a client", known.as_bytes()))
            .unwrap_or_default();
        journal.extend_from_slice(exchanges);
        let kept = &journal[journal.len().saturating_sub(KEPT)..];
        // An account that was removed meanwhile has no clients.
        self.run(
            "INSERT INTO client (person, label, first_seen, last_seen, journal)
             SELECT id, ?2, ?3, ?3, ?4 FROM person WHERE id = ?1
             ON CONFLICT (person, label) DO UPDATE SET
                 last_seen = max(last_seen, excluded.last_seen), journal = excluded.journal",
            params![person.0, label, seen.0, json::text(kept)?],
        )?;
        // Programs that call themselves something else each time.
        self.run(
            "DELETE FROM client WHERE id IN (SELECT id FROM client
                 WHERE person = ?1 AND name = '' ORDER BY last_seen DESC, id DESC LIMIT -1 OFFSET ?2)",
            params![person.0, CLIENTS],
        )
    }

    fn touch_device(&mut self, op: &DeviceOp) -> Applied<i64> {
        let DeviceOp::TouchDevice {
            person,
            device_id,
            device_type,
            user_agent,
            version,
            info,
        } = op
        else {
            return Ok(0);
        };
        let info = object(info);
        let id = self
            .connection
            .prepare_cached(
                "INSERT INTO device (person, device_id, device_type, user_agent, version, info,
                     first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
                 ON CONFLICT (person, device_id) DO UPDATE SET device_type = excluded.device_type,
                     user_agent = excluded.user_agent, version = excluded.version,
                     info = json_patch(info, excluded.info), last_seen = excluded.last_seen
                 RETURNING id",
            )?
            .query_row(
                params![
                    person.0,
                    device_id.to_lowercase(),
                    device_type,
                    user_agent,
                    version,
                    info.to_string(),
                    self.batch.at.0
                ],
                |row| row.get(0),
            )?;
        Ok(id)
    }

    fn admit_device(&mut self, op: &DeviceOp) -> Applied<i64> {
        let DeviceOp::AdmitDevice {
            person,
            device_id,
            device_type,
            user_agent,
            version,
            info,
            access,
        } = op
        else {
            return Ok(0);
        };
        let known = self
            .connection
            .prepare_cached("SELECT 1 FROM device WHERE person = ?1 AND device_id = ?2")?
            .exists(params![person.0, device_id.to_lowercase()])?;
        if !known {
            self.tell_device(person.0, device_type)?;
        }
        self.run(
            "INSERT INTO device (person, device_id, device_type, user_agent, version, info, access,
                 first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
             ON CONFLICT (person, device_id) DO NOTHING",
            params![
                person.0,
                device_id.to_lowercase(),
                device_type,
                user_agent,
                version,
                object(info).to_string(),
                access.as_str(),
                self.batch.at.0
            ],
        )
    }

    fn set_device_access(&mut self, device: DeviceId, access: DeviceAccess) -> Applied<i64> {
        self.run(
            // What the device confirms is still the order of who gave it.
            "UPDATE device SET access = ?2,
                 ordered_by = CASE WHEN ?2 = 'wiped' THEN ordered_by ELSE ?3 END WHERE id = ?1",
            params![device.0, access.as_str(), self.author()],
        )?;
        self.wake_owner(device)?;
        self.rights_moved = true;
        self.audit_device(device, access.as_str())?;
        Ok(device.0)
    }

    pub(super) fn wake_owner(&mut self, device: DeviceId) -> Applied<()> {
        let owner: Option<i64> = self
            .connection
            .prepare_cached("SELECT person FROM device WHERE id = ?1")?
            .query_row([device.0], |row| row.get(0))
            .optional()?;
        match owner {
            Some(owner) => {
                self.people.push(PersonId(owner));
                Ok(())
            }
            None => Err(Error::NotFound.into()),
        }
    }
}

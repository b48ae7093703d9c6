//! Who did what to rights, groups, accounts and devices, in words that are still true when these are
//! gone: logins and names, never what a contact holds.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::id::{DeviceId, GroupId, PersonId};

impl Commit<'_> {
    /// A line about what the batch did.
    pub(super) fn audit(&self, what: &str) -> Applied<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO audit (at, person, login, client, what) VALUES (?1, ?2,
                     coalesce((SELECT login FROM person WHERE id = ?2), ''), ?3, ?4)",
            )?
            .execute(params![
                self.batch.at.0,
                self.author(),
                self.batch.client,
                what
            ])?;
        Ok(())
    }

    /// A line about an account, by its login.
    pub(super) fn audit_account(&self, person: PersonId, what: &str) -> Applied<()> {
        self.audit(&format!("account {} {what}", self.login_of(person)?))
    }

    /// A line about a group, by its name.
    pub(super) fn audit_group(&self, group: GroupId, what: &str) -> Applied<()> {
        let name = self.name("SELECT name FROM grp WHERE id = ?1", group.0)?;
        self.audit(&format!("group {name}: {what}"))
    }

    /// A line about a device, by its DeviceId and the login of its owner.
    pub(super) fn audit_device(&self, device: DeviceId, what: &str) -> Applied<()> {
        let name = self.name(
            "SELECT d.device_id || ' of ' || p.login FROM device d JOIN person p ON p.id = d.person
             WHERE d.id = ?1",
            device.0,
        )?;
        self.audit(&format!("device {name} {what}"))
    }

    /// The login of an account; its number once it is gone.
    pub(super) fn login_of(&self, person: PersonId) -> Applied<String> {
        self.name("SELECT login FROM person WHERE id = ?1", person.0)
    }

    fn name(&self, sql: &str, id: i64) -> Applied<String> {
        let name = self
            .connection
            .prepare_cached(sql)?
            .query_row([id], |row| row.get(0))
            .optional()?;
        Ok(name.unwrap_or_else(|| id.to_string()))
    }
}

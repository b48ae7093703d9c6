//! Clients that remove a large part of a book are noticed (`rights.md` §2, *Mass deletion*).

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::{batch::Op, id::PersonId};

/// More removals than this within an hour, and more than a quarter of the book.
const MANY: i64 = 50;

impl Commit<'_> {
    pub(super) fn notice_op(&mut self, op: &Op) -> Applied<i64> {
        match op {
            Op::SettleNotice { notice } => self.run(
                "UPDATE notice SET settled = ?2, held = 0 WHERE id = ?1",
                params![notice.0, self.batch.at.0],
            ),
            _ => Ok(0),
        }
    }

    /// Tells the person that something a client wrote is kept; one notice a client.
    pub(super) fn notice_kept(&mut self) -> Applied<()> {
        let (person, client, at) = (self.author(), &self.batch.client, self.batch.at.0);
        let told = self
            .connection
            .prepare_cached(
                "UPDATE notice SET number = number + 1, at = ?3 WHERE person = ?1 AND client = ?2
                     AND kind = 'kept' AND settled IS NULL",
            )?
            .execute(params![person, client, at])?;
        if told == 0 {
            self.run(
                "INSERT INTO notice (person, kind, at, client, since, number, mailed)
                 SELECT id, 'kept', ?3, ?2, ?3, 1,
                     NOT coalesce(json_extract(settings, '$.notify.refused'), 0)
                 FROM person WHERE id = ?1",
                params![person, client, at],
            )?;
        }
        Ok(())
    }

    /// Tells the members of a group who asked for it, by e-mail alone, that something is shared.
    pub(super) fn tell_shared(&mut self, item: i64, collection: i64) -> Applied<()> {
        self.tell_members("shared", item, collection, None)
    }

    /// Tells those who may modify something from now on, where they asked for it, by e-mail alone:
    /// one member, or all of them.
    pub(super) fn tell_granted(
        &mut self,
        item: i64,
        collection: i64,
        person: Option<PersonId>,
    ) -> Applied<()> {
        self.tell_members("granted", item, collection, person)
    }

    /// What one member did for others is one letter, counted.
    fn tell_members(
        &mut self,
        kind: &str,
        item: i64,
        collection: i64,
        only: Option<PersonId>,
    ) -> Applied<()> {
        let (author, at) = (self.author(), self.batch.at.0);
        let only = only.map(|person| person.0);
        self.run(
            "INSERT INTO notice (person, kind, at, client, collection, since, number, subject,
                 settled, mailed)
             SELECT p.id, ?5, ?4, a.name, c.id, ?4, 0, i.display, ?4, 0
             FROM collection c JOIN membership m ON m.grp = c.grp JOIN person p ON p.id = m.person
             JOIN person a ON a.id = ?1 JOIN item i ON i.id = ?2
             WHERE c.id = ?3 AND c.kind = 'group' AND p.id <> a.id AND coalesce(p.id = ?6, 1)
                 AND json_extract(p.settings, '$.notify.shared')
                 AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.mailed = 0 AND n.kind = ?5
                     AND n.person = p.id AND n.collection = c.id AND n.client = a.name)",
            params![author, item, collection, at, kind, only],
        )?;
        self.run(
            "UPDATE notice SET number = number + 1, at = ?3
             WHERE mailed = 0 AND kind = ?4 AND collection = ?2 AND coalesce(person = ?5, 1)
                 AND client = (SELECT name FROM person WHERE id = ?1)",
            params![author, collection, at, kind, only],
        )?;
        Ok(())
    }

    /// Tells a person who asked for it, by e-mail alone, of a new device.
    pub(super) fn tell_device(&mut self, person: i64, kind: &str) -> Applied<()> {
        self.run(
            "INSERT INTO notice (person, kind, at, client, since, number, settled, mailed)
             SELECT id, 'device', ?3, ?2, ?3, 1, ?3, 0 FROM person
             WHERE id = ?1 AND json_extract(settings, '$.notify.device')",
            params![person, kind, self.batch.at.0],
        )?;
        Ok(())
    }

    /// Nothing is kept any more: there is nothing to tell of it.
    pub(super) fn settle_kept(&mut self) -> Applied<()> {
        self.run(
            "UPDATE notice SET settled = ?2 WHERE person = ?1 AND kind = 'kept' AND settled IS NULL
                 AND NOT EXISTS (SELECT 1 FROM revision WHERE person = ?1 AND kind = 'refused')",
            params![self.author(), self.batch.at.0],
        )?;
        Ok(())
    }

    /// Counts what this commit took away (what it only moved is no loss), and tells the person
    /// once when a client went past the limit.
    pub(super) fn count_removals(&mut self) -> Applied<()> {
        let (Some(person), Some(collection)) = (self.author(), self.removed_from) else {
            return Ok(());
        };
        if self.net_removals <= 0 || self.batch.client.is_empty() {
            return Ok(());
        }
        let client = &self.batch.client;
        let minute = self.batch.at.0 / 60_000;
        self.run(
            "INSERT INTO removal_count (person, client, collection, minute, removals)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET removals = removals + excluded.removals",
            params![person, client, collection, minute, self.net_removals],
        )?;
        let (removals, since): (i64, i64) = self
            .connection
            .prepare_cached(
                "SELECT coalesce(sum(removals), 0), coalesce(min(minute), ?4) FROM removal_count
                 WHERE person = ?1 AND client = ?2 AND collection = ?3 AND minute > ?4 - 60",
            )?
            .query_row(params![person, client, collection, minute], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        // The size of the book is counted once in fifty removals only.
        if removals <= MANY || (removals - 1) / MANY == (removals - self.net_removals - 1) / MANY {
            return Ok(());
        }
        let left: i64 = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM placement WHERE collection = ?1 AND gone IS NULL",
            )?
            .query_row([collection], |row| row.get(0))?;
        if removals * 4 <= left + removals {
            return Ok(());
        }
        let updated = self
            .connection
            .prepare_cached(
                "UPDATE notice SET number = ?4 WHERE person = ?1 AND client = ?2
                     AND collection = ?3 AND kind = 'mass-deletion' AND settled IS NULL",
            )?
            .execute(params![person, client, collection, removals])?;
        if updated == 0 {
            self.run(
                "INSERT INTO notice (person, kind, at, client, collection, since, number, held)
                 SELECT id, 'mass-deletion', ?4, ?2, ?3, ?5, ?6,
                     coalesce(json_extract(settings, '$.hold_mass_deletions'), 0)
                 FROM person WHERE id = ?1",
                params![
                    person,
                    client,
                    collection,
                    self.batch.at.0,
                    since * 60_000,
                    removals
                ],
            )?;
        }
        Ok(())
    }
}

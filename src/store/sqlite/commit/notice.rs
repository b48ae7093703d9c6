//! Notices to people: a client that removed a large part of a book, changes that were refused,
//! contacts shared or granted in a group.

use std::collections::BTreeSet;

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::{
    id::{NoticeId, OutgoingId, PersonId, RevisionId},
    label::PAGES,
};

/// More removals than this within an hour, and more than a quarter of the book.
const MANY: i64 = 50;

/// Kinds of notices to whoever proposed a change.
pub const PROPOSAL_ACCEPTED: &str = "proposal-accepted";
pub const PROPOSAL_DECLINED: &str = "proposal-declined";

/// An act of an author that members of a group are notified of.
pub struct Doing {
    kind: &'static str,
    collection: i64,
    /// Only this member is notified.
    only: Option<i64>,
    /// The first item concerned.
    item: i64,
    number: i64,
}

impl Doing {
    fn is_like(&self, other: &Self) -> bool {
        (self.kind, self.collection, self.only) == (other.kind, other.collection, other.only)
    }
}

impl Commit<'_> {
    pub(super) fn settle_notice(&mut self, notice: NoticeId) -> Applied<i64> {
        self.run(
            "UPDATE notice SET settled = ?2, held = 0 WHERE id = ?1",
            params![notice.0, self.batch.at.0],
        )
    }

    /// Notifies the person that a client's write was refused and kept; one notice a client.
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

    /// Notifies whoever wrote a short message or a fax that it did not leave.
    pub(super) fn notice_unsent(&mut self, message: OutgoingId) -> Applied<i64> {
        self.run(
            "INSERT INTO notice (person, kind, at, client, since, number, subject, mailed)
             SELECT person, 'unsent', ?2, channel, queued, 1, recipient, 1 FROM outbox
             WHERE id = ?1 AND person IS NOT NULL AND channel <> 'mail'",
            params![message.0, self.batch.at.0],
        )
    }

    /// Notes that the members of a group are to be notified of a sharing.
    pub(super) fn tell_shared(&mut self, item: i64, collection: i64) {
        self.note_doing("shared", item, collection, None);
    }

    /// Notes that people who may modify something from now on are to be notified: one member, or
    /// all.
    pub(super) fn tell_granted(&mut self, item: i64, collection: i64, person: Option<PersonId>) {
        self.note_doing("granted", item, collection, person.map(|person| person.0));
    }

    fn note_doing(&mut self, kind: &'static str, item: i64, collection: i64, only: Option<i64>) {
        let doing = Doing {
            kind,
            collection,
            only,
            item,
            number: 1,
        };
        match self.doings.iter_mut().find(|noted| noted.is_like(&doing)) {
            Some(noted) => noted.number += 1,
            None => self.doings.push(doing),
        }
    }

    /// Notifies members of groups of the author's acts: on pages, and by e-mail if they asked for
    /// it. The acts of one member are counted in one notice, until it is read or its letter is
    /// queued.
    pub(super) fn tell_members(&mut self) -> Applied<()> {
        for doing in std::mem::take(&mut self.doings) {
            let by_mail = "n.mailed = 0";
            let asked = "json_extract(p.settings, '$.notify.shared')";
            self.tell_doing(&doing, by_mail, asked, (Some(self.batch.at.0), 0))?;
            self.tell_doing(&doing, "n.settled IS NULL", "1", (None, 1))?;
        }
        Ok(())
    }

    /// `open` says which notices count on, `whom` who is told, `state` is *settled* and *mailed*.
    fn tell_doing(
        &self,
        doing: &Doing,
        open: &str,
        whom: &str,
        (settled, mailed): (Option<i64>, i64),
    ) -> Applied<()> {
        let at = self.batch.at.0;
        self.run(
            &format!(
                "INSERT INTO notice (person, kind, at, client, collection, since, number, subject,
                     item, settled, mailed)
                 SELECT p.id, ?5, ?4, a.name, c.id, ?4, 0, i.display, i.id, ?7, ?8
                 FROM collection c JOIN membership m ON m.grp = c.grp
                 JOIN person p ON p.id = m.person
                 JOIN person a ON a.id = ?1 JOIN item i ON i.id = ?2
                 WHERE c.id = ?3 AND c.kind = 'group' AND p.id <> a.id AND coalesce(p.id = ?6, 1)
                     AND {whom} AND NOT EXISTS (SELECT 1 FROM notice n
                         WHERE {open} AND n.kind = ?5 AND n.person = p.id
                             AND n.collection = c.id AND n.client = a.name)"
            ),
            params![
                self.author(),
                doing.item,
                doing.collection,
                at,
                doing.kind,
                doing.only,
                settled,
                mailed
            ],
        )?;
        self.run(
            &format!(
                "UPDATE notice AS n SET number = number + ?6, at = ?3
                 WHERE {open} AND kind = ?4 AND collection = ?2 AND coalesce(person = ?5, 1)
                     AND client = (SELECT name FROM person WHERE id = ?1)"
            ),
            params![
                self.author(),
                doing.collection,
                at,
                doing.kind,
                doing.only,
                doing.number
            ],
        )?;
        Ok(())
    }

    /// Notifies a new member, and the people who run the group, unless they added the member
    /// themselves.
    pub(super) fn tell_membership(&mut self, book: i64, person: PersonId) -> Applied<()> {
        let (author, at) = (self.author(), self.batch.at.0);
        self.run(
            "INSERT INTO notice (person, kind, at, client, collection, since, number)
             SELECT p.id, 'added', ?3, coalesce(a.name, ''), ?2, ?3, 1
             FROM person p LEFT JOIN person a ON a.id = ?4
             WHERE p.id = ?1 AND p.id IS NOT ?4",
            params![person.0, book, at, author],
        )?;
        self.run(
            "INSERT INTO notice (person, kind, at, client, collection, since, number)
             SELECT m.person, 'joined', ?3, p.name, c.id, ?3, 1
             FROM collection c JOIN membership m ON m.grp = c.grp AND m.role <> 'member'
             JOIN person p ON p.id = ?1
             WHERE c.id = ?2 AND m.person <> p.id AND m.person IS NOT ?4",
            params![person.0, book, at, author],
        )?;
        Ok(())
    }

    /// Notifies a person of a new device, by e-mail alone and if they asked for it.
    pub(super) fn tell_device(&mut self, person: i64, kind: &str) -> Applied<()> {
        self.run(
            "INSERT INTO notice (person, kind, at, client, since, number, settled, mailed)
             SELECT id, 'device', ?3, ?2, ?3, 1, ?3, 0 FROM person
             WHERE id = ?1 AND json_extract(settings, '$.notify.device')",
            params![person, kind, self.batch.at.0],
        )?;
        Ok(())
    }

    /// Notifies whoever proposed a change of what became of it; the newest thirty are kept.
    pub(super) fn tell_proposer(&self, revision: RevisionId, accepted: bool) -> Applied<()> {
        let kind = if accepted {
            PROPOSAL_ACCEPTED
        } else {
            PROPOSAL_DECLINED
        };
        self.run(
            "INSERT INTO notice (person, kind, at, client, collection, since, number, subject, item)
             SELECT r.person, ?2, ?3, coalesce(a.name, ''), r.collection, ?3, 1, i.display, i.id
             FROM revision r JOIN item i ON i.id = r.item LEFT JOIN person a ON a.id = ?4
             WHERE r.id = ?1 AND r.kind = 'proposed' AND r.person IS NOT NULL AND r.person IS NOT ?4",
            params![revision.0, kind, self.batch.at.0, self.author()],
        )?;
        self.run(
            "DELETE FROM notice WHERE id IN (
                 SELECT n.id FROM notice n JOIN revision r ON r.person = n.person
                 WHERE r.id = ?1 AND n.settled IS NULL AND n.kind IN (?2, ?3)
                 ORDER BY n.id DESC LIMIT -1 OFFSET 30)",
            params![revision.0, PROPOSAL_ACCEPTED, PROPOSAL_DECLINED],
        )?;
        Ok(())
    }

    /// Ends the notice about refused changes when none are left.
    pub(super) fn settle_kept(&mut self) -> Applied<()> {
        self.run(
            "UPDATE notice SET settled = ?2 WHERE person = ?1 AND kind = 'kept' AND settled IS NULL
                 AND NOT EXISTS (SELECT 1 FROM revision WHERE person = ?1 AND kind = 'refused')",
            params![self.author(), self.batch.at.0],
        )?;
        Ok(())
    }

    /// What is restored counts as removed no more; notices of which nothing is left are settled.
    pub(super) fn recount_restored(&mut self) -> Applied<()> {
        let mut books = BTreeSet::new();
        for (placement, book) in std::mem::take(&mut self.restored) {
            books.insert(book);
            let removed =
                "FROM revision r WHERE r.item = (SELECT item FROM placement WHERE id = ?1)
                AND r.kind = 'removed' AND r.placement = ?1";
            self.run(
                &format!(
                    "UPDATE removal_count SET removals = max(removals - 1, 0)
                     WHERE (person, client, collection, minute) IN
                         (SELECT r.person, r.client, r.collection, r.at / 60000 {removed})"
                ),
                [placement],
            )?;
            self.run(
                &format!(
                    "UPDATE notice AS n SET number = max(number - 1, 0)
                     WHERE collection = ?2 AND kind = 'mass-deletion' AND settled IS NULL
                         AND EXISTS (SELECT 1 {removed} AND r.person = n.person
                             AND r.client = n.client AND r.at >= n.since)"
                ),
                [placement, book],
            )?;
        }
        for book in books {
            self.run(
                "UPDATE notice AS n SET settled = ?2, held = 0
                 WHERE collection = ?1 AND kind = 'mass-deletion' AND settled IS NULL
                     AND NOT EXISTS (SELECT 1 FROM revision r
                         WHERE r.collection = n.collection AND r.kind = 'removed'
                             AND r.at >= n.since AND r.person = n.person AND r.client = n.client
                             AND NOT EXISTS (SELECT 1 FROM placement b WHERE b.item = r.item
                                 AND b.collection = r.collection AND b.gone IS NULL))",
                [book, self.batch.at.0],
            )?;
        }
        Ok(())
    }

    /// Counts the removals of this commit, less what it only moved, and notifies the person once
    /// when a client exceeds the limit.
    pub(super) fn count_removals(&mut self) -> Applied<()> {
        let (Some(person), Some(collection)) = (self.author(), self.removed_from) else {
            return Ok(());
        };
        let client = self.batch.client.as_str();
        // Pages offer *Undo*, and ask for the number before a book is emptied.
        if self.net_removals <= 0 || client.is_empty() || client == PAGES {
            return Ok(());
        }
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
        if removals <= MANY {
            return Ok(());
        }
        let left = self.live_in(collection)?;
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
            // What the client did before its first removal is no part of it.
            let since: i64 = self
                .connection
                .prepare_cached(
                    "SELECT coalesce(min(at), ?4) FROM revision
                     WHERE collection = ?1 AND kind = 'removed' AND person = ?2 AND client = ?3
                         AND at >= ?4",
                )?
                .query_row(params![collection, person, client, since * 60_000], |row| {
                    row.get(0)
                })?;
            self.run(
                "INSERT INTO notice (person, kind, at, client, collection, since, number, held)
                 SELECT id, 'mass-deletion', ?4, ?2, ?3, ?5, ?6,
                     coalesce(json_extract(settings, '$.hold_mass_deletions'), 0)
                 FROM person WHERE id = ?1",
                params![person, client, collection, self.batch.at.0, since, removals],
            )?;
        }
        Ok(())
    }
}

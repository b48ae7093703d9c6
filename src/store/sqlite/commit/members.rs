//! Lists of members: rows that follow memberships and accounts.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{
    error::Error,
    id::{GroupId, PersonId},
    item::{digest, random_id},
    json,
    principal::Profile,
};
use crate::store::sqlite::read_credentials::{PROFILE, profile};

impl Commit<'_> {
    pub(super) fn describe_person(
        &mut self,
        person: PersonId,
        organization: Option<&str>,
        picture: Option<&[u8]>,
    ) -> Applied<i64> {
        let is_other = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM person WHERE id = ?1 AND (organization IS NOT coalesce(?2, organization)
                     OR ?3 IS NOT NULL AND picture IS NOT nullif(?3, x''))",
            )?
            .exists(params![person.0, organization, picture])?;
        // What somebody says of themselves is no act of the administration.
        if is_other && self.author() != Some(person.0) {
            self.audit_account(person, "changed: organization or picture")?;
        }
        self.run(
            "UPDATE person SET organization = coalesce(?2, organization),
                 picture = CASE WHEN ?3 IS NULL THEN picture ELSE nullif(?3, x'') END
             WHERE id = ?1",
            params![person.0, organization, picture],
        )?;
        self.list_anew(person)?;
        Ok(person.0)
    }

    /// The home of a person shows the lists of their groups from now on, or no more.
    pub(super) fn show_members(&mut self, person: PersonId, shown: bool) -> Applied<i64> {
        if self.shows_members(person)? == shown {
            return Ok(person.0);
        }
        self.run(
            "UPDATE person SET settings = json_set(settings, '$.members_in_home', json(?2))
             WHERE id = ?1",
            params![person.0, if shown { "true" } else { "false" }],
        )?;
        for list in self.lists_with(person)? {
            if shown {
                self.show_book(person.0, list)?
            } else {
                self.hide_book(list, Some(person.0))?
            }
        }
        // What is remembered of an account holds its settings.
        self.rights_moved = true;
        self.people.push(person);
        Ok(person.0)
    }

    fn shows_members(&self, person: PersonId) -> Applied<bool> {
        let shown: Option<bool> = self
            .connection
            .prepare_cached(
                "SELECT coalesce(json_extract(settings, '$.members_in_home'), 0) FROM person
                 WHERE id = ?1",
            )?
            .query_row([person.0], |row| row.get(0))
            .optional()?;
        Ok(shown.ok_or(Error::NotFound)?)
    }

    /// Makes the empty list of a new group.
    pub(super) fn begin_list(&mut self, group: i64) -> Applied<()> {
        let (name, display_name): (String, String) = self
            .connection
            .prepare_cached("SELECT name, display_name FROM grp WHERE id = ?1")?
            .query_row([group], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.insert_collection("members", None, Some(group), &name, &display_name)?;
        Ok(())
    }

    /// Ends the list of a group.
    pub(super) fn end_list(&mut self, group: GroupId) -> Applied<()> {
        let list = self.list_of(group)?;
        self.hide_book(list, None)?;
        self.run(
            "UPDATE collection SET kind = 'removed-members', grp = NULL WHERE id = ?1",
            [list],
        )?;
        self.run("DELETE FROM member_placement WHERE collection = ?1", [list])?;
        Ok(())
    }

    /// Renames the list with its group.
    pub(super) fn rename_list(&mut self, group: GroupId, display_name: &str) -> Applied<()> {
        let list = self.list_of(group)?;
        self.run(
            "UPDATE collection SET display_name = ?2 WHERE id = ?1",
            params![list, display_name],
        )?;
        self.book_changed(list)
    }

    /// Adds a member to the list, and the list to their home if they want such lists there.
    pub(super) fn list_member(&mut self, group: GroupId, person: PersonId) -> Applied<()> {
        let list = self.list_of(group)?;
        let (profile, octets) = self.profile(person)?;
        let born = self.next_seq(list)?;
        let server_id = random_id(12);
        self.run(
            "INSERT INTO member_placement (person, collection, href, server_id, display, profile,
                 digest, born, changed, created, modified)
             VALUES (?1, ?2, ?3 || '.vcf', ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?8)",
            params![
                person.0,
                list,
                server_id,
                profile.name,
                octets,
                digest(&octets),
                born,
                self.batch.at.0,
            ],
        )?;
        if self.shows_members(person)? {
            self.show_book(person.0, list)
        } else {
            Ok(())
        }
    }

    /// Removes a member from the list.
    pub(super) fn unlist_member(&mut self, group: GroupId, person: PersonId) -> Applied<()> {
        let list = self.list_of(group)?;
        let gone = self.next_seq(list)?;
        self.run(
            "UPDATE member_placement SET gone = ?3, gone_at = ?4
             WHERE collection = ?1 AND person = ?2 AND gone IS NULL",
            params![list, person.0, gone, self.batch.at.0],
        )?;
        self.hide_book(list, Some(person.0))
    }

    /// Rewrites a person's entry in every list.
    pub(super) fn list_anew(&mut self, person: PersonId) -> Applied<()> {
        let (profile, octets) = self.profile(person)?;
        let digest = digest(&octets);
        for list in self.lists_with(person)? {
            let shown = self
                .connection
                .prepare_cached(
                    "SELECT 1 FROM member_placement
                     WHERE collection = ?1 AND person = ?2 AND gone IS NULL AND digest = ?3",
                )?
                .exists(params![list, person.0, digest])?;
            if shown {
                continue;
            }
            let changed = self.next_seq(list)?;
            self.run(
                "UPDATE member_placement SET changed = ?3, display = ?4, profile = ?5, digest = ?6,
                     modified = ?7 WHERE collection = ?1 AND person = ?2 AND gone IS NULL",
                params![
                    list,
                    person.0,
                    changed,
                    profile.name,
                    octets,
                    digest,
                    self.batch.at.0,
                ],
            )?;
        }
        Ok(())
    }

    /// What lists show of a person, and the same as it is stored.
    fn profile(&self, person: PersonId) -> Applied<(Profile, Vec<u8>)> {
        let profile = self
            .connection
            .prepare_cached(PROFILE)?
            .query_row([person.0], profile)
            .optional()?
            .ok_or(Error::NotFound)?;
        let octets = json::write(&profile)?;
        Ok((profile, octets))
    }

    fn list_of(&self, group: GroupId) -> Applied<i64> {
        let list = self
            .connection
            .prepare_cached("SELECT id FROM collection WHERE grp = ?1 AND kind = 'members'")?
            .query_row([group.0], |row| row.get(0))
            .optional()?;
        Ok(list.ok_or(Error::NotFound)?)
    }

    fn lists_with(&self, person: PersonId) -> Applied<Vec<i64>> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT c.id FROM membership m
                 JOIN collection c ON c.grp = m.grp AND c.kind = 'members' WHERE m.person = ?1",
            )?
            .query_map([person.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?)
    }
}

//! Accounts.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{
    batch::{PersonChange, PersonOp},
    collection::DEFAULT_BOOK,
    error::Error,
    group::Leaving,
    id::{GroupId, ItemId, PersonId},
    item::random_id,
    principal::Role,
    rule::Rule,
};

/// What the audit names when it changes.
struct Known {
    disabled: bool,
    admin: bool,
    quota: Option<i64>,
    email: Option<String>,
    name: String,
    settings: String,
}

impl Commit<'_> {
    pub(super) fn person_op(&mut self, op: &PersonOp) -> Applied<i64> {
        match op {
            PersonOp::AddPerson {
                login,
                email,
                name,
                admin,
                password_hash,
                class,
            } => {
                let row = self.add_person(login, email.as_deref(), name, *admin, password_hash)?;
                match &**class {
                    "" => Ok(row),
                    class => self.set_class(PersonId(row), class),
                }
            }
            PersonOp::ChangePerson(change) => self.change_person(change),
            PersonOp::ChangeSettings {
                person,
                expected,
                settings,
            } => self.change_settings(*person, expected, settings),
            PersonOp::RemovePerson { person } => self.remove_person(*person),
            PersonOp::DescribePerson {
                person,
                organization,
                picture,
            } => self.describe_person(*person, organization.as_deref(), picture.as_deref()),
            PersonOp::ShowMembers { person, shown } => self.show_members(*person, *shown),
        }
    }

    pub(super) fn set_last_search(
        &mut self,
        person: PersonId,
        request: Option<&str>,
    ) -> Applied<i64> {
        match request {
            Some(request) => self.run(
                "INSERT OR REPLACE INTO last_search (person, request, at) VALUES (?1, ?2, ?3)",
                params![person.0, request, self.batch.at.0],
            ),
            None => self.run(
                "DELETE FROM last_search WHERE person = ?1",
                params![person.0],
            ),
        }
    }

    pub(super) fn tell_apart(
        &mut self,
        person: PersonId,
        first: ItemId,
        second: ItemId,
    ) -> Applied<i64> {
        self.run(
            "INSERT OR IGNORE INTO told_apart (person, first, second) VALUES (?1, ?2, ?3)",
            params![person.0, first.0, second.0],
        )
    }

    fn add_person(
        &mut self,
        login: &str,
        email: Option<&str>,
        name: &str,
        admin: bool,
        password_hash: &str,
    ) -> Applied<i64> {
        let taken = self
            .connection
            .prepare_cached("SELECT 1 FROM person WHERE login = ?1")?
            .exists([login])?;
        if taken {
            return Err(Error::Exists(login.to_owned()).into());
        }
        self.check_email(email, 0)?;
        self.connection
            .prepare_cached(
                "INSERT INTO person (login, email, name, admin, password_hash, created)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                login,
                email,
                name,
                admin,
                password_hash,
                self.batch.at.0
            ])?;
        let person = self.connection.last_insert_rowid();
        self.insert_collection("home", Some(person), None, "private", name)?;
        let (person_id, uuid) = (PersonId(person), random_id(16));
        self.add_book(person_id, &uuid, DEFAULT_BOOK, "Contacts", "")?;
        self.add_default_folder(Some(person), None)?;
        self.audit(&format!("account {login} added"))?;
        // Its login may be what somebody else signed in with as an e-mail address.
        self.rights_moved = true;
        Ok(person)
    }

    fn check_email(&self, email: Option<&str>, except: i64) -> Applied<()> {
        let Some(email) = email else { return Ok(()) };
        let taken = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM person
                 WHERE lower(email) = lower(?1) AND email IS NOT NULL AND id <> ?2",
            )?
            .exists(params![email, except])?;
        if taken {
            Err(Error::Exists(email.to_owned()).into())
        } else {
            Ok(())
        }
    }

    pub(super) fn change_person(&mut self, change: &PersonChange) -> Applied<i64> {
        let PersonChange {
            person,
            email,
            name,
            admin,
            password_hash,
            disabled,
            quota,
            settings,
        } = change;
        let person = *person;
        let before = self.known_of(person)?;
        if let Some(email) = email {
            self.check_email(email.as_deref(), person.0)?;
            self.connection
                .prepare_cached("UPDATE person SET email = ?2 WHERE id = ?1")?
                .execute(params![person.0, email])?;
        }
        if let Some(quota) = quota {
            self.connection
                .prepare_cached("UPDATE person SET quota = ?2 WHERE id = ?1")?
                .execute(params![person.0, quota])?;
        }
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE person SET name = coalesce(?2, name), admin = coalesce(?3, admin),
                     password_hash = coalesce(?4, password_hash),
                     disabled = coalesce(?5, disabled), settings = coalesce(?6, settings)
                 WHERE id = ?1",
            )?
            .execute(params![
                person.0,
                name,
                admin,
                password_hash,
                disabled,
                settings
            ])?;
        if changed == 0 {
            return Err(Error::NotFound.into());
        }
        if name.is_some() || email.is_some() {
            self.list_anew(person)?;
        }
        if password_hash.is_some() || disabled.is_some() {
            self.connection
                .prepare_cached("DELETE FROM session WHERE person = ?1")?
                .execute([person.0])?;
        }
        let after = self.known_of(person)?;
        let changes = [
            (password_hash.is_some(), "password"),
            (after.disabled && !before.disabled, "disabled"),
            (before.disabled && !after.disabled, "enabled"),
            (after.admin && !before.admin, "administrator"),
            (before.admin && !after.admin, "no administrator"),
            (before.quota != after.quota, "quota"),
            (before.email != after.email, "e-mail address"),
            (before.name != after.name, "name"),
            (before.settings != after.settings, "settings"),
        ];
        let changes = changes.iter().filter(|(changed, _)| *changed);
        let changes: Vec<&str> = changes.map(|(_, what)| *what).collect();
        if !changes.is_empty() {
            self.audit_account(person, &format!("changed: {}", changes.join(", ")))?;
        }
        self.rights_moved = true;
        self.people.push(person);
        Ok(person.0)
    }

    fn change_settings(
        &mut self,
        person: PersonId,
        expected: &str,
        settings: &str,
    ) -> Applied<i64> {
        let changed = self
            .connection
            .prepare_cached("UPDATE person SET settings = ?3 WHERE id = ?1 AND settings = ?2")?
            .execute(params![person.0, expected, settings])?;
        if changed == 0 {
            return Err(Error::Moved.into());
        }
        // Accounts that are kept in memory are read again.
        self.run(
            "INSERT INTO meta (name, value) VALUES ('settings_revision', '1')
             ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
            [],
        )?;
        self.people.push(person);
        Ok(person.0)
    }

    fn known_of(&self, person: PersonId) -> Applied<Known> {
        let known = self
            .connection
            .prepare_cached(
                "SELECT disabled, admin, quota, email, name, settings FROM person WHERE id = ?1",
            )?
            .query_row([person.0], |row| {
                Ok(Known {
                    disabled: row.get(0)?,
                    admin: row.get(1)?,
                    quota: row.get(2)?,
                    email: row.get(3)?,
                    name: row.get(4)?,
                    settings: row.get(5)?,
                })
            })
            .optional()?;
        Ok(known.ok_or(Error::NotFound)?)
    }

    /// Ends an account, if what that takes is no more than this commit may: groups keep the contacts
    /// it created or shared there, its private contacts go to the trash.
    fn remove_person(&mut self, person: PersonId) -> Applied<i64> {
        let groups: Vec<(i64, String, String)> = self
            .connection
            .prepare_cached(
                "SELECT m.grp, g.name, m.role FROM membership m JOIN grp g ON g.id = m.grp
                 WHERE m.person = ?1",
            )?
            .query_map([person.0], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        if let Some((_, name, _)) = groups
            .iter()
            .find(|(_, _, role)| Role::parse(role) == Some(Role::Admin))
        {
            return Err(Error::Invalid(Rule::HandedOver(name.clone())).into());
        }
        for (group, _, _) in groups {
            self.remove_member(GroupId(group), person, Leaving::LeaveCopies)?;
            if self.more {
                return Ok(person.0);
            }
        }
        let books: Vec<i64> = self
            .connection
            .prepare_cached("SELECT id FROM collection WHERE person = ?1 AND kind = 'private'")?
            .query_map([person.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for book in &books {
            if !self.clear(*book)? {
                return Ok(person.0);
            }
        }
        for book in books {
            // The trash outlives the account until its time is over.
            self.run(
                "UPDATE collection SET kind = 'removed', person = NULL WHERE id = ?1",
                [book],
            )?;
        }
        // So do the books it had deleted.
        self.run(
            "UPDATE collection SET person = NULL WHERE person = ?1 AND kind = 'removed'",
            [person.0],
        )?;
        self.audit_account(person, "removed")?;
        let removed = self
            .connection
            .prepare_cached("DELETE FROM person WHERE id = ?1")?
            .execute([person.0])?;
        if removed == 0 {
            return Err(Error::NotFound.into());
        }
        self.rights_moved = true;
        self.people.push(person);
        Ok(person.0)
    }
}

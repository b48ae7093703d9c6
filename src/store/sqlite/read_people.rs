//! Reads about people, groups and their members.

use rusqlite::Row;

use super::{read::Reader, read_office::class_at};
use crate::domain::{
    actor::Membership,
    id::{CollectionId, GroupId, PersonId, Timestamp},
    json,
    principal::{Group, Member, Person, Role},
    rights::GroupRight,
    store::Invitation,
};

impl Reader<'_> {
    pub fn person_by_login(&self, login: &str) -> rusqlite::Result<Option<Person>> {
        let sql = format!("SELECT {PERSON} WHERE person.login = ?1");
        if let Some(person) = self.one(&sql, [login], person)? {
            return Ok(Some(person));
        }
        let sql =
            format!("SELECT {PERSON} WHERE lower(person.email) = ?1 AND person.email IS NOT NULL");
        self.one(&sql, [login], person)
    }

    pub fn person(&self, id: PersonId) -> rusqlite::Result<Option<Person>> {
        let sql = format!("SELECT {PERSON} WHERE person.id = ?1");
        self.one(&sql, [id.0], person)
    }

    pub fn people(&self) -> rusqlite::Result<Vec<Person>> {
        let sql = format!("SELECT {PERSON} ORDER BY person.login");
        self.all(&sql, [], person)
    }

    /// The groups of a person, by display name.
    pub fn memberships(&self, person: PersonId) -> rusqlite::Result<Vec<Membership>> {
        self.all(
            "SELECT g.id, g.name, g.display_name, m.role, c.id FROM membership m
             JOIN grp g ON g.id = m.grp JOIN collection c ON c.grp = g.id AND c.kind = 'group'
                 AND c.class = 'contact'
             WHERE m.person = ?1 ORDER BY lower(g.display_name), g.id",
            [person.0],
            |row| {
                Ok(Membership {
                    group: GroupId(row.get(0)?),
                    name: row.get(1)?,
                    display_name: row.get(2)?,
                    role: role(row, 3)?,
                    book: CollectionId(row.get(4)?),
                })
            },
        )
    }

    pub fn groups(&self) -> rusqlite::Result<Vec<Group>> {
        let sql = format!("SELECT {GROUP} FROM grp ORDER BY folded");
        self.all(&sql, [], group)
    }

    pub fn group_by_name(&self, name: &str) -> rusqlite::Result<Option<Group>> {
        let sql = format!("SELECT {GROUP} FROM grp WHERE name = ?1");
        self.one(&sql, [name], group)
    }

    pub fn group(&self, id: GroupId) -> rusqlite::Result<Option<Group>> {
        let sql = format!("SELECT {GROUP} FROM grp WHERE id = ?1");
        self.one(&sql, [id.0], group)
    }

    pub fn group_sizes(&self, person: PersonId) -> rusqlite::Result<Vec<(GroupId, i64)>> {
        self.all(
            "SELECT own.grp, (SELECT count(*) FROM membership m WHERE m.grp = own.grp)
             FROM membership own WHERE own.person = ?1",
            [person.0],
            |row| Ok((GroupId(row.get(0)?), row.get(1)?)),
        )
    }

    pub fn members(&self, group: GroupId) -> rusqlite::Result<Vec<Member>> {
        self.all(
            "SELECT p.id, p.login, p.name, p.email, m.role, p.organization, p.disabled FROM membership m
             JOIN person p ON p.id = m.person WHERE m.grp = ?1 ORDER BY lower(p.name), p.id",
            [group.0],
            |row| {
                Ok(Member {
                    person: PersonId(row.get(0)?),
                    login: row.get(1)?,
                    name: row.get(2)?,
                    email: row.get(3)?,
                    role: role(row, 4)?,
                    organization: row.get(5)?,
                    disabled: row.get(6)?,
                })
            },
        )
    }

    pub fn invitations(&self, group: GroupId) -> rusqlite::Result<Vec<Invitation>> {
        let sql = format!("{INVITATION} WHERE i.grp = ?1 ORDER BY i.expires DESC, i.token");
        self.all(&sql, [group.0], invitation)
    }

    pub fn invitation(&self, token: &str) -> rusqlite::Result<Option<Invitation>> {
        let sql = format!("{INVITATION} WHERE i.token = ?1");
        self.one(&sql, [token], invitation)
    }

    pub fn group_right(&self, group: GroupId, person: PersonId) -> rusqlite::Result<GroupRight> {
        let rights = self.all(
            "SELECT right FROM grant_group WHERE grp = ?1 AND person IN (0, ?2)",
            [group.0, person.0],
            |row| group_right(row, 0),
        )?;
        Ok(rights.into_iter().max().unwrap_or(GroupRight::None))
    }

    pub fn group_grants(
        &self,
        group: GroupId,
    ) -> rusqlite::Result<Vec<(Option<PersonId>, GroupRight)>> {
        self.all(
            "SELECT person, right FROM grant_group WHERE grp = ?1 ORDER BY person",
            [group.0],
            |row| Ok((someone(row.get(0)?), group_right(row, 1)?)),
        )
    }
}

const PERSON: &str =
    "person.id, person.login, person.email, person.name, person.admin, person.disabled,
    person.quota, person.password_hash, person.created, person.settings,
    EXISTS (SELECT 1 FROM second_factor f WHERE f.person = person.id AND f.confirmed IS NOT NULL),
    k.name, k.contacts, k.devices, k.eas, k.carddav, k.sms, k.fax, k.documents,
    k.photo, k.import_size
    FROM person LEFT JOIN account_class k ON k.name = person.class";

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: PersonId(row.get(0)?),
        login: row.get(1)?,
        email: row.get(2)?,
        name: row.get(3)?,
        admin: row.get(4)?,
        disabled: row.get(5)?,
        quota: row.get(6)?,
        password_hash: row.get(7)?,
        created: Timestamp(row.get(8)?),
        settings: row.get(9)?,
        second_factor: row.get(10)?,
        class: class_at(row, 11)?,
    })
}

const GROUP: &str = "id, name, display_name, options, created";

fn group(row: &Row<'_>) -> rusqlite::Result<Group> {
    let options: String = row.get(3)?;
    Ok(Group {
        id: GroupId(row.get(0)?),
        name: row.get(1)?,
        display_name: row.get(2)?,
        options: json::read("the options of a group", options.as_bytes()).unwrap_or_default(),
        created: Timestamp(row.get(4)?),
    })
}

/// Person 0 stands for everyone in the group.
fn someone(id: i64) -> Option<PersonId> {
    (id != 0).then_some(PersonId(id))
}

fn role(row: &Row<'_>, at: usize) -> rusqlite::Result<Role> {
    let text: String = row.get(at)?;
    Ok(Role::parse(&text).unwrap_or(Role::Member))
}

fn group_right(row: &Row<'_>, at: usize) -> rusqlite::Result<GroupRight> {
    let text: String = row.get(at)?;
    Ok(GroupRight::parse(&text).unwrap_or(GroupRight::None))
}

const INVITATION: &str = "SELECT i.token, i.email, g.display_name, coalesce(p.name, ''), i.expires,
    EXISTS (SELECT 1 FROM membership m WHERE m.grp = i.grp AND m.person = i.inviter
        AND m.role <> 'member' AND p.disabled = 0), i.grp
    FROM invitation i JOIN grp g ON g.id = i.grp LEFT JOIN person p ON p.id = i.inviter";

fn invitation(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    Ok(Invitation {
        token: row.get(0)?,
        email: row.get(1)?,
        group_name: row.get(2)?,
        inviter_name: row.get(3)?,
        expires: Timestamp(row.get(4)?),
        valid: row.get(5)?,
        group: GroupId(row.get(6)?),
    })
}

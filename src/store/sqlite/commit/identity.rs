//! People, groups, memberships, grants and books.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{
    batch::Op,
    collection::DEFAULT_BOOK,
    error::Error,
    id::{GroupId, PersonId},
    item::random_id,
    principal::Role,
    rights::GroupRight,
};

impl Commit<'_> {
    pub(super) fn identity_op(&mut self, op: &Op) -> Applied<i64> {
        match op {
            Op::AddPerson {
                login,
                email,
                name,
                admin,
                password_hash,
            } => self.add_person(login, email.as_deref(), name, *admin, password_hash),
            Op::ChangePerson { person, .. } => self.change_person(*person, op),
            Op::RemovePerson { person } => self.remove_person(*person),
            Op::AddGroup {
                name,
                display_name,
                admin,
            } => self.add_group(name, display_name, *admin),
            Op::ChangeGroup {
                group,
                display_name,
                options,
            } => {
                let options = options
                    .as_ref()
                    .map(|options| serde_json::to_string(options).unwrap_or_default());
                self.connection
                    .prepare_cached(
                        "UPDATE grp SET display_name = coalesce(?2, display_name),
                             options = coalesce(?3, options) WHERE id = ?1",
                    )?
                    .execute(params![group.0, display_name, options])?;
                self.connection
                    .prepare_cached(
                        "UPDATE collection SET display_name = coalesce(?2, display_name)
                         WHERE grp = ?1 AND kind = 'group'",
                    )?
                    .execute(params![group.0, display_name])?;
                self.group_moved(*group)?;
                Ok(group.0)
            }
            Op::RemoveGroup { group } => self.remove_group(*group),
            Op::SetMember {
                group,
                person,
                role,
            } => self.set_member(*group, *person, *role),
            Op::RemoveMember { group, person } => self.remove_member(*group, *person),
            Op::GrantGroup {
                group,
                person,
                right,
            } => self.grant_group(*group, *person, *right),
            Op::GrantItem {
                item,
                collection,
                person,
                modify,
            } => {
                let person = person.map_or(0, |person| person.0);
                let sql = match modify {
                    true => {
                        "INSERT OR IGNORE INTO grant_item (item, collection, person) VALUES (?1, ?2, ?3)"
                    }
                    false => {
                        "DELETE FROM grant_item WHERE item = ?1 AND collection = ?2 AND person = ?3"
                    }
                };
                self.connection.prepare_cached(sql)?.execute(params![
                    item.0,
                    collection.0,
                    person
                ])?;
                self.rights_moved = true;
                Ok(item.0)
            }
            Op::AddBook {
                owner,
                segment,
                display_name,
                description,
            } => self.add_book(*owner, segment, display_name, description),
            Op::ChangeBook {
                collection,
                display_name,
                description,
            } => {
                self.connection
                    .prepare_cached(
                        "UPDATE collection SET display_name = coalesce(?2, display_name),
                             description = coalesce(?3, description) WHERE id = ?1",
                    )?
                    .execute(params![collection.0, display_name, description])?;
                let homes = self.homes_showing(collection.0)?;
                for home in homes {
                    let seq = self.next_seq(home)?;
                    self.connection
                        .prepare_cached(
                            "UPDATE book_placement SET changed = ?3
                             WHERE home = ?1 AND book = ?2 AND gone IS NULL",
                        )?
                        .execute(params![home, collection.0, seq])?;
                }
                Ok(collection.0)
            }
            Op::RemoveBook { collection } => {
                self.empty(collection.0)?;
                self.hide_book(collection.0, None)?;
                self.connection
                    .prepare_cached("UPDATE collection SET kind = 'removed' WHERE id = ?1")?
                    .execute([collection.0])?;
                Ok(collection.0)
            }
            _ => Ok(0),
        }
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
        self.add_book(PersonId(person), DEFAULT_BOOK, "Contacts", "")?;
        self.audit(&format!("account {login} added"))?;
        Ok(person)
    }

    fn check_email(&self, email: Option<&str>, except: i64) -> Applied<()> {
        let Some(email) = email else { return Ok(()) };
        let taken = self
            .connection
            .prepare_cached("SELECT 1 FROM person WHERE lower(email) = lower(?1) AND id <> ?2")?
            .exists(params![email, except])?;
        match taken {
            true => Err(Error::Exists(email.to_owned()).into()),
            false => Ok(()),
        }
    }

    fn change_person(&mut self, person: PersonId, op: &Op) -> Applied<i64> {
        let Op::ChangePerson {
            email,
            name,
            admin,
            password_hash,
            disabled,
            quota,
            settings,
            ..
        } = op
        else {
            return Ok(0);
        };
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
        if password_hash.is_some() || disabled.is_some() {
            self.connection
                .prepare_cached("DELETE FROM session WHERE person = ?1")?
                .execute([person.0])?;
            self.audit(&format!("account {person} changed"))?;
        }
        self.rights_moved |= disabled.is_some() || admin.is_some();
        self.people.push(person);
        Ok(person.0)
    }

    /// `rights.md` rule 9: groups keep what was created or shared there.
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
            let why = format!("{name} would be left without an administrator: hand it over first");
            return Err(Error::Invalid(why).into());
        }
        for (group, _, _) in groups {
            self.remove_member(GroupId(group), person)?;
        }
        let books: Vec<i64> = self
            .connection
            .prepare_cached("SELECT id FROM collection WHERE person = ?1 AND kind = 'private'")?
            .query_map([person.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for book in books {
            self.empty(book)?;
        }
        let removed = self
            .connection
            .prepare_cached("DELETE FROM person WHERE id = ?1")?
            .execute([person.0])?;
        if removed == 0 {
            return Err(Error::NotFound.into());
        }
        self.rights_moved = true;
        self.people.push(person);
        self.audit(&format!("account {person} removed"))?;
        Ok(person.0)
    }

    fn add_group(&mut self, name: &str, display_name: &str, admin: PersonId) -> Applied<i64> {
        let folded = name.to_lowercase();
        let taken = self
            .connection
            .prepare_cached("SELECT 1 FROM grp WHERE folded = ?1")?
            .exists([&folded])?;
        if taken {
            return Err(Error::Exists(name.to_owned()).into());
        }
        self.connection
            .prepare_cached(
                "INSERT INTO grp (name, folded, display_name, created) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![name, folded, display_name, self.batch.at.0])?;
        let group = self.connection.last_insert_rowid();
        self.insert_collection("group", None, Some(group), name, display_name)?;
        self.set_member(GroupId(group), admin, Role::Admin)?;
        self.audit(&format!("group {name} added"))?;
        Ok(group)
    }

    fn remove_group(&mut self, group: GroupId) -> Applied<i64> {
        let book = self.book_of(group)?;
        self.group_moved(group)?;
        self.empty(book)?;
        self.hide_book(book, None)?;
        self.connection
            .prepare_cached("DELETE FROM grp WHERE id = ?1")?
            .execute([group.0])?;
        self.rights_moved = true;
        self.audit(&format!("group {group} removed"))?;
        Ok(group.0)
    }

    fn set_member(&mut self, group: GroupId, person: PersonId, role: Role) -> Applied<i64> {
        let book = self.book_of(group)?;
        let former = self.role(group, person)?;
        if former == Some(Role::Admin) && role != Role::Admin {
            return Err(Error::Invalid(
                "a group keeps its administrator: hand it over to somebody else".into(),
            )
            .into());
        }
        if role == Role::Admin {
            self.connection
                .prepare_cached(
                    "UPDATE membership SET role = 'co-admin' WHERE grp = ?1 AND role = 'admin'",
                )?
                .execute([group.0])?;
        }
        self.connection
            .prepare_cached(
                "INSERT INTO membership (grp, person, role, joined) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET role = excluded.role",
            )?
            .execute(params![group.0, person.0, role.as_str(), self.batch.at.0])?;
        if former.is_none() {
            self.show_book(person.0, book)?;
        }
        self.group_moved(group)?;
        Ok(person.0)
    }

    /// `rights.md` rule 8: the person's grants go, what they shared stays as a copy.
    fn remove_member(&mut self, group: GroupId, person: PersonId) -> Applied<i64> {
        match self.role(group, person)? {
            None => return Err(Error::NotFound.into()),
            Some(Role::Admin) => {
                return Err(Error::Invalid(
                    "a group keeps its administrator: hand it over to somebody else".into(),
                )
                .into());
            }
            Some(_) => {}
        }
        let book = self.book_of(group)?;
        self.group_moved(group)?;
        self.leave_copies(group, book, person)?;
        for sql in [
            "DELETE FROM membership WHERE grp = ?1 AND person = ?2",
            "DELETE FROM grant_group WHERE grp = ?1 AND person = ?2",
        ] {
            self.connection
                .prepare_cached(sql)?
                .execute(params![group.0, person.0])?;
        }
        self.connection
            .prepare_cached("DELETE FROM grant_item WHERE collection = ?1 AND person = ?2")?
            .execute(params![book, person.0])?;
        self.hide_book(book, Some(person.0))?;
        Ok(person.0)
    }

    /// Rules 8b and 8c: private contacts shared here are replaced by the group's own copy; what was
    /// re-shared from elsewhere is from now on placed by the administrator.
    fn leave_copies(&mut self, group: GroupId, book: i64, person: PersonId) -> Applied<()> {
        let shared: Vec<(i64, i64, String, String, bool)> = self
            .connection
            .prepare_cached(
                "SELECT p.id, p.item, p.href, p.uid, i.creator = ?2 AND c.kind = 'private'
                 FROM placement p JOIN item i ON i.id = p.item
                 LEFT JOIN collection c ON c.id = i.origin
                 WHERE p.collection = ?1 AND p.gone IS NULL
                     AND (p.placed_by = ?2 OR i.creator = ?2) AND i.origin IS NOT ?1",
            )?
            .query_map(params![book, person.0], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                ))
            })?
            .collect::<rusqlite::Result<_>>()?;
        for (placement, item, href, uid, own) in shared {
            if !own {
                self.connection
                    .prepare_cached(
                        "UPDATE placement SET placed_by = (SELECT person FROM membership
                             WHERE grp = ?2 AND role = 'admin') WHERE id = ?1",
                    )?
                    .execute(params![placement, group.0])?;
                continue;
            }
            let gone = self.next_seq(book)?;
            self.connection
                .prepare_cached(
                    "UPDATE placement SET gone = ?2, gone_at = ?3, writer = NULL WHERE id = ?1",
                )?
                .execute(params![placement, gone, self.batch.at.0])?;
            self.connection
                .prepare_cached(
                    "INSERT INTO item (class, uid, kind, display, sort_first, sort_last, document,
                         digest, creator, origin, created, modified)
                     SELECT class, uid, kind, display, sort_first, sort_last, document,
                         digest, creator, ?2, created, modified FROM item WHERE id = ?1",
                )?
                .execute(params![item, book])?;
            let copy = self.connection.last_insert_rowid();
            let born = self.next_seq(book)?;
            self.connection
                .prepare_cached(
                    "INSERT INTO placement (item, collection, href, server_id, uid, placed_by,
                         placed_at, born, changed)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
                )?
                .execute(params![
                    copy,
                    book,
                    href,
                    random_id(12),
                    uid,
                    person.0,
                    self.batch.at.0,
                    born
                ])?;
            for sql in [
                "INSERT INTO index_text SELECT ?2, field, value, folded FROM index_text WHERE item = ?1",
                "INSERT INTO grant_item SELECT ?2, collection, person FROM grant_item WHERE item = ?1",
            ] {
                self.connection
                    .prepare_cached(sql)?
                    .execute(params![item, copy])?;
            }
        }
        Ok(())
    }

    fn grant_group(
        &mut self,
        group: GroupId,
        person: Option<PersonId>,
        right: GroupRight,
    ) -> Applied<i64> {
        if let Some(person) = person
            && self.role(group, person)?.is_none()
        {
            return Err(Error::Invalid("only members can be granted rights".into()).into());
        }
        let who = person.map_or(0, |person| person.0);
        match right {
            GroupRight::None => self
                .connection
                .prepare_cached("DELETE FROM grant_group WHERE grp = ?1 AND person = ?2")?
                .execute(params![group.0, who])?,
            _ => self
                .connection
                .prepare_cached(
                    "INSERT INTO grant_group (grp, person, right) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET right = excluded.right",
                )?
                .execute(params![group.0, who, right.as_str()])?,
        };
        self.rights_moved = true;
        Ok(group.0)
    }

    fn add_book(
        &mut self,
        owner: PersonId,
        segment: &str,
        display_name: &str,
        description: &str,
    ) -> Applied<i64> {
        let taken = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM collection WHERE person = ?1 AND kind = 'private' AND segment = ?2",
            )?
            .exists(params![owner.0, segment])?;
        if taken {
            return Err(Error::Exists(segment.to_owned()).into());
        }
        let book = self.insert_collection("private", Some(owner.0), None, segment, display_name)?;
        self.connection
            .prepare_cached(
                "UPDATE collection SET description = ?2, position = (SELECT count(*) FROM collection
                     WHERE person = ?3 AND kind = 'private') WHERE id = ?1",
            )?
            .execute(params![book, description, owner.0])?;
        self.show_book(owner.0, book)?;
        Ok(book)
    }

    fn insert_collection(
        &mut self,
        kind: &str,
        person: Option<i64>,
        group: Option<i64>,
        segment: &str,
        display_name: &str,
    ) -> Applied<i64> {
        self.connection
            .prepare_cached(
                "INSERT INTO collection (kind, person, grp, uuid, segment, display_name, epoch, created)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                kind,
                person,
                group,
                random_id(16),
                segment,
                display_name,
                random_id(8),
                self.batch.at.0,
            ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// A book appears in a person's home.
    fn show_book(&mut self, person: i64, book: i64) -> Applied<()> {
        let home: i64 = self
            .connection
            .prepare_cached("SELECT id FROM collection WHERE person = ?1 AND kind = 'home'")?
            .query_row([person], |row| row.get(0))
            .optional()?
            .ok_or(Error::NotFound)?;
        let seq = self.next_seq(home)?;
        self.connection
            .prepare_cached(
                "INSERT INTO book_placement (home, book, segment, born, changed)
                 SELECT ?1, id, segment, ?3, ?3 FROM collection WHERE id = ?2",
            )?
            .execute(params![home, book, seq])?;
        Ok(())
    }

    /// A book disappears from one home, or from all.
    fn hide_book(&mut self, book: i64, person: Option<i64>) -> Applied<()> {
        for home in self.homes_showing(book)? {
            let concerned = match person {
                None => true,
                Some(person) => self
                    .connection
                    .prepare_cached("SELECT 1 FROM collection WHERE id = ?1 AND person = ?2")?
                    .exists(params![home, person])?,
            };
            if concerned {
                let seq = self.next_seq(home)?;
                self.connection
                    .prepare_cached(
                        "UPDATE book_placement SET gone = ?3
                         WHERE home = ?1 AND book = ?2 AND gone IS NULL",
                    )?
                    .execute(params![home, book, seq])?;
            }
        }
        Ok(())
    }

    fn homes_showing(&self, book: i64) -> Applied<Vec<i64>> {
        Ok(self
            .connection
            .prepare_cached("SELECT home FROM book_placement WHERE book = ?1 AND gone IS NULL")?
            .query_map([book], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?)
    }

    fn book_of(&self, group: GroupId) -> Applied<i64> {
        let book = self
            .connection
            .prepare_cached("SELECT id FROM collection WHERE grp = ?1 AND kind = 'group'")?
            .query_row([group.0], |row| row.get(0))
            .optional()?;
        Ok(book.ok_or(Error::NotFound)?)
    }

    fn role(&self, group: GroupId, person: PersonId) -> Applied<Option<Role>> {
        let role: Option<String> = self
            .connection
            .prepare_cached("SELECT role FROM membership WHERE grp = ?1 AND person = ?2")?
            .query_row(params![group.0, person.0], |row| row.get(0))
            .optional()?;
        Ok(role.as_deref().and_then(Role::parse))
    }

    /// The standing of every member may have changed.
    fn group_moved(&mut self, group: GroupId) -> Applied<()> {
        let members: Vec<i64> = self
            .connection
            .prepare_cached("SELECT person FROM membership WHERE grp = ?1")?
            .query_map([group.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        self.people.extend(members.into_iter().map(PersonId));
        self.rights_moved = true;
        Ok(())
    }
}

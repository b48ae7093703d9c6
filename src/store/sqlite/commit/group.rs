//! Groups, their members, and what stays when somebody leaves.

use rusqlite::{OptionalExtension, params};

use super::{
    Applied, Commit,
    place::{Facts, Placing},
};
use crate::domain::{
    batch::{GroupOp, NewPlacement},
    book::new_server_id,
    error::Error,
    group::Leaving,
    id::{CollectionId, GroupId, PersonId, PlacementId},
    json,
    principal::Role,
    rule::Rule,
};

/// A deleted group whose book is kept.
struct Removed {
    name: String,
    at: i64,
    display_name: String,
    options: String,
}

impl Commit<'_> {
    pub(super) fn group_op(&mut self, op: &GroupOp) -> Applied<i64> {
        match op {
            GroupOp::AddGroup {
                name,
                display_name,
                admin,
            } => self.add_group(name, display_name, *admin),
            GroupOp::ChangeGroup {
                group,
                display_name,
                options,
            } => {
                let options = options.as_ref().map(json::text).transpose()?;
                if let Some(name) = display_name {
                    let book = self.book_of(*group)?;
                    self.relabel(book, name)?;
                }
                self.run(
                    "UPDATE grp SET display_name = coalesce(?2, display_name),
                         options = coalesce(?3, options) WHERE id = ?1",
                    params![group.0, display_name, options],
                )?;
                if let Some(display_name) = display_name {
                    let book = self.book_of(*group)?;
                    self.run(
                        "UPDATE collection SET display_name = ?2 WHERE id = ?1",
                        params![book, display_name],
                    )?;
                    self.book_changed(book)?;
                    self.rename_list(*group, display_name)?;
                }
                self.group_moved(*group)?;
                if display_name.is_some() {
                    self.audit_group(*group, "displayed name changed")?;
                }
                if let Some(options) = options {
                    self.audit_group(*group, &format!("options {options}"))?;
                }
                Ok(group.0)
            }
            GroupOp::RemoveGroup { group } => self.remove_group(*group),
            GroupOp::SetMember {
                group,
                person,
                role,
            } => self.set_member(*group, *person, *role),
            GroupOp::RemoveMember {
                group,
                person,
                leaving,
            } => self.remove_member(*group, *person, *leaving),
            GroupOp::Invite {
                group,
                token,
                email,
                expires,
            } => {
                let now = self.batch.at.0;
                self.run("DELETE FROM invitation WHERE expires <= ?1", [now])?;
                self.run(
                    "DELETE FROM invitation WHERE grp = ?1 AND email = ?2 COLLATE NOCASE",
                    params![group.0, email],
                )?;
                self.run(
                    "INSERT INTO invitation (token, grp, email, inviter, expires)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![token, group.0, email, self.author().unwrap_or(0), expires.0],
                )
            }
            GroupOp::WithdrawInvitation { group, token } => {
                let ended = self
                    .connection
                    .prepare_cached("DELETE FROM invitation WHERE grp = ?1 AND token = ?2")?
                    .execute(params![group.0, token])?;
                match ended {
                    0 => Err(Error::NotFound.into()),
                    _ => Ok(group.0),
                }
            }
            GroupOp::AcceptInvitation { token, person } => self.accept(token, *person),
        }
    }

    fn add_group(&mut self, name: &str, display_name: &str, admin: PersonId) -> Applied<i64> {
        let removed = self.removed_group(name, admin)?;
        // It comes back under the name its addresses have.
        let name = removed.as_ref().map_or(name, |removed| &removed.name);
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
        match &removed {
            Some(removed) => self.found_again(group, removed, admin)?,
            None => {
                self.insert_collection("group", None, Some(group), name, display_name)?;
            }
        }
        self.add_default_folder(None, Some(group))?;
        self.begin_list(group)?;
        self.set_member(GroupId(group), admin, Role::Admin)?;
        self.audit(&format!("group {name} added"))?;
        Ok(group)
    }

    /// The last deleted group of an administrator that had a name, whatever its case.
    fn removed_group(&self, name: &str, admin: PersonId) -> Applied<Option<Removed>> {
        let folded = name.to_lowercase();
        let mut statement = self.connection.prepare_cached(
            "SELECT name, at, display_name, options FROM removed_group
             WHERE admin = ?1 ORDER BY at DESC",
        )?;
        let mut rows = statement.query([admin.0])?;
        while let Some(row) = rows.next()? {
            let removed = Removed {
                name: row.get(0)?,
                at: row.get(1)?,
                display_name: row.get(2)?,
                options: row.get(3)?,
            };
            if removed.name.to_lowercase() == folded {
                return Ok(Some(removed));
            }
        }
        Ok(None)
    }

    /// The administrator of a deleted group founds it again: the book comes back with its trash.
    fn found_again(&mut self, group: i64, removed: &Removed, admin: PersonId) -> Applied<()> {
        let Removed {
            name,
            at,
            display_name,
            options,
        } = removed;
        self.run(
            "UPDATE grp SET display_name = ?2, options = ?3 WHERE id = ?1",
            params![group, display_name, options],
        )?;
        self.run(
            "UPDATE collection SET kind = 'group', grp = ?1 WHERE id IN (
                 SELECT collection FROM removed_group WHERE name = ?2 AND admin = ?3 AND at = ?4)",
            params![group, name, admin.0, at],
        )?;
        self.run(
            "DELETE FROM removed_group WHERE name = ?1 AND admin = ?2 AND at = ?3",
            params![name, admin.0, at],
        )?;
        Ok(())
    }

    /// Deletes a group: its placements go to the trash, and its book is kept for a group of the
    /// same name founded by the same administrator.
    fn remove_group(&mut self, group: GroupId) -> Applied<i64> {
        let book = self.book_of(group)?;
        let places = self.places_of(group)?;
        for place in &places {
            if !self.clear(*place)? {
                return Ok(group.0);
            }
        }
        self.group_moved(group)?;
        self.hide_book(book, None)?;
        self.end_list(group)?;
        for place in places {
            self.remove_place(group, place)?;
        }
        self.audit_group(group, "removed")?;
        self.run("DELETE FROM grp WHERE id = ?1", [group.0])?;
        Ok(group.0)
    }

    /// A book or a folder of a deleted group.
    fn remove_place(&mut self, group: GroupId, place: i64) -> Applied<()> {
        self.run(
            "INSERT INTO removed_group (collection, name, display_name, options, admin,
                 members, at)
             SELECT ?2, g.name, g.display_name, g.options, m.person, (
                 SELECT json_group_array(o.person) FROM membership o WHERE o.grp = g.id), ?3
             FROM grp g JOIN membership m ON m.grp = g.id AND m.role = 'admin' WHERE g.id = ?1",
            params![group.0, place, self.batch.at.0],
        )?;
        // Grants to everyone sleep; those to members end with the membership.
        self.run(
            "DELETE FROM grant_item WHERE collection = ?1 AND person <> 0",
            [place],
        )?;
        self.run(
            "UPDATE collection SET kind = 'removed-group', grp = NULL WHERE id = ?1",
            [place],
        )?;
        Ok(())
    }

    /// The book of a group, and its folders.
    fn places_of(&self, group: GroupId) -> Applied<Vec<i64>> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT id FROM collection WHERE grp = ?1 AND kind = 'group' ORDER BY class, id",
            )?
            .query_map([group.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?)
    }

    fn set_member(&mut self, group: GroupId, person: PersonId, role: Role) -> Applied<i64> {
        let book = self.book_of(group)?;
        let former = self.role(group, person)?;
        let exists = self
            .connection
            .prepare_cached("SELECT 1 FROM person WHERE id = ?1")?
            .exists([person.0])?;
        if !exists {
            return Err(Error::NotFound.into());
        }
        if former == Some(Role::Admin) && role != Role::Admin {
            return Err(Error::Invalid(Rule::KeepsAdministrator).into());
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
            self.list_member(group, person)?;
            self.tell_membership(book, person)?;
        }
        self.group_moved(group)?;
        if former != Some(role) {
            let login = self.login_of(person)?;
            self.audit_group(group, &format!("{login} is {}", role.as_str()))?;
        }
        Ok(person.0)
    }

    /// Ends a membership, if what that takes is no more than this commit may. Grants to the person
    /// in this group end; contacts they shared into it stay as copies of the group's own or, with
    /// [`Leaving::TakeBack`], are withdrawn.
    pub(super) fn remove_member(
        &mut self,
        group: GroupId,
        person: PersonId,
        leaving: Leaving,
    ) -> Applied<i64> {
        match self.role(group, person)? {
            None => return Err(Error::NotFound.into()),
            Some(Role::Admin) => {
                return Err(Error::Invalid(Rule::KeepsAdministrator).into());
            }
            Some(_) => {}
        }
        let book = self.book_of(group)?;
        self.group_moved(group)?;
        let places = self.places_of(group)?;
        for place in &places {
            if !self.leave_own(*place, person, leaving)? {
                return Ok(person.0);
            }
            self.leave_shared(group, *place, person)?;
        }
        self.unlist_member(group, person)?;
        for sql in [
            "DELETE FROM membership WHERE grp = ?1 AND person = ?2",
            "DELETE FROM grant_group WHERE grp = ?1 AND person = ?2",
        ] {
            self.run(sql, params![group.0, person.0])?;
        }
        for place in &places {
            self.run(
                "DELETE FROM grant_item WHERE collection = ?1 AND person = ?2",
                params![place, person.0],
            )?;
        }
        self.hide_book(book, Some(person.0))?;
        let login = self.login_of(person)?;
        self.audit_group(group, &format!("{login} is no member any more"))?;
        Ok(person.0)
    }

    /// Contacts of the leaving person's Private that were shared here are replaced by the group's
    /// own copy, or withdrawn with [`Leaving::TakeBack`]: as many as this commit may, and whether none is left.
    fn leave_own(&mut self, book: i64, person: PersonId, leaving: Leaving) -> Applied<bool> {
        let own: Vec<i64> = self
            .connection
            .prepare_cached(
                "SELECT p.id FROM placement p JOIN item i ON i.id = p.item
                 JOIN collection c ON c.id = i.origin
                 WHERE p.collection = ?1 AND p.creator = ?2 AND p.gone IS NULL
                     AND c.kind IN ('private', 'removed') LIMIT ?3",
            )?
            .query_map(params![book, person.0, self.room as i64], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for placement in &own {
            match leaving {
                Leaving::TakeBack => self.take_away(&self.live(PlacementId(*placement))?, None)?,
                Leaving::LeaveCopies => self.leave_copy(*placement, book, person)?,
            };
        }
        Ok(self.has_room_after(own.len()))
    }

    /// Contacts the leaving person re-shared from elsewhere count as placed by the administrator
    /// from now on.
    fn leave_shared(&self, group: GroupId, book: i64, person: PersonId) -> Applied<()> {
        self.run(
            "UPDATE placement SET placed_by = (SELECT person FROM membership
                 WHERE grp = ?2 AND role = 'admin')
             WHERE collection = ?1 AND placed_by = ?3 AND gone IS NULL
                 AND (SELECT i.origin FROM item i WHERE i.id = placement.item) IS NOT ?1",
            params![book, group.0, person.0],
        )?;
        Ok(())
    }

    /// The group's own copy takes the place of a shared contact, with grants, comments and tags.
    fn leave_copy(&mut self, placement: i64, book: i64, person: PersonId) -> Applied<i64> {
        let gone = self.next_seq(book)?;
        let (item, href): (i64, String) = self
            .connection
            .prepare_cached(
                "UPDATE placement SET gone = ?2, gone_at = ?3, writer = NULL WHERE id = ?1
                 RETURNING item, href",
            )?
            .query_row(params![placement, gone, self.batch.at.0], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let facts = self
            .connection
            .prepare_cached(
                "INSERT INTO item (class, uid, kind, display, sort_first, sort_last, document,
                     digest, creator, origin, created, modified, mixed, beside, blob, octets)
                 SELECT class, uid, kind, display, sort_first, sort_last, document,
                     digest, creator, ?2, created, modified, mixed, beside, blob, octets
                 FROM item WHERE id = ?1
                 RETURNING id, uid, length(document), creator, sort_first, sort_last",
            )?
            .query_row([item, book], Facts::read)?;
        let copy = facts.item;
        // As the original was: also in a folder that nobody is shown any more.
        self.insert(
            facts,
            &NewPlacement {
                collection: CollectionId(book),
                href,
                server_id: new_server_id(),
                device: None,
                altered: false,
                overlay: Vec::new(),
                tags: Vec::new(),
            },
            &Placing {
                by: person.0,
                from: None,
            },
        )?;
        self.run(
            "INSERT INTO index_text SELECT ?2, n, field, value, part, tokens FROM index_text WHERE item = ?1",
            params![item, copy],
        )?;
        self.hand_over(item, copy, book, person)?;
        Ok(copy)
    }

    /// What others have said of an item in a group, and what it is linked to, is its copy's; what the
    /// leaving person has of it stays theirs.
    fn hand_over(&self, item: i64, copy: i64, book: i64, person: PersonId) -> Applied<()> {
        self.run(
            "INSERT INTO grant_item SELECT ?2, collection, person FROM grant_item
             WHERE item = ?1 AND collection = ?3 AND person <> ?4",
            params![item, copy, book, person.0],
        )?;
        self.run(
            "DELETE FROM grant_item WHERE item = ?1 AND collection = ?2",
            params![item, book],
        )?;
        self.run(
            "UPDATE comment SET item = ?2 WHERE item = ?1 AND collection = ?3",
            params![item, copy, book],
        )?;
        self.run(
            "UPDATE revision SET item = ?2
             WHERE item = ?1 AND collection = ?3 AND kind = 'comment'",
            params![item, copy, book],
        )?;
        // The copy shows what was attached, and is attached to what the original was.
        self.run(
            "INSERT OR IGNORE INTO attachment SELECT ?2, document, person, at FROM attachment
             WHERE contact = ?1",
            params![item, copy],
        )?;
        self.run(
            "INSERT OR IGNORE INTO attachment SELECT contact, ?2, person, at FROM attachment
             WHERE document = ?1",
            params![item, copy],
        )?;
        self.run(
            "INSERT INTO tag_link SELECT l.tag, ?2 FROM tag_link l JOIN tag t ON t.id = l.tag
             WHERE l.item = ?1 AND t.person <> ?3",
            params![item, copy, person.0],
        )?;
        Ok(())
    }

    fn accept(&mut self, token: &str, person: PersonId) -> Applied<i64> {
        let (group, valid) = self
            .connection
            .prepare_cached(
                "SELECT i.grp, EXISTS (
                     SELECT 1 FROM membership m JOIN person p ON p.id = m.person
                     WHERE m.grp = i.grp AND m.person = i.inviter AND m.role <> 'member'
                         AND p.disabled = 0)
                 FROM invitation i WHERE i.token = ?1 AND i.expires > ?2",
            )?
            .query_row(params![token, self.batch.at.0], |row| {
                Ok((GroupId(row.get(0)?), row.get::<_, bool>(1)?))
            })
            .optional()?
            .ok_or(Error::NotFound)?;
        if !valid {
            return Err(Error::Invalid(Rule::InvitationVoid).into());
        }
        // It stays for whom it was made for.
        if self.role(group, person)?.is_some() {
            return Err(Error::Invalid(Rule::AlreadyMember).into());
        }
        self.run("DELETE FROM invitation WHERE token = ?1", [token])?;
        self.set_member(group, person, Role::Member)?;
        Ok(group.0)
    }

    fn book_of(&self, group: GroupId) -> Applied<i64> {
        let book = self
            .connection
            .prepare_cached(
                "SELECT id FROM collection WHERE grp = ?1 AND kind = 'group' AND class = 'contact'",
            )?
            .query_row([group.0], |row| row.get(0))
            .optional()?;
        Ok(book.ok_or(Error::NotFound)?)
    }

    pub(super) fn role(&self, group: GroupId, person: PersonId) -> Applied<Option<Role>> {
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

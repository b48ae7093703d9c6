//! Rights granted on groups and on contacts.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{
    batch::GrantOp,
    error::Error,
    id::{CollectionId, GroupId, ItemId, PersonId},
    rights::{GroupRight, Modify},
    rule::Rule,
};

impl Commit<'_> {
    pub(super) fn grant_op(&mut self, op: &GrantOp) -> Applied<i64> {
        match op {
            GrantOp::GrantGroup {
                group,
                person,
                right,
            } => self.grant_group(*group, *person, *right),
            GrantOp::GrantItem {
                item,
                collection,
                person,
                modify,
            } => self.grant_item(*item, *collection, *person, *modify),
        }
    }

    fn grant_item(
        &mut self,
        item: ItemId,
        collection: CollectionId,
        person: Option<PersonId>,
        modify: Modify,
    ) -> Applied<i64> {
        let who = person.map_or(0, |person| person.0);
        if modify == Modify::Granted {
            let placed = self
                .connection
                .prepare_cached(
                    "SELECT 1 FROM placement p JOIN collection c ON c.id = p.collection
                     WHERE p.item = ?1 AND p.collection = ?2 AND p.gone IS NULL
                         AND c.kind = 'group'",
                )?
                .exists(params![item.0, collection.0])?;
            if !placed {
                return Err(Error::NotFound.into());
            }
            let member = self
                .connection
                .prepare_cached(
                    "SELECT 1 FROM membership m JOIN collection c ON c.grp = m.grp
                     WHERE c.id = ?1 AND m.person = ?2",
                )?
                .exists(params![collection.0, who])?;
            if person.is_some() && !member {
                return Err(not_a_member().into());
            }
        }
        let sql = match modify {
            Modify::Granted => {
                "INSERT OR IGNORE INTO grant_item (item, collection, person) VALUES (?1, ?2, ?3)"
            }
            Modify::Withdrawn => {
                "DELETE FROM grant_item WHERE item = ?1 AND collection = ?2 AND person = ?3"
            }
        };
        let changed =
            self.connection
                .prepare_cached(sql)?
                .execute(params![item.0, collection.0, who])?;
        if modify == Modify::Granted && changed > 0 {
            self.tell_granted(item.0, collection.0, person);
        }
        if changed > 0 {
            self.audit_contact_grant(collection, person, modify)?;
        }
        self.people.extend(person);
        self.rights_moved = true;
        Ok(item.0)
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
            return Err(not_a_member().into());
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
        let right = format!("right {} for {}", right.as_str(), self.grantee(person)?);
        self.audit_group(group, &right)?;
        self.people.extend(person);
        self.rights_moved = true;
        Ok(group.0)
    }

    fn audit_contact_grant(
        &self,
        book: CollectionId,
        person: Option<PersonId>,
        modify: Modify,
    ) -> Applied<()> {
        let group = self
            .connection
            .prepare_cached("SELECT grp FROM collection WHERE id = ?1")?
            .query_row([book.0], |row| row.get::<_, Option<i64>>(0))
            .optional()?
            .flatten();
        let Some(group) = group else { return Ok(()) };
        let what = match modify {
            Modify::Granted => "granted to",
            Modify::Withdrawn => "withdrawn from",
        };
        let what = format!("modifying a contact {what} {}", self.grantee(person)?);
        self.audit_group(GroupId(group), &what)
    }

    fn grantee(&self, person: Option<PersonId>) -> Applied<String> {
        person.map_or_else(|| Ok("everyone".to_owned()), |person| self.login_of(person))
    }
}

fn not_a_member() -> Error {
    Error::Invalid(Rule::OnlyMembers)
}

//! Changes that only the administration makes.

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::{
    error::Error,
    id::PersonId,
    office::{
        failure::{Failure, KEPT},
        store::OfficeOp,
    },
    rule::Rule,
    trash::{DOUBTED_CLOCK, PURGE_CLOCK},
};

impl Commit<'_> {
    pub(super) fn office_op(&mut self, op: &OfficeOp) -> Applied<i64> {
        match op {
            OfficeOp::SetClass { person, class } => self.set_class(*person, class),
            OfficeOp::KeepAdministrator { but } => self.keep_administrator(*but),
            OfficeOp::PutClass(class) => {
                self.run(
                    "INSERT OR REPLACE INTO account_class
                         (name, contacts, devices, eas, carddav, sms, fax, documents, photo,
                          import_size)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    params![
                        class.name,
                        class.contacts,
                        class.devices,
                        class.eas,
                        class.carddav,
                        class.sms,
                        class.fax,
                        class.documents,
                        class.photo,
                        class.import_size
                    ],
                )?;
                self.audit(&format!("class {:?} changed: {}", class.name, class.told()))?;
                self.class_moved(&class.name)
            }
            OfficeOp::RemoveClass { name } => {
                let removed = self
                    .connection
                    .prepare_cached("DELETE FROM account_class WHERE name = ?1 AND name <> ''")?
                    .execute([name])?;
                if removed == 0 {
                    return Err(Error::NotFound.into());
                }
                self.class_moved(name)?;
                self.audit(&format!("class {name:?} removed"))?;
                self.run("UPDATE person SET class = '' WHERE class = ?1", [name])
            }
            OfficeOp::KeepClock(at) => {
                self.run("DELETE FROM office WHERE name = ?1", [DOUBTED_CLOCK])?;
                self.run(
                    "INSERT OR REPLACE INTO office (name, value) VALUES (?1, ?2)",
                    params![PURGE_CLOCK, at.0.to_string()],
                )
            }
            OfficeOp::DoubtClock(at) => self.run(
                "INSERT OR REPLACE INTO office (name, value) VALUES (?1, ?2)",
                params![DOUBTED_CLOCK, at.0.to_string()],
            ),
            OfficeOp::Keep { name, value } => self.run(
                "INSERT OR REPLACE INTO office (name, value) VALUES (?1, ?2)",
                params![name, value],
            ),
            OfficeOp::KeepFailures(failures) => self.keep_failures(failures),
            OfficeOp::Set { name, value } => {
                self.audit(&match value {
                    Some(value) => format!("{name} set: {value}"),
                    None => format!("{name} removed"),
                })?;
                match value {
                    Some(value) => self.run(
                        "INSERT OR REPLACE INTO office (name, value) VALUES (?1, ?2)",
                        params![name, value],
                    ),
                    None => self.run("DELETE FROM office WHERE name = ?1", [name]),
                }
            }
        }
    }

    fn keep_administrator(&self, but: PersonId) -> Applied<i64> {
        let is_last = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM person WHERE id = ?1 AND admin AND NOT disabled AND NOT EXISTS (
                     SELECT 1 FROM person WHERE id <> ?1 AND admin AND NOT disabled)",
            )?
            .exists([but.0])?;
        if is_last {
            Err(Error::Invalid(Rule::ServerKeepsAdministrator).into())
        } else {
            Ok(0)
        }
    }

    pub(super) fn set_class(&mut self, person: PersonId, class: &str) -> Applied<i64> {
        let known = self
            .connection
            .prepare_cached("SELECT 1 FROM account_class WHERE name = ?1")?
            .exists([class])?;
        let changed = self
            .connection
            .prepare_cached("UPDATE person SET class = ?2 WHERE id = ?1 AND ?3")?
            .execute(params![person.0, class, known])?;
        if changed == 0 {
            return Err(Error::NotFound.into());
        }
        self.rights_moved = true;
        self.people.push(person);
        self.audit_account(person, &format!("in class {class:?}"))?;
        Ok(person.0)
    }

    fn keep_failures(&mut self, failures: &[Failure]) -> Applied<i64> {
        for failure in failures {
            self.run(
                "INSERT OR REPLACE INTO sign_in_failure (login, peer, why, at, times)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    failure.login,
                    failure.peer.to_string(),
                    failure.why.as_str(),
                    failure.at.0,
                    failure.times
                ],
            )?;
        }
        self.run(
            "DELETE FROM sign_in_failure WHERE (login, peer, why) IN
                 (SELECT login, peer, why FROM sign_in_failure ORDER BY at DESC LIMIT -1 OFFSET ?1)",
            [KEPT as i64],
        )
    }

    /// Records that a class changed: its people are read anew, and their held requests end.
    fn class_moved(&mut self, name: &str) -> Applied<i64> {
        let people: Vec<i64> = self
            .connection
            .prepare_cached("SELECT id FROM person WHERE class = ?1")?
            .query_map([name], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        self.people.extend(people.into_iter().map(PersonId));
        self.rights_moved = true;
        Ok(0)
    }
}

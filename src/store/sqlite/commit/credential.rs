//! App passwords and sessions.

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::{credential::CredentialOp, error::Error};

impl Commit<'_> {
    pub(super) fn credential_op(&mut self, op: &CredentialOp) -> Applied<i64> {
        match op {
            CredentialOp::AddAppPassword {
                person,
                digest,
                name,
                scope,
                expires,
            } => {
                let scope = serde_json::to_string(scope).unwrap_or_default();
                let at = self.batch.at.0;
                let expires = expires.map(|expires| expires.0);
                let row = self.run(
                    "INSERT INTO app_password (person, digest, name, scope, created, expires)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![person.0, digest, name, scope, at, expires],
                )?;
                self.audit(&format!("app password {row} of account {person} made"))?;
                Ok(row)
            }
            CredentialOp::RemoveAppPassword { person, password } => {
                let removed = self
                    .connection
                    .prepare_cached("DELETE FROM app_password WHERE id = ?1 AND person = ?2")?
                    .execute([password.0, person.0])?;
                if removed == 0 {
                    return Err(Error::NotFound.into());
                }
                // Held requests end, of another process too.
                self.people.push(*person);
                self.rights_moved = true;
                self.audit(&format!(
                    "app password {password} of account {person} revoked"
                ))?;
                Ok(0)
            }
            CredentialOp::NoteAppPassword { password, address } => self.run(
                "UPDATE app_password SET last_used = ?2, last_address = ?3 WHERE id = ?1",
                params![password.0, self.batch.at.0, address],
            ),
            CredentialOp::AddSession {
                token,
                person,
                expires,
                browser,
                address,
            } => {
                let at = self.batch.at.0;
                self.run("DELETE FROM session WHERE expires < ?1", [at])?;
                self.run(
                    "INSERT INTO session (token, person, expires, began, seen, browser, address)
                     VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)",
                    params![token, person.0, expires.0, at, browser, address],
                )
            }
            CredentialOp::NoteSession { token, address } => self.run(
                "UPDATE session SET seen = ?2, address = ?3 WHERE token = ?1",
                params![token, self.batch.at.0, address],
            ),
            CredentialOp::RemoveSession { token } => {
                self.run("DELETE FROM session WHERE token = ?1", [token])
            }
            CredentialOp::RemoveSessions { person, except } => self.run(
                "DELETE FROM session WHERE person = ?1 AND token IS NOT ?2",
                params![person.0, except],
            ),
        }
    }
}

//! App passwords, sessions and second factors.

use rusqlite::{Params, params};

use super::{Applied, Commit};
use crate::domain::{
    credential::{CredentialOp, SecondFactorOp},
    error::Error,
    id::PersonId,
    json,
};

/// Sessions of one person; those not seen for longest go first.
const MOST_SESSIONS: i64 = 100;

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
                let scope = json::text(scope)?;
                let at = self.batch.at.0;
                let expires = expires.map(|expires| expires.0);
                let row = self.run(
                    "INSERT INTO app_password (person, digest, name, scope, created, expires)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![person.0, digest, name, scope, at, expires],
                )?;
                self.audit_account(*person, &format!("has a new app password, {name:?}"))?;
                Ok(row)
            }
            CredentialOp::RemoveAppPassword { person, password } => {
                self.at_one(
                    "DELETE FROM app_password WHERE id = ?1 AND person = ?2",
                    [password.0, person.0],
                    Error::NotFound,
                )?;
                // Held requests end, of another process too.
                self.people.push(*person);
                self.rights_moved = true;
                let login = self.login_of(*person)?;
                self.audit(&format!("an app password of {login} was revoked"))?;
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
                )?;
                self.run(
                    "DELETE FROM session WHERE token IN (
                         SELECT token FROM session WHERE person = ?1
                         ORDER BY token = ?2 DESC, seen DESC, began DESC LIMIT -1 OFFSET ?3)",
                    params![person.0, token, MOST_SESSIONS],
                )
            }
            CredentialOp::NoteSession { token, address } => self.run(
                "UPDATE session SET seen = ?2, address = ?3 WHERE token = ?1",
                params![token, self.batch.at.0, address],
            ),
            CredentialOp::RemoveSession { token } => {
                self.run("DELETE FROM session WHERE token = ?1", [token])
            }
            CredentialOp::RemoveSessions { person } => {
                self.run("DELETE FROM session WHERE person = ?1", [person.0])
            }
        }
    }

    pub(super) fn second_factor_op(&mut self, op: &SecondFactorOp) -> Applied<i64> {
        match op {
            SecondFactorOp::Begin { person, secret } => self.at_one(
                "INSERT INTO second_factor (person, secret) VALUES (?1, ?2)
                 ON CONFLICT (person) DO UPDATE SET secret = ?2 WHERE confirmed IS NULL",
                params![person.0, secret],
                Error::Moved,
            ),
            SecondFactorOp::Confirm {
                person,
                step,
                recovery,
            } => {
                self.at_one(
                    "UPDATE second_factor SET confirmed = ?2, last_step = ?3
                     WHERE person = ?1 AND confirmed IS NULL",
                    params![person.0, self.batch.at.0, as_row(*step)],
                    Error::Moved,
                )?;
                self.set_recovery(*person, recovery)?;
                self.changed_how_to_sign_in(*person, "turned on")
            }
            SecondFactorOp::Use { person, step } => self.at_one(
                // A step that no code of now can have was used under a clock that was ahead.
                "UPDATE second_factor SET last_step = ?2
                 WHERE person = ?1 AND confirmed IS NOT NULL
                     AND (last_step < ?2 OR last_step > ?2 + 2)",
                params![person.0, as_row(*step)],
                Error::Moved,
            ),
            SecondFactorOp::UseRecoveryCode { person, digest } => self.at_one(
                "DELETE FROM recovery_code WHERE person = ?1 AND digest = ?2",
                params![person.0, digest],
                Error::NotFound,
            ),
            SecondFactorOp::RenewRecoveryCodes { person, recovery } => {
                self.set_recovery(*person, recovery)?;
                self.audit_account(*person, "has new recovery codes")?;
                Ok(person.0)
            }
            SecondFactorOp::Remove { person } => {
                self.at_one(
                    "DELETE FROM second_factor WHERE person = ?1",
                    [person.0],
                    Error::NotFound,
                )?;
                self.changed_how_to_sign_in(*person, "removed")
            }
        }
    }

    fn set_recovery(&self, person: PersonId, recovery: &[String]) -> Applied<()> {
        self.run("DELETE FROM recovery_code WHERE person = ?1", [person.0])?;
        for digest in recovery {
            self.run(
                "INSERT INTO recovery_code (person, digest) VALUES (?1, ?2)",
                params![person.0, digest],
            )?;
        }
        Ok(())
    }

    /// Held requests end: from now on devices need app passwords, or need them no more.
    fn changed_how_to_sign_in(&mut self, person: PersonId, what: &str) -> Applied<i64> {
        self.rights_moved = true;
        self.people.push(person);
        self.audit_account(person, &format!("second factor {what}"))?;
        Ok(person.0)
    }

    /// Runs a statement that changes one row, or refuses.
    fn at_one(&self, sql: &str, values: impl Params, refusal: Error) -> Applied<i64> {
        match self.connection.prepare_cached(sql)?.execute(values)? {
            0 => Err(refusal.into()),
            _ => Ok(0),
        }
    }
}

fn as_row(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}

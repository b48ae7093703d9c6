//! Reads of credentials and profiles.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rusqlite::{Row, params};

use super::{
    Sqlite,
    read::{Reader, named, of},
};
use crate::domain::{
    credential::{AppPassword, CredentialStore, SecondFactor, Session},
    error::Result,
    id::{AppPasswordId, PersonId, Timestamp},
    json,
    principal::Profile,
};

#[async_trait]
impl CredentialStore for Sqlite {
    async fn app_password(&self, digest: &str) -> Result<Option<AppPassword>> {
        let digest = digest.to_owned();
        self.look_up(move |r| r.app_password(&digest)).await
    }

    async fn holds_app_password(&self, password: AppPasswordId, now: Timestamp) -> Result<bool> {
        self.look_up(move |r| r.holds_app_password(password, now))
            .await
    }

    async fn app_passwords(&self, person: Option<PersonId>) -> Result<Vec<AppPassword>> {
        self.read(move |r| r.app_passwords(person)).await
    }

    async fn session(&self, token: &str, now: Timestamp) -> Result<Option<Session>> {
        let token = token.to_owned();
        self.look_up(move |r| r.session(&token, now)).await
    }

    async fn sessions(&self, person: PersonId, now: Timestamp) -> Result<Vec<Session>> {
        self.read(move |r| r.sessions(person, now)).await
    }

    async fn second_factor(&self, person: PersonId) -> Result<Option<SecondFactor>> {
        self.look_up(move |r| r.second_factor(person)).await
    }

    async fn profile(&self, person: PersonId) -> Result<Option<Profile>> {
        self.look_up(move |r| r.profile(person)).await
    }
}

const APP_PASSWORD: &str = "SELECT id, person, name, scope, created, expires, last_used,
    last_address FROM app_password";

fn app_password(row: &Row<'_>) -> rusqlite::Result<AppPassword> {
    let scope: String = row.get(3)?;
    Ok(AppPassword {
        id: AppPasswordId(row.get(0)?),
        person: PersonId(row.get(1)?),
        name: row.get(2)?,
        // What cannot be read admits nobody.
        scope: json::read("what an app password lets through", scope.as_bytes())
            .unwrap_or_default(),
        created: Timestamp(row.get(4)?),
        expires: row.get::<_, Option<i64>>(5)?.map(Timestamp),
        last_used: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        last_address: row.get(7)?,
    })
}

/// What lists of members show of a person.
pub const PROFILE: &str = "SELECT name, email, organization, picture FROM person WHERE id = ?1";

/// Reads a profile from a row.
pub fn profile(row: &Row<'_>) -> rusqlite::Result<Profile> {
    let picture: Option<Vec<u8>> = row.get(3)?;
    Ok(Profile {
        name: row.get(0)?,
        email: row.get(1)?,
        organization: row.get(2)?,
        picture: picture.map(|octets| STANDARD.encode(octets)),
    })
}

const SESSION: &str = "SELECT token, person, began, seen, expires, browser, address FROM session";

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        token: row.get(0)?,
        person: PersonId(row.get(1)?),
        began: Timestamp(row.get(2)?),
        seen: Timestamp(row.get(3)?),
        expires: Timestamp(row.get(4)?),
        browser: row.get(5)?,
        address: row.get(6)?,
    })
}

impl Reader<'_> {
    fn app_password(&self, digest: &str) -> rusqlite::Result<Option<AppPassword>> {
        let sql = format!("{APP_PASSWORD} WHERE digest = ?1");
        self.one(&sql, [digest], app_password)
    }

    fn holds_app_password(&self, id: AppPasswordId, now: Timestamp) -> rusqlite::Result<bool> {
        let held = self.one(
            "SELECT 1 FROM app_password WHERE id = ?1 AND (expires IS NULL OR expires > ?2)",
            params![id.0, now.0],
            |_| Ok(()),
        )?;
        Ok(held.is_some())
    }

    fn app_passwords(&self, person: Option<PersonId>) -> rusqlite::Result<Vec<AppPassword>> {
        let sql = format!("{APP_PASSWORD} {} ORDER BY id", of(person));
        self.all(&sql, named(person), app_password)
    }

    fn session(&self, token: &str, now: Timestamp) -> rusqlite::Result<Option<Session>> {
        let sql = format!("{SESSION} WHERE token = ?1 AND expires > ?2");
        self.one(&sql, params![token, now.0], session)
    }

    fn sessions(&self, person: PersonId, now: Timestamp) -> rusqlite::Result<Vec<Session>> {
        let sql = format!("{SESSION} WHERE person = ?1 AND expires > ?2 ORDER BY seen DESC");
        self.all(&sql, params![person.0, now.0], session)
    }

    fn second_factor(&self, person: PersonId) -> rusqlite::Result<Option<SecondFactor>> {
        self.one(
            "SELECT secret, confirmed IS NOT NULL,
                 (SELECT count(*) FROM recovery_code r WHERE r.person = f.person)
             FROM second_factor f WHERE person = ?1",
            [person.0],
            |row| {
                Ok(SecondFactor {
                    secret: row.get(0)?,
                    confirmed: row.get(1)?,
                    recovery: row.get(2)?,
                })
            },
        )
    }

    fn profile(&self, person: PersonId) -> rusqlite::Result<Option<Profile>> {
        self.one(PROFILE, [person.0], profile)
    }
}

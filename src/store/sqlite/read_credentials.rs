//! Reads of app passwords and sessions.

use async_trait::async_trait;
use rusqlite::{Row, params};

use super::{Sqlite, read::Reader};
use crate::domain::{
    credential::{AppPassword, CredentialStore, Session},
    error::Result,
    id::{AppPasswordId, PersonId, Timestamp},
};

#[async_trait]
impl CredentialStore for Sqlite {
    async fn app_password(&self, digest: &str) -> Result<Option<AppPassword>> {
        let digest = digest.to_owned();
        self.look_up(move |r| r.app_password(&digest)).await
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
        scope: serde_json::from_str(&scope).unwrap_or_default(),
        created: Timestamp(row.get(4)?),
        expires: row.get::<_, Option<i64>>(5)?.map(Timestamp),
        last_used: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        last_address: row.get(7)?,
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

    fn app_passwords(&self, person: Option<PersonId>) -> rusqlite::Result<Vec<AppPassword>> {
        let sql = format!("{APP_PASSWORD} WHERE ?1 IS NULL OR person = ?1 ORDER BY id");
        self.all(&sql, [person.map(|person| person.0)], app_password)
    }

    fn session(&self, token: &str, now: Timestamp) -> rusqlite::Result<Option<Session>> {
        let sql = format!("{SESSION} WHERE token = ?1 AND expires > ?2");
        self.one(&sql, params![token, now.0], session)
    }

    fn sessions(&self, person: PersonId, now: Timestamp) -> rusqlite::Result<Vec<Session>> {
        let sql = format!("{SESSION} WHERE person = ?1 AND expires > ?2 ORDER BY seen DESC");
        self.all(&sql, params![person.0, now.0], session)
    }
}

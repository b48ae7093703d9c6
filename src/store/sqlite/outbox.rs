//! The queue of outgoing messages and the links for forgotten passwords, as they are read.

use async_trait::async_trait;
use rusqlite::{Row, params};

use super::{Sqlite, read::Reader};
use crate::domain::{
    error::Result,
    id::{OutgoingId, PersonId, Timestamp},
    outbox::{Channel, Outbox, Outgoing, State},
};

const OUTGOING: &str = "SELECT id, channel, name, person, recipient, language, letter, state,
    attempts, queued, due, until, ended, answer FROM outbox";

#[async_trait]
impl Outbox for Sqlite {
    async fn outbox_due(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Outgoing>> {
        self.read(move |r| r.outbox_due(channel, now, limit)).await
    }

    async fn outbox(&self, person: Option<PersonId>, limit: usize) -> Result<Vec<Outgoing>> {
        self.read(move |r| r.outbox(person, limit)).await
    }

    async fn outgoing(&self, message: OutgoingId) -> Result<Option<Outgoing>> {
        self.look_up(|r| r.one(&format!("{OUTGOING} WHERE id = ?1"), [message.0], outgoing))
            .await
    }

    async fn reset(&self, token: &str, now: Timestamp) -> Result<Option<PersonId>> {
        self.look_up(|r| {
            r.one(
                "SELECT person FROM reset WHERE token = ?1 AND expires > ?2",
                params![token, now.0],
                |row| Ok(PersonId(row.get(0)?)),
            )
        })
        .await
    }
}

impl Reader<'_> {
    fn outbox_due(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: usize,
    ) -> rusqlite::Result<Vec<Outgoing>> {
        self.all(
            &format!(
                "{OUTGOING} WHERE state = 'waiting' AND channel = ?1 AND due <= ?2
                 ORDER BY due, id LIMIT ?3"
            ),
            params![channel.as_str(), now.0, limit as i64],
            outgoing,
        )
    }

    fn outbox(&self, person: Option<PersonId>, limit: usize) -> rusqlite::Result<Vec<Outgoing>> {
        let limit = limit as i64;
        match person {
            None => {
                let sql = format!("{OUTGOING} ORDER BY id DESC LIMIT ?1");
                self.all(&sql, [limit], outgoing)
            }
            Some(person) => {
                let sql = format!("{OUTGOING} WHERE person = ?1 ORDER BY id DESC LIMIT ?2");
                self.all(&sql, params![person.0, limit], outgoing)
            }
        }
    }
}

fn outgoing(row: &Row<'_>) -> rusqlite::Result<Outgoing> {
    let letter: String = row.get(6)?;
    Ok(Outgoing {
        id: OutgoingId(row.get(0)?),
        channel: Channel::parse(row.get_ref(1)?.as_str()?).unwrap_or(Channel::Mail),
        name: row.get(2)?,
        person: row.get::<_, Option<i64>>(3)?.map(PersonId),
        recipient: row.get(4)?,
        language: row.get(5)?,
        letter: serde_json::from_str(&letter).ok(),
        state: State::parse(row.get_ref(7)?.as_str()?).unwrap_or(State::Dropped),
        attempts: row.get(8)?,
        queued: Timestamp(row.get(9)?),
        due: Timestamp(row.get(10)?),
        until: Timestamp(row.get(11)?),
        ended: row.get::<_, Option<i64>>(12)?.map(Timestamp),
        answer: row.get(13)?,
    })
}

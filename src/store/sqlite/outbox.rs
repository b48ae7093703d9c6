//! Reads about outgoing messages and links for forgotten passwords.

use async_trait::async_trait;
use rusqlite::{Row, params};

use super::{Sqlite, read::Reader};
use crate::domain::{
    error::Result,
    id::{NoticeId, OutgoingId, PersonId, Timestamp},
    json,
    notify::{Event, Untold},
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

    async fn untold(&self, before: Timestamp, limit: usize) -> Result<Vec<Untold>> {
        self.read(move |r| r.untold(before, limit)).await
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
    fn untold(&self, before: Timestamp, limit: usize) -> rusqlite::Result<Vec<Untold>> {
        self.all(
            "SELECT n.id, n.kind, n.client, n.number, n.subject, coalesce(c.display_name, ''),
                 p.name, coalesce(p.email, ''), p.settings
             FROM notice n JOIN person p ON p.id = n.person
             LEFT JOIN collection c ON c.id = n.collection
             WHERE n.mailed = 0 AND n.at <= ?1 ORDER BY n.at LIMIT ?2",
            params![before.0, limit as i64],
            |row| {
                Ok(Untold {
                    notice: NoticeId(row.get(0)?),
                    event: event(row)?,
                    who: row.get(2)?,
                    number: row.get(3)?,
                    subject: row.get(4)?,
                    place: row.get(5)?,
                    name: row.get(6)?,
                    email: row.get(7)?,
                    settings: row.get(8)?,
                })
            },
        )
    }

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

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let kind = row.get_ref(1)?;
    Event::parse(kind.as_str()?)
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(1, "kind".to_owned(), kind.data_type()))
}

fn outgoing(row: &Row<'_>) -> rusqlite::Result<Outgoing> {
    // What is settled has lost its letter.
    let letter = Some(row.get::<_, String>(6)?).filter(|letter| !letter.is_empty());
    Ok(Outgoing {
        id: OutgoingId(row.get(0)?),
        channel: Channel::parse(row.get_ref(1)?.as_str()?).unwrap_or(Channel::Mail),
        name: row.get(2)?,
        person: row.get::<_, Option<i64>>(3)?.map(PersonId),
        recipient: row.get(4)?,
        language: row.get(5)?,
        letter: letter.and_then(|letter| json::read("a queued letter", letter.as_bytes())),
        state: State::parse(row.get_ref(7)?.as_str()?).unwrap_or(State::Dropped),
        attempts: row.get(8)?,
        queued: Timestamp(row.get(9)?),
        due: Timestamp(row.get(10)?),
        until: Timestamp(row.get(11)?),
        ended: row.get::<_, Option<i64>>(12)?.map(Timestamp),
        answer: row.get(13)?,
    })
}

//! The queue of outgoing messages, and links for forgotten passwords.

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::{
    batch::PersonChange,
    error::Error,
    id::{OutgoingId, PersonId, Timestamp},
    item::random_id,
    json,
    outbox::{NewMessage, OutboxOp, State},
    rule::Rule,
};

/// Days a message that ended is shown.
const SHOWN_DAYS: i64 = 30;
/// Characters kept of an answer.
const ANSWER: usize = 500;

impl Commit<'_> {
    pub(super) fn outbox_op(&mut self, op: &OutboxOp) -> Applied<i64> {
        match op {
            OutboxOp::Post(message) => self.post(message),
            OutboxOp::Within {
                person,
                channel,
                since,
                most,
            } => {
                let queued: i64 = self
                    .connection
                    .prepare_cached(
                        "SELECT count(*) FROM outbox
                         WHERE person = ?1 AND channel = ?2 AND queued > ?3",
                    )?
                    .query_row(params![person.0, channel.as_str(), since.0], |row| {
                        row.get(0)
                    })?;
                if queued < *most {
                    Ok(queued)
                } else {
                    Err(Error::Invalid(Rule::MessagesADay(*most)).into())
                }
            }
            OutboxOp::Step {
                message,
                from,
                to,
                due,
                answer,
            } => self.step(*message, (*from, *to), *due, answer),
            OutboxOp::Told { notice, message } => {
                if let Some(message) = message {
                    self.post(message)?;
                }
                self.run("UPDATE notice SET mailed = 1 WHERE id = ?1", [notice.0])
            }
            OutboxOp::Recover => self.run(
                "UPDATE outbox SET state = 'waiting', due = ?1 WHERE state = 'sending'",
                [self.batch.at.0],
            ),
            OutboxOp::AddReset {
                token,
                person,
                expires,
            } => {
                self.run(
                    "DELETE FROM reset WHERE person = ?1 OR expires <= ?2",
                    params![person.0, self.batch.at.0],
                )?;
                self.run(
                    "INSERT INTO reset (token, person, expires) VALUES (?1, ?2, ?3)",
                    params![token, person.0, expires.0],
                )
            }
            OutboxOp::UseReset {
                token,
                password_hash,
            } => self.use_reset(token, password_hash),
        }
    }

    pub(super) fn post(&mut self, message: &NewMessage) -> Applied<i64> {
        self.run(
            "DELETE FROM outbox WHERE ended < ?1",
            [self.batch.at.plus_days(-SHOWN_DAYS).0],
        )?;
        let letter = json::text(&message.letter)?;
        self.run(
            "INSERT INTO outbox (channel, name, person, recipient, language, letter, queued, due, until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
            params![
                message.channel.as_str(),
                random_id(16),
                message.person.map(|person| person.0),
                message.recipient,
                message.language,
                letter,
                self.batch.at.0,
                message.until.0
            ],
        )
    }

    fn step(
        &mut self,
        message: OutgoingId,
        (from, to): (State, State),
        due: Timestamp,
        answer: &str,
    ) -> Applied<i64> {
        let at = self.batch.at.0;
        let ended = match to {
            State::Waiting | State::Sending => None,
            _ => Some(at),
        };
        let answer: String = answer.chars().take(ANSWER).collect();
        let moved = self
            .connection
            .prepare_cached(
                "UPDATE outbox SET state = ?3, due = ?4, ended = ?5, answer = ?6,
                     attempts = attempts + ?7, letter = CASE WHEN ?8 THEN '' ELSE letter END,
                     queued = CASE WHEN ended IS NOT NULL AND ?3 = 'waiting' THEN ?10 ELSE queued END,
                     until = CASE WHEN ended IS NULL THEN until ELSE max(until, ?9) END
                 WHERE id = ?1 AND state = ?2",
            )?
            .execute(params![
                message.0,
                from.as_str(),
                to.as_str(),
                due.0,
                ended,
                answer,
                i64::from(to == State::Sending),
                to.is_settled(),
                // Tried again by hand: another day.
                self.batch.at.plus_days(1).0,
                at,
            ])?;
        if moved == 0 {
            return Err(Error::Moved.into());
        }
        if matches!(to, State::Refused | State::GivenUp) {
            self.notice_unsent(message)?;
        }
        Ok(message.0)
    }

    fn use_reset(&mut self, token: &str, password_hash: &str) -> Applied<i64> {
        let found: Vec<i64> = self
            .connection
            .prepare_cached("SELECT person FROM reset WHERE token = ?1 AND expires > ?2")?
            .query_map(params![token, self.batch.at.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let Some(person) = found.first().copied() else {
            return Err(Error::NotFound.into());
        };
        self.run("DELETE FROM reset WHERE person = ?1", [person])?;
        let change = PersonChange {
            password_hash: Some(password_hash.to_owned()),
            ..PersonChange::of(PersonId(person))
        };
        self.change_person(&change)
    }
}

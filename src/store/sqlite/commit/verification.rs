//! Verifications: requests, answers, and notices about the answers.

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::{
    error::Error,
    id::VerificationId,
    json,
    verification::{Answer, LINK_DAYS, NewVerification, VerificationOp},
};

impl Commit<'_> {
    pub(super) fn verification_op(&mut self, op: &VerificationOp) -> Applied<i64> {
        let at = self.batch.at.0;
        match op {
            VerificationOp::Ask {
                verification,
                token,
                message,
            } => {
                let letter = self.post(message)?;
                let id = self.insert_verification(verification, letter)?;
                self.add_link(VerificationId(id), token)?;
                Ok(id)
            }
            VerificationOp::Remind {
                verification,
                token,
                message,
                next,
            } => {
                let letter = self.post(message)?;
                self.add_link(*verification, token)?;
                self.run(
                    "UPDATE verification SET letter = ?2,
                         remind = CASE WHEN answer IS NULL THEN ?3 END, reminded = reminded + 1
                     WHERE id = ?1",
                    params![verification.0, letter, next.map(|next| next.0)],
                )
            }
            VerificationOp::Rest { verification } => self.run(
                "UPDATE verification SET remind = NULL WHERE id = ?1",
                [verification.0],
            ),
            VerificationOp::Answer {
                verification,
                answer,
            } => self.answer(*verification, *answer),
            VerificationOp::Begin {
                person,
                name,
                days,
                reminders,
                skipped,
            } => self.run(
                "INSERT INTO campaign (person, name, begun, days, reminders, skipped)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![person.0, name, at, days, reminders, skipped],
            ),
            VerificationOp::Stop { campaign } => {
                self.run(
                    "UPDATE verification SET remind = NULL WHERE campaign = ?1",
                    [campaign.0],
                )?;
                self.run(
                    "UPDATE campaign SET ended = coalesce(ended, ?2) WHERE id = ?1",
                    params![campaign.0, at],
                )
            }
        }
    }

    fn insert_verification(&self, new: &NewVerification, letter: i64) -> Applied<i64> {
        let hidden = json::text(&new.hidden)?;
        self.run(
            "INSERT INTO verification (person, item, collection, campaign, subject, address,
                 language, hidden, purpose, asked, letter, remind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                new.person.0,
                new.item.0,
                new.collection.0,
                new.campaign.map(|campaign| campaign.0),
                new.subject,
                new.address,
                new.language,
                hidden,
                new.purpose,
                self.batch.at.0,
                letter,
                new.remind.map(|remind| remind.0),
            ],
        )
    }

    fn add_link(&self, verification: VerificationId, token: &str) -> Applied<i64> {
        let at = self.batch.at;
        self.run(
            "DELETE FROM verification_token WHERE verification = ?1 AND expires <= ?2",
            params![verification.0, at.0],
        )?;
        self.run(
            "INSERT INTO verification_token (token, verification, expires) VALUES (?1, ?2, ?3)",
            params![token, verification.0, at.plus_days(LINK_DAYS).0],
        )
    }

    fn answer(&mut self, verification: VerificationId, answer: Answer) -> Applied<i64> {
        let at = self.batch.at.0;
        let answered = self
            .connection
            .prepare_cached(
                "UPDATE verification SET used = coalesce(used, ?2), answer = ?3, answered = ?2,
                     answers = answers + 1, remind = NULL
                 WHERE id = ?1",
            )?
            .execute(params![verification.0, at, answer.as_str()])?;
        if answered == 0 {
            return Err(Error::NotFound.into());
        }
        if answer == Answer::Declined {
            self.run(
                "INSERT OR IGNORE INTO declined (person, item, address, at)
                 SELECT person, item, lower(address), ?2 FROM verification WHERE id = ?1",
                params![verification.0, at],
            )?;
        }
        let client = &self.batch.client;
        let told = self
            .connection
            .prepare_cached(
                "UPDATE notice SET number = number + 1, at = ?3 WHERE client = ?2 AND kind = ?4
                     AND settled IS NULL
                     AND person = (SELECT person FROM verification WHERE id = ?1)",
            )?
            .execute(params![verification.0, client, at, answer.as_str()])?;
        if told == 0 {
            self.run(
                "INSERT INTO notice (person, kind, at, client, collection, since, number, subject,
                     item)
                 SELECT person, ?4, ?3, ?2, collection, ?3, 1, subject, item FROM verification
                 WHERE id = ?1",
                params![verification.0, client, at, answer.as_str()],
            )?;
        }
        Ok(verification.0)
    }
}

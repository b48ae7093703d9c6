//! Reads of verifications.

use async_trait::async_trait;
use rusqlite::{Row, params, types::Type};

use super::{Sqlite, read::Reader};
use crate::domain::{
    error::Result,
    id::{CampaignId, CollectionId, ItemId, PersonId, Timestamp, VerificationId},
    json,
    outbox::State,
    verification::{Answer, Campaign, NewVerification, USED_DAYS, Verification, Verifications},
};

const VERIFICATION: &str = "SELECT v.id, v.person, v.item, v.collection, v.campaign, v.subject,
    v.address, v.language, v.hidden, v.purpose, v.asked, v.used, v.answer, v.answered, v.answers,
    v.reminded, v.remind, o.state, o.answer
    FROM verification v LEFT JOIN outbox o ON o.id = v.letter";

const CAMPAIGN: &str =
    "SELECT id, person, name, begun, days, reminders, skipped, ended FROM campaign";

#[async_trait]
impl Verifications for Sqlite {
    async fn verification(&self, token: &str, now: Timestamp) -> Result<Option<Verification>> {
        let sql = format!(
            "{VERIFICATION} JOIN verification_token t ON t.verification = v.id
             WHERE t.token = ?1 AND t.expires > ?2 AND (v.used IS NULL OR v.used > ?3)"
        );
        let died = now.plus_days(-USED_DAYS);
        self.look_up(|r| r.one(&sql, params![token, now.0, died.0], verification))
            .await
    }

    async fn verifications_of(&self, item: ItemId) -> Result<Vec<Verification>> {
        self.read(move |r| {
            let sql = format!("{VERIFICATION} WHERE v.item = ?1 ORDER BY v.id DESC LIMIT 20");
            r.all(&sql, [item.0], verification)
        })
        .await
    }

    async fn verifications_in(&self, campaign: CampaignId) -> Result<Vec<Verification>> {
        self.read(move |r| {
            let sql = format!("{VERIFICATION} WHERE v.campaign = ?1 ORDER BY v.id");
            r.all(&sql, [campaign.0], verification)
        })
        .await
    }

    async fn reminders(&self, now: Timestamp, limit: usize) -> Result<Vec<Verification>> {
        self.read(move |r| {
            let sql = format!("{VERIFICATION} WHERE v.remind <= ?1 ORDER BY v.remind LIMIT ?2");
            r.all(&sql, params![now.0, limit as i64], verification)
        })
        .await
    }

    async fn campaign(&self, id: CampaignId) -> Result<Option<Campaign>> {
        self.look_up(|r| r.one(&format!("{CAMPAIGN} WHERE id = ?1"), [id.0], campaign))
            .await
    }

    async fn campaigns(&self, person: PersonId) -> Result<Vec<Campaign>> {
        self.read(move |r| {
            let sql = format!("{CAMPAIGN} WHERE person = ?1 ORDER BY id DESC LIMIT 100");
            r.all(&sql, [person.0], campaign)
        })
        .await
    }

    async fn asked_since(
        &self,
        person: PersonId,
        address: &str,
        since: Timestamp,
    ) -> Result<(i64, i64)> {
        let address = address.to_lowercase();
        self.look_up(|r| r.asked_since(person, &address, since))
            .await
    }

    async fn declined(
        &self,
        person: PersonId,
        item: ItemId,
        address: &str,
    ) -> Result<Option<Timestamp>> {
        let address = address.to_lowercase();
        self.look_up(|r| {
            r.one(
                "SELECT at FROM declined WHERE person = ?1 AND (item = ?2 OR address = ?3) LIMIT 1",
                params![person.0, item.0, address],
                |row| Ok(Timestamp(row.get(0)?)),
            )
        })
        .await
    }
}

impl Reader<'_> {
    fn asked_since(
        &self,
        person: PersonId,
        address: &str,
        since: Timestamp,
    ) -> rusqlite::Result<(i64, i64)> {
        let counted = self.one(
            "SELECT (SELECT count(*) FROM verification WHERE person = ?1 AND asked > ?3),
                 (SELECT count(*) FROM verification WHERE lower(address) = ?2 AND asked > ?3)",
            params![person.0, address, since.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(counted.unwrap_or_default())
    }
}

fn verification(row: &Row<'_>) -> rusqlite::Result<Verification> {
    let moment = |at: usize| {
        let stored: rusqlite::Result<Option<i64>> = row.get(at);
        stored.map(|at| at.map(Timestamp))
    };
    let hidden: String = row.get(8)?;
    // Unreadable, it does not show what was hidden.
    let hidden = json::read("what a verification hides", hidden.as_bytes())
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(8, "hidden".to_owned(), Type::Text))?;
    let answer = row.get::<_, Option<String>>(12)?;
    let answer = answer.as_deref().and_then(Answer::parse);
    let state = row.get::<_, Option<String>>(17)?;
    let state = state.as_deref().and_then(State::parse);
    let said = row.get::<_, Option<String>>(18)?.unwrap_or_default();
    Ok(Verification {
        id: VerificationId(row.get(0)?),
        asked: NewVerification {
            person: PersonId(row.get(1)?),
            item: ItemId(row.get(2)?),
            collection: CollectionId(row.get(3)?),
            campaign: row.get::<_, Option<i64>>(4)?.map(CampaignId),
            subject: row.get(5)?,
            address: row.get(6)?,
            language: row.get(7)?,
            hidden,
            purpose: row.get(9)?,
            remind: moment(16)?,
        },
        at: Timestamp(row.get(10)?),
        letter: state.map(|state| (state, said)),
        used: moment(11)?,
        answer: answer.zip(moment(13)?),
        answers: row.get(14)?,
        reminded: row.get(15)?,
    })
}

fn campaign(row: &Row<'_>) -> rusqlite::Result<Campaign> {
    Ok(Campaign {
        id: CampaignId(row.get(0)?),
        person: PersonId(row.get(1)?),
        name: row.get(2)?,
        begun: Timestamp(row.get(3)?),
        days: row.get(4)?,
        reminders: row.get(5)?,
        skipped: row.get(6)?,
        ended: row.get::<_, Option<i64>>(7)?.map(Timestamp),
    })
}

//! A contact is asked by e-mail to check what is held about them. The creator asks, or the admins
//! while the group has custody; comments, tags, the note and attached documents are never sent.
//!
//! The link is bound to one sending: it holds 30 days, dies a day after its first use, and only its
//! digest is stored. Whoever follows it acts for the person who asked, through a client of its own
//! name, so that history names it and undoing finds it.

mod verbs;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    error::Result,
    id::{CampaignId, CollectionId, ItemId, PersonId, Timestamp, VerificationId},
    outbox::{NewMessage, State},
};

pub use verbs::{Ask, Asked, Standing};

/// Days a link holds.
pub const LINK_DAYS: i64 = 30;
/// Days from the first use of a link to its end.
pub const USED_DAYS: i64 = 1;
/// Contacts of one campaign, and letters of one person in a day.
pub const ASKED_A_DAY: usize = 1000;

/// The answer of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Everything is right.
    Confirmed,
    /// Values were changed, added or removed.
    Corrected,
    /// Everything was removed.
    Erased,
    /// They do not want to be asked again.
    Declined,
}

impl Answer {
    /// Every answer.
    pub const ALL: [Answer; 4] = [
        Answer::Confirmed,
        Answer::Corrected,
        Answer::Erased,
        Answer::Declined,
    ];

    /// The name under which it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::Confirmed => "confirmed",
            Answer::Corrected => "corrected",
            Answer::Erased => "erased",
            Answer::Declined => "declined",
        }
    }

    /// Reads what [`Answer::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// Whether the answer changed the contact, which can be undone.
    pub fn changes(self) -> bool {
        matches!(self, Answer::Corrected | Answer::Erased)
    }
}

/// A request to one contact.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVerification {
    pub person: PersonId,
    pub item: ItemId,
    /// The collection it was asked from.
    pub collection: CollectionId,
    pub campaign: Option<CampaignId>,
    /// Name of the contact at that time.
    pub subject: String,
    pub address: String,
    pub language: String,
    /// Fields the person left out, by their names in the form.
    pub hidden: Vec<String>,
    /// Why the data are kept, in the person's words.
    pub purpose: String,
    /// Time of the next reminder.
    pub remind: Option<Timestamp>,
}

/// A request to a contact, and its outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    pub id: VerificationId,
    pub asked: NewVerification,
    pub at: Timestamp,
    /// State of the last letter, and the mail server's reply.
    pub letter: Option<(State, String)>,
    /// Time of the first answer.
    pub used: Option<Timestamp>,
    /// The last answer.
    pub answer: Option<(Answer, Timestamp)>,
    pub answers: i64,
    pub reminded: i64,
}

/// A request to many contacts, with reminders.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    pub id: CampaignId,
    pub person: PersonId,
    pub name: String,
    pub begun: Timestamp,
    /// Days between reminders.
    pub days: i64,
    /// Number of reminders to each contact.
    pub reminders: i64,
    /// Contacts that could not be asked.
    pub skipped: i64,
    pub ended: Option<Timestamp>,
}

/// A change of verifications, as part of a batch.
#[derive(Clone, Debug)]
pub enum VerificationOp {
    /// Stores a request and queues its letter; `token` is the digest of the link's secret.
    Ask {
        verification: Box<NewVerification>,
        token: String,
        message: Box<NewMessage>,
    },
    /// Queues a reminder with a link of its own, and sets the time of the next one.
    Remind {
        verification: VerificationId,
        token: String,
        message: Box<NewMessage>,
        next: Option<Timestamp>,
    },
    /// Ends the reminders of a request.
    Rest { verification: VerificationId },
    /// Stores the contact's answer and notifies the person who asked.
    Answer {
        verification: VerificationId,
        answer: Answer,
    },
    Begin {
        person: PersonId,
        name: String,
        days: i64,
        reminders: i64,
        skipped: i64,
    },
    /// Ends a campaign: no more reminders.
    Stop { campaign: CampaignId },
}

/// Reads of verifications.
#[async_trait]
pub trait Verifications: Send + Sync {
    /// The request behind a link, by the digest of its token; none once the link has expired.
    async fn verification(&self, token: &str, now: Timestamp) -> Result<Option<Verification>>;
    /// Requests about an item, newest first; at most 20.
    async fn verifications_of(&self, item: ItemId) -> Result<Vec<Verification>>;
    /// Requests of a campaign, oldest first.
    async fn verifications_in(&self, campaign: CampaignId) -> Result<Vec<Verification>>;
    /// Requests whose reminder is due, the longest due first.
    async fn reminders(&self, now: Timestamp, limit: usize) -> Result<Vec<Verification>>;
    async fn campaign(&self, campaign: CampaignId) -> Result<Option<Campaign>>;
    /// Campaigns of a person, newest first; at most 100.
    async fn campaigns(&self, person: PersonId) -> Result<Vec<Campaign>>;
    /// Numbers of letters since a moment: of the person, and to the address from anybody.
    async fn asked_since(
        &self,
        person: PersonId,
        address: &str,
        since: Timestamp,
    ) -> Result<(i64, i64)>;
    /// When a contact, known by address or item, declined further requests of this person; none if
    /// they did not.
    async fn declined(
        &self,
        person: PersonId,
        item: ItemId,
        address: &str,
    ) -> Result<Option<Timestamp>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_as_they_were_stored() {
        for answer in Answer::ALL {
            assert_eq!(Answer::parse(answer.as_str()), Some(answer));
        }
        assert_eq!(Answer::parse("maybe"), None);
    }
}

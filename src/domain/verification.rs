//! A contact is asked by e-mail to check what is held about them. The creator asks, or the admins
//! while the group has custody; comments, tags, the note and attached documents are never sent.
//!
//! The link is bound to one sending: it holds 30 days, dies a day after its first use, and only its
//! digest is stored. Whoever follows it acts for the person who asked, through a client of its own
//! name, so that history names it and undoing finds it.

mod verbs;

use async_trait::async_trait;

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

/// What the contact did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// As stored.
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

    /// There is something to undo.
    pub fn changes(self) -> bool {
        matches!(self, Answer::Corrected | Answer::Erased)
    }
}

/// One contact that is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVerification {
    pub person: PersonId,
    pub item: ItemId,
    /// Where it was asked from.
    pub collection: CollectionId,
    pub campaign: Option<CampaignId>,
    /// What the contact was called then.
    pub subject: String,
    pub address: String,
    pub language: String,
    /// Fields the asker left out, by the names of the form.
    pub hidden: Vec<String>,
    /// Why the data are kept, in the asker's words.
    pub purpose: String,
    /// When the contact is reminded.
    pub remind: Option<Timestamp>,
}

/// A contact that was asked, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    pub id: VerificationId,
    pub asked: NewVerification,
    pub at: Timestamp,
    /// How the last letter fared, and what the mail server said.
    pub letter: Option<(State, String)>,
    /// The first answer came then.
    pub used: Option<Timestamp>,
    /// The last answer.
    pub answer: Option<(Answer, Timestamp)>,
    pub answers: i64,
    pub reminded: i64,
}

/// Many contacts asked at once, with reminders.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    pub id: CampaignId,
    pub person: PersonId,
    pub name: String,
    pub begun: Timestamp,
    /// Days between reminders.
    pub days: i64,
    /// Reminders of each contact.
    pub reminders: i64,
    /// Contacts that could not be asked.
    pub skipped: i64,
    pub ended: Option<Timestamp>,
}

/// A change of verifications, as part of a batch.
#[derive(Clone, Debug)]
pub enum VerificationOp {
    /// `token` is the digest of what the letter carries.
    Ask {
        verification: Box<NewVerification>,
        token: String,
        message: Box<NewMessage>,
    },
    /// A reminder with a link of its own, and the next one.
    Remind {
        verification: VerificationId,
        token: String,
        message: Box<NewMessage>,
        next: Option<Timestamp>,
    },
    /// There is nobody to remind any more.
    Rest { verification: VerificationId },
    /// What the contact did; its asker is told by a notice.
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
    /// No more reminders.
    Stop { campaign: CampaignId },
}

/// Reads of verifications.
#[async_trait]
pub trait Verifications: Send + Sync {
    /// What a link leads to while it holds, by the digest of its token.
    async fn verification(&self, token: &str, now: Timestamp) -> Result<Option<Verification>>;
    /// Of an item, the newest first.
    async fn verifications_of(&self, item: ItemId) -> Result<Vec<Verification>>;
    /// Of a campaign, in their order.
    async fn verifications_in(&self, campaign: CampaignId) -> Result<Vec<Verification>>;
    /// Whose reminder is due.
    async fn reminders(&self, now: Timestamp, limit: usize) -> Result<Vec<Verification>>;
    async fn campaign(&self, campaign: CampaignId) -> Result<Option<Campaign>>;
    /// Of a person, the newest first.
    async fn campaigns(&self, person: PersonId) -> Result<Vec<Campaign>>;
    /// Letters since a moment: of a person, and to an address from anybody.
    async fn asked_since(
        &self,
        person: PersonId,
        address: &str,
        since: Timestamp,
    ) -> Result<(i64, i64)>;
    /// Whether the person does not want this person to ask them, by address or about an item.
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

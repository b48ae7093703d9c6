//! E-mail notifications a person switched on: refused changes, contacts shared with their groups,
//! new devices.
//!
//! A notice is written with its fact; a little later, so that many together are one letter, its
//! letter is queued and the notice marked in one transaction.

use serde::{Deserialize, Serialize};

use super::{
    batch::{Batch, Op},
    core::Core,
    error::Result,
    id::{NoticeId, Timestamp},
    json,
    outbox::{Channel, LETTER_DAYS, Letter, NewMessage, OutboxOp, is_address},
    settings::Settings,
};

/// What is told together.
const BURST_MS: i64 = 60_000;
/// Letters of one look.
const TOGETHER: usize = 100;

/// What a letter notifies a person of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// Writes of a client were refused and kept.
    Kept,
    /// Somebody shared contacts with a group.
    Shared,
    /// Somebody lets the person modify contacts.
    Granted,
    /// A new device.
    Device,
}

impl Event {
    /// Reads a kind of notice; none for one that no letter tells of.
    pub fn parse(kind: &str) -> Option<Self> {
        match kind {
            "kept" => Some(Event::Kept),
            "shared" => Some(Event::Shared),
            "granted" => Some(Event::Granted),
            "device" => Some(Event::Device),
            _ => None,
        }
    }
}

/// A notice whose letter is not queued yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Untold {
    pub notice: NoticeId,
    pub event: Event,
    /// The client, or the person, it is about.
    pub who: String,
    pub number: i64,
    pub subject: String,
    /// The place it happened in; empty: none.
    pub place: String,
    /// The reader's.
    pub name: String,
    pub email: String,
    pub settings: String,
}

impl Core {
    /// Queues the letters of notices that are old enough.
    pub async fn tell(&self) -> Result<()> {
        let now = Timestamp::now();
        let before = Timestamp(now.0 - BURST_MS);
        for untold in self.store().untold(before, TOGETHER).await? {
            let settings: Settings =
                json::read("the settings of an account", untold.settings.as_bytes())
                    .unwrap_or_default();
            let message = NewMessage {
                channel: Channel::Mail,
                person: None,
                recipient: untold.email,
                language: settings.of_letters().unwrap_or_default().to_owned(),
                letter: Letter::Notice {
                    name: untold.name,
                    event: untold.event,
                    who: untold.who,
                    number: untold.number,
                    subject: untold.subject,
                    place: untold.place,
                },
                until: now.plus_days(LETTER_DAYS),
            };
            let deliverable = is_address(&message.recipient);
            let op = OutboxOp::Told {
                notice: untold.notice,
                message: deliverable.then(|| Box::new(message)),
            };
            self.commit(Batch {
                client: "outbox".to_owned(),
                at: now,
                ops: vec![Op::Outbox(op)],
                ..Batch::default()
            })
            .await?;
        }
        Ok(())
    }
}

//! The last exchanges of a person's programs, as codes that every language puts into words.
//!
//! Exchanges are noted in memory and written together, a while later and without a flush of their
//! own; what says nothing new (a poll that finds nothing) only moves the time of the last contact,
//! which by itself is never written.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    actor::Actor,
    batch::{Batch, DeviceOp, Op},
    core::Core,
    error::{Error, Result},
    id::{CollectionId, PersonId, Timestamp},
    label::JOURNAL,
    rule::Rule,
    store::KnownClient,
};

/// Exchanges kept of one client.
pub const KEPT: usize = 50;
/// Clients remembered in memory.
const MAX_CLIENTS: usize = 100_000;
/// The same refusal is noted again after this time only, in milliseconds.
const AGAIN: i64 = 3_600_000;
/// Pages of one synchronization are one exchange, within this time in milliseconds.
const TOGETHER: i64 = 120_000;

/// Something that passed between a client and the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub at: Timestamp,
    pub event: Event,
    /// For support: command, status, version; never content.
    #[serde(default)]
    pub technical: String,
}

/// What happened. `place` is the name of a group; none is what is the person's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The client got the list of the folders.
    Folders,
    /// A first key: everything follows.
    Began { place: Option<String> },
    /// The server's changes went to the client.
    Sent {
        place: Option<String>,
        added: usize,
        changed: usize,
        removed: usize,
    },
    /// The client's changes were stored.
    Received {
        place: Option<String>,
        added: usize,
        changed: usize,
        removed: usize,
    },
    /// Changes of the client were refused; the server's version stands.
    Refused {
        place: Option<String>,
        number: usize,
    },
    /// The last answer was lost: it was made again.
    Repeated { place: Option<String> },
    /// The client's state is not known any more: it starts again from the server's data.
    StartedOver { place: Option<String> },
    /// The client may not synchronize (blocked, quarantined, being wiped).
    Denied,
    /// The client said what became of an order to wipe.
    Wiped { done: bool },
    /// The server could not answer.
    Failed,
}

impl Event {
    /// Takes in another one of the same kind and place; whether it did.
    fn absorb(&mut self, other: &Event) -> bool {
        let (counts, more) = match (self, other) {
            (
                Event::Sent {
                    place,
                    added,
                    changed,
                    removed,
                },
                Event::Sent {
                    place: other,
                    added: a,
                    changed: c,
                    removed: r,
                },
            )
            | (
                Event::Received {
                    place,
                    added,
                    changed,
                    removed,
                },
                Event::Received {
                    place: other,
                    added: a,
                    changed: c,
                    removed: r,
                },
            ) if place == other => ([added, changed, removed], [a, c, r]),
            _ => return false,
        };
        for (count, more) in counts.into_iter().zip(more) {
            *count += more;
        }
        true
    }

    /// The name of the event's kind, under which it is stored.
    pub fn as_str(&self) -> &'static str {
        match self {
            Event::Folders => "folders",
            Event::Began { .. } => "began",
            Event::Sent { .. } => "sent",
            Event::Received { .. } => "received",
            Event::Refused { .. } => "refused",
            Event::Repeated { .. } => "repeated",
            Event::StartedOver { .. } => "started-over",
            Event::Denied => "denied",
            Event::Wiped { .. } => "wiped",
            Event::Failed => "failed",
        }
    }

    /// Something somebody may have to look at.
    pub fn is_error(&self) -> bool {
        matches!(
            self,
            Event::Refused { .. }
                | Event::Repeated { .. }
                | Event::StartedOver { .. }
                | Event::Denied
                | Event::Failed
                | Event::Wiped { done: false }
        )
    }
}

/// What is noted and not yet written.
#[derive(Default)]
pub struct Journal(Mutex<HashMap<(PersonId, String), Noted>>);

struct Noted {
    contact: Timestamp,
    waiting: Vec<Exchange>,
    last: Option<(Event, Timestamp)>,
}

impl Journal {
    /// A client was here and was answered.
    pub fn contact(&self, person: PersonId, label: &str) {
        self.with(person, label, |_| {});
    }

    /// Something passed between a client and the server.
    fn note(&self, person: PersonId, label: &str, event: Event, technical: &str) {
        self.with(person, label, |noted| {
            let now = noted.contact;
            let repeats = event.is_error()
                && noted
                    .last
                    .as_ref()
                    .is_some_and(|(last, at)| *last == event && now.0 - at.0 < AGAIN);
            if repeats {
                return;
            }
            noted.last = Some((event.clone(), now));
            if let Some(last) = noted.waiting.last_mut()
                && now.0 - last.at.0 < TOGETHER
                && last.event.absorb(&event)
            {
                return;
            }
            noted.waiting.push(Exchange {
                at: now,
                event,
                technical: technical.chars().take(200).collect(),
            });
            if noted.waiting.len() > KEPT {
                noted.waiting.remove(0);
            }
        });
    }

    fn with(&self, person: PersonId, label: &str, change: impl FnOnce(&mut Noted)) {
        let now = Timestamp::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_CLIENTS {
            all.retain(|_, noted| !noted.waiting.is_empty());
        }
        let noted = all.entry((person, label.to_owned())).or_insert(Noted {
            contact: now,
            waiting: Vec::new(),
            last: None,
        });
        noted.contact = now;
        change(noted);
    }

    /// When a client was last here, as far as this process knows.
    fn last_contact(&self, person: PersonId, label: &str) -> Option<Timestamp> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(all.get(&(person, label.to_owned()))?.contact)
    }

    fn forget(&self, person: PersonId, label: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&(person, label.to_owned()));
    }

    /// What waits to be written, of one person or of all.
    fn take(&self, of: Option<PersonId>) -> Vec<Op> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ops = Vec::new();
        for ((person, label), noted) in all.iter_mut() {
            if noted.waiting.is_empty() || of.is_some_and(|of| of != *person) {
                continue;
            }
            ops.push(Op::Device(DeviceOp::NoteClient {
                person: *person,
                label: label.clone(),
                seen: noted.contact,
                exchanges: std::mem::take(&mut noted.waiting),
            }));
        }
        ops
    }

    /// Keeps again what could not be written, of clients that were not forgotten meanwhile.
    fn unwritten(&self, ops: Vec<Op>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for op in ops {
            let Op::Device(DeviceOp::NoteClient {
                person,
                label,
                mut exchanges,
                ..
            }) = op
            else {
                continue;
            };
            if let Some(noted) = all.get_mut(&(person, label)) {
                exchanges.append(&mut noted.waiting);
                let more = exchanges.len().saturating_sub(KEPT);
                noted.waiting = exchanges.split_off(more);
            }
        }
    }
}

impl Core {
    /// Notes an exchange with the client of an actor.
    pub fn exchanged(&self, actor: &Actor, event: Event, technical: &str) {
        self.passed(actor.person, &actor.client.label, event, technical);
    }

    /// Notes an exchange with a client, by its label, without an actor.
    pub fn passed(&self, person: PersonId, label: &str, event: Event, technical: &str) {
        self.tally().note_passed(label, event.as_str());
        self.journal().note(person, label, event, technical);
    }

    /// Writes what was noted, of one person or of all; nothing when nothing waits. What cannot be
    /// written waits on. May be lost by a power cut.
    pub async fn write_journal(&self, of: Option<PersonId>) -> Result<()> {
        let ops = self.journal().take(of);
        if ops.is_empty() {
            return Ok(());
        }
        let batch = Batch::of_program(JOURNAL, ops.clone()).may_be_lost();
        let written = self.commit(batch).await;
        if written.is_err() {
            self.journal().unwritten(ops);
        }
        written.map(drop)
    }

    /// The clients of a person, or of all, with their last exchanges; the last seen first.
    pub(super) async fn clients_of(&self, of: Option<PersonId>) -> Result<Vec<KnownClient>> {
        match self.write_journal(of).await {
            // What is there is read on a full disk too.
            Ok(()) | Err(Error::NoSpace | Error::Unavailable(_)) => {}
            Err(error) => return Err(error),
        }
        let mut clients = self.store().clients(of).await?;
        for client in &mut clients {
            let contact = self.journal().last_contact(client.person, &client.label);
            client.last_seen = client.last_seen.max(contact.unwrap_or_default());
        }
        clients.sort_by_key(|client| std::cmp::Reverse(client.last_seen));
        Ok(clients)
    }

    /// The actor's clients: devices and programs.
    pub async fn known_clients(&self, actor: &Actor) -> Result<Vec<KnownClient>> {
        self.clients_of(Some(actor.person)).await
    }

    /// The collections whose changes a program of the actor has been served.
    pub async fn followed(&self, actor: &Actor, label: &str) -> Result<Vec<CollectionId>> {
        self.store().followed(actor.person, label).await
    }

    /// Calls a client of the actor otherwise; an empty name is none.
    pub async fn name_client(&self, actor: &Actor, label: &str, name: &str) -> Result<()> {
        let op = Op::Device(DeviceOp::NameClient {
            person: actor.person,
            label: label.to_owned(),
            name: shown_name(name)?,
        });
        self.commit_personal(actor, vec![op]).await.map(drop)
    }

    /// Forgets a client of the actor and what it did; it is new when it comes back.
    pub async fn forget_client(&self, actor: &Actor, label: &str) -> Result<()> {
        self.journal().forget(actor.person, label);
        let op = Op::Device(DeviceOp::ForgetClient {
            person: actor.person,
            label: label.to_owned(),
        });
        self.commit_personal(actor, vec![op]).await.map(drop)
    }
}

/// Checks what a person calls a device.
pub(super) fn shown_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.chars().count() <= 60 && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(Error::Invalid(Rule::DeviceName))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_contacts_are_never_written_and_refusals_are_noted_once() {
        let journal = Journal::default();
        let person = PersonId(1);
        for _ in 0..10 {
            journal.contact(person, "EAS x");
        }
        assert!(journal.take(None).is_empty());
        assert!(journal.last_contact(person, "EAS x").is_some());
        for _ in 0..10 {
            journal.note(person, "EAS x", Event::Denied, "Sync 129");
        }
        journal.note(person, "EAS x", Event::Folders, "");
        let ops = journal.take(Some(person));
        let [Op::Device(DeviceOp::NoteClient { exchanges, .. })] = &ops[..] else {
            panic!("{ops:?}");
        };
        assert_eq!(exchanges.len(), 2);
        assert!(journal.take(None).is_empty());
    }

    #[test]
    fn what_could_not_be_written_is_written_later() {
        let journal = Journal::default();
        for label in ["EAS x", "EAS y"] {
            journal.note(PersonId(1), label, Event::Folders, "");
        }
        let ops = journal.take(None);
        journal.note(PersonId(1), "EAS x", Event::Denied, "Sync 129");
        journal.forget(PersonId(1), "EAS y");
        journal.unwritten(ops);
        let ops = journal.take(None);
        let [Op::Device(DeviceOp::NoteClient { exchanges, .. })] = &ops[..] else {
            panic!("{ops:?}");
        };
        let events: Vec<&Event> = exchanges.iter().map(|exchange| &exchange.event).collect();
        assert_eq!(events, [&Event::Folders, &Event::Denied]);
    }

    #[test]
    fn pages_of_one_synchronization_are_one_exchange() {
        let journal = Journal::default();
        let sent = |place: &str, added| Event::Sent {
            place: Some(place.to_owned()),
            added,
            changed: 1,
            removed: 0,
        };
        for event in [sent("A", 100), sent("A", 20), sent("B", 5)] {
            journal.note(PersonId(1), "EAS x", event, "");
        }
        let ops = journal.take(None);
        let [Op::Device(DeviceOp::NoteClient { exchanges, .. })] = &ops[..] else {
            panic!("{ops:?}");
        };
        let events: Vec<&Event> = exchanges.iter().map(|exchange| &exchange.event).collect();
        let together = Event::Sent {
            place: Some("A".to_owned()),
            added: 120,
            changed: 2,
            removed: 0,
        };
        assert_eq!(events, [&together, &sent("B", 5)]);
    }

    #[test]
    fn as_many_exchanges_wait_as_are_kept() {
        let journal = Journal::default();
        for number in 1..=80 {
            let event = Event::Refused {
                place: None,
                number,
            };
            journal.note(PersonId(1), "EAS x", event, "");
        }
        let ops = journal.take(None);
        let [Op::Device(DeviceOp::NoteClient { exchanges, .. })] = &ops[..] else {
            panic!("{ops:?}");
        };
        assert_eq!(exchanges.len(), KEPT);
        let read: Exchange =
            serde_json::from_str(&serde_json::to_string(&exchanges[0]).expect("JSON"))
                .expect("the same");
        assert_eq!(read, exchanges[0]);
    }
}

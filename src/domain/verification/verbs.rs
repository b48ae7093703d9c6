//! Sending verifications, answering them, reminding.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{ASKED_A_DAY, Answer, Campaign, NewVerification, Verification, VerificationOp};
use crate::domain::{
    actor::{Actor, Client},
    batch::{Batch, Op},
    book::{Book, Edit, Seen},
    collection::Place,
    core::Core,
    error::{Error, Result},
    id::{CampaignId, Timestamp},
    item::{Card, Placement, digest, random_id},
    label::QUEUE,
    outbox::{Channel, LETTER_DAYS, Letter, NewMessage, OutboxOp, Sender, State, is_address},
    principal::Person,
    rights::Right,
    rule::Rule,
};

/// Letters to one address in a day, whoever asks.
const ADDRESS_A_DAY: i64 = 5;
/// Answers through one link.
const ANSWERS: i64 = 20;
/// Letters of one commit.
const TOGETHER: usize = 100;
/// Characters of what a person says the data are kept for.
const PURPOSE: usize = 500;

/// How a contact is to be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    pub address: String,
    pub language: String,
    /// Fields left out, by their names in the form.
    pub hidden: Vec<String>,
    /// Why the data are kept.
    pub purpose: String,
    /// The data as the letter shows them: label and value.
    pub lines: Vec<(String, String)>,
}

/// The state of verification of a contact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    pub verified: Option<Timestamp>,
    /// An unanswered request: its time, and the state of its letter.
    pub asked: Option<(Timestamp, Option<(State, String)>)>,
    pub declined: Option<Timestamp>,
    /// When it may be asked again, where it was asked within a day.
    pub rests_until: Option<Timestamp>,
}

impl Standing {
    /// Whether a request would be taken.
    pub fn may_be_asked(&self) -> bool {
        self.declined.is_none() && self.rests_until.is_none()
    }
}

/// The last of some requests that nobody has looked at and that went less than a day ago.
fn unanswered_today(asked: &[Verification]) -> Option<Timestamp> {
    let yesterday = Timestamp::now().plus_days(-1);
    let fresh = asked.iter().filter(|asked| asked.used.is_none());
    fresh
        .map(|asked| asked.at)
        .filter(|at| *at > yesterday)
        .max()
}

/// The contact behind a link, for the page it opens.
pub struct Asked {
    pub verification: Verification,
    pub asker: Person,
    pub book: Book,
    pub card: Card,
}

impl Book {
    /// Asks a contact to check what is held about them. Needs *Verify*.
    pub async fn ask(&self, placement: &Placement, ask: &Ask) -> Result<()> {
        self.decided(|book| async move {
            let card = book.current(placement).await?;
            let op = book.asking(&card.placement, ask, None).await?;
            book.core()
                .commit_as(book.actor(), vec![op])
                .await
                .map(drop)
        })
        .await
    }

    /// Asks many contacts at once and reminds those who do not answer. Contacts that cannot be
    /// asked are left out and counted.
    pub async fn ask_all(
        &self,
        campaign: &Campaign,
        asks: &[(Placement, Ask)],
    ) -> Result<CampaignId> {
        if !(1..=60).contains(&campaign.days) || !(0..=5).contains(&campaign.reminders) {
            return Err(Error::Invalid(Rule::Reminders));
        }
        if asks.len() > ASKED_A_DAY {
            return Err(Error::Invalid(Rule::AskedTooMany));
        }
        let remind = (campaign.reminders > 0).then(|| Timestamp::now().plus_days(campaign.days));
        let mut able = Vec::new();
        let mut letters: HashMap<String, i64> = HashMap::new();
        for (placement, ask) in asks {
            let to_address = letters.entry(ask.address.to_lowercase()).or_default();
            match self
                .may_ask(placement, ask, (able.len() as i64, *to_address))
                .await
            {
                Ok(()) => {
                    *to_address += 1;
                    able.push((placement, ask));
                }
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(_) => {}
            }
        }
        if able.is_empty() {
            return Err(Error::Invalid(Rule::NobodyToAsk));
        }
        let left = i64::try_from(asks.len() - able.len()).unwrap_or(0);
        let skipped = campaign.skipped + left;
        let begun = self
            .core()
            .decided(self.actor(), |actor| async move {
                let begin = Op::Verification(VerificationOp::Begin {
                    person: actor.person,
                    name: campaign.name.chars().take(200).collect(),
                    days: campaign.days,
                    reminders: campaign.reminders,
                    skipped,
                });
                self.core().commit_as(&actor, vec![begin]).await
            })
            .await?;
        let id = begun.row()?;
        for some in able.chunks(TOGETHER) {
            self.decided(|book| async move {
                let mut ops = Vec::with_capacity(some.len());
                for (placement, ask) in some {
                    match book.asking(placement, ask, Some((id, remind))).await {
                        Ok(op) => ops.push(op),
                        Err(error @ Error::Unavailable(_)) => return Err(error),
                        // Not any more.
                        Err(_) => {}
                    }
                }
                book.core().commit_as(book.actor(), ops).await.map(drop)
            })
            .await?;
        }
        Ok(id)
    }

    /// Refuses when the contact may not be asked, declined, or was asked too often; letters that go
    /// before this one count, all of them and those to its address.
    async fn may_ask(
        &self,
        placement: &Placement,
        ask: &Ask,
        (before, to_same): (i64, i64),
    ) -> Result<()> {
        self.require(placement, Right::Verify).await?;
        if !is_address(&ask.address) {
            return Err(Error::Invalid(Rule::Address(ask.address.clone())));
        }
        let store = self.core().store();
        let (person, item) = (self.actor().person, placement.item);
        if store.declined(person, item, &ask.address).await?.is_some() {
            return Err(Error::Invalid(Rule::Declined));
        }
        let yesterday = Timestamp::now().plus_days(-1);
        if unanswered_today(&store.verifications_of(item).await?).is_some() {
            return Err(Error::Invalid(Rule::AskedToday));
        }
        let (by_person, to_address) = store.asked_since(person, &ask.address, yesterday).await?;
        if by_person + before >= ASKED_A_DAY as i64 || to_address + to_same >= ADDRESS_A_DAY {
            return Err(Error::Invalid(Rule::AskedTooMany));
        }
        Ok(())
    }

    async fn asking(
        &self,
        placement: &Placement,
        ask: &Ask,
        campaign: Option<(CampaignId, Option<Timestamp>)>,
    ) -> Result<Op> {
        self.may_ask(placement, ask, (0, 0)).await?;
        let asker = self.core().store().person(self.actor().person).await?;
        let asker = asker.ok_or(Error::NotFound)?;
        let verification = NewVerification {
            person: asker.id,
            item: placement.item,
            collection: self.collection().id,
            campaign: campaign.map(|(campaign, _)| campaign),
            subject: placement.display.clone(),
            address: ask.address.clone(),
            language: ask.language.clone(),
            hidden: ask.hidden.clone(),
            purpose: ask.purpose.chars().take(PURPOSE).collect(),
            remind: campaign.and_then(|(_, remind)| remind),
        };
        let (token, message) = letter(&asker, &verification, ask.lines.clone(), None);
        Ok(Op::Verification(VerificationOp::Ask {
            verification: Box::new(verification),
            token,
            message: Box::new(message),
        }))
    }

    /// The verification state of a contact. Unanswered requests are shown only to people who may
    /// ask.
    pub async fn standing(&self, placement: &Placement) -> Result<Standing> {
        let store = self.core().store();
        let asked = store.verifications_of(placement.item).await?;
        let verified = asked.iter().filter_map(|asked| match asked.answer {
            Some((Answer::Confirmed | Answer::Corrected, at)) => Some(at),
            _ => None,
        });
        let mut standing = Standing {
            verified: verified.max(),
            ..Standing::default()
        };
        if !self.permits(placement, Right::Verify).await? {
            return Ok(standing);
        }
        let open = asked.first().filter(|asked| asked.answer.is_none());
        standing.asked = open.map(|open| (open.at, open.letter.clone()));
        standing.rests_until = unanswered_today(&asked).map(|at| at.plus_days(1));
        let person = self.actor().person;
        standing.declined = store.declined(person, placement.item, "").await?;
        Ok(standing)
    }
}

/// The digest of a new link's token, and the letter that carries the link.
fn letter(
    asker: &Person,
    verification: &NewVerification,
    lines: Vec<(String, String)>,
    reminder: Option<Timestamp>,
) -> (String, NewMessage) {
    let token = random_id(32);
    let digest = digest(token.as_bytes());
    let message = NewMessage {
        channel: Channel::Mail,
        person: Some(asker.id),
        recipient: verification.address.clone(),
        language: verification.language.clone(),
        letter: Letter::Verify {
            owner: Sender::of(asker),
            token,
            lines,
            purpose: verification.purpose.clone(),
            reminder: reminder.is_some(),
        },
        until: Timestamp::now().plus_days(LETTER_DAYS),
    };
    (digest, message)
}

impl Core {
    /// The contact behind a link. `NotFound` when the link is forged or expired, or the person who
    /// asked may not ask any more.
    pub async fn asked(self: &Arc<Self>, token: &str) -> Result<Asked> {
        if token.len() != 64 || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::NotFound);
        }
        let token = digest(token.as_bytes());
        let found = self.store().verification(&token, Timestamp::now()).await?;
        let verification = found.ok_or(Error::NotFound)?;
        if verification.answers >= ANSWERS {
            return Err(Error::NotFound);
        }
        self.led(verification).await
    }

    /// The contact of a request, with the present rights of the person who asked.
    async fn led(self: &Arc<Self>, verification: Verification) -> Result<Asked> {
        let asked = &verification.asked;
        let asker = self.store().person(asked.person).await?;
        let client = Client {
            label: format!("verification {}", asked.address),
            ..Client::default()
        };
        let actor = Arc::new(self.actor(asked.person, client).await?);
        let there = self.readable(&actor, asked.item, Some(asked.collection));
        let (book, card) = there.await?.ok_or(Error::NotFound)?;
        match book.require(&card.placement, Right::Verify).await {
            Ok(()) => {}
            Err(Error::Forbidden { .. }) => return Err(Error::NotFound),
            Err(error) => return Err(error),
        }
        Ok(Asked {
            asker: asker.ok_or(Error::NotFound)?,
            verification,
            book,
            card,
        })
    }

    /// Sends the reminders that are due; returns the number of contacts looked at.
    pub async fn remind(self: &Arc<Self>) -> Result<usize> {
        let now = Timestamp::now();
        let due = self.store().reminders(now, TOGETHER).await?;
        let number = due.len();
        for verification in due {
            let (id, reminded) = (verification.id, verification.reminded);
            let op = match self.led(verification).await {
                Ok(asked) => self.reminder(&asked, reminded, now).await?,
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(_) => None,
            };
            let op = op.unwrap_or(VerificationOp::Rest { verification: id });
            let batch = Batch::of_program(QUEUE, vec![Op::Verification(op)]);
            self.commit(batch.at(now)).await?;
        }
        Ok(number)
    }

    async fn reminder(
        &self,
        asked: &Asked,
        reminded: i64,
        now: Timestamp,
    ) -> Result<Option<VerificationOp>> {
        let new = &asked.verification.asked;
        let declined = self.store().declined(new.person, new.item, &new.address);
        let (Some(campaign), None) = (new.campaign, declined.await?) else {
            return Ok(None);
        };
        let campaign = self.store().campaign(campaign).await?;
        let Some(campaign) = campaign.filter(|campaign| {
            let open = asked.verification.answer.is_none();
            open && campaign.ended.is_none() && reminded < campaign.reminders
        }) else {
            return Ok(None);
        };
        let first = asked.verification.at;
        let (token, message) = letter(&asked.asker, new, Vec::new(), Some(first));
        let further = reminded + 1 < campaign.reminders;
        Ok(Some(VerificationOp::Remind {
            verification: asked.verification.id,
            token,
            message: Box::new(message),
            next: further.then(|| now.plus_days(campaign.days)),
        }))
    }

    /// The actor's campaigns, the newest first.
    pub async fn campaigns(&self, actor: &Actor) -> Result<Vec<Campaign>> {
        self.store().campaigns(actor.person).await
    }

    /// A campaign of the actor, with all its requests.
    pub async fn campaign(
        &self,
        actor: &Actor,
        campaign: CampaignId,
    ) -> Result<(Campaign, Vec<Verification>)> {
        let found = self.store().campaign(campaign).await?;
        let own = found.filter(|campaign| campaign.person == actor.person);
        let campaign = own.ok_or(Error::NotFound)?;
        let asked = self.store().verifications_in(campaign.id).await?;
        Ok((campaign, asked))
    }

    /// Ends a campaign: no more reminders.
    pub async fn stop_campaign(&self, actor: &Arc<Actor>, campaign: CampaignId) -> Result<()> {
        self.campaign(actor, campaign).await?;
        self.decided(actor, |actor| async move {
            let op = Op::Verification(VerificationOp::Stop { campaign });
            self.commit_as(&actor, vec![op]).await.map(drop)
        })
        .await
    }
}

impl Asked {
    /// The content shown to the contact.
    pub fn content(&self) -> bytes::Bytes {
        self.book.content(&self.card)
    }

    /// The number of people besides the one who asked who read the contact, wherever it is.
    pub async fn readers(&self) -> Result<usize> {
        let store = self.book.core().store();
        let mut readers = BTreeSet::new();
        for place in store.places_of(self.card.placement.item).await? {
            match place.place {
                _ if place.gone_at.is_some() => {}
                Some(Place::Private(owner)) => {
                    readers.insert(owner);
                }
                Some(Place::Group(group)) => {
                    let members = store.members(group).await?;
                    readers.extend(members.iter().map(|member| member.person));
                }
                _ => {}
            }
        }
        readers.remove(&self.asker.id);
        Ok(readers.len())
    }

    /// Names the version read, for [`Asked::seen`] and [`Asked::answer`].
    pub async fn version(&self) -> Result<String> {
        self.book.version_of(&self.card).await
    }

    /// Compares a version that a page carried with the content read.
    pub async fn seen(&self, version: &str) -> Result<Seen> {
        self.book.seen(&self.card, version).await
    }

    /// Carries out the contact's answer and notifies the person, in one transaction. False, and
    /// nothing done, when an edit was made for another version than the present one.
    pub async fn answer(
        &self,
        answer: Answer,
        version: &str,
        edit: Option<&dyn Edit>,
        letters: &[NewMessage],
    ) -> Result<bool> {
        let verification = self.verification.id;
        let placement = &self.card.placement;
        self.book
            .decided(|book| async move {
                let card = book.current(placement).await?;
                book.require(&card.placement, Right::Verify).await?;
                if edit.is_some() && book.version_of(&card).await? != version {
                    return Ok(false);
                }
                let mut ops = Vec::new();
                if let Some(edit) = edit {
                    let bytes = edit.apply(Some(&book.content(&card)))?;
                    ops.extend(book.revision(&card, &bytes)?);
                }
                ops.push(Op::Verification(VerificationOp::Answer {
                    verification,
                    answer,
                }));
                let posts = letters.iter().cloned().map(Box::new);
                ops.extend(posts.map(|post| Op::Outbox(OutboxOp::Post(post))));
                book.core().commit_as(book.actor(), ops).await?;
                Ok(true)
            })
            .await
    }
}

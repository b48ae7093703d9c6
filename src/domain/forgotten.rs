//! Resetting a forgotten password through a link sent to the account's own address.
//!
//! The link holds an hour and works once; only its digest is stored. Whoever asks for one is told
//! the same whether the account exists or not.

use super::{
    batch::{Batch, Op},
    core::Core,
    error::{Error, Result},
    id::Timestamp,
    item::{digest, random_id},
    label::PAGES,
    outbox::{Channel, LETTER_DAYS, Letter, NewMessage, OutboxOp, is_address},
    principal::Person,
};

/// Minutes a link for a forgotten password holds.
const RESET_MINUTES: i64 = 60;

impl Core {
    /// Who says to have forgotten the password of an account, named by its login or its address.
    pub async fn forgetting(&self, account: &str) -> Result<Option<Person>> {
        let found = self.store().person_by_login(account.trim()).await?;
        Ok(found.filter(|person| !person.disabled))
    }

    /// Sends a link that sets a forgotten password anew, where the account has an address; whoever
    /// asked is told nothing.
    pub async fn forgotten(&self, person: Person, language: &str) -> Result<()> {
        let Some(email) = person.email.filter(|email| is_address(email)) else {
            return Ok(());
        };
        let token = random_id(32);
        let now = Timestamp::now();
        let expires = Timestamp(now.0 + RESET_MINUTES * 60_000);
        let ops = vec![
            Op::Outbox(OutboxOp::AddReset {
                token: digest(token.as_bytes()),
                person: person.id,
                expires,
            }),
            Op::Outbox(OutboxOp::Post(Box::new(NewMessage {
                channel: Channel::Mail,
                person: None,
                recipient: email,
                language: language.to_owned(),
                letter: Letter::Reset {
                    name: person.name,
                    login: person.login.clone(),
                    token,
                },
                until: expires,
            }))),
            Op::Audit {
                what: format!(
                    "a link for a forgotten password was sent to account {}",
                    person.login
                ),
            },
        ];
        let batch = Batch::of_program(PAGES, ops).at(now);
        self.commit(batch).await.map(drop)
    }

    /// Whose forgotten password a link sets anew. `NotFound` when it is over.
    pub async fn forgetful(&self, token: &str) -> Result<Person> {
        let digest = digest(token.as_bytes());
        let found = self.store().reset(&digest, Timestamp::now()).await?;
        let person = self.store().person(found.ok_or(Error::NotFound)?).await?;
        person.ok_or(Error::NotFound)
    }

    /// Sets a forgotten password anew: the link is used up, every session ends, and the person is
    /// told. Refused: `NotFound` when the link is over.
    pub async fn reset_password(
        &self,
        token: &str,
        password_hash: String,
        language: &str,
    ) -> Result<()> {
        let person = self.forgetful(token).await?;
        let token = digest(token.as_bytes());
        let now = Timestamp::now();
        let mut ops = vec![Op::Outbox(OutboxOp::UseReset {
            token,
            password_hash,
        })];
        ops.extend(password_changed(&person, language, now));
        let batch = Batch::of_program(PAGES, ops).for_person(person.id).at(now);
        self.commit(batch).await.map(drop)
    }
}

/// The letter that tells a person of their changed password; none without an address.
pub fn password_changed(person: &Person, language: &str, now: Timestamp) -> Option<Op> {
    let email = person.email.clone().filter(|email| is_address(email))?;
    Some(Op::Outbox(OutboxOp::Post(Box::new(NewMessage {
        channel: Channel::Mail,
        person: None,
        recipient: email,
        language: language.to_owned(),
        letter: Letter::PasswordChanged {
            name: person.name.clone(),
            login: person.login.clone(),
        },
        until: now.plus_days(LETTER_DAYS),
    }))))
}

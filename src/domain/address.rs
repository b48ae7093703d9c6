//! Changing the e-mail address of an account. Where the server can send mail, the change takes
//! effect once the link sent to the new address was followed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    actor::Actor,
    batch::{Op, PersonChange},
    core::Core,
    error::{Error, Result},
    id::Timestamp,
    item::{digest, random_id},
    outbox::{Channel, Letter, NewMessage, OutboxOp, is_address},
    rule::Rule,
    settings::Settings,
};

/// Days a confirmation link holds.
const DAYS: i64 = 2;

/// An address that is not confirmed yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingAddress {
    pub email: String,
    /// Digest of the token in the letter.
    digest: String,
    until: Timestamp,
}

impl Core {
    /// Sends a confirmation link to a new address of the actor; earlier links become void.
    /// `Invalid` for a malformed address, `Exists` for one of another account.
    pub async fn ask_address(&self, actor: &Arc<Actor>, email: &str, language: &str) -> Result<()> {
        let email = email.trim();
        if !is_address(email) {
            return Err(Error::Invalid(Rule::Address(email.to_owned())));
        }
        let holder = self.store().person_by_login(email).await?;
        if holder.is_some_and(|holder| holder.id != actor.person) {
            return Err(Error::Exists(email.to_owned()));
        }
        let token = random_id(32);
        let until = Timestamp::now().plus_days(DAYS);
        let pending = PendingAddress {
            email: email.to_owned(),
            digest: digest(token.as_bytes()),
            until,
        };
        let letter = Op::Outbox(OutboxOp::Post(Box::new(NewMessage {
            channel: Channel::Mail,
            person: None,
            recipient: email.to_owned(),
            language: language.to_owned(),
            letter: Letter::ConfirmAddress {
                // The name is the person's own words, and the address may be anybody's.
                name: actor.login.clone(),
                login: actor.login.clone(),
                token,
            },
            until,
        })));
        let change = |settings: &mut Settings| settings.pending_address = Some(pending.clone());
        self.change_settings(actor, change).await?;
        self.commit_personal(actor, vec![letter]).await.map(drop)
    }

    /// Makes the confirmed address the account's. `NotFound` when the link is not the last one
    /// sent, or has expired.
    pub async fn confirm_address(&self, actor: &Arc<Actor>, token: &str) -> Result<()> {
        let pending = self.settings(actor).await?.pending_address;
        let pending = pending.filter(|pending| {
            pending.digest == digest(token.as_bytes()) && pending.until > Timestamp::now()
        });
        let op = Op::from(PersonChange {
            email: Some(Some(pending.ok_or(Error::NotFound)?.email)),
            ..PersonChange::of(actor.person)
        });
        self.commit_personal(actor, vec![op]).await?;
        self.change_settings(actor, |settings| settings.pending_address = None)
            .await
    }
}

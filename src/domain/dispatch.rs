//! Short messages and faxes that people send, through the gateway the administrator configured.

use super::{
    account_class::Service,
    actor::Actor,
    batch::Op,
    core::Core,
    error::{Error, Result},
    id::{OutgoingId, Timestamp},
    outbox::{Channel, LETTER_DAYS, Letter, NewMessage, OutboxOp, Outgoing, Sender, State, again},
    rule::Rule,
};

/// The administrator's limits of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlet {
    /// Characters of one message.
    pub longest: usize,
    /// Messages of one person in a day.
    pub a_day: i64,
}

/// Whether a text is a number in international form (E.164).
pub fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

impl Core {
    /// Whether an account may use the service of a channel.
    pub async fn may_dispatch(&self, actor: &Actor, channel: Channel) -> Result<bool> {
        let service = match channel {
            Channel::Mail => return Ok(false),
            Channel::Sms => Service::Sms,
            Channel::Fax => Service::Fax,
        };
        let person = self.store().person(actor.person).await?;
        Ok(person.is_some_and(|person| person.may_use(service)))
    }

    /// The latest messages of the actor, the newest first.
    pub async fn outbox(&self, actor: &Actor, limit: usize) -> Result<Vec<Outgoing>> {
        self.store().outbox(Some(actor.person), limit).await
    }

    /// Queues one of the actor's messages again that was refused or given up; the number it goes to.
    /// `NotFound` for others' messages and for accounts without the service, `Invalid` for one that
    /// is on its way or arrived, and for too many in a day. `a_day`: the number of messages a person
    /// may send by a channel; none where it is not served.
    pub async fn dispatch_again(
        &self,
        actor: &Actor,
        message: OutgoingId,
        a_day: impl Fn(Channel) -> Option<i64>,
    ) -> Result<String> {
        let found = self.store().outgoing(message).await?;
        let own = found.filter(|found| found.person == Some(actor.person));
        let message = own.ok_or(Error::NotFound)?;
        if !self.may_dispatch(actor, message.channel).await? {
            return Err(Error::NotFound);
        }
        if !matches!(message.state, State::Refused | State::GivenUp) {
            return Err(Error::Invalid(Rule::OnItsWay));
        }
        let most = a_day(message.channel).ok_or(Error::NotFound)?;
        let ops = vec![
            within(most, actor, message.channel),
            Op::Outbox(again(&message)?),
        ];
        self.commit_personal(actor, ops).await?;
        Ok(message.recipient)
    }

    /// Queues a short message or a fax. `NotFound` for accounts without the service, `Invalid` for
    /// a malformed number or an empty text, and for too many in a day.
    pub async fn dispatch(
        &self,
        actor: &Actor,
        channel: Channel,
        outlet: &Outlet,
        number: &str,
        text: &str,
    ) -> Result<()> {
        if !self.may_dispatch(actor, channel).await? {
            return Err(Error::NotFound);
        }
        if !is_number(number) {
            return Err(Error::Invalid(Rule::Number));
        }
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        if text.is_empty() || text.chars().count() > outlet.longest {
            return Err(Error::Invalid(Rule::Message));
        }
        let person = self.store().person(actor.person).await?;
        let person = person.ok_or(Error::NotFound)?;
        let message = NewMessage {
            channel,
            person: Some(person.id),
            recipient: number.to_owned(),
            language: String::new(),
            letter: Letter::Text {
                sender: Sender::of(&person),
                text: text.to_owned(),
            },
            until: Timestamp::now().plus_days(LETTER_DAYS),
        };
        let ops = vec![
            within(outlet.a_day, actor, channel),
            Op::Outbox(OutboxOp::Post(Box::new(message))),
        ];
        self.commit_personal(actor, ops).await.map(drop)
    }
}

/// [`Rule::MessagesADay`] once as many messages as a day allows were sent in the last one.
fn within(most: i64, actor: &Actor, channel: Channel) -> Op {
    Op::Outbox(OutboxOp::Within {
        person: actor.person,
        channel,
        since: Timestamp::now().plus_days(-1),
        most,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_in_international_form() {
        for (text, expected) in [
            ("+33639980001", true),
            ("0639980001", false),
            ("+33 6 39 98 00 01", false),
            ("+0639980001", false),
            ("+3363998000112345", false),
            ("+33", false),
            ("+33639980001\r\nX", false),
        ] {
            assert_eq!(is_number(text), expected, "{text:?}");
        }
    }
}

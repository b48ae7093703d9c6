//! Outgoing messages (letters, short messages, faxes), queued in the transaction that causes them.
//!
//! A message is a row written in the transaction of its cause, with a name of its own for life. One
//! worker takes it from [`State::Waiting`] to [`State::Sending`] before anything leaves, and to an
//! end after the other side has answered; every step names the state it starts from, so that no two
//! hands move one message.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    batch::{Batch, Op},
    core::Core,
    dispatch::Outlet,
    error::{Error, Result},
    id::{NoticeId, OutgoingId, PersonId, Timestamp},
    notify::Untold,
    principal::Person,
};

/// Characters of an address (RFC 5321 §4.5.3.1.3).
const ADDRESS: usize = 254;

/// The way a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Mail,
    Sms,
    Fax,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Channel; 3] = [Channel::Mail, Channel::Sms, Channel::Fax];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Mail => "mail",
            Channel::Sms => "sms",
            Channel::Fax => "fax",
        }
    }

    /// Reads what [`Channel::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Until its time comes.
    Waiting,
    /// Handed over at this moment; after a crash nobody knows how that ended.
    Sending,
    /// The other side took it.
    Sent,
    /// The other side will never take it.
    Refused,
    /// Nobody took it for as long as it was worth sending.
    GivenUp,
    /// Somebody took it out of the queue.
    Dropped,
}

impl State {
    /// Every state.
    pub const ALL: [State; 6] = [
        State::Waiting,
        State::Sending,
        State::Sent,
        State::Refused,
        State::GivenUp,
        State::Dropped,
    ];

    /// As stored and as the command line spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Refused => "refused",
            State::GivenUp => "given-up",
            State::Dropped => "dropped",
        }
    }

    /// Reads what [`State::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// Its words are not needed any more.
    pub fn is_settled(self) -> bool {
        matches!(self, State::Sent | State::Dropped)
    }
}

/// Somebody a letter is sent for, who gets the answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sender {
    pub name: String,
    pub email: Option<String>,
}

impl Sender {
    /// A person who writes.
    pub fn of(person: &Person) -> Self {
        Self {
            name: person.name.clone(),
            email: person.email.clone(),
        }
    }
}

/// What a message says, as facts: it is put into words, in its reader's language, when it leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "kebab-case")]
pub enum Letter {
    /// Asked for on the command line.
    Test,
    /// The link that sets a forgotten password anew.
    Reset {
        name: String,
        login: String,
        token: String,
    },
    /// The link that makes an address the account's.
    ConfirmAddress {
        name: String,
        login: String,
        token: String,
    },
    /// A password was changed.
    PasswordChanged { name: String, login: String },
    /// A contact is asked to check what is held about them.
    Verify {
        owner: Sender,
        token: String,
        /// Label and value.
        lines: Vec<(String, String)>,
        /// Why it is kept, in the owner's words.
        purpose: String,
        reminder: bool,
    },
    /// What a contact that was asked did.
    Answered {
        name: String,
        contact: String,
        /// As `verification::Answer` spells it.
        answer: String,
        /// Label, and what was and is.
        lines: Vec<(String, String)>,
        /// Of the card.
        path: String,
    },
    /// What is kept of a contact, and why.
    Kept {
        owner: Sender,
        lines: Vec<(String, String)>,
        purpose: String,
        /// A day in words.
        since: String,
        /// Others who can see it.
        readers: usize,
        /// Something is not shown.
        left_out: bool,
        /// Days earlier versions are kept.
        days: i64,
    },
    /// Something a person asked to be told.
    Notice {
        name: String,
        /// `kept`, `shared`, `granted` or `device`.
        kind: String,
        /// The client, or the person, it is about.
        who: String,
        number: i64,
        subject: String,
        place: String,
    },
    /// Words of a person, as they wrote them.
    Text { sender: Sender, text: String },
}

impl Letter {
    /// Who gets the answers; none: nobody reads them.
    pub fn sender(&self) -> Option<&Sender> {
        match self {
            Letter::Verify { owner, .. } | Letter::Kept { owner, .. } => Some(owner),
            Letter::Text { sender, .. } => Some(sender),
            _ => None,
        }
    }
}

/// A message that enters the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    pub channel: Channel,
    /// Whose it is: they see what becomes of it.
    pub person: Option<PersonId>,
    /// An address, or a number in international form.
    pub recipient: String,
    /// BCP 47 tag of the language it is written in.
    pub language: String,
    pub letter: Letter,
    /// From then on it is not worth sending.
    pub until: Timestamp,
}

/// A message of the queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outgoing {
    pub id: OutgoingId,
    pub channel: Channel,
    /// Its name for life: of the Message-ID, and for gateways.
    pub name: String,
    pub person: Option<PersonId>,
    pub recipient: String,
    pub language: String,
    /// None once it is settled: what it said is nobody's any more.
    #[serde(skip)]
    pub letter: Option<Letter>,
    pub state: State,
    /// Times it was handed over.
    pub attempts: i64,
    pub queued: Timestamp,
    /// When it is tried next.
    pub due: Timestamp,
    pub until: Timestamp,
    pub ended: Option<Timestamp>,
    /// What the other side said last, or why it said nothing.
    pub answer: String,
}

/// What can leave this server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlets {
    pub mail: bool,
    /// Short messages.
    pub sms: Option<Outlet>,
    pub fax: Option<Outlet>,
}

/// A change of the queue, as part of a batch.
#[derive(Clone, Debug)]
pub enum OutboxOp {
    Post(Box<NewMessage>),
    /// A step of one message. `PreconditionFailed` when it is in another state than expected.
    Step {
        message: OutgoingId,
        from: State,
        to: State,
        /// When it is tried next.
        due: Timestamp,
        answer: String,
    },
    /// The letter of a notice is queued, or cannot be.
    Told {
        notice: NoticeId,
        message: Option<Box<NewMessage>>,
    },
    /// What an earlier run left under way is tried again.
    Recover,
    /// A link for a forgotten password, by the digest of its token; earlier links of the person die.
    AddReset {
        token: String,
        person: PersonId,
        expires: Timestamp,
    },
    /// Uses such a link up. Refused: `NotFound` when there is none, or it is over.
    UseReset {
        token: String,
        password_hash: String,
    },
}

/// Reads of the queue and of links for forgotten passwords.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Messages of a channel whose time has come, the longest due first.
    async fn outbox_due(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Outgoing>>;
    /// One person's messages, or everybody's; the newest first.
    async fn outbox(&self, person: Option<PersonId>, limit: usize) -> Result<Vec<Outgoing>>;
    /// How many messages of a channel a person queued since a moment.
    async fn posted_since(
        &self,
        person: PersonId,
        channel: Channel,
        since: Timestamp,
    ) -> Result<i64>;
    /// Notices of before a moment whose letter is not queued.
    async fn untold(&self, before: Timestamp, limit: usize) -> Result<Vec<Untold>>;
    async fn outgoing(&self, message: OutgoingId) -> Result<Option<Outgoing>>;
    /// The person a link for a forgotten password belongs to, while it holds.
    async fn reset(&self, token: &str, now: Timestamp) -> Result<Option<PersonId>>;
}

/// One address that nothing can be hidden in: no second one, no header, no route, no display name.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let dotted = |text: &str, fits: &dyn Fn(char) -> bool| {
        text.split('.')
            .all(|part| !part.is_empty() && part.chars().all(fits))
    };
    let label = |part: &str| !part.starts_with('-') && !part.ends_with('-') && part.len() <= 63;
    text.len() <= ADDRESS
        && (1..=64).contains(&local.len())
        && dotted(local, &atom)
        && dotted(domain, &|c| c.is_alphanumeric() || c == '-')
        && domain.split('.').all(label)
}

/// Text for one line of a header or a form: controls and line ends are blanks.
pub fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The step that puts a message back into the queue, to be tried at once.
pub fn again(message: &Outgoing) -> Result<OutboxOp> {
    match message.state {
        State::Waiting | State::Refused | State::GivenUp => Ok(OutboxOp::Step {
            message: message.id,
            from: message.state,
            to: State::Waiting,
            due: Timestamp::now(),
            answer: message.answer.clone(),
        }),
        state => Err(Error::Invalid(format!(
            "message {} is {}",
            message.id,
            state.as_str()
        ))),
    }
}

/// The step that takes a message out of the queue.
pub fn dropping(message: &Outgoing) -> Result<OutboxOp> {
    match message.state {
        State::Waiting | State::Refused | State::GivenUp => Ok(OutboxOp::Step {
            message: message.id,
            from: message.state,
            to: State::Dropped,
            due: message.due,
            answer: message.answer.clone(),
        }),
        state => Err(Error::Invalid(format!(
            "message {} is {}",
            message.id,
            state.as_str()
        ))),
    }
}

impl Core {
    /// Commits steps of the queue, which are the program's own.
    pub async fn step(&self, op: OutboxOp) -> Result<()> {
        let batch = Batch {
            client: "outbox".to_owned(),
            at: Timestamp::now(),
            ops: vec![Op::Outbox(op)],
            ..Batch::default()
        };
        self.commit(batch).await.map(drop)
    }
}

/// Days after which a letter is old news.
pub const LETTER_DAYS: i64 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_address() {
        for (text, expected) in [
            ("a@example.org", true),
            ("first.last+tag@sub.example.org", true),
            ("o'neil@example.org", true),
            ("jérôme@exämple.org", true),
            ("a@localhost", true),
            ("", false),
            ("a", false),
            ("@example.org", false),
            ("a@", false),
            ("a@b@example.org", false),
            ("a@example.org,b@example.org", false),
            ("a@example.org;b@example.org", false),
            ("a@example.org b@example.org", false),
            ("a@example.org\r\nBcc: b@example.org", false),
            ("a\n@example.org", false),
            ("a\0@example.org", false),
            ("A <a@example.org>", false),
            ("<a@example.org>", false),
            ("\"a b\"@example.org", false),
            ("a(b)@example.org", false),
            ("a@[192.0.2.1]", false),
            (".a@example.org", false),
            ("a..b@example.org", false),
            ("a@example..org", false),
            ("a@-example.org", false),
            ("@relay.example:a@example.org", false),
        ] {
            assert_eq!(is_address(text), expected, "{text:?}");
        }
        assert!(!is_address(&format!("{}@example.org", "a".repeat(65))));
        assert!(!is_address(&format!("a@{}.org", "a".repeat(64))));
    }

    #[test]
    fn names_keep_to_one_line() {
        assert_eq!(one_line("A\r\nBcc: x@y"), "A Bcc: x@y");
        assert_eq!(one_line(" Ann\u{0}a \t B "), "Ann a B");
    }

    #[test]
    fn states_and_channels_come_back_as_they_were_stored() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.as_str()), Some(channel));
        }
    }
}

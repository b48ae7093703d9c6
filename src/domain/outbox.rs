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
    label::QUEUE,
    notify::{Event, Untold},
    principal::Person,
    verification::Answer,
};

/// Characters of an address (RFC 5321 §4.5.3.1.3).
pub const ADDRESS: usize = 254;

/// The channel a message is sent through.
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

    /// The name under which it is stored.
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

/// The state of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits until it is due.
    Waiting,
    /// Being handed over; after a crash its outcome is unknown.
    Sending,
    /// The other side accepted it.
    Sent,
    /// The other side refused it for good.
    Refused,
    /// It was not accepted before it expired.
    GivenUp,
    /// Somebody removed it from the queue.
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

    /// The name under which it is stored, and which the command line uses.
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

    /// Whether the message has ended and its text is no longer needed.
    pub fn is_settled(self) -> bool {
        matches!(self, State::Sent | State::Dropped)
    }
}

/// The person a letter is sent for, who receives the replies.
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

/// The content of a message as data; the text is made in its reader's language when it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "kebab-case")]
pub enum Letter {
    /// A test message, sent from the command line.
    Test,
    /// The link that resets a forgotten password.
    Reset {
        name: String,
        login: String,
        token: String,
    },
    /// The link that confirms a new address.
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
        /// Why the data are kept, in the owner's words.
        purpose: String,
        reminder: bool,
    },
    /// The answer of a contact, for the person who asked.
    Answered {
        name: String,
        contact: String,
        answer: Answer,
        /// Label, and the values before and after.
        lines: Vec<(String, String)>,
        /// URL path of the card.
        path: String,
    },
    /// The data kept of a contact, and why, for the contact.
    Kept(Kept),
    /// A notification a person switched on.
    Notice {
        name: String,
        #[serde(rename = "kind")]
        event: Event,
        /// The client or the person that the notice is about.
        who: String,
        number: i64,
        subject: String,
        place: String,
    },
    /// A text that a person wrote.
    Text { sender: Sender, text: String },
}

/// What a contact is told is kept of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub owner: Sender,
    /// Label and value.
    pub lines: Vec<(String, String)>,
    /// Why the data are kept, in the owner's words.
    pub purpose: String,
    /// A day in words.
    pub since: String,
    /// Number of other people who can see the data.
    pub readers: usize,
    /// Some of the data are not shown.
    pub left_out: bool,
    /// Days earlier versions are kept.
    pub days: i64,
}

impl Letter {
    /// The person who receives the replies; none: nobody reads them.
    pub fn sender(&self) -> Option<&Sender> {
        match self {
            Letter::Verify { owner, .. } | Letter::Kept(Kept { owner, .. }) => Some(owner),
            Letter::Text { sender, .. } => Some(sender),
            _ => None,
        }
    }
}

/// A message to be queued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    pub channel: Channel,
    /// The person on whose behalf it is sent, who sees its state.
    pub person: Option<PersonId>,
    /// An address, or a number in international form.
    pub recipient: String,
    /// BCP 47 tag of its language.
    pub language: String,
    pub letter: Letter,
    /// Time after which it is not worth sending.
    pub until: Timestamp,
}

/// A message of the queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outgoing {
    pub id: OutgoingId,
    pub channel: Channel,
    /// A name that never changes: in the Message-ID, and in requests to gateways.
    pub name: String,
    pub person: Option<PersonId>,
    pub recipient: String,
    pub language: String,
    /// The content; none once the message is settled.
    #[serde(skip)]
    pub letter: Option<Letter>,
    pub state: State,
    /// Number of times it was handed over.
    pub attempts: i64,
    /// Last, by a person.
    pub queued: Timestamp,
    /// Time of the next attempt.
    pub due: Timestamp,
    pub until: Timestamp,
    pub ended: Option<Timestamp>,
    /// The last reply of the other side, or why there was none.
    pub answer: String,
}

/// The channels that are configured.
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
    /// A precondition: fewer messages of a person than `most` were queued on a channel since a
    /// moment, or queued again by hand. Else [`Rule::MessagesADay`](super::rule::Rule::MessagesADay).
    Within {
        person: PersonId,
        channel: Channel,
        since: Timestamp,
        most: i64,
    },
    /// Changes the state of a message. `Moved` unless its state is `from`.
    Step {
        message: OutgoingId,
        from: State,
        to: State,
        /// Time of the next attempt.
        due: Timestamp,
        answer: String,
    },
    /// Marks a notice as mailed and queues its letter, if it has one.
    Told {
        notice: NoticeId,
        message: Option<Box<NewMessage>>,
    },
    /// Returns messages that an earlier run left in `Sending` to `Waiting`.
    Recover,
    /// Adds a link for a forgotten password, by the digest of its token; earlier links of the
    /// person become void.
    AddReset {
        token: String,
        person: PersonId,
        expires: Timestamp,
    },
    /// Uses up such a link and sets the password. `NotFound` when there is none, or it has expired.
    UseReset {
        token: String,
        password_hash: String,
    },
}

/// Reads of the queue and of links for forgotten passwords.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Messages of a channel that are due, the longest due first.
    async fn outbox_due(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Outgoing>>;
    /// Messages of one person, or of everybody; newest first.
    async fn outbox(&self, person: Option<PersonId>, limit: usize) -> Result<Vec<Outgoing>>;
    /// Notices older than a moment whose letter is not queued, oldest first.
    async fn untold(&self, before: Timestamp, limit: usize) -> Result<Vec<Untold>>;
    async fn outgoing(&self, message: OutgoingId) -> Result<Option<Outgoing>>;
    /// The person of a link for a forgotten password, by the digest of its token; none once it has
    /// expired.
    async fn reset(&self, token: &str, now: Timestamp) -> Result<Option<PersonId>>;
}

/// Whether a text is one plain e-mail address: no list, no header, no route, no display name.
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

/// A text on one line, for a header or a form: controls and line ends become blanks.
pub fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The step that queues a message again, to be sent at once. `Invalid` while it is being sent or
/// was settled.
pub fn again(message: &Outgoing) -> Result<OutboxOp> {
    match message.state {
        State::Waiting | State::Refused | State::GivenUp => Ok(OutboxOp::Step {
            message: message.id,
            from: message.state,
            to: State::Waiting,
            due: Timestamp::now(),
            answer: message.answer.clone(),
        }),
        state => Err(Error::Invalid(
            format!("message {} is {}", message.id, state.as_str()).into(),
        )),
    }
}

/// The step that removes a message from the queue. `Invalid` while it is being sent or was settled.
pub fn dropping(message: &Outgoing) -> Result<OutboxOp> {
    match message.state {
        State::Waiting | State::Refused | State::GivenUp => Ok(OutboxOp::Step {
            message: message.id,
            from: message.state,
            to: State::Dropped,
            due: message.due,
            answer: message.answer.clone(),
        }),
        state => Err(Error::Invalid(
            format!("message {} is {}", message.id, state.as_str()).into(),
        )),
    }
}

impl Core {
    /// Commits a step of the queue on behalf of the program.
    pub async fn step(&self, op: OutboxOp) -> Result<()> {
        let batch = Batch::of_program(QUEUE, vec![Op::Outbox(op)]);
        self.commit(batch).await.map(drop)
    }
}

/// Days after which a letter is not worth sending any more.
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
    fn letters_that_wait_since_before_are_read() {
        for (stored, is_read) in [
            (
                r#"{"letter":"notice","name":"A","kind":"kept","who":"B","number":1,"subject":"","place":""}"#,
                true,
            ),
            (
                r#"{"letter":"notice","name":"A","kind":"other","who":"B","number":1,"subject":"","place":""}"#,
                false,
            ),
            (
                r#"{"letter":"answered","name":"A","contact":"C","answer":"declined","lines":[],"path":"/"}"#,
                true,
            ),
        ] {
            let letter = serde_json::from_str::<Letter>(stored);
            assert_eq!(letter.is_ok(), is_read, "{stored}");
            if let Ok(letter) = letter {
                let again = serde_json::to_string(&letter).expect("JSON");
                assert_eq!(again, stored);
            }
        }
        for event in [Event::Kept, Event::Shared, Event::Granted, Event::Device] {
            let spelled = serde_json::json!(event);
            assert_eq!(Event::parse(spelled.as_str().expect("a text")), Some(event));
        }
        for answer in Answer::ALL {
            assert_eq!(serde_json::json!(answer), answer.as_str());
        }
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

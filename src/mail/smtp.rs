//! An SMTP connection to the mail server, and the meaning of its replies for a message.

use std::time::{Duration, SystemTime};

use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
    },
};
use tokio::time::timeout;

use super::{
    letter::{House, Words},
    settings::{Relay, Security},
};
use crate::{
    domain::outbox::{Outgoing, is_address, one_line},
    text::by_tag,
};

/// Outcome of an attempt to send a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    Sent(String),
    /// This message is not taken now.
    Later(String),
    /// This message will never be taken.
    Refused(String),
    /// Nobody was there, or nobody listened: no message fares better now.
    Unreached(String),
}

/// A mail server, and how to connect to it.
pub struct Smtp {
    relay: Relay,
    from: Address,
    hello: ClientId,
    /// The host after the @ of every Message-ID.
    host: String,
    /// The address of the server, without a slash at its end.
    url: String,
    credentials: Option<Credentials>,
    tls: Option<TlsParameters>,
}

/// An open connection.
pub struct Line(AsyncSmtpConnection);

impl Smtp {
    /// Checks the settings; an error says what is wrong with them.
    pub fn new(relay: &Relay, public_url: &str) -> Result<Self, String> {
        let told = |why: &dyn std::fmt::Display| format!("[mail] {why}");
        if !is_address(&relay.from) {
            return Err(told(&format!("from: {} is no address", relay.from)));
        }
        let from = relay.from.parse::<Address>().map_err(|e| told(&e))?;
        let url = public_url.trim_end_matches('/').to_owned();
        let host = url.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or_default().to_owned();
        let file = match &relay.password_file {
            None => None,
            Some(file) => Some(
                std::fs::read_to_string(file)
                    .map_err(|error| told(&format!("{}: {error}", file.display())))?,
            ),
        };
        let password = match (&relay.password, &file) {
            (Some(_), Some(_)) => {
                return Err(told(&"password and password_file exclude each other"));
            }
            (Some(password), None) => Some(password.0.clone()),
            (None, file) => file
                .as_ref()
                .map(|text| text.lines().next().unwrap_or_default().to_owned()),
        };
        let credentials = match (&relay.user, password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some(Credentials::new(user.clone(), password)),
            _ => return Err(told(&"user and password belong together")),
        };
        let here = ["localhost", "127.0.0.1", "::1"].contains(&relay.host.as_str());
        if credentials.is_some() && relay.security == Security::None && !here {
            return Err(told(&"a password is not sent in the clear: set security"));
        }
        let tls = match relay.security {
            Security::None => None,
            Security::Starttls | Security::Tls => {
                let mut tls = TlsParameters::builder(relay.host.clone());
                if let Some(file) = &relay.authority {
                    let pem = std::fs::read(file)
                        .map_err(|error| told(&format!("{}: {error}", file.display())))?;
                    let authority = Certificate::from_pem(&pem).map_err(|e| told(&e))?;
                    tls = tls.add_root_certificate(authority);
                }
                Some(tls.build().map_err(|e| told(&e))?)
            }
        };
        let hello = relay.hello.clone().unwrap_or_else(|| host.clone());
        Ok(Self {
            relay: relay.clone(),
            from,
            hello: ClientId::Domain(hello),
            host,
            url,
            credentials,
            tls,
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.relay.timeout_seconds)
    }

    /// Connects, secures the connection and signs in. A failure here concerns no single message.
    pub async fn connect(&self) -> Result<Line, String> {
        match timeout(self.patience(), self.open()).await {
            Ok(Ok(connection)) => Ok(Line(connection)),
            Ok(Err(error)) => Err(said(&error)),
            Err(_) => Err("the mail server does not answer".to_owned()),
        }
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let server = (self.relay.host.as_str(), self.relay.port());
        let wrapped = match self.relay.security {
            Security::Tls => self.tls.clone(),
            Security::Starttls | Security::None => None,
        };
        let patience = Some(self.patience());
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, patience, &self.hello, wrapped, None)
                .await?;
        if let (Security::Starttls, Some(tls)) = (self.relay.security, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            let known = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&known, credentials).await?;
        }
        Ok(connection)
    }

    /// Sends a message. A connection that is unusable afterwards is dropped.
    pub async fn send(&self, line: &mut Option<Line>, message: &Outgoing, to: &str) -> Fate {
        let written = match self.write(message, to) {
            Ok(written) => written,
            Err(why) => return Fate::Refused(why),
        };
        let mut open = match line.take() {
            Some(open) => open,
            None => match self.connect().await {
                Ok(open) => open,
                Err(why) => return Fate::Unreached(why),
            },
        };
        let octets = written.formatted();
        let sending = open.0.send(written.envelope(), &octets);
        let fate = match timeout(self.patience(), sending).await {
            Ok(Ok(answer)) => Fate::Sent(shown(answer.code(), answer.message())),
            Ok(Err(error)) if error.is_permanent() => Fate::Refused(said(&error)),
            Ok(Err(error)) if error.is_transient() => Fate::Later(said(&error)),
            // What the server lacks to take it.
            Ok(Err(error)) if error.is_client() => Fate::Refused(said(&error)),
            Ok(Err(error)) => return Fate::Unreached(said(&error)),
            Err(_) => return Fate::Unreached("the mail server stopped answering".to_owned()),
        };
        if !open.0.has_broken() {
            *line = Some(open);
        }
        fate
    }

    /// Ends the session with QUIT.
    pub async fn close(&self, line: Option<Line>) {
        if let Some(mut line) = line {
            let _ = timeout(Duration::from_secs(5), line.0.quit()).await;
        }
    }

    /// The message as it is sent: the same one at every attempt.
    fn write(&self, message: &Outgoing, to: &str) -> Result<Message, String> {
        let letter = message.letter.as_ref().ok_or("its words are gone")?;
        if !is_address(to) {
            return Err(format!("{to} is no address"));
        }
        let to = to.parse::<Address>().map_err(|error| error.to_string())?;
        let text = by_tag(&message.language).unwrap_or(&crate::text::EN);
        let house = House {
            name: &self.relay.name,
            url: &self.url,
        };
        let words = Words::of(letter, text, &house);
        let name = match letter.sender() {
            Some(sender) => format!("{} via {}", one_line(&sender.name), self.relay.name),
            None => self.relay.name.clone(),
        };
        let at = u64::try_from(message.queued.0).unwrap_or(0);
        let mut builder = Message::builder()
            .message_id(Some(format!("<{}@{}>", message.name, self.host)))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(at))
            .from(Mailbox::new(Some(one_line(&name)), self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(words.subject.clone())
            // No vacation notice, no answer of a list (RFC 3834 §5).
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .raw_header(raw("Content-Language", text.lang));
        let reply = letter.sender().and_then(|sender| {
            let email = sender.email.as_deref().filter(|email| is_address(email))?;
            let name = Some(one_line(&sender.name));
            Some(Mailbox::new(name, email.parse().ok()?))
        });
        if let Some(reply) = reply {
            builder = builder.reply_to(reply);
        }
        let written = if words.is_plain() {
            builder.singlepart(SinglePart::plain(words.text(text)))
        } else {
            let html = words.html(text).map_err(|error| error.to_string())?;
            let boundary = format!("carnet-{}", message.name);
            let parts = MultiPart::alternative().boundary(boundary);
            let parts = parts.singlepart(SinglePart::plain(words.text(text)));
            builder.multipart(parts.singlepart(SinglePart::html(html)))
        };
        written.map_err(|error| error.to_string())
    }
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn shown(code: impl std::fmt::Display, lines: impl Iterator<Item = impl AsRef<str>>) -> String {
    let lines: Vec<String> = lines.map(|line| one_line(line.as_ref())).collect();
    format!("{code} {}", lines.join(" "))
}

/// What went wrong, with its cause.
fn said(error: &SmtpError) -> String {
    one_line(&error.to_string())
}

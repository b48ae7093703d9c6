//! The operator's settings of outgoing messages.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

/// Encryption of connections to the mail server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS after a greeting in the clear; nothing is sent without it (RFC 3207).
    #[default]
    Starttls,
    /// TLS from the first octet (RFC 8314).
    Tls,
    None,
}

/// A password, hidden from logs.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The mail server for outgoing mail: `[mail]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    pub host: String,
    /// None: 587, or 465 with `tls`, or 25 with `none`.
    pub port: Option<u16>,
    #[serde(default)]
    pub security: Security,
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// The sender address of messages.
    pub from: String,
    /// The sender's name, also used in the messages.
    #[serde(default = "name")]
    pub name: String,
    /// The name for EHLO; none: the host of `public_url`.
    pub hello: Option<String>,
    /// PEM file of a trusted authority, besides the system's.
    pub authority: Option<PathBuf>,
    /// Time limit of each connection, and of each message on it.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// Wait after a first failure; doubled after each further one, up to four hours.
    #[serde(default = "retry_seconds")]
    pub retry_seconds: u64,
}

impl Relay {
    /// The port it listens on.
    pub fn port(&self) -> u16 {
        let usual = match self.security {
            Security::Starttls => 587,
            Security::Tls => 465,
            Security::None => 25,
        };
        self.port.unwrap_or(usual)
    }
}

/// A gateway for short messages or faxes: `[sms]`, `[fax]`. Either `url` or `address`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Where requests go; `{number}`, `{digits}` (without the plus sign), `{text}`, `{sender}` and
    /// `{id}` (the same at every attempt) stand for what they name, here, in headers and body.
    pub url: Option<String>,
    #[serde(default = "method")]
    pub method: String,
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// The body; values are escaped for its Content-Type.
    #[serde(default)]
    pub body: String,
    /// A mail address with `{number}` or `{digits}` in it, reached through `[mail]`.
    pub address: Option<String>,
    /// The value of `{sender}`; empty: the name of the person.
    #[serde(default)]
    pub sender: String,
    /// Characters of one message.
    #[serde(default = "longest")]
    pub longest: usize,
    /// Messages of one person in a day.
    #[serde(default = "a_day")]
    pub a_day: i64,
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    #[serde(default = "retry_seconds")]
    pub retry_seconds: u64,
}

fn method() -> String {
    "POST".to_owned()
}

fn longest() -> usize {
    480
}

fn a_day() -> i64 {
    100
}

fn name() -> String {
    "Carnet".to_owned()
}

fn timeout_seconds() -> u64 {
    120
}

fn retry_seconds() -> u64 {
    60
}

//! Failed sign-ins, as the administration sees them.

use std::net::IpAddr;

use serde::Serialize;

use crate::domain::id::Timestamp;

/// Failures kept.
pub const KEPT: usize = 1000;

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    WrongPassword,
    /// The account's own, where only app passwords serve.
    AccountPassword,
    /// An app password for other protocols.
    Protocol,
    /// An app password for other networks.
    Network,
    /// The class of the account does not have the protocol.
    Class,
    Disabled,
    TooMany,
}

impl Why {
    const ALL: [(Why, &'static str); 7] = [
        (Why::WrongPassword, "wrong-password"),
        (Why::AccountPassword, "account-password"),
        (Why::Protocol, "protocol"),
        (Why::Network, "network"),
        (Why::Class, "class"),
        (Why::Disabled, "disabled"),
        (Why::TooMany, "too-many"),
    ];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.iter().find(|(why, _)| *why == self);
        found.map_or("", |(_, name)| name)
    }

    /// Reads what [`Why::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(why, _)| *why)
    }
}

/// Sign-ins of one login from one address that failed for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// The last one.
    pub at: Timestamp,
    /// As it was typed; it need not name an account.
    pub login: String,
    pub peer: IpAddr,
    pub why: Why,
    pub times: u32,
}

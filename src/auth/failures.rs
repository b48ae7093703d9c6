//! The last sign-ins that failed, so that people and the administration can be told why.

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

use crate::domain::id::Timestamp;

/// Failures remembered.
const KEPT: usize = 1000;
/// A failure like one of the last so many is counted with it.
const LOOKED_AT: usize = 50;

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

/// The failures of this process, the last one first.
#[derive(Default)]
pub struct Failures(Mutex<VecDeque<Failure>>);

impl Failures {
    pub fn note(&self, login: &str, peer: IpAddr, why: Why) {
        let login: String = login.chars().take(64).collect();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let like = all
            .iter()
            .take(LOOKED_AT)
            .position(|known| known.login == login && known.peer == peer && known.why == why);
        let times = like
            .and_then(|at| all.remove(at))
            .map_or(0, |known| known.times);
        all.push_front(Failure {
            at: Timestamp::now(),
            login,
            peer,
            why,
            times: times.saturating_add(1),
        });
        all.truncate(KEPT);
    }

    /// The last ones, of some logins or of all.
    pub fn last(&self, logins: Option<&[&str]>) -> Vec<Failure> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |failure: &&Failure| {
            logins.is_none_or(|logins| logins.contains(&failure.login.as_str()))
        };
        all.iter().filter(of).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_failures_are_counted_and_the_last_one_comes_first() {
        let failures = Failures::default();
        let peer = IpAddr::from([192, 0, 2, 7]);
        for (login, why) in [
            ("alice", Why::WrongPassword),
            ("bob", Why::WrongPassword),
            ("alice", Why::WrongPassword),
            ("alice", Why::Protocol),
        ] {
            failures.note(login, peer, why);
        }
        let said: Vec<_> = failures
            .last(None)
            .into_iter()
            .map(|f| (f.login, f.why, f.times))
            .collect();
        assert_eq!(
            said,
            [
                ("alice".to_owned(), Why::Protocol, 1),
                ("alice".to_owned(), Why::WrongPassword, 2),
                ("bob".to_owned(), Why::WrongPassword, 1),
            ]
        );
        assert_eq!(failures.last(Some(&["bob"])).len(), 1);
        for number in 0..2000 {
            failures.note(&format!("guess{number}"), peer, Why::WrongPassword);
        }
        assert_eq!(failures.last(None).len(), KEPT);
    }
}

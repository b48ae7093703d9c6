//! The last failed sign-ins with their reasons, for people and the administration. They are kept in
//! memory and written together now and then: password guessing causes no write for each attempt.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::domain::{
    id::Timestamp,
    office::failure::{Failure, KEPT, Why},
};

/// The last failures, the last one first.
#[derive(Default)]
pub struct Failures(Mutex<Known>);

#[derive(Default)]
struct Known {
    all: VecDeque<Failure>,
    /// Number of failures at the front that are not written yet.
    fresh: usize,
    /// Failures since the start, by reason.
    counts: BTreeMap<&'static str, u64>,
}

impl Failures {
    /// Counts one failed sign-in, together with earlier ones of the same login, address and reason.
    /// A login is cut to 64 characters.
    pub fn note(&self, login: &str, peer: IpAddr, why: Why) {
        let login: String = login.chars().take(64).collect();
        let peer = peer.to_canonical();
        let mut known = self.lock();
        *known.counts.entry(why.as_str()).or_default() += 1;
        let like = known
            .all
            .iter()
            .position(|known| known.login == login && known.peer == peer && known.why == why);
        let mut times = 0;
        if let Some(at) = like {
            times = known.all.remove(at).map_or(0, |known| known.times);
            if at < known.fresh {
                known.fresh -= 1;
            }
        }
        known.all.push_front(Failure {
            at: Timestamp::now(),
            login,
            peer,
            why,
            times: times.saturating_add(1),
        });
        known.all.truncate(KEPT);
        known.fresh = (known.fresh + 1).min(known.all.len());
    }

    /// Adds failures that an earlier process wrote, as older than everything noted since.
    pub fn remember(&self, written: Vec<Failure>) {
        let mut known = self.lock();
        known.all.extend(written);
        known.all.truncate(KEPT);
    }

    /// The failures noted since the last call. If they cannot be written, [`Failures::unwritten`]
    /// returns them to the next call.
    pub fn fresh(&self) -> Vec<Failure> {
        let mut known = self.lock();
        let fresh = std::mem::take(&mut known.fresh);
        known.all.iter().take(fresh).cloned().collect()
    }

    /// The first `number` failures could not be written.
    pub fn unwritten(&self, number: usize) {
        let mut known = self.lock();
        known.fresh = (known.fresh + number).min(known.all.len());
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last failures, of some logins or of all; the last one first.
    pub fn last(&self, logins: Option<&[&str]>) -> Vec<Failure> {
        let known = self.lock();
        let of = |failure: &&Failure| {
            logins.is_none_or(|logins| logins.contains(&failure.login.as_str()))
        };
        known.all.iter().filter(of).cloned().collect()
    }

    /// `(reason, failures since the start)`
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        let known = self.lock();
        let counts = known.counts.iter();
        counts.map(|(why, times)| (*why, *times)).collect()
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

    #[test]
    fn what_was_noted_since_is_written_once() {
        let failures = Failures::default();
        let peer = IpAddr::from([192, 0, 2, 7]);
        let note = |login| failures.note(login, peer, Why::WrongPassword);
        note("alice");
        note("bob");
        note("alice");
        let names = |fresh: Vec<Failure>| -> Vec<(String, u32)> {
            fresh.into_iter().map(|f| (f.login, f.times)).collect()
        };
        let expected = [("alice".to_owned(), 2), ("bob".to_owned(), 1)];
        assert_eq!(names(failures.fresh()), expected);
        assert!(failures.fresh().is_empty());
        note("bob");
        assert_eq!(names(failures.fresh()), [("bob".to_owned(), 2)]);
        failures.unwritten(1);
        assert_eq!(failures.fresh().len(), 1);

        let later = Failures::default();
        later.note("carol", peer, Why::WrongPassword);
        later.remember(failures.last(None));
        later.note("alice", peer, Why::WrongPassword);
        let fresh = names(later.fresh());
        assert_eq!(fresh, [("alice".to_owned(), 3), ("carol".to_owned(), 1)]);
    }
}

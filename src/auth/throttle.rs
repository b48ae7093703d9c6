//! Throttling of wrong passwords: guessing becomes slow, and nobody is locked out.
//!
//! Only distinct wrong credentials count, per address and account: a phone that repeats one old
//! password in parallel fails once. A right password that is remembered is never delayed.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Distinct wrong credentials after which waiting begins.
const FREE: usize = 5;
const LONGEST: u64 = 60;
/// Time without a failure after which earlier failures are forgotten.
const MEMORY: Duration = Duration::from_secs(900);
const MAX_ENTRIES: usize = 100_000;

/// Failed sign-ins by account and address, in memory.
#[derive(Default)]
pub struct Throttle(Mutex<HashMap<(String, IpAddr), Failures>>);

struct Failures {
    credentials: HashSet<[u8; 32]>,
    last: Instant,
}

impl Throttle {
    /// Seconds to wait before this credential is looked at; none when it may be tried.
    pub fn wait(&self, login: &str, peer: IpAddr) -> Option<u64> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = entries.get(&(login.to_owned(), household(peer)))?;
        let passed = failures.last.elapsed();
        let excess = failures.credentials.len().checked_sub(FREE)?;
        let delay = (1u64 << excess.min(6)).min(LONGEST);
        Duration::from_secs(delay)
            .checked_sub(passed)
            .map(|left| left.as_secs() + 1)
            .filter(|_| passed < MEMORY)
    }

    /// Notes a wrong credential.
    pub fn failed(&self, login: &str, peer: IpAddr, key: &[u8; 32]) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, failures| failures.last.elapsed() < MEMORY);
            if entries.len() >= MAX_ENTRIES {
                entries.clear();
            }
        }
        let failures = entries
            .entry((login.to_owned(), household(peer)))
            .or_insert_with(|| Failures {
                credentials: HashSet::new(),
                last: Instant::now(),
            });
        if failures.last.elapsed() > MEMORY {
            failures.credentials.clear();
        }
        if failures.credentials.len() < 64 {
            failures.credentials.insert(*key);
        }
        failures.last = Instant::now();
    }

    /// Forgets the failures of an account from an address, since the right credential was given.
    pub fn forget(&self, login: &str, peer: IpAddr) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(&(login.to_owned(), household(peer)));
    }
}

/// IPv6 clients control a whole /64, so a /64 counts as one address.
fn household(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(network.into())
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_guesses_are_slowed_and_repeats_are_not() {
        let throttle = Throttle::default();
        let peer = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..100 {
            throttle.failed("alice", peer, &[0; 32]);
        }
        assert_eq!(throttle.wait("alice", peer), None);
        for guess in 1..8 {
            throttle.failed("alice", peer, &[guess; 32]);
        }
        assert!(throttle.wait("alice", peer).is_some());
        // Another address is not held up by it.
        assert_eq!(throttle.wait("alice", IpAddr::from([192, 0, 2, 2])), None);
        for guess in 1..8 {
            let peer = format!("2001:db8::{guess}").parse().expect("an address");
            throttle.failed("alice", peer, &[guess; 32]);
        }
        let wait = |peer: &str| throttle.wait("alice", peer.parse().expect("an address"));
        assert!(wait("2001:db8::ffff").is_some(), "the same network");
        assert_eq!(wait("2001:db8:0:1::1"), None);
        throttle.forget("alice", peer);
        assert_eq!(throttle.wait("alice", peer), None);
    }
}

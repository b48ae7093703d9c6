//! Throttling of wrong passwords: guessing becomes slow, and nobody is locked out.
//!
//! Distinct wrong credentials count, per account and address, and per address: a phone that repeats
//! one old password in parallel fails once. A credential counts from the moment it is looked at, so
//! that guesses sent side by side are counted like guesses sent one by one.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::domain::access::household;

/// Distinct failures that cost nothing, for one account from one address.
const FREE: usize = 5;
/// Distinct failures that cost nothing from one address, whatever the accounts: a network behind one
/// address has many people, and a server that was just started knows none of them.
const FREE_OF_ADDRESS: usize = 100;
/// Attempts from one address that are looked at or wait for it; each costs a core for a moment.
const MAX_UNDER_WAY: usize = 64;
const LONGEST: u64 = 60;
/// Time without a failure after which earlier failures are forgotten.
const MEMORY: Duration = Duration::from_secs(900);
const MAX_ENTRIES: usize = 100_000;

/// What is counted of those who sign in.
#[derive(Default)]
pub struct Throttle(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    accounts: HashMap<(String, IpAddr), Failures>,
    addresses: HashMap<IpAddr, Failures>,
    under_way: HashMap<IpAddr, usize>,
}

/// A credential that may be looked at; dropped when its outcome is known.
pub struct Attempt {
    throttle: Arc<Throttle>,
    account: (String, IpAddr),
    key: [u8; 32],
    /// When the address failed before.
    last: Option<Instant>,
}

struct Failures {
    credentials: HashSet<[u8; 32]>,
    last: Instant,
}

impl Throttle {
    /// Counts a credential as wrong until [`Attempt::succeeded`] says otherwise; or the seconds to
    /// wait before it may be looked at. `login` is short: it is kept.
    pub fn begin(
        self: &Arc<Self>,
        login: &str,
        peer: IpAddr,
        key: [u8; 32],
    ) -> Result<Attempt, u64> {
        let address = household(peer);
        let account = (login.to_owned(), address);
        let mut counts = self.lock();
        let waits = [
            counts.accounts.get(&account).and_then(|of| of.wait(FREE)),
            counts
                .addresses
                .get(&address)
                .and_then(|of| of.wait(FREE_OF_ADDRESS)),
            (counts.under_way.get(&address).copied() >= Some(MAX_UNDER_WAY)).then_some(1),
        ];
        if let Some(seconds) = waits.into_iter().flatten().max() {
            return Err(seconds);
        }
        let last = counts.addresses.get(&address).map(|failures| failures.last);
        note(&mut counts.accounts, account.clone(), key, FREE);
        // One address for all: behind a proxy nobody told the server of.
        if !address.is_loopback() {
            note(&mut counts.addresses, address, key, FREE_OF_ADDRESS);
        }
        *counts.under_way.entry(address).or_default() += 1;
        Ok(Attempt {
            throttle: self.clone(),
            account,
            key,
            last,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// The credential was right: what was counted of the account is forgotten.
    pub fn succeeded(&self) {
        let mut counts = self.throttle.lock();
        counts.accounts.remove(&self.account);
        if let Some(failures) = counts.addresses.get_mut(&self.account.1) {
            failures.credentials.remove(&self.key);
            // A right password prolongs nobody's wait.
            failures.last = self.last.unwrap_or(failures.last);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut counts = self.throttle.lock();
        let address = self.account.1;
        if let Some(number) = counts.under_way.get_mut(&address) {
            *number -= 1;
            if *number == 0 {
                counts.under_way.remove(&address);
            }
        }
    }
}

impl Failures {
    /// Seconds to wait, where there were more distinct failures than `free` lately.
    fn wait(&self, free: usize) -> Option<u64> {
        let passed = self.last.elapsed();
        let excess = self.credentials.len().checked_sub(free)?;
        let delay = (1u64 << excess.min(6)).min(LONGEST);
        Duration::from_secs(delay)
            .checked_sub(passed)
            .map(|left| left.as_secs() + 1)
    }
}

/// Adds a failure; what is counted beyond `free` is bounded.
fn note<K: Eq + std::hash::Hash>(
    entries: &mut HashMap<K, Failures>,
    of: K,
    key: [u8; 32],
    free: usize,
) {
    if entries.len() >= MAX_ENTRIES {
        entries.retain(|_, failures| failures.last.elapsed() < MEMORY);
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
    }
    let failures = entries.entry(of).or_insert_with(|| Failures {
        credentials: HashSet::new(),
        last: Instant::now(),
    });
    if failures.last.elapsed() > MEMORY {
        failures.credentials.clear();
    }
    if failures.credentials.len() < free + 8 {
        failures.credentials.insert(key);
    }
    failures.last = Instant::now();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn fails(throttle: &Arc<Throttle>, login: &str, peer: &str, guess: u8) -> bool {
        throttle.begin(login, address(peer), [guess; 32]).is_ok()
    }

    #[test]
    fn distinct_guesses_are_slowed_and_repeats_are_not() {
        let throttle = Arc::new(Throttle::default());
        for _ in 0..100 {
            assert!(fails(&throttle, "alice", "192.0.2.1", 0));
        }
        let tried = (1..9).filter(|guess| fails(&throttle, "alice", "192.0.2.1", *guess));
        assert_eq!(tried.count(), FREE - 1);
        // Another address is not held up by it, nor is another account.
        assert!(fails(&throttle, "alice", "192.0.2.2", 0));
        assert!(fails(&throttle, "bob", "192.0.2.1", 0));
        for guess in 0..9 {
            fails(&throttle, "alice", &format!("2001:db8::{guess}"), guess);
        }
        assert!(
            !fails(&throttle, "alice", "2001:db8::ffff", 99),
            "the same network"
        );
        assert!(fails(&throttle, "alice", "2001:db8:0:1::1", 99));
    }

    #[test]
    fn the_right_one_makes_the_account_forget() {
        let throttle = Arc::new(Throttle::default());
        for guess in 0..4 {
            fails(&throttle, "alice", "192.0.2.1", guess);
        }
        let right = throttle.begin("alice", address("192.0.2.1"), [4; 32]);
        right
            .unwrap_or_else(|_| panic!("not looked at"))
            .succeeded();
        assert!(fails(&throttle, "alice", "192.0.2.1", 5));
    }

    #[test]
    fn guesses_side_by_side_count_before_their_outcome_is_known() {
        let throttle = Arc::new(Throttle::default());
        let begun: Vec<_> = (0..50)
            .filter_map(|guess| {
                throttle
                    .begin("alice", address("192.0.2.1"), [guess; 32])
                    .ok()
            })
            .collect();
        assert_eq!(begun.len(), FREE);
    }

    #[test]
    fn many_accounts_from_one_address_are_slowed_but_not_from_loopback() {
        let throttle = Arc::new(Throttle::default());
        let tried = |peer: &str| {
            (0..200u8)
                .filter(|guess| fails(&throttle, &format!("login{guess}"), peer, *guess))
                .count()
        };
        assert_eq!(tried("192.0.2.1"), FREE_OF_ADDRESS);
        assert_eq!(tried("192.0.2.2"), FREE_OF_ADDRESS);
        assert_eq!(tried("127.0.0.1"), 200);
    }

    #[test]
    fn one_address_does_not_fill_the_queue() {
        let throttle = Arc::new(Throttle::default());
        let begun: Vec<_> = (0..200u8)
            .filter_map(|guess| {
                let login = format!("login{guess}");
                throttle
                    .begin(&login, address("127.0.0.1"), [guess; 32])
                    .ok()
            })
            .collect();
        assert_eq!(begun.len(), MAX_UNDER_WAY);
        assert!(fails(&throttle, "alice", "192.0.2.1", 0));
        drop(begun);
        assert!(fails(&throttle, "alice", "127.0.0.1", 0));
    }
}

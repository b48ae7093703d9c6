//! Limits of simultaneous connections: in total, and from one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::forwarded::Proxies;
use crate::domain::access::household;

/// File descriptors reserved for the database, files and outgoing connections.
const RESERVE: usize = 256;

/// Counts connections.
pub struct Limits {
    all: Arc<Semaphore>,
    each: usize,
    proxies: Arc<Proxies>,
    counted: Mutex<HashMap<IpAddr, usize>>,
    full: Seldom,
    crowded: Seldom,
}

/// Counts as a connection until it is dropped.
pub struct Place {
    limits: Arc<Limits>,
    counted: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl Limits {
    /// `all` connections at once, of which `each` from one address. Addresses of trusted proxies
    /// are not counted.
    pub fn new(all: usize, each: usize, proxies: Arc<Proxies>) -> Arc<Self> {
        Arc::new(Self {
            all: Arc::new(Semaphore::new(all)),
            each,
            proxies,
            counted: Mutex::default(),
            full: Seldom::default(),
            crowded: Seldom::default(),
        })
    }

    /// Waits until another connection is allowed.
    pub async fn room(&self) -> OwnedSemaphorePermit {
        loop {
            if self.all.available_permits() == 0
                && let Some(times) = self.full.due()
            {
                tracing::warn!(
                    times,
                    "max_connections is reached: new connections wait until others end"
                );
            }
            if let Ok(permit) = self.all.clone().acquire_owned().await {
                return permit;
            }
        }
    }

    /// Counts a connection; none when its address has too many. Trusted proxies and the machine
    /// itself carry many clients, and are not counted.
    pub fn enter(self: &Arc<Self>, permit: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let is_counted = !peer.is_loopback() && !self.proxies.trusts(peer);
        let counted = is_counted.then(|| household(peer));
        if let Some(address) = counted {
            let mut addresses = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            let count = addresses.entry(address).or_default();
            if *count >= self.each {
                if let Some(times) = self.crowded.due() {
                    tracing::warn!(
                        %address, times,
                        "max_connections_per_address is reached: connections are refused"
                    );
                }
                return None;
            }
            *count += 1;
        }
        Some(Place {
            limits: self.clone(),
            counted,
            _permit: permit,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.counted else {
            return;
        };
        let counted = &self.limits.counted;
        let mut addresses = counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = addresses.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&address);
            }
        }
    }
}

/// Raises the open-file limit of this process as far as it may, and says how many connections of
/// those wanted it leaves room for.
pub fn raise_open_files(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the open-file limit could not be raised");
            limit.current
        }
    };
    // RLIM_INFINITY means unlimited.
    let files = current.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    });
    let room = files.saturating_sub(RESERVE).max(files / 2).max(1);
    if room < wanted {
        tracing::warn!(
            open_files = files,
            max_connections = wanted,
            "the open-file limit leaves room for {room} connections"
        );
    }
    room.min(wanted)
}

/// Limits a frequent message to once a minute.
#[derive(Default)]
pub struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    /// The number of occurrences since the last message, this one included; none within a minute of
    /// it.
    pub fn due(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 += 1;
        let is_due = state
            .0
            .is_none_or(|at| at.elapsed() >= Duration::from_secs(60));
        is_due.then(|| {
            state.0 = Some(Instant::now());
            std::mem::take(&mut state.1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_has_its_share_and_a_proxy_has_all() {
        let proxies = Proxies {
            trusted: vec!["192.0.2.1".parse().expect("an address")],
            ..Proxies::default()
        };
        let limits = Limits::new(100, 2, Arc::new(proxies));
        let enter = async |peer: &str| {
            let permit = limits.room().await;
            limits.enter(permit, peer.parse().expect("an address"))
        };
        let first = enter("198.51.100.7").await.expect("a place");
        let _second = enter("::ffff:198.51.100.7").await.expect("a place");
        assert!(enter("198.51.100.7").await.is_none());
        let _other = enter("198.51.100.8").await.expect("a place");
        drop(first);
        let _again = enter("198.51.100.7").await.expect("a place");

        // A network of IPv6 is one household.
        let _one = enter("2001:db8::1").await.expect("a place");
        let _two = enter("2001:db8::2").await.expect("a place");
        assert!(enter("2001:db8::3").await.is_none());
        let _elsewhere = enter("2001:db8:0:1::1").await.expect("a place");

        let mut many = Vec::new();
        for _ in 0..10 {
            many.push(enter("192.0.2.1").await.expect("a place"));
            many.push(enter("127.0.0.1").await.expect("a place"));
            many.push(enter("::1").await.expect("a place"));
        }
        // Those refused hold no room, and those that ended neither.
        assert_eq!(limits.all.available_permits(), 100 - 6 - 30);
        drop(many);
        assert_eq!(limits.all.available_permits(), 94);
    }

    #[test]
    fn what_happens_often_is_said_once() {
        let seldom = Seldom::default();
        assert_eq!(seldom.due(), Some(1));
        for _ in 0..5 {
            assert_eq!(seldom.due(), None);
        }
        seldom.0.lock().expect("a lock").0 = None;
        assert_eq!(seldom.due(), Some(6));
    }
}

//! Limits of simultaneous connections: in total, and from one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

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
            if self.all.available_permits() == 0 {
                self.full.tell(|times| {
                    tracing::warn!(
                        times,
                        "max_connections is reached: new connections wait until others end"
                    );
                });
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
                self.crowded.tell(move |times| {
                    tracing::warn!(
                        %address, times,
                        "max_connections_per_address is reached: connections are refused"
                    );
                });
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

/// The least time between two messages of a kind.
const BETWEEN: Duration = Duration::from_secs(60);

/// Limits a frequent message to once a minute. What is held back is told, with its number, when the
/// minute is over.
pub struct Seldom {
    between: Duration,
    told: Arc<Mutex<Told>>,
}

impl Default for Seldom {
    fn default() -> Self {
        Self::every(BETWEEN)
    }
}

#[derive(Default)]
struct Told {
    last: Option<Instant>,
    /// Occurrences since then.
    untold: u64,
    /// They will be told.
    waits: bool,
}

impl Seldom {
    fn every(between: Duration) -> Self {
        Self {
            between,
            told: Arc::default(),
        }
    }

    /// Says now or when the minute is over how often it happened since the last message, this time
    /// included.
    pub fn tell(&self, say: impl FnOnce(u64) + Send + 'static) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.untold += 1;
        if told.waits {
            return;
        }
        let until = told.last.map(|last| last + self.between);
        let Some(until) = until.filter(|until| *until > Instant::now()) else {
            let times = told.now();
            drop(told);
            return say(times);
        };
        told.waits = true;
        let told = self.told.clone();
        tokio::spawn(async move {
            tokio::time::sleep_until(until).await;
            let times = told.lock().unwrap_or_else(PoisonError::into_inner).now();
            say(times);
        });
    }
}

impl Told {
    /// What is to be told, as told.
    fn now(&mut self) -> u64 {
        self.last = Some(Instant::now());
        self.waits = false;
        std::mem::take(&mut self.untold)
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

    #[tokio::test]
    async fn what_happens_often_is_said_once_and_then_how_often() {
        let seldom = Seldom::every(Duration::from_secs(2));
        let (say, mut said) = tokio::sync::mpsc::unbounded_channel();
        let happens = || {
            let say = say.clone();
            seldom.tell(move |times| say.send(times).expect("heard"));
        };
        happens();
        assert_eq!(said.try_recv(), Ok(1));
        for _ in 0..3 {
            happens();
        }
        assert!(said.try_recv().is_err(), "held back");
        // Nothing comes after them.
        assert_eq!(said.recv().await, Some(3));
        happens();
        happens();
        assert!(said.try_recv().is_err(), "held back");
        assert_eq!(said.recv().await, Some(2));
        tokio::time::sleep(Duration::from_millis(2500)).await;
        happens();
        assert_eq!(said.try_recv(), Ok(1));
    }
}

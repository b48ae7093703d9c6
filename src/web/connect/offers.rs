//! Configuration profiles offered for download: once, for a limited time, kept in memory alone.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::domain::item::random_id;

/// How long a link is good for.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// Profiles that may wait at once.
const MOST: usize = 10_000;

/// Profiles by the token of their link.
#[derive(Default)]
pub struct Offers(Mutex<HashMap<String, (Instant, Vec<u8>)>>);

impl Offers {
    /// Keeps a profile; the token that fetches it.
    pub fn add(&self, profile: Vec<u8>) -> String {
        let token = random_id(16);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (made, _)| made.elapsed() < LIFETIME);
        if all.len() < MOST {
            all.insert(token.clone(), (Instant::now(), profile));
        }
        token
    }

    /// Gives a profile away; none when it was fetched already or is too old.
    pub fn take(&self, token: &str) -> Option<Vec<u8>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (made, profile) = all.remove(token)?;
        (made.elapsed() < LIFETIME).then_some(profile)
    }
}

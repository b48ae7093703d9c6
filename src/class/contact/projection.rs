//! Renderings of cards in a bounded memory cache.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;

/// Octets of the renderings a generation keeps; a card that is its own rendering costs its key only.
const MAX_OCTETS: usize = 8 * 1024 * 1024;
/// What an entry costs besides its rendering.
const ENTRY_OCTETS: usize = 200;

/// A bounded cache of two generations: when the younger is full, the elder is dropped.
#[derive(Debug, Default)]
pub struct Projections(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<String, Projection>,
    old: HashMap<String, Projection>,
    octets: usize,
}

#[derive(Clone, Debug)]
enum Projection {
    /// The document is its own rendering.
    Itself,
    Other(Bytes),
}

impl Projections {
    /// The rendering under a key, made from the document when it is not cached; the document itself
    /// when none can be made.
    pub fn get(
        &self,
        key: String,
        document: Bytes,
        make: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Bytes {
        let known = self.lock().find(&key);
        let projection = match known {
            Some(known) => known,
            None => {
                let made = match make(&document) {
                    Some(made) if made[..] != document[..] => Projection::Other(made.into()),
                    _ => Projection::Itself,
                };
                self.lock().add(key, made.clone());
                made
            }
        };
        match projection {
            Projection::Itself => document,
            Projection::Other(rendering) => rendering,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&mut self, key: &str) -> Option<Projection> {
        if let Some(known) = self.young.get(key) {
            return Some(known.clone());
        }
        let (key, known) = self.old.remove_entry(key)?;
        self.add(key, known.clone());
        Some(known)
    }

    fn add(&mut self, key: String, projection: Projection) {
        let octets = ENTRY_OCTETS
            + match &projection {
                Projection::Itself => 0,
                Projection::Other(rendering) => rendering.len(),
            };
        if self.octets + octets > MAX_OCTETS / 2 {
            self.old = std::mem::take(&mut self.young);
            self.octets = 0;
        }
        if octets <= MAX_OCTETS / 2 && self.young.insert(key, projection).is_none() {
            self.octets += octets;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_stays_within_its_bound() {
        let projections = Projections::default();
        let big = vec![b'x'; 1024 * 1024];
        for number in 0..100 {
            let made = projections.get(number.to_string(), Bytes::new(), |_| Some(big.clone()));
            assert_eq!(made.len(), big.len());
        }
        let generations = projections.lock();
        let octets = |of: &HashMap<String, Projection>| -> usize {
            of.values()
                .map(|projection| match projection {
                    Projection::Itself => 0,
                    Projection::Other(rendering) => rendering.len(),
                })
                .sum()
        };
        assert!(octets(&generations.young) + octets(&generations.old) <= MAX_OCTETS);
        drop(generations);
        // The last one is remembered: it is not made again.
        projections.get("99".into(), Bytes::new(), |_| panic!("made again"));
    }
}

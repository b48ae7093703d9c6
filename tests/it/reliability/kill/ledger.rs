//! What one writer was told is stored, and what was under way when nobody answered any more.

use std::{collections::BTreeMap, mem};

/// A contact by its book and family name.
pub type Key = (String, String);

/// What a request makes of a contact: a value, or gone.
type Change = (Key, Option<String>);

/// What a writer did; a value is a text that stands in the card.
#[derive(Default)]
pub struct Ledger {
    held: BTreeMap<Key, String>,
    /// One request, which stands whole or not at all.
    under_way: Vec<Change>,
    /// Requests that were answered.
    pub acknowledged: u64,
    /// Requests that were not answered and stand, and those that do not.
    pub unheard: (u64, u64),
}

impl Ledger {
    /// What a request will make of contacts: a value, or gone.
    pub fn begin(&mut self, changes: Vec<Change>) {
        assert!(self.under_way.is_empty(), "one at a time");
        self.under_way = changes;
    }

    /// The request was answered: all of it stands for good.
    pub fn acknowledge(&mut self) {
        self.acknowledged += 1;
        self.stands();
    }

    pub fn names(&self) -> Vec<Key> {
        self.held.keys().cloned().collect()
    }

    pub fn value(&self, key: &Key) -> &str {
        &self.held[key]
    }

    pub fn holds(&self, key: &Key) -> bool {
        self.held.contains_key(key)
    }

    /// Compares with what the server holds after it was killed, and takes over which way the request
    /// under way went.
    pub fn settle(&mut self, found: &BTreeMap<Key, String>) {
        let is = |key: &Key, value: Option<&String>| match (found.get(key), value) {
            (None, None) => true,
            (Some(card), Some(value)) => card.contains(value),
            _ => false,
        };
        for (key, value) in &self.held {
            let open = self.under_way.iter().any(|(other, _)| other == key);
            assert!(
                open || is(key, Some(value)),
                "lost: {key:?} should hold {value:?} and holds {:?}",
                found.get(key)
            );
        }
        if self.under_way.is_empty() {
            return;
        }
        let all = |ends: &dyn Fn(&Change) -> bool| self.under_way.iter().all(ends);
        if all(&|(key, value)| is(key, value.as_ref())) {
            self.unheard.0 += 1;
            self.stands();
        } else {
            let nothing = all(&|(key, _)| is(key, self.held.get(key)));
            assert!(nothing, "half done: {:?}", self.under_way);
            self.unheard.1 += 1;
            self.under_way.clear();
        }
    }

    fn stands(&mut self) {
        for (key, value) in mem::take(&mut self.under_way) {
            match value {
                Some(value) => self.held.insert(key, value),
                None => self.held.remove(&key),
            };
        }
    }
}

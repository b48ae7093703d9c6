//! What one writer was told is stored, and what was under way when nobody answered any more.

use std::{collections::BTreeMap, mem};

/// A contact by its book and family name; of other things what they are and their name.
pub type Key = (String, String);

/// What a request makes of a contact: a value, or gone.
pub type Change = (Key, Option<String>);

/// Between the texts of a value that has several.
pub const AND: char = '\0';

/// What a writer did; a value is a text that stands in the card, or several.
#[derive(Default)]
pub struct Ledger {
    held: BTreeMap<Key, String>,
    /// The steps of one request, each of which stands whole or not at all, none before the one before
    /// it. All but a few requests are one step.
    under_way: Vec<Vec<Change>>,
    /// Each card as it was at the last comparison, with the value it had.
    seen: BTreeMap<Key, (String, String)>,
    /// Requests that were answered.
    pub acknowledged: u64,
    /// Requests that were not answered and stand, and those that do not.
    pub unheard: (u64, u64),
}

impl Ledger {
    /// What a request will make of contacts: a value, or gone.
    pub fn begin(&mut self, changes: Vec<Change>) {
        self.begin_steps(vec![changes]);
    }

    /// The same of a request that is documented to be several transactions.
    pub fn begin_steps(&mut self, steps: Vec<Vec<Change>>) {
        assert!(self.under_way.is_empty(), "one at a time");
        self.under_way = steps;
    }

    /// The request was answered: all of it stands for good.
    pub fn acknowledge(&mut self) {
        self.acknowledged += 1;
        for (key, value) in mem::take(&mut self.under_way).into_iter().flatten() {
            put(&mut self.held, key, value);
        }
    }

    pub fn names(&self) -> Vec<Key> {
        self.held.keys().cloned().collect()
    }

    /// What is held in one book.
    pub fn names_in(&self, book: &str) -> Vec<Key> {
        let held = self.held.keys();
        held.filter(|key| key.0 == book).cloned().collect()
    }

    /// A name wherever it is held.
    pub fn places_of(&self, name: &str) -> Vec<Key> {
        let held = self.held.keys();
        held.filter(|key| key.1 == name).cloned().collect()
    }

    pub fn value(&self, key: &Key) -> &str {
        &self.held[key]
    }

    pub fn holds(&self, key: &Key) -> bool {
        self.held.contains_key(key)
    }

    /// The changes that lead from others back to what is held.
    pub fn back_from(&self, changes: &[Change]) -> Vec<Change> {
        let former = |key: &Key| (key.clone(), self.held.get(key).cloned());
        changes.iter().map(|(key, _)| former(key)).collect()
    }

    /// Compares with what the server holds after it was killed, and takes over which way the request
    /// under way went.
    pub fn settle(&mut self, found: &BTreeMap<Key, String>) {
        let steps = mem::take(&mut self.under_way);
        let went = self.went(&steps, found);
        match steps.len() {
            0 => {}
            _ if went > 0 => self.unheard.0 += 1,
            _ => self.unheard.1 += 1,
        }
        for (key, value) in steps.into_iter().take(went).flatten() {
            put(&mut self.held, key, value);
        }
        for (key, value) in &self.held {
            assert!(
                is(found, key, Some(value)),
                "lost: {key:?} should hold {value:?} and holds {:?}",
                found.get(key)
            );
        }
        let card = |(key, value): (&Key, &String)| {
            let card = (value.clone(), found[key].clone());
            (key.clone(), card)
        };
        let seen: BTreeMap<_, _> = self.held.iter().map(card).collect();
        for (key, (value, card)) in &seen {
            if let Some((before, whole)) = self.seen.get(key)
                && before == value
            {
                assert_eq!(whole, card, "{key:?}, which nobody wrote");
            }
        }
        self.seen = seen;
    }

    /// Asserts that what is under way stands whole or not at all.
    pub fn stands_whole_or_not(&self, found: &BTreeMap<Key, String>) {
        self.went(&self.under_way, found);
    }

    /// How many of some steps stand.
    fn went(&self, steps: &[Vec<Change>], found: &BTreeMap<Key, String>) -> usize {
        let keys: Vec<&Key> = steps.iter().flatten().map(|(key, _)| key).collect();
        let mut state = self.held.clone();
        let mut stands = Vec::new();
        for went in 0..=steps.len() {
            if keys.iter().all(|key| is(found, key, state.get(*key))) {
                stands.push(went);
            }
            for (key, value) in steps.get(went).into_iter().flatten().cloned() {
                put(&mut state, key, value);
            }
        }
        let went = stands.last();
        *went.unwrap_or_else(|| {
            let there: Vec<_> = keys.iter().map(|key| (key, found.get(*key))).collect();
            panic!("half done: {steps:?}: {there:?}")
        })
    }
}

fn put(held: &mut BTreeMap<Key, String>, key: Key, value: Option<String>) {
    match value {
        Some(value) => held.insert(key, value),
        None => held.remove(&key),
    };
}

fn is(found: &BTreeMap<Key, String>, key: &Key, value: Option<&String>) -> bool {
    match (found.get(key), value) {
        (None, None) => true,
        (Some(card), Some(value)) => value.split(AND).all(|text| card.contains(text)),
        _ => false,
    }
}

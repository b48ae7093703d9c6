//! Counters, gauges and histograms, written where events happen and read by whoever exports them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts `number` more.
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    /// The number so far.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number of things in progress.
#[derive(Debug, Default)]
pub struct Level(Arc<AtomicI64>);

impl Level {
    /// Adds one until the mark is dropped.
    pub fn enter(&self) -> Mark {
        self.0.fetch_add(1, Ordering::Relaxed);
        Mark(self.0.clone())
    }

    /// The number now.
    pub fn value(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts one in a [`Level`] while it lives.
pub struct Mark(Arc<AtomicI64>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A histogram.
#[derive(Debug)]
pub struct Spread {
    /// Upper bounds of the ranges, ascending; larger values are counted in a last range.
    bounds: &'static [f64],
    counts: Vec<AtomicU64>,
    /// Sum of the values, in millionths.
    sum: AtomicU64,
}

/// The values of a [`Spread`] at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Spreading {
    /// `(upper bound, number of values)` of each range, not cumulative; the last bound is infinite.
    pub ranges: Vec<(f64, u64)>,
    pub sum: f64,
}

impl Spread {
    /// Nothing counted yet; `bounds` are the upper bounds of the ranges, ascending.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts one value in the first range whose bound is not below it.
    pub fn note(&self, value: f64) {
        let range = self.bounds.partition_point(|bound| *bound < value);
        self.counts[range].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add((value * 1e6) as u64, Ordering::Relaxed);
    }

    /// Counts a duration in seconds.
    pub fn note_time(&self, time: Duration) {
        self.note(time.as_secs_f64());
    }

    /// The values so far.
    pub fn value(&self) -> Spreading {
        let bounds = self.bounds.iter().copied().chain([f64::INFINITY]);
        let counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        Spreading {
            ranges: bounds.zip(counts).collect(),
            sum: self.sum.load(Ordering::Relaxed) as f64 / 1e6,
        }
    }
}

/// The counters of a server that are kept beside the store.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests held until something changes.
    pub held: Level,
    pub pushes_sent: Counter,
    pub pushes_failed: Counter,
    /// Imports and exports under way.
    pub imports: Level,
    pub exports: Level,
    passed: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

impl Tally {
    /// Counts an exchange with a client, given by its label.
    pub fn note_passed(&self, label: &str, what: &'static str) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        *passed.entry((kind_of(label), what)).or_default() += 1;
    }

    /// `(kind of client, kind of exchange, number)`
    pub fn passed(&self) -> Vec<(&'static str, &'static str, u64)> {
        let passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed
            .iter()
            .map(|((kind, what), times)| (*kind, *what, *times))
            .collect()
    }
}

/// Part of a label in small letters, and the kind of client: a list that ends, whatever clients
/// call themselves.
const KINDS: [(&str, &str); 17] = [
    ("eas iphone", "ios"),
    ("eas ipad", "ios"),
    ("eas ipod", "ios"),
    ("eas samsung", "samsung"),
    ("eas android", "android"),
    ("eas windowsoutlook", "outlook"),
    ("eas outlook", "outlook-mobile"),
    ("eas windowsmail", "windows-mail"),
    ("eas wp", "windows-phone"),
    ("eas ", "other-eas"),
    ("carddav davx5", "davx5"),
    ("carddav thunderbird", "thunderbird"),
    ("carddav evolution", "evolution"),
    ("carddav kde", "kde"),
    ("carddav macos", "macos"),
    ("carddav ios", "ios-carddav"),
    ("carddav ", "other-carddav"),
];

fn kind_of(label: &str) -> &'static str {
    let label = label.to_ascii_lowercase();
    let found = KINDS.iter().find(|(part, _)| label.starts_with(part));
    found.map_or("other", |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_in_the_range_they_are_in() {
        let spread = Spread::new(&[1.0, 10.0]);
        for value in [0.5, 1.0, 1.5, 100.0] {
            spread.note(value);
        }
        let value = spread.value();
        assert_eq!(value.ranges, [(1.0, 2), (10.0, 1), (f64::INFINITY, 1)]);
        assert_eq!(value.sum, 103.0);
    }

    #[test]
    fn names_clients_give_themselves_make_no_new_kind() {
        for (label, kind) in [
            ("EAS iPhone ApplC39X", "ios"),
            ("EAS MyOwnThing 17", "other-eas"),
            ("CardDAV DAVx5 (Team)", "davx5"),
            ("CardDAV curl", "other-carddav"),
            ("web", "other"),
        ] {
            assert_eq!(kind_of(label), kind, "{label}");
        }
    }

    #[test]
    fn a_mark_that_is_dropped_counts_no_more() {
        let level = Level::default();
        let mark = level.enter();
        assert_eq!(level.value(), 1);
        drop(mark);
        assert_eq!(level.value(), 0);
    }
}

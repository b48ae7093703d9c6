//! Conditions of writes, and the entity tags they are about.

use std::collections::HashMap;

use crate::domain::{id::ItemId, item::Placement};

/// The precondition of a write: the version its author last saw (RFC 9110 §13.1).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Condition {
    /// No precondition.
    #[default]
    None,
    /// `If-Match`: one of these quoted strong tags.
    Match(Vec<String>),
    /// `If-Match: *`: the item exists.
    Exists,
    /// `If-None-Match: *`: the item does not exist.
    Absent,
    /// `If-None-Match` with tags: none of these.
    NoneMatch(Vec<String>),
}

/// Refused writes of an item before which an entity tag still counts.
const EARLIER: i64 = 64;

/// Number of refused writes of this person on each item.
#[derive(Clone, Debug, Default)]
pub struct Marks(pub(super) HashMap<ItemId, i64>);

impl Marks {
    /// The entity tag this person sees.
    pub fn etag(&self, placement: &Placement) -> String {
        placement.etag(self.of(placement))
    }

    /// The entity tags a write may name: the present one, then those of before refused writes. A
    /// refused write changes the tag for all clients of the person and nothing else: who edited the
    /// item before has still seen all of it.
    pub fn tags(&self, placement: &Placement) -> impl Iterator<Item = String> {
        let mark = self.of(placement);
        let earlier = (mark - EARLIER).max(0);
        (earlier..=mark).rev().map(|mark| placement.etag(mark))
    }

    /// Whether a condition holds for an item as this person sees it.
    pub fn hold(&self, condition: &Condition, placement: &Placement) -> bool {
        let mut tags = self.tags(placement);
        match condition {
            Condition::Match(_) => tags.any(|tag| condition.holds(Some(&tag))),
            _ => condition.holds(tags.next().as_deref()),
        }
    }

    pub(super) fn of(&self, placement: &Placement) -> i64 {
        self.0.get(&placement.item).copied().unwrap_or(0)
    }
}

impl Condition {
    /// Whether the condition holds for the present entity tag; none: there is no item.
    pub fn holds(&self, etag: Option<&str>) -> bool {
        match self {
            Condition::None => true,
            Condition::Match(tags) => etag.is_some_and(|etag| tags.iter().any(|tag| tag == etag)),
            Condition::Exists => etag.is_some(),
            Condition::Absent => etag.is_none(),
            Condition::NoneMatch(tags) => {
                etag.is_none_or(|etag| !tags.iter().any(|tag| tag == etag))
            }
        }
    }
}

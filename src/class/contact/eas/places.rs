//! Which value fills which place: kept beside the card, so that places never swap or shift.
//!
//! A card lists values, a device has a fixed number of elements. A value takes the first free
//! element of its sort and keeps it for life; only where that is not what the card alone would
//! give is anything kept.

use std::collections::BTreeMap;

use carnet_proto::{vcard::Document, wbxml::Tag};
use serde::{Deserialize, Serialize};

use super::slots::{SLOTS, Slot};
use crate::domain::json;

/// A value that could fill an element.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Index of its line in the card.
    pub at: usize,
    /// Lower first: preferred values come before others.
    pub rank: u8,
    pub value: String,
    /// The element that the line itself names.
    pub named: Option<usize>,
}

/// The value of each element; an empty value keeps the element empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places(BTreeMap<Tag, String>);

#[derive(Serialize, Deserialize)]
struct Kept(u8, u8, String);

impl Places {
    /// Parses the output of [`kept`]; anything else is no assignment.
    pub fn read(beside: &[u8]) -> Self {
        if beside.is_empty() {
            return Self::default();
        }
        let kept: Vec<Kept> = json::read("where a device has a value", beside).unwrap_or_default();
        let entry = |Kept(page, token, value)| (Tag { page, token }, value);
        Self(kept.into_iter().map(entry).collect())
    }

    /// Assigns a candidate to each element.
    pub fn assign(&self, tags: &[Tag], candidates: &[Candidate]) -> Vec<Option<usize>> {
        let (mut places, mut free) = self.settled(tags, candidates);
        for (place, tag) in places.iter_mut().zip(tags) {
            let kept_empty = self.0.get(tag).is_some_and(String::is_empty);
            if place.is_none() && !kept_empty && !free.is_empty() {
                *place = Some(free.remove(0));
            }
        }
        places
    }

    /// The candidates whose place is remembered or, where it is not, named by their line, by place,
    /// and the others in their order.
    fn settled(&self, tags: &[Tag], candidates: &[Candidate]) -> (Vec<Option<usize>>, Vec<usize>) {
        let mut places = vec![None; tags.len()];
        let mut free: Vec<usize> = (0..candidates.len()).collect();
        free.sort_by_key(|at| (candidates[*at].rank, candidates[*at].at));
        for (place, tag) in places.iter_mut().zip(tags) {
            let Some(value) = self.0.get(tag).filter(|value| !value.is_empty()) else {
                continue;
            };
            if place.is_none()
                && let Some(found) = free.iter().position(|at| candidates[*at].value == *value)
            {
                *place = Some(free.remove(found));
            }
        }
        free.retain(|at| match candidates[*at].named {
            Some(place) if place < places.len() && places[place].is_none() => {
                places[place] = Some(*at);
                false
            }
            _ => true,
        });
        (places, free)
    }
}

/// What is kept beside a card after a change; nothing where the card alone gives the same. `said` is
/// what a device gave as the texts of elements.
pub fn kept(
    before: &Document,
    places: &Places,
    after: &Document,
    by_device: bool,
    said: &BTreeMap<Tag, String>,
) -> Vec<u8> {
    let mut kept = Vec::new();
    for slot in SLOTS {
        let of = |card: &Document| match slot {
            Slot::Typed(sort) => Some((sort.tags, sort.candidates(card))),
            Slot::Address(sort) => Some((&sort.tags[..1], sort.candidates(card))),
            _ => None,
        };
        let said: Vec<Option<String>> = match slot {
            Slot::Typed(sort) => sort.said(said),
            _ => vec![None],
        };
        let (Some((tags, candidates)), Some((_, former))) = (of(after), of(before)) else {
            continue;
        };
        let natural = Places::default().assign(tags, &candidates);
        let held = places.assign(tags, &former);
        let carried = carry(tags, &former, &held, &candidates, by_device, &said);
        if carried == natural {
            continue;
        }
        for (tag, place) in tags.iter().zip(carried) {
            let value = place.map_or("", |at| candidates[at].value.as_str());
            kept.push(Kept(tag.page, tag.token, value.to_owned()));
        }
    }
    if kept.is_empty() {
        Vec::new()
    } else {
        serde_json::to_vec(&kept).unwrap_or_default()
    }
}

/// What a device said is where it said it. Other values keep the places they `held`, and what replaced
/// one takes its place; new ones take the first free place, then those that had none.
fn carry(
    tags: &[Tag],
    former: &[Candidate],
    held: &[Option<usize>],
    candidates: &[Candidate],
    by_device: bool,
    said: &[Option<String>],
) -> Vec<Option<usize>> {
    let remembered = tags
        .iter()
        .zip(held.iter().zip(said))
        .filter_map(|(tag, (held, said))| {
            let value = match said {
                Some(said) => said,
                None => &former[(*held)?].value,
            };
            Some((*tag, value.clone()))
        })
        .collect();
    let (mut carried, mut free) = Places(remembered).settled(tags, candidates);
    let is_emptied = |place: usize| said[place].as_ref().is_some_and(String::is_empty);
    for (old, new) in replacements(former, candidates) {
        let place = held.iter().position(|at| *at == Some(old));
        let is_open = |place: &usize| carried[*place].is_none() && !is_emptied(*place);
        if let Some(place) = place.filter(is_open)
            && let Some(found) = free.iter().position(|at| *at == new)
        {
            carried[place] = Some(free.remove(found));
        }
    }
    let is_new = |at: &usize| {
        let value = &candidates[*at].value;
        !former.iter().any(|candidate| candidate.value == *value)
    };
    let (new, hidden): (Vec<usize>, Vec<usize>) = free.into_iter().partition(is_new);
    // A device that emptied an element must not find another value in it.
    let waiting = if by_device {
        new
    } else {
        new.into_iter().chain(hidden).collect()
    };
    let mut waiting = waiting.into_iter();
    for (place, carried) in carried.iter_mut().enumerate() {
        if carried.is_none() && !is_emptied(place) {
            *carried = waiting.next();
        }
    }
    carried
}

/// Former values that are gone, with the new ones that stand where they stood.
fn replacements(former: &[Candidate], candidates: &[Candidate]) -> Vec<(usize, usize)> {
    let has = |list: &[Candidate], value: &str| list.iter().any(|c| c.value == value);
    let mut pairs = Vec::new();
    let mut gone = Vec::new();
    let mut from = 0;
    for (old, candidate) in former.iter().enumerate() {
        if !has(candidates, &candidate.value) {
            gone.push(old);
            continue;
        }
        // A value that stayed ends a stretch, unless it moved to the front.
        let rest = &candidates[from..];
        if let Some(length) = rest.iter().position(|c| c.value == candidate.value) {
            let new = (from..from + length).filter(|at| !has(former, &candidates[*at].value));
            pairs.extend(gone.drain(..).zip(new));
            from += length + 1;
        }
    }
    let new = (from..candidates.len()).filter(|at| !has(former, &candidates[*at].value));
    pairs.extend(gone.into_iter().zip(new));
    pairs
}

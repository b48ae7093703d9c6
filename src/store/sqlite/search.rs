//! Searches: tokens to FTS5, classes, order and count (`docs/design/search.md`).

mod criteria;
mod expression;
mod order;
mod words;

use std::collections::{HashMap, HashSet};

use rusqlite::params;

pub use self::{expression::Expression, order::sort_column, words::Words};

use self::{expression::Within, order::Candidate};
use super::{
    read::Reader,
    read_items::{HEAD, count, head},
};
use crate::domain::{
    id::{CollectionId, PersonId, Timestamp},
    item::Placement,
    search::{COUNTED, Hit, Page, Plan, Wanted, token},
};

/// Matches of a place from which on it may be cheaper to look at its items by name.
const MANY: usize = 10_000;

impl Reader<'_> {
    /// One page of results, by class and then by name.
    pub fn search(&self, plan: &Plan) -> rusqlite::Result<Page> {
        // One snapshot: what the person may read, what matches, and what is shown of it.
        let snapshot = self.connection.unchecked_transaction()?;
        let page = self.search_in_snapshot(plan)?;
        snapshot.finish()?;
        Ok(page)
    }

    fn search_in_snapshot(&self, plan: &Plan) -> rusqlite::Result<Page> {
        let places = self.readable(plan)?;
        let mut page = Page::default();
        if places.is_empty() {
            return Ok(page);
        }
        let folders = self.readable_folders(plan)?;
        let classes = match &plan.root {
            None => 3..=3,
            Some(_) => 1..=3,
        };
        // Each class holds the one before: the widest that is read decides the count.
        let mut widest = Found::default();
        let mut unread = false;
        let mut chosen: Vec<(Candidate, u8)> = Vec::new();
        let mut seen = HashSet::new();
        for class in classes {
            if chosen.len() == plan.limit {
                unread = true;
                break;
            }
            let known = &widest.placements;
            let found = self.found(plan, (&places, &folders), class, known)?;
            let earlier = std::mem::replace(&mut widest, found);
            let fresh = beyond(&widest.placements, &earlier.placements);
            // An item in several places takes several candidates.
            let wanted = plan.limit * widest.places.len();
            let mut first = self.first_by_name(&fresh, &widest.places, plan.last_first, wanted)?;
            first.append(&mut widest.first);
            first.sort_unstable();
            for candidate in first {
                if chosen.len() < plan.limit && seen.insert(candidate.item) {
                    chosen.push((candidate, class));
                }
            }
        }
        if unread && widest.is_countable() {
            let most = plan.filter.is_empty().then_some(COUNTED + 1);
            widest = Found::default();
            for place in &places {
                let found = self.matching(&expression(plan, *place, 3, &folders), most)?;
                widest.add(*place, self.filtered(found, plan, &folders)?);
            }
        }
        page.found = self.count_items(&widest)?;
        page.hits = self.hits(chosen, &places, plan.person)?;
        Ok(page)
    }

    /// What meets a plan with the words up to a class; where most of a place does, the first by
    /// name that are not known.
    fn found(
        &self,
        plan: &Plan,
        (places, folders): (&[CollectionId], &[CollectionId]),
        class: u8,
        known: &[i64],
    ) -> rusqlite::Result<Found> {
        let mut all = Found::default();
        for place in places {
            let expression = expression(plan, *place, class, folders);
            let few = plan.filter.is_empty().then_some(MANY);
            let mut found = self.matching(&expression, few)?;
            if few == Some(found.len()) {
                let order = (plan.last_first, plan.limit);
                let first = self.first_by_words(*place, &expression, known, order)?;
                if let Some(first) = first {
                    all.most = all.most.max(MANY);
                    all.first.extend(first);
                    continue;
                }
                found = self.matching(&expression, None)?;
            }
            all.add(*place, self.filtered(found, plan, folders)?);
        }
        all.placements.sort();
        Ok(all)
    }

    /// The places asked for that the person may read now.
    fn readable(&self, plan: &Plan) -> rusqlite::Result<Vec<CollectionId>> {
        let mut places = Vec::with_capacity(plan.places.len());
        for place in &plan.places {
            let person = plan.person.map(|PersonId(person)| person);
            let may = self.one(
                "SELECT 1 FROM collection c WHERE c.id = ?1 AND (
                     (c.kind = 'private' AND c.person = ?2)
                     OR (c.kind = 'group' AND EXISTS (
                         SELECT 1 FROM membership m WHERE m.grp = c.grp AND m.person = ?2)))",
                params![place.0, person],
                |_| Ok(()),
            )?;
            places.extend(may.map(|()| *place));
        }
        Ok(places)
    }

    /// Folders the person may read now, whose documents count with the contacts they are attached to.
    fn readable_folders(&self, plan: &Plan) -> rusqlite::Result<Vec<CollectionId>> {
        let asked = plan.root.is_some() || plan.filter.has_document;
        let Some(PersonId(person)) = plan.person.filter(|_| asked) else {
            return Ok(Vec::new());
        };
        let holding = "AND c.class = 'document' AND EXISTS (
             SELECT 1 FROM placement p WHERE p.collection = c.id AND p.gone IS NULL)";
        self.all(
            &format!(
                "SELECT c.id FROM collection c WHERE c.person = ?1 AND c.kind = 'private' {holding}
                 UNION ALL
                 SELECT c.id FROM membership m CROSS JOIN collection c ON c.grp = m.grp
                 WHERE m.person = ?1 AND c.kind = 'group' {holding}"
            ),
            [person],
            |row| Ok(CollectionId(row.get(0)?)),
        )
    }

    /// Placements that match an expression, ascending; all of them or the first so many.
    fn matching(&self, expression: &Expression, most: Option<usize>) -> rusqlite::Result<Vec<i64>> {
        self.all(
            "SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid LIMIT ?2",
            params![expression.to_string(), most.map_or(-1, count)],
            |row| row.get(0),
        )
    }

    /// Different items among placements, counted up to [`COUNTED`] and one more.
    fn count_items(&self, found: &Found) -> rusqlite::Result<usize> {
        let most = COUNTED + 1;
        if !found.is_countable() || found.places.len() < 2 {
            return Ok(found.most.min(most));
        }
        let examined = &found.placements;
        let count = self.one(
            "SELECT count(DISTINCT p.item) FROM json_each(?1) j JOIN placement p ON p.id = j.value",
            [list(examined)],
            |row| row.get::<_, i64>(0),
        )?;
        let count = count.and_then(|count| usize::try_from(count).ok());
        Ok(count.unwrap_or(0).min(most))
    }

    /// What is shown of candidates, in their order; all are read at once.
    fn hits(
        &self,
        chosen: Vec<(Candidate, u8)>,
        places: &[CollectionId],
        person: Option<PersonId>,
    ) -> rusqlite::Result<Vec<Hit>> {
        let ids: Vec<i64> = chosen.iter().map(|(found, _)| found.placement).collect();
        let mut placements: HashMap<i64, Placement> = self
            .all(
                &format!(
                    "SELECT {HEAD} FROM json_each(?1) j CROSS JOIN placement p ON p.id = j.value
                     CROSS JOIN item i ON i.id = p.item"
                ),
                [list(&ids)],
                head,
            )?
            .into_iter()
            .map(|placement| (placement.id.0, placement))
            .collect();
        let items: Vec<i64> = chosen.iter().map(|(found, _)| found.item).collect();
        let mut texts = self.texts_of(&items)?;
        let marks = self.marks(&items, person, None)?;
        let holding = match places {
            [_] => HashMap::new(),
            _ => self.holding(&items)?,
        };
        let mut hits = Vec::with_capacity(chosen.len());
        for (candidate, class) in chosen {
            let Some(placement) = placements.remove(&candidate.placement) else {
                continue;
            };
            let places = match holding.get(&candidate.item) {
                None => vec![placement.collection],
                Some(all) => {
                    let searched = places.iter().filter(|place| all.contains(place));
                    searched.copied().collect()
                }
            };
            hits.push(Hit {
                texts: texts.remove(&candidate.item).unwrap_or_default(),
                marks: marks.get(&candidate.item).copied().unwrap_or_default(),
                placement,
                places,
                class,
            });
        }
        Ok(hits)
    }

    /// The collections that hold items, by item.
    fn holding(&self, items: &[i64]) -> rusqlite::Result<HashMap<i64, Vec<CollectionId>>> {
        let read = self.all(
            "SELECT p.item, p.collection FROM json_each(?1) j
             CROSS JOIN placement p ON p.item = j.value AND p.gone IS NULL",
            [list(items)],
            |row| Ok((row.get(0)?, CollectionId(row.get(1)?))),
        )?;
        let mut places: HashMap<i64, Vec<CollectionId>> = HashMap::new();
        for (item, place) in read {
            places.entry(item).or_default().push(place);
        }
        Ok(places)
    }

    /// `(field, value)` of the index of items, by item.
    fn texts_of(&self, items: &[i64]) -> rusqlite::Result<HashMap<i64, Vec<(String, String)>>> {
        let mut read = self.all(
            "SELECT t.item, t.n, t.field, t.value FROM json_each(?1) j
             CROSS JOIN index_text t ON t.item = j.value",
            [list(items)],
            |row| {
                let at: (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok((at, (row.get(2)?, row.get(3)?)))
            },
        )?;
        read.sort_by_key(|(at, _)| *at);
        let mut texts: HashMap<i64, Vec<(String, String)>> = HashMap::new();
        for ((item, _), text) in read {
            texts.entry(item).or_default().push(text);
        }
        Ok(texts)
    }

    /// The last search of a person and when it was made.
    pub fn last_search(&self, person: PersonId) -> rusqlite::Result<Option<(String, Timestamp)>> {
        self.one(
            "SELECT request, at FROM last_search WHERE person = ?1",
            [person.0],
            |row| Ok((row.get(0)?, Timestamp(row.get(1)?))),
        )
    }
}

/// Live placements that match.
#[derive(Default)]
struct Found {
    /// Ascending.
    placements: Vec<i64>,
    /// The collections they are in.
    places: Vec<CollectionId>,
    /// A lower bound of the matches in the fullest place.
    most: usize,
    /// The first of places that have too many to be read.
    first: Vec<Candidate>,
}

impl Found {
    fn add(&mut self, place: CollectionId, found: Vec<i64>) {
        if !found.is_empty() {
            self.places.push(place);
            self.most = self.most.max(found.len());
            self.placements.extend(found);
        }
    }

    /// No place alone holds more than are counted.
    fn is_countable(&self) -> bool {
        self.most <= COUNTED
    }
}

/// What is looked for in a place, with the words up to a class.
fn expression(plan: &Plan, place: CollectionId, class: u8, folders: &[CollectionId]) -> Expression {
    let restricted = plan.restricted.iter().map(|(part, node)| {
        let within = Within::part(place, *part);
        within.expression(node, &within)
    });
    let mut conditions: Vec<Expression> = restricted.collect();
    conditions.extend(plan.marks.iter().map(|any| {
        let any = any.iter().map(|mark| Expression::mark(place, mark));
        Expression::Or(any.collect())
    }));
    if let Some(root) = &plan.root {
        // Nothing is attached to a document.
        let folders = if folders.contains(&place) {
            &[]
        } else {
            folders
        };
        let everything = Within::everything(place, folders);
        conditions.push(match class {
            3 => everything.expression(root, &everything),
            _ => Within::class(place, class).expression(root, &everything),
        });
    }
    if conditions.is_empty() {
        Expression::place(place)
    } else {
        Expression::And(conditions)
    }
}

/// `all` minus `known`; both sorted ascending.
fn beyond(all: &[i64], known: &[i64]) -> Vec<i64> {
    let mut known = known.iter().peekable();
    let is_new = |placement: &&i64| {
        while known.next_if(|other| other < placement).is_some() {}
        known.next_if_eq(placement).is_none()
    };
    all.iter().filter(is_new).copied().collect()
}

/// A beginning of every word, anywhere in a collection's items or only in what one is reached by.
pub fn beginnings(collection: CollectionId, words: &[String], reach: bool) -> Vec<Expression> {
    let within = Within::class(collection, if reach { 2 } else { 3 });
    let mut conditions = Vec::new();
    for word in words {
        let words = token::words(word);
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        // Two digits after a plus begin a number as much as four without.
        let least = if word.starts_with('+') { 2 } else { 4 };
        let wanted = match words.tokens.is_empty() {
            true => continue,
            false if digits.len() >= least => Wanted::Number {
                words,
                digits,
                prefix: true,
            },
            false => Wanted::Words {
                prefix: true,
                words,
            },
        };
        conditions.push(within.wanted(&wanted));
    }
    conditions
}

pub fn list(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!("[{}]", ids.join(","))
}

#[cfg(test)]
mod tests {
    use super::beyond;

    #[test]
    fn what_is_beyond_is_the_difference() {
        for (all, known, left) in [
            (&[][..], &[][..], &[][..]),
            (&[1, 2, 3], &[], &[1, 2, 3]),
            (&[], &[1, 2], &[]),
            (&[1, 2, 3, 5, 8], &[2, 8], &[1, 3, 5]),
            (&[4, 5, 9], &[1, 2, 3, 5, 6, 7, 8, 9, 10], &[4]),
            (&[1, 2], &[1, 2], &[]),
        ] {
            assert_eq!(beyond(all, known), left, "{all:?} {known:?}");
        }
    }
}

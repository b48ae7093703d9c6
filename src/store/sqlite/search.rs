//! Searches: tokens to FTS5, classes, order and count (`docs/design.md`, Search).

mod expression;

use std::collections::{HashMap, HashSet};

use rusqlite::{Row, params, params_from_iter, types::Value};

use self::expression::{Columns, place_expression};
use super::{
    read::Reader,
    read_items::{HEAD, count, head},
};
use crate::domain::{
    class::Part,
    id::{CollectionId, PersonId, Timestamp},
    item::Placement,
    search::{COUNTED, Filter, Hit, Page, Plan, Wanted, token},
};

/// Matches up to which sorting them is cheaper than walking the sorted list.
const SORTED: usize = 8_000;

/// A live placement that matches, as it is ordered.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    sort: String,
    item: i64,
    placement: i64,
}

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sort: row.get(0)?,
            item: row.get(1)?,
            placement: row.get(2)?,
        })
    }
}

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
        let everything = Columns::everything(folders.clone());
        let place = place_expression(&places);
        let mut conditions = place.clone();
        for (part, node) in &plan.restricted {
            let columns = Columns::of(&[*part]);
            conditions.push_str(&format!(
                " AND ({})",
                columns.expression(node, &place, &columns)
            ));
        }
        let classes: Vec<Option<Columns>> = match &plan.root {
            None => vec![None],
            Some(_) => vec![
                Some(Columns::of(Part::NAMES)),
                Some(Columns::of(Part::REACH)),
                Some(everything.clone()),
            ],
        };
        let expression = |columns: &Option<Columns>| match (&plan.root, columns) {
            (Some(root), Some(columns)) => format!(
                "{conditions} AND ({})",
                columns.expression(root, &place, &everything)
            ),
            _ => conditions.clone(),
        };
        // Each class holds the one before: the widest that is read decides the count.
        let mut widest: Vec<i64> = Vec::new();
        let mut unread = None;
        let mut chosen: Vec<(Candidate, u8)> = Vec::new();
        let mut seen = HashSet::new();
        for (class, columns) in (1..).zip(&classes) {
            let left = plan.limit.saturating_sub(chosen.len());
            if left == 0 {
                unread = classes.last();
                break;
            }
            let found = self.matching(&expression(columns), None)?;
            let found = self.filtered(found, &plan.filter, &folders)?;
            let earlier = std::mem::replace(&mut widest, found);
            let fresh = beyond(&widest, &earlier);
            // An item in several places takes several candidates.
            let wanted = left * places.len() + seen.len();
            for candidate in self.first_by_name(&fresh, &places, plan.last_first, wanted)? {
                if chosen.len() < plan.limit && seen.insert(candidate.item) {
                    let class = if plan.root.is_none() { 3 } else { class };
                    chosen.push((candidate, class));
                }
            }
        }
        let counted = (COUNTED + 1) * places.len();
        if let Some(columns) = unread.filter(|_| widest.len() < counted) {
            let most = plan.filter.is_empty().then_some(counted);
            let found = self.matching(&expression(columns), most)?;
            widest = self.filtered(found, &plan.filter, &folders)?;
        }
        page.found = self.count_items(&widest, places.len())?;
        page.hits = self.hits(chosen, &places)?;
        Ok(page)
    }

    /// Those of the places asked that the person may read now.
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
    fn matching(&self, expression: &str, most: Option<usize>) -> rusqlite::Result<Vec<i64>> {
        self.all(
            "SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid LIMIT ?2",
            params![expression, most.map_or(-1, count)],
            |row| row.get(0),
        )
    }

    /// Those that meet the conditions; attached documents count where they are in `folders`.
    fn filtered(
        &self,
        mut found: Vec<i64>,
        filter: &Filter,
        folders: &[CollectionId],
    ) -> rusqlite::Result<Vec<i64>> {
        if filter.is_empty() || found.is_empty() {
            return Ok(found);
        }
        if let Some(tag) = filter.tag {
            // Few are tagged, many may match.
            let tagged: HashSet<i64> = self
                .all(
                    "SELECT p.id FROM tag_link l JOIN placement p ON p.item = l.item
                     WHERE l.tag = ?1 AND p.gone IS NULL",
                    [tag.0],
                    |row| row.get(0),
                )?
                .into_iter()
                .collect();
            found.retain(|placement| tagged.contains(placement));
        }
        if let Some(among) = &filter.among {
            let among: HashSet<i64> = among.iter().map(|placement| placement.0).collect();
            found.retain(|placement| among.contains(placement));
        }
        let (conditions, mut values) = conditions(filter, folders);
        if conditions.is_empty() {
            return Ok(found);
        }
        values.insert(0, list(&found).into());
        self.all(
            &format!(
                "SELECT p.id FROM json_each(?1) j JOIN placement p ON p.id = j.value
                 JOIN item i ON i.id = p.item WHERE {} ORDER BY p.id",
                conditions.join(" AND ")
            ),
            params_from_iter(values),
            |row| row.get(0),
        )
    }

    /// Different items among placements, counted up to [`COUNTED`] and one more.
    fn count_items(&self, found: &[i64], places: usize) -> rusqlite::Result<usize> {
        let most = COUNTED + 1;
        if places == 1 {
            return Ok(found.len().min(most));
        }
        let examined = &found[..found.len().min(most * places)];
        let count = self.one(
            "SELECT count(DISTINCT p.item) FROM json_each(?1) j JOIN placement p ON p.id = j.value",
            [list(examined)],
            |row| row.get::<_, i64>(0),
        )?;
        let count = count.and_then(|count| usize::try_from(count).ok());
        Ok(count.unwrap_or(0).min(most))
    }

    /// The first of some placements by name.
    fn first_by_name(
        &self,
        found: &[i64],
        places: &[CollectionId],
        last_first: bool,
        limit: usize,
    ) -> rusqlite::Result<Vec<Candidate>> {
        let sort = sort_column(last_first);
        let mut first = match found.len() <= SORTED {
            true => self.all(
                &format!(
                    "SELECT p.{sort}, p.item, p.id FROM json_each(?1) j
                     CROSS JOIN placement p ON p.id = j.value"
                ),
                [list(found)],
                Candidate::read,
            )?,
            false => self.walk_by_name(found, places, sort, limit)?,
        };
        // SQLite would put all of them in order.
        if first.len() > limit {
            first.select_nth_unstable(limit);
            first.truncate(limit);
        }
        first.sort_unstable();
        Ok(first)
    }

    /// The first of many placements (ascending) in each place, by name.
    fn walk_by_name(
        &self,
        found: &[i64],
        places: &[CollectionId],
        sort: &str,
        limit: usize,
    ) -> rusqlite::Result<Vec<Candidate>> {
        let mut first = Vec::new();
        for place in places {
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT {sort}, item, id FROM placement
                 WHERE collection = ?1 AND gone IS NULL ORDER BY {sort}, id"
            ))?;
            let mut rows = statement.query([place.0])?;
            let mut taken = 0;
            while taken < limit
                && let Some(row) = rows.next()?
            {
                if found.binary_search(&row.get(2)?).is_ok() {
                    first.push(Candidate::read(row)?);
                    taken += 1;
                }
            }
            drop(rows);
            self.work.add(&statement);
        }
        Ok(first)
    }

    /// What is shown of candidates, in their order; all are read at once.
    fn hits(
        &self,
        chosen: Vec<(Candidate, u8)>,
        places: &[CollectionId],
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
        let mut texts = self.texts_of(chosen.iter().map(|(found, _)| found.item))?;
        let mut hits = Vec::with_capacity(chosen.len());
        for (candidate, class) in chosen {
            let Some(placement) = placements.remove(&candidate.placement) else {
                continue;
            };
            let mut holding = vec![placement.collection];
            if places.len() > 1 {
                let all = self.all(
                    "SELECT collection FROM placement WHERE item = ?1 AND gone IS NULL",
                    [candidate.item],
                    |row| Ok(CollectionId(row.get(0)?)),
                )?;
                let others = places.iter().filter(|place| all.contains(place));
                holding = others.copied().collect();
            }
            hits.push(Hit {
                texts: texts.remove(&candidate.item).unwrap_or_default(),
                placement,
                places: holding,
                class,
            });
        }
        Ok(hits)
    }

    /// `(field, value)` of the index of items, by item.
    fn texts_of(
        &self,
        items: impl Iterator<Item = i64>,
    ) -> rusqlite::Result<HashMap<i64, Vec<(String, String)>>> {
        let items: Vec<i64> = items.collect();
        let mut read = self.all(
            "SELECT t.item, t.n, t.field, t.value FROM json_each(?1) j
             CROSS JOIN index_text t ON t.item = j.value",
            [list(&items)],
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

/// What is in the first and not in the second; all ascend.
fn beyond(all: &[i64], known: &[i64]) -> Vec<i64> {
    let mut known = known.iter().peekable();
    let is_new = |placement: &&i64| {
        while known.next_if(|other| other < placement).is_some() {}
        known.next_if_eq(placement).is_none()
    };
    all.iter().filter(is_new).copied().collect()
}

/// The column of a list's order.
pub fn sort_column(last_first: bool) -> &'static str {
    match last_first {
        true => "sort_last",
        false => "sort_first",
    }
}

/// Placements of a collection with a beginning of every word, anywhere or only in what one is
/// reached by; none when there is no word.
pub fn beginnings(collection: CollectionId, words: &[String], reach: bool) -> Option<String> {
    let columns = match reach {
        true => Columns::of(Part::REACH),
        false => Columns::everything(Vec::new()),
    };
    let mut expression = place_expression(&[collection]);
    let mut any = false;
    for word in words {
        let words = token::words(word);
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        let wanted = match words.tokens.is_empty() {
            true => continue,
            false if digits.len() >= 4 => Wanted::Number {
                words,
                digits,
                prefix: true,
            },
            false => Wanted::Words {
                prefix: true,
                words,
            },
        };
        any = true;
        expression.push_str(&format!(" AND ({})", columns.wanted(&wanted)));
    }
    any.then_some(expression)
}

fn list(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!("[{}]", ids.join(","))
}

fn conditions(filter: &Filter, folders: &[CollectionId]) -> (Vec<String>, Vec<Value>) {
    let mut conditions = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    // `?1` is the list of placements.
    let mut with = |condition: &str, value: Value| {
        values.push(value);
        conditions.push(condition.replace("??", &format!("?{}", values.len() + 1)));
    };
    if filter.has_photo {
        with(
            "EXISTS (SELECT 1 FROM index_text t WHERE t.item = i.id AND t.field = ??)",
            "photo".to_owned().into(),
        );
    }
    if filter.has_comment {
        with(
            "EXISTS (SELECT 1 FROM comment m WHERE m.item = i.id AND m.collection = p.collection AND ??)",
            1.into(),
        );
    }
    if filter.has_document {
        with(
            "EXISTS (SELECT 1 FROM attachment a JOIN placement o ON o.item = a.document
               AND o.gone IS NULL WHERE a.contact = i.id
               AND o.collection IN (SELECT value FROM json_each(??)))",
            list(&folders.iter().map(|folder| folder.0).collect::<Vec<_>>()).into(),
        );
    }
    if let Some(least) = filter.octets.0 {
        with("i.blob IS NOT NULL AND i.octets >= ??", least.into());
    }
    if let Some(most) = filter.octets.1 {
        with("i.blob IS NOT NULL AND i.octets < ??", most.into());
    }
    if let Some(kind) = &filter.kind {
        with("i.kind = ??", kind.clone().into());
    }
    if let Some(month) = filter.birthday_month {
        with(
            "EXISTS (SELECT 1 FROM index_text t WHERE t.item = i.id AND t.field = 'bday'
               AND substr(t.value, -5, 2) = ??)",
            format!("{month:02}").into(),
        );
    }
    if let Some(days) = &filter.birthdays {
        with(
            "EXISTS (SELECT 1 FROM index_text t WHERE t.item = i.id AND t.field = 'bday'
               AND substr(t.value, -5) IN (SELECT value FROM json_each(??)))",
            serde_json::json!(days).to_string().into(),
        );
    }
    for (column, (since, before)) in [("created", filter.created), ("modified", filter.modified)] {
        if let Some(since) = since {
            with(&format!("i.{column} >= ??"), since.0.into());
        }
        if let Some(before) = before {
            with(&format!("i.{column} < ??"), before.0.into());
        }
    }
    if let Some(since) = filter.not_verified_since {
        with(
            "i.class = 'contact' AND NOT EXISTS (SELECT 1 FROM verification v WHERE v.item = i.id
               AND v.answer IN ('confirmed', 'corrected', 'erased') AND v.answered >= ??)",
            since.0.into(),
        );
    }
    if let Some(creator) = filter.created_by {
        with("i.creator = ??", creator.0.into());
    }
    if let Some(group) = filter.shared_with {
        with(
            "EXISTS (SELECT 1 FROM placement o JOIN collection c ON c.id = o.collection
               JOIN collection g ON g.id = ?? AND g.grp = c.grp AND c.kind = 'group'
               WHERE o.item = i.id AND o.gone IS NULL)",
            group.0.into(),
        );
    }
    (conditions, values)
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

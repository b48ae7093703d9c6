//! Search criteria that the index does not cover.

use std::collections::HashSet;

use rusqlite::{params, params_from_iter, types::Value};

use super::{super::read::Reader, list};
use crate::domain::{
    id::CollectionId,
    search::{Filter, Plan},
};

impl Reader<'_> {
    /// The placements that meet the conditions; attached documents count if they are in `folders`.
    pub(super) fn filtered(
        &self,
        mut found: Vec<i64>,
        plan: &Plan,
        folders: &[CollectionId],
    ) -> rusqlite::Result<Vec<i64>> {
        let filter = &plan.filter;
        if filter.is_empty() || found.is_empty() {
            return Ok(found);
        }
        if let Some(tag) = filter.tag {
            // Few are tagged, many may match. Another's tags are nobody's to ask for.
            let tagged: HashSet<i64> = self
                .all(
                    "SELECT p.id FROM tag t JOIN tag_link l ON l.tag = t.id
                     JOIN placement p ON p.item = l.item
                     WHERE t.id = ?1 AND t.person = ?2 AND p.gone IS NULL",
                    params![tag.0, plan.person.map(|person| person.0)],
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
}

fn conditions(filter: &Filter, folders: &[CollectionId]) -> (Vec<String>, Vec<Value>) {
    let mut conditions = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    // `?1` is the list of placements.
    let mut with = |condition: &str, value: Value| {
        values.push(value);
        conditions.push(condition.replace("??", &format!("?{}", values.len() + 1)));
    };
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

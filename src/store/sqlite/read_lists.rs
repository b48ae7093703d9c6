//! Sorted lists, and the numbers shown beside them.

use std::collections::HashMap;

use rusqlite::types::Value;

use super::{
    read::Reader,
    read_items::{FROM, HEAD, head},
    search::{Expression, beginnings, list, sort_column},
};
use crate::domain::{
    class::LIST,
    id::{CollectionId, PersonId},
    item::Placement,
    search::Mark,
    store::{Counts, ListPage, ListQuery, ListRow, Marks, Sort},
};

/// Reads of [`Store`](crate::domain::store::Store) under the same names, described there.
impl Reader<'_> {
    pub fn list(
        &self,
        collection: CollectionId,
        person: PersonId,
        query: &ListQuery,
    ) -> rusqlite::Result<ListPage> {
        let mut filter = String::from("WHERE p.collection = ?1 AND p.gone IS NULL");
        let mut values: Vec<Value> = vec![collection.0.into()];
        if let Some(sought) = sought(collection, query) {
            values.push(sought.to_string().into());
            filter.push_str(&format!(
                " AND p.id IN (SELECT rowid FROM search WHERE search MATCH ?{})",
                values.len()
            ));
        }
        for other in &query.beyond {
            values.push(other.0.into());
            filter.push_str(&format!(
                " AND NOT EXISTS (SELECT 1 FROM placement o
                   WHERE o.item = p.item AND o.collection = ?{} AND o.gone IS NULL",
                values.len()
            ));
            if let Some(sought) = sought(*other, query) {
                values.push(sought.to_string().into());
                filter.push_str(&format!(
                    " AND o.id IN (SELECT rowid FROM search WHERE search MATCH ?{})",
                    values.len()
                ));
            }
            filter.push(')');
        }
        if let Some(tag) = query.tag {
            values.push(tag.0.into());
            values.push(person.0.into());
            let (tag, person) = (values.len() - 1, values.len());
            filter.push_str(&format!(
                " AND EXISTS (SELECT 1 FROM tag_link l JOIN tag g ON g.id = l.tag
                   WHERE l.item = p.item AND l.tag = ?{tag} AND g.person = ?{person})"
            ));
        }
        let counted = match values.len() {
            1 => "SELECT live FROM collection WHERE id = ?1".to_owned(),
            _ => format!("SELECT count(*) FROM placement p {filter}"),
        };
        let total = self.one(&counted, rusqlite::params_from_iter(&values), |row| {
            row.get(0)
        })?;
        let order = order(query);
        values.push(query.limit.into());
        values.push(query.offset.into());
        let (limit, offset) = (values.len() - 1, values.len());
        // What stands before the page is passed over without being read.
        let from = match query.sort {
            Sort::Name => "FROM placement p",
            _ => FROM,
        };
        let found = self.all(
            &format!(
                "SELECT {HEAD} {FROM} WHERE p.id IN (SELECT p.id {from} {filter}
                     ORDER BY {order} LIMIT ?{limit} OFFSET ?{offset})
                 ORDER BY {order}"
            ),
            rusqlite::params_from_iter(&values),
            head,
        )?;
        let items: Vec<i64> = found.iter().map(|placement| placement.item.0).collect();
        let place = found.first().map(|placement| placement.collection);
        let marks = self.marks(&items, Some(person), place)?;
        let rows = found
            .into_iter()
            .map(|placement| {
                let marks = marks.get(&placement.item.0).copied().unwrap_or_default();
                self.row(placement, marks, person, query.last_first)
            })
            .collect::<rusqlite::Result<_>>()?;
        Ok(ListPage {
            total: total.unwrap_or(0),
            rows,
        })
    }

    fn row(
        &self,
        placement: Placement,
        marks: Marks,
        person: PersonId,
        last_first: bool,
    ) -> rusqlite::Result<ListRow> {
        let sort = sort_column(last_first);
        let letter = self.one(
            &format!("SELECT substr({sort}, 1, 1) FROM placement WHERE id = ?1"),
            [placement.id.0],
            |row| row.get(0),
        )?;
        let creator_name = self.one(
            "SELECT name FROM person WHERE id = ?1",
            [placement.creator.0],
            |row| row.get(0),
        )?;
        Ok(ListRow {
            tags: self.tags_of(person, placement.item)?,
            texts: self.texts(placement.item)?,
            creator_name: creator_name.unwrap_or_default(),
            letter: letter.unwrap_or_default(),
            placement,
            marks,
        })
    }

    /// What lists mark items with, by item: comments that a person reads, in one place or wherever they
    /// are, and documents that there are.
    pub(super) fn marks(
        &self,
        items: &[i64],
        person: Option<PersonId>,
        place: Option<CollectionId>,
    ) -> rusqlite::Result<HashMap<i64, Marks>> {
        let marked = self.all(
            "SELECT j.value,
                 EXISTS (SELECT 1 FROM comment m JOIN collection c ON c.id = m.collection
                     JOIN placement o ON o.item = m.item AND o.collection = m.collection
                         AND o.gone IS NULL
                     WHERE m.item = j.value AND (?3 IS NULL OR m.collection = ?3)
                         AND (c.person = ?2 OR EXISTS (SELECT 1
                         FROM membership g WHERE g.grp = c.grp AND g.person = ?2))),
                 EXISTS (SELECT 1 FROM attachment a JOIN placement o ON o.item = a.document
                     AND o.gone IS NULL WHERE a.contact = j.value)
             FROM json_each(?1) j",
            rusqlite::params![
                list(items),
                person.map(|person| person.0),
                place.map(|place| place.0)
            ],
            |row| {
                let marks = Marks {
                    commented: row.get(1)?,
                    attached: row.get(2)?,
                };
                Ok((row.get(0)?, marks))
            },
        )?;
        Ok(marked.into_iter().collect())
    }

    pub fn counts(&self, collection: CollectionId, last_first: bool) -> rusqlite::Result<Counts> {
        let count = |mark: &Mark| {
            let sought = Expression::mark(collection, mark).to_string();
            let sql = "SELECT count(*) FROM search WHERE search MATCH ?1";
            self.one(sql, [sought], |row| row.get(0))
        };
        let sort = sort_column(last_first);
        let index = if last_first {
            "placement_last"
        } else {
            "placement_first"
        };
        Ok(Counts {
            favourites: count(&Mark::Favourite)?.unwrap_or(0),
            lists: count(&Mark::Kind(LIST.to_owned()))?.unwrap_or(0),
            letters: self.all(
                &format!(
                    "SELECT substr({sort}, 1, 1) AS letter, count(*)
                     FROM placement INDEXED BY {index}
                     WHERE collection = ?1 AND gone IS NULL GROUP BY letter ORDER BY letter"
                ),
                [collection.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?,
        })
    }
}

/// What the index is asked for; none where every item of the collection is meant.
fn sought(collection: CollectionId, query: &ListQuery) -> Option<Expression> {
    let mut conditions = beginnings(collection, &query.words, query.reach);
    if query.favourite {
        conditions.push(Expression::mark(collection, &Mark::Favourite));
    }
    if let Some(kind) = &query.kind {
        conditions.push(Expression::mark(collection, &Mark::Kind(kind.clone())));
    }
    let list = Expression::mark(collection, &Mark::Kind(LIST.to_owned()));
    match (conditions.is_empty(), query.reach) {
        (true, false) => None,
        (true, true) => Some(Expression::place(collection).but(list)),
        (false, false) => Some(Expression::And(conditions)),
        (false, true) => Some(Expression::And(conditions).but(list)),
    }
}

fn order(query: &ListQuery) -> String {
    let name = format!("p.{}, p.id", sort_column(query.last_first));
    match query.sort {
        Sort::Name => name,
        Sort::Organization => {
            let organization = "(SELECT t.tokens FROM index_text t
                WHERE t.item = i.id AND t.field = 'org' ORDER BY t.n LIMIT 1)";
            format!("{organization} IS NULL, {organization}, {name}")
        }
        Sort::Modified => format!("i.modified DESC, {name}"),
        Sort::Kind => format!("i.kind, {name}"),
        Sort::Octets => format!("i.octets DESC, {name}"),
    }
}

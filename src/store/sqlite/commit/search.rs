//! The search index and the order of lists, kept in the transaction that changes what they tell.
//!
//! Batches note the placements they make; whatever else writes a placement, an item or a comment,
//! triggers of the writing connection note the placements concerned. A transaction ends with
//! indexing them: FTS5 writes what it was told at the next statement of another table that opens a
//! savepoint, as one segment. Removals need no more than SQL (`schema/0005_search.sql`).

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Row, params};

use crate::{
    domain::{
        class::{Index, Part},
        id::CollectionId,
    },
    store::sqlite::search::Words,
};

/// Triggers of the writing connection.
pub const TRACK: &str = "
    CREATE TEMP TABLE unindexed (placement INTEGER PRIMARY KEY);
    CREATE TEMP TRIGGER unindexed_back AFTER UPDATE OF gone ON main.placement
    WHEN new.gone IS NULL BEGIN
        INSERT OR IGNORE INTO unindexed VALUES (new.id);
    END;
    CREATE TEMP TRIGGER unindexed_edited AFTER UPDATE OF document ON main.item BEGIN
        INSERT OR IGNORE INTO unindexed
            SELECT id FROM placement WHERE item = new.id AND gone IS NULL;
    END;
    CREATE TEMP TRIGGER unindexed_comment AFTER INSERT ON main.comment BEGIN
        INSERT OR IGNORE INTO unindexed SELECT id FROM placement
            WHERE item = new.item AND collection = new.collection AND gone IS NULL;
    END;
    CREATE TEMP TRIGGER unindexed_comment_changed AFTER UPDATE ON main.comment BEGIN
        INSERT OR IGNORE INTO unindexed SELECT id FROM placement
            WHERE item = new.item AND collection = new.collection AND gone IS NULL;
    END;
    CREATE TEMP TRIGGER unindexed_comment_gone AFTER DELETE ON main.comment BEGIN
        INSERT OR IGNORE INTO unindexed SELECT id FROM placement
            WHERE item = old.item AND collection = old.collection AND gone IS NULL;
    END;
    CREATE TEMP TRIGGER unindexed_attached AFTER INSERT ON main.attachment BEGIN
        INSERT OR IGNORE INTO unindexed
            SELECT id FROM placement WHERE item = new.contact AND gone IS NULL;
    END;
    CREATE TEMP TRIGGER unindexed_detached AFTER DELETE ON main.attachment BEGIN
        INSERT OR IGNORE INTO unindexed
            SELECT id FROM placement WHERE item = old.contact AND gone IS NULL;
    END;
    CREATE TEMP TRIGGER unindexed_title AFTER UPDATE OF document ON main.item BEGIN
        INSERT OR IGNORE INTO unindexed SELECT p.id FROM attachment a
            JOIN placement p ON p.item = a.contact AND p.gone IS NULL WHERE a.document = new.id;
    END;
    CREATE TEMP TRIGGER unindexed_title_moved AFTER UPDATE OF gone ON main.placement BEGIN
        INSERT OR IGNORE INTO unindexed SELECT p.id FROM attachment a
            JOIN placement p ON p.item = a.contact AND p.gone IS NULL WHERE a.document = new.item;
    END;";

/// What a transaction wrote and did not index yet.
#[derive(Default)]
pub struct Unindexed<'a> {
    /// Placements that were made.
    pub placed: Vec<Live>,
    /// Items that were made, with their derived rows.
    pub created: HashMap<i64, &'a Index>,
}

/// Indexes what batches wrote: the placements they made and those the triggers noted.
pub fn catch_up(connection: &Connection, unindexed: &Unindexed<'_>) -> rusqlite::Result<()> {
    let Unindexed { placed, created } = unindexed;
    for placement in placed
        .iter()
        .filter(|placed| !created.contains_key(&placed.item))
    {
        note_attached(connection, placement.item)?;
    }
    // CROSS JOIN: SQLite keeps the order, and never walks through all placements.
    let noted: Vec<Live> = connection
        .prepare_cached(
            "SELECT p.id, p.item, p.collection FROM unindexed u
             CROSS JOIN placement p ON p.id = u.placement WHERE p.gone IS NULL",
        )?
        .query_map([], Live::read)?
        .collect::<rusqlite::Result<_>>()?;
    index_placements(connection, &noted)?;
    if !noted.is_empty() {
        connection
            .prepare_cached("DELETE FROM unindexed")?
            .execute([])?;
    }
    let noted: HashSet<i64> = noted.iter().map(|placement| placement.id).collect();
    let placed = placed.iter().filter(|placed| !noted.contains(&placed.id));
    let (new, known): (Vec<&Live>, Vec<&Live>) =
        placed.partition(|placed| created.contains_key(&placed.item));
    index_placements(connection, known)?;
    for placement in new {
        // Nothing was said about it or attached to it: that would have been noted.
        if let Some(index) = created.get(&placement.item) {
            let words = Words::of_index(CollectionId(placement.collection), index);
            insert(connection, placement, &words)?;
        }
    }
    Ok(())
}

/// Notes the contacts a document is attached to: it came to a place where they are found by it.
fn note_attached(connection: &Connection, document: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO unindexed SELECT p.id FROM attachment a
             JOIN placement p ON p.item = a.contact AND p.gone IS NULL WHERE a.document = ?1",
        )?
        .execute([document])?;
    Ok(())
}

/// Writes the values of a new item.
pub fn write_texts(connection: &Connection, item: i64, index: &Index) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO index_text (item, n, field, value, part, tokens)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (n, text) in (1_i64..).zip(&index.texts) {
        insert.execute(params![
            item,
            n,
            text.field,
            text.value,
            text.part.map(Part::as_str),
            text.tokens
        ])?;
    }
    Ok(())
}

/// Replaces the values of an item.
pub fn replace_texts(connection: &Connection, item: i64, index: &Index) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM index_text WHERE item = ?1")?
        .execute([item])?;
    write_texts(connection, item, index)
}

/// A live placement.
pub struct Live {
    pub id: i64,
    pub item: i64,
    pub collection: i64,
}

impl Live {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            item: row.get(1)?,
            collection: row.get(2)?,
        })
    }
}

/// Makes placements findable by their items' values and their places' comments, and sorts them.
fn index_placements<'a>(
    connection: &Connection,
    placements: impl IntoIterator<Item = &'a Live> + Clone,
) -> rusqlite::Result<()> {
    for placed in placements.clone() {
        sort_placement(connection, placed)?;
    }
    for placed in placements {
        index_placement(connection, placed)?;
    }
    Ok(())
}

fn sort_placement(connection: &Connection, placed: &Live) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE placement SET (sort_first, sort_last) =
                 (SELECT i.sort_first, i.sort_last FROM item i WHERE i.id = ?2)
             WHERE id = ?1 AND (sort_first, sort_last) IS NOT
                 (SELECT i.sort_first, i.sort_last FROM item i WHERE i.id = ?2)",
        )?
        .execute([placed.id, placed.item])?;
    Ok(())
}

fn index_placement(connection: &Connection, placed: &Live) -> rusqlite::Result<()> {
    let words = Words::read(connection, placed.item, CollectionId(placed.collection))?;
    connection
        .prepare_cached("DELETE FROM search WHERE rowid = ?1")?
        .execute([placed.id])?;
    insert(connection, placed, &words)
}

/// Enters a placement that is not in the index.
fn insert(connection: &Connection, placed: &Live, words: &Words) -> rusqlite::Result<()> {
    let [
        name,
        organization,
        email,
        telephone,
        reach,
        city,
        country,
        rest,
    ] = &words.parts;
    connection
        .prepare_cached(
            "INSERT INTO search (rowid, place, name, organization, email, telephone, reach, city,
                 country, rest, comment)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            placed.id,
            words.place,
            name,
            organization,
            email,
            telephone,
            reach,
            city,
            country,
            rest,
            words.comment,
        ])?;
    Ok(())
}

/// Replaces the index rows of every live placement of an item.
pub fn index_item(connection: &Connection, item: i64) -> rusqlite::Result<()> {
    let placements: Vec<Live> = connection
        .prepare_cached(
            "SELECT id, item, collection FROM placement WHERE item = ?1 AND gone IS NULL",
        )?
        .query_map([item], Live::read)?
        .collect::<rusqlite::Result<_>>()?;
    index_placements(connection, &placements)
}

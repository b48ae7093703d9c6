//! Reads about imports, remembered column mappings, and pairs marked as different people.

use rusqlite::{Row, params};

use super::read::Reader;
use crate::domain::{
    id::{CollectionId, ImportId, ItemId, PersonId, PlacementId, RevisionId, Timestamp},
    store::{Import, ImportedItem},
};

const IMPORT: &str =
    "SELECT id, person, collection, name, at, undone, job, progress, ended FROM import";

/// Reads of [`Store`](crate::domain::store::Store) under the same names, described there.
impl Reader<'_> {
    pub fn import(&self, import: ImportId) -> rusqlite::Result<Option<Import>> {
        self.one(&format!("{IMPORT} WHERE id = ?1"), [import.0], read)
    }

    pub fn imported_items(
        &self,
        import: ImportId,
        most: usize,
    ) -> rusqlite::Result<Vec<ImportedItem>> {
        self.all(
            "SELECT placement, digest, revision, overlay, item FROM import_item WHERE import = ?1
             ORDER BY item LIMIT ?2",
            params![import.0, most as i64],
            |row| {
                Ok(ImportedItem {
                    placement: PlacementId(row.get(0)?),
                    digest: row.get(1)?,
                    revision: row.get::<_, Option<i64>>(2)?.map(RevisionId),
                    overlay: row.get(3)?,
                    item: ItemId(row.get(4)?),
                })
            },
        )
    }

    pub fn imports(
        &self,
        person: PersonId,
        collection: CollectionId,
        since: Timestamp,
    ) -> rusqlite::Result<Vec<Import>> {
        let sql = format!(
            "{IMPORT} WHERE person = ?1 AND at >= ?2 AND collection = ?3 ORDER BY at DESC, id DESC
             LIMIT 100"
        );
        self.all(&sql, params![person.0, since.0, collection.0], read)
    }

    pub fn open_imports(&self) -> rusqlite::Result<Vec<Import>> {
        let sql = format!("{IMPORT} WHERE job IS NOT NULL AND ended IS NULL ORDER BY id");
        self.all(&sql, [], read)
    }

    pub fn told_apart(&self, person: PersonId) -> rusqlite::Result<Vec<(ItemId, ItemId)>> {
        self.all(
            "SELECT first, second FROM told_apart WHERE person = ?1",
            [person.0],
            |row| Ok((ItemId(row.get(0)?), ItemId(row.get(1)?))),
        )
    }

    pub fn mappings(&self, person: PersonId) -> rusqlite::Result<Vec<(String, String)>> {
        self.all(
            "SELECT fingerprint, codes FROM import_mapping WHERE person = ?1 ORDER BY at DESC",
            [person.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Import> {
    let moment = |at: Option<i64>| at.map(Timestamp);
    Ok(Import {
        id: ImportId(row.get(0)?),
        person: PersonId(row.get(1)?),
        collection: CollectionId(row.get(2)?),
        name: row.get(3)?,
        at: Timestamp(row.get(4)?),
        undone: moment(row.get(5)?),
        job: row.get(6)?,
        progress: row.get(7)?,
        ended: moment(row.get(8)?),
    })
}

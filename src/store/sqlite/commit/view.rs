//! Bringing views up to date with their books.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::{Applied, Commit};
use crate::domain::{
    batch::{Made, ViewOp},
    error::Error,
    id::{CollectionId, DeviceId, ItemId, PersonId},
    item::random_id,
};

/// What of a catch-up is a device's own doing.
#[derive(Default)]
struct Stamp<'a> {
    device: Option<DeviceId>,
    made: &'a [Made],
    wrote: &'a [ItemId],
}

/// How far a view has caught up with a book that it just got.
const NEW: i64 = 0;
/// The position before all of a book whose items the view shows already.
const AFRESH: i64 = -1;

/// A book of a view, and how far the view has caught up with it.
struct Source {
    book: i64,
    caught_up: i64,
    seq: i64,
    floor: i64,
}

/// A live placement of an item in a book of a view.
struct Held {
    placement: i64,
    changed: i64,
    book: i64,
    server_id: String,
    href: String,
    uid: String,
    placed_by: i64,
    overlay: Vec<u8>,
    changed_at: i64,
}

impl Commit<'_> {
    pub(super) fn view_op(&mut self, op: &ViewOp) -> Applied<i64> {
        match op {
            ViewOp::CatchUp {
                owner,
                segment,
                description,
                sources,
            } => {
                let view = self.view(*owner, segment, description)?;
                self.set_sources(view, sources)?;
                self.catch_up(view, &Stamp::default())?;
                Ok(view)
            }
            ViewOp::Level { view } => {
                let behind = self
                    .sources(view.0)?
                    .iter()
                    .any(|source| source.seq > source.caught_up);
                if behind {
                    Err(Error::Moved.into())
                } else {
                    Ok(view.0)
                }
            }
            ViewOp::Follow {
                view,
                device,
                made,
                wrote,
            } => {
                let stamp = Stamp {
                    device: Some(*device),
                    made,
                    wrote,
                };
                self.catch_up(view.0, &stamp)?;
                Ok(view.0)
            }
        }
    }

    /// The view of a person under a segment, made where there is none.
    fn view(&mut self, owner: PersonId, segment: &str, description: &str) -> Applied<i64> {
        let found: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT id FROM collection WHERE person = ?1 AND segment = ?2 AND kind = 'view'",
            )?
            .query_row(params![owner.0, segment], |row| row.get(0))
            .optional()?;
        if let Some(view) = found {
            return Ok(view);
        }
        self.connection
            .prepare_cached(
                "INSERT INTO collection (kind, person, uuid, segment, display_name, description,
                     epoch, created) VALUES ('view', ?1, ?2, ?3, '', ?4, ?5, ?6)",
            )?
            .execute(params![
                owner.0,
                Uuid::new_v4().to_string(),
                segment,
                description,
                random_id(8),
                self.batch.at.0,
            ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// The view unites these books from now on; what it shows of another one is looked at again,
    /// whether that book still holds it or not.
    fn set_sources(&mut self, view: i64, wanted: &[CollectionId]) -> Applied<()> {
        for source in self.sources(view)? {
            if wanted.contains(&CollectionId(source.book)) {
                continue;
            }
            let items: Vec<i64> = self
                .connection
                .prepare_cached(
                    "SELECT item FROM view_placement WHERE collection = ?1 AND gone IS NULL
                         AND instr(' ' || within || ' ', ' ' || ?2 || ' ') > 0",
                )?
                .query_map([view, source.book], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            self.connection
                .prepare_cached("DELETE FROM view_source WHERE view = ?1 AND source = ?2")?
                .execute([view, source.book])?;
            for item in items {
                self.settle(view, item, &Stamp::default())?;
            }
        }
        for book in wanted {
            self.connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO view_source (view, source, caught_up) VALUES (?1, ?2, ?3)",
                )?
                .execute([view, book.0, NEW])?;
        }
        Ok(())
    }

    /// Before a book gets another name: what a view shows of its items is another, as the name is
    /// among their categories, so the view looks at all of them again.
    pub(super) fn relabel(&self, book: i64, name: &str) -> Applied<()> {
        self.connection
            .prepare_cached(
                "UPDATE view_source SET caught_up = ?3 WHERE source = ?1 AND EXISTS (
                     SELECT 1 FROM collection WHERE id = ?1 AND display_name <> ?2)",
            )?
            .execute(params![book, name, AFRESH])?;
        Ok(())
    }

    fn sources(&mut self, view: i64) -> Applied<Vec<Source>> {
        self.write_collections()?;
        Ok(self
            .connection
            .prepare_cached(
                "SELECT s.source, s.caught_up, c.seq, c.floor FROM view_source s
                 JOIN collection c ON c.id = s.source WHERE s.view = ?1 ORDER BY s.source",
            )?
            .query_map([view], |row| {
                Ok(Source {
                    book: row.get(0)?,
                    caught_up: row.get(1)?,
                    seq: row.get(2)?,
                    floor: row.get(3)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?)
    }

    /// Takes over what happened in the books since the view last did: costs what changed.
    fn catch_up(&mut self, view: i64, stamp: &Stamp<'_>) -> Applied<()> {
        let mut seen = BTreeSet::new();
        for source in self.sources(view)? {
            if source.seq <= source.caught_up {
                continue;
            }
            let mut items: Vec<i64> = self
                .connection
                .prepare_cached(
                    "SELECT item FROM placement WHERE collection = ?1 AND moved > ?2 ORDER BY moved",
                )?
                .query_map([source.book, source.caught_up], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            if source.caught_up != NEW && source.floor > source.caught_up.max(0) {
                // Removals were forgotten meanwhile: everything is looked at.
                items.extend(
                    self.connection
                        .prepare_cached(
                            "SELECT item FROM view_placement WHERE collection = ?1 AND gone IS NULL",
                        )?
                        .query_map([view], |row| row.get::<_, i64>(0))?
                        .collect::<rusqlite::Result<Vec<_>>>()?,
                );
            }
            for item in items {
                if seen.insert(item) {
                    self.settle(view, item, stamp)?;
                }
            }
            self.connection
                .prepare_cached(
                    "UPDATE view_source SET caught_up = ?3 WHERE view = ?1 AND source = ?2",
                )?
                .execute([view, source.book, source.seq])?;
        }
        Ok(())
    }

    /// Makes the view's row of an item what its books say.
    fn settle(&mut self, view: i64, item: i64, stamp: &Stamp<'_>) -> Applied<()> {
        let held = self.held(view, item)?;
        let row: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT id FROM view_placement WHERE collection = ?1 AND item = ?2 AND gone IS NULL",
            )?
            .query_row([view, item], |row| row.get(0))
            .optional()?;
        let writer = stamp
            .device
            .filter(|_| stamp.wrote.contains(&ItemId(item)))
            .map(|device| device.0);
        let Some(first) = held.first() else {
            if let Some(row) = row {
                let seq = self.next_seq(view)?;
                self.connection
                    .prepare_cached(
                        "UPDATE view_placement SET gone = ?2, writer = ?3 WHERE id = ?1",
                    )?
                    .execute(params![row, seq, writer])?;
            }
            return Ok(());
        };
        let within: Vec<String> = held.iter().map(|held| held.book.to_string()).collect();
        let within = within.join(" ");
        let seq = self.next_seq(view)?;
        if let Some(row) = row {
            self.connection
                .prepare_cached(
                    "UPDATE view_placement SET changed = ?2, writer = ?3, within = ?4, uid = ?5,
                         placed_by = ?6, overlay = ?7, changed_at = max(?8, iif(
                             overlay = ?7, changed_at, ?9)) WHERE id = ?1",
                )?
                .execute(params![
                    row,
                    seq,
                    writer,
                    within,
                    first.uid,
                    first.placed_by,
                    first.overlay,
                    first.changed_at,
                    self.batch.at.0
                ])?;
            return self.note_shown(row, seq, writer, first);
        }
        let made = stamp
            .made
            .iter()
            .find(|made| held.iter().any(|held| held.server_id == made.in_book));
        let server_id = made.map_or_else(|| random_id(12), |made| made.in_view.clone());
        let device = stamp.device.map(|device| device.0);
        let maker = device.filter(|_| made.is_some());
        let writer = device.filter(|_| made.is_some_and(|made| !made.altered));
        // The name it has in its book, unless it is another's here.
        self.connection
            .prepare_cached(
                "INSERT INTO view_placement (item, collection, server_id, uid, placed_by, within,
                     born, changed, maker, writer, overlay, changed_at, href)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?12,
                     CASE WHEN EXISTS (SELECT 1 FROM view_placement
                         WHERE collection = ?2 AND href = ?11 AND gone IS NULL)
                     THEN ?3 || '.vcf' ELSE ?11 END)",
            )?
            .execute(params![
                item,
                view,
                server_id,
                first.uid,
                first.placed_by,
                within,
                seq,
                maker,
                writer,
                first.overlay,
                first.href,
                first.changed_at,
            ])?;
        let row = self.connection.last_insert_rowid();
        self.note_shown(row, seq, writer, first)
    }

    /// What a row shows from a sequence on.
    fn note_shown(&self, row: i64, seq: i64, writer: Option<i64>, held: &Held) -> Applied<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO view_version (row, seq, writer, placement, shown)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![row, seq, writer, held.placement, held.changed])?;
        Ok(())
    }

    /// Where the books of a view hold an item, private ones first.
    fn held(&self, view: i64, item: i64) -> Applied<Vec<Held>> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT p.collection, p.server_id, p.uid, p.placed_by, p.overlay, p.id, p.changed,
                     p.href, p.changed_at
                 FROM placement p
                 JOIN view_source s ON s.source = p.collection AND s.view = ?1
                 JOIN collection c ON c.id = p.collection
                 WHERE p.item = ?2 AND p.gone IS NULL
                 ORDER BY c.kind <> 'private', c.position, c.id",
            )?
            .query_map([view, item], |row| {
                Ok(Held {
                    book: row.get(0)?,
                    server_id: row.get(1)?,
                    uid: row.get(2)?,
                    placed_by: row.get(3)?,
                    overlay: row.get(4)?,
                    placement: row.get(5)?,
                    changed: row.get(6)?,
                    href: row.get(7)?,
                    changed_at: row.get(8)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?)
    }
}

//! Items and their placements.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    Applied, Commit,
    place::{Arrival, Placing},
    search,
};
use crate::domain::{
    batch::{Content, ItemOp},
    error::Error,
    id::{CollectionId, DeviceId, ItemId, PlacementId, Seq},
};

/// A live or removed placement, as far as operations need it.
pub(super) struct Placed {
    pub(super) id: i64,
    pub(super) item: i64,
    pub(super) collection: i64,
    pub(super) changed: i64,
    pub(super) gone: Option<i64>,
    pub(super) writer: Option<i64>,
    pub(super) overlay: Vec<u8>,
}

impl Placed {
    const COLUMNS: &str = "id, item, collection, changed, gone, writer, overlay";

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            item: row.get(1)?,
            collection: row.get(2)?,
            changed: row.get(3)?,
            gone: row.get(4)?,
            writer: row.get(5)?,
            overlay: row.get(6)?,
        })
    }
}

/// What a batch places in the private books of somebody who has a quota.
pub(super) struct Room {
    limit: i64,
    placed: i64,
}

impl<'a> Commit<'a> {
    pub(super) fn item_op(&mut self, op: &'a ItemOp) -> Applied<i64> {
        match op {
            ItemOp::CreateItem {
                class,
                creator,
                content,
                placement,
            } => self.create_item(class, *creator, content, placement),
            ItemOp::Place {
                item,
                placement,
                from,
            } => {
                let origin = Placing {
                    by: self.author().unwrap_or(0),
                    from: from.map(|from| from.0),
                };
                self.place_existing(*item, placement, &origin, Arrival::Shared)
            }
            ItemOp::Edit {
                item,
                expected_rev,
                content,
                through,
                expected_changed,
                overlay,
                writer,
            } => {
                let through = self.expected(*through, *expected_changed)?;
                self.edit(*item, *expected_rev, content, &through, overlay, *writer)
            }
            ItemOp::SetOverlay {
                placement,
                expected_changed,
                overlay,
                tags,
                writer,
            } => self.set_overlay(*placement, *expected_changed, overlay, tags, *writer),
            ItemOp::Remove {
                placement,
                expected_changed,
                writer,
            } => self.remove(*placement, *expected_changed, *writer),
            ItemOp::RestorePlacement {
                placement,
                href,
                server_id,
                overlay,
            } => self.restore(*placement, href, server_id, overlay.as_deref()),
            ItemOp::Holds { collection, number } => self.holds(*collection, *number),
        }
    }

    /// Returns the revision that keeps the version before.
    fn edit(
        &mut self,
        item: ItemId,
        expected_rev: i64,
        content: &'a Content,
        through: &Placed,
        overlay: &Option<(Vec<u8>, Vec<String>)>,
        writer: Option<DeviceId>,
    ) -> Applied<i64> {
        let index = &content.index;
        self.require_blob(index.blob.as_ref())?;
        let revision = self.keep_version(item.0, expected_rev)?;
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE item SET uid = ?3, kind = ?4, display = ?5, sort_first = ?6, sort_last = ?7,
                     document = ?8, digest = ?9, rev = rev + 1, modified = ?10, mixed = ?11, beside = ?12,
                     blob = ?13, octets = ?14
                 WHERE id = ?1 AND rev = ?2",
            )?
            .execute(params![
                item.0,
                expected_rev,
                index.uid,
                index.kind,
                index.display,
                index.sort_first,
                index.sort_last,
                content.document,
                content.digest,
                self.batch.at.0,
                index.mixed,
                content.beside,
                index.blob.as_ref().map(|blob| &blob.digest),
                index.blob.as_ref().map_or(0, |blob| blob.octets),
            ])?;
        if changed == 0 {
            return Err(Error::Moved.into());
        }
        search::replace_texts(self.connection, item.0, index)?;
        if let Some(known) = self.unindexed.created.get_mut(&item.0) {
            *known = index;
        }
        let own = match overlay {
            Some(_) => self.own_books(through.collection)?,
            None => Vec::new(),
        };
        for placed in self.live_placements(item.0)? {
            self.check_uid(placed.collection, &index.uid, placed.id)?;
            let seq = self.next_seq(placed.collection)?;
            let came_through = placed.id == through.id;
            let new_overlay = overlay
                .as_ref()
                .filter(|_| came_through || own.contains(&placed.collection))
                .map(|(overlay, _)| overlay);
            self.connection
                .prepare_cached(
                    "UPDATE placement SET changed = ?2, writer = ?3, uid = ?4,
                         overlay = coalesce(?5, overlay) WHERE id = ?1",
                )?
                .execute(params![
                    placed.id,
                    seq,
                    writer.filter(|_| came_through).map(|device| device.0),
                    index.uid,
                    new_overlay,
                ])?;
        }
        if let Some((_, tags)) = overlay {
            self.link_owner_tags(through.collection, item.0, tags)?;
        }
        self.note_import(item.0, through.id, Some(revision), &through.overlay)?;
        Ok(revision)
    }

    /// Returns the revision that keeps the lines before.
    fn set_overlay(
        &mut self,
        placement: PlacementId,
        expected_changed: Seq,
        overlay: &[u8],
        tags: &[String],
        writer: Option<DeviceId>,
    ) -> Applied<i64> {
        let placed = self.expected(placement, expected_changed)?;
        self.connection
            .prepare_cached(
                "INSERT INTO revision (kind, item, collection, placement, at, person, client,
                     document, overlay)
                 SELECT 'replaced', id, ?2, ?3, ?4, ?5, ?6, document, ?7 FROM item WHERE id = ?1",
            )?
            .execute(params![
                placed.item,
                placed.collection,
                placed.id,
                self.batch.at.0,
                self.author(),
                self.batch.client,
                placed.overlay,
            ])?;
        let revision = self.connection.last_insert_rowid();
        let own = self.own_books(placed.collection)?;
        let mut shown = self.live_placements(placed.item)?;
        shown.retain(|other| other.id == placed.id || own.contains(&other.collection));
        for other in &shown {
            self.keep_place(revision, other)?;
        }
        self.bound_versions(placed.item, revision)?;
        for other in &shown {
            let seq = self.next_seq(other.collection)?;
            let writer = writer.filter(|_| other.id == placed.id);
            self.connection
                .prepare_cached(
                    "UPDATE placement SET changed = ?2, overlay = ?3, writer = ?4, changed_at = ?5
                     WHERE id = ?1",
                )?
                .execute(params![
                    other.id,
                    seq,
                    overlay,
                    writer.map(|device| device.0),
                    self.batch.at.0
                ])?;
        }
        self.link_owner_tags(placed.collection, placed.item, tags)?;
        self.note_import(placed.item, placed.id, Some(revision), &placed.overlay)?;
        Ok(revision)
    }

    fn remove(
        &mut self,
        placement: PlacementId,
        expected_changed: Option<Seq>,
        writer: Option<DeviceId>,
    ) -> Applied<i64> {
        let placed = self.live(placement)?;
        if expected_changed.is_some_and(|expected| expected.0 != placed.changed) {
            return Err(Error::Moved.into());
        }
        self.net_removals += 1;
        self.removed_from = Some(placed.collection);
        self.take_away(&placed, writer)
    }

    /// Marks a placement as removed and keeps its content; returns the revision.
    pub(super) fn take_away(&mut self, placed: &Placed, writer: Option<DeviceId>) -> Applied<i64> {
        self.connection
            .prepare_cached(
                "INSERT INTO revision (kind, item, collection, placement, at, person, client,
                     document, overlay, display)
                 SELECT 'removed', id, ?2, ?3, ?4, ?5, ?6, document, ?7, display
                 FROM item WHERE id = ?1",
            )?
            .execute(params![
                placed.item,
                placed.collection,
                placed.id,
                self.batch.at.0,
                self.author(),
                self.batch.client,
                placed.overlay,
            ])?;
        let revision = self.connection.last_insert_rowid();
        self.keep_place(revision, placed)?;
        self.unindexed.placed.retain(|live| live.id != placed.id);
        *self.taken.entry(placed.collection).or_default() += 1;
        let seq = self.next_seq(placed.collection)?;
        self.connection
            .prepare_cached(
                "UPDATE placement SET gone = ?2, gone_at = ?3, writer = ?4 WHERE id = ?1",
            )?
            .execute(params![
                placed.id,
                seq,
                self.batch.at.0,
                writer.map(|device| device.0)
            ])?;
        self.comments_follow(placed)?;
        // A grant through this place is void from now on: what was decided on it is decided anew.
        self.rights_moved |= self
            .connection
            .prepare_cached("SELECT 1 FROM grant_item WHERE item = ?1 AND collection = ?2")?
            .exists([placed.item, placed.collection])?;
        Ok(revision)
    }

    /// What the owner of a private book wrote of an item there goes with it to another one of theirs
    /// that has it.
    fn comments_follow(&self, placed: &Placed) -> Applied<()> {
        let into: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT p.collection FROM placement p JOIN collection o ON o.id = p.collection
                 JOIN collection c ON c.id = ?2 AND c.person = o.person
                 WHERE p.item = ?1 AND p.gone IS NULL AND p.collection <> ?2
                     AND o.kind = 'private' AND c.kind = 'private'
                 ORDER BY p.collection LIMIT 1",
            )?
            .query_row([placed.item, placed.collection], |row| row.get(0))
            .optional()?;
        let Some(into) = into else {
            return Ok(());
        };
        for sql in [
            "UPDATE comment SET collection = ?3 WHERE item = ?1 AND collection = ?2",
            "UPDATE revision SET collection = ?3
             WHERE item = ?1 AND collection = ?2 AND kind = 'comment'",
        ] {
            self.run(sql, [placed.item, placed.collection, into])?;
        }
        Ok(())
    }

    /// Removes every live placement of a collection, keeping what each showed.
    pub(super) fn empty(&mut self, collection: i64) -> Applied<()> {
        let placed: Vec<Placed> = self
            .connection
            .prepare_cached(&format!(
                "SELECT {} FROM placement WHERE collection = ?1 AND gone IS NULL",
                Placed::COLUMNS
            ))?
            .query_map([collection], Placed::read)?
            .collect::<rusqlite::Result<_>>()?;
        for placed in &placed {
            self.take_away(placed, None)?;
        }
        Ok(())
    }

    /// Removes live placements of a collection that is about to end, as many as this commit may;
    /// whether none is left.
    pub(super) fn clear(&mut self, collection: i64) -> Applied<bool> {
        let placed: Vec<Placed> = self
            .connection
            .prepare_cached(&format!(
                "SELECT {} FROM placement WHERE collection = ?1 AND gone IS NULL
                 ORDER BY born LIMIT ?2",
                Placed::COLUMNS
            ))?
            .query_map(params![collection, self.room as i64], Placed::read)?
            .collect::<rusqlite::Result<_>>()?;
        for placed in &placed {
            self.take_away(placed, None)?;
        }
        Ok(self.has_room_after(placed.len()))
    }

    /// Counts what was taken away; when that is all this commit may, there may be more.
    pub(super) fn has_room_after(&mut self, taken: usize) -> bool {
        self.room -= taken;
        self.more |= self.room == 0;
        self.room > 0
    }

    fn holds(&mut self, collection: CollectionId, number: i64) -> Applied<i64> {
        if self.live_in(collection.0)? == number {
            Ok(collection.0)
        } else {
            Err(Error::Moved.into())
        }
    }

    /// Tags belong to the owner of the private book, whoever writes.
    pub(super) fn link_owner_tags(
        &mut self,
        collection: i64,
        item: i64,
        tags: &[String],
    ) -> Applied<()> {
        let owner: Option<i64> = self
            .connection
            .prepare_cached("SELECT person FROM collection WHERE id = ?1 AND kind = 'private'")?
            .query_row([collection], |row| row.get(0))
            .optional()?;
        match owner {
            Some(owner) => self.link_tags(owner, item, tags),
            None => Ok(()),
        }
    }

    /// The private books and folders of the owner of one: what is the owner's alone is the same in
    /// each. None beside the book of a group.
    fn own_books(&self, collection: i64) -> Applied<Vec<i64>> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT o.id FROM collection c
                 JOIN collection o ON o.person = c.person AND o.kind = 'private'
                 WHERE c.id = ?1 AND c.kind = 'private'",
            )?
            .query_map([collection], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?)
    }

    /// Records an item that an import created, or the revision it replaced, so that it can be
    /// undone.
    pub(super) fn note_import(
        &self,
        item: i64,
        placement: i64,
        revision: Option<i64>,
        overlay: &[u8],
    ) -> Applied<()> {
        if let Some(import) = self.batch.import {
            self.connection
                .prepare_cached(
                    "INSERT INTO import_item (import, item, placement, digest, revision, overlay)
                     VALUES (?1, ?2, ?3, (SELECT digest FROM item WHERE id = ?2), ?4, ?5)
                     ON CONFLICT DO UPDATE SET digest = excluded.digest",
                )?
                .execute(params![import.0, item, placement, revision, overlay])?;
        }
        Ok(())
    }

    /// Notes that one more is placed in a private book whose owner has a quota.
    pub(super) fn count_in(&mut self, collection: CollectionId) -> Applied<()> {
        let quota: Option<(i64, Option<i64>)> = self
            .connection
            .prepare_cached(
                "SELECT p.id, nullif(coalesce(p.quota, k.contacts), 0) FROM collection c
                 JOIN person p ON p.id = c.person
                 LEFT JOIN account_class k ON k.name = p.class
                 WHERE c.id = ?1 AND c.kind = 'private' AND c.class = 'contact'",
            )?
            .query_row([collection.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((person, Some(limit))) = quota else {
            return Ok(());
        };
        let room = self
            .rooms
            .entry(person)
            .or_insert(Room { limit, placed: 0 });
        room.placed += 1;
        Ok(())
    }

    /// Refuses when the private books of somebody hold more than they may and more than before: what
    /// only came from one into another is none more.
    pub(super) fn check_rooms(&mut self) -> Applied<()> {
        for (person, Room { limit, placed }) in std::mem::take(&mut self.rooms) {
            let books: Vec<i64> = self
                .connection
                .prepare_cached(
                    "SELECT id FROM collection
                     WHERE person = ?1 AND kind = 'private' AND class = 'contact'",
                )?
                .query_map([person], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let taken = books.iter().filter_map(|book| self.taken.get(book));
            let more = placed - taken.sum::<i64>();
            if more > 0 && self.private_contacts(person)? > limit {
                return Err(Error::OverQuota { limit }.into());
            }
        }
        Ok(())
    }

    pub(super) fn live(&self, placement: PlacementId) -> Applied<Placed> {
        let placed = self.placed(placement)?;
        match placed.gone {
            None => Ok(placed),
            Some(_) => Err(Error::Moved.into()),
        }
    }

    /// A live placement, as it was when a write through it was decided.
    fn expected(&self, placement: PlacementId, changed: Seq) -> Applied<Placed> {
        let placed = self.live(placement)?;
        if placed.changed == changed.0 {
            Ok(placed)
        } else {
            Err(Error::Moved.into())
        }
    }

    pub(super) fn placed(&self, placement: PlacementId) -> Applied<Placed> {
        let placed = self
            .connection
            .prepare_cached(&format!(
                "SELECT {} FROM placement WHERE id = ?1",
                Placed::COLUMNS
            ))?
            .query_row([placement.0], Placed::read)
            .optional()?;
        Ok(placed.ok_or(Error::NotFound)?)
    }

    pub(super) fn live_placements(&self, item: i64) -> Applied<Vec<Placed>> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT {} FROM placement WHERE item = ?1 AND gone IS NULL ORDER BY collection",
                Placed::COLUMNS
            ))?
            .query_map([item], Placed::read)?
            .collect::<rusqlite::Result<_>>()?)
    }
}

//! Placing items in a collection: new ones, shared ones, those restored from the trash.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    Applied, Commit, Failure,
    search::{self, Live},
};
use crate::domain::{
    batch::{Content, ItemOp, NewPlacement, Op},
    error::Error,
    id::{CollectionId, ItemId, PersonId, PlacementId},
};

/// Who placed an item, and the collection it was shared from.
pub(super) struct Placing {
    pub(super) by: i64,
    pub(super) from: Option<i64>,
}

/// How an item that is there already comes to a collection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    Shared,
    /// From the trash.
    Restored,
}

/// What a placement has from its item.
pub(super) struct Facts {
    pub(super) item: i64,
    pub(super) uid: String,
    pub(super) octets: i64,
    pub(super) creator: i64,
    pub(super) sort_first: String,
    pub(super) sort_last: String,
}

impl Facts {
    /// Reads `id, uid, length(document), creator, sort_first, sort_last`.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            item: row.get(0)?,
            uid: row.get(1)?,
            octets: row.get(2)?,
            creator: row.get(3)?,
            sort_first: row.get(4)?,
            sort_last: row.get(5)?,
        })
    }
}

impl<'a> Commit<'a> {
    pub(super) fn create_item(
        &mut self,
        class: &str,
        creator: PersonId,
        content: &'a Content,
        placement: &NewPlacement,
    ) -> Applied<i64> {
        self.count_in(placement.collection)?;
        let index = &content.index;
        self.require_blob(index.blob.as_ref())?;
        self.connection
            .prepare_cached(
                "INSERT INTO item (class, uid, kind, display, sort_first, sort_last, document,
                     digest, creator, origin, created, modified, mixed, beside, blob, octets)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13, ?14, ?15)",
            )?
            .execute(params![
                class,
                index.uid,
                index.kind,
                index.display,
                index.sort_first,
                index.sort_last,
                content.document,
                content.digest,
                creator.0,
                placement.collection.0,
                self.batch.at.0,
                index.mixed,
                content.beside,
                index.blob.as_ref().map(|blob| &blob.digest),
                index.blob.as_ref().map_or(0, |blob| blob.octets),
            ])?;
        let item = self.connection.last_insert_rowid();
        search::write_texts(self.connection, item, index)?;
        self.unindexed.created.insert(item, index);
        let origin = Placing {
            by: self.author().unwrap_or(creator.0),
            from: None,
        };
        let facts = Facts {
            item,
            uid: index.uid.clone(),
            octets: content.document.len() as i64,
            creator: creator.0,
            sort_first: index.sort_first.clone(),
            sort_last: index.sort_last.clone(),
        };
        let placed = self.place(facts, placement, &origin)?;
        self.note_import(item, placed, None, &[])?;
        Ok(placed)
    }

    pub(super) fn place_existing(
        &mut self,
        item: ItemId,
        placement: &NewPlacement,
        origin: &Placing,
        arrival: Arrival,
    ) -> Applied<i64> {
        let live: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT id FROM placement WHERE item = ?1 AND collection = ?2 AND gone IS NULL",
            )?
            .query_row(params![item.0, placement.collection.0], |row| row.get(0))
            .optional()?;
        if let Some(live) = live {
            return Ok(live);
        }
        self.count_in(placement.collection)?;
        if let (Arrival::Shared, Some(from)) = (arrival, origin.from) {
            // Whoever shares it reads it there, still.
            let shown = self
                .connection
                .prepare_cached(
                    "SELECT 1 FROM placement WHERE item = ?1 AND collection = ?2 AND gone IS NULL",
                )?
                .exists([item.0, from])?;
            if !shown {
                return Err(Error::Moved.into());
            }
        }
        // What was purged has no content left.
        let facts = self
            .connection
            .prepare_cached(
                "SELECT id, uid, length(document), creator, sort_first, sort_last FROM item
                 WHERE id = ?1 AND length(document) > 0",
            )?
            .query_row([item.0], Facts::read)
            .optional()?
            .ok_or(Error::NotFound)?;
        let placed = self.place(facts, placement, origin)?;
        if arrival == Arrival::Shared && origin.from.is_some() {
            self.tell_shared(item.0, placement.collection.0);
        }
        Ok(placed)
    }

    /// Places an item where there is somebody to see it.
    fn place(&mut self, facts: Facts, placement: &NewPlacement, origin: &Placing) -> Applied<i64> {
        self.require_open(placement.collection.0)?;
        let placed = self.insert(facts, placement, origin)?;
        self.net_removals -= 1;
        Ok(placed)
    }

    /// Inserts a placement; the uid and the href must be free among the live ones.
    pub(super) fn insert(
        &mut self,
        facts: Facts,
        placement: &NewPlacement,
        origin: &Placing,
    ) -> Applied<i64> {
        let collection = placement.collection.0;
        let seq = self.next_seq(collection)?;
        let device = placement.device.map(|device| device.0);
        let writer = device.filter(|_| !placement.altered);
        self.connection
            .prepare_cached(
                "INSERT INTO placement (item, collection, href, server_id, uid, placed_by, placed_at,
                     born, changed, maker, writer, overlay, client, came_from, creator, sort_first,
                     sort_last, changed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                     ?7)",
            )?
            .execute(params![
                facts.item,
                collection,
                placement.href,
                placement.server_id,
                facts.uid,
                origin.by,
                self.batch.at.0,
                seq,
                device,
                writer,
                placement.overlay,
                self.batch.client,
                origin.from,
                facts.creator,
                facts.sort_first,
                facts.sort_last,
            ])
            .map_err(|error| self.not_placed(placement, &facts.uid, error))?;
        let id = self.connection.last_insert_rowid();
        self.count_placed(collection, facts.octets);
        self.unindexed.placed.push(Live {
            id,
            item: facts.item,
            collection,
        });
        if !placement.tags.is_empty() {
            self.link_owner_tags(collection, facts.item, &placement.tags)?;
        }
        Ok(id)
    }

    /// Why a placement could not be inserted.
    fn not_placed(&self, placement: &NewPlacement, uid: &str, error: rusqlite::Error) -> Failure {
        let collection = placement.collection.0;
        let taken = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM placement WHERE collection = ?1 AND href = ?2 AND gone IS NULL",
            )
            .and_then(|mut statement| statement.exists(params![collection, placement.href]));
        match taken {
            // The decision was made on an absent href: somebody was faster, perhaps with this UID.
            Ok(true) => Error::Moved.into(),
            _ => match self.check_uid(collection, uid, 0) {
                Err(held) => held,
                Ok(()) => error.into(),
            },
        }
    }

    /// `UidConflict` when another live placement of the collection has the UID.
    pub(super) fn check_uid(&self, collection: i64, uid: &str, except: i64) -> Applied<()> {
        let holder: Option<String> = self
            .connection
            .prepare_cached(
                "SELECT href FROM placement
                 WHERE collection = ?1 AND uid = ?2 AND gone IS NULL AND id <> ?3",
            )?
            .query_row(params![collection, uid, except], |row| row.get(0))
            .optional()?;
        match holder {
            Some(href) => Err(Error::UidConflict { href }.into()),
            None => Ok(()),
        }
    }

    pub(super) fn restore(
        &mut self,
        placement: PlacementId,
        href: &str,
        server_id: &str,
        overlay: Option<&[u8]>,
    ) -> Applied<i64> {
        let placed = self.placed(placement)?;
        if placed.gone.is_none() {
            return Err(Error::Moved.into());
        }
        let origin = self
            .connection
            .prepare_cached("SELECT placed_by, came_from FROM placement WHERE id = ?1")?
            .query_row([placed.id], |row| {
                Ok(Placing {
                    by: row.get(0)?,
                    from: row.get(1)?,
                })
            })?;
        // What this batch itself takes away, to put it elsewhere, was never counted as removed.
        let removed = self.removed.get_or_init(|| {
            let removed = |op: &Op| match op {
                Op::Item(ItemOp::Remove { placement, .. }) => Some(placement.0),
                _ => None,
            };
            self.batch.ops.iter().filter_map(removed).collect()
        });
        if !removed.contains(&placed.id) {
            self.restored.push((placed.id, placed.collection));
        }
        self.place_existing(
            ItemId(placed.item),
            &NewPlacement {
                collection: CollectionId(placed.collection),
                href: href.to_owned(),
                server_id: server_id.to_owned(),
                device: None,
                altered: false,
                overlay: overlay.map_or(placed.overlay, <[u8]>::to_vec),
                tags: Vec::new(),
            },
            &origin,
            Arrival::Restored,
        )
    }
}

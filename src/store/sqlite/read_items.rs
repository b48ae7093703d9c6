//! Reads about items and placements.

use rusqlite::{Params, Row, params};

use super::read::{Reader, place};
use crate::domain::{
    id::{CollectionId, DeviceId, ItemId, PersonId, PlacementId, Seq, TagId, Timestamp},
    item::{Card, Placement},
    store::{Identity, ItemStanding, Order, Span, Version, Want},
};

pub(super) const HEAD: &str =
    "p.id, p.item, p.collection, p.href, p.server_id, p.uid, i.class, i.kind, i.display,
    i.creator, i.origin, p.placed_by, p.born, p.changed, p.gone, p.maker, p.writer, i.rev, i.digest,
    length(i.document), i.created, i.modified, p.overlay, i.mixed, i.beside,
    max(i.modified, p.changed_at)";

/// Documents held in memory for one page; the last may go beyond.
const PAGE_OCTETS: usize = 128 * 1024;

/// Documents held in memory of those asked by name; the last may go beyond. An answer to a device
/// that asks for what its window holds is one read.
const NAMED_OCTETS: usize = 1024 * 1024;

pub(super) fn document(want: Want) -> &'static str {
    match want {
        Want::Heads => "x''",
        Want::Documents => "CASE WHEN p.gone IS NULL THEN i.document ELSE x'' END",
    }
}

pub(super) const FROM: &str = "FROM placement p JOIN item i ON i.id = p.item";

pub(super) fn head(row: &Row<'_>) -> rusqlite::Result<Placement> {
    let overlay: Vec<u8> = row.get(22)?;
    let beside: Vec<u8> = row.get(24)?;
    Ok(Placement {
        id: PlacementId(row.get(0)?),
        item: ItemId(row.get(1)?),
        collection: CollectionId(row.get(2)?),
        href: row.get(3)?,
        server_id: row.get(4)?,
        uid: row.get(5)?,
        class: row.get(6)?,
        kind: row.get(7)?,
        display: row.get(8)?,
        creator: PersonId(row.get(9)?),
        origin: row.get::<_, Option<i64>>(10)?.map(CollectionId),
        placed_by: PersonId(row.get(11)?),
        born: Seq(row.get(12)?),
        changed: Seq(row.get(13)?),
        gone: row.get::<_, Option<i64>>(14)?.map(Seq),
        maker: row.get::<_, Option<i64>>(15)?.map(DeviceId),
        writer: row.get::<_, Option<i64>>(16)?.map(DeviceId),
        rev: row.get(17)?,
        digest: row.get(18)?,
        size: row.get(19)?,
        created: Timestamp(row.get(20)?),
        modified: Timestamp(row.get(21)?),
        overlay: overlay.into(),
        mixed: row.get(23)?,
        beside: beside.into(),
        shown_since: Timestamp(row.get(25)?),
    })
}

/// A row of (document, overlay).
pub fn version(row: &Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        document: row.get(0)?,
        overlay: row.get(1)?,
    })
}

pub(super) fn card(row: &Row<'_>) -> rusqlite::Result<Card> {
    let document: Vec<u8> = row.get(26)?;
    Ok(Card {
        placement: head(row)?,
        document: document.into(),
    })
}

/// A number of rows as SQLite takes it.
pub fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// An item with its class, its UID and its document.
pub type Stored = (ItemId, String, String, Vec<u8>);

/// Reads of [`Store`](crate::domain::store::Store) under the same names, described there.
impl Reader<'_> {
    pub fn count(&self, collection: CollectionId) -> rusqlite::Result<i64> {
        let count = self.one(
            "SELECT live FROM collection WHERE id = ?1",
            [collection.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    pub fn range(
        &self,
        collection: CollectionId,
        order: Order,
        span: Span,
    ) -> rusqlite::Result<Vec<Placement>> {
        let from = self.from(collection)?;
        let sql = format!("SELECT {HEAD} {from} {}", window(order));
        self.all(&sql, of_window(collection, span), head)
    }

    pub fn page(
        &self,
        collection: CollectionId,
        order: Order,
        span: Span,
        want: Want,
    ) -> rusqlite::Result<Vec<Card>> {
        let from = self.from(collection)?;
        let sql = format!("SELECT {HEAD}, {} {from} {}", document(want), window(order));
        self.bounded(&sql, of_window(collection, span), card, |card| {
            card.document.len()
        })
    }

    /// Rows until they hold as many octets as one page may.
    pub(super) fn bounded<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
        size: impl Fn(&T) -> usize,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        let mut page = Vec::new();
        let mut octets = 0;
        while octets < PAGE_OCTETS
            && let Some(row) = rows.next()?
        {
            let row = read(row)?;
            octets += size(&row);
            page.push(row);
        }
        drop(rows);
        self.work.add(&statement);
        Ok(page)
    }

    pub fn by_hrefs(
        &self,
        collection: CollectionId,
        hrefs: &[String],
        want: Want,
    ) -> rusqlite::Result<Vec<Option<Card>>> {
        let from = self.from(collection)?;
        let sql = format!(
            "SELECT {HEAD}, {} {from}
             WHERE p.collection = ?1 AND p.href = ?2 AND p.gone IS NULL",
            document(want)
        );
        let mut found = Vec::with_capacity(hrefs.len());
        let mut octets = 0;
        for href in hrefs {
            let card = self.one(&sql, params![collection.0, href], card)?;
            octets += card.as_ref().map_or(0, |card| card.document.len());
            found.push(card);
            if octets >= PAGE_OCTETS {
                break;
            }
        }
        Ok(found)
    }

    pub fn by_server_ids(
        &self,
        collection: CollectionId,
        ids: &[String],
    ) -> rusqlite::Result<Vec<Option<Card>>> {
        let from = self.from(collection)?;
        let sql = format!(
            "SELECT {HEAD}, i.document {from} WHERE p.server_id = ?2 AND p.collection = ?1"
        );
        self.fitting(ids, |id| self.one(&sql, params![collection.0, id], card))
    }

    /// Cards of the first keys, until they hold as many octets as one answer may.
    fn fitting<K>(
        &self,
        keys: &[K],
        read: impl Fn(&K) -> rusqlite::Result<Option<Card>>,
    ) -> rusqlite::Result<Vec<Option<Card>>> {
        let mut found = Vec::with_capacity(keys.len());
        let mut octets = 0;
        for key in keys {
            let card = read(key)?;
            octets += card.as_ref().map_or(0, |card| card.document.len());
            found.push(card);
            if octets >= NAMED_OCTETS {
                break;
            }
        }
        Ok(found)
    }

    pub fn by_uid(&self, collection: CollectionId, uid: &str) -> rusqlite::Result<Option<Card>> {
        let sql = format!(
            "SELECT {HEAD}, i.document {FROM}
             WHERE p.collection = ?1 AND p.uid = ?2 AND p.gone IS NULL"
        );
        self.one(&sql, params![collection.0, uid], card)
    }

    /// `(field, value)` of an item's index.
    pub fn texts(&self, item: ItemId) -> rusqlite::Result<Vec<(String, String)>> {
        self.all(
            "SELECT field, value FROM index_text WHERE item = ?1 ORDER BY n",
            [item.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Items after one, with uid and document, but for those whose content is forgotten.
    pub fn documents(&self, after: ItemId, limit: usize) -> rusqlite::Result<Vec<Stored>> {
        self.all(
            "SELECT id, class, uid, document FROM item WHERE id > ?1 AND document <> x'' ORDER BY id LIMIT ?2",
            params![after.0, count(limit)],
            |row| Ok((ItemId(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?)),
        )
    }

    /// Derived rows have to be made anew.
    pub fn derived_is_stale(&self) -> rusqlite::Result<bool> {
        let stale = self.one(
            "SELECT 1 FROM meta WHERE name = 'derived' AND value = 'stale'",
            [],
            |_| Ok(()),
        )?;
        Ok(stale.is_some())
    }

    pub fn uids_held(
        &self,
        collection: CollectionId,
        uids: &[String],
    ) -> rusqlite::Result<Vec<String>> {
        self.all(
            "SELECT p.uid FROM json_each(?2) j CROSS JOIN placement p
             ON p.collection = ?1 AND p.uid = j.value AND p.gone IS NULL",
            params![collection.0, serde_json::json!(uids).to_string()],
            |row| row.get(0),
        )
    }

    pub fn by_placements(
        &self,
        placements: &[PlacementId],
        want: Want,
    ) -> rusqlite::Result<Vec<Option<Card>>> {
        let sql = format!(
            "SELECT {HEAD}, {} {FROM} WHERE p.id = ?1 AND p.gone IS NULL",
            document(want)
        );
        self.fitting(placements, |placement| self.one(&sql, [placement.0], card))
    }

    pub fn identities(
        &self,
        collection: CollectionId,
        after: Seq,
        limit: usize,
    ) -> rusqlite::Result<Vec<Identity>> {
        self.all(
            "WITH page AS MATERIALIZED (
                 SELECT id, item, uid, born FROM placement
                 WHERE collection = ?1 AND born > ?2 AND gone IS NULL ORDER BY born LIMIT ?3)
             SELECT id, born, 'uid', uid FROM page
             UNION ALL
             SELECT page.id, page.born, t.field, t.value
             FROM page CROSS JOIN item i ON i.id = page.item
                 CROSS JOIN index_text t ON t.item = page.item
             WHERE t.field IN ('name', 'email', 'tel', 'mobile', 'other-uid')
                 AND (i.kind <> 'group' OR t.field = 'other-uid')",
            params![collection.0, after.0, count(limit)],
            |row| {
                Ok(Identity {
                    placement: PlacementId(row.get(0)?),
                    born: Seq(row.get(1)?),
                    field: row.get(2)?,
                    value: row.get(3)?,
                })
            },
        )
    }

    pub fn version_at(
        &self,
        placement: PlacementId,
        seq: Seq,
        device: Option<DeviceId>,
    ) -> rusqlite::Result<Option<Version>> {
        let current = self.one(
            "SELECT i.document, p.overlay FROM placement p JOIN item i ON i.id = p.item
             WHERE p.id = ?1 AND p.gone IS NULL AND (p.changed <= ?2 OR p.writer = ?3)",
            params![placement.0, seq.0, device.map(|device| device.0)],
            version,
        )?;
        if current.is_some() {
            return Ok(current);
        }
        self.one(
            "SELECT r.document, v.overlay FROM revision_place v JOIN revision r ON r.id = v.revision
             WHERE v.placement = ?1 AND (v.seq <= ?2 OR v.writer = ?3)
             ORDER BY v.seq DESC LIMIT 1",
            params![placement.0, seq.0, device.map(|device| device.0)],
            version,
        )
    }

    pub fn modifies_something(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> rusqlite::Result<bool> {
        // Creator; a grant through a group of the person; custody, for those who run a group: of what
        // anybody made there whose contacts are here.
        let found = self.one(
            "WITH RECURSIVE maker (person) AS (
                 SELECT min(creator) FROM placement WHERE collection = ?1 AND gone IS NULL
                 UNION ALL
                 SELECT (SELECT min(p.creator) FROM placement p
                     WHERE p.collection = ?1 AND p.gone IS NULL AND p.creator > maker.person)
                 FROM maker WHERE person IS NOT NULL)
             SELECT 1 FROM (
                 SELECT 1 FROM placement
                 WHERE collection = ?1 AND creator = ?2 AND gone IS NULL
                 UNION ALL
                 SELECT 1 FROM membership m
                     CROSS JOIN collection gc ON gc.grp = m.grp AND gc.kind = 'group'
                     CROSS JOIN grant_item g ON g.collection = gc.id AND g.person IN (0, ?2)
                     CROSS JOIN placement o ON o.item = g.item AND o.collection = gc.id
                         AND o.gone IS NULL
                     CROSS JOIN placement p ON p.item = g.item AND p.collection = ?1
                         AND p.gone IS NULL
                 WHERE m.person = ?2
                 UNION ALL
                 SELECT 1 FROM membership m
                     CROSS JOIN collection oc ON oc.grp = m.grp AND oc.kind = 'group'
                     CROSS JOIN maker
                     CROSS JOIN item i ON i.creator = maker.person AND i.origin = oc.id
                     CROSS JOIN placement o ON o.item = i.id AND o.collection = oc.id
                         AND o.gone IS NULL
                     CROSS JOIN placement p ON p.item = i.id AND p.collection = ?1
                         AND p.gone IS NULL
                 WHERE m.person = ?2 AND m.role <> 'member' AND NOT EXISTS (
                     SELECT 1 FROM membership c WHERE c.grp = oc.grp AND c.person = maker.person))
             LIMIT 1",
            [collection.0, person.0],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    pub fn item_standing(
        &self,
        item: ItemId,
        person: PersonId,
    ) -> rusqlite::Result<Option<ItemStanding>> {
        self.one(
            "SELECT i.creator, c.id, c.kind, c.person, c.grp, NOT EXISTS (
                 SELECT 1 FROM membership m WHERE m.grp = c.grp AND m.person = i.creator)
             AND EXISTS (SELECT 1 FROM placement p
                 WHERE p.item = i.id AND p.collection = c.id AND p.gone IS NULL),
             EXISTS (SELECT 1 FROM membership m
                 CROSS JOIN collection gc ON gc.grp = m.grp AND gc.kind = 'group'
                 CROSS JOIN grant_item g ON g.item = i.id AND g.collection = gc.id
                     AND g.person IN (0, ?2)
                 CROSS JOIN placement p ON p.item = i.id AND p.collection = gc.id AND p.gone IS NULL
                 WHERE m.person = ?2)
             FROM item i LEFT JOIN collection c ON c.id = i.origin WHERE i.id = ?1",
            [item.0, person.0],
            |row| {
                let origin: Option<i64> = row.get(1)?;
                Ok(ItemStanding {
                    creator: PersonId(row.get(0)?),
                    origin: origin.map(|_| place(row, 2)).transpose()?,
                    in_custody: row.get(5)?,
                    granted: row.get(6)?,
                })
            },
        )
    }

    pub fn placement(&self, placement: PlacementId) -> rusqlite::Result<Option<Card>> {
        let sql =
            format!("SELECT {HEAD}, i.document {FROM} WHERE p.id = ?1 AND length(i.document) > 0");
        self.one(&sql, [placement.0], card)
    }

    pub fn items_tagged(&self, tag: TagId) -> rusqlite::Result<Vec<ItemId>> {
        self.all(
            "SELECT item FROM tag_link WHERE tag = ?1 ORDER BY item",
            [tag.0],
            |row| Ok(ItemId(row.get(0)?)),
        )
    }

    pub fn tagged(&self, tag: TagId, most: Option<usize>) -> rusqlite::Result<Vec<Placement>> {
        let most = most.and_then(|most| i64::try_from(most).ok()).unwrap_or(-1);
        let sql = format!(
            "SELECT {HEAD} FROM tag_link l JOIN tag t ON t.id = l.tag
             JOIN placement p ON p.item = l.item AND p.gone IS NULL
             JOIN item i ON i.id = p.item
             JOIN collection c ON c.id = p.collection AND c.kind = 'private' AND c.person = t.person
             WHERE l.tag = ?1 ORDER BY l.item LIMIT ?2"
        );
        self.all(&sql, params![tag.0, most], head)
    }
}

/// What [`window`] is asked with.
fn of_window(collection: CollectionId, span: Span) -> [i64; 4] {
    let Span { after, upto, limit } = span;
    [collection.0, after.0, upto.0, count(limit)]
}

/// `?1` collection, `?2` after, `?3` up to, `?4` limit; each one range of one index.
fn window(order: Order) -> &'static str {
    match order {
        Order::Gone => {
            "WHERE p.collection = ?1 AND p.gone IS NOT NULL AND p.gone > ?2 AND p.gone <= ?3
             ORDER BY p.gone LIMIT ?4"
        }
        Order::Born => {
            "WHERE p.collection = ?1 AND p.gone IS NULL AND p.born > ?2 AND p.born <= ?3
             ORDER BY p.born LIMIT ?4"
        }
        Order::Changed => {
            "WHERE p.collection = ?1 AND p.gone IS NULL AND p.changed > ?2 AND p.changed <= ?3
             ORDER BY p.changed LIMIT ?4"
        }
        Order::Moved => {
            "WHERE p.collection = ?1 AND p.moved > ?2 AND p.moved <= ?3
             ORDER BY p.moved LIMIT ?4"
        }
    }
}

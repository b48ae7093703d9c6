//! Reads about versions, removals, refused writes, notices, and the placements of an item.

use std::{collections::HashMap, ops::RangeInclusive};

use rusqlite::{Row, params};

use super::{
    commit::notice::{PROPOSAL_ACCEPTED, PROPOSAL_DECLINED},
    read::{COLLECTION, Reader, collection, place},
    read_items::version,
};
use crate::domain::{
    collection::Collection,
    id::{CollectionId, ItemId, NoticeId, PersonId, PlacementId, RevisionId, Seq, Timestamp},
    store::{
        ItemGrant, ItemPlace, News, Notice, NoticeKind, Removal, RemovalPage, Replaced, Revision,
        RevisionKind, Touched, Version,
    },
    verification::Answer,
};

/// Reads of [`Store`](crate::domain::store::Store) under the same names, described there.
impl Reader<'_> {
    pub fn places_of(&self, item: ItemId) -> rusqlite::Result<Vec<ItemPlace>> {
        self.all(
            "SELECT p.id, p.collection, c.kind, c.person, c.grp, c.display_name, p.server_id,
                 p.placed_by, coalesce(w.name, ''), p.placed_at, p.client, p.came_from, p.gone_at
             FROM placement p JOIN collection c ON c.id = p.collection
             LEFT JOIN person w ON w.id = p.placed_by WHERE p.item = ?1 ORDER BY p.id",
            [item.0],
            |row| {
                let kind: String = row.get(2)?;
                let there = !kind.starts_with("removed");
                Ok(ItemPlace {
                    placement: PlacementId(row.get(0)?),
                    collection: CollectionId(row.get(1)?),
                    place: there.then(|| place(row, 2)).transpose()?,
                    display_name: row.get(5)?,
                    server_id: row.get(6)?,
                    placed_by: PersonId(row.get(7)?),
                    placed_by_name: row.get(8)?,
                    placed_at: Timestamp(row.get(9)?),
                    client: row.get(10)?,
                    came_from: row.get::<_, Option<i64>>(11)?.map(CollectionId),
                    gone_at: row.get::<_, Option<i64>>(12)?.map(Timestamp),
                })
            },
        )
    }

    pub fn item_grants(&self, item: ItemId) -> rusqlite::Result<Vec<ItemGrant>> {
        self.all(
            "SELECT collection, person FROM grant_item WHERE item = ?1 ORDER BY collection, person",
            [item.0],
            |row| {
                let person: i64 = row.get(1)?;
                Ok(ItemGrant {
                    collection: CollectionId(row.get(0)?),
                    person: (person != 0).then_some(PersonId(person)),
                })
            },
        )
    }

    pub fn history(&self, item: ItemId) -> rusqlite::Result<Vec<(Revision, Vec<CollectionId>)>> {
        let mut shown: HashMap<i64, Vec<CollectionId>> = HashMap::new();
        let rows: Vec<(i64, i64)> = self.all(
            "SELECT v.revision, p.collection FROM revision r
             JOIN revision_place v ON v.revision = r.id JOIN placement p ON p.id = v.placement
             WHERE r.item = ?1 AND r.kind IN ('replaced', 'removed')",
            [item.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (revision, collection) in rows {
            let places = shown.entry(revision).or_default();
            places.push(CollectionId(collection));
        }
        let sql = format!(
            "{HEAD} WHERE r.item = ?1 AND r.kind IN ('replaced', 'removed') ORDER BY r.id DESC"
        );
        let revisions = self.all(&sql, [item.0], revision)?;
        Ok(revisions
            .into_iter()
            .map(|revision| {
                let places = shown.remove(&revision.id.0).unwrap_or_default();
                (revision, places)
            })
            .collect())
    }

    pub fn former_comments(&self, item: ItemId) -> rusqlite::Result<Vec<Revision>> {
        let sql = format!("{REVISION} WHERE r.item = ?1 AND r.kind = 'comment' ORDER BY r.id DESC");
        self.all(&sql, [item.0], revision)
    }

    pub fn trash(&self, collection: CollectionId) -> rusqlite::Result<Vec<Removal>> {
        let sql = format!(
            "{REMOVAL} WHERE r.collection = ?1 AND r.kind = 'removed' AND {NOT_BACK}
             ORDER BY r.id DESC"
        );
        self.all(&sql, [collection.0], removal)
    }

    pub fn trash_page(
        &self,
        collection: CollectionId,
        whose: Option<PersonId>,
        page: &RemovalPage,
    ) -> rusqlite::Result<Vec<Removal>> {
        let (at, id, limit) = bounds(page);
        let sql = format!(
            "{REMOVAL} WHERE r.collection = ?1 AND r.kind = 'removed' AND r.at >= ?2
             AND (r.at, r.id) < (?3, ?4) AND (?5 IS NULL OR r.person = ?5 OR i.creator = ?5)
             AND {NOT_BACK} ORDER BY r.at DESC, r.id DESC LIMIT ?6"
        );
        let whose = whose.map(|person| person.0);
        let values = params![collection.0, page.since.0, at, id, whose, limit];
        self.all(&sql, values, removal)
    }

    pub fn lost_of_creator(
        &self,
        person: PersonId,
        class: Option<&str>,
        page: &RemovalPage,
    ) -> rusqlite::Result<Vec<Removal>> {
        let (at, id, limit) = bounds(page);
        let sql = format!(
            "{REMOVAL} WHERE i.creator = ?1 AND r.kind = 'removed' AND r.at >= ?2
             AND (r.at, r.id) < (?3, ?4) AND (?5 IS NULL OR i.class = ?5) AND {NOT_BACK}
             AND NOT EXISTS (SELECT 1 FROM placement o JOIN collection c ON c.id = o.collection
                 LEFT JOIN membership m ON m.grp = c.grp AND m.person = ?1
                 WHERE o.item = r.item AND o.gone IS NULL
                     AND (c.kind = 'private' AND c.person = ?1
                         OR c.kind = 'group' AND m.person IS NOT NULL))
             AND (EXISTS (SELECT 1 FROM collection c JOIN membership m ON m.grp = c.grp
                     WHERE c.id = r.collection AND m.person = ?1)
                 OR EXISTS (SELECT 1 FROM collection c
                     WHERE c.id = r.collection AND c.person = ?1 AND c.kind = 'removed')
                 OR EXISTS (SELECT 1 FROM removed_group g JOIN json_each(g.members) m
                     WHERE g.collection = r.collection AND m.value = ?1))
             ORDER BY r.at DESC, r.id DESC LIMIT ?6"
        );
        let values = params![person.0, page.since.0, at, id, class, limit];
        self.all(&sql, values, removal)
    }

    pub fn removal(&self, revision: RevisionId) -> rusqlite::Result<Option<Removal>> {
        let sql = format!("{REMOVAL} WHERE r.id = ?1 AND r.kind = 'removed' AND {NOT_BACK}");
        self.one(&sql, [revision.0], removal)
    }

    pub fn deleted_book(
        &self,
        owner: PersonId,
        book: CollectionId,
        at: Timestamp,
    ) -> rusqlite::Result<Option<Collection>> {
        // Where no moment is noted, as of old, the last removal was the book's.
        let sql = format!(
            "{COLLECTION} WHERE c.id = ?1 AND c.person = ?2 AND c.kind = 'removed'
                 AND c.class = 'contact' AND ?3 = coalesce(c.hidden, (SELECT max(r.at)
                     FROM revision r WHERE r.collection = c.id AND r.kind = 'removed'))"
        );
        self.one(&sql, [book.0, owner.0, at.0], |row| {
            let hidden = None;
            Ok(Collection {
                hidden,
                ..collection(row)?
            })
        })
    }

    pub fn lost_book(
        &self,
        person: PersonId,
        of_group: bool,
        segment: &str,
    ) -> rusqlite::Result<bool> {
        let lost = self.one(
            "SELECT 1 FROM collection h JOIN book_placement p ON p.home = h.id
             JOIN collection c ON c.id = p.book
             WHERE h.person = ?1 AND h.kind = 'home' AND p.gone IS NOT NULL AND p.segment = ?3
                 AND (c.kind IN ('group', 'removed-group')) = ?2 LIMIT 1",
            params![person.0, of_group, segment],
            |_| Ok(()),
        )?;
        Ok(lost.is_some())
    }

    pub fn refused(&self, person: PersonId) -> rusqlite::Result<Vec<Revision>> {
        let sql = format!(
            "{REVISION} WHERE r.person = ?1 AND r.kind IN ('refused', 'proposed')
             ORDER BY r.id DESC"
        );
        self.all(&sql, [person.0], revision)
    }

    pub fn refused_heads(&self, person: PersonId) -> rusqlite::Result<Vec<Revision>> {
        let sql = format!("{HEAD} WHERE r.id IN ({REFUSED}) ORDER BY r.id DESC");
        self.all(&sql, [person.0], revision)
    }

    pub fn waiting(&self, person: PersonId, since: Timestamp) -> rusqlite::Result<(i64, i64)> {
        let sql = format!(
            "SELECT
             (SELECT count(*) FROM revision r WHERE r.id IN ({REFUSED}) AND r.at >= ?2),
             (SELECT count(*) FROM revision r JOIN item i ON i.id = r.item
                 LEFT JOIN collection o ON o.id = i.origin
              WHERE {PROPOSED} AND r.at >= ?2 AND EXISTS (
                  SELECT 1 FROM placement p JOIN collection c ON c.id = p.collection
                  WHERE p.item = i.id AND p.gone IS NULL AND (
                      c.kind = 'private' AND c.person = ?1
                      OR c.kind = 'group' AND EXISTS (
                          SELECT 1 FROM membership m WHERE m.grp = c.grp AND m.person = ?1))))"
        );
        let values = params![person.0, since.0];
        let found = self.one(&sql, values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.unwrap_or_default())
    }

    pub fn proposals(&self, person: PersonId) -> rusqlite::Result<Vec<Revision>> {
        let sql = format!(
            "{HEAD} JOIN item i ON i.id = r.item LEFT JOIN collection o ON o.id = i.origin
             WHERE {PROPOSED} ORDER BY r.id DESC"
        );
        self.all(&sql, [person.0], revision)
    }

    pub fn revision(&self, id: RevisionId) -> rusqlite::Result<Option<Revision>> {
        let sql = format!("{REVISION} WHERE r.id = ?1");
        self.one(&sql, [id.0], revision)
    }

    pub fn document_at(&self, item: ItemId, at: Timestamp) -> rusqlite::Result<Option<Vec<u8>>> {
        let replaced = self.one(
            "SELECT document FROM revision
             WHERE item = ?1 AND at > ?2 AND kind IN ('replaced', 'removed') ORDER BY id LIMIT 1",
            [item.0, at.0],
            |row| row.get(0),
        )?;
        match replaced {
            Some(document) => Ok(Some(document)),
            None => self.one(
                "SELECT document FROM item WHERE id = ?1 AND created <= ?2
                     AND length(document) > 0",
                [item.0, at.0],
                |row| row.get(0),
            ),
        }
    }

    pub fn shown_at(
        &self,
        placement: PlacementId,
        at: Timestamp,
    ) -> rusqlite::Result<Option<Version>> {
        self.one(
            "SELECT r.document, v.overlay FROM revision_place v JOIN revision r ON r.id = v.revision
             WHERE v.placement = ?1 AND r.at > ?2 ORDER BY v.seq LIMIT 1",
            [placement.0, at.0],
            version,
        )
    }

    pub fn overlay_left(
        &self,
        placement: PlacementId,
        revision: Option<RevisionId>,
    ) -> rusqlite::Result<Option<Vec<u8>>> {
        self.one(
            "SELECT overlay FROM revision_place WHERE placement = ?1 AND seq > coalesce(
                 (SELECT seq FROM revision_place WHERE revision = ?2 AND placement = ?1), 0)
             ORDER BY seq LIMIT 1",
            params![placement.0, revision.map(|revision| revision.0)],
            |row| row.get(0),
        )
    }

    pub fn replaced_with(&self, removal: RevisionId) -> rusqlite::Result<Vec<Replaced>> {
        self.all(
            "SELECT v.placement, v.seq, (SELECT min(n.seq) FROM revision_place n
                 WHERE n.placement = v.placement AND n.seq > v.seq)
             FROM revision g JOIN revision r ON r.at = g.at AND r.id > g.id AND r.kind = 'replaced'
                 AND r.person IS g.person AND r.client = g.client
             CROSS JOIN revision_place v ON v.revision = r.id
             CROSS JOIN placement p ON p.id = v.placement AND p.collection = g.collection
             WHERE g.id = ?1 ORDER BY r.id",
            [removal.0],
            |row| {
                Ok(Replaced {
                    placement: PlacementId(row.get(0)?),
                    before: Seq(row.get(1)?),
                    after: row.get::<_, Option<i64>>(2)?.map(Seq),
                })
            },
        )
    }

    pub fn touched_since(
        &self,
        collection: CollectionId,
        since: Timestamp,
    ) -> rusqlite::Result<Vec<Touched>> {
        self.all(
            "SELECT p.id, p.item, p.placed_at, p.gone_at FROM placement p WHERE p.collection = ?1 AND (
                 p.placed_at > ?2 OR p.gone_at > ?2
                 OR EXISTS (SELECT 1 FROM revision_place v JOIN revision r ON r.id = v.revision
                     WHERE v.placement = p.id AND r.at > ?2))
             ORDER BY p.id",
            [collection.0, since.0],
            |row| {
                Ok(Touched {
                    placement: PlacementId(row.get(0)?),
                    item: ItemId(row.get(1)?),
                    placed_at: Timestamp(row.get(2)?),
                    gone_at: row.get::<_, Option<i64>>(3)?.map(Timestamp),
                })
            },
        )
    }

    pub fn done_by(
        &self,
        person: PersonId,
        client: &str,
        within: RangeInclusive<Timestamp>,
    ) -> rusqlite::Result<Vec<Revision>> {
        let sql = format!(
            "{HEAD} WHERE r.person = ?1 AND r.client = ?2
                 AND r.at BETWEEN ?3 AND ?4 AND r.kind IN ('replaced', 'removed') ORDER BY r.id"
        );
        let (first, last) = (within.start().0, within.end().0);
        self.all(&sql, params![person.0, client, first, last], revision)
    }

    pub fn clients_of(&self, person: PersonId, since: Timestamp) -> rusqlite::Result<Vec<String>> {
        self.all(
            "SELECT client FROM revision WHERE person = ?1 AND at >= ?2
                 AND kind IN ('replaced', 'removed')
             UNION SELECT client FROM placement WHERE placed_by = ?1 AND placed_at >= ?2
             ORDER BY 1",
            params![person.0, since.0],
            |row| row.get(0),
        )
    }

    pub fn placed_by(
        &self,
        person: PersonId,
        client: &str,
        within: RangeInclusive<Timestamp>,
    ) -> rusqlite::Result<Vec<PlacementId>> {
        let (first, last) = (within.start().0, within.end().0);
        self.all(
            "SELECT id FROM placement WHERE placed_by = ?1 AND client = ?2
                 AND placed_at BETWEEN ?3 AND ?4 AND gone IS NULL ORDER BY id",
            params![person.0, client, first, last],
            |row| Ok(PlacementId(row.get(0)?)),
        )
    }

    pub fn notices(&self, person: PersonId) -> rusqlite::Result<Vec<Notice>> {
        self.all(
            "SELECT id, at, client, collection, since, number, held, kind, subject, item
             FROM notice
             WHERE person = ?1 AND settled IS NULL ORDER BY at DESC, id DESC",
            [person.0],
            |row| {
                Ok(Notice {
                    id: NoticeId(row.get(0)?),
                    kind: match row.get_ref(7)?.as_str()? {
                        "kept" => NoticeKind::Kept,
                        "unsent" => NoticeKind::Unsent,
                        "shared" => NoticeKind::News(News::Shared),
                        "granted" => NoticeKind::News(News::Granted),
                        "added" => NoticeKind::News(News::Added),
                        "joined" => NoticeKind::News(News::Joined),
                        PROPOSAL_ACCEPTED => NoticeKind::News(News::Accepted),
                        PROPOSAL_DECLINED => NoticeKind::News(News::Declined),
                        kind => Answer::parse(kind)
                            .map_or(NoticeKind::MassDeletion, NoticeKind::Answered),
                    },
                    at: Timestamp(row.get(1)?),
                    client: row.get(2)?,
                    collection: row.get::<_, Option<i64>>(3)?.map(CollectionId),
                    since: Timestamp(row.get(4)?),
                    number: row.get(5)?,
                    held: row.get(6)?,
                    subject: row.get(8)?,
                    item: row.get::<_, Option<i64>>(9)?.map(ItemId),
                })
            },
        )
    }

    pub fn deletions_held(
        &self,
        person: PersonId,
        client: &str,
        collection: CollectionId,
    ) -> rusqlite::Result<bool> {
        let held = self.one(
            "SELECT 1 FROM notice WHERE person = ?1 AND settled IS NULL AND held = 1
                 AND client = ?2 AND collection = ?3 LIMIT 1",
            params![person.0, client, collection.0],
            |_| Ok(()),
        )?;
        Ok(held.is_some())
    }
}

const REMOVAL: &str = "SELECT r.id, r.placement, r.item, r.collection, r.display, i.creator, r.at,
    r.person, coalesce(w.name, ''), r.client,
    (r.person IS i.creator OR r.reason = 'withdrawn')
        AND coalesce(o.kind IN ('private', 'removed'), 0),
    (SELECT t.value FROM index_text t WHERE t.item = r.item AND t.field = 'last-first'
        AND r.display = i.display), i.class, coalesce(o.kind IN ('private', 'removed'), 0)
    FROM revision r JOIN item i ON i.id = r.item AND length(i.document) > 0
    LEFT JOIN collection o ON o.id = i.origin LEFT JOIN person w ON w.id = r.person";

/// The item is not live in the collection, and this is its last removal from there.
pub const NOT_BACK: &str = "NOT EXISTS (SELECT 1 FROM placement b WHERE b.item = r.item
    AND b.collection = r.collection AND (b.gone IS NULL OR b.id > r.placement))";

/// The moment and the id before which a page begins, and how many rows it has.
fn bounds(page: &RemovalPage) -> (i64, i64, i64) {
    let (at, id) = page
        .before
        .map_or((i64::MAX, i64::MAX), |(at, id)| (at.0, id.0));
    (at, id, i64::try_from(page.limit).unwrap_or(i64::MAX))
}

fn removal(row: &Row<'_>) -> rusqlite::Result<Removal> {
    Ok(Removal {
        revision: RevisionId(row.get(0)?),
        placement: PlacementId(row.get(1)?),
        item: ItemId(row.get(2)?),
        collection: CollectionId(row.get(3)?),
        display: row.get(4)?,
        creator: PersonId(row.get(5)?),
        at: Timestamp(row.get(6)?),
        person: row.get::<_, Option<i64>>(7)?.map(PersonId),
        person_name: row.get(8)?,
        client: row.get(9)?,
        withdrawn: row.get(10)?,
        last_first: row.get(11)?,
        class: row.get(12)?,
        private: row.get(13)?,
    })
}

const REVISION: &str = "SELECT r.id, r.item, r.collection, r.placement, r.kind, r.at, r.person,
    coalesce(w.name, ''), r.client, r.document, r.overlay, r.reason
    FROM revision r LEFT JOIN person w ON w.id = r.person";

/// What a person `?1` wrote that was refused, be it proposed or not.
const REFUSED: &str = "SELECT id FROM revision INDEXED BY revision_kept
    WHERE person = ?1 AND kind IN ('refused', 'proposed')";

/// A proposal `r` on an item `i`, of origin `o`, that a person `?1` may settle.
const PROPOSED: &str = "r.id IN (SELECT id FROM revision INDEXED BY revision_proposed
    WHERE kind = 'proposed') AND (i.creator = ?1 OR (
    EXISTS (SELECT 1 FROM membership m WHERE m.grp = o.grp AND m.person = ?1
        AND m.role <> 'member')
    AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.grp = o.grp AND m.person = i.creator)
    AND EXISTS (SELECT 1 FROM placement p
        WHERE p.item = i.id AND p.collection = o.id AND p.gone IS NULL)))";

/// A revision without its document and overlay, which may be large.
const HEAD: &str = "SELECT r.id, r.item, r.collection, r.placement, r.kind, r.at, r.person,
    coalesce(w.name, ''), r.client, x'', x'', ''
    FROM revision r LEFT JOIN person w ON w.id = r.person";

fn revision(row: &Row<'_>) -> rusqlite::Result<Revision> {
    let kind: String = row.get(4)?;
    Ok(Revision {
        id: RevisionId(row.get(0)?),
        item: row.get::<_, Option<i64>>(1)?.map(ItemId),
        collection: row.get::<_, Option<i64>>(2)?.map(CollectionId),
        placement: row.get::<_, Option<i64>>(3)?.map(PlacementId),
        kind: match kind.as_str() {
            "removed" => RevisionKind::Removed,
            "refused" => RevisionKind::Refused,
            "proposed" => RevisionKind::Proposed,
            "comment" => RevisionKind::Comment,
            _ => RevisionKind::Replaced,
        },
        at: Timestamp(row.get(5)?),
        person: row.get::<_, Option<i64>>(6)?.map(PersonId),
        person_name: row.get(7)?,
        client: row.get(8)?,
        document: row.get(9)?,
        overlay: row.get(10)?,
        reason: row.get(11)?,
    })
}

//! Every invariant that SQL can state.

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use super::damaged;
use crate::domain::item::hex;

/// What must select nothing, and what it means when it does.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "a live placement shows an item that does not exist",
        "SELECT p.id FROM placement p LEFT JOIN item i ON i.id = p.item
         WHERE p.gone IS NULL AND i.id IS NULL",
    ),
    (
        "a placement's sequence is beyond its collection's",
        "SELECT p.id FROM placement p JOIN collection c ON c.id = p.collection
         WHERE max(p.born, p.changed, coalesce(p.gone, 0)) > c.seq",
    ),
    (
        "a placement changed before it was born or after it was gone",
        "SELECT id FROM placement WHERE changed < born OR gone <= changed",
    ),
    (
        "two changes of a collection share a sequence",
        "SELECT min(id) FROM placement GROUP BY collection, moved HAVING count(*) > 1",
    ),
    (
        "a placement and its item disagree about the UID",
        "SELECT p.id FROM placement p JOIN item i ON i.id = p.item
         WHERE p.gone IS NULL AND p.uid <> i.uid",
    ),
    (
        "an item is neither placed nor remembered",
        "SELECT i.id FROM item i
         WHERE length(i.document) > 0
             AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.item = i.id)",
    ),
    (
        "a group does not have exactly one administrator",
        "SELECT g.id FROM grp g WHERE (SELECT count(*) FROM membership m
             WHERE m.grp = g.id AND m.role = 'admin') <> 1",
    ),
    (
        "a group does not have exactly one book",
        "SELECT g.id FROM grp g WHERE (SELECT count(*) FROM collection c
             WHERE c.grp = g.id AND c.kind = 'group' AND c.class = 'contact') <> 1",
    ),
    (
        "a group lacks its default folder",
        "SELECT g.id FROM grp g WHERE NOT EXISTS (SELECT 1 FROM collection c
             WHERE c.grp = g.id AND c.class = 'document' AND c.segment = 'documents'
                 AND c.hidden IS NULL)",
    ),
    (
        "a group's list does not name exactly its members",
        "SELECT g.id FROM grp g LEFT JOIN collection c ON c.grp = g.id AND c.kind = 'members'
         WHERE (SELECT json_group_array(person) FROM (SELECT person FROM membership
                   WHERE grp = g.id ORDER BY person))
            <> (SELECT json_group_array(person) FROM (SELECT person FROM member_placement
                   WHERE collection = c.id AND gone IS NULL ORDER BY person))",
    ),
    (
        "two changes of a list of members share a sequence, or one is beyond the list's",
        "SELECT min(p.id) FROM member_placement p JOIN collection c ON c.id = p.collection
         GROUP BY p.collection, p.moved
         HAVING count(*) > 1 OR max(p.born, p.changed, coalesce(p.gone, 0)) > max(c.seq)",
    ),
    (
        "an account lacks its home, its default book or its default folder",
        "SELECT p.id FROM person p
         WHERE (SELECT count(*) FROM collection c WHERE c.person = p.id AND c.kind = 'home') <> 1
            OR NOT EXISTS (SELECT 1 FROM collection c WHERE c.person = p.id
                 AND c.kind = 'private' AND c.class = 'contact' AND c.segment = 'contacts')
            OR NOT EXISTS (SELECT 1 FROM collection c WHERE c.person = p.id AND c.hidden IS NULL
                 AND c.kind = 'private' AND c.class = 'document' AND c.segment = 'documents')",
    ),
    (
        "a member's home does not show the group's book",
        "SELECT m.person FROM membership m JOIN collection c ON c.grp = m.grp AND c.kind = 'group'
             AND c.class = 'contact' JOIN collection h ON h.person = m.person AND h.kind = 'home'
         WHERE NOT EXISTS (SELECT 1 FROM book_placement b
             WHERE b.home = h.id AND b.book = c.id AND b.gone IS NULL)",
    ),
    (
        "a home shows the book or the list of a group its person is not in",
        "SELECT b.id FROM book_placement b JOIN collection h ON h.id = b.home
         JOIN collection c ON c.id = b.book AND c.kind IN ('group', 'members')
         WHERE b.gone IS NULL AND NOT EXISTS (SELECT 1 FROM membership m
             WHERE m.grp = c.grp AND m.person = h.person)",
    ),
    (
        "a right is granted to somebody who is not a member",
        "SELECT g.grp FROM grant_group g WHERE g.person <> 0 AND NOT EXISTS (
             SELECT 1 FROM membership m WHERE m.grp = g.grp AND m.person = g.person)",
    ),
    (
        "Modify is granted to somebody who is not a member",
        "SELECT g.item FROM grant_item g JOIN collection c ON c.id = g.collection
         WHERE g.person <> 0 AND NOT EXISTS (
             SELECT 1 FROM membership m WHERE m.grp = c.grp AND m.person = g.person)",
    ),
    (
        "Modify is granted elsewhere than in a group the item is or was in",
        "SELECT g.item FROM grant_item g JOIN collection c ON c.id = g.collection
         WHERE c.kind NOT IN ('group', 'removed-group') OR NOT EXISTS (
             SELECT 1 FROM placement p WHERE p.item = g.item AND p.collection = g.collection)",
    ),
    (
        "a comment is on an item that is nowhere",
        "SELECT m.id FROM comment m WHERE NOT EXISTS (SELECT 1 FROM placement p
             WHERE p.item = m.item)",
    ),
    (
        "a placement and its item disagree about the creator",
        "SELECT p.id FROM placement p JOIN item i ON i.id = p.item WHERE p.creator <> i.creator",
    ),
    (
        "an item is live twice in a collection",
        "SELECT min(id) FROM placement WHERE gone IS NULL
         GROUP BY item, collection HAVING count(*) > 1",
    ),
    (
        "a deleted book or group still shows items",
        "SELECT p.id FROM placement p JOIN collection c ON c.id = p.collection
         WHERE (c.kind IN ('removed', 'removed-group') OR c.hidden IS NOT NULL)
             AND p.gone IS NULL",
    ),
    (
        "a live item has lost its content",
        "SELECT p.id FROM placement p JOIN item i ON i.id = p.item
         WHERE p.gone IS NULL AND length(i.document) = 0",
    ),
    (
        "a tag is on an item that does not exist",
        "SELECT l.item FROM tag_link l LEFT JOIN item i ON i.id = l.item WHERE i.id IS NULL",
    ),
    (
        "a removed placement is not remembered in the order of its collection",
        "SELECT id FROM placement WHERE (gone IS NULL) <> (gone_at IS NULL)",
    ),
    (
        "a revision is of an unknown kind, or shows what nothing showed",
        "SELECT id FROM revision WHERE kind NOT IN (
                 'replaced', 'removed', 'refused', 'proposed', 'comment')
             OR (kind = 'removed' AND (placement IS NULL OR collection IS NULL))
             OR (kind IN ('proposed', 'comment') AND item IS NULL)",
    ),
    (
        "a deleted group waits without its book",
        "SELECT g.collection FROM removed_group g JOIN collection c ON c.id = g.collection
         WHERE c.kind <> 'removed-group'",
    ),
    (
        "a group's book belongs to no group",
        "SELECT id FROM collection WHERE kind = 'group' AND grp IS NULL",
    ),
    (
        "a private book holds somebody else's item",
        "SELECT p.id FROM placement p JOIN collection c ON c.id = p.collection
         JOIN item i ON i.id = p.item
         WHERE c.kind = 'private' AND p.gone IS NULL AND i.creator <> c.person",
    ),
    (
        "a contact cannot be found by searches",
        "SELECT p.id FROM placement p JOIN collection c ON c.id = p.collection
         WHERE p.gone IS NULL AND c.kind IN ('private', 'group')
             AND NOT EXISTS (SELECT 1 FROM search s WHERE s.rowid = p.id)",
    ),
    (
        "searches find what is not there",
        "SELECT s.rowid FROM search s
         WHERE NOT EXISTS (SELECT 1 FROM placement p WHERE p.id = s.rowid AND p.gone IS NULL)",
    ),
    (
        "a list is not sorted by its items' names",
        "SELECT p.id FROM placement p JOIN item i ON i.id = p.item
         WHERE p.gone IS NULL AND (p.sort_first, p.sort_last) <> (i.sort_first, i.sort_last)",
    ),
    (
        "two changes of a view share a sequence, or one is beyond the view's",
        "SELECT min(p.id) FROM view_placement p JOIN collection c ON c.id = p.collection
         GROUP BY p.collection, p.moved
         HAVING count(*) > 1 OR max(p.born, p.changed, coalesce(p.gone, 0)) > max(c.seq)",
    ),
    (
        "a view that is level shows an item none of its books holds",
        "SELECT v.id FROM view_placement v WHERE v.gone IS NULL
             AND NOT EXISTS (SELECT 1 FROM view_source s JOIN placement p
                 ON p.collection = s.source AND p.item = v.item AND p.gone IS NULL
                 WHERE s.view = v.collection)
             AND NOT EXISTS (SELECT 1 FROM view_source s JOIN collection c ON c.id = s.source
                 WHERE s.view = v.collection AND s.caught_up < c.seq)",
    ),
    (
        "a collection's count of placements or of octets is wrong",
        "SELECT c.id FROM collection c WHERE (c.live, c.octets) <> (
             SELECT count(*), coalesce(sum(length(i.document)), 0) FROM placement p
             JOIN item i ON i.id = p.item WHERE p.collection = c.id AND p.gone IS NULL)",
    ),
    (
        "a book holds a document, or a folder a contact",
        "SELECT p.id FROM placement p JOIN collection c ON c.id = p.collection
         JOIN item i ON i.id = p.item WHERE i.class <> c.class",
    ),
    (
        "the octets a document or an earlier version is about are not there",
        "SELECT i.id FROM item i WHERE i.blob IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM blob b WHERE b.digest = i.blob AND b.octets = i.octets)
         UNION SELECT r.item FROM revision r WHERE r.blob IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM blob b WHERE b.digest = r.blob)",
    ),
    (
        "a document refers to no octets",
        "SELECT id FROM item WHERE class = 'document' AND length(document) > 0 AND blob IS NULL",
    ),
    (
        "a document is attached to what is no contact, or is none",
        "SELECT a.contact FROM attachment a LEFT JOIN item c ON c.id = a.contact
         LEFT JOIN item d ON d.id = a.document
         WHERE c.class IS NOT 'contact' OR d.class IS NOT 'document'",
    ),
    (
        "an index row belongs to no item",
        "SELECT t.item FROM index_text t LEFT JOIN item i ON i.id = t.item WHERE i.id IS NULL",
    ),
];

/// Every broken invariant in words; empty when all hold.
pub fn check(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    // FTS5 sees that its segments moved when a query begins, not when the pragma asks it. What is
    // wrong with the query, the pragma tells.
    let _ = connection.query_row("SELECT 1 FROM search WHERE rowid = 0", [], |_| Ok(()));
    let mut broken = pragma(connection, "integrity_check")?;
    if let Some(first) = broken.first() {
        // What stands on damaged pages says nothing.
        return Ok(vec![damaged(first)]);
    }
    for (meaning, sql) in INVARIANTS {
        let rows: Vec<i64> = connection
            .prepare(sql)?
            .query_map([], |row| row.get(0))?
            .take(5)
            .collect::<rusqlite::Result<_>>()?;
        if !rows.is_empty() {
            broken.push(format!("{meaning}: {rows:?}"));
        }
    }
    broken.extend(blobs(connection)?);
    broken.extend(pragma(connection, "foreign_key_check")?);
    Ok(broken)
}

/// What a pragma that checks finds: nothing where it says `ok`.
pub(super) fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA {name}"))?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let found = rows.filter(|row| !matches!(row, Ok(row) if row == "ok"));
    found.map(|row| Ok(format!("{name}: {}", row?))).collect()
}

/// Octets that are not what their digest says, read chunk by chunk.
fn blobs(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut broken = Vec::new();
    let mut known =
        connection.prepare("SELECT id, digest, octets FROM blob WHERE digest IS NOT NULL")?;
    let mut chunks =
        connection.prepare("SELECT chunk, data FROM blob_chunk WHERE blob = ?1 ORDER BY chunk")?;
    let mut rows = known.query([])?;
    while let Some(row) = rows.next()? {
        let (id, digest, octets): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (mut hash, mut read, mut expected) = (Sha256::new(), 0, 0);
        let mut parts = chunks.query([id])?;
        while let Some(part) = parts.next()? {
            let data = part.get_ref(1)?.as_blob()?;
            hash.update(data);
            read += data.len() as i64;
            expected += i64::from(part.get::<_, i64>(0)? == expected);
        }
        if read != octets || hex(&hash.finalize()) != digest {
            broken.push(format!(
                "octets are not what their digest says: [{id}] after {expected} chunks"
            ));
        }
    }
    Ok(broken)
}

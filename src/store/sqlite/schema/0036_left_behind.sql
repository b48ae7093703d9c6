-- A merged book shows nothing that none of its books holds: rows that were left of books that a person
-- lost are gone, each at a sequence of its own.
CREATE TABLE unheld (id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, n INTEGER NOT NULL);
INSERT INTO unheld
    SELECT v.id, v.collection, row_number() OVER (PARTITION BY v.collection ORDER BY v.id) AS n
    FROM view_placement v
    WHERE v.gone IS NULL AND NOT EXISTS (
        SELECT 1 FROM view_source s
        JOIN placement p ON p.collection = s.source AND p.item = v.item AND p.gone IS NULL
        WHERE s.view = v.collection);
CREATE INDEX unheld_collection ON unheld (collection);
UPDATE view_placement SET writer = NULL, gone = (
        SELECT c.seq + u.n FROM unheld u JOIN collection c ON c.id = u.collection
        WHERE u.id = view_placement.id)
    WHERE id IN (SELECT id FROM unheld);
UPDATE collection SET seq = seq + (SELECT count(*) FROM unheld u WHERE u.collection = collection.id)
    WHERE id IN (SELECT collection FROM unheld);
DROP TABLE unheld;

-- Contacts of books that an account had deleted before it was removed itself: no trash names them. The
-- next purge ends their rows.
CREATE TABLE orphan (id INTEGER PRIMARY KEY);
INSERT INTO orphan
    SELECT id FROM item WHERE length(document) > 0
        AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.item = item.id)
        AND NOT EXISTS (SELECT 1 FROM person c WHERE c.id = item.creator);
UPDATE item SET document = x'', digest = '', display = '', sort_first = '', sort_last = '', blob = NULL,
    octets = 0 WHERE id IN (SELECT id FROM orphan);
DELETE FROM attachment WHERE contact IN (SELECT id FROM orphan) OR document IN (SELECT id FROM orphan);
DELETE FROM index_text WHERE item IN (SELECT id FROM orphan);
DELETE FROM tag_link WHERE item IN (SELECT id FROM orphan);
DELETE FROM refusal_mark WHERE item IN (SELECT id FROM orphan);
DELETE FROM verification WHERE item IN (SELECT id FROM orphan);
DELETE FROM revision WHERE item IN (SELECT id FROM orphan) AND kind <> 'refused';
DROP TABLE orphan;

-- What a group has in custody is found by who made it there, without an index of its own.
DROP INDEX item_creator;
CREATE INDEX item_creator ON item (creator, origin);

-- When what a placement shows last became another by the owner's own lines, which are not the item's.
ALTER TABLE placement ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE view_placement ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
DROP VIEW member_card;
CREATE VIEW member_card AS
SELECT id AS key, -id AS id, -person AS item, collection, href, server_id, server_id AS uid,
    'contact' AS class, 'individual' AS kind, display, person AS creator, NULL AS origin,
    person AS placed_by, born, changed, gone, moved, NULL AS maker, NULL AS writer, 1 AS rev,
    digest, profile AS document, created, modified, modified AS changed_at, x'' AS overlay, 0 AS mixed,
    x'' AS beside
FROM member_placement;

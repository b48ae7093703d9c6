-- Documents: items of a class of their own in folders, which are collections; their octets in chunks.

ALTER TABLE collection ADD COLUMN class TEXT NOT NULL DEFAULT 'contact';
-- When a folder was deleted; it comes back with what was in it.
ALTER TABLE collection ADD COLUMN hidden INTEGER;
DROP INDEX collection_grp;
CREATE UNIQUE INDEX collection_grp ON collection (grp) WHERE kind = 'group' AND class = 'contact';
CREATE INDEX collection_of_group ON collection (grp, kind, class, position) WHERE grp IS NOT NULL;
DROP INDEX collection_segment;
CREATE UNIQUE INDEX collection_segment ON collection (person, kind, segment, class) WHERE kind = 'private';

-- The octets an item stands for: digest and number.
ALTER TABLE item ADD COLUMN blob TEXT;
ALTER TABLE item ADD COLUMN octets INTEGER NOT NULL DEFAULT 0;
CREATE INDEX item_blob ON item (blob) WHERE blob IS NOT NULL;
CREATE INDEX item_octets ON item (creator) WHERE blob IS NOT NULL;
ALTER TABLE revision ADD COLUMN blob TEXT;
CREATE INDEX revision_blob ON revision (blob) WHERE blob IS NOT NULL;
-- A revision is kept before its item changes: what the item refers to then, it refers to still.
CREATE TRIGGER revision_keeps_blob AFTER INSERT ON revision
WHEN (SELECT i.blob FROM item i WHERE i.id = new.item) IS NOT NULL
BEGIN
    UPDATE revision SET blob = (SELECT i.blob FROM item i WHERE i.id = new.item) WHERE id = new.id;
END;

DROP TABLE blob;
-- digest: null while it is received.
CREATE TABLE blob (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT UNIQUE,
    octets INTEGER NOT NULL DEFAULT 0,
    begun INTEGER NOT NULL
);
CREATE TABLE blob_chunk (
    blob INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
    chunk INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX blob_chunk_place ON blob_chunk (blob, chunk);

-- Octets of documents; none: the server's rule.
ALTER TABLE person ADD COLUMN document_quota INTEGER;

INSERT INTO collection (kind, person, uuid, segment, display_name, epoch, created, class)
SELECT 'private', id, lower(hex(randomblob(16))), 'documents', 'Documents',
    lower(hex(randomblob(8))), created, 'document' FROM person;
INSERT INTO collection (kind, grp, uuid, segment, display_name, epoch, created, class)
SELECT 'group', id, lower(hex(randomblob(16))), 'documents', 'Documents',
    lower(hex(randomblob(8))), created, 'document' FROM grp;

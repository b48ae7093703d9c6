-- Search, sorted lists, and imports that can be undone.

-- One row a live placement of a book, its rowid the placement's id; `place` holds one token for the collection.
CREATE VIRTUAL TABLE search USING fts5 (
    place, name, organization, email, telephone, reach, city, country, rest, comment,
    content = '', contentless_delete = 1, detail = 'full', prefix = '2 3 4',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);

-- Removals reach the index whatever removes.
CREATE TRIGGER search_gone AFTER UPDATE OF gone ON placement WHEN new.gone IS NOT NULL
BEGIN
    DELETE FROM search WHERE rowid = new.id;
END;
CREATE TRIGGER search_deleted AFTER DELETE ON placement
BEGIN
    DELETE FROM search WHERE rowid = old.id;
END;

DROP INDEX index_text_item;
DROP TABLE index_text;
CREATE TABLE index_text (
    item INTEGER NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    -- null: no search finds it
    part TEXT,
    tokens TEXT NOT NULL
);
CREATE INDEX index_text_item ON index_text (item);

-- The item's sort keys, so that a page of a list is a range of an index.
ALTER TABLE placement ADD COLUMN sort_first TEXT NOT NULL DEFAULT '';
ALTER TABLE placement ADD COLUMN sort_last TEXT NOT NULL DEFAULT '';
UPDATE placement SET (sort_first, sort_last) =
    (SELECT i.sort_first, i.sort_last FROM item i WHERE i.id = placement.item)
    WHERE item IN (SELECT id FROM item);
CREATE INDEX placement_first ON placement (collection, sort_first, id, item) WHERE gone IS NULL;
CREATE INDEX placement_last ON placement (collection, sort_last, id, item) WHERE gone IS NULL;

CREATE TABLE last_search (
    person INTEGER PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    request TEXT NOT NULL,
    at INTEGER NOT NULL
);

CREATE TABLE import (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    undone INTEGER
);
CREATE INDEX import_person ON import (person, at);

-- revision: what an update replaced; null for what was created.
CREATE TABLE import_item (
    import INTEGER NOT NULL REFERENCES import ON DELETE CASCADE,
    item INTEGER NOT NULL,
    placement INTEGER NOT NULL,
    digest TEXT NOT NULL,
    revision INTEGER,
    -- of the placement before an update
    overlay BLOB NOT NULL,
    PRIMARY KEY (import, item)
) WITHOUT ROWID;

-- Derived rows are made anew at the next start.
INSERT OR REPLACE INTO meta VALUES ('derived', 'stale');

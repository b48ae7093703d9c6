-- How many live placements a collection has, beside their octets; commits add what they place, and
-- write a collection's row once (`commit/collection.rs`).
ALTER TABLE collection ADD COLUMN live INTEGER NOT NULL DEFAULT 0;
UPDATE collection SET live =
    (SELECT count(*) FROM placement p WHERE p.collection = collection.id AND p.gone IS NULL);
DROP TRIGGER octets_placed;
DROP TRIGGER octets_gone;
CREATE TRIGGER count_gone AFTER UPDATE OF gone ON placement
WHEN OLD.gone IS NULL AND NEW.gone IS NOT NULL BEGIN
    UPDATE collection SET live = live - 1,
        octets = octets - (SELECT length(document) FROM item WHERE id = NEW.item)
    WHERE id = NEW.collection;
END;

-- Beginnings of three and four letters are found among the words as fast as in an index of their own,
-- which cost every write as much as the words.
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
    place, name, organization, email, telephone, reach, city, country, rest, comment,
    content = '', contentless_delete = 1, detail = 'full', prefix = '2',
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
-- Derived rows are made anew at the next start.
INSERT OR REPLACE INTO meta VALUES ('derived', 'stale');

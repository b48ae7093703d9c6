-- The values of an item beside each other, in their order, without an index of their own.
CREATE TABLE index_text_ordered (
    item INTEGER NOT NULL,
    n INTEGER NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    -- null: no search finds it
    part TEXT,
    tokens TEXT NOT NULL,
    PRIMARY KEY (item, n)
) WITHOUT ROWID;
INSERT INTO index_text_ordered
    SELECT item, row_number() OVER (PARTITION BY item ORDER BY rowid), field, value, part, tokens
    FROM index_text;
DROP TABLE index_text;
ALTER TABLE index_text_ordered RENAME TO index_text;

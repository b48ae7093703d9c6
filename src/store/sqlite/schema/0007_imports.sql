-- Imports that go on by themselves: what they are to do, how far they came, and when they ended.
ALTER TABLE import ADD COLUMN job TEXT;
ALTER TABLE import ADD COLUMN progress TEXT NOT NULL DEFAULT '';
ALTER TABLE import ADD COLUMN ended INTEGER;
CREATE INDEX import_open ON import (id) WHERE job IS NOT NULL AND ended IS NULL;

-- Which column goes where in files of one shape.
CREATE TABLE import_mapping (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    -- of the header
    fingerprint TEXT NOT NULL,
    codes TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (person, fingerprint)
) WITHOUT ROWID;

-- What a row of a view showed at each of its sequences: a version of a placement in one of its books.

CREATE TABLE view_version (
    row INTEGER NOT NULL REFERENCES view_placement ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    writer INTEGER,
    placement INTEGER NOT NULL,
    shown INTEGER NOT NULL,
    PRIMARY KEY (row, seq)
) WITHOUT ROWID;
CREATE INDEX view_version_shown ON view_version (placement, shown);

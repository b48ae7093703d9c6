-- Not in force before it is confirmed; last_step: the last code that was used.
CREATE TABLE second_factor (
    person INTEGER PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    secret BLOB NOT NULL,
    confirmed INTEGER,
    last_step INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE recovery_code (
    person INTEGER NOT NULL REFERENCES second_factor ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (person, digest)
) WITHOUT ROWID;

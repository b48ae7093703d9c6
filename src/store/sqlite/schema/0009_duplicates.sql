-- Contacts a person said are not the same: item numbers, the smaller one first.
CREATE TABLE told_apart (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    first INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
    second INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
    PRIMARY KEY (person, first, second)
) WITHOUT ROWID;
CREATE INDEX told_apart_first ON told_apart (first);
CREATE INDEX told_apart_second ON told_apart (second);

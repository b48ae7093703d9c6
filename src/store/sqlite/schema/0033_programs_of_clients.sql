-- Programs of one client that call themselves differently are told apart. What was noted before counts
-- for those of which nothing is noted yet.
ALTER TABLE dav_client RENAME TO former_client;
CREATE TABLE dav_client (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    client TEXT NOT NULL,
    program TEXT NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, client, program, collection)
) WITHOUT ROWID;
INSERT INTO dav_client SELECT person, client, '', collection, seq FROM former_client;
DROP TABLE former_client;
DROP TABLE dav_client_card;
CREATE TABLE dav_client_card (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    client TEXT NOT NULL,
    program TEXT NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    placement INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, client, program, collection, placement)
) WITHOUT ROWID;

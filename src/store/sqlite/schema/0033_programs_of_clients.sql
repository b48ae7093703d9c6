-- Programs of one client that call themselves differently are told apart. What each was served is noted
-- again at its next synchronization.
DROP TABLE dav_client;
DROP TABLE dav_client_card;
CREATE TABLE dav_client (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    client TEXT NOT NULL,
    program TEXT NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, client, program, collection)
) WITHOUT ROWID;
CREATE TABLE dav_client_card (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    client TEXT NOT NULL,
    program TEXT NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    placement INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, client, program, collection, placement)
) WITHOUT ROWID;

-- What a person calls a device, and who ordered its access: none is the administration.
ALTER TABLE device ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN ordered_by INTEGER;

-- The programs of a person as history names them, with their last exchanges as a JSON array.
CREATE TABLE client (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    label TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    journal TEXT NOT NULL DEFAULT '[]',
    UNIQUE (person, label)
);

-- What accounts of a class may do; the class without a name is everybody else's.
CREATE TABLE account_class (
    name TEXT PRIMARY KEY,
    contacts INTEGER,
    devices INTEGER,
    eas INTEGER NOT NULL DEFAULT 1,
    carddav INTEGER NOT NULL DEFAULT 1,
    sms INTEGER NOT NULL DEFAULT 1,
    fax INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
INSERT INTO account_class (name) VALUES ('');

-- What the administration sets while the server runs, by name.
CREATE TABLE office (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE INDEX audit_at ON audit (at);

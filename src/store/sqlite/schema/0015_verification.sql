-- Contacts that are asked to check what is held about them.
CREATE TABLE campaign (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    name TEXT NOT NULL,
    begun INTEGER NOT NULL,
    days INTEGER NOT NULL,
    reminders INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    ended INTEGER
);
CREATE INDEX campaign_person ON campaign (person, id);

CREATE TABLE verification (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    item INTEGER NOT NULL,
    collection INTEGER NOT NULL,
    campaign INTEGER REFERENCES campaign ON DELETE SET NULL,
    subject TEXT NOT NULL,
    address TEXT NOT NULL,
    language TEXT NOT NULL,
    -- Names of fields, as JSON.
    hidden TEXT NOT NULL,
    purpose TEXT NOT NULL,
    asked INTEGER NOT NULL,
    -- The last letter's row of the outbox.
    letter INTEGER NOT NULL,
    used INTEGER,
    -- confirmed, corrected, erased, declined
    answer TEXT,
    answered INTEGER,
    answers INTEGER NOT NULL DEFAULT 0,
    reminded INTEGER NOT NULL DEFAULT 0,
    remind INTEGER
);
CREATE INDEX verification_item ON verification (item, id);
CREATE INDEX verification_campaign ON verification (campaign, id);
CREATE INDEX verification_person ON verification (person, asked);
CREATE INDEX verification_address ON verification (lower(address), asked);
CREATE INDEX verification_remind ON verification (remind) WHERE remind IS NOT NULL;

-- One link a sending, by its digest.
CREATE TABLE verification_token (
    token TEXT PRIMARY KEY,
    verification INTEGER NOT NULL REFERENCES verification ON DELETE CASCADE,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX verification_token_of ON verification_token (verification);

-- Who does not want a person to ask them.
CREATE TABLE declined (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    item INTEGER NOT NULL,
    address TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (person, item, address)
) WITHOUT ROWID;
CREATE INDEX declined_address ON declined (person, address);

-- Whom or what a notice is about.
ALTER TABLE notice ADD COLUMN subject TEXT NOT NULL DEFAULT '';
-- Its letter is queued, or none was asked for.
ALTER TABLE notice ADD COLUMN mailed INTEGER NOT NULL DEFAULT 1;
CREATE INDEX notice_untold ON notice (at) WHERE mailed = 0;

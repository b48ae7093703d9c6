-- Messages that leave the server, and links for forgotten passwords.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- mail, sms, fax
    channel TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    person INTEGER REFERENCES person ON DELETE SET NULL,
    recipient TEXT NOT NULL,
    language TEXT NOT NULL,
    -- JSON; empty once the message is sent or dropped.
    letter TEXT NOT NULL,
    -- waiting, sending, sent, refused, given-up, dropped
    state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0,
    queued INTEGER NOT NULL,
    due INTEGER NOT NULL,
    until INTEGER NOT NULL,
    ended INTEGER,
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_due ON outbox (channel, due) WHERE state = 'waiting';
CREATE INDEX outbox_person ON outbox (person, id);
CREATE INDEX outbox_ended ON outbox (ended) WHERE ended IS NOT NULL;

CREATE TABLE reset (
    token TEXT PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX reset_person ON reset (person);

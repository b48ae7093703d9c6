-- Sign-ins that failed, like ones counted together; bounded by who writes it.
CREATE TABLE sign_in_failure (
    login TEXT NOT NULL,
    peer TEXT NOT NULL,
    why TEXT NOT NULL,
    at INTEGER NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (login, peer, why)
) WITHOUT ROWID;

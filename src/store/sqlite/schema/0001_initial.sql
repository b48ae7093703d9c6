-- Sequences, placements and revisions: see docs/design.md. Times are milliseconds since 1970.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('rights_revision', '1'), ('commits', '0');

CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    login TEXT NOT NULL UNIQUE,
    email TEXT,
    name TEXT NOT NULL,
    admin INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    quota INTEGER,
    class TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL,
    settings TEXT NOT NULL DEFAULT '{}',
    created INTEGER NOT NULL
);
CREATE UNIQUE INDEX person_email ON person (lower(email)) WHERE email IS NOT NULL;

CREATE TABLE grp (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    folded TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    options TEXT NOT NULL DEFAULT '{}',
    created INTEGER NOT NULL
);

CREATE TABLE membership (
    grp INTEGER NOT NULL REFERENCES grp ON DELETE CASCADE,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    role TEXT NOT NULL,
    joined INTEGER NOT NULL,
    PRIMARY KEY (grp, person)
) WITHOUT ROWID;
CREATE INDEX membership_person ON membership (person);
CREATE UNIQUE INDEX membership_admin ON membership (grp) WHERE role = 'admin';

-- kind: private, group, home, view. owner: a person, or a group for kind 'group'.
CREATE TABLE collection (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    person INTEGER REFERENCES person ON DELETE CASCADE,
    grp INTEGER REFERENCES grp ON DELETE CASCADE,
    uuid TEXT NOT NULL UNIQUE,
    segment TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
);
CREATE INDEX collection_person ON collection (person, kind, position);
CREATE UNIQUE INDEX collection_grp ON collection (grp) WHERE kind = 'group';
CREATE UNIQUE INDEX collection_segment ON collection (person, kind, segment) WHERE kind = 'private';

-- The books a home shows; a new book is a change of the home.
CREATE TABLE book_placement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    home INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    book INTEGER NOT NULL,
    segment TEXT NOT NULL,
    born INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    gone INTEGER,
    moved INTEGER GENERATED ALWAYS AS (coalesce(gone, changed)) VIRTUAL
);
CREATE INDEX book_placement_moved ON book_placement (home, moved);
CREATE UNIQUE INDEX book_placement_live ON book_placement (home, book) WHERE gone IS NULL;

-- The books a view unites, and how far it has caught up with each.
CREATE TABLE view_source (
    view INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    source INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    caught_up INTEGER NOT NULL,
    PRIMARY KEY (view, source)
) WITHOUT ROWID;

CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    class TEXT NOT NULL,
    uid TEXT NOT NULL,
    kind TEXT NOT NULL,
    display TEXT NOT NULL,
    sort_first TEXT NOT NULL,
    sort_last TEXT NOT NULL,
    document BLOB NOT NULL,
    digest TEXT NOT NULL,
    creator INTEGER NOT NULL,
    origin INTEGER,
    rev INTEGER NOT NULL DEFAULT 1,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
);
CREATE INDEX item_creator ON item (creator);

CREATE TABLE placement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item INTEGER NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    href TEXT NOT NULL,
    server_id TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL,
    placed_by INTEGER NOT NULL,
    placed_at INTEGER NOT NULL,
    born INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    gone INTEGER,
    gone_at INTEGER,
    maker INTEGER,
    writer INTEGER,
    overlay BLOB NOT NULL DEFAULT x'',
    moved INTEGER GENERATED ALWAYS AS (coalesce(gone, changed)) VIRTUAL
);
CREATE UNIQUE INDEX placement_href ON placement (collection, href) WHERE gone IS NULL;
CREATE UNIQUE INDEX placement_uid ON placement (collection, uid) WHERE gone IS NULL;
CREATE INDEX placement_born ON placement (collection, born) WHERE gone IS NULL;
CREATE INDEX placement_changed ON placement (collection, changed) WHERE gone IS NULL;
CREATE INDEX placement_gone ON placement (collection, gone) WHERE gone IS NOT NULL;
CREATE INDEX placement_moved ON placement (collection, moved);
CREATE INDEX placement_item ON placement (item);

-- Earlier versions, removals, refused writes.
CREATE TABLE revision (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    item INTEGER,
    collection INTEGER,
    placement INTEGER,
    at INTEGER NOT NULL,
    person INTEGER,
    client TEXT NOT NULL,
    document BLOB NOT NULL,
    overlay BLOB NOT NULL DEFAULT x'',
    digest TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX revision_item ON revision (item, at);
CREATE INDEX revision_collection ON revision (collection, at) WHERE kind = 'removed';
CREATE UNIQUE INDEX revision_refused ON revision (person, coalesce(item, 0), digest) WHERE kind = 'refused';
CREATE INDEX revision_at ON revision (at);

-- The sequence each placement had while it showed a revision.
CREATE TABLE revision_place (
    revision INTEGER NOT NULL REFERENCES revision ON DELETE CASCADE,
    placement INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    writer INTEGER,
    overlay BLOB NOT NULL,
    PRIMARY KEY (placement, seq)
) WITHOUT ROWID;
CREATE INDEX revision_place_revision ON revision_place (revision);

-- person 0: everyone in the group.
CREATE TABLE grant_group (
    grp INTEGER NOT NULL REFERENCES grp ON DELETE CASCADE,
    person INTEGER NOT NULL,
    right TEXT NOT NULL,
    PRIMARY KEY (grp, person)
) WITHOUT ROWID;
CREATE TABLE grant_item (
    item INTEGER NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    person INTEGER NOT NULL,
    PRIMARY KEY (item, collection, person)
) WITHOUT ROWID;
CREATE INDEX grant_item_collection ON grant_item (collection, person);

CREATE TABLE comment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item INTEGER NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    author INTEGER NOT NULL,
    at INTEGER NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX comment_item ON comment (item, collection);

CREATE TABLE tag (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    colour TEXT NOT NULL,
    UNIQUE (person, folded)
);
CREATE TABLE tag_link (
    tag INTEGER NOT NULL REFERENCES tag ON DELETE CASCADE,
    item INTEGER NOT NULL,
    PRIMARY KEY (tag, item)
) WITHOUT ROWID;
CREATE INDEX tag_link_item ON tag_link (item);

CREATE TABLE refusal_mark (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    collection INTEGER NOT NULL,
    item INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    PRIMARY KEY (person, collection, item)
) WITHOUT ROWID;

CREATE TABLE device (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    device_id TEXT NOT NULL,
    device_type TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    version TEXT NOT NULL,
    access TEXT NOT NULL DEFAULT 'allowed',
    info TEXT NOT NULL DEFAULT '{}',
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    UNIQUE (person, device_id)
);
CREATE TABLE device_value (
    device INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (device, name)
) WITHOUT ROWID;
CREATE TABLE sync_state (
    device INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    key TEXT NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (device, collection)
) WITHOUT ROWID;

-- What a CardDAV client (login, credential, family) was last served of a book.
CREATE TABLE dav_client (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    client TEXT NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, client, collection)
) WITHOUT ROWID;

-- person 0: seen by everyone who sees the resource.
CREATE TABLE property (
    person INTEGER NOT NULL,
    resource TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (resource, person, namespace, name)
) WITHOUT ROWID;

CREATE TABLE session (
    token TEXT PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE app_password (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    digest TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    last_used INTEGER
);

CREATE TABLE blob (
    digest TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (digest, chunk)
) WITHOUT ROWID;

CREATE TABLE index_text (
    item INTEGER NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    folded TEXT NOT NULL
);
CREATE INDEX index_text_item ON index_text (item);
CREATE TABLE index_span (
    item INTEGER NOT NULL,
    field TEXT NOT NULL,
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL
);
CREATE INDEX index_span_item ON index_span (item);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    person INTEGER,
    client TEXT NOT NULL,
    what TEXT NOT NULL
);

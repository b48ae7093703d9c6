-- Groups that can be founded again, invitations, what a client removed, notices.

ALTER TABLE placement ADD COLUMN client TEXT NOT NULL DEFAULT '';
-- The collection it was shared from.
ALTER TABLE placement ADD COLUMN came_from INTEGER;
-- Of the item: whether somebody created anything in a place is one look into an index.
ALTER TABLE placement ADD COLUMN creator INTEGER NOT NULL DEFAULT 0;
UPDATE placement SET creator = coalesce((SELECT creator FROM item i WHERE i.id = placement.item), 0);
CREATE INDEX placement_creator ON placement (collection, creator) WHERE gone IS NULL;
CREATE UNIQUE INDEX placement_live_item ON placement (item, collection) WHERE gone IS NULL;
CREATE INDEX placement_client ON placement (placed_by, client, placed_at);

-- The document has CATEGORIES of its own: a private book shows its owner's in their place.
ALTER TABLE item ADD COLUMN mixed INTEGER NOT NULL DEFAULT 0;

-- kind 'removed-group': the book of a deleted group; its administrator may found the group again.
CREATE TABLE removed_group (
    collection INTEGER PRIMARY KEY REFERENCES collection ON DELETE CASCADE,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    options TEXT NOT NULL,
    admin INTEGER NOT NULL,
    -- Who was in it, as a JSON array.
    members TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX removed_group_name ON removed_group (name, admin);

CREATE TABLE invitation (
    token TEXT PRIMARY KEY,
    grp INTEGER NOT NULL REFERENCES grp ON DELETE CASCADE,
    email TEXT NOT NULL,
    inviter INTEGER NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX invitation_grp ON invitation (grp);

-- What lists showed of a removed item when it was removed.
ALTER TABLE revision ADD COLUMN display TEXT NOT NULL DEFAULT '';
UPDATE revision SET display = coalesce((SELECT display FROM item i WHERE i.id = revision.item), '')
    WHERE kind = 'removed';
CREATE INDEX revision_client ON revision (person, client, at) WHERE kind IN ('replaced', 'removed');
CREATE INDEX revision_proposed ON revision (item) WHERE kind = 'proposed';

-- Removals by a client of a person, minute by minute, for an hour.
CREATE TABLE removal_count (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    client TEXT NOT NULL,
    collection INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    removals INTEGER NOT NULL,
    PRIMARY KEY (person, client, collection, minute)
) WITHOUT ROWID;

-- What a person is told until it is settled.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    collection INTEGER,
    since INTEGER NOT NULL,
    number INTEGER NOT NULL,
    -- Further deletions by the client are refused until the person confirms.
    held INTEGER NOT NULL DEFAULT 0,
    settled INTEGER
);
CREATE INDEX notice_person ON notice (person, settled, at);

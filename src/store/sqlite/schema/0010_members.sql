-- The members of each group as a list clients follow. Rows of its own, never touched but by changes
-- of memberships and accounts; kind 'members', later 'removed-members'.

ALTER TABLE person ADD COLUMN organization TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN picture BLOB;

CREATE TABLE member_placement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    href TEXT NOT NULL,
    server_id TEXT NOT NULL UNIQUE,
    display TEXT NOT NULL,
    -- What the list shows of the person, as JSON.
    profile BLOB NOT NULL,
    digest TEXT NOT NULL,
    born INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    gone INTEGER,
    gone_at INTEGER,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    moved INTEGER GENERATED ALWAYS AS (coalesce(gone, changed)) VIRTUAL
);
CREATE UNIQUE INDEX member_placement_person ON member_placement (collection, person) WHERE gone IS NULL;
CREATE UNIQUE INDEX member_placement_href ON member_placement (collection, href) WHERE gone IS NULL;
CREATE INDEX member_placement_born ON member_placement (collection, born) WHERE gone IS NULL;
CREATE INDEX member_placement_changed ON member_placement (collection, changed) WHERE gone IS NULL;
CREATE INDEX member_placement_gone ON member_placement (collection, gone) WHERE gone IS NOT NULL;
CREATE INDEX member_placement_moved ON member_placement (collection, moved);
CREATE UNIQUE INDEX collection_members ON collection (grp) WHERE kind = 'members';

INSERT INTO collection (kind, grp, uuid, segment, display_name, epoch, seq, created)
SELECT 'members', g.id, lower(hex(randomblob(16))), g.name, g.display_name,
    lower(hex(randomblob(8))), (SELECT count(*) FROM membership m WHERE m.grp = g.id), g.created
FROM grp g;
INSERT INTO member_placement (person, collection, href, server_id, display, profile, digest,
    born, changed, created, modified)
SELECT m.person, c.id, m.at, lower(hex(randomblob(12))), p.name,
    CAST(json_object('name', p.name, 'email', p.email) AS BLOB), lower(hex(randomblob(16))),
    m.at, m.at, m.joined, m.joined
FROM (SELECT grp, person, joined, row_number() OVER (PARTITION BY grp ORDER BY person) AS at
      FROM membership) m
JOIN collection c ON c.grp = m.grp AND c.kind = 'members' JOIN person p ON p.id = m.person;
UPDATE member_placement SET href = server_id || '.vcf';

-- Its rows as placements and items are read: their numbers are below zero, where no contact's are.
CREATE VIEW member_card AS
SELECT id AS key, -id AS id, -person AS item, collection, href, server_id, server_id AS uid,
    'contact' AS class, 'individual' AS kind, display, person AS creator, NULL AS origin,
    person AS placed_by, born, changed, gone, moved, NULL AS maker, NULL AS writer, 1 AS rev,
    digest, profile AS document, created, modified, x'' AS overlay, 0 AS mixed, x'' AS beside
FROM member_placement;

-- What a view shows of its books: rows of its own, never touched but by catching up. `within` lists
-- the books that hold the item, by id.
CREATE TABLE view_placement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item INTEGER NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    href TEXT NOT NULL DEFAULT '',
    server_id TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL,
    placed_by INTEGER NOT NULL,
    within TEXT NOT NULL,
    born INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    gone INTEGER,
    maker INTEGER,
    writer INTEGER,
    overlay BLOB NOT NULL,
    moved INTEGER GENERATED ALWAYS AS (coalesce(gone, changed)) VIRTUAL
);
CREATE UNIQUE INDEX view_placement_item ON view_placement (collection, item) WHERE gone IS NULL;
CREATE INDEX view_placement_born ON view_placement (collection, born) WHERE gone IS NULL;
CREATE INDEX view_placement_changed ON view_placement (collection, changed) WHERE gone IS NULL;
CREATE INDEX view_placement_gone ON view_placement (collection, gone) WHERE gone IS NOT NULL;
CREATE INDEX view_placement_moved ON view_placement (collection, moved);

CREATE UNIQUE INDEX collection_view ON collection (person, segment) WHERE kind = 'view';

-- Statements are planned for large files, whatever is in this one: by the statistics of a small file every
-- contact of the server was read for one person's list.
DROP TABLE IF EXISTS sqlite_stat1;
DROP TABLE IF EXISTS sqlite_stat4;
-- Who has been told of a group's news is found by person: a share costs what it tells.
DROP INDEX notice_open;
CREATE INDEX notice_open ON notice (collection, kind, person) WHERE settled IS NULL;
-- What goes with a collection is found by it.
CREATE INDEX comment_collection ON comment (collection);
CREATE INDEX sync_state_collection ON sync_state (collection);
CREATE INDEX import_collection ON import (collection);
CREATE INDEX view_source_source ON view_source (source);
CREATE INDEX book_placement_book ON book_placement (book) WHERE gone IS NULL;
DROP INDEX audit_at;

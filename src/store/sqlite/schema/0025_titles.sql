-- Contacts are found by the titles of their documents: who has any is indexed anew at the next start.
INSERT OR REPLACE INTO meta SELECT 'derived', 'stale' WHERE EXISTS (SELECT 1 FROM attachment);

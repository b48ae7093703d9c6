-- Favourites and names with the family first are new among the derived rows: made anew at the next start.
INSERT OR REPLACE INTO meta VALUES ('derived', 'stale');

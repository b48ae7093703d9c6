-- Numbers are listed as lists show them, and faxes marked: derived rows are made anew at the next start.
INSERT OR REPLACE INTO meta VALUES ('derived', 'stale');

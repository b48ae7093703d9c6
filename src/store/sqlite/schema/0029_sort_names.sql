-- Names are sorted without particles, as a card says, and as they are spoken: indexed anew at the next start.
INSERT OR REPLACE INTO meta SELECT 'derived', 'stale' WHERE EXISTS (SELECT 1 FROM item WHERE class = 'contact');

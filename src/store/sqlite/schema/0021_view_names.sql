-- Views are books of CardDAV clients too: their rows have names.

UPDATE view_placement SET href = server_id || '.vcf';
CREATE UNIQUE INDEX view_placement_href ON view_placement (collection, href) WHERE gone IS NULL;

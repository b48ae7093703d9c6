-- The login of who acted outlives the account.
ALTER TABLE audit ADD COLUMN login TEXT NOT NULL DEFAULT '';
UPDATE audit SET login = coalesce((SELECT login FROM person p WHERE p.id = audit.person), '');

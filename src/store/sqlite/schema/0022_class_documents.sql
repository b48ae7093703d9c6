-- Octets of the documents of one person of a class, 0 for no limit; none: as the server allows.
ALTER TABLE account_class ADD COLUMN documents INTEGER;

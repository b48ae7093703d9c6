-- Octets of one photo, and of one imported file, of people of a class; none: as the server allows.
ALTER TABLE account_class ADD COLUMN photo INTEGER;
ALTER TABLE account_class ADD COLUMN import_size INTEGER;

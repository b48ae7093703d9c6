-- The tags that were made while an import ran, so that undoing it removes those nothing is left under.
ALTER TABLE import ADD COLUMN tags_after INTEGER;
ALTER TABLE import ADD COLUMN tags_upto INTEGER;

-- What is shared with a person, granted to it, and who joined its groups, is told on pages too.
ALTER TABLE notice ADD COLUMN item INTEGER;
CREATE INDEX notice_open ON notice (collection, kind) WHERE settled IS NULL;
-- The newest thirty of a person stay.
CREATE TRIGGER news_bounded AFTER INSERT ON notice
WHEN new.settled IS NULL AND new.kind IN ('shared', 'granted', 'added', 'joined')
BEGIN
    DELETE FROM notice WHERE id IN (
        SELECT id FROM notice WHERE person = new.person AND settled IS NULL
            AND kind IN ('shared', 'granted', 'added', 'joined')
        ORDER BY at DESC, id DESC LIMIT -1 OFFSET 30);
END;

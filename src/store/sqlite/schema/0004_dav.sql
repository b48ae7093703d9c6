-- CardDAV clients: versions of single cards they hold beyond what they were last served of a book,
-- their push subscriptions, and what quota properties need.

CREATE TABLE dav_client_card (
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    client TEXT NOT NULL,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    placement INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, client, collection, placement)
) WITHOUT ROWID;

-- WebDAV-Push. `notified` is the newest sequence the subscriber was told of or caused.
CREATE TABLE push_subscription (
    id TEXT PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
    collection INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    resource TEXT NOT NULL,
    public_key BLOB NOT NULL,
    auth_secret BLOB NOT NULL,
    expires INTEGER NOT NULL,
    UNIQUE (person, collection, resource)
) WITHOUT ROWID;
CREATE INDEX push_subscription_collection ON push_subscription (collection);

-- Octets of the documents live in a collection.
ALTER TABLE collection ADD COLUMN octets INTEGER NOT NULL DEFAULT 0;
UPDATE collection SET octets = (
    SELECT coalesce(sum(length(i.document)), 0) FROM placement p JOIN item i ON i.id = p.item
    WHERE p.collection = collection.id AND p.gone IS NULL);
CREATE TRIGGER octets_placed AFTER INSERT ON placement WHEN NEW.gone IS NULL BEGIN
    UPDATE collection SET octets = octets + (SELECT length(document) FROM item WHERE id = NEW.item)
    WHERE id = NEW.collection;
END;
CREATE TRIGGER octets_gone AFTER UPDATE OF gone ON placement
WHEN OLD.gone IS NULL AND NEW.gone IS NOT NULL BEGIN
    UPDATE collection SET octets = octets - (SELECT length(document) FROM item WHERE id = NEW.item)
    WHERE id = NEW.collection;
END;
CREATE TRIGGER octets_edited AFTER UPDATE OF document ON item
WHEN length(OLD.document) <> length(NEW.document) BEGIN
    UPDATE collection SET octets = octets + length(NEW.document) - length(OLD.document)
    WHERE id IN (SELECT collection FROM placement WHERE item = NEW.id AND gone IS NULL);
END;

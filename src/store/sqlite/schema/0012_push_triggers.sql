-- What a push subscription is told of.
ALTER TABLE push_subscription ADD COLUMN content INTEGER NOT NULL DEFAULT 1;
ALTER TABLE push_subscription ADD COLUMN properties INTEGER NOT NULL DEFAULT 0;

-- When the entity tag of an item last changed for a person whose write was refused: grows with every
-- refusal in a collection, so that their clients are told.
ALTER TABLE refusal_mark ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX refusal_mark_at ON refusal_mark (person, collection, at);

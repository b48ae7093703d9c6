-- What ends by its time is found by it, where no card's write pays for that.
CREATE INDEX notice_settled ON notice (settled) WHERE settled IS NOT NULL AND mailed = 1;
CREATE INDEX import_at ON import (at);
CREATE INDEX member_placement_gone_at ON member_placement (gone_at) WHERE gone IS NOT NULL;
CREATE INDEX session_expires ON session (expires);
CREATE INDEX push_subscription_expires ON push_subscription (expires);
CREATE INDEX invitation_expires ON invitation (expires);
CREATE INDEX reset_expires ON reset (expires);

-- Purges look at what was removed since the last one, and at no row that was left of it before.
DELETE FROM item WHERE length(document) = 0
    AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.item = item.id)
    AND id NOT IN (SELECT item FROM view_placement WHERE gone IS NULL);

-- The key of a contact is its UID without `urn:uuid:` (RFC 6350 §6.7.6).
UPDATE item SET uid = substr(uid, 10)
    WHERE class = 'contact' AND lower(substr(uid, 1, 9)) = 'urn:uuid:' AND length(uid) > 9
        AND NOT EXISTS (SELECT 1 FROM placement p JOIN placement q
            ON q.collection = p.collection AND q.gone IS NULL AND q.item <> p.item
                AND (q.uid = substr(item.uid, 10) OR lower(q.uid) = lower(item.uid))
            WHERE p.item = item.id AND p.gone IS NULL);
UPDATE placement SET uid = (SELECT i.uid FROM item i WHERE i.id = placement.item)
    WHERE lower(substr(uid, 1, 9)) = 'urn:uuid:' AND gone IS NULL;

-- The key of a contact is its UID without `urn:uuid:` (RFC 9562 §4), where no other of its place has that
-- already. A key that stays as it was is still that of its contact.
UPDATE item SET uid = substr(uid, 10)
    WHERE class = 'contact' AND lower(substr(uid, 1, 9)) = 'urn:uuid:' AND length(uid) > 9
        AND lower(substr(uid, 10, 9)) <> 'urn:uuid:'
        AND NOT EXISTS (SELECT 1 FROM placement p JOIN placement q
            ON q.collection = p.collection AND q.gone IS NULL AND q.uid = substr(item.uid, 10)
            WHERE p.item = item.id AND p.gone IS NULL)
        AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.item = item.id AND p.gone IS NULL
            AND (p.collection, lower(p.uid)) IN (SELECT collection, lower(uid) FROM placement
                WHERE gone IS NULL AND lower(substr(uid, 1, 9)) = 'urn:uuid:'
                GROUP BY 1, 2 HAVING count(*) > 1));
UPDATE placement SET uid = (SELECT i.uid FROM item i WHERE i.id = placement.item)
    WHERE lower(substr(uid, 1, 9)) = 'urn:uuid:';

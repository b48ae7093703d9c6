//! Reads about what CardDAV clients were served and refused, their subscriptions and quotas.

use rusqlite::{Row, params};

use super::{
    read::Reader,
    read_items::{HEAD, card, count, document},
};
use crate::domain::{
    book::Follower,
    id::{AppPasswordId, CollectionId, ItemId, PersonId, PlacementId, Seq, Timestamp},
    item::Card,
    store::{PushSubscription, ServedUpto, StoredProperty, Want},
};

/// Reads of [`Store`](crate::domain::store::Store) under the same names, described there.
impl Reader<'_> {
    pub fn octets(&self, collection: CollectionId) -> rusqlite::Result<i64> {
        let sql = "SELECT octets FROM collection WHERE id = ?1";
        let octets = self.one(sql, [collection.0], |row| row.get(0))?;
        Ok(octets.unwrap_or(0))
    }

    pub fn changed_at(&self, collection: CollectionId) -> rusqlite::Result<Option<Timestamp>> {
        let last = self.one(
            "SELECT max(at) FROM (
                 SELECT max(i.modified, p.placed_at, p.changed_at) AS at FROM (
                     SELECT item, placed_at, changed_at FROM placement
                     WHERE collection = ?1 AND gone IS NULL ORDER BY changed DESC LIMIT 1) p
                 JOIN item i ON i.id = p.item
                 UNION ALL SELECT gone_at FROM (
                     SELECT gone_at FROM placement
                     WHERE collection = ?1 AND gone IS NOT NULL ORDER BY gone DESC LIMIT 1))",
            [collection.0],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(last.flatten().map(Timestamp))
    }

    pub fn served(
        &self,
        follower: &Follower,
        placement: Option<PlacementId>,
    ) -> rusqlite::Result<Option<ServedUpto>> {
        self.one(
            "SELECT c.seq, k.seq FROM dav_client c LEFT JOIN dav_client_card k
                 ON k.person = c.person AND k.client = c.client AND k.program = c.program
                     AND k.collection = c.collection AND k.placement = ?5
             WHERE c.person = ?1 AND c.client = ?2 AND c.program = ?3 AND c.collection = ?4",
            params![
                follower.person.0,
                follower.client,
                follower.program,
                follower.collection.0,
                placement.map(|placement| placement.0)
            ],
            |row| {
                Ok(ServedUpto {
                    book: Seq(row.get(0)?),
                    placement: row.get::<_, Option<i64>>(1)?.map(Seq),
                })
            },
        )
    }

    pub fn served_least(&self, follower: &Follower) -> rusqlite::Result<Option<Seq>> {
        let least = self.one(
            "SELECT min(seq) FROM dav_client WHERE person = ?1 AND client = ?2 AND collection = ?3",
            params![follower.person.0, follower.client, follower.collection.0],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(least.flatten().map(Seq))
    }

    pub fn refusal_marks(
        &self,
        person: PersonId,
        collection: CollectionId,
        items: &[ItemId],
    ) -> rusqlite::Result<Vec<(ItemId, i64)>> {
        let mut marks = Vec::new();
        for item in items {
            marks.extend(self.one(
                "SELECT item, mark FROM refusal_mark
                 WHERE person = ?1 AND collection = ?2 AND item = ?3",
                [person.0, collection.0, item.0],
                |row| Ok((ItemId(row.get(0)?), row.get(1)?)),
            )?);
        }
        Ok(marks)
    }

    pub fn refusals(&self, person: PersonId, collection: CollectionId) -> rusqlite::Result<i64> {
        let number = self.one(
            "SELECT coalesce(sum(mark), 0) FROM refusal_mark WHERE person = ?1 AND collection = ?2",
            [person.0, collection.0],
            |row| row.get(0),
        )?;
        Ok(number.unwrap_or_default())
    }

    pub fn last_refused(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> rusqlite::Result<Option<Timestamp>> {
        let last = self.one(
            "SELECT max(at) FROM refusal_mark WHERE person = ?1 AND collection = ?2",
            [person.0, collection.0],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(last.flatten().map(Timestamp))
    }

    pub fn refused_cards(
        &self,
        person: PersonId,
        collection: CollectionId,
        after: Option<Timestamp>,
        upto: Timestamp,
        limit: usize,
        want: Want,
    ) -> rusqlite::Result<Vec<(Card, Timestamp)>> {
        let from = self.from(collection)?;
        let sql = format!(
            "SELECT {HEAD}, {}, m.at {from}
             JOIN refusal_mark m ON m.collection = p.collection AND m.item = p.item
             WHERE m.person = ?1 AND m.collection = ?2 AND m.at > ?3 AND m.at <= ?4
                 AND p.gone IS NULL ORDER BY m.at LIMIT ?5",
            document(want)
        );
        self.bounded(
            &sql,
            [
                person.0,
                collection.0,
                after.map_or(0, |after| after.0),
                upto.0,
                count(limit),
            ],
            |row| Ok((card(row)?, Timestamp(row.get(27)?))),
            |(card, _)| card.document.len(),
        )
    }

    pub fn properties_of(
        &self,
        person: PersonId,
        resources: &[String],
    ) -> rusqlite::Result<Vec<StoredProperty>> {
        let mut found = Vec::new();
        for resource in resources {
            found.extend(self.all(
                "SELECT resource, namespace, name, value FROM property
                 WHERE resource = ?1 AND person IN (0, ?2) ORDER BY person, namespace, name",
                params![resource, person.0],
                |row| {
                    Ok(StoredProperty {
                        resource: row.get(0)?,
                        namespace: row.get(1)?,
                        name: row.get(2)?,
                        value: row.get(3)?,
                    })
                },
            )?);
        }
        Ok(found)
    }

    pub fn push_subscriptions(
        &self,
        collection: CollectionId,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<PushSubscription>> {
        let sql = format!(
            "{SUBSCRIPTION} s WHERE collection = ?1 AND expires > ?2 AND NOT EXISTS (
                 SELECT 1 FROM app_password a WHERE a.id = s.app_password AND a.expires <= ?2)"
        );
        self.all(&sql, [collection.0, now.0], subscription)
    }

    pub fn push_subscription(&self, id: &str) -> rusqlite::Result<Option<PushSubscription>> {
        let sql = format!("{SUBSCRIPTION} WHERE id = ?1");
        self.one(&sql, [id], subscription)
    }
}

const SUBSCRIPTION: &str = "SELECT id, person, collection, resource, public_key, auth_secret,
    expires, content, properties, app_password FROM push_subscription";

fn subscription(row: &Row<'_>) -> rusqlite::Result<PushSubscription> {
    Ok(PushSubscription {
        id: row.get(0)?,
        person: PersonId(row.get(1)?),
        collection: CollectionId(row.get(2)?),
        resource: row.get(3)?,
        public_key: row.get(4)?,
        auth_secret: row.get(5)?,
        expires: Timestamp(row.get(6)?),
        content: row.get(7)?,
        properties: row.get(8)?,
        app_password: row.get::<_, Option<i64>>(9)?.map(AppPasswordId),
    })
}

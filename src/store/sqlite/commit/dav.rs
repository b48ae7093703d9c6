//! What CardDAV clients were served, and their push subscriptions.

use rusqlite::{OptionalExtension as _, params};

use super::{Applied, Commit, misrouted};
use crate::domain::{
    batch::Op,
    error::Error,
    id::{CollectionId, PersonId, PlacementId, Seq},
    store::PushSubscription,
};

/// Push subscriptions of one person; those that expire first go first.
const SUBSCRIPTIONS_KEPT: i64 = 200;
/// Clients remembered of a person and a book.
const CLIENTS: i64 = 64;

impl Commit<'_> {
    pub(super) fn dav_op(&mut self, op: &Op) -> Applied<i64> {
        match op {
            Op::NoteServed {
                collection,
                upto,
                cards,
            } => self.note_served(*collection, *upto, cards),
            Op::NoteWritten { collection, href } => self.note_written(*collection, href),
            Op::Unmoved { collection, seq } => self.unmoved(*collection, *seq),
            Op::MoveBook {
                collection,
                segment,
            } => self.move_book(collection.0, segment),
            Op::Subscribe(subscription) => self.subscribe(subscription),
            Op::Unsubscribe { id } => {
                self.connection
                    .prepare_cached("DELETE FROM push_subscription WHERE id = ?1")?
                    .execute([id])?;
                Ok(0)
            }
            _ => misrouted(),
        }
    }

    /// The resource of a book is known by its permanent identifier.
    pub(super) fn note_described(
        &mut self,
        resource: &str,
        person: Option<PersonId>,
    ) -> Applied<()> {
        let Some(uuid) = resource.strip_prefix("book:") else {
            return Ok(());
        };
        let book: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM collection WHERE uuid = ?1")?
            .query_row([uuid], |row| row.get(0))
            .optional()?;
        let described = book.map(|book| (CollectionId(book), person));
        self.described.extend(described);
        Ok(())
    }

    fn unmoved(&self, collection: CollectionId, seq: Seq) -> Applied<i64> {
        let stands = self
            .connection
            .prepare_cached("SELECT 1 FROM collection WHERE id = ?1 AND seq = ?2")?
            .exists(params![collection.0, seq.0])?;
        if stands {
            Ok(collection.0)
        } else {
            Err(Error::PreconditionFailed.into())
        }
    }

    fn move_book(&mut self, book: i64, segment: &str) -> Applied<i64> {
        let taken = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM collection c JOIN collection b ON b.person = c.person AND b.id = ?1
                 WHERE c.kind = 'private' AND c.class = 'contact' AND c.segment = ?2",
            )?
            .exists(params![book, segment])?;
        if taken {
            return Err(Error::Exists(segment.to_owned()).into());
        }
        self.connection
            .prepare_cached("UPDATE collection SET segment = ?2 WHERE id = ?1")?
            .execute(params![book, segment])?;
        let homes: Vec<i64> = self
            .connection
            .prepare_cached("SELECT home FROM book_placement WHERE book = ?1 AND gone IS NULL")?
            .query_map([book], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for home in homes {
            let gone = self.next_seq(home)?;
            self.connection
                .prepare_cached(
                    "UPDATE book_placement SET gone = ?3
                     WHERE home = ?1 AND book = ?2 AND gone IS NULL",
                )?
                .execute(params![home, book, gone])?;
            let born = self.next_seq(home)?;
            self.connection
                .prepare_cached(
                    "INSERT INTO book_placement (home, book, segment, born, changed)
                     VALUES (?1, ?2, ?3, ?4, ?4)",
                )?
                .execute(params![home, book, segment, born])?;
        }
        Ok(book)
    }

    fn note_served(
        &self,
        collection: CollectionId,
        upto: Option<Seq>,
        cards: &[(PlacementId, Seq)],
    ) -> Applied<i64> {
        let (person, client) = (self.author(), &self.batch.client);
        if let Some(upto) = upto {
            self.connection
                .prepare_cached(
                    "INSERT INTO dav_client (person, client, collection, seq) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
                )?
                .execute(params![person, client, collection.0, upto.0])?;
            self.forget_clients(collection)?;
            self.connection
                .prepare_cached(
                    "DELETE FROM dav_client_card
                     WHERE person = ?1 AND client = ?2 AND collection = ?3 AND seq <= ?4",
                )?
                .execute(params![person, client, collection.0, upto.0])?;
        }
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO dav_client_card (person, client, collection, placement, seq)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
        )?;
        for (placement, seq) in cards {
            insert.execute(params![person, client, collection.0, placement.0, seq.0])?;
        }
        Ok(0)
    }

    /// A client that calls itself something else each time does not fill the disk: beyond so many of
    /// a person and a book, those that know least of it are strangers again.
    fn forget_clients(&self, collection: CollectionId) -> Applied<()> {
        let too_many = "SELECT client FROM dav_client WHERE person = ?1 AND collection = ?2
             ORDER BY client = ?3 DESC, seq DESC LIMIT -1 OFFSET ?4";
        for table in ["dav_client_card", "dav_client"] {
            self.connection
                .prepare_cached(&format!(
                    "DELETE FROM {table} WHERE person = ?1 AND collection = ?2 AND client IN ({too_many})"
                ))?
                .execute(params![
                    self.author(),
                    collection.0,
                    self.batch.client,
                    CLIENTS
                ])?;
        }
        Ok(())
    }

    fn note_written(&self, collection: CollectionId, href: &str) -> Applied<i64> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO dav_client_card (person, client, collection, placement, seq)
                 SELECT c.person, c.client, c.collection, p.id, p.changed
                 FROM dav_client c JOIN placement p ON p.collection = c.collection
                 WHERE c.person = ?1 AND c.client = ?2 AND c.collection = ?3
                     AND p.href = ?4 AND p.gone IS NULL",
            )?
            .execute(params![self.author(), self.batch.client, collection.0, href])?;
        Ok(0)
    }

    fn subscribe(&self, new: &PushSubscription) -> Applied<i64> {
        self.connection
            .prepare_cached("DELETE FROM push_subscription WHERE expires <= ?1")?
            .execute([self.batch.at.0])?;
        self.connection
            .prepare_cached(
                "INSERT INTO push_subscription
                     (id, person, collection, resource, public_key, auth_secret, expires,
                      content, properties)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (person, collection, resource) DO UPDATE SET
                     public_key = excluded.public_key, auth_secret = excluded.auth_secret,
                     expires = excluded.expires, content = excluded.content,
                     properties = excluded.properties",
            )?
            .execute(params![
                new.id,
                new.person.0,
                new.collection.0,
                new.resource,
                new.public_key,
                new.auth_secret,
                new.expires.0,
                new.content,
                new.properties,
            ])?;
        self.connection
            .prepare_cached(
                "DELETE FROM push_subscription WHERE person = ?1 AND id IN (
                     SELECT id FROM push_subscription WHERE person = ?1
                     ORDER BY expires DESC LIMIT -1 OFFSET ?2)",
            )?
            .execute(params![new.person.0, SUBSCRIPTIONS_KEPT])?;
        Ok(0)
    }
}

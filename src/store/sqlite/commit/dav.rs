//! What CardDAV clients were served, and their push subscriptions.

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::{
    batch::DavOp,
    id::{CollectionId, PlacementId, Seq},
    store::PushSubscription,
};

/// Push subscriptions of one person; those that expire first go first.
const SUBSCRIPTIONS_KEPT: i64 = 200;
/// Clients remembered of a person and a book.
const CLIENTS: i64 = 64;

impl Commit<'_> {
    pub(super) fn dav_op(&mut self, op: &DavOp) -> Applied<i64> {
        match op {
            DavOp::NoteServed {
                program,
                collection,
                upto,
                cards,
            } => self.note_served(program, *collection, *upto, cards),
            DavOp::NoteWritten {
                program,
                collection,
                href,
            } => self.note_written(program, *collection, href),
            DavOp::Subscribe(subscription) => self.subscribe(subscription),
            DavOp::Unsubscribe { id } => {
                self.connection
                    .prepare_cached("DELETE FROM push_subscription WHERE id = ?1")?
                    .execute([id])?;
                Ok(0)
            }
        }
    }

    fn note_served(
        &mut self,
        program: &str,
        collection: CollectionId,
        upto: Option<Seq>,
        cards: &[(PlacementId, Seq)],
    ) -> Applied<i64> {
        let (person, client) = (self.author(), &self.batch.client);
        if let Some(upto) = upto {
            self.connection
                .prepare_cached(
                    "INSERT INTO dav_client (person, client, program, collection, seq)
                     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
                )?
                .execute(params![person, client, program, collection.0, upto.0])?;
            self.forget_clients(program, collection)?;
            self.connection
                .prepare_cached(
                    "DELETE FROM dav_client_card
                     WHERE person = ?1 AND client = ?2 AND program = ?3 AND collection = ?4
                         AND seq <= ?5",
                )?
                .execute(params![person, client, program, collection.0, upto.0])?;
        }
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO dav_client_card (person, client, program, collection, placement, seq)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
        )?;
        for (placement, seq) in cards {
            insert.execute(params![
                person,
                client,
                program,
                collection.0,
                placement.0,
                seq.0
            ])?;
        }
        Ok(0)
    }

    /// A client that calls itself something else each time does not fill the disk: beyond so many of
    /// a person and a book, those that know least of it are strangers again.
    fn forget_clients(&mut self, program: &str, collection: CollectionId) -> Applied<()> {
        let too_many =
            "SELECT client, program FROM dav_client WHERE person = ?1 AND collection = ?2
             ORDER BY client = ?3 AND program = ?4 DESC, seq DESC LIMIT -1 OFFSET ?5";
        let mut forgotten = 0;
        for table in ["dav_client_card", "dav_client"] {
            forgotten = self
                .connection
                .prepare_cached(&format!(
                    "DELETE FROM {table} WHERE person = ?1 AND collection = ?2
                         AND (client, program) IN ({too_many})"
                ))?
                .execute(params![
                    self.author(),
                    collection.0,
                    self.batch.client,
                    program,
                    CLIENTS
                ])?;
        }
        self.clients_forgotten |= forgotten > 0;
        Ok(())
    }

    fn note_written(&self, program: &str, collection: CollectionId, href: &str) -> Applied<i64> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO dav_client_card
                     (person, client, program, collection, placement, seq)
                 SELECT c.person, c.client, c.program, c.collection, p.id, p.changed
                 FROM dav_client c JOIN placement p ON p.collection = c.collection
                 WHERE c.person = ?1 AND c.client = ?2 AND c.program = ?3 AND c.collection = ?4
                     AND p.href = ?5 AND p.gone IS NULL",
            )?
            .execute(params![
                self.author(),
                self.batch.client,
                program,
                collection.0,
                href
            ])?;
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
                      content, properties, app_password)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (person, collection, resource) DO UPDATE SET
                     public_key = excluded.public_key, auth_secret = excluded.auth_secret,
                     expires = excluded.expires, content = excluded.content,
                     properties = excluded.properties, app_password = excluded.app_password",
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
                new.app_password.map(|password| password.0),
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

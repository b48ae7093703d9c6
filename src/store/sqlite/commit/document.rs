//! Octets in chunks, folders, and documents attached to contacts.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{
    class::Blob,
    collection::{DEFAULT_FOLDER, Place},
    document::{DocumentOp, KEPT_TIMES, Link},
    error::Error,
    id::{BlobId, CollectionId, ItemId, PersonId, Timestamp},
};

impl Commit<'_> {
    pub(super) fn document_op(&mut self, op: &DocumentOp) -> Applied<i64> {
        match op {
            DocumentOp::BeginBlob => {
                self.run("INSERT INTO blob (begun) VALUES (?1)", [self.batch.at.0])
            }
            DocumentOp::WriteBlob { blob, chunk, data } => {
                self.run(
                    "INSERT INTO blob_chunk (blob, chunk, data) VALUES (?1, ?2, ?3)",
                    params![blob.0, chunk, data],
                )?;
                Ok(blob.0)
            }
            DocumentOp::SealBlob { blob, content } => self.seal_blob(*blob, content),
            DocumentOp::DropBlob { blob } => self.run(
                "DELETE FROM blob WHERE id = ?1 AND digest IS NULL",
                [blob.0],
            ),
            DocumentOp::CollectBlobs { begun_before, most } => {
                self.collect_blobs(*begun_before, *most)
            }
            DocumentOp::FitDocuments { person, limit } => self.fit_documents(*person, *limit),
            DocumentOp::SetDocumentQuota { person, quota } => {
                let sql = "SELECT document_quota IS NOT ?2 FROM person WHERE id = ?1";
                let mut found = self.connection.prepare_cached(sql)?;
                let changes = found
                    .query_row(params![person.0, quota], |row| row.get(0))
                    .optional()?;
                if changes.ok_or(Error::NotFound)? {
                    self.run(
                        "UPDATE person SET document_quota = ?2 WHERE id = ?1",
                        params![person.0, quota],
                    )?;
                    self.audit_account(*person, "changed: quota of documents")?;
                }
                Ok(person.0)
            }
            DocumentOp::AddFolder {
                place,
                segment,
                display_name,
            } => {
                let (person, group) = owner(*place)?;
                self.check_folder_name(person, group, display_name, 0)?;
                self.add_folder(person, group, segment, display_name)
            }
            DocumentOp::RenameFolder {
                folder,
                display_name,
            } => {
                let (person, group) = self.owner_of(*folder)?;
                self.check_folder_name(person, group, display_name, folder.0)?;
                self.run(
                    "UPDATE collection SET display_name = ?2 WHERE id = ?1",
                    params![folder.0, display_name],
                )?;
                Ok(folder.0)
            }
            DocumentOp::HideFolder { folder } => self.hide_folder(*folder),
            DocumentOp::ShowFolder { folder } => {
                let (person, group) = self.owner_of(*folder)?;
                let name: String = self
                    .connection
                    .prepare_cached("SELECT display_name FROM collection WHERE id = ?1")?
                    .query_row([folder.0], |row| row.get(0))?;
                self.check_folder_name(person, group, &name, folder.0)?;
                self.run(
                    "UPDATE collection SET hidden = NULL WHERE id = ?1",
                    [folder.0],
                )?;
                Ok(folder.0)
            }
            DocumentOp::DropFolder { folder } => {
                self.owner_of(*folder)?;
                self.run(
                    "DELETE FROM collection AS c WHERE id = ?1 AND segment <> ?2
                         AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.collection = c.id)",
                    params![folder.0, DEFAULT_FOLDER],
                )
            }
            DocumentOp::Link {
                contact,
                document,
                link,
            } => self.link(*contact, *document, *link),
        }
    }

    /// The octets are whole: from now on they are known by their digest, once.
    fn seal_blob(&mut self, blob: BlobId, content: &Blob) -> Applied<i64> {
        let stored: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT (SELECT coalesce(sum(length(data)), 0) FROM blob_chunk c WHERE c.blob = b.id)
                 FROM blob b WHERE id = ?1 AND digest IS NULL",
            )?
            .query_row([blob.0], |row| row.get(0))
            .optional()?;
        if stored != Some(content.octets) {
            return Err(Error::Unavailable("the octets did not stay whole".into()).into());
        }
        let known: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM blob WHERE digest = ?1")?
            .query_row([&content.digest], |row| row.get(0))
            .optional()?;
        if let Some(known) = known {
            self.run("DELETE FROM blob WHERE id = ?1", [blob.0])?;
            return Ok(known);
        }
        self.run(
            "UPDATE blob SET digest = ?2, octets = ?3 WHERE id = ?1",
            params![blob.0, content.digest, content.octets],
        )?;
        Ok(blob.0)
    }

    /// Fails unless the blob that an item is to refer to exists.
    pub(super) fn require_blob(&self, blob: Option<&Blob>) -> Applied<()> {
        let Some(blob) = blob else { return Ok(()) };
        let there = self
            .connection
            .prepare_cached("SELECT 1 FROM blob WHERE digest = ?1 AND octets = ?2")?
            .exists(params![blob.digest, blob.octets])?;
        if there {
            Ok(())
        } else {
            Err(Error::NotFound.into())
        }
    }

    fn collect_blobs(&mut self, begun_before: Timestamp, most: i64) -> Applied<i64> {
        let gone = self
            .connection
            .prepare_cached(
                "DELETE FROM blob WHERE id IN (
                     SELECT id FROM blob b WHERE CASE WHEN digest IS NULL THEN begun < ?1
                         ELSE NOT EXISTS (SELECT 1 FROM item i WHERE i.blob = b.digest)
                             AND NOT EXISTS (SELECT 1 FROM revision r WHERE r.blob = b.digest) END
                     LIMIT ?2)",
            )?
            .execute(params![begun_before.0, most])?;
        self.more |= i64::try_from(gone).is_ok_and(|gone| gone == most);
        Ok(0)
    }

    fn fit_documents(&self, person: PersonId, limit: i64) -> Applied<i64> {
        let live: i64 = self
            .connection
            .prepare_cached(LIVE)?
            .query_row([person.0], |row| row.get(0))?;
        let kept: i64 = self
            .connection
            .prepare_cached(KEPT)?
            .query_row([person.0], |row| row.get(0))?;
        if live <= limit && kept <= limit.saturating_mul(KEPT_TIMES) {
            Ok(0)
        } else {
            Err(Error::OverQuota { limit }.into())
        }
    }

    /// The folder every account and every group has.
    pub(super) fn add_default_folder(
        &mut self,
        person: Option<i64>,
        group: Option<i64>,
    ) -> Applied<()> {
        let there = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM collection WHERE class = 'document' AND segment = ?3
                     AND (person = ?1 AND kind = 'private' OR grp = ?2 AND kind = 'group')",
            )?
            .exists(params![person, group, DEFAULT_FOLDER])?;
        if there {
            Ok(())
        } else {
            self.add_folder(person, group, DEFAULT_FOLDER, "Documents")
                .map(drop)
        }
    }

    fn add_folder(
        &mut self,
        person: Option<i64>,
        group: Option<i64>,
        segment: &str,
        display_name: &str,
    ) -> Applied<i64> {
        let kind = if person.is_some() { "private" } else { "group" };
        let folder =
            self.insert_collection_of("document", kind, person, group, segment, display_name)?;
        Ok(folder)
    }

    fn check_folder_name(
        &self,
        person: Option<i64>,
        group: Option<i64>,
        name: &str,
        except: i64,
    ) -> Applied<()> {
        let names: Vec<String> = self
            .connection
            .prepare_cached(
                "SELECT display_name FROM collection WHERE class = 'document' AND hidden IS NULL
                     AND id <> ?3
                     AND (person = ?1 AND kind = 'private' OR grp = ?2 AND kind = 'group')",
            )?
            .query_map(params![person, group, except], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let folded = name.to_lowercase();
        if names.iter().any(|other| other.to_lowercase() == folded) {
            Err(Error::Exists(name.to_owned()).into())
        } else {
            Ok(())
        }
    }

    fn owner_of(&self, folder: CollectionId) -> Applied<(Option<i64>, Option<i64>)> {
        let owner = self
            .connection
            .prepare_cached(
                "SELECT person, grp FROM collection WHERE id = ?1 AND class = 'document'
                     AND kind IN ('private', 'group')",
            )?
            .query_row([folder.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(owner.ok_or(Error::NotFound)?)
    }

    fn hide_folder(&mut self, folder: CollectionId) -> Applied<i64> {
        self.owner_of(folder)?;
        let deleted = self
            .connection
            .prepare_cached("SELECT 1 FROM collection WHERE id = ?1 AND hidden IS NOT NULL")?
            .exists([folder.0])?;
        if deleted {
            // When it was tells what comes back with it.
            return Ok(folder.0);
        }
        let live = self.live_in(folder.0)?;
        self.empty(folder.0)?;
        self.net_removals += live;
        self.removed_from = Some(folder.0);
        self.run(
            "UPDATE collection SET hidden = ?2 WHERE id = ?1",
            params![folder.0, self.batch.at.0],
        )?;
        Ok(folder.0)
    }

    fn link(&self, contact: ItemId, document: ItemId, link: Link) -> Applied<i64> {
        match link {
            Link::Attach => self.run(
                "INSERT INTO attachment (contact, document, person, at)
                 SELECT c.id, d.id, ?3, ?4 FROM item c JOIN item d ON d.id = ?2
                 WHERE c.id = ?1 AND c.class = 'contact' AND d.class = 'document'
                 ON CONFLICT DO NOTHING",
                params![contact.0, document.0, self.author(), self.batch.at.0],
            )?,
            Link::Detach => self.run(
                "DELETE FROM attachment WHERE contact = ?1 AND document = ?2",
                [contact.0, document.0],
            )?,
        };
        Ok(contact.0)
    }
}

/// Octets of the live documents a person created, without those of groups they have left.
pub const LIVE: &str = "SELECT coalesce(sum(i.octets), 0) FROM item i
    WHERE i.creator = ?1 AND i.blob IS NOT NULL AND EXISTS (
        SELECT 1 FROM placement p JOIN collection c ON c.id = p.collection
        WHERE p.item = i.id AND p.gone IS NULL AND (c.grp IS NULL OR EXISTS (
            SELECT 1 FROM membership m WHERE m.grp = c.grp AND m.person = ?1)))";

/// Octets of these documents with earlier versions and the trash, each blob counted once.
pub const KEPT: &str = "WITH own (item, blob) AS (
        SELECT i.id, i.blob FROM item i WHERE i.creator = ?1 AND i.blob IS NOT NULL AND EXISTS (
            SELECT 1 FROM placement p JOIN collection c ON c.id = p.collection
            WHERE p.item = i.id AND (c.grp IS NULL OR EXISTS (
                SELECT 1 FROM membership m WHERE m.grp = c.grp AND m.person = ?1))))
    SELECT coalesce(sum(b.octets), 0) FROM blob b WHERE b.digest IN (
        SELECT blob FROM own
        UNION SELECT r.blob FROM own JOIN revision r ON r.item = own.item WHERE r.blob IS NOT NULL)";

fn owner(place: Place) -> Applied<(Option<i64>, Option<i64>)> {
    match place {
        Place::Private(person) => Ok((Some(person.0), None)),
        Place::Group(group) => Ok((None, Some(group.0))),
        _ => Err(Error::Invalid("folders are in Private or in a group".into()).into()),
    }
}

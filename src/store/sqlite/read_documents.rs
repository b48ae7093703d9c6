//! Reads about documents: folders, octets, links to contacts.

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::params;

use super::{
    Sqlite,
    commit::document::{KEPT, LIVE},
    read::{COLLECTION, Reader, collection},
};
use crate::domain::{
    collection::Collection,
    document::{Documents, Weight},
    error::Result,
    id::{ItemId, PersonId, Timestamp},
    store::Attachment,
};

#[async_trait]
impl Documents for Sqlite {
    async fn folders(&self, person: PersonId) -> Result<Vec<Collection>> {
        self.read(move |r| r.folders(person)).await
    }

    async fn weight(&self, person: PersonId) -> Result<Weight> {
        self.read(move |r| r.weight(person)).await
    }

    async fn document_quota(&self, person: PersonId) -> Result<Option<i64>> {
        self.look_up(move |r| r.document_quota(person)).await
    }

    async fn chunk(&self, digest: &str, chunk: i64) -> Result<Option<Bytes>> {
        let digest = digest.to_owned();
        self.read(move |r| r.chunk(&digest, chunk)).await
    }

    async fn attachments(&self, contact: ItemId) -> Result<Vec<Attachment>> {
        self.look_up(move |r| r.attachments(contact)).await
    }

    async fn attached_to(&self, document: ItemId) -> Result<Vec<ItemId>> {
        self.look_up(move |r| r.attached_to(document)).await
    }
}

impl Reader<'_> {
    fn folders(&self, person: PersonId) -> rusqlite::Result<Vec<Collection>> {
        let first = "c.segment <> 'documents', lower(c.display_name), c.id";
        let own = format!(
            "{COLLECTION} WHERE c.person = ?1 AND c.kind = 'private' AND c.class = 'document'
             ORDER BY {first}"
        );
        let mut folders = self.all(&own, [person.0], collection)?;
        let of_groups = format!(
            "{COLLECTION} JOIN membership m ON m.grp = c.grp AND m.person = ?1
             WHERE c.kind = 'group' AND c.class = 'document'
             ORDER BY lower(g.display_name), g.id, {first}"
        );
        folders.extend(self.all(&of_groups, [person.0], collection)?);
        Ok(folders)
    }

    fn weight(&self, person: PersonId) -> rusqlite::Result<Weight> {
        let sum = |sql| self.one(sql, [person.0], |row| row.get(0));
        Ok(Weight {
            live: sum(LIVE)?.unwrap_or(0),
            kept: sum(KEPT)?.unwrap_or(0),
        })
    }

    fn document_quota(&self, person: PersonId) -> rusqlite::Result<Option<i64>> {
        let quota = self.one(
            "SELECT coalesce(p.document_quota, k.documents) FROM person p
             LEFT JOIN account_class k ON k.name = p.class WHERE p.id = ?1",
            [person.0],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(quota.flatten())
    }

    fn chunk(&self, digest: &str, chunk: i64) -> rusqlite::Result<Option<Bytes>> {
        self.one(
            "SELECT c.data FROM blob b JOIN blob_chunk c ON c.blob = b.id AND c.chunk = ?2
             WHERE b.digest = ?1",
            params![digest, chunk],
            |row| Ok(row.get::<_, Vec<u8>>(0)?.into()),
        )
    }

    fn attachments(&self, contact: ItemId) -> rusqlite::Result<Vec<Attachment>> {
        self.all(
            "SELECT a.document, a.person, a.at, EXISTS (SELECT 1 FROM placement p
                 WHERE p.item = a.document AND p.gone IS NULL)
             FROM attachment a WHERE a.contact = ?1 ORDER BY a.at, a.document",
            [contact.0],
            |row| {
                Ok(Attachment {
                    document: ItemId(row.get(0)?),
                    person: row.get::<_, Option<i64>>(1)?.map(PersonId),
                    at: Timestamp(row.get(2)?),
                    live: row.get(3)?,
                })
            },
        )
    }

    fn attached_to(&self, document: ItemId) -> rusqlite::Result<Vec<ItemId>> {
        self.all(
            "SELECT contact FROM attachment WHERE document = ?1 ORDER BY at, contact",
            [document.0],
            |row| Ok(ItemId(row.get(0)?)),
        )
    }
}

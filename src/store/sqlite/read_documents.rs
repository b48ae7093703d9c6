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
    collation::sort_key,
    collection::{Collection, Place},
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
        let own = format!(
            "{COLLECTION} WHERE c.person = ?1 AND c.kind = 'private' AND c.class = 'document'
             ORDER BY c.id"
        );
        let by_name = |folder: &Collection| {
            let is_first = folder.is_default_folder();
            (!is_first).then(|| sort_key(&folder.display_name))
        };
        let mut folders = self.all(&own, [person.0], collection)?;
        folders.sort_by_cached_key(by_name);
        let of_groups = format!(
            "{COLLECTION} JOIN membership m ON m.grp = c.grp AND m.person = ?1
             WHERE c.kind = 'group' AND c.class = 'document'
             ORDER BY c.id"
        );
        let of_groups = self.all(&of_groups, [person.0], collection)?;
        let mut groups = self.memberships(person)?;
        groups.sort_by_cached_key(|group| sort_key(&group.display_name));
        for group in groups {
            let mut own: Vec<Collection> = of_groups
                .iter()
                .filter(|folder| folder.place == Place::Group(group.group))
                .cloned()
                .collect();
            own.sort_by_cached_key(by_name);
            folders.extend(own);
        }
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

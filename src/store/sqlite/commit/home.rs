//! Books, and the homes that show them.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{
    batch::BookOp,
    class::CONTACT,
    error::Error,
    id::{CollectionId, PersonId, Seq},
    item::random_id,
};

impl Commit<'_> {
    pub(super) fn book_op(&mut self, op: &BookOp) -> Applied<i64> {
        match op {
            BookOp::AddBook {
                owner,
                uuid,
                segment,
                display_name,
                description,
            } => self.add_book(*owner, uuid, segment, display_name, description),
            BookOp::ChangeBook {
                collection,
                display_name,
                description,
            } => {
                if let Some(name) = display_name {
                    self.relabel(collection.0, name)?;
                }
                self.connection
                    .prepare_cached(
                        "UPDATE collection SET display_name = coalesce(?2, display_name),
                             description = coalesce(?3, description) WHERE id = ?1",
                    )?
                    .execute(params![collection.0, display_name, description])?;
                self.book_changed(collection.0)?;
                Ok(collection.0)
            }
            BookOp::RemoveBook { collection } => {
                let room = self.room;
                let is_empty = self.clear(collection.0)?;
                self.net_removals += (room - self.room) as i64;
                self.removed_from = Some(collection.0);
                if !is_empty {
                    return Ok(collection.0);
                }
                self.hide_book(collection.0, None)?;
                // What went last, perhaps in a portion before this one, brings the book back with it.
                self.connection
                    .prepare_cached(
                        "UPDATE collection SET kind = 'removed', hidden = coalesce(
                             (SELECT max(at) FROM revision WHERE collection = ?1 AND kind = 'removed'),
                             ?2) WHERE id = ?1",
                    )?
                    .execute([collection.0, self.batch.at.0])?;
                Ok(collection.0)
            }
            BookOp::RestoreBook { collection, owner } => self.restore_book(collection.0, owner.0),
            BookOp::MoveBook {
                collection,
                segment,
            } => self.move_book(collection.0, segment),
            BookOp::Unmoved { collection, seq } => self.unmoved(*collection, *seq),
            BookOp::SetProperty {
                person,
                resource,
                namespace,
                name,
                value,
            } => {
                self.note_described(resource, *person)?;
                let person = person.map_or(0, |person| person.0);
                match value {
                    Some(value) => self.run(
                        "INSERT OR REPLACE INTO property (person, resource, namespace, name, value)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                        params![person, resource, namespace, name, value],
                    ),
                    None => self.run(
                        "DELETE FROM property WHERE person = ?1 AND resource = ?2
                             AND namespace = ?3 AND name = ?4",
                        params![person, resource, namespace, name],
                    ),
                }
            }
        }
    }

    /// A deleted book is its owner's again, under another segment where its own is taken.
    fn restore_book(&mut self, book: i64, owner: i64) -> Applied<i64> {
        let restored = self
            .connection
            .prepare_cached(
                "UPDATE collection AS c SET kind = 'private', hidden = NULL, segment = iif(EXISTS (
                     SELECT 1 FROM collection o WHERE o.person = c.person AND o.kind = 'private'
                         AND o.class = c.class AND o.segment = c.segment), c.uuid, c.segment)
                 WHERE id = ?1 AND person = ?2 AND kind = 'removed' AND class = 'contact'",
            )?
            .execute([book, owner])?;
        if restored == 0 {
            return Err(Error::NotFound.into());
        }
        self.show_book(owner, book)?;
        Ok(book)
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
            Err(Error::Moved.into())
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

    pub(super) fn add_book(
        &mut self,
        owner: PersonId,
        uuid: &str,
        segment: &str,
        display_name: &str,
        description: &str,
    ) -> Applied<i64> {
        let taken = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM collection WHERE person = ?1 AND kind = 'private' AND segment = ?2
                     AND class = 'contact'",
            )?
            .exists(params![owner.0, segment])?;
        if taken {
            return Err(Error::Exists(segment.to_owned()).into());
        }
        let book = self.insert_collection("private", Some(owner.0), None, segment, display_name)?;
        self.connection
            .prepare_cached(
                "UPDATE collection SET uuid = ?4, description = ?2, position = (
                     SELECT count(*) FROM collection
                     WHERE person = ?3 AND kind = 'private' AND class = 'contact') WHERE id = ?1",
            )?
            .execute(params![book, description, owner.0, uuid])?;
        self.show_book(owner.0, book)?;
        Ok(book)
    }

    pub(super) fn insert_collection(
        &mut self,
        kind: &str,
        person: Option<i64>,
        group: Option<i64>,
        segment: &str,
        display_name: &str,
    ) -> Applied<i64> {
        self.insert_collection_of(CONTACT, kind, person, group, segment, display_name)
    }

    pub(super) fn insert_collection_of(
        &mut self,
        class: &str,
        kind: &str,
        person: Option<i64>,
        group: Option<i64>,
        segment: &str,
        display_name: &str,
    ) -> Applied<i64> {
        self.connection
            .prepare_cached(
                "INSERT INTO collection (kind, person, grp, uuid, segment, display_name, epoch,
                     created, class)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                kind,
                person,
                group,
                random_id(16),
                segment,
                display_name,
                random_id(8),
                self.batch.at.0,
                class,
            ])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Adds a book to a person's home.
    pub(super) fn show_book(&mut self, person: i64, book: i64) -> Applied<()> {
        let home: i64 = self
            .connection
            .prepare_cached("SELECT id FROM collection WHERE person = ?1 AND kind = 'home'")?
            .query_row([person], |row| row.get(0))
            .optional()?
            .ok_or(Error::NotFound)?;
        let seq = self.next_seq(home)?;
        self.connection
            .prepare_cached(
                "INSERT INTO book_placement (home, book, segment, born, changed)
                 SELECT ?1, id, segment, ?3, ?3 FROM collection WHERE id = ?2",
            )?
            .execute(params![home, book, seq])?;
        Ok(())
    }

    /// Removes a book from one home, or from all.
    pub(super) fn hide_book(&mut self, book: i64, person: Option<i64>) -> Applied<()> {
        for home in self.homes_showing(book)? {
            let concerned = match person {
                None => true,
                Some(person) => self
                    .connection
                    .prepare_cached("SELECT 1 FROM collection WHERE id = ?1 AND person = ?2")?
                    .exists(params![home, person])?,
            };
            if concerned {
                let seq = self.next_seq(home)?;
                self.connection
                    .prepare_cached(
                        "UPDATE book_placement SET gone = ?3
                         WHERE home = ?1 AND book = ?2 AND gone IS NULL",
                    )?
                    .execute(params![home, book, seq])?;
            }
        }
        Ok(())
    }

    /// Marks a book as changed in every home that shows it.
    pub(super) fn book_changed(&mut self, book: i64) -> Applied<()> {
        self.described.push((CollectionId(book), None));
        for home in self.homes_showing(book)? {
            let seq = self.next_seq(home)?;
            self.run(
                "UPDATE book_placement SET changed = ?3
                 WHERE home = ?1 AND book = ?2 AND gone IS NULL",
                params![home, book, seq],
            )?;
        }
        Ok(())
    }

    fn homes_showing(&self, book: i64) -> Applied<Vec<i64>> {
        Ok(self
            .connection
            .prepare_cached("SELECT home FROM book_placement WHERE book = ?1 AND gone IS NULL")?
            .query_map([book], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?)
    }
}

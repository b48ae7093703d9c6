//! What every read has in common, and reads about collections and homes.
//!
//! What each read promises is said where the port declares it, in `domain/store.rs` and the files
//! below it: a [`Reader`]'s functions have the same names.

use rusqlite::{Connection, OptionalExtension, Params, Row, types::Type};

use super::Work;
use crate::domain::{
    collection::{Collection, Place},
    id::{CollectionId, GroupId, PersonId, Seq, Timestamp},
    json,
    store::{HomeChange, HomeKind},
};

/// One reading connection, counting what it costs.
pub struct Reader<'a> {
    pub connection: &'a Connection,
    pub work: &'a Work,
}

impl Reader<'_> {
    /// All rows of a cached statement.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?.collect();
        self.work.add(&statement);
        rows
    }

    /// The first row of a cached statement.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let row = statement.query_row(params, read).optional();
        self.work.add(&statement);
        row
    }

    pub fn rights_revision(&self) -> rusqlite::Result<i64> {
        let revision = self.one(
            "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'rights_revision'",
            [],
            |row| row.get(0),
        )?;
        Ok(revision.unwrap_or(0))
    }

    /// [`Reader::rights_revision`], and a number that every change of personal settings moves.
    pub fn account_revisions(&self) -> rusqlite::Result<(i64, i64)> {
        let revisions = self.one(
            "SELECT CAST(value AS INTEGER), coalesce((SELECT CAST(value AS INTEGER) FROM meta
                 WHERE name = 'settings_revision'), 0) FROM meta WHERE name = 'rights_revision'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(revisions.unwrap_or_default())
    }

    pub fn group_book(&self, group: GroupId) -> rusqlite::Result<Option<CollectionId>> {
        self.one(
            "SELECT id FROM collection WHERE grp = ?1 AND kind = 'group' AND class = 'contact'",
            [group.0],
            |row| Ok(CollectionId(row.get(0)?)),
        )
    }

    pub fn members_list(&self, group: GroupId) -> rusqlite::Result<Option<CollectionId>> {
        self.one(
            "SELECT id FROM collection WHERE grp = ?1 AND kind = 'members'",
            [group.0],
            |row| Ok(CollectionId(row.get(0)?)),
        )
    }

    pub fn shown_members(&self, person: PersonId) -> rusqlite::Result<Vec<Collection>> {
        let sql = format!(
            "{COLLECTION} JOIN book_placement b ON b.book = c.id AND b.gone IS NULL
             JOIN collection h ON h.id = b.home AND h.kind = 'home'
             WHERE h.person = ?1 AND c.kind = 'members' ORDER BY lower(c.display_name), c.id"
        );
        self.all(&sql, [person.0], collection)
    }

    pub fn collection(&self, id: CollectionId) -> rusqlite::Result<Option<Collection>> {
        let sql = format!("{COLLECTION} WHERE c.id = ?1 AND c.kind NOT LIKE 'removed%'");
        self.one(&sql, [id.0], collection)
    }

    pub fn collection_by_uuid(&self, uuid: &str) -> rusqlite::Result<Option<Collection>> {
        let sql = format!(
            "{COLLECTION} WHERE c.uuid = ?1 AND c.class = 'contact'
                 AND c.kind NOT LIKE 'removed%'"
        );
        self.one(&sql, [uuid], collection)
    }

    pub fn books(&self, person: PersonId) -> rusqlite::Result<Vec<Collection>> {
        let sql = format!(
            "{COLLECTION} WHERE c.person = ?1 AND c.kind = 'private' AND c.class = 'contact'
             ORDER BY c.position, c.id"
        );
        let mut books = self.all(&sql, [person.0], collection)?;
        let sql = format!(
            "{COLLECTION} JOIN membership m ON m.grp = c.grp
             WHERE m.person = ?1 AND c.kind = 'group' AND c.class = 'contact'
             ORDER BY lower(c.display_name), c.id"
        );
        books.extend(self.all(&sql, [person.0], collection)?);
        Ok(books)
    }

    pub fn private_book(
        &self,
        person: PersonId,
        segment: &str,
    ) -> rusqlite::Result<Option<Collection>> {
        let sql = format!(
            "{COLLECTION} WHERE c.person = ?1 AND c.kind = 'private' AND c.segment = ?2
                 AND c.class = 'contact'"
        );
        self.one(&sql, (person.0, segment), collection)
    }

    pub fn home(&self, person: PersonId) -> rusqlite::Result<Option<Collection>> {
        let sql = format!("{COLLECTION} WHERE c.person = ?1 AND c.kind = 'home'");
        self.one(&sql, [person.0], collection)
    }

    pub fn home_changes(
        &self,
        home: CollectionId,
        after: Seq,
    ) -> rusqlite::Result<Vec<HomeChange>> {
        self.all(
            "SELECT b.book, b.segment, b.gone IS NOT NULL, b.moved, c.kind
             FROM book_placement b LEFT JOIN collection c ON c.id = b.book
             WHERE b.home = ?1 AND b.moved > ?2 ORDER BY b.moved",
            [home.0, after.0],
            |row| {
                Ok(HomeChange {
                    book: CollectionId(row.get(0)?),
                    segment: row.get(1)?,
                    gone: row.get(2)?,
                    seq: Seq(row.get(3)?),
                    kind: home_kind(row.get::<_, Option<String>>(4)?.as_deref()),
                })
            },
        )
    }
}

pub(super) const COLLECTION: &str =
    "SELECT c.id, c.kind, c.person, c.grp, c.uuid, c.segment, c.display_name,
    c.description, c.epoch, c.seq, c.floor, c.position, g.options, c.created,
    c.class, c.hidden
    FROM collection c LEFT JOIN grp g ON g.id = c.grp";

pub(super) fn collection(row: &Row<'_>) -> rusqlite::Result<Collection> {
    let options: Option<String> = row.get(12)?;
    Ok(Collection {
        id: CollectionId(row.get(0)?),
        place: place(row, 1)?,
        uuid: row.get(4)?,
        segment: row.get(5)?,
        display_name: row.get(6)?,
        description: row.get(7)?,
        epoch: row.get(8)?,
        seq: Seq(row.get(9)?),
        floor: Seq(row.get(10)?),
        position: row.get(11)?,
        created: Timestamp(row.get(13)?),
        class: row.get(14)?,
        hidden: row.get::<_, Option<i64>>(15)?.map(Timestamp),
        options: options
            .and_then(|options| json::read("the options of a group", options.as_bytes()))
            .unwrap_or_default(),
    })
}

/// The owner of a book whose account, or whose group, was deleted.
const NOBODY: i64 = 0;

/// Reads `kind, person, grp`. A row that says anything else is nobody's book, and an error.
pub(super) fn place(row: &Row<'_>, at: usize) -> rusqlite::Result<Place> {
    let kind: String = row.get(at)?;
    let person = row.get::<_, Option<i64>>(at + 1)?.map(PersonId);
    let group = GroupId(row.get::<_, Option<i64>>(at + 2)?.unwrap_or(NOBODY));
    Ok(match (kind.as_str(), person) {
        ("private" | "removed", Some(owner)) => Place::Private(owner),
        ("removed", None) => Place::Private(PersonId(NOBODY)),
        ("group" | "removed-group", _) => Place::Group(group),
        ("members" | "removed-members", _) => Place::Members(group),
        ("home", Some(owner)) => Place::Home(owner),
        ("view", Some(owner)) => Place::View(owner),
        _ => {
            let kind = "kind".to_owned();
            return Err(rusqlite::Error::InvalidColumnType(at, kind, Type::Text));
        }
    })
}

/// What clients are told has left a home, also where its row is gone with its group.
fn home_kind(kind: Option<&str>) -> HomeKind {
    match kind {
        Some("private" | "removed") => HomeKind::Private,
        Some("members" | "removed-members") => HomeKind::Members,
        _ => HomeKind::Group,
    }
}

/// Restricts rows to those of a person; of none, they are everybody's.
pub(super) fn of(person: Option<PersonId>) -> &'static str {
    if person.is_some() {
        "WHERE person = ?1"
    } else {
        ""
    }
}

/// The value of what [`of`] restricts by.
pub(super) fn named(person: Option<PersonId>) -> impl rusqlite::Params {
    rusqlite::params_from_iter(person.map(|person| person.0))
}

//! Reads about tags and comments.

use rusqlite::Row;

use super::read::Reader;
use crate::domain::{
    id::{CollectionId, CommentId, ItemId, PersonId, TagId, Timestamp},
    store::{Comment, Tag},
};

impl Reader<'_> {
    pub fn tags(&self, person: PersonId) -> rusqlite::Result<Vec<Tag>> {
        self.all(
            "SELECT t.id, t.name, t.colour, (SELECT count(DISTINCT l.item) FROM tag_link l
                 JOIN placement p ON p.item = l.item AND p.gone IS NULL
                 JOIN collection c ON c.id = p.collection
                 WHERE l.tag = t.id AND (c.person = t.person OR EXISTS (SELECT 1
                     FROM membership m WHERE m.grp = c.grp AND m.person = t.person)))
             FROM tag t WHERE t.person = ?1 ORDER BY t.folded",
            [person.0],
            tag,
        )
    }

    pub fn tags_in(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> rusqlite::Result<Vec<Tag>> {
        self.all(
            "SELECT t.id, t.name, t.colour, (SELECT count(*) FROM tag_link l
                 JOIN placement p ON p.item = l.item AND p.gone IS NULL AND p.collection = ?2
                 WHERE l.tag = t.id)
             FROM tag t WHERE t.person = ?1 ORDER BY t.folded",
            [person.0, collection.0],
            tag,
        )
    }

    pub fn tags_of(&self, person: PersonId, item: ItemId) -> rusqlite::Result<Vec<String>> {
        self.all(
            "SELECT t.name FROM tag_link l JOIN tag t ON t.id = l.tag
             WHERE l.item = ?2 AND t.person = ?1 ORDER BY t.folded",
            [person.0, item.0],
            |row| row.get(0),
        )
    }

    pub fn comments(&self, item: ItemId) -> rusqlite::Result<Vec<Comment>> {
        let sql = format!("{COMMENT} WHERE c.item = ?1 AND {AWAKE} ORDER BY c.at DESC, c.id DESC");
        self.all(&sql, [item.0], comment)
    }

    pub fn comment(&self, id: CommentId) -> rusqlite::Result<Option<Comment>> {
        let sql = format!("{COMMENT} WHERE c.id = ?1 AND {AWAKE}");
        self.one(&sql, [id.0], comment)
    }
}

const COMMENT: &str =
    "SELECT c.id, c.item, c.collection, c.author, coalesce(p.name, ''), c.at, c.text
    FROM comment c LEFT JOIN person p ON p.id = c.author";

/// A comment sleeps while its item is not placed where it was written.
const AWAKE: &str = "EXISTS (SELECT 1 FROM placement p
    WHERE p.item = c.item AND p.collection = c.collection AND p.gone IS NULL)";

fn comment(row: &Row<'_>) -> rusqlite::Result<Comment> {
    Ok(Comment {
        id: CommentId(row.get(0)?),
        item: ItemId(row.get(1)?),
        collection: CollectionId(row.get(2)?),
        author: PersonId(row.get(3)?),
        author_name: row.get(4)?,
        at: Timestamp(row.get(5)?),
        text: row.get(6)?,
    })
}

fn tag(row: &Row<'_>) -> rusqlite::Result<Tag> {
    Ok(Tag {
        id: TagId(row.get(0)?),
        name: row.get(1)?,
        colour: row.get(2)?,
        count: row.get(3)?,
    })
}

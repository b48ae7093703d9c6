//! Personal tags and comments.

use rusqlite::{OptionalExtension, params};

use super::{Applied, Commit};
use crate::domain::{
    batch::{CommentOp, TagOp},
    error::Error,
    id::{CollectionId, ItemId, PersonId},
    tag::{MOST, next_colour},
};

/// What is about to become of a comment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Changed,
    Deleted,
}

impl Commit<'_> {
    pub(super) fn tag_op(&mut self, op: &TagOp) -> Applied<i64> {
        match op {
            TagOp::AddTag {
                person,
                name,
                colour,
            } => self.add_tag(*person, name, colour),
            TagOp::ColourTag { tag, colour } => self.run(
                "UPDATE tag SET colour = ?2 WHERE id = ?1",
                params![tag.0, colour],
            ),
            TagOp::RemoveTag { tag } => self.run("DELETE FROM tag WHERE id = ?1", params![tag.0]),
            TagOp::LinkTag {
                tag,
                item,
                linked: true,
            } => self.run(
                "INSERT OR IGNORE INTO tag_link (tag, item) VALUES (?1, ?2)",
                params![tag.0, item.0],
            ),
            TagOp::LinkTag {
                tag,
                item,
                linked: false,
            } => self.run(
                "DELETE FROM tag_link WHERE tag = ?1 AND item = ?2",
                params![tag.0, item.0],
            ),
        }
    }

    pub(super) fn comment_op(&mut self, op: &CommentOp) -> Applied<i64> {
        match op {
            CommentOp::AddComment {
                item,
                collection,
                author,
                text,
            } => {
                self.require_shown(item.0, collection.0)?;
                self.run(
                    "INSERT INTO comment (item, collection, author, at, text)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![item.0, collection.0, author.0, self.batch.at.0, text],
                )
            }
            CommentOp::ChangeComment {
                comment,
                text: Some(text),
            } => {
                let former = self.keep_comment(comment.0, Fate::Changed)?;
                self.run(
                    "UPDATE comment SET text = ?2 WHERE id = ?1",
                    params![comment.0, text],
                )?;
                Ok(former)
            }
            CommentOp::ChangeComment {
                comment,
                text: None,
            } => {
                let former = self.keep_comment(comment.0, Fate::Deleted)?;
                self.run("DELETE FROM comment WHERE id = ?1", params![comment.0])?;
                Ok(former)
            }
            CommentOp::RestoreComment { former } => self.restore_comment(former.0),
        }
    }

    /// Comments and attachments of an item are another's too, and in a group the tags of everybody
    /// who does not have that one in Private, where its categories say them.
    pub(super) fn inherit(
        &mut self,
        from: ItemId,
        into: ItemId,
        collection: CollectionId,
    ) -> Applied<i64> {
        self.run(
            "INSERT INTO comment (item, collection, author, at, text)
             SELECT ?2, collection, author, at, text FROM comment
             WHERE item = ?1 AND collection = ?3 ORDER BY id",
            params![from.0, into.0, collection.0],
        )?;
        self.run(
            "INSERT OR IGNORE INTO attachment (contact, document, person, at)
             SELECT ?2, document, person, at FROM attachment WHERE contact = ?1",
            params![from.0, into.0],
        )?;
        self.run(
            "INSERT OR IGNORE INTO tag_link (tag, item)
             SELECT l.tag, ?2 FROM tag_link l JOIN tag t ON t.id = l.tag
             JOIN collection g ON g.id = ?3 AND g.kind = 'group'
             WHERE l.item = ?1 AND NOT EXISTS (
                 SELECT 1 FROM placement p JOIN collection c ON c.id = p.collection
                 WHERE p.item = ?2 AND p.gone IS NULL AND c.kind = 'private'
                     AND c.person = t.person)",
            params![from.0, into.0, collection.0],
        )?;
        Ok(into.0)
    }

    /// What both have, written by the same person at the same moment, one has from the other.
    pub(super) fn disinherit(
        &mut self,
        from: ItemId,
        into: ItemId,
        collection: CollectionId,
    ) -> Applied<i64> {
        self.run(
            "DELETE FROM comment WHERE item = ?2 AND collection = ?3
                 AND (author, at, text) IN (SELECT author, at, text FROM comment
                     WHERE item = ?1 AND collection = ?3)",
            params![from.0, into.0, collection.0],
        )?;
        self.run(
            "DELETE FROM attachment WHERE contact = ?2 AND EXISTS (SELECT 1 FROM attachment a
                 WHERE a.contact = ?1 AND a.document = attachment.document
                     AND a.person IS attachment.person AND a.at = attachment.at)",
            params![from.0, into.0],
        )?;
        Ok(into.0)
    }

    fn require_shown(&self, item: i64, collection: i64) -> Applied<()> {
        let shown = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM placement WHERE item = ?1 AND collection = ?2 AND gone IS NULL",
            )?
            .exists([item, collection])?;
        if shown {
            Ok(())
        } else {
            Err(Error::NotFound.into())
        }
    }

    /// Keeps the text of a comment that is about to change or go; the revision, for
    /// [`FormerComment`](crate::domain::comment::FormerComment).
    fn keep_comment(&self, comment: i64, fate: Fate) -> Applied<i64> {
        let kept = self
            .connection
            .prepare_cached(
                "INSERT INTO revision (kind, item, collection, at, person, client, document, reason)
                 SELECT 'comment', item, collection, ?2, ?3, ?4, CAST(text AS BLOB), json_object(
                     'comment', id, 'author', author, 'at', at,
                     'deleted', json(iif(?5, 'true', 'false')))
                 FROM comment c WHERE id = ?1 AND EXISTS (SELECT 1 FROM placement p
                     WHERE p.item = c.item AND p.collection = c.collection AND p.gone IS NULL)",
            )?
            .execute(params![
                comment,
                self.batch.at.0,
                self.author(),
                self.batch.client,
                fate == Fate::Deleted
            ])?;
        if kept == 0 {
            return Err(Error::NotFound.into());
        }
        Ok(self.connection.last_insert_rowid())
    }

    /// A comment has a former text again; the one it has meanwhile is kept in its stead.
    fn restore_comment(&self, former: i64) -> Applied<i64> {
        let (item, collection, comment) = self
            .connection
            .prepare_cached(
                "SELECT item, collection, json_extract(reason, '$.comment') FROM revision
                 WHERE id = ?1 AND kind = 'comment'",
            )?
            .query_row([former], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?
            .ok_or(Error::NotFound)?;
        self.require_shown(item, collection)?;
        let author: Option<Option<i64>> = self
            .connection
            .prepare_cached("SELECT author FROM comment WHERE id = ?1")?
            .query_row([comment], |row| row.get(0))
            .optional()?;
        match author {
            None => {}
            // Who deleted another's comment brings it back, and changes none.
            Some(author) if author != self.author() => return Err(Error::NotFound.into()),
            Some(_) => {
                self.keep_comment(comment, Fate::Changed)?;
            }
        }
        self.run(
            "INSERT INTO comment (id, item, collection, author, at, text)
             SELECT ?2, item, collection, json_extract(reason, '$.author'),
                 json_extract(reason, '$.at'), CAST(document AS TEXT)
             FROM revision WHERE id = ?1
             ON CONFLICT (id) DO UPDATE SET text = excluded.text",
            [former, comment],
        )?;
        self.run("DELETE FROM revision WHERE id = ?1", [former])?;
        Ok(comment)
    }

    fn add_tag(&mut self, person: PersonId, name: &str, colour: &str) -> Applied<i64> {
        let folded = name.to_lowercase();
        let taken = self
            .connection
            .prepare_cached("SELECT 1 FROM tag WHERE person = ?1 AND folded = ?2")?
            .exists(params![person.0, folded])?;
        if taken {
            return Err(Error::Exists(name.to_owned()).into());
        }
        self.run(
            "INSERT INTO tag (person, name, folded, colour) VALUES (?1, ?2, ?3, ?4)",
            params![person.0, name, folded, colour],
        )
    }

    /// Sets the person's tags on an item; unknown names make tags, while there is room for them.
    pub(super) fn link_tags(&mut self, person: i64, item: i64, tags: &[String]) -> Applied<()> {
        self.connection
            .prepare_cached(
                "DELETE FROM tag_link WHERE item = ?1
                     AND tag IN (SELECT id FROM tag WHERE person = ?2)",
            )?
            .execute(params![item, person])?;
        if tags.is_empty() {
            return Ok(());
        }
        let mut own: Vec<String> = self
            .connection
            .prepare_cached("SELECT colour FROM tag WHERE person = ?1")?
            .query_map([person], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for name in tags {
            let folded = name.to_lowercase();
            if own.len() < MOST {
                let colours: Vec<&str> = own.iter().map(String::as_str).collect();
                let colour = next_colour(&colours);
                let made = self
                    .connection
                    .prepare_cached(
                        "INSERT OR IGNORE INTO tag (person, name, folded, colour)
                         VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![person, name, folded, colour])?;
                own.extend((made > 0).then(|| colour.to_owned()));
            }
            self.connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO tag_link (tag, item)
                     SELECT id, ?3 FROM tag WHERE person = ?1 AND folded = ?2",
                )?
                .execute(params![person, folded, item])?;
        }
        Ok(())
    }
}

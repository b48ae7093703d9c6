//! Personal tags and comments.

use rusqlite::params;

use super::{Applied, Commit, misrouted};
use crate::domain::{batch::Op, error::Error, id::PersonId};

/// Of a tag that a device's category made.
const GREY: &str = "#5a6376";

impl Commit<'_> {
    pub(super) fn tag_op(&mut self, op: &Op) -> Applied<i64> {
        match op {
            Op::AddTag {
                person,
                name,
                colour,
            } => self.add_tag(*person, name, colour),
            Op::ColourTag { tag, colour } => self.run(
                "UPDATE tag SET colour = ?2 WHERE id = ?1",
                params![tag.0, colour],
            ),
            Op::RemoveTag { tag } => self.run("DELETE FROM tag WHERE id = ?1", params![tag.0]),
            Op::LinkTag {
                tag,
                item,
                linked: true,
            } => self.run(
                "INSERT OR IGNORE INTO tag_link (tag, item) VALUES (?1, ?2)",
                params![tag.0, item.0],
            ),
            Op::LinkTag {
                tag,
                item,
                linked: false,
            } => self.run(
                "DELETE FROM tag_link WHERE tag = ?1 AND item = ?2",
                params![tag.0, item.0],
            ),
            Op::AddComment {
                item,
                collection,
                author,
                text,
            } => {
                let shown = self
                    .connection
                    .prepare_cached(
                        "SELECT 1 FROM placement
                         WHERE item = ?1 AND collection = ?2 AND gone IS NULL",
                    )?
                    .exists([item.0, collection.0])?;
                if !shown {
                    return Err(Error::NotFound.into());
                }
                self.run(
                    "INSERT INTO comment (item, collection, author, at, text)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![item.0, collection.0, author.0, self.batch.at.0, text],
                )
            }
            Op::ChangeComment {
                comment,
                text: Some(text),
            } => self.run(
                "UPDATE comment SET text = ?2 WHERE id = ?1",
                params![comment.0, text],
            ),
            Op::ChangeComment {
                comment,
                text: None,
            } => self.run("DELETE FROM comment WHERE id = ?1", params![comment.0]),
            _ => misrouted(),
        }
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

    /// Sets the person's tags on an item; unknown names make tags.
    pub(super) fn link_tags(&mut self, person: i64, item: i64, tags: &[String]) -> Applied<()> {
        self.connection
            .prepare_cached(
                "DELETE FROM tag_link WHERE item = ?1
                     AND tag IN (SELECT id FROM tag WHERE person = ?2)",
            )?
            .execute(params![item, person])?;
        for name in tags {
            let folded = name.to_lowercase();
            self.connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO tag (person, name, folded, colour)
                     VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![person, name, folded, GREY])?;
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

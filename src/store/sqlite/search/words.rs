//! The words an item of a place is found by, column by column as the index holds them.

use rusqlite::{Connection, params};

use crate::domain::{
    class::{Index, Part},
    id::CollectionId,
    search::token::{self, Tokens},
};

/// How what is found by a comment is ranked.
const COMMENT_CLASS: u8 = 3;

/// Words, spelled for one place (`token::placed`).
#[derive(Debug)]
pub struct Words {
    /// In the order of [`Part::ALL`].
    pub parts: [String; Part::ALL.len()],
    pub comment: String,
}

impl Words {
    /// Those of an item nothing was said about and nothing is attached to.
    pub fn of_index(place: CollectionId, index: &Index) -> Self {
        let texts = index.texts.iter().filter_map(|text| {
            let part = text.part?;
            Some((part.as_str(), &*text.tokens))
        });
        Self {
            parts: placed(place, joined(texts)),
            comment: String::new(),
        }
    }

    /// Those of an item with the place's comments and the titles of what is attached.
    pub fn read(connection: &Connection, item: i64, place: CollectionId) -> rusqlite::Result<Self> {
        let texts: Vec<(String, String)> = connection
            .prepare_cached(
                "SELECT part, tokens FROM index_text WHERE item = ?1 AND part IS NOT NULL
                 ORDER BY n",
            )?
            .query_map([item], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let comments: Vec<String> = connection
            .prepare_cached(
                "SELECT text FROM comment WHERE item = ?1 AND collection = ?2 ORDER BY id",
            )?
            .query_map([item, place.0], |row| row.get::<_, String>(0))?
            .map(|text| Ok(Tokens::text(&text?, false).finish()))
            .collect::<rusqlite::Result<_>>()?;
        let mut parts = joined(texts.iter().map(|(part, tokens)| (&**part, &**tokens)));
        let titles = titles(connection, item)?;
        let [.., rest] = &mut parts;
        *rest = token::join([rest.as_str(), &titles].into_iter());
        let comment = token::join(comments.iter().map(String::as_str));
        Ok(Self {
            parts: placed(place, parts),
            comment: token::placed(place, COMMENT_CLASS, &comment),
        })
    }

    /// Those of some parts, or all.
    pub fn within(&self, parts: Option<&[Part]>) -> impl Iterator<Item = &str> {
        let named = Part::ALL.into_iter().zip(&self.parts);
        let among = named.filter(move |(part, _)| parts.is_none_or(|parts| parts.contains(part)));
        let comment = parts.is_none().then_some(&*self.comment);
        among.map(|(_, words)| &**words).chain(comment)
    }
}

type Parts = [String; Part::ALL.len()];

fn joined<'a>(texts: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Parts {
    Part::ALL.map(|part| {
        let named = texts.clone().filter(|(name, _)| *name == part.as_str());
        token::join(named.map(|(_, tokens)| tokens))
    })
}

fn placed(place: CollectionId, parts: Parts) -> Parts {
    let mut each = parts.iter();
    Part::ALL.map(|part| {
        let tokens = each.next().map_or("", String::as_str);
        token::placed(place, part.class(), tokens)
    })
}

/// What finds a contact by the documents attached to it, folder by folder.
fn titles(connection: &Connection, contact: i64) -> rusqlite::Result<String> {
    let titles: Vec<String> = connection
        .prepare_cached(
            "SELECT p.collection, t.tokens FROM attachment a
             CROSS JOIN placement p ON p.item = a.document AND p.gone IS NULL
             CROSS JOIN index_text t ON t.item = a.document AND t.part = ?2
             WHERE a.contact = ?1 ORDER BY a.document, p.id",
        )?
        .query_map(params![contact, Part::Name.as_str()], |row| {
            let folder = CollectionId(row.get(0)?);
            Ok(token::titled(folder, &row.get::<_, String>(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(token::join(titles.iter().map(String::as_str)))
}

//! The indexed words of an item in a place, column by column.

use rusqlite::{Connection, Row, params};

use crate::domain::{
    class::{Index, Part},
    id::CollectionId,
    search::{
        Mark,
        token::{self, Tokens},
    },
};

/// Words, spelled for one place (`token::placed`).
#[derive(Debug)]
pub struct Words {
    /// The place and the item's marks.
    pub place: String,
    /// The words of each part, in the order of [`Part::ALL`].
    pub parts: [String; Part::ALL.len()],
    pub comment: String,
}

impl Words {
    /// The words of an item without comments and attached documents.
    pub fn of_index(place: CollectionId, index: &Index) -> Self {
        let texts = index.texts.iter().filter_map(|text| {
            let part = text.part?;
            Some((part.as_str(), &*text.tokens))
        });
        let fields = index.texts.iter().map(|text| (text.field, &*text.value));
        Self {
            place: marked(place, &index.kind, fields),
            parts: placed(place, joined(texts)),
            comment: String::new(),
        }
    }

    /// The words of an item, with the place's comments and the titles of attached documents.
    pub fn read(connection: &Connection, item: i64, place: CollectionId) -> rusqlite::Result<Self> {
        let kind: String = connection
            .prepare_cached("SELECT kind FROM item WHERE id = ?1")?
            .query_row([item], |row| row.get(0))?;
        let texts: Vec<Text> = connection
            .prepare_cached(
                "SELECT field, value, part, tokens FROM index_text WHERE item = ?1 ORDER BY n",
            )?
            .query_map([item], Text::read)?
            .collect::<rusqlite::Result<_>>()?;
        let comments: Vec<String> = connection
            .prepare_cached(
                "SELECT text FROM comment WHERE item = ?1 AND collection = ?2 ORDER BY id",
            )?
            .query_map([item, place.0], |row| row.get::<_, String>(0))?
            .map(|text| Ok(Tokens::text(&text?, false).finish()))
            .collect::<rusqlite::Result<_>>()?;
        let words = texts.iter().filter_map(|text| {
            let part = text.part.as_deref()?;
            Some((part, &*text.tokens))
        });
        let mut parts = joined(words);
        let titles = titles(connection, item)?;
        let [.., rest] = &mut parts;
        *rest = token::join([rest.as_str(), &titles].into_iter());
        let comment = token::join(comments.iter().map(String::as_str));
        let fields = texts.iter().map(|text| (&*text.field, &*text.value));
        Ok(Self {
            place: marked(place, &kind, fields),
            parts: placed(place, parts),
            comment: token::placed(place, Part::Rest.class(), &comment),
        })
    }

    /// Word by word.
    pub fn split(&self) -> Split<'_> {
        let parts = Part::ALL.into_iter().zip(&self.parts);
        Split {
            parts: parts
                .map(|(part, words)| (part, words.split(' ').collect()))
                .collect(),
            others: [&self.place, &self.comment].map(|words| words.split(' ').collect()),
        }
    }
}

/// Words one by one, column by column.
pub struct Split<'a> {
    parts: Vec<(Part, Vec<&'a str>)>,
    others: [Vec<&'a str>; 2],
}

impl Split<'_> {
    /// The columns of some parts, or all there are.
    pub fn within(&self, parts: Option<&[Part]>) -> impl Iterator<Item = &[&str]> {
        let named = self.parts.iter();
        let among = named.filter(move |(part, _)| parts.is_none_or(|parts| parts.contains(part)));
        let others = self.others.iter().filter(move |_| parts.is_none());
        among
            .map(|(_, words)| words)
            .chain(others)
            .map(Vec::as_slice)
    }
}

/// One value of an item.
struct Text {
    field: String,
    value: String,
    part: Option<String>,
    tokens: String,
}

impl Text {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            field: row.get(0)?,
            value: row.get(1)?,
            part: row.get(2)?,
            tokens: row.get(3)?,
        })
    }
}

/// A place and the marks of an item in it, told by its kind and its fields.
fn marked<'a>(
    place: CollectionId,
    kind: &str,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut marks = vec![Mark::Kind(kind.to_owned())];
    marks.extend(fields.filter_map(|(field, value)| match field {
        "photo" => Some(Mark::Photo),
        "favourite" => Some(Mark::Favourite),
        "bday" => Some(Mark::Birthday(value.to_owned())),
        _ => None,
    }));
    let mut out = token::place(place);
    for mark in marks {
        out.push(' ');
        out.push_str(&token::mark(place, &mark));
    }
    out
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

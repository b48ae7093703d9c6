//! The folders a device is shown: empty default ones, the private books, the group books.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::request::Call;
use crate::domain::{actor::Actor, book::Book, error::Result};

/// A folder as told to a device ([MS-ASCMD] 2.2.3.162).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    pub id: String,
    pub name: String,
    /// [MS-ASCMD] 2.2.3.186.3
    pub kind: u8,
}

/// Folders every client expects, empty while there is no mail and no calendar.
const DEFAULTS: [(&str, &str, u8); 7] = [
    ("inbox", "Inbox", 2),
    ("drafts", "Drafts", 3),
    ("deleted", "Deleted Items", 4),
    ("sent", "Sent Items", 5),
    ("outbox", "Outbox", 6),
    ("tasks", "Tasks", 7),
    ("calendar", "Calendar", 8),
];

/// What a folder id names.
pub enum Target {
    /// Always empty.
    Default,
    Book(Box<Book>),
}

/// All folders, the default contacts folder before any other: some clients take the first.
pub async fn all(call: &Call, actor: &Arc<Actor>) -> Result<Vec<Folder>> {
    let mut folders: Vec<Folder> = DEFAULTS
        .iter()
        .map(|(id, name, kind)| Folder {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            kind: *kind,
        })
        .collect();
    let books = call.face.core.books(actor).await?;
    for book in &books {
        let collection = book.collection();
        let kind = if collection.is_default() { 9 } else { 14 };
        let mut name = collection.display_name.clone();
        while folders.iter().any(|folder| folder.name == name) {
            name.push_str(" (2)");
        }
        folders.push(Folder {
            id: id_of(book),
            name,
            kind,
        });
    }
    Ok(folders)
}

/// The folder an id names, for this person.
pub async fn find(call: &Call, actor: &Arc<Actor>, id: &str) -> Result<Option<Target>> {
    if DEFAULTS.iter().any(|(known, _, _)| *known == id) {
        return Ok(Some(Target::Default));
    }
    let books = call.face.core.books(actor).await?;
    Ok(books
        .into_iter()
        .find(|book| id_of(book) == id)
        .map(|book| Target::Book(Box::new(book))))
}

/// Never changes, never used again: made of the collection's permanent identifier.
fn id_of(book: &Book) -> String {
    format!("c{}", book.collection().uuid)
}

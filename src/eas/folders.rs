//! The folders a device sees: the empty default ones, and the person's books as folders or as one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Face, quirk, request::Call};
use crate::domain::{
    actor::Actor,
    book::Book,
    collection::Place,
    error::{Error, Result},
    id::DeviceId,
    store::Device,
    view::{Mode, Shown},
};

/// A folder as sent to a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    pub id: String,
    pub name: String,
    /// Type ([MS-ASCMD] 2.2.3.186.3).
    pub kind: u8,
}

/// A folder that every client expects, empty while there is no mail and no calendar.
pub struct Standard {
    pub id: &'static str,
    pub name: &'static str,
    pub kind: u8,
    /// The name of its class in Class elements.
    pub class: &'static str,
}

const STANDARD: [Standard; 8] = [
    standard("inbox", "Inbox", 2, "Email"),
    standard("drafts", "Drafts", 3, "Email"),
    standard("deleted", "Deleted Items", 4, "Email"),
    standard("sent", "Sent Items", 5, "Email"),
    standard("outbox", "Outbox", 6, "Email"),
    standard("tasks", "Tasks", 7, "Tasks"),
    standard("calendar", "Calendar", 8, "Calendar"),
    standard("notes", "Notes", 10, "Notes"),
];

const fn standard(id: &'static str, name: &'static str, kind: u8, class: &'static str) -> Standard {
    Standard {
        id,
        name,
        kind,
        class,
    }
}

/// Name of the device value that holds how a device is shown folders unless its owner chose.
const HABIT: &str = "habit";

/// The folder that an id names.
pub enum Target {
    /// Always empty.
    Default,
    Book(Box<Book>),
}

/// A device, and how it is shown folders.
#[derive(Clone, Copy)]
pub struct Screen {
    device: Option<DeviceId>,
    habit: Mode,
}

impl Screen {
    /// The way a device is shown folders: as its owner chose, else as its kind needs. Nothing is
    /// stored for a device that only probes the server.
    pub fn of(device: &Device) -> Self {
        Self {
            device: (!quirk::is_probe(&device.device_id)).then_some(device.id),
            habit: quirk::contacts_view(device),
        }
    }

    /// The mode chosen for the device, else the one it was given its folders in, else that of its
    /// kind; and the books that are hidden from it.
    pub async fn shown(self, face: &Face) -> Result<(Mode, Vec<String>)> {
        let Some(device) = self.device else {
            return Ok((self.habit, Vec::new()));
        };
        let shown: Shown = face.value(device, Shown::VALUE).await?.unwrap_or_default();
        let mode = match shown.mode {
            Some(mode) => mode,
            None => face.value(device, HABIT).await?.unwrap_or(self.habit),
        };
        Ok((mode, shown.hidden))
    }
}

/// Decides how a device that asks for its folders is shown them. Once it has a list, only a list
/// `anew` decides again: a later request may name another program, and the keys of the folders
/// stay.
pub async fn settle(call: &Call, anew: bool) -> Result<()> {
    let habit = quirk::contacts_view(&call.device);
    let before: Option<Mode> = call.value(HABIT).await?;
    if before.is_none() || (anew && before != Some(habit)) {
        call.set_value(HABIT, &habit).await?;
    }
    Ok(())
}

/// All folders, the default contacts folder before any other, since some clients use the first.
pub async fn all(call: &Call, actor: &Arc<Actor>) -> Result<Vec<Folder>> {
    list(&call.face, Screen::of(&call.device), actor).await
}

/// [`all`] without a request.
pub async fn list(face: &Face, screen: Screen, actor: &Arc<Actor>) -> Result<Vec<Folder>> {
    let mut folders: Vec<Folder> = STANDARD
        .iter()
        .map(|folder| Folder {
            id: folder.id.to_owned(),
            name: folder.name.to_owned(),
            kind: folder.kind,
        })
        .collect();
    let (mode, hidden) = screen.shown(face).await?;
    let mut books = face.core.books(actor).await?;
    books.sort_by_key(|book| !book.collection().is_default());
    for book in &books {
        let collection = book.collection();
        let kind = if collection.is_default() { 9 } else { 14 };
        if kind == 14 && (mode != Mode::Folders || hidden.contains(&collection.uuid)) {
            continue;
        }
        let mut name = collection.shown_name().to_owned();
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

/// The folder with an id, for this person on this device.
pub async fn find(call: &Call, actor: &Arc<Actor>, id: &str) -> Result<Option<Target>> {
    look_up(&call.face, Screen::of(&call.device), actor, id).await
}

/// [`find`] without a request.
pub async fn look_up(
    face: &Face,
    screen: Screen,
    actor: &Arc<Actor>,
    id: &str,
) -> Result<Option<Target>> {
    if standard_of(id).is_some() {
        return Ok(Some(Target::Default));
    }
    let Some(uuid) = id.strip_prefix('c') else {
        return Ok(None);
    };
    let book = match face.core.open_by_uuid(actor, uuid).await {
        Ok(book) => book,
        Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (mode, hidden) = screen.shown(face).await?;
    let is_default = book.collection().is_default();
    let book = match (mode, book.collection().place) {
        (_, Place::Home(_) | Place::View(_) | Place::Members(_)) => return Ok(None),
        (Mode::Merged, _) if is_default => face.core.open_view(actor, &hidden).await?,
        (Mode::Merged | Mode::OwnOnly, _) if !is_default => return Ok(None),
        _ if hidden.contains(&book.collection().uuid) && !is_default => return Ok(None),
        _ => book,
    };
    Ok(Some(Target::Book(Box::new(book))))
}

/// Whether a private book may be made or moved below a folder: below none, or below a book of the
/// person's own. Books have no order of their own: it lies beside that book.
pub async fn may_hold(call: &Call, parent: &str) -> Result<bool> {
    if parent == "0" {
        return Ok(true);
    }
    let found = find(call, &call.actor, parent).await?;
    Ok(matches!(found, Some(Target::Book(book)) if book.is_private()))
}

/// The default folder with an id.
pub fn standard_of(id: &str) -> Option<&'static Standard> {
    STANDARD.iter().find(|folder| folder.id == id)
}

/// The folder of a request that names a class only (2.5).
pub async fn of_class(call: &Call, class: &str) -> Result<String> {
    if class == "Contacts" {
        let books = call.face.core.books(&call.actor).await?;
        let default = books.iter().find(|book| book.collection().is_default());
        return Ok(default.map(id_of).unwrap_or_default());
    }
    let folder = STANDARD.iter().find(|folder| folder.class == class);
    Ok(folder.map_or("", |folder| folder.id).to_owned())
}

/// The class of the items in a folder.
pub fn class_of(id: &str) -> &'static str {
    standard_of(id).map_or("Contacts", |folder| folder.class)
}

/// The id of a book's folder, made of its UUID, so that it never changes and is never reused.
pub fn id_of(book: &Book) -> String {
    format!("c{}", book.collection().uuid)
}

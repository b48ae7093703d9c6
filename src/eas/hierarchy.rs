//! The folder hierarchy last sent to a device, two generations of it: a lost answer is repeated,
//! and no folder is removed twice.

use carnet_proto::{
    eas::status,
    wbxml::{Element, Encoder, Tag, page::folder_hierarchy as f},
};
use serde::{Deserialize, Serialize};

use super::{
    folders::{self, Folder},
    reply::{Reply, Stop},
    request::Call,
};
use crate::domain::{
    error::Result,
    item::{digest, random_id},
};

/// The folders sent with the current key, and those sent with the previous one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SentFolders {
    pub key: String,
    pub folders: Vec<Folder>,
    previous: Option<Previous>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Previous {
    key: String,
    folders: Vec<Folder>,
    /// Digest of the FolderCreate, FolderUpdate or FolderDelete that issued the key, and the folder
    /// it made.
    change: Option<(String, Option<String>)>,
}

/// Name of the device value.
pub const VALUE: &str = "folders";

impl SentFolders {
    /// The folders sent with a key; none when it is neither of the two.
    pub fn behind(&self, key: &str) -> Option<&Vec<Folder>> {
        match &self.previous {
            _ if self.key == key => Some(&self.folders),
            Some(previous) if previous.key == key => Some(&previous.folders),
            _ => None,
        }
    }

    /// The state after an answer to a device that presented `key`.
    pub fn next(&self, key: &str, before: Vec<Folder>, now: Vec<Folder>) -> Self {
        // Nothing new, or the answer that was lost made again: the key stays. That holds for key 0,
        // too: a client that asks twice at once goes on from either answer.
        let is_known = match (key, &self.previous) {
            ("0", Some(previous)) => previous.key == "0" && previous.change.is_none(),
            ("0", None) => false,
            (key, _) => self.behind(key).is_some(),
        };
        if is_known && self.folders == now {
            return self.clone();
        }
        Self {
            key: new_key(),
            folders: now,
            previous: Some(Previous {
                key: key.to_owned(),
                folders: before,
                change: None,
            }),
        }
    }
}

/// Whether the folders are those last sent to the device.
pub async fn is_current(call: &Call, now: &[Folder]) -> Result<bool> {
    let sent: Option<SentFolders> = call.value(VALUE).await?;
    Ok(sent.is_some_and(|sent| sent.folders == now))
}

fn new_key() -> String {
    format!("f{}", random_id(8))
}

/// What became of a folder, with the name the device sent.
pub enum Done<'a> {
    Made(&'a str),
    Renamed(&'a str),
    Deleted,
}

/// A FolderCreate, FolderUpdate or FolderDelete in progress.
pub struct Change {
    root: Tag,
    key: String,
    /// The folders the device has.
    folders: Vec<Folder>,
    /// The folders there are, also those it has not been told of.
    all: Vec<Folder>,
    request: String,
}

impl Change {
    /// Begins a change. One whose answer was lost stops with the same answer again.
    pub async fn begin(call: &Call, root: Tag) -> std::result::Result<(Self, &Element), Stop> {
        let refuse = |status: status::Folder| Err(Reply::status(root, status).into());
        let Some(body) = call.body.as_ref().filter(|body| body.tag == root) else {
            return refuse(status::Folder::MalformedRequest);
        };
        let Some(key) = body.text_of(f::SYNC_KEY).filter(|key| !key.is_empty()) else {
            return refuse(status::Folder::MalformedRequest);
        };
        let sent: SentFolders = call.value(VALUE).await?.unwrap_or_default();
        let request = digest(body.dump().as_bytes());
        if let Some(previous) = sent.previous.as_ref().filter(|step| step.key == key)
            && let Some((_, made)) = previous.change.as_ref().filter(|(was, _)| *was == request)
        {
            return Err(answer(root, &sent.key, made.as_deref()).into());
        }
        // The answer to a FolderSync or to another change may be lost: the next FolderSync tells the
        // rest.
        let known = sent.behind(&key).filter(|_| key != "0");
        let Some(folders) = known.cloned() else {
            return refuse(status::Folder::InvalidSyncKey);
        };
        let change = Self {
            root,
            key,
            folders,
            all: folders::all(call, &call.actor).await?,
            request,
        };
        Ok((change, body))
    }

    /// The answer of the command with a Status alone; nothing is stored.
    pub fn refuse(&self, status: status::Folder) -> Reply {
        Reply::status(self.root, status)
    }

    /// The folders the device has.
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// Whether a name is taken by another folder, be it one that the device has not been told of.
    pub fn is_taken(&self, name: &str, by_other_than: &str) -> bool {
        let folded = name.to_lowercase();
        self.folders()
            .iter()
            .chain(&self.all)
            .any(|folder| folder.id != by_other_than && folder.name.to_lowercase() == folded)
    }

    /// Completes the change: the new key covers it and nothing else. The device has the folder under
    /// the name it sent; where that is not what it came to be called, the next listing says so.
    pub async fn finish(self, call: &Call, id: &str, done: Done<'_>) -> Result<Reply> {
        let (name, made) = match done {
            Done::Made(name) => (Some(name), Some(id)),
            Done::Renamed(name) => (Some(name), None),
            Done::Deleted => (None, None),
        };
        let now = folders::all(call, &call.actor).await?;
        let mut sent = self.folders.clone();
        sent.retain(|folder| folder.id != id);
        let changed = now.iter().find(|folder| folder.id == id);
        sent.extend(changed.zip(name).map(|(folder, name)| Folder {
            name: name.to_owned(),
            ..folder.clone()
        }));
        // In the order the next listing has, so that equal lists compare equal.
        sent.sort_by_key(|folder| now.iter().position(|known| known.id == folder.id));
        let next = SentFolders {
            key: new_key(),
            folders: sent,
            previous: Some(Previous {
                key: self.key,
                folders: self.folders,
                change: Some((self.request, made.map(str::to_owned))),
            }),
        };
        call.set_value(VALUE, &next).await?;
        Ok(answer(self.root, &next.key, made))
    }
}

fn answer(root: Tag, key: &str, made: Option<&str>) -> Reply {
    let mut out = Encoder::new();
    out.open(root)
        .number(f::STATUS, status::Folder::Success)
        .text(f::SYNC_KEY, key);
    if let Some(id) = made {
        out.text(f::SERVER_ID, id);
    }
    out.close();
    Reply::Wbxml(out.finish())
}

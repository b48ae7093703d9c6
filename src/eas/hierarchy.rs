//! The folder hierarchy last sent to a device, two generations of it: a lost answer is repeated,
//! and no folder is removed twice.

use carnet_proto::wbxml::{Element, Encoder, Tag, page::folder_hierarchy as f};
use serde::{Deserialize, Serialize};

use super::{
    folders::{self, Folder},
    request::{Call, Reply, command_status},
};
use crate::domain::{
    error::Result,
    item::{digest, random_id},
};

/// The folders sent with the current key, and those sent with the previous one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Told {
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

impl Told {
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
        // Nothing new, or the answer that was lost made again: the key stays.
        if key != "0" && self.folders == now && self.behind(key).is_some() {
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
    let told: Option<Told> = call.value(VALUE).await?;
    Ok(told.is_some_and(|told| told.folders == now))
}

fn new_key() -> String {
    format!("f{}", random_id(8))
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

/// The reply that ends a change early.
pub type Refusal = Reply;

impl Change {
    /// Begins a change. One whose answer was lost gets the same answer again, as the refusal.
    pub async fn begin(
        call: &Call,
        root: Tag,
    ) -> Result<std::result::Result<(Self, &Element), Refusal>> {
        let refuse = |status| Ok(Err(Reply::Wbxml(command_status(root, status))));
        let Some(body) = call.body.as_ref().filter(|body| body.tag == root) else {
            return refuse(10);
        };
        let Some(key) = body.text_of(f::SYNC_KEY).filter(|key| !key.is_empty()) else {
            return refuse(10);
        };
        let told: Told = call.value(VALUE).await?.unwrap_or_default();
        let request = digest(body.dump().as_bytes());
        if let Some(previous) = told.previous.as_ref().filter(|step| step.key == key)
            && let Some((_, made)) = previous.change.as_ref().filter(|(was, _)| *was == request)
        {
            return Ok(Err(answer(root, &told.key, made.as_deref())));
        }
        // The answer to a FolderSync or to another change may be lost: the next FolderSync tells the
        // rest.
        let known = told.behind(&key).filter(|_| key != "0");
        let Some(folders) = known.cloned() else {
            return refuse(9);
        };
        let change = Self {
            root,
            key,
            folders,
            all: folders::all(call, &call.actor).await?,
            request,
        };
        Ok(Ok((change, body)))
    }

    /// The answer of the command with a Status alone; nothing is stored.
    pub fn refuse(&self, status: u16) -> Reply {
        Reply::Wbxml(command_status(self.root, status))
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
    /// the `name` it sent; where that is not what it came to be called, the next listing says so.
    pub async fn finish(
        self,
        call: &Call,
        id: &str,
        name: Option<&str>,
        made: bool,
    ) -> Result<Reply> {
        let now = folders::all(call, &call.actor).await?;
        let mut told = self.folders.clone();
        told.retain(|folder| folder.id != id);
        let changed = now.iter().find(|folder| folder.id == id);
        told.extend(changed.zip(name).map(|(folder, name)| Folder {
            name: name.to_owned(),
            ..folder.clone()
        }));
        // In the order the next listing has, so that equal lists compare equal.
        told.sort_by_key(|folder| now.iter().position(|known| known.id == folder.id));
        let next = Told {
            key: new_key(),
            folders: told,
            previous: Some(Previous {
                key: self.key,
                folders: self.folders,
                change: Some((self.request, made.then(|| id.to_owned()))),
            }),
        };
        call.set_value(VALUE, &next).await?;
        Ok(answer(self.root, &next.key, made.then_some(id)))
    }
}

fn answer(root: Tag, key: &str, made: Option<&str>) -> Reply {
    let mut out = Encoder::new();
    out.open(root).number(f::STATUS, 1).text(f::SYNC_KEY, key);
    if let Some(id) = made {
        out.text(f::SERVER_ID, id);
    }
    out.close();
    Reply::Wbxml(out.finish())
}

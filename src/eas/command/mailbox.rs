//! Contacts found in the folders of a device: what searches of the mailbox have here.

use std::collections::HashSet;

use carnet_proto::wbxml::{Element, page::air_sync as a};

use super::super::{
    folders::{self, Target},
    request::Call,
};
use crate::domain::{device_sync::DeviceBook, error::Result, item::Card};

/// Folders one search looks into.
const MAX_FOLDERS: usize = 300;

/// A contact in a folder.
pub struct Hit {
    pub folder: String,
    pub device_book: DeviceBook,
    pub card: Card,
}

/// A page of what was found, with the number of all.
#[derive(Default)]
pub struct Hits {
    pub total: usize,
    pub page: Vec<Hit>,
}

/// The folders a query names, contacts only: a search that names neither their class nor a folder
/// of theirs is one for mail.
async fn folders_of(call: &Call, query: &Element) -> Result<Vec<String>> {
    let classes: Vec<String> = query.children_of(a::CLASS).map(Element::text).collect();
    let is_for_contacts = classes.iter().any(|class| class == "Contacts");
    if !classes.is_empty() && !is_for_contacts {
        return Ok(Vec::new());
    }
    let ids = query.children_of(a::COLLECTION_ID).map(Element::text);
    let mut ids: Vec<String> = ids.filter(|id| !id.is_empty() && id != "0").collect();
    if ids.is_empty() && is_for_contacts {
        let all = folders::all(call, &call.actor).await?;
        let ours = all.into_iter().map(|folder| folder.id);
        ids = ours
            .filter(|id| folders::standard_of(id).is_none())
            .collect();
    }
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids.truncate(MAX_FOLDERS);
    Ok(ids)
}

/// The contacts of the folders a query names that meet its words, by folder and name.
pub async fn find(
    call: &Call,
    query: &Element,
    text: &str,
    offset: usize,
    limit: usize,
) -> Result<Hits> {
    let mut hits = Hits::default();
    for folder in folders_of(call, query).await? {
        let found = folders::find(call, &call.actor, &folder).await?;
        let Some(Target::Book(book)) = found else {
            continue;
        };
        let (offset, limit) = (offset.saturating_sub(hits.total), limit - hits.page.len());
        let (total, cards) = book.meeting(text, offset, limit).await?;
        hits.total += total;
        hits.page.extend(cards.into_iter().map(|card| Hit {
            folder: folder.clone(),
            device_book: DeviceBook::new((*book).clone(), call.device_id()),
            card,
        }));
    }
    Ok(hits)
}

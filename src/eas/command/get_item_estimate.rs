//! GetItemEstimate ([MS-ASCMD] 2.2.1.9)

use carnet_proto::{
    eas::{
        request_line::Version,
        status::{self, Common},
    },
    wbxml::{
        Element, Encoder,
        page::{air_sync as a, get_item_estimate as g},
    },
};

use super::super::{
    folders::{self, Target},
    reply::Reply,
    request::Call,
    status::refuse,
};
use crate::domain::{device_sync::DeviceBook, error::Result};

/// Collections in one request.
const MAX_COLLECTIONS: usize = 1000;

/// Answers GetItemEstimate: one Response for each collection asked about. Status 103 for a
/// malformed request.
pub async fn run(call: &Call) -> Result<Reply> {
    let malformed = || {
        let root = g::GET_ITEM_ESTIMATE;
        Ok(refuse(call.version, root, Common::InvalidXml))
    };
    let root = call.body.as_ref();
    let Some(root) = root.filter(|root| root.tag == g::GET_ITEM_ESTIMATE) else {
        return malformed();
    };
    let collections: Vec<&Element> = root
        .child(g::COLLECTIONS)
        .into_iter()
        .flat_map(|list| list.children_of(g::COLLECTION))
        .collect();
    if collections.is_empty() || collections.len() > MAX_COLLECTIONS {
        return malformed();
    }
    let mut out = Encoder::new();
    out.open(g::GET_ITEM_ESTIMATE);
    for collection in collections {
        let id = match collection.text_of(g::COLLECTION_ID) {
            Some(id) => id,
            None => {
                let class = collection.text_of(g::CLASS).unwrap_or_default();
                folders::of_class(call, &class).await?
            }
        };
        let key = collection.text_of(a::SYNC_KEY).unwrap_or_default();
        let outcome = estimate(call, &id, &key).await?;
        out.open(g::RESPONSE);
        match outcome {
            Ok(count) => {
                out.number(g::STATUS, status::GetItemEstimate::Success)
                    .open(g::COLLECTION);
                if call.version < Version::V14_0 {
                    out.text(g::CLASS, folders::class_of(&id));
                }
                out.text(g::COLLECTION_ID, &id)
                    .number(g::ESTIMATE, count)
                    .close();
            }
            Err(status) => {
                out.number(g::STATUS, status)
                    .open(g::COLLECTION)
                    .text(g::COLLECTION_ID, &id)
                    .close();
            }
        }
        out.close();
    }
    out.close();
    Ok(Reply::Wbxml(out.finish()))
}

/// The number of changes, or the status.
async fn estimate(
    call: &Call,
    id: &str,
    key: &str,
) -> Result<std::result::Result<usize, status::GetItemEstimate>> {
    match folders::find(call, &call.actor, id).await? {
        None => Ok(Err(status::GetItemEstimate::InvalidCollection)),
        Some(_) if key == "0" || key.is_empty() => Ok(Err(status::GetItemEstimate::NotPrimed)),
        Some(Target::Default) => Ok(Ok(0)),
        Some(Target::Book(book)) => {
            let book = DeviceBook::new(*book, call.device_id());
            Ok(book
                .estimate(key)
                .await?
                .ok_or(status::GetItemEstimate::InvalidSyncKey))
        }
    }
}

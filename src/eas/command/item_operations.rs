//! ItemOperations ([MS-ASCMD] 2.2.1.10): Fetch of contacts.

use carnet_proto::wbxml::{
    Element, Encoder,
    page::{air_sync as a, item_operations as i},
};

use super::super::{
    folders::{self, Target},
    request::{Call, Reply, command_status},
};
use crate::domain::{
    device_sync::DeviceBook,
    error::{Error, Result},
};

/// Operations in one request.
const MAX_OPERATIONS: usize = 100;

pub async fn run(call: &Call) -> Result<Reply> {
    let Some(root) = call
        .body
        .as_ref()
        .filter(|root| root.tag == i::ITEM_OPERATIONS)
    else {
        return Ok(Reply::Wbxml(command_status(i::ITEM_OPERATIONS, 2)));
    };
    if root.elements().count() > MAX_OPERATIONS {
        return Ok(Reply::Wbxml(command_status(i::ITEM_OPERATIONS, 11)));
    }
    let mut out = Encoder::new();
    out.open(i::ITEM_OPERATIONS)
        .number(i::STATUS, 1)
        .open(i::RESPONSE);
    for operation in root.elements() {
        match operation.tag {
            i::FETCH => fetch(call, operation, &mut out).await?,
            // Emptying a book this way is refused: nobody means it.
            i::EMPTY_FOLDER_CONTENTS => {
                out.open(i::EMPTY_FOLDER_CONTENTS).number(i::STATUS, 16);
                if let Some(id) = operation.text_of(a::COLLECTION_ID) {
                    out.text(a::COLLECTION_ID, &id);
                }
                out.close();
            }
            tag => {
                out.open(tag).number(i::STATUS, 2).close();
            }
        }
    }
    out.close().close();
    Ok(Reply::Wbxml(out.finish()))
}

async fn fetch(call: &Call, operation: &Element, out: &mut Encoder) -> Result<()> {
    let folder = operation.text_of(a::COLLECTION_ID).unwrap_or_default();
    let server_id = operation.text_of(a::SERVER_ID).unwrap_or_default();
    out.open(i::FETCH);
    let found = match folders::find(call, &call.actor, &folder).await? {
        Some(Target::Book(book)) => {
            let device_book = DeviceBook::new(*book, call.device_id());
            match device_book.fetch(&server_id).await {
                Ok(card) => Some((device_book, card)),
                Err(Error::NotFound) => None,
                Err(error) => return Err(error),
            }
        }
        _ => None,
    };
    match found {
        Some((device_book, card)) => {
            let book = device_book.book();
            out.number(i::STATUS, 1)
                .text(a::COLLECTION_ID, &folder)
                .text(a::SERVER_ID, &server_id)
                .text(a::CLASS, "Contacts")
                .open(i::PROPERTIES);
            let view = call.view(None, book.is_private());
            call.face.facet.export(&book.content(&card), &view, out);
            out.close();
        }
        None => {
            out.number(i::STATUS, 6)
                .text(a::COLLECTION_ID, &folder)
                .text(a::SERVER_ID, &server_id);
        }
    }
    out.close();
    Ok(())
}

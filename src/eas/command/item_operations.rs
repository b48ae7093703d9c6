//! ItemOperations ([MS-ASCMD] 2.2.1.10): one item at a time, whole.

use carnet_proto::{
    eas::{status::ItemOperations as Status, sync::Options},
    wbxml::{
        Element, Encoder, Limits, decode,
        page::{air_sync as a, air_sync_base as base, item_operations as i, search as s},
    },
};

use super::super::{
    facet::{Cut, View, make_ready},
    folders::{self, Target},
    reply::{Reply, Stop},
    request::Call,
};
use crate::domain::{
    device_sync::DeviceBook,
    error::{Error, Result},
    item::Card,
};

/// Operations in one request.
const MAX_OPERATIONS: usize = 100;

/// Answers ItemOperations: each Fetch, Move and EmptyFolderContents with a Status of its own.
/// Status 2 of the whole command for a malformed request.
pub async fn run(call: &Call) -> Result<Reply> {
    let root = call
        .body
        .as_ref()
        .filter(|root| root.tag == i::ITEM_OPERATIONS && root.elements().next().is_some());
    let Some(root) = root else {
        return Ok(Reply::status(i::ITEM_OPERATIONS, Status::ProtocolError));
    };
    if root.elements().count() > MAX_OPERATIONS {
        return Ok(Reply::status(i::ITEM_OPERATIONS, Status::TooLarge));
    }
    let mut out = Encoder::new();
    out.open(i::ITEM_OPERATIONS)
        .number(i::STATUS, Status::Success)
        .open(i::RESPONSE);
    for operation in root.children_of(i::MOVE) {
        // Conversations are of mail, and there is none.
        out.open(i::MOVE).number(i::STATUS, Status::NotFound);
        if let Some(id) = operation.child(i::CONVERSATION_ID) {
            out.opaque(i::CONVERSATION_ID, &id.bytes());
        }
        out.close();
    }
    for operation in root.children_of(i::EMPTY_FOLDER_CONTENTS) {
        let id = operation.text_of(a::COLLECTION_ID).unwrap_or_default();
        let known = folders::find(call, &call.actor, &id).await?;
        let status = match known {
            // There is nothing in it.
            Some(Target::Default) => Status::Success,
            // Nobody empties a book by accident: this is done on the web.
            Some(Target::Book(_)) => Status::AccessDenied,
            None => Status::NotFound,
        };
        out.open(i::EMPTY_FOLDER_CONTENTS)
            .number(i::STATUS, status)
            .text(a::COLLECTION_ID, &id)
            .close();
    }
    let mut parts = call.accepts_multipart.then(Vec::new);
    for operation in root.children_of(i::FETCH) {
        fetch(call, operation, &mut out, parts.as_mut()).await?;
    }
    out.close().close();
    let document = out.finish();
    Ok(match parts {
        Some(parts) => Reply::Multipart(multipart(&document, &parts)),
        None => Reply::Wbxml(document),
    })
}

/// Answers a Fetch; with `parts`, its note goes there.
async fn fetch(
    call: &Call,
    operation: &Element,
    out: &mut Encoder,
    mut parts: Option<&mut Vec<Vec<u8>>>,
) -> Result<()> {
    out.open(i::FETCH);
    match find(call, operation).await {
        Ok(found) => {
            out.number(i::STATUS, Status::Success);
            identify(operation, out);
            out.text(a::CLASS, "Contacts");
            let options = operation.child(i::OPTIONS);
            let item = export(call, &found.device_book, &found.card, options).await?;
            let schema = options.and_then(|options| options.child(i::SCHEMA));
            let schema = schema.filter(|schema| schema.elements().next().is_some());
            out.open(i::PROPERTIES);
            for element in item.elements() {
                if schema.is_some_and(|schema| schema.child(element.tag).is_none()) {
                    continue;
                }
                match &mut parts {
                    Some(parts) if element.tag == base::BODY => body(element, out, parts),
                    _ => {
                        out.element(element);
                    }
                }
            }
            out.close();
        }
        Err(Stop::Failed(error)) => return Err(error),
        Err(Stop::Reply(status)) => {
            out.number(i::STATUS, status);
            identify(operation, out);
        }
    }
    out.close();
    Ok(())
}

/// A Body whose Data is a part of the answer ([MS-ASCMD] 2.2.3.130).
fn body(body: &Element, out: &mut Encoder, parts: &mut Vec<Vec<u8>>) {
    out.open(base::BODY);
    for element in body.elements() {
        if element.tag == base::DATA {
            parts.push(element.bytes());
            // The document is the part before the first.
            out.number(i::PART, parts.len());
        } else {
            out.element(element);
        }
    }
    out.close();
}

/// An item as Sync shows it, in an element of its own; `options` say how notes are wanted.
pub(super) async fn export(
    call: &Call,
    device_book: &DeviceBook,
    card: &Card,
    options: Option<&Element>,
) -> Result<Element> {
    let pictures = call.face.core.pictures();
    make_ready(&call.face.facet, pictures, [card.document.to_vec()]).await;
    let wishes = options.map(Options::read).unwrap_or_default();
    let server_id = &card.placement.server_id;
    let view = View {
        labels: device_book.labels_of(server_id).await?,
        ..call.view(Cut::from(&wishes))
    };
    let content = device_book.book().content(card);
    let beside = &card.placement.beside;
    let mut item = Encoder::new();
    item.open(a::APPLICATION_DATA);
    let facet = &call.face.facet;
    facet.export(&content, beside, &view, &mut item);
    item.close();
    let unread = |error| Error::Unavailable(format!("what was written cannot be read: {error}"));
    decode(&item.finish(), &Limits::default()).map_err(unread)
}

/// The ids of a Fetch as the client gave them.
fn identify(operation: &Element, out: &mut Encoder) {
    for tag in [
        a::COLLECTION_ID,
        a::SERVER_ID,
        s::LONG_ID,
        base::FILE_REFERENCE,
    ] {
        if let Some(id) = operation.text_of(tag) {
            out.text(tag, &id);
        }
    }
}

/// A LongId is a folder and an item.
pub(super) fn long_id(folder: &str, server_id: &str) -> String {
    format!("{folder}:{server_id}")
}

struct Found {
    device_book: DeviceBook,
    card: Card,
}

/// The card a Fetch names, or the Status of its failure.
async fn find(call: &Call, operation: &Element) -> std::result::Result<Found, Stop<Status>> {
    let store = operation.text_of(i::STORE).unwrap_or_default();
    if !store.eq_ignore_ascii_case("mailbox") {
        return Err(Stop::Reply(Status::UnknownStore));
    }
    if operation.child(base::FILE_REFERENCE).is_some() {
        return Err(Stop::Reply(Status::InvalidAttachment));
    }
    let ids = match operation.text_of(s::LONG_ID) {
        Some(long_id) => long_id
            .split_once(':')
            .map(|(folder, item)| (folder.to_owned(), item.to_owned())),
        None => operation
            .text_of(a::COLLECTION_ID)
            .zip(operation.text_of(a::SERVER_ID)),
    };
    let Some((folder, server_id)) = ids else {
        return Err(Stop::Reply(Status::ProtocolError));
    };
    let Some(Target::Book(book)) = folders::find(call, &call.actor, &folder).await? else {
        return Err(Stop::Reply(Status::NotFound));
    };
    let device_book = DeviceBook::new(*book, call.device_id());
    match device_book.fetch(&server_id).await {
        Ok(card) => Ok(Found { device_book, card }),
        Err(Error::NotFound) => Err(Stop::Reply(Status::NotFound)),
        Err(error) => Err(error.into()),
    }
}

/// The document and the parts it names: their count, offset and length of each, and their octets
/// ([MS-ASCMD] 2.2.1.10.1.1).
fn multipart(document: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
    let all = || std::iter::once(document).chain(parts.iter().map(Vec::as_slice));
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    let mut at = 4 + 8 * all().count();
    let mut out = number(all().count()).to_vec();
    for part in all() {
        out.extend(number(at));
        out.extend(number(part.len()));
        at += part.len();
    }
    all().for_each(|part| out.extend_from_slice(part));
    out
}

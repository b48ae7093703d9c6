//! Search ([MS-ASCMD] 2.2.1.16): the directory, and the contacts of folders; of mail there is none.

use carnet_proto::{
    eas::{request_line::Version, status::Search as Status},
    wbxml::{
        Element, Encoder,
        page::{air_sync as a, search as s},
    },
};

use super::{
    super::{
        directory::{self, MAX_RESULTS, Pictures, range_of},
        reply::Reply,
        request::Call,
    },
    item_operations, mailbox,
};
use crate::domain::error::Result;

/// Answers Search: the directory for GAL, an empty result for Mailbox, Status 5 for
/// DocumentLibrary, 2 for any other store.
pub async fn run(call: &Call) -> Result<Reply> {
    let root = call.body.as_ref().filter(|root| root.tag == s::SEARCH);
    let store = root.and_then(|root| {
        root.child(s::STORE)
            .or_else(|| root.child(s::STORES)?.child(s::STORE))
    });
    let Some(store) = store else {
        return Ok(Reply::status(s::SEARCH, Status::ProtocolError));
    };
    let mut out = Encoder::new();
    out.open(s::SEARCH)
        .number(s::STATUS, Status::Success)
        .open(s::RESPONSE)
        .open(s::STORE);
    let name = store.text_of(s::NAME).unwrap_or_default();
    match name.to_ascii_lowercase().as_str() {
        "gal" => gal(call, store, &mut out).await?,
        "mailbox" => contacts(call, store, &mut out).await?,
        "documentlibrary" | "document library" => {
            out.number(s::STATUS, Status::AccessDenied);
        }
        _ => {
            out.number(s::STATUS, Status::ProtocolError);
        }
    }
    out.close().close().close();
    Ok(Reply::Wbxml(out.finish()))
}

/// The first result asked for, and how many.
fn range(options: Option<&Element>) -> Option<(usize, usize)> {
    let (first, last) = match options.and_then(|options| options.text_of(s::RANGE)) {
        None => (0, MAX_RESULTS - 1),
        Some(range) => range_of(&range)?,
    };
    let limit = (last - first).saturating_add(1).min(MAX_RESULTS);
    Some((first, limit))
}

async fn contacts(call: &Call, store: &Element, out: &mut Encoder) -> Result<()> {
    let options = store.child(s::OPTIONS);
    let Some((first, limit)) = range(options) else {
        out.number(s::STATUS, Status::ProtocolError);
        return Ok(());
    };
    let query = store.child(s::QUERY);
    let found = match query.map(|query| query.child(s::AND).unwrap_or(query)) {
        Some(query) => {
            let text = query.text_of(s::FREE_TEXT).unwrap_or_default();
            mailbox::find(call, query, &text, first, limit).await?
        }
        None => mailbox::Hits::default(),
    };
    if found.page.is_empty() && found.total > 0 {
        out.number(s::STATUS, Status::EndOfRange);
        return Ok(());
    }
    out.number(s::STATUS, Status::Success);
    if found.page.is_empty() {
        out.empty(s::RESULT);
        return Ok(());
    }
    for hit in &found.page {
        let long_id = item_operations::long_id(&hit.folder, &hit.card.placement.server_id);
        out.open(s::RESULT)
            .text(a::CLASS, "Contacts")
            .text(s::LONG_ID, &long_id)
            .text(a::COLLECTION_ID, &hit.folder)
            .open(s::PROPERTIES);
        let item = item_operations::export(call, &hit.device_book, &hit.card, options).await?;
        item.elements().for_each(|element| {
            out.element(element);
        });
        out.close().close();
    }
    out.text(
        s::RANGE,
        &format!("{first}-{}", first + found.page.len() - 1),
    )
    .number(s::TOTAL, found.total);
    Ok(())
}

async fn gal(call: &Call, store: &Element, out: &mut Encoder) -> Result<()> {
    let query = store.text_of(s::QUERY).unwrap_or_default();
    let options = store.child(s::OPTIONS);
    let Some((first, limit)) = range(options) else {
        out.number(s::STATUS, Status::ProtocolError);
        return Ok(());
    };
    let found = call
        .face
        .core
        .directory(&call.actor, &query, first, limit)
        .await?;
    if found.page.is_empty() && found.total > 0 {
        out.number(s::STATUS, Status::EndOfRange);
        return Ok(());
    }
    out.number(s::STATUS, Status::Success);
    let mut pictures = options
        .and_then(|options| options.child(s::PICTURE))
        .filter(|_| call.version >= Version::V14_1)
        .map(|picture| {
            Pictures::wanted(
                picture.number_of(s::MAX_SIZE),
                picture.number_of(s::MAX_PICTURES),
            )
        });
    for listed in &found.page {
        out.open(s::RESULT).open(s::PROPERTIES);
        directory::write(call, listed, pictures.as_mut(), out).await?;
        out.close().close();
    }
    if !found.page.is_empty() {
        out.text(
            s::RANGE,
            &format!("{first}-{}", first + found.page.len() - 1),
        )
        .number(s::TOTAL, found.total);
    }
    Ok(())
}

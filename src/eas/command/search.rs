//! Search ([MS-ASCMD] 2.2.1.16) in the directory; the server has no mail to search.

use carnet_proto::{
    eas::request_line::Version,
    wbxml::{Encoder, page::search as s},
};

use super::super::{
    directory::{self, MAX_RESULTS, Pictures, range_of},
    request::{Call, Reply, command_status},
};
use crate::domain::error::Result;

const BAD_REQUEST: u16 = 2;
const ACCESS_DENIED: u16 = 5;
const PAST_THE_END: u16 = 12;

/// Answers Search: the directory for GAL, an empty result for Mailbox, Status 5 for
/// DocumentLibrary, 2 for any other store.
pub async fn run(call: &Call) -> Result<Reply> {
    let root = call.body.as_ref().filter(|root| root.tag == s::SEARCH);
    let store = root.and_then(|root| {
        root.child(s::STORE)
            .or_else(|| root.child(s::STORES)?.child(s::STORE))
    });
    let Some(store) = store else {
        return Ok(Reply::Wbxml(command_status(s::SEARCH, BAD_REQUEST)));
    };
    let mut out = Encoder::new();
    out.open(s::SEARCH)
        .number(s::STATUS, 1)
        .open(s::RESPONSE)
        .open(s::STORE);
    let name = store.text_of(s::NAME).unwrap_or_default();
    match name.to_ascii_lowercase().as_str() {
        "gal" => gal(call, store, &mut out).await?,
        "mailbox" => {
            out.number(s::STATUS, 1).empty(s::RESULT);
        }
        "documentlibrary" | "document library" => {
            out.number(s::STATUS, ACCESS_DENIED);
        }
        _ => {
            out.number(s::STATUS, BAD_REQUEST);
        }
    }
    out.close().close().close();
    Ok(Reply::Wbxml(out.finish()))
}

async fn gal(call: &Call, store: &carnet_proto::wbxml::Element, out: &mut Encoder) -> Result<()> {
    let query = store.text_of(s::QUERY).unwrap_or_default();
    let options = store.child(s::OPTIONS);
    let (first, last) = match options.and_then(|options| options.text_of(s::RANGE)) {
        None => (0, MAX_RESULTS - 1),
        Some(range) => match range_of(&range) {
            Some(range) => range,
            None => {
                out.number(s::STATUS, BAD_REQUEST);
                return Ok(());
            }
        },
    };
    let limit = (last - first).saturating_add(1).min(MAX_RESULTS);
    let found = call
        .face
        .core
        .directory(&call.actor, &query, first, limit)
        .await?;
    if found.page.is_empty() && found.total > 0 {
        out.number(s::STATUS, PAST_THE_END);
        return Ok(());
    }
    out.number(s::STATUS, 1);
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

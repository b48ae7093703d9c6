//! Find ([MS-ASCMD] 2.2.1.2, 16.1): the directory, and the contacts of folders; of mail there is none.

use carnet_proto::{
    eas::status,
    wbxml::{
        Element, Encoder,
        page::{air_sync as a, find as f, item_operations as i},
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

/// Answers Find: people of the directory, or an empty result for a search of mail. Status 2 for a
/// malformed request, 4 for a range that does not begin at 0.
pub async fn run(call: &Call) -> Result<Reply> {
    let invalid = || Ok(Reply::status(f::FIND, status::Find::InvalidRequest));
    let root = call
        .body
        .as_ref()
        .filter(|root| root.tag == f::FIND && root.child(f::SEARCH_ID).is_some());
    let Some(search) = root.and_then(|root| root.child(f::EXECUTE_SEARCH)) else {
        return invalid();
    };
    let mail = search.child(f::MAIL_BOX_SEARCH_CRITERION);
    let gal = search.child(f::GAL_SEARCH_CRITERION);
    let Some(criterion) = mail.xor(gal) else {
        return invalid();
    };
    let range = criterion
        .child(f::OPTIONS)
        .and_then(|options| options.text_of(f::RANGE));
    let last = match range.map(|range| range_of(&range)) {
        None => MAX_RESULTS - 1,
        Some(Some((0, last))) => last.min(MAX_RESULTS - 1),
        Some(Some(_)) => return Ok(late(gal.is_some())),
        Some(None) => return invalid(),
    };
    let mut out = Encoder::new();
    out.open(f::FIND)
        .number(f::STATUS, status::Find::Success)
        .open(f::RESPONSE);
    match gal {
        Some(gal) => people(call, gal, last + 1, &mut out).await?,
        None => contacts(call, criterion, last + 1, &mut out).await?,
    }
    out.close().close();
    Ok(Reply::Wbxml(out.finish()))
}

/// The answer to a range that does not begin at 0 ([MS-ASCMD] 2.2.3.177.2).
fn late(is_of_people: bool) -> Reply {
    let mut out = Encoder::new();
    out.open(f::FIND)
        .number(f::STATUS, status::Find::Success)
        .open(f::RESPONSE)
        .text(i::STORE, if is_of_people { "GAL" } else { "Mailbox" })
        .number(f::STATUS, status::Find::StartWithRangeZero)
        .close()
        .close();
    Reply::Wbxml(out.finish())
}

async fn people(call: &Call, gal: &Element, limit: usize, out: &mut Encoder) -> Result<()> {
    let query = gal.text_of(f::QUERY).unwrap_or_default();
    let found = call
        .face
        .core
        .directory(&call.actor, &query, 0, limit)
        .await?;
    let mut pictures = gal
        .child(f::OPTIONS)
        .and_then(|options| options.child(f::PICTURE))
        .map(|picture| {
            Pictures::wanted(
                picture.number_of(f::MAX_SIZE),
                picture.number_of(f::MAX_PICTURES),
            )
        });
    out.text(i::STORE, "GAL")
        .number(f::STATUS, status::Find::Success);
    for listed in &found.page {
        out.open(f::RESULT).open(f::PROPERTIES);
        directory::write(call, listed, pictures.as_mut(), out).await?;
        out.close().close();
    }
    if !found.page.is_empty() {
        out.text(f::RANGE, &format!("0-{}", found.page.len() - 1))
            .number(f::TOTAL, found.total);
    }
    Ok(())
}

async fn contacts(call: &Call, criterion: &Element, limit: usize, out: &mut Encoder) -> Result<()> {
    out.text(i::STORE, "Mailbox")
        .number(f::STATUS, status::Find::Success);
    let Some(query) = criterion.child(f::QUERY) else {
        return Ok(());
    };
    let text = query.text_of(f::FREE_TEXT).unwrap_or_default();
    let found = mailbox::find(call, query, &text, 0, limit).await?;
    for hit in &found.page {
        out.open(f::RESULT)
            .text(a::CLASS, "Contacts")
            .text(a::SERVER_ID, &hit.card.placement.server_id)
            .text(a::COLLECTION_ID, &hit.folder)
            .open(f::PROPERTIES);
        let options = criterion.child(f::OPTIONS);
        let item = item_operations::export(call, &hit.device_book, &hit.card, options).await?;
        item.elements().for_each(|element| {
            out.element(element);
        });
        out.close().close();
    }
    if !found.page.is_empty() {
        out.text(f::RANGE, &format!("0-{}", found.page.len() - 1))
            .number(f::TOTAL, found.total);
    }
    Ok(())
}

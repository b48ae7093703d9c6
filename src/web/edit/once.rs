//! A new contact is stored once, however often its form is sent.

use std::sync::Arc;

use axum::response::Response;

use super::{
    Alike,
    alike::alike,
    sent::{NAME, Sent},
    unwritable,
};
use crate::{
    domain::{
        book::{Book, Condition, Replace},
        error::{Error, Result},
        item::{Card, random_id},
    },
    web::{
        Web,
        place::PlacePath,
        request::Visit,
        told::{Deed, Done},
    },
};

/// What became of a new contact.
pub enum Saved {
    At(Response),
    /// Not before the person has seen these.
    Not(Vec<Alike>),
}

/// Stores it under the name in its form, after the person has seen whom it is like.
pub async fn stored(
    web: &Arc<Web>,
    visit: &Visit,
    into: &Book,
    sent: &Sent,
    name: &str,
    written: &[u8],
) -> Result<Saved> {
    let mut contact = Replace(into.class().renewed(written, name)?);
    let mut href = format!("{name}.vcf");
    if let Ok(stored) = into.get(&href).await {
        if says_same(web, visit, &into.content(&stored), &contact.0) {
            return Ok(Saved::At(created_at(web, visit, into, &stored)));
        }
        // Something else was typed since.
        let name = random_id(NAME);
        contact = Replace(into.class().renewed(written, &name)?);
        href = format!("{name}.vcf");
    }
    let found = alike(visit, into, &contact.0).await?;
    if found.iter().any(|alike| !sent.seen.contains(&alike.id)) {
        return Ok(Saved::Not(found));
    }
    match into.put(&href, &Condition::Absent, &contact).await {
        // The same was sent at the same moment: it is stored.
        Err(Error::PreconditionFailed | Error::Moved | Error::UidConflict { .. }) => {
            if let Some(twin) = web.core.kept_refused(&visit.actor, &contact.0).await? {
                web.core.dismiss_refused(&visit.actor, twin).await?;
            }
        }
        put => drop(put?),
    }
    let stored = into.get(&href).await?;
    Ok(Saved::At(created_at(web, visit, into, &stored)))
}

/// Leads to a new contact.
fn created_at(web: &Web, visit: &Visit, book: &Book, stored: &Card) -> Response {
    let place = PlacePath::of(book).path();
    let path = format!("{place}/c/{}", stored.placement.server_id);
    let done = match unwritable(web, None, &book.content(stored)) {
        Some(address) => Done::of(Deed::CreatedUnwritable).to(&address),
        None => Done::of(Deed::Created).to(&web.facet.name(&stored.document, &visit.reader())),
    };
    done.at(&path)
}

/// Whether two documents say the same to whoever reads their form.
fn says_same(web: &Web, visit: &Visit, one: &[u8], other: &[u8]) -> bool {
    let form = |document| web.facet.form(Some(document), visit.text);
    form(one) == form(other) && web.facet.photo(one) == web.facet.photo(other)
}

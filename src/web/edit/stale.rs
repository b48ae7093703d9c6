//! A contact that changed while its form was filled in: both sides, field by field.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;

use super::sent::Sent;
use crate::{
    domain::error::Result,
    web::{
        Web,
        facet::{Changed, PICTURE},
        names,
        page::{Conflict, ContestedPhoto, show},
        place::ItemPath,
        request::Visit,
        told::{Deed, Done},
    },
};

/// Shows both sides of each contested field; `before` is the version the form was made from. Fields
/// that agree leave nothing to choose. Until the form is saved, its result is a refused change.
pub async fn page(
    web: &Arc<Web>,
    visit: &Visit,
    item: &ItemPath,
    sent: &Sent,
    before: Option<&[u8]>,
) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let theirs = book.content(&card);
    let rebased = web
        .facet
        .rebased(before, &theirs, &sent.submitted, &visit.reader())?;
    let photo = photo(web, item, sent, before, &theirs).await?;
    if rebased.contested.is_empty() && photo.is_none() {
        sent.settle(web, visit).await;
        return Ok(Done::of(Deed::Saved).at(&item.path()));
    }
    let page = Conflict {
        shell: visit.shell(web, Some(&item.place.path())),
        about: names::of_item(web, &card, visit),
        action: format!("{}/edit", item.path()),
        back: item.path(),
        version: book.version_of(&card).await?,
        language: sent.submitted.language,
        settles: sent.settles.iter().map(|refused| refused.0).collect(),
        fields: rebased.fields,
        contested: rebased.contested,
        photo,
    };
    Ok(show(StatusCode::CONFLICT, &page))
}

/// The picture, where the form brings one or takes it off; one that only the other side changed
/// stays as it is there.
async fn photo(
    web: &Arc<Web>,
    item: &ItemPath,
    sent: &Sent,
    before: Option<&[u8]>,
    theirs: &[u8],
) -> Result<Option<ContestedPhoto>> {
    let mine = sent.picture(web).await?;
    let there = web.facet.photo(theirs);
    let takes_off = sent.submitted.remove_photo && there.is_some();
    if mine.is_none() && !takes_off {
        return Ok(None);
    }
    let same = before.is_some_and(|before| web.facet.photo(before) == there);
    Ok(Some(ContestedPhoto {
        mine,
        theirs: there.map(|_| format!("{}/{PICTURE}", item.path())),
        changed: if same { Changed::Mine } else { Changed::Both },
    }))
}

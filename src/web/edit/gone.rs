//! A contact that was taken away while its form was filled in: what was typed becomes another one.

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;

use super::{Page, sent::Sent, stored};
use crate::{
    domain::{
        book::{Book, Replace},
        error::{Error, Result},
        id::RevisionId,
        item::random_id,
    },
    web::{
        Web,
        place::{ItemPath, PlacePath},
        request::Visit,
        share::name_of,
        text::fill,
    },
};

/// The form with what was typed, to be saved as another contact: in the same place where the person
/// may add to it, else in Private. Until then it is a refused change of that place.
pub async fn answer(
    web: &Arc<Web>,
    visit: &Visit,
    item: &ItemPath,
    sent: &Sent,
) -> Result<Response> {
    let opened = match item.place.open(web, visit).await {
        // A group the person is no longer in gives nothing of what was there, and keeps nothing.
        Err(Error::NotFound) => None,
        opened => Some(opened?),
    };
    let private = PlacePath::Private.open(web, visit).await?;
    let before = match &opened {
        Some(book) => book.seen_of_gone(&item.id, &sent.version).await?,
        None => None,
    };
    let before = before.map(Bytes::from);
    let from = opened.as_ref().unwrap_or(&private);
    let into = match from.privileges().await?.add {
        true => from,
        false => &private,
    };
    let form = Form {
        item,
        sent,
        before: before.as_deref(),
        into,
    };
    if !sent.is_complete() {
        return form.shown(web, visit, None, None).await;
    }
    let edit = sent.edit(web, before.clone()).await;
    let written = match edit.and_then(|edit| edit.apply(before.as_deref())) {
        Ok(written) => written,
        Err(error) => return form.shown(web, visit, None, Some(&error)).await,
    };
    if sent.anew {
        let another = Replace(into.class().renewed(&written, &random_id(16))?);
        return match stored(web, visit, into, &another).await {
            Ok(answer) => {
                sent.settle(web, visit).await;
                Ok(answer)
            }
            Err(error) => form.shown(web, visit, None, Some(&error)).await,
        };
    }
    let kept = match &opened {
        Some(book) => book.keep_of_gone(&item.id, &written).await?,
        None => None,
    };
    form.shown(web, visit, kept, None).await
}

/// What was typed of a contact that is gone.
struct Form<'a> {
    item: &'a ItemPath,
    sent: &'a Sent,
    /// What it was made from.
    before: Option<&'a [u8]>,
    /// Where the other contact goes.
    into: &'a Book,
}

impl Form<'_> {
    /// The form, to be saved as another contact; `kept` is what was refused now.
    async fn shown(
        &self,
        web: &Arc<Web>,
        visit: &Visit,
        kept: Option<RevisionId>,
        refused: Option<&Error>,
    ) -> Result<Response> {
        let text = visit.text;
        let mut page = Page::again(web, visit, self.before, self.sent, refused).await;
        let place = name_of(self.into, visit);
        let mut told = vec![fill(text.book.gone_meanwhile, &[&place])];
        if kept.is_some() {
            told.push(text.refused_kept.to_owned());
        }
        let (status, problem) = match page.problem.take() {
            Some((status, problem)) => (status, Some(problem)),
            None => (StatusCode::CONFLICT, None),
        };
        told.extend(problem);
        page.problem = Some((status, told.join(" ")));
        page.settles.extend(kept);
        page.form.has_photo = self
            .before
            .is_some_and(|before| web.facet.photo(before).is_some());
        Ok(page.of_gone(web, visit, self.item, self.sent.version.clone()))
    }
}

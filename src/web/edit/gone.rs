//! A contact that was removed while its form was filled in: the input becomes another contact.

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;

use super::{
    Alike, Page,
    once::{self, Saved},
    sent::{NAME, Sent},
};
use crate::{
    domain::{
        book::Book,
        error::{Error, Result},
        id::RevisionId,
        item::random_id,
    },
    text::fill,
    web::{
        Web,
        page::Elsewhere,
        place::{ItemPath, PlacePath},
        request::Visit,
        share::name_of,
    },
};

/// The form with its input, to be saved as another contact: in the same place where the person may
/// add to it, else in Private. Until then it is a refused change of that place.
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
    let into = if from.may_add() { from } else { &private };
    let form = Form {
        item,
        sent,
        before: before.as_deref(),
        into,
        elsewhere: elsewhere(opened.as_ref(), visit, &item.id).await?,
    };
    let mut shown = Shown {
        anew: sent.anew.clone(),
        ..Shown::default()
    };
    if sent.stale {
        return form.shown(web, visit, shown).await;
    }
    let edit = sent.edit(web, before.clone()).await;
    let written = match edit.and_then(|edit| edit.apply(before.as_deref())) {
        Ok(written) => written,
        Err(error) => {
            shown.refused = Some(error);
            return form.shown(web, visit, shown).await;
        }
    };
    let Some(anew) = &sent.anew else {
        shown.anew = Some(random_id(NAME));
        if let Some(book) = &opened {
            let kept = web.core.kept_refused(&visit.actor, &written).await?;
            shown.kept = match kept {
                Some(kept) => Some(kept),
                None => book.keep_of_gone(&item.id, &written).await?,
            };
        }
        return form.shown(web, visit, shown).await;
    };
    if sent.more.is_none() {
        match once::stored(web, visit, form.into, sent, anew, &written).await {
            Ok(Saved::At(answer)) => {
                sent.settle(web, visit).await;
                return Ok(answer);
            }
            Ok(Saved::Not(alike)) => shown.alike = alike,
            Err(error) => shown.refused = Some(error),
        }
    }
    form.shown(web, visit, shown).await
}

/// Another place that shows a contact which is not in this one any more.
async fn elsewhere(book: Option<&Book>, visit: &Visit, id: &str) -> Result<Option<Elsewhere>> {
    let Some(book) = book else {
        return Ok(None);
    };
    let found = book.elsewhere(id).await?;
    Ok(found.map(|(book, card)| {
        let place = PlacePath::of(&book).path();
        Elsewhere {
            place: name_of(&book, visit),
            path: format!("{place}/c/{}", card.placement.server_id),
        }
    }))
}

/// What the form says of itself beside what was typed.
pub struct Gone {
    /// The place into which the other contact goes.
    pub into: PlacePath,
    pub version: String,
    /// The name of the other contact, once what was typed is kept.
    pub anew: Option<String>,
    pub elsewhere: Option<Elsewhere>,
}

/// What became of it this time.
#[derive(Default)]
struct Shown {
    anew: Option<String>,
    /// What was refused now.
    kept: Option<RevisionId>,
    alike: Vec<Alike>,
    refused: Option<Error>,
}

/// What was typed of a contact that is gone.
struct Form<'a> {
    item: &'a ItemPath,
    sent: &'a Sent,
    /// What it was made from.
    before: Option<&'a [u8]>,
    /// The book into which the other contact goes.
    into: &'a Book,
    elsewhere: Option<Elsewhere>,
}

impl Form<'_> {
    /// The form, to be saved as another contact.
    async fn shown(self, web: &Arc<Web>, visit: &Visit, shown: Shown) -> Result<Response> {
        let text = visit.text;
        let refused = shown.refused.as_ref();
        let mut page = Page::again(web, visit, self.before, self.sent, refused).await;
        let place = name_of(self.into, visit);
        let mut told = vec![fill(text.book.gone_meanwhile, &[&place])];
        if shown.kept.is_some() {
            told.push(text.refused_kept.to_owned());
        }
        let (status, problem) = match page.problem.take() {
            Some((status, problem)) => (status, Some(problem)),
            None => (StatusCode::CONFLICT, None),
        };
        told.extend(problem);
        page.problem = Some((status, told.join(" ")));
        page.settles.extend(shown.kept);
        page.alike = shown.alike;
        page.form.has_photo = self
            .before
            .is_some_and(|before| web.facet.photo(before).is_some());
        let gone = Gone {
            into: PlacePath::of(self.into),
            version: self.sent.version.clone(),
            anew: shown.anew,
            elsewhere: self.elsewhere,
        };
        Ok(page.of_gone(web, visit, self.item, gone))
    }
}

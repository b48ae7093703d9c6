//! Refused changes, changes proposed to the person, and the server's notices.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{
    Web,
    form::Posted,
    history::{DifferenceRow, described},
    names,
    page::{Shell, Tool, show},
    params::Query,
    place::PlacePath,
    request::Visit,
    text::fill,
    told::{Deed, Done, Told},
    when,
};
use crate::domain::{error::Result, id::NoticeId, refused::RefusedChange};

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused {
    shell: Shell,
    explained: String,
    refused: Vec<ChangeRow>,
    proposals: Vec<ChangeRow>,
}

struct ChangeRow {
    revision: i64,
    name: String,
    when: String,
    who: String,
    client: String,
    differences: Vec<DifferenceRow>,
    /// What is no contact, as it was written.
    words: Option<String>,
    /// The contact is there, so that the change can be proposed.
    readable: bool,
    /// Its author may make it now.
    may_make: bool,
    proposed: bool,
}

/// `GET /refused`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    let shown = show_page(&web, &visit, done.into());
    visit.answer(&web, shown).await
}

/// `POST /refused/copy`
pub async fn copy(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let actor = &posted.visit.actor;
    let copied = web.core.copy_refused(actor, posted.revision()).await;
    settled(&web, &posted.visit, copied, Deed::Copied).await
}

/// `POST /refused/propose`
pub async fn propose(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let actor = &posted.visit.actor;
    let proposed = web.core.propose(actor, posted.revision()).await;
    settled(&web, &posted.visit, proposed, Deed::Proposed).await
}

/// `POST /refused/dismiss`
pub async fn dismiss(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let actor = &posted.visit.actor;
    let dismissed = web.core.dismiss_refused(actor, posted.revision()).await;
    settled(&web, &posted.visit, dismissed, Deed::Dismissed).await
}

/// `POST /refused/accept`
pub async fn accept(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let actor = &posted.visit.actor;
    let accepted = web.core.accept_proposal(actor, posted.revision()).await;
    settled(&web, &posted.visit, accepted, Deed::Accepted).await
}

/// `POST /refused/decline`
pub async fn decline(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let actor = &posted.visit.actor;
    let declined = web.core.decline_proposal(actor, posted.revision()).await;
    settled(&web, &posted.visit, declined, Deed::Declined).await
}

/// `POST /notices/undo`: everything the client did since its deletions began.
pub async fn undo_notice(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let notice = NoticeId(posted.number("notice"));
    let actor = &posted.visit.actor;
    let undone = async {
        let notices = web.core.notices(actor).await?;
        let told = notices.into_iter().find(|told| told.id == notice);
        let (restored, undo) = web.core.undo_notice(actor, notice).await?;
        // Of one contact: to its card.
        let shown = match told.and_then(|told| told.item) {
            Some(item) => web.core.open_item(actor, item).await?,
            None => None,
        };
        let path = shown.map(|(book, card)| {
            let place = PlacePath::of(&book).path();
            format!("{place}/c/{}", card.placement.server_id)
        });
        let path = path.unwrap_or_else(|| "/c/private".to_owned());
        Ok((restored, undo, path))
    };
    match undone.await {
        Ok((restored, undo, path)) => {
            let kept = web.undos.keep(&posted.visit, vec![undo], &path);
            Done::went_back(&restored).undone_by(kept).at(&path)
        }
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// `POST /notices/confirm`: all is well.
pub async fn confirm_notice(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let notice = NoticeId(posted.number("notice"));
    match web.core.confirm_notice(&posted.visit.actor, notice).await {
        Ok(()) => super::page::see_other("/c/private"),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

async fn settled(web: &Arc<Web>, visit: &Visit, outcome: Result<()>, done: Deed) -> Response {
    match outcome {
        Ok(()) => Done::of(done).at("/refused"),
        Err(error) => {
            let page = show_page(web, visit, Told::refused(&error, visit));
            visit.answer(web, page).await
        }
    }
}

async fn show_page(web: &Arc<Web>, visit: &Visit, told: Told) -> Result<Response> {
    let refused = web.core.refused(&visit.actor).await?;
    let proposals = web.core.proposals(&visit.actor).await?;
    let rows = |changes: Vec<RefusedChange>| {
        let rows = changes.into_iter().map(|change| row(change, web, visit));
        rows.collect()
    };
    Ok(show(
        told.status(),
        &Refused {
            shell: visit.shell_of(web, Tool::Settings, told),
            explained: fill(
                visit.text.refused_explained,
                &[&web.core.limits().history_days],
            ),
            refused: rows(refused),
            proposals: rows(proposals),
        },
    ))
}

fn row(change: RefusedChange, web: &Web, visit: &Visit) -> ChangeRow {
    ChangeRow {
        revision: change.revision.id.0,
        name: match change.words {
            // In the server's words: there is no name.
            Some(_) => change.revision.reason,
            None => names::short(&web.facet.name(&change.revision.document, &visit.settings)),
        },
        when: when::shown(change.revision.at, visit.text),
        who: names::of_author(change.revision.person, &change.revision.person_name, visit),
        client: change.revision.client,
        differences: described(change.differences, web, visit),
        words: change.words,
        readable: change.readable,
        may_make: change.may_make,
        proposed: change.proposed,
    }
}

//! Refused changes, changes proposed to the person, and the server's notices.

mod words;

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use self::words::Words;
use super::{
    Web,
    clients::Clients,
    documents::octets,
    form::Posted,
    history::{DifferenceRow, described},
    names,
    page::{Shell, Tool, show},
    params::Query,
    place::PlacePath,
    request::Visit,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        actor::Actor,
        error::{Error, Result},
        id::{CollectionId, NoticeId},
        refused::{CHANGES, RefusedChange, Why},
    },
    text::{Text, fill},
};

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused {
    shell: Shell,
    explained: String,
    refused: Vec<ChangeRow>,
    refused_pages: Pages,
    proposals: Vec<ChangeRow>,
    proposals_pages: Pages,
}

/// The pages of newer and older changes of a list.
struct Pages {
    newer: Option<String>,
    older: Option<String>,
}

/// How many newer changes of each list were shown already.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct From {
    refused: usize,
    proposals: usize,
}

struct ChangeRow {
    revision: i64,
    name: String,
    /// Why it was refused, where the name does not say it.
    why: Option<String>,
    when: String,
    who: String,
    client: String,
    differences: Vec<DifferenceRow>,
    /// How many there are besides.
    further: Option<String>,
    /// What is no contact.
    words: Option<Words>,
    /// The contact is there, so that the change can be proposed.
    readable: bool,
    /// Its author may make it now.
    may_make: bool,
    proposed: bool,
}

/// `GET /refused`
pub async fn page(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Query(done): Query<Done>,
    Query(from): Query<From>,
) -> Response {
    let shown = show_page(&web, &visit, from, done.into());
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
        let Some(told) = notices.into_iter().find(|told| told.id == notice) else {
            return Ok(None);
        };
        let collection = told.collection;
        let (restored, undos) = web.core.undo_notice(actor, notice).await?;
        // Of one contact: to its card.
        let shown = match told.item {
            Some(item) => web.core.open_item(actor, item).await?,
            None => None,
        };
        let path = shown.map(|(book, card)| {
            let place = PlacePath::of(&book).path();
            format!("{place}/c/{}", card.placement.server_id)
        });
        let path = match path {
            Some(path) => path,
            None => place_of(&web, actor, collection).await?,
        };
        Ok(Some((restored, undos, path)))
    };
    match undone.await {
        Ok(None) => settled_already(),
        Ok(Some((restored, undos, path))) => {
            let kept = web.undos.keep(&posted.visit, undos, &path);
            Done::went_back(&restored).undone_by(kept).at(&path)
        }
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// `POST /notices/confirm`: all is well.
pub async fn confirm_notice(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let notice = NoticeId(posted.number("notice"));
    let actor = &posted.visit.actor;
    let confirmed = async {
        let notices = web.core.notices(actor).await?;
        let Some(told) = notices.into_iter().find(|told| told.id == notice) else {
            return Ok(None);
        };
        web.core.confirm_notice(actor, notice).await?;
        let path = place_of(&web, actor, told.collection).await?;
        Ok(Some(path))
    };
    match confirmed.await {
        Ok(None) => settled_already(),
        Ok(Some(path)) => super::page::see_other(&path),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// The alert stands on every page that is open: it may be pressed twice. So it is answered, too, of
/// one that never was the person's.
fn settled_already() -> Response {
    Done::of(Deed::SettledAlready).at(&PlacePath::Private.path())
}

/// Where a notice leads: to the place it is about, to Private where that is gone.
async fn place_of(
    web: &Web,
    actor: &Arc<Actor>,
    collection: Option<CollectionId>,
) -> Result<String> {
    let Some(collection) = collection else {
        return Ok(PlacePath::Private.path());
    };
    match web.core.open(actor, collection).await {
        Ok(book) => Ok(PlacePath::of(&book).path()),
        Err(Error::NotFound) => Ok(PlacePath::Private.path()),
        Err(error) => Err(error),
    }
}

async fn settled(web: &Arc<Web>, visit: &Visit, outcome: Result<()>, done: Deed) -> Response {
    match outcome {
        Ok(()) => Done::of(done).at("/refused"),
        Err(error) => {
            let told = Told::refused(&error, visit);
            let page = show_page(web, visit, From::default(), told);
            visit.answer(web, page).await
        }
    }
}

/// The place where the page begins that an address asks for; the last page, if it asks for more
/// than there are.
fn begin(from: usize, number: usize) -> usize {
    from.min(number.saturating_sub(1) / CHANGES * CHANGES)
}

async fn show_page(web: &Arc<Web>, visit: &Visit, from: From, told: Told) -> Result<Response> {
    let (number_refused, number_proposals) = web.core.waiting(&visit.actor).await?;
    let from = From {
        refused: begin(from.refused, number_refused),
        proposals: begin(from.proposals, number_proposals),
    };
    let refused = web.core.refused(&visit.actor, from.refused).await?;
    let proposals = web.core.proposals(&visit.actor, from.proposals).await?;
    let clients = Clients::of(web, &visit.actor, visit.text).await?;
    let pages = |from: usize, number: usize, at: &dyn Fn(usize) -> From| {
        let path = |from: usize| {
            let From { refused, proposals } = at(from);
            format!("/refused?refused={refused}&proposals={proposals}")
        };
        Pages {
            newer: (from > 0).then(|| path(from.saturating_sub(CHANGES))),
            older: (from + CHANGES < number).then(|| path(from + CHANGES)),
        }
    };
    let refused_pages = pages(from.refused, number_refused, &|refused| From {
        refused,
        ..from
    });
    let proposals_pages = pages(from.proposals, number_proposals, &|proposals| From {
        proposals,
        ..from
    });
    let rows = |changes: Vec<RefusedChange>| {
        let rows = changes
            .into_iter()
            .map(|change| row(change, &clients, web, visit));
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
            refused_pages,
            proposals: rows(proposals),
            proposals_pages,
        },
    ))
}

/// Why a change was refused, in the reader's words.
fn said(why: &Why, text: &Text) -> String {
    let x = text.book;
    let said = match why {
        Why::Adding => x.why_adding,
        Why::Modifying => x.why_modifying,
        Why::ChangedMeanwhile => x.why_changed,
        Why::SameFields => x.why_same_fields,
        Why::RemovedMeanwhile => x.why_removed,
        Why::StartedOver => x.why_started_over,
        Why::BookFull => x.why_full,
        Why::BookGone => x.why_book_gone,
        Why::UidTaken => x.why_uid_taken,
        Why::TooLarge { limit } => {
            return fill(x.why_too_large, &[&octets(*limit as i64, text)]);
        }
        Why::Unfit => x.why_unfit,
        Why::ListOfGroup => x.why_list_of_group,
        Why::TagName => x.why_tag_name,
        Why::ContactsOnly { place } => return fill(x.why_contacts_only, &[place]),
        Why::PlainNotes { place } => return fill(x.why_plain_notes, &[place]),
        Why::NoMail => x.why_no_mail,
        Why::Earlier(words) => words,
    };
    said.to_owned()
}

fn row(change: RefusedChange, clients: &Clients, web: &Web, visit: &Visit) -> ChangeRow {
    ChangeRow {
        revision: change.revision.id.0,
        name: match change.words {
            // What is no contact has no name.
            Some(_) => said(&change.why, visit.text),
            None => names::short(&web.facet.name(&change.revision.document, &visit.reader())),
        },
        why: change
            .words
            .is_none()
            .then(|| said(&change.why, visit.text)),
        when: when::shown(change.revision.at, visit.text),
        who: names::of_author(change.revision.person, &change.revision.person_name, visit),
        client: clients.name_for(change.revision.person, visit, &change.revision.client),
        differences: described(change.differences, web, visit),
        further: (change.more > 0)
            .then(|| fill(visit.text.book.further_differences, &[&change.more])),
        words: change
            .words
            .map(|words| Words::read(words, web, visit.text)),
        readable: change.readable,
        may_make: change.may_make,
        proposed: change.proposed,
    }
}

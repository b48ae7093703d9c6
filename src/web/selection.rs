//! Actions on selected rows of a list, or on the whole book.

use std::{collections::HashSet, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web,
    contacts::{ListParams, list_telling},
    form::{LISTED, Posted, ranges},
    page::{Shell, see_other, show},
    place::PlacePath,
    request::Visit,
    share::are_elsewhere,
    told::{Deed, Done, Told},
};
use crate::{
    domain::{
        book::Book,
        class::{CONTACT, DOCUMENT},
        error::{Error, Result},
        id::{RevisionId, TagId},
        item::Placement,
        rights::Right,
        rule::Rule,
        sharing::{How, Placed},
        store::ListQuery,
        undo::Undo,
    },
    text::{Text, fill},
};

/// Items changed at once.
const MOST: i64 = 10_000;

/// The links that select all rows of a list, those of its other pages included.
pub struct Whole {
    /// URL that selects the rows of this page.
    pub of_page: String,
    /// The number of these rows, in words.
    pub page: String,
    /// URL that selects the rows of all pages, with its text.
    pub link: String,
    pub select: String,
    pub everything: String,
    pub may_empty: bool,
}

impl Whole {
    /// What a page of so many rows says of a list of so many; `link` is the address of each answer.
    pub fn of(rows: usize, total: i64, link: &dyn Fn(&str) -> String, text: &Text) -> Self {
        Self {
            of_page: link("1"),
            page: fill(text.book.page_selected, &[&text.grouped(rows)]),
            link: link("2"),
            select: fill(text.book.select_all_pages, &[&text.grouped(total)]),
            everything: fill(text.select_everything, &[&text.grouped(total)]),
            may_empty: false,
        }
    }
}

/// `POST …/selected/delete`; the whole book is emptied on a page of its own.
pub async fn delete(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let all = posted.checked("everything") && left_out(&posted).is_empty();
    let whole = all && !params(&posted).is_narrowed();
    if whole && !place.is_folder() {
        return see_other(&format!("{}/empty", place.path()));
    }
    let deleted = async {
        let (book, chosen) = chosen(&web, &place, &posted).await?;
        let elsewhere = are_elsewhere(&book, &chosen).await?;
        let outcomes = book.remove_all(&chosen).await?;
        let stay = outcomes.iter().zip(elsewhere).filter(still_there).count();
        let removed: Vec<_> = outcomes.into_iter().filter_map(Result::ok).collect();
        let kept = chosen.len() - removed.len();
        let done = Done::of(Deed::SelectionDeleted).numbers(&[removed.len(), kept, stay]);
        let back = params(&posted).address(&place.path());
        if removed.len() <= LISTED && back == place.path() {
            return Ok(done.undone_by(ranges(&removed)));
        }
        let undo = Undo::Removed {
            book: book.collection().id,
            removals: removed,
        };
        Ok(done.undone_by(web.undos.keep(&posted.visit, vec![undo], &back)))
    };
    settled(&web, &place, &posted, deleted.await).await
}

/// `POST …/selected/tag`, `POST …/selected/untag`
pub async fn tag(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let tagged = tagging(&web, &place, &posted, &posted.tags("tag"), &[]).await;
    settled(&web, &place, &posted, tagged).await
}

/// `POST …/selected/untag`
pub async fn untag(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let tagged = tagging(&web, &place, &posted, &[], &posted.tags("tag")).await;
    settled(&web, &place, &posted, tagged).await
}

async fn tagging(
    web: &Web,
    place: &PlacePath,
    posted: &Posted,
    on: &[TagId],
    off: &[TagId],
) -> Result<Done> {
    let (book, chosen) = chosen(web, place, posted).await?;
    let items = book.tag(&chosen, on, off).await?;
    let done = Done::of(if place.is_folder() {
        Deed::SelectionTaggedDocuments
    } else {
        Deed::SelectionTagged
    });
    let done = done.numbers(&[items.len()]);
    let undo = Undo::Tagged {
        book: book.collection().id,
        items,
    };
    let back = params(posted).address(&place.path());
    Ok(done.undone_by(web.undos.keep(&posted.visit, vec![undo], &back)))
}

/// `POST …/selected/share`: with what was chosen, or with the group things were dropped on.
pub async fn share(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let target = match posted.value("group") {
        "" => web.core.open(&visit.actor, posted.collection("to")).await,
        group => place.same_in(group).open(&web, visit).await,
    };
    let shared = bring(
        &web,
        &place,
        &posted,
        target,
        How::Share,
        Deed::SelectionShared,
    )
    .await;
    settled(&web, &place, &posted, shared).await
}

/// `POST …/selected/move`
pub async fn move_to(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let target = web
        .core
        .open(&posted.visit.actor, posted.collection("to"))
        .await;
    let moved = bring(
        &web,
        &place,
        &posted,
        target,
        How::Move,
        Deed::SelectionMoved,
    )
    .await;
    settled(&web, &place, &posted, moved).await
}

/// `POST …/selected/copy`: into Private.
pub async fn copy(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let class = if place.is_folder() { DOCUMENT } else { CONTACT };
    let target = web.core.default_place(&posted.visit.actor, class).await;
    let copied = bring(
        &web,
        &place,
        &posted,
        target,
        How::Copy,
        Deed::SelectionCopied,
    )
    .await;
    settled(&web, &place, &posted, copied).await
}

async fn bring(
    web: &Web,
    place: &PlacePath,
    posted: &Posted,
    target: Result<Book>,
    how: How,
    done: Deed,
) -> Result<Done> {
    let (book, chosen) = chosen(web, place, posted).await?;
    let target = target?;
    let outcomes = book.bring(&chosen, &target, how).await?;
    let items = outcomes.into_iter().filter_map(Result::ok);
    let items: Vec<_> = items.filter(Placed::is_done).collect();
    let done = Done::of(done).numbers(&[items.len(), chosen.len() - items.len()]);
    let undo = Undo::Brought {
        from: book.collection().id,
        into: target.collection().id,
        items,
    };
    let back = params(posted).address(&place.path());
    Ok(done.undone_by(web.undos.keep(&posted.visit, vec![undo], &back)))
}

/// Whether what was removed here is in another place still.
pub fn still_there((outcome, elsewhere): &(&Result<RevisionId>, bool)) -> bool {
    outcome.is_ok() && *elsewhere
}

/// What was checked in the list and is still there.
pub async fn chosen(
    web: &Web,
    place: &PlacePath,
    posted: &Posted,
) -> Result<(Book, Vec<Placement>)> {
    let book = place.open(web, &posted.visit).await?;
    if posted.checked("everything") {
        let mut chosen = everything(web, &book, &posted.visit, &params(posted)).await?;
        let left_out = left_out(posted);
        chosen.retain(|placement| !left_out.contains(placement.server_id.as_str()));
        return if chosen.is_empty() {
            Err(Error::Invalid(Rule::NothingSelected))
        } else {
            Ok((book, chosen))
        };
    }
    let mut chosen = Vec::new();
    let mut named = HashSet::new();
    for id in posted.values("id").filter(|id| named.insert(*id)) {
        match book.by_server_id(id).await {
            Ok(card) => chosen.push(card.placement),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    if chosen.is_empty() {
        Err(Error::Invalid(Rule::NothingSelected))
    } else {
        Ok((book, chosen))
    }
}

/// The rows of a page whose boxes were unticked while everything was selected.
pub fn left_out(posted: &Posted) -> HashSet<&str> {
    let ticked: HashSet<&str> = posted.values("id").collect();
    let shown = posted.values("shown");
    shown.filter(|id| !ticked.contains(id)).collect()
}

/// What a list shows on all its pages.
async fn everything(
    web: &Web,
    book: &Book,
    visit: &Visit,
    params: &ListParams,
) -> Result<Vec<Placement>> {
    let query = ListQuery {
        limit: MOST,
        ..params.narrowing(web)
    };
    let found = book.list(&query).await?;
    if found.total > MOST {
        let sentence = fill(visit.text.book.too_many_selected, &[&found.total, &MOST]);
        return Err(Error::Invalid(sentence.into()));
    }
    Ok(found.rows.into_iter().map(|row| row.placement).collect())
}

/// The list a selection was made in, and its page.
pub fn params(posted: &Posted) -> ListParams {
    ListParams {
        q: posted.value("q").to_owned(),
        page: posted.number("of-page"),
        tag: posted.number("of-tag"),
        show: posted.value("show").to_owned(),
        sort: posted.value("of-sort").to_owned(),
        all: 0,
        ticked: posted.values("id").collect::<Vec<_>>().join(","),
    }
}

async fn settled(
    web: &Arc<Web>,
    place: &PlacePath,
    posted: &Posted,
    outcome: Result<Done>,
) -> Response {
    let params = params(posted);
    match outcome {
        Ok(done) => done.at(&params.address(&place.path())),
        Err(error) => {
            let told = Told::refused(&error, &posted.visit);
            list_telling(web, place, &posted.visit, &params, told).await
        }
    }
}

#[derive(Template)]
#[template(path = "empty.html")]
struct Empty {
    shell: Shell,
    here: String,
    title: String,
    sentence: String,
}

/// `GET …/empty`: how many are asked for before the book is emptied.
pub async fn ask_empty(State(web): State<Arc<Web>>, place: PlacePath, visit: Visit) -> Response {
    let shown = show_empty(&web, &place, &visit, Told::Nothing);
    visit.answer(&web, shown).await
}

/// `POST …/empty`
pub async fn empty(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let emptied = async {
        let book = place.open(&web, visit).await?;
        book.empty(counted(posted.value("count"))).await
    };
    let told = match emptied.await {
        Ok(undo) => {
            let kept = web.undos.keep(visit, vec![undo], &place.path());
            return Done::of(Deed::Emptied).undone_by(kept).at(&place.path());
        }
        Err(Error::Invalid(Rule::Count(_))) => {
            let count = visit.text.count_differs.to_owned();
            Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, count).about(["count"])
        }
        Err(error) => Told::refused(&error, visit),
    };
    let page = show_empty(&web, &place, visit, told);
    visit.answer(&web, page).await
}

/// A number as people write it, in groups or not; 0 when it is none.
fn counted(typed: &str) -> i64 {
    let is_mark = |c: char| c.is_whitespace() || c == ',';
    typed.replace(is_mark, "").parse().unwrap_or(0)
}

async fn show_empty(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    told: Told,
) -> Result<Response> {
    let book = place.open(web, visit).await?;
    if !book.privileges().await?.remove {
        return Err(Error::Forbidden {
            right: Right::RemoveAny,
        });
    }
    let count = book.count().await?;
    let title = super::share::name_of(&book, visit);
    let x = visit.text.book;
    Ok(show(
        told.status(),
        &Empty {
            shell: visit.shell_telling(web, Some(&place.path()), told),
            here: place.path(),
            sentence: if book.is_private() {
                let said = [x.empty_private_one, visit.text.empty_private_text];
                visit.text.counted(count, said)
            } else {
                let said = [x.empty_group_one, visit.text.empty_group_text];
                let number = visit.text.grouped(count);
                fill(visit.text.of_many(count, said), &[&number, &title])
            },
            title,
        },
    ))
}

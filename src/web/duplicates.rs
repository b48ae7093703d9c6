//! Duplicates: suggestions with their reasons, merging, and pairs marked as different people.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;

use super::{
    Web,
    contacts::{ListParams, list_telling},
    facet::Side,
    form::Posted,
    import::brief,
    names,
    page::{Shell, see_other, show},
    params::Query,
    place::{PairPath, PlacePath, encode_segment, form_encode},
    request::Visit,
    search::RESULTS,
    selection::params,
    share::name_of,
    told::{Deed, Done, Told},
};
use crate::{
    domain::{
        book::Book,
        collection::Place,
        direction::straight,
        duplicates::Reason,
        error::{Error, Result},
        id::RevisionId,
        item::Card,
        likeness::Likeness,
    },
    text::{fill, transfer::Transfer},
};

/// Pairs shown at once.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "duplicates.html")]
struct Page {
    shell: Shell,
    here: String,
    title: String,
    count: String,
    pairs: Vec<Pair>,
}

struct Pair {
    /// Ids, names, and what else they say.
    first: (String, String, String),
    second: (String, String, String),
    why: String,
}

/// `GET …/duplicates`
pub async fn page(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    let shown = async {
        let book = place.open(&web, &visit).await?;
        let x = visit.text.transfer;
        let (suggested, count) = book.duplicates(SHOWN).await?;
        let told: Told = done.into();
        let one = |card: &Card| {
            let (name, said) = brief(
                &web.facet.view(&book.content(card), &visit.reader()),
                visit.text,
            );
            (card.placement.server_id.clone(), name, said)
        };
        let pairs = suggested.iter().map(|pair| Pair {
            first: one(&pair.first),
            second: one(&pair.second),
            why: reasons(pair.likeness, &pair.reasons, x),
        });
        Ok(show(
            told.status(),
            &Page {
                pairs: pairs.collect(),
                title: fill(x.duplicates_in, &[&name_of(&book, &visit)]),
                count: fill(x.duplicates_count, &[&count]),
                shell: visit.shell_telling(&web, Some(&place.path()), told),
                here: place.path(),
            },
        ))
    };
    visit.answer(&web, shown).await
}

/// `Very likely the same: the same name, a number in common.`
pub fn reasons(likeness: Likeness, reasons: &[Reason], x: &Transfer) -> String {
    let how = match likeness {
        Likeness::Certain => x.likely,
        Likeness::Possible => x.perhaps,
    };
    // A mobile number in common is a number in common.
    let told = |reason: &&Reason| **reason != Reason::Number || !reasons.contains(&Reason::Mobile);
    let said = reasons.iter().filter(told).map(|r| reason(*r, x));
    let said: Vec<&str> = said.collect();
    fill(how, &[&said.join(", ")])
}

fn reason(reason: Reason, x: &Transfer) -> &'static str {
    match reason {
        Reason::Uid => x.same_uid,
        Reason::Name => x.same_name,
        Reason::Email => x.same_email,
        Reason::Mobile => x.same_mobile,
        Reason::Number => x.same_number,
    }
}

#[derive(Template)]
#[template(path = "merge.html")]
struct Merge {
    shell: Shell,
    here: String,
    first: (String, String),
    second: (String, String),
    /// The versions of both that the person was shown.
    versions: (String, String),
    sides: Vec<Side>,
    /// Where the two were chosen, as a query of this page.
    whence: String,
    /// The page that they were chosen on.
    back: String,
    /// The other places of the one taken away, which keep it as a contact of its own.
    stays: Option<String>,
}

/// Where two contacts were chosen to be merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Chosen {
    #[default]
    Duplicates,
    /// A list of contacts, named by the rest of the query.
    List,
    Search,
}

/// The page on which two contacts were chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Whence {
    from: Chosen,
}

impl Whence {
    fn query(&self, list: &ListParams) -> String {
        match self.from {
            Chosen::Duplicates => String::new(),
            Chosen::List => list.link("", list.page, &list.sort, "") + "&from=list",
            Chosen::Search => {
                let ticked = form_encode(&[("ticked", &list.ticked)]);
                format!("?from=search&{ticked}")
            }
        }
    }

    /// The page again: with both ticked, or once they are one.
    fn back(&self, list: &ListParams, pair: &PairPath, merged: bool) -> String {
        let here = pair.place.path();
        let ids = [pair.first.as_str(), pair.second.as_str()];
        match self.from {
            Chosen::List if merged => list.address(&here),
            Chosen::List => list.ticking(&here, ids),
            Chosen::Search if !merged => {
                let ticked = form_encode(&[("ticked", &list.ticked)]);
                format!("{RESULTS}?{ticked}")
            }
            // Results are of several places: one is taken back in its own.
            Chosen::Search | Chosen::Duplicates => format!("{here}/duplicates"),
        }
    }
}

/// `GET …/duplicates/ONE/OTHER`: both sides of a merge; the first is kept.
pub async fn compare(
    State(web): State<Arc<Web>>,
    pair: PairPath,
    visit: Visit,
    Query(whence): Query<Whence>,
    Query(list): Query<ListParams>,
) -> Response {
    show_merge(&web, &pair, &visit, (&whence, &list), Told::Nothing).await
}

async fn open(web: &Web, pair: &PairPath, visit: &Visit) -> Result<(Book, Card, Card)> {
    let book = pair.place.open(web, visit).await?;
    let first = book.by_server_id(&pair.first).await?;
    let second = book.by_server_id(&pair.second).await?;
    Ok((book, first, second))
}

async fn show_merge(
    web: &Arc<Web>,
    pair: &PairPath,
    visit: &Visit,
    (whence, list): (&Whence, &ListParams),
    told: Told,
) -> Response {
    let shown = async {
        let (book, first, second) = open(web, pair, visit).await?;
        let marks = book.marks_of([&first.placement, &second.placement]).await?;
        let sides = web
            .facet
            .sides(&book.content(&first), &book.content(&second), visit.text)?;
        let named = |card: &Card| {
            let name = web.facet.name(&card.document, &visit.reader());
            (card.placement.server_id.clone(), name)
        };
        Ok(show(
            told.status(),
            &Merge {
                first: named(&first),
                second: named(&second),
                stays: stays(&book, &second, visit).await?,
                versions: (marks.etag(&first.placement), marks.etag(&second.placement)),
                sides,
                whence: whence.query(list),
                back: whence.back(list, pair, false),
                shell: visit.shell_telling(web, Some(&pair.place.path()), told),
                here: pair.place.path(),
            },
        ))
    };
    visit.answer(web, shown).await
}

/// Says which other places keep a contact that is merged into another one here.
async fn stays(book: &Book, absorbed: &Card, visit: &Visit) -> Result<Option<String>> {
    let text = visit.text;
    let places = book.places(&absorbed.placement).await?;
    let others = places
        .into_iter()
        .filter(|place| place.placement != absorbed.placement.id);
    let names = others.map(|place| match place.known {
        Some(known) if matches!(known.place, Place::Private(_)) => {
            names::of_own_book(known.collection, visit)
        }
        Some(known) => known.display_name,
        None => text.unknown_group.to_owned(),
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return Ok(None);
    }
    let name = straight(&absorbed.placement.display);
    let said = [&name as &dyn std::fmt::Display, &names.join(", ")];
    Ok(Some(fill(text.transfer.merge_stays, &said)))
}

/// `POST …/duplicates/ONE/OTHER`
pub async fn merge(
    State(web): State<Arc<Web>>,
    pair: PairPath,
    Query(whence): Query<Whence>,
    Query(list): Query<ListParams>,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    let merged = async {
        let (book, first, second) = open(&web, &pair, visit).await?;
        let marks = book.marks_of([&first.placement, &second.placement]).await?;
        let seen = |field: &str, card: &Card| posted.value(field) == marks.etag(&card.placement);
        if !seen("first-version", &first) || !seen("second-version", &second) {
            return Err(Error::PreconditionFailed);
        }
        let picked: Vec<String> = posted
            .fields()
            .filter(|(name, _)| *name == "keep" || name.starts_with("one-"))
            .map(|(_, value)| value.to_owned())
            .collect();
        let document = web
            .facet
            .merged(&book.content(&first), &book.content(&second), &picked)?;
        let merge = book.merge(&first, &second, &document).await?;
        let done = Done::of(Deed::Merged).to(&web.facet.name(&first.document, &visit.reader()));
        Ok(done.undone_by(format!("merge:{}:{merge}", pair.first)))
    };
    match merged.await {
        Ok(done) => done.at(&whence.back(&list, &pair, true)),
        Err(error) => {
            let told = Told::refused(&error, visit);
            show_merge(&web, &pair, visit, (&whence, &list), told).await
        }
    }
}

/// `POST …/duplicates/undo`: `ID:MERGE`.
pub async fn undo(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let undone = async {
        let book = place.open(&web, &posted.visit).await?;
        let (id, merge) = posted
            .value("merge")
            .split_once(':')
            .ok_or(Error::NotFound)?;
        let merge = merge.parse().map(RevisionId).map_err(|_| Error::NotFound)?;
        let kept = book.by_server_id(id).await?;
        book.unmerge(&kept.placement, merge).await
    };
    match undone.await {
        Ok(()) => Done::of(Deed::Unmerged).at(&format!("{}/duplicates", place.path())),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// `POST …/duplicates/ONE/OTHER/apart`: they are not the same.
pub async fn apart(
    State(web): State<Arc<Web>>,
    pair: PairPath,
    Query(whence): Query<Whence>,
    Query(list): Query<ListParams>,
    posted: Posted,
) -> Response {
    let told = async {
        let (book, first, second) = open(&web, &pair, &posted.visit).await?;
        book.tell_apart(&first.placement, &second.placement).await
    };
    match told.await {
        Ok(()) => Done::of(Deed::ToldApart).at(&whence.back(&list, &pair, false)),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// `POST …/selected/merge`: of the two that are checked in a list.
pub async fn selected(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    if let Err(error) = place.open(&web, &posted.visit).await {
        return posted.visit.failed(&web, &error);
    }
    let list = params(&posted);
    let mut ids = posted.values("id");
    match (ids.next(), ids.next(), ids.next()) {
        (Some(first), Some(second), None) => {
            let (first, second) = (encode_segment(first), encode_segment(second));
            let whence = Whence { from: Chosen::List }.query(&list);
            let pair = format!("{}/duplicates/{first}/{second}", place.path());
            see_other(&(pair + &whence))
        }
        _ => {
            let why = posted.visit.text.transfer.check_two.to_owned();
            let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, why);
            list_telling(&web, &place, &posted.visit, &list, told).await
        }
    }
}

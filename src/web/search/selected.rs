//! Actions on selected results, which may be in several places.

use std::{collections::HashSet, sync::Arc};

use axum::{extract::State, response::Response};
use http::StatusCode;

use crate::{
    domain::{
        book::Book,
        class::{CONTACT, DOCUMENT},
        error::{Error, Result},
        id::{CollectionId, TagId},
        item::Placement,
        rule::Rule,
        sharing::{How, Placed},
        undo::Undo,
    },
    web::{
        Web,
        form::Posted,
        page::see_other,
        place::{PlacePath, form_encode},
        search::{RESULTS, last_telling},
        selection::still_there,
        share::are_elsewhere,
        told::{Deed, Done, Told},
    },
};

/// Results of one book.
struct Chosen {
    book: Book,
    placements: Vec<Placement>,
}

/// How a result is named in a form: its book, and what it is there.
pub fn value(collection: CollectionId, server_id: &str) -> String {
    format!("{collection}.{server_id}")
}

/// `POST /search/selected/delete`
pub async fn delete(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let deleted = async {
        let (mut removed, mut kept, mut stay, mut undos) = (0, 0, 0, Vec::new());
        for Chosen { book, placements } in chosen(&web, &posted).await? {
            let elsewhere = are_elsewhere(&book, &placements).await?;
            let outcomes = book.remove_all(&placements).await?;
            stay += outcomes.iter().zip(elsewhere).filter(still_there).count();
            let removals: Vec<_> = outcomes.into_iter().filter_map(Result::ok).collect();
            removed += removals.len();
            kept += placements.len() - removals.len();
            let book = book.collection().id;
            undos.push(Undo::Removed { book, removals });
        }
        let done = Done::of(Deed::SelectionDeleted).numbers(&[removed, kept, stay]);
        Ok(done.undone_by(web.undos.keep(&posted.visit, undos, RESULTS)))
    };
    settled(&web, &posted, deleted.await).await
}

/// `POST /search/selected/tag`
pub async fn tag(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let tagged = tagging(&web, &posted, &posted.tags("tag"), &[]).await;
    settled(&web, &posted, tagged).await
}

/// `POST /search/selected/untag`
pub async fn untag(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let tagged = tagging(&web, &posted, &[], &posted.tags("tag")).await;
    settled(&web, &posted, tagged).await
}

async fn tagging(web: &Web, posted: &Posted, on: &[TagId], off: &[TagId]) -> Result<Done> {
    let (mut changed, mut undos) = (0, Vec::new());
    for Chosen { book, placements } in chosen(web, posted).await? {
        let items = book.tag(&placements, on, off).await?;
        changed += items.len();
        let book = book.collection().id;
        undos.push(Undo::Tagged { book, items });
    }
    let done = Done::of(Deed::SelectionTagged).numbers(&[changed]);
    Ok(done.undone_by(web.undos.keep(&posted.visit, undos, RESULTS)))
}

/// `POST /search/selected/share`
pub async fn share(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let to = posted.collection("to");
    let target = web.core.open(&posted.visit.actor, to).await;
    let shared = bring(&web, &posted, target, How::Share, Deed::SelectionShared).await;
    settled(&web, &posted, shared).await
}

/// `POST /search/selected/move`
pub async fn move_to(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let to = posted.collection("to");
    let target = web.core.open(&posted.visit.actor, to).await;
    let moved = bring(&web, &posted, target, How::Move, Deed::SelectionMoved).await;
    settled(&web, &posted, moved).await
}

/// `POST /search/selected/copy`: into Private.
pub async fn copy(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let folders = chosen(&web, &posted).await.is_ok_and(|chosen| {
        let mut books = chosen.iter().map(|chosen| &chosen.book);
        books.all(|book| book.collection().is_folder())
    });
    let class = if folders { DOCUMENT } else { CONTACT };
    let target = web.core.default_place(&posted.visit.actor, class).await;
    let copied = bring(&web, &posted, target, How::Copy, Deed::SelectionCopied).await;
    settled(&web, &posted, copied).await
}

async fn bring(
    web: &Web,
    posted: &Posted,
    target: Result<Book>,
    how: How,
    done: Deed,
) -> Result<Done> {
    let target = target?;
    let (mut brought, mut left, mut undos) = (0, 0, Vec::new());
    for Chosen { book, placements } in chosen(web, posted).await? {
        let outcomes = book.bring(&placements, &target, how).await?;
        let items = outcomes.into_iter().filter_map(Result::ok);
        let items: Vec<_> = items.filter(Placed::is_done).collect();
        brought += items.len();
        left += placements.len() - items.len();
        undos.push(Undo::Brought {
            from: book.collection().id,
            into: target.collection().id,
            items,
        });
    }
    let done = Done::of(done).numbers(&[brought, left]);
    Ok(done.undone_by(web.undos.keep(&posted.visit, undos, RESULTS)))
}

/// `POST /search/selected/export`
pub async fn export(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let page = of_one_place(&web, &posted, "export");
    posted.visit.answer(&web, page).await
}

/// `POST /search/selected/print`
pub async fn print(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let page = of_one_place(&web, &posted, "print");
    posted.visit.answer(&web, page).await
}

/// A page of the place all contacts chosen are in; documents are left out, and it tells how many.
async fn of_one_place(web: &Arc<Web>, posted: &Posted, page: &str) -> Result<Response> {
    let (contacts, documents) = match contacts_chosen(web, posted).await {
        Err(error @ Error::Invalid(_)) => {
            return again(web, posted, Told::refused(&error, &posted.visit)).await;
        }
        chosen => chosen?,
    };
    let [Chosen { book, placements }] = &contacts[..] else {
        let text = posted.visit.text.book;
        let why = match &contacts[..] {
            [] => text.contacts_alone,
            _ => text.one_place,
        };
        let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, why.to_owned());
        return again(web, posted, told).await;
    };
    let ids = placements.iter().map(|p| ("id", p.server_id.as_str()));
    let query = form_encode(&ids.collect::<Vec<_>>());
    let place = PlacePath::of(book).path();
    let path = format!("{place}/{page}?{query}");
    Ok(match documents {
        0 => see_other(&path),
        left => Done::of(Deed::DocumentsLeft).numbers(&[left]).at(&path),
    })
}

/// The contacts that are checked, and how many documents are checked besides.
async fn contacts_chosen(web: &Web, posted: &Posted) -> Result<(Vec<Chosen>, usize)> {
    let (contacts, documents): (Vec<_>, Vec<_>) = chosen(web, posted)
        .await?
        .into_iter()
        .partition(|chosen| !chosen.book.collection().is_folder());
    let documents = documents.iter().map(|chosen| chosen.placements.len());
    Ok((contacts, documents.sum()))
}

/// `POST /search/selected/merge`: two of one place.
pub async fn merge(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let shown = async {
        match &contacts_chosen(&web, &posted).await?.0[..] {
            [Chosen { book, placements }] if placements.len() == 2 => {
                let place = PlacePath::of(book).path();
                let [first, second] = [&placements[0].server_id, &placements[1].server_id];
                let pair = format!("{place}/duplicates/{first}/{second}");
                let book = book.collection().id;
                let ticked = [first, second].map(|id| value(book, id)).join(",");
                let query = form_encode(&[("from", "search"), ("ticked", &ticked)]);
                Ok(see_other(&format!("{pair}?{query}")))
            }
            chosen => {
                let text = posted.visit.text;
                let why = match chosen {
                    [] => text.book.contacts_alone,
                    [_, _, ..] => text.book.merge_one_place,
                    _ => text.transfer.check_two,
                };
                let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, why.to_owned());
                again(&web, &posted, told).await
            }
        }
    };
    match shown.await {
        Ok(page) => page,
        Err(error) => settled(&web, &posted, Err(error)).await,
    }
}

/// What was checked and is still there, book by book.
async fn chosen(web: &Web, posted: &Posted) -> Result<Vec<Chosen>> {
    let mut chosen: Vec<Chosen> = Vec::new();
    let mut named = HashSet::new();
    for value in posted.values("id").filter(|value| named.insert(*value)) {
        let Some((collection, server_id)) = value.split_once('.') else {
            continue;
        };
        let collection = CollectionId(collection.parse().unwrap_or(0));
        let known = chosen
            .iter()
            .position(|known| known.book.collection().id == collection);
        let at = match known {
            Some(at) => at,
            None => match web.core.open(&posted.visit.actor, collection).await {
                Ok(book) => {
                    let placements = Vec::new();
                    chosen.push(Chosen { book, placements });
                    chosen.len() - 1
                }
                Err(Error::NotFound) => continue,
                Err(error) => return Err(error),
            },
        };
        match chosen[at].book.by_server_id(server_id).await {
            Ok(card) => chosen[at].placements.push(card.placement),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    chosen.retain(|chosen| !chosen.placements.is_empty());
    if chosen.is_empty() {
        Err(Error::Invalid(Rule::NothingSelected))
    } else {
        Ok(chosen)
    }
}

async fn settled(web: &Arc<Web>, posted: &Posted, outcome: Result<Done>) -> Response {
    match outcome {
        Ok(done) => done.at(RESULTS),
        Err(error) => {
            let told = Told::refused(&error, &posted.visit);
            posted.visit.answer(web, again(web, posted, told)).await
        }
    }
}

/// The results, with what was ticked.
async fn again(web: &Arc<Web>, posted: &Posted, told: Told) -> Result<Response> {
    let ticked = posted.values("id").map(str::to_owned).collect();
    last_telling(web, &posted.visit, ticked, told).await
}

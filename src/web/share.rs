//! One contact in several places: sharing, un-sharing, moving, copying.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;

use super::{
    Web,
    form::Posted,
    page::{Shell, show},
    place::{ItemPath, PlacePath},
    request::Visit,
    text::fill,
    told::{Done, Told},
    when,
};
use crate::domain::{
    book::Book,
    error::{Error, Result},
    id::{CollectionId, PlacementId},
    sharing::{How, Placed, ShownPlace},
};

#[derive(Template)]
#[template(path = "share.html")]
struct Share {
    shell: Shell,
    card: String,
    name: String,
    rows: Vec<PlaceRow>,
    /// Where it could be moved to.
    moves: Vec<(i64, String)>,
}

/// One place, and what can be done about it.
struct PlaceRow {
    name: String,
    /// The list there.
    path: Option<String>,
    /// Shared by whom and when, or what one may do.
    state: String,
    here: bool,
    /// Names the placement that may be withdrawn.
    withdraw: Option<i64>,
    /// Names the book it may be shared into.
    share: Option<i64>,
}

/// `GET …/c/ID/share`
pub async fn page(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    let shown = show_page(&web, &visit, &item, done.into()).await;
    shown.unwrap_or_else(|error| visit.failed(&web, &error))
}

/// `POST …/c/ID/share/add`
pub async fn add(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    match brought(&web, &item, &posted, How::Share).await {
        Ok((target, _)) => Done::of("shared")
            .to(&name_of(&target, &posted.visit))
            .at(&format!("{}/share", item.path())),
        Err(told) => again(&web, &item, &posted, told).await,
    }
}

/// `POST …/c/ID/share/move`
pub async fn move_to(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    match brought(&web, &item, &posted, How::Move).await {
        Ok((target, placed)) => {
            let done = Done::of("moved").to(&name_of(&target, &posted.visit));
            at_card(&web, &posted.visit, &target, &placed, &done).await
        }
        Err(told) => again(&web, &item, &posted, told).await,
    }
}

/// `POST …/c/ID/copy`: another contact, mine.
pub async fn copy(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let copied = async {
        let (book, card) = item.open(&web, visit).await?;
        let target = web.core.default_book(&visit.actor).await?;
        let placed = one(&book, &card.placement, &target, How::Copy).await?;
        Ok((target, placed))
    };
    match copied.await {
        Ok((target, placed)) => {
            let done = Done::of("copied");
            at_card(&web, visit, &target, &placed, &done).await
        }
        Err(error) => again(&web, &item, &posted, Told::refused(&error, visit)).await,
    }
}

/// `POST …/c/ID/share/remove`
pub async fn remove(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let placement = PlacementId(posted.number("placement"));
    if let Err(error) = web.core.withdraw(&visit.actor, placement).await {
        return again(&web, &item, &posted, Told::refused(&error, visit)).await;
    }
    let done = Done::of("unshared");
    match item.open(&web, visit).await {
        Ok(_) => done.at(&format!("{}/share", item.path())),
        Err(_) => done.at(&item.place.path()),
    }
}

async fn brought(
    web: &Arc<Web>,
    item: &ItemPath,
    posted: &Posted,
    how: How,
) -> std::result::Result<(Book, Placed), Told> {
    let visit = &posted.visit;
    let told = |error: Error| Told::refused(&error, visit);
    let (book, card) = item.open(web, visit).await.map_err(told)?;
    let target = web
        .core
        .open(&visit.actor, posted.collection("to"))
        .await
        .map_err(told)?;
    match one(&book, &card.placement, &target, how).await {
        Ok(placed) => Ok((target, placed)),
        Err(Error::UidConflict { href }) => {
            let other = target.get(&href).await.map_err(told)?;
            let name = name_of(&target, visit);
            let taken = fill(visit.text.uid_taken, &[&name, &other.placement.display]);
            Err(Told::Refused(StatusCode::CONFLICT, taken))
        }
        Err(error) => Err(told(error)),
    }
}

async fn one(
    book: &Book,
    placement: &crate::domain::item::Placement,
    target: &Book,
    how: How,
) -> Result<Placed> {
    let outcomes = book
        .bring(std::slice::from_ref(placement), target, how)
        .await?;
    outcomes.into_iter().next().unwrap_or(Err(Error::NotFound))
}

async fn again(web: &Arc<Web>, item: &ItemPath, posted: &Posted, told: Told) -> Response {
    let page = show_page(web, &posted.visit, item, told).await;
    page.unwrap_or_else(|error| posted.visit.failed(web, &error))
}

/// To the card in the other book.
async fn at_card(
    web: &Web,
    visit: &Visit,
    target: &Book,
    placed: &Placed,
    done: &Done,
) -> Response {
    let path = PlacePath::of(target);
    match target.get(&placed.href).await {
        Ok(card) => done.at(&format!("{}/c/{}", path.path(), card.placement.server_id)),
        Err(Error::NotFound) => done.at(&path.path()),
        Err(error) => visit.failed(web, &error),
    }
}

/// What a book is called for this person.
pub fn name_of(book: &Book, visit: &Visit) -> String {
    match book.is_private() && book.collection().is_default() {
        true => visit.text.private.to_owned(),
        false => book.collection().display_name.clone(),
    }
}

async fn show_page(web: &Arc<Web>, visit: &Visit, item: &ItemPath, told: Told) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let may = book.item_privileges(&card.placement).await?;
    let places = book.places(&card.placement).await?;
    let mut rows = Vec::new();
    let mut moves = Vec::new();
    for other in web.core.books(&visit.actor).await? {
        let id = other.collection().id;
        let there = places.iter().find(|place| knows(place, id));
        let adds = other.privileges().await?.add;
        // Further private books are for clients that show them.
        let shown = !other.is_private() || other.collection().is_default();
        if there.is_none() && !(shown && other.may_hold(&card.placement)) {
            continue;
        }
        let here = id == book.collection().id;
        let share = (there.is_none() && adds && may.share).then_some(id.0);
        if share.is_some() && may.remove {
            moves.push((id.0, name_of(&other, visit)));
        }
        rows.push(PlaceRow {
            name: name_of(&other, visit),
            path: Some(PlacePath::of(&other).path()),
            state: match there {
                Some(place) => placed_by(place, visit),
                None if !may.share => visit.text.may_not_share.to_owned(),
                None if adds => visit.text.may_add_here.to_owned(),
                None => visit.text.may_not_add_here.to_owned(),
            },
            here,
            withdraw: there
                .filter(|place| place.may_withdraw)
                .map(|place| place.placement.0),
            share,
        });
    }
    // Groups the creator is not in: without their names.
    for place in places.iter().filter(|place| place.known.is_none()) {
        rows.push(PlaceRow {
            name: visit.text.unknown_group.to_owned(),
            path: None,
            state: placed_by(place, visit),
            here: false,
            withdraw: place.may_withdraw.then_some(place.placement.0),
            share: None,
        });
    }
    Ok(show(
        told.status(),
        &Share {
            shell: visit.shell_telling(web, Some(&item.place.path()), told),
            card: item.path(),
            name: card.placement.display.clone(),
            rows,
            moves,
        },
    ))
}

fn knows(place: &ShownPlace, id: CollectionId) -> bool {
    place
        .known
        .as_ref()
        .is_some_and(|known| known.collection == id)
}

fn placed_by(place: &ShownPlace, visit: &Visit) -> String {
    let when = when::shown(place.placed_at, visit.text);
    match place.placed_by == visit.actor.person {
        true => fill(visit.text.placed_by_you, &[&when]),
        false => fill(visit.text.placed_by, &[&place.placed_by_name, &when]),
    }
}

//! One contact in several places: sharing, un-sharing, moving, copying.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web, documents,
    form::Posted,
    names,
    page::{Shell, show},
    params::Query,
    place::{ItemPath, PlacePath},
    request::Visit,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        book::Book,
        error::{Error, Result},
        id::{CollectionId, PlacementId},
        item::Placement,
        sharing::{How, Placed, ShownPlace},
        undo::Undo,
    },
    text::fill,
};

#[derive(Template)]
#[template(path = "share.html")]
struct Share {
    shell: Shell,
    /// It is a document.
    folder: bool,
    card: String,
    name: String,
    rows: Vec<PlaceRow>,
    /// Places the item could be moved to.
    moves: Vec<(i64, String)>,
    /// Places in which a folder can be made on the way, where the item is a document.
    makes: Vec<(i64, String)>,
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
    let shown = show_page(&web, &visit, &item, done.into());
    visit.answer(&web, shown).await
}

/// `POST …/c/ID/share/add`
pub async fn add(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    match brought(&web, &item, &posted, How::Share).await {
        Ok(brought) => {
            let back = format!("{}/share", item.path());
            brought
                .done(Deed::Shared, &web, &posted.visit, &back)
                .at(&back)
        }
        Err(told) => again(&web, &item, &posted, told).await,
    }
}

/// `POST …/c/ID/share/move`
pub async fn move_to(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    match brought(&web, &item, &posted, How::Move).await {
        Ok(brought) => {
            let done = brought.done(Deed::Moved, &web, &posted.visit, &item.place.path());
            at_card(&web, &posted.visit, &brought, &done).await
        }
        Err(told) => again(&web, &item, &posted, told).await,
    }
}

/// `POST …/c/ID/share/folder`: a document into a folder made on the way.
pub async fn into_new_folder(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    let shared = async {
        let (book, card) = item.open(&web, visit).await?;
        let place = web.core.open(&visit.actor, posted.collection("to")).await?;
        let shared = place.share_into_new_folder(&book, &card.placement, posted.value("name"));
        let (into, placed) = shared.await?;
        Ok(Brought {
            from: book,
            into,
            placed,
        })
    };
    match shared.await {
        Ok(brought) => {
            let back = format!("{}/share", item.path());
            brought.done(Deed::Shared, &web, visit, &back).at(&back)
        }
        Err(error) => again(&web, &item, &posted, documents::refused(&error, visit)).await,
    }
}

/// `POST …/c/ID/copy`: another contact, mine.
pub async fn copy(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let copied = async {
        let (book, card) = item.open(&web, visit).await?;
        let class = &book.collection().class;
        let target = web.core.default_place(&visit.actor, class).await?;
        one(book, &card.placement, target, How::Copy).await
    };
    match copied.await {
        Ok(brought) => {
            let what = Done::copied(item.place.is_folder()).done;
            let done = brought.done(what, &web, visit, &item.path());
            at_card(&web, visit, &brought, &done).await
        }
        Err(error) => {
            let told = documents::refused_in(&item.place, &error, visit);
            again(&web, &item, &posted, told).await
        }
    }
}

/// `POST …/c/ID/share/remove`
pub async fn remove(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let placement = PlacementId(posted.number("placement"));
    let undo = match web.core.withdraw(&visit.actor, placement).await {
        Ok(undo) => undo,
        Err(error) => return again(&web, &item, &posted, Told::refused(&error, visit)).await,
    };
    let back = match item.open(&web, visit).await {
        Ok(_) => format!("{}/share", item.path()),
        Err(_) => item.place.path(),
    };
    let undo = web.undos.keep(visit, vec![undo], &back);
    Done::of(Deed::Unshared).undone_by(undo).at(&back)
}

/// A contact that came from one book into another.
struct Brought {
    from: Book,
    into: Book,
    placed: Placed,
}

impl Brought {
    /// Tells it, with its undo; `back` is where that leads.
    fn done(&self, what: Deed, web: &Web, visit: &Visit, back: &str) -> Done {
        if what == Deed::Shared && !self.placed.is_done() {
            return Done::of(Deed::SharedAlready).to(&name_of(&self.into, visit));
        }
        let undo = Undo::Brought {
            from: self.from.collection().id,
            into: self.into.collection().id,
            items: vec![self.placed.clone()],
        };
        // What they may not share themselves, or somebody else's into Private, is a copy.
        let what = if what == Deed::Shared && !self.placed.same {
            Deed::CopiedTo
        } else {
            what
        };
        let done = Done::of(what).to(&name_of(&self.into, visit));
        done.undone_by(web.undos.keep(visit, vec![undo], back))
    }
}

async fn brought(
    web: &Arc<Web>,
    item: &ItemPath,
    posted: &Posted,
    how: How,
) -> std::result::Result<Brought, Told> {
    let visit = &posted.visit;
    let told = |error: Error| Told::refused(&error, visit);
    let (book, card) = item.open(web, visit).await.map_err(told)?;
    let target = web
        .core
        .open(&visit.actor, posted.collection("to"))
        .await
        .map_err(told)?;
    match one(book, &card.placement, target.clone(), how).await {
        Ok(brought) => Ok(brought),
        Err(Error::UidConflict { href }) => {
            let other = target.get(&href).await.map_err(told)?;
            let name = name_of(&target, visit);
            let there = names::of_item(web, &other, visit);
            let taken = fill(visit.text.uid_taken, &[&name, &there]);
            Err(Told::Refused(StatusCode::CONFLICT, taken))
        }
        Err(error) => Err(told(error)),
    }
}

async fn one(from: Book, placement: &Placement, into: Book, how: How) -> Result<Brought> {
    let outcomes = from
        .bring(std::slice::from_ref(placement), &into, how)
        .await?;
    let placed = outcomes
        .into_iter()
        .next()
        .unwrap_or(Err(Error::NotFound))?;
    Ok(Brought { from, into, placed })
}

async fn again(web: &Arc<Web>, item: &ItemPath, posted: &Posted, told: Told) -> Response {
    let page = show_page(web, &posted.visit, item, told);
    posted.visit.answer(web, page).await
}

/// Leads to the card in the other book.
async fn at_card(web: &Web, visit: &Visit, brought: &Brought, done: &Done) -> Response {
    let path = PlacePath::of(&brought.into);
    match brought.into.get(&brought.placed.href).await {
        Ok(card) => done.at(&format!("{}/c/{}", path.path(), card.placement.server_id)),
        Err(Error::NotFound) => done.at(&path.path()),
        Err(error) => visit.failed(web, &error),
    }
}

/// The other places an item is in, as far as the person reads them.
pub async fn elsewhere(book: &Book, placement: &Placement) -> Result<Vec<CollectionId>> {
    let here = book.collection().id;
    let places = book.places(placement).await?.into_iter();
    let known = places.filter_map(|place| place.known.map(|known| known.collection));
    Ok(known.filter(|other| *other != here).collect())
}

/// Of how many the other places are asked: each takes some reads.
const ASKED: usize = 200;

/// Of each of these, whether it is in another place that the person reads; of very many that is not
/// asked.
pub async fn are_elsewhere(book: &Book, placements: &[Placement]) -> Result<Vec<bool>> {
    if placements.len() > ASKED {
        return Ok(vec![false; placements.len()]);
    }
    let mut are = Vec::with_capacity(placements.len());
    for placement in placements {
        are.push(!elsewhere(book, placement).await?.is_empty());
    }
    Ok(are)
}

/// Name of a book for this person.
pub fn name_of(book: &Book, visit: &Visit) -> String {
    if book.collection().is_folder() {
        let place = documents::place_name(book, visit);
        return format!("{place} · {}", documents::folder_name(book, visit));
    }
    names::of_book(book.collection(), visit.text)
}

async fn show_page(web: &Arc<Web>, visit: &Visit, item: &ItemPath, told: Told) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let may = book.item_privileges(&card.placement).await?;
    let places = book.places(&card.placement).await?;
    // It is called sharing: groups come before the other folders of Private.
    let (mut rows, mut private_rows) = (Vec::new(), Vec::new());
    let mut moves = Vec::new();
    let folder = book.collection().is_folder();
    let others = if folder {
        web.core.folders(&visit.actor).await?
    } else {
        web.core.books(&visit.actor).await?
    };
    // Places a folder may be made in on the way.
    let (mut makes, mut private) = (Vec::new(), Vec::new());
    for other in others {
        let id = other.collection().id;
        let there = places.iter().find(|place| knows(place, id));
        let adds = other.may_add();
        // One's own contacts are moved between own books, not shared with them.
        let from_own = book.is_private() || !other.collection().is_default();
        let shares = folder || !(other.is_private() && from_own);
        if other.collection().is_default_folder() && adds && may.share {
            let place = (id.0, documents::place_name(&other, visit));
            if other.is_private() {
                private.push(place)
            } else {
                makes.push(place)
            }
        }
        let fits = there.is_none() && other.may_hold(&card.placement);
        let brings = fits && adds && may.share;
        if brings && may.remove {
            moves.push((id.0, name_of(&other, visit)));
        }
        if there.is_none() && !(fits && shares) {
            continue;
        }
        let here = id == book.collection().id;
        let share = (brings && shares).then_some(id.0);
        let row = PlaceRow {
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
        };
        if folder && other.is_private() && there.is_none() {
            private_rows.push(row)
        } else {
            rows.push(row)
        }
    }
    rows.extend(private_rows);
    makes.extend(private);
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
            folder,
            card: item.path(),
            name: names::of_item(web, &card, visit),
            rows,
            moves,
            makes,
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
    let placed_by = names::of_somebody(&place.placed_by_name, visit);
    if place.placed_by == visit.actor.person {
        fill(visit.text.placed_by_you, &[&when])
    } else {
        fill(visit.text.placed_by, &[&placed_by, &when])
    }
}

//! The trash of a place: removed items, and restoring them.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;

use super::{
    Web,
    clients::Clients,
    documents,
    form::Posted,
    names,
    page::{Shell, show},
    params::Query,
    place::PlacePath,
    request::Visit,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        error::{Error, Result},
        history::Restored,
        id::{RevisionId, Timestamp},
        rule::Rule,
        settings::Settings,
        store::Removal,
        trash::Removed,
        undo::Undo,
    },
    text::fill,
};

/// Which pages of the two lists, the newest first: each begins after a removal, `WHEN-REVISION`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Paged {
    /// Of this place.
    after: String,
    /// Elsewhere.
    lost: String,
}

#[derive(Template)]
#[template(path = "trash.html")]
struct Trash {
    shell: Shell,
    here: String,
    /// It holds documents.
    folder: bool,
    title: String,
    explained: String,
    rows: Vec<TrashRow>,
    /// Contacts the person created that are in the trash of other places.
    lost: Vec<TrashRow>,
    /// Label and name of the clients the person used.
    clients: Vec<(String, String)>,
    now: String,
    /// The labels of moments, with whose clock they are read by.
    moment: String,
    since: String,
    /// In Private: whether large deletions wait for a confirmation.
    holds: Option<bool>,
    /// The newest ones, where older ones are shown.
    newest: bool,
    /// Addresses of older ones.
    older: Option<String>,
    older_lost: Option<String>,
}

struct TrashRow {
    revision: i64,
    name: String,
    when: String,
    who: String,
    client: String,
    /// The moment before, in milliseconds.
    before: i64,
    may: May,
}

/// `GET …/trash`
pub async fn page(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    Query(done): Query<Done>,
    Query(paged): Query<Paged>,
) -> Response {
    let shown = show_page(&web, &place, &visit, paged, done.into());
    visit.answer(&web, shown).await
}

/// `POST …/trash/restore`: one, or what was deleted together; the undo of a deletion too.
pub async fn restore(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let restored = async {
        let book = place.open(&web, visit).await?;
        let mut outcomes = book.restore(&posted.revisions()).await?;
        match outcomes.len() {
            0 => Err(Error::NotFound),
            1 => outcomes.remove(0).map(|()| Done::of(Deed::Restored)),
            all => {
                let back = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
                Ok(Done::of(Deed::SelectionRestored).numbers(&[back, all - back]))
            }
        }
    };
    match restored.await {
        Ok(done) if posted.checked("undo") => done.at(&place.path()),
        outcome => settled(&web, &place, visit, outcome).await,
    }
}

/// `POST …/trash/copy`: its creator takes a copy into Private.
pub async fn copy(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let copied = web.core.copy_removed(&visit.actor, posted.revision()).await;
    let done = copied.map(|()| Done::copied(place.is_folder()));
    settled(&web, &place, visit, done).await
}

/// `POST …/trash/withhold`: its creator keeps others from putting it back.
pub async fn withhold(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let withheld = async {
        let book = place.open(&web, visit).await?;
        match book.withhold(&[posted.revision()]).await? {
            0 => Err(Error::NotFound),
            _ => Ok(Done::of(Deed::Withheld)),
        }
    };
    settled(&web, &place, visit, withheld.await).await
}

/// `POST …/trash/back`: the whole place, to a moment.
pub async fn back(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let Some(at) = moment(&posted) else {
        return no_moment(&web, &place, &posted, "at").await;
    };
    let restored = async {
        let book = place.open(&web, visit).await?;
        book.restore_place_at(at).await
    };
    went_back(&web, &place, &posted, "at", restored.await).await
}

/// `POST …/trash/undo-client`: everything one client of the person did since a moment.
pub async fn undo_client(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    let Some(since) = moment(&posted) else {
        return no_moment(&web, &place, &posted, "since").await;
    };
    let client = posted.value("client");
    let restored = web.core.undo_client(&visit.actor, client, since).await;
    went_back(&web, &place, &posted, "since", restored).await
}

/// `POST …/trash/hold`: whether large deletions wait for a confirmation.
pub async fn hold(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let hold = posted.checked("hold");
    let change = |settings: &mut Settings| settings.hold_mass_deletions = hold;
    let held = async {
        place.open(&web, visit).await?;
        web.core.change_settings(&visit.actor, change).await
    };
    let held = held.await.map(|()| Done::of(Deed::Saved));
    settled(&web, &place, visit, held).await
}

/// A moment typed, or the exact one a button names.
fn moment(posted: &Posted) -> Option<Timestamp> {
    match posted.number("before") {
        0 => when::parse(posted.value("at"), posted.visit.text),
        exact => Some(Timestamp(exact)),
    }
}

async fn no_moment(
    web: &Arc<Web>,
    place: &PlacePath,
    posted: &Posted,
    field: &'static str,
) -> Response {
    let why = posted.visit.text.no_moment.to_owned();
    let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, why);
    at_the_moment(web, place, posted, field, told).await
}

/// The page with the moment that was refused, in its field.
async fn at_the_moment(
    web: &Arc<Web>,
    place: &PlacePath,
    posted: &Posted,
    field: &'static str,
    told: Told,
) -> Response {
    let sent = [
        (field, posted.value("at")),
        ("client", posted.value("client")),
    ];
    let told = told.about([field]).with_sent(sent);
    let page = show_page(web, place, &posted.visit, Paged::default(), told);
    posted.visit.answer(web, page).await
}

async fn went_back(
    web: &Arc<Web>,
    place: &PlacePath,
    posted: &Posted,
    field: &'static str,
    outcome: Result<(Restored, Vec<Undo>)>,
) -> Response {
    let visit = &posted.visit;
    let done = outcome.map(|(back, undos)| {
        let here = format!("{}/trash", place.path());
        let kept = web.undos.keep(visit, undos, &here);
        Done::went_back(&back).undone_by(kept)
    });
    match done {
        Err(error @ Error::Invalid(Rule::Moment)) => {
            let told = Told::refused(&error, visit);
            at_the_moment(web, place, posted, field, told).await
        }
        done => settled(web, place, visit, done).await,
    }
}

async fn settled(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    outcome: Result<Done>,
) -> Response {
    match outcome {
        Ok(done) => done.at(&format!("{}/trash", place.path())),
        Err(error) => {
            let told = documents::refused_in(place, &error, visit);
            let page = show_page(web, place, visit, Paged::default(), told);
            visit.answer(web, page).await
        }
    }
}

async fn show_page(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    paged: Paged,
    told: Told,
) -> Result<Response> {
    let book = place.open(web, visit).await?;
    let text = visit.text;
    let rows_a_page = usize::try_from(visit.settings.rows()).unwrap_or(1);
    let (trash, more) = book.trash_page(begins(&paged.after), rows_a_page).await?;
    let (lost, more_lost) = if book.is_private() {
        let class = &book.collection().class;
        let before = begins(&paged.lost);
        web.core
            .lost_page(&visit.actor, class, before, rows_a_page)
            .await?
    } else {
        (Vec::new(), false)
    };
    let holds = book
        .is_private()
        .then_some(visit.settings.hold_mass_deletions);
    let address =
        |after: &str, lost: &str| format!("{}/trash?after={after}&lost={lost}", place.path());
    let older = trash.last().filter(|_| more);
    let older = older.map(|last| address(&named(&last.removal), &paged.lost));
    let older_lost = lost.last().filter(|_| more_lost);
    let older_lost = older_lost.map(|last| address(&paged.after, &named(last)));
    let used = web.core.clients(&visit.actor).await?;
    let clients = Clients::of(web, &visit.actor, text).await?;
    Ok(show(
        told.status(),
        &Trash {
            shell: visit.shell_telling(web, Some(&place.path()), told),
            here: place.path(),
            folder: place.is_folder(),
            title: super::share::name_of(&book, visit),
            explained: fill(text.trash_kept, &[&web.core.limits().trash_days]),
            rows: trash
                .iter()
                .map(|trashed| {
                    let may = May {
                        restore: trashed.may_restore,
                        copy: trashed.may_copy,
                        withhold: trashed.may_withhold,
                    };
                    row(&trashed.removal, may, &clients, visit)
                })
                .collect(),
            lost: lost
                .iter()
                .map(|removal| row(removal, May::COPY, &clients, visit))
                .collect(),
            clients: clients.names(used),
            moment: fill(text.moment_label, &[&when::clock(text)]),
            since: fill(text.since_label, &[&when::clock(text)]),
            now: when::input(Timestamp::now(), text),
            holds,
            newest: !(paged.after.is_empty() && paged.lost.is_empty()),
            older,
            older_lost,
        },
    ))
}

/// Where a page begins; what is no such place is the beginning.
fn begins(after: &str) -> Option<Removed> {
    let (at, revision) = after.split_once('-')?;
    let revision = RevisionId(revision.parse().ok()?);
    Some((Timestamp(at.parse().ok()?), revision))
}

fn named(removal: &Removal) -> String {
    let (at, revision) = removal.place();
    format!("{}-{}", at.0, revision.0)
}

/// What the visitor may do with a removed item.
#[derive(Clone, Copy)]
struct May {
    restore: bool,
    copy: bool,
    withhold: bool,
}

impl May {
    /// Nothing but take a copy.
    const COPY: Self = Self {
        restore: false,
        copy: true,
        withhold: false,
    };
}

fn row(removal: &Removal, may: May, clients: &Clients, visit: &Visit) -> TrashRow {
    let last_first = removal.last_first.as_deref();
    TrashRow {
        revision: removal.revision.0,
        name: names::short(&names::ordered(&removal.display, last_first, visit)),
        when: when::shown(removal.at, visit.text),
        who: names::of_author(removal.person, &removal.person_name, visit),
        client: clients.name_for(removal.person, visit, &removal.client),
        before: removal.at.0 - 1,
        may,
    }
}

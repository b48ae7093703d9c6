//! The home page: search in everything, and items that need the person's attention.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web, names,
    news::{self, NewsRow},
    page::{Shell, Tool, show},
    place::PlacePath,
    request::Visit,
    told::Told,
    when,
};
use crate::{
    domain::{
        book::Book,
        device::DeviceAccess,
        error::Result,
        id::Timestamp,
        search::{self, Criteria, Outcome, Request, SHOWN, Scope},
        store::Device,
    },
    text::fill,
};

/// Birthdays shown: those of so many days.
const DAYS: u32 = 30;
/// Days after which a device that said nothing is mentioned.
const SILENT: i64 = 14;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    shell: Shell,
    welcome: String,
    /// Path, name and number of contacts.
    places: Vec<(String, String, String)>,
    news: Vec<NewsRow>,
    /// What was asked last, and when.
    last: Option<(String, String)>,
    birthdays: Vec<Birthday>,
    /// Up to when, where there are too many for [`DAYS`].
    soonest: Option<String>,
    refused: Option<String>,
    proposals: Option<String>,
    /// The page of each, and what is said.
    devices: Vec<(String, String)>,
}

struct Birthday {
    path: String,
    name: String,
    /// `15 April`
    day: String,
}

/// `GET /`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    visit.answer(&web, show_home(&web, &visit)).await
}

async fn show_home(web: &Arc<Web>, visit: &Visit) -> Result<Response> {
    let text = visit.text;
    let core = &web.core;
    let last = core.last_search(&visit.actor).await?;
    let waiting = |number: usize, sentence: &str| (number > 0).then(|| fill(sentence, &[&number]));
    let (refused, proposals) = core.waiting(&visit.actor).await?;
    let devices = core.devices(&visit.actor).await?;
    let (birthdays, soonest) = birthdays(web, visit).await?;
    let shell = visit.shell_of(web, Tool::Home, Told::Nothing);
    let page = Home {
        places: counted(web, visit, &shell).await?,
        shell,
        news: news::rows(web, visit).await?,
        welcome: fill(text.welcome, &[&visit.actor.name]),
        last: last.map(|last| {
            let asked = match last.request.text.trim() {
                "" => text.advanced_search.to_owned(),
                words => words.to_owned(),
            };
            (asked, when::shown(last.at, text))
        }),
        birthdays,
        soonest,
        refused: waiting(refused, text.refused_waiting),
        proposals: waiting(proposals, text.proposals_waiting),
        devices: devices
            .iter()
            .filter_map(|device| attention(device, visit))
            .collect(),
    };
    Ok(show(StatusCode::OK, &page))
}

/// The places of the selector, with the number of their contacts.
async fn counted(web: &Web, visit: &Visit, shell: &Shell) -> Result<Vec<(String, String, String)>> {
    let text = visit.text;
    let books = web.core.books(&visit.actor).await?;
    let mut places = Vec::with_capacity(shell.places.len());
    for place in &shell.places {
        let is_here = |book: &&Book| PlacePath::of(book).path() == place.path;
        let Some(book) = books.iter().find(is_here) else {
            continue;
        };
        let number = text.counted(book.count().await?, [text.one_contact, text.contacts_count]);
        places.push((place.path.clone(), place.name.clone(), number));
    }
    Ok(places)
}

/// Upcoming birthdays, over the longest period whose results fit in one search, and its length in
/// days.
async fn nearest(web: &Web, visit: &Visit) -> Result<(Outcome, u32)> {
    let mut days = DAYS;
    loop {
        let request = Request {
            scope: Scope::Everywhere,
            tool: search::Tool::Contacts,
            criteria: Criteria {
                birthday_within: Some(days),
                ..Criteria::default()
            },
            today: Some(when::today(visit.text)),
            ..Request::default()
        };
        let last_first = visit.settings.last_first;
        let outcome = web.core.find(&visit.actor, &request, last_first).await?;
        if outcome.found <= SHOWN || days == 0 {
            return Ok((outcome, days));
        }
        days /= 2;
    }
}

/// The next birthdays of everybody the person knows of, the nearest first; and up to when, where
/// there are too many.
async fn birthdays(web: &Web, visit: &Visit) -> Result<(Vec<Birthday>, Option<String>)> {
    let (outcome, days) = nearest(web, visit).await?;
    let books = web.core.books(&visit.actor).await?;
    let today = when::month_and_day(Timestamp::now(), visit.text);
    let mut found = Vec::new();
    for hit in &outcome.hits {
        let date = hit.texts.iter().find(|(field, _)| field == "bday");
        let home = hit.placement.collection;
        let book = books.iter().find(|book| book.collection().id == home);
        let (Some((_, date)), Some(book)) = (date, book) else {
            continue;
        };
        // What is past this year comes after what is not.
        let past = date.as_str() < today.as_str();
        let birthday = Birthday {
            path: format!(
                "{}/c/{}",
                PlacePath::of(book).path(),
                hit.placement.server_id
            ),
            name: names::short(&names::of_contact(
                &hit.placement.display,
                &hit.texts,
                visit,
            )),
            day: when::day_of_year(date, visit.text),
        };
        found.push(((past, date.clone()), birthday));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let until = Timestamp::now().plus_days(days.into());
    let until = when::day_of_year(&when::month_and_day(until, visit.text), visit.text);
    let soonest = (days < DAYS).then(|| fill(visit.text.book.soonest_birthdays, &[&until]));
    let found = found.into_iter().map(|(_, birthday)| birthday);
    Ok((found.collect(), soonest))
}

/// What a device needs somebody to look at; none when all is well.
fn attention(device: &Device, visit: &Visit) -> Option<(String, String)> {
    let text = visit.text;
    let silent = device.last_seen < Timestamp::now().plus_days(-SILENT);
    let why = match device.access {
        DeviceAccess::Allowed if silent => {
            fill(text.device_silent, &[&when::shown(device.last_seen, text)])
        }
        DeviceAccess::Allowed => return None,
        DeviceAccess::Quarantined => text.device_quarantined.to_owned(),
        DeviceAccess::Blocked => text.device_blocked.to_owned(),
        _ => text.device_wiping.to_owned(),
    };
    let page = format!("/settings/devices/e/{}", device.id);
    Some((page, format!("{} {why}", device.shown_name())))
}

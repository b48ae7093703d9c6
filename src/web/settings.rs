//! Personal settings, and the page of keyboard shortcuts.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use super::{
    Web,
    facet::Choice,
    form::Posted,
    page::{Shell, Tool, show},
    params::Query,
    request::Visit,
    share::name_of,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        actor::Membership,
        error::Result,
        id::Timestamp,
        settings::{DateFormat, Settings, Theme},
        store::Sort,
    },
    text::{Text, by_tag, fill, zone::Zone},
};

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    shell: Shell,
    settings: Settings,
    rows: Vec<Choice>,
    sorts: Vec<Choice>,
    themes: Vec<Choice>,
    /// Each with the moment of now as its label.
    dates: Vec<Choice>,
    zones: Vec<Choice>,
    places: Vec<Choice>,
    quotas: Vec<Quota>,
}

/// How full a book is.
struct Quota {
    sentence: String,
    used: i64,
    /// None: no limit.
    limit: Option<i64>,
}

/// A sentence in the reader's language.
type Label = fn(&Text) -> &'static str;

const SORTS: [(&str, Sort, Label); 3] = [
    ("name", Sort::Name, |t| t.name),
    ("organization", Sort::Organization, |t| t.organization),
    ("modified", Sort::Modified, |t| t.sort_modified),
];

const THEMES: [(&str, Theme, Label); 3] = [
    ("system", Theme::System, |t| t.book.theme_system),
    ("light", Theme::Light, |t| t.book.theme_light),
    ("dark", Theme::Dark, |t| t.book.theme_dark),
];

const DATES: [(&str, DateFormat); 4] = [
    ("words", DateFormat::Words),
    ("iso", DateFormat::Iso),
    ("day-first", DateFormat::DayFirst),
    ("month-first", DateFormat::MonthFirst),
];

/// Where time zones are; others are older names of the same.
const REGIONS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// `GET /settings`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    show_page(&web, &visit, done.into()).await
}

/// `POST /settings/display`
pub async fn display(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let last_first = posted.value("names") == "last-first";
    let language = by_tag(posted.value("language")).map(|text| text.lang.to_owned());
    let keys = posted.checked("keys");
    // What the form does not name stays as it is.
    let sort = SORTS
        .iter()
        .find(|(name, ..)| *name == posted.value("sort"));
    let theme = THEMES
        .iter()
        .find(|(name, ..)| *name == posted.value("theme"));
    let dates = DATES
        .iter()
        .find(|(name, _)| *name == posted.value("dates"));
    let zone = posted.fields().find(|(name, _)| *name == "zone");
    let zone = zone.map(|(_, zone)| zone.to_owned());
    let zone = zone.filter(|zone| zone.is_empty() || Zone::named(zone).is_some());
    let rows = posted.value("rows").parse().ok();
    let rows = rows.filter(|rows| Settings::ROWS.contains(rows));
    let change = |settings: &mut Settings| {
        settings.last_first = last_first;
        settings.language.clone_from(&language);
        settings.keys = keys;
        settings.sort = sort.map_or(settings.sort, |(_, sort, _)| *sort);
        settings.theme = theme.map_or(settings.theme, |(_, theme, _)| *theme);
        settings.date_format = dates.map_or(settings.date_format, |(_, dates)| *dates);
        if zone.is_some() {
            settings.zone.clone_from(&zone);
        }
        settings.rows_per_page = rows.unwrap_or(settings.rows_per_page);
    };
    let changed = web.core.change_settings(&posted.visit.actor, change).await;
    settled(&web, &posted.visit, changed).await
}

/// `POST /settings/zone`: the browser's, where the person chose none yet.
pub async fn zone(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let zone = posted.value("zone");
    if Zone::named(zone).is_none() {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let change = |settings: &mut Settings| {
        settings.zone.get_or_insert_with(|| zone.to_owned());
    };
    match web.core.change_settings(&visit.actor, change).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => visit.failed(&web, &error),
    }
}

/// `POST /settings/contacts`
pub async fn contacts(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let country = posted.value("country").trim().to_ascii_uppercase();
    if !web.facet.is_country(&country) && !country.is_empty() {
        let rule = visit.text.book.country_rule.to_owned();
        let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, rule);
        let mut typed = visit.settings.clone();
        typed.default_country = Some(posted.value("country").to_owned());
        typed.default_place = chosen_place(&posted);
        return show_typed(&web, visit, &typed, told).await;
    }
    let country = Some(country).filter(|country| !country.is_empty());
    let place = chosen_place(&posted);
    let change = |settings: &mut Settings| {
        settings.default_country.clone_from(&country);
        settings.default_place.clone_from(&place);
    };
    let changed = web.core.change_settings(&visit.actor, change).await;
    settled(&web, visit, changed).await
}

/// The group that new contacts go to; none: Private.
fn chosen_place(posted: &Posted) -> Option<String> {
    let place = posted.value("place");
    let own = |own: &&Membership| own.name == place;
    let place = posted.visit.actor.memberships.iter().find(own);
    place.map(|own| own.name.clone())
}

async fn settled(web: &Web, visit: &Visit, changed: Result<()>) -> Response {
    match changed {
        Ok(()) => Done::of(Deed::Saved).at("/settings"),
        Err(error) => show_page(web, visit, Told::refused(&error, visit)).await,
    }
}

async fn show_page(web: &Web, visit: &Visit, told: Told) -> Response {
    show_typed(web, visit, &visit.settings, told).await
}

/// The page with settings as they are, or as a refused form had them.
async fn show_typed(web: &Web, visit: &Visit, settings: &Settings, told: Told) -> Response {
    let shown = async {
        let text = visit.text;
        let today = Timestamp::now();
        let rows = Settings::ROWS.map(|rows| rows.to_string());
        let rows = rows.iter().map(|rows| (rows.as_str(), rows.clone()));
        let sorts = SORTS.iter();
        let themes = THEMES.iter();
        let dates = DATES.iter();
        Ok(show(
            told.status(),
            &Page {
                rows: choices(rows, &settings.rows().to_string()),
                sorts: choices(
                    sorts.map(|(name, _, label)| (*name, label(text).to_owned())),
                    named(&SORTS.map(|(name, sort, _)| (name, sort)), settings.sort),
                ),
                themes: choices(
                    themes.map(|(name, _, label)| (*name, label(text).to_owned())),
                    named(
                        &THEMES.map(|(name, theme, _)| (name, theme)),
                        settings.theme,
                    ),
                ),
                dates: choices(
                    dates.map(|(name, dates)| {
                        (*name, when::shown(today, text.of_reader(*dates, text.zone)))
                    }),
                    named(&DATES, settings.date_format),
                ),
                zones: zones(settings, text),
                places: places(web, visit, settings).await?,
                quotas: quotas(web, visit).await?,
                shell: visit.shell_of(web, Tool::Settings, told),
                settings: settings.clone(),
            },
        ))
    };
    visit.answer(web, shown).await
}

/// What a setting is called in the form.
fn named<T: Copy + PartialEq>(all: &[(&'static str, T)], chosen: T) -> &'static str {
    let found = all.iter().find(|(_, one)| *one == chosen);
    found.map_or("", |(name, _)| *name)
}

fn choices<'a>(all: impl Iterator<Item = (&'a str, String)>, chosen: &str) -> Vec<Choice> {
    let choice = |(value, label): (&str, String)| Choice {
        selected: value == chosen,
        value: value.to_owned(),
        label,
    };
    all.map(choice).collect()
}

/// The server's, and the zones by their places.
fn zones(settings: &Settings, text: &Text) -> Vec<Choice> {
    let chosen = settings.zone.as_deref().unwrap_or_default();
    let names = Zone::names();
    let is_place = |name: &&String| {
        let region = name.split_once('/').map(|(region, _)| region);
        *name == chosen || region.is_some_and(|region| REGIONS.contains(&region))
    };
    let places = names.iter().filter(is_place);
    let named = places.map(|name| (name.as_str(), name.clone()));
    let server = ("", text.book.default_country_server.to_owned());
    choices(std::iter::once(server).chain(named), chosen)
}

/// Private, and the groups whose members the person is and may add to.
async fn places(web: &Web, visit: &Visit, settings: &Settings) -> Result<Vec<Choice>> {
    let chosen = settings.default_place.as_deref().unwrap_or_default();
    let mut places = vec![("", visit.text.private.to_owned())];
    for own in &visit.actor.memberships {
        let book = web.core.open_group(&visit.actor, &own.name).await?;
        if book.may_add() {
            places.push((&own.name, own.display_name.clone()));
        }
    }
    Ok(choices(places.into_iter(), chosen))
}

async fn quotas(web: &Web, visit: &Visit) -> Result<Vec<Quota>> {
    let x = visit.text.account;
    let limit = web.core.account(&visit.actor).await?.contacts_allowed();
    let person = visit.actor.person;
    let mut quotas = Vec::new();
    let mut add = |name: &str, used: i64, limit: Option<i64>| {
        quotas.push(Quota {
            sentence: match limit {
                Some(limit) => fill(
                    visit.text.of_many(used, [x.quota_used_one, x.quota_used]),
                    &[&name, &used, &limit],
                ),
                None => fill(
                    visit.text.of_many(used, [x.quota_free_one, x.quota_free]),
                    &[&name, &used],
                ),
            },
            used,
            limit,
        });
    };
    let (mut private, mut others, mut all) = (Vec::new(), Vec::new(), 0);
    for book in web.core.books(&visit.actor).await? {
        let (name, used) = (name_of(&book, visit), book.count().await?);
        if book.is_private() && limit.is_some() {
            all += used;
            private.push(name);
        } else {
            others.push((name, used));
        }
    }
    // One limit is of all private books together.
    match &private[..] {
        [] => {}
        [only] => add(only, all, limit),
        _ => add(x.private_books, all, limit),
    }
    for (name, used) in &others {
        add(name, *used, None);
    }
    let documents = super::documents::used(web, visit).await?;
    let sentence = fill(x.quota_documents, &[&documents]);
    quotas.push(Quota {
        sentence,
        used: web.core.document_weight(person).await?.live,
        limit: web.core.document_limit(person).await?,
    });
    Ok(quotas)
}

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    shell: Shell,
}

/// `GET /keys`
pub async fn keys(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let shell = visit.shell_of(&web, Tool::Settings, Told::Nothing);
    show(StatusCode::OK, &Keys { shell })
}

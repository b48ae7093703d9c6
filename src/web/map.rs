//! Maps of postal addresses, opened in a window of their own at the provider the person chose:
//! pages load nothing from it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web,
    facet::Choice,
    form::Posted,
    page::{Shell, Tool, show},
    params::Query,
    place::encode_segment,
    request::Visit,
    told::{Deed, Done, Told},
};
use crate::domain::settings::Settings;

/// Code, name, and the address that shows a place on it.
const PROVIDERS: [(&str, &str, &str); 4] = [
    (
        "osm",
        "OpenStreetMap",
        "https://www.openstreetmap.org/search?query={}",
    ),
    (
        "google",
        "Google Maps",
        "https://www.google.com/maps/search/?api=1&query={}",
    ),
    ("apple", "Apple Maps", "https://maps.apple.com/?q={}"),
    ("bing", "Bing Maps", "https://www.bing.com/maps?q={}"),
];
/// No map is offered.
const NONE: &str = "none";
/// Characters of an own pattern.
const LONGEST: usize = 500;

/// URL of a map of a place at the provider that was chosen.
pub fn link(choice: Option<&str>, place: &str) -> Option<String> {
    let choice = choice.unwrap_or(PROVIDERS[0].0);
    let known = PROVIDERS.iter().find(|(code, ..)| *code == choice);
    let pattern = known.map_or(choice, |(.., pattern)| pattern);
    is_pattern(pattern).then(|| pattern.replace("{}", &encode_segment(place)))
}

/// Only pages of the web, with a place for the place.
fn is_pattern(text: &str) -> bool {
    text.starts_with("https://")
        && text.contains("{}")
        && text.len() <= LONGEST
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[derive(Template)]
#[template(path = "map.html")]
struct Page {
    shell: Shell,
    providers: Vec<Choice>,
    own: String,
}

/// `GET /settings/map`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    show_page(&web, &visit, done.into())
}

fn show_page(web: &Web, visit: &Visit, told: Told) -> Response {
    let x = visit.text.transfer;
    let chosen = visit.settings.map.as_deref().unwrap_or(PROVIDERS[0].0);
    let own = is_pattern(chosen);
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        selected: value == chosen || own && value == "own",
    };
    let known = PROVIDERS.iter().map(|(code, name, _)| choice(code, name));
    let others = [choice(NONE, x.no_map), choice("own", x.own_map)];
    show(
        told.status(),
        &Page {
            providers: known.chain(others).collect(),
            own: if own {
                chosen.to_owned()
            } else {
                String::new()
            },
            shell: visit.shell_of(web, Tool::Settings, told),
        },
    )
}

/// `POST /settings/map`
pub async fn choose(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let known = PROVIDERS.iter().map(|(code, ..)| *code);
    let chosen = match posted.value("map") {
        "own" => Some(posted.value("own").trim()).filter(|own| is_pattern(own)),
        other => known.chain([NONE]).find(|code| *code == other),
    };
    let told = match chosen {
        Some(chosen) => {
            let change = |settings: &mut Settings| settings.map = Some(chosen.to_owned());
            match web.core.change_settings(&visit.actor, change).await {
                Ok(()) => return Done::of(Deed::Saved).at("/settings/map"),
                Err(error) => Told::refused(&error, visit),
            }
        }
        None => {
            let why = visit.text.transfer.map_pattern.to_owned();
            Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, why)
        }
    };
    show_page(&web, visit, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_a_page_of_the_web_that_names_the_place() {
        let place = "12 rue d'Aï, 59000 Lille";
        let query = "12%20rue%20d%27A%C3%AF%2C%2059000%20Lille";
        for (choice, expected) in [
            (None, Some("https://www.openstreetmap.org/search?query=")),
            (
                Some("google"),
                Some("https://www.google.com/maps/search/?api=1&query="),
            ),
            (Some("apple"), Some("https://maps.apple.com/?q=")),
            (Some("https://maps.example/?x="), None),
            (Some("none"), None),
            (Some("javascript:alert({})"), None),
            (Some("http://maps.example/{}"), None),
        ] {
            let expected = expected.map(|start| format!("{start}{query}"));
            assert_eq!(link(choice, place), expected, "{choice:?}");
        }
        let own = link(Some("https://maps.example/{}/x"), place);
        assert_eq!(own, Some(format!("https://maps.example/{query}/x")));
    }
}

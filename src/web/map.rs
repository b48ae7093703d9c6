//! Maps of postal addresses, opened in a window of their own at the provider the person chose:
//! pages load nothing from it.

use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::{
    Web, choice::Services, form::Posted, params::Query, place::encode_segment, request::Visit,
    told::Done,
};

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

/// `GET /settings/map`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    providers(&visit).show(&web, &visit, done.into())
}

/// `POST /settings/map`
pub async fn choose(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    providers(&posted.visit).choose(&web, &posted).await
}

fn providers(visit: &Visit) -> Services {
    let x = visit.text.transfer;
    let known = PROVIDERS.iter().map(|(code, name, _)| (*code, *name));
    let chosen = visit.settings.map.as_deref().unwrap_or(PROVIDERS[0].0);
    Services {
        here: "/settings/map",
        field: "map",
        title: x.map_title,
        about: x.map_text,
        pattern: x.map_pattern,
        example: "https://maps.example/?q={}",
        note: None,
        services: known
            .chain([(NONE, x.no_map), Services::own(x.own_map)])
            .collect(),
        chosen: chosen.to_owned(),
        is_pattern,
        wrong: x.map_wrong,
        keep: |settings, chosen| settings.map = Some(chosen.to_owned()),
    }
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

//! What a person sets for themself, and the keys of the keyboard.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};

use super::{
    Web,
    form::Posted,
    page::{Shell, Tool, show},
    request::Visit,
    text::by_tag,
    told::{Done, Told},
};
use crate::domain::settings::Settings;

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    shell: Shell,
    settings: Settings,
}

/// `GET /settings`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    show_page(&web, &visit, done.into())
}

/// `POST /settings/display`
pub async fn display(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let last_first = posted.value("names") == "last-first";
    let language = by_tag(posted.value("language")).map(|text| text.lang.to_owned());
    let keys = posted.checked("keys");
    let change = |settings: &mut Settings| {
        settings.last_first = last_first;
        settings.language.clone_from(&language);
        settings.keys = keys;
    };
    match web.core.change_settings(&posted.visit.actor, change).await {
        Ok(()) => Done::of("saved").at("/settings"),
        Err(error) => {
            let told = Told::refused(&error, &posted.visit);
            show_page(&web, &posted.visit, told)
        }
    }
}

fn show_page(web: &Web, visit: &Visit, told: Told) -> Response {
    let status = told.status();
    let page = Page {
        shell: visit.shell_of(web, Tool::Settings, told),
        settings: visit.settings.clone(),
    };
    show(status, &page)
}

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    shell: Shell,
}

/// `GET /keys`
pub async fn keys(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let shell = visit.shell_of(&web, Tool::Settings, Told::Nothing);
    show(http::StatusCode::OK, &Keys { shell })
}

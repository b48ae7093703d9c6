//! Settings of e-mail notifications.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{
    Web,
    form::Posted,
    page::{Shell, Tool, show},
    params::Query,
    request::Visit,
    told::{Deed, Done, Told},
};
use crate::domain::settings::{Notify, Settings};

#[derive(Template)]
#[template(path = "notifications.html")]
struct Page {
    shell: Shell,
    notify: Notify,
}

/// `GET /settings/notifications`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    show_page(&web, &visit, done.into())
}

/// `POST /settings/notifications`
pub async fn choose(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let notify = Notify {
        verification: posted.checked("verification"),
        refused: posted.checked("refused"),
        shared: posted.checked("shared"),
        device: posted.checked("device"),
    };
    let change = |settings: &mut Settings| settings.notify = notify.clone();
    match web.core.change_settings(&posted.visit.actor, change).await {
        Ok(()) => Done::of(Deed::Saved).at("/settings/notifications"),
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
        notify: visit.settings.notify.clone(),
    };
    show(status, &page)
}

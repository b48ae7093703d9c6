//! The administration pages: they show no contents, and people who do not administer the server
//! get 404 for all of them.

mod audit;
mod classes;
mod devices;
mod groups;
mod health;
mod logs;
mod people;
mod rules;

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRequestParts,
    response::Response,
    routing::{get, post},
};
use http::request::Parts;

use super::{
    Web,
    form::Posted,
    page::{Shell, Tool},
    request::Visit,
    told::{Deed, Done, Told},
};
use crate::domain::{
    error::{Error, Result},
    office::Office,
};

/// All its pages.
pub fn router() -> Router<Arc<Web>> {
    Router::new()
        .route("/admin", get(health::page))
        .route("/admin/backup", post(health::backup))
        .route("/admin/check", get(health::check_page).post(health::check))
        .route("/admin/users", get(people::list).post(people::add))
        .route("/admin/users/import", post(people::import))
        .route("/admin/users/{id}", get(people::page).post(people::change))
        .route("/admin/users/{id}/password", post(people::password))
        .route("/admin/users/{id}/state", post(people::state))
        .route("/admin/users/{id}/remove", post(people::remove))
        .route("/admin/classes", get(classes::page).post(classes::put))
        .route("/admin/classes/remove", post(classes::remove))
        .route("/admin/groups", get(groups::list).post(groups::add))
        .route("/admin/groups/{id}", get(groups::page).post(groups::change))
        .route("/admin/groups/{id}/member", post(groups::member))
        .route("/admin/groups/{id}/remove", post(groups::remove))
        .route("/admin/devices", get(devices::list).post(devices::order))
        .route("/admin/logs", get(logs::page))
        .route("/admin/rules", get(rules::page))
        .route("/admin/rules/devices", post(rules::new_devices))
        .route("/admin/rules/notice", post(rules::notice))
}

/// A visit by somebody who may administer.
pub struct OfficeVisit {
    pub visit: Visit,
    pub office: Office,
}

impl FromRequestParts<Arc<Web>> for OfficeVisit {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        web: &Arc<Web>,
    ) -> std::result::Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, web).await?;
        match web.core.office(&visit.actor) {
            Ok(office) => Ok(Self { visit, office }),
            Err(error) => Err(visit.failed(web, &error)),
        }
    }
}

/// The administration for a submitted form; a 404 page for people who do not administer.
fn office_of(web: &Arc<Web>, posted: &Posted) -> std::result::Result<Office, Box<Response>> {
    let visit = &posted.visit;
    let office = web.core.office(&visit.actor);
    office.map_err(|error| Box::new(visit.failed(web, &error)))
}

/// What every page of it carries.
fn shell(web: &Web, visit: &Visit, told: Told) -> Shell {
    visit.shell_of(web, Tool::Settings, told)
}

/// The answer to a form: the page that confirms it, or the page of the form with the reason why
/// not.
async fn settled<F>(
    web: &Arc<Web>,
    visit: &Visit,
    outcome: Result<()>,
    done: Deed,
    path: &str,
    again: F,
) -> Response
where
    F: AsyncFnOnce(Told) -> Result<Response>,
{
    match outcome {
        Ok(()) => Done::of(done).at(path),
        Err(error @ Error::NotFound) => visit.failed(web, &error),
        Err(error) => visit.answer(web, again(Told::refused(&error, visit))).await,
    }
}

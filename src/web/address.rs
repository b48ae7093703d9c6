//! The page behind the link that confirms a new e-mail address.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web,
    form::Posted,
    page::{Shell, Tool, show},
    params::Path,
    place::encode_segment,
    request::Visit,
    told::{Deed, Done, Told},
};
use crate::text::fill;

#[derive(Template)]
#[template(path = "address.html")]
struct Page {
    shell: Shell,
    question: String,
    action: String,
}

/// `GET /settings/account/address/TOKEN`: changes nothing, so that programs that look at links use
/// none up.
pub async fn ask(State(web): State<Arc<Web>>, visit: Visit, Path(token): Path<String>) -> Response {
    let x = visit.text.account;
    let page = Page {
        question: match &visit.settings.pending_address {
            Some(pending) => fill(x.address_question, &[&pending.email]),
            None => x.address_over.to_owned(),
        },
        action: format!("/settings/account/address/{}", encode_segment(&token)),
        shell: visit.shell_of(&web, Tool::Settings, Told::Nothing),
    };
    show(StatusCode::OK, &page)
}

/// `POST /settings/account/address/TOKEN`
pub async fn confirm(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    match web.core.confirm_address(&visit.actor, &token).await {
        Ok(()) => Done::of(Deed::AddressConfirmed).at("/settings/account"),
        Err(error) => visit.failed(&web, &error),
    }
}

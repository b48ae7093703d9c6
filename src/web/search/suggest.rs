//! Suggestions while typing.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{Params, parse_scope, parse_tool, place, places_of};
use crate::{
    domain::direction::straight,
    web::{Web, names, params::Query, request::Visit},
};

/// One suggestion.
#[derive(Serialize)]
struct Suggestion {
    name: String,
    detail: String,
    path: String,
}

/// `GET /search/suggest`: what may be meant while typing, as JSON.
pub async fn suggest(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Query(params): Query<Params>,
) -> Response {
    let suggested = async {
        let scope = parse_scope(&params.scope);
        let last_first = visit.settings.last_first;
        let tool = parse_tool(&params.tool);
        let core = &web.core;
        let hits = core
            .suggest(&visit.actor, &params.q, &scope, tool, last_first)
            .await?;
        let books = places_of(&web, &visit).await?;
        let suggestions: Vec<Suggestion> = hits
            .iter()
            .filter_map(|hit| {
                let (_, path) = place(hit.placement.collection, &books, &visit)?;
                let detail = hit
                    .texts
                    .iter()
                    .find(|(field, _)| ["org", "email", "tel"].contains(&field.as_str()));
                Some(Suggestion {
                    name: names::short(&names::of_contact(
                        &hit.placement.display,
                        &hit.texts,
                        &visit,
                    )),
                    detail: detail.map(|(_, value)| straight(value)).unwrap_or_default(),
                    path: format!("{path}/c/{}", hit.placement.server_id),
                })
            })
            .collect();
        let json = serde_json::to_string(&suggestions).unwrap_or_default();
        let media_type = [(http::header::CONTENT_TYPE, "application/json")];
        Ok((media_type, json).into_response())
    };
    visit.answer(&web, suggested).await
}

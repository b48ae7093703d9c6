//! Contacts that may be the same as the one whose form is filled in.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{book::Book, direction::straight, duplicates, error::Error, item::Card},
    text::by_tag,
    web::{
        Web, duplicates::reasons, facet::Submitted, form::Posted, names, params::Query,
        place::PlacePath, request::Visit,
    },
};

/// A contact that may be the same as the one in the form.
#[derive(Serialize)]
pub struct Alike {
    pub id: String,
    pub name: String,
    /// What else it says.
    pub detail: String,
    pub why: String,
    pub path: String,
}

/// Contacts of a place that may be the same as a document that is not stored.
pub async fn alike(visit: &Visit, book: &Book, document: &[u8]) -> Result<Vec<Alike>, Error> {
    Ok(rows(visit, book, book.alike(document).await?))
}

/// Contacts of a place that a change makes alike to the one being edited.
pub async fn newly_alike(
    visit: &Visit,
    book: &Book,
    card: &Card,
    before: &[u8],
    after: &[u8],
) -> Result<Vec<Alike>, Error> {
    let found = book.newly_alike(card, before, after).await?;
    Ok(rows(visit, book, found))
}

fn rows(visit: &Visit, book: &Book, found: Vec<duplicates::Alike>) -> Vec<Alike> {
    let place = PlacePath::of(book).path();
    let row = |found: duplicates::Alike| {
        let (placement, texts) = (&found.hit.placement, &found.hit.texts);
        let detail = ["org", "email", "tel"].into_iter().filter_map(|field| {
            let text = texts.iter().find(|(known, _)| known == field);
            text.map(|(_, value)| straight(value))
        });
        Alike {
            id: placement.server_id.clone(),
            name: names::short(&names::of_contact(&placement.display, texts, visit)),
            detail: detail.collect::<Vec<_>>().join(" · "),
            why: reasons(found.likeness, &found.reasons, visit.text.transfer),
            path: format!("{place}/c/{}", placement.server_id),
        }
    };
    found.into_iter().map(row).collect()
}

/// The contact whose form is filled in, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct But {
    but: String,
}

/// `POST …/new/alike`: alike contacts for a partly filled form, as JSON.
pub async fn while_typing(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    Query(own): Query<But>,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    let found = async {
        let book = place.open(&web, visit).await?;
        let fields = posted.fields();
        let submitted = Submitted {
            fields: fields.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            language: by_tag(posted.value("lang")).map_or(visit.text.lang, |text| text.lang),
            ..Submitted::default()
        };
        let found = match own.but.as_str() {
            "" => {
                let document = web.facet.edit(None, &submitted)?.apply(None)?;
                alike(visit, &book, &document).await?
            }
            id => {
                let card = book.by_server_id(id).await?;
                let shown = book.content(&card);
                let edit = web.facet.edit(Some(&shown), &submitted)?;
                let becomes = edit.apply(Some(&shown))?;
                newly_alike(visit, &book, &card, &shown, &becomes).await?
            }
        };
        let json = serde_json::to_string(&found).unwrap_or_default();
        let media_type = [(http::header::CONTENT_TYPE, "application/json")];
        Ok((media_type, json).into_response())
    };
    visit.answer(&web, found).await
}

//! A form that was sent after its session had ended: nothing is saved, and nothing typed is lost.

use axum::{extract::Request, response::Response};
use http::StatusCode;

use super::{Page, sent::Sent};
use crate::{
    text::{self, Text},
    web::{
        Web,
        page::{self, show},
        request::anonymous_shell,
    },
};

/// The form again, to be saved from this page after signing in beside it. Its token is of no
/// session, so that the first save shows the form once more and the second one stores it.
/// `refused`: the answer to a form without anything typed.
pub async fn answer(
    web: &Web,
    refused: Response,
    title: fn(&Text) -> &'static str,
    action: String,
    request: Request,
) -> Response {
    if refused.status() != StatusCode::SEE_OTHER {
        return refused;
    }
    let text = text::choose(None, request.headers());
    let Some(sent) = Sent::signed_out(text, request).await else {
        return refused;
    };
    let page = Page {
        problem: Some((StatusCode::FORBIDDEN, text.book.signed_out.to_owned())),
        removes_photo: sent.submitted.remove_photo,
        language: Some(sent.submitted.language),
        settles: sent.settles.clone(),
        ..Page::new(web.facet.refill(None, &sent.submitted, None, text))
    };
    let page = page::Edit {
        title: title(text).to_owned(),
        action,
        version: sent.version,
        anew: sent.anew,
        sign_in: Some("/login"),
        ..page.in_shell(anonymous_shell(text, String::new()), "/")
    };
    show(page.status, &page)
}

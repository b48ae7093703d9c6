//! A form that cannot be taken, because its session had ended or is another one: what was typed into
//! it comes back, to be sent again.

use askama::Template;
use axum::{
    Form,
    body::Body,
    extract::{FromRequest, Request},
    response::Response,
};
use http::{StatusCode, request::Parts};

use crate::{
    text::{self, Text},
    web::{
        page::{Shell, show},
        request::anonymous_shell,
    },
};

/// Fields that people type into.
const TYPED: [&str; 6] = ["description", "name", "own", "purpose", "shown", "text"];
/// Those of these fields that have several lines.
const LONG: [&str; 2] = ["description", "text"];
/// Fields of forms that do not come back: secrets, what confirms that something is to end, and
/// selections, of which nobody would see what happens to them.
const NEVER: [&str; 9] = [
    "again", "all", "code", "count", "id", "new", "old", "password", "typed",
];
/// Octets that are read of somebody who is not signed in.
const STRANGER: usize = 64 * 1024;
/// Fields of a form that comes back.
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "again.html")]
struct Again {
    shell: Shell,
    title: &'static str,
    problem: &'static str,
    /// The address at which the person signs in first.
    sign_in: Option<&'static str>,
    action: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    value: String,
    /// What it is called; none for what nobody typed.
    label: Option<&'static str>,
    long: bool,
}

/// The answer to somebody who is not signed in any more: the form, to be sent from this page after
/// signing in beside it. Its token is of no session, so that it comes back once more before it is
/// taken. `refused`: the answer where nothing was typed.
pub async fn signed_out(refused: Response, parts: Parts, body: Body) -> Response {
    if refused.status() != StatusCode::SEE_OTHER {
        return refused;
    }
    let text = text::choose(None, &parts.headers);
    let action = parts.uri.path().to_owned();
    let Ok(body) = axum::body::to_bytes(body, STRANGER).await else {
        return refused;
    };
    let request = Request::from_parts(parts, Body::from(body));
    let Ok(Form(sent)) = Form::<Vec<(String, String)>>::from_request(request, &()).await else {
        return refused;
    };
    let problem = text.book.signed_out_form;
    let shell = anonymous_shell(text, String::new());
    page(shell, problem, Some("/login"), action, &sent).unwrap_or(refused)
}

/// The form on a page of this session; none where nothing was typed.
pub fn stale(shell: Shell, action: &str, sent: &[(String, String)]) -> Option<Response> {
    let problem = shell.text.stale_form;
    page(shell, problem, None, action.to_owned(), sent)
}

fn page(
    shell: Shell,
    problem: &'static str,
    sign_in: Option<&'static str>,
    action: String,
    sent: &[(String, String)],
) -> Option<Response> {
    if sent.len() > MOST || sent.iter().any(|(name, _)| NEVER.contains(&name.as_str())) {
        return None;
    }
    let kept = sent.iter().filter(|(name, _)| name != "token");
    let fields: Vec<Field> = kept
        .map(|(name, value)| Field {
            label: label(name, shell.text),
            long: LONG.contains(&name.as_str()),
            name: name.clone(),
            value: value.clone(),
        })
        .collect();
    let is_typed = |field: &Field| field.label.is_some() && !field.value.trim().is_empty();
    if !fields.iter().any(is_typed) {
        return None;
    }
    let page = Again {
        title: shell.text.forbidden,
        problem,
        sign_in,
        action,
        fields,
        shell,
    };
    Some(show(StatusCode::FORBIDDEN, &page))
}

fn label(name: &str, text: &Text) -> Option<&'static str> {
    TYPED.contains(&name).then_some(match name {
        "name" => text.name,
        "shown" => text.group_shown_name,
        "description" => text.documents.description,
        _ => text.book.typed,
    })
}

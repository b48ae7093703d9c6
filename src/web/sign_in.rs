//! Signing in and out.

use std::{net::IpAddr, sync::Arc};

use askama::Template;
use axum::{
    Form,
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::{
    Web,
    contacts::forget_place,
    invitations,
    page::{SignIn, SignInCode, see_other, show, show_later},
    params::Query,
    place::encode_segment,
    request::{Visit, anonymous_failure, public_shell},
    session::Visitor,
};
use crate::{
    auth::{Code, Door, Outcome, TOO_MANY},
    domain::id::PersonId,
    http::{About, Secure},
    text::{self, Text, fill},
};

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Next {
    next: String,
}

/// `GET /login`
pub async fn form(
    State(web): State<Arc<Web>>,
    Query(next): Query<Next>,
    request: Request,
) -> Response {
    let text = text::choose(None, request.headers());
    let from = crate::http::peer(request.extensions());
    let page = page(&web, (text, from), String::new(), next.next, None).await;
    show(StatusCode::OK, &page)
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /login`
pub async fn sign_in(State(web): State<Arc<Web>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let text = text::choose(None, &headers);
    let from = Visitor::of(&headers, request.extensions());
    let about = About::of(request.extensions());
    let sent = <Form<Credentials> as FromRequest<()>>::from_request(request, &()).await;
    let Form(sent) = match sent {
        Ok(sent) => sent,
        Err(rejection) => return rejection.into_response(),
    };
    let tried = web
        .auth
        .password(&sent.login, &sent.password, from.address, Door::Web);
    let (problem, wait) = match tried.await {
        Ok(Outcome::Known(identity)) if identity.person().second_factor => {
            let ticket = web.sessions.ticket(identity.person());
            let page = code_page(&web, text, ticket, sent.next, None).await;
            return show(StatusCode::OK, &page);
        }
        Ok(Outcome::Known(identity)) => {
            let person = identity.person().id;
            about.note_login(&identity.person().login);
            return begun(&web, person, &from, &sent.next, &headers).await;
        }
        Ok(Outcome::Disabled) => (text.account.account_disabled.to_owned(), None),
        Ok(Outcome::Missing | Outcome::Denied) => (text.sign_in_failed.to_owned(), None),
        Ok(Outcome::Throttled { retry_after }) => {
            about.note_fault(TOO_MANY);
            slowed(text, retry_after)
        }
        Err(error) => return anonymous_failure(&error, &headers),
    };
    refused(
        &page(
            &web,
            (text, from.address),
            sent.login,
            sent.next,
            Some(problem),
        )
        .await,
        wait,
    )
}

/// Why somebody who tried too often is refused, and for how many seconds.
fn slowed(text: &Text, retry_after: u64) -> (String, Option<u64>) {
    (fill(text.sign_in_wait, &[&retry_after]), Some(retry_after))
}

/// The form again: what was sent is wrong, or is not looked at before some seconds are over.
fn refused(page: &impl Template, wait: Option<u64>) -> Response {
    match wait {
        Some(seconds) => show_later(seconds, page),
        None => show(StatusCode::UNAUTHORIZED, page),
    }
}

/// What the form for a code sends.
#[derive(Debug, Deserialize)]
pub struct SecondStep {
    ticket: String,
    code: String,
    #[serde(default)]
    next: String,
}

/// `POST /login/code`: the second factor of somebody whose password was right.
pub async fn code(State(web): State<Arc<Web>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let text = text::choose(None, &headers);
    let from = Visitor::of(&headers, request.extensions());
    let about = About::of(request.extensions());
    let sent = <Form<SecondStep> as FromRequest<()>>::from_request(request, &()).await;
    let Form(sent) = match sent {
        Ok(sent) => sent,
        Err(rejection) => return rejection.into_response(),
    };
    let tried = async {
        let Some(person) = web.sessions.holder(&sent.ticket).await? else {
            return Ok(None);
        };
        let code = web.auth.code(person.id, &sent.code, from.address).await?;
        Ok(Some((person.id, code)))
    };
    let (problem, wait) = match tried.await {
        Ok(None) => {
            let problem = Some(text.account.ticket_over.to_owned());
            let reader = (text, from.address);
            let page = page(&web, reader, String::new(), sent.next, problem).await;
            return refused(&page, None);
        }
        Ok(Some((person, Code::Right(_)))) => {
            return begun(&web, person, &from, &sent.next, &headers).await;
        }
        Ok(Some((_, Code::Wrong))) => (text.account.code_wrong.to_owned(), None),
        Ok(Some((_, Code::Throttled { retry_after }))) => {
            about.note_fault(TOO_MANY);
            slowed(text, retry_after)
        }
        Err(error) => return anonymous_failure(&error, &headers),
    };
    let page = code_page(&web, text, sent.ticket, sent.next, Some(problem)).await;
    refused(&page, wait)
}

/// Signed in: the page one wanted to see.
async fn begun(
    web: &Web,
    person: PersonId,
    from: &Visitor,
    next: &str,
    headers: &HeaderMap,
) -> Response {
    match web.sessions.begin(person, from).await {
        Ok(cookie) => {
            // Nobody waits outside because it could not be noted.
            let spoken = text::choose(None, headers).lang;
            if let Err(error) = web.core.speaks(person, spoken).await {
                tracing::debug!(%error, "the language of a sign-in could not be noted");
            }
            let mut response = see_other(local_path(next));
            let headers = response.headers_mut();
            headers.append(header::SET_COOKIE, cookie);
            headers.append(header::SET_COOKIE, forget_place());
            response
        }
        Err(error) => anonymous_failure(&error, headers),
    }
}

async fn code_page(
    web: &Web,
    text: &'static Text,
    ticket: String,
    next: String,
    problem: Option<String>,
) -> SignInCode {
    SignInCode {
        shell: public_shell(web, text).await,
        ticket,
        next,
        problem,
    }
}

/// `POST /logout`: leads to the sign-in, and from there to `next`.
///
/// It needs no token of a form: whoever wants to leave a shared computer leaves it, however old the
/// page is. Another site's form is refused before, and brings no cookie, which is `SameSite=Lax`.
pub async fn sign_out(
    State(web): State<Arc<Web>>,
    secure: Option<axum::Extension<Secure>>,
    visit: Result<Visit, Response>,
    Form(next): Form<Next>,
) -> Response {
    let login = match local_path(&next.next) {
        "/" => "/login".to_owned(),
        next => format!("/login?next={}", encode_segment(next)),
    };
    let secure = secure.is_some_and(|secure| secure.0.0);
    // Who has no session any more is signed out.
    let Ok(visit) = visit else {
        return see_other(&login);
    };
    match web.sessions.end(&visit.session, secure).await {
        Ok(cookie) => {
            let mut response = see_other(&login);
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => visit.failed(&web, &error),
    }
}

async fn page(
    web: &Web,
    (text, from): (&'static Text, IpAddr),
    login: String,
    next: String,
    problem: Option<String>,
) -> SignIn {
    // People sign in without it too.
    let invited = invitations::told_first(web, &next, from, text).await;
    SignIn {
        invited: invited.unwrap_or_default(),
        shell: public_shell(web, text).await,
        login,
        next,
        forgotten: web.outlets.mail,
        problem,
    }
}

/// A path of this server only: never a place to send people elsewhere.
fn local_path(next: &str) -> &str {
    // Browsers drop tabs and line ends from addresses, and read a backslash as a slash.
    let is_odd = |c: char| c == '\\' || c.is_control();
    let local = next.starts_with('/') && !next.starts_with("//") && !next.contains(is_odd);
    if local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (next, expected) in [
            ("/c/private?page=2", "/c/private?page=2"),
            ("", "/"),
            ("https://evil.example/", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/\n/evil.example", "/"),
            ("/\u{85}/evil.example", "/"),
        ] {
            assert_eq!(local_path(next), expected, "{next:?}");
        }
    }
}

//! The second factor of a person: set up, recovery codes, removed.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};

use super::{
    Web,
    account::confirmed,
    form::Posted,
    page::{Shell, Tool, show},
    params::Query,
    place::encode_segment,
    qr,
    request::Visit,
    told::{Deed, Done, Told},
};
use crate::{
    auth::{Code, new_secret, typed_secret},
    domain::{
        credential::SecondFactor,
        error::{Error, Result},
    },
    text::fill,
};

const HERE: &str = "/settings/second-factor";

#[derive(Template)]
#[template(path = "second_factor.html")]
struct Page {
    shell: Shell,
    on: bool,
    /// Set up, and not confirmed yet.
    pending: Option<Pending>,
    /// Just made, shown this once.
    codes: Vec<String>,
    left: String,
}

/// What an authenticator program needs.
struct Pending {
    /// A picture of the address.
    picture: Option<String>,
    /// The secret, written in groups of four characters.
    secret: String,
    address: String,
}

/// `GET /settings/second-factor`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    telling(&web, &visit, done.into(), Vec::new()).await
}

/// `POST /settings/second-factor/begin`
pub async fn begin(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let begun = async {
        let password = posted.value("password");
        if let Err(told) = confirmed(&web, visit, password, "password").await? {
            return Ok(told);
        }
        let begun = web.core.begin_second_factor(&visit.actor, new_secret());
        begun.await.map(|()| Told::Nothing)
    };
    answered(&web, visit, begun.await.map(|told| (told, Vec::new()))).await
}

/// `POST /settings/second-factor/confirm`
pub async fn confirm(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let confirmed = async {
        let pending = web.core.second_factor(&visit.actor).await?;
        let pending = pending.filter(|pending| !pending.confirmed);
        let pending = pending.ok_or(Error::PreconditionFailed)?;
        let (typed, peer) = (posted.value("code"), visit.visitor.address);
        let person = visit.actor.person;
        match web.auth.first_code(person, &pending.secret, typed, peer) {
            Code::Right(step) => {
                let codes = web.core.confirm_second_factor(&visit.actor, step).await?;
                Ok((Told::Nothing, codes))
            }
            other => Ok((wrong(other, visit), Vec::new())),
        }
    };
    answered(&web, visit, confirmed.await).await
}

/// `POST /settings/second-factor/codes`: other recovery codes.
pub async fn renew(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let renewed = async {
        let told = both(&web, &posted).await?;
        match told {
            Some(told) => Ok((told, Vec::new())),
            None => {
                let codes = web.core.renew_recovery_codes(&visit.actor).await?;
                Ok((Told::Nothing, codes))
            }
        }
    };
    answered(&web, visit, renewed.await).await
}

/// `POST /settings/second-factor/remove`
pub async fn remove(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let removed = async {
        match both(&web, &posted).await? {
            Some(told) => Ok(Err(told)),
            None => web.core.remove_second_factor(&visit.actor).await.map(Ok),
        }
    };
    let removed: Result<std::result::Result<(), Told>> = removed.await;
    match removed {
        Ok(Ok(())) => Done::of(Deed::SecondFactorRemoved).at(HERE),
        Ok(Err(told)) => telling(&web, visit, told, Vec::new()).await,
        Err(error) => visit.failed(&web, &error),
    }
}

/// What is wrong with the password or the code that were sent, if anything.
async fn both(web: &Web, posted: &Posted) -> Result<Option<Told>> {
    let visit = &posted.visit;
    let password = posted.value("password");
    if let Err(told) = confirmed(web, visit, password, "password").await? {
        return Ok(Some(told));
    }
    let typed = posted.value("code");
    let (person, peer) = (visit.actor.person, visit.visitor.address);
    let code = web.auth.code(person, typed, peer).await?;
    Ok(match code {
        Code::Right(_) => None,
        other => Some(wrong(other, visit)),
    })
}

fn wrong(code: Code, visit: &Visit) -> Told {
    match code {
        Code::Throttled { retry_after } => Told::Refused(
            StatusCode::TOO_MANY_REQUESTS,
            fill(visit.text.sign_in_wait, &[&retry_after]),
        ),
        _ => Told::Refused(
            StatusCode::FORBIDDEN,
            visit.text.account.code_wrong.to_owned(),
        )
        .about(["code"]),
    }
}

async fn answered(web: &Arc<Web>, visit: &Visit, outcome: Result<(Told, Vec<String>)>) -> Response {
    match outcome {
        Ok((told, codes)) => telling(web, visit, told, codes).await,
        Err(error) => telling(web, visit, Told::refused(&error, visit), Vec::new()).await,
    }
}

async fn telling(web: &Arc<Web>, visit: &Visit, told: Told, codes: Vec<String>) -> Response {
    let factor = match web.core.second_factor(&visit.actor).await {
        Ok(factor) => factor,
        Err(error) => return visit.failed(web, &error),
    };
    let status = told.status();
    let on = factor.as_ref().is_some_and(|factor| factor.confirmed);
    let left = factor.as_ref().map_or(0, |factor| factor.recovery);
    let page = Page {
        on,
        pending: factor
            .filter(|factor| !factor.confirmed)
            .map(|factor| pending(&factor, visit)),
        codes,
        left: fill(visit.text.account.codes_left, &[&left]),
        shell: visit.shell_of(web, Tool::Settings, told),
    };
    let mut response = show(status, &page);
    let unkept = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, unkept);
    response
}

/// The secret as a program scans it, follows it, or as a person types it.
fn pending(factor: &SecondFactor, visit: &Visit) -> Pending {
    let secret = typed_secret(&factor.secret);
    let login = encode_segment(&visit.actor.login);
    let address = format!("otpauth://totp/Carnet:{login}?secret={secret}&issuer=Carnet");
    let letters: Vec<char> = secret.chars().collect();
    let groups = letters.chunks(4).map(|group| group.iter().collect());
    Pending {
        picture: qr::picture(&address),
        secret: groups.collect::<Vec<String>>().join(" "),
        address,
    }
}

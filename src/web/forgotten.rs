//! Forgotten passwords: the request for a link, and the page behind it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::{
    Web,
    limit::Limit,
    page::{Message, Shell, show},
    params::Path,
    request::{anonymous_failure, public_shell},
};
use crate::{
    auth::{self, MAX_LOGIN},
    domain::{
        access::household,
        account::weakness,
        error::{Error, Result},
    },
    text::{self, Text},
};

/// How often links may be asked for.
pub struct Limits {
    account: Limit,
    peer: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            account: Limit::new(3),
            peer: Limit::new(20),
        }
    }
}

#[derive(Template)]
#[template(path = "forgotten.html")]
struct Ask {
    shell: Shell,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct Reset {
    shell: Shell,
    action: String,
}

/// What the first form sends.
#[derive(Debug, Deserialize)]
pub struct Account {
    login: String,
}

/// What the second form sends.
#[derive(Debug, Deserialize)]
pub struct Passwords {
    password: String,
    again: String,
}

/// `GET /forgotten`
pub async fn page(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    let text = text::choose(None, &headers);
    if web.outlets.mail {
        ask(&web, text, StatusCode::OK, None).await
    } else {
        anonymous_failure(&Error::NotFound, &headers)
    }
}

/// `POST /forgotten`: the same answer, as fast, whether there is such an account or not.
pub async fn send(State(web): State<Arc<Web>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let text = text::choose(None, &headers);
    if !web.outlets.mail {
        return anonymous_failure(&Error::NotFound, &headers);
    }
    let peer = crate::http::peer(request.extensions());
    let Form(sent) = match <Form<Account> as FromRequest<()>>::from_request(request, &()).await {
        Ok(sent) => sent,
        Err(rejection) => return rejection.into_response(),
    };
    let account = sent.login.trim().to_lowercase();
    let limits = &web.forgotten;
    if !limits.peer.allows(&household(peer).to_string()) {
        return ask(
            &web,
            text,
            StatusCode::TOO_MANY_REQUESTS,
            Some(text.mail.too_often),
        )
        .await;
    }
    // No account has a longer name.
    if account.len() <= MAX_LOGIN {
        let web = web.clone();
        tokio::spawn(async move {
            if let Err(error) = sent_to(&web, &account, text).await {
                tracing::warn!(%error, "a link for a forgotten password could not be queued");
            }
        });
    }
    message(
        &web,
        text,
        StatusCode::OK,
        text.mail.forgotten_title,
        text.mail.forgotten_sent,
    )
    .await
}

/// Sends the link, where there is such an account. Asked too often for one, by its login or its
/// address, nothing more is sent, and nobody learns of it.
async fn sent_to(web: &Web, account: &str, text: &Text) -> Result<()> {
    let Some(person) = web.core.forgetting(account).await? else {
        return Ok(());
    };
    if web.forgotten.account.allows(&person.id.to_string()) {
        web.core.forgotten(person, text.lang).await
    } else {
        Ok(())
    }
}

/// `GET /reset/TOKEN`: changes nothing, so that programs that look at links use none up.
pub async fn form(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let text = text::choose(None, &headers);
    match web.core.forgetful(&token).await {
        Ok(_) => unstored(choose(&web, text, &token, StatusCode::OK, None).await),
        Err(Error::NotFound) => over(&web, text).await,
        Err(error) => anonymous_failure(&error, &headers),
    }
}

/// `POST /reset/TOKEN`
pub async fn set(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(sent): Form<Passwords>,
) -> Response {
    let text = text::choose(None, &headers);
    match reset(&web, &token, sent, text).await {
        Ok(None) => {
            let t = text.mail;
            unstored(
                message(
                    &web,
                    text,
                    StatusCode::OK,
                    t.password_set,
                    t.password_set_text,
                )
                .await,
            )
        }
        Ok(problem) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            unstored(choose(&web, text, &token, status, problem).await)
        }
        Err(Error::NotFound) => over(&web, text).await,
        Err(error) => anonymous_failure(&error, &headers),
    }
}

/// What is wrong with the password; none once it is set.
async fn reset(
    web: &Web,
    token: &str,
    sent: Passwords,
    text: &Text,
) -> Result<Option<&'static str>> {
    // Nothing is hashed for a link that is over.
    let person = web.core.forgetful(token).await?;
    if sent.password != sent.again {
        return Ok(Some(text.mail.passwords_differ));
    }
    if weakness(&sent.password, &person).is_some() {
        return Ok(Some(text.mail.password_rule));
    }
    let hash = auth::hash(sent.password).await?;
    web.core.reset_password(token, hash, text.lang).await?;
    Ok(None)
}

async fn ask(
    web: &Web,
    text: &'static Text,
    status: StatusCode,
    problem: Option<&str>,
) -> Response {
    let shell = Shell {
        problem: problem.map(str::to_owned),
        ..public_shell(web, text).await
    };
    show(status, &Ask { shell })
}

async fn choose(
    web: &Web,
    text: &'static Text,
    token: &str,
    status: StatusCode,
    problem: Option<&str>,
) -> Response {
    let page = Reset {
        shell: Shell {
            problem: problem.map(str::to_owned),
            ..public_shell(web, text).await
        },
        action: format!("/reset/{}", super::place::encode_segment(token)),
    };
    show(status, &page)
}

async fn over(web: &Web, text: &'static Text) -> Response {
    let t = text.mail;
    message(
        web,
        text,
        StatusCode::NOT_FOUND,
        t.reset_over,
        t.reset_over_text,
    )
    .await
}

async fn message(
    web: &Web,
    text: &'static Text,
    status: StatusCode,
    title: &str,
    message: &str,
) -> Response {
    let page = Message {
        shell: public_shell(web, text).await,
        title: title.to_owned(),
        message: message.to_owned(),
        back: None,
    };
    show(status, &page)
}

/// No cache keeps it, and no search engine finds it.
pub fn unstored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        "x-robots-tag",
        HeaderValue::from_static("noindex, nofollow"),
    );
    response
}

//! The one page of a server without an account: sets its address and its administrator, for whoever
//! has the code the server printed.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension, Form, Router,
    extract::{DefaultBodyLimit, Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{
    assets,
    error::explain,
    forgotten::unstored,
    guarded,
    limit::Limit,
    page::{Shell, see_other, show},
    request::anonymous_shell,
    site::Reached,
};
use crate::{
    auth,
    connect::Address,
    domain::{
        access::household,
        account::weakness_for,
        app_password::{lookup, new_secret},
        error::Error,
        office::{Office, people::NewAccount},
    },
    http::Peer,
    text::{self, Text, fill},
};

/// Where the page is.
const PATH: &str = "/first-start";
/// Codes one address may try in an hour.
const TRIES: u32 = 20;
/// Octets of a form.
const FORM: usize = 16 * 1024;

/// A server that waits for its first account.
pub struct FirstStart {
    office: Office,
    code: String,
    /// The address the configuration names.
    configured: Option<String>,
    /// The database keeps every invariant.
    well: bool,
    tries: Limit,
    /// One form at a time: the second one finds an account.
    turn: Mutex<()>,
}

#[derive(Template)]
#[template(path = "first_start.html")]
struct Page {
    shell: Shell,
    /// The address, in words, where the configuration names it.
    configured: Option<String>,
    well: bool,
    sent: Sent,
}

#[derive(Template)]
#[template(path = "first_start_done.html")]
struct Done {
    shell: Shell,
    sentence: String,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    code: String,
    address: String,
    login: String,
    name: String,
    password: String,
    again: String,
}

impl FirstStart {
    /// Makes the page, with a new code; `well` is what a check of the database found.
    pub fn new(office: Office, configured: Option<String>, well: bool) -> Arc<Self> {
        Arc::new(Self {
            office,
            code: new_secret(),
            configured,
            well,
            tries: Limit::new(TRIES),
            turn: Mutex::default(),
        })
    }

    /// `xxxx-xxxx-xxxx-xxxx`, kept nowhere.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The page, and nothing else.
    pub fn router(self: Arc<Self>) -> Router {
        let alive = || async { "waits for its first account\n" };
        let pages = Router::new()
            .route(PATH, get(form).post(set_up))
            .route("/healthz", get(alive))
            .route("/readyz", get(alive))
            .merge(assets())
            .fallback(elsewhere)
            .layer(DefaultBodyLimit::max(FORM));
        guarded(pages).with_state(self)
    }

    /// Makes the account, with what else was sent. Else why not, with its status.
    async fn set_up(&self, sent: &Sent, text: &Text) -> Result<(), (StatusCode, String)> {
        let wrong = |why: &str| (StatusCode::UNPROCESSABLE_ENTITY, why.to_owned());
        let failed = |error: Error| {
            let (status, _, why) = explain(&error, text);
            (status, why)
        };
        let login = sent.login.trim().to_lowercase();
        let address = match self.configured {
            Some(_) => None,
            None => Some(address_of(&sent.address).ok_or(wrong(text.first_start.address_rule))?),
        };
        if sent.password != sent.again {
            return Err(wrong(text.mail.passwords_differ));
        }
        if weakness_for(&sent.password, &login, "", &sent.name).is_some() {
            return Err(wrong(text.mail.password_rule));
        }
        let hash = auth::hash(sent.password.clone()).await.map_err(failed)?;
        let _turn = self.turn.lock().await;
        if !self.office.accounts("").await.map_err(failed)?.is_empty() {
            return Err(failed(Error::NotFound));
        }
        if let Some(address) = address {
            let set = self.office.set_public_url(&address.url()).await;
            set.map_err(failed)?;
        }
        let new = NewAccount {
            login,
            name: sent.name.clone(),
            admin: true,
            ..NewAccount::default()
        };
        let added = self.office.add_account(new, hash).await;
        added.map(drop).map_err(failed)
    }
}

/// An address without a path.
fn address_of(typed: &str) -> Option<Address> {
    let typed = typed.trim().trim_end_matches('/');
    let rest = typed.split_once("://")?.1;
    (!rest.contains(['/', '?', '#', '@'])).then(|| Address::parse(typed))?
}

/// `GET /first-start`
async fn form(
    State(start): State<Arc<FirstStart>>,
    Reached(address): Reached,
    headers: HeaderMap,
) -> Response {
    let sent = Sent {
        address: address.map(|address| address.url()).unwrap_or_default(),
        login: "admin".to_owned(),
        ..Sent::default()
    };
    let text = text::choose(None, &headers);
    page(&start, text, StatusCode::OK, sent, None)
}

/// `POST /first-start`
async fn set_up(
    State(start): State<Arc<FirstStart>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let text = text::choose(None, &headers);
    let t = text.first_start;
    let refused = |status, sent, problem: &str| {
        let problem = Some(problem.to_owned());
        page(&start, text, status, sent, problem)
    };
    let from = peer.map(|peer| household(peer.0.0).to_string());
    let from = from.unwrap_or_default();
    // Beyond the limit no code is looked at.
    if !start.tries.allows(&from) {
        let mut answer = refused(StatusCode::TOO_MANY_REQUESTS, sent, t.too_often);
        let an_hour = HeaderValue::from_static("3600");
        answer.headers_mut().insert(header::RETRY_AFTER, an_hour);
        return answer;
    }
    if lookup(&sent.code).is_none_or(|typed| Some(typed) != lookup(&start.code)) {
        tracing::warn!(peer = from, "a wrong code for the first start");
        return refused(StatusCode::FORBIDDEN, sent, t.code_wrong);
    }
    match start.set_up(&sent, text).await {
        Err((status, why)) => refused(status, sent, &why),
        Ok(()) => {
            let page = Done {
                shell: anonymous_shell(text, String::new()),
                sentence: fill(t.done_text, &[&sent.login.trim().to_lowercase()]),
            };
            let mut answer = show(StatusCode::OK, &page);
            let headers = answer.headers_mut();
            // The server of the accounts listens by then.
            headers.insert(
                header::REFRESH,
                HeaderValue::from_static("3; url=/login?next=%2Fadmin"),
            );
            unstored(answer)
        }
    }
}

/// Browsers are led to the page; clients are told to come again.
async fn elsewhere(request: Request) -> Response {
    match *request.method() {
        Method::GET | Method::HEAD => see_other(PATH),
        _ => {
            let again = [(header::RETRY_AFTER, "60")];
            (StatusCode::SERVICE_UNAVAILABLE, again).into_response()
        }
    }
}

fn page(
    start: &FirstStart,
    text: &'static Text,
    status: StatusCode,
    sent: Sent,
    problem: Option<String>,
) -> Response {
    let configured = start.configured.as_ref();
    let page = Page {
        shell: Shell {
            problem,
            ..anonymous_shell(text, String::new())
        },
        configured: configured.map(|url| fill(text.first_start.address_set, &[url])),
        well: start.well,
        sent,
    };
    unstored(show(status, &page))
}

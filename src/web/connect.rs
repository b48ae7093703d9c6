//! Connecting a device: a guide for each kind of client with the person's own values, an app
//! password made on the way, and whether the device has connected.

mod kinds;
mod offers;
mod state;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use self::kinds::{KINDS, Kind, Way};
pub use self::{offers::Offers, state::page as state_page};
use super::{
    Web,
    form::Posted,
    page::{Message, Shell, Tool, show},
    params::Path,
    request::{Visit, anonymous_shell},
    site::Reached,
    told::Told,
};
use crate::{
    connect::{
        Address, code,
        profile::{Account, MEDIA_TYPE, profile},
    },
    domain::{
        access::{Access, Protocol, Scope},
        account_class::Service,
        app_password::NewAppPassword,
        error::{Error, Result},
        id::Timestamp,
        rights::Right,
        rule::Rule,
    },
    text::{self, fill},
};

/// Contacts a client gets in a minute on a usual connection.
const IN_A_MINUTE: i64 = 3000;

#[derive(Template)]
#[template(path = "connect.html")]
struct Guide {
    shell: Shell,
    /// Title and kinds: of this browser's system, then the others.
    parts: [(&'static str, Vec<KindRow>); 2],
}

struct KindRow {
    path: String,
    name: &'static str,
}

/// `GET /connect`
pub async fn guide(State(web): State<Arc<Web>>, visit: Visit, headers: HeaderMap) -> Response {
    let text = visit.text.connect;
    let likely = kinds::of_browser(&headers);
    let row = |kind: &Kind| KindRow {
        path: format!("/connect/{}", kind.id),
        name: (kind.name)(text),
    };
    let first = likely.iter().filter_map(|id| kinds::find(id)).map(row);
    let others = KINDS.iter().filter(|kind| !likely.contains(&kind.id));
    let page = Guide {
        shell: visit.shell_of(&web, Tool::Settings, Told::Nothing),
        parts: [
            (text.this_system, first.collect()),
            (text.others, others.map(row).collect()),
        ],
    };
    show(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "connect_kind.html")]
struct KindPage {
    shell: Shell,
    here: String,
    title: String,
    steps: Vec<&'static str>,
    /// The class of the account has not what it connects by.
    forbidden: bool,
    connects: bool,
    offers_profile: bool,
    may_read_only: bool,
    name: String,
    /// Id, label and value of each value to type.
    values: Vec<(&'static str, &'static str, String)>,
    own_address: bool,
    /// What is said to administrators of an address without encryption.
    plain: Option<&'static str>,
    /// The password, once it is made.
    made: Option<MadeView>,
}

struct MadeView {
    password: String,
    /// Address of the profile, and a code of it as a data: URL.
    profile: Option<(String, Option<String>)>,
    /// A code with the account, as a data: URL.
    account_code: Option<String>,
    state: String,
    first_sync: String,
}

/// `GET /connect/KIND`
pub async fn kind(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    reached: Reached,
    visit: Visit,
) -> Response {
    match kinds::find(&id) {
        Some(kind) => show_kind(&web, &visit, (kind, &reached), "", None, Told::Nothing).await,
        None => visit.failed(&web, &Error::NotFound),
    }
}

/// Whether the account may use what such a client connects by.
async fn allowed(web: &Web, visit: &Visit, kind: &Kind) -> Result<bool> {
    let service = match kind.way {
        Way::None => return Ok(true),
        Way::Exchange => Service::Eas,
        Way::CardDav => Service::CardDav,
    };
    Ok(web.core.account(&visit.actor).await?.may_use(service))
}

async fn show_kind(
    web: &Web,
    visit: &Visit,
    (kind, reached): (&Kind, &Reached),
    name: &str,
    made: Option<MadeView>,
    told: Told,
) -> Response {
    let text = visit.text.connect;
    let status = told.status();
    let password = made.as_ref().map(|made| made.password.clone());
    let known = async {
        let allowed = allowed(web, visit, kind).await?;
        let values = if allowed {
            values(web, visit, (kind, reached), password).await?
        } else {
            Vec::new()
        };
        Ok((allowed, values))
    };
    let (allowed, values) = match known.await {
        Ok(known) => known,
        Err(error) => return visit.failed(web, &error),
    };
    let page = KindPage {
        forbidden: !allowed,
        here: format!("/connect/{}", kind.id),
        title: fill(text.connect_kind, &[&(kind.name)(text)]),
        steps: (kind.steps)(text).lines().collect(),
        connects: kind.way != Way::None && allowed,
        offers_profile: kind.profile,
        may_read_only: kind.way == Way::CardDav,
        name: name.to_owned(),
        // What is not configured is as the browser has it: nobody else sees this page.
        own_address: web.site.address.is_none() && !values.is_empty(),
        plain: {
            let address = web.site.address.as_ref();
            let is_plain = address.is_some_and(|address| !address.secure);
            (is_plain && visit.actor.admin && !values.is_empty()).then_some(text.plain)
        },
        values,
        made,
        shell: visit.shell_of(web, Tool::Settings, told),
    };
    let mut response = show(status, &page);
    // A password is on it.
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What the person types into such a client: all that is known, and the password once it is made.
async fn values(
    web: &Web,
    visit: &Visit,
    (kind, reached): (&Kind, &Reached),
    password: Option<String>,
) -> Result<Vec<(&'static str, &'static str, String)>> {
    let text = visit.text.connect;
    let (Some(address), false) = (reached.address(&web.site), kind.way == Way::None) else {
        return Ok(Vec::new());
    };
    let mut values = vec![
        ("server", text.server, address.server()),
        ("login", text.login, visit.actor.login.clone()),
    ];
    values.extend(password.map(|password| ("app-password", text.app_password, password)));
    if kind.way == Way::Exchange {
        values.push(("email", text.email, email(web, visit, &address).await?));
        values.push(("domain", text.domain, text.leave_empty.to_owned()));
    } else {
        let all = format!("{}/dav/", address.url());
        values.push(("address", text.full_address, all));
    }
    Ok(values)
}

/// The e-mail address that an Exchange account asks for: the person's, else one made of the login.
async fn email(web: &Web, visit: &Visit, address: &Address) -> Result<String> {
    let email = web.core.account(&visit.actor).await?.email;
    Ok(email.unwrap_or_else(|| format!("{}@{}", visit.actor.login, address.host)))
}

/// `POST /connect/KIND`: makes the password of the device and shows it once.
pub async fn make(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    reached: Reached,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    let Some(kind) = kinds::find(&id).filter(|kind| kind.way != Way::None) else {
        return visit.failed(&web, &Error::NotFound);
    };
    let (made, told) = match made(&web, &posted, kind, &reached).await {
        Ok(made) => (Some(made), Told::Nothing),
        Err(error) => (None, Told::refused(&error, visit)),
    };
    let name = posted.value("name");
    show_kind(&web, visit, (kind, &reached), name, made, told).await
}

async fn made(web: &Arc<Web>, posted: &Posted, kind: &Kind, reached: &Reached) -> Result<MadeView> {
    let visit = &posted.visit;
    let actor = &visit.actor;
    let text = visit.text.connect;
    if !allowed(web, visit, kind).await? {
        return Err(Error::Forbidden { right: Right::Read });
    }
    let address = reached.address(&web.site);
    let address = address.ok_or(Error::Invalid(Rule::NoAddress))?;
    let name = match posted.value("name").trim() {
        "" => (kind.name)(text).chars().take(64).collect(),
        name => name.to_owned(),
    };
    let protocol = match kind.way {
        Way::Exchange => Protocol::Eas,
        _ => Protocol::CardDav,
    };
    let began = Timestamp::now();
    let password = web
        .core
        .make_app_password(
            actor,
            NewAppPassword {
                name,
                scope: Scope {
                    protocols: vec![protocol],
                    access: Access {
                        read_only: posted.checked("read_only"),
                        ..Access::default()
                    },
                    ..Scope::default()
                },
                expires: None,
            },
        )
        .await?
        .secret;
    let login = actor.login.clone();
    let account = match kind.way {
        Way::Exchange => Account::Exchange {
            login,
            email: email(web, visit, &address).await?,
        },
        _ => Account::CardDav {
            description: "Carnet".to_owned(),
            principal: format!("/dav/principals/users/{login}/"),
            login,
        },
    };
    let profile = kind.profile.then(|| {
        let inside = posted.checked("inside").then_some(password.as_str());
        let text = profile(&address, &[account], inside);
        let link = format!(
            "{}/connect/p/{}",
            address.url(),
            web.offers.add(text.into_bytes())
        );
        let image = data_url(&link);
        (link, image)
    });
    Ok(MadeView {
        password,
        profile,
        account_code: if kind.code {
            data_url(&address.account_link(&actor.login))
        } else {
            None
        },
        state: format!("/connect/state?kind={}&since={}", kind.id, began.0),
        first_sync: first_sync(web, visit).await?,
    })
}

fn data_url(text: &str) -> Option<String> {
    let image = code(text)?;
    Some(format!(
        "data:image/svg+xml;base64,{}",
        STANDARD.encode(image)
    ))
}

/// How long the first synchronization takes, from the count.
async fn first_sync(web: &Arc<Web>, visit: &Visit) -> Result<String> {
    let text = visit.text.connect;
    let mut contacts = 0;
    for book in web.core.books(&visit.actor).await? {
        contacts += book.count().await?;
    }
    let time = match contacts / IN_A_MINUTE {
        0 => text.less_than_a_minute.to_owned(),
        minutes => fill(text.minutes, &[&(minutes + 1)]),
    };
    let said = [text.first_sync_one, text.first_sync];
    let said = visit.text.of_many(contacts, said);
    Ok(fill(said, &[&contacts, &time]))
}

/// `GET /connect/p/TOKEN`: the profile, once.
pub async fn offered(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(profile) = web.offers.take(&token) else {
        let text = text::choose(None, &headers);
        let page = Message {
            shell: anonymous_shell(text, String::new()),
            title: text.connect.title.to_owned(),
            message: text.connect.profile_over.to_owned(),
            back: None,
        };
        return show(StatusCode::GONE, &page);
    };
    let signed = match &web.site.certificates {
        Some(certificates) => certificates.sign(&profile),
        None => Ok(profile.clone()),
    };
    let bytes = signed.unwrap_or_else(|error| {
        tracing::warn!(%error, "a profile could not be signed");
        profile
    });
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"carnet.mobileconfig\"",
        ),
    ];
    (headers, bytes).into_response()
}

//! My devices and programs: state, log, what they synchronize, and orders.

mod words;

use std::{net::IpAddr, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use super::{
    Web,
    clients::{is_program, program_name},
    form::Posted,
    page::{Shell, Tool, show},
    params::{Path, Query},
    place::encode_segment,
    request::Visit,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    auth::{Door, Outcome},
    domain::{
        device::{OpenDevice, Orders, Wiping},
        direction::straight,
        error::{Error, Result},
        id::{AppPasswordId, DeviceId, Timestamp},
        journal::Exchange,
        rule::Rule,
        store::KnownClient,
        view::{Mode, Shown},
    },
    http::Peer,
    text::fill,
};
pub use words::{ago, errors_of, exchange_words, state};
use words::{protocol_of, wiping};

const HERE: &str = "/settings/devices";

#[derive(Template)]
#[template(path = "devices.html")]
struct Page {
    shell: Shell,
    /// Devices, then programs.
    parts: [(&'static str, Vec<Row>); 2],
}

struct Row {
    path: String,
    name: String,
    kind: String,
    protocol: String,
    seen: String,
    contacts: String,
    state: &'static str,
    /// Something to look at.
    attention: Option<String>,
}

/// `GET /settings/devices`
pub async fn list(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    let shown = show_list(&web, &visit, done.into());
    visit.answer(&web, shown).await
}

async fn show_list(web: &Arc<Web>, visit: &Visit, told: Told) -> Result<Response> {
    let text = visit.text.device;
    let core = &web.core;
    let clients = core.known_clients(&visit.actor).await?;
    let attention = |exchanges: &[Exchange]| match errors_of(exchanges) {
        0 => None,
        number => Some(fill(text.errors_today, &[&number])),
    };
    let mut devices = Vec::new();
    for device in core.devices(&visit.actor).await? {
        let label = device.label();
        let client = clients.iter().find(|client| client.label == label);
        let open = core.own_device(&visit.actor, device.id).await?;
        let books = open.books().await?;
        let merged = open.is_merged().await?;
        let counted = books.iter().filter(|book| {
            !book.hidden && (book.pending.is_some() || (merged && book.pending.is_none()))
        });
        devices.push(Row {
            path: format!("{HERE}/e/{}", device.id),
            name: device.shown_name().to_owned(),
            kind: device.device_type.clone(),
            protocol: protocol_of(&device),
            seen: ago(
                client.map_or(device.last_seen, |c| c.last_seen.max(device.last_seen)),
                visit.text,
            ),
            contacts: counted.map(|book| book.contacts).sum::<i64>().to_string(),
            state: state(device.access, text),
            attention: client.and_then(|client| attention(&client.exchanges)),
        });
    }
    let mut programs = Vec::new();
    for client in clients.iter().filter(|client| is_program(client)) {
        programs.push(Row {
            path: program_path(client),
            name: program_name(client),
            kind: "CardDAV".to_owned(),
            protocol: "CardDAV".to_owned(),
            seen: ago(client.last_seen, visit.text),
            contacts: program_contacts(web, visit, client).await?.to_string(),
            state: text.allowed,
            attention: attention(&client.exchanges),
        });
    }
    Ok(show(
        told.status(),
        &Page {
            shell: visit.shell_of(web, Tool::Settings, told),
            parts: [(text.phones, devices), (text.programs, programs)],
        },
    ))
}

fn program_path(client: &KnownClient) -> String {
    format!("{HERE}/c/{}", encode_segment(&client.label))
}

/// The contacts of the books a program was given.
async fn program_contacts(web: &Web, visit: &Visit, client: &KnownClient) -> Result<i64> {
    let followed = web.core.followed(&visit.actor, &client.label).await?;
    let mut contacts = 0;
    for book in web.core.books(&visit.actor).await? {
        if followed.contains(&book.collection().id) {
            contacts += book.count().await?;
        }
    }
    Ok(contacts)
}

#[derive(Template)]
#[template(path = "device.html")]
struct Details {
    shell: Shell,
    here: String,
    title: String,
    name: String,
    facts: Vec<(&'static str, String)>,
    /// The settings of a device; none where the client is a program.
    device: Option<Settings>,
    /// Number and name of the app passwords a program may be using.
    passwords: Vec<(i64, String)>,
    log: Vec<LogRow>,
}

struct Settings {
    orders: Orders,
    /// Value, words, and whether it is chosen.
    modes: [(&'static str, &'static str, bool); 4],
    merged: bool,
    books: Vec<BookRow>,
    wipe_text: String,
    erase_text: String,
    decided_elsewhere: bool,
}

struct BookRow {
    uuid: String,
    name: String,
    fixed: bool,
    shown: bool,
    state: String,
}

struct LogRow {
    when: String,
    words: String,
    technical: String,
    error: bool,
}

/// `GET /settings/devices/e/ID`
pub async fn device(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    let shown = show_device(&web, &visit, id, done.into());
    visit.answer(&web, shown).await
}

async fn show_device(web: &Arc<Web>, visit: &Visit, id: i64, told: Told) -> Result<Response> {
    let text = visit.text.device;
    let open = web.core.own_device(&visit.actor, DeviceId(id)).await?;
    let device = open.device();
    let label = device.label();
    let clients = web.core.known_clients(&visit.actor).await?;
    let client = clients.iter().find(|client| client.label == label);
    let seen = client.map_or(device.last_seen, |c| c.last_seen.max(device.last_seen));
    let mut facts = vec![
        (text.kind, device.device_type.clone()),
        (text.protocol, protocol_of(device)),
        (text.state, state(device.access, text).to_owned()),
        (text.last_sync, when::shown(seen, visit.text)),
        (text.first_seen, when::shown(device.first_seen, visit.text)),
    ];
    let said = |name: &str| {
        let found = device.info.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    for (name, label) in [("Model", text.model), ("OS", text.system)] {
        facts.extend(said(name).map(|value| (label, value)));
    }
    if let (Some(what), Some(at)) = (said("Wipe"), said("WipeAt")) {
        let at = Timestamp(at.parse().unwrap_or(0));
        let how = Wiping::parse(&what).map_or(what.as_str(), |how| wiping(how, text));
        let sentence = fill(text.wiped_at, &[&when::shown(at, visit.text), &how]);
        facts.push((text.wipe, sentence));
    }
    let settings = settings_of(&open, visit).await?;
    let status = told.status();
    let page = Details {
        here: format!("{HERE}/e/{id}"),
        title: fill(text.details, &[&device.shown_name()]),
        name: device.name.clone(),
        facts,
        device: Some(settings),
        passwords: Vec::new(),
        log: log_of(client, visit),
        shell: visit.shell_of(web, Tool::Settings, told),
    };
    Ok(show(status, &page))
}

async fn settings_of(open: &OpenDevice, visit: &Visit) -> Result<Settings> {
    let text = visit.text.device;
    let device = open.device();
    let orders = open.orders();
    let shown = open.shown().await?;
    let books = open.books().await?;
    let books = books.into_iter().map(|book| {
        let mut state = match book.pending {
            Some(false) => text.up_to_date.to_owned(),
            Some(true) => text.waiting.to_owned(),
            None => text.not_synced.to_owned(),
        };
        if book.refused > 0 {
            let said = [text.refused_there_one, text.refused_there];
            state = format!("{state}, {}", visit.text.counted(book.refused, said));
        }
        BookRow {
            name: match (book.fixed, book.name) {
                (false, Some(name)) => name,
                _ => text.own_book.to_owned(),
            },
            uuid: book.uuid,
            fixed: book.fixed,
            shown: !book.hidden,
            state,
        }
    });
    let mode = |mode: Mode, words| (mode.as_str(), words, shown.mode == Some(mode));
    Ok(Settings {
        modes: [
            ("auto", text.mode_auto, shown.mode.is_none()),
            mode(Mode::Folders, text.mode_folders),
            mode(Mode::Merged, text.mode_merged),
            mode(Mode::OwnOnly, text.mode_own_only),
        ],
        merged: open.is_merged().await?,
        books: books.collect(),
        wipe_text: if device.knows_account_wipe() {
            text.wipe_text.to_owned()
        } else {
            fill(text.wipe_old, &[&device.version])
        },
        erase_text: fill(text.erase_text, &[&device.shown_name()]),
        decided_elsewhere: orders == Orders::default(),
        orders,
    })
}

fn log_of(client: Option<&KnownClient>, visit: &Visit) -> Vec<LogRow> {
    let exchanges = client.map_or(&[][..], |client| &client.exchanges);
    let rows = exchanges.iter().rev().map(|exchange| LogRow {
        when: when::shown(exchange.at, visit.text),
        words: exchange_words(&exchange.event, visit.text.device),
        technical: exchange.technical.clone(),
        error: exchange.event.is_error(),
    });
    rows.collect()
}

/// `POST /settings/devices/e/ID/rename`
pub async fn rename(State(web): State<Arc<Web>>, Path(id): Path<i64>, posted: Posted) -> Response {
    let posted = &posted;
    order(&web, id, posted, Deed::DeviceRenamed, |device| async move {
        device.rename(posted.value("name")).await
    })
    .await
}

/// `POST /settings/devices/e/ID/shown`
pub async fn shown(State(web): State<Arc<Web>>, Path(id): Path<i64>, posted: Posted) -> Response {
    let posted = &posted;
    order(&web, id, posted, Deed::DeviceShown, |device| async move {
        let chosen: Vec<&str> = posted.values("book").collect();
        let offered: Vec<&str> = posted.values("offered").collect();
        // What the form did not offer, a group joined since, stays as it is.
        let mut hidden = device.shown().await?.hidden;
        hidden.retain(|book| !offered.contains(&book.as_str()));
        let books = device.books().await?;
        let cleared = books.into_iter().filter(|book| {
            let uuid = book.uuid.as_str();
            !book.fixed && offered.contains(&uuid) && !chosen.contains(&uuid)
        });
        hidden.extend(cleared.map(|book| book.uuid));
        let mode = Mode::parse(posted.value("mode"));
        device.show(Shown { mode, hidden }).await
    })
    .await
}

/// `POST /settings/devices/e/ID/order`: the button says which.
pub async fn give_order(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    posted: Posted,
) -> Response {
    let asked = posted.value("order").to_owned();
    if asked == "forget" {
        let forgotten = async {
            let device = web
                .core
                .own_device(&posted.visit.actor, DeviceId(id))
                .await?;
            device.forget().await
        };
        return match forgotten.await {
            Ok(()) => Done::of(Deed::DeviceForget).at(HERE),
            Err(error) => posted.visit.failed(&web, &error),
        };
    }
    let asked = asked.as_str();
    let deed = match asked {
        "resync" => Deed::DeviceResync,
        "block" => Deed::DeviceBlock,
        "allow" => Deed::DeviceAllow,
        "wipe" => Deed::DeviceWipe,
        "cancel" => Deed::DeviceCancel,
        _ => return posted.visit.failed(&web, &Error::NotFound),
    };
    order(&web, id, &posted, deed, |device| async move {
        match asked {
            "resync" => device.resynchronize().await,
            "block" => device.block().await,
            "allow" => device.allow().await,
            "wipe" => device.wipe().await,
            "cancel" => device.cancel().await,
            _ => Err(Error::NotFound),
        }
    })
    .await
}

/// `POST /settings/devices/e/ID/erase`: by typing the name and the password.
pub async fn erase(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    peer: Option<Extension<Peer>>,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    let erased = async {
        let device = web.core.own_device(&visit.actor, DeviceId(id)).await?;
        erase_typed(&web, &posted, peer, &device).await
    };
    let told = match erased.await {
        Ok(None) => return Done::of(Deed::DeviceErase).at(&format!("{HERE}/e/{id}")),
        Ok(Some(refused)) => refused,
        Err(error) => return visit.failed(&web, &error),
    };
    visit.answer(&web, show_device(&web, visit, id, told)).await
}

/// Orders a device to erase itself, if its name and the person's password were typed; else the
/// message to show.
pub async fn erase_typed(
    web: &Web,
    posted: &Posted,
    peer: Option<Extension<Peer>>,
    device: &OpenDevice,
) -> Result<Option<Told>> {
    let visit = &posted.visit;
    let peer = peer.map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.0.0);
    let (login, password) = (&visit.actor.login, posted.value("password"));
    let known = web.auth.password(login, password, peer, Door::Web).await?;
    if matches!(known, Outcome::Known(_)) {
        match device.erase(posted.value("typed")).await {
            Ok(()) => return Ok(None),
            // As another password is told.
            Err(Error::Invalid(Rule::TypedName)) => {}
            Err(error) => return Err(error),
        }
    }
    if let Outcome::Throttled { retry_after } = known {
        let why = fill(visit.text.sign_in_wait, &[&retry_after]);
        return Ok(Some(Told::Refused(StatusCode::TOO_MANY_REQUESTS, why)));
    }
    let why = visit.text.device.erase_wrong.to_owned();
    Ok(Some(Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, why)))
}

async fn order<F, O>(web: &Arc<Web>, id: i64, posted: &Posted, done: Deed, give: O) -> Response
where
    O: FnOnce(OpenDevice) -> F,
    F: Future<Output = Result<()>>,
{
    let visit = &posted.visit;
    let device = match web.core.own_device(&visit.actor, DeviceId(id)).await {
        Ok(device) => device,
        Err(error) => return visit.failed(web, &error),
    };
    match give(device).await {
        Ok(()) => Done::of(done).at(&format!("{HERE}/e/{id}")),
        Err(error @ Error::NotFound) => visit.failed(web, &error),
        Err(error) => {
            let page = show_device(web, visit, id, Told::refused(&error, visit));
            visit.answer(web, page).await
        }
    }
}

/// `GET /settings/devices/e/ID/log`: for support.
pub async fn device_log(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    visit: Visit,
) -> Response {
    let label = match web.core.own_device(&visit.actor, DeviceId(id)).await {
        Ok(device) => device.device().label(),
        Err(error) => return visit.failed(&web, &error),
    };
    download(&web, &visit, &label).await
}

/// `GET /settings/devices/c/LABEL/log`
pub async fn program_log(
    State(web): State<Arc<Web>>,
    Path(label): Path<String>,
    visit: Visit,
) -> Response {
    download(&web, &visit, &label).await
}

async fn download(web: &Arc<Web>, visit: &Visit, label: &str) -> Response {
    let clients = match web.core.known_clients(&visit.actor).await {
        Ok(clients) => clients,
        Err(error) => return visit.failed(web, &error),
    };
    let Some(client) = clients.iter().find(|client| client.label == label) else {
        return visit.failed(web, &Error::NotFound);
    };
    let mut lines = format!("Carnet {}\n{label}\n", env!("CARGO_PKG_VERSION"));
    for exchange in &client.exchanges {
        lines.push_str(&format!(
            "{}\t{}\t{}\n",
            when::input(exchange.at, visit.text),
            straight(&exchange_words(&exchange.event, visit.text.device)),
            exchange.technical
        ));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"carnet-device.txt\"",
        ),
    ];
    (headers, lines).into_response()
}

/// `GET /settings/devices/c/LABEL`
pub async fn program(
    State(web): State<Arc<Web>>,
    Path(label): Path<String>,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    let shown = show_program(&web, &visit, &label, done.into());
    visit.answer(&web, shown).await
}

async fn show_program(web: &Arc<Web>, visit: &Visit, label: &str, told: Told) -> Result<Response> {
    let text = visit.text.device;
    let clients = web.core.known_clients(&visit.actor).await?;
    let client = clients
        .iter()
        .find(|client| client.label == label && is_program(client))
        .ok_or(Error::NotFound)?;
    let contacts = program_contacts(web, visit, client).await?;
    let passwords = passwords_of(web, visit, client).await?;
    let status = told.status();
    let page = Details {
        here: program_path(client),
        title: fill(text.details, &[&program_name(client)]),
        name: client.name.clone(),
        facts: vec![
            (text.protocol, "CardDAV".to_owned()),
            (text.contacts, contacts.to_string()),
            (text.last_sync, when::shown(client.last_seen, visit.text)),
            (text.first_seen, when::shown(client.first_seen, visit.text)),
        ],
        device: None,
        passwords,
        log: log_of(Some(client), visit),
        shell: visit.shell_of(web, Tool::Settings, told),
    };
    Ok(show(status, &page))
}

/// The app passwords a program names; names need not be unique.
async fn passwords_of(
    web: &Web,
    visit: &Visit,
    client: &KnownClient,
) -> Result<Vec<(i64, String)>> {
    let all = web.core.app_passwords(&visit.actor).await?;
    let named = all.into_iter().filter(|password| {
        let rest = client.label.strip_suffix(&password.name);
        rest.is_some_and(|rest| rest.ends_with(" · "))
    });
    Ok(named
        .map(|password| (password.id.0, password.name))
        .collect())
}

/// `POST /settings/devices/c/LABEL/rename`
pub async fn rename_program(
    State(web): State<Arc<Web>>,
    Path(label): Path<String>,
    posted: Posted,
) -> Response {
    let actor = &posted.visit.actor;
    let here = format!("{HERE}/c/{}", encode_segment(&label));
    match web
        .core
        .name_client(actor, &label, posted.value("name"))
        .await
    {
        Ok(()) => Done::of(Deed::DeviceRenamed).at(&here),
        Err(error) => {
            let told = Told::refused(&error, &posted.visit);
            let page = show_program(&web, &posted.visit, &label, told);
            posted.visit.answer(&web, page).await
        }
    }
}

/// `POST /settings/devices/c/LABEL/order`: a program is shut out by revoking its app password, or
/// forgotten.
pub async fn order_program(
    State(web): State<Arc<Web>>,
    Path(label): Path<String>,
    posted: Posted,
) -> Response {
    if posted.value("order") == "revoke" {
        let password = AppPasswordId(posted.number("password"));
        let revoked = web
            .core
            .revoke_app_password(&posted.visit.actor, password)
            .await;
        return match revoked {
            Ok(()) => {
                let here = format!("{HERE}/c/{}", encode_segment(&label));
                Done::of(Deed::PasswordRevoked).at(&here)
            }
            Err(error) => posted.visit.failed(&web, &error),
        };
    }
    match web.core.forget_client(&posted.visit.actor, &label).await {
        Ok(()) => Done::of(Deed::DeviceForget).at(HERE),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

//! Whether a device has connected, or which failure the server saw instead.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::kinds::{self, Way};
use crate::{
    auth::Why,
    domain::{
        device::DeviceAccess, error::Result, id::Timestamp, journal::Event, label::Kind,
        store::KnownClient,
    },
    text::fill,
    web::{
        Web,
        page::{Shell, Tool, show},
        params::Query,
        request::Visit,
        told::Told,
    },
};

/// What is waited for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: String,
    /// When the password was made, in milliseconds.
    since: i64,
}

#[derive(Template)]
#[template(path = "connect_state.html")]
struct Page {
    shell: Shell,
    done: bool,
    sentence: String,
    /// What is in the way.
    trouble: Option<String>,
    back: String,
}

/// `GET /connect/state`: comes again by itself until the device is there.
pub async fn page(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    match look(&web, &visit, &asked).await {
        Ok(page) => {
            let done = page.done;
            let mut response = show(StatusCode::OK, &page);
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            if !done {
                // Seconds until the next look of a page without script.
                headers.insert(header::REFRESH, HeaderValue::from_static("4"));
            }
            response
        }
        Err(error) => visit.failed(&web, &error),
    }
}

async fn look(web: &Arc<Web>, visit: &Visit, asked: &Asked) -> Result<Page> {
    let text = visit.text.connect;
    let since = Timestamp(asked.since);
    let is_wanted = match kinds::find(&asked.kind).map(|kind| kind.way) {
        Some(Way::Exchange) => Kind::is_device,
        _ => Kind::is_program,
    };
    let clients = web.core.known_clients(&visit.actor).await?;
    let connected = clients
        .iter()
        .filter(|client| is_wanted(Kind::of(&client.label)))
        .find_map(|client| Some((client, sent(client, since)?)));
    let devices = web.core.devices(&visit.actor).await?;
    let shell = visit.shell_of(web, Tool::Settings, Told::Nothing);
    let back = match kinds::find(&asked.kind) {
        Some(kind) => format!("/connect/{}", kind.id),
        None => "/connect".to_owned(),
    };
    if let Some((client, contacts)) = connected {
        let device = devices.iter().find(|device| device.label() == client.label);
        let name = match device {
            Some(device) => device.shown_name().to_owned(),
            None => match Kind::of(&client.label) {
                Kind::Device(name) | Kind::Program(name) => name.to_owned(),
                _ => client.label.clone(),
            },
        };
        let said = [text.connected_one, text.connected];
        let said = visit.text.of_many(contacts, said);
        return Ok(Page {
            shell,
            done: true,
            sentence: fill(said, &[&name, &contacts]),
            trouble: None,
            back,
        });
    }
    let held = devices
        .iter()
        .find(|device| device.access == DeviceAccess::Quarantined && device.last_seen >= since);
    let trouble = match held {
        Some(device) => Some(fill(text.device_held, &[&device.shown_name()])),
        None => failure(web, visit, since).await?,
    };
    Ok(Page {
        shell,
        done: false,
        sentence: text.waiting.to_owned(),
        trouble,
        back,
    })
}

/// Contacts a client was sent since a moment; none before it synchronized.
fn sent(client: &KnownClient, since: Timestamp) -> Option<usize> {
    let recent = client
        .exchanges
        .iter()
        .filter(|exchange| exchange.at >= since);
    let mut contacts = None;
    for exchange in recent {
        match &exchange.event {
            Event::Sent { added, .. } => *contacts.get_or_insert(0) += added,
            // A device that has its first key comes back for the contacts at once.
            Event::Began { .. } if Kind::of(&client.label).is_program() => {
                contacts.get_or_insert(0);
            }
            _ => {}
        }
    }
    contacts
}

/// The last sign-in of the person that failed since a moment, in words.
async fn failure(web: &Web, visit: &Visit, since: Timestamp) -> Result<Option<String>> {
    let text = visit.text.connect;
    let email = web.core.account(&visit.actor).await?.email;
    let email = email.map(|email| email.to_lowercase());
    let own = [Some(visit.actor.login.as_str()), email.as_deref()];
    let logins: Vec<&str> = own.into_iter().flatten().collect();
    let failures = web.auth.failures().last(Some(&logins));
    let last = failures.into_iter().find(|failure| failure.at >= since);
    Ok(last.map(|failure| {
        let sentence = match failure.why {
            Why::WrongPassword => text.wrong_password,
            Why::AccountPassword => text.account_password,
            Why::Protocol => text.wrong_protocol,
            Why::Network => text.wrong_network,
            Why::Class => text.not_in_class,
            Why::Disabled => text.account_off,
            Why::TooMany => text.too_many,
        };
        fill(sentence, &[&failure.peer])
    }))
}

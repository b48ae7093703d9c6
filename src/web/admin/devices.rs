//! Devices of everybody.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};

use super::{OfficeVisit, office_of, settled, shell};
use crate::{
    domain::{
        device::Orders,
        error::{Error, Result},
        id::DeviceId,
        office::Office,
    },
    http::Peer,
    text::fill,
    web::{
        Web,
        devices::{ago, erase_typed, errors_of, state},
        form::Posted,
        page::{Shell, show},
        params::Query,
        request::Visit,
        told::{Deed, Done, Told},
    },
};

#[derive(Template)]
#[template(path = "admin_devices.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    login: String,
    name: String,
    device_id: String,
    version: String,
    state: &'static str,
    /// What erasing it asks for.
    erase_text: String,
    seen: String,
    errors: usize,
    orders: Orders,
}

/// `GET /admin/devices`
pub async fn list(
    State(web): State<Arc<Web>>,
    admin: OfficeVisit,
    Query(done): Query<Done>,
) -> Response {
    let shown = show_list(&web, &admin.visit, &admin.office, done.into());
    admin.visit.answer(&web, shown).await
}

async fn show_list(web: &Web, visit: &Visit, office: &Office, told: Told) -> Result<Response> {
    let logins = office.logins().await?;
    let clients = office.clients().await?;
    let mut rows = Vec::new();
    for device in office.devices().await? {
        let label = device.label();
        let client = clients
            .iter()
            .find(|client| client.person == device.person && client.label == label);
        let seen = client.map_or(device.last_seen, |c| c.last_seen.max(device.last_seen));
        rows.push(Row {
            id: device.id.0,
            login: logins.get(&device.person).cloned().unwrap_or_default(),
            name: device.shown_name().to_owned(),
            device_id: device.device_id.clone(),
            version: device.version.clone(),
            state: state(device.access, visit.text.device),
            erase_text: fill(visit.text.device.erase_text, &[&device.shown_name()]),
            seen: ago(seen, visit.text),
            errors: client.map_or(0, |client| errors_of(&client.exchanges)),
            orders: office.open(Some(device))?.orders(),
        });
    }
    let status = told.status();
    let shell = shell(web, visit, told);
    Ok(show(status, &List { shell, rows }))
}

/// `POST /admin/devices`: the button says which order.
pub async fn order(
    State(web): State<Arc<Web>>,
    peer: Option<Extension<Peer>>,
    posted: Posted,
) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    if posted.value("order") == "erase" {
        return erase(&web, &office, peer, &posted).await;
    }
    let ordered = async {
        let device = office.device(DeviceId(posted.number("device"))).await?;
        match posted.value("order") {
            "allow" => device.allow().await,
            "block" => device.block().await,
            "quarantine" => device.quarantine().await,
            "wipe" => device.wipe().await,
            "cancel" => device.cancel().await,
            "forget" => device.forget().await,
            _ => Err(Error::NotFound),
        }
    };
    let ordered = ordered.await;
    settled(
        &web,
        visit,
        ordered,
        Deed::AdminSaved,
        "/admin/devices",
        async |told| show_list(&web, visit, &office, told).await,
    )
    .await
}

/// The whole device, by typing its name and the administrator's own password.
async fn erase(
    web: &Arc<Web>,
    office: &Office,
    peer: Option<Extension<Peer>>,
    posted: &Posted,
) -> Response {
    let visit = &posted.visit;
    let erased = async {
        let device = office.device(DeviceId(posted.number("device"))).await?;
        erase_typed(web, posted, peer, &device).await
    };
    let told = match erased.await {
        Ok(None) => return Done::of(Deed::AdminSaved).at("/admin/devices"),
        Ok(Some(refused)) => refused,
        Err(error) => return visit.failed(web, &error),
    };
    visit.answer(web, show_list(web, visit, office, told)).await
}

//! `carnet device`

use clap::Subcommand;

use super::{Done, Output, commit, person, text};
use crate::{
    domain::{
        batch::{DeviceAccess, Op},
        id::DeviceId,
        store::Store,
    },
    store::sqlite::Sqlite,
};

#[derive(Subcommand)]
pub enum Command {
    /// List the devices of one account, or of all
    List { login: Option<String> },
    /// Refuse a device
    Block { login: String, device_id: String },
    /// Let a device in again
    Allow { login: String, device_id: String },
    /// Remove the account's data from a device at its next contact
    Wipe { login: String, device_id: String },
    /// Forget a device; it starts over when it comes back
    Forget { login: String, device_id: String },
}

pub async fn run(store: &Sqlite, command: Command, json: bool) -> Done {
    let (login, device_id, access) = match &command {
        Command::List { login } => return list(store, login.as_deref(), json).await,
        Command::Block { login, device_id } => (login, device_id, Some(DeviceAccess::Blocked)),
        Command::Allow { login, device_id } => (login, device_id, Some(DeviceAccess::Allowed)),
        Command::Wipe { login, device_id } => (login, device_id, Some(DeviceAccess::WipePending)),
        Command::Forget { login, device_id } => (login, device_id, None),
    };
    let device = find(store, login, device_id).await?;
    match access {
        Some(access) => {
            commit(store, Op::SetDeviceAccess { device, access }).await?;
            text(format!("{device_id} of {login}: {}\n", access.as_str()))
        }
        None => {
            commit(store, Op::ForgetDevice { device }).await?;
            text(format!("{device_id} of {login} forgotten\n"))
        }
    }
}

async fn find(store: &Sqlite, login: &str, device_id: &str) -> Result<DeviceId, String> {
    let owner = person(store, login).await?.id;
    let found = store.device(owner, device_id).await;
    found
        .map_err(|error| error.to_string())?
        .map(|device| device.id)
        .ok_or_else(|| format!("{login} has no device {device_id}"))
}

async fn list(store: &Sqlite, login: Option<&str>, json: bool) -> Done {
    let owner = match login {
        Some(login) => Some(person(store, login).await?.id),
        None => None,
    };
    let devices = store
        .devices(owner)
        .await
        .map_err(|error| error.to_string())?;
    if json {
        return Ok(Output::Json(serde_json::json!(devices)));
    }
    let mut lines = String::new();
    for device in devices {
        lines.push_str(&format!(
            "{}\t{}\t{}\t{}\n",
            device.device_id,
            device.device_type,
            device.version,
            device.access.as_str()
        ));
    }
    text(lines)
}

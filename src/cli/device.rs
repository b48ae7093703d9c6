//! `carnet device`

use clap::Subcommand;

use super::{Done, Output, commit, person, text};
use crate::{
    domain::{
        batch::{DeviceAccess, Op},
        id::DeviceId,
        store::Store,
        view::{Mode, Shown},
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
    Wipe {
        login: String,
        device_id: String,
        /// Erase everything on the device, not only this account
        #[arg(long, requires = "yes")]
        whole_device: bool,
        /// Confirm --whole-device
        #[arg(long)]
        yes: bool,
    },
    /// Choose how a device is shown the books: folders, merged, own-only, or auto (as its kind likes)
    View {
        login: String,
        device_id: String,
        #[arg(value_parser = ["folders", "merged", "own-only", "auto"])]
        view: String,
    },
    /// List the books a device is shown, and hide or show one
    Books {
        login: String,
        device_id: String,
        /// The group (or private book) it is not shown any more
        #[arg(long, value_name = "NAME", conflicts_with = "show")]
        hide: Option<String>,
        /// The group (or private book) it is shown again
        #[arg(long, value_name = "NAME")]
        show: Option<String>,
    },
    /// Forget a device; it starts over when it comes back
    Forget { login: String, device_id: String },
}

pub async fn run(store: &Sqlite, command: Command, json: bool) -> Done {
    let (login, device_id, access) = match &command {
        Command::List { login } => return list(store, login.as_deref(), json).await,
        Command::Block { login, device_id } => (login, device_id, Some(DeviceAccess::Blocked)),
        Command::Allow { login, device_id } => (login, device_id, Some(DeviceAccess::Allowed)),
        Command::Wipe {
            login,
            device_id,
            whole_device,
            ..
        } => {
            let access = match whole_device {
                true => DeviceAccess::ErasePending,
                false => DeviceAccess::WipePending,
            };
            (login, device_id, Some(access))
        }
        Command::View {
            login,
            device_id,
            view,
        } => return set_view(store, login, device_id, view).await,
        Command::Books {
            login,
            device_id,
            hide,
            show,
        } => {
            let change = hide
                .as_deref()
                .map(|name| (name, true))
                .or(show.as_deref().map(|name| (name, false)));
            return books(store, login, device_id, change, json).await;
        }
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

async fn shown(store: &Sqlite, device: DeviceId) -> Result<Shown, String> {
    let stored = store.device_value(device, Shown::VALUE).await;
    let stored = stored.map_err(|error| error.to_string())?;
    Ok(stored
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default())
}

async fn set_view(store: &Sqlite, login: &str, device_id: &str, view: &str) -> Done {
    let device = find(store, login, device_id).await?;
    let mut shown = shown(store, device).await?;
    shown.mode = Mode::parse(view);
    commit(store, Op::ShowBooks { device, shown }).await?;
    text(format!("{device_id} of {login}: {view}\n"))
}

/// Lists the books, after hiding (`true`) or showing one.
async fn books(
    store: &Sqlite,
    login: &str,
    device_id: &str,
    change: Option<(&str, bool)>,
    json: bool,
) -> Done {
    let owner = person(store, login).await?.id;
    let device = find(store, login, device_id).await?;
    let mut shown = shown(store, device).await?;
    let books = store
        .books(owner)
        .await
        .map_err(|error| error.to_string())?;
    if let Some((name, hide)) = change {
        let book = books
            .iter()
            .find(|book| book.segment == name || book.display_name == name)
            .ok_or_else(|| format!("{login} has no book {name}"))?;
        if book.is_default() {
            return Err("the default book is always shown".to_owned());
        }
        shown.hidden.retain(|uuid| *uuid != book.uuid);
        if hide {
            shown.hidden.push(book.uuid.clone());
        }
        let shown = shown.clone();
        commit(store, Op::ShowBooks { device, shown }).await?;
    }
    let listed = books
        .iter()
        .map(|book| (&book.display_name, !shown.hidden.contains(&book.uuid)));
    if json {
        let listed: Vec<_> = listed
            .map(|(name, shown)| serde_json::json!({ "name": name, "shown": shown }))
            .collect();
        return Ok(Output::Json(serde_json::json!(listed)));
    }
    text(
        listed
            .map(|(name, shown)| format!("{name}\t{}\n", if shown { "shown" } else { "hidden" }))
            .collect::<String>(),
    )
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

//! `carnet device`

use clap::Subcommand;

use super::{Done, Output, person, text};
use crate::domain::{
    collection::Collection, device::OpenDevice, error::Error, journal::Exchange, office::Office,
    store::Device, view::Mode,
};

#[derive(Subcommand)]
pub enum Command {
    /// List the devices of one account, or of all: owner, id, type, version, access, name, last contact
    List { login: Option<String> },
    /// The last exchanges with a device
    Log { login: String, device_id: String },
    /// Hold a device until it is allowed
    Quarantine { login: String, device_id: String },
    /// Call a device otherwise
    Rename {
        login: String,
        device_id: String,
        name: String,
    },
    /// Make a device start again from the server's data
    Resync { login: String, device_id: String },
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

/// Runs `carnet device`.
pub async fn run(office: &Office, command: Command, json: bool) -> Done {
    let store = office.core().store();
    match command {
        Command::List { login } => list(office, login.as_deref(), json).await,
        Command::Log { login, device_id } => {
            log(&open(office, &login, &device_id).await?, office, json).await
        }
        Command::Block { login, device_id } => {
            let device = open(office, &login, &device_id).await?;
            ordered(device.block().await, &login, &device_id, "blocked")
        }
        Command::Quarantine { login, device_id } => {
            let device = open(office, &login, &device_id).await?;
            ordered(device.quarantine().await, &login, &device_id, "quarantined")
        }
        Command::Allow { login, device_id } => {
            let device = open(office, &login, &device_id).await?;
            let done = if device.orders().cancel {
                device.cancel().await
            } else {
                device.allow().await
            };
            ordered(done, &login, &device_id, "allowed")
        }
        Command::Wipe {
            login,
            device_id,
            whole_device,
            ..
        } => {
            let device = open(office, &login, &device_id).await?;
            if whole_device {
                let name = device.device().shown_name().to_owned();
                let done = device.erase(&name).await;
                ordered(done, &login, &device_id, "erase-pending")
            } else {
                ordered(device.wipe().await, &login, &device_id, "wipe-pending")
            }
        }
        Command::Rename {
            login,
            device_id,
            name,
        } => {
            let device = open(office, &login, &device_id).await?;
            device.rename(&name).await.map_err(|e| e.to_string())?;
            text(format!("{device_id} of {login} is called {name}\n"))
        }
        Command::Resync { login, device_id } => {
            let device = open(office, &login, &device_id).await?;
            device.resynchronize().await.map_err(|e| e.to_string())?;
            text(format!("{device_id} of {login} starts over\n"))
        }
        Command::View {
            login,
            device_id,
            view,
        } => {
            let device = open(office, &login, &device_id).await?;
            let mut shown = device.shown().await.map_err(|e| e.to_string())?;
            shown.mode = Mode::parse(&view);
            device.show(shown).await.map_err(|e| e.to_string())?;
            text(format!("{device_id} of {login}: {view}\n"))
        }
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
            let device = open(office, &login, &device_id).await?;
            let owner = device.device().person;
            let books = store.books(owner).await.map_err(|e| e.to_string())?;
            self::books(&device, books, &login, change, json).await
        }
        Command::Forget { login, device_id } => {
            let device = open(office, &login, &device_id).await?;
            ordered(device.forget().await, &login, &device_id, "forgotten")
        }
    }
}

async fn open(office: &Office, login: &str, device_id: &str) -> Result<OpenDevice, String> {
    let owner = person(&**office.core().store(), login).await?.id;
    match office.device_named(owner, device_id).await {
        Err(Error::NotFound) => Err(format!("{login} has no device {device_id}")),
        found => found.map_err(|error| error.to_string()),
    }
}

fn ordered(
    done: crate::domain::error::Result<()>,
    login: &str,
    device_id: &str,
    state: &str,
) -> Done {
    match done {
        Ok(()) => text(format!("{device_id} of {login}: {state}\n")),
        Err(Error::Forbidden { .. }) => {
            Err(format!("{device_id} of {login} cannot be {state} as it is"))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The last exchanges of a device, oldest first.
async fn log(device: &OpenDevice, office: &Office, json: bool) -> Done {
    let label = device.device().label();
    let clients = office.clients().await.map_err(|error| error.to_string())?;
    let exchanges = clients
        .into_iter()
        .find(|client| client.person == device.device().person && client.label == label)
        .map_or(Vec::new(), |client| client.exchanges);
    if json {
        return Ok(Output::Json(serde_json::json!(exchanges)));
    }
    let line = |exchange: &Exchange| {
        let at = chrono::DateTime::from_timestamp_millis(exchange.at.0).unwrap_or_default();
        let event = serde_json::to_string(&exchange.event).unwrap_or_default();
        format!(
            "{}\t{event}\t{}\n",
            at.format("%Y-%m-%dT%H:%M:%SZ"),
            exchange.technical
        )
    };
    text(exchanges.iter().map(line).collect::<String>())
}

/// Lists the books, after hiding (`true`) or showing one.
async fn books(
    device: &OpenDevice,
    books: Vec<Collection>,
    login: &str,
    change: Option<(&str, bool)>,
    json: bool,
) -> Done {
    let mut shown = device.shown().await.map_err(|error| error.to_string())?;
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
        device
            .show(shown)
            .await
            .map_err(|error| error.to_string())?;
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

async fn list(office: &Office, login: Option<&str>, json: bool) -> Done {
    let store = office.core().store();
    let owner = match login {
        Some(login) => Some(person(&**store, login).await?.id),
        None => None,
    };
    let mut devices = office.devices().await.map_err(|error| error.to_string())?;
    devices.retain(|device| owner.is_none_or(|owner| device.person == owner));
    let logins = office.logins().await.map_err(|error| error.to_string())?;
    let owner_of = |device: &Device| logins.get(&device.person).cloned().unwrap_or_default();
    if json {
        let rows = devices.iter().map(|device| {
            let mut row = serde_json::json!(device);
            row["login"] = owner_of(device).into();
            row
        });
        return Ok(Output::Json(rows.collect()));
    }
    let mut lines = String::new();
    for device in devices {
        let seen = chrono::DateTime::from_timestamp_millis(device.last_seen.0).unwrap_or_default();
        lines.push_str(&format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            owner_of(&device),
            device.device_id,
            device.device_type,
            device.version,
            device.access.as_str(),
            device.name,
            seen.format("%Y-%m-%dT%H:%M:%SZ"),
        ));
    }
    text(lines)
}

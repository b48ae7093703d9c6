//! `carnet backup`, `carnet restore` and `carnet check`

use std::{path::Path, sync::Arc};

use clap::Args;

use super::{Done, Output, text};
use crate::{
    config::Config,
    domain::{class::Class, office::Office, store::Store},
    store::sqlite::{self, Sqlite},
};

#[derive(Args)]
pub struct Check {
    /// Make derived rows anew first
    #[arg(long)]
    rebuild: bool,
}

/// Runs `carnet backup`: writes a consistent copy while the server may run.
pub async fn backup(office: &Office, file: &Path) -> Done {
    if file.exists() {
        return Err(format!("{} exists already", file.display()));
    }
    let whole = std::path::absolute(file).map_err(|error| error.to_string())?;
    office
        .back_up(&whole)
        .await
        .map_err(|error| error.to_string())?;
    text(format!("written to {}\n", file.display()))
}

/// Runs `carnet restore`.
pub fn restore(config: &Config, file: &Path) -> Done {
    sqlite::restore(file, &config.data).map_err(|error| error.to_string())?;
    text(format!(
        "{} restored; clients start over by themselves\n",
        file.display()
    ))
}

/// Runs `carnet check`; fails when an invariant is broken.
pub async fn check(
    store: &Sqlite,
    classes: &[Arc<dyn Class>],
    options: &Check,
    json: bool,
) -> Done {
    if options.rebuild {
        store
            .rebuild(classes)
            .await
            .map_err(|error| error.to_string())?;
    }
    let broken = store.check().await.map_err(|error| error.to_string())?;
    if !broken.is_empty() {
        return Err(format!("invariants are broken:\n{}", broken.join("\n")));
    }
    if json {
        Ok(Output::Json(serde_json::json!({ "broken": [] })))
    } else {
        text("every invariant holds\n")
    }
}

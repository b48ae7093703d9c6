//! One file per command.

pub mod folder_sync;
mod get_item_estimate;
mod item_operations;
mod ping;
mod provision;
mod search;
mod settings;
mod sync;

use http::StatusCode;

use super::request::{Call, Reply};
use crate::domain::error::Result;

/// Runs a command by its name.
pub async fn run(call: &Call, command: &str) -> Result<Reply> {
    match command {
        "Sync" => sync::run(call).await,
        "FolderSync" => folder_sync::run(call).await,
        "GetItemEstimate" => get_item_estimate::run(call).await,
        "ItemOperations" => item_operations::run(call).await,
        "Ping" => ping::run(call).await,
        "Provision" => provision::run(call).await,
        "Search" => search::run(call).await,
        "Settings" => settings::run(call).await,
        _ => Ok(Reply::Http(StatusCode::NOT_IMPLEMENTED)),
    }
}

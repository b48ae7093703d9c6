//! One file per command.

mod find;
mod folder_create;
mod folder_delete;
pub mod folder_sync;
mod folder_update;
mod get_item_estimate;
mod item_operations;
mod mail;
mod mailbox;
mod move_items;
mod ping;
mod provision;
mod resolve_recipients;
mod search;
mod settings;
mod sync;
mod validate_cert;

use carnet_proto::{
    eas::request_line::Version,
    wbxml::{Tag, page},
};
use http::StatusCode;

use super::request::{Call, Reply};
use crate::domain::error::Result;

/// Every command served, in the order of OPTIONS: the root element of its messages, and the first
/// version that has it.
const ALL: [(&str, Tag, Version); 20] = [
    ("Sync", page::air_sync::SYNC, Version::V2_5),
    ("SendMail", page::compose_mail::SEND_MAIL, Version::V2_5),
    (
        "SmartForward",
        page::compose_mail::SMART_FORWARD,
        Version::V2_5,
    ),
    ("SmartReply", page::compose_mail::SMART_REPLY, Version::V2_5),
    // Its answers are no WBXML.
    (
        "GetAttachment",
        page::item_operations::ITEM_OPERATIONS,
        Version::V2_5,
    ),
    ("MoveItems", page::move_items::MOVE_ITEMS, Version::V2_5),
    (
        "MeetingResponse",
        page::meeting_response::MEETING_RESPONSE,
        Version::V2_5,
    ),
    (
        "FolderSync",
        page::folder_hierarchy::FOLDER_SYNC,
        Version::V2_5,
    ),
    (
        "FolderCreate",
        page::folder_hierarchy::FOLDER_CREATE,
        Version::V2_5,
    ),
    (
        "FolderDelete",
        page::folder_hierarchy::FOLDER_DELETE,
        Version::V2_5,
    ),
    (
        "FolderUpdate",
        page::folder_hierarchy::FOLDER_UPDATE,
        Version::V2_5,
    ),
    (
        "GetItemEstimate",
        page::get_item_estimate::GET_ITEM_ESTIMATE,
        Version::V2_5,
    ),
    ("Search", page::search::SEARCH, Version::V2_5),
    ("Settings", page::settings::SETTINGS, Version::V12_0),
    ("Ping", page::ping::PING, Version::V2_5),
    (
        "ItemOperations",
        page::item_operations::ITEM_OPERATIONS,
        Version::V12_0,
    ),
    ("Provision", page::provision::PROVISION, Version::V2_5),
    (
        "ResolveRecipients",
        page::resolve_recipients::RESOLVE_RECIPIENTS,
        Version::V2_5,
    ),
    (
        "ValidateCert",
        page::validate_cert::VALIDATE_CERT,
        Version::V2_5,
    ),
    ("Find", page::find::FIND, Version::V16_1),
];

/// The names of all commands, as OPTIONS lists them.
pub fn names() -> String {
    ALL.map(|(name, ..)| name).join(",")
}

/// The canonical name of a command; `other` for an unknown one.
pub fn name_of(command: &str) -> &'static str {
    ALL.iter()
        .find(|(name, ..)| *name == command)
        .map_or("other", |(name, ..)| name)
}

/// The root element of a command's messages; none for an unknown command.
pub fn root_of(command: &str) -> Option<Tag> {
    ALL.iter()
        .find(|(name, ..)| *name == command)
        .map(|(_, root, _)| *root)
}

/// Whether a version has a command.
pub fn is_served(command: &str, version: Version) -> bool {
    ALL.iter()
        .any(|(name, _, since)| *name == command && version >= *since)
}

/// Whether the body is a raw MIME message, not WBXML ([MS-ASCMD] 2.2.1.17, before 14.0).
pub fn is_raw(command: &str, version: Version) -> bool {
    version < Version::V14_0 && matches!(command, "SendMail" | "SmartForward" | "SmartReply")
}

/// Runs a command. Each runs in a box, so that a held request is no larger than its wait.
pub async fn run(call: Box<Call>, command: &str) -> Result<Reply> {
    match command {
        "Sync" => sync::run(call).await,
        "Ping" => ping::run(call).await,
        _ => Box::pin(answer(&call, command)).await,
    }
}

/// Commands that never wait.
async fn answer(call: &Call, command: &str) -> Result<Reply> {
    match command {
        "FolderSync" => folder_sync::run(call).await,
        "FolderCreate" => folder_create::run(call).await,
        "FolderDelete" => folder_delete::run(call).await,
        "FolderUpdate" => folder_update::run(call).await,
        "GetItemEstimate" => get_item_estimate::run(call).await,
        "ItemOperations" => item_operations::run(call).await,
        "Provision" => provision::run(call).await,
        "Search" => search::run(call).await,
        "MoveItems" => move_items::run(call).await,
        "Find" => find::run(call).await,
        "ResolveRecipients" => resolve_recipients::run(call).await,
        "ValidateCert" => validate_cert::run(call),
        "Settings" => settings::run(call).await,
        "SendMail" | "SmartForward" | "SmartReply" => mail::send(call, command).await,
        "MeetingResponse" => mail::meeting_response(call),
        "GetAttachment" => Ok(Reply::Http(StatusCode::NOT_FOUND)),
        _ => Ok(Reply::Http(StatusCode::NOT_IMPLEMENTED)),
    }
}

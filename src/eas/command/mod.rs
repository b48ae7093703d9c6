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

use carnet_proto::{eas::Command, wbxml::page::compose_mail as m};
use http::StatusCode;

use super::{
    reply::{Reply, Stop},
    request::Call,
};

/// The names of the commands served, as OPTIONS lists them.
pub fn names() -> String {
    let served = Command::ALL
        .iter()
        .filter(|command| command.root().is_some());
    let names: Vec<&str> = served.map(|command| command.name()).collect();
    names.join(",")
}

/// Runs a command. Each that never waits runs in a box, so that a held request is no larger than
/// its wait.
pub async fn run(call: Box<Call>, command: Command) -> Result<Reply, Stop> {
    let _turn = match command {
        Command::FolderSync
        | Command::FolderCreate
        | Command::FolderDelete
        | Command::FolderUpdate
        | Command::Provision => Some(call.face.turns.of(call.device_id()).await),
        _ => None,
    };
    Ok(match command {
        Command::Sync => sync::run(call).await?,
        Command::Ping => ping::run(call).await?,
        Command::SendMail => Box::pin(mail::send(&call, m::SEND_MAIL)).await?,
        Command::SmartForward => Box::pin(mail::send(&call, m::SMART_FORWARD)).await?,
        Command::SmartReply => Box::pin(mail::send(&call, m::SMART_REPLY)).await?,
        Command::GetAttachment => Reply::Http(StatusCode::NOT_FOUND),
        Command::FolderSync => Box::pin(folder_sync::run(&call)).await?,
        Command::FolderCreate => Box::pin(folder_create::run(&call)).await?,
        Command::FolderDelete => Box::pin(folder_delete::run(&call)).await?,
        Command::FolderUpdate => Box::pin(folder_update::run(&call)).await?,
        Command::MoveItems => Box::pin(move_items::run(&call)).await?,
        Command::GetItemEstimate => Box::pin(get_item_estimate::run(&call)).await?,
        Command::MeetingResponse => mail::meeting_response(&call),
        Command::Search => Box::pin(search::run(&call)).await?,
        Command::Settings => Box::pin(settings::run(&call)).await?,
        Command::ItemOperations => Box::pin(item_operations::run(&call)).await?,
        Command::Provision => Box::pin(provision::run(&call)).await?,
        Command::ResolveRecipients => Box::pin(resolve_recipients::run(&call)).await?,
        Command::ValidateCert => validate_cert::run(&call),
        Command::Find => Box::pin(find::run(&call)).await?,
        Command::GetHierarchy
        | Command::CreateCollection
        | Command::DeleteCollection
        | Command::MoveCollection
        | Command::Unknown => Reply::Http(StatusCode::NOT_IMPLEMENTED),
    })
}

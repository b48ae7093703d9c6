//! Sync ([MS-ASCMD] 2.2.1.21)

use std::sync::Arc;

use carnet_proto::{
    eas::{
        request_line::Version,
        sync::{Collection, Command as Sent, Request},
    },
    wbxml::{Encoder, Tag, page::air_sync as a},
};
use serde::{Deserialize, Serialize};

use super::super::{
    facet::Supported,
    folders::{self, Target},
    request::{Call, Reply, command_status},
    wait::{Hears, Woken, hold},
};
use crate::domain::{
    actor::Actor,
    book::{Book, Edit},
    device_sync::{Answer, Change, Command, DeviceBook, Failure, Outcome, SyncCall, SyncReply},
    error::{Error, Result},
    item::digest,
};

/// Items in one answer when the client names no window, and at most ([MS-ASCMD] 2.2.3.199).
const DEFAULT_WINDOW: u32 = 100;
const MAX_WINDOW: u32 = 512;
/// Commands in one request; the letter of the protocol says 200.
const MAX_COMMANDS: usize = 1000;
const MAX_COLLECTIONS: usize = 300;
/// The one key of folders that are always empty.
const EMPTY_KEY: &str = "e1";

/// What a device asked last, for empty and partial requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Asked {
    folders: Vec<String>,
    seconds: Option<u64>,
    window: Option<u32>,
}

const VALUE: &str = "sync";

/// What is kept with the key of a collection.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Settings {
    /// `(page, token)` of the elements the client manages.
    supported: Option<Vec<(u8, u8)>>,
    truncation: Option<u32>,
    window: Option<u32>,
}

/// The answer for one collection.
struct Part {
    id: String,
    key: String,
    status: u16,
    answer: Option<Box<(Answer, Book, Settings)>>,
    /// Adds into a folder that keeps nothing yet.
    refused: Vec<String>,
}

pub async fn run(call: &Call) -> Result<Reply> {
    let former: Option<Asked> = call.value(VALUE).await?;
    let Some(mut request) = request(call, former.as_ref()).await? else {
        // No cached request to repeat.
        return Ok(Reply::Wbxml(command_status(a::SYNC, 13)));
    };
    if let Err(status) = request {
        return Ok(Reply::Wbxml(command_status(a::SYNC, status)));
    }
    let Ok(sync) = &mut request else {
        return Ok(Reply::Empty);
    };
    let seconds = match (sync.wait, sync.heartbeat) {
        (Some(_), Some(_)) => return Ok(Reply::Wbxml(command_status(a::SYNC, 4))),
        (Some(minutes), None) if !(1..=59).contains(&minutes) => {
            return Ok(limit(14, minutes.clamp(1, 59)));
        }
        (None, Some(seconds)) if !(60..=3540).contains(&seconds) => {
            return Ok(limit(14, seconds.clamp(60, 3540)));
        }
        (Some(minutes), None) => Some(u64::from(minutes) * 60),
        (None, seconds) => seconds.map(u64::from),
    };
    if sync.collections.len() > MAX_COLLECTIONS {
        return Ok(limit(15, MAX_COLLECTIONS as u32));
    }
    let asked = Asked {
        folders: sync.collections.iter().map(|c| c.id.clone()).collect(),
        seconds,
        window: sync.window,
    };
    if former.as_ref() != Some(&asked) {
        call.set_value(VALUE, &asked).await?;
    }
    let Some(mut parts) = answer_all(call, &call.actor, sync).await? else {
        return Ok(Reply::Wbxml(command_status(a::SYNC, 12)));
    };
    let quiet = |parts: &[Part]| parts.iter().all(Part::is_silent);
    let wrote = sync.collections.iter().any(|c| !c.commands.is_empty());
    if let (Some(seconds), true, false) = (seconds, quiet(&parts), wrote) {
        let seconds = seconds.min(call.face.max_heartbeat());
        match hold(call, &asked.folders, seconds, Hears::FoldersOnly).await? {
            Woken::Changes(_) => {
                let actor = call.renew().await?;
                match answer_all(call, &actor, sync).await? {
                    Some(woken) => parts = woken,
                    None => return Ok(Reply::Wbxml(command_status(a::SYNC, 12))),
                }
            }
            Woken::Hierarchy => return Ok(Reply::Wbxml(command_status(a::SYNC, 12))),
            Woken::TimeOver | Woken::Superseded => {}
        }
    }
    if quiet(&parts) {
        return Ok(Reply::Empty);
    }
    Ok(Reply::Wbxml(encode(call, &parts)))
}

/// The request, completed from the cached one; the status where it is malformed.
async fn request(
    call: &Call,
    former: Option<&Asked>,
) -> Result<Option<std::result::Result<Request, u16>>> {
    let mut request = match &call.body {
        None => Request::default(),
        Some(root) => match Request::read(root) {
            Ok(request) => request,
            Err(error) => {
                tracing::info!(%error, "malformed Sync");
                return Ok(Some(Err(4)));
            }
        },
    };
    if call.body.is_some() && !request.partial {
        return Ok(match request.collections.is_empty() {
            true => Some(Err(4)),
            false => Some(Ok(request)),
        });
    }
    let Some(former) = former else {
        return Ok(None);
    };
    if request.wait.is_none() && request.heartbeat.is_none() {
        request.heartbeat = former
            .seconds
            .and_then(|seconds| u32::try_from(seconds).ok());
    }
    request.window = request.window.or(former.window);
    for id in &former.folders {
        if request.collections.iter().any(|c| c.id == *id) {
            continue;
        }
        let key = match folders::find(call, &call.actor, id).await? {
            Some(Target::Book(book)) => {
                let book = DeviceBook::new(*book, call.device_id());
                book.current().await?.map(|(key, _)| key)
            }
            Some(Target::Default) => Some(EMPTY_KEY.to_owned()),
            None => None,
        };
        if let Some(key) = key {
            request.collections.push(Collection {
                id: id.clone(),
                key,
                ..Collection::default()
            });
        }
    }
    Ok(Some(Ok(request)))
}

/// The answers in the order of the request; none when a folder does not exist any more.
async fn answer_all(
    call: &Call,
    actor: &Arc<Actor>,
    request: &Request,
) -> Result<Option<Vec<Part>>> {
    let mut room = request.window.map_or(usize::MAX, window_of);
    let mut parts = Vec::new();
    for collection in &request.collections {
        let part = match folders::find(call, actor, &collection.id).await? {
            None => return Ok(None),
            Some(Target::Default) => empty_folder(collection),
            Some(Target::Book(book)) => answer(call, *book, collection, room).await?,
        };
        if let Some(answer) = &part.answer {
            room = room.saturating_sub(answer.0.changes.len());
        }
        parts.push(part);
    }
    Ok(Some(parts))
}

/// A folder without items: primed once, then silent.
fn empty_folder(collection: &Collection) -> Part {
    let refused = collection
        .commands
        .iter()
        .filter_map(|command| match command {
            Sent::Add { client_id, .. } => Some(client_id.clone()),
            _ => None,
        })
        .collect();
    let known = collection.key == "0" || collection.key == EMPTY_KEY;
    Part {
        id: collection.id.clone(),
        key: if known { EMPTY_KEY } else { "0" }.to_owned(),
        status: if known { 1 } else { 3 },
        answer: None,
        refused: match collection.key.as_str() {
            "0" => vec![],
            _ => refused,
        },
    }
    .primed(collection.key == "0" || !known)
}

async fn answer(call: &Call, book: Book, collection: &Collection, room: usize) -> Result<Part> {
    let part = |key: &str, status| Part {
        id: collection.id.clone(),
        key: key.to_owned(),
        status,
        answer: None,
        refused: Vec::new(),
    };
    if collection.commands.len() > MAX_COMMANDS {
        return Ok(part(&collection.key, 4).primed(true));
    }
    let device_book = DeviceBook::new(book.clone(), call.device_id());
    let settings = settings(&device_book, collection).await?;
    let is_prime = collection.key == "0";
    let view = call.view(settings.truncation, book.is_private());
    let supported = match &settings.supported {
        None => Supported::Absent,
        Some(list) => Supported::Listed(
            list.iter()
                .map(|(page, token)| Tag {
                    page: *page,
                    token: *token,
                })
                .collect(),
        ),
    };
    let mut commands = Vec::new();
    for sent in &collection.commands {
        let edit = |data| {
            let made = call.face.facet.clone().edit(data, &view, &supported);
            // What cannot be read is refused when it is applied, by itself.
            made.unwrap_or_else(|error| Arc::new(Unreadable(error)))
        };
        commands.push(match sent {
            Sent::Add { client_id, data } => Command::Add {
                client_id: client_id.clone(),
                fingerprint: call.face.facet.fingerprint(data),
                edit: edit(data),
            },
            Sent::Change { server_id, data } => Command::Change {
                server_id: server_id.clone(),
                edit: edit(data),
            },
            Sent::Delete { server_id } => Command::Delete {
                server_id: server_id.clone(),
            },
            Sent::Fetch { server_id } => Command::Fetch {
                server_id: server_id.clone(),
            },
        });
    }
    let window = settings.window.map_or(DEFAULT_WINDOW as usize, window_of);
    let reply = device_book
        .sync(&SyncCall {
            key: (!is_prime).then(|| collection.key.clone()),
            commands,
            get_changes: collection.get_changes.unwrap_or(!is_prime),
            window: window.min(room),
            request: digest(format!("{} {collection:?}", call.version).as_bytes()),
            settings: serde_json::to_string(&settings).ok(),
        })
        .await?;
    Ok(match reply {
        SyncReply::Primed { key } => part(&key, 1).primed(true),
        SyncReply::UnknownKey => part("0", 3).primed(true),
        SyncReply::Answer(answer) => {
            let key = answer.key.clone();
            let mut part = part(&key, 1);
            part.answer = Some(Box::new((answer, book, settings)));
            part.primed(key != collection.key)
        }
    })
}

/// Kept settings with what the request says anew.
async fn settings(book: &DeviceBook, collection: &Collection) -> Result<Settings> {
    let mut settings = match collection.key.as_str() {
        "0" => Settings::default(),
        _ => book
            .current()
            .await?
            .and_then(|(_, kept)| serde_json::from_str(&kept).ok())
            .unwrap_or_default(),
    };
    if let Some(supported) = &collection.supported {
        settings.supported = Some(supported.iter().map(|tag| (tag.page, tag.token)).collect());
    }
    if let Some(options) = &collection.options {
        settings.truncation = options.truncation;
    }
    settings.window = collection.window.or(settings.window);
    Ok(settings)
}

/// 0 and what is more than 512 mean 512.
fn window_of(window: u32) -> usize {
    match window {
        0 => MAX_WINDOW as usize,
        window => window.min(MAX_WINDOW) as usize,
    }
}

/// Data that could not be read: refused with status 6, by itself.
struct Unreadable(Error);

impl Edit for Unreadable {
    fn apply(&self, _current: Option<&[u8]>) -> Result<Vec<u8>> {
        Err(self.0.clone())
    }
}

impl Part {
    /// Marks a part that has to be said even without items, by giving it a refusal to make.
    fn primed(mut self, spoken: bool) -> Self {
        if !spoken && self.answer.is_none() && self.refused.is_empty() {
            self.status = 0;
        }
        self
    }

    /// Nothing a device has to be told: no new key, no items.
    fn is_silent(&self) -> bool {
        match &self.answer {
            None => self.status == 0,
            Some(answer) => {
                answer.0.outcomes.is_empty() && answer.0.changes.is_empty() && !answer.0.new_key
            }
        }
    }
}

/// Order as the schema has it; nothing empty, MoreAvailable before the items.
fn encode(call: &Call, parts: &[Part]) -> Vec<u8> {
    let mut out = Encoder::new();
    out.open(a::SYNC).open(a::COLLECTIONS);
    for part in parts.iter().filter(|part| !part.is_silent()) {
        out.open(a::COLLECTION);
        if call.version < Version::V14_0 {
            out.text(a::CLASS, "Contacts");
        }
        out.text(a::SYNC_KEY, &part.key)
            .text(a::COLLECTION_ID, &part.id)
            .number(a::STATUS, part.status.max(1));
        if !part.refused.is_empty() {
            out.open(a::RESPONSES);
            for client_id in &part.refused {
                out.open(a::ADD)
                    .text(a::CLIENT_ID, client_id)
                    .number(a::STATUS, 6)
                    .close();
            }
            out.close();
        }
        if let Some(answer) = &part.answer {
            let (answer, book, settings) = &**answer;
            if answer.more {
                out.empty(a::MORE_AVAILABLE);
            }
            responses(call, answer, book, settings, &mut out);
            changes(call, answer, book, settings, &mut out);
        }
        out.close();
    }
    out.close().close();
    out.finish()
}

/// Every Add, every Fetch, and what failed; silence is success.
fn responses(call: &Call, answer: &Answer, book: &Book, settings: &Settings, out: &mut Encoder) {
    let spoken = |outcome: &&Outcome| !matches!(outcome, Outcome::Done);
    if !answer.outcomes.iter().any(|outcome| spoken(&outcome)) {
        return;
    }
    out.open(a::RESPONSES);
    for outcome in answer.outcomes.iter().filter(spoken) {
        match outcome {
            Outcome::Done => {}
            Outcome::Added {
                client_id,
                server_id,
            } => {
                out.open(a::ADD)
                    .text(a::CLIENT_ID, client_id)
                    .text(a::SERVER_ID, server_id)
                    .number(a::STATUS, 1)
                    .close();
            }
            Outcome::AddFailed { client_id, failure } => {
                out.open(a::ADD)
                    .text(a::CLIENT_ID, client_id)
                    .number(a::STATUS, status_of(*failure))
                    .close();
            }
            Outcome::ChangeFailed { server_id, failure } => {
                out.open(a::CHANGE)
                    .text(a::SERVER_ID, server_id)
                    .number(a::STATUS, status_of(*failure))
                    .close();
            }
            Outcome::DeleteFailed { server_id, failure } => {
                out.open(a::DELETE)
                    .text(a::SERVER_ID, server_id)
                    .number(a::STATUS, status_of(*failure))
                    .close();
            }
            Outcome::Fetched { server_id } => {
                out.open(a::FETCH).text(a::SERVER_ID, server_id);
                match answer.fetched.get(server_id) {
                    Some(card) => {
                        out.number(a::STATUS, 1).open(a::APPLICATION_DATA);
                        let view = call.view(settings.truncation, book.is_private());
                        call.face.facet.export(&book.content(card), &view, out);
                        out.close();
                    }
                    None => {
                        out.number(a::STATUS, 8);
                    }
                }
                out.close();
            }
        }
    }
    out.close();
}

/// Item statuses ([MS-ASCMD] 2.2.3.177.17)
fn status_of(failure: Failure) -> u16 {
    match failure {
        Failure::Invalid => 6,
        Failure::Conflict => 7,
        Failure::NotFound => 8,
        Failure::OverQuota => 9,
    }
}

fn changes(call: &Call, answer: &Answer, book: &Book, settings: &Settings, out: &mut Encoder) {
    if answer.changes.is_empty() {
        return;
    }
    let view = call.view(settings.truncation, book.is_private());
    out.open(a::COMMANDS);
    for change in &answer.changes {
        let (tag, card) = match change {
            Change::Delete(server_id) => {
                out.open(a::DELETE).text(a::SERVER_ID, server_id).close();
                continue;
            }
            Change::Add(card) => (a::ADD, card),
            Change::Change(card) => (a::CHANGE, card),
        };
        out.open(tag)
            .text(a::SERVER_ID, &card.placement.server_id)
            .open(a::APPLICATION_DATA);
        call.face.facet.export(&book.content(card), &view, out);
        out.close().close();
    }
    out.close();
}

fn limit(status: u16, value: u32) -> Reply {
    let mut out = Encoder::new();
    out.open(a::SYNC)
        .number(a::STATUS, status)
        .number(a::LIMIT, value)
        .close();
    Reply::Wbxml(out.finish())
}

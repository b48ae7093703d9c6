//! Sync ([MS-ASCMD] 2.2.1.21)

mod book;
mod cache;
mod encode;
mod note;
mod standard;

use std::sync::Arc;

use carnet_proto::{
    eas::{
        request_line::Version,
        status,
        sync::{Collection, Request},
    },
    wbxml::{Element, Encoder, page::air_sync as a},
};

use self::{book::BookAnswer, cache::Asked};
use super::super::{
    folders::{self, Target},
    polls::{Held, Poll},
    reply::{Reply, Stop},
    request::Call,
    synced,
    wait::{Waiter, Watched, Woken},
};
use crate::domain::{actor::Actor, error::Error};

/// Items in one answer without a WindowSize ([MS-ASCMD] 2.2.3.199).
const DEFAULT_WINDOW: usize = 100;
const MAX_WINDOW: usize = 512;
/// Commands in one request: the protocol allows 200, but phones send more.
const MAX_COMMANDS: usize = 1000;
const MAX_COLLECTIONS: usize = 300;

/// The answer for one collection.
struct Part {
    id: String,
    key: String,
    said: Said,
}

enum Said {
    /// Nothing new for the device: no new key, no items.
    Nothing,
    /// A key and a status, without items.
    Status(status::Sync),
    Book(Box<BookAnswer>),
    /// Outcomes of commands in a folder that is always empty.
    Standard(Vec<standard::Fate>),
}

/// A completed and checked request.
struct Turn {
    collections: Vec<Arc<Collection>>,
    /// Items in the whole answer.
    window: usize,
    /// Longest time it may be held, in seconds.
    seconds: Option<u64>,
}

/// Answers Sync. A request without commands that has nothing to be told is held for its Wait or
/// HeartbeatInterval, and answered empty when that is over.
pub async fn run(mut call: Box<Call>) -> Result<Reply, Stop> {
    let body = call.body.take();
    let (turn, poll, parts) = Box::pin(begin(&call, body)).await?;
    let wrote = turn.collections.iter().any(|c| !c.commands.is_empty());
    let Some(seconds) = turn.seconds.filter(|_| is_quiet(&parts) && !wrote) else {
        return Ok(finish(&call, &parts));
    };
    // Folders that are left out are not waited for, nor are items nobody asked for.
    let is_answered = |id: &String| parts.iter().any(|part| part.id == *id);
    let watched = turn.collections.iter().filter(|c| is_answered(&c.id));
    let watched = watched.map(|c| (c.id.clone(), c.get_changes != Some(false)));
    let watched = Watched::Folders(watched.collect());
    drop(parts);
    let waiter = Waiter::new(&call, watched, poll);
    match waiter.hold(seconds.min(call.face.max_heartbeat())).await? {
        Woken::Changes(_) => {
            let again = Box::pin(async {
                let actor = waiter.actor().await?;
                let parts = answer_all(&call, &actor, &turn, waiter.poll()).await?;
                Ok::<_, Stop>(finish(&call, &parts))
            });
            Ok(waiter.unless_ended(again).await?.unwrap_or(Reply::Empty))
        }
        Woken::Barred(why) => Ok(why.reply(call.version, a::SYNC)),
        Woken::Hierarchy => Err(stop(status::Sync::FolderHierarchyChanged)),
        Woken::TimeOver | Woken::Superseded => Ok(finish(&call, &[])),
    }
}

/// Reads the request and answers it as things are now.
async fn begin(call: &Call, body: Option<Element>) -> Result<(Turn, Poll, Vec<Part>), Stop> {
    let turn = turn(call, body).await?;
    // A Sync of these folders that is held ends before anything is read: its key is an old one.
    let ids: Vec<String> = turn.collections.iter().map(|c| c.id.clone()).collect();
    let device = (call.person, call.device_id());
    let poll = call.face.polls.begin(device, Held::Sync, &ids);
    let parts = answer_all(call, &call.actor, &turn, &poll).await?;
    Ok((turn, poll, parts))
}

async fn turn(call: &Call, body: Option<Element>) -> Result<Turn, Stop> {
    // Without a body, without Collections or with Partial, the last request completes this one.
    if body.is_none() && call.version < Version::V12_1 {
        return Err(stop(status::Sync::ProtocolError));
    }
    let request = match body.as_ref().map(Request::read) {
        None => Request::default(),
        Some(Ok(request)) => request,
        Some(Err(error)) => {
            call.about.note_fault(format!("malformed Sync: {error}"));
            return Err(stop(status::Sync::ProtocolError));
        }
    };
    drop(body);
    let former: Option<Asked> = call.value(cache::VALUE).await?;
    let Some((mut collections, asked)) = cache::complete(call, request, former.as_ref()).await?
    else {
        return Err(stop(status::Sync::Incomplete));
    };
    if collections.is_empty() {
        return Err(stop(status::Sync::ProtocolError));
    }
    if collections.len() > MAX_COLLECTIONS {
        let most = MAX_COLLECTIONS as u32;
        return Err(limit(status::Sync::TooManyCollections, most).into());
    }
    let seconds = match (asked.wait, asked.heartbeat) {
        (Some(_), Some(_)) => return Err(stop(status::Sync::ProtocolError)),
        (Some(minutes), None) if !(1..=59).contains(&minutes) => {
            return Err(limit(status::Sync::InvalidWait, minutes.clamp(1, 59)).into());
        }
        (None, Some(seconds)) if !(60..=3540).contains(&seconds) => {
            return Err(limit(status::Sync::InvalidWait, seconds.clamp(60, 3540)).into());
        }
        (Some(minutes), None) => Some(u64::from(minutes) * 60),
        (None, seconds) => seconds.map(u64::from),
    };
    for collection in &mut collections {
        if let (true, Some(class)) = (collection.id.is_empty(), &collection.class) {
            collection.id = folders::of_class(call, class).await?;
        }
    }
    if former.as_ref() != Some(&asked) {
        call.set_value(cache::VALUE, &asked).await?;
    }
    Ok(Turn {
        collections: collections.into_iter().map(Arc::new).collect(),
        window: asked.window.map_or(usize::MAX, window_of),
        seconds,
    })
}

/// The answers in the order of the request, or the status when a folder no longer exists.
async fn answer_all(
    call: &Call,
    actor: &Arc<Actor>,
    turn: &Turn,
    poll: &Poll,
) -> Result<Vec<Part>, Stop> {
    let mut room = turn.window;
    let mut parts = Vec::with_capacity(turn.collections.len());
    for (at, collection) in turn.collections.iter().enumerate() {
        let is_second = turn.collections[..at]
            .iter()
            .any(|before| before.id == collection.id);
        let twice = is_second.then_some("the same collection twice");
        if let Some(fault) = collection.fault.map(|fault| fault.0).or(twice) {
            call.about.note_fault(format!("malformed Sync: {fault}"));
            parts.push(Part {
                id: collection.id.clone(),
                key: collection.key.clone(),
                said: Said::Status(status::Sync::ProtocolError),
            });
            continue;
        }
        let part = match folders::find(call, actor, &collection.id).await? {
            None => None,
            Some(Target::Default) => Some(standard::answer(call, actor, collection).await?),
            Some(Target::Book(book)) => {
                let answered = book::answer(call, *book, collection, room, poll).await;
                match answered {
                    Ok(part) => Some(part),
                    // The book was deleted during the request.
                    Err(Error::NotFound) => None,
                    Err(Error::Unavailable(_)) if poll.is_ended() => {
                        return Err(stop(status::Sync::Retry));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let Some(part) = part else {
            if !call.may_go_on().await? {
                return Err(Error::NotFound.into());
            }
            book::keep(call, actor, collection).await?;
            // Some clients repeat a Sync with status 12 for ever, or go on with stale ids: after a
            // few times the folder is left out.
            if call
                .face
                .restraint
                .may_tell(call.device_id(), &collection.id)
            {
                return Err(stop(status::Sync::FolderHierarchyChanged));
            }
            continue;
        };
        if let Said::Book(told) = &part.said {
            room = room.saturating_sub(told.answer.changes.len());
        }
        parts.push(part);
    }
    let has_key = |part: &&Part| {
        folders::standard_of(&part.id).is_none()
            && matches!(
                part.said,
                Said::Nothing | Said::Book(_) | Said::Status(status::Sync::Success)
            )
    };
    let ids: Vec<&str> = parts.iter().filter(has_key).map(|p| &p.id[..]).collect();
    let no_key = |part: &&Part| matches!(part.said, Said::Status(status::Sync::InvalidSyncKey));
    let refused: Vec<&str> = parts.iter().filter(no_key).map(|p| &p.id[..]).collect();
    synced::note(call, &ids, &refused).await?;
    Ok(parts)
}

fn is_quiet(parts: &[Part]) -> bool {
    parts.iter().all(|part| matches!(part.said, Said::Nothing))
}

/// Encodes the answer. From 12.1 on, collections without changes are left out.
fn finish(call: &Call, parts: &[Part]) -> Reply {
    let all = call.version < Version::V12_1;
    if parts.is_empty() || (is_quiet(parts) && !all) {
        return Reply::Empty;
    }
    let spoken =
        |part: &&Part| all || call.version < Version::V14_0 || !matches!(part.said, Said::Nothing);
    let spoken: Vec<&Part> = parts.iter().filter(spoken).collect();
    Reply::Wbxml(encode::answer(call, &spoken))
}

/// WindowSize as the protocol reads it: 0 and values above 512 mean 512.
fn window_of(window: u32) -> usize {
    match usize::try_from(window) {
        Ok(window @ 1..=MAX_WINDOW) => window,
        _ => MAX_WINDOW,
    }
}

fn stop(status: status::Sync) -> Stop {
    Reply::status(a::SYNC, status).into()
}

fn limit(status: status::Sync, value: u32) -> Reply {
    let mut out = Encoder::new();
    out.open(a::SYNC)
        .number(a::STATUS, status)
        .number(a::LIMIT, value)
        .close();
    Reply::Wbxml(out.finish())
}

//! Encodes a Sync answer: elements in the order of the schema, no empty ones, MoreAvailable before
//! the items.

use carnet_proto::{
    eas::{request_line::Version, status},
    wbxml::{Encoder, Tag, page::air_sync as a},
};

use super::{super::super::folders, Part, Said, book::BookAnswer, standard::Fate};
use crate::{
    domain::{
        device_sync::{Change, Failure, Outcome},
        item::Card,
    },
    eas::{quirk, request::Call},
};

/// Encodes the answer of some collections.
pub fn answer(call: &Call, parts: &[&Part]) -> Vec<u8> {
    let mut out = Encoder::new();
    out.open(a::SYNC).open(a::COLLECTIONS);
    for part in parts {
        out.open(a::COLLECTION);
        if call.version < Version::V14_0 {
            out.text(a::CLASS, folders::class_of(&part.id));
        }
        let status = match part.said {
            Said::Status(status) => status,
            _ => status::Sync::Success,
        };
        out.text(a::SYNC_KEY, &part.key)
            .text(a::COLLECTION_ID, &part.id)
            .number(a::STATUS, status);
        match &part.said {
            Said::Nothing | Said::Status(_) => {}
            Said::Standard(fates) => standard(fates, &mut out),
            Said::Book(told) => {
                if told.answer.more {
                    out.empty(a::MORE_AVAILABLE);
                }
                responses(call, told, &mut out);
                changes(call, told, &mut out);
            }
        }
        out.close();
    }
    out.close().close();
    out.finish()
}

fn standard(fates: &[Fate], out: &mut Encoder) {
    if fates.is_empty() {
        return;
    }
    out.open(a::RESPONSES);
    for fate in fates {
        match fate {
            Fate::AddRefused { client_id } => fate_of(
                out,
                a::ADD,
                a::CLIENT_ID,
                client_id,
                status::Sync::ConversionError,
            ),
            Fate::AddUndone {
                client_id,
                server_id,
            } => added(out, client_id, server_id),
            Fate::ChangeRefused { server_id } => {
                fate_of(
                    out,
                    a::CHANGE,
                    a::SERVER_ID,
                    server_id,
                    status::Sync::NotFound,
                );
            }
            Fate::FetchRefused { server_id } => fate_of(
                out,
                a::FETCH,
                a::SERVER_ID,
                server_id,
                status::Sync::NotFound,
            ),
        }
    }
    out.close();
    let undone: Vec<&String> = fates
        .iter()
        .filter_map(|fate| match fate {
            Fate::AddUndone { server_id, .. } => Some(server_id),
            _ => None,
        })
        .collect();
    if !undone.is_empty() {
        out.open(a::COMMANDS);
        for server_id in undone {
            out.open(a::DELETE).text(a::SERVER_ID, server_id).close();
        }
        out.close();
    }
}

/// Writes Responses: every Add, every Fetch, and failures. A Change or Delete that is left out
/// succeeded.
fn responses(call: &Call, told: &BookAnswer, out: &mut Encoder) {
    let spoken = |outcome: &&Outcome| !matches!(outcome, Outcome::Done);
    let outcomes = &told.answer.outcomes;
    if !outcomes.iter().any(|outcome| spoken(&outcome)) {
        return;
    }
    out.open(a::RESPONSES);
    for outcome in outcomes.iter().filter(spoken) {
        match outcome {
            Outcome::Done => {}
            Outcome::Added {
                client_id,
                server_id,
            } => added(out, client_id, server_id),
            Outcome::AddFailed { client_id, failure } => {
                fate_of(out, a::ADD, a::CLIENT_ID, client_id, status_of(*failure));
            }
            Outcome::ChangeFailed { server_id, failure } => {
                fate_of(out, a::CHANGE, a::SERVER_ID, server_id, status_of(*failure));
            }
            Outcome::Fetched { server_id } => match told.answer.fetched.get(server_id) {
                Some(card) => {
                    out.open(a::FETCH)
                        .text(a::SERVER_ID, server_id)
                        .number(a::STATUS, status::Sync::Success);
                    data(call, told, card, false, out);
                    out.close();
                }
                None => fate_of(
                    out,
                    a::FETCH,
                    a::SERVER_ID,
                    server_id,
                    status::Sync::NotFound,
                ),
            },
        }
    }
    out.close();
}

fn changes(call: &Call, told: &BookAnswer, out: &mut Encoder) {
    if told.answer.changes.is_empty() {
        return;
    }
    let keeps_absent = quirk::keeps_absent(&call.device);
    out.open(a::COMMANDS);
    for change in &told.answer.changes {
        let (tag, card) = match change {
            Change::Delete(server_id) => {
                out.open(a::DELETE).text(a::SERVER_ID, server_id).close();
                continue;
            }
            Change::Add(card) => (a::ADD, card),
            Change::Change(card) => (a::CHANGE, card),
        };
        out.open(tag).text(a::SERVER_ID, &card.placement.server_id);
        data(call, told, card, keeps_absent && tag == a::CHANGE, out);
        out.close();
    }
    out.close();
}

fn data(call: &Call, told: &BookAnswer, card: &Card, names_absent: bool, out: &mut Encoder) {
    let mut view = told.view.clone();
    view.names_absent = names_absent;
    view.labels = told.answer.labels_of(&card.placement.server_id).to_vec();
    out.open(a::APPLICATION_DATA);
    let content = told.book.content(card);
    call.face
        .facet
        .export(&content, &card.placement.beside, &view, out);
    out.close();
}

fn added(out: &mut Encoder, client_id: &str, server_id: &str) {
    out.open(a::ADD)
        .text(a::CLIENT_ID, client_id)
        .text(a::SERVER_ID, server_id)
        .number(a::STATUS, status::Sync::Success)
        .close();
}

fn fate_of(out: &mut Encoder, command: Tag, kind: Tag, id: &str, status: status::Sync) {
    out.open(command)
        .text(kind, id)
        .number(a::STATUS, status)
        .close();
}

/// The status of a command that was not done.
fn status_of(failure: Failure) -> status::Sync {
    match failure {
        Failure::Invalid => status::Sync::ConversionError,
        Failure::Conflict => status::Sync::Conflict,
        Failure::NotFound => status::Sync::NotFound,
        Failure::OverQuota => status::Sync::CannotComplete,
    }
}

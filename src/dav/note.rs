//! The outcome of a request, for the journal of the client.

use std::sync::Arc;

use http::{Method, StatusCode};

use super::{Call, error::Failure, output::Answer, path::Resource};
use crate::domain::{error::Error, journal::Event};

/// Records the contact in the journal, with the write or the refusal.
pub fn note(call: &Arc<Call>, method: &Method, outcome: &Result<Answer, Failure>) {
    let actor = &call.actor;
    let core = &call.face.core;
    core.journal().contact(actor.person, &actor.client.label);
    let book = match &call.resource {
        Resource::Card { book, .. } => book,
        Resource::Book { book, .. } => book,
        _ => return,
    };
    let place = book.shown_place();
    let received = |added, changed, removed| Event::Received {
        place: place.clone(),
        added,
        changed,
        removed,
    };
    let writes = matches!(method.as_str(), "PUT" | "POST" | "DELETE" | "COPY" | "MOVE");
    let event = match outcome {
        Ok(answer) => match (method.as_str(), answer.status()) {
            ("PUT" | "POST", StatusCode::CREATED) => received(1, 0, 0),
            ("PUT", _) => received(0, 1, 0),
            ("DELETE", _) => received(0, 0, 1),
            _ => return,
        },
        Err(Failure::Domain(Error::Unavailable(_), _)) => Event::Failed,
        Err(Failure::Domain(Error::Forbidden { .. } | Error::PreconditionFailed, _)) if writes => {
            Event::Refused { place, number: 1 }
        }
        Err(_) => return,
    };
    core.exchanged(actor, event, method.as_str());
}

/// Records that the client's sync token was refused.
pub fn started_over(call: &Call) {
    let place = match &call.resource {
        Resource::Book { book, .. } => book.shown_place(),
        _ => None,
    };
    let event = Event::StartedOver { place };
    let technical = "REPORT sync-collection";
    call.face.core.exchanged(&call.actor, event, technical);
}

/// Records the cards that a synchronization of a book sent.
pub fn given(call: &Call, first: bool, cards: usize, removed: usize) {
    let Resource::Book { book, .. } = &call.resource else {
        return;
    };
    let place = book.shown_place();
    let technical = "REPORT sync-collection";
    let core = &call.face.core;
    if first {
        let place = place.clone();
        core.exchanged(&call.actor, Event::Began { place }, technical);
    }
    let event = match first {
        _ if cards + removed == 0 => return,
        true => Event::Sent {
            place,
            added: cards,
            changed: 0,
            removed,
        },
        false => Event::Sent {
            place,
            added: 0,
            changed: cards,
            removed,
        },
    };
    core.exchanged(&call.actor, event, technical);
}

//! The outcome of a request, for the journal of the client.

use std::sync::Arc;

use http::{Method, StatusCode, header};

use super::{Call, error::Failure, output::Answer, path::Resource};
use crate::domain::{book::Book, error::Error, journal::Event, sharing::How};

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
    let writes = matches!(method.as_str(), "PUT" | "POST" | "DELETE" | "COPY" | "MOVE");
    let event = match outcome {
        Ok(answer) => match (method.as_str(), &call.resource) {
            ("PUT", _) if answer.status() == StatusCode::CREATED => received(book, 1, 0, 0),
            ("PUT", _) => received(book, 0, 1, 0),
            // Others are registrations.
            ("POST", Resource::Book { href, .. }) if is_made_in(answer, href) => {
                received(book, 1, 0, 0)
            }
            ("DELETE", Resource::Card { .. }) => received(book, 0, 0, 1),
            _ => return,
        },
        Err(Failure::Domain(Error::Unavailable(_), _)) => Event::Failed,
        Err(Failure::Domain(
            Error::Forbidden { .. } | Error::PreconditionFailed | Error::Moved,
            _,
        )) if writes => Event::Refused {
            place: book.shown_place(),
            number: 1,
        },
        Err(_) => return,
    };
    core.exchanged(actor, event, method.as_str());
}

/// Records a card that came to a book, by COPY or by MOVE.
pub fn brought(call: &Call, to: &Book, created: bool, how: How) {
    let Resource::Card { book: from, .. } = &call.resource else {
        return;
    };
    let (core, actor) = (&call.face.core, &call.actor);
    let moves = how == How::Move;
    let technical = if moves { "MOVE" } else { "COPY" };
    if from.collection().id == to.collection().id {
        return core.exchanged(actor, received(to, 0, 1, 0), technical);
    }
    if moves {
        core.exchanged(actor, received(from, 0, 0, 1), technical);
    }
    let event = if created {
        received(to, 1, 0, 0)
    } else {
        received(to, 0, 1, 0)
    };
    core.exchanged(actor, event, technical);
}

fn received(book: &Book, added: usize, changed: usize, removed: usize) -> Event {
    Event::Received {
        place: book.shown_place(),
        added,
        changed,
        removed,
    }
}

fn is_made_in(answer: &Answer, book: &str) -> bool {
    let location = answer.headers().get(header::LOCATION);
    location.is_some_and(|location| location.as_bytes().starts_with(book.as_bytes()))
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

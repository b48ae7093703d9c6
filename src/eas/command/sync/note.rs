//! The outcome of a Sync of a book, for the journal of the device.

use carnet_proto::eas::sync::{Collection, Command as Sent};

use super::super::super::request::Call;
use crate::domain::{
    book::Book,
    device_sync::{Change, Outcome, SyncReply},
    journal::Event,
};

/// Records a request for a book and its answer in the journal; `repeated` when the previous answer
/// was lost.
pub fn note(call: &Call, book: &Book, collection: &Collection, repeated: bool, reply: &SyncReply) {
    let place = book.shown_place();
    let technical = format!("Sync {} {}", call.version, collection.id);
    let say = |event| call.face.core.exchanged(&call.actor, event, &technical);
    let answer = match reply {
        SyncReply::Primed { .. } => {
            say(Event::Began { place });
            return;
        }
        SyncReply::UnknownKey => {
            say(Event::StartedOver { place });
            return;
        }
        SyncReply::Answer(answer) => answer,
    };
    if repeated {
        say(Event::Repeated {
            place: place.clone(),
        });
    }
    let failed = answer.outcomes.iter().filter(|outcome| {
        matches!(
            outcome,
            Outcome::AddFailed { .. } | Outcome::ChangeFailed { .. }
        )
    });
    let refused = failed.count().max(answer.kept);
    let sent = |is: fn(&Sent) -> bool| collection.commands.iter().filter(|c| is(c)).count();
    let (mut added, mut changed, removed) = (
        sent(|c| matches!(c, Sent::Add { .. })),
        sent(|c| matches!(c, Sent::Change { .. })),
        sent(|c| matches!(c, Sent::Delete { .. })),
    );
    // Which of them it was, the refused changes tell.
    let from_changed = refused.min(changed);
    changed -= from_changed;
    added = added.saturating_sub(refused - from_changed);
    if added + changed + removed > 0 {
        say(Event::Received {
            place: place.clone(),
            added,
            changed,
            removed,
        });
    }
    if refused > 0 {
        say(Event::Refused {
            place: place.clone(),
            number: refused,
        });
    }
    let told = |is: fn(&Change) -> bool| answer.changes.iter().filter(|c| is(c)).count();
    let (added, changed, removed) = (
        told(|c| matches!(c, Change::Add(_))),
        told(|c| matches!(c, Change::Change(_))),
        told(|c| matches!(c, Change::Delete(_))),
    );
    if added + changed + removed > 0 {
        say(Event::Sent {
            place,
            added,
            changed,
            removed,
        });
    }
}

//! *Undo* of actions that neither the trash nor the history can take back, for some minutes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web,
    form::Posted,
    page::{Message, show},
    request::Visit,
    told::{Deed, Done},
};
use crate::domain::{
    error::Error,
    id::PersonId,
    item::random_id,
    undo::{TakenBack, Undo},
};

/// How long it is offered: longer than anybody needs to see the button.
const OFFERED: Duration = Duration::from_secs(10 * 60);

/// The last thing each person can take back.
#[derive(Default)]
pub struct Undos(Mutex<HashMap<PersonId, Kept>>);

struct Kept {
    id: String,
    undos: Vec<Undo>,
    /// The page it was done on.
    back: String,
    until: Instant,
}

impl Undos {
    /// Keeps it for the person; what [`Done::undone_by`] takes.
    pub fn keep(&self, visit: &Visit, undos: Vec<Undo>, back: &str) -> String {
        if undos.iter().all(Undo::is_empty) {
            return String::new();
        }
        let now = Instant::now();
        let id = random_id(16);
        let kept = Kept {
            id: id.clone(),
            undos,
            back: back.to_owned(),
            until: now + OFFERED,
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, kept| kept.until > now);
        all.insert(visit.actor.person, kept);
        format!("kept:{id}")
    }

    /// What the button names, once.
    fn take(&self, person: PersonId, id: &str) -> Option<Kept> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let named = all.get(&person).is_some_and(|kept| kept.id == id);
        let kept = named.then(|| all.remove(&person)).flatten();
        kept.filter(|kept| kept.until > Instant::now())
    }

    /// Keeps again what could not be taken back now, unless the person did something since.
    fn give_back(&self, person: PersonId, kept: Kept) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(person).or_insert(kept);
    }
}

/// `POST /undo`
pub async fn undo(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let Some(kept) = web.undos.take(visit.actor.person, posted.value("kept")) else {
        return over(&web, visit);
    };
    let mut taken = TakenBack::default();
    let mut gone = 0;
    for (at, undo) in kept.undos.iter().enumerate() {
        match web.core.undo(&visit.actor, undo).await {
            Ok(more) => taken += more,
            // Of one of several books: what is in the others comes back.
            Err(Error::NotFound | Error::Forbidden { .. }) => {
                gone += 1;
                taken.left += undo.len();
            }
            Err(error) => {
                let undos = kept.undos[at..].to_vec();
                web.undos
                    .give_back(visit.actor.person, Kept { undos, ..kept });
                return visit.failed(&web, &error);
            }
        }
    }
    if gone == kept.undos.len() {
        return over(&web, visit);
    }
    Done::of(Deed::SelectionUndone)
        .numbers(&[taken.back, taken.left])
        .at(&kept.back)
}

fn over(web: &Web, visit: &Visit) -> Response {
    let page = Message {
        shell: visit.shell(web, None),
        title: visit.text.undo.to_owned(),
        message: visit.text.book.undo_over.to_owned(),
        back: Some("/contacts".to_owned()),
    };
    show(StatusCode::NOT_FOUND, &page)
}

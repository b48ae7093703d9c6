//! The message a page shows above its content: what the last form did, or why it was refused.

mod deed;

use http::StatusCode;
use serde::Deserialize;

use super::{
    error::explain,
    names,
    page::{Undo, see_other},
    place::form_encode,
    request::Visit,
};
use crate::{
    domain::{error::Error, history::Restored},
    text::{Text, fill},
};
use axum::response::Response;

pub use deed::Deed;

/// What the last form did, as the address of the next page says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    pub done: Deed,
    /// What it was done to.
    pub name: String,
    /// Numbers in the sentence, separated by commas.
    pub n: String,
    /// What can be taken back: removals as ranges of revisions, `@` and a moment, `merge:`, `kept:`.
    pub undo: String,
}

impl Done {
    /// A message about something done.
    pub fn of(done: Deed) -> Self {
        Self {
            done,
            ..Self::default()
        }
    }

    /// With the name of a group or person.
    pub fn to(mut self, name: &str) -> Self {
        self.name = names::short(name);
        self
    }

    /// With the numbers that the sentence takes.
    pub fn numbers(mut self, numbers: &[usize]) -> Self {
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        self.n = numbers.join(",");
        self
    }

    /// With the value of `undo`.
    pub fn undone_by(mut self, undo: String) -> Self {
        self.undo = undo;
        self
    }

    /// A copy was taken into Private, of a contact or of a document.
    pub fn copied(document: bool) -> Self {
        Self::of(if document {
            Deed::CopiedDocument
        } else {
            Deed::Copied
        })
    }

    /// Going back to a moment.
    pub fn went_back(restored: &Restored) -> Self {
        let Restored {
            restored,
            reverted,
            removed,
            skipped,
        } = *restored;
        Self::of(Deed::WentBack).numbers(&[restored, reverted, removed, skipped])
    }

    /// 303 to a page that tells it.
    pub fn at(&self, path: &str) -> Response {
        let query = form_encode(&[
            ("done", &self.done.code()),
            ("name", &self.name),
            ("n", &self.n),
            ("undo", &self.undo),
        ]);
        let joint = if path.contains('?') { '&' } else { '?' };
        see_other(&format!("{path}{joint}{query}"))
    }

    /// What changed by going back; a number that is none is not said.
    fn went(&self, text: &Text) -> String {
        let b = text.book;
        let parts = [
            b.went_back_restored,
            b.went_back_reverted,
            b.went_back_removed,
            b.went_back_skipped,
        ];
        let numbers = self.n.split(',').map(|n| n.parse::<u64>().unwrap_or(0));
        let said = parts.into_iter().zip(numbers).filter(|(_, n)| *n > 0);
        let said: Vec<String> = said.map(|(part, n)| fill(part, &[&n])).collect();
        if said.is_empty() {
            b.went_nowhere.to_owned()
        } else {
            said.join(" ")
        }
    }

    fn sentence(&self, text: &Text) -> Option<String> {
        if self.done == Deed::WentBack {
            return Some(self.went(text));
        }
        let mut values: Vec<String> = self
            .n
            .split(',')
            .filter_map(|number| number.parse::<u64>().ok())
            .map(|number| number.to_string())
            .collect();
        let first = values.first().and_then(|number| number.parse().ok());
        let first = first.unwrap_or_default();
        let named = self.done.sentence(text, first)?;
        if values.is_empty() {
            values.push(self.name.clone());
        }
        let shown: Vec<&dyn std::fmt::Display> = values.iter().map(|v| v as _).collect();
        let sentence = fill(named, &shown);
        // The second number of a selection: what was left as it is.
        let left = values
            .get(1)
            .map(String::as_str)
            .filter(|left| *left != "0");
        match left.filter(|_| self.done.leaves_some()) {
            Some(left) => Some(format!(
                "{sentence} {}",
                fill(text.selection_left, &[&left])
            )),
            None => Some(sentence),
        }
    }
}

/// What stands on top of a page.
#[derive(Default)]
pub enum Told {
    #[default]
    Nothing,
    Done(Done),
    /// The form of this page was refused.
    Refused(StatusCode, String),
}

impl Told {
    /// A message that says why something was refused.
    pub fn refused(error: &Error, visit: &Visit) -> Self {
        let (status, _, message) = explain(error, visit.text);
        Told::Refused(status, message)
    }

    /// The HTTP status of the page.
    pub fn status(&self) -> StatusCode {
        match self {
            Told::Refused(status, _) => *status,
            _ => StatusCode::OK,
        }
    }

    pub fn notice(&self, text: &Text) -> Option<String> {
        match self {
            Told::Done(done) => done.sentence(text),
            _ => None,
        }
    }

    /// The form that takes it back, in the place it was done.
    pub fn undo(&self, here: Option<&str>) -> Option<Undo> {
        let Told::Done(done) = self else { return None };
        if let Some(kept) = done.undo.strip_prefix("kept:") {
            return Some(Undo {
                action: "/undo".to_owned(),
                field: "kept",
                value: kept.to_owned(),
            });
        }
        let here = here?;
        if let Some(merge) = done.undo.strip_prefix("merge:") {
            return Some(Undo {
                action: format!("{here}/duplicates/undo"),
                field: "merge",
                value: merge.to_owned(),
            });
        }
        let (action, field, value) = match done.undo.strip_prefix('@') {
            _ if done.undo.is_empty() => return None,
            Some(moment) => ("back", "before", moment),
            None => ("restore", "revisions", done.undo.as_str()),
        };
        Some(Undo {
            action: format!("{here}/trash/{action}"),
            field,
            value: value.to_owned(),
        })
    }

    pub fn problem(self) -> Option<String> {
        match self {
            Told::Refused(_, message) => Some(message),
            _ => None,
        }
    }
}

impl From<Done> for Told {
    fn from(done: Done) -> Self {
        Told::Done(done)
    }
}

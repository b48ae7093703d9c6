//! The message a page shows above its content: what the last form did, or why it was refused.

mod deed;

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{Extensions, HeaderValue, StatusCode, header::LOCATION};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::{
    Web,
    error::explain,
    names,
    page::{Undo, see_other},
    place::form_encode,
    request::Visit,
};
use crate::{
    domain::{error::Error, history::Restored, id::PersonId, rule::Rule},
    text::{Text, fill},
};

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
    /// The places that still have it.
    pub there: Box<str>,
    /// What can be taken back: removals as ranges of revisions, `attach:`, `merge:`,
    /// `kept:`.
    pub undo: String,
    /// Shows that this server sent the person to the address.
    pub proof: String,
}

/// The person of a request, once they are known.
#[derive(Clone, Default)]
pub struct Whose(Arc<OnceLock<PersonId>>);

impl Whose {
    /// Notes who is signed in.
    pub fn note(extensions: &Extensions, person: PersonId) {
        if let Some(Whose(whose)) = extensions.get() {
            let _ = whose.set(person);
        }
    }
}

/// Adds to the address of an answer by [`Done::at`] the proof that it is this server's: another's
/// link shows no notice and offers no undo.
pub async fn sign(State(web): State<Arc<Web>>, mut request: Request, next: Next) -> Response {
    let whose = Whose::default();
    request.extensions_mut().insert(whose.clone());
    let mut response = next.run(request).await;
    let done = response.extensions_mut().remove::<Done>();
    if let (Some(done), Some(person)) = (done, whose.0.get()) {
        let headers = response.headers_mut();
        let location = headers.get(LOCATION).and_then(|at| at.to_str().ok());
        let proof = web.sessions.proof(*person, &done.query());
        let signed = location.map(|at| format!("{at}&proof={proof}"));
        if let Some(signed) = signed.and_then(|at| HeaderValue::try_from(at).ok()) {
            headers.insert(LOCATION, signed);
        }
    }
    response
}

impl Done {
    /// A message about something done.
    pub fn of(done: Deed) -> Self {
        Self {
            done,
            ..Self::default()
        }
    }

    /// Adds the name of the group or person that the message is about.
    pub fn to(mut self, name: &str) -> Self {
        self.name = names::short(name);
        self
    }

    /// Adds the places that still have what it was done to.
    pub fn still_in(mut self, places: &[String]) -> Self {
        self.there = names::short(&places.join(", ")).into();
        self
    }

    /// Adds the numbers that the sentence takes.
    pub fn numbers(mut self, numbers: &[usize]) -> Self {
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        self.n = numbers.join(",");
        self
    }

    /// Adds what the button *Undo* sends.
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
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut response = see_other(&format!("{path}{joint}{}", self.query()));
        response.extensions_mut().insert(self.clone());
        response
    }

    fn query(&self) -> String {
        form_encode(&[
            ("done", &self.done.code()),
            ("name", &self.name),
            ("n", &self.n),
            ("there", &self.there),
            ("undo", &self.undo),
        ])
    }

    /// Whether this server sent the person to the address that tells it.
    fn is_own(&self, web: &Web, visit: &Visit) -> bool {
        let proof = web.sessions.proof(visit.actor.person, &self.query());
        bool::from(proof.as_bytes().ct_eq(self.proof.as_bytes()))
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
            .map(|number| text.grouped(number))
            .collect();
        let first = self.n.split(',').find_map(|number| number.parse().ok());
        let first = first.unwrap_or_default();
        let named = self.done.sentence(text, first)?;
        if values.is_empty() {
            values.extend([self.name.clone(), self.there.to_string()]);
        }
        let shown: Vec<&dyn std::fmt::Display> = values.iter().map(|v| v as _).collect();
        let sentence = fill(named, &shown);
        // The second number of a selection: what was left as it is.
        let left = values
            .get(1)
            .map(String::as_str)
            .filter(|left| *left != "0");
        let mut said = vec![sentence];
        said.extend(
            left.filter(|_| self.done.leaves_some())
                .map(|left| fill(text.selection_left, &[&left])),
        );
        // The third one: what was removed here, and is in another place still.
        let stay = self.n.split(',').nth(2).and_then(|stay| stay.parse().ok());
        let stay = stay.filter(|stay: &u64| *stay > 0 && self.done == Deed::SelectionDeleted);
        said.extend(stay.map(|stay| {
            let x = text.book;
            text.counted(stay, [x.some_stay_one, x.some_stay])
        }));
        Some(said.join(" "))
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
    /// The same, with what was sent, which the page shows again.
    Again(StatusCode, String, Vec<(String, String)>),
    /// A refusal because of some fields of the form, by their ids.
    Fields(Vec<&'static str>, Box<Told>),
}

/// The field that a rule is about, by its id on every page that has one.
fn field_of(rule: &Rule) -> Option<&'static str> {
    match rule {
        Rule::Address(_) => Some("email"),
        Rule::Login => Some("login"),
        Rule::Organization(_) => Some("organization"),
        Rule::PasswordName(_) => Some("name"),
        Rule::Quota => Some("quota"),
        Rule::TypedName => Some("typed"),
        _ => None,
    }
}

impl Told {
    /// A message that says why something was refused.
    pub fn refused(error: &Error, visit: &Visit) -> Self {
        let (status, _, message) = explain(error, visit.text);
        let told = Told::Refused(status, message);
        match error {
            Error::Invalid(rule) => told.about(field_of(rule)),
            _ => told,
        }
    }

    /// A refusal because of these fields of the form; of no field in particular where there is none.
    pub fn about(self, fields: impl IntoIterator<Item = &'static str>) -> Self {
        let fields: Vec<_> = fields.into_iter().collect();
        match self {
            Told::Refused(..) | Told::Again(..) if !fields.is_empty() => {
                Told::Fields(fields, Box::new(self))
            }
            told => told,
        }
    }

    /// A refusal with one more sentence; an empty one adds nothing.
    pub fn adding(self, sentence: &str) -> Self {
        let longer = |message: String| match sentence {
            "" => message,
            sentence => format!("{message} {sentence}"),
        };
        match self {
            Told::Refused(status, message) => Told::Refused(status, longer(message)),
            Told::Again(status, message, sent) => Told::Again(status, longer(message), sent),
            Told::Fields(fields, told) => Told::Fields(fields, Box::new(told.adding(sentence))),
            told => told,
        }
    }

    /// The fields that it was refused for.
    pub fn fields(&self) -> Vec<&'static str> {
        match self {
            Told::Fields(fields, _) => fields.clone(),
            _ => Vec::new(),
        }
    }

    /// A refusal, with what was typed.
    pub fn with_sent<'a>(self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        match self {
            Told::Refused(status, message) => {
                let fields = fields.into_iter();
                let sent = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
                Told::Again(status, message, sent.collect())
            }
            Told::Fields(wrong, told) => Told::Fields(wrong, Box::new(told.with_sent(fields))),
            told => told,
        }
    }

    /// What was sent and is to be shown again.
    pub fn sent(&self) -> Vec<(String, String)> {
        match self {
            Told::Again(_, _, sent) => sent.clone(),
            Told::Fields(_, told) => told.sent(),
            _ => Vec::new(),
        }
    }

    /// Nothing, where an address tells what this server did not do.
    pub fn believed(self, web: &Web, visit: &Visit) -> Self {
        match self {
            Told::Done(done) if !done.is_own(web, visit) => Told::Nothing,
            told => told,
        }
    }

    /// The HTTP status of the page.
    pub fn status(&self) -> StatusCode {
        match self {
            Told::Refused(status, _) | Told::Again(status, ..) => *status,
            Told::Fields(_, told) => told.status(),
            _ => StatusCode::OK,
        }
    }

    /// The message that something was done.
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
        if let Some((id, document)) = done
            .undo
            .strip_prefix("attach:")
            .and_then(|link| link.split_once(':'))
        {
            return Some(Undo {
                action: format!("{here}/c/{id}/attach"),
                field: "document",
                value: document.to_owned(),
            });
        }
        (!done.undo.is_empty()).then(|| Undo {
            action: format!("{here}/trash/restore"),
            field: "revisions",
            value: done.undo.clone(),
        })
    }

    /// The message that something was refused.
    pub fn problem(self) -> Option<String> {
        match self {
            Told::Refused(_, message) | Told::Again(_, message, _) => Some(message),
            Told::Fields(_, told) => told.problem(),
            _ => None,
        }
    }
}

impl From<Done> for Told {
    fn from(done: Done) -> Self {
        Told::Done(done)
    }
}

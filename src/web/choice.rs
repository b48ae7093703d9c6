//! Pages of the settings that choose a service, or a pattern of one's own: maps, calls.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{
    Web,
    facet::Choice,
    form::Posted,
    page::{Shell, Tool, show},
    request::Visit,
    told::{Deed, Done, Told},
};
use crate::domain::settings::Settings;

/// The code of a pattern of one's own.
const OWN: &str = "own";

/// What can be chosen, and the sentences around it.
pub struct Services {
    /// The page's own address.
    pub here: &'static str,
    /// Name of the form's field.
    pub field: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// Label and example of the pattern.
    pub pattern: &'static str,
    pub example: &'static str,
    pub note: Option<&'static str>,
    /// Code and name of each; the last is [`Services::own`].
    pub services: Vec<(&'static str, &'static str)>,
    /// The code or the pattern in force.
    pub chosen: String,
    pub is_pattern: fn(&str) -> bool,
    /// Why what was sent is refused.
    pub wrong: &'static str,
    pub keep: fn(&mut Settings, &str),
}

#[derive(Template)]
#[template(path = "choice.html")]
struct Page<'a> {
    shell: Shell,
    services: &'a Services,
    choices: Vec<Choice>,
    own: &'a str,
}

impl Services {
    /// The choice of a pattern of one's own, by its name.
    pub fn own(name: &'static str) -> (&'static str, &'static str) {
        (OWN, name)
    }

    /// The page, with a message on top.
    pub fn show(&self, web: &Web, visit: &Visit, told: Told) -> Response {
        let is_own = (self.is_pattern)(&self.chosen);
        let (chosen, own) = if is_own {
            (OWN, self.chosen.as_str())
        } else {
            (self.chosen.as_str(), "")
        };
        self.show_choice(web, visit, told, chosen, own)
    }

    /// The page with a choice and a pattern that may not be in force.
    fn show_choice(
        &self,
        web: &Web,
        visit: &Visit,
        told: Told,
        chosen: &str,
        own: &str,
    ) -> Response {
        let choice = |(value, label): &(&str, &str)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            selected: *value == chosen,
        };
        let status = told.status();
        let page = Page {
            services: self,
            choices: self.services.iter().map(choice).collect(),
            own,
            shell: visit.shell_of(web, Tool::Settings, told),
        };
        show(status, &page)
    }

    /// Keeps what was sent.
    pub async fn choose(&self, web: &Arc<Web>, posted: &Posted) -> Response {
        let visit = &posted.visit;
        let chosen = match posted.value(self.field) {
            OWN => Some(posted.value("own").trim()).filter(|own| (self.is_pattern)(own)),
            other => {
                let mut codes = self.services.iter().map(|(code, _)| *code);
                codes.find(|code| *code == other)
            }
        };
        let told = match chosen {
            Some(chosen) => {
                let change = |settings: &mut Settings| (self.keep)(settings, chosen);
                match web.core.change_settings(&visit.actor, change).await {
                    Ok(()) => return Done::of(Deed::Saved).at(self.here),
                    Err(error) => Told::refused(&error, visit),
                }
            }
            None => Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, self.wrong.to_owned()),
        };
        let (chosen, own) = (posted.value(self.field), posted.value("own"));
        self.show_choice(web, visit, told, chosen, own)
    }
}

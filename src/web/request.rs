//! A visit: who asks, in which language.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    response::Response,
};
use http::{HeaderMap, request::Parts};

use super::{
    Web,
    error::explain,
    page::{Message, PlaceLink, Shell, see_other, show},
    place::{PlacePath, encode_segment},
    session::Session,
    text::{self, Text},
};
use crate::domain::{actor::Actor, error::Error};

/// A request by somebody signed in.
pub struct Visit {
    pub actor: Arc<Actor>,
    pub session: Session,
    pub text: &'static Text,
}

impl Visit {
    /// What every page carries; `here` is the place shown.
    pub fn shell(&self, web: &Web, here: Option<&str>) -> Shell {
        let mut places = vec![PlaceLink {
            path: PlacePath::Private.path(),
            name: self.text.private.to_owned(),
            current: false,
        }];
        for membership in &self.actor.memberships {
            places.push(PlaceLink {
                path: PlacePath::Group(membership.name.clone()).path(),
                name: membership.display_name.clone(),
                current: false,
            });
        }
        for place in &mut places {
            place.current = here == Some(place.path.as_str());
        }
        Shell {
            text: self.text,
            who: Some(self.actor.name.clone()),
            token: web.sessions.form_token(&self.session),
            places,
            here: here.map(str::to_owned),
            query: String::new(),
            notice: None,
        }
    }

    /// The page of an outcome that is not success.
    pub fn failed(&self, web: &Web, error: &Error) -> Response {
        if let Error::Unavailable(why) = error {
            tracing::error!(why, "the store failed");
        }
        let (status, title, message) = explain(error, self.text);
        let page = Message {
            shell: self.shell(web, None),
            title,
            message,
        };
        show(status, &page)
    }

    /// Whether a form was made for this session.
    pub fn accepts(&self, web: &Web, token: &str) -> bool {
        web.sessions.is_form_token(&self.session, token)
    }
}

impl<S> FromRequestParts<S> for Visit
where
    S: Send + Sync,
    Arc<Web>: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let web = Arc::<Web>::from_ref(state);
        let text = text::choose(None, &parts.headers);
        let session = match web.sessions.read(&parts.headers).await {
            Ok(session) => session,
            Err(error) => return Err(anonymous_failure(&error, &parts.headers)),
        };
        match &session.actor {
            Some(actor) => Ok(Visit {
                actor: actor.clone(),
                session,
                text,
            }),
            None => {
                let next = parts.uri.path();
                Err(see_other(&format!("/login?next={}", encode_segment(next))))
            }
        }
    }
}

/// A failure before anybody is known.
pub fn anonymous_failure(error: &Error, headers: &HeaderMap) -> Response {
    let text = text::choose(None, headers);
    let (status, title, message) = explain(error, text);
    let page = Message {
        shell: anonymous_shell(text, String::new()),
        title,
        message,
    };
    show(status, &page)
}

/// The shell of pages for people who are not signed in.
pub fn anonymous_shell(text: &'static Text, token: String) -> Shell {
    Shell {
        text,
        who: None,
        token,
        places: Vec::new(),
        here: None,
        query: String::new(),
        notice: None,
    }
}

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
    page::{Alert, Message, PlaceLink, Shell, see_other, show},
    place::{PlacePath, encode_segment},
    session::Session,
    text::{self, Text, fill},
    told::Told,
    when,
};
use crate::domain::{actor::Actor, error::Error, store::NoticeKind};

/// A request by somebody signed in.
pub struct Visit {
    pub actor: Arc<Actor>,
    pub session: Session,
    pub text: &'static Text,
    alerts: Vec<Alert>,
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
            undo: None,
            problem: None,
            alerts: self.alerts.clone(),
        }
    }

    /// The same, with what the page tells on top.
    pub fn shell_telling(&self, web: &Web, here: Option<&str>, told: Told) -> Shell {
        let mut shell = self.shell(web, here);
        shell.notice = told.notice(self.text);
        shell.undo = here.and_then(|here| told.undo(here));
        shell.problem = told.problem();
        shell
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
            back: None,
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
        match session.actor.clone() {
            Some(actor) => match alerts(&web, &actor, text).await {
                Ok(alerts) => Ok(Visit {
                    actor,
                    session,
                    text,
                    alerts,
                }),
                Err(error) => Err(anonymous_failure(&error, &parts.headers)),
            },
            None => {
                let next = parts.uri.path();
                Err(see_other(&format!("/login?next={}", encode_segment(next))))
            }
        }
    }
}

/// What the server noticed, in words.
async fn alerts(
    web: &Web,
    actor: &Arc<Actor>,
    text: &'static Text,
) -> crate::domain::error::Result<Vec<Alert>> {
    let mut alerts = Vec::new();
    for notice in web.core.notices(actor).await? {
        if notice.kind == NoticeKind::Kept {
            alerts.push(Alert {
                notice: notice.id.0,
                sentence: fill(text.writes_kept, &[&notice.client, &notice.number]),
                kept: true,
            });
            continue;
        }
        let place = match notice.collection {
            Some(collection) => match web.core.open(actor, collection).await {
                Ok(book) if book.is_private() => text.private.to_owned(),
                Ok(book) => book.collection().display_name.clone(),
                Err(Error::NotFound) => text.unknown_group.to_owned(),
                Err(error) => return Err(error),
            },
            None => text.unknown_group.to_owned(),
        };
        let since = when::shown(notice.since, text);
        let said = fill(
            text.mass_deletion,
            &[&notice.client, &notice.number, &place, &since],
        );
        alerts.push(Alert {
            notice: notice.id.0,
            sentence: match notice.held {
                true => format!("{said} {}", text.mass_deletion_held),
                false => said,
            },
            kept: false,
        });
    }
    Ok(alerts)
}

/// A failure before anybody is known.
pub fn anonymous_failure(error: &Error, headers: &HeaderMap) -> Response {
    let text = text::choose(None, headers);
    let (status, title, message) = explain(error, text);
    let page = Message {
        shell: anonymous_shell(text, String::new()),
        title,
        message,
        back: None,
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
        undo: None,
        problem: None,
        alerts: Vec::new(),
    }
}

//! A request to a page: its person and its language.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    response::Response,
};
use http::{HeaderMap, Method, Uri, request::Parts, uri::PathAndQuery};

use super::{
    Web,
    clients::Clients,
    error::explain,
    facet::Reader,
    names,
    page::{Alert, Message, PlaceLink, Shell, Tool, see_other, show},
    place::{PlacePath, encode_segment},
    search::scope_value,
    session::{Session, Visitor},
    told::{Told, Whose},
    when,
};
use crate::http::About;
use crate::{
    domain::{
        actor::Actor,
        collection::Collection,
        error::Error,
        id::{CollectionId, GroupId},
        search::Scope,
        settings::{Settings, Theme},
        store::NoticeKind,
        verification::Answer,
    },
    text::{self, Text, fill, zone::Zone},
};

/// Octets of an address that one is led to after signing in.
const LONGEST_NEXT: usize = 2000;

/// A request by a person who is signed in.
pub struct Visit {
    pub actor: Arc<Actor>,
    pub session: Session,
    pub visitor: Visitor,
    pub text: &'static Text,
    pub settings: Settings,
    alerts: Vec<Alert>,
    news: Option<(usize, String)>,
    maintenance: Option<String>,
    /// Members of each group of the person.
    sizes: Vec<(GroupId, i64)>,
    /// Private books besides the one everybody has.
    pub books: Vec<Collection>,
}

impl Visit {
    async fn of(
        web: &Web,
        actor: Arc<Actor>,
        session: Session,
        visitor: Visitor,
        headers: &HeaderMap,
    ) -> crate::domain::error::Result<Self> {
        let settings = web.core.settings(&actor).await?;
        let zone = settings.zone.as_deref().and_then(Zone::named);
        let text = text::choose(settings.language.as_deref(), headers);
        let text = text.of_reader(settings.date_format, zone);
        let news = web.core.news_waiting(&actor).await?;
        Ok(Self {
            alerts: alerts(web, &actor, text).await?,
            news: (news > 0).then(|| (news, fill(text.news.waiting, &[&news]))),
            maintenance: web.core.maintenance_notice().await?,
            sizes: web.core.group_sizes(&actor).await?,
            books: web.core.further_books(&actor).await?,
            actor,
            session,
            visitor,
            text,
            settings,
        })
    }

    /// The reader of the page.
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            text: self.text,
            settings: &self.settings,
            today: when::today(self.text),
        }
    }

    /// Number of members of one of the person's groups.
    pub fn members_of(&self, group: GroupId) -> Option<i64> {
        let size = self.sizes.iter().find(|(known, _)| *known == group);
        size.map(|(_, size)| *size)
    }

    /// A private book of the person besides the one everybody has.
    pub fn further_book(&self, id: CollectionId) -> Option<&Collection> {
        self.books.iter().find(|book| book.id == id)
    }

    /// The common part of a page; `here` is the place shown.
    pub fn shell(&self, web: &Web, here: Option<&str>) -> Shell {
        let documents = here.is_some_and(|here| here.starts_with("/d/"));
        let path = |group: Option<&str>| match (documents, group) {
            (true, group) => PlacePath::documents(group),
            (false, Some(name)) => PlacePath::Group(name.to_owned()).path(),
            (false, None) => PlacePath::Private.path(),
        };
        let said = [self.text.book.one_member, self.text.book.members_count];
        let members = |number: i64| self.text.counted(number, said);
        let mut places = vec![PlaceLink {
            path: path(None),
            name: self.text.private.to_owned(),
            members: None,
            current: false,
        }];
        let mut scopes = vec![Scope::Private];
        for membership in &self.actor.memberships {
            places.push(PlaceLink {
                path: path(Some(&membership.name)),
                name: membership.display_name.clone(),
                members: self.members_of(membership.group).map(members),
                current: false,
            });
            scopes.push(Scope::Group(membership.name.clone()));
        }
        for book in self.books.iter().filter(|_| !documents) {
            places.push(PlaceLink {
                path: PlacePath::Book(book.segment.clone()).path(),
                name: names::of_book(book, self.text),
                members: None,
                current: false,
            });
            scopes.push(Scope::Private);
        }
        let mut scope = Scope::Everywhere;
        for (place, own) in places.iter_mut().zip(scopes) {
            place.current = here.is_some_and(|here| match here.strip_prefix(&place.path) {
                Some(rest) => rest.is_empty() || (documents && rest.starts_with('/')),
                None => false,
            });
            if place.current {
                scope = own;
            }
        }
        Shell {
            who: Some(names::of_account(&self.actor.name, &self.settings)),
            token: web.sessions.form_token(&self.session),
            places,
            tool: match here {
                Some(_) if documents => Tool::Documents,
                Some(_) => Tool::Contacts,
                None => Tool::Home,
            },
            scope: scope_value(&scope),
            adds: match here {
                Some(path) if !path.starts_with("/c/") => None,
                Some(path) => Some(format!("{path}/new")),
                None => Some("/new".to_owned()),
            },
            keys: self.settings.keys,
            zoneless: self.settings.zone.is_none(),
            theme: self.settings.theme,
            alerts: self.alerts.clone(),
            news: self.news.clone(),
            maintenance: self.maintenance.clone(),
            administers: self.actor.admin,
            ..anonymous_shell(self.text, String::new())
        }
    }

    /// [`Visit::shell`] with a message at the top of the page.
    pub fn shell_telling(&self, web: &Web, here: Option<&str>, told: Told) -> Shell {
        let mut shell = self.shell(web, here);
        let told = told.believed(web, self);
        shell.notice = told.notice(self.text);
        shell.undo = told.undo(here);
        shell.sent = told.sent();
        shell.wrong = told.fields();
        shell.problem = told.problem();
        shell
    }

    /// [`Visit::shell_telling`] of a page of another tool than the contacts.
    pub fn shell_of(&self, web: &Web, tool: Tool, told: Told) -> Shell {
        Shell {
            tool,
            ..self.shell_telling(web, None, told)
        }
    }

    /// The page of an error.
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

    /// The page, or that of the error it ended in.
    pub async fn answer(
        &self,
        web: &Web,
        page: impl Future<Output = crate::domain::error::Result<Response>>,
    ) -> Response {
        page.await.unwrap_or_else(|error| self.failed(web, &error))
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
        let visitor = Visitor::of(&parts.headers, &parts.extensions);
        let session = match web.sessions.read(&parts.headers, &visitor).await {
            Ok(session) => session,
            Err(error) => return Err(anonymous_failure(&error, &parts.headers)),
        };
        match session.actor.clone() {
            Some(actor) => {
                About::of(&parts.extensions).note_login(&actor.login);
                Whose::note(&parts.extensions, actor.person);
                Visit::of(&web, actor, session, visitor, &parts.headers)
                    .await
                    .map_err(|error| anonymous_failure(&error, &parts.headers))
            }
            None => {
                let next = wanted(&parts.method, &parts.uri);
                Err(see_other(&format!("/login?next={}", encode_segment(&next))))
            }
        }
    }
}

/// The page to go on with for somebody who has to sign in first, or whose form is too old: the page
/// that was asked for, or the one that the form stood on. What the form asked for is not done.
pub fn wanted(method: &Method, uri: &Uri) -> String {
    let path = uri.path();
    if matches!(*method, Method::GET | Method::HEAD) {
        let whole = uri.path_and_query().map(PathAndQuery::as_str);
        let whole = whole.filter(|whole| whole.len() <= LONGEST_NEXT);
        return whole.unwrap_or(path).to_owned();
    }
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let kept = match segments[..] {
        ["d", "g", _, _, "c", _, ..] => 6,
        ["d", "private", _, "c", _, ..] | ["c", "books", _, "c", _, ..] => 5,
        ["c", "books", _, ..] => 3,
        ["c" | "g", _, "c", _, ..] | ["d", "g", _, _, ..] => 4,
        ["d", "private", _, ..] | ["g", _, "members" | "rights", ..] => 3,
        ["settings", "display" | "contacts" | "zone"] => 1,
        ["c" | "g" | "settings" | "join", _, ..] => 2,
        [
            "tags" | "groups" | "search" | "refused" | "verify" | "outbox" | "connect" | "admin",
            ..,
        ] => 1,
        _ => 0,
    };
    format!("/{}", segments[..kept].join("/"))
}

/// What the server noticed, in words.
async fn alerts(
    web: &Web,
    actor: &Arc<Actor>,
    text: &'static Text,
) -> crate::domain::error::Result<Vec<Alert>> {
    let mut alerts = Vec::new();
    let notices = web.core.notices(actor).await?;
    if notices.is_empty() {
        return Ok(alerts);
    }
    let clients = Clients::of(web, actor, text).await?;
    for notice in notices {
        let client = clients.name(&notice.client);
        let short = match notice.kind {
            NoticeKind::Kept => Some(fill(text.writes_kept, &[&client, &notice.number])),
            NoticeKind::Unsent => Some(fill(text.mail.told_unsent, &[&notice.subject])),
            NoticeKind::Answered(answer) => {
                let sentence = match answer {
                    Answer::Confirmed => text.mail.told_confirmed,
                    Answer::Corrected => text.mail.told_corrected,
                    Answer::Erased => text.mail.told_erased,
                    Answer::Declined => text.mail.told_declined,
                };
                Some(fill(sentence, &[&notice.subject]))
            }
            NoticeKind::MassDeletion | NoticeKind::News(_) => None,
        };
        if let Some(sentence) = short {
            alerts.push(Alert {
                notice: notice.id.0,
                sentence,
                leads: match notice.kind {
                    NoticeKind::Kept => Some(("/refused", text.refused_title)),
                    NoticeKind::Unsent => Some(("/outbox", text.mail.outbox)),
                    _ => None,
                },
                undo: notice.can_be_undone().then_some(text.mail.undo_answer),
            });
            continue;
        }
        let place = match notice.collection {
            Some(collection) => match web.core.open(actor, collection).await {
                Ok(book) if book.is_private() && book.collection().is_folder() => {
                    text.private.to_owned()
                }
                Ok(book) => names::of_book(book.collection(), text),
                Err(Error::NotFound) => text.unknown_group.to_owned(),
                Err(error) => return Err(error),
            },
            None => text.unknown_group.to_owned(),
        };
        let since = when::shown(notice.since, text);
        let said = fill(
            text.mass_deletion,
            &[&client, &notice.number, &place, &since],
        );
        alerts.push(Alert {
            notice: notice.id.0,
            sentence: if notice.held {
                format!("{said} {}", text.mass_deletion_held)
            } else {
                said
            },
            leads: None,
            undo: Some(text.undo_everything),
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

/// [`anonymous_shell`] with the administration's notice to everybody.
pub async fn public_shell(web: &Web, text: &'static Text) -> Shell {
    Shell {
        // A page that can be shown is not refused for want of it.
        maintenance: web.core.maintenance_notice().await.unwrap_or_default(),
        ..anonymous_shell(text, String::new())
    }
}

/// The shell of pages for people who are not signed in.
pub fn anonymous_shell(text: &'static Text, token: String) -> Shell {
    Shell {
        text,
        who: None,
        token,
        places: Vec::new(),
        tool: Tool::default(),
        scope: String::new(),
        query: String::new(),
        adds: None,
        keys: false,
        zoneless: false,
        theme: Theme::System,
        notice: None,
        undo: None,
        problem: None,
        wrong: Vec::new(),
        sent: Vec::new(),
        alerts: Vec::new(),
        news: None,
        maintenance: None,
        administers: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_a_page() {
        for (method, address, page) in [
            (Method::GET, "/search?q=Rossi&in=p", "/search?q=Rossi&in=p"),
            (Method::GET, "/c/private", "/c/private"),
            (Method::POST, "/c/private/selected/delete", "/c/private"),
            (Method::POST, "/c/private/new", "/c/private"),
            (
                Method::POST,
                "/c/private/c/7/comments/edit",
                "/c/private/c/7",
            ),
            (Method::POST, "/g/Team%20A/c/7/edit", "/g/Team%20A/c/7"),
            (Method::POST, "/c/books/club/new", "/c/books/club"),
            (Method::POST, "/c/books/club/c/7/edit", "/c/books/club/c/7"),
            (Method::POST, "/c/books/c/selected/delete", "/c/books/c"),
            (Method::POST, "/g/Team/rights/grant", "/g/Team/rights"),
            (Method::POST, "/d/private/Plans/upload", "/d/private/Plans"),
            (
                Method::POST,
                "/d/g/Team/Plans/c/7/version",
                "/d/g/Team/Plans/c/7",
            ),
            (Method::POST, "/d/g/Team/Plans/rename", "/d/g/Team/Plans"),
            (Method::POST, "/settings/display", "/settings"),
            (
                Method::POST,
                "/settings/devices/e/7/rename",
                "/settings/devices",
            ),
            (Method::POST, "/tags/colour?x=1", "/tags"),
            (Method::POST, "/undo", "/"),
        ] {
            let uri: Uri = address.parse().expect("an address");
            assert_eq!(wanted(&method, &uri), page, "{method} {address}");
        }
        // Where any form leads is a page; to the home page those that stand on every page.
        const ANYWHERE: [&str; 5] = [
            "/logout",
            "/notices/confirm",
            "/notices/read",
            "/notices/undo",
            "/undo",
        ];
        let rows = include_str!("../../tests/it/security/routes.txt").lines();
        let routes: Vec<(&str, Vec<&str>)> = rows
            .filter(|row| {
                !["#", "anybody", "link"]
                    .iter()
                    .any(|who| row.starts_with(who))
            })
            .filter_map(|row| {
                let mut parts = row.split_whitespace().skip(1);
                Some((parts.next()?, parts.next()?.split('/').collect()))
            })
            .collect();
        let serves = |page: &str| {
            let page: Vec<&str> = page.split('/').collect();
            let fits = |route: &[&str]| {
                let mut pairs = route.iter().zip(&page);
                route.len() == page.len() && pairs.all(|(r, p)| r.starts_with('{') || r == p)
            };
            let mut gets = routes.iter().filter(|(methods, _)| methods.contains("GET"));
            gets.any(|(_, route)| fits(route))
        };
        let forms = routes
            .iter()
            .filter(|(methods, _)| methods.contains("POST"));
        for (_, route) in forms {
            let address = route.join("/").replace(['{', '}', '*'], "");
            let uri: Uri = address.parse().expect("an address");
            let page = wanted(&Method::POST, &uri);
            assert!(serves(&page), "{address} leads to {page}");
            let home = page == "/";
            assert_eq!(home, ANYWHERE.contains(&&*address), "{address}");
        }
        let long = format!("/search?q={}", "x".repeat(LONGEST_NEXT));
        let uri: Uri = long.parse().expect("an address");
        assert_eq!(wanted(&Method::GET, &uri), "/search");
    }
}

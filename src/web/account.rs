//! A person's own account: profile, password, sessions, deletion.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Body,
    extract::{Multipart, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::stream;
use http::{StatusCode, header};

use super::{
    Web,
    browsers::browser_name,
    edit::{PHOTO, in_turn, invalid, picture, stale_form, whole},
    form::Posted,
    limit::Limit,
    page::{Shell, Tool, see_other, show},
    params::Query,
    request::Visit,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    auth::{self, Door, Outcome},
    domain::{
        account::{Farewell, Portrait, SHORTEST, Weak, weakness},
        credential::Session,
        error::{Error, Result},
        id::Timestamp,
        principal::Profile,
        rule::Rule,
    },
    http::body,
    text::fill,
    transfer::Everything,
};

const HERE: &str = "/settings/account";
/// Octets of a form's texts.
const TYPED: usize = 4096;
/// Letters in an hour that confirm an address, for one person, and to one address.
const LETTERS: u32 = 5;

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    shell: Shell,
    login: String,
    profile: Profile,
    has_picture: bool,
    second_factor: bool,
    sessions: Vec<Row>,
    password_hint: String,
    groups: Vec<String>,
    removes_photo: bool,
}

/// A browser somebody is signed in with, in words.
struct Row {
    token: String,
    browser: String,
    address: String,
    seen: String,
    began: String,
    here: bool,
}

/// `GET /settings/account`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    telling(&web, &visit, done.into()).await
}

async fn telling(web: &Arc<Web>, visit: &Visit, told: Told) -> Response {
    telling_again(web, visit, told, Portrait::default()).await
}

/// The page with what was typed into the card; a picture is to be chosen again.
async fn telling_again(web: &Arc<Web>, visit: &Visit, told: Told, typed: Portrait) -> Response {
    let shown = async {
        let status = told.status();
        let person = web.core.account(&visit.actor).await?;
        let stored = web.core.profile(&visit.actor).await?;
        let profile = Profile {
            name: typed.name.unwrap_or(stored.name),
            email: typed.email.or(stored.email),
            organization: typed.organization.unwrap_or(stored.organization),
            picture: stored.picture,
        };
        let removes_photo = typed.picture.is_some_and(|picture| picture.is_empty());
        let sessions = web.core.sessions(&visit.actor).await?;
        let groups = visit.actor.memberships.iter();
        let page = Page {
            login: person.login,
            has_picture: profile.picture.is_some(),
            profile,
            second_factor: person.second_factor,
            sessions: sessions.iter().map(|session| row(session, visit)).collect(),
            password_hint: fill(visit.text.account.new_password_hint, &[&SHORTEST]),
            groups: groups.map(|own| own.display_name.clone()).collect(),
            removes_photo,
            shell: visit.shell_of(web, Tool::Settings, told),
        };
        Ok(show(status, &page))
    };
    visit.answer(web, shown).await
}

fn row(session: &Session, visit: &Visit) -> Row {
    let text = visit.text;
    Row {
        here: visit.session.is(&session.token),
        token: session.token.clone(),
        browser: match browser_name(&session.browser) {
            Some((program, system)) => fill(text.account.browser_on, &[&program, &system]),
            None => text.account.unknown_browser.to_owned(),
        },
        address: session.address.clone(),
        seen: when::shown(session.seen, text),
        began: when::shown(session.began, text),
    }
}

/// How often letters that confirm an address may be asked for.
pub struct Limits {
    person: Limit,
    address: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            person: Limit::new(LETTERS),
            address: Limit::new(LETTERS),
        }
    }
}

impl Limits {
    fn allow(&self, visit: &Visit, address: &str) -> bool {
        let person = self.person.allows(&visit.actor.person.to_string());
        person && self.address.allows(&address.trim().to_lowercase())
    }
}

/// What the form of the own card sent.
#[derive(Default)]
struct Sent {
    portrait: Portrait,
    password: String,
    /// The form was made for this session.
    fresh: bool,
    /// A picture came with one that is not, and was not taken.
    lost_photo: bool,
}

async fn receive(
    web: &Arc<Web>,
    visit: &Visit,
    form: &mut Multipart,
    sent: &mut Sent,
) -> Result<()> {
    let most = visit.actor.photo;
    let mut room = body::place(visit.actor.person.0);
    let portrait = &mut sent.portrait;
    while let Some(field) = form.next_field().await.map_err(invalid)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "photo" {
            // The token comes first: nothing large is taken from elsewhere.
            let limit = if sent.fresh { PHOTO } else { 0 };
            let octets = picture(field, limit, &mut room).await?;
            match octets {
                Some(octets) if octets.is_empty() => {}
                None if !sent.fresh => sent.lost_photo = true,
                octets => {
                    let octets = octets.ok_or(Error::TooLarge { limit })?;
                    let made = in_turn(web, move |facet| facet.picture(&octets, most));
                    portrait.picture = Some(made.await?);
                }
            }
            continue;
        }
        let octets = whole(field, TYPED).await?;
        let octets = octets.ok_or(Error::TooLarge { limit: TYPED })?;
        let value = String::from_utf8_lossy(&octets).into_owned();
        match name.as_str() {
            "token" => sent.fresh = visit.accepts(web, &value),
            "name" => portrait.name = Some(value),
            "email" => portrait.email = Some(value),
            "organization" => portrait.organization = Some(value),
            "password" => sent.password = value,
            "remove-photo" if portrait.picture.is_none() => portrait.picture = Some(Vec::new()),
            _ => {}
        }
    }
    Ok(())
}

/// `POST /settings/account/card`
pub async fn card(State(web): State<Arc<Web>>, visit: Visit, mut form: Multipart) -> Response {
    let mut card = Sent::default();
    let changed = async {
        receive(&web, &visit, &mut form, &mut card).await?;
        change(&web, &visit, &card).await
    };
    let told = match changed.await {
        Ok(Ok(done)) => return done.at(HERE),
        Ok(Err(told)) => told,
        Err(Error::Exists(_)) => {
            let why = visit.text.account.email_taken.to_owned();
            Told::Refused(StatusCode::CONFLICT, why).about(["email"])
        }
        Err(error @ Error::Invalid(Rule::DisplayName)) => {
            Told::refused(&error, &visit).about(["name"])
        }
        Err(error) => Told::refused(&error, &visit),
    };
    let chosen = card.portrait.picture.as_ref();
    // A page cannot hold what was chosen.
    let told = if chosen.is_some_and(|picture| !picture.is_empty()) {
        told.adding(visit.text.book.photo_again)
    } else {
        told
    };
    telling_again(&web, &visit, told, card.portrait).await
}

async fn change(
    web: &Arc<Web>,
    visit: &Visit,
    card: &Sent,
) -> Result<std::result::Result<Done, Told>> {
    if !card.fresh {
        let why = stale_form(visit.text, card.lost_photo);
        return Ok(Err(Told::Refused(StatusCode::FORBIDDEN, why)));
    }
    let mut portrait = card.portrait.clone();
    // The address signs in and gets links for forgotten passwords.
    let present = web.core.account(&visit.actor).await?.email;
    let present = present.unwrap_or_default();
    let other = portrait
        .email
        .as_deref()
        .is_some_and(|email| email.trim() != present);
    if other && let Err(told) = confirmed(web, visit, &card.password, "card-password").await? {
        return Ok(Err(told));
    }
    let wanted = portrait.email.clone().unwrap_or_default();
    if !other || wanted.trim().is_empty() || !web.outlets.mail {
        web.core.change_portrait(&visit.actor, portrait).await?;
        return Ok(Ok(Done::of(Deed::Saved)));
    }
    if !web.letters.allow(visit, &wanted) {
        let why = visit.text.mail.too_often.to_owned();
        return Ok(Err(Told::Refused(StatusCode::TOO_MANY_REQUESTS, why)));
    }
    portrait.email = None;
    let asked = web.core.ask_address(&visit.actor, &wanted, visit.text.lang);
    asked.await?;
    web.core.change_portrait(&visit.actor, portrait).await?;
    Ok(Ok(Done::of(Deed::AddressAsked).to(wanted.trim())))
}

/// `GET /settings/account/photo`
pub async fn photo(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let profile = match web.core.profile(&visit.actor).await {
        Ok(profile) => profile,
        Err(error) => return visit.failed(&web, &error),
    };
    let picture = profile.picture.and_then(|text| STANDARD.decode(text).ok());
    match picture {
        Some(octets) => {
            let headers = [
                (header::CONTENT_TYPE, media_type(&octets)),
                (header::CACHE_CONTROL, "private, no-cache"),
            ];
            (headers, octets).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The media type of a picture that an account may have.
fn media_type(octets: &[u8]) -> &'static str {
    match octets {
        [0x89, b'P', ..] => "image/png",
        [b'G', b'I', b'F', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        _ => "image/jpeg",
    }
}

/// `POST /settings/account/password`
pub async fn password(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let x = visit.text.account;
    let changed = async {
        let new = posted.value("new");
        let person = web.core.account(&visit.actor).await?;
        let mut wrong = Vec::new();
        if let Some(weak) = weakness(new, &person) {
            let why = match weak {
                Weak::TooShort => fill(x.password_short, &[&SHORTEST]),
                Weak::TooLong => x.password_long.to_owned(),
                Weak::OwnName => x.password_own_name.to_owned(),
                Weak::Common => x.password_common.to_owned(),
            };
            wrong.push(("new", why));
        }
        if new != posted.value("again") {
            wrong.push(("again", x.passwords_differ.to_owned()));
        }
        let (fields, sentences): (Vec<_>, Vec<_>) = wrong.into_iter().unzip();
        let sentences = sentences.join(" ");
        if let Err(told) = confirmed(&web, visit, posted.value("old"), "old").await? {
            return Ok(Err(match told {
                Told::Fields(mut wrong, told) => {
                    wrong.extend(fields);
                    Told::Fields(wrong, Box::new(told.adding(&sentences)))
                }
                // Nothing was looked at.
                told => told,
            }));
        }
        // Only who knows the present one is told that it is the same.
        if new == posted.value("old") {
            let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, x.password_same.to_owned());
            return Ok(Err(told.about(["new"])));
        }
        if !fields.is_empty() {
            let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, sentences);
            return Ok(Err(told.about(fields)));
        }
        let hash = auth::hash(new.to_owned()).await?;
        let language = visit.text.lang;
        let changed = web.core.change_password(&visit.actor, hash, language);
        changed.await?;
        if posted.checked("app-passwords") {
            for made in web.core.app_passwords(&visit.actor).await? {
                web.core.revoke_app_password(&visit.actor, made.id).await?;
            }
        }
        let begun = web.sessions.begin(visit.actor.person, &visit.visitor);
        begun.await.map(Ok)
    };
    let changed: Result<std::result::Result<_, Told>> = changed.await;
    match changed {
        Ok(Ok(cookie)) => {
            let mut response = Done::of(Deed::PasswordChanged).at(HERE);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Ok(Err(told)) => telling(&web, visit, told).await,
        Err(error) => telling(&web, visit, Told::refused(&error, visit)).await,
    }
}

/// Whether a password is the person's own, or the message to show, about the field it was typed
/// into. Required before changes to credentials, so that an open page is not enough.
pub async fn confirmed(
    web: &Web,
    visit: &Visit,
    password: &str,
    field: &'static str,
) -> Result<std::result::Result<(), Told>> {
    let (login, peer) = (&visit.actor.login, visit.visitor.address);
    let tried = web.auth.password(login, password, peer, Door::Web).await?;
    Ok(match tried {
        Outcome::Known(_) => Ok(()),
        Outcome::Throttled { retry_after } => Err(Told::Refused(
            StatusCode::TOO_MANY_REQUESTS,
            fill(visit.text.sign_in_wait, &[&retry_after]),
        )),
        _ => {
            let wrong = visit.text.account.wrong_password.to_owned();
            Err(Told::Refused(StatusCode::FORBIDDEN, wrong).about([field]))
        }
    })
}

/// `POST /settings/account/sessions/end`
pub async fn end_session(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let token = posted.value("session");
    match web.core.end_session(&visit.actor, token).await {
        Ok(()) if visit.session.is(token) => see_other("/login"),
        Ok(()) => Done::of(Deed::SessionEnded).at(HERE),
        Err(error) => telling(&web, visit, Told::refused(&error, visit)).await,
    }
}

/// `POST /settings/account/sessions/end-all`
pub async fn end_sessions(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    match web.core.end_sessions(&posted.visit.actor).await {
        Ok(()) => see_other("/login"),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// `POST /settings/account/download`: everything that is the person's own, as a zip archive.
pub async fn download(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let begun = async {
        let mut everything = Everything::of(&web.core, &visit.actor).await?;
        let first = everything.next().await?;
        Ok((everything, first.unwrap_or_default()))
    };
    let (everything, first) = match begun.await {
        Ok(begun) => begun,
        Err(error) => return telling(&web, visit, Told::refused(&error, visit)).await,
    };
    let pieces = stream::try_unfold(
        (Some(first), everything),
        |(first, mut everything)| async move {
            let piece = match first {
                Some(first) => Some(first),
                None => everything.next().await.map_err(std::io::Error::other)?,
            };
            Ok::<_, std::io::Error>(piece.map(|piece| (piece, (None, everything))))
        },
    );
    let name = format!(
        "carnet-{}-{}.zip",
        visit.actor.login,
        when::day(Timestamp::now(), visit.text)
    );
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

#[derive(Template)]
#[template(path = "delete_account.html")]
struct Leaving {
    shell: Shell,
    login: String,
    farewell: Farewell,
    contacts: String,
    documents: String,
    kept: String,
    runs: String,
}

/// `GET /settings/account/delete`
pub async fn ask_delete(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    leaving(&web, &visit, Told::Nothing).await
}

async fn leaving(web: &Arc<Web>, visit: &Visit, told: Told) -> Response {
    let x = visit.text.account;
    let counted = |number, said| visit.text.counted(number, said);
    match web.core.farewell(&visit.actor).await {
        Ok(farewell) => {
            let status = told.status();
            let page = Leaving {
                login: visit.actor.login.clone(),
                contacts: counted(farewell.contacts, [x.delete_contact, x.delete_contacts]),
                documents: counted(farewell.documents, [x.delete_document, x.delete_documents]),
                kept: fill(x.delete_groups, &[&farewell.groups.join(", ")]),
                runs: fill(x.delete_runs, &[&farewell.runs.join(", ")]),
                farewell,
                shell: visit.shell_of(web, Tool::Settings, told),
            };
            show(status, &page)
        }
        Err(error) => visit.failed(web, &error),
    }
}

/// `POST /settings/account/delete`
pub async fn delete(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let deleted = async {
        if posted.value("login").trim() != visit.actor.login {
            let why = fill(visit.text.account.delete_typed, &[&visit.actor.login]);
            let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, why);
            return Ok(Err(told.about(["login"])));
        }
        let password = posted.value("password");
        if let Err(told) = confirmed(&web, visit, password, "password").await? {
            return Ok(Err(told));
        }
        web.core.delete_account(&visit.actor).await.map(Ok)
    };
    let deleted: Result<std::result::Result<(), Told>> = deleted.await;
    match deleted {
        Ok(Ok(())) => see_other("/login"),
        Ok(Err(told)) => leaving(&web, visit, told).await,
        Err(error) => leaving(&web, visit, Told::refused(&error, visit)).await,
    }
}

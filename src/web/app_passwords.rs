//! App passwords: made and shown once, listed, revoked.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};

use super::{
    Web,
    facet::Choice,
    form::Posted,
    page::{Shell, Tool, show},
    params::Query,
    request::Visit,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        access::{Access, Network, PlaceName, Protocol, Scope},
        app_password::NewAppPassword,
        credential::AppPassword,
        error::Result,
        id::{AppPasswordId, Timestamp},
    },
    text::{Text, fill},
};

#[derive(Template)]
#[template(path = "app_passwords.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
    form: Draft,
    places: Vec<Choice>,
    lifetimes: Vec<Choice>,
    /// What was just made.
    made: Option<Shown>,
}

/// An app password, in words.
struct Row {
    id: i64,
    name: String,
    protocols: String,
    does: &'static str,
    places: String,
    networks: String,
    until: String,
    made: String,
    used: String,
}

/// A secret, shown this once.
struct Shown {
    sentence: String,
    secret: String,
}

/// The form as it was sent, or as it starts.
struct Draft {
    name: String,
    eas: bool,
    carddav: bool,
    read_only: bool,
    some_places: bool,
    networks: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            name: String::new(),
            eas: true,
            carddav: true,
            read_only: false,
            some_places: false,
            networks: String::new(),
        }
    }
}

/// `GET /settings/passwords`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    let page = build(&web, &visit, done.into(), None, None);
    visit.answer(&web, page).await
}

/// `POST /settings/passwords`
pub async fn make(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let x = visit.text.account;
    let refused = |why: &str, field: Option<&'static str>| {
        let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, why.to_owned());
        Err(told.about(field))
    };
    let made = match asked(&posted) {
        Err(_) => refused(x.networks_wrong, Some("networks")),
        Ok(new) if new.scope.protocols.is_empty() => refused(x.protocol_rule, None),
        Ok(new) if new.scope.access.places.as_ref().is_some_and(Vec::is_empty) => {
            refused(x.place_rule, None)
        }
        Ok(new) if new.name.is_empty() => refused(x.password_rule, Some("name")),
        Ok(new) => {
            let name = new.name.clone();
            let made = web.core.make_app_password(&visit.actor, new).await;
            made.map(|made| Shown {
                sentence: fill(x.password_made, &[&name]),
                secret: made.secret,
            })
            .map_err(|error| Told::refused(&error, visit))
        }
    };
    let page = match made {
        Ok(shown) => build(&web, visit, Told::Nothing, Some(shown), None).await,
        Err(told) => build(&web, visit, told, None, Some(&posted)).await,
    };
    let mut response = page.unwrap_or_else(|error| visit.failed(&web, &error));
    let unkept = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, unkept);
    response
}

/// `POST /settings/passwords/revoke`
pub async fn revoke(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let id = AppPasswordId(posted.number("id"));
    match web.core.revoke_app_password(&visit.actor, id).await {
        Ok(()) => Done::of(Deed::PasswordRevoked).at("/settings/passwords"),
        Err(error) => visit.failed(&web, &error),
    }
}

/// What the form asks for; the network that is none.
fn asked(posted: &Posted) -> std::result::Result<NewAppPassword, String> {
    let protocols = posted.values("protocol").filter_map(Protocol::parse);
    let places = posted
        .values("place")
        .filter_map(|place| place.parse().ok());
    let networks = posted.value("networks");
    let networks = networks
        .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .filter(|network| !network.is_empty())
        .map(str::parse::<Network>);
    Ok(NewAppPassword {
        name: posted.value("name").trim().to_owned(),
        scope: Scope {
            protocols: protocols.collect(),
            access: Access {
                read_only: posted.checked("read_only"),
                places: (posted.value("places") == "some").then(|| places.collect()),
                ..Access::default()
            },
            networks: networks.collect::<std::result::Result<_, _>>()?,
        },
        expires: match posted.number("days") {
            0 => None,
            days => Some(Timestamp::now().plus_days(days.clamp(1, 3650))),
        },
    })
}

async fn build(
    web: &Arc<Web>,
    visit: &Visit,
    told: Told,
    made: Option<Shown>,
    sent: Option<&Posted>,
) -> Result<Response> {
    let text = visit.text;
    let x = text.account;
    let found = web.core.app_passwords(&visit.actor).await?;
    let checked: Vec<&str> = sent.map_or_else(Vec::new, |sent| sent.values("place").collect());
    let place = |place: PlaceName, label: &str| Choice {
        selected: checked.contains(&place.to_string().as_str()),
        value: place.to_string(),
        label: label.to_owned(),
    };
    let groups = visit.actor.memberships.iter();
    let groups = groups.map(|own| place(PlaceName::Group(own.name.clone()), &own.display_name));
    let days = sent.map_or(0, |sent| sent.number("days"));
    let lifetime = |value: i64, label: &str| Choice {
        value: value.to_string(),
        label: label.to_owned(),
        selected: value == days,
    };
    let status = told.status();
    let page = Page {
        rows: found.iter().rev().map(|found| row(found, visit)).collect(),
        form: sent.map_or_else(Draft::default, draft),
        places: [place(PlaceName::Private, text.private)]
            .into_iter()
            .chain(groups)
            .collect(),
        lifetimes: vec![
            lifetime(0, x.for_ever),
            lifetime(7, x.for_week),
            lifetime(30, x.for_month),
            lifetime(90, x.for_quarter),
            lifetime(365, x.for_year),
        ],
        made,
        shell: visit.shell_of(web, Tool::Settings, told),
    };
    Ok(show(status, &page))
}

fn draft(sent: &Posted) -> Draft {
    let protocol = |name: &str| sent.values("protocol").any(|value| value == name);
    Draft {
        name: sent.value("name").to_owned(),
        eas: protocol("eas"),
        carddav: protocol("carddav"),
        read_only: sent.checked("read_only"),
        some_places: sent.value("places") == "some",
        networks: sent.value("networks").to_owned(),
    }
}

fn row(found: &AppPassword, visit: &Visit) -> Row {
    let text = visit.text;
    let x = text.account;
    let scope = &found.scope;
    let protocols = scope.protocols.iter().map(|protocol| match protocol {
        Protocol::Eas => "Exchange ActiveSync",
        Protocol::CardDav => "CardDAV",
    });
    let places = scope.access.places.as_ref().map(|places| {
        let names = places.iter().map(|place| place_name(place, visit));
        names.collect::<Vec<_>>().join(", ")
    });
    let networks = scope.networks.iter().map(Network::to_string);
    let networks = networks.collect::<Vec<_>>().join(", ");
    Row {
        id: found.id.0,
        name: found.name.clone(),
        protocols: protocols.collect::<Vec<_>>().join(", "),
        does: if scope.access.read_only {
            x.reads
        } else {
            x.reads_and_writes
        },
        places: places.unwrap_or_else(|| x.all_places.to_owned()),
        networks: if networks.is_empty() {
            x.everywhere.to_owned()
        } else {
            networks
        },
        until: until(found, text),
        made: when::shown(found.created, text),
        used: match found.last_used {
            Some(at) => fill(
                x.last_use_from,
                &[&when::shown(at, text), &found.last_address],
            ),
            None => x.never_used.to_owned(),
        },
    }
}

fn until(found: &AppPassword, text: &Text) -> String {
    let x = text.account;
    match found.expires {
        None => x.for_ever.to_owned(),
        Some(end) if found.is_over(Timestamp::now()) => fill(x.is_over, &[&when::shown(end, text)]),
        Some(end) => when::shown(end, text),
    }
}

/// A group the person is not in any more keeps the name it has in addresses.
fn place_name(place: &PlaceName, visit: &Visit) -> String {
    match place {
        PlaceName::Private => visit.text.private.to_owned(),
        PlaceName::Group(name) => {
            let own = visit.actor.memberships.iter().find(|own| own.name == *name);
            own.map_or(name, |own| &own.display_name).clone()
        }
    }
}

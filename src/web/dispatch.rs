//! Sending a short message or a fax to a number of a contact, and the state of a person's messages.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use askama::Template;
use axum::{
    extract::State,
    response::Response,
    routing::{MethodRouter, get},
};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{
    Web,
    facet::CardView,
    form::Posted,
    page::{Shell, Tool, show},
    params::Query,
    place::{ItemPath, encode_segment},
    request::Visit,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        direction::straight,
        dispatch::Outlet,
        error::{Error, Result},
        id::{OutgoingId, PersonId},
        item::digest,
        outbox::{Channel, Letter, Outgoing, State as MessageState},
    },
    text::{Text, fill},
};

/// Messages listed.
const LISTED: usize = 200;

#[derive(Template)]
#[template(path = "dispatch.html")]
struct Page {
    shell: Shell,
    title: &'static str,
    action: String,
    card: String,
    name: String,
    number: String,
    text: String,
    longest: usize,
    counted: String,
}

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    shell: Shell,
    rows: Vec<Row>,
}

struct Row {
    what: &'static str,
    recipient: String,
    when: String,
    state: String,
    /// What can be done with a message that was not sent.
    unsent: Option<Unsent>,
}

/// A message its author may send again.
struct Unsent {
    id: i64,
    text: String,
}

/// How long the same message to the same number counts as sent by the same press of a button.
const TWICE: Duration = Duration::from_secs(30);

/// Who wrote what to whom: the digest of the text, and the number.
type Written = (PersonId, Channel, String, String);

/// The messages of the last moments, so that none is queued twice.
#[derive(Default)]
pub struct Lately(Mutex<Vec<(Instant, Written)>>);

impl Lately {
    /// Queues a message, unless the same one was queued a moment ago: a button pressed twice.
    async fn once(&self, written: Written, queue: impl Future<Output = Result<()>>) -> Result<()> {
        let mut noted = self.0.lock().await;
        noted.retain(|(at, _)| at.elapsed() < TWICE);
        if noted.iter().any(|(_, known)| *known == written) {
            return Ok(());
        }
        queue.await?;
        noted.push((Instant::now(), written));
        Ok(())
    }
}

/// The number.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct To {
    to: String,
}

/// How a link to a number begins, and the page that takes its place.
const LINKS: [(Channel, &str, &str); 2] =
    [(Channel::Sms, "sms:", "sms"), (Channel::Fax, "fax:", "fax")];

/// Adds links to a card for the services that are available.
pub async fn lead(web: &Web, visit: &Visit, path: &str, view: &mut CardView) -> Result<()> {
    for (channel, scheme, page) in LINKS {
        if outlet(web, visit, channel).await?.is_none() {
            continue;
        }
        let led = |link: &mut String| {
            if let Some(number) = link.strip_prefix(scheme) {
                *link = format!("{path}/{page}?to={}", encode_segment(number));
            }
        };
        for line in &mut view.lines {
            line.link.iter_mut().for_each(led);
            line.actions
                .iter_mut()
                .for_each(|action| led(&mut action.link));
        }
    }
    Ok(())
}

/// The service of a channel, where the server has one.
fn served(web: &Web, channel: Channel) -> Option<&Outlet> {
    match channel {
        Channel::Sms => web.outlets.sms.as_ref(),
        Channel::Fax => web.outlets.fax.as_ref(),
        Channel::Mail => None,
    }
}

/// The service of a channel, where the visitor may use it.
async fn outlet<'a>(web: &'a Web, visit: &Visit, channel: Channel) -> Result<Option<&'a Outlet>> {
    match served(web, channel) {
        Some(outlet) if web.core.may_dispatch(&visit.actor, channel).await? => Ok(Some(outlet)),
        _ => Ok(None),
    }
}

/// `…/c/ID/sms`, `…/c/ID/fax`: the form, and what it sends.
pub fn form(channel: Channel) -> MethodRouter<Arc<Web>> {
    let show = move |State(web): State<Arc<Web>>, item: ItemPath, visit: Visit, to: Query<To>| async move {
        let text = format!("\n\n{}", visit.actor.name);
        let shown = (channel, &*to.0.to, text);
        let page = show_page(&web, &item, &visit, shown, Told::Nothing);
        visit.answer(&web, page).await
    };
    let send = move |State(web): State<Arc<Web>>, item: ItemPath, posted: Posted| async move {
        send(&web, &item, &posted, channel).await
    };
    get(show).post(send)
}

async fn send(web: &Arc<Web>, item: &ItemPath, posted: &Posted, channel: Channel) -> Response {
    let visit = &posted.visit;
    let (number, text) = (posted.value("to"), posted.value("text"));
    let sent = async {
        let outlet = outlet(web, visit, channel).await?.ok_or(Error::NotFound)?;
        numbered(web, item, visit, channel, number).await?;
        let said = digest(text.trim().as_bytes());
        let written = (visit.actor.person, channel, said, number.to_owned());
        let core = &web.core;
        let queue = core.dispatch(&visit.actor, channel, outlet, number, text);
        web.lately.once(written, queue).await
    };
    match sent.await {
        Ok(()) => Done::of(Deed::MessageQueued).to(number).at(&item.path()),
        Err(error @ Error::NotFound) => visit.failed(web, &error),
        Err(error) => {
            let told = Told::refused(&error, visit);
            let page = show_page(web, item, visit, (channel, number, text.to_owned()), told);
            visit.answer(web, page).await
        }
    }
}

/// What the contact is called, where it has such a number for such messages.
async fn numbered(
    web: &Arc<Web>,
    item: &ItemPath,
    visit: &Visit,
    channel: Channel,
    number: &str,
) -> Result<String> {
    let (book, card) = item.open(web, visit).await?;
    let view = web.facet.view(&book.content(&card), &visit.reader());
    let scheme = LINKS.iter().find(|(known, ..)| *known == channel);
    let link = format!("{}{number}", scheme.map_or("", |(_, scheme, _)| scheme));
    let has = view.lines.iter().any(|line| {
        line.link.as_ref() == Some(&link) || line.actions.iter().any(|a| a.link == link)
    });
    if has {
        Ok(view.name)
    } else {
        Err(Error::NotFound)
    }
}

async fn show_page(
    web: &Arc<Web>,
    item: &ItemPath,
    visit: &Visit,
    (channel, number, text): (Channel, &str, String),
    told: Told,
) -> Result<Response> {
    let outlet = outlet(web, visit, channel).await?.ok_or(Error::NotFound)?;
    let name = numbered(web, item, visit, channel, number).await?;
    let t = visit.text.mail;
    let (title, page) = match channel {
        Channel::Fax => (t.write_fax, "fax"),
        _ => (t.write_sms, "sms"),
    };
    Ok(show(
        told.status(),
        &Page {
            title,
            action: format!("{}/{page}", item.path()),
            card: item.path(),
            name,
            number: number.to_owned(),
            text,
            longest: outlet.longest,
            counted: fill(t.at_most, &[&outlet.longest]),
            shell: visit.shell_telling(web, Some(&item.place.path()), told),
        },
    ))
}

/// `GET /outbox`
pub async fn outbox(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    show_outbox(&web, &visit, done.into()).await
}

/// `POST /outbox/again`: a message that did not leave is tried again.
pub async fn again(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let message = OutgoingId(posted.number("message"));
    let a_day = |channel| served(&web, channel).map(|outlet| outlet.a_day);
    match web.core.dispatch_again(&visit.actor, message, a_day).await {
        Ok(number) => Done::of(Deed::MessageQueued).to(&number).at("/outbox"),
        Err(error @ Error::NotFound) => visit.failed(&web, &error),
        Err(error) => show_outbox(&web, visit, Told::refused(&error, visit)).await,
    }
}

async fn show_outbox(web: &Arc<Web>, visit: &Visit, told: Told) -> Response {
    match web.core.outbox(&visit.actor, LISTED).await {
        Ok(messages) => {
            let status = told.status();
            let rows = messages.iter().map(|message| row(message, visit.text));
            let page = OutboxPage {
                rows: rows.collect(),
                shell: visit.shell_of(web, Tool::Settings, told),
            };
            show(status, &page)
        }
        Err(error) => visit.failed(web, &error),
    }
}

fn row(message: &Outgoing, text: &'static Text) -> Row {
    let t = text.mail;
    let state = match message.state {
        MessageState::Waiting if message.attempts > 0 => fill(
            t.state_retried,
            &[&when::shown(message.due, text), &message.answer],
        ),
        MessageState::Waiting | MessageState::Sending => t.state_waiting.to_owned(),
        MessageState::Sent => t.state_sent.to_owned(),
        MessageState::Refused => fill(t.state_refused, &[&message.answer]),
        MessageState::GivenUp => fill(t.state_given_up, &[&message.answer]),
        MessageState::Dropped => t.state_dropped.to_owned(),
    };
    Row {
        what: match message.channel {
            Channel::Mail => text.email,
            Channel::Sms => t.channel_sms,
            Channel::Fax => t.channel_fax,
        },
        recipient: message.recipient.clone(),
        when: when::shown(message.queued, text),
        state,
        unsent: match (&message.letter, message.state) {
            (Some(Letter::Text { text, .. }), MessageState::Refused | MessageState::GivenUp) => {
                Some(Unsent {
                    id: message.id.0,
                    text: straight(text),
                })
            }
            _ => None,
        },
    }
}

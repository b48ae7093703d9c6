//! Outgoing messages: one worker for each channel empties the queue that commits fill
//! (`domain::outbox`).
//!
//! A message is marked as under way before it is handed over and settled after the server has
//! answered, so that a running server neither loses one nor sends one twice. SMTP itself leaves one
//! window: where the line breaks, or this program is killed, between the last octet and the answer,
//! nobody knows whether it was taken (RFC 1047). It is sent again then, under the same Message-ID. A
//! service reached by HTTP has the same window, and is told the same `{id}`.

mod gateway;
mod letter;
pub mod settings;
pub mod smtp;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use self::{
    gateway::{Values, Written, filled, unknown},
    settings::{Gateway, Relay},
    smtp::{Fate, Line, Smtp},
};
use crate::domain::{
    core::Core,
    error::{Error, Result},
    id::Timestamp,
    outbox::{Channel, OutboxOp, Outgoing, State},
};

/// How often the queue is looked at.
const POLL: Duration = Duration::from_secs(1);
/// How often reminders are looked for.
const REMINDERS_MS: i64 = 2000;
/// Messages of one line.
const TOGETHER: usize = 50;
/// The longest wait before a message is tried again.
const LONGEST: Duration = Duration::from_secs(4 * 60 * 60);
/// The longest rest while nobody can be reached.
const LONGEST_REST: Duration = Duration::from_secs(10 * 60);

/// Sends the messages of the queue.
pub struct Mail {
    core: Arc<Core>,
    routes: Vec<Route>,
}

/// The way messages of a channel take.
struct Route {
    channel: Channel,
    carrier: Carrier,
    /// The time until the second attempt.
    retry: Duration,
}

/// Who takes messages.
enum Carrier {
    Smtp(Arc<Smtp>),
    /// A service behind a mail address, made of a template.
    Address(Arc<Smtp>, String),
    Http(Box<gateway::Http>),
}

/// How a look at the queue ended.
enum Round {
    /// Nothing is due any more.
    Idle,
    /// There is more.
    Busy,
    /// Nobody was there.
    Unreached,
}

impl Mail {
    /// Checks the settings; `Invalid` says what is wrong with them. None where nothing is to be
    /// sent.
    pub fn new(
        core: Arc<Core>,
        relay: Option<&Relay>,
        gateways: [(Channel, Option<&Gateway>); 2],
        public_url: Option<&str>,
    ) -> Result<Option<Arc<Self>>> {
        let mut routes = Vec::new();
        let mut smtp = None;
        if let Some(relay) = relay {
            let url = public_url.ok_or_else(|| {
                Error::Invalid("[mail] needs public_url: links in mails begin with it".into())
            })?;
            let made = Arc::new(Smtp::new(relay, url).map_err(|why| Error::Invalid(why.into()))?);
            routes.push(Route {
                channel: Channel::Mail,
                carrier: Carrier::Smtp(made.clone()),
                retry: Duration::from_secs(relay.retry_seconds.max(1)),
            });
            smtp = Some(made);
        }
        for (channel, gateway) in gateways {
            let Some(gateway) = gateway else { continue };
            let told = |why: String| Error::Invalid(format!("[{}] {why}", channel.as_str()).into());
            let carrier = match (&gateway.url, &gateway.address, &smtp) {
                (Some(url), None, _) => {
                    Carrier::Http(Box::new(gateway::Http::new(gateway, url).map_err(told)?))
                }
                (None, Some(address), Some(_)) if unknown(address).is_some() => {
                    let name = unknown(address).unwrap_or_default();
                    return Err(told(format!("{{{name}}} stands for nothing")));
                }
                (None, Some(address), Some(smtp)) => {
                    Carrier::Address(smtp.clone(), address.clone())
                }
                (None, Some(_), None) => return Err(told("address needs [mail]".to_owned())),
                _ => return Err(told("has either a url or an address".to_owned())),
            };
            routes.push(Route {
                channel,
                carrier,
                retry: Duration::from_secs(gateway.retry_seconds.max(1)),
            });
        }
        Ok((!routes.is_empty()).then(|| Arc::new(Self { core, routes })))
    }

    /// Sends queued messages until it is stopped, then finishes those being sent.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        if let Err(error) = self.core.step(OutboxOp::Recover).await {
            tracing::warn!(%error, "messages under way before could not be found");
        }
        let workers = (0..self.routes.len()).map(|at| {
            let (mail, stop) = (self.clone(), stop.clone());
            async move {
                let worker = Worker {
                    core: &mail.core,
                    route: &mail.routes[at],
                };
                worker.run(&stop).await;
            }
        });
        futures_util::future::join_all(workers).await;
    }
}

/// Empties the queue of one channel.
struct Worker<'a> {
    core: &'a Arc<Core>,
    route: &'a Route,
}

impl Worker<'_> {
    async fn run(&self, stop: &CancellationToken) {
        let mut failures = 0;
        let mut looked = Timestamp(0);
        while !stop.is_cancelled() {
            // Reminders are queued like everything else.
            let now = Timestamp::now();
            if self.route.channel == Channel::Mail && now.0 - looked.0 >= REMINDERS_MS {
                looked = now;
                if let Err(error) = self.core.tell().await {
                    tracing::warn!(%error, "letters of notices could not be queued");
                }
                if let Err(error) = self.core.remind().await {
                    tracing::warn!(%error, "reminders could not be queued");
                }
            }
            let round = self.round(stop).await;
            let rest = match round {
                Ok(Round::Busy) => Duration::ZERO,
                Ok(Round::Idle) => POLL,
                Ok(Round::Unreached) | Err(_) => self.after(failures + 1).min(LONGEST_REST),
            };
            failures = match round {
                Ok(Round::Busy | Round::Idle) => 0,
                Ok(Round::Unreached) => failures + 1,
                Err(error) => {
                    tracing::warn!(%error, "the queue of messages could not be read");
                    failures + 1
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(rest) => {}
            }
        }
    }

    async fn round(&self, stop: &CancellationToken) -> Result<Round> {
        let now = Timestamp::now();
        let store = self.core.store();
        let due = store.outbox_due(self.route.channel, now, TOGETHER).await?;
        let full = due.len() == TOGETHER;
        let mut line = None;
        let mut outcome = Round::Idle;
        for message in due {
            if stop.is_cancelled() {
                break;
            }
            if !self.deliver(&mut line, &message, stop).await? {
                outcome = Round::Unreached;
                break;
            }
        }
        if let Carrier::Smtp(smtp) | Carrier::Address(smtp, _) = &self.route.carrier {
            smtp.close(line).await;
        }
        match outcome {
            Round::Idle if full => Ok(Round::Busy),
            outcome => Ok(outcome),
        }
    }

    /// False when nobody was there.
    async fn deliver(
        &self,
        line: &mut Option<Line>,
        message: &Outgoing,
        stop: &CancellationToken,
    ) -> Result<bool> {
        let now = Timestamp::now();
        if message.until < now {
            let step = self.step(
                message,
                State::Waiting,
                State::GivenUp,
                now,
                &message.answer,
            );
            return untouched(self.core.step(step).await);
        }
        let claim = self.step(message, State::Waiting, State::Sending, message.due, "");
        match self.core.step(claim).await {
            Ok(()) => {}
            // Somebody dropped it meanwhile.
            Err(Error::Moved) => return Ok(true),
            Err(error) => return Err(error),
        }
        let fate = match &self.route.carrier {
            Carrier::Smtp(smtp) => smtp.send(line, message, &message.recipient).await,
            Carrier::Http(service) => service.send(message).await,
            Carrier::Address(smtp, template) => match Values::of(message, "") {
                Some(values) => {
                    let address = filled(template, &values, Written::Line);
                    smtp.send(line, message, &address).await
                }
                None => Fate::Refused("its words are gone".to_owned()),
            },
        };
        let (to, answer, reached) = match fate {
            Fate::Sent(answer) => (State::Sent, answer, true),
            Fate::Refused(answer) => (State::Refused, answer, true),
            Fate::Later(answer) => (State::Waiting, answer, true),
            Fate::Unreached(answer) => (State::Waiting, answer, false),
        };
        let mut due = now;
        let mut to = to;
        if to == State::Waiting {
            let wait = self.after(message.attempts + 1);
            due = Timestamp(now.0 + i64::try_from(wait.as_millis()).unwrap_or(0));
            if due > message.until {
                to = State::GivenUp;
            }
        }
        tracing::info!(
            message = message.id.0,
            state = to.as_str(),
            answer,
            "a message was handed over"
        );
        let step = self.step(message, State::Sending, to, due, &answer);
        self.settle(step, stop).await?;
        Ok(reached)
    }

    /// Keeps how it ended, however long the store takes: it must not be sent again.
    async fn settle(&self, step: OutboxOp, stop: &CancellationToken) -> Result<()> {
        let begun = Instant::now();
        loop {
            match self.core.step(step.clone()).await {
                Err(error @ (Error::Unavailable(_) | Error::NoSpace)) if !stop.is_cancelled() => {
                    tracing::error!(%error, "the end of a message could not be kept");
                    sleep(POLL.max(begun.elapsed() / 4)).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn step(
        &self,
        message: &Outgoing,
        from: State,
        to: State,
        due: Timestamp,
        answer: &str,
    ) -> OutboxOp {
        OutboxOp::Step {
            message: message.id,
            from,
            to,
            due,
            answer: answer.to_owned(),
        }
    }

    /// Doubled with each failure.
    fn after(&self, failures: i64) -> Duration {
        let doublings = u32::try_from(failures.clamp(1, 16) - 1).unwrap_or(0);
        self.route.retry.saturating_mul(1 << doublings).min(LONGEST)
    }
}

/// Nobody touched the line.
fn untouched(step: Result<()>) -> Result<bool> {
    match step {
        Ok(()) | Err(Error::Moved) => Ok(true),
        Err(error) => Err(error),
    }
}

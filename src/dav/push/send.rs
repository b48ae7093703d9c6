//! Sending push messages: bursts are merged, subscriptions of people who lost access are dropped.

use std::{collections::HashMap, sync::Arc, time::Duration};

use carnet_proto::dav::{name::PUSH, xml::escape};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::{
    sync::{Semaphore, broadcast::error::RecvError},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Push, encrypt::encrypt, topic};
use crate::domain::{
    actor::Client,
    book::Moved,
    core::Core,
    error::{Error, Result},
    hub::Announced,
    id::{CollectionId, PersonId, Timestamp},
    push::Pushed,
    store::PushSubscription,
};

/// Changes within this time are one message.
const BURST: Duration = Duration::from_secs(2);
/// Time for one message.
const PATIENCE: Duration = Duration::from_secs(15);
/// Messages being sent at once.
const CONCURRENT: usize = 16;
/// Seconds a push service keeps a message for a client that is away.
const TIME_TO_LIVE: &str = "86400";

impl Push {
    /// Sends messages about commits, until the shutdown.
    pub async fn run(self: Arc<Self>, core: Arc<Core>, shutdown: CancellationToken) {
        let sender = Arc::new(Sender {
            push: self,
            core,
            permits: Semaphore::new(CONCURRENT),
        });
        let mut commits = sender.core.hub().commits();
        let mut burst: HashMap<CollectionId, Burst> = HashMap::new();
        let mut ends = Instant::now();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep_until(ends), if !burst.is_empty() => {
                    for (collection, burst) in burst.drain() {
                        tokio::spawn(sender.clone().tell(collection, burst));
                    }
                }
                commit = commits.recv() => {
                    if burst.is_empty() {
                        ends = Instant::now() + BURST;
                    }
                    match commit {
                        Ok(announced) => gather(&mut burst, announced),
                        Err(RecvError::Lagged(missed)) => {
                            tracing::warn!(missed, "changes came too fast for push messages");
                        }
                        Err(RecvError::Closed) => return,
                    }
                }
            }
        }
    }
}

/// Changes of a collection within a burst.
#[derive(Default)]
struct Burst {
    changes: Moved,
    /// People whose properties changed; none: everybody's.
    described: Vec<Option<PersonId>>,
}

/// The message to one subscriber.
#[derive(Clone, Copy)]
struct News {
    content: bool,
    properties: bool,
}

fn gather(burst: &mut HashMap<CollectionId, Burst>, announced: Announced) {
    for change in announced.moved {
        burst.entry(change.0).or_default().changes.push(change);
    }
    for (collection, person) in announced.described {
        burst.entry(collection).or_default().described.push(person);
    }
}

/// A push message.
fn text(topic: &str, token: &str, news: News) -> String {
    let token = escape(token);
    let content = if news.content {
        format!("<content-update><D:sync-token>{token}</D:sync-token></content-update>")
    } else {
        String::new()
    };
    let properties = if news.properties {
        "<property-update/>"
    } else {
        ""
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <push-message xmlns=\"{PUSH}\" xmlns:D=\"DAV:\"><topic>{topic}</topic>\
         {content}{properties}</push-message>"
    )
}

struct Sender {
    push: Arc<Push>,
    core: Arc<Core>,
    permits: Semaphore,
}

impl Sender {
    async fn tell(self: Arc<Self>, collection: CollectionId, burst: Burst) {
        let subscriptions = match self.core.subscriptions(collection).await {
            Ok(subscriptions) => subscriptions,
            Err(error) => return tracing::warn!(%error, "push subscriptions"),
        };
        for subscription in subscriptions {
            let is_theirs = |person: &Option<PersonId>| {
                person.is_none_or(|person| person == subscription.person)
            };
            let news = News {
                content: subscription.content
                    && self.push.concerns(&subscription.id, &burst.changes),
                properties: subscription.properties && burst.described.iter().any(is_theirs),
            };
            if news.content || news.properties {
                let sender = self.clone();
                tokio::spawn(async move { sender.notify(subscription, news).await });
            }
        }
        self.push.forget(&burst.changes);
    }

    async fn notify(&self, subscription: PushSubscription, news: News) {
        let Ok(_permit) = self.permits.acquire().await else {
            return;
        };
        let outcome = match self.message(&subscription, news).await {
            Ok(message) => timeout(PATIENCE, self.post(&subscription, message)).await,
            Err(Error::NotFound) => return self.drop_subscription(&subscription).await,
            Err(error) => return tracing::warn!(%error, "a push message could not be made"),
        };
        let tally = self.core.tally();
        match &outcome {
            Ok(Ok(status)) if status.is_success() => tally.pushes_sent.add(1),
            _ => tally.pushes_failed.add(1),
        }
        match outcome {
            Ok(Ok(StatusCode::NOT_FOUND | StatusCode::GONE)) => {
                self.drop_subscription(&subscription).await;
            }
            Ok(Ok(status)) if status.is_success() => {}
            Ok(Ok(status)) => tracing::info!(%status, "a push service refused a message"),
            Ok(Err(error)) => tracing::info!(%error, "a push message could not be sent"),
            Err(_) => tracing::info!("a push service took too long"),
        }
    }

    /// `NotFound` when the subscriber may not read the collection any more.
    async fn message(&self, subscription: &PushSubscription, news: News) -> Result<String> {
        let client = Client::default();
        let actor = Arc::new(self.core.actor(subscription.person, client).await?);
        let (seed, token) = match self.core.pushed(&actor, subscription.collection).await? {
            Pushed::Home(token) => (format!("home {}", actor.person), token),
            Pushed::Book(uuid, token) => (uuid, token),
        };
        Ok(text(&topic(&seed), &token.to_string(), news))
    }

    async fn post(
        &self,
        subscription: &PushSubscription,
        message: String,
    ) -> std::result::Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
        let outbound = &self.push.outbound;
        let target = outbound
            .target(&subscription.resource)
            .ok_or("the push resource is not allowed")?;
        let body = encrypt(&self.push.random, subscription, message.as_bytes())
            .ok_or("the subscriber's key is no point of the curve")?;
        let authorization = self
            .push
            .authorization(&target.origin(), Timestamp::now())
            .ok_or("the token could not be signed")?;
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", authorization.as_str()),
            ("content-encoding", "aes128gcm"),
            ("content-type", "application/xml; charset=\"UTF-8\""),
            ("ttl", TIME_TO_LIVE),
            ("urgency", "normal"),
            // A message that waits is replaced by the next one about the same collection.
            ("topic", &topic(&subscription.id)),
        ] {
            headers.insert(name, HeaderValue::from_str(value)?);
        }
        outbound.post(&target, headers, body.into()).await
    }

    async fn drop_subscription(&self, subscription: &PushSubscription) {
        if let Err(error) = self.core.drop_subscription(subscription).await {
            tracing::warn!(%error, "a push subscription could not be dropped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_changed() {
        let said = |content, properties| {
            let news = News {
                content,
                properties,
            };
            let message = text("abc", "urn:x:<1>", news);
            let inner = message.split_once("</topic>").expect("a topic").1;
            inner.replace("</push-message>", "")
        };
        let content =
            "<content-update><D:sync-token>urn:x:&lt;1&gt;</D:sync-token></content-update>";
        assert_eq!(said(true, false), content);
        assert_eq!(said(false, true), "<property-update/>");
        assert_eq!(said(true, true), format!("{content}<property-update/>"));
    }
}

//! Sending: bursts are merged, subscribers who may no longer read are dropped.

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
    batch::{Batch, Op},
    book::Moved,
    collection::Place,
    core::Core,
    error::{Error, Result},
    id::{CollectionId, Timestamp},
    store::PushSubscription,
};

/// Changes this close together are one message.
const BURST: Duration = Duration::from_secs(2);
/// Time for one message.
const PATIENCE: Duration = Duration::from_secs(15);
/// Messages under way at once.
const CONCURRENT: usize = 16;
/// Seconds a push service keeps a message for a client that is away.
const TIME_TO_LIVE: &str = "86400";

impl Push {
    /// Tells subscribers what commits move, until the shutdown.
    pub async fn run(self: Arc<Self>, core: Arc<Core>, shutdown: CancellationToken) {
        let sender = Arc::new(Sender {
            push: self,
            core,
            permits: Semaphore::new(CONCURRENT),
        });
        let mut commits = sender.core.hub().commits();
        let mut burst: HashMap<CollectionId, Moved> = HashMap::new();
        let mut ends = Instant::now();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep_until(ends), if !burst.is_empty() => {
                    for (collection, changes) in burst.drain() {
                        tokio::spawn(sender.clone().tell(collection, changes));
                    }
                }
                commit = commits.recv() => {
                    if burst.is_empty() {
                        ends = Instant::now() + BURST;
                    }
                    match commit {
                        Ok(moved) => gather(&mut burst, moved),
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

fn gather(burst: &mut HashMap<CollectionId, Moved>, moved: Moved) {
    for change in moved {
        burst.entry(change.0).or_default().push(change);
    }
}

struct Sender {
    push: Arc<Push>,
    core: Arc<Core>,
    permits: Semaphore,
}

impl Sender {
    async fn tell(self: Arc<Self>, collection: CollectionId, changes: Moved) {
        let now = Timestamp::now();
        let subscriptions = match self.core.store().push_subscriptions(collection, now).await {
            Ok(subscriptions) => subscriptions,
            Err(error) => return tracing::warn!(%error, "push subscriptions"),
        };
        for subscription in subscriptions {
            if self.push.concerns(&subscription.id, &changes) {
                let sender = self.clone();
                tokio::spawn(async move { sender.notify(subscription).await });
            }
        }
        self.push.forget(&changes);
    }

    async fn notify(&self, subscription: PushSubscription) {
        let Ok(_permit) = self.permits.acquire().await else {
            return;
        };
        let outcome = match self.message(&subscription).await {
            Ok(message) => timeout(PATIENCE, self.post(&subscription, message)).await,
            Err(Error::NotFound) => return self.drop_subscription(&subscription).await,
            Err(error) => return tracing::warn!(%error, "a push message could not be made"),
        };
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
    async fn message(&self, subscription: &PushSubscription) -> Result<String> {
        let client = Client::default();
        let actor = Arc::new(self.core.actor(subscription.person, client).await?);
        let found = self
            .core
            .store()
            .collection(subscription.collection)
            .await?;
        let collection = found.ok_or(Error::NotFound)?;
        let (seed, token) = match collection.place {
            Place::Home(person) if person == actor.person => (
                format!("home {person}"),
                self.core.home_cursor(&actor).await?,
            ),
            _ => {
                let book = self.core.open(&actor, collection.id).await?;
                (collection.uuid.clone(), book.cursor())
            }
        };
        Ok(format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <push-message xmlns=\"{PUSH}\" xmlns:D=\"DAV:\"><topic>{}</topic><content-update>\
             <D:sync-token>{}</D:sync-token></content-update></push-message>",
            topic(&seed),
            escape(&token.to_string())
        ))
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
        let batch = Batch {
            at: Timestamp::now(),
            unflushed: true,
            ops: vec![Op::Unsubscribe {
                id: subscription.id.clone(),
            }],
            ..Batch::default()
        };
        if let Err(error) = self.core.commit(batch).await {
            tracing::warn!(%error, "a push subscription could not be dropped");
        }
    }
}

//! Subscriptions of clients to the changes of a collection (WebDAV-Push).

use std::sync::Arc;

use super::{
    actor::Actor,
    batch::{Batch, DavOp, Op},
    core::Core,
    cursor::Cursor,
    error::{Error, Result},
    id::{CollectionId, Timestamp},
    store::PushSubscription,
};

/// What a message about a collection tells its subscriber.
pub enum Pushed {
    /// The actor's home and its present cursor.
    Home(Cursor),
    /// A book by its permanent identifier, and its present cursor.
    Book(String, Cursor),
}

impl Core {
    /// Subscribes the actor, or renews the subscription to the same collection under the same
    /// resource. Gives the id of the registration: that of `new` if there was none.
    pub async fn subscribe(&self, actor: &Actor, new: PushSubscription) -> Result<String> {
        let op = Op::Dav(DavOp::Subscribe(new.clone()));
        self.commit_personal(actor, vec![op]).await?;
        let stored = self.subscriptions(new.collection).await?;
        let mine = |known: &PushSubscription| {
            known.person == actor.person && known.resource == new.resource
        };
        let mine = stored.into_iter().find(mine);
        Ok(mine.ok_or(Error::NotFound)?.id)
    }

    /// Ends a subscription of the actor. `NotFound` for any other, and one that has expired.
    pub async fn unsubscribe(&self, actor: &Actor, id: &str) -> Result<()> {
        let known = self.store().push_subscription(id).await?;
        known
            .filter(|known| known.person == actor.person && known.expires > Timestamp::now())
            .ok_or(Error::NotFound)?;
        let op = Op::Dav(DavOp::Unsubscribe { id: id.to_owned() });
        self.commit_personal(actor, vec![op]).await.map(drop)
    }

    /// Forgets a subscription whose resource is gone, or whose subscriber may not read any more.
    pub async fn drop_subscription(&self, subscription: &PushSubscription) -> Result<()> {
        let id = subscription.id.clone();
        let batch = Batch::of_program("", vec![Op::Dav(DavOp::Unsubscribe { id })]);
        self.commit(batch.may_be_lost()).await.map(drop)
    }

    /// The subscriptions to a collection that have not expired.
    pub async fn subscriptions(&self, collection: CollectionId) -> Result<Vec<PushSubscription>> {
        let now = Timestamp::now();
        self.store().push_subscriptions(collection, now).await
    }

    /// What there is to tell a subscriber of a collection. `NotFound` when they may not read it any
    /// more.
    pub async fn pushed(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        collection: CollectionId,
    ) -> Result<Pushed> {
        let home = self.home(actor).await?;
        if home.id == collection {
            return Ok(Pushed::Home(Cursor::at(&home, home.seq)));
        }
        let book = self.open(actor, collection).await?;
        Ok(Pushed::Book(book.collection().uuid.clone(), book.cursor()))
    }
}

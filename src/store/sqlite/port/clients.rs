//! What is kept of the clients that synchronize: devices, sync records, subscriptions, properties.

use async_trait::async_trait;

use crate::{
    domain::{
        book::Follower,
        error::Result,
        id::{CollectionId, DeviceId, PersonId, PlacementId, Seq, Timestamp},
        store::{ClientStore, Device, KnownClient, PushSubscription, ServedUpto, StoredProperty},
    },
    store::sqlite::Sqlite,
};

#[async_trait]
impl ClientStore for Sqlite {
    async fn sync(
        &self,
        device: DeviceId,
        collection: CollectionId,
    ) -> Result<Option<(String, Vec<u8>)>> {
        self.look_up(move |r| r.sync(device, collection)).await
    }

    async fn device_value(&self, device: DeviceId, name: &str) -> Result<Option<Vec<u8>>> {
        let name = name.to_owned();
        self.look_up(move |r| r.device_value(device, &name)).await
    }

    async fn device(&self, person: PersonId, device_id: &str) -> Result<Option<Device>> {
        let device_id = device_id.to_lowercase();
        self.look_up(move |r| r.device(person, &device_id)).await
    }

    async fn synced(&self, device: DeviceId) -> Result<Vec<CollectionId>> {
        self.read(move |r| r.synced(device)).await
    }

    async fn clients(&self, person: Option<PersonId>) -> Result<Vec<KnownClient>> {
        self.read(move |r| r.clients(person)).await
    }

    async fn followed(&self, person: PersonId, client: &str) -> Result<Vec<CollectionId>> {
        let client = client.to_owned();
        self.read(move |r| r.followed(person, &client)).await
    }

    async fn device_count(&self, person: PersonId) -> Result<usize> {
        self.look_up(|r| r.device_count(person)).await
    }

    async fn devices(&self, person: Option<PersonId>) -> Result<Vec<Device>> {
        self.read(move |r| r.devices(person)).await
    }

    async fn served(
        &self,
        follower: &Follower,
        placement: Option<PlacementId>,
    ) -> Result<Option<ServedUpto>> {
        self.look_up(|r| r.served(follower, placement)).await
    }

    async fn served_least(&self, follower: &Follower) -> Result<Option<Seq>> {
        self.look_up(|r| r.served_least(follower)).await
    }

    async fn push_subscriptions(
        &self,
        collection: CollectionId,
        now: Timestamp,
    ) -> Result<Vec<PushSubscription>> {
        self.look_up(move |r| r.push_subscriptions(collection, now))
            .await
    }

    async fn push_subscription(&self, id: &str) -> Result<Option<PushSubscription>> {
        let id = id.to_owned();
        self.read(move |r| r.push_subscription(&id)).await
    }

    async fn properties_of(
        &self,
        person: PersonId,
        resources: &[String],
    ) -> Result<Vec<StoredProperty>> {
        if let [_] = resources {
            return self.look_up(|r| r.properties_of(person, resources)).await;
        }
        let resources = resources.to_owned();
        self.read(move |r| r.properties_of(person, &resources))
            .await
    }
}

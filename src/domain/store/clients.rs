//! What is kept of the clients that synchronize: devices, sync records, subscriptions, properties.

use async_trait::async_trait;

use crate::domain::{
    book::Follower,
    error::Result,
    id::{CollectionId, DeviceId, PersonId, PlacementId, Seq, Timestamp},
    store::{Device, KnownClient, PushSubscription, ServedUpto, StoredProperty},
};

/// Reads of what is kept of clients.
#[async_trait]
pub trait ClientStore: Send + Sync {
    /// The current SyncKey and the encoded sync record of a device for a collection.
    async fn sync(
        &self,
        device: DeviceId,
        collection: CollectionId,
    ) -> Result<Option<(String, Vec<u8>)>>;
    /// A value kept for a device under a name of the face that wrote it.
    async fn device_value(&self, device: DeviceId, name: &str) -> Result<Option<Vec<u8>>>;
    /// A device by its owner and the lower-case DeviceId of [MS-ASHTTP].
    async fn device(&self, person: PersonId, device_id: &str) -> Result<Option<Device>>;
    /// The collections for which a device has a SyncKey, in no order.
    async fn synced(&self, device: DeviceId) -> Result<Vec<CollectionId>>;
    /// The known clients of one person, or of everybody, in no order.
    async fn clients(&self, person: Option<PersonId>) -> Result<Vec<KnownClient>>;
    /// The collections whose changes a CardDAV client of a person has been served.
    async fn followed(&self, person: PersonId, client: &str) -> Result<Vec<CollectionId>>;
    /// Number of devices of a person.
    async fn device_count(&self, person: PersonId) -> Result<usize>;
    /// Devices of one person, or of everybody, the last seen first.
    async fn devices(&self, person: Option<PersonId>) -> Result<Vec<Device>>;
    /// What a client was served of a book, and of one placement of it; none for a client that does
    /// not follow the book.
    async fn served(
        &self,
        follower: &Follower,
        placement: Option<PlacementId>,
    ) -> Result<Option<ServedUpto>>;
    /// The lowest sequence up to which a program of the same client and person was served the book,
    /// whatever it calls itself.
    async fn served_least(&self, follower: &Follower) -> Result<Option<Seq>>;
    /// WebDAV-Push subscriptions to a collection that have not expired.
    async fn push_subscriptions(
        &self,
        collection: CollectionId,
        now: Timestamp,
    ) -> Result<Vec<PushSubscription>>;
    /// A subscription by its registration id, expired or not.
    async fn push_subscription(&self, id: &str) -> Result<Option<PushSubscription>>;
    /// Stored properties, shared and the person's own, of some resources by their keys, in the order
    /// asked; within one, shared values first.
    async fn properties_of(
        &self,
        person: PersonId,
        resources: &[String],
    ) -> Result<Vec<StoredProperty>>;
}

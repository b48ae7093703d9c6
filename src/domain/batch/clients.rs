//! What a batch does to devices and other clients, and to what each of them has.

use crate::domain::{
    device::DeviceAccess,
    id::{CollectionId, DeviceId, PersonId, PlacementId, Seq, Timestamp},
    journal::Exchange,
    store::PushSubscription,
    view::Shown,
};

/// A change of devices and other clients, and of their journals.
#[derive(Clone, Debug)]
pub enum DeviceOp {
    /// Inserts or refreshes a device; `info` are `(name, value)` pairs merged over the former.
    TouchDevice {
        person: PersonId,
        device_id: String,
        device_type: String,
        user_agent: String,
        version: String,
        info: Vec<(String, String)>,
    },
    /// Records a device at its first contact; a known device stays as it is.
    AdmitDevice {
        person: PersonId,
        device_id: String,
        device_type: String,
        user_agent: String,
        version: String,
        info: Vec<(String, String)>,
        access: DeviceAccess,
    },
    /// Chooses the books a device is shown, and how; ends its held requests.
    ShowBooks { device: DeviceId, shown: Shown },
    /// Sets whether a device may synchronize.
    SetDeviceAccess {
        device: DeviceId,
        access: DeviceAccess,
    },
    /// Deletes a device with its sync state.
    ForgetDevice { device: DeviceId },
    /// The owner's name for a device; empty: none.
    NameDevice { device: DeviceId, name: String },
    /// Appends exchanges of a client to its journal, from which the oldest are dropped.
    NoteClient {
        person: PersonId,
        label: String,
        seen: Timestamp,
        exchanges: Vec<Exchange>,
    },
    /// The owner's name for a client; empty: none.
    NameClient {
        person: PersonId,
        label: String,
        name: String,
    },
    /// Deletes a client with its journal.
    ForgetClient { person: PersonId, label: String },
}

/// What a device has. Notes alone: see [`Op::is_note`].
#[derive(Clone, Debug)]
pub enum SyncOp {
    /// The device turns out not to know these placements: `maker`, and `writer` if it is this
    /// device, become null.
    Disown {
        collection: CollectionId,
        device: DeviceId,
        server_ids: Vec<String>,
    },
    /// The device turns out not to stand by what it wrote to these placements: `writer`, if it is
    /// this device, becomes null.
    Unwrite {
        collection: CollectionId,
        device: DeviceId,
        server_ids: Vec<String>,
    },
    /// The device turns out to know this placement: it becomes `maker` and, if the device has the
    /// present content (`as_it_is`), also `writer`.
    Own {
        collection: CollectionId,
        device: DeviceId,
        server_id: String,
        as_it_is: bool,
    },
    /// Stores the sync record of a device and a collection. `Moved` unless the stored
    /// key is `expected`.
    SetSync {
        device: DeviceId,
        collection: CollectionId,
        expected: Option<String>,
        key: String,
        record: Vec<u8>,
    },
    /// Deletes the sync record of a device in one collection, or in all.
    ForgetSync {
        device: DeviceId,
        collection: Option<CollectionId>,
    },
    /// Stores a named value of a face for a device (cached requests, folders sent, policy); none
    /// removes it.
    SetDeviceValue {
        device: DeviceId,
        name: String,
        value: Option<Vec<u8>>,
    },
}

/// What a CardDAV client has, and whom to push to. Notes alone: see [`Op::is_note`].
#[derive(Clone, Debug)]
pub enum DavOp {
    /// Records what the batch's client was served of a book: everything up to a sequence, or single
    /// placements in a later version.
    NoteServed {
        /// What the program calls itself:
        /// [`Client::program`](crate::domain::actor::Client::program).
        program: String,
        collection: CollectionId,
        upto: Option<Seq>,
        cards: Vec<(PlacementId, Seq)>,
    },
    /// Records that the batch's client holds its own write under an href, if it follows the book.
    NoteWritten {
        program: String,
        collection: CollectionId,
        href: String,
    },
    /// Adds a push subscription; one for the same resource and collection is updated and keeps its
    /// id.
    Subscribe(PushSubscription),
    /// Ends a push subscription.
    Unsubscribe { id: String },
}

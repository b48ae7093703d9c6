//! Newtyped identifiers. Each is one integer key column, unique by itself.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl From<i64> for $name {
            fn from(row: i64) -> Self {
                Self(row)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

id! {
    /// An account.
    PersonId,
    /// A group of people.
    GroupId,
    /// A book, a home or a view.
    CollectionId,
    /// One datum, wherever it is shown.
    ItemId,
    /// The presence of an item in a collection; never reused.
    PlacementId,
    /// An Exchange ActiveSync device of a person.
    DeviceId,
    /// An earlier version, a deletion or a refused write.
    RevisionId,
    /// A personal tag.
    TagId,
    /// A comment on a placed item.
    CommentId,
    /// Something a person is told.
    NoticeId,
    /// A file read into a book.
    ImportId,
    /// A message that leaves the server.
    OutgoingId,
    /// A password for one device or program.
    AppPasswordId,
    /// Octets kept in chunks.
    BlobId,
    /// A contact that was asked to check its data.
    VerificationId,
    /// Many contacts asked at once.
    CampaignId,
}

impl PlacementId {
    /// Of a card that is generated when it is read; stored ones count from 1.
    pub const GENERATED: Self = Self(0);
}

/// A place in the order of a collection's changes; grows by one with every change of a placement.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub i64);

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The system clock now.
    pub fn now() -> Self {
        Self(chrono::Utc::now().timestamp_millis())
    }

    /// This moment moved by a number of days (negative: earlier).
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * 86_400_000)
    }
}

//! The reads and changes of a store that only the administration makes.

use async_trait::async_trait;
use serde::Serialize;

use super::failure::Failure;
use crate::domain::{
    account_class::AccountClass,
    error::Result,
    id::{GroupId, PersonId, Timestamp},
};

/// Changes only the administration makes.
#[derive(Clone, Debug)]
pub enum OfficeOp {
    /// Refused: `NotFound` for a class nobody made.
    SetClass { person: PersonId, class: String },
    /// Changes nothing. Refused: `Invalid` if this account is the only one that is enabled and may
    /// administer the server.
    KeepAdministrator { but: PersonId },
    /// Makes a class or changes it.
    PutClass(AccountClass),
    /// Its people are in no class then.
    RemoveClass { name: String },
    /// What the clock said when versions were last purged; no line of the audit trail.
    KeepClock(Timestamp),
    /// When the clock was first found to be ahead by more than is believed.
    DoubtClock(Timestamp),
    /// What the server keeps for itself under a name; no line of the audit trail.
    Keep { name: String, value: String },
    /// Something that is set while the server runs; none takes it away.
    Set { name: String, value: Option<String> },
    /// Sign-ins that failed, each in the place of what was known of the same login, address and
    /// reason; the oldest beyond [`KEPT`](super::failure::KEPT) go.
    KeepFailures(Vec<Failure>),
}

/// A line of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditLine {
    pub id: i64,
    pub at: Timestamp,
    /// Who did it; empty: the operator, the program, or who is gone.
    pub who: String,
    pub client: String,
    pub what: String,
}

/// What is counted of an account, without a look into contents.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PersonCounts {
    pub person: PersonId,
    pub contacts: i64,
    pub devices: i64,
    pub last_seen: Option<Timestamp>,
}

/// What is counted of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GroupCounts {
    pub group: GroupId,
    /// Login of its administrator.
    pub admin: String,
    pub members: i64,
    pub contacts: i64,
}

/// How much of everything there is, by names of lists that end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Census {
    pub people: i64,
    pub groups: i64,
    /// `(access, devices)`
    pub devices: Vec<(String, i64)>,
    /// `(protocol, programs)`
    pub clients: Vec<(String, i64)>,
    /// `(state, messages)` of the queue
    pub outbox: Vec<(String, i64)>,
    /// Octets of the database.
    pub octets: i64,
    /// Octets of the documents in it.
    pub document_octets: i64,
}

/// Reads of the administration.
#[async_trait]
pub trait OfficeStore {
    async fn account_classes(&self) -> Result<Vec<AccountClass>>;
    /// Something set while the server runs.
    async fn office_value(&self, name: &str) -> Result<Option<String>>;
    /// Lines before one (all: `i64::MAX`), the last one first.
    async fn audit(&self, before: i64, limit: usize) -> Result<Vec<AuditLine>>;
    /// Sign-ins that failed, the last one first.
    async fn failures(&self) -> Result<Vec<Failure>>;
    async fn person_counts(&self) -> Result<Vec<PersonCounts>>;
    async fn group_counts(&self) -> Result<Vec<GroupCounts>>;
    async fn census(&self) -> Result<Census>;
    /// Octets of the database.
    async fn octets_stored(&self) -> Result<i64>;
}
